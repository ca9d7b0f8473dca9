"""The plan that a customer may have in its hands: made of what is named here, and searched before it leaves."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from html.parser import HTMLParser

import pandas as pd

from kamlib import catalogue
from kamlib.catalogue import sheets
from kamlib.charts import palette
from kamlib.errors import InvalidInput, did_you_mean
from kamlib.models import pia, plans
from kamlib.models.account import positioning
from kamlib.pages.html import fill, trusted
from kamlib.workbook.book import Book
from kamlib.workbook.schema import BOXES, CHAINS, DEFINITIONS, US, Tables, typed
from kamlib.workbook.settings import of_workbook

# what the page is made of, by table; ids are replaced by numbers, places only give the order
ALLOWED: dict[str, tuple[str, ...]] = {
    "settings": ("supplier",),
    "customers": ("name",),
    "stages": ("name", "level", "place", "trouble"),
    "projects": ("name", "starts", "ends", "status", "owner"),
    "actions": ("name", "due", "done", "person"),
    "people": ("name",),
    "answers": ("value",),
}
GOALS = "success_targets"  # the sheet of goals; of it what is agreed with the customer, in these fields
AGREED = ("label", "now", "target", "by", "together", "shared")
ONE = "1"  # the id of the customer on its own page
# words that say what we think of a customer or of an idea; "key" and "given" alone are said by everybody
WORDS = ("KAISM", "attractiveness", "relative strength", "lock-in", "differentiator")
LETTERS = re.compile(r"(?i:\bclass)\s+[ABC]\b")
SMALL, SHORTEST = 32, 3  # whole numbers below are days and counts; shorter names are in every text
SAID_IN = ("alt", "content", "href", "id", "label", "name", "placeholder", "summary", "title", "value")
HINT = "Say it in other words there, then make the page again."
NUMBER = re.compile(r"(?:(?<![\w.,])|(?<=\b[A-Z]{3}))\d[\d.,'\u2019]*(?:[ \u00a0\u202f]\d{3}(?![\d]))*(?!\w)")
Draw = Callable[[pd.DataFrame, pd.DataFrame, str], str]  # projects, steps and today to a picture


def allowed(book: Book, customer: str) -> Tables:
    """The typed tables reduced to the cells of ALLOWED, for one customer; every other table is empty.

    Ids are numbers of this page alone. Projects that were stopped are left out, with their steps.
    """
    own = _own(book, customer)
    projects, actions = own["projects"], own["actions"]
    number = {p: str(n) for n, p in enumerate(projects["project"], start=1)}
    known = own["people"].set_index("person")["name"]
    named = [p for p in dict.fromkeys([*projects["owner"], *actions["person"]]) if p]
    people = {p: str(n) for n, p in enumerate(named, start=1)}
    stages = _named(own["stages"][list(ALLOWED["stages"])], "Stage")
    projects = projects.assign(
        project=projects["project"].map(number), customer=ONE, owner=_ids(projects["owner"], people)
    )
    actions = actions.assign(project=actions["project"].map(number), person=_ids(actions["person"], people))
    made = {
        "settings": own["settings"],
        "customers": pd.DataFrame({"customer": [ONE], "name": [_name_of(own["customers"], customer)]}),
        "stages": stages.assign(customer=ONE, stage=_count(stages)),
        "projects": _named(projects, "Project")[["project", "customer", *ALLOWED["projects"]]],
        "actions": _named(actions, "Step").assign(step=_count(actions))[
            ["project", "step", *ALLOWED["actions"]]
        ],
        "answers": own["answers"].assign(subject=ONE)[["sheet", "subject", "item", "field", "value"]],
        "people": pd.DataFrame(
            {"person": people.values(), "name": [known.get(p) or p for p in people]}, dtype=object
        ),
    }
    return dict(typed({})) | {name: _table(name, rows) for name, rows in made.items()}


def _table(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    """These rows with all columns of their table; what is not given is unknown."""
    kinds = {
        c.name: (float, math.nan) if c.kind == "number" else (object, "") for c in DEFINITIONS[name].columns
    }
    return pd.DataFrame(
        {
            c: pd.Series(rows[c].tolist() if c in rows else [unknown] * len(rows), dtype=kind)
            for c, (kind, unknown) in kinds.items()
        }
    )


def _own(book: Book, customer: str) -> Tables:
    """The rows of the workbook that the page speaks of, with all their columns, in the order of the page."""
    customers, projects, settings = book["customers"], book["projects"], book["settings"]
    projects = projects[
        (projects["customer"] == customer) & (projects["status"] != "stopped")
    ].drop_duplicates("project")
    stages = book["stages"][book["stages"]["customer"] == customer].drop_duplicates("stage")
    actions = book["actions"].drop_duplicates(["project", "step"])
    actions = actions[actions["project"].isin(projects["project"])]
    named = {*projects["owner"], *actions["person"]} - {""}
    goals = book["answers"]
    goals = goals[(goals["sheet"] == GOALS) & (goals["subject"] == customer) & goals["field"].isin(AGREED)]
    agreed = goals.loc[(goals["field"] == "shared") & (goals["value"] == "yes"), "item"]
    level = stages["level"].where(stages["level"] != "", CHAINS[0]).map(CHAINS.index)
    stages = stages.assign(level=[CHAINS[at] for at in level], rank=level)
    return {
        "settings": settings[settings["key"].isin(ALLOWED["settings"])].drop_duplicates("key"),
        "customers": customers[customers["customer"] == customer].head(1),
        "stages": stages.sort_values(["rank", "place"], kind="stable").drop(columns="rank"),
        "projects": projects,
        "actions": actions,
        "people": book["people"][book["people"]["person"].isin(named)].drop_duplicates("person"),
        "answers": goals[goals["item"].isin(agreed)].drop_duplicates(["item", "field"]),
    }


def _ids(cells: pd.Series, people: dict[str, str]) -> pd.Series:
    return pd.Series([people.get(p, "") for p in cells], index=cells.index, dtype=object)


def _count(rows: pd.DataFrame) -> list[str]:
    return [str(n) for n in range(1, len(rows) + 1)]


def _named(rows: pd.DataFrame, word: str) -> pd.DataFrame:
    """What has no name is counted; an id is for us alone."""
    counted = pd.Series([f"{word} {n}" for n in _count(rows)], index=rows.index, dtype=object)
    return rows.assign(name=rows["name"].where(rows["name"].str.strip() != "", counted))


def _name_of(customers: pd.DataFrame, customer: str) -> str:
    return str(next(iter(customers["name"]), "")).strip() or customer


def ready(book: Book, customer: str) -> Tables:
    """What is `allowed`, where there is something to tell; raises InvalidInput where not, and for an unknown customer."""
    if not customer:
        raise InvalidInput(
            "Which customer is the page for? It needs --customer.",
            table="parameters",
            column="customer",
            hint="kam report WORKBOOK --customer ID --audience customer.",
        )
    known = book["customers"]
    if customer not in set(known["customer"]):
        raise InvalidInput(
            f'There is no customer "{customer}".',
            table="customers",
            found=customer,
            hint=did_you_mean(customer, known["customer"]),
        )
    found = allowed(book, customer)
    if all(found[name].empty for name in ("stages", "projects", "answers")):
        raise InvalidInput(
            f"There is no plan for {_name_of(found['customers'], customer)} yet, so there is nothing to tell.",
            table="projects",
            hint="Walk the chain of doing business and make a project first (step 10), or agree a goal.",
        )
    return found


def title(found: Tables) -> str:
    """What the page is called."""
    return f"Our plan with {found['customers']['name'].iloc[0]}"


def page(found: Tables, today: date, draw: Draw | None = None) -> str:
    """The page in HTML; `found` is what `allowed` gave, and there is nothing else to make it of."""
    settings = of_workbook(found, customer=ONE)
    chain, projects, steps = (
        pia.chain(Book(found, settings)),
        plans.projects(Book(found, settings)),
        plans.steps(Book(found, settings)),
    )
    plan = {project: rows.to_dict("records") for project, rows in steps.groupby("project", sort=False)}
    said = found["settings"]
    supplier = next(iter(said.loc[said["key"] == "supplier", "value"]), "")
    drawn = draw(projects, steps, today.isoformat()) if draw else ""
    return fill(
        "handout",
        "page",
        title=title(found),
        goals=_goals(found),
        supplier=supplier,
        today=today.isoformat(),
        steps=plan,
        chain=chain[["name", "level", "trouble"]].to_dict("records"),
        picture=trusted(drawn),
        projects=projects[["project", "name", "starts", "ends", "status", "owner_name"]].to_dict("records"),
    )


def _goals(found: Tables) -> list[dict[str, str]]:
    """The goals that are agreed, called as one calls them before the customer."""
    called = catalogue.items(GOALS).set_index("id")["outside"]
    rows = sheets.filled(Book(found), GOALS, ONE)
    rows = rows[(rows["shared"] == "yes") & (rows[["now", "target", "together"]] != "").any(axis=1)]
    return rows.assign(label=rows["item"].map(called).fillna(rows["label"])).to_dict("records")


class _Text(HTMLParser):
    """Everything a reader or a program can read in a page: its text, its labels, its comments; not its look."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._styled = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._styled = tag == "style"
        self.parts += [v for k, v in attrs if v and (k in SAID_IN or k.startswith(("aria-", "data-")))]

    def handle_endtag(self, tag: str) -> None:
        self._styled = False

    def handle_data(self, data: str) -> None:
        self.parts += [] if self._styled else [data]

    def handle_comment(self, data: str) -> None:
        self.parts.append(data)


def text_of(html: str) -> str:
    """What can be read in a page."""
    reader = _Text()
    reader.feed(html)
    reader.close()
    return "\n".join(reader.parts)


def folded(text: str) -> str:
    """Without case, hyphens and odd spaces, so that a word is found however it is written."""
    shown = unicodedata.normalize("NFKC", text)
    shown = "".join(c for c in shown if unicodedata.category(c) != "Cf")
    return re.sub(r"[\s_\-\u2010-\u2015]+", " ", shown).casefold().strip()


def _words(book: Book, customer: str) -> Iterator[tuple[str, bool]]:
    """What may not be said to a customer, each with whether it may have an s at its end."""
    yield from ((word, True) for word in WORDS)
    for box in BOXES:
        yield from ((word, True) for word in (palette.MARKS[box].word, f"{box.replace('_', ' ')} account"))
    # "progress" and "drop" alone are said by everybody
    yield from ((palette.MARKS[box].word, True) for box in pia.MATRIX.boxes if " " in palette.MARKS[box].word)
    yield from ((q["label"], True) for q in catalogue.entry("pia_matrix")["quadrants"])
    for id, shape in positioning.matrices().items():  # as what the customer sees us
        labels = positioning.boxes(id)
        yield from ((labels[box][0], True) for box in shape.boxes if box != shape.top_right)
    customers, suppliers = book["customers"], book["suppliers"]
    own = folded(_name_of(customers[customers["customer"] == customer], customer))
    others = customers[customers["customer"] != customer]
    rivals = suppliers[suppliers["supplier"] != US]
    named = [*_or_id(others, "customer"), *_or_id(rivals, "supplier"), *book["factors"]["label"]]
    for name in dict.fromkeys(named):
        plain = folded(name)
        if len(re.sub(r"\W", "", plain)) >= SHORTEST and not _spans(own, plain):
            yield name, False


def _or_id(rows: pd.DataFrame, key: str) -> list[str]:
    return rows["name"].where(rows["name"].str.strip() != "", rows[key]).tolist()


def _spans(plain: str, word: str, plural: bool = False) -> list[tuple[int, int]]:
    """Where a word stands in a text by itself."""
    if not word or word not in plain:
        return []
    end = "s?" if plural else ""
    return [m.span() for m in re.finditer(rf"(?<!\w){re.escape(word)}{end}(?!\w)", plain)]


def _outside(spans: Iterable[tuple[int, int]], own: list[tuple[int, int]]) -> bool:
    """Does one of them stand elsewhere than inside our own name or the customer's?"""
    return any(not any(first <= a and b <= last for first, last in own) for a, b in spans)


def _figures(book: Book) -> set[float]:
    """The scores, weights and gains by which a customer could tell what we think of it."""
    columns = [
        book["scores"]["score"],
        book["ballots"]["score"],
        book["factors"]["weight"],
        book["ideas"]["customer_gain"],
        book["ideas"]["our_gain"],
    ]
    found = pd.concat(columns).dropna().abs()
    return {float(v) for v in found if not (v < SMALL and v == int(v))}


def _read(token: str) -> set[float]:
    """What a figure can mean, with points, commas and spaces as marks of thousands or of decimals."""
    ways: set[str] = set()
    for part in (token, *token.split()):
        bare = re.sub(r"[\s'\u2019]", "", part).rstrip(".,")
        ways |= {bare.replace(",", ""), bare.replace(".", "").replace(",", "."), re.sub(r"[.,]", "", bare)}
    return {float(way) for way in ways if re.fullmatch(r"\d+(\.\d+)?", way)}


def told(text: str, book: Book, customer: str) -> list[str]:
    """The words and figures in a text that may not be told to this customer, as they stand in the workbook."""
    customers = book["customers"]
    names = [_name_of(customers[customers["customer"] == customer], customer), _supplier(book)]
    plain, shown = folded(text), unicodedata.normalize("NFKC", text)
    own = [span for name in names for span in _spans(plain, folded(name))]
    found = [w for w, plural in _words(book, customer) if _outside(_spans(plain, folded(w), plural), own)]
    own = [span for name in names for span in _spans(shown, unicodedata.normalize("NFKC", name))]
    found += [m.group() for m in LETTERS.finditer(shown) if _outside([m.span()], own)]
    secret, years = _figures(book), _years(book, customer)
    for m in NUMBER.finditer(shown):
        if m.group() not in years and _outside([m.span()], own) and _read(m.group()) & secret:
            found.append(m.group().rstrip(".,"))
    return list(dict.fromkeys(found))


def _supplier(book: Book) -> str:
    said = book["settings"]
    return str(next(iter(said.loc[said["key"] == "supplier", "value"]), "")).strip()


def _years(book: Book, customer: str) -> set[str]:
    """The years that stand in dates of the page: no figures."""
    own = _own(book, customer)
    dates = [
        *own["projects"]["starts"],
        *own["projects"]["ends"],
        *own["actions"]["due"],
        *own["answers"].loc[own["answers"]["field"] == "by", "value"],
        date.today().isoformat(),
    ]
    first, last = min(filter(None, dates)), max(filter(None, dates))
    return {str(year) for year in range(int(first[:4]), int(last[:4]) + 2)}


def _cells(book: Book, customer: str) -> Iterator[tuple[str, str, str, str]]:
    """The cells the page is made of: table, row, column, text."""
    keys = {
        "settings": ["key"],
        "people": ["person"],
        "customers": ["customer"],
        "stages": ["stage"],
        "projects": ["project"],
        "actions": ["project", "step"],
        "answers": ["sheet", "item", "field"],
    }
    for name, rows in _own(book, customer).items():
        rows = rows[~rows["field"].isin(["by", "shared"])] if name == "answers" else rows
        for row in rows.to_dict("records"):
            at = ", ".join(str(row[k]) for k in keys[name])
            columns = ("value",) if name == "settings" else ALLOWED[name]
            yield from (
                (name, at, c, str(row[c]))
                for c in columns
                if c not in ("place", "level", "status", "done", "starts", "ends", "due")
            )


def refuse(book: Book, customer: str) -> None:
    """Raises InvalidInput where a cell of the page says what may not be told; nothing is drawn for that."""
    for table, row, column, text in _cells(book, customer):
        for word in told(text, book, customer):
            raise InvalidInput(
                f'"{word}" is not for customers. It stands in {table}, {row}, {column}: "{_cut(text)}".',
                table=table,
                row=row,
                column=column,
                found=word,
                hint=HINT,
            )


def searched(html: str, book: Book, customer: str) -> str:
    """The page as it is, if nothing in it is internal. Raises InvalidInput that names the word and its cell."""
    if found := told(text_of(html), book, customer):
        refuse(book, customer)
        raise InvalidInput(
            f'"{found[0]}" is not for customers, and it stands on the page. Nothing is written.',
            found=found[0],
            table="customers",
            row=customer,
            hint=HINT,
        )
    return html


def _cut(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
