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
from kamlib.app.drawing import Drawing, asking
from kamlib.charts import paper

def engine(spec):
    if spec == "none":
        raise ValueError("not a picture")
    if spec == "slow" and os.getpid() != HERE:
        time.sleep(60)
    return f"{os.getpid()} {spec} {time.monotonic_ns()}"

HERE = os.getpid()
paper.engine = engine
drawing = Drawing()
def another(**more):
    return asking(drawing.line(), engine, **more)
def who(svg):
    return int(svg.split()[0])
one, two = another(), another()
"""


def ran(code: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", BEGINNING + code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def ended(number: int) -> bool:
    try:
        return psutil.Process(number).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


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
assert who(another()("c")) not in (first, os.getpid())
""")
    assert done.returncode == 0, done.stderr


def test_nobody_waits_for_ever_or_gets_the_picture_of_another_question() -> None:
    done = ran("""
import threading
from kamlib.app import drawing as module
module.PATIENCE_S = 0.5
assert who(one("slow")) == HERE and who(one("a")) == HERE
module.PATIENCE_S = 60.0

class Interrupted(BaseException): pass
def interrupt(*_): raise Interrupted
signal.signal(signal.SIGALRM, interrupt)
line = another()
signal.setitimer(signal.ITIMER_REAL, 0.5)
try:
    line("b")
except Interrupted:
    assert line("c").split()[1] == "c"
else:
    raise AssertionError
""")
    assert done.returncode == 0, done.stderr


def test_who_may_not_draw_refuses_what_it_gets_no_picture_of() -> None:
    done = ran("""
from kamlib.app.nursery import _not_here
line = asking(drawing.line(), _not_here)
for spec in ("none", "none"):
    try:
        line(spec)
    except OSError as error:
        assert "threads" in str(error)
    else:
        raise AssertionError
assert who(line("a")) != HERE
""")
    assert done.returncode == 0, done.stderr


def test_it_ends_with_whom_it_draws_for() -> None:
    done = ran("""
print(who(one("a")), flush=True)
os._exit(0)
""")
    number = int(done.stdout)
    wait_until(lambda: ended(number), what="its end")
