# SPDX-License-Identifier: Apache-2.0
"""What goes wrong at the command line is told to people in their language, and to programs always in the same words."""

import errno
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from cli_caller import Caller
from keshou.wire.error_words import HOLE, Template, templates

CHINESE = re.compile("[\u3400-\u9fff]")
CALLS: list[tuple[tuple[str, ...], str, str]] = [
    (("law", "show", "miit24:99"), "the law has no provision `miit24:99`", "法规里没有条款`miit24:99`"),
    (("rules",), ". is not a site: it has no keshou.toml", ".不是站点：没有keshou.toml"),
    (("check", "nothing.toml"), "`nothing.toml` cannot be read", "`nothing.toml`读不出来"),
    (("ask",), "missing option '--purpose'", "缺少选项--purpose"),
    (("init", "a", "b"), "there are more words than the verb takes", "写的词比这条命令所取的多"),
]
WRONG_CALLS: list[tuple[str, ...]] = [
    ("--no-such",), ("ask", "--kindd", "use"), ("publish",), ("user", "show"), ("publish", "--by"),
    ("init", "site", "--sample=3"), ("no-such",), ("lawx",), ("init", "a", "b"), ("serve", "--port", "x"),
    ("serve", "--port", "99999"), ("serve", "--workers", "0"), ("ask", "--kind", "x"),
]  # fmt: skip
WRONG_SETTINGS = [
    'site = "a"\nx = 1', "language = 'zh'", "site = 1", 'site = "a"\nlanguage = "fr"', 'site = "a"\n[server]\nx = 1',
]  # fmt: skip

OF_THE_SYSTEM = [
    os.strerror(each)
    for each in (
        errno.ENOENT, errno.EACCES, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOSPC, errno.EROFS, errno.EIO,
    )
]  # fmt: skip


def told(err: str) -> tuple[str, str]:
    """Return message and hint as they were printed, without what stands before them."""
    what, _, hint = err.rstrip("\n").partition("\n")
    return re.sub("^(error: |错误：)", "", what), re.sub("^(hint: |提示：)", "", hint)


@pytest.mark.parametrize(("words", "en", "zh"), CALLS)
def test_an_error_and_its_hint_are_in_the_language_asked_for(
    nowhere: Caller, words: tuple[str, ...], en: str, zh: str
) -> None:
    for language, expected in (("en", en), ("zh", zh)):
        outcome = nowhere("--lang", language, *words)
        what, hint = told(outcome.err)
        assert (outcome.status, what) == (2, expected)
        assert hint
        assert bool(CHINESE.search(hint)) == (language == "zh")


def test_in_json_an_error_is_the_same_in_every_language(nowhere: Caller) -> None:
    for words, en, _ in CALLS:
        errors = [json.loads(nowhere("--lang", each, *words, "--json").err) for each in ("zh", "en")]
        assert errors[0] == errors[1]
        assert errors[0]["error"] == en
        assert not CHINESE.search(errors[0]["hint"])


def test_what_the_rooms_refuse_is_told_in_chinese_with_the_values_that_were_given(keshou: Caller) -> None:
    refused = keshou("--lang", "zh", "staff", "appoint", "officer", "--post", "reviewer", "--by", "officer")
    assert told(refused.err) == ("没有人可以任命自己，也不能任命自己给过密钥的程序（miit24:13.1.3）", "请由别人任命")
    refused = keshou("--lang", "zh", "staff", "appoint", "mei", "--post", "king", "--by", "officer")
    assert told(refused.err) == ("规则里没有这个岗位", "岗位见`keshou rules --json`")
    refused = keshou("--lang", "zh", "law", "miit24:99")
    assert told(refused.err) == ("法规里没有条款`miit24:99`", "法规里有什么，见`keshou law`")


def test_what_others_complain_of_within_an_error_is_told_in_chinese_and_no_more_is_kept_for_them(
    nowhere: Caller, tmp_path: Path
) -> None:
    words = templates()["others"]
    said = [nowhere("--lang", "en", *each).err for each in WRONG_CALLS]
    for number, text in enumerate(WRONG_SETTINGS):
        home = tmp_path / str(number)
        home.mkdir()
        (home / "keshou.toml").write_text(text, "utf-8")
        said.append(Caller(home)("--lang", "en", "rules").err)
        assert CHINESE.search(told(Caller(home)("--lang", "zh", "rules").err)[0].partition("：")[2])
    said += [f"error: {each}" for each in OF_THE_SYSTEM]
    heard = {_said_by(part, words) for err in said for part in _parts(told(err)[0])}
    assert sorted(set(words) - heard) == [], "nobody says these"
    assert [each for each in WRONG_CALLS if not CHINESE.search(told(nowhere("--lang", "zh", *each).err)[0])] == []


def _parts(what: str) -> list[str]:
    """Return a message and the words that end it, after each colon."""
    return [what, *(what[found.end() :] for found in re.finditer(": ", what))]


def _said_by(what: str, words: Mapping[str, str]) -> str:
    """Return the template with the most words of its own that made a message."""
    if what in words:
        return what
    made = [each for each in words if HOLE in each and Template(each, "").values(what) is not None]
    return max(made, key=len, default="")
