"""How far the ten steps are: open, done, or done but something earlier changed since."""

from __future__ import annotations

import pandas as pd

from kamlib import catalogue
from kamlib.tables import Tables

# the tables (and for factors and scores the model) in which a step leaves its work
OF_STEP: dict[int, tuple[tuple[str, str], ...]] = {
    3: (("people", ""),),
    5: (("segments", ""), ("customers", "")),
    6: (("customers", ""),),
    7: (("factors", "attractiveness"), ("scores", "attractiveness")),
    8: (("factors", "strength"), ("scores", "strength")),
    9: (("decisions", ""),),
}


def steps(tables: Tables, segment: str = "") -> pd.DataFrame:
    """The ten steps in order. Columns: step, label, question, state (open, done, changed).

    With a segment, steps 7 to 9 are done when they are done for its customers.
    """
    listed = catalogue.items("ten_steps")[["step", "label", "question"]]
    last = {step: _last_change(tables["history"], work) for step, work in OF_STEP.items()}
    states = [_state(int(step), tables, segment, last) for step in listed["step"]]
    return listed.assign(state=states)


def _state(step: int, tables: Tables, segment: str, last: dict[int, str]) -> str:
    if not _is_done(step, tables, segment):
        return "open"
    mine = last.get(step, "")
    earlier = max((at for other, at in last.items() if other < step), default="")
    return "changed" if mine and earlier > mine else "done"


def _is_done(step: int, tables: Tables, segment: str) -> bool:
    """A step is done when its work is complete enough to go on."""
    customers, factors, scores = tables["customers"], tables["factors"], tables["scores"]
    scored = {m: set(scores.loc[(scores["model"] == m) & scores["score"].notna(), "subject"])
              for m in ("attractiveness", "strength")}  # fmt: skip
    decided = set(tables["decisions"].loc[tables["decisions"]["what"] == "category", "subject"])
    inside = customers["segment"].eq(segment) if segment else customers["segment"].ne("")
    everybody = set(customers.loc[inside, "customer"])
    rules = {
        3: len(tables["people"]) > 0,
        5: len(tables["segments"]) > 0 and len(everybody) > 0 and (customers["segment"] != "").all(),
        6: len(everybody) > 0,
        7: (factors["model"] == "attractiveness").any() and everybody <= scored["attractiveness"],
        8: (factors["model"] == "strength").any()
        and len(everybody - scored["strength"]) <= len(everybody) // 10,
        9: len(decided) > 0 and len(everybody - decided) <= len(everybody) // 10,
    }
    return bool(rules.get(step, False)) and bool(everybody)


def _last_change(history: pd.DataFrame, work: tuple[tuple[str, str], ...]) -> str:
    """The time of the last change in these tables, "" while there is none."""
    if history.empty:
        return ""
    hit = pd.Series(False, index=history.index)
    for table, model in work:
        hit |= (history["table"] == table) & history["key"].str.contains(
            f'"{model}"' if model else "", regex=False
        )
    return str(history.loc[hit, "at"].max()) if hit.any() else ""
