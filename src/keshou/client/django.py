# SPDX-License-Identifier: Apache-2.0
"""Guard a view of Django in one line."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import msgspec
from django.http import HttpResponse  # type: ignore[import-untyped]

from keshou.client.asynchronous import AsyncKeshou
from keshou.client.guard import MEDIA_TYPE, Guard, guard_with
from keshou.client.sync import Keshou
from keshou.wire.problem import Problem

P = ParamSpec("P")
R = TypeVar("R")


def guarded(keshou: Keshou | AsyncKeshou, guard: Guard) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator for a view, synchronous or asynchronous: it asks before the view runs."""
    return guard_with(_respond, keshou, guard)


def _respond(problem: Problem) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(problem), status=problem.status, content_type=MEDIA_TYPE)
