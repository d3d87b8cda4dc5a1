"""Attacks on HTTP by a client that is no browser: names, methods, framing, size and patience."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
import time
from collections.abc import Iterator

import pytest

from components_sdk import App, Page
from components_sdk.frontend import CONTENT_TYPES
from components_sdk.servers.bounds import Bounds
from components_sdk.testing.running import RunningApp

from .folders import card
from .wires import Answer, Wire
from .wires import Page as OpenedPage

BOUNDS = Bounds(header_seconds=0.6, body_seconds=0.6, connections=20)


class Target:
    """A running app with a component in a folder, and a page that notes when it is made."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        component = card(factory.mktemp("components"))
        self.app = App("Target")
        self.made: list[str] = []

        @self.app.page("/")
        def home(page: Page) -> None:
            page.add(component(), key="card")

        @self.app.page("/smuggled")
        def smuggled(page: Page) -> None:
            self.made.append("smuggled")

        self.running = RunningApp(self.app, bounds=BOUNDS)

    def start(self) -> None:
        self.host = self.running.origins.app_host
        csp = OpenedPage(self.running).answer.header("content-security-policy")
        found = re.search(r"frame-src http://(\S+?)(/\S+);", csp)
        assert found
        self.card_host, self.document = found[1], found[2]

    def ask(self, request: str, has_body: bool = True) -> Answer:
        with Wire(self.running.port) as wire:
            return wire.ask(request.encode("latin-1"), has_body)

    def get(self, path: str, host: str, method: str = "GET", **headers: str) -> Answer:
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        return self.ask(
            f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n", has_body=method != "HEAD"
        )

    def answers(self, data: bytes) -> list[int]:
        """Send everything on one connection; the status of each answer until the server closes."""
        with Wire(self.running.port) as wire:
            wire.send_until_closed(data)
            found = re.findall(rb"HTTP/1\.1 (\d+)", wire.rest())
        return [int(each) for each in found]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    target = Target(tmp_path_factory)
    with target.running:
        target.start()
        yield target


# names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "localhost", "127.0.0.1", "127.0.0.1:{port}", "[::1]:{port}", "0:{port}",
        "localhost.:{port}", "LOCALHOST:{port}", "Localhost:{port}", "localhost:0{port}",
        "localhost:{port}0", "localhost:", "localhost:80", "{port}", ":{port}", "x.localhost",
        "evil.example:{port}", "localhost:{port}.evil.example", "evil-localhost:{port}",
        "localhost%00:{port}", "localhost%2eevil:{port}", "local%68ost:{port}",
    ],
)  # fmt: skip
def test_a_name_that_is_not_ours_gets_nothing(target: Target, host: str) -> None:
    made = len(target.made)
    answer = target.get("/smuggled", host.replace("{port}", str(target.running.port)))

    assert answer.status == 421
    assert "sandbox" in answer.header("content-security-policy")
    assert "set-cookie" not in answer.headers
    assert len(target.made) == made


@pytest.mark.parametrize(
    "head",
    [
        "GET /smuggled HTTP/1.1\r\nHost: user@{host}\r\n\r\n",
        "GET /smuggled HTTP/1.1\r\nHost: {host}/\r\n\r\n",
        "GET /smuggled HTTP/1.1\r\nHost: {host}#\r\n\r\n",
        "GET /smuggled HTTP/1.1\r\nHost: {host}?\r\n\r\n",
        "GET /smuggled HTTP/1.1\r\nHost: {host} evil\r\n\r\n",
        "GET /smuggled HTTP/1.1\r\nHost: {host}\\evil\r\n\r\n",
        "GET /smuggled HTTP/1.1\r\nHost: {host}, evil.example\r\n\r\n",
        "GET /smuggled HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n\r\n",
        "GET /smuggled HTTP/1.1\r\nHost: evil.example\r\nHost: {host}\r\n\r\n",
        "GET /smuggled HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n\r\n",
        "GET /smuggled HTTP/1.1\r\nHost : {host}\r\n\r\n",
        "GET /smuggled HTTP/1.1\r\nX-Forwarded-Host: {host}\r\n\r\n",
        "GET /smuggled HTTP/1.1\r\n\r\n",
    ],
)
def test_a_host_header_that_is_none_or_two_is_refused(target: Target, head: str) -> None:
    made = len(target.made)

    assert target.answers(head.replace("{host}", target.host).encode()) == [400]
    assert len(target.made) == made


def test_an_empty_host_is_nobodys(target: Target) -> None:
    assert target.get("/smuggled", "").status == 421


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-URL"])
def test_no_other_header_names_the_host_or_the_path(target: Target, header: str) -> None:
    made = len(target.made)
    answer = target.ask(
        f"GET /smuggled HTTP/1.1\r\nHost: evil.example\r\n{header}: {target.host}\r\n\r\n"
    )
    other = target.ask(
        f"GET /nowhere HTTP/1.1\r\nHost: {target.host}\r\n{header}: /smuggled\r\n\r\n"
    )

    assert (answer.status, other.status) == (421, 404)
    assert len(target.made) == made


@pytest.mark.parametrize(
    "path",
    [
        "http://{host}/smuggled", "http://evil.example/smuggled", "HTTP://{host}/smuggled",
        "//{host}/smuggled", "/smuggled/", "/smuggled;x", "/smuggled%00", "/./smuggled",
        "/x/../smuggled", "//smuggled", "/%73muggled", "/SMUGGLED", "\\smuggled", "smuggled", "*",
        "/smuggled#x", "/smuggled%2f", "/smuggled.", "{host}",
    ],
)  # fmt: skip
def test_a_page_has_one_path_and_no_other_spelling(target: Target, path: str) -> None:
    made = len(target.made)
    answer = target.get(path.replace("{host}", target.host), target.host)

    assert answer.status == 404
    assert "location" not in answer.headers
    assert len(target.made) == made


def test_a_page_that_is_asked_for_plainly_is_made(target: Target) -> None:
    """The control of all that must not make it."""
    made = len(target.made)

    assert target.get("/smuggled?any=query", target.host).status == 200
    assert len(target.made) == made + 1


# what for --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec_Fetch_Dest": "document", "Sec_Fetch_Site": "none"}, 200),
        ({"Sec_Fetch_Dest": "document", "Sec_Fetch_Site": "cross-site"}, 200),
        ({"Sec_Fetch_Dest": "iframe", "Sec_Fetch_Site": "same-origin"}, 200),
        ({"Sec_Fetch_Dest": "iframe", "Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Dest": "iframe", "Sec_Fetch_Site": "same-site"}, 403),
        ({"Sec_Fetch_Dest": "empty", "Sec_Fetch_Site": "same-origin"}, 403),
        *(({"Sec_Fetch_Dest": each}, 403) for each in (
            "audio", "embed", "fencedframe", "font", "frame", "image", "manifest", "object",
            "report", "script", "serviceworker", "style", "track", "video", "worker", "xslt", "",
            "document, image", "Document",
        )),
        ({"Sec_Fetch_Dest": "document", "Sec_Purpose": "prefetch"}, 403),
        ({"Sec_Fetch_Dest": "document", "Sec_Purpose": "prefetch;prerender"}, 403),
        ({"Purpose": "prefetch"}, 403),
    ],
)  # fmt: skip
def test_a_page_is_made_for_a_tab_or_the_apps_own_frame_alone(
    target: Target, headers: dict[str, str], status: int
) -> None:
    made = len(target.made)
    answer = target.get("/smuggled", target.host, **headers)

    assert answer.status == status
    assert len(target.made) - made == (1 if status == 200 else 0)
    assert ("set-cookie" in answer.headers) == (status == 200)


METHODS = [
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "FOO",
    "get",
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("where", ["page", "static", "document", "asset", "nowhere"])
def test_only_get_is_answered(target: Target, method: str, where: str) -> None:
    static = re.search(r'src="(\S+?host\.js)"', target.get("/", target.host).body.decode())
    assert static
    host, path = {
        "page": (target.host, "/smuggled"),
        "static": (target.host, static[1]),
        "document": (target.card_host, target.document),
        "asset": (target.card_host, "/table.csv"),
        "nowhere": (target.card_host, "/nowhere"),
    }[where]
    made = len(target.made)
    answer = target.get(path, host, method, Origin="http://evil.example", Cookie="secret=1")

    assert answer.status == 405
    assert answer.header("allow") in ("GET", "GET, HEAD")
    assert "sandbox" in answer.header("content-security-policy")
    assert "secret" not in answer.body.decode()  # TRACE would give the cookie back
    # A component's assets may be read by its own opaque origin; nothing of the app's by anybody.
    shared = {name for name in answer.headers if name.startswith("access-control")}
    assert shared == (set() if host == target.host else {"access-control-allow-origin"})
    assert len(target.made) == made


def test_head_makes_no_page_and_has_an_assets_headers(target: Target) -> None:
    made = len(target.made)
    page = target.get("/smuggled", target.host, "HEAD")
    asset = target.get("/table.csv", target.card_host, "HEAD")
    got = target.get("/table.csv", target.card_host)

    assert (page.status, len(target.made)) == (405, made)
    assert asset.status == 200
    assert asset.headers.keys() == got.headers.keys()
    assert asset.header("content-length") == got.header("content-length") == "8"


# ranges, conditions, types ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    ["bytes=0-1", "bytes=-1", "bytes=1-", "bytes=0-0,1-1", "bytes=99999-", "items=0-1", "bytes=1-0",
     "bytes=" + ",".join(["0-"] * 1_000)],
)  # fmt: skip
def test_a_range_gets_the_whole(target: Target, value: str) -> None:
    for path, host in (("/table.csv", target.card_host), (target.document, target.card_host)):
        answer = target.get(path, host, Range=value, If_Range='"x"', Sec_Fetch_Dest="iframe")
        whole = target.get(path, host)

        assert (answer.status, answer.body) == (200, whole.body)
        assert "content-range" not in answer.headers
        assert "accept-ranges" not in answer.headers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("If_None_Match", "*"),
        ("If_None_Match", '"x"'),
        ("If_Modified_Since", "Fri, 01 Jan 2100 00:00:00 GMT"),
        ("If_Unmodified_Since", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("If_Match", '"x"'),
    ],
)
def test_a_condition_gets_the_whole(target: Target, name: str, value: str) -> None:
    """There are no validators: what may be kept is immutable, and the rest is asked for anew."""
    for path, host in (
        ("/table.csv", target.card_host), (target.document, target.card_host), ("/", target.host),
    ):  # fmt: skip
        answer = target.get(path, host, **{name: value})

        assert answer.status == 200
        assert len(answer.body) > 0
        assert "etag" not in answer.headers
        assert "last-modified" not in answer.headers


def test_what_may_be_kept_is_never_somebodys_and_never_an_error(target: Target) -> None:
    page = target.get("/", target.host)
    document = target.get(target.document, target.card_host, Sec_Fetch_Dest="iframe")
    visited = target.get(target.document, target.card_host, Sec_Fetch_Dest="document")

    assert page.header("cache-control") == "no-store"
    assert "immutable" in document.header("cache-control")
    assert "set-cookie" not in document.headers
    assert (visited.status, visited.header("cache-control")) == (403, "no-store")
    for path, host in (("/nowhere", target.card_host), ("/nowhere", target.host)):
        assert target.get(path, host).header("cache-control") == "no-store"


def test_every_type_is_of_the_table_and_no_browser_guesses(target: Target) -> None:
    kinds = {*CONTENT_TYPES.values(), "text/html; charset=utf-8"}
    asked = [
        ("/", target.host), ("/nowhere", target.host), ("/", "evil.example"),
        (target.document, target.card_host), ("/table.csv", target.card_host),
        ("/icons/star.svg", target.card_host), ("/nowhere", target.card_host),
    ]  # fmt: skip
    for path, host in asked:
        answer = target.get(path, host, Accept="text/html", Sec_Fetch_Dest="iframe")
        assert answer.header("content-type") in kinds
        assert answer.header("x-content-type-options") == "nosniff"
        assert "server" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/icons", "/icons/", "/.", "/..", "/icons/..", "/icons//"])
def test_no_folder_is_listed(target: Target, path: str) -> None:
    answer = target.get(path, target.card_host)

    assert answer.status == 404
    assert answer.body == b"There is no such file.\n"
    assert "location" not in answer.headers


# framing: one request must never become two ----------------------------------------------------


SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: {host}\r\n\r\n"


def test_two_requests_on_one_connection_are_two(target: Target) -> None:
    """The control: the harness sees a second request that is there."""
    made = len(target.made)
    one = f"GET /nowhere HTTP/1.1\r\nHost: {target.host}\r\n\r\n"
    two = SMUGGLED.replace("{host}", target.host)

    assert target.answers((one + two).encode()) == [404, 200]
    assert len(target.made) == made + 1


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
        "Content-Length: 0\r\nContent-Length: 5\r\n",
        "Content-Length: 0, 5\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: +0\r\n",
        "Content-Length: 0x0\r\n",
        "Content-Length: 0 0\r\n",
        "Content-Length: 1e1\r\n",
        "Content-Length: \u00b2\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Content-Length: 65537\r\n",
        "Content-Length:\r\n",
        "Content-Length : 0\r\n",
        "Content Length: 0\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: ,chunked\r\n",
        "Transfer-Encoding: \x0bchunked\r\n",
        "Transfer-Encoding: chunked\x00\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
        "X: y\r\n Transfer-Encoding: chunked\r\n",
        "X: y\rTransfer-Encoding: chunked\r\n",
        "X: y\x00\r\n",
        " X: y\r\n",
        "X\r\n",
        ": y\r\n",
        "X(): y\r\n",
    ],
)
def test_a_body_of_doubtful_length_is_refused_and_the_connection_closed(
    target: Target, headers: str
) -> None:
    made = len(target.made)
    request = f"POST /nowhere HTTP/1.1\r\nHost: {target.host}\r\n{headers}\r\n0\r\n\r\n"
    smuggled = SMUGGLED.replace("{host}", target.host)

    assert target.answers((request + smuggled).encode("latin-1")) == [400]
    assert len(target.made) == made


@pytest.mark.parametrize(
    "chunks",
    [
        "-1\r\nx\r\n0\r\n\r\n",
        "0x1\r\nx\r\n0\r\n\r\n",
        "+1\r\nx\r\n0\r\n\r\n",
        "1 \r\nx\r\n0\r\n\r\n",
        " 1\r\nx\r\n0\r\n\r\n",
        "1_0\r\nx\r\n0\r\n\r\n",
        "\r\nx\r\n0\r\n\r\n",
        "g\r\nx\r\n0\r\n\r\n",
        "1;a=b\r\nx\r\n0\r\n\r\n",
        "1\nx\r\n0\r\n\r\n",
        "1\r\nxy\r\n0\r\n\r\n",
        "1\r\nx\n0\r\n\r\n",
        "0\r\nX: y\r\n\r\n",
        "0\r\n\n",
        "ffffffffffffffffffff\r\nx",
        "10001\r\n",
        "0" * 70 + "\r\n\r\n",
        "\u00b2\r\nxx\r\n0\r\n\r\n",
    ],
)  # fmt: skip
def test_a_chunk_of_doubtful_length_is_refused_and_the_connection_closed(
    target: Target, chunks: str
) -> None:
    made = len(target.made)
    request = f"POST /nowhere HTTP/1.1\r\nHost: {target.host}\r\nTransfer-Encoding: chunked\r\n\r\n"
    smuggled = SMUGGLED.replace("{host}", target.host)

    assert target.answers((request + chunks + smuggled).encode("latin-1")) in ([400], [])
    assert len(target.made) == made


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_request_in_the_body_of_another_stays_a_body(target: Target, framing: str) -> None:
    made = len(target.made)
    body = SMUGGLED.replace("{host}", target.host)
    if framing == "length":
        sent = f"Content-Length: {len(body)}\r\n\r\n{body}"
    else:
        sent = f"Transfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n{body}\r\n0\r\n\r\n"
    request = f"GET /nowhere HTTP/1.1\r\nHost: {target.host}\r\n{sent}"
    after = f"GET /elsewhere HTTP/1.1\r\nHost: {target.host}\r\n\r\n"

    assert target.answers((request + after).encode()) == [404, 404]
    assert len(target.made) == made


@pytest.mark.parametrize(
    "line",
    [
        "GET /smuggled", "GET  /smuggled HTTP/1.1", "GET /smuggled HTTP/1.1 ", " GET / HTTP/1.1",
        "GET\t/smuggled\tHTTP/1.1", "GET /smuggled HTTP/2.0", "GET /smuggled HTTP/0.9",
        "GET /smuggled http/1.1", "GET /smuggled HTTP/1.10", "GET /smuggled HTTP/11",
        "GET /smug gled HTTP/1.1", "GET /smuggled\x00 HTTP/1.1", "GET /smuggled\x01 HTTP/1.1",
        "G@T /smuggled HTTP/1.1", "PRI * HTTP/2.0", "", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
    ],
)  # fmt: skip
def test_a_first_line_that_is_none_is_refused(target: Target, line: str) -> None:
    made = len(target.made)

    answers = target.answers(f"{line}\r\nHost: {target.host}\r\n\r\n".encode("latin-1"))

    assert answers in ([400], [])
    assert len(target.made) == made


def test_http_1_0_gets_one_answer_and_the_end(target: Target) -> None:
    one = f"GET /nowhere HTTP/1.0\r\nHost: {target.host}\r\n\r\n"

    assert target.answers((one + one).encode()) == [404]
    assert target.answers(b"GET /smuggled HTTP/1.0\r\n\r\n") == [421]


# size and patience -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        "X: " + "y" * 20_000 + "\r\n",
        "".join(f"X-{n}: y\r\n" for n in range(3_000)),
        "X" * 20_000 + ": y\r\n",
        "Cookie: " + "; ".join(f"c{n}=1" for n in range(4_000)) + "\r\n",
    ],
    ids=["long", "many", "name", "cookies"],
)
def test_headers_over_the_limit_are_not_even_read(target: Target, headers: str) -> None:
    request = f"GET /smuggled HTTP/1.1\r\nHost: {target.host}\r\n{headers}\r\n"
    made = len(target.made)

    assert target.answers(request.encode()) == []
    assert target.answers(f"GET /{'x' * 20_000} HTTP/1.1\r\n\r\n".encode()) == []
    assert len(target.made) == made


def dribble(wire: Wire, pieces: list[bytes]) -> float:
    """Send a piece every 0.1 s until the server closes; answers after how many seconds it did."""
    began = time.monotonic()
    for piece in pieces:
        if wire.is_closed(0.1):
            return time.monotonic() - began
        wire.send_until_closed(piece)
    raise AssertionError("never closed")


def test_headers_that_dribble_are_not_waited_for(target: Target) -> None:
    with Wire(target.running.port) as wire:
        wire.send(f"GET /smuggled HTTP/1.1\r\nHost: {target.host}\r\n".encode())
        waited = dribble(wire, [b"X: y\r\n"] * 100)

    assert BOUNDS.header_seconds * 0.8 < waited < 5


def test_a_body_that_dribbles_is_not_waited_for(target: Target) -> None:
    for framing, piece in (
        ("Content-Length: 1000", b"x"),
        ("Transfer-Encoding: chunked", b"1\r\nx\r\n"),
    ):
        with Wire(target.running.port) as wire:
            wire.send(
                f"GET /smuggled HTTP/1.1\r\nHost: {target.host}\r\n{framing}\r\n\r\n".encode()
            )
            waited = dribble(wire, [piece] * 100)

        assert BOUNDS.body_seconds * 0.8 < waited < 5


def test_a_connection_that_says_nothing_is_closed(target: Target) -> None:
    with Wire(target.running.port) as wire:
        assert dribble(wire, [b""] * 100) < 5
    with Wire(target.running.port) as wire:  # and one that had its answer
        assert wire.ask(f"GET /x HTTP/1.1\r\nHost: {target.host}\r\n\r\n".encode()).status == 404
        assert dribble(wire, [b""] * 100) < 5


def test_many_silent_connections_keep_nobody_out() -> None:
    app = App("Busy")
    app.page("/")(lambda page: None)
    with RunningApp(app, bounds=Bounds(connections=20)) as running:
        silent = [Wire(running.port) for _ in range(60)]
        page = OpenedPage(running)
        closed = sum(wire.is_closed(0.1) for wire in silent[:40])
        alive = not silent[-1].is_closed(0.1)
        for wire in silent:
            wire.close()

    assert page.answer.status == 200
    assert closed == 40
    assert alive


def test_a_request_that_is_being_answered_is_never_closed_to_make_room() -> None:
    app = App("Busy")
    begun, release = threading.Event(), threading.Event()

    @app.page("/slow")
    async def slow(page: Page) -> None:
        begun.set()
        await asyncio.to_thread(release.wait, 10)

    with RunningApp(app, bounds=Bounds(connections=20)) as running, Wire(running.port) as wire:
        ask = f"GET /slow HTTP/1.1\r\nHost: {running.origins.app_host}\r\n\r\n".encode()
        wire.send(ask)
        assert begun.wait(10)
        silent = [Wire(running.port) for _ in range(60)]
        closed = sum(each.is_closed(1) for each in silent[:40])  # so the others were let in
        release.set()
        status = wire.answer().status
        later = [Wire(running.port) for _ in range(20)]  # answered: it waits like everybody
        given_up = wire.is_closed(5)
        for each in (*silent, *later):
            each.close()

    assert (closed, status, given_up) == (40, 200, True)


def test_a_websocket_is_no_http_connection_any_more() -> None:
    """It is bounded by its visitor's pages, and never closed to make room for a request."""
    app = App("Busy")
    app.page("/")(lambda page: page.text("hello"))
    with RunningApp(app, bounds=Bounds(connections=3)) as running:
        page = OpenedPage(running)
        with page.connect() as wire:
            wire.next_frame()
            for _ in range(10):
                assert OpenedPage(running).answer.status == 200
            assert not wire.is_closed(0.1)


# the log ---------------------------------------------------------------------------------------


def test_what_could_not_be_read_is_not_quoted_in_the_log(
    target: Target, caplog: pytest.LogCaptureFixture
) -> None:
    cookie = OpenedPage(target.running).cookie
    with caplog.at_level(logging.DEBUG):
        target.answers(
            f"GET / HTTP/1.1\r\nHost: {target.host}\r\nCookie: {cookie}\x01\r\n\r\n".encode()
        )

    assert "Malformed HTTP message" in caplog.text  # the control: there is an entry
    assert cookie.partition("=")[2] not in caplog.text
