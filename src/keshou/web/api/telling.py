# SPDX-License-Identifier: Apache-2.0
"""What came true of a user is written down as it is told: in whose hand, under which rules, once."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import anyio.to_thread
from litestar import Response

from keshou.acts.request import Cancel, Done, Record
from keshou.app import own_facts
from keshou.app.site import Site
from keshou.gate.act import OWN_HAND
from keshou.gate.decision import Deny
from keshou.gate.facts import NoticeShown, UserFact
from keshou.language import Language
from keshou.web.api.asked import answer
from keshou.web.api.decided import denied, done_before, keys_gone
from keshou.web.entitled import require_user, through
from keshou.web.idempotency import named
from keshou.web.serving import require_entrusted, teller
from keshou.wire.caller import Caller
from keshou.wire.standing import Told


class Telling(NamedTuple):
    """Something told of a user by one hand, in one request."""

    site: Site
    caller: Caller
    key: str
    """The request's idempotency key."""
    asked: Any
    """What the request says."""
    place: str
    """Where it was sent."""
    user: str
    by: str
    where: str = ""

    async def write_down(self, language: Language, *facts: UserFact) -> Response[bytes]:
        """Write down `facts`, which come true as they are told; answer where, or that nobody is on record.

        Raises:
            NotEntitledError: they are beyond what an agent whose staff tells them was entrusted with.

        """
        if self.by != OWN_HAND:
            await anyio.to_thread.run_sync(require_entrusted, self.site, self.by, facts)
        via = through(self.caller, self.by)
        job = Record(user=self.user, facts=facts, by=self.by, via=via, where=self.where, just_now=True)
        return await self._answered(job, language)

    async def end(
        self, language: Language, services: Sequence[str], *, post: str = "", review: str = ""
    ) -> Response[bytes]:
        """End services, all when none are named; with the last, what they held is destroyed. Answer as `write_down`."""
        job = Cancel(
            user=self.user, by=self.by, via=through(self.caller, self.by), where=self.where, services=tuple(services),
            post=post, review=review,
        )  # fmt: skip
        return await self._answered(job, language)

    async def _answered(self, job: Record | Cancel, language: Language) -> Response[bytes]:
        done = await self.site.perform_async(named(job, self.caller, self.key, self.asked, self.place))
        if done.repeated and done.verdict == "deny":
            return await anyio.to_thread.run_sync(done_before, self.site, done, language)
        return denied(self.site, done, language) if isinstance(done.decision, Deny) else answer(told_of(done))


def told_of(done: Done) -> Told:
    """Return the answer that tells where something was written down."""
    return Told(entry=done.entry, revision=done.entry + 1, shredded=keys_gone(done), repeated=done.repeated)


async def by_staff(site: Site, caller: Caller, key: str, asked: Any, place: str) -> Telling:
    """Return what a caller of the operator's tells of the user whom `asked` names.

    Raises:
        NotEntitledError: it is no caller of the operator's, acts in another's name, has a key that is limited to less,
            or the hand holds no post.

    """
    by = await anyio.to_thread.run_sync(teller, site, caller, asked.by, getattr(asked, "purpose", ""))
    return Telling(site, caller, key, asked, place, asked.user, by, asked.where)


def by_user(site: Site, caller: Caller, key: str, asked: Any, place: str) -> Telling:
    """Return what users tell of themselves.

    Raises:
        NotEntitledError: it is nobody's user.

    """
    return Telling(site, caller, key, asked, place, require_user(caller), OWN_HAND)


async def notice(site: Site, version: int | None = None) -> NoticeShown:
    """Return that the rules of `version` were shown, or those in force.

    Raises:
        InputError: no rules are in force, or none of that version were published.

    """
    if version is None and (rules := site.rules_known(site.now(), (await site.pulse.look()).size)) is not None:
        return NoticeShown(at=site.now(), version=rules.version, digest=rules.digest)
    return await anyio.to_thread.run_sync(own_facts.notice, site, version)
