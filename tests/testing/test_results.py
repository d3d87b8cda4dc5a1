"""Results add up, and are told as JSON, as SARIF and as the support matrix."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from components_sdk.cli.attack import as_text
from components_sdk.resources import catalogue
from components_sdk.testing import matrix, sarif
from components_sdk.testing.attacks import Gap, Outcome, Verdict, complaint, load_attacks
from components_sdk.testing.results import ResultsError, as_json, collect, load

ATTACKS = load_attacks(catalogue() / "attacks")
GAP = Gap(attack="fetch", engine="webkit", reason="It does so.", answer="We say so.")


def outcome(attack: str, engine: str, verdict: Verdict) -> Outcome:
    return Outcome(attack=attack, engine=engine, verdict=verdict, evidence="seen", seconds=1)


ALL = [outcome("fetch", "firefox", verdict) for verdict in get_args(Verdict)]
RESULTS = collect([*ALL, outcome("fetch", "webkit", "escaped")], ATTACKS, [GAP], {"firefox": "153"})
STALE = [outcome("fetch", "webkit", "guarded"), outcome("fetch", "webkit", "inconclusive")]


def test_each_outcome_counts_once_under_what_became_of_it() -> None:
    told = json.loads(as_json(RESULTS))
    counts = {key: value for key, value in told.items() if isinstance(value, int)}
    assert counts.pop("attacks") == len(told["results"]) == 7
    assert counts == {
        "guarded": 1,
        "escaped": 1,
        "known_gaps": 1,
        "stale_gaps": 0,
        "inconclusive": 1,
        "controls_failed": 1,
        "not_applicable": 1,
        "granted": 1,
    }


def test_only_escapes_and_what_proves_nothing_make_a_run_fail() -> None:
    for verdict, fails in (
        ("guarded", False),
        ("not-applicable", False),
        ("granted", False),
        ("escaped", True),
        ("inconclusive", True),
        ("control-failed", True),
    ):
        told = collect([outcome("fetch", "firefox", verdict)], ATTACKS, [GAP], {})  # type: ignore[arg-type]
        assert told.failed == fails, verdict
    assert not collect([outcome("fetch", "webkit", "escaped")], ATTACKS, [GAP], {}).failed


def test_a_gap_that_has_closed_makes_a_run_of_the_default_policy_fail() -> None:
    told = collect(STALE, ATTACKS, [GAP], {})
    assert (told.stale_gaps, told.guarded, told.inconclusive) == (1, 0, 1)
    assert told.results[0].is_wrong
    assert told.failed
    assert "stale gaps" in as_text(told)
    assert "take it out" in sarif.as_sarif(told)


def test_a_gap_that_does_not_show_under_another_policy_is_no_news() -> None:
    told = collect(STALE[:1], ATTACKS, [GAP], {}, default_policy=False)
    assert (told.stale_gaps, told.guarded) == (0, 1)
    assert not told.failed


@pytest.mark.parametrize("gaps", [[], [GAP]])
@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_the_command_fails_exactly_where_the_tests_do(verdict: Verdict, gaps: list[Gap]) -> None:
    each = outcome("fetch", "webkit", verdict)
    assert collect([each], ATTACKS, gaps, {}).failed == bool(complaint(each, gaps))


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(as_json(RESULTS))
    assert load(tmp_path / "r.json") == RESULTS


def test_a_file_that_holds_no_results_is_told(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text('{"attacks": "many"}')
    for name in ("r.json", "none.json"):
        with pytest.raises(ResultsError, match=name):
            load(tmp_path / name)


# SARIF 2.1.0: what the specification demands (section 3), property by property ------------------


def run_of(document: dict[str, Any]) -> dict[str, Any]:
    assert document["version"] == "2.1.0"  # 3.13.2
    assert document["$schema"].endswith("/sarif-schema-2.1.0.json")  # 3.13.3
    (run,) = document["runs"]  # 3.13.4
    assert isinstance(run, dict)
    return run


def test_sarif_has_a_rule_for_each_attack_and_a_result_for_what_escaped() -> None:
    run = run_of(json.loads(sarif.as_sarif(RESULTS, "my_widget/component.toml")))
    driver = run["tool"]["driver"]  # 3.14.6, 3.18.2
    assert driver["name"] == "component attack"  # 3.19.8
    rules = driver["rules"]  # 3.19.23
    assert [rule["id"] for rule in rules] == ["fetch"]  # 3.49.3
    assert rules[0]["shortDescription"] == {"text": ATTACKS["fetch"].goal}  # 3.49.9
    levels = [each["level"] for each in run["results"]]
    assert sorted(levels) == ["error", "error", "error", "warning"]
    for each in run["results"]:
        assert rules[each["ruleIndex"]]["id"] == each["ruleId"]  # 3.27.6
        assert each["kind"] == "fail"  # 3.27.9: only then a level
        assert each["message"]["text"].endswith(": seen")  # 3.27.11
        (place,) = each["locations"]  # 3.27.12
        uri = place["physicalLocation"]["artifactLocation"]["uri"]  # 3.29.3, 3.4.3
        assert uri == "my_widget/component.toml"
        assert each["partialFingerprints"]["attackInEngine/v1"]  # 3.27.17


def test_sarif_of_the_default_policy_has_no_place_and_no_result_when_all_is_guarded() -> None:
    clean = collect([outcome("fetch", "firefox", "guarded")], ATTACKS, [], {"firefox": "153"})
    run = run_of(json.loads(sarif.as_sarif(clean)))
    assert run["results"] == []  # present, though empty: the run was completed (3.14.23)
    assert run["properties"] == {"engines": {"firefox": "153"}}


# the support matrix -----------------------------------------------------------------------------


def test_the_matrix_has_every_attack_and_says_what_was_not_measured() -> None:
    text = matrix.update("", RESULTS, ATTACKS)
    cells, versions = matrix.parse(text)
    assert set(cells) == set(ATTACKS)
    assert versions == {"firefox": "153"}
    assert cells["fetch"]["webkit"] == "**open**"
    assert cells["image"]["chromium"] == "?"
    assert set(cells["traversal-encoded"]) == {"server"}
    assert "server" not in cells["image"]


def test_a_part_of_the_results_leaves_the_other_cells_as_they_were() -> None:
    first = matrix.update("", RESULTS, ATTACKS)
    engines = {"webkit": "2.50", "server": "components-sdk 1.0"}
    more = collect([outcome("image", "webkit", "guarded")], ATTACKS, [], engines)
    cells, versions = matrix.parse(matrix.update(first, more, ATTACKS))
    assert cells["image"] == {"chromium": "?", "firefox": "?", "webkit": "guarded"}
    assert cells["fetch"]["webkit"] == "**open**"
    assert versions == {"firefox": "153", **engines}


def test_a_new_attack_stands_there_as_not_measured_and_an_old_one_goes(tmp_path: Path) -> None:
    file = tmp_path / "matrix.md"
    file.write_text(matrix.update("", RESULTS, ATTACKS).replace("`image`", "`picture`"))
    assert matrix.main([str(file)]) == 0
    cells, _ = matrix.parse(file.read_text())
    assert set(cells) == set(ATTACKS)
    assert set(cells["image"].values()) == {"?"}
    assert cells["fetch"]["webkit"] == "**open**"
    assert matrix.main([]) == 2
