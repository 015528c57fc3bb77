# SPDX-License-Identifier: Apache-2.0
"""An asynchronous client serves every event loop, and leaves no connection open in one that ended."""

import asyncio
import gc
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from stand_in import answering, say

from keshou.client.asynchronous import AsyncKeshou
from keshou.client.errors import ClosedError
from keshou.client.question import Question
from keshou.client.sync import Keshou
from keshou.law.terms import ActKind

QUESTION = Question(kind=ActKind.USE, user="A-1", items=frozenset({"bill"}), purpose="billing")


class Yes:
    """Answers every question with yes, over connections that stay open, and counts those that are."""

    def __init__(self) -> None:
        self.opened: set[Any] = set()

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        request.protocol_version, request.close_connection = "HTTP/1.1", False
        self.opened.add(request.client_address)
        request.rfile.read(int(request.headers["content-length"]))
        say(request, 200, b'{"decision":true}')


def test_loops_one_after_the_other_are_served_and_what_they_opened_is_closed() -> None:
    yes = Yes()
    with answering(yes) as url:
        keshou = AsyncKeshou(url, "k")
        assert [asyncio.run(keshou.ask(QUESTION)).permitted for _ in range(4)] == [True] * 4
        assert len(yes.opened) == 4
        gc.collect()  # a connection left open in a loop that ended would be told as a warning, which is an error here
        assert len(keshou._line._held) == 1


def test_a_loop_keeps_its_connection() -> None:
    yes = Yes()

    async def ask_often(keshou: AsyncKeshou) -> None:
        for _ in range(4):
            assert (await keshou.ask(QUESTION)).permitted

    with answering(yes) as url:
        asyncio.run(ask_often(AsyncKeshou(url, "k")))
    assert len(yes.opened) == 1


def test_many_who_ask_at_once_in_one_loop_share_what_it_has() -> None:
    async def ask_at_once(keshou: AsyncKeshou) -> int:
        assert all(each.permitted for each in await asyncio.gather(*[keshou.ask(QUESTION) for _ in range(20)]))
        return len(keshou._line._held)

    with answering(Yes()) as url:
        assert asyncio.run(ask_at_once(AsyncKeshou(url, "k"))) == 1


def test_loops_side_by_side_are_served() -> None:
    yes, found = Yes(), list[bool]()
    with answering(yes) as url:
        keshou = AsyncKeshou(url, "k")
        threads = [
            threading.Thread(target=lambda: found.append(asyncio.run(keshou.ask(QUESTION)).permitted)) for _ in range(8)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert found == [True] * 8


def test_a_client_that_was_closed_says_so() -> None:
    async def closed(url: str) -> None:
        keshou = AsyncKeshou(url, "k")
        assert (await keshou.ask(QUESTION)).permitted
        await keshou.close()
        await keshou.ask(QUESTION)

    with answering(Yes()) as url:
        with pytest.raises(ClosedError):
            asyncio.run(closed(url))
        keshou = Keshou(url, "k")
        keshou.close()
        with pytest.raises(ClosedError):
            keshou.ask(QUESTION)


def test_closing_closes_what_other_loops_opened() -> None:
    ready, over = threading.Event(), threading.Event()

    async def other(keshou: AsyncKeshou) -> bool:
        await keshou.ask(QUESTION)
        client = await keshou._line._client()
        ready.set()
        await asyncio.to_thread(over.wait, 10)
        await asyncio.sleep(0.05)
        return client.is_closed

    with answering(Yes()) as url:
        keshou, found = AsyncKeshou(url, "k"), list[bool]()
        thread = threading.Thread(target=lambda: found.append(asyncio.run(other(keshou))))
        thread.start()
        assert ready.wait(10)
        asyncio.run(keshou.close())
        over.set()
        thread.join()
    assert found == [True]
