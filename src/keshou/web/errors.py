# SPDX-License-Identifier: Apache-2.0
"""What a server refuses before anything is asked of the gate."""

from keshou.errors import KeshouError


class WebError(KeshouError):
    """A request that is answered with a problem; nothing was done."""


class NotSignedInError(WebError):
    """No proof of who calls, or one that does not hold."""

    def __init__(self, message: str = "nobody is signed in", *, hint: str = "") -> None:
        super().__init__(message, hint=hint or "send `Authorization: Bearer KEY`, or sign in")


class NotEntitledError(WebError):
    """Who calls is known and may not ask for this (Order 24 Art. 13(1), 13(3))."""


class ProofTooOldError(NotEntitledError):
    """What is asked for needs a proof of identity that is fresh (Order 24 Art. 13(3))."""

    def __init__(self) -> None:
        super().__init__(
            "this needs a fresh proof of who you are", hint="prove yourself again, then repeat the request"
        )


class SecondFactorNeededError(NotEntitledError):
    """Who calls has shown one factor, where two are asked for (OWASP ASVS 5.0 6.3.3)."""

    def __init__(self, *, hint: str = "enrol one at /api/v1/session/totp") -> None:
        super().__init__("a second factor is needed first", hint=hint)


class SignInFailedError(WebError):
    """No such account, a wrong password or code, or too many tries: nothing tells which."""

    def __init__(self) -> None:
        super().__init__("that did not sign anybody in", hint="after many tries, wait a while before the next")


class ForgedRequestError(WebError):
    """A request with a session's cookie that comes from another site."""

    def __init__(self) -> None:
        super().__init__("the request comes from another site", hint="send it from the server's own pages")


class NotFoundError(WebError):
    """There is no such thing, or the caller may not know of it."""


class ChangedMeanwhileError(WebError):
    """Somebody else changed it since it was read (`If-Match`)."""

    def __init__(self) -> None:
        super().__init__("it was changed since it was read", hint="read it again, then decide anew")


class MatchNeededError(WebError):
    """An edit that does not say what was read (`If-Match`)."""

    def __init__(self) -> None:
        super().__init__("an edit must say what it changes", hint="send the ETag that was read as `If-Match`")


class RequestRepeatedError(WebError):
    """An idempotency key that came before with another body."""

    def __init__(self) -> None:
        super().__init__(
            "this idempotency key came before with another request", hint="use a new key for a new request"
        )


class MalformedError(WebError):
    """The body or a parameter is not of the documented form."""

    def __init__(
        self,
        message: str = "the request is not of the documented form",
        *pointers: str,
        hint: str = "see /api/v1/openapi.json, or of /access/v1 the AuthZEN Authorization API 1.0",
    ) -> None:
        super().__init__(message, hint=hint)
        self.pointers = pointers


class ContradictionError(WebError):
    """Each part of the request is of the documented form, and they do not go together."""

    def __init__(self, message: str, *pointers: str) -> None:
        super().__init__(message, hint="see what the operation says of its body")
        self.pointers = pointers


class NoSuchPartError(WebError):
    """A part of a file that begins behind its end (`Range`)."""

    def __init__(self, size: int) -> None:
        super().__init__("the file has no such part", hint="it is no longer than `Content-Range` says: begin anew")
        self.size = size


class TooLargeError(WebError):
    """The body, or what it asks for at once, is too large."""


class TooSlowError(WebError):
    """The body did not come in time."""

    def __init__(self) -> None:
        super().__init__("the body did not come in time", hint="send it at once; `body_seconds` in [server] bounds it")


class TooManyRequestsError(WebError):
    """The caller asks too often."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("too many requests", hint=f"wait {retry_after} s")
        self.retry_after = retry_after
        """Seconds."""
