"""What is said about the workbook, as escaped HTML: the same sentences on the screen and in a report."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from kamlib import catalogue, palette
from kamlib.models import headlines, pia, portfolio, progress
from kamlib.models.scoring import one
from kamlib.pages import html
from kamlib.workbook.book import Book
from kamlib.workbook.schema import BOXES

FEW_PARTS = 3  # too few for a list
LEVEL_WORDS = {"block": "settle first", "warn": "look at this", "nudge": "hint"}


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined,
        finalize=lambda value: "?" if value is None or value != value else value,
    )  # fmt: skip
    made.filters |= {"one": one, "whole": whole, "any": present, "box": box_word, "css": in_css}
    made.filters |= {"count": count_words}
    made.globals |= {"MARKS": palette.MARKS, "BOXES": BOXES, "LEVEL_WORDS": LEVEL_WORDS}
    return made


def fill(template: str, **values: Any) -> str:
    """A template of kamlib/templates with its values; every text is escaped."""
    return _environment().get_template(f"{template}.html").render(**values)


def marked(html: str, about: list[str], *, contents: bool = True) -> str:
    """A page with what it is `about` below its title and on every printed sheet, and links to its parts."""
    heads: list[str] = []

    def linked(found: re.Match[str]) -> str:
        heads.append(trusted(found[1]).striptags())
        return f'<h2 id="part-{len(heads)}">{found[1]}</h2>'

    if contents and html.count("<h2>") > FEW_PARTS:
        html = re.sub("<h2>(.*?)</h2>", linked, html, flags=re.DOTALL)
    return html.replace("</h1>", f"</h1>\n{fill('about_page', about=about, heads=heads)}", 1)


def in_css(text: str) -> Markup:
    """A text for a string of a style sheet."""
    return trusted(re.sub(r"[^\w .,:-]", lambda sign: f"\\{ord(sign[0]):x} ", text))


def whole(number: float) -> str:
    """A count or an amount with thousands separated, "?" for unknown."""
    return "?" if number != number else f"{number:,.0f}"


def present(value: Any) -> bool:
    """Is there anything in this cell?"""
    return value == value and value not in ("", None)


def box_word(box: str) -> str:
    """The words for a box id."""
    return palette.MARKS.get(box, palette.MARKS[""]).word


def count_words(row: dict[str, Any]) -> str:
    """How many customers a category has, and how many of them are only suggested: "3 (1 suggested)"."""
    count, open_ = row["customers"], row["customers"] - row["decided"]
    return (
        f"{count}"
        if not open_
        else f"{count} suggested"
        if open_ == count
        else f"{count} ({open_} suggested)"
    )


def glyph(box: str) -> str:
    """The sign of a box, for those who cannot tell the colours."""
    return palette.MARKS.get(box, palette.MARKS[""]).glyph


def head(
    book: Book,
    title: str,
    here: int,
    links: dict[int, str],
    *,
    locked: bool,
    others: tuple[tuple[str, str], ...] = (),
    workbook: str = "",
) -> str:
    """The title line: what is asked, whose workbook, and the ten steps."""
    segments = book["segments"]
    choices = [(s, n or s) for s, n in zip(segments["segment"], segments["name"], strict=True)]
    steps = progress.steps(book, book.settings.segment).to_dict("records")
    return fill(
        "head",
        title=title,
        settings=book.settings,
        scenario=headlines.in_scenario(book),
        segments=choices,
        steps=steps,
        here=here,
        links=links,
        others=others,
        locked=locked,
        about=headlines.about(book, workbook),
        heads=[],
    )


def status(book: Book, *, saved_at: str, message: str, read_only: bool) -> str:
    """The thin line below: counts, capacity, saved state."""
    counts = portfolio.balance(book).to_dict("records")
    words, too_many = portfolio.load_words(book)
    return fill("status", counts=counts, load=words, too_many=too_many, saved_at=saved_at, message=message,
                read_only=read_only)  # fmt: skip


def guide(step: int) -> str:
    """The tips and the case stories of a step."""
    tips = catalogue.items(f"tips_step_{step}").to_dict("records")
    cases = [e for e in catalogue.entries("case", step)]
    return fill("guide", tips=tips, cases=cases, step=step)


def idea_card(book: Book, idea: str, *, locked: bool, at: str = "") -> str:
    """One idea explained in sentences: its class, its place on the matrix, who gains, what it asks of us.

    `at` ends the ids of its fields where it stands twice on a page.
    """
    seen = pia.place(book)
    choices = list(zip(seen["idea"], seen["name"], strict=True))
    own = seen[seen["idea"] == idea]
    if own.empty:
        return fill("idea_card", choices=choices, row=None, locked=locked, at=at)
    row, boxes = own.iloc[0].to_dict(), {b["id"]: b for b in catalogue.entry("pia_matrix")["quadrants"]}
    one_of = {name: _row(made(book), idea) for name, made in (
        ("screened", pia.screening), ("tie", pia.lock_in), ("gain", pia.value), ("said", pia.ideas))}  # fmt: skip
    rated, asked = pia.ratings(book), pia.parameters(book).to_dict("records")
    given = rated.loc[idea] if idea in rated.index else {}
    questions = [{"label": q["label"], "rating": given.get(q["question"], ""),
                  "says": {"good": q["good"], "OK": q["ok"], "bad": q["bad"]}.get(given.get(q["question"], ""), "")}
                 for q in asked]  # fmt: skip
    axes = [(head, _factor_rows(book, pia.factors(book, model, book.settings.segment), model, idea))
            for model, head in (("pia_us", "Worth to us"), ("pia_customer", "Worth to the customer"))]  # fmt: skip
    return fill(
        "idea_card", choices=choices, row=row, verdict=placing(row), locked=locked, at=at, box=boxes.get(row["box"], {}),
        questions=questions, axes=axes, value=one_of["gain"]["words"], evidence=one_of["said"]["evidence"],
        screened=one_of["screened"], tie=one_of["tie"],
    )  # fmt: skip


def _row(frame: pd.DataFrame, idea: str) -> dict[str, Any]:
    return {str(k): v for k, v in frame[frame["idea"] == idea].iloc[0].to_dict().items()}


def _factor_rows(book: Book, factors: pd.DataFrame, model: str, subject: str) -> list[dict[str, Any]]:
    scores = book["scores"]
    own = scores[(scores["model"] == model) & (scores["subject"] == subject)]
    own = own.drop_duplicates("factor").set_index("factor")
    weight = factors["weight"].fillna(1.0)
    rows = factors.assign(share=100 * weight / (weight.sum() or 1), score=factors["factor"].map(own["score"]),
                          note=factors["factor"].map(own["note"]).astype(object).fillna(""))  # fmt: skip
    return rows.to_dict("records")


def findings_list(found: pd.DataFrame) -> str:
    """Findings as a list, the most serious first."""
    return fill("findings", rows=found.to_dict("records"))


def communication() -> str:
    """What may be told to whom."""
    return fill("communication", entry=catalogue.entry("communication"))


def look() -> Any:
    """The style sheet, for a page that stands alone."""
    return trusted(html.look())


def trusted(html: str) -> Markup:
    """HTML that this module or the chart renderer made: it is escaped already."""
    return Markup(html)  # noqa: S704
