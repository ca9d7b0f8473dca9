"""The what-if page without a server: the same rules in the browser as in Python, offline, small, harmless."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from kamlib.charts import palette
from kamlib.cli import main
from kamlib.errors import InvalidInput
from kamlib.models import certainty, kaism, portfolio, results, verdict
from kamlib.models.certainty.weights import COUNT
from kamlib.reports import report, whatif
from kamlib.workbook import schema as T
from kamlib.workbook import settings, stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import DEFINITIONS, typed
from tests.serving import ROOT, SLOW_MS
from tests.worked import rows as rows_of

BOXES = ("key", "key_development", "maintenance", "opportunistic")
FACTORS = ("a", "b", "c", "d")


def random_book(dice: np.random.Generator) -> tuple[Any, Any]:
    """Two segments of customers with unknown scores, must-haves, waivers, equal rows, nobody to compete with."""
    who = [(f"{s}{n}", s) for s in ("p", "q") for n in range(int(dice.integers(1, 9)))]
    gaps = dice.choice([0.0, 0.0, 0.15])
    unknown = lambda: dice.random() < gaps  # noqa: E731
    score = lambda: None if unknown() else float(dice.integers(2, 21)) / 2  # noqa: E731
    must = {f: (float(dice.integers(2, 6)) if dice.random() < 0.3 else None) for f in FACTORS}
    factors = [
        ("attractiveness", s, f, f.upper(), float(dice.integers(0, 9)), must[f])
        for s in ("p", "q")
        for f in FACTORS
    ]
    factors += [
        ("strength", c, f, f.upper(), float(dice.integers(1, 9)), None)
        for c, _ in who
        for f in ("x", "y", "z")
    ]
    rivals = {c: [k for k in ("k0", "k1") if dice.random() < 0.7] for c, _ in who}
    rows = [("attractiveness", c, f, "", score()) for c, _ in who for f in FACTORS]
    rows += [
        ("strength", c, f, k, score()) for c, _ in who for f in ("x", "y", "z") for k in ("us", *rivals[c])
    ]
    decided = [("no_competitor", c, "yes", "") for c, _ in who if not rivals[c] and dice.random() < 0.5]
    decided += [("must_have_waiver", who[0][0], "a", "they are worth it")] if dice.random() < 0.5 else []
    more = {
        "line": str(dice.choice(["mean", "mean", "midpoint"])),
        "weights_known": str(dice.choice(["around", "ranked", "any"])),
        "sure": str(dice.choice([10, 30, 57])),
    }
    tables = T.typed(
        {
            "segments": rows_of("segment name", ("p", "Pens"), ("q", "Quills")),
            "settings": rows_of("key value", *more.items()),
            "customers": rows_of("customer name segment", *((c, c.title(), s) for c, s in who)),
            "suppliers": rows_of("supplier name", *((k, k) for k in ("us", "k0", "k1"))),
            "factors": rows_of("model scope factor label weight must_have_min", *factors),
            "scores": rows_of("model subject factor supplier score", *rows),
            "decisions": rows_of("what subject decision reason", *decided),
        }
    )
    return tables, settings.of_workbook(tables)


SURE = ["open", "likely", "firm", ""]  # as sure as the weights alone would let us be, or less


def weighed_word(status: str, chance: float) -> str:
    return verdict.word_for(chance) if chance == chance else "" if status == "ruled_out" else "open"


def expected(tables: Any, chosen: Any, segment: str) -> list[dict[str, Any]]:
    about = replace(chosen, segment=segment)
    seen, sure = kaism.drawn(Book(tables, about)), verdict.certainty_table(Book(tables, about))
    weighed = certainty.over_weights(Book(tables, about))["chance"]
    found = []
    for place, said, chance in zip(seen.to_dict("records"), sure.to_dict("records"), weighed, strict=True):
        found.append(
            {
                "y": place["y"],
                "x": place["x"],
                "box": place["box"],
                "status": place["status"],
                "possible": place["possible"],
                "onLine": bool(place["on_line"]),
                "close": bool(place["near_line"]),
                "coverage": place["y_coverage"],
                "line": place["y_line"],
                "yLow": place["y_low"],
                "yHigh": place["y_high"],
                "weighed": weighed_word(place["status"], chance),
                "p": [said[f"p_{b}"] for b in BOXES],
                "exact": said["exact"],
            }
        )
    return found


def number(value: Any) -> float:
    return math.nan if value is None else float(value)


LAST = 1.1e-9  # both round to nine decimals; where the tenth is a five they may differ by one in the last


def assert_same(told: dict[str, Any], wanted: list[dict[str, Any]]) -> None:
    assert len(told["customers"]) == len(wanted)
    for mine, theirs in zip(wanted, told["customers"], strict=True):
        for name in ("box", "status", "possible", "onLine", "close", "weighed"):
            assert mine[name] == theirs[name], (name, mine, theirs)
        assert SURE.index(theirs["verdict"]) <= SURE.index(mine["weighed"]), (mine, theirs)
        assert theirs["verdict"] != "firm" or mine["status"] == "placed", (mine, theirs)
        assert theirs["verdict"] == "open" or not theirs["unsettled"], (mine, theirs)
        for name in ("y", "x", "yLow", "yHigh") if mine["status"] != "ruled_out" else ("y", "x"):
            assert number(theirs[name]) == pytest.approx(mine[name], abs=LAST, nan_ok=True), (
                name,
                mine,
                theirs,
            )
        if any(row["status"] != "ruled_out" for row in wanted):
            assert number(told["line"]) == pytest.approx(mine["line"], abs=LAST, nan_ok=True)
        for ours, browsers in zip(mine["p"], theirs["p"], strict=True):
            assert number(browsers) == pytest.approx(ours, abs=1e-9, nan_ok=True), (mine, theirs)


@pytest.fixture(scope="module")
def window(browser: Any) -> Any:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, offline=True)
    context.set_default_timeout(SLOW_MS)
    page = context.new_page()
    page.problems = []
    page.on("console", lambda m: page.problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on(
        "request", lambda r: page.problems.append(r.url) if not r.url.startswith(("file:", "data:")) else None
    )
    yield page
    context.close()


def opened(window: Any, place: Path, tables: Any, chosen: Any) -> Any:
    place.write_text(whatif.page(Book(tables, chosen)), encoding="utf-8")
    window.problems.clear()
    window.goto(place.as_uri())
    window.wait_for_function("window.kam && document.querySelector('#picture .dot')")
    return window


COMPUTE = """([at, weights, musts, known, sure]) => JSON.parse(JSON.stringify(kam.compute(at, weights, musts, known, sure),
    (k, v) => typeof v === "number" && !isFinite(v) ? null : v))"""


@pytest.mark.browser
def test_the_browser_computes_what_python_computes(window: Any, tmp_path: Path) -> None:
    """A hundred cases: random workbooks as they are, and with other weights, must-haves and doubts about the weights."""
    dice, cases = np.random.default_rng(11), 0
    while cases < 100:
        tables, chosen = random_book(dice)
        page = opened(window, tmp_path / "w.html", tables, chosen)
        listed = [s["id"] for s in page.evaluate("kam.data.segments")]
        for at, segment in enumerate(listed):
            for turn in range(5):
                factors = tables["factors"].copy()
                own = (factors["model"] == "attractiveness") & (factors["scope"] == segment)
                about = chosen
                if turn:
                    factors.loc[own, "weight"] = dice.integers(0, 9, len(FACTORS)) / 2
                    dropped = dice.random(len(FACTORS)) < 0.5
                    factors.loc[own, "must_have_min"] = np.where(
                        dropped, np.nan, factors.loc[own, "must_have_min"]
                    )
                    about = replace(
                        chosen,
                        weights_known=str(dice.choice(["around", "ranked", "any"])),
                        sure=int(dice.choice([10, 30, 100])),
                    )
                moved = {**tables, "factors": factors}
                musts = factors.loc[own, "must_have_min"].notna().tolist()
                told = page.evaluate(
                    COMPUTE, [at, factors.loc[own, "weight"].tolist(), musts, about.weights_known, about.sure]
                )
                assert_same(told, expected(moved, about, segment))
                cases += 1
    assert window.problems == []


@pytest.mark.browser
@pytest.mark.parametrize("name", ["tiny", "insurer", "bank"])
def test_the_page_begins_with_the_figures_of_the_command_line(window: Any, tmp_path: Path, name: str) -> None:
    _, text = stores.load(ROOT / "data" / name, read_only=True)
    tables = typed(text)
    page = opened(window, tmp_path / "w.html", tables, settings.of_workbook(tables))
    shown = results.show(str(ROOT / "data" / name), "certainty")
    for at, segment in enumerate(page.evaluate("kam.data.segments.map(s => s.id)")):
        page.select_option("#segment", str(at))
        own = shown[shown["segment"] == segment].to_dict("records")
        told = page.evaluate("""() => kam.state.now.customers.map((r, i) => [kam.data.segments[kam.state.at].customers[i].id, r.verdict,
            kam.sentence(i), r.p.map((v) => v === v ? v : null)])""")
        for row, (customer, sure, words, chances) in zip(own, told, strict=True):
            assert (row["customer"], row["verdict"], row["words"]) == (customer, sure, words)
            assert [number(p) for p in chances] == pytest.approx(
                [row[f"p_{b}"] for b in BOXES], abs=1e-9, nan_ok=True
            )
        page.select_option("#choose", own[0]["customer"])
        expect(page.locator("#card")).to_contain_text(own[0]["words"], use_inner_text=True)
    assert window.problems == []


@pytest.mark.browser
def test_a_slider_and_a_must_have_move_what_they_should(window: Any, tmp_path: Path) -> None:
    _, text = stores.load(ROOT / "data" / "insurer", read_only=True)
    tables = typed(text)
    chosen = settings.of_workbook(tables, segment="broker_networks")
    page = opened(window, tmp_path / "w.html", tables, chosen)
    own = (tables["factors"]["model"] == "attractiveness") & (tables["factors"]["scope"] == "broker_networks")
    factors = tables["factors"].copy()
    first = factors.index[own][0]
    slider = page.locator("#w0")
    slider.focus()
    for _ in range(8):
        page.keyboard.press("ArrowLeft")
    factors.loc[first, "weight"] = float(slider.input_value())
    assert factors.loc[first, "weight"] == tables["factors"].loc[first, "weight"] - 4
    page.locator(".must input").first.uncheck()
    factors.loc[own, "must_have_min"] = np.nan
    moved = {**tables, "factors": factors}
    category = portfolio.classes(Book(moved, chosen)).set_index("customer")["category"]
    for row in certainty.over_weights(Book(moved, chosen)).to_dict("records"):
        entry = page.locator(".boxlist li", has=page.get_by_role("button", name=row["name"], exact=True))
        sure = verdict.word_for(row["chance"])
        expect(entry).to_contain_text(re.compile("|".join(SURE[: SURE.index(sure) + 1])), use_inner_text=True)
        told = entry.inner_text()
        assert sure not in told or certainty.percent(row["chance"], False) in told
        head = entry.locator("xpath=ancestor::section").locator("h3")
        expect(head).to_contain_text(category[row["customer"]].replace("_", " "), ignore_case=True)
    expect(page.locator("#title")).to_contain_text("Old Mill Advisers")  # no longer ruled out
    page.locator("#reset").click()
    expect(page.locator("#title")).not_to_contain_text("change")
    assert float(slider.input_value()) == tables["factors"].loc[first, "weight"]
    assert window.problems == []


@pytest.mark.browser
def test_what_was_decided_stays_whatever_the_weights(window: Any, tmp_path: Path) -> None:
    """The page begins with the decisions in words, shape and place; the weights move only what is suggested."""
    _, text = stores.load(ROOT / "data" / "insurer", read_only=True)
    made = text["decisions"]
    made.loc[made["subject"] == "alder", "decision"] = "maintenance"
    tables = typed(text)
    chosen = settings.of_workbook(tables, segment="broker_networks")
    page = opened(window, tmp_path / "w.html", tables, chosen)
    names = dict(zip(tables["customers"]["customer"], tables["customers"]["name"], strict=True))
    for weights in ("#reset", "#equal"):
        page.locator(weights).click()
        seen = page.evaluate("kam.state.now.customers.map((r) => [r.box, r.status])")
        for row, (box, status) in zip(
            portfolio.classes(Book(tables, chosen)).to_dict("records"), seen, strict=True
        ):
            page.select_option("#choose", row["customer"])
            words = portfolio.stands(row["decision"], box, status)
            expect(page.locator("#card .tag")).to_have_text(re.compile(re.escape(words) + r"\s*$"))
            button = page.get_by_role("button", name=names[row["customer"]], exact=True)
            part = button.locator("xpath=ancestor::section").locator("h3")
            expect(part).to_contain_text(palette.MARKS[row["decision"] or box].word if box else "")
    page.locator("#reset").click()
    otherwise = "decided otherwise than suggested: Alder Network and Kestrel"
    expect(page.locator("#title")).to_contain_text(otherwise)
    assert window.problems == []


@pytest.mark.browser
def test_names_are_never_markup_and_everybody_can_use_it(window: Any, tmp_path: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe

    _, text = stores.load(ROOT / "data" / "insurer", read_only=True)
    tables = typed(text)
    bad = "</script><img src=x onerror=alert(1)>\u2028"
    tables["customers"] = tables["customers"].assign(name=bad)
    tables["factors"] = tables["factors"].assign(label=bad)
    tables["segments"] = tables["segments"].assign(name=bad)
    page = opened(window, tmp_path / "w.html", tables, settings.of_workbook(tables))
    expect(page.locator("#boxes")).to_contain_text(bad[:8])
    expect(page.locator("img")).to_have_count(0)
    page.select_option("#choose", index=1)
    found = Axe().run(page).response["violations"]
    assert [v["id"] for v in found] == [] and window.problems == []


def payload_text(name: str) -> str:
    _, text = stores.load(ROOT / "data" / name, read_only=True)
    tables = typed(text)
    return whatif.page(Book(tables, settings.of_workbook(tables)))


def test_the_same_workbook_gives_the_same_small_page() -> None:
    page = payload_text("insurer")
    assert page == payload_text("insurer") and len(page.encode()) < 1_500_000
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "") and "https://" not in page


def test_two_hundred_customers_fit() -> None:
    from benchmarks import books

    tables = typed(books.text(200))
    assert len(whatif.page(Book(tables, settings.of_workbook(tables))).encode()) < 1_500_000


def test_notes_votes_and_reasons_stay_at_home() -> None:
    """Every text that a published copy does not hold is not in the page either."""
    _, text = stores.load(ROOT / "data" / "insurer", read_only=True)
    canary, marked = "canary-7", {}
    for name, table in text.items():
        stays = {c for c in table if c not in report.PUBLISHED.get(name, ())} | {"reason", "evidence"}
        keys = (
            {c.name for c in DEFINITIONS[name].columns if c.key or c.kind != "text"}
            if name in report.PUBLISHED
            else ()
        )
        marked[name] = table.assign(**{c: canary for c in stays - set(keys) if c in table})
    tables = typed(marked)
    assert (tables["ballots"][["person", "factor", "note"]] == canary).all(axis=None) and len(
        tables["ballots"]
    )
    assert canary not in whatif.page(Book(tables, settings.of_workbook(tables)))


def test_the_page_is_written_from_the_command_line_and_overwrites_nothing_else(
    tmp_path: Path, capsys: Any
) -> None:
    place = tmp_path / "what-if.html"
    main_quietly(["publish", str(ROOT / "data" / "tiny"), "--static", str(place)])
    first = place.read_bytes()
    main_quietly(["publish", str(ROOT / "data" / "tiny"), "--static", str(place)])
    assert place.read_bytes() == first
    other = tmp_path / "mine.html"
    other.write_text("my own page")
    with pytest.raises(InvalidInput, match="already exists"):
        whatif.write(str(ROOT / "data" / "tiny"), other)
    with pytest.raises(InvalidInput, match="folder"):
        whatif.write(str(ROOT / "data" / "tiny"), tmp_path)
    with pytest.raises(InvalidInput, match="There is no segment"):
        whatif.write(str(ROOT / "data" / "tiny"), place, segment="mains")
    assert other.read_text() == "my own page" and place.read_bytes() == first


def main_quietly(args: list[str]) -> None:
    try:
        main(args)
    except SystemExit as end:
        assert not end.code


def test_the_sticks_of_the_page_are_those_of_python() -> None:
    assert f"COUNT = {COUNT}" in (ROOT / "kamlib" / "reports" / "whatif.js").read_text(encoding="utf-8")
