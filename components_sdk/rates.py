"""Rates: how often, and how much, somebody may send.

Rules:
1. A bucket holds tokens; they come back at a steady rate, up to a burst. Who finds too few of
   them is over the limit.
2. A meter is two buckets, of messages and of bytes. Over the limit both are emptied: who was cut
   off for flooding and comes back at once finds nothing.
3. The page has the same meter for each frame and acts first. The server's is wider by what a
   network that stood still for ``STALL_SECONDS`` delivers at once, so that a frame at the page's
   limit never costs the page its connection.
4. Nothing is kept for each message, and the clock is given: no I/O, no timers.

    >>> now = 0.0
    >>> bucket = Bucket(per_second=1, burst=2, clock=lambda: now)
    >>> [bucket.take(), bucket.take(), bucket.take()]
    [True, True, False]
    >>> now = 1.0
    >>> bucket.take()
    True
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from .framing import Limits

Clock = Callable[[], float]  # seconds, never going back
Breach = Literal["message-rate", "byte-rate"]

STALL_SECONDS = 2.0


class Bucket:
    """Tokens that come back at a steady rate.

    Args:
        per_second: How many tokens come back.
        burst: How many there are at most, and at the start.
    """

    __slots__ = ("_burst", "_clock", "_per_second", "_then", "_tokens")

    def __init__(self, per_second: float, burst: float, clock: Clock = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._then = clock()

    def take(self, amount: float = 1) -> bool:
        """Take so many tokens, or none if there are fewer."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._then) * self._per_second)
        self._then = now
        if amount > self._tokens:
            return False
        self._tokens -= amount
        return True

    def empty(self) -> None:
        """Take all that there is."""
        self._tokens = 0.0
        self._then = self._clock()


class Sparing:
    """What a client can cause in the log: one line a second; the rest is counted."""

    __slots__ = ("_bucket", "_left_out")

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._bucket = Bucket(1, 1, clock)
        self._left_out = 0

    def tell(self, log: Callable[..., None], text: str, *arguments: object) -> None:
        """Log this, and how many lines were left out before it; or leave it out."""
        if not self._bucket.take():
            self._left_out += 1
            return
        more = f" ({self._left_out} more were left out)" if self._left_out else ""
        self._left_out = 0
        log(text + more, *arguments)


class Meter:
    """Holds a sender to the rates of ``Limits``.

    Args:
        frames: How many frames' worth.
    """

    __slots__ = ("_bytes", "_messages")

    def __init__(self, limits: Limits, clock: Clock = time.monotonic, frames: int = 1) -> None:
        def bucket(per_second: float, burst: float) -> Bucket:
            rate = per_second * frames
            return Bucket(rate, burst * frames + rate * STALL_SECONDS, clock)

        self._messages = bucket(limits.messages_per_second, limits.message_burst)
        self._bytes = bucket(limits.bytes_per_second, limits.byte_burst)

    def count(self, messages: int, size: int) -> Breach | None:
        """Count what came in; answers the limit that it breaks."""
        if not self._messages.take(messages):
            breach: Breach = "message-rate"
        elif not self._bytes.take(size):
            breach = "byte-rate"
        else:
            return None
        self.empty()
        return breach

    def empty(self) -> None:
        """Nothing may come until tokens have come back."""
        self._messages.empty()
        self._bytes.empty()
