# SPDX-License-Identifier: Apache-2.0
"""Find an equal value without unsealing: a keyed, cut hash of the normalised value, with a key of its own per item.

Only items that are nearly unique to a user can be found so; in an index of surnames or cities the frequencies would
tell the values. What lets more be known than that two values are equal, names and last four characters, is indexed
only where the operator chose it. Normalising is versioned: a change of what it does is a new version, with new keys.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import cache

import opencc
import phonenumbers

from keshou.vault.errors import VaultError

VERSION = 2
"""Version of the normalising below. Version 1 left numbers abroad and extensions as they were written."""
VERSIONS = (VERSION, 1)
TAG = 16
USER_LABEL = "user"
"""The label under which external user ids are found."""
LAST_FOUR = "#4"
"""Behind an item's name: its values are found by their last four characters."""
_FOUR = 4

_NOT_DIALLED = re.compile(r"[\s().\-\u2010-\u2015]+")
_NOT_WRITTEN = re.compile(r"[\s\-\u2010-\u2015]+")
_MOBILE = re.compile(r"(?:\+86|86|0)?(1[3-9][0-9]{9})")
_FIXED = re.compile(r"(?:\+86|0)([1-9][0-9]{8,10})")
_REGION = "CN"


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


NAMES = ("user_name",)
"""The items that are found as names are, where the operator chose it."""


def _phone(text: str) -> str:
    number = _NOT_DIALLED.sub("", text)
    if number.startswith("00"):
        number = "+" + number[2:]
    match = _MOBILE.fullmatch(number) or _FIXED.fullmatch(number)
    return "+86" + match[1] if match else number


def _phone_anywhere(text: str) -> str:
    """Return a number in E.164, also one abroad; the quick way for those of the mainland is the first."""
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


def _document(text: str) -> str:
    return _NOT_WRITTEN.sub("", text).upper()


def _name(text: str) -> str:
    return re.sub(r"[\s\u00b7\u2022\u30fb]+", "", text).casefold()


_NORMAL: dict[Kind, Callable[[str], str]] = {
    Kind.PHONE: _phone_anywhere,
    Kind.DOCUMENT: _document,
    Kind.MAIL: str.lower,
    Kind.ACCOUNT: str,
    Kind.NAME: _name,
}


def normalise(kind: Kind, value: str, version: int = VERSION) -> str:
    """Return `value` as every equal value is written: one width, one case, no separators.

    A telephone number becomes E.164, one without area code stays as it is. A name loses its spaces and dots.
    """
    text = (value if value.isascii() else unicodedata.normalize("NFKC", value)).strip()
    return _phone(text) if kind is Kind.PHONE and version == 1 else _NORMAL[kind](text)


def simplified(name: str) -> str:
    """Return a name in simplified characters, so that both ways to write it are equal."""
    return str(_converter().convert(name))


@cache
def _converter() -> "opencc.OpenCC":
    return opencc.OpenCC("t2s")


def last_four(normal: str) -> str:
    """Return the last four characters of a normalised value; a shorter one has none."""
    return normal[-_FOUR:].upper() if len(normal) > _FOUR else ""


def label(item: str, version: int = VERSION) -> str:
    """Return the name of the key under which values of `item` are found."""
    return f"{item}/{version}"


class Finding:
    """What the operator chose to have found, beyond equal values of items that are nearly unique.

    `names` also has names found, `variants` takes traditional and simplified characters of them for equal, and
    `last_four` names the items that are found by their last four characters.
    """

    def __init__(self, *, names: bool = False, variants: bool = False, last_four: Sequence[str] = ()) -> None:
        if unknown := [item for item in last_four if item not in FINDABLE]:
            raise VaultError(f"users cannot be found by the last four of `{unknown[0]}`", hint=_choose())
        self._kinds = FINDABLE | (dict.fromkeys(NAMES, Kind.NAME) if names else {})
        self._variants = variants
        self.last_four = frozenset(last_four)

    def kind(self, item: str) -> Kind:
        """Return how `item` is written.

        Raises:
            VaultError: its values are not unique enough to be found, or the operator did not choose it.

        """
        kind = self._kinds.get(item)
        if kind is None:
            raise VaultError(f"users cannot be found by `{item}`", hint=_choose())
        return kind

    def texts(self, item: str, value: str) -> dict[str, str]:
        """Return what is to be indexed of a value: by index item, the text that the tag is made of."""
        kind = self._kinds.get(item)
        if kind is None:
            return {}
        normal = self.normal(kind, value)
        found = {item: normal}
        if item in self.last_four and (last := last_four(normal)):
            found[item + LAST_FOUR] = last
        return found

    def asked(self, item: str, value: str, version: int = VERSION) -> tuple[str, str]:
        """Return index item and text for a search; ``ITEM#4`` is searched by its last four characters.

        Raises:
            VaultError: users cannot be found so here.

        """
        name = item.removesuffix(LAST_FOUR)
        kind = self.kind(name)
        if name == item:
            return item, self.normal(kind, value, version)
        if name not in self.last_four:
            raise VaultError(f"users are not found by the last four of `{name}` here", hint="see `[finding]`")
        last = _document(unicodedata.normalize("NFKC", value))
        if len(last) != _FOUR:
            raise VaultError("a search by the last four takes four characters", hint="give just those four")
        return item, last

    def normal(self, kind: Kind, value: str, version: int = VERSION) -> str:
        """Return `value` as every value is written that is equal to it here."""
        normal = normalise(kind, value, version)
        return simplified(normal) if self._variants and kind is Kind.NAME else normal


def _choose() -> str:
    return f"find them by one of: {', '.join(sorted(FINDABLE))}"


def findable(item: str) -> Kind:
    """Return how `item` is written.

    Raises:
        VaultError: its values are not unique enough to be found.

    """
    return Finding().kind(item)
