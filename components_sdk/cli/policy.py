"""What a component may do: every attribute and header, and what browsers do not enforce.

Reads component.toml only and never runs the component's code. Without --grant it answers as if
everything that the component asks for was granted. The policy of an organisation binds as in an
app: the one given here, and the one that COMPONENTS_SDK_POLICY names. Exit code 1: the grants are
not enough, or the organisation forbids it.

For example:

    component policy my_widget
    component policy my_widget --grant geolocation --grant "connect https://api.example.org"
    component policy my_widget --organisation policy.toml
    component policy --presets
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from .. import manifest as manifests
from ..errors import UsageError
from ..explanations import Line
from ..grants import PRESETS, Grant, Grants, Request, parse_grants
from ..manifest import Manifest
from ..organisation import Organisation, binding, forbidden
from ..permissions import FEATURES, PERMISSIONS
from ..policy import EXAMPLE_APP, EXAMPLE_COMPONENT, Missing, Policy, Ungranted, decide
from ..vocabulary import TITLES
from . import FAILED, OK
from .output import plain, rows, shown, wrapped

FILE = "component.toml"

_HEADINGS = {
    "permission": "What it asks for",
    "attribute": "Attributes of its iframe",
    "directive": "Content-Security-Policy of all its responses",
    "header": "Other headers of all its responses",
    "gap": "What no attribute or header closes",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", metavar="PATH", nargs="?", type=Path, help="component.toml or its folder"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument(
        "--grant",
        action="append",
        default=[],
        metavar="GRANT",
        help='a permission, with its origins if it takes any, or a preset; "strict" for none',
    )
    parser.add_argument(
        "--organisation", type=Path, metavar="FILE", help="an organisation's policy that binds"
    )
    parser.add_argument("--presets", action="store_true", help="list the named sets of grants")


def run(args: argparse.Namespace) -> int:
    if args.presets:
        print(_presets_json() if args.format == "json" else _presets_text())
        return OK
    if args.path is None:
        raise UsageError(
            "Expected the path of a component, got none",
            hint="Try: component policy FOLDER, or component policy --presets",
        )
    file = find(args.path)
    organisations = binding(args.organisation, os.environ)
    report = examine(manifests.load(file), file, args.grant, organisations)
    print(as_json(report) if args.format == "json" else as_text(report))
    return FAILED if report.missing or report.forbidden else OK


def find(path: Path, command: str = "policy") -> Path:
    """The component.toml that a path means.

    Args:
        command: Who asks; the hint names it.

    Raises:
        UsageError: It means none.
    """
    file = path / FILE if path.is_dir() else path
    if file.is_file() and file.suffix == ".toml":
        return file
    below = [found.parent for depth in ("*", "*/*") for found in path.glob(f"{depth}/{FILE}")]
    raise UsageError(
        f"Expected component.toml or its folder, got {_kind(path)}",
        code="path",
        where=str(path),
        hint=f"Try: component {command} {shown(sorted(below)[0])}" if below else "",
    )


def _kind(path: Path) -> str:
    if path.is_dir():
        return "a folder without it"
    return "another file" if path.exists() else "nothing there"


class Report(msgspec.Struct, frozen=True):
    """One component under some grants, or under all that it asks for.

    Attributes:
        policy: As if everything that it asks for was granted.
        line: What grants exactly that; empty if no grant is needed.
        assumed: No grants were given.
        missing: What the given grants lack.
        organisations: The policy files that bind.
        forbidden: Why they do not let it start, whatever is granted.
    """

    manifest: Manifest
    file: Path
    policy: Policy
    line: str
    assumed: bool
    missing: tuple[Missing, ...]
    organisations: tuple[str, ...]
    forbidden: Ungranted | None


def examine(
    manifest: Manifest,
    file: Path,
    given: Sequence[str],
    organisations: Sequence[Organisation] = (),
) -> Report:
    """Decide what is in force."""
    name, requests = manifest.name, manifest.requests
    decided = decide(name, requests, _given(given) if given else _asked(requests))
    nothing = decide(name, requests, ())
    return Report(
        manifest=manifest,
        file=file,
        policy=Policy(name, tuple(sorted(requests, key=_table_order))),
        line=nothing.line if isinstance(nothing, Ungranted) else "",
        assumed=not given,
        missing=decided.missing if isinstance(decided, Ungranted) else (),
        organisations=tuple(each.file for each in organisations),
        forbidden=forbidden(name, requests, organisations),
    )


def as_json(report: Report) -> str:
    """One object; its keys are stable."""
    manifest, policy = report.manifest, report.policy
    return _json(
        {
            "component": {
                "name": manifest.name,
                "version": manifest.version,
                "title": manifest.title,
                "description": manifest.description,
            },
            "manifest": str(report.file),
            "data": msgspec.to_builtins(manifest.data),
            "requests": msgspec.to_builtins(policy.requests),
            "assumes_all_granted": report.assumed,
            "starts": not report.missing and not report.forbidden,
            "missing": msgspec.to_builtins(report.missing),
            "grant_line": report.line,
            "organisation": {
                "files": list(report.organisations),
                "forbidden_by": report.forbidden.line if report.forbidden else "",
                "beyond": msgspec.to_builtins(report.forbidden.missing if report.forbidden else ()),
            },
            "origins": {"component": EXAMPLE_COMPONENT, "app": EXAMPLE_APP},
            "attributes": policy.attributes,
            "headers": policy.headers(
                EXAMPLE_COMPONENT, EXAMPLE_APP, script_files=True, style_files=True
            ),
            "lines": [
                {
                    "kind": line.kind,
                    "name": line.name,
                    "value": line.value,
                    "sentence": line.sentence,
                    "engines": _engines(line),
                }
                for line in policy.explain(EXAMPLE_COMPONENT, EXAMPLE_APP)
            ],
        }
    )


def as_text(report: Report) -> str:
    manifest = report.manifest
    parts = [
        plain(f"{manifest.name} {manifest.version}: {manifest.description}"),
        "",
        *_verdict(report),
        "",
        "What becomes of data, in its author's words",
        rows(msgspec.to_builtins(manifest.data).items()),
    ]
    lines = report.policy.explain(EXAMPLE_COMPONENT, EXAMPLE_APP)
    for kind, group in itertools.groupby(lines, lambda line: line.kind):
        table = [row for line in group for row in _rows(line, report)]
        parts += ["", _HEADINGS[kind], rows(table)]
    return "\n".join(
        [
            *parts,
            "",
            f"{EXAMPLE_COMPONENT} and {EXAMPLE_APP} stand for the real origins.",
            "Inline scripts and styles are added to the policy by their hashes.",
        ]
    )


def _verdict(report: Report) -> list[str]:
    if report.forbidden:
        return _forbidden(report.forbidden, report.organisations)
    if not report.line:
        return ["It asks for nothing beyond running scripts: no grant is needed."]
    line = wrapped(report.line, "  ", "    ")
    if report.assumed:
        return ["As if the app grants all that it asks for:", *line]
    if not report.missing:
        return ["These grants are enough: it starts."]
    lacking = ", ".join(missing.permission for missing in report.missing)
    return [
        f"These grants are not enough: it does not start. Missing: {lacking}",
        "Below is what it may do once the app grants all that it asks for:",
        *line,
    ]


def _forbidden(refusal: Ungranted, files: Sequence[str]) -> list[str]:
    head = "It does not start, and no grant of an app would help: the organisation's policy"
    below = f"Read from: {', '.join(files)}. Below is what it asks for all the same."
    if not refusal.missing:
        return [f"{head} forbids it ({refusal.line}).", below]
    table = [
        (" ".join((item.permission, *item.origins)), f"not within {item.line}")
        for item in refusal.missing
    ]
    return [f"{head} forbids what it asks for.", rows(table), below]


def _rows(line: Line, report: Report) -> Iterator[tuple[str, str]]:
    said = [_short(line, report.policy), line.sentence]
    said += [
        f"Its reason: {request.reason}"
        for request in report.manifest.requests
        if line.kind == "permission" and line.name == request.permission
    ]
    said += [f"! {TITLES[name]}: {limit}" for name, limit in _engines(line).items() if limit]
    names = itertools.chain([line.name], itertools.repeat(""))
    return zip(names, filter(None, said), strict=False)


def _short(line: Line, policy: Policy) -> str:
    """A value as text shows it; JSON has it whole."""
    if line.name == "Permissions-Policy":
        on = [f"{feature} on" for feature in policy.features]
        off = f"{len(FEATURES) - len(on)} browser features off (--format json names them)"
        return ", ".join([*on, off])
    return '""' if line.kind == "attribute" and not line.value else line.value


def _engines(line: Line) -> dict[str, str]:
    limit: dict[str, str] = msgspec.to_builtins(line.limit)
    return limit


def _table_order(request: Request) -> int:
    return list(PERMISSIONS).index(request.permission)


def _asked(requests: Sequence[Request]) -> Grants:
    return tuple(Grant(request.permission, request.origins) for request in requests)


def _given(values: Sequence[str]) -> Grants:
    """Grants as they were typed; each may be the name of a preset."""
    return parse_grants(
        [
            grant
            for value in values
            for grant in (PRESETS[value].grants if value in PRESETS else (value,))
        ]
    )


def _presets_text() -> str:
    presets = [
        row
        for preset in PRESETS.values()
        for row in (
            (preset.name, preset.sentence),
            ("", f"grants: {', '.join(preset.grants) or 'nothing'}"),
        )
    ]
    permissions = [
        (each.name, "with origins" if each.takes_origins else "", each.meaning)
        for each in PERMISSIONS.values()
    ]
    return "\n".join(
        [
            'Presets, for App(grants={"component-name": "PRESET"})',
            rows(presets),
            "",
            'Permissions, for App(grants={"component-name": ["PERMISSION", …]})',
            rows(permissions),
        ]
    )


def _presets_json() -> str:
    return _json({"presets": msgspec.to_builtins(tuple(PRESETS.values()))})


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2)
