"""Groups that the figures suggest: choose what customers should have in common, look, name them, use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from kamlib import charts
from kamlib.models import grouping
from kamlib.models.grouping import Discovery
from kamlib.pages.exhibit import Chart, Choice, Desk, Draft, Exhibit, View, row, stack
from kamlib.pages.grids import slug
from kamlib.pages.html import fill
from kamlib.pages.segments import spoken
from kamlib.wording import counted, listed

AMONG = Choice("among", "Among", {"all": "All customers", "none": "Those without a segment"}, "all")
COUNT = Choice(
    "groups",
    "Groups",
    {"0": "as many as the figures support"} | {str(n): str(n) for n in range(2, 9)},
    "0",
    many=True,
)
COLUMNS = Draft("columns")  # those that were ticked; None: as suggested


@dataclass(frozen=True)
class Answer:
    """The groups that were found, and by which columns."""

    found: Discovery
    columns: tuple[str, ...]


ANSWER = Draft("answer")


def _customers(view: View) -> pd.DataFrame:
    rows = view.book["customers"]
    return rows[rows["segment"] == ""] if view[AMONG] == "none" else rows


def _offered(view: View) -> pd.DataFrame:
    offered = grouping.columns(_customers(view))
    return offered[offered["kind"].isin(["numeric", "categorical"])]


def _chosen(view: View) -> set[str]:
    offered = _offered(view)
    ticked = view[COLUMNS]
    return set(offered.loc[offered["suggested"], "column"]) if ticked is None else set(ticked)


def _look(view: View) -> str:
    rows = _offered(view)
    rows = rows.assign(words=rows["column"].map(spoken)).to_dict("records")
    return fill("segments", "look", columns=rows, chosen=_chosen(view), count=len(_customers(view)))


def _tick(desk: Desk, message: dict[str, Any]) -> None:
    ticked, name = _chosen(desk.view), str(message["column"])
    desk.draft(COLUMNS, ticked | {name} if message["value"] == "yes" else ticked - {name})


def _find(desk: Desk, message: dict[str, Any]) -> None:
    view = desk.view
    customers, chosen = _customers(view), _chosen(view)
    names = tuple(name for name in customers if name in chosen)
    desk.draft(ANSWER, Answer(grouping.find(customers, names, int(view[COUNT])), names))


LOOK = Exhibit(
    "discover",
    "Look for groups",
    _look,
    controls=(AMONG, COUNT),
    reads={"column": _tick, "discover": _find},
    on_paper=False,
)


def _found(view: View) -> tuple[Discovery, ...]:
    answer: Answer | None = view[ANSWER]
    return (answer.found,) if answer else ()


def _groups(view: View) -> str:
    for found in _found(view):
        near = found.groups.loc[found.groups["near"].eq(True), "name"].tolist()
        words = found.words.to_dict("records")
        return fill("segments", "groups", words=words, near=near, notes=found.notes, locked=view.locked)
    return ""


def _accept(desk: Desk, message: dict[str, Any]) -> None:
    answer: Answer = desk.view[ANSWER]
    words = answer.found.words.set_index("group")["description"]
    taken, basis = list(desk.view.book["segments"]["segment"]), listed(map(spoken, answer.columns))
    ids: dict[str, str] = {}
    segments = []
    for group, description in words.items():
        name = str(message["fields"].get(f"name-{group}", "")).strip() or f"Group {group}"
        ids[group] = slug(name, [*taken, *ids.values()])
        segments.append({"segment": ids[group], "name": name, "description": description, "active": "yes"})
    inside = answer.found.groups[answer.found.groups["group"] != ""]
    given = zip(inside["customer"], inside["group"].map(ids), strict=True)
    with desk.as_one():
        desk.put_all("segments", [each | {"basis": f"groups found in {basis}"} for each in segments])
        desk.put_all("customers", [{"customer": who, "segment": segment} for who, segment in given])
    if not desk.view.book.settings.segment:
        desk.choose(next(iter(ids.values())))
    desk.draft(ANSWER, None)
    desk.say(f"{counted(len(inside), 'customer')} in {counted(len(ids), 'new segment')}; undo takes it back.")


GROUPS = Exhibit(
    "groups",
    lambda view: "".join(found.verdict for found in _found(view)),
    _groups,
    Chart(charts.profile, _found, "What sets the groups apart"),
    actions={"accept": _accept},
    on_paper=False,
)
SUPPORT = Exhibit(
    "support", chart=Chart(charts.support, _found, "How many groups the figures support"), on_paper=False
)
discover = row(LOOK, stack(GROUPS, SUPPORT), shape="steer")
