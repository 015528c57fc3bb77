# SPDX-License-Identifier: Apache-2.0
"""What of a caller's words may stand in the log: ids that the rules or the site know, and nothing else.

Entries are never changed, so whatever lands in one stays. A caller may put anything where an id belongs, a name or a
number among them; what nobody declared is written as a keyed token that tells equal words apart and says nothing.
"""

import re
from collections.abc import Callable, Collection, Mapping

from keshou.declaration.model import Declaration, Published
from keshou.gate.act import OWN_HAND, Act
from keshou.gate.facts import GroundRecorded, ReviewApproved, StaffAppointed
from keshou.gate.site import SiteStanding
from keshou.law.law import Law
from keshou.ledger.entry import Header

_TOKEN = 16
_MOST_WRITTEN = 4096
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")


class Names:
    """The ids known under the published rules and the operator's facts."""

    def __init__(
        self, law: Law, versions: Mapping[int, Published], site: SiteStanding, blind: Callable[[str], str]
    ) -> None:
        declared = [each.declaration for each in versions.values()]
        self._blind = blind
        self._written: dict[tuple[object, ...], dict[str, object]] = {}
        self.headers: dict[tuple[object, ...], tuple[object, Header]] = {}
        """What entries about the same question and answer share, for `effects`, with the answer it is kept for."""
        self._purposes = {each.id for one in declared for each in one.purposes}
        self._posts = {each.id for one in declared for each in one.posts}
        self._places = {each.id for one in declared for each in one.departments}
        self._places |= {each.id for one in declared for each in one.holdings}
        self._recipients = {each.id for one in declared for each in one.recipients}
        self.items = law.items.keys() | {each.id for one in declared for each in one.items}
        self.services = {each.id for one in declared for each in one.services}
        """Ids of every service declared."""
        self._read_site(site, declared)

    def _read_site(self, site: SiteStanding, declared: Collection[Declaration]) -> None:
        self._staff = {OWN_HAND, *(fact.staff for fact in site.facts if isinstance(fact, StaffAppointed))}
        self._reviews = {fact.review for fact in site.facts if isinstance(fact, ReviewApproved)}
        self._grounds = {fact.ground for fact in site.facts if isinstance(fact, GroundRecorded)}
        self._places |= {one.operator.id for one in declared}

    def of_act(self, act: Act) -> dict[str, object]:
        """Return an act's ids as its entry may hold them; kept, since few different questions are asked often."""
        key = (act.by, act.via, act.post, act.where, act.purpose, act.items, act.recipient, act.review, act.ground)
        found = self._written.get(key)
        if found is None:
            if len(self._written) >= _MOST_WRITTEN:
                self._written.clear()
            found = self._written[key] = self._of_act(act)
        return found

    def _of_act(self, act: Act) -> dict[str, object]:
        return {
            "who": self._person(act.by),
            "via": self._person(act.via),
            "post": self._known(act.post, self._posts),
            "where": self._known(act.where, self._places),
            "purpose": self._known(act.purpose, self._purposes),
            "items": tuple(sorted(self._known(each, self.items) for each in act.items)),
            "recipient": self._known(act.recipient, self._recipients),
            "review": self._known(act.review, self._reviews),
            "ground": self._known(act.ground, self._grounds),
        }

    def who(self, act: Act) -> str:
        """Return the name under which whoever does `act` stands in the log."""
        return self._person(act.by)

    def of_record(self, by: str, where: str, via: str = "") -> dict[str, object]:
        """Return who wrote something down, and where, as its entry may hold it; `via` as in `Act`."""
        return {"who": self._person(by), "via": self._person(via), "where": self._known(where, self._places)}

    def of_column(self, name: str) -> str:
        """Return how a column of a table is named in an entry: as it is, as long as that is a code."""
        return name if _CODE.fullmatch(name) else self._known(name, ())

    def is_staff(self, by: str) -> bool:
        """Say whether somebody of that id was ever appointed, or it stands for users themselves."""
        return by in self._staff

    def is_review(self, review: str) -> bool:
        """Say whether a review of that id was approved."""
        return review in self._reviews

    def _person(self, by: str) -> str:
        """Who acted is to be recorded also of those who hold no post (miit24:13.1.6), as long as it is a code."""
        return by if by in self._staff or _CODE.fullmatch(by) else self._known(by, ())

    def _known(self, word: str, known: Collection[str]) -> str:
        return word if not word or word in known else "?" + self._blind(word)[:_TOKEN]
