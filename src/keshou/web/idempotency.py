# SPDX-License-Identifier: Apache-2.0
"""Requests that are done once however often they are sent: the header that names them, and what they are known by.

The name is the caller's own: another caller's same key names another request. Neither key nor body is stored, only
keyed tokens of both, in the transaction that does what was asked. Source: draft-ietf-httpapi-idempotency-key-header.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec
from litestar import Response
from litestar.params import HeaderParameter

from keshou.acts.request import Job
from keshou.app.site import Site
from keshou.db import Transaction
from keshou.web.described import JSON
from keshou.web.malformed import IDEMPOTENCY_KEY
from keshou.wire.caller import Caller

IdempotencyKey = Annotated[
    str,
    HeaderParameter(
        name=IDEMPOTENCY_KEY,
        pattern=r"^[!-~]{1,255}$",
        min_length=1,
        max_length=255,
        description="Made by the caller, new for each new request; sent again it is answered and not done again.",
    ),
]
J = TypeVar("J", bound=Job)
T = TypeVar("T")


def request_id(caller: Caller, key: str) -> str:
    """Return the id that a request has at the one door: keys of different callers never meet."""
    return "\0".join((caller.kind, caller.id, caller.user, key))


class Sent(NamedTuple):
    """A request that names itself."""

    caller: Caller
    key: str
    asked: Any
    """What it said."""
    place: tuple[str, ...]
    """Where it was sent."""


def answer_once(
    site: Site, sent: Sent, do: Callable[[Transaction], T], *,
    headers: Callable[[T], dict[str, str]] = lambda _: {}, secret: Callable[[T], str] = lambda _: "",
    status: int = 200,
) -> Response[bytes]:  # fmt: skip
    """Do in one transaction what leaves no entry in the log, or answer as it was answered before.

    What `do` makes is the answer; it is kept, unless `secret` finds one in it, which is told this once.

    Raises:
        RequestTakenError: the caller named another request so.
        SecretToldError: it was done before, and its secret was told then.

    """
    request = request_id(sent.caller, sent.key)
    with site.writing() as tx:
        body = site.once.begin(tx, request, said(sent.place, sent.asked), site.now())
        if body is not None:
            return Response(body, status_code=status, media_type=JSON)
        made = do(tx)
        body = msgspec.json.encode(made)
        if not secret(made):
            site.once.keep(tx, request, body)
    return Response(body, status_code=status, media_type=JSON, headers=headers(made))


def named(job: J, caller: Caller, key: str, asked: Any, *place: str) -> J:
    """Return `job` with the name that `caller` gave it; `asked` is what the request said, `place` where it was sent."""
    return msgspec.structs.replace(job, request_id=request_id(caller, key), said=said(place, asked))


def said(place: Sequence[str], asked: Any) -> str:
    """Return what tells one request from another: its digest, with where it was sent."""
    return hashlib.sha256(msgspec.json.encode((place, asked), order="deterministic")).hexdigest()


def fresh_id(letter: str, caller: Caller, key: str) -> str:
    """Return an id for what a request makes, the same whenever it is sent again."""
    return f"{letter}-{hashlib.sha256(request_id(caller, key).encode()).hexdigest()[:16]}"
