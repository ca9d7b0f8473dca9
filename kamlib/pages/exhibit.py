"""An exhibit: what is so, in one sentence, and what shows it; screen and paper are made of the same one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from kamlib.workbook.book import Book


class Desk(Protocol):
    """What an action may ask of the desk: the live workbook that it reads and changes."""

    read_only: bool

    @property
    def view(self) -> View: ...
    @property
    def agreed(self) -> Book: ...
    def put(self, table: str, **row: Any) -> None: ...
    def put_all(self, table: str, rows: Any) -> None: ...
    def put_rows(self, rows: Any) -> None: ...
    def remove(self, table: str, **key: str) -> None: ...
    def remove_all(self, rows: Any) -> None: ...
    def choose(self, segment: str) -> None: ...
    def pick(self, control: str, value: Any) -> None: ...
    def look_at(self, customer: str) -> None: ...
    def look_into(self, idea: str) -> None: ...
    def preview(self, table: str, rows: Any) -> None: ...
    def take_in(self, merge: Any, *, store: bool = True) -> Any: ...
    def draft(self, control: Draft, value: Any) -> None: ...
    def as_one(self) -> Any: ...
    def say(self, message: str) -> None: ...


@dataclass(frozen=True)
class View:
    """What an exhibit sees: the workbook at this moment, who is in focus, what is chosen on the page.

    `picked` holds the values of controls by id. `locked`: nothing can be entered. `paper`: nothing can be
    pressed either. `narrowed`: one segment was asked for. `workbook`: its file name. `supposing`: the book
    holds a what-if of the moment. `read` collects the ids of the controls that were asked for, so that
    only what depends on a control follows it.
    """

    book: Book
    customer: str = ""
    idea: str = ""
    picked: Mapping[str, Any] = field(default_factory=dict)
    locked: bool = True
    paper: bool = True
    narrowed: bool = False
    workbook: str = ""
    supposing: bool = False
    read: set[str] = field(default_factory=set, compare=False)

    def __getitem__(self, control: Slider | Choice | Draft) -> Any:
        """The value of a control: as it was moved on this page, else where it starts."""
        self.read.add(control.id)
        return self.picked[control.id] if control.id in self.picked else of(control.start, self)


Action = Callable[[Desk, dict[str, Any]], None]
Text = str | Callable[[View], str]
Number = float | Callable[[View], float]


def of(given: Any, view: View) -> Any:
    """A value that may depend on the view, for this one."""
    return given(view) if callable(given) else given


@dataclass(frozen=True)
class Slider:
    """A figure to move, which changes nothing in the workbook; `unit` stands behind it."""

    id: str
    label: Text
    low: Number
    high: Number
    step: float
    start: Number
    unit: str = "%"

    def accepts(self, view: View, value: Any) -> float:
        """The value as a number. Raises ValueError where the slider does not reach."""
        number = float(value)
        if not of(self.low, view) <= number <= of(self.high, view):
            raise ValueError(value)
        return number


@dataclass(frozen=True)
class Choice:
    """One of several, id -> words; as buttons, or as a list (`many`). It changes nothing in the workbook.

    With `small`, words below each option, the buttons are a menu. With `taken` the choice is not kept under its
    id but done: that customer comes into focus, for example.
    """

    id: str
    label: str
    options: Mapping[str, str] | Callable[[View], Mapping[str, str]]
    start: Text = ""
    many: bool = False
    small: Callable[[View], Mapping[str, str]] | None = None
    taken: Action | None = None

    def accepts(self, view: View, value: Any) -> str:
        """The id that was chosen. Raises ValueError where there is no such option."""
        if str(value) not in of(self.options, view):
            raise ValueError(value)
        return str(value)


@dataclass(frozen=True)
class Draft:
    """What a page holds and the workbook does not, such as a list before its import; actions change it."""

    id: str
    start: Any = None


@dataclass(frozen=True)
class Figures:
    """Settings of the workbook to fill in, figures or texts: setting -> what is asked."""

    asked: Mapping[str, Text]


@dataclass(frozen=True)
class Weights:
    """Sliders over rows of the workbook: `rows` gives what `sliders.js` shows, `moved` and `kept` answer it.

    `name` begins the ids of the fields, `title` stands above them.
    """

    name: str
    rows: Callable[[View], list[dict[str, Any]]]
    moved: Action
    kept: Action | None = None
    title: str = ""


Control = Slider | Choice | Figures | Weights


@dataclass(frozen=True)
class Chart:
    """A picture: `draw(*data(view))`, or the sentence `empty` while `data` gives nothing.

    `label` tells those who cannot see it what it shows, `key` how to read it. A `live` chart is drawn once and then given the
    values of its parameters, as long as `shape` stays the same; `pick` answers a click on a mark.
    """

    draw: Callable[..., Any]
    data: Callable[[View], Sequence[Any]]
    label: Text
    empty: Text = ""
    key: Text = ""
    live: Callable[[View], dict[str, Any]] | None = None
    shape: Callable[[View], Hashable] = lambda view: 0
    pick: Action | None = None


@dataclass(frozen=True)
class Grid:
    """A table to fill in. `rows` and `columns` are those of grid.js; a cell belongs to a row of a table.

    `cell(view, row, column, text)` gives the table and its row. `actions` change the workbook, `reads`
    only look. `refuses(view, row, column, text, others)` says why a cell may not be so, `others` being what else is
    entered in its row; `remedies(view, row, column, text)` what can be done about a refused cell, a button each:
    do, label, what else its message holds, and maybe `asks`, what is to be written first. `printed`: the table
    stands on paper too.
    """

    title: Text
    rows: Callable[[View], list[dict[str, Any]]]
    columns: Callable[[View], list[dict[str, Any]]]
    cell: Callable[[View, str, str, str], tuple[str, dict[str, Any]]]
    actions: Mapping[str, Action] = field(default_factory=dict)
    reads: Mapping[str, Action] = field(default_factory=dict)
    corner: str = " "
    add: Text = ""
    look: Mapping[str, Any] = field(default_factory=dict)
    choices: Callable[[View], list[dict[str, str]]] | None = None
    refuses: Callable[[View, str, str, str, Mapping[str, str]], str] | None = None
    remedies: Callable[[View, str, str, str], list[dict[str, str]]] | None = None
    printed: bool = True


@dataclass(frozen=True)
class Exhibit:
    """Title, controls, picture, words and grid of one thing that is shown.

    `title` says the result in one sentence. `words` gives escaped HTML. `actions` answer the buttons in it that
    change the workbook, `reads` those that only look. `on_paper` and `on_screen` (`for_readers`: of a copy for reading)
    say where it is shown; on paper it is left out where it has nothing to say. `steered`: what can be moved stands at the
    left of what follows it, if there is room.
    """

    id: str
    title: Text = ""
    words: Callable[[View], str] | None = None
    chart: Chart | None = None
    grid: Grid | None = None
    controls: tuple[Control, ...] = ()
    actions: Mapping[str, Action] = field(default_factory=dict)
    reads: Mapping[str, Action] = field(default_factory=dict)
    on_paper: bool | Callable[[View], bool] = True
    on_screen: bool | Callable[[View], bool] = True
    steered: bool = False


def for_readers(view: View) -> bool:
    """Is nothing to be entered here?"""
    return view.locked


@dataclass(frozen=True)
class Row:
    """Exhibits side by side on a wide screen, one below the other on a phone and on paper.

    `shape`: half, two (the second narrower), three (the middle one widest), steer (the first narrow), one.
    """

    parts: tuple[Exhibit | Row | Stack, ...]
    shape: str = "half"
    on_paper: bool | Callable[[View], bool] = True


@dataclass(frozen=True)
class Stack:
    """Exhibits one below the other."""

    parts: tuple[Exhibit | Row | Stack, ...]
    on_paper: bool | Callable[[View], bool] = True


Part = Exhibit | Row | Stack


@dataclass(frozen=True)
class Page:
    """What a notebook is: its file name without ending, its question, the first of its steps (0: none).

    `headline` says the result in one sentence, `beginning` what stands below it on paper. `of_segment`: it is about one segment, `of_customer`: about one customer; the others are about
    the whole company unless one segment was asked for. `called`: what it is called on paper, if that is
    not its question. `outside` gives title and HTML of the page for a customer, where there is one:
    it holds nothing internal, and it is all that such a run shows. `figures` are the results of `kam show` that
    a program gets beside the page.
    """

    id: str
    title: str
    step: int = 0
    headline: Text = ""
    beginning: Part | None = None
    of_segment: bool = False
    of_customer: bool = False
    called: Text = ""
    outside: Callable[[View], tuple[str, str]] | None = None
    figures: tuple[str, ...] = ()


def row(*parts: Part, shape: str = "half", on_paper: bool | Callable[[View], bool] = True) -> Row:
    """Exhibits side by side."""
    return Row(parts, shape, on_paper)


def stack(*parts: Part, on_paper: bool | Callable[[View], bool] = True) -> Stack:
    """Exhibits one below the other."""
    return Stack(parts, on_paper)


def exhibits(part: Part) -> list[Exhibit]:
    """The exhibits of a part, in order."""
    return [part] if isinstance(part, Exhibit) else [e for p in part.parts for e in exhibits(p)]
