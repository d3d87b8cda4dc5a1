"""The sandbox, in the iframe's attribute and in the response's CSP."""

from __future__ import annotations

from collections.abc import Iterator

from ..findings import Severity
from ..sites import same_site
from ..surface import Surface, good_but
from ..vocabulary import words
from .registry import Rules

_TOKENS = {token.name for token in words("token")}


RULES = Rules()


@RULES.add(
    Severity.ERROR,
    "scripts-with-same-origin",
    "Scripts with allow-same-origin on an origin that is not this component's alone: the frame can "
    "remove its own sandbox, and read what that origin holds.",
    "Leave allow-same-origin out.",
    source="HTML, the iframe element's sandbox attribute (its warning); measured",
    bad=good_but(sandbox="allow-scripts allow-same-origin", shared_origin=True),
    good=good_but(sandbox="allow-scripts allow-same-origin"),
)
def _scripts_with_same_origin(subject: Surface) -> Iterator[str]:
    shared = subject.shared_origin or same_site(subject.app_origin, subject.component_origin)
    for tokens in subject.sandboxes:
        if shared and {"allow-scripts", "allow-same-origin"} <= tokens:
            yield " ".join(sorted(tokens))


@RULES.add(
    Severity.ERROR,
    "no-sandbox-attribute",
    "The iframe has no sandbox attribute, so only the response's header stands between the "
    "component and a real origin.",
    'Write sandbox="allow-scripts".',
    source="HTML, the iframe element's sandbox attribute",
    bad=good_but(sandbox=None),
    good=good_but(sandbox=""),
)
def _no_sandbox_attribute(subject: Surface) -> Iterator[str]:
    if subject.sandbox is None:
        yield "no attribute"


@RULES.add(
    Severity.ERROR,
    "no-sandbox-in-csp",
    "The component's CSP has no sandbox directive: its address, opened in a tab of its own, has a "
    "real origin with cookies and storage.",
    "Send a CSP with sandbox allow-scripts on every response.",
    source="CSP 3, sandbox; measured in all three engines",
    bad=good_but(csp={"sandbox": None}),
)
def _no_sandbox_in_csp(subject: Surface) -> Iterator[str]:
    if "sandbox" not in subject.csp:
        yield "no sandbox directive"


@RULES.add(
    Severity.ERROR,
    "top-navigation",
    "The frame may send the whole tab elsewhere at any time: to a copy of the app that asks for "
    "the password, or to any server with data in the address.",
    "Leave allow-top-navigation out; let the app navigate on a typed event.",
    source="HTML, sandboxed top-level navigation without user activation browsing context flag",
    bad=good_but(sandbox="allow-scripts allow-top-navigation"),
)
def _top_navigation(subject: Surface) -> Iterator[str]:
    yield from _places(subject, "allow-top-navigation")


@RULES.add(
    Severity.ERROR,
    "top-navigation-by-click",
    "One click anywhere in the frame lets it send the whole tab elsewhere: to a copy of the app, "
    "or to any server with data in the address.",
    "Leave allow-top-navigation-by-user-activation out; let the app navigate on a typed event.",
    source="HTML, sandboxed top-level navigation with user activation browsing context flag",
    bad=good_but(sandbox="allow-scripts allow-top-navigation-by-user-activation"),
)
def _top_navigation_by_click(subject: Surface) -> Iterator[str]:
    yield from _places(subject, "allow-top-navigation-by-user-activation")


@RULES.add(
    Severity.ERROR,
    "custom-protocols",
    "The frame may start other programs of the user's machine by their URL schemes, with data in "
    "the address.",
    "Leave allow-top-navigation-to-custom-protocols out.",
    source="HTML, sandboxed custom protocols navigation browsing context flag",
    bad=good_but(sandbox="allow-scripts allow-top-navigation-to-custom-protocols"),
)
def _custom_protocols(subject: Surface) -> Iterator[str]:
    yield from _places(subject, "allow-top-navigation-to-custom-protocols")


@RULES.add(
    Severity.ERROR,
    "popups-escape-sandbox",
    "New windows lose the sandbox: the component runs there with a real origin.",
    "Leave allow-popups-to-escape-sandbox out.",
    source="HTML, sandbox propagates to auxiliary browsing contexts flag",
    bad=good_but(sandbox="allow-scripts allow-popups ALLOW-POPUPS-TO-ESCAPE-SANDBOX"),
    good=good_but(sandbox="allow-scripts allow-popups"),
)
def _popups_escape_sandbox(subject: Surface) -> Iterator[str]:
    yield from _places(subject, "allow-popups-to-escape-sandbox")


@RULES.add(
    Severity.ERROR,
    "storage-access",
    "After a click the frame may ask for the cookies that its server set elsewhere: it learns who "
    "the user is on other sites.",
    "Leave allow-storage-access-by-user-activation out.",
    source="Storage Access API, sandbox storage access by user activation flag",
    bad=good_but(sandbox="allow-scripts allow-storage-access-by-user-activation"),
)
def _storage_access(subject: Surface) -> Iterator[str]:
    yield from _places(subject, "allow-storage-access-by-user-activation")


@RULES.add(
    Severity.ERROR,
    "cookies-in-sandbox",
    "Requests of the sandboxed frame carry cookies that are marked SameSite=None: other servers "
    "learn who the user is, in spite of the opaque origin.",
    "Leave allow-same-site-none-cookies out.",
    source="a token that only Chromium knows; by its name, not measured",
    bad=good_but(sandbox="allow-scripts allow-same-site-none-cookies"),
)
def _cookies_in_sandbox(subject: Surface) -> Iterator[str]:
    yield from _places(subject, "allow-same-site-none-cookies")


@RULES.add(
    Severity.WARNING,
    "popups",
    "The component may open new windows, and only Chromium's Connection-Allowlist limits where to: "
    "elsewhere data can leave in the address.",
    "Give it only data that it may disclose, or let the app open the link on a typed event.",
    source="HTML, sandboxed auxiliary navigation browsing context flag; measured",
    bad=good_but(sandbox="allow-scripts allow-popups"),
)
def _popups(subject: Surface) -> Iterator[str]:
    if any("allow-popups" in tokens for tokens in subject.sandboxes):
        yield "allow-popups"


@RULES.add(
    Severity.WARNING,
    "tab-less-confined",
    "The CSP's sandbox allows what the iframe's attribute does not: the component's address, "
    "opened in a tab of its own, is less confined than its frame.",
    "Send the same tokens in both.",
    source="HTML, sandboxing flags of a document are those of its frame and those of its CSP",
    bad=good_but(csp={"sandbox": "allow-scripts allow-modals"}),
    good=good_but(
        sandbox="allow-modals allow-scripts", csp={"sandbox": "allow-scripts allow-modals"}
    ),
)
def _tab_less_confined(subject: Surface) -> Iterator[str]:
    attribute, header = subject.sandboxes
    if subject.sandbox is not None:
        yield from sorted((header & _TOKENS) - attribute)


@RULES.add(
    Severity.WARNING,
    "unknown-sandbox-token",
    "No browser knows this token, so it is ignored: what its author wanted is not in force.",
    "Mend the spelling, or leave it out.",
    source="HTML, parse a sandboxing directive",
    bad=good_but(sandbox="allow-scripts allow_forms"),
    good=good_but(sandbox="Allow-Scripts allow-FORMS"),
)
def _unknown_sandbox_token(subject: Surface) -> Iterator[str]:
    for place, tokens in zip(("attribute", "CSP"), subject.sandboxes, strict=True):
        yield from (f"{token!r} in the {place}" for token in sorted(tokens - _TOKENS))


def _places(subject: Surface, token: str) -> Iterator[str]:
    for place, tokens in zip(("attribute", "CSP"), subject.sandboxes, strict=True):
        if token in tokens:
            yield f"{token} in the {place}"
