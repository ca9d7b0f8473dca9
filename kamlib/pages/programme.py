"""Will our key account management last? The programme in eight parts, and the library of all there is to read."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
from markupsafe import Markup

from kamlib import catalogue, charts
from kamlib.catalogue import sheets as forms
from kamlib.catalogue.sheets import CASE, STORY
from kamlib.models import programme
from kamlib.models.programme import elements as model
from kamlib.models.programme import people, readiness
from kamlib.pages import guide
from kamlib.pages.exhibit import Chart, Choice, Exhibit, Page, View, row, stack
from kamlib.pages.groundwork import DRIVERS
from kamlib.pages.guide import tips
from kamlib.pages.html import line, parts, table
from kamlib.pages.sheets import exercises
from kamlib.wording import counted, listed


def _headline(view: View) -> str:
    said = model.words(view.book, CASE)
    weak = programme.weak_links(view.book)
    links = f"; {counted(len(weak), 'link')} of its health not in order" if len(weak) else ""
    return f"{said}{links}."


PAGE = Page(
    "07_programme",
    "Will our key account management last?",
    headline=_headline,
    figures=("phases", "weak_links"),
)

# Why, and who carries it?


def _weigh(view: View) -> Markup:
    """How many of the drivers that move a board apply."""
    rows = programme.drivers(view.book)
    if not (rows["answer"] != "").any():
        return line("Unpleasant drivers from outside weigh most with a board.", "hint")
    hard = rows[(rows["tone"] == "negative") & (rows["origin"] == "external")]
    said = f"{int(hard['strong'].sum())} of the {len(hard)} unpleasant drivers from outside apply."
    return parts(
        line(said, "verdict"), line("They weigh most with a board: bring a date and a figure.", "hint")
    )


def _seniors_title(view: View) -> str:
    rows = programme.entangled(view.book)
    if rows.empty:
        return "Who at the top is committed, and what shows it?"
    stale = rows.loc[rows["old"], "name"].tolist()
    if not stale:
        return "Everybody at the top has shown commitment within half a year"
    return f"Nothing has been seen of {listed(stale)} for half a year"


def _seniors(view: View) -> Markup:
    rows = programme.entangled(view.book).assign(no=lambda found: found["no"].map(lambda n: str(n or "")))
    heads = {"name": "Who|name", "words": "Done|l", "no": "Answered no"}
    return table(rows, heads, note="A day more than half a year ago counts as old.")


def _views_title(view: View) -> str:
    rows = programme.views(view.book)
    apart = int(rows["apart"].sum())
    if not (rows["yes"] + rows["no"]).any():
        return "What do we take key account management for? Each alone first"
    return f"We differ on {apart} of {counted(len(rows), 'statement')}"


def _views(view: View) -> Markup:
    rows = programme.views(view.book)
    heads = {
        "label": "Key account management|l",
        "agreed": "in the room|l",
        "yes": "yes",
        "no": "no",
        "differ": "Who differs|l",
    }
    told = [
        table(part, heads, caption=str(name), most=len(part))
        for name, part in rows.groupby("list", sort=False)
    ]
    return parts(*told)


why = stack(
    row(
        DRIVERS,
        stack(Exhibit("weigh", words=_weigh), Exhibit("seniors", _seniors_title, _seniors), tips("why")),
        shape="two",
    ),
    exercises("why", ("kam_drivers", "what_kam_is", "what_kam_is_not", "kam_investment_test")),
    Exhibit("views", _views_title, _views),
)

# How would it fail?

ABOUT = Choice("failing", "About", {CASE: "Our programme", STORY: "The case"}, CASE)


def _elements(view: View) -> tuple[Any, ...]:
    rows = model.elements(view.book, view[ABOUT])
    return (rows,) if (rows[[*model.STAGES]] != "").any(axis=None) else ()


def _proposals(view: View) -> Markup:
    rows = programme.proposals(view.book)
    heads = {"label": "Element|l", "suggests": "Suggests|l", "reason": "Because|l"}
    return table(rows, heads, note="Suggested by what the workbook holds; you judge.")


def _told(view: View) -> Markup:
    return guide.text(view, catalogue.entry("kam_failure_case"), "failure", unfolded=True)


failure = stack(
    Exhibit("failure-case", words=_told, actions={"answer": guide.answer}),
    row(
        Exhibit(
            "failure",
            lambda view: model.words(view.book, view[ABOUT]),
            chart=Chart(
                charts.failure,
                _elements,
                "The elements that make a programme fail, at the launch and as it develops",
                "Judge the elements in the exercise below; the picture follows.",
            ),
            controls=(ABOUT,),
        ),
        Exhibit("suggested", "What our own workbook suggests", _proposals),
        shape="two",
    ),
    exercises("failure"),
)

# Ready to change?


def _change(view: View) -> tuple[Any, ...]:
    rows = programme.change(view.book)
    return (rows,) if rows["rating"].notna().any() else ()


def _obstacles_title(view: View) -> str:
    rows = programme.obstacles(view.book)
    high = int((rows["severity"] == "high").sum())
    bare = int((rows.loc[rows["severity"] == "high", "action"] == "").sum())
    if rows.empty:
        return "What stands in the way? Judge the obstacles in step 1"
    said = f"{counted(high, 'serious obstacle')}"
    return f"{said}, {bare} without an answer" if bare else f"{said}, all with an answer" if high else said


def _obstacles(view: View) -> Markup:
    rows = programme.obstacles(view.book)
    rows = rows[rows["severity"] != "low"]
    return table(
        rows,
        {"label": "Obstacle|l", "severity": "Serious?|l", "action": "What we do|l why", "by": "By|l date"},
    )


ready = stack(
    row(
        Exhibit(
            "change",
            lambda view: readiness.words(view.book),
            chart=Chart(
                charts.change,
                _change,
                "What drives the change, and what it costs",
                "Rate the four parts in the exercise below.",
            ),
        ),
        stack(Exhibit("ranked", _obstacles_title, _obstacles), tips("ready")),
    ),
    exercises("ready", ("obstacles",)),
)

# Have we got the people?


def _skills(view: View) -> tuple[Any, ...]:
    rows = programme.skills(view.book)
    rows = rows[rows["kind"] != "For selling"]
    return (rows,) if (rows["level"] != "").any() else ()


def _skills_title(view: View) -> str:
    if not _skills(view):
        return "Who has which skill? Person by person, in the exercise below"
    missing = people.gaps(view.book)
    if not missing:
        return "Somebody in the team has every skill for key accounts"
    return f"{counted(len(missing), 'skill')} that nobody has: {listed(missing, 4)}"


team = stack(
    row(
        Exhibit(
            "skills",
            _skills_title,
            chart=Chart(charts.skills, _skills, "Skills for key accounts, person by person: gaps are dark"),
        ),
        tips("people"),
        shape="two",
    ),
    exercises("people"),
)

# Have we got the systems?


def _systems_title(view: View) -> str:
    rows = _states(view)
    if rows.empty:
        return "Which systems do key accounts need, and which have we got?"
    return f"{int(rows['works'].sum())} of {int(rows[list(STATES)].sum().sum())} parts work"


STATES = ("works", "partly", "missing", "unknown")


def _states(view: View) -> pd.DataFrame:
    rows = []
    for form in forms.forms("systems"):
        state = forms.filled(view.book, form.id)["state"]
        if (state != "").any():
            rows.append({"title": form.title} | {word: int((state == word).sum()) for word in STATES})
    return pd.DataFrame(rows)


def _systems(view: View) -> Markup:
    return table(_states(view), {"title": "Systems|l"} | {word: word for word in STATES})


systems = stack(
    row(Exhibit("systems", _systems_title, _systems), tips("systems"), shape="two"), exercises("systems")
)

# When?


def _phases(view: View) -> tuple[Any, ...]:
    rows, steps = programme.phases(view.book), programme.milestones(view.book)
    rows = rows[(rows["starts"] != "") | (rows["ends"] != "") | rows["project"].isin(steps["project"])]
    today = view.book.settings.today or date.today().isoformat()
    dated = (rows["starts"] != "").any() or (steps["due"] != "").any()
    return (rows, steps, today) if dated else ()


def _phases_title(view: View) -> str:
    rows = programme.phases(view.book)
    done = int((rows["status"] == "done").sum())
    return f"{done} of {counted(len(rows), 'phase')} {'is' if done == 1 else 'are'} done"


def _proofs(view: View) -> Markup:
    rows = programme.phases(view.book)
    rows = rows[rows["proof"] != ""]
    note = "Ticked by the workbook itself. The phases overlap, and all of them come again."
    return table(rows, {"name": "Phase|l", "proof": "What proves it|l why"}, note=note)


when = stack(
    row(
        Exhibit(
            "phases",
            _phases_title,
            chart=Chart(
                charts.timetable,
                _phases,
                "The phases in time, with the milestones on the way",
                "Give the phases their dates in the exercise below.",
                "Bars are phases, diamonds are milestones; a filled one is done.",
            ),
        ),
        stack(Exhibit("proofs", "What the workbook proves", _proofs), tips("when")),
        shape="two",
    ),
    exercises("when"),
)

# Healthy?


def _health(view: View) -> tuple[Any, ...]:
    rows = programme.health(view.book)
    return (rows,) if rows["answered"].any() else ()


def _health_title(view: View) -> str:
    rows = programme.health(view.book)
    now = rows[rows["round"] == "now"]
    if not now["answered"].any():
        return "How healthy is it? Answer the two health checks below"
    return f"{now['ok'].sum()} of {counted(now['answered'].sum(), 'question')} in order today"


def _links(view: View) -> Markup:
    rows = programme.weak_links(view.book)
    heads = {
        "label": "Link|l",
        "category": "Of|l",
        "state": "How is it?|l",
        "action": "Action|l why",
        "by": "By|l date",
    }
    return table(rows, heads)


def _links_title(view: View) -> str:
    rows = programme.weak_links(view.book)
    bare = int((rows["action"] == "").sum())
    if rows.empty:
        return "No weak link is known"
    said = counted(len(rows), "weak link")
    return f"{said}, {bare} without an action" if bare else f"{said}, each with an action"


healthy = stack(
    row(
        Exhibit(
            "health",
            _health_title,
            chart=Chart(charts.health, _health, "Questions in order by category, round by round"),
        ),
        stack(Exhibit("weak-links", _links_title, _links), tips("healthy")),
    ),
    exercises("healthy"),
)

# What would we do?


def _alike_title(view: View) -> str:
    rows = programme.alike(view.book)
    if rows.empty:
        return "Have we got this? Not as far as the workbook knows"
    return f"Have we got this? In {counted(rows['customer'].nunique(), 'account')}"


def _alike(view: View) -> Markup:
    heads = {"name": "Account|name", "words": "What is so|l why"}
    rows = programme.alike(view.book)
    told = [
        table(part, heads, caption=f"As in: {catalogue.entry(str(case))['title']}", most=12)
        for case, part in rows.groupby("case", sort=False)
    ]
    return parts(*told)


def _mini(view: View) -> Markup:
    method = line(catalogue.entry("mini_case_method")["help"], "hint")
    return parts(method, *(guide.text(view, catalogue.entry(id), "cases", unfolded=True) for id in MINI))


MINI = ("mini_case_workwise", "mini_case_epp")


def _others(view: View) -> Markup:
    """Every other case; on paper those that somebody has answered."""
    done = set(view.book["answers"]["sheet"])
    wanted = [f for f in forms.cases() if f.id not in MINI and (not view.paper or f.id in done)]
    return parts(*(guide.text(view, catalogue.entry(f.id), "cases") for f in wanted))


def _others_title(view: View) -> str:
    wanted = [f for f in forms.cases() if f.id not in MINI]
    done = sum(f.id in set(view.book["answers"]["sheet"]) for f in wanted)
    return f"{done} of {counted(len(wanted), 'other case')} answered"


cases = stack(
    row(
        Exhibit("mini-cases", "Two mini cases", _mini, actions={"answer": guide.answer}),
        stack(
            Exhibit("alike", _alike_title, _alike),
            Exhibit("other-cases", _others_title, _others, actions={"answer": guide.answer}),
        ),
    ),
    tips("cases", cases=False),
)
library = guide.library()
