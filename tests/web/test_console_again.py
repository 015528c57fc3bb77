# SPDX-License-Identifier: Apache-2.0
"""Forms that come back: refused, with why above what was typed; after the door, to be looked over before they go."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_client import Browser, client_of, fields, sign_in
from console_house import PASSWORD, build

from keshou.app.site import Site

HOLD = {
    "key": "h-1", "ground": "authority", "document": "d-7", "cite": "an odd & <b>old</b> law", "users": "no-1 no-2",
    "purpose.service": "1", "class": "service", "until": "2099-01-01", "silent": "1",
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("again") / "site", users=2)


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    with Site.open(home) as site:
        yield site


@pytest.fixture
def browser(site: Site) -> Iterator[Browser]:
    with client_of(site) as client:
        yield client


def form_of(page: str, action: str) -> str:
    found = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page, re.S)
    assert found is not None, action
    return found[0]


def holds_again(page: str) -> bool:
    """Say whether the form of holds shows all of `HOLD` but its old name."""
    form = html.unescape(form_of(page, "/console/holds"))
    return (
        '<option value="authority" selected>' in form
        and '<option value="service" selected>' in form
        and all(f'value="{HOLD[each]}"' in form for each in ("document", "cite", "until"))
        and f">\n{HOLD['users']}</textarea>" in form
        and 'name="purpose.service" value="1" checked' in form
        and 'name="silent" value="1" checked' in form
        and form.count(" checked") == 2
        and 'value="h-1"' not in form
    )


def test_a_hold_that_is_refused_comes_back_as_it_was_typed_with_the_ids_that_are_wrong(
    browser: Browser, site: Site
) -> None:
    with site.reading() as tx:
        known = site.ledger.head(tx).size
    refused = browser.post("/console/holds", data=HOLD)
    assert refused.status_code == 422
    assert holds_again(refused.text)
    note = refused.text[: refused.text.index('action="/console/holds"')]
    assert "Somebody named in the hold is not on record." in note
    assert re.findall(r"<li><code>([^<]*)</code>", note) == ["no-1", "no-2"]
    assert "<details open>\n<summary>Set a hold" in refused.text
    assert '<a href="/console/holds" aria-current="page">' in refused.text
    with site.reading() as tx:
        assert site.ledger.head(tx).size == known


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/console/holds", HOLD | {"users": "", "until": "2026-02-31"}),
        ("/console/people/appoint", {"key": "k", "staff": "new hand", "post": "care_agent", "until": "2099-01-01"}),
        ("/console/people/appoint", {"key": "k", "staff": "officer", "post": "reviewer"}),
        ("/console/people/end", {"key": "k", "staff": "nobody-here"}),
        ("/console/people/accounts/invite", {"key": "k", "id": "a b", "mail": "x@y.example", "kind": "staff"}),
        ("/console/media", {"key": "k", "id": "a b", "form": "optical", "place": "cellar", "holder": "clerk"}),
        ("/console/backups", {"key": "k", "place": "a b", "until": "2099-01-01"}),
        ("/console/reviews", {"key": "k", "kind": "copy", "purpose": "service", "users": "a\nb", "count": "9"}),
        ("/console/reviews", {"key": "k", "kind": "copy", "purpose": "", "users": "a\nb"}),
    ],
)
def test_whatever_is_refused_is_shown_again_on_its_own_page(
    browser: Browser, site: Site, path: str, typed: dict[str, str]
) -> None:
    if "accounts" in path:
        browser = client_of(site, "network")
    refused = browser.post(path, data=typed)
    assert refused.status_code in (403, 404, 422)
    assert '<div class="note bad" role="alert"' in refused.text
    form = html.unescape(form_of(refused.text[refused.text.index('role="alert"') :], path))
    for name, value in typed.items():
        said = re.escape(value)
        again = rf'value="{said}" selected|>\n{said}</textarea>|name="{name}"[^>]* value="{said}"'
        assert name == "key" or not value or re.search(again, form), name


def test_a_line_that_can_be_no_id_is_named(browser: Browser) -> None:
    long = "x" * 300
    refused = browser.post("/console/reviews", data={"key": "k", "kind": "copy", "users": f"u-1\n{long}\n"})
    assert refused.status_code == 422
    assert "A line is no id of a user." in refused.text
    assert re.findall(r"<li><code>(x+)…?\.*</code>", refused.text)
    assert f"u-1\n{long}\n</textarea>" in refused.text


def test_a_refusal_in_chinese_is_a_sentence_and_leads_to_its_article(browser: Browser) -> None:
    refused = browser.post(
        "/console/people/access/confirm", data={"key": "k", "staff": "x", "post": "y"},
        headers={"Accept-Language": "zh"},
    )  # fmt: skip
    assert refused.status_code == 422
    said = re.search(r'role="alert"[^>]*>\s*(?:<p>)?(.*?)</p>', refused.text, re.S)
    assert said is not None
    assert said[1].endswith("。")
    assert not re.search(r"[a-z]+\d*:\d", re.sub(r"<[^>]*>", "", said[1]))


def test_a_refusal_without_a_form_leads_to_the_page_that_it_was_sent_from(browser: Browser) -> None:
    for path, page in (
        ("/console/holds/h-none/lift", "/console/holds"),
        ("/console/exports/x-none/making", "/console/exports"),
        ("/console/exports/links/l-none", "/console/exports/links"),
        ("/console/exports/keys/nobody", "/console/exports"),
        ("/console/reviews/r-none", "/console/reviews"),
    ):
        refused = browser.post(path, data={"key": "k", "reason": "settled", "version": "1"})
        assert refused.status_code in (403, 404, 422), path
        assert f'<a class="onward" href="{page}">' in refused.text, path


def test_after_a_fresh_proof_what_was_typed_is_looked_over_on_its_page_and_nothing_is_sent(tmp_path: Path) -> None:
    with Site.open(build(tmp_path / "site", users=0, fresh_proof_minutes=0)) as site:
        browser = client_of(site)
        carried = fields(browser.post("/console/holds", data=HOLD).text, "/console/proof")
        proven = browser.post("/console/proof", data={**carried, "password": PASSWORD})
        assert proven.status_code == 200
        assert holds_again(proven.text)
        assert "Nothing was sent yet" in proven.text
        assert not re.search(r"<(button|input|select|textarea)[^>]* autofocus", proven.text)
        assert not list(site.state().holds())


def test_after_signing_in_again_what_was_typed_is_looked_over_on_its_page(browser: Browser, site: Site) -> None:
    for path, typed in (
        ("/console/holds", HOLD),
        ("/console/exports/keys/portability_centre", {"key": "k", "public": "age1x", "how": "in_person"}),
        ("/console/rules/publish", {"key": "k", "version": "1", "text": "schema = 1\n# mine <b>"}),
    ):
        with site.writing() as tx:
            site.accounts.sessions.end_all(tx, "officer")
        carried = fields(browser.post(path, data=typed).text, "/console/sign-in")
        shown = sign_in(browser, **carried)
        assert shown.status_code == 200
        assert "Nothing was sent yet" in shown.text
        for name, value in typed.items():
            assert name == "key" or value == "1" or f"{value}" in html.unescape(shown.text), (path, name)


def test_what_no_page_shows_is_listed_and_sent_by_a_button_that_enter_does_not_press(
    browser: Browser, site: Site
) -> None:
    with site.writing() as tx:
        site.accounts.sessions.end_all(tx, "officer")
    typed = {"key": "k", "staff": "ann <b>", "post": "no-such-post"}
    carried = fields(browser.post("/console/people/appoint", data=typed).text, "/console/sign-in")
    shown = sign_in(browser, **carried).text
    listed = shown[: shown.index('<form method="post" action="/console/people/appoint">')]
    for said in ("/console/people/appoint", "ann &lt;b&gt;", "no-such-post"):
        assert said in listed
    assert fields(shown, "/console/people/appoint") == typed
    assert "autofocus" not in shown
    assert '<a href="/console/people">' in shown
