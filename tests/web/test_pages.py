# SPDX-License-Identifier: Apache-2.0
"""Pages as they leave the server: their language, their headers, what is kept of them, and how they fail."""

import contextlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient
from public_house import build, hostile, usual, versions

from keshou.app.site import Site
from keshou.declaration.notice import notice_complete
from keshou.errors import UnreachableError
from keshou.language import Language
from keshou.web.find_caller import Finder
from keshou.web.frame import static
from keshou.web.headers import PAGE_POLICY
from keshou.web.published import body_of, lines_of
from keshou.web.server import application

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PATHS = [
    "/", "/rules", "/rules/versions", "/rules/versions/1", "/rules/versions/2", "/rules/versions/3",
    "/rules/versions/1/rules", "/rules/versions/3/rules", "/contact", "/law", "/law/miit24", "/law/miit25",
    "/law/npcsc2012", "/law/gbz28828", "/law/miit24_draft", "/law/miit25_draft",
]  # fmt: skip
LARGEST = 150_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return usual(tmp_path_factory.mktemp("pages") / "site")


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    with Site.open(home) as site:
        yield site


@pytest.fixture
def client(site: Site) -> Iterator["TestClient[Any]"]:
    with opened(site) as client:
        client.headers.update(HTML)
        yield client


def opened(site: Site) -> "TestClient[Any]":
    """Return a client of a server of `site`, in this process."""
    return TestClient(application(site, Finder(site)), raise_server_exceptions=False, base_url="http://127.0.0.1")


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags += [tag, *(name for name, _ in attrs)]

    def handle_data(self, data: str) -> None:
        self.words += data.split()


def parsed(page: str) -> _Text:
    reader = _Text()
    reader.feed(page)
    return reader


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_page_is_in_the_readers_language_small_and_holds_nothing_inline(
    client: "TestClient[Any]", path: str, language: Language
) -> None:
    answer = client.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200
    tag = "zh-CN" if language == "zh" else "en"
    assert f'<html lang="{tag}">' in answer.text
    assert answer.headers["content-language"] == tag
    assert answer.headers["content-security-policy"] == PAGE_POLICY
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"].replace(" ", "") == "Accept-Language,Cookie,Accept-Encoding"
    assert len(answer.content) < LARGEST
    found = parsed(answer.text)
    assert "style" not in found.tags
    assert not [each for each in found.tags if each.startswith("on")]
    assert len(re.findall("<script", answer.text)) == 2 * ("/law/" in path)


def test_the_rules_shown_are_the_very_rules_published(client: "TestClient[Any]", site: Site) -> None:
    for language in ("zh", "en"):
        with site.reading() as tx:
            stored = site.declarations.rules(tx, 2, language)
        shown = client.get("/rules", headers={"Accept-Language": language}).text
        assert body_of(stored) in shown
        raw = client.get("/rules/versions/2/published", headers={"Accept-Language": language})
        assert raw.text == stored
        assert "style-src 'sha256-" in raw.headers["content-security-policy"]
        assert len(lines_of(stored)) > 20


def test_a_stored_page_that_was_changed_is_not_shown(tmp_path: Path) -> None:
    home = build(tmp_path / "site", "", versions()[0])
    with Site.open(home) as site, opened(site) as client:
        with site.writing() as tx:
            tx.connection.exec_driver_sql("UPDATE declaration SET rules_en = replace(rules_en, 'refuse', 'agree')")
        answer = client.get("/rules", headers=HTML | {"Accept-Language": "en"})
        assert answer.status_code == 500
        assert "Something went wrong here" in answer.text
        assert client.get("/rules", headers=HTML | {"Accept-Language": "zh"}).status_code == 200


def test_a_chosen_language_is_kept_and_goes_before_the_browsers(client: "TestClient[Any]") -> None:
    chosen = client.post("/language", data={"language": "en", "to": "/law/miit24?q=a"}, follow_redirects=False)
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/law/miit24?q=a")
    cookie = chosen.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert '<html lang="en">' in client.get("/", headers={"Accept-Language": "zh"}).text


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "/\\evil.example", "", "rules", "/a b", "/a\n"]
)
def test_the_choice_of_language_leads_to_no_other_host(client: "TestClient[Any]", to: str) -> None:
    answer = client.post("/language", data={"language": "zh", "to": to}, follow_redirects=False)
    assert answer.headers["location"] == "/"


def test_no_other_sites_page_chooses_a_readers_language(client: "TestClient[Any]") -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = client.post("/language", data={"language": "en"}, headers=headers, follow_redirects=False)
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    assert client.post("/language", data={"language": "fr"}, follow_redirects=False).status_code == 400


def test_a_page_that_stands_is_not_sent_again(client: "TestClient[Any]") -> None:
    first = client.get("/rules", headers={"Accept-Language": "en"})
    assert first.headers["cache-control"] == "private, no-cache"
    again = client.get("/rules", headers={"Accept-Language": "en", "If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get("/rules", headers={"Accept-Language": "zh", "If-None-Match": first.headers["etag"]})
    assert other.status_code == 200


def test_static_files_are_compressed_and_kept_for_as_long_as_they_are_the_same(client: "TestClient[Any]") -> None:
    page = client.get("/").text
    paths = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert {path.rpartition("/")[2] for path in paths} == {"keshou.css", "seal.svg"}
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert "max-age=31536000" in answer.headers["cache-control"]
    assert client.get(static.address("keshou.css")).headers["content-encoding"] == "gzip"
    assert client.get("/static/0000000000000000/keshou.css").status_code == 404
    assert client.get(f"{static.PATH}/../page.py").status_code in (400, 404)


def test_the_first_page_after_a_start_names_the_operator_whatever_it_is(site: Site) -> None:
    rules = site.rules()
    assert rules is not None
    for path in ("/no-such-page", "/console/sign-in"):
        with opened(site) as client:
            page = client.get(path, headers=HTML | {"Accept-Language": "zh"}).text
        assert f"· {rules.declaration.operator.name.zh}</title>" in page, path


@pytest.mark.parametrize(
    ("path", "back"), [("/no-such-page", "/"), ("/console/nonesuch", "/console"), ("/me/nonesuch", "/me")]
)
def test_a_page_that_is_not_there_leads_back_to_where_its_reader_was(
    client: "TestClient[Any]", path: str, back: str
) -> None:
    assert f'<a class="onward" href="{back}">' in client.get(path).text


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/no-such-page", 404, "There is no such page"),
        ("/law/nothing", 404, "There is no such page"),
        ("/rules/versions/9", 404, "There is no such page"),
        ("/rules/versions/0", 400, "This request cannot be understood"),
        ("/rules/versions?before=x", 400, "This request cannot be understood"),
        (f"/law/miit24?q={'a' * 101}", 400, "This request cannot be understood"),
        ("/language", 405, "This request cannot be understood"),
    ],
)
def test_a_browser_is_told_what_went_wrong_by_a_page(
    client: "TestClient[Any]", path: str, status: int, told: str
) -> None:
    answer = client.get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-security-policy"] == PAGE_POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert told in answer.text
    assert answer.headers["x-request-id"] in answer.text


def test_programs_get_problems_whatever_they_say_they_accept(client: "TestClient[Any]") -> None:
    for path in ("/api/v1/rules", "/api/v1/users/u/nowhere", "/access/v1/evaluation", "/metrics/x"):
        assert client.get(path).headers["content-type"] == "application/problem+json", path
    assert client.get("/nowhere", headers={"Accept": "*/*"}).headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "headers", "status", "told"),
    [
        ("/rules;a=b", {}, 400, "This request cannot be understood"),
        ("/rules", {"X-Long": "a" * 40_000}, 431, "That is too large"),
        ("/rules", {"Host": "elsewhere.example"}, 421, "This is not the server you asked for"),
    ],
)
def test_a_browser_is_told_by_a_page_also_what_no_face_has_seen(
    tmp_path: Path, path: str, headers: dict[str, str], status: int, told: str
) -> None:
    home = build(tmp_path / "site", "", versions()[0], url="https://keshou.example")
    ours = {"Host": "keshou.example", "Accept-Language": "en"} | headers
    with Site.open(home) as site, opened(site) as client:
        page = client.get(path, headers=HTML | ours)
        assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert told in page.text
        assert page.headers["x-request-id"] in page.text
        assert page.headers["content-security-policy"] == PAGE_POLICY
        assert "elsewhere.example" not in page.text
        for asked, accept in ((path, "*/*"), (f"/api/v1{path}", HTML["Accept"])):
            program = client.get(asked, headers=ours | {"Accept": accept})
            assert (program.status_code, program.headers["content-type"]) == (status, "application/problem+json")


def test_a_browser_that_comes_around_the_proxy_is_told_so_by_a_page(tmp_path: Path) -> None:
    home = build(tmp_path / "site", "", versions()[0], trusted_proxy="192.0.2.0/24")
    with Site.open(home) as site, opened(site) as client:
        page = client.get("/rules", headers=HTML | {"Accept-Language": "zh"})
    assert page.status_code == 403
    assert "请从正式地址进入" in page.text


def test_what_fails_where_a_page_fails_too_is_told_plainly(tmp_path: Path) -> None:
    home = build(tmp_path / "site", "", versions()[0])
    with Site.open(home) as site:
        app = application(site, Finder(site))
        with TestClient(app, raise_server_exceptions=False, base_url="http://127.0.0.1") as client:
            app.state["navigation"] = None
            answer = client.get("/rules;a=b", headers=HTML)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed")


def test_who_asks_for_too_many_pages_is_asked_to_wait(tmp_path: Path) -> None:
    home = build(tmp_path / "site", "", versions()[0], rate_pages="3/minute")
    with Site.open(home) as site, opened(site) as client:
        answers = [client.get("/law", headers=HTML) for _ in range(4)]
        assert [each.status_code for each in answers] == [200, 200, 200, 429]
        assert "请稍等片刻再试" in answers[3].text
        assert int(answers[3].headers["retry-after"]) > 0
        assert client.get(static.address("keshou.css")).status_code == 200


def test_a_database_that_is_gone_is_told_as_a_page(tmp_path: Path) -> None:
    home = build(tmp_path / "site", "", versions()[0])
    with contextlib.suppress(UnreachableError), Site.open(home) as site, opened(site) as client:
        client.get("/", headers=HTML)
        site.database.close()
        (home / "keshou.db").rename(home / "aside.db")
        answer = client.get("/rules", headers=HTML | {"Accept-Language": "en"})
    assert answer.status_code == 503
    assert "No answer for the moment" in answer.text
    assert "sqlite" not in answer.text.lower()
    assert rules_name() in answer.text


def rules_name() -> str:
    """Return the operator's name in English."""
    return versions()[0].operator.name.en


def test_nothing_a_declaration_says_becomes_markup(tmp_path: Path) -> None:
    home = build(tmp_path / "site", "", hostile(), hostile_again())
    with Site.open(home) as site, opened(site) as client:
        for path in [*PATHS[:5], "/rules/versions/1/rules", "/rules/versions/2/published", "/contact"]:
            page = client.get(path, headers=HTML).text
            found = parsed(page)
            assert "img" not in found.tags, path
            assert "script" not in found.tags, path
            assert "onerror" not in found.tags, path
            assert 'href="javascript' not in page, path
            assert "{{7*7}}" in page or path in PATHS[2:5], path


def hostile_again() -> Any:
    """Return the hostile rules with another answer time, so that they are another version."""
    given = hostile()
    channels = msgspec.structs.replace(given.channels, complaint_answer_days=9)
    return msgspec.structs.replace(given, channels=channels)


@pytest.mark.parametrize("path", ["/", "/rules", "/rules/versions", "/contact", "/law"])
def test_a_site_without_rules_says_so_and_what_to_do(tmp_path: Path, path: str) -> None:
    home = build(tmp_path / "site")
    with Site.open(home) as site, opened(site) as client:
        answer = client.get(path, headers=HTML | {"Accept-Language": "en"})
        assert answer.status_code == 200
        if path != "/law":
            assert "No rules are published yet" in answer.text
        if path not in ("/law", "/contact"):
            assert "keshou publish" in answer.text


def test_the_usual_rules_say_all_that_users_must_be_told(site: Site) -> None:
    rules = site.rules()
    assert rules is not None
    assert rules.version == 2
    assert not notice_complete(rules.declaration, site.law)
