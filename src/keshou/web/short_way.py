# SPDX-License-Identifier: Apache-2.0
"""Requests that go as almost all do are answered before the frame is asked; whatever is out of the ordinary goes on.

What the frame does for any request (find a route, its dependencies and parameters, make objects of the request and
the answer) costs several times what the gate's answer does. A place that is asked thousands of times a second may have
a short way: it is taken by a request with a key or token that was looked up before, a body no longer than the place
takes, and nothing that needs a second thought. It decides by the same functions and answers with the same bytes. A
request that it does not take, because anything at all is unusual, is handed on as it came, with nothing counted or
done.
"""

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec
from litestar.types import ASGIApp, Receive, Scope, Send

from keshou.app import clock
from keshou.app.pulse import Seen
from keshou.app.site import Site
from keshou.errors import KeshouError
from keshou.language import Language
from keshou.web import problem
from keshou.web.body import PACE, Overseer
from keshou.web.caller import Callers
from keshou.web.errors import TooSlowError
from keshou.web.language import preferred
from keshou.web.limits import Allowance, headers_of
from keshou.web.strict import Strict
from keshou.web.watch import REQUEST_ID, Listener, Watched, given_or_new
from keshou.wire.caller import Caller

MOST = 65_536
"""Bytes of a small body; places that take larger ones say so."""
_MANY_HEADERS = 32
_LONGEST_HEADERS = 16_384
"""Bytes."""
_BEARER = b"Bearer "
_JSON = b"application/json"
_ELSE = frozenset({b"cookie", b"transfer-encoding", b"expect", b"origin", b"content-encoding"})
"""Headers that need a second thought."""
_PROBLEM = problem.MEDIA_TYPE.encode()
_DIGITS = 9
_OK = 200
_INTERNAL = 500


class Asked(NamedTuple):
    """A request that may take the short way."""

    caller: Caller
    body: bytes
    heads: Mapping[bytes, bytes]
    seen: Seen
    """A look that began after the request had come."""
    now: dt.datetime
    language: Language


class Short(Protocol):
    """A place with a short way."""

    most: int
    """Bytes of a body that may come this way."""

    def plan(self, asked: Asked) -> Any:
        """Return what is to be done; None when the request must go the whole way. Does nothing yet."""

    async def do(self, asked: Asked, plan: Any) -> tuple[int, bytes]:
        """Do it; return the status (200, or that of a problem) and the body.

        Raises:
            KeshouError: it failed; the caller is told as on the whole way.

        """


class Around(NamedTuple):
    """What every answer is given, who is told of it and who gives up waiting, on this way as on the whole one."""

    strict: Strict
    overseer: Overseer
    listeners: tuple[Listener, ...]
    headers: tuple[tuple[bytes, bytes], ...]


class ShortWay:
    """ASGI application around all others: `places` (path to what is done there, by POST) have a short way."""

    def __init__(self, app: ASGIApp, places: Mapping[str, Short], site: Site, callers: Callers, around: Around) -> None:
        self._app, self._places, self._site, self._callers, self._around = app, places, site, callers, around
        self._seconds = site.settings.server.body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        place = self._places.get(scope["path"])
        if place is None or scope.get("method") != "POST" or (heads := self._plain(scope, place.most)) is None:
            await self._app(scope, receive, send)
            return
        length, exchange = int(heads[b"content-length"]), _Exchange(scope, send, heads, self._around)
        # Nobody who is not known yet, or has asked too often, has a large body read, or room in memory for it.
        if length > MOST and (await self._caller(heads, check=True)) is None:
            await self._app(scope, receive, send)
            return
        try:
            messages = await self._received(receive, length)
        except TooSlowError as error:
            await exchange.fail(error, self._language(heads))
            return
        asked, plan = await self._asked(messages, heads), None
        try:
            plan = place.plan(asked) if asked is not None else None
        except Exception:
            asked = None  # nothing passes that quotes a value: what nobody foresaw is for the whole way to tell
        if asked is None or plan is None:
            await self._app(scope, _again(messages, receive), send)
            return
        scope.setdefault("state", {})["caller"] = asked.caller
        try:
            exchange.allowance = self._callers.limits.spend_caller(scope, asked.caller)
            status, body = await place.do(asked, plan)
        except Exception as error:
            await exchange.fail(error, asked.language)
            return
        await exchange.answer(status, body)

    async def _received(self, receive: Receive, length: int) -> list[Any]:
        """Return the messages of a body, until as much has come as was announced, or no more will.

        Raises:
            TooSlowError: they did not come in time; what is large may take its time.

        """
        until = asyncio.get_running_loop().time() + self._seconds
        found: list[Any] = []
        while True:
            message: Any = await self._around.overseer.wait(receive, until)
            found.append(message)
            part = len(message.get("body", b""))
            length -= part
            # The server below may say that more will come when nothing does: the length that was announced tells.
            if length <= 0 or not message.get("more_body", False):
                return found
            until += part / PACE

    def _plain(self, scope: Scope, most: int) -> Mapping[bytes, bytes] | None:
        """Return the headers of a request that is as plain as can be, with a body of up to `most`; None for others."""
        given: Any = scope["headers"]
        heads: dict[bytes, bytes] = dict(given)
        if len(heads) != len(given) or len(heads) > _MANY_HEADERS or not _ELSE.isdisjoint(heads):
            return None
        length = heads.get(b"content-length", b"")
        if heads.get(b"content-type") != _JSON or not length.isdigit() or len(length) > _DIGITS or int(length) > most:
            return None
        raw = scope.get("raw_path")
        if scope.get("query_string") or (raw and raw != scope["path"].encode()):
            return None
        if sum(map(len, heads.values())) > _LONGEST_HEADERS or not self._around.strict.passes(
            scope, heads.get(b"host", b"")
        ):
            return None
        return heads if heads.get(b"authorization", b"").startswith(_BEARER) else None

    async def _asked(self, messages: Sequence[Any], heads: Mapping[bytes, bytes]) -> Asked | None:
        body = b"".join([each.get("body", b"") for each in messages])
        found = await self._caller(heads) if len(body) == int(heads[b"content-length"]) else None
        return None if found is None else Asked(found[0], body, heads, *found[1:], self._language(heads))

    async def _caller(
        self, heads: Mapping[bytes, bytes], *, check: bool = False
    ) -> tuple[Caller, Seen, dt.datetime] | None:
        """Return who asks, the look by which that is so, and now; None for whoever was not looked up before.

        With `check`, None too for who may not ask yet.
        """
        try:
            seen = self._site.pulse.look_at_once() or await self._site.pulse.look()
        except KeshouError:
            return None
        now = self._site.now()
        caller = self._callers.remembered(heads[b"authorization"][len(_BEARER) :], seen, now)
        if caller is None or (check and not self._callers.limits.has_room(caller)):
            return None
        return caller, seen, now

    def _language(self, heads: Mapping[bytes, bytes]) -> Language:
        accepted = heads.get(b"accept-language")
        return (preferred(accepted.decode("latin-1")) if accepted else None) or self._site.settings.language


class _Exchange:
    """One request on this way, until its answer is sent and counted."""

    __slots__ = ("_around", "_scope", "_send", "_started", "allowance", "name")

    def __init__(self, scope: Scope, send: Send, heads: Mapping[bytes, bytes], around: Around) -> None:
        self._scope, self._send, self._around = scope, send, around
        self._started = clock.stopwatch()
        self.name = given_or_new(heads.get(REQUEST_ID))
        self.allowance: Allowance | None = None

    async def fail(self, error: Exception, language: Language) -> None:
        """Answer that it failed, as the frame would."""
        told = problem.problem_of(error, language, self.name.decode())
        more = [(each.lower().encode(), text.encode()) for each, text in problem.headers_of(error, told).items()]
        await self.answer(told.status, msgspec.json.encode(told), more, error if told.status >= _INTERNAL else None)

    async def answer(
        self,
        status: int,
        body: bytes,
        more: Sequence[tuple[bytes, bytes]] = (),
        error: BaseException | None = None,
    ) -> None:
        """Answer, and tell whoever keeps count."""
        start: Any = {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", _JSON if status == _OK else _PROBLEM),
                (b"content-length", b"%d" % len(body)),
                *more,
                *(headers_of(self.allowance) if self.allowance is not None else ()),
                (REQUEST_ID, self.name),
                *self._around.headers,
            ],
        }
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})
        scope = self._scope
        scope.setdefault("state", {})
        seconds = clock.stopwatch() - self._started
        watched = Watched(self.name.decode(), "POST", scope["path"], status, seconds, error)
        for listener in self._around.listeners:
            listener(scope, watched)


def _again(messages: Sequence[Any], receive: Receive) -> Receive:
    """Return a `receive` that gives `messages` once more, then goes on."""
    kept = list(reversed(messages))

    async def receive_again() -> Any:
        return kept.pop() if kept else await receive()

    return receive_again
