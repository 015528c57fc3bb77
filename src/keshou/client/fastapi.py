# SPDX-License-Identifier: Apache-2.0
"""Guard a view of FastAPI or Starlette in one line."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import msgspec
from starlette.responses import Response

from keshou.client.asynchronous import AsyncKeshou
from keshou.client.guard import MEDIA_TYPE, Guard, guard_with
from keshou.client.sync import Keshou
from keshou.wire.problem import Problem

P = ParamSpec("P")
R = TypeVar("R")


def guarded(keshou: Keshou | AsyncKeshou, guard: Guard) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator, to be put between the route's and the view: it asks before the view runs."""
    return guard_with(_respond, keshou, guard)


def _respond(problem: Problem) -> Response:
    return Response(msgspec.json.encode(problem), problem.status, media_type=MEDIA_TYPE)
