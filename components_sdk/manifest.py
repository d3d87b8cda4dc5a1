"""``component.toml``: who a component is, what it asks for, and what becomes of the user's data.

A reviewer reads this file without running anything, so it is small, strict and plain: every key is
known, every permission has a reason, and three sentences say where data goes. One mistake is told
at a time, with where it stands, what was expected and a line that would do:

    >>> parse('[component]\\nnam = "star-rating"', "my.toml")
    Traceback (most recent call last):
    components_sdk.errors.ManifestError: Expected a known key, got 'nam' - at my.toml: component.nam
      Did you mean "name"? Known: name, version, title, description, frontend.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from . import toml
from .errors import ManifestError, PolicyError
from .hints import nearest
from .permissions import PERMISSIONS
from .policy import Request
from .toml import Table


class DataStatement(msgspec.Struct, frozen=True):
    """What happens to data, in the component author's words; shown to the user."""

    receives: str
    returns: str
    stores: str


class Manifest(msgspec.Struct, frozen=True):
    """All that ``component.toml`` says."""

    name: str
    version: str
    title: str
    description: str
    frontend: str
    requests: tuple[Request, ...]
    data: DataStatement


class Key(msgspec.Struct, frozen=True):
    """What one key must hold, in words, as a pattern, and as a line that would do."""

    expected: str
    pattern: re.Pattern[str]
    example: str


# Shown in terminals and pages, so without control characters, line ends and bidi overrides.
_SENTENCE = re.compile(
    r"(?=.*\w)[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]{1,300}"
)
_NAME = re.compile(r"(?=.{1,40}$)[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
_NUMBER = r"(0|[1-9][0-9]*)"
_VERSION = re.compile(
    rf"(?=.{{1,64}}$){_NUMBER}\.{_NUMBER}\.{_NUMBER}"
    r"(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
    r"(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?",
    re.ASCII,
)
_FOLDER = re.compile(r"[a-zA-Z0-9_-][a-zA-Z0-9._-]*(/[a-zA-Z0-9_-][a-zA-Z0-9._-]*)*", re.ASCII)

IDENTITY = {
    "name": Key(
        "a name of lower-case letters, digits and inner hyphens, a letter first, at most 40 "
        "characters (it becomes part of a host name)",
        _NAME,
        'name = "star-rating"',
    ),
    "version": Key("a semantic version", _VERSION, 'version = "1.0.0"'),
    "title": Key("a title of 1 to 300 characters in one line", _SENTENCE, 'title = "Star rating"'),
    "description": Key(
        "a description of 1 to 300 characters in one line",
        _SENTENCE,
        'description = "Five stars; the user picks how many."',
    ),
    "frontend": Key(
        "a folder below this file, without . and .. parts", _FOLDER, 'frontend = "frontend"'
    ),
}
_DATA = {
    key: Key(f"a sentence that says what the component {verb}", _SENTENCE, f'{key} = "{example}"')
    for key, verb, example in (
        ("receives", "receives", "The label and the number of stars to show."),
        ("returns", "returns", "How many stars you picked."),
        ("stores", "stores", "Nothing."),
    )
}
_REASON = Key(
    "a reason of 1 to 300 characters in one line",
    _SENTENCE,
    'reason = "Shows where you are on the map."',
)
_DEFAULTS = {"frontend": "frontend"}


def load(path: Path) -> Manifest:
    """Read ``component.toml``; ``path`` is the file or its folder."""
    file = path / "component.toml" if path.is_dir() else path
    hint = "Every component has a component.toml beside its Python class."
    text = toml.read(file, ManifestError, "a manifest", hint)
    return parse(text, str(file))


def parse(text: str, where: str) -> Manifest:
    """Check the text of a manifest; ``where`` names it in errors."""
    document = toml.parse(text, where, ManifestError, "component")
    _only_known(document, ("component", "permissions", "data"), where, "")
    identity = _strings(document, "component", IDENTITY, where)
    data = _strings(document, "data", _DATA, where)
    asked = _table(document.get("permissions", {}), "permissions", where)
    return Manifest(
        name=identity["name"],
        version=identity["version"],
        title=identity["title"],
        description=identity["description"],
        frontend=identity["frontend"],
        requests=tuple(_request(name, value, where) for name, value in asked.items()),
        data=DataStatement(data["receives"], data["returns"], data["stores"]),
    )


def _request(name: str, value: object, where: str) -> Request:
    at = toml.join("permissions", name)
    permission = PERMISSIONS.get(name)
    if permission is None:
        raise _error(where, at, f"Expected a permission, got {name!r}", nearest(name, PERMISSIONS))
    table = _table(value, at, where)
    _only_known(table, ("reason", "origins"), where, at)
    reason = _string(table, "reason", _REASON, where, at)
    origins = table.get("origins", [])
    if not isinstance(origins, list) or not all(isinstance(origin, str) for origin in origins):
        raise _error(
            where,
            f"{at}.origins",
            f"Expected a list of origins, got {toml.kind(origins)}",
            'Write origins = ["https://api.example.org"].',
        )
    try:
        return Request(name, reason, tuple(origins))
    except PolicyError as error:
        hint = error.hint
        if permission.takes_origins and not origins:
            hint = 'Write origins = ["https://api.example.org"].'
        raise _error(where, f"{at}.origins", error.sentence, hint) from error


def _strings(document: Table, at: str, keys: Mapping[str, Key], where: str) -> dict[str, str]:
    """A table that must be there, all of whose keys hold text."""
    if at not in document:
        example = "\n  ".join(key.example for name, key in keys.items() if name not in _DEFAULTS)
        raise _error(where, at, f"Expected a table [{at}], got none", f"[{at}]\n  {example}")
    table = _table(document[at], at, where)
    _only_known(table, tuple(keys), where, at)
    return {name: _string(table, name, key, where, at) for name, key in keys.items()}


def _string(table: Table, name: str, key: Key, where: str, at: str) -> str:
    value = table.get(name, _DEFAULTS.get(name))
    if isinstance(value, str) and key.pattern.fullmatch(value):
        return value
    got = repr(value) if isinstance(value, str) else toml.kind(value)
    raise _error(
        where, f"{at}.{name}", f"Expected {key.expected}, got {got}", f"Write {key.example}"
    )


def _table(value: object, at: str, where: str) -> Table:
    if isinstance(value, dict):
        return value
    raise _error(where, at, f"Expected a table, got {toml.kind(value)}", f"Write [{at}].")


def _only_known(table: Table, known: tuple[str, ...], where: str, at: str) -> None:
    for name in table:
        if name not in known:
            raise _error(
                where,
                toml.join(at, name),
                f"Expected a known key, got {name!r}",
                nearest(name, known),
            )


def _error(where: str, at: str, sentence: str, hint: str) -> ManifestError:
    return ManifestError(sentence, where=f"{where}: {at}", hint=hint)
