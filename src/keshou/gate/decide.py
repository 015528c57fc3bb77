# SPDX-License-Identifier: Apache-2.0
"""Every prohibition over one act -> one decision."""

import datetime as dt
from collections.abc import Callable, Container, Iterable, Mapping

from keshou.errors import ExitStatus, InputError, KeshouError
from keshou.gate import calendar
from keshou.gate.act import Act
from keshou.gate.conditions import BITS, NO_USER_BITS
from keshou.gate.decision import Decision, Deny, Permit
from keshou.gate.facts import UserFact
from keshou.gate.rulebook import Rulebook
from keshou.gate.site import SiteStanding
from keshou.gate.standing import UNKNOWN, UserStanding, fold_user
from keshou.gate.timeline import Timeline
from keshou.gate.view import Prepared, View, user_word

History = Callable[[str], Iterable[UserFact]]
"""From a user's id to the user's facts in the order recorded; the gate itself fetches nothing."""

_REGISTRATION_OVER = BITS["registration_over"]
_MOST_WORDS = 4096


class StaleStandingError(KeshouError):
    """The gate's facts are older than the caller asked for; nothing was decided."""

    status = ExitStatus.UNREACHABLE

    def __init__(self, have: int, need: int) -> None:
        message = f"the gate stands at revision {have}, before {need}"
        super().__init__(message, hint="refresh the standings and ask again")
        self.have, self.need = have, need


class MissingHistoryError(KeshouError):
    """An act is dated before the user's last fact, and the gate was given no way to the earlier ones."""

    status = ExitStatus.UNREACHABLE


class Gate:
    """Decides acts on the facts up to `revision`; holds what it needs in memory and does no input or output itself."""

    def __init__(
        self,
        rulebook: Rulebook,
        site: SiteStanding,
        users: Mapping[str, UserStanding],
        revision: int,
        history: History | None = None,
    ) -> None:
        self.users = users
        """Standings as of `revision`, by the operator's id of the user; read as they are at each question."""
        self.revision = revision
        self.history = history
        self.timeline = Timeline.of(rulebook, site)
        """From a moment to what holds at it."""

    def over(
        self,
        users: Mapping[str, UserStanding],
        revision: int,
        history: History | None = None,
        site: SiteStanding | None = None,
        rulebook: Rulebook | None = None,
    ) -> "Gate":
        """Return a gate over other standings; what was worked out for the same rules and facts serves it too."""
        return Gate(rulebook or self.rulebook, site or self.site, users, revision, history)

    @property
    def rulebook(self) -> Rulebook:
        """The published rules it decides by."""
        return self.timeline.rulebook

    @property
    def site(self) -> SiteStanding:
        """The operator's facts it decides by."""
        return self.timeline.site

    def standing(self, user: str) -> UserStanding:
        """Return a user's standing; of somebody unknown, the standing of whom nothing is on record."""
        return self.users.get(user, UNKNOWN)

    def decide(self, act: Act, at_least: int | None = None) -> Decision:
        """Decide one act: permit with its grounds, or deny with every prohibition that it meets.

        `at_least` is the revision that the caller must see applied. What is unknown is denied. Errors in a
        prohibition propagate, so that nothing is done.

        Raises:
            StaleStandingError: the facts held are older than `at_least`.
            MissingHistoryError: the act is dated before the user's last fact, and no history was given.
            InputError: a field of the act is of the wrong type, or no instrument binds on its day.

        """
        if at_least is not None and self.revision < at_least:
            raise StaleStandingError(self.revision, at_least)
        view, prepared, standing = self.look(act)
        word = prepared.word | self.word_of(act, view, prepared, standing)
        answers = view.edition.answers
        answer = answers.known.get(word) or answers.of(word)
        if answer.code:
            return Deny(answer.reasons, view.edition.version, self.revision)
        return Permit(answer.grounds, view.edition.version, self.revision, prepared.full)

    def decide_all(self, acts: Iterable[Act], strangers: Container[str]) -> list[Decision] | None:
        """Decide acts that need nothing from elsewhere, each as `decide` does; None when one of them does.

        That is one whose user is not in memory and none of `strangers`, of whom nothing is on record; one that is
        dated before its user's last fact; or one that is not well formed, for `decide` to say so. What an act of a kind
        that adds up comes to is for others to say, before. Each standing is taken out once: what others bring or drop
        meanwhile makes nobody unknown. Equal answers are one object.
        """
        users, view, asked_at = self.users.get, self.timeline.latest, None
        told: dict[int, Decision] = {}  # words that are equal share an answer, as long as one view holds
        found: list[Decision] = []
        try:
            for act in acts:
                user, when = act.user, act.when
                standing = users(user, UNKNOWN) if user else UNKNOWN
                if (standing is UNKNOWN and user and user not in strangers) or standing.last > when:
                    return None
                if view is None or when is not asked_at:
                    before, asked_at, view = view, when, self.timeline.at(when)
                    told = told if view is before else {}
                word, full = self._word(act, view, standing)
                place = word if full else ~word
                decision = told.get(place)
                if decision is None:
                    decision = told[place] = self._decision(view, word, full=full)
                found.append(decision)
        except TypeError:
            return None
        return found

    def _word(self, act: Act, view: View, standing: UserStanding) -> tuple[int, bool]:
        """Return every condition of `act`, and whether full values may be shown."""
        plain = act.user and act.count == 1 and not act.so_far and "" == act.recipient == act.review == act.ground
        key = (act.purpose, act.kind, act.items, act.by, act.post, act.where)
        prepared = (view.prepared.get(key) if plain else None) or view.prepare(act)
        word, lens, full, by_retention = prepared
        of_user = None if by_retention or not act.user else standing.profile.words.get(lens)
        return word | (self.word_of(act, view, prepared, standing) if of_user is None else of_user), full

    def _decision(self, view: View, word: int, *, full: bool) -> Decision:
        answer = view.edition.answers.known.get(word) or view.edition.answers.of(word)
        if answer.code:
            return Deny(answer.reasons, view.edition.version, self.revision)
        return Permit(answer.grounds, view.edition.version, self.revision, full)

    def agent_of(self, act: Act) -> str:
        """Return the id of the agent in whose post `act` is done; empty: none."""
        return self.timeline.at(act.when).agent_of(act)

    def stand_ins(self, act: Act) -> Mapping[str, str]:
        """Return the items of `act` of which a stand-in is given in place of the value -> for which party."""
        return self.timeline.at(act.when).stand_ins(act)

    def look(self, act: Act) -> tuple[View, Prepared, UserStanding]:
        """Return what holds at the act's time, the act prepared, and its user's standing at that time."""
        when = act.when
        try:
            timeline = self.timeline
            view = timeline.latest
            if view is None or not view.start <= when < view.end:
                view = timeline.at(when)
            key = (act.purpose, act.kind, act.items, act.by, act.post, act.where)
            plain = act.user and act.count == 1 and not act.so_far and "" == act.recipient == act.review == act.ground
            prepared = view.prepared.get(key) if plain else None
            standing = self.users.get(act.user, UNKNOWN)
            if standing.last > when:
                standing = self.standing_at(act.user, when)
        except TypeError:
            prepared = None
            view, standing = self._look_slowly(act)
        return view, prepared or view.prepare(act), standing

    def _look_slowly(self, act: Act) -> tuple[View, UserStanding]:
        if not isinstance(act.when, dt.datetime) or act.when.tzinfo is None:
            raise InputError("the act's `when` has no time zone", hint="give an aware UTC time")
        view = self.timeline.at(act.when)
        view.prepare(act)
        return view, self.standing_at(act.user, act.when)

    @staticmethod
    def word_of(act: Act, view: View, prepared: Prepared, standing: UserStanding) -> int:
        """Return the user's conditions for a prepared act."""
        if not act.user:
            return NO_USER_BITS
        profile = standing.profile
        word = profile.words.get(prepared.lens)
        if word is None:
            word = user_word(profile, prepared.lens)
            if len(profile.words) >= _MOST_WORDS:
                profile.words = {}
            profile.words[prepared.lens] = word
        if prepared.by_retention and profile.known and _retained_long_enough(view, standing, act.when):
            return word | _REGISTRATION_OVER
        return word

    def standing_at(self, user: str, when: dt.datetime) -> UserStanding:
        """Return a user's standing at `when`, from the user's facts when the last of them came later.

        Raises:
            MissingHistoryError: they are needed and no history was given.

        """
        standing = self.users.get(user, UNKNOWN)
        if standing.last <= when:
            return standing
        if self.history is None:
            raise MissingHistoryError(
                "the act is dated before the user's last fact", hint="give the gate a history, or date the act later"
            )
        return fold_user(self.history(user), when)


def _retained_long_enough(view: View, standing: UserStanding, when: dt.datetime) -> bool:
    """Say whether the statutory time since the user's last service ended is over. Source: miit25:11."""
    if standing.ended is None or view.retention is None:
        return False
    return standing.ended < calendar.ended_before(calendar.day_of(when), view.retention)
