# SPDX-License-Identifier: Apache-2.0
"""Publishing as every face asks for it: held against the law first, and after just the version that was read."""

import re

from keshou.acts.events import RulesChangedError
from keshou.acts.request import Done, Publish
from keshou.app.site import Site
from keshou.declaration.check import check as hold
from keshou.declaration.finding import Finding
from keshou.declaration.load import Source
from keshou.declaration.model import Declaration, Office, Published
from keshou.gate.calendar import day_of
from keshou.web.entitled import require, require_fresh
from keshou.web.errors import ChangedMeanwhileError, MatchNeededError, NotEntitledError
from keshou.web.idempotency import named
from keshou.wire.caller import Caller, CallerKind

_TAG = re.compile(r'"([1-9][0-9]{0,15})"')


def may_publish(caller: Caller, site: Site) -> bool:
    """Say whether the caller may publish what comes next, once they have proven themselves anew."""
    with site.reading() as tx:
        first = not site.declarations.numbers(tx)
    try:
        _require(caller, site, first=first)
    except NotEntitledError:
        return False
    return True


def require_publisher(caller: Caller, site: Site, *, first: bool) -> None:
    """Refuse whoever may not publish, or did not prove themselves lately; `first` says that it is to be version 1.

    Posts and offices come with rules: version 1 any of the operator's own people may publish who has an account. Until
    then accounts are made on the server alone, so it is whom its keeper invited; and after it nobody can any more, for
    `publish_after` refuses what says that it is the first.

    Raises:
        NotEntitledError: no post of theirs has the office (Order 24 Art. 13(1)), or they are not the operator's own.
        ProofTooOldError: the proof is not fresh.

    """
    _require(caller, site, first=first)
    require_fresh(caller, site)


def _require(caller: Caller, site: Site, *, first: bool) -> None:
    if not first:
        require(caller, site, Office.PUBLISH)
    elif caller.kind is not CallerKind.STAFF:
        raise NotEntitledError(
            "the first rules are published by the operator's own people (miit24:8)", hint="sign in as one of them"
        )


def held_for_publishing(site: Site, source: Source, before: Published | None) -> list[Finding]:
    """Return what is wrong with a declaration that is to be published now, after `before` (None: the first)."""
    now = site.now()
    return hold(source, site.law, day_of(now), publishing=now, previous=before)


def is_clean(found: list[Finding]) -> bool:
    """Say whether nothing found is an error."""
    return all(each.severity != "error" for each in found)


def publish_after(site: Site, caller: Caller, key: str, declaration: Declaration, *, after: int, digest: str) -> Done:
    """Publish as the next version after version `after` (0: the first); `digest` names the bytes that were sent.

    Raises:
        ChangedMeanwhileError: another version was published meanwhile.

    """
    job = Publish(declaration=declaration, by=caller.id, after=after)
    try:
        return site.do(named(job, caller, key, (after, digest), "rules"))
    except RulesChangedError:
        raise ChangedMeanwhileError from None


def says_first(match: str, none: str) -> bool:
    """Say whether `If-None-Match` (`none`) says that nothing was published yet, and `If-Match` nothing."""
    return none.strip() == "*" and not match


def matched(site: Site, given: str) -> Published:
    """Return the version that `If-Match` names.

    Raises:
        MatchNeededError: it names none.
        ChangedMeanwhileError: it is none that was published.

    """
    if not given:
        raise MatchNeededError
    tag = _TAG.fullmatch(given.strip())
    with site.reading() as tx:
        if tag is None or int(tag[1]) not in site.declarations.numbers(tx):
            raise ChangedMeanwhileError
        return site.declarations.version(tx, int(tag[1]))
