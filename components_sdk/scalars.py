"""The codecs of single values: None, bool, int, float, str, bytes, datetime, and choices."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NoReturn

from .codec import MAX_SAFE, Codec, Misfit, Schema, Tail, kind_of, type_name

MIN_INT64, MAX_INT64 = -(2**63), 2**63 - 1


class NoneCodec(Codec):
    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("None", {"type": "null"}, ("null",), plain=True)

    def fit(self, value: Any) -> None:
        if value is not None:
            self.refuse(value)

    def to_wire(self, value: Any, tail: list[bytes]) -> None:
        return None

    def from_wire(self, wire: Any, tail: Tail) -> None:
        self.fit(wire)


class BoolCodec(Codec):
    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("bool", {"type": "boolean"}, ("boolean",), plain=True)

    def fit(self, value: Any) -> bool:
        return value if value is True or value is False else self.refuse(value)

    def to_wire(self, value: Any, tail: list[bytes]) -> Any:
        return value

    def from_wire(self, wire: Any, tail: Tail) -> bool:
        return self.fit(wire)


class IntCodec(Codec):
    """A JSON number up to 2^53-1, beyond it a decimal string, as in ProtoJSON."""

    __slots__ = ()
    _DECIMAL = re.compile(r"-?[1-9][0-9]{15,18}", re.ASCII)

    def __init__(self) -> None:
        super().__init__("int", {"type": ["integer", "string"], "format": "int64"}, ("number",))

    def fit(self, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            self.refuse(value)
        number: int = int.__index__(value)  # a plain int, of an IntEnum too
        if not MIN_INT64 <= number <= MAX_INT64:
            hint = "Send larger numbers as str."
            raise Misfit("Expected int, got one beyond 64 bits", "value-range", hint)
        return number

    def to_wire(self, value: int, tail: list[bytes]) -> int | str:
        return value if -MAX_SAFE <= value <= MAX_SAFE else str(value)

    def from_wire(self, wire: Any, tail: Tail) -> int:
        if type(wire) is int:
            if -MAX_SAFE <= wire <= MAX_SAFE:
                return wire
            raise Misfit("Expected int, got a number beyond 2^53", "value-range")
        if type(wire) is str and self._DECIMAL.fullmatch(wire):
            value = self.fit(int(wire))
            if not -MAX_SAFE <= value <= MAX_SAFE:
                return value
        return self.refuse(wire)


class FloatCodec(Codec):
    """A JSON number, or a word for what JSON cannot say."""

    __slots__ = ()
    _WORDS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity", "-0.0": "-0"}  # by repr
    _VALUES = {word: float(text) for text, word in _WORDS.items()}

    def __init__(self) -> None:
        super().__init__("float", {"type": ["number", "string"], "format": "double"}, ("number",))

    def fit(self, value: Any) -> float:
        if isinstance(value, float):
            return float.__float__(value)  # a plain float, of a numpy.float64 too
        if not isinstance(value, int) or isinstance(value, bool):
            self.refuse(value)
        result = self._from_int(value)
        if result != value:
            sentence = "Expected float, got an int that no float equals"
            raise Misfit(sentence, "value-range", "Call float() on it, if rounding is right here.")
        return result

    def to_wire(self, value: float, tail: list[bytes]) -> float | str:
        if value and math.isfinite(value):
            return value
        return self._WORDS.get(repr(value), value)

    def from_wire(self, wire: Any, tail: Tail) -> float:
        if type(wire) is float:
            return wire
        if type(wire) is int:  # rounded: JavaScript writes 2^69 as 590295810358705700000
            return self._from_int(wire)
        if type(wire) is str and wire in self._VALUES:
            return self._VALUES[wire]
        return self.refuse(wire)

    @staticmethod
    def _from_int(value: int) -> float:
        try:
            return float(value)
        except OverflowError:
            raise Misfit("Expected float, got an int beyond its range", "value-range") from None


class StrCodec(Codec):
    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("str", {"type": "string"}, ("string",), plain=True)

    def fit(self, value: Any) -> str:
        if not isinstance(value, str):
            self.refuse(value)
        check_text(value)
        return str.__str__(value)  # a plain str, of a StrEnum too

    def to_wire(self, value: str, tail: list[bytes]) -> str:
        return value

    def from_wire(self, wire: Any, tail: Tail) -> str:
        return self.fit(wire)


def check_text(text: str) -> None:
    """Refuse half a character: UTF-8 has no form for it."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            hint = "It was cut inside a character, or was no text to begin with: send bytes."
            raise Misfit("Expected str, got a lone surrogate in it", "value-text", hint) from None


class BytesCodec(Codec):
    """The index of a buffer in the tail."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("bytes", {"type": "integer", "format": "bytes"}, ("bytes",))

    def fit(self, value: Any) -> bytes:
        if type(value) is bytes:
            return value
        if not isinstance(value, bytes | bytearray | memoryview):
            self.refuse(value)
        return bytes(value)

    def to_wire(self, value: bytes, tail: list[bytes]) -> int:
        tail.append(value)
        return len(tail) - 1

    def from_wire(self, wire: Any, tail: Tail) -> bytes:
        return tail.take(wire) if type(wire) is int else self.refuse(wire)


class DatetimeCodec(Codec):
    """RFC 3339. A datetime without a zone names no instant, so it cannot become a Date."""

    __slots__ = ()
    _RFC3339 = re.compile(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
    )

    def __init__(self) -> None:
        super().__init__("datetime", {"type": "string", "format": "date-time"}, ("date",))

    def fit(self, value: Any) -> datetime:
        if not isinstance(value, datetime):
            self.refuse(value)
        offset = value.utcoffset()
        if not isinstance(offset, timedelta):  # None, or pandas' NaT
            hint = "Attach a zone: datetime.now(UTC), or value.astimezone() for local time."
            raise Misfit("Expected datetime with a zone, got one without", "value-range", hint)
        local = datetime.combine(value.date(), value.time(), timezone(offset)).replace(fold=0)
        try:
            instant = local.astimezone(UTC)
        except OverflowError:
            sentence = "Expected datetime within the years 1 to 9999 in UTC, got one outside"
            raise Misfit(sentence, "value-range") from None
        # RFC 3339 has no seconds in an offset, as local mean times have them
        return local if offset and not offset % timedelta(minutes=1) else instant

    def to_wire(self, value: datetime, tail: list[bytes]) -> str:
        return value.isoformat(timespec="microseconds")

    def from_wire(self, wire: Any, tail: Tail) -> datetime:
        if type(wire) is not str or not self._RFC3339.fullmatch(wire):
            self.refuse(wire)
        try:
            value = datetime.fromisoformat(wire)
        except ValueError:  # the 31st of February
            sentence = "Expected datetime, got a day or time that does not exist"
            raise Misfit(sentence, "value-range") from None
        return self.fit(value)


class ChoiceCodec(Codec):
    """A Literal or an Enum: one of a few str, int, bool or None, told apart by exact type."""

    __slots__ = ("_from", "_to")

    def __init__(self, name: str, schema: Schema, choices: Sequence[tuple[Any, Any]]) -> None:
        """``choices`` are pairs: the wire form, and the value in Python."""
        plain = all(wire is value for wire, value in choices)
        super().__init__(name, schema, {kind_of(wire) for wire, _ in choices}, plain=plain)
        self._from: dict[type, dict[Any, Any]] = {}  # by type, for True == 1
        self._to: dict[type, dict[Any, Any]] = {}
        for wire, value in choices:
            self._from.setdefault(type(wire), {})[wire] = value
            self._to.setdefault(type(value), {})[value] = wire

    def fit(self, value: Any) -> Any:
        known = self._to.get(type(value))
        return value if known is not None and value in known else self.refuse(value)

    def to_wire(self, value: Any, tail: list[bytes]) -> Any:
        return self._to[type(value)][value]

    def from_wire(self, wire: Any, tail: Tail) -> Any:
        known = self._from.get(type(wire))
        return known[wire] if known is not None and wire in known else self.refuse(wire)

    def refuse(self, value: object) -> NoReturn:
        other = "another " if type(value) in self._to or type(value) in self._from else ""
        raise Misfit(f"Expected {self.name}, got {other}{type_name(value)}")
