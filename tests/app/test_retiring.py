# SPDX-License-Identifier: Apache-2.0
"""Several processes destroy old keys: each goes on whatever others destroyed, and the log tells of each key once."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from house import SITE, VALUES, act, newcomer, ready

from keshou.acts.request import Done, Job, KeysChanged
from keshou.app.keys_told import Retired
from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.law.terms import ActKind
from keshou.ledger.entry import decode
from keshou.vault.errors import KeyFileError
from keshou.vault.keys import FileKeys


def quiet(_: int) -> None:
    """Look away."""


@pytest.fixture
def pair(database: Database, tmp_path: Path) -> Iterator[tuple[Site, Site]]:
    """Two processes' site, of which the second has seen every key that there was."""
    url = database.url.render_as_string(hide_password=False)
    with ready(database, tmp_path) as one:
        keys = FileKeys.open(tmp_path / "keys", SITE)
        with contextlib.closing(Site(tmp_path, Settings(site=SITE), Database(url), keys, one.now)) as two:
            one.do(newcomer(one, "u1"))
            for _ in range(2):
                one.keeper.rotate_index("keeper", quiet)
                two.keeper.show()
            yield one, two


def told(site: Site) -> list[tuple[str, ...]]:
    """Return the keys that each entry says are destroyed."""
    with site.reading() as tx:
        entries = [decode(body) for _, body in site.ledger.entries(tx)]
    return [each.keys for each in entries if each.event == "keys:retire"]


def test_what_another_process_destroyed_is_passed_over_and_said_once(pair: tuple[Site, Site]) -> None:
    one, two = pair
    assert one.keeper.retire("keeper") == Retired((), (1,))
    assert two.keeper.retire("keeper") == Retired((), ())
    assert told(one) == [("index:1",)]
    assert sorted(two.keeper.show().indexes) == [0, 2]


def test_a_process_that_runs_on_destroys_what_grows_old_after_another_destroyed_an_index_key(
    pair: tuple[Site, Site],
) -> None:
    one, two = pair
    one.keeper.retire("keeper")
    one.keeper.rotate_epochs("keeper", quiet)
    one.keeper.rotate_index("keeper", quiet)
    assert two.keeper.retire("keeper") == Retired((1,), (2,))
    assert told(one) == [("index:1",), ("epoch:1", "index:2")]
    for site in pair:
        assert sorted(FileKeys.open(site.home / "keys", SITE).index_numbers) == [0, 3]
        assert site.perform(act(ActKind.USE, "u1", "tariff_plan")).values == {"tariff_plan": VALUES["tariff_plan"]}


def test_two_who_destroy_at_once_write_down_what_one_of_them_destroys(
    pair: tuple[Site, Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = pair
    do = one.do

    def do_later(job: Job) -> Done:
        """Let the other try just before it is written down."""
        if isinstance(job, KeysChanged):
            with pytest.raises(KeyFileError, match="another process"):
                two.keeper.retire("keeper")
        return do(job)

    monkeypatch.setattr(one, "do", do_later)
    assert one.keeper.retire("keeper") == Retired((), (1,))
    assert two.keeper.retire("keeper") == Retired((), ())
    assert told(one) == [("index:1",)]
