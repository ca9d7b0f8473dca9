"""What we do for customers besides the offer, and how an account is moved with care."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kamlib import charts
from kamlib.errors import InvalidInput
from kamlib.models import distinction as model
from kamlib.pages.account import MANY, of_all
from kamlib.pages.distinct import settle
from kamlib.pages.exhibit import Chart, Desk, Exhibit, View, row, stack
from kamlib.pages.grids import listed, slug
from kamlib.pages.guide import COMMUNICATION
from kamlib.pages.html import fill, table
from kamlib.pages.sheets import sheet
from kamlib.wording import counted, cut

# Which services aren't valued?

SERVICES = listed(
    "services",
    {
        "cost": "Cost",
        "valued": "Valued?",
        "good_at": "Are we good at it?",
        "new": "New?",
        "who_pays": "Who pays",
        "suggestion": "Suggested",
        "action": "Decided",
        "pilot": "Tried first where",
        "pilot_on": "From when",
    },
    title="What we do for customers besides the offer",
    add="A service there is today:",
    rows_of=lambda view: model.services(view.book),
    subs={"cost": lambda view: f"a year, {view.book.settings.currency}"},
    corner="Service",
    printed=False,
)


def _new_service(desk: Desk, content: dict[str, Any]) -> None:
    said = {name: str(content["fields"][name]).strip() for name in ("name", "who_pays")}
    if not said["name"] or not said["who_pays"]:
        raise InvalidInput("A new service needs a name, and somebody who pays for it.")
    desk.put("services", service=slug(said["name"], desk.view.book["services"]["service"]), new="yes", **said)


def _services(view: View) -> str:
    rows = [
        {
            "name": fill("exhibit", "named", name=cut(r["name"], 80), sub="new" * (r["new"] == "yes")),
            "cost": r["cost"],
            "valued": r["valued"] or "?",
            "who_pays": r["who_pays"] or "?",
            "suggested": fill("exhibit", "named", name=f"{r['suggestion']}:", sub=r["why"]),
            "action": r["action"],
            "pilot": ", ".join(filter(None, [cut(r["pilot"]), r["pilot_on"]])),
        }
        for r in model.services(view.book).to_dict("records")
    ]
    heads = {
        "name": "Service|name",
        "cost": f"cost a year, {view.book.settings.currency}",
        "valued": "valued|l",
    }
    heads |= {"who_pays": "who pays|l", "suggested": "suggested|l why", "action": "decided|l"}
    return table(rows, heads | {"pilot": "tried first|l"})


def _presents(view: View) -> tuple[Any, ...]:
    rows = model.services(view.book)
    return (rows,) if len(rows) else ()


services = stack(
    Exhibit("services-grid", grid=SERVICES),
    Exhibit(
        "services-new",
        words=lambda view: fill("distinct", "new_service", locked=view.locked),
        actions={"service": _new_service},
        on_paper=False,
    ),
    row(
        Exhibit(
            "services",
            lambda view: model.services_words(view.book),
            chart=Chart(
                charts.presents,
                _presents,
                "Services by whether they are valued and whether we are good at them",
            ),
        ),
        settle("services", 48, 49, 50),
        shape="two",
    ),
    Exhibit("services-table", words=_services, on_screen=False),
    on_paper=of_all,
)

# How do we move an account with care?


def _movers_title(view: View) -> str:
    moved = int((~model.movers(view.book)["hold"].astype(bool)).sum())
    return (
        f"{counted(moved, 'account')} to move with care" if moved else "No account falls to a lower category"
    )


def _movers(view: View) -> str:
    rows = model.movers(view.book)
    if view.paper and rows.empty:
        return ""
    most = MANY if view.paper else len(rows)
    return fill(
        "distinct",
        "movers",
        rows=rows.to_dict("records"),
        most=most,
        customer=view.customer,
        paper=view.paper,
    )


moving = stack(
    Exhibit(
        "movers",
        _movers_title,
        _movers,
        reads={"look": lambda desk, message: desk.look_at(str(message["customer"]))},
    ),
    sheet("maintenance_transition"),
    sheet("development_hold"),
    replace(COMMUNICATION, title="Who is told what"),
    on_paper=of_all,
)
