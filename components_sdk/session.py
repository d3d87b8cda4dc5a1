"""The only gate between the app and what the browser sends.

Rules:
1. ``receive`` takes bytes of a hostile peer and never raises; a refusal is an answer.
2. Nothing reaches a callback that was not decoded by its declared type.
3. Nothing passes, in or out, without a row in the ledger.
4. The session does no I/O and runs no callback: it answers calls, and the server runs them.
5. What the app changes is collected and leaves in one batch; the latest patch of a field wins.

    session = Session("s1", Ledger(), Limits())
    for call in session.receive(data):     # bytes from the socket
        call.function(*call.arguments)
    reply = session.render()               # bytes for the socket, or None
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import Any

import msgspec

from .contract import Contract, Field
from .errors import MessageRefused, Refused
from .framing import Batch, Limits, pack, unpack
from .ledger import HELD_BY_COMPONENT, HELD_BY_SESSION, NOT_HELD, Ledger
from .wire import (
    Alert,
    Emit,
    FromPage,
    Kind,
    Mount,
    Patch,
    Press,
    Refusal,
    Remove,
    Report,
    Row,
    Rows,
    SetValue,
)

logger = logging.getLogger("components_sdk")

Callback = Callable[..., object]


class Call(msgspec.Struct, frozen=True):
    """A callback of the app that the server has to run, and await if it answers an awaitable."""

    function: Callback
    arguments: tuple[Any, ...]


class Slot:
    """One component, as the session sees it: its types, its state, its callbacks.

    Attributes:
        id: Where it is on the page; empty until it is mounted.
        values: Checked value by field name; ``"value"`` is what the component gave last.
    """

    def __init__(self, kind: str, contract: Contract, values: dict[str, Any]) -> None:
        self.id = ""
        self.key = ""
        self.kind = kind
        self.contract = contract
        self.values = values
        self.on_value: list[Callback] = []
        self.on_event: dict[str, list[Callback]] = {}


def _nobody() -> None:
    """Nobody waits for changes yet."""


class Session:
    """One open page of one user.

    Args:
        id: Public name of the session, for the ledger and the log; no secret.
        ledger: Where every crossing is recorded.
        limits: How much may cross.
    """

    def __init__(self, id: str, ledger: Ledger, limits: Limits) -> None:
        self.id = id
        self._ledger = ledger
        self._limits = limits
        self._slots: dict[str, Slot] = {}
        self._buttons: dict[str, list[Callback]] = {}
        self._kinds: set[str] = set()
        self._children: dict[str, list[str]] = {}
        self._outbox: list[Any] = []
        self._tail: list[bytes] = []
        self._patches: dict[str, dict[str, None]] = {}
        self._rows: list[Row] = []  # since the last batch
        self._ids = 0
        self.shows_ledger = False
        self.on_change: Callable[[], None] = _nobody  # there is something to render now

    # what the app does ---------------------------------------------------------------------------

    def new_id(self, prefix: str, parent: str) -> str:
        """A short id, unique in this session, for something inside ``parent``."""
        self._ids += 1
        id = f"{prefix}{self._ids}"
        self._children.setdefault(parent, []).append(id)
        return id

    def send(self, message: Any) -> None:
        """Queue a message; it leaves with the next batch."""
        self._outbox.append(message)
        self.on_change()

    def mount(self, slot: Slot, kind: Kind, parent: str) -> None:
        """Put a component on the page."""
        if kind.name not in self._kinds:
            self._kinds.add(kind.name)
            self.send(kind)
        self._slots[slot.id] = slot
        wire = {name: self._to_component(slot, name) for name in slot.values}
        self.send(
            Mount(
                id=slot.id,
                parent=parent,
                kind=kind.name,
                args=wire,
                max_height=self._limits.max_height,
            )
        )

    def patch(self, slot: Slot, name: str) -> None:
        """A field of a component has a new value, which leaves with the next batch."""
        if slot.id in self._slots:
            # A dict keeps the order of assignment, and each name once: the latest value wins.
            self._patches.setdefault(slot.id, {})[name] = None
            self.on_change()

    def add_button(self, id: str) -> list[Callback]:
        """A list that takes the callbacks of a button."""
        return self._buttons.setdefault(id, [])

    def remove(self, id: str) -> set[str]:
        """Take a part and all that is in it away; what still arrives from it is refused.

        Returns:
            The ids that are gone.
        """
        gone = {id}
        pending = [id]
        while pending:
            children = self._children.pop(pending.pop(), [])
            gone.update(children)
            pending += children
        for each in gone:
            self._slots.pop(each, None)
            self._buttons.pop(each, None)
            self._patches.pop(each, None)
        self.send(Remove(id=id))
        return gone

    # the gate ------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> list[Call]:
        """Check one binary message of the page; answer the callbacks that it causes."""
        try:
            batch = unpack(data, FromPage, self._limits)
            if batch.tail and len(batch.messages) != 1:
                raise MessageRefused(
                    f"Expected one message beside buffers, got {len(batch.messages)}",
                    code="message-framing",
                )
        except MessageRefused as error:
            self._refuse("", error)
            return []
        calls: list[Call] = []
        for message in batch.messages:
            try:
                calls += self._accept(message, batch)
            except Refused as error:
                self._refuse(getattr(message, "frame", ""), error)
        return calls

    def _accept(self, message: Any, batch: Batch[Any]) -> list[Call]:
        match message:
            case SetValue(frame=frame, value=wire):
                slot = self._slot(frame)
                field = slot.contract.value
                if field is None:
                    raise MessageRefused(
                        f"{slot.kind} has no value",
                        code="no-value",
                        hint="Declare one: value: Value[int] = 0",
                    )
                value = self._to_app(slot, "value", field, wire, batch, HELD_BY_SESSION)
                slot.values["value"] = value
                return [Call(function, (value,)) for function in slot.on_value]
            case Emit(frame=frame, event=event, value=wire):
                slot = self._slot(frame)
                declared = slot.contract.events.get(event)
                if declared is None:
                    raise MessageRefused(
                        f"Expected an event of {sorted(slot.contract.events)}, got {event!r}",
                        code="unknown-event",
                        hint=f"Declare it: {event}: Event[str]",
                    )
                detail = self._to_app(slot, f"event {event}", declared, wire, batch, NOT_HELD)
                return [Call(function, (detail,)) for function in slot.on_event.get(event, ())]
            case Press(element=element):
                if element not in self._buttons:
                    raise MessageRefused(f"No button {element!r} on the page", code="unknown-id")
                return [Call(function, ()) for function in self._buttons[element]]
            case Report(frame=frame, code=code, detail=detail):
                slot = self._slot(frame)
                logger.warning(
                    "session %s: %s (key %r) was removed from the page: %s %r",
                    self.id, slot.kind, slot.key, code, detail,
                )  # fmt: skip
                return []
        raise AssertionError(f"a message without a case: {message!r}")

    def _to_app(
        self, slot: Slot, what: str, field: Field, wire: msgspec.Raw, batch: Batch[Any], held: str
    ) -> Any:
        value = field.codec.decode(msgspec.json.decode(wire), batch.tail)
        size = len(memoryview(wire)) + sum(map(len, batch.tail))
        self._record(slot, "to app", what, field, size, held)
        return value

    def _slot(self, id: str) -> Slot:
        slot = self._slots.get(id)
        if slot is None:
            raise MessageRefused(f"No component {id!r} on the page", code="unknown-id")
        return slot

    def _refuse(self, frame: str, error: Refused) -> None:
        logger.info("session %s: refused %s: %s", self.id, error.code, error.sentence)
        self.send(Refusal(frame=frame, code=error.code, message=str(error)))

    def failed(self, error: BaseException) -> None:
        """A callback raised: the log gets everything, the page a reference."""
        reference = secrets.token_hex(4)
        logger.error(
            "session %s: a callback of the app raised (reference %s)",
            self.id, reference, exc_info=error,
        )  # fmt: skip
        self.send(Alert(reference=reference))

    # the way out ---------------------------------------------------------------------------------

    def render(self) -> bytes | None:
        """Everything that the app changed since the last call as one message, or None."""
        for id, names in self._patches.items():
            slot = self._slots[id]
            wire = {name: self._to_component(slot, name) for name in names}
            self._outbox.append(Patch(frame=id, args=wire))
        self._patches = {}
        if self.shows_ledger and self._rows:
            self._outbox.append(Rows(rows=self._rows))
        self._rows = []
        if not self._outbox:
            return None
        messages, self._outbox = self._outbox, []
        tail, self._tail = self._tail, []
        return pack(messages, tail)

    def _to_component(self, slot: Slot, name: str) -> msgspec.Raw:
        field = slot.contract.field(name)
        buffers = len(self._tail)
        text = msgspec.json.encode(field.codec.encode(slot.values[name], self._tail))
        size = len(text) + sum(map(len, self._tail[buffers:]))
        self._record(slot, "to component", name, field, size, HELD_BY_COMPONENT)
        return msgspec.Raw(text)

    def _record(
        self, slot: Slot, direction: Any, what: str, field: Field, size: int, held: str
    ) -> None:
        row = self._ledger.record(
            session=self.id,
            component=slot.kind,
            key=slot.key,
            direction=direction,
            what=what,
            type=field.codec.name,
            size=size,
            held=held,
        )
        self._rows.append(row)
