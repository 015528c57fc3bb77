# SPDX-License-Identifier: Apache-2.0
"""The outbox holds what was committed and nothing else, sealed, for those who asked for it."""

import datetime as dt
import json

import pytest

from keshou.db import Database, Transaction
from keshou.migrations.run import upgrade
from keshou.webhooks.delivery import ALTERED, DEAD, DELIVERED, WAITING
from keshou.webhooks.errors import (
    AddressRefusedError,
    SubscriptionChangedError,
    UnknownDeliveryError,
    UnknownEventTypeError,
    UnknownSubscriptionError,
)
from keshou.webhooks.events import Event
from keshou.webhooks.settings import WebhookSettings
from keshou.webhooks.store import Webhooks
from planting import Planted

NOW = dt.datetime(2026, 3, 2, 2, 0, tzinfo=dt.UTC)
SECRET = bytes(range(32))
USER = "15499990001-user"
URL = "https://crm.example/hook"


def webhooks(**settings: object) -> Webhooks:
    return Webhooks(SECRET, "keshou/00112233445566aa", WebhookSettings(**settings))  # type: ignore[arg-type]


def withdrawn(entry: int = 7, user: str = USER) -> Event:
    return Event(f"evt_{entry}_0", "keshou.consent.withdrawn", NOW, entry, {"purpose": "service"}, user)


def test_each_receiver_is_told_what_it_asked_for(database: Database) -> None:
    hooks = webhooks()
    with database.transaction() as tx:
        every, _ = hooks.subscribe(tx, URL, (), NOW)
        some, _ = hooks.subscribe(tx, URL, ["keshou.rules.published"], NOW)
        none, _ = hooks.subscribe(tx, URL, (), NOW)
        hooks.change(tx, none, active=False)
        rules = Event("evt_8_0", "keshou.rules.published", NOW, 8, {"version": 2})
        assert hooks.enqueue(tx, [withdrawn(), rules], NOW) == 3
        told = {(each.subscription, each.event) for each in hooks.deliveries(tx)}
    assert told == {(every.id, "evt_7_0"), (every.id, "evt_8_0"), (some.id, "evt_8_0")}


def _enqueue_and_fail(hooks: Webhooks, tx: Transaction) -> None:
    assert hooks.enqueue(tx, [withdrawn()], NOW) == 1
    hooks.redeliver(tx, 99, NOW)


def test_what_is_rolled_back_is_told_to_nobody(database: Database) -> None:
    hooks = webhooks()
    with database.transaction() as tx:
        hooks.subscribe(tx, URL, (), NOW)
    with pytest.raises(UnknownDeliveryError), database.transaction() as tx:
        _enqueue_and_fail(hooks, tx)
    with database.reading() as tx:
        assert hooks.deliveries(tx) == []
        assert not hooks.due(tx, NOW)


def test_only_who_is_marked_for_it_learns_the_users_name_and_others_a_pseudonym_of_their_own(
    database: Database,
) -> None:
    hooks = webhooks()
    with database.transaction() as tx:
        hooks.subscribe(tx, URL, (), NOW, names_users=True)
        for _ in range(2):
            hooks.subscribe(tx, URL, (), NOW)
        hooks.enqueue(tx, [withdrawn(), withdrawn(8), withdrawn(9, "another")], NOW)
        claimed = hooks.claim(tx, NOW)
    by_receiver: dict[str, list[str]] = {}
    for each in claimed:
        by_receiver.setdefault(each.subscription, []).append(json.loads(each.body)["subject"])
    named = [subjects for subjects in by_receiver.values() if USER in subjects]
    assert named == [[USER, USER, "another"]]
    first, second = (subjects for subjects in by_receiver.values() if USER not in subjects)
    assert first[0] == first[1] != first[2]
    assert not set(first) & set(second), "two receivers could join what they know"


def test_neither_users_nor_secrets_lie_readable_in_the_database(database: Database) -> None:
    hooks = webhooks()
    with database.transaction() as tx:
        subscription, secret = hooks.subscribe(tx, URL, (), NOW, names_users=True)
        newer = hooks.rotate(tx, subscription, NOW)
        hooks.enqueue(tx, [withdrawn()], NOW)
    planted = Planted([USER, secret, newer])
    assert planted.search_database(database) == []


def test_what_was_altered_in_the_outbox_is_not_sent(database: Database) -> None:
    hooks = webhooks()
    with database.transaction() as tx:
        hooks.subscribe(tx, URL, (), NOW)
        hooks.subscribe(tx, URL, (), NOW)
        hooks.enqueue(tx, [withdrawn()], NOW)
        tx.connection.exec_driver_sql(
            "UPDATE webhook_delivery SET body = (SELECT body FROM webhook_delivery ORDER BY number LIMIT 1)"
        )
        assert len(hooks.claim(tx, NOW)) == 1
        assert sorted((each.state, each.outcome) for each in hooks.deliveries(tx)) == [(DEAD, ALTERED), (WAITING, "")]


def test_an_erased_user_leaves_nothing_waiting_but_the_news_of_it(database: Database) -> None:
    hooks = webhooks(tries=1)
    with database.transaction() as tx:
        hooks.subscribe(tx, URL, (), NOW, names_users=True)
        hooks.enqueue(tx, [withdrawn(7), withdrawn(8, "another")], NOW)
        for each in hooks.claim(tx, NOW):
            hooks.failed(tx, each, "500", NOW, None)
        hooks.enqueue(tx, [Event("evt_9_0", "keshou.user.erased", NOW, 9, {}, USER)], NOW)
        assert [(each.event, each.state) for each in hooks.deliveries(tx)] == [("evt_8_0", DEAD), ("evt_9_0", WAITING)]


def test_a_claim_is_one_process_alone_until_it_lapses(database: Database) -> None:
    hooks = webhooks(answer_seconds=10)
    with database.transaction() as tx:
        hooks.subscribe(tx, URL, (), NOW)
        hooks.enqueue(tx, [withdrawn()], NOW)
    with database.transaction() as tx:
        (mine,) = hooks.claim(tx, NOW)
    with database.transaction() as tx:
        assert hooks.claim(tx, NOW + dt.timedelta(seconds=29)) == []
        (later,) = hooks.claim(tx, NOW + dt.timedelta(seconds=31))
        assert (later.event, later.body) == (mine.event, mine.body)
        hooks.failed(tx, mine, "too slow", NOW, None)
        assert [each.state for each in hooks.deliveries(tx)] == [WAITING], "who lost the claim still settled it"
        hooks.delivered(tx, later, "204", NOW)
        assert [(each.state, each.outcome) for each in hooks.deliveries(tx)] == [(DELIVERED, "204")]


def test_two_processes_on_one_server_claim_different_deliveries(postgresql_url: str) -> None:
    database, other = Database(postgresql_url), Database(postgresql_url)
    upgrade(database)
    hooks = webhooks(at_once=3)
    with database.transaction() as tx:
        hooks.subscribe(tx, URL, (), NOW)
        hooks.enqueue(tx, [withdrawn(number) for number in range(6)], NOW)
    with database.transaction() as one, other.transaction() as two:
        first = {each.event for each in hooks.claim(one, NOW)}
        second = {each.event for each in hooks.claim(two, NOW)}
    assert len(first) == len(second) == 3
    assert not first & second
    database.close()
    other.close()


def test_a_secret_that_was_replaced_signs_on_for_a_while(database: Database) -> None:
    hooks = webhooks(rotation_hours=24)
    with database.transaction() as tx:
        subscription, before = hooks.subscribe(tx, URL, (), NOW)
        after = hooks.rotate(tx, subscription, NOW)
        hooks.enqueue(tx, [withdrawn()], NOW)
        assert [each.secrets for each in hooks.claim(tx, NOW)] == [(after, before)]
        assert [each.secrets for each in hooks.claim(tx, NOW + dt.timedelta(hours=25))] == [(after,)]


def test_two_who_edit_at_once_do_not_overwrite_each_other(database: Database) -> None:
    hooks = webhooks()
    with database.transaction() as tx:
        read, _ = hooks.subscribe(tx, URL, (), NOW)
        changed = hooks.change(tx, read, url="https://other.example/", types=["keshou.user.erased"], names_users=True)
        assert (changed.url, changed.names_users, changed.version) == ("https://other.example/", True, 2)
        assert changed.types == {"keshou.user.erased"}
        with pytest.raises(SubscriptionChangedError):
            hooks.change(tx, read, active=False)
        with pytest.raises(SubscriptionChangedError):
            hooks.rotate(tx, read, NOW)


def test_a_receiver_that_is_removed_is_told_nothing_more(database: Database) -> None:
    hooks = webhooks()
    with database.transaction() as tx:
        subscription, _ = hooks.subscribe(tx, URL, (), NOW)
        hooks.enqueue(tx, [withdrawn()], NOW)
        hooks.remove(tx, subscription.id)
        assert hooks.subscriptions(tx) == []
        assert hooks.deliveries(tx) == []
        with pytest.raises(UnknownSubscriptionError):
            hooks.remove(tx, subscription.id)
        with pytest.raises(UnknownSubscriptionError):
            hooks.change(tx, subscription, active=False)


def test_dead_letters_are_shown_and_sent_again_and_others_are_not(database: Database) -> None:
    hooks = webhooks()
    with database.transaction() as tx:
        subscription, _ = hooks.subscribe(tx, URL, (), NOW)
        hooks.enqueue(tx, [withdrawn(7), withdrawn(8)], NOW)
        dead, living = hooks.claim(tx, NOW)
        hooks.failed(tx, dead, "500", NOW, None)
        hooks.delivered(tx, living, "204", NOW)
        (shown,) = hooks.deliveries(tx, subscription=subscription.id, state=DEAD)
        assert (shown.event, shown.tries, shown.outcome) == ("evt_7_0", 1, "500")
        hooks.redeliver(tx, shown.number, NOW)
        assert [each.event for each in hooks.claim(tx, NOW)] == ["evt_7_0"]
        for number in (shown.number, living.number, 99):
            with pytest.raises(UnknownDeliveryError):
                hooks.redeliver(tx, number, NOW)


def test_deliveries_are_listed_page_by_page(database: Database) -> None:
    hooks = webhooks()
    with database.transaction() as tx:
        hooks.subscribe(tx, URL, (), NOW)
        hooks.enqueue(tx, [withdrawn(number) for number in range(5)], NOW)
        first = hooks.deliveries(tx, most=3)
        second = hooks.deliveries(tx, most=3, after=first[-1].number)
    assert [each.event for each in [*first, *second]] == [f"evt_{number}_0" for number in range(5)]


def test_what_was_told_is_kept_for_its_days_and_what_waits_until_it_is_told(database: Database) -> None:
    hooks = webhooks(keep_days=30)
    with database.transaction() as tx:
        hooks.subscribe(tx, URL, (), NOW)
        hooks.enqueue(tx, [withdrawn(7), withdrawn(8)], NOW)
        told, _ = hooks.claim(tx, NOW)
        hooks.delivered(tx, told, "204", NOW)
        assert hooks.forget_old(tx, NOW + dt.timedelta(days=30)) == 0
        assert hooks.forget_old(tx, NOW + dt.timedelta(days=31)) == 1
        assert [each.event for each in hooks.deliveries(tx)] == ["evt_8_0"]


def test_what_is_no_receiver_or_no_type_is_refused(database: Database) -> None:
    hooks = webhooks()
    with database.transaction() as tx:
        with pytest.raises(AddressRefusedError):
            hooks.subscribe(tx, "http://crm.example/", (), NOW)
        with pytest.raises(UnknownEventTypeError):
            hooks.subscribe(tx, URL, ["keshou.everything"], NOW)
        read, _ = hooks.subscribe(tx, URL, (), NOW)
        with pytest.raises(AddressRefusedError):
            hooks.change(tx, read, url="https://10.0.0.1/")
        assert [each.url for each in hooks.subscriptions(tx)] == [URL]
