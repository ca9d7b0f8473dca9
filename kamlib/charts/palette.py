"""The look in one place: the colour, shape and word of each box, and the few inks around them."""

from __future__ import annotations

from dataclasses import dataclass

from kamlib.wording import LABELS

INK, SOFT, LINE, DOUBT = "#1b1d22", "#5b616e", "#c9cdd6", "#8a3b00"
FONT = 'Inter, "Liberation Sans", "DejaVu Sans", sans-serif'


@dataclass(frozen=True)
class Mark:
    """How a box is drawn: `colour` for marks, `ink` for words on white, a Vega `shape`, a `glyph`."""

    colour: str
    ink: str
    shape: str
    glyph: str
    word: str


MARKS = {
    "key": Mark("#0b2a8a", "#0b2a8a", "circle", "●", LABELS["key"]),
    "key_development": Mark("#c25a00", "#a34b00", "triangle-up", "▲", LABELS["key_development"]),
    "maintenance": Mark("#5b8fc7", "#2f6193", "square", "■", LABELS["maintenance"]),
    "opportunistic": Mark("#5a4a42", "#5a4a42", "diamond", "◆", LABELS["opportunistic"]),
    "progress": Mark("#0b2a8a", "#0b2a8a", "circle", "●", LABELS["progress"]),
    "improve": Mark("#c25a00", "#a34b00", "triangle-up", "▲", LABELS["improve"]),
    "question": Mark("#5b8fc7", "#2f6193", "square", "■", LABELS["question"]),
    "drop": Mark("#5a4a42", "#5a4a42", "diamond", "◆", LABELS["drop"]),
    "": Mark("#8a8f99", "#5b616e", "cross", "?", LABELS[""]),
}
SHORT = {
    "key": "invest, team, grow together",
    "key_development": "make us their choice",
    "maintenance": "look after, free the energy",
    "opportunistic": "serve when it suits",
    "progress": "good for both: do it first",
    "improve": "good for us, not yet for them",
    "question": "good for them: what could we gain?",
    "drop": "good for neither",
}
