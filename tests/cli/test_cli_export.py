# SPDX-License-Identifier: Apache-2.0
"""``keshou export``, ``recipient``, ``manifest`` and ``trace-leak`` by hand."""

import subprocess
from pathlib import Path

import pyrage

from cli_caller import Caller
from documentation import ROOT
from keshou.cli.sample.people import Subscriber

ASKED = ("--item", "mobile_number", "--purpose", "billing", "--by", "lister")


def public(tmp_path: Path) -> tuple[Path, pyrage.x25519.Identity]:
    secret = pyrage.x25519.Identity.generate()
    path = tmp_path / "bank.pub"
    path.write_text(f"# public key\n{secret.to_public()}\n")
    return path, secret


def test_a_key_is_verified_listed_and_ended(keshou: Caller, tmp_path: Path) -> None:
    path, secret = public(tmp_path)
    name = keshou("recipient", "list", "--json").ok().json[0]["recipient"]
    keshou("recipient", "verify", name, path, "--by", "officer", "--how", "in_person").ok()
    listed = keshou("recipient", "list", "--json").ok().json[0]
    assert listed["key"]["key"] == str(secret.to_public())
    keshou("recipient", "end", name, "--by", "officer").ok()
    assert keshou("recipient", "list", "--json").ok().json[0]["key"] is None


def test_what_is_no_public_key_is_refused_and_never_shown(keshou: Caller, tmp_path: Path) -> None:
    _, secret = public(tmp_path)
    wrong = tmp_path / "wrong"
    for text in (str(secret), "age1qqq", "", f"{secret.to_public()}\n{secret.to_public()}\n"):
        wrong.write_text(text)
        told = keshou("recipient", "verify", "bank", wrong, "--by", "officer", "--how", "in_person")
        assert told.status == 2
        assert not text or text.split()[0] not in told.err + told.out


def test_an_export_without_a_verified_key_asks_nothing(
    keshou: Caller, people: list[Subscriber], tmp_path: Path
) -> None:
    ids = tmp_path / "ids"
    ids.write_text("\n".join(each.user_id for each in people[:3]))
    before = keshou("ledger", "checkpoint").out
    told = keshou("export", "--users", ids, *ASKED, "--to", "nobody", "--out", tmp_path / "list.age")
    assert told.status == 2
    assert "recipient verify" in told.err
    assert keshou("ledger", "checkpoint").out == before


def test_the_manifests_key_is_one_that_openssl_reads(keshou: Caller, tmp_path: Path) -> None:
    pem = tmp_path / "site.pem"
    pem.write_text(keshou("manifest", "key").ok().out)
    read = subprocess.run(["openssl", "pkey", "-pubin", "-in", pem, "-noout", "-text"], check=True, capture_output=True)
    assert b"ED25519" in read.stdout.upper()


def test_rows_of_nobodys_file_name_nobody(keshou: Caller, tmp_path: Path) -> None:
    found = tmp_path / "found.csv"
    found.write_text("number\n15499990001\n154 9999 0002\n")
    told = keshou("trace-leak", found, "--lang", "en")
    assert told.status == 1
    assert "no source" in told.out
    assert "1549999" not in told.out


def test_the_age_program_for_the_tests_is_installed_by_a_script_of_ours() -> None:
    assert (ROOT / "scripts" / "install-age").stat().st_mode & 0o100
