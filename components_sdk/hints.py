"""Hints: what somebody may have meant who wrote a name that nobody knows.

>>> nearest("camra", ["camera", "microphone"])
'Did you mean "camera"? Known: camera, microphone.'
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """``Did you mean "camera"? Known: …``, or what is known alone."""
    names = list(known)
    match = difflib.get_close_matches(name.lower(), names, n=1)
    guess = f'Did you mean "{match[0]}"? ' if match else ""
    return f"{guess}Known: {', '.join(names)}."
