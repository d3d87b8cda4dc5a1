"""What each attribute, directive and header is for, and what each engine does not enforce.

The engine column is measured, not read: Chromium 156, Firefox ESR 153, WebKitGTK 2.50 (not Safari),
each probe with a positive control. No claim here without such a run; engines change, and where a
test of ours says otherwise, the test is right.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["permission", "attribute", "directive", "header", "gap"]


class Line(msgspec.Struct, frozen=True):
    """One line of ``component policy``; ``engines`` says who does not enforce it."""

    kind: Kind
    name: str
    value: str
    sentence: str
    engines: str = ""


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine does otherwise than told; empty where nothing is known."""

    chromium: str = ""
    firefox: str = ""
    webkitgtk: str = ""

    def __str__(self) -> str:
        engines = (
            ("Chromium", self.chromium),
            ("Firefox", self.firefox),
            ("WebKitGTK", self.webkitgtk),
        )
        return "; ".join(f"{name}: {sentence}" for name, sentence in engines if sentence)


_OPAQUE_CAPTURE = "refuses it to an opaque origin, even when granted"

ENGINE_LIMITS: dict[tuple[Kind, str], Limit] = {
    ("permission", "camera"): Limit(chromium=_OPAQUE_CAPTURE, firefox=_OPAQUE_CAPTURE),
    ("permission", "microphone"): Limit(chromium=_OPAQUE_CAPTURE, firefox=_OPAQUE_CAPTURE),
    ("permission", "geolocation"): Limit(firefox="gave an opaque origin no answer"),
    ("permission", "popups"): Limit(
        firefox="a new window goes anywhere; in Chromium, Connection-Allowlist holds it back"
    ),
    ("permission", "workers"): Limit(
        chromium="a worker's endless loop passes the heartbeat",
        firefox="a worker's endless loop passes the heartbeat",
    ),
    ("directive", "webrtc"): Limit(
        chromium="ignores it, but Connection-Allowlist closes WebRTC",
        firefox="ignores it; data can leave by WebRTC (UDP, TCP, DNS)",
        webkitgtk="has no WebRTC",
    ),
    ("header", "Connection-Allowlist"): Limit(firefox="ignores it", webkitgtk="ignores it"),
    ("header", "Permissions-Policy"): Limit(
        chromium="execCommand('copy') overwrites the clipboard after a click",
        firefox="any script writes the clipboard after a click",
    ),
    ("header", "Origin-Agent-Cluster"): Limit(firefox="no effect", webkitgtk="no effect"),
    ("gap", "preconnect"): Limit(
        firefox="connects to any server, and asks DNS for any name",
        webkitgtk="connects to any server, and asks DNS for any name",
    ),
    ("gap", "history.back"): Limit(firefox="moves the whole tab", webkitgtk="moves the whole tab"),
    ("gap", "history.pushState"): Limit(
        chromium="fills the tab's history", webkitgtk="fills the tab's history"
    ),
    ("gap", "endless loop"): Limit(
        chromium="freezes the other frames of this component's origin",
        firefox="freezes the other frames of this component's origin",
        webkitgtk="freezes the whole page, and nothing on the page can stop it",
    ),
    ("gap", "sibling frames"): Limit(
        chromium="can be counted and sent messages",
        firefox="can be counted and sent messages",
        webkitgtk="can be counted and sent messages",
    ),
    ("gap", "focus"): Limit(
        chromium="takes the keyboard without a click",
        firefox="takes the keyboard without a click",
    ),
}
"""What engines do not enforce, by the line of ``component policy`` that it belongs to."""

SENTENCES: dict[tuple[Kind, str], str] = {
    (
        "attribute",
        "sandbox",
    ): "Runs scripts; without storage in an opaque origin: no cookies, no memory, no page.",
    ("attribute", "allow"): "Hands browser features to the frame; empty hands over none.",
    ("attribute", "referrerpolicy"): "Does not tell the component the page's address.",
    ("attribute", "loading"): "Loads at once, so that the handshake's time limit is fair.",
    ("directive", "sandbox"): "The same sandbox for a tab of its own, where no attribute holds.",
    ("directive", "default-src"): "Forbids every kind of load that is not listed.",
    ("directive", "script-src"): "Runs only the scripts with these hashes or from these places.",
    ("directive", "style-src"): "Applies only the styles with these hashes or from these places.",
    ("directive", "img-src"): "Loads images from here only; a request can carry data.",
    ("directive", "font-src"): "Loads fonts from here only.",
    ("directive", "connect-src"): "Fetches and opens sockets to here only.",
    ("directive", "media-src"): "Loads sound and video from here only.",
    ("directive", "worker-src"): "Starts background threads from here only.",
    ("directive", "child-src"): "The same for frames and workers, in the older spelling.",
    ("directive", "frame-src"): "Shows pages from here only inside the frame.",
    ("directive", "object-src"): "No plug-ins.",
    ("directive", "form-action"): "No form can be sent anywhere.",
    ("directive", "base-uri"): "Relative addresses cannot be bent elsewhere.",
    ("directive", "webrtc"): "No peer connections, which would pass all other directives.",
    ("directive", "frame-ancestors"): "Only this page may show the component.",
    ("header", "Connection-Allowlist"): "No connection of any kind but to these servers.",
    ("header", "Permissions-Policy"): "Switches off every browser feature that is not granted.",
    ("header", "X-DNS-Prefetch-Control"): "No DNS queries for names in links.",
    ("header", "Access-Control-Allow-Origin"): "Lets the opaque frame load its own modules.",
    ("header", "Cross-Origin-Resource-Policy"): "Lets the opaque frame load its own files.",
    (
        "header",
        "Cross-Origin-Embedder-Policy",
    ): "require-corp: loads in pages that demand isolation, too.",
    ("header", "Cross-Origin-Opener-Policy"): "In a tab of its own it knows no other window.",
    ("header", "Origin-Agent-Cluster"): "Asks for a process by origin, not by site.",
    ("header", "Referrer-Policy"): "Does not tell other servers where the request came from.",
    ("header", "X-Content-Type-Options"): "A file is only what its type says.",
    ("gap", "navigation"): "Only the page's frame-src keeps a frame from leaving with data.",
    ("gap", "preconnect"): "No directive covers <link rel=preconnect>.",
    ("gap", "history.back"): "A frame shares the tab's history.",
    ("gap", "history.pushState"): "A frame shares the tab's history.",
    ("gap", "endless loop"): "A component that never yields blocks its process.",
    ("gap", "sibling frames"): "Frames of one page can find each other.",
    ("gap", "focus"): "A frame may focus its own fields at any time.",
}
"""What each line is for, in one sentence. Gaps are what no attribute or header closes."""


def explained(kind: Kind, name: str, value: str, sentence: str = "") -> Line:
    """A line with its sentence and limits from the tables."""
    limit = ENGINE_LIMITS.get((kind, name), Limit())
    return Line(kind, name, value, sentence or SENTENCES[kind, name], str(limit))
