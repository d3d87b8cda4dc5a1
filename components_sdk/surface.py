"""What the browser will be told about one component: the subject of ``pitfalls``.

A ``Surface`` holds the texts as they are sent, whoever wrote them, and reads them as a browser
does: ASCII case, ASCII white space, the first directive wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from .csp import (
    ascii_lower,
    edit_csp,
    exact_origin,
    parse_csp,
    split_tokens,
)
from .policy import Policy, host_csp

_NOT_FETCHED = {"sandbox", "frame-ancestors", "webrtc", "report-to", "report-uri", "trusted-types"}
# "*", "https:", "https://*", "*:443" and the like
_ANYWHERE = re.compile(
    r"(?!(data|blob):)[a-z][a-z0-9+.-]*:|([a-z][a-z0-9+.-]*://)?\*(:\S*)?(/\S*)?", re.IGNORECASE
)


class Surface(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser will be told about one component.

    Attributes:
        sandbox: The iframe's attribute as written; ``None`` if there is no attribute.
        headers: Of every response of the component.
        host_csp: The Content-Security-Policy of the page that holds the frame.
        shared_origin: Other components are on the same origin.
        shares_app: Declared: the app itself is on the same origin.
        cookies: The component's server reads or sets cookies.
    """

    app_origin: str
    component_origin: str
    sandbox: str | None
    headers: dict[str, str]
    host_csp: str
    allow: str = ""
    shared_origin: bool = False
    shares_app: bool = False
    cookies: bool = False

    def __post_init__(self) -> None:
        exact_origin(self.app_origin)
        exact_origin(self.component_origin)

    @property
    def csp(self) -> dict[str, tuple[str, ...]]:
        return parse_csp(self.header("Content-Security-Policy") or "")

    @property
    def host(self) -> dict[str, tuple[str, ...]]:
        """The policy of the page that holds the frame."""
        return parse_csp(self.host_csp)

    @property
    def sources(self) -> Iterator[tuple[str, str]]:
        """Every directive and source that has to do with loading, sending or running."""
        for name, sources in self.csp.items():
            if name not in _NOT_FETCHED:
                yield from ((name, source) for source in sources)

    @property
    def sandboxes(self) -> tuple[set[str], ...]:
        """Tokens of the attribute, and of the CSP: in a tab of its own only the latter holds."""
        written = (split_tokens(self.sandbox or ""), self.csp.get("sandbox", ()))
        return tuple({ascii_lower(token) for token in tokens} for tokens in written)

    @property
    def has_storage(self) -> bool:
        """Whether its origin is a real one, with cookies and storage."""
        return any("allow-same-origin" in tokens for tokens in self.sandboxes)

    @property
    def features(self) -> set[str]:
        """Features that ``allow`` hands over."""
        entries = [split_tokens(ascii_lower(each)) for each in self.allow.split(";")]
        return {feature for feature, *who in filter(None, entries) if who != ["'none'"]}

    @property
    def foreign_sources(self) -> list[str]:
        """Origins other than its own that the component may load from or connect to."""
        return [
            f"{name} {source}"
            for name, source in self.sources
            if not source.startswith("'")
            and not is_local(source)
            and not is_within(source, self.component_origin)
        ]

    def header(self, name: str) -> str | None:
        wanted = ascii_lower(name)
        return next((v for k, v in self.headers.items() if ascii_lower(k) == wanted), None)


def surface(
    policy: Policy,
    app_origin: str,
    address: str,
    host_csp: str,
    *,
    headers: dict[str, str] | None = None,
    shared_origin: bool = False,
    shares_app: bool = False,
) -> Surface:
    """What the browser will be told if nothing alters what ``policy`` says.

    Args:
        address: The component's origin, or its path of a shared one, which ends in ``/``.
        headers: Those that its answers really have, where something was added to the policy's.
    """
    return Surface(
        app_origin=app_origin,
        component_origin="/".join(address.split("/")[:3]),
        sandbox=policy.sandbox_attribute,
        allow=policy.allow,
        headers=policy.headers(address, app_origin) if headers is None else headers,
        host_csp=host_csp,
        shared_origin=shared_origin,
        shares_app=shares_app,
    )


def is_anywhere(source: str) -> bool:
    """Whether a CSP source means the whole network."""
    return bool(_ANYWHERE.fullmatch(source))


def is_local(source: str) -> bool:
    return ascii_lower(source) in ("data:", "blob:")


def is_within(source: str, origin: str) -> bool:
    """Whether a CSP source names this origin or something below it, by whatever scheme."""
    return ascii_lower(source).split("://")[-1].split("/")[0] == origin.split("://")[1]


def reaches(source: str, origin: str) -> bool:
    """Whether a CSP source names this origin, something below it, or all hosts around it."""
    authority = ascii_lower(source).split("://")[-1].split("/")[0]
    around = authority.startswith("*.") and origin.endswith(authority[1:])
    return around or is_within(source, origin)


GOOD = surface(
    Policy("example"),
    "http://localhost:8000",
    "http://example-0a1b2c3d.localhost:8000",
    host_csp(
        "http://localhost:8000",
        "ws://localhost:8000/socket",
        ["http://example-0a1b2c3d.localhost:8000/frame/"],
        "/static/",
    ),
)
"""The default policy on the default origins; the good example of most rules."""


def good_but(
    *,
    csp: dict[str, str | None] | None = None,
    host: dict[str, str | None] | None = None,
    headers: dict[str, str | None] | None = None,
    sandbox: str | None = GOOD.sandbox,
    allow: str = GOOD.allow,
    app_origin: str = GOOD.app_origin,
    component_origin: str = GOOD.component_origin,
    shared_origin: bool = False,
    shares_app: bool = False,
    cookies: bool = False,
) -> Surface:
    """``GOOD`` with some directives, headers or fields changed; ``None`` removes one."""

    def moved(text: str) -> str:
        text = text.replace(GOOD.component_origin, component_origin)
        return text.replace(GOOD.app_origin, app_origin)

    own_csp = edit_csp(moved(GOOD.headers["Content-Security-Policy"]), csp or {})
    merged = {**GOOD.headers, "Content-Security-Policy": own_csp, **(headers or {})}
    return Surface(
        app_origin=app_origin,
        component_origin=component_origin,
        sandbox=sandbox,
        allow=allow,
        headers={name: value for name, value in merged.items() if value is not None},
        host_csp=edit_csp(moved(GOOD.host_csp), host or {}),
        shared_origin=shared_origin,
        shares_app=shares_app,
        cookies=cookies,
    )
