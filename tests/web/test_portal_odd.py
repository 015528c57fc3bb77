# SPDX-License-Identifier: Apache-2.0
"""Whatever a form or an address says, a user's page answers it, breaks in nothing and changes nobody else."""

import random
from pathlib import Path
from urllib.parse import quote

from house import Clock
from own_house import Browser, browsing, house
from receivers import receiving

from keshou.app.user_view import user_view
from keshou.db import Database

ODD = [
    "", "a", "u1", "u2", "sms", "mail", "yes", "no", "agree", "withdraw", "service", "marketing", "1", "0", "-1",
    "9" * 20, "\x00", "\u2028", "𠮷", "x" * 5000, "<script>", "../..", "json", "page", "mobile", "tariff_plan", "%00",
    "é" * 300, "vs_x", "a.b.c", "true", "None", "{{7*7}}", "' OR 1=1 --",
]  # fmt: skip
NAMES = [
    "key", "mark", "item", "purpose", "choice", "version", "wanted", "value", "kind", "service", "meant", "visit",
    "ticket", "code", "user", "channel", "to", "kept", "token",
]  # fmt: skip
FORMS = [
    "/me/held", "/me/consents", "/me/messages", "/me/correct/tariff_plan", "/me/correct/x", "/me/copy", "/me/end",
    "/me/visits", "/me/sign-in", "/me/sign-in/code", "/me/enter", "/me/erase",
]  # fmt: skip
ADDRESSES = [
    "/me?told={}",
    "/me/history?before={}",
    "/me/sign-in?to={}",
    "/me/correct/{}",
    "/me/{}",
    "/me/held?late={}",
]
TRIES = 150
EXPECTED = {200, 303, 400, 401, 403, 404, 409}


def test_whatever_is_sent_is_answered_and_touches_nobody_else(database: Database, tmp_path: Path) -> None:
    chance = random.Random(19)
    with receiving() as gateway, house(database, tmp_path, Clock(), gateway) as site:
        other = user_view(site, "u2")
        with browsing(site, gateway) as browser:
            for number in range(TRIES):
                if number % 20 == 0:
                    browser.enter("u1", site)
                told = sent(browser, chance, number)
                assert told[1] in EXPECTED, told
        found = user_view(site, "u2")
    assert other is not None
    assert found is not None
    assert (found.standing, found.held) == (other.standing, other.held)


def sent(browser: Browser, chance: random.Random, number: int) -> tuple[str, int]:
    """Send something odd; return where to, and the status of the answer."""
    if chance.random() < 0.3:
        address = chance.choice(ADDRESSES).format(quote(chance.choice(ODD)[:300], safe=""))
        return address, int(browser.client.get(address, follow_redirects=False).status_code)
    path = chance.choice(FORMS)
    fields = {name: chance.choice(ODD) for name in chance.sample(NAMES, chance.randint(0, 12))}
    if chance.random() < 0.8:
        fields["key"] = f"k{number}"
    return f"{path} {sorted(fields)}", int(browser.client.post(path, data=fields, follow_redirects=False).status_code)
