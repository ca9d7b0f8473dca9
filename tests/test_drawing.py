"""One process draws the pictures of all pages: once for all, again when it has ended, and never longer than it is needed."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest

from tests.serving import ROOT, wait_until

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no process can be forked here")
BEGINNING = """
import os, signal, sys, time
from kamlib.app.drawing import Drawing
from kamlib.charts import paper

def engine(spec):
    if spec == "none":
        raise ValueError("not a picture")
    return f"{os.getpid()} {spec} {time.monotonic_ns()}"

paper.engine = engine
drawing = Drawing()
def asking():
    drawing.ask(drawing.line())
    return paper.draw
def who(svg):
    return int(svg.split()[0])
one, two = asking(), asking()
"""


def ran(code: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", BEGINNING + code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def test_what_one_page_has_had_drawn_another_gets() -> None:
    done = ran("""
assert one("a") == two("a") and who(one("b")) == who(two("a")) != os.getpid()
""")
    assert done.returncode == 0, done.stderr


def test_a_page_draws_itself_what_it_gets_no_answer_to() -> None:
    """And it is told itself why a picture cannot be drawn."""
    done = ran("""
first = who(one("a"))
try:
    one("none")
except ValueError as error:
    assert str(error) == "not a picture"
else:
    raise AssertionError
assert who(two("b")) == first
os.kill(first, signal.SIGKILL)
os.waitpid(first, 0)
assert who(one("c")) == os.getpid()
assert who(asking()("c")) not in (first, os.getpid())
""")
    assert done.returncode == 0, done.stderr


def test_it_ends_with_whom_it_draws_for() -> None:
    done = ran("""
print(who(one("a")), flush=True)
os._exit(0)
""")
    number = int(done.stdout)
    wait_until(lambda: not psutil.pid_exists(number), what="its end")
