# SPDX-License-Identifier: Apache-2.0
"""Print docs/reference/api.md and the Chinese one from the OpenAPI document; with --write, write them."""

import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from keshou.language import Language, Text
from keshou.web.server import document

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES: Mapping[Language, Path] = {
    "en": DOCS / "reference" / "api.md",
    "zh": DOCS / "zh" / "reference" / "api.md",
}
VERBS: Mapping[str, str] = {
    "init": "makes the site that a server serves", "tour": "a show on a terminal", "try": "for a sample site",
    "serve": "is the server", "verify": "the outsider's check, which must not trust the server",
    "check": "POST /api/v1/rules/check", "publish": "POST /api/v1/rules", "rules": "GET /api/v1/rules",
    "ask": "POST /api/v1/decisions", "gate": "POST /api/v1/tables/judgements",
    "import": "POST /api/v1/tables/intakes; POST /api/v1/imports",
    "tick": "a running server does it by itself",
    "law show": "GET /api/v1/law/{cited}", "law coverage": "GET /api/v1/law/coverage",
    "law compare": "GET /api/v1/law/comparison", "law status": "GET /api/v1/law/status",
    "user show": "POST /api/v1/users/standing", "user correct": "POST /api/v1/users/corrections",
    "user export": "POST /api/v1/users/copies", "user cancel": "POST /api/v1/users/cancellations",
    "consent give": "POST /api/v1/users/consents", "consent withdraw": "POST /api/v1/users/withdrawals",
    "notice show": "POST /api/v1/users/notices",
    "staff appoint": "POST /api/v1/staff/{member}/appointments", "staff move": "POST /api/v1/staff/{member}/moves",
    "staff leave": "POST /api/v1/staff/{member}/departure", "staff remove": "POST /api/v1/staff/{member}/removals",
    "review ask": "POST /api/v1/reviews",
    "review preview": "POST /api/v1/reviews/{name}/preview",
    "review answer": "POST /api/v1/reviews/{name}/answer",
    "review approve": "POST /api/v1/reviews/{name}/answer",
    "suspend order": "POST /api/v1/suspensions", "suspend lift": "POST /api/v1/suspensions/{name}/lift",
    "backup": "POST /api/v1/backups", "check-backup": "POST /api/v1/backups/{name}/checks",
    "restore": "puts back what no server runs on: whoever has the keys does it by hand",
    "upgrade": "carries over what no server runs on: whoever has the keys does it by hand",
    "media list": "GET /api/v1/media", "media show": "GET /api/v1/media/{name}",
    "media register": "POST /api/v1/media",
    "media move": "POST /api/v1/media/{name}/moves", "media check": "POST /api/v1/media/{name}/checks",
    "media destroy": "POST /api/v1/media/{name}/destruction",
    "ground record": "POST /api/v1/grounds", "ground end": "POST /api/v1/grounds/{name}/end",
    "hold set": "POST /api/v1/holds", "hold lift": "POST /api/v1/holds/{name}/lift", "hold list": "GET /api/v1/holds",
    "access list": "GET /api/v1/access", "access confirm": "POST /api/v1/access/confirmations",
    "access open-emergency": "POST /api/v1/emergencies",
    "access review-emergency": "POST /api/v1/emergencies/{name}/review",
    "access emergencies": "GET /api/v1/emergencies",
    "account waiting": "GET /api/v1/second-hand", "account confirm": "POST /api/v1/second-hand",
    "program add": "POST /api/v1/programs", "program close": "POST /api/v1/programs/{program}/close",
    "program key": "POST /api/v1/programs/{program}/credentials",
    "program secret": "POST /api/v1/programs/{program}/credentials",
    "program jwk": "POST /api/v1/programs/{program}/credentials",
    "program rotate": "POST /api/v1/programs/{program}/credentials/{credential}/rotate",
    "program revoke": "POST /api/v1/programs/{program}/credentials/{credential}/revoke",
    "program list": "GET /api/v1/programs; GET /api/v1/credentials",
    "account invite": "POST /api/v1/accounts", "account list": "GET /api/v1/accounts",
    "account close": "POST /api/v1/accounts/{account}/close",
    "account end-sessions": "POST /api/v1/accounts/{account}/end-sessions",
    "account events": "GET /api/v1/account-events; GET /api/v1/accounts/{account}/events",
    "app-key add": "POST /api/v1/app-keys", "app-key list": "GET /api/v1/app-keys",
    "app-key revoke": "POST /api/v1/app-keys/{key}/revoke",
    "webhook add": "POST /api/v1/webhooks", "webhook rotate": "POST /api/v1/webhooks/{webhook}/secrets",
    "webhook pause": "PATCH /api/v1/webhooks/{webhook}", "webhook resume": "PATCH /api/v1/webhooks/{webhook}",
    "webhook remove": "DELETE /api/v1/webhooks/{webhook}", "webhook list": "GET /api/v1/webhooks",
    "webhook dead": "GET /api/v1/deliveries; GET /api/v1/webhooks/{webhook}/deliveries",
    "webhook again": "POST /api/v1/webhooks/{webhook}/deliveries/{number}/redeliver",
    "webhook try": "POST /api/v1/webhooks/{webhook}/trials",
    "link make": "POST /api/v1/links", "link open": "POST /api/v1/links/openings", "link list": "GET /api/v1/links",
    "link revoke": "POST /api/v1/links/{name}/revoke",
    "export": "POST /api/v1/exports", "trace-leak": "POST /api/v1/exports/traces",
    "recipient verify": "POST /api/v1/recipients/{name}/key",
    "recipient end": "POST /api/v1/recipients/{name}/key/end", "recipient list": "GET /api/v1/recipients",
    "manifest key": "GET /api/v1/exports/manifest-key",
    "manifest check": "the recipient's check, which must not trust the server and needs no site",
    "ledger verify": "POST /api/v1/log/audit",
    "ledger prove": "GET /api/v1/log/entries/{place}/proof; GET /api/v1/log/consistency/{old}",
    "ledger certify": "GET /api/v1/log/entries/{place}/certificate", "retention": "GET /api/v1/retention",
    "user find": "POST /api/v1/users/searches",
    "keys show": "for who keeps the folder of keys", "keys retire": "for who keeps the folder of keys",
    "keys rotate master": "for who keeps the folder of keys", "keys rotate epoch": "for who keeps the folder of keys",
    "keys rotate data": "for who keeps the folder of keys", "keys rotate index": "for who keeps the folder of keys",
    "ledger checkpoint": "POST /api/v1/log/checkpoint",
    "ledger export": "GET /api/v1/log/checkpoint; GET /api/v1/log/tile/{level}/{number}; "
    "GET /api/v1/log/tile/entries/{number}",
}  # fmt: skip
"""Verb of the command line -> the operations that do the same, or why there is none."""
UNDESCRIBED = frozenset({"GET /api/v1/log/tile/{level}/{number}", "GET /api/v1/log/tile/entries/{number}"})
"""What the document tells of in words alone: OpenAPI 3.1 has no parameter that goes over slashes."""
_NOTES: Mapping[str, Text] = {
    "gate": Text(
        "只按请求的那一刻：通过的行随答复送出，此刻不可用的一行也不送出；别的时刻，用 `POST /api/v1/decisions` 逐个问",
        "as of the request alone, since the rows that may be used leave with the answer; of another moment single acts "
        "are asked with `POST /api/v1/decisions`",
    ),
}
"""Verb -> in what its operation is less than it."""
_METHODS = ("get", "post", "patch", "put", "delete")
_CHINESE = Path(__file__).with_name("api_zh.toml")
_HEAD = Text(
    zh="""\
# API

由 `scripts/api.py` 根据服务器在 `/api/v1/openapi.json` 给出的文档（OpenAPI 3.1）写成，各种形状都在那份文档里；
有一个测试把两者对在一起，文档又用服务器本身试过。

- **谁**。`Authorization: Bearer` 带密钥、访问令牌或来访，或者会话的cookie。写着*公开*的，谁都不必证明。
- **查看**。能用 `GET` 的都能用 `HEAD`，没有内容；一个位置收哪些方法，写在 `Allow`。
- **一次**。写着*一次*的要有 `Idempotency-Key`，每个新请求用新的：再送一遍，会得到答复，不会再做一遍。
  说过秘密的答复不再说：409 `secret-told`。不在日志中留条目的，`once_days` 天内认得（[设置](settings.md)）；
  过后再送，算新的请求。
- **改动**。写着*对照*的要有 `If-Match`：所读到的ETag。后来的被拒绝（412）。
- **文件**。备份的副本和导出，断了可以接着取：`Range`，并以 `If-Range` 送上所得到的ETag；答复206。
  文件已经不同的，从头答复200；一段在末尾之后的，416。只取了一部分的，不记为已取。
- **清单**分页：一页的 `next` 就是下一页的 `cursor`；空着，就是最后一页。
- **参数**。`?` 后面的每个参数只给一次，操作没有的不收：否则答复400。
- **拒绝**都是[问题说明](problems.md)。不合写明格式的是400，合格式而不能成立的是422。
""",
    en="""\
# The API

Drawn by `scripts/api.py` from the document that the server gives at `/api/v1/openapi.json` (OpenAPI 3.1), which has
every shape; a test holds both together, and the document is tried against the server itself.

- **Who.** `Authorization: Bearer` with a key, an access token or a visit, or the cookie of a session. Where it says
  *public*, nobody need prove anything.
- **Looking.** `HEAD` is answered wherever `GET` is, without the body; what a place takes is in `Allow`.
- **Once.** An operation with *once* wants `Idempotency-Key`, new for each new request: sent again, it is
  answered and not done again. An answer that told a secret is not told again: 409 `secret-told`. What leaves no entry
  in the log is known for `once_days` ([settings](settings.md)); sent again later, it is new.
- **Edits.** An operation with *match* wants `If-Match`: the ETag of what was read. Who comes second is refused (412).
- **Files.** Copies of backups, and exports, are taken up where they broke off: by `Range`, with the ETag that came
  first as `If-Range` (206). Where the file is another one by now, it comes whole (200); a part behind its end is
  refused (416). Nothing counts as fetched for a part of it.
- **Lists** come by pages: `next` of a page is the `cursor` of the following one; empty, it was the last.
- **Parameters** behind the `?` are given once each, and none that the operation does not take: else it is 400.
- **Refusals** are [problems](problems.md). 400 is for what is not of the documented form, 422 for what is
  and cannot be.
""",
)
_TABLE = Text(zh="| 操作 | | 作用 |\n|---|---|---|\n", en="| operation | | does |\n|---|---|---|\n")
_MARKS = {"public": Text("公开", "public"), "once": Text("一次", "once"), "match": Text("对照", "match")}
_VERBS = Text(
    zh="\n## 命令行所做的\n\n| `keshou` | 经HTTP |\n|---|---|\n",
    en="\n## What the command line does\n\n| `keshou` | over HTTP |\n|---|---|\n",
)
_NOT = Text(zh="没有：{}", en="not: {}")


def operations(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return every operation of a document by method and path."""
    return {
        f"{method.upper()} {path}": place[method]
        for path, place in found["paths"].items()
        for method in _METHODS
        if method in place
    }


def chinese() -> Mapping[str, Mapping[str, str]]:
    """Return the Chinese words of the page by the English ones: of tags, of operations, of what has no operation."""
    return tomllib.loads(_CHINESE.read_text("utf-8"))


def english() -> dict[str, set[str]]:
    """Return the English words of the page, as `chinese` has them."""
    every = operations(document()).values()
    return {
        "tags": {tag for each in every for tag in each.get("tags", ())},
        "operations": {_first(each["description"]) for each in every},
        "not_over_http": {told for told in VERBS.values() if "/api/" not in told},
    }


def page(language: Language) -> str:
    """Return the page."""
    every = operations(document())
    tags = dict.fromkeys(tag for each in every.values() for tag in each.get("tags", ()))
    words = chinese() if language == "zh" else {}
    parts = (part for tag in sorted(tags) for part in _tag(tag, every, language, words))
    return "".join((_HEAD.in_(language), *parts, *_verbs(language, words)))


Words = Mapping[str, Mapping[str, str]]


def _tag(tag: str, every: Mapping[str, dict[str, Any]], language: Language, words: Words) -> Iterator[str]:
    title = words["tags"].get(tag, tag) if words else tag
    yield f"\n## {title[0].upper()}{title[1:]}\n\n{_TABLE.in_(language)}"
    for name, each in every.items():
        if tag in each.get("tags", ()):
            marks = ("、" if language == "zh" else ", ").join(_MARKS[mark].in_(language) for mark in _marks(each))
            does = _first(each["description"])
            yield f"| `{name}` | {marks} | {words['operations'].get(does, does) if words else does} |\n"


def _marks(operation: Mapping[str, Any]) -> Iterator[str]:
    headers = {each["name"] for each in operation.get("parameters", ())}
    if operation.get("security") == [{}]:
        yield "public"
    if "Idempotency-Key" in headers:
        yield "once"
    if "If-Match" in headers:
        yield "match"


def _first(text: str) -> str:
    return " ".join(text.partition("\n\n")[0].split()).replace("|", "\\|")


def _verbs(language: Language, words: Words) -> Iterator[str]:
    yield _VERBS.in_(language)
    for verb, told in VERBS.items():
        why = _NOT.in_(language).format(words["not_over_http"].get(told, told) if words else told)
        listed = ("、" if language == "zh" else ", ").join(f"`{each}`" for each in told.split("; "))
        note = ("；" if language == "zh" else "; ") + _NOTES[verb].in_(language) if verb in _NOTES else ""
        yield f"| `{verb}` | {listed if '/api/' in told else why}{note} |\n"


if __name__ == "__main__":
    for spoken, path in PAGES.items():
        if "--write" in sys.argv[1:]:
            path.write_text(page(spoken), "utf-8")
        else:
            print(page(spoken), end="")
