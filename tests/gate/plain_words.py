# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501, ISC004 - a table of sentences reads best with a sentence a line
"""Facts and acts in plain words -> values; what the words may be is told in tests/cases/README.md."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any

from keshou.declaration.model import Published
from keshou.gate import facts as f
from keshou.gate.act import Act
from keshou.gate.holds import HoldLifted, HoldSet
from keshou.law.terms import ActKind, ConsentStrength, RetentionClass

BEIJING = dt.timezone(dt.timedelta(hours=8))
USUAL_DAY = "2026-01-05"
FOREVER = dt.datetime(2090, 1, 1, tzinfo=dt.UTC)
STRENGTHS = {
    "tacitly": ConsentStrength.TACIT,
    "through a guardian": ConsentStrength.GUARDIAN,
    None: ConsentStrength.EXPRESS,
}
VERBS = {"copies": ActKind.COPY, "queries": ActKind.QUERY} | {f"{kind}s": kind for kind in ActKind}

Fact = f.UserFact | f.SiteFact


def moment(text: str) -> dt.datetime:
    """Read ``2026-03-02`` or ``2026-03-02 10:00``, Beijing time."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=BEIJING).astimezone(dt.UTC)


def items(text: str | None) -> frozenset[str]:
    return frozenset() if text in {None, "nothing"} else frozenset(re.split(r", ", text))


def kinds(text: str) -> frozenset[ActKind]:
    return frozenset() if text == "everything" else frozenset(map(ActKind, text.split(", ")))


def digest(how: str, version: str) -> str:
    return f"digest of the {how.strip() if how.strip() == 'forged' else 'true'} text of version {version}"


def published(version: Published, how: str) -> Published:
    """Return a version with the digest the words speak of; ``incomplete`` means its notice is."""
    return Published(
        version.version, digest("", str(version.version)), version.effective, version.declaration, how != "incomplete"
    )


def _rules(at: dt.datetime, g: Mapping[str, str]) -> f.RulesPublished:
    effective = moment(g["effective"]) if g["effective"] else at
    return f.RulesPublished(
        at=at, version=int(g["version"]), digest=digest(g["how"] or "", g["version"]), effective=effective
    )


def _consent(at: dt.datetime, g: Mapping[str, str]) -> f.ConsentGiven:
    return f.ConsentGiven(
        at=at,
        purpose=g["purpose"],
        version=int(g["version"] or 1),
        strength=STRENGTHS[g["how"]],
        items=items(g["items"]),
    )


def _review(at: dt.datetime, g: Mapping[str, str]) -> f.ReviewApproved:
    return f.ReviewApproved(
        at=at, review=g["review"], requester=g["requester"], reviewer=g["reviewer"], kind=ActKind(g["kind"]),
        purpose=g["purpose"], items=items(g["items"]), count=int(g["count"]), until=until(g) or FOREVER,
    )  # fmt: skip


def _ground(at: dt.datetime, g: Mapping[str, str]) -> f.GroundRecorded:
    return f.GroundRecorded(
        at=at, ground=g["ground"], cite=g["cite"], rank=g["rank"], recorded_by="ou", kinds=kinds(g["kind"]),
        purposes=frozenset({g["purpose"]}), items=items(g["items"]), until=until(g) or FOREVER,
        users=frozenset({g["user"]} - {None}), recipient=g["recipient"] or "",
    )  # fmt: skip


def _hold(at: dt.datetime, g: Mapping[str, str]) -> HoldSet:
    return HoldSet(
        at=at, hold=g["hold"], ground="case", document="d1", by="ou", until=until(g), items=items(g["items"]),
        classes=frozenset({RetentionClass(g["class"])} if g["class"] else ()),
        users=frozenset({g["user"]} - {"everybody"}),
    )  # fmt: skip


def until(g: Mapping[str, str]) -> dt.datetime | None:
    return moment(g["until"]) if g["until"] else None


_LIST = r"(?P<items>\w+(, \w+)*)"
_UNTIL = r"( until (?P<until>[\d :-]+))?"

FACTS: list[tuple[str, Callable[[dt.datetime, Mapping[str, str]], Fact]]] = [
    (r"(a |an )?(?P<how>forged |incomplete )?version (?P<version>\d+) is published(, effective (?P<effective>[\d :-]+))?", _rules),
    (r"(?P<user>\w+) is shown (the rules of|a) (?P<how>forged )?version (?P<version>\d+)",
     lambda at, g: f.NoticeShown(at=at, version=int(g["version"]), digest=digest(g["how"] or "", g["version"]))),
    (r"(?P<user>\w+) agrees to (?P<purpose>\w+)( under version (?P<version>\d+))?"
     rf"( (?P<how>tacitly|through a guardian))?( for items {_LIST})?", _consent),
    (rf"(?P<user>\w+) withdraws from (?P<purpose>\w+)( for items {_LIST})?",
     lambda at, g: f.ConsentWithdrawn(at=at, purpose=g["purpose"], items=items(g["items"]))),
    (r"(?P<user>\w+)'s consent to (?P<purpose>\w+) was had by (?P<how>deceit|misleading|coercion)",
     lambda at, g: f.ConsentVoided(at=at, purpose=g["purpose"], because=g["how"])),
    (r"(?P<user>\w+) asks for messages", lambda at, g: f.MessagesRequested(at=at)),
    (r"(?P<user>\w+) refuses messages", lambda at, g: f.MessagesRefused(at=at)),
    (r"(?P<user>\w+) starts (?P<service>\w+)", lambda at, g: f.ServiceStarted(at=at, service=g["service"])),
    (r"(?P<user>\w+) stops (?P<service>\w+)", lambda at, g: f.ServiceEnded(at=at, service=g["service"])),
    (r"(?P<user>\w+) is a minor", lambda at, g: f.CapacityLimited(at=at)),
    (r"(?P<user>\w+) comes of age", lambda at, g: f.CapacityFull(at=at)),
    (r"(?P<user>\w+) is erased", lambda at, g: f.Erased(at=at)),
    (rf"(?P<staff>\w+) takes the post (?P<post>\w+)( in (?P<branch>\w+))?{_UNTIL}",
     lambda at, g: f.StaffAppointed(at=at, staff=g["staff"], post=g["post"], branch=g["branch"] or "", until=until(g))),
    (r"(?P<staff>\w+) leaves the post (?P<post>\w+)", lambda at, g: f.StaffRemoved(at=at, staff=g["staff"], post=g["post"])),
    (r"(?P<staff>\w+) leaves for good", lambda at, g: f.StaffLeft(at=at, staff=g["staff"])),
    (rf"(?P<by>\w+) confirms (?P<staff>\w+) as (?P<post>\w+){_UNTIL}",
     lambda at, g: f.AccessConfirmed(at=at, staff=g["staff"], post=g["post"], by=g["by"], until=until(g) or FOREVER)),
    (rf"(?P<staff>\w+) opens emergency (?P<id>\w+) as (?P<post>\w+) for (?P<reason>\w+){_UNTIL}",
     lambda at, g: f.EmergencyOpened(at=at, emergency=g["id"], staff=g["staff"], post=g["post"], reason=g["reason"],
                                     case="case", until=until(g) or FOREVER)),
    (r"(?P<by>\w+) reviews emergency (?P<id>\w+) as (?P<found>justified|unjustified)",
     lambda at, g: f.EmergencyReviewed(at=at, emergency=g["id"], by=g["by"], found=g["found"])),
    (r"agent (?P<agent>\w+) is found unfit", lambda at, g: f.AgentSuspended(at=at, agent=g["agent"])),
    (r"agent (?P<agent>\w+) is found fit", lambda at, g: f.AgentReinstated(at=at, agent=g["agent"])),
    (r"(?P<reviewer>\w+) approves review (?P<review>\w+) of (?P<requester>\w+): (?P<kind>\w+) of (?P<count>\d+) users' "
     rf"{_LIST} for (?P<purpose>\w+){_UNTIL}", _review),
    (r"review (?P<review>\w+) is used", lambda at, g: f.ReviewUsed(at=at, review=g["review"])),
    (r"the authority suspends (?P<kinds>\w+(, \w+)*)( for (?P<purpose>\w+))? as (?P<name>\w+)",
     lambda at, g: f.SuspensionOrdered(at=at, suspension=g["name"], kinds=kinds(g["kinds"]), purposes=items(g["purpose"]))),
    (r"the authority lifts (?P<name>\w+)", lambda at, g: f.SuspensionLifted(at=at, suspension=g["name"])),
    (rf"ground (?P<ground>\w+) in (?P<cite>[\w:.]+) \((?P<rank>\w+)\) lets (?P<kind>\w+) of {_LIST} for (?P<purpose>\w+)"
     rf"( of (?P<user>\w+))?( to (?P<recipient>\w+))?{_UNTIL}", _ground),
    (rf"hold (?P<hold>\w+) keeps (everything|(?P<class>\w+) information|{_LIST}) of (?P<user>\w+){_UNTIL}", _hold),
    (r"hold (?P<hold>\w+) is lifted", lambda at, g: HoldLifted(at=at, hold=g["hold"], by="ou", reason="closed")),
    (r"ground (?P<ground>\w+) ends", lambda at, g: f.GroundEnded(at=at, ground=g["ground"])),
]  # fmt: skip

_ACT = re.compile(
    rf"(?P<by>\w+) (?P<verb>\w+) {_LIST} for (?P<purpose>\w+) of (?P<user>\w+)"
    r"(, at (?P<where>\w+))?(, as (?P<post>\w+))?(, to (?P<recipient>\w+))?(, (?P<count>\d+) users)?"
    r"(, after (?P<so_far>\d+) more)?"
    r"(, under review (?P<review>\w+))?(, on ground (?P<ground>\w+))?"
)


def read_fact(sentence: str) -> tuple[str, Fact]:
    """Read one sentence into the user it is about (empty: the operator) and the fact."""
    dated = re.fullmatch(r"(on (?P<at>[\d-]+( \d\d:\d\d)?): )?(?P<rest>.*)", sentence)
    assert dated
    at = moment(dated["at"] or USUAL_DAY)
    for pattern, make in FACTS:
        if found := re.fullmatch(pattern, dated["rest"]):
            fact = make(at, found.groupdict())
            return (found["user"] if isinstance(fact, f.UserFact) else ""), fact
    message = f"no words for: {sentence}"
    raise AssertionError(message)


def read_act(sentence: str, when: str) -> Act:
    """Read one act; ``nobody`` stands for no user named."""
    found = _ACT.fullmatch(sentence)
    assert found, f"no words for: {sentence}"
    g: dict[str, Any] = found.groupdict()
    rest = {name: g[name] or "" for name in ("where", "post", "recipient", "review", "ground")}
    user = "" if g["user"] == "nobody" else g["user"]
    return Act(
        kind=VERBS[g["verb"]], user=user, items=items(g["items"]), purpose=g["purpose"], by=g["by"],
        when=moment(when), count=int(g["count"] or 1), so_far=int(g["so_far"] or 0), **rest,
    )  # fmt: skip
