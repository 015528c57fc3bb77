# SPDX-License-Identifier: Apache-2.0
"""Scenes of the log: it verifies, it is handed out, and one flipped byte in a copy is found."""

import shutil
import tempfile
from pathlib import Path

from rich.text import Text as Line

from keshou.app.settings import database_url
from keshou.cli.terminal import BAD, GOOD, QUIET
from keshou.cli.tour.stage import Stage
from keshou.db import Database
from keshou.ledger import audit as auditing
from keshou.ledger import export as exporting
from keshou.ledger import verify as outside
from keshou.ledger.errors import LedgerTamperedError
from keshou.wire.error_words import in_words

_SQLITE = "sqlite:///"


def verify(stage: Stage) -> None:
    """Verify the log, export it, and check the export as an outsider."""
    stage.scene(
        "谁也改不了的日志", "A log that nobody can rewrite",
        "每一次裁定、每一个事实都记入日志，连成一棵散列树并签名。外人只凭导出的文件和公钥就能核对，不需要我们的数据库。",
        "Every decision and every fact went into a log, which is one hash tree and is signed. An outsider checks the "
        "exported files with nothing but the public key; our database is not needed.",
    )  # fmt: skip
    site = stage.site
    site.checkpoint()
    with site.reading() as tx:
        found = auditing.audit(tx, site.ledger.key, decode_entries=True)
        folder = stage.folder / "log"
        exporting.export(tx, site.ledger, folder)
    checked = outside.verify_export(folder, str(site.ledger.key))
    stage.facts |= {"entries": found.size, "root": found.root.hex()}
    table = stage.grid(QUIET, "")
    told = stage.words(f"{found.size:,} 条，完好", f"{found.size:,} entries, whole")
    table.add_row(stage.words("库内核对", "in the database"), Line(told, GOOD))
    same = checked.root == found.root
    told = stage.words("与签名相符", "as it was signed") if same else stage.words("不符", "different")
    table.add_row(stage.words("导出后，库外核对", "exported, outside it"), Line(told, GOOD if same else BAD))
    table.add_row(stage.words("树根", "root"), found.root.hex())
    table.add_row(stage.words("公钥", "public key"), str(site.ledger.key))
    stage.indented(table)


def tamper(stage: Stage) -> None:
    """Flip one byte of one entry in a copy of the log, and let verification find it."""
    stage.scene(
        "改动一个字节", "One byte is changed",
        "在日志的副本里把中间一条记录改动一个字节，再核对。",
        "In a copy of the log, one byte of an entry in the middle is changed; then the copy is checked.",
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="keshou-tour-") as folder:
        try:
            if database_url(stage.site.settings, stage.site.home).startswith(_SQLITE):
                _in_database(stage, Path(folder))
            else:
                _in_export(stage, Path(folder))
        except LedgerTamperedError as error:
            stage.facts["tampered"] = error.index
            stage.say(f"核对发现：{in_words(error, 'zh')[0]}", f"found: {error}", BAD)
            return
    stage.say("没有发现", "nothing was found", BAD)


def _in_database(stage: Stage, folder: Path) -> None:
    original = Path(database_url(stage.site.settings, stage.site.home).removeprefix(_SQLITE))
    copy = folder / "copy.db"
    for suffix in ("", "-wal"):
        if (source := original.with_name(original.name + suffix)).exists():
            shutil.copyfile(source, copy.with_name(copy.name + suffix))
    database = Database(f"{_SQLITE}{copy}")
    try:
        with database.transaction() as tx:
            index = stage.site.ledger.head(tx).size // 2
            body = bytearray(stage.site.ledger.entry(tx, index))
            body[len(body) // 2] ^= 1
            tx.connection.exec_driver_sql("UPDATE log_entry SET body = ? WHERE idx = ?", (bytes(body), index))
        stage.say(f"改动了副本的第 {index} 条", f"changed entry {index} of the copy", QUIET)
        with database.reading() as tx:
            auditing.audit(tx, stage.site.ledger.key)
    finally:
        database.close()


def _in_export(stage: Stage, folder: Path) -> None:
    copy = folder / "log"
    shutil.copytree(stage.folder / "log", copy)
    bundle = sorted(path for path in (copy / "tile" / "entries").rglob("*") if path.is_file())[0]
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 1
    bundle.write_bytes(bytes(data))
    stage.say(f"改动了副本的 {bundle.name}", f"changed {bundle.name} of the copy", QUIET)
    outside.verify_export(copy, str(stage.site.ledger.key))
