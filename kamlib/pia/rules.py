"""What a facilitator would say about an analysis, and what may not be entered yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kamlib import portfolio
from kamlib.pia import board, letters, stages
from kamlib.settings import Settings, of_workbook
from kamlib.tables import Tables

Finding = tuple[str, int, str, str, str, int]  # level, step, segment, customer, message, rule
STEP, MANY = 10, 5


def refused(tables: Tables, table: str, row: Mapping[str, str]) -> str:
    """Why this row (as it would be stored) may not be entered yet, "" when it may."""
    if table == "ratings" and row.get("rating"):
        question = row.get("question", "")
        asked = letters.parameters(tables).set_index("question")
        if question in asked.index and not asked.at[question, "ready"]:
            missing = [
                w
                for w, c in (("good", "good"), ("OK", "ok"), ("bad", "bad"))
                if not asked.at[question, c].strip()
            ]
            return (f"Before ideas are rated, say what {' and '.join(missing)} mean{'s' if len(missing) == 1 else ''} "
                    f'for "{asked.at[question, "label"]}"')  # fmt: skip
    if table == "ideas" and row.get("class") and not str(row.get("reason", "")).strip():
        seen = letters.screening(tables, of_workbook(tables)).set_index("idea")["suggestion"]
        if seen.get(row.get("idea", ""), "?") != row["class"]:
            return f"Class {row['class']} is not what the answers say: give the reason first."
    return ""


def _named(names: list[str]) -> str:
    shown = names if len(names) <= MANY else [*names[: MANY - 1], f"{len(names) - MANY + 1} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _parameters(tables: Tables, settings: Settings) -> Iterator[Finding]:
    asked = letters.parameters(tables)
    rated = set(tables["ratings"].loc[tables["ratings"]["rating"] != "", "question"])
    for row in asked[~asked["ready"] & asked["question"].isin(rated)].itertuples():
        text = f'"{row.label}" is rated, but nobody has said what good, OK and bad mean.'
        yield "block", STEP, "", "", text, 72


def _classes(tables: Tables, settings: Settings) -> Iterator[Finding]:
    seen = letters.screening(tables, settings)
    for row in seen[seen["differs"] & (seen["reason_given"].str.strip() == "")].itertuples():
        text = f"{row.name}: class {row.decision} was decided, the answers say {row.suggestion}. Give the reason."
        yield "block", STEP, "", row.customer, text, 72
    for customer, rows in letters.find_out(tables, settings).groupby("customer", sort=False):
        count, what = rows["idea"].nunique(), _named(list(dict.fromkeys(rows["name"])))
        text = f"{count} idea{'s' if count > 1 else ''} could still change class; find out the rest: {what}."
        yield "nudge", STEP, "", customer, text, 28


def _givens(tables: Tables, settings: Settings) -> Iterator[Finding]:
    seen = letters.screening(tables, settings)
    planned = set(tables["projects"].loc[tables["projects"]["status"] != "stopped", "idea"])
    for customer, rows in seen.groupby("customer", sort=False):
        unmet = rows[(rows["role"] == "given") & (rows["secured"] != "yes") & ~rows["idea"].isin(planned)]
        ahead = rows[(rows["role"] == "differentiator") & rows["idea"].isin(planned)]
        if len(unmet) and len(ahead):
            text = f"Expected by all and not working yet, without a project: {_named(list(unmet['name']))}. Do it before what is to set us apart."
            yield "warn", STEP, "", customer, text, 73
        open_ = rows[(rows["role"] == "") & (rows["class"] == "A")]
        if len(open_):
            text = f"Given or differentiator? Nobody has said for {_named(list(open_['name']))}."
            yield "nudge", STEP, "", customer, text, 73


def _board(tables: Tables, settings: Settings) -> Iterator[Finding]:
    seen = board.place(tables, settings).merge(
        letters.ideas(tables, settings)[["idea", "evidence", "asked_for"]], on="idea"
    )
    for row in seen[
        seen["box"].isin(["progress", "question"]) & (seen["evidence"].str.strip() == "")
    ].itertuples():
        text = f"{row.name} is said to be worth much to the customer: how do we know?"
        yield "nudge", STEP, "", row.customer, text, 74
    for row in seen[(seen["asked_for"] == "yes") & (seen["class"] == "A")].itertuples():
        text = f"{row.name} was asked for by the customer: expect a smaller share of what it brings."
        yield "nudge", STEP, "", row.customer, text, 75


def _team(tables: Tables, settings: Settings) -> Iterator[Finding]:
    function = tables["people"].drop_duplicates("person").set_index("person")["function"]
    rows = letters.ideas(tables, settings)
    for customer, own in rows[rows["person"] != ""].groupby("customer", sort=False):
        known = {f for f in own["person"].map(function).fillna("") if f}
        if len(own) >= MANY and len(known) == 1:
            text = f"All {len(own)} ideas come from {next(iter(known))}: ask the other functions too."
            yield "nudge", STEP, "", customer, text, 71


def _plans(tables: Tables, settings: Settings) -> Iterator[Finding]:
    if not stages.begun(tables):
        return
    seen = portfolio.classes(tables, settings.model_copy(update={"customer": ""}))
    own = seen[seen["category"].isin(stages.PLAN_OWN) & (seen["decision"] != "")]
    own = own[~own["customer"].isin(stages.begun(tables))]
    for segment, rows in own.groupby("segment", sort=False):
        text = f"No plan of its own yet: {_named(list(rows['name']))}."
        yield "nudge", STEP, segment, "", text, 52


def _asked(tables: Tables, settings: Settings) -> Iterator[Finding]:
    """Every rule, once an analysis has begun; before that there is nothing to say."""
    if any(len(tables[name]) for name in ("stages", "ideas", "ratings", "projects")):
        for rule in (_parameters, _classes, _givens, _board, _team, _plans):
            yield from rule(tables, settings)


RULES = (_asked,)
