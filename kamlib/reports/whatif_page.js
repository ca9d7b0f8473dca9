const data = JSON.parse(document.getElementById("data").textContent), $ = (id) => document.getElementById(id);
const WIDTH = 880, HEIGHT = 720, NS = "http://www.w3.org/2000/svg", NAMED = 90;
const state = { at: 0, weights: [], musts: [], known: data.known, sure: data.sure, chosen: "", start: null, now: null, moved: false };
const segment = () => data.segments[state.at];
const el = (tag, cls, text) => { const made = document.createElement(tag); if (cls) made.className = cls; if (text != null) made.textContent = text; return made; };
const svg = (tag, attrs) => { const made = document.createElementNS(NS, tag); for (const k in attrs) made.setAttribute(k, attrs[k]); return made; };
const one = (v) => v !== v || v == null ? "?" : (Math.sign(v) * Math.floor(Math.abs(v) * 10 + 0.5 + 1e-7) / 10).toFixed(1);
const word = (box) => data.marks[box].word;
const category = (c, r) => c.decision || r.box;
function stands(c, r) {  // as portfolio.stands
  const said = r.status === "ruled_out" ? "Ruled out" : word(r.box);
  if (!c.decision) return r.box ? `${said}, suggested` : said;
  return `${word(c.decision)}, decided${c.decision === r.box ? "" : `; ${r.box ? "suggested: " : ""}${said.toLowerCase()}`}`;
}
function note(c, r) {  // what stands with the name, as portfolio.drawn has it
  const all = segment().customers, few = 2 * all.filter((o) => o.decision).length < all.length;
  if (c.decision && r.box && c.decision !== r.box) return ` (suggested: ${word(r.box).toLowerCase()})`;
  return all.some((o) => o.decision) && !c.decision !== few ? (few ? " (decided)" : " (not decided)") : "";
}
const account = (box) => { const w = box.replace(/_/g, " "); return ("aeiou".includes(w[0]) ? "an " : "a ") + w + " account"; };
const whole = (v) => { const f = Math.floor(v), r = v - f; return r > 0.5 || (r === 0.5 && f % 2) ? f + 1 : f; };  // half to even, as Python
function percent(chance, sure) {
  const shown = whole(100 * chance);
  if (shown === 100 && !(sure && chance === 1)) return "more than 99 %";
  return shown === 0 && !(sure && chance === 0) ? "less than 1 %" : `${shown} %`;
}
function listed(names) { return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`; }

// -- words -----------------------------------------------------------------------------------------
function nearestWeight(i) {  // the nearest share of one weight at which customer i changes sides, where the line is straight
  const s = segment(), W = state.weights.reduce((a, b) => a + b, 0), J = state.weights.length;
  if (J < 2 || !(W > 0) || s.customers.some((c, k) => state.now.customers[k].status !== "ruled_out" && c.scores.some((v, j) => v == null && state.weights[j] > 0))) return null;
  const counted = s.customers.map((_, k) => k).filter((k) => state.now.customers[k].status !== "ruled_out" && state.now.customers[k].y === state.now.customers[k].y);
  const c = s.customers[i].scores.map((v, j) => v - (s.midpoint ? MIDPOINT : counted.reduce((a, k) => a + s.customers[k].scores[j], 0) / counted.length));
  const share = state.weights.map((w) => w / W);
  let best = null;
  for (let j = 0; j < J; j++) {
    const rest = 1 - share[j];
    let zero = 0;
    for (let k = 0; k < J; k++) if (k !== j) zero += c[k] * (rest > 1e-12 ? share[k] / rest : 1 / Math.max(J - 1, 1));
    const end = c[j], here = zero + (end - zero) * share[j], up = here > EQUAL;
    if (up ? Math.min(zero, end) > EQUAL : Math.max(zero, end) <= EQUAL) continue;
    if (zero === end) continue;
    let to = zero / (zero - end);
    if (!up && Math.abs(to - share[j]) <= 1e-9) to = share[j] + 1e-9 * Math.sign(end - zero);
    to = Math.min(Math.max(to, 0), 1);
    if (!best || Math.abs(to - share[j]) < best.by) best = { j, from: 100 * share[j], to: 100 * to, by: Math.abs(to - share[j]) };
  }
  return best;
}
function countsWords(from, to) {
  if (to > 99.5) return `is the only factor that counts (now ${whole(from)} %)`;
  if (to < 0.5) return `does not count at all (now ${whole(from)} %)`;
  return `counts ${to > from ? "more" : "less"} than ${whole(to)} % (now ${whole(from)} %)`;
}
function sentence(i) {
  const c = segment().customers[i], r = state.now.customers[i];
  if (!state.moved) return c.words;
  const decided = c.decision ? `${c.name} is decided as ${account(c.decision)}` : c.name;
  if (r.status === "ruled_out") return c.decision ? `${decided}, although it fails a must-have.` : `${c.name} is ruled out: it fails a must-have.`;
  if (r.own !== r.own) return c.decision ? `${decided}; the matrix cannot place it yet.` : `${c.name} cannot be placed yet.`;
  const lead = c.decision === r.box ? `${decided}, as suggested; the suggestion holds` : c.decision ? `${decided}; the matrix suggests ${account(r.box)}` : `${c.name} is suggested as ${account(r.box)}`;
  const parts = [`${lead} in ${percent(r.own, false).replace(" %", "")} of 100 plausible weightings`];
  if (r.unsettled) parts.push("a must-have is not known yet");
  else if (r.status === "undetermined") parts.push("what is still unknown could move it");
  if (c.votes !== "firm") parts.push("its votes could move it");
  const near = nearestWeight(i), ways = [];
  if (near) ways.push(`"${segment().factors[near.j].label}" ${countsWords(near.from, near.to)}`);
  if (c.strong) ways.push(c.strong);
  return `${parts.join("; ")}.${ways.length ? ` It changes when ${ways.join(", or when ")}.` : ""}`;
}
const byWeights = (r) => r.verdict === r.weighed;  // or by what is unknown, or by the votes
const shareOf = (c, r) => state.moved ? (byWeights(r) ? r.own : NaN) : c.share ?? NaN;
const sharesOf = (c, r) => state.moved ? (byWeights(r) ? r.p : []) : c.shares.map((p) => p ?? NaN);
const SAID = { firm: "Firm", likely: "Likely", open: "Open", "": "Ruled out" };
function headline() {
  const rows = state.now.customers, who = segment().customers;
  const was = state.start.customers, moved = rows.map((_, i) => i).filter((i) => rows[i].box !== was[i].box || (rows[i].status === "ruled_out") !== (was[i].status === "ruled_out"));
  if (!state.moved) return segment().headline;
  const keys = who.filter((c) => c.decision === "key").length, more = who.filter((c, i) => !c.decision && rows[i].box === "key").map((c) => c.name);
  const lead = keys ? `${keys} key account${keys === 1 ? "" : "s"} decided` : who.some((c) => c.decision) ? "No key account is decided" : "Nothing is decided yet";
  const first = `${lead}${more.length ? `; with these weights ${listed(more)} ${more.length === 1 ? "is" : "are"} suggested` : ""}`;
  if (!moved.length) return `${first}; no suggestion changes.`;
  const names = moved.slice(0, 4).map((i) => who[i].name);
  if (moved.length > 4) names.push(`${moved.length - 4} more`);
  return `${first}; the suggestion changes for ${listed(names)}.`;
}

// -- what can be moved ------------------------------------------------------------------------------
function controls() {
  const zone = $("weights"); zone.replaceChildren();
  const most = 10 * Math.max(1, Math.ceil(1.5 * Math.max(...segment().factors.map((f) => f.weight), 0) / 10));
  segment().factors.forEach((f, j) => {
    const box = el("div", "w"), label = el("label", "", f.label), out = el("output"), input = el("input");
    input.type = "range"; input.min = 0; input.max = most; input.step = 0.5; input.value = state.weights[j]; input.id = `w${j}`;
    label.htmlFor = input.id; out.id = `o${j}`; out.htmlFor = input.id;
    input.addEventListener("input", () => { state.weights[j] = Number(input.value); change(); });
    input.addEventListener("change", rest);
    box.append(label, out, input);
    if (f.must != null) {
      const must = el("label", "must"), tick = el("input"); tick.type = "checkbox"; tick.checked = state.musts[j]; tick.id = `m${j}`;
      tick.addEventListener("change", () => { state.musts[j] = tick.checked; change(); rest(); });
      must.append(tick, ` must have at least ${f.must}`); box.append(must);
    }
    zone.append(box);
  });
}
function shares() {
  state.now.share.forEach((s, j) => { const text = s === s ? `${Math.round(100 * s)} %` : "0 %"; $(`o${j}`).textContent = text; $(`w${j}`).setAttribute("aria-valuetext", `${text} of the weight`); });
}
function spreadControls() {
  for (const b of document.querySelectorAll("[data-known]")) b.setAttribute("aria-pressed", b.dataset.known === state.known);
  for (const b of document.querySelectorAll("[data-sure]")) b.setAttribute("aria-pressed", Number(b.dataset.sure) === state.sure);
  $("sure").hidden = state.known !== "around";
}

// -- the picture ------------------------------------------------------------------------------------
const nodes = [];
let view = {}, type = 14;
function frame() {
  const rows = state.now.customers, xs = rows.map((r) => Math.abs(r.x)).filter((v) => v === v), span = Math.max(3, Math.ceil(Math.max(0, ...xs) + 0.4));
  view = { left: -span, right: span, low: 1, high: 10 };
  const ys = state.start.customers.map((r) => r.y).filter((v) => v === v);
  view.low = Math.min(4, Math.floor(Math.min(9, ...ys) - 0.4)); view.high = Math.min(10.5, Math.max(9, Math.ceil(Math.max(4, ...ys) + 0.4)));
}
const level = (r) => r.line === r.line ? r.line : (view.low + view.high) / 2;
const px = (x) => (x - view.left) / (view.right - view.left) * WIDTH, py = (y) => (view.high - y) / (view.high - view.low) * HEIGHT;
const SHAPES = { key: (r) => `M${-r},0a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`, key_development: (r) => `M0,${-1.15 * r}L${1.15 * r},${0.95 * r}H${-1.15 * r}Z`,
  maintenance: (r) => `M${-0.9 * r},${-0.9 * r}h${1.8 * r}v${1.8 * r}h${-1.8 * r}Z`, opportunistic: (r) => `M0,${-1.2 * r}L${1.2 * r},0L0,${1.2 * r}L${-1.2 * r},0Z`, "": (r) => `M${-r},${-r}L${r},${r}M${r},${-r}L${-r},${r}` };
function picture() {
  const root = $("picture"); root.replaceChildren(); nodes.length = 0; frame();
  type = Math.min(30, Math.max(14, 13 * WIDTH / (root.clientWidth || WIDTH)));  // never under 13 pixels on a phone
  const back = svg("g", { "aria-hidden": "true" });
  const corner = [["key", 1, 0], ["key_development", 0, 0], ["maintenance", 1, 1], ["opportunistic", 0, 1]];
  back.append(svg("rect", { width: WIDTH, height: HEIGHT, fill: "#fff", stroke: "#c9cdd6" }));
  corner.forEach(([box, right, down]) => {
    const x = right ? WIDTH - 8 : 8, y = down ? HEIGHT - 10 - 1.15 * type : 10 + type, anchor = right ? "end" : "start";
    const a = svg("text", { x, y, "text-anchor": anchor, fill: data.marks[box].ink, "font-weight": 700, "font-size": type + 1 }); a.textContent = word(box).toUpperCase();
    const b = svg("text", { x, y: y + 1.15 * type, "text-anchor": anchor, fill: data.marks[box].ink, "font-size": type - 1 }); b.textContent = data.marks[box].short;
    back.append(a, b);
  });
  nodes.line = svg("line", { x1: 0, x2: WIDTH, stroke: "#1b1d22" }); nodes.ghost = svg("line", { x1: 0, x2: WIDTH, stroke: "#8a8f99", "stroke-dasharray": "2 5" });
  nodes.words = svg("text", { x: 8, "font-size": type - 1 }); nodes.words.textContent = "◂ best competitor stronger";
  nodes.wordsRight = svg("text", { x: WIDTH - 8, "font-size": type - 1, "text-anchor": "end" }); nodes.wordsRight.textContent = "we are stronger ▸";
  back.append(svg("line", { x1: px(0), x2: px(0), y1: 0, y2: HEIGHT, stroke: "#1b1d22" }), nodes.ghost, nodes.line, nodes.words, nodes.wordsRight);
  root.append(back);
  const sizes = segment().customers.map((c) => c.size ?? 0), most = Math.max(0, ...sizes);
  segment().customers.forEach((c, i) => {
    const r = most > 0 ? Math.sqrt(90 + 430 * Math.max(0, c.size ?? 0) / most) / 2 : 7;
    const g = svg("g", { class: "dot" }), trail = svg("path", { class: "trail" }), mark = svg("path", {}), name = svg("text", { "font-size": type });
    g.append(mark, name); g.addEventListener("click", () => choose(c.id));
    root.append(trail, g); nodes.push({ g, mark, name, trail, r, box: null, hollow: null, dx: r + 6, dy: 5, shown: true });
  });
}
const place = (c, r) => [px(c.alone ? view.right - 0.03 * (view.right - view.left) : r.x === r.x ? r.x : 0), py(r.y === r.y ? r.y : level(state.now))];
function draw() {
  const rows = state.now.customers, first = state.start.customers, who = segment().customers;
  const line = py(level(state.now)); nodes.line.setAttribute("y1", line); nodes.line.setAttribute("y2", line);
  const ghost = py(level(state.start)); nodes.ghost.setAttribute("y1", ghost); nodes.ghost.setAttribute("y2", ghost); nodes.ghost.style.display = state.moved && ghost !== line ? "" : "none";
  nodes.words.setAttribute("y", line - 6); nodes.wordsRight.setAttribute("y", line - 6);
  for (let i = 0; i < rows.length; i++) {
    const n = nodes[i], r = rows[i], gone = r.status === "ruled_out" || r.status === "unscored";
    if (n.gone !== gone) { n.g.style.display = gone ? "none" : ""; n.gone = gone; }
    if (gone) { if (n.path) { n.trail.removeAttribute("d"); n.path = ""; } continue; }
    const [x, y] = place(who[i], r);
    if (n.x !== x || n.y !== y) { n.g.setAttribute("transform", `translate(${x.toFixed(1)},${y.toFixed(1)})`); n.x = x; n.y = y; }
    const hollow = r.verdict !== "firm", as = category(who[i], r);
    if (n.box !== r.box || n.hollow !== hollow) {
      const colour = data.marks[as].colour, c = who[i];
      n.name.textContent = (c.name.length > 26 ? c.name.slice(0, 25) + "…" : c.name) + note(c, r);
      n.mark.setAttribute("d", SHAPES[as](n.r)); n.mark.setAttribute("fill", hollow ? "#fff" : colour); n.mark.setAttribute("stroke", colour); n.mark.setAttribute("stroke-width", hollow ? 2.6 : 1);
      n.box = r.box; n.hollow = hollow;
    }
    const [ax, ay] = first[i].status === "ruled_out" ? [x, y] : place(who[i], first[i]);
    const path = state.moved && Math.hypot(ax - x, ay - y) > 3 && first[i].box !== r.box ? `M${ax.toFixed(1)},${ay.toFixed(1)}L${x.toFixed(1)},${y.toFixed(1)}` : "";
    if (n.path !== path) { if (path) n.trail.setAttribute("d", path); else n.trail.removeAttribute("d"); n.path = path; }
  }
}
function names() {  // beside their dots, never over each other; the largest first
  const taken = [], order = nodes.map((_, i) => i).filter((i) => !nodes[i].gone).sort((a, b) => nodes[b].r - nodes[a].r);
  const dots = order.map((i) => [nodes[i].x - nodes[i].r, nodes[i].y - nodes[i].r, nodes[i].x + nodes[i].r, nodes[i].y + nodes[i].r]);
  const hits = (a, b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];
  order.forEach((i, k) => {
    const n = nodes[i], wide = n.name.textContent.length * 0.53 * type, tall = 1.15 * type;
    const low = 0.35 * type, tries = [[n.r + 6, low], [-n.r - 6 - wide, low], [-wide / 2, -n.r - 6], [-wide / 2, n.r + type + 2]];
    for (const step of [0.9, 1.7, 2.6]) for (const way of [-1, 1]) tries.push([n.r + 6, low + way * step * type], [-n.r - 6 - wide, low + way * step * type]);
    const free = k < NAMED && tries.find(([dx, dy]) => {
      const box = [n.x + dx, n.y + dy - tall + 4, n.x + dx + wide, n.y + dy + 4];
      return box[0] > 0 && box[2] < WIDTH && box[1] > 0 && box[3] < HEIGHT && !taken.some((t) => hits(box, t)) && !dots.some((d, m) => m !== k && hits(box, d)) && taken.push(box);
    });
    n.name.style.display = free ? "" : "none";
    if (free) { n.name.setAttribute("x", free[0]); n.name.setAttribute("y", free[1]); }
  });
}

// -- the lists and the card --------------------------------------------------------------------------
const lines = [];
function list() {
  const root = $("boxes"); root.replaceChildren(); lines.length = 0;
  for (const box of [...BOXES, ""]) {
    const part = el("section", "boxlist"), head = el("h3"), ul = el("ul");
    const sign = el("span", `g-${box}`, data.marks[box].glyph); sign.setAttribute("aria-hidden", "true");
    head.append(sign, ` ${box ? word(box) : "In no box"} `, el("b")); part.append(head, ul); root.append(part);
    lines[box] = { ul, head: head.querySelector("b"), part };
  }
  segment().customers.forEach((c) => {
    const li = el("li"), button = el("button", "link", c.name), said = el("span", "small"); button.type = "button";
    button.addEventListener("click", () => choose(c.id)); li.append(button, " ", said); lines.push({ li, said, box: null, text: "" });
  });
}
function fill(quick) {  // while a slider is dragged only who changes box; the chances of all when it rests
  const rows = state.now.customers, first = state.start.customers, count = {};
  rows.forEach((r, i) => {
    const n = lines[i];
    const c = segment().customers[i], as = category(c, r);
    count[as] = (count[as] || 0) + 1;
    if (quick && n.suggested === r.box) return;
    n.suggested = r.box;
    const was = state.moved && first[i].box !== r.box ? ` (suggested before: ${first[i].box ? word(first[i].box).toLowerCase() : "no box"})` : "";
    const how = stands(c, r).split(", ").slice(1).join(", "), sure = r.own === r.own ? [SAID[r.verdict].toLowerCase(), ...[shareOf(c, r)].filter((p) => p === p).map((p) => percent(p, false))].join(", ") : how ? "" : r.status === "ruled_out" ? "ruled out" : "not scored";
    const text = [how, sure].filter(Boolean).join("; ") + was;
    if (n.box !== as) { lines[as].ul.append(n.li); n.box = as; }
    if (n.text !== text) { n.said.textContent = text; n.text = text; n.li.classList.toggle("moved", was !== ""); }
  });
  for (const box of [...BOXES, ""]) { const text = String(count[box] || 0); if (lines[box].head.textContent !== text) lines[box].head.textContent = text; lines[box].part.hidden = !box && !count[box]; }
}
function card() {
  const i = segment().customers.findIndex((c) => c.id === state.chosen), root = $("card");
  if (i < 0) { root.replaceChildren(el("p", "hint", "Click on a dot or a name: why it stands there, how sure that is, and what would change it.")); return; }
  const c = segment().customers[i], r = state.now.customers[i], mix = el("div", "mix"), told = el("p", "small mixed");
  const head = el("h2", "", c.name), tag = el("span", `tag b-${category(c, r)}${r.verdict === "firm" ? "" : " hollow"}`, `${data.marks[category(c, r)].glyph} ${stands(c, r)}`);
  BOXES.map((b, k) => [b, sharesOf(c, r)[k]]).filter(([, p]) => p > 0).sort((a, b) => b[1] - a[1]).forEach(([b, p]) => {
    const bar = el("i", `b-${b}`, p >= 0.06 ? data.marks[b].glyph : ""); bar.style.width = `${(100 * p).toFixed(1)}%`; mix.append(bar);
    const span = el("span"), sign = el("span", `g-${b}`, data.marks[b].glyph); span.append(sign, ` ${word(b)} ${percent(p, false)}`); told.append(span, " ");
  });
  if (told.childNodes.length) told.append(state.moved ? "depending on the weights" : c.over);
  const p = el("p"); p.append(tag, " ", el("b", "", SAID[r.verdict]));
  const where = r.status === "ruled_out" || r.y !== r.y ? "" : `Attractiveness ${one(r.y)}, ${Math.abs(r.y - state.now.line) <= EQUAL ? "equal to" : r.y > state.now.line ? "above" : "below"} the line at ${one(state.now.line)}; ${c.alone ? "no competitor" : r.x === r.x ? `strength ${one(r.x)} against its best alternative` : "strength not known"}.`;
  root.replaceChildren(head, p, el("p", "verdict", sentence(i)), mix, told, el("p", "hint", where));
}
function choose(id) { state.chosen = id; $("choose").value = id; card(); }

// -- together -----------------------------------------------------------------------------------------
let resting = 0;
function change() {
  state.moved = true;
  show(true);
  clearTimeout(resting); resting = setTimeout(rest, 120);
}
function rest() { clearTimeout(resting); show(false); names(); }
function show(quick) {
  state.now = compute(segment(), state.weights, state.musts, state.known, state.sure, quick);
  shares(); draw(); fill(quick); card();
  const title = headline(); if ($("title").textContent !== title) $("title").textContent = title;
}
function open(at) {
  state.at = at; state.weights = segment().factors.map((f) => f.weight); state.musts = segment().factors.map((f) => f.must != null);
  state.known = data.known; state.sure = data.sure; state.moved = false; state.chosen = "";
  state.start = state.now = compute(segment(), state.weights, state.musts, state.known, state.sure);
  controls(); spreadControls(); picture(); list(); shares(); draw(); names(); fill();
  const choice = $("choose"); choice.replaceChildren(new Option("Choose a customer", ""), ...segment().customers.map((c) => new Option(c.name, c.id)));
  card(); $("title").textContent = headline();
}
function start() {
  const pick = $("segment"); pick.append(...data.segments.map((s, i) => new Option(s.name, i))); pick.closest("label").hidden = data.segments.length < 2;
  pick.addEventListener("change", () => open(Number(pick.value)));
  $("choose").addEventListener("change", (e) => choose(e.target.value));
  $("reset").addEventListener("click", () => { const chosen = state.chosen; open(state.at); choose(chosen); });
  for (const b of document.querySelectorAll("[data-known]")) b.addEventListener("click", () => { state.known = b.dataset.known; spreadControls(); change(); rest(); });
  for (const b of document.querySelectorAll("[data-sure]")) b.addEventListener("click", () => { state.sure = Number(b.dataset.sure); spreadControls(); change(); rest(); });
  $("equal").addEventListener("click", () => { state.weights = state.weights.map(() => 1); controls(); change(); rest(); });
  open(0);
}
window.kam = { compute: (at, weights, musts, known, sure) => compute(data.segments[at], weights, musts, known, sure, false), data, state, sentence };
start();
