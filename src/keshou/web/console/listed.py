# SPDX-License-Identifier: Apache-2.0
"""Users whom somebody names in a form, one a line."""

from collections.abc import Mapping

import msgspec

from keshou.errors import InputError
from keshou.wire.words import UserId


def listed(form: Mapping[str, str], name: str = "users") -> list[str]:
    """Return the ids in the field `name`, as they were typed.

    Raises:
        InputError: a line can be no user's id; it carries which.

    """
    found = [each.strip() for each in form.get(name, "").splitlines() if each.strip()]
    wrong = [each for each in found if not _can_be(each)]
    if wrong:
        raise InputError("a line is no id of a user", wrong=wrong)
    return found


def _can_be(line: str) -> bool:
    try:
        msgspec.convert(line, UserId)
    except msgspec.ValidationError:
        return False
    return True
