"""Raid: bytes on a socket, sent to the app's server by nobody's browser, and what came back.

What stands in braces in an attack's requests and messages:

    {app} {component}        Host of the app, and of the component of its page
    {origin}                 the app's origin
    {page} {document}        path of the page, and of the component's frame document
    {socket} {protocol}      path of the WebSocket, and its subprotocol
    {token} {cookie}         of a visitor who has just opened the page; ``name=value``
    {other_token} {other_cookie}   of another visitor
    {frame}                  the component's id on the page
    {outside}                absolute path of a file that no component serves
    {upgrade}                the headers of a WebSocket's handshake but Host, Origin and Cookie

The component's frontend is a folder, so that a careless server could be led out of it:

    secret.txt               {outside}; its text is the secret, as it is of the next three
    widget/component.toml
    widget/.env
    widget/frontend/.hidden
    widget/frontend/main.js
    widget/frontend/hello.txt
"""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import struct
import time
from collections.abc import Mapping

import msgspec

from ..errors import TestingError
from ..framing import MAGIC
from .rawsocket import frame, messages, upgrade

ANSWER_SECONDS = 5.0  # that a request may wait for its answer
QUIET_SECONDS = 0.2  # after an answer, in which a second one may come
VISITOR_SECONDS = 2.0  # that an honest visitor waits for a page
MAX_BYTES = 2**20  # of an answer that are read

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class RaidError(TestingError):
    """The raid could not be tried: no server, or one that answers an honest visitor wrongly."""

    code = "raid"


class Answer(msgspec.Struct, frozen=True):
    """All that came back on one connection, before a WebSocket's first message."""

    data: bytes

    @property
    def statuses(self) -> list[int]:
        return [int(status) for status in _STATUS.findall(self.data)]

    @property
    def status(self) -> int:
        """Of the first answer; 0 if the server hung up without one."""
        return next(iter(self.statuses), 0)

    def header(self, name: str) -> str:
        head = self.data.partition(b"\r\n\r\n")[0].decode("latin-1")
        pairs = (line.partition(":") for line in head.split("\r\n"))
        wanted = name.lower()
        return next((value.strip() for key, _, value in pairs if key.lower() == wanted), "")


class Visitor(msgspec.Struct, frozen=True):
    """Somebody who has opened the page and not yet connected."""

    cookie: str
    token: str


class Raid:
    """One run.

    Attributes:
        secret: Text of the files that no component serves.
        names: What stands in braces, by name.
        answers: What came back, a connection each.
        received: Messages of WebSockets that were opened.
        heard: Values of the component, as the app got them.
        held: Connections that stay open until the judge has looked.
    """

    def __init__(self, port: int, secret: str, names: Mapping[str, str]) -> None:
        self.port = port
        self.secret = secret
        self.names = dict(names)
        self.answers: list[Answer] = []
        self.received: list[bytes] = []
        self.heard: list[str] = []
        self.held = contextlib.ExitStack()

    def said(self, text: str, what: str) -> str:
        """Where the text came back."""
        for answer in self.answers:
            if text.encode() in answer.data:
                return f"the answer {answer.status} holds {what}"
        return f"a message holds {what}" if text.encode() in b"".join(self.received) else ""

    def visit(self, seconds: float = ANSWER_SECONDS) -> Visitor:
        """Open the page as an honest visitor does."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request("GET", self.names["page"], headers={"Host": self.names["app"]})
            answer = connection.getresponse()
            body = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise RaidError(
                f"a visitor was not answered: {error or type(error).__name__}"
            ) from None
        finally:
            connection.close()
        cookie = str(answer.headers["Set-Cookie"]).partition(";")[0]
        token = re.search(r"token=([\w-]+)", body)
        if answer.status != 200 or token is None:
            raise RaidError(f"a visitor was answered {answer.status}")
        return Visitor(cookie, token[1])

    def ask_as_visitor(self) -> str:
        """Why an honest visitor gets no page now; "" if there is one."""
        try:
            self.visit(VISITOR_SECONDS)
        except RaidError as error:
            return str(error)
        return ""

    def send(self, request: str, *, exact: bool) -> socket.socket:
        """Open a connection and send one request."""
        text = self.filled(request)
        if not exact:
            text = text.strip("\n").replace("\r\n", "\n").replace("\n", "\r\n")
            text += "\r\n\r\n" if "\r\n\r\n" not in text else ""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_SECONDS)
        self.held.callback(connection.close)
        with contextlib.suppress(ConnectionError):  # it may answer, and hang up, before the end
            connection.sendall(text.encode("latin-1"))
        return connection

    def read(self, connection: socket.socket) -> None:
        """Read what comes back: one answer, or more if they follow at once.

        Raises:
            RaidError: Nothing came back, and the connection is still open.
        """
        data = b""
        end = time.monotonic() + ANSWER_SECONDS
        while len(data) < MAX_BYTES:
            connection.settimeout(
                QUIET_SECONDS if _is_whole(data) else max(0.01, end - time.monotonic())
            )
            try:
                more = connection.recv(65_536)
            except TimeoutError:
                if not data:
                    raise RaidError(f"no answer within {ANSWER_SECONDS:g} s") from None
                break
            except ConnectionError:
                break
            if not more:
                break
            data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        if head.startswith(b"HTTP/1.1 101"):
            self.received += messages(rest)
            data = head
        self.answers.append(Answer(data))

    def tell(self, connection: socket.socket, message: str) -> None:
        """Send one message on an open WebSocket, and read what comes back."""
        kind, _, rest = message.partition(":")
        text = self.filled(message)
        if kind == "text":
            data = frame(1, self.filled(rest).encode())
        elif kind == "hex":
            data = frame(2, bytes.fromhex(rest))
        else:
            head = text.strip().encode()
            head += b" " * (-len(head) % 8)
            data = frame(2, MAGIC + struct.pack("<I", len(head)) + head)
        connection.settimeout(QUIET_SECONDS)
        with contextlib.suppress(OSError):  # it may have hung up, which is an answer
            connection.sendall(data)
            self.received += messages(connection.recv(MAX_BYTES))

    def filled(self, text: str) -> str:
        """The text with everything in it that stands in braces."""
        for name, value in self.names.items():
            text = text.replace(f"{{{name}}}", value)
        return text


def handshake() -> str:
    """The headers of a WebSocket's handshake, a line each."""
    return "\n".join(f"{name}: {value}" for name, value in upgrade().items())


def _is_whole(data: bytes) -> bool:
    head, parted, body = data.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return bool(parted) and (length is None or len(body) >= int(length[1]))
