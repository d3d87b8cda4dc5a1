"""Framing: a batch of messages as the bytes of one WebSocket message.

bytes 0-3    "CSK1"
bytes 4-7    length of the head in bytes, little-endian, a multiple of 8
head         JSON {"messages": […], "tail": [length of each buffer in bytes]}, space-padded
tail         the buffers, each padded to 8 bytes: typed arrays are views into the message

>>> from .wire import FromPage, Press
>>> data = pack([Press(element="e1")], [])
>>> unpack(data, FromPage, Limits()).messages
[Press(element='e1')]
"""

from __future__ import annotations

import re
import struct
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from .errors import MessageRefused

MAGIC = b"CSK1"
MAX_MESSAGES = 1_000  # of a batch that is read; a page sends one at a time
MAX_BUFFERS = 4_096  # of a batch that is read


class Limits(msgspec.Struct, frozen=True):
    """How much may cross. Over a limit the message is refused, whole.

    The page holds each frame to them; the session holds the page to them again, because nobody
    knows who is at the other end of a socket. Rates are of a frame. A connection may have as many
    at once as ``connection_factor`` frames.
    """

    head_bytes: int = 4 * 2**20  # bounds what parsing can allocate
    message_bytes: int = 32 * 2**20  # bulk travels in the tail
    depth: int = 64  # containers in containers, of one value
    nodes: int = 250_000  # containers and scalars of one value; typed arrays count as one
    messages_per_second: float = 2_000  # in the long run; a fast mouse sends half as many
    message_burst: int = 1_000  # at once
    bytes_per_second: float = 32 * 2**20  # in the long run
    byte_burst: int = 64 * 2**20  # at once
    page_seconds: float = 0.5  # of the page's time for what it sends, a second in the long run
    page_burst: float = 2.0  # at once
    queue: int = 1_000  # events that wait for the connection; values are coalesced
    connection_factor: int = 4  # frames' rates that one connection may use up
    ready_seconds: float = 10.0  # from mount to the echo of the handshake
    hang_seconds: float = 4.0  # without an answer to a ping
    slow_seconds: float = (
        0.2  # that answers to pings take in the median, beyond others' and the lag
    )
    restarts: int = 1  # of a component that hung or threw, before the user is asked
    max_height: int = 2_000  # CSS px; taller content scrolls inside the frame


Length = Annotated[int, msgspec.Meta(ge=0)]
Messages = TypeVar("Messages")


class Head(msgspec.Struct, Generic[Messages], frozen=True, forbid_unknown_fields=True):
    """The JSON part of a batch."""

    messages: Annotated[list[Messages], msgspec.Meta(max_length=MAX_MESSAGES)]
    tail: Annotated[list[Length], msgspec.Meta(max_length=MAX_BUFFERS)] = []


class Batch(msgspec.Struct, Generic[Messages], frozen=True):
    """A decoded batch: its messages and views of its buffers."""

    messages: list[Messages]
    tail: list[memoryview]


_PREFIX = struct.Struct("<4sI")
_encoder = msgspec.json.Encoder()
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}


def pack(messages: list[Any], tail: list[bytes]) -> bytes:
    """Make one binary message of a batch."""
    head = _encoder.encode(Head(messages=messages, tail=[len(buffer) for buffer in tail]))
    head += b" " * (-len(head) % 8)
    parts = [_PREFIX.pack(MAGIC, len(head)), head]
    for buffer in tail:
        parts += (buffer, bytes(-len(buffer) % 8))
    return b"".join(parts)


def unpack(data: bytes, union: Any, limits: Limits) -> Batch[Any]:
    """Read one binary message of a hostile peer.

    Raises:
        MessageRefused: ``message-bytes``, ``message-framing``, ``message-form`` or
            ``message-depth``.
    """
    if len(data) > limits.message_bytes:
        raise MessageRefused(
            f"Expected at most {limits.message_bytes} bytes, got {len(data)}",
            code="message-bytes",
            hint="Send less at once, or raise App(limits=Limits(message_bytes=…)).",
        )
    if len(data) < _PREFIX.size or not data.startswith(MAGIC):
        raise MessageRefused("Expected a binary message of protocol CSK1", code="message-framing")
    head_bytes = _PREFIX.unpack_from(data)[1]
    tail_start = _PREFIX.size + head_bytes
    if head_bytes > limits.head_bytes:
        raise MessageRefused(
            f"Expected a head of at most {limits.head_bytes} bytes, got {head_bytes}",
            code="message-bytes",
            hint="Send bulk data as bytes, or raise App(limits=Limits(head_bytes=…)).",
        )
    if tail_start > len(data) or head_bytes % 8:
        raise MessageRefused("Expected a padded head within the message", code="message-framing")
    head = _decode_head(memoryview(data)[_PREFIX.size : tail_start], union)
    return Batch(messages=head.messages, tail=_split(data, tail_start, head.tail))


def _decode_head(text: memoryview, union: Any) -> Head[Any]:
    decoder = _decoders.get(union)
    if decoder is None:
        decoder = _decoders[union] = msgspec.json.Decoder(Head[union])
    try:
        return decoder.decode(text)  # type: ignore[no-any-return]
    except RecursionError:
        raise MessageRefused(
            "Expected shallow JSON, got too deep a nesting", code="message-depth"
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        sentence, _, where = str(error).replace("`", "").partition(" - at ")
        # The sentence may name a hostile key, of any length.
        raise MessageRefused(sentence[:300], code="message-form", where=where[:300]) from None


_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_NOT_A_BRACKET = bytes(set(range(256)) - set(b"[]{}"))


def check_shape(text: memoryview, limits: Limits) -> None:
    """Refuse JSON that is too deep or has too many nodes, before it is decoded.

    Nothing is built and nothing recurs: characters are counted. Text that is no JSON may pass;
    the decoder refuses it.

    Raises:
        MessageRefused: ``message-depth`` or ``message-nodes``.
    """
    raw = bytes(text)
    if _nodes(raw) <= limits.nodes and raw.count(b"[") + raw.count(b"{") <= limits.depth:
        return  # almost always; commas and brackets inside of strings only add to the counts
    raw = _STRING.sub(b"0", raw)
    if _nodes(raw) > limits.nodes:
        raise MessageRefused(
            f"Expected at most {limits.nodes} values in one, got more",
            code="message-nodes",
            hint="Send numbers as a typed array, or raise App(limits=Limits(nodes=…)).",
        )
    depth = 0
    for bracket in raw.translate(None, _NOT_A_BRACKET):
        depth += 1 if bracket in b"[{" else -1
        if depth > limits.depth:
            raise MessageRefused(
                f"Expected at most {limits.depth} containers in one another, got more",
                code="message-depth",
                hint="Flatten the value, or raise App(limits=Limits(depth=…)).",
            )


def _nodes(raw: bytes) -> int:
    """The containers and scalars of JSON: each but the first of a container follows a comma."""
    empty = raw.count(b"[]") + raw.count(b"{}")
    return 1 + raw.count(b",") + raw.count(b"[") + raw.count(b"{") - empty


def _split(data: bytes, start: int, lengths: list[int]) -> list[memoryview]:
    view = memoryview(data)
    tail = []
    for length in lengths:
        tail.append(view[start : start + length])
        start += length + -length % 8
    if start != len(data):
        raise MessageRefused(
            f"Expected {start} bytes by the lengths of the tail, got {len(data)}",
            code="message-framing",
        )
    return tail
