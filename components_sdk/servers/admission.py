"""Admission: who may have a page made now. Each page runs the app's own function.

Who comes with the cookie of a visitor whose page has once connected is known, and has a rate of
their own. All others share one: whoever throws cookies away, makes some up, or asks for pages that
never connect, competes with other newcomers and never with the app's known visitors. All who are
known together have a rate, too, so that many cookies are no way around that of one.

Who has a page open stays known. Of the others, who was here last is remembered longest.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict

from ..rates import Bucket, Clock
from .bounds import Bounds


class Admission:
    """Rates of the pages that visitors open."""

    def __init__(self, bounds: Bounds, clock: Clock = time.monotonic) -> None:
        self._bounds = bounds
        self._clock = clock
        self._newcomers = Bucket(bounds.newcomers_per_second, bounds.newcomer_burst, clock)
        self._all_known = Bucket(bounds.known_per_second, bounds.known_burst, clock)
        self._pages: Counter[str] = Counter()  # that are connected now, by cookie
        self._present: dict[str, Bucket] = {}  # by cookie: who has a connected page
        self._absent: OrderedDict[str, Bucket] = OrderedDict()  # who had; the last seen is last

    def admits(self, cookie: str) -> bool:
        """Whether a page may be made for this visitor, ``""`` for one without a cookie."""
        bucket = self._present.get(cookie)
        if bucket is None and (bucket := self._absent.get(cookie)):
            self._absent.move_to_end(cookie)
        if bucket is None:
            return self._newcomers.take()
        return bucket.take() and self._all_known.take()

    def arrive(self, cookie: str) -> None:
        """A page of this visitor has connected."""
        self._pages[cookie] += 1
        if cookie not in self._present:
            bounds = self._bounds
            fresh = Bucket(bounds.pages_per_second, bounds.page_burst, self._clock)
            self._present[cookie] = self._absent.pop(cookie, fresh)

    def depart(self, cookie: str) -> None:
        """One of them is not connected any more."""
        self._pages[cookie] -= 1
        if self._pages[cookie] == 0:
            del self._pages[cookie]
            self._absent[cookie] = self._present.pop(cookie)
            if len(self._absent) > self._bounds.visitors:
                self._absent.popitem(last=False)
