"""Google's csp_evaluator is the oracle: it finds nothing of severity HIGH in any policy of ours.

It judges what a policy lets injected markup do. One node process judges all policies at once; the
controls are policies that it does call HIGH, so that its silence means something. Like
``scripts/check-js``: without node this is skipped, with ``CI=true`` that is an error.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from components_sdk import App, Component, Origins
from components_sdk.app import Deployment, Served
from components_sdk.grants import Grant
from components_sdk.pitfalls import RULES, check
from components_sdk.policy import PERMISSIONS, PRESETS, Policy, Request, host_csp, parse_grants
from components_sdk.surface import GOOD, Surface, good_but
from example_components.csv_profile import CsvProfile
from example_components.data_table import DataTable
from example_components.signature_pad import SignaturePad
from example_components.star_rating import StarRating

from .test_policy import API, HASH, request

EVALUATOR = Path(__file__).parents[1] / "node_modules" / "csp_evaluator" / "dist"
EXAMPLES: list[type[Component]] = [CsvProfile, DataTable, SignaturePad, StarRating]

# The two places where components live: this machine, and a domain of their own.
PLACES = {
    "local": ("http://localhost:8501", "http://map-0a1b2c3d.localhost:8501"),
    "domain": ("https://app.example.org", "https://map-0a1b2c3d.widgets.example"),
}

# What it says below HIGH about policies of ours, and why it stays.
REMAINING = {
    "SCRIPT_ALLOWLIST_BYPASS": "the component's own origin, which serves its reviewed files only",
    "SRC_HTTP": "on localhost everything is plain http, and never leaves the machine",
    "IP_SOURCE": "an app may grant a server on 127.0.0.1",
    "SCRIPT_UNSAFE_EVAL": "eval was asked for and granted; it says so by its name",
}

EVALUATE = """
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const dist = process.argv[1];
const { CspEvaluator } = require(`${dist}/evaluator.js`);
const { CspParser } = require(`${dist}/parser.js`);
const { Severity, Type } = require(`${dist}/finding.js`);

function judge(text) {
  return new CspEvaluator(new CspParser(text).csp).evaluate().map((finding) => ({
    type: Type[finding.type],
    severity: Severity[finding.severity],
    at: [finding.directive, finding.value].filter(Boolean).join(" "),
  }));
}
const asked = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(
  Object.fromEntries(Object.entries(asked).map(([name, text]) => [name, judge(text)])),
));
"""

Judged = dict[str, list[dict[str, str]]]


def missing(sentence: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{sentence}; CI does not pass without it")
    pytest.skip(sentence)


def judge(policies: Mapping[str, str]) -> Judged:
    """What csp_evaluator finds in each policy, by its name."""
    node = shutil.which("node")
    if node is None:
        missing("node is not installed")
    if not EVALUATOR.is_dir():
        missing("csp_evaluator is not installed (scripts/check-js installs it)")
    done = subprocess.run(
        [str(node), "--input-type=module", "-e", EVALUATE, str(EVALUATOR)],
        input=json.dumps(policies).encode(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    judged: Judged = json.loads(done.stdout)
    assert judged.keys() == policies.keys()
    return judged


def high(findings: list[dict[str, str]]) -> list[dict[str, str]]:
    return [finding for finding in findings if finding["severity"] == "HIGH"]


def asked_for(grants: tuple[Grant, ...]) -> tuple[Request, ...]:
    return tuple(Request(grant.permission, "Because.", grant.origins) for grant in grants)


def wanted() -> dict[str, tuple[Request, ...]]:
    """Requests of every preset, of every permission alone, and of all together."""
    presets = {f"preset {name}": asked_for(parse_grants(name)) for name in PRESETS}
    singles = {f"permission {name}": (request(name),) for name in PERMISSIONS}
    origins = ("https://*.example.org", "http://127.0.0.1:9000", API)
    wide = {
        f"permission {name}, many origins": (request(name, *map(str, allowed)),)
        for name, each in PERMISSIONS.items()
        if each.takes_origins
        for allowed in [origins if each.takes_wildcards else origins[1:]]
    }
    return presets | singles | wide | {"everything": tuple(map(request, PERMISSIONS))}


def our_policies() -> dict[str, str]:
    """Every policy that the SDK sends, by a name that says whose it is."""
    sent: dict[str, str] = {}
    for place, (app, own) in PLACES.items():
        for name, requests in wanted().items():
            policy = Policy("map", requests)
            sent[f"{place}: {name}"] = policy.csp(own, app)
            sent[f"{place}: {name}, with blocks and files"] = policy.csp(
                own, app, scripts=[HASH], styles=[HASH], script_files=True, style_files=True
            )
        socket = f"ws{app.removeprefix('http')}/socket"
        sent[f"{place}: the page"] = host_csp(app, socket, [f"{own}/frame-0a1b"], "/static/")
    deployment = Deployment(App("Test"), Origins.local(8501, b"a secret of 16 bytes"))
    for example in EXAMPLES:
        served = deployment.served(example)
        assert isinstance(served, Served)
        sent[f"example {example.__name__}"] = served.site.headers["Content-Security-Policy"]
    return sent


@pytest.fixture(scope="module")
def ours() -> Judged:
    return judge(our_policies())


def test_it_finds_nothing_high_in_any_policy_of_ours(ours: Judged) -> None:
    assert len(ours) > 100
    assert {name: found for name, findings in ours.items() if (found := high(findings))} == {}


def test_what_it_finds_below_high_is_known_and_has_its_reason(ours: Judged) -> None:
    assert {finding["type"] for findings in ours.values() for finding in findings} == set(REMAINING)


# --- controls: it does speak up ------------------------------------------------------------------


def everything_of(subject: Surface) -> dict[str, str]:
    return {"own": subject.headers.get("Content-Security-Policy", ""), "page": subject.host_csp}


def test_it_calls_bad_examples_of_our_rules_high() -> None:
    """Those of our rules that are its rules too; it knows nothing of frames and ways out."""
    asked = {
        f"{rule.id} {whose}": text
        for rule in RULES
        for whose, text in everything_of(rule.bad).items()
    }
    found = {name for name, findings in judge(asked).items() if high(findings)}
    assert found == {
        "inline-script own",
        "several-csp own",
        "page-open-script page",
        "page-inline-script page",
    }


CONTROLS: dict[str, dict[str, Any]] = {
    "scripts from anywhere": {"script-src": "*"},
    "scripts by any https": {"script-src": "https:"},
    "scripts from data": {"script-src": "data:"},
    "inline scripts": {"script-src": "'unsafe-inline'"},
    "scripts of a host with JSONP": {"script-src": "https://www.google.com"},
    "scripts of a host with Angular": {"script-src": "https://cdnjs.cloudflare.com"},
    "no script-src at all": {"script-src": None, "default-src": None},
    "no object-src at all": {"object-src": None, "default-src": None},
    "objects from anywhere": {"object-src": "*"},
    "a base from anywhere": {"base-uri": "*"},
}


def test_what_it_calls_high_is_a_finding_of_ours_too() -> None:
    subjects = {name: good_but(csp=changes) for name, changes in CONTROLS.items()}
    judged = judge({name: everything_of(each)["own"] for name, each in subjects.items()})
    assert [name for name, findings in judged.items() if not high(findings)] == []
    assert [name for name, subject in subjects.items() if not check(subject)] == []
    assert check(GOOD) == []
