# SPDX-License-Identifier: Apache-2.0
"""Errors -> problem details: the one table of statuses, types and titles. Source: RFC 9457."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.exceptions.http_exceptions import MethodNotAllowedException

from keshou.accounts.errors import InvitationWaitsError
from keshou.accounts.passkeys.errors import UnknownPasskeyError
from keshou.acts.events import OutdatedError
from keshou.acts.repeat import RequestTakenError
from keshou.acts.separation import ReviewAnsweredError, SeparationError
from keshou.acts.stands import NothingToEndError
from keshou.acts.truth import UnknownAgentError
from keshou.app.backups import BusyError
from keshou.app.second_hand import OtherWaitsError
from keshou.db import DatabaseError
from keshou.errors import InputError, IntegrityError, KeshouError, UnreachableError
from keshou.gate.decide import StaleStandingError
from keshou.language import Language, Text
from keshou.once.errors import SecretToldError
from keshou.visits.errors import CodesStoppedError
from keshou.web import errors as e
from keshou.web.language import language_of
from keshou.web.malformed import malformed
from keshou.web.methods import allowed
from keshou.webhooks.errors import SubscriptionChangedError, UnknownDeliveryError, UnknownSubscriptionError
from keshou.wire.error_words import in_words
from keshou.wire.problem import Problem

MEDIA_TYPE = "application/problem+json"


class Kind(NamedTuple):
    """Status, slug and title of a type of problem."""

    status: int
    slug: str
    title: Text


DENIED = Kind(403, "denied", Text("法律不允许这一行为", "the law does not permit this act"))
KINDS: Mapping[type[BaseException], Kind] = {
    e.NotSignedInError: Kind(401, "not-signed-in", Text("没有登录", "not signed in")),
    e.ProofTooOldError: Kind(403, "proof-too-old", Text("需要重新验证身份", "a fresh proof of identity is needed")),
    e.SecondFactorNeededError: Kind(403, "second-factor-needed", Text("需要第二种验证", "a second factor is needed")),
    e.SignInFailedError: Kind(401, "sign-in-failed", Text("登录未成功", "nobody was signed in")),
    e.NotEntitledError: Kind(403, "not-entitled", Text("无权请求此事", "not entitled to ask for this")),
    e.ForgedRequestError: Kind(403, "forged-request", Text("请求来自别的网站", "a request from another site")),
    SeparationError: Kind(403, "not-entitled", Text("无权请求此事", "not entitled to ask for this")),
    OtherWaitsError: Kind(412, "changed-meanwhile", Text("已被他人修改", "changed meanwhile")),
    ReviewAnsweredError: Kind(412, "changed-meanwhile", Text("已被他人修改", "changed meanwhile")),
    e.NotFoundError: Kind(404, "not-found", Text("没有找到", "not found")),
    UnknownAgentError: Kind(404, "not-found", Text("没有找到", "not found")),
    NothingToEndError: Kind(404, "not-found", Text("没有找到", "not found")),
    e.ChangedMeanwhileError: Kind(412, "changed-meanwhile", Text("已被他人修改", "changed meanwhile")),
    SubscriptionChangedError: Kind(412, "changed-meanwhile", Text("已被他人修改", "changed meanwhile")),
    UnknownSubscriptionError: Kind(404, "not-found", Text("没有找到", "not found")),
    UnknownDeliveryError: Kind(404, "not-found", Text("没有找到", "not found")),
    UnknownPasskeyError: Kind(404, "not-found", Text("没有找到", "not found")),
    e.MatchNeededError: Kind(428, "match-needed", Text("须写明所改的版本", "what is changed must be named")),
    e.RequestRepeatedError: Kind(422, "request-repeated", Text("幂等键用于不同的请求", "idempotency key used anew")),
    e.MalformedError: Kind(400, "malformed", Text("请求格式不对", "malformed request")),
    e.TooSlowError: Kind(408, "too-slow", Text("请求体没有按时送达", "the body came too slowly")),
    RecursionError: Kind(400, "malformed", Text("请求格式不对", "malformed request")),
    e.TooLargeError: Kind(413, "too-large", Text("请求过大", "request too large")),
    e.NoSuchPartError: Kind(416, "no-such-part", Text("没有这一段", "no such part")),
    e.TooManyRequestsError: Kind(429, "too-many-requests", Text("请求过于频繁", "too many requests")),
    BusyError: Kind(409, "busy", Text("正在做另一件", "another is being done")),
    OutdatedError: Kind(409, "outdated", Text("事实一再变化", "facts kept changing meanwhile")),
    StaleStandingError: Kind(409, "stale", Text("还没有看到所要求的修订", "the asked revision is not reached yet")),
    UnreachableError: Kind(503, "unreachable", Text("所需部分无法访问", "a part that is needed cannot be reached")),
    DatabaseError: Kind(503, "unreachable", Text("所需部分无法访问", "a part that is needed cannot be reached")),
    IntegrityError: Kind(500, "integrity", Text("存储的内容与写入的不一致", "what is stored is not what was written")),
    CodesStoppedError: Kind(409, "suspended", Text("主管机构要求停止", "the authority asked that it stop")),
    InvitationWaitsError: Kind(409, "invitation-waits", Text("邀请等待确认", "the invitation waits")),
    SecretToldError: Kind(409, "secret-told", Text("密文只告知一次", "the secret was told before")),
    RequestTakenError: Kind(422, "request-repeated", Text("幂等键用于不同的请求", "idempotency key used anew")),
    InputError: Kind(422, "input", Text("请求内容有误", "what the request says cannot be")),
    KeshouError: Kind(422, "input", Text("请求内容有误", "what the request says cannot be")),
}
"""Error -> kind; the closest class counts."""

BY_STATUS: Mapping[int, Kind] = {
    400: KINDS[e.MalformedError],
    401: KINDS[e.NotSignedInError],
    403: KINDS[e.NotEntitledError],
    404: KINDS[e.NotFoundError],
    405: Kind(405, "method-not-allowed", Text("不支持这种方法", "method not allowed")),
    413: KINDS[e.TooLargeError],
    415: Kind(415, "media-type", Text("不支持这种内容类型", "media type not supported")),
    429: KINDS[e.TooManyRequestsError],
}
"""HTTP status -> kind, for what the frame itself refuses."""
INTERNAL = Kind(500, "internal", Text("服务器内部错误", "internal error"))
"""What nobody foresaw."""


def kind_of(error: BaseException) -> Kind:
    """Return the kind of problem that an error is."""
    for class_ in type(error).__mro__:
        if class_ in KINDS:
            return KINDS[class_]
    return INTERNAL


def problem_of(error: Exception, language: Language, request_id: str = "") -> Problem:
    """Return the problem that tells of `error`, without anybody's values."""
    if isinstance(error, HTTPException):
        return _of_http(error, language, request_id)
    kind = kind_of(error)
    detail, hint = in_words(error, language) if isinstance(error, KeshouError) else ("", "")
    return Problem(
        type=f"/problems/{kind.slug}",
        title=kind.title.in_(language),
        status=kind.status,
        detail=detail,
        hint=hint,
        request_id=request_id,
        pointers=getattr(error, "pointers", ()),
    )


def _of_http(error: HTTPException, language: Language, request_id: str) -> Problem:
    kind = BY_STATUS.get(error.status_code, INTERNAL)
    return Problem(
        type=f"/problems/{kind.slug}",
        title=kind.title.in_(language),
        status=kind.status,
        request_id=request_id,
    )


def answer(request: Request, error: Exception) -> Response[bytes]:  # type: ignore[type-arg]
    """Answer a request that failed."""
    problem = of_request(request, error)
    return response(problem, headers_of(error, problem, request))


def of_request(request: Request, error: Exception) -> Problem:  # type: ignore[type-arg]
    """Return the problem that tells why `request` failed, in its reader's language."""
    if isinstance(error, ValidationException):
        error = malformed(error, request)
    return problem_of(error, language_of(request), request.scope.get("state", {}).get("request_id", ""))


def response(problem: Problem, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """Return the response that carries `problem`."""
    body = msgspec.json.encode(problem)
    return Response(body, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)


def headers_of(error: Exception, problem: Problem, request: Request[Any, Any, Any] | None = None) -> dict[str, str]:
    """Return the headers that go with a problem, whatever its body is."""
    if problem.status == 401:
        return {"WWW-Authenticate": 'Bearer realm="keshou"'}
    if isinstance(error, e.TooManyRequestsError):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, e.NoSuchPartError):
        return {"Content-Range": f"bytes */{error.size}"}
    if isinstance(error, MethodNotAllowedException) and error.headers:
        given = error.headers.get("allow", "")
        return {"Allow": allowed(request, given) if request is not None else given}
    return {}
