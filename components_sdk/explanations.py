"""The lines of ``component policy``: what each attribute, directive and header is for."""

from __future__ import annotations

import msgspec

from .permissions import Permission
from .vocabulary import WORDS, Kind, Limit


class Line(msgspec.Struct, frozen=True):
    """One line; ``limit`` is what an engine does otherwise than told."""

    kind: Kind
    name: str
    value: str
    sentence: str
    limit: Limit

    @property
    def engines(self) -> str:
        """The limits as text; empty where nothing is known."""
        return str(self.limit)


def explained(kind: Kind, name: str, value: str) -> Line:
    """A line with its sentence and limits from the vocabulary."""
    word = WORDS[kind, name]
    return Line(kind, name, value, word.meaning, word.limit)


def asked(permission: Permission, value: str) -> Line:
    """A line for a permission, which says what the user is told."""
    return Line("permission", permission.name, value, permission.meaning, permission.limit)
