# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a request's headers and parameters, by the names that the document of the API gives them.

The frame's own words are never repeated: they may quote a value.
"""

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from litestar import Request
from litestar.enums import ParamType
from litestar.exceptions import ValidationException
from litestar.params import ParameterKwarg

from keshou.web.errors import MalformedError

IDEMPOTENCY_KEY: Final = "Idempotency-Key"
_MISSING: Final = re.compile(r"Missing required (\w+) parameter '([A-Za-z0-9_-]+)' ")
_POINTER: Final = re.compile(r"`(\$[^`]*)`\s*$")


class _Named(NamedTuple):
    """A header or parameter, as callers know it."""

    name: str
    is_header: bool


def malformed(error: ValidationException, request: Request[Any, Any, Any] | None) -> MalformedError:
    """Return the error that says which header or parameter of `request` is missing, or not of the documented form."""
    if missing := _MISSING.match(str(error.detail or "")):
        named = _Named(missing[2], missing[1] == ParamType.HEADER)
        return _told(_missing(named), [named])
    if found := [_named(key, request) for key in _keys(error)]:
        return _told(_wrong(found[0]), found)
    told = _POINTER.search(str(error.detail or ""))
    return MalformedError("the request is not of the documented form", *([told[1]] if told else []))


def _told(message: str, wrong: Sequence[_Named]) -> MalformedError:
    pointers = dict.fromkeys(each.name for each in wrong)
    if wrong[0].name == IDEMPOTENCY_KEY:
        hint = "give each new request one of 1 to 255 visible ASCII characters; sent again, it is not done twice"
        return MalformedError(message, *pointers, hint=hint)
    return MalformedError(message, *pointers)


def _missing(named: _Named) -> str:
    return f"the header `{named.name}` is missing" if named.is_header else f"the parameter `{named.name}` is missing"


def _wrong(named: _Named) -> str:
    if named.is_header:
        return f"the header `{named.name}` is not of the documented form"
    return f"the parameter `{named.name}` is not of the documented form"


def _keys(error: ValidationException) -> list[str]:
    """Return the names of the handler's arguments that are wrong."""
    extra = error.extra if isinstance(error.extra, list) else []
    return [key for each in extra if isinstance(each, dict) and (key := str(each.get("key") or ""))]


def _named(key: str, request: Request[Any, Any, Any] | None) -> _Named:
    """Return what the document calls an argument of the request's handler."""
    handler = request.scope.get("route_handler") if request is not None else None
    argument = handler.parsed_fn_signature.parameters.get(key) if handler is not None else None
    told = argument.kwarg_definition if argument is not None else None
    if not isinstance(told, ParameterKwarg):
        return _Named(key, is_header=False)
    return _Named(told.name or told.header or told.query or key, told.param_type is ParamType.HEADER)
