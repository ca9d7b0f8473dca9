// Labelled native sliders. While one is dragged the kernel is asked what would follow; the next
// question, the latest of each slider, waits for the answer to the last, so that a slow kernel is
// never flooded.
export default {
  render({ model, el, signal }) {
    el.classList.add("kam", "kam-weights");
    const next = new Map();
    let waiting = false, dragged = null, last = null;

    const ask = (content) => {
      if (waiting) { next.set(content.id, content); return; }
      waiting = true;
      last = content.id;
      model.send(content);
    };
    const answered = () => {
      waiting = false;
      const [content] = next.values();
      if (content) { next.delete(content.id); ask(content); } else update();
    };

    const build = () => {
      const focused = el.contains(document.activeElement) ? document.activeElement.id : "";
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
        const output = document.createElement("output");
        output.htmlFor = input.id;
        Object.assign(input, { type: "range", min: item.low, max: item.high, step: item.step, disabled: model.get("locked") });
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
        const input = row?.querySelector("input");
        if (!input) return;
        if (dragged !== item.id && !(waiting && last === item.id)) input.value = item.value;
        row.querySelector("output").textContent = item.word;
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
