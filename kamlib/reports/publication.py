"""What may be published: the columns of each table that leave the house, and no other."""

from __future__ import annotations

from kamlib.catalogue import sheets
from kamlib.workbook.schema import DEFINITIONS, Tables

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
    "history": ("at",),  # and of that the last row alone: the state is of that time
}


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
    if "history" in kept:
        kept["history"] = kept["history"].tail(1)
    for name in {"answers", "round_answers"} & kept.keys():
        of_people = kept[name]["sheet"].isin(ours) & (kept[name]["subject"] != sheets.CASE)
        of_people |= (kept[name]["sheet"] == "opportunity_snail") & (kept[name]["field"] == "who")
        kept[name] = kept[name][~of_people].reset_index(drop=True)
    return kept
