"""All directives of Content-Security-Policy, those that we do not send as well.

Each is probed by a page that does the one thing that the directive forbids, with and without it.
"""

from __future__ import annotations

from .words import ENFORCED, Engines, Limit, Word

_CSP = "CSP 3, "
_DEFAULT = "default-src 'none' forbids it already."
_REPORTS = "What a component tried would be told to a server; the page hears of it by itself."

_UNMEASURED = Engines("unmeasured", "unmeasured", "unmeasured")


def _directive(
    name: str,
    meaning: str,
    source: str = "",
    *,
    engines: Engines = ENFORCED,
    never: str = "",
    limit: Limit = Limit(),  # noqa: B008 - frozen
) -> Word:
    return Word("directive", name, meaning, source or _CSP + name, engines, never, limit)


DIRECTIVES = (
    _directive("sandbox", "The same sandbox for a tab of its own, where no attribute holds."),
    _directive("default-src", "Forbids every kind of load that is not listed."),
    _directive("script-src", "Runs only the scripts with these hashes or from these places."),
    _directive("style-src", "Applies only the styles with these hashes or from these places."),
    _directive("img-src", "Loads images from here only; a request can carry data."),
    _directive("font-src", "Loads fonts from here only."),
    _directive("connect-src", "Fetches and opens sockets to here only."),
    _directive("media-src", "Loads sound and video from here only."),
    _directive("worker-src", "Starts background threads from here only."),
    _directive("child-src", "The same for frames and workers, in the older spelling."),
    _directive("frame-src", "Shows pages from here only inside the frame."),
    _directive("object-src", "No plug-ins."),
    _directive("form-action", "No form can be sent anywhere."),
    _directive("base-uri", "Relative addresses cannot be bent elsewhere."),
    _directive(
        "webrtc",
        "No peer connections, which would pass all other directives.",
        engines=Engines("ignored", "ignored", "unmeasured"),
        limit=Limit(
            chromium="ignores it, but Connection-Allowlist closes WebRTC",
            firefox="ignores it; data can leave by WebRTC (UDP, TCP, DNS)",
            webkitgtk="has no WebRTC",
        ),
    ),
    _directive("frame-ancestors", "Only this page may show the component."),
    # not sent by a component
    _directive(
        "script-src-elem",
        "Runs only such script elements.",
        never="script-src covers it.",
    ),
    _directive(
        "script-src-attr",
        "Runs only such event handlers in markup.",
        never="script-src covers it.",
    ),
    _directive(
        "style-src-elem",
        "Applies only such style elements and sheets.",
        never="style-src covers it.",
    ),
    _directive(
        "style-src-attr",
        "Applies only such style attributes.",
        never="style-src covers it.",
    ),
    _directive(
        "manifest-src",
        "Loads web app manifests from here only.",
        engines=_UNMEASURED,
        never=_DEFAULT,
    ),
    _directive(
        "prefetch-src",
        "Prefetches from here only.",
        "CSP 3 of 2018",
        engines=Engines("ignored", "ignored", "unmeasured"),
        never=_DEFAULT,
    ),
    _directive(
        "fenced-frame-src",
        "Shows fenced frames from here only.",
        "Fenced Frame",
        engines=_UNMEASURED,
        never=_DEFAULT,
    ),
    _directive(
        "require-trusted-types-for",
        "Text becomes markup or code only by a named function.",
        "Trusted Types",
        never="The page sends it. A component's own markup can harm nobody but itself.",
    ),
    _directive(
        "trusted-types",
        "Names the functions that may turn text into markup.",
        "Trusted Types",
        never="The page sends it. A component's own markup can harm nobody but itself.",
    ),
    _directive(
        "upgrade-insecure-requests",
        "Asks for everything by https.",
        "Upgrade Insecure Requests",
        engines=_UNMEASURED,
        never="Sources are https already, or on this very machine.",
    ),
    _directive(
        "block-all-mixed-content",
        "Loads nothing by http in a page that came by https.",
        "Mixed Content Level 1",
        engines=_UNMEASURED,
        never="Sources are https already; browsers block such loads by themselves.",
    ),
    _directive("report-uri", "Reports breaches to an address.", never=_REPORTS),
    _directive(
        "report-to", "Reports breaches to a named endpoint.", engines=_UNMEASURED, never=_REPORTS
    ),
    _directive(
        "navigate-to",
        "Leaves for these places only.",
        "CSP 3 of 2018",
        engines=Engines("ignored", "ignored", "ignored"),
        never="No engine has it; the page's frame-src does its work.",
    ),
    _directive(
        "require-sri-for",
        "Loads only scripts and styles whose hash is given.",
        "Subresource Integrity 2, draft of 2016",
        engines=Engines("ignored", "ignored", "ignored"),
        never="script-src and style-src name hashes.",
    ),
    _directive(
        "plugin-types",
        "Loads only plug-ins of these types.",
        "CSP 2, plugin-types",
        engines=_UNMEASURED,
        never="object-src 'none' forbids them all.",
    ),
)
