"""The what-if page without a server: one HTML file with the figures, the rules and the sliders in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from kamlib.charts.palette import MARKS, SHORT
from kamlib.errors import InvalidInput, WorkbookError
from kamlib.models import certainty, headlines, kaism, scenarios, verdict
from kamlib.models.certainty import weights
from kamlib.models.certainty.acceptability import ahead
from kamlib.models.factors import asked, grid, members
from kamlib.pages import html
from kamlib.reports import excerpt
from kamlib.workbook import stores
from kamlib.workbook.book import Book
from kamlib.workbook.stores import files

MARK = "<!-- kamlib what-if page -->"
SURE = (10, 30, 100)
HERE = Path(__file__).parent


def write(location: str, path: Path, segment: str = "", scenario: str = "", round: str = "") -> Path:
    """Write the what-if page of a workbook: all its segments, or one. Overwrites nothing but such a page.

    Raises InvalidInput and WorkbookError in a sentence; the file is there whole or not at all.
    """
    from kamlib.workbook import checks
    from kamlib.workbook.schema import typed

    if path.is_dir():
        raise InvalidInput(f"{path.name} is a folder.", hint="Name a file, such as what-if.html.")
    if path.exists() and MARK not in path.read_text(encoding="utf-8", errors="replace")[:400]:
        raise InvalidInput(
            f"{path.name} already exists and is not a what-if page.", hint="Choose another name."
        )
    store, text = stores.load(location, read_only=True)
    checks.refuse_errors(checks.check(text, store.notes), store.location)
    if round:
        text, scenario = excerpt.of_round(text, round, scenario)
    book = Book.of(typed(text), segment=segment, scenario=scenario or None)
    made = page(scenarios.applied(book, book.settings.scenario), stores.file_name(store.location))
    try:
        files.write(path, made.encode())
    except OSError:
        raise WorkbookError(
            f"The page cannot be written to {path}.", hint="Choose a folder you may write to."
        ) from None
    return path


def page(book: Book, workbook: str = "") -> str:
    """The page as HTML; the same workbook gives the same bytes."""
    data = payload(book)
    if not data["segments"]:
        raise InvalidInput("There is no customer in a segment yet, so there is nothing to move.")
    safe = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        safe = safe.replace(sign, f"\\u{ord(sign):04x}")
    read = {
        name: html.trusted((HERE / name).read_text(encoding="utf-8"))
        for name in ("whatif.js", "whatif_page.js", "whatif.css")
    }
    return html.fill(
        "whatif",
        "page",
        mark=html.trusted(MARK),
        about=headlines.about(book, workbook),
        data=html.trusted(safe),
        look=html.trusted(html.look()),
        style=read["whatif.css"],
        rules=read["whatif.js"],
        script=read["whatif_page.js"],
    )


def payload(book: Book) -> dict[str, Any]:
    """What the page holds: names, scores, weights, must-haves, strength, certainty and the categories decided; no
    notes, no votes, no reasons."""
    names = book["segments"].set_index("segment")["name"]
    parts = [_segment(book, s, str(names.get(s, "")) or s) for s in kaism.segments(book)]
    return {
        "title": book.settings.supplier or book.settings.name or "Our key accounts",
        "round": book.settings.round,
        "scenario": headlines.in_scenario(book),
        "known": book.settings.weights_known,
        "sure": book.settings.sure,
        "count": weights.COUNT,
        "error": weights.ERROR,
        "segments": [part for part in parts if part["customers"]],
        "marks": {
            box: {
                "colour": m.colour,
                "ink": m.ink,
                "glyph": m.glyph,
                "word": m.word,
                "short": SHORT.get(box, ""),
            }
            for box, m in MARKS.items()
            if box in (*_boxes(), "")
        },
    }


def _boxes() -> tuple[str, ...]:
    return kaism.MATRIX.boxes


def _segment(book: Book, segment: str, name: str) -> dict[str, Any]:
    about = book.choosing(segment=segment)
    seen, own, cells = kaism.positions(about, segment), asked(book, segment), grid(book, segment)
    right, off = _right(about, segment), kaism.waivers(book)
    made, sure = verdict.verdicts(about), verdict.certainty_table(about).to_dict("records")
    held, told = verdict.held(about), made.to_dict("records")
    revenue = members(book, segment)["revenue"].to_numpy(float)
    eyes, customers = _strong(about), []
    for row, said in enumerate(sure):
        at = seen.iloc[row]
        customers.append(
            {
                "id": said["customer"],
                "name": said["name"] or said["customer"],
                "scores": [_number(v) for v in cells[row]],
                "waived": [
                    bool((said["customer"], f) in off or (said["customer"], "") in off) for f in own.names
                ],
                "x": _number(at["x"]),
                "xLow": _number(at["x_low"]),
                "xHigh": _number(at["x_high"]),
                "alone": bool(at["no_rival"]),
                "unplaced": bool(at["x_unplaced"]),
                "pRight": {name: _number(p[row]) for name, p in right.items()},
                "size": _number(revenue[row]),
                "words": said["words"],
                "decision": told[row]["decision"],
                "strong": eyes.get(said["customer"], ""),
                "over": verdict.DOUBTS[told[row]["doubt"]],
                "share": _number(told[row]["share"]),
                "shares": [_number(told[row][c]) for c in verdict.SHARES[:-1]],
                **{
                    name: _number(v) if name.startswith("band") else v
                    for name, v in held[said["customer"]].items()
                },
            }
        )
    factors = [
        {"id": f, "label": label, "weight": float(w), "must": _number(m)}
        for f, label, w, m in zip(own.names, own.labels, own.weights, own.musts, strict=True)
    ]
    return {
        "id": segment,
        "name": name,
        "headline": headlines.headline(made),
        "midpoint": about.settings.line == "midpoint",
        "near": about.settings.near_line,
        "factors": factors,
        "customers": customers,
        "exact": [bool(r["exact"]) for r in sure],
    }


def _right(book: Book, segment: str) -> dict[str, np.ndarray]:
    """The chance of being stronger than every competitor for each choice the page offers: its sliders do not move it."""
    asked_ = {
        "ranked": book.choosing(weights_known="ranked"),
        "any": book.choosing(weights_known="any"),
    }
    for sure in sorted({*SURE, book.settings.sure}):
        asked_[f"around{sure}"] = book.choosing(weights_known="around", sure=sure)
    alone = kaism.positions(book, segment)["no_rival"].to_numpy(bool)
    return {name: np.where(alone, 1.0, ahead(given, segment)[0]) for name, given in asked_.items()}


def _strong(book: Book) -> dict[str, str]:
    """By customer the nearest change on the axis of strength, in words: what the sliders of the page do not move."""
    found = certainty.weight_flips(book)
    first = found[found["axis"] == "strength"].drop_duplicates("customer").to_dict("records")
    return {
        r["customer"]: f'"{r["label"]}" to this customer {certainty.counts(r["share"], r["to_share"])}'
        for r in first
    }


def _number(value: Any) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)
