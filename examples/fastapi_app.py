# SPDX-License-Identifier: Apache-2.0
"""Two views of FastAPI, each guarded in one line. Run: ``granian --interface asgi fastapi_app:app``."""

from customers import OFFER, PHONE, async_keshou, keshou, phone_of
from fastapi import FastAPI, Request

from keshou.client.fastapi import guarded

app = FastAPI()


@app.get("/customers/{user}/phone")
@guarded(keshou, PHONE)
def phone(request: Request, user: str) -> dict[str, str]:
    """Show a customer's telephone number."""
    return phone_of(user, "service")


@app.get("/customers/{user}/offer")
@guarded(async_keshou, OFFER)
async def offer(request: Request, user: str) -> dict[str, str]:
    """Show the number that an offer would be sent to."""
    return phone_of(user, "marketing")
