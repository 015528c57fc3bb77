# SPDX-License-Identifier: Apache-2.0
"""Who answers for whom: the posts whose holders confirm that others hold a post."""

from keshou.declaration.model import Declaration, Post


def confirmers(declaration: Declaration) -> dict[str, frozenset[str]]:
    """Return each post -> the posts whose holders may confirm an appointment to it.

    That is the post that answers for its department; and where this is the post itself, those that the review of
    access names for heads too. An agent's post confirms nobody. Nobody confirms their own appointment, so the holder
    of a post that only itself confirms needs a colleague.

    Source: miit24:13.1.1, miit24:13.1.5
    """
    responsible = {each.id: each.responsible for each in declaration.departments}
    own = {post.id for post in declaration.posts if not post.agent}
    heads = set(declaration.access_review.heads_by) if declaration.access_review else set[str]()
    found = {}
    for post in declaration.posts:
        head = responsible.get(post.department, "")
        found[post.id] = frozenset({head, *(heads if head == post.id else ())} & own)
    return found


def own_posts(posts: tuple[Post, ...]) -> frozenset[str]:
    """Return the ids of the posts that are no agent's."""
    return frozenset(post.id for post in posts if not post.agent)
