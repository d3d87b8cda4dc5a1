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
from typing import Annotated, Literal, TypeVar, get_args

import msgspec

from ..errors import TestingError
from ..framing import Limits
from ..permissions import PERMISSIONS
from .guards import GUARDS
from .judges import JUDGES, RAID_JUDGES

EngineName = Literal["chromium", "firefox", "webkit", "server"]  # server: none, bytes on a socket
Category = Literal[
    "DOM",
    "CSS and layout",
    "storage and credentials",
    "network egress",
    "navigation and windows",
    "UI",
    "siblings",
    "message protocol",
    "device permissions",
    "resources",
    "server paths and sockets",
    "markup",
    "supply chain",
    "policy configuration",
]
Verdict = Literal[
    "guarded", "escaped", "granted", "inconclusive", "control-failed", "not-applicable"
]
Sentence = Annotated[str, msgspec.Meta(min_length=10, pattern=r"\.$")]

CLOSED = "known_gaps.toml says that it escapes; the gap has closed, take it out"

T = TypeVar("T")


class AttackError(TestingError):
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


class Configured(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A policy that somebody configures, by mistake or by malice, so that it holds nothing.

    Attributes:
        way: How it is given: ``grants``, a string of ``App(grants=…)``; ``toml``, the permissions
            of a ``component.toml``; ``origins``, the pattern of the components' origins;
            ``sandbox`` and ``csp``, the attribute and the header as a proxy or another framework
            would write them.
        text: What is given. In ``origins``, ``{port}`` is the app's port.
        raw: The part of the text that a deployment which looks at nothing would write out.
        into: Where it would write it: the sandbox (attribute and CSP), or a directive of the CSP.
            With ``origins`` nothing is written: the control is ``own-origin``.
    """

    way: Literal["grants", "toml", "origins", "sandbox", "csp"]
    text: str
    raw: str = ""
    into: str = "sandbox"

    def __post_init__(self) -> None:
        if self.raw not in self.text:
            raise ValueError("Expected raw to be a part of text")


class Attack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One attack, of one of five kinds: by a component's ``payload``, by a ``visit``, by
    ``requests`` to the server, by ``markup``, and by a configuration (``configured``, whose
    ``payload`` is tried if it is accepted).

    Attributes:
        goal: What the component wants, in one sentence.
        guard: What should stop it: the header, attribute or rule, by name.
        control: Guards that are off in the control; names from ``GUARDS``. None where nothing of
            ours stops it: then it has to be a known gap, which is its own control.
        judge: Who decides if it succeeded; a name from ``JUDGES``, or from ``RAID_JUDGES`` where
            the attack makes requests.
        granted_by: Permissions each of which allows just this. Where a policy has one of them, the
            attack's success is no escape.
        references: Where to read on: a specification and its term, a weakness (CWE), or a file
            of this repository and its words.
        payload: JavaScript, the body of an async function; payload.js tells its helpers.
        module: JavaScript at the top of the component's module.
        files: Further files of the component: text by name.
        click: The payload waits for a real click (``await press()``).
        typing: The user is in a field of the page and has just pressed a key.
        bystander: A harmless component is on the page: from the first, or late, after the payload
            has begun.
        twin: JavaScript of a second instance of the same component, beside the first. It does what
            this says, with ``root``, ``emit`` and what ``module`` has, and nothing else.
        button: The app has a button on the page.
        limits: Of the app, where the usual ones would take long to reach.
        visit: The user opens this path of the component's origin in the tab; ``frame`` stands for
            the frame document. Then no payload runs, only ``module`` and ``files``.
        elsewhere: The tab is new and comes from another site, so that its history is known.
        profile: Chromium has to run with a profile, as users have it. In an incognito-like context
            it neither preconnects nor gives storage to other sites' frames.
        alone: It may disturb others, so it never shares a page with them (see stage.py).
        requests: Raw bytes for the server, each on a connection of its own, one after the other;
            line ends become CRLF. See raid.py for what may stand in braces.
        messages: What is sent on a WebSocket that the last request has opened: heads of batches
            (JSON, framed as the protocol wants it); ``text:…`` and ``hex:…`` go out as they are.
        exact: Line ends of the requests stay as they are.
        connections: How many of each request are sent at once, and kept open while the judge looks.
        markup: Markdown or HTML that a user typed, and that the page shows. ``{canary}`` is the
            attacker's address. With ``click``, the user clicks on it.
        tamper: The payload was not there when the component was reviewed: it was put into the
            module afterwards, where it is ``served``, or in its file on the ``disk``.
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
    typing: bool = False
    bystander: Literal["", "first", "late"] = ""
    twin: str = ""
    button: bool = False
    limits: dict[str, int | float] = {}
    visit: str = ""
    elsewhere: bool = False
    profile: bool = False
    alone: bool = False
    granted_by: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    exact: bool = False
    connections: Annotated[int, msgspec.Meta(ge=1, le=2000)] = 1
    markup: str = ""
    tamper: Literal["", "served", "disk"] = ""
    configured: Configured | None = None
    skips: tuple[Skip, ...] = ()

    def __post_init__(self) -> None:
        if unknown := [name for name in self.control if name not in GUARDS]:
            raise ValueError(f"Expected guards of guards.py, got {unknown[0]!r}")
        judges = RAID_JUDGES if self.requests else JUDGES
        if self.judge not in judges:
            raise ValueError(f"Expected a judge of judges.py, got {self.judge!r}")
        if unknown := [name for name in self.limits if name not in Limits.__struct_fields__]:
            raise ValueError(f"Expected limits of framing.py, got {unknown[0]!r}")
        if unknown := [name for name in self.granted_by if name not in PERMISSIONS]:
            raise ValueError(f"Expected permissions, got {unknown[0]!r}")
        if sum(map(bool, (self.payload, self.visit, self.requests, self.markup))) != 1:
            raise ValueError("Expected either a payload, a visit, requests or markup")
        if (self.tamper or self.configured) and not self.payload:
            raise ValueError("Expected a payload beside tamper and configured")
        if self.click != ("press(" in self.payload) and not self.markup:
            raise ValueError("Expected click = true exactly where the payload calls press()")

    @property
    def without_browser(self) -> bool:
        """Whether it is played once, against the server, and not in each engine."""
        return bool(self.requests)

    @property
    def given(self) -> tuple[str, ...]:
        """Guards that are off in both runs: who speaks raw protocol has got at the port already."""
        return ("private-port",) if "port()" in self.payload + self.module else ()

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
        names = ", ".join(get_args(Category))
        hint = f"Categories: {names}." if "category" in str(error) else ""
        raise AttackError(str(error), where=str(path), hint=hint) from None


def is_as_it_should_be(verdict: Verdict, listed: bool) -> bool:
    """Whether nobody has to do anything about it.

    Args:
        listed: ``known_gaps.toml`` says that it escapes there.
    """
    match verdict:
        case "guarded" | "not-applicable" | "granted":
            return not listed  # else the gap has closed
        case "escaped":
            return listed
        case "inconclusive" | "control-failed":
            return False  # nothing is proven


def is_listed(outcome: Outcome, gaps: Sequence[Gap]) -> bool:
    """Whether a gap says that this attack escapes in this engine."""
    return any((gap.attack, gap.engine) == (outcome.attack, outcome.engine) for gap in gaps)


def complaint(outcome: Outcome, gaps: Sequence[Gap]) -> str:
    """What is wrong with an outcome; "" if it is as it should be."""
    listed = is_listed(outcome, gaps)
    if is_as_it_should_be(outcome.verdict, listed):
        return ""
    told = f"{outcome.attack} in {outcome.engine}: {outcome.verdict}: {outcome.evidence}"
    closed = listed and is_as_it_should_be(outcome.verdict, listed=False)
    return f"{told}\n  {CLOSED}" if closed else told
