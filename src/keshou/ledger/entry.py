# SPDX-License-Identifier: Apache-2.0
"""One operation as canonical bytes; never the information itself.

The bytes are JSON as RFC 8785 writes it: names in alphabetical order, no spaces, nothing that is at its default.
``V``, the version of this layout, sorts before all other names and so comes first. What is hashed is stored; it is
never encoded again in order to verify.

Source: miit24:13.1.6 names what is recorded: who, when, where, which act.
"""

from binascii import b2a_base64
from hashlib import sha256
from typing import Annotated, Any, Literal

import msgspec

from keshou.ledger.errors import EntryError
from keshou.ledger.tile import ENTRY_LIMIT

SALT_SIZE = 32
_URL = bytes.maketrans(b"+/", b"-_")
_LARGEST_INT = 2**53 - 1

Count = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST_INT)]
"""A whole number that every reader of JSON reads alike."""


class Header(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag_field="V",
    tag=1,
):
    """The public part of one operation. Every text is an id, none is anybody's information."""

    c: str = ""
    """Commitment to the payload (see `commit`), base64url; empty when there is none."""
    cites: tuple[str, ...] = ()
    """Provisions the decision stands on, e.g. ``miit24:9.1``."""
    count: Count = 0
    """How many users it concerns."""
    decision: Literal["", "deny", "permit"] = ""
    event: str
    """The kind of act that was asked for, or ``fact:`` and what came true, or ``keys:`` and which keys change."""
    fact: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    """A fact about the site, as `fact_json` writes it, or what an act counts; never a fact of a user."""
    ground: str = ""
    """Id of the recorded ground in higher law it relied on."""
    items: tuple[str, ...] = ()
    """Ids of the kinds of information touched."""
    keys: tuple[str, ...] = ()
    """Ids of the keys an erasure destroyed, of many their number and root; or ``epoch:`` and an epoch's number."""
    obj: str = ""
    """Pseudonym of the user, good for this entry alone: 16 bytes as base64url."""
    payloads: str = ""
    """Commitment to how many payloads are kept under an entry about several users, or went with whom it erased."""
    post: str = ""
    purpose: str = ""
    recipient: str = ""
    review: str = ""
    """Id of the approved review it relied on."""
    revision: Count = 0
    """Revision of the facts the decision was made on."""
    rules: Count = 0
    """Version of the published rules the decision was made on."""
    shown: Literal["", "full", "masked"] = ""
    """How values were given, in full or masked; empty when none were."""
    stand_ins: tuple[str, ...] = ()
    """Those of `items` of which a stand-in was given in place of the value; `shown` tells of the others."""
    t: Count
    """When, in microseconds since 1970-01-01 UTC."""
    via: str = ""
    """Id of the program whose word alone it is that `who` did it; empty when `who` was proven to us."""
    where: str = ""
    """Id of the branch or system."""
    who: str = ""
    """Id of the staff member or program."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Header)


def encode(header: Header) -> bytes:
    """Return the canonical bytes of `header`.

    Raises:
        EntryError: they are more than 65,535.

    """
    body = _encoder.encode(header)
    if len(body) > ENTRY_LIMIT:
        raise EntryError(f"an entry of {len(body)} bytes", hint="put what is long into the payload")
    return body


def decode(body: bytes) -> Header:
    """Return the header whose canonical bytes are `body`.

    Raises:
        EntryError: they are not the canonical bytes of any header.

    """
    try:
        header = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EntryError("not an entry of this log") from error
    if _encoder.encode(header) != body or len(body) > ENTRY_LIMIT:
        raise EntryError("an entry that is not in canonical form")
    if header.fact is not msgspec.UNSET:
        _check_canonical(bytes(header.fact))
    return header


def fact_json(fact: object) -> msgspec.Raw:
    """Return a fact as the canonical JSON that `Header.fact` holds: names in alphabetical order, sets in order.

    Raises:
        EntryError: it has numbers that not every reader of JSON reads alike, or cannot be written at all.

    """
    try:
        if _has_float(msgspec.to_builtins(fact)):
            raise EntryError(_NUMBER, hint="write it as text")
        raw = msgspec.json.encode(fact, order="sorted")
    except (TypeError, OverflowError, msgspec.MsgspecError) as error:
        raise EntryError("a fact that no entry can hold") from error
    _check_canonical(raw)
    return msgspec.Raw(raw)


_NUMBER = "a fact with a number that is not whole or is beyond 2^53-1"


def _check_canonical(raw: bytes) -> None:
    fact = msgspec.json.decode(raw)
    if _has_float(fact):
        raise EntryError(_NUMBER)
    if msgspec.json.encode(fact, order="sorted") != raw:
        raise EntryError("an entry whose fact is not in canonical form")


def _has_float(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_float(each) for each in value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return any(_has_float(each) for each in value)
    return isinstance(value, float) or (isinstance(value, int) and abs(value) > _LARGEST_INT)


def commit(salt: bytes, payload: bytes) -> bytes:
    """Return the commitment to `payload`: 32 bytes that say nothing without the fresh random `salt` of 32 bytes.

    Raises:
        EntryError: the salt is of another length.

    """
    if len(salt) != SALT_SIZE:
        raise EntryError("a commitment needs a salt of 32 bytes")
    return sha256(b"\x02" + salt + payload).digest()


def to_text(raw: bytes) -> str:
    """Return bytes as headers write them: base64url without padding."""
    return b2a_base64(raw, newline=False).translate(_URL, b"=").decode("ascii")
