# SPDX-License-Identifier: Apache-2.0
"""What may be written as a value: text of any script, in lines where it has lines, and nothing that steers a reader."""

import re

LONGEST = 4096
"""The longest value, in characters."""
UNFIT = r"\u0000-\u0008\u000b-\u001f\u007f-\u009f"
"""Control characters, as a class of a pattern: all but tab and line feed, which addresses and messages may need."""
_UNFIT = re.compile(f"[{UNFIT}\ud800-\udfff]")


def is_value(value: str) -> bool:
    """Say whether it may be written: 1 to 4,096 characters, no control character but tab and line feed."""
    return 0 < len(value) <= LONGEST and (value.isprintable() or _UNFIT.search(value) is None)
