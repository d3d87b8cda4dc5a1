"""Content Security Policy as data: sources that cannot be forged, parsed as a browser parses.

1. A source is an exact origin (``https://api.example.org``), an exact URL or path prefix, a hash of
   an inline block, or a keyword from our own tables. Each has one normal form; all else is refused.
2. ``format_csp`` is the only place where a policy of ours becomes text. Nothing that could end a
   source (``;``, ``,``, white space, a line end, a character beyond ASCII) gets past it.
3. ``parse_csp`` splits at ASCII white space, ignores ASCII case, and the first directive wins.

    >>> format_csp({"default-src": (), "img-src": (exact_origin("https://a.example"), "data:")})
    "default-src 'none'; img-src https://a.example data:"
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from string import ascii_lowercase, ascii_uppercase

from .errors import PolicyError
from .sites import REGISTRIES, host_of, is_ipv4, is_loopback

_ORIGIN = re.compile(r"(https?|wss?)://([a-z0-9.-]{1,253})(?::([1-9][0-9]{0,4}))?", re.ASCII)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_PATH = re.compile(r"/[A-Za-z0-9._~/-]*", re.ASCII)
_HASH = re.compile(r"'sha(256|384|512)-[A-Za-z0-9+/]{43,86}={0,2}'", re.ASCII)
_SOURCE = re.compile(r"[!-+\--:<-~]+", re.ASCII)  # visible ASCII without "," and ";"
_DIRECTIVE = re.compile(r"[a-z-]+", re.ASCII)
_WHITE_SPACE = re.compile(r"[\t\n\f\r ]+")  # ASCII white space as browsers know it; \s is wider
_DEFAULT_PORT = {"http": "80", "ws": "80", "https": "443", "wss": "443"}
_TO_LOWER = str.maketrans(
    ascii_uppercase, ascii_lowercase
)  # str.lower() would also fold "K" (U+212A)


def exact_origin(text: str, schemes: Sequence[str] = ("http", "https")) -> str:
    """``text`` if it is one origin in normal form, else ``PolicyError`` ``bad-origin``.

    IPv6 addresses are refused because a CSP source cannot name them (CSP 3, host-source).
    """
    match = _ORIGIN.fullmatch(text)
    if not match or match[1] not in schemes:
        raise _bad_origin(text, f"{' or '.join(f'{scheme}://host[:port]' for scheme in schemes)}")
    scheme, host, port = match.groups()
    labels = host.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise _bad_origin(text, "a host name of letters, digits, dots and inner hyphens")
    if labels[-1][0].isdigit() and not is_ipv4(host):  # "1", "0x7f.1": URL parsers read an address
        raise _bad_origin(text, "a host name, or an IPv4 address written as four numbers")
    if port and int(port) > 65535:
        raise _bad_origin(text, "a port of at most 65535")
    if port == _DEFAULT_PORT[scheme]:
        raise _bad_origin(text, f"no :{port}, which is the default of {scheme}")
    return text


def granted_origin(text: str, *, wildcard: bool = False) -> str:
    """An origin that data may go to: https, or http on this very machine.

    With ``wildcard``, its leading label may be ``*``. Behind it stand at least two labels, and no
    registry that anybody can have a name below:

    >>> granted_origin("https://*.example.org", wildcard=True)
    'https://*.example.org'
    """
    if wildcard and "://*." in text:
        rest = text.replace("://*.", "://", 1)
        exact_origin(rest)
        host = host_of(rest)
        if "." not in host or is_ipv4(host) or host in REGISTRIES:
            raise PolicyError(
                f"Expected a domain of somebody's own behind the wildcard, got {text!r}",
                code="bad-origin",
                hint='Name whose servers they are, e.g. "https://*.example.org".',
            )
    else:
        exact_origin(text)
    if text.startswith("http://") and not is_loopback(host_of(text)):
        raise _bad_origin(text, "https:// (http:// only on localhost or 127.0.0.1)")
    return text


def covers(pattern: str, origin: str) -> bool:
    """Whether a granted origin, which may have a wildcard, allows all of another.

    >>> covers("https://*.example.org", "https://a.b.example.org")
    True
    >>> covers("https://*.example.org", "https://example.org")
    False
    """
    scheme, star, rest = pattern.partition("://*.")
    if not star:
        return pattern == origin
    return pattern == origin or (origin.startswith(f"{scheme}://") and origin.endswith(f".{rest}"))


def exact_url(text: str, schemes: Sequence[str] = ("http", "https")) -> str:
    """An origin with an optional path; one that ends in ``/`` is a prefix. No query, no ``..``."""
    start = text.find("/", text.find("://") + 3) if "://" in text else -1
    if start < 0:
        return exact_origin(text, schemes)
    exact_origin(text[:start], schemes)
    if not _PATH.fullmatch(text[start:]) or not {".", ".."}.isdisjoint(text[start:].split("/")):
        raise _bad_origin(text, "a path of letters, digits and ._~/- without . and .. parts")
    return text


def hash_source(block: str | bytes) -> str:
    """The CSP source that allows exactly this inline script or style.

    >>> hash_source("")
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    data = block.encode() if isinstance(block, str) else block
    return f"'sha256-{base64.b64encode(hashlib.sha256(data).digest()).decode()}'"


def exact_hash(text: str) -> str:
    """``text`` if it is a hash source with its quotes, else ``PolicyError`` ``bad-source``."""
    if not _HASH.fullmatch(text):
        raise PolicyError(
            f"Expected a hash source such as 'sha256-…' with its quotes, got {text!r}",
            code="bad-source",
            hint="Make it with hash_source(block).",
        )
    return text


def format_csp(directives: Mapping[str, Sequence[str]]) -> str:
    """The header's value; a directive without sources says ``'none'``."""
    for name, sources in directives.items():
        for source in sources:
            if not _SOURCE.fullmatch(source) or not _DIRECTIVE.fullmatch(name):
                raise PolicyError(
                    f"Expected a CSP source without white space, ',' and ';', got {source!r}",
                    code="bad-source",
                    where=name,
                )
    return "; ".join(
        " ".join((name, *(dict.fromkeys(sources) or ("'none'",))))
        for name, sources in directives.items()
    )


def parse_csp(text: str) -> dict[str, tuple[str, ...]]:
    """One serialized policy as a browser reads it (CSP 3, "parse a serialized CSP")."""
    directives: dict[str, tuple[str, ...]] = {}
    for part in text.split(";"):
        name, *sources = split_tokens(part) or [""]
        if name:
            directives.setdefault(ascii_lower(name), tuple(sources))
    return directives


def edit_csp(csp: str, changes: Mapping[str, str | None]) -> str:
    """A policy with some directives as they are given, however unsafe; ``None`` removes one."""
    old = {name: " ".join(sources) for name, sources in parse_csp(csp).items()}
    merged = {**old, **changes}
    return "; ".join(f"{name} {value}" for name, value in merged.items() if value is not None)


def split_tokens(text: str) -> list[str]:
    """Split at ASCII white space, as browsers split the sandbox attribute and a CSP directive."""
    return [token for token in _WHITE_SPACE.split(text) if token]


def ascii_lower(text: str) -> str:
    """Lower case of ASCII letters only, as browsers compare tokens."""
    return text.translate(_TO_LOWER)


def path_of(source: str) -> str:
    """The path of a URL or CSP source; empty if it stands for the whole origin."""
    path = source.split("://")[-1].partition("/")[2]
    return f"/{path}" if path else ""


def _bad_origin(text: str, expected: str) -> PolicyError:
    hint = 'Write it in lower case and without a path, e.g. "https://api.example.org".'
    if "*" in text:
        hint = (
            "List each origin. Only connect, images, fonts and media take a wildcard, and only as "
            'the first label: "https://*.example.org".'
        )
    elif not text.isascii():
        hint = "Write an international name in its xn-- form."
    return PolicyError(f"Expected {expected}, got {text!r}", code="bad-origin", hint=hint)
