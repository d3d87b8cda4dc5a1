"""What a codec is: it checks the values of one type, writes them to the wire and reads them back.

The rules:

1. ``check`` takes what the app's own code gave, and answers a copy that nobody else can change.
2. ``encode`` takes a checked value and answers what ``msgspec.json.encode`` can write; bytes go to
   the tail, and their index stands in their place.
3. ``decode`` takes anything at all. It answers a value of the declared type or raises
   ``ValueRefused``; nothing else escapes. Every value has one wire form and no other is read.
4. The depth of a walk is the depth of the type, and types are not recursive: no value, however
   deep or cyclic, can overflow the stack.
5. A message names types and fields, never the value: it may be the user's secret.

The codecs are in ``scalars.py`` and ``containers.py``; ``values.codec_for`` chooses among them.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum
from types import NoneType
from typing import Any, Literal, NoReturn, TypeAlias

from .errors import ValueRefused

Code: TypeAlias = Literal[
    "value-type",  # not of the declared type
    "value-range",  # of the type, but outside of what can cross: 64 bits, years, a zone
    "value-text",  # a str with a lone surrogate
    "value-key",  # a dict key that is not a str, or is one of FORBIDDEN_KEYS
    "value-missing",  # a field without a default was left out
    "value-unknown-field",  # a field that the type does not have
    "value-buffer",  # a buffer of the tail that is not there, used twice, or not used
    "value-size",  # too many nodes or bytes; only raised by values.js (here the message is bounded)
]

Kind: TypeAlias = Literal["null", "boolean", "number", "string", "bytes", "date", "array", "object"]
"""What JavaScript can tell apart: the members of a union must differ in it."""

MAX_SAFE = 2**53 - 1  # the largest int that every JSON parser reads exactly
FORBIDDEN_KEYS = frozenset({"__proto__", "constructor", "prototype"})  # pollution, in JavaScript

Schema: TypeAlias = dict[str, Any]  # JSON Schema 2020-12 of the wire form
Buffer: TypeAlias = bytes | memoryview


class Misfit(Exception):  # noqa: N818 - not an error yet: a refusal on its way up
    """A refusal on its way up; each container adds its step, so that success builds no path."""

    def __init__(self, sentence: str, code: Code = "value-type", hint: str = "") -> None:
        self.sentence, self.code, self.hint = sentence, code, hint
        self.steps: list[str] = []

    def refused(self, path: str) -> ValueRefused:
        where = path + "".join(reversed(self.steps))
        return ValueRefused(self.sentence, code=self.code, where=where, hint=self.hint)


def step(key: str) -> str:
    """One step of a path: ``.x``, or ``["a b"]`` in ASCII and short, for the key may be hostile."""
    if key.isascii() and key.isidentifier() and len(key) <= 40:
        return f".{key}"
    return f"[{json.dumps(key if len(key) <= 40 else key[:40] + '...')}]"


class Tail:
    """The buffers of one message: each is taken exactly once.

    ``decode`` makes one by itself. Make your own where several values share a message, and call
    ``finish`` after the last.
    """

    __slots__ = ("_buffers",)

    def __init__(self, buffers: Sequence[Buffer]) -> None:
        self._buffers: list[Buffer | None] = list(buffers)

    def take(self, index: int) -> bytes:
        if not 0 <= index < len(self._buffers):
            raise Misfit("Expected bytes, got the index of no buffer", "value-buffer")
        buffer = self._buffers[index]
        if buffer is None:
            raise Misfit("Expected bytes, got a buffer that was used before", "value-buffer")
        self._buffers[index] = None
        return bytes(buffer)

    def finish(self, path: str = "$") -> None:
        """Refuse a message with a buffer that no value used."""
        left = sum(buffer is not None for buffer in self._buffers)
        if left:
            sentence = f"Expected no more buffers, got {left} that no value uses"
            raise ValueRefused(sentence, code="value-buffer", where=path)


class Codec(ABC):
    """Checks, encodes and decodes the values of one type.

    Attributes:
        name: The type as messages name it: ``list[int]``, ``Point``, ``str | None``.
        schema: JSON Schema of the wire form.
        kinds: What its values are in JavaScript.
        plain: The wire form is the checked value itself.
    """

    __slots__ = ("kinds", "name", "plain", "schema")

    def __init__(
        self, name: str, schema: Schema, kinds: Iterable[Kind], *, plain: bool = False
    ) -> None:
        self.name = name
        self.schema = schema
        self.kinds = frozenset(kinds)
        self.plain = plain

    def check(self, value: Any, path: str = "$") -> Any:
        """A value from the app's own code, validated, as a copy of its own."""
        try:
            return self.fit(value)
        except Misfit as misfit:
            raise misfit.refused(path) from misfit.__cause__

    def encode(self, value: Any, tail: list[bytes]) -> Any:
        """The wire form of a checked value; appends its buffers to ``tail``."""
        return value if self.plain else self.to_wire(value, tail)

    def decode(self, wire: Any, tail: Sequence[Buffer] | Tail = (), path: str = "$") -> Any:
        """The value of a wire form from an untrusted sender."""
        own = tail if isinstance(tail, Tail) else Tail(tail)
        try:
            value = self.from_wire(wire, own)
        except Misfit as misfit:
            raise misfit.refused(path) from misfit.__cause__
        if own is not tail:
            own.finish(path)
        return value

    # What codecs call on one another. They raise Misfit.

    @abstractmethod
    def fit(self, value: Any) -> Any: ...

    @abstractmethod
    def to_wire(self, value: Any, tail: list[bytes]) -> Any: ...

    @abstractmethod
    def from_wire(self, wire: Any, tail: Tail) -> Any: ...

    def refuse(self, value: object) -> NoReturn:
        raise Misfit(f"Expected {self.name}, got {type_name(value)}")


def type_name(value: object) -> str:
    return "None" if value is None else type(value).__name__


_KINDS: dict[type, Kind] = {
    NoneType: "null",
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    bytes: "bytes",
    bytearray: "bytes",
    memoryview: "bytes",
    datetime: "date",
    list: "array",
}


def kind_of(value: object) -> Kind:
    """What a Python value would be in JavaScript; everything else there is an object."""
    if isinstance(value, Enum):
        value = value.value
    for base in type(value).__mro__:
        if base in _KINDS:
            return _KINDS[base]
    return "object"
