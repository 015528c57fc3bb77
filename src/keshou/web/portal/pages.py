# SPDX-License-Identifier: Apache-2.0
"""What the users' pages share: their templates and words, the frame of a signed-in page, and what was just done."""

import hashlib
import secrets
from typing import Any, Final, NamedTuple, TypeVar

import anyio.to_thread
import msgspec
from litestar import Response

from keshou.acts.request import Done, Job
from keshou.app.site import Site
from keshou.app.user_history import happening, rules_ever
from keshou.declaration.model import Published
from keshou.gate.decision import Decision, Deny
from keshou.web.caller import part_of
from keshou.web.cited import cited
from keshou.web.errors import MalformedError
from keshou.web.frame.page import Pages, Requested
from keshou.web.idempotency import named
from keshou.web.language import language_of
from keshou.web.portal.guest import Form, one
from keshou.web.portal.story import Names, Story, story
from keshou.web.sentences import sentence
from keshou.wire.caller import Caller
from keshou.wire.decision_words import MISSING

PAGES: Final = Pages("keshou.web.portal")
SEE_OTHER: Final = 303
_LONGEST_KEY: Final = 64
J = TypeVar("J", bound=Job)


class Note(NamedTuple):
    """What was just done, told out of its entry."""

    story: Story
    again: bool
    """Whether it had been done before, and the form came once more."""


class Refusal(NamedTuple):
    """One reason why the gate denied something: what was missing, what the provision says, where it is read."""

    missing: str
    says: str
    cite: str
    path: str


async def show(
    request: Requested, site: Site, caller: Caller, template: str, *, status: int = 200, **shown: Any
) -> Response[bytes]:
    """Return a page of the signed-in user.

    Every template sees beside what the frame gives: `note` (what was just done, named in the address by `told`),
    `late` (whether a form came back after its visit was over), `key` (a new name for what is sent from this page),
    `mark` (whose page it is, as nobody else can read it), `version` (of the rules in force; 0: none are), `part` (names
    of the services that the visit is for; empty: for all that is held).
    """
    note, rules = await anyio.to_thread.run_sync(_asked, request, site, caller)
    language, services = language_of(request), caller.services
    declared = rules.declaration.services if rules else ()
    own: dict[str, Any] = {
        "part": [each.name.in_(language) for each in declared if services is not None and each.id in services],
        "partly": services is not None,
        "note": note,
        "late": "late" in request.query_params,
        "key": secrets.token_urlsafe(16),
        "version": rules.version if rules else 0,
    }
    mark = site.visits.unsent.mark(caller.user)
    return PAGES.answer(
        request, template, operator=rules.declaration.operator.name if rules else None, status=status, mark=mark,
        **own | shown,
    )  # fmt: skip


def _asked(request: Requested, site: Site, caller: Caller) -> tuple[Note | None, Published | None]:
    rules = site.rules()
    entry = request.query_params.get("told", "")
    if not (entry.isascii() and entry.isdigit() and len(entry) <= 15):
        return None, rules
    found = happening(site, caller.user, int(entry), part_of(caller))
    if found is None:
        return None, rules
    names = names_of(request, site)
    return Note(story(found, names), "again" in request.query_params), rules


def names_of(request: Requested, site: Site) -> Names:
    """Return what ids are called, in the reader's language."""
    return Names(rules_ever(site), site.law, language_of(request), PAGES.words(request))


def go(path: str) -> Response[None]:
    """Send the reader on to a page."""
    return Response(None, status_code=SEE_OTHER, headers={"Location": path, "Cache-Control": "no-store"})


def done(path: str, found: Done) -> Response[None]:
    """Send the reader on to a page that tells what was done; also when it had been done before."""
    return go(f"{path}?told={found.entry}{'&again=1' if found.repeated else ''}")


def once(job: J, caller: Caller, form: Form, place: str) -> J:
    """Return `job` with the name that its form gave it: a form that is sent twice does it once.

    What the form says is part of the name, so that a form of yesterday with something else in it is another request.

    Raises:
        MalformedError: the form has no name of its own.

    """
    said = {name: values for name, values in sorted(form.items()) if name not in ("mark",)}
    key = one(form, "key")
    if not 0 < len(key) <= _LONGEST_KEY:
        raise MalformedError
    digest = hashlib.sha256(msgspec.json.encode((place, said))).hexdigest()
    return named(job, caller, f"{key} {digest}", said, "portal", place)


def refusals(site: Site, decisions: list[Decision], request: Requested) -> list[Refusal]:
    """Return why the gate denied: each reason once."""
    language = language_of(request)
    reasons = dict.fromkeys(reason for each in decisions if isinstance(each, Deny) for reason in each.reasons)
    found = []
    for each in reasons:
        name, path = cited(site.law, str(each.cite), language)
        says = site.law.provision(each.cite).says.in_(language)
        missing = sentence(MISSING[each.missing].in_(language), site.law, language)
        found.append(Refusal(missing, says, name, path))
    return found
