# SPDX-License-Identifier: Apache-2.0
"""What users tell and ask of themselves, over the wire. Who they are is proven, never said."""

from typing import Literal

import msgspec

from keshou.wire.users import Services, Values, Version
from keshou.wire.words import Id, NoId, SomeItems


class OwnConsent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """I was shown the rules of `version`, and agree expressly."""

    purpose: Id
    items: SomeItems = []
    """Empty: all that the purpose declares."""
    version: Version
    """Version of the rules that was shown."""
    messages: bool = False
    """Whether I also ask for commercial messages."""


class OwnWithdrawal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """I take a consent back."""

    purpose: Id
    items: SomeItems = []
    """Empty: all of it."""
    messages: bool = False
    """Whether I also refuse commercial messages."""


class OwnNotice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """I was shown the rules of `version`."""

    version: Version


class OwnWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """I want commercial messages, or none."""

    wanted: bool


class OwnCancellation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """I stop using services."""

    services: Services = []
    """Empty: every one in use."""


class OwnCorrection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is held of me is wrong."""

    purpose: Id
    values: Values
    """Item to what is right."""
    evidence: NoId = ""
    """Id under which the operator has what shows it, such as a document that I showed."""


class OwnErasure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Delete all that is held of me."""

    purpose: Id


class OwnCopying(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Give me my own copy."""

    format: Literal["json", "csv", "pdf"] = "json"
    """CSV comes as tables in a ZIP archive."""
