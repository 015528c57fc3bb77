# SPDX-License-Identifier: Apache-2.0
"""What users are found by, as the published rules declare it."""

import datetime as dt
from collections.abc import Iterable

from keshou.declaration.model import FoundBy, Published
from keshou.vault.blind_index import Finding


def searched_by(published: Published | None) -> Finding:
    """Return what users may be searched by under one version of the rules; without rules, what they always are."""
    return Finding(published.declaration.finding if published else ())


def indexed_by(published: Iterable[Published], now: dt.datetime) -> Finding:
    """Return what is indexed at `now`: what the version in force declares, and those that will come into force."""
    versions = sorted(published, key=lambda each: each.version)
    begun = [each.version for each in versions if each.effective <= now]
    newest = max(begun, default=0)
    chosen: list[FoundBy] = [found for each in versions if each.version >= newest for found in each.declaration.finding]
    return Finding(chosen)
