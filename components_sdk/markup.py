"""The one door for HTML: whatever reaches the host page as markup was written here.

Rules:
1. A sanitiser (see sanitisers.py) reduces the source to a short list of tags and attributes.
2. Its answer is not trusted: it is read by a grammar so small that every parser agrees on it, and
   each tag is written anew, with balance, depth, attributes and links checked. The rest is text.
3. A link out of the app opens a tab of its own, which knows nothing of ours.
4. Everything has a limit. Time has none here: whoever cleans more than ``AT_ONCE`` characters for
   others does so in a process that can be ended (see scrubber.py).

    >>> str(markdown("*hello* <script>alert(1)</script>"))
    '<p><em>hello</em> &lt;script&gt;alert(1)&lt;/script&gt;</p>\\n'
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Literal, NewType

import msgspec
from markdown_it import MarkdownIt

from . import links
from .sanitisers import ATTRIBUTES, TAGS, Sanitiser, sanitise

MAX_CHARACTERS = 200_000  # of source
AT_ONCE = 2_000  # characters of source; of the shapes measured, bleach took at most 58 ms
MAX_OUTPUT = 1_000_000  # characters; each & of a source becomes five
MAX_DEPTH = 100  # tags inside each other; those below it are left out, their text stays
MAX_ATTRIBUTE = 2_048  # characters; a longer one is left out

EMPTY_TAGS = frozenset({"br", "hr"})
LEADS_OUT = ' target="_blank" rel="noopener noreferrer nofollow"'

_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)((?: [a-z]+="[^"]*")*) ?/?>')
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NUMBER = re.compile(r"-?[0-9]{1,9}\Z")

# Raw HTML is off in the renderer as well: two doors, the second one ours.
_renderer = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])

CleanHtml = NewType("CleanHtml", str)
"""Markup that was written here. The type checker lets nothing else become an element's HTML."""


class Source(msgspec.Struct, frozen=True):
    """Text that somebody wrote, and how it is to be read."""

    text: str
    form: Literal["markdown", "html"]
    sanitiser: Sanitiser = "bleach"

    def check(self) -> None:
        """Refuse what is too long to be cleaned.

        Raises:
            ValueError: More than ``MAX_CHARACTERS``.
        """
        if len(self.text) > MAX_CHARACTERS:
            raise ValueError(f"Expected at most {MAX_CHARACTERS} characters, got {len(self.text)}")

    def is_small(self) -> bool:
        """Whether it may be cleaned in the place where others wait."""
        return len(self.text) <= AT_ONCE

    def clean(self) -> CleanHtml:
        """What may be shown of it.

        Raises:
            ValueError: The source or the result is too long.
        """
        self.check()
        markup = _renderer.render(self.text) if self.form == "markdown" else self.text
        written = "".join(_written(sanitise(self.sanitiser, markup)))
        if len(written) > MAX_OUTPUT:
            raise ValueError(
                f"Expected at most {MAX_OUTPUT} characters of HTML, got {len(written)}"
            )
        return CleanHtml(written)


def clean(markup: str, sanitiser: Sanitiser = "bleach") -> CleanHtml:
    """Keep a short list of tags and attributes of HTML; all else becomes text, or nothing.

    Raises:
        ValueError: Too long.
    """
    return Source(markup, "html", sanitiser).clean()


def markdown(source: str, sanitiser: Sanitiser = "bleach") -> CleanHtml:
    """Render CommonMark with tables, and clean the result.

    Raises:
        ValueError: Too long.
    """
    return Source(source, "markdown", sanitiser).clean()


def _written(sanitised: str) -> Iterator[str]:
    """Our own tags in the place of the sanitiser's, and text."""
    opened: list[str] = []  # names of the tags that are open; "" for one that was left out
    begin = 0
    for tag in _TAG.finditer(sanitised):
        yield _text(sanitised[begin : tag.start()])
        begin = tag.end()
        closes, name, attributes = tag.groups()
        if name not in TAGS or (closes and (attributes or name in EMPTY_TAGS)):
            yield _text(tag[0])
        elif name in EMPTY_TAGS:
            yield f"<{name}>"
        elif not closes:
            opened.append(name)
            if len(opened) <= MAX_DEPTH:
                yield f"<{name}{_attributes(name, attributes)}>"
        elif opened and opened[-1] == name:
            if len(opened) <= MAX_DEPTH:
                yield f"</{name}>"
            opened.pop()
    yield _text(sanitised[begin:])
    yield from (f"</{name}>" for name in reversed(opened[:MAX_DEPTH]))


def _text(text: str) -> str:
    # An & stays as it is: in text an entity can only be a character.
    return _CONTROLS.sub("", text).replace("<", "&lt;").replace(">", "&gt;")


def _attributes(tag: str, written: str) -> str:
    kept: dict[str, str] = {}  # the first of a name counts, as in browsers
    for name, escaped in _ATTRIBUTE.findall(written):
        if name in ATTRIBUTES.get(tag, ()) and name not in kept and len(escaped) <= MAX_ATTRIBUTE:
            value = _value(name, html.unescape(escaped))
            if value is not None:
                kept[name] = value
    out = LEADS_OUT if links.leads_out(kept.get("href", "")) else ""
    return "".join(f' {name}="{html.escape(value)}"' for name, value in kept.items()) + out


def _value(attribute: str, value: str) -> str | None:
    match attribute:
        case "href":
            return links.safe(value)
        case "start":
            return value if _NUMBER.match(value) else None
        case _:  # a title, which is text
            return _CONTROLS.sub("", value)
