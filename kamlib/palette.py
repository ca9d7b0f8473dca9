"""The look in one place: the colour, shape and word of each box, and the few inks around them."""

from __future__ import annotations

from dataclasses import dataclass

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
    "key": Mark("#0b2a8a", "#0b2a8a", "circle", "●", "Key account"),
    "key_development": Mark("#c25a00", "#a34b00", "triangle-up", "▲", "Key development"),
    "maintenance": Mark("#5b8fc7", "#2f6193", "square", "■", "Maintenance"),
    "opportunistic": Mark("#5a4a42", "#5a4a42", "diamond", "◆", "Opportunistic"),
    "progress": Mark("#0b2a8a", "#0b2a8a", "circle", "●", "Progress"),
    "improve": Mark("#c25a00", "#a34b00", "triangle-up", "▲", "Make it worth more to them"),
    "question": Mark("#5b8fc7", "#2f6193", "square", "■", "Is it really worth so little to us?"),
    "drop": Mark("#5a4a42", "#5a4a42", "diamond", "◆", "Drop"),
    "": Mark("#8a8f99", "#5b616e", "cross", "?", "Not placed yet"),
}
SHORT = {
    "key": "invest, team, grow together",
    "key_development": "make us their choice",
    "maintenance": "look after, free the energy",
    "opportunistic": "serve when it suits",
    "progress": "good for both: do it first",
    "improve": "good for us, not yet for them",
    "question": "good for them: what could we gain?",
    "drop": "good for nobody",
}
