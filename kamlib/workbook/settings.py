"""The settings of a run: parameters, the workbook's own choices, and the environment."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kamlib.errors import InvalidInput, did_you_mean
from kamlib.workbook.schema import UNKNOWN_WORDS, Tables, parse_number

LIMITS = {
    "minimum": "of at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}


def shipped(name: str) -> Path:
    """The folder `data` or `notebooks`: beside the package, or inside it when installed."""
    package = Path(__file__).resolve().parent.parent
    beside = package.parent / name
    return beside if beside.is_dir() else package / "shipped" / name


class Parameters(BaseModel):
    """What a notebook may be given: the parameters cell and `kam report` know no others."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    workbook: str = Field(
        "", description="folder, .xlsx, .kam or database address; empty: as opened"
    )
    segment: str = Field("", description="segment id; empty: the first one")
    near_line: float | None = Field(
        None, ge=0, le=9, description="how close to a line is too close to call"
    )
    customer: str = Field("", description="customer id; empty: as the notebook needs it")
    scenario: str = Field("", description="scenario id; empty: the workbook as it is")
    audience: Literal["internal", "customer"] = Field(
        "internal", description="internal, or customer: nothing internal in it"
    )


class Settings(BaseModel):
    """Everything the models may ask for besides the tables."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    segment: str = ""
    near_line: float = Field(0.5, ge=0, le=9)
    line: Literal["mean", "midpoint"] = "mean"
    too_many_pct: float = Field(60, gt=0, le=100)
    dominant_weight_pct: float = Field(50, gt=0, le=100)
    accounts_per_manager: float = Field(10, gt=0)
    staff_by: Literal["attractiveness", "profit", "future"] = "attractiveness"
    key_limit: int | None = Field(None, ge=0)
    key_development_limit: int | None = Field(None, ge=0)
    budget: float | None = Field(None, ge=0)
    market_basis: Literal["turnover", "volume", "profit"] = "turnover"
    value_index_current_pct: float = Field(50, ge=0, le=100)
    profit_year: str = ""
    overheads: float | None = Field(None, ge=0)
    overhead_saved: float = Field(0, ge=0)
    margin_pct: float | None = Field(None, gt=0, lt=100)
    horizon_years: int = Field(5, ge=1, le=50)
    discount_rate_pct: float = Field(10, ge=0, le=100)
    retention_low_pct: float | None = Field(None, ge=0, le=100)
    retention_high_pct: float | None = Field(None, ge=0, le=100)
    dependency_pct: float = Field(20, gt=0, le=100)
    day_cost: float | None = Field(None, ge=0)
    contact_cost: float | None = Field(None, ge=0)
    hours_per_day: float = Field(8, gt=0, le=24)
    visit_hours: float | None = Field(None, ge=0, le=1000)
    call_hours: float | None = Field(None, ge=0, le=1000)
    customer: str = ""
    weights_known: Literal["around", "ranked", "any"] = "around"
    sure: int = Field(30, ge=1, le=1000)
    score_error: float | None = Field(None, ge=0, le=9)
    scenario: str = ""
    currency: str = "GBP"
    name: str = ""
    supplier: str = ""
    round: str = ""
    today: str = ""  # ISO; who opens a workbook says it, and without it nothing is overdue


def of_workbook(tables: Tables, **given: Any) -> Settings:
    """The settings of a workbook's table `settings`, overruled by what is given (None: not given).

    Raises InvalidInput with the key, what was found and what is allowed.
    """
    table = tables["settings"]
    said: dict[str, Any] = {}
    for key, value in zip(table["key"], table["value"], strict=True):
        if key in Settings.model_fields and is_said(key, value):
            said[key] = _plain(key, value)
    try:
        return Settings(**said | {key: value for key, value in given.items() if value is not None})
    except ValidationError as error:
        raise _spoken(error, Settings) from None


def is_said(key: str, value: str) -> bool:
    """Does a cell of the table `settings` say anything? Only a figure or a choice can be "?"."""
    unknown = ("",) if Settings.model_fields[key].annotation is str else UNKNOWN_WORDS
    return value.strip().lower() not in unknown


def _plain(key: str, value: str) -> Any:
    if Settings.model_fields[key].annotation is str:
        return value
    try:
        number = parse_number(value)
    except ValueError:
        return value.strip()
    return int(number) if number.is_integer() else number


def wrong(key: str, value: str) -> str:
    """What is wrong with one setting as it is stored, in a sentence; "" where nothing is."""
    try:
        Settings(**{key: _plain(key, value)} if is_said(key, value) else {})
    except ValidationError as error:
        return _spoken(error, Settings).message
    return ""


@functools.cache
def allowed(model: type[BaseModel], name: str) -> str:
    """What a parameter or a setting may be, in words: "a number of at least 0 and at most 9"."""
    said = model.model_json_schema()["properties"][name]
    said = {**said, **said.get("anyOf", [{}])[0]}
    if "enum" in said:
        return "one of " + ", ".join(said["enum"])
    kinds = {"integer": "a whole number", "number": "a number", "string": "a text"}
    limits = " and ".join(f"{words} {said[key]:g}" for key, words in LIMITS.items() if key in said)
    return f"{kinds[said['type']]} {limits}".strip()


def gate(given: Mapping[str, Any]) -> Parameters:
    """Parameters as given by name, or InvalidInput with one line for each that is wrong.

    gate({"segmnt": "brokers"}) raises: There is no parameter "segmnt". Did you mean "segment"?
    """
    try:
        return Parameters(**given)
    except ValidationError as error:
        raise _spoken(error, Parameters) from None


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


def _spoken(error: ValidationError, model: type[BaseModel]) -> InvalidInput:
    lines, names = [], []
    for problem in error.errors():
        name = str(problem["loc"][0])
        names.append(name)
        if problem["type"] == "extra_forbidden":
            near = did_you_mean(name, model.model_fields)
            lines.append(f'There is no parameter "{name}". {near}')
            continue
        way = " Give it to papermill with -r, not -p." if problem["type"] == "string_type" else ""
        lines.append(f'{name} is "{problem["input"]}"; it must be {allowed(model, name)}.{way}')
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


def today() -> str:
    """The day, for whoever opens a workbook: the models read no clock, but settings.today."""
    return date.today().isoformat()


def is_read_only() -> bool:
    """Was this process started to show a workbook and not to change it?"""
    return os.environ.get("KAM_READ_ONLY", "") == "1"
