# SPDX-License-Identifier: Apache-2.0
"""Users take away each entry about themselves with what proves it; others' entries, and cases, are not theirs."""

import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from house import START, Clock, act, newcomer, ready
from tlog_scales.signing import Vkey
from tlog_scales.tlog import Checkpoint, InclusionProof, InclusionProofInvalid

from cli_caller import Caller
from keshou.acts.request import Erase
from keshou.app.own_part import OwnPart
from keshou.app.own_proof import OwnProof, own_proof
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import ConsentGiven, ConsentWithdrawn, GroundRecorded
from keshou.law.terms import ActKind, ConsentStrength
from keshou.ledger.merkle import leaf_hash
from keshou.ledger.proof import read_proof

NOTHING = OwnPart(frozenset(), frozenset())
SERVICE = OwnPart(frozenset({"mobile"}), frozenset({"service"}))


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with ready(database, tmp_path, Clock()) as site:
        site.do_all([newcomer(site, "u1"), newcomer(site, "u2")])
        yield site


def used(site: Site, **more: str) -> int:
    return site.perform(act(ActKind.USE, "u1", "tariff_plan", **more)).entry


def proof(site: Site, place: int) -> OwnProof:
    found = own_proof(site, "u1", place)
    assert found is not None
    return found


def test_what_was_done_a_moment_ago_is_proven_to_whoever_has_nothing_but_the_files(site: Site, tmp_path: Path) -> None:
    place = used(site)
    with zipfile.ZipFile(io.BytesIO(proof(site, place).zipped())) as archive:
        archive.extractall(tmp_path / "taken")
    name = tmp_path / "taken" / f"entry-{place}.proof"
    vkey = (tmp_path / "taken" / "log.vkey").read_text().strip()
    assert vkey == str(site.ledger.key)
    told = Caller(None)("--json", "verify", name, "--vkey", vkey).ok().json
    assert (told["index"], told["entry"]["event"], told["entry"]["who"]) == (place, "use", "clerk1")
    entry = name.with_name(name.name + ".entry")
    entry.write_bytes(entry.read_bytes().replace(b'"use"', b'"sell"'))
    assert Caller(None)("--json", "verify", name, "--vkey", vkey).status == 3


def test_a_tool_we_did_not_write_accepts_it_and_refuses_another_entry(site: Site) -> None:
    found = proof(site, used(site))
    files = read_proof(found.proof)
    checkpoint = Checkpoint.from_text(files.note.decode())
    checkpoint.verify(Vkey.from_string(found.vkey))
    inclusion = InclusionProof(files.index, checkpoint.size, list(files.hashes))
    inclusion.check(leaf_hash(found.entry), checkpoint.root_hash)
    with pytest.raises(InclusionProofInvalid):
        inclusion.check(leaf_hash(found.entry + b" "), checkpoint.root_hash)
    with pytest.raises(InvalidSignature):
        replace(checkpoint, size=checkpoint.size + 1).verify(Vkey.from_string(found.vkey))


def test_nobody_is_given_what_is_not_about_them(site: Site) -> None:
    place = used(site)
    assert own_proof(site, "u2", place) is None
    assert own_proof(site, "stranger", place) is None
    assert [own_proof(site, "u1", each) for each in (0, place + 1, 2**40)] == [None] * 3
    size = proof(site, place)
    with site.reading() as tx:
        assert site.ledger.head(tx).size == size.place + 1, "nothing is written down for it"


def test_an_entry_that_names_a_case_is_not_given(site: Site) -> None:
    site.record("u1", ConsentWithdrawn(at=START, purpose="service"))
    ground = GroundRecorded(
        at=START, ground="g1", cite="csl:28", rank="law", recorded_by="officer", kinds=frozenset({ActKind.USE}),
        purposes=frozenset({"service"}), items=frozenset({"tariff_plan"}), users=frozenset({"u1"}),
        until=START + dt.timedelta(days=1),
    )  # fmt: skip
    site.record_site(ground, by="officer")
    assert own_proof(site, "u1", used(site, ground="g1")) is None
    assert proof(site, used(site)).entry.count(b'"deny"') == 1


def test_a_visit_for_some_services_is_given_what_is_wholly_of_them(site: Site) -> None:
    agreed = ConsentGiven(at=site.now(), purpose="marketing", version=1, strength=ConsentStrength.EXPRESS)
    other, service = site.record("u1", agreed) - 1, used(site)
    assert own_proof(site, "u1", service, SERVICE) is not None
    assert own_proof(site, "u1", other, SERVICE) is None
    assert own_proof(site, "u1", service, NOTHING) is None


def test_an_erased_user_is_given_nothing(site: Site) -> None:
    place = used(site)
    site.cancel("u1")
    clock = site.ledger.latest.clock
    assert isinstance(clock, Clock)
    clock.moment += dt.timedelta(days=900)
    assert site.do(Erase(act=act(ActKind.DELETE, "u1", "user_name", by="user"))).shredded
    assert own_proof(site, "u1", place) is None
