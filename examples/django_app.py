# SPDX-License-Identifier: Apache-2.0
"""Two views of Django, each guarded in one line. Run: ``granian --interface asgi django_app:app``."""

import secrets

import django
from customers import OFFER, PHONE, async_keshou, keshou, phone_of
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

from keshou.client.django import guarded

settings.configure(ROOT_URLCONF=__name__, SECRET_KEY=secrets.token_hex(), ALLOWED_HOSTS=["127.0.0.1"])
django.setup()


@guarded(keshou, PHONE)
def phone(request: HttpRequest, user: str) -> JsonResponse:
    """Show a customer's telephone number."""
    return JsonResponse(phone_of(user, "service"))


@guarded(async_keshou, OFFER)
async def offer(request: HttpRequest, user: str) -> JsonResponse:
    """Show the number that an offer would be sent to."""
    return JsonResponse(phone_of(user, "marketing"))


urlpatterns = [path("customers/<str:user>/phone", phone), path("customers/<str:user>/offer", offer)]
app = get_asgi_application()
