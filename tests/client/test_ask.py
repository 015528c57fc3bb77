# SPDX-License-Identifier: Apache-2.0
"""Programs are answered by the gate, over the network as in process."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx2
import msgspec
import pytest
from house import newcomer, ready
from joserfc.jwk import ECKey
from little_server import KEY, serving

from keshou.app.site import Site
from keshou.client.asynchronous import AsyncKeshou
from keshou.client.credentials import ClientSecret, PrivateKey
from keshou.client.errors import CredentialError
from keshou.client.guard import Admission, Guard, decided
from keshou.client.question import Question
from keshou.client.sync import Keshou
from keshou.db import Database
from keshou.gate.facts import ConsentWithdrawn
from keshou.law.terms import ActKind
from keshou.permits.errors import PermitAudienceError
from keshou.permits.verify import Serving, verify
from keshou.wire.problem import Problem


@pytest.fixture
def site(database: Database, tmp_path: Path) -> Iterator[Site]:
    with ready(database, tmp_path) as site:
        for user in ("A-1", "A-2"):
            site.do(newcomer(site, user))
        yield site


@pytest.fixture
def url(site: Site) -> Iterator[str]:
    with serving(site) as url:
        yield url


def using(user: str, by: str = "biller", purpose: str = "service") -> Question:
    return Question(kind=ActKind.USE, user=user, items=frozenset({"mobile_number"}), purpose=purpose, by=by)


def test_a_question_is_answered_with_grounds_or_with_every_reason(url: str) -> None:
    with Keshou(url, KEY) as keshou:
        yes, no = keshou.ask_many([using("A-1"), using("A-1", purpose="marketing")])
        assert keshou.ask(using("A-1")) == yes
    assert yes.permitted
    assert "consent" in {each.fact for each in yes.grounds}
    assert not no.permitted
    assert {"miit24:9.1", "npcsc2012:7"} <= {each.cite for each in no.reasons}
    assert all(each.says for each in no.reasons)


def test_the_asynchronous_client_is_answered_the_same(url: str) -> None:
    async def ask() -> object:
        async with AsyncKeshou(url, KEY) as keshou:
            return await keshou.ask_many([using("A-1"), using("nobody")])

    with Keshou(url, KEY) as keshou:
        assert asyncio.run(ask()) == keshou.ask_many([using("A-1"), using("nobody")])


def test_a_recorded_act_comes_with_its_entry_and_a_permit_for_the_system(site: Site, url: str) -> None:
    with Keshou(url, KEY) as keshou:
        recorded = keshou.perform(using("A-1"), holding="crm")
        keys = keshou.permit_keys(site.settings.log_origin)
    with site.reading() as tx:
        assert b'"who":"biller"' in site.ledger.entry(tx, recorded.entry)
    serving_it = Serving(
        audience="crm",
        kind=ActKind.USE,
        users=frozenset({"A-1"}),
        items=frozenset({"mobile_number"}),
        purpose="service",
        caller="crm_app",
        masked=True,
    )
    assert verify(recorded.permit, keys, serving_it, site.now()).entry == recorded.entry
    with pytest.raises(PermitAudienceError):
        verify(recorded.permit, keys, msgspec.structs.replace(serving_it, audience="other"), site.now())


def test_a_denied_act_is_recorded_and_has_no_permit(site: Site, url: str) -> None:
    with Keshou(url, KEY) as keshou:
        recorded = keshou.perform(using("A-1", purpose="marketing"), holding="crm")
    assert not recorded.permitted
    assert recorded.permit == ""
    with site.reading() as tx:
        assert b'"deny"' in site.ledger.entry(tx, recorded.entry)


def test_an_act_repeated_with_its_key_is_done_once(site: Site, url: str) -> None:
    with Keshou(url, KEY) as keshou:
        first = keshou.perform(using("A-1"), key="one-request")
        assert keshou.perform(using("A-1"), key="one-request").entry == first.entry
        assert keshou.perform(using("A-1"), key="two-request").entry != first.entry


@pytest.mark.parametrize(
    "access",
    [
        ClientSecret("crm_app", "kc_of-nobody"),
        PrivateKey(
            "crm_app",
            ECKey.generate_key("P-256").as_pem(private=True).decode(),
            audience="http://127.0.0.1/oauth/token",
        ),
    ],
    ids=["secret", "key"],
)
def test_credentials_that_are_refused_say_why(url: str, access: ClientSecret | PrivateKey) -> None:
    with Keshou(url, access) as keshou, pytest.raises(CredentialError) as caught:
        keshou.ask(using("A-1"))
    assert "invalid_client: the program is not known by this" in str(caught.value)
    assert "kc_of-nobody" not in f"{caught.value} {caught.value.hint}"


class Dropping(httpx2.HTTPTransport):
    """Loses the first answer, when the request was heard and done."""

    lost = False

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        found = super().handle_request(request)
        if not self.lost:
            self.lost = True
            found.read()
            raise httpx2.ReadTimeout("lost")
        return found


def test_a_view_stays_closed_when_the_answer_that_showed_the_values_was_lost(site: Site, url: str) -> None:
    guard = Guard(ActKind.USE, {"mobile_number"}, "service", user="user", by="staff")
    with Keshou(url, KEY, transport=Dropping(trust_env=False)) as keshou:
        closed, admitted = (decided(keshou, guard, {"user": "A-2", "staff": "clerk1"}) for _ in range(2))
    assert isinstance(closed, Problem)
    assert closed.status == 503
    assert isinstance(admitted, Admission)
    assert (admitted.full, set(admitted.values)) == (True, {"mobile_number"})


def test_a_withdrawal_is_in_the_next_answer(site: Site, url: str) -> None:
    with Keshou(url, KEY) as keshou:
        assert keshou.ask(using("A-1")).permitted
        site.record("A-1", ConsentWithdrawn(at=site.now(), purpose="service"))
        assert not keshou.ask(using("A-1")).permitted
        assert not keshou.perform(using("A-1"), holding="crm").permit
        assert keshou.ask(using("A-2")).permitted


def test_a_wrong_key_is_told_and_nothing_answered(url: str) -> None:
    with Keshou(url, "wrong") as keshou, pytest.raises(CredentialError):
        keshou.ask(using("A-1"))
