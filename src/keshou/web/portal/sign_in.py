# SPDX-License-Identifier: Apache-2.0
"""``/me/sign-in``: users prove who they are by a code sent to what is registered of them, or by the operator's app.

Whoever asks for a code is answered alike and at once, whoever is asked for. Source: NIST SP 800-63B 3.1.3.
"""

import re
import unicodedata
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import anyio.to_thread
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.app.site import Site
from keshou.errors import InputError, UnreachableError
from keshou.visits.errors import CodesStoppedError
from keshou.visits.senders import Channel
from keshou.visits.store import PREFIX
from keshou.web.caller import count_unproven, session_token
from keshou.web.cookies import binding_of, session_cookie
from keshou.web.errors import ForgedRequestError, MalformedError
from keshou.web.find_caller import user_of
from keshou.web.frame.page import Requested, spend
from keshou.web.language import language_of
from keshou.web.limits import source_of
from keshou.web.portal.guest import Form, Stopped, TooLateError, one, read_form, seen_as, stopped_codes
from keshou.web.portal.pages import PAGES, go
from keshou.web.portal.resume import resume
from keshou.wire.caller import Caller
from keshou.wire.words import LONGEST_USER

_OWN_PATH: Final = re.compile(r"/me(/[a-z-]{1,20}){0,1}(/[A-Za-z0-9._-]{1,64})?(\?before=[0-9]{1,16})?")
_TICKET: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_CODE: Final = re.compile(r"[0-9]{1,16}")
_LONGEST_TOKEN: Final = 8192
_UNAUTHORIZED: Final = 401
_LONGEST_ADDRESS: Final = 320


@get("/me/sign-in", include_in_schema=False)
async def start(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Ask who somebody is."""
    spend(request)
    given = request.query_params
    to = given.get("to", "")
    why = next((each for each in ("out", "gone") if each in given), "")
    return await _asking(request, site, to=to, why=why)


@post("/me/sign-in/code", status_code=200, include_in_schema=False)
async def code(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[bytes]:
    """Have a code sent, if there is whom to send it; say the same in each case, and ask for it."""
    count_unproven(request)
    form = read_form(request, body)
    asked = _whom(form, site.codes.channels)
    to, kept = one(form, "to"), one(form, "kept")
    if asked is None:
        given = {name: one(form, name).strip()[:_LONGEST_ADDRESS] for name in ("user", "address")}
        return await _asking(request, site, status=400, why="who", to=to, kept=kept, **given)
    try:
        ticket = await anyio.to_thread.run_sync(_asked, request, site, asked)
    except CodesStoppedError:
        return await _asking(request, site, status=409, user=asked.user, to=to, kept=kept)
    except UnreachableError:
        return await _asking(
            request, site, status=503, why="busy", user=asked.user, address=asked.address, to=to, kept=kept
        )  # fmt: skip
    return await _waiting(request, site, asked=asked, ticket=ticket, to=to, kept=kept)


def _asked(request: Requested, site: Site, whom: "Whom") -> str:
    """Return the ticket of the code asked for."""
    ask = site.codes.ask_by if whom.address else site.codes.ask
    return ask(whom.address or whom.user, whom.channel, language_of(request), source_of(request.scope))


class Whom(NamedTuple):
    """For whom a code is asked: for a user, or for whoever has an address registered; the other is empty."""

    user: str
    address: str
    channel: Channel


def _whom(form: Form, channels: tuple[Channel, ...]) -> Whom | None:
    """Return for whom a form asks; None when it names nobody that codes could be sent to here."""
    user, address = one(form, "user").strip(), one(form, "address").strip()
    told = one(form, "channel")
    if address:
        told = Channel.MAIL if "@" in address or "＠" in address else Channel.SMS
    channel = next((each for each in channels if each == told), None)
    given, longest = (address, _LONGEST_ADDRESS) if address else (user, LONGEST_USER)
    if not given or len(given) > longest or not given.isprintable() or channel is None:
        return None
    return Whom("" if address else user, address, channel)


@post("/me/sign-in", status_code=200, include_in_schema=False)
async def redeem(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[Any]:
    """Take a code back; the visit of its user begins in this browser."""
    count_unproven(request)
    form = read_form(request, body)
    # digits as wide as Chinese characters are digits too
    ticket, given = one(form, "ticket"), "".join(unicodedata.normalize("NFKC", one(form, "code")).split())
    token = None
    if _TICKET.fullmatch(ticket) and _CODE.fullmatch(given):
        token = await anyio.to_thread.run_sync(_redeemed, request, site, ticket, given)
    if token is None:
        asked = _whom(form, site.codes.channels)
        return await _waiting(
            request, site, status=_UNAUTHORIZED, wrong=True, asked=asked, ticket=ticket, to=one(form, "to"),
            kept=one(form, "kept"),
        )  # fmt: skip
    return await _begun(request, site, token, form)


@post("/me/enter", status_code=200, include_in_schema=False)
async def enter(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[Any]:
    """Begin a visit by a token that the operator's app signed for its user.

    Where another site's page sent the browser here, the user is asked first: nobody is signed in as somebody else
    without a word.
    """
    form = read_form(request, body)
    token = one(form, "token").strip()
    try:
        count_unproven(request)
    except ForgedRequestError:
        return PAGES.answer(request, "enter.html.j2", token=token[:_LONGEST_TOKEN], to=_own(one(form, "to")))
    visit = await anyio.to_thread.run_sync(_entered, request, site, token) if len(token) <= _LONGEST_TOKEN else None
    if visit is None:
        return await _asking(request, site, status=_UNAUTHORIZED, why="app", to=one(form, "to"))
    return await _begun(request, site, visit, form)


@get(["/me/sign-in/code", "/me/enter"], sync_to_thread=False, include_in_schema=False)
def back(request: Requested) -> Response[None]:
    """Lead whoever asks for a step in between to the beginning."""
    spend(request)
    return go("/me/sign-in")


def too_late(request: Requested, error: TooLateError) -> Response[Any]:
    """Ask whoever came without a visit to sign in; a form that came too late is kept for them, sealed."""
    path = request.scope["path"]
    if error.form is None:
        query = request.scope.get("query_string", b"").decode("ascii", "replace")
        where = quote(_own(f"{path}?{query}") if query.startswith("before=") else _own(path), safe="/")
        return go(f"/me/sign-in?to={where}")
    site: Site = request.app.state.site
    fields = {name: values for name, values in error.form.items() if name not in ("key", "mark")}
    mark = one(error.form, "mark")
    kept = site.visits.unsent.close(path, fields, mark, site.now()) if mark else ""
    return _page(
        request, site, status=_UNAUTHORIZED, why=error.why, user=error.user, to=_own(path), kept=kept,
        stopped=error.stopped,
    )  # fmt: skip


def _redeemed(request: Requested, site: Site, ticket: str, given: str) -> str | None:
    with site.writing() as tx:
        return site.visits.redeem(tx, ticket, given, binding_of(request), site.now())


def _entered(request: Requested, site: Site, token: str) -> str | None:
    with site.writing() as tx:
        return site.visits.enter(tx, token, binding_of(request), site.now())


async def _begun(request: Requested, site: Site, token: str, form: Form) -> Response[Any]:
    """Answer with the visit's cookie: the page that was asked for, or the form that came too late, filled in."""
    caller = await seen_as(site, await anyio.to_thread.run_sync(_changed_over, request, site, token))
    kept = one(form, "kept")
    found = site.visits.unsent.open(kept, caller.user, site.now()) if kept else None
    to = _own(one(form, "to"))
    response = await resume(request, site, caller, *found) if found is not None else go(to)
    response.set_cookie(session_cookie(site.settings, token))
    return response


def _changed_over(request: Requested, site: Site, token: str) -> Caller:
    """Return the user whose visit began, limited as the visit is; the one that this browser had before ends."""
    binding, now = binding_of(request), site.now()
    held = session_token(request)
    with site.writing() as tx:
        before = site.visits.find(tx, held, binding, now) if held.startswith(PREFIX) else None
        if before is not None:
            site.visits.end(tx, before.user, before.credential)
        caller = user_of(site, tx, site.visits.find(tx, token, binding, now))
    if caller is None:
        raise InputError("the visit ended as it began", hint="sign in again")
    return caller


def _own(path: str) -> str:
    return path if _OWN_PATH.fullmatch(path) and not path.startswith("/me/sign-") else "/me"


async def _asking(request: Requested, site: Site, *, status: int = 200, to: str = "", **shown: Any) -> Response[bytes]:
    stopped = await anyio.to_thread.run_sync(stopped_codes, site)
    return _page(request, site, status=status, to=_own(to), stopped=stopped, **shown)


def _page(
    request: Requested, site: Site, *, status: int, to: str, stopped: Stopped, why: str = "", user: str = "",
    address: str = "", kept: str = "",
) -> Response[bytes]:  # fmt: skip
    page = PAGES.answer(
        request, "sign_in.html.j2", status=status, channels=site.codes.channels, sms=Channel.SMS, to=to, why=why,
        user=user, address=address, kept=kept, stopped=stopped, longest=LONGEST_USER, longest_address=_LONGEST_ADDRESS,
    )  # fmt: skip
    return _asking_for_proof(page)


async def _waiting(
    request: Requested, site: Site, *, asked: Whom | None, ticket: str, to: str, kept: str, status: int = 200,
    wrong: bool = False,
) -> Response[bytes]:  # fmt: skip
    if asked is None:
        raise MalformedError
    settings = site.settings.visits
    page = PAGES.answer(
        request, "code.html.j2", status=status, asked=asked, sms=Channel.SMS, ticket=ticket,
        to=_own(to), kept=kept, wrong=wrong, minutes=settings.code_minutes, digits=settings.code_digits,
        tries=settings.code_tries, hourly=min(settings.codes_per_hour, settings.codes_per_source),
    )  # fmt: skip
    return _asking_for_proof(page)


def _asking_for_proof(page: Response[bytes]) -> Response[bytes]:
    """Return the page; where it says that nobody is proven, it says by what they could be (RFC 9110 15.5.2)."""
    if page.status_code == _UNAUTHORIZED:
        page.headers["WWW-Authenticate"] = 'Bearer realm="keshou"'
    return page
