"""A WebSocket as bytes: what a client that is no browser writes, and reads (RFC 6455).

Nothing is checked here: who attacks a server says what no honest client says.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ..wire import PROTOCOL


def upgrade() -> dict[str, str]:
    """The headers of a handshake that say nothing of who asks."""
    return {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": PROTOCOL,
    }


def frame(opcode: int, data: bytes = b"", *, last: bool = True, flags: int = 0) -> bytes:
    """One masked frame, as a client sends it (5.2)."""
    first = bytes([(0x80 if last else 0) | flags | opcode])
    if len(data) < 126:
        head = first + bytes([0x80 | len(data)])
    elif len(data) < 65536:
        head = first + b"\xfe" + struct.pack("!H", len(data))
    else:
        head = first + b"\xff" + struct.pack("!Q", len(data))
    return head + bytes(4) + data  # a mask of zeros changes nothing


def messages(data: bytes) -> Iterator[bytes]:
    """The payloads of a server's frames that came whole."""
    while len(data) >= 2:
        size, start = data[1] & 0x7F, 2
        if size == 126:
            size, start = int.from_bytes(data[2:4], "big"), 4
        elif size == 127:
            size, start = int.from_bytes(data[2:10], "big"), 10
        if len(data) < start + size:
            return
        yield data[start : start + size]
        data = data[start + size :]
