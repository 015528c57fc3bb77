# SPDX-License-Identifier: Apache-2.0
"""Invariant 1, one door: attempts to reach the vault or its keys from whatever a site hands out."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from house import act, newcomer, ready

import keshou
from keshou.db import Database
from keshou.law.terms import ActKind
from keshou.vault.keys import FileKeys
from keshou.vault.log_signer import LogSigner
from keshou.vault.receipt import Receipt
from keshou.vault.sealer import Sealer
from keshou.vault.store import Vault
from keshou.vault.wrapping import WrappingKey

SECRETS = (Vault, FileKeys, Sealer, WrappingKey, LogSigner, Receipt)
SOURCE = Path(keshou.__file__).parent
ALLOWED = ("acts", "app", "migrations", "vault")


def reached(start: object) -> Iterator[tuple[str, object]]:
    """Walk everything that public names lead to, with the path that led there."""
    ahead, seen = [("site", start)], {id(start)}
    while ahead:
        path, thing = ahead.pop()
        yield path, thing
        for name in dir(thing):
            if name.startswith("_"):
                continue
            value = getattr(thing, name, None)
            if type(value).__module__.startswith("keshou") and id(value) not in seen:
                seen.add(id(value))
                ahead.append((f"{path}.{name}", value))


def test_no_public_name_of_a_site_leads_to_the_vault_or_a_key(database: Database, tmp_path: Path) -> None:
    with ready(database, tmp_path) as site:
        site.do(newcomer(site, "u1"))
        done = site.perform(act(ActKind.USE, "u1", "tariff_plan"))
        with site.reading() as tx, site.as_one() as do:
            for start in (site, done, done.decision, tx, do, site.rules(), type(site)):
                found = list(reached(start))
                assert [path for path, thing in found if isinstance(thing, SECRETS)] == []
        assert {"site.ledger", "site.database", "site.declarations"} <= {path for path, _ in reached(site)}


def test_the_package_offers_nothing_but_a_way_to_open_a_site() -> None:
    own = {name for name, value in vars(keshou).items() if getattr(value, "__module__", "").startswith("keshou")}
    assert {name for name in own if not name.startswith("_")} == {"open"}
    assert keshou.open.__annotations__["return"] == "Site"


def test_nobody_but_the_door_imports_the_vault_and_a_contract_says_so() -> None:
    project = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text("utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (door,) = [each for each in contracts if each["type"] == "protected"]
    assert door["protected_modules"] == ["keshou.vault"]
    assert {each.removeprefix("keshou.") for each in door["allowed_importers"]} <= set(ALLOWED)
    others = [path for path in SOURCE.rglob("*.py") if path.relative_to(SOURCE).parts[0] not in ALLOWED]
    assert len(others) > 50
    assert [path for path in others for name in imported(path) if name.startswith("keshou.vault")] == []


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{each.name}" for each in node.names)


def test_no_face_of_the_program_takes_the_private_way() -> None:
    """The door's own rooms may look at `_known`; what people and programs call may not."""
    faces = [path for room in ("cli", "web") for path in (SOURCE / room).rglob("*.py")]
    assert faces
    private = {"_known", "_acts", "_sequencer"}
    assert [path for path in faces if private & attributes(path)] == []


def attributes(path: Path) -> set[str]:
    """Return the names that a file takes of other things than its own ``self``."""
    found = [each for each in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(each, ast.Attribute)]
    return {each.attr for each in found if not (isinstance(each.value, ast.Name) and each.value.id == "self")}
