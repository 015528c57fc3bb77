# SPDX-License-Identifier: Apache-2.0
"""Which kinds of information users may be found by, how they are written, and what may be chosen beyond that."""

from enum import StrEnum

from keshou.errors import InputError


class Written(StrEnum):
    """How values of an item are written, and so what makes two writings equal."""

    PHONE = "phone"
    DOCUMENT = "document"
    MAIL = "mail"
    ACCOUNT = "account"
    NAME = "name"


class Part(StrEnum):
    """What of a value a search gives."""

    WHOLE = "whole"
    LAST_FOUR = "last_four"
    PREFIX = "prefix"

    @classmethod
    def of(cls, *, last_four: bool, prefix: bool) -> "Part":
        """Return the part that a caller's two switches name.

        Raises:
            InputError: both are on.

        """
        if last_four and prefix:
            raise InputError("a search is by the last four or by the beginning, not by both", hint="give one of them")
        return cls.LAST_FOUR if last_four else cls.PREFIX if prefix else cls.WHOLE


FINDABLE: dict[str, Written] = {
    "mobile_number": Written.PHONE,
    "fixed_line_number": Written.PHONE,
    "resident_id_number": Written.DOCUMENT,
    "passport_number": Written.DOCUMENT,
    "hk_mo_tw_permit_number": Written.DOCUMENT,
    "military_police_id_number": Written.DOCUMENT,
    "driver_licence_number": Written.DOCUMENT,
    "social_security_number": Written.DOCUMENT,
    "bank_account_number": Written.DOCUMENT,
    "email_address": Written.MAIL,
    "login_account": Written.ACCOUNT,
    "broadband_account": Written.ACCOUNT,
    "im_account": Written.ACCOUNT,
}
"""The items that are always found by equal values, all nearly unique."""
NAMES: dict[str, Written] = {"user_name": Written.NAME}
"""The items that are found by equal values where the operator chose it: many share one."""
SHORTEST, LONGEST = 3, 16
"""Characters of a beginning that users may be found by. A shorter one tells what it is by how often it occurs."""
TELLING = frozenset({"resident_id_number"})
"""Items whose beginnings are information by themselves: where somebody is registered, and when they were born."""
