# SPDX-License-Identifier: Apache-2.0
"""How an entry tells which keys were destroyed, and what is kept beside it when they are too many to stand in it."""

from collections.abc import Iterable, Sequence

from keshou.acts.draft import Draft
from keshou.ledger.certificate import MOST_NAMED, named
from keshou.vault.sealed import Shredded


def key_ids(shredded: Sequence[Shredded]) -> tuple[str, ...]:
    """Return the ids of keys destroyed; of many, the root of the tree over them and their number."""
    return named([each.kid for each in shredded])


def to_keep(drafts: Iterable[Draft]) -> list[tuple[int, bytes]]:
    """Return for each entry that names keys by their root alone its place, and the ids in the order of the tree."""
    many = (each for each in drafts if len(each.shredded) > MOST_NAMED)
    return [(each.place, b"".join(key.kid for key in each.shredded)) for each in many]
