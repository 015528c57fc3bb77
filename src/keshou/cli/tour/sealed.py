# SPDX-License-Identifier: Apache-2.0
"""Scenes of the vault: what lies in the database, what a permitted act shows, and what is left after the end."""

from rich.text import Text as Line

from keshou.cli.terminal import BAD, GOOD, QUIET
from keshou.cli.tour.stage import Stage
from keshou.gate.act import Act
from keshou.law.terms import ActKind

_SHOWN = 48


def look(stage: Stage, user: str) -> None:
    """Show a value as it lies in the database, and as a permitted act shows it."""
    stage.scene(
        "数据库里有什么，看得到什么", "What lies in the database, and what is seen",
        "偷走数据库的人看到的是密文；得到允许的人看到的，也只是他的岗位能看的样子。",
        "Who steals the database sees ciphertext; who is permitted sees no more than the post is granted.",
    )  # fmt: skip
    table = stage.grid(QUIET, "")
    number, seen = _sealed(stage)
    table.add_row(
        stage.words("库里的一个值（某用户的号码）", "a value in the database (somebody's number)"), Line(seen, BAD)
    )
    for who, purpose in (("care", "care"), ("officer", "service")):
        done = stage.site.perform(_query(stage, user, purpose, who, "mobile_number"))
        table.add_row(f"{user} → {who}", Line(done.values.get("mobile_number", "—"), GOOD))
    stage.indented(table)
    stage.facts["sealed_bytes"] = number


def _sealed(stage: Stage) -> tuple[int, str]:
    """Read one sealed value as whoever holds nothing but the database would."""
    with stage.site.reading() as tx:
        row = tx.connection.exec_driver_sql("SELECT sealed FROM vault_value WHERE item = 'mobile_number' LIMIT 1").one()
    data = bytes(row[0])
    return len(data), f"{data.hex()[:_SHOWN]}… ({len(data)} {stage.words('字节', 'bytes')})"


def end(stage: Stage, user: str) -> None:
    """End a user's service and show what is still possible."""
    stage.scene(
        "终止服务：停止使用，销毁密钥", "End of service: use stops, keys are destroyed",
        f"{user} 注销。服务类信息的密钥当场销毁，值再也打不开；旧备份里的，到封装它的那期密钥销毁时也一样。"
        "身份登记资料依法留存，除查询外不得再用。",
        f"{user} cancels. The key of what the service held is destroyed on the spot and its values are gone; those in "
        "older backups are, once the key epoch that wraps them is destroyed. Registration papers are retained as the "
        "law asks, and are no longer used.",
    )  # fmt: skip
    before = stage.site.perform(_query(stage, user, "service", "officer", "mobile_number", "user_name"))
    done = stage.site.cancel(user, by="clerk", where="east_branch")
    for class_, kid in done.shredded:
        stage.say(f"已销毁密钥：{class_.value} {kid}", f"key destroyed: {class_.value} {kid}", GOOD)
    after = stage.site.perform(_query(stage, user, "service", "officer", "mobile_number", "user_name"))
    words = stage.words
    table = stage.grid("", "", "")
    table.add_row("", Line(words("终止前", "before"), QUIET), Line(words("终止后", "after"), QUIET))
    for item in ("mobile_number", "user_name"):
        label = stage.call.of(stage.site.law.items[item].label)
        gone = Line(words("已不可恢复", "gone for good"), BAD)
        left = after.values.get(item)
        table.add_row(label, before.values.get(item, "—"), Line(left, GOOD) if left else gone)
    stage.indented(table)
    use = Act(
        kind=ActKind.USE, user=user, items=frozenset({"user_name"}), purpose="service", by="billing",
        when=stage.site.now(),
    )  # fmt: skip
    destroy = Act(
        kind=ActKind.DESTROY, user=user, items=frozenset({"user_name"}), purpose="service", by="officer",
        when=stage.site.now(),
    )  # fmt: skip
    asked = stage.grid("", "")
    asked.add_row(words("再用其姓名？", "use the name again?"), stage.articles(stage.site.ask(use)))
    asked.add_row(words("提前销毁登记资料？", "destroy the papers early?"), stage.articles(stage.site.ask(destroy)))
    stage.show("")
    stage.indented(asked)
    stage.facts |= {"shredded": len(done.shredded), "gone": "mobile_number" not in after.values}


def _query(stage: Stage, user: str, purpose: str, by: str, *items: str) -> Act:
    return Act(kind=ActKind.QUERY, user=user, items=frozenset(items), purpose=purpose, by=by, when=stage.site.now())
