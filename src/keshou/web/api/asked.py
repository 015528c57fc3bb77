# SPDX-License-Identifier: Apache-2.0
"""Bodies -> requests: strictly as documented, and every failure told by place, never by value."""

import datetime as dt
import json
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import PathParameter

from keshou.gate.calendar import may_be_told
from keshou.web.described import JSON
from keshou.web.errors import MalformedError

InPath = Annotated[str, PathParameter(pattern="^[A-Za-z0-9._-]{1,64}$")]
"""An id that stands in the address."""
Requested = Request[Any, Any, State]
T = TypeVar("T")
_PLACE = re.compile(r"`(\$[^`]*)`$")


def read(request: Requested, body: bytes, shape: type[T]) -> T:
    """Return the request that `body` is.

    Raises:
        HTTPException: it does not say that it is JSON (415).
        MalformedError: it is not JSON in UTF-8, names a member twice, or is not of the documented form.

    """
    refuse_other_type(request, JSON)
    try:
        text = body.decode("utf-8")
        json.loads(text, object_pairs_hook=_once)
        found: T = _decoded(text, shape)
    except msgspec.ValidationError as error:
        place = _PLACE.search(str(error))
        raise MalformedError("the body is not of the documented form", place[1] if place else "$") from None
    except UnicodeDecodeError:
        raise MalformedError("the body is not UTF-8") from None
    except (ValueError, msgspec.DecodeError):
        raise MalformedError("the body is not JSON") from None
    if beyond := next(_beyond(found), ""):
        raise MalformedError("the body is not of the documented form", beyond)
    return found


def _beyond(found: object, place: str = "$") -> Iterator[str]:
    """Yield the places of moments that there is no reckoning with: their pattern is looked at by none but us."""
    if isinstance(found, msgspec.Struct):
        for each in msgspec.structs.fields(found):
            yield from _beyond(getattr(found, each.name), f"{place}.{each.encode_name}")
    elif isinstance(found, list):
        for number, each in enumerate(found):
            if isinstance(each, msgspec.Struct):
                yield from _beyond(each, f"{place}[{number}]")
    elif isinstance(found, dt.datetime) and not may_be_told(found):
        yield place


def _decoded(text: str, shape: Any) -> Any:
    """Return what `text` tells; a number without a fraction is whole, however it is written (RFC 8259 6)."""
    try:
        return _decoder(shape).decode(text)
    except msgspec.ValidationError:
        if "." not in text and "e" not in text.lower():
            raise
        return msgspec.convert(_whole(msgspec.json.decode(text)), shape)


def _whole(found: Any) -> Any:
    if isinstance(found, float) and found.is_integer():
        return int(found)
    if isinstance(found, list):
        return [_whole(each) for each in found]
    return {name: _whole(value) for name, value in found.items()} if isinstance(found, dict) else found


def refuse_other_type(request: Requested, *wanted: str) -> str:
    """Return the media type of the body.

    Raises:
        HTTPException: it is none of those wanted (415).

    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in wanted:
        raise HTTPException(status_code=415)
    return kind


def answer(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Return the response that carries `value` as JSON."""
    return Response(msgspec.json.encode(value), status_code=status, media_type=JSON, headers=headers)


def _once(pairs: Sequence[tuple[str, Any]]) -> None:
    if len(pairs) > 1 and len({name for name, _ in pairs}) != len(pairs):
        raise MalformedError("the body names a member twice")


@lru_cache(maxsize=256)
def _decoder(shape: Any) -> Any:
    return msgspec.json.Decoder(shape)
