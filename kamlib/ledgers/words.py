"""Which column of a ledger is which: found by the headers in four languages, and by what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import pandas as pd

from kamlib.errors import InvalidInput, did_you_mean
from kamlib.imports.figures import UNKNOWN, is_number, numbers
from kamlib.imports.words import WORDS as OF_CUSTOMERS
from kamlib.imports.words import header_of, plain
from kamlib.ledgers import dates

FIELDS = ("customer", "name", "date", "revenue", "cost", "discount", "freight", "order", "quantity", "unit_price",
          "unit_cost")  # fmt: skip
NUMBERS = ("revenue", "cost", "discount", "freight", "quantity", "unit_price", "unit_cost")
MONEY = ("revenue", "cost", "discount", "freight")
SAMPLE = 500
# the words of each field, the plainest first
WORDS: dict[str, tuple[str, ...]] = {
    field: tuple(words.split("|"))
    for field, words in {
        "customer": "reseller key|reseller id|dealer id|store id|shop id|sold to|sold to party|sold to id|bill to|payer"
        "|buyer id|customer ref|reseller|dealer|handler|revendeur|id revendeur|distribuidor|id distribuidor"
        "|handlernummer|" + "|".join(OF_CUSTOMERS["customer"]),
        "name": "reseller name|dealer name|store name|sold to name|bill to name|ship to name|buyer name|reseller"
        "|dealer|store|nom du revendeur|nombre del distribuidor|handlername|"
        + "|".join(OF_CUSTOMERS["name"]),
        "date": "order date|invoice date|posting date|transaction date|sales date|sale date|document date|booking date"
        "|billing date|date|order date key|invoice date key|date key|rechnungsdatum|belegdatum|buchungsdatum"
        "|auftragsdatum|bestelldatum|datum|date de facture|date facture|date de commande|date commande"
        "|date comptable|fecha de factura|fecha factura|fecha de pedido|fecha pedido|fecha contable|fecha|ship date"
        "|delivery date|due date|lieferdatum|date de livraison|fecha de entrega|order month|invoice month|year month"
        "|period|month|monat|mois|mes|periode|periodo|year|jahr|annee|ano|fiscal year|order year",
        "revenue": "sales amount|net sales amount|line total|net amount|net revenue|net sales|invoice amount|amount"
        "|line amount|extended amount|order amount|sales total|total sales|total revenue|total price|total amount"
        "|nettobetrag|nettoumsatz|betrag|rechnungsbetrag|umsatzerlose|nettowert|montant ht|montant net|montant"
        "|total ht|ca ht|importe neto|importe|venta neta|ventas netas|base imponible|total|value|net value"
        "|gross sales|gross sales amount|gross revenue|bruttoumsatz|list amount|"
        + "|".join(OF_CUSTOMERS["revenue"]),
        "cost": "total product cost|cost of sales|cost of goods sold|cogs|cost amount|total cost|cost|costs|product cost"
        "|line cost|cost value|direct cost|extended cost|wareneinsatz|einstandswert|einstandskosten|herstellkosten"
        "|herstellungskosten|kosten|selbstkosten|cout des ventes|cout de revient|cout total|cout|couts|prix de revient"
        "|coste de ventas|costo de ventas|coste total|costo total|coste|costo|costes|costos",
        "discount": "discount amount|discount value|discounts|discount|rebate|rebates|total discount|rabatt|rabatte"
        "|rabattbetrag|nachlass|skonto|erlosschmalerung|remise|remises|montant remise|rabais|ristourne|descuento"
        "|descuentos|importe descuento|rebaja|unit price discount amount",
        "freight": "freight|freight cost|freight amount|freight costs|shipping cost|shipping costs|shipping|carriage"
        "|delivery cost|transport|transport cost|postage|fracht|frachtkosten|versandkosten|transportkosten|porto"
        "|frais de port|frais de transport|port|fret|flete|fletes|portes|gastos de envio|coste de envio|transporte",
        "order": "sales order number|order number|order no|order id|order|invoice number|invoice no|invoice id|invoice"
        "|document number|document no|document|receipt|receipt number|transaction id|sales order|so number"
        "|rechnungsnummer|rechnung|rechnungsnr|belegnummer|beleg|belegnr|auftragsnummer|auftragsnr|auftrag"
        "|bestellnummer|numero de facture|no facture|n facture|facture|numero de commande|commande|n commande"
        "|numero de factura|n factura|factura|numero de pedido|pedido|n pedido|albaran|customer po number",
        "quantity": "quantity|order quantity|qty|quantity ordered|units|units sold|order qty|pieces|pcs|menge|anzahl"
        "|stuck|stuckzahl|quantite|qte|nombre|cantidad|unidades",
        "unit_price": "unit price|price|price each|price per unit|sales price|selling price|einzelpreis|stuckpreis|preis"
        "|verkaufspreis|prix unitaire|prix|pu ht|prix de vente|precio unitario|precio|precio de venta",
        "unit_cost": "unit cost|standard cost|product standard cost|cost per unit|cost price|unit cost price"
        "|einstandspreis|einkaufspreis|stuckkosten|cout unitaire|prix d achat|coste unitario|costo unitario"
        "|precio de coste",
    }.items()
}
_NOISE = re.compile(
    r"eur|euros?|gbp|usd|chf|in|k|keur|teur|local|currency|lc|excl|vat|tax|ohne|mwst|sin|iva|the|our|fy"
)
_SHARE = re.compile(r"%|\b(pct|percent|percentage|rate|prozent|satz|share|taux|por ciento)\b", re.I)
_CURRENCY = re.compile(r"(.* )?(currency|ccy|wahrung|devise|moneda|divisa)( (code|key|id|name|iso))?")
_NEEDED = ("customer", "date", "revenue")


def propose(sample: pd.DataFrame) -> dict[str, str]:
    """Which column is which (field -> header), what is clear alone; `sample` holds the first lines as text."""
    found: dict[str, str] = {}
    filled = {
        h: [t for t in map(str.strip, sample[h].head(SAMPLE)) if t.lower() not in UNKNOWN] for h in sample
    }
    for field in FIELDS:
        ranked = [(_rank(field, header), -place, header) for place, header in enumerate(sample.columns)]
        for rank, _, header in sorted(ranked, reverse=True):
            if rank and header not in found.values() and _fits(field, filled[header], len(sample)):
                found[field] = header
                break
    if "revenue" in found or "unit_price" not in found or "quantity" not in found:
        found = {f: h for f, h in found.items() if f not in ("unit_price",)}
    if "cost" in found or "unit_cost" not in found:
        found.pop("unit_cost", None)
    if not {"unit_price", "unit_cost"} & found.keys():
        found.pop("quantity", None)
    return found


def _rank(field: str, header: str) -> float:
    """How well a header says a field, 0 for not at all."""
    if header == field:
        return 3
    if field in MONEY and _SHARE.search(plain(header) + (" %" if "%" in header else "")):
        return 0
    words, known = plain(header), WORDS[field]
    bare = " ".join(word for word in words.split() if not _NOISE.fullmatch(word))
    for worth, form in ((2, words), (1.5, bare)):
        if form in known:
            return worth - known.index(form) / 1000
    return 0


def _fits(field: str, filled: Sequence[str], rows: int) -> bool:
    """Can these cells be what the header says? A column that is blank so far can."""
    if not filled:
        return field in ("cost", "discount", "freight", "order")
    if field == "date":
        return sum(1 for read in dates.read(filled) if read) >= 0.6 * len(filled)
    if field == "discount" and is_share(filled):
        return False
    if field in NUMBERS:
        return sum(map(is_number, filled)) >= 0.6 * len(filled)
    if field == "customer":
        return sum(1 for text in filled if len(text.split()) == 1 and len(text) <= 40) >= 0.9 * len(filled)
    if field == "name":
        return sum(map(is_number, filled)) < 0.5 * len(filled)
    return True


def is_called(field: str, header: str) -> bool:
    """Does the header name this field, or a share of it?"""
    words = _SHARE.sub(" ", plain(header)).split()
    return " ".join(words) in WORDS[field] or header == field


def is_currency(header: str) -> bool:
    """Does this column say in which currency a line is?"""
    return bool(_CURRENCY.fullmatch(plain(header)))


def is_share(filled: Sequence[str]) -> bool:
    """Are these parts of one, such as 0.15, rather than money?"""
    values = [abs(float(text)) for text in numbers(filled)[0] if text]
    return bool(values) and max(values) <= 1 and any(0 < value < 1 for value in values)


def choose(sample: pd.DataFrame, given: Iterable[str] = ()) -> dict[str, str]:
    """The proposal, overruled by what is given as FIELD=HEADER; FIELD= alone leaves the field out.

    Raises InvalidInput with "did you mean" for a field or a header that is not there, and where nothing
    says the customer, the date or the revenue.
    """
    said: dict[str, str] = {}
    for pair in given:
        field, mark, header = pair.partition("=")
        field = field.strip().lower()
        if not mark or field not in FIELDS:
            raise InvalidInput(f'"{pair[:60]}" maps nothing: write FIELD=HEADER, such as revenue=Amount.', found=pair,
                               allowed=", ".join(FIELDS), hint=did_you_mean(field[:60], FIELDS))  # fmt: skip
        said[field] = header_of(sample, header) if header.strip() else ""
    rest = sample[[h for h in sample.columns if h not in said.values()]]
    chosen = {f: h for f, h in propose(rest).items() if f not in said} | said
    mapping = {field: chosen[field] for field in FIELDS if chosen.get(field)}
    _refuse_without(sample, mapping)
    return mapping


def _refuse_without(sample: pd.DataFrame, mapping: dict[str, str]) -> None:
    has = {
        "customer": bool({"customer", "name"} & mapping.keys()),
        "date": "date" in mapping,
        "revenue": "revenue" in mapping or {"quantity", "unit_price"} <= mapping.keys(),
    }
    missing = [field for field in _NEEDED if not has[field]]
    if missing:
        headers = ", ".join(str(header) for header in sample.columns)[:400]
        typed = " ".join(f'-m "{field}=HEADER"' for field in missing)
        raise InvalidInput(
            f"No column is clearly the {' or the '.join(missing)}. The file has: {headers}.", column=missing[0],
            found=headers, allowed=", ".join(FIELDS), hint=f"Say which by {typed}.")  # fmt: skip
