"""Who comes in through which door: allowed hosts, what a trusted proxy says of a visitor, and who that is."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

from tornado.httputil import HTTPServerRequest, split_host_and_port

FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "X-Scheme", "Forwarded")
LONGEST = 100  # letters of a user's name


@dataclass(frozen=True)
class Doorkeeper:
    """`hosts`: the names under which we are reached, with or without a port; none: this computer, or any beyond it.

    `proxies`: the networks whose word counts. `user_header`: in which header they say who the visitor is.
    """

    hosts: tuple[str, ...] = ()
    proxies: tuple[Any, ...] = ()
    user_header: str = ""

    def greet(self, request: HTTPServerRequest) -> None:
        """Take a request as the trusted proxy received it; from anybody else its word is nothing.

        A proxy that keeps quiet about the host was reached under the first of ours.
        """
        names = [*FORWARDED, *filter(None, [self.user_header])]
        said = {name: request.headers.get_list(name) for name in names}
        for name in names:
            request.headers.pop(name, None)
        request.kam_proxy = self._is_proxy(request.remote_ip)  # type: ignore[attr-defined]
        request.kam_user = ""  # type: ignore[attr-defined]
        if not request.kam_proxy:  # type: ignore[attr-defined]
            return
        given = {name: values[0].strip() for name, values in said.items() if len(values) == 1}
        if given.get("X-Forwarded-Proto") in ("http", "https"):
            request.protocol = given["X-Forwarded-Proto"]
        host = given.get("X-Forwarded-Host", "") or request.host
        if self.hosts and not given.get("X-Forwarded-Host") and not self.knows(host) and self._is_ours(host):
            host = self.hosts[0]
        request.host = request.headers["Host"] = host
        request.host_name = split_host_and_port(host.lower())[0]
        request.remote_ip = given.get("X-Forwarded-For", "").split(",")[-1].strip() or request.remote_ip
        user = given.get(self.user_header, "") if self.user_header else ""
        request.kam_user = user if user.isprintable() and len(user) <= LONGEST else ""  # type: ignore[attr-defined]

    def admits(self, request: Any, loopback: bool) -> bool:
        """May this request come in? `loopback`: we listen on this computer only."""
        if self.user_header and not request.kam_user:
            return False
        return self.knows(request.host) if self.hosts else not loopback or self._is_ours(request.host)

    def knows(self, host: str) -> bool:
        """Is this one of our names?"""
        return bool({host.lower(), split_host_and_port(host.lower())[0]} & {*self.hosts})

    def _is_proxy(self, ip: Any) -> bool:
        try:
            address = ipaddress.ip_address(ip)
        except ValueError:
            return False
        return any(address in network for network in self.proxies)

    def _is_ours(self, host: str) -> bool:
        return is_loopback(split_host_and_port(host)[0])


def is_loopback(ip: str) -> bool:
    """Can only this computer reach it? is_loopback("127.0.0.1") is True, "0.0.0.0" is not."""
    try:
        return ipaddress.ip_address(ip.strip("[]")).is_loopback
    except ValueError:
        return ip == "localhost"
