"""What there is to read: tips, texts and cases of a part behind a button each, and a library to search."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
from markupsafe import Markup

from kamlib import catalogue
from kamlib.catalogue import sheets
from kamlib.errors import InvalidInput
from kamlib.pages.exhibit import Desk, Draft, Exhibit, Stack, View, stack
from kamlib.pages.grids import names_of, person
from kamlib.pages.html import fill, fold, parts, table
from kamlib.wording import counted
from kamlib.workbook.book import Book
from kamlib.workbook.settings import is_served

WORDS = Draft("library", "")
MOST = 40  # texts that the library shows of what it finds
SAID = ("rule", "reading", "shares", "loops", "quotation")  # sentences of an entry beside its help
ASKED = ("answer", "person", "agree", "change")


def tips(part: int | str, *, cases: bool = True) -> Exhibit:
    """The tips of a part, and every text and case that belongs there, behind their titles."""

    def words(view: View) -> Markup:
        known = {f"tips_step_{part}", f"tips_{part}"}
        found = [e for e in catalogue.entries(step=f"later:{part}") + catalogue.entries(step=part)]
        found = [e for e in found if cases or e["kind"] != "case"]
        lines = [item for e in found if e["id"] in known for item in e["items"]]
        shown = [e for e in found if e["id"] not in known and "form" not in e]
        texts = parts(*(text(view, e, str(part)) for e in shown))
        if len(shown) > 1:
            texts = fill("guide", "more", part=part, count=len(shown), texts=texts)
        return parts(fill("guide", "tips", tips=lines, part=part), texts)

    return Exhibit(f"tips-{part}", words=words, actions={"answer": answer}, on_paper=False)


def text(view: View, entry: catalogue.Entry, place: str, *, unfolded: bool = False) -> Markup:
    """An entry to be read: what it says, its lists, its source; a case with our own answers.

    It stands behind its title, unless it is `unfolded`. What a case reveals is not there before somebody has answered it by name.
    """
    book, id = view.book, entry["id"]
    shape = next((form for form in sheets.cases() if form.id == id), None)
    sentences, lists, revealed = _content(book, entry)
    return fill(
        "guide",
        "text",
        entry=entry,
        place=place,
        source=catalogue.cite(entry["source"]),
        said=sentences,
        lists=lists,
        revealed=revealed,
        case=_case(book, shape) if shape else None,
        people=names_of(book["people"]),
        locked=view.locked,
        folded=not (unfolded or view.paper),
        home=_where(catalogue.home(entry)) if "form" in entry else None,
    )


def _content(book: Book, entry: catalogue.Entry) -> tuple[list[str], sheets.Lists, sheets.Lists]:
    """The sentences of an entry, its lists, and those that it reveals, if it is answered."""
    sentences = [entry[key] for key in SAID if isinstance(entry.get(key), str)]
    lists = [("Lines", _lines(entry["id"]))] if "form" in entry else []
    shown = _said_of([*lists, *sheets.guidance(entry)])
    return sentences, shown, _said_of(sheets.revealed(book, entry))


def _lines(id: str) -> list[dict[str, Any]]:
    return sheets.form(id).lines[["label", "help"]].to_dict("records")


def _said_of(lists: sheets.Lists) -> sheets.Lists:
    """The lists of which the items have words; figures for a computation have none."""
    return [(name, rows) for name, items in lists if (rows := [i for i in items if i["label"]])]


def _where(home: str) -> dict[str, str] | None:
    """The part where a sheet is filled in, if its page is there."""
    part = catalogue.parts().get(home)
    return part if part and is_served(part["page"]) else None


def _case(book: Book, shape: sheets.Form) -> dict[str, Any]:
    """The questions of a case with what was answered, and whether the rest is open."""
    own = book["answers"][book["answers"]["sheet"] == shape.id]
    empty = shape.lines[["id", "label", "help"]].rename(columns={"id": "item"})
    empty = empty.assign(**dict.fromkeys(shape.names, ""))
    rows = (sheets.filled(book, shape.id) if len(own) else empty).to_dict("records")
    return {
        "questions": rows,
        "open": sheets.is_open(book, shape),
        "closed": bool(shape.reveal),
        "on": max(own["on"], default=""),
    }


def answer(desk: Desk, content: dict[str, Any]) -> None:
    """Store the answers to a case; a name is needed, for it opens what others thought."""
    id, fields = str(content["case"]), content["fields"]
    shape = next(form for form in sheets.cases() if form.id == id)
    given = {
        (line, name): str(fields[f"{name}-{line}"]).strip()
        for line in shape.lines["id"]
        for name in ASKED
        if f"{name}-{line}" in fields
    }
    if not all(given[line, "answer"] and given[line, "person"] for line in shape.lines["id"]):
        raise InvalidInput("Write an answer to each question, and who gives it.")
    with desk.as_one():
        given = {(line, n): person(desk, t) if n == "person" else t for (line, n), t in given.items()}
        desk.put_all(
            "answers",
            [
                {"sheet": id, "subject": sheets.CASE, "item": line, "field": name, "value": value}
                for (line, name), value in given.items()
            ],
        )


# The library


def _find(desk: Desk, content: dict[str, Any]) -> None:
    desk.draft(WORDS, str(content["fields"]["words"]).strip())


def found(view: View, words: str) -> list[catalogue.Entry]:
    """The entries in which every word stands, as far as they are open; those named so come first."""
    wanted = re.findall(r"\w+", words.casefold())
    hits = []
    for entry in catalogue.entries():
        title = f"{entry['title']} {entry['id']}".casefold()
        sentences, lists, revealed = _content(view.book, entry)
        items = [f"{i['label']} {i['help']}" for _, rows in [*lists, *revealed] for i in rows]
        said = [entry["help"], entry.get("story", ""), entry.get("ask", ""), *sentences, *items]
        inside = " ".join([title, *said]).casefold()
        if all(word in inside for word in wanted):
            hits.append((not all(word in title for word in wanted), entry["title"], entry))
    return [entry for _, _, entry in sorted(hits, key=lambda hit: hit[:2])]


def _library(view: View) -> Markup:
    words = view[WORDS]
    hits = found(view, words) if words else []
    said = f"{counted(len(hits), 'entry', 'entries')} with “{words}”" if words else ""
    texts = [text(view, entry, "library") for entry in hits[:MOST]]
    more = len(hits) - len(texts)
    return fill("guide", "library", words=words, said=said, texts=texts, more=more, parts=_by_part())


def _by_part() -> list[tuple[str, list[catalogue.Entry]]]:
    """Every entry below the part where it belongs."""
    own: dict[str, list[catalogue.Entry]] = {id: [] for id in catalogue.parts()}
    for entry in catalogue.entries():
        own.setdefault(catalogue.home(entry), []).append(entry)
    named = catalogue.parts()
    return [(named.get(id, {"label": id})["label"], entries) for id, entries in own.items() if entries]


def library() -> Stack:
    """All entries of the catalogue, to be searched and read."""
    return stack(
        Exhibit(
            "library",
            words=_library,
            actions={"answer": answer},
            reads={"find": _find, "word": lambda desk, m: desk.draft(WORDS, str(m["word"]))},
            on_paper=False,
        )
    )


def findings(rows: pd.DataFrame, view: View) -> Markup:
    """Findings as a list, the most serious first; hints behind their number."""
    hints = rows["level"] == "nudge"
    folded = fill("guide", "findings", rows=rows[hints].to_dict("records")) if hints.any() else ""
    rest = (
        "" if hints.any() and hints.all() else fill("guide", "findings", rows=rows[~hints].to_dict("records"))
    )
    return parts(rest, fold(f"Hints ({int(hints.sum())})", folded, view))


def _communication(view: View) -> str:
    entry = catalogue.entry("communication")
    heads = {"label": "Who|name", "told": "is told|l", "not_told": "is not told|l", "why": "because|l"}
    told = table(entry["items"], heads)
    return parts(fill("exhibit", "line", text=entry["help"], css=""), fold("Person by person", told, view))


COMMUNICATION = Exhibit("communication", "Who is told what", _communication)
