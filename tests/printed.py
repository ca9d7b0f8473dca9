"""What a page shows and what of it is on paper, for tests with a browser."""

from __future__ import annotations

import io
import re
import unicodedata
from typing import Any

import pypdf

PAPER_PX = {"A4": 703, "Letter": 725}  # what the margins of 12 mm leave of 210 mm and of 215.9 mm
SHOWN = """() => {
    const folded = [...document.querySelectorAll("details:not([open])")];
    const controls = document.createElement("style");
    folded.forEach((part) => part.open = true);  // on the screen a click away, on paper never
    controls.textContent = "button:not(.link), select, .kam-head details { display: none !important; }";
    document.head.append(controls);
    const all = (what) => [...document.querySelectorAll(what)].filter((el) => el.checkVisibility());
    const rows = all("tr").map((row) => [...row.cells].map((cell) => cell.innerText).join(" "));
    const said = all("h1, h2, h3, h4, p, li, dt, dd, summary, caption, svg text");
    const lines = said.map((el) => el.innerText ?? el.textContent);
    controls.remove(); folded.forEach((part) => part.open = false);
    return { rows, lines };
}"""
WIDE = """() => [...document.querySelectorAll("main *")]
    .filter((el) => el.matches("svg, :not(svg *)"))
    .filter((el) => el.getBoundingClientRect().right > innerWidth + 1)
    .map((el) => `${el.tagName} ${el.innerText || ""}`)"""


def bare(words: str) -> str:
    """Without what a line break may change: spaces, hyphens, ligatures."""
    return re.sub(r"[\s\u00ad\u2010-]+", "", unicodedata.normalize("NFKC", words))


def sheets(page: Any, size: str = "A4") -> list[str]:
    """The `bare` text of each printed sheet, in the order it was drawn: a row stays together."""
    return [bare(_drawn(sheet)) for sheet in pypdf.PdfReader(io.BytesIO(page.pdf(format=size))).pages]


def _drawn(sheet: Any) -> str:
    """What pypdf's `extract_text` gives of a sheet of Chromium, without a second for the lines of charts."""
    fonts = {name: (_signs(font), 4 if font["/Subtype"] == "/Type0" else 2) for name, font in _fonts(sheet)}
    said, (signs, wide) = "", ({}, 4)
    for font, codes in re.findall(rb"(/\w+) [\d.]+ Tf|<([0-9A-F]+)> Tj", sheet.get_contents().get_data()):
        signs, wide = fonts[font.decode()] if font else (signs, wide)
        said += "".join(signs.get(codes[at : at + wide], "?") for at in range(0, len(codes), wide))
    return said


def _fonts(sheet: Any) -> Any:
    return sheet["/Resources"].get("/Font", {}).items()


def _signs(font: Any) -> dict[bytes, str]:
    """The text of each code of a font, as its character map says."""
    signs, ranges = {}, rb"<([0-9A-F]+)> (?:<([0-9A-F]+)> )?<([0-9A-F]{4,})>"
    for first, last, to in re.findall(ranges, font["/ToUnicode"].get_data()):
        text = bytes.fromhex(to.decode()).decode("utf-16-be")
        for n, code in enumerate(range(int(first, 16), int(last or first, 16) + 1)):
            signs[b"%0*X" % (len(first), code)] = text[:-1] + chr(ord(text[-1]) + n)
    return signs


def lost(page: Any, size: str, about: str, kinds: tuple[str, ...] = ("rows", "lines")) -> list[str]:
    """What is not on paper: rows with a cell missing or cut in two, lines; and what is too wide."""
    shown = page.evaluate(SHOWN)
    printed = sheets(page, size)
    foot = re.compile(rf"(\d+of\d+)?{re.escape(bare(about))}(\d+of{len(printed)})?")
    assert all(foot.search(sheet) for sheet in printed), printed[-1]
    whole = "".join(foot.sub("", sheet, count=1) for sheet in printed)
    gone = [line for kind in kinds for line in shown[kind] if bare(line) not in whole]
    before = page.viewport_size
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER_PX[size], "height": 900})
    wide = page.evaluate(WIDE)
    page.emulate_media(media="null")
    page.set_viewport_size(before)
    return gone + wide
