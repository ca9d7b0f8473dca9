"""What is said of step 10 and of positive impact analysis in a report, as escaped HTML."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib import panels
from kamlib.models import distinction, findings, pia, plans, portfolio
from kamlib.panels import fill
from kamlib.wording import counted, listed
from kamlib.workbook.book import Book
from kamlib.workbook.schema import BOXES

# how many rows of a list an account report shows, so that it stays a few sheets of paper
MOST = {"chain": 12, "ideas": 14, "projects": 6, "steps": 10, "unknown": 6, "findings": 6}
LONG = 40  # rows of a list in the report of the whole workbook
NAMED = 3
APPROACH_WORDS = {"hunter": "hunter", "farmer": "farmer", "milk_round": "milk round"}


def listed_all(names: list[str]) -> str:
    """Everybody by name, as far as a line of a page goes."""
    shown = names if len(names) <= 12 else [*names[:11], f"{len(names) - 11} more"]
    return ", ".join(n if len(n) <= 60 else n[:59] + "…" for n in shown)


# -- the whole workbook -----------------------------------------------------------------------------


def different(book: Book) -> str:
    """The table of step 10: bases and categories, from the least to the most, and where a service creeps."""
    seen = distinction.distinction(book)
    cells = {(r["basis"], r["category"]): r for r in seen.to_dict("records")}
    rows = [{"name": name, "cells": [cells[basis, box] for box in BOXES]}
            for basis, name in dict(zip(seen["basis"], seen["name"], strict=True)).items()
            if any(cells[basis, box]["min"] or cells[basis, box]["max"] for box in BOXES)]  # fmt: skip
    shown, creeping = rows[:LONG], seen.loc[seen["creep"] != "", "creep"].tolist()
    return fill("impact_different", rows=shown, left_out=len(rows) - len(shown), creeping=creeping)


def approaches(book: Book) -> str:
    """How each category is sold to, and what must not happen to it; "" while nobody has said."""
    seen = distinction.approaches(book)
    if not (seen[["approach", "avoid"]] != "").to_numpy().any():
        return ""
    return fill("impact_approaches", rows=seen.to_dict("records"), words=APPROACH_WORDS)


def energy(book: Book) -> str:
    """The days of today beside those of the new rules, and what frees them; "" while nothing is known."""
    seen = distinction.energy(book)
    if not seen[["days_today", "days_after"]].fillna(0).to_numpy().any():
        return ""
    seen = seen.assign(freed=seen["freed"] + 0.0, needed=seen["needed"] + 0.0)  # no "-0"
    rows = distinction.reconcile(book)
    return fill("impact_energy", rows=seen.to_dict("records"), frees=[w for w in rows["words"] if w])


def services(book: Book) -> str:
    """Services with what is suggested and what is decided; "" where none is listed."""
    seen = distinction.services(book)
    if seen.empty:
        return ""
    return fill("impact_services", title=distinction.services_words(book), rows=seen.head(LONG).to_dict("records"),
                left_out=max(len(seen) - LONG, 0), currency=book.settings.currency)  # fmt: skip


def movers(book: Book) -> str:
    """Accounts that are to be moved with care; "" where there is none."""
    seen = distinction.movers(book)
    return (
        fill("impact_movers", rows=seen.head(LONG).to_dict("records"), left_out=max(len(seen) - LONG, 0))
        if len(seen)
        else ""
    )


def plans_of_all(book: Book) -> str:
    """Whose analysis has begun, and how far it is; "" where none has."""
    begun = set(pia.begun(book))
    names = pia.listed(book)
    names = names[names["customer"].isin(begun)]
    ideas, projects = pia.screening(book), plans.projects(book)
    projects = projects[projects["status"] != "stopped"]
    rows = [{"name": n, "ideas": int((ideas["customer"] == c).sum()), "first": int(((ideas["customer"] == c) & (ideas["class"] == "A")).sum()),
             "projects": int((projects["customer"] == c).sum()), "ends": max(projects.loc[projects["customer"] == c, "ends"], default="")}
            for c, n in zip(names["customer"], names["name"], strict=True)]  # fmt: skip
    return fill("impact_begun", rows=rows[:LONG], left_out=max(len(rows) - LONG, 0)) if rows else ""


def load(book: Book) -> str:
    """What all projects and all accounts take, against what there is; "" where there is nothing."""
    rows = plans.load(book)
    rows = rows[(rows["needed"] > 0) | (rows["unknown"] > 0)]
    return fill("impact_load", rows=rows.to_dict("records")) if len(rows) else ""


def to_settle(found: pd.DataFrame, most: int = LONG) -> str:
    """Findings, the most serious first; "" where there is none."""
    left_out = max(len(found) - most, 0)
    return (
        fill("impact_findings", rows=found.head(most).to_dict("records"), left_out=left_out)
        if len(found)
        else ""
    )


# -- one customer -----------------------------------------------------------------------------------


def summary(book: Book) -> str:
    """One customer in one paragraph: what it is to us, what to do first, what is done, what comes next."""
    row = place(book)
    ideas, projects = pia.order(book), plans.projects(book)
    steps = plans.steps(book)
    live = projects[projects["status"].isin(plans.LIVE)]
    said = [_standing(row), *_of_ideas(ideas), *_of_projects(live)]
    open_ = steps[(steps["done"] != "yes") & (steps["due"] != "") & steps["project"].isin(live["project"])]
    if len(open_):
        first = open_.iloc[0]
        by = f" ({first['person_name'] or first['person']})" if first["person"] else ""
        said.append(f"Next: {listed([first['name']], NAMED)}, by {first['due']}{by}.")
    return " ".join(said)


def place(book: Book) -> dict[str, Any]:
    """The row of `portfolio.classes` of the customer the settings name."""
    seen = portfolio.classes(book.choosing(customer="", segment=""))
    own = seen[seen["customer"] == book.settings.customer]
    if len(own):
        return {str(k): v for k, v in own.iloc[0].to_dict().items()}
    name = pia.listed(book)["name"].iloc[0]  # without a segment it stands in no matrix
    return {"name": name, "category": "", "decision": "", "box": "", "status": "unscored", "possible": "", "reason": "",
            "reason_given": "", "stands": "Not placed yet", "on_line": False, "near_line": False, "person": "", "on": "", "review_on": ""}  # fmt: skip


def _standing(row: dict[str, Any]) -> str:
    name = listed([row["name"]], NAMED)
    if not row["category"]:
        return f"{name} stands in no category yet."
    how = "suggested, not decided"
    if row["decision"]:
        how = f"decided; suggested: {panels.box_word(row['box']).lower()}" if row["differs"] else "decided"
    word = row["category"].replace("_", " ")
    return f"{name} is {'an' if word[0] in 'aeio' else 'a'} {word} account ({how})."


def _of_ideas(ideas: pd.DataFrame) -> list[str]:
    if ideas.empty:
        return ["No idea has been written down for it yet."]
    count = [f"{n} of class {letter}" for letter in "ABC" if (n := int((ideas["class"] == letter).sum()))]
    open_ = int((ideas["class"] == "?").sum())
    parts = [
        f"{counted(len(ideas), 'idea')}: {', '.join([*count, *([f'{open_} still open'] if open_ else [])])}."
    ]
    unmet = ideas[(ideas["role"] == "given") & (ideas["secured"] != "yes")]
    if len(unmet):
        parts.append(f"First of all what it expects and does not get yet: {listed(unmet['name'], NAMED)}.")
    return parts


def _of_projects(live: pd.DataFrame) -> list[str]:
    if live.empty:
        return ["No project is under way."]
    end = max(live["ends"])
    until = f", the last until {end}" if end else ""
    free = live.loc[live["owner"] == "", "name"].tolist()
    verb = "has" if len(free) == 1 else "have"
    return [
        f"{counted(len(live), 'project')} planned or running{until}.",
        *([f"{listed(free, NAMED)} {verb} no owner."] if free else []),
    ]


def stands(book: Book) -> str:
    """Where the customer stands in the matrix, in words: category, reason, decision; "" where it stands in none."""
    row = place(book)
    if row["status"] == "unscored" and not row["decision"]:
        return ""
    return fill(
        "impact_stands",
        row=row,
        said=panels.said_of(book.choosing(customer="", segment=""), book.settings.customer),
        people=_names(book),
    )


def _names(book: Book) -> dict[str, str]:
    people = book["people"].drop_duplicates("person")
    return {p: n or p for p, n in zip(people["person"], people["name"], strict=True)}


def ideas(book: Book) -> str:
    """The ideas in the order in which to act; "" where there is none."""
    ranked = pia.order(book)
    if ranked.empty:
        return ""
    seen = ranked.merge(pia.place(book)[["idea", "box", "status"]], on="idea", how="left")
    seen = seen.merge(pia.value(book)[["idea", "words"]], on="idea", how="left")
    shown = seen.head(MOST["ideas"]).to_dict("records")
    return fill("impact_ideas", rows=shown, left_out=len(seen) - len(shown))


def projects(book: Book) -> str:
    """The projects and the next steps of their work plans; "" where there is none."""
    rows, steps = plans.projects(book), plans.steps(book)
    if rows.empty:
        return ""
    live = rows.loc[rows["status"].isin(plans.LIVE), "project"]
    open_ = steps[(steps["done"] != "yes") & steps["project"].isin(live)]
    names = dict(zip(rows["project"], rows["name"], strict=True))
    open_ = open_.assign(project=open_["project"].map(names))
    shown, next_ = rows.head(MOST["projects"]), open_.head(MOST["steps"])
    return fill("impact_projects", rows=shown.to_dict("records"), left_out=len(rows) - len(shown), steps=next_.to_dict("records"),
                more_steps=len(open_) - len(next_), currency=book.settings.currency)  # fmt: skip


def unknown(book: Book) -> str:
    """What is still to find out of its ideas: answers that can change a class, scores nobody knows; "" if nothing."""
    answers, scores = pia.find_out(book), pia.unscored(book)
    model = {"pia_us": "worth to us", "pia_customer": "worth to the customer"}
    rows = [{"name": r.name_, "labels": r.labels} for r in _by_idea(answers, answers["label"])]
    rows += [
        {"name": r.name_, "labels": r.labels}
        for r in _by_idea(scores, scores["label"] + " (" + scores["model"].map(model) + ")")
    ]
    shown = rows[: MOST["unknown"]]
    return fill("impact_unknown", rows=shown, left_out=len(rows) - len(shown)) if rows else ""


def _by_idea(rows: pd.DataFrame, labels: pd.Series) -> list[Any]:
    if rows.empty:
        return []
    made = (
        rows.assign(labels=labels)
        .groupby("idea", sort=False)
        .agg(name_=("name", "first"), labels=("labels", lambda names: listed(names, NAMED)))
    )
    return list(made.itertuples(index=False))


def own_findings(book: Book) -> str:
    """The findings of this customer; "" where there is none."""
    found = findings.differently(book)
    return to_settle(found[found["customer"] == book.settings.customer], MOST["findings"])


def contributors(book: Book) -> list[str]:
    """Everybody named with this customer: who decided, had an idea, rated one, owns a project or does a step."""
    own, all_ideas = book.settings.customer, book["ideas"]
    ours = all_ideas[all_ideas["customer"] == own]
    made = book["decisions"]
    ratings, scores = book["ratings"], book["scores"]
    work = plans.projects(book)
    named = [
        *made.loc[(made["subject"] == own) & (made["what"] != "benchmark_waiver"), "person"], *ours["person"],
        *ratings.loc[ratings["idea"].isin(ours["idea"]), "person"],
        *scores.loc[scores["subject"].isin(ours["idea"]) & scores["model"].isin(pia.MATRIX.weighed), "person"],
        *work["owner"], *plans.steps(book)["person"],
    ]  # fmt: skip
    names = _names(book)
    return [names.get(p, p) for p in dict.fromkeys(named) if p]
