# SPDX-License-Identifier: Apache-2.0
"""What the OpenAPI document says of each operation: body, answers and problems, from the very shapes that are read.

Source: OpenAPI 3.1; JSON Schema 2020-12 as msgspec writes it.
"""

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

import msgspec
from litestar.openapi.spec import (
    Components,
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    Parameter,
    Reference,
    RequestBody,
    Schema,
    SecurityScheme,
)

from keshou.web.problem import MEDIA_TYPE
from keshou.wire.problem import Problem

JSON = "application/json"
ALWAYS = (400, 401, 403, 429, 500, 503)
"""Problems that any operation may answer with."""
WITH_BODY = (408, 413, 415, 422)
"""Problems of what is sent along."""
REPEATED = (422,)
"""Problem of a request that names itself as another one did."""
_SOMETIMES = (404, 409, 412, 416, 428)


def schema_of(shape: Any) -> dict[str, Any]:
    """Return the JSON Schema of a shape, whole in itself."""
    (found,), parts = msgspec.json.schema_components([shape], ref_template="{name}")
    whole = _whole(found, parts)
    return whole if isinstance(whole, dict) else {}


def _whole(found: Any, parts: dict[str, Any]) -> Any:
    if isinstance(found, dict):
        name = found.get("$ref")
        if isinstance(name, str):
            return _whole(parts[name], parts)
        kept = {key: value for key, value in found.items() if key not in ("title", "default", "properties")}
        properties = {name: _whole(value, parts) for name, value in found.get("properties", {}).items()}
        whole = {key: _whole(value, parts) for key, value in kept.items()}
        return whole | ({"properties": properties} if properties else {})
    if isinstance(found, list):
        return [_whole(each, parts) for each in found]
    return found


def told(
    answer: Any,
    *,
    body: Any = None,
    body_types: tuple[str, ...] = (JSON,),
    status: int = 200,
    later: tuple[int, ...] = (),
    media_types: tuple[str, ...] = (JSON,),
    problems: tuple[int, ...] = (),
    headers: tuple[str, ...] = (),
    needs_body: bool = True,
) -> type[Operation]:
    """Return the description of an operation that reads `body` and answers with `answer`, both shapes.

    A shape of ``bytes`` or ``str`` stands for content that is no JSON. `problems` are the statuses beyond those that
    any operation has; `headers` are names of the answer's headers; `later` are statuses of the same answer that say
    that it is not done yet, or that it is a part.
    """
    # Written at once, so that a shape that cannot be told stops the server from starting and not the document.
    taken, given_back = None if body is None else _media(body, given={}), _media(answer, given={"type": "string"})

    @dataclass
    class Told(Operation):
        """One operation."""

        def __post_init__(self) -> None:
            if taken is not None:
                content: Any = {each: OpenAPIMediaType(schema=taken) for each in body_types}
                self.request_body = RequestBody(content=content, required=needs_body)
            given: Any = {each: OpenAPIMediaType(schema=given_back) for each in media_types}
            named = {each: OpenAPIHeader(name=None, param_in=None, schema={"type": "string"}) for each in headers}  # type: ignore[arg-type]
            found: Any = OpenAPIResponse(
                description=HTTPStatus(status).phrase, content=given or None, headers=named or None  # type: ignore[arg-type]
            )  # fmt: skip
            once = any(isinstance(each, Parameter) and each.name == "Idempotency-Key" for each in self.parameters or ())
            every = {*ALWAYS, *problems, *(WITH_BODY if taken is not None else ()), *(REPEATED if once else ())}
            wait: Any = {str(each): replace(found, description=HTTPStatus(each).phrase) for each in later}
            self.responses = {str(status): found} | wait | {str(each): _problem(each) for each in sorted(every)}
            for each in self.parameters or ():
                if isinstance(each, Parameter):
                    _tell_exactly(each)

    return Told


@dataclass
class _Shared(Components):
    """Keeps the shape of a problem: the framework puts the shapes that it found itself in place of all others."""

    def to_schema(self) -> dict[str, Any]:
        """Return what is shared, as JSON."""
        found = super().to_schema()
        return found | {"schemas": found.get("schemas", {}) | {"Problem": _PROBLEM}}


def components() -> Components:
    """Return what operations share: how callers prove themselves, and every status of a problem."""
    return _Shared(
        responses={
            f"Problem{each}": OpenAPIResponse(
                description=HTTPStatus(each).phrase,
                content={MEDIA_TYPE: OpenAPIMediaType(schema=Reference(ref="#/components/schemas/Problem"))},
            )
            for each in sorted({*ALWAYS, *WITH_BODY, *_SOMETIMES})
        },
        security_schemes={
            "bearer": SecurityScheme(
                type="http", scheme="bearer", description="A key, an access token or a visit."
            ),
            "session": SecurityScheme(type="apiKey", name="__Host-keshou", security_scheme_in="cookie"),
        },
    )  # fmt: skip


def _tell_exactly(parameter: Parameter) -> None:
    """Say of a parameter what is so: an edit must say what it changes (RFC 6585 3)."""
    if parameter.name == "If-Match" and isinstance(parameter.schema, Schema):
        parameter.required = True
        parameter.schema.default, parameter.schema.min_length = None, 1


def _media(shape: Any, given: dict[str, Any]) -> Any:
    """Return the schema of what is sent; `given` when it is no JSON, of which any text is a text."""
    if shape is bytes or shape is str:
        return given
    return schema_of(shape)


def _problem(status: int) -> Reference:
    return Reference(ref=f"#/components/responses/Problem{status}")


_PROBLEM = schema_of(Problem)
