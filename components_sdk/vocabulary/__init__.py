"""Everything that browsers can be told about a frame, as one table.

Each sandbox token, CSP directive and Permissions-Policy feature that Chromium, Firefox or WebKitGTK
knows stands here once: what it means, where it is specified, what each engine was seen to do, and,
where we neither send nor give it, why. What a permission opens stands in permissions.py; the two
together are ``docs/policies.md``.

    >>> WORDS["token", "allow-top-navigation"].never
    'The tab could go to a copy of the app that asks for a password, or carry data to any server. \
The app navigates itself, on a typed event.'
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .directives import DIRECTIVES
from .features import FEATURES
from .headers import ATTRIBUTES, GAPS, HEADERS
from .tokens import TOKENS
from .words import MEASURED, TITLES, Engines, Kind, Limit, State, Word

__all__ = [
    "MEASURED",
    "TABLE",
    "TITLES",
    "WORDS",
    "Engines",
    "Kind",
    "Limit",
    "State",
    "Word",
    "words",
]

TABLE: tuple[Word, ...] = (*TOKENS, *ATTRIBUTES, *DIRECTIVES, *HEADERS, *FEATURES, *GAPS)
WORDS: Mapping[tuple[Kind, str], Word] = MappingProxyType(
    {(word.kind, word.name): word for word in TABLE}
)


def words(kind: Kind) -> tuple[Word, ...]:
    """All of one kind, in the order of the table."""
    return tuple(word for word in TABLE if word.kind == kind)
