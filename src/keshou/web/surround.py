# SPDX-License-Identifier: Apache-2.0
"""What stands around every face of the server, in order, so that no request and no answer goes by it."""

from granian.utils.proxies import wrap_asgi_with_proxy_headers
from litestar import Litestar
from litestar.types import ASGIApp

from keshou.app.settings import Settings
from keshou.web import traces
from keshou.web.body import Patience
from keshou.web.headers import Headers
from keshou.web.limits import TellAllowance
from keshou.web.logs import RequestLog
from keshou.web.metrics import Metrics
from keshou.web.strict import Strict
from keshou.web.watch import Watch, note_error


def surround(app: Litestar, settings: Settings, metrics: Metrics) -> None:
    """Put around `app`, outermost first: headers, watching, strictness, the proxy's word, spans, allowances, patience.

    Side effects: spans are sent when the environment names an endpoint, until the application stops.
    """
    server = settings.server
    tls = bool(server.tls_certificate or server.trusted_proxy or server.url.startswith("https://"))
    inner: ASGIApp = TellAllowance(Patience(app.asgi_handler, server.body_seconds))
    spans = traces.open_traces()
    if spans is not None:
        inner = spans.around(inner)
        app.on_shutdown.append(spans.close)
    if server.trusted_proxy:
        inner = wrap_asgi_with_proxy_headers(inner, server.trusted_proxy)
    strict = Strict(inner, url=server.url, proxy=server.trusted_proxy)
    app.after_exception.append(note_error)
    app.asgi_handler = Headers(Watch(strict, [RequestLog(), metrics]), tls=tls)
