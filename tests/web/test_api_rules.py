# SPDX-License-Identifier: Apache-2.0
"""The rules over the API are those published, checked before, and never published over somebody else's."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from api_house import Api, size
from callers import bearer
from house import START, open_site
from office_house import rules_text, serving, with_offices

from keshou.app.site import Site
from keshou.db import Database
from keshou.declaration.canonical import digest
from keshou.wire.caller import Caller, CallerKind

TOML = {"Content-Type": "application/toml"}


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with with_offices(database, tmp_path) as site:
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def changed(answer: str = "14") -> bytes:
    return later(rules_text().replace("complaint_answer_days = 15", f"complaint_answer_days = {answer}"))


def later(text: str) -> bytes:
    return text.replace("effective = 2026-01-01", "effective = 2026-04-01").encode()


def shown(api: Api, path: str, who: str = "clerk", **headers: str) -> Any:
    return api.client.get(f"/api/v1{path}", headers=bearer(who) | headers)


def publish(api: Api, text: bytes, who: str = "boss", match: str = '"1"', key: str = "") -> Any:
    return api.post("/rules", text, who, key=key, **TOML, **({"If-Match": match} if match else {}))


def test_the_rules_in_force_are_shown_as_data_as_the_page_and_as_text(api: Api, site: Site) -> None:
    data = shown(api, "/rules")
    rules = site.rules()
    assert rules is not None
    assert (data.json()["digest"], data.headers["etag"]) == (rules.digest, '"1"')
    assert digest(rules.declaration) == data.json()["digest"]
    page = shown(api, "/rules/1", Accept="text/html", **{"Accept-Language": "zh"})
    with site.reading() as tx:
        assert page.text == site.declarations.rules(tx, 1, "zh")
    text = shown(api, "/rules", Accept="text/plain", **{"Accept-Language": "en"})
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert text.headers["content-language"] == "en"
    assert len({each.headers["etag"] for each in (data, page, text)}) == 3
    assert all(each.headers["vary"] == "Accept, Accept-Language" for each in (data, page, text))


def test_users_read_the_rules_and_not_who_is_granted_what(api: Api) -> None:
    assert shown(api, "/rules", "user", Accept="text/plain").status_code == 200
    assert shown(api, "/rules", "user").status_code == 403
    assert shown(api, "/rules/1/difference", "user").status_code == 403
    assert shown(api, "/rules", "biller").status_code == 403
    assert shown(api, "/rules", "reader").status_code == 200
    assert shown(api, "/rules", "inspector").status_code == 200


def test_what_was_never_published_is_not_found(api: Api) -> None:
    for path in ("/rules/2", "/rules/2/difference", "/rules/1/difference?before=7"):
        assert shown(api, path).status_code == 404, path
    for path in ("/rules/0", "/rules/99999999999", "/rules/1/difference?before=-2"):
        assert shown(api, path).json()["type"] == "/problems/malformed", path


def test_a_declaration_is_held_against_the_law_and_nothing_done(api: Api, site: Site) -> None:
    before = size(site)
    clean = api.post("/rules/check", changed(), "reader", **TOML).json()
    assert clean["clean"] is True
    late = api.post("/rules/check", changed("99"), "clerk", **TOML).json()
    assert late["clean"] is False
    wrong = next(each for each in late["findings"] if each["severity"] == "error")
    assert wrong["cite"] == "miit24:12"
    assert rules_text().splitlines()[wrong["line"] - 1].startswith("complaint_answer_days")
    assert api.post("/rules/check", b"\xff", "clerk", **TOML).json()["findings"][0]["code"] == "not_utf8"
    assert api.post("/rules/check", b"", "clerk", **TOML).json()["clean"] is False
    assert api.post("/rules/check", changed(), "clerk").status_code == 415
    assert api.post("/rules/check", changed(), "user", **TOML).status_code == 403
    assert size(site) == before


def test_a_publication_is_the_next_version_and_tells_what_it_changes(api: Api, site: Site) -> None:
    text = later(rules_text().replace('acts = ["use"]\n', 'acts = ["use", "query"]\n', 1))
    answer = publish(api, text)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["version"], found["repeated"], answer.headers["etag"]) == (2, False, '"2"')
    newly = {(each["act"], each["post"]) for each in found["difference"]["newly_allowed"]}
    assert newly == {("query", "program")}
    assert shown(api, "/rules/2/difference").json() == found["difference"]
    assert shown(api, "/rules/2/difference?before=2").json()["newly_allowed"] == []
    assert len(shown(api, "/rules/1/difference?before=0").json()["newly_allowed"]) > len(newly)
    assert [each["version"] for each in shown(api, "/rules/versions", "user").json()["items"]] == [1, 2]
    assert size(site) == found["entry"] + 1


def test_what_gives_the_publisher_s_own_post_more_is_refused_and_says_why(api: Api, site: Site) -> None:
    more = '\n[[grants]]\npost = "officer"\npurposes = ["service"]\nacts = ["use"]\n'
    before = size(site)
    answer = publish(api, later(rules_text() + more))
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-entitled")
    assert "`officer` (grants)" in answer.json()["hint"]
    assert size(site) == before
    assert publish(api, later(rules_text() + more.replace('"officer"', '"clerk"'))).status_code == 200


def test_of_two_who_publish_over_the_same_version_the_second_is_refused(api: Api, site: Site) -> None:
    assert publish(api, changed("14")).status_code == 200
    before = size(site)
    second = publish(api, changed("13"))
    assert (second.status_code, second.json()["type"]) == (412, "/problems/changed-meanwhile")
    assert size(site) == before
    assert publish(api, changed("13"), match='"2"').json()["version"] == 3


def test_of_many_who_publish_in_one_moment_one_does(api: Api) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda days: publish(api, changed(str(days))).status_code, range(4, 8)))
    assert sorted(found) == [200, 412, 412, 412]


@pytest.mark.parametrize(("match", "status"), [
    ("", 428), ('"7"', 412), ("1", 412), ('W/"1"', 412), ('"1-html-zh"', 412), ("*", 412), ('"0"', 412),
])  # fmt: skip
def test_who_does_not_say_what_is_changed_changes_nothing(api: Api, site: Site, match: str, status: int) -> None:
    before = size(site)
    assert publish(api, changed(), match=match).status_code == status
    assert size(site) == before


def test_the_same_publication_sent_again_is_answered_and_not_done_again(api: Api, site: Site) -> None:
    first = publish(api, changed(), key="same").json()
    before = size(site)
    again = publish(api, changed(), key="same")
    assert again.json() == first | {"repeated": True}
    assert again.headers["etag"] == '"2"'
    other = publish(api, changed("13"), key="same")
    assert (other.status_code, other.json()["type"]) == (422, "/problems/request-repeated")
    assert size(site) == before


def test_what_the_law_forbids_is_not_published_and_every_finding_told(api: Api, site: Site) -> None:
    before = size(site)
    answer = publish(api, changed("99"))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/input")
    assert "miit24:12" in {each["cite"] for each in answer.json()["findings"]}
    assert publish(api, b"schema = 1\nschema = 2\n").status_code == 422
    assert publish(api, rules_text().encode()).status_code == 422
    assert size(site) == before


@pytest.mark.parametrize("who", ["clerk", "keeper1", "user", "inspector", "reader", "biller"])
def test_nobody_publishes_without_the_office(api: Api, who: str) -> None:
    answer = publish(api, changed(), who)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-entitled")


def test_publishing_needs_a_fresh_proof(api: Api) -> None:
    assert publish(api, changed(), "stale_boss").json()["type"] == "/problems/proof-too-old"


def test_the_first_version_is_published_by_the_operators_own_people_once(database: Database, tmp_path: Path) -> None:
    shop = Caller(id="shop", kind=CallerKind.AGENT_STAFF, agent="west", credential="s-shop", proven_at=START)
    with open_site(database, tmp_path) as site, serving(site, shop=shop) as api:
        begun, first = later(rules_text()), TOML | {"If-None-Match": "*"}
        assert publish(api, begun, "boss", match="").status_code == 403
        assert publish(api, begun, "boss", match='"1"').status_code == 403
        assert api.post("/rules", b"schema = 1", "boss", **first).status_code == 422
        for who in ("inspector", "shop", "crm", "user", "stale_boss"):
            assert api.post("/rules", begun, who, **first).status_code == 403, who
        done = api.post("/rules", begun, "boss", key="first", **first)
        assert (done.status_code, done.json()["version"], done.headers["etag"]) == (200, 1, '"1"')
        assert done.json()["difference"]["newly_allowed"]
        again = api.post("/rules", begun, "boss", key="first", **first)
        assert (again.status_code, again.json()["repeated"]) == (200, True)
        assert api.post("/rules", begun, "boss", key="other", **first).status_code == 412
        assert publish(api, begun, "boss", match='"1"').status_code == 403  # from now on it takes an office
        with site.reading() as tx:
            assert site.declarations.numbers(tx) == [1]


def test_of_two_who_publish_the_first_version_at_once_the_second_is_refused(database: Database, tmp_path: Path) -> None:
    with open_site(database, tmp_path) as site, serving(site) as api, ThreadPoolExecutor(4) as pool:
        texts = [later(rules_text().replace("days = 15", f"days = {days}")) for days in (10, 11, 12, 13)]
        sent = pool.map(lambda text: api.post("/rules", text, "boss", **TOML, **{"If-None-Match": "*"}), texts)
        assert sorted(each.status_code for each in sent) == [200, 412, 412, 412]
        with site.reading() as tx:
            assert site.declarations.numbers(tx) == [1]
