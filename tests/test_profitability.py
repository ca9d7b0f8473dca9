"""Profit: the known answers of the sources, and what must hold for any figures."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kamlib.errors import InvalidInput
from kamlib.models import profitability as profit
from kamlib.models import verdict
from kamlib.models.profitability import curve, future, overheads
from kamlib.pages import discount, outlook, value
from kamlib.reports import excerpt
from kamlib.workbook import schema as T
from kamlib.workbook import settings as choices
from kamlib.workbook import stores
from kamlib.workbook.book import Book
from kamlib.workbook.settings import shipped
from tests import worked
from tests.paper import paper
from tests.worked import messages, rows, workbook

MONEY = st.integers(-50_000, 50_000).map(float)
few = settings(max_examples=30)


def listed(**profits: object) -> pd.DataFrame:
    return rows("customer name profit", *((c, c.title(), p) for c, p in profits.items()))


def chosen(**values: object) -> pd.DataFrame:
    return rows("key value", *values.items())


# discount and volume: table 7.1 with its misprints corrected

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
    table = profit.discount_volume(Book(*workbook()))
    cells = [["-" if v != v else f"{v:g}" for v in row] for row in table.itertuples(index=False)]

    assert cells == [line.split() for line in CORRECT.strip().splitlines()]


@pytest.mark.parametrize(
    ("margin", "off", "extra", "lost"),
    [(20, 5, 100 / 3, 20), (15, 5, 50, 25), (25, 7.5, 300 / 7, 300 / 13), (20, 0, 0, 0)],
)
def test_the_sentences_of_the_source(margin, off, extra, lost):
    assert profit.extra_volume(margin, off) == pytest.approx(extra)
    assert profit.lost_volume(margin, off) == pytest.approx(lost)


@pytest.mark.parametrize("off", [10, 20])
def test_a_discount_of_the_whole_margin_needs_infinitely_more(off):
    assert profit.extra_volume(10, off) == math.inf


@pytest.mark.parametrize(
    ("margin", "off"),
    [(0, 5), (100, 5), (-3, 5), (20, -1), (math.nan, 5), (20, math.nan), (20, math.inf)],
)
def test_margins_and_discounts_that_make_no_sense_are_refused(margin, off):
    for formula in (profit.extra_volume, profit.lost_volume):
        with pytest.raises(InvalidInput):
            formula(margin, off)


@given(margin=st.floats(1, 99), part=st.floats(0, 0.95))
def test_the_volume_that_a_discount_or_a_rise_allows_earns_the_same(margin, part):
    off = margin * part
    more = 1 + profit.extra_volume(margin, off) / 100
    less = 1 - profit.lost_volume(margin, off) / 100

    assert (more * (margin - off), less * (margin + off)) == pytest.approx((margin, margin))


def test_the_teams_own_margin_comes_first():
    figures = ("a", "A", 100, 20), ("b", "B", 300, 60), ("c", "C", "", 5)
    customers = rows("customer name revenue profit", *figures)
    own = workbook(customers=customers)

    assert profit.margin(Book(*own)) == (20.0, "from the figures of 2 customers")
    assert profit.discount_volume(Book(*own))["ours"].tolist()[:4] == [11, 18, 25, 33]
    said = workbook(customers=customers, settings=chosen(margin_pct=18))
    assert profit.margin(Book(*said))[0] == 18
    assert profit.discount_volume(Book(*said))["ours"][0] == 13  # 12.5, half up


@settings(max_examples=20)
@given(pct=st.floats(-20, 120) | st.sampled_from([0.0, 100.0, 1e-7, 1e9, math.nan, math.inf]))
@example(pct=99.99)
@example(pct=0.01)
@example(pct=99.9999999)
def test_any_gross_margin_is_shown_or_said_to_give_no_table(pct):
    tables, of = workbook(customers=listed(a=1))
    tables["customers"] = tables["customers"].assign(revenue=1000.0, profit=10 * pct)
    own, why = profit.margin(Book(tables, of))
    shown = paper(discount.discount, Book(tables, of))

    assert (abs(own - pct) < 0.051 and 0 < own < 100) == (1e-4 <= pct <= 99.9999)
    assert why in shown
    assert re.findall("margin our ([^<]*) %", shown) == ([] if math.isnan(own) else [f"{own:g}"])


# the overhead spiral: tables 7.2 to 7.4


def test_the_four_customer_spiral():
    table = overheads.rounds(*overheads.example())
    picture = overheads.played(*overheads.example())

    assert table["customers"].tolist() == [4, 3, 2, 1, 0]
    assert table["share"].tolist() == pytest.approx([60, 70, 90, 150, math.nan], nan_ok=True)
    assert table["gross_profit"].tolist() == [290, 240, 180, 100, 0]
    assert table["overheads"].tolist() == [240, 210, 180, 150, 120]
    assert table["company"].tolist() == [50, 30, 0, -50, -120]
    assert table["dropped"].tolist() == ["D", "C", "B", "A", ""]
    assert picture.loc[picture["round"] == 1, "net"].tolist() == [40, 20, 0, -10]
    assert picture.loc[picture["dropped"], "customer"].tolist() == ["D", "C", "B", "A"]
    assert picture.groupby("round").size().tolist() == [4, 3, 2, 1, 1]


def test_dropping_a_customer_costs_more_than_it_saves():
    own = workbook(
        customers=listed(a=100, b=80, c=60, d=50),
        settings=chosen(overheads=240, overhead_saved=30),
    )
    table = profit.contribution(Book(*own)).set_index("customer")

    assert table.at["d", "change"] == -20 and set(table["verdict"]) == {"keep"}
    assert profit.spiral(Book(*own))["company"].tolist() == [50, 30, 0, -50, -120]


@few
@given(st.lists(MONEY, min_size=1, max_size=12), st.integers(0, 100_000), st.integers(0, 9000))
def test_the_spiral_as_it_is_played_by_hand(gross, pool, saved):
    names = [f"c{i:02}" for i in range(len(gross))]
    gross_of = pd.DataFrame({"customer": names, "name": "", "gross_profit": gross})
    left, overhead, by_hand = sorted(zip(gross, names, strict=True)), float(pool), []
    while left and left[0][0] - overhead / len(left) < -1e-9:
        by_hand.append((len(left), sum(g for g, _ in left) - overhead, left[0][1]))
        left, overhead = left[1:], max(overhead - saved, 0.0)
    by_hand.append((len(left), sum(g for g, _ in left) - overhead, ""))
    table = overheads.rounds(gross_of, pool, saved)

    assert table["customers"].tolist() == [n for n, _, _ in by_hand]
    assert table["company"].tolist() == pytest.approx([company for _, company, _ in by_hand])
    assert table["dropped"].tolist() == [dropped for _, _, dropped in by_hand]


# cost to serve


def kaplan(practical: object = 100, queries: object = 280):
    """Time-driven activity-based costing as in the paper of 2004."""
    pool = ("service", "Customer service", 560_000, 700_000, practical)
    times = ("orders", "service", 40), ("queries", "service", 220), ("checks", "service", 250)
    counts = [("x", "orders", "", 9000), ("y", "orders", "", 800), ("x", "queries", "", queries)]
    return {
        "customers": listed(x=300_000, y=200_000),
        "pools": rows("pool name cost minutes practical_pct", pool),
        "activities": rows("activity pool minutes", *times),
        "activity_counts": rows("customer activity term count", *counts, ("y", "checks", "", 500)),
    }


def test_time_driven_costing_as_published():
    own = workbook(**kaplan())
    pool = profit.pools(Book(*own)).iloc[0]
    cost = profit.by_activity(Book(*own)).set_index("activity")["cost"].to_dict()
    customers = profit.customers(Book(*own)).set_index("customer")

    assert pool[["rate", "used_cost", "unused_cost", "unused_minutes"]].tolist() == pytest.approx(
        [0.80, 462_880, 97_120, 121_400]
    )
    assert round(pool["used_pct"]) == 83
    assert cost == pytest.approx({"orders": 313_600, "queries": 49_280, "checks": 100_000})
    assert customers["cost_to_serve"].sum() == pytest.approx(462_880)  # the rest is charged to nobody
    assert customers.at["y", "profit"] == pytest.approx(200_000 - 800 * 32 - 500 * 200)


def test_activity_based_costing_as_published():
    costs = ("orders", 392_000), ("queries", 56_000), ("checks", 112_000)
    totals = {"orders": 49_000, "queries": 1400, "checks": 2500}
    counts = [(c, a, "", n) for a, m in totals.items() for c, n in (("x", m - 1), ("y", 1))]
    own = workbook(
        activities=rows("activity cost", *costs),
        activity_counts=rows("customer activity term count", *counts),
    )

    assert profit.use(Book(*own)).query("customer == 'y'")["cost"].tolist() == pytest.approx([8, 40, 44.8])


def test_a_time_equation():
    """Packing: half a minute, 6.5 more if it needs a special package, 2 more if it goes by air."""
    terms = ("pack", "special", "Special package", 6.5), ("pack", "air", "", 2)
    counts = ("x", "pack", "", 10), ("x", "pack", "special", 4), ("x", "pack", "air", 3)
    use = profit.use(
        Book(
            *workbook(
                pools=rows("pool cost minutes practical_pct", ("p", 1000, 1000, 100)),
                activities=rows("activity pool minutes", ("pack", "p", 0.5)),
                time_terms=rows("activity term name minutes", *terms),
                activity_counts=rows("customer activity term count", *counts),
            )
        )
    )

    assert use["minutes"].tolist() == [5, 26, 6] and use["cost"].sum() == pytest.approx(37)
    assert use["name"].tolist() == ["pack", "pack: Special package", "pack: air"]


def test_what_an_activity_costs_in_all_is_shared_out_by_its_own_counts():
    """Three cartons of x and one of y cost 400; that two of them are special changes nothing of it."""
    counts = ("x", "pack", "", 3), ("y", "pack", "", 1), ("y", "pack", "special", 2)
    text = stores.blank() | {
        "segments": rows("segment", ("north",), ("south",)),
        "customers": rows("customer name segment", ("x", "X", "north"), ("y", "Y", "south")),
        "activities": rows("activity cost", ("pack", 400)),
        "time_terms": rows("activity term name minutes", ("pack", "special", "", 5)),
        "activity_counts": rows("customer activity term count", *counts),
    }
    of_y, _ = excerpt.of_segment(text, "south")
    costs = [profit.use(Book(T.typed(part))).groupby("customer")["cost"].sum() for part in (text, of_y)]

    assert [cost.to_dict() for cost in costs] == [{"x": 300, "y": 100}, {"y": 100}]


def test_practical_capacity_is_eighty_per_cent_unless_said():
    assert profit.pools(Book(*workbook(**kaplan(practical=""))))["practical_minutes"][0] == 560_000


@pytest.mark.parametrize(("year", "of_y"), [("", 7), ("2024", 50)])
def test_orders_are_counted_by_the_ledger_of_the_year_where_nobody_did(year, of_y):
    booked = (
        ("x", 2025, 100),
        ("y", 2025, 7),
        ("z", 2025, 9),
        ("x", 2024, 1),
        ("y", 2024, 50),
        ("z", 2024, 9),
    )
    use = profit.use(
        Book(
            *workbook(
                activities=rows("activity driver minutes", ("enter", "Orders", 2), ("visit", "visits", 60)),
                activity_counts=rows(
                    "customer activity term count", ("x", "enter", "", 5), ("z", "enter", "", "?")
                ),
                ledger=rows("customer year orders", *booked),
                settings=chosen(profit_year=year),
            )
        )
    )

    assert use.set_index("customer")["count"].to_dict() == {"x": 5, "y": of_y, "z": 9}
    assert set(use["activity"]) == {"enter"}


def test_what_is_not_known_is_not_free():
    customers = profit.customers(Book(*workbook(**kaplan(queries="") | {"customers": listed(x=1, y=1, z=1)})))
    customers = customers.set_index("customer")

    assert customers["doubtful"].tolist() == [True, False, True]
    assert "at least" in customers.at["x", "words"]
    assert math.isnan(customers.at["z", "cost_to_serve"])
    assert "nobody has counted" in customers.at["z", "words"]


@few
@given(
    cost=st.integers(0, 10**6),
    minutes=st.integers(0, 10**5),
    practical=st.integers(1, 100),
    times=st.lists(st.integers(0, 500), min_size=4, max_size=4),
    counts=st.dictionaries(st.tuples(*[st.sampled_from("0123")] * 2), st.integers(0, 999)),
)
def test_the_allocation_adds_up_to_the_pool(cost, minutes, practical, times, counts):
    own = workbook(
        pools=rows("pool cost minutes practical_pct", ("p", cost, minutes, practical)),
        activities=rows("activity pool minutes", *((str(a), "p", m) for a, m in enumerate(times))),
        activity_counts=rows("customer activity count", *((c, a, n) for (c, a), n in counts.items())),
    )
    pool, charged = profit.pools(Book(*own)).iloc[0], profit.use(Book(*own))["cost"].sum()
    supplied = max(pool["practical_minutes"], pool["used_minutes"]) > 0

    assert pool["used_cost"] + pool["unused_cost"] == pytest.approx(
        cost if supplied else math.nan, nan_ok=True
    )
    assert charged == pytest.approx(pool["used_cost"] if supplied else 0)
    assert pool["unused_minutes"] == max(pool["practical_minutes"] - pool["used_minutes"], 0)
    assert charged <= cost * (1 + 1e-9)


# the whale curve

TEN = (500, 300, 150, 50, 10, 0, -20, -40, -50, -200)


def test_the_whale_of_ten_customers():
    whale = profit.whale(
        Book(*workbook(customers=listed(**{f"c{i}": v for i, v in enumerate(reversed(TEN))})))
    )

    assert whale["cumulative"].tolist() == [500, 800, 950, 1000, 1010, 1010, 990, 950, 900, 700]
    assert profit.summary(whale) == pytest.approx(
        {
            "customers": 10,
            "total": 700,
            "peak": 1010,
            "loss_makers": 4,
            "lost": 310,
            "top": 2,
            "top_share_pct": 100 * 800 / 700,
            "of_peak": 0,
            "top_of_peak_pct": 100 * 800 / 1010,
        }
    )


def test_without_profit_the_share_is_of_the_peak():
    summary = profit.summary(profit.whale(Book(*workbook(customers=listed(a=10, b=-30)))))

    assert (summary["of_peak"], summary["top_share_pct"], summary["total"]) == (1, 100, -20)


@few
@given(st.lists(MONEY, min_size=1, max_size=60))
def test_the_whale_ends_at_the_total_and_peaks_at_all_profits(values):
    customers = pd.DataFrame({"profit": values}).reindex(columns=[*curve.RANKED])
    whale = profit.ranked(customers.astype({"name": str, "customer": str}))
    summary = profit.summary(whale)

    assert whale["cumulative"].iloc[-1] == pytest.approx(sum(values))
    assert summary["peak"] == pytest.approx(max(0, whale["cumulative"].max()))
    assert summary["lost"] == pytest.approx(-sum(v for v in values if v < 0))
    assert whale["profit"].is_monotonic_decreasing


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=40).filter(any))
def test_the_gini_is_the_mean_difference(values):
    x = np.array(values, dtype=float)
    by_pairs = np.abs(x[:, None] - x).sum() / (2 * len(x) * x.sum())

    assert curve.gini(pd.Series(x)) == pytest.approx(by_pairs, abs=1e-9)


def test_a_customer_on_which_much_depends():
    others = [(f"c{i}", f"C{i}", 6) for i in range(10)]
    own = workbook(customers=rows("customer name revenue", ("gloss", "GLOSS", 40), *others))
    table = profit.concentration(Book(*own))

    assert table["share_pct"].tolist() == [40] + 10 * [6]
    assert table["dependent"].tolist() == [True] + 10 * [False]
    assert ("warn", "GLOSS is 40 % of the business: what if it goes?") in messages(profit.RULES, *own)


@pytest.mark.parametrize(("keep", "after"), [(None, 350), (50, 350), (100, -50)])
def test_raising_the_price_and_losing_half(keep, after):
    row = {"revenue": 10_000, "gross_profit": 500, "cost_to_serve": 800}
    rise = profit.price_rise(row, 1000, 10, 50, keep)

    assert (rise["before"], rise["after"], rise["change"]) == pytest.approx((-300, after, after + 300))
    assert rise["total_after"] == pytest.approx(1000 + after + 300)
    assert rise["cover_change"] == pytest.approx(250)


@given(MONEY, MONEY, MONEY, st.floats(0, 100))
def test_nothing_changes_by_raising_nothing_and_nothing_is_left_of_nothing(revenue, gross, serve, rise):
    row = {"revenue": revenue, "gross_profit": gross, "cost_to_serve": serve}

    assert profit.price_rise(row, 0, 0, 0)["change"] == pytest.approx(0)
    assert profit.price_rise(row, 0, rise, 100)["after"] == pytest.approx(0, abs=1e-6)


# the ledger


def booked(*years: tuple):
    columns = "customer year revenue cost_of_sales uncosted freight months"
    own = workbook(customers=listed(a=1, b=2), ledger=rows(columns, *years))
    return profit.customers(Book(*own)).set_index("customer")


def test_the_ledger_counts_before_the_list_and_a_part_of_a_year_does_not():
    customers = booked(
        ("a", 2024, 90, 60, "", "", ""),
        ("a", 2025, 100, 70, "", 5, ""),
        ("a", 2026, 10, 9, "", "", 2),
    )

    assert customers["year"].tolist() == ["2025", ""]
    assert customers["gross_profit"].tolist() == [30, 2] and customers["profit"].tolist() == [25, 2]


def test_revenue_without_a_cost_is_taken_at_the_margin_of_the_rest_and_said():
    customers = booked(("a", 2025, 100, 60, 20, "", ""), ("b", 2025, 50, "", "", "", ""))

    assert customers["gross_profit"].tolist() == pytest.approx([25, math.nan], nan_ok=True)
    assert "20 % of its revenue" in customers.at["a", "words"]
    assert customers.at["b", "words"] == "its gross profit is not known"


# future value: table 7.5


@pytest.mark.parametrize(
    ("defection", "years", "worth", "in_ten"), [(20, 5, 5000, 4463), (10, 10, 10_000, 6513)]
)
def test_life_and_value_as_printed(defection, years, worth, in_ten):
    assert future.life(defection) == years
    assert future.simple_value(defection, 1000) == pytest.approx(worth)
    assert round(future.simple_value(defection, 1000, 10)) == in_ten
    assert future.simple_value(defection / 2, 1000) == pytest.approx(2 * worth)


def test_five_per_cent_more_retention_and_five_points_more():
    assert future.simple_value(16, 1) / future.simple_value(20, 1) == pytest.approx(1.25)
    assert future.simple_value(15, 1) / future.simple_value(20, 1) == pytest.approx(4 / 3)


@pytest.mark.parametrize("defection", [0, -1, 101, math.nan])
def test_a_defection_rate_that_makes_no_sense_is_refused(defection):
    with pytest.raises(InvalidInput, match="defection"):
        future.life(defection)


def test_the_page_says_where_each_table_of_future_value_begins():
    """Gupta and Lehmann count from the end of the first year, the simple table from its beginning."""
    own = workbook(customers=listed(a=100), settings=chosen(retention_low_pct=80))
    above, _, simple = paper(outlook.FUTURE, Book(*own)).partition("The simple table")

    assert "counts from the end of the first year" in above
    assert "counts from the beginning of the first year" in simple
    assert "4,463 over ten years here and 3,571 there" in simple


@few
@given(MONEY, st.floats(0, 100), st.floats(-50, 20), st.floats(0, 50), st.integers(1, 40))
def test_the_value_is_the_geometric_sum(p, r, g, i, years):
    stay = (r / 100) ** np.arange(1, years + 1)
    step, first = r / 100 * (1 + g / 100) / (1 + i / 100), p * r / (100 + i)
    whole = years if abs(step - 1) < 1e-12 else (1 - step**years) / (1 - step)

    assert future.value(p, stay, g, i) == pytest.approx(first * whole, rel=1e-7, abs=1e-6)


def test_a_long_horizon_tends_to_the_infinite_formula():
    assert future.value(100, 0.8 ** np.arange(1, 400), 0, 10) == pytest.approx(100 * 80 / 30)


REGULAR = (1000, 631, 468, 382, 326, 289, 262, 241)
HIGH_END = (1000, 869, 743, 653, 593, 551, 517, 491)
COHORTS = rows("segment cohort age customers", *(("all", "x", i, n) for i, n in enumerate(REGULAR)))


@pytest.mark.parametrize(("cohort", "alpha", "beta"), [(REGULAR, 0.704, 1.182), (HIGH_END, 0.668, 3.806)])
def test_the_published_fits_of_contracts(cohort, alpha, beta):
    assert future.sbg_fit([cohort]) == pytest.approx((alpha, beta), abs=2e-3)


@pytest.mark.parametrize("cohorts", [[], [[100]], [[100, 100, 100]], [[100, 120]]])
def test_cohorts_that_say_nothing_have_no_fit(cohorts):
    assert math.isnan(future.sbg_fit(cohorts)[0])


def test_retention_observed_and_fitted():
    table = profit.retention(Book(*workbook(cohorts=COHORTS)))

    assert table["left_pct"].dropna().tolist() == pytest.approx([n / 10 for n in REGULAR])
    assert table["retention_pct"].dropna().is_monotonic_increasing  # it grows with age


def worth(**more: pd.DataFrame) -> pd.DataFrame:
    given = {
        "customers": rows("customer profit first_year", ("a", 100, 2020), ("b", -50, "")),
        "ledger": rows("customer year revenue cost_of_sales", ("a", 2025, 300, 200)),
        "settings": chosen(discount_rate_pct=10, horizon_years=3),
    }
    return profit.future_value(Book(*workbook(**given | more))).set_index("customer")


def three_years(p: float, r: float, g: float) -> float:
    return sum(p * (1 + g) ** (t - 1) * r**t / 1.1**t for t in (1, 2, 3))


def test_a_range_rather_than_one_number():
    columns = "customer retention_low_pct retention_high_pct growth_low_pct growth_high_pct"
    own = worth(outlook=rows(columns, ("a", 70, 90, -5, 10), ("b", 80, "", "", "")))
    ends = [three_years(100, 0.7, -0.05), three_years(100, 0.9, 0.1), three_years(100, 0.85, -0.05)]

    assert own.loc["a", ["low", "high", "low_halved"]].tolist() == pytest.approx(ends)
    assert own.loc["b", ["low", "high"]].tolist() == pytest.approx([three_years(-50, 0.8, 0)] * 2)
    assert worth()["basis"].tolist() == ["", ""] and worth()["low"].isna().all()


def test_customers_like_it_say_how_long_it_stays():
    own = worth(cohorts=COHORTS)
    fit = future.sbg_fit([REGULAR])
    new, old = (future.value(100, future.sbg_left(*fit, 3, age), 0, 10) for age in (0, 5))

    assert own.loc["a", ["low", "high"]].tolist() == pytest.approx([new, old]) and old > new
    assert own["basis"].tolist() == [future.COHORT] * 2


def test_of_a_year_that_is_no_number_nobody_has_an_age():
    own = worth(cohorts=COHORTS, settings=chosen(profit_year="undated", horizon_years=3))

    assert own.at["a", "low"] < own.at["a", "high"]


# winning, losing, reaching


def test_as_many_won_as_lost_and_still_poorer():
    lost, won = (
        [(f"l{i}", "lost", 100) for i in range(10)],
        [(f"w{i}", "won", 20) for i in range(10)],
    )
    net = profit.won_and_lost(Book(*workbook(won_lost=rows("account kind profit", *lost, *won)))).iloc[-1]

    assert net.tolist() == ["net", 0, -800, 0]


@pytest.mark.parametrize(("cost", "money"), [("", math.nan), (3, 450)])
def test_moving_half_of_the_visits(cost, money):
    contacts = rows("customer channel contacts", ("a", "face_to_face", 100))
    own = workbook(customers=listed(a=1), contacts=contacts, settings=chosen(contact_cost=cost))
    moved = profit.moved(profit.channels(Book(*own)), 50)

    assert (moved["before"], moved["after"], moved["saved"]) == (400, 250, 150)
    assert moved["money"] == pytest.approx(money, nan_ok=True)


@pytest.mark.parametrize(
    ("brings", "years", "said"),
    [
        (100, 2, "2"),
        (0, math.nan, "it brings nothing, so it never pays back"),
        (None, math.nan, "is not known"),
    ],
)
def test_winning_a_customer_pays_back_in_years(brings, years, said):
    lines = {
        "initial_discounts": 150,
        "customer_imposed_start_up_costs": "?",
        "training_own_and_customer_staff": 50,
    }
    answers = [("acquisition_costs", "a", line, "cost", cost) for line, cost in lines.items()]
    own = workbook(customers=listed(a=brings), answers=rows("sheet subject item field value", *answers))
    row = profit.payback(Book(*own)).iloc[0]

    assert row["years"] == pytest.approx(years, nan_ok=True)
    assert row["at_least"] and row["unknown"] == 8
    assert said in paper(value.pays, Book(*own))


@pytest.mark.parametrize(
    ("day", "share", "words"),
    [
        (10, 50, "50 % of the growth"),
        ("", 100 / 6, "costs at least 50 GBP a year"),
        (100, 350, "more than all"),
    ],
)
def test_will_it_pay(day, share, words):
    given = profit.verdict(
        Book(
            *workbook(
                customers=rows("customer name profit potential_profit", ("a", "A", 100, 400)),
                decisions=rows("what subject decision", ("category", "a", "key")),
                effort=rows("category days money", ("key", 10, 50)),
                settings=chosen(day_cost=day),
            )
        )
    )

    assert given[1] == pytest.approx(share) and words in given[0]


# what a facilitator would say


@pytest.mark.parametrize(("decided", "is_"), [({}, "is suggested as"), ({"decision": "key"}, "is")])
def test_a_loss_is_said_of_a_decided_and_of_a_suggested_key_account(decided, is_):
    decisions = [{"what": "category", "subject": "Alpha", **decided}] if decided else []
    text = worked.text(decisions=decisions)
    text["customers"] = text["customers"].assign(profit=["-70", "", "", ""])
    text["ledger"] = rows("customer year", ("Beta", 2025))
    own = T.typed(text), choices.of_workbook(T.typed(text))

    assert messages(profit.RULES, *own, rule=58) == [
        (
            "warn",
            f"Alpha {is_} a key account and costs 70 more than it brings: invest on purpose, or not at all.",
        )
    ]


# the matrix


@pytest.mark.parametrize("example", ["tiny", "insurer", "bank"])
def test_the_matrix_with_money(example):
    tables = T.typed(stores.load(shipped("data") / example, read_only=True)[1])
    own = tables, choices.of_workbook(tables)
    plain, rich = verdict.drawn(Book(*own)), profit.drawn(Book(*own))
    more = ["left", "eaten", "worth_low", "worth_high", "about"]

    pd.testing.assert_frame_equal(rich[plain.columns.tolist()], plain)
    assert rich.columns.difference(plain.columns).tolist() == sorted(more)
    assert [words.split(": ")[0] for words in rich["about"]] == rich["name"].tolist()


MODELS = """customers whale concentration contribution spiral cost_to_serve pools use by_activity channels
future_value retention kam_cost payback won_and_lost discount_volume drawn"""


def test_models_bear_an_empty_workbook():
    for name in MODELS.split():
        assert isinstance(getattr(profit, name)(Book(*workbook())), pd.DataFrame), name
    assert profit.summary(profit.whale(Book(*workbook())))["total"] == 0
    assert messages(profit.RULES, *workbook()) == []
    assert "is not known" in profit.verdict(Book(*workbook()))[0]
