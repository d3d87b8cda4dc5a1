"""The only gate between the app and what the browser sends.

Rules:
1. ``receive`` takes bytes of a hostile peer and never raises; a refusal is an answer.
2. Nothing reaches a callback that was not decoded by its declared type.
3. Nothing passes, in or out, without a row in the ledger.
4. The session does no I/O and runs no callback: it answers calls, and the server runs them.
5. What the app changes is collected and leaves in one batch; the latest patch of a field wins.
6. Over a limit that the page would have kept, the rest of the batch is dropped, the breach is
   recorded and ``on_breach`` tells the server, which closes the connection.

    session = Session("s1", Ledger(), Limits())
    for call in session.receive(data):     # bytes from the socket
        call.function(*call.arguments)
    reply = session.render()               # bytes for the socket, or None
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from .contract import Contract, Field
from .errors import AppError, MessageRefused, Refused
from .framing import Batch, Limits, check_shape, pack, unpack
from .ledger import (
    HELD_BY_COMPONENT,
    HELD_BY_SESSION,
    NOT_HELD,
    NOTHING_PASSED,
    REFUSED,
    Ledger,
)
from .markup import CleanHtml, Source
from .rates import Clock, Meter, Sparing
from .wire import (
    Alert,
    Change,
    Direction,
    Emit,
    FailureCode,
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
    ToPage,
)

logger = logging.getLogger("components_sdk")

Callback = Callable[..., object]

# Refusals that no page of ours causes: it would have stopped the frame itself.
BREACHES: frozenset[FailureCode] = frozenset({"message-bytes", "message-depth", "message-nodes"})


class Call(msgspec.Struct, frozen=True):
    """A callback of the app that the server has to run, and await if it answers an awaitable."""

    function: Callback
    arguments: tuple[Any, ...]


class Slot:
    """One component, as the session sees it: its types, its state, its callbacks.

    Attributes:
        id: Where it is on the page; empty until it is mounted.
        values: Checked value by field name; ``"value"`` is what the component gave last. Never
            handed out: whoever asks gets a copy, so that nothing changes unchecked.
    """

    def __init__(self, kind: str, contract: Contract, values: dict[str, Any]) -> None:
        self.id = ""
        self.meter: Meter | None = None  # from when it is mounted
        self.reports = Sparing()
        self.refusals = Sparing()
        self.key = ""
        self.kind = kind
        self.contract = contract
        self.values = values
        self.on_value: list[Callback] = []
        self.on_event: dict[str, list[Callback]] = {}


class _Mounting(msgspec.Struct, frozen=True):
    """A mount that was not rendered yet; its arguments are those of that moment."""

    slot: Slot
    kind: Kind
    url: str
    parent: str


def _nobody(*_: object) -> None:
    """Nobody waits for changes, nor for breaches."""


class Session:
    """One open page of one user.

    Args:
        id: Public name of the session, for the ledger and the log; no secret.
        ledger: Where every crossing is recorded.
        limits: How much may cross.
        clock: For the rates.

    Attributes:
        on_change: Called when there is something to render.
        on_breach: Called when the page is over a limit.
    """

    def __init__(
        self, id: str, ledger: Ledger, limits: Limits, clock: Clock = time.monotonic
    ) -> None:
        self.id = id
        self.shows_ledger = False
        self.on_change: Callable[[], None] = _nobody
        self.on_breach: Callable[[], None] = _nobody
        self._clock = clock
        self._rest = Meter(limits, clock)  # of what comes from no component that there is
        self._refusals = Sparing(clock)  # the same
        self._ledger = ledger
        self._limits = limits
        self._ended = False
        self._ids = 0
        self._parents: dict[str, str] = {}  # of everything on the page, by id
        self._slots: dict[str, Slot] = {}
        self._buttons: dict[str, list[Callback]] = {}
        self._kinds: dict[str, Kind] = {}  # that the page knows
        # Since the last batch; the latest text or field wins, so none of these grows by being
        # assigned again and again while the page is away.
        self._outbox: list[ToPage | _Mounting] = []
        self._changes: dict[str, Change] = {}  # by element
        self._patches: dict[str, dict[str, None]] = {}  # names of fields in order, by slot
        self._uncleaned: dict[str, Source] = {}  # by element; the longest waiting first
        self._rows: list[Row] = []

    # what the app does ---------------------------------------------------------------------------

    def new_id(self, prefix: str, parent: str) -> str:
        """A short id, unique in this session, for something inside ``parent``.

        Raises:
            AppError: There is no such parent on the page any more.
        """
        if parent and parent not in self._parents:
            raise AppError(
                "This part was removed from the page",
                code="not-on-page",
                hint="Add to a part that is still there.",
            )
        self._ids += 1
        id = f"{prefix}{self._ids}"
        self._parents[id] = parent
        return id

    def send(self, message: ToPage) -> None:
        """Queue a message; it leaves with the next batch."""
        self._queue(message)

    def change(self, element: str, text: str) -> None:
        """Show another text."""
        if element in self._parents:
            self._uncleaned.pop(element, None)
            self._changes[element] = Change(element=element, text=text)
            self.on_change()

    def clean_later(self, element: str, source: Source) -> None:
        """Show what is left of a large source, once the server had it cleaned."""
        if element in self._parents and not self._ended:
            self._uncleaned[element] = source
            self.on_change()

    def uncleaned(self) -> tuple[str, Source] | None:
        """What has to be cleaned next, as element and source."""
        return next(iter(self._uncleaned.items()), None)

    def cleaned(self, element: str, source: Source, html: CleanHtml) -> None:
        """Show this, unless the app has assigned something else meanwhile."""
        if self._uncleaned.get(element) is source:
            self.change(element, html)

    def mount(self, slot: Slot, kind: Kind, url: str, parent: str) -> None:
        """Put a component on the page; its frame document is at ``url``."""
        slot.meter = Meter(self._limits, self._clock)
        slot.reports = Sparing(self._clock)
        slot.refusals = Sparing(self._clock)
        self._slots[slot.id] = slot
        self._queue(_Mounting(slot, kind, url, parent))

    def patch(self, slot: Slot, name: str) -> None:
        """A field of a component has a new value, which leaves with the next batch."""
        if self._slots.get(slot.id) is slot:
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
        # A part is always younger than the one it is in, so one pass finds them all.
        for each, parent in self._parents.items():
            if parent in gone:
                gone.add(each)
        for each in gone:
            for known in (
                self._parents, self._slots, self._buttons,
                self._changes, self._patches, self._uncleaned,
            ):  # fmt: skip
                known.pop(each, None)
        self._queue(Remove(id=id))
        return gone

    def end(self) -> None:
        """The page is gone for good; what callbacks that still run change goes nowhere."""
        self._ended = True
        self.on_change = _nobody
        self.on_breach = _nobody
        self._outbox.clear()
        self._uncleaned.clear()

    def _queue(self, message: ToPage | _Mounting) -> None:
        if not self._ended:
            self._outbox.append(message)
            self.on_change()

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
            if error.code in BREACHES:
                self.breach(error.code, len(data))
            elif breach := self._rest.count(1, len(data)):
                self.breach(breach, len(data))
            return []
        calls: list[Call] = []
        for message in batch.messages:
            frame = getattr(message, "frame", "")
            slot = self._slots.get(frame)
            size = _size(message, batch)
            meter = (slot and slot.meter) or self._rest
            if breach := meter.count(1, size):
                self.breach(breach, size, slot)
                break
            try:
                calls += self._accept(message, batch)
            except Refused as error:
                self._refuse(frame, error)
                if error.code in BREACHES:
                    self.breach(error.code, size, slot)
                    break
        return calls

    def breach(self, limit: str, size: int, slot: Slot | None = None) -> None:
        """The page, or one of its frames, is over a limit: record it, and tell the server."""
        name, key = (slot.kind, slot.key) if slot else ("page", "")
        logger.warning(
            "session %s: %s (key %r) is over the limit %s; the connection is closed",
            self.id, name, key, limit,
        )  # fmt: skip
        row = self._ledger.record(
            session=self.id,
            component=name,
            key=key,
            direction="to app",
            what=f"over the limit: {limit}",
            type="",
            size=size,
            held=REFUSED,
        )
        self._rows.append(row)
        self.on_breach()

    def _accept(self, message: Any, batch: Batch[Any]) -> list[Call]:
        match message:
            case SetValue(frame=frame, value=wire):
                slot = self._slot(frame)
                field = slot.contract.fields.get("value")
                if field is None:
                    raise MessageRefused(
                        f"{slot.kind} has no value",
                        code="no-value",
                        hint="Declare one: value: Value[int] = 0",
                    )
                value = self._to_app(slot, "value", field, wire, batch, HELD_BY_SESSION)
                slot.values["value"] = field.codec.check(value)
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
                slot.reports.tell(
                    logger.warning,
                    "session %s: %s (key %r) was removed from the page: %s %r",
                    self.id, slot.kind, slot.key, code, detail,
                )  # fmt: skip
                self._record(slot, "stopped", code, "", 0, NOTHING_PASSED)
                return []
        raise AssertionError(f"a message without a case: {message!r}")

    def _to_app(
        self, slot: Slot, what: str, field: Field, wire: msgspec.Raw, batch: Batch[Any], held: str
    ) -> Any:
        check_shape(memoryview(wire), self._limits)
        try:
            plain = msgspec.json.decode(wire)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            # The head was taken apart without looking into this: it may be no UTF-8, or a number
            # that no float holds.
            raise MessageRefused(
                "Expected JSON in UTF-8 with numbers in range", code="message-form"
            ) from None
        value = field.codec.decode(plain, batch.tail)
        size = len(memoryview(wire)) + sum(map(len, batch.tail))
        self._record(slot, "to app", what, field.codec.name, size, held)
        return value

    def _slot(self, id: str) -> Slot:
        slot = self._slots.get(id)
        if slot is None:
            raise MessageRefused(f"No component {id!r} on the page", code="unknown-id")
        return slot

    def _refuse(self, frame: str, error: Refused) -> None:
        slot = self._slots.get(frame)
        (slot.refusals if slot else self._refusals).tell(
            logger.info, "session %s: refused %s: %.300r", self.id, error.code, error.sentence
        )
        self.send(Refusal(frame=frame, code=error.code, message=str(error)))

    def failed(self, error: BaseException) -> str:
        """The app's code raised: the log gets everything, the page a reference; answers that."""
        reference = secrets.token_hex(4)
        logger.error(
            "session %s: the app raised (reference %s)",
            self.id, reference, exc_info=error,
        )  # fmt: skip
        self.send(Alert(reference=reference))
        return reference

    # the way out ---------------------------------------------------------------------------------

    def render(self) -> bytes | None:
        """Everything that the app changed since the last call as one message, or None."""
        queued, self._outbox = self._outbox, []
        changes, self._changes = self._changes, {}
        patches, self._patches = self._patches, {}
        messages: list[ToPage] = []
        tail: list[bytes] = []
        for item in queued:
            if not isinstance(item, _Mounting):
                messages.append(item)
            elif self._slots.get(item.slot.id) is item.slot:
                patches.pop(item.slot.id, None)  # all its fields leave with the mount
                messages += self._mount(item, tail)
        messages += changes.values()
        for id, names in patches.items():
            args = self._to_component(self._slots[id], names, tail)
            messages.append(Patch(frame=id, args=args))
        if self.shows_ledger and self._rows:
            messages.append(Rows(rows=self._rows))
        self._rows = []
        return pack(messages, tail) if messages else None

    def _mount(self, item: _Mounting, tail: list[bytes]) -> Iterator[ToPage]:
        slot, kind = item.slot, item.kind
        if self._kinds.get(kind.name) is not kind:
            self._kinds[kind.name] = kind
            yield kind
        yield Mount(
            id=slot.id,
            parent=item.parent,
            kind=kind.name,
            url=item.url,
            args=self._to_component(slot, slot.values, tail),
            max_height=self._limits.max_height,
        )

    def _to_component(
        self, slot: Slot, names: Iterable[str], tail: list[bytes]
    ) -> dict[str, msgspec.Raw]:
        wire: dict[str, msgspec.Raw] = {}
        for name in names:
            field = slot.contract.fields[name]
            buffers = len(tail)
            text = msgspec.json.encode(field.codec.encode(slot.values[name], tail))
            size = len(text) + sum(map(len, tail[buffers:]))
            self._record(slot, "to component", name, field.codec.name, size, HELD_BY_COMPONENT)
            wire[name] = msgspec.Raw(text)
        return wire

    def _record(
        self, slot: Slot, direction: Direction, what: str, type: str, size: int, held: str
    ) -> None:
        row = self._ledger.record(
            session=self.id,
            component=slot.kind,
            key=slot.key,
            direction=direction,
            what=what,
            type=type,
            size=size,
            held=held,
        )
        self._rows.append(row)


def _size(message: FromPage, batch: Batch[Any]) -> int:
    """Of a value, in bytes as it crossed; buffers come with one message only."""
    wire = getattr(message, "value", b"")
    return len(memoryview(wire)) + sum(map(len, batch.tail))
