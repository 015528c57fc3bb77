# SPDX-License-Identifier: Apache-2.0
"""Guard a whole ASGI app from outside: what is neither guarded nor said to be open is refused."""

import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, NamedTuple

import msgspec

from keshou.client.asynchronous import AsyncKeshou
from keshou.client.guard import MEDIA_TYPE, Guard, as_admitted, decided_in_loop
from keshou.client.sync import Keshou
from keshou.errors import InputError
from keshou.language import Text
from keshou.wire.problem import Problem

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

UNGUARDED = Text("这个地址没有守护规则", "no guard is declared for this address")
_PARAMETER = re.compile(r"\{(\w+)\}")
_POLICY_VIOLATION = 1008
"""How a web socket is closed that is refused. Source: RFC 6455 7.4.1."""


class Path(NamedTuple):
    """What is done at addresses of one form, e.g. ``/customers/{user}/phone``; a parameter is one segment.

    The guard's functions are given the ASGI scope, with the parameters under ``keshou_path``; its names name
    parameters.
    """

    form: str
    guard: Guard
    methods: frozenset[str] | None = None
    """None: all."""


class GuardMiddleware:
    """Asks before the app sees a request.

    Raises `InputError` where a path's form is none, or its guard makes no question: where it names what is no parameter
    of the form, among others.

    `open_paths` are regular expressions of whole paths that need no guard: what touches nobody's information.
    Anything else without a guard is answered with 403, so that a path forgotten is closed and not open.
    """

    def __init__(
        self, app: App, keshou: AsyncKeshou | Keshou, paths: Sequence[Path], open_paths: Sequence[str] = ()
    ) -> None:
        self._app, self._keshou = app, keshou
        self._paths = [(_compiled(each.form), each) for each in paths]
        for form, each in self._paths:
            each.guard.refuse_what_cannot_be_asked()
            each.guard.refuse_names_beyond(form.groupindex)
        self._open = [re.compile(each) for each in open_paths]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask for the request, and hand it on or answer it."""
        if scope["type"] not in ("http", "websocket") or self._is_open(scope):
            await self._app(scope, receive, send)
            return
        found = self._find(scope)
        if found is None:
            await _refuse(scope, send, Problem(type="/problems/not-entitled", title=UNGUARDED.en, status=403))
            return
        guard, parameters = found
        arguments = {**scope, **parameters, "keshou_path": parameters}
        outcome = await decided_in_loop(self._keshou, guard, arguments)
        if isinstance(outcome, Problem):
            await _refuse(scope, send, outcome)
            return
        with as_admitted(outcome):
            await self._app(scope, receive, send)

    def _is_open(self, scope: Scope) -> bool:
        return any(each.fullmatch(scope["path"]) for each in self._open)

    def _find(self, scope: Scope) -> tuple[Guard, dict[str, str]] | None:
        method = scope.get("method", "GET")
        for form, path in self._paths:
            match = form.fullmatch(scope["path"])
            if match and (path.methods is None or method in path.methods):
                return path.guard, match.groupdict()
        return None


def _compiled(form: str) -> re.Pattern[str]:
    parts = _PARAMETER.split(form)
    names, between = parts[1::2], "".join(parts[::2])
    if not form.startswith("/") or {"{", "}"} & set(between) or len(set(names)) < len(names):
        raise InputError(
            f"{form!r} is no form of a path", hint="begin with `/`, and write each parameter `{name}`, each name once"
        )
    made = [re.escape(part) if n % 2 == 0 else f"(?P<{part}>[^/]+)" for n, part in enumerate(parts)]
    return re.compile("".join(made))


async def _refuse(scope: Scope, send: Send, problem: Problem) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        return
    body = msgspec.json.encode(problem)
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
