"""The timetable of a workshop: how long each step may take, and how long it took."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from kamlib import catalogue
from kamlib.workbook.book import Book, model


@model
def timetable(book: Book) -> pd.DataFrame:
    """The ten steps with their minutes. Columns: step, label, minutes (planned by the team, else as
    usual), started, ended (UTC, ISO; "" for not yet), due (when its minutes are over, "" unless it
    is running), took (minutes, NaN unless it has ended)."""
    listed = catalogue.items("ten_steps")[["step", "label", "minutes"]]
    own = book["agenda"].drop_duplicates("step").set_index("step")
    rows = []
    for step, label, usual in listed.itertuples(index=False, name=None):
        row = own.loc[str(step)].to_dict() if str(step) in own.index else {}
        minutes = row.get("minutes", float("nan"))
        minutes = float(usual) if minutes != minutes else minutes
        started, ended = (_moment(row.get(end, "")) for end in ("started", "ended"))
        over = bool(started and ended and ended >= started)
        due = "" if over or not started else (started + timedelta(minutes=minutes)).isoformat()
        took = (
            (ended - started).total_seconds() / 60 if started and ended and over else float("nan")
        )
        rows.append(
            (int(step), label, minutes, row.get("started", ""), row.get("ended", ""), due, took)
        )
    columns = ["step", "label", "minutes", "started", "ended", "due", "took"]
    return pd.DataFrame(rows, columns=columns)


def _moment(text: str) -> datetime | None:
    """A time as the workbook has it; None where it says none."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
