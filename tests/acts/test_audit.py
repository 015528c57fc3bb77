# SPDX-License-Identifier: Apache-2.0
"""Whoever edits stored facts, rules or payloads is found out, and the first entry that says otherwise is named."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from house import SITE, VALUES, act, open_site, ready
from lived import ROW, found, held, live, tamper

from keshou.acts.audit import FactsAudited, audit_facts
from keshou.acts.audit_payload import FactsTamperedError
from keshou.acts.request import Perform
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.store import Standings
from keshou.law.terms import ActKind
from keshou.vault.errors import ReceiptError
from keshou.vault.keys import FileKeys
from keshou.vault.receipt import Receipt
from keshou.vault.store import Vault


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with ready(database, tmp_path) as site:
        yield site


def test_a_site_that_nobody_touched_agrees_with_its_log(site: Site) -> None:
    places = live(site)
    found = held(site, opened=True)
    assert found == FactsAudited(len(places), 10, 16, 2, found.payloads, found.payloads, 4, 0)
    assert found.payloads > 10
    assert held(site, opened=False) == found._replace(opened=0)


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
    "a value dated back, so that its time runs out early": (
        "admit u1",
        "UPDATE vault_value SET since = since - 1 WHERE \"user\" = 1 AND item = 'tariff_plan'",
    ),
    "a value dated ahead, so that it stays longer": (
        19,
        "UPDATE vault_value SET since = since + 1 WHERE \"user\" = 1 AND item = 'tariff_plan'",
    ),
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


def test_a_value_collected_again_and_corrected_is_of_the_moment_of_the_last_collection(site: Site) -> None:
    live(site)
    first = "SELECT since FROM vault_value WHERE \"user\" = 1 AND item = 'tariff_plan'"
    with site.reading() as tx:
        before = tx.ask(first)[0][0]
    plan, other = {"tariff_plan": "P-3"}, {"tariff_plan": "P-4"}
    with site.as_one() as do:  # twice in one transaction, at one moment
        collect, correct = (act(kind, "u1", "tariff_plan") for kind in (ActKind.COLLECT, ActKind.CORRECT))
        last = do([Perform(act=collect, values=plan), Perform(act=collect, values=other)])[1].entry
        do([Perform(act=correct, values=plan)])
    assert held(site, opened=True).untold == 0
    tamper(site, f"UPDATE vault_value SET since = {before} WHERE \"user\" = 1 AND item = 'tariff_plan'")  # noqa: S608
    with pytest.raises(FactsTamperedError) as told:
        held(site, opened=False)
    assert told.value.index == last - 1


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
