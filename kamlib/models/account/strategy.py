"""Where is the customer going? How likely its plans are, and how far its culture is from ours."""

from __future__ import annotations

import itertools
import math

import pandas as pd

from kamlib import catalogue
from kamlib.catalogue import sheets
from kamlib.models import pia
from kamlib.wording import listed
from kamlib.workbook.book import Book, model

SIDES = ("existing", "new")
ROUTES = {  # (products, markets): the route of growth
    ("existing", "existing"): "market_penetration",
    ("existing", "new"): "market_extension",
    ("new", "existing"): "new_product_development",
    ("new", "new"): "diversification",
}
CULTURE = "cultural_match"
PLACES = ("left", "middle", "right")


@model
def ansoff(book: Book) -> pd.DataFrame:
    """The plans of each customer, with how likely each is to succeed: a row a plan.

    Columns: customer, name, plan, products, markets, route ("" while it is not known), likelihood
    (from 0 to 1), low, high (what it can still turn out to be), value, expected (value x
    likelihood, NaN unknown), control. Source: chapter 13, with 65, 45, 30 and 15 in a hundred.
    """
    likely = catalogue.items("ansoff", "quadrants").set_index("id")["likelihood"]
    rows = []
    for customer, name in _begun(book, "ansoff"):
        for line in sheets.filled(book, "ansoff", customer).to_dict("records"):
            said = [[line[c]] if line[c] in SIDES else SIDES for c in ("products", "markets")]
            can = [ROUTES[products, markets] for products, markets in itertools.product(*said)]
            route = can[0] if len(can) == 1 else ""
            ends, likelihood = likely.loc[can], likely.get(route, math.nan)
            value = float(pd.to_numeric(line["value"], errors="coerce"))
            rows.append(
                (
                    *(customer, name, line["label"], line["products"], line["markets"], route),
                    *(
                        likelihood,
                        ends.min(),
                        ends.max(),
                        value,
                        value * likelihood,
                        line["control"],
                    ),
                )
            )
    columns = ["customer", "name", "plan", "products", "markets", "route", "likelihood", "low"]
    return pd.DataFrame(rows, columns=[*columns, "high", "value", "expected", "control"])


def _begun(book: Book, sheet: str) -> list[tuple[str, str]]:
    """The customers of whom something stands on a sheet: (id, name)."""
    said = book["answers"]
    begun = said.loc[(said["sheet"] == sheet) & (said["value"] != ""), "subject"]
    who = pia.listed(book)
    rows = who.loc[who["customer"].isin(begun), ["customer", "name"]]
    return list(rows.itertuples(index=False, name=None))


@model
def cultural_match(book: Book) -> pd.DataFrame:
    """How far the culture of each customer is from ours: a row for each customer and spectrum.

    Columns: customer, name, item, label, theirs, ours (1 left, 2 middle, 3 right, NaN unknown),
    theirs_word, ours_word, borrowed (was ours said for another customer?), distance (0 to 2, NaN
    unknown), worth. Source: chapter 13; it gives the spectra, the distance is ours.
    """
    stock = catalogue.items(CULTURE).set_index("id")[[*PLACES]]
    begun = _begun(book, CULTURE)
    answers = book["answers"]
    own = answers[(answers["sheet"] == CULTURE) & (answers["field"] == "ours")]
    elsewhere = own[own["value"].isin(PLACES)].drop_duplicates("item").set_index("item")["value"]
    found = []
    for customer, name in begun:
        rows = sheets.filled(book, CULTURE, customer)
        borrowed = (rows["ours"] == "") & rows["item"].isin(elsewhere.index)
        ours = rows["ours"].where(~borrowed, rows["item"].map(elsewhere))
        rows = rows.assign(customer=customer, name=name, borrowed=borrowed, ours=ours)
        for side in ("theirs", "ours"):
            at = zip(rows["item"], rows[side], strict=True)
            rows[f"{side}_word"] = [stock.at[i, p] if p in PLACES else "" for i, p in at]
            rows[side] = rows[side].map({place: n for n, place in enumerate(PLACES, start=1)})
        found.append(rows.assign(distance=(rows["theirs"] - rows["ours"]).abs()))
    columns = ["customer", "name", "item", "label", "theirs", "ours", "theirs_word", "ours_word"]
    columns += ["borrowed", "distance", "worth"]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def match_words(rows: pd.DataFrame) -> str:
    """How far the cultures of one customer and ours are apart, in a sentence."""
    known = rows["distance"].dropna()
    if known.empty:
        return "Say where they are and where we are, and the distance is shown here"
    far = rows.loc[rows["distance"] == 2, "label"].str.lower().tolist()
    said = f"Our cultures are {known.sum():.0f} of {2 * len(known)} points apart"
    said += f", with {len(known)} of {len(rows)} lines known" * (len(known) < len(rows))
    return (
        f"{said}, most of all in {listed(far, 4)}" if far else f"{said}, nowhere at opposite ends"
    )
