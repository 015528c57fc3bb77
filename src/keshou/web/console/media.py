# SPDX-License-Identifier: Apache-2.0
"""``/console/media``: where whatever carries users' information is, who holds it, and how it ended (Art. 13(iv)).

Backups enter themselves; one can be asked for here.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from keshou.app import backups
from keshou.app.backups import Wanted
from keshou.app.media import media_of
from keshou.app.site import Site
from keshou.backup.asked.store import Failure
from keshou.backup.asked.store import State as BackupState
from keshou.declaration.model import Office
from keshou.errors import InputError
from keshou.gate.calendar import day_of, end_of, read_day
from keshou.gate.facts import MediumChecked, MediumDestroyed, MediumMoved, MediumRegistered, SiteFact
from keshou.gate.media import Medium, State
from keshou.language import Text
from keshou.web.backing_up import begin_once, maker_of
from keshou.web.console.again import stands_on
from keshou.web.console.desk import Desk, desk_of, key_of, show, to, typed
from keshou.web.console.names import item_names, named
from keshou.web.console.people import id_of
from keshou.web.entitled import require
from keshou.web.errors import NotFoundError
from keshou.web.frame.page import Requested
from keshou.web.idempotency import fresh_id
from keshou.web.recorded import record
from keshou.wire.caller import Caller
from keshou.wire.media import MediumEvent, medium_shape

HERE = "/console/media"
A_PAGE = 50
FORM: Mapping[str, Text] = {
    "paper": Text("纸介质", "paper"),
    "optical": Text("光介质", "optical disc"),
    "magnetic": Text("磁介质", "magnetic disc or tape"),
    "flash": Text("闪存", "flash memory"),
    "other": Text("其他", "other"),
    "backup": Text("备份", "backup"),
}
STATE: Mapping[State, Text] = {
    "kept": Text("保管中", "kept"),
    "open": Text("未加密、未封存", "lies open"),
    "missing": Text("不在登记的地方", "missing"),
    "overdue": Text("逾期未销毁", "kept past its day"),
    "destroyed": Text("已销毁", "destroyed"),
    "not_made": Text("没有做成", "was not made"),
}
LOOKS: Mapping[State, str] = {"kept": "good", "open": "care", "missing": "bad", "overdue": "bad"}
FOUND: Mapping[str, Text] = {
    "in_order": Text("相符", "in order"),
    "seal_broken": Text("封存已破坏，或内容已损坏", "the seal, or the content, is broken"),
    "missing": Text("不在登记的地方", "missing"),
}
MANNER: Mapping[str, Text] = {
    "shredded": Text("粉碎", "shredded"),
    "burnt": Text("焚毁", "burnt"),
    "degaussed": Text("消磁", "degaussed"),
    "crushed": Text("压毁", "crushed"),
    "overwritten": Text("覆写", "overwritten"),
    "deleted": Text("删除", "deleted"),
    "not_made": Text("没有做成", "never made"),
}
WHAT: Mapping[str, Text] = {
    "registered": Text("登记", "entered"),
    "moved": Text("移动或交接", "moved or handed over"),
    "checked": Text("核查", "looked at"),
    "destroyed": Text("销毁", "destroyed"),
}
BACKUP: Mapping[BackupState, Text] = {
    BackupState.MAKING: Text("正在做", "is being made"),
    BackupState.MADE: Text("已读回核对", "read back whole"),
    BackupState.FAILED: Text("没有做成", "was not made"),
}
FAILURE: Mapping[Failure, Text] = {
    Failure.INTERRUPTED: Text("服务器停了", "the server stopped"),
    Failure.UNREACHABLE: Text("磁盘或数据库不让写", "the disk or the database refused it"),
    Failure.INTEGRITY: Text("读回的与写入的不同", "what was read back is not what was written"),
    Failure.INTERNAL: Text("没有预料到的错误", "nobody foresaw it"),
}
Name = Annotated[str, PathParameter(pattern="^[A-Za-z0-9._-]{1,64}$")]
Start = Annotated[int, QueryParameter(name="start", ge=0, le=10**9)]
Show = Annotated[str, QueryParameter(name="every", pattern="^(all)?$")]


@get(HERE, sync_to_thread=True, include_in_schema=False)
def media(
    *,
    request: Requested,
    caller: NamedDependency[Caller],
    site: NamedDependency[Site],
    start: Start = 0,
    every: Show = "",
) -> Response[bytes]:
    """List the register: what needs somebody first; what was destroyed only on asking."""
    require(caller, site, Office.MEDIA, Office.AUDIT)
    desk, now = desk_of(request, site, caller), site.now()
    found = [each for each in media_of(site).values() if every or each.destroyed is None]
    order = list(LOOKS)
    found.sort(key=lambda each: (-order.index(state) if (state := each.state(now)) in order else 9, each.id))
    return show(
        request, desk, "media.html.j2", media=[_named(desk, each, now) for each in found[start : start + A_PAGE]],
        start=start, total=len(found), size=A_PAGE, every=every, gone=not every, keeps=_keeps(desk),
        forms=[(each, FORM[each].in_(desk.language)) for each in FORM if each != "backup"],
        items=item_names(desk), today=day_of(now).isoformat(), backups=_backups(desk)[:_BACKUPS],
    )  # fmt: skip


_BACKUPS = 5


def _keeps(desk: Desk) -> bool:
    return Office.MEDIA in desk.offices


def _named(desk: Desk, each: Medium, now: dt.datetime) -> dict[str, Any]:
    state = each.state(now)
    return {
        "medium": each,
        "form": FORM[each.registered.form].in_(desk.language),
        "state": STATE[state].in_(desk.language),
        "look": LOOKS.get(state, ""),
    }


def _backups(desk: Desk) -> list[dict[str, object]]:
    return [
        {
            "job": each,
            "state": BACKUP[each.state].in_(desk.language),
            "look": {BackupState.MADE: "good", BackupState.FAILED: "bad"}.get(each.state, "care"),
            "why": FAILURE[each.failure].in_(desk.language) if each.failure else "",
        }
        for each in backups.every(desk.site)
    ]


@get(f"{HERE}/{{name:str}}", sync_to_thread=True, include_in_schema=False)
def medium(
    request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], name: Name
) -> Response[bytes]:
    """Show one medium: where it is, all that was written down of it, and what can be written down now."""
    require(caller, site, Office.MEDIA, Office.AUDIT)
    desk, now = desk_of(request, site, caller), site.now()
    found = _known(site, name)
    return show(
        request, desk, "medium.html.j2", **_named(desk, found, now), keeps=_keeps(desk) and found.destroyed is None,
        items=named(sorted(found.registered.items), item_names(desk)),
        history=[
            (each, WHAT[each.what].in_(desk.language), _told(desk, each))
            for each in reversed(medium_shape(found, now).history)
        ],
        found=[(key, text.in_(desk.language)) for key, text in FOUND.items()],
        manners=[(key, text.in_(desk.language)) for key, text in MANNER.items() if key != "not_made"],
    )  # fmt: skip


def _told(desk: Desk, each: MediumEvent) -> str:
    if each.found:
        return FOUND[each.found].in_(desk.language)
    return MANNER[each.manner].in_(desk.language) if each.manner else ""


@post(HERE, sync_to_thread=True, status_code=303, include_in_schema=False)
@stands_on(media)
def register(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[None]:
    """Enter a medium into the register."""
    require(caller, site, Office.MEDIA)
    form = typed(request)
    kind = _one_of(form.get("form", ""), [each for each in FORM if each != "backup"])
    items = sorted(name.removeprefix("item.") for name in form if name.startswith("item."))
    fact = MediumRegistered(
        at=site.now(), medium=id_of(form.get("id", "")), form=kind, place=id_of(form.get("place", "")),  # type: ignore[arg-type]
        holder=id_of(form.get("holder", "")), sealed=bool(form.get("sealed")), items=frozenset(items),
        until=_until(form.get("until", "")),
    )  # fmt: skip
    _write_down(site, caller, form, "media", fact)
    return to(f"{HERE}/{fact.medium}")


@post(f"{HERE}/{{name:str}}/{{what:str}}", sync_to_thread=True, status_code=303, include_in_schema=False)
@stands_on(medium)
def change(
    *, request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site], name: Name, what: Name
) -> Response[None]:
    """Write down that a medium was moved, looked at, or destroyed before a witness."""
    require(caller, site, Office.MEDIA, fresh=what == "destruction")
    form, now = typed(request), site.now()
    _known(site, name)
    fact: SiteFact
    match what:
        case "moves":
            fact = MediumMoved(
                at=now, medium=name, place=id_of(form.get("place", "")), holder=id_of(form.get("holder", "")),
                sealed=bool(form.get("sealed")),
            )  # fmt: skip
        case "checks":
            fact = MediumChecked(at=now, medium=name, by=caller.id, found=_one_of(form.get("found", ""), FOUND))  # type: ignore[arg-type]
        case "destruction":
            manner = _one_of(form.get("manner", ""), [each for each in MANNER if each != "not_made"])
            witness = id_of(form.get("witness", ""))
            fact = MediumDestroyed(at=now, medium=name, by=caller.id, witness=witness, manner=manner)  # type: ignore[arg-type]
        case _:
            raise NotFoundError("there is no such page")
    if isinstance(fact, MediumDestroyed):
        backups.destroy(site, name, lambda: _write_down(site, caller, form, f"media/{name}/{what}", fact))
    else:
        _write_down(site, caller, form, f"media/{name}/{what}", fact)
    return to(f"{HERE}/{name}")


@post("/console/backups", sync_to_thread=True, status_code=303, include_in_schema=False)
@stands_on(media)
def back_up(request: Requested, caller: NamedDependency[Caller], site: NamedDependency[Site]) -> Response[None]:
    """Have a backup made; it enters itself into the register."""
    require(caller, site, Office.MEDIA, fresh=True)
    form = typed(request)
    medium_ = fresh_id("b", caller, key_of(form))
    wanted = Wanted(medium_, caller.id, id_of(form.get("place", "") or "site"), until=_until(form.get("until", "")))
    begin_once(site, maker_of(request, site), caller, key_of(form), wanted)
    return to(HERE)


def _write_down(site: Site, caller: Caller, form: Mapping[str, str], place: str, fact: SiteFact) -> None:
    asked = sorted((name, value) for name, value in form.items() if name != "key")
    record(site, caller, key_of(form), asked, ("console", place), fact)


def _known(site: Site, name: str) -> Medium:
    found = media_of(site).get(name)
    if found is None:
        raise NotFoundError("the register has no such medium")
    return found


def _one_of(given: str, known: object) -> str:
    if given not in list(known):  # type: ignore[call-overload]
        raise InputError("one of the choices has to be made")
    return given


def _until(given: str) -> dt.datetime | None:
    """Return the moment at which the day typed is over; None when none was typed."""
    try:
        return end_of(read_day(given)) if given else None
    except ValueError:
        raise InputError("the last day is no day of the calendar") from None
