# SPDX-License-Identifier: Apache-2.0
"""Whatever the network does, a client answers or says that it cannot; it never takes a permission from nowhere."""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

import msgspec
import pytest
from stand_in import Told, answering, say

from keshou.client.asynchronous import AsyncKeshou
from keshou.client.errors import AnswerError, AnswerLostError, RequestRefusedError, ServerUnreachableError
from keshou.client.exchange import Patience
from keshou.client.question import Question
from keshou.client.sync import Keshou
from keshou.errors import InputError, KeshouError, UnreachableError
from keshou.law.terms import SILENT_KINDS, ActKind

QUICK = Patience(tries=2, first_pause=0.001)
QUESTION = Question(kind=ActKind.USE, user="A-1", items=frozenset({"mobile_number"}), purpose="service")


def both(url: str, timeout: float = 5.0) -> list[bool | KeshouError]:
    """Ask with both clients."""

    async def in_loop() -> bool:
        async with AsyncKeshou(url, "k", timeout=timeout, patience=QUICK) as keshou:
            return (await keshou.ask(QUESTION)).permitted

    def at_once() -> bool:
        with Keshou(url, "k", timeout=timeout, patience=QUICK) as keshou:
            return keshou.ask(QUESTION).permitted

    found: list[bool | KeshouError] = []
    for way in (at_once, lambda: asyncio.run(in_loop())):
        try:
            found.append(way())
        except KeshouError as error:
            found.append(error)
    return found


def asked(told: Told, timeout: float = 5.0) -> list[bool | KeshouError]:
    with answering(told) as url:
        return both(url, timeout)


def test_both_clients_take_an_answer() -> None:
    assert asked(lambda request: say(request, 200, b'{"decision":true}')) == [True, True]
    assert asked(lambda request: say(request, 200, b'{"decision":false}')) == [False, False]


def test_a_server_that_is_not_there_permits_nothing() -> None:
    with answering(lambda request: say(request, 200)) as url:
        pass
    assert all(isinstance(each, ServerUnreachableError) for each in both(url))


def test_a_server_that_hangs_permits_nothing() -> None:
    ended = threading.Event()
    try:
        found = asked(lambda _: (ended.wait(30), None)[1], timeout=0.05)
    finally:
        ended.set()
    assert [getattr(each, "kind", each) for each in found] == ["ReadTimeout", "ReadTimeout"]


def test_a_connection_that_breaks_permits_nothing() -> None:
    def cut(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("content-length", "1000")
        request.end_headers()
        request.wfile.write(b'{"decision":true}')
        request.close_connection = True

    assert all(isinstance(each, ServerUnreachableError) for each in asked(cut))


def test_something_else_that_answers_permits_nothing() -> None:
    assert all(isinstance(each, AnswerError) for each in asked(lambda request: say(request, 200, b"<html>welcome")))
    assert all(isinstance(each, AnswerError) for each in asked(lambda request: say(request, 204)))


def test_a_client_is_not_sent_elsewhere_with_its_key() -> None:
    seen: list[str] = []
    with answering(lambda request: (seen.append(request.path), say(request, 200, b'{"decision":true}'))[1]) as other:
        found = asked(lambda request: say(request, 307, location=f"{other}/access/v1/evaluation"))
    assert seen == []
    assert all(isinstance(each, RequestRefusedError) for each in found)


def test_what_was_not_now_is_asked_again() -> None:
    times = iter([503, 200, 503, 200])
    assert asked(lambda request: say(request, next(times), b'{"decision":true}')) == [True, True]


def test_an_error_says_nothing_of_the_question() -> None:
    with answering(lambda request: say(request, 500, b"A-1 mobile_number")) as url:
        for error in both(url):
            assert isinstance(error, UnreachableError)
            assert "A-1" not in f"{error} {error.hint}"


@pytest.mark.parametrize(
    "url", ["http://keshou.example", "ftp://127.0.0.1", "keshou.example", "http://127.0.0.1.example"]
)
def test_a_key_is_never_sent_in_the_clear_over_a_network(url: str) -> None:
    with pytest.raises(InputError):
        Keshou(url, "k")
    with pytest.raises(InputError):
        AsyncKeshou(url, "k")


@pytest.mark.parametrize(
    "url", ["https://keshou.example/", "http://localhost:8400", "http://[::1]:8400", "http://127.0.0.1"]
)
def test_tls_or_this_machine_will_do(url: str) -> None:
    Keshou(url, "k").close()


ACTED = b'{"decision":{"permitted":true},"entry":7,"repeated":true%s}'


def acted(body: bytes, question: Question = QUESTION, *, lost: bool = True, **more: Any) -> list[int | str]:
    """Do an act with both clients, of which the first try may be lost; return what each made of the answer."""
    times = {"left": 0}

    def told(request: BaseHTTPRequestHandler) -> None:
        times["left"] -= 1
        say(request, 503 if times["left"] >= 0 else 200, body)

    async def in_loop(url: str) -> int:
        async with AsyncKeshou(url, "k", patience=QUICK) as keshou:
            return (await keshou.perform(question, **more)).entry

    def at_once(url: str) -> int:
        with Keshou(url, "k", patience=QUICK) as keshou:
            return keshou.perform(question, **more).entry

    found: list[int | str] = []
    with answering(told) as url:
        for way in (at_once, lambda url: asyncio.run(in_loop(url))):
            times["left"] = 1 if lost else 0
            try:
                found.append(way(url))
            except AnswerLostError as error:
                found.append(f"lost {error.entry}")
    return found


def test_who_was_refused_is_never_hidden_by_a_client_s_own_second_try() -> None:
    some = ACTED % b',"refusals":{"miit24:9.1":2}'
    assert acted(some, users=("A-1", "A-2")) == ["lost 7", "lost 7"]
    assert acted(some, users=("A-1", "A-2"), lost=False, key="mine") == [7, 7], "asked again by who gave the key"
    deleted = msgspec.structs.replace(QUESTION, kind=ActKind.DELETE)
    assert acted(ACTED % b"", deleted, users=("A-1", "A-2")) == [7, 7], "nobody was refused and nothing was shown"


def test_a_permit_that_was_lost_is_not_taken_for_none_given() -> None:
    deleted = msgspec.structs.replace(QUESTION, kind=ActKind.DELETE)
    assert acted(ACTED % b"", deleted, holding="crm") == ["lost 7", "lost 7"]
    assert acted(ACTED % b"", deleted) == [7, 7]


@pytest.mark.parametrize("kind", ActKind)
def test_values_that_were_lost_are_not_taken_for_none_shown(kind: ActKind) -> None:
    lost = acted(ACTED % b"", msgspec.structs.replace(QUESTION, kind=kind))
    assert lost == ([7, 7] if kind in SILENT_KINDS else ["lost 7", "lost 7"])
