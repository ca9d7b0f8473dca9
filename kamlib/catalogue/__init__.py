"""What there is to read in each step: exercises, guidance, cases and tips, kept as data."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from kamlib.errors import KamError, did_you_mean

KINDS = ("computation", "exercise", "guidance", "case")
NEEDED = ("id", "title", "kind", "steps", "help", "source")
CITED = {"own": "own", "book": "{}", "chapter": "{}", "seed": "text {}"}
CITED |= {"lines": "lines {}", "rules": "rules {}"}
COMMON = ("id", "label", "help", "source")
ABOUT = ("steps", "source", "results")  # lists that are about the entry itself
LONGEST = 600
PER = ("case", "story", "segment", "customer", "person")
TAKEN = ("item", "label", "help", "own", "group", "asks", "note", "filled")  # no ids of fields
FIELDS = ("yesno", "rating", "choice", "text", "number", "date", "person")
OWN = {
    "source": {"own": True},
    "steps": ["later:cases"],
}  # of an entry of the team's own, unless said
LATER = "later:"

Entry = dict[str, Any]
_own: tuple[Entry, ...] = ()
_edition = 0


def beside(location: str) -> Path | None:
    """From now on the catalogue holds the team's own entries too; gives their folder, if any.

    They are the YAML files of a folder `content` beside the workbook at `location`; a database has
    none. Raises KamError where one of them is not in order.
    """
    global _own, _edition  # noqa: PLW0603
    folder = Path(location).expanduser().absolute().parent / "content"
    found = _read(folder) if "://" not in location and folder.is_dir() else []
    found = [OWN | e if isinstance(e, dict) else {"title": e} for e in found]
    every = [*_shipped(), *found]
    if found and (wrong := [*_twice(every), *(problem for e in found for problem in _problems(e))]):
        text = f"The team's own entries in the folder {folder.name} are not in order. {wrong[0]}"
        raise KamError(text, hint="Change it there, then open the workbook again.")
    _own, _edition = tuple(found), _edition + (found != [*_own])
    return folder if found else None


def edition() -> int:
    """It rises with every change to the team's own entries."""
    return _edition


def home(entry: Entry) -> str:
    """The part where an entry belongs: the first of its steps, "7", else "people"."""
    steps = [str(step) for step in entry["steps"]]
    first = next((step for step in steps if not step.startswith(LATER)), steps[0])
    return first.removeprefix(LATER)


def parts() -> dict[str, Entry]:
    """The parts of the workbook by id: label, and page and anchor where it is shown."""
    return {part["id"]: part for part in entry("parts")["items"]}


def entry(id: str, folder: Path | None = None) -> Entry:
    """One entry of the catalogue; changing the copy you get changes nothing else."""
    known = {e["id"]: e for e in _load(folder) if "id" in e}
    if id not in known:
        hint = did_you_mean(id, known)
        raise KamError(f'The catalogue has no entry "{id}".', found=id, hint=hint)
    return deepcopy(known[id])


def entries(
    kind: str | None = None, step: int | str | None = None, folder: Path | None = None
) -> list[Entry]:
    """The entries of one kind and one step (7, "7" or "later:pia"), sorted by id."""
    if kind is not None and kind not in KINDS:
        raise KamError(f'There is no kind "{kind}".', found=kind, hint=did_you_mean(kind, KINDS))
    chosen = [e for e in _load(folder) if kind in (None, e["kind"])]
    if step is not None:
        chosen = [e for e in chosen if str(step) in map(str, e["steps"])]
    return deepcopy(sorted(chosen, key=lambda e: e["id"]))


def items(id: str, list: str = "items", folder: Path | None = None) -> pd.DataFrame:
    """One list of an entry as a table: id, label, help, what else its items carry, source.

    items("kaism") has the four boxes; items("kaism", "questions") the two questions. A plain list
    of words gives the words as labels, numbered from 1.
    """
    found = entry(id, folder)
    if list not in (lists := _lists(found)):
        text, hint = f'The entry "{id}" has no list "{list}".', did_you_mean(list, lists)
        raise KamError(text, found=list, hint=hint)
    rows = []
    for number, item in enumerate(lists[list], start=1):
        item = item if isinstance(item, dict) else {"label": str(item)}
        own = item.pop("source", None)
        row = {"id": str(number), "label": "", "help": ""} | item
        rows.append(row | {"source": cite(own or found["source"])})
    extras = dict.fromkeys(key for row in rows for key in row if key not in COMMON)
    return pd.DataFrame(rows, columns=[*COMMON[:3], *extras, COMMON[3]])


def cite(source: Any) -> str:
    """A source in words: "Ch 21, lines 8592"; several are joined by "; "."""
    if not isinstance(source, dict):
        return "; ".join(map(cite, source)) if source else ""
    return ", ".join(form.format(source[key]) for key, form in CITED.items() if source.get(key))


def check(folder: Path | None = None) -> list[str]:
    """Every problem of form as a sentence; an empty list when all is well."""
    loaded = _load(folder)
    return _twice(loaded) + [problem for e in loaded for problem in _problems(e)]


def _twice(loaded: list[Entry]) -> list[str]:
    ids = [e.get("id") for e in loaded]
    return sorted(f"{i}: there are two entries with this id." for i in {*ids} if ids.count(i) > 1)


def _lists(e: Entry) -> Entry:
    return {name: v for name, v in e.items() if isinstance(v, list) and name not in ABOUT}


def _problems(e: Entry) -> Iterator[str]:
    name = e.get("id", "an entry without id")
    yield from (f"{name}: {need} is missing." for need in NEEDED if not e.get(need))
    if e.get("kind") not in KINDS:
        yield f"{name}: kind is {e.get('kind')}; it must be one of {', '.join(KINDS)}."
    if not isinstance(e.get("steps"), list):
        yield f"{name}: steps is not a list."
    yield from _source_problems(name, e.get("source"))
    long = (text for text in _texts(e) if len(text) > LONGEST)
    yield from (f"{name}: a text is longer than {LONGEST} characters: {t[:40]}..." for t in long)
    if "form" in e:
        yield from (f"{name}: its form {problem}" for problem in _form_problems(e))
        if isinstance(e["form"], dict):
            yield from (f"{name}: its form {problem}" for problem in _verdict_problems(e["form"]))
    for key, rows in _lists(e).items():
        dicts = [row for row in rows if isinstance(row, dict)]
        ids = [row["id"] for row in dicts if "id" in row]
        if len({*ids}) < len(ids):
            yield f"{name}: an id stands twice in {key}."
        for row in dicts:
            if key == "items" and not (row.get("id") and row.get("label")):
                yield f"{name}: an item without id or label."
            if "source" in row:
                yield from _source_problems(f"{name}, {row.get('id', key)}", row["source"])


def _form_problems(e: Entry) -> Iterator[str]:
    """What is wrong with a fill-in sheet: whom it is per, its lines and its fields."""
    form = e["form"]
    if not isinstance(form, dict):
        yield "is not a mapping."
        return
    if not {*listed(form.get("per"))} <= {*PER} or not form.get("per"):
        yield f"is per {form.get('per')}; it must be one of {', '.join(PER)}."
    if form.get("group") and not all(row and form["group"] in row for row in _lines(e)):
        yield f"groups its lines by {form['group']}, which some of them do not have."
    unknown = {*form.get("reveal", [])} - e.keys()
    yield from (f"reveals {name}, which the entry does not have." for name in sorted(unknown))
    lines = _lines(e)
    if not all(isinstance(row, dict) and row.get("id") and row.get("label") for row in lines):
        yield "names lines that are no list of the entry with id and label."
    elif len({row["id"] for row in lines}) < len(lines):
        yield "has two lines with the same id."
    fields = form.get("fields") or [{}]
    if len({field.get("id") for field in fields}) < len(fields):
        yield "has two fields with the same id."
    for field in fields:
        if not (field.get("id") and field.get("label") and field.get("kind") in FIELDS):
            kinds = ", ".join(FIELDS)
            yield f"needs fields with id, label and a kind out of {kinds}; found {field}."
        if field.get("id") in TAKEN:
            yield f"has a field {field['id']}; {', '.join(TAKEN)} are taken."
        if field.get("kind") == "choice" and not field.get("choices"):
            yield f"has a choice without choices: {field.get('id')}."


def _verdict_problems(form: Entry) -> Iterator[str]:
    """What is wrong with the rules that say what the answers come to."""
    asked = {field.get("id") for field in form.get("fields") or [{}]}
    for rule in form.get("verdict", []):
        if not ({*rule.get("when", {})} | {rule.get("sum")} - {None}) <= asked:
            yield f"has a verdict on a field that it does not have: {rule}."
        try:
            rule["says"].format(n=0, of=0, lines="", sum="")
        except (LookupError, ValueError, AttributeError):
            yield f"has a verdict that says nothing of {{n}}, {{of}}, {{lines}}, {{sum}}: {rule}."


def listed(given: Any) -> list[Any]:
    """A list as it is, one thing as a list of it, nothing as an empty one."""
    return list(given) if isinstance(given, list | tuple) else [given] if given else []


def _lines(e: Entry) -> list[Any]:
    names = e["form"].get("lines", ["items"])
    return [row for key in names for row in _lists(e).get(key, [None])]


def _source_problems(name: str, source: object) -> Iterator[str]:
    for one in source if isinstance(source, list) else [source]:
        if not isinstance(one, dict) or not one or not one.keys() <= CITED.keys():
            yield f"{name}: source must say {', '.join(CITED)}; found {one}."


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _load(folder: Path | None) -> list[Entry]:
    return [*_shipped(), *_own] if folder is None else _read(folder)


@cache
def _shipped() -> list[Entry]:
    return _read(files("kamlib.catalogue") / "content")


def _read(folder: Traversable) -> list[Entry]:
    """The entries of all YAML files of a folder; a file holds them under `entries` or `models`."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: list[Entry] = []
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".yaml"):
            continue
        try:
            content = yaml.load(file.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506
            found += content.get("entries") or content["models"]
        except (yaml.YAMLError, UnicodeError, AttributeError, KeyError, TypeError) as error:
            text = f"The catalogue file {file.name} cannot be read: {error}"
            hint = "It needs a list of entries under the word entries."
            raise KamError(text, hint=hint) from None
    return found
