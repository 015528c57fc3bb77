# SPDX-License-Identifier: Apache-2.0
"""What the server offers over the protocol, said in the open, and signed.

Every address comes from the settings and none from the request, so nobody can make the server name another.
Source: AuthZEN Authorization API 1.0 section 9; RFC 8725 3.11 (a type of its own).
"""

import datetime as dt
import hashlib
from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from keshou.app.site import Site
from keshou.permits.jws import ALGORITHM, encode
from keshou.web.authzen.obligations import SUPPORTED
from keshou.web.caller import Requested
from keshou.web.errors import NotFoundError

WELL_KNOWN = "/.well-known/authzen-configuration"
TYPE = "authzen-metadata+jwt"
"""Said in the signed metadata's header, so that no permit and no access token is ever taken for it, nor it for one."""
SIGNED_FOR = dt.timedelta(days=1)
"""For how long signed metadata holds; shorter than the time for which a key stays published after it signed last."""
SIGNED_EVERY = dt.timedelta(hours=1)
"""How often it is signed anew, and for how long an answer may be kept."""
_PATHS = {
    "access_evaluation_endpoint": "/access/v1/evaluation",
    "access_evaluations_endpoint": "/access/v1/evaluations",
    "search_subject_endpoint": "/access/v1/search/subject",
    "search_action_endpoint": "/access/v1/search/action",
}
"""What is offered. There is no search for resources: the site keeps no user's id in clear that it could list."""
_KEYS = "/api/v1/permit-keys"


def described(url: str) -> dict[str, Any]:
    """Return the metadata of the server whose own address is `url`, unsigned."""
    endpoints = {name: url + path for name, path in _PATHS.items()}
    return {"policy_decision_point": url, **endpoints, "supported_obligations": SUPPORTED, "jwks_uri": url + _KEYS}


def signed(site: Site, now: dt.datetime) -> str:
    """Return the metadata as a token signed by the key of `now`; within one hour it is the same in every process."""
    url, key = site.settings.url, site.permits.keys.current(now)
    start = round(now.timestamp()) // round(SIGNED_EVERY.total_seconds()) * round(SIGNED_EVERY.total_seconds())
    times = {"iat": start, "nbf": start, "exp": start + round(SIGNED_FOR.total_seconds())}
    header = {"alg": ALGORITHM, "typ": TYPE, "kid": key.kid}
    claims = {**described(url), "iss": url, **times}
    text = f"{encode(msgspec.json.encode(header))}.{encode(msgspec.json.encode(claims))}"
    return f"{text}.{encode(key.private.sign(text.encode('ascii')))}"


@get(WELL_KNOWN, include_in_schema=False)
async def metadata(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Tell what is offered, to whoever asks."""
    return _answer(request, site, "")


@get(WELL_KNOWN + "/{place:path}", include_in_schema=False)
async def metadata_of_path(request: Requested, site: NamedDependency[Site], place: FromPath[str]) -> Response[bytes]:
    """Tell the same where the server's own address has a path, which then follows the well-known part."""
    return _answer(request, site, "/" + place.strip("/"))


def _answer(request: Requested, site: Site, path: str) -> Response[bytes]:
    url = site.settings.url
    if urlsplit(url).path != path:
        raise NotFoundError("there is no decision point of that name here", hint=f"ask at {WELL_KNOWN}")
    body = msgspec.json.encode({**described(url), "signed_metadata": signed(site, site.now())})
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"Cache-Control": f"public, max-age={round(SIGNED_EVERY.total_seconds())}", "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
