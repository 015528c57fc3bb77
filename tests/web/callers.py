# SPDX-License-Identifier: Apache-2.0
"""A site served in the tests' own process, with callers named by their tokens."""

import datetime as dt
from collections.abc import Mapping

from litestar import Litestar
from litestar.testing import AsyncTestClient, TestClient

from keshou.app.site import Site
from keshou.db import Transaction
from keshou.web.server import application
from keshou.wire.caller import Caller, CallerKind, Scope

CRM = Caller(id="crm", kind=CallerKind.PROGRAM, scopes=frozenset(Scope), credential="k1")
CLERK = Caller(id="clerk1", kind=CallerKind.STAFF, credential="s1")


def served(site: Site, callers: Mapping[str, Caller]) -> Litestar:
    """Return the server of `site`; a token of `callers` proves its caller, any other proves nobody."""

    def find(_tx: Transaction, token: str, _binding: str, _now: dt.datetime) -> Caller | None:
        return callers.get(token)

    return application(site, find)


def bearer(token: str) -> dict[str, str]:
    """Return the header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


__all__ = ["CLERK", "CRM", "AsyncTestClient", "TestClient", "bearer", "served"]
