# SPDX-License-Identifier: Apache-2.0
"""A page's form filled in with what somebody typed into it before, and a note above it; the rest stays to the letter.

The page is one that templates of this room made, so its tags are whole and its attributes are quoted.
"""

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
            filled = _Filling(form, typed, note)
            filled.feed(page)
            filled.close()
            return Refilled("".join(filled.out), frozenset(each for each in typed if typed[each]) - filled.placed)
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

    def handle_endtag(self, tag: str) -> None:
        if tag == "details" and self._folds:
            self._folds.pop()
        elif tag == "form":
            self._inside = False


class _Filling(HTMLParser):
    """Writes a page out again as it was read, but for one form."""

    def __init__(self, form: _Form, typed: Mapping[str, str], note: Markup) -> None:
        super().__init__(convert_charrefs=False)
        self.out: list[str] = []
        self.placed: set[str] = {KEY, *form.hidden}
        self._form, self._typed, self._note = form, typed, note
        self._forms = self._details = 0
        self._inside = self._skips = False
        self._select = ""
        self._option: tuple[int, Attributes] | None = None
        """An option whose value is its text: where its tag stands, to be written once the text is known."""

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        has = dict(attrs)
        self._end_option()
        if tag == "form":
            self._inside = self._forms == self._form.number
            self._forms += 1
            self.out.extend([str(self._note)] if self._inside else [])
        elif tag == "details":
            opens = self._inside or self._details in self._form.folds
            self._details += 1
            if opens and "open" not in has:
                self.out.append(_tag(tag, [*attrs, ("open", None)]))
                return
        self.out.append(self._filled(tag, attrs, has) if self._inside else self.get_starttag_text() or "")

    def _filled(self, tag: str, attrs: Attributes, has: dict[str, str | None]) -> str:
        name, as_it_was = has.get("name") or "", self.get_starttag_text() or ""
        if tag == "button" and name and self._typed.get(name) == (has.get("value") or ""):
            self.placed.add(name)
        if tag == "select":
            self._select = name if name in self._typed else ""
        if tag == "option" and self._select:
            return self._chosen(attrs, has)
        if tag == "textarea" and name in self._typed:
            self.placed.add(name)
            self._skips = True
            return f"{as_it_was}\n{escape(self._typed[name])}"
        if tag == "input" and ((has.get("type") or "text") not in _LEFT or name == VERSION):
            return self._input(attrs, has, name)
        return as_it_was

    def _input(self, attrs: Attributes, has: dict[str, str | None], name: str) -> str:
        if has.get("type") in _TICKED:
            ticked = self._typed.get(name) == (has.get("value") or "on")
            self.placed.update([name] if ticked else [])
            bare = [each for each in attrs if each[0] != "checked"]
            return _tag("input", [*bare, ("checked", None)] if ticked else bare)
        if name not in self._typed:
            return self.get_starttag_text() or ""
        self.placed.add(name)
        return _tag("input", [*(each for each in attrs if each[0] != "value"), ("value", self._typed[name])])

    def _chosen(self, attrs: Attributes, has: dict[str, str | None]) -> str:
        bare = [each for each in attrs if each[0] != "selected"]
        if "value" not in has:
            self._option = (len(self.out), bare)
            return ""
        return self._marked(bare, has["value"] or "")

    def _marked(self, bare: Attributes, value: str) -> str:
        chosen = self._typed[self._select] == value
        self.placed.update([self._select] if chosen else [])
        return _tag("option", [*bare, ("selected", None)] if chosen else bare)

    def _end_option(self) -> None:
        if self._option is None:
            return
        at, bare = self._option
        self.out[at] = self._marked(bare, unescape("".join(self.out[at + 1 :])).strip())
        self._option = None

    def handle_endtag(self, tag: str) -> None:
        self._end_option()
        if tag == "textarea":
            self._skips = False
        elif tag == "select":
            self._select = ""
        elif tag == "form":
            self._inside = False
        self._put(f"</{tag}>")

    def _put(self, text: str) -> None:
        if not self._skips:
            self.out.append(text)

    def handle_data(self, data: str) -> None:
        self._put(data)

    def handle_entityref(self, name: str) -> None:
        self._put(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._put(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self._put(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self._put(f"<!{decl}>")


def _tag(name: str, attrs: Attributes) -> str:
    told = (f" {key}" if value is None else f' {key}="{escape(value)}"' for key, value in attrs)
    return f"<{name}{''.join(told)}>"
