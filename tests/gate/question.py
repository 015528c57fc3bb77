# SPDX-License-Identifier: Apache-2.0
"""What the articles ask about one act, answered by going through the facts from the first to the last."""

import datetime as dt
from collections.abc import Sequence

import higher_law
from dropped import left_by_older_rules, needed_by_none_any_more
from holders import Holders

from keshou.declaration.compare import compare, quadruples
from keshou.declaration.model import Agent, Declaration, Post, Published, Purpose
from keshou.gate import facts as f
from keshou.gate.act import Act
from keshou.gate.holds import HoldLifted, HoldSet
from keshou.language import Text
from keshou.law.law import Law
from keshou.law.terms import ActKind as K
from keshou.law.terms import ConsentStrength as S

BEIJING = dt.timezone(dt.timedelta(hours=8))


class World:
    """The facts of one operator: what was published, what came true of it, and of each user, in the order recorded."""

    def __init__(
        self,
        published: Sequence[Published],
        site: Sequence[f.SiteFact],
        users: dict[str, Sequence[f.UserFact]],
        law: Law,
    ) -> None:
        self.published, self.law = published, law
        self.site = sorted(site, key=lambda fact: fact.at)
        self.users = {user: sorted(facts, key=lambda fact: fact.at) for user, facts in users.items()}
        self.differences: dict[tuple[int, int], tuple] = {}


class Question:
    """One act in one world, with what the articles ask about it."""

    def __init__(self, world: World, act: Act) -> None:
        self.world, self.act, self.law = world, act, world.law
        self.site = [fact for fact in world.site if fact.at <= act.when]
        self.user = [fact for fact in world.users.get(act.user, ()) if fact.at <= act.when]
        self.day = act.when.astimezone(BEIJING).date()
        self.holders = Holders(world.published, self.site)
        self.rules = self.holders.rules_at(act.when)
        self.declared = self.rules.declaration if self.rules else None
        self.purpose = self.find_purpose()
        self.needs = self.purpose.needs if self.purpose else ()
        self.needed = {need.item for need in self.needs}
        self.older = [one.declaration for one in world.published if self.rules and one.version < self.rules.version]
        self.left = left_by_older_rules(self.declared, self.older)
        self.dropped = needed_by_none_any_more(act, self.left, own_hand=self.own_hand())

    # --- the rules

    def find_purpose(self) -> Purpose | None:
        for each in self.declared.purposes if self.declared else ():
            if each.id == self.act.purpose:
                return each
        return None

    def binds(self, instrument: str) -> bool:
        found = self.law.instruments[instrument]
        if not found.in_force_on(self.day):
            return False
        if found.rank == "guidance":
            return self.declared is not None and instrument in self.declared.operator.adopts
        if found.rank == "draft":
            return False
        return self.declared is None or any(kind in found.binds for kind in self.operator_kinds())

    def operator_kinds(self) -> set[str]:
        said = set(self.declared.operator.kinds)
        offering = [set(self.law.services[service.kind].operators) for service in self.declared.services]
        return said.union(*(kinds for kinds in offering if not kinds & said))

    def is_sensitive(self, item: str) -> bool:
        for own in self.declared.items if self.declared else ():
            if own.id == item and own.sensitive:
                return True
        return item in self.law.items and self.law.items[item].is_sensitive("gbz28828")

    def sensitive(self) -> set[str]:
        return {item for item in self.act.items if self.is_sensitive(item)}

    def all_items_known(self) -> bool:
        own = {item.id for item in self.declared.items} if self.declared else set()
        left = self.act.items - self.dropped
        return bool(self.act.items) and all(item in self.law.items or item in own for item in left)

    def registration_items(self) -> set[str]:
        purposes = self.declared.purposes if self.declared else ()
        kept_so = {need.item for each in purposes for need in each.needs if need.class_ == "registration"}
        before = [need for one in self.older for each in one.purposes for need in each.needs]
        kept_so |= {need.item for need in before if need.class_ == "registration"} & self.left
        return kept_so & self.act.items

    # --- who acts

    def own_hand(self) -> bool:
        by_user = self.act.by == "user" and self.act.user != "" and self.act.count == 1
        return by_user and self.act.kind in {K.QUERY, K.CORRECT, K.DELETE}

    def appointments(self) -> set[tuple[str, str]]:
        return set() if self.act.by == "user" else self.holders.posts(self.act.by, self.act.when, len(self.site))

    def post(self) -> str | None:
        here = {
            post
            for post, branch in self.appointments()
            if branch in {"", self.act.where} and self.act.post in {"", post}
        }
        if not here and self.act.by != "user" and self.holders.lent(self.act.by, self.act.post, self.act.when):
            return self.act.post
        return here.pop() if len(here) == 1 else None

    def declared_post(self) -> Post | None:
        post = self.post()
        return next((each for each in self.declared.posts if each.id == post), None) if self.declared else None

    def granted(self) -> bool:
        post, covered = self.declared_post(), set()
        if post is None or self.purpose is None or not self.act.items:
            return False
        for grant in self.declared.grants:
            if grant.post != post.id or self.act.purpose not in grant.purposes or self.act.kind not in grant.acts:
                continue
            if grant.until is not None and self.day > grant.until:
                continue
            if grant.branches and self.act.where not in grant.branches:
                continue
            if grant.hours is not None and not self.in_hours(grant.hours):
                continue
            covered |= {item for item in self.needed if not grant.items or item in grant.items}
            covered |= set() if grant.items else self.dropped
        return self.act.items <= covered

    def in_hours(self, hours) -> bool:
        sign = -1 if hours.utc_offset.startswith("-") else 1
        ahead = sign * (int(hours.utc_offset[1:3]) * 60 + int(hours.utc_offset[4:6]))
        utc = self.act.when.astimezone(dt.UTC)
        clock = f"{(utc + dt.timedelta(minutes=ahead)):%H:%M}"
        if hours.from_ <= hours.to:
            return hours.from_ <= clock < hours.to
        return clock >= hours.from_ or clock < hours.to

    def agent_id(self) -> str:
        post = self.declared_post()
        return "" if post is None or self.own_hand() else post.agent

    def agent(self) -> Agent | None:
        return next((each for each in self.declared.agents if each.id == self.agent_id()), None)

    def agent_fit(self) -> bool:
        agent = self.agent()
        if agent is None or agent.qualification is None or agent.contract is None:
            return False
        suspended = False
        for fact in self.site:
            if isinstance(fact, f.AgentSuspended) and fact.agent == agent.id:
                suspended = True
            if isinstance(fact, f.AgentReinstated) and fact.agent == agent.id:
                suspended = False
        qualified = agent.qualification.checked_on <= self.day <= agent.qualification.valid_until
        contracted = agent.contract.from_ <= self.day <= agent.contract.until
        return qualified and contracted and agent.contract.protection_clause and not suspended

    # --- higher law

    def declared_ground(self) -> bool:
        if self.purpose is None or not self.act.items:
            return False
        return all(
            higher_law.grounded(self.law, self.day, self.purpose, self.act.kind, item) for item in self.act.items
        )

    def recorded_ground(self) -> bool:
        found: f.GroundRecorded | None = None
        for fact in self.site:
            if isinstance(fact, f.GroundRecorded) and fact.ground == self.act.ground:
                found = fact
            if isinstance(fact, f.GroundEnded) and fact.ground == self.act.ground:
                found = None
        if found is None or self.act.ground == "" or self.act.when >= found.until:
            return False
        if found.rank not in {"law", "administrative_regulation"} or not higher_law.lets(
            self.law, self.day, found.cite, self.act.kind, self.act.items, for_="case"
        ):
            return False
        if self.act.kind not in found.kinds or self.act.purpose not in found.purposes:
            return False
        named = {name for name in (self.act.user, self.act.user_ref) if name}
        if found.users and not named & found.users:
            return False
        return self.act.items <= found.items and self.act.recipient == found.recipient and found.recorded_by != ""

    def held(self) -> bool:
        lifted = {fact.hold for fact in self.site if isinstance(fact, HoldLifted)}
        first: dict[str, HoldSet] = {}
        for fact in self.site:
            if isinstance(fact, HoldSet) and fact.hold not in first:
                first[fact.hold] = fact
        for hold in first.values():
            over = hold.hold in lifted or (hold.until is not None and self.act.when >= hold.until)
            theirs = not hold.users or (self.act.user != "" and {self.act.user, self.act.user_ref} & hold.users)
            kept = {item for item in self.act.items if item in hold.items}
            if not hold.items:  # then only the classes say what it keeps
                registration = self.registration_items()
                classes = {item: "registration" if item in registration else "service" for item in self.act.items}
                kept = {item for item, class_ in classes.items() if not hold.classes or class_ in hold.classes}
            if not over and theirs and kept:
                return True
        return False

    # --- the user

    def nobody_named(self) -> bool:
        return self.act.user == ""

    def known(self) -> bool:
        erased = any(isinstance(fact, f.Erased) for fact in self.user)
        return self.nobody_named() or (bool(self.user) and not erased)

    def reach(self, version: int) -> set[str]:
        if self.rules is None or self.purpose is None:
            return set()
        if version == self.rules.version:
            return set(self.needed)
        older = [each.declaration for each in self.world.published if each.version == version]
        if not older:
            return set()
        key = (version, self.rules.version)
        if key not in self.world.differences:
            both = (older[0], self.rules.declaration)
            self.world.differences[key] = (*map(quadruples, both), compare(*both).widened)
        stood, stands, widened = self.world.differences[key]
        here, agent = (self.purpose.id, self.act.kind), self.agent_id()
        if agent and self.name_of(older[0], agent) != self.name_of(self.rules.declaration, agent):
            return set()
        same = None
        for declared, quads in ((older[0], stood), (self.rules.declaration, stands)):
            theirs = {post.id for post in declared.posts if post.agent == agent}
            items = {q.item for q in quads if (q.purpose, q.act) == here and (not agent or q.post in theirs)}
            same = items if same is None else same & items
        for each in widened:
            (_, item, _, post), ours = each.quadruple, {"agent", "stand_ins"}
            plainer = bool(agent) and post in theirs and "stand_ins" in each.reasons
            if each.quadruple[0::2] == here and (plainer or set(each.reasons) - ours):
                same.discard(item)
        return same

    def name_of(self, declared: Declaration, agent: str) -> Text | None:
        return next((each.name for each in declared.agents if each.id == agent), None)

    def consents(self) -> list[tuple[f.ConsentGiven, set[str]]]:
        standing: list[tuple[f.ConsentGiven, set[str]]] = []
        silence = True  # counts, until the user objects to the purpose
        objected: set[str] = set()
        for fact in self.user:
            if getattr(fact, "purpose", None) != self.act.purpose:
                continue
            match fact:
                case f.ConsentGiven() if fact.strength == S.TACIT:
                    reach = self.reach(fact.version) - objected if silence else set()
                    standing.append((fact, {item for item in reach if not fact.items or item in fact.items}))
                case f.ConsentGiven():
                    silence, objected = silence or not fact.items, objected - (fact.items or objected)
                    reach = self.reach(fact.version)
                    standing.append((fact, {item for item in reach if not fact.items or item in fact.items}))
                case f.ConsentWithdrawn() if fact.items:
                    objected = objected | fact.items
                    standing = [(given, items - fact.items) for given, items in standing]
                case f.ConsentWithdrawn() | f.ConsentVoided():
                    silence, objected, standing = False, set(), []
        return standing

    def agreed(self, items: set[str] | frozenset[str], *strengths: S) -> bool:
        if self.nobody_named():
            return True
        covered = set()
        for given, reach in self.consents() if self.known() else []:
            if given.strength in strengths:
                covered |= reach
        return set(items) <= covered

    def expressly(self, items: set[str] | frozenset[str]) -> bool:
        return self.agreed(items, S.EXPRESS, S.GUARDIAN)

    def consented(self) -> bool:
        if self.nobody_named():
            return True
        if not self.known() or not self.act.items or self.purpose is None:
            return False
        if self.purpose.consent == S.GUARDIAN:
            return self.agreed(self.act.items, S.GUARDIAN)
        if self.purpose.consent == S.TACIT and self.binds("gbz28828"):
            return all(
                self.expressly({item}) or (not self.is_sensitive(item) and self.agreed({item}, S.TACIT))
                for item in self.act.items
            )
        return self.expressly(self.act.items)

    def consented_expressly(self) -> bool:
        return self.nobody_named() or (self.known() and bool(self.act.items) and self.expressly(self.act.items))

    def noticed(self) -> bool:
        if self.nobody_named():
            return True
        covered: set[str] = set()
        for fact in self.user:
            if isinstance(fact, f.NoticeShown):
                for each in self.world.published:
                    if (each.version, each.digest) == (fact.version, fact.digest) and each.notice_complete:
                        covered |= self.reach(each.version)
        return self.known() and bool(self.act.items) and self.act.items <= covered

    def deceived(self) -> bool:
        state = False
        for fact in self.user if self.known() and not self.nobody_named() else ():
            if isinstance(fact, f.ConsentVoided) and fact.purpose == self.act.purpose:
                state = True
            if isinstance(fact, f.ConsentGiven) and fact.purpose == self.act.purpose:
                state = state and fact.strength == S.TACIT
        return state

    def services_in_use(self) -> set[str]:
        using: set[str] = set()
        for fact in self.user:
            if isinstance(fact, f.ServiceStarted):
                using.add(fact.service)
            if isinstance(fact, f.ServiceEnded):
                using.discard(fact.service)
        return using

    def serves_the_user(self) -> bool:
        if self.nobody_named():
            return True
        return self.known() and self.purpose is not None and bool(self.services_in_use() & set(self.purpose.services))

    def capacity_limited(self) -> bool:
        state = False
        for fact in self.user if self.known() and not self.nobody_named() else ():
            if isinstance(fact, f.CapacityLimited | f.CapacityFull):
                state = isinstance(fact, f.CapacityLimited)
        return state

    def messages(self) -> str:
        if self.nobody_named():
            return "requested"
        last = [fact for fact in self.user if isinstance(fact, f.MessagesRequested | f.MessagesRefused)]
        if not last or not self.known():
            return ""
        return "requested" if isinstance(last[-1], f.MessagesRequested) else "refused"

    def retention_over(self) -> bool:
        if self.nobody_named():
            return True
        ends = [fact.at for fact in self.user if isinstance(fact, f.ServiceEnded)]
        if not self.known() or not ends or self.services_in_use():
            return False
        years = self.law.provision("miit25:11").period.years
        end = max(ends).astimezone(BEIJING).date()
        try:
            last = end.replace(year=end.year + years)
        except ValueError:
            last = dt.date(end.year + years, 3, 1)
        return self.day > last

    # --- what the kinds of act come to

    def collects(self) -> bool:
        return self.act.kind == K.COLLECT

    def uses(self) -> bool:
        return self.act.kind in {K.USE, K.PROVIDE, K.EXPORT, K.COPY}

    def gives(self) -> bool:
        return self.act.kind == K.PROVIDE or self.act.recipient != ""

    def recipient(self):
        if self.purpose is None or self.act.recipient not in self.purpose.recipients:
            return None
        return next((each for each in self.declared.recipients if each.id == self.act.recipient), None)

    def gives_unlawfully(self) -> bool:
        agreed = self.consented() or self.declared_ground()
        return self.gives() and not (self.recipient() is not None and agreed) and not self.recorded_ground()

    def needed_for_this(self) -> bool:
        if self.purpose is None or not self.act.items:
            return False
        if self.own_hand():
            return self.act.items - self.dropped <= self.needed
        for_kind = {need.item for need in self.needs if self.act.kind in (need.acts or self.purpose.acts)}
        facing = {service.id for service in self.declared.services if service.user_facing} & set(self.purpose.services)
        return self.act.items - self.dropped <= for_kind and bool(facing) and self.act.kind in self.purpose.acts
