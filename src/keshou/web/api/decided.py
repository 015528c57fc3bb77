# SPDX-License-Identifier: Apache-2.0
"""What became of an act -> an answer: permitted, denied, or answered before."""

import anyio.to_thread
import msgspec
from litestar import Response

from keshou.acts.request import Done, Job
from keshou.app.site import Site
from keshou.gate.decision import Decision, Permit
from keshou.language import Language
from keshou.ledger.entry import Header, decode
from keshou.web.api.asked import answer
from keshou.web.problem import DENIED, response
from keshou.wire.acts import ActAnswer, KeyGone
from keshou.wire.decision import DecisionShape, GroundShape, ReasonShape, decision_shape
from keshou.wire.problem import Problem


def keys_gone(done: Done) -> list[KeyGone]:
    """Return the keys that an act destroyed."""
    return [KeyGone(class_=class_, key=key) for class_, key in done.shredded]


async def perform(site: Site, job: Job, language: Language) -> Response[bytes]:
    """Bring an act on one user's information to the door, and answer with what became of it."""
    done = await site.perform_async(job)
    if done.repeated:
        return await anyio.to_thread.run_sync(done_before, site, done, language)
    return (
        answer(permitted(site, done, language)) if isinstance(done.decision, Permit) else denied(site, done, language)
    )


def permitted(site: Site, done: Done, language: Language, *, bulk: bool = False, permit: str = "") -> ActAnswer:
    """Return the answer that tells what a permitted act showed and did."""
    assert done.decision is not None  # noqa: S101 - what is asked anew is decided
    return ActAnswer(
        decision=decision_shape(done.decision, site.law, language),
        entry=done.entry,
        revision=done.entry + 1,
        values={} if bulk else dict(done.values),
        by_user={user: dict(values) for user, values in done.by_user.items()} if bulk else {},
        stand_ins=sorted(done.stand_ins),
        refused={user: decision_shape(each, site.law, language) for user, each in done.refused.items()},
        shredded=keys_gone(done),
        permit=permit,
    )


def denied(site: Site, done: Done, language: Language) -> Response[bytes]:
    """Return the problem that tells a denial: every article met, and where it was recorded."""
    assert done.decision is not None  # noqa: S101 - only what was decided is denied
    return denial(site, done.decision, done.entry, language)


def denial(site: Site, decision: Decision, entry: int | None, language: Language) -> Response[bytes]:
    """Return the problem that tells the denial `decision`."""
    return _problem(tuple(decision_shape(decision, site.law, language).reasons), entry, language)


def done_before(site: Site, done: Done, language: Language) -> Response[bytes]:
    """Return what an act was answered before, out of its entry; nothing is shown again.

    Who of many was refused stands in no entry, only how many met which provision: that is told.
    """
    with site.reading() as tx:
        header = decode(site.ledger.entry(tx, done.entry))
    refused = _refused(header)
    # where each of many was refused, the entry cites what the act as a whole was permitted on
    cites = tuple(refused) if refused and done.verdict == "deny" else header.cites
    provisions = [(cite, site.law.provision(cite).says.in_(language)) for cite in cites]
    if done.verdict == "deny":
        reasons = tuple(
            ReasonShape(prohibition="", cite=cite, missing="", missing_name="", says=says) for cite, says in provisions
        )
        return _problem(reasons, done.entry, language)
    decision = DecisionShape(
        permitted=True, rules=header.rules, revision=header.revision, full=_in_full(header), reasons=[],
        grounds=[GroundShape(cite=cite, fact="", fact_name="") for cite, _ in provisions],
    )  # fmt: skip
    place = done.entry
    return answer(ActAnswer(decision=decision, entry=place, revision=place + 1, repeated=True, refusals=refused))


def _in_full(header: Header) -> bool:
    """Say whether full values might be shown of all items."""
    return header.shown == "full" and not header.stand_ins


def _refused(header: Header) -> dict[str, int]:
    """Return for how many users of an act on many each provision was met."""
    if header.fact is msgspec.UNSET:
        return {}
    told: dict[str, dict[str, int]] = msgspec.json.decode(bytes(header.fact))
    return told.get("denied", {})


def _problem(reasons: tuple[ReasonShape, ...], entry: int | None, language: Language) -> Response[bytes]:
    title = DENIED.title.in_(language)
    return response(Problem(type=f"/problems/{DENIED.slug}", title=title, status=403, entry=entry, reasons=reasons))
