// Runs inside the page, so that no remote control counts: how long until a dot has moved on screen.
(() => {
  let asked = 0;
  const traffic = [];  // [when, "in" or "out", bytes, kind of message]
  const kind = (data) => {
    if (typeof data === "string") return JSON.parse(data).header?.msg_type ?? "?";
    const view = new DataView(data), at = (i) => Number(view.getBigUint64(8 * (i + 1), true));
    return JSON.parse(new TextDecoder().decode(new Uint8Array(data, at(1), at(2) - at(1)))).msg_type;
  };
  const note = (way, data) => {
    const now = performance.now(), bytes = data.byteLength ?? data.length;
    try { traffic.push([now, way, bytes, kind(data)]); } catch { traffic.push([now, way, bytes, "?"]); }
  };
  const Socket = window.WebSocket, send = Socket.prototype.send;
  Socket.prototype.send = function (data) { note("out", data); return send.call(this, data); };
  window.WebSocket = class extends Socket {
    constructor(...how) { super(...how); this.addEventListener("message", (event) => note("in", event.data)); }
  };

  const dotOf = (name) => {
    const where = `.kam-chart svg path[aria-roledescription="point"][aria-label="${CSS.escape(name)}"]`;
    return () => document.querySelector(where)?.getAttribute("transform");
  };
  const pixels = (then) => requestAnimationFrame(() => {  // the frame is drawn when this message comes
    const after = new MessageChannel();
    after.port1.onmessage = () => then(performance.now());
    after.port2.postMessage(0);
  });
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  const watch = (each) => {
    const seen = new MutationObserver(each);
    seen.observe(document.querySelector(".kam-chart"), { subtree: true, childList: true, attributes: true });
    return seen;
  };

  const moved = (name, act) => new Promise((done, fail) => {
    const dot = dotOf(name), before = dot();
    const late = setTimeout(() => { seen.disconnect(); fail(new Error("the dot did not move in 20 s")); }, 20000);
    const seen = watch(() => {
      if (dot() === before) return;
      seen.disconnect(); clearTimeout(late);
      const drawn = performance.now();
      pixels((end) => done({ ms: end - start, drawn: drawn - start,
        traffic: traffic.filter((t) => t[0] >= start).map(([t, ...more]) => [t - start, ...more]) }));
    });
    const start = performance.now();
    act();
  });
  const slide = (factor, value) => {
    const input = document.getElementById("kam-weight-" + factor);
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const press = (element, key) =>
    element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));

  window.probe = {
    traffic,
    // a message that the kernel ignores (another cell in focus), until the kernel says that it has come
    idle: async () => {
      const cells = document.querySelectorAll(".kam-grid td");
      const cell = cells[(asked += 1) % 2], seen = traffic.length, start = performance.now();
      cell.focus({ preventScroll: true });
      while (!traffic.slice(seen).some(([, way, , what]) => way === "in" && what === "status")) await sleep(1);
      return performance.now() - start;
    },
    // a what-if slider, from the event to the pixels of the last of the places that change
    suppose: (id, value, places) => new Promise((done, fail) => {
      const texts = () => places.map((place) => document.querySelector(place)?.innerHTML ?? "");
      const before = texts();
      const late = setTimeout(() => { seen.disconnect(); fail(new Error("nothing moved in 20 s")); }, 20000);
      const seen = new MutationObserver(() => {
        if (texts().some((text, n) => text === before[n])) return;
        seen.disconnect(); clearTimeout(late);
        pixels((end) => done({ ms: end - start }));
      });
      seen.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
      const input = document.getElementById("kam-what-if-" + id), start = performance.now();
      input.value = value;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }),
    slide: (factor, value, name) => moved(name, () => slide(factor, value)),
    // so many slider events in quick succession: from the last of them to the last change of the dot
    burst: async (factor, values, gap, name) => {
      const dot = dotOf(name);
      let place = dot(), changed = 0, moves = 0;
      const seen = watch(() => { if (dot() !== place) { place = dot(); moves += 1; pixels((t) => { changed = t; }); } });
      for (const value of values) { slide(factor, value); await sleep(gap); }
      const last = performance.now() - gap;
      do await sleep(300); while (performance.now() - Math.max(changed, last) < 1500);
      seen.disconnect();
      return { ms: changed - last, moves };
    },
    // a score typed over the cell of a customer, from Enter to pixels
    score: (customer, column, key, name) => {
      const grid = [...document.querySelectorAll(".kam-grid table")]
        .find((table) => /How attractive/.test(table.getAttribute("aria-label")));
      const cell = grid.tBodies[0].rows[customer].cells[column + 1];
      cell.focus({ preventScroll: true });
      return sleep(400).then(() => {
        press(cell, key);
        const field = cell.querySelector("input");
        return moved(name, () => press(field, "Enter"));
      });
    },
  };
})();
