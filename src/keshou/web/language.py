# SPDX-License-Identifier: Apache-2.0
"""The reader's language: what they chose, else what the request asks for, else the site's own."""

from functools import lru_cache
from typing import Any

from litestar import Request

from keshou.language import Language

COOKIE = "keshou-language"
"""Name of the cookie that keeps a reader's choice; it says nothing else of them."""


def language_of(request: Request[Any, Any, Any]) -> Language:
    """Return the language chosen, else the one that ``Accept-Language`` prefers of the two, else the site's.

    Source: RFC 9110 12.5.4.
    """
    chosen = request.cookies.get(COOKIE)
    if chosen in ("zh", "en"):
        return "zh" if chosen == "zh" else "en"
    return preferred(request.headers.get("accept-language", "")) or request.app.state.site.settings.language


@lru_cache(maxsize=256)
def preferred(given: str) -> Language | None:
    """Return which of the two languages the header ``Accept-Language`` prefers; None when it names neither."""
    best, weight = "", 0.0
    for part in given.split(",")[:16]:
        tag, _, parameters = part.strip().partition(";")
        name = tag.strip().lower().partition("-")[0]
        quality = _quality(parameters)
        if name in ("zh", "en") and quality > weight:
            best, weight = name, quality
    return ("zh" if best == "zh" else "en") if best else None


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
