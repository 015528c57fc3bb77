# SPDX-License-Identifier: Apache-2.0
"""``/console/people``: who holds which post, what each post is granted, agents, and the review of access."""

import datetime as dt
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from keshou.app.site import Site
from keshou.declaration.answering import confirmers
from keshou.declaration.model import Agent, Declaration, Office
from keshou.errors import InputError
from keshou.gate import reach
from keshou.gate.calendar import day_of, end_of, read_day
from keshou.gate.facts import AgentReinstated, AgentSuspended, StaffAppointed, StaffLeft, StaffRemoved
from keshou.gate.view import is_fit
from keshou.language import Text
from keshou.web.access_review import confirmation, require_access_reader, require_confirmer
from keshou.web.console.again import stands_on
from keshou.web.console.desk import Desk, desk_of, key_of, show, to, typed
from keshou.web.console.names import (
    OFFICE,
    agent_names,
    branch_names,
    item_names,
    named,
    post_names,
    purpose_names,
)
from keshou.web.entitled import require
from keshou.web.frame.page import Requested
from keshou.web.recorded import in_force, record
from keshou.wire.caller import Caller
from keshou.wire.law_words import KIND

A_PAGE = 50
_ID = "^[A-Za-z0-9._-]{1,64}$"
After = Annotated[str, QueryParameter(name="after", pattern="^[A-Za-z0-9._-]{0,64}$")]
Name = Annotated[str, PathParameter(pattern=_ID)]
Start = Annotated[int, QueryParameter(name="start", ge=0, le=10**9)]
FIT = {
    "fit": Text("合格", "fit"),
    "suspended": Text("已暂停", "suspended"),
    "unqualified": Text("没有合格记录", "no qualification on record"),
    "lapsed": Text("资格或合同不在有效期", "qualification or contract not valid now"),
}
"""How an agent stands -> what it is called."""


@get("/console/people", sync_to_thread=True, include_in_schema=False)
def people(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], after: After = ""
) -> Response[bytes]:
    """Show everybody who holds a post, by id, a page at a time."""
    require(caller, site, Office.APPOINT, Office.ACCOUNTS, Office.AUDIT)
    desk = desk_of(request, site, caller)
    held = [each for each in desk.state.holders().items() if each[0] > after]
    posts, branches = post_names(desk), branch_names(desk)
    shown = [
        (staff, [(each, posts.get(each.appointment.post, each.appointment.post),
                  branches.get(each.appointment.branch, each.appointment.branch)) for each in every])
        for staff, every in held[:A_PAGE]
    ]  # fmt: skip
    return show(
        request, desk, "people.html.j2", holders=shown, after=after,
        next=held[A_PAGE - 1][0] if len(held) > A_PAGE else "",
        posts=posts, branches={each.id: branches[each.id] for each in in_force(site).departments if each.branch},
        appoints=Office.APPOINT in desk.offices, today=day_of(site.now()).isoformat(),
    )  # fmt: skip


@get("/console/people/posts", sync_to_thread=True, include_in_schema=False)
def posts(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Show each post: its department, its duties and offices, who holds it, what it is granted."""
    require(caller, site, Office.APPOINT, Office.ACCOUNTS, Office.AUDIT)
    desk = desk_of(request, site, caller)
    declaration = in_force(site)
    holders = desk.state.holders()
    departments, agents = branch_names(desk), agent_names(desk)
    listed = []
    for each in declaration.posts:
        who = [staff for staff, held in holders.items() if each.id in {one.appointment.post for one in held}]
        offices = [OFFICE[office].in_(desk.language) for office in each.offices]
        listed.append(
            (each, departments.get(each.department, each.department), agents.get(each.agent, each.agent), offices, who)
        )
    return show(request, desk, "posts.html.j2", posts=listed, grants=_grants(desk, declaration))


def _grants(desk: Desk, declaration: Declaration) -> dict[str, list[dict[str, Any]]]:
    """Return what each post is granted, named."""
    purposes, items, branches = purpose_names(desk), item_names(desk), branch_names(desk)
    found: dict[str, list[dict[str, Any]]] = {}
    for each in declaration.grants:
        found.setdefault(each.post, []).append({
            "purposes": named(each.purposes, purposes),
            "acts": [KIND[one].in_(desk.language) for one in each.acts],
            "items": named(each.items, items),
            "branches": named(each.branches, branches),
            "grant": each,
            "over": each.until is not None and end_of(each.until) <= desk.site.now(),
        })  # fmt: skip
    return found


@post("/console/people/appoint", sync_to_thread=True, status_code=303, include_in_schema=False)
@stands_on(people)
def appoint(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[None]:
    """Appoint somebody to a post, or move them to it; nobody appoints themselves."""
    _require(caller, site)
    form = typed(request)
    staff, chosen, branch = id_of(form.get("staff", "")), form.get("post", ""), form.get("branch", "")
    now = site.now()
    fact = StaffAppointed(at=now, staff=staff, post=chosen, branch=branch, until=_until(form.get("until", "")))
    facts = (StaffLeft(at=now, staff=staff), fact) if form.get("move") else (fact,)
    asked = (staff, chosen, branch, form.get("until", ""), form.get("move", ""))
    record(site, caller, key_of(form), asked, ("console", "appoint"), *facts)
    return to("/console/people")


@post("/console/people/end", sync_to_thread=True, status_code=303, include_in_schema=False)
@stands_on(people)
def end(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[None]:
    """Take somebody off a post; without a post, write down that they left for good."""
    _require(caller, site)
    form = typed(request)
    staff, chosen, now = id_of(form.get("staff", "")), form.get("post", ""), site.now()
    fact = StaffRemoved(at=now, staff=staff, post=chosen) if chosen else StaffLeft(at=now, staff=staff)
    record(site, caller, key_of(form), (staff, chosen), ("console", "end"), fact)
    return to("/console/people")


@get("/console/people/agents", sync_to_thread=True, include_in_schema=False)
def agents(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Show the agents: qualification, contract, what they are entrusted with, whether they may serve now."""
    require(caller, site, Office.APPOINT, Office.AUDIT)
    desk = desk_of(request, site, caller)
    purposes, posts_ = purpose_names(desk), post_names(desk)
    listed = [
        {
            "agent": each, "fit": _fit(desk, each), "purposes": named(each.purposes, purposes),
            "acts": [KIND[one].in_(desk.language) for one in each.acts],
            "by": posts_.get(each.supervised_by, each.supervised_by),
        }
        for each in in_force(site).agents
    ]  # fmt: skip
    return show(
        request, desk, "agents.html.j2", agents=listed, appoints=Office.APPOINT in desk.offices,
        words={key: each.in_(desk.language) for key, each in FIT.items()},
    )  # fmt: skip


def _fit(desk: Desk, agent: Agent) -> str:
    if agent.id in desk.state.suspended_agents:
        return "suspended"
    if agent.qualification is None or agent.contract is None:
        return "unqualified"
    return "fit" if is_fit(agent, desk.site.now()) else "lapsed"


@post("/console/people/agents/{agent:str}", sync_to_thread=True, status_code=303, include_in_schema=False)
@stands_on(agents)
def judge(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], agent: Name
) -> Response[None]:
    """Write down that an agent was found unfit, or fit again (Order 24 Art. 11)."""
    _require(caller, site)
    form, now = typed(request), site.now()
    unfit = form.get("found") == "unfit"
    fact = AgentSuspended(at=now, agent=agent) if unfit else AgentReinstated(at=now, agent=agent)
    record(site, caller, key_of(form), unfit, ("console", "agents", agent), fact)
    return to("/console/people/agents")


@get("/console/people/access", sync_to_thread=True, include_in_schema=False)
def access(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], start: Start = 0
) -> Response[bytes]:
    """Show who can reach what, what is to be confirmed, and emergencies (Order 24 Art. 13(5))."""
    declaration = require_access_reader(caller, site)
    desk = desk_of(request, site, caller)
    posts_, branches, purposes = post_names(desk), branch_names(desk), purpose_names(desk)
    items = item_names(desk)
    by = confirmers(declaration)
    own = {each.post for each in desk.state.appointments(caller.id)}
    due = [
        (staff, held, posts_.get(held.appointment.post, held.appointment.post),
         named(sorted(by.get(held.appointment.post, ())), posts_),
         staff != caller.id and bool(own & by.get(held.appointment.post, frozenset())))
        for staff, held in reach.due(declaration, desk.state, site.now())
    ]  # fmt: skip
    lines, opened = reach.reach(declaration, desk.state), list(desk.state.emergencies())
    listed = [
        (line, posts_.get(line.post, line.post), branches.get(line.branch, line.branch),
         purposes.get(line.purpose, line.purpose), [KIND[one].in_(desk.language) for one in line.acts],
         named(line.items, items))
        for line in lines[start : start + A_PAGE]
    ]  # fmt: skip
    return show(
        request, desk, "access.html.j2", due=due, lines=listed, total=len(lines), start=start, size=A_PAGE,
        unanswered=named(reach.unanswered(declaration, desk.state), branches), review=declaration.access_review,
        emergencies=len(opened), unreviewed=sum(each.review is None for each in opened),
    )  # fmt: skip


@post("/console/people/access/confirm", sync_to_thread=True, status_code=303, include_in_schema=False)
@stands_on(access)
def confirm(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[None]:
    """Confirm that somebody still needs a post; nobody does for themselves."""
    require_confirmer(caller, site)
    form = typed(request)
    staff, chosen = id_of(form.get("staff", "")), id_of(form.get("post", ""))
    fact = confirmation(caller, site, staff, chosen)
    record(site, caller, key_of(form), (staff, chosen), ("access", "confirmations"), fact)
    return to("/console/people/access")


def _require(caller: Caller, site: Site) -> None:
    require(caller, site, Office.APPOINT, fresh=True)


def id_of(given: str) -> str:
    """Return an id as it was typed.

    Raises:
        InputError: it is none.

    """
    given = given.strip()
    if not (0 < len(given) <= _LONGEST and all(each.isascii() and (each.isalnum() or each in "._-") for each in given)):
        raise InputError("an id is of letters, digits, dots, dashes and underscores", wrong=(given,) if given else ())
    return given


_LONGEST = 64


def _until(given: str) -> dt.datetime | None:
    """Return the moment at which the day typed is over; None when none was typed."""
    try:
        return end_of(read_day(given)) if given else None
    except ValueError:
        raise InputError("the last day is no day of the calendar") from None
