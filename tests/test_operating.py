"""Running it for a company: the recipes of deploy/ as they stand, with a real nginx and TLS before two workbooks."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from kamlib.app import operating
from kamlib.errors import InvalidInput
from kamlib.workbook import stores
from tests.serving import COOKIE, ROOT, opened, wait_until, watched
from tests.windows import serious, slide

DEPLOY = ROOT / "deploy"
STRANGER = "127.0.0.2"  # comes from this computer too, but is not the proxy


def free(count: int) -> list[int]:
    """Ports where nobody listens; from a range of which no system gives any to those who ask for just one."""
    ports: list[int] = []
    for port in random.SystemRandom().sample(range(20_000, 32_000), 200):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            ports.append(port)
    return ports[:count]


def answers(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def place(tmp_path_factory: Any) -> Iterator[Any]:
    """nginx with our recipe, once with the Host kept and once rewritten, before `kam serve` with our kam.toml."""
    nginx, openssl = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"), shutil.which("openssl")
    if not (nginx and openssl):
        pytest.skip("no nginx or openssl found: install nginx-light and openssl")
    folder = tmp_path_factory.mktemp("operating")
    kept, rewritten, sales, team = free(4)
    stores.copy(ROOT / "data" / "tiny", folder / "sales.kam")
    config = (DEPLOY / "kam.toml").read_text().replace("kam.example.com", "localhost")
    config = config.replace("/srv/kam/", "").replace("8877", str(sales)).replace("8878", str(team))
    (folder / "kam.toml").write_text(config.replace("waiting = 2", "waiting = 1"))
    subprocess.run(
        [
            openssl,
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            folder / "kam.key",
            "-out",
            folder / "kam.crt",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ],
        check=True,
        capture_output=True,
    )
    recipe = (
        (DEPLOY / "nginx.conf")
        .read_text()
        .replace("/etc/ssl/", f"{folder}/")
        .replace("$remote_user", "helen")
    )
    recipe = (
        recipe.replace("8877", str(sales)).replace("8878", str(team)).replace("kam.example.com", "localhost")
    )
    first = recipe.replace("listen 443", f"listen 127.0.0.1:{kept}")
    second = re.sub(
        r"map .*?\n}\n", "", recipe.replace("listen 443", f"listen 127.0.0.1:{rewritten}"), flags=re.DOTALL
    )
    second = re.sub(r".* (Host|X-Forwarded-Host) .*\n", "", second)
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {paths}\n{first}\n{second} }}"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    kam = subprocess.Popen(
        [sys.executable, "-m", "kamlib", "serve", str(folder / "kam.toml")],
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    front = subprocess.Popen([nginx, "-c", folder / "nginx.conf", "-p", folder], stderr=subprocess.DEVNULL)
    try:
        said = [kam.stdout.readline() for _ in range(2)]  # type: ignore[union-attr]
        assert all(line.startswith("The workbook is open at") for line in said), said
        wait_until(lambda: answers(kept) and answers(rewritten), what="nginx")
        yield SimpleNamespace(kept=kept, rewritten=rewritten, sales=sales, team=team, folder=folder, kam=kam)
    finally:
        front.terminate()
        kam.send_signal(signal.SIGTERM)
        assert kam.wait(60) == 0 and "Problem" not in kam.stdout.read()  # type: ignore[union-attr]
        front.wait(30)


def ask(port: int, path: str, source: str = "127.0.0.1", **headers: str) -> tuple[int, str]:
    """Ask kam itself, past nginx."""
    line = http.client.HTTPConnection("127.0.0.1", port, source_address=(source, 0), timeout=120)
    line.request(
        "GET", path, headers={"Host": "localhost", **{n.replace("_", "-"): v for n, v in headers.items()}}
    )
    answer = line.getresponse()
    return answer.status, answer.read().decode()


@pytest.mark.browser
@pytest.mark.parametrize("way", ["kept", "rewritten"])
def test_pages_are_complete_behind_nginx_with_tls(browser: Any, place: Any, way: str) -> None:
    """WebSocket included, for readers and for the team; and whoever writes is who single sign-on says."""
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1366, "height": 768})
    context.add_init_script("localStorage.setItem('kam-mode', 'read')")
    page = watched(context)
    base = f"https://localhost:{getattr(place, way)}"
    opened(page, f"{base}/sales/")
    page.locator(".kam-chart svg path[aria-label]").first.wait_for()
    assert page.url == f"{base}/sales/voila/render/02_kaism.ipynb" and serious(page) == []
    opened(page, f"{base}/team/")
    slide(page, ".kam-weights input[type=range]", 41 if way == "kept" else 52)

    def who() -> list[str]:
        history = stores.load(place.folder / "sales.kam", read_only=True)[1].get("history")
        return [] if history is None else history["who"].tolist()

    wait_until(lambda: len(who()) == (1 if way == "kept" else 2), what="the weight is stored")
    assert {*who()} == {"helen"}
    assert page.problems == [] and page.outside == []
    context.close()


def test_only_the_proxy_is_believed(place: Any) -> None:
    """Who comes past it is nobody, whatever it says; a foreign host is refused; two names are none."""
    page = "/sales/voila/render/02_kaism.ipynb"
    assert ask(place.sales, page, X_Remote_User="helen", Cookie="")[0] == 200
    assert ask(place.sales, page)[0] == 403
    for evil in ({"X_Remote_User": "helen"}, {"X_Remote_User": "helen", "X_Forwarded_For": "127.0.0.1"}):
        assert ask(place.sales, page, STRANGER, Cookie=COOKIE, **evil)[0] == 403
    for host in ({"X_Forwarded_Host": "evil.example"}, {"Host": "evil.example"}):
        assert ask(place.sales, page, X_Remote_User="helen", Cookie=COOKIE, **host)[0] == 403
    line = socket.create_connection(("127.0.0.1", place.sales))
    line.sendall(
        f"GET {page} HTTP/1.1\r\nHost: localhost\r\nX-Remote-User: helen\r\nX-Remote-User: evil\r\n\r\n".encode()
    )
    assert b"403" in line.recv(100)
    line.close()


def test_health_needs_nobody_and_starts_no_kernel(place: Any) -> None:
    status, text = ask(place.sales, "/sales/health", STRANGER, Host="10.1.2.3")
    assert status == 200 and {**json.loads(text), "pages": 0} == {"status": "ok", "pages": 0, "readers": 40}
    pages = [json.loads(text)["pages"]]
    pages += [json.loads(ask(place.sales, "/sales/health")[1])["pages"] for _ in range(5)]
    assert pages == sorted(pages, reverse=True)  # what a test before has left may end


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("port = 1", "workbooks"),
        ("[workbooks.a]\nworkbook = 'x'\nport = 1\nedti = true", "edit"),
        ("user_header = 'X-User'\n[workbooks.a]\nworkbook = 'x'\nport = 1", "needs proxies"),
        ("base_url = 'kam'\n[workbooks.a]\nworkbook = 'x'\nport = 1", "base_url"),
        ("[", "cannot be read"),
    ],
)
def test_a_wrong_file_is_a_sentence(tmp_path: Path, said: str, words: str) -> None:
    (tmp_path / "kam.toml").write_text(said)
    with pytest.raises(InvalidInput, match=words):
        operating.read(tmp_path / "kam.toml")


def test_only_one_workbook_can_have_another_port(tmp_path: Path) -> None:
    config = "[workbooks.a]\nworkbook = 'x'\nport = 0\n[workbooks.b]\nworkbook = 'y'\nport = 0"
    (tmp_path / "kam.toml").write_text(config)
    with pytest.raises(InvalidInput, match="a port of its own"):
        operating.run(tmp_path / "kam.toml", port=1)


def test_a_token_file_without_a_token_opens_nothing(tmp_path: Path) -> None:
    config = "token_file = 'token'\n[workbooks.a]\nworkbook = 'x.kam'\nport = 0"
    (tmp_path / "kam.toml").write_text(config)
    for content in (None, " \n"):
        if content:
            (tmp_path / "token").write_text(content)
        with pytest.raises(InvalidInput, match="no token"):
            operating.run(tmp_path / "kam.toml")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Any]:
    """A JupyterHub with our recipe, before `kam serve` with our kam.toml."""
    path = os.pathsep.join([os.environ.get("KAM_HUB", ""), os.environ["PATH"]])
    needed = ("jupyterhub", "jupyter-standaloneproxy", "configurable-http-proxy")
    if not all(shutil.which(each, path=path) for each in needed):
        pytest.skip(
            "no jupyterhub, jupyter-server-proxy or configurable-http-proxy: name their folders in KAM_HUB"
        )
    stores.copy(ROOT / "data" / "tiny", tmp_path / "sales.kam")
    config = (
        (DEPLOY / "kam.toml").read_text().replace("kam.example.com", "localhost").replace("/srv/kam/", "")
    )
    (tmp_path / "kam.toml").write_text(config.replace("waiting = 2", "waiting = 1"))
    port, inner, proxy = free(3)
    recipe = (DEPLOY / "jupyterhub_config.py").read_text().replace("127.0.0.1:8000", f"localhost:{port}")
    recipe = recipe.replace("/opt/kamlib/.venv/bin/python", sys.executable).replace("/srv/kam", str(tmp_path))
    more = f"c.JupyterHub.hub_port, c.ConfigurableHTTPProxy.api_url = {inner}, 'http://127.0.0.1:{proxy}'\n"
    more += "c.Spawner.args.append('--allow-root')\nc.Spawner.start_timeout = c.Spawner.http_timeout = 300\n"
    (tmp_path / "hub.py").write_text(recipe + more)
    log = (tmp_path / "log").open("w")
    process = subprocess.Popen(
        [shutil.which("jupyterhub", path=path), "-f", "hub.py"],  # type: ignore[list-item]
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "KAM_HUB_PASSWORD": "tell-nobody"},
        stdout=log,
        stderr=log,
    )
    own = psutil.Process(process.pid)
    try:
        wait_until(lambda: "JupyterHub is now running" in (tmp_path / "log").read_text(), 120, "the hub")
        yield SimpleNamespace(base=f"http://localhost:{port}", folder=tmp_path, process=own)
    finally:
        there = own.children(recursive=True)
        process.terminate()
        process.wait(60)
        log.close()
        assert psutil.wait_procs(there, 30)[1] == []


@pytest.mark.browser
def test_a_hub_shows_the_workbook_to_who_logged_in_and_to_nobody_else(browser: Any, hub: Any) -> None:
    """WebSocket included; whoever writes is who the hub says; and the hub cannot be walked round."""

    def arrived(name: str) -> Any:
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        context.add_init_script("localStorage.setItem('kam-mode', 'read')")
        page = watched(context)
        page.goto(f"{hub.base}/hub/login?next=%2Fhub%2Fspawn")
        page.fill("[name=username]", name)
        page.fill("[name=password]", "tell-nobody")
        page.click("#login_submit")
        return page

    page, sockets = arrived(me := "helen@example.com"), list[str]()
    page.on("websocket", lambda socket: sockets.append(socket.url.removeprefix(f"ws{hub.base[4:]}")))
    page.wait_for_selector("body[data-kam=ready]", timeout=300_000)
    assert page.url == f"{hub.base}/user/{me}/team/voila/render/02_kaism.ipynb"
    slide(page, ".kam-weights input[type=range]", 41)
    history = lambda: stores.load(hub.folder / "sales.kam", read_only=True)[1].get("history")  # noqa: E731
    wait_until(lambda: history() is not None, what="the weight is stored")
    assert history()["who"].tolist() == [me]

    port, path = int(hub.base.split(":")[-1]), page.url.removeprefix(hub.base)
    asked = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13"}
    asked |= {"Sec_WebSocket_Key": "A" * 22 + "==", "Cookie": COOKIE, "X_Remote_User": me}
    kernel = next(each for each in sockets if "/channels" in each)
    assert ask(port, kernel, **asked)[0] == 403
    for address in (path, f"/user/{me}/team/", kernel.split("/channels")[0]):
        assert ask(port, address, Cookie=COOKIE, X_Remote_User=me)[0] == 302
    served = next(p for p in hub.process.children(recursive=True) if "--only" in p.cmdline()).cmdline()
    behind = int(served[served.index("--port") + 1])
    assert ask(behind, path, Cookie=COOKIE, X_Remote_User=me)[0] == 403
    assert ask(behind, kernel, **asked)[0] == 403

    other = arrived("mallory")
    other.wait_for_url("**/hub/spawn-pending/**")
    assert other.goto(f"{hub.base}{path}").status == 403
    assert page.problems == [] and page.outside == []


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if not analyze:
        pytest.skip("no systemd-analyze here")
    unit = (DEPLOY / "kam.service").read_text().replace("/opt/kamlib/.venv/bin/python", sys.executable)
    (tmp_path / "kam.service").write_text(unit)
    done = subprocess.run(
        [analyze, "verify", "--man=no", tmp_path / "kam.service"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
