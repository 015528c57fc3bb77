# SPDX-License-Identifier: Apache-2.0
"""Passkeys over the wire: what devices are asked, what they answer, and what an account has."""

import datetime as dt
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from keshou.accounts.passkeys.store import Passkey
from keshou.wire.sign_in import SessionShape

Label = Annotated[str, Meta(min_length=1, max_length=200, description="What its owner calls it, one line.")]


class PasskeyOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a page hands to the device (WebAuthn options, in their JSON form)."""

    options: dict[str, Any]


class PasskeyAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the device answered (a WebAuthn public-key credential, in its JSON form)."""

    answer: dict[str, Any]


class PasskeyMade(PasskeyAnswer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the device answered when it made a key, and what to call it."""

    label: Label


class PasskeyLabel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another name for a passkey."""

    label: Label


class PasskeyShape(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey of one's own."""

    id: str
    label: str
    created: dt.datetime
    used: dt.datetime | None
    """When somebody last proved themselves with it."""


class PasskeyKept(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey that is kept from now on, and the session as it is with it."""

    passkey: PasskeyShape
    session: SessionShape


def passkey_shape(passkey: Passkey) -> PasskeyShape:
    """Return a passkey as it is told."""
    return PasskeyShape(id=passkey.id, label=passkey.label, created=passkey.created, used=passkey.used)
