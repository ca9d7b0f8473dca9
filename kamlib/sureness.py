"""How sure we are, as HTML: firm, likely or open, what it would take, how steady the weights are, what scenarios change."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib import certainty, disagreement, kaism, portfolio, scenarios
from kamlib.certainty import draws
from kamlib.panels import VERDICTS, fill, shares, trusted
from kamlib.scenarios.differences import listed as series
from kamlib.scoring import one
from kamlib.settings import Settings
from kamlib.tables import Tables

KNOWN = {
    "around": "around our own",
    "ranked": "in the order we agreed",
    "any": "any at all",
}
SURE = {10: "not very", 30: "fairly", 100: "very"}
WAYS, MOST = 6, 60


def headline(tables: Tables, settings: Settings) -> str:
    """The result in a sentence: how many boxes are firm, and whose are not."""
    seen = certainty.certainty(tables, settings)
    seen = seen[seen["verdict"] != ""]
    if seen.empty:
        return "There is nobody to be sure of yet."
    firm, rest = seen[seen["verdict"] == "firm"], seen[seen["verdict"] != "firm"]
    if rest.empty:
        return f"All {len(seen)} boxes are firm, whatever the weights are argued to be."
    names = series([*rest["name"][:4], *([f"{len(rest) - 4} more"] if len(rest) > 4 else [])])
    return f"{len(firm)} of {len(seen)} boxes are firm; {names} {'is' if len(rest) == 1 else 'are'} not."


def rows(tables: Tables, settings: Settings) -> list[dict[str, Any]]:
    """Every customer with its verdict, sentence and bar of boxes, and what was decided; the least sure first."""
    seen = certainty.certainty(tables, settings)
    made = portfolio.drawn(tables, settings)
    seen = seen.assign(category=made["category"].to_numpy(), stands=made["stands"].to_numpy())
    order = seen["verdict"].map({"open": 0, "likely": 1, "firm": 2, "": 3})
    chance = [r[f"p_{r['box']}"] if r["box"] else 0.0 for r in seen.to_dict("records")]
    seen = seen.assign(order=order, chance=chance).sort_values(["order", "chance"], kind="stable")
    return [
        row | {"shares": shares(row), "said": VERDICTS[row["verdict"]]} for row in seen.to_dict("records")
    ]


def everybody(tables: Tables, settings: Settings, chosen: str = "") -> str:
    """The list of all customers of the segment: firm, likely or open, one sentence each."""
    found = rows(tables, settings)
    return fill("sure_list", title=headline(tables, settings), rows=found[:MOST], more=len(found) - MOST, chosen=chosen,
                footnote=footnote(tables, settings), close=close(tables, settings))  # fmt: skip


def close(tables: Tables, settings: Settings) -> list[str]:
    """Who is too close to call because the votes differ, or because every score may be a little off; in words."""
    return [words for words in disagreement.borderline(tables, settings)["words"] if words]


def footnote(tables: Tables, settings: Settings) -> str:
    """Over which weights the chances are taken, and how exact they are."""
    seen = certainty.certainty(tables, settings)
    words = {
        "around": f"weights scattered around our own (how sure: {SURE.get(settings.sure, '')} {settings.sure})".replace(":  ", ": "),
        "ranked": "all weights that keep the order of ours",
        "any": "all weights there could be",
    }[settings.weights_known]  # fmt: skip
    drawn = int((~seen["exact"].astype(bool) & (seen["verdict"] != "")).sum())
    said = f"Chances are taken over {words}. "
    if not drawn:
        return said + "All of them are exact."
    return (f"{said}{len(seen) - drawn} of {len(seen)} are exact; where scores are unknown or several competitors could be "
            f"the best they are shares of {draws.COUNT:,} fixed weights, right to {100 * draws.ERROR:.1f} points in 95 of 100 cases.")  # fmt: skip


def focus(tables: Tables, settings: Settings, customer: str) -> str:
    """The customer in focus, or the one we are least sure of; "" where there is none."""
    found = rows(tables, settings)
    ids = [row["customer"] for row in found]
    return customer if customer in ids else next(iter(ids), "")


def card(tables: Tables, settings: Settings, customer: str) -> str:
    """One customer: verdict, sentence, bar of boxes, the nearest ways to another box, and who would see it otherwise."""
    found = {row["customer"]: row for row in rows(tables, settings)}
    choices = [(row["customer"], row["name"]) for row in found.values()]
    customer = focus(tables, settings, customer)
    if not customer:
        return fill("sure_card", row=None, choices=choices, chosen="")
    return fill("sure_card", row=found[customer], choices=sorted(choices, key=lambda c: c[1]), chosen=customer,
                ways=ways(tables, settings, customer), agree=agree(tables, settings, customer))  # fmt: skip


def ways(tables: Tables, settings: Settings, customer: str) -> list[str]:
    """The nearest changes of one weight or one score that give the customer another box, in words."""
    weight, score = certainty.weight_flips(tables, settings), certainty.score_flips(tables, settings)
    said = []
    for row in weight[weight["customer"] == customer].head(WAYS).to_dict("records"):
        said.append(f"{_whose(row)} {certainty.counts(row['share'], row['to_share'])}")
    for row in score[score["customer"] == customer].head(WAYS).to_dict("records"):
        mine = "our score on " if row["axis"] == "strength" else "the score on "
        said.append(f"{mine}{row['label']} is {row['to_score']:g} instead of {row['score']:g}")
    return said


def _whose(row: dict[str, Any]) -> str:
    return f"{row['label']}, to this customer," if row["axis"] == "strength" else row["label"]


def agree(tables: Tables, settings: Settings, customer: str) -> str:
    """Who would put the customer on the other side of the line of attractiveness: how they weigh the factors."""
    found = certainty.opinions(tables, settings)
    own = found[found["customer"] == customer]
    seen = certainty.certainty(tables, settings).set_index("customer")
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


def tornado_title(tables: Tables, settings: Settings, customer: str) -> str:
    """Does anything small change this box? In a sentence."""
    found = certainty.swings(tables, settings, customer)
    name = _name(tables, customer)
    crossing = found[found["crosses"].astype(bool)]
    if found.empty:
        return (
            f"{name} stands nowhere yet, so nothing moves it." if name else "There is nobody to look at yet."
        )
    if crossing.empty:
        return f"No weight halved or doubled, and no score one point off, changes the box of {name}."
    first = [f"{label}" for label in dict.fromkeys(crossing["label"])][:3]
    return f"{name} would change box with {series(first)} a little different."


def _name(tables: Tables, customer: str) -> str:
    table = tables["customers"]
    return "".join(table.loc[table["customer"] == customer, "name"].head(1)) or customer


def steady_title(tables: Tables, settings: Settings) -> str:
    """Which weight decides most, in a sentence."""
    found = certainty.stability(tables, settings)
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


def crossings(tables: Tables, settings: Settings) -> pd.DataFrame:
    """`certainty.crossings` with the category of each customer, for a picture."""
    found, made = certainty.crossings(tables, settings), portfolio.drawn(tables, settings)
    category = dict(zip(made["customer"], made["category"], strict=True))
    return found.assign(box=[category[c] for c in found["customer"]])


def steady(tables: Tables, settings: Settings) -> str:
    """The stability of each weight in words."""
    return fill("sure_steady", rows=certainty.stability(tables, settings).to_dict("records"))


def verdicts(tables: Tables, settings: Settings) -> str:
    """The verdicts as a table for a report; "" where there is nobody to place."""
    found = rows(tables, settings)
    return fill("certainty_table", rows=found, footnote=footnote(tables, settings)) if found else ""


# scenarios


def listed(tables: Tables, settings: Settings, chosen: str, locked: bool, supposing: bool) -> str:
    """All scenarios and rounds as buttons, with whom each moves; and how to keep one."""
    found = scenarios.overview(tables, settings).to_dict("records")
    return fill("scenario_list", rows=found, chosen=chosen, locked=locked, supposing=supposing)


def moves(tables: Tables, settings: Settings, scenario: str) -> str:
    """Who moves between today and a scenario, or since a round, and why."""
    other = scenarios.applied(tables, settings, scenario)
    row = scenarios.overview(tables, settings).set_index("scenario").loc[scenario]
    past = row["kind"] == "round"
    pair = (other, (tables, settings)) if past else ((tables, settings), other)
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


def table(tables: Tables, settings: Settings) -> str:
    """Every customer in every scenario, side by side."""
    found = scenarios.compare(tables, settings)
    names = found[["scenario", "name"]].drop_duplicates().to_dict("records")
    by = found.set_index(["scenario", "customer"])[["box", "status", "moved"]].to_dict("index")
    listed_ = found[found["scenario"] == ""][["customer", "customer_name"]].to_dict("records")
    made = portfolio.drawn(tables, settings)
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


def pictured(tables: Tables, settings: Settings, scenario: str) -> pd.DataFrame:
    """The matrix of a scenario with an arrow from where each customer stands today (or stood in the round)."""
    here, other = (tables, settings), scenarios.applied(tables, settings, scenario)
    past = (
        scenario
        and scenarios.overview(tables, settings).set_index("scenario").at[scenario, "kind"] == "round"
    )
    start, end = (other, here) if past else (here, other)
    points, before = (
        portfolio.drawn(*end),
        kaism.drawn(*start).drop_duplicates("customer").set_index("customer"),
    )
    at = points["customer"]
    above = at.map(before["y"]) - at.map(before["y_line"])
    return points.assign(was_x=at.map(before["x"]), was_y=above + points["y_line"])


def report(tables: Tables, settings: Settings) -> str:
    """Everything about certainty for a reader: verdicts, steadiness, what to find out first, scenarios."""
    from kamlib import charts

    if certainty.certainty(tables, settings).empty:
        return fill(
            "sure_report",
            title=headline(tables, settings),
            rows=False,
        )
    points = certainty.drawn(tables, settings)
    pictures = {
        "matrix": charts.svg(charts.matrix(points, kaism.MATRIX, settings.near_line), "sure"),
        "strips": charts.svg(
            charts.strips(certainty.stability(tables, settings), crossings(tables, settings)), "strips"
        ),
    }
    return fill(
        "sure_report", title=headline(tables, settings), rows=True, close=close(tables, settings), verdicts=trusted(verdicts(tables, settings)),
        steady=trusted(steady(tables, settings)), steady_title=steady_title(tables, settings),
        first=certainty.find_first(tables, settings).to_dict("records"),
        table=trusted(table(tables, settings)), overview=scenarios.overview(tables, settings).to_dict("records")[1:],
        **{name: trusted(svg) for name, svg in pictures.items()},
    )  # fmt: skip
