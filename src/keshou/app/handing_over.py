# SPDX-License-Identifier: Apache-2.0
"""An export made into a file for its recipient: permitted, recorded, marked, sealed, signed for, written."""

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from keshou.acts.hands import Hands
from keshou.acts.request import BulkPerform, Done
from keshou.app.laying import Laid, Settled, settle
from keshou.app.site import Site
from keshou.declaration.model import Recipient
from keshou.gate.act import Act
from keshou.gate.decision import Permit
from keshou.gate.facts import HandedOver, RecipientKeyVerified
from keshou.handover import marks
from keshou.handover.errors import HandoverError
from keshou.handover.manifest import File, Manifest, Signer, digest, encode
from keshou.handover.sealed_file import sealed
from keshou.handover.table import Format, written
from keshou.handover.trace import BOUND, Trace, trace

_LABEL = "handover"


class Order(NamedTuple):
    """What is to be handed over, and how."""

    act: Act
    """An export that names a recipient and no user."""
    users: tuple[str, ...]
    out: Path
    """Where the sealed file goes; the manifest and its signature go beside it."""
    format: Format = "csv"
    spell: bool = True
    """Whether equal spellings may be chosen for this recipient."""


class Handed(NamedTuple):
    """What became of it."""

    done: Done
    manifest: Manifest | None
    """None when the gate denied it, or nobody's information was left."""
    files: tuple[Path, ...] = ()
    settled: Settled = Settled()
    """What became of files of earlier handovers to the same folder, which were cut off after they were recorded."""


class Naming(NamedTuple):
    """How a file is called and written."""

    name: str
    format: Format
    spell: bool
    handover: str = ""
    """Empty: a new one."""


class Made(NamedTuple):
    """A file that was made and is nowhere yet, and the fact that it was."""

    body: bytes
    told: bytes
    """The manifest's bytes, which are signed."""
    signature: bytes
    manifest: Manifest
    fact: HandedOver


def signer_of(site: Site) -> Signer:
    """Return what signs a site's manifests."""
    return Signer(site.secret(_LABEL))


def mark_of(site: Site, handover: str) -> bytes:
    """Return the key that marks one handover."""
    return marks.key_of(site.secret(_LABEL), handover)


def hand_over(site: Site, order: Order) -> Handed:
    """Export to a file that only the recipient opens, with a manifest beside it.

    1. put in place what is on record as handed over there, and was cut off before its files were (see `laying`);
    2. refuse what could not be finished: no verified key, the verifier's own hand, files that are there, no place to
       write; 3. the act, through the one door; 4. mark, seal, sign; write beside the last place; 5. record what was
    made; 6. put the files in their place.

    Plain values are in memory only. A failure after step 3 leaves the act on record and no file; after step 5 it leaves
    the files beside their place, and tells where.

    Raises:
        HandoverError: see step 2; nothing was asked and nothing recorded.
        UnreachableError: the files cannot be written; the act is on record, and the error says what else.

    """
    settled = settle(site, order.out.parent)
    key = key_for(site, order.act)
    paths = tuple(order.out.with_name(order.out.name + each) for each in ("", ".manifest.json", ".manifest.sig"))
    handover = new_handover()
    with Laid(site, handover, paths) as laid:
        done = site.do(BulkPerform(act=order.act, users=order.users))
        if not isinstance(done.decision, Permit) or not done.by_user:
            return Handed(done, None, settled=settled)
        made = make(site, order.act, done, key, Naming(order.out.name, order.format, order.spell, handover))
        laid.write(made.body, made.told, made.signature)
        laid.record(made.fact)
        laid.put()
    return Handed(done, made.manifest, paths, settled)


def make(site: Site, act: Act, done: Done, key: RecipientKeyVerified, naming: Naming) -> Made:
    """Return the sealed file, its manifest and signature, of what the permitted export `done` showed; in memory."""
    handover = naming.handover or new_handover()
    items = sorted(act.items)
    rows = [[of.get(item, "") for item in items] for of in done.by_user.values()]
    marked = marks.marked(mark_of(site, handover), rows, spell=naming.spell)
    body = sealed(written(items, marked, naming.format), key.key)
    file = File(name=naming.name, format=naming.format, sha256=digest(body), size=len(body))
    manifest = _manifest(site, act, done, key, spell=naming.spell, handover=handover, file=file)
    told = encode(manifest)
    fact = HandedOver(
        at=site.now(), handover=handover, entry=done.entry, recipient=key.recipient, purpose=act.purpose,
        by=act.by, count=len(rows), digest=manifest.file.sha256, manifest=digest(told),
    )  # fmt: skip
    return Made(body, told, signer_of(site).sign(told), manifest, fact)


def new_handover() -> str:
    """Return the id of a new handover."""
    return f"h-{secrets.token_hex(8)}"


def trace_leak(site: Site, rows: Sequence[Sequence[str]], bound: float = BOUND) -> tuple[Trace, list[HandedOver]]:
    """Return which handovers the rows of a leak come from, and what is on record of those named."""
    known = site.state().handovers
    found = trace(rows, {name: mark_of(site, name) for name in known}, bound)
    return found, [known[each.handover] for each in found.named]


def declared_recipients(site: Site) -> dict[str, Recipient]:
    """Return the recipients that the rules in force declare, by id."""
    rules = site.rules()
    return {each.id: each for each in (rules.declaration.recipients if rules else ())}


def key_for(site: Site, act: Act) -> RecipientKeyVerified:
    """Return the key that an export is sealed to.

    Raises:
        HandoverError: there is no recipient, none of its keys was verified, or whoever exports may be
            the hand that verified it.

    Source: miit24:13.1.3
    """
    if not act.recipient:
        raise HandoverError("a file is for somebody", hint="name the recipient")
    key = site.state().keys.get(act.recipient)
    if key is None:
        raise HandoverError(
            "no key of this recipient was verified", hint="verify it and record it, with `keshou recipient verify`"
        )
    with site.reading() as tx:
        hands = Hands(site.programs.makers(tx, key.at))
    if any(hands.same(key.verified_by, each) for each in (act.by, act.via) if each):
        raise HandoverError(
            "whoever verified the recipient's key does not export to it (miit24:13.1.3)", hint="let somebody else do it"
        )
    sealed(b"", key.key)
    return key


def _manifest(
    site: Site, act: Act, done: Done, key: RecipientKeyVerified, *, spell: bool, handover: str, file: File
) -> Manifest:
    decision = done.decision
    return Manifest(
        site=site.settings.log_origin, act=act.kind.value, entry=done.entry, rules=decision.rules if decision else 0,
        purpose=act.purpose, recipient=key.recipient, review=act.review, items=tuple(sorted(act.items)),
        count=len(done.by_user), masked=not done.in_full,
        stand_ins=tuple(sorted(done.stand_ins)), spelling="marked" if spell else "kept",
        made=site.now(), key=key.key, handover=handover, file=file,
    )  # fmt: skip
