# SPDX-License-Identifier: Apache-2.0
"""The small operator's site served with users' pages, and users who sit down at a browser and sign in there."""

from collections.abc import Mapping
from pathlib import Path

from browser import Reader
from house import newcomer
from own_house import WHSEC, last_code
from places import begin
from playwright.sync_api import Page
from receivers import Receiver

from keshou.app.site import Site
from keshou.gate.act import Act
from keshou.language import Language
from keshou.law.terms import ActKind
from keshou.web.caller import PLAIN_COOKIE
from keshou.web.frame.catalog import Words, catalog

VISITS = """
[visits]
by = "clerk1"
purpose = "service"
codes_per_hour = 1000
codes_per_day = 1000
codes_per_source = 1000
codes_per_source_day = 1000
visits = 1000

[visits.hook]
url = "{url}"
secret_file = "keys/gateway.secret"
"""


def words(language: Language) -> Words:
    """Return the words of the users' pages."""
    return Words(catalog("keshou.web.frame", "keshou.web.portal"), language)


def own_home(home: Path, gateway: str, database: str = "", users: int = 0) -> Path:
    """Make a site with the users ``u0`` to ``u<users - 1>``, which sends its codes to `gateway`."""
    with begin(home, database, users, rate="10000/minute", rate_unknown="10000/minute", rate_pages="10000/minute"):
        pass
    secret = home / "keys" / "gateway.secret"
    secret.write_bytes(WHSEC)
    secret.chmod(0o600)
    with (home / "keshou.toml").open("a") as settings:
        settings.write(VISITS.format(url=gateway))
    return home


def take_in(home: Path, user: str, values: Mapping[str, str], uses: int = 0) -> None:
    """Take a further user in, and use what is held of them some times."""
    with Site.open(home) as site:
        site.do(newcomer(site, user, dict(values)))
        for _ in range(uses):
            site.perform(act_of(site, user))


def act_of(site: Site, user: str) -> Act:
    """Return an act of use by the clerk, just now."""
    items = frozenset({"tariff_plan"})
    return Act(kind=ActKind.USE, user=user, items=items, purpose="service", by="clerk1", when=site.now())


def sign_in(page: Page, gateway: Receiver, t: Words, user: str) -> None:
    """Fill in who one is on the page that asks for it, and the code that comes."""
    before = len(gateway.told)
    by_user(page, t, user)
    page.get_by_label(str(t("code.code"))).fill(last_code(gateway, before + 1))
    page.get_by_role("button", name=str(t("code.do")), exact=True).click()


def by_user(page: Page, t: Words, user: str) -> None:
    """Ask for a code by the user's number with the operator, where that form may still be folded."""
    field = page.get_by_label(str(t("in.user")))
    if not field.is_visible():
        page.locator("#k-by-user").click()
    field.fill(user)
    page.locator("details").get_by_role("button", name=str(t("in.send"))).click()


def seat(reader: Reader, home: Path, user: str) -> None:
    """Let a reader be signed in as `user` without a code."""
    reader.page.goto(f"{reader.url}/contact")
    browser = reader.page.evaluate("navigator.userAgent")
    with Site.open(home) as site, site.writing() as tx:
        started = site.visits.start(tx, user, site.now())
        token = site.visits.redeem(tx, started.ticket, started.code or "", browser, site.now())
    assert token is not None
    reader.page.context.add_cookies([{"name": PLAIN_COOKIE, "value": token, "url": reader.url}])
