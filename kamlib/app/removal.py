"""What goes with a row that is taken away, and what keeps it from going."""

from __future__ import annotations

from collections.abc import Mapping

from kamlib.errors import InvalidInput
from kamlib.models import pia
from kamlib.workbook.schema import DEFINITIONS, Tables, empty


def hanging(text: Tables, table: str, key: Mapping[str, str]) -> list[tuple[str, dict[str, str]]]:
    """The rows that go with a row; refuses where something else would be left without it."""
    gone: list[tuple[str, dict[str, str]]] = []
    first = next(iter(key.values()), "")
    for name, definition in DEFINITIONS.items():
        frame = text.get(name)
        for column in definition.columns:
            if column.refers != table or frame is None or column.name not in frame:
                continue
            rows = frame[frame[column.name].str.strip() == first]
            if len(rows) and name in DEFINITIONS[table].goes_with:
                gone += [(name, k) for k in rows[definition.keys].to_dict("records")]
            elif len(rows):
                raise InvalidInput(
                    f'"{first}" is named in {len(rows)} row{"s" if len(rows) > 1 else ""} of {name} '
                    f"({column.name}), so it stays.",
                    table=table,
                    row=first,
                    hint="Change these first.",
                )
    return [*{tuple(sorted(k.items())): (n, k) for n, k in gone}.values()]


def scores_of(text: Tables, typed: Tables, table: str, key: Mapping[str, str]) -> list[dict[str, str]]:
    """The scores that mean nothing without this factor, or this idea."""
    scores, customers = text.get("scores", empty("scores")), typed["customers"]
    if table == "ideas":
        own = scores[scores["model"].isin(pia.MATRIX.weighed) & (scores["subject"] == key["idea"])]
        return own[DEFINITIONS["scores"].keys].to_dict("records")
    own = scores[(scores["model"] == key["model"]) & (scores["factor"] == key["factor"])]
    if key["model"] == "attractiveness":
        inside = customers.loc[customers["segment"] == key["scope"], "customer"]
        own = own[own["subject"].isin(inside)]
    elif key["model"] == "strength":
        own = own[own["subject"] == key["scope"]]
    elif key["scope"] != pia.SCOPE:
        inside = customers.loc[customers["segment"] == key["scope"], "customer"]
        ideas = typed["ideas"]
        own = own[own["subject"].isin(ideas.loc[ideas["customer"].isin(inside), "idea"])]
    return own[DEFINITIONS["scores"].keys].to_dict("records")
