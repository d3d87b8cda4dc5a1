"""Strict TOML: files that people write and others rely on, read with errors that help.

``component.toml`` and an organisation's policy are read with these; each says what it expects in an
error class of its own.

    >>> line_numbers("a = 1\\n[b.c]\\nd = [\\n  1,\\n]\\n")
    {('a',): 1, ('b',): 2, ('b', 'c'): 2, ('b', 'c', 'd'): 3}
"""

from __future__ import annotations

import datetime
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from .errors import ComponentsError

MAX_SIZE = 65_536  # bytes; such a file is read before anyone trusts it

Table = dict[str, object]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_CLOSES = re.compile(r"[\]}]|\"\"\"|'''")  # what the last line of a long value has


def read(file: Path, error: type[ComponentsError], what: str, hint: str) -> str:
    """The text of a file of at most ``MAX_SIZE``; ``what`` names it in the sentence."""
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_SIZE + 1)
    except OSError as cause:
        raise error(
            f"Expected {what}, got: {cause.strerror or cause}", where=str(file), hint=hint
        ) from cause
    if len(raw) > MAX_SIZE:
        raise error(f"Expected at most {MAX_SIZE} bytes, got more", where=str(file))
    try:
        return raw.decode()
    except UnicodeDecodeError as cause:
        raise error(
            f"Expected UTF-8, got the byte 0x{raw[cause.start]:02x}",
            where=f"{file}: byte {cause.start}",
            hint="Save the file as UTF-8.",
        ) from cause


def parse(text: str, where: str, error: type[ComponentsError], example: str) -> Table:
    """The document; ``example`` is a table's name for the hint."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as cause:
        problem, _, position = str(cause).rstrip(")").rpartition(" (at ")
        raise error(
            f"Expected TOML, got a mistake: {problem or cause}",
            where=f"{where}: {position}",
            hint=f'Text stands in quotes: key = "text"; tables in brackets: [{example}].',
        ) from cause
    except (RecursionError, ValueError) as cause:  # nested too deep; a number of too many digits
        raise error(f"Expected TOML, got a monster: {cause}", where=where) from cause


def join(at: str, name: str) -> str:
    """A dotted key; a name that is not plain is quoted, as hostile names reach a terminal."""
    plain = name if _BARE_KEY.fullmatch(name) else json.dumps(name)
    return f"{at}.{plain}" if at else plain


def kind(value: object) -> str:
    """The TOML type in words; bool is an int in Python, so it comes first."""
    words: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "true or false"),
        (str, "text"),
        (int, "an integer"),
        (float, "a float"),
        (list, "an array"),
        (dict, "a table"),
        ((datetime.date, datetime.time), "a date or time"),
    )
    return next((word for kind, word in words if isinstance(value, kind)), "nothing")


def line_numbers(text: str) -> dict[tuple[str, ...], int]:
    """On which line each key and table of a valid document begins.

    The parser does not tell, but each statement is a document by itself: a header, or a key with
    its value, however many lines that has.
    """
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    begun: list[str] = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        begun.append(line)
        if len(begun) > 1 and not _CLOSES.search(line):
            continue  # the middle of a long value; trying each line would take its square
        try:
            statement = tomllib.loads("\n".join(begun))
        except tomllib.TOMLDecodeError:
            continue
        first = number - len(begun) + 1
        header = begun[0].lstrip().startswith("[")
        begun = []
        paths = list(_paths(statement))
        for path in paths:
            found.setdefault(path if header else table + path, first)
        if header:
            table = paths[-1]
    return found


def _paths(value: object) -> Iterator[tuple[str, ...]]:
    """All keys of a table and of those in it, each after the one that it is in."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield (name,)
            yield from ((name, *path) for path in _paths(item))
