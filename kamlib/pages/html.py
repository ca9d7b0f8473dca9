"""Exhibits as HTML: templates, tables, and the whole exhibit as it stands on paper; every text is escaped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from kamlib import charts
from kamlib.charts import palette
from kamlib.errors import InvalidInput
from kamlib.models import headlines, results
from kamlib.models.scoring import one
from kamlib.pages.exhibit import Choice, Exhibit, Figures, Grid, Page, Part, Stack, View, of
from kamlib.wording import counted, cut, listed, sentence
from kamlib.workbook.schema import BOXES, as_text
from kamlib.workbook.settings import Settings, is_text

MOST_ROWS = 40
FIGURES = "application/vnd.kam.figures+json"
TEMPLATES = Path(__file__).parent.parent / "share/jupyter/nbconvert/templates"
LEVELS = {"block": "settle first", "warn": "look at this", "nudge": "hint"}


class Paper:
    """HTML that a notebook shows, every text escaped; what it says of its page to the template, and in figures to programs."""

    def __init__(
        self, html: str, page: dict[str, Any] | None = None, figures: dict[str, Any] | None = None
    ) -> None:
        self.html, self.page, self.figures = html, page, figures

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        said = {"application/vnd.kam+json": self.page, FIGURES: self.figures}
        return {"text/html": self.html, "text/plain": ""} | {kind: of for kind, of in said.items() if of}


@cache
def environment() -> Environment:
    """The templates with their filters; what is undefined raises, what is unknown is "?"."""
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=lambda value: "?" if value is None or value != value else value,
    )
    templates.filters |= {"count": count_words, "one": one, "whole": whole, "any": present, "box": box_word}
    templates.filters |= {"listed": listed, "cut": cut, "sentence": sentence, "css": in_css}
    templates.globals |= {"MARKS": palette.MARKS, "BOXES": BOXES, "LEVELS": LEVELS}
    templates.globals |= {"counted": counted}
    return templates


def fill(page: str, macro: str, **values: Any) -> Markup:
    """A macro of pages/templates/`page`.html with its values; every text in it is escaped."""
    return trusted(getattr(environment().get_template(f"{page}.html").module, macro)(**values))


def trusted(html: str) -> Markup:
    """HTML that our templates or the chart renderer made: it is escaped already."""
    return Markup(html)  # noqa: S704


def look() -> str:
    """The style sheet: the same for the app and for paper."""
    return (TEMPLATES / "kam" / "look.css").read_text(encoding="utf-8")


def whole(number: float) -> str:
    """A count or an amount with thousands separated, "?" for unknown."""
    return "?" if number != number else f"{number:,.0f}"


def present(value: Any) -> bool:
    """Is there anything in this cell?"""
    return value == value and value not in ("", None)


def count_words(row: Mapping[str, Any]) -> str:
    """How many customers a category has, and how many of them are only suggested: "3 (1 suggested)"."""
    count, open_ = row["customers"], row["customers"] - row["decided"]
    if not open_:
        return f"{count}"
    return f"{count} suggested" if open_ == count else f"{count} ({open_} suggested)"


def in_css(text: str) -> Markup:
    """A text for a string of a style sheet."""
    return trusted(re.sub(r"[^\w .,:-]", lambda sign: f"\\{ord(sign[0]):x} ", text))


def box_word(box: str) -> str:
    """The words for a box id."""
    return palette.MARKS.get(box, palette.MARKS[""]).word


def parts(*html: str) -> Markup:
    """Pieces of HTML one below the other; those that are empty are left out."""
    return trusted("\n".join(filter(None, html)))


def line(text: str, css: str = "") -> Markup:
    """A paragraph; `css` names its classes, such as hint, doubt or verdict."""
    return fill("exhibit", "line", text=text, css=css) if text else trusted("")


def fold(title: str, inside: str, view: View) -> Markup:
    """What few want to see behind its title; on paper it is open."""
    return (
        fill("exhibit", "fold", title=title, inside=trusted(inside), paper=view.paper)
        if inside
        else trusted("")
    )


def subhead(text: str) -> Markup:
    """A heading inside an exhibit."""
    return fill("exhibit", "subhead", text=text)


def table(
    rows: pd.DataFrame | Iterable[Mapping[str, Any]],
    columns: Mapping[str, str],
    *,
    caption: str = "",
    note: str = "",
    most: int = MOST_ROWS,
    css: str = "",
    id: str = "",
) -> Markup:
    """Rows as a table; "" where there are none.

    `columns`: name -> heading, and after a bar how its cells look: a format of Python (`%.2f`), "one" for one
    decimal, or classes of the style sheet (l for words, why for long ones, name, date). Numbers
    are whole unless said otherwise. Of more than `most` rows the first are shown, and how many are not.
    """
    listed_rows = rows.to_dict("records") if isinstance(rows, pd.DataFrame) else list(rows)
    looks = {name: heading.partition("|")[::2] for name, heading in columns.items()}
    cells = [
        [(_cell(row[name], look), _classes(row[name], look)) for name, (_, look) in looks.items()]
        for row in listed_rows[:most]
    ]
    if not cells:
        return trusted("")
    heads = [(heading, " ".join(w for w in look.split() if w in WORDY)) for heading, look in looks.values()]
    return fill(
        "exhibit",
        "table",
        heads=heads,
        rows=cells,
        caption=caption,
        note=note,
        css=css,
        id=id,
        more=len(listed_rows) - len(cells),
    )


WORDY = ("l", "why", "name", "date", "word")


def _cell(value: Any, look: str) -> Any:
    if isinstance(value, str | Markup):
        return value
    if value is None or value != value:
        return "" if "blank" in look else "?"
    form = next((word for word in look.split() if word.startswith("%")), "")
    if form:
        return form % value
    return one(value) if "one" in look.split() else whole(value)


def _classes(value: Any, look: str) -> str:
    return " ".join(word for word in look.split() if word in WORDY)


def choice(control: Choice, view: View) -> Markup:
    """A choice as buttons or as a list; on paper the words of what is chosen."""
    options = dict(of(control.options, view))
    chosen = view[control]
    if view.paper:
        return line(options.get(chosen, ""), "hint")
    small = control.small(view) if control.small else {}
    return fill("exhibit", "choice", control=control, options=options, chosen=chosen, small=small)


def figures(control: Figures, view: View) -> Markup:
    """Settings to fill in; where nothing can be entered, what they are."""
    settings = view.book.settings
    rows = [
        {
            "name": name,
            "label": of(label, view),
            "value": _figure(getattr(settings, name)),
            "text": is_text(Settings, name),
        }
        for name, label in control.asked.items()
    ]
    return fill("exhibit", "figures", rows=rows, locked=view.locked)


def _figure(value: Any) -> str:
    return value if isinstance(value, str) else as_text(None if value is None else float(value))


def head(exhibit: Exhibit, view: View) -> Markup:
    """The title of an exhibit and its choices."""
    title = of(exhibit.title, view)
    chosen = [choice(c, view) for c in exhibit.controls if isinstance(c, Choice)]
    return fill("exhibit", "head", title=title, choices=chosen)


def picture(exhibit: Exhibit, view: View, svg: str) -> Markup:
    """A drawn chart with its description; without one the sentence that says why there is none."""
    if exhibit.chart is None:
        return trusted("")
    said = {name: of(getattr(exhibit.chart, name), view) for name in ("label", "empty", "key")}
    return fill("exhibit", "picture", svg=trusted(svg), paper=view.paper, **said)


def drawn(exhibit: Exhibit, view: View) -> str:
    """The chart of an exhibit as SVG, "" where there is nothing to draw."""
    data: Sequence[Any] = exhibit.chart.data(view) if exhibit.chart else ()
    return charts.picture(exhibit.id, exhibit.chart.draw, data) if exhibit.chart else ""


def grid(shown: Grid, view: View, *, titled: bool = False) -> Markup:
    """A grid as a printed table, under its own title unless the exhibit has one."""
    columns, rows = shown.columns(view), shown.rows(view)
    names = ["", *(f"c{n}" for n in range(len(columns)))]
    cells = [dict(zip(names, [_named(row), *map(_word, columns, row["cells"])], strict=True)) for row in rows]
    heads = dict(zip(names, [f"{shown.corner.strip()}|name", *map(_heading, columns)], strict=True))
    return table(cells, heads, caption="" if titled else of(shown.title, view), most=len(cells))


def _named(row: Mapping[str, Any]) -> Any:
    return fill("exhibit", "named", name=row["label"], sub=row["sub"]) if row.get("sub") else row["label"]


def _word(column: Mapping[str, Any], text: str) -> str:
    if text == "":
        return "?" if column["kind"] == "score" else ""
    return str((column.get("words") or {}).get(text, text))


def _heading(column: Mapping[str, Any]) -> str:
    label = " ".join(filter(None, [column["label"], column.get("sub", "")]))
    look = {"score": "", "number": "", "date": "l date", "text": "l why"}.get(column["kind"], "l")
    return f"{label}|{look}"


def about(view: View) -> list[str]:
    """What a page or a picture says of itself: whose, which workbook, day, parameters, version, that it is internal."""
    return headlines.about(view.book, view.workbook)


def beginning(page: Page, view: View, audience: str) -> Paper:
    """How a page begins on paper; all of it, where it is for a customer. Raises InvalidInput where there is none."""
    if audience == "internal":
        told = {"title": of(page.called, view), "ends": about(view), "alone": False}
        return Paper(opening(page, view), told, record(page, view))
    if not page.outside:
        raise InvalidInput(
            "These pages are internal. A customer's page is made with: kam report --customer ... --audience customer",
            table="parameters",
            column="audience",
            found=audience,
            allowed="internal",
        )
    title, content = page.outside(view)
    return Paper(content, {"title": title, "ends": [], "alone": True})


def leading_back(page: str, index: str) -> str:
    """A whole page with a link to the index that lists it; it is not printed."""
    begins = trusted("<body>")
    return trusted(page).replace(begins, begins + fill("exhibit", "back", index=index), 1)


def opening(page: Page, view: View) -> Markup:
    """How a page begins on paper: what it is about, the result in one sentence, and what is to be known before all else."""
    headline = of(page.headline, view)
    begins = on_paper(page.beginning, view) if page.beginning else ""
    return parts(fill("exhibit", "opening", about=about(view), headline=headline), begins)


def record(page: Page, view: View) -> dict[str, Any]:
    """What a program may want of a page on paper: what it says of itself, its result, its main tables."""
    book = view.book.choosing(customer=view.customer) if view.customer else view.book
    tables = {name: json.loads(results.render(results.RESULTS[name](book), "json")) for name in page.figures}
    return {
        "title": of(page.called, view) or page.title,
        "headline": of(page.headline, view),
        "workbook": view.workbook,
        "round": book.settings.round,
        "day": headlines.as_of(book),
        "narrowed": headlines.narrowing(book),
        "about": about(view),
        "figures": tables,
    }


def on_paper(part: Part, view: View) -> Markup:
    """An exhibit, or several, as they stand on paper; "" where there is nothing to say."""
    if not of(part.on_paper, view):
        return trusted("")
    if not isinstance(part, Exhibit):
        pieces = [*filter(None, (on_paper(each, view) for each in part.parts))]
        if isinstance(part, Stack) or len(pieces) < 2:
            return parts(*pieces)
        return fill("exhibit", "beside", pieces=pieces)
    svg = drawn(part, view)
    words = part.words(view) if part.words else ""
    printed = (
        grid(part.grid, view, titled=bool(of(part.title, view))) if part.grid and part.grid.printed else ""
    )
    if not (svg or words or printed):
        return trusted("")
    asked = [figures(c, view) for c in part.controls if isinstance(c, Figures)]
    shown = picture(part, view, svg) if svg else ""
    return fill("exhibit", "paper", id=part.id, pieces=[head(part, view), shown, words, printed, *asked])
