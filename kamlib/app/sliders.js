// Labelled native sliders; with a `unit` the number beside one can be typed. While one is dragged the kernel is asked what would follow; the next
// question, the latest of each slider, waits for the answer to the last, so that a slow kernel is
// never flooded.
export default {
  render({ model, el, signal }) {
    el.classList.add("kam", "kam-weights");
    const next = new Map();
    let waiting = 0, dragged = null, last = null, writing = null;

    const send = (content) => {
      waiting += 1;
      last = content.id;
      model.send(content);
    };
    const ask = (content) => { if (waiting) next.set(content.id, content); else send(content); };
    const answered = () => {
      waiting -= 1;
      if (waiting) return;
      const [content] = next.values();
      if (content) { next.delete(content.id); send(content); } else update();
    };
    // Whoever goes on to something else has said where the sliders stand: nothing he does then overtakes it.
    const leave = () => {
      for (const content of next.values()) send(content);
      next.clear();
    };
    el.addEventListener("focusout", leave, signal ? { signal } : {});

    // The number of a slider to type: Enter or leaving the field sets it, Escape gives the old one back.
    const typed = (item, id) => {
      const whole = document.createElement("span"), field = document.createElement("input");
      whole.className = "typed";
      Object.assign(field, { id: id + "-typed", type: "text", inputMode: "decimal", autocomplete: "off" });
      field.setAttribute("aria-label", `${item.label}, ${item.says.replace(/^\S+ /, "")}`);
      field.addEventListener("focus", () => field.select());
      field.addEventListener("change", () => { writing = null; ask({ do: "set", id: item.id, value: field.value }); });
      field.addEventListener("input", () => { writing = item.id; });
      field.addEventListener("keydown", (event) => {
        if (event.key === "Escape") { writing = null; update(); field.select(); }
        if (event.key === "Enter") field.select();
      });
      whole.append(field, " " + item.unit);
      return whole;
    };
    const build = () => {
      const focused = el.contains(document.activeElement) ? document.activeElement.id : "";
      const stood = Object.fromEntries([...el.querySelectorAll("input[type=range]")].map((input) => [input.id, input.value]));
      el.replaceChildren();
      for (const item of model.get("items")) {
        const row = document.createElement("div");
        row.className = "w";
        const label = document.createElement("label");
        const input = document.createElement("input");
        input.id = model.get("name") + item.id;
        label.htmlFor = input.id;
        label.append(item.label);
        if (item.must) {
          const must = document.createElement("span");
          must.className = "must";
          must.textContent = item.must;
          label.append(" ", must);
        }
        const output = item.unit ? typed(item, input.id) : document.createElement("output");
        if (!item.unit) output.htmlFor = input.id;
        Object.assign(input, { type: "range", min: item.low, max: item.high, step: item.step });
        input.value = stood[input.id] ?? item.value;
        input.addEventListener("input", () => { dragged = item.id; ask({ do: "try", id: item.id, value: input.value }); });
        input.addEventListener("change", () => { dragged = null; ask({ do: "set", id: item.id, value: input.value }); });
        row.append(label, output, input);
        el.append(row);
        if (input.id === focused) input.focus({ preventScroll: true });
      }
      update();
    };
    const update = () => {
      model.get("items").forEach((item, i) => {
        const row = el.children[i];
        const input = row?.querySelector("input[type=range]");
        if (!input) return;
        if (dragged !== item.id && !(waiting && last === item.id)) input.value = item.value;
        const output = row.querySelector("output"), field = row.querySelector(".typed input");
        if (output) output.textContent = item.word;
        if (field && writing !== item.id) field.value = item.value;
        input.setAttribute("aria-valuetext", item.says || item.word);
      });
    };
    let ids = null;
    const show = () => {
      const now = JSON.stringify(model.get("items").map((i) => [i.id, i.label, i.must, i.low, i.high, i.step]));
      if (now !== ids) { ids = now; build(); } else update();
    };
    model.on("change:items", show);
    model.on("msg:custom", (content) => { if (content === "answered") answered(); });
    show();
  },
};
