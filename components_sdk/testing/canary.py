"""A canary on 127.0.0.1: whatever reaches it is written down.

    tcp    a connection was opened, whatever follows       preconnect, TURN over TCP
    http   a request came on it, WebSocket upgrades too    ``GET /path?query``
    udp    a packet came to ``udp_port``                   WebRTC's STUN and TURN

So one plain request is a ``tcp`` hit and an ``http`` hit, and a bare ``tcp`` hit is a connection
whose owner said nothing: no channel can hide behind another.

    >>> from urllib.request import urlopen
    >>> with Canary() as canary:
    ...     with urlopen(f"{canary.http_url}/leak?secret=1") as answer:
    ...         body = answer.read()
    ...     hit = canary.wait(lambda hit: "secret" in hit.detail, timeout=5)
    >>> hit.detail
    'GET /leak?secret=1'

Every request is answered with 200 and ``Access-Control-Allow-Origin: *``, and every WebSocket is
opened, so that an attack never fails for another reason than the policy it is up against.
``canary.pages["/evil.html"] = b"..."`` serves a page, for tests that need an attacker's site;
``http://attacker.localhost:PORT/`` reaches the canary too.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import mimetypes
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

_HEAD_BYTES = 64 * 1024  # of a request's head that are read
_BODY_BYTES = 64 * 1024  # of a request's body that are kept


@dataclass(frozen=True)
class Hit:
    """Something that reached the canary.

    Attributes:
        detail: The request line without its version, or where the packet came from.
        time: ``time.monotonic()`` on arrival.
        headers: Of a request, names in lower case.
        body: What a request or a packet carried, up to 64 KB.
    """

    kind: Literal["http", "tcp", "udp"]
    detail: str
    time: float
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Canary:
    """Listens as soon as it is made, in a thread of its own; a context manager."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self._hits: list[Hit] = []
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._connections: set[asyncio.Task[None]] = set()
        opening = asyncio.run_coroutine_threadsafe(self._open(), self._loop)
        self.port, self.udp_port = opening.result()
        self.http_url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def hits(self) -> list[Hit]:
        """All hits so far, oldest first."""
        with self._changed:
            return list(self._hits)

    def clear(self) -> None:
        with self._changed:
            self._hits.clear()

    def wait(self, predicate: Callable[[Hit], bool], timeout: float) -> Hit | None:
        """The first hit, past or to come within ``timeout`` seconds, that fits; else None."""
        with self._changed:
            return self._changed.wait_for(
                lambda: next((hit for hit in self._hits if predicate(hit)), None), timeout
            )

    def _note(self, hit: Hit) -> None:
        with self._changed:
            self._hits.append(hit)
            self._changed.notify_all()

    async def _open(self) -> tuple[int, int]:
        self._server = await asyncio.start_server(
            self._on_connection, "127.0.0.1", 0, limit=_HEAD_BYTES, backlog=1000
        )
        self._packets, _ = await self._loop.create_datagram_endpoint(
            lambda: _Packets(self._note), ("127.0.0.1", 0)
        )
        port: int = self._server.sockets[0].getsockname()[1]
        udp_port: int = self._packets.get_extra_info("sockname")[1]
        return port, udp_port

    async def _close(self) -> None:
        self._server.close()
        self._packets.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()
        await asyncio.sleep(0)  # lets the transports see that they are closed

    def _on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = writer.get_extra_info("peername")[:2]
        self._note(Hit("tcp", f"connection from {host}:{port}", time.monotonic()))
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := _parse_head(await reader.readuntil(b"\r\n\r\n")):
                detail, headers = request
                body = await _read_body(reader, headers)
                self._note(Hit("http", detail, time.monotonic(), headers, body[:_BODY_BYTES]))
                writer.write(self._answer(detail, headers))
                await writer.drain()
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # hung up, or said something that is not HTTP: the tcp hit tells that much
        finally:
            writer.close()

    def _answer(self, detail: str, headers: dict[str, str]) -> bytes:
        if headers.get("upgrade", "").lower() == "websocket":
            return _upgrade(headers.get("sec-websocket-key", ""))
        path = detail.partition(" ")[2].partition("?")[0]
        page = self.pages.get(path)
        body = b"canary" if page is None else page
        kind = "text/plain" if page is None else mimetypes.guess_type(path)[0] or "text/html"
        return _response(
            "200 OK",
            {
                "Content-Type": kind,
                "Content-Length": str(len(body)),
                "Access-Control-Allow-Origin": "*",
                "Access-Control-Allow-Methods": "*",
                "Access-Control-Allow-Headers": "*",
                "Cross-Origin-Resource-Policy": "cross-origin",
                "Cache-Control": "no-store",  # a second attack must be seen as well
            },
            b"" if detail.startswith("HEAD ") else body,
        )


class _Packets(asyncio.DatagramProtocol):
    def __init__(self, note: Callable[[Hit], None]) -> None:
        self._note = note

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        detail = f"packet from {addr[0]}:{addr[1]}"
        self._note(Hit("udp", detail, time.monotonic(), body=data[:_BODY_BYTES]))


def _parse_head(head: bytes) -> tuple[str, dict[str, str]] | None:
    """``("GET /path", headers)``, or None if it is not HTTP."""
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/"):
        return None
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return f"{words[0]} {words[1]}", headers


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
        return body
    length = headers.get("content-length", "0")
    return await reader.readexactly(int(length)) if length.isdigit() else b""


def _upgrade(key: str) -> bytes:
    proof = hashlib.sha1(  # noqa: S324 - RFC 6455, 4.2.2
        f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()
    )
    accept = base64.b64encode(proof.digest()).decode()
    return _response(
        "101 Switching Protocols",
        {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept},
    )


def _response(status: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body
