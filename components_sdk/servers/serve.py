"""serve: one Tornado server, one port, routed by ``Host``.

    serve(app)                      # http://localhost:8501, or the next free port
    serve(app, port=9000)           # that port or an error
    serve(app, origins="instance")  # see origins.MODES; or Origins(…) behind a proxy

Inside an existing Tornado application, pass the rules on; everything else stays its own:

    origins = Origins.local(8888, secret)
    tornado.web.Application([*rules(app, origins), (r"/own", OwnHandler)])
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.routing import Matcher, Rule
from tornado.web import Application, RequestHandler

from ..app import SOCKET_PATH, App, Deployment
from ..errors import AppError, ServeError
from ..origins import DEFAULT_PORT, Mode, Origins
from ..pages import STATIC
from .bounds import Bounds
from .handlers import (
    ComponentHandler,
    PageHandler,
    StaticHandler,
    UnknownHost,
    WrongPath,
)
from .logs import keep_secrets_out
from .selftest import self_test
from .socket import SocketHandler
from .visits import Visits


class _On(Matcher):
    """Matches a request by its ``Host`` and path."""

    def __init__(self, matches: Callable[[str, str], bool]) -> None:
        self._matches = matches

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        return {} if self._matches(request.host, request.path) else None


def rules(app: App, origins: Origins, *, bounds: Bounds | None = None) -> list[Rule]:
    """Routes of the app's pages and its components, for any Tornado application.

    Of ``bounds``, those of HTTP connections and of requests are the application's own business.

    Raises:
        AppError: The app has no page.
    """
    return _routes(Deployment(app, origins), Visits(bounds))


def _routes(deployment: Deployment, visits: Visits) -> list[Rule]:
    app, origins = deployment.app, deployment.origins
    if not app.pages:
        raise AppError(
            f"{app.title!r} has no page",
            code="no-page",
            hint='Register one: @app.page("/")',
        )
    keep_secrets_out()
    common = {"deployment": deployment, "visits": visits}

    def at(path: str) -> _On:
        """This path of the app's host."""
        return _On(lambda host, asked: host == origins.app_host and asked == path)

    def is_static(host: str, path: str) -> bool:
        return host == origins.app_host and path.startswith(STATIC)

    return [
        Rule(_On(origins.is_components), ComponentHandler, {**common, "warned": set()}),
        Rule(at(SOCKET_PATH), SocketHandler, common),
        Rule(_On(is_static), StaticHandler, common),
        *(
            Rule(at(path), PageHandler, {**common, "entry": entry})
            for path, entry in app.pages.items()
        ),
    ]


def bind(port: int | None) -> socket.socket:
    """Listen on loopback: on a port that was asked for, or on the first free one from 8501.

    Raises:
        ServeError: The port that was asked for is taken or not allowed.
    """
    for candidate in [port] if port is not None else range(DEFAULT_PORT, DEFAULT_PORT + 100):
        try:
            bound = socket.create_server(("127.0.0.1", candidate))
        except OverflowError:
            raise _no_port(candidate, "not from 0 to 65535") from None
        except OSError as error:
            if port is None and error.errno == errno.EADDRINUSE:
                continue
            raise _no_port(candidate, os.strerror(error.errno or 0)) from None
        bound.setblocking(False)
        return bound
    raise ServeError(f"No free port from {DEFAULT_PORT} to {DEFAULT_PORT + 99}", code="port")


def _no_port(port: int, reason: str) -> ServeError:
    return ServeError(
        f"Expected a free port, got {port}: {reason}",
        code="port",
        hint="Choose another with --port, or leave --port out to get a free one.",
    )


class _Request(HTTPMessageDelegate):
    """Tornado's own for one request; tells when all of that was read."""

    def __init__(self, inner: HTTPMessageDelegate, on_read: Callable[[], None]) -> None:
        self._inner = inner
        self._on_read = on_read

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._inner.data_received(chunk)

    def finish(self) -> None:
        self._on_read()
        self._inner.finish()

    def on_connection_close(self) -> None:
        self._inner.on_connection_close()


class _Listener(HTTPServer):
    """Tornado's server with a bound on its HTTP connections; it has none of its own.

    A connection whose request is being answered is not counted, nor closed to make room: a page's
    function may take its time, and ``Admission`` bounds how many run.
    """

    most: int  # Bounds.connections

    def initialize(self, *args: Any, **kwargs: Any) -> None:
        super().initialize(*args, **kwargs)
        self._waiting: dict[object, HTTPConnection] = {}  # the one that waits longest is first
        self._asked: dict[HTTPConnection, object] = {}  # whose requests are being answered

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """A connection waits for its first request, or for the next."""

        def read() -> None:
            if self._waiting.pop(server_conn, None):
                self._asked[request_conn] = server_conn

        self._wait(server_conn, request_conn)
        return _Request(super().start_request(server_conn, request_conn), read)

    def answered(self, handler: RequestHandler) -> None:
        """The app has done its part; from now on the connection waits for its client to read."""
        request_conn = handler.request.connection
        if request_conn and (server_conn := self._asked.pop(request_conn, None)):
            self._wait(server_conn, request_conn)

    def _wait(self, server_conn: object, request_conn: HTTPConnection) -> None:
        self._waiting.pop(server_conn, None)
        self._waiting[server_conn] = request_conn
        if len(self._waiting) > self.most:
            longest = next(iter(self._waiting))
            self._waiting.pop(longest).close()  # type: ignore[attr-defined]

    def on_close(self, server_conn: object) -> None:
        """It was closed, or became a WebSocket."""
        self._waiting.pop(server_conn, None)
        for request_conn in [own for own, of in self._asked.items() if of is server_conn]:
            del self._asked[request_conn]
        super().on_close(server_conn)


class Server:
    """One app and nothing else, served inside a running event loop.

    Args:
        deployment: The app at its origins.
        bound: A listening socket (see ``bind``).
        bounds: How long it waits for anybody, and how many it lets in.
    """

    def __init__(
        self, deployment: Deployment, bound: socket.socket, bounds: Bounds | None = None
    ) -> None:
        bounds = bounds or Bounds()
        self._visits = Visits(bounds)
        app_host = deployment.origins.app_host
        common = {"deployment": deployment, "visits": self._visits}
        self.application = Application(
            [
                *_routes(deployment, self._visits),
                Rule(_On(lambda host, _: host == app_host), WrongPath, common),
            ],
            default_handler_class=UnknownHost,
            default_handler_args=common,
            log_function=lambda handler: self._server.answered(handler),
        )
        self._server: _Listener = _Listener(
            self.application,
            max_header_size=bounds.header_bytes,
            max_body_size=bounds.body_bytes,
            idle_connection_timeout=bounds.header_seconds,
            body_timeout=bounds.body_seconds,
        )
        self._server.most = bounds.connections
        self._server.add_socket(bound)

    async def stop(self) -> None:
        """Close the port and every connection."""
        self._server.stop()
        await self._server.close_all_connections()
        await self._visits.close()


def serve(app: App, *, port: int | None = None, origins: Mode | Origins = "subdomain") -> None:
    """Serve until interrupted. Prints ``Serving on http://localhost:PORT``.

    Args:
        port: To listen on; the first free one from 8501 if not given.
        origins: How components are kept apart on this machine, a name of ``origins.MODES``; or,
            behind a proxy that passes ``Host`` on, the origins that browsers see.

    Raises:
        ServeError: The port is taken or not allowed, or app and components are not apart.
        PolicyError: There is no such mode, or origins or sites would be shared.
    """

    async def run() -> None:
        with bind(port) as bound:
            own_port = bound.getsockname()[1]
            at = origins
            if not isinstance(at, Origins):
                at = Origins.local(own_port, app.secret, at)
            deployment = Deployment(app, at)
            server = Server(deployment, bound)
            try:
                await self_test(deployment, own_port)
                behind = "" if at is not origins else f" (listening on 127.0.0.1:{own_port})"
                print(f"Serving on {at.app}{behind}", flush=True)
                await asyncio.Event().wait()
            finally:
                await server.stop()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run())
