"""Verdicts: how a run without the guards and a run of the product make a verdict.

The rules stand in stage.py; they hold for attacks in a browser and for raids on the server alike.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from .attacks import Attack, Verdict

PATIENCE = 3
LEAST_SECONDS = 0.3
MOST_SECONDS = 5.0
CONTROL_SECONDS = 5.0  # that a control has left to be seen when its payload is through
SKIP_SECONDS = 1.0  # the same, of one that is not expected to be seen

Play = Callable[[tuple[str, ...], float], "Run"]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of one run.

    Attributes:
        end: How it ended; "" if it did not begin, or not end.
        evidence: What the judge saw; "" if nothing.
        seconds: From go to the evidence, or to the end of looking for it.
        trouble: Why there is no end.
    """

    end: str = ""
    evidence: str = ""
    seconds: float = 0.0
    trouble: str = ""

    def __str__(self) -> str:
        return self.evidence or self.end or self.trouble


def patience_after(control: Run) -> float:
    """How long the judge goes on looking at the product, in seconds."""
    return min(max(LEAST_SECONDS, PATIENCE * control.seconds), MOST_SECONDS)


def decide(
    attack: Attack, engine: str, play: Play, still: Callable[[str], bool]
) -> tuple[Verdict, str]:
    """The verdict and its evidence.

    Args:
        play: Plays without these guards, and looks for so many seconds when all is through.
        still: Whether a skip's probe still answers true.
    """
    off = ", ".join(attack.control) or "any guard"
    if skip := attack.skip(engine):
        control = play(attack.control, SKIP_SECONDS)
        if not control.end or control.evidence or not still(skip.probe):
            return "control-failed", f"no longer true: {skip.reason!r}; without {off}: {control}"
        product = play((), SKIP_SECONDS)  # no proof without a control, but an escape is one
        return (
            ("escaped", product.evidence) if product.evidence else ("not-applicable", skip.reason)
        )
    control = play(attack.control, CONTROL_SECONDS)
    if not control.evidence:
        return "control-failed", f"without {off} it should succeed, but: {control}"
    if not attack.control:
        return "escaped", control.evidence
    product = play((), patience_after(control))
    if product.evidence:
        return "escaped", product.evidence
    if not product.end:
        return "inconclusive", product.trouble
    return "guarded", f"{product}; without {off}: {control}"
