# SPDX-License-Identifier: Apache-2.0
"""A user's own copy as it is answered, to the user or to whoever hands it over."""

from functools import partial

import anyio.to_thread
from litestar import Response

from keshou.app.copy_file import Format, file_of, refuse_unmakeable
from keshou.app.own_copy import OwnCopy, own_copy
from keshou.app.own_part import OwnPart
from keshou.app.site import Site
from keshou.gate.decision import Deny, Reason
from keshou.language import Language
from keshou.web.api.asked import answer
from keshou.web.api.decided import denial
from keshou.web.described import JSON
from keshou.wire.standing import CopyAnswer, KeptShape, NamedValue, NotShownShape, OwnActShape, fact_shape


async def copied(
    site: Site,
    user: str,
    by: str,
    language: Language,
    *,
    via: str = "",
    post: str = "",
    where: str = "",
    part: OwnPart | None = None,
    format_: Format = "json",
) -> Response[bytes]:
    """Answer with the copy of `user` that `by` asks for; with every article met when nothing of it may be seen."""
    await anyio.to_thread.run_sync(refuse_unmakeable, site, format_)
    asking = partial(own_copy, site, user, by=by, via=via, post=post, where=where, part=part)
    copy = await anyio.to_thread.run_sync(asking)
    refused = [each for each in copy.refused if isinstance(each, Deny)]
    if refused and not copy.answered:
        reasons: dict[Reason, None] = dict.fromkeys(reason for each in refused for reason in each.reasons)
        return denial(site, refused[0]._replace(reasons=tuple(reasons)), copy.entries[-1], language)
    if format_ == "json":
        return answer(_shape(copy, site, language))
    made = await anyio.to_thread.run_sync(file_of, site, copy, format_, language)
    headers = {"Content-Disposition": f'attachment; filename="keshou.{made.suffix}"', "Cache-Control": "no-store"}
    return Response(made.data, media_type=made.media_type, headers=headers)


def _shape(copy: OwnCopy, site: Site, language: Language) -> CopyAnswer:
    names = {item: found.label.in_(language) for item, found in site.law.items.items()}
    return CopyAnswer(
        made=copy.made,
        user=copy.user,
        information=[
            NamedValue(item=item, name=names.get(item, item), value=value, masked=item in copy.partly)
            for item, value in sorted(copy.information.items())
        ],
        not_shown=[
            NotShownShape(item=each.item, name=names.get(each.item, each.item), cites=list(each.cites))
            for each in copy.not_shown
        ],
        purposes={purpose: list(items) for purpose, items in copy.purposes.items()},
        unagreed={purpose: list(items) for purpose, items in copy.unagreed.items()},
        unneeded=list(copy.unneeded),
        history=[fact_shape(fact) for fact in copy.facts],
        recipients={purpose: list(to) for purpose, to in copy.recipients.items()},
        acts=[
            OwnActShape(**each._asdict() | {"items": list(each.items), "cites": list(each.cites)}) for each in copy.acts
        ],
        kept=[KeptShape(**each._asdict() | {"items": list(each.items)}) for each in copy.kept],
    )


MEDIA_TYPES = (JSON, "application/pdf", "application/zip")
"""What a copy may come as."""
