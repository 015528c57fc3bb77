# SPDX-License-Identifier: Apache-2.0
"""What the console answers when something may not or cannot be done: who are you, prove it anew, or why not."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from litestar import Request, Response

from keshou.errors import KeshouError
from keshou.web import problem
from keshou.web.console import carried
from keshou.web.console.again import page_of
from keshou.web.console.carried import SECOND_FACTOR, SIGN_IN
from keshou.web.console.desk import HOME, PAGES, READING, to
from keshou.web.console.entrance import ask, ask_proof
from keshou.web.console.error_words import in_words
from keshou.web.errors import NotSignedInError, ProofTooOldError, SecondFactorNeededError
from keshou.web.going import landing
from keshou.web.language import language_of
from keshou.web.sentences import sentence

Handler = Callable[[Request[Any, Any, Any], Any], Response[Any]]


def not_signed_in(request: Request[Any, Any, Any], _: NotSignedInError) -> Response[Any]:
    """Lead to the door; from a form, show the door and keep what was typed."""
    if request.method in READING:
        return to(f"{SIGN_IN}?to={quote(_here(request), safe='/')}")
    kept = carried.of_request(request)
    return ask(request, where=kept.where, fields=kept.fields, wrong="over")


def proof_too_old(request: Request[Any, Any, Any], _: ProofTooOldError) -> Response[Any]:
    """Ask for a fresh proof and keep what was typed."""
    person = request.scope["state"]["caller"]
    if request.method in READING:
        return ask_proof(request, person, where=_here(request), fields={})
    kept = carried.of_request(request, person.id)
    return ask_proof(request, person, where=kept.where, fields=kept.fields)


def second_factor(request: Request[Any, Any, Any], _: SecondFactorNeededError) -> Response[Any]:
    """Lead to where a second factor is enrolled, and from there to where somebody was going."""
    return to(f"{SECOND_FACTOR}?to={quote(landing(request, _here(request)), safe='/')}")


def refused(request: Request[Any, Any, Any], error: KeshouError) -> Response[Any]:
    """Say plainly why not, and what to do."""
    told, language, law = problem.of_request(request, error), language_of(request), request.app.state.site.law
    reads = request.method in READING
    back = HOME if reads else _page_of(request)
    why, hint = (sentence(each, law, language) for each in in_words(error, language))
    page = PAGES.answer(
        request, "refused.html.j2", status=told.status, told=told, why=why, hint=hint, back=back,
        here=_here(request) if reads else back,
    )  # fmt: skip
    page.headers.update(problem.headers_of(error, told))
    return page


def _page_of(request: Request[Any, Any, Any]) -> str:
    """Return the page that the form which was sent stands on, as far as somebody can be led there."""
    path = str(request.scope["path"])
    stood = page_of(request, path)
    return landing(request, stood.path if stood else path)


def _here(request: Request[Any, Any, Any]) -> str:
    query = request.scope.get("query_string", b"").decode("ascii", "replace")
    path = str(request.scope["path"])
    return f"{path}?{query}" if query else path


HANDLERS: dict[int | type[Exception], Handler] = {
    NotSignedInError: not_signed_in,
    ProofTooOldError: proof_too_old,
    SecondFactorNeededError: second_factor,
    KeshouError: refused,
}
"""What is answered to each kind of error; the closest class counts."""
