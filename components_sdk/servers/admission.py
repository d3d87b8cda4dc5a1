"""Admission: who may have a page made now. Each page runs the app's own function.

Who comes with a cookie that this server has set, or has seen before, has a rate of their own. All
others share one: whoever throws cookies away, or makes some up, competes with other newcomers and
never with the app's known visitors.
"""

from __future__ import annotations

import time
from collections import OrderedDict

from ..rates import Bucket, Clock
from .bounds import Bounds


class Admission:
    """Rates of the pages that visitors open."""

    def __init__(self, bounds: Bounds, clock: Clock = time.monotonic) -> None:
        self._bounds = bounds
        self._clock = clock
        self._newcomers = Bucket(bounds.newcomers_per_second, bounds.newcomer_burst, clock)
        self._known: OrderedDict[str, Bucket] = OrderedDict()  # by cookie; the last seen is last

    def admits(self, cookie: str) -> bool:
        """Whether a page may be made for this visitor, ``""`` for one without a cookie."""
        bucket = self._known.get(cookie)
        if bucket is None:
            return self._newcomers.take()
        self._known.move_to_end(cookie)
        return bucket.take()

    def remember(self, cookie: str) -> None:
        """This visitor has a page now."""
        if cookie not in self._known:
            bounds = self._bounds
            self._known[cookie] = Bucket(bounds.pages_per_second, bounds.page_burst, self._clock)
            if len(self._known) > bounds.visitors:
                self._known.popitem(last=False)
