# SPDX-License-Identifier: Apache-2.0
"""A server's engine in a process of its own: does what its input says, and asks all the time besides."""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "acts"))

import msgspec
from house import SITE, START, act

from keshou.acts.request import Record
from keshou.app.settings import Settings
from keshou.app.site import Site
from keshou.db import Database
from keshou.gate.act import Act
from keshou.gate.facts import ConsentGiven, ConsentWithdrawn, UserFact
from keshou.law.terms import ActKind, ConsentStrength
from keshou.vault.keys import FileKeys

FACTS: dict[str, UserFact] = {
    "withdraw": ConsentWithdrawn(at=START, purpose="service"),
    "agree": ConsentGiven(at=START, purpose="service", version=1, strength=ConsentStrength.EXPRESS),
}
BESIDES = 3


def question(site: Site, user: str) -> Act:
    """Return what is asked about a user, now."""
    return msgspec.structs.replace(act(ActKind.USE, user, "tariff_plan"), when=site.now())


async def permitted(site: Site, user: str) -> bool:
    """Look, then decide: what a server does with every question."""
    seen = await site.pulse.look()
    (decision,) = await site.decide_async([question(site, user)], seen.size)
    return decision.permitted


async def always_asking(site: Site, user: str) -> None:
    """Keep looks and decisions under way, so that a question nearly always meets one."""
    while True:
        await permitted(site, user)
        await asyncio.sleep(0)


async def main() -> None:
    """Answer each line ``WORD USER`` by 1 or 0."""
    url, folder = sys.argv[1], Path(sys.argv[2])
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    with Site(folder, Settings(site=SITE), Database(url), FileKeys.open(folder / "keys", SITE)) as site:
        besides = [asyncio.create_task(always_asking(site, f"u{number}")) for number in range(BESIDES)]
        while line := await lines.readline():
            word, user = line.decode().split()
            if word == "ask":
                answer = await permitted(site, user)
            else:
                answer = bool((await site.perform_async(Record(user=user, facts=(FACTS[word],), by="user"))).entry)
            sys.stdout.write(f"{int(answer)}\n")
            sys.stdout.flush()
        for each in besides:
            each.cancel()
        await asyncio.gather(*besides, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main())
