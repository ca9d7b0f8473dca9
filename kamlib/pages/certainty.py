"""How sure are we? Firm, likely or open, what it would take, what one place hangs on, how steady the weights are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from kamlib import charts
from kamlib.charts.palette import MARKS
from kamlib.models import ballots, certainty, kaism, verdict
from kamlib.models.certainty import weights
from kamlib.pages.card import CARD, row_of, shares
from kamlib.pages.exhibit import Action, Chart, Choice, Exhibit, Figures, Page, View, stack
from kamlib.pages.exhibit import row as beside
from kamlib.pages.find_out import FIND_OUT
from kamlib.pages.html import fill, line, table
from kamlib.pages.matrix import SUPPOSED, matrix
from kamlib.wording import listed as series
from kamlib.workbook.book import Book
from kamlib.workbook.schema import BOXES

PAGE = Page(
    "05_certainty",
    "How sure are we?",
    of_segment=True,
    headline=lambda view: headline(view.book),
    figures=("certainty", "staffed"),
)
KNOWN = {
    "around": "around our own",
    "ranked": "in the order we agreed",
    "any": "any at all",
}
SURE = {10: "not very", 30: "fairly", 100: "very"}
WAYS, MOST = 6, 60


def headline(book: Book) -> str:
    """The result in a sentence: how many boxes are firm, and whose are not."""
    seen = _standing(book)
    seen = seen[seen["sure"] != ""]
    if seen.empty:
        return "There is nobody to be sure of yet."
    firm, rest = seen[seen["sure"] == "firm"], seen[seen["sure"] != "firm"]
    if rest.empty:
        return f"All {len(seen)} boxes are firm: no weighting, no unknown score and no vote is likely to change them."
    names = series([*rest["name"][:4], *([f"{len(rest) - 4} more"] if len(rest) > 4 else [])])
    return f"{len(firm)} of {len(seen)} boxes are firm; {names} {'is' if len(rest) == 1 else 'are'} not."


def rows(book: Book) -> list[dict[str, Any]]:
    """Every customer with its verdict, sentence and bar of boxes, and what was decided; the least sure first."""
    seen = _standing(book)
    order = seen["sure"].map({"open": 0, "likely": 1, "firm": 2, "": 3})
    seen = seen.assign(order=order).sort_values(["order", "share"], kind="stable", na_position="first")
    return [row | {"shares": shares(row)} for row in map(row_of, seen.to_dict("records"))]


def _standing(book: Book) -> pd.DataFrame:
    """The verdicts on the customers of the segment(s)."""
    seen = verdict.verdicts(book)
    return seen[seen["segment"].isin(kaism.segments(book))]


def close(book: Book) -> list[str]:
    """Who is too close to call because the votes differ, or because every score may be a little off; in words."""
    return [words for words in ballots.borderline(book)["words"] if words]


def footnote(book: Book) -> str:
    """Over which weights the chances are taken, and how exact they are."""
    seen = certainty.over_weights(book)
    words = {
        "around": f"weights scattered around our own (how sure: {SURE.get(book.settings.sure, '')} {book.settings.sure})".replace(
            ":  ", ": "
        ),
        "ranked": "all weights that keep the order of ours",
        "any": "all weights there could be",
    }[book.settings.weights_known]
    drawn = int((~seen["exact"].astype(bool) & seen["chance"].notna()).sum())
    said = (
        f"Firm: stays where it is in at least {100 * verdict.FIRM:.0f} of 100 plausible weightings, and no unknown score and no vote "
        f"could move it. Likely: stays in at least {100 * verdict.LIKELY:.0f} of 100 cases of each. Weightings: {words}. "
    )
    if not drawn:
        return said + "All of them are exact."
    return (
        f"{said}{len(seen) - drawn} of {len(seen)} are exact; where scores are unknown or several competitors could be "
        f"the best they are shares of {weights.COUNT:,} fixed weights, right to {100 * weights.ERROR:.1f} points in 95 of 100 cases."
    )


def focus(book: Book, customer: str) -> str:
    """The customer in focus, or the one we are least sure of; "" where there is none."""
    found = rows(book)
    ids = [row["customer"] for row in found]
    return customer if customer in ids else next(iter(ids), "")


def ways(book: Book, customer: str) -> list[str]:
    """The nearest changes of one weight or one score that give the customer another box, in words."""
    weight, score = certainty.weight_flips(book), certainty.score_flips(book)
    said = []
    for row in weight[weight["customer"] == customer].head(WAYS).to_dict("records"):
        said.append(f"{_whose(row)} {certainty.counts(row['share'], row['to_share'])}")
    for row in score[score["customer"] == customer].head(WAYS).to_dict("records"):
        mine = "our score on " if row["axis"] == "strength" else "the score on "
        said.append(f"{mine}{row['label']} is {row['to_score']:g} instead of {row['score']:g}")
    return said


def _whose(row: dict[str, Any]) -> str:
    return f"{row['label']}, to this customer," if row["axis"] == "strength" else row["label"]


def agree(book: Book, customer: str) -> str:
    """Who would put the customer on the other side of the line of attractiveness: how they weigh the factors."""
    found = certainty.opinions(book)
    own = found[found["customer"] == customer]
    seen = certainty.over_weights(book).set_index("customer")
    if own.empty or customer not in seen.index:
        return ""
    up = seen.at[customer, "p_key"] + seen.at[customer, "p_key_development"]
    above = seen.at[customer, "box"] in ("key", "key_development")
    side, word = (
        ("below", "less attractive than the average")
        if above
        else ("above", "more attractive than the average")
    )
    share = 100 * (1 - up if above else up)
    if own[side].isna().all() or share < 0.05:
        return f"Nobody with weights like these would call it {word}."
    apart = own.assign(apart=own[side] - own["share"])
    most = apart.reindex(apart["apart"].abs().sort_values(ascending=False).index).head(2)
    said = [f"{r['label']} {r[side]:.0f} % (we: {r['share']:.0f} %)" for r in most.to_dict("records")]
    many = "" if share != share else f" ({share:.0f} % of the weights)"
    return f"Those who would call it {word}{many} weigh {series(said)}."


def tornado_title(book: Book, customer: str) -> str:
    """Does anything small change this box? In a sentence."""
    found = certainty.swings(book, customer)
    name = _name(book, customer)
    crossing = found[found["crosses"].astype(bool)]
    if found.empty:
        return (
            f"{name} stands nowhere yet, so nothing moves it." if name else "There is nobody to look at yet."
        )
    if crossing.empty:
        return f"No weight halved or doubled, and no score one point off, changes the category of {name}."
    first = [f"{label}" for label in dict.fromkeys(crossing["label"])][:3]
    return f"{name} would change category with {series(first)} a little different."


def _name(book: Book, customer: str) -> str:
    table = book["customers"]
    return "".join(table.loc[table["customer"] == customer, "name"].head(1)) or customer


def steady_title(book: Book) -> str:
    """Which weight decides most, in a sentence."""
    found = certainty.stability(book)
    if found.empty:
        return "There are no weights yet."
    free = found[(found["first_below"] == "") & (found["first_above"] == "")]
    if len(free) == len(found):
        return "No single weight decides anything: each could count from 0 to 100 %."
    room = found.assign(room=found[["share"]].join(found[["low", "high"]]).pipe(_room))
    tight = room.sort_values("room", kind="stable").iloc[0]
    return (
        f"The weight to argue about is {tight['label']}: between {tight['low']:.0f} and {tight['high']:.0f} % "
        "nobody changes category."
    )


def _room(found: pd.DataFrame) -> pd.Series:
    """How far a weight can move towards the nearer change."""
    low, high = found["share"] - found["low"], found["high"] - found["share"]
    return (
        pd.concat([low.where(found["low"] > 0), high.where(found["high"] < 100)], axis=1)
        .min(axis=1)
        .fillna(100.0)
    )


def crossings(book: Book) -> pd.DataFrame:
    """`certainty.crossings` with the category of each customer, for a picture."""
    found, made = certainty.crossings(book), verdict.verdicts(book)
    category = dict(zip(made["customer"], made["category"], strict=True))
    return found.assign(box=[category[c] for c in found["customer"]])


# Which boxes are firm?


def _everybody(view: View) -> str:
    """All customers of the segment, one sentence each; on paper as a table."""
    found = rows(view.book)
    if view.paper:
        return verdicts(view.book)
    return fill(
        "certainty",
        "everybody",
        rows=found[:MOST],
        more=len(found) - MOST,
        close=close(view.book),
        chosen=focus(view.book, view.customer),
        footnote=footnote(view.book),
    )


def verdicts(book: Book) -> str:
    """The verdicts as a table for a reader; "" where there is nobody to place."""
    found = rows(book)
    shown = [
        {
            "name": r["name"],
            "stands": fill("certainty", "stands", row=r),
            "word": r["word"].lower(),
            "words": f"{r['sentence']} {r['change']}".strip(),
        }
        | {box: _percent(r[f"share_{box}"]) for box in BOXES}
        for r in found
    ]
    heads = {
        "name": "Customer|name",
        "stands": "stands as|l word",
        "word": "verdict|l date",
        "words": "in words|l why",
    }
    note = fill("certainty", "shares_note", footnote=footnote(book))
    return table(shown, heads | {box: MARKS[box].glyph for box in BOXES}, note=note, most=len(found))


def _percent(share: float) -> str:
    return f"{100 * share:.1f}" if share == share else ""


def _close(view: View) -> str:
    return fill("certainty", "close", lines=close(view.book))


def _customers(view: View) -> dict[str, str]:
    seen = _standing(view.book).sort_values("name")
    return dict(zip(seen["customer"], seen["name"], strict=True))


FOCUS = Choice(
    "customer-sure",
    "Customer",
    _customers,
    lambda view: focus(view.book, view.customer),
    many=True,
    taken=lambda desk, content: desk.look_at(str(content["value"])),
)


def _in_focus(view: View) -> str:
    return focus(view.book, view.customer)


def _card(view: View) -> str:
    """One customer: verdict, the nearest ways to another category, and who would see it differently."""
    customer = _in_focus(view)
    own = [r for r in rows(view.book) if r["customer"] == customer]
    if not own:
        return line("Score some customers first.")
    return fill(
        "certainty", "card", row=own[0], ways=ways(view.book, customer), agree=agree(view.book, customer)
    )


def _spread(view: View) -> str:
    return fill(
        "certainty", "spread", settings=view.book.settings, known=KNOWN, sure=SURE, locked=view.locked
    )


def _keep(key: str, of: str) -> Action:
    """Keep a button's value as a setting of the workbook."""
    return lambda desk, content: desk.put("settings", key=key, value=str(content[of]))


def look(desk: Any, content: dict[str, Any]) -> None:
    """Bring the customer of a button into focus."""
    desk.look_at(str(content["customer"]))


firm = beside(
    stack(
        Exhibit("verdicts", lambda view: headline(view.book), _everybody, reads={"choose": look}),
        Exhibit("close", words=_close, on_screen=False),
    ),
    stack(
        Exhibit(
            "certainty-card",
            lambda view: view.book.name("customers", _in_focus(view)),
            _card,
            controls=(FOCUS,),
            on_paper=lambda view: bool(view.customer),
        ),
        Exhibit(
            "spread",
            "Which weights could be right?",
            _spread,
            on_paper=False,
            actions={"known": _keep("weights_known", "known"), "sure": _keep("sure", "sure")},
        ),
        Exhibit(
            "score-error",
            controls=(Figures({"score_error": "Every score may be off by, in points"}),),
            on_paper=False,
        ),
    ),
    shape="two",
)

# Where does everybody stand, and how far could that be wrong?


position = matrix(SUPPOSED, CARD, supposing=True)

# What does it hang on?


def _swings(view: View) -> tuple[Any, ...]:
    found = certainty.swings(view.book, _in_focus(view))
    return (found,) if len(found) else ()


def _strips(view: View) -> tuple[Any, ...]:
    found = certainty.stability(view.book)
    return (found, crossings(view.book)) if len(found) else ()


def _steady(view: View) -> str:
    found = certainty.stability(view.book)["words"].tolist()
    return fill("certainty", "lines", rows=found) if found else line("There are no weights yet.")


def titled(say: Callable[..., str], *of: Callable[[View], Any]) -> Callable[[View], str]:
    """A title that a function of the book, and of what `of` says of the view, gives."""
    return lambda view: say(view.book, *(each(view) for each in of))


swings = beside(
    Exhibit(
        "what-it-hangs-on",
        titled(tornado_title, _in_focus),
        on_paper=lambda view: bool(view.customer),
        chart=Chart(
            charts.tornado,
            _swings,
            "How far one customer stands from the lines when one thing is different",
            "Score the customer first.",
        ),
    ),
    Exhibit(
        "steady-weights",
        titled(steady_title),
        _steady,
        chart=Chart(
            charts.strips,
            _strips,
            "How far each weight can move before anybody changes category",
            "There are no weights yet.",
        ),
    ),
)

# What do we find out first?

find_out = FIND_OUT
