# SPDX-License-Identifier: Apache-2.0
"""A real provider proves people to Keshou: those it means, in the browser they began in, once, and nobody else."""

import datetime as dt
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from provider_process import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, ProviderProcess

from keshou.accounts.openid.errors import OpenIdError, OpenIdRefusedError, Refusal, UnknownLinkError
from keshou.accounts.openid.flow import Begun, Flow, Identity
from keshou.accounts.openid.provider import OpenIdProvider
from keshou.accounts.openid.settings import Match, OpenIdSettings
from keshou.accounts.openid.store import OpenIdAccounts, drop
from keshou.app import clock
from keshou.db import Database, access_change

SEED = bytes(range(32))
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProviderProcess]:
    with ProviderProcess(tmp_path_factory.mktemp("provider")) as process:
        yield process


class World:
    """Keshou with a provider: people sign in there and come back."""

    def __init__(self, database: Database, process: ProviderProcess, **settings: Any) -> None:
        self.database = database
        self.process = process
        self.settings = OpenIdSettings(issuer=process.issuer, client_id=CLIENT_ID, strong_amr=("mfa",), **settings)
        self.provider = OpenIdProvider(self.settings, CLIENT_SECRET, REDIRECT_URI)
        self.accounts = OpenIdAccounts(SEED, self.settings)

    def begin(self, *, fresh: bool = False) -> Begun:
        with self.database.transaction() as tx:
            return self.accounts.begin(tx, clock.now(), fresh=fresh)

    def back(self, begun: Begun, who: str = "clerk") -> dict[str, str]:
        return self.process.sign_in(self.provider.address(begun, clock.now()), who)

    def take(self, state: str, binding: str, now: dt.datetime | None = None) -> Flow | None:
        with self.database.transaction() as tx:
            return self.accounts.take(tx, state, binding, now or clock.now())

    def identity(self, who: str = "clerk") -> Identity:
        begun = self.begin()
        back = self.back(begun, who)
        flow = self.take(back["state"], begun.binding)
        assert flow is not None
        return self.provider.redeem(flow, back["code"], back["iss"], clock.now())

    def find(self, identity: Identity) -> str | None:
        with self.database.reading() as tx:
            return self.accounts.find(tx, identity)


@pytest.fixture
def world(database: Database, process: ProviderProcess) -> World:
    return World(database, process)


# There and back ----------------------------------------------------------------------------------------------------


def test_whom_the_provider_proves_signs_in_to_the_account_linked_to_them(world: World) -> None:
    officer = world.identity("officer")
    with world.database.transaction() as tx:
        world.accounts.link(tx, "a-officer", officer.issuer, officer.subject, clock.now())
    assert world.find(world.identity("officer")) == "a-officer"
    assert officer.issuer == world.process.issuer


def test_a_subject_linked_to_no_account_is_nobody(world: World) -> None:
    officer, clerk = world.identity("officer"), world.identity("clerk")
    with world.database.transaction() as tx:
        world.accounts.link(tx, "a-officer", officer.issuer, officer.subject, clock.now())
    assert clerk.subject != officer.subject
    assert world.find(clerk) is None


def test_two_factors_at_the_provider_are_told_from_one(world: World) -> None:
    assert world.identity("officer").strong
    assert not world.identity("clerk").strong


def test_names_are_matched_where_the_directory_is_the_operator_s_own(
    database: Database, process: ProviderProcess
) -> None:
    named = World(database, process, match=Match.NAME, own_directory=True)
    assert named.find(named.identity("clerk")) == "clerk"
    assert named.find(Identity(issuer=process.issuer, subject="1")) is None


def test_a_provider_s_name_for_somebody_is_not_asked_for_nor_believed_otherwise(world: World) -> None:
    clerk = world.identity("clerk")
    assert clerk.name == ""
    assert world.find(msgspec.structs.replace(clerk, name="officer")) is None


def test_the_browser_is_sent_with_pkce_and_without_what_must_stay_here(world: World) -> None:
    begun = world.begin()
    address = world.provider.address(begun, clock.now())
    asked = parse_qs(urlsplit(address).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert (asked["state"], asked["nonce"]) == ([begun.state], [begun.flow.nonce])
    assert asked["redirect_uri"] == [REDIRECT_URI]
    for secret in (begun.flow.verifier, begun.binding, CLIENT_SECRET):
        assert secret not in address


def test_every_sign_in_has_its_own_state_nonce_and_verifier(world: World) -> None:
    first, second = world.begin(), world.begin()
    parts = [(each.state, each.binding, each.flow.nonce, each.flow.verifier) for each in (first, second)]
    assert len({value for part in parts for value in part}) == 8


def test_no_table_holds_state_binding_nonce_or_verifier(world: World) -> None:
    begun = world.begin()
    with world.database.reading() as tx:
        (row,) = tx.connection.exec_driver_sql("SELECT * FROM openid_flow").fetchall()
    stored = b"".join(bytes(value) for value in row if isinstance(value, bytes | memoryview)) + repr(row).encode()
    for secret in (begun.state, begun.binding, begun.flow.nonce, begun.flow.verifier):
        assert secret.encode() not in stored


def test_whoever_proves_themselves_anew_did_so_after_it_was_asked(world: World) -> None:
    begun = world.begin(fresh=True)
    asked = parse_qs(urlsplit(world.provider.address(begun, clock.now())).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    back = world.back(begun)
    flow = world.take(back["state"], begun.binding)
    assert flow is not None
    assert flow.fresh
    assert world.provider.redeem(flow, back["code"], back["iss"], clock.now()).authenticated is not None


def test_an_old_proof_does_not_stand_in_for_a_new_one(world: World) -> None:
    begun = world.begin()
    back = world.back(begun)
    later = msgspec.structs.replace(begun.flow, fresh=True, begun=clock.now() + 5 * MINUTE)
    with pytest.raises(OpenIdRefusedError) as refused:
        world.provider.redeem(later, back["code"], back["iss"], clock.now())
    assert refused.value.reason is Refusal.STALE


# The way back is ours alone ----------------------------------------------------------------------------------------


def test_a_state_is_taken_once(world: World) -> None:
    begun = world.begin()
    assert world.take(begun.state, begun.binding) == begun.flow
    assert world.take(begun.state, begun.binding) is None


def test_another_browser_gains_nothing_and_takes_nothing_away(world: World) -> None:
    begun, other = world.begin(), world.begin()
    for binding in (other.binding, "", "\ud800", begun.state):
        assert world.take(begun.state, binding) is None
    assert world.take(begun.state, begun.binding) == begun.flow


@pytest.mark.parametrize("state", ["", "x", "\0", "\ud800", "é" * 5000])
def test_a_state_that_was_never_given_is_nobody_s(world: World, state: str) -> None:
    begun = world.begin()
    assert world.take(state, begun.binding) is None


def test_a_sign_in_that_took_too_long_is_begun_anew(world: World) -> None:
    begun = world.begin()
    assert world.take(begun.state, begun.binding, begun.flow.begun + 10 * MINUTE) is None
    assert world.take(begun.state, begun.binding, begun.flow.begun + 9 * MINUTE) == begun.flow


def test_sign_ins_that_never_came_back_are_dropped(world: World) -> None:
    world.begin()
    with world.database.transaction() as tx:
        world.accounts.begin(tx, clock.now() + 10 * MINUTE)
        assert tx.connection.exec_driver_sql("SELECT count(*) FROM openid_flow").scalar_one() == 1


def test_a_code_is_taken_once(world: World) -> None:
    begun = world.begin()
    back = world.back(begun)
    world.provider.redeem(begun.flow, back["code"], back["iss"], clock.now())
    with pytest.raises(OpenIdRefusedError) as refused:
        world.provider.redeem(begun.flow, back["code"], back["iss"], clock.now())
    assert refused.value.reason is Refusal.CODE


def test_a_code_stolen_into_another_sign_in_is_not_taken(world: World) -> None:
    stolen = world.back(world.begin())
    with pytest.raises(OpenIdRefusedError) as refused:
        world.provider.redeem(world.begin().flow, stolen["code"], stolen["iss"], clock.now())
    assert refused.value.reason is Refusal.CODE


@pytest.mark.parametrize("code", ["", "made-up", "x" * 5000, "a\r\nb", "\0"])
def test_a_code_that_was_never_given_is_not_taken(world: World, code: str) -> None:
    with pytest.raises(OpenIdRefusedError) as refused:
        world.provider.redeem(world.begin().flow, code, world.process.issuer, clock.now())
    assert refused.value.reason is Refusal.CODE


@pytest.mark.parametrize("issuer", ["", "https://another.example", "http://127.0.0.1/o"])
def test_an_answer_that_names_another_provider_or_none_is_refused(world: World, issuer: str) -> None:
    begun = world.begin()
    back = world.back(begun)
    with pytest.raises(OpenIdRefusedError) as refused:
        world.provider.redeem(begun.flow, back["code"], issuer, clock.now())
    assert refused.value.reason is Refusal.ANSWERER
    assert world.provider.redeem(begun.flow, back["code"], back["iss"], clock.now()).subject


def test_a_wrong_client_secret_is_told_as_a_refused_code_and_not_repeated(world: World) -> None:
    begun = world.begin()
    back = world.back(begun)
    wrong = OpenIdProvider(world.settings, "a guess", REDIRECT_URI)
    with pytest.raises(OpenIdRefusedError) as refused:
        wrong.redeem(begun.flow, back["code"], back["iss"], clock.now())
    assert refused.value.reason is Refusal.CODE
    assert "a guess" not in repr(refused.value)


@pytest.mark.parametrize("ahead", [-11 * MINUTE, 11 * MINUTE])
def test_a_token_made_at_another_time_is_refused(world: World, ahead: dt.timedelta) -> None:
    begun = world.begin()
    back = world.back(begun)
    with pytest.raises(OpenIdRefusedError) as refused:
        world.provider.redeem(begun.flow, back["code"], back["iss"], clock.now() + ahead)
    assert refused.value.reason is Refusal.EXPIRED


def test_a_provider_that_changed_its_key_is_followed(database: Database, tmp_path: Any) -> None:
    with ProviderProcess(tmp_path) as process:
        world = World(database, process, refetch_seconds=0)
        before = world.identity()
        process.change_key()
        assert world.identity().subject == before.subject


def test_keys_are_not_asked_for_again_and_again(database: Database, tmp_path: Any) -> None:
    with ProviderProcess(tmp_path) as process:
        world = World(database, process, refetch_seconds=3600)
        world.identity()
        process.change_key()
        with pytest.raises(OpenIdRefusedError) as refused:
            world.identity()
        assert refused.value.reason is Refusal.SIGNATURE


# Links -------------------------------------------------------------------------------------------------------------


def test_an_ended_link_signs_nobody_in_and_every_process_hears(world: World) -> None:
    clerk = Identity(issuer=world.process.issuer, subject="1")
    with world.database.transaction() as tx:
        world.accounts.link(tx, "a-clerk", clerk.issuer, "1", clock.now())
        before = access_change(tx)
        world.accounts.unlink(tx, "a-clerk", clerk.issuer, "1")
        assert access_change(tx) > before
        assert world.accounts.links(tx, "a-clerk") == []
    assert world.find(clerk) is None


def test_a_closed_account_keeps_no_link(world: World) -> None:
    clerk = Identity(issuer=world.process.issuer, subject="1")
    with world.database.transaction() as tx:
        world.accounts.link(tx, "a-clerk", clerk.issuer, "1", clock.now())
        drop(tx, "a-clerk")
    assert world.find(clerk) is None


def test_a_subject_signs_in_to_one_account(world: World) -> None:
    issuer = world.process.issuer
    with world.database.transaction() as tx:
        world.accounts.link(tx, "a-clerk", issuer, "1", clock.now())
        world.accounts.link(tx, "a-clerk", issuer, "1", clock.now())
        assert len(world.accounts.links(tx, "a-clerk")) == 1
    with pytest.raises(OpenIdError, match="another account"), world.database.transaction() as tx:
        world.accounts.link(tx, "a-officer", issuer, "1", clock.now())
    with pytest.raises(UnknownLinkError), world.database.transaction() as tx:
        world.accounts.unlink(tx, "a-officer", issuer, "1")


@pytest.mark.parametrize("subject", ["", "two\nlines", "\0", "名", "x" * 256])
def test_what_no_provider_calls_anybody_is_not_linked(world: World, subject: str) -> None:
    with pytest.raises(OpenIdError), world.database.transaction() as tx:
        world.accounts.link(tx, "a-clerk", world.process.issuer, subject, clock.now())


def test_another_provider_s_subject_is_not_linked(world: World) -> None:
    with pytest.raises(OpenIdError), world.database.transaction() as tx:
        world.accounts.link(tx, "a-clerk", "https://another.example", "1", clock.now())
