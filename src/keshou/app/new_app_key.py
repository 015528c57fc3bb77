# SPDX-License-Identifier: Apache-2.0
"""A key by which an app of the operator's vouches for users, for a service that the rules in force name.

Who registered it and who ended it is written down: whoever has its private half comes as any user.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from keshou.accounts.account import What
from keshou.app.site import Site
from keshou.db import Transaction
from keshou.visits.visitor import AppKey


def register_app_key(
    site: Site, tx: Transaction, service: str, jwk: Mapping[str, Any], until: dt.datetime | None,
    *, also: Sequence[str] = (), by: str, waits: bool = False,
) -> AppKey:  # fmt: skip
    """Register a public key; without `until` it holds as long as the settings let it.

    Its tokens name `service`; `also` are the others that the app serves. With `waits` it vouches for nobody before a
    second hand confirms it.

    Raises:
        AppKeyError: no such service, no such kind of key, one that was registered before, or one for too long.

    """
    now = site.now()
    rules = site.declarations.current(tx, now)
    services = {each.id for each in rules.declaration.services} if rules else set()
    ends = until or now + dt.timedelta(days=site.settings.visits.key_days)
    made = site.visits.keys.register(tx, service, jwk, ends, now, services=services, also=also, by=by, waits=waits)
    site.accounts.note_way(tx, service, What.APP_KEY_ADDED, made.id, by=by, now=now)
    return made


def end_app_key(site: Site, tx: Transaction, key: str, by: str) -> None:
    """End a key, and every token that it signed, at once.

    Raises:
        AppKeyError: there is none of that id.

    """
    now = site.now()
    found = next((each for each in site.visits.keys.list(tx) if each.id == key), None)
    site.visits.keys.revoke(tx, key, now)
    if found is not None and found.revoked is None:
        site.accounts.note_way(tx, found.service, What.APP_KEY_ENDED, key, by=by, now=now)
