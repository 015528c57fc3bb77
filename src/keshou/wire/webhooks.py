# SPDX-License-Identifier: Apache-2.0
"""Webhooks over the wire: who is told of what, and what became of telling."""

import datetime as dt
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from keshou.webhooks.delivery import DEAD, DELIVERED, WAITING, Delivery, Subscription
from keshou.webhooks.events import TYPES

Url = Annotated[
    str,
    Meta(
        min_length=1, max_length=2048, pattern=r"^https?://[!-~]+$(?!\n)", description="E.g. https://crm.example/hook."
    ),
]
EventType = StrEnum("EventType", {each.replace(".", "_"): each for each in sorted(TYPES)})  # type: ignore[misc]
"""Types of event that can be asked for."""
Types = Annotated[list[EventType], Meta(max_length=64, description="Empty: every type.")]


class DeliveryState(StrEnum):
    """What became of telling one event to one receiver."""

    WAITING = WAITING
    DELIVERED = DELIVERED
    DEAD = DEAD


class WantedState(StrEnum):
    """Which deliveries are asked for."""

    ALL = "all"
    WAITING = WAITING
    DELIVERED = DELIVERED
    DEAD = DEAD


class SubscribeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A receiver to be told."""

    url: Url
    types: Types = []
    names_users: bool = False
    """Whether it is told the operator's own ids of users; else a pseudonym that is its own."""


class ChangeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change of a receiver; what is not named stays."""

    url: Url | None = None
    types: Types | None = None
    names_users: bool | None = None
    active: bool | None = None
    """False: it is told nothing meanwhile, and what happens meanwhile is not told later."""


class SubscriptionShape(msgspec.Struct, frozen=True, kw_only=True):
    """A receiver."""

    id: str
    url: str
    types: list[str]
    names_users: bool
    active: bool
    created: dt.datetime
    version: int
    """Counts its changes; the ETag carries it."""


class SubscribedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A receiver, and the secret that signs what it is told, shown this once."""

    subscription: SubscriptionShape
    secret: str


class DeliveryShape(msgspec.Struct, frozen=True, kw_only=True):
    """One event for one receiver; what it tells is shown to nobody but the receiver."""

    number: int
    event: str
    type: str
    state: DeliveryState
    tries: int
    due: dt.datetime
    """When it is tried next, while it waits."""
    outcome: str
    """What the last try came to: an HTTP status, or words for what failed; empty before the first."""
    created: dt.datetime


class AddressedShape(DeliveryShape, frozen=True, kw_only=True):
    """One event, and whom it is for."""

    webhook: str
    """Id of the receiver."""


class TrialAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An event that tells of nothing is on its way."""

    event: str
    """Its id, as in `webhook-id` and in the list of deliveries."""


def subscription_shape(found: Subscription) -> SubscriptionShape:
    """Return a receiver as it is told."""
    return SubscriptionShape(
        id=found.id, url=found.url, types=sorted(found.types), names_users=found.names_users, active=found.active,
        created=found.created_at, version=found.version,
    )  # fmt: skip


def addressed_shape(found: Delivery) -> AddressedShape:
    """Return a delivery as it is told among those of other receivers."""
    return AddressedShape(**msgspec.structs.asdict(delivery_shape(found)), webhook=found.subscription)


def delivery_shape(found: Delivery) -> DeliveryShape:
    """Return a delivery as it is told."""
    return DeliveryShape(
        number=found.number, event=found.event, type=found.type, state=DeliveryState(found.state), tries=found.tries,
        due=found.due_at, outcome=found.outcome, created=found.created_at,
    )  # fmt: skip
