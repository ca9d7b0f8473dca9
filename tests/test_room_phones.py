"""The ballot on real phones: joining by the QR code's address, voting without a network, restarts, keyboard, axe."""

from __future__ import annotations

import html
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.rooms import PEOPLE, Phone, example
from tests.serving import COOKIE, NOTEBOOKS, ROOT, Board, wait_until, watched, write_notebook
from tests.windows import WIDE

pytestmark = pytest.mark.browser
STORED = "Your vote is stored. Nobody sees it until the reveal."


class Workshop:
    """`kam workshop --room` on a workbook; `link` is what the QR code holds."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.place = folder, folder / "book.kam"
        self.table = example(self.place)
        self.open()

    def open(self) -> None:
        env = {"XDG_STATE_HOME": str(self.folder / "state")}
        self.board = Board(NOTEBOOKS, workbook=self.place, room_ip="127.0.0.1", env=env)
        words = wait_until(
            lambda: [line for line in self.board.lines if "Phones join" in line], 60, "the room"
        )
        self.address, self.code = re.search(r"at (\S+) with the code (\w{6})$", words[0]).groups()
        self.link = f"{self.address}/#{self.code}"

    def votes(self, person: str) -> dict[tuple[str, str], tuple[str, str]]:
        """(customer, factor) -> score and note, of one person; each stands there once."""
        rows = self.table.rows("ballots", person=person)
        found = {(row["subject"], row["factor"]): (row["score"], row["note"]) for row in rows}
        assert len(found) == len(rows)
        return found

    def scored(self, person: str, *scores: str) -> None:
        """Wait until these are the scores that somebody has given; one is shown as stored before the others are."""
        wait_until(
            lambda: [score for score, _ in self.votes(person).values()] == [*scores],
            what=f"the scores of {person}",
        )


@pytest.fixture
def workshop(tmp_path: Path, browser: Any) -> Iterator[Workshop]:
    workshop = Workshop(tmp_path)
    yield workshop
    workshop.board.stop()


@pytest.fixture
def phone(browser: Any) -> Iterator[Callable[[], Any]]:
    """Makes phones; each is a browser of its own."""
    made: list[Any] = []

    def new() -> Any:
        context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
        made.append(context)
        return watched(context)

    yield new
    for context in made:
        context.close()


def join(phone: Any, workshop: Workshop, name: str) -> Any:
    phone.goto(workshop.link)
    phone.get_by_role("button", name=name).tap()
    expect(phone.get_by_role("heading")).to_contain_text(name.split()[0])
    return phone


def score(phone: Any, value: int | str) -> None:
    """Tap a score; the phone has taken it once it stands out from the others."""
    key = phone.get_by_role("button", name=str(value), exact=True)
    key.tap()
    expect(key).to_have_attribute("aria-pressed", "true")


def on(phone: Any, button: str = "last") -> None:
    """Go to the next question, or to the one before, which is another in its factor, its customer or whose score it is."""
    asked = phone.locator("#screen .topic, #screen h1, #screen .whose")
    before = asked.all_text_contents()
    getattr(phone.locator("footer button"), button).tap(force=True)
    wait_until(lambda: asked.all_text_contents() not in ([], before), what="another question")


def clean(phone: Any) -> None:
    """Nothing for axe to find, nothing wider than the phone, and every target large enough for a thumb."""
    from axe_playwright_python.sync_playwright import Axe

    assert [(v["id"], v["nodes"][0]["html"]) for v in Axe().run(phone).response["violations"]] == []
    assert phone.evaluate(WIDE) == []
    small = "e => e.map((b) => [b.textContent, b.getBoundingClientRect()]).filter(([, r]) => r.width && (r.height < 44 || r.width < 44))"
    assert phone.locator("button, input, textarea").evaluate_all(small) == []


def test_three_phones_join_and_vote_blind(workshop: Workshop, phone: Callable[[], Any]) -> None:
    """One taps its name, one types the code and adds a name, one uses the keyboard alone; each screen is clean."""
    anna, new, keys = phone(), phone(), phone()
    anna.goto(workshop.link)
    expect(anna.get_by_role("heading")).to_have_text("Who are you?")
    clean(anna)
    anna.get_by_role("button", name="Anna Example").tap()
    expect(anna.get_by_role("heading")).to_have_text("You are in, Anna Example")
    clean(anna)

    new.goto(workshop.address)
    expect(new.get_by_label("The code on the big screen")).to_be_visible()
    clean(new)
    new.get_by_label("The code on the big screen").fill("AAAAAA")
    new.get_by_role("button", name="Go on").tap()
    expect(new.get_by_role("alert")).to_contain_text("not the code")
    new.get_by_label("The code on the big screen").fill(workshop.code.lower())
    new.get_by_role("button", name="Go on").tap()
    new.get_by_role("button", name="My name is not here").tap()
    expect(new.get_by_label("Your name")).to_be_visible()
    clean(new)
    odd = "<img src=x onerror=alert(1)>"
    new.get_by_label("Your name").fill(odd)
    new.get_by_label("Your function").fill("Operations")
    new.get_by_role("button", name="Join", exact=True).tap()
    expect(new.get_by_role("heading")).to_have_text(f"You are in, {odd}")
    assert new.locator("img").count() == 0

    keys.goto(workshop.link)
    expect(keys.get_by_role("heading")).to_have_text("Who are you?")
    for _ in range(9):  # to the one called Cleo
        keys.keyboard.press("Tab")
        if "Cleo" in keys.evaluate("document.activeElement.textContent"):
            break
    keys.keyboard.press("Enter")
    expect(keys.get_by_role("heading")).to_contain_text("Cleo")

    workshop.table.poll()
    for each in (anna, new, keys):
        expect(each.get_by_role("heading")).to_have_text("Alpha")
    expect(new.locator("header")).to_contain_text("OperationsFactor 1 of 6")
    expect(anna.locator("main")).to_contain_text("Size")
    expect(anna.locator("dl")).to_contain_text("Buys once a year.")
    clean(anna)
    score(anna, 7)
    expect(anna.get_by_text(STORED)).to_be_visible()
    assert workshop.votes("anna") == {("Alpha", "f1"): ("7", "")}
    anna.get_by_role("button", name="Add a note").tap()
    anna.get_by_label("Your note").fill("They <b>doubled</b>.")
    clean(anna)
    expect(anna.locator("footer button").last).to_have_text("Next: Beta")
    on(anna)
    expect(anna.get_by_role("heading")).to_have_text("Beta")
    score(anna, "I don't know")
    expect(anna.get_by_text(STORED)).to_be_visible()
    noted = {("Alpha", "f1"): ("7", "They <b>doubled</b>."), ("Beta", "f1"): ("", "")}
    wait_until(lambda: workshop.votes("anna") == noted, what="the note and what is not known")

    for _ in range(14):
        keys.keyboard.press("Tab")
        if keys.evaluate("document.activeElement.textContent") == "9":
            break
    keys.keyboard.press("Space")
    expect(keys.get_by_text(STORED)).to_be_visible()
    assert workshop.votes("cleo") == {("Alpha", "f1"): ("9", "")}

    for n in range(2, 24):
        on(anna)
        score(anna, n % 10 + 1)
    expect(anna.locator("footer button").last).to_have_text("See all my answers")
    on(anna)
    expect(anna.get_by_role("heading", name="Your answers")).to_be_visible()
    expect(anna.get_by_role("status").last).to_contain_text("24 of 24. All are stored.")
    clean(anna)
    anna.get_by_role("button", name=re.compile("Alpha.*note")).tap()
    score(anna, 2)
    expect(anna.get_by_text(STORED)).to_be_visible()
    workshop.table.poll(status="closed")
    expect(anna.get_by_role("heading", name="The vote is closed")).to_be_visible()
    expect(anna.get_by_role("status").last).to_have_text("You have answered 24 of 24. All are stored.")
    expect(new.get_by_role("heading", name="The vote is closed")).to_be_visible()
    clean(anna)
    workshop.table.poll(status="revealed")
    expect(anna.get_by_role("heading", name="Look at the big screen")).to_be_visible()
    clean(anna)
    assert workshop.votes("anna")[("Alpha", "f1")] == ("2", "They <b>doubled</b>.")
    workshop.table.poll("2026.2", cells="Beta f2\nGamma f3", blind="no")
    expect(anna.get_by_role("heading")).to_have_text("Beta")
    score(anna, 4)
    expect(anna.get_by_text("It shows on the big screen at once")).to_be_visible()
    for each in (anna, new, keys):
        assert each.outside == [] and [p for p in each.problems if "403" not in p] == []


def test_votes_given_without_a_network_or_a_server_are_sent_once(
    workshop: Workshop, phone: Callable[[], Any]
) -> None:
    """Offline, reloaded, and the server killed and started again: the phone goes on where it was."""
    anna, ben = join(phone(), workshop, "Anna Example"), join(phone(), workshop, "Ben Example")
    workshop.table.poll()
    expect(anna.get_by_role("heading")).to_have_text("Alpha")
    score(anna, 3)
    expect(anna.get_by_text(STORED)).to_be_visible()
    anna.context.set_offline(True)
    expect(anna.get_by_text("Offline: your votes are kept on this phone.")).to_be_visible()
    clean(anna)
    score(anna, 4)
    expect(anna.get_by_text("Kept on this phone until")).to_be_visible()
    for value in (5, 6):
        on(anna)
        score(anna, value)
    assert workshop.votes("anna") == {("Alpha", "f1"): ("3", "")}
    anna.context.set_offline(False)
    expect(anna.get_by_text(STORED)).to_be_visible()
    expect(anna.get_by_text("Offline")).to_be_hidden()
    workshop.scored("anna", "4", "5", "6")
    anna.reload()
    expect(anna.get_by_role("heading")).to_have_text("Gamma")
    expect(anna.get_by_text(STORED)).to_be_visible()

    before = workshop.link
    workshop.board.kill()
    expect(anna.get_by_text("Offline")).to_be_visible()
    on(anna)
    score(anna, 8)
    expect(anna.get_by_text("Kept on this phone until")).to_be_visible()
    expect(ben.get_by_role("heading")).to_have_text("Alpha")
    score(ben, 9)
    workshop.open()
    assert workshop.link == before
    for each in (anna, ben):
        expect(each.get_by_text(STORED)).to_be_visible()
        expect(each.get_by_text("Offline")).to_be_hidden()
    workshop.scored("anna", "4", "5", "6", "8")
    assert workshop.votes("ben") == {("Alpha", "f1"): ("9", "")}

    anna.context.set_offline(True)
    score(anna, 1)
    expect(anna.get_by_text("Kept on this phone until")).to_be_visible()
    workshop.table.poll(status="closed")
    expect(ben.get_by_role("heading", name="closed")).to_be_visible()
    anna.context.set_offline(False)
    expect(anna.get_by_text("1 vote came too late and is kept on this phone.")).to_be_visible()
    assert workshop.votes("anna")[("Delta", "f1")] == ("8", "")
    workshop.table.poll(status="open")  # late ones are let in
    wait_until(lambda: workshop.votes("anna")[("Delta", "f1")] == ("1", ""), what="the late vote")


def test_the_page_ticks_what_is_stored_whatever_the_network_does(
    workshop: Workshop, phone: Callable[[], Any]
) -> None:
    """Requests and answers of the real page are lost, doubled and delayed, and the page is reloaded."""
    dice, anna = random.Random(5), join(phone(), workshop, "Anna Example")
    workshop.table.poll()
    expect(anna.get_by_role("heading")).to_have_text("Alpha")
    happened: dict[str, int] = {}

    def disturb(route: Any) -> None:
        what = dice.choice(["request lost", "answer lost", "doubled", "well"])
        happened[what] = happened.get(what, 0) + 1
        if what == "request lost":
            route.abort()
            return
        answer = route.fetch()
        if what == "answer lost":
            route.abort()
        else:
            route.fulfill(response=route.fetch() if what == "doubled" else answer)

    anna.context.route(re.compile("/vote$"), disturb)
    expected: dict[tuple[str, str], tuple[str, str]] = {}
    for n in range(30):
        name = anna.get_by_role("heading").text_content()
        for value in dice.sample(range(1, 11), 2):
            score(anna, value)
        expected[(name, f"f{n // 4 + 1}")] = (str(value), "")
        if n % 6 == 5:
            anna.reload()
            expect(anna.get_by_role("heading")).to_have_text(name)
        if n == 23:
            break
        on(anna)
    for _ in range(24):
        expect(anna.get_by_text(STORED)).to_be_visible()
        place = (
            anna.get_by_role("heading").text_content(),
            int(re.search(r"Factor (\d)", anna.locator("header").text_content())[1]),
        )
        assert workshop.votes("anna")[(place[0], f"f{place[1]}")] == expected[(place[0], f"f{place[1]}")]
        if place != ("Alpha", 1):
            on(anna, "first")
    assert workshop.votes("anna") == expected and len(happened) == 4, happened


def test_weights_by_keyboard_and_who_may_come_in(workshop: Workshop, phone: Callable[[], Any]) -> None:
    anna, second = join(phone(), workshop, "Anna Example"), phone()
    workshop.table.poll("2026.1", how="points")
    fields = anna.get_by_role("textbox")
    expect(fields).to_have_count(6)
    store = anna.get_by_role("button", name="Store my points")
    fields.first.focus()
    for points in ("50", "30", "15"):
        anna.keyboard.type(points)
        anna.keyboard.press("Tab")
    expect(anna.get_by_text("5 left", exact=True)).to_be_visible()
    expect(store).to_be_disabled()
    clean(anna)
    anna.keyboard.type("5")
    anna.keyboard.press("Tab")
    anna.reload()  # what was typed is still there
    expect(anna.get_by_text("0 left", exact=True)).to_be_visible()
    store.press("Enter")
    expect(anna.get_by_text(STORED)).to_be_visible()
    points = {row["factor"]: row["points"] for row in workshop.table.rows("weight_ballots", person="anna")}
    assert points == {"f1": "50", "f2": "30", "f3": "15", "f4": "5", "f5": "0", "f6": "0"}
    workshop.table.poll("2026.1", "revealed")
    workshop.table.poll("2026.2", how="ranking")
    down = anna.get_by_role("button", name="Move Size down")
    for place in (2, 3):
        down.press("Enter")
        expect(anna.get_by_text(f"Size is now number {place} of 6.")).to_be_visible()
        expect(down).to_be_focused()
    clean(anna)
    anna.get_by_role("button", name="Store my order").press("Enter")
    expect(anna.get_by_text(STORED)).to_be_visible()
    places = {row["factor"]: row["place"] for row in workshop.table.rows("weight_ballots", round="2026.2")}
    assert [factor for factor, place in sorted(places.items(), key=lambda p: int(p[1]))][:3] == [
        "f2",
        "f3",
        "f1",
    ]

    second.goto(workshop.link)
    second.get_by_role("button", name="Anna Example").tap()
    expect(second.get_by_role("heading")).to_have_text("Please wait")
    clean(second)
    expect(anna.get_by_text("Somebody wants to join as Anna Example on another phone.")).to_be_visible()
    clean(anna)
    anna.get_by_role("button", name="Let in").tap()
    expect(second.get_by_role("heading")).to_have_text("Put them in order")
    expect(anna.get_by_text("Somebody wants")).to_have_count(0)
    rows = workshop.table.rows("participants")
    workshop.table.put("participants", {"phone": rows[-1]["phone"]}, status="removed")
    expect(second.get_by_text("The facilitator has removed this phone")).to_be_visible()
    clean(second)
    second.get_by_role("button", name="Go on").tap()
    second.get_by_role("button", name="Dev Example").tap()
    expect(second.get_by_role("heading")).to_have_text("Please wait")
    assert {row["status"] for row in workshop.table.rows("participants", person="dev")} == {"asking"}
    assert len(workshop.table.rows("people")) == len(PEOPLE)


def test_strength_says_whose_score_is_asked(workshop: Workshop, phone: Callable[[], Any]) -> None:
    anna = join(phone(), workshop, "Anna Example")
    workshop.table.poll(model="strength", closes="2099-01-01T00:00:00Z")
    expect(anna.get_by_text("Score us", exact=True)).to_be_visible()
    expect(anna.locator("header")).to_contain_text(re.compile(r"Customer 1 of 4 · \d+:\d\d left"))
    expect(anna.locator("footer button").last).to_have_text("Next: Competitor X")
    score(anna, 8)
    on(anna)
    expect(anna.get_by_text("Score the competitor: Competitor X")).to_be_visible()
    clean(anna)
    score(anna, 5)
    expect(anna.get_by_text(STORED)).to_be_visible()
    stored = {(row["subject"], row["supplier"]): row["score"] for row in workshop.table.rows("ballots")}
    assert stored == {("Alpha", "us"): "8", ("Alpha", "X"): "5"}


def test_the_page_is_small(workshop: Workshop, phone: Callable[[], Any]) -> None:
    """At most 60 kB for the page and its files, and nothing from elsewhere."""
    anna, answers = phone(), list[Any]()
    anna.on("response", lambda answer: answers.append(answer))
    anna.goto(workshop.address, wait_until="networkidle")
    sizes = [len(answer.body()) for answer in answers]
    assert len(sizes) >= 3 and sum(sizes) <= 60_000 and anna.outside == []


def test_the_room_has_the_ballot_alone_and_kernels_know_where_it_is(
    tmp_path: Path, phone: Callable[[], Any]
) -> None:
    """Also the kernel that waits for the first page."""
    example(tmp_path / "book.kam")
    write_notebook(
        tmp_path / "pages" / "01_where.ipynb", "# Where", "import os; print(os.environ['KAM_ROOM'])"
    )
    with Board(
        tmp_path / "pages",
        workbook=tmp_path / "book.kam",
        room_ip="127.0.0.1",
        spare=1,
        env={"XDG_STATE_HOME": str(tmp_path)},
    ) as board:
        words = wait_until(lambda: [line for line in board.lines if "Phones join" in line], 60, "the room")[
            0
        ].split()
        ask = phone().context.request.get
        shown = ask(board.page("01_where"), headers={"Cookie": COOKIE}).text()
        assert f'"address": "{words[3]}", "code": "{words[-1]}"' in html.unescape(shown).replace("\\", "")
        for path in ("/voila/render/01_where.ipynb", "/api/kernels", "/voila/static/voila.js"):
            assert ask(f"{words[3]}{path}").status == 404


def test_the_command_opens_a_room_where_it_is_asked_for(tmp_path: Path) -> None:
    example(tmp_path / "book.kam")
    command = [sys.executable, "-m", "kamlib.cli", "workshop", "book.kam", "--no-browser", "--port", "0"]
    env = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [*command, "--room", "--room-ip", "127.0.0.1"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=env,
    ) as process:
        try:
            assert process.stdout
            words = next(line for line in process.stdout if "Phones join" in line).split()
            assert Phone(words[3]).join(words[-1])[0] == 200
        finally:
            process.terminate()
