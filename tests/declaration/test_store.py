# SPDX-License-Identifier: Apache-2.0
import datetime as dt

import msgspec
import pytest
import sqlalchemy as sa
from declarations import BASE

from keshou.declaration.canonical import digest
from keshou.declaration.compare import compare
from keshou.declaration.errors import DeclarationError
from keshou.declaration.render import render
from keshou.declaration.store import Declarations
from keshou.errors import IntegrityError
from keshou.law.load import load

NOW = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
change = msgspec.structs.replace
NEXT = change(BASE, effective=NOW + 10 * DAY, purposes=BASE.purposes[:1])


@pytest.fixture
def published(database):
    with database.transaction() as tx:
        Declarations().publish(tx, BASE, load(), NOW)
        Declarations().publish(tx, NEXT, load(), NOW + DAY)
    return database


def test_versions_count_from_one_and_read_back_as_published(published):
    with published.reading() as tx:
        one, two = Declarations().versions(tx)
    assert (one.version, two.version) == (1, 2)
    assert (one.declaration, two.declaration) == (BASE, NEXT)
    assert (one.digest, one.notice_complete) == (digest(BASE), True)


def test_rules_bind_from_their_day_and_never_before_they_are_public(published):
    def version(tx, at):
        found = Declarations().current(tx, at)
        return found and found.version

    with published.reading() as tx:
        assert version(tx, NOW - dt.timedelta(microseconds=1)) is None, "the file says January, but was not yet public"
        assert version(tx, NOW) == 1
        assert version(tx, NOW + 10 * DAY - dt.timedelta(microseconds=1)) == 1
        assert version(tx, NOW + 10 * DAY) == 2


def test_a_file_that_says_the_same_is_refused_and_leaves_no_gap(published):
    with published.transaction() as tx:
        with pytest.raises(DeclarationError, match="nothing changed"):
            Declarations().publish(tx, NEXT, load(), NOW + 20 * DAY)
        again = Declarations().publish(tx, change(BASE, effective=NOW + 30 * DAY), load(), NOW + 20 * DAY)
    assert again.version == 3


def test_rules_do_not_take_effect_before_those_they_follow(published):
    with published.transaction() as tx, pytest.raises(DeclarationError, match="before version 2"):
        Declarations().publish(tx, change(NEXT, effective=NOW + 9 * DAY), load(), NOW + 2 * DAY)


def test_the_page_kept_is_the_page_of_the_version(published):
    store = Declarations()
    with published.reading() as tx:
        for language in ("zh", "en"):
            page = store.rules(tx, 1, language)
            assert page == render(store.version(tx, 1), load(), language)
        assert store.notice_digest(tx, 1, "zh") != store.notice_digest(tx, 1, "en")


def test_the_difference_is_against_the_version_before(published):
    with published.reading() as tx:
        assert Declarations().difference(tx, 1) == compare(None, BASE)
        assert Declarations().difference(tx, 2) == compare(BASE, NEXT)


def test_what_was_altered_in_the_table_is_not_served(published):
    with published.transaction() as tx:
        tx.execute(sa.text("UPDATE declaration SET rules_zh = rules_zh || 'x' WHERE version = 1"))
        tx.execute(sa.text("UPDATE declaration SET digest = :other WHERE version = 2"), {"other": "0" * 64})
    with published.reading() as tx:
        with pytest.raises(IntegrityError):
            Declarations().rules(tx, 1, "zh")
        with pytest.raises(IntegrityError):
            Declarations().current(tx, NOW + 11 * DAY)


def test_a_version_that_is_not_there_is_named(published):
    with published.reading() as tx, pytest.raises(DeclarationError, match="no version 9"):
        Declarations().rules(tx, 9, "en")
