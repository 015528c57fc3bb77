# SPDX-License-Identifier: Apache-2.0
"""The reader's choice of language, kept in a cookie for a year."""

import re
from typing import Annotated, Literal

import msgspec
from litestar import Response, Router, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body

from keshou.app.site import Site
from keshou.web.caller import refuse_foreign
from keshou.web.frame.page import Requested, spend
from keshou.web.language import COOKIE

_YEAR = 31_536_000
_OWN_PATH = re.compile(r"/(?![/\\])[\x21-\x7e]{0,2000}")
_SEE_OTHER = 303


class Chosen(msgspec.Struct, frozen=True):
    """What the form sends: a language, and where the reader was."""

    language: Literal["zh", "en"]
    to: str = "/"


@post("/language", status_code=_SEE_OTHER, sync_to_thread=False, include_in_schema=False)
def choose(
    request: Requested,
    site: NamedDependency[Site],
    data: Annotated[Chosen, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[None]:
    """Keep the language and go back; never to another host.

    Raises:
        ForgedRequestError: another site's page sent it.

    """
    refuse_foreign(request, silent=True)
    to = data.to if _OWN_PATH.fullmatch(data.to) else "/"
    kept = Cookie(
        key=COOKIE, value=data.language, path="/", max_age=_YEAR, httponly=True, samesite="lax",
        secure=site.settings.url.startswith("https://"),
    )  # fmt: skip
    return Response(None, status_code=_SEE_OTHER, headers={"Location": to}, cookies=[kept])


FACE = Router("/", route_handlers=[choose], before_request=spend)
"""The router of the reader's choices."""
