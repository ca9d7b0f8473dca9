"""The plan of one account as sections: a page to steer by, and a heading for each of its parts.

Screen, paper and Word are made of the same sections; what is not known is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import pandas as pd

from kamlib import catalogue
from kamlib.catalogue import sheets
from kamlib.models import pia, plans
from kamlib.models.account import people, positioning, proposal, relationship, standing, strategy
from kamlib.models.lookup import names_by_key
from kamlib.models.programme import readiness
from kamlib.wording import account, counted, cut, listed, sentence
from kamlib.workbook.book import Book

HEADINGS, GOALS = "ka_plan", "success_targets"
MOST, SOON, LETTERS = 12, 8, 160  # rows, next steps, letters of a cell: the plan stays short
LIVE = ("planned", "running")


@dataclass(frozen=True)
class Section:
    """A heading with sentences, a table and a note below it.

    `item`: the heading of the sheet of the plan that it belongs to.
    """

    title: str
    lines: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    note: str = ""
    item: str = ""


def section(title: str, lines: Iterable[str] = (), **rows: Iterable[Iterable[str]]) -> Section:
    """A section with a table of at most MOST rows; `rows` is given as heads= and rows=."""
    heads, body = tuple(rows.get("heads", ())), [tuple(row) for row in rows.get("rows", ())]
    said = [line for line in lines if line]
    more = f"{counted(len(body) - MOST, 'more row')} in the workbook." if len(body) > MOST else ""
    shown = tuple(tuple(cut(cell, LETTERS) for cell in row) for row in body[:MOST])
    return Section(title, tuple(said), tuple(map(str, heads)), shown, more)


def body(book: Book) -> list[Section]:
    """The plan of the customer the settings name, a section a heading; empty ones are left out."""
    written = sheets.said(book, HEADINGS, "says", book.settings.customer)
    found = []
    for item, title in catalogue.items(HEADINGS)[["id", "label"]].itertuples(index=False):
        made = PARTS[item](book)
        said = (written.get(item, ""), *made.lines)
        one = replace(made, title=title, lines=tuple(filter(None, said)), item=item)
        found += [one] if one.lines or one.rows else []
    return found


def steering(book: Book) -> list[Section]:
    """The page to steer by: where we are, what we want, what comes next, what to watch."""
    own, near = standing.account(book).iloc[0], relationship.relationship(book).iloc[0]
    where = [_category(own), _stage(near)]
    where += [sentence(positioning.words(r)) for r in _placed(book)[:1]]
    watch = [near["advice"]] if near["gap"] else []  # NaN, unknown, has no advice
    watch += [f"Only one contact carries it: {near['thread']}."] if near["thread"] else []
    watch += [f"{r[0]}: {r[1]}" for r in _risks(book).rows[:3]]
    goals = _goals(book)
    return [
        each
        for each in (
            section("Where we are", where),
            section(
                "What we want to reach", heads=goals.heads[:5], rows=[row[:5] for row in goals.rows]
            ),
            section("What comes next", heads=("By", "What", "Who"), rows=_next(book)[:SOON]),
            section("What to watch", watch),
        )
        if each.lines or each.rows
    ]


def _category(own: pd.Series) -> str:
    if not own["category"]:
        return f"{own['name']} stands in no category yet."
    said = f"{own['name']} is {account(own['category'])} ({own['by']})."
    return str(own["verdict"] or said)


def _stage(near: pd.Series) -> str:
    stages = catalogue.items(relationship.SIGNS, "stages").set_index("id")["label"].to_dict()
    stages |= {label: label for label in stages.values()}
    now, ours = (stages.get(near[c], near[c]) for c in ("now", "ours"))
    aimed = f"; we aim at {ours}" if ours and ours != now else ""
    return f"The relationship is at {now}{aimed}." if now else ""


def _placed(book: Book) -> list[dict[str, object]]:
    rows = positioning.positioning(book)
    return [{str(k): v for k, v in r.items()} for r in rows[rows["box"] != ""].to_dict("records")]


def _money(value: float, book: Book) -> str:
    return f"{value:,.0f} {book.settings.currency}" if value == value else ""


def _team(book: Book) -> Section:
    names = names_by_key(book, "people", "person")
    rows = book["customers"].set_index("customer").loc[[book.settings.customer]].iloc[0]
    said = [
        f"Account manager: {names.get(rows['manager'], rows['manager'])}." * bool(rows["manager"])
    ]
    said += [f"In reserve: {names.get(rows['deputy'], rows['deputy'])}." * bool(rows["deputy"])]
    seen = people.contact_map(book)
    seen = seen[~seen["unseen"].astype(bool)]
    ours = [
        (name, function, listed(part["name"], 5))
        for (name, function), part in seen.groupby(["our_name", "our_function"], sort=False)
    ]
    return section("", said, heads=("Who", "Function", "Sees"), rows=ours)


def _summary(book: Book) -> Section:
    own, near = standing.account(book).iloc[0], relationship.relationship(book).iloc[0]
    return section("", [_category(own), _stage(near)])


def _profit(book: Book) -> Section:
    own = standing.account(book).iloc[0]
    sales, left, aim = (_money(own[c], book) for c in ("revenue", "profit", "potential"))
    said = [f"Last year: {sales} of sales." * bool(sales)]
    said += [f"After the cost to serve it left {left}." * bool(left)]
    said += [f"It could bring {aim} a year." * bool(aim)]
    worth = [_money(own[c], book) for c in ("worth_low", "worth_high")]
    years = book.settings.horizon_years
    said += [f"Worth over {years} years: {listed(worth, last='to')}."] if all(worth) else []
    return section("", said)


def _goals(book: Book) -> Section:
    names = names_by_key(book, "people", "person")
    rows = sheets.filled(book, GOALS, book.settings.customer)
    rows = rows[(rows["target"] != "") | (rows["now"] != "")]
    heads = ("Goal", "Today", "Target", "By", "Who", "How we measure it")
    columns = ["label", "now", "target", "by", "person", "note"]
    cells = rows.assign(person=[names.get(p, p) for p in rows["person"]])[columns]
    return section("", heads=heads, rows=cells.itertuples(index=False, name=None))


def _opportunities(book: Book) -> Section:
    own, routes = standing.account(book).iloc[0], strategy.ansoff(book)
    its = [
        f"{plan} ({100 * likelihood:.0f} % likely)" if likelihood == likelihood else plan
        for plan, likelihood in routes[["plan", "likelihood"]].itertuples(index=False)
    ]
    said = [f"Where it wants to grow: {listed(its, 5)}."] if its else []
    said += [f"We lose to {own['rival']} on {own['lose_on']}."] if own["lose_on"] else []
    goals = _goals(book)
    return section("", said, heads=goals.heads, rows=goals.rows)


def _contacts(book: Book) -> Section:
    seen = people.contact_map(book)
    missed = seen.loc[seen["unseen"].astype(bool) & seen["important"].astype(bool), "name"]
    said = [f"Important, and nobody of us sees them: {listed(missed, 5)}."] if len(missed) else []
    seen = seen[~seen["unseen"].astype(bool)]
    columns = ["name", "our_name", "purpose", "goal", "next_step", "due"]
    cells = seen[columns].itertuples(index=False, name=None)
    return section(
        "", said, heads=("Theirs", "Ours", "Purpose", "Goal", "Next step", "By"), rows=cells
    )


def _value(book: Book) -> Section:
    worth = sheets.said(book, "hidden_value", "says", book.settings.customer).get("our_value", "")
    ideas = pia.order(book)
    first = ideas.loc[ideas["class"] == "A", "name"].tolist()
    said = [worth, f"Ideas that help it most: {listed(first, 5)}." if first else ""]
    return section("", said)


def _projects(book: Book) -> Section:
    rows = plans.projects(book)
    rows = rows[rows["status"] != "stopped"]
    done = [
        f"{d} of {n} steps" if n else "" for d, n in zip(rows["done"], rows["steps"], strict=True)
    ]
    columns = ["name", "owner_name", "team", "starts", "ends", "status"]
    cells = [(*row, d) for row, d in zip(rows[columns].to_numpy(), done, strict=True)]
    return section(
        "", heads=("Project", "Owner", "Team", "Begins", "Ends", "Status", "Done"), rows=cells
    )


def _risks(book: Book) -> Section:
    rows = plans.projects(book)
    rows = rows[rows["status"].isin(LIVE)]
    days, money = rows["days"].sum(), rows["money"].sum()
    said = (
        [f"The projects take {days:,.0f} days and {_money(money, book)} in all."]
        if days or money
        else []
    )
    open_ = rows.loc[rows["days"].isna() | rows["money"].isna(), "name"].tolist()
    said += [f"Without a figure: {listed(open_, 4)}."] if open_ else []
    known = rows[(rows["risk"] != "") | (rows["contingency"] != "")]
    cells = known[["name", "risk", "contingency"]].itertuples(index=False, name=None)
    return section(
        "", said, heads=("Project", "What could go wrong", "What we do then"), rows=cells
    )


def _next(book: Book) -> list[tuple[str, str, str]]:
    """What is to be done, by date: steps of projects, and what each contact does next."""
    live = plans.projects(book).set_index("project")["status"].isin(LIVE)
    steps = plans.steps(book)
    steps = steps[
        (steps["done"] != "yes") & steps["project"].map(live).fillna(value=False).astype(bool)
    ]
    found = list(steps[["due", "name", "person_name"]].itertuples(index=False, name=None))
    seen = people.contact_map(book)
    asked = seen.loc[seen["next_step"] != "", ["due", "next_step", "our_name"]]
    found += list(asked.itertuples(index=False, name=None))
    today = book.settings.today
    dated = sorted(found, key=lambda row: row[0] or "9999")
    return [(due + " (late)" * bool(due and due < today), *rest) for due, *rest in dated]


def _timetable(book: Book) -> Section:
    return section("", heads=("By", "What", "Who"), rows=_next(book))


def _appendix(book: Book) -> Section:
    customer, culture = book.settings.customer, strategy.cultural_match(book)
    said = [f"How it sees us: {sentence(positioning.words(row))}" for row in _placed(book)]
    said += [f"{strategy.match_words(culture)}."] if len(culture) else []
    change = readiness.change(book, customer)
    said += [f"{readiness.words(book, customer)}."] if change["rating"].notna().any() else []
    rows = proposal.proposals(book)
    said += [f"{proposal.forecast_words(rows, book.settings.currency)}."] if len(rows) else []
    cells = [
        (r["name"], r["rival"], _money(r["value"], book), proposal.score_words(r))
        for r in rows.to_dict("records")
    ]
    return section(
        "", said, heads=("Proposal", "Best alternative", "Worth a year", "Needs"), rows=cells
    )


PARTS: dict[str, Callable[[Book], Section]] = {
    "key_account_team_core_and_full": _team,
    "executive_summary": _summary,
    "profit_plan_current_and_target": _profit,
    "opportunities_and_objectives": _opportunities,
    "contact_matrix_and_grows": _contacts,
    "value_proposition_positive_impact": _value,
    "projects_teams_and_milestones": _projects,
    "resources_required_actions_by_management": _risks,
    "implementation_timetable": _timetable,
    "appendices": _appendix,
}
