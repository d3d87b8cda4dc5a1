"""Checks of the frames in an app's page: by HTTP, and in a real browser."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Sequence

from ..csp import ascii_lower, split_tokens
from ..sites import same_site
from ..surface import is_anywhere
from .checks import (
    NotApplicable,
    Response,
    Subject,
    ask,
    browser_check,
    check,
    origin_of,
    traversals,
)
from .engines import EngineError, Tab


def _frames(subject: Subject) -> Sequence[str]:
    if not subject.frames:
        raise NotApplicable("The page names no frame in its CSP, and shows none.")
    return subject.frames


def _frame_answers(subject: Subject) -> Iterator[Response]:
    """Of each frame document, as a frame gets it, and of a path of its origin that is not there."""
    for url in _frames(subject):
        yield ask(url, headers={"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate"})
        yield ask(_missing(url), headers={"Sec-Fetch-Dest": "iframe"})


def _missing(url: str) -> str:
    return f"{origin_of(url)}/missing-{secrets.token_hex(4)}"


def _is_same_site(app: str, frame: str) -> bool:
    return app == frame or same_site(app, frame)


@check(
    "frame-site",
    "DOM",
    "Share an origin, cookies or a process with the app.",
    "Components live on another registrable domain, or on another name of localhost.",
)
def _frame_site(subject: Subject) -> Iterator[str]:
    app = origin_of(subject.page.url)
    for url in _frames(subject):
        if _is_same_site(app, origin_of(url)):
            yield f"{url} is of the app's own site"


@check(
    "frame-sandbox-header",
    "storage and credentials",
    "Have an origin with cookies and storage, by being opened in a tab or by an error page.",
    "sandbox, without allow-same-origin, in the CSP of every answer of the frames' origin.",
)
def _frame_sandbox_header(subject: Subject) -> Iterator[str]:
    for answer in _frame_answers(subject):
        tokens = answer.csp.get("sandbox")
        if tokens is None:
            yield f"{answer.status} of {answer.url} has no sandbox in its CSP"
        elif "allow-same-origin" in map(ascii_lower, tokens):
            yield f"{answer.status} of {answer.url} has allow-same-origin in its CSP"


@check(
    "frame-network",
    "network egress",
    "Send data from a frame to any server.",
    "A CSP on every answer of the frames' origin, whose fetch directives name servers.",
)
def _frame_network(subject: Subject) -> Iterator[str]:
    for answer in _frame_answers(subject):
        if "default-src" not in answer.csp:
            yield f"{answer.status} of {answer.url} has no default-src in its CSP"
        for name, sources in answer.csp.items():
            if name.endswith("-src") and any(is_anywhere(source) for source in sources):
                yield f"{answer.status} of {answer.url} has {name} {' '.join(sources)}"


@check(
    "frame-redirect",
    "navigation and windows",
    "Get past an exact frame-src by a redirect, after which browsers compare no path.",
    "No answer of the frames' origin is a redirect.",
)
def _frame_redirect(subject: Subject) -> Iterator[str]:
    for answer in _frame_answers(subject):
        if 300 <= answer.status < 400 or answer.header("location"):
            yield f"{answer.url} leads to {answer.header('location')}"


@check(
    "frame-cookie",
    "storage and credentials",
    "Keep something by a cookie of the frames' origin, or set one that the app gets.",
    "No answer of the frames' origin sets a cookie.",
)
def _frame_cookie(subject: Subject) -> Iterator[str]:
    for answer in _frame_answers(subject):
        if cookie := answer.header("set-cookie"):
            yield f"{answer.url} sets the cookie {cookie.partition('=')[0]}"


@check(
    "frame-methods",
    "server paths and sockets",
    "Change something on the server that serves the frames, or have a request echoed.",
    "The frames' origin answers GET and HEAD only.",
)
def _frame_methods(subject: Subject) -> Iterator[str]:
    for url in _frames(subject):
        for method in ("POST", "PUT", "DELETE", "TRACE"):
            answer = ask(url, method)
            if answer.status < 300:
                yield f"{method} {url} was answered {answer.status}"


@check(
    "frame-traversal",
    "server paths and sockets",
    "Read a file beside a component's frontend.",
    "No request becomes a path on the disk.",
)
def _frame_traversal(subject: Subject) -> Iterator[str]:
    for origin in dict.fromkeys(origin_of(url) for url in _frames(subject)):
        yield from traversals(origin)


# in a browser ----------------------------------------------------------------------------------


@browser_check(
    "frame-sandbox",
    "DOM",
    "Reach the app's page, or navigate its tab, from a frame.",
    "A sandbox attribute on each iframe, with no token that gives this back.",
)
def _frame_sandbox(subject: Subject, tab: Tab) -> Iterator[str]:
    if not subject.sandboxes:
        raise NotApplicable("The page shows no frame.")
    app = origin_of(subject.page.url)
    for url, sandbox in subject.sandboxes:
        if sandbox is None:
            yield f"the iframe {url} has no sandbox attribute"
            continue
        tokens = {ascii_lower(token) for token in split_tokens(sandbox)}
        own = not url.startswith("http") or _is_same_site(app, origin_of(url))
        if own and {"allow-scripts", "allow-same-origin"} <= tokens:
            yield f"the iframe {url} has scripts and the app's own origin"
        for token in sorted(tokens):
            if token.startswith("allow-top-navigation"):
                yield f"the iframe {url} has {token}"


@browser_check(
    "frame-visit",
    "storage and credentials",
    "Have an origin by an address of the frames' origin that is opened in a tab.",
    "sandbox in the CSP of every answer, errors too.",
)
def _frame_visit(subject: Subject, tab: Tab) -> Iterator[str]:
    for url in _frames(subject):
        for target in (url, _missing(url)):
            with contextlib.suppress(EngineError):  # a tab that shows an error page has no origin
                tab.goto(target)
                origin = tab.evaluate("() => self.origin")
                if origin != "null" and str(origin).startswith("http"):
                    yield f"{target}, opened in a tab, has the origin {origin}"
