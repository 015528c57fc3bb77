# SPDX-License-Identifier: Apache-2.0
"""Searches of the standard authorization protocol, read and laid out. Source: AuthZEN Authorization API 1.0 section 8.

A page says where the next begins by a token, which holds for the very search that it was given for: what was searched
for goes into it as a digest. Nothing in it is secret from whoever was given it, and nothing it says is trusted but the
place where the page begins.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from keshou.wire.authzen import Action, AuthzenShapeError, Resource, Subject, decoded


class PageAsked(msgspec.Struct, frozen=True):
    """Which page of the results is asked for."""

    token: str = ""
    """`next_token` of the page before; empty: the first."""
    limit: int | None = None
    """The most results; with a token, none means unchanged."""
    properties: dict[str, Any] = {}


class SubjectKind(msgspec.Struct, frozen=True):
    """What kind of subject is searched for; an id is ignored."""

    type: str
    properties: dict[str, Any] = {}


class SubjectSearch(msgspec.Struct, frozen=True):
    """Which subjects may do this (section 8.4)."""

    subject: SubjectKind
    action: Action
    resource: Resource
    context: dict[str, Any] = {}
    page: PageAsked = PageAsked()


class ActionSearch(msgspec.Struct, frozen=True):
    """What may this subject do (section 8.6); an action that is sent along is ignored."""

    subject: Subject
    resource: Resource
    context: dict[str, Any] = {}
    page: PageAsked = PageAsked()


Search = SubjectSearch | ActionSearch

_subject = msgspec.json.Decoder(SubjectSearch)
_action = msgspec.json.Decoder(ActionSearch)
_sorted = msgspec.json.Encoder(order="deterministic")


class Place(msgspec.Struct, frozen=True, array_like=True):
    """What a token says: after which result a page begins, of which search, and how long pages are."""

    after: str
    limit: int
    digest: bytes


_place = msgspec.msgpack.Decoder(Place)


def read_subject_search(body: bytes) -> SubjectSearch:
    """Read a search for subjects.

    Raises:
        AuthzenShapeError: it is not one.

    """
    return decoded(_subject, body)  # type: ignore[no-any-return]


def read_action_search(body: bytes) -> ActionSearch:
    """Read a search for actions.

    Raises:
        AuthzenShapeError: it is not one.

    """
    return decoded(_action, body)  # type: ignore[no-any-return]


def place_of(search: Search, most: int) -> Place:
    """Return where the page begins that `search` asks for, of at most `most` results.

    Raises:
        AuthzenShapeError: the limit is negative, the token is none that was given, or the search changed since.

    """
    asked, digest = search.page, _digest(search)
    if asked.limit is not None and asked.limit < 0:
        raise AuthzenShapeError("$.page.limit")
    if not asked.token:
        return Place("", most if asked.limit is None else asked.limit, digest)
    place = _read_token(asked.token)
    if place is None or place.digest != digest:
        raise AuthzenShapeError("$.page.token")
    if asked.limit not in (None, place.limit):
        raise AuthzenShapeError("$.page.limit")
    return place


def write_page(place: Place, names: Sequence[str], results: Sequence[Any], most: int) -> bytes:
    """Return the page of `results` that begins at `place`; `names` tells them apart and orders them, one each.

    A page holds no more than `most`, whatever its limit.
    """
    start = next((at for at, name in enumerate(names) if name > place.after), len(names)) if place.after else 0
    end = min(start + min(place.limit, most), len(names))
    token = ""
    if end < len(names):
        token = _token(msgspec.structs.replace(place, after=names[end - 1] if end else ""))
    page = {"next_token": token, "count": end - start, "total": len(names)}
    return msgspec.json.encode({"page": page, "results": results[start:end]})


def _token(place: Place) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(place)).rstrip(b"=").decode()


def _read_token(token: str) -> Place | None:
    try:
        found = _place.decode(base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True))
    except (msgspec.DecodeError, binascii.Error, ValueError):
        return None
    return found if found.limit >= 0 and _token(found) == token else None


def _digest(search: Search) -> bytes:
    """Return what stands for all that a search asks for, but for the page."""
    asked = msgspec.structs.replace(search, page=PageAsked(properties=search.page.properties))
    return hashlib.sha256(_sorted.encode([type(search).__name__, asked])).digest()[:16]
