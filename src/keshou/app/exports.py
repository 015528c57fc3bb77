# SPDX-License-Identifier: Apache-2.0
"""Exports asked of the server: done at once, or once another person looked at them; the sealed file is kept for a time.

1. refuse what could not be finished: no verified key, the verifier's own hand;
2. where a review is all that is missing, ask for one in the same name, and wait;
3. else, or when it was approved: the act, through the one door; mark, seal, sign; keep the file; record what was made.

A failure after the act leaves it on record and no file. A caller who hangs up finds it at its id.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from keshou.acts.request import BulkPerform, Done, RecordSite
from keshou.app.handing_over import Naming, key_for, make, new_handover
from keshou.app.sequencer import OutcomeUnknownError
from keshou.app.site import Site
from keshou.errors import KeshouError
from keshou.gate.act import Act
from keshou.gate.decision import Decision, Deny, Permit
from keshou.gate.facts import HandedOver, RecipientKeyVerified, ReviewApproved, ReviewAsked, ReviewRefused
from keshou.gate.site import SiteState
from keshou.handover.order import Order, State, Wanted
from keshou.handover.store import parts
from keshou.law.terms import ActKind

_WITHOUT_REVIEW = {"bulk_act_without_review"}


class Outcome(NamedTuple):
    """Where an export came to, and the gate's answer when it was asked just now."""

    order: Order
    decision: Decision | None = None


def act_of(site: Site, by: str, wanted: Wanted) -> Act:
    """Return the act that an export is, asked now."""
    return Act(
        kind=ActKind.EXPORT, user="", items=frozenset(wanted.items), purpose=wanted.purpose, by=by, when=site.now(),
        where=wanted.where, post=wanted.post, recipient=wanted.recipient, count=wanted.count, review=wanted.review,
        ground=wanted.ground,
    )  # fmt: skip


def refuse_unsealable(site: Site, by: str, wanted: Wanted) -> None:
    """Refuse an export that could not be sealed to its recipient.

    Raises:
        HandoverError: it could not.

    """
    key_for(site, act_of(site, by, wanted))


def waits_for_review(site: Site, by: str, wanted: Wanted) -> bool:
    """Say whether another person's look is all that an export lacks.

    Raises:
        HandoverError: it could not be sealed to its recipient.

    """
    act = act_of(site, by, wanted)
    key_for(site, act)
    rules = site.rules()
    if wanted.review or rules is None or rules.declaration.review is None:
        return False
    decision = site.ask(act)
    return isinstance(decision, Deny) and {each.prohibition for each in decision.reasons} == _WITHOUT_REVIEW


def ask_review(site: Site, order: Order, users: tuple[str, ...]) -> RecordSite:
    """Return the request by which whoever wants the export asks for a review of just these users' export."""
    wanted = order.wanted
    fact = ReviewAsked(
        at=site.now(), review=wanted.review, requester=order.by, kind=ActKind.EXPORT, purpose=wanted.purpose,
        items=frozenset(wanted.items), count=wanted.count, recipient=wanted.recipient,
    )  # fmt: skip
    return RecordSite(facts=(fact,), by=order.by, must_stand=True, users=users)


def carry_out(site: Site, order: Order, users: Sequence[str]) -> Outcome:
    """Do an export that is in the making, and keep what came of it."""
    try:
        act = act_of(site, order.by, order.wanted)
        key = key_for(site, act)
        done = site.do(BulkPerform(act=act, users=tuple(users)))
        ended = msgspec.structs.replace(order, entry=done.entry, refused=_articles(done), ended=site.now())
        if not isinstance(done.decision, Permit):
            ended = msgspec.structs.replace(ended, state=State.DENIED)
        elif not done.by_user:
            ended = msgspec.structs.replace(ended, state=State.NOBODY)
        else:
            ended = _kept(site, ended, done, act, key)
    except BaseException as error:
        with contextlib.suppress(KeshouError):  # else its silence tells it
            _break_off(site, order, error)
        raise
    with site.writing() as tx:
        site.jobs.orders.end(tx, ended)
    return Outcome(ended, done.decision)


def _break_off(site: Site, order: Order, error: BaseException) -> None:
    """Keep that an export broke off, unless its file was handed over, or nobody knows: the log tells."""
    with site.reading() as tx:
        found = site.jobs.orders.order(tx, order.id, site.now())
    kept = "" if found is None else found.handover
    if kept and (isinstance(error, OutcomeUnknownError) or kept in site.state().handovers):
        return
    with site.writing() as tx:
        site.jobs.orders.end(tx, msgspec.structs.replace(order, state=State.BROKEN, ended=site.now()))


def _kept(site: Site, order: Order, done: Done, act: Act, key: RecipientKeyVerified) -> Order:
    """Make the file, keep it with all that goes with it, and then record that it was made."""
    handover = new_handover()
    named = msgspec.structs.replace(order, handover=handover)
    wanted = order.wanted
    made = make(site, act, done, key, Naming(named.name, wanted.format, wanted.spelling, handover))
    whole = msgspec.structs.replace(
        named, state=State.MADE, made=made.manifest.count, size=len(made.body), sha256=made.manifest.file.sha256,
        manifest=made.told, signature=made.signature,
    )  # fmt: skip
    with site.writing() as tx:
        site.jobs.orders.keep(tx, whole, made.body)
    site.record_site(made.fact, by=order.by)
    return whole


def _articles(done: Done) -> dict[str, int]:
    """Return for how many users who were left out each provision was met."""
    denials = [each for each in done.refused.values() if isinstance(each, Deny)]
    return dict(Counter(cite for each in denials for cite in dict.fromkeys(str(r.cite) for r in each.reasons)))


def review_of(order: Order, state: SiteState) -> ReviewAsked | ReviewApproved | ReviewRefused | None:
    """Return how the review of an export stands; None where there is none."""
    name = order.wanted.review
    return state.answers.get(name) or state.asked.get(name)


def file_of(site: Site, order: Order, start: int, stop: int) -> Iterator[bytes]:
    """Yield the sealed file of an export that was made, from byte `start` up to `stop`, part by part."""
    return parts(site.reading, site.jobs.orders, order.id, start, stop)


def find(site: Site, name: str) -> Order | None:
    """Return an export; None when there is none of that id."""
    with site.reading() as tx:
        found = site.jobs.orders.order(tx, name, site.now())
    return None if found is None else _as_logged(site, found)


def every(site: Site, by: str = "") -> list[Order]:
    """Return the exports that somebody asked for, or all, the newest first."""
    with site.reading() as tx:
        found = site.jobs.orders.orders(tx, site.now(), by)
    return [_as_logged(site, each) for each in found]


def _as_logged(site: Site, order: Order) -> Order:
    """Return an export as the log has it: what is on record as handed over was made, though nobody lived to say so."""
    if order.state not in (State.MAKING, State.BROKEN) or not order.handover:
        return order
    handed = site.state().handovers.get(order.handover)
    if handed is not None:
        return msgspec.structs.replace(order, state=State.MADE, ended=handed.at)
    return msgspec.structs.replace(
        order, made=0, refused={}, handover="", size=0, sha256="", manifest=b"", signature=b""
    )  # fmt: skip


def handovers(site: Site) -> list[HandedOver]:
    """Return every file that was ever made for a recipient, the newest first; also those made at the command line."""
    return list(reversed(site.state().handovers.values()))
