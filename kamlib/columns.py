"""The names of `kamlib.schema` under their former place."""

from kamlib.schema import is_figure

__all__ = ["is_figure"]
