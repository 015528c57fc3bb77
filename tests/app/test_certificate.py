# SPDX-License-Identifier: Apache-2.0
"""Certificates of erasure: what they say, what they refuse, and that openssl checks them without us."""

import base64
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from house import VALUES, act, newcomer, ready

from keshou.acts.request import Cancel
from keshou.app.certifying import KeysAliveError
from keshou.app.site import Site
from keshou.db import Database
from keshou.errors import KeshouError
from keshou.law.terms import ActKind
from keshou.ledger import certificate
from keshou.ledger.entry import Header, encode, fact_json
from keshou.ledger.errors import EntryError, LedgerTamperedError, SignatureError
from keshou.ledger.note import VerifierKey

DER = bytes.fromhex("302a300506032b6570032100")
"""What says that an Ed25519 public key follows."""


GONE = ("mobile_number", "tariff_plan")
"""What is kept for the service alone."""


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    """A site with two users, one of whom left."""
    with ready(database, tmp_path) as made:
        made.do_all([newcomer(made, "u1"), newcomer(made, "u2")])
        yield made


@pytest.fixture
def cancelled(site: Site) -> int:
    return site.do(Cancel(user="u1", by="clerk1")).entry


def entry(site: Site, index: int) -> bytes:
    with site.reading() as tx:
        return site.ledger.entry(tx, index)


def test_a_certificate_says_what_when_which_keys_and_under_which_rule(site: Site, cancelled: int) -> None:
    told, note = site.keeper.certify(cancelled)
    assert (told.entry, told.event, told.users, told.under) == (cancelled, "fact:service_ended", 1, ("miit24:9.4",))
    with site.reading() as tx:
        rows = tx.ask("SELECT kid FROM vault_shredded")
    assert told.keys == tuple(bytes(row[0]).hex() for row in rows)
    assert certificate.verify(note, site.ledger.key, entry(site, cancelled)) == told
    assert (told.rules, told.items) == (1, GONE)
    assert told.removed == tuple(f"{item} 1" for item in GONE)
    assert "u1" not in note.decode().split()
    assert not any(value in note.decode() for value in VALUES.values())


def test_users_who_end_their_service_themselves_are_told_what_went_and_by_which_rules(site: Site) -> None:
    told, note = site.keeper.certify(site.do(Cancel(user="u1", by="user")).entry)
    assert (told.rules, told.items, told.removed) == (1, GONE, tuple(f"{item} 1" for item in GONE))
    assert certificate.verify(note, site.ledger.key, entry(site, told.entry)) == told
    site.audit(by="clerk1")


def test_the_end_of_a_service_from_before_it_told_what_went_is_certified_by_its_keys() -> None:
    old = Header(
        t=1, event="fact:service_ended", who="clerk1", count=1, keys=("00" * 16,), fact=fact_json({"counts": 1})
    )
    told = certificate.of_entry("log", 7, encode(old), (1,))
    assert (told.items, told.removed, told.keys) == ((), (), old.keys)


def test_openssl_checks_a_certificate_and_refuses_an_altered_one(site: Site, cancelled: int, tmp_path: Path) -> None:
    _, note = site.keeper.certify(cancelled)
    text, _, tail = note.rpartition(b"\n\n")
    (tmp_path / "text").write_bytes(text + b"\n")
    (tmp_path / "signature").write_bytes(base64.b64decode(tail.split()[-1])[-64:])
    (tmp_path / "key.der").write_bytes(DER + base64.b64decode(str(site.ledger.key).split("+", 2)[2])[-32:])
    words = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key.der"]
    words += ["-rawin", "-in", "text", "-sigfile", "signature"]
    assert subprocess.run(words, cwd=tmp_path, check=False, capture_output=True).returncode == 0
    (tmp_path / "text").write_bytes(text.replace(b"users 1", b"users 2") + b"\n")
    assert subprocess.run(words, cwd=tmp_path, check=False, capture_output=True).returncode != 0


def test_any_byte_changed_is_refused(site: Site, cancelled: int) -> None:
    _, note = site.keeper.certify(cancelled)
    for place in range(0, len(note), 7):
        altered = note[:place] + bytes([note[place] ^ 1]) + note[place + 1 :]
        with pytest.raises(KeshouError):
            certificate.verify(altered, site.ledger.key)


def test_a_certificate_of_another_log_or_entry_is_refused(site: Site, cancelled: int) -> None:
    _, note = site.keeper.certify(cancelled)
    other = VerifierKey("another/log", site.ledger.key.public_key)
    with pytest.raises(SignatureError):
        certificate.verify(note, other)
    with pytest.raises(LedgerTamperedError):
        certificate.verify(note, site.ledger.key, entry(site, cancelled - 1))
    with pytest.raises(SignatureError):
        certificate.verify(note.replace(b"users 1", b"users 2"), site.ledger.key)


def test_what_destroyed_nothing_is_not_certified(site: Site) -> None:
    used = site.perform(act(ActKind.USE, "u2", "tariff_plan")).entry
    site.keeper.rotate_epochs("keeper", lambda _: None)
    with site.reading() as tx:
        last = site.ledger.head(tx).size - 1
    site.keeper.retire("keeper")
    for index in (used, last, last + 1):
        with pytest.raises(EntryError, match="destroyed no key"):
            site.keeper.certify(index)


def test_keys_that_came_back_are_not_certified(site: Site, cancelled: int) -> None:
    with site.writing() as tx:
        (row,) = tx.ask('SELECT "user", class, kid FROM vault_shredded')
        tx.change('INSERT INTO vault_key ("user", class, kid, epoch, wrapped) VALUES (?, ?, ?, 1, ?)', (*row, b"x"))
    with pytest.raises(KeysAliveError, match=f"entry {cancelled}"):
        site.keeper.certify(cancelled)


def test_a_deletion_that_removed_nothing_is_not_certified(site: Site) -> None:
    gone, again = (site.perform(act(ActKind.DELETE, "u2", "tariff_plan")).entry for _ in range(2))
    told, note = site.keeper.certify(gone)
    assert (told.removed, told.keys) == (("tariff_plan 1",), ())
    assert certificate.verify(note, site.ledger.key, entry(site, gone)) == told
    with pytest.raises(EntryError, match="removed no value"):
        site.keeper.certify(again)


def test_of_an_entry_from_before_counts_only_the_keys_it_names_are_certified() -> None:
    old = Header(t=1, event="delete", decision="permit", items=("tariff_plan",), who="clerk1", count=1)
    with pytest.raises(EntryError, match="written before entries told"):
        certificate.of_entry("log", 7, encode(old), (1,))
    bulk = msgspec.structs.replace(old, event="destroy", fact=fact_json({"denied": {}}))
    with pytest.raises(EntryError, match="written before entries told"):
        certificate.of_entry("log", 7, encode(bulk), (1,))
    told = certificate.of_entry("log", 7, encode(msgspec.structs.replace(old, keys=("00" * 16,))), (1,))
    assert (told.keys, told.removed) == (("00" * 16,), ())


@pytest.mark.parametrize("event", ["due:destroy", "over:destroy", "fact:service_ended"])
def test_what_went_by_itself_is_certified_by_what_its_entry_names(event: str) -> None:
    named = Header(t=1, event=event, decision="permit", items=("tariff_plan",), who="keshou", count=1)
    assert certificate.of_entry("log", 7, encode(named), (1,)).items == ("tariff_plan",)
    with pytest.raises(EntryError, match="removed no value"):
        certificate.of_entry("log", 7, encode(msgspec.structs.replace(named, items=())), (1,))


@pytest.mark.parametrize("event", ["delete", "cancel"])
def test_what_was_denied_is_not_certified(event: str) -> None:
    denied = Header(t=1, event=event, decision="deny", items=("tariff_plan",), who="clerk1", count=1)
    with pytest.raises(EntryError, match="removed no value"):
        certificate.of_entry("log", 7, encode(denied), (1,))
