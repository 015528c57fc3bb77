# SPDX-License-Identifier: Apache-2.0
"""A page's form filled in with what somebody typed into it before, and a note above it; the rest stays to the letter.

The page is one that templates of this room made, so its tags are whole and its attributes are quoted. It is read for
where things stand, and only those places are written anew: whatever else stands in it stays as it is.

FormEncode's `htmlfill`, the kept library nearest to this, fills every field of a name wherever it stands in a page.
Here a page has many forms with fields of one name, a form is told by where it is sent and what it asks, secrets and
files stay empty, folds around it open, and what found no place is named.
"""

import re
from collections.abc import Mapping
from html import unescape
from html.parser import HTMLParser
from typing import Final, NamedTuple

from markupsafe import Markup, escape

KEY: Final = "key"
"""The field that names what a form asks; a form that is shown again gets a new one."""
VERSION: Final = "version"
"""The field that says what was read; it stays what was read then."""
Attributes = list[tuple[str, str | None]]
_TICKED: Final = frozenset({"checkbox", "radio"})
_LEFT: Final = frozenset({"hidden", "password", "submit", "file"})
"""Kinds of field that nobody types again what was there before."""
_OWN: Final = (KEY, VERSION)


class Refilled(NamedTuple):
    """A page with its form filled in."""

    page: str
    left: frozenset[str]
    """Names of what was typed and has no place in the form."""


def refill(page: str, to: str, typed: Mapping[str, str], note: Markup) -> Refilled | None:
    """Return `page` with `typed` in its form that is sent to the path `to`, unfolded, and with `note` above that form.

    Of several such forms it is the first that asks the same: whose hidden fields are what was typed. None: there is
    no such form.
    """
    read = _Forms(page)
    for form in read.forms:
        if to in form.to and all(typed.get(name) == value for name, value in form.hidden.items() if name not in _OWN):
            filled = _Filling(page, form, typed, note)
            return Refilled(filled.page(), frozenset(each for each in typed if typed[each]) - filled.placed)
    return None


class _Form:
    """Where a form stands: its number in the page, the folds around it, where it is sent, what it holds unseen."""

    def __init__(self, number: int, folds: tuple[int, ...], to: str) -> None:
        self.number, self.folds = number, folds
        self.to = {to}
        self.hidden: dict[str, str] = {}


class _Forms(HTMLParser):
    """Every form of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[_Form] = []
        self._folds: list[int] = []
        self._details = 0
        self._inside = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        has = dict(attrs)
        if tag == "details":
            self._folds.append(self._details)
            self._details += 1
        elif tag == "form":
            self.forms.append(_Form(len(self.forms), tuple(self._folds), has.get("action") or ""))
            self._inside = True
        elif self._inside and tag == "button" and has.get("formaction"):
            self.forms[-1].to.add(has["formaction"] or "")
        elif self._inside and tag == "input" and has.get("type") == "hidden":
            self.forms[-1].hidden[has.get("name") or ""] = has.get("value") or ""

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        """Read a tag as if it had no slash at its end, as browsers do but for drawings."""
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "details" and self._folds:
            self._folds.pop()
        elif tag == "form":
            self._inside = False


class _Edit(NamedTuple):
    """What stands from character `start` to before `end` of a page is `text` from now on."""

    start: int
    end: int
    text: str


class _Filling(HTMLParser):
    """Finds what has to change in a page for one form to be filled in."""

    def __init__(self, page: str, form: _Form, typed: Mapping[str, str], note: Markup) -> None:
        super().__init__()
        self.placed: set[str] = {KEY, *form.hidden}
        self._page, self._form, self._typed, self._note = page, form, typed, note
        self._lines = [0, *(each.end() for each in re.finditer("\n", page))]
        self._edits: list[_Edit] = []
        self._forms = self._details = 0
        self._inside = False
        self._select = ""
        self._area: tuple[int, str] | None = None
        """Where the text of a field of many lines begins, and what is to stand there."""
        self._option: tuple[int, int, Attributes] | None = None
        """An option whose value is its text: where its tag begins and ends; written once the text is known."""
        self.feed(page)
        self.close()

    def page(self) -> str:
        """Return the page with the changes made."""
        out, at = [], 0
        for start, end, text in self._edits:
            out += [self._page[at:start], text]
            at = end
        return "".join([*out, self._page[at:]])

    def _at(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def _write(self, text: str) -> None:
        """Write `text` instead of the tag that is read."""
        self._edits.append(_Edit(self._at(), self._at() + len(self.get_starttag_text() or ""), text))

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        if self._area is not None:  # text that some versions of the parser take for tags
            return
        has = dict(attrs)
        self._end_option()
        if tag == "form":
            self._inside = self._forms == self._form.number
            self._forms += 1
            if self._inside:
                self._edits.append(_Edit(self._at(), self._at(), str(self._note)))
        elif tag == "details":
            opens = self._inside or self._details in self._form.folds
            self._details += 1
            if opens and "open" not in has:
                self._write(_tag(tag, [*attrs, ("open", None)]))
        elif self._inside:
            self._fill(tag, attrs, has)

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        """Read a tag as if it had no slash at its end, as browsers do but for drawings."""
        self.handle_starttag(tag, attrs)

    def _fill(self, tag: str, attrs: Attributes, has: dict[str, str | None]) -> None:
        name = has.get("name") or ""
        if tag == "button" and name and self._typed.get(name) == (has.get("value") or ""):
            self.placed.add(name)
        elif tag == "select":
            self._select = name if name in self._typed else ""
        elif tag == "option" and self._select:
            self._choose(attrs, has)
        elif tag == "textarea" and name in self._typed:
            self.placed.add(name)
            self._area = (self._at() + len(self.get_starttag_text() or ""), f"\n{escape(self._typed[name])}")
        elif tag == "input" and ((has.get("type") or "text") not in _LEFT or name == VERSION):
            self._input(attrs, has, name)

    def _input(self, attrs: Attributes, has: dict[str, str | None], name: str) -> None:
        if has.get("type") in _TICKED:
            ticked = self._typed.get(name) == (has.get("value") or "on")
            self.placed.update([name] if ticked else [])
            if ticked != ("checked" in has):
                bare = [each for each in attrs if each[0] != "checked"]
                self._write(_tag("input", [*bare, ("checked", None)] if ticked else bare))
        elif name in self._typed:
            self.placed.add(name)
            self._write(_tag("input", [*(each for each in attrs if each[0] != "value"), ("value", self._typed[name])]))

    def _choose(self, attrs: Attributes, has: dict[str, str | None]) -> None:
        bare = [each for each in attrs if each[0] != "selected"]
        if "value" in has:
            self._write(self._marked(bare, has["value"] or ""))
        else:
            self._option = (self._at(), self._at() + len(self.get_starttag_text() or ""), bare)

    def _marked(self, bare: Attributes, value: str) -> str:
        chosen = self._typed[self._select] == value
        self.placed.update([self._select] if chosen else [])
        return _tag("option", [*bare, ("selected", None)] if chosen else bare)

    def _end_option(self) -> None:
        if self._option is None:
            return
        start, end, bare = self._option
        self._edits.append(_Edit(start, end, self._marked(bare, unescape(self._page[end : self._at()]).strip())))
        self._option = None

    def handle_endtag(self, tag: str) -> None:
        self._end_option()
        if tag == "textarea" and self._area is not None:
            start, text = self._area
            self._edits.append(_Edit(start, self._at(), text))
            self._area = None
        elif tag == "select":
            self._select = ""
        elif tag == "form":
            self._inside = False


def _tag(name: str, attrs: Attributes) -> str:
    told = (f" {key}" if value is None else f' {key}="{escape(value)}"' for key, value in attrs)
    return f"<{name}{''.join(told)}>"
