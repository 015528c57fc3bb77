# SPDX-License-Identifier: Apache-2.0
"""``/rules`` and its versions: the rules as published, each version with its date and what it changed.

Source: miit24:8.
"""

import datetime as dt
from typing import Annotated

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from keshou.app.site import Site
from keshou.db import Transaction
from keshou.declaration.model import Published
from keshou.declaration.store import Listed
from keshou.declaration.wording import WORDS
from keshou.language import Language
from keshou.web.changes import Changes, Naming, changes
from keshou.web.errors import NotFoundError
from keshou.web.frame.page import PUBLIC, Requested, headers_of
from keshou.web.kept import Kept
from keshou.web.language import language_of
from keshou.web.public.changes import Piece, pieces
from keshou.web.public.pages import PAGES, coming
from keshou.web.published import body_of, lines_of, policy_of

_CHANGES: Kept[Changes] = Kept()
_PIECES: Kept[list[Piece]] = Kept()
_LARGEST = 2**31 - 1
_A_PAGE = 20
Number = Annotated[int, PathParameter(ge=1, le=_LARGEST)]
Before = Annotated[int, QueryParameter(ge=1, le=_LARGEST)]


@get("/rules", sync_to_thread=True, include_in_schema=False)
def current(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Show the rules in force, as they were published."""
    now = site.now()
    with site.reading() as tx:
        rules = site.declarations.current(tx, now)
        next_ = coming(tx, site, now)
        if rules is None:
            operator = next_.declaration.operator.name if next_ else None
            return PAGES.answer(request, "no_rules.html.j2", operator=operator, cache=PUBLIC, coming=next_)
        page = site.declarations.rules(tx, rules.version, language_of(request))
    return _shown(request, rules, page, "in_force", next_)


@get("/rules/versions", sync_to_thread=True, include_in_schema=False)
def versions(request: Requested, site: NamedDependency[Site], before: Before = _LARGEST) -> Response[bytes]:
    """Show every version, newest first, each with its date and how much it changed."""
    now, language = site.now(), language_of(request)
    with site.reading() as tx:
        found = site.declarations.listed(tx, before, _A_PAGE + 1)
        rules = site.declarations.current(tx, now)
        digests = {each.version: each.digest for each in found}
        listed = [
            (each, _state(each, rules, now), _changes(tx, site, each, digests.get(each.version - 1, ""), language))
            for each in found[:_A_PAGE]
        ]
    return PAGES.answer(
        request,
        "versions.html.j2",
        operator=rules.declaration.operator.name if rules else None,
        cache=PUBLIC,
        listed=listed,
        older=listed[-1][0].version if len(found) > _A_PAGE else 0,
    )


@get("/rules/versions/{number:int}", sync_to_thread=True, include_in_schema=False)
def changed(request: Requested, site: NamedDependency[Site], number: Number) -> Response[bytes]:
    """Show what one version changed over the one before: in words, and line by line."""
    now, language = site.now(), language_of(request)
    with site.reading() as tx:
        rules = _version(tx, site, number)
        last = site.declarations.numbers(tx)[-1]
        state = _state(rules, site.declarations.current(tx, now), now)
        page = site.declarations.rules(tx, number, language)
        before = site.declarations.version(tx, number - 1).digest if number > 1 else ""
        earlier = site.declarations.rules(tx, number - 1, language) if number > 1 else ""
        texts = [site.declarations.notice_digest(tx, each, language) for each in (number - 1, number) if each]
        told = _changes(tx, site, rules, before, language)
    return PAGES.answer(
        request,
        "changed.html.j2",
        operator=rules.declaration.operator.name,
        cache=PUBLIC,
        rules=rules,
        state=state,
        last=last,
        changes=told,
        pieces=_PIECES.get(tuple(texts), lambda: pieces(lines_of(earlier), lines_of(page))) if earlier else [],
    )


@get("/rules/versions/{number:int}/rules", sync_to_thread=True, include_in_schema=False)
def version(request: Requested, site: NamedDependency[Site], number: Number) -> Response[bytes]:
    """Show one version of the rules whole."""
    now = site.now()
    with site.reading() as tx:
        rules = _version(tx, site, number)
        state = _state(rules, site.declarations.current(tx, now), now)
        page = site.declarations.rules(tx, number, language_of(request))
    return _shown(request, rules, page, state)


@get("/rules/versions/{number:int}/published", sync_to_thread=True, include_in_schema=False)
def published(request: Requested, site: NamedDependency[Site], number: Number) -> Response[bytes]:
    """Return the very bytes that were published, whose digest the notice and every consent name."""
    language = language_of(request)
    with site.reading() as tx:
        _version(tx, site, number)
        page = site.declarations.rules(tx, number, language)
        digest = site.declarations.notice_digest(tx, number, language)
    headers = headers_of(language, PUBLIC) | {"Content-Security-Policy": policy_of(page), "ETag": f'"{digest}"'}
    return Response(page.encode(), media_type="text/html", headers=headers)


def _shown(
    request: Requested, rules: Published, page: str, state: str, next_: Published | None = None
) -> Response[bytes]:
    language = language_of(request)
    return PAGES.answer(
        request,
        "rules.html.j2",
        operator=rules.declaration.operator.name,
        cache=PUBLIC,
        rules=rules,
        state=state,
        coming=next_,
        body=body_of(page),
        w={key: text.in_(language) for key, text in WORDS.items()},
    )


def _version(tx: Transaction, site: Site, number: int) -> Published:
    if number not in site.declarations.numbers(tx):
        raise NotFoundError("no such version was published", hint="they are listed at /rules/versions")
    return site.declarations.version(tx, number)


def _state(rules: Published | Listed, in_force: Published | None, now: dt.datetime) -> str:
    if in_force is not None and rules.version == in_force.version:
        return "in_force"
    return "coming" if rules.effective > now else "replaced"


def _changes(tx: Transaction, site: Site, rules: Published | Listed, before: str, language: Language) -> Changes:
    """Return what a version changed over the one whose digest is `before`; empty for the first."""

    def compared() -> Changes:
        new = site.declarations.version(tx, rules.version)
        old = site.declarations.version(tx, rules.version - 1).declaration if rules.version > 1 else None
        naming = Naming(old, new.declaration, site.law, language)
        return changes(site.declarations.difference(tx, rules.version), naming)

    return _CHANGES.get((before, rules.digest, language), compared)
