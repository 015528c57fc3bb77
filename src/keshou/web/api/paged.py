# SPDX-License-Identifier: Apache-2.0
"""Lists by pages: a page says where the next begins, and what is added meanwhile moves nothing."""

import base64
import binascii
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Annotated, Generic, TypeVar

import msgspec
from litestar.params import QueryParameter

from keshou.web.errors import MalformedError

USUAL = 100
MOST = 1000

PATTERN = r"^([A-Za-z0-9_-]{4})*([A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?$"
"""What base64url can be, written in one way."""
Limit = Annotated[int, QueryParameter(name="limit", ge=1, le=MOST, description="The most that one page holds.")]
Cursor = Annotated[
    str,
    QueryParameter(
        name="cursor",
        max_length=1024,
        pattern=PATTERN,
        description="`next` of the page before; empty: first.",
    ),
]
"""Any text that base64url may be: a place in the list, whether or not something stands there."""
NumberCursor = Annotated[
    str,
    QueryParameter(name="cursor", pattern=r"^([0-9]{1,15})?$", description="`next` of the page before; empty: first."),
]
"""The cursor of a list that is counted through."""
T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One page of a list."""

    items: list[T]
    next: str = ""
    """Where the next page begins, for `cursor`; empty when this is the last."""


def after(cursor: str) -> str:
    """Return the key after which a page begins; empty for the first page.

    Raises:
        MalformedError: `cursor` is none that a page gave.

    """
    try:
        key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode(errors="surrogateescape")
    except (binascii.Error, ValueError):
        key = ""
    if cursor_of(key) != cursor:
        raise MalformedError("the cursor is none that a page gave", "cursor")
    return key


def name_after(cursor: str) -> str:
    """Return what `after` does of a list whose keys are plain ASCII, as a database can compare it.

    No database takes whatever a cursor may say; what stands in for it has the same names before and after it.

    Raises:
        MalformedError: `cursor` is none that a page gave.

    """
    key = after(cursor)
    plain = key[: next((place for place, each in enumerate(key) if not "\0" < each < "\x7f"), len(key))]
    return plain if key[len(plain) :][:1] in ("", "\0") else plain + "\x7f"


def cursor_of(key: str) -> str:
    """Return the cursor of a page that begins after `key`."""
    return base64.urlsafe_b64encode(key.encode(errors="surrogateescape")).rstrip(b"=").decode()


def page(found: Iterable[T], key: Callable[[T], str], cursor: str, limit: int) -> Page[T]:
    """Return the page of `found` that `cursor` names, ordered by `key`, which nothing else in it may have too.

    Raises:
        MalformedError: `cursor` is none that a page gave.

    """
    since = after(cursor)
    rest = sorted((each for each in found if not since or key(each) > since), key=key)
    items = list(islice(rest, limit))
    return Page(items=items, next=cursor_of(key(items[-1])) if len(rest) > limit else "")
