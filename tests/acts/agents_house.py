# SPDX-License-Identifier: Apache-2.0
"""The small operator with two agents, whose posts are granted full values, and a recipient; some get stand-ins."""

import msgspec
from house import START, declared

from keshou.declaration.model import Agent, Contract, Declaration, Department, Grant, Post, Qualification, Recipient
from keshou.gate.facts import StaffAppointed
from keshou.language import Text
from keshou.law.terms import ActKind

DAY = START.date()
ACTS = (ActKind.USE, ActKind.QUERY, ActKind.EXPORT)
HIDDEN = ("mobile_number", "user_name")
SEATS = [("clerk1", "clerk"), ("lister", "analyst"), ("rider1", "rider"), ("caller1", "caller")]


def agent(name: str, *stand_ins: str) -> Agent:
    checked = Qualification(number="Q1", checked_on=DAY, checked_by="officer", valid_until=DAY.replace(year=2030))
    contract = Contract(from_=DAY.replace(year=2020), until=DAY.replace(year=2030), protection_clause=True)
    return Agent(
        id=name, name=Text(name, name), qualification=checked, contract=contract, supervised_by="officer",
        purposes=("service",), acts=ACTS, stand_ins=stand_ins,
    )  # fmt: skip


def rules(*, courier: tuple[str, ...] = HIDDEN, bank: tuple[str, ...] = ("mobile_number",)) -> Declaration:
    """Return the small operator's rules with two agents, whose posts are granted full values, and a recipient."""
    found = declared()
    purposes = tuple(
        msgspec.structs.replace(each, recipients=("bank",), acts=(*each.acts, ActKind.PROVIDE))
        if each.id == "service" else each
        for each in found.purposes
    )  # fmt: skip
    offices = [
        Department(id=name, name=Text(name, name), responsible="officer", since=DAY.replace(year=2020))
        for name in ("courier", "calls")
    ]
    posts = [
        Post(id=post, name=Text(post, post), department="office", duties=Text("办", "does"), agent=of)
        for post, of in (("rider", "courier"), ("caller", "calls"))
    ]
    grants = [Grant(post=post.id, purposes=("service",), acts=ACTS, full=True) for post in posts]
    return msgspec.structs.replace(
        found,
        purposes=purposes,
        recipients=(Recipient(id="bank", name=Text("银行", "Bank"), stand_ins=bank),),
        departments=(*found.departments, *offices),
        posts=(*found.posts, *posts),
        grants=(*found.grants, *grants),
        agents=(agent("courier", *courier), agent("calls")),
    )


def seated() -> list[StaffAppointed]:
    """Return the appointments of who acts in these tests."""
    return [StaffAppointed(at=START, staff=who, post=post) for who, post in SEATS]
