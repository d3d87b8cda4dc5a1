"""Bounds: how long the server waits for anybody, and how many it lets in.

``Limits`` bound what crosses between a page and the app. These bound the server's own patience and
memory, against clients that are slow, silent, many or greedy.
"""

from __future__ import annotations

import msgspec


class Bounds(msgspec.Struct, frozen=True):
    """Of one server. The defaults suit an app with some hundreds of users."""

    header_bytes: int = 16 * 1024  # of a request's line and headers together
    body_bytes: int = 64 * 1024  # no request of ours has a body
    header_seconds: float = 20.0  # for all headers of a request; a kept-alive connection idles so
    body_seconds: float = 10.0  # for all of a body
    connections: int = 1_000  # of HTTP; beyond, the one that waits longest is closed
    ping_seconds: float = 20.0  # between pings, and for the answer
    unsent_bytes: int = 2**20  # that a page may leave unread before it gets nothing more
    unread_seconds: float = 60.0  # that it may stay so, then the connection is closed
    linger_seconds: float = 1.0  # for a client that is cut off, to read why
    away_seconds: float = 60.0  # a page that never connects, or lost its connection, is kept
    away_pages: int = 1_000  # pages without a connection; the oldest go first
    pages_of_visitor: int = 100  # open at once, and so connections; the longest away goes first
    pages: int = 5_000  # of all together, connected or not; one that is away makes room
    pages_per_second: float = 5.0  # that one visitor may open in the long run
    page_burst: int = 50  # at once
    known_per_second: float = 150.0  # pages for all known visitors together
    known_burst: int = 1_500  # at once
    newcomers_per_second: float = 50.0  # pages for all others: none of theirs ever connected
    newcomer_burst: int = 500  # at once
    visitors: int = 10_000  # without a page now, that are still known
