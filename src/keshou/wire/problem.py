# SPDX-License-Identifier: Apache-2.0
"""What goes wrong, as it goes over the wire: problem details. Source: RFC 9457."""

import msgspec

from keshou.wire.decision import ReasonShape


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One problem. It never carries anybody's values; `pointers` says where in the request it lies."""

    type: str
    """Stable relative reference, e.g. ``/problems/denied``; ``docs/reference/problems.md`` has them all."""
    title: str
    """The same for every problem of the type, in the caller's language."""
    status: int
    detail: str = ""
    """What is wrong with this request."""
    hint: str = ""
    """What to do about it."""
    request_id: str = ""
    pointers: tuple[str, ...] = ()
    """Places in the body that are wrong, as JSON paths."""
    entry: int | None = None
    """For denials: place of the entry that recorded it."""
    reasons: tuple[ReasonShape, ...] = ()
    """For denials: every prohibition met."""
