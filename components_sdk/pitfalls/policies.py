"""The component's Content-Security-Policy as a whole, and who may frame it."""

from __future__ import annotations

from collections.abc import Iterator

from ..csp import ascii_lower
from ..findings import Severity
from ..surface import GOOD, Surface, good_but, is_anywhere, is_within
from ..vocabulary import words
from .registry import Rules

_DIRECTIVES = {directive.name for directive in words("directive")}

RULES = Rules()


@RULES.add(
    Severity.ERROR,
    "several-csp",
    "Two policies in one header: what holds is their intersection, which nobody can read off.",
    "Send one policy.",
    source="CSP 3, section 4.2.1 (several policies)",
    bad=good_but(headers={"Content-Security-Policy": "sandbox allow-scripts, default-src 'none'"}),
)
def _several_csp(subject: Surface) -> Iterator[str]:
    if "," in (subject.header("Content-Security-Policy") or ""):
        yield "a comma in Content-Security-Policy"
    if "," in subject.host_csp:
        yield "a comma in the page's Content-Security-Policy"


@RULES.add(
    Severity.WARNING,
    "report-only",
    "Content-Security-Policy-Report-Only enforces nothing, and its sandbox is ignored: it looks "
    "like a policy and is none.",
    "Send the enforced header only.",
    source="CSP 3, section 3.2; sandbox, section 6.3.2",
    bad=good_but(headers={"Content-Security-Policy-Report-Only": "default-src 'none'"}),
)
def _report_only(subject: Surface) -> Iterator[str]:
    if subject.header("Content-Security-Policy-Report-Only") is not None:
        yield "Content-Security-Policy-Report-Only"


@RULES.add(
    Severity.WARNING,
    "unknown-directive",
    "No browser knows this directive, so it is ignored: what its author wanted is not in force.",
    "Mend the spelling, or leave it out.",
    source="CSP 3, parse a serialized CSP; the vocabulary of directives",
    bad=good_but(csp={"conect-src": "'none'"}),
    good=good_but(csp={"connect-src": None, "Connect-SRC": "'none'"}),
)
def _unknown_directive(subject: Surface) -> Iterator[str]:
    for whose, csp in (("component", subject.csp), ("page", subject.host)):
        yield from (f"{name} of the {whose}" for name in csp if name not in _DIRECTIVES)


@RULES.add(
    Severity.ERROR,
    "open-default",
    "default-src is not 'none': every kind of load that is not listed, and every kind that "
    "browsers add later, is open.",
    "Begin with default-src 'none'.",
    source="CSP 3, default-src",
    bad=good_but(csp={"default-src": None}),
)
def _open_default(subject: Surface) -> Iterator[str]:
    sources = subject.csp.get("default-src")
    if sources is None or [ascii_lower(source) for source in sources] != ["'none'"]:
        yield "no default-src" if sources is None else f"default-src {' '.join(sources)}"


@RULES.add(
    Severity.ERROR,
    "self-in-csp",
    "'self' never matches a frame with an opaque origin in WebKit: the component is dead there.",
    "Write the component's absolute origin.",
    source="measured in WebKitGTK",
    bad=good_but(csp={"script-src": "'self'"}),
    good=good_but(csp={"script-src": GOOD.component_origin}),
)
def _self_in_csp(subject: Surface) -> Iterator[str]:
    for name, sources in subject.csp.items():
        if "'self'" in map(ascii_lower, sources):
            yield name


@RULES.add(
    Severity.WARNING,
    "no-base-uri",
    "base-uri never falls back to default-src: HTML that the component shows may hold a <base> "
    "that points its relative addresses elsewhere.",
    "Send base-uri 'none'.",
    source="CSP 3, base-uri (a document directive)",
    bad=good_but(csp={"base-uri": None}),
)
def _no_base_uri(subject: Surface) -> Iterator[str]:
    sources = subject.csp.get("base-uri")
    if sources is None:
        yield "no base-uri"
    else:
        yield from (f"base-uri {source}" for source in sources if is_anywhere(source))


@RULES.add(
    Severity.ERROR,
    "no-frame-ancestors",
    "Any site may show the component in its own page and play the app's part towards it.",
    "Name the app's origin in frame-ancestors.",
    source="CSP 3, frame-ancestors (never falls back to default-src)",
    bad=good_but(csp={"frame-ancestors": None}),
)
def _no_frame_ancestors(subject: Surface) -> Iterator[str]:
    ancestors = subject.csp.get("frame-ancestors")
    if ancestors is None:
        yield "no frame-ancestors"
    else:
        yield from (f"frame-ancestors {s}" for s in ancestors if is_anywhere(s))


@RULES.add(
    Severity.ERROR,
    "foreign-frame-ancestors",
    "A site other than the app's may show the component in its own page and play the app's part "
    "towards it.",
    "Name the app's origin only.",
    source="CSP 3, frame-ancestors",
    bad=good_but(csp={"frame-ancestors": f"{GOOD.app_origin} https://portal.example.org"}),
)
def _foreign_frame_ancestors(subject: Surface) -> Iterator[str]:
    for source in subject.csp.get("frame-ancestors", ()):
        quoted = source.startswith("'")
        if not quoted and not is_anywhere(source) and not is_within(source, subject.app_origin):
            yield source


@RULES.add(
    Severity.WARNING,
    "x-frame-options",
    "X-Frame-Options cannot name the app's origin: SAMEORIGIN and DENY block the frame.",
    "Use frame-ancestors.",
    source="RFC 7034; measured in all three engines",
    bad=good_but(headers={"X-Frame-Options": "SAMEORIGIN"}),
)
def _x_frame_options(subject: Surface) -> Iterator[str]:
    if (value := subject.header("X-Frame-Options")) is not None:
        yield value
