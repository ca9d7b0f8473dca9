"""What helps on every page: the tips and case stories of a step, who may be told what, the list of findings."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from kamlib import catalogue
from kamlib.pages.exhibit import Exhibit
from kamlib.pages.html import fill, table


def tips(step: int) -> Exhibit:
    """The tips and the case stories of a step, behind a button each."""

    def words(view: object) -> str:
        lines = catalogue.items(f"tips_step_{step}").to_dict("records")
        return fill("guide", "tips", tips=lines, cases=[*catalogue.entries("case", step)], step=step)

    return Exhibit(f"tips-{step}", words=words, on_paper=False)


def findings(rows: pd.DataFrame) -> Markup:
    """Findings as a list, the most serious first."""
    return fill("guide", "findings", rows=rows.to_dict("records"))


def _communication(view: object) -> str:
    entry = catalogue.entry("communication")
    heads = {"label": "Who|name", "told": "is told|l", "not_told": "is not told|l", "why": "because|l"}
    return fill("exhibit", "line", text=entry["help"], css="") + table(entry["items"], heads)


COMMUNICATION = Exhibit("communication", "Who is told what", _communication)
