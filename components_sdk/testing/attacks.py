"""Attacks as data: what is tried, what should stop it, and how one sees from outside if it did.

One attack is one TOML file, named after its id. A file says everything about its attack; what is
code (guards, judges) is named from a closed table. ``security_tests/README.md`` tells the form.

    attack  = load_attacks(folder)["dialog-alert"]
    gaps    = load_gaps(file)
    outcome = stage.run(attack, engine)         # see stage.py
    complaint(outcome, gaps)                    # "" if it is as it should be

A gap is an attack that an engine lets through in spite of all we do. It is written down with its
reason and asserted: a gap that has closed is a failure too.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec

from ..errors import ComponentsError
from .guards import GUARDS
from .judges import JUDGES

EngineName = Literal["chromium", "firefox", "webkit"]
Category = Literal[
    "host page",
    "storage",
    "navigation",
    "windows",
    "network",
    "messages",
    "own origin",
    "nuisance",
    "device permissions",
    "storage and credentials",
    "DOM",
    "UI",
    "CSS and layout",
    "siblings",
]
Verdict = Literal["guarded", "escaped", "inconclusive", "control-failed", "not-applicable"]
Sentence = Annotated[str, msgspec.Meta(min_length=10, pattern=r"\.$")]

T = TypeVar("T")


class AttackError(ComponentsError):
    """A file of the catalogue has a mistake."""

    code = "attack"


class Skip(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An engine in which the attack cannot be tried, because not even its control succeeds.

    That is asserted as well: the control runs, and must not succeed.

    Attributes:
        probe: A JavaScript function that answers true in the page as long as the reason holds.
    """

    engine: EngineName
    reason: Sentence
    probe: str = "() => true"


class Attack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One attack.

    Attributes:
        goal: What the component wants, in one sentence.
        guard: What should stop it: the header, attribute or rule, by name.
        control: Guards that are off in the control; names from ``GUARDS``. None where nothing of
            ours stops it: then it has to be a known gap, which is its own control.
        judge: Who decides if it succeeded; a name from ``JUDGES``.
        references: Where a specification, or an experiment of ours (FACTS), tells about it.
        payload: JavaScript, the body of an async function; payload.js tells its helpers.
        module: JavaScript at the top of the component's module.
        files: Further files of the component: text by name.
        click: The payload waits for a real click (``await press()``).
        bystander: A harmless component is on the page: from the first, or late, after the payload
            has begun.
        visit: The user opens this path of the component's origin in the tab; ``frame`` stands for
            the frame document. Then no payload runs, only ``module`` and ``files``.
        elsewhere: The tab is new and comes from another site, so that its history is known.
        profile: Chromium has to run with a profile, as users have it. In an incognito-like context
            it neither preconnects nor gives storage to other sites' frames.
    """

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z]+(-[a-z]+)*$")]
    category: Category
    goal: Sentence
    guard: Sentence
    control: tuple[str, ...]
    judge: str
    references: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    payload: str = ""
    module: str = ""
    files: dict[str, str] = {}
    click: bool = False
    bystander: Literal["", "first", "late"] = ""
    visit: str = ""
    elsewhere: bool = False
    profile: bool = False
    skips: tuple[Skip, ...] = ()

    def __post_init__(self) -> None:
        if unknown := [name for name in self.control if name not in GUARDS]:
            raise ValueError(f"Expected guards of guards.py, got {unknown[0]!r}")
        if self.judge not in JUDGES:
            raise ValueError(f"Expected a judge of judges.py, got {self.judge!r}")
        if bool(self.payload) == bool(self.visit):
            raise ValueError("Expected either a payload or a visit")
        if self.click != ("press(" in self.payload):
            raise ValueError("Expected click = true exactly where the payload calls press()")

    def skip(self, engine: str) -> Skip | None:
        """Why it cannot be tried in this engine."""
        return next((skip for skip in self.skips if skip.engine == engine), None)


class Gap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An attack that an engine lets through.

    Attributes:
        reason: Why nothing of ours stops it there.
        answer: What we do, or tell people to do, instead.
    """

    attack: str
    engine: EngineName
    reason: Sentence
    answer: Sentence


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one attack in one engine.

    Attributes:
        evidence: What was seen from outside.
        seconds: How long both runs took.
    """

    attack: str
    engine: str
    verdict: Verdict
    evidence: str
    seconds: float


def load_attacks(folder: Path) -> dict[str, Attack]:
    """All attacks of a folder, by id.

    Raises:
        AttackError: A file is no attack, or is not named after its id.
    """
    attacks: dict[str, Attack] = {}
    for path in sorted(folder.glob("*.toml")):
        attack = _load(path, Attack)
        if attack.id != path.stem:
            raise AttackError(f"Expected the id {path.stem!r}, got {attack.id!r}", where=str(path))
        attacks[attack.id] = attack
    return attacks


def load_gaps(path: Path) -> list[Gap]:
    """The gaps that are known.

    Raises:
        AttackError: The file has a mistake.
    """
    return _load(path, dict[str, list[Gap]]).get("gap", [])


def _load(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), kind)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise AttackError(str(error), where=str(path)) from None


def complaint(outcome: Outcome, gaps: Sequence[Gap]) -> str:
    """What is wrong with an outcome; "" if it is guarded, not applicable or a known gap."""
    known = any((g.attack, g.engine) == (outcome.attack, outcome.engine) for g in gaps)
    told = f"{outcome.attack} in {outcome.engine}: {outcome.verdict}: {outcome.evidence}"
    match outcome.verdict:
        case "guarded" | "not-applicable":
            closed = "known_gaps.toml says that it escapes; the gap has closed, take it out"
            return f"{told}\n  {closed}" if known else ""
        case "escaped":
            return "" if known else told
        case _:
            return told
