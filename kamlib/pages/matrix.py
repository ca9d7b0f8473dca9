"""A matrix: what weighs on it, the live picture, and beside it the card of what was clicked; one for all matrices."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from kamlib import charts
from kamlib.errors import InvalidInput
from kamlib.models import headlines, kaism, pia, profitability, verdict
from kamlib.models.factors import of_scope
from kamlib.models.matrix import Matrix
from kamlib.pages.exhibit import (
    Action,
    Chart,
    Choice,
    Desk,
    Exhibit,
    Row,
    Text,
    View,
    Weights,
    of,
    row,
    stack,
)
from kamlib.pages.html import fill
from kamlib.workbook.book import Book
from kamlib.workbook.schema import DEFINITIONS, as_text, parse_number

MOST = DEFINITIONS["factors"]["weight"].high
DIGITS = 6  # of a weight that follows from a share
HOLLOW = (
    "Hollow: not all scores are known, and the bars show where it could be. Dashed ring: too close to call."
)


@dataclass(frozen=True)
class About:
    """Whom a matrix is about: what is drawn, which factors weigh, which dot is in focus, what a click on one does.

    `factors(book, model)` gives the factors of one of `matrix.weighed`; `headings`: model -> what stands above its
    weights; `sizes`: column -> what the size of a dot says, the first unless another is chosen; `book`: of what of
    the workbook it is; `asked_for`: which of the dots somebody wants to see. `called` names the matrix, `says` the result (on paper the page begins with it), `key` how
    the marks are to be read.
    """

    matrix: Matrix
    called: str
    says: Text
    key: str
    drawn: Callable[[Book], pd.DataFrame]
    factors: Callable[[Book, str], pd.DataFrame]
    focus: Callable[[View], str]
    pick: Action
    sizes: Mapping[str, str]
    headings: Mapping[str, str] = field(default_factory=dict)
    book: Callable[[View], Book] = lambda view: view.book
    asked_for: Callable[[View, pd.DataFrame], pd.DataFrame] = lambda view, seen: seen


def _of_idea(view: View) -> Book:
    """The book of an analysis: for the customer in focus, or the first with one."""
    return view.book.choosing(customer=pia.focus(view.book, view.customer))


CUSTOMERS = About(
    matrix=kaism.MATRIX,
    called="The key account matrix.",
    says=lambda view: headlines.headline(verdict.verdicts(view.book)),
    key=f"{HOLLOW} Dotted: where it stood last time. The arc around a dot: how much of its gross profit goes into serving it.",
    drawn=profitability.drawn,
    factors=lambda book, model: of_scope(book, model, book.settings.segment),
    focus=lambda view: view.customer,
    pick=lambda desk, content: desk.look_at(str(content["value"])),
    sizes={"revenue": "revenue", "left": "profit after cost to serve", "worth_high": "future value"},
)
SUPPOSED = replace(
    CUSTOMERS,
    key="Filled: firm. Hollow: not firm; between the ends of its bars it stands for nine in ten of the weights there "
    "could be. Dashed ring: close to a line.",
    drawn=verdict.spread,
    sizes={"revenue": "revenue"},
)
IDEAS = About(
    matrix=pia.MATRIX,
    called="The matrix of ideas.",
    says="",
    key=HOLLOW,
    drawn=pia.drawn,
    factors=lambda book, model: pia.factors(book, model, book.settings.segment),
    focus=lambda view: view.idea,
    pick=lambda desk, content: desk.look_into(str(content["value"])),
    sizes={
        "total": "what it is worth to both",
        "our_gain": "what we gain",
        "customer_gain": "what they gain",
    },
    headings={"pia_us": "What it is worth to us", "pia_customer": "What it is worth to the customer"},
    book=_of_idea,
)


def matrix(about: About, card: Exhibit, *below: Exhibit, supposing: bool = False) -> Row:
    """The weights on the left with what stands `below` them, the picture, the card; on paper the picture.

    With `supposing` letting go of a weight stores nothing: what is shown is a what-if until the team's weights are
    asked for again, and the dots have one size.
    """
    size = Choice("size", "Size of a dot", about.sizes, next(iter(about.sizes)), many=True)
    single = len(about.matrix.weighed) == 1
    weights = tuple(_weights(about, model, single, supposing) for model in about.matrix.weighed)
    steering = [
        Exhibit(
            "weights",
            words=_buttons(about, supposing),
            controls=weights,
            reads=dict.fromkeys(("equal", "agreed"), _ask(about)),
            on_paper=False,
        )
    ]
    if not supposing:
        steering.append(Exhibit("sizes", controls=(size,), on_paper=False))
    return row(stack(*steering, *below), picture(about, size), card, shape="three")


def picture(about: About, size: Choice) -> Exhibit:
    """The picture of a matrix; a click on a dot or its name brings it into focus."""

    def points(view: View) -> pd.DataFrame:
        return about.asked_for(view, about.drawn(about.book(view)))

    def near(view: View) -> float:
        return float(view.book.settings.near_line)

    def live(view: View) -> dict[str, Any]:
        seen, dots = charts.scene(points(view), near(view), view[size], about.matrix)
        return {"view": seen, "points": dots, "chosen": about.focus(view)}

    def key(view: View) -> str:
        return f"{about.key} Size: {about.sizes[view[size]]}." if view.paper else about.key

    name = "matrix" if about.matrix.id == kaism.MATRIX.id else f"matrix-{about.matrix.id}"
    return Exhibit(
        name,
        lambda view: "" if view.paper else of(about.says, view),
        chart=Chart(
            charts.matrix,
            lambda view: (points(view), about.matrix, near(view), view[size]),
            lambda view: " ".join(filter(None, [about.called, of(about.says, view)])),
            key=key,
            live=live,
            shape=lambda view: charts.rooms(len(points(view))),
            pick=about.pick,
        ),
    )


def _weights(about: About, model: str, single: bool, supposing: bool) -> Weights:
    """The weights of one axis as shares of 100 %: to drag or to type."""

    def rows(view: View) -> list[dict[str, Any]]:
        listed = about.factors(view.book, model)
        share = shares(listed)
        return [
            {
                "id": f,
                "label": label,
                "value": s,
                "low": 0,
                "high": 100,
                "step": 1,
                "word": f"{s:g} %",
                "unit": "%",
                "says": f"{s:g} percent of the weight",
                "must": f"must have ≥ {as_text(must)}" if must == must else "",
            }
            for f, label, s, must in zip(
                listed["factor"], listed["label"], share, listed["must_have_min"], strict=True
            )
        ]

    def moved(desk: Desk, content: dict[str, Any]) -> None:
        keeps = not (supposing or desk.read_only)
        listed = about.factors(desk.agreed if keeps else desk.view.book, model)
        desk.preview("factors", [*([] if keeps else _keys(listed, "weight")), changed(listed, content)])

    def kept(desk: Desk, content: dict[str, Any]) -> None:
        desk.put("factors", **changed(about.factors(desk.agreed, model), content))

    def changed(listed: pd.DataFrame, content: dict[str, Any]) -> dict[str, Any]:
        own = listed[listed["factor"] == str(content["id"])]
        (key,) = _keys(own)
        others = listed.drop(own.index)["weight"].fillna(1.0).sum()
        return key | {"weight": as_text(weight(share_of(content["value"]), float(others)))}

    return Weights(
        "kam-weight-" if single else f"kam-{model.replace('_', '-')}-",
        rows,
        moved,
        None if supposing else kept,
        about.headings.get(model, ""),
    )


def shares(factors: pd.DataFrame) -> list[float]:
    """The weights of some factors as shares of 100 %, to one decimal; an empty weight counts 1."""
    weights = factors["weight"].fillna(1.0)
    return (100 * weights / (weights.sum() or 1.0)).round(1).tolist()


def share_of(text: Any) -> float:
    """A share as it was dragged or typed: "30" or "30 %". Raises InvalidInput where it is none from 0 to 100."""
    with contextlib.suppress(ValueError):
        share = parse_number(str(text).strip().removesuffix("%"))
        if 0 <= share <= 100:
            return share
    raise InvalidInput(f'A weight is a share from 0 to 100 %, not "{str(text)[:40]}".', found=str(text)[:40])


def weight(share: float, others: float) -> float:
    """The weight that has this share of 100 % beside the weights of the others, which stay as they are."""
    if not others:
        return 1.0 if share else 0.0
    return min(MOST, float(f"{share / (100 - share) * others:.{DIGITS}g}")) if share < 100 else MOST


def _keys(factors: pd.DataFrame, *more: str) -> list[dict[str, Any]]:
    return [
        {name: as_text(cell) for name, cell in r.items()}
        for r in factors[["model", "scope", "factor", *more]].to_dict("records")
    ]


def _all(about: About, book: Book) -> pd.DataFrame:
    return pd.concat([about.factors(book, model) for model in about.matrix.weighed])


def _buttons(about: About, supposing: bool) -> Callable[[View], str]:
    def words(view: View) -> str:
        equal = view.supposing and _all(about, view.book)["weight"].nunique() == 1
        return fill(
            "matrix", "buttons", equal=equal, supposing=supposing, locked=view.locked, moved=view.supposing
        )

    return words


def _ask(about: About) -> Action:
    """What if all weights were equal? Nothing is stored by looking."""

    def ask(desk: Desk, content: dict[str, Any]) -> None:
        rows = [key | {"weight": 1} for key in _keys(_all(about, desk.agreed))]
        desk.preview("factors", rows if content["do"] == "equal" else [])

    return ask
