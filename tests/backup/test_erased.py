# SPDX-License-Identifier: Apache-2.0
"""The list of erasures tells what the database does, survives being cut off, and is not believed when altered."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from homes import admit, erase, rows_of
from house import Clock, act

from keshou.app.site import Site
from keshou.backup import erased
from keshou.backup.errors import ListError
from keshou.backup.store import Erasure
from keshou.errors import IntegrityError
from keshou.law.terms import ActKind
from keshou.vault.log_signer import LogSigner

SITE = "00112233445566aa"
SIGNER = LogSigner(bytes(range(32)))
ROWS = [Erasure(number, number, "service", bytes([number]) * 16) for number in range(1, 40)]


def after(rows: list[Erasure]) -> erased.After:
    def given(number: int) -> Iterable[tuple[int, Erasure]]:
        return list(enumerate(rows, 1))[number:]

    return given


def bring_up(path: Path, rows: list[Erasure]) -> int:
    return erased.bring_up(path, SITE, SIGNER, after(rows))


def read(path: Path) -> erased.List:
    return erased.read(path.read_bytes(), SITE, SIGNER.public_key)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / erased.FILE


def test_what_is_added_bit_by_bit_reads_as_what_is_added_at_once(path: Path) -> None:
    for end in (0, 1, 1, 7, 39):
        bring_up(path, ROWS[:end])
        assert read(path).erasures == tuple(ROWS[:end])
        assert erased.last(path, SITE) == end
    assert erased.agrees(read(path), 39, erased.chain_of(enumerate(ROWS, 1)))
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_list_cut_off_anywhere_goes_on_from_what_was_whole(path: Path) -> None:
    bring_up(path, ROWS[:3])
    whole = path.read_bytes()
    bring_up(path, ROWS[:6])
    longer = path.read_bytes()
    for end in range(len(whole), len(longer)):
        path.write_bytes(longer[:end])
        assert erased.last(path, SITE) == 3
        assert read(path).erasures == tuple(ROWS[:3])
    bring_up(path, ROWS[:6])
    assert path.read_bytes() == longer
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        bring_up(path, ROWS[:6])
        assert read(path).erasures == tuple(ROWS[:6])


def test_a_list_that_was_altered_is_refused(path: Path) -> None:
    bring_up(path, ROWS[:2])
    bring_up(path, ROWS[:4])
    raw = path.read_bytes()
    end = raw.rindex(b"= 4")
    for place in range(end):
        with pytest.raises(ListError):
            erased.read(raw[:place] + bytes([raw[place] ^ 2]) + raw[place + 1 :], SITE, SIGNER.public_key)
    lines = raw.splitlines(keepends=True)
    with pytest.raises(ListError):
        erased.read(b"".join([lines[0], *lines[2:]]), SITE, SIGNER.public_key)
    with pytest.raises(ListError):
        erased.read(raw, "ffffffffffffffff", SIGNER.public_key)


def test_every_way_of_erasing_is_listed_and_nothing_else(home: Path, clock: Clock) -> None:
    with Site.open(home, clock) as site:
        admit(site, "u1", "u2", "u3")
        assert not site.listed.path.exists()
        site.perform(act(ActKind.DELETE, "u1", "tariff_plan"))
        site.perform(act(ActKind.DELETE, "u1", "user_name", purpose="marketing"))
        site.cancel("u2")
        erase(site, clock, "u3")
        found = erased.read(site.listed.path.read_bytes(), site.settings.site, site.ledger.key.public_key)
    told = [(each.user, each.class_, each.item) for each in found.erasures]
    assert told == [(1, "", "tariff_plan"), (2, "service", ""), (3, "service", ""), (3, "", ""), (3, "record", ""),
                    (3, "registration", "")]  # fmt: skip
    rows = rows_of(home)["erasure"]
    assert [Erasure(*row[1:]) for row in rows] == list(found.erasures)  # type: ignore[arg-type]


def test_a_list_that_fell_behind_is_brought_up_when_the_site_opens(home: Path, clock: Clock) -> None:
    with Site.open(home, clock) as site:
        admit(site, "u1", "u2")
        site.cancel("u1")
        before = site.listed.path.read_bytes()
        site.cancel("u2")
        after = site.listed.path.read_bytes()
        site.listed.path.write_bytes(before + after[len(before) : -9])
    with Site.open(home, clock) as site:
        assert site.listed.path.read_bytes() == after


def test_a_database_that_knows_less_than_the_list_is_not_opened(home: Path, clock: Clock) -> None:
    with Site.open(home, clock) as site:
        admit(site, "u1")
        site.cancel("u1")
        with site.writing() as tx:
            tx.change("DELETE FROM erasure WHERE number > ?", (0,))
    with pytest.raises(IntegrityError, match="1 erasures are on the list"):
        Site.open(home, clock)
