"""What a component may ask for, and what the browser is told when it is granted.

One table; a feature's permission has the feature's name and comes from the vocabulary. A permission
is reached by its name only; what it can turn into (sandbox tokens, CSP
directives, Permissions-Policy features) stands here and nowhere else. ``SandboxToken`` lists all
tokens that a permission may open: ``allow-top-navigation*`` and ``allow-popups-to-escape-sandbox``
are not among them, so no permission, grant or file reaches them.

``allow-same-origin`` belongs to ``storage`` alone: a permission of another name that carries it
cannot exist. It is safe only where the component's origin is its own, which ``Policy`` says
(``needs_own_origin``) and a deployment has to refuse where it is not so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, get_args

import msgspec

from .vocabulary import Limit, words

SandboxToken = Literal[
    "allow-downloads",
    "allow-forms",
    "allow-modals",
    "allow-orientation-lock",
    "allow-pointer-lock",
    "allow-popups",
    "allow-presentation",
    "allow-same-origin",
]
OWN_ORIGIN: SandboxToken = "allow-same-origin"
OWN_ORIGIN_PERMISSION = "storage"  # the only one that may carry it


class Permission(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a component may ask for.

    Attributes:
        meaning: What it allows, in plain words for the app's user.
        takes_origins: The request and the grant list the exact origins it is for.
        takes_wildcards: One may be ``https://*.example.org``, which a pitfall warns of.
        unisolated: What isolated pages demand (``Cross-Origin-Embedder-Policy``) would stop it:
            images, media and frames of servers that know nothing of it, and workers in WebKit.
        sandbox: Tokens added to the sandbox, in the attribute and in the CSP.
        directives: CSP directives that get the origins and ``keywords``.
        features: Permissions-Policy features that are switched on.
        source: Where the specifications define it.
        limit: What an engine does otherwise than told.
    """

    name: str
    meaning: str
    source: str
    takes_origins: bool = False
    takes_wildcards: bool = False
    unisolated: bool = False
    sandbox: tuple[SandboxToken, ...] = ()
    directives: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    limit: Limit = Limit()

    def __post_init__(self) -> None:
        if not set(self.sandbox) <= set(get_args(SandboxToken)):
            raise ValueError(f"not a sandbox token that a permission may have: {self.sandbox}")
        if OWN_ORIGIN in self.sandbox and self.name != OWN_ORIGIN_PERMISSION:
            raise ValueError(f"a sandbox token of {OWN_ORIGIN_PERMISSION} alone: {OWN_ORIGIN}")


_TABLE = (
    Permission(
        name="connect",
        meaning="Send data to and receive data from the listed servers.",
        source="CSP 3, connect-src",
        takes_origins=True,
        takes_wildcards=True,
        directives=("connect-src",),
    ),
    Permission(
        name="images",
        meaning="Load images from the listed servers, which see each request.",
        source="CSP 3, img-src",
        takes_origins=True,
        takes_wildcards=True,
        unisolated=True,
        directives=("img-src",),
    ),
    Permission(
        name="fonts",
        meaning="Load fonts from the listed servers, which see each request.",
        source="CSP 3, font-src",
        takes_origins=True,
        takes_wildcards=True,
        directives=("font-src",),
    ),
    Permission(
        name="media",
        meaning="Load sound and video from the listed servers, which see each request.",
        source="CSP 3, media-src",
        takes_origins=True,
        takes_wildcards=True,
        unisolated=True,
        directives=("media-src",),
    ),
    Permission(
        name="frames",
        meaning="Show pages of the listed servers inside itself, and send data to them.",
        source="CSP 3, frame-src and child-src",
        takes_origins=True,
        unisolated=True,
        directives=("child-src", "frame-src"),
    ),
    Permission(
        name="storage",
        meaning="Keep data in your browser and find it again when you come back.",
        source="HTML, sandboxed origin browsing context flag",
        sandbox=("allow-same-origin",),
    ),
    Permission(
        name="workers",
        meaning="Compute in background threads, whose load the page cannot measure.",
        source="CSP 3, worker-src",
        unisolated=True,
        directives=("worker-src",),
        keywords=("blob:",),  # an opaque origin can start no other worker
        limit=Limit(
            chromium="a worker's endless loop passes the heartbeat",
            firefox="a worker's endless loop passes the heartbeat",
        ),
    ),
    Permission(
        name="wasm",
        meaning="Run WebAssembly.",
        source="CSP 3, 'wasm-unsafe-eval'",
        directives=("script-src",),
        keywords=("'wasm-unsafe-eval'",),
        limit=Limit(webkitgtk="compiles it without being granted, but does not run it"),
    ),
    Permission(
        name="eval",
        meaning="Turn text into code while it runs, so a review of its files cannot be complete.",
        source="CSP 3, 'unsafe-eval'",
        directives=("script-src",),
        keywords=("'unsafe-eval'",),
    ),
    Permission(
        name="inline-styles",
        meaning="Style its own content with styles written into its HTML.",
        source="CSP 3, 'unsafe-inline' in style-src",
        directives=("style-src",),
        keywords=("'unsafe-inline'",),
    ),
    Permission(
        name="forms",
        meaning="Use forms inside the component; they cannot be sent anywhere.",
        source="HTML, sandboxed forms browsing context flag",
        sandbox=("allow-forms",),  # submit events fire; form-action stays 'none'
        limit=Limit(webkitgtk="fires submit events without being granted"),
    ),
    Permission(
        name="popups",
        meaning="Open new windows, which can carry data to any site.",
        source="HTML, sandboxed auxiliary navigation browsing context flag",
        sandbox=("allow-popups",),
        limit=Limit(
            firefox="a new window goes anywhere; in Chromium, Connection-Allowlist holds it back"
        ),
    ),
    Permission(
        name="modals",
        meaning="Open blocking dialogs (alert, confirm, prompt, print).",
        source="HTML, sandboxed modals flag",
        sandbox=("allow-modals",),
    ),
    Permission(
        name="downloads",
        meaning="Save files to your device.",
        source="HTML, sandboxed downloads browsing context flag",
        sandbox=("allow-downloads",),
        limit=Limit(
            firefox="takes them for a navigation, which the page's frame-src forbids",
            webkitgtk="takes them for a navigation, and the component is ended for it",
        ),
    ),
    Permission(
        name="pointer-lock",
        meaning="Hide and capture the mouse pointer until you press Escape.",
        source="HTML, sandboxed pointer lock browsing context flag",
        sandbox=("allow-pointer-lock",),
    ),
    Permission(
        name="orientation-lock",
        meaning="Keep your screen from turning while it fills it.",
        source="Screen Orientation, sandboxed orientation lock browsing context flag",
        sandbox=("allow-orientation-lock",),
    ),
    Permission(
        name="presentation",
        meaning="Show something on another screen, after you have chosen one.",
        source="Presentation API, sandboxed presentation browsing context flag",
        sandbox=("allow-presentation",),
    ),
)

_OF_FEATURES = (
    Permission(
        name=word.name,
        meaning=word.meaning,
        source=word.source,
        features=(word.name,),
        limit=word.limit,
    )
    for word in words("feature")
    if not word.never
)

PERMISSIONS: Mapping[str, Permission] = MappingProxyType(
    {each.name: each for each in (*_TABLE, *_OF_FEATURES)}
)

FEATURES: tuple[str, ...] = tuple(
    word.name
    for word in words("feature")
    if not word.never and word.engines and word.engines.chromium != "ignored"
)
"""What the header names. Only Chromium reads it, and calls a name that it does not know an error in
every console.
"""

DENIED: tuple[str, ...] = tuple(word.name for word in words("feature") if word.default_on)
"""What the iframe's ``allow`` denies if it is not granted: no header reaches it in Firefox."""


def permissions_policy(granted: Iterable[str] = ()) -> str:
    """Denies every feature but ``granted``. An opaque origin can only be granted ``*``."""
    allowed = set(granted)
    return ", ".join(f"{name}={'*' if name in allowed else '()'}" for name in FEATURES)
