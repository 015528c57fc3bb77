# SPDX-License-Identifier: Apache-2.0
"""The declaration at the console, on both databases: held against the law, previewed, published once."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from console_client import Browser, client_of, fields, textarea
from console_house import at_home, build, empty

from keshou.app.site import Site
from keshou.declaration.model import Declaration
from postgresql import Cluster

DUE = "keshou keys rotate index"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgresql_cluster: Cluster
) -> Iterator[Path]:
    with at_home(request, tmp_path_factory, postgresql_cluster, users=0) as home:
        yield home


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    with Site.open(home) as site:
        yield site


@pytest.fixture
def browser(site: Site) -> Browser:
    return client_of(site)


def read_digest(text: str) -> bool:
    """Say whether a text is a declaration."""
    return tomllib.loads(text)["schema"] == 1


def test_findings_stand_at_their_place_and_consent_anew_is_told_before_publishing(browser: Browser) -> None:
    page = browser.get("/console/rules").text
    text = textarea(page)
    assert read_digest(text)
    broken = text.replace('kind = "mobile"', 'kind = "mobil"', 1)
    line = broken[: broken.index('kind = "mobil"')].count("\n") + 1
    found = browser.post("/console/rules/check", data={"text": broken.replace("\n", "\r\n")}).text
    assert f'data-line="{line}"' in found
    assert "1 error" in found
    assert textarea(found) == broken
    wider = text.replace('acts = ["use", "export"]', 'acts = ["use", "export", "query"]', 1)
    assert wider != text
    anew = browser.post("/console/rules/check", data={"text": wider}).text
    assert "Consent is needed anew" in anew
    assert "Newly allowed" in anew
    preview = browser.post("/console/rules/preview", data={"text": wider, "version": "1"}).text
    assert "This is a preview and not published" in preview
    assert textarea(preview) == wider
    assert browser.post("/console/rules/preview", data={"text": broken}).status_code == 422


def test_findings_show_ids_and_keys_as_code_and_nothing_of_a_declaration_as_markup(browser: Browser) -> None:
    text = textarea(browser.get("/console/rules").text)
    broken = text.replace("[[recipients]]", "[[recipiants]]", 1).replace('kind = "mobile"', 'kind = "<b>`mob`"', 1)
    found = browser.post("/console/rules/check", data={"text": broken}).text
    told = "".join(re.findall(r"<bdi>(.*?)</bdi>", found))
    assert "<code>recipiants</code>" in told
    assert "<b>" not in told
    assert "&lt;b&gt;" in told


def test_what_is_missing_shows_ids_as_code(tmp_path: Path) -> None:
    def with_recipient(found: Declaration) -> Declaration:
        (party,) = found.recipients
        purposes = [
            msgspec.structs.replace(each, recipients=(party.id,)) if each.id == "marketing" else each
            for each in found.purposes
        ]
        return msgspec.structs.replace(found, purposes=tuple(purposes))

    with Site.open(build(tmp_path / "site", users=0, rules=with_recipient)) as site:
        page = client_of(site).get("/console?show=missing").text
        assert "The purpose <code>marketing</code> names recipients but does not declare <code>provide</code>." in page
        assert "`" not in page


def test_the_console_says_that_the_index_waits_to_be_made_anew_until_it_was(tmp_path: Path) -> None:
    with Site.open(build(tmp_path / "site", users=3)) as site:
        browser = client_of(site)
        page = browser.get("/console/rules").text
        assert DUE not in page
        assert DUE not in browser.get("/console").text
        form, chosen = fields(page, "/console/rules/check"), '\n[[finding]]\nitem = "mobile_number"\nlast_four = true\n'
        sent = browser.post("/console/rules/publish", data={**form, "text": textarea(page) + chosen})
        told = browser.get(sent.headers["location"]).text
        assert "Mobile phone number: users are not found the new way" in told
        assert DUE in told
        assert DUE in browser.get("/console?show=missing").text
        site.keeper.rotate_index("keeper", lambda _: None)
        assert DUE not in browser.get("/console/rules").text
        assert DUE not in browser.get("/console?show=missing").text


def test_of_two_tabs_that_publish_the_second_is_told_and_loses_nothing(site: Site) -> None:
    one, two = client_of(site), client_of(site)
    page = one.get("/console/rules").text
    form = fields(page, "/console/rules/check")
    first = textarea(page).replace("complaint_answer_days = 15", "complaint_answer_days = 10")
    second = textarea(page).replace("complaint_answer_days = 15", "complaint_answer_days = 7")
    sent = one.post("/console/rules/publish", data={**form, "text": first})
    version = int(form["version"]) + 1
    assert (sent.status_code, sent.headers["location"]) == (303, f"/console/rules?published={version}")
    again = one.post("/console/rules/publish", data={**form, "text": first})
    assert again.headers["location"] == sent.headers["location"]
    assert f"Version {version} is published" in one.get(sent.headers["location"]).text
    late = two.post("/console/rules/publish", data={**form, "key": "other", "text": second})
    assert late.status_code == 412
    assert f"somebody published version {version}" in late.text
    assert textarea(late.text) == second
    anew = fields(late.text, "/console/rules/check")
    assert anew["version"] == str(version)
    clerk = client_of(site, "clerk")
    assert clerk.post("/console/rules/publish", data={**anew, "text": second}).status_code == 403
    wrong = two.post(
        "/console/rules/publish", data={**anew, "key": "e", "text": second.replace("schema = 1", "schema = 2")}
    )
    assert (wrong.status_code, "There are errors left" in wrong.text) == (422, True)
    same = two.post("/console/rules/publish", data={**anew, "key": "s", "text": first})
    assert (same.status_code, "nothing was published" in same.text) == (422, True)


def test_what_gives_the_publisher_more_is_refused_in_words_and_nothing_typed_is_lost(site: Site) -> None:
    browser = client_of(site)
    page = browser.get("/console/rules").text
    form = fields(page, "/console/rules/check")
    wider = textarea(page).replace('acts = ["delete", "destroy"]', 'acts = ["collect", "delete", "destroy"]', 1)
    assert wider != textarea(page)
    for language, said in (("en", "let somebody publish it who does not"), ("zh", "请由不担任这些岗位的人公布")):
        spoken = {"Accept-Language": language}
        sent = browser.post("/console/rules/publish", data={**form, "text": wider}, headers=spoken)
        assert (sent.status_code, said in sent.text) == (422, True)
        assert textarea(sent.text) == wider


def test_the_first_version_goes_from_the_editor_over_the_preview_to_everybody_once(tmp_path: Path) -> None:
    with Site.open(empty(tmp_path / "site")) as site:
        browser, inspector = client_of(site), client_of(site, "inspector")
        page = browser.get("/console/rules").text
        text = textarea(page)
        assert read_digest(text)
        assert 'formaction="/console/rules/publish"' in page
        assert 'formaction="/console/rules/publish"' not in inspector.get("/console/rules").text
        form = fields(page, "/console/rules/check")
        assert form["version"] == "0"
        wrong = browser.post("/console/rules/publish", data={**form, "text": text.replace("schema = 1", "schema = 9")})
        assert (wrong.status_code, "There are errors left" in wrong.text) == (422, True)
        preview = browser.post("/console/rules/preview", data={**form, "text": text})
        assert "it would be version 1" in preview.text
        sent = fields(preview.text, "/console/rules/check") | {"text": textarea(preview.text)}
        assert inspector.post("/console/rules/publish", data=sent).status_code == 403
        done = [browser.post("/console/rules/publish", data=sent) for _ in range(2)]
        assert [each.headers.get("location") for each in done] == ["/console/rules?published=1"] * 2
        told = browser.get("/console/rules?published=1").text
        assert "Version 1 is published" in told
        assert "keshou staff appoint" in told
        assert "No errors: it may be published" in told  # what stands is not held against the time at which it began
        clerk = client_of(site, "clerk")
        late = clerk.post("/console/rules/publish", data={**sent, "key": "late"})
        assert late.status_code == 412
        after = clerk.post("/console/rules/publish", data={**sent, "key": "next", "version": "1"})
        assert after.status_code == 403
        with site.reading() as tx:
            assert site.declarations.numbers(tx) == [1]


def test_where_no_file_says_anything_the_editor_begins_with_what_is_to_be_filled_in(tmp_path: Path) -> None:
    home = empty(tmp_path / "site")
    (home / "operator.toml").unlink()
    with Site.open(home) as site:
        browser = client_of(site)
        page = browser.get("/console/rules").text
        assert "[[purposes]]" in textarea(page)
        form = fields(page, "/console/rules/check") | {"text": textarea(page)}
        assert browser.post("/console/rules/publish", data=form).status_code == 422
