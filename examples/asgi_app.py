# SPDX-License-Identifier: Apache-2.0
"""An app that knows nothing of Keshou, guarded from outside. Run: ``granian --interface asgi asgi_app:app``."""

from collections.abc import Mapping
from typing import Any

from customers import async_keshou, phone_of
from fastapi import FastAPI

from keshou.client.asgi import GuardMiddleware, Path
from keshou.client.guard import Guard
from keshou.law.terms import ActKind

plain = FastAPI()


@plain.get("/customers/{user}/phone")
def phone(user: str) -> dict[str, str]:
    """Show a customer's telephone number."""
    return phone_of(user, "service")


@plain.get("/customers/{user}/forgotten")
def forgotten(user: str) -> dict[str, str]:
    """Stand for a view for which nobody wrote a guard: it is closed."""
    return {"user": user}


@plain.get("/health")
def health() -> dict[str, bool]:
    """Say that the app runs; it touches nobody's information."""
    return {"ok": True}


def signed_in(scope: Mapping[str, Any]) -> str:
    """Return who is signed in. Put your own sign-in here: a header that anybody can send proves nobody."""
    return dict(scope["headers"]).get(b"x-staff", b"").decode("ascii")


PATHS = [
    Path(
        "/customers/{user}/phone",
        Guard(ActKind.USE, {"mobile_number"}, "service", user="user", by=signed_in, holding="crm"),
    )
]
app = GuardMiddleware(plain, async_keshou, PATHS, open_paths=["/health"])
