# SPDX-License-Identifier: Apache-2.0
"""Scenes of users: they are taken in through the gate, agree and refuse."""

from rich.text import Text as Line

from keshou.app.intake import Intake
from keshou.cli.sample import tables
from keshou.cli.sample.people import subscribers
from keshou.cli.tables import fault_counts
from keshou.cli.terminal import BAD, GOOD, QUIET, STRONG
from keshou.cli.tour.stage import Stage
from keshou.gate.act import Act
from keshou.gate.facts import ConsentGiven, ConsentWithdrawn, MessagesRefused, NoticeShown
from keshou.law.terms import ActKind, ConsentStrength

SUBSCRIBERS = 5_000
USES = 200_000
_STAFF = (
    ("officer", "privacy_officer"),
    ("clerk", "counter_clerk"),
    ("care", "care_agent"),
    ("analyst", "marketing_analyst"),
    ("billing", "billing_program"),
    ("shop", "shop_clerk"),
)


def generate(stage: Stage, seed: int) -> list[str]:
    """Write the sample's users and their use of the service as tables; return the ids of users to tell of."""
    people = list(subscribers(SUBSCRIBERS, seed))
    tables.write_subscribers_csv(stage.folder / "subscribers.csv", people)
    usage = tables.usage_table(USES, [each.user_id for each in people], seed)
    tables.write_usage_parquet(stage.folder / "usage.parquet", usage)
    sound = [each for each in people if each.service_consent == "express" and not each.limited_capacity]
    return [each.user_id for each in sound if each.marketing_consent is None]


def staff(stage: Stage) -> None:
    """Show who holds which post."""
    rules = stage.site.rules()
    posts = {each.id: each for each in rules.declaration.posts} if rules else {}
    stage.say("已任命的人和程序（部分）：", "people and programs that were appointed, some of them:")
    table = stage.grid(STRONG, "", QUIET)
    for who, post in _STAFF:
        if post in posts:
            table.add_row(f"  {who}", stage.call.of(posts[post].name), stage.call.of(posts[post].duties))
    stage.indented(table)


def take_in(stage: Stage) -> None:
    """Take the generated users in through the gate."""
    stage.scene(
        "接收用户：每一行都过闸门", "Taking users in, each row through the gate",
        f"原系统里有 {SUBSCRIBERS:,} 名（虚构的）用户。每一行先核对，再作为一次“收集”请闸门裁定；只有默许而目的要求"
        "明示同意的、未成年人没有监护人同意的，都不收。收下的逐项加密，每人一把密钥。",
        f"The system before holds {SUBSCRIBERS:,} (invented) users. "
        "Each row is checked and then asked of the gate as one "
        "act of collection; who agreed only tacitly where express "
        "consent is asked for, and minors without a guardian's "
        "consent, stay out. What goes in is sealed item by item, under keys of each user's own.",
    )  # fmt: skip
    intake = Intake(stage.site, stage.folder / "subscribers.csv", by="intake")
    words = stage.words
    with stage.call.progress(words("核对并接收", "checking and taking in"), SUBSCRIBERS * 2) as advance:
        report = intake.run("skip", advance, advance)
    stage.facts |= {"rows": report.rows, "taken": report.taken}
    table = stage.grid("", "")
    table.columns[0].justify = "right"
    table.add_row(Line(f"{report.taken:,}", GOOD), words("名用户已收下", "users taken in"))
    for told, rows in fault_counts(stage.call, report.faults):
        table.add_row(Line(f"{rows:,}", BAD), told)
    stage.indented(table)


def agree(stage: Stage, user: str) -> None:
    """Let one user agree to a purpose and refuse it again, and ask the gate each time."""
    stage.scene(
        "同意与拒绝，立刻生效", "Consent and refusal hold at once",
        f"营销分析员想用 {user} 的流量向其推荐套餐。",
        f"The marketing analyst would use the data volume of {user} to recommend a plan.",
    )  # fmt: skip
    site, when = stage.site, stage.office_hour()
    rules = site.rules()
    version, digest = (rules.version, rules.digest) if rules else (0, "")
    items = frozenset({"data_volume"})
    act = Act(kind=ActKind.USE, user=user, items=items, purpose="marketing", by="analyst", when=when)
    table = stage.grid("", "")
    table.add_row(stage.words("用户没有表态：", "the user has said nothing:"), stage.articles(site.ask(act)))
    now = site.now()
    express = ConsentGiven(at=now, purpose="marketing", version=version, strength=ConsentStrength.EXPRESS)
    site.record(user, NoticeShown(at=now, version=version, digest=digest), express)
    table.add_row(
        stage.words("看过规则并明示同意：", "shown the rules, agreed expressly:"), stage.articles(site.ask(act))
    )
    now = site.now()
    site.record(user, ConsentWithdrawn(at=now, purpose="marketing"), MessagesRefused(at=now))
    table.add_row(
        stage.words("撤回，并拒收商业信息：", "took it back, refuses messages:"), stage.articles(site.ask(act))
    )
    stage.indented(table)
