# SPDX-License-Identifier: Apache-2.0
"""Passkeys: made, named and taken away by their owner, to sign in and to prove oneself anew.

A challenge is answered once, within minutes, and by the session or browser alone that asked for it.
"""

import secrets
from typing import Annotated

from litestar import Response, Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, RawBody

from keshou.accounts.account import Factor, SignedIn, What
from keshou.accounts.errors import UnknownAccountError
from keshou.accounts.passkeys.errors import PasskeyError
from keshou.app.site import Site
from keshou.web.api.asked import Requested, answer, read
from keshou.web.api.session import renewed
from keshou.web.api.sign_in import signed_in
from keshou.web.caller import count_unproven
from keshou.web.cookies import binding_of, step_cookie, step_of
from keshou.web.described import told
from keshou.web.entitled import require_fresh
from keshou.web.signing_in import hold, own, refuse_half
from keshou.wire import passkeys as w
from keshou.wire.caller import Caller
from keshou.wire.sign_in import SignedInAnswer, session_shape

PasskeyId = Annotated[str, PathParameter(pattern="^[A-Za-z0-9_-]{1,1366}$")]
_STEP = "passkey"


@get("/session/passkeys", sync_to_thread=True, operation_class=told(list[w.PasskeyShape]))
def passkeys(person: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Return one's own passkeys, in the order made."""
    with site.reading() as tx:
        return answer([w.passkey_shape(each) for each in site.passkeys.passkeys(tx, person.id)])


@post("/session/passkeys/options", status_code=200, sync_to_thread=True, operation_class=told(w.PasskeyOptions))
def offer(person: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Return what one's device is asked, to make a passkey."""
    require_fresh(person, site)
    with site.writing() as tx:
        refuse_half(tx, site, person)
        options = site.passkeys.start_registration(tx, person.id, site.now(), binding=f"make {person.credential}")
    return answer(w.PasskeyOptions(options=options))


@post("/session/passkeys", status_code=200, sync_to_thread=True, operation_class=told(
    w.PasskeyKept, body=w.PasskeyMade, headers=("Set-Cookie",)
))  # fmt: skip
def keep(
    request: Requested, person: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody
) -> Response[bytes]:
    """Let a passkey that one's device made count from now on; every other session of one's own ends."""
    require_fresh(person, site)
    asked = read(request, body, w.PasskeyMade)
    now, binding = site.now(), f"make {person.credential}"
    with site.writing() as tx:
        refuse_half(tx, site, person)
        _, session = own(tx, site.accounts, person, site)
        made = site.passkeys.finish_registration(tx, person.id, asked.answer, asked.label, now, binding=binding)
        if made is not None:
            site.accounts.sessions.end_all(tx, person.id, but=session.id)
            site.accounts.note_factor(tx, person.id, What.ENROLLED, Factor.PASSKEY, now)
            proven = site.accounts.prove(tx, session, (Factor.PASSKEY,), now)
    if made is None:
        raise PasskeyError("the device's answer makes no passkey", hint="ask for new options, and let it answer those")
    hold(request, proven[1])
    shape = session_shape(proven[0], proven[0].id)
    return renewed(site, proven, w.PasskeyKept(passkey=w.passkey_shape(made), session=shape))


@patch("/session/passkeys/{passkey:str}", sync_to_thread=True, operation_class=told(
    list[w.PasskeyShape], body=w.PasskeyLabel, problems=(404,)
))  # fmt: skip
def rename(
    request: Requested, passkey: PasskeyId, person: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody
) -> Response[bytes]:
    """Call one of one's own passkeys otherwise; return all of them."""
    asked = read(request, body, w.PasskeyLabel)
    with site.writing() as tx:
        refuse_half(tx, site, person)
        site.passkeys.rename(tx, person.id, passkey, asked.label)
        return answer([w.passkey_shape(each) for each in site.passkeys.passkeys(tx, person.id)])


@delete("/session/passkeys/{passkey:str}", status_code=200, sync_to_thread=True, operation_class=told(
    list[w.PasskeyShape], problems=(404,)
))  # fmt: skip
def remove(passkey: PasskeyId, person: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Take away one of one's own passkeys, and end every other session; return those that are left."""
    require_fresh(person, site)
    with site.writing() as tx:
        refuse_half(tx, site, person)
        site.passkeys.remove(tx, person.id, passkey)
        site.accounts.sessions.end_all(tx, person.id, but=person.credential)
        site.accounts.note_factor(tx, person.id, What.REMOVED, Factor.PASSKEY, site.now())
        return answer([w.passkey_shape(each) for each in site.passkeys.passkeys(tx, person.id)])


@post("/sign-in/passkey/options", status_code=200, sync_to_thread=True, security=[{}], operation_class=told(
    w.PasskeyOptions, headers=("Set-Cookie",)
))  # fmt: skip
def ask(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Return what a device is asked, to sign in: the same for everybody, naming nobody."""
    count_unproven(request)
    binding = secrets.token_urlsafe(32)
    with site.writing() as tx:
        options = site.passkeys.start_sign_in(tx, site.now(), binding=binding)
    response = answer(w.PasskeyOptions(options=options))
    minutes = site.settings.accounts.passkeys.challenge_minutes
    response.set_cookie(step_cookie(site.settings, _STEP, binding, minutes))
    return response


@post("/sign-in/passkey", status_code=200, sync_to_thread=True, security=[{}], operation_class=told(
    SignedInAnswer, body=w.PasskeyAnswer, headers=("Set-Cookie",)
))  # fmt: skip
def sign_in(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[bytes]:
    """Sign in by a passkey, in the browser that asked."""
    count_unproven(request)
    asked, binding = read(request, body, w.PasskeyAnswer), step_of(request, _STEP)
    found: SignedIn | None = None
    with site.writing() as tx:
        account = site.passkeys.finish_sign_in(tx, asked.answer, site.now(), binding=binding) if binding else None
        if account is not None:
            try:
                found = site.accounts.begin(tx, account, (Factor.PASSKEY,), binding_of(request), site.now())
            except UnknownAccountError:
                found = None
    return signed_in(site, found)


@post("/session/proof/passkey/options", status_code=200, sync_to_thread=True, operation_class=told(w.PasskeyOptions))
def ask_again(person: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Return what one's device is asked, to prove again who one is."""
    with site.writing() as tx:
        binding = f"prove {person.credential}"
        options = site.passkeys.start_sign_in(tx, site.now(), binding=binding, account=person.id)
    return answer(w.PasskeyOptions(options=options))


@post("/session/proof/passkey", status_code=200, sync_to_thread=True, operation_class=told(
    SignedInAnswer, body=w.PasskeyAnswer, headers=("Set-Cookie",)
))  # fmt: skip
def prove(
    request: Requested, person: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody
) -> Response[bytes]:
    """Prove again who you are, by a passkey of your own (Order 24 Art. 13(3))."""
    asked, now = read(request, body, w.PasskeyAnswer), site.now()
    binding = f"prove {person.credential}"
    with site.writing() as tx:
        _, session = own(tx, site.accounts, person, site)
        right = site.passkeys.finish_sign_in(tx, asked.answer, now, binding=binding, account=person.id)
        proven = site.accounts.prove(tx, session, (Factor.PASSKEY,), now) if right else None
    if proven is not None:
        hold(request, proven[1])
    return renewed(site, proven)


FACE = Router(
    "/api/v1",
    route_handlers=[passkeys, offer, keep, rename, remove, ask, sign_in, ask_again, prove],
    tags=["passkeys"],
)
"""The router of passkeys."""
