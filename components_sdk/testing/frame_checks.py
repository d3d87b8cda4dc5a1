"""Checks of the server that serves an app's frames: by HTTP, and in a real browser."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from .checks import (
    NO_FRAME,
    NotApplicable,
    Subject,
    ask,
    browser_check,
    check,
    missing,
    origin_of,
    traversals,
)
from .engines import EngineError, Tab


def _frames(subject: Subject) -> Sequence[str]:
    if not subject.frames:
        raise NotApplicable(NO_FRAME)
    return subject.frames


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
    "frame-visit",
    "storage and credentials",
    "Have an origin by an address of the frames' origin that is opened in a tab.",
    "sandbox in the CSP of every answer, errors too.",
)
def _frame_visit(subject: Subject, tab: Tab) -> Iterator[str]:
    for url in _frames(subject):
        for target in (url, missing(url)):
            with contextlib.suppress(EngineError):  # a tab that shows an error page has no origin
                tab.goto(target)
                origin = tab.evaluate("() => self.origin")
                if origin != "null" and str(origin).startswith("http"):
                    yield f"{target}, opened in a tab, has the origin {origin}"
