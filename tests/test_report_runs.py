"""Many reports: resumed, several at once, on a cluster, in a cloud, under Papermill; and as PDF, slides and .xlsx."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from kamlib.errors import InvalidInput, WorkbookError
from kamlib.models import results
from kamlib.reports import office, report, slides
from kamlib.workbook import stores
from tests import pages
from tests.printed import bare
from tests.serving import ROOT
from tests.worked import text

TINY = str(ROOT / "data" / "tiny")


def run(*asked: Any, **more: Any) -> tuple[list[str], list[str]]:
    """The names of the pages that were made and of those that stood there."""
    there: list[str] = []
    made = pages.written(*asked, keep=True, told=lambda _, __, name: there.append(name), **more)
    return [p.name for p in made], [name for name in there if name]


def test_only_what_is_missing_or_changed_is_made_again(tmp_path: Path) -> None:
    stores.create(tmp_path / "w.kam", text())
    place, out = str(tmp_path / "w.kam"), tmp_path / "out"
    first, _ = run(place, out)
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    assert run(place, out) == ([], sorted(first))

    (out / first[0]).unlink()
    (out / first[1]).write_text("half a pa")
    assert set(run(place, out)[0]) == {*first[:2]}
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before

    stores.open_store(place).put([stores.Change("customers", {"customer": "Alpha"}, {"name": "Alphabet"})])
    assert set(run(place, out)[0]) == {*first}
    assert run(place, out, given={"near_line": 0.25})[1] == []


def test_a_run_that_was_killed_is_resumed(tmp_path: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    child = subprocess.Popen(
        [sys.executable, "-m", "kamlib.cli", "report", TINY, "--out", str(tmp_path), "--jobs", "2"],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    first = Path(child.stdout.readline().strip()).name
    child.kill()
    child.communicate()
    for path in tmp_path.glob("*.html"):  # no half page stands under a name
        assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")
    made, there = run(TINY, tmp_path)
    assert first in there and len(made) + len(there) == 6 and not {*made} & {*there}
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    manifest = json.loads((tmp_path / "manifest.json").read_bytes())
    assert sorted(file for page in manifest["pages"] for file in page["files"]) == sorted(made + there)
    assert all(f'href="{name}"' in index for name in made + there)


def test_beside_a_page_stand_its_figures(tmp_path: Path) -> None:
    run(TINY, tmp_path, notebook="02_kaism")
    said = json.loads((tmp_path / "kaism-main.json").read_bytes())
    shown = results.show(TINY, "verdict", "main")
    assert said["figures"]["verdict"] == json.loads(results.render(shown, "json"))
    assert said["headline"] in (tmp_path / "kaism-main.html").read_text(encoding="utf-8")
    assert said["parameters"] == {"segment": "main"} and said["workbook"] == "tiny"


def test_a_broken_page_is_named_and_the_others_are_made(tmp_path: Path, monkeypatch: Any) -> None:
    executed = pages.executed

    def breaks(told: Any, *more: Any, **options: Any) -> None:
        if any('segment = "main"' in cell.source for cell in told.nb.cells):
            raise WorkbookError("It broke.")
        executed(told, *more, **options)

    monkeypatch.setattr(pages, "executed", breaks)
    with pytest.raises(
        report.KamError, match=r"2 of 6 pages .* kaism-main\.html, certainty-main\.html \(It broke\."
    ):
        run(TINY, tmp_path)
    assert len([*tmp_path.glob("*.html")]) == 4 + 1
    assert "kaism-main.html" in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "manifest.json").read_bytes())["failed"]["kaism-main.html"] == "It broke."


def test_a_dask_cluster_makes_the_same_bytes_and_is_left_as_it_was(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    alone = {p.name: p.read_bytes() for p in pages.written(TINY, tmp_path / "alone")}
    options = {
        "n_workers": 2,
        "threads_per_worker": 2,
        "dashboard_address": None,
        "worker_dashboard_address": None,
    }
    with distributed.LocalCluster(host="127.0.0.1", **options) as cluster:
        made = [*report.write(TINY, tmp_path / "out", cluster=cluster.scheduler_address)]
        assert {p.name: p.read_bytes() for p in made} == alone
        with distributed.Client(cluster) as client:
            left = client.run(lambda: len(__import__("kamlib.reports.run", fromlist=["_"])._pools))
        assert [*left.values()] == [0, 0]
    with pytest.raises(InvalidInput, match="No Dask scheduler answers at tcp://127.0.0.1:1"):
        list(report.write(TINY, tmp_path / "none", cluster="tcp://127.0.0.1:1"))


def test_workbook_and_reports_may_be_in_a_cloud(tmp_path: Path, monkeypatch: Any) -> None:
    import fsspec

    monkeypatch.chdir(tmp_path)
    fsspec.filesystem("memory").put(TINY, "/company/tiny", recursive=True)
    alone = pages.page_of(TINY, tmp_path / "alone", notebook="02_kaism", keep=True)
    for out in ("memory://reports/2026", f"file://{tmp_path}/plain"):
        (path,) = pages.written("memory://company/tiny", out, notebook="02_kaism", keep=True)
        assert path.read_text(encoding="utf-8") == alone and str(path).endswith("2026/kaism-main.html") != (
            "file" in out
        )
        assert run("memory://company/tiny", out, notebook="02_kaism") == ([], ["kaism-main.html"])
    with pytest.raises(WorkbookError, match=r"There is no workbook at memory://company/none"):
        pages.written("memory://company/none", "memory://reports/2026")
    with pytest.raises(WorkbookError, match=r's3:// needs one more package\. .*"kamlib\[s3\]"'):
        monkeypatch.setitem(sys.modules, "s3fs", None)
        pages.written(TINY, "s3://bucket/2026")
    assert {p.name for p in tmp_path.iterdir()} == {"alone", "plain"}


def test_papermill_finds_the_engine_and_runs_a_notebook_with_it(tmp_path: Path) -> None:
    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"][
        "papermill.engine"
    ]
    known = tmp_path / "kamlib-0.dist-info"
    known.mkdir()
    (known / "METADATA").write_text("Metadata-Version: 2.1\nName: kamlib\nVersion: 0\n")
    listed = "\n".join(f"{name} = {place}" for name, place in points.items())
    (known / "entry_points.txt").write_text(f"[papermill.engine]\n{listed}\n")
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    command = [
        sys.executable,
        "-m",
        "papermill",
        "--engine",
        "kam",
        "notebooks/02_kaism.ipynb",
        str(tmp_path / "out.ipynb"),
        "-p",
        "workbook",
        "data/tiny",
    ]
    ran = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    made = json.loads((tmp_path / "out.ipynb").read_text(encoding="utf-8"))
    assert made["metadata"]["papermill"]["exception"] is None and "<svg" in str(made["cells"])
    ran = subprocess.run(
        [*command, "-p", "near_line", "90"], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert ran.returncode == 1 and "near_line" in ran.stderr


# -- for an office


def spoken(content: bytes) -> str:
    """All the words of a deck: slides, notes, properties."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return " ".join(
            file.read(name).decode() for name in file.namelist() if name.endswith((".xml", ".rels"))
        )


def test_a_deck_has_the_result_the_decisions_and_its_evidence(tmp_path: Path) -> None:
    import pptx

    place = str(ROOT / "data" / "insurer")
    (path,) = office.write(place, tmp_path, "pptx", "broker_networks")
    deck, seen = pptx.Presentation(path), results.show(place, "verdict", "broker_networks")
    titles = [slide.shapes.title.text for slide in deck.slides]
    assert path.name == "deck-broker_networks.pptx" and "2 key accounts decided: Alder Network" in titles[1]
    assert sum(any(shape.shape_type == 13 for shape in slide.shapes) for slide in deck.slides) == 2
    assert "13 of 15 customers are decided" in titles  # on one slide
    table = [["a", "b"], *[["x", "y"]] * 20]
    long = pptx.Presentation(io.BytesIO(slides.written([slides.Slide("Long", table=table)], [])))
    rows = [len(s.table.rows) - 1 for slide in long.slides for s in slide.shapes if s.has_table]
    assert rows == [10, 10]
    words, bottom = spoken(path.read_bytes()), deck.slide_height
    assert all(name in words for name in seen["name"]) and "internal: not for customers" in words
    notes = " ".join(
        slide.notes_slide.notes_text_frame.text for slide in deck.slides if slide.has_notes_slide
    )
    assert all(sentence in notes for sentence in seen["sentence"])
    for slide in deck.slides:
        assert all(s.top >= 0 and s.top + s.height <= bottom and s.left >= 0 for s in slide.shapes)


def test_the_slides_for_a_customer_hold_what_its_page_holds_and_no_more(tmp_path: Path) -> None:
    place, given = str(ROOT / "data" / "insurer"), {"customer": "alder", "audience": "customer"}
    page = pages.page_of(place, tmp_path / "page", given=given)
    made = slides.of_page(page)
    allowed = bare(" ".join(__import__("kamlib.pages.handout", fromlist=["_"]).text_of(page).split()))
    for slide in made:
        said = [slide.title, slide.small, *slide.points, *(cell for row in slide.table for cell in row)]
        for part in said:
            assert all(bare(piece) in allowed for piece in part.split(": "))
        assert not slide.notes and not slide.picture
    words = spoken(slides.written(made, []))
    assert "Our plan with Alder Network" in words and not __import__("re").search(
        "internal|kamlib|Helen", words
    )
    with pytest.raises(InvalidInput, match="a page, a PDF or slides"):
        list(office.write(place, tmp_path, "xlsx", "", given))


def test_all_results_are_in_the_xlsx_with_a_cover(tmp_path: Path) -> None:
    (path,) = office.write(TINY, tmp_path, "xlsx")
    file = openpyxl.load_workbook(path)
    assert file.sheetnames == ["About", *(name for lines in results.about().values() for name in lines)]
    assert "kamlib" in file["About"]["A2"].value
    shown = results.show(TINY, "kaism")
    rows = list(file["kaism"].values)
    assert [name.replace(" ", "_") for name in rows[0]] == list(shown.columns)
    assert [row[2] for row in rows[1:]] == shown["name"].tolist()
    assert [row[5] for row in rows[1:]] == pytest.approx([y if y == y else None for y in shown["y"]])


def test_a_pdf_is_printed_by_the_browser_there_is_or_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: Any
) -> None:
    from pypdf import PdfReader

    if office.browser():
        page = pages.page_of(TINY, tmp_path / "page", notebook="02_kaism")
        for paper, wide in (("A4", 595), ("Letter", 612)):
            (path,) = pages.written(TINY, tmp_path / paper, notebook="02_kaism", format="pdf", paper=paper)
            sheets = PdfReader(path).pages
            words = bare("".join(sheet.extract_text() for sheet in sheets))
            assert round(float(sheets[0].mediabox.width)) == wide and path.name == "kaism-main.pdf"
            assert all(bare(row["name"]) in words for row in results.show(TINY, "kaism").to_dict("records"))
        assert "@page { size" not in page
    monkeypatch.setattr(office, "browser", lambda: "")
    with pytest.raises(InvalidInput, match="none of them is on this computer"):
        pages.written(TINY, tmp_path / "none", format="pdf")
    with pytest.raises(InvalidInput, match='There is no format "pff" of a report'):
        pages.written(TINY, tmp_path / "none", format="pff")
    assert not (tmp_path / "none").exists()
