# SPDX-License-Identifier: Apache-2.0
"""Find an equal value without unsealing: a keyed, cut hash of the normalised value, with a key of its own per item.

Only items that are nearly unique to a user can be found so; in an index of surnames or cities the frequencies would
tell the values. Normalising is versioned: a change of what it does is a new version, with new keys.
"""

import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum

from keshou.vault.errors import VaultError

VERSION = 1
"""Version of the normalising below."""
TAG = 16
USER_LABEL = "user"
"""The label under which external user ids are found."""

_NOT_DIALLED = re.compile(r"[\s().\-\u2010-\u2015]+")
_NOT_WRITTEN = re.compile(r"[\s\-\u2010-\u2015]+")
_MOBILE = re.compile(r"(?:\+86|86|0)?(1[3-9][0-9]{9})")
_FIXED = re.compile(r"(?:\+86|0)([1-9][0-9]{8,10})")


class Kind(StrEnum):
    """How values of an item are written, and so what makes two writings equal."""

    PHONE = "phone"
    DOCUMENT = "document"
    MAIL = "mail"
    ACCOUNT = "account"
    NAME = "name"


FINDABLE: dict[str, Kind] = {
    "mobile_number": Kind.PHONE,
    "fixed_line_number": Kind.PHONE,
    "resident_id_number": Kind.DOCUMENT,
    "passport_number": Kind.DOCUMENT,
    "hk_mo_tw_permit_number": Kind.DOCUMENT,
    "military_police_id_number": Kind.DOCUMENT,
    "driver_licence_number": Kind.DOCUMENT,
    "social_security_number": Kind.DOCUMENT,
    "bank_account_number": Kind.DOCUMENT,
    "email_address": Kind.MAIL,
    "login_account": Kind.ACCOUNT,
    "broadband_account": Kind.ACCOUNT,
    "im_account": Kind.ACCOUNT,
}
"""The items that can be found, all nearly unique."""


def _phone(text: str) -> str:
    number = _NOT_DIALLED.sub("", text)
    if number.startswith("00"):
        number = "+" + number[2:]
    match = _MOBILE.fullmatch(number) or _FIXED.fullmatch(number)
    return "+86" + match[1] if match else number


def _document(text: str) -> str:
    return _NOT_WRITTEN.sub("", text).upper()


def _name(text: str) -> str:
    return re.sub(r"\s+", "", text)


_NORMAL: dict[Kind, Callable[[str], str]] = {
    Kind.PHONE: _phone,
    Kind.DOCUMENT: _document,
    Kind.MAIL: str.lower,
    Kind.ACCOUNT: str,
    Kind.NAME: _name,
}


def normalise(kind: Kind, value: str) -> str:
    """Return `value` as every equal value is written: one width, one case, no separators.

    A number of the mainland becomes ``+86`` and its national digits; a number without area code stays as it is.
    """
    text = value if value.isascii() else unicodedata.normalize("NFKC", value)
    return _NORMAL[kind](text.strip())


def label(item: str) -> str:
    """Return the name of the key under which values of `item` are found."""
    return f"{item}/{VERSION}"


def findable(item: str) -> Kind:
    """Return how `item` is written.

    Raises:
        VaultError: its values are not unique enough to be found.

    """
    kind = FINDABLE.get(item)
    if kind is None:
        raise VaultError(
            f"users cannot be found by `{item}`", hint=f"find them by one of: {', '.join(sorted(FINDABLE))}"
        )
    return kind
