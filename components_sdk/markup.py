"""The one door for HTML: whatever reaches the host page as markup went through ``clean``.

>>> str(markdown("*hello* <script>alert(1)</script>"))
'<p><em>hello</em> &lt;script&gt;alert(1)&lt;/script&gt;</p>\\n'
"""

from __future__ import annotations

from typing import NewType

import bleach
from markdown_it import MarkdownIt

MAX_CHARACTERS = 200_000  # of source; html5lib needs about 20 us for each on one core

TAGS = frozenset(
    {"a", "abbr", "b", "blockquote", "br", "code", "del", "em", "hr", "i", "kbd", "li", "ol", "p"}
    | {"pre", "s", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul"}
    | {f"h{level}" for level in range(1, 7)}
)
ATTRIBUTES = {"a": ["href", "title"], "abbr": ["title"], "ol": ["start"]}
SCHEMES = frozenset({"https", "http", "mailto"})


# Raw HTML is off in the renderer as well: two doors, the second one ours.
_renderer = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])

CleanHtml = NewType("CleanHtml", str)
"""Markup that ``clean`` made. The type checker lets nothing else become an element's HTML."""


def clean(markup: str) -> CleanHtml:
    """Keep a short list of tags and attributes; escape everything else.

    Raises:
        ValueError: More than ``MAX_CHARACTERS``.
    """
    if len(markup) > MAX_CHARACTERS:
        raise ValueError(f"Expected at most {MAX_CHARACTERS} characters, got {len(markup)}")
    return _clean(markup)


def _clean(markup: str) -> CleanHtml:
    cleaned = bleach.clean(
        markup, tags=TAGS, attributes=ATTRIBUTES, protocols=SCHEMES, strip_comments=True
    )
    return CleanHtml(cleaned)


def markdown(source: str) -> CleanHtml:
    """Render CommonMark with tables, and clean the result.

    Raises:
        ValueError: More than ``MAX_CHARACTERS``.
    """
    if len(source) > MAX_CHARACTERS:
        raise ValueError(f"Expected at most {MAX_CHARACTERS} characters, got {len(source)}")
    return _clean(_renderer.render(source))
