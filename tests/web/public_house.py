# SPDX-License-Identifier: Apache-2.0
"""The small operator behind its public pages: rules replaced, in force and to come; or a declaration full of script."""

import datetime as dt
import functools
import tomllib
from pathlib import Path
from typing import Any

import msgspec
from house import OPERATOR

from keshou.app import clock
from keshou.app.create import create
from keshou.app.site import Site
from keshou.declaration.model import Declaration

DAY = dt.timedelta(days=1)
SCRIPT = "<script>window.hit=1</script><img src=x onerror=window.hit=1>\"'&amp;{{7*7}}"
RARE = "𠮷䶮"
RIGHT_TO_LEFT = "שלום עולם"
LONG = "示" * 60
HOSTILE = f"{SCRIPT}{RARE}{RIGHT_TO_LEFT}"
"""What a declared text may hold: script, characters outside the basic plane, text that runs the other way."""


def versions() -> list[Declaration]:
    """Return the operator's rules in three versions: as they are, with more and other words, with less again."""
    first = tomllib.loads(OPERATOR.read_text("utf-8"))
    second = tomllib.loads(OPERATOR.read_text("utf-8"))
    purpose = second["purposes"][0]
    why = {"zh": "推荐您常去地点附近的优惠。", "en": "To recommend offers near where you often are."}
    purpose["needs"].append({"item": "cell_location", "why": why})
    second["channels"]["complaint_answer_days"] = 10
    return [msgspec.convert(each, Declaration) for each in (first, second, first)]


def hostile() -> Declaration:
    """Return the operator's rules with script in every text that a declaration holds, and names of 60 characters."""
    given = _spoiled(tomllib.loads(OPERATOR.read_text("utf-8")))
    given["operator"]["name"] = {"zh": LONG, "en": LONG}
    given["operator"]["contact"] = {"phone": SCRIPT, "email": SCRIPT, "url": "javascript:window.hit=1"}
    given["channels"]["query"] = {"phone": HOSTILE, "url": "javascript:window.hit=1"}
    return msgspec.convert(given, Declaration)


def _spoiled(given: Any) -> Any:
    if isinstance(given, dict):
        if given.keys() == {"zh", "en"}:
            return {"zh": HOSTILE + given["zh"], "en": HOSTILE + given["en"]}
        return {key: _spoiled(value) for key, value in given.items()}
    return [_spoiled(each) for each in given] if isinstance(given, list) else given


def build(home: Path, database: str = "", *declarations: Declaration, **server: object) -> Path:
    """Make a site whose declarations took effect, one after another, the last in force since yesterday."""
    now = clock.now()
    create(home, now - 400 * DAY, declaration=OPERATOR.read_text("utf-8"), database=database)
    with (home / "keshou.toml").open("a") as settings:
        settings.write(
            "\n[server]\n"
            + "".join(f"{key} = {msgspec.json.encode(value).decode()}\n" for key, value in server.items())
        )
    for age, declaration in zip(reversed(range(len(declarations))), declarations, strict=True):
        publish(home, declaration, now - (1 + 100 * age) * DAY)
    return home


def publish(home: Path, declaration: Declaration, effective: dt.datetime) -> None:
    """Publish a declaration that takes effect at a moment: at that moment, or now when it is still to come."""
    at = min(effective, clock.now()).astimezone(dt.UTC)
    with Site.open(home, now=functools.partial(dt.datetime.astimezone, at, dt.UTC)) as site:
        site.publish(msgspec.structs.replace(declaration, effective=effective), by="officer")


def usual(home: Path, database: str = "", **server: object) -> Path:
    """Make the usual site: version 1 was replaced, version 2 is in force, version 3 is to come."""
    first, second, third = versions()
    build(home, database, first, second, **server)
    publish(home, third, (clock.now() + 30 * DAY).replace(microsecond=0))
    return home
