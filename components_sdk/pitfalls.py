"""Known unsafe combinations, as rules over what the browser will be told.

A policy made by ``decide`` breaks none of them. The rules are for what surrounds it and may be
configured, replaced or rewritten on the way: origins, proxies, other frameworks' frames.

1. A rule is a function from a ``Surface`` to details, with an example that breaks it and one that
   does not. Tests, docs and the audit are made from ``RULES``.
2. ``refuse`` stops on an ERROR; warnings are said and go on.

    >>> check(GOOD)
    []
    >>> [finding.rule for finding in check(good_but(sandbox="Allow-Scripts ALLOW-TOP-NAVIGATION"))]
    ['top-navigation']
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence

from .csp import ascii_lower, host_of, is_loopback, parse_csp, path_of
from .errors import PitfallError
from .findings import Finding, Rule, Severity
from .surface import GOOD, Surface, good_but, is_anywhere, is_local, reaches, same_site

_CAPTURE = {"camera", "microphone", "geolocation", "display-capture", "clipboard-read"}
_ALLOWLIST = re.compile(r'\(response-origin( "https?://(\*\.)?[a-z0-9.-]+(:\d+)?/\*")*\)', re.ASCII)


def check(subject: Surface, rules: Sequence[Rule[Surface]] | None = None) -> list[Finding]:
    """Everything that is wrong, in the order of the rules."""
    return [
        Finding(rule.id, rule.severity, rule.sentence, rule.remedy, detail)
        for rule in (RULES if rules is None else rules)
        for detail in rule.check(subject)
    ]


def refuse(subject: Surface) -> None:
    """Log what breaks a rule, and refuse what breaks one of severity ERROR.

    Raises:
        PitfallError: Its code is the rule's id.
    """
    findings = check(subject)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    for finding in findings:
        if finding not in errors:
            logger.warning(
                "%s: %s: %s Found: %s %s",
                subject.component_origin, finding.rule, finding.sentence, finding.detail,
                finding.remedy,
            )  # fmt: skip
    if errors:
        first, *rest = errors
        more = f" (and {', '.join(finding.rule for finding in rest)})" if rest else ""
        raise PitfallError(
            f"{first.sentence} Found: {first.detail}{more}",
            code=first.rule,
            where=subject.component_origin,
            hint=first.remedy,
        )


logger = logging.getLogger("components_sdk")

_RULES: list[Rule[Surface]] = []
Check = Callable[[Surface], Iterator[str]]


def _rule(
    severity: Severity, id: str, sentence: str, remedy: str, *, bad: Surface, good: Surface = GOOD
) -> Callable[[Check], Check]:
    def register(function: Check) -> Check:
        details: Callable[[Surface], list[str]] = lambda subject: list(function(subject))  # noqa: E731
        _RULES.append(Rule(id, severity, sentence, remedy, details, bad, good))
        return function

    return register


# --- the sandbox ---------------------------------------------------------------------------------


@_rule(
    Severity.ERROR,
    "scripts-with-same-origin",
    "Scripts with allow-same-origin on an origin that is not this component's alone: the frame can "
    "remove its own sandbox, and read what that origin holds.",
    "Leave allow-same-origin out.",
    bad=good_but(sandbox="allow-scripts allow-same-origin", shared_origin=True),
    good=good_but(sandbox="allow-scripts allow-same-origin"),
)
def _scripts_with_same_origin(subject: Surface) -> Iterator[str]:
    shared = subject.shared_origin or same_site(subject.app_origin, subject.component_origin)
    for tokens in subject.sandboxes:
        if shared and {"allow-scripts", "allow-same-origin"} <= tokens:
            yield " ".join(sorted(tokens))


@_rule(
    Severity.ERROR,
    "no-sandbox-attribute",
    "The iframe has no sandbox attribute, so only the response's header stands between the "
    "component and a real origin.",
    'Write sandbox="allow-scripts".',
    bad=good_but(sandbox=None),
    good=good_but(sandbox=""),
)
def _no_sandbox_attribute(subject: Surface) -> Iterator[str]:
    if subject.sandbox is None:
        yield "no attribute"


@_rule(
    Severity.ERROR,
    "no-sandbox-in-csp",
    "The component's CSP has no sandbox directive: its address, opened in a tab of its own, has a "
    "real origin with cookies and storage.",
    "Send a CSP with sandbox allow-scripts on every response.",
    bad=good_but(csp={"sandbox": None}),
)
def _no_sandbox_in_csp(subject: Surface) -> Iterator[str]:
    if "sandbox" not in subject.csp:
        yield "no sandbox directive"


@_rule(
    Severity.ERROR,
    "top-navigation",
    "The frame may send the whole tab elsewhere: to a copy of the app that asks for the password, "
    "or to any server with data in the address.",
    "Leave all allow-top-navigation tokens out; let the app navigate on a typed event.",
    bad=good_but(sandbox="allow-scripts allow-top-navigation-by-user-activation"),
)
def _top_navigation(subject: Surface) -> Iterator[str]:
    yield from _with_prefix(subject, "allow-top-navigation")


@_rule(
    Severity.ERROR,
    "popups-escape-sandbox",
    "New windows lose the sandbox: the component runs there with a real origin.",
    "Leave allow-popups-to-escape-sandbox out.",
    bad=good_but(sandbox="allow-scripts allow-popups ALLOW-POPUPS-TO-ESCAPE-SANDBOX"),
    good=good_but(sandbox="allow-scripts allow-popups"),
)
def _popups_escape_sandbox(subject: Surface) -> Iterator[str]:
    yield from _with_prefix(subject, "allow-popups-to-escape-sandbox")


@_rule(
    Severity.WARNING,
    "popups",
    "The component may open new windows, and only Chromium's Connection-Allowlist limits where to: "
    "elsewhere data can leave in the address.",
    "Give it only data that it may disclose, or let the app open the link on a typed event.",
    bad=good_but(sandbox="allow-scripts allow-popups"),
)
def _popups(subject: Surface) -> Iterator[str]:
    if any("allow-popups" in tokens for tokens in subject.sandboxes):
        yield "allow-popups"


# --- origins -------------------------------------------------------------------------------------


@_rule(
    Severity.ERROR,
    "app-origin",
    "The component is served from the app's own origin, which nobody declared: one forgotten "
    "header and it is the app.",
    "Give components an origin of their own, or declare the shared one if only one host exists.",
    bad=good_but(component_origin="http://localhost:8000"),
    good=good_but(component_origin="http://localhost:8000", shared_origin=True),
)
def _app_origin(subject: Surface) -> Iterator[str]:
    if subject.app_origin == subject.component_origin and not subject.shared_origin:
        yield subject.component_origin


@_rule(
    Severity.WARNING,
    "declared-app-origin",
    "The component shares the app's origin, kept apart by the opaque origin only: the frame's "
    "requests carry the app's cookies, and an endless loop freezes the app.",
    "Use a host name for each component as soon as there can be one.",
    bad=good_but(component_origin="http://localhost:8000", shared_origin=True),
)
def _declared_app_origin(subject: Surface) -> Iterator[str]:
    if subject.app_origin == subject.component_origin and subject.shared_origin:
        yield subject.component_origin


@_rule(
    Severity.ERROR,
    "port-only",
    "The component's origin differs from the app's in the port or scheme only: cookies know no "
    "ports, so its server receives the app's session, HttpOnly and SameSite=Strict included.",
    "Use another host name.",
    bad=good_but(component_origin="http://localhost:8001"),
    good=good_but(component_origin="http://127.0.0.1:8001"),
)
def _port_only(subject: Surface) -> Iterator[str]:
    app, own = subject.app_origin, subject.component_origin
    if app != own and host_of(app) == host_of(own):
        yield f"{app} and {own}"


@_rule(
    Severity.ERROR,
    "same-site",
    "The component's host looks like the same site as the app's: a page on it may plant cookies "
    "for the app, counts as same-site, and shares its process in Firefox.",
    "Serve components from another registrable domain.",
    bad=good_but(
        app_origin="https://app.example.org", component_origin="https://w.app.example.org"
    ),
    good=good_but(app_origin="https://app.example.org", component_origin="https://w.example.net"),
)
def _same_site(subject: Surface) -> Iterator[str]:
    app, own = subject.app_origin, subject.component_origin
    if host_of(app) != host_of(own) and same_site(app, own):
        yield f"{host_of(own)} and {host_of(app)}"


@_rule(
    Severity.WARNING,
    "plain-http",
    "The component comes over plain http from another machine: anyone on the way can replace it, "
    "and browsers send no Sec-Fetch headers to tell a frame from a tab.",
    "Use https.",
    bad=good_but(component_origin="http://w.example.net"),
    good=good_but(component_origin="https://w.example.net"),
)
def _plain_http(subject: Surface) -> Iterator[str]:
    own = subject.component_origin
    if own.startswith("http:") and not is_loopback(host_of(own)):
        yield own


@_rule(
    Severity.ERROR,
    "cookies",
    "The component's server sets or reads cookies: they tie its frames to a user, and on a name "
    "near the app's they overwrite the app's own.",
    "Never send Set-Cookie from a component's origin, and drop the Cookie header.",
    bad=good_but(headers={"set-cookie": "id=1"}),
)
def _cookies(subject: Surface) -> Iterator[str]:
    if subject.cookies:
        yield "the server uses cookies"
    if subject.header("Set-Cookie") is not None:
        yield "Set-Cookie"


# --- the component's Content-Security-Policy -----------------------------------------------------


@_rule(
    Severity.ERROR,
    "several-csp",
    "Two policies in one header: what holds is their intersection, which nobody can read off.",
    "Send one policy.",
    bad=good_but(headers={"Content-Security-Policy": "sandbox allow-scripts, default-src 'none'"}),
)
def _several_csp(subject: Surface) -> Iterator[str]:
    if "," in (subject.header("Content-Security-Policy") or ""):
        yield "a comma in Content-Security-Policy"


@_rule(
    Severity.ERROR,
    "open-default",
    "default-src is not 'none': every kind of load that is not listed, and every kind that "
    "browsers add later, is open.",
    "Begin with default-src 'none'.",
    bad=good_but(csp={"default-src": None}),
)
def _open_default(subject: Surface) -> Iterator[str]:
    sources = subject.csp.get("default-src")
    if sources is None or [ascii_lower(source) for source in sources] != ["'none'"]:
        yield "no default-src" if sources is None else f"default-src {' '.join(sources)}"


@_rule(
    Severity.ERROR,
    "open-source",
    "A source that means the whole network: data can leave to any server.",
    "List exact origins.",
    bad=good_but(csp={"connect-src": "https:"}),
    good=good_but(csp={"connect-src": "https://api.example.org"}),
)
def _open_source(subject: Surface) -> Iterator[str]:
    yield from (f"{name} {s}" for name, s in subject.sources if is_anywhere(s))


@_rule(
    Severity.WARNING,
    "wildcard-source",
    "A wildcard names servers that nobody has listed; on shared hosting one of them is a "
    "stranger's.",
    "List exact origins.",
    bad=good_but(csp={"img-src": "https://*.example.org"}),
    good=good_but(csp={"img-src": "https://tiles.example.org"}),
)
def _wildcard_source(subject: Surface) -> Iterator[str]:
    for name, source in subject.sources:
        if "*" in source and not is_anywhere(source):
            yield f"{name} {source}"


@_rule(
    Severity.ERROR,
    "self-in-csp",
    "'self' never matches a frame with an opaque origin in WebKit: the component is dead there.",
    "Write the component's absolute origin.",
    bad=good_but(csp={"script-src": "'self'"}),
    good=good_but(csp={"script-src": GOOD.component_origin}),
)
def _self_in_csp(subject: Surface) -> Iterator[str]:
    for name, sources in subject.csp.items():
        if "'self'" in map(ascii_lower, sources):
            yield name


@_rule(
    Severity.ERROR,
    "foreign-script",
    "Scripts from a foreign server: what was reviewed is not what runs.",
    "Ship the script with the component.",
    bad=good_but(csp={"script-src": "https://cdn.example.org"}),
    good=good_but(csp={"script-src": f"{GOOD.component_origin}/lib/"}),
)
def _foreign_script(subject: Surface) -> Iterator[str]:
    yield from (each for each in subject.foreign_sources if each.startswith("script-src"))


@_rule(
    Severity.ERROR,
    "script-from-data",
    "data: or blob: in script-src turns any text into a script.",
    "Ship scripts as files or inline blocks with a hash.",
    bad=good_but(csp={"script-src-elem": "Blob:"}),
    good=good_but(csp={"worker-src": "blob:"}),
)
def _script_from_data(subject: Surface) -> Iterator[str]:
    for name, source in subject.sources:
        if name.startswith("script-src") and is_local(source):
            yield f"{name} {source}"


@_rule(
    Severity.ERROR,
    "inline-script",
    "'unsafe-inline' in script-src: any HTML that the component shows can hold a script.",
    "Allow each inline block by its hash.",
    bad=good_but(csp={"script-src": "'unsafe-inline'"}),
    good=good_but(csp={"style-src": "'unsafe-inline'"}),
)
def _inline_script(subject: Surface) -> Iterator[str]:
    for name, source in subject.sources:
        if name.startswith("script-src") and ascii_lower(source) == "'unsafe-inline'":
            yield name


@_rule(
    Severity.WARNING,
    "eval-with-connect",
    "The component may turn text into code and reach other servers: it can fetch its next version "
    "past every review.",
    "Grant one of the two.",
    bad=good_but(csp={"script-src": "'unsafe-eval'", "connect-src": "https://api.example.org"}),
    good=good_but(csp={"script-src": "'unsafe-eval'"}),
)
def _eval_with_connect(subject: Surface) -> Iterator[str]:
    evaluates = any(ascii_lower(source) == "'unsafe-eval'" for _, source in subject.sources)
    if evaluates and subject.foreign_sources:
        yield f"'unsafe-eval' with {', '.join(subject.foreign_sources)}"


@_rule(
    Severity.WARNING,
    "capture-with-connect",
    "The component may observe the user (camera, microphone, place, screen, clipboard) and send "
    "data to other servers.",
    "Grant one of the two, or make sure that the user knows.",
    bad=good_but(allow="camera *", csp={"connect-src": "https://api.example.org"}),
    good=good_but(allow="camera *"),
)
def _capture_with_connect(subject: Surface) -> Iterator[str]:
    captured = sorted(subject.features & _CAPTURE)
    if captured and subject.foreign_sources:
        yield f"{', '.join(captured)} with {', '.join(subject.foreign_sources)}"


@_rule(
    Severity.ERROR,
    "reaches-the-app",
    "The component's CSP lists the app's own origin: it can call the app's HTTP interface.",
    "Let it talk to the app by values, events and methods only.",
    bad=good_but(csp={"connect-src": "http://localhost:8000"}),
    good=good_but(csp={"frame-ancestors": "http://localhost:8000"}),
)
def _reaches_the_app(subject: Surface) -> Iterator[str]:
    for name, source in subject.sources:
        if subject.app_origin != subject.component_origin and reaches(source, subject.app_origin):
            yield f"{name} {source}"


@_rule(
    Severity.ERROR,
    "no-frame-ancestors",
    "Any site may show the component in its own page and play the app's part towards it.",
    "Name the app's origin in frame-ancestors.",
    bad=good_but(csp={"frame-ancestors": None}),
)
def _no_frame_ancestors(subject: Surface) -> Iterator[str]:
    ancestors = subject.csp.get("frame-ancestors")
    if ancestors is None:
        yield "no frame-ancestors"
    else:
        yield from (f"frame-ancestors {s}" for s in ancestors if is_anywhere(s))


# --- other headers, and the host page ------------------------------------------------------------


@_rule(
    Severity.WARNING,
    "x-frame-options",
    "X-Frame-Options cannot name the app's origin: SAMEORIGIN and DENY block the frame.",
    "Use frame-ancestors.",
    bad=good_but(headers={"X-Frame-Options": "SAMEORIGIN"}),
)
def _x_frame_options(subject: Surface) -> Iterator[str]:
    if (value := subject.header("X-Frame-Options")) is not None:
        yield value


@_rule(
    Severity.ERROR,
    "no-connection-allowlist",
    "Without a Connection-Allowlist, data leaves Chromium by WebRTC, preconnect and DNS in spite "
    "of any CSP.",
    "Send Connection-Allowlist: (response-origin).",
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


@_rule(
    Severity.ERROR,
    "open-frame-src",
    "The page's frame-src is all that keeps a frame from navigating away with data, and it lets "
    "more through than the frames' own addresses.",
    "List the mounted components' frame addresses, each with its path.",
    bad=good_but(host={"frame-src": "http://*.localhost:8000"}),
    good=good_but(host={"frame-src": None}),  # falls back to default-src 'none'
)
def _open_frame_src(subject: Surface) -> Iterator[str]:
    csp = parse_csp(subject.host_csp)
    directives = [csp[name] for name in ("frame-src", "child-src", "default-src") if name in csp]
    if not directives:
        yield "no frame-src"
        return
    for source in directives[0]:
        if ascii_lower(source) != "'none'" and ("*" in source or not path_of(source)):
            yield f"frame-src {source}"


def _with_prefix(subject: Surface, prefix: str) -> Iterator[str]:
    for tokens in subject.sandboxes:
        yield from sorted(token for token in tokens if token.startswith(prefix))


RULES: tuple[Rule[Surface], ...] = tuple(_RULES)
