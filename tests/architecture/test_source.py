# SPDX-License-Identifier: Apache-2.0
"""What a linter cannot say about the source: who may read what, how long things are, what they are called."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "keshou"
LONGEST_FILE = 400
LONGEST_FUNCTION = 50
SPDX = "# SPDX-License-Identifier: Apache-2.0"
DATABASE_LIBRARIES = {"sqlalchemy", "psycopg", "sqlite3", "alembic"}
CLOCK = re.compile(
    r"\b(datetime|dt\.datetime|dt)\.(now|utcnow)\(|\b(date|dt\.date|datetime)\.today\("
    r"|\btime\.(time|time_ns|localtime|gmtime|ctime)\("
)
STOPWATCH = re.compile(r"\btime\.(monotonic|perf_counter|process_time)(_ns)?\b")
ENVIRONMENT = re.compile(r"\bos\.(environ|environb|getenv)\b|^from os import .*\b(environ|getenv)\b", re.M)
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "handler", "processor"}
EMPTY_CLASSES = re.compile(r"(Manager|Handler|Processor|Helper|Util|Utils)$")


def _source(folder: str = "src") -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts)


def _written() -> list[Path]:
    folders = ("src", "tests", "scripts", "bench")
    return [path for folder in folders for path in _source(folder) if "versions" not in path.parts]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function from `def` to its end, its docstring not counted."""
    length = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        length -= (first.end_lineno or first.lineno) - first.lineno + 1
    return length


def _code(path: Path) -> str:
    """Source without comments and strings, so that only what runs is judged."""
    return ast.unparse(_without_docstrings(ast.parse(path.read_text("utf-8"))))


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [part for part in body if not _is_text(part)] or [ast.Pass()]  # type: ignore[attr-defined]
    return tree


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def test_there_is_source_to_judge() -> None:
    assert len(_source()) > 20


def test_only_stores_and_the_edges_know_a_database_library() -> None:
    def allowed(path: Path) -> bool:
        return (
            path.name == "store.py"
            or path in {PACKAGE / "db.py", PACKAGE / "refused.py", PACKAGE / "turn.py"}
            or _room(path) in {"app", "migrations"}
        )

    wrong = [_name(path) for path in _source() if not allowed(path) and DATABASE_LIBRARIES & set(_imports(path))]
    assert wrong == []


def test_only_app_reads_the_clock_or_the_environment() -> None:
    wrong = []
    for path in _source():
        code = _code(path)
        if _room(path) != "app" and (CLOCK.search(code) or ENVIRONMENT.search(code)):
            wrong.append(_name(path))
        if _room(path) not in {"app", "cli"} and STOPWATCH.search(code):
            wrong.append(_name(path))
    assert wrong == []


@pytest.mark.parametrize(
    "line",
    ["dt.datetime.now(dt.UTC)", "datetime.utcnow()", "time.time()", "dt.date.today()", "datetime.now(UTC)"],
)
def test_a_reading_of_the_clock_is_recognised(line: str) -> None:
    assert CLOCK.search(f"x = {line}")


@pytest.mark.parametrize("line", ["os.environ['A']", "os.getenv('A')", "from os import path, environ"])
def test_a_reading_of_the_environment_is_recognised(line: str) -> None:
    assert ENVIRONMENT.search(line)


@pytest.mark.parametrize("room", ["web", "cli", "app"])
def test_no_face_makes_a_denial_of_its_own(room: str) -> None:
    wrong = []
    for path in _source(f"src/keshou/{room}"):
        tree = ast.parse(path.read_text("utf-8"))
        made = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        if {"Deny", "Reason"} & made & set(_taken_from(tree, "keshou.gate.decision")):
            wrong.append(_name(path))
    assert wrong == [], "what is denied, and by which article, is the gate's"


def _taken_from(tree: ast.AST, module: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == module:
            yield from (alias.asname or alias.name for alias in node.names)


def test_every_file_carries_its_licence() -> None:
    assert [_name(path) for path in _written() if SPDX not in path.read_text("utf-8").split("\n", 2)[:2]] == []


def test_every_file_of_the_program_says_what_it_is_for() -> None:
    files = [*_source(), *_source("scripts")]
    assert [_name(path) for path in files if not ast.get_docstring(ast.parse(path.read_text("utf-8")))] == []


def test_a_package_file_holds_its_caption_and_nothing_else() -> None:
    packages = [path for path in _source() if path.name == "__init__.py" and path.parent != PACKAGE]
    wrong = [_name(path) for path in packages if len(ast.parse(path.read_text("utf-8")).body) != 1]
    assert wrong == []


def test_the_packages_root_only_offers_names() -> None:
    allowed = (ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
    tree = ast.parse((PACKAGE / "__init__.py").read_text("utf-8"))
    others = [node for node in tree.body if not isinstance(node, allowed)]
    named = [
        node.name if isinstance(node, ast.FunctionDef) else ast.unparse(getattr(node, "test", node)) for node in others
    ]
    assert named == ["TYPE_CHECKING", "open"]


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    lengths = {_name(path): len(path.read_text("utf-8").splitlines()) for path in _written()}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_longer_than_a_page() -> None:
    wrong = {}
    for path in _written():
        for function in _functions(ast.parse(path.read_text("utf-8"))):
            if _length(function) > LONGEST_FUNCTION:
                wrong[f"{_name(path)}:{function.name}"] = _length(function)
    assert wrong == {}


def test_nothing_is_named_for_a_drawer() -> None:
    wrong = [_name(path) for path in _source() if DRAWERS & {path.stem, *path.relative_to(PACKAGE).parts}]
    for path in _source():
        classes = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ClassDef)]
        wrong += [f"{_name(path)}:{node.name}" for node in classes if EMPTY_CLASSES.search(node.name)]
    assert wrong == []


def _contract(name_start: str) -> dict[str, list[str]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts: list[dict[str, list[str]]] = settings["tool"]["importlinter"]["contracts"]
    return next(contract for contract in contracts if str(contract["name"]).startswith(name_start))


def _module(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def test_every_rule_file_is_held_to_know_no_database_web_or_network() -> None:
    listed = _contract("Rules know no database")["source_modules"]
    rules = [path for room in ("law", "declaration", "gate") for path in _source(f"src/keshou/{room}")]
    names = [_module(path) for path in rules if path.name not in {"store.py", "__init__.py"}]
    wrong = [name for name in names if not any(name == known or name.startswith(f"{known}.") for known in listed)]
    assert wrong == []


def test_the_contracts_name_only_modules_that_exist() -> None:
    listed = _contract("Rules know no database")["source_modules"]
    existing = {_module(path) for path in _source()}
    assert [name for name in listed if name not in existing] == []


OUTER = ("accounts", "client", "programs", "visits", "web", "webhooks")
"""The rooms that meet strangers."""
INNER = ("acts", "declaration", "gate", "law", "ledger", "vault")
SOCKETS = {"asyncio", "http", "smtplib", "socket", "ssl"}
"""What of Python's own library speaks to a network; of `urllib` only a part does, which is looked for by itself."""


@pytest.mark.parametrize("contract", ["Rules know no database", "Gate, vault, ledger and acts know no web"])
def test_what_rooms_that_meet_strangers_stand_on_is_forbidden_to_the_inner_rooms(contract: str) -> None:
    outer, inner = (
        {name for room in rooms for path in _source(f"src/keshou/{room}") for name in _imports(path)}
        for rooms in (OUTER, INNER)
    )
    libraries = outer - inner - sys.stdlib_module_names
    assert {"litestar", "httpx2", "authlib", "webauthn"} < libraries
    assert (libraries | SOCKETS) - set(_contract(contract)["forbidden_modules"]) - DATABASE_LIBRARIES == set()
    inside = [path for room in INNER for path in _source(f"src/keshou/{room}")]
    assert [_name(path) for path in inside if re.search(r"\burllib\.(request|error)\b", _code(path))] == []


def test_every_test_folder_mirrors_a_room() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    kinds = {"architecture", "docs", "stories", "cases", "vectors", "migration"}
    folders = {path.relative_to(ROOT / "tests").parts[0] for path in (ROOT / "tests").glob("*/**/*.py")}
    assert folders - rooms - kinds - {"__pycache__"} == set()
