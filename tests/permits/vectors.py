# SPDX-License-Identifier: Apache-2.0
"""Make ``tests/vectors/permits.json``: permits, what is served on them, and the answer of a right checker.

Run ``python tests/permits/vectors.py`` to write it anew; everything in it is made from fixed seeds.
"""

import datetime as dt
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from permit_office import ISSUER, NOW, ORIGIN, issued, resigned, with_header

from keshou.law.terms import ActKind
from keshou.permits.jws import sign
from keshou.permits.keys import thumbprint

FILE = Path(__file__).resolve().parents[1] / "vectors" / "permits.json"
SERVED = {
    "system": "crm",
    "kind": "use",
    "users": ["A-1"],
    "items": ["mobile_number"],
    "purpose": "service",
    "caller": "billing",
    "recipient": "",
    "masked": False,
}
_MANY = [f"A-{n}" for n in range(65)]


def made() -> dict[str, Any]:
    """Return the whole file."""
    return {
        "about": "docs/reference/permit.md; seconds are since 1970; `answer` is `admitted` or the code of the refusal",
        "issuer": ORIGIN,
        "leeway_seconds": 5,
        "key_set": ISSUER.keys.jwk_set(NOW),
        "cases": [*_served(), *_times(), *_forged()],
    }


def _case(name: str, permit: str, answer: str, *beyond: str, at: int = 0, **served: Any) -> dict[str, Any]:
    now = int(NOW.timestamp()) + at
    told = {"beyond": list(beyond)} if beyond else {}
    return {"name": name, "permit": permit, "now": now, "served": SERVED | served, "answer": answer} | told


def _served() -> list[dict[str, Any]]:
    token, masked, many = issued(), issued(full=False), issued(*_MANY)
    given = issued(kind=ActKind.PROVIDE, recipient="portability_centre")
    abroad = issued("用户-1")
    return [
        _case("what the permit names", token, "admitted"),
        _case("another user", token, "beyond", "users", users=["A-2"]),
        _case("one user more", token, "beyond", "users", users=["A-1", "A-2"]),
        _case("nobody", token, "beyond", "users", users=[]),
        _case("one kind of information more", token, "beyond", "items", items=["mobile_number", "user_name"]),
        _case("no information", token, "beyond", "items", items=[]),
        _case("another purpose", token, "beyond", "purpose", purpose="marketing"),
        _case("another kind of act", token, "beyond", "kind", kind="export"),
        _case("another program hands it in", token, "beyond", "caller", caller="other"),
        _case("several things at once", token, "beyond", "users", "purpose", users=["B"], purpose="marketing"),
        _case("another system", token, "audience", system="warehouse"),
        _case("full values on a permit for masked ones", masked, "beyond", "full values"),
        _case("masked values on a permit for masked ones", masked, "admitted", masked=True),
        _case("masked values on a permit for full ones", token, "admitted", masked=True),
        _case("the recipient", given, "admitted", kind="provide", recipient="portability_centre"),
        _case("another recipient", given, "beyond", "recipient", kind="provide", recipient="elsewhere"),
        _case("no recipient", given, "beyond", "recipient", kind="provide"),
        _case("an id that is not ASCII", abroad, "admitted", users=["用户-1"]),
        _case("all of very many", many, "admitted", users=_MANY),
        _case("all of very many, in another order and twice", many, "admitted", users=[*reversed(_MANY), "A-0"]),
        _case("one of very many", many, "beyond", "users", users=["A-1"]),
        _case("one too many of very many", many, "beyond", "users", users=[*_MANY, "B"]),
    ]


def _times() -> list[dict[str, Any]]:
    token, life = issued(), 300
    return [
        _case("the last second of the leeway before", token, "admitted", at=-5),
        _case("before the leeway", token, "early", at=-6),
        _case("the last second of the leeway after", token, "admitted", at=life + 4),
        _case("the leeway is over", token, "expired", at=life + 5),
        _case("over as it is issued", resigned(token, exp=int(NOW.timestamp())), "expired"),
        _case(
            "a permit of the epoch after, by the key published ahead", issued(now=NOW + _WEEK), "admitted", at=_WEEK_S
        ),
    ]


_WEEK = dt.timedelta(days=7)
_WEEK_S = round(_WEEK.total_seconds())


def _forged() -> list[dict[str, Any]]:
    token = issued()
    head, body, signature = token.split(".")
    stranger = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
    payload = b"{}"
    other = issued("A-2").split(".")[1]
    return [
        _case("another's claims under this signature", f"{head}.{other}.{signature}", "tampered", users=["A-2"]),
        _case("no signature", f"{head}.{body}.", "tampered"),
        _case("alg none", with_header(token, alg="none"), "algorithm"),
        _case("alg none, no signature", with_header(token, alg="none").rpartition(".")[0] + ".", "algorithm"),
        _case("alg HS256", with_header(token, alg="HS256"), "algorithm"),
        _case("alg Ed25519", with_header(token, alg="Ed25519"), "algorithm"),
        _case("another type of token", with_header(token, typ="at+jwt"), "type"),
        _case("no type", with_header(token, typ=None), "type"),
        _case("a key in the header", with_header(token, jwk={"kty": "OKP"}), "malformed"),
        _case("an extension that must be understood", with_header(token, crit=["exp"]), "malformed"),
        _case("no key named", with_header(token, kid=None), "malformed"),
        _case("a key that is not published", sign(payload, thumbprint(stranger.public_key()), stranger.sign), "key"),
        _case("a stranger's signature", sign(payload, ISSUER.keys.current(NOW).kid, stranger.sign), "tampered"),
        _case("another site's", resigned(token, iss="keshou/other"), "issuer"),
        _case("padding", token + "=", "malformed"),
        _case("a fourth part", token + ".x", "malformed"),
        _case("bits left over", token[:-1] + _bent(token[-1]), "malformed"),
        _case("nothing", "", "malformed"),
        _case("a short salt", resigned(token, salt="AAAA"), "malformed"),
        _case("no users", resigned(token, users=[]), "malformed"),
        _case("time as a text", resigned(token, exp="1"), "malformed"),
    ]


def _bent(last: str) -> str:
    """Return another last character for the same 64 bytes: its lowest four bits mean nothing."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return letters[letters.index(last) + 1]


if __name__ == "__main__":
    FILE.write_text(json.dumps(made(), ensure_ascii=False, indent=1) + "\n", "utf-8")
