"""Opening the room beside the facilitator's pages, and telling the kernels where it is."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

from kamlib.app.network import bind, reached_at
from kamlib.app.room import keys
from kamlib.app.room.doors import served
from kamlib.app.room.room import Room
from kamlib.workbook import stores

PORTS = 20  # that are tried one after the other


@contextlib.asynccontextmanager
async def opened(location: str, ip: str, port: int) -> AsyncIterator[Room]:
    """The room of a workbook, for as long as the pages are open.

    It listens on the port of last time, else on `port` or the next free one. Kernels learn of it
    by KAM_ROOM. Raises KamError where the workbook cannot be read.
    """
    kept = keys.of(location)
    sockets = _bound(ip, [*filter(None, [kept.port]), *range(port, port + PORTS)])
    number: int = sockets[0].getsockname()[1]
    kept = replace(kept, port=kept.port or number)
    if not keys.keep(location, kept):
        print("The code of the room cannot be kept on this computer; it changes at a restart.")
    room = Room(stores.open_store(location), kept)
    server = served(room)
    try:
        await room.start()
        server.add_sockets(sockets)
        address = reached_at(ip, number)
        os.environ["KAM_ROOM"] = json.dumps({"address": address, "code": kept.code})
        print(f"Phones join at {address} with the code {kept.code}", flush=True)
        yield room
    finally:
        server.stop()
        await room.stop()
        await server.close_all_connections()
        for each in sockets:
            each.close()


def _bound(ip: str, ports: list[int]) -> list[socket.socket]:
    """Sockets on the first of these ports that is free, else on any."""
    for port in ports:
        if found := bind(ip, port):
            return found
    return bind(ip, 0)
