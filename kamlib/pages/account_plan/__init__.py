"""One key account understood, decided on and planned: the page of its account team, in eight parts."""

from __future__ import annotations

from kamlib.pages import account
from kamlib.pages.account_plan import (
    closeness as closeness,
)
from kamlib.pages.account_plan import (
    contacts as contacts,
)
from kamlib.pages.account_plan import (
    customer_view as customer_view,
)
from kamlib.pages.account_plan import (
    decision as decision,
)
from kamlib.pages.account_plan import (
    direction as direction,
)
from kamlib.pages.account_plan import (
    plan as plan,
)
from kamlib.pages.account_plan import (
    proposal as proposal,
)
from kamlib.pages.account_plan import (
    standing as standing,
)
from kamlib.pages.exhibit import Page, View


def _title(view: View) -> str:
    return f"{account.name(view)}: the account plan" if account.name(view) else ""


PAGE = Page(
    "06_account_plan",
    "What is this account to us, and what do we do?",
    headline=lambda view: account.summary(view) if account.name(view) else "There is no customer yet.",
    beginning=plan.beginning,
    of_customer=True,
    called=_title,
)
