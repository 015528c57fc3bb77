# SPDX-License-Identifier: Apache-2.0
"""``keshou export``, ``recipient``, ``manifest``, ``trace-leak``: what is handed over, to whom, and what got out."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
from rich.text import Text as Line

from keshou.acts.request import Done
from keshou.app import handing_over
from keshou.app.handing_over import Handed, Order, hand_over, signer_of, trace_leak
from keshou.app.laying import Settled
from keshou.cli import asked
from keshou.cli.decision import data_of, shown
from keshou.cli.office import write_down
from keshou.cli.tables import by_article
from keshou.cli.terminal import BAD, GOOD, QUIET, STRONG, Call, pairs, table
from keshou.cli.verb import verb
from keshou.errors import ExitStatus
from keshou.gate.decision import Deny
from keshou.gate.facts import RecipientKeyEnded, RecipientKeyVerified
from keshou.handover import manifest as manifests
from keshou.handover.sealed_file import key_in
from keshou.handover.table import read
from keshou.handover.trace import BOUND
from keshou.law.terms import ActKind

recipient = typer.Typer(help="Recipients' public keys, that files are sealed to.", no_args_is_help=True)
manifest = typer.Typer(help="What comes with a file that was handed over.", no_args_is_help=True)
Recipient = Annotated[str, typer.Argument(metavar="RECIPIENT", help="Id of a declared recipient.")]


def add_to(app: typer.Typer) -> None:
    """Put the verbs and families under the one name."""
    verb(app, "export")(export)
    verb(app, "trace-leak")(trace)
    app.add_typer(recipient, name="recipient")
    app.add_typer(manifest, name="manifest")


def export(
    call: Call,
    *,
    users: Annotated[Path, typer.Option(metavar="FILE", help="Whose information: ids, one a line; - for the input.")],
    item: asked.Items,
    purpose: asked.Purpose,
    by: asked.By,
    to: Annotated[str, typer.Option(metavar="RECIPIENT", help="To whom: id of a declared recipient.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the sealed file goes; nothing is written over.")],
    format_: Annotated[Literal["csv", "jsonl"], typer.Option("--format", help="What is inside.")] = "csv",
    keep_spelling: Annotated[
        bool, typer.Option("--keep-spelling", help="Keep every value to the letter; only the order is marked then.")
    ] = False,
    post: asked.Post = "",
    where: asked.Where = "",
    review: asked.Review = "",
    ground: asked.Ground = "",
) -> ExitStatus:
    """Export users' information into a file that only its recipient opens, with a signed manifest beside it.

    Exit status 1 when the gate denied it, or nobody's information was left.
    """
    ids = asked.users_in(users)
    with call.open() as site:
        rest = {"post": post, "where": where, "recipient": to, "review": review, "ground": ground}
        act = asked.act(ActKind.EXPORT, "", item, purpose, by=by, when=site.now(), **rest)
        found = hand_over(site, Order(act, ids, out, format_, not keep_spelling))
        decision = found.done.decision
        data = _data(found)
        earlier = _settled(call, found.settled)
        entry = Line(call.words(f"已记为日志第 {found.done.entry} 条", f"recorded as entry {found.done.entry}"), QUIET)
        if found.manifest is None:
            nobody = [_nobody(call), by_article(call, site.law, _articles(found.done))]
            told = shown(call, site.law, decision) if isinstance(decision, Deny) else nobody
            call.answer(data, *told, entry, *earlier)
            return ExitStatus.NO
        count, left = found.manifest.count, len(found.done.refused)
        zh, en = f"{count} 个用户，另有 {left} 个不得提供", f"{count} users; {left} more may not be handed over"
        files = {call.words("文件", "file"): str(path) for path in found.files[:1]}
        files |= {
            call.words("清单", "manifest"): str(found.files[1]),
            call.words("签名", "signature"): str(found.files[2]),
        }
        why = [by_article(call, site.law, _articles(found.done))] if left else []
        call.answer(data, Line(call.words(zh, en), GOOD), *why, pairs(files), entry, *earlier)
    return ExitStatus.DONE


def _data(found: Handed) -> dict[str, object]:
    """Return what became of an export as plain values."""
    return {
        **(data_of(found.done.decision) if found.done.decision else {}),
        "entry": found.done.entry,
        "refused": len(found.done.refused),
        "by_article": _articles(found.done),
        "files": [str(path) for path in found.files],
        "settled": [str(path) for path in found.settled.put],
        "left": [str(path) for path in found.settled.left],
        "manifest": found.manifest and msgspec.to_builtins(found.manifest),
    }


def _articles(done: Done) -> dict[str, int]:
    """Return for how many users who were left out each provision was met."""
    denials = [each for each in done.refused.values() if isinstance(each, Deny)]
    return dict(Counter(cite for each in denials for cite in dict.fromkeys(str(r.cite) for r in each.reasons)))


def _settled(call: Call, found: Settled) -> list[Line]:
    """Return what became of the files of earlier exports that were cut off after they were recorded."""
    put = ("上次中断的移交，文件已放到", "a handover that was cut off is in its place now:")
    left = ("上次中断的移交，文件名已被占用，仍在", "a handover that was cut off, and whose name is taken, lies in")
    told = [(put, GOOD, each) for each in found.put] + [(left, BAD, each) for each in found.left]
    return [Line(f"{call.words(*words)} {path}", style) for words, style, path in told]


def _nobody(call: Call) -> Line:
    return Line(call.words("没有一个用户的信息可以提供", "nobody's information may be handed over"), BAD)


def trace(
    call: Call,
    source: Annotated[Path, typer.Argument(metavar="FILE", help="Rows that got out: CSV or JSON Lines.")],
    *,
    bound: Annotated[
        float, typer.Option(help="The chance, at most, that anybody is named wrongly.", min=1e-300, max=0.5)
    ] = BOUND,
) -> ExitStatus:
    """Tell which handovers rows that got out come from. Exit status 1 when none can be told."""
    with call.open() as site:
        found, named = trace_leak(site, read(asked.bytes_of(source)), bound)
    data = {
        **found._asdict(),
        "named": [msgspec.to_builtins(each) | _fit(sure) for each, sure in zip(named, found.named, strict=True)],
    }
    data["nearest"] = found.nearest and _fit(found.nearest)
    zh = f"{found.rows} 行、{found.columns} 列，{found.values} 个值带有标记；误指任何一方的概率不超过 {bound:g}"
    en = (
        f"{found.rows} rows, {found.columns} columns, {found.values} marked values; chance of naming wrongly: {bound:g}"
    )
    if not named:
        call.answer(data, Line(call.words("查不出来源", "no source can be told"), BAD), Line(call.words(zh, en), QUIET))
        return ExitStatus.NO
    rows = table(*(call.words(*each) for each in _TITLES))
    for each, sure in zip(named, found.named, strict=True):
        fits = f"{sure.agreed}/{sure.spots}"
        rows.add_row(
            each.recipient,
            each.handover,
            str(each.entry),
            each.at.isoformat()[:16],
            each.by,
            fits,
            f"{sure.chance:.1e}",
        )
    call.answer(data, rows, Line(call.words(zh, en), QUIET))
    return ExitStatus.DONE


_TITLES = (
    ("接收方", "recipient"), ("移交", "handover"), ("日志", "entry"), ("时间", "at"), ("经手", "by"), ("吻合", "fits"),
    ("概率至多", "chance at most"),
)  # fmt: skip


def _fit(evidence: object) -> dict[str, object]:
    return dict(evidence._asdict())  # type: ignore[attr-defined]


@verb(recipient, "verify")
def verify(
    call: Call,
    who: Recipient,
    key: Annotated[
        Path, typer.Argument(metavar="KEYFILE", help="The file with its public key, as age-keygen -y writes.")
    ],
    *,
    by: Annotated[
        str, typer.Option(metavar="STAFF", help="Who made sure that the key is the recipient's.", callback=asked.staff)
    ],
    how: Annotated[Literal["in_person", "called_back", "signed_document"], typer.Option(help="How they made sure.")],
) -> None:
    """Write down that a public key is a recipient's; whoever verified it exports nothing to it."""
    text = key_in(asked.text_of(key))
    with call.open() as site:
        fact = RecipientKeyVerified(at=site.now(), recipient=who, key=text, verified_by=by, how=how)
        write_down(call, site, by, fact)


@verb(recipient, "end")
def end(call: Call, who: Recipient, *, by: asked.By) -> None:
    """Write down that a recipient's key serves no longer; nothing is sealed to it from then on."""
    with call.open() as site:
        write_down(call, site, by, RecipientKeyEnded(at=site.now(), recipient=who))


@verb(recipient, "list")
def list_(call: Call) -> None:
    """List the declared recipients, each with its verified key and the files made for it."""
    with call.open() as site:
        declared, state = handing_over.declared_recipients(site), site.state()
    rows = table(
        *(
            call.words(*each)
            for each in (("接收方", "recipient"), ("公钥", "key"), ("核实", "verified by"), ("文件", "files"))
        )
    )
    data = []
    for name in declared:
        key = state.keys.get(name)
        files = sum(each.recipient == name for each in state.handovers.values())
        rows.add_row(
            Line(name, STRONG), key.key if key else "-", f"{key.verified_by}, {key.how}" if key else "-", str(files)
        )
        data.append({"recipient": name, "key": key and msgspec.to_builtins(key), "files": files})
    call.answer(data, rows)


@manifest.callback()
def _family() -> None:
    """What comes with a file that was handed over."""


@verb(manifest, "key")
def public_key(call: Call) -> None:
    """Print the public key that checks this site's manifests, as PEM; give it to recipients some other way."""
    with call.open() as site:
        pem = signer_of(site).pem()
    call.answer({"pem": pem}, pem.rstrip("\n"))


@verb(manifest, "check")
def check(
    call: Call,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The sealed file; its manifest lies beside it.")],
    *,
    key: Annotated[Path, typer.Option(metavar="PEM", help="The site's public key.")],
) -> None:
    """Check a file against its manifest and the manifest against its signature; needs no site."""
    beside = [file.with_name(file.name + each) for each in (".manifest.json", ".manifest.sig")]
    found = manifests.check(
        asked.bytes_of(beside[0]), asked.bytes_of(beside[1]), asked.bytes_of(key), asked.bytes_of(file)
    )
    told = {name: str(value) for name, value in msgspec.to_builtins(found).items() if name != "file"}
    call.answer(
        found,
        Line(call.words("清单和文件相符，签名有效", "file and manifest agree; the signature holds"), GOOD),
        pairs(told),
    )
