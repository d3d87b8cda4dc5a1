"""Component: a Python class that declares what a frontend gets and gives.

    class StarRating(Component):
        label: str                   # an argument: app to component
        max_stars: int = 5
        value: Value[int] = 0        # the lasting value: component to app
        picked: Event[str]           # a one-shot message: component to app

The class knows the types; ``component.toml`` beside its file knows identity, permissions and the
data statement; ``frontend/`` holds the author's JavaScript. A mistake in any of them is an error
when the class is declared, not when a user opens the page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from .contract import Field
from .declaration import Declaration, Event, declare
from .errors import AppError
from .frontend import Inline
from .hints import nearest
from .session import Session, Slot

F = TypeVar("F", bound=Callable[..., object])


class _FieldAccess:
    """Reads and assigns one field of an instance; assigning sends a patch."""

    def __init__(self, field: Field) -> None:
        self._field = field

    def __get__(self, instance: Component | None, owner: type[Component]) -> Any:
        if instance is None:
            return self
        # A copy: changing it in place would change what was checked, and send nothing.
        return self._field.codec.check(instance._slot.values[self._field.name])

    def __set__(self, instance: Component, value: Any) -> None:
        checked = self._field.codec.check(value, f"{type(instance).__name__}.{self._field.name}")
        instance._slot.values[self._field.name] = checked
        if instance._session:
            instance._session.patch(instance._slot, self._field.name)


class Component:
    """Base of all components; see the module's docstring.

    Args:
        args: Every argument without a default, by name; ``value`` sets the value's first state.

    Raises:
        DeclarationError: In the ``class`` statement, when the declaration has a mistake.
        AppError: An argument is missing or unknown.
        ValueRefused: An argument is not of its declared type.
    """

    declaration: ClassVar[Declaration]
    frontend: ClassVar[Inline | None] = None

    _slot: Slot
    _session: Session | None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.declaration = declare(cls, RESERVED)
        contract = cls.declaration.contract
        for field in contract.fields.values():
            setattr(cls, field.name, _FieldAccess(field))
        for field in contract.events.values():
            setattr(cls, field.name, Event(field.name))

    def __init__(self, **args: Any) -> None:
        declaration = type(self).declaration
        given = {**{name: make() for name, make in declaration.defaults.items()}, **args}
        fields = declaration.contract.fields
        owner = type(self).__name__
        if unknown := [name for name in args if name not in fields]:
            raise AppError(
                f"{owner} has no argument {unknown[0]!r}, only {', '.join(fields) or 'none'}",
                code="unknown-argument",
                hint=nearest(unknown[0], fields),
            )
        if missing := [name for name in fields if name not in given]:
            raise AppError(
                f"{owner} needs {', '.join(missing)}",
                code="missing-argument",
                hint=f"Write: {owner}({missing[0]}=…)",
            )
        values = {
            name: field.codec.check(given[name], f"{owner}.{name}")
            for name, field in fields.items()
        }
        object.__setattr__(self, "_slot", Slot(declaration.name, declaration.contract, values))
        object.__setattr__(self, "_session", None)

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse a misspelt field, which Python would otherwise take without a word."""
        contract = type(self).declaration.contract
        if name not in contract.fields:
            owner = type(self).__name__
            raise AppError(
                f"{owner} has no argument {name!r}, only {', '.join(contract.fields) or 'none'}",
                code="unknown-argument",
                hint=f'{name} is an event: use on_event("{name}").'
                if name in contract.events
                else nearest(name, contract.fields),
            )
        object.__setattr__(self, name, value)

    def on_value(self, function: F) -> F:
        """Register a callback (sync or async) that gets each new value. A decorator."""
        if "value" not in type(self).declaration.contract.fields:
            raise AppError(
                f"{type(self).__name__} has no value",
                code="no-value",
                hint="Declare one in the class: value: Value[int] = 0",
            )
        self._slot.on_value.append(function)
        return function

    def on_event(self, event: str | Event[Any]) -> Callable[[F], F]:
        """Register a callback (sync or async) for an event. A decorator with the event's name."""
        if callable(event):
            raise AppError(
                "Expected the name of an event, got a function",
                code="unknown-event",
                hint='Write: @component.on_event("name")',
            )
        name = event.name if isinstance(event, Event) else event
        events = type(self).declaration.contract.events
        if name not in events:
            raise AppError(
                f"{type(self).__name__} has no event {name!r}, only {sorted(events)}",
                code="unknown-event",
                hint=f"Declare it in the class: {name}: Event[str]",
            )

        def register(function: F) -> F:
            self._slot.on_event.setdefault(name, []).append(function)
            return function

        return register

    def attach(self, session: Session, id: str, key: str) -> Slot:
        """Bind this instance to its place on a page. Used by ``Page.add``.

        Raises:
            AppError: The instance is on a page already.
        """
        if self._session is not None:
            raise AppError(
                f"This {type(self).__name__} is on a page already, with key {self._slot.key!r}",
                code="added-twice",
                hint="Make a new instance for each place on a page, inside the page function.",
            )
        object.__setattr__(self, "_session", session)
        self._slot.id, self._slot.key = id, key
        return self._slot

    def detach(self) -> None:
        """Free this instance from its place. Used by ``Page.remove``."""
        object.__setattr__(self, "_session", None)


RESERVED = frozenset(dir(Component)) | {"declaration"}
