"""Fetching: a hostile app makes us neither attack another server, nor wait or read for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from components_sdk.testing import fetching
from components_sdk.testing.fetching import NotApplicable, Reach, ask, within
from components_sdk.testing.inspection import FRAMES_SEEN, inspect

Handle = Callable[[BaseHTTPRequestHandler], None]
Serve = Callable[[Handle], tuple[str, list[str]]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server; answers its address, and the requests that it got."""
    servers = []

    def start(handle: Handle) -> tuple[str, list[str]]:
        got: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                got.append(f"{self.command} {self.path}")
                handle(self)

            do_POST = do_PUT = do_DELETE = do_TRACE = do_GET  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}", got

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def page(frame_src: str, body: str = "") -> Handle:
    def handle(request: BaseHTTPRequestHandler) -> None:
        data = f"<!doctype html>{body}".encode()
        request.send_response(200)
        request.send_header("Content-Security-Policy", f"frame-src {frame_src}")
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    return handle


def evidence_of(url: str, id: str, also: tuple[str, ...] = ()) -> tuple[str, str]:
    [result] = [each for each in inspect(url, also=also) if each.attack == id]
    return result.verdict, result.evidence


def test_a_page_that_names_another_server_does_not_make_us_ask_it(serve: Serve) -> None:
    victim, got = serve(page("'none'"))
    body = f'<script>new WebSocket("{victim.replace("http", "ws")}/socket")</script>'
    hostile, _ = serve(page(f"{victim}/admin/x", body))
    verdict, evidence = evidence_of(hostile, FRAMES_SEEN.id)
    assert got == []
    assert verdict == "inconclusive"
    assert f"--also {victim}" in evidence


def test_another_server_that_is_named_is_asked_as_the_own_one_is(serve: Serve) -> None:
    frames, got = serve(page("'none'"))
    app, _ = serve(page(f"{frames}/frame"))
    assert evidence_of(app, "frame-methods", also=(frames,))[0] == "escaped"
    assert {"GET /frame", "POST /frame", "TRACE /frame"} <= set(got)


@pytest.mark.parametrize(
    "frame",
    ["http://x:99999/a", "http://[::1/x", "http://a b/x", "http://\u00e9.example/x", "http:///x"],
)
def test_what_is_no_address_is_left_out_with_a_sentence(frame: str, serve: Serve) -> None:
    hostile, _ = serve(page(frame))
    verdict, evidence = evidence_of(hostile, FRAMES_SEEN.id)
    assert verdict == "inconclusive"
    assert "no address" in evidence or "not asked" in evidence or "no component" in evidence


def test_a_socket_whose_address_is_none_is_told(serve: Serve) -> None:
    hostile, _ = serve(page("'none'", '"ws://[::1/x"'))
    verdict, evidence = evidence_of(hostile, "foreign-origin")
    assert verdict in ("inconclusive", "not-applicable")
    assert "no address" in evidence


def test_letters_beyond_ascii_in_a_path_are_sent_encoded(serve: Serve) -> None:
    url, got = serve(page("'none'"))
    ask(f"{url}/\u00e9?q=%20")
    assert got == ["GET /%C3%A9?q=%20"]


def drip_body(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "1000000")
    request.end_headers()
    drip(request, b".")


def drip_headers(request: BaseHTTPRequestHandler) -> None:
    drip(request, b"X")


def drip(request: BaseHTTPRequestHandler, what: bytes) -> None:
    ended = threading.Event()
    try:
        while not ended.wait(0.05):
            request.wfile.write(what)
    except OSError:
        ended.set()


@pytest.mark.parametrize("handle", [drip_body, drip_headers])
def test_an_answer_that_drips_has_one_deadline(
    handle: Handle, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "SECONDS", 0.5)
    url, _ = serve(handle)
    start = time.monotonic()
    with pytest.raises(OSError, match=r"within 0\.5 s"):
        ask(url)
    assert time.monotonic() - start < 5


def test_no_more_of_an_answer_is_read_than_its_bound(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MAX_BYTES", 100)
    url, _ = serve(page("'none'", "x" * 1000))
    assert len(ask(url).body) == 100


APP = "https://app.example.com"


@pytest.mark.parametrize(
    ("url", "method", "headers"),
    [
        ("https://other.example.net/f", "GET", {}),
        ("https://c.app.example.com:8443/f", "GET", {}),
        ("http://c.app.example.com/f", "GET", {}),
        ("https://c.app.example.com/f", "POST", {}),
        ("https://c.app.example.com/s", "GET", {"Upgrade": "websocket"}),
        ("https://c.app.example.com/s", "GET", {"Cookie": "user=1"}),
        ("http://127.0.0.1:9911/admin", "GET", {}),
    ],
)
def test_another_server_is_not_asked(url: str, method: str, headers: dict[str, str]) -> None:
    with within(Reach(APP)), pytest.raises(NotApplicable, match="--also"):
        ask(url, method, headers=headers)


def test_all_names_of_one_port_of_this_machine_are_one_server() -> None:
    reach = Reach("http://localhost:8501/")
    assert reach.refusal("http://stars-1f.localhost:8501/frame", safe=False) == ""
    assert reach.refusal("http://127.0.0.1:8501/stars-1f/frame", safe=False) == ""
    assert "another server" in reach.refusal("http://localhost:8502/")


def test_hosts_of_the_same_site_get_what_reads_only() -> None:
    assert Reach(APP).refusal("https://c.app.example.com/f") == ""
    assert "reads only" in Reach(APP).refusal("https://c.app.example.com/f", safe=False)


def test_a_public_app_leads_to_no_private_address(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = {"app.example.com": "93.184.216.34", "c.app.example.com": "10.0.0.1"}
    monkeypatch.setattr(fetching, "_numbers", lambda name, port: [numbers[name]])
    with within(Reach(APP)), pytest.raises(NotApplicable, match=r"10\.0\.0\.1"):
        ask("https://c.app.example.com/f")
