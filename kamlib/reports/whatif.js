// The what-if page: boxes and certainty recomputed in the browser by the rules of kamlib (kaism, matrix,
// certainty). `compute` is pure; what follows it draws. A test drives both against Python.
"use strict";
const EQUAL = 1e-9, MIDPOINT = 5.5, LOWEST = 1, HIGHEST = 10, COUNT = 2048, FIRM = 0.9, LIKELY = 0.7;
const BOXES = ["key", "key_development", "maintenance", "opportunistic"];
const nine = (v) => rint(v * 1e9) / 1e9;
function rint(v) { const r = Math.round(v); return Math.abs(v % 1) === 0.5 && r % 2 ? r - 1 : r; }

// -- weights that could be ------------------------------------------------------------------------
let draws = COUNT;  // fewer while a slider is dragged; the figures that stay are always of all
const cutSticks = new Map();
function sticks(parts) {  // COUNT sticks of length 1 cut at random in so many parts, the same everywhere
  if (cutSticks.has(parts)) return cutSticks.get(parts);
  const steps = [], made = new Float64Array(COUNT * parts);
  for (let n = 2; steps.length < parts; n++) { let prime = true; for (let d = 2; d * d <= n; d++) if (n % d === 0) { prime = false; break; } if (prime) steps.push(Math.sqrt(n)); }
  for (let i = 0; i < COUNT; i++) {
    let sum = 0;
    for (let j = 0; j < parts; j++) { const spot = (i + 1) * steps[j]; const cut = -Math.log(1 - (spot - Math.floor(spot))); made[i * parts + j] = cut; sum += cut; }
    for (let j = 0; j < parts; j++) made[i * parts + j] /= sum;
  }
  if (cutSticks.size > 12) cutSticks.clear();
  cutSticks.set(parts, made);
  return made;
}

function counts(weights, known, sure) {
  const total = Math.max(weights.reduce((a, b) => a + b, 0), 1e-300);
  return weights.map((w) => !(w > 0) ? 0 : known !== "around" ? 1 : Math.max(rint(sure * w / total), 1));
}

function corners(weights) {  // the order of the factors, and which of the first so many are a corner
  const order = weights.map((_, j) => j).sort((a, b) => weights[b] - weights[a] || a - b);
  const down = order.map((j) => weights[j]);
  return { order, alpha: down.map((w, k) => w > 0 && w > (down[k + 1] ?? 0) ? 1 : 0) };
}

function above(row) {  // P(row . w > 0), w uniform on the simplex: Varsi 1973, Ali 1973
  const negative = [], others = [];
  for (const c of row) { const v = Math.abs(c) <= EQUAL ? 0 : -c; (v < 0 ? negative : others).push(v); }
  const a = new Float64Array(others.length + 1); a[0] = 1;
  for (const x of negative) for (let k = 1; k <= others.length; k++) { const y = others[k - 1]; a[k] = (y * a[k] - x * a[k - 1]) / (y - x); }
  return Math.min(Math.max(a[others.length], 0), 1);
}

function chance(row, weights, known, alpha, corner) {
  if (known === "ranked") {
    const made = []; let sum = 0;
    corner.order.forEach((j, k) => { sum += row[j]; if (corner.alpha[k]) made.push(sum / (k + 1)); });
    return above(made);
  }
  const made = [];
  for (let j = 0; j < row.length; j++) for (let n = 0; n < alpha[j]; n++) made.push(row[j]);
  return above(made);
}

// -- the matrix -----------------------------------------------------------------------------------
function farthest(own, others, optional, sign) {  // own - mean(own and the others), optional ones in where that lowers it
  const n = own.length, must = [], made = new Float64Array(n);
  let sum = 0, least = 0;
  for (let i = 0; i < n; i++) { must.push(optional[i] ? 0 : sign * others[i]); sum += must[i]; least += optional[i] ? 0 : 1; }
  const asked = [];
  for (let i = 0; i < n; i++) if (optional[i]) asked.push(i);
  asked.sort((a, b) => sign * others[b] - sign * others[a] || a - b);
  for (let i = 0; i < n; i++) {
    let total = sign * own[i] + sum - must[i], count = least + (optional[i] ? 1 : 0);
    for (const m of asked) if (m !== i && sign * others[m] > total / count) { total += sign * others[m]; count += 1; }
    made[i] = sign * own[i] - total / count;
  }
  return made;
}

// Everything that follows from weights, must-haves (on or off, by factor) and what is known of the weights.
function compute(segment, weights, musts, known, sure, quick) {
  draws = quick ? COUNT / 8 : COUNT;
  const who = segment.customers, J = weights.length, n = who.length, W = weights.reduce((a, b) => a + b, 0);
  const rows = who.map((c) => {
    let K = 0, P = 0, low = 0, missing = false, out = false;
    for (let j = 0; j < J; j++) {
      const cell = c.scores[j], least = segment.factors[j].must, asked = least != null && musts[j] && !c.waived[j];
      if (cell == null) { if (asked) { missing = true; low += weights[j] * (least - LOWEST); } } else { K += weights[j]; P += cell * weights[j]; if (asked && cell < least) out = true; }
    }
    const rest = W - K;
    return {
      y: K > 0 ? nine(P / K) : NaN, coverage: W > 0 ? nine(K / W) : NaN, out, unsettled: missing && !out,
      low: W > 0 ? nine((P + (missing ? low : 0) + LOWEST * rest) / W) : LOWEST, high: W > 0 ? nine((P + HIGHEST * rest) / W) : HIGHEST,
    };
  });
  const inside = rows.map((r) => !r.out), counted = rows.map((r) => !r.out && r.y === r.y);
  let line = MIDPOINT;
  if (!segment.midpoint) {
    let sum = 0, count = 0;
    rows.forEach((r, i) => { if (counted[i]) { sum += r.y; count += 1; } });
    line = count ? Number((sum / count).toFixed(9)) : NaN;
    const at = rows.map((_, i) => i).filter((i) => inside[i]), pick = (f) => at.map((i) => f(rows[i]));
    const low = farthest(pick((r) => r.low), pick((r) => r.high), pick((r) => r.unsettled), 1);
    const high = farthest(pick((r) => r.high), pick((r) => r.low), pick((r) => r.unsettled), -1);
    rows.forEach((r) => { r.yLow = r.yHigh = NaN; });
    at.forEach((i, k) => { rows[i].yLow = nine(low[k]); rows[i].yHigh = nine(-high[k]); });
  } else for (const r of rows) { r.yLow = r.low - line; r.yHigh = r.high - line; }
  const up = chances(segment, weights, rows, counted, known, sure, W);
  return { line, share: weights.map((w) => W > 0 ? w / W : NaN), customers: rows.map((r, i) => stand(who[i], r, line, segment.near, up[i], who[i].pRight[known === "around" ? `around${sure}` : known])) };
}

function stand(c, r, line, near, pUp, pRight) {
  const x = c.x ?? NaN, over = r.y - line, isUp = over > EQUAL, nowhere = r.y !== r.y && c.unplaced;
  const name = (u, right) => u ? (right ? "key" : "key_development") : right ? "maintenance" : "opportunistic";
  const plain = over + x !== over + x ? "" : name(isUp, x > EQUAL);
  const box = r.out ? "" : c.alone ? (r.y === r.y ? name(isUp, true) : "") : plain;
  const [up, down, right, left] = [r.yHigh > EQUAL, r.yLow <= EQUAL, c.xHigh > EQUAL, c.xLow <= EQUAL];
  const can = r.out ? [] : BOXES.filter((_, k) => [up && right, up && left, down && right, down && left][k]);
  const several = box === "" || r.unsettled || can.length > 1;
  const onLine = !r.out && (Math.abs(over) <= EQUAL || Math.abs(x) <= EQUAL), close = !r.out && (Math.abs(over) < near || Math.abs(x) < near);
  const status = r.out ? "ruled_out" : nowhere ? "unscored" : several ? "undetermined" : "placed";
  const u = r.out ? NaN : pUp, v = r.out ? NaN : pRight ?? NaN;
  const p = [u * v, u * (1 - v), (1 - u) * v, (1 - u) * (1 - v)], own = box ? p[BOXES.indexOf(box)] : NaN;
  const weighed = own !== own ? (status === "ruled_out" ? "" : "open") : own >= FIRM ? "firm" : own >= LIKELY ? "likely" : "open";
  const verdict = own !== own ? weighed : held(c, r, weighed, status, Math.abs(over) <= c.bandY || Math.abs(x) <= c.bandX);
  return { unsettled: r.unsettled, weighed, y: r.y, x, box, status, possible: can.join("|"), onLine, close, coverage: r.coverage, p, own, verdict, yLow: r.yLow, yHigh: r.yHigh };
}

// As kamlib.models.verdict: never surer than unknown scores and votes let us be. What these leave open is known for the
// team's own weights; with other weights they never make a customer surer.
const leastSure = (a, b) => ["open", "likely", "firm"].indexOf(a) < ["open", "likely", "firm"].indexOf(b) ? a : b;
function held(c, r, weighed, status, close) {
  if (r.unsettled) return "open";
  const unknown = status !== "undetermined" ? "firm" : c.unknown === "firm" ? "open" : c.unknown;
  return leastSure(leastSure(weighed, unknown), close ? leastSure(c.votes, "likely") : c.votes);
}

function chances(segment, weights, rows, counted, known, sure, W) {  // P(above the line) of each customer
  const who = segment.customers, J = weights.length, n = who.length, nothing = rows.map(() => NaN);
  if (!(W > 0) || !counted.some(Boolean)) return nothing;
  const alpha = counts(weights, known, sure), corner = corners(weights);
  const partly = who.map((c) => c.scores.some((v, j) => v == null && weights[j] > 0));
  const exact = segment.midpoint || !partly.some((p, i) => p && counted[i]);
  if (exact) {
    const mean = new Float64Array(J);
    for (let j = 0; j < J; j++) {
      let sum = 0, count = 0;
      for (let i = 0; i < n; i++) if (counted[i]) { sum += who[i].scores[j] ?? NaN; count += 1; }
      mean[j] = segment.midpoint ? MIDPOINT : sum / count;
    }
    return who.map((c, i) => rows[i].y !== rows[i].y || (!segment.midpoint && !counted[i]) ? NaN
      : chance(c.scores.map((v, j) => { const d = v == null ? NaN : v - mean[j]; return d === d ? d : 0; }), weights, known, alpha, corner));
  }
  const drawn = spread(weights, known, alpha, corner), hits = new Int32Array(n);
  const cells = new Float64Array(n * J), there = new Float64Array(n * J), height = new Float64Array(n);
  who.forEach((c, i) => c.scores.forEach((v, j) => { cells[i * J + j] = v ?? 0; there[i * J + j] = v == null ? 0 : 1; }));
  for (let d = 0; d < draws; d++) {
    let sum = 0, count = 0;
    for (let i = 0; i < n; i++) {
      let points = 0, at = i * J;
      for (let j = 0; j < J; j++) points += cells[at + j] * drawn[d * J + j];
      if (partly[i]) { let weight = 0; for (let j = 0; j < J; j++) weight += there[at + j] * drawn[d * J + j]; points /= weight; }
      height[i] = points;
      if (counted[i] && points === points) { sum += points; count += 1; }
    }
    const line = sum / Math.max(count, 1);
    for (let i = 0; i < n; i++) if (height[i] - line > EQUAL) hits[i] += 1;
  }
  return rows.map((r, i) => r.y === r.y ? hits[i] / draws : NaN);
}

function spread(weights, known, alpha, corner) {  // COUNT x J weights
  const J = weights.length, made = new Float64Array(COUNT * J), ranked = known === "ranked";
  const own = ranked ? corner.alpha : alpha, parts = own.reduce((a, b) => a + b, 0), cut = sticks(parts);
  for (let d = 0; d < draws; d++) {
    let at = d * parts;
    for (let k = 0; k < J; k++) {
      let part = 0;
      for (let m = 0; m < own[k]; m++) part += cut[at++];
      if (!ranked) made[d * J + k] = part;
      else if (part) for (let m = 0; m <= k; m++) made[d * J + corner.order[m]] += part / (k + 1);
    }
  }
  return made;
}
