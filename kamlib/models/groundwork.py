"""What a good facilitator would say about steps 1 to 5: findings as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kamlib.catalogue import sheets
from kamlib.errors import Advice
from kamlib.models import market, objectives, resources, segmentation
from kamlib.models.lookup import names_by_key
from kamlib.wording import sentence
from kamlib.workbook.book import Book


def _reasons(book: Book) -> Iterator[Advice]:
    if not objectives.resistance(book)["profile"].iloc[0]:
        text = "Nobody has said why you want key accounts"
        text = f"{text}; the reasons tell which resistance to expect."
        yield "nudge", 1, "", "", text, 4


def _sanity(book: Book) -> Iterator[Advice]:
    checked = objectives.sanity(book)
    if (checked["verdict"] == "not chosen").all():
        text = "No sales objective is chosen: a selection without one is a wish list."
        yield "nudge", 1, "", "", text, 6
    for row in checked.itertuples():
        if row.verdict == "back to step 1":
            yield "warn", 1, "", "", row.words, 6
        elif row.verdict == "find out":
            yield "warn", 1, "", "", row.words, 1


def _forecast(book: Book) -> Iterator[Advice]:
    segments = names_by_key(book, "segments", "segment")
    for row in objectives.hockey_stick(book).itertuples():
        whose = "Sales" if row.subject == sheets.CASE else segments.get(row.subject, row.subject)
        where = "" if row.subject == sheets.CASE else row.subject
        if row.flagged:
            yield "warn", 1, where, "", f"{whose}: {row.words}", 3
        elif row.steeper and bool(row.market) != bool(row.resources):
            yield "nudge", 1, where, "", f"{whose}: {row.words}", 3


def _resources(book: Book) -> Iterator[Advice]:
    for row in resources.plan(book).itertuples():
        if row.over > 0:
            yield "warn", 2, "", "", sentence(row.words), 36
    each, words = resources.accounts_per_manager(book)
    if each > book.settings.accounts_per_manager:
        yield "warn", 2, "", "", f"{words} A label shared by so many changes nothing.", 36


def _team(book: Book) -> Iterator[Advice]:
    rules = {"not only sales": 8, "core": 68, "delivery": 80}
    for row in resources.team(book).itertuples():
        if not row.holds:
            level = "nudge" if row.check in ("core", "members") else "warn"
            yield level, 3, "", "", row.words, rules.get(row.check, 9)


def _market(book: Book) -> Iterator[Advice]:
    sized = book["junctions"]["size"].notna().any()
    if not sized and book["customers"]["revenue"].notna().any():
        text = "Only our own sales are known: map the market before you cut it"
        text = f"{text}, or history will cut it for you."
        yield "nudge", 4, "", "", text, 13
    unknown = market.find_out(book)
    if len(unknown):
        names = ", ".join(dict.fromkeys(unknown["name"]))
        text = f"{len(unknown)} figures of the market map are unknown: {names[:120]}."
        yield "nudge", 4, "", "", text, 28
    if sized and not (book["junctions"]["leverage"] == "yes").any():
        text = "Where on the map is the supplier chosen? Mark the leverage points."
        yield "nudge", 4, "", "", text, 13


def _segments(book: Book) -> Iterator[Advice]:
    tested = segmentation.viability(book)
    if book.settings.segment:
        tested = tested[tested["segment"] == book.settings.segment]
    for row in tested.itertuples():
        if row.status == "not viable":
            why = f"{row.name} is not viable ({row.reason})"
            text = f"{why}: merge it, cut it differently or let it go."
            yield "warn", 5, row.segment, "", text, 12
        elif row.status == "undecided":
            text = f"{row.name}: is it a segment? {row.reason.capitalize()}."
            yield "nudge", 5, row.segment, "", text, 12
    if segmentation.size_alone(book):
        text = "The market is cut by size alone"
        text = f"{text}: a large customer of the past need not be part of your future."
        yield "warn", 5, "", "", text, 16


RULES: tuple[Callable[[Book], Iterator[Advice]], ...] = (
    *(_reasons, _sanity, _forecast, _resources, _team, _market, _segments),
)
