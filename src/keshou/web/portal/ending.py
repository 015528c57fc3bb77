# SPDX-License-Identifier: Apache-2.0
"""``/me/end``: stop a service; with the last, what it held is destroyed; and delete the rest once nothing must be kept.

Source: miit24:9.4, miit25:11, npcsc2012:8.
"""

from typing import Any, Final, NamedTuple

import anyio.to_thread
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.acts.request import Cancel, Erase
from keshou.app.code_post import ADDRESSES
from keshou.app.own_acts import erasing_purpose
from keshou.app.site import Site
from keshou.app.user_view import user_view
from keshou.gate.act import OWN_HAND, Act
from keshou.gate.decision import Deny
from keshou.law.cites import REGISTRATION_KEPT
from keshou.law.model import Period
from keshou.law.terms import ActKind, RetentionClass
from keshou.web.caller import part_of
from keshou.web.cookies import session_cookie
from keshou.web.errors import NotFoundError
from keshou.web.frame.page import Requested
from keshou.web.language import language_of
from keshou.web.portal.guest import Form, read_form, visitor
from keshou.web.portal.holding import Holding, holdings
from keshou.web.portal.kept import Kept, kept_now
from keshou.web.portal.pages import PAGES, Refusal, done, names_of, once, refusals, show
from keshou.wire.caller import Caller

PATH: Final = "/me/end"
"""The provision by which registration information is kept after the service."""
_DENIED: Final = 403
_WRONG: Final = 400


class Ending(NamedTuple):
    """What a user can end, and what becomes of what is held."""

    services: list[tuple[str, str]]
    """Id and name of each service in use."""
    gone: list[Holding]
    """What is destroyed with the last service; nothing when none is in use."""
    kept: list[Holding]
    """What the law has the operator keep for a time."""
    period: Period | None
    """For how long."""
    records: list[Holding]
    """What is kept as a record, for its own time."""
    stopped: list[Holding]
    """What the authority asks not to destroy, whether or not a service is in use."""
    now: list[Kept]
    """What a hold keeps for now."""
    waiting: list[Holding]
    """What of what services hold stays because of it."""
    known: bool
    """Whether anything is on record of the user at all."""

    @property
    def becomes(self) -> str:
        """Say what becomes of what services hold: `gone`, `partly` gone, `kept` for now; `none`: nothing is held so."""
        kept = bool(self.stopped or self.waiting)
        return ("partly" if kept else "gone") if self.gone else ("kept" if kept else "none")

    @property
    def addresses(self) -> tuple[list[str], list[str]]:
        """Return what codes are sent to: the names of what goes with the last service, and of what is kept."""
        gone = [each for each in self.gone if each.item in ADDRESSES]
        kept = [each for each in (*self.kept, *self.records, *self.stopped, *self.waiting) if each.item in ADDRESSES]
        return [each.name for each in gone], [each.name for each in kept]


@get("/me/end", include_in_schema=False)
async def ask(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Say what ending a service means, and ask which."""
    return await page(request, site, await visitor(request, site))


@post("/me/end", status_code=200, include_in_schema=False)
async def end(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[Any]:
    """End services. It needs a fresh proof, and a word that it is meant."""
    form = read_form(request, body)
    caller = await visitor(request, site, form, fresh=True)
    chosen = tuple(dict.fromkeys(form.get("service", ())))
    found = await anyio.to_thread.run_sync(_ending, request, site, caller)
    if not chosen or form.get("meant") != ["yes"]:
        return await page(request, site, caller, chosen=form, wrong=True, status=_WRONG)
    if not set(chosen) <= {each for each, _ in found.services}:
        return await page(request, site, caller, chosen=form, over=True, status=_WRONG)
    job = once(Cancel(user=caller.user, by=OWN_HAND, services=chosen), caller, form, PATH)
    return done(PATH, await site.perform_async(job))


@post("/me/erase", status_code=200, include_in_schema=False)
async def erase(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[Any]:
    """Delete all that is held, when nothing of it must be kept; the visit ends with it. It needs a fresh proof."""
    form = read_form(request, body)
    caller = await visitor(request, site, form, fresh=True, whole=True)
    if form.get("meant") != ["yes"]:
        return await page(request, site, caller, wrong=True, status=_WRONG)
    act = await anyio.to_thread.run_sync(_erasing, site, caller.user)
    found = await site.perform_async(once(Erase(act=act), caller, form, "/me/erase"))
    if isinstance(found.decision, Deny):
        return await page(request, site, caller, refused=refusals(site, [found.decision], request), status=_DENIED)
    response = PAGES.answer(request, "erased.html.j2", entry=found.entry)
    response.set_cookie(session_cookie(site.settings, ""))
    return response


@get("/me/erase", include_in_schema=False)
async def back(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Show where the form stands."""
    return await page(request, site, await visitor(request, site))


async def page(
    request: Requested,
    site: Site,
    caller: Caller,
    *,
    chosen: Form | None = None,
    refused: list[Refusal] | None = None,
    wrong: bool = False,
    over: bool = False,
    late: bool = False,
    status: int = 200,
) -> Response[bytes]:
    """Return the page on which services are ended, with what was chosen."""
    found = await anyio.to_thread.run_sync(_ending, request, site, caller)
    more = {"late": True} if late else {}
    return await show(
        request, site, caller, "end.html.j2", status=status, found=found, cite=REGISTRATION_KEPT,
        chosen=(chosen or {}).get("service", []), refused=refused or [], wrong=wrong, over=over, **more,
    )  # fmt: skip


def _ending(request: Requested, site: Site, caller: Caller) -> Ending:
    user, part = caller.user, part_of(caller)
    view, rules, language = user_view(site, user), site.rules(), language_of(request)
    held = holdings(site, user, language, part)
    names = {each.id: each.name.in_(language) for each in rules.declaration.services} if rules else {}
    used = view.standing.profile.in_use if view else frozenset[str]()
    in_use = sorted(used if part is None else used & part.services)
    now = kept_now(site, user, names_of(request, site), language)
    stays, asked = {item for each in now for item in each.ids}, site.holds.suspended()
    service = [each for each in held if not (each.registration or each.record)]
    waiting = [each for each in service if each.item in stays]
    stopped = [each for each in service if each.item not in stays and asked.keeps(each.item)]
    gone = [each for each in service if in_use and each not in waiting and each not in stopped]
    return Ending(
        services=[(each, names.get(each, each)) for each in in_use],
        gone=gone,
        kept=[each for each in held if each.registration],
        period=site.law.provision(REGISTRATION_KEPT).period,
        records=[each for each in held if each.record],
        stopped=stopped,
        waiting=waiting,
        now=now if part is None else [],
        known=view is not None,
    )


def _erasing(site: Site, user: str) -> Act:
    """Return the act of deleting all that is held, for the purpose that needs most of it.

    Raises:
        NotFoundError: nothing is on record of the user.

    """
    view = user_view(site, user)
    if view is None:
        raise NotFoundError("nothing is on record of the user any more")
    held = frozenset(view.held) or frozenset(_named(site))
    purpose = erasing_purpose(site, held)
    return Act(kind=ActKind.DELETE, user=user, items=held, purpose=purpose, by=OWN_HAND, when=site.now())


def _named(site: Site) -> list[str]:
    """Return the items by which a deletion is judged when nothing is held: those that registration keeps."""
    rules = site.rules()
    needs = [need for each in rules.declaration.purposes for need in each.needs] if rules else []
    return sorted(
        {need.item for need in needs if need.class_ is RetentionClass.REGISTRATION} or {n.item for n in needs}
    )
