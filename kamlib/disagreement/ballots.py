"""The ballots that count, and what each cell of them says."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib import kaism, scoring
from kamlib.memory import remembered
from kamlib.settings import Settings
from kamlib.tables import Tables

AXES = ("attractiveness", "strength")
CHANCE = 8.25  # the variance of a fair die with the sides 1 to 10
KEY = ["model", "customer", "factor", "supplier"]
HEAD = ["segment", "customer", "name", "model", "factor", "label", "supplier"]


@remembered
def votes(tables: Tables, settings: Settings) -> pd.DataFrame:
    """The ballots that count: with a score, of the round, for customers and factors there are in the segment(s).

    Columns: HEAD, cell (0, 1, ... in the order of customers and factors), person, who (the name), function, score;
    by cell, the lowest score first. Of two ballots of one person for a cell the first counts.
    """
    ballots, place = tables["ballots"], _listed(tables, settings)
    chosen = settings.round or ballots["round"].max()
    kept = ballots[(ballots["round"] == chosen) & ballots["score"].notna()]
    suppliers = kept["supplier"].where(kept["model"] == "strength", "").tolist()
    listed = list(dict.fromkeys(["", *tables["suppliers"]["supplier"], *suppliers]))
    spots = {key: i for i, key in enumerate(zip(*(place[c].tolist() for c in KEY[:3]), strict=True))}
    keys = zip(*(kept[c].tolist() for c in ("model", "subject", "factor")), strict=True)
    spot = np.array([spots.get(key, -1) for key in keys], int)
    supplier = pd.Index(listed).get_indexer(suppliers)
    people = tables["people"].drop_duplicates("person").set_index("person")
    persons = list(dict.fromkeys([*people.index, *kept["person"]]))
    person = pd.Index(persons, dtype=object).get_indexer(kept["person"])
    counts = np.flatnonzero((spot >= 0) & ~((kept["model"] == "strength").to_numpy(bool) & (supplier == 0)))
    cell = spot * len(listed) + supplier
    counts = counts[np.unique(cell[counts] * len(persons) + person[counts], return_index=True)[1]]
    score = kept["score"].to_numpy(float)
    counts = counts[np.lexsort([person[counts], score[counts], cell[counts]])]
    found, of = np.unique(cell[counts], return_inverse=True)
    names = people["name"].where(people["name"] != "", people.index).reindex(persons)
    who = names.where(names.notna(), persons).to_numpy(object)[person[counts]]
    made = place.iloc[found // len(listed)].assign(supplier=np.array(listed, object)[found % len(listed)])
    return made[HEAD].iloc[of].reset_index(drop=True).assign(
        cell=of, person=np.array(persons, object)[person[counts]], who=who,
        function=people["function"].reindex(persons).fillna("").to_numpy(object)[person[counts]], score=score[counts],
    )  # fmt: skip


def _listed(tables: Tables, settings: Settings) -> pd.DataFrame:
    """All that can be voted on in the segment(s), but for the suppliers: HEAD without the supplier."""
    segments = kaism.segments(tables, settings)
    table = tables["customers"][["segment", "customer", "name"]].drop_duplicates("customer")
    own = pd.concat([table[table["segment"] == s] for s in segments] or [table[:0]], ignore_index=True)
    own["name"] = own["name"].where(own["name"] != "", own["customer"])
    parts = []
    for model, scope in zip(AXES, ("segment", "customer"), strict=True):
        factors = tables["factors"][["model", "scope", "factor", "label"]]
        factors = factors[factors["model"] == model].drop_duplicates(["scope", "factor"])
        parts.append(own.reset_index(names="at").merge(factors, left_on=scope, right_on="scope"))
    made = pd.concat(parts, ignore_index=True).sort_values("at", kind="stable", ignore_index=True)
    return made.assign(label=made["label"].where(made["label"] != "", made["factor"]))[HEAD[:-1]]


@remembered
def summary(tables: Tables, settings: Settings) -> pd.DataFrame:
    """One row a cell with votes: HEAD, votes, mean, spread, r_wg, lowest, highest, first and end (its rows in `votes`)."""
    said = votes(tables, settings)
    cell, score = said["cell"].to_numpy(int), said["score"].to_numpy(float)
    count = np.bincount(cell)
    end = np.cumsum(count)
    mean = np.bincount(cell, score) / count
    square = np.bincount(cell, (score - mean[cell]) ** 2)
    spread = np.sqrt(np.divide(square, count - 1, out=np.full(len(count), np.nan), where=count > 1))
    return said.loc[end - count, HEAD].reset_index(drop=True).assign(
        votes=count, mean=mean.round(scoring.DIGITS), spread=spread.round(scoring.DIGITS), r_wg=np.clip(1 - spread**2 / CHANCE, 0, 1).round(scoring.DIGITS),
        lowest=score[end - count], highest=score[end - 1], first=end - count, end=end,
    )  # fmt: skip


def keys_of(scores: pd.DataFrame) -> list[tuple[str, str, str, str]]:
    """Model, subject, factor and supplier of each agreed score; only strength has a supplier."""
    supplier = scores["supplier"].where(scores["model"] == "strength", "")
    columns = (scores["model"], scores["subject"], scores["factor"], supplier)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def grid(tables: Tables, segment: str, customers: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The agreed attractiveness scores of a segment (customers x factors), and its factors."""
    factors, scores = kaism.of_scope(tables, "attractiveness", segment), tables["scores"]
    own = scores[scores["model"] == "attractiveness"]
    return scoring.wide(own, customers, factors["factor"]), factors
