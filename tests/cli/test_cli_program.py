# SPDX-License-Identifier: Apache-2.0
"""Programs and their keys, from the command line: made, shown once, listed, rotated, ended."""

import datetime as dt
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import ECKey, OKPKey, RSAKey

from cli_caller import Caller
from keshou.accounts.account import AccountKind
from keshou.app.site import Site


def proves(keshou: Caller, text: str) -> bool:
    with Site.open(keshou.home) as site, site.writing() as tx:
        return site.programs.find_key(tx, text, site.now()) is not None


@pytest.fixture
def crm(bare: Caller) -> Caller:
    bare("program", "add", "crm", "--by", "network").ok()
    return bare


def test_a_key_is_shown_once_and_listed_without_its_secret(crm: Caller) -> None:
    words = ("program", "key", "crm", "--scope", "act", "--scope", "read", "--purpose", "billing", "--act", "use",
             "--by", "network")  # fmt: skip
    made = crm(*words, "--json").ok().json
    assert (made["key"]["scopes"], made["key"]["purposes"], made["key"]["acts"]) == (
        ["act", "read"], ["billing"], ["use"]
    )  # fmt: skip
    listed = crm("program", "list", "--json").ok()
    assert made["secret"] not in listed.out
    assert [each["id"] for each in listed.json[0]["keys"]] == [made["key"]["id"]]
    assert made["key"]["id"] in crm("program", "list", "crm").ok().out
    assert proves(crm, made["secret"])


def test_a_key_holds_no_longer_than_the_settings_let_it(crm: Caller) -> None:
    late = (dt.datetime.now(dt.UTC) + dt.timedelta(days=400)).isoformat()
    assert crm("program", "key", "crm", "--scope", "act", "--until", late, "--by", "network").status == 2
    assert (
        crm("program", "key", "crm", "--scope", "act", "--until", "2020-01-01T00:00:00+08:00", "--by", "network").status
        == 2
    )
    until = crm("program", "key", "crm", "--scope", "act", "--json", "--by", "network").ok().json["key"]["until"]
    assert dt.datetime.fromisoformat(until) > dt.datetime.now(dt.UTC) + dt.timedelta(days=364)


def test_a_rotated_key_goes_on_for_as_long_as_was_said(crm: Caller) -> None:
    old = crm("program", "key", "crm", "--scope", "act", "--json", "--by", "network").ok().json
    new = crm("program", "rotate", old["key"]["id"], "--overlap-minutes", "60", "--json", "--by", "network").ok().json
    assert proves(crm, old["secret"])
    assert proves(crm, new["secret"])
    crm("program", "rotate", new["key"]["id"], "--overlap-minutes", "0", "--by", "network").ok()
    assert not proves(crm, new["secret"])


def test_what_is_revoked_or_closed_proves_nothing(crm: Caller) -> None:
    first, second = (
        crm("program", "key", "crm", "--scope", "act", "--json", "--by", "network").ok().json for _ in range(2)
    )
    crm("program", "revoke", first["key"]["id"], "--by", "network").ok()
    assert (proves(crm, first["secret"]), proves(crm, second["secret"])) == (False, True)
    crm("program", "close", "crm", "--by", "network").ok()
    assert not proves(crm, second["secret"])
    assert crm("program", "key", "crm", "--scope", "act", "--by", "network").status == 2
    assert "closed" in crm("program", "list", "--lang", "en").ok().out


def test_a_public_key_is_registered_and_a_private_one_refused(crm: Caller, tmp_path: Path) -> None:
    pair = OKPKey.import_key(Ed25519PrivateKey.generate())
    public, private = tmp_path / "public.json", tmp_path / "private.json"
    public.write_text(json.dumps(pair.as_dict(private=False)), "utf-8")
    private.write_text(json.dumps(pair.as_dict(private=True)), "utf-8")
    made = crm("program", "jwk", "crm", public, "--scope", "act", "--json", "--by", "network").ok().json
    assert made["key"]["id"] == pair.thumbprint()
    assert "secret" not in made
    refused = crm("program", "jwk", "crm", private, "--scope", "act", "--by", "network")
    assert refused.status == 2
    assert str(pair.as_dict(private=True)["d"]) not in refused.err
    (tmp_path / "private.pem").write_bytes(pair.as_pem(private=True))
    refused = crm("program", "jwk", "crm", tmp_path / "private.pem", "--scope", "act", "--by", "network")
    assert (refused.status, "PRIVATE KEY" in refused.err) == (2, False)
    (tmp_path / "list.json").write_text("[]", "utf-8")
    assert crm("program", "jwk", "crm", tmp_path / "list.json", "--scope", "act", "--by", "network").status == 2
    assert crm("program", "jwk", "crm", tmp_path / "none.json", "--scope", "act", "--by", "network").status == 2
    assert (
        crm("program", "secret", "crm", "--scope", "act", "--json", "--by", "network")
        .ok()
        .json["secret"]
        .startswith("kc_")
    )


def test_no_program_has_a_person_s_name(crm: Caller) -> None:
    with Site.open(crm.home) as site, site.writing() as tx:
        site.accounts.invite(tx, "clara", AccountKind.STAFF, by="officer", now=site.now())
    assert crm("program", "add", "clara", "--by", "network").status == 2
    assert crm("program", "add", "user", "--by", "network").status == 2


@pytest.mark.parametrize("words", [
    ("key", "nobody", "--scope", "act"), ("close", "nobody"), ("revoke", "nothing"), ("list", "nobody"),
    ("rotate", "nothing", "--overlap-minutes", "5"), ("key", "crm", "--scope", "everything"), ("key", "crm"),
])  # fmt: skip
def test_what_is_not_known_is_refused(crm: Caller, words: tuple[str, ...]) -> None:
    by = () if words[0] == "list" else ("--by", "network")
    assert crm("program", *words, *by).status == 2


@pytest.mark.parametrize("words", [
    ("add", "crm"), ("key", "crm", "--scope", "act"), ("secret", "crm", "--scope", "act"), ("close", "crm"),
])  # fmt: skip
def test_nobody_gives_a_program_a_way_in_without_a_name(crm: Caller, words: tuple[str, ...]) -> None:
    assert crm("program", *words).status == 2
    assert crm("program", "list", "--json").ok().json[0]["keys"] == []


def test_who_made_rotated_and_revoked_which_key_is_on_record(crm: Caller) -> None:
    old = crm("program", "key", "crm", "--scope", "act", "--by", "network", "--json").ok().json["key"]
    assert old["by"] == "network"
    new = crm("program", "rotate", old["id"], "--overlap-minutes", "0", "--by", "second", "--json").ok().json["key"]
    crm("program", "revoke", new["id"], "--by", "auditor").ok()
    crm("program", "close", "crm", "--by", "network").ok()
    told = crm("account", "events", "crm", "--json").ok().json
    assert [(each["what"], each["by"], each["about"]) for each in reversed(told)] == [
        ("program_added", "network", ""),
        ("key_made", "network", old["id"]),
        ("key_rotated", "second", f"{old['id']} {new['id']}"),
        ("key_revoked", "auditor", new["id"]),
        ("program_closed", "network", ""),
    ]
    assert "revoked a key" in crm("account", "events", "crm", "--lang", "en").ok().out


def test_nobody_gives_themselves_a_key(crm: Caller) -> None:
    refused = crm("program", "key", "crm", "--scope", "act", "--by", "crm")
    assert (refused.status, "themselves" in refused.err) == (2, True)


@pytest.mark.parametrize(
    "pair",
    [ECKey.generate_key("P-256"), RSAKey.generate_key(2048), OKPKey.generate_key("Ed25519")],
    ids=["EC", "RSA", "Ed25519"],
)
def test_a_public_key_may_be_in_pem(crm: Caller, tmp_path: Path, pair: ECKey | RSAKey | OKPKey) -> None:
    file = tmp_path / "public.pem"
    file.write_bytes(pair.as_pem(private=False))
    made = crm("program", "jwk", "crm", file, "--scope", "act", "--json", "--by", "network").ok().json
    assert made["key"]["id"] == pair.thumbprint()
    file.write_bytes(b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    assert crm("program", "jwk", "crm", file, "--scope", "act", "--by", "network").status == 2
