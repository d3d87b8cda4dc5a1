"""Checks by the rules of pitfalls: what a running app tells browsers, judged as we judge ourselves.

Each rule of severity ERROR is a check. It looks at a ``Surface`` that is made of the app's answers:
one for each frame's document, and for a path of its origin that is not there. Only a browser shows
the attributes of the page's iframes; without one, what they say is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec

from ..csp import edit_csp
from ..findings import Rule, Severity
from ..pitfalls import GROUPS
from ..surface import GOOD, Surface
from .attacks import Category
from .checks import NO_FRAME, Iframe, Look, NotApplicable, Response, Subject, check, frames_of

_CATEGORIES: dict[str, Category] = {  # of the groups of rules
    "The sandbox": "DOM",
    "Origins, sites and cookies": "storage and credentials",
    "The component's policy as a whole": "policy configuration",
    "What a component may run": "markup",
    "Where a component may load from and send to": "network egress",
    "Other headers of the component": "policy configuration",
    "The app's page": "markup",
}
_OF_THE_PAGE = "The app's page"
_OF_ATTRIBUTES = "The sandbox"
_BY_ATTRIBUTE_ONLY = frozenset({"no-sandbox-attribute"})
_BY_HEADER_ONLY = frozenset({"no-sandbox-in-csp"})
_FRAMED = {"deny": "'none'", "sameorigin": "'self'"}  # X-Frame-Options as frame-ancestors

Labelled = Iterator[tuple[str, Surface]]


def _register(rule: Rule[Surface], group: str) -> None:
    check(rule.id, _CATEGORIES[group], rule.sentence, rule.remedy)(_look(rule, group))


def _look(rule: Rule[Surface], group: str) -> Look:
    def look(subject: Subject) -> Iterator[str]:
        found = {
            f"{label}: {detail}"
            for label, surface in _surfaces(subject, rule.id, group)
            for detail in rule.check(surface)
        }
        yield from sorted(found)

    return look


def _surfaces(subject: Subject, rule: str, group: str) -> Labelled:
    """What a rule is asked about, and how that is called."""
    if group == _OF_THE_PAGE:
        return _page(subject)
    if rule in _BY_ATTRIBUTE_ONLY and not subject.iframes:
        raise NotApplicable("No browser has shown an iframe, whose attributes these are.")
    inline = group == _OF_ATTRIBUTES and rule not in _BY_HEADER_ONLY
    if not subject.frames and not (inline and subject.iframes):
        raise NotApplicable(NO_FRAME)
    return _frames(subject, inline=inline)


def _page(subject: Subject) -> Labelled:
    page = msgspec.structs.replace(
        GOOD, app_origin=_origin(subject.page.url), host_csp=_host_csp(subject.page)
    )
    for origin in {_origin(url) for url in subject.frames} or {GOOD.component_origin}:
        yield subject.page.url, msgspec.structs.replace(page, component_origin=origin)


def _frames(subject: Subject, *, inline: bool) -> Labelled:
    """Of each answer of the frames' origins; and of iframes without one, which are of the page."""
    shown = {frame.url: frame for frame in subject.iframes}
    for url, answers in frames_of(subject):
        for answer in answers:
            yield f"{answer.status} of {answer.url}", _surface(subject, answer, shown.get(url))
    for frame in subject.iframes if inline else ():
        if not frame.url.startswith("http"):
            yield f"the iframe {frame.url}", _surface(subject, subject.page, frame)


def _surface(subject: Subject, answer: Response, frame: Iframe | None) -> Surface:
    said = " ".join(answer.csp.get("sandbox", ()))
    return Surface(
        app_origin=_origin(subject.page.url),
        component_origin=_origin(answer.url),
        sandbox=frame.sandbox if frame else said,
        allow=frame.allow if frame else "",
        headers=_headers(answer),
        host_csp=_host_csp(subject.page),
        cookies=bool(answer.header("set-cookie")),
    )


def _headers(answer: Response) -> dict[str, str]:
    """As browsers join them where one comes several times."""
    joined: dict[str, str] = {}
    for name, value in answer.headers:
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _host_csp(page: Response) -> str:
    """The page's policy; X-Frame-Options counts where the policy does not speak of it."""
    text = page.header("content-security-policy")
    ancestors = _FRAMED.get(page.header("x-frame-options").strip().lower())
    if ancestors and "frame-ancestors" not in page.csp:
        return edit_csp(text, {"frame-ancestors": ancestors})
    return text


def _origin(url: str) -> str:
    """In normal form: in lower case, without the scheme's own port."""
    parts = urlsplit(url)
    port = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(port)}"


for _group, _rules in GROUPS.items():
    for _rule in _rules:
        if _rule.severity is Severity.ERROR:
            _register(_rule, _group)
