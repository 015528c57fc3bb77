# SPDX-License-Identifier: Apache-2.0
"""Where a data service takes permits in: it checks them without asking, and lets one for one use pass once."""

import datetime as dt
import threading
from collections.abc import Callable

from keshou.client.redeem import Redeemer
from keshou.errors import KeshouError
from keshou.permits.errors import PermitOnceError
from keshou.permits.jws import key_named
from keshou.permits.keys import PublicKeys
from keshou.permits.verify import LEEWAY, Permitted, Serving, verify
from keshou.shapes import lay_out

KEYS_FRESH = dt.timedelta(hours=1)
"""For how long a fetched key set serves, unless the service says otherwise; it must be well below the keys' epoch."""

PAUSE = dt.timedelta(seconds=10)
"""How soon a set is fetched again for a name that it does not have: forged names must not make a flood."""


class PermitDesk:
    """Checks permits with the keys that `fetch` gets (`Keshou.permit_keys` of the site), kept for `fresh`.

    A set that cannot be fetched anew goes on serving: keys change slowly, and permits last minutes. Without any set
    nothing is served. Safe for many threads.
    """

    def __init__(
        self,
        fetch: Callable[[], PublicKeys],
        redeemer: Redeemer | None = None,
        *,
        fresh: dt.timedelta = KEYS_FRESH,
        leeway: dt.timedelta = LEEWAY,
    ) -> None:
        lay_out()
        self._fetch, self._redeemer = fetch, redeemer
        self._fresh, self._leeway = fresh, leeway
        self._keys: PublicKeys | None = None
        self._looked: dt.datetime | None = None
        self._lock = threading.Lock()

    def admit(self, token: str, serving: Serving, now: dt.datetime) -> Permitted:
        """Return what `token` permits when it covers all that is about to be served; use up one for one use.

        Raises:
            PermitError: it does not; the class says why. A permit for one use is also refused where nothing
                remembers uses.
            UnreachableError: there are no keys to check it with.

        """
        keys = self._keys_for(key_named(token), now)
        found = verify(token, keys, serving, now, leeway=self._leeway)
        if found.once:
            if self._redeemer is None:
                raise PermitOnceError
            self._redeemer.redeem(found.permit, found.until, now)
        return found

    def _keys_for(self, kid: str, now: dt.datetime) -> PublicKeys:
        with self._lock:
            if self._keys is None or self._is_due(kid, now):
                self._looked = now
                try:
                    self._keys = self._fetch()
                except KeshouError:
                    if self._keys is None:
                        raise
            return self._keys

    def _is_due(self, kid: str, now: dt.datetime) -> bool:
        since = now - self._looked if self._looked else self._fresh
        unknown = self._keys is not None and self._keys.of(kid) is None
        return since >= self._fresh or (unknown and since >= PAUSE)
