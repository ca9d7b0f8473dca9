"""A workbook as a folder of CSV files, one a table."""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from kamlib.errors import Conflict, ReadOnly, WorkbookError
from kamlib.stores import base, files
from kamlib.stores.csvs import Notes, read_csv, to_csv
from kamlib.tables import Tables

PENDING = ".kam-pending.json"
LOCK = ".kam.lock"
HISTORY = "history.csv"
BIGGEST, TRIES = 200_000_000, 60
BAD_NAME = re.compile(
    r'[\x00-\x1f<>:"/\\|?*]|^\.|[. ]$|^$|.{101}|^(con|prn|aux|nul|com\d|lpt\d)$', re.I | re.S
)


class Folder:
    """A folder of CSV files; see `base.Store` for the verbs.

    A change is first written beside the tables (`.NAME.csv.next`) and announced in a pending file,
    then put in place: whoever comes after a crash finishes what was announced.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path, self.location, self.read_only = path, str(path), read_only
        self.notes: Notes = []
        self.seen: dict[str, Any] = {}
        self._seen: dict[str, tuple[bytes, pd.DataFrame, Notes]] = {}

    def read(self, names: Collection[str] | None = None) -> Tables:
        with files.plain_errors(self.path.name):
            for attempt in range(TRIES if self.read_only else 3):
                with contextlib.suppress(FileNotFoundError):  # a writer put it in place just now
                    before = self._stamp()
                    if PENDING in before and not self.read_only:
                        break
                    tables = self._tables(names)
                    if before == self._stamp():
                        return tables
                time.sleep(attempt / 1000)
            return self._read_locked(names)

    def put(self, changes: Sequence[base.Change], who: str = "") -> list[base.Row]:
        base.refuse_read_only(self.read_only)
        with files.locked(self.path / LOCK), files.plain_errors(self.path.name, "changed"):
            self._finish()
            names = {change.table for change in changes}
            try:
                after, story = base.apply(self._tables(names), changes, who or base.somebody())
            except Conflict as error:
                raise base.blame(error, changes, self._history()) from None
            if story:
                self._commit({name: after[name] for name in names if name in after}, story)
        return story

    def replace(self, tables: Tables) -> None:
        base.refuse_read_only(self.read_only)
        with files.plain_errors(self.path.name, "changed"):
            self.path.mkdir(parents=True, exist_ok=True)
        self._rewrite(lambda: tables)

    def rewrite(self, change: Callable[[Tables], Tables]) -> Tables:
        base.refuse_read_only(self.read_only)
        return self._rewrite(lambda: change(self._tables()))

    def version(self) -> dict[str, Any]:
        with files.plain_errors(self.path.name):
            return self._stamp(pending=False)

    # -- reading --------------------------------------------------------------------------------

    def _stamp(self, *, pending: bool = True) -> dict[str, Any]:
        paths = {path.stem: path for path in self._paths()}
        if pending and (self.path / PENDING).exists():
            paths[PENDING] = self.path / PENDING
        stats = {name: path.stat() for name, path in paths.items()}
        return {name: (s.st_mtime_ns, s.st_size, s.st_ino) for name, s in stats.items()}

    def _paths(self) -> list[Path]:
        if not self.path.is_dir():
            raise WorkbookError(f"There is no workbook {self.path.name}.")
        paths = sorted(p for p in self.path.glob("*.csv") if not p.name.startswith("."))
        return [path for path in paths if path.is_file()]

    def _tables(self, names: Collection[str] | None = None) -> Tables:
        self.notes = []
        plan = self._plan()
        paths = {path.stem: path for path in self._paths() if path.stem not in plan["gone"]}
        if plan["story"]:
            paths["history"] = self.path / HISTORY
        for name in plan["swap"]:  # somebody is just writing, or was stopped: theirs are the next ones
            coming = _next(self.path / f"{name}.csv")
            if coming.exists():
                paths[name] = coming
        wanted = {n: p for n, p in sorted(paths.items()) if names is None or n in names}
        return {name: self._table(f"{name}.csv", path, plan) for name, path in wanted.items()}

    def _table(self, file: str, path: Path, plan: dict[str, Any]) -> pd.DataFrame:
        if file == HISTORY and plan["story"]:
            old = path.read_bytes() if path.exists() else b""
            raw = old[: plan["history_size"]] + _addition(plan["story"], old[: plan["history_size"]])
        elif path.stat().st_size > BIGGEST:
            raise WorkbookError(f"{file} is larger than {BIGGEST // 1_000_000} MB.", table=file[:-4])
        else:
            raw = path.read_bytes()
        seen = self._seen.get(file)
        if seen is None or seen[0] != raw:  # comparing bytes is quick, and times can deceive
            seen = self._grown(seen, raw) if file == HISTORY else None
            self._seen[file] = seen or (raw, *read_csv(raw, file))
        self.notes = self.notes + self._seen[file][2]
        return self._seen[file][1]

    def _grown(self, seen: tuple[bytes, pd.DataFrame, Notes] | None, raw: bytes) -> Any:
        """The history read before with only what is new added, or None."""
        if seen is None or seen[2] or not seen[0].endswith(b"\n") or not raw.startswith(seen[0]):
            return None
        header = seen[0].split(b"\n", 1)[0] + b"\n"
        more, notes = read_csv(header + raw[len(seen[0]) :], HISTORY)
        return (raw, pd.concat([seen[1], more], ignore_index=True), notes)

    def _read_locked(self, names: Collection[str] | None) -> Tables:
        """Read while nobody writes, after finishing what a stopped writer announced."""
        if not self.read_only:
            with contextlib.suppress(ReadOnly), files.locked(self.path / LOCK):
                with files.plain_errors(self.path.name, "changed"):
                    self._finish()
                return self._tables(names)
        return self._tables(names)

    def _history(self) -> pd.DataFrame:
        return self._tables({"history"}).get("history", pd.DataFrame())

    # -- writing --------------------------------------------------------------------------------

    def _rewrite(self, make: Callable[[], Tables]) -> Tables:
        with files.locked(self.path / LOCK), files.plain_errors(self.path.name, "changed"):
            self._finish()
            tables = make()
            gone = [path.stem for path in self._paths() if path.stem not in tables]
            self._commit(tables, [], gone)
        return tables

    def _commit(self, tables: Tables, story: list[base.Row], gone: Sequence[str] = ()) -> None:
        """Say durably what will be written, write it, then forget it: a crash is made good."""
        _refuse_names(tables)
        story, tables = self._with_history(story, base.sounded(tables))
        contents = {name: to_csv(frame).encode() for name, frame in tables.items()}
        for name, content in contents.items():
            path = self.path / f"{name}.csv"
            files.write(_next(path), content, like=path)
        history = self.path / HISTORY
        size = history.stat().st_size if history.exists() else 0
        plan = {"swap": [*tables], "gone": [*gone], "story": story, "history_size": size}
        files.write(self.path / PENDING, json.dumps(plan).encode())
        self._finish()
        if story:  # what was merged into sound tables need not be read again
            self._seen |= {f"{n}.csv": (contents[n], frame, []) for n, frame in tables.items()}

    def _with_history(self, story: list[base.Row], tables: Tables) -> tuple[list[base.Row], Tables]:
        """History that somebody saved in another form is written anew instead of added to."""
        path = self.path / HISTORY
        canonical = ",".join(base.HISTORY).encode() + b"\n"
        if not story or not path.exists() or path.stat().st_size == 0:
            return story, tables
        with open(path, "rb") as file:
            if file.read(len(canonical)) == canonical:
                return story, tables
        return [], {**tables, "history": base.with_story(self._history(), story)}

    def _plan(self) -> dict[str, Any]:
        """What the last writer announced and has not finished; empty when there is nothing."""
        nothing: dict[str, Any] = {"swap": [], "gone": [], "story": [], "history_size": 0}
        try:
            plan = nothing | json.loads((self.path / PENDING).read_bytes())
            names = [*plan["swap"], *plan["gone"]]
            sound = all(isinstance(n, str) and not BAD_NAME.search(n) for n in names)
            size = plan["history_size"]
            story = [dict(zip(base.HISTORY, (str(row[c]) for c in base.HISTORY), strict=True))
                     for row in plan["story"]]  # fmt: skip
        except FileNotFoundError:
            return nothing
        except (ValueError, TypeError, KeyError):
            sound = False
        if not sound or not isinstance(size, int) or size < 0:
            raise WorkbookError(f"{self.path.name} holds a damaged file {PENDING}.",
                                hint="Remove it: what was entered last may be missing then.")  # fmt: skip
        return plan | {"story": story}

    def _finish(self) -> None:
        """Put in place what was announced; every step may be repeated after a crash."""
        plan = self._plan()
        for name in plan["swap"]:
            path = self.path / f"{name}.csv"
            if _next(path).exists():
                os.replace(_next(path), path)
        for name in plan["gone"]:
            (self.path / f"{name}.csv").unlink(missing_ok=True)
        if plan["story"]:
            self._append(plan["story"], plan["history_size"])
        if (self.path / PENDING).exists():
            files.sync_folder(self.path)
            (self.path / PENDING).unlink()
            files.sync_folder(self.path)
        files.tidy(self.path, ".*.part")
        files.tidy(self.path, ".*.csv.next")

    def _append(self, story: list[base.Row], size: int) -> None:
        """Append to the history from its known size, so that a repetition writes nothing twice."""
        path = self.path / HISTORY
        with open(path, "r+b" if path.exists() else "w+b") as file:
            old = file.read(size)
            file.truncate(len(old))
            file.seek(len(old))
            file.write(_addition(story, old))
            file.flush()
            os.fsync(file.fileno())


def _next(path: Path) -> Path:
    return path.with_name(f".{path.name}.next")


def _refuse_names(tables: Tables) -> None:
    folded = [name.lower() for name in tables]
    for name in tables:
        if BAD_NAME.search(name) or folded.count(name.lower()) > 1:
            short = name[:60]
            raise WorkbookError(f'The table "{short}" cannot be a file.', table=short, found=short,
                                allowed="100 characters at most, none of / \\ : * ? \" < > |, and no "
                                        "other table that differs only in capitals",
                                hint="Rename it, then copy again.")  # fmt: skip


def _addition(story: list[base.Row], old: bytes) -> bytes:
    """What is to be added to a history file that holds `old`."""
    text = to_csv(pd.DataFrame(story, columns=base.HISTORY)).encode()
    if not old:
        return text
    return (b"" if old.endswith(b"\n") else b"\n") + text.split(b"\n", 1)[1]
