"""One verdict on a customer: its category, how sure that is, the strongest doubt, what changes it.

Every page, list, picture and export says of a customer what its row here says. Firm promises that
at least 90 in 100 plausible weightings leave it where it is, and that no unknown score and no vote
could move it; likely, that it stays in at least 70 in 100 cases of each: of the weightings, of what
the unknown scores could turn out to be, and of what the votes leave open. Otherwise it is open, and
so is whoever has a must-have that nobody knows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from kamlib.models import ballots, certainty, kaism, portfolio
from kamlib.models.lookup import records
from kamlib.models.matrix import EQUAL
from kamlib.wording import LABELS, account, listed
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import BOXES

FIRM, LIKELY = 0.9, 0.7
SHOWN = 0.005  # a chance that is less is not said
WORDS = {"firm": "Firm", "likely": "Likely", "open": "Open", "": "Ruled out"}
OUTCOMES = (*BOXES, "out")
SHARES = [f"share_{outcome}" for outcome in OUTCOMES]
DOUBTS = {
    "must_have": "depending on what is still unknown",
    "unknown_scores": "depending on what is still unknown",
    "ballots": "depending on whose votes are right",
    "weights": "depending on the weights",
    "": "depending on the weights",
}  # the strongest first, and what the shares of the boxes depend on
COLUMNS = [
    *("segment", "customer", "name", "category", "by", "decision", "suggestion", "differs"),
    *("stands", "status", "sure", "word", "sentence", "change", "doubt", "share", *SHARES),
]
SEEN = ["segment", "customer", "name", "status", "box", "reason", "decision", "suggestion"]
SEEN += ["category", "differs", "stands"]
WEIGHED = ["customer", "chance", "exact", "change", "flip_weight", *(f"p_{box}" for box in BOXES)]
CERTAINTY = [
    *("segment", "customer", "p_key", "p_key_development", "p_maintenance", "p_opportunistic"),
    *("verdict", "flip_weight", "flip_to", "flip_score", "flip_score_to", "name", "box"),
    *("flip_axis", "flip_from", "flip_score_axis", "flip_score_from", "exact", "error", "words"),
]
Doubt = tuple[str, str, float, list[float], str]  # doubt, how sure, share, shares, in words


@model
def verdicts(book: Book) -> pd.DataFrame:
    """The verdict on every customer, a row each in the order of `portfolio.classes`.

    Columns: COLUMNS. category: what counts, decided or else suggested; by: decided, suggested,
    ruled out, or "" for a customer in no category; sure: firm, likely, open ("" ruled out), word:
    the same for a page; sentence: all of it in one; change: what would change the suggestion;
    doubt: the strongest (a key of DOUBTS, "" where there is none); share: the chance that the
    suggestion stays as it is, by this doubt, and SHARES that of each box and of being ruled out (0
    to 1, NaN unknown).
    """
    seen, weighed = portfolio.classes(book), _by_customer(certainty.over_weights(book)[WEIGHED])
    unknown, split = _by_customer(certainty.outcomes(book)), _ballots(book)
    musts = _must_unknown(book)
    rows = []
    for row in records(seen[SEEN]):
        who, box = row["customer"], row["box"]
        weights = weighed.get(who, {})
        change = weights.get("change", "") if box else ""
        doubts: list[Doubt] = []
        if row["status"] == "ruled_out":
            row["by"] = "decided" if row["decision"] else "ruled out"
            doubts = [("", "", math.nan, [math.nan] * len(OUTCOMES), "")]
        elif not box:
            doubts = [_unplaced(who in musts, unknown.get(who, {}))]
        else:
            doubts = [
                *_of_unknown(row, who in musts, unknown[who]),
                *([split[who]] if who in split else []),
                _of_weights(box, weights),
            ]
        doubt, sure, share, shares, words = _strongest(doubts)
        by = row.get("by") or ("decided" if row["decision"] else "suggested" if box else "")
        sentence = _sentence(row, "".join(words))
        told = (row["stands"], row["status"], sure, WORDS[sure], sentence, change, doubt, share)
        head = (row["segment"], who, row["name"] or who, row["category"], by, row["decision"])
        rows.append((*head, row["suggestion"], row["differs"], *told, *shares))
    return pd.DataFrame(rows, columns=COLUMNS).astype({"differs": bool})


def _by_customer(frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {row["customer"]: row for row in records(frame.drop_duplicates("customer"))}


def _must_unknown(book: Book) -> set[str]:
    """The customers of whom a must-have is not known."""
    parts = [kaism.positions(book, segment) for segment in kaism.segments(book)]
    return {c for p in parts for c in p.loc[p["must_unknown"].astype(bool), "customer"]}


def word_for(share: float) -> str:
    """How sure a chance of staying makes: firm, likely or open."""
    return "firm" if share >= FIRM else "likely" if share >= LIKELY else "open"


def _strongest(doubts: list[Doubt]) -> Doubt:
    """The doubt that leaves us least sure; of equal ones that which comes first."""
    order = ["open", "likely", "firm", ""]
    return min(doubts, key=lambda doubt: order.index(doubt[1]))


def _unplaced(must: bool, unknown: dict[str, Any]) -> Doubt:
    """Of a customer without a box: what it could be."""
    shares = [unknown.get(outcome, math.nan) for outcome in OUTCOMES]
    known = [s for s in shares if s == s]
    doubt = "must_have" if must else "unknown_scores"
    return doubt, "open", max(known, default=math.nan), shares, _unknown_words(must, shares)


def _of_unknown(row: dict[Any, Any], must: bool, unknown: dict[str, Any]) -> list[Doubt]:
    """The doubt that unknown scores leave, where they could move a customer."""
    if row["status"] != "undetermined":
        return []
    shares = [unknown[outcome] for outcome in OUTCOMES]
    share = unknown[row["box"]]
    sure = "open" if must or share < LIKELY else "likely"
    doubt = "must_have" if must else "unknown_scores"
    return [(doubt, sure, share, shares, _unknown_words(must, shares))]


def _unknown_words(must: bool, shares: list[float]) -> str:
    why = "a must-have is not known yet, and " if must else ""
    could = [
        f"{'ruled out' if box == 'out' else account(box)} ({certainty.percent(share, False)})"
        for box, share in sorted(zip(OUTCOMES, shares, strict=True), key=lambda part: -part[1])
        if share > SHOWN
    ]
    if len(could) < 2:
        return f"{why}what is still unknown could move it, though hardly" if could else ""
    return f"{why}depending on what is still unknown it would be {listed(could, last='or')}"


def _of_weights(box: str, weights: dict[str, Any]) -> Doubt:
    share = weights["chance"]
    shares = [*(weights[f"p_{b}"] for b in BOXES), 0.0 * share]
    sure = word_for(share)
    return "" if sure == "firm" else "weights", sure, share, shares, _weightings(weights)


def _weightings(weights: dict[str, Any]) -> str:
    """How many of the weights there could be leave a customer where it is."""
    share, exact = weights["chance"], weights["exact"]
    if exact and share == 1:
        return "in all plausible weightings" if weights["flip_weight"] else "whatever the weights"
    return f"in {certainty.percent(share, exact).removesuffix(' %')} of 100 plausible weightings"


@model
def _ballots(book: Book) -> dict[str, Doubt]:
    """By customer the doubt that its votes, or scores that may be a little off, leave."""
    placed = _by_customer(kaism.drawn(book)[["customer", "box", "no_rival"]])
    found = dict(_single_votes(book, placed))
    close = ballots.borderline(book)
    for row in records(close[close["too_close"] == "yes"]):
        place = placed[row["customer"]]
        if not place["box"]:
            continue
        up, right = (
            _above(row[gap], row[band]) for gap, band in (("y_gap", "band_y"), ("x", "band_x"))
        )
        right = 1.0 if place["no_rival"] else right
        shares = [up * right, up * (1 - right), (1 - up) * right, (1 - up) * (1 - right), 0.0]
        share = shares[BOXES.index(place["box"])]
        words = f"{row['words'].split(' that ')[0].lower()} that it could be on either side"
        words += row["words"].partition("either side")[2].removesuffix(".")
        words += f" ({certainty.percent(share, False)} that it stays)"
        doubt = ("ballots", "likely" if share >= LIKELY else "open", share, shares, words)
        other = found.get(row["customer"])
        found[row["customer"]] = doubt if other is None else _strongest([doubt, other])
    return found


def _above(gap: float, band: float) -> float:
    """The chance of being above a line from which a customer is so far, in a band so wide."""
    if not band > 0 or gap != gap:
        return float(gap > EQUAL)
    return 0.5 * (1 + math.erf(gap * ballots.BAND / band / math.sqrt(2)))


def _single_votes(book: Book, placed: dict[str, dict[str, Any]]) -> Iterator[tuple[str, Doubt]]:
    """Of each customer the score of which most votes, each taken as agreed, would move it."""
    said = ballots.each_vote(book)
    now = said["customer"].map({c: row["box"] for c, row in placed.items()})
    said = said.assign(other=said["out"] | (said["box"] != now))
    moved = set(said.loc[said["other"] & (now != ""), "customer"])
    said = said[said["customer"].isin(moved)]
    for customer, rows in said.groupby("customer", sort=False):
        by_cell = rows.groupby("cell", sort=False)["other"].mean()
        own = rows[rows["cell"] == by_cell.idxmax()]
        state = own["box"].where(~own["out"], "out")
        shares = [float((state == outcome).mean()) for outcome in OUTCOMES]
        against = state[own["other"]]
        share, to = 1 - len(against) / len(own), against.mode().iloc[0]
        count = f"{len(against)} of {len(own)} votes on {own['label'].iloc[0]}"
        would = {"out": "rule it out", "": "leave it without a place"}
        words = f"{count} would {would.get(to) or f'make it {account(to)}'}"
        yield (
            str(customer),
            ("ballots", "likely" if share >= LIKELY else "open", share, shares, words),
        )


@model
def held(book: Book) -> dict[str, dict[str, Any]]:
    """By customer how sure unknown scores and votes let us be, whatever the weights.

    unknown and votes: firm, likely or open; bandY, bandX: how close to a line is too close to call
    (NaN: nothing is).
    """
    split, close = _ballots(book), _by_customer(ballots.borderline(book))
    unknown, voted = _by_customer(certainty.outcomes(book)), set(ballots.votes(book)["customer"])
    musts, found = _must_unknown(book), dict[str, dict[str, Any]]()
    for row in records(kaism.place(book)):
        who, box = row["customer"], row["box"]
        doubts = _of_unknown(row, who in musts, unknown[who]) if box else []
        out = row["status"] == "ruled_out"
        votes = split[who][1] if who in split else "likely" if out and who in voted else "firm"
        bands = {
            "bandY": close[who]["band_y"] or math.nan,
            "bandX": close[who]["band_x"] or math.nan,
        }
        found[who] = {"unknown": doubts[0][1] if doubts else "firm", "votes": votes, **bands}
    return found


def _sentence(row: dict[Any, Any], doubt: str) -> str:
    """The verdict in one sentence."""
    name, box, decision = row["name"] or row["customer"], row["box"], row["decision"]
    as_decided = f"{name} is decided as {account(decision)}" if decision else name
    if row["status"] == "ruled_out":
        why = f"it {row['reason'].replace('must-have: ', 'must-have, ')}"
        return f"{as_decided}, although {why}." if decision else f"{name} is ruled out: {why}."
    if not box:
        lead = f"{as_decided}; the matrix cannot place it yet" if decision else ""
        lead = lead or f"{name} cannot be placed yet"
        return f"{lead}; {doubt}." if doubt else f"{lead}: too little of it is scored."
    of_weights = doubt.startswith(("in ", "whatever "))
    if decision == box:
        lead = f"{as_decided}, as suggested{'; the suggestion holds' if of_weights else ''}"
    elif decision:
        lead = f"{as_decided}; the matrix suggests {account(box)}"
    else:
        lead = f"{name} is suggested as {account(box)}"
    return f"{lead}{' ' if of_weights else '; '}{doubt}."


@model
def certainty_table(book: Book) -> pd.DataFrame:
    """How likely each box is over the weights there could be, beside the verdict on the customer.

    Columns: CERTAINTY. Those of `certainty.over_weights`, verdict (firm, likely, open, "" ruled
    out) and words (the sentence, and what would change it).
    """
    weighed, said = certainty.over_weights(book), verdicts(book).iloc[: len(kaism.place(book))]
    words = (said["sentence"] + " " + said["change"]).str.strip().to_numpy(object)
    return weighed.assign(verdict=said["sure"].to_numpy(object), words=words)[CERTAINTY]


@model
def drawn(book: Book) -> pd.DataFrame:
    """`kaism.drawn` as it was decided and with the verdict, for a picture.

    More columns: decision, category, stands, sure, note and key; status is placed only for a firm
    customer and undetermined for any other that stands somewhere: it is drawn hollow. key says how
    the picture is to be read, the same in each row; note goes with the name in the picture: what is
    suggested instead, or, where some are decided and others are not, which of the two it is (said
    of the fewer).
    """
    points = kaism.drawn(book)
    seen = verdicts(book).iloc[: len(points)]
    decided, differs = (seen["decision"] != "").to_numpy(), seen["differs"].to_numpy(bool)
    few = "decided" if 2 * decided.sum() < len(seen) else "not decided"
    beside = [f"suggested: {LABELS[box].lower()}" for box in seen["suggestion"]]
    told = decided.any() & (decided == (few == "decided"))
    note = np.where(differs, np.array(beside, dtype=object), np.where(told, few, ""))
    columns = {c: seen[c].to_numpy() for c in ("decision", "category", "stands", "sure")}
    somewhere = points["status"].isin(["placed", "undetermined"])
    shown = np.where(seen["sure"] == "firm", "placed", "undetermined").astype(object)
    columns["status"] = np.where(somewhere, shown, points["status"])
    return points.assign(**columns, note=note, key=_key(seen))


def _key(seen: pd.DataFrame) -> str:
    """What colour and shape of a matrix say, and who was decided and stands nowhere on it."""
    decided = seen["decision"] != ""
    if not decided.any():
        return "Colour and shape: the category suggested. Nothing is decided yet."
    else_ = "" if decided.all() else ", or else suggested"
    said = [f"Colour and shape: the category decided{else_}."]
    if seen["differs"].any():
        said.append("In brackets what its place suggests, where that is another.")
    gone = decided & seen["status"].isin(["ruled_out", "unscored"])
    away = [name[:40] for name in seen.loc[gone, "name"].astype(str)]
    more = " and others" if away[2:] else ""
    last = f"\nDecided, without a place: {', '.join(away[:2])}{more}." if away else ""
    return " ".join(said) + last


@model
def spread(book: Book) -> pd.DataFrame:
    """`drawn` with what nine in ten of the weights leave a customer in, instead of all it could be.

    about says the verdict in words. The past is left out.
    """
    points, ends = drawn(book), certainty.ranges(book)
    for end in ("x_low", "x_high"):
        ends[end] = np.where(points["no_rival"], 9.0, ends[end])
    about = verdicts(book)["sentence"].to_numpy()[: len(points)]
    return points.assign(**ends, about=about, was_x=np.nan, was_y=np.nan)


@model
def homework(book: Book) -> pd.DataFrame:
    """`certainty.find_first` in words: what each unknown score would make of the verdict."""
    table, said = certainty.find_first(book), _by_customer(verdicts(book))
    words = [_homework_words(row, said[row["customer"]]) for row in table.to_dict("records")]
    return table.assign(words=pd.Series(words, table.index, dtype=object))


def _homework_words(row: dict[Any, Any], said: dict[str, Any]) -> str:
    name = said["name"]
    if row["worth"] <= SHOWN and row["together"] <= SHOWN:
        return f"Changes nothing about {name}, whatever it turns out to be."
    if row["worth"] <= SHOWN:
        return (
            f"Settles nothing about {name} by itself, but together with its other unknown scores."
        )
    if said["doubt"] not in ("must_have", "unknown_scores"):
        return f"{name} is {said['sure']}; this would settle part of it."
    now, then = (certainty.percent(row[c], False) for c in ("sure_now", "sure_then"))
    likeliest = f"that it is {account(row['box'])}" if row["box"] else "that it is ruled out"
    return f"{name} is {said['sure']}: {now} {likeliest}. With this known {then}, on average."
