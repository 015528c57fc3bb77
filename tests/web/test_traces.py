# SPDX-License-Identifier: Apache-2.0
"""Spans go to the collector that is named, carry route and status, and nothing that a request says."""

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from places import begin, serving

from keshou.errors import InputError
from keshou.web.traces import open_traces
from planting import Planted

VALUE = "15499990001"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Collector:
    """What takes spans over OTLP/HTTP, as any collector does."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        self.bodies: list[bytes] = []
        self.paths: list[str] = []

    def spans(self) -> list[Span]:
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [span for request in requests for each in request.resource_spans for scope in each.scope_spans
                for span in scope.spans]  # fmt: skip


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Give a collector that listens on loopback."""

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            listening.paths.append(self.path)
            listening.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Taking) as server:
        listening = Collector(server)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield listening
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("name", ["KESHOU_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"])
def test_each_request_is_a_span_with_route_and_status_and_the_callers_span_above(
    tmp_path: Path, collector: Collector, name: str
) -> None:
    begin(tmp_path / "site").close()
    with serving(tmp_path / "site", **{name: collector.url}) as server:
        server.get(f"/users/{VALUE}?also={VALUE}", Traceparent=PARENT, X_Note=VALUE)
        server.get(f"/users/{VALUE}/fail")
        server.stop()
    assert set(collector.paths) == {"/v1/traces"}
    assert Planted([VALUE]).find_in(b"".join(collector.bodies)) == []
    by_name = {span.name: span for span in collector.spans()}
    assert set(by_name) == {"GET /healthz", "GET /users/{user}", "GET /users/{user}/fail"}
    told = {each.key: each.value for each in by_name["GET /users/{user}"].attributes}
    assert set(told) == {"http.request.method", "http.route", "http.response.status_code"}
    assert told["http.response.status_code"].int_value == 200
    assert by_name["GET /users/{user}"].kind == Span.SPAN_KIND_SERVER
    assert by_name["GET /users/{user}"].trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert by_name["GET /users/{user}"].parent_span_id.hex() == "b7ad6b7169203331"
    assert by_name["GET /users/{user}/fail"].status.code == Status.STATUS_CODE_ERROR
    assert not by_name["GET /users/{user}/fail"].events


def test_a_collector_that_is_gone_hinders_nothing(tmp_path: Path) -> None:
    begin(tmp_path / "site").close()
    with serving(
        tmp_path / "site", KESHOU_OTLP_ENDPOINT="http://127.0.0.1:9", OTEL_EXPORTER_OTLP_TIMEOUT="1"
    ) as server:
        assert server.get("/empty") == (200, b"{}")
        assert server.stop() == 0


def test_without_an_endpoint_nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KESHOU_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    assert open_traces() is None


def test_an_endpoint_without_the_extra_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KESHOU_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(InputError, match="cannot be made"):
        open_traces()
