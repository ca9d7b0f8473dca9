"""One key account: how it sees us, where it goes, how we put the case, and the plan made of it."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib import catalogue
from kamlib.errors import InvalidInput
from kamlib.models import results
from kamlib.models.account import document, plan, positioning, proposal, strategy
from kamlib.models.programme import readiness
from kamlib.pages import account_plan, handout, html
from kamlib.reports import document as word
from kamlib.reports import office
from kamlib.workbook import stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import Tables, typed
from kamlib.workbook.settings import of_workbook
from tests.books import table
from tests.paper import paper
from tests.serving import ROOT

FACTORS = list(catalogue.items(positioning.POWER, "supplier_power_factors")["id"])
ANSWER = "sheet subject item field value"
TEAM = {
    "customers": table("customer name revenue", "acme|Acme|50", "brix|Brix|950"),
    "suppliers": table("supplier name", "us|Us", "rival|Rival"),
    "customer_people": table(
        "customer contact name role", "acme|fin|Finance|decider", "acme|mar|Marketing|user"
    ),
    "proposals": table(
        "proposal name customer rival value likelihood_pct cost",
        "card|Card|acme|rival|100|50|20",
        "loan|Loan|acme||300|10|25",
        "fees|Fees|acme||80|90|10",
    ),
    "proposal_needs": table(
        "proposal need name group ours theirs",
        "card|brand|Own branding|performance|2|1",
        "card|gold|Gold card|performance|0|2",
        "card|data|Data analysis|performance|2|1",
        "card|rate|Low rate|performance|1|1",
        "card|margin|Margin|financial|1|2",
        "card|setup|Set-up cost|financial|1|2",
        "card|deal|Overall deal|experience|2|2",
    ),
    "proposal_interests": table(
        "proposal need contact interest",
        "card|brand|mar|XX",
        "card|gold|mar|X",
        "card|data|mar|XX",
        "card|rate|fin|X",
        "card|rate|mar|X",
        "card|margin|fin|XX",
        "card|margin|mar|X",
        "card|setup|fin|XX",
        "card|setup|mar|X",
        "card|deal|fin|XX",
        "card|deal|mar|XX",
    ),
}


def book(*answers: str, rounds: tuple[str, ...] = (), **more: Any) -> Book:
    text: Tables = stores.blank("x") | TEAM | {"answers": table(ANSWER, *answers)} | more
    text["round_answers"] = table(f"round {ANSWER}", *rounds)
    tables = typed(text)
    return Book(tables, of_workbook(tables, customer="acme", today="2026-11-29"))


def power(scores: list[Any]) -> list[str]:
    return [f"{positioning.POWER}|acme|{f}|score|{s}" for f, s in zip(FACTORS, scores, strict=True)]


def across(matrix: str, score: Any) -> str:
    return f"{matrix}|acme|{positioning.ACROSS[matrix]}|score|{score}"


def placed(*answers: str, matrix: str = positioning.POWER, **more: Any) -> dict[str, Any]:
    rows = positioning.positioning(book(*answers, **more)).set_index("matrix", drop=False)
    return {str(k): v for k, v in rows.loc[matrix].items()}


# -- known answers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("matrix", "up", "right", "box"),
    [
        (positioning.POWER, 8, 8, "strategic_partner"),
        (positioning.POWER, 8, 3, "strategic_security"),
        (positioning.POWER, 3, 8, "tactical_profit"),
        (positioning.POWER, 3, 3, "tactical_make_easy"),
        (positioning.POWER, 5.5, 8, "tactical_profit"),
        (positioning.POWER, 8, 5.5, "strategic_security"),
        (positioning.VALUE, 8, 8, "partnered_supplier"),
        (positioning.VALUE, 8, 3, "managed_supplier"),
        (positioning.VALUE, 3, 8, "welcome_supplier"),
        (positioning.VALUE, 3, 3, "arm_s_length_supplier"),
        (positioning.TRUST, 8, 8, "partnered_supplier"),
        (positioning.TRUST, 8, 3, "problem_supplier"),
        (positioning.TRUST, 3, 8, "occasional_supplier"),
        (positioning.TRUST, 3, 3, "non_supplier"),
    ],
)
def test_the_box_is_that_of_the_reference_and_a_line_takes_the_cautious_side(
    matrix: str, up: float, right: float, box: str
) -> None:
    """Computations 21: both lines at 5.5; on a line the team decides."""
    row = placed(*power([up] * 15), across(matrix, right), matrix=matrix)
    assert (row["box"], row["status"], row["possible"]) == (box, "placed", box)
    assert row["on_line"] == (5.5 in (up, right)) and row["advice"]
    assert ("decide in discussion" in positioning.words(row)) == (5.5 in (up, right))


def test_weights_count_and_a_weight_of_nothing_takes_a_factor_out() -> None:
    weights = [f"{positioning.POWER}|acme|{FACTORS[0]}|weight|3"]
    weights += [f"{positioning.POWER}|acme|{f}|weight|0" for f in FACTORS[2:]]
    assert placed(*power([8, 4, *[""] * 13]), *weights)["y"] == 7.0
    assert placed(*power([8, 4, *[""] * 13]), *weights)["y_coverage"] == 1.0


def test_buyer_power_is_proposed_from_our_sales_with_its_reason_and_never_overwrites() -> None:
    """5 % of all sales, where 20 % would count 10: a quarter of the way from 1 to 10."""
    proposed = placed(*power([8] * 15))
    assert proposed["x"] == 1 + 9 * 0.25 and proposed["x_from"] == "proposed"
    assert "5.0 % of our sales" in positioning.words(proposed)
    entered = placed(*power([8] * 15), across(positioning.POWER, 9))
    assert (entered["x"], entered["x_from"], entered["why"]) == (9, "entered", "")
    unknown = placed(*power([8] * 15), customers=table("customer name", "acme|Acme"))
    assert unknown["x"] != unknown["x"] and unknown["box"] == ""
    assert set(unknown["possible"].split("|")) == {"strategic_partner", "strategic_security"}


def test_value_and_trust_are_proposed_from_what_the_customer_thinks_of_us() -> None:
    rated = [f"customer_requirements|acme|{item}|score|8" for item in positioning.PARTS[positioning.VALUE]]
    assert placed(*power([8] * 15), *rated, matrix=positioning.VALUE)["x"] == 8
    some = placed(*power([8] * 15), *rated[:2], matrix=positioning.VALUE)
    assert (some["x"], some["x_low"], some["x_high"]) == (8, (16 + 3) / 5, (16 + 30) / 5)
    assert placed(*power([8] * 15), *rated, matrix=positioning.TRUST)["why"].endswith("empathy and trust")


def test_the_arrow_comes_from_the_last_round() -> None:
    old, last = (
        [f"{r}|{row}" for row in [*power([s] * 15), across(positioning.POWER, s)]]
        for r, s in (("2024", 2), ("2025", 4))
    )
    row = placed(*power([8] * 15), across(positioning.POWER, 7), rounds=(*old, *last))
    assert (row["was_y"], row["was_x"], row["y"], row["x"]) == (4, 4, 8, 7)


def test_the_plans_of_a_customer_have_the_likelihoods_of_the_reference() -> None:
    """Computations 17: 100 in each gives 65, 45, 30 and 15; what is not known stays between two."""
    plans = [
        ("existing", "existing"),
        ("existing", "new"),
        ("new", "existing"),
        ("new", "new"),
        ("existing", "unknown"),
    ]
    rows = [
        f"ansoff|acme|p{n}|{field}|{value}"
        for n, said in enumerate(plans)
        for field, value in zip(
            ("label", "products", "markets", "value"), (f"Plan {n}", *said, 100), strict=True
        )
    ]
    found = strategy.ansoff(book(*rows))
    assert found["expected"].round(9).tolist()[:4] == [65, 45, 30, 15]
    assert found.iloc[4][["route", "low", "high"]].tolist() == ["", 0.45, 0.65]
    assert pd.isna(found["expected"].iloc[4])


def test_cultures_are_as_far_apart_as_their_places() -> None:
    """Computations 23: 0 to 2 on each of sixteen lines; what is not known counts nothing."""
    items = list(catalogue.items("cultural_match")["id"])
    far = [
        f"cultural_match|acme|{i}|{side}|{place}"
        for i in items
        for side, place in (("theirs", "left"), ("ours", "right"))
    ]
    assert strategy.cultural_match(book(*far))["distance"].sum() == 32
    some = [
        f"cultural_match|acme|{items[0]}|theirs|left",
        f"cultural_match|acme|{items[1]}|theirs|unknown",
        f"cultural_match|brix|{items[0]}|ours|middle",
    ]
    rows = strategy.cultural_match(book(*some))
    assert rows["distance"].dropna().tolist() == [1] and rows["borrowed"].sum() == 1
    assert "1 of 2 points apart, with 1 of 16 lines known" in strategy.match_words(rows)


def test_a_proposal_is_rated_as_in_the_reference() -> None:
    """Computations 16: 9 and 11; weighed by interest, finance 9 against 13, marketing 15 against 15."""
    own = book()
    rows = proposal.proposals(own).set_index("proposal")
    assert rows.loc["card", ["ours", "theirs", "missing"]].tolist() == [9, 11, "other"]
    rating = proposal.rating(own).set_index("need")
    assert rating["difference"].to_dict() == {
        "brand": 1,
        "gold": -2,
        "data": 1,
        "rate": 0,
        "margin": -1,
        "setup": -1,
        "deal": 0,
    }
    assert set(rating.index[rating["advice"].str.startswith("raise")]) == {"brand", "data"}
    assert "with Finance" in rating.at["data", "advice"]
    weighed = proposal.people(own).set_index("contact")[["ours", "theirs"]]
    assert weighed.loc["fin"].tolist() == [9, 13] and weighed.loc["mar"].tolist() == [15, 15]


def test_proposals_stand_in_the_order_in_which_they_are_worth_trying() -> None:
    """Computations 18 and 19: value x likelihood less the cost; C, A, B, and 220 of 600 expected."""
    assert proposal.proposals(book())["net"].tolist() == [62, 30, 5]
    worth = table(
        "proposal customer value likelihood_pct",
        "a|acme|100|90",
        "b|acme|200|50",
        "c|acme|300|10",
        "d|acme|50|",
    )
    rows = proposal.proposals(book(proposals=worth))
    assert proposal.forecast_words(rows, "GBP") == "220 GBP a year expected of 600, without d"
    assert rows["net"].isna().all()


@pytest.mark.parametrize(
    ("rated", "said"),
    [
        ((7, 6, 5, 4), "Change is likely"),
        ((9, 9, 0, 2), "Nobody will change"),
        ((3, 3, 3, 8), "Change costs more"),
        ((7, 6, 5, "?"), "Rate all four"),
    ],
)
def test_whether_the_customer_changes_is_said_as_of_ourselves(rated: tuple[Any, ...], said: str) -> None:
    items = catalogue.items("change_equation")["id"]
    rows = [f"change_equation|acme|{i}|rating|{r}" for i, r in zip(items, rated, strict=True)]
    assert readiness.words(book(*rows), "acme").startswith(said)
    assert readiness.words(book(*rows)).startswith("Rate all four")  # our own programme is another matter


# -- properties ------------------------------------------------------------------------------------

SCORES = st.lists(st.sampled_from([*range(1, 11), 5.5]), min_size=15, max_size=15)


@settings(max_examples=25, deadline=None)
@given(SCORES, st.sampled_from(range(15)), st.sampled_from([2, 5.5, 9]))
def test_an_unknown_more_never_takes_away_a_possible_box(
    scores: list[float], gone: int, right: float
) -> None:
    known = placed(*power(scores), across(positioning.POWER, right))
    fewer = placed(*power([*scores[:gone], "", *scores[gone + 1 :]]), across(positioning.POWER, right))
    assert set(known["possible"].split("|")) <= set(fewer["possible"].split("|"))
    assert fewer["y_low"] <= known["y"] <= fewer["y_high"]


def test_renaming_people_changes_nothing_but_their_names() -> None:
    other = table("customer contact name role", "acme|fin|Somebody else|decider", "acme|mar|Another|user")
    for model in (proposal.proposals, proposal.rating, proposal.people):
        numbers = [model(b).select_dtypes("number") for b in (book(), book(customer_people=other))]
        pd.testing.assert_frame_equal(*numbers)


def test_a_need_scored_on_one_side_is_found_out_and_not_counted() -> None:
    needs = table("proposal need name ours theirs", "card|a|A|2|", "card|b|B|1|1")
    rows = proposal.proposals(book(proposal_needs=needs)).set_index("proposal")
    assert rows.loc["card", ["ours", "theirs", "open"]].tolist() == [1, 1, 1]
    assert proposal.rating(book(proposal_needs=needs))["advice"].iloc[0] == "find out"


# -- the plan --------------------------------------------------------------------------------------

GOAL = [
    f"success_targets|acme|{i}|{field}|{value}"
    for i, said in (
        ("customer_performance", ("Shown aim", "yes")),
        ("business_performance", ("Hidden aim", "no")),
        ("relationship_performance", ("Silent aim", "")),
    )
    for field, value in zip(("target", "shared"), said, strict=True)
]


def test_the_customer_reads_the_goals_that_are_agreed_and_nothing_else_of_the_plan() -> None:
    secret = [
        *power([8] * 15),
        "ka_plan|acme|executive_summary|says|Between us",
        "success_targets|acme|customer_performance|person|Boss",
    ]
    own = book(*GOAL, *secret)
    page = handout.searched(
        handout.page(handout.ready(own, "acme"), pd.Timestamp("2026-11-29").date()), own, "acme"
    )
    assert "Shown aim" in page and "Your own business" in page
    for hidden in ("Hidden aim", "Silent aim", "Between us", "Boss", "Card", "Finance", "partner", "Rival"):
        assert hidden not in handout.text_of(page)
    bad = book(*GOAL, "success_targets|acme|customer_performance|together|Beat the Rival together")
    with pytest.raises(InvalidInput, match='"Rival" is not for customers'):
        handout.refuse(bad, "acme")


def test_the_counter_says_what_is_open_and_what_is_written() -> None:
    empty, begun = (
        book(proposals=TEAM["proposals"].iloc[:0], customer_people=TEAM["customer_people"].iloc[:0]),
        book(*GOAL),
    )
    assert plan.words(plan.account_plan(empty)) == "Nothing of the plan is there yet"
    states = plan.account_plan(begun).set_index("item")["state"]
    assert (
        states["opportunities_and_objectives"] == "from the workbook"
        and states["executive_summary"] == "open"
    )
    told = plan.account_plan(book(*GOAL, "ka_plan|acme|executive_summary|says|Grow")).set_index("item")[
        "state"
    ]
    assert told["executive_summary"] == "written"
    assert "open: executive summary" in plan.words(plan.account_plan(begun)).replace(
        "key account team: core and full, ", ""
    )


@pytest.mark.parametrize(("example", "customer"), [("insurer", "alder"), ("bank", "aldenhof")])
def test_the_document_in_word_holds_what_the_page_holds(example: str, customer: str, tmp_path: Path) -> None:
    import docx

    own = results.opened(str(ROOT / "data" / example), customer=customer)
    place = str(ROOT / "data" / example)
    (path,) = office.write(place, tmp_path, "docx", given={"customer": customer})
    assert path.name == f"plan-{customer}.docx"
    made = docx.Document(io.BytesIO(path.read_bytes()))
    said = "\n".join(
        [p.text for p in made.paragraphs] + [c.text for t in made.tables for r in t.rows for c in r.cells]
    )
    page = paper(account_plan.plan.beginning, own, customer=customer)
    for part in [*document.steering(own), *document.body(own)]:
        for text in (part.title, *part.lines, *(c for row in part.rows for c in row)):
            assert text in said and str(html.line(text))[3:-4] in page
    assert "10 of 10 headings" in plan.words(plan.account_plan(own))


def test_the_slides_of_a_plan_hold_its_headings_in_order(tmp_path: Path) -> None:
    from pptx import Presentation

    own = results.opened(str(ROOT / "data" / "insurer"), customer="alder")
    (path,) = office.write(str(ROOT / "data" / "insurer"), tmp_path, "pptx", given={"customer": "alder"})
    assert path.name == "plan-alder.pptx"
    shown = [slide.shapes.title.text for slide in Presentation(path).slides]
    parts = [*document.steering(own), *document.body(own)]
    assert shown[1:] == [part.title for part in parts if part.rows or part.lines]
    with pytest.raises(InvalidInput):  # the customer's own slides are made of its own page alone
        list(
            office.write(
                str(ROOT / "data" / "insurer"),
                tmp_path,
                "docx",
                given={"customer": "alder", "audience": "customer"},
            )
        )


def test_the_document_holds_no_sign_that_word_refuses(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="Whose plan is it"):
        list(office.write(str(ROOT / "data" / "tiny"), tmp_path, "docx"))
    assert b"PK" in word.made(book(*GOAL, "ka_plan|acme|executive_summary|says|a\x07b < c"))


@pytest.mark.browser
@pytest.mark.parametrize(("example", "customer"), [("insurer", "alder"), ("bank", "arlenburg")])
def test_the_plan_is_one_page_to_steer_by_and_at_most_six_in_all(
    example: str, customer: str, browser: Any
) -> None:
    own = results.opened(str(ROOT / "data" / example), customer=customer)
    shown, look = browser.new_context().new_page(), html.look()

    def sheets_of(part: Any) -> int:
        shown.set_content(
            f"<style>{look}</style><div class='kam report'>{paper(part, own, customer=customer)}</div>"
        )
        return len(re.findall(rb"/Type\s*/Page\b(?!s)", shown.pdf(prefer_css_page_size=True, format="A4")))

    steering, whole, *_ = account_plan.plan.beginning.parts
    assert sheets_of(steering) == 1 and sheets_of(whole) <= 5
    shown.context.close()
