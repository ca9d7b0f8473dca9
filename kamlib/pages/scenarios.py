"""What if, and what has changed? Scenarios and rounds, who moves and why; keeping what the sliders show, or today."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pandas as pd

from kamlib import charts
from kamlib.errors import InvalidInput
from kamlib.models import kaism, scenarios, verdict
from kamlib.models.scoring import one
from kamlib.pages.exhibit import Chart, Choice, Desk, Exhibit, View, row, stack
from kamlib.pages.grids import slug
from kamlib.pages.html import fill, line, table
from kamlib.workbook.book import Book
from kamlib.workbook.schema import DEFINITIONS
from kamlib.workbook.stores import Change

NEAREST = 3


def _all(view: View) -> dict[str, str]:
    """Every scenario and round by id, with how many it moves; "" is the workbook as it is."""
    words = {}
    for each in scenarios.overview(view.book).to_dict("records"):
        moved = (
            f"{each['moved']} of {each['customers']} {'moves' if each['moved'] == 1 else 'move'}"
            if each["moved"]
            else "nobody moves"
        )
        words[each["scenario"]] = (
            f"{each['name']}: {moved}" if each["scenario"] else each["name"].capitalize()
        )
    return words


CHOSEN = Choice("scenario", "Scenario or round", _all, "")


def chosen(view: View) -> str:
    """The scenario that is looked at, "" for the workbook as it is."""
    return view[CHOSEN] if view[CHOSEN] in _all(view) else ""


def _row(view: View, scenario: str) -> dict[str, Any]:
    found = scenarios.overview(view.book)
    return {str(k): v for k, v in found[found["scenario"] == scenario].iloc[0].to_dict().items()}


def _menu(view: View) -> str:
    """How to keep a scenario or a round; on paper what each changes."""
    if view.paper:
        found = scenarios.overview(view.book).to_dict("records")[1:]
        return fill("certainty", "named", rows=found) if found else ""
    if view.locked:
        return ""
    return fill("certainty", "keeping", chosen=chosen(view), supposing=view.supposing)


def _title(view: View, scenario: str = "") -> str:
    if not (scenario := scenario or chosen(view)):
        return "The workbook as it is"
    about = _row(view, scenario)
    return f"Since {about['name']}" if about["kind"] == "round" else str(about["name"])


def pair(book: Book, scenario: str) -> tuple[Book, Book]:
    """From where to where: today and then the scenario, or the round and then today."""
    other = scenarios.applied(book, scenario)
    past = scenario and scenarios.overview(book).set_index("scenario").at[scenario, "kind"] == "round"
    return (other, book) if past else (book, other)


def since(view: View) -> tuple[str, str]:
    """What has changed since the last round that was kept: its title and who moves, why; two "" without one."""
    table = view.book["scenarios"]
    kept = table[(table["kind"] == "round") & (table["scenario"] != view.book.settings.scenario)]
    if kept.empty:
        return "", ""
    last = str(kept.sort_values("on", kind="stable")["scenario"].iloc[-1])
    return f"What has changed: {_title(view, last)}", moves(view, last)


def moves(view: View, scenario: str = "") -> str:
    """Who moves between today and a scenario (the one that is chosen), or since a round, and why."""
    scenario = scenario or chosen(view)
    if not scenario:
        return line(
            "Choose a scenario or an earlier round on the left: arrows show who moves, and the reasons stand here. "
            "What moves is the suggestion; decisions stay.",
            "hint",
        )
    found, about = scenarios.moves(*pair(view.book, scenario)), _row(view, scenario)
    if found.empty:
        return line("There is nobody to place yet.", "hint")
    calm = found[~found["moved"].astype(bool)]
    apart = calm[["dy", "dx"]].abs().max(axis=1).sort_values(ascending=False).head(NEAREST)
    near = [
        f"{r['name']}: {one(r['dy'])} up, {one(r['dx'])} to the right"
        for r in calm.loc[apart[apart >= 0.05].index].to_dict("records")
    ]
    rows = found[found["moved"].astype(bool)].to_dict("records")
    return fill(
        "certainty",
        "moves",
        words=about["words"],
        rows=rows,
        past=about["kind"] == "round",
        stayed=len(calm),
        near=near,
    )


def compared(view: View) -> str:
    """Every customer in every scenario, side by side."""
    found = scenarios.compare(view.book)
    names = dict(found[["scenario", "name"]].drop_duplicates().itertuples(index=False))
    if len(names) < 2:
        return ""
    cells = {
        (r["scenario"], r["customer"]): fill("certainty", "cell", cell=r) for r in found.to_dict("records")
    }
    said = verdict.verdicts(view.book)
    stands = dict(zip(said["customer"], said["stands"], strict=True))
    rows = [
        {"name": r["customer_name"], "stands": stands[r["customer"]]}
        | {f"s{n}": cells[s, r["customer"]] for n, s in enumerate(names)}
        for r in found[found["scenario"] == ""].to_dict("records")
    ]
    heads = {f"s{n}": f"{name if s else name.capitalize()}|l" for n, (s, name) in enumerate(names.items())}
    note = "Today and in each scenario: what the matrix suggests. A scenario changes no decision."
    return table(rows, {"name": "Customer|name", "stands": "stands as|l"} | heads, note=note, most=len(rows))


def pictured(book: Book, scenario: str) -> pd.DataFrame:
    """The matrix of a scenario with an arrow from where each customer stands today (or stood in the round)."""
    start, end = pair(book, scenario)
    points, before = verdict.drawn(end), kaism.drawn(start).drop_duplicates("customer").set_index("customer")
    at = points["customer"]
    above = at.map(before["y"]) - at.map(before["y_line"])
    return points.assign(was_x=at.map(before["x"]), was_y=above + points["y_line"])


def _points(view: View) -> tuple[Any, ...]:
    points = pictured(view.book, chosen(view))
    return (points, kaism.MATRIX, view.book.settings.near_line) if len(points) else ()


def _keep(desk: Desk, content: dict[str, Any]) -> None:
    """Keep the what-if of the sliders, or equal weights, as a scenario of this name."""
    name, agreed = str(content["fields"]["name"]).strip(), desk.agreed
    if not name:
        raise InvalidInput("Give the scenario a name first.")
    id = slug(name, agreed["scenarios"]["scenario"])
    if desk.view.supposing:
        rows = scenarios.keep_changes(agreed, desk.view.book, id, name)
    else:
        rows = scenarios.equal_weights(agreed, id)
        rows[0][1]["name"] = name
    _store(desk, rows)
    desk.pick("scenario", id)


def _keep_round(desk: Desk, content: dict[str, Any]) -> None:
    name = str(content["fields"]["round"]).strip()
    if not name:
        raise InvalidInput("Give the round a name first, such as the year.")
    _store(
        desk, scenarios.keep_round(desk.agreed, name, desk.agreed.settings.today or date.today().isoformat())
    )
    desk.say(f"Round {name} is kept: every score, weight and answer, and where everybody stands.")


def _forget(desk: Desk, content: dict[str, Any]) -> None:
    if str(content["scenario"]) in set(desk.agreed["scenarios"]["scenario"]):
        desk.remove("scenarios", scenario=str(content["scenario"]))


def _store(desk: Desk, rows: list[tuple[str, dict[str, Any]]]) -> None:
    """Store a scenario, or a round, with all its changes in one go."""
    changes = []
    for name, given in rows:
        keys = DEFINITIONS[name].keys
        cells = {c: str(v) for c, v in given.items() if c not in keys}
        changes.append(Change(name, {k: str(given.get(k, "")) for k in keys}, cells))
    desk.take_in(lambda _: SimpleNamespace(changes=changes))


what_if = stack(
    row(
        Exhibit(
            "scenarios",
            "What if?",
            _menu,
            controls=(CHOSEN,),
            actions={"keep": _keep, "round": _keep_round, "forget": _forget},
        ),
        Exhibit(
            "scenario-matrix",
            on_paper=False,
            chart=Chart(
                charts.matrix,
                _points,
                "The matrix of the scenario, with an arrow from where each customer stood",
                "There is nobody to place yet.",
            ),
        ),
        Exhibit("moves", _title, moves, on_paper=False),
        shape="three",
    ),
    Exhibit("compared", words=compared),
)
