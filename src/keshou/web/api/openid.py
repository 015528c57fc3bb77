# SPDX-License-Identifier: Apache-2.0
"""Signing in by the operator's own OpenID provider, proving oneself anew by it, and whose account its subjects are.

A browser begins here, goes to the provider, and comes back to ``/sign-in/openid`` with a code. It is bound to what it
began by a cookie, so what another browser began signs nobody in here. Source: OpenID Connect Core 1.0; RFC 9700.
"""

import datetime as dt
from urllib.parse import parse_qsl

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.accounts.account import Factor, Session, SignedIn
from keshou.accounts.errors import UnknownAccountError
from keshou.accounts.openid.errors import OpenIdRefusedError, UnknownLinkError
from keshou.accounts.openid.flow import Flow, Identity
from keshou.accounts.openid.provider import OpenIdProvider
from keshou.app.new_account import link_subject, unlink_subject
from keshou.app.openid import BACK
from keshou.app.site import Site
from keshou.db import Transaction
from keshou.declaration.model import Office
from keshou.web.account_keeping import known_account, refuse_self
from keshou.web.api.accounts import AccountId
from keshou.web.api.asked import Requested, answer, read, refuse_other_type
from keshou.web.caller import count_unproven, session_token
from keshou.web.cookies import binding_of, device_cookie, session_cookie, step_cookie, step_of
from keshou.web.described import told
from keshou.web.entitled import require
from keshou.web.errors import MalformedError, NotFoundError, SecondFactorNeededError, SignInFailedError
from keshou.web.going import going_cookie, gone_to
from keshou.web.methods import never_by_head
from keshou.wire import openid as w
from keshou.wire.caller import Caller

_STEP = "openid"
_FORM = "application/x-www-form-urlencoded"
_SEE_OTHER = 303
_LONG_AGO = dt.datetime.fromtimestamp(0, dt.UTC)
"""When somebody proved who they are whose provider does not say when: never fresh."""


@post("/sign-in/openid", status_code=200, sync_to_thread=True, security=[{}], operation_class=told(
    w.ProviderAddress, problems=(404,), headers=("Set-Cookie",)
))  # fmt: skip
def begin(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Begin to sign in by the operator's own provider; the answer says where the browser goes."""
    count_unproven(request)
    return _begun(site, fresh=False)


@post("/session/proof/openid", status_code=200, sync_to_thread=True, operation_class=told(
    w.ProviderAddress, problems=(404,), headers=("Set-Cookie",)
))  # fmt: skip
def prove(person: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Begin to prove again who you are, anew also at the provider (Order 24 Art. 13(3))."""
    return _begun(site, fresh=True)


@get(BACK, sync_to_thread=True, include_in_schema=False, security=[{}], guards=[never_by_head])
def back(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Take back a browser from the provider: it is signed in here, or proven anew, and goes on to where it was going.

    1. the flow is taken, once, in the browser that began it; 2. the provider is asked whom the code proves;
    3. the account linked to that subject gets a session, or the session of it that began a fresh proof is proven.
    """
    request.app.state.callers.limits.spend_source(request.scope)
    provider = _provider(site)
    state, code, issuer = (str(request.query_params.get(name, "")) for name in ("state", "code", "iss"))
    with site.writing() as tx:
        flow = site.openid.take(tx, state, step_of(request, _STEP), site.now())
    if flow is None:
        raise SignInFailedError
    try:
        identity = provider.redeem(flow, code, issuer, site.now())
    except OpenIdRefusedError:
        raise SignInFailedError from None
    settings = site.settings.accounts.openid
    if (settings.strong_acr or settings.strong_amr) and not identity.strong:
        raise SecondFactorNeededError
    with site.writing() as tx:
        token, device = _let_in(tx, site, request, flow, identity)
    response: Response[bytes] = Response(b"", status_code=_SEE_OTHER, headers={"Location": gone_to(request)})
    response.set_cookie(session_cookie(site.settings, token))
    if device:
        response.set_cookie(device_cookie(site.settings, device))
    response.set_cookie(step_cookie(site.settings, _STEP, "", 0))
    response.set_cookie(going_cookie(site.settings, ""))
    return response


@post(f"{BACK}/logout", status_code=200, sync_to_thread=True, include_in_schema=False, security=[{}])
def logged_out(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[bytes]:
    """Take the provider's word that somebody signed out there: what they began here by it is over at once.

    Source: OpenID Connect Back-Channel Logout 1.0 2.5 to 2.8.
    """
    request.app.state.callers.limits.spend_source(request.scope)
    provider = _provider(site)
    refuse_other_type(request, _FORM)
    try:
        pairs = parse_qsl(body.decode("ascii"), strict_parsing=True, max_num_fields=16)
    except ValueError:
        raise MalformedError("the body is no form") from None
    tokens = [value for name, value in pairs if name == "logout_token"]
    if len(tokens) != 1:
        raise MalformedError("the form does not hold one `logout_token`")
    try:
        logout = provider.logged_out(tokens[0], site.now())
    except OpenIdRefusedError as error:
        raise MalformedError(str(error)) from None
    with site.writing() as tx:
        ended = site.openid.ended(tx, logout)
        if ended is None:
            raise MalformedError("the logout was told before")
        if ended.sessions or ended.account:
            begun = site.accounts.sessions
            begun.end_begun_by(tx, Factor.OPENID, account=ended.account, sessions=ended.sessions)
    return Response(b"", status_code=200)


@get("/accounts/{account:str}/links", sync_to_thread=True, operation_class=told(list[w.LinkShape], problems=(404,)))
def links(account: AccountId, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Return the provider's subjects that sign in to an account."""
    require(caller, site, Office.ACCOUNTS, Office.AUDIT)
    with site.reading() as tx:
        known_account(tx, site, account)
        return _links(tx, site, account)


@post("/accounts/{account:str}/links", status_code=200, sync_to_thread=True, operation_class=told(
    list[w.LinkShape], body=w.LinkRequest, problems=(404,)
))  # fmt: skip
def link(
    request: Requested, account: AccountId, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody
) -> Response[bytes]:
    """Let a subject of the provider sign in to an account that was invited; nobody links their own.

    It signs nobody in before a second person confirms it (`POST /api/v1/second-hand`).
    """
    asked = _by_office(request, caller, site, account, body)
    with site.writing() as tx:
        known_account(tx, site, account)
        issuer, waits = _provider(site).settings.issuer, site.settings.accounts.second_hand
        link_subject(site, tx, account, issuer, asked.subject, by=caller.id, waits=waits)
        return _links(tx, site, account)


@post("/accounts/{account:str}/links/end", status_code=200, sync_to_thread=True, operation_class=told(
    list[w.LinkShape], body=w.LinkRequest, problems=(404,)
))  # fmt: skip
def unlink(
    request: Requested, account: AccountId, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody
) -> Response[bytes]:
    """Let a subject of the provider sign in to an account no more; the account's sessions end."""
    asked = _by_office(request, caller, site, account, body)
    with site.writing() as tx:
        known_account(tx, site, account)
        try:
            unlink_subject(site, tx, account, _provider(site).settings.issuer, asked.subject, by=caller.id)
        except UnknownLinkError as error:
            raise NotFoundError(str(error), hint=error.hint) from None
        return _links(tx, site, account)


def _links(tx: Transaction, site: Site, account: str) -> Response[bytes]:
    return answer([w.link_shape(each) for each in site.openid.links(tx, account)])


def _by_office(request: Requested, caller: Caller, site: Site, account: str, body: bytes) -> w.LinkRequest:
    require(caller, site, Office.ACCOUNTS, fresh=True)
    refuse_self(caller, account)
    return read(request, body, w.LinkRequest)


def _begun(site: Site, *, fresh: bool) -> Response[bytes]:
    provider = _provider(site)
    with site.writing() as tx:
        begun = site.openid.begin(tx, site.now(), fresh=fresh)
    response = answer(w.ProviderAddress(address=provider.address(begun, site.now())))
    minutes = site.settings.accounts.openid.flow_minutes
    response.set_cookie(step_cookie(site.settings, _STEP, begun.binding, minutes))
    response.set_cookie(going_cookie(site.settings, ""))
    return response


def _let_in(tx: Transaction, site: Site, request: Requested, flow: Flow, identity: Identity) -> tuple[str, str]:
    """Return the token of a session, and what the browser shows of itself later.

    Raises:
        SignInFailedError: whom the provider proved has no account here, or not the one that asked for a fresh proof.

    """
    account, now = site.openid.find(tx, identity), site.now()
    if account is None:
        raise SignInFailedError
    if flow.fresh:
        session = _session(tx, site, request)
        if session is None or session.account != account:
            raise SignInFailedError
        renewed, token = site.accounts.prove(tx, session, (Factor.OPENID,), now)
        site.openid.begun(tx, renewed, identity)
        return token, ""
    # whoever was signed in at the provider already proved themselves when they signed in there, and not now
    since, binding = identity.authenticated or _LONG_AGO, binding_of(request)
    try:
        found: SignedIn = site.accounts.begin(tx, account, (Factor.OPENID,), binding, now, proven=since)
    except UnknownAccountError:
        raise SignInFailedError from None
    site.openid.note(tx, account, identity, now)
    site.openid.begun(tx, found.session, identity)
    return found.token, found.device


def _session(tx: Transaction, site: Site, request: Requested) -> Session | None:
    token = session_token(request)
    found = site.accounts.find(tx, token, binding_of(request), site.now())
    return None if found is None else found[1]


def _provider(site: Site) -> OpenIdProvider:
    if site.provider is None:
        raise NotFoundError("no provider signs people in here", hint="see [accounts.openid] in the settings")
    return site.provider


FACE = Router("/api/v1", route_handlers=[begin, prove, links, link, unlink], tags=["signing in"])
"""The router of signing in by the provider."""
RETURN = Router("/", route_handlers=[back, logged_out])
"""Where the provider sends browsers back to, and tells of who signed out."""
