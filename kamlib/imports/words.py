"""What the columns of a list mean: found by their names in four languages, and by what stands in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

import pandas as pd

from kamlib.errors import InvalidInput, did_you_mean
from kamlib.imports.figures import UNKNOWN, is_number
from kamlib.stores.foreign import nearest

FIELDS = ("customer", "name", "segment", "status", "note", "revenue", "profit", "potential_profit")
MONEY = ("revenue", "profit", "potential_profit")
SAMPLE, MOST_SEGMENTS = 500, 25
# the words of each field, the plainest first
WORDS: dict[str, tuple[str, ...]] = {
    field: tuple(words.split("|"))
    for field, words in {
        "customer": "customer id|customer no|customer number|customer nr|customer code|customer key|account id"
        "|account no|account number|account code|client id|client no|client number|client code|company id|id"
        "|kunden id|kundennummer|kunden nr|kundennr|kundenr|kdnr|kd nr|kunden nummer|debitorennummer|debitor nr"
        "|debitorennr|debitor|numero client|numero de client|no client|n client|code client|id client|ref client"
        "|numero cliente|numero de cliente|n cliente|codigo cliente|codigo de cliente|id cliente|customer"
        "|client|account|kunde|cliente",
        "name": "customer name|company name|account name|client name|customer|company|account|client|name|kunde"
        "|kundenname|firma|firmenname|name des kunden|kunden|unternehmen|nom du client|nom client|societe"
        "|raison sociale|entreprise|nom|nombre del cliente|nombre cliente|cliente|razon social|empresa|nombre"
        "|organisation|organization|business name|business|trading name|customers|companies|accounts|clients"
        "|clientes|customer company|organisation name|organization name|prospect|buyer|debtor name",
        "segment": "segment|customer segment|market segment|segment name|segments|kundensegment|marktsegment"
        "|segment client|segmento|sector|industry|branche|secteur|customer group|kundengruppe|sector de mercado",
        "status": "status|customer status|account status|kundenstatus|statut|estado|current prospect|customer type"
        "|kundenart|type de client|tipo de cliente",
        "note": "note|notes|comment|comments|remark|remarks|bemerkung|bemerkungen|kommentar|notiz|notizen|anmerkung"
        "|remarque|remarques|commentaire|commentaires|observaciones|nota|notas|comentario|comentarios",
        "revenue": "revenue|turnover|sales|revenues|sales value|sales revenue|umsatz|umsaetze|umsatze|erlos|erlose"
        "|chiffre d affaires|chiffre affaires|ca|ventes|ventas|facturacion|cifra de negocios|ingresos|invoiced",
        "profit": "profit|gross profit|profit contribution|contribution|margin|gross margin|gewinn|deckungsbeitrag"
        "|db|marge|ergebnis|rohertrag|benefice|resultat|marge brute|beneficio|margen|margen bruto|operating profit",
        "potential_profit": "potential profit|profit potential|potential|potential margin|margin potential"
        "|gewinnpotenzial|gewinnpotential|potenzial|potentiel|benefice potentiel|beneficio potencial|potencial",
    }.items()
}
_OTHERS = (
    "channel|region|country|city|town|address|street|postcode|zip|phone|telephone|email|e mail|contact|website"
    "|manager|account manager|owner|category|type|date|currency|employees|land|ort|stadt|plz|strasse|telefon"
    "|ansprechpartner|pays|ville|adresse|code postal|telephone|pais|ciudad|direccion|telefono|rank|nr|no"
)
_KNOWN = set(_OTHERS.split("|")).union(*WORDS.values())
_NOISE = re.compile(
    r"(?:19|20)\d\d|fy\d*|ytd|eur|euro|gbp|usd|chf|k|t|m|mio|keur|teur|tsd|in|total|annual|net|netto|nett|our|last"
    r"|full|year|jahr|jahres|the|actual|ist|\d+"
)
_OTHER_FIGURE = re.compile(
    r"target|budget|plan\w*|forecast|growth|share|rank|rep|manager|units?|qty|quantity|volume|menge|number|no|pct"
    r"|percent|rate|quote|wachstum|ziel|prior|previous|vorjahr|lost|cost|costs|date|orders|anzahl|days|terms|index|ids?|code|ref|outlet|store|zip|plz"
)
STATUS: dict[str, str] = {
    word: status
    for status, words in {
        "current": "current|customer|existing|existing customer|active|yes|current customer|client|account|won|kunde"
        "|bestandskunde|bestand|aktiv|aktueller kunde|ja|client actuel|actif|actuel|oui|cliente|cliente actual"
        "|activo|actual|si|buyer|live",
        "prospect": "prospect|prospective|potential|potential customer|lead|target|new|no|not yet|interessent|neukunde"
        "|potenzieller kunde|potentieller kunde|wunschkunde|zielkunde|nein|prospection|piste|client potentiel"
        "|non|cliente potencial|potencial|prospecto|pipeline",
    }.items()
    for word in words.split("|")
}


def plain(text: str) -> str:
    """A text as it is compared: no accents, no capitals, words parted by one space."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", " ", bare).strip()


def is_known(header: str) -> bool:
    """Is this a word that heads columns of customer lists?"""
    words = plain(header)
    return words in _KNOWN or _bare(words) in _KNOWN


def _bare(words: str) -> str:
    return " ".join(word for word in words.split() if not _NOISE.fullmatch(word))


def status_of(text: str) -> str:
    """current or prospect; "" for other words."""
    return STATUS.get(plain(text), "")


def propose(frame: pd.DataFrame) -> dict[str, str]:
    """Which column of the list is which of the workbook's: field of FIELDS -> header, what is clear alone.

    By the header first, then, for the name, by content: texts that are nearly all different.
    """
    found: dict[str, str] = {}
    contents = {header: _filled(frame[header]) for header in frame.columns}
    for field in ("name", "customer", "potential_profit", "profit", "revenue", "segment", "status", "note"):
        ranked = [(_rank(field, header), -place, header) for place, header in enumerate(frame.columns)]
        for rank, _, header in sorted(ranked, reverse=True):
            if rank[0] and header not in found.values() and _fits(field, contents[header], len(frame)):
                found[field] = header
                break
    if "name" not in found:
        named = [h for h in frame.columns if h not in found.values() and _is_naming(contents[h], len(frame))]
        found |= {"name": named[0]} if named else {}
    return {field: found[field] for field in FIELDS if field in found}


def looks_like_orders(cells: Mapping[str, Sequence[str]]) -> str:
    """The header of a column that should hold each customer's number once, and does not; "" for none."""
    for header, texts in cells.items():
        if _rank("customer", header)[0] and 0 < len({*texts}) < 0.9 * len(texts):
            return header
    return ""


def _filled(cells: pd.Series) -> list[str]:
    return [text for text in map(str.strip, cells.tolist()) if text.lower() not in UNKNOWN]


def _rank(field: str, header: str) -> tuple[float, str]:
    """How well a header says a field, 0 for not at all; of two alike the later year counts."""
    words = plain(header)
    if header == field:  # as kamlib itself writes it
        return 3, ""
    year = max(re.findall(r"(?:19|20)\d\d", header), default="")
    known = WORDS[field]
    for form in (words, _bare(words)):
        if form in known and not (field in MONEY and "%" in header):
            return 2 - known.index(form) / 1000, year
    if field not in MONEY or "%" in header or any(_OTHER_FIGURE.fullmatch(w) for w in words.split()):
        return 0, ""
    is_potential = "potential" in words or "potenzial" in words
    near = (
        [w for w in known if f" {w} " in f" {words} "]
        if is_potential == (field == "potential_profit")
        else []
    )
    return (1, year) if near and len(_bare(words).split()) <= 3 else (0, "")


def _fits(field: str, filled: Sequence[str], rows: int) -> bool:
    """Can these cells be what the header says?"""
    some = filled[:SAMPLE]
    if not some:
        return False
    if field in MONEY:
        return _share(some, is_number) >= 0.6
    if field == "customer":
        short = _share(some, lambda t: len(t) <= 40 and len(t.split()) == 1) >= 0.9
        return short and len(filled) >= 0.9 * rows - 1 and len(set(filled)) >= 0.95 * len(filled)
    if field == "name":
        return _share(some, lambda t: not _is_code(t)) >= 0.5
    if field == "segment":
        return len({plain(t) for t in filled}) <= MOST_SEGMENTS and _share(some, is_number) < 0.5
    if field == "status":
        return _share(some, lambda t: bool(status_of(t))) >= 0.5
    return True


def _is_naming(filled: Sequence[str], rows: int) -> bool:
    """Do these cells read like names: short texts, nearly all different, nearly always there?"""
    some = filled[:SAMPLE]
    if not some or len(filled) < 0.8 * rows or len(set(filled)) < 0.9 * len(filled):
        return False
    return _share(some, lambda t: bool(re.search(r"[^\W\d_]{2}", t)) and not _is_code(t)) >= 0.8


def _is_code(text: str) -> bool:
    """A code, an address of the network, a date or a long text: anything but a name."""
    pattern = r"[A-Z]{0,4}[-_/ .]?\d[\d\-/.: T]*|\S+@\S+|(https?://|www\.)\S+|.{101,}"
    return bool(re.fullmatch(pattern, text, re.S)) or is_number(text)


def _share(texts: Sequence[str], is_so: Callable[[str], bool]) -> float:
    return sum(map(is_so, texts)) / len(texts)


def choose(
    frame: pd.DataFrame, given: Iterable[str] = (), proposed: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The proposal, overruled by what is given as FIELD=HEADER; FIELD= alone leaves the field out.

    Raises InvalidInput with "did you mean" for a field or a header that is not there.
    """
    chosen = dict(propose(frame) if proposed is None else proposed)
    said: dict[str, str] = {}
    for pair in given:
        field, mark, header = pair.partition("=")
        field = field.strip().lower()
        if not mark or field not in FIELDS:
            known = did_you_mean(field[:60], FIELDS)
            raise InvalidInput(f'"{pair[:60]}" maps nothing: write FIELD=HEADER, such as name=Company.', found=pair,
                               allowed=", ".join(FIELDS), hint=known)  # fmt: skip
        said[field] = header_of(frame, header) if header.strip() else ""
    kept = {f: h for f, h in chosen.items() if f not in said and h not in said.values()}
    return {f: (kept | said)[f] for f in FIELDS if (kept | said).get(f)}


def header_of(frame: pd.DataFrame, name: str) -> str:
    """The header as the list writes it; capitals, accents and spaces do not matter."""
    headers = [str(column) for column in frame.columns]
    near = [h for h in headers if h == name.strip()] or [h for h in headers if plain(h) == plain(name)]
    if not near:
        raise InvalidInput(f'The list has no column "{name.strip()[:60]}".', column=name.strip()[:60], found=name,
                           hint=nearest(name, headers))  # fmt: skip
    return near[0]


def currency(frame: pd.DataFrame, mapping: Mapping[str, str]) -> str:
    """The currency that the money columns name, such as EUR; "" where they name none."""
    headers = [mapping[field] for field in MONEY if field in mapping]
    text = " ".join([*headers, *(" ".join(frame[h].head(SAMPLE)) for h in headers)])
    signs = {"EUR": r"€|\bT?EUR\b", "GBP": r"£|\bGBP\b", "USD": r"\$|\bUSD\b", "CHF": r"\bCHF\b|\bFr\."}
    found = {code: len(re.findall(sign, text)) for code, sign in signs.items()}
    return max(found, key=lambda code: found[code]) if any(found.values()) else ""
