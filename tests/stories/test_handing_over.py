# SPDX-License-Identifier: Apache-2.0
"""A list goes to a declared recipient as a file that the recipient alone opens, and a leak of it tells whose it was."""

import csv
import io
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from house import START, VALUES, Clock, act, declared, newcomer, open_site

from documentation import ROOT
from keshou.acts.request import ActError
from keshou.app.handing_over import Handed, Order, hand_over, signer_of, trace_leak
from keshou.app.site import Site
from keshou.db import Database
from keshou.declaration.model import Declaration, Recipient
from keshou.gate.decision import Deny
from keshou.gate.facts import HandedOver, RecipientKeyEnded, RecipientKeyVerified, ReviewApproved, StaffAppointed
from keshou.handover import manifest as manifests
from keshou.handover.errors import HandoverError, ManifestError
from keshou.handover.forms import plain
from keshou.handover.table import read
from keshou.language import Text
from keshou.law.terms import ActKind

USERS = tuple(f"b{number}" for number in range(12))
ITEMS = ("mobile_number", "tariff_plan")
AGE = "age"


@pytest.fixture(scope="module", autouse=True)
def age() -> None:
    """Have the program that opens files at hand."""
    subprocess.run([ROOT / "scripts" / "install-age"], check=True)


def rules() -> Declaration:
    found = declared()
    purposes = tuple(
        msgspec.structs.replace(each, recipients=("bank", "printer"), acts=(*each.acts, ActKind.PROVIDE))
        if each.id == "service" else each
        for each in found.purposes
    )  # fmt: skip
    named = tuple(Recipient(id=each, name=Text(each, each)) for each in ("bank", "printer"))
    return msgspec.structs.replace(found, purposes=purposes, recipients=named)


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with open_site(database, tmp_path, Clock()) as site:
        site.publish(rules(), by="officer")
        seats = [("clerk1", "clerk"), ("lister", "analyst"), ("judge", "reviewer")]
        site.record_site(*(StaffAppointed(at=START, staff=who, post=post) for who, post in seats), by="officer")
        people = [{**VALUES, "mobile_number": f"1549999{n:04d}"} for n in range(len(USERS))]
        site.do_all([newcomer(site, user, of) for user, of in zip(USERS, people, strict=True)])
        yield site


@pytest.fixture
def recipient(tmp_path: Path) -> Path:
    """Return the secret key file of a recipient, made by a tool that is not ours."""
    path = tmp_path / "bank.key"
    subprocess.run([f"{AGE}-keygen", "-o", path], check=True, capture_output=True)
    return path


def public(secret: Path) -> str:
    return subprocess.run([f"{AGE}-keygen", "-y", secret], check=True, capture_output=True, text=True).stdout.strip()


def verify(site: Site, key: str, by: str = "judge", to: str = "bank") -> None:
    fact = RecipientKeyVerified(at=site.now(), recipient=to, key=key, verified_by=by, how="called_back")
    site.record_site(fact, by=by)


def approve(site: Site, to: str = "bank", review: str = "v1") -> None:
    fact = ReviewApproved(
        at=site.now(), review=review, requester="lister", reviewer="judge", kind=ActKind.EXPORT, purpose="service",
        items=frozenset(ITEMS), count=len(USERS), until=START.replace(year=2027), recipient=to,
    )  # fmt: skip
    site.record_site(fact, by="judge")


def hand(site: Site, out: Path, to: str = "bank", review: str = "v1", **more: Any) -> Handed:
    asked = act(ActKind.EXPORT, "", *ITEMS, by="lister", recipient=to, review=review)
    return hand_over(site, Order(asked, USERS, out, **more))


def opened(file: Path, secret: Path) -> bytes:
    return subprocess.run([AGE, "-d", "-i", secret, file], check=True, capture_output=True).stdout


def test_a_recipient_of_stand_ins_gets_a_file_of_them_and_the_manifest_says_so(
    site: Site, tmp_path: Path, recipient: Path
) -> None:
    bank, printer = rules().recipients
    hidden = (msgspec.structs.replace(bank, stand_ins=("mobile_number",)), printer)
    site.publish(msgspec.structs.replace(rules(), recipients=hidden), by="officer")
    verify(site, public(recipient))
    approve(site)
    found = hand(site, tmp_path / "list.age")
    assert found.manifest is not None
    assert (found.manifest.stand_ins, found.manifest.masked) == (("mobile_number",), False)
    _, *rows = read(opened(tmp_path / "list.age", recipient))
    assert len({phone for phone, _ in rows}) == len(USERS)
    assert all(phone.startswith("bank~") for phone, _ in rows)
    assert {plan for _, plan in rows} == {VALUES["tariff_plan"]}
    text = rows[0][0]
    told = site.searches.find(act(ActKind.QUERY, "", "mobile_number", by="clerk1"), text)
    assert [each.values["mobile_number"][:7] for each in told.users.values()] == ["1549999"]


@pytest.mark.parametrize("format_", ["csv", "jsonl"])
def test_tools_that_are_not_ours_open_the_file_and_check_its_manifest(
    site: Site, tmp_path: Path, recipient: Path, format_: Any
) -> None:
    verify(site, public(recipient))
    approve(site)
    out = tmp_path / "list.age"
    found = hand(site, out, format=format_)
    assert found.manifest is not None
    rows = read(opened(out, recipient))
    rows = rows[1:] if format_ == "csv" else rows
    assert {plain(phone) for phone, _ in rows} == {f"1549999{n:04d}" for n in range(len(USERS))}
    assert {plan for _, plan in rows} == {VALUES["tariff_plan"]}
    pem, sig = tmp_path / "site.pem", tmp_path / "list.age.manifest.sig"
    pem.write_text(signer_of(site).pem())
    told = tmp_path / "list.age.manifest.json"
    words = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", pem, "-rawin", "-in", told, "-sigfile", sig]
    assert subprocess.run(words, check=False, capture_output=True).returncode == 0
    said = json.loads(told.read_bytes())
    digest = subprocess.run(["sha256sum", out], check=True, capture_output=True, text=True).stdout.split()[0]
    assert (said["file"]["sha256"], said["count"], said["recipient"], said["items"]) == (
        digest,
        12,
        "bank",
        list(ITEMS),
    )
    assert (said["entry"], said["purpose"], said["act"], said["review"]) == (
        found.done.entry,
        "service",
        "export",
        "v1",
    )
    noted = site.state().handovers[said["handover"]]
    assert (noted.digest, noted.manifest, noted.entry) == (
        digest,
        manifests.digest(told.read_bytes()),
        found.done.entry,
    )
    site.audit(by="clerk1")


def test_no_value_lies_beside_the_file_in_the_manifest_or_in_the_log(
    site: Site, tmp_path: Path, recipient: Path
) -> None:
    verify(site, public(recipient))
    approve(site)
    folder = tmp_path / "out"
    folder.mkdir()
    hand(site, folder / "list.age")
    assert sorted(each.name for each in folder.iterdir()) == [
        "list.age",
        "list.age.manifest.json",
        "list.age.manifest.sig",
    ]
    with site.reading() as tx:
        log = b"".join(body for _, body in site.ledger.entries(tx, 0, site.ledger.head(tx).size))
    for body in (log, *(each.read_bytes() for each in folder.iterdir())):
        assert b"1549999" not in body
        assert VALUES["tariff_plan"].encode() not in body
    assert all(each.stat().st_mode & 0o077 == 0 for each in folder.iterdir())


def test_a_leak_names_the_recipient_and_the_act(site: Site, tmp_path: Path, recipient: Path) -> None:
    for place, to in enumerate(("bank", "printer")):
        verify(site, public(recipient), to=to)
        approve(site, to, f"v{place}")
        hand(site, tmp_path / f"{to}.age", to, f"v{place}")
    rows = list(csv.reader(io.StringIO(opened(tmp_path / "printer.age", recipient).decode())))[1:]
    found, named = trace_leak(site, [[phone] for phone, _ in rows])
    assert [each.recipient for each in named] == ["printer"]
    assert named[0].by == "lister"
    assert found.named[0].chance <= 1e-6


def test_without_review_or_consent_no_file_is_made(site: Site, tmp_path: Path, recipient: Path) -> None:
    verify(site, public(recipient))
    denied = hand(site, tmp_path / "list.age", review="")
    assert isinstance(denied.done.decision, Deny)
    assert denied.manifest is None
    assert not list(tmp_path.glob("list.age*"))
    assert not site.state().handovers


def test_nothing_is_exported_to_a_key_that_nobody_else_verified(site: Site, tmp_path: Path, recipient: Path) -> None:
    approve(site)
    out, before = tmp_path / "list.age", site.checkpoint()
    with pytest.raises(HandoverError, match="no key"):
        hand(site, out)
    verify(site, public(recipient), by="lister")
    with pytest.raises(HandoverError, match="whoever verified"):
        hand(site, out)
    verify(site, public(recipient))
    site.record_site(RecipientKeyEnded(at=site.now(), recipient="bank"), by="judge")
    with pytest.raises(HandoverError, match="no key"):
        hand(site, out)
    assert not list(tmp_path.glob("list.age*"))
    assert before


def test_what_could_not_be_finished_is_refused_before_the_review_is_used_up(
    site: Site, tmp_path: Path, recipient: Path
) -> None:
    verify(site, public(recipient))
    approve(site)
    (tmp_path / "there.age.manifest.json").write_text("")
    with pytest.raises(HandoverError, match="is there"):
        hand(site, tmp_path / "there.age")
    with pytest.raises(HandoverError, match="written"):
        hand(site, tmp_path / "no" / "folder.age")
    assert hand(site, tmp_path / "list.age").manifest is not None


def test_facts_of_handing_over_that_cannot_be_are_refused(site: Site, recipient: Path) -> None:
    key = public(recipient)
    wrong = [
        (RecipientKeyVerified(at=START, recipient="bank", key=key, verified_by="judge", how="in_person"), "lister"),
        (RecipientKeyVerified(at=START, recipient="broker", key=key, verified_by="judge", how="in_person"), "judge"),
        (RecipientKeyVerified(at=START, recipient="bank", key="age1x", verified_by="judge", how="in_person"), "judge"),
        (RecipientKeyVerified(at=START, recipient="bank", key=key, verified_by="nobody", how="in_person"), "nobody"),
        (RecipientKeyEnded(at=START, recipient="bank"), "judge"),
        (HandedOver(at=START, handover="h1", entry=1, recipient="bank", purpose="service", by="lister", count=1,
                    digest="0" * 64, manifest="0" * 64), "lister"),
    ]  # fmt: skip
    for fact, by in wrong:
        with pytest.raises(ActError):
            site.record_site(fact, by=by)


def test_an_altered_file_or_manifest_is_found_out(site: Site, tmp_path: Path, recipient: Path) -> None:
    verify(site, public(recipient))
    approve(site)
    out = tmp_path / "list.age"
    hand(site, out)
    file, told = out.read_bytes(), (tmp_path / "list.age.manifest.json").read_bytes()
    sig, pem = (tmp_path / "list.age.manifest.sig").read_bytes(), signer_of(site).pem().encode()
    assert manifests.check(told, sig, pem, file).count == len(USERS)
    for parts in ((told.replace(b"bank", b"tank"), sig, pem, file), (told, sig[:-1] + b"x", pem, file)):
        with pytest.raises(ManifestError, match="signed"):
            manifests.check(*parts)
    with pytest.raises(ManifestError, match="tells of"):
        manifests.check(told, sig, pem, file + b"x")
