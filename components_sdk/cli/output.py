"""Plain text for terminals: messages, and rows that line up. No colours, no control characters.

What is printed may come from a component that nobody trusts yet, so all of it passes ``plain``.
"""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import ComponentsError

MAX_WIDTH = 100  # characters; longer lines are hard to read


def message(error: ComponentsError) -> str:
    """One error, with all that it knows.

    >>> print(message(ComponentsError("Expected a port, got 'x'", where="--port", code="usage")))
    Error: Expected a port, got 'x'
      where: --port
      code:  usage
    """
    notes: list[str] = getattr(error, "__notes__", [])
    parts = [("where:", error.where), *(("from:", note) for note in notes)]
    parts += [("hint:", error.hint), ("code:", error.code)]
    lines = [f"Error: {plain(error.sentence)}"]
    for label, text in parts:
        for number, line in enumerate(plain(text).splitlines()):
            lines.append(f"  {'' if number else label:<6} {line}")
    return "\n".join(lines)


def plain(text: str) -> str:
    """Text that a terminal only shows: escape sequences and bidi overrides become visible."""
    return "".join(
        char if char.isprintable() or char == "\n" else ascii(char)[1:-1] for char in text
    )


def rows(table: Iterable[Sequence[str]], indent: str = "  ") -> str:
    """Lines in columns; the last column is wrapped, all are cleaned.

    >>> print(rows([("a", "1", "first"), ("long", "22", "second")]))
      a     1   first
      long  22  second
    """
    cells = [[plain(cell) for cell in row] for row in table]
    widths = [max(map(len, column)) for column in zip(*(row[:-1] for row in cells), strict=True)]
    lines: list[str] = []
    for row in cells:
        *before, last = row
        start = indent + "".join(
            f"{cell:<{width}}  " for cell, width in zip(before, widths, strict=True)
        )
        lines += wrapped(last, start, " " * len(start))
    return "\n".join(line.rstrip() for line in lines)


def wrapped(text: str, first: str, rest: str) -> list[str]:
    """Lines of at most the terminal's width; never empty."""
    width = min(shutil.get_terminal_size((MAX_WIDTH, 24)).columns, MAX_WIDTH)
    return textwrap.wrap(
        plain(text),
        max(width, len(rest) + 30),
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words=False,
    ) or [first]


def shown(path: Path) -> str:
    """A path as the user would type it: relative where it lies below the current folder."""
    path = path.absolute()
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
