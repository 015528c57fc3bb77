# SPDX-License-Identifier: Apache-2.0
"""Ways round the door that were found once, each tried again."""

import datetime as dt
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from house import START, VALUES, Clock, act, newcomer, ready

from keshou.acts import repeat
from keshou.acts.request import ActError, BulkPerform, Erase, Judged, Perform
from keshou.app.own_copy import own_copy
from keshou.app.site import Site
from keshou.db import Database, metadata
from keshou.errors import UnreachableError
from keshou.gate.decision import Deny, Permit
from keshou.gate.facts import ConsentGiven, ConsentVoided, ConsentWithdrawn, ServiceStarted, StaffAppointed
from keshou.law.terms import ActKind, ConsentStrength
from keshou.ledger.checkpoint import Checkpoint, sign_checkpoint
from keshou.ledger.entry import Header, decode
from keshou.ledger.errors import ForkError


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with ready(database, tmp_path, clock) as site:
        site.do(newcomer(site, "u1"))
        yield site


def header(site: Site, entry: int) -> Header:
    with site.reading() as tx:
        return decode(site.ledger.entry(tx, entry))


def test_a_failure_caught_inside_one_transaction_cannot_be_committed_past(site: Site) -> None:
    good = Perform(act=act(ActKind.CORRECT, "u1", "tariff_plan"), values={"tariff_plan": "P-2"})
    bad = Perform(act=act(ActKind.CORRECT, "u1", "tariff_plan"), values={"user_name": "x"})

    def swallow() -> None:
        with site.as_one() as do:
            with pytest.raises(ActError):
                do([good, bad])
            with pytest.raises(ActError, match="failed"):
                do([good])

    with pytest.raises(ActError, match="failed"):
        swallow()
    assert site.perform(act(ActKind.USE, "u1", "tariff_plan")).values == {"tariff_plan": VALUES["tariff_plan"]}


def test_another_request_under_the_same_id_is_refused(site: Site) -> None:
    change = act(ActKind.CORRECT, "u1", "tariff_plan")
    site.perform(change, {"tariff_plan": "P-1"}, request_id="r")
    for other in ({"tariff_plan": "P-2"},):
        with pytest.raises(ActError, match="same id"):
            site.perform(change, other, request_id="r")
    same = Perform(act=change, values={"tariff_plan": "P-3"}, request_id="s")
    first, second = site.do_all([same, same])
    assert first.entry == second.entry
    assert site.perform(change, {"tariff_plan": "P-3"}, request_id="s").verdict == "permit"


def test_a_repeated_denial_is_known_for_one(site: Site) -> None:
    sell = act(ActKind.SELL, "u1", "tariff_plan")
    site.perform(sell, request_id="r")
    again = site.perform(sell, request_id="r")
    assert (again.repeated, again.verdict) == (True, "deny")


def test_a_clock_set_back_a_little_does_not_undo_a_withdrawal(site: Site, clock: Clock) -> None:
    clock.moment += dt.timedelta(seconds=10)
    site.record("u1", ConsentWithdrawn(at=clock(), purpose="service"))
    clock.moment -= dt.timedelta(seconds=1.5)
    assert isinstance(site.perform(act(ActKind.USE, "u1", "tariff_plan")).decision, Deny)


def test_what_is_not_held_cannot_be_corrected_into_being(site: Site) -> None:
    site.cancel("u1")
    with pytest.raises(ActError, match="not held"):
        site.perform(act(ActKind.CORRECT, "u1", "tariff_plan"), {"tariff_plan": "P-1"})


def test_erasing_is_judged_on_what_the_same_batch_collected(site: Site) -> None:
    plain = {"mobile_number": "15400000000"}
    site.do(newcomer(site, "u2", plain))
    papers = act(ActKind.COLLECT, "u2", "resident_id_number")
    collect = Perform(act=papers, values={"resident_id_number": VALUES["resident_id_number"]})
    erase = Erase(act=act(ActKind.DESTROY, "u2", "mobile_number"))
    _, erased = site.do_all([collect, erase])
    assert isinstance(erased.decision, Deny)
    assert "miit25:11" in {str(reason.cite) for reason in erased.decision.reasons}


def test_what_a_caller_puts_where_an_id_belongs_does_not_stand_in_the_log(site: Site) -> None:
    words = ("张三", "15412345678", "990101188001010018")
    done = site.perform(
        act(ActKind.USE, "u1", words[2], by=words[0], purpose=words[1], where=words[0], recipient=words[1],
            ground=words[2], review=words[0], post=words[1])
    )  # fmt: skip
    assert isinstance(done.decision, Deny)
    with site.reading() as tx:
        body = site.ledger.entry(tx, done.entry).decode()
    assert not [word for word in words if word in body]
    assert header(site, done.entry).who.startswith("?")
    first, second = (header(site, site.perform(act(ActKind.USE, "u1", "x", by=words[0])).entry).who for _ in range(2))
    assert first == second, "the same stranger cannot be told to be the same"


@pytest.mark.parametrize(
    "fact",
    [
        ConsentVoided(at=START, purpose="张三", because="deceit"),
        ConsentVoided(at=START, purpose="service", because="because of 15412345678"),
        ServiceStarted(at=START, service="张三"),
        ConsentWithdrawn(at=START, purpose="张三"),
    ],
)
def test_facts_name_only_what_the_rules_declare(site: Site, fact: ConsentVoided) -> None:
    with pytest.raises(ActError):
        site.record("u1", fact)


def test_staff_are_known_by_a_code_and_not_by_their_name(site: Site) -> None:
    with pytest.raises(ActError, match="an id that is not one"):
        site.record_site(StaffAppointed(at=START, staff="张 三", post="clerk"), by="officer")


def test_who_holds_no_post_neither_ends_a_service_nor_gives_consent_for_a_user(site: Site) -> None:
    given = ConsentGiven(at=START, purpose="marketing", version=1, strength=ConsentStrength.EXPRESS)
    with pytest.raises(ActError, match="holds no post"):
        site.record("u1", given, by="stranger")
    refused = site.cancel("u1", by="stranger").decision
    assert isinstance(refused, Deny)
    assert {each.missing for each in refused.reasons} == {"staff"}
    assert site.cancel("u1", by="clerk1").shredded


@pytest.mark.parametrize("kind", [ActKind.USE, ActKind.QUERY, ActKind.CORRECT, ActKind.PROVIDE])
def test_bulk_acts_do_not_go_by_another_name(site: Site, kind: ActKind) -> None:
    with pytest.raises(ActError, match="bulk act"):
        site.do(BulkPerform(act=act(kind, "", "tariff_plan"), users=("u1",)))


def test_a_bulk_act_that_everybody_refuses_is_a_denial_on_record(site: Site) -> None:
    site.record("u1", ConsentWithdrawn(at=START, purpose="service"))
    done = site.do(BulkPerform(act=act(ActKind.EXPORT, "", "tariff_plan", by="lister"), users=("u1", "nobody")))
    entry = header(site, done.entry)
    assert (entry.decision, entry.count) == ("deny", 0)
    assert b'"miit24:9.1":2' in bytes(entry.fact)
    assert done.by_user == {}


def test_many_keys_destroyed_at_once_fit_into_one_entry(database: Database, tmp_path: Path, clock: Clock) -> None:
    with ready(database, tmp_path, clock) as site:
        users = tuple(f"m{number}" for number in range(100))
        site.do_all([newcomer(site, user, {"tariff_plan": "P-1"}) for user in users])
        for user in users:
            site.record(user, ConsentWithdrawn(at=clock(), purpose="marketing"))
        clock.moment += dt.timedelta(days=1)
        destroy = BulkPerform(act=act(ActKind.DESTROY, "", "tariff_plan"), users=users[:2])
        done = site.do(destroy)
        assert isinstance(done.decision, Permit)
        assert len(header(site, done.entry).keys) == 2


def test_a_fact_dated_before_what_is_on_record_is_refused(site: Site, clock: Clock) -> None:
    clock.moment += dt.timedelta(hours=1)
    site.record("u1", ConsentGiven(at=clock(), purpose="marketing", version=1, strength=ConsentStrength.EXPRESS))
    with pytest.raises(ActError, match="before what is on record"):
        site.record("u1", ConsentWithdrawn(at=START, purpose="marketing"))


def test_a_fact_that_comes_with_an_act_is_not_dated_before_what_is_on_record(site: Site, clock: Clock) -> None:
    clock.moment += dt.timedelta(hours=1)
    site.record("u1", ConsentGiven(at=clock(), purpose="marketing", version=1, strength=ConsentStrength.EXPRESS))
    withdrawn = ConsentWithdrawn(at=START, purpose="marketing")
    with pytest.raises(ActError, match="before what is on record"):
        site.perform(act(ActKind.USE, "u1", "tariff_plan"), facts=[withdrawn])
    now = msgspec.structs.replace(withdrawn, at=clock())
    assert site.perform(act(ActKind.USE, "u1", "tariff_plan"), facts=[now]).values
    asked = act(ActKind.EXPORT, "u1", "tariff_plan", by="lister", purpose="marketing")
    assert isinstance(site.perform(asked).decision, Deny)


def test_a_time_without_a_zone_is_refused_where_facts_come_in(site: Site) -> None:
    with pytest.raises(ActError, match="without a zone"):
        site.record("u1", ConsentWithdrawn(at=START.replace(tzinfo=None), purpose="service"))


def test_lawful_acts_are_not_denied_when_memory_is_short(database: Database, tmp_path: Path) -> None:
    with ready(database, tmp_path, standings=8) as site:
        users = [f"u{number}" for number in range(40)]
        site.do_all([newcomer(site, user) for user in users])
        denied: list[str] = []

        def ask(start: int) -> None:
            denied.extend(
                user for user in users[start:] * 4 if not site.ask(act(ActKind.USE, user, "tariff_plan")).permitted
            )

        threads = [threading.Thread(target=ask, args=(start,)) for start in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(4):
            done = site.do_all([Perform(act=act(ActKind.USE, user, "tariff_plan")) for user in users])
            denied.extend(user for user, each in zip(users, done, strict=True) if not each.values)
        for thread in threads:
            thread.join()
        assert denied == []
        assert len(site._known.users) <= 8 + 1


def test_a_job_inside_ones_own_transaction_is_refused_and_does_not_hang(site: Site) -> None:
    def inside() -> None:
        with site.as_one():
            site.perform(act(ActKind.USE, "u1", "tariff_plan"))

    with pytest.raises(UnreachableError, match="turn"):
        inside()


def test_other_callers_wait_for_a_long_transaction_and_are_answered(site: Site) -> None:
    answers: list[object] = []
    with site.as_one() as do:
        do([newcomer(site, "u7")])
        other = threading.Thread(target=lambda: answers.append(site.perform(act(ActKind.USE, "u1", "tariff_plan"))))
        other.start()
        other.join(0.2)
        assert other.is_alive()
    other.join(10)
    assert len(answers) == 1


def test_a_database_put_back_from_an_old_copy_is_not_signed_again(site: Site, database: Database) -> None:
    site.checkpoint()
    with database.transaction() as tx:
        kept = {
            table: [tuple(row) for row in tx.connection.exec_driver_sql(f'SELECT * FROM "{table}"')]  # noqa: S608
            for table in ("log_state", "log_entry", "log_checkpoint", "log_payload")
        }
    site.perform(act(ActKind.USE, "u1", "tariff_plan"))
    site.checkpoint()
    with database.transaction() as tx:
        for table, rows in kept.items():
            tx.connection.exec_driver_sql(f'DELETE FROM "{table}"')  # noqa: S608
            columns = [column.name for column in metadata.tables[table].columns]
            tx.insert(metadata.tables[table], columns, rows)
    with pytest.raises(ForkError, match="signed"):
        site.checkpoint()
    (site.home / "log.checkpoint").unlink()


def test_a_log_that_falls_short_of_what_was_signed_takes_no_more_acts(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    site = ready(database, tmp_path, clock, checkpoint_every=0.05)
    site.checkpoint()
    time.sleep(0.3)
    ahead = sign_checkpoint(Checkpoint(site.ledger.origin, 10**6, bytes(32)), site.ledger._signer)
    (tmp_path / "log.checkpoint").write_bytes(ahead)
    with pytest.raises(ForkError):
        _go_on(site)
    with pytest.raises(ForkError):
        site.close()


def _go_on(site: Site) -> None:
    for number in range(200):
        site.do(newcomer(site, f"n{number}"))
        time.sleep(0.01)


def test_facts_told_together_are_taken_in_the_order_of_their_times(site: Site, clock: Clock) -> None:
    clock.moment += dt.timedelta(hours=1)
    early, late = clock() - dt.timedelta(minutes=2), clock() - dt.timedelta(minutes=1)
    given = ConsentGiven(at=early, purpose="marketing", version=1, strength=ConsentStrength.EXPRESS)
    site.record("u1", ConsentWithdrawn(at=late, purpose="marketing"), given)
    asked = act(ActKind.EXPORT, "u1", "tariff_plan", by="lister", purpose="marketing")
    assert isinstance(site.perform(asked).decision, Deny)


def test_a_table_judged_on_facts_that_changed_is_not_written_down(site: Site) -> None:
    with site.reading() as tx:
        revision, key = site.ledger.head(tx).size, site._known.vault.find_user(tx, "u1")
    assert key is not None
    asked = msgspec.structs.replace(act(ActKind.USE, "", "tariff_plan"), when=site.now())
    judged = Judged(act=asked, permitted=1, denied={}, revision=revision, users=frozenset({key}))
    site.perform(act(ActKind.USE, "u1", "tariff_plan"))
    assert site.do(judged).entry
    site.record("u1", ConsentWithdrawn(at=START, purpose="marketing"))
    with pytest.raises(ActError, match="judged"):
        site.do(judged)


def test_a_stranger_is_told_nothing_of_a_user(site: Site) -> None:
    copy = own_copy(site, "u1", by="stranger")
    assert (copy.information, copy.facts) == ({}, ())
    assert copy.refused
    assert own_copy(site, "u1", by="user").facts


def test_what_was_deleted_in_the_same_batch_is_not_corrected(site: Site) -> None:
    delete = Perform(act=act(ActKind.DELETE, "u1", "tariff_plan"))
    correct = Perform(act=act(ActKind.CORRECT, "u1", "tariff_plan"), values={"tariff_plan": "P-2"})
    with pytest.raises(ActError, match="not held"):
        site.do_all([delete, correct])
    assert site.perform(act(ActKind.USE, "u1", "tariff_plan")).values == {}


def test_a_site_is_audited_from_outside_and_with_its_payloads_opened(site: Site) -> None:
    site.perform(act(ActKind.USE, "u1", "tariff_plan"))
    log, facts = site.audit()
    assert (facts.opened, facts.site_facts) == (0, 5)
    log, facts = site.audit(by="clerk1")
    assert facts.opened == facts.payloads == 2
    with site.reading() as tx:
        entry = decode(site.ledger.entry(tx, log.size - 1))
    assert (entry.event, entry.who, entry.count) == ("audit", "clerk1", 2)
    with pytest.raises(ActError, match="holds no post"):
        site.audit(by="stranger")


def test_users_of_a_bulk_act_in_any_order_pass_the_audit(site: Site) -> None:
    site.do_all([newcomer(site, user) for user in ("u2", "u3")])
    done = site.do(BulkPerform(act=act(ActKind.EXPORT, "", "tariff_plan", by="lister"), users=("u3", "u1")))
    assert list(done.by_user) == ["u3", "u1"]
    assert site.audit(by="clerk1")[1].opened == 5


def test_a_request_from_before_there_were_masked_ones_is_the_same_request_still(site: Site) -> None:
    change = act(ActKind.CORRECT, "manage_service", "tariff_plan")
    job = Perform(act=change, values={"tariff_plan": "P-1"}, request_id="r")
    vault = site._known.vault
    before = (
        '["Perform",[{"act":null,"values":{"tariff_plan":"P-1"},"facts":[],"admit":false,"request_id":"r","said":""}'
    )
    told = {name: value for name, value in msgspec.structs.asdict(change).items() if name not in {"via", "listed"}}
    what = msgspec.json.encode(told | {"when": None}, order="deterministic").decode()
    assert repeat._tokens(job, vault)[1] == bytes.fromhex(vault.blind(f"body {before},{what}]]"))
    asked = msgspec.structs.replace(job, masked=True)
    assert repeat._tokens(asked, vault)[1] != repeat._tokens(job, vault)[1], "another request"
