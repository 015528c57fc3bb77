# SPDX-License-Identifier: Apache-2.0
"""Callers in a process of their own: each keeps one connection and asks again as soon as it was answered.

Nothing is sent ahead of an answer (no pipelining), and requests are laid out before the clock starts, so that as
little as can be of the machine is spent on asking. Prints what was measured as JSON.
"""

import select
import socket
import sys
import time
from collections import Counter
from pathlib import Path

import msgspec

LEAD = 0.2
"""Share of the time that goes by before anything counts."""
SERIAL = b"%(serial)s"
"""What stands in a request for a number that no other request of any run has."""
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What callers were answered while it counted."""

    answered: int
    """Requests."""
    all: int = 0
    """Requests answered before it counted and after it too."""
    seconds: float
    statuses: dict[str, int]
    waits: list[float]
    """Of each request, seconds, shortest first."""

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.answered / self.seconds

    def wait(self, share: float) -> float:
        """Return the milliseconds within which `share` of the requests were answered."""
        return round(self.waits[min(len(self.waits) - 1, int(len(self.waits) * share))] * 1000, 3)


class _Caller:
    """One connection with its next request, and what has come of the answer."""

    __slots__ = ("asked", "connection", "got", "left")

    def __init__(self, port: int) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.got = b""
        self.left = -1
        self.asked = 0.0

    def ask(self, request: bytes, now: float) -> None:
        """Send the next request."""
        self.asked, self.got, self.left = now, b"", -1
        self.connection.sendall(request)

    def take(self) -> int:
        """Take what has come; return the status once the answer is whole, else 0."""
        part = self.connection.recv(1 << 20)
        if not part:
            raise ConnectionError("the server closed a connection that was kept")
        if self.left >= 0:
            self.left -= len(part)
        else:
            self.got += part
            end = self.got.find(_HEAD_END)
            if end < 0:
                return 0
            self.left = _length(self.got[:end]) - (len(self.got) - end - len(_HEAD_END))
        return int(self.got[9:12]) if self.left <= 0 else 0


def _length(head: bytes) -> int:
    place = head.lower().find(_LENGTH)
    return int(head[place + len(_LENGTH) :].partition(b"\r\n")[0]) if place >= 0 else 0


def run(port: int, connections: int, seconds: float, requests: list[bytes]) -> Measured:
    """Ask for `seconds` on `connections`, going through `requests` again and again."""
    callers = {each.connection.fileno(): each for each in (_Caller(port) for _ in range(connections))}
    poll = select.epoll()
    for place in callers:
        poll.register(place, select.EPOLLIN)
    clock, serial, count = time.perf_counter, time.time_ns(), len(requests)
    numbered = any(SERIAL in each for each in requests)

    def next_request() -> bytes:
        nonlocal serial
        serial += 1
        request = requests[serial % count]
        return request.replace(SERIAL, b"%020d" % serial) if numbered else request

    begin = clock()
    first, last = begin + seconds * LEAD, begin + seconds * (1 + LEAD)
    waits: list[float] = []
    total = 0
    statuses: Counter[int] = Counter()
    for each in callers.values():
        each.ask(next_request(), clock())
    now = begin
    while now < last:
        for place, _ in poll.poll():
            caller = callers[place]
            status = caller.take()
            if status:
                now, total = clock(), total + 1
                if first <= now < last:
                    waits.append(now - caller.asked)
                    statuses[status] += 1
                caller.ask(next_request(), now)
    return Measured(
        answered=len(waits),
        all=total,
        seconds=last - first,
        statuses={str(status): number for status, number in statuses.items()},
        waits=sorted(waits),
    )


def main() -> None:
    """Ask as the arguments say: port, connections, seconds, file of the requests."""
    port, connections, seconds, path = sys.argv[1:]
    requests = msgspec.msgpack.decode(Path(path).read_bytes(), type=list[bytes])
    sys.stdout.buffer.write(msgspec.json.encode(run(int(port), int(connections), float(seconds), requests)))


if __name__ == "__main__":
    main()
