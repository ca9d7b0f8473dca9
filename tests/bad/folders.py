"""Bad folders of CSV files."""

from __future__ import annotations

import os
from pathlib import Path

from . import Bad, book, content, encoded, swap


def missing(table: str):
    def write(folder: Path) -> Path:
        (book(folder) / f"{table}.csv").unlink()
        return folder / "book"

    return write


def renamed(old: str, new: str):
    def write(folder: Path) -> Path:
        (book(folder) / old).rename(folder / "book" / new)
        return folder / "book"

    return write


def odd_csv_things(folder: Path) -> Path:
    """A folder and a pipe that are called like tables are left alone."""
    (book(folder) / "scores.csv").unlink()
    (folder / "book" / "scores.csv").mkdir()
    os.mkfifo(folder / "book" / "rounds2.csv")
    return folder / "book"


def long_table(folder: Path) -> Path:
    rows = "".join(f"n{i},N {i},nowhere,current\n" for i in range(60_000))
    (book(folder) / "customers.csv").write_text("customer,name,segment,status\n" + rows)
    return folder / "book"


def twice_long(folder: Path) -> Path:
    (book(folder) / "customers.csv").write_text("customer,name,segment\n" + "acme,Acme,north\n" * 20_000)
    return folder / "book"


HEAD = "model,subject,factor,supplier,score,note\n"
SEMICOLONS = "model;subject;factor;supplier;score;note\nattractiveness;acme;growth;;7,5;x\n"
RAGGED = HEAD + "attractiveness,acme,growth,,7,so, and so\n"
WIDE = "customer," + ",".join(f"c{i}" for i in range(10_000)) + "\nacme\n"

FOLDERS = [
    # cells
    Bad(
        "score is a word",
        swap("scores", ",7,", ",seven,"),
        "error",
        'score is "seven"; it must be a number from 1 to 10',
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "score too high", swap("scores", ",7,", ",11,"), "error", "from 1 to 10", "scores", "line 2", "score"
    ),
    Bad("score too low", swap("scores", ",7,", ",0,"), "error", "from 1 to 10", "scores", "line 2", "score"),
    Bad(
        "score off the steps",
        swap("scores", ",7,", ",7.3,"),
        "error",
        "steps of 0.5",
        "scores",
        "line 2",
        "score",
    ),
    Bad("score nan", swap("scores", ",7,", ",nan,"), "error", 'score is "nan"', "scores", "line 2", "score"),
    Bad("score inf", swap("scores", ",7,", ",inf,"), "error", 'score is "inf"', "scores", "line 2", "score"),
    Bad(
        "score -Infinity",
        swap("scores", ",7,", ",-Infinity,"),
        "error",
        "must be a number",
        "scores",
        "line 2",
        "score",
    ),
    Bad("score huge", swap("scores", ",7,", ",1e400,"), "error", "from 1 to 10", "scores", "line 2", "score"),
    Bad(
        "score of 400 digits",
        swap("scores", ",7,", f",{'9' * 400},"),
        "error",
        "from 1 to 10",
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "score hexadecimal",
        swap("scores", ",7,", ",0x7,"),
        "error",
        "must be a number",
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "score with underscore",
        swap("scores", ",7,", ",1_0,"),
        "error",
        "must be a number",
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "score a percentage",
        swap("scores", ",7,", ",70%,"),
        "error",
        "must be a number",
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "score a fraction",
        swap("scores", ",7,", ",7 1/2,"),
        "error",
        "must be a number",
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "score a date",
        swap("scores", ",7,", ",2026-07-05,"),
        "error",
        "taken a number for a date",
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "score a formula",
        swap("scores", ",7,", ",=3+4,"),
        "error",
        "A formula is not a value",
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "score an Excel error",
        swap("scores", ",7,", ",#REF!,"),
        "error",
        "Excel could not work it out",
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "score with a decimal comma",
        swap("scores", ",7,", ',"7,5",'),
        "warning",
        "decimal comma",
        "scores",
        "line 2",
        "score",
    ),
    Bad(
        "revenue with thousands",
        swap("customers", "current", 'current,"1,250,000"'),
        "refuse",
        "customers.csv, line 2 has 5 cells",
        "customers",
        "line 2",
    ),
    Bad(
        "weight with thousands",
        swap("factors", "Growth,2", 'Growth,"1.250.000"'),
        "error",
        "without marks between the thousands",
        "factors",
        "line 2",
        "weight",
    ),
    Bad(
        "weight negative",
        swap("factors", "Growth,2", "Growth,-2"),
        "error",
        "from 0 to 1000",
        "factors",
        "line 2",
        "weight",
    ),
    Bad(
        "status not a choice",
        swap("customers", "current", "curent"),
        "error",
        'Did you mean "current"?',
        "customers",
        "line 2",
        "status",
    ),
    Bad(
        "model misspelt",
        swap("scores", "attractiveness", "atractiveness"),
        "error",
        'Did you mean "attractiveness"?',
        "scores",
        "line 2",
        "model",
    ),
    Bad(
        "id with a space in it",
        swap("people", "ann,", "ann lee,"),
        "error",
        "a short text without spaces",
        "people",
        "line 2",
        "person",
    ),
    Bad(
        "id with spaces around it",
        swap("customers", "acme,", " acme ,"),
        "warning",
        "spaces around it",
        "customers",
        "line 2",
        "customer",
    ),
    Bad(
        "id empty",
        swap("customers", "acme,", ","),
        "error",
        "customer is empty; every row needs it",
        "customers",
        "line 2",
        "customer",
    ),
    Bad(
        "name a formula",
        swap("customers", "Acme", "=cmd|' /C calc'!A0"),
        "warning",
        "looks like a formula",
        "customers",
        "line 2",
        "name",
    ),
    Bad(
        "name an Excel error",
        swap("customers", "Acme", "#N/A"),
        "warning",
        "an error of Excel",
        "customers",
        "line 2",
        "name",
    ),
    Bad("name with a NUL", swap("customers", "Acme", "Ac\0me"), "refuse", "is not a text file", "customers"),
    Bad(
        "name with a NUL far down",
        content(
            "customers", "customer,name\n" + "".join(f"n{i},{'x' * 50}\n" for i in range(200)) + "acme,A\0\n"
        ),
        "error",
        "cannot be shown or stored",
        "customers",
        "line 202",
        "name",
    ),
    Bad(
        "name with a control character",
        swap("customers", "Acme", "Ac\x1bme"),
        "error",
        "cannot be shown or stored",
        "customers",
        "line 2",
        "name",
    ),
    Bad(
        "name endless",
        swap("customers", "Acme", "A" * 40_000),
        "error",
        "longer than 32,000",
        "customers",
        "line 2",
        "name",
    ),
    Bad(
        "name beyond all measure",
        swap("customers", "Acme", "A" * 11_000_000),
        "refuse",
        "customers.csv, line 2 cannot be read",
        "customers",
        "line 2",
    ),
    Bad(
        "date of the wrong order",
        content("decisions", "what,subject,decision,on\ncategory,acme,key,31.12.2026\n"),
        "error",
        "a date as YYYY-MM-DD",
        "decisions",
        "line 2",
        "on",
    ),
    Bad(
        "date that is no day",
        content("decisions", "what,subject,decision,on\ncategory,acme,key,2026-02-30\n"),
        "error",
        "a date as YYYY-MM-DD",
        "decisions",
        "line 2",
        "on",
    ),
    Bad(
        "neither yes nor no",
        content("people", "person,core\nann,perhaps\n"),
        "error",
        "yes or no",
        "people",
        "line 2",
        "core",
    ),
    # references
    Bad(
        "unknown segment",
        swap("customers", "north", "nroth"),
        "error",
        '"nroth" is not in the table segments. Did you mean "north"?',
        "customers",
        "line 2",
        "segment",
    ),
    Bad(
        "score of nobody",
        swap("scores", "acme", "acne"),
        "error",
        'Did you mean "acme"?',
        "scores",
        "line 2",
        "subject",
    ),
    Bad(
        "score by nobody",
        content("scores", "model,subject,factor,supplier,score,person\nattractiveness,acme,growth,,7,eve\n"),
        "error",
        '"eve" is not in the table people',
        "scores",
        "line 2",
        "person",
    ),
    Bad(
        "unknown supplier",
        swap("scores", "rival", "rivalry"),
        "error",
        'Did you mean "rival"?',
        "scores",
        "line 5",
        "supplier",
    ),
    Bad(
        "strength without supplier",
        swap("scores", "price,us", "price,"),
        "error",
        "supplier is empty",
        "scores",
        "line 4",
        "supplier",
    ),
    Bad(
        "attractiveness of a supplier",
        swap("scores", "growth,,7", "growth,us,7"),
        "error",
        "supplier must be empty",
        "scores",
        "line 2",
        "supplier",
    ),
    Bad(
        "factor of no segment",
        swap("factors", "north", "south"),
        "error",
        "not in the table segments",
        "factors",
        "line 2",
        "scope",
    ),
    Bad(
        "factor of no customer",
        swap("factors", "strength,acme", "strength,acmes"),
        "error",
        'Did you mean "acme"?',
        "factors",
        "line 3",
        "scope",
    ),
    Bad(
        "score of no factor",
        swap("scores", "growth", "growht"),
        "warning",
        "not on its list",
        "scores",
        "line 2",
        "factor",
    ),
    Bad(
        "category that is none",
        content("decisions", "what,subject,decision\ncategory,acme,gold\n"),
        "error",
        '"gold" is not a category',
        "decisions",
        "line 2",
        "decision",
    ),
    Bad(
        "decision about nobody",
        content("decisions", "what,subject,decision\ncategory,zzz,key\n"),
        "error",
        "not in the table customers",
        "decisions",
        "line 2",
        "subject",
    ),
    Bad(
        "waiver of no segment",
        content("decisions", "what,subject\nbenchmark_waiver,acme\n"),
        "error",
        "not in the table segments",
        "decisions",
        "line 2",
        "subject",
    ),
    Bad(
        "a rival of itself",
        content("customers", "customer,name,segment,rival\nacme,A,north,acme\nbrix,B,north,\n"),
        "warning",
        "compete with itself",
        "customers",
        "line 2",
        "rival",
    ),
    # rows and keys
    Bad(
        "customer twice",
        swap("customers", "brix,", "acme,"),
        "error",
        "acme stands here a second time; first in line 2",
        "customers",
        "line 3",
        "customer",
    ),
    Bad(
        "customer twice but for blanks",
        swap("customers", "brix,", "acme ,"),
        "error",
        "a second time",
        "customers",
        "line 3",
        "customer",
    ),
    Bad(
        "score twice",
        swap("scores", "attractiveness,brix", "attractiveness,acme"),
        "error",
        "a second time; first in line 2",
        "scores",
        "line 3",
    ),
    Bad(
        "a row with too many cells",
        content("scores", RAGGED),
        "refuse",
        "scores.csv, line 2 has 7 cells, but the header has 6.*quotation marks",
        "scores",
        "line 2",
    ),
    Bad(
        "an open quotation mark",
        swap("customers", "Acme", '"Acme'),
        "refuse",
        "line 2.*quotation mark",
        "customers",
        "line 2",
    ),
    Bad(
        "a lone quotation mark",
        swap("customers", "Acme", '"Ac"me'),
        "refuse",
        "line 2.*quotation mark",
        "customers",
        "line 2",
    ),
    Bad(
        "60,000 rows", long_table, "error", "not in the table segments", "customers", "line 60001", "segment"
    ),
    Bad("20,000 times the same", twice_long, "error", "a second time", "customers", "line 20001", "customer"),
    # columns
    Bad(
        "no key column",
        swap("customers", "customer,", "Customer,"),
        "error",
        'column "customer" is missing',
        "customers",
        "",
        "customer",
    ),
    Bad(
        "column misspelt",
        swap("scores", "score,", "scroe,"),
        "warning",
        'Did you mean "score"?',
        "scores",
        "",
        "scroe",
    ),
    Bad(
        "column twice",
        swap("scores", "note", "score"),
        "error",
        '"score" stands there twice',
        "scores",
        "",
        "score",
    ),
    Bad(
        "column without a name",
        content("customers", "customer,,name\nacme,x,y\nbrix,x,y\n"),
        "error",
        "column 2 has no name",
        "customers",
        "line 1",
    ),
    Bad("10,000 columns", content("customers", WIDE), "refuse", "10,001 columns; at most 300", "customers"),
    Bad(
        "header alone",
        content("customers", "customer,name\n"),
        "error",
        "not in the table customers",
        "scores",
        "line 2",
        "subject",
    ),
    Bad(
        "header missing",
        content("customers", "acme,Acme,north\nbrix,Brix,north\n"),
        "error",
        'column "customer" is missing',
        "customers",
        "",
        "customer",
    ),
    # files
    Bad("empty file", content("scores", ""), "warning", "scores.csv is empty", "scores"),
    Bad("a file of line ends", content("scores", "\r\n\r\n,,\n"), "warning", "scores.csv is empty", "scores"),
    Bad("missing scores", missing("scores"), "warning", "There is no table scores", "scores"),
    Bad(
        "missing customers",
        missing("customers"),
        "error",
        "not in the table customers",
        "scores",
        "line 2",
        "subject",
    ),
    Bad("table misspelt", renamed("scores.csv", "score.csv"), "warning", 'Did you mean "scores"?', "score"),
    Bad(
        "table in capitals",
        renamed("scores.csv", "Scores.csv"),
        "warning",
        'Did you mean "scores"?',
        "Scores",
    ),
    Bad("a folder called like a table", odd_csv_things, "warning", "There is no table scores", "scores"),
    Bad("Windows-1252", encoded("customers", "cp1252"), "warning", "read as Windows-1252", "customers"),
    Bad(
        "Latin-1",
        encoded("customers", "latin-1", "Acme", "\x81 Müller"),
        "warning",
        "read as Latin-1",
        "customers",
    ),
    Bad("UTF-16", encoded("customers", "utf-16"), "warning", "read as UTF-16", "customers"),
    Bad(
        "UTF-16 without a mark",
        encoded("customers", "utf-16-le"),
        "refuse",
        "is not a text file",
        "customers",
    ),
    Bad(
        "UTF-16 cut in half",
        content("customers", "a,b\n".encode("utf-16")[:-1]),
        "refuse",
        "is not a text file",
        "customers",
    ),
    Bad("semicolons and decimal commas", content("scores", SEMICOLONS), "warning", "by semicolons", "scores"),
    Bad("tabs", content("scores", SEMICOLONS.replace(";", "\t")), "warning", "by tabs", "scores"),
    Bad(
        "a picture called .csv",
        content("scores", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256))),
        "refuse",
        "is not a text file.*Save it again as CSV UTF-8",
        "scores",
    ),
    Bad(
        "an .xlsx called .csv",
        content("scores", b"PK\x03\x04\x14\0\x06\0" + b"\0" * 99),
        "refuse",
        "is not a text file",
        "scores",
    ),
    Bad(
        "a web page called .csv",
        content("scores", "<!DOCTYPE html>\n<title>Sign in</title>\n"),
        "error",
        'column "model" is missing',
        "scores",
        "",
        "model",
    ),
    # schema
    Bad(
        "a newer schema",
        swap("settings", "schema,1", "schema,99"),
        "refuse",
        "newer kamlib.*Update kamlib",
        "settings",
    ),
    Bad(
        "no schema number",
        swap("settings", "schema,1", "schema,one"),
        "refuse",
        "must be a whole number",
        "settings",
    ),
]
