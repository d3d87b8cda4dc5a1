"""What data went where: one row for everything that passes the session's gate.

The ledger is the record that the app's user, the app's author and a reviewer read; nothing
passes the gate without it. It knows names, types and sizes, never contents.

    >>> ledger = Ledger()
    >>> ledger.rows()
    []
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque

from .wire import Direction, Row

HELD_BY_COMPONENT = "the component's frame, until the page is closed"
HELD_BY_SESSION = "this server's memory, until the session ends"
REFUSED = "not held: it was dropped, and the connection closed"
NOT_HELD = "not held by the SDK: handed to the app's callback"
NOTHING_PASSED = "nothing passed: the page removed the component's frame"


class _Shelf:
    """What one component of one session left; its values never push out why it was stopped."""

    def __init__(self, size: int) -> None:
        self.crossed: deque[tuple[int, Row]] = deque(maxlen=size)
        self.stopped: deque[tuple[int, Row]] = deque(maxlen=size)

    def put(self, number: int, row: Row) -> None:
        is_stop = row.direction == "stopped" or row.held == REFUSED
        (self.stopped if is_stop else self.crossed).append((number, row))


class Ledger:
    """Rows of all sessions of one app, newest last.

    Each component of each session has a shelf of its own: a chatty one pushes out nobody's rows but
    its own, and cannot fill the server's memory.

    Args:
        size: How many rows of a kind are kept of one component in one session; the oldest go first.
        shelves: Of how many components; the one that was silent longest goes first.
    """

    def __init__(self, size: int = 500, shelves: int = 1_000) -> None:
        self._size = size
        self._most = shelves
        self._shelves: OrderedDict[tuple[str, str, str], _Shelf] = OrderedDict()
        self._number = 0

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
        place = (session, component, key)
        shelf = self._shelves.get(place)
        if shelf is None:
            shelf = self._shelves[place] = _Shelf(self._size)
            if len(self._shelves) > self._most:
                self._shelves.popitem(last=False)
        self._shelves.move_to_end(place)
        self._number += 1
        shelf.put(self._number, row)
        return row

    def rows(self, session: str | None = None) -> list[Row]:
        """All rows, or those of one session."""
        numbered = [
            each
            for place, shelf in self._shelves.items()
            if session is None or place[0] == session
            for each in (*shelf.crossed, *shelf.stopped)
        ]
        numbered.sort(key=lambda each: each[0])
        return [row for _, row in numbered]
