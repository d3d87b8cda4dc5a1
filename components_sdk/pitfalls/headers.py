"""Headers of a component's responses beside its CSP."""

from __future__ import annotations

from collections.abc import Iterator

from ..csp import ascii_lower, split_tokens
from ..findings import Severity
from ..surface import Surface, good_but
from .registry import Rules

RULES = Rules()


@RULES.add(
    Severity.WARNING,
    "no-permissions-policy",
    "Without a Permissions-Policy the component has every browser feature that is on unless it is "
    "switched off, and in a tab of its own all of them.",
    "Send Permissions-Policy with each feature switched off that was not granted.",
    source="Permissions Policy, section 4.9 (default allowlist)",
    bad=good_but(headers={"Permissions-Policy": None}),
)
def _no_permissions_policy(subject: Surface) -> Iterator[str]:
    if subject.header("Permissions-Policy") is None:
        yield "no header"


@RULES.add(
    Severity.WARNING,
    "wide-permissions-policy",
    "The response gives everybody a feature that the iframe does not hand over: in a tab of its "
    "own, and for frames of the component, it is on.",
    "Switch off in the header whatever the allow attribute does not name.",
    source="Permissions Policy, section 5.2 (the header)",
    bad=good_but(headers={"Permissions-Policy": "camera=*, geolocation=()"}),
    good=good_but(headers={"Permissions-Policy": "camera=*"}, allow="camera *"),
)
def _wide_permissions_policy(subject: Surface) -> Iterator[str]:
    for member in (subject.header("Permissions-Policy") or "").split(","):
        feature, _, value = member.strip().partition("=")
        everybody = "*" in split_tokens(value.partition(";")[0].strip("() "))
        if everybody and ascii_lower(feature) not in subject.features:
            yield member.strip()


@RULES.add(
    Severity.WARNING,
    "shared-memory",
    "The component gets shared memory and a clock of microseconds, which side channels need.",
    "Leave Document-Isolation-Policy and cross-origin-isolated out.",
    source="Document Isolation Policy (WICG); HTML, cross-origin isolation; measured in Chromium",
    bad=good_but(headers={"Document-Isolation-Policy": "isolate-and-require-corp"}),
    good=good_but(headers={"Document-Isolation-Policy": "none"}),
)
def _shared_memory(subject: Surface) -> Iterator[str]:
    value = subject.header("Document-Isolation-Policy")
    if value is not None and ascii_lower(value.partition(";")[0].strip()) != "none":
        yield f"Document-Isolation-Policy: {value}"
    if "cross-origin-isolated" in subject.features:
        yield "allow cross-origin-isolated"


@RULES.add(
    Severity.WARNING,
    "origin-trial",
    "An origin trial switches on features that browsers still try out, and that no policy here "
    "knows.",
    "Leave Origin-Trial out.",
    source="chromium.org/blink/origin-trials",
    bad=good_but(headers={"Origin-Trial": "AbCd"}),
)
def _origin_trial(subject: Surface) -> Iterator[str]:
    if subject.header("Origin-Trial") is not None:
        yield "Origin-Trial"


@RULES.add(
    Severity.ERROR,
    "cors-credentials",
    "Responses may be read together with the user's cookies: with an origin that is echoed back, "
    "by any site in the user's name.",
    "Never send Access-Control-Allow-Credentials; a component's files are public.",
    source="Fetch, CORS protocol and credentials",
    bad=good_but(headers={"access-control-allow-credentials": "true"}),
    good=good_but(headers={"Access-Control-Allow-Origin": "*"}),
)
def _cors_credentials(subject: Surface) -> Iterator[str]:
    value = subject.header("Access-Control-Allow-Credentials")
    if value is not None and value.strip() == "true":  # no other value counts
        origin = subject.header("Access-Control-Allow-Origin")
        yield f"Access-Control-Allow-Credentials: {value}, Access-Control-Allow-Origin: {origin}"


@RULES.add(
    Severity.ERROR,
    "redirect",
    "The response sends the frame on to another address, which has headers of its own.",
    "Answer every request with the thing itself; never send Location or Refresh.",
    source="Fetch, HTTP-redirect fetch; HTML, the Refresh header",
    bad=good_but(headers={"Refresh": "0; url=https://example.org"}),
)
def _redirect(subject: Surface) -> Iterator[str]:
    for name in ("Location", "Refresh"):
        if (value := subject.header(name)) is not None:
            yield f"{name}: {value}"


@RULES.add(
    Severity.WARNING,
    "clear-site-data",
    "The response empties what the browser holds for its site: cookies go for the whole "
    "registrable domain, siblings' included.",
    "Never send Clear-Site-Data from a component's origin.",
    source="Clear Site Data, section 4.2.4 (clear cookies for origin)",
    bad=good_but(headers={"Clear-Site-Data": '"cookies", "storage"'}),
)
def _clear_site_data(subject: Surface) -> Iterator[str]:
    if (value := subject.header("Clear-Site-Data")) is not None:
        yield value


@RULES.add(
    Severity.WARNING,
    "early-loads",
    "A Link header makes the browser connect or load before the document and its policy are there.",
    "Never send Link from a component's origin.",
    source="HTML, processing Link headers; RFC 8297",
    bad=good_but(headers={"Link": "<https://cdn.example.org>; rel=preconnect"}),
)
def _early_loads(subject: Surface) -> Iterator[str]:
    if (value := subject.header("Link")) is not None:
        yield value
