# SPDX-License-Identifier: Apache-2.0
"""A site's own server on the network, so that clients ask a real gate through the real API."""

import asyncio
import contextlib
import datetime as dt
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx2
from granian.constants import Interfaces
from granian.server.embed import Server

from keshou.app.site import Site
from keshou.db import Transaction
from keshou.web.server import application
from keshou.wire.caller import Caller, CallerKind, Scope

KEY = "little-key"
PROGRAM = Caller(id="crm_app", kind=CallerKind.PROGRAM, scopes=frozenset(Scope), credential="k1")
"""Whom the key proves."""


@contextlib.contextmanager
def serving(site: Site) -> Iterator[str]:
    """Serve `site` and give the address."""
    with _running(application(site, _find)) as url:
        yield url


def _find(_tx: Transaction, token: str, _binding: str, _now: dt.datetime) -> Caller | None:
    return PROGRAM if token == KEY else None


@contextlib.contextmanager
def _running(app: Any) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(app, port=port, interface=Interfaces.ASGI, log_enabled=False, websockets=False)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(server.serve(),))
    thread.start()
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url)
        yield url
    finally:
        loop.call_soon_threadsafe(server.stop)
        thread.join()
        loop.close()


def _wait(url: str) -> None:
    transport = httpx2.HTTPTransport(retries=8)
    with httpx2.Client(transport=transport, trust_env=False) as client:
        client.get(url)
