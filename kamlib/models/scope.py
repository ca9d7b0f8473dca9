"""What a page or a result is about: a segment and a customer that exist and belong together."""

from __future__ import annotations

from kamlib.errors import InvalidInput
from kamlib.models import kaism, pia
from kamlib.workbook.book import Book
from kamlib.workbook.schema import Tables


def agree(book: Book, segment: str, customer: str) -> None:
    """Raises InvalidInput where there is no such segment or customer, or they do not agree."""
    chosen = book.choosing(segment=segment, customer=customer)
    kaism.segments(chosen)
    own = pia.listed(chosen)["segment"]
    if customer and segment not in ("", own.iloc[0]):
        where = f"in the segment {own.iloc[0]}" if own.iloc[0] else "in no segment"
        raise InvalidInput(
            f'Customer "{customer}" is {where}, not in {segment}.',
            table="customers",
            row=customer,
            column="segment",
            found=segment,
            allowed=own.iloc[0],
            hint="Leave the segment out.",
        )


def first_segment(tables: Tables) -> str:
    """The first segment that has customers, else the first there is, else "" (all)."""
    segments = tables["segments"].loc[tables["segments"]["active"] != "no", "segment"].tolist()
    used = set(tables["customers"]["segment"])
    return next((s for s in segments if s in used), segments[0] if segments else "")
