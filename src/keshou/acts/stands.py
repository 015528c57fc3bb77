# SPDX-License-Identifier: Apache-2.0
"""What is told to end must stand: a post that is held, a suspension, a ground; asked at the door, where no two meet."""

import datetime as dt
from collections.abc import Sequence

from keshou.acts.request import ActError
from keshou.acts.work import Work
from keshou.gate.facts import (
    AgentReinstated,
    GroundEnded,
    LinkMade,
    LinkRevoked,
    SiteFact,
    StaffLeft,
    StaffRemoved,
    SuspensionLifted,
)
from keshou.gate.holds import HoldLifted


class NothingToEndError(ActError):
    """There is no such thing, or it ended before."""


def check_stands(work: Work, facts: Sequence[SiteFact], now: dt.datetime) -> None:
    """Refuse to end what does not stand at `now`.

    Recipients' keys, media and emergencies are no matter of this: whoever ends one that is not there is refused always.

    Raises:
        NothingToEndError: it does not.

    """
    state = work.view.gate.timeline.at(now).state
    for fact in facts:
        match fact:
            case StaffLeft():
                stands, what = bool(state.appointments(fact.staff)), "nobody of that id holds a post"
            case StaffRemoved():
                held = {each.post for each in state.appointments(fact.staff)}
                stands, what = fact.post in held, "nobody of that id holds the post"
            case SuspensionLifted():
                stands = fact.suspension in {each.suspension for each in state.suspensions()}
                what = "no such suspension stands"
            case GroundEnded():
                stands, what = state.ground(fact.ground) is not None, "no such ground holds"
            case AgentReinstated():
                stands, what = fact.agent in state.suspended_agents, "nobody found the agent unfit"
            case LinkRevoked():
                stands, what = _opens(work, fact.link, now), "no such link holds"
            case HoldLifted():
                stands, what = fact.hold in {each.hold for each in state.holds()}, "no such hold stands"
            case _:
                continue
        if not stands:
            raise NothingToEndError(what, hint="list what there is")


def _opens(work: Work, link: str, now: dt.datetime) -> bool:
    """Say whether a link was made that is neither over nor revoked."""
    facts = work.view.gate.site.facts
    made = any(isinstance(each, LinkMade) and each.link == link and now < each.until for each in facts)
    return made and not any(isinstance(each, LinkRevoked) and each.link == link for each in facts)
