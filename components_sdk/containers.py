"""The codecs of values that hold others: lists, dicts, objects, and unions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any, NamedTuple, NoReturn

import msgspec

from .codec import (
    FORBIDDEN_KEYS,
    Codec,
    Misfit,
    Tail,
    kind_of,
    step,
    type_name,
)
from .scalars import check_text


class ListCodec(Codec):
    __slots__ = ("items",)

    def __init__(self, items: Codec) -> None:
        schema = {"type": "array", "items": items.schema}
        super().__init__(f"list[{items.name}]", schema, ("array",), plain=items.plain)
        self.items = items

    def fit(self, value: Any) -> list[Any]:
        if not isinstance(value, list):
            self.refuse(value)
        return self._each(self.items.fit, value)

    def to_wire(self, value: list[Any], tail: list[bytes]) -> list[Any]:
        encode = self.items.to_wire
        return [encode(item, tail) for item in value]

    def from_wire(self, wire: Any, tail: Tail) -> list[Any]:
        if type(wire) is not list:
            self.refuse(wire)
        return self._each(lambda item: self.items.from_wire(item, tail), wire)

    @staticmethod
    def _each(convert: Callable[[Any], Any], items: list[Any]) -> list[Any]:
        done: list[Any] = []
        try:
            for item in items:
                done.append(convert(item))  # its length is the failing index
        except Misfit as misfit:
            misfit.steps.append(f"[{len(done)}]")
            raise
        return done


class DictCodec(Codec):
    __slots__ = ("values",)

    def __init__(self, values: Codec) -> None:
        schema = {"type": "object", "additionalProperties": values.schema}
        super().__init__(f"dict[str, {values.name}]", schema, ("object",), plain=values.plain)
        self.values = values

    def fit(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.refuse(value)
        return self._each(self.values.fit, value)

    def to_wire(self, value: dict[str, Any], tail: list[bytes]) -> dict[str, Any]:
        encode = self.values.to_wire
        return {key: encode(item, tail) for key, item in value.items()}

    def from_wire(self, wire: Any, tail: Tail) -> dict[str, Any]:
        if type(wire) is not dict:
            self.refuse(wire)
        return self._each(lambda item: self.values.from_wire(item, tail), wire)

    @staticmethod
    def _each(convert: Callable[[Any], Any], items: dict[Any, Any]) -> dict[str, Any]:
        done: dict[str, Any] = {}
        for key, item in items.items():
            if not isinstance(key, str):
                raise Misfit(f"Expected str as key, got {type_name(key)}", "value-key")
            check_text(key)
            if key in FORBIDDEN_KEYS:
                hint = "JavaScript gives these names a meaning; choose another key."
                raise Misfit(f"Expected another key than {key}, got it", "value-key", hint)
            try:
                done[str.__str__(key)] = convert(item)
            except Misfit as misfit:
                misfit.steps.append(step(key))
                raise
        return done


class Field(NamedTuple):
    """One field of a dataclass or Struct; ``name`` is its name on the wire."""

    name: str
    attribute: str
    codec: Codec
    required: bool


class ObjectCodec(Codec):
    """A dataclass or msgspec.Struct: exactly the declared fields."""

    __slots__ = ("_cls", "_fields", "_names", "_set")

    def __init__(self, cls: type, fields: Sequence[Field]) -> None:
        schema = {
            "type": "object",
            "title": cls.__name__,
            "properties": {field.name: field.codec.schema for field in fields},
            "required": [field.name for field in fields if field.required],
            "additionalProperties": False,
        }
        super().__init__(cls.__name__, schema, ("object",))
        self._cls = cls
        self._fields = tuple(fields)
        self._names = frozenset(field.name for field in fields)
        self._set: Callable[[Any, str, Any], None] = object.__setattr__
        if issubclass(cls, msgspec.Struct):
            self._set = msgspec.structs.force_setattr  # also where it is frozen

    def fit(self, value: Any) -> Any:
        if type(value) is not self._cls:  # a subclass's own fields would be lost without a word
            self.refuse(value)
        done = copy(value)  # not a new one: __post_init__ has run, and need not bear a second time
        for name, attribute, codec, _ in self._fields:
            try:
                self._set(done, attribute, codec.fit(getattr(value, attribute)))
            except Misfit as misfit:
                misfit.steps.append(step(name))
                raise
        return done

    def to_wire(self, value: Any, tail: list[bytes]) -> dict[str, Any]:
        return {
            name: codec.to_wire(getattr(value, attribute), tail)
            for name, attribute, codec, _ in self._fields
        }

    def from_wire(self, wire: Any, tail: Tail) -> Any:
        if type(wire) is not dict:
            self.refuse(wire)
        for key in wire:
            if key not in self._names:
                self._unknown(key)
        done: dict[str, Any] = {}
        for name, attribute, codec, required in self._fields:
            try:
                if name in wire:
                    done[attribute] = codec.from_wire(wire[name], tail)
                elif required:
                    raise Misfit(f"Expected {codec.name}, got nothing", "value-missing")
            except Misfit as misfit:
                misfit.steps.append(step(name))
                raise
        try:
            return self._cls(**done)
        except Exception as error:  # its __post_init__ may raise anything; the sender is hostile
            sentence = f"Expected {self._cls.__name__}, got values that it refuses"
            raise Misfit(sentence, "value-range") from error

    def _unknown(self, key: object) -> NoReturn:
        name = self._cls.__name__
        hint = f"{name} has {', '.join(field.name for field in self._fields) or 'no fields'}."
        sentence = f"Expected a field of {name}, got an unknown one"
        misfit = Misfit(sentence, "value-unknown-field", hint)
        misfit.steps.append(step(str(key)))
        raise misfit


class OptionalCodec(Codec):
    """A type or None: the plain wire form, or null."""

    __slots__ = ("inner",)

    def __init__(self, inner: Codec) -> None:
        name = f"{inner.name} | None"
        super().__init__(
            name,
            {"anyOf": [inner.schema, {"type": "null"}]},
            inner.kinds | {"null"},
            plain=inner.plain,
        )
        self.inner = copy(inner)
        self.inner.name = name  # so that its refusals say that None is welcome too

    def fit(self, value: Any) -> Any:
        return self._or_none(value, self.inner.fit)

    def to_wire(self, value: Any, tail: list[bytes]) -> Any:
        return None if value is None else self.inner.to_wire(value, tail)

    def from_wire(self, wire: Any, tail: Tail) -> Any:
        return self._or_none(wire, lambda wire: self.inner.from_wire(wire, tail))

    def _or_none(self, value: Any, convert: Callable[[Any], Any]) -> Any:
        return None if value is None else convert(value)


class UnionCodec(Codec):
    """Several types: ``[index, wire form]``, by declared type and never by what data looks like."""

    __slots__ = ("_index", "members")

    def __init__(self, members: Sequence[Codec]) -> None:
        pairs = [
            {
                "type": "array",
                "prefixItems": [{"const": index}, member.schema],
                "items": False,
                "minItems": 2,
            }
            for index, member in enumerate(members)
        ]
        name = " | ".join(member.name for member in members)
        super().__init__(name, {"oneOf": pairs}, frozenset().union(*(m.kinds for m in members)))
        self.members = tuple(members)
        self._index = {kind: index for index, m in enumerate(members) for kind in m.kinds}

    def fit(self, value: Any) -> Any:
        return self.members[self._choose(value)].fit(value)

    def to_wire(self, value: Any, tail: list[bytes]) -> list[Any]:
        index = self._choose(value)
        return [index, self.members[index].to_wire(value, tail)]

    def from_wire(self, wire: Any, tail: Tail) -> Any:
        if type(wire) is not list or len(wire) != 2 or type(wire[0]) is not int:
            self.refuse(wire)
        index, inner = wire
        if not 0 <= index < len(self.members):
            self.refuse(wire)
        return self.members[index].from_wire(inner, tail)

    def _choose(self, value: object) -> int:
        index = self._index.get(kind_of(value))
        return self.refuse(value) if index is None else index
