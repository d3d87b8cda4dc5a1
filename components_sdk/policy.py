"""Requests and grants become a policy, and the policy becomes every attribute and header.

1. A component asks (``component.toml``), the app grants (``App(grants=…)``), and its organisation
   may set bounds to that (``organisation.py``).
2. What is asked for and granted is in force. What is asked for and not granted means that the
   component is not mounted: ``decide`` answers ``Ungranted`` with the line that would grant it.
3. A grant names its origins, so a new version of a component cannot widen it silently.
4. The sandbox is ``allow-scripts`` plus tokens of the permission table; there is no other way in.
   ``storage`` alone brings ``allow-same-origin``; who serves the component has to look at
   ``needs_own_origin`` and refuse it where the origin is not this component's alone.
5. Sources are absolute: ``'self'`` never matches an opaque origin in WebKit.

    >>> asked = [Request("geolocation", "Shows where you are.")]
    >>> decide("geo-map", asked, parse_grants("strict")).line
    'App(grants={"geo-map": ["geolocation"]})'
    >>> decide("geo-map", asked, parse_grants(["geolocation"])).features
    ('geolocation',)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from .csp import covers, exact_hash, exact_origin, exact_url, format_csp, parse_csp, path_of
from .errors import PolicyError
from .explanations import Line, asked, explained
from .grants import PRESETS, Grant, Grants, Preset, Request, merge_grants, parse_grants, unique
from .hints import nearest
from .permissions import (
    DENIED,
    FEATURES,
    OWN_ORIGIN,
    PERMISSIONS,
    Permission,
    permissions_policy,
)
from .vocabulary import words

__all__ = [
    "EXAMPLE_APP",
    "EXAMPLE_COMPONENT",
    "FEATURES",
    "PERMISSIONS",
    "PRESETS",
    "Grant",
    "Grants",
    "Line",
    "Missing",
    "Permission",
    "Policy",
    "Preset",
    "Request",
    "Ungranted",
    "decide",
    "host_csp",
    "host_headers",
    "parse_grants",
]

# They stand for the real origins, which are known when an app is served.
EXAMPLE_COMPONENT = "https://component.example.net"
EXAMPLE_APP = "https://app.example.org"


class Missing(msgspec.Struct, frozen=True):
    """One thing that was asked for and not granted, and the line that would grant it."""

    permission: str
    reason: str
    meaning: str
    origins: tuple[str, ...]
    line: str


class Ungranted(msgspec.Struct, frozen=True):
    """The component is not mounted; ``line`` would grant all that is missing.

    Attributes:
        code: ``not-granted``, or why it cannot be granted here; then ``line`` says who forbids it.
    """

    component: str
    missing: tuple[Missing, ...]
    line: str
    code: Literal["not-granted", "forbidden-by-organisation", "storage-needs-own-origin"] = (
        "not-granted"
    )


def decide(component: str, requests: Sequence[Request], grants: Grants) -> Policy | Ungranted:
    """What is in force: asked for and granted, or an answer that says what is missing."""
    granted = {grant.permission: grant for grant in merge_grants(grants)}
    lacking: list[tuple[Request, Grant]] = []
    for request in requests:
        grant = granted.get(request.permission)
        origins = tuple(
            asked
            for asked in request.origins
            if not grant or not any(covers(allowed, asked) for allowed in grant.origins)
        )
        if not grant or origins:
            lacking.append((request, Grant(request.permission, origins)))
    if not lacking:
        return Policy(component, _in_table_order(requests))

    def line(*more: Grant) -> str:
        value = [str(grant) for grant in merge_grants([*granted.values(), *more])]
        return f"App(grants={{{json.dumps(component)}: {json.dumps(value)}}})"

    return Ungranted(
        component,
        tuple(
            Missing(
                request.permission,
                request.reason,
                PERMISSIONS[request.permission].meaning,
                grant.origins,
                line(grant),
            )
            for request, grant in lacking
        ),
        line(*(grant for _, grant in lacking)),
    )


class Policy(msgspec.Struct, frozen=True):
    """What is in force for one component. All that a browser is told is derived from it."""

    component: str
    requests: tuple[Request, ...] = ()

    @property
    def permissions(self) -> tuple[Permission, ...]:
        return tuple(PERMISSIONS[request.permission] for request in self.requests)

    @property
    def origins(self) -> tuple[str, ...]:
        """All foreign origins that the component may reach, for whatever purpose."""
        return unique(origin for request in self.requests for origin in request.origins)

    @property
    def features(self) -> tuple[str, ...]:
        """Permissions-Policy features that are switched on."""
        return unique(feature for each in self.permissions for feature in each.features)

    @property
    def sandbox(self) -> tuple[str, ...]:
        return unique(("allow-scripts", *(t for each in self.permissions for t in each.sandbox)))

    @property
    def needs_own_origin(self) -> bool:
        """It may only be served from an origin that nobody else has: the sandbox lets it keep it.

        Elsewhere its frame could take its sandbox away, and read what else that origin holds.
        """
        return OWN_ORIGIN in self.sandbox

    @property
    def sandbox_attribute(self) -> str:
        return " ".join(self.sandbox)

    @property
    def allow(self) -> str:
        """The iframe's ``allow``; ``*`` because Firefox matches no list with an opaque origin.

        Firefox reads no Permissions-Policy header, so what it has on in every frame is denied here.
        """
        given = [f"{feature} *" for feature in self.features]
        denied = [f"{feature} 'none'" for feature in DENIED if feature not in self.features]
        return "; ".join([*given, *denied])

    @property
    def attributes(self) -> dict[str, str]:
        """All attributes of the iframe but ``src``; never a ``name``: siblings see it."""
        return {
            "sandbox": self.sandbox_attribute,
            "allow": self.allow,
            "referrerpolicy": "no-referrer",
            "loading": "eager",
        }

    @property
    def permissions_policy(self) -> str:
        return permissions_policy(self.features)

    @property
    def connection_allowlist(self) -> str:
        """Chromium's last word on the network; it closes WebRTC and preconnect too."""
        patterns = (f'"{origin}/*"' for origin in self.origins)  # a wildcard is one there, too
        return f"({' '.join(('response-origin', *patterns))})"

    @property
    def embedder_policy(self) -> str:
        """``require-corp`` lets the frame load in pages that demand isolation.

        It also blocks images, media and frames of every server that does not send the matching
        headers, and in WebKit an opaque origin's workers, so it has to go where such are granted.
        """
        return (
            "unsafe-none" if any(each.unisolated for each in self.permissions) else "require-corp"
        )

    def csp(
        self,
        origin: str,
        host_origin: str,
        *,
        scripts: Sequence[str] = (),
        styles: Sequence[str] = (),
        script_files: bool = False,
        style_files: bool = False,
    ) -> str:
        """The Content-Security-Policy of every response of the component.

        Args:
            origin: The component's absolute origin, or a path prefix of it that ends in ``/``.
            host_origin: The only page that may frame it.
            scripts: Hash sources of the inline scripts of this response (``hash_source``).
            styles: Hash sources of its inline styles.
            script_files: The frontend has more scripts, to be loaded from ``origin``.
            style_files: The frontend has more style sheets, to be loaded from ``origin``.
        """
        own = exact_url(origin)
        if any(each.name == "inline-styles" for each in self.permissions):
            styles = ()  # a hash would switch 'unsafe-inline' off, which covers these too
        directives: dict[str, tuple[str, ...]] = {
            "sandbox": self.sandbox,
            "default-src": (),
            "script-src": (*map(exact_hash, scripts), *([own] if script_files else ())),
            "style-src": (*map(exact_hash, styles), *([own] if style_files else ())),
            "img-src": (own, "data:"),
            "font-src": (own,),
            "connect-src": (),
            "media-src": (),
            "worker-src": (),
            "child-src": (),
            "frame-src": (),
            "object-src": (),
            "form-action": (),
            "base-uri": (),
            "webrtc": ("'block'",),
            "frame-ancestors": (exact_origin(host_origin),),
        }
        for request, permission in zip(self.requests, self.permissions, strict=True):
            for directive in permission.directives:
                directives[directive] += (*permission.keywords, *request.origins)
        return format_csp(directives)

    def headers(
        self,
        origin: str,
        host_origin: str,
        *,
        scripts: Sequence[str] = (),
        styles: Sequence[str] = (),
        script_files: bool = False,
        style_files: bool = False,
    ) -> dict[str, str]:
        """All headers of every response of the component but Content-Type and Cache-Control."""
        return {
            "Content-Security-Policy": self.csp(
                origin,
                host_origin,
                scripts=scripts,
                styles=styles,
                script_files=script_files,
                style_files=style_files,
            ),
            "Connection-Allowlist": self.connection_allowlist,
            "Permissions-Policy": self.permissions_policy,
            "X-DNS-Prefetch-Control": "off",
            "Access-Control-Allow-Origin": "*",  # public code; a frame's module loads need it
            "Cross-Origin-Resource-Policy": "cross-origin",  # else its own files are blocked
            "Cross-Origin-Embedder-Policy": self.embedder_policy,
            "Cross-Origin-Opener-Policy": "same-origin",
            "Origin-Agent-Cluster": "?1",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }

    def explain(
        self,
        origin: str = EXAMPLE_COMPONENT,
        host_origin: str = EXAMPLE_APP,
    ) -> list[Line]:
        """All of it, a sentence for each, and what which engine does not enforce."""
        headers = self.headers(origin, host_origin, script_files=True, style_files=True)
        csp = parse_csp(headers.pop("Content-Security-Policy"))
        pairs = zip(self.requests, self.permissions, strict=True)
        return [
            *(asked(permission, " ".join(request.origins)) for request, permission in pairs),
            *(explained("attribute", name, value) for name, value in self.attributes.items()),
            *(explained("directive", name, " ".join(sources)) for name, sources in csp.items()),
            *(explained("header", name, value) for name, value in headers.items()),
            *(explained("gap", word.name, "") for word in words("gap")),
        ]


def host_csp(
    app_origin: str, socket_url: str, frame_urls: Sequence[str], static_prefix: str
) -> str:
    """The Content-Security-Policy of the host page.

    ``frame-src`` is what stops a frame from navigating away with data, so it lists the mounted
    components' frame URLs (or prefixes that end in ``/``) and never a bare origin.
    """
    app = exact_origin(app_origin)
    for url in frame_urls:
        if not path_of(exact_url(url)):
            raise PolicyError(
                f"Expected a frame's exact URL, got the whole origin {url!r}",
                code="frame-src-origin",
                hint="A frame could leave to any other answer of that origin.",
            )
    if not (static_prefix.startswith("/") and static_prefix.endswith("/")):
        raise PolicyError(
            f'Expected a path such as "/static/", got {static_prefix!r}', code="bad-source"
        )
    static = exact_url(app + static_prefix)
    return format_csp(
        {
            "default-src": (),
            "script-src": (static,),
            "style-src": (static,),
            "img-src": (app, "data:"),
            "font-src": (static,),
            "connect-src": (exact_url(socket_url, ("ws", "wss")), app),
            "frame-src": tuple(frame_urls),
            "object-src": (),
            "form-action": (),
            "base-uri": (),
            "frame-ancestors": ("'self'",),
            "require-trusted-types-for": ("'script'",),
            "trusted-types": ("components-sdk",),
        }
    )


def host_headers(csp: str, granted_features: Iterable[str] = ()) -> dict[str, str]:
    """All headers of the host page but Content-Type; features as in ``Policy.features``."""
    features = set(granted_features)
    if not csp.isprintable() or not csp.isascii():
        raise PolicyError(f"Expected a CSP in one line of ASCII, got {csp!r}", code="bad-source")
    known = [word.name for word in words("feature") if not word.never]
    for unknown in features.difference(known):
        raise PolicyError(
            f"Expected a Permissions-Policy feature, got {unknown!r}",
            code="unknown-feature",
            hint=nearest(unknown, known),
        )
    return {
        "Content-Security-Policy": csp,
        "Permissions-Policy": permissions_policy(features),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }


def _in_table_order(requests: Sequence[Request]) -> tuple[Request, ...]:
    """The same requests give the same bytes, whatever their order in the file."""
    order = list(PERMISSIONS)
    return tuple(sorted(requests, key=lambda request: order.index(request.permission)))
