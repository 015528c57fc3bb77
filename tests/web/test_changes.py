# SPDX-License-Identifier: Apache-2.0
"""What users read of a change is what the comparison found, without posts; and each line of the text that differs."""

import ast
import inspect
import tomllib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from house import OPERATOR

from keshou.declaration import compare as comparing
from keshou.declaration.compare import compare
from keshou.declaration.model import Declaration, Published
from keshou.declaration.render import render
from keshou.errors import IntegrityError
from keshou.law.load import load
from keshou.web.changes import REASONS, Changes, Naming, changes
from keshou.web.public.changes import pieces
from keshou.web.published import Line, body_of, lines_of

LAW = load()
WHY = {"zh": "为了别的。", "en": "For something else."}


def declared(change: Callable[[dict[str, Any]], object] = lambda given: None) -> Declaration:
    """Return the small operator's declaration after a change."""
    given = tomllib.loads(OPERATOR.read_text("utf-8"))
    change(given)
    return msgspec.convert(given, Declaration)


def told(change: Callable[[dict[str, Any]], object]) -> Changes:
    """Return what is told of a change."""
    old, new = declared(), declared(change)
    return changes(compare(old, new), Naming(old, new, LAW, "en"))


def test_an_item_more_is_newly_allowed_and_asked_for_anew() -> None:
    found = told(lambda given: given["purposes"][0]["needs"].append({"item": "cell_location", "why": WHY}))
    label = LAW.items["cell_location"].label.en
    assert [each.items for each in found.began] == [(label,)]
    assert (label,) in [each.items for each in found.anew]
    assert (found.ended, found.widened, found.inside) == ([], [], False)


def test_an_item_less_is_no_longer_allowed_and_nobody_is_asked() -> None:
    found = told(lambda given: given["purposes"][0]["needs"].pop())
    assert found.ended
    assert (found.began, found.widened, found.anew) == ([], [], [])


def test_another_manner_means_more_and_says_why() -> None:
    found = told(lambda given: given["purposes"][0].update(manner=WHY))
    assert {each.reasons for each in found.widened} == {(REASONS["manner"].en,)}
    assert found.began == []
    assert found.anew


def test_which_post_does_it_is_told_as_such_and_names_no_post() -> None:
    found = told(_other_post)
    assert found.inside
    assert (found.began, found.ended, found.anew) == ([], [], [])


def _other_post(given: dict[str, Any]) -> None:
    grant = next(each for each in given["grants"] if each["post"] == "clerk")
    given["grants"].append({**grant, "post": "officer"})


def test_words_alone_change_nothing_that_is_allowed() -> None:
    found = told(lambda given: given["channels"].update(complaint_answer_days=3))
    assert found.is_empty


def test_the_first_version_asks_nobody_anew_for_nobody_agreed_before() -> None:
    new = declared()
    found = changes(compare(None, new), Naming(None, new, LAW, "zh"))
    assert found.began
    assert found.anew == []


def test_every_reason_that_the_comparison_knows_has_words() -> None:
    tree = ast.parse(inspect.getsource(comparing))
    yielded = {
        node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Yield) and isinstance(node.value, ast.Constant)
    }
    assert yielded | {"agent", "stand_ins", "recipient_stand_ins"} == set(REASONS)


def page(declaration: Declaration) -> str:
    """Return the page of rules of a declaration."""
    return render(Published(1, "0" * 64, declaration.effective, declaration, notice_complete=True), LAW, "en")


def test_every_line_that_differs_is_told_under_its_heading_and_no_other() -> None:
    old = page(declared())
    new = page(declared(lambda given: given["channels"].update(complaint_answer_days=3)))
    found = pieces(lines_of(old), lines_of(new))
    assert [each.kind for each in found] == ["same", "old", "new"]
    assert found[0].line == Line("Complaints", heading=True)
    assert "15 days" in found[1].line.words
    assert "3 days" in found[2].line.words
    assert pieces(lines_of(old), lines_of(old)) == []


def test_the_text_of_a_version_can_be_made_of_the_one_before_and_the_change() -> None:
    old = lines_of(page(declared()))
    new = lines_of(page(declared(lambda given: given["purposes"].reverse())))
    found = pieces(old, new)
    gone = [each.line for each in found if each.kind == "old"]
    come = [each.line for each in found if each.kind == "new"]
    assert sorted([*old, *come]) == sorted([*new, *gone])


def test_a_page_without_rules_in_it_is_refused() -> None:
    for broken in ("", "<main>\n", "</main><main>\n"):
        with pytest.raises(IntegrityError):
            body_of(broken)


def test_what_looks_like_markup_in_a_declaration_stays_one_line_of_text() -> None:
    sly = {"zh": "</main><li>x", "en": "</main><li>x"}
    shown = page(declared(lambda given: given["purposes"][0].update(refusal=sly)))
    assert Line("</main><li>x", heading=False) in lines_of(shown)
    assert lines_of(shown)[-1] != Line("</main><li>x", heading=False)
