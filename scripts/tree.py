# SPDX-License-Identifier: Apache-2.0
"""Print the tree of rooms from their captions, innermost first; with --write, put it into README.md."""

import ast
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "keshou"
README = ROOT / "README.md"
MARK = "<!-- rooms -->"
_WIDTH = 15


def caption(path: Path) -> str:
    """Return the first line of a file's docstring."""
    return (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").partition("\n")[0]


def rooms() -> list[str]:
    """Return the names of rooms and root files, in the order of the layers from the inside out."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    layers = next(c for c in settings["tool"]["importlinter"]["contracts"] if c["type"] == "layers")["layers"]
    names = [name.strip(" ()") for layer in reversed(layers) for name in layer.replace(":", "|").split("|")]
    return [name for name in names if (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").exists()]


def tree() -> str:
    """Return the tree as text."""
    lines = ["src/keshou/"]
    for name in rooms():
        folder = PACKAGE / name
        shown, path = (
            (f"{name}/", folder / "__init__.py") if folder.is_dir() else (f"{name}.py", PACKAGE / f"{name}.py")
        )
        lines.append(f"  {shown:<{_WIDTH}}{caption(path)}")
    return "\n".join(lines)


def block() -> str:
    """Return the tree as README.md holds it."""
    return f"{MARK}\n```text\n{tree()}\n```\n"


def shown(text: str) -> str:
    """Return the block that `text` holds; empty when it holds none."""
    _, mark, rest = text.partition(MARK)
    head, fence, tail = rest.partition("```text\n")
    body, end, _ = tail.partition("```\n")
    return mark + head + fence + body + end if end else ""


def write() -> None:
    """Replace the block in README.md, or add it at the end."""
    text = README.read_text("utf-8")
    old = shown(text)
    README.write_text(text.replace(old, block()) if old else f"{text.rstrip()}\n\n{block()}", "utf-8")


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        write()
    else:
        print(tree())
