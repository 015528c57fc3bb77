# SPDX-License-Identifier: Apache-2.0
"""Entries of the log read as sentences, in both languages: who, what, which, for what; and never a name of staff."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from house import START

from keshou.app.user_history import Happening
from keshou.cli.setup import sample_declaration
from keshou.db import to_micros
from keshou.declaration.model import Declaration, Published
from keshou.gate import facts as f
from keshou.language import Language
from keshou.law.load import load
from keshou.law.terms import ActKind, ConsentStrength
from keshou.ledger.entry import Header, fact_json
from keshou.web.frame.catalog import Words, catalog
from keshou.web.portal.story import DID, Names, Story, fact, story

LAW = load()
DECLARED = msgspec.convert(tomllib.loads(sample_declaration()), Declaration)
RULES: Mapping[int, Published] = {1: Published(1, "0" * 64, START, DECLARED, notice_complete=True)}


def names(language: Language) -> Names:
    words = Words(catalog("keshou.web.frame", "keshou.web.portal"), language)
    return Names(RULES, LAW, language, words)


def told(language: Language = "en", *facts: f.UserFact, post: str = "", **header: Any) -> Story:
    whole = {"t": to_micros(START), "event": "use", "who": "x9", "purpose": "service", "items": ("tariff_plan",)}
    return story(Happening(7, Header(**whole | header), post, facts), names(language))


def plain(text: object) -> str:
    return re.sub("<[^>]*>", "", str(text))


def test_what_was_done_says_which_post_did_it_with_what_and_what_for() -> None:
    found = told(post="counter_clerk", where="east_branch", decision="permit")
    assert plain(found.told[0]) == (
        "The post “Counter clerk” used Brand and tariff plan, for “Opening and providing communications service”"
    )
    assert [plain(each) for each in found.more] == ["Where: East branch."]
    assert (found.refused, found.cites, found.entry, found.when) == (False, [], 7, START)
    assert "x9" not in str(found)


def test_what_an_agent_did_says_whose_agent_it_is() -> None:
    found = plain(told(post="shop_clerk").told[0])
    assert found.startswith("Our agent West Side Telephone Shop (“Clerk of the partner shop”) used")


def test_what_was_given_to_somebody_says_to_whom() -> None:
    found = told("zh", event="provide", recipient="portability_centre", purpose="portability", post="counter_clerk")
    assert plain(found.told[0]).endswith("提供给示例携号转网集中管理中心")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", list(ActKind))
def test_every_kind_of_act_reads_as_a_sentence_done_or_refused(kind: ActKind, language: Language) -> None:
    done = plain(told(language, event=kind.value, who="user").told[0])
    refused = told(language, event=kind.value, decision="deny", cites=("miit24:9.1", "miit24:13.1.3"))
    assert DID[kind].in_(language) in done
    assert done.startswith("您本人" if language == "zh" else "You ")
    assert ("被拒绝" if language == "zh" else "was refused") in plain(refused.told[0])
    assert [path for _, path in refused.cites] == ["/law/miit24#a9.1", "/law/miit24#a13.1.3"]


def test_what_was_done_for_many_at_once_says_so_and_whether_some_were_refused() -> None:
    whole = told(event="export", count=12, fact=fact_json({"denied": {}}))
    some = told(event="export", count=12, fact=fact_json({"denied": {"miit24:9.1": 3}}))
    assert [plain(each) for each in whole.more] == ["Done for 12 users at once."]
    assert [plain(each) for each in some.more] == ["For some of those asked for it was refused, perhaps for you."]
    assert plain(some.told[0]).endswith("whether of you is not on record")
    assert not some.refused


def test_what_was_refused_of_one_of_many_is_told_as_refused_and_under_what() -> None:
    header = Header(
        t=to_micros(START), event="destroy", who="x9", purpose="service", items=("tariff_plan",), count=12,
        cites=("miit24:13.1.3",), decision="permit", keys=("k1",),
        fact=fact_json({"denied": {"miit24:10": 3}}),
    )  # fmt: skip
    refused, done = (story(Happening(7, header, "", (), each), names("en")) for each in (("miit24:10",), ()))
    assert "was refused" in plain(refused.told[0])
    assert (refused.refused, [path for _, path in refused.cites], refused.more) == (True, ["/law/miit24#a10"], [])
    assert "destroyed" in plain(done.told[0])
    assert plain(done.more[0]) == "Done for 12 users at once."
    assert not done.refused


def test_what_nobody_declared_is_named_as_such_and_not_by_its_token() -> None:
    found = told(purpose="?0123456789abcdef", items=("?fedcba9876543210",))
    assert plain(found.told[0]).count("something that the rules do not name") == 2
    assert "?" not in plain(found.told[0])


FACTS = [
    f.NoticeShown(at=START, version=1, digest="0" * 64),
    f.ConsentGiven(at=START, purpose="care", version=1, strength=ConsentStrength.EXPRESS),
    f.ConsentGiven(at=START, purpose="care", version=1, strength=ConsentStrength.EXPRESS, items=frozenset({"bill"})),
    f.ConsentGiven(at=START, purpose="care", version=1, strength=ConsentStrength.TACIT),
    f.ConsentGiven(at=START, purpose="care", version=1, strength=ConsentStrength.GUARDIAN),
    f.ConsentWithdrawn(at=START, purpose="care"),
    f.ConsentWithdrawn(at=START, purpose="care", items=frozenset({"bill"})),
    f.ConsentVoided(at=START, purpose="care", because="deceit"),
    f.MessagesRequested(at=START),
    f.MessagesRefused(at=START),
    f.ServiceStarted(at=START, service="mobile"),
    f.ServiceEnded(at=START, service="mobile"),
    f.CapacityLimited(at=START),
    f.CapacityFull(at=START),
    f.Corrected(at=START, purpose="care", items=frozenset({"bill"}), evidence="slip-7"),
    f.Erased(at=START),
]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_fact_reads_as_a_sentence_of_its_own(language: Language) -> None:
    said = [plain(fact(each, names(language))) for each in FACTS]
    assert len(set(said)) == len(FACTS)
    assert {type(each) for each in FACTS} == set(f.UserFact.__subclasses__())


def test_what_somebody_else_wrote_down_of_a_user_says_who_did() -> None:
    noted = told("en", f.MessagesRefused(at=START), event="fact:messages_refused", post="care_agent")
    own = told("en", f.MessagesRefused(at=START), event="fact:messages_refused", who="user")
    assert [plain(each) for each in noted.told] == ["You refused commercial messages"]
    assert plain(noted.more[0]).startswith("Written down: The post")
    assert own.more == []


def test_words_of_a_declaration_are_text_in_a_sentence_whatever_they_say() -> None:
    given = tomllib.loads(sample_declaration())
    given["purposes"][1]["name"] = {"zh": "<b>{who}</b>", "en": "<b>{who}</b>"}
    rules = {1: RULES[1], 2: Published(2, "1" * 64, START, msgspec.convert(given, Declaration), notice_complete=True)}
    words = Words(catalog("keshou.web.frame", "keshou.web.portal"), "en")
    header = Header(t=1, event="use", who="user", purpose="service", items=("tariff_plan",))
    found = story(Happening(1, header, "", ()), Names(rules, LAW, "en", words)).told[0]
    assert "<b>" not in found
    assert "&lt;b&gt;{who}&lt;/b&gt;" in found
