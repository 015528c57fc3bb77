# SPDX-License-Identifier: Apache-2.0
"""``keshou ledger``, ``verify`` and ``tick``: the log, checked from within and from outside."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text as Line

from keshou.app.settings import SETTINGS_FILE
from keshou.app.site import Site
from keshou.cli import asked
from keshou.cli.signed_words import CERTIFIED, signed
from keshou.cli.terminal import GOOD, QUIET, Call, pairs
from keshou.cli.verb import verb
from keshou.cli.written import write
from keshou.errors import InputError, UnreachableError
from keshou.ledger import certificate
from keshou.ledger import export as exporting
from keshou.ledger import verify as outside
from keshou.ledger.checkpoint import verify_checkpoint
from keshou.ledger.consistency import is_consistency
from keshou.ledger.errors import EntryError, FormatError
from keshou.ledger.note import parse_key

group = typer.Typer(help="The log: verify, prove, sign, export.", no_args_is_help=True)
_SUFFIX, _KEYS = ".entry", ".keys"
_WHOLE = "日志完好，事实与规则和日志相符", "the log is whole; facts and rules are what it tells"
_FROM_OUTSIDE = (
    "日志完好，经营者的事实与规则和日志相符；用户的事实只从外面看过（--by）",
    "the log is whole; the operator's facts and rules are what it tells; users' facts only from outside (--by)",
)
_AUDITED = (
    ("条目", "entries"),
    ("树根", "root"),
    ("签名检查点", "signed checkpoints"),
    ("已签名条目", "signed entries"),
    ("经营者的事实", "facts of the operator"),
    ("用户的事实", "facts of users"),
    ("规则版本", "versions of the rules"),
    ("载荷", "payloads"),
    ("已打开的载荷", "payloads opened"),
    ("说不清的缺失载荷", "payloads gone, not told why"),
)


def add_to(app: typer.Typer) -> None:
    """Put the family and the verbs under the one name."""
    app.add_typer(group, name="ledger")
    verb(app, "verify")(verify)
    verb(app, "tick")(tick)


@verb(group, "verify")
def verify_log(
    call: Call,
    *,
    by: Annotated[
        str,
        typer.Option(
            metavar="STAFF",
            help="Open the payloads too, and record who did; else they stay sealed.",
            callback=asked.staff_or_none,
        ),
    ] = "",
) -> None:
    """Read the whole log again, and hold facts and rules against it. Exit status 3 names the first entry altered."""
    with call.open() as site, call.progress(call.words("核对日志", "reading the log")) as advance:
        done = 0

        def told(now: int, _all: int) -> None:
            nonlocal done
            advance(now - done)
            done = now

        log, facts = site.audit(by=by, on_progress=told)
        vkey = str(site.ledger.key)
    data = {
        "size": log.size,
        "root": log.root.hex(),
        "checkpoints": log.checkpoints,
        "covered": log.covered,
        "site_facts": facts.site_facts,
        "user_facts": facts.user_facts,
        "versions": facts.versions,
        "payloads": facts.payloads,
        "opened": facts.opened,
        "untold": facts.untold,
    }
    entries = {call.words(*name): value for name, value in zip(_AUDITED, data.values(), strict=True)}
    told_ = call.words(*(_WHOLE if facts.opened or not facts.payloads else _FROM_OUTSIDE))
    call.answer(
        {**data, "vkey": vkey}, Line(told_, GOOD), pairs({**entries, call.words("核对公钥", "verifier key"): vkey})
    )


@verb(group, "prove")
def prove(
    call: Call,
    index: Annotated[
        int | None, typer.Argument(help="Place of the entry in the log, counted from zero.", min=0)
    ] = None,
    *,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where the proof goes.")],
    since: Annotated[
        Path | None, typer.Option(metavar="CHECKPOINT", help="Instead of an entry: the older checkpoint, as a file.")
    ] = None,
) -> None:
    """Write a proof that an entry is in the log, and beside it (FILE.entry) the entry itself.

    With --since: a proof that the log as it stands begins with what an older checkpoint signed.
    """
    if (index is None) == (since is None):
        raise InputError("one thing is proven at a time", hint="name an entry by its place, or give --since CHECKPOINT")
    if since is not None:
        _prove_since(call, since, output)
    elif index is not None:
        _prove_entry(call, index, output)


def _prove_entry(call: Call, index: int, output: Path) -> None:
    with call.open() as site:
        site.checkpoint()
        with site.reading() as tx:
            entry, proof = site.ledger.entry(tx, index), site.ledger.tlog_proof(tx, index)
        write(output, proof)
        write(entry_of(output), entry)
        vkey = str(site.ledger.key)
    files = [str(output), str(entry_of(output))]
    _proven(call, {"index": index, "files": files, "vkey": vkey}, files, f"keshou verify {output} --vkey {vkey}")


def _prove_since(call: Call, since: Path, output: Path) -> None:
    older = asked.bytes_of(since)
    with call.open() as site:
        site.checkpoint()
        with site.reading() as tx:
            proof = exporting.consistency_file(tx, site.ledger, older)
        write(output, proof)
        vkey = str(site.ledger.key)
    data = {"since": verify_checkpoint(older, parse_key(vkey)).size, "files": [str(output)], "vkey": vkey}
    _proven(call, data, [str(output)], f"keshou verify {output} --older {since} --vkey {vkey}")


def _proven(call: Call, data: object, files: list[str], check: str) -> None:
    told = call.words("已写入 " + "、".join(files), "written to " + ", ".join(files))
    call.answer(data, Line(told, GOOD), Line(check, QUIET))


def entry_of(proof: Path) -> Path:
    """Return where the entry lies that a proof is about."""
    return proof.with_name(proof.name + _SUFFIX)


@verb(group, "certify")
def certify(
    call: Call,
    index: Annotated[int, typer.Argument(help="Place of the entry in the log, counted from zero.", min=0)],
    *,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where the certificate goes.")],
) -> None:
    """Certify that an entry destroyed users' keys or values: what, when, which, under which rule; checked offline.

    Beside it go the entry (FILE.entry), its proof (FILE.proof) and, of very many keys, their ids (FILE.keys).
    """
    with call.open() as site:
        site.checkpoint()
        told, note = site.keeper.certify(index)
        kids = _destroyed(site, index)
        with site.reading() as tx:
            entry, proof = site.ledger.entry(tx, index), site.ledger.tlog_proof(tx, index)
        vkey = str(site.ledger.key)
    beside = {output: note, entry_of(output): entry, output.with_name(output.name + ".proof"): proof}
    if kids is not None and len(kids) > certificate.MOST_NAMED:
        beside[_keys_of(output)] = certificate.write_list(kids)
    for path, content in beside.items():
        write(path, content)
    files = [str(path) for path in beside]
    count = told.keys[0].partition(":")[0] if kids is None else len(kids)
    shown = {"entry": told.entry, "at": told.at, "keys": count, "under": ", ".join(told.under)}
    if told.removed:
        shown["removed"] = ", ".join(told.removed)
    named = {call.words(*CERTIFIED[name]): value for name, value in shown.items()}
    written = call.words("已写入 " + "、".join(files), "written to " + ", ".join(files))
    data = {**told._asdict(), "leaf": told.leaf.hex(), "files": files, "vkey": vkey}
    call.answer(data, pairs(named), Line(written, GOOD), Line(f"keshou verify {output} --vkey {vkey}", QUIET))


def _destroyed(site: Site, index: int) -> list[bytes] | None:
    """Return the ids of the keys that an entry destroyed; None of an old one of which only the root was kept."""
    try:
        return site.keeper.destroyed(index)
    except EntryError:
        return None


def _keys_of(output: Path) -> Path:
    """Return where the list lies of the keys that a certificate names by their root."""
    return output.with_name(output.name + _KEYS)


@verb(group, "checkpoint")
def checkpoint(call: Call) -> None:
    """Sign the log as it stands and print the checkpoint."""
    _checkpoint(call)


def tick(call: Call) -> None:
    """Let the clocks act now, as a running server does by itself: this destroys users' information for good.

    It destroys what an ended hold kept back, and what no purpose needs any more where the setting `retention.over`
    lets it go: look at `keshou retention` first. It tells what lapsed, drops sessions, codes, links, jobs and index
    rows past their days, counts the log, and signs it as it stands.
    """
    with call.open() as site:
        site.tidy()
    _checkpoint(call)


def _checkpoint(call: Call) -> None:
    with call.open() as site:
        note = site.checkpoint()
        text = "" if note is None else note.decode()
        empty = call.words("日志还是空的", "the log is empty")
        call.answer({"checkpoint": text or None, "vkey": str(site.ledger.key)}, text.rstrip("\n") or empty)


@verb(group, "export")
def export(
    call: Call,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder to make or to bring up to date.")],
) -> None:
    """Write the log as files that anybody can serve, mirror and check (C2SP tlog-tiles)."""
    if (folder / SETTINGS_FILE).exists():
        raise InputError(
            f"{folder} is a site's folder, with its keys",
            hint="name a folder of its own: what is exported is handed out",
        )
    with call.open() as site:
        site.checkpoint()
        try:
            with site.reading() as tx:
                written = exporting.export(tx, site.ledger, folder)
        except OSError as error:
            raise UnreachableError(f"`{folder}` cannot be written: {error.strerror}") from error
        vkey = str(site.ledger.key)
    told = call.words(f"写了 {written} 个文件到 {folder}", f"{written} files written to {folder}")
    check = f"keshou verify {folder} --vkey {vkey}"
    call.answer({"folder": str(folder), "files": written, "vkey": vkey}, Line(told, GOOD), Line(check, QUIET))


def verify(
    call: Call,
    what: Annotated[Path, typer.Argument(metavar="FILE|DIR", help="A proof, a certificate, or an exported log.")],
    *,
    vkey: Annotated[str, typer.Option(metavar="KEY", help="The log's verifier key, from another channel.")],
    entry: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The entry the proof is about; else FILE.entry.")
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The keys a certificate names by their root; else FILE.keys.")
    ] = None,
    older: Annotated[
        Path | None,
        typer.Option(
            metavar="CHECKPOINT", help="A checkpoint kept from before: the log must begin with what it signed."
        ),
    ] = None,
) -> None:
    """Check a proof, a certificate or an exported log without a site. Exit status 3 when it is not what was signed."""
    _refuse_no_key(vkey)
    try:
        data = _exported(what, older, vkey) if what.is_dir() else _file(what, (entry, keys), older, vkey)
    except OSError as error:
        raise InputError(f"`{error.filename}` cannot be read", hint="check the name") from error
    told = call.words("与签名相符", "it is what was signed")
    call.answer(data, Line(told, GOOD), pairs(signed(call, data)))


def _beside(named: Path | None, usual: Path) -> bytes | None:
    """Return what lies in the file that was named, or in the usual one when it is there."""
    if named is not None:
        return named.read_bytes()
    return usual.read_bytes() if usual.exists() else None


def _certified(held: bytes, entry: bytes | None, keys: bytes | None, vkey: str) -> dict[str, object]:
    kids = None if keys is None else certificate.read_list(keys)
    found = certificate.verify(held, parse_key(vkey), entry, kids)
    whole = kids is not None or not any(":" in each for each in found.keys)
    return {**found._asdict(), "leaf": found.leaf.hex(), "compared": entry is not None, "listed": whole}


def _exported(folder: Path, older: Path | None, vkey: str) -> dict[str, object]:
    found = outside.verify_export(folder, vkey, None if older is None else older.read_bytes())
    data: dict[str, object] = {"origin": found.origin, "size": found.size, "root": found.root.hex()}
    return data if found.older is None else {**data, "older": found.older}


def _file(path: Path, beside: tuple[Path | None, Path | None], older: Path | None, vkey: str) -> dict[str, object]:
    """Return what a file says; `beside` it, where they were named, the entry and the keys that it is about."""
    held, (entry, keys) = path.read_bytes(), beside
    if is_consistency(held):
        return _continued(held, older, vkey)
    if older is not None:
        raise InputError(
            f"`{path}` does not speak of an older checkpoint",
            hint="--older goes with an exported log, or with what `keshou ledger prove --since` wrote",
        )
    if certificate.is_certificate(held):
        return _certified(held, _beside(entry, entry_of(path)), _beside(keys, _keys_of(path)), vkey)
    body = (entry or entry_of(path)).read_bytes()
    index, signed = outside.verify_proof(held, body, vkey)
    data = {"origin": signed.origin, "size": signed.size, "root": signed.root.hex(), "index": index}
    return {**data, "entry": _entry(body)}


def _continued(held: bytes, older: Path | None, vkey: str) -> dict[str, object]:
    if older is None:
        raise InputError(
            "a proof that the log begins with an older one is checked against the checkpoint you kept",
            hint="give --older CHECKPOINT",
        )
    before, after = outside.verify_consistency(held, older.read_bytes(), vkey)
    return {"origin": after.origin, "size": after.size, "root": after.root.hex(), "older": before.size}


def _refuse_no_key(vkey: str) -> None:
    try:
        parse_key(vkey)
    except FormatError as error:
        raise InputError(
            "what stands for a verifier key is none", hint="it is what `keshou ledger verify` shows"
        ) from error


def _entry(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError as error:
        raise FormatError("the entry is not JSON") from error
