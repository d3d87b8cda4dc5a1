"""wire.py -> wire.d.ts: the runtimes are type-checked against the messages as they are.

python -m components_sdk.typegen > components_sdk/web/wire.d.ts
"""

from __future__ import annotations

import inspect
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from . import wire

_SCALARS = {
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
    Any: "unknown",
    msgspec.Raw: "unknown",
}
_ALIASES = {
    "Theme": wire.Theme,
    "FailureCode": wire.FailureCode,
    "ElementKind": wire.ElementKind,
    "Direction": wire.Direction,
}
_UNIONS = {
    "FromPage": wire.FromPage,
    "ToPage": wire.ToPage,
    "FromFrame": wire.FromFrame,
    "ToFrame": wire.ToFrame,
}


def declarations() -> str:
    """The text of ``wire.d.ts``."""
    lines = ["// Generated from wire.py by `python -m components_sdk.typegen`. Do not edit.", ""]
    for name, alias in _ALIASES.items():
        lines += [f"export type {name} = {' | '.join(map(_literal, get_args(alias)))};", ""]
    for message in _messages():
        lines += _interface(message)
    for name, union in _UNIONS.items():
        members = " | ".join(member.__name__ for member in get_args(union))
        lines += [f"export type {name} = {members};", ""]
    return "\n".join(lines)


def _messages() -> list[type[msgspec.Struct]]:
    members = [member for union in _UNIONS.values() for member in get_args(union)]
    return list(dict.fromkeys([*members, wire.Hello, wire.Port, wire.MissingGrant, wire.Row]))


def _interface(message: type[msgspec.Struct]) -> list[str]:
    doc = inspect.getdoc(message) or ""
    lines = [f"/** {' '.join(doc.split())} */", f"export interface {message.__name__} {{"]
    if tag := message.__struct_config__.tag:
        lines.append(f'  type: "{tag}";')
    for name, hint in get_type_hints(message, include_extras=True).items():
        lines.append(f"  {name}: {typescript(hint)};")
    return [*lines, "}", ""]


def typescript(hint: Any) -> str:
    """One type hint of the wire as a TypeScript type.

    Raises:
        TypeError: The wire does not use such a type yet.
    """
    for name, alias in _ALIASES.items():
        if hint == alias:
            return name
    if hint in _SCALARS:
        return _SCALARS[hint]
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return typescript(args[0])
    if origin is list:
        return f"{typescript(args[0])}[]"
    if origin is dict:
        return f"Record<string, {typescript(args[1])}>"
    if origin is Literal:
        return " | ".join(map(_literal, args))
    if origin in (Union, types.UnionType):
        return " | ".join(map(typescript, args))
    if inspect.isclass(hint) and issubclass(hint, msgspec.Struct):
        return hint.__name__
    raise TypeError(f"Expected a type that the wire uses, got {hint!r}")


def _literal(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


if __name__ == "__main__":
    print(declarations(), end="")
