# SPDX-License-Identifier: Apache-2.0
"""Where somebody was going when they were asked who they are: a page of the console, and never another host.

Over the operator's provider it is kept in a cookie of the browser that began there, and judged again on the way back.
"""

import base64
import functools
import re
from collections.abc import Mapping
from typing import Final

from litestar.datastructures import Cookie

from keshou.app.settings import Settings
from keshou.web.caller import Requested
from keshou.web.cookies import step_cookie, step_of

CONSOLE: Final = "/console"
_OWN = re.compile(r"/console(?:[/?][\x21-\x5b\x5d-\x7e]{0,2000})?")
_STEP: Final = "going"
_LONGEST: Final = 2_000


def own_path(given: str) -> str:
    """Return a path of the console; the first page when `given` is none."""
    return given if _OWN.fullmatch(given) else CONSOLE


def landing(request: Requested, given: str) -> str:
    """Return a page that somebody can be led to: what `given` leads to, else the nearest page above it."""
    where = own_path(given)
    path = where.partition("?")[0].rstrip("/")
    methods: Mapping[str, bytes] = request.app.state.get("methods", {})
    if _is_page(methods, path):
        return where
    while path != CONSOLE and not _is_page(methods, path):
        path = path.rpartition("/")[0]
    return path


def _is_page(methods: Mapping[str, bytes], path: str) -> bool:
    if path in methods:
        return b"GET" in methods[path]
    return any(b"GET" in taken and _pattern(each).fullmatch(path) for each, taken in methods.items() if "{" in each)


@functools.cache
def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]*\}", template)
    return re.compile("[^/]+".join(map(re.escape, parts)))


def going_cookie(settings: Settings, where: str) -> Cookie:
    """Return the cookie that keeps where somebody was going over the provider; with empty, it takes it away."""
    kept = base64.urlsafe_b64encode(where.encode()).decode().rstrip("=") if len(where) <= _LONGEST else ""
    return step_cookie(settings, _STEP, kept, settings.accounts.openid.flow_minutes)


def gone_to(request: Requested) -> str:
    """Return the page that somebody who comes back from the provider was going to; ``/`` when none is kept."""
    kept = step_of(request, _STEP)
    try:
        where = base64.urlsafe_b64decode(kept + "=" * (-len(kept) % 4)).decode("ascii")
    except ValueError:
        where = CONSOLE
    return landing(request, where) if kept else "/"
