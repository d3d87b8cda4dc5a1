"""The page that holds the frames: its own policy protects the app from injected markup."""

from __future__ import annotations

from collections.abc import Iterator

from ..csp import ascii_lower, path_of
from ..findings import Severity
from ..surface import GOOD, Surface, good_but, is_anywhere, is_local, reaches
from .registry import Rules

_RUNS = ("script-src", "style-src", "worker-src", "object-src", "default-src")
_SCRIPTS = ("script-src", "script-src-elem", "script-src-attr")

RULES = Rules()


@RULES.add(
    Severity.ERROR,
    "open-frame-src",
    "The page's frame-src is all that keeps a frame from navigating away with data, and it lets "
    "more through than the frames' own addresses.",
    "List the mounted components' frame addresses, each with its path.",
    source="CSP 3, frame-src; measured in all three engines",
    bad=good_but(host={"frame-src": "http://*.localhost:8000"}),
    good=good_but(host={"frame-src": None}),  # falls back to default-src 'none'
)
def _open_frame_src(subject: Surface) -> Iterator[str]:
    csp = subject.host
    directives = [csp[name] for name in ("frame-src", "child-src", "default-src") if name in csp]
    if not directives:
        yield "no frame-src"
        return
    for source in directives[0]:
        if ascii_lower(source) != "'none'" and ("*" in source or not path_of(source)):
            yield f"frame-src {source}"


@RULES.add(
    Severity.ERROR,
    "component-in-page",
    "The page's own policy lists the component's origin: the component's files may run, or style "
    "the page, outside of any frame.",
    "List the component's frame address in frame-src and nowhere else.",
    source="CSP 3, script-src",
    bad=good_but(host={"script-src": GOOD.component_origin}),
)
def _component_in_page(subject: Surface) -> Iterator[str]:
    if subject.component_origin != subject.app_origin:
        for name, sources in subject.host.items():
            if name.startswith(_RUNS):
                found = (s for s in sources if reaches(s, subject.component_origin))
                yield from (f"{name} {source}" for source in found)


@RULES.add(
    Severity.ERROR,
    "page-open-script",
    "The app's page runs scripts from anywhere: one piece of injected HTML, from a component's "
    "value perhaps, is the app.",
    "Send script-src with the page's own files only.",
    source="CSP 3, script-src",
    bad=good_but(host={"script-src": None, "default-src": None}),
    good=good_but(host={"script-src": None}),  # falls back to default-src 'none'
)
def _page_open_script(subject: Surface) -> Iterator[str]:
    scripts = list(_page_scripts(subject))
    if not scripts:
        yield "no script-src"
    for name, sources in scripts:
        for source in sources:
            if is_anywhere(source) or is_local(source):
                yield f"{name} {source}"


@RULES.add(
    Severity.ERROR,
    "page-inline-script",
    "The app's page runs inline scripts: one piece of injected HTML, from a component's value "
    "perhaps, is the app.",
    "Leave 'unsafe-inline' out of the page's script-src; use files, or hashes.",
    source="CSP 3, 'unsafe-inline'",
    bad=good_but(host={"script-src": "'unsafe-inline'"}),
    good=good_but(host={"script-src": "'unsafe-inline' 'sha256-AAAA'"}),  # the hash switches it off
)
def _page_inline_script(subject: Surface) -> Iterator[str]:
    for name, sources in _page_scripts(subject):
        lower = [ascii_lower(source) for source in sources]
        if "'unsafe-inline'" in lower and not any(_switches_off(source) for source in lower):
            yield name


@RULES.add(
    Severity.WARNING,
    "page-eval",
    "The app's page turns text into code: a value that reaches such a place is the app.",
    "Leave 'unsafe-eval' out of the page's script-src.",
    source="CSP 3, 'unsafe-eval'",
    bad=good_but(host={"script-src": "http://localhost:8000/static/ 'unsafe-eval'"}),
)
def _page_eval(subject: Surface) -> Iterator[str]:
    for name, sources in _page_scripts(subject):
        if "'unsafe-eval'" in map(ascii_lower, sources):
            yield name


@RULES.add(
    Severity.WARNING,
    "page-open-base",
    "The app's page has no base-uri, which never falls back to default-src: injected HTML may hold "
    "a <base> that points the page's relative addresses elsewhere.",
    "Send base-uri 'none'.",
    source="CSP 3, base-uri (a document directive)",
    bad=good_but(host={"base-uri": None}),
)
def _page_open_base(subject: Surface) -> Iterator[str]:
    sources = subject.host.get("base-uri")
    if sources is None:
        yield "no base-uri"
    else:
        yield from (f"base-uri {source}" for source in sources if is_anywhere(source))


@RULES.add(
    Severity.ERROR,
    "page-framed",
    "Any site may show the app in a frame of its own, and lead the user's clicks.",
    "Send frame-ancestors 'self' with the app's page.",
    source="CSP 3, frame-ancestors (never falls back to default-src)",
    bad=good_but(host={"frame-ancestors": None}),
    good=good_but(host={"frame-ancestors": "'self' https://portal.example.org"}),
)
def _page_framed(subject: Surface) -> Iterator[str]:
    sources = subject.host.get("frame-ancestors")
    if sources is None:
        yield "no frame-ancestors"
    else:
        yield from (f"frame-ancestors {source}" for source in sources if is_anywhere(source))


@RULES.add(
    Severity.WARNING,
    "page-markup",
    "The app's page has no Trusted Types, so a mistake that writes a component's text as HTML is "
    "not stopped.",
    "Send require-trusted-types-for 'script'.",
    source="Trusted Types, require-trusted-types-for",
    bad=good_but(host={"require-trusted-types-for": None}),
)
def _page_markup(subject: Surface) -> Iterator[str]:
    if "'script'" not in subject.host.get("require-trusted-types-for", ()):
        yield "no require-trusted-types-for 'script'"


def _page_scripts(subject: Surface) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The directives of the page that say which scripts run."""
    csp = subject.host
    names = [name for name in _SCRIPTS if name in csp]
    if "script-src" not in csp and "default-src" in csp:
        names.append("default-src")
    yield from ((name, csp[name]) for name in names)


def _switches_off(source: str) -> bool:
    """With a hash, a nonce or 'strict-dynamic' beside it, 'unsafe-inline' is ignored."""
    return source.startswith(("'sha", "'nonce-")) or source == "'strict-dynamic'"
