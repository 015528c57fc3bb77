# SPDX-License-Identifier: Apache-2.0
"""The words of pages: messages in both languages side by side, with plurals; what is incomplete is not read.

A message is ``key = { zh = "...", en = "..." }`` in the file ``messages.toml`` of a room; in tables keys are joined by
dots. ``{name}`` stands for a value. Where English has a plural, its side is ``{ one = "...", other = "..." }`` and
goes by the value ``n``; which forms a language has is Babel's knowledge (CLDR).
"""

import functools
import string
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files

import msgspec
from markupsafe import Markup

from keshou.errors import KeshouError
from keshou.language import Language
from keshou.web.frame.form import LOCALES, number

LANGUAGES: tuple[Language, Language] = ("zh", "en")
FILE = "messages.toml"


class MessageError(KeshouError):
    """A message is missing, or is not whole in both languages."""


class Message(msgspec.Struct, frozen=True):
    """One message: for each language its plural forms, of which ``other`` is always there."""

    forms: Mapping[Language, Mapping[str, str]]

    def names(self) -> set[str]:
        """Return the names of the values it takes."""
        return _names(self.forms["zh"]["other"])


class Words:
    """A catalog as one reader hears it."""

    def __init__(self, messages: Mapping[str, Message], language: Language) -> None:
        self._messages = messages
        self._language = language

    def __call__(self, key: str, **values: object) -> Markup:
        """Return a message with its values in place, escaped.

        Raises:
            MessageError: there is none, or a value is missing.

        """
        message = self._messages.get(key)
        if message is None:
            raise MessageError(f"there is no message `{key}`")
        forms = message.forms[self._language]
        count = values.get("n")
        form = LOCALES[self._language].plural_form(count) if isinstance(count, int) else "other"
        shown = {name: _shown(value, self._language) for name, value in values.items()}
        try:
            return Markup(forms.get(form, forms["other"])).format(**shown)  # noqa: S704 - our own words
        except KeyError as error:
            raise MessageError(f"message `{key}` lacks its value {error}") from error


def _shown(value: object, language: Language) -> object:
    return number(value, language) if isinstance(value, int) and not isinstance(value, bool) else value


@functools.cache
def catalog(*rooms: str) -> Mapping[str, Message]:
    """Return the messages of some rooms (names of packages) together.

    Raises:
        MessageError: one is not whole in both languages, or two rooms have the same.

    """
    found: dict[str, Message] = {}
    for room in rooms:
        for key, message in read(files(room).joinpath(FILE).read_text("utf-8")).items():
            if key in found:
                raise MessageError(f"two rooms have a message `{key}`")
            found[key] = message
    return found


def read(source: str) -> Mapping[str, Message]:
    """Read messages from the text of a file.

    Raises:
        MessageError: one is not whole in both languages.

    """
    return dict(_flat(tomllib.loads(source), ""))


def _flat(table: Mapping[str, object], before: str) -> Iterator[tuple[str, Message]]:
    for name, value in table.items():
        key = f"{before}{name}"
        if not isinstance(value, dict):
            raise MessageError(f"`{key}` is in one language only")
        if value.keys() <= set(LANGUAGES):
            yield key, _message(key, value)
        else:
            yield from _flat(value, f"{key}.")


def _message(key: str, given: Mapping[str, object]) -> Message:
    forms: dict[Language, Mapping[str, str]] = {}
    for language in LANGUAGES:
        side = given.get(language)
        spoken = {"other": side} if isinstance(side, str) else side
        if not isinstance(spoken, dict) or not all(isinstance(each, str) and each.strip() for each in spoken.values()):
            raise MessageError(f"message `{key}` is not whole in `{language}`")
        known = LOCALES[language].plural_form.tags | {"other"}
        if spoken.keys() - known or (isinstance(side, dict) and spoken.keys() != known):
            raise MessageError(
                f"message `{key}` has not just the plurals of `{language}`", hint=f"they are {', '.join(sorted(known))}"
            )
        forms[language] = spoken
    message = Message(forms)
    if any(_names(text) | {"n"} != message.names() | {"n"} for side in forms.values() for text in side.values()):
        raise MessageError(f"message `{key}` takes other values in one language than in the other")
    return message


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
