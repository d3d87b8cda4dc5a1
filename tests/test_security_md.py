"""No claim without a test, and no attack that stands for no claim."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "SECURITY.md").read_text("utf-8")
ATTACKS = {path.stem for path in (ROOT / "security_tests" / "attacks").glob("*.toml")}
GAPS = tomllib.loads((ROOT / "security_tests" / "known_gaps.toml").read_text("utf-8"))["gap"]
PROMISES = [
    line
    for line in TEXT[TEXT.index("## Promises") : TEXT.index("## Not promised")].splitlines()
    if line.startswith("|") and not line.startswith(("|---", "| A component", "| The app "))
]


def named(line: str) -> list[str]:
    return re.findall(r"`([^`]+)`", line.rstrip("|").rpartition("|")[2])


def is_test(name: str) -> bool:
    path, _, function = name.partition("::")
    return bool(function) and f"\ndef {function}(" in (ROOT / path).read_text("utf-8")


def test_every_promise_names_an_attack_or_a_test_that_exists() -> None:
    assert len(PROMISES) > 15
    for line in PROMISES:
        assert named(line), line
        for name in named(line):
            assert name in ATTACKS or is_test(name), name


def test_every_attack_stands_for_a_promise_or_for_a_gap() -> None:
    mentioned = set(re.findall(r"`([a-z-]+)`", TEXT))

    assert mentioned >= ATTACKS


def test_every_known_gap_is_told_as_open() -> None:
    columns = {"chromium": 2, "firefox": 3, "webkit": 4}
    table = TEXT[TEXT.index("## Not promised") : TEXT.index("Also not promised")]
    rows = {match[1]: match[0] for match in re.finditer(r"^\|.*\(`([a-z-]+)`\).*$", table, re.M)}
    for gap in GAPS:
        cell = rows[gap["attack"]].split("|")[columns[gap["engine"]]]
        assert "open" in cell or "see gaps" in cell, gap
