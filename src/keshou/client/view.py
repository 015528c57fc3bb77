# SPDX-License-Identifier: Apache-2.0
"""How a view is called: which names its arguments have, and what they are in one call."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any


class View:
    """The parameters of `view`, as it is called itself: what it wraps is called by it and not by the framework.

    A wrapper that takes whatever comes (``*args``) hands it on unchanged; then the names are those of what it wraps.
    """

    def __init__(self, view: Callable[..., Any]) -> None:
        self._own = inspect.signature(view, follow_wrapped=False)
        # A method that was bound by a partial is shown with `self` again when it is unwrapped.
        self._inner = self._own if isinstance(view, functools.partial) else inspect.signature(view)

    def names(self) -> frozenset[str] | None:
        """Return the names that its arguments can have; None where it takes any (``**kwargs``)."""
        if not _takes(self._own, inspect.Parameter.VAR_KEYWORD):
            return _named(self._own)
        if _takes(self._inner, inspect.Parameter.VAR_KEYWORD):
            return None
        return _named(self._own) | _named(self._inner)

    def arguments(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return what it is called with by name, what it has by default too.

        Raises:
            TypeError: it cannot be called so.

        """
        found = _bound(self._own, args, kwargs)
        if self._inner is not self._own and _takes(self._own, inspect.Parameter.VAR_POSITIONAL):
            try:
                return _bound(self._inner, args, kwargs) | found
            except TypeError:  # then it hands on something else, and its own names are all there are
                return found
        return found


def _bound(signature: inspect.Signature, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    found = dict(bound.arguments)
    for name, each in signature.parameters.items():
        if each.kind is inspect.Parameter.VAR_KEYWORD:
            found = found.pop(name) | found
    return found


def _named(signature: inspect.Signature) -> frozenset[str]:
    many = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return frozenset(name for name, each in signature.parameters.items() if each.kind not in many)


def _takes(signature: inspect.Signature, kind: Any) -> bool:
    return any(each.kind is kind for each in signature.parameters.values())
