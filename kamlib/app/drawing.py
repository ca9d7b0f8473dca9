"""One process draws the pictures of all pages: its engine takes most of a second to start, and readers see the same."""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import threading
from multiprocessing.connection import Connection, Pipe, wait

from kamlib.charts import paper

PICTURES = 256  # that are kept, of some 50 kB


class Drawing:
    """A copy of this process that draws. It has threads, which no fork takes along; it ends with this process."""

    def __init__(self) -> None:
        self.open()

    def open(self) -> None:
        """Start it."""
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
        """A line to it, for one who asks; it is started again where it has ended."""
        ours, theirs = Pipe()
        with theirs:
            try:
                socket.send_fds(self._orders, [b"."], [theirs.fileno()])
            except OSError:
                self.open()
                socket.send_fds(self._orders, [b"."], [theirs.fileno()])
        return ours

    def ask(self, line: Connection) -> None:
        """Have it draw from now on what this process, or a new copy of it, draws; alone where it does not answer."""
        turn = threading.Lock()

        def draw(spec: str) -> str:
            with turn, contextlib.suppress(OSError, EOFError):
                line.send_bytes(spec.encode())
                if svg := line.recv_bytes():
                    return svg.decode()
            return paper.engine(spec)

        paper.draw = draw

    def close(self) -> None:
        """Give no orders any more: a copy of this process keeps nobody waiting."""
        self._orders.close()


def silence() -> None:
    """Read nothing that is meant for the process which this is a copy of, and answer nothing in its place."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)


def _draw(orders: socket.socket) -> None:
    """Draw what comes through the lines that come through this one, until it is closed."""
    draw, lines = functools.lru_cache(PICTURES)(paper.engine), list[Connection]()
    while True:
        for line in wait([orders, *lines]):
            if not isinstance(line, Connection):
                sent, own, *_ = socket.recv_fds(orders, 1, 1)
                if not sent:
                    return
                lines += map(Connection, own)
                continue
            svg = b""
            try:
                spec = line.recv_bytes().decode()
                with contextlib.suppress(ValueError):  # it is told by whoever asked
                    svg = draw(spec).encode()
                line.send_bytes(svg)
            except (OSError, EOFError):  # whoever asked is gone
                lines.remove(line)
                line.close()
