# SPDX-License-Identifier: Apache-2.0
"""Who held which post, and what an emergency lent, by going through the facts from the first to the last."""

import datetime as dt
from collections.abc import Sequence

from keshou.declaration.model import Declaration, Published
from keshou.gate import facts as f

Place = tuple[str, str]
"""Post and branch."""


class Holders:
    """The posts of everybody, by the facts `site` in their order and the versions `published`."""

    def __init__(self, published: Sequence[Published], site: Sequence[f.SiteFact]) -> None:
        self.published, self.site = published, site
        self.rules: dict[dt.datetime, Published | None] = {}
        self.held: dict[tuple[str, dt.datetime, int], set[Place]] = {}

    def rules_at(self, moment: dt.datetime) -> Published | None:
        if moment not in self.rules:
            self.rules[moment] = self.read_rules(moment)
        return self.rules[moment]

    def read_rules(self, moment: dt.datetime) -> Published | None:
        told = [fact for fact in self.site if isinstance(fact, f.RulesPublished)]
        took_effect = [fact for fact in told if fact.effective <= moment and fact.at <= moment]
        if not took_effect:
            return None
        newest = max(fact.version for fact in took_effect)
        last = [fact for fact in took_effect if fact.version == newest][-1]
        for each in self.published:
            if each.version == last.version and each.digest == last.digest:
                return each
        return None

    def declared_at(self, moment: dt.datetime) -> Declaration | None:
        rules = self.rules_at(moment)
        return rules.declaration if rules else None

    def every(self, moment: dt.datetime) -> dt.timedelta | None:
        declared = self.declared_at(moment)
        if declared is None or declared.access_review is None:
            return None
        return dt.timedelta(days=declared.access_review.every_days)

    def lapses(self, since: dt.datetime) -> dt.datetime | None:
        told = [fact for fact in self.site if isinstance(fact, f.RulesPublished)]
        changes = sorted(max(fact.at, fact.effective) for fact in told)
        for start in [since, *(change for change in changes if change > since)]:
            every = self.every(start)
            if every is not None:
                return start + every
        return None

    def posts(self, staff: str, moment: dt.datetime, recorded: int) -> set[Place]:
        """Return the posts that `staff` holds at `moment`, by the first `recorded` facts."""
        key = (staff, moment, recorded)
        if key not in self.held:
            self.held[key] = self.read_posts(*key)
        return self.held[key]

    def read_posts(self, staff: str, moment: dt.datetime, recorded: int) -> set[Place]:
        held: dict[Place, list[dt.datetime | None]] = {}
        for place, fact in enumerate(self.site[:recorded]):
            if getattr(fact, "staff", None) != staff:
                continue
            match fact:
                case f.StaffAppointed():
                    held[fact.post, fact.branch] = [fact.until, self.lapses(fact.at)]
                case f.StaffRemoved():
                    held = {key: ends for key, ends in held.items() if key[0] != fact.post}
                case f.StaffLeft():
                    held = {}
                case f.AccessConfirmed() if self.counts(fact, place):
                    every = self.every(fact.at)
                    due = fact.until if every is None else min(fact.until, fact.at + every)
                    for key, ends in held.items():
                        if key[0] == fact.post and stands(ends, fact.at):
                            held[key] = [ends[0], due]
        return {key for key, ends in held.items() if stands(ends, moment)}

    def counts(self, fact: f.AccessConfirmed, place: int) -> bool:
        """Say whether the confirmation is by somebody else, who answers for the post."""
        declared = self.declared_at(fact.at)
        post = next((each for each in declared.posts if each.id == fact.post), None) if declared else None
        if declared is None or post is None or fact.by == fact.staff:
            return False
        answering = [each.responsible for each in declared.departments if each.id == post.department]
        if answering == [post.id] and declared.access_review is not None:
            answering += declared.access_review.heads_by
        by = {held for held, _ in self.posts(fact.by, fact.at, place)}
        return any(each in by and is_own(declared, each) for each in answering)

    def has_own(self, staff: str, moment: dt.datetime, recorded: int) -> bool:
        declared = self.declared_at(moment)
        posts = self.posts(staff, moment, recorded)
        return declared is not None and any(is_own(declared, post) for post, _ in posts)

    def lent(self, staff: str, post: str, moment: dt.datetime) -> bool:
        """Say whether an emergency lends `staff` the post at `moment`, by all the facts."""
        opened: dict[str, tuple[int, f.EmergencyOpened, dt.datetime]] = {}
        for place, fact in enumerate(self.site):
            if isinstance(fact, f.EmergencyOpened) and fact.emergency not in opened and self.foreseen(fact, place):
                most = self.declared_at(fact.at).emergency.minutes
                until = min(fact.until, fact.at + dt.timedelta(minutes=most))
                opened[fact.emergency] = (place, fact, until)
        mine = [each for each in opened.values() if each[1].staff == staff and each[1].post == post]
        return self.has_own(staff, moment, len(self.site)) and any(
            moment < until and not self.ended(place, fact) for place, fact, until in mine
        )

    def foreseen(self, fact: f.EmergencyOpened, place: int) -> bool:
        declared = self.declared_at(fact.at)
        lent = declared.emergency if declared else None
        if declared is None or lent is None or fact.post not in lent.posts or fact.reason not in lent.reasons:
            return False
        return is_own(declared, fact.post) and self.has_own(fact.staff, fact.at, place)

    def ended(self, place: int, opened: f.EmergencyOpened) -> bool:
        """Say whether, after it was opened, somebody else looked at it or its staff left."""
        for later, fact in enumerate(self.site[place + 1 :], place + 1):
            if isinstance(fact, f.StaffLeft) and fact.staff == opened.staff:
                return True
            reviewed = isinstance(fact, f.EmergencyReviewed) and fact.emergency == opened.emergency
            if reviewed and fact.by != opened.staff and self.has_own(fact.by, fact.at, later):
                return True
        return False


def stands(ends: Sequence[dt.datetime | None], moment: dt.datetime) -> bool:
    return all(end is None or moment < end for end in ends)


def is_own(declared: Declaration, post: str) -> bool:
    return any(each.id == post and each.agent == "" for each in declared.posts)
