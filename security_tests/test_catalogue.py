"""The catalogue of attacks is complete and agrees with the code: checked without a browser."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from components_sdk import pitfalls
from components_sdk.app import App, Deployment, Served
from components_sdk.errors import PitfallError
from components_sdk.origins import Origins, authority
from components_sdk.pages import host_files
from components_sdk.permissions import PERMISSIONS, Permission
from components_sdk.surface import Surface
from components_sdk.testing.attacks import (
    Attack,
    AttackError,
    Gap,
    Outcome,
    Verdict,
    complaint,
    load_attacks,
    load_gaps,
)
from components_sdk.testing.guards import GUARDS, Guard, GuardError, without
from components_sdk.testing.judges import JUDGES, RAID_JUDGES
from components_sdk.testing.scene import Bystander, payload_class
from components_sdk.vocabulary import WORDS

HERE = Path(__file__).parent
ATTACKS = load_attacks(HERE / "attacks")
GAPS = load_gaps(HERE / "known_gaps.toml")
ORIGINS = Origins.local(8000, b"a secret of 16 bytes")

GOOD = """
id = "example"
category = "network egress"
goal = "Send data away."
guard = "connect-src in the component's CSP."
control = ["connect-src"]
judge = "canary-http"
references = ["CSP 3, connect-src"]
payload = "await fetch(canary)"
"""


READABLE = {".md", ".py", ".js"}
RULES = {"pitfalls", *(rule.id for rule in pitfalls.RULES)}


def readable(file: str) -> str:
    """The text of a file of this repository, without line ends: what attacks refer to."""
    (path,) = [
        path
        for path in (HERE.parent / file, *(HERE.parent / "components_sdk").rglob(file))
        if path.is_file()
    ]
    return " ".join(path.read_text().split())


def deployed(*off: str) -> tuple[Deployment, Served]:
    """A component as a control serves it."""
    deployment = without(*off)(App("Stage"), ORIGINS)
    served = deployment.served(Bystander)
    assert isinstance(served, Served)
    return deployment, served


def surface_without(*off: str) -> Surface:
    """What a control tells the browser."""
    deployment, served = deployed(*off)
    return Surface(
        app_origin=ORIGINS.app,
        component_origin=served.site.origin,
        sandbox=served.kind.sandbox,
        headers=served.site.headers,
        host_csp=deployment.host_csp([served.site.document_url]),
        shares_app=served.site.origin == ORIGINS.app,
    )


# the files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_is_a_component_that_the_sdk_accepts(attack: Attack) -> None:
    made = payload_class(attack)
    assert made.declaration.name == attack.id
    if not attack.tamper:
        assert attack.payload in made.declaration.frontend.module


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_refers_to_what_a_reader_can_find(attack: Attack) -> None:
    assert attack.references
    for reference in attack.references:
        assert not re.search(r"FACTS|DESIGN|GOALS", reference)
        file, _, words = reference.partition(", ")
        assert file not in RULES, "write: docs/pitfalls.md, the-rule"
        if Path(file).suffix in READABLE:
            assert words in readable(file), f"{file} does not say {words!r}"


def test_no_two_attacks_want_the_same() -> None:
    goals = Counter(attack.goal for attack in ATTACKS.values())
    assert [goal for goal, count in goals.items() if count > 1] == []


def test_every_guard_is_proven_by_an_attack_and_every_judge_has_one() -> None:
    assert {name for attack in ATTACKS.values() for name in attack.control} == set(GUARDS)
    assert {attack.judge for attack in ATTACKS.values()} == {*JUDGES, *RAID_JUDGES}


def opens(permission: Permission, guard: Guard) -> bool:
    """Whether a component with the permission is without this guard, as it should be.

    A guard's patches let its page take up what it loosened, which the product does by itself.
    """
    words = set(permission.keywords)
    csp = {
        name: value
        for name, value in guard.csp.items()
        if not (words and name in permission.directives and words <= set((value or "").split()))
    }
    rest = msgspec.structs.replace(guard, grants=(), sandbox=(), patches=(), csp=csp)
    loosened = {*guard.grants, *guard.sandbox}
    return (
        rest == Guard()
        and bool(loosened or guard.csp)
        and loosened <= {permission.name, *permission.sandbox}
    )


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_whose_guards_a_permission_opens_names_it(attack: Attack) -> None:
    allowing = {
        each.name
        for each in PERMISSIONS.values()
        if attack.control and all(opens(each, GUARDS[name]) for name in attack.control)
    }
    assert allowing <= set(attack.granted_by)


def test_no_attack_names_a_permission_that_opens_none_of_its_guards() -> None:
    wrong = [
        (attack.id, name)
        for attack in ATTACKS.values()
        for name in attack.granted_by
        if not any(opens(PERMISSIONS[name], GUARDS[guard]) for guard in attack.control)
        # With storage, the sandbox of the header leaves the origin that it otherwise takes away.
        and (name, attack.judge) != ("storage", "origin-real")
    ]
    assert wrong == []


def test_what_permissions_open_is_found_at_all() -> None:
    assert opens(PERMISSIONS["popups"], GUARDS["popups"])
    assert opens(PERMISSIONS["storage"], GUARDS["opaque-origin"])
    assert opens(PERMISSIONS["usb"], GUARDS["ungranted-usb"])
    assert opens(PERMISSIONS["workers"], GUARDS["worker-src"])
    assert not opens(PERMISSIONS["connect"], GUARDS["connect-src"])  # opens the listed servers
    assert not opens(PERMISSIONS["storage"], GUARDS["own-origin"])
    assert not opens(PERMISSIONS["forms"], GUARDS["forms"])  # form-action stays 'none'


def test_every_known_gap_is_of_an_attack_that_can_be_tried_in_that_engine() -> None:
    assert {gap.attack for gap in GAPS} <= set(ATTACKS)
    assert [gap for gap in GAPS if ATTACKS[gap.attack].skip(gap.engine)] == []
    assert len({(gap.attack, gap.engine) for gap in GAPS}) == len(GAPS)


def test_a_feature_that_an_engine_gives_ungranted_has_that_limit_in_the_vocabulary() -> None:
    columns = {"chromium": "chromium", "firefox": "firefox", "webkit": "webkitgtk"}
    gaps = [(gap, name) for gap in GAPS for name in ATTACKS[gap.attack].control]
    untold = []
    for gap, name in gaps:
        for feature in GUARDS[name].grants if name.startswith("ungranted-") else ():
            word = WORDS["feature", feature]
            engine = columns[gap.engine]
            if getattr(word.engines, engine) == "enforced" or not getattr(word.limit, engine):
                untold.append((gap.attack, gap.engine))
    assert [name for _, name in gaps if name.startswith("ungranted-")]
    assert untold == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"connect-src"]', '"conect-src"]', "Expected guards of guards.py, got 'conect-src'"),
        ("canary-http", "canary-ftp", "Expected a judge of judges.py, got 'canary-ftp'"),
        ('"network egress"', '"nettwork"', "Invalid enum value 'nettwork'"),
        ("Send data away.", "Send", "length >= 10"),
        ('"example"', '"other"', "Expected the id 'example', got 'other'"),
        ('payload = "', 'paylaod = "', "unknown field `paylaod`"),
        ('payload = "', 'visit = "frame"\npayload = "', "either a payload, a visit, requests"),
        ('payload = "', 'payload = "await press();', "click = true"),
        ("id = ", "id ", "Expected '='"),
    ],
)
def test_a_mistake_in_an_attack_is_told_with_its_file(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    (tmp_path / "example.toml").write_text(GOOD)
    assert load_attacks(tmp_path)["example"].goal == "Send data away."
    assert old in GOOD
    (tmp_path / "example.toml").write_text(GOOD.replace(old, new))
    with pytest.raises(AttackError, match=r"example\.toml") as error:
        load_attacks(tmp_path)
    assert told in str(error.value)


# the guards --------------------------------------------------------------------------------------


def test_with_all_guards_on_it_is_the_product_itself() -> None:
    deployment, _ = deployed()
    assert type(deployment) is Deployment
    assert pitfalls.check(surface_without()) == []


@pytest.mark.parametrize("name", [n for n, guard in GUARDS.items() if not guard.is_of_the_run])
def test_without_a_guard_something_is_served_differently(name: str) -> None:
    product, served = deployed()
    other, loose = deployed(name)

    def said(deployment: Deployment, served: Served) -> tuple[object, ...]:
        site = deployment.site(authority(served.site.origin), served.site.document_path)
        return served.kind, site, deployment.host_csp([served.site.document_url]), deployment.files

    assert said(other, loose) != said(product, served)


@pytest.mark.parametrize(
    ("off", "rule"),
    [
        ("own-origin", "scripts-with-same-origin"),
        ("top-navigation", "top-navigation"),
        ("top-navigation-by-click", "top-navigation-by-click"),
        ("csp-sandbox", "no-sandbox-in-csp"),
        ("connect-src", "open-source"),
        ("img-src", "open-source"),
        ("frame-src", "open-source"),
        ("connection-allowlist", "no-connection-allowlist"),
        ("host-frame-src", "open-frame-src"),
    ],
)
def test_the_product_refuses_to_serve_what_a_control_serves(off: str, rule: str) -> None:
    with pytest.raises(PitfallError) as error:
        pitfalls.refuse(surface_without(off))
    assert error.value.code == rule


def test_an_unknown_guard_is_refused() -> None:
    with pytest.raises(GuardError, match="got 'moat'"):
        without("connect-src", "moat")


def test_a_patch_that_no_longer_fits_fails_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    files = host_files()
    path = f"{files.prefix}host.js"
    monkeypatch.setitem(files.table, path, files.table[f"{files.prefix}host.css"])
    with pytest.raises(GuardError, match=r"found 0 - at host\.js"):
        _ = deployed("height-limit")[0].files


# the verdicts ------------------------------------------------------------------------------------

GAP = Gap(attack="example", engine="webkit", reason="It does so.", answer="We say so.")


@pytest.mark.parametrize(
    ("verdict", "gaps", "told"),
    [
        ("guarded", [], ""),
        ("not-applicable", [], ""),
        ("escaped", [GAP], ""),
        ("escaped", [], "example in webkit: escaped: seen"),
        ("inconclusive", [], "inconclusive: seen"),
        ("control-failed", [], "control-failed: seen"),
        ("guarded", [GAP], "the gap has closed, take it out"),
        ("inconclusive", [GAP], "inconclusive: seen"),
        ("control-failed", [GAP], "control-failed: seen"),
        ("not-applicable", [GAP], "take it out"),
    ],
)
def test_only_guarded_not_applicable_and_known_gaps_are_as_they_should_be(
    verdict: Verdict, gaps: list[Gap], told: str
) -> None:
    outcome = Outcome(
        attack="example", engine="webkit", verdict=verdict, evidence="seen", seconds=1
    )
    assert bool(told) == bool(complaint(outcome, gaps))
    assert told in complaint(outcome, gaps)
