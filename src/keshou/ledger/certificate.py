# SPDX-License-Identifier: Apache-2.0
"""A certificate that keys were destroyed: a note that the log's key signs, about one entry; anybody can check it.

It is a C2SP signed note, so that every program for signed notes can check its signature. Its text says what the entry
says, and the entry's leaf hash ties it to the log: whoever has the entry and its proof too sees that nothing else was
written there.

Keys that are too many to stand in an entry are named there by ``number:root``, the RFC 6962 root over their ids of 16
bytes each. Which they are says a list beside the certificate: the ids in hex, one a line, in the order of the tree.

Source: C2SP signed-note, tlog-proof; miit24:9.4, miit24:13.1.6.
"""

import datetime as dt
import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from keshou.law.cites import END_OF_SERVICE
from keshou.law.terms import ActKind
from keshou.ledger.entry import Header, decode
from keshou.ledger.errors import EntryError, FormatError, LedgerTamperedError
from keshou.ledger.events import DUE, OVER, RESTORED, SERVICE_ENDED, is_of_keys
from keshou.ledger.merkle import leaf_hash, root_over
from keshou.ledger.note import Signer, VerifierKey, from_base64, sign_note, to_base64, verify_note

TITLE = "keshou erasure certificate v1"
_ONCE = ("log", "entry", "leaf", "event", "at", "by", "rules", "users")
_MANY = ("under", "item", "removed", "key", "epoch")
_ERASING = frozenset({ActKind.DELETE.value, ActKind.DESTROY.value})
_BY_ITEM = frozenset({SERVICE_ENDED, DUE, OVER, RESTORED})
"""Entries that name kinds of information where values of them went and the key of their class stayed."""
MOST_NAMED = 64
"""So many keys stand in an entry by their ids; of more, it has the root."""
_HEX = re.compile(r"[0-9a-f]{32}")

_Told = tuple[str, str, str, int, int, tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""What a certificate and its entry say alike, in the order of the certificate."""


class Certificate(NamedTuple):
    """What a certificate says."""

    log: str
    entry: int
    leaf: bytes
    event: str
    at: str
    """When, UTC."""
    by: str
    rules: int
    users: int
    under: tuple[str, ...]
    """Provisions it was done under."""
    items: tuple[str, ...]
    removed: tuple[str, ...]
    """Each item of which values were removed, and of how many users; none where the entry is older than that."""
    keys: tuple[str, ...]
    """Ids of the keys destroyed; of very many, their number and the root of the tree over them."""
    epochs: tuple[int, ...]
    """Epochs that lived when it was signed. A backup opens nothing of these keys once every older one is destroyed."""


def of_entry(log: str, index: int, body: bytes, epochs: Sequence[int]) -> Certificate:
    """Return what is to be certified of an entry.

    Raises:
        EntryError: no key was destroyed by it, and no value removed, as far as it tells.

    """
    header = decode(body)
    if _tells_nothing(header):
        raise EntryError(
            f"entry {index} was written before entries told what was removed, and names no key",
            hint="what it removed, if anything, is not on record; nothing can be certified of it",
        )
    if is_of_keys(header.event) or not (header.keys or _took_values(header)):
        raise EntryError(
            f"entry {index} destroyed no key of a user and removed no value",
            hint="name an entry of an erasure, a deletion or an ended service",
        )
    return Certificate(log, index, leaf_hash(body), *_told(header), tuple(epochs))


def _took_values(header: Header) -> bool:
    """Say whether values went one by one: by an act that was permitted, with others kept, or after a restore."""
    if header.event in _BY_ITEM:
        return bool(header.items)
    return header.event in _ERASING and header.decision == "permit" and bool(_removed(header))


def _tells_nothing(header: Header) -> bool:
    """Say whether it is from before entries told what was removed, so that only keys are known to be gone."""
    through = header.event in _ERASING and header.decision == "permit" and not header.keys
    return through and _removed(header) is None


class _Counts(msgspec.Struct, frozen=True):
    """What of an entry's count says what went."""

    removed: dict[str, int] | None = None
    """Item to users; None: it does not say."""


def _removed(header: Header) -> dict[str, int] | None:
    """Return of how many users an erasure, or the end of services, removed which values; None: it does not say."""
    if header.fact is msgspec.UNSET or header.event not in _ERASING | {SERVICE_ENDED}:
        return None
    return msgspec.json.decode(header.fact, type=_Counts).removed


def _told(header: Header) -> _Told:
    moment = dt.datetime.fromtimestamp(header.t // 1_000_000, dt.UTC)
    under = (END_OF_SERVICE,) if header.event == SERVICE_ENDED else header.cites
    at = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    removed = tuple(f"{item} {users}" for item, users in sorted((_removed(header) or {}).items()))
    return header.event, at, header.who, header.rules, header.count, under, header.items, removed, header.keys


def sign(certificate: Certificate, signer: Signer) -> bytes:
    """Return the certificate as a note signed by the log's key."""
    once = (
        *(certificate.log, certificate.entry, to_base64(certificate.leaf), certificate.event),
        *(certificate.at, certificate.by, certificate.rules, certificate.users),
    )
    lines = [TITLE, *(f"{name} {value}" for name, value in zip(_ONCE, once, strict=True))]
    many = (certificate.under, certificate.items, certificate.removed, certificate.keys, certificate.epochs)
    lines += [f"{name} {value}" for name, values in zip(_MANY, many, strict=True) for value in values]
    return sign_note("\n".join(lines) + "\n", certificate.log, signer)


def named(kids: Sequence[bytes]) -> tuple[str, ...]:
    """Return how an entry names keys: their ids in hex, or ``number:root`` when they are many."""
    ids = tuple(each.hex() for each in kids)
    return ids if len(ids) <= MOST_NAMED else (f"{len(ids)}:{root_over(kids).hex()}",)


def write_list(kids: Sequence[bytes]) -> bytes:
    """Return the list that goes beside a certificate: ids in hex, one a line."""
    return "".join(f"{each.hex()}\n" for each in kids).encode()


def read_list(data: bytes) -> list[bytes]:
    """Return the ids of such a list.

    Raises:
        FormatError: it is none.

    """
    lines = data.decode("ascii", "replace").split("\n")
    if lines.pop() or not all(map(_HEX.fullmatch, lines)):
        raise FormatError("a list of keys has their ids, 32 hex digits in each line")
    return [bytes.fromhex(each) for each in lines]


def verify(
    data: bytes, key: VerifierKey, entry: bytes | None = None, keys: Sequence[bytes] | None = None
) -> Certificate:
    """Check a certificate offline; with the entry's own bytes that it says what the entry does, with `keys` whose.

    1. the log's key signed it, and it names this log
    2. it has every line it must have
    3. the entry has the leaf hash it names, and says the same
    4. the ids in `keys` are those it names, or give the root it names

    Raises:
        FormatError: it is no certificate.
        SignatureError: the log did not sign it.
        LedgerTamperedError: the entry is another, or says otherwise; the keys are others.

    """
    found = _read(verify_note(data, [key]))
    if found.log != key.name:
        raise FormatError("the certificate is of another log than the key")
    if entry is not None and (leaf_hash(entry) != found.leaf or found[3:-1] != _told(decode(entry))):
        raise LedgerTamperedError(found.entry, "the certificate does not say what the entry does")
    if keys is not None and named(keys) != found.keys:
        raise LedgerTamperedError(found.entry, "the keys listed are not those that the certificate names")
    return found


def is_certificate(data: bytes) -> bool:
    """Say whether a file begins as a certificate does."""
    return data.startswith(TITLE.encode() + b"\n")


def _read(text: str) -> Certificate:
    title, *lines = text.removesuffix("\n").split("\n")
    if title != TITLE:
        raise FormatError(f"a certificate begins with {TITLE}")
    once: dict[str, str] = {}
    many: dict[str, list[str]] = {name: [] for name in _MANY}
    for line in lines:
        name, _, value = line.partition(" ")
        if name in many:
            many[name].append(value)
        elif name in _ONCE and name not in once:
            once[name] = value
        else:
            raise FormatError("a certificate with a line that is not one of its own")
    try:
        head = (once["log"], int(once["entry"]), from_base64(once["leaf"]), once["event"], once["at"], once["by"])
        counts = (int(once["rules"]), int(once["users"]))
        under, items, removed, keys, epochs = (tuple(many[name]) for name in _MANY)
        return Certificate(*head, *counts, under, items, removed, keys, tuple(int(each) for each in epochs))
    except (KeyError, ValueError) as error:
        raise FormatError("a certificate that lacks a line") from error
