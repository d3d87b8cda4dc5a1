"""Inspection: a running app, looked at from outside by its URL; nothing of it has to be ours.

A check is a function that yields what is wrong. Those of ``CHECKS`` ask by HTTP, as a foreign
server or a script would; those of ``BROWSER_CHECKS`` open the app, and each of its frames'
documents, in a real browser. A check says what an attacker could do.

    for result in inspect("http://localhost:8501/", [engine]): ...
"""

from __future__ import annotations

import contextlib
import http.client
import re
import secrets
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

import msgspec

from ..csp import ascii_lower, is_loopback, parse_csp, path_of, split_tokens
from ..errors import UsageError
from ..surface import is_anywhere, same_site
from .attacks import Category, Verdict
from .engines import Engine, EngineError, Tab, Unmet, poll
from .raid import handshake
from .results import Result

SECONDS = 10.0  # for one answer
FRAMES_SECONDS = 5.0  # for a page to show its frames
MAX_FRAMES = 20  # that are looked at
MAX_BYTES = 2**20  # of an answer that are read
FOREIGN = "attacker.example"

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
_SOCKET = re.compile(r"wss?://[^\s\"'<>\\]+")


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


def _check(id: str, category: Category, goal: str, guard: str) -> Callable[[Look], Look]:
    def register(look: Look) -> Look:
        CHECKS.append((Check(id, category, goal, guard), look))
        return look

    return register


def _browser_check(
    id: str, category: Category, goal: str, guard: str
) -> Callable[[BrowserLook], BrowserLook]:
    def register(look: BrowserLook) -> BrowserLook:
        BROWSER_CHECKS.append((Check(id, category, goal, guard), look))
        return look

    return register


# the page -----------------------------------------------------------------------------------------


@_check(
    "page-scripts",
    "markup",
    "Run a script in the app's page by markup that got into it.",
    "script-src in the page's CSP, without 'unsafe-inline' and wildcards.",
)
def _page_scripts(subject: Subject) -> Iterator[str]:
    csp = subject.page.csp
    sources = csp.get("script-src", csp.get("default-src"))
    if sources is None:
        yield "the page's CSP limits no scripts"
        return
    lower = [ascii_lower(source) for source in sources]
    strict = any(source.startswith(("'nonce-", "'sha")) for source in lower)
    if "'unsafe-inline'" in lower and not strict:
        yield "script-src has 'unsafe-inline'"
    for source in lower:
        if is_anywhere(source) or source == "data:":
            yield f"script-src has {source}"


@_check(
    "page-frame-src",
    "network egress",
    "Carry data away by navigating a frame to another site.",
    "frame-src in the page's CSP names exact addresses of frame documents.",
)
def _page_frame_src(subject: Subject) -> Iterator[str]:
    csp = subject.page.csp
    sources = csp.get("frame-src", csp.get("child-src", csp.get("default-src")))
    if sources is None:
        yield "the page's CSP has no frame-src"
        return
    for source in sources:
        if source != "'none'" and ("*" in source or not path_of(source)):
            yield f"frame-src has {source}, which names no exact address"


@_check(
    "page-framed",
    "UI",
    "Show the app in a frame of another site, and let the user click on it unawares.",
    "frame-ancestors in the page's CSP, or X-Frame-Options.",
)
def _page_framed(subject: Subject) -> Iterator[str]:
    ancestors = subject.page.csp.get("frame-ancestors")
    if ancestors is None and not subject.page.header("x-frame-options"):
        yield "any site may frame the page"
    elif any(is_anywhere(source) for source in ancestors or ()):
        yield f"frame-ancestors is {' '.join(ancestors or ())}"


@_check(
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


@_check(
    "page-types",
    "markup",
    "Have a file taken for a script or a page that it is not.",
    "X-Content-Type-Options: nosniff.",
)
def _page_types(subject: Subject) -> Iterator[str]:
    if ascii_lower(subject.page.header("x-content-type-options")) != "nosniff":
        yield "the page's answer has no X-Content-Type-Options: nosniff"


@_check(
    "foreign-host",
    "server paths and sockets",
    "Be the app's own origin under a name that foreign DNS points at its server (DNS rebinding).",
    "The server answers its own Host names only.",
)
def _foreign_host(subject: Subject) -> Iterator[str]:
    answer = ask(subject.page.url, host=FOREIGN)
    if answer.status < 300:
        yield f"Host: {FOREIGN} was answered {answer.status}"


@_check(
    "foreign-origin",
    "server paths and sockets",
    "Speak on the app's WebSocket from a page of another site.",
    "The server refuses a WebSocket whose Origin is not the app's.",
)
def _foreign_origin(subject: Subject) -> Iterator[str]:
    found = _SOCKET.search(subject.page.body.decode("utf-8", "replace"))
    if not found:
        raise NotApplicable("The page's source names no WebSocket.")
    pairs = dict(line.split(": ", 1) for line in handshake().split("\n"))
    cookies = [
        value.partition(";")[0] for name, value in subject.page.headers if name == "set-cookie"
    ]
    headers = {**pairs, "Origin": f"https://{FOREIGN}", "Cookie": "; ".join(cookies)}
    url = "http" + found[0].removeprefix("ws")
    answer = ask(url, headers=headers)
    if answer.status == 101:
        yield f"a WebSocket with Origin: https://{FOREIGN} was opened"


@_check(
    "page-traversal",
    "server paths and sockets",
    "Read a file of the server by a path that leads out of what it serves.",
    "No request becomes a path on the disk.",
)
def _page_traversal(subject: Subject) -> Iterator[str]:
    yield from _traversals(subject.page.url)


# its frames ---------------------------------------------------------------------------------------


def _frames(subject: Subject) -> Sequence[str]:
    if not subject.frames:
        raise NotApplicable("The page names no frame in its CSP, and shows none.")
    return subject.frames


@_check(
    "frame-site",
    "DOM",
    "Share an origin, cookies or a process with the app.",
    "Components live on another registrable domain, or on another name of localhost.",
)
def _frame_site(subject: Subject) -> Iterator[str]:
    app = _origin(subject.page.url)
    for url in _frames(subject):
        if _is_same_site(app, _origin(url)):
            yield f"{url} is of the app's own site"


@_check(
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


@_check(
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


@_check(
    "frame-redirect",
    "navigation and windows",
    "Get past an exact frame-src by a redirect, after which browsers compare no path.",
    "No answer of the frames' origin is a redirect.",
)
def _frame_redirect(subject: Subject) -> Iterator[str]:
    for answer in _frame_answers(subject):
        if 300 <= answer.status < 400 or answer.header("location"):
            yield f"{answer.url} leads to {answer.header('location')}"


@_check(
    "frame-cookie",
    "storage and credentials",
    "Keep something by a cookie of the frames' origin, or set one that the app gets.",
    "No answer of the frames' origin sets a cookie.",
)
def _frame_cookie(subject: Subject) -> Iterator[str]:
    for answer in _frame_answers(subject):
        if cookie := answer.header("set-cookie"):
            yield f"{answer.url} sets the cookie {cookie.partition('=')[0]}"


@_check(
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


@_check(
    "frame-traversal",
    "server paths and sockets",
    "Read a file beside a component's frontend.",
    "No request becomes a path on the disk.",
)
def _frame_traversal(subject: Subject) -> Iterator[str]:
    for origin in dict.fromkeys(_origin(url) for url in _frames(subject)):
        yield from _traversals(origin)


# in a browser -------------------------------------------------------------------------------------


@_browser_check(
    "frame-sandbox",
    "DOM",
    "Reach the app's page, or navigate its tab, from a frame.",
    "A sandbox attribute on each iframe, with no token that gives this back.",
)
def _frame_sandbox(subject: Subject, tab: Tab) -> Iterator[str]:
    if not subject.sandboxes:
        raise NotApplicable("The page shows no frame.")
    app = _origin(subject.page.url)
    for url, sandbox in subject.sandboxes:
        if sandbox is None:
            yield f"the iframe {url} has no sandbox attribute"
            continue
        tokens = {ascii_lower(token) for token in split_tokens(sandbox)}
        own = not url.startswith("http") or _is_same_site(app, _origin(url))
        if own and {"allow-scripts", "allow-same-origin"} <= tokens:
            yield f"the iframe {url} has scripts and the app's own origin"
        for token in sorted(tokens):
            if token.startswith("allow-top-navigation"):
                yield f"the iframe {url} has {token}"


@_browser_check(
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


# how it is done -----------------------------------------------------------------------------------


def inspect(url: str, engines: Sequence[Engine] = ()) -> Iterator[Result]:
    """All checks, by HTTP once and in each browser.

    Raises:
        UsageError: Nothing is served there.
    """
    try:
        page = ask(url, headers={"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"})
    except OSError as error:
        raise UsageError(
            f"Expected an app at {url}, got: {error}",
            code="url",
            hint="Start it first, for example: component run app.py",
        ) from None
    if page.status != 200:
        raise UsageError(
            f"Expected a page at {url}, got the status {page.status}",
            code="url",
            hint="Give the address as the browser shows it.",
        )
    named = page.csp.get("frame-src", ())
    frames = [source for source in named if source.startswith("http") and path_of(source)]
    subject = Subject(page, tuple(frames[:MAX_FRAMES]))
    for engine in engines:
        start = time.monotonic()
        tab = engine.new_tab()
        try:
            seen = _with_iframes(subject, tab)
            subject = msgspec.structs.replace(subject, frames=seen.frames)
            for check, look in BROWSER_CHECKS:
                yield _told(check, engine.name, start, lambda: list(look(seen, tab)))  # noqa: B023
        finally:
            tab.close()
    for check, http_look in CHECKS:
        start = time.monotonic()
        yield _told(check, "server", start, lambda: list(http_look(subject)))  # noqa: B023


def _told(check: Check, engine: str, start: float, look: Callable[[], list[str]]) -> Result:
    verdict: Verdict
    try:
        wrong = look()
        verdict, evidence = ("escaped", "; ".join(wrong)) if wrong else ("guarded", check.guard)
    except NotApplicable as reason:
        verdict, evidence = "not-applicable", str(reason)
    except (OSError, EngineError) as error:
        verdict, evidence = "inconclusive", f"It could not be tried: {error}"
    return Result(
        attack=check.id,
        category=check.category,
        goal=check.goal,
        guard=check.guard,
        engine=engine,
        verdict=verdict,
        known_gap=False,
        evidence=evidence,
        seconds=round(time.monotonic() - start, 2),
    )


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


def _with_iframes(subject: Subject, tab: Tab) -> Subject:
    tab.goto(subject.page.url)
    with contextlib.suppress(Unmet):
        poll(lambda: tab.count("iframe"), FRAMES_SECONDS, what="a frame")
    told = tab.evaluate(_IFRAMES)[:MAX_FRAMES]
    sandboxes = tuple((str(url), sandbox) for url, sandbox in told)
    shown = [url.partition("#")[0] for url, _ in sandboxes if url.startswith("http")]
    frames = tuple(dict.fromkeys([*subject.frames, *shown]))
    return msgspec.structs.replace(subject, frames=frames, sandboxes=sandboxes)


def _frame_answers(subject: Subject) -> Iterator[Response]:
    """Of each frame document, as a frame gets it, and of a path of its origin that is not there."""
    for url in _frames(subject):
        yield ask(url, headers={"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate"})
        yield ask(_missing(url), headers={"Sec-Fetch-Dest": "iframe"})


def _missing(url: str) -> str:
    return f"{_origin(url)}/missing-{secrets.token_hex(4)}"


def _traversals(url: str) -> Iterator[str]:
    for path in _TRAVERSALS:
        if _LEAKED.search(ask(_origin(url) + path).body):
            yield f"{path} was answered with a file of the server"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_same_site(app: str, frame: str) -> bool:
    return app == frame or same_site(app, frame)


_IFRAMES = """() => [...document.querySelectorAll("iframe")].map(
  frame => [frame.src || "about:srcdoc", frame.getAttribute("sandbox")]
)"""
