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
_UNSEEN = r"\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
"""Characters that show nothing, and turn or hide what stands around them."""
_JOINING = r"(?:^|[\u0000-\u007f])[\u200c\u200d]"
"""What joins or parts letters where a script needs it, after none that could."""
_UNFIT = re.compile(f"[{UNFIT}\ud800-\udfff{_UNSEEN}]|{_JOINING}")


def is_value(value: str) -> bool:
    """Say whether it may be written: 1 to 4,096 characters, all to be seen, but for tab, line feed and what joins.

    No other control character; nothing that turns the direction of what stands around it or takes no room, but for
    the joiner and the non-joiner (U+200C, U+200D) after a letter or sign that is not of ASCII.
    Source: Unicode Technical Report 36, 3.6 and Annex 9, 2.
    """
    return 0 < len(value) <= LONGEST and (value.isprintable() or _UNFIT.search(value) is None)


def is_id(text: str) -> bool:
    """Say whether it may stand as an id where anybody reads it: 1 to 64 letters, digits, dots, underscores, dashes."""
    return _ID.fullmatch(text) is not None
