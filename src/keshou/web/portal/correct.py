# SPDX-License-Identifier: Apache-2.0
"""``/me/correct/ITEM``: what is held is wrong, and the user says what is right. Source: miit24:9.2."""

import re
from typing import Annotated, Any, Final

import anyio.to_thread
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, RawBody

from keshou.acts.request import Perform
from keshou.acts.value import LONGEST, is_value
from keshou.app.own_acts import own_acts
from keshou.app.site import Site
from keshou.gate.decision import Deny
from keshou.law.terms import ActKind
from keshou.web.caller import part_of
from keshou.web.errors import NotFoundError
from keshou.web.frame.page import Requested
from keshou.web.language import language_of
from keshou.web.portal.guest import Form, one, read_form, visitor
from keshou.web.portal.holding import Holding, holdings
from keshou.web.portal.pages import Refusal, done, once, refusals, show
from keshou.wire.caller import Caller

PATH: Final = "/me/correct"
Item = Annotated[str, PathParameter(pattern="^[A-Za-z0-9._-]{1,64}$", max_length=64)]
_EVIDENCE: Final = re.compile(r"[A-Za-z0-9._-]{0,64}")
_DENIED: Final = 403
_WRONG: Final = 400


@get("/me/correct/{item:str}", include_in_schema=False)
async def ask(request: Requested, site: NamedDependency[Site], item: Item) -> Response[bytes]:
    """Ask what is right."""
    return await page(request, site, await visitor(request, site), item)


@post("/me/correct/{item:str}", status_code=200, include_in_schema=False)
async def correct(request: Requested, site: NamedDependency[Site], item: Item, body: RawBody) -> Response[Any]:
    """Correct it, as far as the gate permits; else say why not, and keep what was typed."""
    form = read_form(request, body)
    caller, value = await visitor(request, site, form), one(form, "value").strip()
    evidence = one(form, "evidence").strip()
    if not is_value(value) or not _EVIDENCE.fullmatch(evidence):
        return await page(request, site, caller, item, typed=form, checked=True, status=_WRONG)
    acts = await anyio.to_thread.run_sync(own_acts, site, caller.user, ActKind.CORRECT, [item], part_of(caller))
    if not acts:
        raise NotFoundError("no purpose of the rules in force needs this", hint="turn to the operator")
    job = once(Perform(act=acts[0], values={item: value}, evidence=evidence), caller, form, PATH)
    found = await site.perform_async(job)
    if isinstance(found.decision, Deny):
        refused = refusals(site, [found.decision], request)
        return await page(request, site, caller, item, typed=form, refused=refused, status=_DENIED)
    return done(f"{PATH}/{item}", found)


async def page(
    request: Requested,
    site: Site,
    caller: Caller,
    item: str,
    *,
    typed: Form | None = None,
    refused: list[Refusal] | None = None,
    checked: bool = False,
    late: bool = False,
    status: int = 200,
) -> Response[bytes]:
    """Return the page on which something is corrected, with what was typed; `checked`, it says what of it is wrong.

    Raises:
        NotFoundError: nothing of that kind is held.

    """
    found = await anyio.to_thread.run_sync(_holding, site, caller, item, request)
    value, evidence = (one(typed, "value"), one(typed, "evidence").strip()) if typed else ("", "")
    more = {"late": True} if late else {}
    return await show(
        request, site, caller, "correct.html.j2", status=status, one=found, path=f"{PATH}/{item}",
        typed=value, evidence=evidence, wrong=checked and not is_value(value.strip()), longest=LONGEST,
        unfit=checked and not _EVIDENCE.fullmatch(evidence), refused=refused or [], **more,
    )  # fmt: skip


def _holding(site: Site, caller: Caller, item: str, request: Requested) -> Holding:
    for each in holdings(site, caller.user, language_of(request), part_of(caller)):
        if each.item == item:
            return each
    raise NotFoundError("nothing of this kind is held of the user")
