"""A heartbeat between page and kernel, so that a dead page says so instead of looking alive.

While a page watches (it pings, only when visible) a small thread sends a beat every second. A
thread, because a kernel that computes for some seconds is busy, not lost; it goes quiet when nobody
watches, because any message would keep an abandoned kernel from being culled.
"""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import anywidget

BEAT_SECONDS = 1.0
WATCHED_SECONDS = 4.0  # a page pings every 1.2 s


class Heartbeat(anywidget.AnyWidget):
    """Shows the "connection is lost" banner within 5 s; displays nothing else and offers nothing."""

    _esm = Path(__file__).with_name("heartbeat.js")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._pinged = self._idle = 0.0
        self._thread: threading.Thread | None = None
        try:
            self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:  # outside a kernel there is nobody to beat for
            self._loop = None
        self.on_msg(self._ping)

    def _ping(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """Answer a page, and keep beating for a while."""
        if content != "ping":
            return
        self._pinged = self._idle = time.monotonic()
        self.send("beat")
        if self._loop and not (self._thread and self._thread.is_alive()):
            self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
            self._thread.start()

    def _beat(self) -> None:
        while self.comm is not None:
            time.sleep(BEAT_SECONDS)
            self._loop.call_soon_threadsafe(self._mark_idle)  # type: ignore[union-attr]
            now = time.monotonic()
            # pings wait in the queue of a busy kernel, so busy counts as watched
            if now - self._pinged < WATCHED_SECONDS or now - self._idle > WATCHED_SECONDS / 2:
                self.send("beat")
            elif now - self._pinged > 60:
                return

    def _mark_idle(self) -> None:
        self._idle = time.monotonic()
