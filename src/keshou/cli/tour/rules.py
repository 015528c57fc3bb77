# SPDX-License-Identifier: Apache-2.0
"""Scenes of the rules: a faulty declaration is caught, a sound one published, a wider one asks users again."""

import re
from pathlib import Path

from rich.text import Text as Line

from keshou.cli.check import examine, shown
from keshou.cli.rules import latest
from keshou.cli.setup import sample_declaration
from keshou.cli.terminal import GOOD, QUIET, STRONG
from keshou.cli.tour.stage import Stage
from keshou.cli.written import write
from keshou.declaration.compare import compare
from keshou.declaration.load import read
from keshou.declaration.model import Declaration
from keshou.declaration.render import render, render_text
from keshou.errors import InputError

_FAULTS = (
    ("complaint_answer_days = 15", "complaint_answer_days = 30"),
    ("计算协议期限和合约起止日。", ""),
    ('post = "marketing_analyst"\npurposes = ["marketing"]', 'post = "marketing_analyst"\npurposes = ["marketting"]'),
)  # fmt: skip
_NEED = """
[[purposes.needs]]
item = "cell_location"
why = { zh = "推荐您常去地点附近的优惠。", en = "To recommend offers near where you often are." }
"""
_FIRST_LINES = 12


def check(stage: Stage) -> None:
    """Hold a declaration with three faults against the law.

    Raises:
        InputError: the sample declaration is not the one the tour knows.

    """
    stage.scene(
        "声明，先对照法规检查", "A declaration, held against the law",
        "经营者在 operator.toml 里写明收集什么、为什么、谁可以用。下面这一份里故意写错了三处，keshou check 逐处指出："
        "在第几行、违反哪一条、怎么改。",
        "In operator.toml the operator says what it collects, why, "
        "and who may use it. Three faults were put into the one "
        "below; keshou check names each: in which line, under which article, and how to mend it.",
    )  # fmt: skip
    text = sample_declaration()
    for right, wrong in _FAULTS:
        if right not in text:
            raise InputError("the sample declaration is not the one the tour knows")
        text = text.replace(right, wrong, 1)
    path = stage.folder / "faulty.toml"
    write(path, text)
    _, findings = examine(path)
    errors = [each for each in findings if each.severity == "error"]
    stage.facts["findings"] = [each.code for each in errors]
    for line in shown(stage.call, path, errors, name=Path(path.name)):
        stage.indented(line)


def publish(stage: Stage) -> None:
    """Publish the sample's declaration and show the beginning of its page.

    Raises:
        InputError: nothing was published.

    """
    stage.scene(
        "公布规则", "Publishing the rules",
        "没有错误的声明才能公布。公布之后，它就是给用户看的规则，也就是闸门执行的规则：两者是同一份数据。",
        "A declaration without errors may be published. From then "
        "on it is what users read, and what the gate enforces: "
        "both are the same data.",
    )  # fmt: skip
    declaration = _read(stage, sample_declaration())
    done = stage.site.publish(declaration, by="officer")
    stage.facts["version"] = done.version
    published = latest(stage.site)
    if published is None:
        raise InputError("nothing was published")
    page = stage.folder / f"rules-{done.version}.{stage.call.language}.html"
    write(page, render(published, stage.site.law, stage.call.language))
    for line in render_text(published, stage.site.law, stage.call.language).splitlines()[:_FIRST_LINES]:
        stage.indented(Line(line, QUIET))
    stage.say(
        f"规则第 {done.version} 版已公布，网页在 {page}", f"version {done.version} is published; its page: {page}", GOOD
    )


def widen(stage: Stage) -> None:
    """Publish a version that widens a purpose, and show who must be asked again."""
    stage.scene(
        "规则变宽，要重新征得同意", "Wider rules ask for consent anew",
        "下一版给“推荐套餐”这个目的加上了基站位置。Keshou 按（目的、信息、行为、岗位）逐项比较两版，新增的部分不能沿用"
        "原来的同意；没有变的部分照旧。",
        "The next version adds the cell location to the purpose "
        "of recommending plans. Keshou compares both versions by "
        "purpose, item, act and post: what is new cannot stand on the old consent; what did not change goes on.",
    )  # fmt: skip
    before = latest(stage.site)
    text = _with_location(sample_declaration())
    declaration = _read(stage, text)
    write(stage.folder / "wider.toml", text)
    done = stage.site.publish(declaration, by="officer")
    difference = compare(before.declaration if before else None, declaration)
    stage.facts["needs_consent"] = sorted(difference.needs_consent)
    table = stage.grid(STRONG, "")
    for purpose, item in sorted(difference.needs_consent):
        label = stage.call.of(stage.site.law.items[item].label)
        table.add_row(f"+ {purpose} / {item}", label)
    stage.indented(table)
    stage.say(
        f"规则第 {done.version} 版已公布。上面每一项，都要重新问过同意过的用户。",
        f"version {done.version} is published. For each line above, those who agreed before are asked again.",
        GOOD,
    )


def _with_location(text: str) -> str:
    """Add a need at the end of the purpose `marketing`."""
    start = text.index('id = "marketing"\nname')
    end = text.index("\n# ---", start)
    return text[:end] + "\n" + _NEED.strip() + "\n" + text[end:]


def _read(stage: Stage, text: str) -> Declaration:
    """Read a declaration, dated now: rules hold from publication, never from before it."""
    now = stage.site.now().replace(microsecond=0)
    dated = re.sub(r"(?m)^effective = .*$", f"effective = {now.isoformat()}", text, count=1)
    declaration = read(dated).declaration
    if declaration is None:
        raise InputError("the sample declaration cannot be read")
    return declaration
