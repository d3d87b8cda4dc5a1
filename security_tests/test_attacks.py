"""Every attack of the catalogue, in every engine: stopped by the product, not without its guard.

How an attack is played and judged, and what the verdicts mean, is told in
``components_sdk/testing/stage.py``; how one is written, in ``security_tests/README.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from components_sdk import __version__
from components_sdk.testing import matrix
from components_sdk.testing.attacks import Attack, Outcome, complaint, load_attacks, load_gaps
from components_sdk.testing.engines import ENGINES, Engine
from components_sdk.testing.results import as_json, collect
from components_sdk.testing.stage import Stage

HERE = Path(__file__).parent
ATTACKS = load_attacks(HERE / "attacks")
GAPS = load_gaps(HERE / "known_gaps.toml")


BROWSED = {id: attack for id, attack in ATTACKS.items() if not attack.without_browser}
RAIDS = {id: attack for id, attack in ATTACKS.items() if attack.without_browser}
OUTCOMES: list[Outcome] = []  # of this run, for --attack-results
VERSIONS: dict[str, str] = {}


@pytest.fixture(scope="module")
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    # Those that are not asked for share no page with those that are.
    nodes = [node for node in request.session.items if isinstance(node, pytest.Function)]
    params = [node.callspec.params for node in nodes if hasattr(node, "callspec")]
    asked = [each.get("attack") for each in params]
    chosen = {each.id for each in asked if isinstance(each, Attack)}
    with Stage(ATTACKS, chosen) as opened:
        yield opened
    if file := request.config.getoption("--attack-results"):
        Path(file).write_text(as_json(collect(OUTCOMES, ATTACKS, GAPS, VERSIONS)), "utf-8")


@pytest.mark.browser
@pytest.mark.parametrize("attack", BROWSED.values(), ids=BROWSED)
def test_the_guard_stops_what_succeeds_without_it(
    attack: Attack, engine: Engine, stage: Stage
) -> None:
    VERSIONS[engine.name] = engine.version
    _assert_is_as_it_should_be(stage.run(attack, engine))


@pytest.mark.parametrize("attack", RAIDS.values(), ids=RAIDS)
def test_the_server_stops_what_succeeds_without_the_guard(attack: Attack, stage: Stage) -> None:
    VERSIONS["server"] = f"components-sdk {__version__}"
    _assert_is_as_it_should_be(stage.run(attack))


def _assert_is_as_it_should_be(outcome: Outcome) -> None:
    OUTCOMES.append(outcome)
    print(f"{outcome.attack} in {outcome.engine}: {outcome.verdict}: {outcome.evidence}")
    wrong = complaint(outcome, GAPS)
    assert not wrong, wrong


# Whoever plays the attacks has what it takes to mend these; that is why they run with the browsers.

MATRIX = matrix.parse((HERE.parent / "docs" / "support-matrix.md").read_text("utf-8"))[0]


@pytest.mark.browser
def test_the_support_matrix_lists_the_catalogue_as_it_was_measured() -> None:
    played = {
        (id, engine)
        for id, attack in ATTACKS.items()
        for engine in (("server",) if attack.without_browser else ENGINES)
    }
    measured = {(id, engine) for id, row in MATRIX.items() for engine in row}
    assert measured == played, (
        "python -m components_sdk.testing.matrix r.json docs/support-matrix.md"
    )
    assert [(id, row) for id, row in MATRIX.items() if matrix.UNKNOWN in row.values()] == []


@pytest.mark.browser
def test_the_support_matrix_is_open_where_gaps_are_known_and_nowhere_else() -> None:
    is_open = {(id, name) for id, row in MATRIX.items() for name in row if row[name] == matrix.OPEN}
    assert is_open == {(gap.attack, gap.engine) for gap in GAPS}


@pytest.mark.browser
def test_the_support_matrix_is_not_applicable_where_an_attack_is_skipped() -> None:
    skipped = {(id, name) for id, row in MATRIX.items() for name in row if row[name] == "n/a"}
    assert skipped == {(id, skip.engine) for id, a in ATTACKS.items() for skip in a.skips}
