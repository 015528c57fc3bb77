# SPDX-License-Identifier: Apache-2.0
"""Invariant 4 over one whole story, by HTTP and by hand: what was planted is seen by whom it may be, and else nowhere.

Users are taken in, searched, looked at, linked to, exported, copied, corrected; agents work with stand-ins; keys are
rotated; the site is backed up, lost, put back; users are erased. Hunted through are all files of the site, the database
with its journal (of a PostgreSQL server all that it wrote, its own log among it), the log lines, the archive, the file
for the recipient, temporary files, and every answer but for what that caller may see of it.
"""

import datetime as dt
import tempfile
import time
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pyrage
import pytest
from agents_house import rules, seated
from api_house import CALLERS
from homes import lose_database
from house import OPERATOR, START, Clock, take_later_acts
from hunt import Book, Desk, Hand, at_the_desk, begun, stored

from keshou.app import clock as clocks
from keshou.app.create import create
from keshou.app.site import Site
from keshou.declaration.model import Declaration, Recipient
from keshou.gate.facts import StaffAppointed
from keshou.language import Text
from keshou.law.terms import ActKind
from keshou.wire.caller import Caller, CallerKind
from planting import Planted
from postgresql import Cluster

ONE, TWO, THREE = "KS-PLANTED-90417", "KS-PLANTED-90533", "KS-PLANTED-90671"
PEOPLE = {
    ONE: {"user_name": "公孙龙子秉甲", "resident_id_number": "990101188107040011", "mobile_number": "15491827364",
          "tariff_plan": "PLANTED-PLAN-271828"},
    TWO: {"user_name": "邹衍谈天子乙", "resident_id_number": "990102188203040029", "mobile_number": "15490817263",
          "tariff_plan": "PLANTED-PLAN-314159"},
    THREE: {"user_name": "惠施五车子丙", "resident_id_number": "990103188309050037", "mobile_number": "15497162534",
            "tariff_plan": "PLANTED-PLAN-577215"},
}  # fmt: skip
RIGHT = {"tariff_plan": "PLANTED-PLAN-161803", "mobile_number": "15498273645", "user_name": "公孙龙子白马"}
"""What is corrected of the first."""
PLAIN = ["tariff_plan"]
"""What a mask leaves as it is."""
PLANTED = [*PEOPLE, *(value for of in PEOPLE.values() for value in of.values()), *RIGHT.values()]
BANK = pyrage.x25519.Identity.generate()
BY, LOOK = {"purpose": "service"}, {"kind": "use", "purpose": "service"}
WHO = {
    "rider": Caller(id="rider1", kind=CallerKind.STAFF, credential="s7", proven_at=START),
    "one": Caller(id="user", kind=CallerKind.USER, user=ONE, credential="s8", proven_at=START),
    "three": Caller(id="user", kind=CallerKind.USER, user=THREE, credential="s9", proven_at=START),
}


def open_rules() -> Declaration:
    """Return rules with an agent that works by stand-ins, a recipient, and a clerk who may provide."""
    found = rules()
    grants = tuple(
        msgspec.structs.replace(each, acts=(*each.acts, ActKind.PROVIDE)) if each.post == "clerk" else each
        for each in found.grants
    )
    bank = Recipient(id="bank", name=Text("银行", "Bank"))
    return msgspec.structs.replace(found, grants=grants, recipients=(bank,))


class Scene:
    """Where the story plays: the site's folder, what lies beside it, and what was answered."""

    def __init__(self, folder: Path, url: str, cluster: Path | None) -> None:
        self.folder, self.cluster, self.since = folder, cluster, begun()
        self.clock, self.book, self.home = Clock(), Book(PLANTED), folder / "site"
        for name in ("given", "handed", "temporary"):
            (folder / name).mkdir()
        create(self.home, START, declaration=OPERATOR.read_text("utf-8"), database=url, language="en")
        take_later_acts(self.home)
        with (self.home / "keshou.toml").open("a") as chosen:
            chosen.write('\n[server]\nmetrics = "key"\n')
        with Site.open(self.home, self.clock) as site:
            site.publish(open_rules(), by="officer")
            site.record_site(*seated(), StaffAppointed(at=START, staff="judge", post="reviewer"), by="officer")
            with site.writing() as tx:
                site.webhooks.subscribe(tx, "https://crm.invalid/hook", (), site.now())
        self.hand = Hand(self.home, self.book)

    def hunt(self) -> list[str]:
        """Hunt in all that is kept and all that was answered up to now."""
        more = [self.folder / "handed", self.folder / "temporary"]
        kept = stored(Planted(PLANTED), self.home, since=self.since, cluster=self.cluster, more=more)
        return [*kept, *self.book.hunt()]


@pytest.fixture(params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A scene on each database, on whose clock the command line goes too."""
    cluster: Cluster | None = request.getfixturevalue("postgresql_cluster") if request.param == "postgresql" else None
    url = request.getfixturevalue("postgresql_url") if cluster else ""
    found = Scene(tmp_path, url, cluster.folder if cluster else None)
    opened = Site.open.__func__  # type: ignore[attr-defined]

    def by_the_scenes_clock(cls: type[Site], home: Any = None, now: Any = None) -> Site:
        return opened(cls, home, partial(now or found.clock))  # type: ignore[no-any-return] # given, and no machine's

    monkeypatch.setattr(Site, "open", classmethod(by_the_scenes_clock))
    monkeypatch.setattr(clocks, "now", found.clock)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return found


def table(*users: str) -> str:
    """Return users as a table that is taken in."""
    items = list(PEOPLE[ONE])
    rows = [",".join((user, *(PEOPLE[user][item] for item in items), "mobile", "service:express")) for user in users]
    return "\n".join((",".join(("user_id", *items, "services", "consents")), *rows, ""))


def of(user: str, *items: str) -> list[str]:
    """Return values of a user."""
    return [PEOPLE[user][item] for item in items or PEOPLE[user]]


def taken_in(scene: Scene, desk: Desk) -> None:
    """Two come by hand, one over HTTP; a table with a fault names nobody."""
    given = scene.folder / "given" / "people.csv"
    given.write_text(table(ONE, TWO), "utf-8")
    scene.hand("import", given, "--by", "clerk1")
    scene.hand("import", given, "--by", "clerk1", status=1)
    sent = desk.post("/api/v1/imports", table(THREE).encode(), "fresh", status=202, kind="text/csv").json()
    for _ in range(600):
        if desk.get(f"/api/v1/imports/{sent['id']}", "fresh").json()["state"] == "done":
            break
        time.sleep(0.05)
    one = {"kind": "use", "user": THREE, "items": ["tariff_plan"], "purpose": "service"}
    desk.post("/api/v1/acts", one, "clerk", sees=of(THREE, "tariff_plan"))


def searched(scene: Scene, desk: Desk) -> None:
    """Whoever may see is answered; whoever may not learns nothing, nor by an agent's stand-in."""
    item, number = "mobile_number", PEOPLE[ONE]["mobile_number"]
    asked = {"item": item, "value": number, "purpose": "service"}
    desk.post("/api/v1/users/searches", asked, "clerk", sees=[ONE, number])
    desk.post("/api/v1/users/searches", asked, "stranger", status=403)
    desk.post("/api/v1/users/searches", asked | {"item": "user_name"}, "clerk", status=422)
    words = ("user", "find", item, "--by", "clerk1", "--purpose", "service")
    scene.hand(*words, stdin=number, sees=[ONE, number])
    scene.hand(*words, stdin="15400000000", status=1)


def looked_at(scene: Scene, desk: Desk) -> str:
    """In full, masked, by an agent's stand-ins, by nobody; return the stand-in of the first one's number."""
    asked = {"user": ONE, "items": list(PEOPLE[ONE]), **BY}
    desk.post("/api/v1/users/standing", asked, "clerk", sees=of(ONE))
    desk.post("/api/v1/users/standing", asked | {"masked": True}, "clerk", sees=of(ONE, *PLAIN))
    desk.post("/api/v1/acts", {"user": ONE, "items": ["tariff_plan"], **LOOK}, "stranger", status=403)
    desk.post("/api/v1/decisions", {"user": ONE, "items": ["tariff_plan"], **LOOK}, "clerk")
    desk.post("/api/v1/acts", {"user": ONE, "items": ["nonsense-" + ONE], **LOOK}, "clerk", status=403)
    words = ("user", "show", TWO, "--by", "clerk1", "--purpose", "service")
    scene.hand(*words, sees=of(TWO))
    scene.hand(*words, "--masked", sees=of(TWO, *PLAIN))
    hidden = {"user": ONE, "items": ["mobile_number", "user_name"], **LOOK}
    stand_in = str(desk.post("/api/v1/acts", hidden, "rider").json()["values"]["mobile_number"])
    found = {"item": "mobile_number", "value": stand_in, "purpose": "service"}
    desk.post("/api/v1/users/searches", found, "rider", sees=[ONE])
    return stand_in


def handed_out(scene: Scene, desk: Desk) -> None:
    """A link is made and opened; a file goes to a recipient, sealed; users and staff take copies."""
    wanted = {"user": ONE, "items": ["tariff_plan"], "purpose": "service", "recipient": "bank", "minutes": 9}
    token = desk.post("/api/v1/links", wanted, "fresh").json()["token"]
    desk.post("/api/v1/links/openings", {"token": token}, "nobody", sees=of(ONE, "tariff_plan"))
    desk.post("/api/v1/links/openings", {"token": token}, "nobody", status=404)
    given = scene.folder / "given"
    (given / "bank.pub").write_text(str(BANK.to_public()))
    (given / "ids").write_text(f"{ONE}\n{TWO}\n")
    scene.hand("recipient", "verify", "bank", given / "bank.pub", "--by", "judge", "--how", "in_person")
    sealed = scene.folder / "handed" / "list.age"
    words = ("export", "--users", given / "ids", "--item", "mobile_number", "--purpose", "service", "--by", "lister")
    scene.hand(*words, "--to", "bank", "--out", sealed)
    opened = pyrage.decrypt(sealed.read_bytes(), [BANK]).decode()
    assert PEOPLE[TWO]["mobile_number"] in opened.replace(" ", "").replace("-", "")
    desk.post("/api/v1/me/copy", {}, "one", sees=[ONE, *of(ONE)])
    for form in ("csv", "pdf"):
        desk.post("/api/v1/me/copy", {"format": form}, "one", sees=[ONE, *of(ONE)], packed=True)
    desk.post("/api/v1/users/copies", {"user": TWO}, "fresh", sees=[TWO, *of(TWO)])
    scene.hand("user", "export", TWO, "-o", given / "copy.json")
    assert TWO in (given / "copy.json").read_text("utf-8")


def corrected(scene: Scene, desk: Desk) -> None:
    """By the user, by staff, by hand; what is wrong in a request is said without it."""
    plan = {"values": {"tariff_plan": RIGHT["tariff_plan"]}, "evidence": "slip-1", **BY}
    place = desk.post("/api/v1/me/corrections", plan, "one").json()["entry"]
    desk.get(f"/api/v1/me/entries/{place}", "one")
    desk.get(f"/api/v1/me/entries/{place}/proof", "one")
    desk.post("/api/v1/me/corrections", plan | {"evidence": RIGHT["user_name"]}, "one", status=400)
    number = {"user": ONE, "values": {"mobile_number": RIGHT["mobile_number"]}, **BY}
    desk.post("/api/v1/users/corrections", number, "clerk")
    desk.post("/api/v1/users/corrections", number | {"purpose": RIGHT["mobile_number"]}, "clerk", status=403)
    words = ("user", "correct", ONE, "--by", "clerk1", "--purpose", "service", "--evidence", "form-2")
    scene.hand(*words, stdin=f"user_name={RIGHT['user_name']}\n")
    scene.hand(*words, stdin=f"{RIGHT['user_name']}\n", status=2)
    asked = {"user": ONE, "items": [*RIGHT], **BY}
    desk.post("/api/v1/users/standing", asked, "clerk", sees=RIGHT.values())


def looked_after(scene: Scene, desk: Desk) -> None:
    """Keys are rotated, the log is audited, counts are told."""
    for level in ("epoch", "data", "index"):
        scene.hand("keys", "rotate", level, "--by", "clerk1")
    scene.hand("ledger", "verify", "--by", "clerk1")
    desk.get("/metrics", "crm")
    desk.get("/api/v1/log", "crm")
    desk.get("/api/v1/log/entries?limit=200", "crm")
    desk.get("/api/v1/no/such/place", "clerk", status=404)


def lost_and_put_back(scene: Scene) -> None:
    """The database is lost; of what the archive has, the values of before the correction are gone."""
    archive = scene.folder / "handed" / "night.age"
    scene.hand("backup", archive, "--by", "clerk1")
    lose_database(scene.home)
    scene.hand("restore", archive, "--accept-older", "--by", "officer", "--reason", "disk-1")
    scene.hand("user", "show", ONE, "--by", "clerk1", "--purpose", "service", "--item", "user_name",
               sees=[RIGHT["user_name"]])  # fmt: skip


def erased(desk: Desk, clock: Clock) -> None:
    """Services end; when the term has run, the user is erased, and nobody finds them any more."""
    desk.post("/api/v1/me/cancellation", {}, "three")
    clock.moment += dt.timedelta(days=800)
    desk.post("/api/v1/users/erasures", {"user": THREE, "items": ["user_name"], **BY}, "late")
    desk.post("/api/v1/acts", {"user": THREE, "items": ["tariff_plan"], **LOOK}, "clerk", status=403)
    wanted = {"item": "mobile_number", "value": PEOPLE[THREE]["mobile_number"], **BY}
    desk.post("/api/v1/users/searches", wanted, "clerk")


def callers(**more: Caller) -> dict[str, Caller]:
    return {**CALLERS, **WHO, **more}


def test_what_was_planted_is_seen_by_whom_it_may_be_and_found_nowhere_else(
    scene: Scene, capfd: pytest.CaptureFixture[str]
) -> None:
    with at_the_desk(scene.home, scene.book, callers(), scene.clock) as (desk, _):
        taken_in(scene, desk)
        searched(scene, desk)
        stand_in = looked_at(scene, desk)
        handed_out(scene, desk)
        corrected(scene, desk)
        looked_after(scene, desk)
        assert scene.hunt() == [], "while the site is open, with all that its database has in its journal"
    lost_and_put_back(scene)
    late = msgspec.structs.replace(CALLERS["fresh"], proven_at=START + dt.timedelta(days=800))
    with at_the_desk(scene.home, scene.book, callers(late=late), scene.clock) as (desk, site):
        erased(desk, scene.clock)
        site.audit(by="clerk1")
    assert scene.hunt() == []
    lines = capfd.readouterr()
    assert '"route":' in lines.err
    assert Planted([*PLANTED, stand_in]).find_in(lines.out + lines.err) == []
    seen = {value for each in scene.book.answers for value in each.sees}
    assert seen == set(PLANTED) - set(unseen()), "the story shows nearly all of it to somebody"


def unseen() -> Collection[str]:
    """Return what nobody was shown in the story."""
    return [THREE, *of(THREE, "user_name", "resident_id_number", "mobile_number")]


def test_the_hunt_finds_what_an_answer_ought_not_to_show() -> None:
    book = Book(PLANTED)
    told = PEOPLE[ONE]["mobile_number"]
    book.note("clerk", "an answer", f"{ONE} {told}".encode(), b"", [ONE], packed=False)
    book.note("clerk", "an address", told.encode(), f"GET /users/{told}".encode(), [told], packed=False)
    assert {each.partition(":")[0] for each in book.hunt()} == {"an answer, to clerk", "an address, to clerk"}
    with pytest.raises(AssertionError, match="was to show"):
        book.note("clerk", "nothing", b"{}", b"", [told], packed=False)


pytestmark = pytest.mark.timeout(300)
