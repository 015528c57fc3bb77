# SPDX-License-Identifier: Apache-2.0
"""The scene of the table: hundreds of thousands of rows decided at once."""

import time

from rich.table import Table
from rich.text import Text as Line

from keshou.app.table_gate import Files, gate_table
from keshou.cli.terminal import BAD, GOOD, QUIET, STRONG
from keshou.cli.tour.people import USES
from keshou.cli.tour.stage import Stage
from keshou.gate.act import Act
from keshou.law.terms import ActKind

_BAR = 30


def gate(stage: Stage) -> None:
    """Gate the table of use for marketing."""
    stage.scene(
        "整表裁定", "A whole table at once",
        f"话单平台在保险库之外，有 {USES:,} 行使用记录。想用其中的流量做营销：能用的留下，其余按条款说明原因。",
        f"The usage platform lies outside the vault and holds {USES:,} "
        "records of use. Marketing would use the data volume "
        "in them: what may be used is kept, the rest is told by article.",
    )  # fmt: skip
    act = Act(
        kind=ActKind.USE, user="", items=frozenset({"data_volume"}), purpose="marketing", by="analyst",
        when=stage.site.now(),
    )  # fmt: skip
    files = Files(
        stage.folder / "usage.parquet", stage.folder / "usage-permitted.parquet", stage.folder / "usage-denied.csv"
    )
    began = time.perf_counter()
    with stage.call.progress(stage.words("逐行裁定", "deciding rows"), USES) as advance:
        verdict = gate_table(stage.site, act, files, "user_id", advance)
    took = time.perf_counter() - began
    counts = verdict.by_article()
    stage.facts |= {"gated": verdict.rows, "usable": verdict.permitted, "by_article": counts}
    stage.indented(_bars(stage, verdict.permitted, verdict.rows, counts))
    stage.say(
        f"用时 {took:.1f} 秒，记为日志第 {verdict.entry} 条；可用的行在 {files.kept}",
        f"took {took:.1f} s, recorded as entry {verdict.entry}; the usable rows: {files.kept}",
        QUIET,
    )


def _bars(stage: Stage, permitted: int, rows: int, counts: dict[str, int]) -> Table:
    table = stage.grid("", STRONG, "", "")
    table.columns[0].justify = "right"
    table.columns[0].no_wrap = table.columns[1].no_wrap = table.columns[2].no_wrap = True
    table.add_row(f"{permitted:,}", stage.words("可用", "usable"), _bar(permitted, rows, GOOD), "")
    for cite, number in counts.items():
        says = stage.call.of(stage.site.law.provision(cite).says)
        table.add_row(f"{number:,}", cite, _bar(number, rows, BAD), Line(says, QUIET))
    return table


def _bar(part: int, whole: int, style: str) -> Line:
    filled = round(_BAR * part / whole) if whole else 0
    return Line("━" * filled, style).append("─" * (_BAR - filled), QUIET)
