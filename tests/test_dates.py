"""Dates as people write them; what may be two days, or none, is refused."""

import pytest

from kamlib.workbook.schema import parse_date


@pytest.mark.parametrize(
    "text",
    [
        "2027-06-01",
        "2027-06-01 00:00:00",
        "1 June 2027",
        "1st June 2027",
        "01 Jun 2027",
        "1 Jun. 2027",
        "1-Jun-2027",
        "June 1, 2027",
        "JUNE 1st 2027",
        "jun 1 2027",
        " 1  june  2027 ",
    ],
)
def test_a_date_is_read_as_it_is_written(text):
    assert parse_date(text) == "2027-06-01"


def test_no_date_is_none():
    assert parse_date("") == parse_date("?") == ""


@pytest.mark.parametrize(
    "text",
    [
        "3/4/2027",
        "1.6.2027",
        "30 February 2027",
        "1 Ju 2027",
        "1 Jux 2027",
        "June 2027",
        "1 June",
        "1 June 27",
        "soon",
        "2026-02-30",
    ],
)
def test_what_may_be_two_days_or_none_is_refused(text):
    with pytest.raises(ValueError):
        parse_date(text)
