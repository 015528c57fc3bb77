# SPDX-License-Identifier: Apache-2.0
"""What is true of everything that is kept in the tree: its words, its lock files, its picture of itself."""

import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Spelt in two parts, so that this file does not name what it forbids.
REGISTRIES = [
    "pypi" + ".org", "python" + "hosted.org", "npmjs" + ".org", "crates" + ".io", "registry" + ".yarnpkg.com",
    "proxy." + "golang.org", "rubygems" + ".org", "mirrors." + "aliyun.com", "tuna." + "tsinghua.edu.cn",
]  # fmt: skip
PLACES = ["/" + r"work/", r"\.\./" + "shared", "(?<![a-z_/-])share" + "d/", "/" + r"root/", "/" + r"home/[a-z]+/"]
_SIGN = r"[\s.\-\u2010-\u2015\u2212]?"
"""What people write between the groups of a number."""
MOBILE = re.compile(rf"(?<![\w.])(?:\+?86|0086|0)?{_SIGN}(1[3-9]\d){_SIGN}\d{{4}}{_SIGN}\d{{4}}(?![\w.]|-\d)")
FIXED = re.compile(
    rf"(?<![\w.])(?:\+?86{_SIGN}\(?0?|\(?0)(?:10|2\d|[3-9]\d\d)[)\s-]{{1,2}}[2-8]\d{{2,3}}{_SIGN}\d{{4}}(?![\w.])"
)
"""A number of a fixed line whose first digit is a subscriber's; numbers for nobody begin with 0 or 1."""
NOBODYS = "154"
OTHERS_FILES = ("src/keshou/web/frame/static/", "requirements/", "tests/vectors/")
"""What others wrote or computed: vendored scripts, hashes, vectors."""
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def _texts() -> dict[str, str]:
    texts = {}
    for path in _tracked():
        raw = path.read_bytes()
        if b"\0" not in raw:
            texts[path.relative_to(ROOT).as_posix()] = raw.decode("utf-8", "replace")
    return texts


def test_no_text_names_a_package_registry() -> None:
    pattern = re.compile("|".join(map(re.escape, REGISTRIES)), re.I)
    found = {name: sorted(set(pattern.findall(text))) for name, text in _texts().items()}
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_no_text_mentions_a_place_on_somebodys_machine() -> None:
    pattern = re.compile("|".join(PLACES))
    found = {name: sorted({hit.group() for hit in pattern.finditer(text)}) for name, text in _texts().items()}
    assert {name: hits for name, hits in found.items() if hits} == {}


def _numbers(text: str) -> list[str]:
    """Return the telephone numbers in a text that could be somebody's, however they are spelt."""
    plain = unicodedata.normalize("NFKC", re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), text))
    mobile = [hit.group() for hit in MOBILE.finditer(plain) if hit[1] != NOBODYS]
    return mobile + [hit.group() for hit in FIXED.finditer(plain)]


def test_no_text_has_a_telephone_number_that_could_be_somebodys() -> None:
    found = {name: _numbers(text) for name, text in _texts().items() if not name.startswith(OTHERS_FILES)}
    assert {name: hits for name, hits in found.items() if hits} == {}


@pytest.mark.parametrize("first", ["130", "159", "186", "199"])
def test_a_telephone_number_is_recognised_however_it_is_spelt(first: str) -> None:
    rest = "1" * 8  # not typed in one piece, so that this file has no number of anybody's
    spelt = [first + rest, f"{first} {rest[:4]} {rest[4:]}", f"+86{first}{rest}"]
    spelt.append(f"{first}\\u2010{rest[:4]}-{rest[4:]}")
    fixed = ["010-" + "6" * 8, "(010) 6666 " + "6666", "+86-10-" + "6" * 8, "0755-" + "6" * 8]
    assert [each for each in (*spelt, *fixed) if not _numbers(f'call "{each}"')] == []
    assert _numbers(f'"{NOBODYS}{rest}", {NOBODYS} 9999 0001, 010-0000' + "0003") == []


def test_there_are_lock_files_for_running_developing_and_building() -> None:
    assert {path.stem for path in LOCKS} >= {"run", "dev", "build"}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_every_locked_requirement_is_pinned_and_hashed(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", lock.read_text("utf-8").strip())
    whole = re.compile(r"[\w.\[\],-]+==\S+( ; [^\\]+)? \\(\n    --hash=sha256:[0-9a-f]{64}( \\)?)+")
    assert [entry.partition("\n")[0] for entry in entries if not whole.fullmatch(entry)] == []


def test_the_lock_files_agree_on_every_version() -> None:
    seen: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, version in re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==(\S+)", lock.read_text("utf-8"), re.M):
            seen.setdefault(name, set()).add(f"{lock.stem} {version}")
    disagreeing = {name: pins for name, pins in seen.items() if len({pin.split()[1] for pin in pins}) > 1}
    assert disagreeing == {}


def test_the_readme_shows_the_rooms_as_their_captions_have_them() -> None:
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        import tree  # noqa: PLC0415 - a script, found only by the line above
    finally:
        sys.path.pop(0)
    held = tree.shown((ROOT / "README.md").read_text("utf-8"))
    assert held == tree.block(), "mend it with: make pages"
