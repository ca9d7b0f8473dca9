"""The server: what it shows, whom it refuses, and what is left when a page is gone."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from pathlib import Path
from typing import Any

import psutil
import pytest
import websocket
from playwright.sync_api import expect
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError

from kamlib.app import heartbeat, server
from kamlib.app.handlers import is_loopback
from kamlib.app.server import serve
from kamlib.errors import KamError
from tests.serving import COOKIE, Board, opened, wait_until, write_notebook
from tests.windows import serious

SHOW_ENVIRONMENT = """import json, os
found = {name: value for name, value in os.environ.items() if name.startswith("KAM_")}
found["KAM_TEST_PID"] = str(os.getpid())
display({"text/plain": json.dumps(found)}, raw=True)"""
WIDGETS = """import time
import ipywidgets as w
from kamlib.app.heartbeat import Heartbeat
beat = Heartbeat()
name = w.Text(description="Name")
said = w.Label("nothing yet")
work = w.Button(description="Work")
def hear(change):
    said.value = "heard " + change.new
def compute(_):
    end = time.time() + 6
    while time.time() < end:
        pass
    said.value = "computed"
name.observe(hear, "value")
work.on_click(compute)
w.VBox([beat, name, work, said])"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three notebooks and a few files beside them that nobody may fetch."""
    folder = tmp_path_factory.mktemp("shelf") / "notebooks"
    write_notebook(folder / "01_segmentation.ipynb", "# Which segments do we serve?", SHOW_ENVIRONMENT)
    write_notebook(
        folder / "02_kaism.ipynb",
        "# Who are our key accounts?\n\nScore, then look.\n\n## Step 7\n\nSix factors are enough.",
        WIDGETS,
        "raise RuntimeError('only for reports')",
        tags={1: ["report"]},
    )
    write_notebook(
        folder / "03_broken.ipynb",
        "# What goes wrong",
        "1/0",
        "print('never reached')",
    )
    write_notebook(
        folder / "04_refused.ipynb",
        "# What we refuse",
        "from kamlib.errors import WorkbookError\n"
        "raise WorkbookError('The <b>workbook</b> is not there.', hint='Look for it.')",
    )
    write_notebook(folder / "05_large.ipynb", "# Large", "display({'text/html': 'x' * 8_000_000}, raw=True)")
    for name in ("secret.png", "notes.svg", "customers.csv"):
        (folder / name).write_text("CANARY")
    (folder / "sub").mkdir()
    (folder / "sub" / "deep.png").write_text("CANARY")
    return folder


@pytest.fixture(scope="module")
def board(folder: Path) -> Iterator[Board]:
    with Board(folder, workbook=folder.parent / "book") as board:
        yield board


def get(url: str, method: str = "GET", **headers: str) -> tuple[int, Any, str]:
    """Status, headers and text of an answer; redirects are answers too."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any, **__: Any) -> None:
            return None

    request = urllib.request.Request(url, headers={"Cookie": COOKIE, **headers}, method=method)
    try:
        answer = urllib.request.build_opener(Stay).open(request, timeout=120)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers, answer.read().decode("utf-8", "replace")


def kernel_of(text: str) -> str:
    found = re.search(r'"kernelId": "([\w-]+)"', text)
    assert found
    return found[1]


def outputs(text: str) -> list[Any]:
    """What the cells of a page put out."""
    pattern = r'<script type="application/vnd.voila.cell-output\+json">(.*?)</script>'
    return [json.loads(found) for found in re.findall(pattern, text, re.DOTALL)]


def environment(text: str) -> dict[str, str]:
    """What SHOW_ENVIRONMENT showed in a page."""
    return json.loads(outputs(text)[0]["data"]["text/plain"])


def connect(board: Board, text: str) -> websocket.WebSocket:
    """The connection that a page opens to its kernel when its scripts run."""
    address = f"ws://127.0.0.1:{board.port}/api/kernels/{kernel_of(text)}/channels?session_id=t"
    return websocket.create_connection(address, origin=board.base, timeout=60)


def ask(board: Board, name: str) -> socket.socket:
    """Ask for a page and read nothing of the answer."""
    asked = socket.socket()
    asked.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    asked.connect(("127.0.0.1", board.port))
    lines = [f"GET /voila/render/{name}.ipynb HTTP/1.1", f"Host: 127.0.0.1:{board.port}", f"Cookie: {COOKIE}"]
    asked.sendall("\r\n".join([*lines, "", ""]).encode())
    return asked


def leave(board: Board, text: str, headers: Any) -> int:
    """End the kernel of a page as its own page does."""
    cookie = "; ".join(line.split(";")[0] for line in headers.get_all("Set-Cookie", []))
    token = re.search(r"_xsrf=([^;]+)", cookie)
    request = urllib.request.Request(
        f"{board.base}/voila/api/shutdown/{kernel_of(text)}",
        data=f"_xsrf={token[1] if token else ''}".encode(),
        headers={"Cookie": cookie},
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


# what is shown


def test_the_root_leads_to_the_first_notebook_of_the_job(board: Board) -> None:
    status, headers, _ = get(board.base + "/")

    assert (status, headers["Location"]) == (302, "/voila/render/02_kaism.ipynb")


def test_the_list_of_files_is_not_there(board: Board) -> None:
    status, headers, _ = get(board.base + "/voila/tree/sub")
    assert (status, headers["Location"]) == (302, "/voila/render/02_kaism.ipynb")

    assert get(board.base + "/voila/api/contents/")[0] == 404


@pytest.mark.browser
def test_a_page_is_complete_without_the_network(board: Board, page: Any) -> None:
    """T3: title, language, landmarks, navigation, widgets; nothing asked outside, nothing amiss."""
    opened(page, board.url)

    expect(page).to_have_title("Who are our key accounts? · Key account workbook")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    for role in ("banner", "main", "contentinfo", "navigation"):
        expect(page.get_by_role(role)).to_have_count(1)
    expect(page.get_by_role("link", name="Skip to the page")).to_have_count(1)
    links = page.get_by_role("navigation").get_by_role("link")
    for number, title in enumerate(("Which segments do we serve?", "Who are our key accounts?")):
        expect(links.nth(number)).to_have_text(title)
    expect(page.locator("[aria-current=page]")).to_have_text("Who are our key accounts?")
    page.get_by_label("Name").fill("Ada")
    page.keyboard.press("Tab")
    page.get_by_text("heard Ada").wait_for()
    expect(page.get_by_text("only for reports")).to_have_count(0)
    expect(page.locator(".jp-Cell-inputWrapper .jp-InputArea-editor")).to_have_count(0)
    assert (page.outside, page.problems) == ([], [])


@pytest.mark.browser
def test_a_page_can_be_printed(board: Board, page: Any) -> None:
    opened(page, board.url)
    page.emulate_media(media="print")

    expect(page.get_by_role("navigation")).to_have_count(0)
    heights = "[document.getElementById('kam-main').scrollHeight, document.body.offsetHeight]"
    page.wait_for_function(f"() => {{ const [main, body] = {heights}; return body >= main && main > 100; }}")


@pytest.mark.browser
def test_axe_finds_nothing_serious(board: Board, page: Any) -> None:
    assert serious(opened(page, board.url)) == []


def test_a_failed_cell_shows_a_sentence_and_no_path(board: Board, folder: Path) -> None:
    _, headers, text = get(board.page("03_broken"))
    assert leave(board, text, headers) == 204

    assert "This part could not be shown" in text
    for leak in ("ZeroDivision", "Traceback", "1/0", str(folder), "site-packages", "never reached"):
        assert leak not in text
    wait_until(lambda: any("ZeroDivisionError" in line for line in board.lines))
    assert not any("Traceback" in line for line in board.lines)


def test_our_own_errors_show_their_sentence_escaped(board: Board) -> None:
    _, headers, text = get(board.page("04_refused"))
    assert leave(board, text, headers) == 204

    (shown,) = outputs(text)
    assert "The &lt;b&gt;workbook&lt;/b&gt; is not there. Look for it." in shown["data"]["text/html"]
    assert "WorkbookError" not in text


@pytest.mark.browser
def test_a_kernel_that_cannot_start_or_dies_is_told(page: Any, tmp_path: Path) -> None:
    """Voila alone would go on loading for ever."""
    write_notebook(tmp_path / "shelf" / "01_dies.ipynb", "# Dies", "import os; os._exit(1)", "1 + 1")
    broken = {"argv": ["false", "{connection_file}"], "display_name": "Broken", "language": "python"}
    spec = tmp_path / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps(broken))
    with Board(tmp_path / "shelf") as board:
        page.goto(board.url, wait_until="commit")
        page.get_by_role("alert").filter(has_text="The workbook could not be opened. Reload").wait_for()
        board.wait_for_kernels(0)
    with Board(tmp_path / "shelf", env={"JUPYTER_PATH": str(tmp_path)}) as board:
        assert "kam.fail()" in get(board.page("01_dies"))[2]
        wait_until(lambda: any("does not answer" in line for line in board.lines))


def test_an_unknown_page_and_an_odd_address_say_so(board: Board, folder: Path) -> None:
    for path in (
        "voila/render/nothing.ipynb",
        "voila/render/..%2f..%2fetc%2fpasswd",
        "what",
        "voila/templates/x",
    ):
        status, _, text = get(f"{board.base}/{path}")
        assert status in (404, 500), path
        assert "Key account workbook" in text and "Traceback" not in text and str(folder) not in text


# whom it refuses


def test_headers_are_strict_on_every_answer(board: Board) -> None:
    for path in (
        "/",
        "/voila/static/voila.js",
        "/voila/files/secret.png",
        "/nowhere",
        "/api/kernels/a-b-c-d-e",
    ):
        headers = get(board.base + path)[1]
        policy = headers["Content-Security-Policy"]
        host = f"127.0.0.1:{board.port}"
        assert f"connect-src 'self' ws://{host} wss://{host};" in policy, path
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_a_foreign_host_is_refused_everywhere(board: Board) -> None:
    """T15: a name that an attacker points to this machine opens nothing, not even a script."""
    for path in ("/", "/voila/render/02_kaism.ipynb", "/voila/static/voila.js", "/nowhere"):
        assert get(board.base + path, Host="evil.example")[0] == 403
        assert get(board.base + path, Host=f"127.0.0.1.evil.example:{board.port}")[0] == 403
    assert get(board.base + "/", Host=f"localhost:{board.port}")[0] == 302
    assert get(board.base + "/", Host=f"[::1]:{board.port}")[0] == 302


@pytest.mark.parametrize(
    "name", ["secret.png", "notes.svg", "customers.csv", "sub/deep.png", "02_kaism.ipynb"]
)
def test_no_file_is_served(board: Board, name: str) -> None:
    """T14."""
    status, _, text = get(f"{board.base}/voila/files/{name}")

    assert status == 403 and "CANARY" not in text


@pytest.mark.parametrize(
    "path", ["contents", "terminals", "sessions", "kernelspecs", "kernels", "me", "shutdown"]
)
def test_the_interfaces_of_a_notebook_server_are_not_there(board: Board, path: str) -> None:
    """T13."""
    assert get(f"{board.base}/api/{path}")[0] == 404


def test_code_sent_by_a_page_is_not_run(board: Board, tmp_path: Path) -> None:
    """T13: an execute request gets no answer and has no effect; a foreign page gets no connection."""
    _, headers, text = get(board.page("01_segmentation"))
    address = f"ws://127.0.0.1:{board.port}/api/kernels/{kernel_of(text)}/channels?session_id=t"
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        websocket.create_connection(address, origin="http://evil.example", timeout=60)
    line = connect(board, text)
    trace = tmp_path / "trace"

    def send(kind: str, **content: Any) -> None:
        header = {"msg_id": kind, "msg_type": kind, "session": "t", "username": "", "version": "5.3"}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        line.send(json.dumps({**message, "channel": "shell", "buffers": []}))

    send("execute_request", code=f"open({str(trace)!r}, 'w')", silent=False)
    for kind in ("complete_request", "inspect_request", "history_request", "is_complete_request"):
        send(kind, code="imp", cursor_pos=3)
    send("kernel_info_request")
    kinds = []
    while "kernel_info_reply" not in kinds:
        kinds.append(json.loads(line.recv())["header"]["msg_type"])
    line.close()

    assert set(kinds) <= {"kernel_info_reply", "status"} and not trace.exists()
    assert leave(board, text, Message()) == 403  # not without the cookie of the page
    assert leave(board, text, headers) == 204


def test_an_address_cannot_change_the_workbook(board: Board, folder: Path) -> None:
    """T23 and design 8: neither query nor header reaches the notebook."""
    evil = "?workbook=evil&KAM_WORKBOOK=evil&token=x&template=lab&theme=dark"
    status, headers, _ = get(board.page("01_segmentation") + evil)
    assert (status, headers["Location"]) == (302, "/voila/render/01_segmentation.ipynb")

    _, headers, text = get(board.page("01_segmentation"), KAM_WORKBOOK="evil", **{"X-KAM-WORKBOOK": "evil"})
    leave(board, text, headers)

    found = environment(text)
    assert found.pop("KAM_TEST_PID").isdigit()
    assert found == {"KAM_WORKBOOK": str(folder.parent / "book"), "KAM_LIFE": "voila"}


@pytest.mark.parametrize(
    ("ips", "own"),
    [
        (["127.0.0.1", "127.0.0.2", "::1", "localhost"], True),
        (["0.0.0.0", "::", "192.0.2.7", "workshop", ""], False),
    ],
)
def test_loopback_is_told_from_the_rest(ips: list[str], own: bool) -> None:
    assert [is_loopback(ip) for ip in ips] == [own] * len(ips)


def test_beyond_loopback_a_token_is_needed(folder: Path) -> None:
    """T24: the token is in the printed address, and after that in no address, log or command line."""
    with Board(folder, ip="0.0.0.0", read_only=True, spare=1, env={"KAM_READ_ONLY": ""}) as board:
        token = board.url.partition("?token=")[2]
        assert len(token) >= 24 and "token=" in board.address
        for path in ("/", "/voila/render/01_segmentation.ipynb", "/?token=wrong", "/api/kernels/a-b-c-d-e"):
            status, _, text = get(board.base + path)
            assert status == 403 and token not in text
        with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
            websocket.create_connection(
                f"ws://127.0.0.1:{board.port}/api/kernels/a-b-c-d-e/channels", timeout=60
            )

        status, headers, _ = get(board.url)
        assert status == 302 and "token" not in headers["Location"]
        cookie = f"{COOKIE}; " + headers["Set-Cookie"].split(";")[0]
        status, _, text = get(board.page("01_segmentation"), Cookie=cookie)
        assert status == 200 and token not in text
        assert environment(text)["KAM_READ_ONLY"] == "1"

        told = [line for line in board.lines if token in line]
        commands = [" ".join(p.cmdline()) for p in [psutil.Process(board.process.pid), *board.kernels()]]
        assert len(told) == 1 and not any(token in command for command in commands)


def test_a_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(KamError, match="no notebooks"):
        serve("x", notebooks=tmp_path, read_only=False)


def test_a_taken_port_is_replaced_and_a_signal_ends_everything(board: Board, folder: Path) -> None:
    with Board(folder, port=board.port) as other:
        assert other.port != board.port
        get(other.page("01_segmentation"))
        other.wait_for_kernels(1)

        assert other.stop() == 0
        assert other.kernels() == [] and len(other.lines) == 1, other.lines  # in silence


@pytest.mark.parametrize("wrong", [OSError("the disk is gone"), TimeoutError()])
def test_pages_that_do_not_end_with_the_server_are_one_line(wrong: Exception, caplog: Any) -> None:
    class Manager:
        async def shutdown_all(self, now: bool) -> None:
            raise wrong

    with ThreadPoolExecutor(1) as apart:  # this one may have the browser's loop
        apart.submit(asyncio.run, server._end(Manager())).result()
    (said,) = caplog.messages
    assert type(wrong).__name__ in said and str(wrong) in said


def test_a_reader_who_leaves_is_no_problem() -> None:
    handler = server._one_line_handler()
    for error, said in (
        (WebSocketClosedError(), False),
        (StreamClosedError(), False),
        (OSError("full"), True),
    ):
        record = logging.makeLogRecord({"msg": "Task exception", "exc_info": (type(error), error, None)})
        assert bool(handler.filter(record)) == said


def test_long_temporary_folders_do_not_break_the_sockets(folder: Path, tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 20)
    deep.mkdir()
    with Board(folder, env={"TMPDIR": str(deep)}, pages=["01_segmentation"]) as board:
        assert environment(get(board.page("01_segmentation"))[2])["KAM_PAGES"] == "01_segmentation"
        assert get(board.page("02_kaism"))[0] == 404  # not among those that are served


# what is left when a page is gone


@pytest.mark.browser
def test_kernels_end_with_their_tabs(folder: Path, page: Any) -> None:
    """T16: closing, reloading and going to another notebook leave no kernel behind.

    On a board of its own: on the common one, what earlier tests fetched without a browser, or a
    page whose last word was lost, may still wait for the culler.
    """
    with Board(folder) as board:
        opened(page, board.url)
        board.wait_for_kernels(1)
        page.get_by_role("link", name="Which segments do we serve?").click()
        page.wait_for_url("**/01_segmentation.ipynb")
        page.wait_for_selector("body[data-kam=ready]")
        page.reload()
        page.wait_for_selector("body[data-kam=ready]")
        board.wait_for_kernels(1)

        page.close()

        board.wait_for_kernels(0)


def test_a_flood_fills_the_room_and_no_more(folder: Path) -> None:
    """T16: a friendly answer at once when the room is full, and an empty room afterwards."""
    order: list[int] = []
    most = 0

    def visit() -> None:
        order.append(get(board.page("01_segmentation"))[0])

    with Board(folder, max_kernels=3, cull_seconds=5) as board:
        visitors = [threading.Thread(target=visit) for _ in range(30)]
        for visitor in visitors:
            visitor.start()
        while any(v.is_alive() for v in visitors):
            most = max(most, len(board.kernels()))
            assert get(board.base + "/")[0] == 302
        assert (order.count(200), order.count(503)) == (3, 27)
        assert order[0] == 503 and 0 < most <= 3  # nobody was kept waiting only to be refused
        status, headers, text = get(board.page("01_segmentation"))
        assert status == 200 or (headers["Retry-After"] and "The room is full" in text)
        board.wait_for_kernels(0)
        wait_until(lambda: get(board.page("01_segmentation"))[0] == 200, what="room")


def test_who_is_no_reader_costs_no_kernel(board: Board) -> None:
    """Probes, link previews and prefetching browsers are answered, by the page's name at most."""
    before, name = {kernel.pid for kernel in board.kernels()}, board.page("01_segmentation")
    answers = [get(name, "HEAD"), get(name, Cookie=""), get(name, **{"Sec-Purpose": "prefetch;prerender"})]

    assert [status for status, *_ in answers] == [200, 200, 503]
    assert "needs JavaScript and cookies" in answers[1][2]
    assert get(board.base + "/", "HEAD")[0] == 302
    assert {kernel.pid for kernel in board.kernels()} <= before


@pytest.mark.parametrize("read_only", [True, False], ids=["publish", "workshop"])
def test_kernels_go_back_to_where_they_began(folder: Path, read_only: bool) -> None:
    """However a visitor leaves, its kernel ends; one waits, and a page that is open keeps its own."""
    with Board(folder, cull_seconds=4, read_only=read_only, spare=1) as board:
        board.wait_for_kernels(1)
        text = get(board.page("01_segmentation"))[2]
        line, pid = connect(board, text), int(environment(text)["KAM_TEST_PID"])
        stays = ask(board, "05_large")  # takes the first few bytes of many, and no more
        ask(board, "01_segmentation").close()  # gone before the page is there
        connect(board, get(board.page("01_segmentation"))[2]).shutdown()  # a tab that is killed
        get(board.page("01_segmentation"))  # and runs no script

        board.wait_for_kernels(2)
        assert pid in [kernel.pid for kernel in board.kernels()]
        line.ping()
        line.shutdown()
        stays.close()
        board.wait_for_kernels(1)
        assert not any("Traceback" in line for line in board.lines)


@pytest.mark.browser
def test_a_visitor_who_has_to_wait_is_told_so(folder: Path, page: Any, tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    gate = tmp_path / "gate"
    slow = f"import pathlib, time\nwhile not pathlib.Path({str(gate)!r}).exists(): time.sleep(0.05)"
    write_notebook(shelf / "01_slow.ipynb", "# Slow", slow)
    write_notebook(shelf / "02_kaism.ipynb", "# Quick", WIDGETS)
    with Board(shelf) as board:
        at_once = max(3, os.cpu_count() or 1)
        visitors = [threading.Thread(target=get, args=[board.page("01_slow")]) for _ in range(at_once)]
        for visitor in visitors:
            visitor.start()
        board.wait_for_kernels(at_once)

        page.goto(board.url, wait_until="commit")
        page.get_by_text("Others are opening the workbook too").wait_for()
        gate.touch()
        page.wait_for_selector("body[data-kam=ready]")

        expect(page.get_by_text("Others are opening")).to_be_hidden()
        expect(page.get_by_label("Name")).to_be_visible()
        expect(page).to_have_title("Quick · Key account workbook")
        for visitor in visitors:
            visitor.join()


def test_a_spare_kernel_is_taken_and_replaced(folder: Path) -> None:
    with Board(folder, spare=1, max_kernels=1, cull_seconds=1) as board:
        board.wait_for_kernels(1)
        (spare,) = board.kernels()
        status, _, text = get(board.page("01_segmentation"))

        assert (status, environment(text)["KAM_LIFE"]) == (200, "voila")
        assert environment(text)["KAM_TEST_PID"] == str(spare.pid)
        wait_until(lambda: [k.pid for k in board.kernels()] not in ([], [spare.pid]), what="the next one")
        assert board.stop() == 0 and board.kernels() == []


def test_a_server_stopped_while_its_kernels_start_leaves_none_behind(folder: Path) -> None:
    for _ in range(3):
        with Board(folder, spare=3) as board:
            wait_until(board.kernels, what="the first kernel")
            assert board.stop() == 0 and board.kernels() == []


def test_a_page_ignores_the_query_and_says_that_it_is_a_copy(folder: Path) -> None:
    with Board(folder, read_only=True, spare=1) as board:
        status, headers, _ = get(board.page("01_segmentation") + "?workbook=evil")
        assert (status, headers["Location"]) == (302, "/voila/render/01_segmentation.ipynb")
        first, second = (get(board.page("01_segmentation"))[2] for _ in range(2))

        assert kernel_of(first) != kernel_of(second)
        for text in (first, second):
            assert environment(text)["KAM_READ_ONLY"] == "1" and "A copy for reading" in text


# the banner


def banner(page: Any) -> Any:
    return page.get_by_role("alert").filter(has_text="Connection to the workbook is lost")


def test_silence_is_told_within_five_seconds() -> None:
    """T17: as the page counts them, which on a busy machine is not what the clock on the wall says."""
    script = Path(heartbeat.__file__).with_name("heartbeat.js").read_text(encoding="utf-8")
    ping, silence, tick = map(int, re.findall(r"(?:PING|SILENCE|TICK) = (\d+)", script))
    assert silence + tick < 5000 and silence > 3 * 1000 * heartbeat.BEAT_SECONDS > 2 * ping


@pytest.mark.browser
def test_a_busy_kernel_raises_no_alarm(board: Board, page: Any) -> None:
    opened(page, board.url)
    page.evaluate(
        """() => new MutationObserver((changes) => {
            for (const change of changes)
                for (const node of change.addedNodes) if (node.className === "kam-banner") window.alarm = 1;
        }).observe(document.body, {childList: true})"""
    )

    page.get_by_role("button", name="Work").click()
    page.get_by_text("computed").wait_for()

    assert page.evaluate("window.alarm") is None


@pytest.mark.browser
def test_the_banner_comes_and_goes_with_the_kernel_and_stays_when_it_is_dead(folder: Path, page: Any) -> None:
    """T17: gone only if the very same kernel answers again."""
    with Board(folder) as board:
        opened(page, board.url)
        page.get_by_label("Name").fill("Ada")
        page.keyboard.press("Tab")
        page.get_by_text("heard Ada").wait_for()
        wait_until(lambda: page.evaluate("Boolean(window.kamHeartbeatStop)"), what="the first beat")
        (kernel,) = board.kernels()

        kernel.suspend()
        banner(page).wait_for()
        kernel.resume()
        banner(page).wait_for(state="detached")

        kernel.kill()
        banner(page).wait_for()
        assert board.kernels() == []  # not silently replaced by an empty one

        banner(page).get_by_role("button", name="Reload").click()
        page.wait_for_selector("body[data-kam=ready]")
        expect(banner(page)).to_have_count(0)


@pytest.mark.browser
def test_the_banner_comes_when_the_server_is_gone(folder: Path, page: Any) -> None:
    with Board(folder) as board:
        opened(page, board.url)
        wait_until(lambda: page.evaluate("Boolean(window.kamHeartbeatStop)"), what="the first beat")

        board.kill()

        banner(page).wait_for()
        wait_until(lambda: not board.kernels(), what="its kernel ends by itself")
