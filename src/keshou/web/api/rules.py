# SPDX-License-Identifier: Apache-2.0
"""The published rules: read, held against the law before publishing, published, compared."""

import hashlib
from typing import Annotated

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, PathParameter, QueryParameter, RawBody

from keshou.acts.request import Done
from keshou.app.site import Site
from keshou.db import Transaction
from keshou.declaration.check import check as hold
from keshou.declaration.compare import compare
from keshou.declaration.finding import Finding
from keshou.declaration.load import read as read_declaration
from keshou.declaration.model import Declaration, Published
from keshou.declaration.render import render_text
from keshou.errors import InputError
from keshou.gate.calendar import day_of
from keshou.language import Language
from keshou.ledger.entry import decode
from keshou.web.api.asked import Requested, answer, refuse_other_type
from keshou.web.api.paged import USUAL, Cursor, Limit, Page, page
from keshou.web.described import JSON, told
from keshou.web.entitled import require_reader
from keshou.web.errors import NotFoundError
from keshou.web.idempotency import IdempotencyKey
from keshou.web.language import language_of
from keshou.web.problem import KINDS, response
from keshou.web.publishing import held_for_publishing, is_clean, matched, publish_after, require_publisher, says_first
from keshou.wire import rules as w
from keshou.wire.caller import Caller

TOML = "application/toml"
_HTML, _TEXT = "text/html", "text/plain"
_LARGEST = 2**31 - 1
_VARY = {"Vary": "Accept, Accept-Language"}

Version = Annotated[int, PathParameter(ge=1, le=_LARGEST)]
IfMatch = Annotated[
    str, HeaderParameter(name="If-Match", max_length=64, description="The ETag of the newest version published.")
]
IfNoneMatch = Annotated[
    str, HeaderParameter(name="If-None-Match", max_length=64, description="`*`: nothing was published yet.")
]
Before = Annotated[
    int, QueryParameter(name="before", ge=-1, le=_LARGEST, description="Against which; 0: nothing, -1: the one before.")
]


@get("/", sync_to_thread=True, operation_class=told(
    w.RulesShape, media_types=(JSON, _HTML, _TEXT), problems=(404,), headers=("ETag",)
))  # fmt: skip
def current(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]
) -> Response[bytes] | Response[str]:
    """Return the rules in force: as data, as the page that was published, or as text, by `Accept`."""
    rules = site.rules()
    if rules is None:
        raise NotFoundError("no rules are in force", hint="publish them first, with `keshou publish`")
    return _shown(request, caller, site, rules)


@get("/versions", sync_to_thread=True, operation_class=told(Page[w.VersionShape]))
def versions(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return every version published, oldest first; also what is not in force yet."""
    require_reader(caller, users=True)
    with site.reading() as tx:
        found = [w.version_shape(each) for each in site.declarations.versions(tx)]
    return answer(page(found, lambda each: f"{each.version:016}", cursor, limit))


@get("/{version:int}", sync_to_thread=True, operation_class=told(
    w.RulesShape, media_types=(JSON, _HTML, _TEXT), problems=(404,), headers=("ETag",)
))  # fmt: skip
def version_of(
    request: Requested, version: Version, caller: NamedDependency[Caller], site: NamedDependency[Site]
) -> Response[bytes] | Response[str]:
    """Return one version of the rules; its ETag is what a publication names by `If-Match`."""
    with site.reading() as tx:
        rules = _version(tx, site, version)
    return _shown(request, caller, site, rules)


@get("/{version:int}/difference", sync_to_thread=True, operation_class=told(w.DifferenceShape, problems=(404,)))
def difference(
    version: Version, caller: NamedDependency[Caller], site: NamedDependency[Site], before: Before = -1
) -> Response[bytes]:
    """Return what a version allows over another, and who must be asked to consent anew."""
    require_reader(caller)
    other = version - 1 if before == -1 else before
    with site.reading() as tx:
        new = _version(tx, site, version)
        old = _version(tx, site, other).declaration if other else None
    return answer(w.difference_shape(compare(old, new.declaration), other, version))


@post("/check", status_code=200, sync_to_thread=True, operation_class=told(
    w.CheckAnswer, body=str, body_types=(TOML,)
))  # fmt: skip
def check(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody
) -> Response[bytes]:
    """Hold a declaration (`operator.toml`) against the law of today: every finding with place, article and mending."""
    require_reader(caller)
    refuse_other_type(request, TOML)
    found = hold(read_declaration(body), site.law, day_of(site.now()))
    return answer(w.CheckAnswer(clean=is_clean(found), findings=_findings(found, language_of(request))))


@post("/", status_code=200, sync_to_thread=True, operation_class=told(
    w.PublishAnswer, body=str, body_types=(TOML,), problems=(412, 428), headers=("ETag",)
))  # fmt: skip
def publish(
    *, request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody,
    key: IdempotencyKey, if_match: IfMatch = "", if_none_match: IfNoneMatch = "",
) -> Response[bytes]:  # fmt: skip
    """Publish a declaration (`operator.toml`) as the next version of the rules, when nothing found is an error.

    `If-Match` names the newest version: of two who publish at once the second is refused. The first version of all is
    published with `If-None-Match: *`, by any of the operator's own people who has an account.
    """
    first = says_first(if_match, if_none_match)
    require_publisher(caller, site, first=first)
    refuse_other_type(request, TOML)
    source, language = read_declaration(body), language_of(request)
    before = None if first else matched(site, if_match)
    found = held_for_publishing(site, source, before)
    if source.declaration is None or not is_clean(found):
        return _unlawful(found, language)
    asked = hashlib.sha256(body).hexdigest()
    after = before.version if before else 0
    done = publish_after(site, caller, key, source.declaration, after=after, digest=asked)
    told_ = _published(site, source.declaration, before, done, _findings(found, language))
    return answer(told_, headers={"ETag": f'"{told_.version}"'})


def _published(
    site: Site, declaration: Declaration, before: Published | None, done: Done, found: list[w.FindingShape]
) -> w.PublishAnswer:
    """Return what is told of a publication, the same when it is told again."""
    with site.reading() as tx:
        version = decode(site.ledger.entry(tx, done.entry)).rules
    return w.PublishAnswer(
        version=version,
        entry=done.entry,
        revision=done.entry + 1,
        repeated=done.repeated,
        findings=found,
        difference=w.difference_shape(
            compare(before.declaration if before else None, declaration), before.version if before else 0, version
        ),
    )


def _version(tx: Transaction, site: Site, version: int) -> Published:
    if version not in site.declarations.numbers(tx):
        raise NotFoundError("no such version was published", hint="list them at /api/v1/rules/versions")
    return site.declarations.version(tx, version)


def _shown(request: Requested, caller: Caller, site: Site, rules: Published) -> Response[bytes] | Response[str]:
    """Return the rules as the caller would have them; the declaration itself, with posts and grants, is no user's."""
    wanted = request.accept.best_match([JSON, _HTML, _TEXT], default=JSON)
    require_reader(caller, users=wanted != JSON)
    language = language_of(request)
    if wanted == JSON:
        return answer(w.rules_shape(rules), headers={"ETag": f'"{rules.version}"'} | _VARY)
    headers = {"ETag": f'"{rules.version}-{wanted[5:]}-{language}"', "Content-Language": language} | _VARY
    if wanted == _TEXT:
        return Response(render_text(rules, site.law, language), media_type=_TEXT, headers=headers)
    with site.reading() as tx:
        text = site.declarations.rules(tx, rules.version, language)
    return Response(text, media_type=_HTML, headers=headers)


def _findings(found: list[Finding], language: Language) -> list[w.FindingShape]:
    return [w.finding_shape(each, language) for each in found]


def _unlawful(found: list[Finding], language: Language) -> Response[bytes]:
    kind = KINDS[InputError]
    return response(
        w.UnlawfulRules(
            type=f"/problems/{kind.slug}",
            title=kind.title.in_(language),
            status=kind.status,
            detail="the declaration may not be published",
            hint="mend what `findings` names; `POST /api/v1/rules/check` holds it against the law",
            findings=_findings(found, language),
        )
    )


FACE = Router(
    "/api/v1/rules",
    route_handlers=[current, versions, version_of, difference, check, publish],
    tags=["rules"],
)
"""The router of the rules."""
