# SPDX-License-Identifier: Apache-2.0
"""Invariant 9, the log convinces an outsider: a day's acts, published, checked by a program with none of our code."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from house import act, newcomer, ready

from keshou.app.site import Site
from keshou.db import Database
from keshou.law.terms import ActKind
from keshou.ledger.export import export

OUTSIDER = Path(__file__).with_name("outsider.py")


def checked(folder: Path, vkey: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", str(OUTSIDER), str(folder), vkey], check=False, capture_output=True, text=True
    )


def publish(site: Site, folder: Path) -> int:
    site.checkpoint()
    with site.reading() as tx:
        export(tx, site.ledger, folder)
        return site.ledger.head(tx).size


def change_an_entry(folder: Path) -> None:
    files = [path for path in (folder / "tile" / "entries").rglob("*") if path.is_file()]
    bundle = max((path for path in files if b'"deny"' in path.read_bytes()), key=lambda path: path.stat().st_size)
    bundle.write_bytes(bundle.read_bytes().replace(b'"deny"', b'"deni"', 1))


def lose_an_entry(folder: Path) -> None:
    bundle = max(path for path in (folder / "tile" / "entries").rglob("*") if path.is_file())
    data = bundle.read_bytes()
    bundle.write_bytes(data[2 + int.from_bytes(data[:2], "big") :])


def shorten_the_checkpoint(folder: Path) -> None:
    origin, size, *rest = (folder / "checkpoint").read_text("utf-8").split("\n")
    (folder / "checkpoint").write_text("\n".join([origin, str(int(size) - 1), *rest]), "utf-8")


def sign_nothing(folder: Path) -> None:
    text, _, _ = (folder / "checkpoint").read_text("utf-8").partition("\n\n")
    (folder / "checkpoint").write_text(text + "\n\n", "utf-8")


CORRUPTIONS: tuple[Callable[[Path], None], ...] = (change_an_entry, lose_an_entry, shorten_the_checkpoint, sign_nothing)


def test_an_outsider_is_convinced_by_the_log_and_by_nothing_that_was_changed(
    database: Database, tmp_path: Path
) -> None:
    with ready(database, tmp_path) as site:
        site.do_all([newcomer(site, f"u{number}") for number in range(300)])
        site.perform(act(ActKind.SELL, "u1", "tariff_plan"))
        size = publish(site, tmp_path / "log")
        vkey = str(site.ledger.key)
        site.cancel("u1")
        grown = publish(site, tmp_path / "log")
    assert grown == size + 1
    right = checked(tmp_path / "log", vkey)
    assert (right.returncode, right.stdout) == (0, f"{grown}\n"), right.stderr
    for corrupt in CORRUPTIONS:
        folder = tmp_path / corrupt.__name__
        shutil.copytree(tmp_path / "log", folder)
        corrupt(folder)
        assert checked(folder, vkey).returncode != 0, corrupt.__name__
    name, number, key = vkey.split("+", 2)
    assert checked(tmp_path / "log", f"{name}+{number}+{key[:-4]}AAA=").returncode != 0
