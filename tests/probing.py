"""A server on loopback that answers with the headers that its URL asks for, and notes who came.

page.url("img-src 'none'")        a page under that Content-Security-Policy
page.address("probe.svg")         something that a page may load; ``page.came`` tells if it did
"""

from __future__ import annotations

import http.server
import threading
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

CSP = "Content-Security-Policy"
_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'
_TYPES = {
    "css": ("text/css", b"body {}"),
    "html": ("text/html", b"<title>probe</title>"),
    "js": ("text/javascript", b"globalThis.ran = true;"),
    "json": ("application/manifest+json", b"{}"),
    "svg": ("image/svg+xml", _SVG),
    "wav": ("audio/wav", b"RIFF"),
    "woff2": ("font/woff2", b"wOF2"),
}


class Probing:
    """Listens from ``with`` to the end of the block."""

    def __init__(self) -> None:
        self._seen: list[str] = []
        self._changed = threading.Condition()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = self._server.server_port
        self.origin = f"http://localhost:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def url(self, csp: str = "", *, host: str = "localhost", **headers: str) -> str:
        """A page under these headers; names are written with ``_`` for ``-``."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        told |= {CSP: csp} if csp else {}
        return f"http://{host}:{self.port}/page?{urlencode(told, quote_via=quote)}"

    def came(self, name: str, timeout: float = 0) -> bool:
        """Whether something of that name was asked for, or is within ``timeout`` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: f"/{name}" in self._seen, timeout)

    def _note(self, path: str) -> None:
        with self._changed:
            self._seen.append(path)
            self._changed.notify_all()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        note = self._note

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                split = urlsplit(self.path)
                note(split.path)
                self._answer(split.path, dict(parse_qsl(split.query)))

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.do_GET()

            def _answer(self, path: str, told: Mapping[str, str]) -> None:
                page = path == "/page"
                kind, body = _TYPES.get(path.rpartition(".")[2], ("text/html", b"<p>page"))
                if page and (shows := told.get("shows")):
                    body = f'<img src="/{shows}">'.encode()
                # A 204 answers a navigation without ending the page that it came from.
                self.send_response(204 if path.endswith(".204") else 200)
                headers = told if page else {"Access-Control-Allow-Origin": "*"}
                for name, value in (
                    {"Content-Type": kind, "Cache-Control": "no-store"} | dict(headers)
                ).items():
                    self.send_header(name, value)
                self.end_headers()
                if not path.endswith(".204"):
                    with suppress(BrokenPipeError, ConnectionResetError):  # the page has left
                        self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
