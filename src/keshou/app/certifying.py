# SPDX-License-Identifier: Apache-2.0
"""Certificates of erasure, held against the keys that there are; and the lists of the keys they name."""

from collections.abc import Sequence

from keshou.db import Transaction
from keshou.errors import IntegrityError
from keshou.ledger import certificate
from keshou.ledger.certificate import Certificate
from keshou.ledger.entry import decode
from keshou.ledger.errors import EntryError
from keshou.ledger.store import Ledger
from keshou.vault.destroyed.store import Destroyed


class KeysAliveError(IntegrityError):
    """Keys that the log says were destroyed are there: a backup was put back, or the database altered."""

    def __init__(self, index: int) -> None:
        super().__init__(
            f"a key that entry {index} destroyed is in the database again",
            hint="nothing is certified; was a backup restored without the erasures after it?",
        )


def certify(tx: Transaction, ledger: Ledger, index: int, epochs: Sequence[int]) -> tuple[Certificate, bytes]:
    """Return a certificate of entry `index`, as what it says and as a signed note; `epochs` are those that live.

    Raises:
        EntryError: it destroyed no key and no value.
        KeysAliveError: one of its keys is in the key table still, or again.

    """
    told, note = ledger.certify(tx, index, epochs)
    if Destroyed().alive(tx, _gone(tx, ledger, told)):
        raise KeysAliveError(index)
    return told, note


def destroyed(tx: Transaction, ledger: Ledger, index: int) -> list[bytes]:
    """Return the ids of the keys that entry `index` destroyed, as its certificate names them.

    Raises:
        EntryError: it destroyed nothing, or is of a time when of very many keys only the root was kept.

    """
    told, _ = ledger.certify(tx, index, ())
    found = _gone(tx, ledger, told)
    if certificate.named(found) != told.keys:
        raise EntryError(
            f"which keys entry {index} destroyed was not kept", hint="the certificate has their number and their root"
        )
    return found


def _gone(tx: Transaction, ledger: Ledger, told: Certificate) -> list[bytes]:
    """Return the ids that a certificate names; where only the root was kept, those of all that went at that moment."""
    if not any(":" in each for each in told.keys):
        return [bytes.fromhex(each) for each in told.keys]
    moment = decode(ledger.entry(tx, told.entry)).t
    return Destroyed().of(tx, told.entry) or Destroyed().at(tx, moment)
