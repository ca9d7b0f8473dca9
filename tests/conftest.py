"""What holds for all tests: a slow machine is no failure; browser tests run one after the other, beside the rest."""

from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("kamlib", settings.default, deadline=None)
settings.load_profile("kamlib")


@pytest.hookimpl(tryfirst=True)  # before the workers look at the groups
def pytest_collection_modifyitems(items: list[Any]) -> None:
    """With two workers one has the browser: its event loop, and what it sees, are nobody else's."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.xdist_group("browser"))
