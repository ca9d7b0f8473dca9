// A panel shows HTML made in Python and reports what people do with it: every element with
// data-do sends {do, value, ...its other data} on click, or on change if it is an input.
function message(el) {
  const { do: verb, ...more } = el.dataset;
  return { ...more, do: verb, value: el.type === "checkbox" ? (el.checked ? "yes" : "no") : el.value ?? "" };
}

const FIELDS = "input, select, textarea", SPELL = 1000;

// Whom a form is about: what was typed for one customer never lands on another.
const subject = (el) => el.closest("[data-form]")?.querySelector("[data-subject]")?.dataset.subject ?? "";
const name = (field) => subject(field) + "\u0000" + field.id;

// What was typed but not kept yet (`drafts`) survives when the panel is drawn anew, and so does the focus.
function draw(el, html, drafts) {
  const active = el.contains(document.activeElement) ? document.activeElement : null;
  const verb = active?.dataset.do, alike = (a) => [...el.querySelectorAll("[data-do]")].filter((b) => b.dataset.do === a);
  const place = verb ? alike(verb).indexOf(active) : -1;
  const open = [...el.querySelectorAll("details[id][open]")].map((d) => d.id);
  const at = active?.selectionStart;
  el.innerHTML = html;
  // what opens notebooks in JupyterLab would only keep a link from being followed here
  if ("voila" in document.body.dataset) {
    for (const a of el.querySelectorAll("[data-commandlinker-command]")) a.removeAttribute("data-commandlinker-command");
    const about = el.querySelector(".kam-head .about");  // the window is called what the page is, with its foot
    if (about) document.title = [document.title.split(" · ")[0], about.textContent].join(" · ");
  }
  for (const field of el.querySelectorAll(FIELDS)) if (drafts.has(name(field))) field.value = drafts.get(name(field));
  for (const id of open) el.querySelector("#" + CSS.escape(id))?.setAttribute("open", "");
  if (!active) return;
  const others = place >= 0 ? alike(verb) : [];
  const again = (active.id && el.querySelector("#" + CSS.escape(active.id))) || others[Math.min(place, others.length - 1)] || el;
  if (again === el) el.tabIndex = -1;
  again.focus({ preventScroll: true });
  if (at != null) try { again.setSelectionRange(at, at); } catch { /* not a text field */ }
}

// A text that is being typed has keys of its own, until Enter or leaving the field.
let typed = null;
document.addEventListener("input", (event) => { typed = event.target; }, true);
document.addEventListener("change", () => { typed = null; }, true);
const typing = (field) => field.matches?.("[contenteditable=true], [contenteditable=true] *, .kam-grid td *")
  || (field === typed && field.matches("textarea, input:not([type=range], [type=checkbox], [type=radio])"));

// A file from the reader's own computer: what it holds, unless it is too large, and how it is called.
async function file(input, chosen, model) {
  if (!chosen) return;
  const bytes = chosen.size > Number(input.dataset.most) ? [] : [await chosen.arrayBuffer()];
  model.send({ do: input.dataset.do, name: chosen.name, size: chosen.size }, undefined, bytes);
  input.value = "";  // the same file may be chosen again
}

// A click is not interrupted between its two halves: its panel would be drawn anew, or one above it would move it away.
let pressed = null;
const missed = new Set();
document.addEventListener("pointerdown", (event) => { pressed = event.target.closest("button, a, summary"); }, true);
for (const end of ["pointerup", "pointercancel"]) {
  window.addEventListener(end, () => setTimeout(() => {
    const late = [...missed];
    pressed = null;
    missed.clear();
    for (const show of late) show();
  }));
}

export default {
  render({ model, el, signal }) {
    el.classList.add("kam", ...model.get("classes").split(" ").filter(Boolean));
    const drafts = new Map();
    const since = new Set();  // fields in which something was entered after their form was sent last
    let spelt = 0, later = 0;  // somebody who spells a choice, letter by letter, is not interrupted
    const show = () => {
      if (pressed && (el.contains(pressed) || el.compareDocumentPosition(pressed) & Node.DOCUMENT_POSITION_FOLLOWING)) { missed.add(show); return; }
      const wait = document.activeElement?.matches("select") && el.contains(document.activeElement) ? spelt + SPELL - performance.now() : 0;
      clearTimeout(later);
      if (wait > 0) { later = setTimeout(show, wait); return; }
      draw(el, model.get("html"), drafts);
      if (document.querySelector("[data-reader]")) for (const table of el.querySelectorAll("table.t")) saving(table);
      here(el);
    };
    show();
    model.on("change:html", show);
    model.on("msg:custom", (content, files) => {
      if (content.download) download(content, files);
      if (content.kept) kept(content.subject);
    });
    // What was typed about this subject is kept: the fields follow the workbook again, unless somebody has gone on in one.
    const kept = (about) => {
      for (const key of [...drafts.keys()]) {
        const [whom, id] = key.split("\u0000"), gone = !el.querySelector("#" + CSS.escape(id));
        if (whom === about && gone) drafts.delete(key);
      }
      for (const field of el.querySelectorAll("[data-form] [name]")) {
        if (subject(field) !== about || since.has(name(field))) continue;
        drafts.delete(name(field));
        if (field.matches("input[type=text]:not([value])")) field.value = "";
      }
    };
    const press = (button) => {
      if (button.dataset.do === "table") { model.send({ ...message(button), ...cells(button.closest("p").previousElementSibling) }); return; }
      const form = button.closest("[data-form]");
      const asked = form ? [...form.querySelectorAll("[name]")] : [], fields = Object.fromEntries(asked.map((f) => [f.name, f.value]));
      for (const field of asked) since.delete(name(field));
      model.send({ ...message(button), ...(form && { fields }) });
    };
    const options = signal ? { signal } : {};
    let asked = 0;  // whichever box scrolls, the step in sight is marked once a frame
    document.addEventListener("scroll", () => { asked ||= requestAnimationFrame(() => { asked = 0; here(el); }); },
      { ...options, capture: true, passive: true });
    el.addEventListener("input", (event) => {
      const field = event.target;
      if (!field.id || field.dataset.do) return;
      drafts.set(name(field), field.value);
      since.add(name(field));
    }, options);
    el.addEventListener("change", (event) => {
      const field = event.target.closest(FIELDS);
      if (field?.type === "file") file(field, field.files[0], model);
      else if (field?.dataset.do) model.send(message(field));
    }, options);
    // A list that is pasted, even into a field for one name, is looked at without another click; and a file that is dropped.
    el.addEventListener("paste", (event) => {
      const { target } = event, text = event.clipboardData.getData("text/plain").trim();
      const list = target.dataset.paste ? target : target.matches("[type=text]") && text.includes("\n") && document.querySelector("[data-paste]");
      if (!list || !list.getClientRects().length) return;
      if (list !== target) { event.preventDefault(); list.value = text; list.dispatchEvent(new Event("input", { bubbles: true })); }
      setTimeout(() => {  // the panel may have been drawn anew since
        const now = document.getElementById(list.id) ?? list;
        now.closest("[data-form]").querySelector(`[data-do=${now.dataset.paste}]`).click();
      });
    }, options);
    for (const name of ["dragover", "drop"]) el.addEventListener(name, (event) => {
      const input = event.target.closest("[data-form]")?.querySelector("input[type=file]");
      if (!input || !event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      if (name === "drop") file(input, event.dataTransfer.files[0], model);
    }, options);
    el.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (!button || button.matches(FIELDS)) return;
      event.preventDefault();
      button.closest("details.menu")?.removeAttribute("open");
      press(button);
    }, options);
    document.addEventListener("keydown", (event) => {  // the keys of a button: data-keys="Ctrl+Z"
      if (!(event.ctrlKey || event.metaKey) || event.altKey || typing(event.target)) return;
      const keys = `Ctrl+${event.shiftKey ? "Shift+" : ""}${event.key.toUpperCase()}`;
      const button = [...el.querySelectorAll("[data-keys]")].find((b) => b.dataset.keys.split(" ").includes(keys));
      if (!button?.getClientRects().length) return;
      event.preventDefault();
      press(button);  // disabled or not: the workbook may be ahead of the page
    }, options);
    el.addEventListener("keydown", (event) => { if (event.key.length === 1 && event.target.matches("select")) spelt = performance.now(); }, options);
    el.addEventListener("keydown", (event) => {  // Enter in a form presses the button that follows
      if (event.key !== "Enter" || !event.target.matches("[data-form] input")) return;
      const after = [...event.target.closest("[data-form]").querySelectorAll("button[data-do]")].find(
        (b) => event.target.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING);
      if (after) { event.preventDefault(); press(after); }
    }, options);
  },
};

// Of the links to places on this page, mark the one whose place was passed last.
function here(el) {
  const links = [...el.querySelectorAll('ol a[href^="#"]')];
  if (!links.length) return;
  const screen = Number(document.body.dataset.now), single = document.body.dataset.mode === "workshop";
  const passed = links.filter((a) => {
    const place = document.getElementById(a.hash.slice(1)), of = Number(place?.closest("[data-screen]")?.dataset.screen);
    return single ? of <= screen : place?.getBoundingClientRect().top < innerHeight * 0.4;
  });
  const now = passed.at(-1) ?? links[0];
  for (const link of links) {
    link.classList.toggle("now", link === now);
    if (link === now) link.setAttribute("aria-current", "step"); else link.removeAttribute("aria-current");
  }
}

// Clocks: <time data-ends="2026-11-29T10:00:00+00:00" data-words="left"> says how much time there is.
window.kamClock ??= setInterval(() => {
  for (const clock of document.querySelectorAll("time[data-ends]")) {
    const left = Math.round((Date.parse(clock.dataset.ends) - Date.now()) / 1000), size = Math.abs(left);
    const text = `${Math.floor(size / 60)}:${String(size % 60).padStart(2, "0")}`;
    clock.textContent = left < 0 ? `${text} over` : `${text} ${clock.dataset.words}`;
    clock.classList.toggle("over", left < 0);
  }
}, 500);

// What a reader sees as a table can be saved as one.
function saving(table) {
  const line = document.createElement("p");
  line.className = "hint";
  line.innerHTML = 'This table: <button class="link" data-do="table" data-kind="csv">CSV</button> or <button class="link" data-do="table" data-kind="xlsx">.xlsx</button>';
  (table.closest(".scroll") ?? table).after(line);
}
function cells(scroll) {
  const table = scroll.matches("table") ? scroll : scroll.querySelector("table"), heads = [...document.querySelectorAll("h1, h2, h3, h4")];
  const title = table.caption ?? heads.filter((head) => head.compareDocumentPosition(table) & Node.DOCUMENT_POSITION_FOLLOWING).at(-1);
  return { title: title?.innerText ?? "", rows: [...table.rows].map((row) => [...row.cells].map((cell) => cell.innerText.trim())) };
}

function download({ download, type }, [bytes]) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type }));
  link.download = download;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
