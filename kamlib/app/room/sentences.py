"""What the room says to a participant when it cannot do what was asked."""

from __future__ import annotations

from kamlib.errors import KamError

SENTENCES = {
    400: "The room did not understand what this phone sent, and stored nothing. Reload the page.",
    401: "This phone has not joined. Join with the code that the facilitator shows.",
    403: "The facilitator has removed this phone from the room. Ask to be let in again.",
    404: "There is nothing here. The ballot is at the address that the facilitator shows.",
    405: "There is nothing here. The ballot is at the address that the facilitator shows.",
    409: "The vote is closed.",
    413: "That is too long. Nothing was stored; shorten it.",
    415: "The room did not understand what this phone sent, and stored nothing. Reload the page.",
    429: "That was too often. Wait a moment, then try again.",
    500: "Something went wrong here, and nothing was stored. Try again, or tell the facilitator.",
    503: "The workbook cannot be reached. Your votes are kept on this phone and sent later.",
}
CLOSED = "The vote was closed before this arrived, so it is not stored. Tell the facilitator."
NOT_ASKED = "This is not asked any more, so it is not stored. The page shows what is asked now."
ASKING = "The facilitator has not let this phone in yet."
WRONG_CODE = "That is not the code of this room. It has six letters and digits."
TOO_MANY = "There were too many wrong codes. Wait {seconds} seconds, then try again."
NO_PERSON = "Choose your name from the list, or add it."
TAKEN = "Somebody has joined under this name. Choose another, or ask the facilitator."
FULL = "The list of people is full. Ask the facilitator to add you."
NOT_ASKED_FOR = "Nobody asks for your name any more."
POINTS = "The points must be whole numbers from 0 that add up to 100."
RANKING = "Each factor must have one place, from 1 for what counts most."
LONG_LINES = "This page is open too often on this phone. Close the others."


class Refused(KamError):
    """What was asked is not done: the status of the answer, and a sentence to act on."""

    def __init__(self, status: int, sentence: str = "", *, wait: int = 0) -> None:
        super().__init__(sentence or SENTENCES[status])
        self.status, self.wait = status, wait
