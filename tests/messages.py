"""Whatever a hostile page may send to the widgets: messages with every verb, known and odd values, and plain rubbish."""

from __future__ import annotations

from hypothesis import strategies as st

IDS = ["main", "other", "Alpha", "Beta", "new", "f1", "f2", "j1", "us", "X", "Y", "ann", "key", "maintenance"]
VERBS = [
    "put",
    "put",
    "put",
    "add",
    "remove",
    "at",
    "try",
    "set",
    "segment",
    "undo",
    "redo",
    "choose",
    "decide",
    "waive",
    "stock",
    "rival",
    "alone",
    "take",
    "equal",
    "agreed",
    "no_benchmark",
    "override",
    "copy",
    "pick",
    "ping",
    "__class__",
]
COLUMNS = [
    "f1",
    "score:us",
    "evidence:us",
    "note",
    "weight",
    "name",
    "segment",
    "status",
    "decision",
    "reason",
    "person",
    "review_on",
    "label",
    "good",
    "must_have_min",
    "days",
    "value",
    "due",
    "customer",
    "model",
    "scope",
    "factor",
    "subject",
    "what",
    "self",
    "table",
    "history",
    "",
]
odd = st.sampled_from(
    ["", "?", "7", "11", "-1", "1e308", "nan", "yes", "2026-02-30", "<b>", "a\tb\tc\td", "\x00", "�"]
    + ["x" * 40_000]
)
plain = st.one_of(st.sampled_from(IDS), st.sampled_from(COLUMNS), odd, st.text(max_size=6))
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain, inner, max_size=3),
    max_leaves=6,
)
some = st.one_of(plain, plain, plain, junk)
place_in_grid = st.fixed_dictionaries(
    {"row": st.one_of(plain, st.builds("\t".join, st.lists(plain, min_size=4, max_size=4))), "column": plain},
    optional={"text": some, "was": some},
)
a_message = st.fixed_dictionaries(
    {"do": st.sampled_from(VERBS)},
    optional={
        "cells": st.lists(place_in_grid, max_size=4) | junk,
        "fields": st.fixed_dictionaries(
            {
                n: some
                for n in (
                    "factor",
                    "rival",
                    "new_rival",
                    "decision",
                    "reason",
                    "person",
                    "review_on",
                    "waive",
                    "why",
                )
            }
        )
        | junk,
        "value": some,
        "block": st.lists(st.lists(some, max_size=3), max_size=3) | junk,
        "row": some,
        "column": some,
        "subject": some,
        "customer": some,
        "factor": some,
        "id": some,
    },
)
state = st.dictionaries(
    st.sampled_from(
        [
            "html",
            "rows",
            "columns",
            "items",
            "most",
            "locked",
            "_params",
            "_vl_selections",
            "spec",
            "children",
            "layout",
            "title",
        ]
    ),
    junk,
    min_size=1,
    max_size=2,
)
