# SPDX-License-Identifier: Apache-2.0
"""OpenTelemetry spans of requests, when an endpoint is set: method, route, status, and no value of any request.

Source: OpenTelemetry semantic conventions for HTTP spans; W3C Trace Context.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from keshou.app import environment
from keshou.errors import InputError
from keshou.web.watch import NO_ROUTE

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

OWN, STANDARD = "KESHOU_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"
_PARENT = frozenset({b"traceparent", b"tracestate"})
_FAILED = 500


class Traces:
    """Makes spans and sends them to a collector over OTLP/HTTP; close it to send the last."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        self._provider = provider
        self._tracer = provider.get_tracer("keshou")
        self._propagator = TraceContextTextMapPropagator()

    def around(self, app: ASGIApp) -> ASGIApp:
        """Return `app` with a span around every request."""
        return _Traced(app, self._tracer, self._propagator.extract)

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def open_traces() -> Traces | None:
    """Return where spans go as the environment says; None when it names no endpoint.

    Raises:
        InputError: an endpoint is named and the extra `telemetry` is not installed.

    """
    own, standard = environment.told(OWN), environment.told(STANDARD)
    if not own and not standard:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise InputError("traces are asked for and cannot be made", hint="install keshou[telemetry]") from error
    exporter = OTLPSpanExporter(endpoint=own.rstrip("/") + "/v1/traces") if own else OTLPSpanExporter()
    provider = TracerProvider(resource=Resource.create({"service.name": "keshou"}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Traces(provider)


class _Traced:
    """ASGI middleware: a span a request, the caller's span its parent."""

    def __init__(self, app: ASGIApp, tracer: Any, extract: Callable[[dict[str, str]], Any]) -> None:
        from opentelemetry.trace import SpanKind, Status, StatusCode  # noqa: PLC0415

        self._app = app
        self._tracer = tracer
        self._extract = extract
        self._kind = SpanKind.SERVER
        self._failed = Status(StatusCode.ERROR)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request within its span."""
        method = str(scope.get("method", ""))
        given = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in _PARENT}
        start = self._tracer.start_as_current_span(
            method, context=self._extract(given), kind=self._kind, record_exception=False, set_status_on_exception=False
        )
        with start as span:
            status = 0

            async def answer(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            try:
                await self._app(scope, receive, answer)
            finally:
                route = str(scope.get("path_template") or NO_ROUTE)
                span.update_name(f"{method} {route}")
                span.set_attributes({
                    "http.request.method": method, "http.route": route, "http.response.status_code": status,
                })  # fmt: skip
                if status >= _FAILED or not status:
                    span.set_status(self._failed)
