"""Inspection: a running app, looked at from outside by its URL; nothing of it has to be ours.

Plays all checks (see checks.py). What a check finds says what an attacker could do.

    for result in inspect("http://localhost:8501/", [engine]): ...
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence

import msgspec

from ..csp import path_of
from ..errors import PolicyError, UsageError
from . import frame_checks, page_checks, rule_checks  # noqa: F401 - they register themselves
from .attacks import Verdict
from .checks import BROWSER_CHECKS, CHECKS, Check, Iframe, NotApplicable, Subject, ask
from .engines import Engine, EngineError, Tab, Unmet, poll
from .results import Result

__all__ = ["BROWSER_CHECKS", "CHECKS", "inspect"]

FRAMES_SECONDS = 5.0  # for a page to show its frames
MAX_FRAMES = 20  # that are looked at


def inspect(url: str, engines: Sequence[Engine] = ()) -> Iterator[Result]:
    """All checks, by HTTP once and in each browser.

    Raises:
        UsageError: Nothing is served there.
    """
    try:
        page = ask(url, headers={"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"})
    except OSError as error:
        raise UsageError(
            f"Expected an app at {url}, got: {error}",
            code="url",
            hint="Start it first, for example: component run app.py",
        ) from None
    if page.status != 200:
        raise UsageError(
            f"Expected a page at {url}, got the status {page.status}",
            code="url",
            hint="Give the address as the browser shows it.",
        )
    named = page.csp.get("frame-src", ())
    frames = [source for source in named if source.startswith("http") and path_of(source)]
    subject = Subject(page, tuple(frames[:MAX_FRAMES]))
    for engine in engines:
        tab = engine.new_tab()
        try:
            seen = _with_iframes(subject, tab)
            subject = msgspec.structs.replace(subject, frames=seen.frames, iframes=seen.iframes)
            for check, look in BROWSER_CHECKS:
                yield _told(check, engine.name, lambda: list(look(seen, tab)))  # noqa: B023
        finally:
            tab.close()
    for check, http_look in CHECKS:
        yield _told(check, "server", lambda: list(http_look(subject)))  # noqa: B023


def _told(check: Check, engine: str, look: Callable[[], list[str]]) -> Result:
    start = time.monotonic()
    verdict: Verdict
    try:
        wrong = look()
        verdict, evidence = ("escaped", "; ".join(wrong)) if wrong else ("guarded", check.guard)
    except NotApplicable as reason:
        verdict, evidence = "not-applicable", str(reason)
    except (OSError, EngineError, PolicyError) as error:
        verdict, evidence = "inconclusive", f"It could not be tried: {error}"
    return Result(
        attack=check.id,
        category=check.category,
        goal=check.goal,
        guard=check.guard,
        engine=engine,
        verdict=verdict,
        known_gap=False,
        evidence=evidence,
        seconds=round(time.monotonic() - start, 2),
    )


def _with_iframes(subject: Subject, tab: Tab) -> Subject:
    tab.goto(subject.page.url)
    with contextlib.suppress(Unmet):
        poll(lambda: tab.count("iframe"), FRAMES_SECONDS, what="a frame")
    told = tab.evaluate(_IFRAMES)[:MAX_FRAMES]
    iframes = tuple(
        Iframe(str(url).partition("#")[0], sandbox, allow or "") for url, sandbox, allow in told
    )
    shown = [frame.url for frame in iframes if frame.url.startswith("http")]
    frames = tuple(dict.fromkeys([*subject.frames, *shown]))
    return msgspec.structs.replace(subject, frames=frames, iframes=iframes)


_IFRAMES = """() => [...document.querySelectorAll("iframe")].map(
  frame => [frame.src || "about:srcdoc", frame.getAttribute("sandbox"), frame.getAttribute("allow")]
)"""
