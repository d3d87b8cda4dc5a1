"""What is installed here, and what is missing to serve an app and to test components.

Exit code 0: an app can be served. Exit code 1: it cannot, and the report says why.

For example:

    component doctor
    component doctor --format json
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import importlib.metadata
import json
import platform
import re
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Literal

from .. import __version__
from ..resources import templates
from . import FAILED, OK
from .output import rows

Area = Literal["serve", "test"]
State = Literal["ok", "note", "missing"]

DISTRIBUTION = "components-sdk"
MIN_PYTHON = (3, 11)
PORT = 8501  # as in servers/serve.py, which cannot be imported where Tornado is missing
RESOLVE_SECONDS = 3.0  # a resolver without a network may think for half a minute

_HEADINGS = {"serve": "To serve apps", "test": "To test components"}


@dataclasses.dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        state: ``missing`` in the area ``serve`` means that no app can be served.
        found: A version, or what came.
        sentence: What it means, or what to do about it.
    """

    area: Area
    name: str
    state: State
    found: str
    sentence: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    checks = list(examine())
    can_serve = can(checks, "serve")
    if args.format == "json":
        report = {
            "can_serve": can_serve,
            "can_test": can_serve and can(checks, "test"),
            "checks": [dataclasses.asdict(check) for check in checks],
        }
        print(json.dumps(report, indent=2))
    else:
        print(as_text(checks))
    return OK if can_serve else FAILED


def can(checks: list[Check], area: Area) -> bool:
    """Whether nothing is missing in an area."""
    return not any(check.area == area and check.state == "missing" for check in checks)


def as_text(checks: list[Check]) -> str:
    parts: list[str] = []
    for area, heading in _HEADINGS.items():
        table = [
            (check.state, check.name, check.found, check.sentence)
            for check in checks
            if check.area == area
        ]
        parts += [heading, rows(table), ""]
    if not can(checks, "serve"):
        return "\n".join([*parts, "No app can be served before what is missing above is there."])
    parts.append("An app can be served. Try: component demo")
    if not can(checks, "test"):
        parts.append("Tests in a browser need what is missing above; apps do not.")
    return "\n".join(parts)


def examine() -> Iterator[Check]:
    """All checks. Nothing but the standard library is needed for them."""
    yield _python()
    yield from _packages()
    yield _files()
    yield _port()
    yield _names()
    yield from _browsers()


def _python() -> Check:
    good = sys.version_info >= MIN_PYTHON
    return Check(
        "serve",
        "Python",
        "ok" if good else "missing",
        platform.python_version(),
        sys.executable if good else f"Needs {'.'.join(map(str, MIN_PYTHON))} or newer.",
    )


def _packages() -> Iterator[Check]:
    try:
        required = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        install = f"Its package is not installed: {_pip('.')} in the checkout"
        yield Check("serve", DISTRIBUTION, "missing", __version__, install)
        return
    yield Check("serve", DISTRIBUTION, "ok", __version__)
    for requirement in required:
        name, limits, extra = _parsed(requirement)
        if extra not in ("", "test"):
            continue
        area: Area = "test" if extra else "serve"
        install = _pip(f"{DISTRIBUTION}[test]" if extra else DISTRIBUTION)
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield Check(area, name, "missing", "", install)
            continue
        if fits(version, limits):
            yield Check(area, name, "ok", version)
        else:
            yield Check(area, name, "missing", version, f"Needs {limits}: {install}")


def _parsed(requirement: str) -> tuple[str, str, str]:
    """Name, version limits and extra of ``name>=1,<2; extra == 'test'``."""
    found = re.match(r"([\w.-]+)(?:\[[^]]*\])?\s*([^;]*)(.*)", requirement)
    if found is None:
        raise AssertionError(f"our own metadata is well formed: {requirement}")
    extra = re.search(r"extra == ['\"]([\w-]+)['\"]", found[3])
    return found[1], found[2].strip(), extra[1] if extra else ""


def fits(version: str, limits: str) -> bool:
    """Whether a version is within ``>=1.60,<1.65``; our own limits say no more than that."""
    for limit in filter(None, limits.split(",")):
        end = _numbers(limit.strip("<>= "))
        if limit.startswith("<") and _numbers(version) >= end:
            return False
        if limit.startswith(">") and _numbers(version) < end:
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _files() -> Check:
    found = templates()
    if (found / "pages").is_dir():
        return Check("serve", "templates", "ok", "found")
    return Check("serve", "templates", "missing", "none", f"Expected in {found}; install again.")


def _port() -> Check:
    if _opens(PORT):
        return Check("serve", f"port {PORT}", "ok", "free")
    if _opens(0):
        return Check("serve", f"port {PORT}", "note", "taken", "The next free one will be used.")
    return Check("serve", "loopback", "missing", "closed", "No port opens on 127.0.0.1.")


def _opens(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _names() -> Check:
    """Browsers resolve ``*.localhost`` themselves; a resolver that says otherwise is a trap."""
    name, found = "x.localhost", _resolved("x.localhost")
    if not found:
        return Check(
            "serve",
            name,
            "ok",
            "by browsers",
            "This system's resolver does not know it; other programs dial 127.0.0.1.",
        )
    if all(address.startswith("127.") or address == "::1" for address in found):
        return Check("serve", name, "ok", found[0])
    return Check(
        "serve",
        name,
        "note",
        found[0],
        "Expected 127.0.0.1. A browser that asks this resolver would look there for components: "
        "serve with --origins loopback.",
    )


def _resolved(name: str) -> list[str]:
    found: list[str] = []

    def ask() -> None:
        with contextlib.suppress(OSError):
            found.extend(str(info[4][0]) for info in socket.getaddrinfo(name, PORT))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(RESOLVE_SECONDS)
    return list(found)


def _browsers() -> Iterator[Check]:
    from ..testing.engines import ENGINES, INSTALL, find

    for name in ENGINES:
        browser = find(name)
        if browser is None:
            yield Check("test", name, "missing", "", INSTALL[name])
        else:
            yield Check("test", name, "ok", browser.version, browser.path)


def _pip(what: str) -> str:
    return f'pip install "{what}"'
