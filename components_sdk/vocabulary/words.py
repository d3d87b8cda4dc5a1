"""One thing that a browser can be told: what it means, and which engine listens.

What an engine does is measured (``tests/test_enforcement.py``), each probe with a control:

    enforced     with it the thing failed, without it the same thing succeeded
    known        the engine itself says that it knows the word; whether it acts on it is not said
    ignored      it made no difference, or the engine says that it does not know the word
    unmeasured   nothing here can show the difference; ``limit`` or the test says why

``MEASURED`` tells the versions; WebKitGTK is not Safari. Engines change: where a test of ours says
otherwise, the test is right.
"""

from __future__ import annotations

from typing import Literal

import msgspec

TITLES = {"chromium": "Chromium", "firefox": "Firefox", "webkitgtk": "WebKitGTK"}
"""The engines as people call them, by the names that data has."""

MEASURED = "Chromium 156, Firefox ESR 153, WebKitGTK 2.50"

Kind = Literal["permission", "token", "attribute", "directive", "feature", "header", "gap"]
State = Literal["enforced", "known", "ignored", "unmeasured"]


class Engines(msgspec.Struct, frozen=True):
    """What each engine does with a word."""

    chromium: State
    firefox: State
    webkitgtk: State


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine does otherwise than told; empty where nothing is known."""

    chromium: str = ""
    firefox: str = ""
    webkitgtk: str = ""

    def __str__(self) -> str:
        told = zip(TITLES.values(), msgspec.structs.astuple(self), strict=True)
        return "; ".join(f"{title}: {sentence}" for title, sentence in told if sentence)


class Word(msgspec.Struct, frozen=True):
    """One sandbox token, directive, feature, attribute or header; or a gap that none closes.

    Attributes:
        meaning: In one sentence, for people.
        source: Where the specifications define it.
        engines: What was measured; ``None`` where a word is not of the kind that is probed.
        never: Why we neither send nor give it; empty if we do.
        limit: What an engine does otherwise than told.
        default_on: A feature that some engine has on in every frame unless the frame's ``allow``
            denies it.
    """

    kind: Kind
    name: str
    meaning: str
    source: str
    engines: Engines | None = None
    never: str = ""
    limit: Limit = Limit()
    default_on: bool = False


ENFORCED = Engines("enforced", "enforced", "enforced")
KNOWN = Engines("known", "known", "known")
