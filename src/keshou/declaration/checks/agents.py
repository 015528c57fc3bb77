# SPDX-License-Identifier: Apache-2.0
"""Who serves users for the operator: fit, under contract, supervised, and within what the purposes declare."""

from collections.abc import Iterator

from keshou.declaration.checks.case import Case
from keshou.declaration.checks.channels import is_blank
from keshou.declaration.checks.grants import beyond
from keshou.declaration.finding import Raised


def qualification(case: Case) -> Iterator[Raised]:
    """An agent's fitness was checked by a post of the operator's own, and holds today."""
    for index, agent in enumerate(case.declaration.agents):
        found, path = agent.qualification, f"agents[{index}].qualification"
        if found is None:
            yield Raised("agent_without_qualification", f"agents[{index}]", {"agent": agent.id})
            continue
        words = {"agent": agent.id, "post": found.checked_by, "until": str(found.valid_until)}
        post = case.posts.get(found.checked_by)
        if post is None:
            yield Raised("qualification_unknown_post", f"{path}.checked_by", words)
        elif post.agent:
            yield Raised("qualification_by_agent", f"{path}.checked_by", words)
        if found.checked_on > found.valid_until:
            yield Raised("qualification_dates", f"{path}.checked_on", words)
        elif found.valid_until < case.today:
            yield Raised("qualification_expired", f"{path}.valid_until", words)
        if found.checked_on > case.today:
            yield Raised("qualification_future", f"{path}.checked_on", words)


def contract(case: Case) -> Iterator[Raised]:
    """A contract holds today and says how information is protected."""
    for index, agent in enumerate(case.declaration.agents):
        found, path = agent.contract, f"agents[{index}].contract"
        if found is None:
            yield Raised("agent_without_contract", f"agents[{index}]", {"agent": agent.id})
            continue
        words = {"agent": agent.id, "until": str(found.until)}
        if found.from_ > found.until:
            yield Raised("contract_dates", f"{path}.from", words)
        elif found.until < case.today:
            yield Raised("contract_expired", f"{path}.until", words)
        if not found.protection_clause:
            yield Raised("contract_without_protection", f"{path}.protection_clause", words)


def supervision(case: Case) -> Iterator[Raised]:
    """A post of the operator's own supervises each agent, and users can reach the agent."""
    for index, agent in enumerate(case.declaration.agents):
        path, words = f"agents[{index}]", {"agent": agent.id, "post": agent.supervised_by}
        post = case.posts.get(agent.supervised_by)
        if not agent.supervised_by:
            yield Raised("agent_unsupervised", path, words)
        elif post is None:
            yield Raised("supervisor_unknown", f"{path}.supervised_by", words)
        elif post.agent:
            yield Raised("supervisor_of_agent", f"{path}.supervised_by", words)
        if is_blank(agent.contact):
            yield Raised("agent_contact_missing", path, words)


def scope(case: Case) -> Iterator[Raised]:
    """What an agent is entrusted with lies within the declared purposes."""
    for index, agent in enumerate(case.declaration.agents):
        path, words = f"agents[{index}]", {"agent": agent.id}
        for count, purpose in enumerate(agent.purposes):
            if purpose not in case.purposes:
                yield Raised("agent_unknown_purpose", f"{path}.purposes[{count}]", {**words, "purpose": purpose})
        acts, items = beyond(case, agent.purposes, agent.acts, agent.items)
        for count, act in acts:
            yield Raised("agent_acts_beyond", f"{path}.acts[{count}]", {**words, "act": act})
        for count, item in items:
            yield Raised("agent_items_beyond", f"{path}.items[{count}]", {**words, "item": item})


def stand_ins(case: Case) -> Iterator[Raised]:
    """Whoever is given stand-ins would else be given those items."""
    for index, agent in enumerate(case.declaration.agents):
        needs = [need for name in agent.purposes if name in case.purposes for need in case.purposes[name].needs]
        entrusted = {need.item for need in needs if not agent.items or need.item in agent.items}
        yield from _for_nothing(f"agents[{index}]", agent.id, agent.stand_ins, entrusted)
    for index, recipient in enumerate(case.declaration.recipients):
        purposes = [each for each in case.declaration.purposes if recipient.id in each.recipients]
        provided = {need.item for purpose in purposes for need in purpose.needs}
        yield from _for_nothing(f"recipients[{index}]", recipient.id, recipient.stand_ins, provided)


def _for_nothing(path: str, party: str, items: tuple[str, ...], given: set[str]) -> Iterator[Raised]:
    for count, item in enumerate(items):
        if item not in given:
            yield Raised("stand_in_for_nothing", f"{path}.stand_ins[{count}]", {"party": party, "item": item})


RULES = (qualification, contract, supervision, scope, stand_ins)
