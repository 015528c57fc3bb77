# SPDX-License-Identifier: Apache-2.0
"""The small operator's site behind its API, and who calls there."""

import itertools
from collections import ChainMap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from callers import CLERK, CRM, bearer, served
from house import START
from litestar import Litestar
from litestar.testing import TestClient

from keshou.app.site import Site
from keshou.law.terms import ActKind
from keshou.wire.caller import Caller, CallerKind, Scope

BILLER = Caller(id="biller", kind=CallerKind.PROGRAM, scopes=frozenset({Scope.ACT}), credential="k2")
FRESH = msgspec.structs.replace(CLERK, proven_at=START)
USER = Caller(id="user", kind=CallerKind.USER, user="u1", credential="s2")
OTHER = Caller(id="user", kind=CallerKind.USER, user="u2", credential="s3")
CALLERS = {
    "crm": CRM, "clerk": CLERK, "fresh": FRESH, "biller": BILLER, "user": USER, "other": OTHER,
    "lister": Caller(id="lister", kind=CallerKind.STAFF, credential="s4", proven_at=START),
    "stranger": Caller(id="stranger", kind=CallerKind.STAFF, credential="s5", proven_at=START),
    "inspector": Caller(id="i1", kind=CallerKind.INSPECTOR, credential="s6"),
    "reader": Caller(id="biller", kind=CallerKind.PROGRAM, scopes=frozenset({Scope.READ}), credential="k3"),
    "narrow": Caller(
        id="biller", kind=CallerKind.PROGRAM, scopes=frozenset({Scope.ACT}), credential="k4",
        purposes=frozenset({"service"}), acts=frozenset({ActKind.USE}),
    ),
}  # fmt: skip
_keys = itertools.count()


class Api:
    """The API as one caller meets it: every POST has an idempotency key, a new one unless it is given."""

    def __init__(self, client: TestClient[Litestar]) -> None:
        self.client = client

    def post(self, path: str, body: Any, who: str = "clerk", *, key: str = "", **headers: str) -> Any:
        """Send `body` and return the response."""
        named = {"Idempotency-Key": key or f"k-{next(_keys)}", "Accept-Language": "en"}
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        sent = {"Content-Type": "application/json"} | bearer(who) | named | headers
        return self.client.post(f"/api/v1{path}", content=content, headers=sent)

    def get(self, path: str, who: str = "clerk", **headers: str) -> Any:
        """Fetch `path` and return the response."""
        return self.client.get(f"/api/v1{path}", headers=bearer(who) | {"Accept-Language": "en"} | headers)


@contextmanager
def serving(site: Site, **more: Caller) -> Iterator[Api]:
    """Give the API of `site`."""
    with TestClient(served(site, ChainMap(more, CALLERS)), base_url="http://127.0.0.1") as client:
        yield Api(client)


def size(site: Site) -> int:
    """Return the number of entries in the log."""
    with site.reading() as tx:
        return site.ledger.head(tx).size


def but_ids(answer: Any) -> dict[str, Any]:
    """Return what an answer says, but for what names the request, its entry and the state it was decided on."""
    return {name: each for name, each in answer.json().items() if name not in {"request_id", "entry", "revision"}}
