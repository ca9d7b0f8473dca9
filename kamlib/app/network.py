"""Addresses of this computer: ports to listen on, and what others in the same network type."""

from __future__ import annotations

import errno
import socket

from tornado.netutil import bind_sockets

from kamlib.errors import KamError


def bind(ip: str, port: int) -> list[socket.socket]:
    """Sockets that listen there (port 0: on any), none where the port is taken. Raises KamError."""
    try:
        return bind_sockets(port, ip)
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES) and port:
            return []
        raise KamError(f"The address {ip} cannot be used on this computer.") from error


def reached_at(ip: str, port: int) -> str:
    """The address to type; for "all addresses" the one that others in the same network see."""
    if ip in ("0.0.0.0", "::", ""):  # noqa: S104
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(("192.0.2.1", 9))  # sends nothing, only chooses the interface
                ip = probe.getsockname()[0]
            except OSError:
                ip = "127.0.0.1"
    host = f"[{ip}]" if ":" in ip else ip
    return f"http://{host}:{port}"
