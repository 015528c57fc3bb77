# SPDX-License-Identifier: Apache-2.0
"""The end of services: users end them by a word of their own; whoever else tells of it is asked the gate about first.

With the last service what they all held is destroyed, so it counts with what the same hand deletes and destroys. What a
hold keeps stays, and so does what the authority asked not to destroy; both go when nothing keeps them any longer.
"""

import datetime as dt

from keshou.acts.draft import Draft, Payload
from keshou.acts.effects import answered, cites_of, count, user_if_known
from keshou.acts.holding import end_service_class
from keshou.acts.request import ActError, Cancel
from keshou.acts.work import Work
from keshou.gate.act import OWN_HAND, Act
from keshou.gate.alike import of_no_service, of_nobody
from keshou.gate.decision import Decision, Deny
from keshou.gate.ending import decide_ending
from keshou.gate.facts import ServiceEnded, UserFact
from keshou.gate.standing import fold_user
from keshou.law.cites import END_OF_SERVICE
from keshou.law.terms import ActKind, RetentionClass
from keshou.ledger.entry import fact_json
from keshou.ledger.events import CANCEL_REFUSED, SERVICE_ENDED


def cancel(work: Work, job: Cancel, now: dt.datetime) -> Draft:
    """End services; when none is left, shred what the service class holds but for what must be kept (miit24:9.4).

    1. by another than the user: ask the gate, and when it denies record the denial and do nothing; so too of somebody
       who is not on record, or does not use the service
    2. fold in that the services ended
    3. with the last, let go what they held, and count it for the hand that told of it

    Raises:
        ActError: the rules declare no such service, or the user who ends it does not use it.

    """
    if not work.names.services.issuperset(job.services):
        raise ActError("the rules declare no such service", hint="see the services with `keshou rules`")
    key = user_if_known(work, job.user, job.by)
    in_use = work.view.gate.standing(job.user).profile.in_use
    ending = job.services or tuple(sorted(in_use))
    uses = bool(ending) and in_use.issuperset(ending)
    if not uses and job.by == OWN_HAND:
        if not in_use:
            raise ActError(
                "the user uses no service, so none can end",
                hint="what is held goes when its time is over, or is deleted",
            )
        raise ActError(
            "the user does not use the service that is to end", hint="name none, and every one of theirs ends"
        )
    last = uses and in_use == set(ending)
    act, decision = _decided(work, job, key, now, ending, last=last)
    if act is not None and not isinstance(decision, Deny) and (key is None or not uses):
        decision = of_nobody(work.view.gate, now) if key is None else of_no_service(work.view.gate, now)
    header: dict[str, object] = {
        "event": SERVICE_ENDED, **work.names.of_record(job.by, job.where, job.via), "count": 1,
        "rules": work.view.gate.timeline.at(now).edition.version, **_answer(work, act, decision),
    }  # fmt: skip
    if key is None or isinstance(decision, Deny):
        refused = [(key, Payload(job.user, CANCEL_REFUSED))] if key is not None else ()
        return Draft(header | {"event": CANCEL_REFUSED}, refused, decision=decision)
    facts: tuple[UserFact, ...] = tuple(ServiceEnded(at=now, service=service) for service in ending)
    work.view.become(job.user, key, fold_user([*work.facts(job.user), *facts]))
    draft = Draft(header, [(key, Payload(job.user, "cancel", facts=facts))], [(key, facts)], decision=decision)
    told: dict[str, object] = {}
    if last:
        work.settle()
        gone = end_service_class(work, draft, key, work.known.vault.blind(job.user), now)
        told["removed"] = {item: 1 for item in gone if item in work.names.items}
        if act is not None:
            count(work, draft, act, 1)
    if act is not None:
        told["counts"] = draft.counts
    if told:
        draft.header["fact"] = fact_json(told)
    return draft


def _decided(
    work: Work, job: Cancel, key: int | None, now: dt.datetime, ending: tuple[str, ...], *, last: bool
) -> tuple[Act | None, Decision | None]:
    """Return the destruction that ending services comes to, and what the gate says of it; None by the user's hand.

    Where it is of nobody, or of no service in use, the hand is asked about all the same, for whatever is declared.
    """
    if job.by == OWN_HAND:
        return None, None
    gate = work.view.gate
    work.settle()
    held = work.known.vault.items_of(work.tx, key) if key is not None else {}
    review = gate.timeline.at(now).state.review(job.review) if job.review else None
    act = Act(
        kind=ActKind.DESTROY, user=job.user, by=job.by, via=job.via, when=now, where=job.where, post=job.post,
        items=frozenset(item for item, class_ in held.items() if class_ is RetentionClass.SERVICE),
        purpose=review.purpose if review else "", review=job.review if last else "",
    )  # fmt: skip
    act = work.of_its_list(work.counted(act), (job.user,))
    return act, decide_ending(gate, act, ending or sorted(work.names.services), last=last)


def _answer(work: Work, act: Act | None, decision: Decision | None) -> dict[str, object]:
    """Return what an entry tells of the gate's answer; nothing where the gate was not asked."""
    if act is None or decision is None:
        return {}
    names, told = work.names.of_act(act), answered(decision)
    if not isinstance(decision, Deny):
        told["cites"] = (END_OF_SERVICE, *cites_of(decision.grounds))
    return {"post": names["post"], "review": names["review"], **told}
