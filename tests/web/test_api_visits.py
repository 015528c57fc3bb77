# SPDX-License-Identifier: Apache-2.0
"""Users come by a token of the operator's app or by a code sent to their number, and see what is their own."""

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import signing_app
from callers import TestClient
from house import START, Clock, act, newcomer, ready
from joserfc.jwk import OKPKey
from litestar import Litestar
from own_house import hook_of, last_code
from receivers import Receiver, status

from keshou.acts.request import Erase
from keshou.app.new_app_key import register_app_key
from keshou.app.site import Site
from keshou.app.user_view import user_view
from keshou.db import Database
from keshou.law.terms import ActKind
from keshou.ledger.entry import decode
from keshou.visits.settings import VisitSettings
from keshou.web.find_caller import Finder
from keshou.web.server import application

BROWSER = {"Sec-Fetch-Site": "same-origin", "User-Agent": "Browser/1.0", "Accept-Language": "en"}
NUMBER = "15499990001"


@pytest.fixture
def site(database: Database, tmp_path: Path, clock: Clock, gateway: Receiver) -> Iterator[Site]:
    hook = hook_of(tmp_path, gateway.url)
    with ready(database, tmp_path, clock, visits=VisitSettings(hook=hook, by="clerk1", purpose="service")) as site:
        assert site.do(newcomer(site, "u1")).decision.permitted  # type: ignore[union-attr]
        assert site.do(newcomer(site, "u2")).decision.permitted  # type: ignore[union-attr]
        yield site


@pytest.fixture
def browser(site: Site) -> Iterator[TestClient[Litestar]]:
    with browsing(site) as client:
        yield client


@contextmanager
def browsing(site: Site, **headers: str) -> Iterator[TestClient[Litestar]]:
    """Give a browser of its own, with its own cookies."""
    with TestClient(application(site, Finder(site)), base_url="http://127.0.0.1") as client:
        client.headers.update(BROWSER | headers)
        yield client


def post(client: TestClient[Litestar], path: str, body: Any = None, **headers: str) -> Any:
    content = msgspec.json.encode({} if body is None else body)
    return client.post(f"/api/v1{path}", content=content, headers={"Content-Type": "application/json"} | headers)


def asked(client: TestClient[Litestar], user: str = "u1", channel: str = "sms") -> str:
    answer = post(client, "/visits/codes", {"user": user, "channel": channel})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["ticket"])


def sent(gateway: Receiver, count: int = 1) -> str:
    """Return the code of the last message, once `count` of them came."""
    code = last_code(gateway, count)
    message = json.loads(gateway.told[-1].body)
    assert (message["channel"], message["to"]) == ("sms", NUMBER)
    return code


def visiting(client: TestClient[Litestar], gateway: Receiver, user: str = "u1") -> None:
    before = len(gateway.told)
    ticket = asked(client, user)
    answer = post(client, "/visits", {"ticket": ticket, "code": sent(gateway, before + 1)})
    assert answer.status_code == 200, answer.text


def entries(site: Site, start: int) -> list[Any]:
    with site.reading() as tx:
        return [decode(body) for _, body in site.ledger.entries(tx, start)]


def size(site: Site) -> int:
    with site.reading() as tx:
        return site.ledger.head(tx).size


# Codes ---------------------------------------------------------------------------------------------------------------


def test_a_code_to_the_registered_number_begins_a_visit_in_which_users_see_and_say_what_is_their_own(
    site: Site, browser: TestClient[Litestar], gateway: Receiver
) -> None:
    assert browser.get("/api/v1/me").status_code == 401
    visiting(browser, gateway)
    assert {each["item"] for each in browser.get("/api/v1/me").json()["held"]} >= {"mobile_number", "tariff_plan"}
    agreed = post(
        browser, "/me/withdrawals", {"purpose": "service"}, **{"Idempotency-Key": "w1"}
    )  # fmt: skip
    assert agreed.status_code == 200, agreed.text
    found = user_view(site, "u1")
    assert found is not None
    assert not found.standing.profile.consents
    copied = post(browser, "/me/copy")
    assert copied.status_code == 200, copied.text
    assert {each["item"] for each in copied.json()["information"]} >= {"user_name"}


def test_sending_a_code_is_an_act_on_record_and_none_is_sent_where_the_gate_denies_it(
    site: Site, browser: TestClient[Litestar], gateway: Receiver
) -> None:
    start = size(site)
    asked(browser)
    sent(gateway)
    (used,) = entries(site, start)
    assert (used.event, used.who, used.purpose, used.decision) == ("use", "clerk1", "service", "permit")
    site.cancel("u2")
    start = size(site)
    asked(browser, "u2")
    site.codes.close()
    assert [each.decision for each in entries(site, start)] == ["deny"]
    assert len(gateway.told) == 1


def test_who_asks_for_a_code_learns_nothing_about_who_is_a_user(
    site: Site, browser: TestClient[Litestar], gateway: Receiver
) -> None:
    start = size(site)
    known = post(browser, "/visits/codes", {"user": "u1", "channel": "sms"})
    unknown = post(browser, "/visits/codes", {"user": "nobody", "channel": "sms"})
    assert known.status_code == unknown.status_code == 200
    assert known.json().keys() == unknown.json().keys()
    assert len(known.json()["ticket"]) == len(unknown.json()["ticket"])
    sent(gateway)
    site.codes.close()
    assert len(gateway.told) == 1
    assert len(entries(site, start)) == 1
    for ticket in (known.json()["ticket"], unknown.json()["ticket"]):
        refused = post(browser, "/visits", {"ticket": ticket, "code": "0" * 6})
        assert (refused.status_code, refused.json()["type"]) == (401, "/problems/sign-in-failed")


def test_a_code_serves_once_in_one_browser_and_a_few_guesses_end_it(
    site: Site, browser: TestClient[Litestar], gateway: Receiver
) -> None:
    ticket = asked(browser)
    code = sent(gateway)
    assert post(browser, "/visits", {"ticket": ticket, "code": code}).status_code == 200
    assert post(browser, "/visits", {"ticket": ticket, "code": code}).status_code == 401
    cookies = dict(browser.cookies)
    with browsing(site, **{"User-Agent": "Browser/2.0"}) as other:
        other.cookies.update(cookies)
        assert other.get("/api/v1/me").status_code == 401
    assert browser.get("/api/v1/me").status_code == 200
    ticket = asked(browser)
    code = sent(gateway, 2)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(site.settings.visits.code_tries):
        assert post(browser, "/visits", {"ticket": ticket, "code": wrong}).status_code == 401
    assert post(browser, "/visits", {"ticket": ticket, "code": code}).status_code == 401


def test_a_page_of_another_site_neither_asks_for_codes_nor_acts_in_a_visit(
    browser: TestClient[Litestar], gateway: Receiver
) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert post(browser, "/visits/codes", {"user": "u1", "channel": "sms"}, **foreign).status_code == 403
    visiting(browser, gateway)
    assert post(browser, "/me/visits/end-all", **foreign).status_code == 403
    assert browser.get("/api/v1/me").status_code == 200


def test_visits_are_listed_and_ended_by_their_user_and_by_nobody_else(
    site: Site, browser: TestClient[Litestar], gateway: Receiver
) -> None:
    visiting(browser, gateway)
    with browsing(site) as other, browsing(site) as stranger:
        visiting(other, gateway)
        visiting(stranger, gateway, "u2")
        listed = browser.get("/api/v1/me/visits").json()["items"]
        assert sorted(each["own"] for each in listed) == [False, True]
        theirs = next(each["id"] for each in listed if not each["own"])
        assert stranger.delete(f"/api/v1/me/visits/{theirs}").status_code == 404
        assert browser.delete(f"/api/v1/me/visits/{theirs}").json() == {"ended": 1}
        assert other.get("/api/v1/me").status_code == 401
        ended = post(browser, "/me/visits/end-all")
        assert ended.json() == {"ended": 1}
        assert "max-age=0" in ended.headers["set-cookie"].lower()
        assert browser.get("/api/v1/me").status_code == 401
        assert stranger.get("/api/v1/me").status_code == 200


def test_of_an_erased_user_no_visit_stays(site: Site, browser: TestClient[Litestar], gateway: Receiver) -> None:
    visiting(browser, gateway)
    site.cancel("u1")
    moment = site.now() + dt.timedelta(days=800)
    site.now = lambda: moment
    done = site.do(Erase(act=msgspec.structs.replace(act(ActKind.DESTROY, "u1", "user_name"), when=moment)))
    assert done.decision is not None
    assert done.decision.permitted, done.decision
    with site.reading() as tx:
        counts = [tx.ask(f"SELECT COUNT(*) FROM {each}")[0][0] for each in ("visit", "visit_code")]  # noqa: S608
    assert counts == [0, 0]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"user": "u1", "channel": "mail"}, 422),
        ({"user": "u1", "channel": "pigeon"}, 400),
        ({"user": "", "channel": "sms"}, 422),
        ({"user": "u1", "address": "15499990001", "channel": "sms"}, 422),
        ({"user": "u1"}, 400),
        ({"user": "u1", "channel": "sms", "more": 1}, 400),
    ],
)
def test_a_request_for_a_code_that_cannot_be_is_refused(browser: TestClient[Litestar], body: Any, wanted: int) -> None:
    refused = post(browser, "/visits/codes", body)
    assert refused.status_code == wanted, refused.text
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_gateway_that_does_not_take_a_code_is_told_without_code_or_number(
    site: Site, browser: TestClient[Litestar], gateway: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.plan.append(status(500))
    asked(browser)
    code = sent(gateway)
    site.codes.close()
    told = "".join(record.getMessage() for record in caplog.records if record.name == "keshou.app.code_post")
    assert "SendError" in told
    assert code not in told
    assert NUMBER not in told


# Tokens of the operator's app ----------------------------------------------------------------------------------------


def token(site: Site, key: OKPKey, user: str = "u1", **more: Any) -> str:
    moment = int(site.now().timestamp())
    said = {"iss": "mobile", "aud": site.settings.url, "sub": user, "iat": moment, "exp": moment + 300, "jti": "t1"}
    return signing_app.signed(key, "Ed25519", {**said, **more})


def registered(site: Site, key: OKPKey) -> str:
    with site.writing() as tx:
        return register_app_key(site, tx, "mobile", key.as_dict(private=False), None, by="keeper").id


def me(client: TestClient[Litestar], token: str) -> Any:
    return client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})


def test_a_token_of_the_app_lets_its_user_in_and_nobody_else(site: Site, browser: TestClient[Litestar]) -> None:
    key = OKPKey.generate_key("Ed25519")
    good = token(site, key)
    assert me(browser, good).status_code == 401
    name = registered(site, key)
    assert me(browser, good).status_code == 200
    for bad in (
        token(site, OKPKey.generate_key("Ed25519"), jti="t2"),
        token(site, key, aud="https://other.example"),
        token(site, key, iss="broadband"),
        token(site, key, exp=int(START.timestamp()) - 1),
        token(site, key, sub=""),
        signing_app.part({"alg": "none", "kid": name}) + "." + signing_app.part({"sub": "u1"}) + ".",
        good[:-4] + "AAAA",
    ):
        assert me(browser, bad).status_code == 401
    assert me(browser, token(site, key, "stranger", jti="t3")).status_code == 404
    acted = post(browser, "/acts", {"kind": "use", "user": "u2", "items": ["tariff_plan"], "purpose": "service"},
                 Authorization=f"Bearer {good}", **{"Idempotency-Key": "k"})  # fmt: skip
    assert acted.status_code == 403
    with site.writing() as tx:
        site.visits.keys.revoke(tx, name, site.now())
    assert me(browser, good).status_code == 401


def test_a_token_is_taken_once_where_the_settings_say_so(database: Database, tmp_path: Path, clock: Clock) -> None:
    with ready(database, tmp_path, clock, visits=VisitSettings(token_once=True)) as site, browsing(site) as browser:
        site.do(newcomer(site, "u1"))
        key = OKPKey.generate_key("Ed25519")
        registered(site, key)
        first = token(site, key, jti="t1")
        assert [me(browser, first).status_code for _ in range(2)] == [200, 401]
        assert me(browser, token(site, key, jti="t2")).status_code == 200


def test_codes_without_anybody_who_answers_for_using_numbers_are_not_served(database: Database, tmp_path: Path) -> None:
    hook = hook_of(tmp_path, "https://sms.example")
    with pytest.raises(Exception, match="nobody is named"):
        ready(database, tmp_path, visits=VisitSettings(hook=hook))
