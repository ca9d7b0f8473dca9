"""Reports and published copies: offline, whole or not at all, and nothing in them that was not meant to be."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kamlib import panels, report, stores
from kamlib.errors import KamError
from tests.worked import frame, text

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    out = tmp_path_factory.mktemp("reports")
    (path,) = report.write(str(ROOT / "data" / "insurer"), out, "broker_networks")
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module", params=["insurer", "bank"])
def groundwork(request, tmp_path_factory):
    out = tmp_path_factory.mktemp("groundwork")
    (path,) = report.write(str(ROOT / "data" / request.param), out, notebook="01_segmentation")
    assert path.name == "segmentation.html"
    return request.param, path.read_text(encoding="utf-8")


def test_a_report_asks_the_network_for_nothing(page, groundwork):
    for each in (page, groundwork[1]):
        addresses = set(re.findall(r"(?:src|href|url|@import)\s*[=(]\s*[\"']?([^\"')>\s]+)", each))
        assert not [a for a in addresses if not a.startswith(("#", "data:"))]
        assert "<script" not in each and str(ROOT) not in each and "open_desk" not in each


def test_the_report_of_steps_1_to_5_has_every_sheet_every_picture_and_the_figures(groundwork):
    from kamlib import results, sheets

    example, each = groundwork
    place = str(ROOT / "data" / example)
    for shape in (f for step in range(1, 6) for f in sheets.forms(step)):
        assert str(panels.Markup.escape(shape.title)) in each
    assert each.count("<svg") == 4
    ids = re.findall(r'<(?:clipPath|linearGradient) id="([^"]+)"', each)
    assert len(ids) == len(set(ids))  # several pictures on one page
    for row in results.show(place, "viability").to_dict("records"):
        assert f"<b>{row['name']}</b>" in each and row["status"] in each
    for row in results.show(place, "sanity").to_dict("records"):
        assert str(panels.Markup.escape(row["words"])) in each
    for name in results.show(place, "market_map")["name"]:
        assert name.split()[0] in each


def test_a_report_has_the_whole_story(page):
    for heading in ("What we decided, and why", "Can we look after them?", "What is still to settle",
                    "What we must find out", "Who is told what", "The evidence"):  # fmt: skip
        assert heading in page
    assert "Alder Network" in page and "<svg" in page and "Old Mill Advisers" in page


def test_the_figures_of_the_report_are_those_of_the_command_line(page):
    from kamlib import results
    from kamlib.scoring import one

    for row in results.show(str(ROOT / "data" / "insurer"), "kaism", "broker_networks").to_dict("records"):
        found = re.search(rf'<td class="name">{row["name"]}</td>(.*?)</tr>', page, re.S)[1]
        assert f"<td>{one(row['y'])}</td><td>{one(row['x'])}</td>" in found


def test_a_report_carries_no_parameters_paths_or_sources(page):
    assert str(ROOT) not in page and "papermill" not in page and "open_desk" not in page


def test_names_are_escaped_everywhere(tmp_path):
    name = "<img src=x onerror=alert(1)>&\"'"
    hostile = text()
    hostile["customers"]["name"] = name
    hostile["factors"]["label"] = name
    stores.create(tmp_path / "w", hostile)
    hostile["answers"] = frame("answers", [{"sheet": "pestle", "subject": "all", "item": "mine", "field": f, "value": name,
                                            "note": name} for f in ("label", "change")])  # fmt: skip
    hostile["people"] = frame(
        "people", [{"person": "p", "name": name, "function": name, "owns_vision": "yes"}]
    )
    hostile["junctions"] = frame("junctions", [{"junction": "j", "name": name, "size": 5, "note": name}])
    hostile["pools"] = frame("pools", [{"pool": "p", "name": name, "cost": 5, "minutes": 9}])
    hostile["activities"] = frame(
        "activities", [{"activity": "a", "name": name, "driver": name, "pool": "p", "minutes": 1}]
    )
    who = hostile["customers"]["customer"].iloc[0]
    hostile["activity_counts"] = frame("activity_counts", [{"customer": who, "activity": "a", "count": 3}])
    hostile["won_lost"] = frame("won_lost", [{"year": "2025", "account": "x", "name": name, "kind": "won"}])
    hostile["segments"]["description"] = hostile["segments"]["name"] = name
    stores.open_store(tmp_path / "w").replace(hostile)
    pages = [*report.write(str(tmp_path / "w"), tmp_path)]
    assert len(pages) == 3
    for path in pages:
        page = path.read_text(encoding="utf-8")
        assert "<img" not in page and "&lt;img src=x onerror=alert(1)&gt;" in page


def test_a_report_is_whole_or_not_there(tmp_path):
    """Killed while it is made: no half page stands under the name."""
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    child = subprocess.Popen([sys.executable, "-m", "kamlib.cli", "report", "data/bank", "--out", str(tmp_path)],
                             cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # fmt: skip
    first = child.stdout.readline().strip()
    child.kill()
    child.wait()
    child.stdout.close()

    assert first.endswith("segmentation.html")
    for path in tmp_path.glob("*.html"):
        assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")


def test_a_folder_without_rights_is_refused_before_any_work(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(KamError, match="cannot be written"):
        list(report.write(str(ROOT / "data" / "tiny"), tmp_path / "file" / "out"))


@pytest.mark.parametrize("segment", ["a/../../b", "..", "C:\\x", "a\x00b", "ü", "/etc/passwd"])
def test_no_segment_id_becomes_a_path(segment):
    assert re.fullmatch(r"kaism-[A-Za-z0-9_-]+", report._file_name(segment))


def test_a_published_copy_has_only_what_is_allowed(tmp_path):
    secret = text() | {
        "people": frame("people", [{"person": "ann", "name": "Ann"}]),
        "ballots": frame("ballots", [{"round": "1", "model": "attractiveness", "person": "ann", "subject": "Alpha",
                                      "factor": "f1", "score": 3, "note": "CANARY-BALLOT"}]),
        "own table": frame("customers", [{"customer": "x", "note": "CANARY-EXTRA"}]),
    }  # fmt: skip
    secret["scores"]["note"] = "CANARY-NOTE"
    secret["customers"]["note"] = "CANARY-CUSTOMER"
    secret["customers"]["own column"] = "CANARY-COLUMN"
    store = stores.create(tmp_path / "w.kam", secret)
    store.put([stores.Change("customers", {"customer": "Alpha"}, {"name": "CANARY-HISTORY"})])
    store.put([stores.Change("customers", {"customer": "Alpha"}, {"name": "Alpha"})])
    copied = report.publish_copy(str(tmp_path / "w.kam"), tmp_path)

    assert b"CANARY" not in copied.read_bytes()
    assert not [p for p in tmp_path.iterdir() if p.name.startswith("published.kam-")]


def test_a_published_copy_cannot_be_written(tmp_path):
    copied = report.publish_copy(str(ROOT / "data" / "tiny"), tmp_path)
    before = copied.read_bytes()
    store = stores.open_store(copied, read_only=True)
    with pytest.raises(KamError):
        store.put([stores.Change("customers", {"customer": "Alpha"}, {"name": "x"})])
    with pytest.raises(KamError):
        store.replace({})

    assert copied.read_bytes() == before


@pytest.mark.parametrize(
    ("number", "said"),
    [(6.575, "6.6"), (0.25, "0.3"), (-0.25, "-0.3"), (-0.04, "0.0"), (float("nan"), "?"), (10, "10.0")],
)
def test_numbers_are_shown_half_up(number, said):
    assert panels.one(number) == said
