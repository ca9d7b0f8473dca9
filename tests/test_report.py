"""Reports and published copies: offline, whole or not at all, and nothing in them that was not meant to be."""

from __future__ import annotations

import functools
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from html import unescape
from pathlib import Path

import nbformat
import pandas as pd
import psutil
import pytest
from markupsafe import escape

from kamlib import catalogue
from kamlib.app.desk import Desk
from kamlib.catalogue import sheets
from kamlib.errors import InvalidInput, KamError
from kamlib.models import headlines, pia, plans
from kamlib.models.scoring import one
from kamlib.reports import engine, report
from kamlib.workbook import stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import DEFINITIONS, typed
from kamlib.workbook.settings import of_workbook
from tests import pages
from tests.paper import printed
from tests.serving import ROOT
from tests.windows import main_ends_with
from tests.worked import frame, text

# of the sheets about a customer those that the page on step 10 prints; the account plan has a page of its own
BESIDE = [f for f in sheets.forms() if catalogue.parts()[f.home]["page"] != "06_account_plan"]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """As it is made for a user, in a kernel of its own."""
    out = tmp_path_factory.mktemp("reports")
    (path,) = report.write(str(ROOT / "data" / "insurer"), out, "broker_networks", notebook="02_kaism")
    return path.read_text(encoding="utf-8")


def test_a_page_made_in_a_kernel_is_the_page_that_the_tests_make(page, tmp_path):
    assert page == pages.page_of(
        str(ROOT / "data" / "insurer"), tmp_path, "broker_networks", notebook="02_kaism"
    )


@pytest.fixture(scope="module", params=["insurer", "bank"])
def groundwork(request, tmp_path_factory):
    out = tmp_path_factory.mktemp("groundwork")
    (path,) = pages.written(str(ROOT / "data" / request.param), out, notebook="01_segmentation")
    assert path.name == "segmentation.html"
    return request.param, path.read_text(encoding="utf-8")


def test_a_report_asks_the_network_for_nothing(page, groundwork):
    for each in (page, groundwork[1]):
        addresses = set(re.findall(r"(?:src|href|url|@import)\s*[=(]\s*[\"']?([^\"')>\s]+)", each))
        assert not [a for a in addresses if not a.startswith(("#", "data:"))]
        assert "<script" not in each and not re.search(f"{ROOT}|open_desk|papermill", each)


def test_the_report_of_steps_1_to_5_has_every_sheet_every_picture_and_the_figures(groundwork):
    from kamlib.catalogue import sheets
    from kamlib.models import results

    example, each = groundwork
    place = str(ROOT / "data" / example)
    for shape in (f for step in range(1, 6) for f in sheets.forms(step)):
        assert str(escape(shape.title)) in each
    assert each.count("<svg") == 4
    ids = re.findall(r'<(?:clipPath|linearGradient) id="([^"]+)"', each)
    assert len(ids) == len(set(ids))  # several pictures on one page
    for row in results.show(place, "viability").to_dict("records"):
        assert f"<b>{row['name']}</b>" in each and row["status"] in each
    for row in results.show(place, "sanity").to_dict("records"):
        assert str(escape(row["words"])) in each
    for name in results.show(place, "market_map")["name"]:
        assert name.split()[0] in each


def test_the_report_of_steps_1_to_5_has_the_sheets_of_every_segment_and_customer(groundwork):
    from kamlib.catalogue import sheets
    from kamlib.models import results

    example, each = groundwork
    said = results.show(str(ROOT / "data" / example), "sheets")[["sheet", "subject"]].drop_duplicates()
    assert len(said) > 40
    steps_1_to_5 = {form.title for step in range(1, 6) for form in sheets.forms(step)}
    for title, about in said[said["sheet"].isin(steps_1_to_5)].itertuples(index=False):
        head = f"{escape(title)}{': ' if about else ''}{escape(about)}"
        assert f'<h3 class="result">{head}</h3>' in each


def test_a_report_has_the_whole_story(page):
    for heading in (
        "What we decided, and why",
        "Can we look after them?",
        "What is still to settle",
        "What we must find out",
        "Who is told what",
        "The evidence",
    ):
        assert heading in page
    assert "Alder Network" in page and "<svg" in page and "Old Mill Advisers" in page


def test_the_figures_of_the_report_are_those_of_the_command_line(page):
    from kamlib.models import results
    from kamlib.models.scoring import one

    for row in results.show(str(ROOT / "data" / "insurer"), "kaism", "broker_networks").to_dict("records"):
        decided = page[page.index("What we decided, and why") :]
        found = re.search(rf'<td class="name">{row["name"]}\b(.*?)</tr>', decided, re.S)[1]
        assert f"<td>{one(row['y'])}</td><td>{one(row['x'])}</td>" in found


def test_how_sure_a_box_is_reads_the_same_in_the_report_and_on_the_command_line(page):
    from kamlib.models import results

    for row in results.show(str(ROOT / "data" / "insurer"), "certainty", "broker_networks").to_dict(
        "records"
    ):
        words = str(escape(row["words"]))
        assert (
            f'<td class="l date">{row["verdict"] or "ruled out"}</td><td class="l why">{words}</td>' in page
        )


def test_names_are_escaped_everywhere(tmp_path):
    name = "<img src=x onerror=alert(1)>&\"'"
    hostile = text()
    hostile["customers"]["name"] = name
    hostile["factors"]["label"] = name
    hostile["answers"] = frame(
        "answers",
        [
            {"sheet": "pestle", "subject": "all", "item": "mine", "field": f, "value": name, "note": name}
            for f in ("label", "change")
        ],
    )
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
    hostile["stages"] = frame("stages", [{"customer": who, "stage": "s", "name": name, "trouble": name}])
    hostile["ideas"] = frame(
        "ideas",
        [
            {
                "idea": "i",
                "name": name,
                "customer": who,
                "stage": "s",
                "role": "given",
                "customer_gain": 1,
                "our_gain": 2,
                "class": "A",
                "reason": name,
            }
        ],
    )
    hostile["projects"] = frame(
        "projects",
        [
            {
                "project": "x",
                "name": name,
                "customer": who,
                "idea": "i",
                "owner": "p",
                "risk": name,
                "contingency": name,
                "starts": "2027-01-01",
                "ends": "2027-02-01",
            }
        ],
    )
    hostile["actions"] = frame(
        "actions", [{"project": "x", "step": "s", "name": name, "due": "2027-01-05", "person": "p"}]
    )
    hostile["services"] = frame(
        "services", [{"service": "s", "name": name, "valued": "no", "cost": 5, "pilot": name}]
    )
    hostile["bases"] = frame("bases", [{"basis": "b", "name": name, "ladder": f"{name}|more"}])
    hostile["distinction"] = frame(
        "distinction",
        [{"basis": "b", "category": c, "min": name, "max": "more"} for c in ("key", "maintenance")],
    )
    hostile["effort"] = frame("effort", [{"category": "key", "days": 5, "avoid": name}])
    hostile["scenarios"] = frame("scenarios", [{"scenario": "s", "name": name, "note": name}])
    hostile["changes"] = frame(
        "changes",
        [
            {
                "scenario": "s",
                "what": "weight",
                "model": "attractiveness",
                "subject": "all",
                "factor": "all",
                "to": 1,
            }
        ],
    )
    hostile["ballots"] = frame(
        "ballots",
        [
            {
                "round": "2026",
                "model": "attractiveness",
                "person": "p",
                "subject": who,
                "factor": hostile["factors"]["factor"].iloc[0],
                "score": 1,
                "note": name,
            }
        ],
    )
    stores.create(tmp_path / "w.xlsx", hostile)
    made = pages.written(str(tmp_path / "w.xlsx"), tmp_path)
    assert [p.name for p in made] == [
        "segmentation.html",
        "profitability.html",
        "distinction.html",
        "programme.html",
        "kaism-main.html",
        "certainty-main.html",
        f"account-{who}.html",
    ]
    for path in made:
        page = path.read_text(encoding="utf-8")
        assert "<img" not in page and "&lt;img src=x onerror=alert(1)&gt;" in page


def test_two_runs_at_once_are_stopped_without_a_trace(tmp_path_factory):
    """Begun at one moment, ended by Ctrl-C and by SIGTERM: whole pages stay and are named, nothing else does."""
    before, runs = (ROOT / "notebooks").stat().st_mtime_ns, []
    for number, jobs in ((signal.SIGINT, "1"), (signal.SIGTERM, "2")):
        place = tmp_path_factory.mktemp("r")
        env = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(place)}
        runs.append(
            (
                number,
                place,
                subprocess.Popen(
                    [
                        sys.executable,
                        "-m",
                        "kamlib.cli",
                        "report",
                        "data/tiny",
                        "--out",
                        str(place / "out"),
                        "--jobs",
                        jobs,
                    ],
                    cwd=ROOT,
                    env=env,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                ),
            )
        )
    for number, _, child in runs:
        assert child.stdout.readline().endswith(".html\n"), child.stderr.read()
        child.send_signal(number)
        child.send_signal(number)
    for number, place, child in runs:
        said = child.communicate()[1]
        made = [p.name for p in (place / "out").iterdir()]
        assert child.returncode == 128 + number and said.count("\n") == 1 and "Stopped" in said
        assert (
            made
            and all(n in said for n in made if n.endswith(".html"))
            and [p.name for p in place.iterdir()] == ["out"]
        )
        assert all(p.read_text(encoding="utf-8").endswith("</html>") for p in (place / "out").glob("*.html"))
        left = [
            p
            for p in psutil.process_iter(["environ"])
            if (p.info["environ"] or {}).get("TMPDIR") == str(place)
        ]
        assert not left
    assert (ROOT / "notebooks").stat().st_mtime_ns == before


def test_a_killed_page_costs_that_page_only(tmp_path, monkeypatch):
    """The others are made and the failure is named at the end. What a kernel needs lies in a folder that is gone then."""
    code = """
import os
from IPython.display import HTML, display
from ipykernel.connect import get_connection_file
display(HTML(f"{os.getcwd()}|{os.path.dirname(get_connection_file())}|{os.environ['IPYTHONDIR']}|"))
os.kill(os.getpid(), 9 if customer == "Alpha" else 0)"""
    parameters = nbformat.v4.new_code_cell('customer = ""', metadata={"tags": ["parameters"]})
    notebook = nbformat.v4.new_notebook(cells=[parameters, nbformat.v4.new_code_cell(code)])
    notebook.metadata.kernelspec = {"name": "python3", "language": "python", "display_name": "Python"}
    nbformat.write(notebook, tmp_path / "04_pia.ipynb")
    monkeypatch.setattr(report, "NOTEBOOKS", tmp_path)
    stores.create(
        tmp_path / "w.kam",
        busy() | {"stages": frame("stages", [{"customer": c, "stage": "s"} for c in ("Alpha", "Beta")])},
    )
    said = r"^1 of 3 pages could not be made: account-Alpha\.html \(The process that makes it was ended"
    with pytest.raises(KamError, match=said):
        list(report.write(str(tmp_path / "w.kam"), tmp_path / "out", notebook="04_pia"))
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert names == ["account-Beta.html", "distinction.html"]
    used = re.search(
        r"([^\s<>|]+)\|([^\s<>|]+)\|([^\s<>|]+)\|", (tmp_path / "out" / names[0]).read_text()
    ).groups()
    assert len(set(used)) == 1 and "kam-report-" in used[0] and not Path(used[0]).exists()


def test_a_folder_without_rights_is_refused_before_any_work(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(KamError, match="cannot be written"):
        list(report.write(str(ROOT / "data" / "tiny"), tmp_path / "file" / "out"))


@pytest.mark.parametrize("segment", ["a/../../b", "..", "C:\\x", "a\x00b", "ü", "/etc/passwd"])
def test_no_segment_id_becomes_a_path(segment):
    assert re.fullmatch(r"kaism-[A-Za-z0-9_-]+", report.file_name(segment))


def test_a_published_copy_has_only_what_is_allowed(tmp_path):
    secret = text() | {
        "people": frame("people", [{"person": "ann", "name": "Ann"}]),
        "ballots": frame(
            "ballots",
            [
                {
                    "round": "1",
                    "model": "attractiveness",
                    "person": "ann",
                    "subject": "Alpha",
                    "factor": "f1",
                    "score": 3,
                    "note": "CANARY-BALLOT",
                }
            ],
        ),
        "own table": frame("customers", [{"customer": "x", "note": "CANARY-EXTRA"}]),
    }
    secret["scores"]["note"] = "CANARY-NOTE"
    secret["customers"]["note"] = "CANARY-CUSTOMER"
    secret["customers"]["own column"] = "CANARY-COLUMN"
    store = stores.create(tmp_path / "w.kam", secret)
    store.put([stores.Change("customers", {"customer": "Alpha"}, {"name": "CANARY-HISTORY"})])
    store.put([stores.Change("customers", {"customer": "Alpha"}, {"name": "Alpha"})])
    copied = report.publish_copy(str(tmp_path / "w.kam"), tmp_path)

    assert b"CANARY" not in copied.read_bytes()
    assert [p.name for p in copied.parent.iterdir()] == ["w.kam"] and copied.parent != tmp_path


def test_a_published_copy_cannot_be_written(tmp_path):
    copied = report.publish_copy(str(ROOT / "data" / "tiny"), tmp_path)
    before = copied.read_bytes()
    store = stores.open_store(copied, read_only=True)
    with pytest.raises(KamError):
        store.put([stores.Change("customers", {"customer": "Alpha"}, {"name": "x"})])
    with pytest.raises(KamError):
        store.rewrite(dict)

    assert copied.read_bytes() == before


def marked(book, segment):
    """The text tables of an example with a canary in everything that belongs to another segment."""
    _, text = stores.load(ROOT / "data" / book, read_only=True)
    customers = text["customers"]
    outside = {*customers["customer"][customers["segment"] != segment]}
    for name, key in (("ideas", "idea"), ("projects", "project")):
        outside |= {*text[name][key][text[name]["customer"].isin(outside)]}
    outside |= {*text["segments"]["segment"]} - {segment}
    told = ["name", "label", "reason", "description", "trouble", "evidence", "risk", "question", "good"]
    made = {}
    for name, rows in text.items():
        foreign = rows.isin(outside).any(axis=1)
        rows = rows.map(lambda cell: f"canary_{cell}" if cell in outside else cell)
        texts = [c for c in told if c in rows and DEFINITIONS[name][c].kind == "text"]
        made[name] = rows.assign(
            **{c: rows[c].mask(foreign & (rows[c] != ""), "Canary " + rows[c]) for c in texts}
        )
    other = next(name for name in made["customers"]["name"] if name.startswith("Canary"))
    decisions = made["decisions"]
    own = ~decisions["subject"].str.startswith("canary")
    made["decisions"] = decisions.assign(
        reason=decisions["reason"].mask(own, f"As we did for {other.upper()}!")
    )
    return made


@pytest.mark.parametrize(
    ("book", "segment"),
    [("insurer", "broker_networks"), ("bank", "universities")],
)
def test_a_copy_of_one_segment_holds_nothing_of_another(book, segment, tmp_path, capsys):
    from kamlib.reports import whatif

    stores.create(tmp_path / "w.kam", marked(book, segment))
    copied = report.publish_copy(str(tmp_path / "w.kam"), tmp_path, segment)
    whatif.write(str(tmp_path / "w.kam"), tmp_path / "page.html", segment)

    assert b"canary" not in copied.read_bytes().lower()
    assert b"canary" not in (tmp_path / "page.html").read_bytes().lower()
    assert "Left out, because it names somebody of another segment" in capsys.readouterr().out


def test_a_copy_of_one_segment_says_what_the_workbook_says(tmp_path):
    """Also where the whole company counts: costs that are shared out, and whom we can look after."""
    from kamlib.models import pia, portfolio, profitability
    from kamlib.models import staffing as staffed

    place = ROOT / "data" / "bank"
    copied = report.publish_copy(str(place), tmp_path, "universities")
    whole, part = (typed(stores.load(each, read_only=True)[1]) for each in (place, copied))
    chosen = of_workbook(whole, segment="universities")

    for model in (profitability.customers, profitability.cost_to_serve, pia.place, portfolio.classes):
        pd.testing.assert_frame_equal(model(Book(part, of_workbook(part))), model(Book(whole, chosen)))
    there, found = (
        staffed.choose(Book(whole, of_workbook(whole))),
        staffed.choose(Book(part, of_workbook(part))),
    )
    there = there[there["segment"] == "universities"]
    assert found.set_index("customer")["chosen"].to_dict() == there.set_index("customer")["chosen"].to_dict()


def test_a_published_copy_is_shown_in_the_scenario_that_was_asked_for(tmp_path, monkeypatch):
    from kamlib.app.notebook import open_desk
    from kamlib.models import kaism, results

    copied = report.publish_copy(str(ROOT / "data" / "insurer"), tmp_path, scenario="price_war")
    monkeypatch.setenv("KAM_READ_ONLY", "1")
    desk = open_desk(workbook=str(copied))

    expected = results.show(str(ROOT / "data" / "insurer"), "kaism", "broker_networks", scenario="price_war")
    pd.testing.assert_frame_equal(kaism.place(desk.book), expected)
    assert headlines.in_scenario(desk.book) == "We lose the price war"


@pytest.mark.parametrize("static", [[], ["--static", "page.html"]])
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--segment", "bank_chanel"], 'There is no segment "bank_chanel". Did you mean "bank_channel"?'),
        (["--scenario", "price-war"], 'There is no scenario "price-war". Did you mean "price_war"?'),
        (["--segment", "bank_channel", "--scenario", "nope"], 'There is no scenario "nope". Known: '),
    ],
)
def test_publishing_refuses_what_does_not_exist(asked, said, static, tmp_path, monkeypatch, capsys):
    from kamlib import cli
    from kamlib.app import server as serve

    monkeypatch.setattr(serve, "serve", lambda *_, **__: None)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        cli.main(["publish", str(ROOT / "data" / "insurer"), *asked, *static])

    assert end.value.code == 2 and said in capsys.readouterr().err
    assert not (tmp_path / "page.html").exists()


def test_publishing_without_a_segment_says_so(tmp_path, capsys):
    stores.create(
        tmp_path / "w.kam", stores.blank("Early") | {"segments": frame("segments", [{"segment": "s"}])}
    )
    report.publish_copy(str(tmp_path / "w.kam"), tmp_path)

    assert "No customer is in a segment yet" in capsys.readouterr().out
    with pytest.raises(InvalidInput, match='segment "s" has no customer yet'):
        report.publish_copy(str(tmp_path / "w.kam"), tmp_path / "copy", "s")


@pytest.mark.parametrize(
    ("number", "said"),
    [(6.575, "6.6"), (0.25, "0.3"), (-0.25, "-0.3"), (-0.04, "0.0"), (float("nan"), "?"), (10, "10.0")],
)
def test_numbers_are_shown_half_up(number, said):
    assert one(number) == said


# -- step 10 and single customers ---------------------------------------------------------------------


def desk_of(book, tmp_path, customer=""):
    store = stores.create(tmp_path / "w.kam", book)
    desk = Desk(store, store.read(), read_only=True)
    desk.look_at(customer)
    return desk


def example(name):
    store, book = stores.load(str(ROOT / "data" / name), read_only=True)
    return Desk(store, book, read_only=True)


FEW_WORDS = "in a few words that say what it is about"


def busy(words=FEW_WORDS, times=1):
    """A plan for Alpha as large as they come: eight stages, forty ideas, six projects, or so many times more."""
    book = text()
    book["people"] = frame(
        "people",
        [{"person": f"p{i}", "name": f"Person {i}", "days": 9, "approach": "hunter"} for i in range(30)],
    )
    book["stages"] = frame(
        "stages",
        [
            {
                "customer": "Alpha",
                "stage": f"s{i}",
                "name": f"Stage {i} {words}",
                "trouble": f"Trouble {words}",
                "level": "end_customer" if i % 8 > 5 else "corporate",
                "place": i + 1,
            }
            for i in range(8 * times)
        ],
    )
    book["ideas"] = frame(
        "ideas",
        [
            {
                "idea": f"i{i}",
                "name": f"Idea {i} {words}",
                "customer": "Alpha",
                "stage": f"s{i % 8}",
                "kind": "add",
                "person": f"p{i % 30}",
                "role": "given" if i % 4 == 0 else "differentiator",
                **({"class": "C", "reason": f"Why {words}"} if times > 1 else {}),
                "customer_gain": 1000 * i,
                "our_gain": 500 * (40 * times - i),
            }
            for i in range(40 * times)
        ],
    )
    book["ratings"] = frame(
        "ratings",
        [
            {"idea": f"i{i}", "question": q, "rating": "good"}
            for i in range(40 * times)
            for q in pia.QUESTIONS[: i % 9]
        ],
    )
    axes = (
        ("pia_us", "revenue"),
        ("pia_us", "capability"),
        ("pia_customer", "problem"),
        ("pia_customer", "risk"),
    )
    own = frame(
        "factors",
        [{"model": m, "scope": "all", "factor": f, "label": f"Factor {f} {words}"} for m, f in axes],
    )
    scores = frame(
        "scores",
        [
            {"model": m, "subject": f"i{i}", "factor": f, "score": 1 + (3 * i + n) % 9}
            for i in range(40 * times)
            for n, (m, f) in enumerate(axes)
            if (i + n) % 5
        ],
    )
    book["factors"] = pd.concat([book["factors"], own], ignore_index=True)
    book["scores"] = pd.concat([book["scores"], scores], ignore_index=True)
    book["projects"] = frame(
        "projects",
        [
            {
                "project": f"x{i}",
                "name": f"Project {i} {words}",
                "customer": "Alpha",
                "idea": f"i{i}",
                "owner": f"p{i}",
                "starts": f"2027-0{i % 9 + 1}-01",
                "ends": f"2028-0{i % 9 + 1}-01",
                "days": 30,
                "money": 4000,
                "risk": f"Risk {words}",
                "contingency": f"Then {words}",
                "status": "running",
            }
            for i in range(6 * times)
        ],
    )
    book["actions"] = frame(
        "actions",
        [
            {
                "project": f"x{i % (6 * times)}",
                "step": f"a{i}",
                "name": f"Step {i} {words}",
                "due": f"2027-1{i % 3}-1{i % 9}",
                "person": f"p{i % 30}",
            }
            for i in range(48 * times)
        ],
    )
    decided = {
        "what": "category",
        "subject": "Alpha",
        "decision": "maintenance",
        "reason": f"Because {words}",
        "person": "p1",
        "on": "2026-11-01",
    }
    book["decisions"] = frame("decisions", [decided])
    return book


@pytest.mark.browser
@pytest.mark.parametrize(
    ("words", "times"),
    [(FEW_WORDS, 1), (FEW_WORDS, 4), ("and so on " * 60, 4), ("unbroken" * 60, 4), ("W" * 400, 4)],
)
def test_a_page_on_one_customer_is_six_sheets_at_most(words, times, browser, tmp_path):
    made, sheets = on_sheets(busy(words, times), browser, tmp_path)
    assert 1 <= sheets <= 6
    assert sheets <= 4 or len(words) > 100
    assert "more are in the workbook" in made


@pytest.mark.browser
def test_it_is_six_sheets_at_most_with_all_that_can_be_filled_in_about_a_customer(browser, tmp_path):
    words = {
        "text": "in a few words",
        "yesno": "yes",
        "number": "9",
        "date": "2027-01-01",
        "person": "p1",
        "rating": "good",
    }
    forms = [f for f in BESIDE if "customer" in f.per and len(f.lines)]
    answers = [
        {
            "sheet": f.id,
            "subject": "Alpha",
            "item": i,
            "field": x["id"],
            "note": words["text"],
            "value": words.get(x["kind"]) or x["choices"][0],
        }
        for f in forms
        for i in f.lines["id"]
        for x in f.fields
    ]
    made, sheets_of_paper = on_sheets(busy() | {"answers": frame("answers", answers)}, browser, tmp_path)
    assert made.count("lines filled in") == len(forms) == 9 and sheets_of_paper <= 6


def on_sheets(book, browser, tmp_path):
    """The page on Alpha and how many sheets of paper it takes."""
    made = printed("04_pia", desk_of(book, tmp_path, "Alpha"))
    shown = browser.new_context().new_page()
    shown.set_content(made)
    paper = shown.pdf(prefer_css_page_size=True, format="A4")
    shown.context.close()
    return made, len(re.findall(rb"/Type\s*/Page\b(?!s)", paper))


def test_the_page_on_one_customer_says_what_it_is_about_and_who_made_it():
    desk = example("insurer")
    desk.look_at("alder")
    page = unescape(printed("04_pia", desk))
    tables, chosen = desk.tables, of_workbook(desk.tables, customer="alder")
    ordered = pia.order(Book(tables, chosen))
    for name in [
        *ordered["name"].head(14),
        *plans.projects(Book(tables, chosen))["name"],
        *pia.chain(Book(tables, chosen))["name"].head(12),
    ]:
        assert name in page
    first = page.index(ordered["name"].iloc[0], page.index("in this order"))
    assert first < page.index(ordered["name"].iloc[1], page.index("in this order"))
    for words in (
        "is a key account (decided)",
        "Where it stands",
        "decided by Helen Ashworth",
        "Who does what, by when",
        "Next steps",
        "internal: not for customers",
        "Made by ",
        "a year",
    ):
        assert words in page
    assert "<svg" in page and "Ashdene" not in re.sub(r"<svg.*?</svg>", "", page, flags=re.S)
    opened = page.index("<h1>"), page.index('class="verdict"'), page.index("Where it stands")
    assert list(opened) == sorted(opened)


def test_the_page_on_one_customer_has_its_sheets_and_nobody_elses():
    desk = example("insurer")
    desk.look_at("alder")
    page = unescape(printed("04_pia", desk))
    said = sheets.table(desk.book)
    own = said[(said["subject"] == "Alder Network") & said["sheet"].isin([f.title for f in BESIDE])]
    assert page.count("lines filled in") == own["sheet"].nunique() == 7
    for row in own.to_dict("records"):
        assert row["line"] in page and row["value"][:40] in page
    others = said[said["subject"].isin(["Ashdene", "Arden Hay"])]
    assert not [v for v in others["value"] if len(v) > 20 and v[:40] in page]


def test_a_page_on_a_customer_of_whom_nothing_is_written_says_so_and_has_no_empty_headings(tmp_path):
    page = printed("04_pia", desk_of(text(), tmp_path, "Gamma"))
    assert (
        "Nothing has been written down for this customer yet" in page
        and "No idea has been written down" in page
    )
    assert "<h1>Gamma: what we do, and why</h1>" in page
    assert re.findall(r"<h[23].*?>(.*?)</h[23]>", page) == ["Where it stands"]


def test_a_customer_without_a_segment_stands_in_no_category(tmp_path):
    book = text()
    book["customers"].loc[0, "segment"] = ""
    page = printed("04_pia", desk_of(book, tmp_path, "Alpha"))
    assert "Alpha stands in no category yet." in page and "Where it stands" not in page


@pytest.mark.parametrize("name", ["insurer", "bank"])
def test_the_page_on_step_10_has_what_is_different_and_what_it_takes(name):
    from kamlib.models import distinction

    desk = example(name)
    page = unescape(printed("04_pia", desk))
    everywhere = replace(desk.settings, segment="")
    assert f'<p class="verdict">{distinction.words(Book(desk.tables, everywhere))}</p>' in page
    seen = distinction.distinction(Book(desk.tables, everywhere))
    for row in seen[(seen["min"] != "") & (seen["max"] != "")].to_dict("records"):
        assert row["name"] in page and row["max"] in page
    for words in seen.loc[seen["creep"] != "", "creep"]:
        assert words[1:] in page
    for words in plans.load(Book(desk.tables, everywhere))["words"]:
        assert words[1:] in page
    for row in distinction.services(Book(desk.tables, everywhere)).to_dict("records"):
        assert row["name"] in page
    for words in (
        "What does each category get",
        "Who is told what",
        "internal: not for customers",
        "Plans for single customers",
    ):
        assert words in page
    assert "<button" not in page


def test_pages_of_an_empty_workbook_say_what_is_missing(tmp_path):
    page = printed("04_pia", desk_of(stores.blank("Empty"), tmp_path))
    assert '<p class="verdict">No account takes any days yet</p>' in page
    assert re.findall(r"<h[23].*?>(.*?)</h[23]>", page) == [
        "What does each category get, and what not?",
        "Nothing is different yet",
        "How do we move an account with care?",
        "Who is told what",
    ]
    with pytest.raises(InvalidInput, match='There is no customer "Alpha"'):
        list(report.write(str(tmp_path / "w.kam"), tmp_path / "out", given={"customer": "Alpha"}))
    assert not (tmp_path / "out").exists()


def planned(tables, **given):
    """The notebook, parameters and file of each page that would be written."""
    checked = report.settings.gate({"workbook": "w", **{k: v for k, v in given.items() if k != "notebook"}})
    made = report._of_customer if checked.customer else report._pages
    return made(tables, checked, given.get("notebook", ""))


def test_which_pages_are_written():
    tables = typed(busy())
    account = ("04_pia", {"customer": "Alpha"}, "account-Alpha")
    whole = [
        ("01_segmentation", {}, "segmentation"),
        ("03_profitability", {}, "profitability"),
        ("04_pia", {}, "distinction"),
        ("07_programme", {}, "programme"),
    ]
    segment = ("02_kaism", {"segment": "main"}, "kaism-main")
    sure = ("05_certainty", {"segment": "main"}, "certainty-main")
    assert planned(tables) == [*whole, segment, sure, account]
    assert planned(tables, segment="main") == [segment, sure, account]
    assert planned(tables, notebook="05_certainty") == [sure]
    assert planned(tables, notebook="04_pia") == [whole[2], account]
    assert planned(tables, notebook="02_kaism") == [segment]
    own = ("06_account_plan", {"customer": "Alpha"}, "plan-Alpha")
    people = typed(
        busy() | {"customer_people": frame("customer_people", [{"customer": "Alpha", "contact": "ann"}])}
    )
    assert planned(people) == [*whole, segment, sure, account, own]
    assert planned(people, segment="main", notebook="06_account_plan") == [own]
    assert planned(tables, customer="Alpha") == [account, own]
    assert planned(tables, customer="Alpha", notebook="04_pia") == [account]
    assert planned(tables, customer="Alpha", notebook="06_account_plan") == [own]
    assert [name for *_, name in planned(tables, customer="Beta")] == ["account-Beta", "plan-Beta"]
    outside = planned(tables, customer="Alpha", audience="customer")
    assert outside == [("04_pia", {"customer": "Alpha", "audience": "customer"}, "for-Alpha")]
    with pytest.raises(InvalidInput, match="come from 04_pia"):
        planned(tables, customer="Alpha", notebook="02_kaism")
    with pytest.raises(KamError, match="elsewhere"):
        planned(tables, segment="elsewhere")


def test_only_the_customers_of_a_segment_get_a_page_with_it():
    book = busy()
    book["segments"] = frame("segments", [{"segment": "main"}, {"segment": "other"}])
    assert "account-Alpha" not in [name for *_, name in planned(typed(book), segment="other")]


def test_every_page_has_a_file_of_its_own_whatever_is_asked_for(tmp_path, monkeypatch):
    """Of segments, customers and scenarios whose ids are alike, also where capitals do not count."""
    ids = ["a", "a-b", "A-b", "a/b", "A/b", "../a-b", "北", "南", "in", "a-in", "a-in-b", "a-in-in-b"]
    ids += ["x" * 90, "x" * 91]
    stores.create(
        tmp_path / "w",
        stores.blank()
        | {
            "segments": frame("segments", [{"segment": i} for i in ids]),
            "customers": frame("customers", [{"customer": i, "name": i, "segment": i} for i in ids]),
            "stages": frame("stages", [{"customer": i, "stage": "s"} for i in ids]),
            "scenarios": frame("scenarios", [{"scenario": i, "name": i} for i in ("b", "B", "in-b", "b.")]),
        },
    )
    monkeypatch.setattr(report.run, "printed_by", lambda *_: ("", {}))
    monkeypatch.setattr(report.run, "frozen", lambda *_: "")
    monkeypatch.setattr(report.storage, "write", lambda *_: None)
    monkeypatch.setattr(stores, "load", functools.cache(stores.load))

    def names(**given):
        return [p.name for p in report.write(str(tmp_path / "w"), tmp_path / "out", given=given)]

    whole = names()
    assert len(whole) == 4 + 3 * len(ids) and {"kaism-a-b.html", "account-a.html"} < set(whole)
    assert {*names(segment="A-b"), *names(segment="a-b")} < set(whole)
    own = names(customer="a/b")
    assert own[0] in whole and own[1] == own[0].replace("account", "plan")
    made = [*whole, *(n for s in ("b", "B", "in-b", "b.") for n in names(scenario=s))]
    assert len({n.lower() for n in made}) == 5 * len(whole) and all(len(n) < 130 for n in made)


def test_a_report_of_a_scenario_says_so_and_differs(tmp_path):
    given = {"scenario": "price_war", "near_line": 0.3}
    (path,) = pages.written(
        str(ROOT / "data" / "insurer"), tmp_path, "broker_networks", given, "05_certainty"
    )
    assert path.name == "certainty-broker_networks-in-price_war-near_line-0.3.html"
    page = path.read_text(encoding="utf-8")
    said = "Broker networks · scenario: We lose the price war · too close to call: within 0.3"
    foot = re.findall(r'<p class="hint about">(.*?)</p>', page)[0]
    assert f"<title>How sure are we? · {foot}</title>" in page and f" · {said} · kamlib" in foot
    from kamlib.models import results

    seen = results.show(str(ROOT / "data" / "insurer"), "certainty", "broker_networks", scenario="price_war")
    assert all(words in unescape(page) for words in seen["words"])
    today = results.show(str(ROOT / "data" / "insurer"), "certainty", "broker_networks")
    assert not today["words"].equals(seen["words"]) and "We lose the price war" in page
    with pytest.raises(InvalidInput, match="price_war"):
        list(report.write(str(ROOT / "data" / "insurer"), tmp_path, "", {"scenario": "price_wars"}))


def test_a_page_on_one_customer_is_written_by_the_command_line(tmp_path, monkeypatch):
    monkeypatch.setattr(engine.Engine, "execute_managed_notebook", pages.executed)
    monkeypatch.setenv("KAM_READ_ONLY", "1")
    monkeypatch.setenv("KAM_LIFE", "paper")
    asked = ["report", str(ROOT / "data" / "insurer"), "--out", str(tmp_path), "--customer", "alder"]
    assert main_ends_with(0, asked)
    written = sorted(p.name for p in tmp_path.glob("*.html") if p.stem != "index")
    assert written == ["account-alder.html", "plan-alder.html"]
    page = (tmp_path / "account-alder.html").read_text(encoding="utf-8")
    assert (
        "<title>Alder Network: what we do, and why · Harbour Mutual · insurer · round 2026 · " in page
        and '<a href="index.html">' in page
        and "<script" not in page
        and str(ROOT) not in page
    )


def test_results_of_one_customer_are_shown():
    from kamlib.models import results

    place = str(ROOT / "data" / "insurer")
    whole, own = results.opened(place), results.opened(place, customer="alder")
    names = [
        "screening",
        "pia",
        "idea_order",
        "chain",
        "projects",
        "lock_in",
        "value_share",
        "screening_find_out",
        "work_plan",
    ]
    for name in names:
        assert len(results.RESULTS[name](own)) <= len(results.RESULTS[name](whole))
    assert set(results.show(place, "idea_order", customer="alder")["customer"]) == {"alder"}
    for name in ("distinction", "energy", "services", "movers", "load"):
        assert len(results.render(results.RESULTS[name](whole), "csv"))
    with pytest.raises(InvalidInput, match='There is no customer "aldr". Did you mean "alder"'):
        results.show(place, "pia", customer="aldr")
    with pytest.raises(InvalidInput, match='"alder" is in the segment broker_networks, not in bank_channel'):
        results.show(place, "pia", "bank_channel", "alder")
