"""Who sees it how: functions and people beside all others, and the boxes as each function would have them.

Facts about scores, not about people: whoever stands apart may be the one who knows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib import kaism, scoring
from kamlib.disagreement.ballots import KEY, keys_of, votes
from kamlib.memory import remembered
from kamlib.scoring import one
from kamlib.settings import Settings
from kamlib.tables import US, Tables


def _others(said: pd.DataFrame, group: str) -> pd.Series:
    """For each vote the mean of the votes on the same cell from outside its group; NaN where there are none."""
    whole, own = said.groupby("cell")["score"], said.groupby(["cell", group])["score"]
    rest = whole.transform("size") - own.transform("size")
    return (whole.transform("sum") - own.transform("sum")) / rest.where(rest > 0)


@remembered
def by_function(tables: Tables, settings: Settings) -> pd.DataFrame:
    """How each function scores each factor beside all others, on the cells where both voted.

    Columns: segment, function, model, side (strength: us or competitors), factor, label, votes (all of the
    function), mean and others (the function's mean and that of everybody else on the same cells), difference
    (mean - others; NaN where nobody else voted), words. People without a function count among the others only.
    """
    said = votes(tables, settings)
    side = np.where(said["model"] != "strength", "", np.where(said["supplier"] == US, "us", "competitors"))
    said = said.assign(others=_others(said, "function"), side=side.astype(object))
    said = said[said["function"] != ""].assign(fair=said["score"].where(said["others"].notna()))
    by = said.groupby(["segment", "function", "model", "side", "factor"], sort=False)
    made = by.agg(
        label=("label", "first"), votes=("score", "size"), mean=("fair", "mean"), others=("others", "mean")
    )
    made = made.assign(difference=(made["mean"] - made["others"]).round(scoring.DIGITS)).reset_index()
    words = []
    for function, of, label, apart in zip(
        *(made[c] for c in ("function", "side", "label", "difference")), strict=True
    ):
        what = f"{of} on {label}" if of else label
        words.append(
            f"{function} scores {what} {_apart(apart)}."
            if apart == apart
            else f"Only {function} scores {what}."
        )
    return made.assign(words=np.array(words, dtype=object))


def _apart(difference: float) -> str:
    if one(abs(difference)) == "0.0":
        return "like the others"
    return f"{one(abs(difference))} {'lower' if difference < 0 else 'higher'} than the others"


@remembered
def by_person(tables: Tables, settings: Settings) -> pd.DataFrame:
    """How each person uses the scale beside all others, over the segment(s) and both models.

    Columns: person, name, function, votes, difference (mean of vote minus what the others say of the same; NaN where
    nobody else voted), spread (standard deviation of the own votes, NaN for one), lowest_used, highest_used, split
    (cells voted on where not all say the same), lowest and highest (in how many of them theirs is), words.
    """
    said = votes(tables, settings)
    least, most = (said.groupby("cell")["score"].transform(edge) for edge in ("min", "max"))
    split = least < most
    said = said.assign(difference=said["score"] - _others(said, "person"), split=split,
                       low=split & (said["score"] == least), high=split & (said["score"] == most))  # fmt: skip
    made = said.groupby("person", sort=False).agg(
        name=("who", "first"), function=("function", "first"), votes=("score", "size"), difference=("difference", "mean"),
        spread=("score", "std"), lowest_used=("score", "min"), highest_used=("score", "max"), split=("split", "sum"),
        lowest=("low", "sum"), highest=("high", "sum"),
    ).reset_index()  # fmt: skip
    words = [
        f"{r.name} scores {_apart(r.difference) if r.difference == r.difference else 'alone'}, from {r.lowest_used:g} to "
        f"{r.highest_used:g}; of {r.split} cells not all agree on, lowest in {r.lowest} and highest in {r.highest}."
        for r in made.itertuples(index=False)
    ]
    return made.assign(words=np.array(words, dtype=object))


@remembered
def views_of(tables: Tables, settings: Settings) -> pd.DataFrame:
    """The box of every customer as each function sees it: the mean of its votes instead of what is agreed.

    Columns: segment, customer, name, function, box, today ("" where it stands nowhere), differs (yes, no).
    """
    said, today, scores = votes(tables, settings), kaism.place(tables, settings), tables["scores"]
    name = today["name"].where(today["name"] != "", today["customer"])
    head = today[["segment", "customer"]].assign(name=name)
    parts = [head.assign(function="", box="", today="", differs="")[:0]]
    there, columns = keys_of(scores), ["model", "subject", "factor", "supplier", "score"]
    known = set(there)
    for function in said.loc[said["function"] != "", "function"].unique():
        means = said[said["function"] == function].groupby(KEY, sort=False)["score"].mean().to_dict()
        agreed = scores["score"].tolist()
        changed = [means.get(key, score) for key, score in zip(there, agreed, strict=True)]
        more = [(*key, mean) for key, mean in means.items() if key not in known]
        theirs = [scores[columns].assign(score=np.array(changed, float)), pd.DataFrame(more, columns=columns)]
        whole = pd.concat([part for part in theirs if len(part)], ignore_index=True)
        box = kaism.place(tables | {"scores": whole}, settings)["box"]
        differs = np.where(box == today["box"], "no", "yes").astype(object)
        parts.append(head.assign(function=function, box=box, today=today["box"], differs=differs))
    return pd.concat(parts, ignore_index=True)
