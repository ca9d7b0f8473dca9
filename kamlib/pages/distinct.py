"""Step 10: what each category gets and what not, the days for it, services, accounts to move with care."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kamlib import charts
from kamlib.models import distinction as model
from kamlib.models import findings
from kamlib.pages import account, guide
from kamlib.pages.account import MANY, of_account, of_all
from kamlib.pages.exhibit import Chart, Desk, Exhibit, Figures, Grid, Page, View, row, stack
from kamlib.pages.grids import by_customer, column, slug
from kamlib.pages.guide import tips
from kamlib.pages.html import box_word, fill, parts, table
from kamlib.pages.people import effort
from kamlib.wording import counted, cut
from kamlib.workbook.schema import APPROACHES, BOXES, CHANNELS, as_text

PAGE = Page(
    "04_pia",
    "How do we treat them differently?",
    step=10,
    headline=lambda view: account.summary(view) if of_account(view) else model.words(view.book),
    beginning=account.beginning,
    called=lambda view: account.title(view) if of_account(view) else "",
    outside=account.outside,
    figures=("distinction", "energy", "idea_order", "projects", "load"),
)
APPROACH_WORDS = {"hunter": "hunter", "farmer": "farmer", "milk_round": "milk round"}
CHANNEL_WORDS = {"internet": "internet", "call_centre": "calls", "face_to_face": "visits"}
MOVES = [(s, t) for s in reversed(CHANNELS) for t in CHANNELS if CHANNELS.index(t) < CHANNELS.index(s)]


def by_category(
    table: str,
    columns: Callable[[View], list[dict[str, Any]]],
    cells: Callable[[View, str], Sequence[Any]],
    cell: Callable[[str, str], dict[str, Any]] | None = None,
    sub: Callable[[View, str], str] = lambda view, box: "",
    **more: Any,
) -> Grid:
    """A line for each of the four categories; `cell(column, text)` gives what a cell says besides its category."""

    def rows(view: View) -> list[dict[str, Any]]:
        return [
            {"id": b, "label": box_word(b), "sub": sub(view, b), "cells": [*map(as_text, cells(view, b))]}
            for b in BOXES
        ]

    def stored(view: View, box: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
        return table, {"category": box} | (cell(name, text) if cell else {name: text})

    return Grid(rows=rows, columns=columns, cell=stored, corner="Category", **more)


def settle(id: str, *rules: int) -> Exhibit:
    """What a facilitator would say just here: the findings of step 10 by these rules."""

    def words(view: View) -> str:
        rows = findings.differently(view.book)
        rows = rows[rows["rule"].isin(rules)]
        return fill("distinct", "findings", rows=rows.to_dict("records"))

    return Exhibit(f"settle-{id}", words=words, on_paper=False)


def mark(box: str, small: str = "") -> str:
    """The sign and the words of a category, and what stands small beside them."""
    return fill("distinct", "mark", box=box, small=small)


# What does each category get, and what not?


def _level_rows(view: View) -> list[dict[str, Any]]:
    rows = model.distinction(view.book).to_dict("records")
    cells = {(r["basis"], r["category"]): r for r in rows}
    return [
        {
            "id": b["basis"],
            "label": b["name"],
            "sub": f"from {b['ladder'][0]} to {b['ladder'][-1]}" if b["ladder"] else "a number",
            "choices": list(b["ladder"]),
            "keep": not b["own"],
            "cells": [cells.get((b["basis"], c), {}).get(end, "") for c in BOXES for end in ("min", "max")],
        }
        for b in model.bases(view.book).to_dict("records")
    ]


def _level_columns(view: View) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{c}\t{end}",
            "label": fill("distinct", "mark", box=c).striptags(),
            "kind": "rung",
            "sub": word,
        }
        for c in BOXES
        for end, word in (("min", "at least"), ("max", "at most"))
    ]


def _level_cell(view: View, basis: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
    category, end = name.split("\t")
    return "distinction", {"basis": basis, "category": category, end: text}


def _add_basis(desk: Desk, content: dict[str, Any]) -> None:
    name, _, ladder = content["value"].partition(":")
    basis = slug(name, model.bases(desk.view.book)["basis"])
    desk.put("bases", basis=basis, name=name.strip(), ladder=ladder.strip())


def _remove_basis(desk: Desk, content: dict[str, Any]) -> None:
    basis, rows = str(content["row"]), desk.view.book["distinction"]
    keys = rows.loc[rows["basis"] == basis, ["basis", "category"]].to_dict("records")
    desk.remove_all([("bases", {"basis": basis}), *(("distinction", key) for key in keys)])


LEVELS = Grid(
    "What each category gets, at least and at most",
    _level_rows,
    _level_columns,
    _level_cell,
    {"add": _add_basis, "remove": _remove_basis},
    corner="In what we treat them differently",
    add="A basis of our own (name: least | more | most):",
    look={"removable": True, "broad": True},
    printed=False,
)


def _levels(view: View) -> str:
    rows = model.distinction(view.book)
    cells = {(r["basis"], r["category"]): r for r in rows.to_dict("records")}
    names = dict(zip(rows["basis"], rows["name"], strict=True))
    shown = [
        {"name": cut(name)} | {b: _level(cells[basis, b]) for b in BOXES} for basis, name in names.items()
    ]
    shown = [r for r in shown if any(r[b] for b in BOXES)]
    heads = {"name": "In what|name"} | {b: f"{fill('distinct', 'mark', box=b).striptags()}|l" for b in BOXES}
    return table([{n: c or "?" for n, c in r.items()} for r in shown], heads, css="levels")


def _level(cell: Mapping[str, Any]) -> str:
    return fill(
        "distinct", "level", least=cut(cell["min"]), most=cut(cell["max"]), bed=cell["test_bed"]
    ).strip()


def _creep_title(view: View) -> str:
    rows = model.distinction(view.book)
    creeping = int((rows["creep"] != "").sum())
    if creeping:
        one = creeping == 1
        return f"{counted(creeping, 'level')} of service creep{'s' * one} into lower categories"
    said = (rows[["min", "max"]] != "").to_numpy().any()
    return "No lower category is served as well as key accounts" if said else "Nothing is different yet"


def _creep(view: View) -> str:
    rows = model.distinction(view.book)
    said = int((rows[["min", "max"]] != "").all(axis=1).sum())
    creeping, beds = rows[rows["creep"] != ""], rows[rows["test_bed"].astype(bool)]
    return fill(
        "distinct",
        "creep",
        creeping=creeping.to_dict("records"),
        beds=beds.to_dict("records"),
        said=said,
        every=len(rows),
        locked=view.locked,
    )


def _test_bed(desk: Desk, content: dict[str, Any]) -> None:
    basis, category = str(content["basis"]), str(content["category"])
    desk.put("distinction", basis=basis, category=category, test_bed=str(content["to"]))


def _approach_columns(view: View) -> list[dict[str, Any]]:
    choices = {"kind": "choice", "choices": list(APPROACHES), "words": APPROACH_WORDS}
    return [
        {"id": "approach", "label": "Sales approach"} | choices,
        column("effort", "avoid", "Outcome to avoid"),
    ]


def _approach(view: View, box: str) -> dict[str, Any]:
    rows = model.approaches(view.book)
    return {str(k): v for k, v in rows[rows["category"] == box].iloc[0].to_dict().items()}


def _fits(view: View, box: str) -> str:
    fits = _approach(view, box)["fits"]
    return f"{APPROACH_WORDS[fits]} fits" if fits else "no approach of its own"


def _is_said(view: View) -> bool:
    return bool((model.approaches(view.book)[["approach", "avoid"]] != "").to_numpy().any())


APPROACH = Exhibit(
    "approaches",
    grid=by_category(
        "effort",
        _approach_columns,
        lambda view, box: [_approach(view, box)[c] for c in ("approach", "avoid")],
        sub=_fits,
        title="How we sell to them, and what must not happen",
        look={"broad": True},
    ),
    on_paper=_is_said,
)


distinction = stack(
    row(
        stack(Exhibit("levels", grid=LEVELS), Exhibit("levels-table", words=_levels, on_screen=False)),
        stack(
            Exhibit("creep", _creep_title, _creep, actions={"bed": _test_bed}),
            settle("levels", 44, 45, 51, 53),
        ),
        shape="two",
    ),
    row(APPROACH, tips(10), shape="two"),
    on_paper=of_all,
)

# Where does the energy come from?

SPENT = {"days": "Days a year today", "money": "Money a year today", "note": "Why"}


def _spent(view: View) -> dict[str, list[str]]:
    return {r["customer"]: [as_text(r[c]) for c in SPENT] for r in view.book["time_spent"].to_dict("records")}


def _heads(table: str, heads: Mapping[str, str], view: View) -> list[dict[str, Any]]:
    subs = {"money": {"sub": view.book.settings.currency}}
    return [column(table, c, heading, **subs.get(c, {})) for c, heading in heads.items()]


def _moves(view: View, box: str) -> list[Any]:
    rows = view.book["channel_moves"]
    keys = zip(rows["category"], rows["source"], rows["target"], strict=True)
    said = dict(zip(keys, rows["share_pct"], strict=True))
    return [said.get((box, s, t), "") for s, t in MOVES]


def _move_columns(view: View) -> list[dict[str, Any]]:
    return [
        column("channel_moves", "share_pct", f"{CHANNEL_WORDS[s]} to {CHANNEL_WORDS[t]}", sub="%")
        | {"id": f"{s}\t{t}"}
        for s, t in MOVES
    ]


def _move(name: str, text: str) -> dict[str, Any]:
    source, target = name.split("\t")
    return {"source": source, "target": target, "share_pct": text}


ENERGY = stack(
    Exhibit(
        "time-spent",
        grid=by_customer(
            "What each customer takes today",
            lambda view: _heads("time_spent", SPENT, view),
            _spent,
            lambda view, who, name, text: ("time_spent", {"customer": who, name: text}),
        ),
    ),
    effort("days", "money"),
    Exhibit(
        "moves",
        grid=by_category(
            "channel_moves", _move_columns, _moves, _move, title="Contacts that move to another channel"
        ),
    ),
    Exhibit(
        "hours",
        controls=(
            Figures(
                {
                    "visit_hours": "Hours one visit takes, with the way there",
                    "call_hours": "Hours one call takes, with what follows from it",
                    "hours_per_day": "Hours in a working day",
                }
            ),
        ),
    ),
    on_paper=False,
)


def _flow(view: View) -> tuple[Any, ...]:
    rows = model.flow(view.book)
    return (rows,) if len(rows) else ()


def _energy(view: View) -> str:
    rows = model.energy(view.book)
    if view.paper and not rows[["days_today", "days_after"]].fillna(0).to_numpy().any():
        return ""
    estimated = [f"{n} estimated" if n else "" for n in rows["estimated"]]
    shown = rows.assign(
        name=[mark(b, s) for b, s in zip(rows["category"], estimated, strict=True)],
        freed=rows["freed"] + 0.0,  # no "-0"
        needed=rows["needed"] + 0.0,
    )
    heads = {"name": "Category|name", "accounts": "accounts", "days_today": "days spent today"}
    heads |= {"days_after": "days then", "freed": "freed", "needed": "needed"}
    frees = [words for words in model.reconcile(view.book)["words"] if words]
    return parts(table(shown, heads), fill("distinct", "sentences", head="What frees them", rows=frees))


energy = row(
    ENERGY,
    Exhibit(
        "energy",
        lambda view: model.words(view.book),
        _energy,
        Chart(
            charts.energy,
            _flow,
            "Where the days go today and where they are to go",
            "The flow of days is drawn here as soon as somebody has said what a customer takes today.",
        ),
    ),
    on_paper=of_all,
)

# What is still to settle?


def _settled(view: View) -> str:
    rows = findings.differently(view.book)
    if of_account(view):
        rows = rows[rows["customer"] == view.customer]
    if not view.paper:
        return guide.findings(rows, view) if len(rows) else ""
    most, letters = (account.MOST["findings"], 140) if of_account(view) else (MANY, 180)
    return fill("distinct", "findings", rows=rows.to_dict("records"), most=most, letters=letters)


settled = Exhibit(
    "settled",
    lambda view: (
        "What is still to settle"
        if len(findings.differently(view.book))
        else "Nothing is left to settle in step 10"
    ),
    _settled,
)
