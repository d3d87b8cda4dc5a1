"""Visits: which browser may speak to which session.

A visit begins when the app's server answers a page and the session is made. Its WebSocket has to
come with the visitor's cookie *and* the token that stands in that page: the token alone (a copied
page source) or the cookie alone (another site's request) opens nothing.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Awaitable
from typing import Protocol

from ..app import OpenPage
from ..rates import Meter
from ..session import Session
from .admission import Admission
from .bounds import Bounds
from .cleaning import clean


class Connection(Protocol):
    """What a visit needs of a socket."""

    def take_over(self) -> None:
        """Close, because another connection took this visit over."""

    async def end(self) -> None:
        """Close, because the server stops."""


class Visit:
    """One open page of one visitor.

    Attributes:
        sent: How many batches went out; a page that comes back says how many it saw.
        meter: Of all its connections, one after the other: to come back gives nothing back.
    """

    def __init__(self, opened: OpenPage, cookie: str, meter: Meter) -> None:
        self.session: Session = opened.session
        self.meter = meter
        self.served = opened.served
        self.token = secrets.token_urlsafe(24)
        self.connection: Connection | None = None
        self.sent = 0
        self.cookie = cookie
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_cleaning = False

    def belongs_to(self, cookie: str) -> bool:
        """Whether this cookie's browser opened the page; compared in constant time."""
        return hmac.compare_digest(self.cookie.encode(), cookie.encode())

    def run(self, awaitable: Awaitable[object]) -> None:
        """Await what an async callback answered; it may outlive a connection, not the visit."""
        task = asyncio.ensure_future(self._finish(awaitable))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def clean(self) -> None:
        """Have large sources cleaned, one after the other, while everything else goes on."""
        if not self._is_cleaning and self.session.uncleaned():
            self._is_cleaning = True
            self.run(self._clean())

    async def _clean(self) -> None:
        try:
            while found := self.session.uncleaned():
                element, source = found
                self.session.cleaned(element, source, await clean(source))
        finally:
            self._is_cleaning = False

    async def _finish(self, awaitable: Awaitable[object]) -> None:
        try:
            await awaitable
        except Exception as error:  # the app's code may raise anything; the session goes on
            self.session.failed(error)

    def end(self) -> None:
        """Nobody comes back: stop what still runs for this page."""
        self.session.end()
        for task in self._tasks:
            task.cancel()


class Visits:
    """All visits of one server.

    Attributes:
        bounds: Of the server: how many of everything, and how long.
        admission: Who may open a page now.
    """

    def __init__(self, bounds: Bounds | None = None) -> None:
        self.bounds = bounds or Bounds()
        self.admission = Admission(self.bounds)
        self._by_token: dict[str, Visit] = {}
        self._by_cookie: dict[str, dict[str, None]] = {}  # tokens, the oldest first
        self._away: dict[str, asyncio.TimerHandle] = {}  # by token, the longest away first

    def add(self, visit: Visit) -> None:
        """Remember a visit; its page has yet to connect."""
        self._by_token[visit.token] = visit
        self._by_cookie.setdefault(visit.cookie, {})[visit.token] = None
        self.leave(visit)
        self._make_room(visit.cookie)

    def has_room(self, cookie: str) -> bool:
        """Whether this visitor may have one more page; one that is away makes room."""
        if len(self._by_token) - len(self._away) >= self.bounds.pages:
            return False
        tokens = self._by_cookie.get(cookie, {})
        connected = sum(1 for token in tokens if token not in self._away)
        return connected < self.bounds.pages_of_visitor

    def _make_room(self, cookie: str) -> None:
        tokens = self._by_cookie[cookie]
        if len(tokens) > self.bounds.pages_of_visitor:
            self._forget(next(token for token in tokens if token in self._away))

    def find(self, token: str, cookie: str) -> Visit | None:
        """The visit of this page and this browser."""
        visit = self._by_token.get(token)
        return visit if visit and visit.belongs_to(cookie) else None

    def connect(self, visit: Visit, connection: Connection) -> None:
        """A page has come, or come back; the newest connection has the visit."""
        if timer := self._away.pop(visit.token, None):
            timer.cancel()
        if visit.connection is not None:
            visit.connection.take_over()
        else:
            self.admission.arrive(visit.cookie)
        visit.connection = connection

    def leave(self, visit: Visit) -> None:
        """A page is away; it has some time to come back."""
        if visit.token not in self._by_token:
            return  # the server stops
        self._disconnect(visit)
        loop = asyncio.get_running_loop()
        self._away[visit.token] = loop.call_later(
            self.bounds.away_seconds, self._forget, visit.token
        )
        bounds = self.bounds
        if len(self._away) > bounds.away_pages or len(self._by_token) > bounds.pages:
            # Who never came goes before who was cut off: anybody can ask for pages.
            never = (token for token in self._away if self._by_token[token].sent == 0)
            self._forget(next(never, next(iter(self._away))))

    async def close(self) -> None:
        """End every visit, and wait until its connection is closed."""
        connections = [visit.connection for visit in self._by_token.values()]
        for token in list(self._by_token):
            self._forget(token)
        await asyncio.gather(*(each.end() for each in connections if each))

    def _disconnect(self, visit: Visit) -> None:
        if visit.connection is not None:
            visit.connection = None
            self.admission.depart(visit.cookie)

    def _forget(self, token: str) -> None:
        if timer := self._away.pop(token, None):
            timer.cancel()
        if visit := self._by_token.pop(token, None):
            tokens = self._by_cookie[visit.cookie]
            del tokens[token]
            if not tokens:
                del self._by_cookie[visit.cookie]
            self._disconnect(visit)
            visit.end()
