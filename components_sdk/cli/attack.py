"""Attack a component's policy, or a running app, in real browsers.

Without PATH the whole catalogue is played against the SDK's default policy: hostile components,
raw requests, markup, tampering and unsafe configurations. Each attack is first played without the
guard that should stop it, where it has to succeed; then against the product as it is.

With PATH (a component's folder, or its component.toml) hostile components get what this one would
get with all it asks for granted. Its own code is neither run nor reviewed. What a granted
permission allows is told as granted.

With the URL of a running app, which need not be made with this SDK, it is looked at from outside:
headers, frames, direct visits, foreign Host and Origin, traversal, methods, redirects, cookies.
Other servers that its page names are asked nothing, unless --also names them.

Categories: DOM, CSS and layout, storage and credentials, network egress, navigation and windows,
UI, siblings, message protocol, device permissions, resources, server paths and sockets, markup,
supply chain, policy configuration. In any case, with hyphens or in quotes.

Exit code 0: nothing escaped but known gaps of browsers. Exit code 1: something escaped, or proved
nothing; or, without PATH, a known gap has closed. Exit code 2: it could not begin.

For example:

    component attack
    component attack my_widget --engine chromium --format sarif -o attacks.sarif
    component attack --category "network egress" --engine firefox webkit
    component attack http://localhost:8501/
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import msgspec

from .. import __version__
from ..errors import UsageError
from ..hints import nearest
from . import FAILED, OK
from .output import plain, rows

if TYPE_CHECKING:
    from ..grants import Request
    from ..testing.attacks import Attack, Outcome
    from ..testing.engines import Engine
    from ..testing.results import Result, Results, Target

SERVER = "server"
_SERVER_HINT = f"Add it: --engine {SERVER} chromium, or leave --engine out for all."
FORMATS = ("text", "json", "sarif")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target", nargs="?", default="", metavar="PATH|URL", help="a component, or a running app"
    )
    parser.add_argument(
        "--engine",
        nargs="+",
        action="extend",
        default=[],
        metavar="E",
        help="chromium, firefox, webkit, or server for what needs no browser; all that are "
        "installed, if none is named",
    )
    parser.add_argument(
        "--category", nargs="+", action="extend", default=[], metavar="C", help="only these"
    )
    parser.add_argument(
        "--attack", nargs="+", action="extend", default=[], metavar="ID", help="only these"
    )
    parser.add_argument(
        "--also",
        nargs="+",
        action="extend",
        default=[],
        metavar="ORIGIN",
        help="with URL: other servers that are yours, e.g. https://*.widgets-example.net",
    )
    parser.add_argument("--format", choices=FORMATS, default="text")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="instead of the screen")


def run(args: argparse.Namespace) -> int:
    from ..testing.attacks import Category

    categories = get_args(Category)
    asked = [_category(name, categories) for name in args.category]
    engines = _engines(args.engine)
    if args.output and not args.output.absolute().parent.is_dir():
        raise UsageError(
            "Expected a file in a folder that exists",
            where=str(args.output),
            hint="Make the folder first.",
        )
    date = datetime.now(UTC).isoformat(timespec="seconds")
    if "://" in args.target:
        results = _inspected(args.target, engines, asked, args.attack, _origins(args.also))
    elif args.also:
        raise UsageError(
            "Expected --also with a URL only", hint="component attack URL --also ORIGIN"
        )
    else:
        results = _played(args.target, engines, asked, args.attack)
    results = msgspec.structs.replace(results, date=date)
    told = _told(results, args.format, args.target)
    if args.output:
        args.output.write_text(told, "utf-8")
        print(_summary(results), file=sys.stderr)
    else:
        print(told, end="")
    return FAILED if results.failed else OK


def _category(name: str, known: Sequence[str]) -> str:
    """A category as it is written, or with hyphens, in any case."""
    wanted = name.lower().replace("-", " ")
    for category in known:
        if category.lower() == wanted:
            return category
    raise UsageError(f"Expected a category, got {name!r}", hint=nearest(name, known))


def _engines(asked: Sequence[str]) -> list[str]:
    from ..testing.engines import ENGINES, INSTALL, find

    known = (*ENGINES, SERVER)
    for name in asked:
        if name not in known:
            raise UsageError(
                f"Expected an engine, got {name!r}",
                code="engine",
                hint=f"{nearest(name, known)} PATH stands before --engine.",
            )
        if name != SERVER and find(name) is None:
            raise UsageError(
                f"Expected {name} to be installed, found none",
                code="engine-missing",
                hint=INSTALL[name],
            )
    if asked:
        return [name for name in known if name in asked]
    found = [name for name in ENGINES if find(name)]
    if not found:
        raise UsageError(
            "Expected a browser to be installed, found none",
            code="engine-missing",
            hint="\n".join(f"{name}: {INSTALL[name]}" for name in ENGINES),
        )
    for name in ENGINES:
        if name not in found:
            print(f"Without {name}, which is not installed: {INSTALL[name]}", file=sys.stderr)
    return [*found, SERVER]


# the catalogue ------------------------------------------------------------------------------------


def _played(
    target: str, engines: Sequence[str], categories: Sequence[str], ids: Sequence[str]
) -> Results:
    from ..resources import catalogue
    from ..testing.attacks import load_attacks, load_gaps
    from ..testing.results import Target, collect

    attacks = load_attacks(catalogue() / "attacks")
    gaps = load_gaps(catalogue() / "known_gaps.toml")
    for id in ids:
        if id not in attacks:
            raise UsageError(f"Expected an attack, got {id!r}", hint=nearest(id, attacks))
        if attacks[id].without_browser and SERVER not in engines:
            raise UsageError(
                f"Expected --engine {SERVER} for {id!r}, which needs no browser", hint=_SERVER_HINT
            )
    chosen = {
        id: attack
        for id, attack in attacks.items()
        if (not ids or id in ids) and (not categories or attack.category in categories)
    }
    told, requests = _component(target) if target else (Target(kind="default policy"), ())
    versions: dict[str, str] = {}
    with _quiet():
        outcomes = list(_outcomes(chosen, requests, engines, versions))
    if not outcomes:
        raise UsageError(
            "Expected something to play, found none",
            hint="No attack is of these categories, ids and engines at once.",
        )
    results = collect(outcomes, attacks, gaps, versions, default_policy=not target)
    return msgspec.structs.replace(
        results,
        target=told,
        permissions=[" ".join((each.permission, *each.origins)) for each in requests],
        notes=_notes(),
    )


def _component(target: str) -> tuple[Target, tuple[Request, ...]]:
    from .. import manifest
    from ..testing.results import Target
    from .policy import find

    if ":" in target and not Path(target).exists():
        raise UsageError(
            f"Expected a path or a URL, got {target!r}", hint=f"A URL begins with http://{target}"
        )
    file = find(Path(target), "attack")
    read = manifest.load(file)
    told = Target(kind="component", place=str(file), name=read.name, version=read.version)
    return told, read.requests


def _notes() -> list[str]:
    from ..organisation import VARIABLE

    if not os.environ.get(VARIABLE):
        return []
    return [
        f"{VARIABLE} is set, and was not applied: no organisation narrows what is attacked here. "
        "component policy PATH says what it forbids."
    ]


def _outcomes(
    attacks: Mapping[str, Attack],
    requests: Sequence[Request],
    engines: Sequence[str],
    versions: dict[str, str],
) -> Iterator[Outcome]:
    from ..testing.stage import Stage

    raids = [attack for attack in attacks.values() if attack.without_browser]
    others = [attack for attack in attacks.values() if not attack.without_browser]
    whole = sum(len(raids) if name == SERVER else len(others) for name in engines)
    with _progress(whole) as tell, Stage(attacks, requests=requests) as stage:
        for name in engines:
            if name == SERVER:
                versions[SERVER] = f"components-sdk {__version__}"
                for attack in raids:
                    tell(name, attack.id)
                    yield stage.run(attack)
            elif others:
                with _launched(name) as engine:
                    for attack in others:
                        tell(name, attack.id)
                        yield stage.run(attack, engine)
                    versions[name] = engine.version
                    stage.leave(engine)


def _launched(name: str) -> Engine:
    from ..testing.engines import launch

    try:
        return launch(name)
    except ImportError as error:
        raise UsageError(
            f"Expected {error.name} to be installed, which drives {name}",
            code="engine-driver",
            hint='pip install "components-sdk[test]"',
        ) from None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Servers are attacked, with their guards off: what they log is no news of a real app."""
    loggers = [logging.getLogger(name) for name in ("components_sdk", "tornado")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


@contextlib.contextmanager
def _progress(whole: int) -> Iterator[Callable[[str, str], None]]:
    """One line on the terminal that says what is going on; nothing where there is none."""
    done = 0
    is_seen = sys.stderr.isatty()

    def tell(engine: str, id: str) -> None:
        nonlocal done
        done += 1
        if is_seen:
            filled = "█" * (20 * done // whole) if whole else ""
            line = f"{filled:<20} {done}/{whole} {engine} {id}"
            print(f"\r\x1b[K{line[:78]}", end="", file=sys.stderr, flush=True)

    try:
        yield tell
    finally:
        if is_seen:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


# a running app ------------------------------------------------------------------------------------


def _inspected(
    url: str,
    engines: Sequence[str],
    categories: Sequence[str],
    ids: Sequence[str],
    also: Sequence[str],
) -> Results:
    from ..testing.inspection import BROWSER_CHECKS, CHECKS, FRAMES_SEEN, inspect
    from ..testing.results import Target, counted

    _check_url(url)
    known = [check.id for check, _ in (*CHECKS, *BROWSER_CHECKS)] + [FRAMES_SEEN.id]
    for id in ids:
        if id not in known:
            raise UsageError(f"Expected a check, got {id!r}", hint=nearest(id, known))
    whole = len(CHECKS) + len(BROWSER_CHECKS) * sum(name != SERVER for name in engines)
    versions = {SERVER: f"components-sdk {__version__}"} if SERVER in engines else {}
    results: list[Result] = []
    with contextlib.ExitStack() as stack:
        tell = stack.enter_context(_progress(whole))
        launched = [stack.enter_context(_launched(name)) for name in engines if name != SERVER]
        for result in inspect(url, launched, also):
            tell(result.engine, result.attack)
            results.append(result)
        versions |= {engine.name: engine.version for engine in launched}
    wanted = [
        result
        for result in results
        if (not ids or result.attack in ids) and (not categories or result.category in categories)
    ]
    without_frames = [
        result
        for result in wanted
        if result.verdict == "not-applicable" and "frame" in result.evidence
    ]
    if without_frames and FRAMES_SEEN.id not in (result.attack for result in wanted):
        wanted += [result for result in results if result.attack == FRAMES_SEEN.id]
    target = Target(kind="app", place=url)
    return msgspec.structs.replace(counted(wanted, versions), target=target)


def _check_url(url: str) -> None:
    """Whether it is one, before a browser is started."""
    from ..testing.fetching import Reach

    scheme = url.partition("://")[0]
    if scheme.lower() not in ("http", "https"):
        raise UsageError(
            f"Expected http:// or https://, got an unknown scheme: {scheme!r:.40}",
            code="url",
            where=url,
        )
    if told := Reach(url).refusal(url):
        raise UsageError(f"Expected a URL: {told}", code="url", where=url)


def _origins(texts: Sequence[str]) -> list[str]:
    from ..csp import exact_origin, granted_origin

    return [
        granted_origin(text, wildcard=True) if "*" in text else exact_origin(text) for text in texts
    ]


# what is told -------------------------------------------------------------------------------------


def _told(results: Results, form: str, target: str) -> str:
    from ..testing.results import as_json
    from ..testing.sarif import as_sarif

    if form == "json":
        return as_json(results)
    if form == "sarif":
        return as_sarif(results, target)
    return as_text(results)


def as_text(results: Results) -> str:
    """What has to be looked at, with its evidence; then the counts."""
    granted_by = f", granted: {', '.join(results.permissions)}" if results.permissions else ""
    parts = [plain(f"Attacked: {results.target}{granted_by}"), *map(plain, results.notes), ""]
    stale = [result for result in results.results if result.stale_gap]
    wrong = [result for result in results.results if result.is_wrong and not result.stale_gap]
    gaps = [result for result in results.results if result.known_gap]
    granted = [result for result in results.results if result.verdict == "granted"]
    for heading, some in (
        ("Escaped, or proved nothing", wrong),
        ("Known gaps that have closed: take them out of known_gaps.toml", stale),
        ("Known gaps of browsers", gaps),
        ("Allowed by what was granted", granted),
    ):
        if some:
            table = [
                row
                for result in some
                for row in (
                    (result.verdict, result.engine, result.attack, result.goal),
                    ("", "", "", result.evidence),
                )
            ]
            parts += [heading, rows(table), ""]
    return "\n".join([*parts, _summary(results), ""])


def _summary(results: Results) -> str:
    counts = (
        ("guarded", results.guarded),
        ("escaped", results.escaped),
        ("known gaps", results.known_gaps),
        ("stale gaps", results.stale_gaps),
        ("inconclusive", results.inconclusive),
        ("controls failed", results.controls_failed),
        ("not applicable", results.not_applicable),
        ("granted", results.granted),
    )
    told = ", ".join(f"{count} {what}" for what, count in counts if count or what == "escaped")
    engines = ", ".join(f"{name} {version}" for name, version in results.engines.items())
    return plain(f"{results.attacks} played: {told}. {engines}")
