# SPDX-License-Identifier: Apache-2.0
"""What comes true of a user when rules are shown, a consent is given or taken back, messages are wanted or refused."""

from collections.abc import Iterable

from keshou.app.site import Site
from keshou.declaration.model import Published
from keshou.errors import InputError
from keshou.gate.facts import (
    ConsentGiven,
    ConsentWithdrawn,
    MessagesRefused,
    MessagesRequested,
    NoticeShown,
    UserFact,
)
from keshou.law.terms import ConsentStrength


def notice(site: Site, version: int | None = None) -> NoticeShown:
    """Return that the rules of `version` were shown, or those in force.

    Raises:
        InputError: no rules are in force, or none of that version were published.

    """
    rules = _published(site, version)
    return NoticeShown(at=site.now(), version=rules.version, digest=rules.digest)


def _published(site: Site, version: int | None) -> Published:
    if version is None:
        found = site.rules()
    else:
        with site.reading() as tx:
            found = next((each for each in site.declarations.versions(tx) if each.version == version), None)
    if found is None:
        raise InputError("no such rules are published", hint="publish rules first, or name a version that was")
    return found


def agreement(
    shown: NoticeShown, purpose: str, items: Iterable[str], strength: ConsentStrength, *, messages: bool,
    evidence: str = "",
) -> list[UserFact]:  # fmt: skip
    """Return what comes true when a user agrees to a purpose under the rules shown."""
    consent = ConsentGiven(
        at=shown.at, purpose=purpose, version=shown.version, strength=strength, items=frozenset(items),
        evidence=evidence,
    )  # fmt: skip
    return [shown, consent, *([MessagesRequested(at=shown.at)] if messages else [])]


def withdrawal(site: Site, purpose: str, items: Iterable[str], *, messages: bool, evidence: str = "") -> list[UserFact]:
    """Return what comes true when a user takes a consent back."""
    now = site.now()
    withdrawn = ConsentWithdrawn(at=now, purpose=purpose, items=frozenset(items), evidence=evidence)
    return [withdrawn, *([MessagesRefused(at=now)] if messages else [])]


def wish(site: Site, *, wanted: bool) -> UserFact:
    """Return what comes true when a user asks for commercial messages or refuses them."""
    return MessagesRequested(at=site.now()) if wanted else MessagesRefused(at=site.now())
