# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501 - the pages' own lines
"""Write docs/reference/prohibitions.md, and the Chinese one, from the prohibitions and the law: ``python tests/gate/prohibitions_page.py``."""

from pathlib import Path

from keshou.gate.answers import GROUNDS
from keshou.gate.conditions import BITS, Conditions, UserConditions
from keshou.gate.prohibitions.places import PLACES
from keshou.gate.prohibitions.registry import PROHIBITIONS, Prohibition
from keshou.language import Language, Text
from keshou.law.load import load
from keshou.law.model import Instrument
from keshou.wire.decision_words import MISSING, STANDS_ON
from keshou.wire.law_words import RANK

DOCS = Path(__file__).parents[2] / "docs"
PAGES: dict[Language, Path] = {
    "en": DOCS / "reference" / "prohibitions.md",
    "zh": DOCS / "zh" / "reference" / "prohibitions.md",
}

HEAD = Text(
    zh="""# 禁令

闸门所执行的：每条禁令一个函数，在 `keshou/gate/prohibitions`。*位*是它在原因码里的位置，原因码是闸门对表里一行的答案；零就是允许。
*所缺*是不允许时给出的代码，说明缺了什么，或者有什么阻碍；括号里写明条件的，那个条件不成立时改用该代码。有约束力的，是行为当日有效、约束这类经营者的法规；指南只约束采用它的经营者。

本页由 `python tests/gate/prohibitions_page.py` 根据各函数和法规数据写成。
""",
    en="""# Prohibitions

What the gate enforces: one function for each prohibition, in `keshou/gate/prohibitions`. *Bit* is its place in the reason
code that the gate gives for a row of a table; zero is a permission. *Missing* is the code a denial gives for what was
missing or stood in the way; where a condition in brackets does not hold, that is given instead. The instruments that bind
are those of the act's day and of the operator's kind; guidance binds who adopted it.

This page is written by `python tests/gate/prohibitions_page.py` from the functions and the law's data.
""",
)
TABLE = Text(
    zh="| 位 | 禁令 | 法规所说 | 条款 | 所缺 |\n|---|---|---|---|---|",
    en="| bit | prohibition | says | provision | missing |\n|---|---|---|---|---|",
)


def page(language: Language) -> str:
    """Return the page."""
    law, prohibitions = load(), [PROHIBITIONS[each] for each in PLACES]
    instruments = dict.fromkeys(each.cite.instrument for each in prohibitions)
    sections = [_section(law.instruments[name], prohibitions, language) for name in instruments]
    return "\n".join([HEAD.in_(language), *sections, _grounds(language), _conditions(language)])


def _section(instrument: Instrument, prohibitions: list[Prohibition], language: Language) -> str:
    rows = [_row(each, instrument, language) for each in prohibitions if each.cite.instrument == instrument.id]
    rank = RANK[instrument.rank].zh
    head = Text(
        zh=f"## {instrument.short.zh}\n\n位阶：{rank}。施行：{instrument.in_force}。\n",
        en=f"## {instrument.short.en} · {instrument.short.zh}\n\nRank: {instrument.rank}. In force: {instrument.in_force}.\n",
    )
    return "\n".join([head.in_(language), TABLE.in_(language), *rows, ""])


def _row(each: Prohibition, instrument: Instrument, language: Language) -> str:
    provision = next(one for one in instrument.provisions if one.cite == str(each.cite))
    if language == "zh":
        says, missing = provision.says.zh, f"`{each.missing}`：{MISSING[each.missing].zh}"
        exactly = "".join(f"；`{code}`（`{condition}`）：{MISSING[code].zh}" for condition, code in each.unless)
    else:
        says, missing = f"{each.says} Law: {provision.says.en}", f"`{each.missing}`"
        exactly = "".join(f", `{code}` (`{condition}`)" for condition, code in each.unless)
    return f"| {PLACES[each.name]} | `{each.name}`{'：' if language == 'zh' else ': '}{each.called.in_(language)} | {says} | `{each.cite}` | {missing}{exactly} |"


def _grounds(language: Language) -> str:
    if language == "zh":
        rows = [f"| `{fact}` | {STANDS_ON[fact].zh} | `{cite}` |" for fact, cite, _ in GROUNDS]
        return "\n".join(["## 允许所依据的", "", "| 事实 | 意思 | 条款 |", "|---|---|---|", *rows, ""])
    rows = [f"| `{fact}` | `{cite}` |" for fact, cite, _ in GROUNDS]
    return "\n".join(["## Grounds of a permission", "", "| fact | provision |", "|---|---|", *rows, ""])


def _conditions(language: Language) -> str:
    users = [f"`{name}`" for name in UserConditions.__annotations__]
    acts = [f"`{name}`" for name in Conditions.__annotations__]
    if language == "zh":
        count = f"各条禁令共读{len(BITS)}个条件；`keshou/gate/conditions.py` 写明每个的意思。"
        told = [f"关于用户：{'、'.join(users)}。", "", f"关于行为：{'、'.join(acts)}。"]
        return "\n".join(["## 条件", "", count, "", *told, ""])
    count = f"The prohibitions read {len(BITS)} conditions; `keshou/gate/conditions.py` says what each means."
    told = [f"About the user: {', '.join(users)}.", "", f"About the act: {', '.join(acts)}."]
    return "\n".join(["## Conditions", "", count, "", *told, ""])


if __name__ == "__main__":
    for language, path in PAGES.items():
        path.write_text(page(language), encoding="utf-8")
