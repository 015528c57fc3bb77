# SPDX-License-Identifier: Apache-2.0
"""Accounts of the operator's people and of inspectors: invited, listed, ended by whoever holds the office."""

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.accounts.account import Account
from keshou.app.invitation_post import mail_invitation
from keshou.app.new_account import invite as invite_person
from keshou.app.site import Site
from keshou.db import Transaction
from keshou.declaration.model import Office
from keshou.web.account_keeping import known_account, refuse_self
from keshou.web.api.asked import InPath, Requested, answer, read
from keshou.web.api.paged import USUAL, Cursor, Limit, NumberCursor, Page, page
from keshou.web.described import told
from keshou.web.entitled import require
from keshou.web.idempotency import IdempotencyKey, Sent, answer_once
from keshou.wire import sign_in as w
from keshou.wire.caller import Caller

AccountId = InPath


@get("/accounts", sync_to_thread=True, operation_class=told(Page[w.AccountShape]))
def accounts(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return the accounts, by id."""
    require(caller, site, Office.ACCOUNTS, Office.AUDIT)
    with site.reading() as tx:
        found = [w.account_shape(each) for each in site.accounts.accounts(tx)]
    return answer(page(found, lambda each: each.id, cursor, limit))


@post("/accounts", status_code=200, sync_to_thread=True, operation_class=told(
    w.Invitation, body=w.InviteRequest, problems=(409,)
))  # fmt: skip
def invite(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Invite somebody, or anew: the invitation is told this once, and mailed where there is an address and a server.

    What an account may do is said by its posts alone. To an account that somebody had before it is accepted once a
    second person has confirmed it (`POST /api/v1/second-hand`).
    """
    require(caller, site, Office.ACCOUNTS, fresh=True)
    asked = read(request, body, w.InviteRequest)
    refuse_self(caller, asked.id)

    waits = site.settings.accounts.second_hand
    new: list[tuple[Account, str]] = []

    def made(tx: Transaction) -> w.Invitation:
        text = invite_person(
            site, tx, asked.id, asked.kind, by=caller.id, agent=asked.agent, mail=asked.mail, waits=waits
        )
        new.append((known_account(tx, site, asked.id), text))
        return w.Invitation(account=w.account_shape(new[-1][0]), invitation=text)

    answer_once(site, Sent(caller, key, asked, ("accounts",)), made, secret=lambda found: found.invitation)
    account, text = new[-1]
    mailed = mail_invitation(site, account, text)
    return answer(w.Invitation(account=w.account_shape(account), invitation=text, mailed=mailed))


@get("/accounts/{account:str}", sync_to_thread=True, operation_class=told(w.AccountShape, problems=(404,)))
def account_of(account: AccountId, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Return one account."""
    require(caller, site, Office.ACCOUNTS, Office.AUDIT)
    with site.reading() as tx:
        return answer(w.account_shape(known_account(tx, site, account)))


@post("/accounts/{account:str}/close", status_code=200, sync_to_thread=True, operation_class=told(
    w.AccountShape, problems=(404,)
))  # fmt: skip
def close(account: AccountId, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """End an account: every session of it is over at once. Posts end by `staff leave`."""
    require(caller, site, Office.ACCOUNTS, fresh=True)
    refuse_self(caller, account)
    with site.writing() as tx:
        known_account(tx, site, account)
        site.accounts.close(tx, account, caller.id, site.now())
        return answer(w.account_shape(known_account(tx, site, account)))


@post("/accounts/{account:str}/end-sessions", status_code=200, sync_to_thread=True, operation_class=told(
    w.AccountShape, problems=(404,)
))  # fmt: skip
def end_sessions(account: AccountId, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """End every session of an account; it may sign in anew."""
    require(caller, site, Office.ACCOUNTS)
    with site.writing() as tx:
        found = known_account(tx, site, account)
        site.accounts.sessions.end_all(tx, account)
    return answer(w.account_shape(found))


@get("/accounts/{account:str}/events", sync_to_thread=True, operation_class=told(list[w.EventShape], problems=(404,)))
def events(
    account: AccountId, caller: NamedDependency[Caller], site: NamedDependency[Site], limit: Limit = USUAL
) -> Response[bytes]:
    """Return what happened to an account, the latest first: who signed in, failed, was locked."""
    if caller.id != account:
        require(caller, site, Office.ACCOUNTS, Office.AUDIT)
    with site.reading() as tx:
        known_account(tx, site, account)
        found = site.accounts.events.of(tx, account, limit)
    return answer([w.event_shape(each) for each in found])


@get("/account-events", sync_to_thread=True, operation_class=told(Page[w.EventShape]))
def every_event(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: NumberCursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return what happened to all accounts, the latest first: who signed in, failed, was locked."""
    require(caller, site, Office.ACCOUNTS, Office.AUDIT)
    with site.reading() as tx:
        found = site.accounts.events.listed(tx, before=int(cursor or 0), most=limit + 1)
    shown = found[:limit]
    following = str(shown[-1][0]) if len(found) > limit else ""
    return answer(Page(items=[w.event_shape(each) for _, each in shown], next=following))


FACE = Router(
    "/api/v1",
    route_handlers=[accounts, invite, account_of, close, end_sessions, events, every_event],
    tags=["accounts"],
)
"""The router of accounts."""
