"""A list of people, as a CRM keeps them, merged into the people of the customers."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from kamlib.workbook.importing import identity
from kamlib.workbook.importing.customers import Merged
from kamlib.workbook.importing.sentences import note, refusal
from kamlib.workbook.importing.vocabulary import clean, folded
from kamlib.workbook.schema import Tables, empty
from kamlib.workbook.stores.base import Change


def merge(text: Tables, frame: pd.DataFrame, mapping: Mapping[str, str]) -> Merged:
    """The changes that bring a list of people (see `shape.table`) into a workbook's text tables.

    `mapping` is field -> header. A line belongs to the customer of its id, else of its name; one of
    nobody in the workbook is left out. Who is there already, by name, keeps what is entered and has
    gaps filled. Raises InvalidInput where no column holds the people or none the customers.
    """
    for field, needed in {"contact": ["contact"], "name": ["name", "customer"]}.items():
        if not {*needed} & mapping.keys():
            found, typed = ", ".join(frame.columns)[:400], f'-m "{field}=HEADER"'
            raise refusal("unclear", column=field, found=found, fields=field, typed=typed)
    known = identity.Known(text, mapping.get("customer", ""), mapping.get("name", ""))
    people = text.get("customer_people", empty("customer_people")).to_dict("records")
    there = {(p["customer"], folded(p["name"] or p["contact"])): p for p in reversed(people)}
    changes, notes = [], []
    done: dict[str, list[str]] = {w: [] for w in ("created", "updated", "unchanged", "left out")}
    for line, cells in zip(frame.index, frame.to_dict("records"), strict=True):
        said = {field: identity.name_of(clean(cells[header])) for field, header in mapping.items()}
        name = " ".join(filter(None, (said.pop("first_name", ""), said.pop("contact"))))
        whose = said.pop("name", ""), said.pop("customer", "")
        customer = known.by_id.get(folded(identity.id_of(whose[1]))) or known.named(whose[0])
        if not (name and customer):
            done["left out"].append(name)
            notes.append(note("nobodys", line, found=next(filter(None, whose), "")))
            continue
        old = there.get((customer, folded(name)))
        taken = [p["contact"] for p in there.values() if p["customer"] == customer]
        row = old or {"customer": customer, "contact": identity.ids([name], taken)[0]}
        new = {c: v for c, v in said.items() if v and not row.get(c, "").strip()}
        done["created" if old is None else "updated" if new else "unchanged"].append(name)
        if new or old is None:
            new |= {"name": name} if old is None else {}
            changes.append(
                Change("customer_people", {k: row[k] for k in ("customer", "contact")}, new)
            )
        there[customer, folded(name)] = row | new
    counts = dict(
        zip(("added", "updated", "unchanged", "left_out"), map(len, done.values()), strict=True)
    )
    return Merged(changes, notes, counts, {}, done)
