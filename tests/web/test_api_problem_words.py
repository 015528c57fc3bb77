# SPDX-License-Identifier: Apache-2.0
"""What the API refuses is told in the language that is asked for, and its type is the same in both."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_house import Api
from office_house import serving, with_offices

from keshou.app.site import Site
from keshou.db import Database
from keshou.errors import KeshouError
from keshou.wire.error_words import in_words

ACT = {"kind": "use", "user": "u1", "items": ["mobile_number"], "purpose": "service"}


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with with_offices(database, tmp_path) as site:
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[Api]:
    with serving(site) as api:
        yield api


def refusals(api: Api, language: str) -> list[Any]:
    """Return problems of several kinds, asked for in `language`."""
    spoken = {"Accept-Language": language}
    return [
        api.get("/law/nowhere", **spoken),
        api.get("/media/box-9", "boss", **spoken),
        api.post("/acts", ACT, "reader", **spoken),
        api.post("/acts", b"{", **spoken),
        api.post("/media/box-9/destruction", {"manner": "shredded", "witness": "boss"}, "boss", **spoken),
        api.get("/sessions", "nobody", **spoken),
    ]


def test_detail_and_hint_are_in_the_language_that_is_asked_for_and_the_type_is_not(api: Api) -> None:
    english = [each.json() for each in refusals(api, "en")]
    chinese = [each.json() for each in refusals(api, "zh-CN,zh;q=0.9,en;q=0.5")]
    assert [each["type"] for each in english] == [each["type"] for each in chinese]
    assert len({each["type"] for each in english}) >= 3
    for en, zh in zip(english, chinese, strict=True):
        assert en["detail"].isascii()
        assert en["hint"].isascii()
        assert (zh["detail"], zh["hint"]) == in_words(KeshouError(en["detail"], hint=en["hint"]), "zh")
        assert not zh["detail"].isascii()
        assert not zh["hint"].isascii()
    assert (chinese[0]["detail"], chinese[0]["hint"]) == ("法规里没有这一条款", "法规文件在/api/v1/law列出")
    assert (chinese[2]["detail"], chinese[2]["hint"]) == ("这把密钥没有授权`act`", "用有这项授权的密钥来问")


def test_who_names_no_language_is_told_in_the_sites(api: Api, site: Site) -> None:
    assert site.settings.language == "zh"
    assert (
        api.client.get("/api/v1/law/nowhere", headers={"Accept-Language": ""}).json()["detail"] == "法规里没有这一条款"
    )


MALFORMED: dict[str, tuple[str, str, dict[str, str], str, str, str]] = {
    "no key": ("POST", "/acts", {}, "Idempotency-Key", "header", "missing"),
    "a bad key": ("POST", "/acts", {"Idempotency-Key": "a b"}, "Idempotency-Key", "header", "not of"),
    "an empty key": ("POST", "/acts", {"Idempotency-Key": ""}, "Idempotency-Key", "header", "not of"),
    "a head that is too long": (
        "POST", "/reviews/r1/answer", {"Idempotency-Key": "k", "If-Match": "x" * 65}, "If-Match", "header", "not of",
    ),
    "no parameter": ("GET", "/log/consistency", {}, "old", "parameter", "missing"),
    "a bad parameter": ("GET", "/log/entries?from=-1", {}, "from", "parameter", "not of"),
    "another bad parameter": ("GET", "/holds?all=secretvalue", {}, "all", "parameter", "not of"),
    "a bad limit": ("GET", "/reviews?limit=secretvalue", {}, "limit", "parameter", "not of"),
    "a bad name in the path": ("GET", "/reviews/secret%20value", {}, "name", "parameter", "not of"),
}  # fmt: skip


@pytest.mark.parametrize("what", MALFORMED)
def test_a_missing_or_wrong_header_or_parameter_is_named_as_the_document_names_it(api: Api, what: str) -> None:
    method, path, given, name, kind, wrong = MALFORMED[what]

    def told(language: str) -> Any:
        headers = {"Authorization": "Bearer auditor1", "Accept-Language": language} | given
        answer = api.client.request(method, f"/api/v1{path}", headers=headers, json=ACT if method != "GET" else None)
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed")
        assert "secret" not in answer.text
        return answer.json()

    english, chinese = told("en"), told("zh-CN")
    assert english["pointers"] == chinese["pointers"] == [name]
    assert english["detail"].startswith(f"the {kind} `{name}` is {wrong}")
    assert f"`{name}`" in chinese["detail"]
    assert not chinese["detail"].isascii()
    assert english["hint"]
    assert ("ASCII" in english["hint"]) == ("ASCII" in chinese["hint"]) == (name == "Idempotency-Key")


def test_hints_lead_to_what_there_is_where_it_was_asked(api: Api) -> None:
    table = api.post(
        "/tables/judgements?purpose=service&user_column=who",
        b"user_id,tariff_plan\nu1,P\n",
        **{"Content-Type": "text/csv"},
    )
    assert "`user_column`" in table.json()["hint"]
    sent = {"Authorization": "Bearer crm", "Accept-Language": "en"}
    question = api.client.post("/access/v1/evaluation", json={}, headers=sent)
    assert question.status_code == 400
    assert "/access/v1" in question.json()["hint"]
    assert "/access/v1/evaluation" not in api.client.get("/api/v1/openapi.json").json()["paths"]
