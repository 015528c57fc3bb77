# SPDX-License-Identifier: Apache-2.0
"""The check character of an 18-character citizen number, as far as the sample needs it.

Source: GB 11643-1999 and ISO 7064, MOD 11-2.
"""

import datetime as dt

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHARACTERS = "10X98765432"
_BODY = len(_WEIGHTS)


def check_character(body: str) -> str:
    """Return the check character for the first 17 digits of a number.

    `body` is 17 ASCII digits.
    """
    total = sum(weight * (ord(digit) - 48) for weight, digit in zip(_WEIGHTS, body, strict=True))
    return _CHARACTERS[total % 11]


def is_well_formed(number: str) -> bool:
    """Say whether `number` has 17 digits with a date that exists, and the right check character.

    It says nothing about whether the number was ever issued, and looks up no region.
    """
    body, last = number[:_BODY], number[_BODY:]
    if len(body) != _BODY or not (body.isascii() and body.isdigit()) or last != check_character(body):
        return False
    try:
        dt.date(int(body[6:10]), int(body[10:12]), int(body[12:14]))
    except ValueError:
        return False
    return True
