# SPDX-License-Identifier: Apache-2.0
"""Two views of Litestar, each guarded in one line. Run: ``granian --interface asgi litestar_app:app``."""

from typing import Any

from customers import OFFER, PHONE, async_keshou, keshou, phone_of
from litestar import Litestar, Request, get

from keshou.client.litestar import guarded


@get("/customers/{user:str}/phone", sync_to_thread=True)
@guarded(keshou, PHONE)
def phone(request: Request[Any, Any, Any], user: str) -> dict[str, str]:
    """Show a customer's telephone number."""
    return phone_of(user, "service")


@get("/customers/{user:str}/offer")
@guarded(async_keshou, OFFER)
async def offer(request: Request[Any, Any, Any], user: str) -> dict[str, str]:
    """Show the number that an offer would be sent to."""
    return phone_of(user, "marketing")


app = Litestar([phone, offer])
