"""Visits: which browser may speak to which session.

A visit begins when the app's server answers a page and the session is made. Its WebSocket has to
come with the visitor's cookie *and* the token that stands in that page: the token alone (a copied
page source) or the cookie alone (another site's request) opens nothing.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from typing import Protocol

from ..app import OpenPage
from ..session import Session

UNCONNECTED_SECONDS = 60.0  # a page that never connects, or lost its connection, is kept this long
MAX_UNCONNECTED = 1_000  # pages without a connection; the oldest go first


class Connection(Protocol):
    """What a visit needs of a socket."""

    def take_over(self) -> None:
        """Close, because another connection took this visit over."""

    async def end(self) -> None:
        """Close, because the server stops."""


class Visit:
    """One open page of one visitor."""

    def __init__(self, opened: OpenPage, cookie: str) -> None:
        self.opened = opened
        self.session: Session = opened.session
        self.cookie = cookie
        self.token = secrets.token_urlsafe(24)
        self.connection: Connection | None = None
        self.idle_since = time.monotonic()

    def belongs_to(self, cookie: str) -> bool:
        """Whether this cookie's browser opened the page; compared in constant time."""
        return hmac.compare_digest(self.cookie.encode(), cookie.encode())


class Visits:
    """All visits of one server."""

    def __init__(self) -> None:
        self._by_token: dict[str, Visit] = {}

    def add(self, visit: Visit) -> None:
        """Remember a visit, and forget those that nobody came back to."""
        self._forget()
        self._by_token[visit.token] = visit

    def find(self, token: str, cookie: str) -> Visit | None:
        """The visit of this page and this browser."""
        visit = self._by_token.get(token)
        return visit if visit and visit.belongs_to(cookie) else None

    async def close(self) -> None:
        """End every connection, and wait until they are closed."""
        connections = [visit.connection for visit in self._by_token.values()]
        await asyncio.gather(*(each.end() for each in connections if each))

    def _forget(self) -> None:
        idle = [visit for visit in self._by_token.values() if visit.connection is None]
        idle.sort(key=lambda visit: visit.idle_since)
        overdue = time.monotonic() - UNCONNECTED_SECONDS
        excess = len(idle) - MAX_UNCONNECTED
        for index, visit in enumerate(idle):
            if index < excess or visit.idle_since < overdue:
                del self._by_token[visit.token]
