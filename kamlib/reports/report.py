"""Reports and published copies: what leaves the workbook, for readers inside the company."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path
from typing import Any

from kamlib import catalogue
from kamlib.app.desk import Desk
from kamlib.errors import InvalidInput, KamError, WorkbookError, did_you_mean
from kamlib.models import kaism, pia, scenarios
from kamlib.models.account import plan
from kamlib.models.scope import agree
from kamlib.pages import handout, html
from kamlib.reports import kernels, office, record, run, storage
from kamlib.reports.publication import PUBLISHED, allowed
from kamlib.reports.run import printed
from kamlib.workbook import settings, stores
from kamlib.workbook.book import Book

__all__ = [
    "PUBLISHED",
    "allowed",
    "parameters",
    "printed",
    "publish_copy",
    "rehearse",
    "write",
]
NOTEBOOKS = settings.shipped("notebooks")
BY_SEGMENT = "02_kaism"  # a page for each segment
SURE = "05_certainty"  # a page for each segment
PLAN = "06_account_plan"  # the plan of each customer whose people are entered, or that is named
PROGRAMME = "07_programme"
DIFFERENTLY = "04_pia"  # a page for the workbook, and one for each customer whose analysis has begun
OF_SEGMENT = (BY_SEGMENT, DIFFERENTLY, SURE)  # the others are about the whole company
# ids, between hyphens, that stand in a file name as they are: they look like no end that we give
PLAIN = re.compile(r"(?!.*-in-|.*-x[0-9a-f]{8}-)-[\w-]{1,80}-", re.ASCII | re.IGNORECASE)
WHOLE = {
    "01_segmentation": "segmentation",
    "03_profitability": "profitability",
    DIFFERENTLY: "distinction",
    PROGRAMME: "programme",
}


def rehearse() -> None:
    """Print on the tiny example what pages consist of, so that the first page finds all of it loaded."""
    from kamlib.app import opening
    from kamlib.pages import kaism, scoring

    store, text = stores.load(settings.shipped("data") / "tiny", read_only=True)
    desk = Desk(store, text, read_only=True)
    desk.paper = True
    opening.heading(desk.view, kaism.PAGE)
    for part in (kaism.position, scoring.scores, kaism.decisions):
        desk.show(part)


def parameters(given: Sequence[str]) -> dict[str, Any]:
    """NAME=VALUE texts as typed parameters. Raises InvalidInput for a wrong name, type or value, and for a workbook."""
    raw: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise InvalidInput(f'"{text}" is not a parameter.', hint="Write NAME=VALUE.")
        number = re.fullmatch(r"-?\d+(\.\d+)?", value.strip())
        is_text = settings.is_text(settings.Parameters, name.strip())
        typed = float(value) if number and not is_text else value.strip()
        raw = settings.together(raw, {name.strip(): typed})
    settings.gate(raw)
    if "workbook" in raw:
        raise InvalidInput(
            f'The workbook is not a parameter of a report, so "{raw["workbook"]}" is not used.',
            table="parameters",
            column="workbook",
            found=raw["workbook"],
            hint="Name it first: kam report WORKBOOK.",
        )
    return raw


Page = tuple[str, dict[str, Any], str]  # notebook, its parameters, file name


def write(
    location: str,
    out: Path | str,
    segment: str = "",
    given: dict[str, Any] | None = None,
    notebook: str = "",
    *,
    format: str = "html",
    paper: str = "A4",
    jobs: int = 1,
    cluster: str = "",
    keep: bool = False,
    told: Callable[[int, int, str], object] = lambda *_: None,
) -> Generator[Path]:
    """Write self-contained pages: for the workbook (01, 03, 04, 07), segments (02, 05) and customers (04, 06).

    With a segment only the pages of that segment and its customers, with a customer only its page, with a
    `notebook` only what that one writes. Gives the paths as they are ready. Everything is checked before a
    kernel starts. A page is there whole or not at all; one for a customer is searched before it is there.
    A page that cannot be made does not keep the others from being made; it is named in a KamError at the end.

    Workbook and folder may be in a cloud. The `format` is html or, printed on `paper`, pdf. `jobs` pages are made at once, or as many as a Dask `cluster` has
    workers. With `keep` a page that would be the same is not made again, a JSON beside each page has its
    figures, and manifest.json and index.html list all of them; a page for a customer has nothing beside it.
    `told` hears of each page how many of how many are through, and its name where it stood there already.
    """
    checked = settings.gate(settings.together({"workbook": location, "segment": segment}, given or {}))
    known = sorted({*WHOLE, BY_SEGMENT, SURE, PLAN})
    if notebook not in ("", *known):
        raise InvalidInput(
            f'There is no report of a notebook "{notebook}".',
            found=notebook,
            hint=did_you_mean(notebook, known),
        )
    office.known(format, paper)
    with kernels.Pool() as pool:
        store, text = stores.load(storage.fetched(location, pool.folder), read_only=True)
        content = catalogue.beside(store.location)
        from kamlib.workbook import checks
        from kamlib.workbook.schema import typed

        checks.refuse_errors(checks.check(text, store.notes), store.location)
        tables = typed(text)
        agree(Book(tables), checked.segment, checked.customer)
        outside = checked.audience == "customer"
        whose = _of_customer if outside or checked.customer else _pages
        values: dict[str, Any] = {} if checked.near_line is None else {"near_line": checked.near_line}
        if checked.scenario:
            scenarios.applied(Book.of(tables), checked.scenario)  # refuses one that does not exist
            values["scenario"] = checked.scenario
        end = suffix(checked, tables["scenarios"]["scenario"])
        pages = [
            ((NOTEBOOKS / f"{source}.ipynb", values | more), f"{name}{end}.{format}")
            for source, more, name in whose(Book(tables), checked, notebook)
        ]
        folder, keep, failed, done = storage.folder(out), keep and not outside, dict[str, str](), 0
        keys = (
            {name: record.key(text, content, task, settings.today()) for task, name in pages} if keep else {}
        )
        there = {name for name in keys if record.unchanged(folder / name, keys[name])}
        for done, name in enumerate(sorted(there), 1):
            told(done, len(pages), name)
        wanted = [page for page in pages if page[1] not in there]

        def finish(page: str) -> bytes:
            page = handout.searched(page, Book(tables), checked.customer) if outside else page
            if format == "pdf":
                return office.pdf(page, paper)
            return (html.leading_back(page, "index.html") if keep else page).encode()

        frozen = run.frozen(store.location, text, pool.folder)
        for number, made in run.executed([task for task, _ in wanted], frozen, pool, finish, jobs, cluster):
            (source, more), name = wanted[number]
            done += 1
            if isinstance(made, KamError):
                if len(pages) == 1:
                    raise made
                failed[name] = str(made)
            else:
                storage.write(folder / name, made[0])
                if keep:
                    record.note(folder / name, keys[name], *made, notebook=source.stem, parameters=more)
                yield folder / name
            told(done, len(pages), "")
        if keep:
            record.close(folder, failed)
    if failed:
        why = {reason: [n for n, r in failed.items() if r == reason] for reason in failed.values()}
        said = "; ".join(f"{', '.join(names)} ({reason})" for reason, names in why.items())
        old = ", ".join(name for name in failed if (folder / name).exists())
        raise KamError(
            f"{len(failed)} of {len(pages)} pages could not be made: {said}.",
            hint=f"Left there by an earlier run: {old}." if old else "",
        )


def _pages(book: Book, checked: settings.Parameters, notebook: str) -> list[Page]:
    """The pages of a workbook, or of one segment of it."""
    chosen = checked.segment
    wanted = kaism.segments(Book.of(book, segment=chosen))
    if notebook in (BY_SEGMENT, SURE) and not wanted:
        raise WorkbookError("The workbook has no segment yet, so there is no matrix to report.")
    narrow, ids = {"segment": chosen} if chosen else {}, book["segments"]["segment"]
    pages: list[Page] = [
        (source, narrow, name)
        for source, name in WHOLE.items()
        if notebook == source or not (notebook or chosen)
    ]
    if notebook in ("", BY_SEGMENT):
        pages += [(BY_SEGMENT, {"segment": each}, file_name(each, "kaism", ids)) for each in wanted]
    if notebook in ("", SURE):
        pages += [(SURE, {"segment": each}, file_name(each, "certainty", ids)) for each in wanted]
    if notebook in ("", DIFFERENTLY):
        there = set(pia.listed(Book.of(book, segment=chosen))["customer"])
        pages += [_account(book, each) for each in pia.begun(book) if each in there]
    if notebook in ("", PLAN):
        begun = plan.account_plan(Book.of(book, segment=chosen))["customer"].unique()
        teams = {*book["customer_people"]["customer"]}  # a copy for readers has none, and no plans
        pages += [_account(book, each, PLAN, "plan") for each in begun if notebook or each in teams]
    return pages


def _of_customer(book: Book, checked: settings.Parameters, notebook: str) -> list[Page]:
    """The page of one customer, for ourselves or for its own hands."""
    if notebook not in ("", DIFFERENTLY, PLAN):
        raise InvalidInput(
            f"The pages of one customer come from {DIFFERENTLY} and {PLAN}, not from {notebook}.",
            table="parameters",
            column="notebook",
            found=notebook,
            allowed=f"{DIFFERENTLY} or {PLAN}",
        )
    if checked.audience == "customer":
        handout.ready(book, checked.customer)
        handout.refuse(book, checked.customer)
        values = {"customer": checked.customer, "audience": "customer"}
        file = file_name(checked.customer, "for", book["customers"]["customer"])
        return [(DIFFERENTLY, values, file)]
    both = [_account(book, checked.customer, *about) for about in ((DIFFERENTLY, "account"), (PLAN, "plan"))]
    return [page for page in both if notebook in ("", page[0])]


def _account(book: Book, customer: str, source: str = DIFFERENTLY, kind: str = "account") -> Page:
    return source, {"customer": customer}, file_name(customer, kind, book["customers"]["customer"])


def file_name(id: str, kind: str = "kaism", ids: Iterable[str] = ()) -> str:
    """A file name that no id can turn into a path and that no other of the workbook's `ids` has, in any case.

    An id that can be one stays as it is, kaism-brokers; any other gets an end of its own, kaism-a-b-x1f0c9d3e.
    """
    alike = {other for other in ids if other.lower() == id.lower()} - {id}
    if PLAIN.fullmatch(f"-{id}-") and (id == id.lower() or not alike):
        return f"{kind}-{id}"
    slug = re.sub(r"[^A-Za-z0-9_-]+", "-", id).strip("-")[:80]
    return "-".join(filter(None, [kind, slug, f"x{hashlib.sha256(id.encode()).hexdigest()[:8]}"]))


def suffix(checked: settings.Parameters, scenarios: Iterable[str] = ()) -> str:
    """What the file name says of the parameters; none of them concerns the page for a customer."""
    parts = [file_name(checked.scenario, "-in", scenarios)] if checked.scenario else []
    parts += [f"-near_line-{checked.near_line:g}"] if checked.near_line is not None else []
    return "" if checked.audience == "customer" else "".join(parts)


def publish_copy(
    location: str,
    folder: Path,
    segment: str = "",
    scenario: str = "",
    round: str = "",
    say: Callable[[str], object] = print,
) -> Path:
    """A copy for reading: only what PUBLISHED names, in a file that is opened immutable.

    With a segment nothing of another one is in it; with a scenario, or a round that was kept, every page shows it.
    A copy that is there already is replaced at once. `say` is told in sentences what a reader may miss. Raises
    InvalidInput for a segment, a scenario or a round that does not exist.
    """
    from kamlib.reports import excerpt
    from kamlib.workbook import checks
    from kamlib.workbook.schema import typed
    from kamlib.workbook.stores.store import Database

    store, text = stores.load(location, read_only=True)
    content = catalogue.beside(location)
    checks.refuse_errors(checks.check(text, store.notes), store.location)
    if round:
        text, scenario = excerpt.of_round(text, round, scenario)
    tables = typed(text)
    scenarios.applied(Book.of(tables), scenario)
    wanted = set(kaism.segments(Book.of(tables, segment=segment)))
    if not wanted & set(tables["customers"]["segment"]):
        if segment:
            raise InvalidInput(
                f'The segment "{segment}" has no customer yet, so there is nothing to publish.',
                table="customers",
                column="segment",
                found=segment,
            )
        say("No customer is in a segment yet: the pages on key accounts stay empty until then.")
    made = dict(allowed(text))
    if segment:
        narrow, places = excerpt.of_segment(made, segment)
        made = {**narrow, **{name: made[name] for name in ("history",) if name in made}}
        if places:
            say("\n  ".join(["Left out, because it names somebody of another segment:", *places]))
    if scenario:
        # one that names somebody of another segment is not in the copy
        scenarios.applied(Book(typed(made), settings.of_workbook(tables)), scenario)
        made["settings"] = excerpt.with_settings(made["settings"], {"scenario": scenario})
    folder = folder / "published"  # never beside the workbook, whose name the copy has
    folder.mkdir(parents=True, exist_ok=True)
    if content and not segment:  # it may name customers of another one
        shutil.copytree(content, folder / content.name, dirs_exist_ok=True)
    target = folder / f"{Path(stores.file_name(location)).stem or 'published'}.kam"
    with tempfile.TemporaryDirectory(dir=folder) as part:
        stores.create(new := Path(part) / target.name, made)
        Database(new).freeze()
        os.chmod(new, 0o444)  # noqa: S103
        os.replace(new, target)
    return target
