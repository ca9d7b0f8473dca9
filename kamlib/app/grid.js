// A grid to type in like a spreadsheet: arrows, Enter, Tab, typing over, F2, Delete, copy, and paste
// of a block from Excel. What is entered is sent at once; a refused entry stays, marked, with the
// reason, until it is corrected or given up with Escape, which shows what the workbook holds.
// With `pick`, rows can be filtered and chosen (Space, the boxes, Shift for a stretch) and given one thing together.
export default {
  render({ model, el, signal }) {
    el.classList.add("kam", "kam-grid");
    const live = document.createElement("p");
    live.className = "grid-say";
    live.setAttribute("role", "status");
    const scroll = document.createElement("div");
    scroll.className = "grid-scroll";
    const bar = document.createElement("div");
    bar.className = "grid-bar";
    const foot = document.createElement("div");
    foot.className = "grid-foot";
    const ways = document.createElement("div");
    ways.className = "grid-ways";
    el.append(bar, scroll, live, ways, foot);
    let asked = "";  // the way out of a refusal that was taken
    const picked = new Set();  // ids of the rows chosen to be given something together
    let wanted = "", last = -1;
    let turn = 0;  // of what is sent
    let at = [0, 0], editor = null, shape = "", cells = [], drawn = [[], []];
    const adding = [];  // the lines that were sent and not answered yet, "" for a pasted list
    let assigned = [];  // the rows that were sent to be given something
    const pending = new Map();  // "row column" -> {text, refused, was, turn}

    // What stands on the screen. The model may be ahead of it while somebody types: then rows may have moved.
    const rows = () => drawn[0], columns = () => drawn[1];
    const place = ({ row, column }) => row + "\u0000" + column;
    const key = (r, c) => place({ row: rows()[r]?.id, column: columns()[c]?.id });
    const can = (r, c) => !model.get("locked") && columns()[c].kind !== "show" && !(rows()[r].fixed || []).includes(columns()[c].id);

    // A column of rungs takes its choices from the row; a row that has none is typed.
    function col(r, c) {
      const column = columns()[c], choices = rows()[r].choices;
      return column.kind !== "rung" ? column : { ...column, choices, kind: choices?.length ? "choice" : "text" };
    }

    // What the workbook holds there as far as this page knows, with what it has just sent.
    function known(r, c) {
      const mine = pending.get(key(r, c));
      return mine && !mine.refused ? mine.text : rows()[r].cells[c] ?? "";
    }

    // All that the workbook may hold there by our own doing: what it held, and what was sent since without an answer.
    function held(r, c) {
      const mine = pending.get(key(r, c));
      return mine && !mine.refused ? [...mine.was, mine.text] : [rows()[r].cells[c] ?? ""];
    }

    function build() {
      const [row, column] = [rows()[at[0]]?.id, columns()[at[1]]?.id];
      drawn = [model.get("rows"), model.get("columns")];
      at = [rows().findIndex((r) => r.id === row), columns().findIndex((c) => c.id === column)].map((n, i) => (n < 0 ? at[i] : n));
      const table = document.createElement("table");
      table.setAttribute("role", "grid");
      table.setAttribute("aria-label", model.get("title"));
      const head = table.createTHead().insertRow();
      if (picking()) head.append(everybody());
      head.append(th(model.get("corner"), "col"));
      for (const column of columns()) {
        const cell = th(column.label, "col");
        cell.title = column.help || "";
        if (column.sub) { const sub = document.createElement("small"); sub.textContent = column.sub; cell.append(sub); }
        head.append(cell);
      }
      let body = table.createTBody();
      cells = rows().map((row, r) => {
        if (row.group && row.group !== rows()[r - 1]?.group) {
          const above = th(row.group, "colgroup");
          above.colSpan = columns().length + 1 + picking();
          const line = table.createTBody().insertRow();
          line.className = "group"; line.append(above);
          body = table.createTBody();
        }
        const line = body.insertRow();
        if (row.kind) line.className = row.kind;
        const name = th(row.head ?? row.label, "row");
        if (row.head) name.setAttribute("aria-label", row.label);
        if (row.sub) { const sub = document.createElement("small"); sub.textContent = row.sub; name.append(sub); }
        if (model.get("removable") && !row.keep && !model.get("locked")) name.append(remover(row));
        if (picking()) line.append(picker(row, r));
        line.append(name);
        return columns().map((column, c) => {
          const cell = line.insertCell();
          cell.setAttribute("role", "gridcell");
          cell.className = "k-" + column.kind;
          cell.tabIndex = -1;
          cell.addEventListener("mousedown", (event) => { if (editor?.cell !== cell) { event.preventDefault(); go(r, c); } });
          cell.addEventListener("dblclick", () => edit(r, c));
          cell.addEventListener("focus", () => { if (at[0] !== r || at[1] !== c) { at = [r, c]; mark(); } });
          return cell;
        });
      });
      for (const name of ["broad", "long"]) scroll.classList.toggle(name, model.get(name));
      scroll.replaceChildren(table);
      sieve();
      at = [Math.min(at[0], Math.max(rows().length - 1, 0)), Math.min(at[1], Math.max(columns().length - 1, 0))];
      stop();
    }
    function th(text, scope) {
      const cell = document.createElement("th");
      cell.scope = scope;
      cell.setAttribute("role", scope === "col" ? "columnheader" : "rowheader");
      const span = document.createElement("span");
      span.textContent = text;
      cell.append(span);
      return cell;
    }
    // choosing many rows: what is filtered out is neither shown nor chosen by "all"
    const picking = () => !!model.get("pick") && !model.get("locked");
    const shown = (r) => { const line = cells[r]?.[0]?.parentElement; return !!line && !line.hidden; };
    function box(label) {
      const input = document.createElement("input");
      input.type = "checkbox";
      input.setAttribute("aria-label", label);
      return input;
    }
    function everybody() {
      const cell = document.createElement("th"), input = box("Choose all that are shown");
      cell.scope = "col"; cell.className = "pick"; input.className = "pick-all";
      input.addEventListener("change", () => {
        rows().forEach((row, r) => { if (shown(r)) picked[input.checked ? "add" : "delete"](row.id); });
        tell();
      });
      cell.append(input);
      return cell;
    }
    function picker(row, r) {
      const cell = document.createElement("td"), input = box("Choose " + row.label);
      cell.className = "pick"; input.checked = picked.has(row.id); input.dataset.row = row.id;
      input.addEventListener("click", (event) => {
        const from = event.shiftKey && last >= 0 ? Math.min(last, r) : r, to = event.shiftKey && last >= 0 ? Math.max(last, r) : r;
        for (let i = from; i <= to; i++) if (shown(i)) picked[input.checked ? "add" : "delete"](rows()[i].id);
        last = r; tell();
      });
      cell.append(input);
      return cell;
    }
    function sieve() {
      const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
      rows().forEach((row, r) => {
        const line = cells[r]?.[0]?.parentElement;
        if (!line) return;
        const text = [row.label, ...columns().map((c, n) => c.words?.[row.cells[n] ?? ""] ?? row.cells[n] ?? "")].join(" ").toLowerCase();
        line.hidden = picking() && !words.every((word) => text.includes(word));
      });
      tell();
    }
    function tell() {
      if (!picking()) return;
      const there = new Set(rows().map((row) => row.id));
      for (const id of [...picked]) if (!there.has(id)) picked.delete(id);
      scroll.querySelectorAll("td.pick input").forEach((input) => { input.checked = picked.has(input.dataset.row); });
      const seen = rows().filter((_, r) => shown(r));
      const all = scroll.querySelector(".pick-all");
      if (all) all.checked = seen.length > 0 && seen.every((row) => picked.has(row.id));
      const count = bar.querySelector(".count");
      if (count) count.textContent = `${seen.length} of ${rows().length} shown, ${picked.size} chosen`;
    }
    function buildBar() {
      const now = JSON.stringify([picking() && model.get("pick"), model.get("choices")]);
      if (bar.dataset.now === now) return;
      bar.dataset.now = now;
      bar.replaceChildren();
      if (!picking()) return;
      const label = (words, field) => { const made = document.createElement("label"); made.append(words + " ", field); return made; };
      const search = document.createElement("input");
      search.type = "text"; search.className = "grid-filter"; search.value = wanted;
      search.addEventListener("input", () => { wanted = search.value; sieve(); });
      const choice = document.createElement("select");
      choice.className = "grid-choice";
      for (const { id, label } of [{ id: "", label: "choose" }, ...model.get("choices")]) choice.add(new Option(label, id));
      const button = document.createElement("button");
      button.type = "button"; button.className = "grid-assign"; button.textContent = "Assign";
      button.addEventListener("click", () => { assigned = [...picked]; model.send({ do: "assign", rows: assigned, value: choice.value }); });
      const count = document.createElement("span");
      count.className = "count small"; count.setAttribute("role", "status");
      bar.append(label("Show only", search), count, label(model.get("pick"), choice), button);
      tell();
    }
    function remover(row) {
      const button = document.createElement("button");
      button.type = "button"; button.className = "grid-remove"; button.textContent = "×";
      button.setAttribute("aria-label", "Remove " + row.label);
      button.addEventListener("click", () => model.send({ do: "remove", row: row.id }));
      return button;
    }
    function buildFoot() {
      const words = model.get("locked") ? "" : model.get("add");
      if (foot.dataset.words === words) return;
      foot.dataset.words = words;
      foot.replaceChildren();
      if (!words) return;
      const label = document.createElement("label");
      label.textContent = words + " ";
      const input = document.createElement("input");
      input.type = "text"; input.className = "grid-add";
      const button = document.createElement("button");
      button.type = "button"; button.textContent = "Add";
      const add = () => { const value = input.value.trim(); if (value) { adding.push(value); model.send({ do: "add", value }); input.value = ""; input.focus(); } };
      button.addEventListener("click", add);
      input.addEventListener("keydown", (event) => { if (event.key === "Enter") add(); });
      input.placeholder = "or a list from Excel";
      input.addEventListener("paste", (event) => {  // a line each: the name, then what belongs in its columns
        const block = parse(event.clipboardData.getData("text/plain"));
        if (block.flat().length < 2) return;
        event.preventDefault();
        adding.push(""); ways.replaceChildren(); live.textContent = "";
        model.send({ do: "add", block: block.map((line) => line.map((text) => text.trim())) });
      });
      label.append(input);
      foot.append(label, button);
    }

    const said = (text) => text !== "" && Number.isFinite(Number(text)) ? Number(text).toLocaleString() : text;
    function update() {
      rows().forEach((row, r) => columns().forEach((column, c) => {
        const cell = cells[r]?.[c];
        if (!cell || editor?.cell === cell) return;
        const kept = pending.get(key(r, c));
        const text = kept ? kept.text : row.cells[c] ?? "";
        const unknown = text === "" && column.kind === "score" && !(row.apart || []).includes(column.id);
        const shown = unknown ? "?" : column.words?.[text] ?? (column.kind === "number" ? said(text) : text);
        if (cell.textContent !== shown) cell.textContent = shown;
        cell.classList.toggle("q", unknown);
        cell.classList.toggle("pending", !!kept && !kept.refused);
        cell.classList.toggle("refused", !!kept?.refused);
        cell.classList.toggle("best", (row.best || []).includes(column.id));
        if (kept?.refused) cell.setAttribute("aria-invalid", "true"); else cell.removeAttribute("aria-invalid");
        const number = Number(text);
        const heat = column.kind === "score" && model.get("heat") && text !== "" && number >= 1 && !kept?.refused;
        cell.style.background = heat ? `rgba(11,42,138,${(number * 0.033 - 0.03).toFixed(3)})` : "";
        cell.setAttribute("aria-label", `${row.label}, ${column.label}: ${unknown ? "unknown" : shown || "empty"}`);
        cell.setAttribute("aria-readonly", can(r, c) ? "false" : "true");
      }));
    }
    function show() {
      const now = JSON.stringify([model.get("columns"), model.get("locked"), picking(), model.get("broad"), model.get("title"), model.get("removable"), model.get("rows").map((r) => [r.id, r.label, r.head, r.sub, r.group, r.kind, r.keep])]);
      buildFoot(); buildBar();
      if (now === shape) { drawn = [model.get("rows"), model.get("columns")]; update(); return; }
      if (editor) return;  // drawn anew when the typing is done
      const focused = scroll.contains(document.activeElement);
      shape = now; build(); update();
      if (focused) (cells[at[0]]?.[at[1]] ?? foot.querySelector("input"))?.focus({ preventScroll: true });
    }

    // Tab stops twice in a grid: at the cell one is in, and before it at the button that removes its row.
    function stop() {
      cells.forEach((line, r) => line.forEach((cell, c) => { cell.tabIndex = r === at[0] && c === at[1] ? 0 : -1; }));
      scroll.querySelectorAll(".grid-remove").forEach((button, r) => { button.tabIndex = r === at[0] ? 0 : -1; });
    }
    function mark() {
      stop();
      if (!cells[at[0]]?.[at[1]]) return;
      model.send({ do: "at", row: rows()[at[0]].id, column: columns()[at[1]].id });
    }
    function go(r, c) {
      if (editor) commit();
      if (!rows().length) return;
      const moved = [Math.max(0, Math.min(r, rows().length - 1)), Math.max(0, Math.min(c, columns().length - 1))];
      const way = Math.sign(moved[0] - at[0]);
      while (way && rows()[moved[0]] && !shown(moved[0])) moved[0] += way;  // over what is filtered out
      if (!rows()[moved[0]]) moved[0] = at[0];
      at = moved; mark();
      const cell = cells[at[0]][at[1]];
      cell.focus({ preventScroll: true });
      cell.scrollIntoView({ block: "nearest", inline: "nearest" });
    }

    function edit(r, c, typed) {
      if (!can(r, c)) return;
      const column = col(r, c), cell = cells[r][c], was = held(r, c);
      const before = pending.get(key(r, c))?.text ?? known(r, c);
      let field;
      if (column.kind === "choice" || column.kind === "yesno") {
        field = document.createElement("select");
        for (const choice of ["", ...(column.choices || ["yes", "no"])]) field.add(new Option(column.words?.[choice] ?? choice, choice));
        field.value = before;
        let word = typed ?? "";  // the letters of one word go together: "new" is not "existing", which begins with its e
        const options = [...field.options].filter((o) => o.text);
        const meant = () => {
          const found = word ? options.find((o) => o.text.toLowerCase().startsWith(word.toLowerCase())) : null;
          const some = options.slice(0, 12).map((o) => o.text).join(", ") + (options.length > 12 ? " ..." : "");
          live.textContent = found || !word ? "" : `There is no choice that begins with "${word}". Choose one of: ${some}.`;
          return found?.value ?? before;
        };
        if (typed) field.value = meant();
        field.addEventListener("keydown", (event) => {
          const letter = event.key.length === 1 && !(event.key === " " && !word), back = event.key === "Backspace";
          if (event.ctrlKey || event.metaKey || event.altKey || event.key === "Shift") return;
          if (!letter && !back) { word = ""; return; }
          word = back ? word.slice(0, -1) : word + event.key;
          event.preventDefault();
          field.value = meant();
        });
        let keyed = true;  // with the keyboard a choice is final at Enter, Tab or leaving; with the mouse at once
        field.addEventListener("keydown", () => { keyed = true; });
        field.addEventListener("pointerdown", () => { keyed = false; });
        field.addEventListener("change", () => { if (!keyed) { commit(); go(at[0], at[1]); } });
      } else {
        field = document.createElement(column.kind === "text" ? "textarea" : "input");
        if (column.kind === "text") field.rows = 1;
        field.value = typed ?? before;
        if (column.kind === "date") field.placeholder = "1 June 2027";
        if (column.kind === "person") {  // by name: somebody known, or somebody new
          field.value = typed ?? column.words?.[before] ?? before;
          const list = document.createElement("datalist");
          list.id = "grid-people";
          for (const name of Object.values(column.words ?? {})) list.append(new Option(name, name));
          field.setAttribute("list", list.id);
          cell.append(list);
        }
      }
      field.setAttribute("aria-label", `${rows()[r].label}, ${column.label}`);
      [...cell.childNodes].forEach((node) => { if (node.nodeName !== "DATALIST") node.remove(); });
      cell.append(field);
      editor = { cell, field, r, c, before, was };
      field.addEventListener("blur", () => { if (editor?.field === field) commit("left"); });
      field.focus();
      if (typed == null && field.select) field.select();
    }
    function commit(how) {
      const { field, r, c, was, cell } = editor, text = field.value.trim();
      const before = columns()[c].kind === "person" ? columns()[c].words?.[editor.before] ?? editor.before : editor.before;
      const again = !how && pending.get(key(r, c))?.refused;  // a refused entry may be entered once more
      editor = null;
      cell.replaceChildren();
      if (how !== "cancelled" && (text !== before || again)) put([{ r, c, text, was }]);
      show();
    }
    function put(list) {
      const sent = [];
      let outside = 0;
      turn++;
      for (const { r, c, text, was: begun } of list) {
        if (!rows()[r] || !columns()[c]) { outside += text !== ""; continue; }
        if (!can(r, c)) continue;
        const { kind, words } = columns()[c];
        const named = Object.entries(words ?? {}).find(([, word]) => word.toLowerCase() === text.toLowerCase());
        const value = kind === "score" && text === "?" ? "" : named ? named[0] : text;
        const was = begun ?? held(r, c);
        pending.set(key(r, c), { text: value, refused: false, was, turn });
        sent.push({ row: rows()[r].id, column: columns()[c].id, text: value, was });
      }
      ways.replaceChildren();
      const add = model.get("add") ? " To bring new lines, paste them where a line is added." : "";
      live.textContent = outside ? `${outside} of the pasted cells lie outside this table and were left out.${add}` : "";
      if (sent.length) model.send({ do: "put", cells: sent, turn });
      update();
    }
    function discard(r, c) {
      if (!pending.get(key(r, c))?.refused) return;
      pending.delete(key(r, c));
      live.textContent = "";
      ways.replaceChildren();
      update();
    }
    // What can be done about a refused cell, a button each; what was refused is entered again when it is done.
    function offer(remedies, { row, column, text }) {
      ways.replaceChildren(...remedies.map(({ label, asks, ...more }) => {
        const whole = document.createElement("span"), button = document.createElement("button"), field = document.createElement("input");
        const press = () => { asked = more.do; model.send({ ...more, row, column, text, fields: { why: field.value } }); };
        button.type = "button"; button.textContent = label;
        button.addEventListener("click", press);
        if (asks) {
          const words = document.createElement("label");
          field.type = "text"; field.className = "grid-why";
          field.addEventListener("keydown", (event) => { if (event.key === "Enter") press(); });
          words.append(asks + " ", field);
          whole.append(words, " ");
        }
        whole.append(button);
        return whole;
      }));
      if (!editor) ways.querySelector(":first-child > label > input")?.focus();  // never away from what is being typed
    }
    function retry() {
      const cells = rows().flatMap((_, r) => columns().map((_, c) => ({ r, c, mine: pending.get(key(r, c)) })));
      put(cells.filter(({ mine }) => mine?.refused).map(({ r, c, mine }) => ({ r, c, text: mine.text })));
    }

    // Scores can be typed one after the other: a digit that cannot belong to this one begins the next, if that is still unknown.
    function flows(k) {
      const { field, r, c } = editor, whole = /^(10|[1-9]([.,]5)?)$/.test(field.value) && field.selectionStart === field.value.length;
      let next = r + 1;
      while (rows()[next] && !shown(next)) next++;
      return columns()[c].kind === "score" && whole && /^[1-9]$/.test(k) && rows()[next] && can(next, c) && known(next, c) === "";
    }

    el.addEventListener("keydown", (event) => {
      if (!scroll.contains(event.target) || event.target.closest(".grid-remove, .pick")) return;
      const [r, c] = at, k = event.key, plain = !event.ctrlKey && !event.metaKey && !event.altKey;
      if (editor) {
        const list = editor.field.tagName === "SELECT";
        if (k === "Enter" && !event.shiftKey) { event.preventDefault(); commit(); go(at[0] + 1, at[1]); }
        else if (k === "Tab") { event.preventDefault(); commit(); go(at[0], at[1] + (event.shiftKey ? -1 : 1)); }
        else if (plain && flows(k)) { event.preventDefault(); commit(); go(at[0] + 1, at[1]); edit(...at, k); }
        else if (k === "Escape") { event.preventDefault(); commit("cancelled"); discard(...at); go(...at); }
        else if (!list && col(editor.r, editor.c).kind !== "text" && (k === "ArrowUp" || k === "ArrowDown")) { event.preventDefault(); commit(); go(at[0] + (k === "ArrowUp" ? -1 : 1), at[1]); }
        return;
      }
      const moves = { ArrowUp: [r - 1, c], ArrowDown: [r + 1, c], ArrowLeft: [r, c - 1], ArrowRight: [r, c + 1], Home: [r, 0], End: [r, columns().length - 1], PageUp: [r - 12, c], PageDown: [r + 12, c] };
      if (moves[k] && plain) { event.preventDefault(); go(...moves[k]); }
      else if (k === "Enter" && event.shiftKey) { event.preventDefault(); go(r - 1, c); }
      else if (k === "Enter") { event.preventDefault(); if (["score", "number", "show"].includes(columns()[c].kind)) go(r + 1, c); else edit(r, c); }
      else if (k === "Tab") {
        const n = c + (event.shiftKey ? -1 : 1);
        if (n >= 0 && n < columns().length) { event.preventDefault(); go(r, n); }
      }
      else if (k === "Escape") discard(r, c);
      else if (k === "F2") { event.preventDefault(); edit(r, c); }
      else if ((k === "Delete" || k === "Backspace") && plain) { event.preventDefault(); put([{ r, c, text: "" }]); }
      else if (k === " " && plain && picking()) {
        event.preventDefault();
        const { id } = rows()[r];
        picked[picked.has(id) ? "delete" : "add"](id); last = r; tell();
      }
      else if (k.length === 1 && plain && k !== " ") {
        event.preventDefault();
        if (k === "?" && columns()[c].kind === "score") { put([{ r, c, text: "" }]); go(r + 1, c); }
        else edit(r, c, k);
      }
    });
    el.addEventListener("copy", (event) => {
      if (editor || !scroll.contains(document.activeElement)) return;
      event.preventDefault();
      event.clipboardData.setData("text/plain", rows()[at[0]]?.cells[at[1]] ?? "");
    });
    el.addEventListener("paste", (event) => {
      if (editor || !scroll.contains(document.activeElement)) return;
      event.preventDefault();
      const block = parse(event.clipboardData.getData("text/plain"));
      put(block.flatMap((line, i) => line.map((text, j) => ({ r: at[0] + i, c: at[1] + j, text: text.trim() }))));
    });

    // What was just taken back or done again is brought into sight and marked for a moment.
    function point(places) {
      const found = places.map(({ row, column }) => cells[rows().findIndex((r) => r.id === row)]?.[columns().findIndex((c) => c.id === column)]).filter(Boolean);
      if (!found.length) return;
      window.kam?.reveal?.(el);
      found[0].scrollIntoView({ block: "center", inline: "nearest" });
      for (const cell of found) {
        cell.classList.remove("moved");
        requestAnimationFrame(() => cell.classList.add("moved"));
        cell.addEventListener("animationend", () => cell.classList.remove("moved"), { once: true });
      }
    }

    model.on("change:rows", show);
    model.on("change:columns", show);
    model.on("change:locked", show);
    for (const name of ["add", "pick", "choices", "broad", "title", "removable"]) model.on("change:" + name, show);
    // An answer says nothing of what was entered in the same cell after what it answers.
    const latest = (cell, { turn }) => (pending.get(place(cell))?.turn ?? 0) <= (turn ?? Infinity);
    model.on("msg:custom", (content) => {
      if (content.refused) {
        const [first] = content.refused, still = content.refused.filter((cell) => latest(cell, content));
        for (const cell of still) pending.set(place(cell), { text: cell.text, refused: true });
        if (still.length) live.textContent = [live.textContent, content.message].filter(Boolean).join("\n");
        update();
        if (still.includes(first)) offer(content.remedies ?? [], first);
      }
      if (content.kept && content.answer === asked) { asked = ""; retry(); }
      if (content.answer === "assign" && content.kept) { for (const id of assigned) picked.delete(id); tell(); }
      if (content.answer === "add") {
        const input = foot.querySelector("input"), added = adding.shift() ?? "";
        if (!content.kept && input && !input.value) input.value = added;
      }
      if (content.point) point(content.point);
      if (content.accepted) {
        for (const cell of content.accepted) if (latest(cell, content)) pending.delete(place(cell));
        update();
      }
    });
    show();
  },
};

// A block as Excel copies it: tabs and lines, with quotes around a cell that holds either.
function parse(text) {
  const lines = [[""]];
  let quoted = false;
  for (const part of text.replace(/\r\n?/g, "\n").replace(/\n$/, "").match(/""|"|\t|\n|[^"\t\n]+/g) ?? []) {
    const line = lines.at(-1);
    if (part === '"' && (quoted || line.at(-1) === "")) quoted = !quoted;
    else if (part === "\t" && !quoted) line.push("");
    else if (part === "\n" && !quoted) lines.push([""]);
    else line[line.length - 1] += part === '""' && quoted ? '"' : part;
  }
  return quoted ? text.split(/\r\n?|\n/).map((line) => line.split("\t")) : lines;  // a quote that was only a quote
}
