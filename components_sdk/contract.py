"""Contract: what may cross between an app and one component, by name and declared type."""

from __future__ import annotations

import msgspec

from .values import Codec


class Field(msgspec.Struct, frozen=True):
    """One argument, value or event."""

    name: str
    codec: Codec


class Contract(msgspec.Struct, frozen=True):
    """The declared types of one component.

    Attributes:
        fields: All that goes to the component: its arguments, and ``"value"`` if it has one.
        events: What it may emit.
    """

    fields: dict[str, Field]
    events: dict[str, Field]
