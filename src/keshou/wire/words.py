# SPDX-License-Identifier: Apache-2.0
"""The words that requests are made of: ids, values, moments, each with its bounds."""

import datetime as dt
from typing import Annotated

from msgspec import Meta

from keshou.acts.value import LONGEST, UNFIT

LONGEST_USER = 255
_ID = "[A-Za-z0-9._-]"
_END = r"$(?!\n)"
"""The end, as ECMA-262 means it; to Python `$` would let a line end follow."""

Id = Annotated[
    str, Meta(pattern=f"^{_ID}{{1,64}}{_END}", max_length=64, description="An id that the rules or the site know.")
]
NoId = Annotated[str, Meta(pattern=f"^{_ID}{{0,64}}{_END}", max_length=64, description="An id; empty for none.")]
UserId = Annotated[
    str,
    Meta(
        pattern=r"^[^\u0000-\u001f\u007f]+" + _END,
        min_length=1,
        max_length=LONGEST_USER,
        description="The operator's own id of a user.",
    ),
]
NoUserId = Annotated[
    str,
    Meta(
        pattern=r"^[^\u0000-\u001f\u007f]*" + _END, max_length=LONGEST_USER, description="A user's id; empty for none."
    ),
]
Value = Annotated[
    str,
    Meta(
        pattern=f"^[^{UNFIT}]+{_END}",
        min_length=1,
        max_length=LONGEST,
        description="A value; of control characters it may have tabs and line feeds.",
    ),
]
Items = Annotated[list[Id], Meta(min_length=1, max_length=256)]
SomeItems = Annotated[list[Id], Meta(max_length=256)]
Moment = Annotated[
    dt.datetime,
    Meta(
        tz=True,
        extra_json_schema={"pattern": "^(19[7-9]|2[0-9][0-9])[0-9]-"},
        description="RFC 3339, with its zone; from the year 1970 on and before 3000.",
    ),
]
Revision = Annotated[int, Meta(ge=0, le=2**53 - 1)]
