# SPDX-License-Identifier: Apache-2.0
"""Receivers are told until they take it: signed, as CloudEvents, whatever they do meanwhile."""

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import sqlalchemy as sa
from certificates import self_signed
from cloudevents.core.bindings.http import HTTPMessage, from_structured
from cloudevents.core.formats.json import JSONFormat
from hypothesis import given
from hypothesis import strategies as st
from receivers import Answer, Receiver, break_off, drip, receiving, status, take
from standardwebhooks import WebhookVerificationError

from keshou.app import clock
from keshou.db import Database
from keshou.errors import UnreachableError
from keshou.webhooks import deliver
from keshou.webhooks.address import Target, resolve
from keshou.webhooks.deliver import Messenger, wait_after
from keshou.webhooks.delivery import DEAD, DELIVERED, WAITING, Delivery
from keshou.webhooks.events import Event
from keshou.webhooks.settings import WebhookSettings
from keshou.webhooks.store import Webhooks, subscription_table

SECRET = bytes(range(32))
SOURCE = "keshou/00112233445566aa"


class Moment:
    """The present, which a test moves on."""

    def __init__(self) -> None:
        self.passed = dt.timedelta()

    def __call__(self) -> dt.datetime:
        return clock.now() + self.passed


class Post:
    """An outbox, its messenger, and one receiver that is told of everything."""

    def __init__(self, database: Database, url: str, **settings: object) -> None:
        chosen = {"allow_private": True, "answer_seconds": 0.5, "tries": 4, **settings}
        self.hooks = Webhooks(SECRET, SOURCE, WebhookSettings(**chosen))  # type: ignore[arg-type]
        self.database = database
        self.now = Moment()
        self.messenger = Messenger(self.hooks, database.transaction, database.reading, self.now)
        with database.transaction() as tx:
            self.subscription, self.secret = self.hooks.subscribe(tx, url, (), self.now(), names_users=True)

    def enqueue(self, count: int = 1) -> None:
        happened = dt.datetime(2026, 3, 2, 2, 0, tzinfo=dt.UTC)
        events = [
            Event(f"evt_{number}_0", "keshou.consent.withdrawn", happened, number, {"purpose": "service"}, "u1")
            for number in range(count)
        ]
        with self.database.transaction() as tx:
            self.hooks.enqueue(tx, events, self.now())

    def deliver_later(self) -> int:
        """Deliver what is due when the longest wait is over."""
        self.now.passed += dt.timedelta(days=1)
        return self.messenger.deliver()

    def shown(self) -> list[Delivery]:
        with self.database.reading() as tx:
            return self.hooks.deliveries(tx)


Made = Callable[..., tuple[Post, Receiver]]


@pytest.fixture
def post(database: Database) -> Iterator[Made]:
    """Make an outbox with a receiver."""
    with receiving() as receiver:
        yield lambda **settings: (Post(database, receiver.url, **settings), receiver)


def test_what_is_told_is_a_cloud_event_whose_signature_holds(post: Made) -> None:
    sender, receiver = post()
    sender.enqueue()
    assert sender.messenger.deliver() == 1
    (told,) = receiver.told
    assert receiver.verified(sender.secret)["id"] == told.headers["webhook-id"] == "evt_0_0"
    event = from_structured(HTTPMessage(told.headers, told.body), JSONFormat())
    assert event.get_specversion() == "1.0"
    assert event.get_type() == "keshou.consent.withdrawn"
    assert event.get_source() == SOURCE
    assert event.get_subject() == "u1"
    assert event.get_time() == dt.datetime(2026, 3, 2, 2, 0, tzinfo=dt.UTC)
    assert event.get_data() == {"entry": 0, "purpose": "service"}
    assert told.headers["content-type"].startswith("application/cloudevents+json")
    assert told.path == "/hook?of=crm"
    assert told.headers["host"] == receiver.url.split("/")[2]
    assert [(each.state, each.outcome, each.tries) for each in sender.shown()] == [(DELIVERED, "204", 1)]


def test_a_signature_is_no_other_receivers_and_no_other_bodys(post: Made) -> None:
    sender, receiver = post()
    sender.enqueue()
    sender.messenger.deliver()
    with pytest.raises(WebhookVerificationError):
        receiver.verified("whsec_" + "A" * 43 + "=")
    receiver.told[0] = receiver.told[0]._replace(body=receiver.told[0].body.replace(b"u1", b"u2"))
    with pytest.raises(WebhookVerificationError):
        receiver.verified(sender.secret)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (status(500), "500"),
        (status(429), "429"),
        (status(302, Location="/elsewhere"), "302"),
        (status(307, Location="http://169.254.169.254/"), "307"),
        (break_off, "broken off"),
    ],
)
def test_what_fails_is_told_again_with_the_same_id_and_body_until_it_is_taken(
    post: Made, answer: Answer, outcome: str
) -> None:
    sender, receiver = post()
    receiver.plan = [answer, answer]
    sender.enqueue()
    assert sender.messenger.deliver() == 1
    assert [(each.state, each.outcome) for each in sender.shown()] == [(WAITING, outcome)]
    assert sender.messenger.deliver() == 0, "it was tried again at once"
    assert sender.deliver_later() == 1
    assert sender.deliver_later() == 1
    assert sender.deliver_later() == 0
    assert len({(told.headers["webhook-id"], told.body) for told in receiver.told}) == 1
    assert [told.path for told in receiver.told] == ["/hook?of=crm"] * 3, "a redirect was followed"
    assert [(each.state, each.tries) for each in sender.shown()] == [(DELIVERED, 3)]


@pytest.mark.parametrize("slow", ["silent", "dripping"])
def test_who_hangs_is_left_and_holds_up_nobody_else(post: Made, slow: str) -> None:
    sender, receiver = post()
    stop = threading.Event()

    def wait(_request: object) -> None:
        stop.wait(30)

    receiver.plan = [wait if slow == "silent" else drip(stop)]
    sender.enqueue(5)
    assert sender.messenger.deliver() == 5
    stop.set()
    assert sorted(each.outcome for each in sender.shown()) == ["204"] * 4 + ["too slow"]


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """Tell a receiver that hangs that it is over."""
    over = threading.Event()
    yield over
    over.set()


@pytest.fixture
def silent(over: threading.Event) -> Iterator[Receiver]:
    """Give a receiver that lets everybody wait until it is over."""

    def wait(request: BaseHTTPRequestHandler) -> None:
        over.wait(60)
        take(request)

    with receiving() as receiver:
        receiver.plan = [wait] * 100
        yield receiver


def test_one_silent_receiver_does_not_hold_up_another_however_much_waits_for_it(
    post: Made, silent: Receiver, over: threading.Event
) -> None:
    sender, receiver = post(poll_seconds=60, answer_seconds=40, at_once=6)
    with sender.database.transaction() as tx:
        hangs, _ = sender.hooks.subscribe(tx, silent.url, (), sender.now())
    sender.enqueue(40)
    sender.messenger.start()
    receiver.wait(40)
    sender.enqueue(1)
    sender.messenger.wake()
    receiver.wait(41)
    assert len(silent.told) == sender.hooks.settings.at_once_each
    assert {(each.state, each.tries) for each in sender.shown() if each.subscription == hangs.id} == {(WAITING, 0)}
    over.set()
    sender.messenger.close()


def test_who_is_asked_again_and_again_and_does_not_answer_is_asked_one_event_at_a_time(
    post: Made, silent: Receiver
) -> None:
    sender, _ = post(answer_seconds=0.3, tries=1)
    with sender.database.transaction() as tx:
        sender.hooks.change(tx, sender.subscription, url=silent.url)
    sender.enqueue(6)
    began = time.monotonic()
    assert sender.messenger.deliver() == 6
    assert time.monotonic() - began >= 3 * 0.3, "four at once, then one, then one"
    assert {each.outcome for each in sender.shown()} == {"too slow"}


def test_who_is_not_there_is_tried_again(database: Database) -> None:
    sender = Post(database, "http://127.0.0.1:9/hook")
    sender.enqueue()
    sender.messenger.deliver()
    assert [(each.state, each.outcome) for each in sender.shown()] == [(WAITING, "no connection")]


def test_after_enough_tries_it_is_a_dead_letter_that_can_be_sent_again(post: Made) -> None:
    sender, receiver = post(tries=3)
    receiver.plan = [status(500)] * 3
    sender.enqueue()
    assert [sender.deliver_later() for _ in range(5)] == [1, 1, 1, 0, 0]
    (dead,) = sender.shown()
    assert (dead.state, dead.tries, dead.outcome) == (DEAD, 3, "500")
    with sender.database.transaction() as tx:
        sender.hooks.redeliver(tx, dead.number, sender.now())
    assert sender.messenger.deliver() == 1
    assert [each.state for each in sender.shown()] == [DELIVERED]
    assert {told.headers["webhook-id"] for told in receiver.told} == {"evt_0_0"}


def test_who_is_gone_for_good_is_told_nothing_until_set_active_again(post: Made) -> None:
    sender, receiver = post()
    receiver.plan = [status(410)]
    sender.enqueue()
    sender.messenger.deliver()
    assert [each.state for each in sender.shown()] == [DEAD]
    sender.enqueue()
    assert sender.deliver_later() == 0
    assert len(receiver.told) == 1


def test_the_network_of_ones_own_is_not_told_without_the_setting(database: Database) -> None:
    with receiving() as receiver:
        sender = Post(database, receiver.url)
        guarded = Webhooks(SECRET, SOURCE, WebhookSettings(tries=2))
        sender.enqueue()
        Messenger(guarded, database.transaction, database.reading, sender.now).deliver()
        assert receiver.told == []
    assert [(each.state, each.outcome) for each in sender.shown()] == [(WAITING, "address refused")]


@pytest.mark.parametrize("address", ["https://crm..example/hook", "https://" + "a" * 64 + ".example/hook"])
def test_one_address_that_cannot_be_asked_stops_nobody_else(post: Made, address: str) -> None:
    sender, receiver = post(tries=2, answer_seconds=20)
    with sender.database.transaction() as tx:
        bad, _ = sender.hooks.subscribe(tx, "https://crm.example/hook", (), sender.now())
        kept_before = sa.update(subscription_table).where(subscription_table.c.id == bad.id).values(url=address)
        tx.execute(kept_before)
    sender.enqueue(3)
    assert sender.messenger.deliver() == 6
    assert len(receiver.told) == 3
    ends = sorted((each.subscription == bad.id, each.state, each.outcome) for each in sender.shown())
    assert ends == [(False, DELIVERED, "204")] * 3 + [(True, WAITING, "address refused")] * 3
    sender.deliver_later()
    assert {each.state for each in sender.shown() if each.subscription == bad.id} == {DEAD}, "it is tried for ever"


def test_what_nobody_foresaw_of_one_receiver_stops_nobody_else(post: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    sender, receiver = post(tries=2, answer_seconds=20)
    with sender.database.transaction() as tx:
        odd, _ = sender.hooks.subscribe(tx, "https://odd.example/hook", (), sender.now())

    def resolved(url: str, *, private: bool) -> Target:
        if "odd" in url:
            raise RuntimeError
        return resolve(url, private=private)

    monkeypatch.setattr(deliver, "resolve", resolved)
    sender.enqueue()
    assert sender.messenger.deliver() == 2
    assert len(receiver.told) == 1
    assert {each.outcome for each in sender.shown() if each.subscription == odd.id} == {"failed"}


def test_over_tls_the_certificate_must_be_of_an_authority_that_is_trusted(database: Database, tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    with receiving(certificate) as receiver:
        doubting = Post(database, receiver.url, answer_seconds=20)
        doubting.enqueue()
        doubting.messenger.deliver()
        assert receiver.told == []
        assert [(each.state, each.outcome) for each in doubting.shown()] == [(WAITING, "no connection")]
        settings = WebhookSettings(allow_private=True, certificates=str(certificate[0]))
        trusting = Messenger(Webhooks(SECRET, SOURCE, settings), database.transaction, database.reading, doubting.now)
        doubting.now.passed += dt.timedelta(days=1)
        trusting.deliver()
        assert [each.outcome for each in doubting.shown()] == ["204"]


def test_over_tls_the_certificate_must_be_the_names(database: Database, tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    with receiving(certificate, "127.0.0.2", "127.0.0.2") as receiver:
        sender = Post(database, receiver.url, answer_seconds=20, certificates=str(certificate[0]))
        sender.enqueue()
        sender.messenger.deliver()
        assert receiver.told == []
    assert [(each.state, each.outcome) for each in sender.shown()] == [(WAITING, "no connection")]


def test_a_messenger_delivers_by_itself_and_stops_when_told(post: Made) -> None:
    sender, receiver = post(poll_seconds=60, answer_seconds=20)
    sender.messenger.start()
    sender.enqueue(40)
    sender.messenger.wake()
    receiver.wait(40)
    sender.messenger.close()
    assert {each.state for each in sender.shown()} == {DELIVERED}


def test_after_two_years_nothing_is_kept_of_what_was_told_died_or_waited_for_one_who_is_paused(post: Made) -> None:
    sender, receiver = post(tries=1, poll_seconds=60)
    receiver.plan = [status(500)]
    sender.enqueue(1)
    sender.messenger.deliver()
    sender.enqueue(1)
    sender.messenger.deliver()
    sender.enqueue(1)
    with sender.database.transaction() as tx:
        sender.hooks.change(tx, sender.subscription, active=False)
    assert sorted(each.state for each in sender.shown()) == [DEAD, DELIVERED, WAITING]
    sender.now.passed = dt.timedelta(days=730)
    sender.messenger.tidy()
    assert sender.shown() == []


def test_many_messengers_tell_each_event_once_when_all_goes_well(post: Made) -> None:
    sender, receiver = post(poll_seconds=0.01, at_once=3, answer_seconds=20)
    others = [Messenger(sender.hooks, sender.database.transaction, sender.database.reading, sender.now)
              for _ in range(3)]  # fmt: skip
    sender.enqueue(30)
    for each in others:
        each.start()
    receiver.wait(30)
    for each in others:
        each.close()
    assert sorted(told.headers["webhook-id"] for told in receiver.told) == sorted(f"evt_{n}_0" for n in range(30))


def test_a_messenger_outlives_a_database_that_is_away_for_a_while(post: Made) -> None:
    sender, receiver = post(poll_seconds=0.01)
    away = threading.Event()
    away.set()
    seen = threading.Event()

    def reading() -> object:
        if away.is_set():
            seen.set()
            raise UnreachableError("the database does not answer")
        return sender.database.reading()

    messenger = Messenger(sender.hooks, sender.database.transaction, reading, sender.now)  # type: ignore[arg-type]
    messenger.start()
    sender.enqueue()
    assert seen.wait(30)
    away.clear()
    receiver.wait(1)
    messenger.close()


@given(st.integers(min_value=1, max_value=40))
def test_waits_grow_and_stay_within_what_the_settings_say(tries: int) -> None:
    settings = WebhookSettings(tries=30, first_wait_seconds=5, longest_wait_seconds=3600)
    wait = wait_after(tries, settings)
    if tries >= 30:
        assert wait is None
        return
    assert wait is not None
    middle = min(3600.0, 5.0 * 2 ** (tries - 1))
    assert middle / 2 <= wait.total_seconds() <= middle * 1.5
