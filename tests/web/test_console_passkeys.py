# SPDX-License-Identifier: Apache-2.0
"""Staff make a passkey, sign in and prove themselves by it, in a real browser whose authenticator is a virtual one."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import places
import pytest
from browser import Reader, chromium, reading
from console_house import PASSWORD, build
from playwright.sync_api import expect


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """Give a reader with an authenticator, at a server with a host's name, whose every proof is too old at once."""
    port = places.free_port()
    monkeypatch.setattr(places, "free_port", lambda: port)
    home = build(tmp_path / "site", users=0, second=True, url=f"http://localhost:{port}")
    with (
        places.serving(home, application=places.SERVER),
        chromium() as browser,
        reading(browser, f"http://localhost:{port}", "en") as reader,
    ):
        yield reader


def device(reader: Reader) -> Any:
    """Put an authenticator into the browser."""
    session = reader.page.context.new_cdp_session(reader.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def test_a_passkey_is_made_and_then_signs_in_where_somebody_was_going(reader: Reader) -> None:
    device(reader)
    page = reader.go("/console/sign-in?to=/console/reviews")
    page.locator("[name=account]").fill("reviewer")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("button.main").click()
    assert reader.path().startswith("/console/second-factor?to=")
    page.locator("[data-passkey=make]").click()
    page.wait_for_url(re.compile(r"^[^?]*/console/reviews$"))
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to the console")  # else going on breaks it off
    reader.go("/console/reviews")
    page.locator("[data-passkey=sign-in]").click()
    page.wait_for_url(re.compile(r"^[^?]*/console/reviews$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Reviews of bulk acts")
    reader.go("/console/proof?to=/console/me")
    page.locator("[data-passkey=proof]").click()
    page.wait_for_url(re.compile(r"^[^?]*/console/me$"))
    assert reader.faults == []
