# SPDX-License-Identifier: Apache-2.0
"""Assemble the server of one site: every face, with what surrounds each request."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide

from keshou.app.readiness import Readiness
from keshou.app.site import Site
from keshou.errors import KeshouError
from keshou.language import Text
from keshou.web import tls
from keshou.web.authzen.answer import Writers
from keshou.web.authzen.layout import Layouts
from keshou.web.caller import Callers, Find, Requested
from keshou.web.document import described
from keshou.web.entitled import refuse_beyond_agent
from keshou.web.errors import NotEntitledError, SecondFactorNeededError
from keshou.web.faces import FACES, NAVIGATION, SAMPLE_NAVIGATION
from keshou.web.find_caller import Finder
from keshou.web.frame import refusal
from keshou.web.limits import Rate
from keshou.web.methods import TellMethods, methods_of
from keshou.web.metrics import Metrics
from keshou.web.query import refuse_odd_query
from keshou.web.short_ways import short_ways
from keshou.web.surround import surround
from keshou.wire.caller import PEOPLE, Caller, CallerKind

_SEARCHES = (20_000, 20, 100)
"""After how many more objects made than dropped the youngest are searched for cycles, and how much rarer older ones."""


def make() -> Litestar:
    """Return the server of the site that the environment names (``KESHOU_HOME``); it closes the site when it stops.

    Raises:
        KeshouError: there is no site, or a part of it cannot be reached.

    """
    site = Site.open()
    site.database.map()
    site.pulse.watch()
    app = application(site, Finder(site), closes=True)
    if site.settings.server.tls_certificate:
        app.state.certificate_end = tls.end_of(site.home / site.settings.server.tls_certificate)
        tls.warn_of_end(app.state.certificate_end, site.now())
    _settle()
    return app


def _settle() -> None:
    """Keep Python from walking over what stays: the law, the rules, the application, and whoever is known of users.

    A search for cycles that walks over every standing in memory would cost more than the requests between two of them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_SEARCHES)


def application(site: Site, find: Find, *, closes: bool = False) -> Litestar:
    """Return the server of `site`, whose callers `find` knows.

    With `closes` it delivers webhooks and drops what is over while it runs, and closes the site when it stops.
    """
    return dress(undressed(site.settings.server.body_bytes), site, find, closes=closes)


def undressed(body_bytes: int) -> Litestar:
    """Return every face in one application that serves no site yet; most of a start's time goes here."""
    return Litestar(
        FACES,
        dependencies=_dependencies(),
        exception_handlers={Exception: refusal.answer},
        guards=[refuse_odd_query],
        openapi_config=described(),
        lifespan=[_running],
        request_max_body_size=body_bytes,
        logging_config=None,
    )


def dress(app: Litestar, site: Site, find: Find, *, closes: bool = False) -> Litestar:
    """Have `app` serve `site`, and nothing that it served before; return it."""
    metrics = Metrics()
    app.state = State(
        {
            "site": site,
            "closes": closes,
            "callers": Callers(site, find),
            "metrics": metrics,
            "readiness": Readiness(site),
            "pages": Rate("pages", site.settings.server.rate_pages),
            "operator": _operator(site),
            "navigation": NAVIGATION,
            "sample_navigation": SAMPLE_NAVIGATION,
            "layouts": Layouts(),
            "writers": Writers(),
        }
    )
    app.state["methods"] = methods_of(app)
    app.on_shutdown, app.after_exception = [], []
    app.asgi_handler = TellMethods(app._create_asgi_handler(), app.state["methods"])  # noqa: SLF001 - as it began
    surround(app, site.settings, metrics, short_ways(app.state))
    return app


def _operator(site: Site) -> Text | None:
    """Return who runs the server by the rules in force, for pages that cannot ask; None while nobody can say."""
    try:
        rules = site.rules()
    except KeshouError:
        return None
    return rules.declaration.operator.name if rules else None


def document() -> dict[str, Any]:
    """Return the OpenAPI document; it is the same of every site."""
    app = Litestar(FACES, dependencies=_dependencies(), openapi_config=described(), logging_config=None)
    found: dict[str, Any] = app.openapi_schema.to_schema()
    return found


def _dependencies() -> dict[str, Provide]:
    return {
        "caller": Provide(_caller),
        "person": Provide(_person),
        "site": Provide(_site, sync_to_thread=False),
    }


async def _caller(request: Requested, site: NamedDependency[Site]) -> Caller:
    # The site is asked for so that the two are found one after the other: side by side costs tasks for each request.
    found: Caller = await request.app.state.callers.of(request)
    if found.limited:
        raise SecondFactorNeededError
    if found.kind is CallerKind.AGENT_STAFF:
        await anyio.to_thread.run_sync(refuse_beyond_agent, found, site)
    return found


async def _person(request: Requested) -> Caller:
    found: Caller = await request.app.state.callers.of(request)
    if found.kind not in PEOPLE:
        raise NotEntitledError("this is for people with an account")
    return found


def _site(state: State) -> Site:
    return state.site  # type: ignore[no-any-return]


@asynccontextmanager
async def _running(app: Litestar) -> AsyncIterator[None]:
    site: Site = app.state.site
    if not app.state.closes:
        yield
        return
    try:
        site.messenger.start()
        site.tidying.start()
        yield
    finally:
        site.close()
