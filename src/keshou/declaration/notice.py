# SPDX-License-Identifier: Apache-2.0
"""What the notice fails to tell users of what they must be told (Order 24 Art. 9(2))."""

from collections.abc import Iterator

from keshou.declaration.checks.channels import is_blank as unreachable
from keshou.declaration.checks.purposes import is_blank
from keshou.declaration.model import Declaration
from keshou.language import Text
from keshou.law.law import Law


def notice_complete(declaration: Declaration, law: Law) -> tuple[str, ...]:
    """Return the paths of what is missing, in order; empty when the notice is complete.

    Purpose, manner, scope with its reasons, consequences of refusing, and where to query and correct: each must be
    said in both languages, since either may be the one that a user reads.

    Source: miit24:9.2
    """
    return tuple(_missing(declaration, law))


def _missing(declaration: Declaration, law: Law) -> Iterator[str]:
    known = law.items.keys() | {each.id for each in declaration.items}
    if not declaration.purposes:
        yield "purposes"
    for index, purpose in enumerate(declaration.purposes):
        path = f"purposes[{index}]"
        for name, text in (("name", purpose.name), ("manner", purpose.manner), ("refusal", purpose.refusal)):
            if not _whole(text):
                yield f"{path}.{name}"
        for count, need in enumerate(purpose.needs):
            if need.item not in known:
                yield f"{path}.needs[{count}].item"
            if not _whole(need.why):
                yield f"{path}.needs[{count}].why"
    for name in ("query", "correct"):
        contact = getattr(declaration.channels, name)
        if contact is None or unreachable(contact):
            yield f"channels.{name}"


def _whole(text: Text) -> bool:
    return not is_blank(text) and bool(text.zh.strip()) and bool(text.en.strip())
