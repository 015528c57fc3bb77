# SPDX-License-Identifier: Apache-2.0
"""What the console shows after a form was sent: for each picture who sends it, where, what is typed and pressed."""

from typing import NamedTuple

from playwright.sync_api import Page

from keshou.cli.sample.people import subscribers

_PERSON = next(iter(subscribers(60)))
_LOOK, _FIND = "form[action='/console/user'] ", "form[action='/console/user/search'] "


class Step(NamedTuple):
    """One form on the way to a picture."""

    path: str
    """Empty: the page that the step before led to."""
    typed: dict[str, str]
    """Selector of a field -> what is typed, or chosen."""
    press: str


_EMERGENCY = Step(
    "/console/emergencies",
    {"#k-post": "care_agent", "#k-reason": "network_outage", "#k-case": "t-1"},
    "form[action='/console/emergencies'] button",
)
STEPS: dict[str, tuple[str, tuple[Step, ...]]] = {
    "console-user-file": (
        "clerk",
        (Step("/console/user", {f"{_LOOK}[name=user]": _PERSON.user_id, f"{_LOOK}[name=purpose]": "service",
                                f"{_LOOK}[name=where]": "east_branch"}, f"{_LOOK}button"),),
    ),
    "console-user-denied": (
        "clerk",
        (Step("/console/user", {f"{_LOOK}[name=user]": _PERSON.user_id, f"{_LOOK}[name=purpose]": "marketing"},
              f"{_LOOK}button"),),
    ),
    "console-search-found": (
        "clerk",
        (Step("/console/user", {f"{_FIND}[name=way]": "mobile_number:whole", f"{_FIND}[name=value]":
              _PERSON.mobile_number, f"{_FIND}[name=purpose]": "service", f"{_FIND}[name=where]": "east_branch"},
              f"{_FIND}button"),),
    ),
    "console-consent": (
        "clerk",
        (Step("/console/consents", {"#k-user": _PERSON.user_id, "#k-purpose": "marketing"},
              "form[action='/console/consents/of'] button"),),
    ),
    "console-emergency": ("analyst", (_EMERGENCY,)),
    "console-preview": ("officer", (Step("/console/rules", {}, "[formaction='/console/rules/preview']"),)),
    "console-editor-wrong": (
        "officer",
        (Step("/console/rules", {"#k-text": 'schema = 1\n[operator]\nid = "x"\n'}, "form.editor button.main"),),
    ),
    "console-log-checked": ("officer", (Step("/console/log", {}, "form[action='/console/log/check'] button"),)),
    "console-refused": (
        "officer",
        (Step("/console/people", {"#k-staff": "officer", "#k-post": "reviewer"},
              "form[action='/console/people/appoint'] button"),),
    ),
    "console-factor-offer": ("care", (Step("/console/second-factor", {}, "button.main"),)),
    "console-invited": (
        "network",
        (Step("/console/people/accounts", {"#k-id": "newcomer-{unique}"},
              "form[action='/console/people/accounts/invite'] button"),),
    ),
}  # fmt: skip
"""Name of the picture -> account, and the forms it sends."""


def walk(page: Page, url: str, steps: tuple[Step, ...], unique: str) -> None:
    """Send forms one after another; ``{unique}`` in what is typed becomes `unique`."""
    for step in steps:
        if step.path:
            page.goto(url + step.path)
        page.evaluate("document.querySelectorAll('main details:has(form)').forEach((each) => { each.open = true })")
        for selector, text in step.typed.items():
            field = page.locator(selector)
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(text)
            else:
                field.fill(text.replace("{unique}", unique))
        page.locator(step.press).first.click()
        page.wait_for_load_state("load")
