# SPDX-License-Identifier: Apache-2.0
"""Who calls: what a request proves, looked up once and remembered until anything that callers are judged by changes."""

import datetime as dt
import hashlib
import threading
from collections.abc import Callable
from typing import Any

import anyio.to_thread
from litestar import Request
from litestar.datastructures import State

from keshou.app.own_part import OwnPart
from keshou.app.pulse import Seen
from keshou.app.site import Site
from keshou.db import DiskFullError, Transaction
from keshou.errors import UnreachableError
from keshou.web.errors import ForgedRequestError, NotSignedInError, TooManyRequestsError
from keshou.web.limits import Limits
from keshou.wire.caller import Caller, CallerKind

Find = Callable[[Transaction, str, str, dt.datetime], Caller | None]
"""Finds who a token proves: transaction, token, binding (the user agent's family), now; None when nobody."""
IsGiven = Callable[[Transaction, str, dt.datetime], bool]
"""Says whether a token was given out, and writes nothing: transaction, token, now. A `Find` may have it by its side."""
Requested = Request[Any, Any, State]

COOKIE = "__Host-keshou"
PLAIN_COOKIE = "keshou"
"""Name of the session's cookie on loopback, where there is no TLS for the prefix to ask for."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_REMEMBERED = 10_000
_MOST_HELD = 50_000
_REMEMBERED_FOR = dt.timedelta(seconds=30)
"""Short against the time after which an idle session ends, so that being in use is noted in time."""
_LONGEST_TOKEN = 8192


class Callers:
    """Finds the caller of a request.

    What is remembered is dropped as soon as the database's count of changes of access moved, which is looked at for
    every request, so a key or session that another process ended is dead here too. Whose token held when it was last
    looked up is looked up again however much is guessed at the same address; one that no longer holds is a guess.
    """

    def __init__(self, site: Site, find: Find) -> None:
        self._site = site
        self._find = find
        self._is_given: IsGiven = getattr(find, "is_given", lambda *_: True)
        self._remembered: dict[bytes, tuple[Caller, dt.datetime]] = {}
        self._held: dict[bytes, None] = {}
        """Digests of tokens that held when they were last looked up, the latest last."""
        self._holding = threading.Lock()
        self._change = -1
        self.limits = Limits(site.settings.server.rate, site.settings.server.rate_unknown)
        """How often each may ask; whoever proves nothing counts by where it comes from."""

    async def of(self, request: Requested) -> Caller:
        """Return who calls, and count the request.

        Raises:
            NotSignedInError: the request proves nobody, or its proof does not hold any more.
            ForgedRequestError: it has a session's cookie and comes from another site.
            TooManyRequestsError: the caller asked too often, or its source proved nothing too often.

        """
        try:
            caller = await self._proven(request)
        except (TooManyRequestsError, UnreachableError, DiskFullError):
            raise
        except Exception:
            # whatever came of a proof, it did not hold, and looking at it cost something
            self.limits.spend_source(request.scope)
            raise
        request.scope["state"]["caller"] = caller
        self.limits.spend_caller(request.scope, caller)
        return caller

    def remembered(self, token: bytes, seen: Seen, now: dt.datetime) -> Caller | None:
        """Return the caller whom a key or access token proved before, while nothing changed since; never looks.

        None for everybody else, and for whom more must be asked than their token.
        """
        if seen.access != self._change:
            return None
        caller, since = self._remembered.get(hashlib.sha256(b"\0" + token).digest(), (None, now))
        if caller is None or caller.limited or caller.kind is CallerKind.AGENT_STAFF or now - since > _REMEMBERED_FOR:
            return None
        return None if caller.until is not None and caller.until <= now else caller

    def hold(self, proof: str, binding: str = "") -> None:
        """Let what just proved somebody, or was just made to, be looked at again whatever its source spends.

        `binding` is what the browser calls itself where `proof` is the token of a session or visit.
        """
        self._hold(_digest(proof, binding))

    def check(self, request: Requested, proof: str) -> None:
        """Do nothing when `proof` held the last time, or while the source of `request` may still try.

        Raises:
            TooManyRequestsError: it may not.

        """
        if _digest(proof) not in self._held:
            self.limits.check_source(request.scope)

    def spend(self, request: Requested, proof: str) -> None:
        """Count that `proof` did not hold, by the source of `request`.

        Raises:
            TooManyRequestsError: it tried too often.

        """
        self._drop(_digest(proof))
        self.limits.spend_source(request.scope)

    def _hold(self, name: bytes) -> None:
        with self._holding:
            self._held.pop(name, None)
            self._held[name] = None
            if len(self._held) > _MOST_HELD:
                del self._held[next(iter(self._held))]

    def _drop(self, name: bytes) -> None:
        with self._holding:
            self._held.pop(name, None)

    async def _proven(self, request: Requested) -> Caller:
        token, by_cookie = _token(request)
        if by_cookie and request.method not in _SAFE:
            refuse_foreign(request)
        seen = await self.seen(request)
        if seen.access != self._change:
            self._remembered.clear()
            self._change = seen.access
        binding = request.headers.get("user-agent", "") if by_cookie else ""
        name = _digest(token, binding)
        now = self._site.now()
        caller, since = self._remembered.get(name, (None, now))
        if caller is None or now - since > _REMEMBERED_FOR:
            held = name in self._held
            if not held:
                self.limits.check_source(request.scope)
            caller = await anyio.to_thread.run_sync(self._look_up, token, binding, now, held)
            if caller is None:
                self._drop(name)
                raise NotSignedInError("the key or session does not hold, or no longer")
            self._remember(name, caller, seen)
        if caller.until is not None and caller.until <= now:
            raise NotSignedInError("the key or session is over", hint="sign in again, or take a new key")
        return caller

    async def seen(self, request: Requested) -> Seen:
        """Return how far log and access had come at some moment after the request came in; looked at once a request."""
        state = request.scope["state"]
        seen: Seen | None = state.get("seen")
        if seen is None:
            seen = state["seen"] = await self._site.pulse.look()
        return seen

    def _look_up(self, token: str, binding: str, now: dt.datetime, held: bool) -> Caller | None:  # noqa: FBT001
        """Return whom a token proves; one that is made up takes nobody's turn to write."""
        if not held:
            with self._site.reading() as tx:
                if not self._is_given(tx, token, now):
                    return None
        with self._site.writing() as tx:
            return self._find(tx, token, binding, now)

    def _remember(self, name: bytes, caller: Caller, seen: Seen) -> None:
        if caller.once:
            return
        self._hold(name)
        if seen.access == self._change:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[name] = caller, self._site.now()


def _digest(proof: str, binding: str = "") -> bytes:
    return hashlib.sha256(f"{binding}\0{proof}".encode("utf-8", "replace")).digest()


def _token(request: Requested) -> tuple[str, bool]:
    """Return the token a request carries, and whether it came by cookie; a header counts before a cookie."""
    given = request.headers.get("authorization", "")
    if given:
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer" or not token.strip() or len(token) > _LONGEST_TOKEN:
            raise NotSignedInError("the authorization header is not `Bearer KEY`")
        return token.strip(), False
    token = session_token(request)
    if not token or len(token) > _LONGEST_TOKEN:
        raise NotSignedInError
    return token, True


def session_token(request: Requested) -> str:
    """Return the token of the session or visit that a browser shows; empty when none."""
    return own_cookie(request, COOKIE, PLAIN_COOKIE)


def own_cookie(request: Requested, name: str, plain: str) -> str:
    """Return a cookie that this server set; empty when there is none.

    Where callers come by TLS `plain` counts for nothing: a page of any other host under the same domain could have set
    it, and let somebody go on in a session that is not theirs. Source: RFC 6265bis 4.1.3.2, 8.6.
    """
    tls = request.app.state.site.settings.url.startswith("https://")
    return request.cookies.get(name if tls else plain) or ""


def part_of(caller: Caller) -> OwnPart | None:
    """Return what the app is for that vouches for a user; None where it is all."""
    return None if caller.services is None else OwnPart(caller.services, caller.purposes or frozenset())


def refuse_foreign(request: Requested, *, silent: bool = False) -> None:
    """Refuse what another site's page made a browser send: Fetch Metadata first, else the origin.

    With `silent`, what says nothing of where it is from may pass: no browser sent it.

    Raises:
        ForgedRequestError: it is from elsewhere, or nothing tells where it is from.

    """
    site = request.headers.get("sec-fetch-site")
    if silent and site is None and "origin" not in request.headers:
        return
    if site in ("same-origin", "none"):
        return
    origin = request.headers.get("origin")
    if site is None and origin is not None and origin.partition("://")[2] == request.headers.get("host"):
        return
    raise ForgedRequestError


def count_unproven(request: Requested) -> None:
    """Count a request of somebody unproven by its source, and refuse what another site's page made a browser send.

    Raises:
        TooManyRequestsError: its source asked too often.
        ForgedRequestError: it comes from another site.

    """
    request.app.state.callers.limits.spend_source(request.scope)
    refuse_foreign(request, silent=True)
