# SPDX-License-Identifier: Apache-2.0
"""Who of the operator's other systems is told what became true, and what became of telling them."""

from collections.abc import Sequence
from typing import Annotated

from litestar import Response, Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter, RawBody

from keshou.app.site import Site
from keshou.db import Transaction
from keshou.declaration.model import Office
from keshou.web.api.asked import Requested, answer, read
from keshou.web.api.paged import USUAL, Cursor, Limit, NumberCursor, Page, page
from keshou.web.described import told
from keshou.web.entitled import require
from keshou.web.errors import NotFoundError
from keshou.web.etag import IfMatch, etag, refuse_other
from keshou.web.idempotency import IdempotencyKey, Sent, answer_once
from keshou.webhooks.delivery import Delivery, Subscription
from keshou.wire import webhooks as w
from keshou.wire.caller import Caller

WebhookId = Annotated[str, PathParameter(pattern="^sub_[0-9a-f]{24}$")]
Number = Annotated[int, PathParameter(ge=1, le=2**53 - 1)]
State = Annotated[w.WantedState, QueryParameter(name="state", description="Only those; none: all.")]
_EDITED = (404, 412, 428)


@get("/webhooks", sync_to_thread=True, operation_class=told(Page[w.SubscriptionShape]))
def webhooks(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return who is told, by id."""
    require(caller, site, Office.ACCOUNTS, Office.AUDIT)
    with site.reading() as tx:
        found = [w.subscription_shape(each) for each in site.webhooks.subscriptions(tx)]
    return answer(page(found, lambda each: each.id, cursor, limit))


@post("/webhooks", status_code=200, sync_to_thread=True, operation_class=told(
    w.SubscribedAnswer, body=w.SubscribeRequest, problems=(409,), headers=("ETag",)
))  # fmt: skip
def subscribe(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Have a receiver told from now on; the secret that signs what it is told is shown this once.

    People need a fresh proof of who they are.
    """
    require(caller, site, Office.ACCOUNTS, fresh=True)
    asked = read(request, body, w.SubscribeRequest)

    def made(tx: Transaction) -> w.SubscribedAnswer:
        found, secret = site.webhooks.subscribe(
            tx, asked.url, [str(each) for each in asked.types], site.now(), names_users=asked.names_users
        )
        return w.SubscribedAnswer(subscription=w.subscription_shape(found), secret=secret)

    return answer_once(site, Sent(caller, key, asked, ("webhooks",)), made, headers=_etag, secret=_secret)


@get("/webhooks/{webhook:str}", sync_to_thread=True, operation_class=told(
    w.SubscriptionShape, problems=(404,), headers=("ETag",)
))  # fmt: skip
def webhook_of(webhook: WebhookId, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Return one receiver."""
    require(caller, site, Office.ACCOUNTS, Office.AUDIT)
    with site.reading() as tx:
        return _answer(site.webhooks.subscription(tx, webhook))


@patch("/webhooks/{webhook:str}", sync_to_thread=True, operation_class=told(
    w.SubscriptionShape, body=w.ChangeRequest, problems=_EDITED, headers=("ETag",)
))  # fmt: skip
def change(
    request: Requested, webhook: WebhookId, caller: NamedDependency[Caller], site: NamedDependency[Site],
    body: RawBody, *, match: IfMatch = "",
) -> Response[bytes]:  # fmt: skip
    """Change what was read of a receiver, or pause it; what waits goes to the new address.

    People need a fresh proof of who they are.
    """
    require(caller, site, Office.ACCOUNTS, fresh=True)
    asked = read(request, body, w.ChangeRequest)
    with site.writing() as tx:
        before = _matching(tx, site, webhook, match)
        types = None if asked.types is None else [str(each) for each in asked.types]
        changed = site.webhooks.change(
            tx, before, url=asked.url, types=types, names_users=asked.names_users, active=asked.active
        )
    site.messenger.wake()
    return _answer(changed)


@post("/webhooks/{webhook:str}/secrets", status_code=200, sync_to_thread=True, operation_class=told(
    w.SubscribedAnswer, problems=(*_EDITED, 409), headers=("ETag",)
))  # fmt: skip
def rotate(
    webhook: WebhookId, caller: NamedDependency[Caller], site: NamedDependency[Site], key: IdempotencyKey,
    match: IfMatch = "",
) -> Response[bytes]:  # fmt: skip
    """Give a receiver a new secret, shown this once; the one before signs beside it for a while.

    People need a fresh proof of who they are.
    """
    require(caller, site, Office.ACCOUNTS, fresh=True)

    def made(tx: Transaction) -> w.SubscribedAnswer:
        secret = site.webhooks.rotate(tx, _matching(tx, site, webhook, match), site.now())
        found = site.webhooks.subscription(tx, webhook)
        return w.SubscribedAnswer(subscription=w.subscription_shape(found), secret=secret)

    place = ("webhooks", webhook, "secrets", match)
    return answer_once(site, Sent(caller, key, None, place), made, headers=_etag, secret=_secret)


@delete("/webhooks/{webhook:str}", status_code=200, sync_to_thread=True, operation_class=told(
    w.SubscriptionShape, problems=(404,)
))  # fmt: skip
def remove(webhook: WebhookId, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Tell a receiver nothing more, drop what waits for it, and return what it was."""
    require(caller, site, Office.ACCOUNTS)
    with site.writing() as tx:
        found = site.webhooks.subscription(tx, webhook)
        site.webhooks.remove(tx, webhook)
    return answer(w.subscription_shape(found))


@post("/webhooks/{webhook:str}/trials", status_code=200, sync_to_thread=True, operation_class=told(
    w.TrialAnswer, problems=(404,)
))  # fmt: skip
def send_trial(
    webhook: WebhookId, caller: NamedDependency[Caller], site: NamedDependency[Site], key: IdempotencyKey
) -> Response[bytes]:
    """Send a receiver an event that tells of nothing; the list of deliveries says what became of it."""
    require(caller, site, Office.ACCOUNTS)

    def made(tx: Transaction) -> w.TrialAnswer:
        return w.TrialAnswer(event=site.webhooks.send_trial(tx, webhook, site.now()))

    found = answer_once(site, Sent(caller, key, None, ("webhooks", webhook, "trials")), made)
    site.messenger.wake()
    return found


@get("/webhooks/{webhook:str}/deliveries", sync_to_thread=True, operation_class=told(
    Page[w.DeliveryShape], problems=(404,)
))  # fmt: skip
def deliveries(
    webhook: WebhookId, caller: NamedDependency[Caller], site: NamedDependency[Site], *,
    wanted: State = w.WantedState.ALL, cursor: NumberCursor = "", limit: Limit = USUAL,
) -> Response[bytes]:  # fmt: skip
    """Return what a receiver was told or is to be, in order; dead letters with the state `dead`."""
    require(caller, site, Office.ACCOUNTS, Office.AUDIT)
    with site.reading() as tx:
        site.webhooks.subscription(tx, webhook)
        found = _listed(tx, site, wanted, (cursor, limit), webhook)
    shown = [w.delivery_shape(each) for each in found[:limit]]
    return answer(Page(items=shown, next=_following(found, limit)))


@get("/deliveries", sync_to_thread=True, operation_class=told(Page[w.AddressedShape]))
def every_delivery(
    caller: NamedDependency[Caller], site: NamedDependency[Site], *, wanted: State = w.WantedState.ALL,
    cursor: NumberCursor = "", limit: Limit = USUAL,
) -> Response[bytes]:  # fmt: skip
    """Return what all receivers were told or are to be, in order; dead letters with the state `dead`."""
    require(caller, site, Office.ACCOUNTS, Office.AUDIT)
    with site.reading() as tx:
        found = _listed(tx, site, wanted, (cursor, limit))
    shown = [w.addressed_shape(each) for each in found[:limit]]
    return answer(Page(items=shown, next=_following(found, limit)))


def _listed(
    tx: Transaction, site: Site, wanted: w.WantedState, place: tuple[str, int], webhook: str = ""
) -> list[Delivery]:
    """Return the deliveries of a page (its cursor, and how many it has), and one more where there are more."""
    cursor, limit = place
    state = "" if wanted is w.WantedState.ALL else wanted
    return site.webhooks.deliveries(tx, subscription=webhook, state=state, after=int(cursor or 0), most=limit + 1)


def _following(found: Sequence[Delivery], limit: int) -> str:
    return str(found[limit - 1].number) if len(found) > limit else ""


@post("/webhooks/{webhook:str}/deliveries/{number:int}/redeliver", status_code=200, sync_to_thread=True,
      operation_class=told(w.DeliveryShape, problems=(404,)))  # fmt: skip
def redeliver(
    webhook: WebhookId, number: Number, caller: NamedDependency[Caller], site: NamedDependency[Site],
    key: IdempotencyKey,
) -> Response[bytes]:  # fmt: skip
    """Try a dead letter again from the beginning; its event keeps its id."""
    require(caller, site, Office.ACCOUNTS)

    def made(tx: Transaction) -> w.DeliveryShape:
        site.webhooks.subscription(tx, webhook)
        found = site.webhooks.deliveries(tx, subscription=webhook, after=number - 1, most=1)
        if not found or found[0].number != number:
            raise NotFoundError("this receiver has no such delivery", hint="list its deliveries with `state=dead`")
        site.webhooks.redeliver(tx, number, site.now())
        (again,) = site.webhooks.deliveries(tx, subscription=webhook, after=number - 1, most=1)
        return w.delivery_shape(again)

    found = answer_once(site, Sent(caller, key, None, ("webhooks", webhook, str(number), "redeliver")), made)
    site.messenger.wake()
    return found


def _matching(tx: Transaction, site: Site, webhook: str, match: str) -> Subscription:
    found = site.webhooks.subscription(tx, webhook)
    refuse_other(match, found.version)
    return found


def _answer(found: Subscription) -> Response[bytes]:
    return answer(w.subscription_shape(found), headers=etag(found.version))


def _secret(made: w.SubscribedAnswer) -> str:
    return made.secret


def _etag(made: w.SubscribedAnswer) -> dict[str, str]:
    return etag(made.subscription.version)


FACE = Router(
    "/api/v1",
    route_handlers=[
        webhooks, subscribe, webhook_of, change, rotate, remove, send_trial, deliveries, every_delivery, redeliver,
    ],
    tags=["webhooks"],
)  # fmt: skip
"""The router of webhooks."""
