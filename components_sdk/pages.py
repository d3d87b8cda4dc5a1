"""Which bytes under which headers, as data: all that this server may ever answer but the pages.

Rules:
1. Every response of a component's origin, errors too, carries the component's headers.
2. No response is a redirect and none sets a cookie.
3. The frame document is one self-contained, immutable response: the SDK's runtime, the author's
   module and style, each allowed by its hash. Its URL changes when one byte of it, or of its
   headers, changes.

    site = component_site(frontend, policy, address, app_origin, title)
    site.document_url, site.table[site.document_path]
"""

from __future__ import annotations

import functools
import hashlib
import html
from pathlib import PurePosixPath
from urllib.parse import quote

import msgspec

from .csp import hash_source
from .frontend import CONTENT_TYPES, Frontend
from .origins import origin_of, prefix_of
from .policy import Policy
from .resources import WEB

IMMUTABLE = "public, max-age=31536000, immutable"


class Response(msgspec.Struct, frozen=True):
    """Status, headers and body; nothing else reaches the socket."""

    status: int
    headers: dict[str, str]
    body: bytes


class Site(msgspec.Struct, frozen=True):
    """Everything that one component's origin serves, or its part of a shared one.

    Attributes:
        prefix: What the paths of this component begin with; ``/`` if the origin is its own.
        document_path: Path of the frame document; the only thing that may load in the frame.
        table: Response by path. A path that is not here does not exist.
        headers: What every response of the origin carries.
    """

    origin: str
    prefix: str
    document_path: str
    table: dict[str, Response]
    headers: dict[str, str]

    @property
    def document_url(self) -> str:
        """Absolute URL of the frame document, without fragment."""
        return self.origin + self.document_path

    def refusal(self, status: int, sentence: str) -> Response:
        """An error of this origin: as confined as everything else, and without internals."""
        return text_response(status, sentence, self.headers)


def text_response(status: int, sentence: str, headers: dict[str, str]) -> Response:
    """A plain-text answer that nobody caches."""
    return Response(
        status=status,
        headers={
            **headers,
            "Content-Type": "text/plain; charset=utf-8",
            "Cache-Control": "no-store",
        },
        body=f"{sentence}\n".encode(),
    )


class HostFiles(msgspec.Struct, frozen=True):
    """The page's own runtime and style, under a path that changes with their content."""

    prefix: str
    modules: tuple[str, ...]  # absolute paths of what host.js imports
    table: dict[str, Response]


STATIC = "/_components/static/"

# Of the app's origin where it is not a page: nothing may load, run, frame or be framed.
BARE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@functools.cache
def host_files() -> HostFiles:
    """Read the page's runtime."""
    files = {
        path.name: path.read_bytes()
        for path in sorted(WEB.iterdir())
        if path.suffix in (".js", ".css") and not path.name.startswith("component.")
    }
    version = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()[:16]
    prefix = f"{STATIC}{version}/"
    table = {
        prefix + name: Response(
            200,
            {
                **BARE_HEADERS,
                "Content-Type": CONTENT_TYPES[PurePosixPath(name).suffix],
                "Cache-Control": IMMUTABLE,
            },
            body,
        )
        for name, body in files.items()
    }
    modules = tuple(path for path in table if path.endswith(".js") and "/host." not in path)
    return HostFiles(prefix=prefix, modules=modules, table=table)


def component_site(
    frontend: Frontend, policy: Policy, address: str, app_origin: str, title: str
) -> Site:
    """Make all responses of one component.

    Args:
        address: Its origin, or its path of a shared one, which ends in ``/``.
    """
    origin, prefix = origin_of(address), prefix_of(address)
    runtime = (WEB / "component.js").read_text("utf-8")
    base_style = (WEB / "component.css").read_text("utf-8")
    blocks = [base_style, frontend.style, runtime, frontend.module]
    digests = [hash_source(block) for block in blocks]
    headers = policy.headers(
        address,
        app_origin,
        styles=digests[:2],
        scripts=digests[2:],
        style_files=frontend.has(".css"),
        script_files=frontend.has(".js", ".mjs"),
    )
    document = _document(title, blocks, frontend.body).encode()
    content = repr(sorted(headers.items())).encode() + document
    path = f"{prefix}frame-{hashlib.sha256(content).hexdigest()[:20]}"
    table = {
        f"{prefix}{quote(name)}": Response(
            200,
            {
                **headers,
                "Content-Type": CONTENT_TYPES[PurePosixPath(name).suffix.lower()],
                "Cache-Control": "no-cache",
            },
            body,
        )
        for name, body in frontend.files.items()
    }
    table[path] = Response(
        200,
        {**headers, "Content-Type": "text/html; charset=utf-8", "Cache-Control": IMMUTABLE},
        document,
    )
    return Site(origin=origin, prefix=prefix, document_path=path, table=table, headers=headers)


def _document(title: str, blocks: list[str], body: str) -> str:
    base_style, style, runtime, module = blocks
    # The runtime is the first script: it takes what it needs before the author's code can
    # change it. An empty style has a hash as well, so all blocks are always there.
    before = (
        f'<meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{base_style}</style><script>{runtime}</script><style>{style}</style></head>\n"
        f'<body><div id="root">{body}</div>\n<script type="module">'
    )
    # Browsers count an error's line from the top of the document, authors from their file's.
    line = before.count("\n") + 2
    return (
        f'<!doctype html>\n<html lang="en" data-module-line="{line}"><head>{before}'
        f"{module}</script></body></html>\n"
    )
