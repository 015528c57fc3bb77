# SPDX-License-Identifier: Apache-2.0
"""Values that go one by one, and keys that go with the last of them."""

import datetime as dt
from collections import Counter
from collections.abc import Collection

from keshou.acts.work import Work
from keshou.law.terms import RetentionClass
from keshou.vault.sealed import Shredded

_INFORMATION = (RetentionClass.SERVICE, RetentionClass.REGISTRATION)


def remove(
    work: Work, key: int, items: Collection[str], now: dt.datetime, removed: Counter[str] | None = None
) -> list[Shredded]:
    """Remove values and shred the key of every class of which nothing is left; count in `removed` what there was."""
    vault = work.known.vault
    held = vault.items_of(work.tx, key)
    vault.remove(work.tx, key, items)
    work.removed(key)
    if removed is not None:
        removed.update(held.keys() & set(items))
    left = {class_ for item, class_ in held.items() if item not in items}
    gone = [each for each in _INFORMATION if each not in left]
    return vault.shred(work.tx, key, gone, now) if gone else []
