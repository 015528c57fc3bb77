# SPDX-License-Identifier: Apache-2.0
"""``/me/consents``: one switch for each purpose, what refusing means beside it; to take back is as easy as to agree.

Source: miit24:9.1, miit24:9.2, npcsc2012:7.
"""

from typing import Any, Final

import anyio.to_thread
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import RawBody

from keshou.acts.request import Record
from keshou.app.own_consents import OwnConsents, Stance, own_consents
from keshou.app.own_facts import agreement, notice, wish, withdrawal
from keshou.app.own_part import may_message
from keshou.app.site import Site
from keshou.declaration.model import Declaration
from keshou.declaration.render import cited, held, labels
from keshou.gate.act import OWN_HAND
from keshou.gate.facts import UserFact
from keshou.language import Language
from keshou.law.terms import ConsentStrength
from keshou.web.caller import part_of
from keshou.web.errors import MalformedError
from keshou.web.frame.page import Requested
from keshou.web.language import language_of
from keshou.web.portal.guest import Form, one, read_form, visitor
from keshou.web.portal.pages import done, once, show
from keshou.wire.caller import Caller

PATH: Final = "/me/consents"
_CONFLICT: Final = 409


@get("/me/consents", include_in_schema=False)
async def consents(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Show every purpose and how the user stands to it."""
    return await _page(request, site, await visitor(request, site))


@post("/me/consents", status_code=200, include_in_schema=False)
async def switch(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[Any]:
    """Agree to a purpose under the rules that were shown, or take the consent back.

    Rules that were replaced since the page was made are not agreed to: the page is shown as it is now.
    """
    form = read_form(request, body)
    caller = await visitor(request, site, form)
    purpose, choice, version = one(form, "purpose"), one(form, "choice"), one(form, "version")
    found, _ = await anyio.to_thread.run_sync(_read, site, caller)
    known = {each.purpose.id: each for each in found.agreed} if found else {}
    if found is None or purpose not in known or choice not in ("agree", "withdraw"):
        raise MalformedError
    if choice == "withdraw":
        facts = withdrawal(site, purpose, (), messages=False)
        return await _tell(site, caller, form, facts)
    if version != str(found.version) or not _by_oneself(known[purpose], found):
        return await _page(request, site, caller, changed=True, status=_CONFLICT)
    shown = await anyio.to_thread.run_sync(notice, site, found.version)
    return await _tell(site, caller, form, agreement(shown, purpose, (), ConsentStrength.EXPRESS, messages=False))


@post("/me/messages", status_code=200, include_in_schema=False)
async def messages(request: Requested, site: NamedDependency[Site], body: RawBody) -> Response[Any]:
    """Ask for commercial messages, or refuse them."""
    form = read_form(request, body)
    caller, wanted = await visitor(request, site, form), one(form, "wanted")
    part = part_of(caller)
    beyond = part is not None and not await anyio.to_thread.run_sync(may_message, site, part)
    if wanted not in ("yes", "no") or (wanted == "yes" and beyond):
        raise MalformedError
    return await _tell(site, caller, form, [wish(site, wanted=wanted == "yes")])


async def _tell(site: Site, caller: Caller, form: Form, facts: list[UserFact]) -> Response[None]:
    job = Record(user=caller.user, facts=tuple(facts), by=OWN_HAND, just_now=True)
    return done(PATH, await site.perform_async(once(job, caller, form, PATH)))


async def _page(
    request: Requested, site: Site, caller: Caller, *, changed: bool = False, status: int = 200
) -> Response[bytes]:
    found, rules = await anyio.to_thread.run_sync(_read, site, caller)
    language = language_of(request)
    # those that there is a switch for stand first
    agreed = sorted(found.agreed, key=lambda each: not each.asked) if found else []
    switches = [_switch(each, found, rules, site, language) for each in agreed] if found and rules else []
    wanted = found.standing.profile.messages if found else ""
    sends = any(each.purpose.commercial_messages for each in found.agreed) if found else False
    return await show(
        request, site, caller, "consents.html.j2", status=status, switches=switches, changed=changed,
        wanted=wanted, sends=sends,
    )  # fmt: skip


def _read(site: Site, caller: Caller) -> tuple[OwnConsents | None, Declaration | None]:
    """Return how the user stands to each purpose, or to each of those that the visit is for."""
    rules, found, part = site.rules(), own_consents(site, caller.user), part_of(caller)
    if found is not None and part is not None:
        found = found._replace(agreed=[each for each in found.agreed if each.purpose.id in part.purposes])
    return found, rules.declaration if rules else None


def _by_oneself(agreed: Stance, found: OwnConsents) -> bool:
    """Say whether a user's own word is the consent that the purpose asks for."""
    guarded = agreed.purpose.consent is ConsentStrength.GUARDIAN or found.standing.profile.limited
    return not guarded and agreed.asked


def _switch(
    agreed: Stance, found: OwnConsents, declaration: Declaration, site: Site, language: Language
) -> dict[str, Any]:
    """Return what the page tells of one purpose."""
    purpose, names = agreed.purpose, labels(declaration, site.law, language)
    known = {each.id: each.name.in_(language) for each in declaration.recipients}
    return {
        "id": purpose.id,
        "name": purpose.name.in_(language),
        "manner": purpose.manner.in_(language),
        "refusal": purpose.refusal.in_(language),
        "kept": held(purpose.retention, language),
        "recipients": [known.get(each, each) for each in purpose.recipients],
        "needs": [(names.get(each.item, each.item), each.why.in_(language)) for each in purpose.needs],
        "left": [names.get(each, each) for each in sorted({n.item for n in purpose.needs} - agreed.items)],
        "commercial": purpose.commercial_messages,
        "serves": purpose.provides_service,
        "asked": agreed.asked,
        "ground": cited(purpose.ground, site.law, language) if agreed.grounded else "",
        "grounded": [names.get(each.item, each.item) for each in purpose.needs if each.item in agreed.grounded],
        "own": _by_oneself(agreed, found),
        "state": "yes" if agreed.whole else ("part" if agreed.version else "no"),
        "older": bool(agreed.version) and agreed.version != found.version,
        "said": agreed.said,
        "version": agreed.version,
        "back": agreed.taken_back,
    }
