"""SARIF 2.1.0: results as code-scanning services read them.

Each attack is a rule; each outcome that somebody has to look at is a result: an escape, what
proves nothing, and a known gap that has closed as an error; a known gap as a warning. What is
guarded is no result.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from .. import __version__
from .attacks import CLOSED
from .results import Result, Results

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def as_sarif(results: Results, artifact: str = "") -> str:
    """One run.

    Args:
        artifact: What was attacked: a path or URL; else the SDK's default policy.
    """
    rules = {result.attack: result for result in results.results}
    ids = list(rules)
    told = [result for result in results.results if result.is_wrong or result.known_gap]
    run = {
        "tool": {
            "driver": {
                "name": "component attack",
                "version": __version__,
                "rules": [_rule(result) for result in rules.values()],
            }
        },
        "results": [_result(result, ids.index(result.attack), artifact) for result in told],
        "properties": _properties(results),
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2) + "\n"


def _properties(results: Results) -> dict[str, Any]:
    properties: dict[str, Any] = {"engines": results.engines}
    if results.target:
        properties |= {
            "target": msgspec.to_builtins(results.target),
            "permissions": results.permissions,
            "sdk": results.sdk,
            "date": results.date,
            "notes": results.notes,
        }
    return properties


def _rule(result: Result) -> dict[str, Any]:
    return {
        "id": result.attack,
        "shortDescription": {"text": result.goal},
        "help": {"text": result.guard},
        "properties": {"tags": ["security", result.category]},
    }


def _result(result: Result, index: int, artifact: str) -> dict[str, Any]:
    verdict = "known gap" if result.known_gap else result.verdict
    evidence = f"{result.evidence}. {CLOSED}" if result.stale_gap else result.evidence
    told: dict[str, Any] = {
        "ruleId": result.attack,
        "ruleIndex": index,
        "level": "warning" if result.known_gap else "error",
        "kind": "fail",
        "message": {"text": f"{verdict} in {result.engine}: {evidence}"},
        "partialFingerprints": {"attackInEngine/v1": f"{result.attack}/{result.engine}"},
        "properties": {"engine": result.engine, "verdict": result.verdict},
    }
    if artifact:
        place = {"physicalLocation": {"artifactLocation": {"uri": artifact}}}
        told["locations"] = [place]
    return told
