# SPDX-License-Identifier: Apache-2.0
"""Who waits for a body is let go when it does not come, and waits longer for what keeps coming."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from keshou.web.body import Overseer, Patience
from keshou.web.errors import MalformedError, TooSlowError

PIECE = 32_768
SECONDS = 10.0


def test_a_body_that_never_comes_is_given_up_and_one_that_comes_is_not() -> None:
    async def never() -> Any:
        await asyncio.sleep(60)

    async def soon() -> Any:
        await asyncio.sleep(0.01)
        return {"type": "http.request"}

    async def main() -> None:
        overseer, until = Overseer(), asyncio.get_running_loop().time() + 0.05
        late = [asyncio.create_task(overseer.wait(never, until)) for _ in range(3)]
        assert await overseer.wait(soon, until) == {"type": "http.request"}
        for each in late:
            with pytest.raises(TooSlowError):
                await each
        task = asyncio.create_task(overseer.wait(never, until))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not overseer._waiting

    asyncio.run(main())


class Noting(Overseer):
    """Notes until when it was told to wait, in seconds from the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.until: list[float] = []

    async def wait(self, receive: Any, until: float) -> Any:
        self.until.append(until)
        return await super().wait(receive, until)


async def asked(messages: list[dict[str, Any]], overseer: Overseer, headers: list[tuple[bytes, bytes]]) -> list[Any]:
    """Return what an application is given of a request that comes in these messages."""
    given: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def app(_scope: Any, receive: Callable[[], Any], _send: Any) -> None:
        given.extend([await receive() for _ in range(len(messages))])

    scope: Any = {"type": "http", "http_version": "1.1", "headers": headers}
    await Patience(app, overseer, SECONDS)(scope, receive, None)  # type: ignore[arg-type]
    return given


def test_what_keeps_coming_is_given_more_time_and_what_came_whole_is_waited_for_no_more() -> None:
    pieces = [{"type": "http.request", "body": bytes(PIECE), "more_body": more} for more in (True, True, False)]
    overseer = Noting()
    given = asyncio.run(asked([*pieces, {"type": "http.disconnect"}], overseer, [(b"content-length", b"98304")]))
    assert given == [*pieces, {"type": "http.disconnect"}]
    first, *rest = overseer.until
    assert [round(each - first, 3) for each in rest] == [0.5, 1.0]


def test_a_request_without_a_body_is_not_waited_for_and_a_body_that_breaks_off_is_malformed() -> None:
    overseer = Noting()
    gone = {"type": "http.disconnect"}
    assert asyncio.run(asked([gone], overseer, [(b"content-length", b"0")])) == [gone]
    assert overseer.until == []
    with pytest.raises(MalformedError):
        asyncio.run(asked([gone], overseer, [(b"content-length", b"1")]))
