# SPDX-License-Identifier: Apache-2.0
"""Every code that the console shows has words and, where something was missing, a way to mend it; charts are true."""

import ast
import re
import typing
from pathlib import Path

import pytest

import keshou
from keshou.accounts.account import AccountKind
from keshou.app.fact_words import FACTS
from keshou.declaration.model import Office
from keshou.errors import KeshouError
from keshou.gate.every_fact import AnySiteFact, AnyUserFact
from keshou.language import Text
from keshou.law.terms import ConsentStrength, RetentionClass
from keshou.web.console.accounts import KIND
from keshou.web.console.chart import Column, Node, Picture, Ribbon, columns, flow
from keshou.web.console.error_words import REFUSALS
from keshou.web.console.error_words import in_words as page_words
from keshou.web.console.information import CONSENT
from keshou.web.console.mending import MEND
from keshou.web.console.names import OFFICE
from keshou.web.console.reviews import STATES
from keshou.web.console.user import CLASS
from keshou.wire.access import ReviewState
from keshou.wire.decision_words import MISSING
from keshou.wire.error_words import in_words

SOURCE = Path(keshou.__file__).parent


def test_whatever_was_missing_has_a_way_to_mend_it() -> None:
    assert MEND.keys() == MISSING.keys()


KINDS = {each.__struct_config__.tag for union in (AnySiteFact, AnyUserFact) for each in typing.get_args(union)}
"""Every kind of fact."""


def _named_in(path: Path) -> set[str]:
    """Return the kinds of fact that a file gives a name in both languages."""
    pairs = (
        (key, value)
        for each in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(each, ast.Dict)
        for key, value in zip(each.keys, each.values, strict=True)
    )
    return {
        str(key.value)
        for key, value in pairs
        if isinstance(key, ast.Constant) and key.value in KINDS and ast.unparse(value).startswith("Text(")
    }


def test_a_kind_of_fact_has_one_name_whoever_lists_it() -> None:
    tables = {path.relative_to(SOURCE).as_posix(): named for path in SOURCE.rglob("*.py") if (named := _named_in(path))}
    assert tables == {"app/fact_words.py": KINDS}


def test_to_ask_for_messages_is_never_called_consent() -> None:
    assert FACTS["messages_requested"] == Text("要求接收商业信息", "commercial messages asked for")


def test_every_code_that_is_shown_has_words() -> None:
    assert FACTS.keys() == KINDS
    assert OFFICE.keys() == set(Office)
    assert CONSENT.keys() == set(ConsentStrength)
    assert CLASS.keys() == set(RetentionClass)
    assert STATES.keys() == set(ReviewState)
    assert KIND.keys() == set(AccountKind)


@pytest.mark.parametrize("told", sorted(REFUSALS))
def test_a_refusal_that_is_translated_is_one_that_is_told(told: str) -> None:
    rooms = [path for path in SOURCE.rglob("*.py") if path.name != "error_words.py"]
    assert any(told in path.read_text("utf-8") for path in rooms)


@pytest.mark.parametrize("told", sorted(REFUSALS))
def test_a_refusal_of_the_pages_own_says_something_else_than_the_rooms(told: str) -> None:
    zh, en = in_words(KeshouError(told), "zh")[0], told
    assert (REFUSALS[told].zh, REFUSALS[told].en) != (zh, en), "the general words will do"


def test_a_hint_that_leads_to_a_list_of_another_face_is_no_hint_on_a_page() -> None:
    for hint in ("list them at /api/v1/reviews", "see `keshou hold list`"):
        assert page_words(KeshouError("no such hold stands", hint=hint), "zh") == ("没有这项法定留存，或者已经结束", "")
    led = KeshouError("the index is not complete yet for this search by `x`", hint="run `keshou keys rotate index`")
    assert page_words(led, "zh")[1] == "运行`keshou keys rotate index`"


def test_words_are_whole_in_both_languages() -> None:
    every: list[Text] = [*REFUSALS.values(), *(text for text, _ in MEND.values()), *FACTS.values(), *OFFICE.values()]
    assert all(each.zh.strip() and each.en.strip() for each in every)
    assert not [each.zh for each in every if re.search(r"[\u3400-\u9fff][,;:!?()]|[,;:!?()][\u3400-\u9fff]", each.zh)]


def test_what_staff_sign_in_by_has_one_name_everywhere() -> None:
    """The user's account with the operator is another thing, and so is the one that a provider keeps."""
    told = [
        *(SOURCE / "web" / "console").glob("*.py"), SOURCE / "web" / "console" / "messages.toml",
        *(SOURCE / "wire").glob("*.py"),
        *(SOURCE / "wire" / "errors_zh").glob("*.toml"), *(SOURCE / "accounts").rglob("*.py"),
        SOURCE / "cli" / "help_zh.toml", SOURCE / "app" / "invitation_post.py",
    ]  # fmt: skip
    assert len(told) > 100
    wrong = re.compile("(?<!身份提供方的)账号")
    assert [path.name for path in told if wrong.search(path.read_text("utf-8"))] == []


PICTURE = Picture("k-x", "a <title>", 'what "it" shows')


def test_a_chart_says_what_it_is_and_escapes_whatever_it_is_given() -> None:
    drawn = str(columns(PICTURE, [Column("<b>", (3, 0), "<i>3</i>")], ("good", "bad")))
    assert "<b>" not in drawn
    assert "<i>" not in drawn
    assert '<title id="k-x-t">a &lt;title&gt;</title>' in drawn
    assert 'aria-labelledby="k-x-t k-x-d"' in drawn
    assert "style=" not in drawn
    shown = str(flow(PICTURE, ("<a>", "b", "c"), ([Node("i", "<img>" * 20)], [Node("p", "p")], []), []))
    assert "<img>" not in shown
    assert "…" in shown


def test_columns_stand_on_each_other_to_scale() -> None:
    drawn = str(
        columns(PICTURE, [Column("a", (3, 1), ""), Column("b", (0, 0), ""), Column("c", (8, 0), "")], ("g", "r"))
    )
    boxes = re.findall(r'<rect class="(\w)" x="([\d.]+)" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', drawn)
    (_, _, y3, h3), (_, _, y1, h1), (_, _, y8, h8) = boxes
    assert [each[0] for each in boxes] == ["g", "r", "g"]
    assert float(h3) == pytest.approx(3 * float(h1), abs=0.4)
    assert float(h8) == pytest.approx(8 * float(h1), abs=0.6)
    assert float(y1) + float(h1) == pytest.approx(float(y3), abs=0.4)
    assert float(y3) + float(h3) == pytest.approx(float(y8) + float(h8), abs=0.4)


def test_a_chart_of_nothing_is_a_chart() -> None:
    assert "<svg" in columns(PICTURE, [], ())
    assert "<svg" in flow(PICTURE, ("a", "b", "c"), ([], [], []), [])


def test_a_ribbon_joins_what_it_names() -> None:
    ranks = ([Node("i", "i")], [Node("p", "p")], [Node("r", "r")])
    drawn = str(
        flow(PICTURE, ("a", "b", "c"), ranks, [Ribbon("i", "p", "care", "i → p"), Ribbon("p", "r", "", "p → r")])
    )
    assert drawn.count('class="ribbon') == 2
    assert "<title>i → p</title>" in drawn
