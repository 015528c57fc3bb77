# SPDX-License-Identifier: Apache-2.0
"""``keshou try``: make the sample site ready to be asked over HTTP, and say what to ask."""

import datetime as dt
import json
import shlex
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text as Line

from keshou.app.intake import Intake
from keshou.app.new_program import make_key, revoke_key
from keshou.app.settings import DECLARATION_FILE, find_home
from keshou.app.site import Site
from keshou.app.user_view import user_view
from keshou.cli.sample import tables
from keshou.cli.sample.people import subscribers
from keshou.cli.sample.staff import SETUP
from keshou.cli.sample.visitor import vouch
from keshou.cli.setup import sample_declaration
from keshou.cli.terminal import GOOD, QUIET, STRONG, Call
from keshou.cli.verb import verb
from keshou.declaration.load import read, read_file
from keshou.errors import InputError
from keshou.programs.grant import CredentialKind, KeyGrant
from keshou.programs.scope import Scope
from keshou.web.public import story

PROGRAM = "billing"
"""The sample's own program, which has a post already."""
_SEED = 1
_KEY_HOLDS = dt.timedelta(days=1)


def add_to(app: typer.Typer) -> None:
    """Put the verb under the one name."""
    verb(app, "try")(try_)


def try_(
    call: Call,
    *,
    users: Annotated[int, typer.Option(metavar="N", min=10, max=100_000, help="How many invented users.")] = 200,
    key_only: Annotated[bool, typer.Option("--key", help="Print the key and nothing else.")] = False,
    user: Annotated[
        str, typer.Option(metavar="ID", help="Print a token by which a browser comes in as this invented user.")
    ] = "",
    url: Annotated[
        str, typer.Option(metavar="URL", help="With --user: the server's address; else the settings'.")
    ] = "",
) -> None:
    """Make the sample site ready: rules, invented users, some acts of its staff, a key for a day; say what to ask.

    What is there already is left as it is; keys that an earlier call made are revoked.
    """
    sample = read(sample_declaration()).declaration
    own = read_file(find_home(call.home) / DECLARATION_FILE).declaration
    if sample is None or own is None or own.operator.name != sample.operator.name:
        raise InputError("this is not the sample site", hint="make one with `keshou init DIR --sample`")
    with call.open() as site:
        if site.rules() is None:
            site.publish(sample, by="officer")
        begun = user_view(site, story.AGREED) is not None
        told = _take_in(site, users)
        if not begun:
            _live(site)
        if user:
            token = vouch(site, user, url or site.settings.url)
            call.answer({"token": token}, token)
            return
        key = _key(site)
        address, guided = site.settings.url, site.settings.sample
    if key_only:
        call.answer({"key": key}, key)
        return
    asked = {name: _request(address, *each) for name, each in _questions(told).items()}
    call.answer(
        {"url": address, "key": key, "user": told, "try": asked}, *_shown(call, address, key, asked, guided=guided)
    )


def _take_in(site: Site, users: int) -> str:
    """Take in the sample's users who are not there yet; return the id of one who agreed to the service."""
    people = list(subscribers(users, _SEED))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "subscribers.csv"
        tables.write_subscribers_csv(path, people)
        Intake(site, path, by="intake").run("skip")
    return next(each.user_id for each in people if each.service_consent == "express" and not each.limited_capacity)


def _live(site: Site) -> None:
    """Let the sample's staff try what its story tells, so that there is something to see: done or denied, on record."""
    for each in story.STORY:
        if not each.hour:
            held = site.state().appointments(each.by)
            site.perform(story.act_of(each, site.now(), held[0].branch if held else ""))


def _key(site: Site) -> str:
    now = site.now()
    grant = KeyGrant(scopes=frozenset({Scope.EVALUATE, Scope.ACT, Scope.READ}), until=now + _KEY_HOLDS)
    with site.writing() as tx:
        site.programs.add(tx, PROGRAM, now)  # the sample lets it hold its post from the beginning
        for each in site.programs.credentials(tx, PROGRAM):
            revoke_key(site, tx, each.id, SETUP)
        return make_key(site, tx, PROGRAM, CredentialKind.KEY, grant, by=SETUP)[1]


def _questions(user: str) -> dict[str, tuple[str, dict[str, object]]]:
    resource = {"type": "personal_information", "id": user, "properties": {"items": ["tariff_plan"]}}

    def question(kind: str) -> dict[str, object]:
        return {
            "subject": {"type": "service", "id": PROGRAM},
            "action": {"name": kind},
            "resource": resource,
            "context": {"purpose": "service"},
        }

    act: dict[str, object] = {"kind": "use", "user": user, "items": ["tariff_plan"], "purpose": "service"}
    return {
        "permitted": ("/access/v1/evaluation", question("use")),
        "denied": ("/access/v1/evaluation", question("sell")),
        "act": ("/api/v1/acts", act),
    }


def _request(url: str, path: str, body: dict[str, object]) -> str:
    """Return a command line that sends `body` with the key in ``$KEY``."""
    headers = ["Authorization: Bearer $KEY", "Content-Type: application/json"]
    if path.startswith("/api"):
        headers.append("Idempotency-Key: try-$(date +%s)")
    given = " ".join(f'-H "{each}"' for each in headers)
    return f"curl -s {url}{path} {given} -d {shlex.quote(json.dumps(body, ensure_ascii=False))}"


def _shown(call: Call, url: str, key: str, asked: dict[str, str], *, guided: bool) -> list[RenderableType]:
    told = {
        "permitted": call.words(
            "问：计费程序可以为提供服务使用这名用户的套餐信息吗？（可以）",
            "may billing use the plan of this user for the service? (yes)",
        ),
        "denied": call.words("问：可以出售它吗？（不可以，逐条列出依据）", "may it be sold? (no, with every article)"),
        "act": call.words("问并执行：裁定、结果和日志条目一并写入", "ask and do: decision, effect and entry at once"),
    }
    lines: list[RenderableType] = [
        Line(
            call.words(f"站点就绪。启动 `keshou serve` 后，地址是 {url}", f"ready; `keshou serve` serves it at {url}"),
            GOOD,
        ),
    ]
    if guided:
        said = call.words("在浏览器里看下一步做什么：", "In a browser, see what to do next: ")
        lines += [Line.assemble(said, (f"{url}/start", STRONG))]
    lines += [
        "",
        Line(call.words("或者让程序来问。", "Or let a program ask."), STRONG),
        Line(call.words("密钥有效一天，只显示这一次。", "The key holds for a day and is shown this once."), QUIET),
    ]
    lines += [f"KEY={key}"]
    for name, line in asked.items():
        lines += ["", Line(told[name], STRONG), line]
    return lines
