"""What one row says of another: references, scopes, subjects and decisions across the tables of a workbook."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

import pandas as pd

from kamlib import catalogue, market, settings, sheets
from kamlib.memory import remembered
from kamlib.tables import BOXES, DEFINITIONS, US, Tables, parse_number

COLUMNS = ["level", "table", "row", "column", "found", "allowed", "message"]
ALL = "all"  # the scope of factors that hold for every segment
LONGEST_NAME, MOST_COMPARED = 60, 500  # "did you mean" is for slips, not for books

Finding = dict[str, str]


def finding(level: str, table: str, message: str, row: str = "", column: str = "",
            found: object = "", allowed: str = "") -> Finding:  # fmt: skip
    """One row of findings; `level` is error (cannot go on) or warning (look at this)."""
    shown = str(found)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return dict(zip(COLUMNS, (level, table, row, column, shown, allowed, message), strict=True))


def near(word: str, known: Iterable[str]) -> str:
    if len(word) > LONGEST_NAME:
        return ""
    found = difflib.get_close_matches(word.lower(), list(known)[:MOST_COMPARED], n=1, cutoff=0.7)
    return f' Did you mean "{found[0]}"?' if found else ""


def line(index: int) -> str:
    return f"line {index + 2}"


def ids(text: Tables, name: str) -> set[str]:
    """The ids in a table's first key column."""
    frame = text.get(name)
    known = set() if frame is None else _ids({name: frame}, name)
    return known | ({US} if name == "suppliers" else set())


@remembered
def _ids(text: Tables, name: str) -> set[str]:
    frame, key = text[name], DEFINITIONS[name].keys[0]
    return set(map(str.strip, frame[key].tolist())) if list(frame.columns).count(key) == 1 else set()


def references(text: Tables) -> Iterator[Finding]:
    for name, frame in text.items():
        for column in DEFINITIONS[name].columns if name in DEFINITIONS else ():
            if not column.refers or column.name not in frame.columns:
                continue
            if list(frame.columns).count(column.name) > 1:
                continue
            known = ids(text, column.refers)
            yield from _unknown_ids(name, column.name, frame[column.name], known, column.refers)


def _unknown_ids(name: str, column: str, cells: pd.Series, known: set[str], refers: str) -> Iterator[Finding]:
    lines = zip(cells.index, map(str.strip, cells.tolist()), strict=True)
    unknown = [(index, value) for index, value in lines if value and value not in known]
    # the nearest known id is worth looking for where somebody may correct it by hand
    few = [*dict.fromkeys(value for _, value in unknown)][:50]
    nearest = {value: near(value, known) for value in few}
    for index, value in unknown:
        message = f'{column} "{value[:60]}" is not in the table {refers}.{nearest.get(value, "")}'
        yield finding("error", name, message, line(int(str(index))), column, value,
                      f"an id from the table {refers}")  # fmt: skip


def _whole(text: Tables, name: str) -> pd.DataFrame | None:
    """The stripped text table if all its defined columns can be used, else None."""
    frame = text.get(name)
    if frame is None or frame.columns.duplicated().any():
        return None
    blank = [""] * len(frame)
    wanted = {
        c: [*map(str.strip, frame[c].tolist())] if c in frame else blank for c in DEFINITIONS[name].names
    }
    return pd.DataFrame(wanted, index=frame.index, dtype=object)


def model_rules(text: Tables) -> Iterator[Finding]:
    """Rules across tables: scopes, subjects, factors, suppliers and decisions."""
    segments, customers = ids(text, "segments"), ids(text, "customers")
    yield from _settings(text)
    yield from _own_rivals(_whole(text, "customers"))
    yield from _circles(_whole(text, "customers"))
    factors, scores = _whole(text, "factors"), _whole(text, "scores")
    scope_of = {"attractiveness": (segments, "segments"), "strength": (customers, "customers")}
    for model, (known, refers) in scope_of.items():
        if factors is not None:
            part = factors[factors["model"] == model]
            yield from _unknown_ids("factors", "scope", part["scope"], known, refers)
    for name in ("scores", "ballots", "find_out"):
        frame = scores if name == "scores" else _whole(text, name)
        if frame is not None:
            own = frame[frame["model"].isin(["attractiveness", "strength"])]
            yield from _about_ideas(name, frame[frame["model"].str.startswith("pia_")], ids(text, "ideas"))
            yield from _unknown_ids(name, "subject", own["subject"], customers, "customers")
            yield from _suppliers(name, own[own["factor"] != "who_else"])
    if scores is not None and factors is not None:
        yield from _orphans(scores, factors, _whole(text, "customers"))
    if factors is not None:
        part = factors[factors["model"].str.startswith("pia_") & (factors["scope"] != ALL)]
        yield from _unknown_ids("factors", "scope", part["scope"], segments, "segments")
    yield from _impact(text)
    yield from _scenarios(text, segments | customers | ids(text, "ideas"))
    answers = _whole(text, "answers")
    if answers is not None:
        for level, spot, column, found, allowed, message in sheets.problems(answers):
            yield finding(level, "answers", message, line(int(answers.index[spot])), column, found, allowed)
    decisions = _whole(text, "decisions")
    if decisions is not None:
        yield from _decisions(decisions, customers, segments)
    yield from market.problems(text)


def _settings(text: Tables) -> Iterator[Finding]:
    """Settings nobody knows, and values out of range, unreadable, or of something that is not there."""
    frame = _whole(text, "settings")
    fields = settings.Settings.model_fields
    for index, key, value in () if frame is None else frame[["key", "value"]].itertuples(name=None):
        if key in fields and (wrong := settings.wrong(key, value)):
            yield finding("error", "settings", wrong, line(index), "value", value,
                          settings.allowed(settings.Settings, key))  # fmt: skip
        elif key and key not in {*fields, "schema"}:
            message = f'There is no setting "{key[:60]}"; it is kept and not used.{near(key, fields)}'
            yield finding("warning", "settings", message, line(index), "key", key)
    for name in ("segment", "customer", "scenario"):
        if frame is not None:
            own = frame.loc[frame["key"] == name, "value"]
            yield from _unknown_ids("settings", "value", own, ids(text, f"{name}s"), f"{name}s")


def _own_rivals(customers: pd.DataFrame | None) -> Iterator[Finding]:
    if customers is not None:
        own = customers[(customers["rival"] == customers["customer"]) & (customers["customer"] != "")]
        for index, name in own["customer"].items():
            yield finding("warning", "customers", f"{name} is said to compete with itself.",
                          line(int(str(index))), "rival", name, "another customer")  # fmt: skip


def _circles(customers: pd.DataFrame | None) -> Iterator[Finding]:
    """Customers that are their own parent, at once or by way of others."""
    if customers is None or not customers["parent"].any():
        return
    parent_of = dict(zip(customers["customer"], customers["parent"], strict=True))
    for index, customer in customers["customer"].items():
        above, seen = parent_of.get(customer, ""), set[str]()
        while above and above != customer and above not in seen:
            seen.add(above)
            above = parent_of.get(above, "")
        if above == customer != "":
            yield finding("warning", "customers", f"{customer} is its own parent, at once or by way of others.",
                          line(int(str(index))), "parent", parent_of[customer], "another customer above it")  # fmt: skip


def _suppliers(name: str, frame: pd.DataFrame) -> Iterator[Finding]:
    strength = frame["model"] == "strength"
    empty = frame["supplier"] == ""
    for index in frame.index[strength & empty]:
        yield finding("error", name, "supplier is empty; a strength score belongs to us or to a "
                      "competitor.", line(int(index)), "supplier", "", "us or a competitor")  # fmt: skip
    for index in frame.index[~strength & ~empty]:
        yield finding("error", name, "supplier must be empty for attractiveness.",
                      line(int(index)), "supplier", frame.at[index, "supplier"], "empty")  # fmt: skip


def _orphans(
    scores: pd.DataFrame, factors: pd.DataFrame, customers: pd.DataFrame | None
) -> Iterator[Finding]:
    """Scores whose factor is not on the customer's list: kept, not counted, said aloud."""
    segment = {} if customers is None else dict(zip(customers["customer"], customers["segment"], strict=True))
    known = set(zip(factors["model"], factors["scope"], factors["factor"], strict=True))
    own = scores[scores["model"].isin(["attractiveness", "strength"]) & (scores["score"] != "")]
    for index, model, subject, factor in own[["model", "subject", "factor"]].itertuples(name=None):
        scope = segment.get(subject, "") if model == "attractiveness" else subject
        if (model, scope, factor) not in known:
            message = (f'{subject} has a score for "{factor}", which is not on its list of '
                       f"{model} factors; it is kept and not counted.")  # fmt: skip
            yield finding("warning", "scores", message, line(index), "factor", factor)


def _decisions(frame: pd.DataFrame, customers: set[str], segments: set[str]) -> Iterator[Finding]:
    of_segment = frame["what"] == "benchmark_waiver"
    yield from _unknown_ids("decisions", "subject", frame[of_segment]["subject"], segments, "segments")
    yield from _unknown_ids("decisions", "subject", frame[~of_segment]["subject"], customers, "customers")
    category = frame[(frame["what"] == "category") & ~frame["decision"].isin([*BOXES, ""])]
    for index, value in category["decision"].items():
        yield finding("error", "decisions", f'decision "{value}" is not a category.',
                      line(int(str(index))), "decision", value, "one of " + ", ".join(BOXES))  # fmt: skip


def _about_ideas(name: str, frame: pd.DataFrame, ideas: set[str]) -> Iterator[Finding]:
    """Scores of ideas: of ideas that there are, and of no supplier."""
    yield from _unknown_ids(name, "subject", frame["subject"], ideas, "ideas")
    for index in frame.index[frame["supplier"] != ""]:
        yield finding("error", name, "supplier must be empty for an idea.", line(int(index)), "supplier",
                      frame.at[index, "supplier"], "empty")  # fmt: skip


def _scenarios(text: Tables, subjects: set[str]) -> Iterator[Finding]:
    """Changes that cannot be made: of somebody nobody knows, of nothing at all, out of range."""
    changes = _whole(text, "changes")
    if changes is None:
        return
    own = changes[changes["subject"] != ALL]
    yield from _unknown_ids("changes", "subject", own["subject"], subjects, "customers, segments or ideas")
    factors = ids_of(text, "factors", "factor") | {ALL}
    for index, factor in changes["factor"].items():
        if factor and factor not in factors:
            yield finding("warning", "changes", f'"{factor[:60]}" is no factor; it changes nothing.{near(factor, factors)}',
                          line(int(str(index))), "factor", factor)  # fmt: skip
    for index, what, to in changes[["what", "to"]].itertuples(name=None):
        if what in ("score", "must_have") and to and not _is_score(to):
            yield finding("error", "changes", f'to is "{to}"; a {what.replace("_", "-")} is 1 to 10.',
                          line(index), "to", to, "1 to 10")  # fmt: skip


def ids_of(text: Tables, name: str, column: str) -> set[str]:
    """All values of one column of a table, {} where there is no such table."""
    frame = _whole(text, name)
    return set() if frame is None else set(frame[column]) - {""}


def _is_score(text: str) -> bool:
    try:
        return 1 <= float(parse_number(text)) <= 10
    except ValueError:
        return True  # what is no number is said elsewhere


def _impact(text: Tables) -> Iterator[Finding]:
    """Ideas that name a stage nobody has listed, ratings of questions nobody asks: kept, and said aloud."""
    stages, ideas, ratings = (_whole(text, name) for name in ("stages", "ideas", "ratings"))
    if ideas is not None and stages is not None:
        known = set(zip(stages["customer"], stages["stage"], strict=True))
        for index, customer, stage in ideas[["customer", "stage"]].itertuples(name=None):
            if stage and (customer, stage) not in known:
                yield finding("warning", "ideas", f'"{stage[:60]}" is no stage of {customer[:60] or "nobody"}; the idea '
                              "stands beside the chain.", line(index), "stage", stage)  # fmt: skip
    if ratings is not None:
        asked = {**dict.fromkeys(catalogue.items("pia_screening")["id"], ("good", "OK", "bad")),
                 **dict.fromkeys(catalogue.items("lock_in")["id"], ("yes", "no"))}  # fmt: skip
        for index, question, rating in ratings[["question", "rating"]].itertuples(name=None):
            if question and question not in asked:
                yield finding("warning", "ratings", f'"{question[:60]}" is none of the questions; it is kept and not used.',
                              line(index), "question", question)  # fmt: skip
            elif rating and question and rating not in asked[question]:
                allowed = ", ".join(asked[question])
                yield finding("error", "ratings", f'{question} is rated "{rating}"; it must be one of {allowed}.',
                              line(index), "rating", rating, "one of " + allowed)  # fmt: skip
    distinction = _whole(text, "distinction")
    if distinction is not None:
        named = {*catalogue.items("distinction_bases")["id"], *ids(text, "bases")}
        for index, basis in distinction["basis"].items():
            if basis and basis not in named:
                yield finding("warning", "distinction", f'"{basis[:60]}" is no basis of the catalogue or of the table bases; '
                              "it is kept and not used." + near(basis, named), line(int(str(index))), "basis", basis)  # fmt: skip
