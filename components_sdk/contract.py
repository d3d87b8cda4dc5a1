"""Contract: what may cross between an app and one component, by name and declared type."""

from __future__ import annotations

import msgspec

from .values import Codec


class Field(msgspec.Struct, frozen=True):
    """One argument, value or event."""

    name: str
    codec: Codec


class Contract(msgspec.Struct, frozen=True):
    """The declared types of one component."""

    args: dict[str, Field]
    value: Field | None
    events: dict[str, Field]

    def field(self, name: str) -> Field:
        """The argument of this name, or the value."""
        return self.value if self.value and name == "value" else self.args[name]

    def fields(self) -> list[Field]:
        """Everything that goes to the component: the arguments, and the value if there is one."""
        return [*self.args.values(), *([self.value] if self.value else [])]
