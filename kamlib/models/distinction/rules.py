"""What a good facilitator would say about customer distinction: findings as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kamlib.catalogue import sheets
from kamlib.errors import Advice
from kamlib.models import portfolio
from kamlib.models.distinction.bases import (
    approaches,
    distinction,
    has_begun,
    strangers,
    wrong_words,
)
from kamlib.models.distinction.energy import HALF_A_DAY, missing, moves, reconcile
from kamlib.models.distinction.movers import HANDOVER, HOLD, movers
from kamlib.models.distinction.services import services
from kamlib.models.lookup import by_key
from kamlib.wording import account, accounts, listed
from kamlib.workbook.book import Book, model
from kamlib.workbook.schema import CHANNELS

Rule = Callable[[Book], Iterator[Advice]]
STEP, MANY = 10, 5
TABLES = ("bases", "services", "time_spent", "channel_moves")
WAYS = {"hunter": "hunter", "farmer": "farmer", "milk_round": "milk round"}
SELLS = {"hunter": "a hunter", "farmer": "a farmer", "milk_round": "one who does the milk round"}
SPOKEN = ("over the internet", "with the call centre", "face to face")
OVER = dict(zip(CHANNELS, SPOKEN, strict=True))


def _row(level: str, rule: int, text: str, segment: str = "", customer: str = "") -> Advice:
    return level, STEP, segment, customer, text, rule


@model
def begun(book: Book) -> bool:
    """Has anybody entered anything of step 10?"""
    answers, effort = book["answers"], book["effort"]
    answered = answers.loc[answers["sheet"].isin([HANDOVER, HOLD]), "value"]
    return (
        has_begun(book)
        or any(len(book[name]) for name in TABLES)
        or bool((effort[["approach", "avoid"]] != "").any(axis=None))
        or bool((book["people"]["approach"] != "").any())
        or any(map(sheets.is_said, answered))
    )


def _nothing_follows(book: Book) -> Iterator[Advice]:
    if portfolio.decided(book) and not has_begun(book):
        text = "A choice that changes nothing helps nobody: say what each category gets"
        yield _row("warn", 44, f"{text}, at least and at most.")


def _differences(book: Book) -> Iterator[Advice]:
    """A least above its most, what cannot be compared, bases nobody knows, and service creep."""
    cells = distinction(book)
    for words in wrong_words(cells):
        yield _row("block", 45, f"{words[:-1]}; change one of them.")
    for row in cells[cells["unreadable"]].itertuples():
        ends = ((row.min, row.low), (row.max, row.high))
        off = " and ".join(f'"{text}"' for text, place in ends if text and place != place)
        advice = "use one of its rungs, or a number where it has none"
        text = f"{row.name}, {account(row.category, False)}: {off} cannot be compared; {advice}."
        yield _row("warn", 45, text)
    for basis in strangers(book):
        text = f'The table distinction speaks of "{basis}", which is no basis'
        yield _row("warn", 45, f"{text}: add it to the table bases.")
    for row in cells[cells["creep"] != ""].itertuples():
        level = "nudge" if row.category == "key_development" else "warn"
        yield _row(level, 46, f"{row.creep}; give them less, or plan it as a test bed.")


def _approaches(book: Book) -> Iterator[Advice]:
    rows = approaches(book)
    without = rows.loc[rows["avoid"].str.strip() == "", "category"]
    if has_begun(book) and len(without):
        yield _row("warn", 51, f"Say what must not happen to {accounts(without)}.")
    told = (rows["approach"] != "") & (rows["fits"] != "") & (rows["approach"] != rows["fits"])
    for row in rows[told].itertuples():
        fits = f"{WAYS[row.approach]}, where {WAYS[row.fits]} fits better"
        text = f"Sales approach to {accounts([row.category])}: {fits}"
        yield _row("nudge", 53, f"{text}; change it, or keep it on purpose.")


def _managers(book: Book) -> Iterator[Advice]:
    """The customers of each manager whose way of selling is not that of their category."""
    people = by_key(book["people"], "person")
    ways = approaches(book).set_index("category")
    way = ways["approach"].where(ways["approach"] != "", ways["fits"])
    rows = portfolio.classes(book)
    sells = people["approach"].reindex(rows["manager"], fill_value="").to_numpy()
    way = way.reindex(rows["category"], fill_value="").to_numpy()
    rows = rows.assign(sells=sells, way=way, suggested=rows["decision"] == "")
    rows = rows[(rows["sells"] != "") & (rows["way"] != "") & (rows["sells"] != rows["way"])]
    groups = rows.groupby(["segment", "manager", "category"], sort=False)
    for (segment, manager, category), own in groups:
        first, one, suggested = own.iloc[0], len(own) == 1, int(own["suggested"].sum())
        sells = f"{people.at[manager, 'name'] or manager} sells best as {SELLS[first['sells']]}"
        kinds = account(category) if one else accounts([category])
        if suggested == len(own):
            kinds = f"suggested as {kinds}"
        elif suggested:
            kinds = f"{kinds} ({suggested} of them suggested)"
        held = f"looks after {listed(own['name'], MANY)}, {kinds}"
        suits = f"{SELLS[first['way']]} would suit {'it' if one else 'them'} better"
        customer = first["customer"] if one else ""
        yield _row("nudge", 53, f"{sells} and {held}: {suits}.", segment, customer)


def _services(book: Book) -> Iterator[Advice]:
    for row in services(book).itertuples():
        if row.new == "yes" and not row.who_pays:
            unpaid = "is new and nobody is said to pay for it"
            yield _row("block", 50, f"{row.name} {unpaid}: settle that before it begins.")
        if row.valued == "no" and not row.action:
            text = f"Customers do not value {row.name}: decide what becomes of it."
            yield _row("nudge", 48, text)
        trial = {"where": row.pilot.strip(), "when": row.pilot_on}
        unsaid = " and ".join(word for word, text in trial.items() if not text)
        if row.action == "remove" and unsaid:
            text = f"{row.name} is to be taken away: say {unsaid} that is tried first."
            yield _row("nudge", 49, text)


def _energy(book: Book) -> Iterator[Advice]:
    """Days that are not there, days without a plan, and more contacts to move than there are."""
    short = missing(book)
    if len(book["time_spent"]) and short > HALF_A_DAY:
        text = f"Short by {short:,.0f} {portfolio.DAYS}"
        remedy = "fewer accounts, or more people"
        yield _row("warn", 36, f"{text}, even after all that is freed: {remedy}.")
    rows = reconcile(book)
    for row in rows[rows["open"] > HALF_A_DAY].itertuples():
        part = f"{row.open:,.0f} of the" if row.by_moves > HALF_A_DAY else "The"
        text = f"{part} {row.freed:,.0f} days to be freed from {accounts([row.category])}"
        remedy = "say what is done less, or over which channel"
        yield _row("nudge", 41, f"{text} have no plan: {remedy}.")
    shares = moves(book).groupby(["category", "source"], sort=False)["share_pct"].sum()
    for (category, source), share in shares[shares > 100 + 1e-9].items():
        who = accounts([category]).capitalize()
        text = f"{who}: {share:,.0f} % of their contacts {OVER[source]}"
        yield _row("warn", 41, f"{text} are to move; more than all cannot.")


def _handover(book: Book) -> Iterator[Advice]:
    rows, decided = movers(book), portfolio.decided(book)
    for row in rows[(rows["is_now"] == "maintenance") & (rows["filled"] == 0)].itertuples():
        becomes = "becomes" if row.customer in decided else "is suggested as"
        text = f"{row.name} {becomes} a maintenance account: plan the handover"
        yield _row("warn", 39, f"{text} before anything is taken away.", row.segment, row.customer)


def _once_begun(book: Book) -> Iterator[Advice]:
    """What is said only once anything of step 10 was entered."""
    if begun(book):
        for rule in (_differences, _approaches, _managers, _services, _energy, _handover):
            yield from rule(book)


RULES: tuple[Rule, ...] = (_nothing_follows, _once_begun)
