"""Results: all outcomes of a run, counted, as JSON and as a table.

    {"attacks": 3, "guarded": 1, "escaped": 1, "known_gaps": 1, …, "results": […]}

``attacks`` counts outcomes: an attack that was played in three engines counts three times. Each
outcome counts once more, under what became of it, so that the other counts add up to ``attacks``.
An escape that stands in ``known_gaps.toml`` is a known gap and not an escape; one that
stands there and did not escape is a stale gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from .. import __version__
from ..errors import TestingError
from .attacks import Attack, Gap, Outcome, Verdict, is_as_it_should_be, is_listed


class ResultsError(TestingError):
    """A file holds no results."""

    code = "results"


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What was attacked.

    Attributes:
        place: The path of ``component.toml``, or the URL.
        name: Of the component, from there; as its version.
    """

    kind: Literal["default policy", "component", "app"]
    place: str = ""
    name: str = ""
    version: str = ""

    def __str__(self) -> str:
        if self.kind == "default policy":
            return "the SDK's default policy"
        return f"{self.name} {self.version} ({self.place})" if self.name else self.place


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One attack in one engine.

    Attributes:
        known_gap: It escaped, and ``known_gaps.toml`` says why.
        stale_gap: It did not escape, though ``known_gaps.toml`` says that it does.
        evidence: What was seen from outside.
    """

    attack: str
    category: str
    goal: str
    guard: str
    engine: str
    verdict: Verdict
    known_gap: bool
    evidence: str
    seconds: float
    stale_gap: bool = False

    @property
    def is_wrong(self) -> bool:
        """Whether somebody has to do something about it."""
        return not is_as_it_should_be(self.verdict, self.known_gap or self.stale_gap)


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """All outcomes; see the module's docstring.

    Attributes:
        engines: Version by name.
        target: What was attacked; None if nobody said.
        permissions: What was granted to the attacking components, as in ``App(grants=…)``.
        sdk: Version of the SDK that attacked.
        date: When that began, in UTC (ISO 8601).
        notes: What a reader has to know besides, a sentence each.
    """

    attacks: int
    guarded: int
    escaped: int
    known_gaps: int
    inconclusive: int
    controls_failed: int
    not_applicable: int
    granted: int
    engines: dict[str, str]
    results: list[Result]
    stale_gaps: int = 0
    target: Target | None = None
    permissions: list[str] = []
    sdk: str = ""
    date: str = ""
    notes: list[str] = []

    @property
    def failed(self) -> bool:
        return any(result.is_wrong for result in self.results)


def collect(
    outcomes: Iterable[Outcome],
    attacks: Mapping[str, Attack],
    gaps: Sequence[Gap],
    engines: Mapping[str, str],
    *,
    default_policy: bool = True,
) -> Results:
    """Count outcomes.

    Args:
        default_policy: It was played against the policy that the gaps are told of. Under another
            one a gap may not show, which says nothing of the gap.
    """
    results: list[Result] = []
    for each in outcomes:
        listed = is_listed(each, gaps)
        stale = listed and is_as_it_should_be(each.verdict, listed=False)
        result = Result(
            attack=each.attack,
            category=attacks[each.attack].category,
            goal=attacks[each.attack].goal,
            guard=attacks[each.attack].guard,
            engine=each.engine,
            verdict=each.verdict,
            known_gap=listed and each.verdict == "escaped",
            evidence=each.evidence,
            seconds=each.seconds,
            stale_gap=stale and default_policy,
        )
        results.append(result)
    return counted(results, engines)


def counted(results: list[Result], engines: Mapping[str, str]) -> Results:
    """Results with their counts."""

    def count(verdict: Verdict) -> int:
        return sum(
            result.verdict == verdict and not (result.known_gap or result.stale_gap)
            for result in results
        )

    return Results(
        attacks=len(results),
        guarded=count("guarded"),
        escaped=count("escaped"),
        known_gaps=sum(result.known_gap for result in results),
        inconclusive=count("inconclusive"),
        controls_failed=count("control-failed"),
        not_applicable=count("not-applicable"),
        granted=count("granted"),
        engines=dict(engines),
        results=results,
        stale_gaps=sum(result.stale_gap for result in results),
        sdk=__version__,
    )


def as_json(results: Results) -> str:
    """One object, indented; its keys are stable."""
    return msgspec.json.format(msgspec.json.encode(results), indent=2).decode() + "\n"


def load(path: Path) -> Results:
    """Read what ``as_json`` wrote.

    Raises:
        ResultsError: The file is not there, or holds something else.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Results)
    except (OSError, msgspec.DecodeError) as error:
        raise ResultsError(
            f"Expected results of attacks: {error}",
            where=str(path),
            hint="component attack --format json -o FILE, or pytest --attack-results FILE",
        ) from None
