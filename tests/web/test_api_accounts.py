# SPDX-License-Identifier: Apache-2.0
"""People are invited over the API by whoever holds the office, freshly proven, and under an id that is theirs alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mail_server
import msgspec
import pytest
from api_house import Api
from office_house import serving, with_offices

from keshou.accounts.openid.provider import OpenIdProvider
from keshou.accounts.openid.settings import OpenIdSettings
from keshou.accounts.openid.store import OpenIdAccounts
from keshou.app.site import Site
from keshou.db import Database
from keshou.visits.settings import MailSettings


@pytest.fixture
def api(database: Database, tmp_path: Path) -> Iterator[Api]:
    with with_offices(database, tmp_path) as site, serving(site) as api:
        yield api


def ids(api: Api) -> list[str]:
    return [each["id"] for each in api.get("/accounts", "auditor1").json()["items"]]


def test_who_holds_the_office_invites_looks_after_and_ends_accounts(api: Api) -> None:
    made = api.post("/accounts", {"id": "clara", "mail": "clara@example.org"}, "keeper1")
    assert made.status_code == 200, made.text
    assert made.json()["account"]["has_password"] is False
    assert made.json()["invitation"] not in api.get("/accounts", "auditor1").text
    assert ids(api) == ["clara"]
    assert api.get("/accounts/clara", "auditor1").json()["mail"] == "clara@example.org"
    assert api.post("/accounts/clara/end-sessions", {}, "keeper1").status_code == 200
    assert api.post("/accounts/clara/close", {}, "keeper1").json()["closed"]
    events = api.get("/accounts/clara/events", "auditor1").json()
    assert [(each["what"], each["by"]) for each in events] == [("closed", "keeper1"), ("invited", "keeper1")]


def test_what_happened_to_all_accounts_comes_by_pages_the_latest_first(api: Api) -> None:
    names = ["clara", "karl", "rosa"]
    for each in names:
        assert api.post("/accounts", {"id": each}, "keeper1").status_code == 200
    assert api.post("/accounts/karl/close", {}, "keeper1").status_code == 200
    first = api.get("/account-events?limit=3", "auditor1").json()
    assert [(each["account"], each["what"]) for each in first["items"]] == [
        ("karl", "closed"), ("rosa", "invited"), ("karl", "invited"),
    ]  # fmt: skip
    assert api.post("/accounts", {"id": "otto"}, "keeper1").status_code == 200
    rest = api.get(f"/account-events?limit=3&cursor={first['next']}", "keeper1").json()
    assert ([each["account"] for each in rest["items"]], rest["next"]) == (["clara"], "")
    assert api.get("/account-events", "boss").status_code == 403
    assert api.get("/account-events?cursor=abc", "auditor1").status_code == 400


@pytest.mark.parametrize(
    ("body", "who", "status"),
    [
        ({"id": "crm"}, "keeper1", 422),
        ({"id": "user"}, "keeper1", 422),
        ({"id": "clara", "kind": "agent_staff"}, "keeper1", 422),
        ({"id": "clara", "mail": "nowhere"}, "keeper1", 400),
        ({"id": "no body"}, "keeper1", 400),
        ({"id": "keeper1"}, "keeper1", 403),
        ({"id": "clara"}, "stale", 403),
        ({"id": "clara"}, "boss", 403),
        ({"id": "clara"}, "biller", 403),
    ],
)
def test_an_id_that_is_another_s_and_whoever_may_not_invite_is_refused(
    api: Api, body: Any, who: str, status: int
) -> None:
    assert api.post("/programs", {"id": "crm"}, "keeper1").status_code == 200
    refused = api.post("/accounts", body, who)
    assert refused.status_code == status, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    assert ids(api) == []


def test_who_holds_the_office_says_whose_account_a_subject_of_the_provider_is(
    database: Database, tmp_path: Path
) -> None:
    settings = OpenIdSettings(issuer="https://login.example", client_id="keshou")
    with with_offices(database, tmp_path) as site, serving(site) as api:
        site.openid, site.provider = (
            OpenIdAccounts(bytes(32), settings),
            OpenIdProvider(settings, "", "https://k.example"),
        )
        assert api.post("/accounts", {"id": "clara"}, "keeper1").status_code == 200
        assert api.post("/accounts", {"id": "karl"}, "keeper1").status_code == 200
        made = api.post("/accounts/clara/links", {"subject": "s-1"}, "keeper1")
        assert [each["subject"] for each in made.json()] == ["s-1"]
        for path, subject, who, status in (
            ("clara/links", "s-2", "boss", 403), ("clara/links", "s-2", "stale", 403),
            ("keeper1/links", "s-2", "keeper1", 403), ("nobody/links", "s-2", "keeper1", 404),
            ("karl/links", "s-1", "keeper1", 422), ("karl/links", "", "keeper1", 400),
            ("karl/links/end", "s-1", "keeper1", 404),
        ):  # fmt: skip
            refused = api.post(f"/accounts/{path}", {"subject": subject}, who)
            assert refused.status_code == status, (path, refused.text)
        assert len(api.get("/accounts/clara/links", "auditor1").json()) == 1
        assert api.post("/accounts/clara/links/end", {"subject": "s-1"}, "keeper1").json() == []


def postal(site: Site, box: Any) -> None:
    """Let `site` know the mail server that `box` is."""
    mail = MailSettings(host="localhost", port=box.port, sender="codes@operator.example", security="none")
    visits = msgspec.structs.replace(site.settings.visits, mail=mail)
    site.settings = msgspec.structs.replace(site.settings, visits=visits)


def test_an_invitation_is_mailed_to_whom_it_is_for_and_to_nobody_else(api: Api) -> None:
    with mail_server.serving() as box:
        postal(api.client.app.state.site, box)
        made = api.post("/accounts", {"id": "clara", "mail": "clara@people.example"}, "keeper1", key="one").json()
        again = api.post("/accounts", {"id": "clara", "mail": "clara@people.example"}, "keeper1", key="one")
        nowhere = api.post("/accounts", {"id": "carl"}, "keeper1").json()
    assert (made["mailed"], again.status_code, nowhere["mailed"]) == (True, 409, False)
    (mail,) = box.mails
    assert box.recipients == [["clara@people.example"]]
    text = mail.get_content()
    for word in (made["invitation"], "http://127.0.0.1:8400/console/invitation", "您受邀", "You are invited", "clara"):
        assert word in text
    assert made["invitation"] not in str(mail["Subject"])
    accepted = {"invitation": made["invitation"], "password": "the long song of clara in spring"}
    assert api.post("/invitations/accept", accepted, **{"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_an_invitation_that_cannot_be_mailed_is_told_all_the_same(api: Api) -> None:
    asked = {"id": "clara", "mail": "clara@people.example"}
    unset = api.post("/accounts", asked, "keeper1").json()
    with mail_server.serving(refusal="550") as box:
        postal(api.client.app.state.site, box)
        refused = api.post("/accounts", asked, "keeper1").json()
    gone = api.post("/accounts", asked, "keeper1").json()
    assert [each["mailed"] for each in (unset, refused, gone)] == [False] * 3
    assert len({each["invitation"] for each in (unset, refused, gone)}) == 3
    assert box.mails == []
