# SPDX-License-Identifier: Apache-2.0
"""``/start``: on a sample site, from nothing to published rules, a first decision and a log that is checked."""

import datetime as dt
import shlex
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency

from keshou.app.settings import DECLARATION_FILE
from keshou.app.site import Site
from keshou.app.user_view import user_view
from keshou.law.model import CHINA
from keshou.web.frame.page import Requested
from keshou.web.language import language_of
from keshou.web.public.asking import answered
from keshou.web.public.pages import PAGES
from keshou.web.public.sample import command, require_sample
from keshou.web.public.story import AGREED, ASK, RECOMMEND, SALE, SILENT, STORY

_CONSOLE = "/console/invitation"
"""Where staff who were invited come in, if this server has such a page."""
_PORTAL = "/me/enter"
"""Where users come in by a token of the operator's app, if this server has such a place."""
_TYPING = 5
"""Minutes."""


@get("/start", sync_to_thread=True, include_in_schema=False)
def start(request: Requested, site: NamedDependency[Site]) -> Response[bytes]:
    """Show what to do next, with what is done already; and the tour's story with the gate's answers as of now.

    Raises:
        NotFoundError: this is no sample site.

    """
    rules = require_sample(site)
    language = language_of(request)
    filled = rules is not None and user_view(site, AGREED) is not None
    with site.reading() as tx:
        entries = site.ledger.head(tx).size
        versions = len(site.declarations.numbers(tx))
    declared = shlex.quote(str(site.home.resolve() / DECLARATION_FILE))
    return PAGES.answer(
        request,
        "start.html.j2",
        operator=rules.declaration.operator.name if rules else None,
        rules=rules,
        filled=filled,
        agreed=filled and answered(site, RECOMMEND, language)["permitted"],
        versions=versions,
        entries=entries,
        sale=SALE.link,
        recommend=RECOMMEND.link,
        silent=SILENT,
        ask=ASK,
        story=_story(site, request) if filled else [],
        home=str(site.home.resolve()),
        soon=_soon(site).isoformat(),
        keshou=command(site),
        console=_CONSOLE in request.app.state.methods,
        portal=filled and _PORTAL in request.app.state.methods,
        agreed_user=AGREED,
        url=site.settings.url,
        declared=declared,
    )


def _soon(site: Site) -> dt.datetime:
    """Return the whole minute at which changed rules may begin to hold: time enough to type, and to see them come."""
    now = site.now().astimezone(CHINA).replace(second=0, microsecond=0)
    return now + dt.timedelta(minutes=_TYPING)


def _story(site: Site, request: Requested) -> list[dict[str, Any]]:
    language = language_of(request)
    return [
        {"told": each.told.in_(language), "link": each.link, "answer": answered(site, each, language)} for each in STORY
    ]
