# SPDX-License-Identifier: Apache-2.0
"""What must be done along with a permission, in the shape of the working group's draft profile of July 2026.

It is a draft: what follows from it stands in this file alone.
"""

from typing import Any

from keshou.gate.decision import Permit

SUPPORTED = ("custom",)
"""The registered types that may be sent."""


def obligations(permit: Permit) -> list[dict[str, Any]]:
    """Return the obligations of a permission: values are masked unless the grant is for full ones; it is recorded."""
    found = [{"id": "record", "type": "custom", "properties": {"record": "the act, before it is done"}}]
    if not permit.full:
        found.append({"id": "mask", "type": "custom", "properties": {"mask": "all but a part of each value"}})
    return found
