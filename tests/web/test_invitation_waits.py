# SPDX-License-Identifier: Apache-2.0
"""An invitation that waits for a second person: who is told of it, and what whoever holds it is told."""

from pathlib import Path

from console_client import client_of
from console_house import build

from keshou.accounts.account import AccountKind
from keshou.app.new_account import invite
from keshou.app.second_hand import Seen, confirm, waiting
from keshou.app.site import Site

PASSWORD = "teapot under the willow"


def test_what_waits_leads_only_those_there_who_may_open_it(tmp_path: Path) -> None:
    with Site.open(build(tmp_path / "site", users=0)) as site:
        with site.writing() as tx:
            invite(site, tx, "clerk", AccountKind.STAFF, by="network", waits=True)
        led = 'href="/console/people/ways-in"'
        assert led in client_of(site, "auditor").get("/console").text
        other = client_of(site, "care").get("/console").text
        assert "ways in that wait for a second person: 1" in other
        assert led not in other


def test_whoever_holds_an_invitation_that_waits_is_told_that_it_waits_and_a_stranger_is_not(tmp_path: Path) -> None:
    with Site.open(build(tmp_path / "site", users=0)) as site:
        with site.writing() as tx:
            text = invite(site, tx, "clerk", AccountKind.STAFF, by="network", waits=True)
        nobody = client_of(site, "")
        asked = {"invitation": text, "password": PASSWORD}
        page = nobody.post("/console/invitation", data=asked)
        assert page.status_code == 409
        assert "another person has to confirm it first" in page.text
        assert "no such invitation" not in page.text
        for place in ("look", "accept"):
            sent = {"invitation": text} if place == "look" else asked
            told = nobody.post(f"/api/v1/invitations/{place}", json=sent)
            assert (told.status_code, told.json()["type"]) == (409, "/problems/invitation-waits")
        wrong = nobody.post("/console/invitation", data=asked | {"invitation": text[:-1]})
        assert (wrong.status_code, "no such invitation" in wrong.text) == (422, True)
        with site.writing() as tx:
            (waits,) = waiting(site, tx)
            confirm(site, tx, Seen(waits.way, waits.id, waits.of), "auditor")
        assert nobody.post("/console/invitation", data=asked).status_code == 303
