"""Make a new component: a Python package with a frontend, a demo and a browser test.

For example:

    component new my-widget
    component new my-widget --dir widgets
"""

from __future__ import annotations

import argparse
import builtins
import keyword
import re
import shlex
import sys
import tomllib
from pathlib import Path

from .. import __all__ as SDK_NAMES  # noqa: N812 - names, as constant as it gets
from ..errors import UsageError
from ..hints import nearest
from ..manifest import IDENTITY
from ..resources import templates
from . import OK
from .output import plain, rows, shown

_NAME = IDENTITY["name"]  # the rule that component.toml has to pass
SETTINGS = "template.toml"  # of a template: its title, and what to do next
# Beside the package stand a folder and a file with these names; the others are imported by it.
TAKEN = ("tests", "demo", "components_sdk", "example_components", "pytest")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="lower-case words with hyphens: my-widget")
    parser.add_argument(
        "--dir", metavar="DIR", type=Path, default=Path(), help="where to make it (default: here)"
    )
    parser.add_argument(
        "--template", default="vanilla", help="what to start from (default: vanilla)"
    )


def run(args: argparse.Namespace) -> int:
    template = find(args.template)
    words = words_for(args.name)
    target: Path = args.dir / args.name
    files = render(template, words)
    write(files, target)
    settings = tomllib.loads((template / SETTINGS).read_text("utf-8"))
    folder = shlex.quote(shown(target))  # for a shell, so it is none of the templates' words
    print(plain(f"Made {shown(target)}: {len(files)} files. {settings['title']}.\n\nNext:"))
    print(rows((step["run"].replace("FOLDER", folder), step["why"]) for step in settings["next"]))
    return OK


def find(name: str) -> Path:
    """The folder of a template."""
    folder = templates() / "scaffolds"
    known = {path.parent.name: path.parent for path in folder.glob(f"*/{SETTINGS}")}
    if name not in known:
        raise UsageError(
            f"Expected a template, got {name!r}", code="template", hint=nearest(name, sorted(known))
        )
    return known[name]


def words_for(name: str) -> dict[str, str]:
    """What the files of a template are filled with.

    Raises:
        UsageError: The name cannot be a component's, or not a Python package's.
    """
    if not _NAME.pattern.fullmatch(name):
        raise UsageError(f"Expected {_NAME.expected}, got {name!r}", code="name", hint=_try(name))
    package = name.replace("-", "_")
    if keyword.iskeyword(package) or package in (*sys.stdlib_module_names, *TAKEN):
        raise UsageError(
            f"Expected a name that Python or the SDK does not use itself, got {name!r}",
            code="name",
            hint=f"Try: component new {name}-widget",
        )
    class_name = "".join(part.capitalize() for part in name.split("-"))
    if class_name in (*SDK_NAMES, *keyword.kwlist, *dir(builtins)):
        class_name += "Widget"
    return {
        "name": name,
        "package": package,
        "class_name": class_name,
        "title": name.replace("-", " ").capitalize(),
    }


def render(template: Path, words: dict[str, str]) -> dict[str, str]:
    """All files of a template by their path, in memory: a mistake leaves nothing half made."""
    return {
        expand(path.relative_to(template).as_posix(), words): expand(path.read_text("utf-8"), words)
        for path in sorted(template.rglob("*"))
        if path.is_file() and path.name != SETTINGS and "__pycache__" not in path.parts
    }


def expand(text: str, words: dict[str, str]) -> str:
    """Fill in ``{{ names }}``; an unknown one is an error."""
    from jinja2 import Environment, StrictUndefined

    # These are source files of many languages, and safe in each of them is a word of letters,
    # digits, hyphens and spaces; words_for lets no other through. Escaping changes none of those.
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    return environment.from_string(text).render(words)


def write(files: dict[str, str], target: Path) -> None:
    """Write into a folder that is new or empty.

    Raises:
        UsageError: It is neither, or cannot be written.
    """
    try:
        if target.exists() and not (target.is_dir() and _is_empty(target)):
            raise UsageError(
                f"Expected a folder that is new or empty, got {_kind(target)}",
                code="target",
                where=shown(target),
                hint="Nothing was written. Choose another name, or another place with --dir.",
            )
        for name, text in files.items():
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        raise UsageError(
            f"Expected a folder that can be written, got: {error.strerror or error}",
            code="target",
            where=shown(Path(error.filename or target)),
            hint="Choose another place with --dir.",
        ) from None


def _is_empty(folder: Path) -> bool:
    return next(folder.iterdir(), None) is None


def _kind(target: Path) -> str:
    return "a folder that holds something" if target.is_dir() else "a file"


def _try(name: str) -> str:
    """A hint with the nearest good name, if there is one."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)
    guess = re.sub(r"[\s_.-]+", "-", words).strip("-").lower()
    return f"Try: component new {guess if _NAME.pattern.fullmatch(guess) else 'my-widget'}"
