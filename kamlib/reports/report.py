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
from kamlib.catalogue import sheets
from kamlib.errors import InvalidInput, KamError, WorkbookError, did_you_mean
from kamlib.models import kaism, pia, scenarios
from kamlib.models.account import plan
from kamlib.models.scope import agree
from kamlib.pages import handout, html
from kamlib.reports import kernels
from kamlib.workbook import settings, stores
from kamlib.workbook.book import Book
from kamlib.workbook.schema import DEFINITIONS, Tables
from kamlib.workbook.stores import files

__all__ = [
    "PUBLISHED", "allowed", "parameters",
    "publish_copy", "rehearse", "write",
]  # fmt: skip
NOTEBOOKS = settings.shipped("notebooks")
BY_SEGMENT = "02_kaism"  # a page for each segment
SURE = "05_certainty"  # a page for each segment
PLAN = "06_account_plan"  # the plan of a customer that is named
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
OF_PEOPLE = ("entry", "contacts")  # the parts of the account plan whose sheets name people of the customer
# what a published copy holds, by table; everything that is not named here stays at home
PUBLISHED: dict[str, tuple[str, ...]] = {
    "settings": ("key", "value"),
    "people": (
        "person",
        "name",
        "function",
        "knows_customers",
        "owns_vision",
        "has_authority",
        "core",
        "manages_accounts",
        "junior",
        "days",
        "approach",
    ),
    "segments": tuple(DEFINITIONS["segments"].names),
    "customers": (
        "customer",
        "name",
        "segment",
        "status",
        "revenue",
        "profit",
        "potential_profit",
        "manager",
        "deputy",
        "rival",
        "first_year",
    ),
    "suppliers": ("supplier", "name"),
    "factors": tuple(DEFINITIONS["factors"].names),
    "scores": ("model", "subject", "factor", "supplier", "score", "evidence"),
    "decisions": ("what", "subject", "decision", "reason", "person", "on", "review_on"),
    "find_out": tuple(DEFINITIONS["find_out"].names),
    "effort": ("category", "days", "money", "planned", "approach", "avoid"),
    "forecast": ("subject", "year", "amount", "kind"),
    "junctions": ("junction", "name", "stage", "size", "leverage", "decided", "approach"),
    "junction_shares": ("junction", "supplier", "amount", "share_pct"),
    "routes": ("origin", "target", "amount"),
    "ledger": (
        "customer",
        "year",
        "revenue",
        "cost_of_sales",
        "uncosted",
        "discount",
        "freight",
        "orders",
        "months",
    ),
    "pools": ("pool", "name", "cost", "minutes", "practical_pct"),
    "activities": ("activity", "name", "driver", "pool", "minutes", "cost"),
    "time_terms": tuple(DEFINITIONS["time_terms"].names),
    "activity_counts": ("customer", "activity", "term", "count"),
    "outlook": tuple(c for c in DEFINITIONS["outlook"].names if c != "note"),
    "cohorts": tuple(DEFINITIONS["cohorts"].names),
    "won_lost": ("year", "account", "name", "kind", "profit"),
    "contacts": tuple(DEFINITIONS["contacts"].names),
    "bases": ("basis", "name", "ladder"),
    "distinction": ("basis", "category", "min", "max", "test_bed"),
    "services": tuple(c for c in DEFINITIONS["services"].names if c != "note"),
    "time_spent": ("customer", "days", "money"),
    "channel_moves": ("category", "source", "target", "share_pct"),
    "stages": tuple(c for c in DEFINITIONS["stages"].names if c != "note"),
    "ideas": tuple(c for c in DEFINITIONS["ideas"].names if c not in ("note", "person", "on")),
    "ratings": ("idea", "question", "rating"),
    "projects": tuple(c for c in DEFINITIONS["projects"].names if c != "note"),
    "actions": tuple(c for c in DEFINITIONS["actions"].names if c != "note"),
    "rounds": tuple(DEFINITIONS["rounds"].names),
    "scenarios": ("scenario", "name", "kind", "line", "near_line"),
    "changes": tuple(DEFINITIONS["changes"].names),
    "answers": ("sheet", "subject", "item", "field", "value"),
    "round_answers": tuple(DEFINITIONS["round_answers"].names),
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
        raise InvalidInput(f'The workbook is not a parameter of a report, so "{raw["workbook"]}" is not used.', table="parameters",
                           column="workbook", found=raw["workbook"], hint="Name it first: kam report WORKBOOK.")  # fmt: skip
    return raw


Page = tuple[str, dict[str, Any], str]  # notebook, its parameters, file name


def write(
    location: str, out: Path, segment: str = "", given: dict[str, Any] | None = None, notebook: str = ""
) -> Generator[Path]:
    """Write self-contained pages: for the workbook (01, 03, 04, 07), for each segment (02), for customers (04).

    With a segment only the pages of that segment and its customers, with a customer only its page, with a
    `notebook` only what that one writes. Gives the paths as they are ready. Everything is checked before a
    kernel starts. A page is there whole or not at all; one for a customer is searched before it is there.
    A page that cannot be made does not keep the others from being made; it is named in a KamError at the end.
    """
    checked = settings.gate(settings.together({"workbook": location, "segment": segment}, given or {}))
    known = sorted({*WHOLE, BY_SEGMENT, SURE, PLAN})
    if notebook not in ("", *known):
        raise InvalidInput(f'There is no report of a notebook "{notebook}".', found=notebook,
                           hint=did_you_mean(notebook, known))  # fmt: skip
    store, text = stores.load(location, read_only=True)
    catalogue.beside(location)
    from kamlib.workbook import checks
    from kamlib.workbook.schema import typed

    checks.refuse_errors(checks.check(text, store.notes), store.location)
    tables = typed(text)
    agree(Book(tables), checked.segment, checked.customer)
    outside = checked.audience == "customer"
    pages = (
        _of_customer(Book(tables), checked, notebook)
        if outside or checked.customer
        else _pages(Book(tables), checked, notebook)
    )
    values: dict[str, Any] = {"workbook": _absolute(location)}
    if checked.near_line is not None:
        values["near_line"] = checked.near_line
    if checked.scenario:
        scenarios.applied(Book.of(tables), checked.scenario)  # refuses one that does not exist
        values["scenario"] = checked.scenario
    suffix = _suffix(checked, tables["scenarios"]["scenario"])
    _make(out)
    failed: dict[str, list[str]] = {}
    with kernels.folder() as folder:
        for source, more, name in pages:
            path = out / f"{name}{suffix}.html"
            try:
                page = _run(NOTEBOOKS / f"{source}.ipynb", values | more, Path(folder))
            except KamError as error:
                if len(pages) == 1:
                    raise
                failed.setdefault(str(error), []).append(path.name)
                continue
            if outside:
                page = handout.searched(page, Book(tables), checked.customer)
            files.write(path, page.encode())
            yield path
    if failed:
        missing = [name for names in failed.values() for name in names]
        said = "; ".join(f"{', '.join(names)} ({why})" for why, names in failed.items())
        old = ", ".join(name for name in missing if (out / name).exists())
        raise KamError(f"{len(missing)} of {len(pages)} pages could not be made: {said}.",
                       hint=f"Left there by an earlier run: {old}." if old else "")  # fmt: skip


def _pages(book: Book, checked: settings.Parameters, notebook: str) -> list[Page]:
    """The pages of a workbook, or of one segment of it."""
    chosen = checked.segment
    wanted = kaism.segments(Book.of(book, segment=chosen))
    if notebook in (BY_SEGMENT, SURE) and not wanted:
        raise WorkbookError("The workbook has no segment yet, so there is no matrix to report.")
    narrow, ids = {"segment": chosen} if chosen else {}, book["segments"]["segment"]
    pages: list[Page] = [(source, narrow, name) for source, name in WHOLE.items()
                         if notebook == source or not (notebook or chosen)]  # fmt: skip
    if notebook in ("", BY_SEGMENT):
        pages += [(BY_SEGMENT, {"segment": each}, _file_name(each, "kaism", ids)) for each in wanted]
    if notebook in ("", SURE):
        pages += [(SURE, {"segment": each}, _file_name(each, "certainty", ids)) for each in wanted]
    if notebook in ("", DIFFERENTLY):
        there = set(pia.listed(Book.of(book, segment=chosen))["customer"])
        pages += [_account(book, each) for each in pia.begun(book) if each in there]
    if notebook == PLAN:
        begun = plan.account_plan(Book.of(book, segment=chosen))["customer"].unique()
        pages += [_account(book, each, PLAN, "plan") for each in begun]
    return pages


def _of_customer(book: Book, checked: settings.Parameters, notebook: str) -> list[Page]:
    """The page of one customer, for ourselves or for its own hands."""
    if notebook not in ("", DIFFERENTLY, PLAN):
        raise InvalidInput(f"The pages of one customer come from {DIFFERENTLY} and {PLAN}, not from {notebook}.", table="parameters",
                           column="notebook", found=notebook, allowed=f"{DIFFERENTLY} or {PLAN}")  # fmt: skip
    if checked.audience == "customer":
        handout.ready(book, checked.customer)
        handout.refuse(book, checked.customer)
        values = {"customer": checked.customer, "audience": "customer"}
        file = _file_name(checked.customer, "for", book["customers"]["customer"])
        return [(DIFFERENTLY, values, file)]
    both = [_account(book, checked.customer, *about) for about in ((DIFFERENTLY, "account"), (PLAN, "plan"))]
    return [page for page in both if notebook in ("", page[0])]


def _account(book: Book, customer: str, source: str = DIFFERENTLY, kind: str = "account") -> Page:
    return source, {"customer": customer}, _file_name(customer, kind, book["customers"]["customer"])


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        raise WorkbookError(f"The reports cannot be written to {folder}.",
                            hint="Choose a folder you may write to with --out.") from None  # fmt: skip


def _file_name(id: str, kind: str = "kaism", ids: Iterable[str] = ()) -> str:
    """A file name that no id can turn into a path and that no other of the workbook's `ids` has, in any case.

    An id that can be one stays as it is, kaism-brokers; any other gets an end of its own, kaism-a-b-x1f0c9d3e.
    """
    alike = {other for other in ids if other.lower() == id.lower()} - {id}
    if PLAIN.fullmatch(f"-{id}-") and (id == id.lower() or not alike):
        return f"{kind}-{id}"
    slug = re.sub(r"[^A-Za-z0-9_-]+", "-", id).strip("-")[:80]
    return "-".join(filter(None, [kind, slug, f"x{hashlib.sha256(id.encode()).hexdigest()[:8]}"]))


def _suffix(checked: settings.Parameters, scenarios: Iterable[str] = ()) -> str:
    """What the file name says of the parameters; none of them concerns the page for a customer."""
    parts = [_file_name(checked.scenario, "-in", scenarios)] if checked.scenario else []
    parts += [f"-near_line-{checked.near_line:g}"] if checked.near_line is not None else []
    return "" if checked.audience == "customer" else "".join(parts)


def _absolute(location: str) -> str:
    return location if "://" in location else str(Path(location).expanduser().resolve())


def _run(path: Path, values: dict[str, Any], folder: Path) -> str:
    """Execute the notebook's cells for paper and give the page."""
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    notebook = load_notebook_node(str(path))
    notebook.cells = [c for c in notebook.cells if "app" not in c.metadata.get("tags", [])]
    notebook = parameterize_notebook(notebook, values)
    kernels.execute(notebook, folder)
    return printed(notebook)


def printed(notebook: Any) -> str:
    """A notebook that was run under Papermill, as a page; `jupyter nbconvert --template kam` gives the same."""
    from nbconvert.exporters import HTMLExporter

    exporter = HTMLExporter(template_name="kam", extra_template_basedirs=[str(html.TEMPLATES)])
    page, _ = exporter.from_notebook_node(notebook)
    return str(page)


def publish_copy(
    location: str,
    folder: Path,
    segment: str = "",
    scenario: str = "",
    say: Callable[[str], object] = print,
) -> Path:
    """A copy for reading: only what PUBLISHED names, in a file that is opened immutable.

    With a segment nothing of another one is in it; with a scenario every page shows it. `say` is
    told in sentences what a reader may miss. Raises InvalidInput for a segment or a scenario that
    does not exist.
    """
    from kamlib.reports import excerpt
    from kamlib.workbook import checks
    from kamlib.workbook.schema import typed
    from kamlib.workbook.stores.store import Database

    store, text = stores.load(location, read_only=True)
    content = catalogue.beside(location)
    checks.refuse_errors(checks.check(text, store.notes), store.location)
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
        made = dict(narrow)
        if places:
            say("\n  ".join(["Left out, because it names somebody of another segment:", *places]))
    if scenario:
        # one that names somebody of another segment is not in the copy
        scenarios.applied(Book(typed(made), settings.of_workbook(tables)), scenario)
        made["settings"] = excerpt.with_settings(made["settings"], {"scenario": scenario})
    if content and not segment:  # it may name customers of another one
        shutil.copytree(content, folder / content.name)
    target = folder / "published.kam"
    stores.create(target, made)
    Database(target).freeze()
    os.chmod(target, 0o444)  # noqa: S103
    return target


def allowed(text: Tables) -> Tables:
    """The text tables reduced to what may be published."""
    ours = {
        form.id for form in sheets.every() if "person" in form.per or form.home in OF_PEOPLE
    }  # said of people
    kept = {
        name: text[name][[c for c in columns if c in text[name].columns]].reset_index(drop=True)
        for name, columns in PUBLISHED.items()
        if name in text
    }
    for name in {"answers", "round_answers"} & kept.keys():
        of_people = kept[name]["sheet"].isin(ours) & (kept[name]["subject"] != sheets.CASE)
        of_people |= (kept[name]["sheet"] == "opportunity_snail") & (kept[name]["field"] == "who")
        kept[name] = kept[name][~of_people].reset_index(drop=True)
    return kept
