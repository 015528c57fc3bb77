# SPDX-License-Identifier: Apache-2.0
"""What is refused about subscriptions and deliveries."""

from keshou.errors import InputError, IntegrityError, KeshouError


class WebhookError(KeshouError):
    """Something about subscriptions or deliveries."""


class AddressRefusedError(WebhookError, InputError):
    """The address may not be told anything: it is no https address, or lies inside a network of one's own."""


class UnknownEventTypeError(WebhookError, InputError):
    """A type of event that is never told of."""

    def __init__(self) -> None:
        super().__init__("there is no such type of event", hint="docs/how-to/take-webhooks.md has them all")


class UnknownSubscriptionError(WebhookError):
    """There is no such subscription."""

    def __init__(self) -> None:
        super().__init__("there is no such subscription", hint="list them first")


class UnknownDeliveryError(WebhookError):
    """There is no such delivery, or none that can be sent again."""

    def __init__(self) -> None:
        super().__init__("there is no such dead letter", hint="list the dead ones first")


class SubscriptionChangedError(WebhookError):
    """Somebody else changed the subscription since it was read."""

    def __init__(self) -> None:
        super().__init__("the subscription was changed since it was read", hint="read it again, then decide anew")


class OutboxTamperedError(WebhookError, IntegrityError):
    """What lies in the outbox is not what was put there."""

    def __init__(self) -> None:
        super().__init__("what waits to be told is not what was written", hint="restore the database from a backup")
