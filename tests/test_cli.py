"""The command line, as its users type it: the answers, the refusals, and what a kill leaves behind."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kamlib import cli
from kamlib.errors import KamError
from kamlib.workbook import stores
from tests.worked import ATTRACTIVE, frame, text

ROOT = Path(__file__).parent.parent
COMMANDS = ["new", "check", "show", "copy", "workshop", "publish", "report"]


def kam(*args, **more):
    """Run a command in a process of its own."""
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "kamlib.cli", *map(str, args)],
        capture_output=True,
        text=True,
        cwd=more.get("cwd", ROOT),
        env=env,
    )


def quick(*args):
    """Run a command in this process: (exit code, output, errors)."""
    return CliRunner().invoke(cli.app, [str(a) for a in args], prog_name="kam")


def shown(workbook, name="kaism", *more):
    result = quick("show", workbook, name, "--format", "csv", *more)
    assert result.exit_code == 0, result.exception
    return list(csv.DictReader(io.StringIO(result.stdout)))


def test_the_known_answers_of_the_tiny_example():
    rows = {row["customer"]: row for row in shown("data/tiny")}

    assert [rows[c]["y"] for c in ATTRACTIVE] == ["7.4", "5.7", "8.0", "5.2"]
    assert {row["y_line"] for row in rows.values()} == {"6.575"}
    assert [rows[c]["x"] for c in ATTRACTIVE] == ["1.0", "0.833333333", "-1.333333333", "-0.5"]
    assert [rows[c]["box"] for c in ATTRACTIVE] == ["key", "maintenance", "key_development", "opportunistic"]


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        (
            dict(attractive=ATTRACTIVE | {"Alpha": (8, None, 9, 6, 7, 5)}),
            {"Alpha": ("undetermined", "7.5", "key|maintenance"), "Beta": ("placed", "5.7", "maintenance")},
        ),
        (
            dict(attractive={c: (6,) * 6 for c in ATTRACTIVE}),
            {"Alpha": ("placed", "6.0", "maintenance"), "Gamma": ("placed", "6.0", "opportunistic")},
        ),
        (
            dict(must=[None, None, 5, None, None, None]),
            {"Beta": ("ruled_out", "5.7", ""), "Alpha": ("placed", "7.4", "key")},
        ),
    ],
    ids=["unknown", "tie", "must-have"],
)
def test_the_variants_of_the_known_answers(variant, expected, tmp_path):
    stores.create(tmp_path / "w", text(**variant))
    rows = {row["customer"]: row for row in shown(tmp_path / "w")}

    assert {c: (rows[c]["status"], rows[c]["y"], rows[c]["possible"]) for c in expected} == expected


def test_show_gives_each_segment_its_own_matrix():
    every = shown("data/insurer")
    one = shown("data/insurer", "kaism", "--segment", "broker_networks")

    assert one == [row for row in every if row["segment"] == "broker_networks"]
    assert len({row["y_line"] for row in every}) == 4


@pytest.mark.parametrize("name", ["classes", "portfolio", "findings", "find_out", "customers", "scores"])
@pytest.mark.parametrize("format", ["table", "csv", "json"])
def test_every_result_in_every_format(name, format):
    result = quick("show", "data/insurer", name, "--format", format)

    assert result.exit_code == 0 and len(result.stdout) > 100
    assert format != "json" or json.loads(result.stdout)


def test_formulas_are_harmless_in_csv(tmp_path):
    dangerous = text() | {"customers": text()["customers"].assign(note=["=1+1", "+1", "@x", "-5"])}
    stores.create(tmp_path / "w", dangerous)

    assert [row["note"] for row in shown(tmp_path / "w", "customers")] == ["'=1+1", "+1", "'@x", "-5"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    assert "--help" in quick(command, "--help").stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["show", "data/tiny", "kaizm"], 'Did you mean "kaism"?'),
        (["show", "data/tiny", "kaism", "--segment", "mian"], 'Did you mean "main"?'),
        (["show", "data/tiny", "kaism", "--format", "cvs"], 'Did you mean "csv"?'),
        (["show", "data/tinny", "kaism"], 'Did you mean "tiny"?'),
        (["check", "README.md"], "is not a workbook"),
        (["new", "x", "--example", "insuror"], 'Did you mean "insurer"?'),
        (["copy", "data/tiny", "data/bank"], "already"),
        (["report", "data/tiny", "-p", "segmnt=main"], 'Did you mean "segment"?'),
        (["report", "data/tiny", "-p", "import os=1"], 'There is no parameter "import os"'),
        (["report", "data/tiny", "-p", "near_line=soon"], "near_line"),
        (["report", "data/tiny", "--segment", "../../etc"], "There is no segment"),
        (["workshop", "nowhere.kam"], "There is no workbook"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(args, said, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    with pytest.raises(SystemExit) as end:
        cli.main(args)

    assert end.value.code == 2 and said in capsys.readouterr().err


def test_a_process_that_is_refused_ends_with_2_and_without_a_traceback():
    done = kam("show", "data/tinny", "kaism")

    assert done.returncode == 2 and 'Did you mean "tiny"?' in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["-p", "workbook=data/bank"], "kam report WORKBOOK"),
        (["-p", "segment=main", "-p", "segment=other"], 'segment is said twice, as "main" and as "other"'),
        (["--segment", "main", "-p", "segment=other"], "segment is said twice"),
        (["--customer", "Alpha", "-p", "customer=Beta"], "customer is said twice"),
        (["--scenario", "a", "-p", "scenario=b"], "scenario is said twice"),
        (["--customer", "Alpha", "--segment", "north"], 'There is no segment "north"'),
        (["--customer", "Alpha", "-p", "segment=other"], '"Alpha" is in the segment main, not in other'),
        (["--customer", "Delta", "-p", "segment=other"], '"Delta" is in no segment, not in other'),
    ],
)
def test_a_report_that_is_asked_for_in_two_ways_is_refused_before_any_work(args, said, tmp_path):
    book = text()
    book["segments"] = frame("segments", [{"segment": "main"}, {"segment": "other"}])
    book["customers"].loc[book["customers"]["customer"] == "Delta", "segment"] = ""
    stores.create(tmp_path / "w", book)
    result = quick("report", tmp_path / "w", "--out", tmp_path / "out", *args)

    assert isinstance(result.exception, KamError) and said in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_check_ends_with_1_when_there_are_errors(tmp_path):
    stores.create(tmp_path / "good", text())
    assert quick("check", tmp_path / "good").exit_code == 0
    bad = text()
    bad["scores"].loc[0, "score"] = "eleven"
    stores.create(tmp_path / "bad", bad)
    result = quick("check", tmp_path / "bad")

    assert result.exit_code == 1 and 'score is "eleven"' in result.stdout and "line 2" in result.stdout


def test_new_and_copy_round_trip(tmp_path):
    assert quick("new", tmp_path / "a", "--example", "bank").exit_code == 0
    for source, target in (("a", "b.kam"), ("b.kam", "c.xlsx"), ("c.xlsx", "d")):
        assert quick("copy", tmp_path / source, tmp_path / target).exit_code == 0
    for path in (ROOT / "data" / "bank").glob("*.csv"):
        assert (tmp_path / "d" / path.name).read_bytes() == path.read_bytes()


def test_check_says_all_of_a_message_and_show_rounds_as_reports_do():
    from kamlib.models import results
    from kamlib.models.scoring import one

    found, _ = results.check("data/insurer")
    assert found["message"].str.len().max() > results.WIDEST
    said = quick("check", "data/insurer").stdout
    assert all(message in said for message in found["message"])
    halves = found.head(4)[[]].assign(y=[0.25, -0.25, 6.575, 0.35])
    assert results.render(halves, "table").split()[1:] == [one(y) for y in halves["y"]]


def test_an_empty_workbook_can_be_checked_and_shown(tmp_path):
    assert quick("new", tmp_path / "w.kam").exit_code == 0
    assert quick("check", tmp_path / "w.kam").exit_code == 0
    assert quick("show", tmp_path / "w.kam", "kaism").stdout.strip() == "Nothing."


@pytest.mark.parametrize("kind", ["w", "w.xlsx"])
def test_what_comes_as_files_is_edited_in_a_kam_beside_it(kind, tmp_path, monkeypatch):
    """Workshop, import and merge say so; `show` and `check` of the files stay as they are."""
    stores.create(tmp_path / kind, text())
    (tmp_path / "list.csv").write_text("name,revenue\nAlpha,5\nNew one,6\n")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    served = []
    monkeypatch.setattr("kamlib.app.server.serve", lambda workbook, **more: served.append(workbook))
    done = [quick("import-customers", tmp_path / "list.csv", tmp_path / kind, "--dry-run")]
    assert not (tmp_path / "w.kam").exists() and done[0].exit_code == 0
    done += [
        quick("import-customers", tmp_path / "list.csv", tmp_path / kind),
        quick("merge-customers", tmp_path / kind, "Alpha", "Beta"),
        quick("workshop", tmp_path / kind),
    ]
    assert ["kept in w.kam" in each.stdout for each in done] == [False, True, True, True], done
    assert served == [str(tmp_path / "w.kam")] and f"kam workshop {tmp_path / 'w.kam'}" in done[1].stdout
    assert [row["name"] for row in shown(tmp_path / "w.kam", "customers")] == [
        "Alpha",
        "Gamma",
        "Delta",
        "New one",
    ]
    assert [row["name"] for row in shown(tmp_path / kind, "customers")] == [*ATTRACTIVE]
    assert (
        before.items()
        <= {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}.items()
    )


def test_a_password_in_an_address_is_not_said_with_the_errors(tmp_path, monkeypatch):
    bad = text()
    bad["scores"].loc[0, "score"] = "eleven"
    store = stores.create(tmp_path / "w.kam", bad)
    store.location = "postgresql://***@h/db"
    monkeypatch.setattr(stores, "load", lambda *_, **__: (store, bad))
    for command, *more in (
        ("workshop",),
        ("show", "kaism"),
        ("report",),
        ("publish",),
        ("merge-customers", "a", "b"),
    ):
        result = quick(command, "postgresql://ann:s3cret@h/db", *more)
        assert "eleven" in str(result.exception) and "s3cret" not in str(result.exception), command
