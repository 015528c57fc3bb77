# SPDX-License-Identifier: Apache-2.0
"""Invariant 5, what is published is what is enforced: the stored rules are edited behind the site's back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from house import SITE, Clock, act, declared, newcomer, ready
from msgspec.structs import replace

from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.declaration.canonical import digest, encode
from keshou.errors import ExitStatus, IntegrityError
from keshou.gate.decision import Deny, Permit
from keshou.gate.facts import NoticeShown
from keshou.law.terms import ActKind
from keshou.vault.keys import FileKeys

USE = act(ActKind.USE, "u1", "tariff_plan")
LISTED = act(ActKind.EXPORT, "u1", "resident_id_number", by="lister", purpose="marketing")


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with ready(database, tmp_path, Clock()) as site:
        site.do(newcomer(site, "u1", None, "marketing"))
        yield site


def wider() -> bytes:
    """Return the stored form of rules under which marketing may see document numbers."""
    rules = declared()
    service, marketing = rules.purposes
    return encode(replace(rules, purposes=(service, replace(marketing, needs=service.needs))))


def write(database: Database, **values: object) -> None:
    table = sa.table("declaration", *(sa.column(name) for name in values))
    with database.transaction() as tx:
        tx.execute(sa.update(table).values(**values))


def restarted(site: Site) -> Site:
    url = site.database.url.render_as_string(hide_password=False)
    keys = FileKeys.open(site.home / "keys", SITE)
    return Site(site.home, Settings(site=SITE), Database(url), keys, site.now)


def test_rules_edited_in_the_database_are_noticed_and_nothing_is_done(site: Site, database: Database) -> None:
    write(database, body=wider())
    with restarted(site) as other:
        for attempt in (lambda: other.ask(USE), lambda: other.perform(USE), other.rules):
            with pytest.raises(IntegrityError, match="not what was published") as caught:
                attempt()
            assert caught.value.status is ExitStatus.BROKEN
    assert isinstance(site.ask(LISTED), Deny), "who has the published rules in memory goes on by them"
    assert site.perform(USE).values


def test_rules_replaced_with_their_digest_are_not_those_that_were_published(site: Site, database: Database) -> None:
    service, marketing = declared().purposes
    forged = replace(declared(), purposes=(service, replace(marketing, needs=service.needs)))
    assert encode(forged) == wider()
    write(database, body=wider(), digest=digest(forged))
    with restarted(site) as other:
        for asked in (USE, LISTED):
            decision = other.perform(asked).decision
            assert isinstance(decision, Deny)
            assert "miit24:8" in {str(reason.cite) for reason in decision.reasons}


def test_a_date_moved_in_the_database_moves_nothing(site: Site, database: Database) -> None:
    before = site.ask(USE)
    write(database, effective=0)
    with restarted(site) as other:
        assert other.ask(USE) == before
        assert isinstance(other.ask(replace(USE, when=USE.when.replace(year=2025))), Deny)


def test_the_page_that_people_read_is_the_page_that_was_published(site: Site, database: Database) -> None:
    write(database, rules_zh="<p>我们什么都可以做。</p>")
    with site.reading() as tx, pytest.raises(IntegrityError, match="not those that were published"):
        site.declarations.rules(tx, 1, "zh")


def test_a_notice_of_another_text_is_no_notice(site: Site) -> None:
    rules = site.rules()
    assert rules is not None
    taken = newcomer(site, "u2")
    other = tuple(
        replace(each, digest=rules.digest[::-1]) if isinstance(each, NoticeShown) else each for each in taken.facts
    )
    decision = site.do(replace(taken, facts=other)).decision
    assert isinstance(decision, Deny)
    assert {str(reason.cite) for reason in decision.reasons} == {"miit24:9.2", "npcsc2012:2.1"}
    assert isinstance(site.do(taken).decision, Permit)


def test_every_entry_names_the_version_it_was_decided_by_and_that_version_can_be_shown(site: Site) -> None:
    site.publish(replace(declared(), purposes=declared().purposes[:1]), by="officer")
    done = site.perform(USE)
    assert done.decision is not None
    assert done.decision.rules == 2
    with site.reading() as tx:
        assert b'"rules":2' in site.ledger.entry(tx, done.entry)
        shown = site.declarations.version(tx, 2)
        published = [body for _, body in site.ledger.entries(tx) if b"rules_published" in body]
    assert digest(shown.declaration) == shown.digest
    assert shown.digest.encode() in published[-1]
