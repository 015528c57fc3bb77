# SPDX-License-Identifier: Apache-2.0
"""How an entry tells which keys were destroyed."""

from collections.abc import Sequence

from keshou.acts.work import root_of
from keshou.vault.sealed import Shredded

_MOST_KEYS = 64


def key_ids(shredded: Sequence[Shredded]) -> tuple[str, ...]:
    """Return the ids of keys destroyed; of many, the root of the tree over them and their number."""
    ids = tuple(each.kid.hex() for each in shredded)
    return ids if len(ids) <= _MOST_KEYS else (f"{len(ids)}:{root_of([each.kid for each in shredded]).hex()}",)
