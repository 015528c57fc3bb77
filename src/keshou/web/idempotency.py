# SPDX-License-Identifier: Apache-2.0
"""Requests that are done once however often they are sent: the header that names them, and their name in the log.

The name is the caller's own: another caller's same key names another request. Neither key nor body is stored, only
keyed tokens of both, in the transaction that does what was asked. Source: draft-ietf-httpapi-idempotency-key-header.
"""

import hashlib
from typing import Annotated, Any, TypeVar

import msgspec
from litestar.params import HeaderParameter

from keshou.acts.request import Job
from keshou.wire.caller import Caller

IdempotencyKey = Annotated[
    str,
    HeaderParameter(
        name="Idempotency-Key",
        pattern=r"^[!-~]{1,255}$",
        min_length=1,
        max_length=255,
        description="Made by the caller, new for each new request; sent again it is answered and not done again.",
    ),
]
J = TypeVar("J", bound=Job)


def request_id(caller: Caller, key: str) -> str:
    """Return the id that a request has at the one door: keys of different callers never meet."""
    return "\0".join((caller.kind, caller.id, caller.user, key))


def named(job: J, caller: Caller, key: str, asked: Any, *place: str) -> J:
    """Return `job` with the name that `caller` gave it; `asked` is what the request said, `place` where it was sent."""
    said = msgspec.json.encode((place, asked), order="deterministic")
    return msgspec.structs.replace(job, request_id=request_id(caller, key), said=hashlib.sha256(said).hexdigest())


def fresh_id(letter: str, caller: Caller, key: str) -> str:
    """Return an id for what a request makes, the same whenever it is sent again."""
    return f"{letter}-{hashlib.sha256(request_id(caller, key).encode()).hexdigest()[:16]}"
