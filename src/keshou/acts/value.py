# SPDX-License-Identifier: Apache-2.0
"""What may be written as a value, and what as an id.

A value is text of any script, in lines where it has lines, and nothing that steers a reader.
"""

import re

LONGEST = 4096
"""The longest value, in characters."""
UNFIT = r"\u0000-\u0008\u000b-\u001f\u007f-\u009f"
"""Control characters, as a class of a pattern: all but tab and line feed, which addresses and messages may need."""
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
HOW_IDS_ARE = "letters, digits, `.`, `_`, `-`, at most 64; staff by their code, not by name"
_UNFIT = re.compile(f"[{UNFIT}\ud800-\udfff]")


def is_value(value: str) -> bool:
    """Say whether it may be written: 1 to 4,096 characters, no control character but tab and line feed."""
    return 0 < len(value) <= LONGEST and (value.isprintable() or _UNFIT.search(value) is None)


def is_id(text: str) -> bool:
    """Say whether it may stand as an id where anybody reads it: 1 to 64 letters, digits, dots, underscores, dashes."""
    return _ID.fullmatch(text) is not None
