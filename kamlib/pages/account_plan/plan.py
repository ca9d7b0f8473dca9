"""The plan: goals, team, actions, risks and measures of success, on one page to steer by."""

from __future__ import annotations

from markupsafe import Markup

from kamlib.models.account import document
from kamlib.models.account import plan as model
from kamlib.models.account.document import Section
from kamlib.pages import account, action
from kamlib.pages.account import book_of, name
from kamlib.pages.exhibit import Exhibit, View, row, stack
from kamlib.pages.guide import tips
from kamlib.pages.html import fold, line, parts, subhead, table
from kamlib.pages.sheets import exercises

DATES = ("By", "Begins", "Ends")


def shown(sections: list[Section]) -> Markup:
    """Sections of a plan, one below the other: a heading, its sentences, its table."""
    told = []
    for part in sections:
        cells = [dict(zip(map(str, range(len(row))), row, strict=True)) for row in part.rows]
        heads = {
            str(n): f"{head}|l {'date' if head in DATES else 'why'}" for n, head in enumerate(part.heads)
        }
        said = [line(text) for text in part.lines]
        told.append(
            parts(subhead(part.title), *said, table(cells, heads, css="plan"), line(part.note, "hint"))
        )
    return parts(*told)


def _steering(view: View) -> Markup:
    book = book_of(view)
    return shown(document.steering(book)) if book.settings.customer else parts()


def _steering_title(view: View) -> str:
    return f"{name(view)}: the page to steer by" if name(view) else "The page to steer by"


def _document(view: View) -> Markup:
    book = book_of(view)
    return shown(document.body(book)) if book.settings.customer else parts()


def _length(view: View) -> str:
    book = book_of(view)
    if not book.settings.customer:
        return "The plan"
    return f"The plan for {name(view)}, {model.length_words(model.pages(document.body(book)))}"


def _counted(view: View) -> str:
    return model.words(model.account_plan(book_of(view))) if name(view) else "There is no customer yet"


def _headings(view: View) -> Markup:
    """What stands under each heading of the plan, and what is still open."""
    rows = model.account_plan(book_of(view))
    heads = {"label": "Heading|l why", "state": "Filled in|l", "parts": "Lines"}
    return table(rows, heads) if name(view) else parts()


beginning = stack(
    Exhibit("plan-steering", _steering_title, _steering, on_screen=False),
    Exhibit("plan-document", _length, _document, on_screen=False),
    Exhibit("plan-made-by", words=account.made_by.words, on_screen=False),
    Exhibit(
        "plan-appendix",
        "Appendix: the analysis behind the plan",
        lambda view: line("The plan ends here. What follows is there to be looked up.", "hint"),
        on_screen=False,
    ),
)
exhibits = stack(
    row(
        Exhibit("steering", _steering_title, _steering),
        stack(Exhibit("counter", _counted, _headings), tips("plan")),
        shape="two",
    ),
    exercises("plan", own=True),
    action.projects,
    action.work,
    Exhibit("document", _length, lambda view: fold("Read the plan", _document(view), view)),
    on_paper=False,
)
