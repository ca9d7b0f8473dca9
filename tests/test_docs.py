"""The documentation says what the product does: every command, result, table and setting, and nothing that is not there."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path

import click
import pytest
import typer

from kamlib import cli
from kamlib.models import results
from kamlib.workbook import schema, settings, stores

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
REFERENCE = ROOT / "docs" / "reference.md"
NAMES = {*results.RESULTS, *schema.DEFINITIONS, results.LIST}
START = re.compile(r"(?:\S*python3? -m kamlib|kam) ")
BY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def shown(page: Path) -> list[str]:
    """The lines of its blocks of code, and what stands in its sentences as code."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [part.strip() for block in blocks for line in block.splitlines() for part in line.split("&&")]
    rest = re.sub(r"^```\n.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [line.split(" #")[0].strip() for line in lines] + re.findall(r"`([^`\n]+)`", rest)


def commands(page: Path) -> list[list[str]]:
    """The commands of kamlib that a page shows to be typed, without the program; what is in CAPITALS is left to the reader."""
    lines = [START.sub("", line, count=1) for line in shown(page) if START.match(line)]
    return [words for line in lines if (words := shlex.split(line)) and not words[0].isupper()]


def group() -> click.Group:
    return typer.main.get_command(cli.app)


def headings(page: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


def test_the_reference_is_what_the_code_says():
    """Written by tools/write_reference.py from the commands, the results, the tables and the parameters."""
    text = runpy.run_path(str(ROOT / "tools" / "write_reference.py"))["text"]()

    assert text == REFERENCE.read_text(encoding="utf-8"), "run tools/write_reference.py"


def test_the_reference_names_everything():
    """Whatever writes it: each command with its options, each result, table, column and parameter."""
    text = REFERENCE.read_text(encoding="utf-8")
    options = {
        name: [o for parameter in command.params for o in (*parameter.opts, *parameter.secondary_opts)]
        for name, command in group().commands.items()
    }
    columns = [c.name for table in schema.DEFINITIONS.values() for c in table.columns]
    named = [*(f"### {each}\n" for each in (*options, *schema.DEFINITIONS))]
    named += [f"`{each}`" for each in (*results.RESULTS, *columns, *settings.PARAMETERS)]

    assert [each for each in named if each not in text] == []
    for name, own in options.items():
        section = text.split(f"### {name}\n")[1].split("### ")[0]
        assert [o for o in own if f"`{o}`" not in section and f"`{o.upper()}`" not in section] == [], name


def test_every_result_has_a_line_of_its_own():
    lines = {name: line for part in results.about().values() for name, line in part.items()}

    assert set(lines) == set(results.RESULTS)
    assert [name for name, line in lines.items() if not re.fullmatch(r"[A-Z].{15,88}\.", line)] == []


def test_show_lists_every_result_and_every_table():
    tiny = str(ROOT / "data" / "tiny")
    listed = results.show(tiny, results.LIST)
    tables = listed.loc[listed["page"] == "Tables", "name"]

    assert [*listed["name"]] == [name for part in results.about().values() for name in part] + [*tables]
    assert {*tables} == {*stores.load(tiny, read_only=True)[1]}


def test_every_setting_is_documented_with_its_default():
    rows = re.findall(r"^\| `(\w+)` \| ?(\S*) \|", (ROOT / "docs" / "data.md").read_text(), re.MULTILINE)
    values = vars(settings.Settings())
    defaults = {
        name: f"{value:g}" if isinstance(value, int | float) else value or ""
        for name, value in values.items()
    }

    assert dict(rows) == defaults


@BY_PAGE
def test_every_command_line_is_one_that_works(page):
    """It parses; a workbook of data/, a result, a notebook and a parameter that it names are there."""
    for name, *words in commands(page):
        if name in ("test", "setup") or name.startswith("--"):
            continue
        command = group().commands[name]
        if not words:  # only mentioned
            continue
        given = command.make_context(name, [*words]).params
        place = str(given.get("workbook") or given.get("source") or "")
        assert not place.startswith("data/") or (ROOT / place).is_dir(), words
        assert name != "show" or given["name"] in NAMES or given["name"].isupper(), words
        assert not given.get("example") or (ROOT / "data" / given["example"]).is_dir(), words
        assert not given.get("notebook") or (ROOT / "notebooks" / f"{given['notebook']}.ipynb").exists(), (
            words
        )
        assert {p.split("=")[0] for p in given.get("parameter") or ()} <= {
            *settings.PARAMETERS,
            "NAME",
        }


@BY_PAGE
def test_every_run_by_papermill_has_a_notebook_and_its_parameters(page):
    for line in (line for line in shown(page) if line.startswith("papermill notebooks")):
        _, notebook, _, *more = shlex.split(line)
        given = {name: value for flag, name, value in zip(more[::3], more[1::3], more[2::3], strict=True)}

        assert (ROOT / notebook).exists() and {*more[::3]} == {"-p"}
        assert settings.gate(given) and (ROOT / given["workbook"]).is_dir()


def test_ids_in_the_examples_are_those_of_the_example_company():
    """Each segment, customer and scenario that a command names is one of the insurer's."""
    known = {
        column: {*results.show(str(ROOT / "data" / "insurer"), table)[column]}
        for column, table in (("segment", "segments"), ("customer", "customers"), ("scenario", "scenarios"))
    }
    for page in PAGES:
        for words in commands(page):
            for column, ids in known.items():
                named = {
                    after for word, after in zip(words, words[1:], strict=False) if word == f"--{column}"
                }
                assert {each for each in named if not each.isupper()} <= ids, (page.name, words)


@BY_PAGE
def test_every_link_and_every_picture_is_there(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path) if path else page
        assert there.exists(), target
        assert not anchor or anchor in headings(there), target


def test_each_page_of_the_documentation_is_linked_from_the_readme():
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert [page.name for page in PAGES[2:] if f"(docs/{page.name})" not in text] == []


def test_the_pictures_of_the_readme_can_be_drawn_again():
    """tools/draw_pictures.py draws those that the README shows, from the example."""
    drawn = dict(runpy.run_path(str(ROOT / "tools" / "draw_pictures.py"))["pictures"]())
    pictures = re.findall(r"!\[.+?\]\(docs/(.+?)\)", (ROOT / "README.md").read_text(encoding="utf-8"))

    assert sorted(drawn) == sorted(pictures)
    assert all("vega-lite" in chart.to_dict()["$schema"] for chart in drawn.values())
