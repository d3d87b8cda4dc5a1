"""Every attack of the catalogue, in every engine: stopped by the product, not without its guard.

How an attack is played and judged, and what the verdicts mean, is told in
``components_sdk/testing/stage.py``; how one is written, in ``security_tests/README.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from components_sdk.testing.attacks import Attack, complaint, load_attacks, load_gaps
from components_sdk.testing.engines import Engine
from components_sdk.testing.stage import Stage

HERE = Path(__file__).parent
ATTACKS = load_attacks(HERE / "attacks")
GAPS = load_gaps(HERE / "known_gaps.toml")


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(ATTACKS) as opened:
        yield opened


@pytest.mark.browser
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_the_guard_stops_what_succeeds_without_it(
    attack: Attack, engine: Engine, stage: Stage
) -> None:
    outcome = stage.run(attack, engine)
    print(f"{outcome.attack} in {outcome.engine}: {outcome.verdict}: {outcome.evidence}")
    wrong = complaint(outcome, GAPS)
    assert not wrong, wrong
