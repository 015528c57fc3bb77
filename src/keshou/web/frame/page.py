# SPDX-License-Identifier: Apache-2.0
"""One page: a face's template inside the frame, in the reader's language, with the headers that pages have."""

import functools
import hashlib
from typing import Any, Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape
from litestar import Request, Response
from litestar.datastructures import State
from markupsafe import Markup

from keshou.app import clock
from keshou.language import Language, Text
from keshou.web.frame import form, static
from keshou.web.frame.catalog import Words, catalog
from keshou.web.frame.navigation import current
from keshou.web.frame.sample import is_sample
from keshou.web.headers import PAGE_POLICY
from keshou.web.language import language_of
from keshou.web.limits import source_of

Requested = Request[Any, Any, State]
FRAME: Final = "keshou.web.frame"
BRAND: Final = Text("恪守", "Keshou")
PUBLIC: Final = "private, no-cache"
"""For pages without a secret: a browser keeps them and asks whether they still stand."""
_NOT_MODIFIED = 304


class Pages:
    """Makes the pages of one face, whose templates and words lie in the package `room`."""

    def __init__(self, room: str) -> None:
        self._rooms = (FRAME,) if room == FRAME else (FRAME, room)
        self._environment = environment(*self._rooms)

    def words(self, request: Requested) -> Words:
        """Return the face's words in the reader's language."""
        return Words(catalog(*self._rooms), language_of(request))

    def answer(
        self,
        request: Requested,
        template: str,
        *,
        operator: Text | None = None,
        status: int = 200,
        cache: str = "no-store",
        **shown: object,
    ) -> Response[bytes]:
        """Return a page made of `template` and what it shows.

        Every template sees: ``t`` (words), ``language``, ``lang`` (as HTML names it), ``operator`` (whose page it is),
        ``navigation``, ``current``, ``here`` (path and query), ``gap`` (what parts two sentences), ``static``,
        ``sample`` (whether the operator is the invented one), and ``day``, ``moment``, ``number``, ``joined`` of
        `form`. With `operator` the frame remembers who runs this server, for pages that cannot ask.

        Side effects: none beside that memory.
        """
        language = language_of(request)
        if operator is not None:
            request.app.state.operator = operator
        page = self._environment.get_template(template)
        body = page.render(self._seen(request, language), **shown).encode()
        headers = headers_of(language, cache)
        if status == 200 and cache == PUBLIC:
            headers["ETag"] = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
            if request.headers.get("if-none-match") == headers["ETag"]:
                return Response(b"", status_code=_NOT_MODIFIED, headers=headers, media_type="text/html")
        return Response(body, status_code=status, headers=headers, media_type="text/html")

    def bit(self, request: Requested, template: str, **shown: object) -> Markup:
        """Return a part of a page, made of `template` with the words and `gap` alone."""
        language = language_of(request)
        page = self._environment.get_template(template)
        return Markup(page.render(t=self.words(request), gap=_GAP[language], **shown))  # noqa: S704 - escaped by it

    def _seen(self, request: Requested, language: Language) -> dict[str, object]:
        state, url = request.app.state, request.scope["path"]
        sample = is_sample(state.site)
        entries = state.get("sample_navigation" if sample else "navigation", ())
        query = request.scope.get("query_string", b"").decode("ascii", "replace")
        return {
            "t": self.words(request),
            "language": language,
            "lang": form.TAGS[language],
            "operator": (state.get("operator") or BRAND).in_(language),
            "navigation": [(each.path, each.label.in_(language)) for each in entries],
            "current": current(entries, url),
            "gap": _GAP[language],
            "here": f"{url}?{query}" if query else url,
            "static": static.address,
            "sample": sample,
            **{name: functools.partial(getattr(form, name), language=language) for name in _FORMS},
        }


_GAP: Final[dict[Language, str]] = {"zh": "", "en": " "}
_FORMS = ("day", "moment", "number", "joined")


def headers_of(language: Language, cache: str) -> dict[str, str]:
    """Return the headers of a page. A form's own origin is told to this server, and to no other."""
    return {
        "Content-Security-Policy": PAGE_POLICY,
        "Content-Language": form.TAGS[language],
        "Vary": "Accept-Language, Cookie",
        "Referrer-Policy": "same-origin",
        "Cache-Control": cache,
    }


@functools.cache
def environment(*rooms: str) -> Environment:
    """Return the templates of some rooms, the last room's first: all is escaped, and what is undefined is an error.

    The filter ``coded`` shows what stands in backticks as code.
    """
    made = Environment(
        loader=ChoiceLoader([PackageLoader(room) for room in reversed(rooms)]),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["coded"] = form.coded
    return made


def spend(request: Requested) -> None:
    """Count a page that is asked for, by where it is asked from: hung before the pages of a face.

    Raises:
        TooManyRequestsError: too many were.

    """
    rate = request.app.state.pages
    request.scope["state"]["allowance"] = rate.spend(source_of(request.scope), clock.stopwatch())
