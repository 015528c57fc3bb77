# SPDX-License-Identifier: Apache-2.0
"""Who answers for protection: departments, branches, posts and their offices (Order 24 Art. 13(i))."""

from collections.abc import Iterator

from keshou.declaration.checks.case import Case
from keshou.declaration.checks.purposes import is_blank
from keshou.declaration.finding import Raised
from keshou.declaration.model import Office

NEEDED = (Office.PUBLISH, Office.APPOINT, Office.ACCOUNTS, Office.ORDERS, Office.AUDIT)
"""Offices without a holder of which something that the law asks for cannot be done."""


def departments(case: Case) -> Iterator[Raised]:
    """There are departments, and a post of the operator's own answers for each, by now."""
    if not case.declaration.departments:
        yield Raised("no_department", "departments")
    for index, department in enumerate(case.declaration.departments):
        words = {"id": department.id, "post": department.responsible}
        path, post = f"departments[{index}].responsible", case.posts.get(department.responsible)
        if not department.responsible:
            yield Raised("department_without_responsible", path, words)
        elif post is None:
            yield Raised("department_responsible_unknown", path, words)
        elif post.agent:
            yield Raised("department_responsible_of_agent", path, words)
        if department.since > case.today:
            words = {"id": department.id, "since": str(department.since)}
            yield Raised("department_since_future", f"departments[{index}].since", words)


def posts(case: Case) -> Iterator[Raised]:
    """Every post has duties, a department, and (when it is an agent's) an agent."""
    for index, post in enumerate(case.declaration.posts):
        path, words = f"posts[{index}]", {"post": post.id, "department": post.department, "agent": post.agent}
        if is_blank(post.duties):
            yield Raised("post_without_duties", f"{path}.duties", words)
        if post.department not in case.departments:
            yield Raised("post_unknown_department", f"{path}.department", words)
        if post.agent and post.agent not in case.agents:
            yield Raised("post_unknown_agent", f"{path}.agent", words)


def offices(case: Case) -> Iterator[Raised]:
    """Every office that is needed has a holder among the operator's own; who makes the rules does not audit."""
    held: set[Office] = set()
    for index, post in enumerate(case.declaration.posts):
        path, words = f"posts[{index}].offices", {"post": post.id, "agent": post.agent}
        if post.agent and post.offices:
            yield Raised("office_of_agent", path, words)
        elif {Office.PUBLISH, Office.AUDIT} <= set(post.offices):
            yield Raised("office_publish_and_audit", path, words)
        held |= set() if post.agent else set(post.offices)
    if missing := [each.value for each in NEEDED if each not in held]:
        yield Raised("office_unheld", "posts", {"offices": ", ".join(missing)})


RULES = (departments, posts, offices)
