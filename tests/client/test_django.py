# SPDX-License-Identifier: Apache-2.0
"""Views of Django are guarded however Django lets them be written and decorated."""

import functools
import secrets
from collections.abc import Iterator
from typing import Any

import django
import pytest
from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.test import Client
from django.test.utils import override_settings
from django.urls import path, re_path
from django.utils.decorators import method_decorator
from django.views import View
from house import newcomer, ready
from little_server import KEY, serving

from keshou.client.asynchronous import AsyncKeshou
from keshou.client.django import guarded
from keshou.client.guard import Guard, admitted
from keshou.client.sync import Keshou
from keshou.db import Database
from keshou.law.terms import ActKind
from keshou.migrations.run import upgrade


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("django")
    database = Database(f"sqlite:///{folder / 'keshou.db'}")
    upgrade(database)
    with ready(database, folder) as site:
        site.do(newcomer(site, "A-1"))
        with serving(site) as url:
            yield url


def signed_in(arguments: Any) -> str:
    return str(arguments["request"].headers.get("x-staff", ""))


PHONE = Guard(ActKind.USE, {"mobile_number"}, "service", user="user", by=signed_in)


def shown(_request: HttpRequest, user: str) -> JsonResponse:
    return JsonResponse({"user": user, "entry": admitted().entry})


def audited(view: Any) -> Any:
    """Stand for any decorator of the operator's own: it hands on what comes."""

    @functools.wraps(view)
    def around(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return around


class Plain(View):
    def get(self, request: HttpRequest, user: str) -> JsonResponse:
        return shown(request, user)


class Awaited(View):
    async def get(self, request: HttpRequest, user: str) -> JsonResponse:
        return shown(request, user)


def ways(keshou: Keshou, waiting: AsyncKeshou) -> dict[str, Any]:
    """Return one view for each way of writing it."""
    line = guarded(keshou, PHONE)

    class Method(View):
        @method_decorator(line)
        def get(self, request: HttpRequest, user: str) -> JsonResponse:
            return shown(request, user)

    class Bare(View):
        @line
        def get(self, request: HttpRequest, user: str) -> JsonResponse:
            return shown(request, user)

    class AwaitedMethod(View):
        @guarded(waiting, PHONE)
        async def get(self, request: HttpRequest, user: str) -> JsonResponse:
            return shown(request, user)

    return {
        "function": line(shown_by_name),
        "method": Method.as_view(),
        "bare method": Bare.as_view(),
        "class": method_decorator(line, name="dispatch")(type("Class", (Plain,), {})).as_view(),
        "whole view": line(Plain.as_view()),
        "awaited method": AwaitedMethod.as_view(),
        "awaited view": guarded(waiting, PHONE)(Awaited.as_view()),
        "awaited class": method_decorator(line, name="dispatch")(type("Late", (Awaited,), {})).as_view(),
        "around another decorator": line(audited(shown_by_name)),
        "within another decorator": audited(line(shown_by_name)),
    }


def shown_by_name(request: HttpRequest, user: str) -> JsonResponse:
    return shown(request, user)


@pytest.fixture(scope="module")
def browser(url: str) -> Iterator[Client]:
    if not settings.configured:
        settings.configure(SECRET_KEY=secrets.token_hex(), ALLOWED_HOSTS=["*"], LOGGING_CONFIG=None)
        django.setup()
    with Keshou(url, KEY) as keshou:
        made = ways(keshou, AsyncKeshou(url, KEY))
        places = [path(f"{name}/<str:user>", view) for name, view in made.items()]
        groups = [re_path(f"^by place/{name}/([^/]+)$", view) for name, view in made.items()]
        with override_settings(ROOT_URLCONF=(*places, *groups)):
            yield Client(raise_request_exception=False)


WAYS = [
    *("function", "method", "bare method", "class", "whole view", "awaited method", "awaited view"),
    *("around another decorator", "within another decorator"),
]


@pytest.mark.parametrize("way", WAYS)
def test_a_view_is_guarded_in_every_way_of_writing_it(browser: Client, way: str) -> None:
    found = browser.get(f"/{way}/A-1", headers={"x-staff": "clerk1"})
    assert (found.status_code, found.json()["user"]) == (200, "A-1"), found.content
    assert found.json()["entry"] > 0
    assert browser.get(f"/{way}/A-1", headers={"x-staff": "judge"}).status_code == 403
    assert browser.get(f"/{way}/A-1").status_code == 401


@pytest.mark.parametrize("way", ["function", "method", "around another decorator"])
def test_whose_information_it_is_may_come_by_its_place(browser: Client, way: str) -> None:
    found = browser.get(f"/by place/{way}/A-1", headers={"x-staff": "clerk1"})
    assert (found.status_code, found.json()["user"]) == (200, "A-1")
    assert browser.get(f"/by place/{way}/nobody", headers={"x-staff": "clerk1"}).status_code == 403


def test_a_view_that_is_called_without_the_name_of_its_guard_stays_closed(browser: Client) -> None:
    assert browser.get("/by place/whole view/A-1", headers={"x-staff": "clerk1"}).status_code == 503


def test_a_class_that_hides_that_it_is_asynchronous_stays_closed(browser: Client) -> None:
    assert browser.get("/awaited class/A-1", headers={"x-staff": "clerk1"}).status_code == 500
    assert browser.get("/awaited class/A-1", headers={"x-staff": "judge"}).status_code == 500


@pytest.mark.parametrize("way", ["awaited method", "awaited view"])
def test_an_asynchronous_client_serves_requests_each_in_a_loop_of_its_own(browser: Client, way: str) -> None:
    found = [browser.get(f"/{way}/A-1", headers={"x-staff": "clerk1"}).status_code for _ in range(5)]
    assert found == [200] * 5
