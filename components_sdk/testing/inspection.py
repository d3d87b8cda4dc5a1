"""Inspection: a running app, looked at from outside by its URL; nothing of it has to be ours.

Plays all checks (see checks.py). What a check finds says what an attacker could do.

    for result in inspect("http://localhost:8501/", [engine]): ...
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from ..csp import path_of
from ..errors import PolicyError, UsageError
from . import frame_checks, page_checks, rule_checks  # noqa: F401 - they register themselves
from .attacks import Verdict
from .checks import BROWSER_CHECKS, CHECKS, Check, Iframe, NotApplicable, Subject, ask, frames_of
from .engines import Engine, EngineError, Tab, Unmet, poll
from .fetching import Reach, origin_of, within
from .results import Result

__all__ = ["BROWSER_CHECKS", "CHECKS", "FRAMES_SEEN", "inspect"]

FRAMES_SECONDS = 5.0  # for a page to show its frames
MAX_FRAMES = 20  # that are looked at
MAX_TOLD = 5  # reasons to leave a frame out

APP_ORIGIN = "app-origin"  # the rule of pitfalls that frames below the app's own origin break
PATH_MODE = (
    "this is the form of origins=path, which is weaker: only the sandbox makes these frames' "
    "origin opaque, the app's cookies go to their addresses, and one that hangs may freeze the page"
)

FRAMES_SEEN = Check(
    "frames-seen",
    "DOM",
    "Keep a frame out of these checks.",
    "At least one frame document was looked at, and none was left out.",
)


def inspect(url: str, engines: Sequence[Engine] = (), also: Sequence[str] = ()) -> Iterator[Result]:
    """All checks, by HTTP once and in each browser; at last what was seen of frames at all.

    Args:
        also: Origins of other servers that may be asked as well; see ``fetching.Reach``.

    Raises:
        UsageError: Nothing is served there.
    """
    reach = Reach(url, tuple(also))
    skipped: dict[str, str] = {}  # why, by address
    try:
        with within(reach):
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
    subject = Subject(page, _reachable(frames, reach, skipped))
    for engine in engines:
        tab = engine.new_tab()
        try:
            seen = _with_iframes(subject, tab)
            seen = msgspec.structs.replace(seen, frames=_reachable(seen.frames, reach, skipped))
            subject = msgspec.structs.replace(subject, frames=seen.frames, iframes=seen.iframes)
            for check, look in BROWSER_CHECKS:
                yield _told(check, engine.name, reach, lambda: look(seen, tab))  # noqa: B023
        finally:
            tab.close()
    for check, http_look in CHECKS:
        result = _told(check, "server", reach, lambda: http_look(subject))  # noqa: B023
        if (check.id, result.verdict) == (APP_ORIGIN, "escaped") and _is_path_mode(subject, reach):
            result = msgspec.structs.replace(result, evidence=f"{result.evidence}; {PATH_MODE}")
        yield result
    yield _seen(subject, skipped)


def _is_path_mode(subject: Subject, reach: Reach) -> bool:
    """Whether all frames at the app's own origin have an opaque one, by the CSP's sandbox."""
    app = origin_of(subject.page.url)
    with contextlib.suppress(OSError, NotApplicable), within(reach):
        own = [answers[0] for url, answers in frames_of(subject) if origin_of(url) == app]
        tokens = [answer.csp.get("sandbox", ("allow-same-origin",)) for answer in own]
        return bool(own) and not any("allow-same-origin" in each for each in tokens)
    return False


def _reachable(frames: Sequence[str], reach: Reach, skipped: dict[str, str]) -> tuple[str, ...]:
    """The addresses that may be asked; those first that may be asked anything."""
    for url in frames:
        if told := reach.refusal(url):
            skipped[url] = told
    left = [url for url in frames if url not in skipped]
    left.sort(key=lambda url: bool(reach.refusal(url, safe=False)))
    return tuple(left[:MAX_FRAMES])


def _seen(subject: Subject, skipped: Mapping[str, str]) -> Result:
    """Whether there was any frame to look at: else its checks have proved nothing."""
    verdict: Verdict = "guarded"
    said = f"Frame documents that were looked at: {len(subject.frames)}."
    if not subject.frames:
        verdict = "inconclusive"
        said = "The page shows no component: the checks of frames were not made."
    if skipped:
        verdict = "inconclusive"
        reasons = list(dict.fromkeys(skipped.values()))
        more = f"; and {len(reasons) - MAX_TOLD} more" if len(reasons) > MAX_TOLD else ""
        said += f" Left out: {'; '.join(reasons[:MAX_TOLD])}{more}."
    return _result(FRAMES_SEEN, "server", 0.0, verdict, said)


def _told(check: Check, engine: str, reach: Reach, look: Callable[[], Iterator[str]]) -> Result:
    start = time.monotonic()
    verdict: Verdict
    wrong: list[str] = []
    try:
        with within(reach):
            for each in look():
                wrong.append(each)  # and keep it, if the check breaks off later
        verdict, evidence = "guarded", check.guard
    except NotApplicable as reason:
        verdict, evidence = "not-applicable", str(reason)
    except (OSError, EngineError, PolicyError, ValueError) as error:
        verdict, evidence = "inconclusive", f"It could not be tried: {error}"
    if wrong:
        broken_off = [] if verdict == "guarded" else [evidence]
        verdict, evidence = "escaped", "; ".join([*wrong, *broken_off])
    return _result(check, engine, time.monotonic() - start, verdict, evidence)


def _result(check: Check, engine: str, seconds: float, verdict: Verdict, evidence: str) -> Result:
    return Result(
        attack=check.id,
        category=check.category,
        goal=check.goal,
        guard=check.guard,
        engine=engine,
        verdict=verdict,
        known_gap=False,
        evidence=evidence,
        seconds=round(seconds, 2),
    )


def _with_iframes(subject: Subject, tab: Tab) -> Subject:
    tab.goto(subject.page.url)
    with contextlib.suppress(Unmet):
        poll(lambda: tab.count("iframe"), FRAMES_SECONDS, what="a frame")
    try:
        told = msgspec.convert(tab.evaluate(_IFRAMES), list[tuple[str, str | None, str | None]])
    except msgspec.ValidationError:
        raise EngineError(
            f"Expected the iframes of {subject.page.url}, got something else"
        ) from None
    iframes = tuple(
        Iframe(_address(url), sandbox, allow or "") for url, sandbox, allow in told[:MAX_FRAMES]
    )
    shown = [frame.url for frame in iframes if frame.url.startswith("http")]
    frames = tuple(dict.fromkeys([*subject.frames, *shown]))
    return msgspec.structs.replace(subject, frames=frames, iframes=iframes)


def _address(url: str) -> str:
    """An iframe's ``src`` without its fragment; browsers leave what is no address as it is."""
    try:
        return url.partition("#")[0] if urlsplit(url).port != 0 else _NOWHERE
    except ValueError:
        return _NOWHERE


_NOWHERE = "about:invalid"
_IFRAMES = """() => [...document.querySelectorAll("iframe")].map(
  frame => [frame.src || "about:srcdoc", frame.getAttribute("sandbox"), frame.getAttribute("allow")]
)"""
