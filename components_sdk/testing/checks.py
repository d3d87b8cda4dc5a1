"""Checks: what can be asked of a running app from outside, and how an answer is got.

A check is a function that yields what is wrong. Those of ``CHECKS`` ask by HTTP, as a foreign
server or a script would; those of ``BROWSER_CHECKS`` open the app in a real browser. Each registers
itself where it is written: page_checks.py and frame_checks.py ask the server, rule_checks.py reads
what it said by the rules of pitfalls.
"""

from __future__ import annotations

import functools
import http.client
import re
import secrets
import ssl
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import msgspec

from ..csp import parse_csp
from ..resources import catalogue
from ..sites import is_loopback
from .attacks import Category
from .engines import Tab

SECONDS = 10.0  # for one answer
MAX_BYTES = 2**20  # of an answer that are read

# What leads out of a folder, and the file that it leads to: requests of the catalogue.
_LEADS_OUT = re.compile(r"GET (/(\S*?))(component\.toml|secret\.txt|\{outside\})(\S*) ")
_DEEP = 8  # times as far out, to get to the root of the server's disk
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


class Iframe(msgspec.Struct, frozen=True):
    """One iframe as a browser shows it; ``sandbox`` is None without the attribute."""

    url: str
    sandbox: str | None
    allow: str


class Subject(msgspec.Struct, frozen=True):
    """What was seen of an app before the checks begin.

    Attributes:
        frames: Addresses of frame documents, from the page's CSP and, with a browser, its iframes.
        iframes: Those that a browser has shown.
    """

    page: Response
    frames: tuple[str, ...]
    iframes: tuple[Iframe, ...] = ()


NO_FRAME = "The page names no frame in its CSP, and shows none."


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


@functools.cache
def spellings() -> tuple[str, ...]:
    """Paths that lead out of a folder, in all the spellings that the catalogue tries."""
    paths = []
    for file in sorted((catalogue() / "attacks").glob("traversal-*.toml")):
        if found := _LEADS_OUT.search(file.read_text("utf-8")):
            start, out, target, end = found.groups()
            if target != "{outside}":
                paths.append(f"{start}component.toml{end}")
            paths.append(f"/{out * _DEEP or '/'}etc/passwd{end}")
    return tuple(paths)


def traversals(url: str) -> Iterator[str]:
    for path in spellings():
        if _LEAKED.search(ask(origin_of(url) + path).body):
            yield f"{path} was answered with a file of the server"


Answers = tuple[tuple[str, tuple[Response, ...]], ...]


def frames_of(subject: Subject) -> Answers:
    """By each frame's address: its document as a frame gets it, and what is not there.

    Raises:
        OSError: No answer.
    """
    answers = _frames_of(subject)
    if isinstance(answers, str):
        raise OSError(answers)
    return answers


@functools.lru_cache(maxsize=1)  # of the app that is looked at now
def _frames_of(subject: Subject) -> Answers | str:
    as_frame = {"Sec-Fetch-Dest": "iframe"}
    try:
        return tuple(
            (
                url,
                (
                    ask(url, headers={**as_frame, "Sec-Fetch-Mode": "navigate"}),
                    ask(missing(url), headers=as_frame),
                ),
            )
            for url in subject.frames
        )
    except OSError as error:
        return str(error)


def missing(url: str) -> str:
    """A path of its origin that is not there."""
    return f"{origin_of(url)}/missing-{secrets.token_hex(4)}"


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
