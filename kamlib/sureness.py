"""How sure we are, as HTML: firm, likely or open, what it would take, how steady the weights are, what scenarios change."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.models import ballots, certainty, kaism, scenarios, verdict
from kamlib.models.certainty import weights
from kamlib.models.scoring import one
from kamlib.pages.card import row_of, shares
from kamlib.panels import fill, trusted
from kamlib.wording import listed as series
from kamlib.workbook.book import Book
from kamlib.workbook.settings import Settings

KNOWN = {
    "around": "around our own",
    "ranked": "in the order we agreed",
    "any": "any at all",
}
SURE = {10: "not very", 30: "fairly", 100: "very"}
WAYS, MOST = 6, 60


def headline(book: Book) -> str:
    """The result in a sentence: how many boxes are firm, and whose are not."""
    seen = _standing(book)
    seen = seen[seen["sure"] != ""]
    if seen.empty:
        return "There is nobody to be sure of yet."
    firm, rest = seen[seen["sure"] == "firm"], seen[seen["sure"] != "firm"]
    if rest.empty:
        return f"All {len(seen)} boxes are firm: no weighting, no unknown score and no vote is likely to change them."
    names = series([*rest["name"][:4], *([f"{len(rest) - 4} more"] if len(rest) > 4 else [])])
    return f"{len(firm)} of {len(seen)} boxes are firm; {names} {'is' if len(rest) == 1 else 'are'} not."


def rows(book: Book) -> list[dict[str, Any]]:
    """Every customer with its verdict, sentence and bar of boxes, and what was decided; the least sure first."""
    seen = _standing(book)
    order = seen["sure"].map({"open": 0, "likely": 1, "firm": 2, "": 3})
    seen = seen.assign(order=order).sort_values(["order", "share"], kind="stable", na_position="first")
    return [row | {"shares": shares(row)} for row in map(row_of, seen.to_dict("records"))]


def _standing(book: Book) -> pd.DataFrame:
    """The verdicts on the customers of the segment(s)."""
    seen = verdict.verdicts(book)
    return seen[seen["segment"].isin(kaism.segments(book))]


def everybody(book: Book, chosen: str = "") -> str:
    """The list of all customers of the segment: firm, likely or open, one sentence each."""
    found = rows(book)
    return fill("sure_list", title=headline(book), rows=found[:MOST], more=len(found) - MOST, chosen=chosen,
                footnote=footnote(book), close=close(book))  # fmt: skip


def close(book: Book) -> list[str]:
    """Who is too close to call because the votes differ, or because every score may be a little off; in words."""
    return [words for words in ballots.borderline(book)["words"] if words]


def footnote(book: Book) -> str:
    """Over which weights the chances are taken, and how exact they are."""
    seen = certainty.over_weights(book)
    words = {
        "around": f"weights scattered around our own (how sure: {SURE.get(book.settings.sure, '')} {book.settings.sure})".replace(":  ", ": "),
        "ranked": "all weights that keep the order of ours",
        "any": "all weights there could be",
    }[book.settings.weights_known]  # fmt: skip
    drawn = int((~seen["exact"].astype(bool) & seen["chance"].notna()).sum())
    said = (f"Firm: stays where it is in at least {100 * verdict.FIRM:.0f} of 100 plausible weightings, and no unknown score and no vote "
            f"could move it. Likely: stays in at least {100 * verdict.LIKELY:.0f} of 100 cases of each. Weightings: {words}. ")  # fmt: skip
    if not drawn:
        return said + "All of them are exact."
    return (f"{said}{len(seen) - drawn} of {len(seen)} are exact; where scores are unknown or several competitors could be "
            f"the best they are shares of {weights.COUNT:,} fixed weights, right to {100 * weights.ERROR:.1f} points in 95 of 100 cases.")  # fmt: skip


def focus(book: Book, customer: str) -> str:
    """The customer in focus, or the one we are least sure of; "" where there is none."""
    found = rows(book)
    ids = [row["customer"] for row in found]
    return customer if customer in ids else next(iter(ids), "")


def card(book: Book, customer: str) -> str:
    """One customer: verdict, sentence, bar of boxes, the nearest ways to another box, and who would see it otherwise."""
    found = {row["customer"]: row for row in rows(book)}
    choices = [(row["customer"], row["name"]) for row in found.values()]
    customer = focus(book, customer)
    if not customer:
        return fill("sure_card", row=None, choices=choices, chosen="")
    return fill("sure_card", row=found[customer], choices=sorted(choices, key=lambda c: c[1]), chosen=customer,
                ways=ways(book, customer), agree=agree(book, customer))  # fmt: skip


def ways(book: Book, customer: str) -> list[str]:
    """The nearest changes of one weight or one score that give the customer another box, in words."""
    weight, score = certainty.weight_flips(book), certainty.score_flips(book)
    said = []
    for row in weight[weight["customer"] == customer].head(WAYS).to_dict("records"):
        said.append(f"{_whose(row)} {certainty.counts(row['share'], row['to_share'])}")
    for row in score[score["customer"] == customer].head(WAYS).to_dict("records"):
        mine = "our score on " if row["axis"] == "strength" else "the score on "
        said.append(f"{mine}{row['label']} is {row['to_score']:g} instead of {row['score']:g}")
    return said


def _whose(row: dict[str, Any]) -> str:
    return f"{row['label']}, to this customer," if row["axis"] == "strength" else row["label"]


def agree(book: Book, customer: str) -> str:
    """Who would put the customer on the other side of the line of attractiveness: how they weigh the factors."""
    found = certainty.opinions(book)
    own = found[found["customer"] == customer]
    seen = certainty.over_weights(book).set_index("customer")
    if own.empty or customer not in seen.index:
        return ""
    up = seen.at[customer, "p_key"] + seen.at[customer, "p_key_development"]
    above = seen.at[customer, "box"] in ("key", "key_development")
    side, word = (
        ("below", "less attractive than the average")
        if above
        else ("above", "more attractive than the average")
    )
    share = 100 * (1 - up if above else up)
    if own[side].isna().all() or share < 0.05:
        return f"Nobody with weights like these would call it {word}."
    apart = own.assign(apart=own[side] - own["share"])
    most = apart.reindex(apart["apart"].abs().sort_values(ascending=False).index).head(2)
    said = [f"{r['label']} {r[side]:.0f} % (we: {r['share']:.0f} %)" for r in most.to_dict("records")]
    many = "" if share != share else f" ({share:.0f} % of the weights)"
    return f"Those who would call it {word}{many} weigh {series(said)}."


def spread_choice(settings: Settings, locked: bool) -> str:
    """How sure the team is of its weights: which weights there could be."""
    return fill("sure_spread", settings=settings, known=KNOWN, sure=SURE, locked=locked)


def tornado_title(book: Book, customer: str) -> str:
    """Does anything small change this box? In a sentence."""
    found = certainty.swings(book, customer)
    name = _name(book, customer)
    crossing = found[found["crosses"].astype(bool)]
    if found.empty:
        return (
            f"{name} stands nowhere yet, so nothing moves it." if name else "There is nobody to look at yet."
        )
    if crossing.empty:
        return f"No weight halved or doubled, and no score one point off, changes the box of {name}."
    first = [f"{label}" for label in dict.fromkeys(crossing["label"])][:3]
    return f"{name} would change box with {series(first)} a little different."


def _name(book: Book, customer: str) -> str:
    table = book["customers"]
    return "".join(table.loc[table["customer"] == customer, "name"].head(1)) or customer


def steady_title(book: Book) -> str:
    """Which weight decides most, in a sentence."""
    found = certainty.stability(book)
    if found.empty:
        return "There are no weights yet."
    free = found[(found["first_below"] == "") & (found["first_above"] == "")]
    if len(free) == len(found):
        return "No single weight decides anything: each could count from 0 to 100 %."
    room = found.assign(room=found[["share"]].join(found[["low", "high"]]).pipe(_room))
    tight = room.sort_values("room", kind="stable").iloc[0]
    return (f"The weight to argue about is {tight['label']}: between {tight['low']:.0f} and {tight['high']:.0f} % "
            "nobody changes box.")  # fmt: skip


def _room(found: pd.DataFrame) -> pd.Series:
    """How far a weight can move towards the nearer change."""
    low, high = found["share"] - found["low"], found["high"] - found["share"]
    return (
        pd.concat([low.where(found["low"] > 0), high.where(found["high"] < 100)], axis=1)
        .min(axis=1)
        .fillna(100.0)
    )


def crossings(book: Book) -> pd.DataFrame:
    """`certainty.crossings` with the category of each customer, for a picture."""
    found, made = certainty.crossings(book), verdict.verdicts(book)
    category = dict(zip(made["customer"], made["category"], strict=True))
    return found.assign(box=[category[c] for c in found["customer"]])


def steady(book: Book) -> str:
    """The stability of each weight in words."""
    return fill("sure_steady", rows=certainty.stability(book).to_dict("records"))


def verdicts(book: Book) -> str:
    """The verdicts as a table for a report; "" where there is nobody to place."""
    found = rows(book)
    return fill("certainty_table", rows=found, footnote=footnote(book)) if found else ""


# scenarios


def listed(book: Book, chosen: str, locked: bool, supposing: bool) -> str:
    """All scenarios and rounds as buttons, with whom each moves; and how to keep one."""
    found = scenarios.overview(book).to_dict("records")
    return fill("scenario_list", rows=found, chosen=chosen, locked=locked, supposing=supposing)


def moves(book: Book, scenario: str) -> str:
    """Who moves between today and a scenario, or since a round, and why."""
    other = scenarios.applied(book, scenario)
    row = scenarios.overview(book).set_index("scenario").loc[scenario]
    past = row["kind"] == "round"
    pair = (other, book) if past else (book, other)
    found = scenarios.moves(*pair) if scenario else pd.DataFrame()
    rows = found[found["moved"].astype(bool)].to_dict("records") if len(found) else []
    calm = found[~found["moved"].astype(bool)] if len(found) else found
    near = (
        calm.reindex(calm[["dy", "dx"]].abs().max(axis=1).sort_values(ascending=False).index).head(3)
        if len(calm)
        else calm
    )
    return fill("scenario_moves", name=row["name"], words=row["words"], rows=rows, past=past, scenario=scenario,
                stayed=len(calm), near=[f"{r['name']}: {one(r['dy'])} up, {one(r['dx'])} to the right" for r in near.to_dict("records")
                                        if max(abs(r["dy"]), abs(r["dx"])) >= 0.05])  # fmt: skip


def table(book: Book) -> str:
    """Every customer in every scenario, side by side."""
    found = scenarios.compare(book)
    names = found[["scenario", "name"]].drop_duplicates().to_dict("records")
    by = found.set_index(["scenario", "customer"])[["box", "status", "moved"]].to_dict("index")
    listed_ = found[found["scenario"] == ""][["customer", "customer_name"]].to_dict("records")
    made = verdict.verdicts(book)
    stands = dict(zip(made["customer"], made["stands"], strict=True))
    rows = [
        {
            "name": r["customer_name"],
            "stands": stands[r["customer"]],
            "cells": [by[n["scenario"], r["customer"]] for n in names],
        }
        for r in listed_
    ]
    return fill("scenario_table", scenarios=names, rows=rows)


def pictured(book: Book, scenario: str) -> pd.DataFrame:
    """The matrix of a scenario with an arrow from where each customer stands today (or stood in the round)."""
    here, other = book, scenarios.applied(book, scenario)
    past = scenario and scenarios.overview(book).set_index("scenario").at[scenario, "kind"] == "round"
    start, end = (other, here) if past else (here, other)
    points, before = (
        verdict.drawn(end),
        kaism.drawn(start).drop_duplicates("customer").set_index("customer"),
    )
    at = points["customer"]
    above = at.map(before["y"]) - at.map(before["y_line"])
    return points.assign(was_x=at.map(before["x"]), was_y=above + points["y_line"])


def report(book: Book) -> str:
    """Everything about certainty for a reader: verdicts, steadiness, what to find out first, scenarios."""
    from kamlib import charts

    if _standing(book).empty:
        return fill(
            "sure_report",
            title=headline(book),
            rows=False,
        )
    points = verdict.spread(book)
    pictures = {
        "matrix": charts.svg(charts.matrix(points, kaism.MATRIX, book.settings.near_line), "sure"),
        "strips": charts.svg(charts.strips(certainty.stability(book), crossings(book)), "strips"),
    }
    return fill(
        "sure_report", title=headline(book), rows=True, close=close(book), verdicts=trusted(verdicts(book)),
        steady=trusted(steady(book)), steady_title=steady_title(book),
        first=verdict.homework(book).to_dict("records"),
        table=trusted(table(book)), overview=scenarios.overview(book).to_dict("records")[1:],
        **{name: trusted(svg) for name, svg in pictures.items()},
    )  # fmt: skip
