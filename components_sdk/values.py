"""Which values may cross between the app and a frame, and in what form.

A type hint is compiled once, when a component class is declared; a type that may not cross is
refused then. The wire form is JSON, with bytes in a binary tail; ``Codec.schema`` describes it and
travels with the mount, for ``web/values.js`` to convert and check by. What decides is this side.

    ==================  ==============================  ==========================================
    Python              on the wire                     in the frame
    ==================  ==============================  ==========================================
    None, bool, str     null, boolean, string           the same; a lone surrogate is refused
    int                 number; beyond 2^53 "decimal"   number; beyond 2^53 BigInt (to 64 bits)
    float               number, "NaN", "Infinity",      number
                        "-Infinity", "-0"
    bytes               index into the tail             Uint8Array
    datetime            RFC 3339 with its offset        Date: milliseconds; back as UTC
    Literal, Enum       the value                       the value
    list[T]             array                           array
    dict[str, T]        object                          object; integer-like keys come first
    dataclass, Struct   object, declared fields only    object; fields with defaults may lack
    T | None            T or null                       T or null
    A | B               [index, A or B]                 A or B, told apart by their kind
    ==================  ==============================  ==========================================

    >>> codec = codec_for(list[int], "StarRating.marks")
    >>> codec.encode(codec.check([1, 2**60]), [])
    [1, '1152921504606846976']
    >>> codec.decode([1, "2"])
    Traceback (most recent call last):
    components_sdk.errors.ValueRefused: Expected int, got str - at $[1]
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, Flag
from typing import Annotated, Any, Literal, Union

import msgspec

from .codec import FORBIDDEN_KEYS, MAX_SAFE, Code, Codec, Kind, Misfit, Tail
from .containers import (
    DictCodec,
    Field,
    ListCodec,
    ObjectCodec,
    OptionalCodec,
    UnionCodec,
)
from .errors import DeclarationError
from .scalars import (
    BoolCodec,
    BytesCodec,
    ChoiceCodec,
    DatetimeCodec,
    FloatCodec,
    IntCodec,
    NoneCodec,
    StrCodec,
    check_text,
)

__all__ = ["Code", "Codec", "Kind", "Tail", "codec_for"]

SUPPORTED = (
    "Supported are None, bool, int, float, str, bytes, datetime, Literal, Enum, list[T], "
    "dict[str, T], dataclasses, msgspec.Struct, and unions of these."
)

_SCALARS: dict[Any, Codec] = {
    types.NoneType: NoneCodec(),
    bool: BoolCodec(),
    int: IntCodec(),
    float: FloatCodec(),
    str: StrCodec(),
    bytes: BytesCodec(),
    datetime: DatetimeCodec(),
}

_INSTEAD: dict[Any, str] = {
    Any: "Name the type; what has none cannot be checked.",
    object: "Name the type; what has none cannot be checked.",
    list: "Say what is in it: list[int].",
    dict: "Say what is in it: dict[str, int].",
    tuple: "Use list[T], or a dataclass with a field for each part.",
    set: "Use list[T].",
    frozenset: "Use list[T].",
    bytearray: "Use bytes; a bytearray is accepted for it.",
    memoryview: "Use bytes; a memoryview is accepted for it.",
    complex: "Use a dataclass with two floats.",
    Decimal: "Use str, which keeps its digits, or float.",
    date: "Use datetime with a zone, or str.",
    time: "Use datetime with a zone, or str.",
    timedelta: "Use float, in seconds.",
    Sequence: "Use list[T].",
    Mapping: "Use dict[str, T].",
}


def codec_for(hint: Any, where: str) -> Codec:
    """Compile a type hint; ``where`` names it in errors, like ``StarRating.points``."""
    return _compile(hint, where, ())


def _compile(hint: Any, where: str, outer: tuple[type, ...]) -> Codec:
    """``outer`` are the classes that ``hint`` is a part of: it may not contain them again."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is None:
        return _SCALARS[types.NoneType]
    if isinstance(hint, type) and hint in _SCALARS:
        return _SCALARS[hint]
    if origin is Annotated:
        if any(isinstance(extra, msgspec.Meta) for extra in args[1:]):
            # ignored, it would look like a limit that holds
            raise _refused(hint, where, "Limits by msgspec.Meta are not supported yet; drop it.")
        return _compile(args[0], where, outer)
    if origin is Literal:
        return _literal(hint, args, where)
    if origin in (Union, types.UnionType):
        return _union(hint, args, where, outer)
    if origin is list and args:
        return ListCodec(_compile(args[0], f"{where}[]", outer))
    if origin is dict and args:
        if args[0] is not str:
            raise _refused(hint, where, "Keys must be str: dict[str, T].")
        return DictCodec(_compile(args[1], f"{where}{{}}", outer))
    if isinstance(hint, type) and origin is None:
        if issubclass(hint, Enum):
            return _enum(hint, where)
        if issubclass(hint, msgspec.Struct) or dataclasses.is_dataclass(hint):
            return _object(hint, where, outer)
    raise _refused(hint, where)


def _literal(hint: Any, args: tuple[Any, ...], where: str) -> Codec:
    for value in args:
        if type(value) not in (str, int, bool, types.NoneType):
            raise _refused(hint, where, "Its values must be str, int, bool or None.")
    _check_choices(hint, args, where)
    name = ", ".join(
        json.dumps(value, ensure_ascii=False) if type(value) is str else repr(value)
        for value in args
    )
    return ChoiceCodec(f"Literal[{name}]", {"enum": list(args)}, [(v, v) for v in args])


def _enum(cls: type[Enum], where: str) -> Codec:
    members = list(cls)
    if issubclass(cls, Flag):
        raise _refused(cls, where, "A Flag is a set: use list of an Enum.")
    if not members or any(type(member.value) not in (str, int) for member in members):
        raise _refused(cls, where, "An Enum needs members, with str or int as values.")
    choices = [(member.value, member) for member in members]
    _check_choices(cls, [wire for wire, _ in choices], where)
    schema = {"title": cls.__name__, "enum": [wire for wire, _ in choices]}
    return ChoiceCodec(cls.__name__, schema, choices)


def _check_choices(hint: Any, choices: Sequence[Any], where: str) -> None:
    for value in choices:
        if isinstance(value, int) and abs(value) > MAX_SAFE:
            raise _refused(hint, where, "Its ints must be within 2^53-1, to be JSON numbers.")
        if isinstance(value, str):
            try:
                check_text(value)
            except Misfit as misfit:
                raise _refused(hint, where, misfit.sentence) from None


def _union(hint: Any, args: tuple[Any, ...], where: str, outer: tuple[type, ...]) -> Codec:
    members = [_compile(arg, where, outer) for arg in args if arg is not types.NoneType]
    taken: dict[Kind, Codec] = {}
    for member in members:
        for kind in sorted(member.kinds):
            if kind in taken:
                first = taken[kind]
                raise _refused(
                    hint,
                    where,
                    f"In JavaScript, {first.name} and {member.name} are both of kind {kind}, so "
                    "that a frame could not say which it means: keep one, or give each a field.",
                )
            taken[kind] = member
    inner = members[0] if len(members) == 1 else UnionCodec(members)
    return OptionalCodec(inner) if types.NoneType in args else inner


def _object(cls: type, where: str, outer: tuple[type, ...]) -> Codec:
    if cls in outer:
        raise _refused(cls, where, "A type cannot contain itself: use a list of rows with ids.")
    try:
        hints = typing.get_type_hints(cls, include_extras=True)
    except Exception as error:  # a name that is not there may raise nearly anything
        hint = f"Its annotations do not resolve ({error}); define it and them at module level."
        raise _refused(cls, where, hint) from error
    fields = []
    for name, attribute, required in _declared(cls, hints, where):
        if name in FORBIDDEN_KEYS:
            raise _refused(cls, f"{where}.{name}", "JavaScript gives this name a meaning: rename.")
        codec = _compile(hints[attribute], f"{where}.{name}", (*outer, cls))
        fields.append(Field(name, attribute, codec, required))
    return ObjectCodec(cls, fields)


def _declared(cls: Any, hints: Mapping[str, Any], where: str) -> list[tuple[str, str, bool]]:
    """Each field's name on the wire, its attribute, and whether it is required."""
    if issubclass(cls, msgspec.Struct):
        config = cls.__struct_config__
        if config.tag is not None or config.array_like:
            raise _refused(cls, where, "Drop tag and array_like: they belong to another encoding.")
        return [(f.encode_name, f.name, f.required) for f in msgspec.structs.fields(cls)]
    missing = dataclasses.MISSING
    declared = []
    for f in dataclasses.fields(cls):
        if not f.init:
            raise _refused(cls, f"{where}.{f.name}", "A field with init=False cannot come back.")
        required = f.default is missing and f.default_factory is missing
        declared.append((f.name, f.name, required))
    if any(isinstance(hint, dataclasses.InitVar) for hint in hints.values()):
        raise _refused(cls, where, "An InitVar is not kept, so it cannot cross: make it a field.")
    return declared


def _refused(hint: Any, where: str, instead: str = "") -> DeclarationError:
    name = hint.__qualname__ if isinstance(hint, type) else repr(hint).replace("typing.", "")
    known = typing.get_origin(hint) or hint
    if not instead:
        try:
            instead = f"{_INSTEAD[known]} {SUPPORTED}"
        except (KeyError, TypeError):  # TypeError: a hint that cannot be hashed
            instead = SUPPORTED
    return DeclarationError(
        f"Expected a type that may cross, got {name}",
        code="declaration-type",
        where=where,
        hint=instead,
    )
