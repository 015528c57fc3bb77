# SPDX-License-Identifier: Apache-2.0
"""Media, exports and links at the console: done once, by who may, told plainly, and nothing of whom in an address."""

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest
from console_client import Browser, client_of, fields
from handing_house import CENTRE, SECRET, SUBSCRIBERS, desk

from keshou.app import backups, exports, sharing
from keshou.app.media import media_of
from keshou.app.site import Site
from keshou.gate.media import Medium
from keshou.handover.table import read
from keshou.ledger.entry import decode
from postgresql import Cluster

MEDIA, EXPORTS, LINKS = "/console/media", "/console/exports", "/console/exports/links"
BOX = {"id": "box-7", "form": "paper", "place": "cellar-2", "holder": "clerk", "sealed": "1", "item.user_name": "1"}
LISTED = {"recipient": CENTRE, "purpose": "marketing", "item.mobile_number": "1", "format": "csv"}
RECORD = {
    "user": SUBSCRIBERS[0], "recipient": CENTRE, "purpose": "portability", "item.mobile_number": "1",
    "where": "east_branch", "minutes": "30", "openings": "2",
}  # fmt: skip


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a site on SQLite that tests take copies of."""
    return desk(tmp_path_factory.mktemp("made") / "site")


@pytest.fixture
def site(
    request: pytest.FixtureRequest, tmp_path: Path, made_once: Path, postgresql_cluster: Cluster
) -> Iterator[Site]:  # fmt: skip
    if getattr(request, "param", "sqlite") == "sqlite":
        with Site.open(shutil.copytree(made_once, tmp_path / "site")) as site:
            yield site
        return
    with (
        postgresql_cluster.database("keshou_handing") as name,
        Site.open(desk(tmp_path / "site", postgresql_cluster.url(name, tcp=True))) as site,
    ):
        yield site


on_both = pytest.mark.parametrize("site", ["sqlite", "postgresql"], indirect=True)


def size(site: Site) -> int:
    with site.reading() as tx:
        return site.ledger.head(tx).size


def send(browser: Browser, page: str, action: str, **form: str) -> Any:
    """Fill in a form of a page and send it twice, as a double click does; return the first answer."""
    given = fields(browser.get(page).text, action) | form
    first, _ = (browser.post(action, data=given) for _ in range(2))
    return first


@on_both
def test_a_medium_is_entered_moved_looked_at_and_destroyed_before_a_witness(site: Site) -> None:
    officer = client_of(site, "officer")
    assert "box-7" not in officer.get(MEDIA).text
    before = size(site)
    assert send(officer, MEDIA, MEDIA, **BOX).headers["location"] == f"{MEDIA}/box-7"
    assert size(site) == before + 1, "pressed twice it is written once"
    page = f"{MEDIA}/box-7"
    send(officer, page, f"{page}/moves", place="cellar-3", holder="care")
    send(officer, page, f"{page}/checks", found="seal_broken")
    refused = officer.post(
        f"{page}/destruction", data=fields(officer.get(page).text, f"{page}/destruction")
        | {"manner": "burnt", "witness": "officer"},
    )  # fmt: skip
    assert refused.status_code == 422
    assert "Nobody is the witness of what they do themselves" in refused.text
    send(officer, page, f"{page}/destruction", manner="burnt", witness="second")
    medium: Medium = media_of(site)["box-7"]
    assert (medium.place, medium.holder, medium.sealed, medium.destroyed is not None) == (
        "cellar-3",
        "care",
        False,
        True,
    )
    assert len(medium.history) == 4
    assert "box-7" not in officer.get(MEDIA).text
    assert "box-7" in officer.get(f"{MEDIA}?every=all").text
    assert "<form" not in officer.get(page).text.partition("<h1")[2].partition("<footer")[0]


@pytest.mark.parametrize(
    "wrong", [{"form": "backup"}, {"form": "clay"}, {"id": "the box"}, {"until": "2026-13-01"}, {"item.shoes": "1"}]
)
def test_what_is_no_medium_is_not_entered(site: Site, wrong: dict[str, str]) -> None:
    officer = client_of(site, "officer")
    before = size(site)
    assert send(officer, MEDIA, MEDIA, **BOX | wrong).status_code == 422
    assert size(site) == before


def test_a_backup_asked_for_at_the_console_enters_itself(site: Site) -> None:
    officer = client_of(site, "officer")
    send(officer, MEDIA, "/console/backups", place="safe-1")
    until = time.monotonic() + 60
    while backups.every(site)[0].state == "making" and time.monotonic() < until:
        time.sleep(0.05)
    (job,) = backups.every(site)
    assert (job.state, job.by, media_of(site)[job.medium].place) == ("made", "officer", "safe-1")
    assert f"{MEDIA}/{job.medium}" in officer.get(MEDIA).text
    page = f"{MEDIA}/{job.medium}"
    assert send(officer, page, f"{page}/destruction", manner="deleted", witness="second").status_code == 303
    assert backups.is_removed(site, job.medium)
    assert list(backups.folder(site).iterdir()) == [], "what is on record as destroyed lies here no longer"


def export(browser: Browser, count: int, **more: str) -> Any:
    return send(browser, EXPORTS, EXPORTS, users="\n".join([*SUBSCRIBERS[:count], "", SUBSCRIBERS[0]]), **LISTED | more)


@on_both
def test_a_list_waits_for_another_person_and_its_file_is_taken_by_who_asked(site: Site) -> None:
    analyst, reviewer = client_of(site, "analyst"), client_of(site, "second")
    assert export(analyst, 12).headers["location"] == EXPORTS
    (order,) = exports.every(site)
    assert (order.state, order.wanted.count) == ("waiting", 12)
    assert analyst.post(f"{EXPORTS}/{order.id}/making").status_code == 422
    reviews = "/console/reviews"
    answered = fields(reviewer.get(reviews).text, f"{reviews}/{order.wanted.review}") | {"answer": "approve"}
    assert reviewer.post(f"{reviews}/{order.wanted.review}", data=answered).status_code == 303
    assert "Make it now" in analyst.get(EXPORTS).text
    for _ in range(2):
        assert analyst.post(f"{EXPORTS}/{order.id}/making").headers["location"] == EXPORTS
    made = exports.find(site, order.id)
    assert made is not None
    file = analyst.get(f"{EXPORTS}/{order.id}/file")
    assert file.headers["content-disposition"] == f'attachment; filename="{made.name}"'
    assert len(read(pyrage.decrypt(file.content, [SECRET]))) == 1 + made.made
    assert analyst.get(f"{EXPORTS}/{order.id}/signature").content == made.signature
    assert reviewer.get(f"{EXPORTS}/{order.id}/file").status_code == 404
    assert f"/console/acts/{made.entry}" in client_of(site, "officer").get(EXPORTS).text


def test_what_may_not_go_out_is_told_with_its_articles_and_what_was_typed_wrong_is_still_there(site: Site) -> None:
    analyst = client_of(site, "analyst")
    denied = send(analyst, EXPORTS, EXPORTS, users=SUBSCRIBERS[0], **LISTED | {"purpose": "portability"})
    assert denied.status_code == 403
    assert "miit24" in denied.text
    assert f">\n{SUBSCRIBERS[0]}\n</textarea>" in denied.text or f">\n{SUBSCRIBERS[0]}</textarea>" in denied.text
    assert denied.text.count(SUBSCRIBERS[0]) == 1, "whose it is stands nowhere but where it was typed"
    assert '<option value="portability" selected>' in denied.text
    (order,) = exports.every(site)
    assert (order.state, order.entry) == ("denied", size(site) - 1)
    wrong = send(analyst, EXPORTS, EXPORTS, users="<b>𠮷</b>\n䶮", recipient=CENTRE, purpose="")
    assert wrong.status_code == 422
    assert "&lt;b&gt;𠮷&lt;/b&gt;\n䶮</textarea>" in wrong.text
    assert re.search(rf'<option value="{CENTRE}" selected>', wrong.text)
    assert len(exports.every(site)) == 1


def test_an_export_of_nobody_says_under_which_articles_and_of_how_many(site: Site) -> None:
    analyst = client_of(site, "analyst")
    send(analyst, EXPORTS, EXPORTS, users="KS-nobody-1\nKS-nobody-2", **LISTED)
    (order,) = exports.every(site)
    assert order.state == "nobody"
    assert order.refused["miit24:9.2"] == 2
    page = analyst.get(EXPORTS).text
    card = page[page.index(f'id="k-{order.id}"') :]
    card = card[: card.index("</article>")]
    for cite in order.refused:
        assert re.search(rf'<a href="/law/[^"]*#a{re.escape(cite.partition(":")[2])}">[^<]*</a> · 2 users', card), cite
    assert "check the ids" in card


def test_a_line_that_can_be_no_id_exports_nothing_and_is_named(site: Site) -> None:
    analyst = client_of(site, "analyst")
    refused = send(analyst, EXPORTS, EXPORTS, users=f"{SUBSCRIBERS[0]}\na\tb", **LISTED)
    assert refused.status_code == 422
    assert "<li><code>a\tb</code></li>" in refused.text
    assert f"{SUBSCRIBERS[0]}\na\tb</textarea>" in refused.text
    assert exports.every(site) == []


def test_a_key_is_written_down_by_who_verified_it_who_then_exports_nothing_to_it(site: Site) -> None:
    analyst = client_of(site, "analyst")
    action, public = f"{EXPORTS}/keys/{CENTRE}", str(pyrage.x25519.Identity.generate().to_public())
    forms = re.findall(r'name="key" value="([^"]*-key-1)"', analyst.get(EXPORTS).text)
    for key, given in ((forms[0], str(SECRET)), (forms[0] + "2", public)):
        analyst.post(action, data={"key": key, "public": given, "how": "called_back"})
    held = site.state().keys[CENTRE]
    assert (held.key, held.verified_by) == (public, "analyst")
    refused = export(analyst, 2)
    assert refused.status_code == 422
    assert "Whoever verified the recipient" in refused.text
    send(analyst, EXPORTS, action, end="1")
    assert CENTRE not in site.state().keys


@on_both
def test_a_link_is_made_once_shown_once_counted_and_ended(site: Site) -> None:
    clerk = client_of(site, "clerk")
    made = send(clerk, LINKS, LINKS, **RECORD)
    assert made.status_code == 200, made.text
    token = re.search(r"<code>(kl_[^<]+)</code>", made.text)
    assert token is not None
    (link,) = sharing.made_by(site)
    page = clerk.get(LINKS).text
    assert token[1] not in page
    assert SUBSCRIBERS[0] not in page
    opened = sharing.open_link(site, token[1])
    assert opened is not None
    assert opened.done.values
    assert "1 of 2" in clerk.get(LINKS).text
    send(clerk, LINKS, f"{LINKS}/{link.id}")
    assert sharing.open_link(site, token[1]) is None
    with site.reading() as tx:
        assert decode(site.ledger.entry(tx, size(site) - 1)).event == "fact:link_revoked"
    again = client_of(site, "care")
    assert again.post(f"{LINKS}/{link.id}", data={"key": "k"}).status_code == 404


def test_a_link_that_may_not_be_is_not_made(site: Site) -> None:
    clerk = client_of(site, "clerk")
    for changed, status in (({"purpose": "marketing"}, 403), ({"minutes": "x"}, 422), ({"openings": "101"}, 422)):
        answer = send(clerk, LINKS, LINKS, **RECORD | changed)
        assert answer.status_code == status
        assert answer.text.count(SUBSCRIBERS[0]) == 1, "what was typed is there to be mended, and nowhere else"
    assert sharing.made_by(site) == []


@pytest.mark.parametrize(
    ("account", "open_", "barred"),
    [
        ("clerk", [EXPORTS, LINKS], [MEDIA]), ("auditor", [EXPORTS, LINKS, MEDIA], []),
        ("inspector", [], [EXPORTS, LINKS, MEDIA]), ("network", [EXPORTS], [MEDIA]),
    ],
)  # fmt: skip
def test_each_is_led_to_what_their_posts_are_for(site: Site, account: str, open_: list[str], barred: list[str]) -> None:
    browser = client_of(site, account)
    ways = browser.get("/console").text
    for path in open_:
        assert browser.get(path).status_code == 200, path
    for path in barred:
        assert browser.get(path).status_code == 403, path
        assert f'href="{path}"' not in ways
    if account == "auditor":
        assert 'action="/console/backups"' not in browser.get(MEDIA).text
        assert browser.post("/console/backups", data={"key": "k"}).status_code == 403
