# SPDX-License-Identifier: Apache-2.0
"""A form filled in with what was typed: each field in its own way, nothing beside it touched, nothing of it a tag."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from markupsafe import Markup

from keshou.web.console.refill import refill

NOTE = Markup("<p>why</p>")
PAGE = """<!DOCTYPE html>
<body><!-- kept --><p>a &amp; b &#39; &lt;</p>
<form action="/other"><input name="a" value="left"></form>
<details><summary>s</summary><details open><summary>t</summary>
<form method="post" action="/here">
<input type="hidden" name="key" value="new"><input type="hidden" name="version" value="9">
<input name="a" required><input type="date" name="day" value="2026-01-01">
<input type="password" name="p"><input type="checkbox" name="tick" value="1" checked>
<input type="radio" name="r" value="x"><input type="radio" name="r" value="y" checked>
<select name="s"><option value="one">1</option><option value="two" selected>2</option></select>
<select name="bare"><option>a &amp; b</option><option selected>c</option></select>
<textarea name="t" rows="3">
old</textarea>
<details><summary>u</summary><input name="deep"></details>
<button name="answer" value="yes">Yes</button><button formaction="/there">Go</button>
</form></details></details><details><summary>v</summary></details>
</body>"""
TYPED = {
    "key": "old", "version": "8", "a": '"><b>', "day": "2026-02-02", "p": "a secret", "r": "x", "s": "one",
    "bare": "a & b", "t": "\n</textarea><b>", "deep": "d", "answer": "yes",
}  # fmt: skip


def test_each_field_says_again_what_was_typed_and_all_else_stays_to_the_letter() -> None:
    filled = refill(PAGE, "/here", TYPED, NOTE)
    assert filled is not None
    assert filled.left == {"p"}
    expected = PAGE
    for before, after in (
        ("<details><summary>s", "<details open><summary>s"),
        ('<form method="post"', '<p>why</p><form method="post"'),
        ('name="version" value="9"', 'name="version" value="8"'),
        ('name="a" required', 'name="a" required value="&#34;&gt;&lt;b&gt;"'),
        ('value="2026-01-01"', 'value="2026-02-02"'),
        ('value="1" checked', 'value="1"'),
        ('name="r" value="x"', 'name="r" value="x" checked'),
        ('name="r" value="y" checked', 'name="r" value="y"'),
        ('value="one"', 'value="one" selected'),
        ('value="two" selected', 'value="two"'),
        ("<option>a", "<option selected>a"),
        ("<option selected>c", "<option>c"),
        (">\nold</textarea>", ">\n\n&lt;/textarea&gt;&lt;b&gt;</textarea>"),
        ("<details><summary>u", "<details open><summary>u"),
        ('name="deep"', 'name="deep" value="d"'),
    ):
        assert before in expected
        expected = expected.replace(before, after)
    assert filled.page == expected


@pytest.mark.parametrize(("to", "known"), [("/here", True), ("/there", True), ("/nowhere", False), ("", False)])
def test_a_form_is_found_by_where_it_or_one_of_its_buttons_is_sent(to: str, *, known: bool) -> None:
    assert (refill(PAGE, to, {}, NOTE) is not None) == known


def test_of_forms_that_are_sent_to_one_place_it_is_the_one_that_asks_the_same() -> None:
    rows = "".join(
        f'<form action="/end"><input type="hidden" name="who" value="{who}"><input name="why"></form>'
        for who in ("ann", "bob")
    )
    filled = refill(rows, "/end", {"who": "bob", "why": "left"}, NOTE)
    assert filled is not None
    assert filled.page.index("bob") < filled.page.index('value="left"')
    assert filled.page.index("ann") < filled.page.index("why") < filled.page.index("bob")
    assert refill(rows, "/end", {"who": "eve"}, NOTE) is None


def test_what_has_no_place_in_the_form_is_named() -> None:
    filled = refill(PAGE, "/here", {"s": "three", "answer": "no", "other": "x", "empty": ""}, NOTE)
    assert filled is not None
    assert filled.left == {"s", "answer", "other"}


ODD = [
    "<br/>", "<hr />", '<svg><path d="M0 0"/></svg>', "<?pi x?>", "<![CDATA[ x ]]>", "<!ELEMENT p>", "<!-- - -->",
    "</P >", "<P\nclass='q'>", "&amp", "&#38", "&nosuch;", "&", "a < b", "<", "\n", "\r\n", "字",
    "<script>1 < 2 && '</p>'</script>", "<INPUT Name=n value=x>", "<textarea name='t'>\n <b> &lt; </textarea>",
    '<select name="s"><option selected>c<option value="d">d</select>', "<summary>s</summary>",
    '<input type="hidden" name="key" value="k"/>', '<input type="radio" name="r" value="x">',
]  # fmt: skip
ANY = st.lists(st.sampled_from(ODD) | st.text("ab<>&;/!?- \n\r\u00e9\U00020bb7", max_size=4), max_size=8).map("".join)


@given(ANY, ANY, ANY)
def test_where_nothing_was_typed_only_the_note_is_new_and_the_folds_around_it_are_open(
    before: str, inside: str, after: str
) -> None:
    start, form, end = f"{before}<!-- --><details>", f'<form action="/here">{inside}</form>', f"</details>{after}"
    filled = refill(start + form + end, "/here", {}, NOTE)
    assume(filled is not None)  # what stands before a form may begin a comment that hides it
    assert filled is not None
    assert filled.page == f"{before}<!-- --><details open>{NOTE}{form}{end}"
