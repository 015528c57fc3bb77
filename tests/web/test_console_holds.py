# SPDX-License-Identifier: Apache-2.0
"""The console's page of legal holds."""

import re
from pathlib import Path

from console_client import client_of, fields
from console_house import build

from keshou.app.site import Site
from keshou.gate.facts import StaffAppointed


def test_a_hold_is_set_by_one_and_lifted_by_another_and_stands_between(tmp_path: Path) -> None:
    with Site.open(build(tmp_path / "site", users=0)) as site:
        site.record_site(StaffAppointed(at=site.now(), staff="second", post="privacy_officer"), by="setup")
        officer, second, clerk = (client_of(site, each) for each in ("officer", "second", "clerk"))
        form = {"key": "h-1", "ground": "dispute", "document": "d-7", "users": "", "cite": "<b>", "silent": "1"}
        assert clerk.post("/console/holds", data=form).status_code == 403
        wrong = officer.post("/console/holds", data=form | {"key": "h-0", "users": "nobody-of-that-id"})
        assert wrong.status_code == 422
        assert "is not on record" in wrong.text
        assert officer.post("/console/holds", data=form | {"key": "h-9", "ground": "whim"}).status_code == 422
        form["purpose.service"] = "1"
        assert officer.post("/console/holds", data=form).status_code == 303
        assert officer.post("/console/holds", data=form).status_code == 303
        (name,) = re.findall(r"<code>(h-[0-9a-f]{16})</code>", officer.get("/console/holds").text)
        shown = second.get("/console/holds").text
        assert "&lt;b&gt;" in shown
        answer = fields(shown, f"/console/holds/{name}/lift") | {"reason": "settled"}
        own = officer.post(f"/console/holds/{name}/lift", data=answer)
        assert own.status_code == 403
        assert "Let somebody else" in own.text
        assert second.post(f"/console/holds/{name}/lift", data=answer).status_code == 303
        assert second.post(f"/console/holds/{name}/lift", data=answer | {"key": "again"}).status_code == 404
        assert "the dispute is settled" in second.get("/console/holds").text
        (lifted,) = [each for each in site.state().holds_lifted.values() if each.hold == name]
        assert lifted.by == "second"


def test_the_form_of_holds_says_what_it_asks_and_not_what_appointing_does(tmp_path: Path) -> None:
    with Site.open(build(tmp_path / "site", users=0)) as site:
        page = client_of(site, "officer").get("/console/holds").text
        assert "Setting and lifting a hold ask you to prove yourself again" in page
        assert "Appointing" not in page
