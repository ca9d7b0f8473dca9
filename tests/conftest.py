"""What all tests share: a server, a browser and windows on it, a database, and how random examples are drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import settings

from .postgres import empty, server  # noqa: F401 - fixtures
from .serving import browser, page  # noqa: F401
from .windows import app, board, place, window  # noqa: F401

BESIDE = {
    "test_whatif.py",
    "test_app_sure.py",
    "test_print.py",
}  # browser tests short enough to run beside the others

settings.register_profile(
    "kamlib", max_examples=50, deadline=None, derandomize=True, database=None
)  # the same answer every time
settings.register_profile("search", deadline=None, max_examples=1000)  # by hand: --hypothesis-profile=search
settings.load_profile("kamlib")


def pytest_xdist_make_scheduler(config: Any, log: Any) -> Any:
    """A file is tested by one worker; the files with browser tests by the same, one after the other, but for a few short ones."""
    from xdist.scheduler import LoadScopeScheduling

    class OneBrowser(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            if "mark.browser" not in (Path(config.rootpath) / file).read_text():
                return file
            return "beside" if Path(file).name in BESIDE else "browser"

    return OneBrowser(config, log)
