"""Reports and published copies: what leaves the workbook, for readers inside the company."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kamlib import findings, kaism, panels, portfolio, profitability, settings, stores
from kamlib.desk import Desk
from kamlib.errors import InvalidInput, KamError, WorkbookError, did_you_mean
from kamlib.stores import files
from kamlib.tables import DEFINITIONS, Tables

NOTEBOOKS = settings.shipped("notebooks")
BY_SEGMENT = "02_kaism"  # a page for each segment
WHOLE = {"01_segmentation": "segmentation", "03_profitability": "profitability"}  # a page for the workbook
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
    "answers": ("sheet", "subject", "item", "field", "value"),
}


class Document:
    """A piece of HTML that a notebook shows; made by `panels`, every text escaped."""

    def __init__(self, html: str) -> None:
        self.html = html

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return "a report; open it in a browser"


def document(desk: Desk) -> Document:
    """Everything a reader needs to follow the choice: result, picture, evidence, open questions."""
    from kamlib import charts  # Altair is for the kernel that draws, not for the process that waits for it

    tables, chosen = desk.tables, desk.settings
    seen = portfolio.classes(tables, chosen)
    found = findings.find(tables, chosen)
    picture = charts.svg(charts.matrix(profitability.drawn(tables, chosen), kaism.MATRIX, chosen.near_line))
    names = tables["segments"].set_index("segment")["name"]
    return Document(
        panels.fill(
            "report",
            settings=chosen, segment=names.get(chosen.segment, "") or chosen.segment or "all segments",
            picture=panels.trusted(picture), headline=panels.headline(seen),
            placements=panels.trusted(panels.placements(seen)),
            scores=panels.trusted(panels.score_table(tables, chosen, seen)),
            strengths=panels.trusted(panels.strength_tables(tables, seen)),
            portfolio=panels.trusted(panels.portfolio_table(tables, chosen)),
            findings=panels.trusted(panels.findings_list(found[found["step"] > 5])),
            unknown=panels.trusted(panels.unknown_table(tables, chosen)),
            communication=panels.trusted(panels.communication()),
        )
    )  # fmt: skip


def groundwork(desk: Desk) -> Document:
    """Steps 1 to 5 for a reader: the balance, objectives, means, team, market, segments, the sheets."""
    from kamlib import briefing, charts, market, objectives

    tables, chosen = desk.tables, desk.settings
    drivers, trend = objectives.drivers(tables), objectives.trend(tables)
    drivers = drivers[drivers["strong"]]
    placed = market.market_map(tables, chosen)
    pictures = {
        "drivers": charts.quadrants(drivers, *objectives.FIELDS) if len(drivers) else None,
        "trend": charts.hockey_stick(trend) if len(trend) > 1 else None,
        "map": charts.market_map(placed, market.routes(tables), market.layout(tables), market.shares(tables)) if len(placed) else None,
        "ranked": charts.opportunity(placed) if placed["size"].notna().any() else None,
    }  # fmt: skip
    parts = {
        "balance": briefing.balance, "purpose": briefing.purpose, "forecast": briefing.forecast,
        "capacity": briefing.capacity, "team": briefing.team, "opportunity": briefing.opportunity,
        "segments": briefing.segments, "sheets": briefing.sheet_tables,
    }  # fmt: skip
    return Document(
        panels.fill(
            "report_groundwork", settings=chosen, findings=panels.trusted(panels.findings_list(findings.early(tables, chosen))),
            **{name: panels.trusted(charts.svg(made, name) if made is not None else "") for name, made in pictures.items()},
            **{name: panels.trusted(part(tables, chosen)) for name, part in parts.items()},
        )
    )  # fmt: skip


def profits(desk: Desk) -> Document:
    """Who really pays, for a reader: discounts, cost to serve, the whale curve, future value, what it means.

    All customers, unless the notebook was given a segment.
    """
    from kamlib import charts, earnings

    tables = desk.tables
    chosen = desk.settings if desk.narrowed else desk.settings.model_copy(update={"segment": ""})
    scope = "segment" if desk.narrowed else "all"
    seen = profitability.scoped(tables, chosen, scope)
    curve = profitability.ranked(seen)
    margin, source = profitability.margin(tables, chosen)
    off = 5.0
    pools, costly = profitability.pools(tables), profitability.by_activity(tables)
    value, stay = profitability.future_value(tables, chosen), profitability.retention(tables, chosen)
    segment = chosen.segment if chosen.segment in set(stay["segment"]) else "all"
    stay = stay[stay["segment"] == segment]
    own = chosen.overheads is not None
    rounds, _ = earnings.played(tables, chosen, own)
    pays = profitability.kam_cost(tables, chosen)
    pictures = {
        "whale": charts.whale(curve) if len(curve) else None,
        "discount": charts.discount(margin, off) if margin == margin else None,
        "spiral": charts.spiral(rounds) if len(rounds) else None,
        "capacity": charts.capacity(pools) if len(pools) else None,
        "activities": charts.serving(costly) if len(costly) else None,
        "future": charts.future(value) if value["low"].notna().any() else None,
        "stay": charts.retention(stay) if len(stay) else None,
        "flows": charts.flows(tables["won_lost"]) if tables["won_lost"]["kind"].ne("").any() else None,
        "programme": charts.programme(pays) if pays["amount"].notna().any() else None,
    }  # fmt: skip
    parts = {
        "whale_words": earnings.whale_words(tables, chosen, seen, scope, choose=False), "whale_table": earnings.whale_table(curve),
        "discount_words": earnings.discount(margin, off, source) if margin == margin else "",
        "discount_table": earnings.discount_table(tables, chosen),
        "spiral_words": earnings.spiral(tables, chosen, own), "serving_words": earnings.serving(tables, chosen),
        "future_words": earnings.future_words(tables, chosen), "won": earnings.won_title(tables),
        "programme_words": earnings.programme_words(tables, chosen),
        "channels": earnings.moved(tables, chosen, 50.0),
        "worth": earnings.worth(tables, chosen),
        "findings": panels.findings_list(findings.profits(tables, chosen)),
    }  # fmt: skip
    return Document(
        panels.fill(
            "report_profits", settings=chosen, title=earnings.whale_title(curve),
            **{name: panels.trusted(charts.svg(made, name) if made is not None else "") for name, made in pictures.items()},
            **{name: panels.trusted(html) for name, html in parts.items()},
        )
    )  # fmt: skip


def rehearse() -> None:
    """Do on the tiny example what every page does, so that the first page finds all of it loaded."""
    from kamlib import charts

    store, text = stores.load(settings.shipped("data") / "tiny", read_only=True)
    desk = Desk(store, text, read_only=True)
    tables, chosen = desk.tables, desk.settings
    charts.matrix(kaism.drawn(tables, chosen), kaism.MATRIX).to_dict()
    panels.head(tables, chosen, "", 6, {}, locked=True)
    panels.card(tables, chosen, portfolio.classes(tables, chosen), "Alpha", locked=True)
    panels.guide(7)
    panels.placements(portfolio.classes(tables, chosen))


def parameters(given: Sequence[str]) -> dict[str, Any]:
    """NAME=VALUE texts as typed parameters. Raises InvalidInput for a wrong name, type or value."""
    raw: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise InvalidInput(f'"{text}" is not a parameter.', hint="Write NAME=VALUE.")
        number = re.fullmatch(r"-?\d+(\.\d+)?", value.strip())
        field = settings.Parameters.model_fields.get(name.strip())
        raw[name.strip()] = (
            float(value) if number and field and field.annotation is not str else value.strip()
        )
    settings.gate(raw)
    return raw


def write(
    location: str, out: Path, segment: str = "", given: dict[str, Any] | None = None, notebook: str = ""
) -> Iterator[Path]:
    """Write self-contained pages: two for the workbook (01 and 03) and one for each segment (02).

    With a segment only the page of that segment, with a `notebook` only what that one writes. Gives
    the paths as they are ready. Everything is checked before a kernel starts. A page is there whole
    or not at all.
    """
    checked = settings.gate(
        {"workbook": location, **(given or {}), **({"segment": segment} if segment else {})}
    )
    known = (*WHOLE, BY_SEGMENT)
    if notebook not in ("", *known):
        raise InvalidInput(f'There is no report of a notebook "{notebook}".', found=notebook,
                           hint=did_you_mean(notebook, known))  # fmt: skip
    store, text = stores.load(location, read_only=True)
    from kamlib import checks
    from kamlib.tables import typed

    checks.refuse_errors(checks.check(text, store.notes), location)
    tables = typed(text)
    wanted = kaism.segments(tables, settings.of_workbook(tables, segment=checked.segment))
    if notebook == BY_SEGMENT and not wanted:
        raise WorkbookError("The workbook has no segment yet, so there is no matrix to report.")
    pages = [(source, checked.segment, name) for source, name in WHOLE.items()
             if notebook == source or not (notebook or checked.segment)]  # fmt: skip
    if notebook in ("", BY_SEGMENT):
        pages += [(BY_SEGMENT, each, _file_name(each)) for each in wanted]
    _make(out)
    values: dict[str, Any] = {"workbook": _absolute(location)}
    if checked.near_line is not None:
        values["near_line"] = checked.near_line
    for source, each, name in pages:
        page = _run(NOTEBOOKS / f"{source}.ipynb", values | ({"segment": each} if each else {}))
        path = out / f"{name}.html"
        files.write(path, page.encode())
        yield path


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        raise WorkbookError(f"The reports cannot be written to {folder}.",
                            hint="Choose a folder you may write to with --out.") from None  # fmt: skip


def _file_name(segment: str) -> str:
    """A file name that no segment id can turn into a path."""
    return "kaism-" + (re.sub(r"[^A-Za-z0-9_-]+", "-", segment).strip("-")[:80] or "segment")


def _absolute(location: str) -> str:
    return location if "://" in location else str(Path(location).expanduser().resolve())


def _run(path: Path, values: dict[str, Any]) -> str:
    """Execute the notebook's report cells through Papermill and give the page."""
    import nbformat
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    notebook = load_notebook_node(str(path))
    notebook.cells = [c for c in notebook.cells if "app" not in c.metadata.get("tags", [])]
    notebook = parameterize_notebook(notebook, values)
    with tempfile.TemporaryDirectory(prefix="kam-report-") as folder:
        source, target = Path(folder) / "in.ipynb", Path(folder) / "out.ipynb"
        nbformat.write(notebook, source)
        _execute(source, target)
        done = nbformat.read(target, as_version=4)
    shown = [o for c in done.cells for o in c.get("outputs", []) if "text/html" in o.get("data", {})]
    if not shown:
        raise KamError("The report came out empty.", hint="Run `kam check` on the workbook.")
    title = next(
        (c.source.splitlines()[0].lstrip("# ") for c in done.cells if c.cell_type == "markdown"), "Report"
    )
    return panels.fill(
        "page", title=title, look=panels.look(), body=panels.trusted(shown[-1]["data"]["text/html"])
    )


def _execute(source: Path, target: Path) -> None:
    import papermill
    from jupyter_client.manager import AsyncKernelManager

    class Local(AsyncKernelManager):
        """A kernel that is talked to through files of our own and not through open ports."""

        transport = "ipc"

    with _quiet_environment():
        try:
            papermill.execute_notebook(
                source,
                target,
                kernel_name="python3",
                progress_bar=False,
                cwd=str(NOTEBOOKS),
                kernel_manager_class=Local,
            )
        except papermill.PapermillExecutionError as error:
            raise KamError(f"The report could not be made: {error.evalue}") from None


@contextlib.contextmanager
def _quiet_environment() -> Iterator[None]:
    """The kernel finds kamlib, and says nothing of debuggers and frozen modules."""
    wanted = {"PYTHONPATH": os.pathsep.join(filter(None, [str(Path(__file__).resolve().parent.parent), os.environ.get("PYTHONPATH")])),
              "PYDEVD_DISABLE_FILE_VALIDATION": "1", "KAM_READ_ONLY": "1"}  # fmt: skip
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def publish_copy(location: str, folder: Path) -> Path:
    """A copy for reading: only what PUBLISHED names, in a file that is opened immutable."""
    from kamlib import checks
    from kamlib.stores.database import Database

    store, text = stores.load(location, read_only=True)
    checks.refuse_errors(checks.check(text, store.notes), location)
    target = folder / "published.kam"
    stores.create(target, allowed(text))
    Database(f"sqlite:///{target}").freeze()
    os.chmod(target, 0o444)  # noqa: S103
    return target


def allowed(text: Tables) -> Tables:
    """The text tables reduced to what may be published."""
    return {
        name: text[name][[c for c in columns if c in text[name].columns]].reset_index(drop=True)
        for name, columns in PUBLISHED.items()
        if name in text
    }
