"""Scenarios: changes that hold where they say, a round that comes back, reasons that add up."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.app import desk
from kamlib.errors import InvalidInput
from kamlib.models import kaism, scenarios
from kamlib.workbook import checks, stores
from kamlib.workbook import schema as T
from kamlib.workbook import settings as choices
from kamlib.workbook.book import Book
from tests import worked
from tests.books import ROOT, calls

NAN, ON = np.nan, "2026-11-30"
CHANGE = "scenario what model subject factor supplier to by"
WORDED = ["name", "reason"]  # what a round does not bring back


def frame(columns: str, rows: list[tuple]) -> pd.DataFrame:
    cells = [[T.as_text(cell) for cell in row] for row in rows]
    return pd.DataFrame(cells, columns=columns.split(), dtype=object)


def stored(tables: T.Tables, rows: list[tuple[str, dict]]) -> T.Tables:
    """The tables after a desk has stored the rows."""
    names = dict.fromkeys(name for name, _ in rows)
    new = T.typed({n: worked.frame(n, [row for name, row in rows if name == n]) for n in names})
    return {**tables, **{n: pd.concat([tables[n], new[n]], ignore_index=True) for n in names}}


def with_changes(tables: T.Tables, *rows: str, kind: str = "what_if", **head: object) -> T.Tables:
    """The tables with the scenario "s" of changes such as "score attractiveness Beta f1 - 9 -"."""
    cells = [("s", *("" if c == "-" else c for c in row.split())) for row in rows]
    about = worked.frame("scenarios", [{"scenario": "s", "name": "S", "kind": kind, **head}])
    new = T.typed({"changes": frame(CHANGE, cells), "scenarios": about})
    return {**tables, "changes": new["changes"], "scenarios": new["scenarios"]}


def applied(tables: T.Tables, chosen: choices.Settings, scenario: str) -> tuple[T.Tables, choices.Settings]:
    there = scenarios.applied(Book(tables, chosen), scenario)
    return there.tables, there.settings


def why(before: tuple, after: tuple) -> pd.DataFrame:
    return scenarios.why(Book(*before), Book(*after))


def moves(before: tuple, after: tuple) -> pd.DataFrame:
    return scenarios.moves(Book(*before), Book(*after))


def after(*rows: str, **head: object) -> tuple[T.Tables, choices.Settings]:
    tables, chosen = worked.typed()
    return applied(with_changes(tables, *rows, **head), chosen, "s")


def score(tables: T.Tables, subject: str, factor: str, supplier: str = "") -> float:
    table = tables["scores"].set_index(["subject", "factor", "supplier"])
    return float(table.at[(subject, factor, supplier), "score"])


def of_factor(tables: T.Tables, factor: str, column: str = "weight") -> float:
    return float(tables["factors"].set_index(["scope", "factor"]).at[("main", factor), column])


# what a change does


def test_no_scenario_is_the_very_same_workbook():
    tables, chosen = worked.typed()

    assert applied(tables, chosen, "")[0] is tables


def test_a_scenario_that_does_not_exist_is_refused_with_a_guess():
    tables, chosen = worked.typed()
    kept = stored(tables, scenarios.equal_weights(Book(tables, chosen)))

    with pytest.raises(InvalidInput, match='no scenario "equal_w". Did you mean "equal_weights"'):
        applied(kept, chosen, "equal_w")


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("attractiveness Beta f1 - 9 -", 9),
        ("attractiveness Beta f1 - - 2", 8),
        ("attractiveness Beta f1 - - -20", 1),
        ("attractiveness Beta f1 - 99 -", 10),
        ("attractiveness Beta f1 - - -", NAN),
        ("attractiveness all f1 - 3 -", 3),
        ("attractiveness Beta all - 3 -", 3),
        ("attractiveness Alpha f1 - 9 -", 6),
        ("strength Beta f1 - 9 -", 6),
        ("attractiveness Beta f1 us 9 -", 9),
    ],
)
def test_what_a_change_of_a_score_does(change, value):
    seen, _ = after(f"score {change}")

    assert score(seen, "Beta", "f1") == pytest.approx(value, nan_ok=True)


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("main f1 - 0 -", 0),
        ("main f1 - - -9", 0),
        ("main f1 - - 2", 5),
        ("main f1 - - -", 1),
        ("main f1 us 7 -", 7),
        ("all f1 - 7 -", 7),
        ("main all - 7 -", 7),
        ("other all - 7 -", 3),
    ],
)
def test_what_a_change_of_a_weight_does(change, value):
    assert of_factor(after(f"weight attractiveness {change}")[0], "f1") == value


@pytest.mark.parametrize(
    ("change", "least", "first"),
    [("f3 - 6 -", 6, NAN), ("f3 - - 2", 7, NAN), ("f3 - - -", NAN, NAN), ("f1 - - 2", 5, NAN)],
)
def test_a_must_have_is_set_moved_and_dropped(change, least, first):
    tables, chosen = worked.typed(must=[None, None, 5, None, None, None])
    tables = with_changes(tables, f"must_have attractiveness main {change}")
    seen, _ = applied(tables, chosen, "s")

    assert of_factor(seen, "f3", "must_have_min") == pytest.approx(least, nan_ok=True)
    assert np.isnan(of_factor(seen, "f1", "must_have_min"))  # there is none to move


def test_the_most_specific_change_alone_holds():
    seen, _ = after(
        "score strength Beta j1 us - -1",
        "score strength all j1 us - -2",
        "score strength Gamma all - 2 -",
        "score strength all all us - -3",
        "score strength all all - 5 -",
    )

    held = {
        ("Beta", "j1", "us"): 6,
        ("Alpha", "j1", "us"): 6,
        ("Beta", "j2", "us"): 5,
        ("Beta", "j1", "X"): 5,
        ("Gamma", "j1", "us"): 2,
        ("Gamma", "j1", "Y"): 2,
    }
    assert {cell: score(seen, *cell) for cell in held} == held


@pytest.mark.parametrize(
    ("change", "scored"),
    [
        ("Beta f1 - 9 -", {"Beta": 9}),
        ("all f1 - 9 -", dict.fromkeys(worked.ATTRACTIVE, 9)),
        ("Beta f1 - - 2", {}),
        ("all all - - 2", {}),
    ],
)
def test_a_score_that_nobody_has_entered(change, scored):
    tables, chosen = worked.typed()
    tables["scores"] = tables["scores"][tables["scores"]["factor"] != "f1"]
    changed = with_changes(tables, f"score attractiveness {change}")
    seen = applied(changed, chosen, "s")[0]["scores"]
    seen = seen[seen["factor"] == "f1"]

    assert dict(zip(seen["subject"], seen["score"], strict=True)) == scored


def test_a_competitor_is_set_where_it_is_one_and_added_where_it_is_named():
    wide = after("score strength all j1 Y 10 -")[0]["scores"]
    placed = kaism.place(Book(*after("score strength Beta j1 Y 10 -"))).set_index("customer")

    assert set(wide.loc[wide["supplier"] == "Y", "subject"]) == {"Alpha", "Gamma"}
    assert placed.loc["Beta", ["best_competitor", "x"]].tolist() == ["Y", -3]


def test_only_what_changes_is_new_and_it_is_made_once():
    tables, chosen = worked.typed()
    tables = with_changes(tables, "weight attractiveness main f1 - 9 -")
    seen, same = applied(tables, chosen, "s")
    nothing = with_changes(tables, "weight attractiveness main f1 - 3 -", "score strength no j1 - - 2")

    book = Book(tables, chosen)
    later = book.having({"actions": tables["actions"].copy()})

    assert {n for n in tables if seen[n] is not tables[n]} == {"factors"} and same is chosen
    assert scenarios.applied(later, "s")["factors"] is scenarios.applied(book, "s")["factors"]
    assert applied(nothing, chosen, "s")[0] is nothing


def test_the_lines_of_a_scenario():
    state = after(line="midpoint", near_line=0.2)

    assert (state[1].line, state[1].near_line) == ("midpoint", 0.2)
    assert kaism.place(Book(*state))["y_line"].eq(5.5).all()


def test_ideas_are_scored_too():
    tables, chosen = worked.typed()
    factors = [("pia_us", "all", "revenue", 2), ("pia_us", "main", "risk", 1)]
    new = T.typed(
        {
            "ideas": frame("idea customer", [("i1", "Alpha"), ("i2", "Beta")]),
            "factors": frame("model scope factor weight", factors),
            "scores": frame("model subject factor score", [("pia_us", "i1", "revenue", 4)]),
        }
    )
    tables |= {name: new[name] for name in ("ideas", "factors", "scores")}
    changes = ("score pia_us all all - 8 -", "weight pia_us all all - 1 -")
    seen, _ = applied(with_changes(tables, *changes), chosen, "s")

    assert seen["scores"]["score"].tolist() == [8] * 4
    assert seen["factors"]["weight"].tolist() == [1, 1]


# who moves


def test_the_overview_of_the_worked_example():
    """Beta stands at 5.7, under the line of 6.575; with f4 alone it has 8, over the line of 6.5."""
    tables, chosen = worked.typed()
    rows = ("weight attractiveness main all - 0 -", "weight attractiveness main f4 - 1 -")
    tables = with_changes(tables, *rows)
    found = scenarios.compare(Book(tables, chosen))
    today, words = scenarios.overview(Book(tables, chosen))["words"]

    assert found["scenario"].tolist() == [""] * 4 + ["s"] * 4
    assert not found[:4]["moved"].any()
    beta = ["customer_name", "y", "y_line", "box", "was_box", "moved"]
    assert found.loc[5, beta].tolist() == ["Beta", 8, 6.5, "key", "maintenance", True]
    assert today == "The workbook as it is."
    assert words.startswith("2 of 4 change: Alpha becomes")
    assert words.endswith("Beta becomes a key account; the others stay.")


def test_many_that_move_are_counted():
    many = {f"c{n}": (n % 10 + 1,) * 6 for n in range(20)}
    strength = {c: {"us": (5,) * 6, "X": (4,) * 6} for c in many}
    tables, chosen = worked.typed(attractive=many, strength=strength)
    tables = with_changes(tables, "score strength all all us 1 -")
    words = scenarios.overview(Book(tables, chosen))["words"].iloc[1]

    assert words.startswith("20 of 20 change: c0 becomes an opportunistic account")
    assert words.endswith("and 14 more change.")


def test_why_on_the_worked_example_by_hand():
    """Two factors of weight 1: a score from 4 to 8, then its weight from 1 to 3 (50 % to 75 %)."""
    tables, chosen = worked.typed(
        attractive={"A": (4, 6), "B": (5, 5)},
        strength={"A": {"us": (7, 5), "X": (5, 5)}, "B": {}},
        weights=(1, 1),
    )
    rows = ("attractiveness A f1 - 8 -", "strength A j1 us - -3")
    rows = (*(f"score {row}" for row in rows), "weight attractiveness main f1 - 3 -")
    after = applied(with_changes(tables, *rows), chosen, "s")
    found = why((tables, chosen), after)
    effects = found.set_index(["customer", "axis", "kind", "factor"])
    effects = effects[["supplier", "before", "after", "effect"]].T.to_dict("list")

    # the middle of 4 and 8 is 6, the middle of the means 5 and 7.5 is 6.25
    assert effects == {
        ("A", "attractiveness", "score", "f1"): ["", 4, 8, 0.625 * 4],
        ("A", "attractiveness", "line", ""): ["", 5, 6.25, -1.25],
        ("A", "attractiveness", "weight", "f1"): ["", 50, 75, pytest.approx(-0.25 * 0.25)],
        ("A", "attractiveness", "weight", "f2"): ["", 50, 25, pytest.approx(0.25 * 0.25)],
        ("A", "strength", "score", "j1"): ["us", 7, 4, -1.5],
        ("B", "attractiveness", "line", ""): ["", 5, 6.25, -1.25],
    }
    assert found["words"].iloc[0] == "the score on f1 went from 4 to 8"


def test_a_move_in_words():
    state = worked.typed()
    seen = after("score attractiveness Beta f1 - 10 -", "score strength Alpha all us - -2")
    told = moves(state, seen).set_index("customer")

    assert told["moved"].tolist() == [True, True, False, False]
    beta = "Beta moved from maintenance to key account: the score on f1 went from 6 to 10 (+1.2)."
    alpha = "Alpha moved from key to key development account: our score on j"
    assert told.at["Beta", "words"] == beta
    assert told.at["Alpha", "words"].startswith(alpha)
    assert told.at["Gamma", "words"] == "Gamma stays a key development account."
    assert told["dx"].tolist() == pytest.approx([-2, 0, 0, 0])
    assert told.at["Beta", "dy"] == pytest.approx(1.2 - 0.3)


def test_who_is_new_gone_or_ruled_out():
    tables, chosen = state = worked.typed()
    fewer = {**tables, "customers": tables["customers"][1:].reset_index(drop=True)}, chosen
    out = after("must_have attractiveness main f3 - 5 -")
    unknown = after("score attractiveness all all - - -", "score strength all all - - -")

    def words(before, after, customer="Beta"):
        return moves(before, after).set_index("customer").at[customer, "words"]

    was = "Beta, a maintenance account before, "
    assert words(fewer, state, "Alpha") == "Alpha is new: a key account."
    assert words(state, fewer, "Alpha") == "Alpha is no longer there; it was a key account."
    assert words(state, out) == was + "fails a must-have: f3 (4, must be 5)."
    assert words(out, state) == "Beta is a maintenance account; it was ruled out before."
    assert words(out, out) == "Beta stays ruled out."
    assert words(out, unknown) == "Beta is no longer ruled out."
    assert words(state, unknown).startswith(was + "has no box now: ")


def test_another_competitor_is_a_reason_of_its_own():
    found = why(worked.typed(), after("score strength Beta j1 Y 10 -"))

    columns = ["customer", "axis", "kind", "supplier", "words"]
    words = "their best alternative is Y, no longer X"
    assert found[columns].to_numpy().tolist() == [["Beta", "strength", "competitor", "Y", words]]
    assert found["effect"].item() == pytest.approx(-3 - 5 / 6)


def test_a_score_that_becomes_known_counts_with_its_weight():
    found = why(after("score attractiveness Beta f1 - - -"), worked.typed())
    found = found[(found["customer"] == "Beta") & (found["kind"] != "line")].set_index("factor")

    assert set(found["kind"]) == {"weight"}
    assert found.at["f1", "words"] == "f1 was not known before"
    assert found.loc["f1", ["before", "after"]].tolist() == [0, pytest.approx(30)]


def test_nothing_to_tell():
    blank = T.typed(stores.blank())
    empty = blank, choices.of_workbook(blank)
    for state in (worked.typed(), empty):
        assert why(state, state).empty
        assert moves(state, state)["words"].str.contains("stays").all()
        assert not moves(state, state)["moved"].any()
    assert scenarios.compare(Book(*empty)).empty
    assert scenarios.overview(Book(*empty))["words"].tolist() == ["The workbook as it is."]
    rows = ("weight strength all all - 2 -", "score strength a b c 4 -")
    full = with_changes(blank, "score attractiveness all all - 5 -", *rows)
    assert len(applied(full, empty[1], "s")[0]["scores"]) == 1


# making scenarios


def test_equal_weights():
    tables, chosen = worked.typed()
    kept = stored(tables, scenarios.equal_weights(Book(tables, chosen)))
    factors = applied(kept, chosen, "equal_weights")[0]["factors"]

    assert factors.loc[factors["scope"] == "main", "weight"].tolist() == [1] * 6
    with pytest.raises(InvalidInput, match="already"):
        scenarios.equal_weights(Book(kept, chosen))


def test_what_cannot_be_kept():
    tables, chosen = worked.typed()
    kept = stored(tables, scenarios.keep_round(Book(tables, chosen), "2026/b", ON))

    assert kept["scenarios"]["scenario"].tolist() == ["round_2026_b"]
    short, taken = "short name", "kept already"
    for wrong, why in {"": short, "a b": short, "2026/b": taken, "2026_b": taken}.items():
        with pytest.raises(InvalidInput, match=why):
            scenarios.keep_round(Book(kept, chosen), wrong, ON)
    for wrong, why in {"mine": "Nothing differs", "": "short id"}.items():
        with pytest.raises(InvalidInput, match=why):
            scenarios.keep_changes(Book(tables), dict(tables), wrong, "Mine")


def test_a_round_has_the_rows_a_desk_stores():
    rows = scenarios.keep_round(Book(*worked.typed()), "2026", ON)
    beta = next(row for name, row in rows if name == "rounds" and row["customer"] == "Beta")
    keys = [(name, *(row[k] for k in T.DEFINITIONS[name].keys)) for name, row in rows]

    place = {"y": "5.7", "y_line": "6.575", "x": "0.833333333", "box": "maintenance"}
    assert beta == {"round": "2026", "customer": "Beta", "decision": "", "on": ON} | place
    assert len(set(keys)) == len(keys)
    assert {type(cell) for _, row in rows for cell in row.values()} == {str}


# for any workbook

SCORE = st.one_of(st.none(), st.sampled_from([n / 2 for n in range(2, 21)]))
WEIGHT = st.sampled_from([None, 0, 1, 2, 3.5])
CUSTOMERS, RIVALS = ["c0", "c1", "c2", "c3"], ["k0", "k1", "k2"]


@st.composite
def books(draw):
    """Any workbook of one segment: customers, factors, competitors and scores come and go."""
    who = CUSTOMERS[: draw(st.integers(2, 4))]
    must = st.sampled_from([None, None, None, 3])
    listed = [
        ("attractiveness", "s", f, f.upper(), draw(WEIGHT), draw(must))
        for f in draw(st.lists(st.sampled_from("abcd"), min_size=1, unique=True))
    ]
    scores = [("attractiveness", c, f, "", draw(SCORE)) for c in who for f in "abcd"]
    scores = [row for row in scores if draw(st.integers(0, 4))]
    for c in who:
        factors = draw(st.lists(st.sampled_from("pqr"), min_size=1, unique=True))
        listed += [("strength", c, f, "", draw(WEIGHT), None) for f in factors]
        suppliers = ["us", *draw(st.lists(st.sampled_from(RIVALS), unique=True))]
        scores += [("strength", c, f, s, draw(SCORE)) for s in suppliers for f in "pqr"]
    tables = T.typed(
        {
            "segments": frame("segment name", [("s", "South")]),
            "customers": frame("customer name segment", [(c, c, "s") for c in who]),
            "suppliers": frame("supplier name", [(k, k) for k in ("us", *RIVALS)]),
            "factors": frame("model scope factor label weight must_have_min", listed),
            "scores": frame("model subject factor supplier score", scores),
        }
    )
    return tables, choices.of_workbook(tables)


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["score", "weight", "must_have"]),
        st.sampled_from(["attractiveness", "strength"]),
        st.sampled_from(["all", "c0", "c1", "s", "c9"]),
        st.sampled_from(["all", "a", "b", "p", "q", "z"]),
        st.sampled_from(["-", "us", "k0"]),
        st.sampled_from(["-", "1", "7.5", "10", "0"]),
        st.sampled_from(["-", "-2", "0.5"]),
    ).map(" ".join),
    min_size=1,
    max_size=5,
)


def check_effects(before, seen) -> None:
    """The reasons add up to the change of both distances, for every customer and axis."""
    found = why(before, seen).groupby(["axis", "customer"])["effect"].sum()
    then, now = (kaism.place(Book(*state)).set_index("customer") for state in (before, seen))
    changes = {
        "attractiveness": (now["y"] - now["y_line"]) - (then["y"] - then["y_line"]),
        "strength": now["x"] - then["x"],
    }
    for axis, change in changes.items():
        for customer, points in change.dropna().items():
            assert found.get((axis, customer), 0.0) == pytest.approx(points, abs=2e-9)


@settings(max_examples=15)
@given(books(), books(), st.sampled_from(["mean", "midpoint"]))
def test_the_reasons_add_up(one, other, line):
    other = other[0], replace(other[1], line=line)
    told = moves(one, other)

    check_effects(one, other)
    assert told["words"].str.endswith(".").all() and not told["customer"].duplicated().any()
    assert not told["words"].str.contains(r"\bnan\b").any()


@settings(max_examples=15)
@given(books(), CHANGES)
def test_a_scenario_changes_nothing_it_is_given_and_can_be_kept(book, rows):
    tables = with_changes(book[0], *rows)
    copy = {name: table.copy() for name, table in tables.items()}
    seen = applied(tables, book[1], "s")
    factors, scores = seen[0]["factors"], seen[0]["scores"]

    for name, table in copy.items():
        pd.testing.assert_frame_equal(tables[name], table)
        assert seen[0][name].dtypes.equals(table.dtypes)
    assert not scores.duplicated(["model", "subject", "factor", "supplier"]).any()
    assert scores["score"].dropna().between(1, 10).all()
    assert factors["weight"].dropna().between(0, 1000).all()
    check_effects(book, seen)
    moved = moves(book, seen)["moved"].sum()
    assert scenarios.overview(Book(tables, book[1]))["moved"].iloc[1] == moved
    try:
        kept = scenarios.keep_changes(Book(book[0]), seen[0], "mine", "Mine")
    except InvalidInput:
        assert scores["score"].equals(book[0]["scores"]["score"])
        return
    again, _ = applied(stored(book[0], kept), book[1], "mine")
    pd.testing.assert_frame_equal(kaism.place(Book(again, book[1])), kaism.place(Book(seen[0], book[1])))
    with pytest.raises(InvalidInput, match="Nothing differs"):
        scenarios.keep_changes(Book(again), seen[0], "again", "Again")


@settings(max_examples=15)
@given(books(), books())
def test_a_round_comes_back_as_it_was_whatever_has_changed_since(then, now):
    later = stored(now[0], scenarios.keep_round(Book(*then), "2026", ON))
    gone = then[0]["customers"]
    gone = gone[~gone["customer"].isin(now[0]["customers"]["customer"])]
    later["customers"] = pd.concat([later["customers"], gone], ignore_index=True)
    chosen = choices.of_workbook(later, line="midpoint", near_line=3.0, segment="s")
    seen = kaism.place(scenarios.applied(Book(later, chosen), "round_2026"))

    was = kaism.place(Book(*then)).drop(columns=WORDED)
    pd.testing.assert_frame_equal(seen.drop(columns=WORDED), was)
    assert len(scenarios.compare(Book(later, chosen))) == 2 * len(later["customers"])


# the examples


@pytest.mark.parametrize("name", ["tiny", "insurer", "bank"])
def test_the_scenarios_of_an_example_move_somebody_and_a_round_brings_it_back(name):
    tables = T.typed(stores.load(str(ROOT / "data" / name), read_only=True)[1])
    chosen = choices.of_workbook(tables, segment="")
    found = scenarios.overview(Book(tables, chosen))
    kept = stored(tables, scenarios.keep_round(Book(tables, chosen), "kept", ON))
    kept["scores"] = kept["scores"].assign(score=5.0)
    kept["factors"] = kept["factors"].assign(weight=1.0, must_have_min=np.nan)
    seen = applied(kept, chosen, "round_kept")

    assert (found["moved"][1:] > 0).any() or len(found) == 1
    assert (found["words"].str.contains(" of ") == (found["moved"] > 0)).all()
    for scenario in tables["scenarios"]["scenario"]:
        check_effects((tables, chosen), applied(tables, chosen, scenario))
    pd.testing.assert_frame_equal(kaism.place(Book(*seen)), kaism.place(Book(tables, chosen)))


def test_two_hundred_customers_are_applied_at_once():
    """Ten times the customers are hardly more work: all at once, and not one by one."""
    work = {}
    for count in (20, 200):
        who = {f"c{n}": (5,) * 6 for n in range(count)}
        others = {"us": (6,) * 6, "X": (5,) * 6, "Y": (4,) * 6, "Z": (3,) * 6}
        tables, chosen = worked.typed(attractive=who, strength=dict.fromkeys(who, others))
        kept = stored(tables, scenarios.keep_round(Book(tables, chosen), "2026", ON))
        work[count] = calls(lambda kept=kept, o=chosen: applied(kept, o, "round_2026"))
    assert work[200] < 2 * work[20]


def test_a_desk_stores_a_round_and_shows_it_again(tmp_path):
    shutil.copytree(ROOT / "data" / "tiny", tmp_path / "book")
    own = desk.Desk(*stores.load(str(tmp_path / "book")))
    was = kaism.place(Book(own.tables, own.settings))
    rows = scenarios.keep_round(Book(own.tables, own.settings), "2026", ON)
    own.put_rows(row for row in rows if row[0] != "changes")  # a scenario before its changes
    own.put_rows(row for row in rows if row[0] == "changes")
    key = {"model": "attractiveness", "subject": "Beta", "factor": "f1", "supplier": ""}
    own.put("scores", **key, score="10")
    own.put("customers", customer="Echo", name="Echo", segment="main")
    own.put("factors", model="attractiveness", scope="main", factor="f7", weight="9")
    seen = applied(own.tables, own.settings, "round_2026")
    told = moves(seen, (own.tables, own.settings)).set_index("customer")

    pd.testing.assert_frame_equal(kaism.place(Book(*seen)).drop(columns=WORDED)[:4], was.drop(columns=WORDED))
    assert told.at["Echo", "words"] == "Echo is new and has no box yet."
    assert checks.check(stores.load(str(tmp_path / "book"))[1]).empty
