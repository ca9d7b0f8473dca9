"""Profit: the known answers of the sources, and what must hold for any figures."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kamlib import earnings
from kamlib import profitability as profit
from kamlib import settings as choices
from kamlib import tables as T
from kamlib.errors import InvalidInput
from kamlib.profitability import curve, discounts, future, overheads, programme, serving

MONEY = st.integers(-50_000, 50_000).map(float)


def frame(columns: str, *rows: tuple) -> pd.DataFrame:
    return pd.DataFrame([[T.as_text(v) for v in row] for row in rows], columns=columns.split(), dtype=object)


def book(**tables: pd.DataFrame) -> tuple[T.Tables, choices.Settings]:
    typed = T.typed(tables)
    return typed, choices.of_workbook(typed)


def listed(**profits: float | None) -> pd.DataFrame:
    return frame("customer name profit", *((c, c.title(), p) for c, p in profits.items()))


# discount and volume

CORRECT = """
2   25 15 11 9 7 6 5 4
3   43 25 18 14 11 9 8 6
4   67 36 25 19 15 13 11 9
5   100 50 33 25 20 17 14 11
7.5 300 100 60 43 33 27 23 18
10  - 200 100 67 50 40 33 25
15  - - 300 150 100 75 60 43
20  - - - 400 200 133 100 67
"""


def test_every_cell_of_the_discount_table():
    table = discounts.table()
    for line, row in zip(CORRECT.split("\n")[1:-1], table.itertuples(index=False), strict=True):
        discount, *cells = line.split()
        assert row[0] == float(discount)
        assert ["-" if v != v else f"{v:.0f}" for v in row[1:]] == cells


@pytest.mark.parametrize(
    ("margin", "off", "extra"), [(20, 5, 100 / 3), (15, 5, 50), (25, 7.5, 300 / 7), (20, 0, 0)]
)
def test_the_sentences_of_the_source(margin, off, extra):
    assert profit.extra_volume(margin, off) == pytest.approx(extra)


def test_a_discount_of_the_whole_margin_needs_infinitely_more():
    assert profit.extra_volume(10, 10) == math.inf and profit.extra_volume(10, 20) == math.inf


@pytest.mark.parametrize(("margin", "rise", "lost"), [(20, 5, 20), (15, 5, 25), (25, 7.5, 300 / 13)])
def test_the_volume_a_rise_may_cost(margin, rise, lost):
    assert profit.lost_volume(margin, rise) == pytest.approx(lost)


@pytest.mark.parametrize(
    ("margin", "off"), [(0, 5), (100, 5), (-3, 5), (20, -1), (math.nan, 5), (20, math.nan), (20, math.inf)]
)
def test_margins_and_discounts_that_make_no_sense_are_refused(margin, off):
    for formula in (profit.extra_volume, profit.lost_volume):
        with pytest.raises(InvalidInput):
            formula(margin, off)


@given(margin=st.floats(1, 99), part=st.floats(0, 0.95), volume=st.floats(1, 1e6))
def test_the_extra_volume_earns_the_same_profit(margin, part, volume):
    off = margin * part
    more = volume * (1 + profit.extra_volume(margin, off) / 100)
    assert more * (margin - off) == pytest.approx(volume * margin, rel=1e-9)
    assert volume * (1 - profit.lost_volume(margin, off) / 100) * (margin + off) == pytest.approx(
        volume * margin, rel=1e-9
    )


def test_the_teams_own_margin_comes_first():
    customers = frame(
        "customer name revenue profit", ("a", "A", 100, 20), ("b", "B", 300, 60), ("c", "C", "", 5)
    )
    tables, settings = book(customers=customers)
    assert profit.margin(tables, settings) == (20.0, "from the figures of 2 customers")
    assert profit.discount_volume(tables, settings)["ours"].tolist()[:4] == [11, 18, 25, 33]
    said = book(customers=customers, settings=frame("key value", ("margin_pct", 35)))
    assert profit.margin(*said)[0] == 35


@settings(max_examples=20)
@given(pct=st.floats(-20, 120) | st.sampled_from([0.0, 100.0, 1e-7, 1e9, math.nan, math.inf]))
@example(pct=99.99)
@example(pct=0.01)
@example(pct=99.9999999)
def test_any_gross_margin_is_shown_or_said_to_give_no_table(pct):
    tables, chosen = book(customers=listed(a=1))
    tables["customers"] = tables["customers"].assign(revenue=1000.0, profit=10 * pct)
    own, why = profit.margin(tables, chosen)
    said, table = earnings.discount(own, 5, why), earnings.discount_table(tables, chosen)
    assert (0 < own < 100 and abs(own - pct) < 0.051) if 1e-4 <= pct <= 99.9999 else own != own
    assert why in said and (f"our {own:g} %" in table) == (own == own)
    assert not {"our 100 %", "our 0 %", "our nan %"} & set(re.findall("our [^<]*", table))


# the overhead spiral


def test_the_four_customer_spiral():
    rounds = overheads.rounds(*overheads.example())
    assert rounds["customers"].tolist() == [4, 3, 2, 1, 0]
    assert rounds["share"].tolist()[:4] == [60, 70, 90, 150] and math.isnan(rounds["share"].iloc[4])
    assert rounds["gross_profit"].tolist() == [290, 240, 180, 100, 0]
    assert rounds["overheads"].tolist() == [240, 210, 180, 150, 120]
    assert rounds["company"].tolist() == [50, 30, 0, -50, -120]
    assert rounds["dropped"].tolist() == ["D", "C", "B", "A", ""]
    played = overheads.played(*overheads.example())
    assert played.loc[played["round"] == 1, "net"].tolist() == [40, 20, 0, -10]
    assert played.loc[played["round"] == 3, "net"].tolist() == [10, -10]


def test_dropping_a_customer_costs_more_than_it_saves():
    said = frame("key value", ("overheads", 240), ("overhead_saved", 30))
    tables, settings = book(customers=listed(a=100, b=80, c=60, d=50), settings=said)
    seen = profit.contribution(tables, settings).set_index("customer")
    assert seen.at["d", "change"] == -20 and set(seen["verdict"]) == {"keep"}
    assert profit.spiral(tables, settings)["company"].tolist() == [50, 30, 0, -50, -120]


@given(st.lists(MONEY, min_size=1, max_size=12), st.integers(0, 100_000), st.integers(0, 9000))
def test_the_spiral_as_it_is_played_by_hand(gross, pool, saved):
    table = pd.DataFrame(
        {"customer": [f"c{i:02}" for i in range(len(gross))], "name": "", "gross_profit": gross}
    )
    got = overheads.rounds(table, pool, saved)
    left, oh = sorted(zip(gross, table["customer"], strict=True)), float(pool)
    for row in got.itertuples():
        assert row.customers == len(left) and row.company == pytest.approx(sum(g for g, _ in left) - oh)
        if not left or left[0][0] - oh / len(left) >= -1e-9:
            assert row.dropped == "" and row.round == len(got)
            return
        assert row.dropped == left[0][1]
        left, oh = left[1:], max(oh - saved, 0.0)
    raise AssertionError("the spiral went on")


# cost to serve


def kaplan(**more: float) -> tuple[T.Tables, choices.Settings]:
    """Time-driven activity-based costing as in the paper of 2004."""
    said = {"practical": 100.0, "queries": 280, **more}
    return book(
        customers=listed(x=300_000, y=200_000),
        pools=frame("pool name cost minutes practical_pct", ("service", "Customer service", 560_000, 700_000, said["practical"])),
        activities=frame("activity name pool minutes", ("orders", "Process orders", "service", 40),
                         ("queries", "Handle queries", "service", 220), ("checks", "Credit checks", "service", 250)),
        activity_counts=frame("customer activity term count", ("x", "orders", "", 9000), ("y", "orders", "", 800),
                              ("x", "queries", "", said["queries"]), ("y", "checks", "", 500)),
    )  # fmt: skip


def test_time_driven_costing_as_published():
    tables, settings = kaplan()
    pool = profit.pools(tables, settings).iloc[0]
    assert pool["rate"] == pytest.approx(0.80)
    assert pool["used_cost"] == pytest.approx(462_880) and pool["unused_cost"] == pytest.approx(97_120)
    assert pool["unused_minutes"] == pytest.approx(121_400) and round(pool["used_pct"]) == 83
    by = profit.by_activity(tables).set_index("activity")["cost"]
    assert by.to_dict() == pytest.approx({"orders": 313_600, "queries": 49_280, "checks": 100_000})
    seen = profit.customers(tables, settings).set_index("customer")
    assert seen["cost_to_serve"].sum() == pytest.approx(462_880)  # the rest is charged to nobody
    assert seen.at["y", "profit"] == pytest.approx(200_000 - 800 * 32 - 500 * 200)


def test_activity_based_costing_as_published():
    tables, _ = book(
        customers=listed(x=1, y=1),
        activities=frame("activity cost", ("orders", 392_000), ("queries", 56_000), ("checks", 112_000)),
        activity_counts=frame("customer activity term count", ("x", "orders", "", 48_999), ("y", "orders", "", 1),
                              ("x", "queries", "", 1399), ("y", "queries", "", 1), ("x", "checks", "", 2499),
                              ("y", "checks", "", 1)),
    )  # fmt: skip
    of_y = profit.use(tables)[lambda u: u["customer"] == "y"]["cost"].tolist()
    assert of_y == pytest.approx([8.00, 40.00, 44.80])


def test_a_time_equation():
    """Packing: half a minute, 6.5 more if it needs a special package, 2 more if it goes by air."""
    tables, _ = book(
        customers=listed(x=0),
        pools=frame("pool cost minutes practical_pct", ("p", 1000, 1000, 100)),
        activities=frame("activity pool minutes", ("pack", "p", 0.5)),
        time_terms=frame("activity term name minutes", ("pack", "special", "Special package", 6.5), ("pack", "air", "", 2)),
        activity_counts=frame("customer activity term count", ("x", "pack", "", 10), ("x", "pack", "special", 4), ("x", "pack", "air", 3)),
    )  # fmt: skip
    use = profit.use(tables)
    assert use["minutes"].tolist() == [5, 26, 6] and use["cost"].sum() == pytest.approx(37)
    assert use["name"].tolist() == ["pack", "pack: Special package", "pack: air"]


def test_practical_capacity_is_eighty_per_cent_unless_said():
    tables, settings = kaplan(practical="")
    assert profit.pools(tables, settings)["practical_minutes"].iloc[0] == 560_000


def test_orders_are_counted_by_the_ledger_where_nobody_did():
    tables, _ = book(
        customers=listed(x=1, y=1, z=1),
        pools=frame("pool cost minutes practical_pct", ("p", 1000, 1000, 100)),
        activities=frame("activity driver pool minutes", ("enter", "Orders", "p", 2), ("visit", "visits", "p", 60)),
        activity_counts=frame("customer activity term count", ("x", "enter", "", 5), ("z", "enter", "", "?")),
        ledger=frame("customer year revenue orders", ("x", 2025, 1, 100), ("y", 2025, 1, 7), ("z", 2025, 1, 9), ("y", 2024, 1, 50)),
    )  # fmt: skip
    use = profit.use(tables).set_index("customer")
    assert use["count"].to_dict() == {"x": 5, "y": 7, "z": 9} and set(use["activity"]) == {"enter"}


def test_what_is_not_known_is_not_free():
    tables, settings = kaplan(queries="")
    seen = profit.customers(tables, settings).set_index("customer")
    assert seen.at["x", "doubtful"] and "at least" in seen.at["x", "words"] and not seen.at["y", "doubtful"]
    more = {**tables, "customers": T.typed({"customers": listed(x=1, y=1, z=1)})["customers"]}
    z = profit.customers(more, settings).set_index("customer").loc["z"]
    assert math.isnan(z["cost_to_serve"]) and "nobody has counted" in z["words"]


pools_drawn = st.fixed_dictionaries({
    "cost": st.integers(0, 10**6), "minutes": st.integers(0, 10**5), "practical": st.integers(1, 100),
    "times": st.lists(st.integers(0, 500), min_size=1, max_size=4),
    "counts": st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 999)), max_size=12),
})  # fmt: skip


@given(pools_drawn)
def test_the_allocation_adds_up_to_the_pool(drawn):
    counts = {(f"c{c}", f"a{a % len(drawn['times'])}"): n for c, a, n in drawn["counts"]}
    tables, _ = book(
        customers=listed(c0=1, c1=1, c2=1, c3=1),
        pools=frame("pool cost minutes practical_pct", ("p", drawn["cost"], drawn["minutes"], drawn["practical"])),
        activities=frame("activity pool minutes", *((f"a{i}", "p", m) for i, m in enumerate(drawn["times"]))),
        activity_counts=frame("customer activity term count", *((c, a, "", n) for (c, a), n in counts.items())),
    )  # fmt: skip
    pool = profit.pools(tables).iloc[0]
    charged = profit.use(tables)["cost"].sum()
    if pool["practical_minutes"] > 0 or pool["used_minutes"] > 0:
        assert pool["used_cost"] + pool["unused_cost"] == pytest.approx(drawn["cost"])
        assert charged == pytest.approx(pool["used_cost"])
    assert pool["unused_minutes"] >= 0 and not pool["unused_cost"] < 0
    assert charged <= drawn["cost"] * (1 + 1e-9)


# the whale curve

TEN = (500, 300, 150, 50, 10, 0, -20, -40, -50, -200)


def ten() -> tuple[T.Tables, choices.Settings]:
    return book(customers=listed(**{f"c{i}": v for i, v in enumerate(reversed(TEN))}))


def test_the_whale_of_ten_customers():
    seen = profit.whale(*ten())
    assert seen["cumulative"].tolist() == [500, 800, 950, 1000, 1010, 1010, 990, 950, 900, 700]
    said = profit.summary(seen)
    assert (said["peak"], said["total"], said["lost"], said["loss_makers"], said["top"]) == (
        1010,
        700,
        310,
        4,
        2,
    )
    assert said["top_share_pct"] == pytest.approx(100 * 800 / 700) and not said["of_peak"]
    assert said["top_of_peak_pct"] == pytest.approx(100 * 800 / 1010)


def test_without_profit_the_share_is_of_the_peak():
    said = profit.summary(profit.whale(*book(customers=listed(a=10, b=-30))))
    assert said["of_peak"] and said["top_share_pct"] == 100 and said["total"] == -20


@given(st.lists(MONEY, max_size=60))
def test_the_whale_ends_at_the_total_and_peaks_at_all_profits(values):
    seen = profit.whale(*book(customers=listed(**{f"c{i}": v for i, v in enumerate(values)})))
    if values:
        assert seen["cumulative"].iloc[-1] == pytest.approx(sum(values))
        assert max(seen["cumulative"].max(), 0) == pytest.approx(sum(v for v in values if v > 0))
        assert profit.summary(seen)["lost"] == pytest.approx(-sum(v for v in values if v < 0))
    assert (seen["profit"].diff().dropna() <= 0).all()


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=40))
def test_the_gini_is_the_mean_difference(values):
    x = np.array(values, dtype=float)
    if x.sum() > 0:
        by_pairs = np.abs(x[:, None] - x).sum() / (2 * len(x) * x.sum())
        assert curve.gini(pd.Series(x)) == pytest.approx(by_pairs, abs=1e-9)
        assert 0 <= curve.gini(pd.Series(x)) < 1


def test_a_customer_on_which_much_depends():
    customers = frame(
        "customer name revenue", ("gloss", "GLOSS", 40), *((f"c{i}", f"C{i}", 6) for i in range(10))
    )
    tables, settings = book(customers=customers)
    seen = profit.concentration(tables, settings)
    assert seen["share_pct"].iloc[0] == 40 and seen["dependent"].tolist() == [True] + [False] * 10
    assert any(
        "GLOSS is 40 % of the business" in row[4] for rule in profit.RULES for row in rule(tables, settings)
    )


@pytest.mark.parametrize(("keep", "after"), [(None, 350), (50, 350), (100, -50)])
def test_raising_the_price_and_losing_half(keep, after):
    row = {"revenue": 10_000, "gross_profit": 500, "cost_to_serve": 800}
    said = profit.price_rise(row, 1000, 10, 50, keep)
    assert said["before"] == -300 and said["after"] == pytest.approx(after)
    assert said["total_after"] == pytest.approx(1000 + after + 300) and said["cover_change"] == pytest.approx(
        250
    )


@given(MONEY, MONEY, MONEY, st.floats(0, 100), st.floats(0, 100))
def test_nothing_changes_by_raising_nothing_and_losing_nothing(revenue, gross, serve, rise, loss):
    row = {"revenue": revenue, "gross_profit": gross, "cost_to_serve": serve}
    assert profit.price_rise(row, 0, 0, 0)["change"] == pytest.approx(0)
    assert profit.price_rise(row, 0, rise, 100)["after"] == pytest.approx(0, abs=1e-6)
    said = profit.price_rise(row, 77, rise, loss)
    assert said["total_after"] - said["total_before"] == pytest.approx(said["change"], abs=1e-6)


# the ledger


def booked(*rows: tuple) -> tuple[T.Tables, choices.Settings]:
    ledger = frame("customer year revenue cost_of_sales uncosted freight months", *rows)
    return book(customers=listed(a=1, b=2), ledger=ledger)


def test_the_ledger_counts_before_the_list_and_a_part_of_a_year_does_not():
    tables, settings = booked(
        ("a", 2024, 90, 60, "", "", ""), ("a", 2025, 100, 70, "", 5, ""), ("a", 2026, 10, 9, "", "", 2)
    )
    seen = profit.customers(tables, settings).set_index("customer")
    assert profit.year(tables, settings) == "2025"
    assert seen.at["a", "gross_profit"] == 30 and seen.at["a", "profit"] == 25
    assert seen.at["b", "gross_profit"] == 2 and seen.at["b", "year"] == ""


def test_revenue_without_a_cost_is_taken_at_the_margin_of_the_rest_and_said():
    tables, settings = booked(("a", 2025, 100, 60, 20, "", ""), ("b", 2025, 50, "", "", "", ""))
    seen = profit.customers(tables, settings).set_index("customer")
    assert (
        seen.at["a", "gross_profit"] == pytest.approx(25) and "20 % of its revenue" in seen.at["a", "words"]
    )
    assert math.isnan(seen.at["b", "gross_profit"]) and seen.at["b", "doubtful"]


# future value


def test_life_and_value_as_printed():
    assert future.life(20) == 5 and future.simple_value(20, 1000) == 5000
    assert future.life(10) == 10 and future.simple_value(10, 1000) == 10_000
    assert (
        round(future.simple_value(20, 1000, 10)) == 4463 and round(future.simple_value(10, 1000, 10)) == 6513
    )
    assert future.life(16) == 6.25
    assert future.simple_value(16, 1) / future.simple_value(20, 1) == pytest.approx(1.25)
    assert future.simple_value(15, 1) / future.simple_value(20, 1) == pytest.approx(4 / 3)
    for q in (0, -1, 101, math.nan):
        with pytest.raises(InvalidInput, match="defection"):
            future.life(q)


def test_the_page_says_where_each_table_of_future_value_begins():
    """Both are right: Gupta and Lehmann count from the end of the first year, the simple table from its beginning."""
    said = earnings.future_words(
        *book(customers=listed(a=100), settings=frame("key value", ("retention_low_pct", 80)))
    )
    above, _, simple = said.partition("The simple table")
    assert (
        "counts from the end of the first year" in above
        and "counts from the beginning of the first year" in simple
    )
    assert "4,463 over ten years here and 3,571 there" in simple


@given(st.floats(0.5, 100), st.floats(-1e6, 1e6))
def test_halving_defections_doubles_the_simple_value(q, p):
    assert future.simple_value(q / 2, p) == pytest.approx(2 * future.simple_value(q, p))


@given(st.floats(-1e5, 1e5), st.floats(0, 99), st.floats(-50, 20), st.floats(0, 50))
def test_a_long_horizon_tends_to_the_infinite_formula(p, r, g, i):
    if r * (1 + g / 100) < 0.97 * (100 + i):
        assert future.value(p, r, g, i, 3000) == pytest.approx(future.value(p, r, g, i), rel=1e-6, abs=1e-6)
        if g == 0:
            assert future.value(p, r, 0, i) == pytest.approx(p * r / (100 + i - r), rel=1e-9, abs=1e-9)


@given(st.floats(-1e5, 1e5), st.floats(0, 100), st.floats(-50, 20), st.floats(0, 50), st.integers(1, 40))
def test_the_closed_form_is_the_sum(p, r, g, i, years):
    left = (r / 100) ** np.arange(1, years + 1)
    assert future.value(p, r, g, i, years) == pytest.approx(
        future.value_along(p, left, g, i), rel=1e-7, abs=1e-6
    )


def test_growth_that_outruns_interest_has_no_end():
    assert future.value(100, 95, 20, 5) == math.inf and future.value(-100, 95, 20, 5) == -math.inf


REGULAR = (1000, 631, 468, 382, 326, 289, 262, 241)
HIGH_END = (1000, 869, 743, 653, 593, 551, 517, 491)


@pytest.mark.parametrize(("cohort", "alpha", "beta"), [(REGULAR, 0.704, 1.182), (HIGH_END, 0.668, 3.806)])
def test_the_published_fits_of_contracts(cohort, alpha, beta):
    assert future.sbg_fit([cohort]) == pytest.approx((alpha, beta), abs=2e-3)


def test_cohorts_that_say_nothing_have_no_fit():
    for cohorts in ([], [[100]], [[100, 100, 100]], [[100, 120]]):
        assert math.isnan(future.sbg_fit(cohorts)[0])


def worth(**more: pd.DataFrame) -> pd.DataFrame:
    customers = frame(
        "customer name profit segment first_year", ("a", "A", 100, "", 2020), ("b", "B", -50, "", "")
    )
    ledger = frame("customer year revenue cost_of_sales", ("a", 2025, 300, 200))
    said = frame("key value", ("discount_rate_pct", 10), ("horizon_years", 3))
    return profit.future_value(
        *book(**{"customers": customers, "ledger": ledger, "settings": said} | more)
    ).set_index("customer")


def test_a_range_rather_than_one_number():
    assert worth()["basis"].tolist() == ["", ""] and worth()["low"].isna().all()
    own = worth(
        outlook=frame(
            "customer retention_low_pct retention_high_pct growth_low_pct growth_high_pct",
            ("a", 70, 90, -5, 10),
        )
    )
    assert own.at["a", "low"] == pytest.approx(future.value(100, 70, -5, 10, 3))
    assert own.at["a", "high"] == pytest.approx(future.value(100, 90, 10, 10, 3))
    assert own.at["a", "low_halved"] == pytest.approx(future.value(100, 85, -5, 10, 3))
    one = worth(outlook=frame("customer retention_low_pct", ("b", 80)))
    assert one.at["b", "low"] == one.at["b", "high"] == pytest.approx(future.value(-50, 80, 0, 10, 3))


def test_a_year_that_is_no_number_has_no_age():
    cohorts = frame("segment cohort age customers", *(("all", "x", i, n) for i, n in enumerate(REGULAR)))
    seen = worth(cohorts=cohorts, settings=frame("key value", ("profit_year", "undated")))
    assert seen.at["a", "low"] < seen.at["a", "high"]


def test_customers_like_it_say_how_long_it_stays():
    cohorts = frame("segment cohort age customers", *(("all", "x", i, n) for i, n in enumerate(REGULAR)))
    seen = worth(cohorts=cohorts)
    alpha, beta = future.sbg_fit([REGULAR])
    new, old = (future.value_along(100, future.sbg_left(alpha, beta, 3, age), 0, 10) for age in (0, 5))
    assert (seen.at["a", "low"], seen.at["a", "high"]) == pytest.approx((new, old)) and old > new
    assert seen.at["a", "basis"] == future.COHORT
    told = profit.retention(*book(cohorts=cohorts))
    assert told["left_pct"].dropna().tolist() == pytest.approx([n / 10 for n in REGULAR])
    assert (told["retention_pct"].dropna().diff().dropna() > 0).all()


# winning, losing, reaching


def test_as_many_won_as_lost_and_still_poorer():
    rows = [(2025, f"l{i}", "lost", 100) for i in range(10)] + [(2025, f"w{i}", "won", 20) for i in range(10)]
    seen = profit.won_and_lost(book(won_lost=frame("year account kind profit", *rows))[0]).set_index("kind")
    assert seen.at["net", "customers"] == 0 and seen.at["net", "profit"] == -800


def test_moving_half_of_the_visits():
    tables, settings = book(
        customers=listed(a=1), contacts=frame("customer channel contacts", ("a", "face_to_face", 100))
    )
    table = profit.channels(tables, settings)
    said = profit.moved(table, 50)
    assert (said["before"], said["after"], said["saved"]) == (400, 250, 150) and math.isnan(said["money"])
    rich = book(
        customers=listed(a=1),
        contacts=frame("customer channel contacts", ("a", "face_to_face", 100)),
        settings=frame("key value", ("contact_cost", 3)),
    )
    assert profit.moved(profit.channels(*rich), 50)["money"] == 450


def test_winning_a_customer_pays_back_in_years():
    answers = frame("sheet subject item field value", ("acquisition_costs", "a", "initial_discounts", "cost", 150),
                    ("acquisition_costs", "a", "customer_imposed_start_up_costs", "cost", "?"),
                    ("acquisition_costs", "a", "training_own_and_customer_staff", "cost", "50"))  # fmt: skip
    seen = profit.payback(*book(customers=listed(a=100), answers=answers)).iloc[0]
    assert seen["years"] == 2 and seen["at_least"] and seen["unknown"] == 8
    for profit_a, said in ((0, "it brings nothing, so it never pays back"), (None, "is not known")):
        workbook = book(customers=listed(a=profit_a), answers=answers)
        assert math.isnan(profit.payback(*workbook)["years"].iloc[0])
        assert said in earnings.programme_words(*workbook)


def test_will_it_pay():
    customers = frame("customer name segment profit potential_profit", ("a", "A", "s", 100, 400))
    decisions = frame("what subject decision reason", ("category", "a", "key", "so"))
    effort = frame("category days money", ("key", 10, 50))
    common = {
        "customers": customers,
        "decisions": decisions,
        "effort": effort,
        "segments": frame("segment name", ("s", "S")),
    }
    words, share = profit.verdict(*book(**common, settings=frame("key value", ("day_cost", 10))))
    assert share == pytest.approx(50) and "50 % of the growth" in words
    words, share = profit.verdict(*book(**common))
    assert (
        share == pytest.approx(100 / 6) and "costs at least 50 GBP a year" in words
    )  # a day costs nobody knows what


# the matrix


@pytest.mark.parametrize("example", ["tiny", "insurer", "bank"])
def test_the_matrix_with_money(example):
    from kamlib import kaism, stores
    from kamlib.settings import shipped

    tables = T.typed(stores.load(shipped("data") / example, read_only=True)[1])
    settings = choices.of_workbook(tables)
    plain, rich = kaism.drawn(tables, settings), profit.drawn(tables, settings)
    pd.testing.assert_frame_equal(rich[plain.columns.tolist()], plain)
    assert set(rich.columns) - set(plain.columns) == {
        "left", "eaten", "worth_low", "worth_high", "about", "decision", "category", "stands", "note", "key",
    }  # fmt: skip
    assert (rich["about"] != "").all()


def test_models_change_nothing_and_bear_an_empty_workbook():
    tables, settings = book()
    for name in ("customers", "whale", "concentration", "contribution", "spiral", "cost_to_serve", "pools", "channels",
                 "future_value", "retention", "kam_cost", "payback", "won_and_lost", "discount_volume", "drawn"):  # fmt: skip
        assert isinstance(getattr(profit, name)(tables, settings), pd.DataFrame), name
    assert profit.summary(profit.whale(tables, settings))["total"] == 0
    assert [row for rule in profit.RULES for row in rule(tables, settings)] == []
    assert programme.verdict(tables, settings)[0] and serving.by_activity(tables).empty
