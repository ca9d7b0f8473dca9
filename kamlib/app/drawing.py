"""One process draws the pictures of all pages: its engine takes most of a second to start, and readers see the same."""

from __future__ import annotations

import functools
import os
import socket
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe, wait

from kamlib.charts import paper

PICTURES = 256  # that are kept, of some 50 kB
FIRST = '{"data": {"values": [{}]}, "mark": "point"}'  # starts the engine before anybody waits for it
PATIENCE_S = 60.0  # then a page draws itself


class Drawing:
    """A copy of this process that draws. It has threads, which no fork takes along; it ends with this process."""

    def __init__(self) -> None:
        self.open()

    def open(self) -> None:
        """Start it. Raises OSError where that is not possible."""
        self._orders, orders = socket.socketpair()
        if not os.fork():
            try:
                self._orders.close()
                silence()
                _draw(orders)
            finally:
                os._exit(0)
        orders.close()

    def line(self) -> Connection:
        """A line to it, for `asking`; it is started again where it has ended. Raises OSError where there is none."""
        try:
            return self._line()
        except OSError:
            self.open()
            return self._line()

    def _line(self) -> Connection:
        ours, theirs = Pipe()
        with theirs:
            try:
                socket.send_fds(self._orders, [b"."], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return ours

    def close(self) -> None:
        """Give no orders any more: a copy of this process keeps nobody waiting."""
        self._orders.close()


def asking(line: Connection, alone: Callable[[str], str] = paper.engine) -> Callable[[str], str]:
    """`paper.engine` at the other end of a line; `alone` does it when no answer comes, or an empty one."""
    turn = threading.Lock()

    def draw(spec: str) -> str:
        with turn:
            try:
                line.send_bytes(spec.encode())
                if not line.poll(PATIENCE_S):
                    raise TimeoutError
                svg = line.recv_bytes().decode()
            except (OSError, EOFError):
                line.close()
                svg = ""
            except BaseException:  # interrupted: the answer that may still come is to another question
                line.close()
                raise
        return svg or alone(spec)

    return draw


def silence() -> None:
    """Read nothing that is meant for the process which this is a copy of, and answer nothing in its place."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)


def _draw(orders: socket.socket) -> None:
    """Draw what comes through the lines that come through this one, until it is closed."""
    draw, lines = functools.lru_cache(PICTURES)(paper.engine), list[Connection]()
    _drawn(draw, FIRST)
    while True:
        for line in wait([orders, *lines]):
            if not isinstance(line, Connection):
                sent, own, *_ = socket.recv_fds(orders, 1, 1)
                if not sent:
                    return
                lines += map(Connection, own)
                continue
            try:
                line.send_bytes(_drawn(draw, line.recv_bytes().decode()).encode())
            except (OSError, EOFError):  # whoever asked is gone
                lines.remove(line)
                line.close()


def _drawn(draw: Callable[[str], str], spec: str) -> str:
    """The SVG, "" where there is none; whoever asked is told why when it tries itself."""
    try:
        return draw(spec)
    except BaseException as error:  # noqa: BLE001 (a panic of the engine is no Exception)
        print(f"Problem: a picture could not be drawn: {type(error).__name__}", file=sys.stderr)
        return ""
