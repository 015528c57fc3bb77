# SPDX-License-Identifier: Apache-2.0
"""Tables: which rows may be used, and users taken in many at once. They stay in memory and never touch a disk.

A table is as large as a body may be (`body_bytes` in [server]); larger ones are taken in in the background.
"""

import hashlib
import io
import zipfile
from collections.abc import Sequence
from typing import Annotated

import msgspec
from litestar import Response, Router
from litestar import post as posted
from litestar.di import NamedDependency
from litestar.params import QueryParameter, RawBody

from keshou.acts.request import Judged
from keshou.app.column_file import Kind
from keshou.app.intake import Intake
from keshou.app.site import Site
from keshou.app.table_columns import Said
from keshou.app.table_gate import Upload, Verdict, gate_table
from keshou.errors import InputError
from keshou.gate.act import Act
from keshou.law.terms import ActKind
from keshou.web.api.asked import Requested, answer, refuse_other_type
from keshou.web.described import told
from keshou.web.entitled import actor, refuse_beyond_key, require_fresh, require_fresh_for, require_staff
from keshou.web.errors import NotEntitledError
from keshou.web.idempotency import IdempotencyKey, named
from keshou.wire import tables as w
from keshou.wire.caller import Caller

CSV, PARQUET, ARROW = "text/csv", "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"
ZIP = "application/zip"
_KIND: dict[str, Kind] = {CSV: ".csv", PARQUET: ".parquet", ARROW: ".arrow"}
_ID = "[A-Za-z0-9._-]{1,64}"
_IDS = rf"^({_ID}(,{_ID}){{0,63}})?$"
_COLUMN = r"[^=,\x00-\x1f\x7f]{1,128}"

Purpose = Annotated[str, QueryParameter(name="purpose", pattern=f"^{_ID}$", description="Id of a declared purpose.")]
Purposes = Annotated[
    str, QueryParameter(name="purposes", pattern=_IDS, description="Collect only for these, with commas; none: all.")
]
What = Annotated[ActKind, QueryParameter(name="kind", description="What is done.")]
Items = Annotated[
    str, QueryParameter(name="items", pattern=_IDS, description="With commas; none: all that the table has.")
]
Column = Annotated[
    str, QueryParameter(name="user_column", pattern=f"^{_COLUMN}$", description="The column with the users' ids.")
]
Post = Annotated[str, QueryParameter(name="post", pattern=f"^({_ID})?$")]
Where = Annotated[str, QueryParameter(name="where", pattern=f"^({_ID})?$")]
Recipient = Annotated[str, QueryParameter(name="recipient", pattern=f"^({_ID})?$")]
Review = Annotated[str, QueryParameter(name="review", pattern=f"^({_ID})?$")]
Ground = Annotated[str, QueryParameter(name="ground", pattern=f"^({_ID})?$")]
OnError = Annotated[w.OnError, QueryParameter(name="on_error", description="What one bad row does.")]
Mapping = Annotated[
    str, QueryParameter(name="map", max_length=4096, description="What columns hold: NAME=ITEM, with commas.")
]
Keep = Annotated[
    str, QueryParameter(
        name="keep", pattern=rf"^({_COLUMN}(,{_COLUMN}){{0,63}})?$", max_length=4096,
        description="Columns to answer too, with commas: they hold nothing of anybody.",
    ),
]  # fmt: skip


@posted("/judgements", status_code=200, sync_to_thread=True, operation_class=told(
    bytes, body=bytes, body_types=tuple(_KIND), media_types=(ZIP,), problems=(409,)
))  # fmt: skip
def judge(
    *, request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody,
    key: IdempotencyKey, purpose: Purpose, kind: What = ActKind.USE, items: Items = "",
    user_column: Column = "user_id", mapping: Mapping = "", keep: Keep = "", post: Post = "", where: Where = "",
    recipient: Recipient = "", review: Review = "", ground: Ground = "",
) -> Response[bytes]:  # fmt: skip
    """Keep the rows of a table of users that may be used, and say by article why not the rest.

    The answer is an archive: `verdict.json`; `kept` with the rows that may be used, and `denied` with the users
    refused and why, in the kind that was sent. One that lets no row through is an answer, not a denial. The outcome
    is recorded; sent again only the verdict is answered, as it was recorded, whatever is true by now.

    Columns of other information are not answered, nor those of which nobody says what they hold: `map` says it, and
    `keep` that they hold nothing of anybody, which is recorded.

    Rows leave with the answer, so it is about the moment of the request alone: of another moment, single acts are
    decided by `POST /api/v1/decisions`.
    """
    require_staff(caller)
    refuse_beyond_key(caller, purpose, kind)
    require_fresh_for(kind, caller, site)
    upload = Upload(body, _KIND[refuse_other_type(request, *_KIND)])
    act = Act(
        kind=kind, user="", items=frozenset(split(items)), purpose=purpose, by=actor(caller, ""), when=site.now(),
        where=where, post=post, recipient=recipient, review=review, ground=ground,
    )  # fmt: skip
    question = msgspec.structs.astuple(msgspec.structs.replace(act, when=None, items=sorted(act.items)))
    said: tuple[object, ...] = (question, user_column, upload.kind, hashlib.sha256(body).hexdigest())
    said = (*said, mapping, keep) if mapping or keep else said
    columns = Said(pairs_of(mapping), split(keep))

    def name(job: Judged) -> Judged:
        return named(job, caller, key, said, "tables/judgements")

    verdict = gate_table(site, act, upload, user_column, said=columns, name=name)
    return Response(_archive(verdict, upload), media_type=ZIP)


@posted("/intakes", status_code=200, sync_to_thread=True, operation_class=told(
    w.IntakeAnswer, body=bytes, body_types=(CSV,)
))  # fmt: skip
def take_in(
    *, request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody,
    purposes: Purposes = "", on_error: OnError = w.OnError.STOP, mapping: Mapping = "", where: Where = "",
) -> Response[bytes]:  # fmt: skip
    """Take in the users an operator already has; every row is held against the rules and goes through the gate.

    Columns: user_id, one for each kind of information, services, consents, limited_capacity. Bad rows are named by
    number and reason. It needs no idempotency key: who is on record is not taken in twice. People need a fresh proof of
    who they are.
    """
    chosen = split(purposes)
    refuse_beyond_taking(caller, site, chosen)
    refuse_other_type(request, CSV)
    intake = Intake(site, body, by=actor(caller, ""), where=where, purposes=chosen, mapping=pairs_of(mapping))
    report = intake.run("skip" if on_error is w.OnError.SKIP else "stop")
    faults = [
        w.FaultShape(
            row=each.row, code=each.code, column=each.column, purpose=each.purpose, cites=[str(it) for it in each.cites]
        )
        for each in report.faults
    ]
    return answer(w.IntakeAnswer(rows=report.rows, taken=report.taken, faults=faults))


def refuse_beyond_taking(caller: Caller, site: Site, purposes: Sequence[str]) -> None:
    """Refuse whoever may not take users in for `purposes`; none: for all.

    Raises:
        NotEntitledError: no caller of the operator's, a key for less, or a proof that is not fresh.

    """
    require_staff(caller)
    if caller.purposes is not None and not purposes:
        raise NotEntitledError("the key is limited to purposes", hint="name them in `purposes`")
    for each in purposes:
        refuse_beyond_key(caller, each, ActKind.COLLECT)
    if caller.acts is not None and ActKind.COLLECT not in caller.acts:
        raise NotEntitledError("the key is not for this kind of act", hint="ask with a key that is")
    require_fresh(caller, site)


def split(words: str) -> list[str]:
    """Return words that stand with commas between."""
    return words.split(",") if words else []


def pairs_of(mapping: str) -> dict[str, str]:
    """Return what columns hold: name to item.

    Raises:
        InputError: it is not written ``NAME=ITEM``.

    """
    parts = [each.partition("=") for each in split(mapping)]
    if not all(name and item for name, _, item in parts):
        raise InputError("`map` is not written NAME=ITEM", hint="e.g. phone=mobile_number,name=user_name")
    return {name: item for name, _, item in parts}


def _archive(verdict: Verdict, upload: Upload) -> bytes:
    """Return the archive that tells a verdict; the tables are in it unless it was told before."""
    shown = w.TableVerdict(
        rows=verdict.rows, permitted=verdict.permitted, by_article=verdict.by_article(),
        items=sorted(verdict.act.items), left_out=list(verdict.left_out), entry=verdict.entry,
        repeated=verdict.repeated,
    )  # fmt: skip
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("verdict.json", msgspec.json.encode(shown))
        if not verdict.repeated:
            archive.writestr(f"kept{upload.kind}", upload.kept)
            archive.writestr(f"denied{upload.kind}", upload.denied)
    return written.getvalue()


FACE = Router("/api/v1/tables", route_handlers=[judge, take_in], tags=["tables"])
"""The router of tables."""
