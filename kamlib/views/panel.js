// A panel shows HTML made in Python and reports what people do with it: every element with
// data-do sends {do, value, ...its other data} on click, or on change if it is an input.
function message(el) {
  const { do: verb, ...more } = el.dataset;
  return { ...more, do: verb, value: el.type === "checkbox" ? (el.checked ? "yes" : "no") : el.value ?? "" };
}

const FIELDS = "input, select, textarea";

// Typed but not yet committed text survives when the panel is drawn anew, and so does the cursor.
function draw(el, html) {
  const active = el.contains(document.activeElement) ? document.activeElement : null;
  const dirty = [...el.querySelectorAll(FIELDS)].filter((f) => f.dataset.dirty && f.id)
    .map((f) => [f.id, f.value]);
  const open = [...el.querySelectorAll("details[id][open]")].map((d) => d.id);
  const at = active?.selectionStart;
  el.innerHTML = html;
  for (const [id, value] of dirty) {
    const field = el.querySelector("#" + CSS.escape(id));
    if (field) { field.value = value; field.dataset.dirty = "1"; }
  }
  for (const id of open) el.querySelector("#" + CSS.escape(id))?.setAttribute("open", "");
  if (active?.id) {
    const again = el.querySelector("#" + CSS.escape(active.id));
    again?.focus({ preventScroll: true });
    if (again && at != null) try { again.setSelectionRange(at, at); } catch { /* not a text field */ }
  }
}

export default {
  render({ model, el, signal }) {
    el.classList.add("kam", ...model.get("classes").split(" ").filter(Boolean));
    const show = () => { if (el.dataset.html !== model.get("html")) draw(el, model.get("html")); };
    show();
    model.on("change:html", show);
    model.on("msg:custom", (content) => {
      if (content.download) download(content);
      if (content.scroll) document.getElementById(content.scroll)?.scrollIntoView({ block: "start" });
    });
    const options = signal ? { signal } : {};
    el.addEventListener("input", (event) => { event.target.dataset.dirty = "1"; }, options);
    el.addEventListener("change", (event) => {
      const field = event.target.closest(FIELDS);
      if (!field) return;
      delete field.dataset.dirty;
      if (field.dataset.do) model.send(message(field));
    }, options);
    el.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (!button || button.matches(FIELDS)) return;
      event.preventDefault();
      const form = button.closest("[data-form]");
      const fields = form ? Object.fromEntries([...form.querySelectorAll("[name]")].map((f) => [f.name, f.value])) : {};
      if (form) form.querySelectorAll("[name]").forEach((f) => delete f.dataset.dirty);
      model.send({ ...message(button), fields });
    }, options);
    el.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.matches("input[type=text]")) event.target.blur();
    }, options);
  },
};

function download({ download, type, base64 }) {
  const link = document.createElement("a");
  link.href = `data:${type};base64,${base64}`;
  link.download = download;
  link.click();
}
