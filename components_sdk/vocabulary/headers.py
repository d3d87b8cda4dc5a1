"""Attributes of the iframe, headers beside the CSP, and gaps: what neither of them closes."""

from __future__ import annotations

from .words import Kind, Limit, Word

_NO_LIMIT = Limit()


def _words(kind: Kind, *rows: tuple[str, str, str] | tuple[str, str, str, Limit]) -> list[Word]:
    return [
        Word(kind, name, meaning, source, limit=more[0] if more else _NO_LIMIT)
        for name, meaning, source, *more in rows
    ]


ATTRIBUTES = _words(
    "attribute",
    (
        "sandbox",
        "Runs scripts; without storage in an opaque origin: no cookies, no memory, no page.",
        "HTML, iframe sandbox",
    ),
    (
        "allow",
        "Hands browser features to the frame, or denies what would be on.",
        "HTML, iframe allow",
    ),
    (
        "referrerpolicy",
        "Does not tell the component the page's address.",
        "HTML, iframe referrerpolicy",
    ),
    (
        "loading",
        "Loads at once, so that the handshake's time limit is fair.",
        "HTML, iframe loading",
    ),
)

HEADERS = _words(
    "header",
    (
        "Connection-Allowlist",
        "No connection of any kind but to these servers.",
        "Connection Allowlists",
        Limit(firefox="ignores it", webkitgtk="ignores it"),
    ),
    (
        "Permissions-Policy",
        "Switches off every browser feature that is not granted.",
        "Permissions Policy",
        Limit(
            chromium="execCommand('copy') overwrites the clipboard after a click",
            firefox="does not read it: allow decides; scripts write the clipboard after a click",
            webkitgtk="does not read it: allow decides",
        ),
    ),
    (
        "X-DNS-Prefetch-Control",
        "No DNS queries for names in links.",
        "no specification",
    ),
    (
        "Access-Control-Allow-Origin",
        "Lets the opaque frame load its own modules.",
        "Fetch, CORS protocol",
    ),
    (
        "Cross-Origin-Resource-Policy",
        "Lets the opaque frame load its own files.",
        "Fetch, Cross-Origin-Resource-Policy",
    ),
    (
        "Cross-Origin-Embedder-Policy",
        "require-corp: loads in pages that demand isolation, too.",
        "HTML, embedder policies",
    ),
    (
        "Cross-Origin-Opener-Policy",
        "In a tab of its own it knows no other window.",
        "HTML, opener policies",
    ),
    (
        "Origin-Agent-Cluster",
        "Asks for a process by origin, not by site.",
        "HTML, origin-keyed agent clusters",
        Limit(firefox="no effect", webkitgtk="no effect"),
    ),
    (
        "Referrer-Policy",
        "Does not tell other servers where the request came from.",
        "Referrer Policy",
    ),
    ("X-Content-Type-Options", "A file is only what its type says.", "Fetch, nosniff"),
)

GAPS = _words(
    "gap",
    ("navigation", "Only the page's frame-src keeps a frame from leaving with data.", "HTML"),
    (
        "preconnect",
        "No directive covers <link rel=preconnect>.",
        "HTML, link type preconnect",
        Limit(
            firefox="connects to any server, and asks DNS for any name",
            webkitgtk="connects to any server, and asks DNS for any name",
        ),
    ),
    (
        "history.back",
        "A frame shares the tab's history.",
        "HTML, session history",
        Limit(firefox="moves the whole tab", webkitgtk="moves the whole tab"),
    ),
    (
        "history.pushState",
        "A frame shares the tab's history.",
        "HTML, session history",
        Limit(chromium="fills the tab's history", webkitgtk="fills the tab's history"),
    ),
    (
        "endless loop",
        "A component that never yields blocks its process.",
        "HTML, agents",
        Limit(
            chromium="freezes the other frames of this component's origin",
            firefox="freezes the other frames of this component's origin",
            webkitgtk="freezes the whole page, and nothing on the page can stop it",
        ),
    ),
    (
        "sibling frames",
        "Frames of one page can find each other.",
        "HTML, window.parent",
        Limit(
            chromium="can be counted and sent messages",
            firefox="can be counted and sent messages",
            webkitgtk="can be counted and sent messages",
        ),
    ),
    (
        "focus",
        "A frame may focus its own fields at any time. The page's script gives the keyboard back.",
        "HTML, focus",
        Limit(
            chromium="takes the keyboard without a click, for a moment",
            firefox="takes the keyboard without a click, for a moment",
        ),
    ),
    (
        "scrollIntoView",
        "What a frame scrolls into view scrolls the page, too. The page's script puts it back.",
        "CSSOM View, scroll an element into view",
        Limit(chromium="scrolls the page, unseen", firefox="scrolls the page, unseen"),
    ),
)
