"""Every message of the three parties, once: app, page and frame.

    app  <- FromPage -  page  <- FromFrame -  frame
    app  -  ToPage   -> page  -  ToFrame   -> frame

Between app and page batches of them travel in the bytes of framing.py. Between page and frame
they travel by structured clone over a MessagePort; ``hello`` and ``port`` alone travel by
``window.postMessage``, because there is no port yet.

``web/wire.d.ts`` is generated from this file (see typegen.py).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import msgspec

PROTOCOL = "components.1"  # subprotocol of the WebSocket
SESSION_GONE = 4404  # close code: the app does not know this page (any more); load it again
SESSION_TAKEN = 4409  # close code: another connection has this page's session
TOO_MUCH = 4429  # close code: over a limit that the page would have kept; its tokens are gone

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+\Z")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Theme = Literal["light", "dark"]
Direction = Literal["to component", "to app", "stopped"]
ElementKind = Literal["text", "heading", "html", "button", "columns", "column", "ledger"]
FailureCode = Literal[
    "module-error",  # the author's module has a syntax error, or threw while loading
    "component-threw",  # the author's function threw
    "no-default-export",  # the module defined nothing
    "not-ready",  # no handshake in time
    "hung",  # no heartbeat in time
    "navigated",  # the frame loaded a second document
    "protocol",  # a second hello, a messageerror, a message that is none
    "message-rate",  # more messages than Limits.messages_per_second and message_burst allow
    "byte-rate",  # more bytes than Limits.bytes_per_second and byte_burst allow
    "message-bytes",  # one message of more than Limits.message_bytes
    "message-depth",  # one message deeper than Limits.depth
    "message-nodes",  # one message of more parts than Limits.nodes
    "page-time",  # more of the page's time than Limits.page_seconds and page_burst allow
    "queue",  # more waits for the connection than Limits.queue allows
    "focus",  # took the keyboard from the page again and again
    "slow",  # busy nearly all the time, by how long its answers take
]

DenialCode = Literal[
    "not-granted",  # it asks for more than the app grants
    "forbidden-by-organisation",  # it asks for more than any app may grant it
    "storage-needs-own-origin",  # here it would share its storage with others
]


class Message(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", kw_only=True
):
    """Base of all messages: immutable, tagged by ``type``, nothing unknown."""


# page -> app -----------------------------------------------------------------------------------


class SetValue(Message, tag="value", frozen=True):
    """A component's lasting value has changed."""

    frame: Id
    value: msgspec.Raw  # hostile; the session decodes it by the declared type


class Emit(Message, tag="event", frozen=True):
    """A component's one-shot event."""

    frame: Id
    event: Name
    value: msgspec.Raw  # hostile; the session decodes it by the declared type


class Press(Message, tag="press", frozen=True):
    """The user pressed a button of the page."""

    element: Id


class Report(Message, tag="report", frozen=True):
    """The page removed a frame and put a card in its place."""

    frame: Id
    code: FailureCode
    detail: Annotated[str, msgspec.Meta(max_length=500)] = ""


FromPage = SetValue | Emit | Press | Report


# app -> page -----------------------------------------------------------------------------------


class Kind(Message, tag="kind", frozen=True):
    """All that the instances of one component share; sent before the first of them."""

    name: str
    title: str
    sandbox: str
    allow: str
    opaque: bool  # its windows' messages come from the origin "null", else from that of its URL
    args: dict[str, dict[str, Any]]  # JSON Schema by argument name, "value" included
    events: dict[str, dict[str, Any]]  # JSON Schema by event name
    has_value: bool


class Mount(Message, tag="mount", frozen=True):
    """Create a frame."""

    id: str
    parent: str
    kind: str
    url: str  # of the frame document, absolute, without fragment
    args: dict[str, Any]
    max_height: int


class Patch(Message, tag="patch", frozen=True):
    """Some arguments of a frame have new values."""

    frame: str
    args: dict[str, Any]


class Element(Message, tag="element", frozen=True):
    """A plain part of the page. ``html`` was cleaned by the one sanitiser."""

    id: str
    parent: str
    kind: ElementKind
    text: str = ""
    level: int = 0


class Change(Message, tag="change", frozen=True):
    """A plain part of the page shows another text."""

    element: str
    text: str


class Remove(Message, tag="remove", frozen=True):
    """Take an element or a frame away."""

    id: str


class Denied(Message, tag="denied", frozen=True):
    """A card in the place of a component that asks for more than it gets here."""

    id: str
    parent: str
    code: DenialCode
    title: str
    missing: list[MissingGrant]
    line: str  # of Python, that would let it; or of the file that forbids it


class MissingGrant(msgspec.Struct, frozen=True):
    """One permission that was asked for and not granted."""

    permission: str
    meaning: str
    reason: str
    origins: list[str]  # that it asks for; empty where a permission has none


class Alert(Message, tag="alert", frozen=True):
    """A callback of the app raised. No internals: the log has them under the reference."""

    reference: str


class Refusal(Message, tag="refused", frozen=True):
    """The gate turned a message away; goes on to the author's console."""

    frame: str  # "" when it is not known
    code: str
    message: str


class Row(msgspec.Struct, frozen=True):
    """One entry of the ledger: what crossed, when, and where it is held."""

    time: float  # seconds since 1970, UTC
    session: str
    component: str
    key: str
    direction: Direction
    what: str  # "label", "value", "event picked"; why, if a component was stopped
    type: str  # as declared; "" if stopped
    bytes: int  # as it crossed: JSON text and buffers
    held: str


class Rows(Message, tag="rows", frozen=True):
    """New rows of this session's ledger."""

    rows: list[Row]


ToPage: TypeAlias = (
    Kind | Mount | Patch | Element | Change | Remove | Denied | Alert | Refusal | Rows
)  # fmt: skip


# page <-> frame --------------------------------------------------------------------------------


class Hello(Message, tag="hello", frozen=True):
    """Frame to page, by window: I am here. The nonce came in the URL fragment."""

    nonce: str


class Port(Message, tag="port", frozen=True):
    """Page to frame, by window, with a MessagePort. Carries no data."""

    echo: str


class Ready(Message, tag="ready", frozen=True):
    """Frame to page, by port: the echo proves that the port reached this document."""

    echo: str


class FrameFailed(Message, tag="failed", frozen=True):
    """The author's module could not be loaded, or threw."""

    code: FailureCode
    message: str


class FrameValue(Message, tag="value", frozen=True):
    """``setValue(value)``"""

    value: Any


class FrameEvent(Message, tag="event", frozen=True):
    """``emit(event, value)``"""

    event: str
    value: Any


class Height(Message, tag="height", frozen=True):
    """The content's height in CSS px."""

    height: float


class Pong(Message, tag="pong", frozen=True):
    """Answer to a ping."""


FromFrame = Ready | FrameFailed | FrameValue | FrameEvent | Height | Pong


class Init(Message, tag="init", frozen=True):
    """All arguments, once, after the echo."""

    args: dict[str, Any]
    max_height: int  # CSS px; above it the frame scrolls


class Args(Message, tag="args", frozen=True):
    """Some arguments have new values."""

    args: dict[str, Any]


class SetTheme(Message, tag="theme", frozen=True):
    """The page's theme has changed."""

    theme: Theme


class Ping(Message, tag="ping", frozen=True):
    """Heartbeat: a port reports neither death nor closing, so the page has to ask."""


class Told(Message, tag="refused", frozen=True):
    """What the author's console is told about a refused call."""

    code: str
    message: str


ToFrame = Init | Args | SetTheme | Ping | Told
