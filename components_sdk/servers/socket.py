"""The WebSocket: carries bytes between a page and its session's gate, and runs callbacks."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
from typing import Any

from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler, WebSocketProtocol13

from ..app import Deployment
from ..pages import BARE_HEADERS
from ..rates import Meter
from ..session import Call
from ..wire import PROTOCOL, SESSION_GONE, SESSION_TAKEN, TOO_MUCH
from .handlers import cookie_name
from .visits import Visit, Visits

logger = logging.getLogger("components_sdk")


class _Protocol(WebSocketProtocol13):
    """Tornado's, which asks before it reads a frame: pings and fragments reach no other hook."""

    handler: SocketHandler

    async def _receive_frame(self) -> None:
        if self.handler.may_send():
            await super()._receive_frame()
        else:
            await asyncio.sleep(self.handler.bounds.linger_seconds)  # to read why it is closed
            self._abort()


class SocketHandler(WebSocketHandler):
    """One connection of one visit."""

    def initialize(self, deployment: Deployment, visits: Visits) -> None:
        self.deployment = deployment
        self.visits = visits
        self.bounds = visits.bounds
        self.visit: Visit | None = None  # None: not ours yet, or another connection's now
        self._meter = Meter(deployment.app.limits)  # the visit's, when there is one
        self._cut_off = False
        self._unsent = 0  # bytes that the page has yet to take
        self._patience: asyncio.TimerHandle | None = None  # with a page that does not read
        self._loop = asyncio.get_running_loop()
        self._closed = asyncio.Event()
        self._push_is_due = False

    # Of the handler, not of the application: inside another one these hold as well.

    @property
    def max_message_size(self) -> int:
        """In bytes; Tornado closes the connection before it reads more."""
        return self.deployment.app.limits.message_bytes

    @property
    def ping_interval(self) -> float:
        """In seconds; a page that does not answer is away."""
        return self.bounds.ping_seconds

    def get_websocket_protocol(self) -> WebSocketProtocol13 | None:
        """Version 13 alone, and without compression: nothing small becomes big here."""
        protocol = super().get_websocket_protocol()
        return _Protocol(self, False, protocol.params) if protocol else None  # type: ignore[attr-defined]

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in BARE_HEADERS.items():
            self.set_header(name, value)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")

    def write_error(self, status_code: int, **_: Any) -> None:
        """What Tornado refuses: without a word."""
        self.finish()

    def prepare(self) -> None:
        """Refuse before the upgrade whatever is not our own page's socket."""
        if reason := self._refusal():
            status, sentence = reason
            logger.warning("a WebSocket was refused: %s", sentence)
            self.set_status(status)
            self.finish()

    def _refusal(self) -> tuple[int, str] | None:
        origins = self.deployment.origins
        headers = self.request.headers
        # Tornado skips check_origin when Origin and Host agree, so both are checked here:
        # else a name that foreign DNS points at this server (DNS rebinding) would be let in.
        if self.request.host != origins.app_host:
            return 421, f"Expected Host {origins.app_host}, got {self.request.host!r}"
        # No Origin is no browser's page; another Origin is another site's page.
        if headers.get("Origin") != origins.app:
            return 403, f"Expected Origin {origins.app}, got {headers.get('Origin')!r}"
        if PROTOCOL not in _protocols(headers.get("Sec-WebSocket-Protocol", "")):
            return 400, f"Expected the subprotocol {PROTOCOL}"
        if not self._cookie():
            return 403, "Expected the visitor's cookie"
        return None

    def _cookie(self) -> str:
        secure = self.deployment.origins.app.startswith("https:")
        return self.get_cookie(cookie_name(secure)) or ""

    def _argument(self, name: str) -> str:
        values = self.request.query_arguments.get(name, [b""])
        return values[-1].decode("ascii", "replace")

    def log_exception(self, *error: Any) -> None:
        """Tornado would log the URL, and with it the page's token."""
        if not isinstance(error[1], HTTPError):  # a refusal, such as of a method
            logger.error("a WebSocket's handler raised", exc_info=error)

    def check_origin(self, origin: str) -> bool:
        """Tornado asks here too; ``prepare`` has decided already."""
        return origin == self.deployment.origins.app

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """The one version of the protocol that there is."""
        return PROTOCOL if PROTOCOL in subprotocols else None

    def open(self, *_: str, **__: str) -> None:
        """Find the session that this page belongs to."""
        visit = self.visits.find(self._argument("token"), self._cookie())
        if visit is None:
            # Not known, or another visitor's: the same answer, so that nobody learns which.
            self.close(SESSION_GONE, "unknown session")
            return
        if self._argument("seen") != str(visit.sent):
            # Something was on its way when the connection was lost: only a new page is right.
            self.close(SESSION_GONE, "the page missed something")
            return
        self.visits.connect(visit, self)
        self.visit = visit
        self._meter = visit.meter
        visit.session.on_change = self._push_soon
        visit.session.on_breach = self._cut
        self.set_nodelay(True)
        self.push()

    def take_over(self) -> None:
        """Another connection of the same page has this visit now."""
        self.visit = None
        self.close(SESSION_TAKEN, "taken over")

    def on_message(self, message: str | bytes) -> None:
        """Pass it to the gate, run what it causes, send what changed."""
        if self.visit is None or isinstance(message, str):
            self.close(1003, "binary messages only")
            return
        visit = self.visit
        if breach := self._meter.count(0, len(message)):
            visit.session.breach(breach, len(message))
            return
        for call in visit.session.receive(message):
            self._run(visit, call)
        self.push()

    def may_send(self) -> bool:
        """Whether one more frame may be read: a message, a fragment, a ping."""
        if self._cut_off:
            return False
        if breach := self._meter.count(1, 0):
            if self.visit is not None:
                self.visit.session.breach(breach, 0)
            else:
                self._cut()
        return not self._cut_off

    def _cut(self) -> None:
        # Only this connection. The visit stays; its meter is empty.
        self._cut_off = True
        if self.visit is not None:
            self.visit.meter.empty()
        self.close(TOO_MUCH, "over a limit")

    def _run(self, visit: Visit, call: Call) -> None:
        try:
            result = call.function(*call.arguments)
        except Exception as error:  # the app's code may raise anything; the session goes on
            visit.session.failed(error)
            return
        if inspect.isawaitable(result):
            visit.run(result)

    def _push_soon(self) -> None:
        # What changes between two awaits of a callback travels together, and before it ends.
        if not self._push_is_due:
            self._push_is_due = True
            self._loop.call_soon(self.push)

    def push(self) -> None:
        """Send what the session has to say."""
        self._push_is_due = False
        if self.visit is None or self._cut_off:
            return  # it waits for the page to come back
        self.visit.clean()
        if self._unsent > self.bounds.unsent_bytes:
            return  # what changes until the page has read is collected, and the latest wins
        data = self.visit.session.render()
        if data is not None:
            self.visit.sent += 1
            with contextlib.suppress(WebSocketClosedError):  # on_close is on its way
                self._write(data)

    def _write(self, data: bytes) -> None:
        def taken(written: asyncio.Future[None]) -> None:
            lost = written.cancelled() or written.exception()  # the count of batches tells
            self._unsent -= len(data)
            if self._unsent <= self.bounds.unsent_bytes and self._patience:
                self._patience.cancel()
                self._patience = None
                if not lost:
                    self.push()

        written = self.write_message(data, binary=True)
        self._unsent += len(data)
        if self._unsent > self.bounds.unsent_bytes and self._patience is None:
            self._patience = self._loop.call_later(self.bounds.unread_seconds, self._hang_up)
        written.add_done_callback(taken)

    def _hang_up(self) -> None:
        # Not politely: a close frame would wait behind all that was never read.
        self._patience = None
        logger.warning("a page that does not read is cut off")
        if isinstance(self.ws_connection, _Protocol):
            self.ws_connection.stream.close()

    async def end(self) -> None:
        """The server stops."""
        self.close(1001, "the server stops")
        await self._closed.wait()

    def on_close(self) -> None:
        """The visit stays for a while: the page may come back."""
        self._closed.set()
        if self._patience:
            self._patience.cancel()
        if self.visit is not None:
            self.visits.leave(self.visit)
            self.visit = None


def _protocols(header: str) -> list[str]:
    return [each.strip() for each in header.split(",")]
