# SPDX-License-Identifier: Apache-2.0
"""Programs and their keys: given, rotated and ended by whoever holds the office."""

import datetime as dt
from typing import Annotated

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, RawBody

from keshou.app.new_program import add_program, close_program, make_key, revoke_key, rotate_key
from keshou.app.site import Site
from keshou.db import Transaction
from keshou.declaration.model import Office
from keshou.programs.grant import Credential, CredentialKind, Program
from keshou.web.api.asked import InPath, Requested, answer, read
from keshou.web.api.paged import USUAL, Cursor, Limit, Page, page
from keshou.web.described import told
from keshou.web.entitled import require
from keshou.web.errors import ContradictionError, NotEntitledError, NotFoundError
from keshou.web.idempotency import IdempotencyKey, Sent, answer_once
from keshou.wire import programs as w
from keshou.wire.caller import Caller

ProgramId = InPath
CredentialId = Annotated[str, PathParameter(pattern="^[A-Za-z0-9_-]{1,64}$")]


@get("/", sync_to_thread=True, operation_class=told(Page[w.ProgramShape]))
def programs(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return the programs, by id."""
    require(caller, site, Office.ACCOUNTS, Office.AUDIT)
    with site.reading() as tx:
        found = [w.program_shape(each) for each in site.programs.programs(tx)]
    return answer(page(found, lambda each: each.id, cursor, limit))


@post("/", status_code=200, sync_to_thread=True, operation_class=told(w.ProgramShape, body=w.ProgramRequest))
def add(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], body: RawBody, key: IdempotencyKey
) -> Response[bytes]:
    """Let a program be given keys; what it may do is said by its posts. One that was closed is opened again."""
    require(caller, site, Office.ACCOUNTS, fresh=True)
    asked = read(request, body, w.ProgramRequest)
    _refuse_self(caller, asked.id)

    def made(tx: Transaction) -> w.ProgramShape:
        add_program(site, tx, asked.id, caller.id)
        return w.program_shape(_known(tx, site, asked.id))

    return answer_once(site, Sent(caller, key, asked, ("programs",)), made)


@get("/{program:str}", sync_to_thread=True, operation_class=told(w.ProgramShape, problems=(404,)))
def program_of(program: ProgramId, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """Return one program."""
    require(caller, site, Office.ACCOUNTS, Office.AUDIT)
    with site.reading() as tx:
        return answer(w.program_shape(_known(tx, site, program)))


@post("/{program:str}/close", status_code=200, sync_to_thread=True, operation_class=told(
    w.ProgramShape, problems=(404,)
))  # fmt: skip
def close(program: ProgramId, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[bytes]:
    """End a program: every key and token of its is dead at once."""
    require(caller, site, Office.ACCOUNTS, fresh=True)
    with site.writing() as tx:
        _known(tx, site, program)
        close_program(site, tx, program, caller.id)
        return answer(w.program_shape(_known(tx, site, program)))


@get("/{program:str}/credentials", sync_to_thread=True, operation_class=told(Page[w.CredentialShape], problems=(404,)))
def credentials_of(
    program: ProgramId, caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "",
    limit: Limit = USUAL,
) -> Response[bytes]:  # fmt: skip
    """Return what a program proves itself by, also what has ended; secrets are nowhere."""
    require(caller, site, Office.ACCOUNTS, Office.AUDIT)
    with site.reading() as tx:
        _known(tx, site, program)
        found = [w.credential_shape(each) for each in site.programs.credentials(tx, program)]
    return answer(page(found, lambda each: each.id, cursor, limit))


@post("/{program:str}/credentials", status_code=200, sync_to_thread=True, operation_class=told(
    w.MadeCredential, body=w.CredentialRequest, problems=(404, 409)
))  # fmt: skip
def make(
    *, request: Requested, program: ProgramId, caller: NamedDependency[Caller], site: NamedDependency[Site],
    body: RawBody, key: IdempotencyKey,
) -> Response[bytes]:  # fmt: skip
    """Make a key or client secret, which is told this once; or register a public key.

    With the scope `on_behalf`, or with `act` where the program holds a post that the caller does not, it proves nothing
    before a second person confirms it (`POST /api/v1/second-hand`).
    """
    require(caller, site, Office.ACCOUNTS, fresh=True)
    asked = read(request, body, w.CredentialRequest)
    _refuse_self(caller, program)
    if (asked.kind is CredentialKind.JWK) != (asked.jwk is not None):
        raise ContradictionError("a public key is given for the kind `jwk`, and for no other", "$.jwk")

    def made(tx: Transaction) -> w.MadeCredential:
        _known(tx, site, program)
        grant, waits = w.grant_of(asked), site.settings.accounts.second_hand
        found, text = make_key(site, tx, program, asked.kind, grant, by=caller.id, jwk=asked.jwk, waits=waits)
        return w.MadeCredential(credential=w.credential_shape(found), secret=text)

    return answer_once(site, Sent(caller, key, asked, ("programs", program, "credentials")), made, secret=_secret)


@post("/{program:str}/credentials/{credential:str}/rotate", status_code=200, sync_to_thread=True, operation_class=told(
    w.MadeCredential, body=w.RotationRequest, problems=(404, 409)
))  # fmt: skip
def rotate(
    *, request: Requested, program: ProgramId, credential: CredentialId, caller: NamedDependency[Caller],
    site: NamedDependency[Site], body: RawBody, key: IdempotencyKey,
) -> Response[bytes]:  # fmt: skip
    """Make a key or secret like one that is in use, which goes on for a while; the new one is told this once."""
    require(caller, site, Office.ACCOUNTS, fresh=True)
    asked = read(request, body, w.RotationRequest)
    _refuse_self(caller, program)
    until, overlap = asked.until.astimezone(dt.UTC), dt.timedelta(minutes=asked.overlap_minutes)

    def made(tx: Transaction) -> w.MadeCredential:
        _credential(tx, site, program, credential)
        waits = site.settings.accounts.second_hand
        found, text = rotate_key(site, tx, credential, until, overlap, by=caller.id, waits=waits)
        return w.MadeCredential(credential=w.credential_shape(found), secret=text)

    place = ("programs", program, "credentials", credential, "rotate")
    return answer_once(site, Sent(caller, key, asked, place), made, secret=_secret)


def _secret(made: w.MadeCredential) -> str:
    return made.secret


@post("/{program:str}/credentials/{credential:str}/revoke", status_code=200, sync_to_thread=True, operation_class=told(
    w.CredentialShape, problems=(404,)
))  # fmt: skip
def revoke(
    program: ProgramId, credential: CredentialId, caller: NamedDependency[Caller], site: NamedDependency[Site]
) -> Response[bytes]:
    """End a key, secret or public key at once, with every token it was traded for."""
    require(caller, site, Office.ACCOUNTS)
    with site.writing() as tx:
        _credential(tx, site, program, credential)
        revoke_key(site, tx, credential, caller.id)
        return answer(w.credential_shape(_credential(tx, site, program, credential)))


def _known(tx: Transaction, site: Site, program: str) -> Program:
    found = next((each for each in site.programs.programs(tx) if each.id == program), None)
    if found is None:
        raise NotFoundError("there is no such program", hint="list them at /api/v1/programs")
    return found


def _credential(tx: Transaction, site: Site, program: str, credential: str) -> Credential:
    found = site.programs.credential(tx, credential)
    if found is None or found.program != program:
        raise NotFoundError("the program has no such key", hint="list them at /api/v1/programs/PROGRAM/credentials")
    return found


def _refuse_self(caller: Caller, program: str) -> None:
    """Refuse whoever would give themselves a way in.

    Raises:
        NotEntitledError: it is the caller's own name.

    """
    if caller.id == program:
        raise NotEntitledError("nobody gives themselves keys (miit24:13.1.3)", hint="ask another who holds the office")


@get("/", sync_to_thread=True, operation_class=told(Page[w.CredentialShape]))
def every_credential(
    caller: NamedDependency[Caller], site: NamedDependency[Site], cursor: Cursor = "", limit: Limit = USUAL
) -> Response[bytes]:
    """Return what all programs prove themselves by, by id, also what has ended; secrets are nowhere."""
    require(caller, site, Office.ACCOUNTS, Office.AUDIT)
    with site.reading() as tx:
        found = [w.credential_shape(each) for each in site.programs.credentials(tx)]
    return answer(page(found, lambda each: each.id, cursor, limit))


FACE = Router(
    "/api/v1/programs",
    route_handlers=[programs, add, program_of, close, credentials_of, make, rotate, revoke],
    tags=["programs"],
)
"""The router of programs."""

CREDENTIALS = Router("/api/v1/credentials", route_handlers=[every_credential], tags=["programs"])
"""The router of what all of them prove themselves by."""
