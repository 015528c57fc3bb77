# SPDX-License-Identifier: Apache-2.0
"""How values were normalised before: tags that were made so are found until the index is made anew.

Version 2 kept characters that show nothing, the minus sign and the hyphenation point, and did not know a bare 86 before
a fixed line. Version 1 also left numbers abroad, and extensions, as they were written.
"""

import re
import unicodedata
from collections.abc import Callable

import phonenumbers

from keshou.declaration.findable import Written

_NOT_DIALLED = re.compile(r"[\s().\-\u2010-\u2015]+")
_NOT_WRITTEN = re.compile(r"[\s\-\u2010-\u2015]+")
_NOT_NAMED = re.compile(r"[\s\u00b7\u2022\u30fb]+")
_MOBILE = re.compile(r"(?:\+86|86|0)?(1[3-9][0-9]{9})")
_FIXED = re.compile(r"(?:\+86|0)([1-9][0-9]{8,10})")
_REGION = "CN"


def _phone(text: str) -> str:
    number = _NOT_DIALLED.sub("", text)
    if number.startswith("00"):
        number = "+" + number[2:]
    match = _MOBILE.fullmatch(number) or _FIXED.fullmatch(number)
    return "+86" + match[1] if match else number


def _phone_anywhere(text: str) -> str:
    number = _NOT_DIALLED.sub("", text)
    if _MOBILE.fullmatch(number) or _FIXED.fullmatch(number) or not number.startswith(("+", "00")):
        return _phone(text)
    try:
        read = phonenumbers.parse("+" + text[2:] if text.startswith("00") else text, _REGION)
    except phonenumbers.NumberParseException:
        return _phone(text)
    if not phonenumbers.is_possible_number(read):
        return _phone(text)
    return phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)


_NORMAL: dict[Written, Callable[[str], str]] = {
    Written.PHONE: _phone_anywhere,
    Written.DOCUMENT: lambda text: _NOT_WRITTEN.sub("", text).upper(),
    Written.MAIL: str.lower,
    Written.ACCOUNT: str,
    Written.NAME: lambda text: _NOT_NAMED.sub("", text).casefold(),
}


def normalised(written: Written, value: str, version: int) -> str:
    """Return `value` as `version`, 1 or 2, wrote every equal value."""
    text = (value if value.isascii() else unicodedata.normalize("NFKC", value)).strip()
    return _phone(text) if written is Written.PHONE and version == 1 else _NORMAL[written](text)
