"use strict";
/* The ballot on a phone. Every change of a vote gets a number and is kept on the phone first; one at
   a time they are sent, in order, until the room says that what it has stored is at least as new.
   Only then the tick is shown. All texts are set as text, never as HTML. */
(() => {
  const $ = (id) => document.getElementById(id);
  const PATIENCE = 8000, SILENCE = 25000, AGAIN = 1500;
  let state = null; // what the room said last
  let asked = null; // what is asked, as the phone needs it
  let kept = null; // the votes of this person in this poll, as localStorage has them
  let at = 0; // the question shown; after the last one: all answers
  let screen = { key: "" };
  let source = null, heard = 0, tryAt = 0, sendAt = 0, since = 0;
  let online = true, loading = false, again = false, sending = false;
  let joining = { code: location.hash.slice(1), wrong: "", names: null, adding: false, open: false };

  // -- small things

  function make(tag, props, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(props || {})) {
      if (name.includes("-") || name === "for" || name === "role") element.setAttribute(name, value);
      else element[name] = value;
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  }
  const button = (text, onclick, props) => make("button", { type: "button", onclick, ...props }, text);
  const heading = (text) => make("h1", { tabIndex: -1 }, text);
  const plural = (n, one, many) => `${n} ${n === 1 ? one : many}`;

  function remember(name, value) {
    try {
      if (value === undefined) return JSON.parse(localStorage.getItem(name) || "null");
      localStorage.setItem(name, JSON.stringify(value));
    } catch (error) { /* without storage the votes live as long as the page */ }
    return null;
  }

  async function ask(path, body) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    try {
      const options = { signal: stop.signal, cache: "no-store", credentials: "same-origin" };
      if (body !== undefined) {
        options.method = "POST";
        options.headers = { "Content-Type": "application/json" };
        options.body = JSON.stringify(body);
      }
      const answer = await fetch(path, options);
      const content = await answer.json();
      connected(true);
      return { status: answer.status, wait: +answer.headers.get("Retry-After") || 0, content };
    } catch (error) {
      connected(false);
      return null; // no answer: nobody knows whether it arrived
    } finally {
      clearTimeout(timer);
    }
  }

  function connected(is) {
    if (online === is) return;
    online = is;
    render();
  }

  // -- the votes kept on this phone

  const place = () => `kam ${state.room} ${asked.poll} ${state.person}`;
  const keyOf = (cell) => JSON.stringify(cell.slice(0, 3));
  const vote = (key) => kept.votes[key] || (kept.votes[key] = { change: 0, done: 0, note: "" });
  const isAnswered = (v) => v.score !== undefined || v.weights !== undefined;
  const isWaiting = (v) => isAnswered(v) && v.change > v.done && v.refused !== v.change;
  const waiting = () => Object.keys(kept ? kept.votes : {}).filter((k) => isWaiting(kept.votes[k]));
  const save = () => remember(place(), kept);

  const noteOf = (v) => (v.draft === undefined ? v.note || "" : v.draft);

  function noted(key) { // a note that was typed goes with the vote, as soon as there is one
    const v = vote(key);
    if (key === "weights" || v.draft === undefined || !isAnswered(v)) return;
    const note = v.draft.trim();
    delete v.draft;
    if (note !== v.note) change(key, { note });
  }

  function change(key, values) {
    const v = vote(key);
    if (key !== "weights" && v.draft !== undefined) {
      v.note = v.draft.trim();
      delete v.draft;
    }
    Object.assign(v, values);
    v.change = Math.max(v.change, v.done) + 1;
    kept.count = v.turn = (kept.count || 0) + 1;
    delete v.said;
    save();
    sendAt = 0;
    render();
    send();
  }

  function merge(answers) {
    const found = {};
    for (const row of answers) {
      if (asked.how === "scores") {
        const score = row.score === "" ? "" : Number(row.score);
        found[keyOf([row.subject, row.factor, row.supplier])] = { score, note: row.note, change: +row.change || 0 };
      } else {
        const all = found.weights || (found.weights = { weights: {}, change: 0 });
        all.weights[row.factor] = Number(asked.how === "points" ? row.points : row.place);
        all.change = Math.max(all.change, +row.change || 0);
      }
    }
    for (const key of new Set([...Object.keys(found), ...Object.keys(kept.votes)])) {
      const v = vote(key), stored = found[key];
      if (stored && stored.change >= v.change) Object.assign(v, stored, { done: stored.change });
      else v.done = stored ? stored.change : 0;
    }
    save();
  }

  async function send() {
    if (sending || !state || state.stage !== "voting") return;
    sending = true;
    try {
      for (;;) {
        const [key] = waiting().sort((a, b) => kept.votes[a].turn - kept.votes[b].turn);
        if (!key || state.stage !== "voting" || Date.now() < sendAt) break;
        const own = kept, v = own.votes[key], where = place(), number = v.change;
        const body = { poll: asked.poll, change: number };
        if (v.weights) body.weights = v.weights;
        else {
          [body.subject, body.factor, body.supplier] = JSON.parse(key);
          body.score = v.score === "" ? null : v.score;
          body.note = v.note || "";
        }
        const answer = await ask("/vote", body);
        if (!answer) { sendAt = Date.now() + AGAIN; break; }
        if (answer.status === 200) arrived(v, answer.content.stored, number);
        else if ([429, 500, 503].includes(answer.status)) {
          sendAt = Date.now() + 1000 * Math.max(answer.wait, 1);
          if (answer.status !== 429) load();
          break;
        } else {
          v.refused = number;
          v.said = answer.content.error;
          load();
        }
        remember(where, own);
        render();
      }
    } finally {
      sending = false;
    }
    render();
  }

  function arrived(v, rows, number) {
    const stored = Math.max(...rows.map((row) => +row.change || 0));
    v.done = Math.max(v.done, stored, number);
    delete v.said;
    if (stored < v.change) return; // changed again meanwhile: the next turn sends it
    v.change = v.done;
    if (rows.length === 1 && "score" in rows[0]) {
      v.score = rows[0].score === "" ? "" : Number(rows[0].score);
      v.note = rows[0].note;
    } else {
      for (const row of rows) v.weights[row.factor] = Number(asked.how === "points" ? row.points : row.place);
    }
  }

  // -- what the room says

  async function load() {
    if (loading) { again = true; return; }
    loading = true;
    do {
      again = false;
      const answer = await ask("/state");
      if (answer && answer.status === 200) take(answer.content);
    } while (again);
    loading = false;
  }

  function take(content) {
    const before = asked && state ? place() : "";
    state = content;
    since = Date.now();
    if (state.asked) {
      asked = state.asked;
      if (place() !== before) begin();
      if (state.stage === "voting") for (const v of Object.values(kept.votes)) delete v.refused;
      merge(state.answers);
      const where = asked.cells.findIndex((cell) => keyOf(cell) === kept.at);
      if (where >= 0) at = where;
      at = kept.at === "all" ? asked.cells.length : Math.min(at, asked.cells.length);
    } else if (state.stage === "stranger" || state.stage === "removed") stopListening();
    if (state.stage === "stranger" && joining.code && !joining.names && !joining.wrong) open(joining.code);
    if (state.stage === "voting") Object.keys(kept.votes).forEach(noted);
    render();
    send();
  }

  function begin() {
    kept = remember(place()) || { votes: {} };
    kept.votes = kept.votes || {};
    const open = asked.cells.findIndex((cell) => {
      const stored = state.answers.some((row) => keyOf([row.subject, row.factor, row.supplier]) === keyOf(cell));
      return !stored && !isAnswered(kept.votes[keyOf(cell)] || {});
    });
    at = open < 0 ? asked.cells.length : open;
    kept.at = kept.at || "";
  }

  function stopListening() {
    if (source) source.close();
    source = null;
  }

  function listen() {
    stopListening();
    heard = Date.now();
    source = new EventSource("/events");
    source.onmessage = (event) => {
      heard = Date.now();
      connected(true);
      if (Number(event.data) !== state.edition) load();
    };
    source.onerror = () => {
      stopListening();
      tryAt = Date.now() + AGAIN;
      load();
    };
  }

  function tick() {
    const now = Date.now();
    if (source && now - heard > SILENCE) stopListening();
    const isIn = state && state.stage !== "stranger" && state.stage !== "removed";
    if (!source && now >= tryAt) {
      tryAt = now + AGAIN;
      if (!state || !online) load();
      else if (isIn) { load(); listen(); }
    }
    if (waiting().length && now >= sendAt) send();
    clock();
  }

  function awake() {
    tryAt = sendAt = 0;
    load();
    tick();
  }

  // -- joining

  async function open(code) {
    const answer = await ask("/join", { code });
    joining.code = code;
    joining.wrong = !answer ? "The room cannot be reached. Is this phone in the same Wi-Fi?" : answer.content.error || "";
    joining.names = answer && answer.status === 200 ? answer.content.names : null;
    joining.functions = answer && answer.status === 200 ? answer.content.functions : [];
    render();
  }

  async function enter(who) {
    const answer = await ask("/join", { code: joining.code, ...who });
    joining.wrong = !answer ? "The room cannot be reached. Try again." : answer.content.error || "";
    if (answer && answer.status === 200) {
      Object.assign(joining, { names: null, open: false, adding: false });
      stopListening();
      tryAt = 0;
      await load();
      tick();
    } else if (answer && answer.status === 403) joining.names = null;
    render();
  }

  function askCode() {
    const input = make("input", { id: "code", className: "code", value: joining.code, autocomplete: "off", maxLength: 12,
      autocapitalize: "characters", spellcheck: false, required: true, "aria-describedby": "code-hint" });
    const wrong = make("p", { className: "wrong", role: "alert" });
    const form = make("form", { onsubmit: (event) => { event.preventDefault(); open(input.value.trim()); } },
      make("label", { for: "code" }, "The code on the big screen"), input,
      make("p", { id: "code-hint", className: "hint" }, "Six letters and digits."), wrong,
      make("p", null, make("button", { className: "main" }, "Go on")));
    const removed = state.stage === "removed"
      ? make("p", null, "The facilitator has removed this phone from the room. You can ask to be let in again, under a name that nobody has.") : null;
    return { nodes: [heading("Join the vote"), removed, form], update: () => { wrong.textContent = joining.wrong; } };
  }

  function askName() {
    const wrong = make("p", { className: "wrong", role: "alert" });
    const nodes = [heading("Who are you?"), wrong];
    if (joining.adding) {
      const name = make("input", { id: "name", autocomplete: "name", maxLength: 80, required: true });
      const role = make("input", { id: "role", autocomplete: "off", maxLength: 80 });
      role.setAttribute("list", "functions");
      nodes.push(make("form", { onsubmit: (event) => { event.preventDefault(); enter({ name: name.value, function: role.value }); } },
        make("label", { for: "name" }, "Your name"), name,
        make("label", { for: "role" }, "Your function, such as Sales or Operations"), role,
        make("datalist", { id: "functions" }, ...joining.functions.map((value) => make("option", { value }))),
        make("p", null, ""), make("button", { className: "main" }, "Join")));
    } else {
      nodes.push(make("ul", { className: "list" }, ...joining.names.map((row) => make("li", null,
        button(make("span", null, row.name), () => enter({ person: row.person }), {}))).map((item, i) => {
        if (joining.names[i].held) item.firstChild.append(make("span", { className: "hint" }, "has joined"));
        return item;
      })));
    }
    const other = joining.adding ? "Choose from the list" : "My name is not here";
    const footer = [button(other, () => { joining.adding = !joining.adding; joining.wrong = ""; render(); })];
    if (joining.open) footer.unshift(button(`Stay ${state.name}`, () => { joining.open = false; render(); }));
    return { nodes, footer, update: () => { wrong.textContent = joining.wrong; } };
  }

  // -- the screens

  function text(title, ...lines) {
    return () => ({ nodes: [heading(title), ...lines.map((line) => (typeof line === "string" ? make("p", null, line) : line))] });
  }

  function rename() {
    Object.assign(joining, { open: true, wrong: "", names: null });
    if (joining.code) open(joining.code);
    render();
  }

  const subjectWord = (cell) => (asked.model.startsWith("pia") ? `Idea: ${cell[3]}` : cell[3]);

  function where(cell) {
    const strength = asked.model === "strength";
    const groups = [...new Set(asked.cells.map((c) => (strength ? c[0] : c[5])))];
    return `${strength ? "Customer" : "Factor"} ${groups.indexOf(strength ? cell[0] : cell[5]) + 1} of ${groups.length}`;
  }

  function next(cell) {
    const to = asked.cells[asked.cells.indexOf(cell) + 1];
    if (!to) return "See all my answers";
    if (to[0] !== cell[0]) return `Next: ${to[3]}`;
    if (to[1] === cell[1] && to[2] !== cell[2]) return `Next: ${to[4]}`;
    return `Next: ${asked.topics[to[5]][0]}`;
  }

  function go(to) {
    if (asked.cells[at]) noted(keyOf(asked.cells[at]));
    at = to;
    kept.at = asked.cells[at] ? keyOf(asked.cells[at]) : "all";
    save();
    render();
  }

  function said(v, what) {
    if (!isAnswered(v)) return ["", v.draft ? `Your note is stored with your ${what}.` : ""];
    if (v.said) return ["wrong", v.said];
    if (v.change > v.done) return ["", online ? "Sending…" : "Kept on this phone until it is connected again."];
    return ["stored", asked.live ? `✓ Your ${what} is stored. It shows on the big screen at once.`
      : `✓ Your ${what} is stored. Nobody sees it until the reveal.`];
  }

  function tickFor(v, what) {
    const line = make("p", { role: "status" });
    return [line, () => {
      const [kind, words] = said(v(), what);
      line.className = `tick ${kind}`;
      if (line.textContent !== words) line.textContent = words;
    }];
  }

  function question(cell) {
    const key = keyOf(cell), [label, good, bad] = asked.topics[cell[5]];
    const keys = Array.from({ length: 10 }, (_, i) => button(String(i + 1), () => change(key, { score: i + 1 })));
    const unknown = button("I don't know", () => change(key, { score: "" }));
    const note = make("textarea", { id: "note", rows: 3, maxLength: 1000, value: noteOf(vote(key)) });
    const box = make("div", { hidden: !noteOf(vote(key)) }, make("label", { for: "note" }, "Your note"), note);
    note.oninput = () => { // what is typed is kept at once, and sent when the field is left
      vote(key).draft = note.value;
      save();
    };
    note.onchange = () => noted(key);
    const add = button("", () => { box.hidden = false; note.focus(); });
    const [line, update] = tickFor(() => vote(key), "vote");
    const rival = cell[2] && cell[2] !== "us";
    const ends = [["10", good], ["1", bad]].filter(([, words]) => words);
    const back = button("Back", () => go(at - 1)), on = button(next(cell), () => go(at + 1), { className: "main" });
    return {
      nodes: [make("p", { className: "topic" }, label), heading(subjectWord(cell)),
        cell[2] ? make("p", { className: rival ? "whose rival" : "whose" }, rival ? `Score the competitor: ${cell[4]}` : "Score us") : null,
        ends.length ? make("dl", null, ...ends.map(([n, words]) => make("div", null, make("dt", null, n), make("dd", null, words)))) : null,
        make("div", { className: "keys", role: "group", "aria-label": `Your score for ${cell[3]}, ${label}` }, ...keys),
        make("div", { className: "more" }, unknown, add), box, line],
      footer: [back, on],
      update: () => {
        const v = vote(key);
        keys.forEach((each, i) => each.setAttribute("aria-pressed", String(v.score === i + 1)));
        unknown.setAttribute("aria-pressed", String(v.score === ""));
        add.textContent = box.hidden ? "Add a note" : "Change the note";
        if (document.activeElement !== note && note.value !== noteOf(v)) note.value = noteOf(v);
        back.disabled = at === 0;
        update();
      },
    };
  }

  function overview() {
    const isOpen = state.stage === "voting", parts = [], shown = [];
    let group = null, list = null;
    asked.cells.forEach((cell, i) => {
      const own = asked.model === "strength" ? cell[3] : asked.topics[cell[5]][0];
      const words = asked.model === "strength" ? `${asked.topics[cell[5]][0]}: ${cell[4]}` : cell[3];
      if (own !== group) parts.push(make("h2", null, own), (list = make("ul", { className: "list" })));
      group = own;
      const value = make("b", null);
      shown.push([keyOf(cell), value]);
      list.append(make("li", null, button(make("span", null, words), () => go(i), { disabled: !isOpen })));
      list.lastChild.firstChild.append(value);
    });
    const count = make("p", { role: "status" }), late = make("p", { className: "wrong" });
    const open = () => asked.cells.findIndex((cell) => !isAnswered(vote(keyOf(cell))));
    const on = button("", () => go(open()), { className: "main" });
    return {
      nodes: [heading(isOpen ? "Your answers" : "The vote is closed"), isOpen ? null : make("p", null, "Look at the big screen."),
        count, late, ...parts],
      footer: isOpen ? [button("Back", () => go(asked.cells.length - 1)), on] : [],
      update: () => {
        for (const [key, value] of shown) {
          const v = vote(key), words = v.score === undefined ? "–" : v.score === "" ? "don't know" : String(v.score);
          value.textContent = words + (v.note ? " + note" : "") + (isAnswered(v) && v.change > v.done ? " …" : "");
        }
        const n = asked.cells.filter((cell) => isAnswered(vote(keyOf(cell)))).length;
        const unsent = Object.values(kept.votes).filter((v) => isAnswered(v) && v.change > v.done).length;
        const stored = unsent ? "" : " All are stored.";
        count.textContent = `You have answered ${n} of ${asked.cells.length}.${stored}${isOpen ? " You can change them until the vote is closed." : ""}`;
        late.textContent = unsent && !isOpen ? `${plural(unsent, "vote", "votes")} came too late and ${unsent === 1 ? "is" : "are"} kept on this phone. Tell the facilitator, who can open the vote again.` : "";
        on.hidden = open() < 0;
        on.textContent = `Go to the next of ${asked.cells.length - n} open`;
      },
    };
  }

  const factors = () => asked.cells.map((cell) => [cell[1], asked.topics[cell[5]][0]]);
  const weightsNow = () => vote("weights").draft || { ...vote("weights").weights };

  function storeWeights(weights) {
    delete vote("weights").draft;
    change("weights", { weights });
  }

  function points() {
    const [line, update] = tickFor(() => vote("weights"), "vote");
    const left = make("p", { role: "status", className: "whose" });
    const draft = weightsNow();
    const whole = (input) => (/^\d+$/.test(input.value.trim()) ? Number(input.value) : input.value.trim() === "" ? 0 : NaN);
    const inputs = factors().map(([factor, label], i) => {
      const input = make("input", { id: `w${i}`, type: "text", inputMode: "numeric", autocomplete: "off", maxLength: 3,
        value: draft[factor] === undefined ? "" : String(draft[factor]) });
      input.oninput = () => {
        vote("weights").draft = Object.fromEntries(inputs.map((row) => [row.factor, row.input.value.trim() === "" ? undefined : row.input.value.trim()]));
        save();
        render();
      };
      return { factor, input, row: make("div", { className: "weight" }, make("label", { for: `w${i}` }, label), input) };
    });
    const rest = () => 100 - inputs.reduce((sum, row) => sum + whole(row.input), 0);
    const store = button("Store my points", () => {
      if (rest() === 0) storeWeights(Object.fromEntries(inputs.map((row) => [row.factor, whole(row.input)])));
    }, { className: "main" });
    return {
      nodes: [heading("Share out 100 points"), make("p", null, "Give the most to what matters most when we choose. All 100 have to go."),
        left, ...inputs.map((row) => row.row), line],
      footer: [store],
      update: () => {
        const n = rest();
        left.textContent = Number.isNaN(n) ? "Whole numbers only" : n >= 0 ? `${n} left` : `${-n} too many`;
        left.className = n === 0 ? "whose" : "whose rival";
        store.disabled = n !== 0;
        update();
        if (vote("weights").draft) { line.textContent = "Not stored yet."; line.className = "tick"; }
      },
    };
  }

  function ranking() {
    const [line, update] = tickFor(() => vote("weights"), "vote");
    const draft = weightsNow(), told = make("p", { role: "status", className: "hint" });
    const order = factors().map(([factor, label], i) => ({ factor, label, at: Number(draft[factor]) || 1000 + i }));
    order.sort((a, b) => a.at - b.at);
    const list = make("div", null);
    const move = (from, by) => {
      const to = from + by, [row] = order.splice(from, 1);
      order.splice(to, 0, row);
      vote("weights").draft = Object.fromEntries(order.map((each, i) => [each.factor, i + 1]));
      save();
      draw();
      const moves = [...list.children[to].querySelectorAll("button")];
      const again = moves[by < 0 ? 0 : 1];
      (again.disabled ? moves[by < 0 ? 1 : 0] : again).focus();
      told.textContent = `${row.label} is now number ${to + 1} of ${order.length}.`;
      render();
    };
    const draw = () => list.replaceChildren(...order.map((row, i) => make("div", { className: "weight" },
      make("span", null, `${i + 1}. ${row.label}`), make("div", { className: "moves" },
        button("↑", () => move(i, -1), { disabled: i === 0, "aria-label": `Move ${row.label} up` }),
        button("↓", () => move(i, 1), { disabled: i === order.length - 1, "aria-label": `Move ${row.label} down` })))));
    draw();
    const store = button("Store my order", () => storeWeights(Object.fromEntries(order.map((row, i) => [row.factor, i + 1]))),
      { className: "main" });
    return {
      nodes: [heading("Put them in order"), make("p", null, "First what matters most when we choose."), list, told, line],
      footer: [store],
      update: () => {
        update();
        if (vote("weights").draft) { line.textContent = "Not stored yet."; line.className = "tick"; }
      },
    };
  }

  function weighed() {
    const v = vote("weights"), sign = asked.how === "points" ? "" : ".";
    const rows = factors().filter(([f]) => v.weights && v.weights[f] !== undefined).map(([f, label]) => [label, v.weights[f]]);
    rows.sort((a, b) => (asked.how === "points" ? b[1] - a[1] : a[1] - b[1]));
    const late = v.change > v.done ? "Your vote came too late and is kept on this phone. Tell the facilitator, who can open the vote again." : "";
    return { nodes: [heading("The vote is closed"), make("p", null, "Look at the big screen."), make("p", { className: "wrong" }, late),
      ...rows.map(([label, n]) => make("div", { className: "weight" }, make("span", null, label), make("b", null, `${n}${sign}`)))] };
  }

  function wanted() {
    if (!state) return ["start", text("Connecting…")];
    const out = state.stage === "stranger" || state.stage === "removed";
    if (out || joining.open) {
      return joining.names ? [`names ${joining.adding} ${JSON.stringify(joining.names)}`, askName] : [`code ${state.stage}`, askCode];
    }
    const other = () => button(`I am not ${state.name}`, rename);
    if (state.stage === "asking") {
      return [`asking ${state.name}`, text("Please wait", `Somebody has joined as ${state.name}, or you were removed before. The facilitator is asked to let you in.`, other())];
    }
    if (state.stage === "waiting") {
      return [`waiting ${state.name}`, text(`You are in, ${state.name}`, "The facilitator will start the vote.", other())];
    }
    if (state.stage === "revealed") return ["revealed", text("Look at the big screen", "The vote is revealed. The next one starts here by itself.")];
    const own = `${state.stage} ${JSON.stringify(asked)}`;
    if (!asked.cells.length) return [`none ${own}`, text("Nothing is asked yet", "Wait for the facilitator.")];
    if (asked.how !== "scores") return [`${asked.how} ${own}`, state.stage === "closed" ? weighed : asked.how === "points" ? points : ranking];
    const cell = asked.cells[at];
    if (state.stage === "closed" || !cell) return [`all ${own}`, overview];
    return [`${asked.poll} ${JSON.stringify([cell, asked.topics[cell[5]], asked.cells[at + 1]])}`, () => question(cell)];
  }

  function clock() {
    if (!state) return;
    const isIn = state.person && !joining.open, cell = asked && state.asked && asked.how === "scores" && asked.cells[at];
    let words = isIn && cell && state.stage === "voting" ? where(cell) : "";
    if (isIn && state.stage === "voting" && state.left !== null) {
      const left = Math.max(0, Math.ceil(state.left - (Date.now() - since) / 1000));
      words += `${words ? " · " : ""}${left ? `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} left` : "Time is up"}`;
    }
    $("where").textContent = words;
  }

  function render() {
    const [key, build] = wanted();
    if (key !== screen.key) {
      const first = !screen.key;
      screen = { key, ...build() };
      $("screen").replaceChildren(...screen.nodes.filter(Boolean));
      document.querySelector("footer").replaceChildren(...(screen.footer || []));
      window.scrollTo(0, 0);
      if (!first) $("screen").querySelector("h1").focus();
    }
    if (screen.update) screen.update();
    const isAsked = state && state.asked && !joining.open;
    $("bar").hidden = !(isAsked && asked.how === "scores");
    if (!$("bar").hidden) {
      $("bar").max = asked.cells.length || 1;
      $("bar").value = asked.cells.filter((cell) => isAnswered(vote(keyOf(cell)))).length;
    }
    $("who").textContent = (state && (state.function || state.name)) || "Key account workshop";
    const words = !online ? "Offline: your votes are kept on this phone." : (state && state.trouble) || "";
    if ($("banner").textContent !== words) $("banner").textContent = words;
    clock();
    requests();
  }

  function requests() {
    const asking = (state && state.requests) || [];
    if ($("requests").dataset.shown === asking.join()) return;
    $("requests").dataset.shown = asking.join();
    const answer = async (phone, let_) => { await ask("/letin", { phone, let: let_ }); load(); };
    $("requests").replaceChildren(...asking.map((phone) => make("section", { className: "request", "aria-label": "A request" },
      make("p", { role: "alert" }, `Somebody wants to join as ${state.name} on another phone.`),
      make("div", { className: "more" }, button("Let in", () => answer(phone, true)), button("Refuse", () => answer(phone, false))))));
  }

  window.addEventListener("online", awake);
  window.addEventListener("offline", () => connected(false));
  window.addEventListener("pageshow", awake);
  window.addEventListener("hashchange", () => {
    joining = { ...joining, code: location.hash.slice(1), wrong: "", names: null };
    if (state && (state.stage === "stranger" || state.stage === "removed")) open(joining.code);
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) awake(); });
  setInterval(tick, 500);
  render();
})();
