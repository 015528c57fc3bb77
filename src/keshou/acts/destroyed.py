# SPDX-License-Identifier: Apache-2.0
"""Values that go one by one, keys that go with the last of them, and how an entry tells which keys were destroyed."""

import datetime as dt
from collections.abc import Collection, Sequence

from keshou.acts.work import Work, root_of
from keshou.law.terms import RetentionClass
from keshou.vault.sealed import Shredded

_MOST_KEYS = 64
_INFORMATION = (RetentionClass.SERVICE, RetentionClass.REGISTRATION)


def remove(work: Work, key: int, items: Collection[str], now: dt.datetime) -> list[Shredded]:
    """Remove values and shred the key of every class of which nothing is left."""
    vault = work.known.vault
    vault.remove(work.tx, key, items)
    work.removed(key)
    left = set(vault.items_of(work.tx, key).values())
    gone = [each for each in _INFORMATION if each not in left]
    return vault.shred(work.tx, key, gone, now) if gone else []


def key_ids(shredded: Sequence[Shredded]) -> tuple[str, ...]:
    """Return the ids of keys destroyed; of many, the root of the tree over them and their number."""
    ids = tuple(each.kid.hex() for each in shredded)
    return ids if len(ids) <= _MOST_KEYS else (f"{len(ids)}:{root_of([each.kid for each in shredded]).hex()}",)
