# SPDX-License-Identifier: Apache-2.0
"""Who is told of what, and what waits to be told: written in the transaction of what it tells of."""

import datetime as dt
import secrets
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from keshou.db import Transaction, from_micros, metadata, to_micros
from keshou.suite import INTERNATIONAL, Suite
from keshou.webhooks import address, message
from keshou.webhooks.delivery import ALTERED, DEAD, DELIVERED, WAITING, Claimed, Delivery, Subscription
from keshou.webhooks.errors import (
    OutboxTamperedError,
    SubscriptionChangedError,
    UnknownDeliveryError,
    UnknownEventTypeError,
    UnknownSubscriptionError,
)
from keshou.webhooks.events import ERASED, TRIAL, TYPES, Event
from keshou.webhooks.seal import Seal
from keshou.webhooks.settings import WebhookSettings
from keshou.webhooks.turns import Turns

subscription_table = sa.Table(
    "webhook_subscription",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("types", sa.Text, nullable=False),
    sa.Column("names_users", sa.Boolean, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("former", sa.LargeBinary, nullable=False),
    sa.Column("former_until", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
)
delivery_table = sa.Table(
    "webhook_delivery",
    metadata,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("subscription", sa.String(32), nullable=False),
    sa.Column("event", sa.String(64), nullable=False),
    sa.Column("type", sa.String(64), nullable=False),
    sa.Column("user_ref", sa.String(32), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.String(9), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("due_at", sa.BigInteger, nullable=False),
    sa.Column("claimed_until", sa.BigInteger, nullable=False),
    sa.Column("outcome", sa.String(40), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("changed_at", sa.BigInteger, nullable=False),
    sa.Index("webhook_delivery_due", "subscription", "state", "due_at"),
    sa.Index("webhook_delivery_subscription", "subscription", "number"),
    sa.Index("webhook_delivery_user_ref", "user_ref"),
)
_s, _d = subscription_table.c, delivery_table.c

_COLUMNS = (
    "subscription", "event", "type", "body", "state", "user_ref", "tries", "due_at", "claimed_until", "outcome",
    "created_at", "changed_at",
)  # fmt: skip

_CLAIM_FACTOR = 3
"""Times `answer_seconds` for which a delivery is one process's alone."""
_ID_BYTES = 12


class Webhooks:
    """Subscriptions and the outbox of one site. `secret` has 32 bytes; `source` names the site in every event."""

    def __init__(
        self, secret: bytes, source: str, settings: WebhookSettings | None = None, suite: Suite = INTERNATIONAL
    ) -> None:
        self.settings = settings or WebhookSettings()
        self._source = source
        self._seal = Seal(secret, suite)

    # Subscriptions ---------------------------------------------------------------------------------------------

    def subscribe(
        self, tx: Transaction, url: str, types: Collection[str], now: dt.datetime, *, names_users: bool = False
    ) -> tuple[Subscription, str]:
        """Add a receiver; return it and its secret, which is shown this once.

        Raises:
            AddressRefusedError: `url` is no address that may be told.
            UnknownEventTypeError: one of `types` is none.

        """
        address.check(url, private=self.settings.allow_private)
        _refuse_unknown(types)
        id_, secret = f"sub_{secrets.token_hex(_ID_BYTES)}", message.new_secret()
        row = {
            "id": id_, "url": url, "types": _joined(types), "names_users": names_users, "active": True,
            "secret": self._seal.close(secret.encode(), id_), "former": b"", "former_until": 0,
            "created_at": to_micros(now), "version": 1,
        }  # fmt: skip
        tx.execute(sa.insert(subscription_table).values(row))
        return self.subscription(tx, id_), secret

    def subscriptions(self, tx: Transaction) -> list[Subscription]:
        """Return every receiver, oldest first."""
        found = tx.execute(sa.select(subscription_table).order_by(_s.created_at, _s.id))
        return [_subscription(row) for row in found]

    def subscription(self, tx: Transaction, id_: str) -> Subscription:
        """Return one receiver.

        Raises:
            UnknownSubscriptionError: there is none of this id.

        """
        row = tx.execute(sa.select(subscription_table).where(_s.id == id_)).first()
        if row is None:
            raise UnknownSubscriptionError
        return _subscription(row)

    def change(
        self,
        tx: Transaction,
        before: Subscription,
        *,
        url: str | None = None,
        types: Collection[str] | None = None,
        names_users: bool | None = None,
        active: bool | None = None,
    ) -> Subscription:
        """Change a receiver from what was read; what is not given stays.

        What waits goes to the new address. Events before are not told again for a new type.

        Raises:
            AddressRefusedError: `url` is no address that may be told.
            UnknownEventTypeError: one of `types` is none.
            SubscriptionChangedError: it is not what was read any more.

        """
        values: dict[str, Any] = {"version": before.version + 1}
        if url is not None:
            address.check(url, private=self.settings.allow_private)
            values["url"] = url
        if types is not None:
            _refuse_unknown(types)
            values["types"] = _joined(types)
        values |= {} if names_users is None else {"names_users": names_users}
        values |= {} if active is None else {"active": active}
        self._update(tx, before, values)
        return self.subscription(tx, before.id)

    def rotate(self, tx: Transaction, before: Subscription, now: dt.datetime) -> str:
        """Give a receiver a new secret and return it; the one before signs too for `rotation_hours`.

        Raises:
            SubscriptionChangedError: it is not what was read any more.

        """
        secret = message.new_secret()
        until = now + dt.timedelta(hours=self.settings.rotation_hours)
        values = {
            "former": _s.secret, "former_until": to_micros(until), "version": before.version + 1,
            "secret": self._seal.close(secret.encode(), before.id),
        }  # fmt: skip
        self._update(tx, before, values)
        return secret

    def remove(self, tx: Transaction, id_: str) -> None:
        """Tell a receiver nothing more, and drop what waits for it.

        Raises:
            UnknownSubscriptionError: there is none of this id.

        """
        if tx.execute(sa.delete(subscription_table).where(_s.id == id_)).rowcount == 0:
            raise UnknownSubscriptionError
        tx.execute(sa.delete(delivery_table).where(_d.subscription == id_))

    def _update(self, tx: Transaction, before: Subscription, values: dict[str, Any]) -> None:
        mine = (_s.id == before.id) & (_s.version == before.version)
        if tx.execute(sa.update(subscription_table).where(mine).values(values)).rowcount == 0:
            self.subscription(tx, before.id)
            raise SubscriptionChangedError

    # The outbox ------------------------------------------------------------------------------------------------

    def enqueue(self, tx: Transaction, events: Sequence[Event], now: dt.datetime) -> int:
        """Put `events` into the outbox for every receiver that asked for them; return how many deliveries wait now.

        Call it in the transaction of what the events tell of: both are committed, or neither. When a user is erased,
        what is still there about that user goes, and only the erasure is told.
        """
        if not events:
            return 0
        for event in events:
            if event.type == ERASED:
                tx.execute(sa.delete(delivery_table).where(_d.user_ref == self._ref(event.user)))
        receivers = [each for each in self.subscriptions(tx) if each.active]
        rows = [
            self._row(event, receiver, to_micros(now))
            for event in events
            for receiver in receivers
            if not receiver.types or event.type in receiver.types
        ]
        tx.insert(delivery_table, _COLUMNS, rows)
        return len(rows)

    def send_trial(self, tx: Transaction, id_: str, now: dt.datetime) -> str:
        """Put an event that tells of nothing into the outbox for one receiver; return the event's id.

        Raises:
            UnknownSubscriptionError: there is none of this id, or it is told nothing now.

        """
        receiver = self.subscription(tx, id_)
        if not receiver.active:
            raise UnknownSubscriptionError
        event = Event(f"evt_trial_{secrets.token_hex(_ID_BYTES)}", TRIAL, now, -1, {})
        tx.insert(delivery_table, _COLUMNS, [self._row(event, receiver, to_micros(now))])
        return event.id

    def anybody(self, tx: Transaction) -> bool:
        """Say whether there is any receiver, paused ones too: what waits for them goes with an erased user."""
        return bool(tx.ask("SELECT 1 FROM webhook_subscription LIMIT 1"))

    def _row(self, event: Event, receiver: Subscription, now: int) -> tuple[Any, ...]:
        user = event.user
        if user and not receiver.names_users:
            user = self._seal.pseudonym(receiver.id, user)
        body = self._seal.close(message.body_of(event, self._source, user), f"{receiver.id} {event.id}")
        ref = self._ref(event.user)
        return receiver.id, event.id, event.type, body, WAITING, ref, 0, now, 0, "", now, now

    def _ref(self, user: str) -> str:
        return self._seal.pseudonym("", user) if user else ""

    def due(self, tx: Transaction, now: dt.datetime, turns: Turns | None = None) -> bool:
        """Say whether something is to be delivered now, to a receiver whose turn it may be."""
        due = _is_waiting(to_micros(now)) & _d.subscription.in_(self._with_room(tx, turns or Turns()))
        return tx.execute(sa.select(_d.number).where(due).limit(1)).first() is not None

    def _with_room(self, tx: Transaction, turns: Turns) -> list[str]:
        """Return the receivers that may be told something more now."""
        active = tx.execute(sa.select(_s.id).where(_s.active)).scalars()
        return [each for each in active if turns.room(each, self.settings)]

    def claim(self, tx: Transaction, now: dt.datetime, turns: Turns | None = None) -> list[Claimed]:
        """Take deliveries that are due; until they are settled or the claim lapses they are nobody else's.

        `turns` says what is under way, and so how many of each receiver may be taken. What is not what was put there
        dies at once and is not sent; the others are.
        """
        moment = to_micros(now)
        until = moment + round(_CLAIM_FACTOR * self.settings.answer_seconds * 1_000_000)
        numbers = self._next(tx, moment, turns or Turns())
        if not numbers:
            return []
        tx.execute(sa.update(delivery_table).where(_d.number.in_(numbers)).values(claimed_until=until))
        joined = delivery_table.join(subscription_table, _d.subscription == _s.id)
        found = tx.execute(
            sa.select(delivery_table, _s.url, _s.secret, _s.former, _s.former_until)
            .select_from(joined)
            .where(_d.number.in_(numbers))
            .order_by(_d.number)
        )
        claimed = [self._claimed(row, moment, until) for row in found]
        for each in claimed:
            if not each.body:
                self.failed(tx, each, ALTERED, now, None)
        return [each for each in claimed if each.body]

    def _next(self, tx: Transaction, moment: int, turns: Turns) -> list[int]:
        """Return the numbers of what is to be tried now, the oldest of each receiver."""
        waiting = {}
        for receiver in self._with_room(tx, turns):
            due = (_d.subscription == receiver) & _is_waiting(moment)
            wanted = sa.select(_d.number).where(due).order_by(_d.due_at, _d.number)
            # PostgreSQL: who comes second takes other rows. SQLite: a writing transaction has the database to itself.
            wanted = wanted.limit(turns.room(receiver, self.settings)).with_for_update(skip_locked=True)
            waiting[receiver] = tx.execute(wanted).scalars().all()
        return turns.share(waiting, self.settings)

    def _claimed(self, row: Any, moment: int, until: int) -> Claimed:
        """Return a delivery opened; without body and secrets when they are not what was put there."""
        sealed = [row.secret, *([row.former] if row.former_until > moment else [])]
        try:
            opened = tuple(self._seal.open(each, row.subscription).decode() for each in sealed)
            body = self._seal.open(row.body, f"{row.subscription} {row.event}")
        except OutboxTamperedError:
            opened, body = (), b""
        return Claimed(row.number, row.subscription, row.event, row.url, body, opened, row.tries, until)

    def delivered(self, tx: Transaction, claimed: Claimed, outcome: str, now: dt.datetime) -> None:
        """Write down that a receiver took it; what it was told is dropped here."""
        self._settle(tx, claimed, now, state=DELIVERED, outcome=outcome, body=b"", user_ref="")

    def failed(
        self, tx: Transaction, claimed: Claimed, outcome: str, now: dt.datetime, wait: dt.timedelta | None
    ) -> None:
        """Write down that it did not; try again after `wait`, or never (None): then it is a dead letter."""
        due = now if wait is None else now + wait
        state = DEAD if wait is None else WAITING
        self._settle(tx, claimed, now, state=state, outcome=outcome, due_at=to_micros(due))

    def gone(self, tx: Transaction, claimed: Claimed, outcome: str, now: dt.datetime) -> None:
        """Write down that the receiver wants nothing more: it is told nothing until somebody sets it active again."""
        self.failed(tx, claimed, outcome, now, None)
        values = {"active": False, "version": _s.version + 1}
        tx.execute(sa.update(subscription_table).where(_s.id == claimed.subscription).values(values))

    def _settle(self, tx: Transaction, claimed: Claimed, now: dt.datetime, **values: Any) -> None:
        mine = (_d.number == claimed.number) & (_d.claimed_until == claimed.claim)
        told = {"tries": claimed.tries + 1, "claimed_until": 0, "changed_at": to_micros(now), **values}
        tx.execute(sa.update(delivery_table).where(mine).values(told))

    # Looking after it ------------------------------------------------------------------------------------------

    def deliveries(
        self, tx: Transaction, *, subscription: str = "", state: str = "", after: int = 0, most: int = 100
    ) -> list[Delivery]:
        """Return deliveries by number, those after `after`, of one receiver or state when it is given."""
        wanted = sa.select(delivery_table).where(_d.number > after).order_by(_d.number).limit(most)
        wanted = wanted.where(_d.subscription == subscription) if subscription else wanted
        wanted = wanted.where(_d.state == state) if state else wanted
        return [_delivery(row) for row in tx.execute(wanted)]

    def redeliver(self, tx: Transaction, number: int, now: dt.datetime) -> None:
        """Try a dead letter again, from the beginning; its event keeps its id.

        Raises:
            UnknownDeliveryError: there is no dead letter of this number.

        """
        values = {"state": WAITING, "tries": 0, "due_at": to_micros(now), "changed_at": to_micros(now)}
        dead = (_d.number == number) & (_d.state == DEAD)
        if tx.execute(sa.update(delivery_table).where(dead).values(values)).rowcount == 0:
            raise UnknownDeliveryError

    def forget_old(self, tx: Transaction, now: dt.datetime) -> int:
        """Drop what was delivered or died more than `keep_days` ago, or waits so long for one who is told nothing now.

        Returns how many were dropped.
        """
        until = to_micros(now - dt.timedelta(days=self.settings.keep_days))
        old = (_d.changed_at < until) & ((_d.state != WAITING) | _d.subscription.not_in(_active()))
        return int(tx.execute(sa.delete(delivery_table).where(old)).rowcount)


def _is_waiting(moment: int) -> sa.ColumnElement[bool]:
    return (_d.state == WAITING) & (_d.due_at <= moment) & (_d.claimed_until <= moment)


def _active() -> sa.Select[tuple[str]]:
    return sa.select(_s.id).where(_s.active)


def _refuse_unknown(types: Collection[str]) -> None:
    if set(types) - TYPES:
        raise UnknownEventTypeError


def _joined(types: Collection[str]) -> str:
    return " ".join(sorted(set(types)))


def _subscription(row: Any) -> Subscription:
    types = frozenset(row.types.split())
    return Subscription(row.id, row.url, types, row.names_users, row.active, from_micros(row.created_at), row.version)


def _delivery(row: Any) -> Delivery:
    return Delivery(
        row.number, row.subscription, row.event, row.type, row.state, row.tries,
        from_micros(row.due_at), row.outcome, from_micros(row.created_at),
    )  # fmt: skip
