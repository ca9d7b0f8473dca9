"""What is said about steps 1 to 5, as escaped HTML: the same sentences on the screen and in a report."""

from __future__ import annotations

from typing import Any

from kamlib import palette
from kamlib.catalogue import sheets
from kamlib.models import market, objectives, resources, segmentation
from kamlib.panels import fill, whole
from kamlib.workbook.book import Book

MOST_RANKED, MOST_UNKNOWN = 8, 6
SHORT, WHOLE = 60, 1_000_000  # letters of an answer on the page of one customer, and elsewhere


def purpose(book: Book) -> str:
    """What resistance to expect, and whether the chosen objectives stand up."""
    checked = objectives.sanity(book)
    chosen = checked[checked["verdict"] != "not chosen"].to_dict("records")
    expected = objectives.resistance(book).iloc[0].to_dict()
    return fill("objectives", resistance=expected, chosen=chosen, sanity=sheets.form("sanity_check").title)


def forecast(book: Book) -> str:
    """The hockey-stick test of each forecast in a sentence."""
    names = dict(zip(book["segments"]["segment"], book["segments"]["name"], strict=True))
    rows = objectives.hockey_stick(book)
    named = rows["subject"].map(lambda s: "All sales" if s == sheets.CASE else names.get(s) or s)
    return fill("forecast", rows=rows.assign(name=named).to_dict("records"))


def balance(book: Book) -> str:
    """Objectives, opportunity and resources side by side."""
    return fill("balance", rows=objectives.balance(book).to_dict("records"))


def capacity(book: Book) -> str:
    """What the plan takes, what there is, and how many accounts that carries."""
    gaps = resources.distribution(book).dropna(subset=["time_pct", "profit_pct"], how="all")
    words = [f"{palette.MARKS[r.category].word} {whole(r.time_pct)} % of the time, {whole(r.profit_pct)} % of the profit"
             for r in gaps.itertuples()]  # fmt: skip
    return fill("resources_words", rows=resources.carry(book).to_dict("records"),
                plan=resources.plan(book).to_dict("records"),
                each=resources.accounts_per_manager(book)[1], gaps=words)  # fmt: skip


def team(book: Book) -> str:
    """Can this team choose?"""
    return fill("team", checks=resources.team(book).to_dict("records"))


def opportunity(book: Book) -> str:
    """The points of the market map by what is not ours there, and what is still unknown."""
    rows = market.market_map(book)
    ranked = rows[rows["opportunity"].notna()].sort_values("rank", kind="stable").head(MOST_RANKED)
    unknown = market.find_out(book).head(MOST_UNKNOWN)
    return fill("market_words", ranked=ranked.to_dict("records"), unknown=unknown.to_dict("records"))


def segments(book: Book) -> str:
    """Which segments are worth a matrix of their own."""
    rows = segmentation.overview(book)
    return fill("segments_words", rows=rows[rows["active"] != "no"].to_dict("records"))


def sheet_tables(book: Book) -> str:
    """Every sheet that somebody has begun to fill in, of the company, of each segment and of each customer."""
    return _begun(book, [(s, sheets.subjects(book, s)) for s in sheets.forms()], WHOLE)


def sheets_of_customer(book: Book) -> str:
    """The sheets of the customer the settings name, long answers cut short; "" where nothing is filled in."""
    own = [(book.settings.customer, "")]
    return _begun(book, [(s, own) for s in sheets.forms() if s.per == "customer"], SHORT)


def _begun(book: Book, wanted: list[tuple[sheets.Form, list[tuple[str, str]]]], cut: int) -> str:
    """The lines that say anything, of each sheet and each of its subjects (id, name)."""
    shown: list[dict[str, Any]] = []
    answers = {key: rows for key, rows in book["answers"].groupby(["sheet", "subject"])}
    for shape, about in wanted:
        for subject, name in (each for each in about if (shape.id, each[0]) in answers):
            rows = sheets.filled(Book({"answers": answers[shape.id, subject]}), shape.id, subject)
            said = rows[(rows[[*(f["id"] for f in shape.fields), "note"]] != "").any(axis=1)]
            if len(said):
                shown.append({
                    "title": shape.title, "about": name, "fields": shape.fields, "note": shape.note,
                    "rows": said.to_dict("records"), "filled": int(rows["filled"].sum()), "lines": len(rows),
                })  # fmt: skip
    people = {p: n or p for p, n in zip(book["people"]["person"], book["people"]["name"], strict=True)}
    return fill("sheet_tables", sheets=shown, people=people, cut=cut)
