"""What data went where: one row for everything that passes the session's gate.

The ledger is the record that the app's user, the app's author and a reviewer read; nothing
passes the gate without it. It knows names, types and sizes, never contents.

    >>> ledger = Ledger()
    >>> ledger.rows()
    []
"""

from __future__ import annotations

import time
from collections import deque

from .wire import Direction, Row

HELD_BY_COMPONENT = "the component's frame, until the page is closed"
HELD_BY_SESSION = "this server's memory, until the session ends"
REFUSED = "not held: it was dropped, and the connection closed"
NOT_HELD = "not held by the SDK: handed to the app's callback"
NOTHING_PASSED = "nothing passed: the page removed the component's frame"


class Ledger:
    """Rows of all sessions of one app, newest last.

    Args:
        size: How many rows are kept; the oldest go first, so that a chatty component cannot
            fill the server's memory.
    """

    def __init__(self, size: int = 10_000) -> None:
        self._rows: deque[Row] = deque(maxlen=size)

    def record(
        self,
        *,
        session: str,
        component: str,
        key: str,
        direction: Direction,
        what: str,
        type: str,
        size: int,
        held: str,
    ) -> Row:
        """Write a row; ``size`` in bytes as it crossed."""
        row = Row(
            time=time.time(),
            session=session,
            component=component,
            key=key,
            direction=direction,
            what=what,
            type=type,
            bytes=size,
            held=held,
        )
        self._rows.append(row)
        return row

    def rows(self, session: str | None = None) -> list[Row]:
        """All rows, or those of one session."""
        return [row for row in self._rows if session is None or row.session == session]
