"""KAISM, the key account identification and selection matrix: where each customer stands, and why.

Vertical: how attractive the customer is to us, a weighted mean of 1 to 10; the line is the plain
mean over the segment's customers. Horizontal: how much stronger we are than the best competitor on
the customer's own critical success factors; the line is 0. One matrix for each segment.
Source: key account management in financial services, chapter 21.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np
import pandas as pd

from kamlib.errors import InvalidInput, did_you_mean
from kamlib.models import matrix, scoring
from kamlib.models.factors import asked, grid, keys, members, of_model, of_scope
from kamlib.models.scoring import one
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import US

MATRIX = matrix.Matrix(
    id="kaism",
    x_label="relative strength: we against their best alternative",
    y_label="customer attractiveness",
    left_words="best competitor stronger",
    right_words="we are stronger",
    down_words="less attractive to us",
    up_words="more attractive to us",
    top_left="key_development",
    top_right="key",
    bottom_left="opportunistic",
    bottom_right="maintenance",
)
COLUMNS = [
    *("segment", "customer", "name", "status", "box", "y", "y_line", "x", "x_line", "on_line"),
    *("near_line", "y_coverage", "x_coverage", "possible", "best_competitor", "reason"),
]
REASONS = [
    *("ruled_out", "failed", "y", "y_line", "y_coverage", "must_unknown", "x_unplaced"),
    *("x_words", "on_line", "near_line"),
]
STRENGTH = ["x", "x_coverage", "no_rival", "rivals", "rival"]
Reasons = namedtuple("Reasons", REASONS)  # type: ignore[misc]
MORE = ["y_low", "y_high", "x_low", "x_high", "no_rival", "revenue", "profit", "was_x", "was_y"]
WHO_ELSE = "who_else"  # the find-out line of a customer without any competitor


def segments(book: Book) -> list[str]:
    """The segments a result is about: the one chosen, else all that are active."""
    table, chosen = book["segments"], book.settings.segment
    known = table.loc[table["active"] != "no", "segment"].tolist()
    if not chosen:
        return known
    if chosen not in set(table["segment"]):
        hint, text = did_you_mean(chosen, known), f'There is no segment "{chosen}".'
        raise InvalidInput(text, table="segments", found=chosen, hint=hint)
    return [chosen]


@model
def place(book: Book) -> pd.DataFrame:
    """Every customer of the segment(s), one row each, with columns COLUMNS.

    status: placed (one box whatever the unknown scores turn out to be), undetermined (more than one
    is possible, or a must-have is unknown), ruled_out (fails a must-have), unscored (nothing to
    place it by). y 1..10, x -9..9, coverages 0..1, NaN where unknown.
    """
    return drawn(book)[COLUMNS]


@model
def drawn(book: Book) -> pd.DataFrame:
    """The customers of `place` with all that a picture of them needs besides.

    More columns: y_low, y_high, x_low, x_high (least and greatest distance from each line),
    no_rival, revenue, profit, and was_x, was_y: where the last round left it, seen from today's
    line.
    """
    parts = [_place_segment(book, segment) for segment in segments(book)]
    if not parts:
        empty = pd.DataFrame(columns=[*COLUMNS, *MORE])
        return empty.astype(dict.fromkeys(["x", "y", "y_line", *MORE], float))
    return pd.concat(parts, ignore_index=True)


@model
def _last_round(book: Book) -> pd.DataFrame:
    """Where the last round left each customer: x, and how far above the line of its day."""
    before = book["rounds"].sort_values("round").drop_duplicates("customer", keep="last")
    return before.set_index("customer").assign(above=lambda rows: rows["y"] - rows["y_line"])


def _place_segment(book: Book, segment: str) -> pd.DataFrame:
    columns, (above, x_words) = dict(points(book, segment)), _beside(book, segment)
    columns |= matrix.standing(MATRIX, columns, book.settings.near_line)
    told = columns | {"x_words": x_words}
    rows = zip(*(told[c].tolist() for c in REASONS), strict=True)
    columns["reason"] = np.array([_reason(Reasons(*row)) for row in rows], dtype=object)
    return pd.DataFrame(columns | {"was_y": above + columns["y_line"]})


@model
def _horizontal(book: Book, segment: str) -> dict[str, np.ndarray]:
    """The customers of a segment, their strength, and of the last round what concerns it."""
    own, before = members(book, segment), _last_round(book)
    x = strength(book, tuple(own["customer"]))
    names = dict(zip(book["suppliers"]["supplier"], book["suppliers"]["name"], strict=True))
    columns = {c: part[c].to_numpy() for part in (own, x) for c in part}
    rivals = [names.get(s) or s for s in columns["best_competitor"]]
    was = before["x"].reindex(own["customer"]).to_numpy(float)
    return columns | {"rival": np.array(rivals, dtype=object), "was_x": was}


@model
def _beside(book: Book, segment: str) -> tuple[np.ndarray, np.ndarray]:
    """How far above its line each customer was in the last round, and its strength in words."""
    columns = _horizontal(book, segment)
    above = _last_round(book)["above"].reindex(columns["customer"]).to_numpy(float)
    rows = zip(*(columns[c].tolist() for c in STRENGTH), strict=True)
    return above, np.array([_x_words(*row) for row in rows], dtype=object)


@model
def positions(book: Book, segment: str) -> pd.DataFrame:
    """Where the customers of one segment stand on both axes, and how far they can still move.

    Columns: those of the customer, y, y_line, x, x_line, coverages, best_competitor, the least and
    greatest distance from each line (y_low, y_high, x_low, x_high) and what a reason needs.
    """
    return pd.DataFrame(points(book, segment))


@model
def points(book: Book, segment: str) -> dict[str, np.ndarray]:
    """The columns of `positions` as bare arrays."""
    columns = _horizontal(book, segment) | attractiveness(book, segment)
    height, inside, line = columns["y"], ~columns["ruled_out"], matrix.MIDPOINT
    low, high, optional = (columns[c] for c in ("low", "high", "must_unknown"))
    ends = np.array([low - line, high - line])
    if book.settings.line == "mean":
        known = height[inside & ~np.isnan(height)]
        line = round(float(known.mean()), scoring.DIGITS) if len(known) else float("nan")
        ends = np.full(ends.shape, np.nan)
        ends[:, inside] = matrix.farthest(low[inside], high[inside], optional[inside])
    columns |= {"y_low": ends[0], "y_high": ends[1]}
    columns |= {"beside": columns["no_rival"], "unsettled": optional}
    return columns | {"y_line": np.full(len(height), line), "x_line": np.zeros(len(height))}


@model
def attractiveness(book: Book, segment: str) -> dict[str, np.ndarray]:
    """The vertical axis for the customers of a segment, in their order.

    Columns: y, low, high (1..10), y_coverage (0..1), ruled_out, must_unknown, failed (in words).
    """
    cells, own, off = grid(book, segment), asked(book, segment), waivers(book)
    must = np.flatnonzero(~np.isnan(own.musts))
    customers = members(book, segment)["customer"]
    held = np.ones((len(cells), len(must)), dtype=bool)
    if off:
        waived = [[(c, own.names[j]) in off or (c, "") in off for j in must] for c in customers]
        held = ~np.array(waived, dtype=bool).reshape(held.shape)
    fails = (cells[:, must] < own.musts[must]) & held
    missing = np.isnan(cells[:, must]) & held
    out, unknown = fails.any(axis=1), missing.any(axis=1)
    result = scoring.means(cells, own.weights)
    if unknown.any():  # a customer that stays in has at least the minimum on its must-haves
        in_play = cells.copy()
        in_play[:, must] = np.where(missing, own.musts[must], cells[:, must])
        result["low"] = scoring.means(in_play, own.weights)["low"]
    words = np.full(len(cells), "", dtype=object)
    for row in np.flatnonzero(out):
        missed = [(own.labels[j], cells[row, j], own.musts[j]) for j in must[fails[row]]]
        words[row] = ", ".join(f"{label} ({s:g}, must be {least:g})" for label, s, least in missed)
    y = {"y": result["score"], "low": result["low"], "high": result["high"]}
    y |= {"y_coverage": result["coverage"], "failed": words}
    return y | {"ruled_out": np.asarray(out), "must_unknown": np.asarray(unknown & ~out)}


@model
def strength(book: Book, customers: tuple[str, ...]) -> pd.DataFrame:
    """The horizontal axis for these customers, one row each, in their order.

    Columns: x (least margin over the competitors), x_low, x_high (-9..9), x_coverage (0..1),
    best_competitor, no_rival (the team says there is no competitor), rivals (how many are entered),
    x_unplaced.
    """
    pairs = against(book, customers)
    names = pd.Index(customers)
    of = names.get_indexer(pairs["subject"])
    rivals = np.bincount(of, minlength=len(customers))
    low, high = np.full((2, len(customers)), np.nan)
    np.fmin.at(low, of, pairs["low"])
    np.fmin.at(high, of, pairs["high"])
    known = np.bincount(of, pairs["theirs_known"], minlength=len(customers))
    least = pairs.drop_duplicates("subject").set_index("subject").reindex(customers)
    unplaced = least["margin"].isna()
    stated = names.isin(no_competitor(book)) & (rivals == 0)
    low, high = np.where(np.isnan(low), -9.0, low), np.where(np.isnan(high), 9.0, high)
    known = known + least["ours_known"].to_numpy()
    columns = {
        "x": least["margin"],
        "x_low": np.where(stated, 9.0, low),
        "x_high": high,
        "x_coverage": scoring.share(known, least["total"].to_numpy() * (rivals + 1)),
        "best_competitor": least["supplier"].mask(unplaced, ""),
        "rivals": rivals,
        "no_rival": stated,
        "x_unplaced": unplaced & ~stated,
    }
    return pd.DataFrame(columns)


@model
def against(book: Book, customers: tuple[str, ...]) -> pd.DataFrame:
    """Us against each competitor of each customer: one row a pair, the least margin first.

    A competitor belongs to a customer as soon as it has a row in the scores, even an empty one.
    Columns: subject, supplier and those of `scoring.margins`.
    """
    ours, theirs, weights = strength_cells(book, customers)
    found = scoring.margins(ours.to_numpy(), theirs.to_numpy(), weights.to_numpy())
    pairs = theirs.index.to_frame(index=False).assign(**found)
    order = {supplier: i for i, supplier in enumerate(book["suppliers"]["supplier"])}
    listed = [order.get(supplier, len(order)) for supplier in pairs["supplier"]]
    return pairs.iloc[np.lexsort([listed, pairs["margin"]])].reset_index(drop=True)


@model
def strength_cells(
    book: Book, customers: tuple[str, ...]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Our scores, each competitor's and the weights: three tables with the same rows and columns.

    Rows (subject, supplier): one for each competitor of each customer. Columns: the critical
    success factors of all customers together; the weight is 0 where one is not the customer's own.
    """
    pairs, names, *_ = _strength_places(book, customers)
    index = pd.MultiIndex.from_tuples(pairs, names=["subject", "supplier"])
    ours, theirs, weights = _strength_values(book, customers)
    return tuple(pd.DataFrame(part, index, names) for part in (ours, theirs, weights))


@model
def _strength_values(book: Book, customers: tuple[str, ...]) -> list[np.ndarray]:
    """The figures of `strength_cells`."""
    _, _, row, (ours, theirs, weights) = _strength_places(book, customers)
    score, weight = book["scores"]["score"].to_numpy(float), book["factors"]["weight"]
    weight = scoring.filled(weights, weight.fillna(1.0).to_numpy(float))
    parts = scoring.filled(ours, score)[row], scoring.filled(theirs, score)
    return [*parts, np.nan_to_num(weight)[row]]


@model
def _strength_places(
    book: Book, customers: tuple[str, ...]
) -> tuple[list[tuple[str, str]], list[str], list[int], list[scoring.Places]]:
    """The rows and columns of `strength_cells`, and which lines of the tables go where.

    Ours and the weights have a row a customer, theirs one a competitor of a customer, in the order
    of the rows of `strength_cells`; the third part is the customer's row for each of these.
    """
    scored, listed = keys(book, "scores"), keys(book, "factors")
    subject = of_model(book, "strength", "scores", "subject")
    scope = of_model(book, "strength", "factors", "scope")
    inside, pair = set(customers), list(zip(subject, scored["supplier"], strict=True))
    pairs = sorted({(who, rival) for who, rival in pair if who in inside and rival != US})
    factors = zip(scope, listed["factor"], strict=True)
    names = sorted({factor for who, factor in factors if who in inside})
    subjects = {who: row for row, who in enumerate(dict.fromkeys(who for who, _ in pairs))}
    mine, rows = scored["supplier"] == US, {pair: row for row, pair in enumerate(pairs)}
    subject[~mine] = None
    parts = [
        scoring.places(subject, scored["factor"], [*subjects], names),
        scoring.places([rows.get(p, -1) for p in pair], scored["factor"], range(len(rows)), names),
        scoring.places(scope, listed["factor"], [*subjects], names),
    ]
    return pairs, names, [subjects[who] for who, _ in pairs], parts


@model
def waivers(book: Book) -> set[tuple[str, str]]:
    """The must-haves the team waived with a reason: (customer, factor), factor "" for all."""
    table = book["decisions"]
    own = table[(table["what"] == "must_have_waiver") & (table["reason"] != "")]
    found = set()
    for who, text in zip(own["subject"], own["decision"], strict=True):
        factors = [factor for factor in map(str.strip, text.split("|")) if factor]
        found |= {(who, factor) for factor in factors or [""]}
    return found


@model
def no_competitor(book: Book) -> list[str]:
    """The customers of whom the team says that they have no other supplier."""
    table = book["decisions"]
    own = table[(table["what"] == "no_competitor") & (table["decision"] != "no")]
    return own["subject"].tolist()


def _reason(row: Any) -> str:
    """One sentence: why this customer stands where it stands."""
    if row.ruled_out:
        return f"fails a must-have: {row.failed}"
    if row.y != row.y and row.x_unplaced:
        return "not scored yet"
    parts = [matrix.axis_words("attractiveness", row.y, row.y_line, row.y_coverage), row.x_words]
    unsettled = ["a must-have is not known"] if row.must_unknown else []
    return "; ".join([*parts, *unsettled, *matrix.closeness_words(row.on_line, row.near_line)])


def _x_words(x: float, coverage: float, alone: bool, rivals: int, rival: str) -> str:
    if alone:
        return "no competitor, says the team"
    if rivals == 0:
        return "no competitor entered yet"
    if x != x:
        return "strength not scored yet"
    side = "ahead of" if x > 0 else "behind"
    words = f"{one(abs(x))} {side} {rival}"
    if abs(x) <= matrix.EQUAL:
        words = f"level with {rival}"
    return words if coverage == 1 else f"{words} as far as it is known"


@model
def unknowns(book: Book) -> pd.DataFrame:
    """The find-out list: every score nobody knows, with who finds it out and by when.

    Columns: segment, customer, name, model, factor, label, supplier, question, person, due, status.
    A customer without any competitor is one line with the factor WHO_ELSE.
    """
    names = ["segment", "subject", "name", "model", "factor", "label", "supplier"]
    rows = [row for segment in segments(book) for row in _unknown_rows(book, segment)]
    keys = ["model", "subject", "factor", "supplier"]
    who = book["find_out"][[*keys, "question", "person", "due", "status"]]
    merged = pd.DataFrame(rows, columns=names).merge(who, "left", keys)
    return merged.rename(columns={"subject": "customer"}).fillna("")


def _unknown_rows(book: Book, segment: str) -> list[tuple[str, ...]]:
    seen = positions(book, segment)
    seen = seen[~seen["ruled_out"]]
    customers = seen["customer"].tolist()
    head = {c: (segment, c, name) for c, name in zip(customers, seen["name"], strict=True)}
    factors, scores = of_scope(book, "attractiveness", segment), book["scores"]
    labels = dict(zip(factors["factor"], factors["label"], strict=True))
    cells = scoring.wide(scores[scores["model"] == "attractiveness"], seen["customer"], [*labels])
    rows = [(*head[c], "attractiveness", f, labels[f], "") for c, f in _blanks(cells)]
    alone = seen.loc[(seen["rivals"] == 0) & ~seen["no_rival"], "customer"]
    rows += [(*head[c], "strength", WHO_ELSE, "who else could they choose?", "") for c in alone]
    ours, theirs, weights = strength_cells(book, tuple(customers))
    listed = book["factors"][book["factors"]["model"] == "strength"]
    words = listed.set_index(["scope", "factor"])["label"].to_dict()
    first = ~ours.index.get_level_values("subject").duplicated()
    mine = [((c, US), f) for (c, _), f in _blanks(ours[first].where(weights[first] > 0, 0.0))]
    for (customer, supplier), factor in mine + _blanks(theirs.where(weights > 0, 0.0)):
        label = words.get((customer, factor)) or factor
        rows.append((*head[customer], "strength", factor, label, supplier))
    order = {customer: place for place, customer in enumerate(customers)}
    return sorted(rows, key=lambda row: order[row[1]])


def _blanks(cells: pd.DataFrame) -> list[tuple[Any, Any]]:
    """The row and column names of the unknown cells."""
    return [(cells.index[i], cells.columns[j]) for i, j in np.argwhere(cells.isna().to_numpy())]
