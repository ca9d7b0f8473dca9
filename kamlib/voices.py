"""What the ballots say, as HTML: how far the team agrees, and which disagreement could change a box."""

from __future__ import annotations

import pandas as pd

from kamlib import disagreement
from kamlib.panels import fill, trusted
from kamlib.settings import Settings
from kamlib.tables import Tables

AXES = {"attractiveness": "How attractive they are to us", "strength": "How they see us"}
MOST = 12
HOME = "The ballots stay with the team: this copy holds none."
NOBODY = "Nobody's own scores are kept yet. Write them into the table ballots, a row for each person and score, before the team agrees on one."


def voted(tables: Tables, settings: Settings) -> pd.DataFrame:
    """The cells of the segment that somebody has voted on."""
    found = disagreement.cells(tables, settings)
    return found[found["votes"] > 0]


def mattering(tables: Tables, settings: Settings) -> pd.DataFrame:
    """The cells whose votes could change a box, those farthest apart first."""
    found = voted(tables, settings)
    apart = found["highest"] - found["lowest"]
    own = found.assign(apart=apart)[found["could_change"] == "yes"]
    return own.sort_values("apart", ascending=False, kind="stable")


def title(tables: Tables, settings: Settings, home: bool = False) -> str:
    """The result in a sentence."""
    count, some = len(voted(tables, settings)), len(mattering(tables, settings))
    if not count:
        return HOME if home else NOBODY
    if not some:
        return f"None of our disagreement could change a box: {count} cells were voted on."
    could = "One cell" if some == 1 else f"{some} cells"
    return f"{could} of {count} could change a box; the rest of our disagreement does not matter."


def told(tables: Tables, settings: Settings, home: bool = False) -> str:
    """How far we agree, who is too close to call, and the cells worth talking about."""
    close = disagreement.borderline(tables, settings)
    found = mattering(tables, settings)
    return fill("voices", title=title(tables, settings, home), cells=found.head(MOST).to_dict("records"), more=len(found) - MOST,
                agreement=_agreement(tables, settings), close=[w for w in close["words"] if w],
                round=_round(tables, settings))  # fmt: skip


def _agreement(tables: Tables, settings: Settings) -> list[dict[str, str]]:
    found = disagreement.agreement(tables, settings)
    return [{"head": AXES[r["model"]], "words": r["words"], "alpha": _two(r["alpha"]), "W": _two(r["W"]), "r_wg": _two(r["r_wg"])}
            for r in found.to_dict("records") if r["raters"] > 0]  # fmt: skip


def _two(value: float) -> str:
    return f"{value:.2f}" if value == value else ""


def _round(tables: Tables, settings: Settings) -> str:
    """The round whose ballots are looked at."""
    rounds = sorted(set(tables["ballots"]["round"]))
    return settings.round if settings.round in rounds else next(reversed(rounds), "")


def people(tables: Tables, settings: Settings) -> str:
    """Who scores what otherwise, by function and by person, and what each function's own view would change."""
    functions = disagreement.by_function(tables, settings)
    functions = functions[functions["difference"].abs() >= 0.5].sort_values(
        "difference", key=lambda d: -d.abs(), kind="stable"
    )
    otherwise = disagreement.views_of(tables, settings)
    otherwise = otherwise[otherwise["differs"] == "yes"].to_dict("records")
    persons = disagreement.by_person(tables, settings)
    persons = persons[persons["votes"] > 0].sort_values("name", kind="stable")
    if persons.empty:
        return ""
    return fill(
        "voices_people",
        functions=functions.head(MOST).to_dict("records"),
        otherwise=otherwise,
        persons=persons.to_dict("records"),
    )


def pictured(tables: Tables, settings: Settings, model: str) -> pd.DataFrame:
    """The cells of one axis for the picture; a competitor's score stands beside ours."""
    found = voted(tables, settings)
    own = found[found["model"] == model]
    names = dict(zip(tables["suppliers"]["supplier"], tables["suppliers"]["name"], strict=True)) | {
        "us": "us"
    }
    side = [f" ({names.get(s) or s})" if s else "" for s in own["supplier"]]
    return own.assign(column=[f"{label}{of}" for label, of in zip(own["label"], side, strict=True)])


def report(tables: Tables, settings: Settings) -> str:
    """All of it for a reader; "" where nobody voted."""
    if voted(tables, settings).empty:
        return ""
    from kamlib import charts

    pictures = {}
    for model in AXES:
        cells = pictured(tables, settings, model)
        if len(cells):
            pictures[AXES[model]] = trusted(charts.svg(charts.heat(cells), f"heat-{model}"))
    return fill(
        "voices_report",
        told=trusted(told(tables, settings)),
        pictures=pictures,
        people=trusted(people(tables, settings)),
    )
