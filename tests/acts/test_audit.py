# SPDX-License-Identifier: Apache-2.0
"""Whoever edits stored facts, rules or payloads is found out, and the first entry that says otherwise is named."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from house import SITE, START, VALUES, act, declared, newcomer, open_site, ready

from keshou.acts.audit import FactsAudited, audit_facts, openings
from keshou.acts.audit_payload import FactsTamperedError
from keshou.acts.request import BulkPerform, Erase, Perform
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import ConsentGiven, ConsentWithdrawn, GroundRecorded, ReviewApproved, StaffRemoved
from keshou.gate.store import Standings
from keshou.law.terms import ActKind, ConsentStrength
from keshou.ledger.audit import audit
from keshou.ledger.counted.store import Count, Counted
from keshou.ledger.entry import decode
from keshou.vault.errors import ReceiptError
from keshou.vault.keys import FileKeys
from keshou.vault.receipt import Receipt
from keshou.vault.store import Vault

Places = dict[str, int]
PLAN = frozenset({"tariff_plan"})
LITTLE = {"mobile_number": "15499990003", "tariff_plan": "P-1"}
LATER = START + dt.timedelta(hours=8)


def agreed(version: int = 1) -> ConsentGiven:
    return ConsentGiven(at=START, purpose="marketing", version=version, strength=ConsentStrength.EXPRESS)


def ground(user: str) -> GroundRecorded:
    return GroundRecorded(
        at=START, ground="g1", cite="csl:28", rank="law", recorded_by="officer", kinds=frozenset({ActKind.USE}),
        purposes=frozenset({"service"}), items=PLAN, users=frozenset({user}), until=LATER,
    )  # fmt: skip


def approval() -> ReviewApproved:
    return ReviewApproved(
        at=START, review="v1", requester="lister", reviewer="judge", kind=ActKind.EXPORT, purpose="service",
        items=PLAN, count=10, until=LATER,
    )  # fmt: skip


def live(site: Site) -> Places:
    """Let a site do one of everything; return the index of each entry. It publishes at 0 and appoints at 1."""
    marketing = {"purpose": "marketing", "at": START}
    export = act(ActKind.EXPORT, "", "tariff_plan", by="lister")
    users = ("u1", "u2", "u3")
    return {
        "publish": 0,
        "appoint": 1,
        "admit u1": site.do(newcomer(site, "u1")).entry,
        "admit u2": site.do(newcomer(site, "u2")).entry,
        "admit u3": site.do(newcomer(site, "u3", LITTLE)).entry,
        "agree": site.record("u1", agreed()) - 1,
        "withdraw": site.record("u1", ConsentWithdrawn(**marketing)) - 1,
        "agree again": site.record("u1", agreed(), ConsentWithdrawn(**marketing), agreed()) - 1,
        "ground": site.record_site(ground("u1"), by="officer") - 1,
        "denied": site.perform(act(ActKind.SELL, "u1", "tariff_plan")).entry,
        "few": site.do(BulkPerform(act=export, users=("u1", "u2"))).entry,
        "unreviewed": site.do(BulkPerform(act=export, users=users)).entry,
        "approve": site.record_site(approval(), by="judge") - 1,
        "reviewed": reviewed(site, users),
        "erase": site.do(Erase(act=act(ActKind.DESTROY, "u3", "mobile_number"))).entry,
        "use": site.perform(act(ActKind.USE, "u1", "tariff_plan")).entry,
        "again": site.publish(declared(review=REVIEW), by="officer").entry,
        "cancel": site.cancel("u2").entry,
        "remove": site.record_site(StaffRemoved(at=START, staff="judge", post="reviewer"), by="officer") - 1,
    }


REVIEW = {"bulk_users": 4, "reviewers": ["reviewer"], "valid_hours": 24}


def reviewed(site: Site, users: tuple[str, ...]) -> int:
    return site.do(BulkPerform(act=act(ActKind.EXPORT, "", "tariff_plan", by="lister", review="v1"), users=users)).entry


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with ready(database, tmp_path) as site:
        yield site


def held(site: Site, *, opened: bool) -> FactsAudited:
    """Audit the facts; `opened` pays with a receipt of the last entry."""
    vault = Vault(FileKeys.open(site.home / "keys", SITE), SITE)
    with site.reading() as tx:
        audit(tx, site.ledger.key)
        last = site.ledger.head(tx).size - 1
        receipt = Receipt(last, openings(tx)) if opened else None
        return audit_facts(tx, site.ledger, Standings(), site.declarations, vault, receipt=receipt)


def tamper(site: Site, *statements: str) -> None:
    with site.database.transaction() as tx:
        for sql in statements:
            assert tx.connection.exec_driver_sql(sql).rowcount > 0


def test_a_site_that_nobody_touched_agrees_with_its_log(site: Site) -> None:
    places = live(site)
    found = held(site, opened=True)
    assert found == FactsAudited(len(places), 10, 16, 2, found.payloads, found.payloads, 4, 0)
    assert found.payloads > 10
    assert held(site, opened=False) == found._replace(opened=0)


ROW = "WHERE revision = {0} + 1"
"""Stands where a statement says {row}."""
COPY = (
    'INSERT INTO user_fact ("user", revision, ordinal, kind, purpose, at, body) '
    "SELECT {user}, {to} + 1, {ordinal}, kind, purpose, at, body FROM user_fact "
    "WHERE revision = {of} + 1 AND ordinal = 0"
)
APPOINT = "INSERT INTO site_fact SELECT {0} + 1, {1}, kind, at, body FROM site_fact WHERE revision = 2 AND ordinal = 0"

ADD_RULES = (
    "INSERT INTO declaration SELECT 3, digest, effective, published_at, body, notice_zh, notice_en, "
    "rules_zh, rules_en FROM declaration WHERE version = 1"
)

OUTSIDE = {
    "a withdrawal deleted": ("withdraw", "DELETE FROM user_fact {row}"),
    "a withdrawal turned into a consent": (
        "withdraw",
        (
            "UPDATE user_fact SET kind = 'consent_given', "
            "body = (SELECT body FROM user_fact WHERE revision = {agree} + 1) {row}"
        ),
    ),
    "a withdrawal's body turned alone": (
        "withdraw",
        "UPDATE user_fact SET body = (SELECT body FROM user_fact WHERE revision = {agree} + 1) {row}",
    ),
    "a withdrawal moved to another user": ("withdraw", 'UPDATE user_fact SET "user" = 2 {row}'),
    "a fact made unreadable": ("withdraw", "UPDATE user_fact SET body = 'x' {row}"),
    "a fact's time altered": ("withdraw", "UPDATE user_fact SET at = at + 1 {row}"),
    "a fact in the middle deleted": ("agree again", "DELETE FROM user_fact {row} AND ordinal = 1"),
    "a consent added to a denial": ("denied", COPY.format(user=1, to="{0}", ordinal=0, of="{agree}")),
    "a consent added to a bulk act": ("few", COPY.format(user=1, to="{0}", ordinal=0, of="{agree}")),
    "a consent added to the publication": ("publish", COPY.format(user=1, to="{0}", ordinal=0, of="{agree}")),
    "a consent of another added": ("agree", COPY.format(user=2, to="{0}", ordinal=0, of="{0}")),
    "a consent before the log": (-1, COPY.format(user=1, to="-1", ordinal=0, of="{agree}")),
    "a consent after the log": (99, COPY.format(user=1, to="99", ordinal=0, of="{agree}")),
    "an erasure added": ("use", COPY.format(user=1, to="{0}", ordinal=0, of="{erase}")),
    "an erasure turned to another user": ("admit u3", 'UPDATE user_fact SET "user" = 1 WHERE revision = {erase} + 1'),
    "an appointment added to its entry": ("appoint", APPOINT.format("{0}", 4)),
    "an appointment added to another entry": ("use", APPOINT.format("{0}", 0)),
    "an appointment added after the log": (99, APPOINT.format(99, 0)),
    "an appointment deleted": ("appoint", "DELETE FROM site_fact {row} AND ordinal = 3"),
    "every appointment deleted": ("appoint", "DELETE FROM site_fact {row}"),
    "an appointment turned": ("appoint", "UPDATE site_fact SET body = REPLACE(body, 'biller', 'killer') {row}"),
    "a removal deleted": ("remove", "DELETE FROM site_fact {row}"),
    "a ground widened": ("ground", 'UPDATE site_fact SET body = REPLACE(body, \'"use"\', \'"export","use"\') {row}'),
    "a review that serves again": ("reviewed", "DELETE FROM site_fact {row}"),
    "another review used up": ("reviewed", "UPDATE site_fact SET body = REPLACE(body, 'v1', 'v2') {row}"),
    "the rules' digest turned": (
        "again",
        "UPDATE site_fact SET body = (SELECT body FROM site_fact WHERE revision = 1) {row}",
    ),
    "a declaration altered": (
        "publish",
        "UPDATE declaration SET body = (SELECT body FROM declaration WHERE version = 2) WHERE version = 1",
    ),
    "a declaration altered with its digest": (
        "publish",
        (
            "UPDATE declaration SET (body, digest) = (SELECT body, digest FROM declaration WHERE version = 2) "
            "WHERE version = 1"
        ),
    ),
    "a declaration deleted": ("again", "DELETE FROM declaration WHERE version = 2"),
    "a declaration added": (
        19,
        ADD_RULES,
    ),
    "rules made to take effect later": ("again", "UPDATE declaration SET effective = effective + 1 WHERE version = 2"),
    "a page altered": ("again", "UPDATE declaration SET rules_en = rules_zh WHERE version = 2"),
    "a payload with facts deleted": ("withdraw", "DELETE FROM log_payload WHERE idx = {0}"),
    "a payload deleted after the last erasure": ("use", "DELETE FROM log_payload WHERE idx = {0}"),
    "a payload added": (
        "publish",
        'INSERT INTO log_payload ("user", idx, sealed) SELECT "user", 0, sealed FROM log_payload WHERE idx = {use}',
    ),
    "a payload of another added": (
        "use",
        'INSERT INTO log_payload ("user", idx, sealed) SELECT 2, idx, sealed FROM log_payload WHERE idx = {use}',
    ),
    "a payload of another instead": ("agree", 'UPDATE log_payload SET "user" = 2 WHERE idx = {0}'),
}

SAME_COUNT = "INSERT INTO log_count SELECT {0}, salt, one, many FROM log_count WHERE idx = {erase}"
MORE = (
    'INSERT INTO log_payload ("user", idx, sealed) '
    'SELECT 9, idx, sealed FROM log_payload WHERE idx = {0} AND "user" = 1'
)
ERASED_TOO = {
    "a withdrawal made the erased user's, its payload gone": (
        "admit u3", 'UPDATE user_fact SET "user" = 3 WHERE revision = {withdraw} + 1',
        "DELETE FROM log_payload WHERE idx = {withdraw}",
    ),
    "what tells a user of a denied act gone": ("admit u3", "DELETE FROM log_payload WHERE idx = {denied}"),
    "an admission's facts and payload gone": (
        "admit u1", "DELETE FROM user_fact {row}", "DELETE FROM log_payload WHERE idx = {0}"
    ),
    "what tells a user of an act on many gone": ("few", 'DELETE FROM log_payload WHERE idx = {0} AND "user" = 1'),
    "the same where the erased user was among them": (
        "unreviewed", 'DELETE FROM log_payload WHERE idx = {0} AND "user" = 1'
    ),
    "one more put under an act on many": ("few", MORE),
    "how many an act on many has deleted": ("few", "DELETE FROM log_count WHERE idx = {0}"),
    "how many an act on many has lowered": ("few", "UPDATE log_count SET many = many - 1 WHERE idx = {0}"),
    "how many went with the erased raised": ("erase", "UPDATE log_count SET one = one + 1 WHERE idx = {0}"),
    "how many went added to another entry": ("use", SAME_COUNT),
    "a number after the log": (99, SAME_COUNT),
}  # fmt: skip
"""What an erasure could be made to explain: it says how much of what is missing was of whom it erased."""

INSIDE = {
    "two payloads of a user swapped": (
        "agree",
        "UPDATE log_payload SET idx = 1000 WHERE idx = {agree}",
        "UPDATE log_payload SET idx = {agree} WHERE idx = {use}",
        "UPDATE log_payload SET idx = {use} WHERE idx = 1000",
    ),
    "every fact of a new user deleted": ("admit u2", "DELETE FROM user_fact {row}"),
    "a fact of a new user deleted": ("admit u2", "DELETE FROM user_fact {row} AND ordinal = 2"),
    "a consent added to a new user's": ("admit u2", COPY.format(user=2, to="{0}", ordinal=3, of="{agree}")),
    "a consent added to an act": ("use", COPY.format(user=1, to="{0}", ordinal=0, of="{agree}")),
    "a consent to a later version": (
        "agree",
        """UPDATE user_fact SET body = REPLACE(body, '"version":1', '"version":2') {row}""",
    ),
    "a payload altered": (
        "use",
        "UPDATE log_payload SET sealed = (SELECT sealed FROM log_payload WHERE idx = {cancel}) WHERE idx = {use}",
    ),
    "two users' ids swapped": (
        "admit u1",
        'UPDATE vault_user SET ref = NULL WHERE "user" = 3',
        'UPDATE vault_user SET "user" = 77 WHERE "user" = 1',
        'UPDATE vault_user SET "user" = 1 WHERE "user" = 2',
        'UPDATE vault_user SET "user" = 2 WHERE "user" = 77',
    ),
}


@pytest.mark.parametrize("opened", [False, True], ids=["from outside", "opened"])
@pytest.mark.parametrize("case", OUTSIDE)
def test_what_was_edited_is_named(site: Site, case: str, opened: bool) -> None:
    found(site, OUTSIDE[case], opened=opened)


@pytest.mark.parametrize("opened", [False, True], ids=["from outside", "opened"])
@pytest.mark.parametrize("case", ERASED_TOO)
def test_nothing_else_goes_with_a_user_who_was_erased(site: Site, case: str, opened: bool) -> None:
    found(site, ERASED_TOO[case], opened=opened)


def test_what_went_with_an_erased_user_does_not_come_back(site: Site) -> None:
    places = live(site)
    back = 'INSERT INTO log_payload ("user", idx, sealed) SELECT 3, {}, sealed FROM log_payload WHERE idx = {}'
    tamper(site, back.format(places["admit u3"], places["use"]))
    with pytest.raises(FactsTamperedError) as told:
        held(site, opened=False)
    assert told.value.index == places["erase"]


def test_whoever_reads_the_log_does_not_learn_how_many_payloads_there_were(site: Site) -> None:
    places = live(site)
    with site.reading() as tx:
        told = [decode(site.ledger.entry(tx, places[each])).payloads for each in ("few", "unreviewed", "erase")]
        assert len({*told}) == 3
        assert all(len(each) == 43 for each in told), "a commitment, not a number"
        rows = {row.entry: row for row in Counted().rows(tx)}
    assert [rows[places[each]].number for each in ("few", "unreviewed")] == [Count(many=2), Count(many=3)]
    assert rows[places["erase"]].number == Count(one=1, many=2), "admitted once, and twice on a list"


def test_what_is_erased_in_the_very_transaction_that_told_of_it_is_counted(site: Site) -> None:
    places = live(site)
    with site.as_one() as do:
        listed = act(ActKind.EXPORT, "", "tariff_plan", by="lister")
        asked = [act(ActKind.USE, "u1", "tariff_plan"), act(ActKind.SELL, "u1", "tariff_plan")]
        do([newcomer(site, "u9", LITTLE), *(Perform(act=each) for each in asked)])
        do([
            Perform(act=act(ActKind.USE, "u9", "tariff_plan")), BulkPerform(act=listed, users=("u1", "u9")),
            Erase(act=act(ActKind.DESTROY, "u9", "mobile_number")),
        ])  # fmt: skip
    found = held(site, opened=True)
    assert (found.entries, found.untold) == (len(places) + 6, 0)
    with site.reading() as tx:
        assert [row.number for row in Counted().rows(tx)][-1] == Count(one=2, many=1)


def test_a_log_from_before_erasures_were_counted_raises_no_alarm_and_says_of_how_many_it_cannot_tell(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr("keshou.acts.work.tell_count", lambda _draft, _count: None)
        places = live(site)
    assert held(site, opened=True).untold == 3, "one entry about the erased alone, and two lists that they were on"
    site.do(newcomer(site, "u4", LITTLE))
    late = site.perform(act(ActKind.USE, "u4", "tariff_plan")).entry
    site.do(Erase(act=act(ActKind.DESTROY, "u4", "mobile_number")))
    assert held(site, opened=True).untold == 3, "those whom this version erases are counted"
    tamper(site, f"DELETE FROM log_payload WHERE idx = {places['denied']}")  # noqa: S608 - a number of ours
    assert held(site, opened=True).untold == 4, "from before it cannot be told, and that is said"
    tamper(site, f"DELETE FROM log_payload WHERE idx = {places['use']}")  # noqa: S608 - a number of ours
    with pytest.raises(FactsTamperedError) as told:
        held(site, opened=True)
    assert places["use"] == told.value.index < late


SECOND = dt.timedelta(seconds=1)
OPEN = {
    "a withdrawal turned to another purpose": ("withdraw", lambda _: {"purpose": "service"}),
    "a withdrawal dated after its entry": ("withdraw", lambda fact: {"at": fact.at + 3650 * 24 * 3600 * SECOND}),
    "an ended service dated back": ("cancel", lambda fact: {"at": fact.at - SECOND}),
    "an erasure dated back": ("erase", lambda fact: {"at": fact.at - SECOND}),
    "what shows a correction dated back": ("correct", lambda fact: {"at": fact.at - SECOND}),
    "what shows a correction turned to other items": ("correct", lambda _: {"items": frozenset({"mobile_number"})}),
    "what shows a correction turned to another purpose": ("correct", lambda _: {"purpose": "marketing"}),
}


@pytest.mark.parametrize("case", OPEN)
def test_a_fact_that_its_entry_tells_openly_is_held_against_it_with_no_payload_opened(site: Site, case: str) -> None:
    places, (where, changed) = live(site), OPEN[case]
    asked = act(ActKind.CORRECT, "u1", "tariff_plan")
    places["correct"] = site.do(Perform(act=asked, values={"tariff_plan": "P-2"}, evidence="doc-1")).entry
    assert held(site, opened=False).opened == 0
    with site.database.transaction() as tx:
        (row,) = [row for row in Standings().user_rows(tx) if row.revision == places[where] + 1]
        fact = msgspec.structs.replace(row.fact(), **changed(row.fact()))
        tx.change("DELETE FROM user_fact WHERE revision = ?", (row.revision,))
        Standings().write_user(tx, [(row.user, row.revision, [fact])])
    with pytest.raises(FactsTamperedError) as told:
        held(site, opened=False)
    assert told.value.index == places[where], told.value.what


@pytest.mark.parametrize("case", INSIDE)
def test_what_only_payloads_tell_is_named_when_they_are_opened(site: Site, case: str) -> None:
    found(site, INSIDE[case], opened=True)


def found(site: Site, case: tuple[str | int, *tuple[str, ...]], *, opened: bool) -> None:
    places, (where, *statements) = live(site), case
    index = where if isinstance(where, int) else places[where]
    named = {key.replace(" ", "_"): place for key, place in places.items()}
    tamper(site, *(sql.replace("{row}", ROW).replace("{0}", str(index)).format(**named) for sql in statements))
    with pytest.raises(FactsTamperedError) as told:
        held(site, opened=opened)
    assert told.value.index == index, told.value.what


def test_one_opening_too_few_is_not_passed_over(site: Site) -> None:
    live(site)
    vault = Vault(FileKeys.open(site.home / "keys", SITE), SITE)
    with site.reading() as tx, pytest.raises(ReceiptError):
        audit_facts(tx, site.ledger, Standings(), site.declarations, vault, receipt=Receipt(18, 3))


def test_entries_after_the_receipts_own_are_left_sealed(site: Site) -> None:
    live(site)
    vault = Vault(FileKeys.open(site.home / "keys", SITE), SITE)
    with site.reading() as tx:
        done = audit_facts(tx, site.ledger, Standings(), site.declarations, vault, receipt=Receipt(4, 2))
    assert done.opened == vault.openings == 2


def test_an_empty_log_has_nothing_to_hold_against(database: Database, tmp_path: Path) -> None:
    with open_site(database, tmp_path) as site:
        assert held(site, opened=False).entries == 0


def test_no_error_tells_what_a_payload_holds(site: Site) -> None:
    places = live(site)
    tamper(site, ROW.replace("WHERE", "DELETE FROM user_fact WHERE").format(places["admit u1"]))
    with pytest.raises(FactsTamperedError) as told:
        held(site, opened=True)
    assert not any(value in str(told.value) for value in (*VALUES.values(), "u1"))
