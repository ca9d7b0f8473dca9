"""What holds for all tests: a slow machine is no failure."""

from hypothesis import settings

settings.register_profile("kamlib", settings.default, deadline=None)
settings.load_profile("kamlib")
