"""Which links may stand in cleaned markup. No parser or sanitiser is trusted with this.

Rules:
1. ``https://host``, ``http://host`` and ``mailto:`` lead out of the app.
2. A reference without a scheme stays in the app: ``/reports``, ``reports?year=1``, ``#top``.
3. What a browser might read in another way than we do is no link at all: control characters, white
   space, backslashes, invisible characters, entities that were escaped twice, ``//host``, a user
   name in front of the host, and anything longer than ``MAX_URL``.

    >>> safe("https://example.org/"), safe("java\\tscript:alert(1)"), safe("//example.org")
    ('https://example.org/', None, None)
"""

from __future__ import annotations

import html
import re
import unicodedata

MAX_URL = 2_048  # characters

_WEB = re.compile(r"https?://[^/?#@:\[\]]+(:[0-9]{1,5})?(?P<rest>[/?#].*)?\Z", re.I)
_MAIL = re.compile(r"mailto:[^/?#@]+@[^/?#@]+(\?.*)?\Z", re.I)
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp")  # Unicode's categories


def safe(url: str) -> str | None:
    """The link as it may be written, or None if it is to be none."""
    url = url.strip(" \t\r\n\f")
    if not url or len(url) > MAX_URL:
        return None
    if "\\" in url or any(unicodedata.category(character) in _INVISIBLE for character in url):
        return None
    # What looks like an entity now was escaped twice: one more decoding must not make a scheme.
    for reading in (url, html.unescape(url), unicodedata.normalize("NFKC", html.unescape(url))):
        if not (leads_out(reading) or _stays(reading)):
            return None
    return url


def leads_out(url: str) -> bool:
    """Whether it is a whole address of a permitted scheme."""
    return bool(_WEB.match(url) or _MAIL.match(url))


def _stays(url: str) -> bool:
    path = re.split(r"[?#]", url, maxsplit=1)[0]
    return ":" not in path and not path.startswith("//") and "\\" not in path
