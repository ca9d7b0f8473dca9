// Workshop mode: one section of the notebook at a time, with Next and Back, arrow keys and a link to each.
// Read mode: everything below each other. On paper everything is there whatever the mode.
(() => {
  const KEY = "kam-mode", FIELD = "input, select, textarea, button, a, summary, [role=grid], [role=grid] *, [contenteditable]";
  const state = { screens: [], now: 0 };
  const main = () => document.getElementById("kam-main");
  const store = { get: () => { try { return localStorage.getItem(KEY); } catch { return null; } },
    set: (mode) => { try { localStorage.setItem(KEY, mode); } catch { /* a browser that keeps nothing */ } } };
  const mode = () => document.body.dataset.mode;

  // A screen begins at each second-level heading; what stands before the first belongs to it.
  function find() {
    state.screens = [];
    for (const cell of main().children) {
      const head = cell.querySelector(".jp-RenderedMarkdown h2");
      if (head) state.screens.push({ title: head.textContent.replace(/¶$/, "").trim(), id: anchor(cell) });
      if (!cell.querySelector(".kam-head")) cell.dataset.screen = Math.max(state.screens.length - 1, 0);  // the head stays
    }
  }
  const cells = () => [...main().querySelectorAll(":scope > [data-screen]")];
  const on = () => cells().filter((cell) => Number(cell.dataset.screen) === state.now);
  const anchor = (cell) => (cell.querySelector("a[id]") ?? cell.querySelector("h2"))?.id ?? "";

  function show(number) {
    state.now = Math.max(0, Math.min(number, state.screens.length - 1));
    document.body.dataset.now = state.now;
    for (const cell of cells()) cell.classList.toggle("kam-away", Number(cell.dataset.screen) !== state.now);
    draw();
    if (mode() === "workshop") main().parentElement.scrollTop = 0;
    document.dispatchEvent(new Event("scroll"));  // the step in sight is marked
  }
  function go(number) {
    const screen = state.screens[number];
    if (!screen) return;
    if (screen.id) history.replaceState(null, "", "#" + screen.id);
    show(number);
    const head = on().map((cell) => cell.querySelector("h2")).find(Boolean);
    if (head) { head.tabIndex = -1; head.focus({ preventScroll: true }); }
  }
  // Where a link leads: to the screen that holds it, whatever the mode.
  function follow() {
    const target = location.hash ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
    const cell = target?.closest("[data-screen]");
    if (cell) show(Number(cell.dataset.screen));
    target?.scrollIntoView();
  }

  // The screen on which something is.
  window.kam.reveal = (el) => {
    const cell = el.closest("[data-screen]");
    if (cell?.classList.contains("kam-away")) show(Number(cell.dataset.screen));
  };

  const pages = () => [...document.querySelectorAll(".kam-header nav a")];
  const nextPage = () => { const all = pages(); return all[all.findIndex((a) => a.ariaCurrent === "page") + 1]; };

  function button(words, does, off = false) {
    const made = document.createElement("button");
    made.type = "button"; made.textContent = words; made.disabled = off;
    made.addEventListener("click", does);
    return made;
  }
  function bar() {
    const nav = document.createElement("nav");
    nav.className = "kam-screens"; nav.setAttribute("aria-label", "Screens of this page");
    main().parentElement.append(nav);
    return nav;
  }
  function draw() {
    const nav = document.querySelector(".kam-screens") ?? bar();
    const last = state.now === state.screens.length - 1, after = last && nextPage();
    const where = document.createElement("select");
    where.className = "where"; where.setAttribute("aria-label", "Screen");
    state.screens.forEach((s, n) => where.add(new Option(`${n + 1} of ${state.screens.length}: ${s.title}`, n, false, n === state.now)));
    where.addEventListener("change", () => go(Number(where.value)));
    const back = button("Back", () => go(state.now - 1), state.now === 0);
    const next = after ? button(`Next: ${after.textContent}`, () => after.click()) : button("Next", () => go(state.now + 1), last);
    next.className = "on";
    const focused = nav.contains(document.activeElement) ? [...nav.children].indexOf(document.activeElement) : -1;
    const read = button(mode() === "read" ? "One screen at a time" : "Show everything", turn);
    nav.replaceChildren(...(mode() === "read" ? [read] : [back, where, next, read, button("Full screen (F)", full)]));
    if (focused >= 0) nav.children[Math.min(focused, nav.children.length - 1)].focus({ preventScroll: true });
  }
  function turn() {
    document.body.dataset.mode = mode() === "read" ? "workshop" : "read";
    store.set(mode());
    show(state.now);
    on()[0]?.scrollIntoView();
  }
  // The picture of this screen with what stands beside it, as large as the projector.
  function full() {
    if (document.fullscreenElement) { document.exitFullscreen(); return; }
    const picture = (mode() === "read" ? cells() : on()).map((c) => [...c.querySelectorAll(".kam-zones")].find((z) => z.querySelector(".kam-chart svg, .picture svg"))).find(Boolean);
    (picture ?? document.documentElement).requestFullscreen?.();
  }

  window.kam.screens = () => {
    find();
    if (state.screens.length < 2) return;
    const small = matchMedia("(max-width: 860px)").matches, reader = !!document.querySelector(".kam-footer[data-reader]");
    document.body.dataset.mode = store.get() ?? (small || reader ? "read" : "workshop");
    for (const [place, name] of [[".kam-status", "--kam-below"], [".kam-head", "--kam-above"]]) {
      const line = document.querySelector(place);
      if (line) new ResizeObserver(() => document.body.style.setProperty(name, line.offsetHeight + "px")).observe(line);
    }
    show(0);
    follow();
    window.addEventListener("hashchange", follow);
    document.addEventListener("click", (event) => {  // a link to where one is already leads there too
      const link = event.target.closest?.('a[href^="#"]');
      if (link && link.hash === location.hash) follow();
    });
    document.addEventListener("keydown", (event) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.matches?.(FIELD) && !event.target.matches(".kam-screens button")) return;
      if (event.key === "f" || event.key === "F") { full(); return; }
      if (mode() !== "workshop") return;
      if (event.key === "ArrowRight" || event.key === "PageDown") { event.preventDefault(); go(state.now + 1); }
      if (event.key === "ArrowLeft" || event.key === "PageUp") { event.preventDefault(); go(state.now - 1); }
    });
  };
})();
