"use strict";
/* The ballot on a phone. Every change of a vote gets a number and is kept on the phone first; one
   at a time they are sent, in order, until the room says that what it has stored is at least as
   new. Only then the tick is shown. All texts are set as text, never as HTML. */
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
  const typed = () => location.hash.slice(1);
  let joining = { code: typed(), wrong: "", names: null, adding: false, open: false };

  // -- small things

  function make(tag, props, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(props || {})) {
      if (/-|^for$|^role$|^list$/.test(name)) element.setAttribute(name, value);
      else element[name] = value;
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  }
  const button = (words, onclick, props) =>
    make("button", { type: "button", onclick, ...props }, words);
  const heading = (words) => make("h1", { tabIndex: -1 }, words);
  const line = (words, className) => make("p", { className: className || "" }, words);
  const main = { className: "main" };
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
  const keyOfRow = (row) => keyOf([row.subject, row.factor, row.supplier]);
  const scoreOf = (row) => (row.score === "" ? "" : Number(row.score));
  const weightOf = (row) => Number(asked.how === "points" ? row.points : row.place);
  const vote = (key) => kept.votes[key] || (kept.votes[key] = { change: 0, done: 0, note: "" });
  const isAnswered = (v) => v.score !== undefined || v.weights !== undefined;
  const isUnsent = (v) => isAnswered(v) && v.change > v.done;
  const isWaiting = (v) => isUnsent(v) && v.refused !== v.change;
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
        const number = +row.change || 0;
        found[keyOfRow(row)] = { score: scoreOf(row), note: row.note, change: number };
      } else {
        const all = found.weights || (found.weights = { weights: {}, change: 0 });
        all.weights[row.factor] = weightOf(row);
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
      v.score = scoreOf(rows[0]);
      v.note = rows[0].note;
    } else {
      for (const row of rows) v.weights[row.factor] = weightOf(row);
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
    const scanned = joining.code && !joining.names && !joining.wrong;
    if (state.stage === "stranger" && scanned) open(joining.code);
    if (state.stage === "voting") Object.keys(kept.votes).forEach(noted);
    render();
    send();
  }

  function begin() {
    kept = remember(place()) || { votes: {} };
    kept.votes = kept.votes || {};
    const open = asked.cells.findIndex((cell) => {
      const stored = state.answers.some((row) => keyOfRow(row) === keyOf(cell));
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

  const wrongOf = (answer) => (answer ? answer.content.error || ""
    : "The room cannot be reached. Is this phone in the same Wi-Fi?");

  async function open(code) {
    const answer = await ask("/join", { code });
    joining.code = code;
    joining.wrong = wrongOf(answer);
    joining.names = answer && answer.status === 200 ? answer.content.names : null;
    joining.functions = answer && answer.status === 200 ? answer.content.functions : [];
    render();
  }

  async function enter(who) {
    const answer = await ask("/join", { code: joining.code, ...who });
    joining.wrong = wrongOf(answer);
    if (answer && answer.status === 200) {
      Object.assign(joining, { names: null, open: false, adding: false });
      stopListening();
      tryAt = 0;
      await load();
      tick();
    } else if (answer && answer.status === 403) joining.names = null;
    render();
  }

  function formOf(onsubmit, ...children) {
    const submit = (event) => {
      event.preventDefault();
      onsubmit();
    };
    return make("form", { onsubmit: submit }, ...children);
  }

  function field(id, label, props) {
    return [make("label", { for: id }, label), make("input", { id, ...props })];
  }

  function askCode() {
    const [label, input] = field("code", "The code on the big screen", {
      className: "code", value: joining.code, autocomplete: "off", maxLength: 12, required: true,
      autocapitalize: "characters", spellcheck: false, "aria-describedby": "code-hint" });
    const wrong = make("p", { className: "wrong", role: "alert" });
    const hint = make("p", { id: "code-hint", className: "hint" }, "Six letters and digits.");
    const form = formOf(() => open(input.value.trim()), label, input, hint, wrong,
      make("button", main, "Go on"));
    const removed = line("The facilitator has removed this phone from the room. You can ask to be"
      + " let in again, under a name that nobody has.");
    return { nodes: [heading("Join the vote"), state.stage === "removed" ? removed : null, form],
      update: () => { wrong.textContent = joining.wrong; } };
  }

  function askName() {
    const wrong = make("p", { className: "wrong", role: "alert" });
    const nodes = [heading("Who are you?"), wrong];
    if (joining.adding) {
      const [nameLabel, name] = field("name", "Your name",
        { autocomplete: "name", maxLength: 80, required: true });
      const [roleLabel, role] = field("role", "Your function, such as Sales or Operations",
        { autocomplete: "off", maxLength: 80, list: "functions" });
      const known = joining.functions.map((value) => make("option", { value }));
      nodes.push(formOf(() => enter({ name: name.value, function: role.value }),
        nameLabel, name, roleLabel, role, make("datalist", { id: "functions" }, ...known), line(""),
        make("button", main, "Join")));
    } else {
      nodes.push(make("ul", { className: "list" }, ...joining.names.map((row) => {
        const choose = button(make("span", null, row.name), () => enter({ person: row.person }));
        if (row.held) choose.append(make("span", { className: "hint" }, "has joined"));
        return make("li", null, choose);
      })));
    }
    const set = (values) => () => {
      Object.assign(joining, { wrong: "" }, values);
      render();
    };
    const other = joining.adding ? "Choose from the list" : "My name is not here";
    const footer = [button(other, set({ adding: !joining.adding }))];
    if (joining.open) footer.unshift(button(`Stay ${state.name}`, set({ open: false })));
    return { nodes, footer, update: () => { wrong.textContent = joining.wrong; } };
  }

  // -- the screens

  function text(title, ...lines) {
    const shown = (each) => (typeof each === "string" ? line(each) : each);
    return () => ({ nodes: [heading(title), ...lines.map(shown)] });
  }

  function rename() {
    Object.assign(joining, { open: true, wrong: "", names: null });
    if (joining.code) open(joining.code);
    render();
  }

  const subjectWord = (cell) => (asked.model.startsWith("pia") ? `Idea: ${cell[3]}` : cell[3]);

  function where(cell) {
    const strength = asked.model === "strength";
    const group = (each) => (strength ? each[0] : each[5]);
    const groups = [...new Set(asked.cells.map(group))];
    const number = groups.indexOf(group(cell)) + 1;
    return `${strength ? "Customer" : "Factor"} ${number} of ${groups.length}`;
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

  function said(v) {
    if (!isAnswered(v)) return ["", v.draft ? "Your note is stored with your vote." : ""];
    if (v.said) return ["wrong", v.said];
    const away = "Kept on this phone until it is connected again.";
    if (v.change > v.done) return ["", online ? "Sending…" : away];
    const live = "It shows on the big screen at once.", blind = "Nobody sees it until the reveal.";
    return ["stored", `✓ Your vote is stored. ${asked.live ? live : blind}`];
  }

  function tickFor(key) {
    const status = make("p", { role: "status" });
    return [status, () => {
      const v = vote(key), unstored = key === "weights" && v.draft;
      const [kind, words] = unstored ? ["", "Not stored yet."] : said(v);
      status.className = `tick ${kind}`;
      if (status.textContent !== words) status.textContent = words;
    }];
  }

  function question(cell) {
    const key = keyOf(cell), [label, good, bad] = asked.topics[cell[5]];
    const keys = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((score) =>
      button(String(score), () => change(key, { score })));
    const unknown = button("I don't know", () => change(key, { score: "" }));
    const written = noteOf(vote(key));
    const note = make("textarea", { id: "note", rows: 3, maxLength: 1000, value: written });
    const noteLabel = make("label", { for: "note" }, "Your note");
    const box = make("div", { hidden: !written }, noteLabel, note);
    note.oninput = () => { // what is typed is kept at once, and sent when the field is left
      vote(key).draft = note.value;
      save();
    };
    note.onchange = () => noted(key);
    const add = button("", () => { box.hidden = false; note.focus(); });
    const [tick, update] = tickFor(key);
    const isRival = cell[2] && cell[2] !== "us";
    const whose = isRival ? `Score the competitor: ${cell[4]}` : "Score us";
    const ends = [["10", good], ["1", bad]].filter(([, words]) => words);
    const end = ([n, words]) => make("div", null, make("dt", null, n), make("dd", null, words));
    const back = button("Back", () => go(at - 1));
    const name = `Your score for ${cell[3]}, ${label}`;
    return {
      nodes: [
        line(label, "topic"), heading(subjectWord(cell)),
        cell[2] ? line(whose, isRival ? "whose rival" : "whose") : null,
        ends.length ? make("dl", null, ...ends.map(end)) : null,
        make("div", { className: "keys", role: "group", "aria-label": name }, ...keys),
        make("div", { className: "more" }, unknown, add), box, tick],
      footer: [back, button(next(cell), () => go(at + 1), main)],
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

  function answer(v) {
    const words = v.score === undefined ? "–" : v.score === "" ? "don't know" : String(v.score);
    return words + (v.note ? " + note" : "") + (isUnsent(v) ? " …" : "");
  }

  function lateWords() {
    const n = Object.values(kept.votes).filter(isUnsent).length;
    if (!n) return "";
    return `${plural(n, "vote", "votes")} came too late and ${n === 1 ? "is" : "are"} kept on this`
      + " phone. Tell the facilitator, who can open the vote again.";
  }

  function overview() {
    const isOpen = state.stage === "voting", strength = asked.model === "strength";
    const parts = [], shown = [];
    let group = null, list = null;
    asked.cells.forEach((cell, i) => {
      const label = asked.topics[cell[5]][0], own = strength ? cell[3] : label;
      if (own !== group) parts.push(make("h2", null, own), make("ul", { className: "list" }));
      group = own;
      list = parts[parts.length - 1];
      const value = make("b", null), words = strength ? `${label}: ${cell[4]}` : cell[3];
      const row = button(make("span", null, words), () => go(i), { disabled: !isOpen });
      row.append(value);
      list.append(make("li", null, row));
      shown.push([keyOf(cell), value]);
    });
    const count = make("p", { role: "status" }), late = line("", "wrong");
    const open = () => asked.cells.findIndex((cell) => !isAnswered(vote(keyOf(cell))));
    const on = button("", () => go(open()), main);
    return {
      nodes: [heading(isOpen ? "Your answers" : "The vote is closed"),
        isOpen ? null : line("Look at the big screen."), count, late, ...parts],
      footer: isOpen ? [button("Back", () => go(asked.cells.length - 1)), on] : [],
      update: () => {
        for (const [key, value] of shown) value.textContent = answer(vote(key));
        const n = asked.cells.filter((cell) => isAnswered(vote(keyOf(cell)))).length;
        const words = [`You have answered ${n} of ${asked.cells.length}.`];
        if (!lateWords()) words.push("All are stored.");
        if (isOpen) words.push("You can change them until the vote is closed.");
        count.textContent = words.join(" ");
        late.textContent = isOpen ? "" : lateWords();
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
    const [tick, update] = tickFor("weights");
    const left = make("p", { role: "status", className: "whose" });
    const draft = weightsNow();
    const whole = (value) => (/^\d*$/.test(value.trim()) ? Number(value) : NaN);
    const inputs = factors().map(([factor, label], i) => {
      const value = draft[factor] === undefined ? "" : String(draft[factor]);
      const [name, input] = field(`w${i}`, label,
        { type: "text", inputMode: "numeric", autocomplete: "off", maxLength: 3, value });
      input.oninput = () => {
        vote("weights").draft = values((each) => each);
        save();
        render();
      };
      return { factor, input, row: make("div", { className: "weight" }, name, input) };
    });
    const values = (of) =>
      Object.fromEntries(inputs.map((row) => [row.factor, of(row.input.value)]));
    const rest = () => 100 - Object.values(values(whole)).reduce((sum, n) => sum + n, 0);
    const store = button("Store my points", () => {
      if (rest() === 0) storeWeights(values(whole));
    }, main);
    const words = "Give the most to what matters most when we choose. All 100 have to go.";
    return {
      nodes: [heading("Share out 100 points"), line(words), left,
        ...inputs.map((row) => row.row), tick],
      footer: [store],
      update: () => {
        const n = rest(), over = n >= 0 ? `${n} left` : `${-n} too many`;
        left.textContent = Number.isNaN(n) ? "Whole numbers only" : over;
        left.className = n === 0 ? "whose" : "whose rival";
        store.disabled = n !== 0;
        update();
      },
    };
  }

  function ranking() {
    const [tick, update] = tickFor("weights");
    const draft = weightsNow(), told = make("p", { role: "status", className: "hint" });
    const place = (factor, i) => Number(draft[factor]) || 1000 + i;
    const order = factors().map(([factor, label], i) => ({ factor, label, at: place(factor, i) }));
    order.sort((a, b) => a.at - b.at);
    const places = () => Object.fromEntries(order.map((row, i) => [row.factor, i + 1]));
    const list = make("div", null);
    const move = (from, by) => {
      const to = from + by, [row] = order.splice(from, 1);
      order.splice(to, 0, row);
      vote("weights").draft = places();
      save();
      draw();
      const moves = [...list.children[to].querySelectorAll("button")];
      if (by > 0) moves.reverse();
      moves.find((each) => !each.disabled).focus();
      told.textContent = `${row.label} is now number ${to + 1} of ${order.length}.`;
      render();
    };
    const mover = (i, by, sign, word) => button(sign, () => move(i, by),
      { disabled: !order[i + by], "aria-label": `Move ${order[i].label} ${word}` });
    const draw = () => list.replaceChildren(...order.map((row, i) =>
      make("div", { className: "weight" }, make("span", null, `${i + 1}. ${row.label}`),
        make("div", { className: "moves" },
          mover(i, -1, "↑", "up"), mover(i, 1, "↓", "down")))));
    draw();
    return {
      nodes: [heading("Put them in order"), line("First what matters most when we choose."),
        list, told, tick],
      footer: [button("Store my order", () => storeWeights(places()), main)],
      update,
    };
  }

  function weighed() {
    const weights = vote("weights").weights || {}, isPoints = asked.how === "points";
    const given = factors().filter(([factor]) => weights[factor] !== undefined);
    given.sort(([a], [b]) => (weights[a] - weights[b]) * (isPoints ? -1 : 1));
    const rows = given.map(([factor, label]) => make("div", { className: "weight" },
      make("span", null, label), make("b", null, `${weights[factor]}${isPoints ? "" : "."}`)));
    return { nodes: [heading("The vote is closed"), line("Look at the big screen."),
      line(lateWords(), "wrong"), ...rows] };
  }

  function outside() { // what is shown to a phone that has not joined, or joins again
    if (joining.names) return [`names ${joining.adding} ${JSON.stringify(joining.names)}`, askName];
    return [`code ${state.stage}`, askCode];
  }

  function wanted() {
    if (!state) return ["start", text("Connecting…")];
    const stage = state.stage, name = state.name;
    if (stage === "stranger" || stage === "removed" || joining.open) return outside();
    const other = () => button(`I am not ${name}`, rename);
    if (stage === "asking") {
      const why = `Somebody has joined as ${name}, or you were removed before.`;
      const then = "The facilitator is asked to let you in.";
      return [`asking ${name}`, () => text("Please wait", why, then, other())()];
    }
    if (stage === "waiting") {
      const then = "The facilitator will start the vote.";
      return [`waiting ${name}`, () => text(`You are in, ${name}`, then, other())()];
    }
    if (stage === "revealed") {
      const then = "The vote is revealed. The next one starts here by itself.";
      return ["revealed", text("Look at the big screen", then)];
    }
    const own = `${stage} ${JSON.stringify(asked)}`, isClosed = stage === "closed";
    if (!asked.cells.length) return [`none ${own}`, text("Nothing is asked yet", "Please wait.")];
    if (asked.how !== "scores") {
      return [own, isClosed ? weighed : asked.how === "points" ? points : ranking];
    }
    const cell = asked.cells[at];
    if (isClosed || !cell) return [`all ${own}`, overview];
    const shown = JSON.stringify([asked.poll, cell, asked.topics[cell[5]], asked.cells[at + 1]]);
    return [shown, () => question(cell)];
  }

  function timeLeft() {
    if (state.stage !== "voting" || state.left === null || joining.open) return "";
    const left = Math.max(0, Math.ceil(state.left - (Date.now() - since) / 1000));
    const seconds = String(left % 60).padStart(2, "0");
    return left ? `${Math.floor(left / 60)}:${seconds} left` : "Time is up";
  }

  function clock() {
    if (!state) return;
    const isIn = state.stage === "voting" && asked.how === "scores" && !joining.open;
    const place = isIn && asked.cells[at] ? where(asked.cells[at]) : "";
    $("where").textContent = [place, timeLeft()].filter(Boolean).join(" · ");
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
    const away = "Offline: your votes are kept on this phone.";
    const words = online ? (state && state.trouble) || "" : away;
    if ($("banner").textContent !== words) $("banner").textContent = words;
    clock();
    requests();
  }

  function requests() {
    const asking = (state && state.requests) || [];
    if ($("requests").dataset.shown === asking.join()) return;
    $("requests").dataset.shown = asking.join();
    const say = (phone, isIn) => async () => {
      await ask("/letin", { phone, let: isIn });
      load();
    };
    const words = `Somebody wants to join as ${state && state.name} on another phone.`;
    $("requests").replaceChildren(...asking.map((phone) =>
      make("section", { className: "request", "aria-label": "A request" },
        make("p", { role: "alert" }, words),
        make("div", { className: "more" }, button("Let in", say(phone, true)),
          button("Refuse", say(phone, false))))));
  }

  window.addEventListener("online", awake);
  window.addEventListener("offline", () => connected(false));
  window.addEventListener("pageshow", awake);
  window.addEventListener("hashchange", () => {
    joining = { ...joining, code: typed(), wrong: "", names: null };
    if (state && (state.stage === "stranger" || state.stage === "removed")) open(joining.code);
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) awake(); });
  setInterval(tick, 500);
  render();
})();
