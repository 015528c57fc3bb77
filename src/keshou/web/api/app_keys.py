# SPDX-License-Identifier: Apache-2.0
"""Public keys of the operator's apps, which vouch for users: registered and ended by whoever holds the office."""

from typing import Annotated

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, RawBody

from keshou.app.new_app_key import end_app_key, register_app_key
from keshou.app.site import Site
from keshou.db import Transaction
from keshou.declaration.model import Office
from keshou.visits.visitor import AppKey
from keshou.web.api.asked import Requested, answer, read
from keshou.web.api.paged import USUAL, Cursor, Limit, Page, page
from keshou.web.described import told
from keshou.web.entitled import require
from keshou.web.errors import NotFoundError
from keshou.web.idempotency import IdempotencyKey, Sent, answer_once
from keshou.wire import visits as w
from keshou.wire.caller import Caller

KeyId = Annotated[str, PathParameter(pattern="^[A-Za-z0-9_-]{1,128}$")]


@get("/", sync_to_thread=True, operation_class=told(Page[w.AppKeyShape]))
def app_keys(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return every key ever registered, by id."""
    require(caller, site, Office.ACCOUNTS, Office.AUDIT)
    with site.reading() as tx:
        found = [w.app_key_shape(each) for each in site.visits.keys.list(tx)]
    return answer(page(found, lambda each: each.id, cursor, limit))


@post("/", status_code=200, sync_to_thread=True, operation_class=told(w.AppKeyShape, body=w.AppKeyRequest))
def register(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Register a public key: whoever has its private half can come as any user, to what is of its services alone.

    It vouches for nobody before a second person confirms it (`POST /api/v1/second-hand`).
    """
    require(caller, site, Office.ACCOUNTS, fresh=True)
    asked = read(request, body, w.AppKeyRequest)

    def made(tx: Transaction) -> w.AppKeyShape:
        found = register_app_key(
            site, tx, asked.service, asked.jwk, asked.until, also=asked.also, by=caller.id,
            waits=site.settings.accounts.second_hand,
        )  # fmt: skip
        return w.app_key_shape(found)

    return answer_once(site, Sent(caller, key, asked, ("app-keys",)), made)


@post("/{key:str}/revoke", status_code=200, sync_to_thread=True, operation_class=told(
    w.AppKeyShape, problems=(404,)
))  # fmt: skip
def revoke(key: KeyId, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """End a key, and every token that it signed, at once."""
    require(caller, site, Office.ACCOUNTS)
    with site.writing() as tx:
        _known(tx, site, key)
        end_app_key(site, tx, key, caller.id)
        return answer(w.app_key_shape(_known(tx, site, key)))


def _known(tx: Transaction, site: Site, key: str) -> AppKey:
    found = next((each for each in site.visits.keys.list(tx) if each.id == key), None)
    if found is None:
        raise NotFoundError("there is no such key", hint="list them at /api/v1/app-keys")
    return found


FACE = Router("/api/v1/app-keys", route_handlers=[app_keys, register, revoke], tags=["visits"])
"""The router of apps' keys."""
