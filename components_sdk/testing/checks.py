"""Checks: what can be asked of a running app from outside, and how an answer is got.

A check is a function that yields what is wrong. Those of ``CHECKS`` ask by HTTP, as a foreign
server or a script would; those of ``BROWSER_CHECKS`` open the app in a real browser. Each registers
itself where it is written: page_checks.py, frame_checks.py.
"""

from __future__ import annotations

import http.client
import re
import ssl
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import msgspec

from ..csp import parse_csp
from ..sites import is_loopback
from .attacks import Category
from .engines import Tab

SECONDS = 10.0  # for one answer
MAX_BYTES = 2**20  # of an answer that are read

_TRAVERSALS = (
    "/../../../../../../../../etc/passwd",
    "/..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd",
    "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/..%5c..%5c..%5c..%5c..%5c..%5cetc/passwd",
    "/%252e%252e/%252e%252e/%252e%252e/%252e%252e/%252e%252e/etc/passwd",
    "//etc/passwd",
    "/../component.toml",
    "/%2e%2e/component.toml",
)
_LEAKED = re.compile(rb"root:[^:]*:0:0:|^\[component\]", re.MULTILINE)


class Response(msgspec.Struct, frozen=True):
    """An answer; header names in lower case."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    @property
    def csp(self) -> dict[str, tuple[str, ...]]:
        return parse_csp(self.header("content-security-policy"))


class Subject(msgspec.Struct, frozen=True):
    """What was seen of an app before the checks begin.

    Attributes:
        frames: Addresses of frame documents, from the page's CSP and, with a browser, its iframes.
        sandboxes: The sandbox attribute of each iframe, None without one, by address.
    """

    page: Response
    frames: tuple[str, ...]
    sandboxes: tuple[tuple[str, str | None], ...] = ()


class NotApplicable(Exception):  # noqa: N818
    """There is nothing to look at."""


Look = Callable[[Subject], Iterator[str]]
BrowserLook = Callable[[Subject, Tab], Iterator[str]]


class Check(msgspec.Struct, frozen=True):
    """One thing that an attacker would try.

    Attributes:
        goal: What he would want.
        guard: What should stop him.
    """

    id: str
    category: Category
    goal: str
    guard: str


CHECKS: list[tuple[Check, Look]] = []
BROWSER_CHECKS: list[tuple[Check, BrowserLook]] = []


def check(id: str, category: Category, goal: str, guard: str) -> Callable[[Look], Look]:
    def register(look: Look) -> Look:
        CHECKS.append((Check(id, category, goal, guard), look))
        return look

    return register


def browser_check(
    id: str, category: Category, goal: str, guard: str
) -> Callable[[BrowserLook], BrowserLook]:
    def register(look: BrowserLook) -> BrowserLook:
        BROWSER_CHECKS.append((Check(id, category, goal, guard), look))
        return look

    return register


def ask(
    url: str, method: str = "GET", *, host: str = "", headers: dict[str, str] | None = None
) -> Response:
    """One request. The path goes out as it is written; names below ``localhost`` are loopback.

    Raises:
        OSError: No answer.
    """
    parts = urlsplit(url)
    name = parts.hostname or ""
    at = "127.0.0.1" if is_loopback(name) else name
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            at, parts.port, timeout=SECONDS, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(at, parts.port, timeout=SECONDS)
    path = url.partition("://")[2].partition("/")[2].partition("#")[0]
    try:
        connection.putrequest(method, f"/{path}", skip_host=True, skip_accept_encoding=True)
        for key, value in {"Host": host or parts.netloc, **(headers or {})}.items():
            connection.putheader(key, value)
        connection.endheaders()
        answer = connection.getresponse()
        body = b"" if answer.status == 101 else answer.read(MAX_BYTES)
        pairs = tuple((key.lower(), value) for key, value in answer.getheaders())
        return Response(url, answer.status, pairs, body)
    except http.client.HTTPException as error:
        raise OSError(f"no answer that is HTTP: {type(error).__name__}") from None
    finally:
        connection.close()


def traversals(url: str) -> Iterator[str]:
    for path in _TRAVERSALS:
        if _LEAKED.search(ask(origin_of(url) + path).body):
            yield f"{path} was answered with a file of the server"


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
