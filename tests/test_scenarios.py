"""Scenarios: changes that hold where they say, a round that comes back as it was, reasons that add up."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib import checks, desk, kaism, scenarios, stores
from kamlib import settings as choices
from kamlib import tables as T
from kamlib.errors import InvalidInput
from tests import worked
from tests.books import ROOT, calls

CHANGE = "scenario what model subject factor supplier to by"
PLACED = ["segment", "customer", "status", "box", "y", "y_line", "x", "on_line", "near_line", "y_coverage", "x_coverage",
          "possible", "best_competitor"]  # fmt: skip


def frame(columns: str, rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame([[T.as_text(c) for c in row] for row in rows], columns=columns.split(), dtype=object)


def stored(tables: T.Tables, rows: list[scenarios.keeping.ROW]) -> T.Tables:
    """The tables after a desk has stored the rows."""
    text: dict[str, list] = {}
    for name, row in rows:
        text.setdefault(name, []).append({c: str(row.get(c, "")) for c in T.DEFINITIONS[name].names})
    new = T.typed({name: pd.DataFrame(cells, dtype=object) for name, cells in text.items()})
    return {**tables, **{n: pd.concat([tables[n], new[n]], ignore_index=True) for n in text}}


def with_changes(tables: T.Tables, *rows: str, kind: str = "what_if", **head: object) -> T.Tables:
    """The tables with the scenario "s" of changes such as "score attractiveness Beta f1 - 9 -"."""
    cells = [("s", *("" if c == "-" else c for c in row.split())) for row in rows]
    new = T.typed(
        {
            "changes": frame(CHANGE, cells),
            "scenarios": worked.frame("scenarios", [{"scenario": "s", "name": "S", "kind": kind, **head}]),
        }
    )
    return {**tables, "changes": new["changes"], "scenarios": new["scenarios"]}


def after(*rows: str, **head: object) -> tuple[T.Tables, choices.Settings]:
    tables, chosen = worked.typed()
    return scenarios.applied(with_changes(tables, *rows, **head), chosen, "s")


def score(tables: T.Tables, subject: str, factor: str, supplier: str = "") -> float:
    own = tables["scores"]
    return float(
        own.loc[
            (own["subject"] == subject) & (own["factor"] == factor) & (own["supplier"] == supplier), "score"
        ].iloc[0]
    )


def weight(tables: T.Tables, factor: str, column: str = "weight") -> float:
    own = tables["factors"]
    return float(own.loc[(own["scope"] == "main") & (own["factor"] == factor), column].iloc[0])


# what a change does


def test_no_scenario_is_the_very_same_workbook():
    tables, chosen = worked.typed()
    assert scenarios.applied(tables, chosen, "") == (tables, chosen)
    assert scenarios.applied(tables, chosen, "")[0] is tables


def test_a_scenario_that_does_not_exist_is_refused_with_a_guess():
    tables, chosen = worked.typed()
    with pytest.raises(InvalidInput, match='no scenario "equal_weihgts". Did you mean "equal_weights"'):
        scenarios.applied(stored(tables, scenarios.equal_weights(tables, chosen)), chosen, "equal_weihgts")
    with pytest.raises(InvalidInput, match="no scenario"):
        scenarios.applied(tables, chosen, "s")


@pytest.mark.parametrize(("change", "value"), [
    ("score attractiveness Beta f1 - 9 -", 9), ("score attractiveness Beta f1 - - 2", 8), ("score attractiveness Beta f1 - - -20", 1),
    ("score attractiveness Beta f1 - - 20", 10), ("score attractiveness Beta f1 - 99 -", 10), ("score attractiveness Beta f1 - - -", np.nan),
    ("score attractiveness all f1 - 3 -", 3), ("score attractiveness Beta all - 3 -", 3), ("score attractiveness Alpha f1 - 9 -", 6),
    ("score strength Beta f1 - 9 -", 6), ("score attractiveness Beta f1 us 9 -", 9),
])  # fmt: skip
def test_what_a_change_of_a_score_does(change, value):
    assert score(after(change)[0], "Beta", "f1") == pytest.approx(value, nan_ok=True)


@pytest.mark.parametrize(("change", "value"), [
    ("weight attractiveness main f1 - 0 -", 0), ("weight attractiveness main f1 - - -9", 0), ("weight attractiveness main f1 - - 2", 5),
    ("weight attractiveness main f1 - - -", 1), ("weight attractiveness all f1 - 7 -", 7), ("weight attractiveness main all - 7 -", 7),
    ("weight attractiveness other all - 7 -", 3),
])  # fmt: skip
def test_what_a_change_of_a_weight_does(change, value):
    assert weight(after(change)[0], "f1") == value


def test_a_must_have_is_set_moved_and_dropped():
    tables, chosen = worked.typed(must=[None, None, 5, None, None, None])
    for change, least in (("- 6 -", 6), ("- - 2", 7), ("- - -", np.nan)):
        seen, _ = scenarios.applied(
            with_changes(tables, f"must_have attractiveness main f3 {change}"), chosen, "s"
        )
        assert weight(seen, "f3", "must_have_min") == pytest.approx(least, nan_ok=True)
        assert np.isnan(weight(seen, "f1", "must_have_min"))
    seen = with_changes(tables, "must_have attractiveness main f1 - - 2")  # there is none to move
    assert scenarios.applied(seen, chosen, "s")[0]["factors"] is tables["factors"]


def test_the_most_specific_change_alone_holds():
    tables, _ = after("score strength all all us - -3", "score strength all j1 us - -2", "score strength Beta j1 us - -1",
                      "score strength all all - 5 -")  # fmt: skip
    assert [
        score(tables, c, f, s)
        for c, f, s in (
            ("Beta", "j1", "us"),
            ("Alpha", "j1", "us"),
            ("Beta", "j2", "us"),
            ("Beta", "j1", "X"),
        )
    ] == [6, 6, 5, 5]
    tables, _ = after("score strength Alpha all - 2 -", "score strength all j1 us 9 -")
    assert score(tables, "Alpha", "j1", "us") == 2 and score(tables, "Beta", "j1", "us") == 9


def test_an_empty_supplier_means_every_one():
    tables, _ = after("score strength Alpha j1 - 4 -")
    assert {score(tables, "Alpha", "j1", s) for s in ("us", "X", "Y")} == {4}


def test_a_score_that_nobody_has_entered():
    tables, chosen = worked.typed()
    tables = {**tables, "scores": tables["scores"][tables["scores"]["factor"] != "f1"].reset_index(drop=True)}

    def seen(change: str) -> pd.DataFrame:
        changed = scenarios.applied(with_changes(tables, change), chosen, "s")[0]["scores"]
        return changed[changed["factor"] == "f1"]

    assert seen("score attractiveness Beta f1 - 9 -")[["subject", "score"]].to_numpy().tolist() == [
        ["Beta", 9]
    ]
    assert seen("score attractiveness all f1 - 9 -")["subject"].tolist() == [
        "Alpha",
        "Beta",
        "Gamma",
        "Delta",
    ]
    assert (
        seen("score attractiveness Beta f1 - - 2").empty and seen("score attractiveness all all - - 2").empty
    )
    unknown = tables | {"scores": tables["scores"].assign(score=np.nan)}
    same = scenarios.applied(with_changes(unknown, "score attractiveness all all - - 2"), chosen, "s")[0]
    assert same["scores"] is unknown["scores"]


def test_a_competitor_is_set_where_it_is_one_and_added_where_it_is_named():
    wide = after("score strength all j1 Y 10 -")[0]["scores"]
    assert set(wide.loc[wide["supplier"] == "Y", "subject"]) == {"Alpha", "Gamma"}
    named = after("score strength Beta j1 Y 10 -")
    placed = kaism.place(*named).set_index("customer")
    assert placed.at["Beta", "best_competitor"] == "Y" and placed.at["Beta", "x"] == -3


def test_only_what_changes_is_new_and_it_is_made_once():
    tables, chosen = worked.typed()
    tables = with_changes(tables, "weight attractiveness main f1 - 9 -")
    seen, own = scenarios.applied(tables, chosen, "s")
    assert {n for n in tables if seen[n] is not tables[n]} == {"factors"} and own is chosen
    assert (
        scenarios.applied({**tables, "actions": tables["actions"].copy()}, chosen, "s")[0]["factors"]
        is seen["factors"]
    )
    nothing = with_changes(
        tables, "weight attractiveness main f1 - 3 -", "score attractiveness nobody nothing - - 2"
    )
    assert scenarios.applied(nothing, chosen, "s")[0] is nothing


def test_the_lines_of_a_scenario():
    _, chosen = after(line="midpoint", near_line=0.2)
    assert (chosen.line, chosen.near_line) == ("midpoint", 0.2)
    assert kaism.place(*after(line="midpoint"))["y_line"].eq(5.5).all()


def test_ideas_are_scored_too():
    tables, chosen = worked.typed()
    new = T.typed({
        "ideas": frame("idea customer", [("i1", "Alpha"), ("i2", "Beta")]),
        "factors": frame("model scope factor weight", [("pia_us", "all", "revenue", 2), ("pia_us", "main", "risk", 1)]),
        "scores": frame("model subject factor score", [("pia_us", "i1", "revenue", 4)]),
    })  # fmt: skip
    tables = {**tables, **{n: new[n] for n in ("ideas", "factors", "scores")}}
    seen, _ = scenarios.applied(
        with_changes(tables, "score pia_us all all - 8 -", "weight pia_us all all - 1 -"), chosen, "s"
    )
    assert seen["scores"]["score"].tolist() == [8] * 4 and seen["factors"]["weight"].tolist() == [1, 1]
    kept = stored(tables, scenarios.keep_round(tables, chosen, "2026", "2026-11-30"))
    assert scenarios.applied(kept, chosen, "round_2026")[0]["scores"] is kept["scores"]


# who moves


def test_the_overview_of_the_worked_example():
    """Beta stands at 5.7, under the line of 6.575; with f4 alone it has 8, over the line of 6.5."""
    tables, chosen = worked.typed()
    tables = with_changes(
        tables, "weight attractiveness main all - 0 -", "weight attractiveness main f4 - 1 -"
    )
    found = scenarios.compare(tables, chosen)
    assert (
        found["scenario"].tolist() == [""] * 4 + ["s"] * 4
        and found["customer_name"].tolist() == ["Alpha", "Beta", "Gamma", "Delta"] * 2
    )
    assert not found[:4]["moved"].any()
    beta = found.iloc[5]
    assert (beta["y"], beta["y_line"], beta["box"], beta["was_box"], beta["moved"]) == (
        8,
        6.5,
        "key",
        "maintenance",
        True,
    )
    words = scenarios.overview(tables, chosen)["words"].tolist()
    assert words[0] == "The workbook as it is."
    assert (
        words[1].startswith("2 of 4 change: Alpha becomes")
        and "Beta becomes a key account; the others stay." in words[1]
    )


def test_many_that_move_are_counted():
    many = {f"c{n}": (n % 10 + 1,) * 6 for n in range(20)}
    tables, chosen = worked.typed(
        attractive=many, strength={c: {"us": (5,) * 6, "X": (4,) * 6} for c in many}
    )
    tables = with_changes(tables, "score strength all all us 1 -")
    words = scenarios.overview(tables, chosen)["words"].iloc[1]
    assert words.startswith("20 of 20 change: c0 becomes an opportunistic account") and words.endswith(
        "and 14 more change."
    )


def test_why_on_the_worked_example_by_hand():
    """Two factors of weight 1 each: a from 4 to 8, then its weight from 1 to 3 (50 % to 75 %)."""
    tables, chosen = worked.typed(
        attractive={"A": (4, 6), "B": (5, 5)},
        strength={"A": {"us": (7, 5), "X": (5, 5)}, "B": {}},
        weights=(1, 1),
    )
    changed = with_changes(
        tables,
        "score attractiveness A f1 - 8 -",
        "weight attractiveness main f1 - 3 -",
        "score strength A j1 us - -3",
    )
    found = scenarios.why((tables, chosen), scenarios.applied(changed, chosen, "s"))
    a = found[found["customer"] == "A"].set_index(["axis", "kind", "factor"])
    y = a.loc["attractiveness"]
    assert y.loc[("score", "f1"), ["before", "after", "effect"]].tolist() == [4, 8, 0.625 * 4]
    # the middle of 4 and 8 is 6, the middle of the means 5 and 7.5 is 6.25
    assert y.loc[("weight", "f1"), ["before", "after", "effect"]].tolist() == [
        50,
        75,
        pytest.approx(-0.25 * 0.25),
    ]
    assert y.loc[("line", ""), ["before", "after", "effect"]].tolist() == [5, 6.25, -1.25]
    x = a.loc["strength"]
    assert x.loc[("score", "j1"), ["supplier", "before", "after", "effect"]].tolist() == ["us", 7, 4, -1.5]
    assert set(x.index) == {("score", "j1")}
    assert found.loc[found["customer"] == "B", "kind"].tolist() == ["line"]
    assert y.at[("score", "f1"), "words"] == "the score on f1 went from 4 to 8"


def test_a_move_in_words():
    tables, chosen = worked.typed()
    seen = scenarios.applied(
        with_changes(tables, "score attractiveness Beta f1 - 10 -", "score strength Alpha all us - -2"),
        chosen,
        "s",
    )
    told = scenarios.moves((tables, chosen), seen).set_index("customer")
    assert told["moved"].to_dict() == {"Alpha": True, "Beta": True, "Gamma": False, "Delta": False}
    assert (
        told.at["Beta", "words"]
        == "Beta moved from maintenance to key account: the score on f1 went from 6 to 10 (+1.2)."
    )
    assert told.at["Alpha", "words"].startswith(
        "Alpha moved from key to key development account: our score on j"
    )
    assert told.at["Gamma", "words"] == "Gamma stays a key development account."
    assert told.at["Alpha", "dx"] == pytest.approx(-2) and told.at["Gamma", "dx"] == 0
    assert told.at["Beta", "dy"] == pytest.approx(1.2 - 0.3)


def test_who_is_new_gone_or_ruled_out():
    tables, chosen = worked.typed()
    fewer = {**tables, "customers": tables["customers"][1:].reset_index(drop=True)}
    assert (
        scenarios.moves((fewer, chosen), (tables, chosen)).iloc[0]["words"] == "Alpha is new: a key account."
    )
    gone = scenarios.moves((tables, chosen), (fewer, chosen)).set_index("customer")
    assert (
        gone.at["Alpha", "words"] == "Alpha is no longer there; it was a key account."
        and gone.at["Alpha", "to_status"] == ""
    )
    out = scenarios.applied(with_changes(tables, "must_have attractiveness main f3 - 5 -"), chosen, "s")
    assert scenarios.moves((tables, chosen), out).set_index("customer").at["Beta", "words"] == (
        "Beta, a maintenance account before, fails a must-have: f3 (4, must be 5).")  # fmt: skip
    back = scenarios.moves(out, (tables, chosen)).set_index("customer")
    assert back.at["Beta", "words"] == "Beta is a maintenance account; it was ruled out before."
    unknown = scenarios.applied(
        with_changes(tables, "score attractiveness all all - - -", "score strength all all - - -"),
        chosen,
        "s",
    )
    assert (
        scenarios.moves((tables, chosen), unknown)["words"]
        .iloc[1]
        .startswith("Beta, a maintenance account before, has no box now: ")
    )


def test_another_competitor_is_a_reason_of_its_own():
    tables, chosen = worked.typed()
    seen = scenarios.applied(with_changes(tables, "score strength Beta j1 Y 10 -"), chosen, "s")
    found = scenarios.why((tables, chosen), seen)
    assert found[["customer", "axis", "kind", "supplier"]].to_numpy().tolist() == [
        ["Beta", "strength", "competitor", "Y"]
    ]
    assert found["words"].item() == "their best alternative is Y, no longer X"
    assert found["effect"].item() == pytest.approx(-3 - 5 / 6)


def test_a_score_that_becomes_known_counts_with_its_weight():
    tables, chosen = worked.typed()
    before = scenarios.applied(with_changes(tables, "score attractiveness Beta f1 - - -"), chosen, "s")
    found = scenarios.why(before, (tables, chosen))
    found = found[(found["customer"] == "Beta") & (found["kind"] != "line")].set_index("factor")
    assert set(found["kind"]) == {"weight"} and found.at["f1", "words"] == "f1 was not known before"
    assert found.at["f1", "before"] == 0 and found.at["f1", "after"] == pytest.approx(30)


def test_nothing_to_tell():
    tables, chosen = worked.typed()
    state = tables, chosen
    assert (
        scenarios.why(state, state).empty and list(scenarios.why(state, state)) == scenarios.differences.WHY
    )
    assert scenarios.moves(state, state)["words"].str.contains("stays").all()
    blank = T.typed(stores.blank())
    empty = blank, choices.of_workbook(blank)
    assert (
        scenarios.why(empty, empty).empty
        and scenarios.moves(empty, empty).empty
        and scenarios.moves(empty, empty)["moved"].dtype == bool
    )
    assert scenarios.compare(*empty).empty and scenarios.overview(*empty)["words"].tolist() == [
        "The workbook as it is."
    ]
    assert [name for name, _ in scenarios.keep_round(*empty, "2026", "2026-11-30")][0] == "scenarios"
    full = with_changes(
        blank,
        "score attractiveness all all - 5 -",
        "weight strength all all - 2 -",
        "score strength a b c 4 -",
    )
    assert len(scenarios.applied(full, empty[1], "s")[0]["scores"]) == 1


# making scenarios


def test_equal_weights():
    tables, chosen = worked.typed()
    rows = scenarios.equal_weights(tables, chosen)
    seen, _ = scenarios.applied(stored(tables, rows), chosen, "equal_weights")
    assert seen["factors"].loc[seen["factors"]["scope"] == "main", "weight"].tolist() == [1] * 6
    with pytest.raises(InvalidInput, match="already"):
        scenarios.equal_weights(stored(tables, rows), chosen)


def test_what_cannot_be_kept():
    tables, chosen = worked.typed()
    rows = scenarios.keep_round(tables, chosen, "2026/b", "2026-11-30")
    assert rows[-1][1]["scenario"] == "round_2026_b"
    for wrong, said in (
        ("", "short name"),
        ("a b", "short name"),
        ("2026/b", "kept already"),
        ("2026_b", "kept already"),
    ):
        with pytest.raises(InvalidInput, match=said):
            scenarios.keep_round(stored(tables, rows), chosen, wrong, "2026-11-30")
    with pytest.raises(InvalidInput, match="Nothing differs"):
        scenarios.keep_changes(tables, dict(tables), "mine", "Mine")
    with pytest.raises(InvalidInput, match="short id"):
        scenarios.keep_changes(tables, dict(tables), "", "Mine")


def test_a_round_has_the_rows_a_desk_stores():
    tables, chosen = worked.typed()
    rows = scenarios.keep_round(tables, chosen, "2026", "2026-11-30")
    beta = dict(next(row for name, row in rows if name == "rounds" and row["customer"] == "Beta"))
    assert beta == {"round": "2026", "customer": "Beta", "y": "5.7", "y_line": "6.575", "x": "0.833333333", "box": "maintenance", "decision": "", "on": "2026-11-30"}  # fmt: skip
    keys = [tuple(row[k] for k in T.DEFINITIONS[name].keys) + (name,) for name, row in rows]
    assert len(set(keys)) == len(keys)
    assert all(isinstance(cell, str) for _, row in rows for cell in row.values())


# for any workbook

SCORE = st.one_of(st.none(), st.sampled_from([n / 2 for n in range(2, 21)]))
WEIGHT = st.sampled_from([None, 0, 1, 2, 3.5])


@st.composite
def books(draw, most: int = 4, line: str = "mean"):
    """Any workbook of one segment: customers, factors, competitors and scores come and go."""
    who = [f"c{n}" for n in range(draw(st.integers(2, most)))]
    factors = draw(st.lists(st.sampled_from("abcd"), min_size=1, unique=True))
    listed = [
        ("attractiveness", "s", f, f.upper(), draw(WEIGHT), draw(st.sampled_from([None, None, None, 3])))
        for f in factors
    ]
    scores = [
        ("attractiveness", c, f, "", draw(SCORE)) for c in who for f in "abcd" if draw(st.integers(0, 4))
    ]
    for c in who:
        own = draw(st.lists(st.sampled_from("pqr"), min_size=1, unique=True))
        listed += [("strength", c, f, "", draw(WEIGHT), None) for f in own]
        rivals = draw(st.lists(st.sampled_from(["k0", "k1", "k2"]), unique=True))
        scores += [("strength", c, f, k, draw(SCORE)) for k in ("us", *rivals) for f in "pqr"]
    tables = T.typed({
        "segments": frame("segment name", [("s", "South")]), "customers": frame("customer name segment", [(c, c, "s") for c in who]),
        "suppliers": frame("supplier name", [(k, k) for k in ("us", "k0", "k1", "k2")]),
        "factors": frame("model scope factor label weight must_have_min", listed),
        "scores": frame("model subject factor supplier score", scores),
    })  # fmt: skip
    return tables, choices.of_workbook(tables, line=line)


@st.composite
def changes(draw):
    """Any change, sweeping or of one cell, sensible or not."""
    what = draw(st.sampled_from(["score", "weight", "must_have"]))
    model = draw(st.sampled_from(["attractiveness", "strength"]))
    subject = draw(st.sampled_from(["all", "c0", "c1", "s", "c9"]))
    factor = draw(st.sampled_from(["all", "a", "b", "p", "q", "z"]))
    supplier = draw(st.sampled_from(["-", "us", "k0"]))
    to, by = draw(st.sampled_from(["-", "1", "7.5", "10", "0"])), draw(st.sampled_from(["-", "-2", "0.5"]))
    return " ".join((what, model, subject, factor, supplier, to, by))


def effects(before, seen) -> None:
    """The reasons add up to the change of both distances, for every customer and axis."""
    found = scenarios.why(before, seen).groupby(["customer", "axis"])["effect"].sum()
    then, now = (kaism.place(*state).set_index("customer") for state in (before, seen))
    for customer in now.index.intersection(then.index):
        for axis, change in (
            ("attractiveness", (now["y"] - now["y_line"]) - (then["y"] - then["y_line"])),
            ("strength", now["x"] - then["x"]),
        ):
            if not np.isnan(change[customer]):
                assert found.get((customer, axis), 0.0) == pytest.approx(change[customer], abs=2e-9)


@settings(max_examples=20)
@given(books(), books(), st.sampled_from(["mean", "midpoint"]))
def test_the_reasons_add_up(one, other, line):
    effects(one, (other[0], other[1].model_copy(update={"line": line})))
    told = scenarios.moves(one, other)
    assert told["words"].str.endswith(".").all() and not told["customer"].duplicated().any()
    assert not told["words"].str.contains(r"\bnan\b").any()


@settings(max_examples=20)
@given(books(), st.lists(changes(), max_size=5, unique_by=lambda c: tuple(c.split()[:5])))
def test_applying_changes_nothing_it_is_given_and_adds_up(book, rows):
    tables = with_changes(book[0], *rows)
    copy = {name: table.copy() for name, table in tables.items()}
    seen = scenarios.applied(tables, book[1], "s")
    for name, table in copy.items():
        pd.testing.assert_frame_equal(tables[name], table)
        assert list(seen[0][name].columns) == list(table.columns) and seen[0][name].dtypes.equals(
            table.dtypes
        )
    assert not seen[0]["scores"].duplicated(["model", "subject", "factor", "supplier"]).any()
    assert (
        seen[0]["scores"]["score"].dropna().between(1, 10).all()
        and (seen[0]["factors"]["weight"].dropna() >= 0).all()
    )
    effects(book, seen)
    if all(row.split()[5] != "-" or row.split()[6] == "-" for row in rows):  # without `by`: twice is once
        twice, _ = scenarios.applied(seen[0], book[1], "s")
        assert twice["factors"].equals(seen[0]["factors"]) and twice["scores"].equals(seen[0]["scores"])
    assert scenarios.overview(tables, book[1])["moved"].iloc[1] == scenarios.moves(book, seen)["moved"].sum()


@settings(max_examples=20)
@given(books(most=3), books(most=4))
def test_a_round_comes_back_as_it_was_whatever_has_changed_since(then, now):
    rows = scenarios.keep_round(*then, "2026", "2026-11-30")
    later = stored({**now[0]}, rows)
    missing = then[0]["customers"][~then[0]["customers"]["customer"].isin(now[0]["customers"]["customer"])]
    later["customers"] = pd.concat([later["customers"], missing], ignore_index=True)
    chosen = choices.of_workbook(later, line="midpoint", near_line=3.0, segment="s")
    seen = kaism.place(*scenarios.applied(later, chosen, "round_2026"))
    pd.testing.assert_frame_equal(seen[PLACED], kaism.place(*then)[PLACED])
    assert len(scenarios.compare(later, chosen)) == 2 * len(later["customers"])


@settings(max_examples=20)
@given(books(most=3), st.lists(changes(), min_size=1, max_size=4, unique_by=lambda c: tuple(c.split()[:5])))
def test_a_what_if_is_kept_as_it_was(book, rows):
    supposed, _ = scenarios.applied(with_changes(book[0], *rows), book[1], "s")
    try:
        kept = scenarios.keep_changes(book[0], supposed, "mine", "Mine")
    except InvalidInput:
        assert supposed["scores"]["score"].equals(book[0]["scores"]["score"])
        return
    seen, _ = scenarios.applied(stored(book[0], kept), book[1], "mine")
    pd.testing.assert_frame_equal(kaism.place(seen, book[1]), kaism.place(supposed, book[1]))
    with pytest.raises(InvalidInput, match="Nothing differs"):
        scenarios.keep_changes(seen, supposed, "again", "Again")


# the examples


@pytest.mark.parametrize("name", ["tiny", "insurer", "bank"])
def test_the_examples(name):
    _, text = stores.load(str(ROOT / "data" / name), read_only=True)
    tables = T.typed(text)
    chosen = choices.of_workbook(tables, segment="")
    found = scenarios.overview(tables, chosen)
    assert len(found) == 1 + len(tables["scenarios"]) and found["words"].str.endswith(".").all()
    assert (found["moved"][1:] > 0).all() or name == "tiny"  # a scenario of an example shows something
    for scenario in tables["scenarios"]["scenario"]:
        effects((tables, chosen), scenarios.applied(tables, chosen, scenario))
    kept = stored(tables, scenarios.keep_round(tables, chosen, "kept", "2026-11-30"))
    changed = {
        **kept,
        "scores": kept["scores"].assign(score=5.0),
        "factors": kept["factors"].assign(weight=1.0, must_have_min=np.nan),
    }
    seen, own = scenarios.applied(changed, chosen, "round_kept")
    pd.testing.assert_frame_equal(kaism.place(seen, own), kaism.place(tables, chosen))


def test_two_hundred_customers_are_applied_at_once():
    """Ten times the customers are hardly more work: all at once, and not one by one."""
    work = {}
    for count in (20, 200):
        who = {f"c{n}": (5,) * 6 for n in range(count)}
        others = {"us": (6,) * 6, "X": (5,) * 6, "Y": (4,) * 6, "Z": (3,) * 6}
        tables, chosen = worked.typed(attractive=who, strength=dict.fromkeys(who, others))
        kept = stored(tables, scenarios.keep_round(tables, chosen, "2026", "2026-11-30"))
        assert len(kept["changes"]) > 30 * count
        work[count] = calls(lambda kept=kept, chosen=chosen: scenarios.applied(kept, chosen, "round_2026"))
    assert work[200] < 2 * work[20]


def put(own: desk.Desk, rows: list[scenarios.keeping.ROW]) -> None:
    """A scenario has to be there before its changes; both are taken back in one go."""
    with own.as_one():
        own.put_rows(row for row in rows if row[0] != "changes")
        own.put_rows(row for row in rows if row[0] == "changes")


def test_a_desk_stores_a_round_and_shows_it_again(tmp_path):
    shutil.copytree(ROOT / "data" / "tiny", tmp_path / "book")
    store, text = stores.load(str(tmp_path / "book"))
    own = desk.Desk(store, text)
    was = kaism.place(own.tables, own.settings)
    put(own, scenarios.keep_round(own.tables, own.settings, "2026", "2026-11-30"))
    own.put("scores", model="attractiveness", subject="Beta", factor="f1", supplier="", score="10")
    own.put("customers", customer="Echo", name="Echo", segment="main")
    own.put("factors", model="attractiveness", scope="main", factor="f7", weight="9")
    seen = scenarios.applied(own.tables, own.settings, "round_2026")
    pd.testing.assert_frame_equal(kaism.place(*seen)[PLACED], was[PLACED])
    told = scenarios.moves(seen, (own.tables, own.settings)).set_index("customer")
    assert told.at["Echo", "words"] == "Echo is new and has no box yet."
    rows = scenarios.keep_changes(
        own.tables, {**own.tables, "factors": own.tables["factors"].assign(weight=1.0)}, "mine", "Mine"
    )
    put(own, rows)
    assert own.tables["changes"]["scenario"].value_counts()["mine"] == len(rows) - 1
    assert checks.check(stores.load(str(tmp_path / "book"))[1]).empty
