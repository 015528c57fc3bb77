# SPDX-License-Identifier: Apache-2.0
"""A process killed while it makes or ends a link leaves its entry and its row, or neither."""

import subprocess
import sys
from pathlib import Path

import pytest
from house import START, newcomer
from test_full_disk import Home
from test_shared_links import rules

from keshou.app import sharing
from keshou.app.create import create
from keshou.gate.facts import StaffAppointed
from keshou.ledger.entry import decode
from keshou.links.link import Link

WORKER = Path(__file__).with_name("linking_worker.py")
MAKE = (
    "link", "make", "--user", "u1", "--item", "tariff_plan", "--purpose", "service", "--to", "bank", "--by", "clerk1",
    "--minutes", "30",
)  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    """Give a site with one user, whose record the clerk may provide to the bank."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    text = (Path(__file__).parents[1] / "acts" / "operator.toml").read_text("utf-8")
    create(tmp_path / "site", START, declaration=text, database=url, language="en")
    made = Home(tmp_path / "site")
    with made.open() as site:
        site.publish(rules(), by="officer")
        site.record_site(StaffAppointed(at=START, staff="clerk1", post="clerk"), by="officer")
        site.do(newcomer(site, "u1"))
    return made


def killed(home: Home, moment: str, *words: str) -> None:
    """Give a command in a process that dies at a moment."""
    command = list(map(str, [sys.executable, WORKER, moment, "--home", home.path, *words]))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr


def told(home: Home) -> tuple[list[str], list[Link]]:
    """Return what the log tells of links, and the links that are kept."""
    with home.open() as site, site.reading() as tx:
        bodies = [body for _, body in site.ledger.entries(tx, 0, site.ledger.head(tx).size)]
        events = [decode(body).event for body in bodies]
        return [each for each in events if each.startswith("fact:link")], sharing.made_by(site)


def test_killed_before_the_commit_a_link_is_neither_on_record_nor_kept(home: Home) -> None:
    killed(home, "kept", *MAKE)
    assert told(home) == ([], [])


def test_killed_after_the_commit_it_is_on_record_and_kept_so_that_it_can_be_ended(home: Home) -> None:
    killed(home, "committed", *MAKE)
    events, (link,) = told(home)
    assert (events, link.shared.by, link.revoked) == (["fact:link_made"], "clerk1", None)


@pytest.mark.parametrize("moment", ["ended", "committed"])
def test_killed_while_it_is_ended_a_link_is_ended_as_far_as_the_log_says(home: Home, moment: str) -> None:
    killed(home, "committed", *MAKE)
    (link,) = told(home)[1]
    killed(home, moment, "link", "revoke", link.id, "--by", "clerk1")
    events, (after,) = told(home)
    assert ("fact:link_revoked" in events) is (after.revoked is not None) is (moment == "committed")
