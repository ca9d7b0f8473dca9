// Runs first on every page: shows how far the page is, says what to do when it cannot open, and
// ends the kernel when the page is left.
(() => {
  const later = (id, text) => { const el = document.getElementById(id); if (el) el.textContent = text; };
  const state = window.kam = { done: false, failed: false };

  // A visitor who had to wait got a first, short page in the same answer, with a title of its own.
  document.title = [...document.querySelectorAll("title")].pop().textContent;

  state.fail = (text) => {
    if (state.done) return;
    state.failed = true;
    const box = document.getElementById("loading");
    box.setAttribute("role", "alert");
    later("loading_text", text || "The workbook could not be opened. Reload the page; if that does " +
      "not help, start the workbook again and open the address it prints.");
  };
  window.voila_heartbeat = () => {};
  window.voila_process = (index, count) => {
    if (!state.failed) later("loading_text", `Opening the workbook … ${index} of ${count}`);
  };
  // Voila calls this once when the cells have arrived and once more when its theme is loaded.
  window.voila_finish = () => {
    if (!window.themeLoaded) { window.cellLoaded = true; return; }
    document.getElementById("rendered_cells").style.display = "";
  };

  // The line stays until what the cells drew is really there.
  const pending = () =>
    document.querySelector('script[type="application/vnd.voila.cell-output+json"]') ||
    [...document.querySelectorAll(".jp-OutputArea-output")].some(
      (el) => !el.childElementCount && /^Loading widget/.test(el.textContent));
  let waited = 0;
  const watch = setInterval(() => {
    if (state.failed) {
      clearInterval(watch);
    } else if (window.themeLoaded && window.cellLoaded && !pending()) {
      clearInterval(watch);
      state.done = true;
      document.getElementById("loading").remove();
      state.screens();
      document.body.dataset.kam = "ready";
    } else if (document.readyState === "complete") {
      waited += 100;
      if (!window.cellLoaded || waited > 45000) state.fail();
    }
  }, 100);

  // Voila ends the kernel on "beforeunload", which a download or a mail link also fires and a phone
  // never does. This listener comes first and keeps that one from running; "pagehide" is exact.
  window.addEventListener("beforeunload", (event) => event.stopImmediatePropagation(), true);
  window.addEventListener("pagehide", () => {
    const config = document.getElementById("jupyter-config-data");
    if (!config) return;
    const { baseUrl, kernelId } = JSON.parse(config.textContent);
    const form = new FormData();
    form.append("_xsrf", (document.cookie.match(/\b_xsrf=([^;]*)/) || [])[1] || "");
    navigator.sendBeacon(`${baseUrl}voila/api/shutdown/${kernelId}`, form);
  });
  // A page that comes back from the browser's memory has no kernel any more.
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();
