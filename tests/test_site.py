"""The folder for the whole company: complete, small, offline, nothing in it that may not leave, whole or not at all."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from kamlib.errors import InvalidInput, KamError
from kamlib.reports import engine, report, site, whatif
from kamlib.workbook import stores
from kamlib.workbook.schema import DEFINITIONS, typed
from tests import pages
from tests.printed import lost
from tests.serving import ROOT
from tests.windows import serious

CANARY = "canary-site-7"


@pytest.fixture
def at_once(monkeypatch: Any) -> None:
    """Report pages are made in this process."""
    monkeypatch.setattr(engine.Engine, "execute_managed_notebook", pages.executed)
    monkeypatch.setenv("KAM_READ_ONLY", "1")
    monkeypatch.setenv("KAM_LIFE", "paper")


def marked() -> dict[str, Any]:
    """The insurer with a canary in every text that no published copy holds."""
    _, text = stores.load(ROOT / "data" / "insurer", read_only=True)
    for name, table in text.items():
        keys = {c.name for c in DEFINITIONS[name].columns if c.key or c.kind != "text"}
        home = {c for c in table if c not in report.PUBLISHED.get(name, ())} - keys
        text[name] = table.assign(**dict.fromkeys(home, CANARY))
    return text


def packed(path: Path) -> bytes:
    """What a file holds; of an .xlsx what is in it."""
    if path.suffix != ".xlsx":
        return path.read_bytes()
    inside = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    return b"".join(inside.read(name) for name in inside.namelist())


@pytest.mark.browser
def test_the_site_opens_from_disk_and_every_link_leads_somewhere(
    browser: Any, tmp_path: Path, at_once: None
) -> None:
    """Whole on paper too. At most 6 MB; no network, no error, nothing serious for axe on any page; names and decisions are there."""
    stores.create(tmp_path / "insurer.kam", marked())
    folder = tmp_path / "site"
    told = [*site.write(str(tmp_path / "insurer.kam"), folder)]
    there = [p for p in folder.rglob("*") if p.is_file()]
    assert sum(p.stat().st_size for p in there) <= 6_000_000
    assert not [p.name for p in there if CANARY.encode() in packed(p)]

    context = browser.new_context(viewport={"width": 1366, "height": 768}, offline=True)
    page, problems = context.new_page(), []
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else problems.append(r.url))
    page.goto((folder / "index.html").as_uri())
    links = page.eval_on_selector_all("a", "all => all.map((a) => a.href)")
    assert serious(page) == [] and "2 key accounts decided: Alder Network" in page.inner_text("main")
    for link in dict.fromkeys(links):
        place = folder / Path(link.removeprefix(folder.as_uri() + "/"))
        assert place.is_file(), link
        if place.suffix == ".html":
            page.goto(link)
            assert serious(page) == [], link
            assert page.locator("h1").first.inner_text()
            assert page.title().endswith(f" · {page.locator('p.about').inner_text()}")
            back = page.get_by_role("link", name="All pages")
            assert back.evaluate("a => a.href") == (folder / "index.html").as_uri() and back.is_visible()
            assert lost(page, "A4", page.locator("p.about").inner_text()) == [], link
    assert problems == []
    linked = {Path(link).name for link in links} | {"index.html"}
    assert {p.name for p in there if p.suffix == ".html"} | {*told} <= linked

    page.goto((folder / "what-if" / "what-if-broker_networks.html").as_uri())
    from pypdf import PdfReader

    printed = "".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(page.pdf())).pages)
    assert "Alder Network" in printed and "Kestrel" in printed
    context.close()

    again = typed(stores.load(folder / "tables", read_only=True)[1])
    assert set(again["customers"]["name"]) == set(typed(marked())["customers"]["name"])


def test_a_site_is_there_whole_or_not_at_all_and_nothing_else_is_overwritten(
    tmp_path: Path, at_once: None, monkeypatch: Any
) -> None:
    book, folder = str(ROOT / "data" / "tiny"), tmp_path / "site"
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "index.html").write_text("mine")
    with pytest.raises(InvalidInput, match="something else"):
        next(site.write(book, foreign))
    assert [p.name for p in tmp_path.iterdir()] == ["foreign"]

    [*site.write(book, folder)]
    first = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.suffix != ".xlsx"}
    [*site.write(book, folder)]
    assert first == {p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.suffix != ".xlsx"}

    def broken(*_: Any) -> None:
        raise KamError("no")

    monkeypatch.setattr(whatif, "page", broken)
    with pytest.raises(KamError, match="no"):
        [*site.write(book, folder)]
    assert first == {p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.suffix != ".xlsx"}
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(InvalidInput, match=r"notes\.txt"):
        [*site.write(book, folder)]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["foreign", "site"]


def test_a_round_leaves_as_it_was(tmp_path: Path) -> None:
    """Scores, weights and decisions of then; who was decided on since is not; the state is of that day."""
    copied = report.publish_copy(str(ROOT / "data" / "insurer"), tmp_path, round="2025")
    text = stores.load(copied, read_only=True)[1]
    made = text["decisions"][text["decisions"]["what"] == "category"]
    then = stores.load(ROOT / "data" / "insurer", read_only=True)[1]["rounds"]
    then = then[(then["round"] == "2025") & (then["decision"] != "")]
    assert dict(zip(made["subject"], made["decision"], strict=True)) == dict(
        zip(then["customer"], then["decision"], strict=True)
    )
    said = dict(zip(text["settings"]["key"], text["settings"]["value"], strict=True))
    assert (said["scenario"], said["round"]) == ("round_2025", "2025")
    assert text["history"]["at"].tolist() == [then["on"].max()]
    for given, words in (
        ({"round": "2031"}, 'no round "2031"'),
        ({"round": "2025", "scenario": "finance"}, "together"),
    ):
        with pytest.raises(InvalidInput, match=words):
            report.publish_copy(str(ROOT / "data" / "insurer"), tmp_path, **given)
