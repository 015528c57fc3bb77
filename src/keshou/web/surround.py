# SPDX-License-Identifier: Apache-2.0
"""What stands around every face of the server, in order, so that no request and no answer goes by it."""

from collections.abc import Mapping

from granian.utils.proxies import wrap_asgi_with_proxy_headers
from litestar import Litestar
from litestar.types import ASGIApp

from keshou.app.settings import Settings
from keshou.web import traces
from keshou.web.body import Overseer, Patience
from keshou.web.headers import Headers, always
from keshou.web.limits import TellAllowance
from keshou.web.logs import RequestLog
from keshou.web.methods import AnswerHead
from keshou.web.metrics import Metrics
from keshou.web.short_way import Around, Short, ShortWay
from keshou.web.strict import Strict
from keshou.web.watch import Watch, note_error


def surround(app: Litestar, settings: Settings, metrics: Metrics, short: Mapping[str, Short] | None = None) -> None:
    """Put around `app`, outermost first: headers, watching, strictness, the proxy's word, spans, allowances, patience.

    Places named in `short` have a short way past them all, which keeps what they keep; not where spans are wanted.

    Side effects: spans are sent when the environment names an endpoint, until the application stops.
    """
    server = settings.server
    tls = bool(server.tls_certificate or server.trusted_proxy or server.url.startswith("https://"))
    overseer = Overseer()
    inner: ASGIApp = TellAllowance(Patience(AnswerHead(app.asgi_handler), overseer, server.body_seconds))
    spans = traces.open_traces()
    if spans is not None:
        inner = spans.around(inner)
        app.on_shutdown.append(spans.close)
    if server.trusted_proxy:
        inner = wrap_asgi_with_proxy_headers(inner, server.trusted_proxy)
    strict = Strict(inner, url=settings.url, proxy=server.trusted_proxy)
    app.after_exception.append(note_error)
    log = RequestLog()
    app.on_shutdown.append(log.flush)
    listeners = (log, metrics)
    app.asgi_handler = Headers(Watch(strict, listeners), tls=tls)
    if short and spans is None:
        around = Around(strict, overseer, listeners, always(tls=tls))
        app.asgi_handler = ShortWay(app.asgi_handler, short, app.state.site, app.state.callers, around)
