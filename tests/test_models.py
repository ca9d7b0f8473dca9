"""Portfolio, findings, progress, charts and labels: what a team relies on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib import charts
from kamlib.charts import labels
from kamlib.models import findings, kaism, portfolio, progress
from kamlib.workbook import schema as tables
from kamlib.workbook import stores
from kamlib.workbook.book import Book
from kamlib.workbook.settings import of_workbook
from tests.worked import ATTRACTIVE, frame, text, typed


def workbook(**changed):
    ready = tables.typed(text() | changed)
    return ready, of_workbook(ready, segment="main")


def said(level, *args):
    found = findings.find(Book(*args).choosing(today="2026-11-22"))
    return " ".join(found[found["level"] == level]["message"])


def test_one_of_each_is_balanced():
    balance = portfolio.balance(Book(*typed()))
    assert list(balance["customers"]) == [1, 1, 1, 1] and set(balance["share_pct"]) == {25}
    assert portfolio.questions(Book(*typed())) == []


def test_72_accounts_for_4_managers_are_18_each():
    names = [f"c{i}" for i in range(72)]
    customers = frame("customers", [{"customer": c, "segment": "main"} for c in names])
    decisions = frame("decisions", [{"what": "category", "subject": c, "decision": "key"} for c in names])
    people = frame("people", [{"person": p, "manages_accounts": "yes", "days": 200} for p in "abcd"])
    effort = frame("effort", [{"category": "key", "days": 12}])
    given = workbook(customers=customers, decisions=decisions, people=people, effort=effort)
    row = portfolio.capacity(Book(*given)).iloc[0]

    assert (row["accounts"], row["accounts_per_manager"], row["days_needed"]) == (72, 18, 864)
    assert portfolio.load_words(Book(*given)) == (
        "Short by 64 account-manager days (864 needed, 800 available)",
        True,
    )
    assert "18 each" in said("warn", *given)


def test_no_manager_is_said_and_not_divided_by():
    assert np.isnan(portfolio.capacity(Book(*typed()))["accounts_per_manager"]).all()
    assert "No key account manager is named" in said("warn", *typed())


def test_a_decision_replaces_the_suggestion_in_counts():
    decisions = frame("decisions", [{"what": "category", "subject": "Alpha", "decision": "maintenance"}])
    balance = portfolio.balance(Book(*workbook(decisions=decisions))).set_index("category")["customers"]
    assert balance["key"] == 0 and balance["maintenance"] == 2


def test_a_decision_against_the_suggestion_needs_a_reason():
    row = {"what": "category", "subject": "Alpha", "decision": "maintenance"}
    assert "otherwise than suggested" in said("block", *workbook(decisions=frame("decisions", [row])))
    explained = frame("decisions", [row | {"reason": "costs more than it brings"}])
    assert "otherwise than suggested" not in said("block", *workbook(decisions=explained))


@pytest.mark.parametrize(
    ("level", "words", "changed"),
    [
        (
            "block",
            "has no segment",
            {"customers": frame("customers", [{"customer": "Lost", "name": "Lost"}])},
        ),
        ("block", "no agreed benchmark", {}),
        (
            "nudge",
            "about six keep the focus",
            {"factors": frame("factors", [{"model": "attractiveness", "scope": "main", "factor": "f1"}])},
        ),
        (
            "warn",
            "size alone is no reason",
            {
                "factors": frame(
                    "factors",
                    [
                        {"model": "attractiveness", "scope": "main", "factor": "size_value", "weight": 9},
                        {"model": "attractiveness", "scope": "main", "factor": "f2"},
                    ],
                )
            },
        ),
        (
            "warn",
            "A favourite?",
            {
                "scores": frame(
                    "scores",
                    [
                        {"model": "attractiveness", "subject": "Alpha", "factor": f"f{i}", "score": 9}
                        for i in range(1, 7)
                    ],
                )
            },
        ),
        ("nudge", "same success factors as others", {}),
        ("nudge", "rest is our own view", {}),
        (
            "warn",
            "the review of 2026-01-01 is due",
            {
                "decisions": frame(
                    "decisions",
                    [{"what": "category", "subject": "Alpha", "decision": "key", "review_on": "2026-01-01"}],
                )
            },
        ),
        (
            "nudge",
            "no date for looking",
            {"decisions": frame("decisions", [{"what": "category", "subject": "Alpha", "decision": "key"}])},
        ),
        (
            "warn",
            "hands of somebody new",
            {
                "people": frame("people", [{"person": "jo", "junior": "yes"}]),
                "customers": frame(
                    "customers",
                    [{"customer": c, "name": c, "segment": "main", "manager": "jo"} for c in ATTRACTIVE],
                ),
            },
        ),
        (
            "warn",
            "served by the same person",
            {
                "people": frame("people", [{"person": "jo"}]),
                "customers": frame(
                    "customers",
                    [
                        {
                            "customer": c,
                            "name": c,
                            "segment": "main",
                            "manager": "jo",
                            "rival": "Beta" if c == "Alpha" else "",
                        }
                        for c in ATTRACTIVE
                    ],
                ),
            },
        ),
    ],
)
def test_a_facilitator_would_say(level, words, changed):
    assert words in said(level, *workbook(**changed))


def test_findings_change_nothing():
    given = typed()
    before = {name: f.copy() for name, f in given[0].items()}
    findings.find(Book(*given))
    assert all(f.equals(given[0][name]) for name, f in before.items())


def test_scores_wait_for_benchmarks():
    ready, _ = typed()
    assert "say what good and bad" in findings.blocked_score(Book(ready), "main", "f1")
    waiver = frame("decisions", [{"what": "benchmark_waiver", "subject": "main", "reason": "first cut"}])
    assert findings.blocked_score(Book(workbook(decisions=waiver)[0]), "main", "f1") == ""


def test_every_unknown_is_on_the_find_out_list():
    given = typed(
        ATTRACTIVE | {"Alpha": (8, None, 9, 6, None, 5)}, {"Alpha": {"us": (8, None), "X": (None, 5)}}
    )
    found = kaism.unknowns(Book(*given))
    cells = set(zip(found["customer"], found["model"], found["factor"], found["supplier"], strict=True))

    assert {
        ("Alpha", "attractiveness", "f2", ""),
        ("Alpha", "attractiveness", "f5", ""),
        ("Alpha", "strength", "j2", "us"),
        ("Alpha", "strength", "j1", "X"),
    } <= cells
    assert ("Beta", "strength", kaism.WHO_ELSE, "") in cells
    assert len(found) == 4 + 3


def test_a_step_is_marked_when_something_earlier_changed():
    decided = frame("decisions", [{"what": "category", "subject": c, "decision": "key"} for c in ATTRACTIVE])
    key = '{"model": "attractiveness", "subject": "Alpha", "factor": "f1", "supplier": ""}'
    story = [
        {"at": "2026-11-01T10:00:00.000Z", "table": "decisions", "key": '{"what": "category"}'},
        {"at": "2026-11-02T10:00:00.000Z", "table": "scores", "key": key},
    ]
    states = progress.steps(Book(workbook(decisions=decided, history=frame("history", story))[0])).set_index(
        "step"
    )["state"]
    assert states[9] == "changed" and states[7] == "done" and states[1] == "open"


def test_the_chart_names_every_placed_customer_and_nothing_else():
    drawn = kaism.drawn(Book(*typed(must=[None, None, 5, None, None, None])))
    _, points = charts.scene(drawn)
    assert [p["name"] for p in points] == ["Alpha", "Gamma", "Delta"]
    allowed = {
        "id",
        "name",
        "x",
        "y",
        "size",
        "box",
        "hollow",
        "near",
        "lx",
        "ly",
        "ex",
        "ey",
        "said",
        "y0",
        "y1",
        "x0",
        "x1",
        "wx",
        "wy",
        "eaten",
        "about",
    }
    assert set(points[0]) == allowed


def test_the_chart_is_sound_and_carries_no_address():
    spec = charts.matrix(kaism.drawn(Book(*typed())), kaism.MATRIX).to_dict(validate=True)
    shown = charts.svg(charts.matrix(kaism.drawn(Book(*typed())), kaism.MATRIX))
    assert "usermeta" not in spec or not spec["usermeta"]
    assert shown.startswith("<svg") and "Alpha" in shown


@pytest.mark.parametrize("customers", [0, 1])
def test_a_chart_of_nobody_is_still_a_chart(customers):
    given = typed({c: ATTRACTIVE[c] for c in list(ATTRACTIVE)[:customers]}, {})
    assert charts.svg(charts.matrix(kaism.drawn(Book(*given)), kaism.MATRIX)).startswith("<svg")


def test_an_empty_workbook_can_be_looked_at():
    """Nothing in it, not even a segment: every model and every picture still answers."""
    ready = tables.typed(stores.blank())
    given = ready, of_workbook(ready)
    assert kaism.place(Book(*given)).empty and list(kaism.place(Book(*given)).columns) == kaism.COLUMNS
    assert charts.svg(charts.matrix(kaism.drawn(Book(*given)), kaism.MATRIX)).startswith("<svg")
    assert len(portfolio.table(Book(*given))) == 4 and kaism.unknowns(Book(*given)).empty
    findings.find(Book(*given))
    progress.steps(Book(given[0]))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**31), st.integers(1, 40))
def test_names_never_lie_over_each_other_or_over_dots(seed, count):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(20, 860, count), rng.uniform(20, 700, count)
    radius = rng.uniform(5, 12, count)
    names = ["N" * int(n) for n in rng.integers(4, 18, count)]
    at = labels.place(x, y, radius, names, 15, (880, 720), np.empty((0, 4)))
    boxes = [
        (a, b - 8, a + len(n) * labels.CHARACTER * 15, b + 8)
        for (a, b), n in zip(at, names, strict=True)
        if a == a
    ]
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            assert (
                one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] + 1 or other[3] <= one[1] + 1
            )


def test_forty_spread_customers_all_keep_their_names():
    rng = np.random.default_rng(7)
    x, y = rng.normal(440, 190, 40).clip(15, 865), rng.normal(360, 150, 40).clip(15, 705)
    names = [f"Customer name {i}" for i in range(40)]
    at = labels.place(x, y, np.full(40, 8.0), names, 15, (880, 720), np.empty((0, 4)))
    assert not np.isnan(at).any()
