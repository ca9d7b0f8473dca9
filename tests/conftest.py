"""What holds for all tests: a slow machine is no failure; with two workers one has the browser to itself."""

from pathlib import Path
from typing import Any

from hypothesis import settings

settings.register_profile("kamlib", settings.default, deadline=None)
settings.load_profile("kamlib")


def pytest_xdist_make_scheduler(config: Any, log: Any) -> Any:
    """A file is tested by one worker; the files with browser tests all by the same, one after the other."""
    from xdist.scheduler import LoadScopeScheduling

    class OneBrowser(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            return "browser" if "mark.browser" in (Path(config.rootpath) / file).read_text() else file

    return OneBrowser(config, log)
