"""Slides for PowerPoint: a title that says the result, a picture, a table or points below it, the evidence as notes."""

from __future__ import annotations

import datetime
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Any

from kamlib import charts
from kamlib.charts.palette import INK, LINE, SOFT
from kamlib.pages.exhibit import Exhibit, View, of
from kamlib.wording import cut

WIDE, HIGH, EDGE, TOP = 13.333, 7.5, 0.6, 1.55  # inches
LINES, LETTERS, PER_INCH = 27, 180, 12.5  # of a table on a slide, of a cell, of a line in a cell
SAME = datetime.datetime(2000, 1, 1)  # so that the same workbook gives the same bytes
Table = Sequence[Sequence[str]]  # the first row has the headings


@dataclass(frozen=True)
class Slide:
    """What stands on a slide; `small` stands below the title, `notes` are for the speaker. `cover` is the first one."""

    title: str
    picture: bytes = b""
    table: Table = ()
    points: Sequence[str] = ()
    notes: str = ""
    small: str = ""
    cover: bool = False


def picture_of(exhibit: Exhibit, view: View) -> bytes:
    """The chart of an exhibit as a PNG that stays sharp on a wall, b"" where there is nothing to draw."""
    data: Sequence[Any] = exhibit.chart.data(view) if exhibit.chart else ()
    return charts.png(exhibit.chart.draw(*data), 3) if exhibit.chart and len(data) else b""


def of_exhibit(exhibit: Exhibit, view: View, **more: Any) -> Slide:
    """The slide of an exhibit: its title, its picture, and as notes what it says in words."""
    words = text_of(exhibit.words(view)) if exhibit.words else ""
    made = Slide(of(exhibit.title, view), picture_of(exhibit, view), notes=words)
    return replace(made, **more)


def of_page(html: str) -> list[Slide]:
    """The slides of a page: one for its title, one for each of its sections; nothing else is on them."""
    page = _Page()
    page.feed(html)
    first, *others = page.slides
    return [replace(first, cover=True), *(s for s in others if s.table or s.points)]


def text_of(html: str) -> str:
    """The words of a piece of HTML, a line for each paragraph or row."""
    page = _Page()
    page.feed(f"<h2></h2>{html}")
    return "\n".join(
        line
        for slide in page.slides
        for line in [*slide.points, *(" · ".join(row) for row in slide.table[1:])]
    )


def written(slides: Sequence[Slide], about: Sequence[str]) -> bytes:
    """The slides as a .pptx; `about` stands at the foot of each with its number."""
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(WIDE), Inches(HIGH)
    pages = [page for slide in slides for page in _split(slide)]
    for number, page in enumerate(pages, 1):
        _draw(
            deck.slides.add_slide(deck.slide_layouts[5]),
            page,
            " · ".join([*about, f"{number} of {len(pages)}"]),
        )
    known = deck.core_properties
    known.title, known.author, known.created, known.modified = slides[0].title[:200], "", SAME, SAME
    known.last_modified_by = ""
    return _dated(deck)


def _dated(deck: Any) -> bytes:
    """The file with one date for every part, so that the same slides are the same bytes."""
    import zipfile

    raw, made = io.BytesIO(), io.BytesIO()
    deck.save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name), source.read(name), zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _split(slide: Slide) -> Iterator[Slide]:
    """A long table or list goes on on further slides."""
    table = [[cut(cell, LETTERS) for cell in row] for row in slide.table]
    lines = LINES - 2 * bool(slide.small or not table)
    parts = (
        _filled(lines, table[1:], _across(table))
        if table
        else _filled(lines, [[p] for p in slide.points], [WIDE - 2 * EDGE])
    )
    for number, rows in enumerate(parts, 1):
        title = slide.title if len(parts) == 1 else f"{slide.title} ({number} of {len(parts)})"
        own = {"table": [table[0], *rows]} if table else {"points": [point for (point,) in rows]}
        yield replace(slide, title=title, **own)


def _across(table: Table) -> list[float]:
    """How wide each column is, in inches."""
    longest = [min(max(len(row[n]) for row in table), 70) + 5 for n in range(len(table[0]))]
    return [(WIDE - 2 * EDGE) * letters / sum(longest) for letters in longest]


def _filled(most: int, rows: Table, across: Sequence[float]) -> list[list[Sequence[str]]]:
    """The rows of each slide: on as few as they fit, and on each about as much."""
    parts = _within(most, rows, across)
    for lines in range(most - 1, 0, -1):
        closer = _within(lines, rows, across)
        if len(closer) > len(parts):
            break
        parts = closer
    return parts


def _within(most: int, rows: Table, across: Sequence[float]) -> list[list[Sequence[str]]]:
    """The rows on slides of so many lines."""
    parts, room = [list[Sequence[str]]()], float(most)
    for row in rows:
        lines = (
            max(math.ceil(len(cell) / (wide * PER_INCH)) for cell, wide in zip(row, across, strict=True))
            + 0.45
        )
        if lines > room and parts[-1]:
            parts, room = [*parts, []], float(most)
        parts[-1].append(row)
        room -= lines
    return parts


def _draw(page: Any, slide: Slide, foot: str) -> None:
    from pptx.util import Inches

    across = WIDE - 2 * EDGE
    title = page.shapes.title
    top, high = (2.2, 1.8) if slide.cover else (0.35, 1.1)
    title.left, title.top, title.width, title.height = map(Inches, (EDGE, top, across, high))
    size = 36 if slide.cover else 26 if len(slide.title) < 110 else 20
    _say(title.text_frame, [slide.title], size, INK, bold=True)
    if slide.small:
        _text(
            page,
            (EDGE, top + high, across, 1.4 if slide.cover else 0.4),
            [slide.small],
            18 if slide.cover else 13,
            SOFT,
        )
    down = TOP + (0.4 if slide.small else 0)
    space = HIGH - down - 0.65
    if slide.picture:
        _picture(page, slide.picture, (EDGE, down, across, space))
    elif slide.table:
        _table(page, slide.table, (EDGE, down, across))
    elif slide.points:
        _text(page, (EDGE, down, across, space), [f"•  {point}" for point in slide.points], 17, INK)
    _text(page, (EDGE, HIGH - 0.5, across, 0.35), [foot], 10, SOFT)
    if slide.notes:
        page.notes_slide.notes_text_frame.text = _plain(slide.notes)


def _plain(text: str) -> str:
    return "".join(sign for sign in text if sign >= " " or sign == "\n")


def _say(frame: Any, lines: Sequence[str], size: float, colour: str, *, bold: bool = False) -> None:
    from pptx.dml.color import RGBColor
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
    from pptx.util import Pt

    frame.word_wrap, frame.vertical_anchor = True, MSO_ANCHOR.TOP
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = Pt(3)
    for number, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if not number else frame.add_paragraph()
        paragraph.alignment, paragraph.space_after = PP_ALIGN.LEFT, Pt(size / 3 if len(lines) > 1 else 0)
        paragraph.font.size = Pt(size)  # also where nothing is said
        run = paragraph.add_run()
        run.text, run.font.size, run.font.bold = _plain(line), Pt(size), bold
        run.font.color.rgb = RGBColor.from_string(colour[1:])


def _text(page: Any, box: tuple[float, ...], lines: Sequence[str], size: float, colour: str) -> None:
    from pptx.util import Inches

    _say(page.shapes.add_textbox(*map(Inches, box)).text_frame, lines, size, colour)


def _picture(page: Any, png: bytes, box: tuple[float, ...]) -> None:
    """As large as it fits, in the middle."""
    from pptx.util import Inches

    left, top, wide, high = map(Inches, box)
    shown = page.shapes.add_picture(io.BytesIO(png), left, top, width=wide)
    if shown.height > high:
        shown.width, shown.height = int(shown.width * high / shown.height), high
    shown.left = left + (wide - shown.width) // 2


def _table(page: Any, rows: Table, box: tuple[float, ...]) -> None:
    from pptx.dml.color import RGBColor
    from pptx.util import Inches

    left, top, wide = map(Inches, box)
    count = len(rows[0])
    frame = page.shapes.add_table(len(rows), count, left, top, wide, Inches(0.28 * len(rows)))
    for n, share in enumerate(_across(rows)):
        frame.table.columns[n].width = Inches(share)
    for number, row in enumerate(rows):
        for n, text in enumerate(row):
            cell = frame.table.cell(number, n)
            cell.fill.solid()
            cell.fill.fore_color.rgb = RGBColor.from_string((LINE if not number else "#ffffff")[1:])
            _say(cell.text_frame, [text or "\u00a0"], 11, INK, bold=not number)


class _Page(HTMLParser):
    """Sections of a page: headings, paragraphs, list entries and table rows."""

    def __init__(self) -> None:
        super().__init__()
        self.slides: list[Slide] = []
        self._text: list[str] = []
        self._row: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("style", "svg", "h1", "h2", "h3", "p", "li", "dt", "td", "th"):
            self._text = []

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        said = " ".join("".join(self._text).split())
        last = self.slides[-1] if self.slides else Slide("")
        if tag in ("h1", "h2", "h3"):
            self.slides.append(Slide(said))
        elif tag == "p" and said and len(self.slides) < 2 and not last.points and not last.small:
            self._now(small=said)
        elif tag in ("p", "li", "dt") and said:
            self._now(points=[*last.points, said])
        elif tag == "dd" and said and last.points:
            self._now(points=[*last.points[:-1], f"{last.points[-1]}: {said}"])
        elif tag in ("td", "th"):
            self._row.append(said)
        elif tag == "tr" and self._row:
            self._now(table=[*last.table, self._row])
            self._row = []
        if tag in ("style", "svg", "h1", "h2", "h3", "p", "li", "dt", "dd", "td", "th"):
            self._text = []

    def _now(self, **more: Any) -> None:
        if self.slides:
            self.slides[-1] = replace(self.slides[-1], **more)
