# SPDX-License-Identifier: Apache-2.0
"""One's own session and account: who am I, prove again, where am I signed in, second factors, a new password."""

from typing import Annotated, Any

from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, RawBody

from keshou.accounts.account import Session
from keshou.app.site import Site
from keshou.gate.offices import offices_of
from keshou.web import signing_in
from keshou.web.api.asked import Requested, answer, read
from keshou.web.cookies import binding_of, device_of, session_cookie
from keshou.web.described import told
from keshou.web.entitled import require_fresh
from keshou.web.errors import NotFoundError, SignInFailedError
from keshou.web.signing_in import own, refuse_half
from keshou.wire import sign_in as w
from keshou.wire.caller import Caller

SessionId = Annotated[str, PathParameter(pattern="^[0-9a-f]{16}$")]
_NOTHING = {"Clear-Site-Data": '"cache", "storage"'}


@get("/session", sync_to_thread=True, operation_class=told(w.Whoami))
def whoami(person: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Say who is signed in, how, with which posts."""
    with site.reading() as tx:
        account, session = own(tx, site.accounts, person, site)
        left = site.accounts.recovery.left(tx, account.id)
    state, rules, now = site.state(), site.rules(), site.now()
    held = offices_of(state, rules.declaration if rules else None, account.id, now)
    return answer(
        w.Whoami(
            account=account.id, kind=account.kind, agent=account.agent, has_totp=account.has_totp,
            recovery_codes=left, session=w.session_shape(session, session.id),
            posts=sorted({each.post for each in state.appointments(account.id)}), offices=sorted(held),
        )
    )  # fmt: skip


@delete("/session", status_code=200, sync_to_thread=True, operation_class=told(w.SignedInAnswer))
def sign_out(person: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Sign out."""
    with site.writing() as tx:
        site.accounts.sessions.end(tx, person.id, person.credential)
    response = answer(w.SignedInAnswer(), headers=_NOTHING)
    response.set_cookie(session_cookie(site.settings, ""))
    return response


@post("/session/proof", status_code=200, sync_to_thread=True, operation_class=told(
    w.SignedInAnswer, body=w.ProofRequest, headers=("Set-Cookie",)
))  # fmt: skip
def prove(
    request: Requested, person: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody
) -> Response[bytes]:
    """Prove again who you are, in full: exports, erasure, grants and keys ask for it (Order 24 Art. 13(3))."""
    asked = read(request, body, w.ProofRequest)
    return renewed(site, signing_in.prove(site, request, person, asked.password, asked.code))


@get("/sessions", sync_to_thread=True, operation_class=told(list[w.SessionShape]))
def sessions(person: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Return where one is signed in, the newest first."""
    with site.reading() as tx:
        found = site.accounts.sessions.of(tx, person.id, site.now())
    return answer([w.session_shape(each, person.credential) for each in found])


@delete("/sessions/{session:str}", status_code=200, sync_to_thread=True, operation_class=told(
    list[w.SessionShape], problems=(404,)
))  # fmt: skip
def end_session(session: SessionId, person: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """End one of one's own sessions; return those that are left."""
    with site.writing() as tx:
        refuse_half(tx, site, person)
        if session not in {each.id for each in site.accounts.sessions.of(tx, person.id, site.now())}:
            raise NotFoundError("you have no such session", hint="list them at /api/v1/sessions")
        site.accounts.sessions.end(tx, person.id, session)
        found = site.accounts.sessions.of(tx, person.id, site.now())
    return answer([w.session_shape(each, person.credential) for each in found])


@post("/sessions/end-others", status_code=200, sync_to_thread=True, operation_class=told(list[w.SessionShape]))
def end_others(person: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """End every session of one's own but the one that asks."""
    with site.writing() as tx:
        refuse_half(tx, site, person)
        site.accounts.sessions.end_all(tx, person.id, but=person.credential)
        found = site.accounts.sessions.of(tx, person.id, site.now())
    return answer([w.session_shape(each, person.credential) for each in found])


@post("/session/password", status_code=200, sync_to_thread=True, operation_class=told(
    w.SessionShape, body=w.PasswordRequest
))  # fmt: skip
def change_password(
    request: Requested, person: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody
) -> Response[bytes]:
    """Change the password; every other session of one's own ends."""
    require_fresh(person, site)
    asked = read(request, body, w.PasswordRequest)
    with site.writing() as tx:
        refuse_half(tx, site, person)
        account, _ = own(tx, site.accounts, person, site)
        tried = site.accounts.start(tx, person.id, device_of(request), site.now())
    checked = site.accounts.check(tried, asked.before)
    if not checked.right:
        with site.writing() as tx:
            site.accounts.conclude(tx, tried, checked, binding_of(request), site.now())
        raise SignInFailedError
    stored = site.accounts.hash(account, asked.password)
    with site.writing() as tx:
        _, session = own(tx, site.accounts, person, site)
        site.accounts.change_password(tx, session, stored, site.now())
    return answer(w.session_shape(session, session.id))


@post("/session/totp", status_code=200, sync_to_thread=True, operation_class=told(w.TotpOffer))
def offer_totp(person: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Return a secret for an authenticator; it counts once it is confirmed."""
    require_fresh(person, site)
    secret, address = signing_in.offer_totp(site, person)
    return answer(w.TotpOffer(secret=secret, address=address))


@post("/session/totp/confirm", status_code=200, sync_to_thread=True, operation_class=told(
    w.RecoveryCodes, body=w.CodeRequest, headers=("Set-Cookie",)
))  # fmt: skip
def confirm_totp(
    request: Requested, person: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody
) -> Response[bytes]:
    """Let the authenticator count from now on; the answer has recovery codes, shown this once."""
    require_fresh(person, site)
    asked = read(request, body, w.CodeRequest)
    codes, token = signing_in.confirm_totp(site, request, person, asked.code)
    response = answer(w.RecoveryCodes(codes=codes))
    response.set_cookie(session_cookie(site.settings, token))
    return response


@post("/session/recovery-codes", status_code=200, sync_to_thread=True, operation_class=told(w.RecoveryCodes))
def new_codes(person: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Make new recovery codes; those before serve no more."""
    require_fresh(person, site)
    with site.writing() as tx:
        refuse_half(tx, site, person)
        codes = site.accounts.recovery.renew(tx, person.id)
    return answer(w.RecoveryCodes(codes=codes))


def renewed(site: Site, proven: tuple[Session, str] | None, told_: Any = None) -> Response[bytes]:
    """Return the answer to whoever proved themselves again: `told_`, else the session; its token is a new one.

    Raises:
        SignInFailedError: nothing was proven.

    """
    if proven is None:
        raise SignInFailedError
    session, token = proven
    usual = w.SignedInAnswer(account=session.account, session=w.session_shape(session, session.id))
    response = answer(usual if told_ is None else told_)
    response.set_cookie(session_cookie(site.settings, token))
    return response


FACE = Router(
    "/api/v1",
    route_handlers=[
        *(whoami, sign_out, prove, sessions, end_session, end_others),
        *(change_password, offer_totp, confirm_totp, new_codes),
    ],
    tags=["one's own session"],
)
"""The router of one's own session."""
