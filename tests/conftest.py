"""What holds for all tests: a slow machine is no failure; with two workers one has the browser to itself."""

from pathlib import Path
from typing import Any

from hypothesis import settings

from .postgres import empty, server  # noqa: F401 - fixtures

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
