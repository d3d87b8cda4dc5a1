"""Where a component may load from and send to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..csp import ascii_lower, path_of
from ..findings import Severity
from ..surface import Surface, good_but, is_anywhere, is_within, reaches
from .hosts import CODE, UPLOAD, known
from .registry import Rules

_CAPTURE = {
    *("camera", "microphone", "geolocation", "display-capture", "clipboard-read"),
    *("idle-detection", "midi"),
}
_ALLOWLIST = re.compile(r'\(response-origin( "https?://(\*\.)?[a-z0-9.-]+(:\d+)?/\*")*\)', re.ASCII)
_URL = re.compile(r"https?://[^\s\"',;>]+", re.IGNORECASE)

RULES = Rules()


@RULES.add(
    Severity.ERROR,
    "open-source",
    "A source that means the whole network: data can leave to any server.",
    "List exact origins.",
    source="CSP 3, section 6.7.2.8 (scheme-source and host-source)",
    bad=good_but(csp={"connect-src": "https:"}),
    good=good_but(csp={"connect-src": "https://api.example.org"}),
)
def _open_source(subject: Surface) -> Iterator[str]:
    yield from (f"{name} {s}" for name, s in subject.sources if is_anywhere(s))


@RULES.add(
    Severity.WARNING,
    "wildcard-source",
    "A wildcard names servers that nobody has listed; on shared hosting one of them is a "
    "stranger's.",
    "List exact origins.",
    source="CSP 3, host-source",
    bad=good_but(csp={"img-src": "https://*.example.org"}),
    good=good_but(csp={"img-src": "https://tiles.example.org"}),
)
def _wildcard_source(subject: Surface) -> Iterator[str]:
    for name, source in subject.sources:
        if "*" in source and not is_anywhere(source):
            yield f"{name} {source}"


@RULES.add(
    Severity.WARNING,
    "upload-host",
    "At this host whoever sends picks who receives: the grant names a carrier, not a recipient.",
    "Let a server of your own pass on what is needed, or give the component only data that it may "
    "disclose.",
    source="hosts.py, each with its reason",
    bad=good_but(csp={"connect-src": "https://storage.googleapis.com"}),
    good=good_but(csp={"connect-src": "https://api.example.org"}),
)
def _upload_host(subject: Surface) -> Iterator[str]:
    for name, source in subject.sources:
        yield from (f"{name} {why}" for why in known(UPLOAD, source))


@RULES.add(
    Severity.WARNING,
    "code-host",
    "This host answers with code of the asker's choice (JSONP, or packages that anybody "
    "publishes): nobody has reviewed what comes from there.",
    "Ship the code with the component, or let a server of your own ask for the data.",
    source="hosts.py, each with its reason; CSP 3, section 8.1 (allowlists and JSONP)",
    bad=good_but(csp={"connect-src": "https://CDN.jsdelivr.net"}),
    good=good_but(csp={"img-src": "https://cdn.jsdelivr.net"}),
)
def _code_host(subject: Surface) -> Iterator[str]:
    for name, source in subject.sources:
        if name in ("connect-src", "default-src", "worker-src") or name.startswith("script-src"):
            yield from (f"{name} {why}" for why in known(CODE, source))


@RULES.add(
    Severity.ERROR,
    "reaches-the-app",
    "The component's CSP lists the app's own origin: it can call the app's HTTP interface.",
    "Let it talk to the app by values, events and methods only.",
    source="CSP 3, connect-src",
    bad=good_but(csp={"connect-src": "http://localhost:8000"}),
    good=good_but(csp={"frame-ancestors": "http://localhost:8000"}),
)
def _reaches_the_app(subject: Surface) -> Iterator[str]:
    for name, source in subject.sources:
        # Where both share an origin, a path of it may be the component's own.
        own_path = subject.app_origin == subject.component_origin and path_of(source)
        if reaches(source, subject.app_origin) and not own_path:
            yield f"{name} {source}"


@RULES.add(
    Severity.WARNING,
    "foreign-frame",
    "A document of another server inside the component is not under the component's policy: what "
    "the component posts to it can leave to anywhere.",
    "Give the component only data that it may disclose, or ship the document's content with it.",
    source="CSP 3, frame-src; HTML, initializing a policy container",
    bad=good_but(csp={"frame-src": "https://player.example.org"}),
)
def _foreign_frame(subject: Surface) -> Iterator[str]:
    yield from (s for s in subject.foreign_sources if s.startswith(("frame-src", "child-src")))


@RULES.add(
    Severity.ERROR,
    "open-form-action",
    "Forms are allowed and form-action, which never falls back to default-src, is missing: a form "
    "carries data to any server.",
    "Send form-action 'none'; submit events fire all the same.",
    source="CSP 3, form-action (a navigation directive)",
    bad=good_but(
        sandbox="allow-scripts allow-forms",
        csp={"sandbox": "allow-scripts allow-forms", "form-action": None},
    ),
    good=good_but(
        sandbox="allow-scripts allow-forms", csp={"sandbox": "allow-scripts allow-forms"}
    ),
)
def _open_form_action(subject: Surface) -> Iterator[str]:
    forms = any("allow-forms" in tokens for tokens in subject.sandboxes)
    if forms and "form-action" not in subject.csp:
        yield "no form-action"


@RULES.add(
    Severity.ERROR,
    "reports-elsewhere",
    "Reports go to another server: a component that breaks its own policy on purpose sends data "
    "there, in the address that was blocked.",
    "Send no reporting header and no report-uri; the page notices violations by itself.",
    source="CSP 3, section 5.3 (report a violation); Reporting API",
    bad=good_but(csp={"report-uri": "https://collect.example.org/csp"}),
    good=good_but(csp={"report-uri": f"{good_but().component_origin}/csp"}),
)
def _reports_elsewhere(subject: Surface) -> Iterator[str]:
    written = {"report-uri": " ".join(subject.csp.get("report-uri", ()))}
    for name in ("Reporting-Endpoints", "Report-To", "NEL"):
        written[name] = subject.header(name) or ""
    for name, text in written.items():
        for url in _URL.findall(text):
            if not is_within(url, subject.component_origin):
                yield f"{name} {url}"


@RULES.add(
    Severity.WARNING,
    "capture-with-connect",
    "The component may observe the user (camera, microphone, place, screen, clipboard) and send "
    "data to other servers.",
    "Grant one of the two, or make sure that the user knows.",
    source="Permissions Policy, section 9.3 (the allow attribute)",
    bad=good_but(allow="camera *", csp={"connect-src": "https://api.example.org"}),
    good=good_but(allow="camera *"),
)
def _capture_with_connect(subject: Surface) -> Iterator[str]:
    captured = sorted(subject.features & _CAPTURE)
    if captured and subject.foreign_sources:
        yield f"{', '.join(captured)} with {', '.join(subject.foreign_sources)}"


@RULES.add(
    Severity.WARNING,
    "storage-with-connect",
    "The component remembers and reaches other servers: what it was told once it may send later, "
    "and it can tell them which user it is.",
    "Grant one of the two, or give it only data that it may disclose.",
    source="HTML, localStorage; CSP 3, connect-src",
    bad=good_but(
        sandbox="allow-scripts allow-same-origin", csp={"connect-src": "https://api.example.org"}
    ),
    good=good_but(sandbox="allow-scripts allow-same-origin"),
)
def _storage_with_connect(subject: Surface) -> Iterator[str]:
    if subject.has_storage and subject.foreign_sources:
        yield f"allow-same-origin with {', '.join(subject.foreign_sources)}"


@RULES.add(
    Severity.ERROR,
    "no-connection-allowlist",
    "Without a Connection-Allowlist, data leaves Chromium by WebRTC, preconnect and DNS in spite "
    "of any CSP.",
    "Send Connection-Allowlist: (response-origin).",
    source="Connection Allowlists (WICG); measured in Chromium",
    bad=good_but(headers={"Connection-Allowlist": "(response-origin);webrtc=allow"}),
    good=good_but(
        headers={"Connection-Allowlist": '(response-origin "https://api.example.org/*")'},
    ),
)
def _no_connection_allowlist(subject: Surface) -> Iterator[str]:
    value = subject.header("Connection-Allowlist")
    if value is None:
        yield "no header"
    elif not _ALLOWLIST.fullmatch(value):
        yield value


@RULES.add(
    Severity.ERROR,
    "dns-prefetch",
    "Without X-DNS-Prefetch-Control: off, data leaves Firefox and WebKit as names that are looked "
    "up, in spite of any CSP.",
    "Send X-DNS-Prefetch-Control: off.",
    source="measured in Firefox and WebKitGTK",
    bad=good_but(headers={"X-DNS-Prefetch-Control": "on"}),
)
def _dns_prefetch(subject: Surface) -> Iterator[str]:
    value = subject.header("X-DNS-Prefetch-Control")
    if value is None or ascii_lower(value).strip() != "off":
        yield "no header" if value is None else value


@RULES.add(
    Severity.WARNING,
    "referrer",
    "Requests to other servers carry the component's address, which tells them in which app their "
    "user is.",
    "Send Referrer-Policy: no-referrer.",
    source="Referrer Policy, section 3; measured in Firefox and WebKitGTK",
    bad=good_but(headers={"Referrer-Policy": None}),
)
def _referrer(subject: Surface) -> Iterator[str]:
    value = subject.header("Referrer-Policy")
    if value is None or ascii_lower(value).strip() != "no-referrer":
        yield "no header" if value is None else value
