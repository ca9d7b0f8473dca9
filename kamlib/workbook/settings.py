"""The settings of a run: parameters, the workbook's own choices, and the environment."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_type_hints

from kamlib.errors import InvalidInput, did_you_mean
from kamlib.workbook.schema import UNKNOWN_WORDS, Tables, parse_number

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

T = TypeVar("T")
LIMITS = {"ge": "of at least", "gt": "above", "le": "at most", "lt": "below"}
KINDS = {int: "a whole number", float: "a number", str: "a text"}


def shipped(name: str) -> Path:
    """The folder `data` or `notebooks`: beside the package, or inside it when installed."""
    package = Path(__file__).resolve().parent.parent
    beside = package.parent / name
    return beside if beside.is_dir() else package / "shipped" / name


def limited(default: Any, **limits: float) -> Any:
    """A field that may hold these figures only: `ge`, `gt`, `le`, `lt` as pydantic has them."""
    return field(default=default, metadata=limits)


@dataclass(frozen=True)
class Parameters:
    """What a notebook may be given: the parameters cell and `kam report` know no others."""

    workbook: str = ""  # folder, .xlsx, .kam or database address; empty: as opened
    segment: str = ""  # segment id; empty: the first one
    near_line: float | None = limited(None, ge=0, le=9)  # how close to a line is too close to call
    customer: str = ""  # customer id; empty: as the notebook needs it
    scenario: str = ""  # scenario id; empty: the workbook as it is
    audience: Literal["internal", "customer"] = "internal"  # customer: nothing internal in it


@dataclass(frozen=True)
class Settings:
    """Everything the models may ask for besides the tables."""

    segment: str = ""
    near_line: float = limited(0.5, ge=0, le=9)
    line: Literal["mean", "midpoint"] = "mean"
    too_many_pct: float = limited(60, gt=0, le=100)
    dominant_weight_pct: float = limited(50, gt=0, le=100)
    accounts_per_manager: float = limited(10, gt=0)
    staff_by: Literal["attractiveness", "profit", "future"] = "attractiveness"
    key_limit: int | None = limited(None, ge=0)
    key_development_limit: int | None = limited(None, ge=0)
    budget: float | None = limited(None, ge=0)
    market_basis: Literal["turnover", "volume", "profit"] = "turnover"
    value_index_current_pct: float = limited(50, ge=0, le=100)
    profit_year: str = ""
    overheads: float | None = limited(None, ge=0)
    overhead_saved: float = limited(0, ge=0)
    margin_pct: float | None = limited(None, gt=0, lt=100)
    horizon_years: int = limited(5, ge=1, le=50)
    discount_rate_pct: float = limited(10, ge=0, le=100)
    retention_low_pct: float | None = limited(None, ge=0, le=100)
    retention_high_pct: float | None = limited(None, ge=0, le=100)
    dependency_pct: float = limited(20, gt=0, le=100)
    day_cost: float | None = limited(None, ge=0)
    contact_cost: float | None = limited(None, ge=0)
    hours_per_day: float = limited(8, gt=0, le=24)
    visit_hours: float | None = limited(None, ge=0, le=1000)
    call_hours: float | None = limited(None, ge=0, le=1000)
    customer: str = ""
    weights_known: Literal["around", "ranked", "any"] = "around"
    sure: int = limited(30, ge=1, le=1000)
    score_error: float | None = limited(None, ge=0, le=9)
    scenario: str = ""
    currency: str = "GBP"
    name: str = ""
    supplier: str = ""
    round: str = ""
    today: str = ""  # ISO; who opens a workbook says it, and without it nothing is overdue


PARAMETERS = [each.name for each in fields(Parameters)]
SETTINGS = [each.name for each in fields(Settings)]


def of_workbook(tables: Tables, **given: Any) -> Settings:
    """The settings of a workbook's table `settings`, overruled by what is given (None: not given).

    Raises InvalidInput with the key, what was found and what is allowed.
    """
    table = tables["settings"]
    said: dict[str, Any] = {}
    for key, value in zip(table["key"], table["value"], strict=True):
        if key in SETTINGS and is_said(key, value):
            said[key] = _plain(key, value)
    overruled = {key: value for key, value in given.items() if value is not None}
    return _checked(Settings, said | overruled)


def is_said(key: str, value: str) -> bool:
    """Does a cell of the table `settings` say anything? Only a figure or a choice can be "?"."""
    unknown = ("",) if is_text(Settings, key) else UNKNOWN_WORDS
    return value.strip().lower() not in unknown


def _plain(key: str, value: str) -> Any:
    if is_text(Settings, key):
        return value
    try:
        number = parse_number(value)
    except ValueError:
        return value.strip()
    return int(number) if number.is_integer() else number


def wrong(key: str, value: str) -> str:
    """What is wrong with one setting as it is stored, in a sentence; "" where nothing is."""
    try:
        _checked(Settings, {key: _plain(key, value)} if is_said(key, value) else {})
    except InvalidInput as error:
        return error.message
    return ""


def is_text(kind: type, name: str) -> bool:
    """Is a parameter or a setting any text, and neither a figure nor a choice?"""
    return _types(kind).get(name) is str


@functools.cache
def _types(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


@functools.cache
def _form(kind: Any) -> type[BaseModel]:
    """What pydantic checks parameters or settings by; it is imported at the gate and not before."""
    from pydantic import ConfigDict, Field, create_model

    strict = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    cells: dict[str, Any] = {
        each.name: (_types(kind)[each.name], Field(each.default, **each.metadata))
        for each in fields(kind)
    }
    return create_model(kind.__name__, __config__=strict, **cells)


def _checked(kind: Callable[..., T], given: Mapping[str, Any]) -> T:
    """Parameters or settings as given by name, or InvalidInput with a line for each wrong one."""
    from pydantic import ValidationError

    try:
        return kind(**dict(_form(kind).model_validate(dict(given))))
    except ValidationError as error:
        raise _spoken(error, kind) from None


@functools.cache
def allowed(kind: Any, name: str) -> str:
    """What a parameter or a setting may be, in words: "a number of at least 0 and at most 9"."""
    hint, limits = _types(kind)[name], kind.__dataclass_fields__[name].metadata
    first, *others = get_args(hint) or (hint,)  # float | None, or the words of a choice
    if first not in KINDS:
        return "one of " + ", ".join([first, *others])
    words = " and ".join(f"{LIMITS[key]} {value:g}" for key, value in limits.items())
    return f"{KINDS[first]} {words}".strip()


def gate(given: Mapping[str, Any]) -> Parameters:
    """Parameters as given by name, or InvalidInput with one line for each that is wrong.

    gate({"segmnt": "brokers"}) raises: There is no parameter "segmnt". Did you mean "segment"?
    """
    return _checked(Parameters, given)


def together(*said: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters said in several places as one; raises InvalidInput where they contradict."""
    made: dict[str, Any] = {}
    for name, value in (pair for each in said for pair in each.items()):
        before = made.setdefault(name, value)
        if before in ("", None):
            made[name] = value
        elif value not in ("", None, before):
            raise InvalidInput(
                f'{name} is said twice, as "{before}" and as "{value}".',
                table="parameters",
                column=name,
                found=value,
                hint="Leave one of them out.",
            )
    return made


def _spoken(error: ValidationError, kind: Any) -> InvalidInput:
    lines, names = [], []
    for problem in error.errors():
        name = str(problem["loc"][0])
        names.append(name)
        if problem["type"] == "extra_forbidden":
            near = did_you_mean(name, _types(kind))
            lines.append(f'There is no parameter "{name}". {near}')
            continue
        way = " Give it to papermill with -r, not -p." if problem["type"] == "string_type" else ""
        lines.append(f'{name} is "{problem["input"]}"; it must be {allowed(kind, name)}.{way}')
    return InvalidInput("\n".join(lines), table="parameters", column=", ".join(names))


def gate_notebook(namespace: Mapping[str, Any]) -> bool:
    """Refuse what a notebook was given that is no parameter (Papermill itself only warns).

    Gives whether Papermill runs it: the cell that it puts in begins with a heading of its own.

    `namespace` is the notebook's own at the moment the workbook is opened: nothing but modules,
    functions and parameters can be in it. Raises InvalidInput with "did you mean".
    """
    simple = (str, int, float, bool, list, dict, tuple)  # what is None was not given
    ours = {name: value for name, value in namespace.items() if type(value) in simple}
    gate({name: ours[name] for name in ours if name[0] != "_" and name not in ("In", "Out")})
    return any(str(cell).startswith("# Parameters\n") for cell in namespace.get("In", ()))


def workbook_location(given: str = "") -> str:
    """The workbook to open: as given, else KAM_WORKBOOK, else the insurer example.

    A relative path may be meant from the folder of the notebook or from the one above it.
    """
    location = given or os.environ.get("KAM_WORKBOOK", "") or str(shipped("data") / "insurer")
    path = Path(location)
    if "://" in location or path.is_absolute() or path.exists():
        return location
    above = Path("..") / path
    return str(above) if above.exists() else location


def is_served(page: str) -> bool:
    """Does a page stand beside the others? All do, unless the server was told which."""
    return page in os.environ.get("KAM_PAGES", page).split()


def room() -> dict[str, str]:
    """Where people join the workshop with their phones: address and code; {} while nobody can."""
    return dict(json.loads(os.environ.get("KAM_ROOM", "{}")))


def today() -> str:
    """The day, for whoever opens a workbook: the models read no clock, but settings.today."""
    return date.today().isoformat()


def is_read_only() -> bool:
    """Was this process started to show a workbook and not to change it?"""
    return os.environ.get("KAM_READ_ONLY", "") == "1"


def is_paper() -> bool:
    """Was this process started to print notebooks? Then exhibits are HTML, not widgets."""
    return os.environ.get("KAM_LIFE", "") == "paper"
