# SPDX-License-Identifier: Apache-2.0
"""An export that was asked of the server: what is wanted, how far it is, and what came of it. No value is in it."""

import datetime as dt
from enum import StrEnum

import msgspec

from keshou.handover.table import Format


class State(StrEnum):
    """How far an export is."""

    WAITING = "waiting"
    """Another person is to look at it first."""
    MAKING = "making"
    MADE = "made"
    """The file is there, until it is removed."""
    DENIED = "denied"
    """The gate denied it as a whole."""
    NOBODY = "nobody"
    """It was permitted as a whole, and of no single user."""
    BROKEN = "broken"
    """It broke off; nothing was handed over."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be handed over, but for whose: that lies sealed."""

    purpose: str
    items: tuple[str, ...]
    recipient: str
    count: int
    """How many users were named."""
    format: Format = "csv"
    spelling: bool = True
    """Whether equal spellings may be chosen for this recipient."""
    post: str = ""
    where: str = ""
    ground: str = ""
    review: str = ""
    """Id of the review that it relies on or waits for; empty: it needs none."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One export as it stands."""

    id: str
    by: str
    """Who asked for it: the export is that person's act."""
    wanted: Wanted
    state: State
    asked: dt.datetime
    ended: dt.datetime | None = None
    entry: int | None = None
    """Place of the act's entry in the log, once it was judged."""
    made: int = 0
    """How many users' rows the file has."""
    refused: dict[str, int] = {}
    """Provision to how many of the users met it and were left out."""
    handover: str = ""
    size: int = 0
    sha256: str = ""
    """Of the sealed file: bytes, and digest in lower-case hex."""
    manifest: bytes = b""
    signature: bytes = b""

    @property
    def name(self) -> str:
        """The name of the sealed file."""
        return f"{self.handover}.{self.wanted.format}.age"
