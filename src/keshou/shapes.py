# SPDX-License-Identifier: Apache-2.0
"""Shapes of what is read and written, laid out before threads ask for them."""

import threading
from collections.abc import Iterator

import msgspec

_lock = threading.Lock()
_laid_out: set[type] = set()


def lay_out() -> None:
    """Have msgspec work out how each shape of ours is read, for those that came since the last call.

    It does so when a shape is first read, and of two threads that read it first at once, the second may use what is
    half done, which takes the whole process down. Call this before threads begin, and after modules were loaded.
    """
    with _lock:
        for shape in _ours(msgspec.Struct):
            if shape not in _laid_out:
                _laid_out.add(shape)
                try:
                    msgspec.json.Decoder(shape)
                except (TypeError, NameError):  # nothing that is read: it holds what no message can say
                    continue


def _ours(base: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    shape: type[msgspec.Struct]
    for shape in base.__subclasses__():
        if shape.__module__.startswith("keshou."):
            yield shape
        yield from _ours(shape)
