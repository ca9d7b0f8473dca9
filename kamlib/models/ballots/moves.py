"""Whether a box hangs on a disagreement: the customer's box by the outermost votes on a cell."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.models import kaism, matrix, scoring
from kamlib.models.ballots.ballots import HEAD, KEY, agreed, summary, votes
from kamlib.models.factors import asked, grid
from kamlib.wording import account
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import US

OUT = "ruled out"
SIDES = "more attractive than the average", "less attractive than the average"
CELLS = [*HEAD, "votes", "mean", "spread", "lowest", "highest", "agreed", "r_wg", "could_change"]
CELLS += ["box_low", "box_high", "who_low", "who_high", "words"]


@model
def cells(book: Book, sides: bool = False) -> pd.DataFrame:
    """One row for each cell with ballots: how far they are apart, and whether a box hangs on it.

    With `sides` a customer whose strength is not known yet changes too where it crosses the line of
    attractiveness.

    Columns CELLS. votes: how many; mean, spread (standard deviation of a sample), lowest, highest;
    agreed: what the team agreed; r_wg: 1 when all say the same, 0 when they are as far
    apart as dice (spread and r_wg NaN for one vote); box_low, box_high: the box of the customer if
    the lowest, or the highest, were agreed and all else stayed ("" where it then stands nowhere);
    could_change (yes, no): one of the votes, taken as agreed, would give the customer another box
    than today or rule it out. A customer only ever climbs as the score of one cell rises (or falls,
    for a competitor's), so the two outermost votes speak for all. who_low, who_high: who says so,
    parted by commas.
    """
    table = summary(book)
    table = table.merge(agreed(book).rename(columns={"score": "agreed"}), "left", KEY)
    placed = kaism.place(book).drop_duplicates("customer").set_index("customer")
    placed = placed.loc[table["customer"]]
    today = np.where(placed["status"] == "ruled_out", OUT, placed["box"])
    if sides:
        today = np.where(today == "", _sides(placed["y"] - placed["y_line"]), today)
    edges = [table.assign(score=table[vote]) for vote in ("lowest", "highest")]
    states = np.array([today, *(_states(book, moved, sides) for moved in edges)], dtype=object)
    changes = (states != states[0]) & ((states == OUT) | (states[0] != OUT) | (states != ""))
    box = np.where(np.isin(states, [OUT, *SIDES]), "", states)
    told = pd.DataFrame(_told(votes(book), table, states), columns=CELLS[-3:])
    could_change = np.where(changes.any(axis=0), "yes", "no").astype(object)
    boxes = {"could_change": could_change, "box_low": box[1], "box_high": box[2]}
    return table.assign(**boxes).join(told.astype(object))[CELLS]


@model
def each_vote(book: Book) -> pd.DataFrame:
    """The box that each vote, taken as agreed, would give its customer while all else stays.

    Columns: those of `votes`, box ("" where it then stands nowhere or is ruled out), out (ruled
    out).
    """
    said = votes(book)
    states = _states(book, said)
    return said.assign(box=np.where(states == OUT, "", states), out=states == OUT)


def _sides(gap: np.ndarray | pd.Series) -> np.ndarray:
    """On which side of the line of attractiveness a customer stands, "" where nobody knows."""
    above, below = SIDES
    return np.where(np.isnan(gap), "", np.where(gap > matrix.EQUAL, above, below))


def _states(book: Book, moved: pd.DataFrame, sides: bool = False) -> np.ndarray:
    """The box of each cell's customer if the cell had this score: "" nowhere, OUT ruled out."""
    states = np.full(len(moved), "", dtype=object)
    for segment, rows in moved.groupby("segment"):
        places = kaism.positions(book, str(segment)).set_index("customer")
        now, strong = places.loc[rows["customer"]], (rows["model"] == "strength").to_numpy()
        gap, x = np.array(now["y"] - now["y_line"], float), np.array(now["x"], float)
        out = np.array(now["ruled_out"], bool)
        # who has no competitor has one as soon as a ballot names it
        beside = now["no_rival"].to_numpy(bool) & ~(strong & (rows["supplier"] != US).to_numpy())
        gap[~strong], out[~strong] = _heights(book, places, rows[~strong])
        x[strong] = _margins(book, rows[strong])
        box = matrix.names(kaism.MATRIX, gap > matrix.EQUAL, beside | (x > matrix.EQUAL))
        nowhere = _sides(gap) if sides else ""
        box = np.where(np.isnan(gap) | (np.isnan(x) & ~beside), nowhere, box)
        states[rows.index] = np.where(out, OUT, box)
    return states


def _heights(
    book: Book, places: pd.DataFrame, moved: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """The distance from the line, and whether ruled out, of each cell's customer with its score."""
    segment, off = places["segment"].iloc[0], kaism.waivers(book)
    factors, at = asked(book, segment), places.index.get_indexer(moved["customer"])
    rows = grid(book, segment)[at]
    rows[np.arange(len(at)), pd.Index(factors.names).get_indexer(moved["factor"])] = moved["score"]
    held = [[not off & {(c, f), (c, "")} for f in factors.names] for c in places.index]
    out = ((rows < factors.musts) & np.array(held, dtype=bool)[at]).any(axis=1)
    y = scoring.means(rows, factors.weights)["score"]
    if book.settings.line == "midpoint":
        return y - matrix.MIDPOINT, out
    heights = places["y"].mask(places["ruled_out"].astype(bool)).to_numpy(float)
    others = np.nansum(heights) - np.nan_to_num(heights)[at]  # the line moves with the customer
    count = np.sum(~np.isnan(heights)) - ~np.isnan(heights)[at]
    return y - np.round((others + y) / (count + 1), scoring.DIGITS), out


def _margins(book: Book, moved: pd.DataFrame) -> np.ndarray:
    """The least margin of each cell's customer over its competitors with its score."""
    named = moved[KEY].rename(columns={"customer": "subject"})  # a ballot may name a new competitor
    scores = pd.concat([book["scores"], named], ignore_index=True)
    cells = kaism.strength_cells(book.having({"scores": scores}), tuple(moved["customer"].unique()))
    pairs = cells[0].index.to_frame(index=False, name=["customer", "rival"])
    each = moved.reset_index(drop=True).reset_index(names="vote")
    each = each.merge(pairs.reset_index(names="pair"), on="customer")
    parts = [part.to_numpy(float) for part in cells]
    own = np.argsort(parts[2] == 0, axis=1, kind="stable")  # of all factors a customer has few
    own = own[each["pair"], : (parts[2] > 0).sum(axis=1).max(initial=0)]
    ours, theirs, weights = (np.take_along_axis(part[each["pair"]], own, 1) for part in parts)
    is_factor = own == cells[0].columns.get_indexer(each["factor"])[:, None]
    us, them = ((each["supplier"] == s).to_numpy()[:, None] for s in (US, each["rival"]))
    score = each["score"].to_numpy()[:, None]
    ours, theirs = np.where(is_factor & us, score, ours), np.where(is_factor & them, score, theirs)
    least = np.full(len(moved), np.nan)
    np.fmin.at(least, each["vote"], scoring.margins(ours, theirs, weights)["margin"])
    return least


def _told(said: pd.DataFrame, table: pd.DataFrame, states: np.ndarray) -> list[tuple[str, ...]]:
    """who_low, who_high and words of each cell."""
    who, scores = said["who"].tolist(), said["score"].tolist()
    called = [f"{w} ({f})" if f else w for w, f in zip(who, said["function"], strict=True)]
    end, rows = table["votes"].cumsum(), []
    columns = (table["name"], end - table["votes"], end, table["lowest"], table["highest"])
    for name, first, last, low, high, (today, *then) in zip(*columns, states.T, strict=True):
        edges = (low, high)
        voters = [[i for i in range(first, last) if scores[i] == edge] for edge in edges]
        ways = [*zip(edges, voters, then, strict=True)][: 1 if low == high else 2]
        says = ", ".join(_says(score, [called[i] for i in people]) for score, people, _ in ways)
        follows = _follows(name, today, [(score, state) for score, _, state in ways])
        names = [", ".join(who[i] for i in people) for people in voters]
        rows.append((*names, f"{says}; {follows}."))
    return rows


def _says(score: float, people: list[str]) -> str:
    """Petra (Finance) says 4; Petra (Finance) and Tom (Sales) say 4; Petra and 2 others say 4."""
    if len(people) == 1:
        return f"{people[0]} says {score:g}"
    rest = people[1] if len(people) == 2 else f"{len(people) - 1} others"
    return f"{people[0]} and {rest} say {score:g}"


def _follows(name: str, today: str, ways: list[tuple[float, str]]) -> str:
    """With a 4 Beta would be a maintenance account, with an 8 a key account."""
    moves = [(f"with {'an' if s // 1 == 8 else 'a'} {s:g}", to) for s, to in ways if to != today]
    if not moves:
        return f"{name} stays {_standing(today)} {'either way' if len(ways) > 1 else 'with it'}"
    (first, to), *more = moves
    rest = [f"{way} {_standing(state)}" for way, state in more]
    return ", ".join([f"{first} {name} would be {_standing(to)}", *rest])


def _standing(state: str) -> str:
    if state == OUT:
        return "ruled out by a must-have"
    if state in SIDES:
        return state
    return account(state) if state else "without a box"
