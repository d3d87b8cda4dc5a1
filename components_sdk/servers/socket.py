"""The WebSocket: carries bytes between a page and its session's gate, and runs callbacks."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable

from tornado.websocket import WebSocketClosedError, WebSocketHandler

from ..app import Deployment
from ..session import Call
from .handlers import cookie_name
from .visits import Visit, Visits

logger = logging.getLogger("components_sdk")

PROTOCOL = "components.1"
SESSION_GONE = 4404
SESSION_TAKEN = 4409


class SocketHandler(WebSocketHandler):
    """One connection of one visit."""

    def initialize(self, deployment: Deployment, visits: Visits) -> None:
        self.deployment = deployment
        self.visits = visits
        self.visit: Visit | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._closed = asyncio.Event()
        self._push_is_due = False

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

    def check_origin(self, origin: str) -> bool:
        """Tornado asks here too; ``prepare`` has decided already."""
        return origin == self.deployment.origins.app

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """The one version of the protocol that there is."""
        return PROTOCOL if PROTOCOL in subprotocols else None

    def open(self, *_: str, **__: str) -> None:
        """Find the session that this page belongs to."""
        visit = self.visits.find(self.get_query_argument("token", ""), self._cookie())
        if visit is None:
            # Not known, or another visitor's: the same answer, so that nobody learns which.
            self.close(SESSION_GONE, "unknown session")
            return
        if visit.connection is not None:
            visit.connection.take_over()
        self.visit = visit
        self._loop = asyncio.get_running_loop()
        visit.connection = self
        visit.session.on_change = self._push_soon
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
        for call in self.visit.session.receive(message):
            self._run(self.visit, call)
        self.push()

    def _run(self, visit: Visit, call: Call) -> None:
        try:
            result = call.function(*call.arguments)
        except Exception as error:  # the app's code may raise anything; the session goes on
            visit.session.failed(error)
            return
        if inspect.isawaitable(result):
            task = asyncio.ensure_future(self._await(visit, result))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _await(self, visit: Visit, result: Awaitable[object]) -> None:
        try:
            await result
        except Exception as error:
            visit.session.failed(error)

    def _push_soon(self) -> None:
        # What changes between two awaits of a callback travels together, and before it ends.
        if not self._push_is_due:
            self._push_is_due = True
            self._loop.call_soon(self.push)

    def push(self) -> None:
        """Send what the session has to say."""
        self._push_is_due = False
        if self.visit is None or self.visit.connection is not self:
            return  # what the session has to say waits for the page to come back
        data = self.visit.session.render()
        if data is not None:
            try:
                self.write_message(data, binary=True)
            except WebSocketClosedError:
                logger.info("session %s: its page went away", self.visit.session.id)

    async def end(self) -> None:
        """The server stops."""
        self.close(1001, "the server stops")
        await self._closed.wait()

    def on_close(self) -> None:
        """The visit stays: the page may come back."""
        self._closed.set()
        if self.visit is not None and self.visit.connection is self:
            self.visit.connection = None
            self.visit.idle_since = time.monotonic()


def _protocols(header: str) -> list[str]:
    return [each.strip() for each in header.split(",")]
