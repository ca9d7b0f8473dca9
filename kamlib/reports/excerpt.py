"""What a reader of one segment may have: what belongs to its customers, and what names nobody else.

People, the settings and what holds for every account of the company stay. The market map and the
days and money of the whole company go: beside one segment they would tell a wrong story.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd

from kamlib.catalogue import sheets
from kamlib.errors import InvalidInput, did_you_mean
from kamlib.models import kaism, profitability, scenarios, staffing
from kamlib.pages.handout import SHORTEST, folded
from kamlib.workbook import settings
from kamlib.workbook.book import Book
from kamlib.workbook.schema import DEFINITIONS, US, Tables, as_text, empty, typed

EVERY = "all"
AT_HOME = {"ballots", "history", "forecast", "junctions", "junction_shares", "routes", "won_lost"}
AT_HOME |= {"customer_people", "links"}  # personal data of the people of customers
AT_HOME |= {"proposals", "proposal_needs", "proposal_interests"}
# counted or compared over all segments: unknown is better than wrong
UNKNOWN = {"people": ("days",)}
SET = {"customer": "", "budget": "", "overheads": "", "day_cost": "", "dependency_pct": "100"}
# whom a score is about, else an idea
ABOUT = {"attractiveness": "customer", "strength": "customer"}
SCOPE = {"strength": "customer"}  # for whom a factor holds, else for a segment
# where a text may name somebody else; of WHOLE_ROWS the row then goes, not the text alone
PROSE = re.compile(
    "avoid|bad|basis|contingency|description|evidence|good|label|name|partner|pilot|question|"
    "reason|risk|team|trouble"
)
WHOLE_ROWS = {"answers": ("item", "value"), "scenarios": ("scenario", "name")}
LEFT_OUT = "(left out here)"
Words = dict[str, list[list[str]]]  # names as words, by the first of them


def of_segment(text: Tables, segment: str) -> tuple[Tables, list[str]]:
    """The text tables of one segment, and the places where somebody else was named before.

    Raises InvalidInput when there is no such segment.
    """
    tables = typed(text)
    kaism.segments(Book(tables, settings.of_workbook(tables, segment=segment)))
    inside = _inside(tables, segment)
    there = [name for name in DEFINITIONS if name not in AT_HOME]
    kept = {name: _whole(name, text)[_own(name, tables[name], inside).to_numpy()] for name in there}
    for name, column, kind in (("customers", "rival", "customer"), ("projects", "idea", "idea")):
        ours = kept[name][column].str.strip().isin(inside[kind])
        kept[name] = kept[name].assign(**{column: kept[name][column].where(ours, "")})
    for name, columns in UNKNOWN.items():
        kept[name] = kept[name].assign(**dict.fromkeys(columns, ""))
    kept |= _costs(kept, tables, inside["customer"])
    kept["settings"] = with_settings(
        kept["settings"], {"segment": segment, **SET, **_chosen(tables, segment)}
    )
    kept["suppliers"] = _suppliers(kept)
    return _unnamed(kept, tables, inside)


def of_round(text: Tables, round: str, scenario: str = "") -> tuple[Tables, str]:
    """The text tables as a round that was kept left them, but for scores and weights; and the scenario that has these.

    Raises InvalidInput for a round that was not kept, or without its scores, and where a scenario is asked for too.
    """
    if scenario:
        raise InvalidInput("A round and a scenario cannot be shown together.", hint="Leave one of them out.")
    rounds, made, scenario = _whole("rounds", text), _whole("decisions", text), scenarios.of_round(round)
    own = rounds[rounds["round"].str.strip() == round]
    if own.empty or scenario not in set(_whole("scenarios", text)["scenario"].str.strip()):
        why = (
            f"The round {round} was kept without its scores." if len(own) else f'There is no round "{round}".'
        )
        raise InvalidInput(
            why, table="rounds", column="round", found=round, hint=did_you_mean(round, rounds["round"])
        )
    then = own["on"].max()
    decided = own[own["decision"] != ""].rename(columns={"customer": "subject"})
    decided = decided.assign(what="category", reason=f"As decided in round {round}")
    kept = [
        made[made["what"].str.strip() != "category"],
        decided.reindex(columns=made.columns, fill_value=""),
    ]
    return {
        **text,
        "decisions": pd.concat(kept, ignore_index=True),
        "rounds": rounds[rounds["on"] <= then],
        "settings": with_settings(_whole("settings", text), {"round": round}),
        "history": pd.DataFrame({"at": [then]}, dtype=object),
    }, scenario


def _whole(name: str, text: Tables) -> pd.DataFrame:
    """The text table with all its columns."""
    return text.get(name, empty(name)).reindex(columns=DEFINITIONS[name].names, fill_value="")


def _inside(tables: Tables, segment: str) -> dict[str, set[str]]:
    """The ids that belong to the segment, by what they are ids of."""
    own = tables["customers"].loc[tables["customers"]["segment"] == segment, "customer"]
    inside = {"segment": {segment}, "customer": set(own)}
    for name, key in (("ideas", "idea"), ("projects", "project")):
        inside[key] = set(tables[name][key][tables[name]["customer"].isin(inside["customer"])])
    return inside


def _own(name: str, frame: pd.DataFrame, inside: dict[str, set[str]]) -> pd.Series:
    """Which rows of a table are about somebody of the segment, or about nobody at all."""
    keep = pd.Series(True, index=frame.index)
    for column, kinds in _whose(name, frame):
        mine = (frame[column] == EVERY) & (column != "customer")
        for kind, ids in inside.items():
            mine |= (kinds == kind) & frame[column].isin(ids)
        keep &= mine
    return keep


def _whose(name: str, frame: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    """The columns that say whose a row is, with what their ids are ids of, row by row."""
    for column in ("segment", "customer", "project"):
        if column in frame:
            yield column, pd.Series(column, frame.index)
    if name in ("ideas", "ratings"):
        yield "idea", pd.Series("idea", frame.index)
    model = frame.get("model", pd.Series(dtype=object))
    if "scope" in frame:
        yield "scope", model.map(SCOPE).fillna("segment")
    if name in ("scores", "find_out"):
        yield "subject", model.map(ABOUT).fillna("idea")
    if name == "changes":
        scope = model.map(SCOPE).fillna("segment")
        yield "subject", scope.where(frame["what"] != "score", model.map(ABOUT).fillna("idea"))
    if name == "decisions":
        whole = frame["what"] == "benchmark_waiver"
        yield "subject", whole.map({True: "segment", False: "customer"})
    if name in ("answers", "round_answers"):
        whose = {f.id: next((p for p in f.per if p != "case"), "case") for f in sheets.every()}
        yield "subject", frame["sheet"].map(whose)


def _costs(kept: Tables, tables: Tables, customers: set[str]) -> Tables:
    """Of costs that are shared out so much that each of the customers bears what it bore."""
    chosen = settings.of_workbook(tables)
    use = profitability.use(Book(tables, chosen))
    pools = profitability.pools(Book(tables, chosen)).set_index("pool")
    own = use[use["customer"].isin(customers)]
    counts = use[use["term"] == ""].groupby("activity")["count"]
    mine = own[own["term"] == ""].groupby("activity")["count"]
    share = mine.sum() / counts.sum()
    used = own.groupby("pool")["minutes"].sum().reindex(pools.index).fillna(0)
    there = pools["practical_minutes"]
    part = np.maximum(there, used) / np.maximum(there, pools["used_minutes"])
    made = {}
    for name, key, by in (("activities", "activity", share), ("pools", "pool", part)):
        cost = tables[name]["cost"] * tables[name][key].map(by)
        made[name] = kept[name].assign(cost=cost.map(as_text).tolist())
    return made


def _chosen(tables: Tables, segment: str) -> dict[str, str]:
    """As limits, how many of its accounts the whole company has the days and the money for."""
    rows = staffing.choose(Book(tables, settings.of_workbook(tables)))
    chosen = rows[(rows["segment"] == segment) & (rows["chosen"] == "yes")]["role"].value_counts()
    return {f"{role}_limit": str(chosen.get(role, 0)) for role in ("key", "key_development")}


def with_settings(said: pd.DataFrame, given: dict[str, str]) -> pd.DataFrame:
    """With these settings, and without those that are given as empty."""
    more = pd.DataFrame(filter(all, given.items()), columns=["key", "value"], dtype=object)
    return pd.concat([said[~said["key"].str.strip().isin(given)], more], ignore_index=True)


def _suppliers(kept: Tables) -> pd.DataFrame:
    """We, and the competitors that are named where we are compared."""
    rows = (kept[name]["supplier"].str.strip() for name in ("scores", "find_out", "changes"))
    return kept["suppliers"][kept["suppliers"]["supplier"].str.strip().isin({US}.union(*rows))]


def _unnamed(
    kept: dict[str, pd.DataFrame], tables: Tables, inside: dict[str, set[str]]
) -> tuple[Tables, list[str]]:
    """Without the texts that name a customer or a segment of elsewhere, and where these stood."""
    names: dict[bool, set[str]] = {True: set(), False: set()}
    for name, key in (("customers", "customer"), ("segments", "segment")):
        for id, said in zip(tables[name][key], tables[name]["name"], strict=True):
            names[id in inside[key]] |= {id, said}
    named, places = _finder(names[True], names[False]), []
    for name in kept.keys() - {"settings", "people"}:
        frame, keys = kept[name], DEFINITIONS[name].keys
        told = [c.name for c in DEFINITIONS[name].columns if c.kind == "text"]
        texts = WHOLE_ROWS.get(name, filter(PROSE.fullmatch, told))
        hits = frame[list(texts)].map(named)
        for row, column in zip(*np.nonzero(hits.to_numpy()), strict=True):
            places.append(f"{name}, {', '.join(frame.iloc[row][keys])}, {hits.columns[column]}")
        if name in WHOLE_ROWS:
            kept[name] = frame[~hits.any(axis=1)]
            continue
        says = {c: "" if c in ("name", "label") else LEFT_OUT for c in hits}
        kept[name] = frame.assign(**{c: frame[c].mask(hits[c], says[c]) for c in hits})
    there = kept["changes"]["scenario"].str.strip().isin(kept["scenarios"]["scenario"].str.strip())
    return {**kept, "changes": kept["changes"][there]}, sorted(places)


def _finder(own: Iterable[str], others: Iterable[str]) -> Callable[[str], bool]:
    """Does a text name one of the others, elsewhere than inside one of our own names?"""
    ours, theirs = _by_first(own), _by_first(others)

    def named(text: str) -> bool:
        words = _words(text)
        mine = list(_spans(words, ours))
        return any(not any(a <= i and j <= b for a, b in mine) for i, j in _spans(words, theirs))

    return named


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", folded(text))


def _by_first(names: Iterable[str]) -> Words:
    found: Words = {}
    for words in map(_words, names):
        if len("".join(words)) >= SHORTEST and not "".join(words).isdigit():
            found.setdefault(words[0], []).append(words)
    return found


def _spans(words: list[str], names: Words) -> Iterator[tuple[int, int]]:
    for at, word in enumerate(words):
        for name in names.get(word, ()):
            if words[at : at + len(name)] == name:
                yield at, at + len(name)
