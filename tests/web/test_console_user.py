# SPDX-License-Identifier: Apache-2.0
"""A user's file in the console, on both databases: to look is an act, masked until values are asked for in full."""

import html
import re
from collections.abc import Iterator

import pytest
from console_client import Browser, client_of
from console_house import build

from keshou.app.site import Site
from keshou.cli.sample.people import subscribers
from keshou.ledger.entry import decode
from postgresql import Cluster

USER = next(iter(subscribers(12))).user_id


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgresql_cluster: Cluster
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("console_user") / "site"
    if request.param == "sqlite":
        with Site.open(build(folder)) as site:
            yield site
        return
    with (
        postgresql_cluster.database("keshou_console_user") as name,
        Site.open(build(folder, postgresql_cluster.url(name, tcp=True))) as site,
    ):
        yield site


@pytest.fixture
def browser(site: Site) -> Iterator[Browser]:
    with client_of(site) as browser:
        yield browser


def test_a_look_at_a_user_is_recorded_and_a_denied_one_shows_nothing(browser: Browser, site: Site) -> None:
    asked = {"user": USER, "purpose": "service", "kind": "query", "post": "privacy_officer"}
    with site.reading() as tx:
        before = site.ledger.head(tx).size
    seen = browser.post("/console/user", data=asked)
    assert seen.status_code == 200
    assert USER in seen.text
    with site.reading() as tx:
        header = decode(site.ledger.entry(tx, before))
    assert (header.event, header.who, header.decision, header.shown) == ("query", "officer", "permit", "masked")
    assert f'/console/acts/{before}"' in seen.text
    assert "masked values" in seen.text
    whole = browser.post("/console/user", data={**asked, "full": "yes"})
    with site.reading() as tx:
        assert decode(site.ledger.entry(tx, before + 1)).shown == "full"
    assert "full values" in whole.text
    hidden = [html.unescape(each) for each in re.findall(r"<dd><bdi>([^<]*[*][^<]*)</bdi></dd>", seen.text)]
    assert hidden
    assert not any(each in whole.text for each in hidden)
    assert "full values" in browser.get(f"/console/acts/{before + 1}").text
    denied = browser.post("/console/user", data={**asked, "purpose": "marketing"})
    assert denied.status_code == 403
    assert "The look was denied" in denied.text
    assert "Mobile phone number" not in denied.text
    assert browser.post("/console/user", data={**asked, "user": "nobody"}).status_code == 403
    wrong = browser.post("/console/user", data={**asked, "user": ""})
    assert wrong.status_code == 422
    assert 'value="service" selected' in wrong.text


def test_every_denied_act_in_a_users_file_names_what_was_missing(browser: Browser) -> None:
    asked = {"user": USER, "purpose": "service", "post": "privacy_officer"}
    page = browser.post("/console/user", data=asked).text
    rows = re.findall(r'<span class="tag bad">denied</span>(.*?)</td>', page, re.S)
    assert rows
    assert all(re.search(r"</a>: \w", row) for row in rows)
