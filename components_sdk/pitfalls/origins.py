"""Where the app and its components live: origins, sites, cookies and schemes."""

from __future__ import annotations

from collections.abc import Iterator

from ..findings import Severity
from ..sites import host_of, is_ipv4, is_loopback, registrable, same_site
from ..surface import Surface, good_but
from .registry import Rules

RULES = Rules()


@RULES.add(
    Severity.ERROR,
    "app-origin",
    "The component is served from the app's own origin, which nobody declared: one forgotten "
    "header and it is the app.",
    "Give components an origin of their own, or declare the shared one if only one host exists.",
    source="HTML, origin; measured in all three engines",
    bad=good_but(component_origin="http://localhost:8000"),
    good=good_but(component_origin="http://localhost:8000", shares_app=True),
)
def _app_origin(subject: Surface) -> Iterator[str]:
    if subject.app_origin == subject.component_origin and not subject.shares_app:
        yield subject.component_origin


@RULES.add(
    Severity.WARNING,
    "declared-app-origin",
    "The component shares the app's origin, kept apart by the opaque origin only: the frame's "
    "requests carry the app's cookies, and an endless loop freezes the app.",
    "Use a host name for each component as soon as there can be one.",
    source="RFC 6265, section 5.4; measured in all three engines",
    bad=good_but(
        component_origin="http://localhost:8000",
        shares_app=True,
        csp=dict.fromkeys(("img-src", "font-src"), "http://localhost:8000/frames/example/"),
    ),
)
def _declared_app_origin(subject: Surface) -> Iterator[str]:
    if subject.app_origin == subject.component_origin and subject.shares_app:
        yield subject.component_origin


@RULES.add(
    Severity.ERROR,
    "port-only",
    "The component's origin differs from the app's in the port or scheme only: cookies know no "
    "ports, so its server receives the app's session, HttpOnly and SameSite=Strict included.",
    "Use another host name.",
    source="RFC 6265, section 8.5; measured in all three engines",
    bad=good_but(component_origin="http://localhost:8001"),
    good=good_but(component_origin="http://127.0.0.1:8001"),
)
def _port_only(subject: Surface) -> Iterator[str]:
    app, own = subject.app_origin, subject.component_origin
    if app != own and host_of(app) == host_of(own):
        yield f"{app} and {own}"


@RULES.add(
    Severity.ERROR,
    "same-site",
    "The component's host looks like the same site as the app's: a page on it may plant cookies "
    "for the app, counts as same-site, and shares its process in Firefox.",
    "Serve components from another registrable domain.",
    source="HTML, same site; RFC 6265, section 8.6 (cookie tossing); measured",
    bad=good_but(
        app_origin="https://app.example.org", component_origin="https://w.app.example.org"
    ),
    good=good_but(app_origin="https://app.example.org", component_origin="https://w.example.net"),
)
def _same_site(subject: Surface) -> Iterator[str]:
    app, own = subject.app_origin, subject.component_origin
    if host_of(app) != host_of(own) and same_site(app, own):
        yield f"{host_of(own)} and {host_of(app)}"


@RULES.add(
    Severity.WARNING,
    "nested-name",
    "Names below one label of localhost are one site: such components share a process in Firefox, "
    "and one that hangs takes the others along.",
    "Give each component one label of its own: name.localhost.",
    source="HTML, same site; measured in Chromium and Firefox",
    bad=good_but(component_origin="http://stars.widgets.localhost:8000"),
)
def _nested_name(subject: Surface) -> Iterator[str]:
    host = host_of(subject.component_origin)
    if host.endswith(".localhost") and host.count(".") > 1:
        yield host


@RULES.add(
    Severity.WARNING,
    "shared-cookies",
    "The component has storage below a domain that browsers do not know as a public suffix: it can "
    "set cookies for that whole domain, which all its siblings with storage read and which no "
    "ledger sees.",
    "Have the components' domain put on the public suffix list, or grant storage to one only.",
    source="RFC 6265, section 5.3, step 6; publicsuffix.org",
    bad=good_but(
        sandbox="allow-scripts allow-same-origin",
        component_origin="https://stars.widgets-example.net",
    ),
    good=good_but(sandbox="allow-scripts allow-same-origin"),
)
def _shared_cookies(subject: Surface) -> Iterator[str]:
    host = host_of(subject.component_origin)
    local = is_ipv4(host) or is_loopback(host)  # browsers refuse Domain=localhost
    domain = registrable(host)
    if subject.has_storage and not local and domain != host:
        yield f"{host} sets cookies for {domain}"


@RULES.add(
    Severity.WARNING,
    "plain-http",
    "The component comes over plain http from another machine: anyone on the way can replace it, "
    "and browsers send no Sec-Fetch headers to tell a frame from a tab.",
    "Use https.",
    source="Fetch Metadata, only potentially trustworthy URLs; measured",
    bad=good_but(component_origin="http://w.example.net"),
    good=good_but(component_origin="https://w.example.net"),
)
def _plain_http(subject: Surface) -> Iterator[str]:
    own = subject.component_origin
    if own.startswith("http:") and not is_loopback(host_of(own)):
        yield own


@RULES.add(
    Severity.ERROR,
    "mixed-content",
    "The app comes over https and the component over plain http: browsers block the frame, and "
    "where one does not, anybody on the way can replace it.",
    "Serve components over https, too.",
    source="Mixed Content, section 5.3",
    bad=good_but(app_origin="https://app.example.org", component_origin="http://w.example.net"),
    good=good_but(app_origin="https://app.example.org", component_origin="https://w.example.net"),
)
def _mixed_content(subject: Surface) -> Iterator[str]:
    app, own = subject.app_origin, subject.component_origin
    if app.startswith("https:") and own.startswith("http:") and not is_loopback(host_of(own)):
        yield f"{own} in {app}"


@RULES.add(
    Severity.WARNING,
    "insecure-page",
    "The app's page comes over plain http: anybody on the way can replace it, and its frames are "
    "no secure contexts, whatever their own address.",
    "Serve the app over https.",
    source="Secure Contexts, section 3.1",
    bad=good_but(app_origin="http://app.example.org", component_origin="https://w.example.net"),
    good=good_but(app_origin="https://app.example.org", component_origin="https://w.example.net"),
)
def _insecure_page(subject: Surface) -> Iterator[str]:
    if subject.app_origin.startswith("http:") and not is_loopback(host_of(subject.app_origin)):
        yield subject.app_origin


@RULES.add(
    Severity.ERROR,
    "cookies",
    "The component's server sets or reads cookies: they tie its frames to a user, and on a name "
    "near the app's they overwrite the app's own.",
    "Never send Set-Cookie from a component's origin, and drop the Cookie header.",
    source="RFC 6265, section 8.6; measured in all three engines",
    bad=good_but(headers={"set-cookie": "id=1"}),
)
def _cookies(subject: Surface) -> Iterator[str]:
    if subject.cookies:
        yield "the server uses cookies"
    if subject.header("Set-Cookie") is not None:
        yield "Set-Cookie"
