# SPDX-License-Identifier: Apache-2.0
"""Acts at the one door: permitted ones are done and shown, denied ones are recorded, and every one is in the log."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import START, VALUES, Clock, act, declared, newcomer, open_site, ready
from msgspec.structs import replace

from keshou.acts.request import ActError, BulkPerform, Erase, Perform
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.decision import Deny, Permit
from keshou.gate.facts import (
    ConsentGiven,
    ConsentWithdrawn,
    GroundRecorded,
    MessagesRefused,
    ReviewApproved,
    SuspensionOrdered,
)
from keshou.law.terms import ActKind, ConsentStrength, RetentionClass
from keshou.ledger.entry import Header, decode
from keshou.vault.errors import VaultError


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with ready(database, tmp_path, clock) as site:
        yield site


@pytest.fixture
def user(site: Site) -> str:
    site.do(newcomer(site, "u1"))
    return "u1"


def header(site: Site, entry: int) -> Header:
    with site.reading() as tx:
        return decode(site.ledger.entry(tx, entry))


def size(site: Site) -> int:
    with site.reading() as tx:
        return site.ledger.head(tx).size


def cites(decision: object) -> set[str]:
    assert isinstance(decision, Deny)
    return {str(reason.cite) for reason in decision.reasons}


def test_a_permitted_use_shows_what_was_collected(site: Site, user: str) -> None:
    done = site.perform(act(ActKind.USE, user, "mobile_number", "user_name"))
    assert isinstance(done.decision, Permit)
    assert done.values == {"mobile_number": VALUES["mobile_number"], "user_name": VALUES["user_name"]}


def test_a_post_without_full_values_sees_them_masked(site: Site, user: str) -> None:
    done = site.perform(act(ActKind.USE, user, "mobile_number", "resident_id_number", by="biller"))
    assert done.values["mobile_number"] == "154****0001"
    assert done.values["resident_id_number"] == "990101********0018"


def test_the_log_says_whether_values_were_shown_in_full(site: Site, user: str) -> None:
    def shown(job: Perform | BulkPerform) -> str:
        return header(site, site.do(job).entry).shown

    assert shown(Perform(act=act(ActKind.USE, user, "mobile_number"))) == "full"
    assert shown(Perform(act=act(ActKind.USE, user, "mobile_number", by="biller"))) == "masked"
    assert shown(Perform(act=act(ActKind.USE, user, "mobile_number"), masked=True)) == "masked"
    assert shown(Perform(act=act(ActKind.USE, user, "mobile_number", by="lister", purpose="marketing"))) == ""
    assert shown(Perform(act=act(ActKind.CORRECT, user, "tariff_plan"), values={"tariff_plan": "P-2"})) == ""
    export = act(ActKind.EXPORT, "", "tariff_plan", by="lister")
    few = shown(BulkPerform(act=export, users=(user,)))
    assert few
    assert shown(BulkPerform(act=export, users=(user,), masked=True)) == "masked"
    assert shown(BulkPerform(act=export, users=("nobody",))) == ""


def test_masked_values_are_given_where_they_will_do_and_never_more_than_the_grant(site: Site, user: str) -> None:
    for by in ("clerk1", "biller"):
        done = site.do(Perform(act=act(ActKind.USE, user, "mobile_number", by=by), masked=True))
        assert done.values == {"mobile_number": "154****0001"}
        assert isinstance(done.decision, Permit)
        assert not done.decision.full
    denied = act(ActKind.USE, user, "mobile_number", by="lister", purpose="marketing")
    assert isinstance(site.do(Perform(act=denied, masked=True)).decision, Deny)


def test_an_act_that_shows_nothing_cannot_be_masked(site: Site, user: str) -> None:
    before = size(site)
    with pytest.raises(ActError, match="shows nothing"):
        site.do(Perform(act=act(ActKind.CORRECT, user, "tariff_plan"), values={"tariff_plan": "P-2"}, masked=True))
    with pytest.raises(ActError, match="shows nothing"):
        site.do(BulkPerform(act=act(ActKind.DESTROY, "", "tariff_plan", by="lister"), users=(user,), masked=True))
    assert size(site) == before


def test_a_denial_shows_nothing_and_leaves_an_entry_that_names_the_articles(site: Site, user: str) -> None:
    before = size(site)
    done = site.perform(act(ActKind.USE, user, "mobile_number", by="lister", purpose="marketing"))
    assert {"miit24:9.1", "npcsc2012:7"} <= cites(done.decision)
    assert not done.values
    assert size(site) == before + 1
    entry = header(site, done.entry)
    assert (entry.decision, entry.who, entry.purpose, entry.event) == ("deny", "lister", "marketing", "use")
    assert "miit24:9.1" in entry.cites


def test_an_entry_records_who_when_where_and_what(site: Site, user: str) -> None:
    done = site.perform(act(ActKind.QUERY, user, "tariff_plan", where="office"))
    entry = header(site, done.entry)
    assert (entry.who, entry.where, entry.event, entry.items, entry.count) == (
        "clerk1",
        "office",
        "query",
        ("tariff_plan",),
        1,
    )
    assert entry.t >= START.timestamp() * 1_000_000
    assert entry.obj
    assert entry.c


def test_two_entries_about_one_user_do_not_show_that_they_are(site: Site, user: str) -> None:
    first, second = (site.perform(act(ActKind.USE, user, "tariff_plan")) for _ in range(2))
    assert header(site, first.entry).obj != header(site, second.entry).obj


def test_consent_withdrawn_is_seen_by_the_next_act(site: Site, user: str) -> None:
    revision = site.record(user, ConsentWithdrawn(at=START, purpose="service"))
    answer = site.ask(act(ActKind.USE, user, "tariff_plan"), at_least=revision)
    assert "miit24:9.1" in cites(answer)
    assert "miit24:9.1" in cites(site.perform(act(ActKind.USE, user, "tariff_plan")).decision)


def test_an_answer_carries_the_revision_it_was_made_on(site: Site, user: str) -> None:
    revision = site.record(user, MessagesRefused(at=START))
    assert site.ask(act(ActKind.USE, user, "tariff_plan")).revision >= revision


def test_a_correction_replaces_what_was_held(site: Site, user: str) -> None:
    site.perform(act(ActKind.CORRECT, user, "tariff_plan"), {"tariff_plan": "P-99"})
    assert site.perform(act(ActKind.USE, user, "tariff_plan")).values == {"tariff_plan": "P-99"}


def test_users_correct_and_query_their_own_information_without_a_grant(site: Site, user: str) -> None:
    site.perform(act(ActKind.CORRECT, user, "tariff_plan", by="user"), {"tariff_plan": "P-7"})
    done = site.perform(act(ActKind.QUERY, user, "tariff_plan", by="user"))
    assert isinstance(done.decision, Permit)
    assert set(done.values) == {"tariff_plan"}


def test_jobs_of_one_batch_see_each_other_in_order(site: Site, user: str) -> None:
    use = Perform(act=act(ActKind.USE, user, "tariff_plan"))
    correct = Perform(act=act(ActKind.CORRECT, user, "tariff_plan"), values={"tariff_plan": "P-2"})
    before, _, after = site.do_all([use, correct, use])
    assert before.values == {"tariff_plan": VALUES["tariff_plan"]}
    assert after.values == {"tariff_plan": "P-2"}


def test_one_callers_mistake_is_nobody_elses(site: Site, user: str) -> None:
    good = Perform(act=act(ActKind.USE, user, "tariff_plan"))
    bad = Perform(act=act(ActKind.CORRECT, user, "tariff_plan"), values={"user_name": "x"})
    before = size(site)
    with pytest.raises(ActError, match="not those of the act's items"):
        site.do_all([good, bad, good])
    assert size(site) == before + 2


def test_a_new_user_is_not_taken_in_when_collecting_is_denied(site: Site) -> None:
    request = newcomer(site, "u9")
    denied = Perform(act=request.act, values=request.values, facts=request.facts[:1], admit=True)
    done = site.do(denied)
    assert {"miit24:9.1", "miit24:9.4"} <= cites(done.decision)
    assert "miit24:9.1" in cites(site.ask(act(ActKind.USE, "u9", "tariff_plan")))
    assert isinstance(site.do(request).decision, Permit)


def test_a_known_user_is_not_admitted_again(site: Site, user: str) -> None:
    with pytest.raises(ActError, match="known already"):
        site.do(newcomer(site, user))


def test_a_request_repeated_is_answered_and_not_done_twice(site: Site, user: str) -> None:
    change = act(ActKind.CORRECT, user, "tariff_plan")
    first = site.perform(change, {"tariff_plan": "P-1"}, request_id="r-1")
    site.perform(change, {"tariff_plan": "P-2"}, request_id="r-2")
    again = site.perform(change, {"tariff_plan": "P-1"}, request_id="r-1")
    assert again.repeated
    assert again.entry == first.entry
    assert site.perform(act(ActKind.USE, user, "tariff_plan")).values == {"tariff_plan": "P-2"}


def test_of_twins_in_one_transaction_one_is_shown_values_and_the_other_is_answered_alike(site: Site) -> None:
    site.do(newcomer(site, "u1"))
    asked = [Perform(act=act(ActKind.USE, user, "tariff_plan"), request_id=user) for user in ("u1", "u9")]
    with site.as_one() as do:
        first, denied, again, denied_again = do([*asked, *asked])
    assert [each.repeated for each in (first, denied, again, denied_again)] == [False, False, True, True]
    assert (again.entry, again.verdict) == (first.entry, "permit")
    assert (denied_again.entry, denied_again.verdict) == (denied.entry, "deny")
    assert size(site) == denied.entry + 1


def test_ending_service_stops_use_and_shreds_the_service_class_only(site: Site, user: str) -> None:
    done = site.cancel(user)
    assert [class_ for class_, _ in done.shredded] == [RetentionClass.SERVICE]
    assert header(site, done.entry).keys == (done.shredded[0][1],)
    assert "miit24:9.4" in cites(site.perform(act(ActKind.USE, user, "tariff_plan")).decision)
    own = site.perform(act(ActKind.QUERY, user, "user_name", "mobile_number", by="user"))
    assert set(own.values) == {"user_name"}


def test_registration_information_is_not_destroyed_before_its_term(site: Site, user: str, clock: Clock) -> None:
    site.cancel(user)
    destroy = act(ActKind.DESTROY, user, "user_name", "resident_id_number")
    assert "miit25:11" in cites(site.perform(destroy).decision)
    clock.moment += dt.timedelta(days=366 * 2)
    done = site.perform(destroy)
    assert [class_ for class_, _ in done.shredded] == [RetentionClass.REGISTRATION]


def test_an_erased_user_is_gone_and_the_log_still_verifies(site: Site, user: str, clock: Clock) -> None:
    used = site.perform(act(ActKind.USE, user, "tariff_plan"))
    site.checkpoint()
    with site.reading() as tx:
        before = site.ledger.prove_inclusion(tx, used.entry, used.entry + 1)
        body = site.ledger.entry(tx, used.entry)
    site.cancel(user)
    clock.moment += dt.timedelta(days=366 * 2)
    done = site.do(Erase(act=act(ActKind.DESTROY, user)))
    assert isinstance(done.decision, Permit)
    assert {class_ for class_, _ in done.shredded} == {RetentionClass.REGISTRATION, RetentionClass.RECORD}
    assert "miit24:9.1" in cites(site.ask(act(ActKind.QUERY, user, "user_name", by="user")))
    with site.reading() as tx:
        assert site.ledger.prove_inclusion(tx, used.entry, used.entry + 1) == before
        assert site.ledger.entry(tx, used.entry) == body


def test_the_authoritys_suspension_stops_acts_at_once(site: Site, user: str) -> None:
    site.record_site(SuspensionOrdered(at=START, suspension="s1"), by="officer")
    assert "miit24:14.2" in cites(site.perform(act(ActKind.USE, user, "tariff_plan")).decision)


def bulk(site: Site, count: int) -> tuple[str, ...]:
    users = tuple(f"b{number}" for number in range(count))
    site.do_all([newcomer(site, user) for user in users])
    return users


def test_a_bulk_export_needs_another_persons_review_and_uses_it_up(site: Site) -> None:
    users = bulk(site, 4)
    export = act(ActKind.EXPORT, "", "tariff_plan", by="lister", review="v1")
    assert "miit24:13.1.3" in cites(site.do(BulkPerform(act=export, users=users)).decision)
    approval = ReviewApproved(
        at=START,
        review="v1",
        requester="lister",
        reviewer="judge",
        kind=ActKind.EXPORT,
        purpose="service",
        items=frozenset({"tariff_plan"}),
        count=10,
        until=START + dt.timedelta(hours=8),
    )
    site.record_site(approval, by="judge")
    done = site.do(BulkPerform(act=export, users=users))
    assert isinstance(done.decision, Permit)
    assert done.by_user == {user: {"tariff_plan": VALUES["tariff_plan"]} for user in users}
    assert header(site, done.entry).count == len(users)
    assert "miit24:13.1.3" in cites(site.do(BulkPerform(act=export, users=users)).decision)


def test_a_bulk_act_leaves_out_the_users_who_withdrew(site: Site) -> None:
    users = bulk(site, 2)
    site.record(users[0], ConsentWithdrawn(at=START, purpose="service"))
    done = site.do(BulkPerform(act=act(ActKind.EXPORT, "", "tariff_plan", by="lister"), users=users))
    assert set(done.by_user) == {users[1]}
    assert "miit24:9.1" in cites(done.refused[users[0]])


def test_a_ground_for_one_user_names_nobody_in_the_tables_and_serves_that_user_alone(site: Site, user: str) -> None:
    site.do(newcomer(site, "u2"))
    for each in (user, "u2"):
        site.record(each, ConsentWithdrawn(at=START, purpose="service"))
    ground = GroundRecorded(
        at=START,
        ground="g1",
        cite="csl:28",
        rank="law",
        recorded_by="officer",
        kinds=frozenset({ActKind.USE}),
        purposes=frozenset({"service"}),
        items=frozenset({"tariff_plan"}),
        users=frozenset({user}),
        until=START + dt.timedelta(days=1),
    )
    done = site.record_site(ground, by="officer")
    told = bytes(header(site, done - 1).fact).decode()
    assert '"g1"' in told
    assert f'"{user}"' not in told
    assert isinstance(site.perform(act(ActKind.USE, user, "tariff_plan", ground="g1")).decision, Permit)
    assert "miit24:9.1" in cites(site.perform(act(ActKind.USE, "u2", "tariff_plan", ground="g1")).decision)
    assert "miit24:9.1" in cites(site.ask(act(ActKind.USE, "u2", "tariff_plan", ground="g1")))
    assert isinstance(site.ask(act(ActKind.USE, user, "tariff_plan", ground="g1")), Permit)


def test_a_departmental_rule_is_no_ground(site: Site) -> None:
    ground = GroundRecorded(
        at=START,
        ground="g2",
        cite="miit25:6.1",
        rank="departmental_rule",
        recorded_by="officer",
        kinds=frozenset({ActKind.USE}),
        purposes=frozenset({"service"}),
        items=frozenset({"tariff_plan"}),
        until=START + dt.timedelta(days=1),
    )
    with pytest.raises(ActError, match="provides otherwise"):
        site.record_site(ground, by="officer")


def test_widened_rules_ask_for_consent_anew_and_leave_the_rest_valid(site: Site, user: str) -> None:
    wider = declared()
    purposes = [*wider.purposes]
    service = purposes[0]
    purposes[0] = replace(service, needs=(*service.needs, replace(service.needs[-1], item="email_address")))
    version = site.publish(replace(wider, purposes=tuple(purposes)), by="officer").version
    assert version == 2
    assert isinstance(site.ask(act(ActKind.USE, user, "tariff_plan")), Permit)
    assert "miit24:9.1" in cites(site.ask(act(ActKind.USE, user, "email_address")))


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        (
            ConsentGiven(at=START, purpose="service", version=9, strength=ConsentStrength.EXPRESS),
            "no rules of version 9",
        ),
        (ConsentGiven(at=START, purpose="nothing", version=1, strength=ConsentStrength.EXPRESS), "no such purpose"),
        (
            ConsentGiven(
                at=START,
                purpose="service",
                version=1,
                strength=ConsentStrength.EXPRESS,
                items=frozenset({"religion"}),
            ),
            "no such item",
        ),
        (MessagesRefused(at=START + dt.timedelta(days=1)), "has not come true"),
    ],
)
def test_what_cannot_be_is_not_recorded(site: Site, user: str, fact: ConsentGiven, message: str) -> None:
    before = size(site)
    with pytest.raises(ActError, match=message):
        site.record(user, fact)
    assert size(site) == before


def test_nothing_is_permitted_before_rules_are_published(database: Database, tmp_path: Path) -> None:
    with open_site(database, tmp_path) as site:
        assert "miit24:8" in cites(site.ask(act(ActKind.USE, "u1", "tariff_plan")))


def test_a_single_transaction_of_many_leaves_nothing_when_it_fails(site: Site) -> None:
    before = size(site)

    def failing() -> None:
        with site.as_one() as do:
            do([newcomer(site, "x1"), newcomer(site, "x2")])
            raise RuntimeError("the operator stops")

    with pytest.raises(RuntimeError, match="the operator stops"):
        failing()
    assert size(site) == before
    with site.as_one() as do:
        do([newcomer(site, "x1")])
        do([newcomer(site, "x2")])
    assert site.perform(act(ActKind.USE, "x2", "tariff_plan")).values


def test_the_vault_opens_nothing_for_a_job_that_is_not_committed(site: Site, user: str) -> None:
    with site.as_one() as do:
        (done,) = do([Perform(act=act(ActKind.USE, user, "tariff_plan"))])
    assert done.values == {}
    assert issubclass(VaultError, Exception)
