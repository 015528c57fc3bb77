# SPDX-License-Identifier: Apache-2.0
"""How often callers may ask: each by who it is, and who has proven nothing by where it comes from.

Counted in memory, so each server process allows the rate of its own. The generic cell rate algorithm keeps one number
a caller: the moment at which its allowance would be whole again. Source: ITU-T I.371 annex; RFC 9110 10.2.3;
draft-ietf-httpapi-ratelimit-headers.
"""

import ipaddress
import math
from typing import NamedTuple

import limits
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from keshou.app import clock
from keshou.errors import InputError
from keshou.web.errors import TooManyRequestsError
from keshou.wire.caller import Caller

_MOST_KNOWN = 100_000
"""Callers remembered; beyond it those whose allowance is whole are dropped first."""
_IPV6_SITE = 64
"""Bits of an IPv6 address that one source has to itself."""


class Allowance(NamedTuple):
    """What is left to a caller."""

    name: str
    most: int
    """Requests in `window`."""
    window: int
    """Seconds."""
    left: int
    whole_in: int
    """Seconds until it is whole again."""


class Rate:
    """One rate for many callers, each by its own count.

    `text` is written as ``600/minute``.

    Raises:
        InputError: `text` is no rate.

    """

    def __init__(self, name: str, text: str) -> None:
        try:
            parsed = limits.parse(text)
        except ValueError as error:
            raise InputError(f"the rate `{text}` is not understood", hint="write it like 600/minute") from error
        self.name = name
        self._most, self._window = parsed.amount, parsed.get_expiry()
        self._each = self._window / self._most
        self._whole_at: dict[str, float] = {}

    def spend(self, key: str, now: float) -> Allowance:
        """Count one request of `key` at `now` (seconds) and return what is left.

        Raises:
            TooManyRequestsError: nothing was left; the request is not counted.

        """
        whole_at = max(self._whole_at.get(key, now), now) + self._each
        over = whole_at - now - self._window
        if over > self._each / 2**20:  # a thousandth of a request is rounding, not a request
            raise TooManyRequestsError(math.ceil(over))
        if len(self._whole_at) >= _MOST_KNOWN:
            self._forget(now)
        self._whole_at[key] = whole_at
        return self._allowance(whole_at, now)

    def check(self, key: str, now: float) -> None:
        """Do nothing while `key` has a request left at `now`.

        Raises:
            TooManyRequestsError: it has none.

        """
        over = self._whole_at.get(key, now) + self._each - now - self._window
        if over > self._each / 2**20:
            raise TooManyRequestsError(math.ceil(over))

    def _allowance(self, whole_at: float, now: float) -> Allowance:
        left = int((self._window - (whole_at - now)) / self._each + 2**-20)
        return Allowance(self.name, self._most, self._window, left, math.ceil(whole_at - now))

    def _forget(self, now: float) -> None:
        self._whole_at = {key: at for key, at in self._whole_at.items() if at > now}
        if len(self._whole_at) >= _MOST_KNOWN:
            nearest = sorted(self._whole_at, key=self._whole_at.__getitem__)
            for key in nearest[: _MOST_KNOWN // 2]:
                del self._whole_at[key]


class Limits:
    """The two rates of a server: `caller` for whoever is known, `source` for who has proven nothing."""

    def __init__(self, caller: str, source: str) -> None:
        self._caller = Rate("caller", caller)
        self._source = Rate("source", source)

    def spend_caller(self, scope: Scope, caller: Caller) -> Allowance:
        """Count a request of a known caller by its credential, and return what is left.

        Users of one app come by one key: each counts for themselves.

        Raises:
            TooManyRequestsError: it asked too often.

        """
        found = scope["state"]["allowance"] = self._caller.spend(_name_of(caller), clock.stopwatch())
        return found

    def has_room(self, caller: Caller) -> bool:
        """Say whether a known caller may ask once more; nothing is counted."""
        try:
            self._caller.check(_name_of(caller), clock.stopwatch())
        except TooManyRequestsError:
            return False
        return True

    def spend_source(self, scope: Scope) -> None:
        """Count a request that proves nothing, or a proof that did not hold.

        Raises:
            TooManyRequestsError: its source asked too often.

        """
        scope["state"]["allowance"] = self._source.spend(source_of(scope), clock.stopwatch())

    def check_source(self, scope: Scope) -> None:
        """Do nothing while the request's source may still try; before a proof is looked at that may not hold.

        Raises:
            TooManyRequestsError: it may not.

        """
        self._source.check(source_of(scope), clock.stopwatch())


def _name_of(caller: Caller) -> str:
    return f"{caller.credential or caller.id} {caller.user}"


def source_of(scope: Scope) -> str:
    """Return where a request comes from: an IPv4 address, or the network of an IPv6 address that one site has."""
    client = scope.get("client")
    if not client:
        return ""
    try:
        address = ipaddress.ip_address(client[0])
    except ValueError:
        return str(client[0])
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), _IPV6_SITE), strict=False))


class TellAllowance:
    """ASGI middleware that says in every answer what is left to the caller."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                found: Allowance | None = scope["state"].get("allowance")
                if found is not None:
                    message["headers"] = [*message["headers"], *headers_of(found)]
            await send(message)

        await self._app(scope, receive, answer)


def headers_of(allowance: Allowance) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers that tell an allowance."""
    name = allowance.name
    return (
        (b"ratelimit-policy", f'"{name}";q={allowance.most};w={allowance.window}'.encode()),
        (b"ratelimit", f'"{name}";r={allowance.left};t={allowance.whole_in}'.encode()),
    )
