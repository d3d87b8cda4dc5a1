"""Sanitisers: libraries that reduce markup to a short list, behind one narrow function.

What they answer is not trusted: markup.py reads it again and writes every tag itself.

    sanitise("bleach", "<b>bold</b><script>…")
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import cache
from typing import Literal, TypeAlias, get_args

from .errors import AppError

Sanitiser: TypeAlias = Literal["bleach", "nh3"]
SANITISERS: tuple[Sanitiser, ...] = get_args(Sanitiser)

TAGS = frozenset(
    {"a", "abbr", "b", "blockquote", "br", "code", "del", "em", "hr", "i", "kbd", "li", "ol", "p"}
    | {"pre", "s", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul"}
    | {f"h{level}" for level in range(1, 7)}
)
ATTRIBUTES = {"a": ["href", "title"], "abbr": ["title"], "ol": ["start"]}
SCHEMES = frozenset({"https", "http", "mailto"})


def known(name: str) -> Sanitiser:
    """The sanitiser of this name.

    Raises:
        AppError: There is none, or its package is not installed.
    """
    for sanitiser in SANITISERS:
        if name == sanitiser:
            if importlib.util.find_spec(sanitiser) is None:
                raise AppError(
                    f"The sanitiser {sanitiser} is not installed",
                    code="sanitiser",
                    hint=f"pip install 'components-sdk[{sanitiser}]'",
                )
            return sanitiser
    raise AppError(f"Expected one of {', '.join(SANITISERS)}, got {name!r:.80}", code="sanitiser")


def sanitise(name: Sanitiser, markup: str) -> str:
    """Reduce ``markup`` to the listed tags, attributes and schemes."""
    return _made(name)(markup)


@cache
def _made(name: Sanitiser) -> Callable[[str], str]:
    return _bleach() if known(name) == "bleach" else _nh3()


def _bleach() -> Callable[[str], str]:
    import bleach

    def clean(markup: str) -> str:
        # A Cleaner is not safe to share between threads, and cheap beside what it does.
        return str(
            bleach.clean(
                markup, tags=TAGS, attributes=ATTRIBUTES, protocols=SCHEMES, strip_comments=True
            )
        )

    return clean


def _nh3() -> Callable[[str], str]:
    import nh3

    cleaner = nh3.Cleaner(
        tags=set(TAGS),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        url_schemes=set(SCHEMES),
        strip_comments=True,
        link_rel=None,  # markup.py writes it
    )
    return cleaner.clean
