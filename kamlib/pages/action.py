"""Who does what by when: projects, their work plans in time, and what all of it takes."""

from __future__ import annotations

from datetime import date
from typing import Any

from kamlib import charts
from kamlib.errors import InvalidInput
from kamlib.models import pia, plans
from kamlib.pages import account, sheets
from kamlib.pages.account import MOST, book_of, customer_of, name, of_account, of_all
from kamlib.pages.distinct import settled
from kamlib.pages.exhibit import Chart, Desk, Exhibit, View, row, stack
from kamlib.pages.grids import listed, names_of, slug
from kamlib.pages.html import fill, table
from kamlib.wording import cut

# Who does what, by when?


def _start(view: View) -> str:
    rows = pia.order(book_of(view))
    rows = rows[~rows["idea"].isin(view.book["projects"]["idea"])]
    return fill("impact", "start", rows=rows.to_dict("records"), locked=view.locked)


def _start_project(desk: Desk, content: dict[str, Any]) -> None:
    """Make a project of an idea."""
    book, idea = desk.view.book, str(content["fields"]["idea"])
    ideas = book["ideas"]
    own = ideas[ideas["idea"] == idea]
    if own.empty:
        raise InvalidInput("Choose an idea first.")
    called = own["name"].iloc[0] or idea
    desk.put(
        "projects",
        project=slug(called, book["projects"]["project"]),
        name=called,
        idea=idea,
        customer=str(own["customer"].iloc[0]),
        status="planned",
    )


PROJECTS = listed(
    "projects",
    {
        "owner": "Owner",
        "team": "Team",
        "starts": "Begins",
        "ends": "Ends",
        "days": "Days in all",
        "money": "Money in all",
        "risk": "What could take them away",
        "contingency": "What we do then",
        "status": "Status",
    },
    title="Projects",
    add="A project of another kind:",
    rows_of=lambda view: plans.projects(book_of(view)),
    new=lambda view: {"customer": customer_of(view), "status": "planned"},
    chosen={"owner": "people"},
    subs={"money": lambda view: view.book.settings.currency},
    sub=lambda project: f"class {project['class']}" if project["class"] else "",
    corner="Project",
)


def _names(view: View) -> dict[str, str]:
    return names_of(plans.projects(book_of(view))[["project", "name"]])


STEPS = listed(
    "actions",
    {"name": "Step", "due": "By when", "person": "Who", "done": "Done?"},
    title="Work plans",
    rows_of=lambda view: plans.steps(book_of(view)).assign(
        of=lambda steps: steps["project"].map(_names(view))
    ),
    chosen={"person": "people"},
    label="of",
    corner="Project",
    look={"broad": True},
)


def _new_step(desk: Desk, content: dict[str, Any]) -> None:
    said = {n: str(content["fields"][n]).strip() for n in ("project", "name", "due", "person")}
    if not said["project"] or not said["name"]:
        raise InvalidInput("Say which project, and what is done.")
    steps = desk.view.book["actions"]
    step = slug(said["name"], steps.loc[steps["project"] == said["project"], "step"])
    desk.put("actions", step=step, **{k: v for k, v in said.items() if v or k == "due"})


def _step_form(view: View) -> str:
    people = names_of(view.book["people"])
    return fill("impact", "step", projects=_names(view), people=people, locked=view.locked)


def _timetable(view: View) -> tuple[Any, ...]:
    book, today = book_of(view), date.today().isoformat()
    projects, steps = plans.projects(book), plans.steps(book)
    if not view.paper:
        return (account.owned(projects), steps, today) if len(projects) else ()
    return account.in_time(projects.head(MOST["projects"]), steps, today)


def _begun(view: View) -> str:
    """Whose analysis has begun, and how far it is."""
    names, ideas, projects = pia.listed(view.book), pia.screening(view.book), plans.projects(view.book)
    projects = projects[projects["status"] != "stopped"]
    many = ideas["customer"].value_counts(), ideas.loc[ideas["class"] == "A", "customer"].value_counts()
    rows = [
        {
            "name": cut(called, 80),
            "ideas": int(many[0].get(who, 0)),
            "first": int(many[1].get(who, 0)),
            "projects": int((projects["customer"] == who).sum()),
            "ends": max(projects.loc[projects["customer"] == who, "ends"], default=""),
        }
        for who, called in names_of(names[names["customer"].isin(pia.begun(view.book))]).items()
    ]
    heads = {"name": "Customer|name", "ideas": "ideas", "first": "of class A", "projects": "projects"}
    return table(rows, heads | {"ends": "the last ends|l date"})


def _load_title(view: View) -> str:
    over = (plans.load(view.book)["over"] > 0).any()
    return "More is planned than there is" if over else "What it takes, over all accounts"


def _load(view: View) -> str:
    rows = plans.load(view.book)
    if view.paper:
        rows = rows[(rows["needed"] > 0) | (rows["unknown"] > 0)]
    return fill("impact", "load", rows=rows.to_dict("records"))


projects = Exhibit("projects", grid=PROJECTS, on_paper=False)
work = stack(
    Exhibit("steps", grid=STEPS),
    Exhibit("steps-new", words=_step_form, actions={"step": _new_step}),
    on_paper=False,
)
action = stack(
    Exhibit(
        "start",
        lambda view: " ".join(filter(None, ["From ideas to projects", name(view) and f"for {name(view)}"])),
        _start,
        actions={"start": _start_project},
        on_paper=False,
    ),
    projects,
    account.projects,
    Exhibit(
        "timetable",
        chart=Chart(
            charts.timetable,
            _timetable,
            "Projects and their steps in time",
            "The timetable is drawn here as soon as there is a project.",
        ),
        on_paper=of_account,
    ),
    Exhibit("begun", "Plans for single customers", _begun, on_paper=of_all, on_screen=False),
    row(
        work,
        Exhibit("load", _load_title, _load),
        shape="two",
    ),
    settled,
    account.made_by,
)

exercises = stack(
    stack(sheets.exercises(10, first="tbe_questions"), on_paper=of_all),
    Exhibit(
        "customer-sheets",
        "What was filled in about it",
        lambda view: sheets.of_customer(view.book, view.customer),
        on_paper=of_account,
        on_screen=False,
    ),
)
