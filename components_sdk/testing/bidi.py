"""WebDriver BiDi: commands, answers and events as JSON over one WebSocket.

    >>> decode({"type": "array", "value": [{"type": "number", "value": 1}, {"type": "null"}]})
    [1, None]

A command is asked (wait for its result) or sent (the answer comes later). Events arrive in the
connection's own thread, which must never ask.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeAlias

import websocket  # comes with selenium

from components_sdk.testing.engines import SCRIPT_SECONDS, EngineError, Json

Message: TypeAlias = dict[str, Any]  # JSON of the protocol

_GONE: Message = {"type": "error", "error": "connection lost"}


class Connection:
    """Commands and their answers, and events, over one WebSocket."""

    def __init__(self, url: str, on_event: Callable[[str, Message], None]) -> None:
        # Firefox turns away whoever sends an Origin: it could be a page.
        self._socket = websocket.create_connection(url, timeout=None, suppress_origin=True)
        self._on_event = on_event
        self._waiting: dict[int, Future[Message]] = {}
        self._lock = threading.Lock()
        self._last = 0
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def ask(self, method: str, *, timeout: float = SCRIPT_SECONDS, **params: Json) -> Message:
        """Send a command and wait for its result."""
        try:
            answer = self.send(method, **params).result(timeout)
        except TimeoutError:
            sentence = f"firefox: {method} did not end within {timeout:g} s"
            raise EngineError(sentence, code="engine-timeout") from None
        if answer.get("type") == "error":
            raise EngineError(f"firefox: {method}: {answer['error']}: {answer['message']}")
        result: Message = answer["result"]
        return result

    def send(self, method: str, **params: Json) -> Future[Message]:
        """Send a command; the answer comes later."""
        future: Future[Message] = Future()
        with self._lock:
            self._last += 1
            self._waiting[self._last] = future
            try:
                text = json.dumps({"id": self._last, "method": method, "params": params})
                self._socket.send(text)
            except (OSError, websocket.WebSocketException) as error:
                future.set_result(_GONE | {"message": str(error)})
        return future

    def _listen(self) -> None:
        while True:
            try:
                text = self._socket.recv()
            except (OSError, websocket.WebSocketException):
                text = ""
            if not text:
                break
            message = json.loads(text)
            if message["type"] == "event":
                self._on_event(message["method"], message["params"])
            elif future := self._waiting.pop(message.get("id"), None):
                future.set_result(message)
        for future in self._waiting.values():
            if not future.done():
                future.set_result(_GONE | {"message": "Firefox hung up"})

    def close(self) -> None:
        """Hang up; Firefox has usually done so already."""
        if raw := self._socket.sock:
            with contextlib.suppress(OSError):
                raw.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.shutdown()  # type: ignore[no-untyped-call]


def encode(value: Json) -> Message:
    """A JSON value as the protocol's "local value"."""
    if value is None:
        return {"type": "null"}
    if isinstance(value, bool):
        return {"type": "boolean", "value": value}
    if isinstance(value, int | float):
        return {"type": "number", "value": value}
    if isinstance(value, str):
        return {"type": "string", "value": value}
    if isinstance(value, list | tuple):
        return {"type": "array", "value": [encode(item) for item in value]}
    if isinstance(value, dict):
        return {"type": "object", "value": [[key, encode(item)] for key, item in value.items()]}
    raise EngineError(f"Expected JSON, got {type(value).__name__}")


def decode(remote: Message) -> Json:
    """What a "remote value" is in Python; None for what JSON has no word for."""
    kind, value = remote["type"], remote.get("value")
    if kind in ("array", "set"):
        return [decode(item) for item in value or []]
    if kind in ("object", "map"):
        return {key: decode(item) for key, item in value or []}
    if kind == "number" and isinstance(value, str):  # "NaN", "-0", "Infinity", "-Infinity"
        return float(value)
    return value if kind in ("string", "number", "boolean") else None
