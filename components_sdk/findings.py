"""Severity, Rule and Finding: the words that pitfalls and the audit share.

A rule says itself once: a function, an id, a sentence, a remedy, and one subject each that does
and does not trigger it. Documentation, tests and reports are made from it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Generic, TypeVar

import msgspec

Subject = TypeVar("Subject")


class Severity(Enum):
    """How bad it is. ``ERROR`` refuses to run; the others are said and go on."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Rule(msgspec.Struct, Generic[Subject], frozen=True):
    """One thing that must not be.

    Attributes:
        id: Stable slug, e.g. ``scripts-with-same-origin``.
        sentence: What is wrong, in one sentence.
        remedy: What to do instead, in one sentence.
        source: Where a specification says so, or which engines it was measured in.
        check: Answers one detail per place where the subject breaks the rule.
        bad: A subject that triggers the rule.
        good: A subject that does not.
    """

    id: str
    severity: Severity
    sentence: str
    remedy: str
    source: str
    check: Callable[[Subject], list[str]]
    bad: Subject
    good: Subject


class Finding(msgspec.Struct, frozen=True):
    """One breach of one rule, in a form that a person and a report can use."""

    rule: str
    severity: Severity
    sentence: str
    remedy: str
    detail: str
