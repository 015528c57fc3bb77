# SPDX-License-Identifier: Apache-2.0
"""Certificates of what many lost at once, and of a user erased whole: every key is told, and anybody can check."""

import base64
import datetime as dt
import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import VALUES, Clock, act, newcomer, ready

from cli_caller import Caller
from keshou.acts.request import BulkPerform, Cancel, Erase, Perform
from keshou.app.certifying import KeysAliveError
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.decision import Permit
from keshou.gate.facts import ReviewApproved
from keshou.law.terms import ActKind
from keshou.ledger import certificate
from keshou.ledger.errors import EntryError, FormatError, LedgerTamperedError

MANY = 70
PAPERS = ("user_name", "resident_id_number")
HOW_TO = Path(__file__).parents[2] / "docs/how-to/check-the-log-yourself.md"


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    """Give a site of which many users left so long ago that their papers may go."""
    with ready(database, tmp_path, clock) as made:
        users = [f"u{number}" for number in range(MANY)]
        made.do_all([newcomer(made, user) for user in users])
        made.do_all([Cancel(user=user, by="user") for user in users])
        clock.moment += dt.timedelta(days=800)
        yield made


def destroyed(site: Site, users: int, *items: str) -> int:
    """Destroy `items` of the first `users` under a review; return the entry's place."""
    now = site.now()
    name = f"r{now:%H%M%S%f}"
    site.record_site(
        ReviewApproved(
            at=now, review=name, requester="clerk1", reviewer="judge", kind=ActKind.DESTROY, purpose="service",
            items=frozenset(items), count=users, until=now + dt.timedelta(days=1),
        ),
        by="judge",
    )  # fmt: skip
    asked = act(ActKind.DESTROY, "", *items, review=name)
    done = site.do(BulkPerform(act=asked, users=tuple(f"u{number}" for number in reversed(range(users)))))
    assert isinstance(done.decision, Permit), done.decision
    assert not done.refused
    return done.entry


def entry(site: Site, index: int) -> bytes:
    with site.reading() as tx:
        return site.ledger.entry(tx, index)


def shredded(site: Site, class_: str) -> set[bytes]:
    with site.reading() as tx:
        return {bytes(kid) for (kid,) in tx.ask("SELECT kid FROM vault_shredded WHERE class = ?", (class_,))}


def test_every_key_of_a_bulk_destruction_is_told_and_held_against_the_root(site: Site) -> None:
    index = destroyed(site, MANY, *PAPERS)
    told, note = site.keeper.certify(index)
    keys = site.keeper.destroyed(index)
    assert (told.users, told.items) == (MANY, tuple(sorted(PAPERS)))
    assert told.removed == tuple(f"{item} {MANY}" for item in sorted(PAPERS))
    assert len(keys) == MANY
    assert set(keys) == shredded(site, "registration")
    assert certificate.verify(note, site.ledger.key, entry(site, index), keys) == told
    assert not any(value in note.decode() for value in VALUES.values())
    for others in (keys[:-1], [*keys[1:], keys[0]], [*keys, keys[0]], [bytes(16), *keys[1:]], []):
        with pytest.raises(LedgerTamperedError, match="keys listed"):
            certificate.verify(note, site.ledger.key, entry(site, index), others)
    site.audit(by="clerk1")


def test_openssl_and_the_lines_of_the_how_to_check_it_without_us(site: Site, tmp_path: Path) -> None:
    index = destroyed(site, MANY, *PAPERS)
    _, note = site.keeper.certify(index)
    text, _, tail = note.rpartition(b"\n\n")
    (tmp_path / "text").write_bytes(text + b"\n")
    (tmp_path / "signature").write_bytes(base64.b64decode(tail.split()[-1])[-64:])
    der = bytes.fromhex("302a300506032b6570032100")
    (tmp_path / "key.der").write_bytes(der + base64.b64decode(str(site.ledger.key).split("+", 2)[2])[-32:])
    words = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key.der"]
    words += ["-rawin", "-in", "text", "-sigfile", "signature"]
    assert subprocess.run(words, cwd=tmp_path, check=False, capture_output=True).returncode == 0
    leaf = base64.b64encode(hashlib.sha256(b"\0" + entry(site, index)).digest())
    assert b"leaf " + leaf in text.splitlines()

    (script,) = re.findall(r"```python\n(import hashlib.*?)```", HOW_TO.read_text("utf-8"), re.DOTALL)
    (tmp_path / "root.py").write_text(script, "utf-8")
    (tmp_path / "ids").write_bytes(certificate.write_list(site.keeper.destroyed(index)))
    found = subprocess.run([sys.executable, "-I", "root.py", "ids"], cwd=tmp_path, check=True, capture_output=True)
    assert found.stdout.strip() in text.splitlines()


def test_of_many_keys_one_that_came_back_is_enough_to_certify_nothing(site: Site) -> None:
    index = destroyed(site, MANY, *PAPERS)
    last = site.keeper.destroyed(index)[-1]
    with site.writing() as tx:
        ((user,),) = tx.ask('SELECT "user" FROM vault_shredded WHERE kid = ?', (last,))
        row = (user, "registration", last, b"x")
        tx.change('INSERT INTO vault_key ("user", class, kid, epoch, wrapped) VALUES (?, ?, ?, 1, ?)', row)
    with pytest.raises(KeysAliveError, match=f"entry {index}"):
        site.keeper.certify(index)


def test_where_the_list_was_not_kept_the_keys_are_still_looked_for(site: Site) -> None:
    index = destroyed(site, MANY, *PAPERS)
    kid = site.keeper.destroyed(index)[0]
    with site.writing() as tx:
        tx.change("DELETE FROM vault_destroyed", ())
    assert site.keeper.certify(index)[0].keys[0].startswith(f"{MANY}:")
    with pytest.raises(EntryError, match="was not kept"):
        site.keeper.destroyed(index)
    with site.writing() as tx:
        ((user,),) = tx.ask('SELECT "user" FROM vault_shredded WHERE kid = ?', (kid,))
        row = (user, "registration", kid, b"x")
        tx.change('INSERT INTO vault_key ("user", class, kid, epoch, wrapped) VALUES (?, ?, ?, 1, ?)', row)
    with pytest.raises(KeysAliveError):
        site.keeper.certify(index)


def test_values_that_went_alone_are_certified_by_kind_and_number_and_name_nobody(site: Site) -> None:
    index = destroyed(site, 4, "user_name")
    told, note = site.keeper.certify(index)
    assert (told.keys, told.removed, told.users) == ((), ("user_name 4",), 4)
    assert certificate.verify(note, site.ledger.key, entry(site, index), site.keeper.destroyed(index)) == told
    assert not re.search(r"\bu\d", note.decode())
    with pytest.raises(EntryError, match="removed no value"):
        site.keeper.certify(destroyed(site, 4, "user_name"))


def test_a_user_erased_whole_is_certified_with_every_key(site: Site) -> None:
    service = shredded(site, "service")
    done = site.do(Erase(act=act(ActKind.DESTROY, "u1", *PAPERS)))
    assert isinstance(done.decision, Permit), done.decision
    told, note = site.keeper.certify(done.entry)
    with site.reading() as tx:
        rows = tx.ask("SELECT class, kid FROM vault_shredded")
    gone = {bytes(kid).hex(): class_ for class_, kid in rows if bytes(kid) not in service}
    assert sorted(gone.values()) == ["record", "registration"]
    assert set(told.keys) == gone.keys()
    assert (told.event, told.users, told.items) == ("destroy", 1, tuple(sorted(PAPERS)))
    assert certificate.verify(note, site.ledger.key, entry(site, done.entry)) == told


def test_one_value_deleted_of_one_user_is_certified_without_a_key(site: Site) -> None:
    done = site.do(Perform(act=act(ActKind.DESTROY, "u2", "user_name")))
    assert isinstance(done.decision, Permit), done.decision
    told, _ = site.keeper.certify(done.entry)
    assert (told.items, told.keys, told.users, told.removed) == (("user_name",), (), 1, ("user_name 1",))
    again = site.do(Perform(act=act(ActKind.DESTROY, "u2", "user_name")))
    assert isinstance(again.decision, Permit), again.decision
    with pytest.raises(EntryError, match="removed no value"):
        site.keeper.certify(again.entry)


def test_what_is_no_list_of_keys_is_refused() -> None:
    for data in (b"00\n", b"g" * 32 + b"\n", b"0" * 32, b"\n", b"\xff" * 32 + b"\n"):
        with pytest.raises(FormatError):
            certificate.read_list(data)
    assert certificate.read_list(b"") == []


def test_keshou_verify_holds_the_list_against_the_certificate_without_a_site(site: Site, tmp_path: Path) -> None:
    index = destroyed(site, MANY, *PAPERS)
    file, keys, outside = tmp_path / "certificate", site.keeper.destroyed(index), Caller(None)
    file.write_bytes(site.keeper.certify(index)[1])
    words = ("verify", file, "--vkey", site.ledger.key, "--json")
    assert outside(*words).ok().json["listed"] is False
    (tmp_path / "certificate.keys").write_bytes(certificate.write_list(keys))
    assert outside(*words).ok().json["listed"] is True
    (tmp_path / "others").write_bytes(certificate.write_list(keys[1:]))
    refused = outside(*words, "--keys", tmp_path / "others")
    assert (refused.status, "keys listed" in refused.err) == (3, True)
    assert outside(*words, "--keys", tmp_path / "nothing").status == 2
