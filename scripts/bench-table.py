# SPDX-License-Identifier: Apache-2.0
"""Print the tables of measurements from pytest-benchmark's JSON; with --write, put them into docs/benchmarks.md.

Each subject has a table with a date of its own; a run that measured some of them leaves the others as they stand.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
START, END = "<!-- results -->\n", "<!-- end -->"
HEADS = ("what", "measured", "asked for", "beside others", "also")
ROOMS = (
    *("gate, one act", "gate, columns", "acts, waiting callers", "acts, batches", "server", "import"),
    *("finding", "keys", "ledger", "pages", "floors"),
)
_THOUSAND = 1000


def median(result: dict[str, Any]) -> float:
    """Return the median of a round in seconds."""
    found: float = result["extra_info"].get("median") or result["stats"]["median"]
    return found


def seconds(result: dict[str, Any]) -> float:
    """Return the seconds of one operation."""
    count: int = result["extra_info"]["count"]
    return median(result) / count


def value(result: dict[str, Any]) -> float:
    """Return what is shown, in its unit."""
    unit = result["extra_info"]["unit"]
    one = seconds(result)
    return {"us": one * 1e6, "rate": 1 / one, "s": median(result)}[unit]


def written(number: float, unit: str) -> str:
    """Return a figure as people read it."""
    if unit == "rate":
        for size, name in ((1e6, " M"), (1e3, " k")):
            if number >= size:
                return f"{number / size:.3g}{name}/s"
        return f"{number:.0f}/s"
    shown = f"{number:,.0f}" if number >= _THOUSAND else f"{number:.3g}"
    return f"{shown} µs" if unit == "us" else f"{shown} s"


def asked(result: dict[str, Any]) -> str:
    """Return the target and whether it is met."""
    told = result["extra_info"]
    if told["target"] is None:
        return ""
    least = told["unit"] == "rate"
    met = value(result) >= told["target"] if least else value(result) <= told["target"]
    return f"{'≥' if least else '≤'} {written(told['target'], told['unit'])} {_mark(met=met)}"


def beside(result: dict[str, Any], named: dict[str, dict[str, Any]]) -> str:
    """Return how many times as fast as others of the same run it was."""
    parts = []
    for name, least in result["extra_info"]["beside"].items():
        if (other := named.get(name)) is None:
            continue
        ratio = seconds(other) / seconds(result)
        label = name if not name.startswith(("floor", "rows")) else "bare rows"
        text = f"{ratio:.3g}× {label}"
        if least is not None:
            text += f" (≥ {least:.3g}×) {_mark(met=ratio >= least)}"
        parts.append(text)
    return "; ".join(parts)


def _mark(*, met: bool) -> str:
    return "met" if met else "**missed**"


def also(result: dict[str, Any]) -> str:
    """Return the other figures, such as the median wait of a caller."""
    told = result["extra_info"]
    parts = []
    for name, given in told["figures"].items():
        most = told["at_most"].get(name)
        limit = f" (≤ {most}) {_mark(met=given <= most)}" if most is not None else ""
        parts.append(f"{name.replace('_', ' ')} {given}{limit}")
    return ", ".join(parts)


def tables(report: dict[str, Any]) -> dict[str, str]:
    """Return the measurements as Markdown, a table for each subject by its heading."""
    told = [result for result in report["benchmarks"] if "what" in result["extra_info"]]
    named = {result["extra_info"]["id"]: result for result in told}
    machine = report["machine_info"]
    python, cores = machine["python_version"], machine["cpu"].get("count", "?")
    can = ", ".join(f"{what} {written(rate, 'rate')}" for what, rate in machine.get("floors", {}).items())
    when = f"{report['datetime'][:10]}, {machine['system']}, {cores} cores, Python {python}. Medians."
    when += f" The machine alone, 300 bytes at a time: {can}." if can else ""
    found = {}
    for room in {result["extra_info"]["room"] for result in told}:
        lines = [when, "", _row(HEADS), _row("---" for _ in HEADS)]
        for result in (each for each in told if each["extra_info"]["room"] == room):
            unit = result["extra_info"]["unit"]
            shown = written(value(result), unit)
            lines.append(
                _row((result["extra_info"]["what"], shown, asked(result), beside(result, named), also(result)))
            )
        found[_heading(room)] = "\n".join(lines)
    return found


def kept(results: str) -> dict[str, str]:
    """Return the tables that stand in the page, by heading."""
    sections = re.split(r"(?m)^### (.+)$", results)
    return {heading: body.strip() for heading, body in zip(sections[1::2], sections[2::2], strict=True)}


def _heading(room: str) -> str:
    return f"{room[:1].upper()}{room[1:]}"


def _row(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


def main(path: Path, *, write: bool) -> None:
    """Make the tables from the results at `path`."""
    found = tables(json.loads(path.read_text("utf-8")))
    head, _, rest = PAGE.read_text("utf-8").partition(START)
    results, _, tail = rest.partition(END)
    every = kept(results) | found if write else found
    order = [heading for heading in map(_heading, ROOMS) if heading in every]
    text = "\n\n".join(f"### {heading}\n\n{every[heading]}" for heading in order)
    if write:
        PAGE.write_text(f"{head}{START}\n{text}\n\n{END}{tail}", "utf-8")
    else:
        print(text)


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--write"]
    main(Path(words[0] if words else ROOT / ".work" / "bench.json"), write="--write" in sys.argv[1:])
