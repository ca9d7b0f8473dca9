"""Hostile text and hostile clients: names that are scripts, and raw messages to a published page."""

from __future__ import annotations

import json
import random
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import websocket
from playwright.sync_api import expect

from kamlib import catalogue, charts
from kamlib.app.desk import Desk
from kamlib.models import kaism, pia
from kamlib.reports import report
from kamlib.workbook import checks, stores
from kamlib.workbook.schema import Tables, typed
from tests import pages, paper
from tests.messages import COLUMNS, VERBS
from tests.serving import COOKIE, NOTEBOOKS, ROOT, WHOLE, Board, opened
from tests.windows import DOT, slide
from tests.worked import frame

SCORES = "Attractiveness scores"
X = "window.__xss=1"
PAYLOADS = [
    p.replace("X", X)
    for p in (
        "<script>X</script>",
        "<SCRIPT >X</SCRIPT >",
        "<scr<script>ipt>X</scr</script>ipt>",
        '"><script>X</script>',
        "'><script>X</script>",
        "</title><script>X</script>",
        "</textarea><script>X</script>",
        "</style><script>X</script>",
        "</script><script>X</script>",
        "--><script>X</script>",
        "]]><script>X</script>",
        "<script>X//",
        "<img src=x onerror=X>",
        '<img src="x" onerror="X">',
        '"><img src=x onerror=X>',
        "'\"><img/src=x/onerror=X>",
        "<IMG SRC=x OnErRoR=X>",
        "<img src=x:x onerror=X//",
        "</option></select><img src=x onerror=X>",
        "</td></tr></table><img src=x onerror=X>",
        "<template></template><img src=x onerror=X>",
        '<noscript><p title="</noscript><img src=x onerror=X>">',
        "<math><mtext><table><mglyph><style><img src=x onerror=X>",
        "<svg onload=X>",
        "<svg/onload=X>",
        "<svg><script>X</script></svg>",
        "<svg><g onload=X></g></svg>",
        "<svg><animate onbegin=X attributeName=x dur=1s>",
        "<svg><foreignObject><img src=x onerror=X></foreignObject></svg>",
        "<body onload=X>",
        '<iframe src="javascript:parent.X"></iframe>',
        '<iframe srcdoc="<script>parent.X</script>">',
        "<iframe onload=X></iframe>",
        "<video><source onerror=X></video>",
        "<video src=x onerror=X></video>",
        "<audio src=x onerror=X></audio>",
        '<object data="javascript:X"></object>',
        '<embed src="javascript:X">',
        "<input autofocus onfocus=X>",
        "<select autofocus onfocus=X>",
        "<textarea autofocus onfocus=X>",
        "<details open ontoggle=X>",
        "<marquee onstart=X>x</marquee>",
        "<style onload=X></style>",
        "<link rel=stylesheet href=x onerror=X>",
        '<meta http-equiv=refresh content="0;url=javascript:X">',
        '<a href="javascript:X">here</a>',
        '<form action="javascript:X"><button>go</button></form>',
        "<button onclick=X>go</button>",
        "javascript:X",
        '" onmouseover="X',
        "' onfocus='X' autofocus='",
        'x" onerror="X',
        "{{constructor.constructor('X')()}}",
        "{{ cycler.__init__.__globals__ }}{% raw %}X",
        "${X}",
        "`${X}`",
        "&lt;script&gt;X&lt;/script&gt;",
        "&#60;img src=x onerror=X&#62;",
        "\\u003cscript\\u003eX\\u003c/script\\u003e",
    )
]
EACH = 10  # customers, factors and people a segment
TRAPS = """() => [...document.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) =>
    (a.name.startsWith("on") && a.value.includes("__xss")) || /^\\s*javascript:.*__xss/.test(a.value)
    && ["href", "src", "action", "data", "formaction"].includes(a.name))).map((e) => e.outerHTML.slice(0, 200))"""


def id_of(number: int) -> str:
    """The payload itself wherever an id may be it."""
    payload = PAYLOADS[number]
    return f"i{number}" if re.search(r"\s", payload) else payload


def hostile() -> Tables:
    """A workbook in which every name, note, reason and most ids are scripts."""
    dice, book = random.Random(7), stores.blank()
    ids = [id_of(i) for i in range(len(PAYLOADS))]
    segments = ids[: len(ids) // EACH]
    where = [segments[i // EACH] for i in range(len(ids))]
    everybody = list(zip(ids, PAYLOADS, where, strict=True))
    said = {"evidence": "research", "person": ids[0], "on": "2026-11-01"}
    score = [
        {
            "model": "attractiveness",
            "subject": c,
            "factor": f,
            "score": dice.choice(["", *range(1, 11)]),
            "note": p,
            **said,
        }
        for c, p, s in everybody
        for f, _, t in everybody
        if s == t
    ]
    score += [
        {
            "model": "strength",
            "subject": c,
            "factor": c,
            "supplier": k,
            "score": dice.randint(1, 10),
            "note": p,
            **said,
        }
        for c, p, _ in everybody
        for k in ("us", c)
    ]
    asked = [row for row in score if row["score"] == ""]
    questions = catalogue.items("label_reality_test")["id"]
    rows: dict[str, list[dict[str, Any]]] = {
        "settings": [{"key": k, "value": PAYLOADS[0]} for k in ("name", "supplier", "currency", "round")],
        "people": [
            {"person": c, "name": p, "function": p, "manages_accounts": "yes"} for c, p, _ in everybody
        ],
        "segments": [
            {"segment": s, "name": PAYLOADS[-i - 1], "description": p}
            for i, (s, p) in enumerate(zip(segments, PAYLOADS, strict=False))
        ],
        "customers": [
            {"customer": c, "name": p, "segment": s, "note": p, "manager": c, "revenue": 9}
            for c, p, s in everybody
        ],
        "suppliers": [
            {"supplier": "us", "name": PAYLOADS[1]},
            *({"supplier": c, "name": p} for c, p, _ in everybody),
        ],
        "factors": [
            {"model": "attractiveness", "scope": s, "factor": c, "label": p, "good": p, "bad": p}
            for c, p, s in everybody
        ]
        + [{"model": "strength", "scope": c, "factor": c, "label": p} for c, p, _ in everybody],
        "scores": score,
        "ballots": [
            {
                "round": "<b>",
                "model": "attractiveness",
                "person": c,
                "subject": c,
                "factor": c,
                "score": 5,
                "note": p,
            }
            for c, p, _ in everybody
        ],
        "decisions": [
            {
                "what": "category",
                "subject": c,
                "decision": "key",
                "reason": p,
                "person": c,
                "review_on": "2027-01-01",
            }
            for c, p, _ in everybody
        ],
        "find_out": [
            {k: r[k] for k in ("model", "subject", "factor")}
            | {"question": r["note"], "person": r["subject"]}
            for r in asked
        ],
        "answers": [
            {
                "sheet": "label_reality_test",
                "subject": "all",
                "item": q,
                "field": "answer",
                "value": "yes",
                "note": p,
            }
            for q, p in zip(questions, PAYLOADS, strict=False)
        ],
    }
    rows["factors"] += [
        {"model": m, "scope": "all", "factor": f"{m}{n}", "label": p}
        for m in pia.MATRIX.weighed
        for n, p in enumerate(PAYLOADS[:3])
    ]
    rows["scores"] += [
        {"model": m, "subject": c, "factor": f"{m}{n}", "score": dice.randint(1, 10), **said}
        for m in pia.MATRIX.weighed
        for n in range(3)
        for c, _, _ in everybody
    ]
    rows["answers"] += [
        {"sheet": pia.SHEET, "subject": "all", "item": q, "field": f, "value": p}
        for q, p in zip(pia.QUESTIONS, PAYLOADS, strict=False)
        for f in ("good", "ok", "bad")
    ]
    first = everybody[0][0]
    rows |= {
        "bases": [{"basis": c, "name": p, "ladder": f"{p}|more {p}"} for c, p, _ in everybody[:5]],
        "distinction": [{"basis": c, "category": "key", "min": p, "max": p} for c, p, _ in everybody[:5]],
        "effort": [{"category": "key", "days": 5, "avoid": PAYLOADS[2]}],
        "services": [
            {"service": c, "name": p, "cost": 5, "valued": "no", "pilot": p, "new": "yes"}
            for c, p, _ in everybody
        ],
        "time_spent": [{"customer": c, "days": 3, "note": p} for c, p, _ in everybody],
        "stages": [{"customer": first, "stage": c, "name": p, "trouble": p} for c, p, _ in everybody],
        "ideas": [
            {
                "idea": c,
                "name": p,
                "customer": first,
                "stage": c,
                "partner": p,
                "evidence": p,
                "class": "A",
                "reason": p,
            }
            for c, p, _ in everybody
        ],
        "ratings": [
            {"idea": c, "question": q, "rating": "good"} for c, _, _ in everybody for q in pia.QUESTIONS
        ],
        "projects": [
            {
                "project": c,
                "name": p,
                "customer": first,
                "idea": c,
                "owner": c,
                "team": p,
                "starts": "2027-01-01",
                "ends": "2027-09-30",
                "risk": p,
                "contingency": p,
            }
            for c, p, _ in everybody
        ],
        "actions": [
            {"project": c, "step": c, "name": p, "due": "2027-02-01", "person": c} for c, p, _ in everybody
        ],
    }
    return book | {name: frame(name, listed) for name, listed in rows.items()}


@pytest.fixture(scope="module")
def place(tmp_path_factory: Any) -> Path:
    place = tmp_path_factory.mktemp("hostile") / "book.kam"
    book = hostile()
    assert len(set(PAYLOADS)) == 60 and checks.check(book).query("level == 'error'").empty
    stores.create(place, book)
    return place


def ran(page: Any) -> Any:
    return page.evaluate("window.__xss")


@pytest.mark.browser
def test_the_payloads_are_live_where_nothing_escapes_them(browser: Any) -> None:
    """Otherwise the tests below would show nothing."""
    fired = 0
    page = browser.new_page()
    for payload in PAYLOADS:
        page.set_content(f"<div>{payload}</div><p title='end'></p>", wait_until="load")
        fired += bool(ran(page))
        page.evaluate("delete window.__xss")
    page.close()
    assert fired >= 20


@pytest.mark.browser
def test_no_script_runs_in_any_view(place: Path, page: Any) -> None:
    """T2: every segment and cell, a third of the cards; every text is there to be read."""
    tables = typed(stores.load(place, read_only=True)[1])
    with Board(NOTEBOOKS, workbook=place, env={"KAM_WHO": PAYLOADS[0]}) as board:
        page.add_init_script(
            "try { localStorage.setItem('kam-mode', 'read') } catch {}"
        )  # all of a page is in sight
        opened(page, board.url).wait_for_selector(DOT)
        page.wait_for_function(WHOLE)
        scores = page.locator(f'table[aria-label="{SCORES}"]')
        for number, segment in enumerate(tables["segments"]["segment"]):
            page.locator("#kam-segment").select_option(segment)
            own = PAYLOADS[number * EACH :][:EACH]
            expect(scores.locator("tbody th")).to_have_text(own, use_inner_text=True)
            for column, name in enumerate(own, start=1):
                head = scores.locator("thead th").nth(column).locator("span")
                expect(head).to_have_text(name, use_inner_text=True)
            for row, name in list(enumerate(own))[number % 3 :: 3]:
                page.locator("#kam-choose").select_option(label=name)
                page.locator(".kam-three .kam-side h3").filter(has_text=name).wait_for()
                scores.locator("tbody tr").nth(row).locator("td").nth(row).click()
            page.locator(".kam-two .kam-side h3").filter(has_text=name).first.wait_for()
            assert ran(page) is None and page.evaluate(TRAPS) == []
        page.locator("summary").evaluate_all(
            "all => all.forEach((each) => each.click())"
        )  # one may lie behind another
        dotted = page.locator(".kam-chart svg text", has_text="__xss").first
        dotted.hover(force=True)  # a name may stand in two lines
        assert ran(page) is None and page.evaluate(TRAPS) == []
        assert page.outside == [] and page.problems == []


def show(page: Any, html: str) -> None:
    """The page as it is and, in case the policy in its head is all that helps, without that."""
    assert "Content-Security-Policy" in html
    for text in (html, re.sub(r"<meta http-equiv=.Content-Security-Policy[^>]*>", "", html)):
        page.goto("about:blank")
        page.set_content(text, wait_until="load")
        assert ran(page) is None and page.evaluate(TRAPS) == []


@pytest.mark.browser
def test_no_script_runs_where_customers_are_treated_differently(
    place: Path, page: Any, tmp_path: Path
) -> None:
    first = id_of(0)
    with Board(NOTEBOOKS, workbook=place, start="04_pia", env={"KAM_WHO": PAYLOADS[0]}) as board:
        page.add_init_script(
            "try { localStorage.setItem('kam-mode', 'read') } catch {}"
        )  # all of a page is in sight
        opened(page, board.url).wait_for_selector(DOT)
        page.wait_for_function(WHOLE)
        page.locator(".picture svg").nth(3).wait_for(state="attached")
        names = page.locator('table[aria-label="How good is each idea?"]:has(tr:nth-child(60)) tbody th')
        expect(names).to_have_text(PAYLOADS, use_inner_text=True)
        for number, name in list(enumerate(PAYLOADS))[::9]:
            page.locator("#kam-idea").select_option(id_of(number))
            page.locator(".kam-three .kam-side h3.result").filter(has_text=name).wait_for()
        assert ran(page) is None and page.evaluate(TRAPS) == [] and page.problems == []
        page.goto("about:blank")  # or it would miss its server, and say so
    for given in ({}, {"customer": first}):
        for path in pages.written(str(place), tmp_path / f"{len(given)}", notebook="04_pia", given=given):
            show(page, path.read_text(encoding="utf-8"))
    assert page.problems == []


@pytest.mark.browser
def test_no_script_runs_in_a_report_or_a_picture(place: Path, browser: Any, tmp_path: Path) -> None:
    asked: list[str] = []
    page = browser.new_page()
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda sent: asked.append(sent.url) if sent.url.startswith("http") else None)
    segments = [id_of(i) for i in range(len(PAYLOADS) // EACH)]
    (path,) = pages.written(str(place), tmp_path, segment=segments[0], notebook="02_kaism")
    page.goto(path.as_uri())
    assert ran(page) is None
    show(page, path.read_text(encoding="utf-8"))

    for number, segment in enumerate(segments):
        desk = Desk(*stores.load(place, read_only=True), segment=segment, read_only=True)
        show(page, paper.page("02_kaism", desk))
        seen = page.locator("main").inner_text()
        for payload in PAYLOADS[number * EACH :][:EACH]:
            assert payload in seen
        picture = tmp_path / "picture.svg"
        drawn = kaism.drawn(desk.book)
        picture.write_text(charts.svg(charts.matrix(drawn, kaism.MATRIX)), encoding="utf-8")
        page.goto(picture.as_uri())
        assert ran(page) is None and page.evaluate(TRAPS) == []
    assert asked == []
    page.close()


# a published page and a client that is no browser


def _asked(board: Board) -> urllib.request.Request:
    return urllib.request.Request(board.page("02_kaism"), headers={"Cookie": COOKIE})


class Line:
    """A raw connection to the kernel of a page."""

    def __init__(self, board: Board) -> None:
        with urllib.request.urlopen(_asked(board), timeout=90) as answer:
            text = answer.read().decode()
        found = re.search(r'"kernelId": "([\w-]+)"', text)
        assert found
        address = f"ws://127.0.0.1:{board.port}/api/kernels/{found[1]}/channels?session_id=raw"
        self.socket = websocket.create_connection(address, origin=board.base, timeout=90)
        self.sent = 0

    def send(self, kind: str, **content: Any) -> str:
        self.sent += 1
        name = f"{kind}-{self.sent}"
        header = {"msg_id": name, "msg_type": kind, "session": "raw", "username": "", "version": "5.3"}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "buffers": []}
        self.socket.send(json.dumps({**message, "channel": "shell"}))
        return name

    def ask(self, kind: str, **content: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The answer, and what else was heard until it came."""
        name, heard = self.send(kind, **content), []
        while True:
            message = json.loads(self.socket.recv())
            if message["parent_header"].get("msg_id") == name and message["msg_type"].endswith("_reply"):
                return message["content"], heard
            heard.append(message)


@pytest.fixture
def published(place: Path, tmp_path: Path) -> Iterator[tuple[Board, Path]]:
    copied = report.publish_copy(str(place), tmp_path)
    with Board(NOTEBOOKS, workbook=copied, read_only=True, cull_seconds=15) as board:
        yield board, copied


def test_a_hostile_client_changes_nothing_of_a_published_workbook(place: Path, published: Any) -> None:
    """T12, T16: 300 raw messages to every model there is; both workbooks stay byte for byte."""
    board, copied = published
    before = copied.read_bytes(), place.read_bytes()
    line, dice = Line(board), random.Random(3)
    models = list(line.ask("comm_info_request")[0]["comms"])
    assert len(models) > 30
    words = [id_of(i) for i in range(EACH)] + COLUMNS + ["10", "1", "", "x" * 3000]

    def some() -> Any:
        return dice.choice(
            [dice.choice(words), dice.choice(words), dice.random(), None, [1], {"a": "b"}, True, 7]
        )

    def custom() -> dict[str, Any]:
        cells = [{"row": dice.choice(words), "column": dice.choice(words), "text": some()} for _ in range(2)]
        fields = {n: some() for n in ("factor", "rival", "new_rival", "decision", "reason", "waive", "why")}
        more = {n: some() for n in ("value", "row", "column", "subject", "customer", "factor", "id")}
        return {"do": dice.choice(VERBS), "cells": cells, "fields": fields, **more}

    def update() -> dict[str, Any]:
        names = [
            "html",
            "rows",
            "columns",
            "locked",
            "items",
            "most",
            "children",
            "spec",
            "_params",
            "layout",
            "_vl_selections",
            "_model_name",
            "_esm",
            "_view_module",
        ]
        return {dice.choice(names): some() for _ in range(2)}

    for number in range(300):
        model = models[number % len(models)]
        if number % 2:
            data: dict[str, Any] = {"method": "custom", "content": dice.choice([custom(), custom(), some()])}
        else:
            data = {"method": "update", "state": update(), "buffer_paths": []}
        line.send("comm_msg", comm_id=model, data=dice.choice([data] * 12 + [some()]))
    line.send(
        "comm_open", comm_id="mine", target_name="jupyter.widget", data={"state": {"_model_name": "Evil"}}
    )
    line.send("comm_close", comm_id=models[0], data={})

    _, heard = line.ask("kernel_info_request")
    told = json.dumps(heard)
    assert "Traceback" not in told and str(ROOT) not in told
    line.socket.close()
    assert (copied.read_bytes(), place.read_bytes()) == before
    assert sorted(p.name for p in copied.parent.iterdir()) == [copied.name]
    with urllib.request.urlopen(_asked(board), timeout=90) as answer:
        assert answer.status == 200
    board.wait_for_kernels(0, 60)
    assert not any("Traceback" in text for text in board.lines)


@pytest.mark.browser
def test_a_published_page_offers_nothing_to_change_and_leaves_no_kernel(published: Any, page: Any) -> None:
    board, copied = published
    before = copied.read_bytes()
    opened(page, board.url).wait_for_selector(DOT)
    for title in (SCORES, "Suggestion and decision"):
        page.locator(f'table[aria-label="{title}"] td').first.click()
        page.keyboard.type("9")
        page.keyboard.press("Enter")
        page.keyboard.press("Delete")
    page.get_by_text("read-only copy").first.wait_for()
    for offer in (
        "table[role=grid] input, .grid-add, .grid-remove, #kam-decide, #kam-undo",
        "table[role=grid] td[aria-readonly=false]",
    ):
        expect(page.locator(offer)).to_have_count(0)
    slide(page, ".kam-weights input[type=range]", 90)
    page.locator("#kam-agreed[aria-pressed=false]").wait_for()  # to look is allowed
    page.get_by_role("button", name="Equal").click()
    page.locator("#kam-equal[aria-pressed=true]").wait_for()
    assert page.problems == [] and page.outside == []
    page.close()

    board.wait_for_kernels(0)
    assert copied.read_bytes() == before
