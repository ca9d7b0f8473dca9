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
from kamlib.models import findings, headlines, kaism, pia, portfolio, progress, verdict
from kamlib.models.factors import of_scope
from kamlib.models.scoring import one
from kamlib.pages import html
from kamlib.pages.card import said_of
from kamlib.workbook.book import Book
from kamlib.workbook.schema import BOXES, US

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


def about_matrix() -> str:
    """What the matrix is and is not, and the four boxes."""
    return fill("about", entry=catalogue.entry("kaism"))


def card(book: Book, seen: pd.DataFrame, customer: str, *, locked: bool) -> str:
    """One customer explained in sentences. `seen` is `portfolio.classes` of the segment."""
    choices = list(zip(seen["customer"], seen["name"], strict=True))
    rows = seen[seen["customer"] == customer]
    if rows.empty:
        return fill("card_empty", choices=choices)
    row = rows.iloc[0].to_dict()
    return fill(
        "card", row=row, choices=choices, locked=locked, said=said_of(book, customer), box=_box_entry(row["category"]),
        waived=_waived(book, customer), attractive=attractive_rows(book, row["segment"], customer), people=_people(book), names=dict(_people(book)),
        **strength_table(book, customer), unknown=_unknown(book, customer),
    )  # fmt: skip


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


def placing(row: dict[str, Any]) -> str:
    """How certain the box of an idea is, in one sentence."""
    could = [box_word(box).lower() for box in row["possible"].split("|") if box]
    if row["status"] == "ruled_out":
        return f"Ruled out: {row['reason']}."
    if row["status"] == "unscored":
        return "Not scored yet, so it stands nowhere."
    if row["status"] == "undetermined" and len(could) > 1:
        return f"Open: the suggestion could still be {', '.join(could[:-1])} or {could[-1]}."
    if row["status"] == "undetermined":
        return "Open: a must-have is not known yet."
    if row["on_line"]:
        return "Exactly on the line, so the cautious side is shown. Decide it in discussion."
    if row["near_line"]:
        return "Close to the line: small changes would move it."
    return "Clear of both lines."


def _box_entry(box: str) -> dict[str, Any]:
    boxes = {item["id"]: item for item in catalogue.entry("kaism")["items"]}
    return boxes.get(box, {})


def _waived(book: Book, customer: str) -> str:
    """The reason for which a must-have of this customer was waived, "" if none was."""
    made = book["decisions"]
    own = made[(made["what"] == "must_have_waiver") & (made["subject"] == customer)]
    return str(own["reason"].iloc[0]) if len(own) else ""


def _people(book: Book) -> list[tuple[str, str]]:
    people = book["people"]
    return [(p, n or p) for p, n in zip(people["person"], people["name"], strict=True)]


def attractive_rows(book: Book, segment: str, customer: str) -> list[dict[str, Any]]:
    """Factor by factor: label, share of the weight, score, benchmarks."""
    return _factor_rows(book, of_scope(book, "attractiveness", segment), "attractiveness", customer)


def _factor_rows(book: Book, factors: pd.DataFrame, model: str, subject: str) -> list[dict[str, Any]]:
    scores = book["scores"]
    own = scores[(scores["model"] == model) & (scores["subject"] == subject)]
    own = own.drop_duplicates("factor").set_index("factor")
    weight = factors["weight"].fillna(1.0)
    rows = factors.assign(share=100 * weight / (weight.sum() or 1), score=factors["factor"].map(own["score"]),
                          note=factors["factor"].map(own["note"]).astype(object).fillna(""))  # fmt: skip
    return rows.to_dict("records")


def strength_table(book: Book, customer: str) -> dict[str, Any]:
    """The customer's critical success factors with our score and each competitor's."""
    factors = of_scope(book, "strength", customer)
    names = dict(zip(book["suppliers"]["supplier"], book["suppliers"]["name"], strict=True))
    scores = book["scores"]
    own = scores[(scores["model"] == "strength") & (scores["subject"] == customer)]
    score = own.drop_duplicates(["factor", "supplier"]).set_index(["factor", "supplier"])["score"].to_dict()
    order = [s for s in book["suppliers"]["supplier"] if s != US and s in set(own["supplier"])]
    suppliers = [(US, "Us"), *((s, names[s] or s) for s in order)]
    rows = []
    for factor, label, weight in zip(factors["factor"], factors["label"], factors["weight"], strict=True):
        cells = [score.get((factor, s), float("nan")) for s, _ in suppliers]
        most = max((c for c in cells if c == c), default=None)
        rows.append({"label": label, "weight": 1.0 if weight != weight else weight,
                     "cells": [(c, c == most) for c in cells]})  # fmt: skip
    return {"suppliers": suppliers, "strength": rows}


def _unknown(book: Book, customer: str) -> list[dict[str, Any]]:
    found = kaism.unknowns(book)
    names = dict(zip(book["suppliers"]["supplier"], book["suppliers"]["name"], strict=True)) | {US: "us"}
    rows = found[found["customer"] == customer]
    return rows.assign(supplier=rows["supplier"].map(lambda s: names.get(s, s))).to_dict("records")


def benchmark(book: Book, factor: str, customer: str) -> str:
    """Beside the score grid: what good and bad look like, what was said, what is unknown."""
    factors = of_scope(book, "attractiveness", book.settings.segment)
    row = factors[factors["factor"] == factor]
    if row.empty:
        return fill("benchmark_empty")
    ballots = book["ballots"]
    said = ballots[(ballots["model"] == "attractiveness") & (ballots["subject"] == customer)
                   & (ballots["factor"] == factor) & ballots["score"].notna()]  # fmt: skip
    people = book["people"].drop_duplicates("person").set_index("person")
    said = said.join(people[["name", "function"]], on="person").sort_values("score", ascending=False)
    spread = float(said["score"].max() - said["score"].min()) if len(said) else 0.0
    unknown = kaism.unknowns(book)
    unknown = unknown[unknown["model"] == "attractiveness"]
    found = findings.find(book)
    care = found[(found["step"] == 7) & (found["level"] != "nudge")]["message"].tolist()
    name = book["customers"].set_index("customer")["name"].get(customer, customer)
    return fill("benchmark", factor=row.iloc[0].to_dict(), name=name, said=said.to_dict("records"), spread=spread,
                unknown=unknown.to_dict("records")[:8], more=max(len(unknown) - 8, 0), care=care[:5])  # fmt: skip


def ruled_out(seen: pd.DataFrame) -> str:
    """Who fails a must-have, and who is not scored yet; and what the team decided of them all the same."""
    out, unscored = seen[seen["status"] == "ruled_out"], seen[seen["status"] == "unscored"]
    return fill("ruled_out", out=out.to_dict("records"), unscored=unscored.to_dict("records"))


def findings_list(found: pd.DataFrame) -> str:
    """Findings as a list, the most serious first."""
    return fill("findings", rows=found.to_dict("records"))


def portfolio_table(book: Book) -> str:
    """Balance and capacity in words, bars and a table."""
    words, too_many = portfolio.load_words(book)
    return fill("portfolio", rows=portfolio.table(book).to_dict("records"), load=words,
                several=len(book["segments"]) > 1, too_many=too_many, questions=portfolio.questions(book),
                managers=len(portfolio.account_managers(book)), currency=book.settings.currency)  # fmt: skip


def communication() -> str:
    """What may be told to whom."""
    return fill("communication", entry=catalogue.entry("communication"))


def placements(book: Book) -> str:
    """The result as a table: suggestion beside decision, how sure, with reasons."""
    seen, told = portfolio.classes(book), verdict.verdicts(book)
    seen = seen.assign(word=told["word"].to_numpy(), sentence=told["sentence"].to_numpy())
    order = {box: i for i, box in enumerate([*BOXES, ""])}
    rows = seen.sort_values("category", key=lambda s: s.map(order).fillna(9), kind="stable")
    return fill("placements", rows=rows.to_dict("records"))


def score_table(book: Book, seen: pd.DataFrame) -> str:
    """All attractiveness scores of the segment with their benchmarks."""
    factors = of_scope(book, "attractiveness", book.settings.segment)
    scores = book["scores"]
    own = scores[scores["model"] == "attractiveness"].drop_duplicates(["subject", "factor"])
    cells = own.set_index(["subject", "factor"])["score"].to_dict()
    weight = factors["weight"].fillna(1.0)
    rows = [
        {"name": n, "y": y, "cells": [cells.get((c, f), float("nan")) for f in factors["factor"]]}
        for c, n, y in zip(seen["customer"], seen["name"], seen["y"], strict=True)
    ]
    shares = (100 * weight / (weight.sum() or 1)).tolist()
    return fill("score_table", factors=factors.assign(share=shares).to_dict("records"), rows=rows)


def strength_tables(book: Book, seen: pd.DataFrame) -> str:
    """Each customer's critical success factors, ourselves and its competitors side by side."""
    rows = [{"row": r, **strength_table(book, r["customer"])} for r in seen.to_dict("records")]
    return fill("strength_tables", customers=[r for r in rows if r["strength"]])


def unknown_table(book: Book) -> str:
    """The find-out list as a table."""
    names = dict(zip(book["suppliers"]["supplier"], book["suppliers"]["name"], strict=True)) | {US: "us"}
    found = kaism.unknowns(book)
    rows = found.assign(supplier=found["supplier"].map(lambda s: names.get(s, s)))
    return fill("unknown_table", rows=rows.to_dict("records"), people=dict(_people(book)))


def look() -> Any:
    """The style sheet, for a page that stands alone."""
    return trusted(html.look())


def trusted(html: str) -> Markup:
    """HTML that this module or the chart renderer made: it is escaped already."""
    return Markup(html)  # noqa: S704
