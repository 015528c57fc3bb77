# SPDX-License-Identifier: Apache-2.0
"""Acts on one user's information as every face asks for them; looking at a user is one, and recorded each time."""

import anyio.to_thread

from keshou.acts.request import Done, Perform
from keshou.app.site import Site
from keshou.app.user_view import all_that_may_be
from keshou.gate.act import Act
from keshou.law.terms import ActKind
from keshou.web.entitled import actor, refuse_beyond_key, require_staff, through
from keshou.wire import users as w
from keshou.wire.caller import Caller

Asked = w.Registration | w.Correcting | w.Erasing | w.Viewing


def user_act(asked: Asked, kind: ActKind, items: frozenset[str], caller: Caller, site: Site) -> Act:
    """Return the act that `caller` asks for, as far as the caller may ask for it at all."""
    require_staff(caller)
    by = actor(caller, asked.by)
    refuse_beyond_key(caller, asked.purpose, kind)
    return Act(
        kind=kind, user=asked.user, items=items, purpose=asked.purpose, by=by, when=site.now(), where=asked.where,
        via=through(caller, by), post=asked.post, ground=asked.ground,
    )  # fmt: skip


async def look(site: Site, caller: Caller, asked: w.Viewing) -> Done:
    """Look at a user: all that the purpose lets be seen when no items are named. It is recorded, permitted or not."""
    act = user_act(asked, ActKind(asked.kind), frozenset(asked.items), caller, site)
    if not act.items:
        act = await anyio.to_thread.run_sync(all_that_may_be, site, act)
    return await site.perform_async(Perform(act=act, masked=asked.masked))
