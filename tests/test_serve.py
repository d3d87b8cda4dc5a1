"""The server over real sockets: hosts, headers, methods, cookies and the WebSocket's door."""

from __future__ import annotations

import asyncio
import http.client
import json
import queue
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketClientConnection, websocket_connect

from components_sdk import App, Limits, Origins, Page, rules
from components_sdk.errors import AppError, ServeError
from components_sdk.servers.serve import bind
from components_sdk.testing.running import RunningApp
from components_sdk.wire import Mount, Refusal, SetValue

from .kinds import Dial, received, sent


class Served:
    """A running app with one dial, and what its page function saw."""

    def __init__(self) -> None:
        self.app = App("Test <app>", limits=Limits(message_bytes=200_000))
        self.values: queue.Queue[int] = queue.Queue()
        self.app.page("/")(self.home)
        self.app.page("/broken")(self.broken)
        self.running = RunningApp(self.app)

    def home(self, page: Page) -> None:
        dial = page.add(Dial(label="Volume", marks=[]), key="volume")
        dial.on_value(self.values.put)

    def broken(self, page: Page) -> None:
        raise RuntimeError("the password is hunter2")

    def get(
        self, path: str = "/", *, method: str = "GET", host: str = "", **headers: str
    ) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=10)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers={"Host": host or self.host, **named})
        response = connection.getresponse()
        answer = response.status, dict(response.getheaders()), response.read().decode()
        connection.close()
        return answer

    @property
    def host(self) -> str:
        return self.running.origins.app_host

    def open(self) -> tuple[str, str]:
        """Open the page; answers the visitor's cookie and the socket's URL."""
        _, headers, body = self.get()
        found = re.search(r'id="components-config">(.*?)</script>', body)
        assert found
        return headers["Set-Cookie"].partition(";")[0], json.loads(found[1])["socket"] + "&seen="

    def frame(self) -> tuple[str, str]:
        """Host and path of the dial's frame document."""
        _, headers, _ = self.get()
        found = re.search(r"frame-src http://(\S+?)(/\S+);", headers["Content-Security-Policy"])
        assert found
        return found[1], found[2]

    async def connect(self, url: str, **headers: str) -> WebSocketClientConnection:
        url += headers.pop("seen", "0")
        request = HTTPRequest(url, headers={"Origin": self.running.origins.app, **headers})
        return await websocket_connect(request, subprotocols=["components.1"])


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    served = Served()
    with served.running:
        yield served


def test_a_page_comes_with_a_strict_policy_of_its_own(served: Served) -> None:
    status, headers, body = served.get()
    csp = headers["Content-Security-Policy"]

    assert status == 200
    assert "default-src 'none'" in csp
    assert "unsafe" not in csp
    assert "require-trusted-types-for 'script'" in csp
    assert "frame-ancestors 'self'" in csp
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "Test &lt;app&gt;" in body


def test_the_visitors_cookie_is_for_nobody_else(served: Served) -> None:
    _, headers, _ = served.get()

    assert "HttpOnly" in headers["Set-Cookie"]
    assert "SameSite=Lax" in headers["Set-Cookie"]


def test_the_frame_document_is_served_to_frames_with_every_header(served: Served) -> None:
    host, path = served.frame()

    status, headers, body = served.get(path, host=host, Sec_Fetch_Dest="iframe")

    assert status == 200
    assert headers["Content-Security-Policy"].startswith(
        "sandbox allow-scripts; default-src 'none'"
    )
    assert f"frame-ancestors {served.running.origins.app}" in headers["Content-Security-Policy"]
    assert headers["Connection-Allowlist"] == "(response-origin)"
    assert "immutable" in headers["Cache-Control"]
    assert "Dial" in body


@pytest.mark.parametrize(
    ("path", "method", "headers", "status"),
    [
        (None, "GET", {"Sec_Fetch_Dest": "document"}, 403),
        (None, "GET", {"Sec_Fetch_Dest": "script"}, 403),
        (None, "GET", {"Service_Worker": "script"}, 403),
        (None, "POST", {}, 405),
        (None, "OPTIONS", {}, 405),
        (None, "PROPFIND", {}, 405),
        ("/", "GET", {}, 404),
        ("/main.js", "GET", {}, 404),
        ("/../../etc/passwd", "GET", {}, 404),
        ("/%2e%2e/%2e%2e/etc/passwd", "GET", {}, 404),
        ("/component.toml", "GET", {}, 404),
        ("/_components/socket", "GET", {}, 404),
        ("/_components/static/x/host.js", "GET", {}, 404),
    ],
)  # fmt: skip
def test_every_error_of_a_components_origin_is_as_confined_as_the_component(
    served: Served, path: str | None, method: str, headers: dict[str, str], status: int
) -> None:
    host, frame = served.frame()

    got, answer, body = served.get(path or frame, method=method, host=host, **headers)

    assert got == status
    assert answer["Content-Security-Policy"].startswith("sandbox allow-scripts; default-src 'none'")
    assert answer["Connection-Allowlist"] == "(response-origin)"
    assert "Set-Cookie" not in answer
    assert "Location" not in answer
    assert answer["Cache-Control"] == "no-store"
    assert "Traceback" not in body


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost", "127.0.0.1", "x.localhost:{port}", "LOCALHOST:{port}"]
)
def test_a_host_that_is_not_ours_is_refused(served: Served, host: str) -> None:
    status, headers, _ = served.get(host=host.format(port=served.running.port))

    assert status == 421
    assert "sandbox" in headers["Content-Security-Policy"]
    assert "Set-Cookie" not in headers


def test_an_unknown_page_is_a_plain_404(served: Served) -> None:
    status, _, body = served.get("/nowhere")

    assert (status, body) == (404, "There is no such page.\n")


def test_a_page_function_that_raises_tells_nothing_of_the_inside(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    status, headers, body = served.get("/broken")

    assert status == 500
    assert "hunter2" not in body
    assert "hunter2" in caplog.text
    assert "sandbox" in headers["Content-Security-Policy"]


def test_the_pages_runtime_is_served_for_ever(served: Served) -> None:
    _, _, body = served.get()
    found = re.search(r'src="(\S+?host\.js)"', body)
    assert found

    status, headers, _ = served.get(found[1])

    assert status == 200
    assert headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "immutable" in headers["Cache-Control"]


def test_a_value_crosses_the_real_socket(served: Served) -> None:
    async def visit() -> list[Any]:
        cookie, url = served.open()
        socket = await served.connect(url, Cookie=cookie)
        first = received(await socket.read_message())  # type: ignore[arg-type]
        mount = next(each for each in first if isinstance(each, Mount))
        await socket.write_message(
            sent(SetValue(frame=mount.id, value=msgspec.Raw(b"7"))), binary=True
        )
        value = await asyncio.to_thread(served.values.get, True, 10)
        await hang_up(socket)
        return [value]

    assert asyncio.run(visit()) == [7]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Cookie": ""}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 421),
    ],
)
def test_a_socket_of_another_site_or_without_a_session_is_refused(
    served: Served, headers: dict[str, str], status: int
) -> None:
    cookie, url = served.open()

    with pytest.raises(HTTPClientError) as error:
        asyncio.run(served.connect(url, **{"Cookie": cookie, **headers}))

    assert error.value.code == status


def test_a_stolen_page_url_is_nothing_without_its_visitors_cookie(served: Served) -> None:
    async def steal() -> tuple[Any, int | None]:
        _, url = served.open()
        socket = await served.connect(url, Cookie="components_visitor=" + "x" * 43)
        message = await socket.read_message()
        await hang_up(socket)
        return message, socket.close_code

    assert asyncio.run(steal()) == (None, 4404)


def test_a_page_that_missed_something_has_to_be_loaded_again(served: Served) -> None:
    async def come_back() -> int | None:
        cookie, url = served.open()
        first = await served.connect(url, Cookie=cookie)
        await first.read_message()
        await hang_up(first)
        again = await served.connect(url, seen="0", Cookie=cookie)
        await again.read_message()
        await hang_up(again)
        return again.close_code

    assert asyncio.run(come_back()) == 4404


def test_an_image_on_another_site_runs_no_page_function(served: Served) -> None:
    status, headers, _ = served.get(Sec_Fetch_Dest="image")

    assert status == 403
    assert "Set-Cookie" not in headers


def test_the_pages_token_never_reaches_the_log(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    async def shake() -> None:
        cookie, url = served.open()
        socket = await served.connect(url.replace("token=", "token=%ff"), Cookie=cookie)
        await socket.read_message()
        await hang_up(socket)

    asyncio.run(shake())

    assert "token" not in caplog.text


def test_a_second_page_with_the_same_token_takes_the_session_over(served: Served) -> None:
    async def twice() -> int | None:
        cookie, url = served.open()
        first = await served.connect(url, Cookie=cookie)
        await first.read_message()
        second = await served.connect(url, seen="1", Cookie=cookie)
        await first.read_message()
        await hang_up(first)
        await hang_up(second)
        return first.close_code

    assert asyncio.run(twice()) == 4409


def test_a_message_over_the_limit_ends_the_connection_and_the_session_stays(
    served: Served,
) -> None:
    async def flood() -> tuple[int | None, list[Any]]:
        cookie, url = served.open()
        first = await served.connect(url, Cookie=cookie)
        await first.read_message()
        await first.write_message(bytes(300_000), binary=True)
        assert await first.read_message() is None
        again = await served.connect(url, seen="1", Cookie=cookie)
        await again.write_message(b"nonsense", binary=True)
        answer = received(await again.read_message())  # type: ignore[arg-type]
        await hang_up(first)
        await hang_up(again)
        return first.close_code, answer

    code, answer = asyncio.run(flood())

    assert code == 1009
    assert [type(each) for each in answer] == [Refusal]


def test_a_port_that_was_asked_for_and_is_taken_is_a_clear_error() -> None:
    taken, port = bind_unused_port()
    with taken, pytest.raises(ServeError, match=f"Expected a free port, got {port}"):
        bind(port)


def test_without_a_wish_the_next_free_port_is_taken() -> None:
    first = bind(None)
    second = bind(None)
    ports = [each.getsockname()[1] for each in (first, second)]
    first.close()
    second.close()

    assert ports[0] >= 8501
    assert ports[0] < ports[1]


def test_an_app_without_a_page_is_refused() -> None:
    with pytest.raises(AppError, match="'Empty' has no page"):
        rules(App("Empty"), Origins.local(1, b"a secret of 16 bytes"))


class Own(RequestHandler):
    def get(self) -> None:
        self.write("the host application's own page")


def test_an_app_runs_inside_an_existing_tornado_application() -> None:
    app = App("Guest")
    app.page("/guest")(lambda page: page.text("hello"))

    async def serve() -> list[tuple[int, str]]:
        sock, port = bind_unused_port()
        own = Application([*rules(app, Origins.local(port, app.secret)), (r"/own", Own)])
        server = HTTPServer(own)
        server.add_socket(sock)
        answers = await asyncio.to_thread(
            lambda: [_get(port, "/guest"), _get(port, "/own"), _get(port, "/nowhere")]
        )
        server.stop()
        await server.close_all_connections()
        return answers

    answers = asyncio.run(serve())

    assert [status for status, _ in answers] == [200, 200, 404]
    assert "components-config" in answers[0][1]
    assert answers[1][1] == "the host application's own page"


async def hang_up(socket: WebSocketClientConnection) -> None:
    """Close, and wait until it is closed; Tornado tells a reader of the end only once."""
    ended = socket.close_code is not None
    socket.close()
    while not ended and await socket.read_message() is not None:
        pass


def _get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Host": f"localhost:{port}"})
    response = connection.getresponse()
    answer = response.status, response.read().decode()
    connection.close()
    return answer
