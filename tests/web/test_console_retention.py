# SPDX-License-Identifier: Apache-2.0
"""The console's page of how long information is kept: numbers by day, purpose and class, and nobody's name."""

from pathlib import Path

from console_client import client_of
from console_house import build

from keshou.app.site import Site
from keshou.cli.sample.people import subscribers
from keshou.gate.holds import Asked


def test_what_goes_is_shown_by_purpose_and_class_and_what_a_hold_keeps_apart(tmp_path: Path) -> None:
    with Site.open(build(tmp_path / "site", users=2)) as site:
        officer, clerk = (client_of(site, each) for each in ("officer", "clerk"))
        assert clerk.get("/console/retention").status_code == 403
        assert "Nothing is over within this time" in officer.get("/console/retention").text
        first, second = (each.user_id for each in subscribers(2))
        site.record_site(site.holds.fact("h1", Asked("case", "d-1", users=(second,)), "officer"), by="officer")
        for user in (first, second):
            site.cancel(user)
        shown = officer.get("/console/retention?until=2100-01-01").text
        for words in ("registration papers", "waits for an act", "<bdi>Name", "<code>h1</code>", "miit25"):
            assert words in shown, words
        assert first not in shown
        assert second not in shown
        assert officer.get("/console/retention?until=soon").status_code in {400, 422}
