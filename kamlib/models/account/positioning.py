"""How does the customer see us? Supplier power against its weight with us, value and trust."""

from __future__ import annotations

import functools
import math
from typing import Any

import pandas as pd

from kamlib import catalogue
from kamlib.catalogue import sheets
from kamlib.models import matrix, pia, profitability, scoring
from kamlib.models.matrix import MIDPOINT, Matrix
from kamlib.models.scoring import HIGHEST, LOWEST, one
from kamlib.wording import listed
from kamlib.workbook.book import Book, model

POWER, VALUE, TRUST = "supplier_power_buyer_power", "supplier_power_value", "supplier_power_trust"
ACROSS = {POWER: "buyer_power", VALUE: "value", TRUST: "trust"}  # the lines of horizontal axes
RATED, EMPATHY = "customer_requirements", "empathy_and_trust"
# what a horizontal axis is proposed from: lines of what the customer asks of a supplier
PARTS: dict[str, tuple[str, ...]] = {
    VALUE: ("reliability", "responsiveness", "accountability", EMPATHY, "proactiveness"),
    TRUST: (EMPATHY,),
}
SHEETS = (*ACROSS, RATED)
SAID = ("x", "x_low", "x_high", "x_from", "why")
ENDS = ["y_low", "y_high", "x_low", "x_high"]
COLUMNS = ["customer", "name", "matrix", "label", "box", "status", "possible", "y", "y_coverage"]
COLUMNS += ["x", "x_from", "why", *ENDS, "on_line", "near_line", "was_y", "was_x", "advice"]


@functools.cache
def matrices() -> dict[str, Matrix]:
    """The three matrices by id, made of their entries in the catalogue."""
    entries = {id: catalogue.entry(id) for id in ACROSS}
    corners = {id: {b["corner"]: b["id"] for b in e["quadrants"]} for id, e in entries.items()}
    fixed: dict[str, Any] = {"balanced": False, "weighed": ()}
    return {id: Matrix(id=id, **e["axes"], **corners[id], **fixed) for id, e in entries.items()}


@functools.cache
def boxes(id: str) -> dict[str, tuple[str, str]]:
    """What each box of a matrix is called, and how to behave in it."""
    return {b["id"]: (b["label"], b["help"]) for b in catalogue.entry(id)["quadrants"]}


@model
def positioning(book: Book) -> pd.DataFrame:
    """Where customers place us: a row for each matrix, of each customer of whom anything is said.

    y: supplier power, the weighted mean of its factors. x: as entered, else as proposed (x_from:
    entered, proposed, ""), with the reason in why. y_low ... x_high: what either can still be, 1
    to 10 for what nobody knows. Both lines stand at 5.5, for the source gives none. status: placed,
    undetermined, unscored; possible: the boxes that can still come out, joined by "|"; was_y and
    was_x: in the last round; advice: how to behave in the box.
    """
    who, last, found = pia.listed(book), _last_round(book), [pd.DataFrame(columns=COLUMNS)]
    said = pd.concat([book["answers"], book["round_answers"]])
    begun = said.loc[said["sheet"].isin(SHEETS) & (said["value"] != ""), "subject"]
    for customer, name in who.loc[who["customer"].isin(begun), ["customer", "name"]].to_numpy():
        points, then = _points(book, customer), _points(last, customer, proposing=False)
        was = {"was_y": then["y"], "was_x": then["x"]}
        found.append(points.assign(customer=customer, name=name, **was)[COLUMNS])
    return pd.concat(found[1:] or found, ignore_index=True)


def _last_round(book: Book) -> Book:
    kept = book["round_answers"]
    kept = kept[kept["sheet"].isin(SHEETS)]
    kept = kept[kept["round"] == kept["round"].max()] if len(kept) else kept
    return Book({"answers": kept.reindex(columns=[*book["answers"].columns], fill_value="")})


def _points(book: Book, customer: str, proposing: bool = True) -> pd.DataFrame:
    """Where one customer places us on the three matrices, by what this book says."""
    lines = sheets.filled(book, POWER, customer).set_index("item").drop(ACROSS[POWER])
    score, weight = (pd.to_numeric(lines[c], errors="coerce") for c in ("score", "weight"))
    up = scoring.weighted(score.to_frame().T, weight.fillna(1.0)).iloc[0]
    rows = []
    for id, shape in matrices().items():
        said = _number(sheets.said(book, id, "score", customer).get(ACROSS[id], ""))
        across = (said, said, said, "entered", "")
        if said != said:
            across = proposal(book, id, customer) if proposing else UNKNOWN
        row: dict[str, Any] = dict(
            zip(("x", "x_low", "x_high", "x_from", "why"), across, strict=True)
        )
        row |= {"y": up["score"], "y_low": up["low"], "y_high": up["high"]}
        ends = {end: [row[end] - MIDPOINT] for end in ENDS}
        lines_at = {"y": [row["y"]], "x": [row["x"]], "y_line": MIDPOINT, "x_line": MIDPOINT}
        stands = matrix.stand(shape, pd.DataFrame(lines_at | ends), book.settings.near_line)
        label, advice = boxes(id).get(stands["box"].iloc[0], ("", ""))
        about = {"matrix": id, "label": label, "advice": advice, "y_coverage": up["coverage"]}
        rows.append(stands.iloc[0].to_dict() | row | about)
    return pd.DataFrame(rows)


UNKNOWN = (math.nan, LOWEST, HIGHEST, "", "")


def proposal(book: Book, id: str, customer: str) -> tuple[float, float, float, str, str]:
    """What the workbook proposes for a horizontal axis: score, its ends, proposed, and why.

    Buyer power from the share of our sales: 1 for none, 10 from the share at which the settings
    call us dependent (a rule of our own). Value and trust from what the customer thinks of us.
    """
    if id == POWER:
        shares = profitability.concentration(book.choosing(customer="", segment=""))
        share = shares.loc[shares["customer"] == customer, "share_pct"]
        if share.empty:
            return UNKNOWN
        limit = book.settings.dependency_pct
        score = LOWEST + (HIGHEST - LOWEST) * min(share.iloc[0] / limit, 1.0)
        why = f"{one(share.iloc[0])} % of our sales, where {limit:g} % or more would count 10"
        return score, score, score, "proposed", why
    rated = sheets.filled(book, RATED, customer).set_index("item").loc[[*PARTS[id]]]
    cells = pd.to_numeric(rated["score"], errors="coerce")
    if cells.isna().all():
        return UNKNOWN
    made = scoring.weighted(cells.to_frame().T, pd.Series(1.0, cells.index)).iloc[0]
    why = f"its rating of our {listed(rated.loc[cells.notna(), 'label'].str.lower())}"
    return made["score"], made["low"], made["high"], "proposed", why


def _number(text: str) -> float:
    return float(pd.to_numeric(text, errors="coerce"))


def words(row: dict[str, Any]) -> str:
    """Where a customer places us on one matrix, in a sentence."""
    shape, named = matrices()[row["matrix"]], boxes(row["matrix"])
    could = [named[b][0].lower() for b in row["possible"].split("|") if b != row["box"]]
    also = f"still possible: {listed(could, last='or')}" if could else ""
    if not row["box"]:
        return f"not known yet; {also}"
    said = f"{row['label']}: {shape.y_label} {one(row['y'])}, {shape.x_label} {one(row['x'])}"
    said += f" (proposed from {row['why']})" if row["x_from"] == "proposed" else ""
    close = matrix.closeness_words(row["on_line"], row["near_line"])
    return "; ".join(filter(None, [said, also, *close]))
