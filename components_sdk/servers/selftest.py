"""The server asks itself, before anybody else may: are app and components apart?

``pitfalls.refuse`` has judged what the origins look like. This looks at what the port answers, so
that a mistake in the routes, or a server of somebody else's on the same port, is found before the
address is printed. Requests go to 127.0.0.1 with the ``Host`` that a browser would send, as Python
does not resolve ``*.localhost``. It runs no page function.

    await self_test(deployment, port)       # ServeError: what is shared, and what to do
"""

from __future__ import annotations

import asyncio
import http.client
import io
from collections.abc import Iterator

import msgspec

from ..app import Deployment
from ..csp import parse_csp
from ..errors import ServeError
from ..origins import authority
from ..pages import Site

PATIENCE_SECONDS = 5.0  # of the whole test; it takes some milliseconds
NOBODY = "nobody.invalid"  # a host that no app and no component has
_HINT = (
    "Nothing but this server may answer on its port, and no proxy before it may rewrite Host. "
    "If it is not that, please report it."
)
# What comes of a server that is no server of HTTP, or of none.
_SILENT = (
    OSError,
    EOFError,
    TimeoutError,
    asyncio.LimitOverrunError,
    http.client.HTTPException,
)


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """One request, and what may be answered.

    Attributes:
        destination: As ``Sec-Fetch-Dest``.
        otherwise: What another answer would mean.
    """

    host: str
    path: str
    destination: str = "document"
    statuses: tuple[int, ...]
    otherwise: str


class Answer(msgspec.Struct, frozen=True):
    """Status and headers; names in lower case."""

    status: int
    headers: dict[str, str]


def probes(deployment: Deployment, site: Site) -> Iterator[Probe]:
    """What is asked, with a component that is served for this only."""
    app, component = deployment.origins.app_host, authority(site.origin)
    runtime = f"{deployment.files.prefix}host.js"
    page = next(iter(deployment.app.pages), "/")
    yield Probe(
        host=app,
        path=runtime,
        destination="script",
        statuses=(200,),
        otherwise="the app is not served where its pages look for it",
    )
    yield Probe(
        host=component,
        path=site.document_path,
        destination="iframe",
        statuses=(200,),
        otherwise="components are not served where the page looks for them, or not confined",
    )
    yield Probe(
        host=component,
        path=site.document_path,
        statuses=(403,),
        otherwise="a component opens in a tab of its own",
    )
    yield Probe(
        host=component,
        path=f"{site.prefix}nothing",
        statuses=(404,),
        otherwise="an error of a component's origin is not confined",
    )
    if app != component:
        yield Probe(
            host=component,
            path=page,
            statuses=(404, 421),
            otherwise="the app answers on the components' host: they share an origin",
        )
        yield Probe(
            host=component,
            path=runtime,
            statuses=(404, 421),
            otherwise="the app answers on the components' host: they share an origin",
        )
        yield Probe(
            host=app,
            path=site.document_path,
            destination="iframe",
            statuses=(404, 421),
            otherwise="components answer on the app's host: they share an origin",
        )
    for path in (page, site.document_path):
        yield Probe(
            host=NOBODY,
            path=path,
            statuses=(421,),
            otherwise="any name is answered that foreign DNS points here (DNS rebinding)",
        )


def complaint(answer: Answer, probe: Probe) -> str:
    """What is wrong with an answer; empty if nothing is."""
    csp = parse_csp(answer.headers.get("content-security-policy", ""))
    if answer.status not in probe.statuses:
        return f"status {' or '.join(map(str, probe.statuses))}, got {answer.status}"
    if "location" in answer.headers:
        return "no redirect, got one"
    if "set-cookie" in answer.headers:
        return "no cookie, got one"
    if "sandbox" not in csp:
        return "a Content-Security-Policy with sandbox, got none"
    if "allow-same-origin" in csp["sandbox"]:
        return "an opaque origin, got allow-same-origin"
    return ""


async def self_test(deployment: Deployment, port: int) -> None:
    """Ask this server on its port.

    Raises:
        ServeError: It does not answer as it must; says what is shared.
    """
    with deployment.sample() as site:
        asked = list(probes(deployment, site))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                answers = await asyncio.gather(*(_ask(port, probe) for probe in asked))
        except _SILENT as error:
            raise ServeError(
                f"Expected this server to answer itself on port {port}, got {error!r:.80}",
                code="self-test",
                hint=_HINT,
            ) from error
    for probe, answer in zip(asked, answers, strict=True):
        if wrong := complaint(answer, probe):
            raise ServeError(
                f"Refusing to serve: {probe.otherwise}. Expected {wrong}",
                code="self-test",
                where=f"{probe.host}{probe.path}",
                hint=_HINT,
            )


async def _ask(port: int, probe: Probe) -> Answer:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET {probe.path} HTTP/1.1\r\nHost: {probe.host}\r\n"
        f"Sec-Fetch-Dest: {probe.destination}\r\nConnection: close\r\n\r\n".encode()
    )
    said = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    status, _, headers = said.partition(b"\r\n")
    parsed = http.client.parse_headers(io.BytesIO(headers))
    code = status.split(b" ")[1] if status.startswith(b"HTTP/1.1 ") else b""
    if not code.isdigit():
        raise http.client.BadStatusLine(repr(status[:80]))
    return Answer(int(code), {name.lower(): value for name, value in parsed.items()})
