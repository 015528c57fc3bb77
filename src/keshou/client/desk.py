# SPDX-License-Identifier: Apache-2.0
"""Where a data service takes permits in: it checks them without asking, and lets one for one use pass once."""

import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import Future

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

WAIT = 1.0
"""For how many seconds a permit by a key that is not known waits while another has the set fetched: forged names must
not hold all threads of a service while Keshou is away."""


class PermitDesk:
    """Checks permits with the keys that `fetch` gets (`Keshou.permit_keys` of the site), kept for `fresh`.

    A set that cannot be fetched anew goes on serving: keys change slowly, and permits last minutes. Without any set
    nothing is served. Safe for many threads: one of them fetches, and permits by known keys do not wait for it.
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
        self._fetching: Future[PublicKeys] | None = None
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
            kept, others = self._keys, self._fetching
            if kept is not None and not self._is_due(kid, now):
                return kept
            if others is None:
                self._looked, self._fetching = now, Future()
        if others is None:
            return self._fetched(kept)
        if kept is None:
            return others.result()
        return kept if kept.of(kid) is not None else _soon(others, kept)

    def _fetched(self, kept: PublicKeys | None) -> PublicKeys:
        """Fetch the set, and tell all who wait for it; return `kept` when it does not come."""
        try:
            found = self._fetch()
        except BaseException as error:
            self._end(None).set_exception(error)
            if kept is not None and isinstance(error, KeshouError):
                return kept
            raise
        self._end(found).set_result(found)
        return found

    def _end(self, found: PublicKeys | None) -> "Future[PublicKeys]":
        with self._lock:
            ended, self._fetching, self._keys = self._fetching, None, found or self._keys
        assert ended is not None  # noqa: S101 - who ends it began it
        return ended

    def _is_due(self, kid: str, now: dt.datetime) -> bool:
        since = now - self._looked if self._looked else self._fresh
        unknown = self._keys is not None and self._keys.of(kid) is None
        return since >= self._fresh or (unknown and since >= PAUSE)


def _soon(others: "Future[PublicKeys]", kept: PublicKeys) -> PublicKeys:
    """Return what another thread fetches, or `kept` when it does not come soon."""
    try:
        return others.result(WAIT)
    except (TimeoutError, KeshouError):
        return kept
