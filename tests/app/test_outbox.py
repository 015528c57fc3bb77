# SPDX-License-Identifier: Apache-2.0
"""What is told to other systems is what the log says: no event without its entry, no entry without its event."""

import datetime as dt
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from house import Clock, act, newcomer, open_site, ready

from keshou.acts.request import ActError, Cancel, Erase, Job, Perform, Record
from keshou.app.site import Site
from keshou.db import Database
from keshou.errors import InputError
from keshou.gate.facts import ConsentWithdrawn
from keshou.law.terms import ActKind
from keshou.vault.keys import FileKeys
from keshou.webhooks.settings import WebhookSettings

URL = "https://crm.example/hook"


def subscribed(site: Site, *types: str) -> None:
    """Have one receiver told."""
    with site.writing() as tx:
        site.webhooks.subscribe(tx, URL, types, site.now())


def told(site: Site) -> list[tuple[str, str]]:
    """Return what lies in the outbox: ids and types."""
    with site.reading() as tx:
        return [(each.event, each.type) for each in site.webhooks.deliveries(tx, most=1000)]


def withdrawal(site: Site, user: str, request_id: str = "") -> Record:
    fact = ConsentWithdrawn(at=site.now(), purpose="service")
    return Record(user=user, facts=(fact,), by="user", request_id=request_id)


def test_each_fact_is_told_once_under_the_place_of_its_entry(database: Database, tmp_path: Path) -> None:
    site = ready(database, tmp_path)
    subscribed(site)
    came, withdrawn, again, read, ended = site.do_all([
        newcomer(site, "u1"), withdrawal(site, "u1", "w1"), withdrawal(site, "u1", "w1"),
        Perform(act=act(ActKind.USE, "u1", "tariff_plan")), Cancel(user="u1", by="user"),
    ])  # fmt: skip
    assert again.entry == withdrawn.entry
    assert read.entry not in (withdrawn.entry, ended.entry)
    assert told(site) == [
        (f"evt_{came.entry}_1", "keshou.consent.given"),
        (f"evt_{came.entry}_2", "keshou.service.started"),
        (f"evt_{withdrawn.entry}_0", "keshou.consent.withdrawn"),
        (f"evt_{ended.entry}_0", "keshou.service.ended"),
    ]
    site.close()


def test_nothing_waits_where_nobody_is_told_and_what_was_before_is_not_told_later(
    database: Database, tmp_path: Path
) -> None:
    site = ready(database, tmp_path)
    site.do(newcomer(site, "u1"))
    subscribed(site, "keshou.service.ended")
    site.do(withdrawal(site, "u1"))
    assert told(site) == []
    site.do(Cancel(user="u1", by="user"))
    assert [type_ for _, type_ in told(site)] == ["keshou.service.ended"]
    site.close()


def test_another_process_tells_who_was_subscribed_before_its_next_act(database: Database, tmp_path: Path) -> None:
    site = ready(database, tmp_path)
    site.do(newcomer(site, "u1"))
    keys = FileKeys.open(tmp_path / "keys", site.settings.site)
    other = Site(tmp_path, site.settings, Database(database.url.render_as_string(False)), keys, site.now)
    other.do(withdrawal(other, "u1", "before"))
    subscribed(site)
    other.do(Cancel(user="u1", by="user"))
    assert [type_ for _, type_ in told(site)] == ["keshou.service.ended"]
    other.close()
    site.close()


def test_what_fails_beside_others_is_told_to_nobody_and_the_others_are_told_once(
    database: Database, tmp_path: Path
) -> None:
    site = ready(database, tmp_path)
    subscribed(site)
    jobs: Sequence[Job] = [newcomer(site, "u1"), Record(user="u1", facts=(), by="user"), newcomer(site, "u2")]
    with pytest.raises(ActError):
        site.do_all(jobs)
    assert sorted(type_ for _, type_ in told(site)) == ["keshou.consent.given"] * 2 + ["keshou.service.started"] * 2
    site.close()


def _give_up(site: Site) -> None:
    with site.as_one() as do:
        do([newcomer(site, "u1"), newcomer(site, "u2")])
        raise InputError("given up")


def test_acts_given_up_together_are_told_to_nobody(database: Database, tmp_path: Path) -> None:
    site = ready(database, tmp_path)
    subscribed(site)
    with pytest.raises(InputError):
        _give_up(site)
    assert told(site) == []
    with site.as_one() as do:
        do([newcomer(site, "u1")])
        do([withdrawal(site, "u1")])
    assert len(told(site)) == 3
    site.close()


def test_an_entry_whose_event_cannot_be_put_is_not_written_either(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = ready(database, tmp_path)
    subscribed(site)
    job = newcomer(site, "u1")
    with site.reading() as tx:
        before = site.ledger.head(tx).size

    def full(*_: object) -> int:
        raise InputError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(site.webhooks, "enqueue", full)
        with pytest.raises(InputError):
            site.do(job)
        with pytest.raises(ActError), site.as_one() as do, pytest.raises(InputError):
            do([job])
    with site.reading() as tx:
        assert site.ledger.head(tx).size == before
    site.do(job)
    assert len(told(site)) == 2
    site.close()


def test_many_threads_act_and_each_entry_has_its_event(database: Database, tmp_path: Path) -> None:
    site = ready(database, tmp_path)
    subscribed(site, "keshou.consent.withdrawn")
    users = [f"u{number}" for number in range(24)]
    site.do_all([newcomer(site, user) for user in users])
    entries: list[int] = []

    def withdraw(some: Sequence[str]) -> None:
        entries.extend(site.do(withdrawal(site, user)).entry for user in some)

    threads = [threading.Thread(target=withdraw, args=(users[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told(site)) == sorted((f"evt_{entry}_0", "keshou.consent.withdrawn") for entry in entries)
    site.close()


def test_an_erased_user_is_dropped_also_where_everybody_who_was_told_is_paused(
    database: Database, tmp_path: Path
) -> None:
    clock = Clock()
    site = ready(database, tmp_path, clock)
    subscribed(site)
    site.do_all([newcomer(site, "u1"), newcomer(site, "u2"), Cancel(user="u1", by="user")])
    with site.writing() as tx:
        (receiver,) = site.webhooks.subscriptions(tx)
        site.webhooks.change(tx, receiver, active=False)
    before = told(site)
    clock.moment += dt.timedelta(days=366 * 2)
    site.do(Erase(act=act(ActKind.DESTROY, "u1", "user_name")))
    assert (len(before), len(told(site))) == (5, 2)
    site.close()


def test_a_file_of_authorities_is_looked_for_in_the_sites_folder(database: Database, tmp_path: Path) -> None:
    site = open_site(database, tmp_path, webhooks=WebhookSettings(certificates="ours.pem"))
    assert site.webhooks.settings.certificates == str(tmp_path / "ours.pem")
    site.close()
