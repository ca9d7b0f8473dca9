"""Segmentation by discovery: groups that the data suggest, or the word that there are none."""

from kamlib.models.grouping.discovery import NEAR as NEAR
from kamlib.models.grouping.discovery import Discovery as Discovery
from kamlib.models.grouping.discovery import find as find
from kamlib.models.grouping.preparation import FEWEST as FEWEST
from kamlib.models.grouping.variables import columns as columns
from kamlib.models.grouping.variables import numbers as numbers
