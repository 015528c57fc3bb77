# SPDX-License-Identifier: Apache-2.0
"""Files for recipients: asked for, looked at by another person where they are bulk, fetched sealed; and what leaked."""

from typing import Annotated

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter, RawBody
from litestar.response import Stream

from keshou.app import exports
from keshou.app.handing_over import signer_of, trace_leak
from keshou.app.site import Site
from keshou.declaration.model import Office
from keshou.handover.order import State
from keshou.handover.table import read as read_table
from keshou.handover.trace import BOUND
from keshou.web import exporting
from keshou.web.api.asked import InPath, Requested, answer, read, refuse_other_type
from keshou.web.api.decided import denial, done_before
from keshou.web.api.paged import USUAL, Cursor, Limit, Page, page
from keshou.web.described import told
from keshou.web.entitled import require, require_staff
from keshou.web.exporting import Begun
from keshou.web.idempotency import IdempotencyKey
from keshou.web.language import language_of
from keshou.web.ranged import given_out
from keshou.wire import exports as w
from keshou.wire.caller import Caller

AGE, PEM, RAW = "application/octet-stream", "application/x-pem-file", "application/octet-stream"
CSV, LINES = "text/csv", "application/x-ndjson"
_MOST_BYTES = 1 << 24
"""Of a request: room for the ids of as many users as one export takes."""
Bound = Annotated[
    float, QueryParameter(name="bound", gt=0, le=0.5, description="The chance, at most, that anybody is named wrongly.")
]


@post("/", status_code=200, sync_to_thread=True, request_max_body_size=_MOST_BYTES, operation_class=told(
    w.ExportShape, body=w.ExportRequest, later=(202,)
))  # fmt: skip
def ask(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Export users' information into a file that its recipient alone opens; fetch it at its id.

    It is asked and recorded as a whole and user by user. Denied: 403 with every article met. Where another person's
    review is all that it lacks, the review is asked for in the caller's name and the answer is 202; approved,
    `POST /api/v1/exports/{name}/making` does it. People need a fresh proof of who they are.
    """
    asked = read(request, body, w.ExportRequest)
    return _answer(request, site, exporting.ask(site, caller, key, asked))


@post("/{name:str}/making", status_code=200, sync_to_thread=True, operation_class=told(
    w.ExportShape, problems=(404,), later=(202,), needs_body=False
))  # fmt: skip
def make(
    request: Requested, name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site], key: IdempotencyKey
) -> Response[bytes]:
    """Do an export whose review was approved: judged anew, by what holds now. It is done once, whoever asks how often.

    People need a fresh proof of who they are.
    """
    del key  # the export itself is what is done once
    return _answer(request, site, exporting.go_on(site, caller, name))


def _answer(request: Requested, site: Site, begun: Begun) -> Response[bytes]:
    order, decision = begun.outcome
    language = language_of(request)
    if order.state is State.DENIED:
        if decision is not None:
            return denial(site, decision, order.entry, language)
        return done_before(site, exporting.denied_before(order), language)
    shape = exporting.shape_of(site, order, repeated=begun.repeated)
    late = shape.state in ("waiting", "approved", "making")
    return answer(shape, status=202 if late else 200, headers={"Location": f"/api/v1/exports/{order.id}"})


@get("/", sync_to_thread=True, operation_class=told(Page[w.ExportShape]))
def every(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return exports asked of the server, by id: all to auditors, to others their own that their key is for."""
    every_, state = exporting.seen(site, caller), site.state()
    found = [exporting.shape_of(site, each, state) for each in every_]
    return answer(page(found, lambda each: each.id, cursor, limit))


@get("/{name:str}", sync_to_thread=True, operation_class=told(w.ExportShape, problems=(404,)))
def one(name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Say how an export stands that the caller asked for."""
    require_staff(caller)
    return answer(exporting.shape_of(site, exporting.own(site, caller, name)))


@get("/{name:str}/file", sync_to_thread=True, operation_class=told(
    bytes, media_types=(AGE,), problems=(404, 416), headers=("ETag",), later=(206,)
))  # fmt: skip
def file(request: Requested, name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Stream:
    """Fetch the sealed file of an export that the caller asked for, as often as it takes while it is kept.

    What broke off goes on with `Range` and `If-Range`.
    """
    return given_out(request, exporting.file(site, exporting.made(site, caller, name)), AGE)


@get("/{name:str}/manifest", sync_to_thread=True, operation_class=told(bytes, problems=(404,)))
def manifest(name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Fetch the manifest that goes with the file."""
    return Response(exporting.made(site, caller, name).manifest, media_type="application/json")


@get("/{name:str}/signature", sync_to_thread=True, operation_class=told(bytes, media_types=(RAW,), problems=(404,)))
def signature(name: InPath, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Fetch the signature over the manifest: Ed25519, 64 bytes."""
    return Response(exporting.made(site, caller, name).signature, media_type=RAW)


@get("/manifest-key", security=[{}], sync_to_thread=True, operation_class=told(str, media_types=(PEM,)))
def manifest_key(site: NamedDependency[Site]) -> Response[str]:
    """Return the public key that checks this site's manifests; a recipient should have it some other way as well."""
    return Response(signer_of(site).pem(), media_type=PEM)


@get("/handovers", sync_to_thread=True, operation_class=told(Page[w.HandoverShape]))
def handovers(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return every file that was ever made for a recipient, here or at the command line, by id; for auditors."""
    require(caller, site, Office.AUDIT)
    found = [w.handover_shape(each) for each in exports.handovers(site)]
    return answer(page(found, lambda each: each.id, cursor, limit))


@post("/traces", status_code=200, sync_to_thread=True, operation_class=told(
    w.TraceShape, body=bytes, body_types=(CSV, LINES)
))  # fmt: skip
def trace(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody,
    bound: Bound = BOUND,
) -> Response[bytes]:  # fmt: skip
    """Tell which handovers rows that got out come from; for auditors. What is sent is kept nowhere."""
    require(caller, site, Office.AUDIT)
    refuse_other_type(request, CSV, LINES)
    return answer(w.trace_shape(*trace_leak(site, read_table(body), bound)))


FACE = Router(
    "/api/v1/exports",
    route_handlers=[ask, make, every, one, file, manifest, signature, manifest_key, handovers, trace],
    tags=["exports"],
)
"""The router of exports."""
