"""Checks: what can be asked of a running app from outside (fetching.py gets the answers).

A check is a function that yields what is wrong. Those of ``CHECKS`` ask by HTTP, as a foreign
server or a script would; those of ``BROWSER_CHECKS`` open the app in a real browser. Each registers
itself where it is written: page_checks.py and frame_checks.py ask the server, rule_checks.py reads
what it said by the rules of pitfalls.
"""

from __future__ import annotations

import functools
import re
import secrets
from collections.abc import Callable, Iterator

import msgspec

from ..resources import catalogue
from .attacks import Category
from .engines import Tab
from .fetching import NotApplicable, Response, ask, origin_of

__all__ = [
    "BROWSER_CHECKS",
    "CHECKS",
    "NO_FRAME",
    "Check",
    "Iframe",
    "NotApplicable",
    "Response",
    "Subject",
    "ask",
    "browser_check",
    "check",
    "frames_of",
    "missing",
    "origin_of",
    "spellings",
    "traversals",
]

# What leads out of a folder, and the file that it leads to: requests of the catalogue.
_LEADS_OUT = re.compile(r"GET (/(\S*?))(component\.toml|secret\.txt|\{outside\})(\S*) ")
_DEEP = 8  # times as far out, to get to the root of the server's disk
_LEAKED = re.compile(rb"root:[^:]*:0:0:|^\[component\]", re.MULTILINE)


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
