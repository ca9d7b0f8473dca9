"""The views of positive impact analysis: the chain of doing business, ideas, their screening, and what is done."""

from __future__ import annotations

from datetime import date
from typing import Any

import ipywidgets as W
import pandas as pd

from kamlib import catalogue, charts, panels
from kamlib.desk import Desk
from kamlib.errors import InvalidInput
from kamlib.models import pia, plans
from kamlib.views.parts import column, grid, hear, names_of, panel, person_column, picture, slug, stack, zones
from kamlib.views.picture import about, idea_card
from kamlib.views.sheets import sheet
from kamlib.views.widgets import Grid, Panel
from kamlib.workbook.schema import CHAINS, as_text

LEVEL_WORDS = {"corporate": "with us", "end_customer": "through them to their customers"}
KIND_WORDS = {
    "add": "something new",
    "improve": "something better",
    "remove": "something left out",
    "price": "a price or a term",
}


def chain(desk: Desk) -> W.Box:
    """Doing business with us as one customer sees it: the stages, what goes wrong there, and ideas for each."""

    def data() -> tuple[Any, ...]:
        rows = pia.chain(about(desk))
        return (rows,) if len(rows) else ()

    empty = "The chain is drawn here as soon as it has a stage."
    drawn = picture(desk, data, charts.chain, "chain", "The chain of doing business with us", empty, lambda: f"Doing business with us, as {_name(desk)} sees it")  # fmt: skip
    return stack(_whom(desk), zones(_stages(desk), drawn, shape="half"), _ideas(desk))


def _name(desk: Desk) -> str:
    who = about(desk).settings.customer
    return names_of(desk.book["customers"]).get(who, who)


def _whom(desk: Desk) -> Panel:
    """The customer it is about; those with a plan of their own come first."""

    def html() -> str:
        listed = pia.listed(desk.book.choosing(customer=""))
        started = set(pia.begun(desk.book))
        listed = listed.assign(begun=listed["customer"].isin(started)).sort_values(
            "begun", ascending=False, kind="stable"
        )
        choices = listed[["customer", "name", "begun"]].to_dict("records")
        now = about(desk).settings.customer
        bare = not (desk.book["stages"]["customer"] == now).any()
        return panels.fill(
            "pia_whom", choices=choices, chosen=now, name=_name(desk), bare=bare, locked=desk.read_only
        )

    def usual(_: dict[str, Any]) -> None:
        customer = about(desk).settings.customer
        if not customer:
            raise InvalidInput("Choose a customer first.")
        stock = catalogue.items("pia", "stock_stages").to_dict("records")
        desk.put_all("stages", [
            {"customer": customer, "stage": s["id"], "name": s["label"], "level": s["level"], "place": str(n)}
            for n, s in enumerate(stock, start=1)
        ])  # fmt: skip

    made = panel(desk, html)
    writing = {} if desk.read_only else {"usual": usual}
    hear(made, desk, {"choose": lambda m: desk.look_at(str(m["value"]))} | writing)
    return made


def _stages(desk: Desk) -> Grid:
    shown = ("name", "level", "place", "trouble")

    def rows() -> list[dict[str, Any]]:
        return [
            {"id": r["stage"], "label": r["name"], "sub": f"{r['ideas']} ideas" if r["ideas"] else "",
             "cells": [as_text(r[c]) for c in shown]}
            for r in pia.chain(about(desk)).to_dict("records")
        ]  # fmt: skip

    def columns() -> list[dict[str, Any]]:
        return [column("stages", "name", "Stage"), column("stages", "level", "Where", words=LEVEL_WORDS),
                column("stages", "place", "Order"), column("stages", "trouble", "What can go wrong, or is a burden")]  # fmt: skip

    def add(content: dict[str, Any]) -> None:
        customer = _customer(desk)
        own = desk.book["stages"].loc[lambda t: t["customer"] == customer]
        most = own["place"].max() if len(own) else 0
        desk.put("stages", customer=customer, stage=slug(content["value"], own["stage"]), name=content["value"],
                 level=CHAINS[0], place=as_text(float((most if most == most else 0) + 1)))  # fmt: skip

    def remove(content: dict[str, Any]) -> None:
        customer, stage = about(desk).settings.customer, str(content["row"])
        ideas = desk.book["ideas"]
        if ((ideas["customer"] == customer) & (ideas["stage"] == stage)).any():
            raise InvalidInput("This stage has ideas, so it stays; move them to another stage first.")
        desk.remove("stages", customer=customer, stage=stage)

    return grid(desk, rows, columns, lambda row, name, text: ("stages", {"customer": about(desk).settings.customer, "stage": row, name: text}),
                handlers={"add": add, "remove": remove}, removable=True, title="Stages of doing business with us", corner=" ",
                add="Another stage:", broad=True)  # fmt: skip


def _customer(desk: Desk) -> str:
    customer = about(desk).settings.customer
    if not customer:
        raise InvalidInput("Choose a customer first.")
    return customer


def _listed(desk: Desk) -> list[dict[str, Any]]:
    """The ideas for the customer, as rows of the workbook."""
    return pia.ideas(about(desk)).to_dict("records")


def _ideas(desk: Desk) -> Grid:
    shown = (
        "stage",
        "kind",
        "role",
        "secured",
        "asked_for",
        "customer_gain",
        "our_gain",
        "partner",
        "evidence",
        "person",
    )

    def rows() -> list[dict[str, Any]]:
        return [
            {"id": r["idea"], "label": r["name"], "cells": [as_text(r[c]) for c in shown]}
            for r in _listed(desk)
        ]

    def columns() -> list[dict[str, Any]]:
        stages = pia.chain(about(desk))
        words = dict(zip(stages["stage"], stages["name"], strict=True))
        money = f"a year, {desk.settings.currency}"
        return [
            {"id": "stage", "label": "Stage", "kind": "choice", "choices": list(words), "words": words},
            column("ideas", "kind", "What", words=KIND_WORDS), column("ideas", "role", "Given or differentiator"),
            column("ideas", "secured", "Given: works today?"), column("ideas", "asked_for", "Asked for?"),
            column("ideas", "customer_gain", "They gain", sub=money), column("ideas", "our_gain", "We gain", sub=money),
            column("ideas", "partner", "With whom"), column("ideas", "evidence", "How we know"), person_column(desk, label="Whose idea"),
        ]  # fmt: skip

    def add(content: dict[str, Any]) -> None:
        customer, name = _customer(desk), content["value"]
        desk.put("ideas", idea=slug(name, desk.book["ideas"]["idea"]), name=name, customer=customer)

    return grid(desk, rows, columns, lambda row, name, text: ("ideas", {"idea": row, name: text}),
                handlers={"add": add, "remove": lambda m: desk.remove("ideas", idea=str(m["row"]))}, removable=True,
                title="Ideas, freely", corner="Idea", add="An idea, however wild:")  # fmt: skip


def screening(desk: Desk) -> W.Box:
    """Good, OK and bad agreed first, then every idea rated on the eight questions, then the test of lock-in."""
    labels = catalogue.items(pia.SHEET).set_index("id")["label"]
    ties = catalogue.items("lock_in").set_index("id")["label"]

    def rows(questions: tuple[str, ...], word: str) -> list[dict[str, Any]]:
        rated, seen = pia.ratings(desk.book), pia.screening(about(desk))
        tied = pia.lock_in(about(desk)).set_index("idea")["lock_in"]
        said = dict(
            zip(seen["idea"], seen["class"] if word == "Class" else seen["idea"].map(tied), strict=True)
        )
        return [{"id": i, "label": n, "cells": [*(rated.at[i, q] if i in rated.index else "" for q in questions), said[i]]}
                for i, n in zip(seen["idea"], seen["name"], strict=True)]  # fmt: skip

    def columns(
        questions: tuple[str, ...], words: pd.Series, choices: list[str], last: str
    ) -> list[dict[str, Any]]:
        asked = pia.parameters(desk.book).set_index("question")
        made = []
        for q in questions:
            hint = (
                "\n".join(f"{c}: {asked.at[q, c.lower()]}" for c in ("good", "OK", "bad"))
                if q in asked.index
                else ""
            )
            made.append({"id": q, "label": words[q], "kind": "choice", "choices": choices, "help": hint})
        return [*made, {"id": "", "label": last, "kind": "show"}]

    def target(row: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
        return "ratings", {"idea": row, "question": name, "rating": text}

    def at(content: dict[str, Any]) -> None:
        if content["row"] != desk.idea:
            desk.look_into(str(content["row"]))

    rated = grid(desk, lambda: rows(pia.QUESTIONS, "Class"), lambda: columns(pia.QUESTIONS, labels, ["good", "OK", "bad"], "Class"),
                 target, reading={"at": at}, title="Eight questions for every idea", corner="Idea")  # fmt: skip
    tied = grid(desk, lambda: rows(pia.LOCK_IN, "tie"), lambda: columns(pia.LOCK_IN, ties, ["yes", "no"], "Ties them"), target,
                reading={"at": at}, title="Would it tie the customer to us, and would the customer like that?", corner="Idea")  # fmt: skip
    told = panel(desk, lambda: panels.fill("pia_order", rows=pia.order(about(desk)).to_dict("records"), name=_name(desk),
                                           unknown=pia.find_out(about(desk)).to_dict("records")))  # fmt: skip
    return stack(
        sheet(desk, pia.SHEET), zones(stack(rated, tied), stack(told, idea_card(desk, "-rated")), shape="two")
    )


def idea_scores(desk: Desk) -> W.Box:
    """The score grids of the matrix of ideas: ideas x factors, to us and to the customer."""
    return zones(_scores(desk, "pia_us", "What is each idea worth to us?"),
                 _scores(desk, "pia_customer", "What is it worth to the customer, in the customer's eyes?"), shape="half")  # fmt: skip


def _scores(desk: Desk, model: str, title: str) -> W.Box:
    def listed() -> pd.DataFrame:
        return pia.factors(desk.book, model, desk.settings.segment)

    def columns() -> list[dict[str, Any]]:
        return [column("scores", "score", f["label"], id=f["factor"], help=f"10: {f['good']}\n1: {f['bad']}")
                for f in listed().to_dict("records")]  # fmt: skip

    def rows() -> list[dict[str, Any]]:
        part = desk.book["scores"]
        part = part[part["model"] == model]
        cells = {
            (s, f): as_text(v) for s, f, v in zip(part["subject"], part["factor"], part["score"], strict=True)
        }
        factors = listed()["factor"]
        return [{"id": r["idea"], "label": r["name"], "cells": [cells.get((r["idea"], f), "") for f in factors]}
                for r in _listed(desk)]  # fmt: skip

    def usual(_: dict[str, Any]) -> None:
        stock = catalogue.items("pia_matrix", model.removeprefix("pia_")).to_dict("records")
        desk.put_all(
            "factors",
            [{"model": model, "scope": pia.SCOPE, "factor": s["id"], "label": s["label"]} for s in stock],
        )

    def add(content: dict[str, Any]) -> None:
        scope = listed()["scope"].iloc[0] if len(listed()) else pia.SCOPE
        desk.put(
            "factors",
            model=model,
            scope=scope,
            factor=slug(content["value"], listed()["factor"]),
            label=content["value"],
        )

    def target(row: str, name: str, text: str) -> tuple[str, dict[str, Any]]:
        return "scores", {"model": model, "subject": row, "factor": name, "score": text}

    head = panel(
        desk,
        lambda: panels.fill(
            "pia_factors", title=title, model=model, bare=listed().empty, locked=desk.read_only
        ),
    )
    hear(
        head,
        desk,
        {}
        if desk.read_only
        else {"factors": usual, "factor": lambda m: add({"value": m["fields"]["factor"]})},
    )
    return stack(head, grid(desk, rows, columns, target, title=title, corner="Idea", heat=True))


def action(desk: Desk) -> W.Box:
    """What is done: projects, their work plans with dates, the timetable, and what it all takes."""
    today = date.today().isoformat()

    def data() -> tuple[Any, ...]:
        rows = plans.projects(about(desk))
        shown = rows.assign(customer=rows["customer_name"], owner=rows["owner_name"])
        return (shown, plans.steps(about(desk)), today) if len(rows) else ()

    def load() -> str:
        rows = plans.load(desk.book)
        return panels.fill("plans_load", rows=rows.to_dict("records"))

    drawn = picture(desk, data, charts.timetable, "timetable", "Projects and their steps in time", "The timetable is drawn here as soon as there is a project.",
                    lambda: f"What we do for {_name(desk)}")  # fmt: skip
    return stack(_start(desk), _projects(desk), drawn, zones(_steps(desk), panel(desk, load), shape="two"))


def _start(desk: Desk) -> Panel:
    """Make a project of an idea: class A and unmet givens are offered first."""

    def html() -> str:
        rows = pia.order(about(desk))
        taken = set(desk.book["projects"]["idea"])
        return panels.fill(
            "plans_start",
            rows=rows[~rows["idea"].isin(taken)].to_dict("records"),
            name=_name(desk),
            locked=desk.read_only,
        )

    def start(content: dict[str, Any]) -> None:
        idea = str(content["fields"]["idea"])
        rows = desk.book["ideas"]
        own = rows[rows["idea"] == idea]
        if own.empty:
            raise InvalidInput("Choose an idea first.")
        name = own["name"].iloc[0] or idea
        desk.put("projects", project=slug(name, desk.book["projects"]["project"]), name=name, idea=idea,
                 customer=str(own["customer"].iloc[0]), status="planned")  # fmt: skip

    made = panel(desk, html)
    hear(made, desk, {} if desk.read_only else {"start": start})
    return made


def _projects(desk: Desk) -> Grid:
    shown = ("owner", "team", "starts", "ends", "days", "money", "risk", "contingency", "status")

    def rows() -> list[dict[str, Any]]:
        seen = plans.projects(about(desk))
        return [{"id": r["project"], "label": r["name"], "sub": f"class {r['class']}" if r["class"] else "",
                 "cells": [as_text(r[c]) for c in shown]} for r in seen.to_dict("records")]  # fmt: skip

    def columns() -> list[dict[str, Any]]:
        return [
            person_column(desk, "owner", "Owner"), column("projects", "team", "Team"), column("projects", "starts", "Begins"),
            column("projects", "ends", "Ends"), column("projects", "days", "Days in all"),
            column("projects", "money", "Money in all", sub=desk.settings.currency), column("projects", "risk", "What could take them away"),
            column("projects", "contingency", "What we do then"), column("projects", "status", "Status"),
        ]  # fmt: skip

    def add(content: dict[str, Any]) -> None:
        made = slug(content["value"], desk.book["projects"]["project"])
        desk.put("projects", project=made, name=content["value"], customer=_customer(desk), status="planned")

    return grid(desk, rows, columns, lambda row, name, text: ("projects", {"project": row, name: text}),
                handlers={"add": add, "remove": lambda m: desk.remove("projects", project=str(m["row"]))}, removable=True,
                title="Projects", corner="Project", add="A project of another kind:")  # fmt: skip


def _steps(desk: Desk) -> W.Box:
    """The work plans: every step with a date; one without is not taken."""
    shown = ("name", "due", "person", "done")

    def seen() -> pd.DataFrame:
        return plans.projects(about(desk))

    def rows() -> list[dict[str, Any]]:
        names = dict(zip(seen()["project"], seen()["name"], strict=True))
        return [{"id": f"{r['project']}\t{r['step']}", "label": names[r["project"]], "cells": [as_text(r[c]) for c in shown]}
                for r in plans.steps(about(desk)).to_dict("records")]  # fmt: skip

    def columns() -> list[dict[str, Any]]:
        return [
            column("actions", "name", "Step"),
            column("actions", "due", "By when"),
            person_column(desk),
            column("actions", "done", "Done?"),
        ]

    def key(row: str) -> dict[str, str]:
        project, step = row.split("\t")
        return {"project": project, "step": step}

    def add(content: dict[str, Any]) -> None:
        said = {name: str(content["fields"][name]).strip() for name in ("project", "name", "due", "person")}
        if not said["project"] or not said["name"]:
            raise InvalidInput("Say which project, and what is done.")
        taken = desk.book["actions"].loc[lambda t: t["project"] == said["project"], "step"]
        desk.put(
            "actions", step=slug(said["name"], taken), **{k: v for k, v in said.items() if v or k == "due"}
        )

    made = grid(desk, rows, columns, lambda row, name, text: ("actions", key(row) | {name: text}),
                handlers={"remove": lambda m: desk.remove("actions", **key(str(m["row"])))}, removable=True,
                title="Work plans", corner="Project", broad=True)  # fmt: skip

    def html() -> str:
        people = names_of(desk.book["people"])
        return panels.fill(
            "plans_step",
            projects=seen()[["project", "name"]].to_dict("records"),
            people=people,
            locked=desk.read_only,
        )

    form = panel(desk, html)
    hear(form, desk, {} if desk.read_only else {"step": add})
    return stack(made, form)
