"""KAISM, the key account identification and selection matrix: where each customer stands, and why.

Vertical: how attractive the customer is to us, a weighted mean of 1 to 10; the line is the plain
mean over the segment's customers. Horizontal: how much stronger we are than the best competitor on
the customer's own critical success factors; the line is 0. One matrix for each segment.
Source: key account management in financial services, chapter 21.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib import matrix, scoring
from kamlib.errors import InvalidInput, did_you_mean
from kamlib.memory import remembered
from kamlib.scoring import one
from kamlib.settings import Settings
from kamlib.tables import US, Tables

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
    "segment", "customer", "name", "status", "box", "y", "y_line", "x", "x_line", "on_line", "near_line",
    "y_coverage", "x_coverage", "possible", "best_competitor", "reason",
]  # fmt: skip
MIDPOINT = 5.5
WHO_ELSE = "who_else"  # the find-out line of a customer without any competitor


def segments(tables: Tables, settings: Settings) -> list[str]:
    """The segments a result is about: the one chosen, else all that are active."""
    table = tables["segments"]
    known = table.loc[table["active"] != "no", "segment"].tolist()
    if not settings.segment:
        return known
    if settings.segment not in set(table["segment"]):
        raise InvalidInput(f'There is no segment "{settings.segment}".', table="segments",
                           found=settings.segment, hint=did_you_mean(settings.segment, known))  # fmt: skip
    return [settings.segment]


def place(tables: Tables, settings: Settings) -> pd.DataFrame:
    """Every customer of the segment(s), one row each, with columns COLUMNS.

    status: placed (one box whatever the unknown scores turn out to be), undetermined (more than one
    is possible, or a must-have is unknown), ruled_out (fails a must-have), unscored (nothing to
    place it by). y 1..10, x -9..9, coverages 0..1, NaN where unknown.
    """
    return drawn(tables, settings)[COLUMNS]


@remembered
def drawn(tables: Tables, settings: Settings) -> pd.DataFrame:
    """The customers of `place` with all that a picture of them needs besides.

    More columns: y_low, y_high, x_low, x_high (least and greatest distance from each line), no_rival,
    revenue, profit, and was_x, was_y: where the last round left it, seen from today's line.
    """
    parts = [_place_segment(tables, settings, segment) for segment in segments(tables, settings)]
    if not parts:
        return pd.DataFrame(columns=[*COLUMNS, "was_x", "was_y", "revenue", "profit", "no_rival"])
    points = pd.concat(parts, ignore_index=True)
    money = tables["customers"].drop_duplicates("customer").set_index("customer")[["revenue", "profit"]]
    before = tables["rounds"].sort_values("round").drop_duplicates("customer", keep="last")
    before = before.set_index("customer")[["x", "y", "y_line"]].add_prefix("was_")
    points = points.join(money, on="customer").join(before, on="customer")
    return points.assign(was_y=points["was_y"] - points["was_y_line"] + points["y_line"])


def _place_segment(tables: Tables, settings: Settings, segment: str) -> pd.DataFrame:
    found = positions(tables, settings, segment)
    points = matrix.classify(MATRIX, found, settings.near_line)
    can = matrix.possible(MATRIX, points).where(~points["ruled_out"], "")
    box = points["box"].mask(points["no_rival"], _right_side(points)).where(~points["ruled_out"], "")
    several = can.str.contains("|", regex=False) | points["must_unknown"] | (box == "")
    status = np.select(
        [points["ruled_out"], points["y"].isna() & points["x_unplaced"], several],
        ["ruled_out", "unscored", "undetermined"],
        "placed",
    )
    points = points.assign(status=status, possible=can, box=box)
    points[["on_line", "near_line"]] &= ~points["ruled_out"].to_numpy()[:, None]
    names = dict(zip(tables["suppliers"]["supplier"], tables["suppliers"]["name"], strict=True))
    rival = [names.get(supplier) or supplier for supplier in points["best_competitor"]]
    rows = points.assign(rival=rival).to_dict("records")
    return points.assign(reason=[_reason(row) for row in rows])


def _right_side(points: pd.DataFrame) -> pd.Series:
    """The box of a customer that has no other supplier, "" while its attractiveness is unknown."""
    upper = points["y"] - points["y_line"] > matrix.EQUAL
    box = pd.Series(np.where(upper, MATRIX.top_right, MATRIX.bottom_right), points.index)
    return box.where(points["y"].notna(), "")


@remembered
def positions(tables: Tables, settings: Settings, segment: str) -> pd.DataFrame:
    """Where the customers of one segment stand on both axes, and how far they can still move.

    Columns: segment, customer, name, y, y_line, x, x_line, coverages, best_competitor, the least and
    greatest distance from each line (y_low, y_high, x_low, x_high) and what a reason needs.
    """
    table = tables["customers"]
    own = table.loc[table["segment"] == segment, ["segment", "customer", "name"]].reset_index(drop=True)
    y = attractiveness(tables, segment, own["customer"])
    x = strength(tables, own["customer"])
    found = pd.concat([own, y.reset_index(drop=True), x.reset_index(drop=True)], axis=1)
    if settings.line == "midpoint":
        line = MIDPOINT
        spread = found[["low", "high"]].set_axis(["y_low", "y_high"], axis=1) - line
    else:
        line = found.loc[~found["ruled_out"], "y"].mean()
        members = found[~found["ruled_out"]].assign(optional=found["must_unknown"])
        spread = matrix.distance_from_mean(members)
    return found.join(spread).assign(y_line=round(line, scoring.DIGITS), x_line=0.0)


def attractiveness(tables: Tables, segment: str, customers: pd.Series) -> pd.DataFrame:
    """The vertical axis for the customers of a segment, in their order.

    Columns: y, low, high (1..10), y_coverage (0..1), ruled_out, must_unknown, failed (in words).
    """
    factors = of_scope(tables, "attractiveness", segment)
    part = tables["scores"]
    scores = scoring.wide(part[part["model"] == "attractiveness"], customers, factors["factor"])
    must = factors.set_index("factor")["must_have_min"].dropna()
    off = waivers(tables)
    waived = pd.DataFrame(
        [[(c, f) in off or (c, "") in off for f in must.index] for c in customers],
        index=scores.index, columns=must.index, dtype=bool,
    )  # fmt: skip
    fails = (scores[must.index] < must) & ~waived
    result = scoring.weighted(scores, scoring.weights_of(factors))
    unknown = (scores[must.index].isna() & ~waived).any(axis=1)
    if unknown.any():  # a customer that stays in has at least the minimum on its must-haves
        passing = scores[must.index].where(scores[must.index].notna() | waived, must, axis=1)
        in_play = scores.assign(**{f: passing[f] for f in must.index})
        result["low"] = scoring.weighted(in_play, scoring.weights_of(factors))["low"]
    failed = pd.Series("", index=scores.index)
    labels = factors.set_index("factor")["label"]
    for customer in scores.index[fails.any(axis=1)]:
        missed = [f"{labels[f]} ({scores.at[customer, f]:g}, must be {must[f]:g})"
                  for f in must.index if fails.at[customer, f]]  # fmt: skip
        failed[customer] = ", ".join(missed)
    out = fails.any(axis=1)
    return result.rename(columns={"score": "y", "coverage": "y_coverage"}).assign(
        ruled_out=out, must_unknown=unknown & ~out, failed=failed
    )


def strength(tables: Tables, customers: pd.Series) -> pd.DataFrame:
    """The horizontal axis for these customers, in their order.

    Columns: x (least margin over the competitors), x_low, x_high, x_coverage, best_competitor,
    no_rival (the team says there is no competitor), rivals (how many are entered), x_unplaced.
    """
    each = against(tables, customers).groupby("subject", sort=False)
    least = each.first()  # each customer's rows begin with its least margin
    bounds = each[["low", "high"]].min()
    known = each["theirs_known"].sum() + least["ours_known"]
    result = pd.DataFrame(
        {
            "x": least["margin"],
            "x_low": bounds["low"],
            "x_high": bounds["high"],
            "x_coverage": (known / (least["total"] * (each.size() + 1))).round(scoring.DIGITS),
            "best_competitor": least["supplier"].where(least["margin"].notna(), ""),
            "rivals": each.size(),
        }
    ).reindex(customers)
    result = result.fillna({"best_competitor": "", "rivals": 0, "x_high": 9.0})
    stated = (customers.isin(no_competitor(tables)).to_numpy()) & (result["rivals"] == 0)
    low = result["x_low"].fillna(-9.0).mask(stated, 9.0)
    return result.assign(x_low=low, no_rival=stated, x_unplaced=result["x"].isna() & ~stated)


def against(tables: Tables, customers: pd.Series) -> pd.DataFrame:
    """Us against each competitor of each customer: one row a pair, the least margin first.

    A competitor belongs to a customer as soon as it has a row in the scores, even an empty one.
    Columns: subject, supplier and those of `scoring.margins`.
    """
    ours, theirs, weights = strength_cells(tables, customers)
    found = scoring.margins(ours.to_numpy(), theirs.to_numpy(), weights.to_numpy())
    order = {supplier: i for i, supplier in enumerate(tables["suppliers"]["supplier"])}
    result = theirs.index.to_frame(index=False).assign(**found)
    result["order"] = result["supplier"].map(order)
    return result.sort_values(["margin", "order"], kind="stable", ignore_index=True).drop(columns="order")


def strength_cells(tables: Tables, customers: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Our scores, each competitor's and the weights: three tables with the same rows and columns.

    Rows (subject, supplier): one for each competitor of each customer. Columns: the critical
    success factors of all customers together; the weight is 0 where one is not the customer's own.
    """
    scores, factors = tables["scores"], tables["factors"]
    scores = scores[(scores["model"] == "strength") & scores["subject"].isin(customers)]
    scores = scores.drop_duplicates(["subject", "supplier", "factor"])
    factors = factors[(factors["model"] == "strength") & factors["scope"].isin(customers)]
    own = factors.assign(weight=factors["weight"].fillna(1.0)).set_index(["scope", "factor"])["weight"]
    weights = own.unstack().fillna(0.0)
    cells = scores.set_index(["subject", "supplier", "factor"])["score"].unstack()
    cells = cells.reindex(columns=weights.columns).astype(float)
    supplier = cells.index.get_level_values("supplier")
    theirs = cells[supplier != US]
    subject = theirs.index.get_level_values("subject")
    ours = cells[supplier == US].droplevel("supplier").reindex(subject).set_axis(theirs.index)
    return ours, theirs, weights.reindex(subject).fillna(0.0).set_axis(theirs.index)


def of_scope(tables: Tables, model: str, scope: str) -> pd.DataFrame:
    """The factors of a model for one scope (a segment, or for strength a customer)."""
    factors = tables["factors"]
    own = factors[(factors["model"] == model) & (factors["scope"] == scope)]
    return own.assign(label=own["label"].where(own["label"] != "", own["factor"])).reset_index(drop=True)


def waivers(tables: Tables) -> set[tuple[str, str]]:
    """The must-haves the team waived with a reason: (customer, factor), factor "" for all."""
    table = tables["decisions"]
    own = table[(table["what"] == "must_have_waiver") & (table["reason"] != "")]
    return {
        (customer, factor.strip())
        for customer, factors in zip(own["subject"], own["decision"], strict=True)
        for factor in factors.split("|")
    }


def no_competitor(tables: Tables) -> list[str]:
    """The customers of whom the team says that they have no other supplier."""
    table = tables["decisions"]
    own = table[(table["what"] == "no_competitor") & (table["decision"] != "no")]
    return own["subject"].tolist()


def _reason(row: dict) -> str:
    """One sentence: why this customer stands where it stands."""
    if row["ruled_out"]:
        return f"fails a must-have: {row['failed']}"
    if row["y"] != row["y"] and row["x_unplaced"]:
        return "not scored yet"
    parts = [_y_words(row), _x_words(row)]
    if row["must_unknown"]:
        parts.append("a must-have is not known")
    if row["on_line"]:
        parts.append("on the line: decide in discussion")
    elif row["near_line"]:
        parts.append("close to the line")
    return "; ".join(parts)


def _y_words(row: dict) -> str:
    if row["y"] != row["y"]:
        return "attractiveness not scored yet"
    gap = row["y"] - row["y_line"]
    side = "equal to" if abs(gap) <= matrix.EQUAL else "above" if gap > 0 else "below"
    part = "" if row["y_coverage"] == 1 else f" (known for {row['y_coverage']:.0%} of the weights)"
    return f"attractiveness {one(row['y'])}, {side} the line at {one(row['y_line'])}{part}"


def _x_words(row: dict) -> str:
    if row["no_rival"]:
        return "no competitor, says the team"
    if row["rivals"] == 0:
        return "no competitor entered yet"
    if row["x"] != row["x"]:
        return "strength not scored yet"
    if abs(row["x"]) <= matrix.EQUAL:
        words = f"level with {row['rival']}"
    else:
        side = "ahead of" if row["x"] > 0 else "behind"
        words = f"{one(abs(row['x']))} {side} {row['rival']}"
    return words if row["x_coverage"] == 1 else f"{words} as far as it is known"


@remembered
def unknowns(tables: Tables, settings: Settings) -> pd.DataFrame:
    """The find-out list: every score nobody knows, with who finds it out and by when.

    Columns: segment, customer, name, model, factor, label, supplier, question, person, due, status.
    A customer without any competitor is one line with the factor WHO_ELSE.
    """
    names = ["segment", "customer", "name", "model", "factor", "label", "supplier"]
    rows = [row for segment in segments(tables, settings) for row in _unknown_rows(tables, settings, segment)]
    found = pd.DataFrame(rows, columns=names).rename(columns={"customer": "subject"})
    keys = ["model", "subject", "factor", "supplier"]
    merged = found.merge(tables["find_out"][[*keys, "question", "person", "due", "status"]], "left", keys)
    return merged.rename(columns={"subject": "customer"}).fillna("")


def _unknown_rows(tables: Tables, settings: Settings, segment: str) -> list[tuple[str, ...]]:
    seen = positions(tables, settings, segment)
    seen = seen[~seen["ruled_out"]]
    head = {c: (segment, c, name) for c, name in zip(seen["customer"], seen["name"], strict=True)}
    factors = of_scope(tables, "attractiveness", segment)
    part = tables["scores"]
    cells = scoring.wide(part[part["model"] == "attractiveness"], seen["customer"], factors["factor"])
    labels = dict(zip(factors["factor"], factors["label"], strict=True))
    rows = [(*head[c], "attractiveness", f, labels[f], "") for c, f in _blanks(cells)]
    alone = seen.loc[(seen["rivals"] == 0) & ~seen["no_rival"], "customer"]
    rows += [(*head[c], "strength", WHO_ELSE, "who else could they choose?", "") for c in alone]
    ours, theirs, weights = strength_cells(tables, seen["customer"])
    csf = (
        tables["factors"]
        .loc[lambda f: f["model"] == "strength"]
        .set_index(["scope", "factor"])["label"]
        .to_dict()
    )
    first = ~ours.index.get_level_values("subject").duplicated()
    mine = [((c, US), f) for (c, _), f in _blanks(ours[first].where(weights[first] > 0, 0.0))]
    for (customer, supplier), factor in mine + _blanks(theirs.where(weights > 0, 0.0)):
        label = csf.get((customer, factor)) or factor
        rows.append((*head[customer], "strength", factor, label, supplier))
    order = {customer: i for i, customer in enumerate(head)}
    return sorted(rows, key=lambda row: order[row[1]])


def _blanks(cells: pd.DataFrame) -> list[tuple]:
    """The row and column names of the unknown cells."""
    return [(cells.index[i], cells.columns[j]) for i, j in np.argwhere(cells.isna().to_numpy())]
