"""What is said about steps 1 to 5, as escaped HTML: the same sentences on the screen and in a report."""

from __future__ import annotations

from typing import Any

from kamlib import market, objectives, palette, resources, segmentation, sheets
from kamlib.panels import fill
from kamlib.settings import Settings
from kamlib.tables import Tables

MOST_RANKED, MOST_UNKNOWN = 8, 6


def purpose(tables: Tables, settings: Settings) -> str:
    """What resistance to expect, and whether the chosen objectives stand up."""
    checked = objectives.sanity(tables, settings)
    chosen = checked[checked["verdict"] != "not chosen"].to_dict("records")
    expected = objectives.resistance(tables).iloc[0].to_dict()
    return fill("objectives", resistance=expected, chosen=chosen, sanity=sheets.form("sanity_check").title)


def forecast(tables: Tables, settings: Settings) -> str:
    """The hockey-stick test of each forecast in a sentence."""
    names = dict(zip(tables["segments"]["segment"], tables["segments"]["name"], strict=True))
    rows = objectives.hockey_stick(tables, settings)
    named = rows["subject"].map(lambda s: "All sales" if s == sheets.CASE else names.get(s) or s)
    return fill("forecast", rows=rows.assign(name=named).to_dict("records"))


def balance(tables: Tables, settings: Settings) -> str:
    """Objectives, opportunity and resources side by side."""
    return fill("balance", rows=objectives.balance(tables, settings).to_dict("records"))


def capacity(tables: Tables, settings: Settings) -> str:
    """What the plan takes, what there is, and how many accounts that carries."""
    gaps = resources.distribution(tables, settings).dropna(subset=["gap"])
    words = [f"{palette.MARKS[r.category].word} {r.time_pct:.0f} % of the time, {r.profit_pct:.0f} % of the profit"
             for r in gaps.itertuples()]  # fmt: skip
    return fill("resources_words", rows=resources.carry(tables, settings).to_dict("records"),
                plan=resources.plan(tables, settings).to_dict("records"),
                each=resources.accounts_per_manager(tables, settings)[1], gaps=words)  # fmt: skip


def team(tables: Tables, settings: Settings) -> str:
    """Can this team choose?"""
    return fill("team", checks=resources.team(tables).to_dict("records"))


def opportunity(tables: Tables, settings: Settings) -> str:
    """The points of the market map by what is not ours there, and what is still unknown."""
    rows = market.market_map(tables, settings)
    ranked = rows[rows["opportunity"].notna()].sort_values("rank", kind="stable").head(MOST_RANKED)
    unknown = market.find_out(tables, settings).head(MOST_UNKNOWN)
    return fill("market_words", ranked=ranked.to_dict("records"), unknown=unknown.to_dict("records"))


def segments(tables: Tables, settings: Settings) -> str:
    """Which segments are worth a matrix of their own."""
    rows = segmentation.overview(tables, settings)
    return fill("segments_words", rows=rows[rows["active"] != "no"].to_dict("records"))


def sheet_tables(tables: Tables, settings: Settings) -> str:
    """Every sheet that somebody has begun to fill in, for a report."""
    shown: list[dict[str, Any]] = []
    far = sheets.progress(tables, settings)
    for sheet in far.loc[far["state"] != "open", "sheet"]:
        shape = sheets.form(sheet)
        for subject, name in sheets.subjects(tables, settings, shape):
            rows = sheets.filled(tables, sheet, subject)
            names = [f["id"] for f in shape.fields]
            said = rows[(rows[[*names, "note"]] != "").any(axis=1)]
            if len(said):
                shown.append({
                    "title": shape.title, "about": name, "fields": shape.fields, "note": shape.note,
                    "rows": said.to_dict("records"), "filled": int(rows["filled"].sum()), "lines": len(rows),
                })  # fmt: skip
    people = dict(zip(tables["people"]["person"], tables["people"]["name"], strict=True))
    return fill("sheet_tables", sheets=shown, people=people)
