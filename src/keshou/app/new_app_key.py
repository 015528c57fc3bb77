# SPDX-License-Identifier: Apache-2.0
"""A key by which an app of the operator's vouches for users, for a service that the rules in force name."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from keshou.app.site import Site
from keshou.db import Transaction
from keshou.visits.visitor import AppKey


def register_app_key(
    site: Site, tx: Transaction, service: str, jwk: Mapping[str, Any], until: dt.datetime | None,
    *, also: Sequence[str] = (),
) -> AppKey:  # fmt: skip
    """Register a public key; without `until` it holds as long as the settings let it.

    Its tokens name `service`; `also` are the others that the app serves.

    Raises:
        AppKeyError: no such service, no such kind of key, one that was registered before, or one for too long.

    """
    now = site.now()
    rules = site.declarations.current(tx, now)
    services = {each.id for each in rules.declaration.services} if rules else set()
    ends = until or now + dt.timedelta(days=site.settings.visits.key_days)
    return site.visits.keys.register(tx, service, jwk, ends, now, services=services, also=also)
