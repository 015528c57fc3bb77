# SPDX-License-Identifier: Apache-2.0
"""May somebody tell that services of a user ended? In the gate's own terms, since with the last what they held goes.

The Order lets whoever serves a user take the end of a service down and says no more of it than of any other act: staff
do what their post is granted, an agent what its contract covers, many at once are reviewed first (miit24:11,
miit24:13.1.3). Consent, notice and need are no question here, and a suspension is none: the service ends, and what it
held is kept meanwhile.
"""

from collections.abc import Collection, Iterator

import msgspec

from keshou.gate.act import Act
from keshou.gate.conditions import BITS
from keshou.gate.decide import Gate
from keshou.gate.decision import Decision, Deny, Ground, Permit, Reason
from keshou.gate.view import View
from keshou.law.terms import ActKind

_SERVING = (ActKind.COLLECT, ActKind.CORRECT, ActKind.DELETE)
"""Whoever is granted one of these for a purpose that provides a service looks after what its users say."""
_BULK = BITS["bulk"] | BITS["reviewed"]
_HAND = sum(
    BITS[name]
    for name in ("published", "actor_known", "post_clear", "granted", "agent_acts", "agent_fit", "within_contract")
)
_NO_QUESTION = sum(
    BITS[name]
    for name in ("user_known", "purpose_known", "items_known", "kind_declared", "within_need", "serves_users")
)
_STANDS_ON = frozenset({"published_rules", "agent", "grant", "review"})


def decide_ending(gate: Gate, act: Act, services: Collection[str], *, last: bool) -> Decision:
    """Decide whether `services` may be told to have ended by whoever does `act`, the destruction that comes with it.

    Permitted when some post of theirs, here and now, is granted to collect, correct or delete something for a purpose
    that provides each service, an agent's within what it was entrusted with while it is fit; and, where they are the
    `last` of the user, when what the same hand destroyed is no bulk act, or is reviewed. `act` names no purpose unless
    its review does.

    Source: miit24:9.4, miit24:11, miit24:13.1.3
    """
    view = gate.timeline.at(act.when)
    answers = view.edition.answers
    bulk = view.prepare(act).word & _BULK if last else 0
    reasons: dict[Reason, None] = {}
    grounds: dict[Ground, None] = {}
    for service in services:
        asked = (answers.of(word | bulk | _NO_QUESTION) for word in _hands(view, act, service))
        found = next(asked)
        for each in asked:
            if not found.code:
                break
            found = min(found, each, key=lambda answer: len(answer.reasons))
        reasons |= dict.fromkeys(found.reasons)
        grounds |= dict.fromkeys(each for each in found.grounds if each.fact in _STANDS_ON)
    if reasons:
        return Deny(tuple(reasons), view.edition.version, gate.revision)
    return Permit(tuple(grounds), view.edition.version, gate.revision, full=False)


def _hands(view: View, act: Act, service: str) -> Iterator[int]:
    """Yield what holds of whoever does `act` in each post, for each act that looks after users of `service`.

    Where there is no post or no such purpose it is what holds of them at all, so that something always comes.
    """
    asked = msgspec.structs.replace(act, kind=ActKind.COLLECT, items=frozenset(), purpose="", review="", so_far=0)
    found = False
    declared = view.edition.published.declaration.purposes if view.edition.published else ()
    for post in _posts(view, act):
        for purpose in declared:
            if service not in purpose.services or not purpose.provides_service:
                continue
            for kind in _SERVING:
                for need in purpose.needs:
                    one = msgspec.structs.replace(
                        asked, kind=kind, items=frozenset({need.item}), purpose=purpose.id, post=post
                    )
                    found = True
                    yield view.prepare(one).word & _HAND
    if not found:
        yield view.prepare(asked).word & _HAND


def _posts(view: View, act: Act) -> list[str]:
    """Return the post that `act` names, or every post that whoever does it holds or was lent."""
    held = {each.post for each in view.state.appointments(act.by)}
    return [act.post] if act.post else sorted(held | (view.state.lent(act.by) if held else frozenset()))
