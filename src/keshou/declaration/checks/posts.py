# SPDX-License-Identifier: Apache-2.0
"""Who answers for protection: departments, branches and posts (Order 24 Art. 13(i))."""

from collections.abc import Iterator

from keshou.declaration.checks.case import Case
from keshou.declaration.checks.purposes import is_blank
from keshou.declaration.finding import Raised


def departments(case: Case) -> Iterator[Raised]:
    """There are departments, and a post of the operator's own answers for each."""
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


RULES = (departments, posts)
