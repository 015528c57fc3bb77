# SPDX-License-Identifier: Apache-2.0
import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from declarations import BASE

from keshou.declaration.canonical import digest
from keshou.declaration.load import read
from keshou.declaration.model import Contact, Published
from keshou.declaration.notice import notice_complete
from keshou.declaration.render import render, render_text
from keshou.declaration.wording import WORDS
from keshou.language import Text
from keshou.law.load import load

SAMPLE = read((Path(__file__).parents[2] / "src/keshou/cli/sample/operator.toml").read_bytes()).declaration
EVIL = "<script>alert('x')</script>&\"{{ 7*7 }}"
change = msgspec.structs.replace


def publish(declaration):
    return Published(3, digest(declaration), declaration.effective, declaration, notice_complete=True)


class Page(HTMLParser):
    VOID = frozenset({"meta", "link", "br"})

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.links, self.ids = [], [], [], set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        self.links += [given[key] for key in ("href", "src") if key in given]
        if "id" in given:
            assert given["id"] not in self.ids
            self.ids.add(given["id"])
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_is_sound_and_asks_no_other_host(language):
    html = render(publish(SAMPLE), load(), language)
    page = Page(html)
    assert page.open == []
    assert not {"script", "img", "link", "iframe", "object"} & set(page.tags)
    assert "@import" not in html
    assert "url(" not in html
    assert {link[1:] for link in page.links if link.startswith("#")} <= page.ids
    assert ('lang="zh-CN"' if language == "zh" else 'lang="en"') in html


@pytest.mark.parametrize("make", [render, render_text])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_rules_say_all_that_users_must_be_told(language, make):
    said = make(publish(SAMPLE), load(), language).replace("&#39;", "'")
    for purpose in SAMPLE.purposes:
        for text in (purpose.name, purpose.manner, purpose.refusal, *(need.why for need in purpose.needs)):
            assert text.in_(language) in said
        for need in purpose.needs:
            assert load().items[need.item].label.in_(language) in said
    for text in (SAMPLE.operator.name, SAMPLE.protection_measures, SAMPLE.risks, *(a.name for a in SAMPLE.agents)):
        assert text.in_(language) in said
    for name in ("query", "correct", "withdraw", "cancel", "complaint"):
        assert getattr(SAMPLE.channels, name).url in said
    assert SAMPLE.recipients[0].name.in_(language) in said
    assert ("15日内答复" if language == "zh" else "within 15 days") in said
    assert ("2026年1月1日" if language == "zh" else "1 January 2026") in said
    assert ("服务终止后2年" if language == "zh" else "2 years after the service ends") in said
    assert digest(SAMPLE) in said


@pytest.mark.parametrize("make", [render, render_text])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_rules_say_who_gets_stand_ins_and_of_what(language, make):
    def said(of):
        return make(publish(change(SAMPLE, **of)), load(), language)

    told = "代号" if language == "zh" else "stand-in"
    label = load().items["user_name"].label.in_(language)
    assert told not in said({})
    for name in ("agents", "recipients"):
        first, *others = getattr(SAMPLE, name)
        text = said({name: (change(first, stand_ins=("user_name",)), *others)})
        assert text.count(told) == (1 if name == "agents" else sum(first.id in p.recipients for p in SAMPLE.purposes))
        assert re.search(rf"{told}[^\n]*{label}", text)


@pytest.mark.parametrize("make", [render, render_text])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_rules_say_of_each_holding_whether_it_is_sealed_here(language, make):
    said = make(publish(SAMPLE), load(), language)
    sealed, own = ("在此加密保存", "未在此加密保存") if language == "zh" else ("kept sealed here", "not sealed here")
    assert {each.kind for each in SAMPLE.holdings} == {"vault", "own_system"}
    for each in SAMPLE.holdings:
        line = re.search(rf"{each.name.in_(language)}[^\n]*", said[said.index(WORDS["holdings"].in_(language)) :])[0]
        assert (sealed in line.replace(own, ""), own in line) == (each.kind == "vault", each.kind == "own_system")
        for item in each.items:
            assert load().items[item].label.in_(language) in line


@pytest.mark.parametrize("make", [render, render_text])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_rules_say_how_far_a_law_stands_in_place_of_consent(language, make):
    def basis(**terms):
        first, *others = SAMPLE.purposes
        text = make(publish(change(SAMPLE, purposes=(change(first, **terms), *others))), load(), language)
        return re.search(rf"{WORDS['basis'].in_(language)}(: |：|</dt><dd>)([^\n]*)", text)[2].replace("&#39;", "'")

    consent = WORDS["consent_express"].in_(language)
    in_part, wholly, nowhere = basis(), basis(ground="antifraud:31"), basis(ground="npcsc2012:10.1")
    assert ("第6条" if language == "zh" else "item 6") in in_part
    assert load().items["resident_id_number"].label.in_(language) in in_part
    assert load().items["mobile_number"].label.in_(language) not in in_part
    assert consent in in_part
    assert "antifraud:31" in wholly
    assert consent not in wholly
    assert nowhere.startswith(consent)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_one_language_does_not_leak_into_the_other(language):
    said = render_text(publish(SAMPLE), load(), language)
    other = re.compile(r"[\u4e00-\u9fff]") if language == "en" else re.compile(r"\b(the|your|service)\b")
    assert not other.search(said)


def test_nothing_the_declaration_says_becomes_markup_or_template():
    evil = Text(EVIL, EVIL)
    purpose = change(BASE.purposes[0], name=evil, manner=evil, refusal=evil)
    contact = Contact(phone=EVIL, email=EVIL, url="javascript:alert(1)", address=evil)
    channels = change(BASE.channels, query=contact, complaint=contact)
    operator = change(BASE.operator, name=evil, contact=contact)
    declaration = change(BASE, operator=operator, purposes=(purpose,), channels=channels, protection_measures=evil)
    page = Page(render(publish(declaration), load(), "en"))
    assert "script" not in page.tags
    assert not [link for link in page.links if link.startswith("javascript")]
    assert "{{ 7*7 }}" in render_text(publish(declaration), load(), "zh")


def test_the_notice_of_the_sample_is_complete():
    assert notice_complete(SAMPLE, load()) == ()


def test_what_the_notice_lacks_is_named():
    purpose = BASE.purposes[0]
    first, *others = purpose.needs
    gaps = change(purpose, manner=Text("当面", ""), needs=(change(first, item="horoscope", why=Text("", "")), *others))
    declaration = change(BASE, purposes=(gaps,), channels=change(BASE.channels, query=None, correct=Contact()))
    assert notice_complete(declaration, load()) == (
        "purposes[0].manner",
        "purposes[0].needs[0].item",
        "purposes[0].needs[0].why",
        "channels.query",
        "channels.correct",
    )
    assert notice_complete(change(BASE, purposes=()), load()) == ("purposes",)
