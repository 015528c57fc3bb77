# SPDX-License-Identifier: Apache-2.0
"""Files that are taken up again where a download broke off. Source: RFC 9110 8.8.3, 13.1.5, 14.2, 15.3.7, 15.5.17."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from litestar import Request
from litestar.datastructures import State
from litestar.response import Stream

from keshou.web.errors import NoSuchPartError
from keshou.web.methods import asked_by_head

PARTIAL: Final = 206
_RANGE: Final = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)


class File(NamedTuple):
    """A whole file that is given out, all of it or from any byte on."""

    name: str
    size: int
    """Bytes."""
    sha256: str
    """Of all of it, lower-case hex: the same bytes under the same name, so a part of it fits the rest."""
    read: Callable[[int, int], Iterator[bytes]]
    """Yields the bytes from a place up to, and without, another."""


def given_out(request: Request[Any, Any, State], file: File, media_type: str) -> Stream:
    """Return a file, or the one part of it that `request` wants, if the file is still the one that it began to take.

    Raises:
        NoSuchPartError: the part begins behind the end.

    """
    tag = f'"{file.sha256}"'
    headers = {
        "Content-Disposition": f'attachment; filename="{file.name}"', "Cache-Control": "no-store", "ETag": tag,
        "Accept-Ranges": "bytes",
    }  # fmt: skip
    wanted = None
    if not asked_by_head(request.scope) and request.headers.get("if-range", tag).strip() == tag:
        wanted = _wanted(request.headers.get("range", ""), file.size)
    start, stop = wanted or (0, file.size)
    headers["Content-Length"] = str(stop - start)
    if wanted:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{file.size}"
    return Stream(
        file.read(start, stop), media_type=media_type, headers=headers, status_code=PARTIAL if wanted else 200
    )


def _wanted(text: str, size: int) -> tuple[int, int] | None:
    """Return from where, and up to where, a `Range` wants a file; None for all of it.

    What is no range of bytes, or several of them, is left out of account, as is allowed.
    """
    found = _RANGE.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    start = int(first) if first else max(size - int(last), 0)
    stop = min(int(last) + 1, size) if first and last else size
    if first and last and int(last) < start:
        return None
    if start >= size:
        raise NoSuchPartError(size)
    return start, stop
