"""A client that says whatever it likes: raw HTTP and raw WebSocket frames, over a real socket."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import struct
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from components_sdk.testing.rawsocket import frame, upgrade
from components_sdk.testing.running import RunningApp

TIMEOUT = 15.0  # seconds; more than any wait that a test configures

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Answer:
    """Status, headers (names in lower case, each with all its values) and body."""

    def __init__(self, head: bytes, body: bytes) -> None:
        first, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(first.split(" ")[1])
        self.headers: dict[str, list[str]] = {}
        for line in lines:
            name, _, value = line.partition(":")
            self.headers.setdefault(name.lower(), []).append(value.strip())
        self.body = body

    def header(self, name: str) -> str:
        return ", ".join(self.headers.get(name.lower(), []))


class Wire:
    """One TCP connection to a running app."""

    def __init__(self, port: int, receive_buffer: int = 0) -> None:
        self._socket = socket.socket()
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(TIMEOUT)
        self._socket.connect(("127.0.0.1", port))
        self._read = b""

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
        self._socket.close()

    def is_closed(self, within: float) -> bool:
        """Whether the server has hung up, or does within so many seconds."""
        self._socket.settimeout(within)
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            return False
        except ConnectionError:
            return True
        finally:
            self._socket.settimeout(TIMEOUT)
        self._read += data
        return not data

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def send_until_closed(self, data: bytes) -> None:
        """Send; a server that has hung up meanwhile is no failure."""
        with contextlib.suppress(OSError):
            self._socket.sendall(data)

    def read(self, count: int) -> bytes:
        while len(self._read) < count:
            if not (data := self._socket.recv(65536)):
                raise EOFError(self._read)
            self._read += data
        data, self._read = self._read[:count], self._read[count:]
        return data

    def read_until(self, mark: bytes) -> bytes:
        while mark not in self._read:
            if not (data := self._socket.recv(65536)):
                raise EOFError(self._read)
            self._read += data
        data, _, self._read = self._read.partition(mark)
        return data

    def rest(self) -> bytes:
        """All that comes until the server closes; a reset counts as closed."""
        try:
            while data := self._socket.recv(65536):
                self._read += data
        except ConnectionError:
            pass
        data, self._read = self._read, b""
        return data

    def answer(self, has_body: bool = True) -> Answer:
        head = self.read_until(b"\r\n\r\n")
        found = Answer(head, b"")
        length = found.header("content-length")
        if has_body and length:
            found.body = self.read(int(length))
        return found

    def ask(self, request: bytes, has_body: bool = True) -> Answer:
        self.send(request)
        return self.answer(has_body)

    # WebSocket frames --------------------------------------------------------------------------

    def frame(self, opcode: int, data: bytes = b"", *, last: bool = True, flags: int = 0) -> None:
        self.send(frame(opcode, data, last=last, flags=flags))

    def next_frame(self) -> tuple[int, bytes]:
        first, length = self.read(2)
        if length == 126:
            (length,) = struct.unpack("!H", self.read(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self.read(8))
        return first & 0x0F, self.read(length)

    def close_code(self) -> int | None:
        """Read until the server closes; answers its code, None for a cut without a word."""
        try:
            while True:
                opcode, data = self.next_frame()
                if opcode == CLOSE:
                    return int(struct.unpack("!H", data[:2])[0]) if data else 1005
        except (EOFError, ConnectionError):
            return None


class Page:
    """What a browser knows after it opened a page: cookie, token and frame documents."""

    def __init__(self, running: RunningApp, cookie: str = "", path: str = "/") -> None:
        self.running = running
        with Wire(running.port) as wire:
            own = f"Cookie: {cookie}\r\n" if cookie else ""
            host = running.origins.app_host
            self.answer = wire.ask(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{own}\r\n".encode())
        self.cookie = cookie or self.answer.header("set-cookie").partition(";")[0]
        found = re.search(rb'id="components-config">(.*?)</script>', self.answer.body)
        config = json.loads(found[1]) if found else {"socket": "?token="}
        self.token = config["socket"].partition("token=")[2]

    def handshake(
        self, headers: Mapping[str, str] | None = None, *, seen: int = 0, path: str = ""
    ) -> bytes:
        """The upgrade request; a header given as ``""`` is left out."""
        origins = self.running.origins
        sent = {
            "Host": origins.app_host,
            "Origin": origins.app,
            **upgrade(),
            "Cookie": self.cookie,
            **(headers or {}),
        }
        target = path or f"/_components/socket?token={self.token}&seen={seen}"
        lines = [f"{name}: {value}" for name, value in sent.items() if value]
        return "\r\n".join([f"GET {target} HTTP/1.1", *lines, "", ""]).encode("latin-1")

    def connect(self, *, seen: int = 0, receive_buffer: int = 0) -> Wire:
        """An open WebSocket; the first batch is still to be read."""
        wire = Wire(self.running.port, receive_buffer)
        answer = wire.ask(self.handshake(seen=seen))
        assert answer.status == 101, (answer.status, answer.body)
        return wire
