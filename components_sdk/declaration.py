"""Declaration: what a component class and the files beside it say, read and checked once.

Two names mark annotations: ``Value[int]`` is the lasting value, ``Event[str]`` a one-shot message;
everything else is an argument. A mistake raises ``DeclarationError`` here, when the class is
declared: an unsupported type, a mutable default, a name that ``Component`` uses itself, a missing
frontend, a frontend outside its folder.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from collections.abc import Callable, Collection
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import (
    Annotated,
    Any,
    ClassVar,
    Generic,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from . import manifest as manifests
from .contract import Contract, Field
from .errors import DeclarationError, ValueRefused
from .frontend import Frontend, Inline, from_folder, from_inline
from .manifest import DataStatement, Manifest
from .values import codec_for

T = TypeVar("T")


class _ValueMark:
    """Marks the annotation of a lasting value."""


Value = Annotated[T, _ValueMark()]
"""``value: Value[int] = 0`` declares a component's lasting value and its first state."""


class Event(Generic[T]):
    """``picked: Event[str]`` declares a one-shot message of the component.

    On the class and on its instances the name answers the declaration, for ``on_event``.
    """

    def __init__(self, name: str) -> None:
        self.name = name


class Declaration(msgspec.Struct, frozen=True):
    """All that is known of a component class, checked.

    Attributes:
        identity: Tells apart classes that share a name: module and qualified name.
    """

    name: str
    identity: str
    manifest: Manifest
    frontend: Frontend
    contract: Contract
    defaults: dict[str, Callable[[], Any]]


def declare(cls: type[Any], reserved: Collection[str]) -> Declaration:
    """Read a component class, its ``component.toml`` and its frontend.

    Args:
        reserved: Names that are not the author's to use.

    Raises:
        DeclarationError: With what is wrong, where, and how to mend it.
    """
    contract, defaults = _contract(cls, reserved)
    manifest, frontend = _files(cls)
    return Declaration(
        name=manifest.name,
        identity=f"{cls.__module__}.{cls.__qualname__}",
        manifest=manifest,
        frontend=frontend,
        contract=contract,
        defaults=defaults,
    )


# what the class statement says -----------------------------------------------------------------

_IMMUTABLE = (type(None), bool, int, float, str, bytes, datetime, Enum)


def _contract(
    cls: type[Any], reserved: Collection[str]
) -> tuple[Contract, dict[str, Callable[[], Any]]]:
    fields: dict[str, Field] = {}
    events: dict[str, Field] = {}
    defaults: dict[str, Callable[[], Any]] = {}
    for name, hint in _hints(cls).items():
        where = f"{cls.__name__}.{name}"
        _check_name(name, where, reserved)
        if (get_origin(hint) is Event or hint is Event) and name != "value":
            (detail,) = get_args(hint) or (None,)
            events[name] = Field(name, codec_for(detail, where))
            continue
        is_value = any(isinstance(mark, _ValueMark) for mark in getattr(hint, "__metadata__", ()))
        if is_value != (name == "value"):
            raise DeclarationError(
                "Expected the lasting value, and nothing else, to be called value",
                code="value-name",
                where=where,
                hint="Write: value: Value[int] = 0",
            )
        field = Field(name, codec_for(hint, where))
        if name in cls.__dict__:
            defaults[name] = _default(cls.__dict__[name], where, field)
        elif inherited := _inherited(cls, name):
            defaults[name] = _fitting(inherited, where, field)
        fields[name] = field
    return Contract(fields=fields, events=events), defaults


def _lineage(cls: type[Any]) -> list[type[Any]]:
    """The class and the components that it inherits from, nearest first."""
    return [base for base in cls.__mro__ if base is cls or "declaration" in base.__dict__]


def _inherited(cls: type[Any], name: str) -> Callable[[], Any] | None:
    for base in _lineage(cls)[1:]:
        if name in base.declaration.defaults:
            return base.declaration.defaults[name]  # type: ignore[no-any-return]
    return None


def _hints(cls: type[Any]) -> dict[str, Any]:
    own = {name for base in _lineage(cls) for name in inspect.get_annotations(base)}
    try:
        hints = get_type_hints(cls, include_extras=True)
    except NameError as error:
        raise DeclarationError(
            f"Expected a type that is known where the class stands, got {error.name!r}",
            code="unknown-type",
            where=cls.__name__,
            hint="Define or import it at the top of the module, before the class.",
        ) from None
    return {
        name: hint
        for name, hint in hints.items()
        if name in own and get_origin(hint) is not ClassVar and hint is not ClassVar
    }


def _check_name(name: str, where: str, reserved: Collection[str]) -> None:
    if name.startswith("_") or name in reserved:
        raise DeclarationError(
            f"Expected a name of your own, got {name!r}, which Component uses itself",
            code="name-clash",
            where=where,
            hint=f"Call it something else, for example {name.strip('_')}_text.",
        )


def _default(default: Any, where: str, field: Field) -> Callable[[], Any]:
    if isinstance(default, dataclasses.Field):
        make = default.default_factory
        if make is dataclasses.MISSING:
            make = _always(default.default)
    elif isinstance(default, _IMMUTABLE) or _is_frozen(default):
        make = _always(default)
    else:
        raise DeclarationError(
            f"Expected an immutable default, got a {type(default).__name__} that all instances "
            "would share",
            code="mutable-default",
            where=where,
            hint=f"Write: {field.name}: {field.codec.name} = field(default_factory="
            f"{type(default).__name__}), with field from dataclasses.",
        )
    return _fitting(make, where, field)


def _fitting(make: Callable[[], Any], where: str, field: Field) -> Callable[[], Any]:
    try:
        field.codec.check(make(), where)
    except ValueRefused as error:
        raise DeclarationError(
            f"The default does not fit its type: {error.sentence}",
            code="default-type",
            where=error.where,
            hint=f"Give a default that is {field.codec.name}, or none.",
        ) from None
    return make


def _always(value: Any) -> Callable[[], Any]:
    return lambda: value


def _is_frozen(value: Any) -> bool:
    if isinstance(value, msgspec.Struct):
        return value.__struct_config__.frozen
    params = getattr(type(value), "__dataclass_params__", None)
    return bool(params and params.frozen)


# what the files say ----------------------------------------------------------------------------


def _files(cls: type[Any]) -> tuple[Manifest, Frontend]:
    if isinstance(cls.frontend, Inline):
        return _inline_manifest(cls), from_inline(cls.frontend, f"{cls.__name__}.frontend")
    source = getattr(sys.modules.get(cls.__module__), "__file__", None)
    if source is None:
        raise DeclarationError(
            "Expected a class in a file, with component.toml beside it",
            code="no-file",
            where=cls.__name__,
            hint='Give the frontend inline: frontend = Inline(js="…")',
        )
    folder = Path(source).resolve().parent
    if not (folder / "component.toml").is_file():
        raise DeclarationError(
            f"Expected component.toml beside the class {cls.__name__}, found none",
            code="manifest-missing",
            where=str(folder / "component.toml"),
            hint='component new makes one; or give the frontend inline: frontend = Inline(js="…")',
        )
    manifest = manifests.load(folder / "component.toml")
    frontend = (folder / manifest.frontend).resolve()
    if not frontend.is_relative_to(folder) or frontend == folder:
        raise DeclarationError(
            f"Expected a folder inside {folder.name}/, got {manifest.frontend!r}",
            code="frontend-outside",
            where=f"{folder / 'component.toml'}: component.frontend",
            hint='Move it beside component.toml: frontend = "frontend"',
        )
    return manifest, from_folder(frontend)


def _inline_manifest(cls: type[Any]) -> Manifest:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__.strip("_")).replace("_", "-")
    return Manifest(
        name=words.lower()[:40].strip("-"),
        version="0.0.0",
        title=words.replace("-", " ").capitalize(),
        description=(cls.__doc__ or "").strip().partition("\n")[0],
        frontend="",
        requests=(),
        data=DataStatement(
            receives="Its arguments.", returns="Its value and events.", stores="Nothing."
        ),
    )
