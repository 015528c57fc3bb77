# SPDX-License-Identifier: Apache-2.0
"""A subscriber's life with a carrier, from the counter to the last key: what is held, who uses it, when it goes."""

from pathlib import Path

from journey import Story, at, cites

from keshou.acts.request import Erase
from keshou.db import Database
from keshou.gate.decision import Deny, Permit
from keshou.gate.facts import ConsentWithdrawn, MessagesRefused, MessagesRequested, ServiceStarted
from keshou.law.terms import ActKind, RetentionClass
from keshou.ledger.audit import audit

LI = "A-1001"
PAPERS = {
    "user_name": "李耳伯阳",
    "id_document_type": "resident_id_card",
    "resident_id_number": "990101188001010018",
    "home_address": "示例市函谷路乙栋",
}
NUMBER = {"mobile_number": "15499990001"}
PLAN = {"tariff_plan": "P-19", "email_address": "laozi@sample-telecom.example"}
AGREED = ("registration", "service", "billing", "care", "marketing")
COUNTER = {"by": "clerk", "where": "east_branch"}


def enters(story: Story) -> None:
    """Show the rules, ask for consent, open the number."""
    facts = [story.notice(), *(story.consent(each) for each in AGREED), ServiceStarted(at=story.now, service="mobile")]
    assert isinstance(story.take_in(LI, PAPERS | NUMBER, facts).decision, Permit)
    done = story.writes(ActKind.COLLECT, LI, PLAN, purpose="service", **COUNTER)  # type: ignore[arg-type]
    assert isinstance(done.decision, Permit)


def test_nothing_is_taken_before_the_user_was_told_and_agreed(database: Database, tmp_path: Path) -> None:
    with Story.of_the_sample(database, tmp_path, "2026-03-02") as story:
        begun = ServiceStarted(at=story.now, service="mobile")
        untold = story.take_in(LI, PAPERS, [begun])
        assert cites(untold.decision) == {"miit24:9.2", "npcsc2012:2.1"}, "the law itself asks for the registration"
        mixed = story.take_in(LI, PAPERS | NUMBER, [begun])
        assert {"miit24:9.1", "miit24:9.2"} <= cites(mixed.decision), "and for nothing else that is asked along with it"
        unasked = story.take_in(LI, PLAN, [story.notice(), begun], purpose="service")
        assert cites(unasked.decision) == {"miit24:9.1", "npcsc2012:2.1"}
        assert story.count("vault_user") == story.count("vault_value") == story.count("user_fact") == 0
        enters(story)
        assert story.count("vault_user") == 1


def test_each_sees_what_the_post_needs_and_the_user_sees_all(database: Database, tmp_path: Path) -> None:
    with Story.of_the_sample(database, tmp_path, "2026-03-02") as story:
        enters(story)
        story.on("2026-03-20")
        counter = story.shown(ActKind.USE, LI, "resident_id_number", "user_name", purpose="service", **COUNTER)  # type: ignore[arg-type]
        assert counter == {each: PAPERS[each] for each in ("resident_id_number", "user_name")}
        billed = story.shown(ActKind.USE, LI, "mobile_number", "tariff_plan", by="billing", purpose="billing")
        assert billed == NUMBER | {"tariff_plan": "P-19"}
        care = story.shown(ActKind.QUERY, LI, "user_name", "mobile_number", "tariff_plan", by="care", purpose="care")
        assert care == {"user_name": "李**阳", "mobile_number": "154****0001", "tariff_plan": "P-19"}
        pried = story.denied(ActKind.QUERY, LI, "resident_id_number", by="care", purpose="care")
        assert pried == {"miit24:9.3", "miit24:13.1.3"}
        own = story.shown(ActKind.QUERY, LI, *PAPERS, *PLAN, by="user", purpose="service")
        assert own == PAPERS | PLAN
        elsewhere = story.denied(ActKind.USE, LI, "tariff_plan", by="clerk", where="west_branch", purpose="service")
        assert elsewhere == {"miit24:13.1.3"}


def test_a_correction_by_the_user_is_what_everybody_sees_from_then_on(database: Database, tmp_path: Path) -> None:
    with Story.of_the_sample(database, tmp_path, "2026-03-02") as story:
        enters(story)
        moved = {"email_address": "boyang@sample-telecom.example"}
        assert isinstance(story.writes(ActKind.CORRECT, LI, moved, by="user", purpose="service").decision, Permit)
        assert story.shown(ActKind.QUERY, LI, "email_address", by="user", purpose="service") == moved
        asked = story.shown(ActKind.QUERY, LI, "email_address", by="care", purpose="care")
        assert asked == {"email_address": "b***@sample-telecom.example"}


def test_messages_stop_when_refused_start_when_asked_for_and_end_with_the_consent(
    database: Database, tmp_path: Path
) -> None:
    with Story.of_the_sample(database, tmp_path, "2026-03-02") as story:
        enters(story)
        what = {"by": "analyst", "purpose": "marketing"}
        assert story.shown(ActKind.USE, LI, "mobile_number", **what) == {"mobile_number": "154****0001"}
        story.on("2026-04-01").tells(LI, MessagesRefused(at=story.now))
        assert story.denied(ActKind.USE, LI, "mobile_number", **what) == {"npcsc2012:7"}
        story.on("2026-05-01").tells(LI, MessagesRequested(at=story.now))
        assert story.shown(ActKind.USE, LI, "mobile_number", **what)
        story.on("2026-06-01").tells(LI, ConsentWithdrawn(at=story.now, purpose="marketing"))
        without = {"miit24:9.1", "npcsc2012:2.1", "gbz28828:4.1.3"}
        assert story.denied(ActKind.USE, LI, "mobile_number", **what) == without
        assert isinstance(story.ask(ActKind.USE, LI, "tariff_plan", by="billing", purpose="billing"), Permit)
        then = story.ask(ActKind.USE, LI, "mobile_number", when=at("2026-04-15"), **what)
        assert cites(then) == {"npcsc2012:7"}, "what was unlawful in April stays so"


def test_after_the_end_papers_wait_for_their_term_and_then_everything_goes(database: Database, tmp_path: Path) -> None:
    with Story.of_the_sample(database, tmp_path, "2026-03-02") as story:
        enters(story)
        last_use = story.site.perform(story.act(ActKind.USE, LI, "tariff_plan", purpose="service", **COUNTER))  # type: ignore[arg-type]
        ended = story.on("2027-06-30", "16:30").site.cancel(LI)
        assert [class_ for class_, _ in ended.shredded] == [RetentionClass.SERVICE]
        use = story.denied(ActKind.USE, LI, "user_name", purpose="service", **COUNTER)  # type: ignore[arg-type]
        assert use == {"miit24:9.4"}
        own = story.shown(ActKind.QUERY, LI, "user_name", "mobile_number", "tariff_plan", by="user", purpose="service")
        assert own == {"user_name": PAPERS["user_name"]}, "the number and the plan went with the service"
        papers = {"by": "officer", "purpose": "service"}
        story.on("2029-06-30", "23:59")
        assert story.denied(ActKind.DESTROY, LI, *PAPERS, **papers) == {"miit25:11"}
        story.on("2029-07-01", "00:00")
        assert isinstance(story.ask(ActKind.DESTROY, LI, *PAPERS, **papers), Permit)
        done = story.site.do(Erase(act=story.act(ActKind.DESTROY, LI, **papers)))
        assert {class_ for class_, _ in done.shredded} == {RetentionClass.REGISTRATION, RetentionClass.RECORD}
        assert isinstance(story.ask(ActKind.QUERY, LI, "user_name", by="user", purpose="service"), Deny)
        assert story.count("vault_value") == story.count("vault_key") == story.count("log_payload") == 0
        assert story.header(last_use.entry).cites, "what was done stays on record"
        with story.site.reading() as tx:
            audit(tx, story.site.ledger.key, decode_entries=True)
