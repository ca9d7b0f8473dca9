"""What all tests share: a server, a browser and windows on it, a database; how random examples are drawn, and who tests what."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from hypothesis import settings

from .postgres import empty, server  # noqa: F401 - fixtures
from .serving import browser, page  # noqa: F401
from .windows import app, board, place, window  # noqa: F401

settings.register_profile(
    "kamlib", max_examples=50, deadline=None, derandomize=True, database=None
)  # the same answer every time
settings.register_profile("search", deadline=None, max_examples=1000)  # by hand: --hypothesis-profile=search
settings.load_profile("kamlib")

LONGEST = """app_account app_segments app serve site print app_hostile app_handover app_programme room_phones app_pia
report_runs report room handout verdict app_profit import bad_workbooks decisions net import_cases ledger app_path
disagreement programme account_plan discovery whatif fuzz desk app_certainty app_start gaps steps_1_to_5 operating lab
charts_plans kaism polls notebooks charts_market account_proposal stores_crash distinction app_screens room_round cli"""  # of the files that take seconds


def pytest_xdist_make_scheduler(config: Any, log: Any) -> Any:
    """A file is tested by one worker. The first begins with the tests in a browser, the others with the rest,
    everybody with what takes longest: so two browsers seldom run at once, and nobody is left with a long file at the end."""
    from xdist.scheduler import LoadScopeScheduling

    @functools.cache
    def in_browser(file: str) -> bool:
        return "mark.browser" in (Path(config.rootpath) / file).read_text(encoding="utf-8")

    ranks = {f"test_{name}.py": rank for rank, name in enumerate(LONGEST.split())}

    class LongestFirst(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid.split("::")[0]

        def _assign_work_unit(self, node: Any) -> None:
            first = node is self.nodes[0]
            chosen = min(
                self.workqueue,
                key=lambda file: (in_browser(file) != first, ranks.get(Path(file).name, len(ranks))),
            )
            self.workqueue.move_to_end(chosen, last=False)
            super()._assign_work_unit(node)

    return LongestFirst(config, log)
