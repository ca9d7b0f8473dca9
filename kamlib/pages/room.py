"""Voting in the workshop: who is here, opening and closing a vote, the reveal, agreeing, the timetable."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from kamlib.errors import InvalidInput
from kamlib.models import agenda, ballots, findings, polls
from kamlib.pages.exhibit import Action, Desk, Draft, Exhibit, View
from kamlib.pages.grids import names_of
from kamlib.pages.html import fill, table, trusted
from kamlib.wording import numeral
from kamlib.workbook import settings
from kamlib.workbook.book import Book
from kamlib.workbook.schema import as_text, parse_number

AWAY = "The scores are put away while the room votes. They come back with the reveal."
CELL = Draft("revealed-cell", "")
ABOUT = {
    "attractiveness": "how attractive each customer is to us",
    "strength": "how each customer sees us",
    "pia_us": "what each idea is worth to us",
    "pia_customer": "what each idea is worth to the customer",
}
WEIGHING = {"points": "how much each factor counts", "ranking": "which factor counts most"}
NOTHING = {
    "attractiveness": "There is nothing to vote on yet: choose factors (step 7) and put customers into this segment (step 6).",
    "strength": "There is nothing to vote on yet: say what each customer looks for in a supplier (step 8).",
}
NO_IDEAS = "There is nothing to vote on yet: write down ideas, and choose what they are scored on."


def now(minutes: float = 0) -> str:
    """This moment, or one some minutes away, in UTC as the workbook keeps it."""
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat(timespec="seconds")


def about(poll: Mapping[str, str]) -> str:
    """What a poll asks, in words."""
    return WEIGHING.get(poll["how"]) or ABOUT[poll["model"]]


# Opening, closing, agreeing


def _open(desk: Desk, model: str, how: str, blind: str, minutes: str = "", cells: str = "") -> None:
    """Open a vote. Raises InvalidInput while another one is running, or where there is nothing to ask."""
    book = desk.agreed
    if not (segment := book.settings.segment):
        raise InvalidInput("Choose a segment first.")
    if running := polls.running(book):
        other = about(ballots.row_of(book, running))
        raise InvalidInput(f"Another vote is running, on {other}. Reveal it first.")
    id = polls.next_id(book)
    row = {"poll": id, "model": model, "scope": segment, "how": how, "cells": cells, "blind": blind}
    row |= {"status": "open", "opened": now(), "closes": _closing(minutes)}
    table = pd.concat([book["polls"], pd.DataFrame([row])], ignore_index=True)
    asked = polls.questions(book.having({"polls": table}), id)
    if asked.empty:
        raise InvalidInput(NOTHING.get(model, NO_IDEAS))
    if model == "attractiveness":
        for factor in asked["factor"].unique():
            if why := findings.blocked_score(book, segment, factor):
                raise InvalidInput(f"{why} Then open the vote.")
    desk.put("polls", **row)


def _cells(found: pd.DataFrame) -> list[str]:
    """How buttons name the cells of a vote, as `polls.cells` does: subject, factor, supplier."""
    return [" ".join(key).strip() for key in found[polls.KEY].to_numpy()]


def _closing(minutes: str) -> str:
    if not minutes.strip():
        return ""
    try:
        number = parse_number(minutes.strip())
    except ValueError:
        number = float("nan")
    if not 0 < number <= 600:
        raise InvalidInput(
            f'Minutes: "{minutes[:20]}" is not a number from 1 to 600. Leave it empty for no limit.'
        )
    return now(number)


def _status(desk: Desk, content: dict[str, Any]) -> None:
    """Close a vote, let late ones in, or reveal it."""
    status = {"close": "closed", "reopen": "open", "reveal": "revealed"}[str(content["do"])]
    desk.put("polls", poll=str(content["poll"]), status=status, closes="")


def _again(desk: Desk, content: dict[str, Any]) -> None:
    """A second vote, on one cell or on all that matter."""
    book, poll = desk.agreed, str(content["poll"])
    row = ballots.row_of(book, poll)
    found = ballots.revealed(book, poll)
    lines = _cells(found[found["matters"] == "yes"])
    wanted = [str(content["cell"])] if content.get("cell") else lines
    _open(desk, row["model"], "scores", row["blind"], cells="\n".join(wanted))


def _agree(desk: Desk, poll: str, agreed: Mapping[str, Any]) -> None:
    """Store scores (cell -> score) with the poll and its number of votes."""
    book = desk.agreed
    model, found = ballots.row_of(book, poll)["model"], ballots.revealed(book, poll)
    votes = dict(zip(_cells(found), found["votes"], strict=True))
    rows = []
    for cell, score in agreed.items():
        subject, factor, supplier = (cell.split(" ") + ["", ""])[:3]
        key = {"model": model, "subject": subject, "factor": factor, "supplier": supplier}
        rows.append(key | {"score": score, "poll": poll, "votes": as_text(float(votes[cell]))})
    desk.put_all("scores", rows)


def _take(desk: Desk, content: dict[str, Any]) -> None:
    """Agree the median of a cell, or a score that is typed."""
    cell, poll = str(content["cell"]), str(content["poll"])
    typed = str(content.get("fields", {}).get("score", "")).strip()
    found = ballots.revealed(desk.agreed, poll)
    median = as_text(float(found.loc[[each == cell for each in _cells(found)], "median"].iloc[0]))
    if content["do"] == "agree" and not typed:
        raise InvalidInput("Type the score that you agreed on, 1 to 10.")
    _agree(desk, poll, {cell: typed if content["do"] == "agree" else median})


def _take_all(desk: Desk, content: dict[str, Any]) -> None:
    """Agree the medians of all cells that change nothing and are not agreed yet."""
    found = ballots.revealed(desk.agreed, str(content["poll"]))
    found = found[(found["matters"] == "no") & (found["settled"] == "no") & found["median"].notna()]
    cells = dict(zip(_cells(found), map(as_text, found["median"].astype(float)), strict=True))
    _agree(desk, str(content["poll"]), cells)


def _take_weights(desk: Desk, content: dict[str, Any]) -> None:
    """Agree the mean points as weights, and how sure the team is of them."""
    book, poll = desk.agreed, str(content["poll"])
    row, found = ballots.row_of(book, poll), ballots.weighed(book, poll)
    key = {"model": row["model"], "scope": row["scope"]}
    weights = [
        ("factors", key | {"factor": f, "weight": as_text(round(float(p), 1))})
        for f, p in found[["factor", "points"]].itertuples(index=False, name=None)
    ]
    sure = ballots.sureness(book, poll)
    known = {"weights_known": "ranked" if row["how"] == "ranking" else "around"}
    known |= {"sure": str(sure)} if sure and row["how"] == "points" else {}
    desk.put_rows([*weights, *(("settings", {"key": k, "value": v}) for k, v in known.items())])


def _look(desk: Desk, content: dict[str, Any]) -> None:
    desk.draft(CELL, str(content["cell"]))
    if str(content["cell"]).split(" ")[0] in set(desk.view.book["customers"]["customer"]):
        desk.look_at(str(content["cell"]).split(" ")[0])


def put_away(view: View, model: str) -> bool:
    """Are the scores of a model out of sight, because the room is voting on them blind?"""
    poll = polls.running(view.book)
    if not poll or view.locked or poll not in polls.hidden(view.book):
        return False
    row = ballots.row_of(view.book, poll)
    return row["model"] == model and row["how"] == "scores"


# What the big screen shows


def _progress(view: View, row: Mapping[str, str]) -> str:
    found = polls.answers(view.book, row["poll"])
    here = found[(found["here"] == "yes") | (found["answered"] > 0)]
    waiting = here[here["done"] == "no"].to_dict("records")
    return fill(
        "room",
        "progress",
        poll=row,
        about=about(row),
        done=int((here["done"] == "yes").sum()),
        everybody=len(here),
        waiting=waiting,
        room=settings.room(),
    )


def _reveal(view: View, row: Mapping[str, str]) -> str:
    """What is worth talking about first, with the votes; the others can be agreed in one go."""
    book, poll = view.book, row["poll"]
    found, said = ballots.revealed(book, poll), ballots.voices(book, poll)
    found["cell"] = _cells(found)
    said = said.assign(cell=_cells(said))
    voices = {cell: own.to_dict("records") for cell, own in said.groupby("cell", sort=False)}
    first = found[(found["matters"] == "yes") & (found["settled"] == "no")]
    others = found.drop(first.index)
    chosen = view[CELL] if view[CELL] in set(found["cell"]) else next(iter(found["cell"]), "")
    open_ = others[(others["settled"] == "no") & others["median"].notna()]
    return fill(
        "room",
        "reveal",
        poll=row,
        title=_title(first, found),
        first=first.to_dict("records"),
        voices=voices,
        others=others.to_dict("records"),
        open=len(open_),
        locked=view.locked,
        about=about(row),
        cell=next(iter(found[found["cell"] == chosen].to_dict("records")), None),
    )


def _title(first: pd.DataFrame, found: pd.DataFrame) -> str:
    if not (found["votes"] > 0).any():
        return "Nobody has voted"
    if first.empty:
        return "No single vote would change a category"
    return f"{numeral(len(first)).capitalize()} {'score is' if len(first) == 1 else 'scores are'} worth talking about"


def _weights(view: View, row: Mapping[str, str]) -> str:
    found = ballots.weighed(view.book, row["poll"])
    shown = table(
        found,
        {
            "label": "Factor",
            "points": "points of 100|one",
            "lowest": "lowest",
            "highest": "highest",
            "now": "today, %|one",
        },
    )
    votes = int(found["votes"].max()) if len(found) else 0
    return fill("room", "weights", poll=row, shown=shown, votes=votes, locked=view.locked)


def voting(model: str, *hows: str) -> Exhibit:
    """The button that opens a vote on a model, and what follows: progress, reveal, agreeing.

    `hows`: scores, or points and ranking for votes on its weights.
    """
    weighs = "scores" not in hows

    def words(view: View) -> str:
        book = view.book
        segment, running = book.settings.segment, polls.running(book)
        poll = polls.latest(book, model, segment, weighs)
        row = ballots.row_of(book, poll) if poll else {}
        if view.locked:
            return ""
        if row and row["status"] != "revealed":
            return _progress(view, row)
        last = (_weights if weighs else _reveal)(view, row) if row else ""
        offers = {how: WEIGHING.get(how) or ABOUT[model] for how in hows}
        return fill(
            "room",
            "offer",
            model=model,
            offers=offers,
            busy=bool(running),
            last=trusted(last),
            room=settings.room(),
        )

    def open_vote(desk: Desk, content: dict[str, Any]) -> None:
        how, fields = str(content["how"]), content["fields"]
        if how not in hows:
            raise InvalidInput("There is no such vote.")
        _open(desk, model, how, str(fields["blind"]), str(fields["minutes"]))

    actions: dict[str, Action] = {
        "open_vote": open_vote,
        "again": _again,
        "take_median": _take,
        "agree": _take,
    }
    actions |= {"take_all": _take_all, "take_weights": _take_weights}
    actions |= dict.fromkeys(("close", "reopen", "reveal"), _status)
    name = f"vote-{model}{'-weights' if weighs else ''}".replace("_", "-")
    return Exhibit(name, words=words, actions=actions, reads={"look_vote": _look}, on_paper=False)


# Who is here, and the timetable: in the title line of every page


@functools.cache
def _code(address: str) -> str:
    """The code that phones scan, as SVG."""
    import segno

    return str(
        segno.make(address, error="m").svg_inline(border=2, dark="#1b1d22", light="#fff", omitsize=True)
    )


def joining(view: View) -> str:
    """How to join, and who has; "" where nobody can."""
    room = settings.room()
    if view.locked or not room:
        return ""
    table, names = view.book["participants"], names_of(view.book["people"])
    rows = [r | {"name": names.get(r["person"], r["person"])} for r in table.to_dict("records")]
    joined = {r["person"]: r for r in sorted(rows, key=lambda r: r["here"]) if r["status"] == "joined"}
    code = trusted(_code(f"{room['address']}/#{room['code']}"))
    return fill(
        "room",
        "join",
        room=room,
        qr=code,
        joined=[*joined.values()],
        asking=[r for r in rows if r["status"] == "asking"],
    )


def timetable(view: View, here: int) -> str:
    """The step that is running with the time left, and behind it the whole timetable."""
    rows = agenda.timetable(view.book).to_dict("records")
    running = next((r for r in rows if r["due"]), None)
    return "" if view.locked else fill("room", "agenda", rows=rows, running=running, here=here)


def _start(desk: Desk, content: dict[str, Any]) -> None:
    """Start a step; the one that was running ends."""
    rows = [{"step": str(r["step"]), "ended": now()} for r in _running(desk.agreed)]
    step = str(content["step"])
    desk.put_all(
        "agenda", [*(r for r in rows if r["step"] != step), {"step": step, "started": now(), "ended": ""}]
    )


def _stop(desk: Desk, _: dict[str, Any]) -> None:
    desk.put_all("agenda", [{"step": str(r["step"]), "ended": now()} for r in _running(desk.agreed)])


def _running(book: Book) -> list[dict[str, Any]]:
    found = agenda.timetable(book)
    return found[found["due"] != ""].to_dict("records")


def _minutes(desk: Desk, content: dict[str, Any]) -> None:
    desk.put("agenda", step=str(content["step"]), minutes=str(content["value"]).strip())


def _participant(desk: Desk, content: dict[str, Any]) -> None:
    """Let a phone in, or send one away; with a person, all phones of that person."""
    status = "joined" if content["do"] == "let_in" else "removed"
    table = desk.agreed["participants"]
    whom = table["phone"] == content.get("phone", "")
    whom |= (table["person"] == content.get("person", "")) & (table["status"] == "joined")
    desk.put_all("participants", [{"phone": p, "status": status} for p in table.loc[whom, "phone"]])


TITLE_LINE: dict[str, Action] = {"start_step": _start, "stop_step": _stop, "minutes": _minutes}
TITLE_LINE |= {"let_in": _participant, "send_away": _participant}
