# SPDX-License-Identifier: Apache-2.0
"""The door of the console: password and second step, an invitation, a fresh proof, the way out.

What somebody typed before they were asked who they are is carried through the door (`carried`) and comes out the same.
"""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

import msgspec
from anyio.to_thread import run_sync
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from keshou.accounts.account import SecondStep, SignedIn
from keshou.accounts.errors import CodeRefusedError, InvitationWaitsError, WeakPasswordError
from keshou.app.site import Site
from keshou.web import signing_in
from keshou.web.caller import count_unproven
from keshou.web.console.again import look_over
from keshou.web.console.carried import GO_ON, INVITATION, PROOF, SECOND_FACTOR, SIGN_IN, SIGN_OUT, given_back
from keshou.web.console.desk import HOME, PAGES, kept, read_typed, to, typed
from keshou.web.cookies import device_cookie, session_cookie, step_cookie
from keshou.web.entitled import require_fresh
from keshou.web.errors import NotFoundError
from keshou.web.find_caller import Finder
from keshou.web.frame.page import Requested
from keshou.web.going import going_cookie, landing, own_path
from keshou.wire import sign_in as w
from keshou.wire.caller import Caller

To = Annotated[str, QueryParameter(name="to", max_length=2000)]
T = TypeVar("T")
_NOTHING = {"Clear-Site-Data": '"cache", "storage"'}


def ask(
    request: Requested, *, where: str, fields: Mapping[str, str], status: int = 401, **more: Any
) -> Response[bytes]:
    """Return the page that asks who somebody is, and keeps what they typed; `where` is where they were going."""
    site: Site = request.app.state.site
    shown = {"account": "", "wrong": "", "step": "password", "ticket": ""} | more
    return PAGES.answer(
        request, "sign_in.html.j2", status=status, here=SIGN_IN, to=own_path(where), kept=dict(fields),
        openid=site.provider is not None, **shown,
    )  # fmt: skip


@get(SIGN_IN, sync_to_thread=False, include_in_schema=False)
def sign_in_page(request: Requested, where: To = HOME) -> Response[bytes]:
    """Ask who somebody is."""
    return ask(request, where=where, fields={}, status=200)


@post(SIGN_IN, status_code=200, include_in_schema=False)
async def sign_in(request: Requested, site: NamedDependency[Site]) -> Response[Any]:
    """Take the first step: the account and its password."""
    count_unproven(request)
    return await run_sync(_sign_in, request, site, await read_typed(request))


def _sign_in(request: Requested, site: Site, form: Mapping[str, str]) -> Response[Any]:
    asked = _asked(w.SignInRequest, form, "account", "password")
    found = signing_in.first_step(site, request, asked.account, asked.password) if asked else None
    if isinstance(found, SecondStep):
        return ask(
            request, where=form.get("to", ""), fields=kept(form), status=200, step="code", ticket=found.ticket
        )  # fmt: skip
    if found is None:
        account = form.get("account", "")
        return ask(request, where=form.get("to", ""), fields=kept(form), account=account, wrong="password")
    return _enter(request, site, found, form)


@post(f"{SIGN_IN}/code", status_code=200, include_in_schema=False)
async def second_step(request: Requested, site: NamedDependency[Site]) -> Response[Any]:
    """Take the second step: the authenticator's code, or a recovery code."""
    count_unproven(request)
    return await run_sync(_second_step, request, site, await read_typed(request))


def _second_step(request: Requested, site: Site, form: Mapping[str, str]) -> Response[Any]:
    asked = _asked(w.SecondStepRequest, form, "ticket", "code")
    found = signing_in.second_step(site, request, asked.ticket, asked.code) if asked else None
    if found is None:
        ticket = form.get("ticket", "")
        return ask(
            request, where=form.get("to", ""), fields=kept(form), step="code", ticket=ticket, wrong="code"
        )  # fmt: skip
    return _enter(request, site, found, form)


@post(f"{SIGN_IN}/provider", status_code=200, include_in_schema=False)
async def provider(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Lead to the operator's own provider: by a link, for a form may not lead to another host."""
    count_unproven(request)
    return await run_sync(lambda form: _to_provider(request, site, form, fresh=False), await read_typed(request))


@post(f"{PROOF}/provider", status_code=200, sync_to_thread=True, include_in_schema=False)
def prove_there(request: Requested, person: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Lead to the provider for a fresh proof; what was typed stays in this page meanwhile."""
    return _to_provider(request, site, typed(request), fresh=True)


def _to_provider(request: Requested, site: Site, form: Mapping[str, str], *, fresh: bool) -> Response[bytes]:
    if site.provider is None:
        raise NotFoundError("no provider signs people in here", hint="see [accounts.openid] in the settings")
    where = own_path(form.get("to", ""))
    with site.writing() as tx:
        begun = site.openid.begin(tx, site.now(), fresh=fresh)
    answer = PAGES.answer(
        request, "provider.html.j2", here=SIGN_IN, address=site.provider.address(begun, site.now()),
        to=where, kept=kept(form),
    )  # fmt: skip
    answer.set_cookie(going_cookie(site.settings, landing(request, where)))
    answer.set_cookie(step_cookie(site.settings, "openid", begun.binding, site.settings.accounts.openid.flow_minutes))
    return answer


@post(GO_ON, status_code=200, sync_to_thread=True, include_in_schema=False)
def go_on(request: Requested, person: NamedDependency[Caller]) -> Response[Any]:
    """Go on after another way of proving oneself: a passkey, the provider. Who is not proven is asked again."""
    form = typed(request)
    return _to_factor(request, form) if person.limited else _go_on(request, form, person)


@get(INVITATION, sync_to_thread=False, include_in_schema=False)
def invitation_page(request: Requested, site: NamedDependency[Site], where: To = HOME) -> Response[bytes]:
    """Ask for an invitation and a password of one's own."""
    return _invitation(request, site, where=where)


def _invitation(
    request: Requested, site: Site, *, status: int = 200, wrong: str = "", text: str = "", where: str
) -> Response[bytes]:
    fewest = site.settings.accounts.password_characters
    return PAGES.answer(
        request, "invitation.html.j2", status=status, fewest=fewest, wrong=wrong, invitation=text, to=own_path(where)
    )


@post(INVITATION, status_code=200, include_in_schema=False)
async def accept(request: Requested, site: NamedDependency[Site]) -> Response[Any]:
    """Accept an invitation."""
    count_unproven(request)
    return await run_sync(_accept, request, site, await read_typed(request))


def _accept(request: Requested, site: Site, form: Mapping[str, str]) -> Response[Any]:
    text, where = form.get("invitation", "").strip(), form.get("to", "")
    asked = _asked(w.AcceptRequest, {**form, "invitation": text}, "invitation", "password")
    if asked is None:
        return _invitation(request, site, status=422, wrong="invitation", text=text, where=where)
    try:
        found = signing_in.accept(site, request, asked.invitation, asked.password)
    except NotFoundError:
        return _invitation(request, site, status=422, wrong="invitation", text=text, where=where)
    except InvitationWaitsError:
        return _invitation(request, site, status=409, wrong="waits", text=text, where=where)
    except WeakPasswordError:
        return _invitation(request, site, status=422, wrong="password", text=text, where=where)
    return _enter(request, site, found, form)


@get(PROOF, sync_to_thread=False, include_in_schema=False)
def proof_page(request: Requested, person: NamedDependency[Caller], where: To = HOME) -> Response[bytes]:
    """Ask somebody who is signed in to prove themselves anew."""
    return ask_proof(request, person, where=where, fields={}, status=200)


def ask_proof(
    request: Requested, person: Caller, *, where: str, fields: Mapping[str, str], wrong: bool = False, status: int = 403
) -> Response[bytes]:
    """Return the page that asks for a fresh proof and keeps what was typed."""
    site: Site = request.app.state.site
    return PAGES.answer(
        request,
        "proof.html.j2",
        openid=site.provider is not None,
        status=status,
        here=PROOF,
        person=person,
        to=own_path(where),
        kept=dict(fields),
        wrong=wrong,
    )


@post(PROOF, status_code=200, sync_to_thread=True, include_in_schema=False)
def prove(request: Requested, person: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[Any]:
    """Take a fresh proof (Order 24 Art. 13(3)); what was typed before is then sent by one more click."""
    form = typed(request)
    asked = _asked(w.ProofRequest, form, "password", "code")
    proven = signing_in.prove(site, request, person, asked.password, asked.code) if asked else None
    if proven is None:
        return ask_proof(request, person, where=form.get("to", ""), fields=kept(form), wrong=True)
    answer = _go_on(request, form, person)
    answer.set_cookie(session_cookie(site.settings, proven[1]))
    return answer


@get(SECOND_FACTOR, sync_to_thread=True, include_in_schema=False)
def factor_page(
    request: Requested, person: NamedDependency[Caller], site: NamedDependency[Site], where: To = HOME
) -> Response[bytes]:
    """Say what a second factor is, and offer to enrol one."""
    with site.reading() as tx:
        account, _ = signing_in.own(tx, site.accounts, person, site)
    return PAGES.answer(request, "factor.html.j2", account=account, limited=person.limited, to=own_path(where))


@post(SECOND_FACTOR, status_code=200, sync_to_thread=True, include_in_schema=False)
def offer_factor(request: Requested, person: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Offer a secret for an authenticator."""
    require_fresh(person, site)
    secret, address = signing_in.offer_totp(site, person)
    where = own_path(typed(request).get("to", ""))
    return PAGES.answer(
        request, "factor_offer.html.j2", here=SECOND_FACTOR, secret=secret, address=address, wrong=False, to=where
    )


@post(f"{SECOND_FACTOR}/code", status_code=200, sync_to_thread=True, include_in_schema=False)
def confirm_factor(request: Requested, person: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Let the authenticator count, and show recovery codes once."""
    require_fresh(person, site)
    form = typed(request)
    asked = _asked(w.CodeRequest, form, "code")
    found = _confirmed(site, request, person, asked.code) if asked else None
    if found is None:
        secret, address = form.get("secret", ""), form.get("address", "")
        return PAGES.answer(
            request, "factor_offer.html.j2", status=422, here=SECOND_FACTOR, wrong=True, secret=secret, address=address,
            to=own_path(form.get("to", "")),
        )  # fmt: skip
    codes, token = found
    answer = PAGES.answer(
        request, "codes.html.j2", codes=codes, here=SECOND_FACTOR, to=landing(request, form.get("to", ""))
    )
    answer.set_cookie(session_cookie(site.settings, token))
    return answer


def _confirmed(site: Site, request: Requested, person: Caller, code: str) -> tuple[list[str], str] | None:
    try:
        return signing_in.confirm_totp(site, request, person, code)
    except CodeRefusedError:
        return None


@post(SIGN_OUT, sync_to_thread=True, status_code=303, include_in_schema=False)
def sign_out(person: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[None]:
    """Sign out; the browser forgets what it kept of these pages."""
    with site.writing() as tx:
        site.accounts.sessions.end(tx, person.id, person.credential)
    answer = to(SIGN_IN)
    answer.headers.update(_NOTHING)
    answer.set_cookie(session_cookie(site.settings, ""))
    return answer


def _asked(shape: type[T], form: Mapping[str, str], *names: str) -> T | None:
    """Return the fields `names` as the documented request; None when they are not of its form."""
    try:
        return msgspec.convert({name: form.get(name, "") for name in names}, shape)
    except msgspec.ValidationError:
        return None


def _enter(request: Requested, site: Site, found: SignedIn, form: Mapping[str, str]) -> Response[Any]:
    with site.writing() as tx:
        person = Finder(site)(tx, found.token, request.headers.get("user-agent", ""), site.now())
    answer = _to_factor(request, form) if person is None or person.limited else _go_on(request, form, person)
    answer.set_cookie(session_cookie(site.settings, found.token))
    answer.set_cookie(device_cookie(site.settings, found.device))
    return answer


def _go_on(request: Requested, form: Mapping[str, str], person: Caller) -> Response[Any]:
    """Lead on to where `person` was going; what they typed there is shown to be sent, and not sent of itself."""
    where, fields = own_path(form.get("to", "")), given_back(request, form, person.id)
    if not fields:
        return to(landing(request, where))
    return look_over(request, request.app.state.site, person, where, fields)


def _to_factor(request: Requested, form: Mapping[str, str]) -> Response[Any]:
    """Lead on to where a second factor is enrolled, and from there to where somebody was going."""
    return to(f"{SECOND_FACTOR}?to={quote(landing(request, form.get('to', '')), safe='/')}")
