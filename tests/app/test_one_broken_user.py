# SPDX-License-Identifier: Apache-2.0
"""One user's key that does not open is that user's trouble: others are served, what is over goes, and so may they."""

import datetime as dt
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import START, Clock, act
from plans import DAY, PLAN, come, held, ready

from keshou.acts.request import Cancel, Erase, Perform
from keshou.app.sequencer import Sequencer
from keshou.app.site import Site
from keshou.backup.store import Erasures
from keshou.db import Database, Transaction
from keshou.gate import calendar
from keshou.gate.decision import Permit
from keshou.gate.holds import Asked, HoldLifted
from keshou.law.terms import ActKind
from keshou.ledger.entry import Header, decode
from keshou.ledger.events import DUE, OVER
from keshou.vault.errors import SealBrokenError

USERS = ("u1", "u2", "u3")
BROKEN = 2
"""The surrogate key of the second, whose record key is broken."""


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock) -> Iterator[Site]:
    with ready(database, tmp_path, clock) as site:
        come(site, *USERS)
        yield site


def break_key(site: Site) -> None:
    """Alter the wrapped record key of one user, as a failing disk would."""
    with site.writing() as tx:
        tx.change("UPDATE vault_key SET wrapped = ? WHERE \"user\" = ? AND class = 'record'", (bytes(74), BROKEN))


def entries(site: Site, event: str) -> list[Header]:
    with site.reading() as tx:
        found = [decode(body) for _, body in site.ledger.entries(tx, 0, site.ledger.head(tx).size)]
    return [each for each in found if each.event == event]


def test_a_seal_that_does_not_open_fails_its_own_job_and_none_beside_it(database: Database) -> None:
    done: list[int] = []

    def procedure(_: Transaction, jobs: list[int]) -> object:
        if 0 in jobs:
            raise SealBrokenError
        return jobs, lambda: done.extend(jobs)

    sequencer: Sequencer[int, int] = Sequencer(database, procedure, lambda: None)  # type: ignore[arg-type]
    with pytest.raises(SealBrokenError):
        sequencer.do_all([1, 2, 0, 3, 4])
    sequencer.close()
    assert done == [1, 2, 3, 4]


def test_others_are_served_beside_a_user_whose_key_is_broken(site: Site) -> None:
    break_key(site)
    jobs = [Perform(act=act(ActKind.USE, user, "mobile_number")) for user in USERS]
    for _ in range(5):
        before = len(entries(site, "use"))
        with pytest.raises(SealBrokenError):
            site.do_all(jobs)
        assert len(entries(site, "use")) == before + 2
    site.audit()


def test_what_is_over_goes_of_a_user_whose_key_is_broken_and_of_those_after_them(
    site: Site, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    break_key(site)
    clock.moment = calendar.start_of(calendar.day_of(START).replace(month=4) + DAY) + dt.timedelta(hours=2)
    with caplog.at_level(logging.ERROR):
        site.tidy()
    assert not any(PLAN in held(site, user) for user in USERS)
    assert [bool(each.c) for each in entries(site, OVER)] == [True, False, True]
    assert [each.getMessage() for each in caplog.records] == [
        "records of users that do not open: 1; what was over went nevertheless"
    ]
    site.audit()


def test_what_a_hold_kept_goes_of_a_user_whose_key_is_broken_and_of_those_after_them(site: Site) -> None:
    site.record_site(site.holds.fact("h1", Asked("case", "d-1", users=USERS), "clerk1"), by="clerk1")
    site.do_all([Cancel(user=user, by="user") for user in USERS])
    assert all("mobile_number" in held(site, user) for user in USERS)
    break_key(site)
    site.record_site(HoldLifted(at=site.now(), hold="h1", by="judge", reason="closed"), by="judge")
    assert not any("mobile_number" in held(site, user) for user in USERS)
    assert [bool(each.c) for each in entries(site, DUE)] == [True, False, True]
    site.audit()


def test_a_user_whose_key_is_broken_is_erased_as_any_other(site: Site, clock: Clock) -> None:
    site.do(Cancel(user="u2", by="user"))
    clock.moment += dt.timedelta(days=800)
    break_key(site)
    done = site.do(Erase(act=act(ActKind.DESTROY, "u2")))
    assert isinstance(done.decision, Permit)
    assert "record" in {class_ for class_, _ in done.shredded}
    with site.reading() as tx:
        assert site._known.vault.find_user(tx, "u2") is None
        assert tx.ask('SELECT count(*) FROM vault_key WHERE "user" = ?', (BROKEN,)) == [(0,)]
        assert BROKEN in {each.user for _, each in Erasures().after(tx, 0) if not each.class_ and not each.item}
        header = decode(site.ledger.entry(tx, done.entry))
    assert header.c
    assert header.obj
    assert header.keys
    site.audit(by="clerk1")
    assert site.keeper.certify(done.entry)
    come(site, "u2")
    assert PLAN in held(site, "u2"), "who comes again is somebody new"
