# SPDX-License-Identifier: Apache-2.0
"""``/console/consents``: what a user agreed to or took back at a counter is written down, with what shows it.

First for whom and which purpose, then what the user is shown and asked; to take back is the same page and one press.
The user's id is sent in forms and never stands in an address. Source: miit24:9.1, miit24:9.2.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from keshou.acts.request import ActError, Record, written_down
from keshou.app.own_facts import agreement, notice, withdrawal
from keshou.app.site import Site
from keshou.declaration.grounds import asks_consent
from keshou.declaration.model import Purpose
from keshou.declaration.render import held
from keshou.gate.calendar import day_of
from keshou.gate.facts import UserFact
from keshou.law.terms import ConsentStrength
from keshou.ledger.entry import decode
from keshou.ledger.events import is_fact
from keshou.web.console.again import stands_on
from keshou.web.console.desk import Desk, desk_of, key_of, show, to, typed
from keshou.web.console.entries import row_of
from keshou.web.console.error_words import in_one
from keshou.web.console.information import CONSENT
from keshou.web.console.names import branches, item_names, named, purpose_names, recipient_names
from keshou.web.frame.page import Requested
from keshou.web.idempotency import named as once
from keshou.web.recorded import in_force
from keshou.web.serving import may_tell_of, teller
from keshou.wire import users as w
from keshou.wire.caller import Caller

HERE: Final = "/console/consents"
_ITEM: Final = "item."
_FIELDS: Final = ("user", "purpose", "where", "evidence")
Told = Annotated[int, QueryParameter(name="told", ge=0, le=2**53 - 1)]


@get(HERE, sync_to_thread=True, include_in_schema=False)
def ask(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], told: Told = 0
) -> Response[bytes]:
    """Ask whose consent, to which purpose; and say what was just written down, to whoever wrote it."""
    teller(site, caller, "", "")
    desk = desk_of(request, site, caller)
    return _ask(request, desk, {}, told=_row(desk, told) if told else None)


def _row(desk: Desk, place: int) -> Any:
    """Return an entry that the reader made, named; None for any other."""
    with desk.site.reading() as tx:
        if place >= desk.site.ledger.head(tx).size:
            return None
        header = decode(desk.site.ledger.entry(tx, place))
    return row_of(desk, place, header) if header.who == desk.caller.id and is_fact(header.event) else None


def _ask(
    request: Requested,
    desk: Desk,
    given: Mapping[str, str],
    *,
    wrong: bool = False,
    status: int = 200,
    told: Any = None,
) -> Response[bytes]:
    return show(
        request, desk, "consents.html.j2", status=status, given=given, wrong=wrong, told=told,
        purposes={
            each.id: each.name.in_(desk.language)
            for each in asked_for(desk) if may_tell_of(desk.site, desk.caller.id, each.id)
        },
    )  # fmt: skip


def asked_for(desk: Desk) -> list[Purpose]:
    """Return the purposes of the rules in force for which something needs the user's consent."""
    purposes, law, today = desk.declaration.purposes if desk.declaration else (), desk.site.law, day_of(desk.site.now())
    return [each for each in purposes if asks_consent(each, law, today)]


@post(f"{HERE}/of", status_code=200, sync_to_thread=True, include_in_schema=False)
@stands_on(ask)
def of(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Show what a user is to be shown and asked for one purpose. Nothing is looked up of the user for it."""
    desk, form = desk_of(request, site, caller), typed(request)
    teller(site, caller, "", form.get("purpose", ""))
    purpose = next((each for each in asked_for(desk) if each.id == form.get("purpose")), None)
    if purpose is None or not _is_user(form):
        return _ask(request, desk, form, wrong=True, status=422)
    return _page(request, desk, purpose, form)


def _is_user(form: Mapping[str, str]) -> bool:
    try:
        msgspec.convert({"user": form.get("user", "").strip()}, w.Noticing)
    except msgspec.ValidationError:
        return False
    return True


def _page(
    request: Requested, desk: Desk, purpose: Purpose, given: Mapping[str, str], *, said: str = "",
    changed: bool = False, status: int = 200,
) -> Response[bytes]:  # fmt: skip
    names, language = item_names(desk), desk.language
    ticked = {each for each in given if each.startswith(_ITEM)}
    wanted = [each for each in (ConsentStrength.EXPRESS, ConsentStrength.GUARDIAN) if _may_be(purpose, each)]
    return show(
        request, desk, "consent.html.j2", status=status, given=given, said=said, changed=changed,
        purpose=purpose_names(desk)[purpose.id], manner=purpose.manner.in_(language),
        refusal=purpose.refusal.in_(language), kept=held(purpose.retention, language),
        recipients=named(purpose.recipients, recipient_names(desk)), commercial=purpose.commercial_messages,
        needs=[
            (each.item, names.get(each.item, each.item), each.why.in_(language), f"{_ITEM}{each.item}" in ticked)
            for each in purpose.needs
        ],
        strengths=[(each.value, CONSENT[each].in_(language)) for each in wanted],
        branches=branches(desk),
    )  # fmt: skip


def _may_be(purpose: Purpose, strength: ConsentStrength) -> bool:
    """Say whether a consent of this strength can be enough for the purpose."""
    return strength is ConsentStrength.GUARDIAN or purpose.consent is not ConsentStrength.GUARDIAN


@post(HERE, status_code=200, sync_to_thread=True, include_in_schema=False)
@stands_on(of)
def tell(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[Any]:
    """Write down that a user agreed, under the rules that were shown, or took a consent back; once for each form.

    Rules that were replaced since the page was made are not agreed to: the page is shown as it is now.
    """
    form, desk = typed(request), desk_of(request, site, caller)
    hand = teller(site, caller, "", form.get("purpose", ""))
    in_force(site)
    purpose = next((each for each in asked_for(desk) if each.id == form.get("purpose")), None)
    if purpose is None or not _is_user(form) or form.get("choice") not in ("agree", "withdraw"):
        return _ask(request, desk, form, wrong=True, status=422)
    agrees = form["choice"] == "agree"
    if agrees and form.get("version") != str(desk.version):
        return _page(request, desk, purpose, form, changed=True, status=409)
    try:
        asked = _agreeing(form, purpose) if agrees else _withdrawing(form)
        job = Record(
            user=asked.user, facts=tuple(_facts(site, asked)), by=hand, where=asked.where, just_now=True
        )  # fmt: skip
        done = written_down(site.do(once(job, caller, key_of(form), asked, "console/consents")))
    except msgspec.ValidationError:
        return _page(request, desk, purpose, form, said="form", status=422)
    except ActError as error:
        return _page(request, desk, purpose, form, said=in_one(error, desk.language), status=422)
    return to(f"{HERE}?told={done.entry}")


def _agreeing(form: Mapping[str, str], purpose: Purpose) -> w.Consenting:
    """Return what a form says was agreed to; what is not ticked was not, and nothing ticked is no consent.

    Raises:
        ValidationError: it is not of the form that the page sends, or names nothing that shows it.

    """
    items = [each.item for each in purpose.needs if f"{_ITEM}{each.item}" in form]
    if not items or not form.get("evidence", "").strip():
        raise msgspec.ValidationError
    given = {each: form.get(each, "").strip() for each in _FIELDS}
    whole = len(items) == len(purpose.needs)
    return msgspec.convert(
        given | {
            "items": [] if whole else items, "messages": "messages" in form and purpose.commercial_messages,
            "strength": form.get("strength", ""), "version": int(form["version"]),
        },
        w.Consenting,
    )  # fmt: skip


def _withdrawing(form: Mapping[str, str]) -> w.Withdrawing:
    given = {each: form.get(each, "").strip() for each in _FIELDS}
    return msgspec.convert(given | {"messages": "messages" in form}, w.Withdrawing)


def _facts(site: Site, asked: w.Consenting | w.Withdrawing) -> list[UserFact]:
    if isinstance(asked, w.Withdrawing):
        return withdrawal(site, asked.purpose, (), messages=asked.messages, evidence=asked.evidence)
    shown = notice(site, asked.version)
    return agreement(
        shown, asked.purpose, asked.items, asked.strength, messages=asked.messages, evidence=asked.evidence
    )
