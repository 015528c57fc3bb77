# SPDX-License-Identifier: Apache-2.0
"""Who sits at the desk: found by the session, asked to sign in or to prove themselves anew, what they typed kept."""

import datetime as dt
import functools
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

import anyio.to_thread
from litestar import Response
from litestar.di import NamedDependency

from keshou.app.site import Site
from keshou.declaration.model import Declaration, Office
from keshou.errors import InputError
from keshou.gate.offices import offices_of, serving_posts
from keshou.gate.site import SiteState
from keshou.language import Language, Text
from keshou.web.access_review import reads_access
from keshou.web.cited import cited
from keshou.web.entitled import refuse_beyond_agent
from keshou.web.errors import (
    MalformedError,
    NotSignedInError,
    SecondFactorNeededError,
)
from keshou.web.frame.page import Pages, Requested
from keshou.web.language import language_of
from keshou.web.recorded import holds_own_post
from keshou.web.reviewing import sees_reviews
from keshou.wire.caller import PEOPLE, Caller, CallerKind

PAGES: Final = Pages("keshou.web.console")
HOME: Final = "/console"
KEPT: Final = "kept."
"""What fields begin with that carry what was typed over signing in."""
_MOST_FIELDS = 200
READING: Final = frozenset({"GET", "HEAD"})
"""Methods that only show."""
_FORM = "application/x-www-form-urlencoded"


class Desk(NamedTuple):
    """One person at the console, and what holds now."""

    site: Site
    caller: Caller
    declaration: Declaration | None
    """In force now; None: none is."""
    version: int
    """Of the rules in force; 0: none."""
    state: SiteState
    offices: frozenset[Office]
    language: Language

    @property
    def reads_log(self) -> bool:
        """Whether the log's pages are among those the person is led to."""
        return self.caller.kind is CallerKind.INSPECTOR or Office.AUDIT in self.offices

    @property
    def is_staff(self) -> bool:
        """Whether the person acts for the operator."""
        return self.caller.kind is not CallerKind.INSPECTOR


class Place(NamedTuple):
    """A page of the console that is reached from others."""

    path: str
    label: Text
    open_to: Callable[[Desk], bool]


def _anybody(_: Desk) -> bool:
    return True


def _has(*offices: Office) -> Callable[[Desk], bool]:
    return lambda desk: bool(desk.offices & set(offices))


def _in_own_post(desk: Desk) -> bool:
    rules = desk.declaration
    return desk.is_staff and rules is not None and holds_own_post(rules, desk.state, desk.caller.id)


def _reads_access(desk: Desk) -> bool:
    rules, now = desk.declaration, desk.site.now()
    return desk.is_staff and rules is not None and reads_access(rules, desk.state, desk.caller.id, now)


def _sees_reviews(desk: Desk) -> bool:
    rules, now = desk.declaration, desk.site.now()
    return desk.is_staff and (rules is None or sees_reviews(rules, desk.state, desk.caller.id, now))


_OF_PEOPLE = _has(Office.APPOINT, Office.ACCOUNTS, Office.AUDIT)
PEOPLE_PAGES: Final = (
    Place("/console/people", Text("人员", "People"), _OF_PEOPLE),
    Place("/console/people/posts", Text("岗位与权限", "Posts and grants"), _OF_PEOPLE),
    Place("/console/people/agents", Text("代理人", "Agents"), _has(Office.APPOINT, Office.AUDIT)),
    Place("/console/people/access", Text("权限复核", "Review of access"), _reads_access),
    Place("/console/people/accounts", Text("账户", "Accounts"), _has(Office.ACCOUNTS, Office.AUDIT)),
)
"""Pages about people, each led to from the others."""
WAYS_IN: Final = Place("/console/people/ways-in", Text("登录办法", "Ways in"), _has(Office.ACCOUNTS, Office.AUDIT))
"""Who gave which way in, and what waits; led to from the accounts, and from what is missing."""


def _sees_people(desk: Desk) -> bool:
    return any(each.open_to(desk) for each in PEOPLE_PAGES)


def _serves(desk: Desk) -> bool:
    return desk.is_staff and bool(serving_posts(desk.state, desk.declaration, desk.caller.id, desk.site.now()))


PLACES: Final = (
    Place(HOME, Text("概况", "How we stand"), _anybody),
    Place("/console/acts", Text("行为", "Acts"), lambda desk: desk.reads_log),
    Place("/console/information", Text("信息去向", "Information"), _anybody),
    Place("/console/people", Text("人员与岗位", "People"), _sees_people),
    Place("/console/reviews", Text("审查", "Reviews"), _sees_reviews),
    Place("/console/retention", Text("保存期限", "Time kept"), _has(Office.GROUNDS, Office.AUDIT)),
    Place("/console/holds", Text("法定留存", "Holds"), _has(Office.GROUNDS, Office.AUDIT)),
    Place("/console/emergencies", Text("应急授权", "Emergencies"), _in_own_post),
    Place("/console/exports", Text("移交", "Handing over"), lambda desk: desk.is_staff),
    Place("/console/media", Text("介质", "Media"), _has(Office.MEDIA, Office.AUDIT)),
    Place("/console/user", Text("用户", "A user"), lambda desk: desk.is_staff),
    Place("/console/consents", Text("登记同意", "Consents"), _serves),
    Place("/console/rules", Text("规则", "Rules"), _anybody),
    Place("/console/log", Text("日志", "The log"), lambda desk: desk.reads_log),
)
"""Where the console leads; each page judges for itself who may see it."""
_WAYS: Final = {each.path: each for each in (*PLACES, *PEOPLE_PAGES, WAYS_IN)}


def may_open(desk: Desk, link: str) -> bool:
    """Say whether the reader may open what a link of the console leads to; what is not of the console, anybody may."""
    path = link.partition("#")[0].partition("?")[0]
    if path != HOME and not path.startswith(f"{HOME}/"):
        return True
    while path not in _WAYS and path != HOME:
        path = path.rpartition("/")[0]
    return _WAYS[path].open_to(desk)


def _leading(desk: Desk, place: Place) -> str:
    """Return where a place leads the reader: to its first page, or to the first of its pages that they may open."""
    if place.path != PEOPLE_PAGES[0].path:
        return place.path
    return next((each.path for each in PEOPLE_PAGES if each.open_to(desk)), place.path)


async def read_typed(request: Requested) -> Mapping[str, str]:
    """Return the fields of a form that was sent, each once; nothing when none was. It is read once a request."""
    state = request.scope["state"]
    if "typed" not in state:
        sent = request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM
        state["typed"] = _parsed(await request.body()) if sent else {}
    found: Mapping[str, str] = state["typed"]
    return found


def _parsed(body: bytes) -> dict[str, str]:
    try:
        return dict(
            parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
        )
    except ValueError:
        raise MalformedError("the form is not of the form that browsers send") from None


def typed(request: Requested) -> Mapping[str, str]:
    """Return what `read_typed` read."""
    found: Mapping[str, str] = request.scope["state"].get("typed", {})
    return found


def kept(fields: Mapping[str, str]) -> dict[str, str]:
    """Return what was typed before signing in, out of the fields that carried it."""
    return {name.removeprefix(KEPT): value for name, value in fields.items() if name.startswith(KEPT)}


async def signed_in(request: Requested, site: NamedDependency[Site]) -> Caller:
    """Return who sits at the desk.

    Raises:
        NotSignedInError: nobody whom the console is for.
        SecondFactorNeededError: somebody who showed one factor only.

    """
    found = await half_signed_in(request)
    if found.limited:
        raise SecondFactorNeededError
    if found.kind is CallerKind.AGENT_STAFF:
        await anyio.to_thread.run_sync(refuse_beyond_agent, found, site)
    return found


async def half_signed_in(request: Requested) -> Caller:
    """Return who has an account and signed in, be it by one factor.

    Raises:
        NotSignedInError: nobody.

    """
    await read_typed(request)
    found: Caller = await request.app.state.callers.of(request)
    request.scope["state"]["caller"] = found
    if found.kind not in PEOPLE:
        raise NotSignedInError("this is for people with an account", hint="sign in")
    return found


def desk_of(request: Requested, site: Site, caller: Caller) -> Desk:
    """Return the desk of `caller`, with what holds now."""
    rules, state = site.rules(), site.state()
    declaration = rules.declaration if rules else None
    offices = offices_of(state, declaration, caller.id, site.now())
    version = rules.version if rules else 0
    return Desk(site, caller, declaration, version, state, offices, language_of(request))


def lent_to(desk: Desk) -> list[tuple[str, str, dt.datetime]]:
    """Return what the reader lends themselves now: id of the emergency, name of the post, and until when."""
    names = {each.id: each.name.in_(desk.language) for each in desk.declaration.posts} if desk.declaration else {}
    now, mine = desk.site.now(), desk.caller.id
    lent = desk.state.lent(mine)
    return [
        (each.fact.emergency, names.get(each.fact.post, each.fact.post), each.until)
        for each in desk.state.emergencies()
        if each.lends(mine, now) and each.fact.post in lent
    ]


def show(request: Requested, desk: Desk, template: str, *, status: int = 200, **shown: Any) -> Response[bytes]:
    """Return a page of the console; forms in it carry `key`, a new name for what they ask.

    `provision` gives it the name of a provision and the path where it is read.
    """
    path = request.scope["state"].get("stands_at", request.scope["path"])
    open_ = [each for each in PLACES if each.open_to(desk)]
    within = [each for each in open_ if path == each.path or (each.path != HOME and path.startswith(f"{each.path}/"))]
    current = max(within, key=lambda each: len(each.path), default=None)
    if request.method not in READING:  # what answers a form has no address of its own to come back to
        shown["here"] = _leading(desk, current) if current else HOME
    return PAGES.answer(
        request,
        template,
        operator=desk.declaration.operator.name if desk.declaration else None,
        status=status,
        desk=desk,
        places=[(_leading(desk, each), each.label.in_(desk.language), each is current) for each in open_],
        place=current.label.in_(desk.language) if current else "",
        people=[(each.path, each.label.in_(desk.language)) for each in PEOPLE_PAGES if each.open_to(desk)],
        path=path,
        provision=functools.partial(cited, desk.site.law, language=desk.language),
        leads=functools.partial(may_open, desk),
        lent=lent_to(desk),
        key=secrets.token_urlsafe(16),
        **shown,
    )


def key_of(fields: Mapping[str, str]) -> str:
    """Return the name of what a form asks, by which a second click does nothing more.

    Raises:
        InputError: the form has none.

    """
    key = fields.get("key", "")
    if not (key.isascii() and key.isprintable() and 0 < len(key) <= _LONGEST_KEY and " " not in key):
        raise InputError("the form has no name of its own", hint="open the page again")
    return key


_LONGEST_KEY = 64


def to(path: str) -> Response[None]:
    """Return the answer that leads a browser on to `path`."""
    return Response(None, status_code=303, headers={"Location": path, "Cache-Control": "no-store"})
