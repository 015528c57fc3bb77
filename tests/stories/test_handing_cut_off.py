# SPDX-License-Identifier: Apache-2.0
"""A handover that is cut off: no file is there that is not on record, none that is on record is lost, and it is told.

Processes are killed in earnest; what a disk or another program does in between is done at that moment.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest
from house import START, VALUES, act, newcomer
from office_house import with_bank
from test_full_disk import Home, declared

from keshou.app import in_place, laying
from keshou.app.create import create
from keshou.app.handing_over import Order, hand_over
from keshou.app.sequencer import OutcomeUnknownError
from keshou.app.site import Site
from keshou.errors import UnreachableError
from keshou.gate.facts import HandedOver, RecipientKeyVerified, StaffAppointed
from keshou.handover.errors import HandoverError
from keshou.law.terms import ActKind

WORKER = Path(__file__).with_name("handing_worker.py")
NAMES = ["list.age", "list.age.manifest.json", "list.age.manifest.sig"]
WORDS = ("export", "--users", "-", "--item", "tariff_plan", "--purpose", "service", "--by", "lister", "--to", "bank")
SECRET = pyrage.x25519.Identity.generate()


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    """Give a site whose one user may be handed over to the bank, without a review."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    text = (Path(__file__).parents[1] / "acts" / "operator.toml").read_text("utf-8")
    create(tmp_path / "site", START, declaration=text, database=url, language="en")
    made = Home(tmp_path / "site")
    with made.open() as site:
        site.publish(with_bank(declared()), by="officer")
        seats = [("clerk1", "clerk"), ("lister", "analyst"), ("judge", "reviewer")]
        site.record_site(*(StaffAppointed(at=START, staff=who, post=post) for who, post in seats), by="officer")
        key = str(SECRET.to_public())
        verified = RecipientKeyVerified(at=START, recipient="bank", key=key, verified_by="judge", how="in_person")
        site.record_site(verified, by="judge")
        site.do(newcomer(site, "u1"))
    return made


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Give where the sealed file goes, in a folder of its own."""
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "list.age"


def killed(home: Home, out: Path, moment: str) -> None:
    """Export in a process that dies at a moment."""
    words = [sys.executable, WORKER, moment, "--home", home.path, *WORDS, "--out", out]
    done = subprocess.run(list(map(str, words)), input="u1", capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr


def export(home: Home, out: Path) -> Any:
    """Export once more; what was cut off comes first."""
    words = [sys.executable, "-m", "keshou", "--home", home.path, "--lang", "en", *WORDS, "--out", out, "--json"]
    return subprocess.run(list(map(str, words)), input="u1", capture_output=True, text=True, check=False)


def handovers(home: Home) -> dict[str, HandedOver]:
    with home.open() as site:
        return dict(site.state().handovers)


def seen(out: Path) -> list[str]:
    """Return what somebody finds who looks into the folder."""
    return sorted(each.name for each in out.parent.iterdir() if not each.name.startswith("."))


def whole(home: Home, out: Path) -> bool:
    """Say whether the files are those of a handover on record."""
    opened = pyrage.decrypt(out.read_bytes(), [SECRET])
    digests = {each.digest for each in handovers(home).values()}
    return VALUES["tariff_plan"].encode() in opened and in_log(out) in digests


def in_log(out: Path) -> str:
    return subprocess.run(["sha256sum", out], check=True, capture_output=True, text=True).stdout.split()[0]


def test_killed_before_it_is_on_record_there_is_no_file_and_the_next_export_clears_what_was_left(
    home: Home, out: Path
) -> None:
    killed(home, out, "written")
    assert handovers(home) == {}
    assert seen(out) == []
    assert export(home, out).returncode == 0
    assert sorted(each.name for each in out.parent.iterdir()) == NAMES
    assert whole(home, out)
    assert len(handovers(home)) == 1


@pytest.mark.parametrize("moment", ["recorded", "one_named", "named"])
def test_killed_after_it_is_on_record_the_next_export_puts_the_files_in_their_place_and_says_so(
    home: Home, out: Path, moment: str
) -> None:
    killed(home, out, moment)
    assert len(handovers(home)) == 1
    assert ("list.age" in seen(out)) is (moment == "named"), "the sealed file gets its name last"
    other = out.with_name("second.age")
    told = export(home, other)
    assert told.returncode == 0, told.stderr
    assert str(out) in told.stdout
    assert seen(out) == sorted([*NAMES, *(each.replace("list", "second") for each in NAMES)])
    assert not [each for each in out.parent.iterdir() if each.name.startswith(".")]
    assert whole(home, out)
    assert whole(home, other)
    assert len(handovers(home)) == 2


def test_a_name_that_somebody_took_meanwhile_stays_theirs_and_the_file_is_kept(home: Home, out: Path) -> None:
    killed(home, out, "recorded")
    out.write_text("somebody else's")
    other = out.with_name("second.age")
    told = export(home, other)
    assert told.returncode == 0, told.stderr
    (left,) = (each for each in out.parent.iterdir() if each.name.startswith(".handover-"))
    assert str(left) in told.stdout
    assert out.read_text() == "somebody else's"
    assert seen(out) == sorted(["list.age", *(each.replace("list", "second") for each in NAMES)])
    out.unlink()
    again = export(home, out.with_name("third.age"))
    assert (again.returncode, str(out) in again.stdout) == (1, True), "the third is a bulk act, and denied"
    assert whole(home, out)


@pytest.fixture
def site(home: Home) -> Iterator[Site]:
    with home.open() as site:
        yield site


def order(site: Site, out: Path) -> Order:
    return Order(act(ActKind.EXPORT, "", "tariff_plan", by="lister", recipient="bank"), ("u1",), out)


@pytest.mark.parametrize("taken", NAMES)
def test_a_file_made_while_it_was_recorded_is_not_written_over(
    site: Site, out: Path, monkeypatch: pytest.MonkeyPatch, taken: str
) -> None:
    record = laying.Laid.record

    def meanwhile(laid: laying.Laid, fact: HandedOver) -> None:
        record(laid, fact)
        out.with_name(taken).write_text("somebody else's")

    monkeypatch.setattr(laying.Laid, "record", meanwhile)
    with pytest.raises(HandoverError, match="on record as handed over") as told:
        hand_over(site, order(site, out))
    (name,) = site.state().handovers
    (left,) = (each for each in out.parent.iterdir() if each.name.startswith("."))
    assert name in str(told.value)
    assert str(left) in str(told.value.hint)
    assert sorted(each.name for each in left.iterdir()) == NAMES
    assert seen(out) == [taken], "all have their names or none"
    assert out.with_name(taken).read_text() == "somebody else's"


def test_a_disk_that_gives_no_names_is_told_with_where_the_file_lies(
    site: Site, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(in_place, "put", full)
        with pytest.raises(UnreachableError, match="on record as handed over"):
            hand_over(site, order(site, out))
    assert seen(out) == []
    assert len(site.state().handovers) == 1
    found = hand_over(site, order(site, out.with_name("second.age")))
    assert found.settled.put == (out,)
    assert len(seen(out)) == 2 * len(NAMES)


@pytest.mark.parametrize("recorded", [True, False])
def test_where_nobody_knows_whether_it_was_recorded_the_log_decides_later(
    site: Site, out: Path, monkeypatch: pytest.MonkeyPatch, *, recorded: bool
) -> None:
    record = site.record_site

    def unsure(*facts: Any, by: str) -> int:
        if recorded:
            record(*facts, by=by)
        raise OutcomeUnknownError

    monkeypatch.setattr(site, "record_site", unsure)
    with pytest.raises(UnreachableError, match="did not say"):
        hand_over(site, order(site, out))
    monkeypatch.setattr(site, "record_site", record)
    assert seen(out) == []
    found = hand_over(site, order(site, out.with_name("second.age")))
    assert found.settled.put == ((out,) if recorded else ())
    assert ("list.age" in seen(out)) is recorded
    assert len(site.state().handovers) == 1 + recorded


def test_what_is_being_made_and_what_is_of_another_site_is_left_alone(site: Site, out: Path) -> None:
    others = out.with_name(f".handover-{'0' * 16}-h-{'1' * 16}")
    others.mkdir()
    (others / "theirs.age").write_text("x")
    with laying.Laid(site, "h-" + "2" * 16, [out]) as laid:
        laid.write(b"being made")
        assert laying.settle(site, out.parent) == ((), ())
        assert len(list(out.parent.iterdir())) == 2
    assert list(out.parent.iterdir()) == [others]
    assert laying.settle(site, out.parent) == ((), ())
    assert (others / "theirs.age").read_text() == "x"
