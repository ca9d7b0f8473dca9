"""The first screen of an empty workbook: a file from the reader's computer, or an example."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from playwright.sync_api import expect

from kamlib.pages import start
from kamlib.workbook import stores
from kamlib.workbook.settings import shipped
from tests.serving import wait_until
from tests.windows import stored, tables_of

pytestmark = pytest.mark.browser
PAGE, READY = "01_segmentation", "#kam-block"


@pytest.fixture(scope="module")
def place(tmp_path_factory: Any) -> Path:
    place = tmp_path_factory.mktemp("start") / "fresh.kam"
    stores.create(place, stores.blank("fresh"))
    return place


@pytest.fixture
def empty(app: Any, place: Path) -> Iterator[Any]:
    """The first screen; afterwards the workbook is empty again."""
    yield app
    while tables_of(place)["customers"].shape[0]:
        app.locator("#kam-undo").click()
        app.wait_for_function("document.querySelector('#kam-redo:not([disabled])')")
    app.locator("#kam-block").wait_for()


def choose(page: Any, name: str, content: bytes) -> None:
    page.locator("#kam-file").set_input_files({"name": name, "mimeType": "text/plain", "buffer": content})


def sheet(*rows: tuple[Any, ...]) -> bytes:
    book, into = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(into)
    return into.getvalue()


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_file_is_previewed_and_then_imported_or_not(empty: Any, place: Path, kind: str) -> None:
    rows = ("Firm", "Sales 2025"), ("Acme Ltd", 900), ("Cole & Söhne", 70.5)
    text = "\n".join(";".join(map(str, row)) for row in rows).replace("70.5", "70,5").encode("cp1252")
    for answer in ("Cancel", "Import"):
        choose(empty, f"list.{kind}", sheet(*rows) if kind == "xlsx" else text)
        expect(empty.get_by_role("heading", name="2 lines read: 2 created")).to_be_visible()
        assert stored(place, "customers", "name") == []
        empty.get_by_role("button", name=answer, exact=True).click()
        expect(empty.locator("#kam-block")).to_be_visible()
    wait_until(lambda: stored(place, "customers", "name") == ["Acme Ltd", "Cole & Söhne"])
    assert stored(place, "customers", "revenue") == ["900", "70.5"]


def test_what_is_no_list_is_refused_in_a_sentence_and_its_name_leads_nowhere(
    empty: Any, place: Path, tmp_path: Path
) -> None:
    said = empty.locator(".kam-status .say")
    choose(empty, "photo.xlsx", b"\x89PNG\r\n\x1a\n" + b"0" * 100)
    expect(said).to_contain_text("photo.xlsx")
    choose(empty, "big.csv", b"a,b\n" * (start.MOST_BYTES // 4 + 1))
    expect(said).to_contain_text("big.csv has more than 8 MB")
    expect(said).to_contain_text("kam import-customers")
    choose(empty, "none.csv", b"")
    expect(said).to_contain_text("none.csv")
    outside = tmp_path / "evil.csv"
    choose(empty, str(outside), b"\x89PNG")
    expect(said).to_contain_text("evil.csv")
    expect(said).not_to_contain_text(str(tmp_path))
    assert not outside.exists() and stored(place, "customers", "name") == []


def test_a_list_that_is_pasted_is_previewed_at_once(empty: Any, place: Path) -> None:
    empty.evaluate("text => navigator.clipboard.writeText(text)", "Firm\tSales 2025\nAcme\t900\nCole\t70")
    empty.locator("#kam-block").click()
    empty.keyboard.press("Control+V")
    empty.get_by_role("button", name="Import", exact=True).click()
    wait_until(lambda: stored(place, "customers", "name") == ["Acme", "Cole"])


@pytest.mark.parametrize("name", ["bank"])  # the others are filled by the same words
def test_an_example_fills_the_empty_workbook_after_a_question_and_undo_empties_it(
    empty: Any, place: Path, name: str
) -> None:
    before = tables_of(place)
    example = stores.load(shipped("data") / name, read_only=True)[1]
    empty.locator(f"#kam-example-{name}").click()
    expect(empty.get_by_text(f"{len(example['customers'])} customers in")).to_be_visible()
    empty.locator("#kam-no-example").click()
    empty.locator(f"#kam-example-{name}").click()
    assert stored(place, "customers", "name") == []
    empty.locator("#kam-fill").click()
    expect(empty.locator(".kam-status .say")).to_contain_text("This workbook now holds the example")
    expect(empty.locator("#kam-segment option")).to_have_count(len(example["segments"]))
    expect(empty.get_by_role("heading", name="Look at an example first")).to_have_count(0)
    now = tables_of(place)
    for table, frame in example.items():
        if table not in ("settings", "history"):
            rows = [*now[table][[*frame]].itertuples(index=False, name=None)]
            assert sorted(rows) == sorted(frame.itertuples(index=False, name=None)), table

    empty.locator("#kam-undo").click()
    expect(empty.locator(".kam-status .say")).to_have_text(re.compile(r"Undone: .*"))
    empty.locator(f"#kam-example-{name}").wait_for()
    now = tables_of(place)
    assert [*now["settings"].itertuples(index=False)] == [*before["settings"].itertuples(index=False)]
    assert all(now[t].shape[0] == before[t].shape[0] for t in before if t != "history")
