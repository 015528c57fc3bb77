# SPDX-License-Identifier: Apache-2.0
"""Access tokens for programs, by the standard protocol: client credentials by secret or by private key.

Source: RFC 6749 4.4 and 5; RFC 7523; RFC 8414; RFC 9068.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, Operation
from litestar.params import RawBody
from msgspec import Meta

from keshou.app.site import Site
from keshou.programs.errors import TokenRequestError
from keshou.programs.request import GRANT, TokenAnswer, issue
from keshou.programs.scope import Scope
from keshou.programs.token import ASSERTION_ALGORITHMS
from keshou.web.api.asked import Requested, answer, refuse_other_type
from keshou.web.caller import Callers
from keshou.web.described import JSON, schema_of, told
from keshou.web.problem import MEDIA_TYPE
from keshou.wire.problem import Problem

FORM = "application/x-www-form-urlencoded"
TOKEN_PATH = "/oauth/token"  # noqa: S105 - an address
KEYS_PATH = "/.well-known/jwks.json"
_MOST_PARAMETERS = 32
_KEPT = "public, max-age=3600"
_UNKNOWN = "invalid_client"
_UNSTORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TokenForm(msgspec.Struct, frozen=True, kw_only=True):
    """A request for an access token, as a form."""

    grant_type: Literal["client_credentials"]
    scope: str = ""
    """Scopes, separated by blanks; none: all that the credential has."""
    client_id: str = ""
    client_secret: str = ""
    client_assertion_type: str = ""
    client_assertion: str = ""
    """A signed token, by which the program proves itself."""


class TokenRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """A request for an access token that was refused. Source: RFC 6749 5.2."""

    error: Literal["invalid_request", "invalid_client", "invalid_scope", "unsupported_grant_type"]
    error_description: str


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """Where tokens are had, and how. Source: RFC 8414 2."""

    issuer: str
    token_endpoint: str
    jwks_uri: str
    scopes_supported: list[Scope]
    response_types_supported: Annotated[list[str], Meta(max_length=0)]
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    token_endpoint_auth_signing_alg_values_supported: list[str]


class KeySet(msgspec.Struct, frozen=True, kw_only=True):
    """Public keys. Source: RFC 7517 5."""

    keys: list[dict[str, str]]


def _told_token() -> type[Operation]:
    """Return the description of the token endpoint, whose refusals have the protocol's shape, not ours."""
    both: Any = {
        JSON: OpenAPIMediaType(schema=schema_of(TokenRefusal)),  # type: ignore[arg-type]
        MEDIA_TYPE: OpenAPIMediaType(schema=schema_of(Problem)),  # type: ignore[arg-type]
    }

    @dataclass
    class Told(told(TokenAnswer, body=TokenForm, body_types=(FORM,), headers=("Cache-Control",))):  # type: ignore[misc]
        """One operation."""

        def __post_init__(self) -> None:
            super().__post_init__()
            for status, says in (("400", "Refused"), ("401", "The program is not known")):
                self.responses[status] = OpenAPIResponse(description=says, content=both)

    return Told


@post(TOKEN_PATH, status_code=200, sync_to_thread=True, security=[{}], operation_class=_told_token())
def token(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[bytes]:
    """Trade a client secret (by Basic or in the form) or a signed assertion for an access token of some minutes."""
    callers: Callers = request.app.state.callers
    authorization = request.headers.get("authorization", "")
    said = f"{TOKEN_PATH} {authorization} {body.decode('latin-1')}"
    callers.check(request, said)
    refuse_other_type(request, FORM)
    try:
        form = _form(body)
        with site.writing() as tx:
            given = issue(
                tx, site.programs, form, authorization, site.now(), endpoint=site.settings.url + TOKEN_PATH
            )  # fmt: skip
    except TokenRequestError as error:
        callers.spend(request, said)
        return _refusal(error, by_header=bool(authorization))
    if "client_assertion" not in form:  # which is never the same twice
        callers.hold(said)
    callers.hold(given.access_token)
    return answer(given, headers=_UNSTORED)


def _form(body: bytes) -> Mapping[str, str]:
    """Return the parameters of a form, those without a value left out. Source: RFC 6749 3.2.

    Raises:
        TokenRequestError: it is no form, a parameter stands in it twice, or `grant_type` is missing.

    """
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )  # fmt: skip
    except ValueError:
        raise TokenRequestError("invalid_request", "the body is no form") from None
    if len({name for name, _ in pairs}) != len(pairs):
        raise TokenRequestError("invalid_request", "a parameter stands in the form twice")
    found = {name: value for name, value in pairs if value}
    if "grant_type" not in found:
        raise TokenRequestError("invalid_request", "the form does not say what is traded for a token")
    return found


def _refusal(error: TokenRequestError, *, by_header: bool) -> Response[bytes]:
    unknown = error.code == _UNKNOWN
    asked = {"WWW-Authenticate": 'Basic realm="keshou", charset="UTF-8"'} if unknown and by_header else {}
    told_ = {"error": error.code, "error_description": str(error)}
    return answer(told_, status=401 if unknown else 400, headers=_UNSTORED | asked)


@get("/.well-known/oauth-authorization-server", operation_class=told(Metadata), security=[{}])
async def metadata(site: NamedDependency[Site]) -> Response[bytes]:
    """Say where access tokens are had, and how."""
    url = site.settings.url
    return answer(
        Metadata(
            issuer=site.programs.tokens.issuer,
            token_endpoint=url + TOKEN_PATH,
            jwks_uri=url + KEYS_PATH,
            scopes_supported=list(Scope),
            response_types_supported=[],
            grant_types_supported=[GRANT],
            token_endpoint_auth_methods_supported=["client_secret_basic", "client_secret_post", "private_key_jwt"],
            token_endpoint_auth_signing_alg_values_supported=ASSERTION_ALGORITHMS,
        )
    )


@get(KEYS_PATH, operation_class=told(KeySet, headers=("Cache-Control",)), security=[{}])
async def keys(site: NamedDependency[Site]) -> Response[bytes]:
    """Publish the keys by which anybody checks access tokens."""
    return answer(site.programs.tokens.jwks(), headers={"Cache-Control": _KEPT})


FACE = Router("/", route_handlers=[token, metadata, keys], tags=["access tokens"])
"""The router of access tokens."""
