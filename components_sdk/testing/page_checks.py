"""Checks of the app's page and its server, by HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..csp import ascii_lower
from .checks import NotApplicable, Subject, ask, check, traversals
from .rawsocket import upgrade

FOREIGN = "attacker.example"
_SOCKET = re.compile(r"wss?://[^\s\"'<>\\]+")


@check(
    "page-cookies",
    "storage and credentials",
    "Read the visitor's cookie by script, or have it sent with another site's requests.",
    "HttpOnly and SameSite on every cookie, and Secure over https.",
)
def _page_cookies(subject: Subject) -> Iterator[str]:
    wanted = ["httponly", "samesite"] + ["secure"] * subject.page.url.startswith("https:")
    for name, value in subject.page.headers:
        if name != "set-cookie":
            continue
        attributes = [ascii_lower(part.strip().partition("=")[0]) for part in value.split(";")[1:]]
        for attribute in wanted:
            if attribute not in attributes:
                yield f"the cookie {value.partition('=')[0]} lacks {attribute}"


@check(
    "page-types",
    "markup",
    "Have a file taken for a script or a page that it is not.",
    "X-Content-Type-Options: nosniff.",
)
def _page_types(subject: Subject) -> Iterator[str]:
    if ascii_lower(subject.page.header("x-content-type-options")) != "nosniff":
        yield "the page's answer has no X-Content-Type-Options: nosniff"


@check(
    "foreign-host",
    "server paths and sockets",
    "Be the app's own origin under a name that foreign DNS points at its server (DNS rebinding).",
    "The server answers its own Host names only.",
)
def _foreign_host(subject: Subject) -> Iterator[str]:
    answer = ask(subject.page.url, host=FOREIGN)
    if answer.status < 300:
        yield f"Host: {FOREIGN} was answered {answer.status}"


@check(
    "foreign-origin",
    "server paths and sockets",
    "Speak on the app's WebSocket from a page of another site.",
    "The server refuses a WebSocket whose Origin is not the app's.",
)
def _foreign_origin(subject: Subject) -> Iterator[str]:
    found = _SOCKET.search(subject.page.body.decode("utf-8", "replace"))
    if not found:
        raise NotApplicable("The page's source names no WebSocket.")
    cookies = [
        value.partition(";")[0] for name, value in subject.page.headers if name == "set-cookie"
    ]
    headers = {**upgrade(), "Origin": f"https://{FOREIGN}", "Cookie": "; ".join(cookies)}
    url = "http" + found[0].removeprefix("ws")
    answer = ask(url, headers=headers)
    if answer.status == 101:
        yield f"a WebSocket with Origin: https://{FOREIGN} was opened"


@check(
    "page-traversal",
    "server paths and sockets",
    "Read a file of the server by a path that leads out of what it serves.",
    "No request becomes a path on the disk.",
)
def _page_traversal(subject: Subject) -> Iterator[str]:
    yield from traversals(subject.page.url)
