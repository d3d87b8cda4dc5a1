"""Fetching: one request to an app that is looked at, and which servers may be asked at all.

The app may be hostile: its page names addresses, so it must not make us attack another server, nor
wait, nor read, for ever.

1. Anything may be sent to the server at the URL that was given, and to ``Reach.also``. On this
   machine all names of one port are one server, since all of them are asked at 127.0.0.1.
2. Hosts of the same site get what reads only (``SAFE``). No other server is asked anything.
3. A handshake, and a request with cookies, go to servers of 1 only.
4. A server on another network is not reached under a name that leads to this machine, or to a
   private network, unless the URL itself is there.
5. One answer has ``SECONDS`` in all, however slowly it drips, and ``MAX_BYTES``.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

import msgspec

from ..csp import covers, parse_csp
from ..sites import is_loopback, same_site

SECONDS = 10.0  # for one answer
MAX_BYTES = 2**20  # of an answer that are read
SAFE = ("GET", "HEAD", "OPTIONS")

_PORTS = {"http": 80, "https": 443}
_ASCII = "".join(map(chr, range(0x21, 0x7F)))


class NotApplicable(Exception):  # noqa: N818
    """There is nothing to look at, or nothing that may be asked."""


class Response(msgspec.Struct, frozen=True):
    """An answer; header names in lower case."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    @property
    def csp(self) -> dict[str, tuple[str, ...]]:
        return parse_csp(self.header("content-security-policy"))


class Reach(msgspec.Struct, frozen=True):
    """Which servers may be asked.

    Attributes:
        url: Of the app, as it was given.
        also: Other origins that were named, which may have a wildcard as their first label.
    """

    url: str
    also: tuple[str, ...] = ()

    def refusal(self, url: str, *, safe: bool = True) -> str:
        """Why an address is not asked; "" if it may be.

        Args:
            safe: What is sent reads only, and tells nothing of the visitor.
        """
        try:
            theirs, own = _server(url), _server(self.url)
        except ValueError:
            return f"{url!r:.200} is no address"
        scheme, host, port = theirs
        origin = origin_of(url)
        if theirs == own or any(covers(each, origin) for each in self.also):
            return ""
        hosts = (f"{scheme}://{host}", f"{scheme}://{own[1]}")
        named = ":" not in host + own[1]  # an IPv6 address has no site
        related = named and (scheme, port) == (own[0], own[2]) and same_site(*hosts)
        if related and safe:
            return ""
        what = "is asked for what reads only" if related else "is another server, and was not asked"
        return f"{origin} {what}; if it is yours, too: --also {origin}"


_REACH: ContextVar[Reach | None] = ContextVar("reach", default=None)


@contextlib.contextmanager
def within(reach: Reach) -> Iterator[None]:
    """In this block ``ask`` asks no other server."""
    token = _REACH.set(reach)
    try:
        yield
    finally:
        _REACH.reset(token)


def ask(
    url: str, method: str = "GET", *, host: str = "", headers: dict[str, str] | None = None
) -> Response:
    """One request. The path goes out as it is written; names below ``localhost`` are loopback.

    Raises:
        NotApplicable: This server may not be asked this.
        OSError: No answer, no whole one in time, or no address.
    """
    headers = headers or {}
    reach = _REACH.get()
    if reach is not None:
        safe = method in SAFE and not {"Upgrade", "Cookie"}.intersection(headers)
        if told := reach.refusal(url, safe=safe):
            raise NotApplicable(f"{told}.")
    try:
        return _ask(url, method, host, headers, reach)
    except http.client.HTTPException as error:
        raise OSError(f"no answer that is HTTP: {type(error).__name__}") from None
    except ValueError as error:
        raise OSError(f"{url!r:.200} is no address: {error}") from None


def _ask(
    url: str, method: str, host: str, headers: dict[str, str], reach: Reach | None
) -> Response:
    parts = urlsplit(url)
    scheme, name, port = _server(url)
    path = quote(url.partition("://")[2].partition("/")[2].partition("#")[0], safe=_ASCII)
    address = _address(name, port, reach)
    end = time.monotonic() + SECONDS
    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(socket.create_connection((address, port), timeout=SECONDS))
        if scheme == "https":
            context = ssl.create_default_context()
            sock = context.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False)
            stack.enter_context(sock)
        clock = threading.Timer(max(0.0, end - time.monotonic()), _hang_up, [sock])
        clock.daemon = True
        clock.start()
        stack.callback(clock.cancel)
        try:
            response = _spoken(
                sock, url, method, f"/{path}", {"Host": host or parts.netloc} | headers
            )
        except (OSError, http.client.HTTPException):
            if time.monotonic() < end:
                raise
            response = None
        if response is None or time.monotonic() >= end:
            raise TimeoutError(f"no whole answer within {SECONDS:g} s")
        return response


def _spoken(
    sock: socket.socket, url: str, method: str, path: str, headers: dict[str, str]
) -> Response:
    if isinstance(sock, ssl.SSLSocket):
        sock.do_handshake()
    connection = http.client.HTTPConnection("unused")
    connection.sock = sock
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for key, value in headers.items():
        connection.putheader(key, value)
    connection.endheaders()
    answer = connection.getresponse()
    with answer:
        body = b"" if answer.status == 101 else answer.read(MAX_BYTES)
        pairs = tuple((key.lower(), value) for key, value in answer.getheaders())
        return Response(url, answer.status, pairs, body)


def _hang_up(sock: socket.socket) -> None:
    """End whatever waits for this connection; beneath TLS, whose state belongs to the reader."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _address(name: str, port: int, reach: Reach | None) -> str:
    """The number to connect to.

    Raises:
        NotApplicable: It leads from another network to this machine or a private one.
    """
    numbers = _numbers(name, port)
    if reach is not None and not all(map(_is_public, numbers)):
        own = _server(reach.url)
        if name != own[1] and all(map(_is_public, _numbers(own[1], own[2]))):
            raise NotApplicable(f"{name} leads to {numbers[0]}, which is no public address.")
    return numbers[0]


def _numbers(name: str, port: int) -> list[str]:
    if is_loopback(name):
        return ["127.0.0.1"]
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]


def _is_public(number: str) -> bool:
    address = ip_address(number.partition("%")[0])
    return (getattr(address, "ipv4_mapped", None) or address).is_global


def _server(url: str) -> tuple[str, str, int]:
    """Scheme, host and port; one host for all that this machine is called.

    Raises:
        ValueError: It is no address of a server.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or not parts.netloc.isascii():
        raise ValueError("Expected http:// or https://, a host, and a port up to 65535")
    if parts.username is not None or any(char <= " " for char in parts.netloc):
        raise ValueError("Expected a host without a name and spaces before it")
    port = _PORTS[parts.scheme] if parts.port is None else parts.port
    name = "127.0.0.1" if is_loopback(parts.hostname) else parts.hostname
    return parts.scheme, name, port


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
