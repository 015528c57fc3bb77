# SPDX-License-Identifier: Apache-2.0
"""Guard a view: ask before it runs, let it run only when permitted, and answer in its place otherwise.

Denied: 403, a problem with every reason and its article. Nobody signed in: 401. What makes no question, such as an id
that nobody can have: 400. Whatever else keeps an answer from coming, a key that does not hold among it: 503, closed.
The modules named for a framework (`keshou.client.fastapi`, `.litestar`, `.django`) make the problem that framework's
response.
"""

import asyncio
import functools
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast

import msgspec

from keshou.client.asynchronous import AsyncKeshou
from keshou.client.errors import ClientError
from keshou.client.question import Question, Recorded
from keshou.client.sync import Keshou
from keshou.client.view import View
from keshou.errors import InputError, KeshouError
from keshou.language import Text
from keshou.law.terms import ActKind
from keshou.wire.problem import Problem
from keshou.wire.words import Id, Items, NoId

MEDIA_TYPE = "application/problem+json"
DENIED = Text("法律不允许这一行为", "the law does not permit this act")
NOBODY = Text("没有登录", "not signed in")
MALFORMED = Text("请求格式不对", "malformed request")
CLOSED = Text("所需部分无法访问", "a part that is needed cannot be reached")

_log = logging.getLogger(__name__)
_ASKED_WRONG = frozenset({400, 413, 422})
"""Statuses of a question that cannot be one; any other refusal is of the app that asks, and not of its caller."""
_WRITING = frozenset({ActKind.COLLECT, ActKind.CORRECT})

P = ParamSpec("P")
R = TypeVar("R")
Arguments = Mapping[str, Any]
Chosen = str | Callable[[Any], str] | Callable[[Any], Awaitable[str]]
"""Name of the view's parameter that holds an id, or a function from all of the view's arguments to it.

A function may be asynchronous where the view is."""
CHOSEN = ("user", "by", "post", "where")
"""What a guard takes from the request."""
_FROM_REQUEST = frozenset(f"$.{each}" for each in CHOSEN)
_TOO_LARGE = 413
Respond = Callable[[Problem], Any]


class NobodyError(InputError):
    """The app has signed nobody in, and the guard asks who does it."""

    def __init__(self) -> None:
        super().__init__("nobody is signed in to the app", hint="sign staff in before a guarded view")


class QuestionError(InputError):
    """The request makes no question that could be asked."""


class Guard(NamedTuple):
    """What a view does with whose information, so that it can be asked."""

    kind: ActKind
    items: frozenset[str] | set[str]
    purpose: str
    user: Chosen
    """Whose information it is."""
    by: Chosen | None = None
    """The member of staff whom the app has signed in; None: the program itself."""
    post: Chosen | None = None
    where: Chosen | None = None
    holding: str = ""
    """The system of the operator's own that a permit is wanted for."""

    def question(self, arguments: Any) -> Question:
        """Return the question that these arguments of the view make.

        Raises:
            NobodyError: they do not say who does it.
            QuestionError: they do not say whose information it is, or hold what is no text.
            InputError: they do not have what the guard names.

        """
        user = self._chosen("user", arguments)
        by = self._chosen("by", arguments)
        if self.by is not None and not by:
            raise NobodyError
        if not user:
            raise QuestionError("a guarded view was asked about nobody")
        return Question(
            kind=self.kind,
            user=user,
            items=frozenset(self.items),
            purpose=self.purpose,
            by=by,
            post=self._chosen("post", arguments),
            where=self._chosen("where", arguments),
        )

    def refuse_what_cannot_be_asked(self) -> None:
        """Refuse what the server would find malformed whoever came, so that it is not told to everybody who does.

        Raises:
            InputError: kind, items, purpose or holding are not of the documented form, or a view would have to write.

        """
        if isinstance(self.items, str) or self.kind in _WRITING:
            raise InputError(
                "a guard asks for one act that shows something, on a set of items",
                hint="have values written by `perform`, outside of a guard",
            )
        try:
            told = {"kind": self.kind, "items": list(self.items), "purpose": self.purpose, "holding": self.holding}
            msgspec.convert(told, _Told)
        except msgspec.ValidationError as error:
            raise InputError(f"a guard cannot be asked about: {error}", hint="mend the guard") from None

    def refuse_names_beyond(self, names: Iterable[str]) -> None:
        """Refuse to name what is none of a view's parameters: left out, it would widen what is asked about.

        Raises:
            InputError: `user`, `by`, `post` or `where` does so.

        """
        for each in CHOSEN:
            named = getattr(self, each)
            if isinstance(named, str) and named not in names:
                raise _no_such(each, named)

    def waits(self) -> tuple[str, ...]:
        """Return which of its functions are asynchronous."""
        return tuple(each for each in CHOSEN if callable(found := getattr(self, each)) and _is_asynchronous(found))

    async def settled(self, arguments: Any) -> "Guard":
        """Return the guard with what its asynchronous functions find in `arguments` in their place."""
        found: dict[str, Any] = {each: _always(await getattr(self, each)(arguments)) for each in self.waits()}
        return self._replace(**found) if found else self

    def _chosen(self, each: str, arguments: Any) -> str:
        chosen = getattr(self, each)
        if chosen is None:
            return ""
        if isinstance(chosen, str) and chosen not in arguments:
            raise _no_such(each, chosen)
        told = arguments[chosen] if isinstance(chosen, str) else chosen(arguments)
        if inspect.isawaitable(told):
            _drop(told)
            raise InputError(
                "a guard's function is asynchronous and does not say so", hint=f"mend the guard's `{each}`"
            )
        found = str(told or "")
        if any("\ud800" <= letter <= "\udfff" for letter in found):
            raise QuestionError("a guarded view was asked with what is no text")
        return found


class _Told(msgspec.Struct):
    """What every question of a guard has in common, as the server reads it."""

    kind: ActKind
    items: Items
    purpose: Id
    holding: NoId


def _always(found: str) -> Callable[[Any], str]:
    return lambda _: found


def _no_such(each: str, named: str) -> InputError:
    return InputError(f"a guarded view has no parameter {named!r}", hint=f"mend the guard's `{each}`")


class Admission(NamedTuple):
    """That the view may go on."""

    entry: int
    """Place of the act's entry in the log."""
    full: bool
    """Whether full values may be shown; otherwise mask them (`keshou.acts.mask.masked`)."""
    permit: str
    """For the system named as the guard's holding; empty without one."""
    values: Mapping[str, str]
    """What was shown of information that lies in the vault."""


_ADMITTED: ContextVar[Admission] = ContextVar("keshou_admission")


def admitted() -> Admission:
    """Return what the view that runs now was admitted with.

    Raises:
        InputError: it is not guarded.

    """
    found = _ADMITTED.get(None)
    if found is None:
        raise InputError("this view is not guarded", hint="decorate it, or put the middleware around the app")
    return found


def guard_with(
    respond: Respond, keshou: Keshou | AsyncKeshou, guard: Guard
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return the decorator that guards a view, synchronous or asynchronous; `respond` makes the framework's response.

    An asynchronous view may be guarded by either client; a synchronous one by `Keshou` alone.

    Raises:
        InputError: a synchronous view is given an asynchronous client or function; a view is a generator, or lacks a
            parameter that the guard names; the guard makes no question, whoever comes.

    """

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        if inspect.isgeneratorfunction(view) or inspect.isasyncgenfunction(view):
            raise InputError(
                "a view that is a generator cannot be guarded: it runs when its answer has begun",
                hint="guard a view that takes what it needs of `admitted()`, and returns a streaming response",
            )
        guard.refuse_what_cannot_be_asked()
        called = View(view)
        if (names := called.names()) is not None:
            guard.refuse_names_beyond(names)
        if _is_asynchronous(view):
            return cast("Callable[P, R]", _asynchronous(respond, keshou, guard, view, called))
        if isinstance(keshou, AsyncKeshou):
            raise InputError("a synchronous view is guarded by an asynchronous client", hint="give it a `Keshou`")
        for each in guard.waits():
            raise InputError(
                "a synchronous view is guarded by an asynchronous function", hint=f"mend the guard's `{each}`"
            )
        return _synchronous(respond, keshou, guard, view, called)

    return decorate


def _is_asynchronous(view: Callable[..., Any]) -> bool:
    """Say whether a call of `view` is awaited, be it only marked so, as Python 3.11 knows no mark of its own."""
    marked = getattr(view, "_is_coroutine", None) is not None
    return marked or inspect.iscoroutinefunction(view) or inspect.iscoroutinefunction(type(view).__call__)


def _synchronous(respond: Respond, keshou: Keshou, guard: Guard, view: Callable[P, R], called: View) -> Callable[P, R]:
    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        outcome = decided(keshou, guard, called.arguments(args, kwargs))
        if isinstance(outcome, Problem):
            return cast("R", respond(outcome))
        with as_admitted(outcome):
            answer = view(*args, **kwargs)
        if inspect.isawaitable(answer):
            _drop(answer)
            raise InputError(
                "a guarded view is asynchronous and does not say so",
                hint="guard the method that answers, or the view that `as_view()` makes",
            )
        return answer

    return guarded


def _drop(answer: Awaitable[Any]) -> None:
    if inspect.iscoroutine(answer):
        answer.close()


def _asynchronous(
    respond: Respond, keshou: Keshou | AsyncKeshou, guard: Guard, view: Callable[..., Any], called: View
) -> Any:
    @functools.wraps(view)
    async def guarded(*args: Any, **kwargs: Any) -> Any:
        outcome = await decided_in_loop(keshou, guard, called.arguments(args, kwargs))
        if isinstance(outcome, Problem):
            return respond(outcome)
        with as_admitted(outcome):
            return await view(*args, **kwargs)

    return guarded


def decided(keshou: Keshou, guard: Guard, arguments: Any) -> Admission | Problem:
    """Ask and have it recorded; return what the view goes on with, or the problem to answer with."""
    try:
        return outcome_of(keshou.perform(guard.question(arguments), holding=guard.holding))
    except KeshouError as error:
        return _problem_of(error)


async def decided_in_loop(keshou: Keshou | AsyncKeshou, guard: Guard, arguments: Any) -> Admission | Problem:
    """Do what `decided` does, from an event loop."""
    guard = await guard.settled(arguments)
    if isinstance(keshou, Keshou):
        return await asyncio.to_thread(decided, keshou, guard, arguments)
    try:
        return outcome_of(await keshou.perform(guard.question(arguments), holding=guard.holding))
    except KeshouError as error:
        return _problem_of(error)


def outcome_of(recorded: Recorded) -> Admission | Problem:
    """Return what an answer means for a view."""
    if recorded.permitted:
        return Admission(recorded.entry, recorded.decision.full, recorded.permit, recorded.values)
    return Problem(
        type="/problems/denied",
        title=DENIED.en,
        status=403,
        entry=recorded.entry,
        reasons=recorded.decision.reasons,
    )


def _problem_of(error: KeshouError) -> Problem:
    """Return what is answered when nothing was decided: closed, and nothing shown; what the app must mend is logged."""
    if isinstance(error, NobodyError):
        return Problem(type="/problems/not-signed-in", title=NOBODY.en, status=401)
    if isinstance(error, QuestionError) or (isinstance(error, ClientError) and _is_of_who_came(error.problem)):
        return Problem(type="/problems/malformed", title=MALFORMED.en, status=400)
    _log.error("a guarded view is closed: %s: %s", type(error).__name__, error)
    return Problem(type="/problems/unreachable", title=CLOSED.en, status=503)


def _is_of_who_came(problem: Problem) -> bool:
    """Say whether what is wrong with a question came with the request, and does not stand in the guard."""
    at = set(problem.pointers)
    return problem.status in _ASKED_WRONG and at <= _FROM_REQUEST and (bool(at) or problem.status == _TOO_LARGE)


@contextmanager
def as_admitted(admission: Admission) -> Iterator[None]:
    """Let `admitted` return `admission` within the block."""
    token = _ADMITTED.set(admission)
    try:
        yield
    finally:
        _ADMITTED.reset(token)
