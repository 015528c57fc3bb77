# SPDX-License-Identifier: Apache-2.0
"""Edits that say what they change, so that two who edit at once do not undo each other. Source: RFC 9110 13.1.1."""

from typing import Annotated

from litestar.params import HeaderParameter

from keshou.web.errors import ChangedMeanwhileError, MatchNeededError

IfMatch = Annotated[
    str,
    HeaderParameter(name="If-Match", max_length=64, description="The ETag of what was read and is to be changed."),
]


def etag(version: int) -> dict[str, str]:
    """Return the header that names a version."""
    return {"ETag": f'"{version}"'}


def refuse_other(given: str, version: int) -> None:
    """Refuse an edit of another version than `version`.

    Raises:
        MatchNeededError: the request does not say what it changes.
        ChangedMeanwhileError: it was changed since it was read.

    """
    if not given:
        raise MatchNeededError
    if given.strip() not in ("*", f'"{version}"'):
        raise ChangedMeanwhileError
