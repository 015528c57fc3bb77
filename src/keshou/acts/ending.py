# SPDX-License-Identifier: Apache-2.0
"""The end of services: users end them by a word of their own; whoever else tells of it is asked the gate about first.

With the last service what they all held is destroyed, so it counts with what the same hand deletes and destroys. What a
hold keeps stays, and so does what the authority asked not to destroy; both go when nothing keeps them any longer.
"""

import datetime as dt

from keshou.acts.adding_up import ENDED
from keshou.acts.draft import Draft, Payload
from keshou.acts.effects import cites_of, count, known_user
from keshou.acts.holding import end_service_class
from keshou.acts.request import ActError, Cancel
from keshou.acts.work import Work
from keshou.gate.act import OWN_HAND, Act
from keshou.gate.decision import Decision, Deny
from keshou.gate.ending import decide_ending
from keshou.gate.facts import ServiceEnded, UserFact
from keshou.gate.standing import fold_user
from keshou.law.terms import ActKind, RetentionClass
from keshou.ledger.entry import fact_json

REFUSED = "cancel"
"""The event of an entry that tells that services were not ended, since the gate denied it."""
_END_RULE = "miit24:9.4"


def cancel(work: Work, job: Cancel, now: dt.datetime) -> Draft:
    """End services; when none is left, shred what the service class holds but for what must be kept (miit24:9.4).

    1. by another than the user: ask the gate, and when it denies record the denial and do nothing
    2. fold in that the services ended
    3. with the last, let go what they held, and count it for the hand that told of it
    """
    key = known_user(work, job.user)
    in_use = work.view.gate.standing(job.user).profile.in_use
    ending = tuple(sorted(in_use)) if not job.services else job.services
    if not ending or not set(ending) <= in_use:
        raise ActError("the user does not use the service that is to end", hint="see `keshou user show`")
    last = in_use == set(ending)
    act, decision = _decided(work, job, key, now, ending, last=last)
    header: dict[str, object] = {
        "event": ENDED, **work.names.of_record(job.by, job.where, job.via), "count": 1, **_answer(work, act, decision),
    }  # fmt: skip
    if isinstance(decision, Deny):
        refused = Payload(job.user, REFUSED)
        return Draft(header | {"event": REFUSED}, [(key, refused)], decision=decision)
    facts: tuple[UserFact, ...] = tuple(ServiceEnded(at=now, service=service) for service in ending)
    work.view.become(job.user, key, fold_user([*work.facts(job.user), *facts]))
    draft = Draft(header, [(key, Payload(job.user, "cancel", facts=facts))], [(key, facts)], decision=decision)
    if last:
        work.settle()
        end_service_class(work, draft, key, work.known.vault.blind(job.user), now)
        if act is not None:
            count(work, draft, act, 1)
    if act is not None:
        draft.header["fact"] = fact_json({"counts": draft.counts})
    return draft


def _decided(
    work: Work, job: Cancel, key: int, now: dt.datetime, ending: tuple[str, ...], *, last: bool
) -> tuple[Act | None, Decision | None]:
    """Return the destruction that ending services comes to, and what the gate says of it; None by the user's hand."""
    if job.by == OWN_HAND:
        return None, None
    gate = work.view.gate
    work.settle()
    held = work.known.vault.items_of(work.tx, key)
    review = gate.timeline.at(now).state.review(job.review) if job.review else None
    act = Act(
        kind=ActKind.DESTROY, user=job.user, by=job.by, via=job.via, when=now, where=job.where, post=job.post,
        items=frozenset(item for item, class_ in held.items() if class_ is RetentionClass.SERVICE),
        purpose=review.purpose if review else "", review=job.review if last else "",
    )  # fmt: skip
    act = work.of_its_list(work.counted(act), (job.user,))
    return act, decide_ending(gate, act, ending, last=last)


def _answer(work: Work, act: Act | None, decision: Decision | None) -> dict[str, object]:
    """Return what an entry tells of the gate's answer; nothing where the gate was not asked."""
    if act is None or decision is None:
        return {}
    names = work.names.of_act(act)
    denied = isinstance(decision, Deny)
    return {
        "post": names["post"],
        "review": names["review"],
        "decision": "deny" if denied else "permit",
        "cites": cites_of(decision.reasons) if isinstance(decision, Deny) else (_END_RULE, *cites_of(decision.grounds)),
        "rules": decision.rules,
        "revision": decision.revision,
    }
