# SPDX-License-Identifier: Apache-2.0
"""What lets one come as somebody else is given by one person and confirmed by another; every way in is on record."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from api_house import Api
from console_client import client_of
from console_house import build
from house import START
from joserfc.jwk import OKPKey
from office_house import CALLERS, serving, with_offices

from keshou.accounts.account import AccountKind, Factor
from keshou.accounts.openid.flow import Identity
from keshou.accounts.openid.provider import OpenIdProvider
from keshou.accounts.openid.settings import OpenIdSettings
from keshou.accounts.openid.store import OpenIdAccounts
from keshou.accounts.settings import AccountSettings
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.facts import StaffAppointed
from keshou.programs.grant import CredentialKind
from keshou.wire.caller import Caller, CallerKind, Scope

UNTIL = (START + dt.timedelta(days=30)).isoformat()
PROVIDER = OpenIdSettings(issuer="https://login.example", client_id="keshou")
PAIR = OKPKey.generate_key("Ed25519")
KEY = {"kind": "key", "scopes": ["act", "on_behalf"], "until": UNTIL}
PASSWORD = "teapot under the willow"


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with with_offices(database, tmp_path) as site:
        site.openid = OpenIdAccounts(bytes(32), PROVIDER)
        site.provider = OpenIdProvider(PROVIDER, "", "https://k.example")
        with site.writing() as tx:
            text = site.accounts.invite(tx, "clara", AccountKind.STAFF, by="founder", now=site.now())
            site.accounts.accept(tx, text, "stored", "browser", site.now())
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    keeper2 = msgspec.structs.replace(CALLERS["keeper1"], id="keeper2", credential="s-2")
    with serving(site, keeper2=keeper2) as api:
        yield api


def invited(api: Api) -> tuple[str, Callable[[Site], bool]]:
    text = api.post("/accounts", {"id": "clara"}, "keeper1").json()["invitation"]

    def holds(site: Site) -> bool:
        with site.reading() as tx:
            return site.accounts.invited(tx, text, site.now()) is not None

    return "clara", holds


def linked(api: Api) -> tuple[str, Callable[[Site], bool]]:
    assert api.post("/accounts/clara/links", {"subject": "s-1"}, "keeper1").json()[0]["waits"] is True

    def holds(site: Site) -> bool:
        with site.reading() as tx:
            return site.openid.find(tx, Identity(issuer=PROVIDER.issuer, subject="s-1")) == "clara"

    return "s-1", holds


def keyed(api: Api, body: Any = KEY) -> tuple[str, Callable[[Site], bool]]:
    api.post("/programs", {"id": "crm"}, "keeper1")
    made = api.post("/programs/crm/credentials", body, "keeper1").json()

    def holds(site: Site) -> bool:
        with site.writing() as tx:
            return site.programs.find_key(tx, made["secret"], site.now()) is not None

    return made["credential"]["id"], holds


def registered(api: Api) -> tuple[str, Callable[[Site], bool]]:
    body = {"service": "mobile", "jwk": PAIR.as_dict(private=False)}
    made = api.post("/app-keys", body, "keeper1").json()
    assert (made["by"], made["waits"]) == ("keeper1", True)

    def holds(site: Site) -> bool:
        with site.reading() as tx:
            return site.visits.keys.holds(tx, made["id"], site.now())

    return made["id"], holds


def asked_for(api: Api, way: str, name: str) -> dict[str, str]:
    """Return what confirms it, as it is listed now."""
    told = api.get("/second-hand", "auditor1").json()
    (found,) = [each for each in told if (each["way"], each["id"]) == (way, name)]
    return {each: found[each] for each in ("way", "id", "of", "since")}


WAYS = {"invitation": invited, "link": linked, "key": keyed, "app_key": registered}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("second", ["keeper2", "auditor1"])
def test_what_lets_one_come_as_somebody_else_waits_for_a_second_person(
    api: Api, site: Site, way: str, second: str
) -> None:
    if second == "keeper2":
        _appoint(site, "keeper2", "keeper")
    name, holds = WAYS[way](api)
    assert not holds(site)
    (told,) = api.get("/second-hand", "auditor1").json()
    assert (told["way"], told["id"], told["by"]) == (way, name, "keeper1")
    asked = asked_for(api, way, name)
    answer = api.post("/second-hand", asked, second)
    assert (answer.status_code, answer.json()["id"]) == (200, name), answer.text
    assert holds(site)
    assert api.get("/second-hand", "auditor1").json() == []
    again = api.post("/second-hand", asked, second)
    assert (again.status_code, again.json()["type"]) == (404, "/problems/not-found")
    last = api.get("/ways-in?limit=1", "auditor1").json()
    assert [(each["what"], each["by"]) for each in last] == [("confirmed", second)]


def _appoint(site: Site, staff: str, post: str) -> None:
    site.record_site(StaffAppointed(at=START, staff=staff, post=post), by="founder")


@pytest.mark.parametrize("way", WAYS)
def test_who_gave_it_and_whose_it_is_and_programs_confirm_nothing(api: Api, site: Site, way: str) -> None:
    name, holds = WAYS[way](api)
    _appoint(site, "clara", "keeper")
    asked = asked_for(api, way, name)
    assert api.post("/second-hand", asked, "keeper1").status_code == 422
    for who, kind in (
        ("steward", "not-entitled"), ("boss", "not-entitled"), ("user", "not-entitled"), ("inspector", "not-entitled"),
        ("stale_auditor", "proof-too-old"),
    ):  # fmt: skip
        answer = api.post("/second-hand", asked, who)
        assert (answer.status_code, answer.json()["type"]) == (403, f"/problems/{kind}"), who
    assert not holds(site)


def test_nobody_confirms_a_link_to_their_own_account(site: Site) -> None:
    clara = msgspec.structs.replace(CALLERS["keeper1"], id="clara", credential="s-3")
    _appoint(site, "clara", "keeper")
    with serving(site, clara=clara) as api:
        name, holds = linked(api)
        assert api.post("/second-hand", asked_for(api, "link", name), "clara").status_code == 422
        assert not holds(site)


def test_a_link_that_was_made_to_another_account_since_is_not_confirmed(api: Api, site: Site) -> None:
    with site.writing() as tx:
        site.accounts.invite(tx, "karl", AccountKind.STAFF, by="founder", now=site.now())
    name, holds = linked(api)
    seen = asked_for(api, "link", name)
    api.post("/accounts/clara/links/end", {"subject": name}, "keeper1")
    api.post("/accounts/karl/links", {"subject": name}, "keeper1")
    refused = api.post("/second-hand", seen, "auditor1")
    assert (refused.status_code, refused.json()["type"]) == (412, "/problems/changed-meanwhile")
    api.post("/accounts/karl/links/end", {"subject": name}, "keeper1")
    api.post("/accounts/clara/links", {"subject": name}, "keeper1")
    assert api.post("/second-hand", seen, "auditor1").status_code == 412, "it was given anew"
    assert not holds(site)
    assert api.post("/second-hand", {"way": "link", "id": name}, "auditor1").status_code == 400
    assert api.post("/second-hand", asked_for(api, "link", name), "auditor1").status_code == 200
    assert holds(site)


def test_an_invitation_that_replaced_the_one_looked_at_is_not_confirmed(api: Api, site: Site) -> None:
    invited(api)
    seen = asked_for(api, "invitation", "clara")
    _, holds = invited(api)
    assert api.post("/second-hand", seen, "auditor1").status_code == 412
    assert not holds(site)


def test_an_account_that_somebody_came_to_by_a_link_alone_is_somebody_s_after_the_link_is_gone(
    api: Api, site: Site
) -> None:
    first = api.post("/accounts", {"id": "karl"}, "keeper1").json()["invitation"]
    api.post("/accounts/karl/links", {"subject": "s-9"}, "keeper1")
    api.post("/second-hand", asked_for(api, "link", "s-9"), "auditor1")
    with site.writing() as tx:
        site.accounts.begin(tx, "karl", (Factor.OPENID,), "browser", site.now())
        assert site.accounts.invited(tx, first, site.now()) is None, "somebody else would come by it"
    api.post("/accounts/karl/links/end", {"subject": "s-9"}, "keeper1")
    anew = api.post("/accounts", {"id": "karl"}, "keeper1").json()["invitation"]
    with site.reading() as tx:
        assert site.accounts.invited(tx, anew, site.now()) is None
    assert [each["of"] for each in api.get("/second-hand", "auditor1").json()] == ["karl"]


def test_who_made_a_key_of_the_program_that_gave_it_confirms_nothing(api: Api, site: Site) -> None:
    made = api.post("/programs", {"id": "hand"}, "keeper1")
    assert made.status_code == 200, made.text
    api.post("/programs/hand/credentials", KEY | {"scopes": ["act"]}, "keeper1")
    site.record_site(StaffAppointed(at=START, staff="hand", post="keeper"), by="founder")
    hand = Caller(id="hand", kind=CallerKind.PROGRAM, scopes=frozenset({Scope.ACT}), credential="k7")
    with serving(site, hand=hand) as later:
        later.post("/accounts/clara/links", {"subject": "s-1"}, "hand")
        asked = asked_for(later, "link", "s-1")
        assert later.post("/second-hand", asked, "keeper1").status_code == 422
        assert later.post("/second-hand", asked, "auditor1").status_code == 200


def test_what_lets_nobody_come_as_somebody_else_waits_for_nobody(api: Api, site: Site) -> None:
    _, holds = keyed(api, KEY | {"scopes": ["act"]})
    assert holds(site)
    made = api.post("/accounts", {"id": "karl"}, "keeper1").json()
    with site.reading() as tx:
        assert site.accounts.invited(tx, made["invitation"], site.now()) is not None
    assert api.get("/second-hand", "auditor1").json() == []


def test_a_rotated_key_waits_as_a_new_one_does_while_the_one_before_goes_on(api: Api, site: Site) -> None:
    name, holds = keyed(api)
    assert api.post("/second-hand", asked_for(api, "key", name), "auditor1").status_code == 200
    body = {"until": UNTIL, "overlap_minutes": 60}
    new = api.post(f"/programs/crm/credentials/{name}/rotate", body, "keeper1").json()
    assert new["credential"]["waits"] is True
    with site.writing() as tx:
        assert site.programs.find_key(tx, new["secret"], site.now()) is None
    assert holds(site)


def test_a_client_secret_that_waits_is_traded_for_nothing(api: Api, site: Site) -> None:
    api.post("/programs", {"id": "crm"}, "keeper1")
    for kind in (CredentialKind.SECRET, CredentialKind.JWK):
        jwk = {"jwk": PAIR.as_dict(private=False)} if kind is CredentialKind.JWK else {}
        made = api.post("/programs/crm/credentials", KEY | {"kind": kind} | jwk, "keeper1").json()["credential"]
        with site.reading() as tx:
            assert site.programs.alive(tx, "crm", kind, site.now()) == []
        assert api.post("/second-hand", asked_for(api, "key", made["id"]), "auditor1").status_code == 200
        with site.reading() as tx:
            assert [each.id for each in site.programs.alive(tx, "crm", kind, site.now())] == [made["id"]]


def test_what_was_ended_while_it_waited_is_not_confirmed(api: Api, site: Site) -> None:
    (name, holds), (other, also) = keyed(api), registered(api)
    waited = [asked_for(api, "key", name), asked_for(api, "app_key", other)]
    api.post(f"/programs/crm/credentials/{name}/revoke", b"", "keeper1")
    api.post(f"/app-keys/{other}/revoke", b"", "keeper1")
    for asked in waited:
        assert api.post("/second-hand", asked, "auditor1").status_code == 404
    assert not holds(site)
    assert not also(site)


def test_where_the_settings_say_so_one_hand_is_enough(api: Api, site: Site) -> None:
    settings = msgspec.structs.replace(site.settings, accounts=AccountSettings(second_hand=False))
    site.settings = settings
    assert all(holds(site) for _, holds in (invited(api), keyed(api)))
    assert api.get("/second-hand", "auditor1").json() == []


def test_every_way_in_is_on_record_with_who_gave_and_who_took_it(api: Api, site: Site) -> None:
    name, _ = keyed(api, KEY | {"scopes": ["act"]})
    place = f"/programs/crm/credentials/{name}"
    new = api.post(f"{place}/rotate", {"until": UNTIL, "overlap_minutes": 1}, "keeper1").json()["credential"]
    assert new["by"] == "keeper1"
    api.post(f"/programs/crm/credentials/{new['id']}/revoke", b"", "keeper1")
    api.post("/programs/crm/close", b"", "keeper1")
    key, _ = registered(api)
    api.post(f"/app-keys/{key}/revoke", b"", "keeper1")
    linked(api)
    api.post("/accounts/clara/links/end", {"subject": "s-1"}, "keeper1")
    told = [
        (each["what"], each["account"], each["about"])
        for each in reversed(api.get("/ways-in", "auditor1").json()) if each["by"] == "keeper1"
    ]  # fmt: skip
    assert told == [
        ("program_added", "crm", ""), ("key_made", "crm", name), ("key_rotated", "crm", f"{name} {new['id']}"),
        ("key_revoked", "crm", new["id"]), ("program_closed", "crm", ""), ("app_key_added", "mobile", key),
        ("app_key_ended", "mobile", key), ("linked", "clara", "s-1"), ("unlinked", "clara", "s-1"),
    ]  # fmt: skip
    assert {each["account"] for each in api.get("/ways-in?of=crm", "auditor1").json()} == {"crm"}
    assert [each["what"] for each in api.get("/accounts/clara/events?limit=2", "auditor1").json()] == [
        "unlinked", "linked",
    ]  # fmt: skip
    for who in ("clerk1", "boss", "user", "inspector", "biller"):
        for path in ("/ways-in", "/second-hand"):
            assert api.get(path, who).status_code == 403, who


def hidden(page: str, name: str) -> str:
    found = re.search(f'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def test_in_the_console_the_second_person_sees_what_waits_and_confirms_it(tmp_path: Path) -> None:
    with Site.open(build(tmp_path / "site", users=0)) as site:
        keeper, auditor = client_of(site, "network"), client_of(site, "auditor")
        made = keeper.post("/console/people/accounts/invite", data={"id": "clerk", "kind": "staff"})
        assert "another person has confirmed it" in made.text
        assert "ways in that wait for a second person: 1" in client_of(site, "clerk").get("/console").text
        listed = auditor.get("/console/people/accounts").text
        assert "1 waits for a second person" in listed
        assert "invitation waits, until" in listed
        assert "invited until" not in listed
        page = keeper.get("/console/people/ways-in").text
        assert "for another to confirm" in page
        assert "/ways-in/confirm" not in page
        page = auditor.get("/console/people/ways-in").text
        asked = {name: hidden(page, name) for name in ("way", "id", "of", "since")}
        assert asked["of"] == "clerk"
        other = asked | {"of": "network"}
        assert auditor.post("/console/people/ways-in/confirm", data=other).status_code == 412
        assert keeper.post("/console/people/ways-in/confirm", data=asked).status_code == 422
        assert client_of(site, "clerk").get("/console/people/ways-in").status_code == 403
        assert auditor.post("/console/people/ways-in/confirm", data=asked).status_code == 303
        after = auditor.get("/console/people/ways-in").text
        assert "Nothing waits" in after
        assert "confirmed by a second person" in after
        assert "wait for a second person" not in auditor.get("/console").text
        listed = auditor.get("/console/people/accounts").text
        assert "waits for a second person" not in listed
        assert "invited until" in listed
        assert auditor.post("/console/people/ways-in/confirm", data=asked | {"way": "x"}).status_code == 422


ROTATION = {"until": UNTIL, "overlap_minutes": 60}
ACTING = {"kind": "key", "scopes": ["act"], "until": UNTIL}


@pytest.fixture
def employed(api: Api, site: Site) -> str:
    """Return the id of a program that holds the clerk's post."""
    assert api.post("/programs", {"id": "crm"}, "keeper1").status_code == 200
    _appoint(site, "crm", "clerk")
    return "crm"


def test_a_key_for_acting_by_a_post_that_its_maker_does_not_hold_waits(api: Api, site: Site, employed: str) -> None:
    name, holds = keyed(api, ACTING)
    assert not holds(site)
    asked = asked_for(api, "key", name)
    assert asked["of"] == employed
    assert api.post("/second-hand", asked, "keeper1").status_code == 422
    assert api.post("/second-hand", asked, "auditor1").status_code == 200
    assert holds(site)


@pytest.mark.parametrize(("who", "waits"), [("keeper1", False), ("keeper2", True)])
def test_a_key_that_replaces_another_s_waits_and_one_s_own_does_not(
    api: Api, site: Site, who: str, *, waits: bool
) -> None:
    old, _ = keyed(api, ACTING)
    for staff, post in (("crm", "clerk"), ("keeper2", "keeper")):
        _appoint(site, staff, post)
    answer = api.post(f"/programs/crm/credentials/{old}/rotate", ROTATION, who)
    assert answer.status_code == 200, answer.text
    with site.writing() as tx:
        assert (site.programs.find_key(tx, answer.json()["secret"], site.now()) is None) is waits


def test_who_made_a_key_that_waits_does_not_rotate_it_into_one_that_does_not(
    api: Api, site: Site, employed: str
) -> None:
    old, _ = keyed(api, ACTING)
    answer = api.post(f"/programs/{employed}/credentials/{old}/rotate", ROTATION, "keeper1")
    with site.reading() as tx:
        made = site.programs.credentials(tx, employed)
    assert (len(made), all(each.waits for each in made)) == (2 if answer.status_code == 200 else 1, True)


@pytest.mark.parametrize("scopes", [["evaluate"], ["read"], ["search", "evaluate"]])
def test_a_key_that_acts_for_nobody_waits_for_nobody(api: Api, site: Site, employed: str, scopes: list[str]) -> None:
    assert employed
    assert keyed(api, ACTING | {"scopes": scopes})[1](site)


def test_a_key_for_acting_waits_for_nobody_before_the_program_is_appointed_or_by_posts_of_its_maker(
    api: Api, site: Site
) -> None:
    assert keyed(api, ACTING)[1](site)
    _appoint(site, "crm", "clerk")
    _appoint(site, "keeper1", "clerk")
    assert keyed(api, ACTING)[1](site)
