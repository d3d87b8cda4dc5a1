"""Component classes and a page-side peer that several tests use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from components_sdk import Component, Event, Inline, Value
from components_sdk.framing import Head, Limits, pack, unpack
from components_sdk.wire import ToPage

DRAWS_NOTHING = "export default function () {}"


@dataclass(frozen=True)
class Point:
    x: int
    y: int = 0


class Dial(Component):
    """An inline component with one of everything."""

    label: str
    marks: list[int]
    step: float = 0.5
    value: Value[int] = 0
    turned: Event[Point]
    frontend = Inline(js=DRAWS_NOTHING)


def sent(*messages: Any, tail: list[bytes] | None = None) -> bytes:
    """What a page would send."""
    return pack(list(messages), tail or [])


def received(data: bytes | None) -> list[Any]:
    """What a page would read, as messages."""
    return [] if data is None else unpack(data, ToPage, Limits()).messages


def raw_batch(head: Any) -> bytes:
    """A batch with any JSON as its head."""
    text = head if isinstance(head, bytes) else msgspec.json.encode(head)
    text += b" " * (-len(text) % 8)
    return b"CSK1" + len(text).to_bytes(4, "little") + text


__all__ = ["DRAWS_NOTHING", "Dial", "Head", "Point", "raw_batch", "received", "sent"]
