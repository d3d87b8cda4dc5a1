"""Serve an app: the one App at the top level of a Python file.

For example:

    component run app.py
    component run app.py --port 9000
    component run app.py --origins loopback
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ..errors import ComponentsError, UsageError
from ..resources import PACKAGE
from . import INTERRUPTED
from .output import shown

if TYPE_CHECKING:
    from ..app import App

MAX_LINES = 8  # of the user's own traceback
# As in origins.py, which takes too long to import for a command's --help.
MODES = ("subdomain", "instance", "loopback", "path")
_WRITE = 'Write: app = App("Title"), with App from components_sdk.'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="APP.PY", type=Path)
    add_serving(parser)


def add_serving(parser: argparse.ArgumentParser) -> None:
    """``--port`` and ``--origins``, which ``component demo`` has as well."""
    parser.add_argument(
        "--port", type=port, help="serve there (default: 8501, or the next free one)"
    )
    parser.add_argument(
        "--origins",
        metavar="MODE",
        type=mode,
        default=MODES[0],
        help=f"how components are kept apart: {', '.join(MODES)} (default: {MODES[0]})",
    )


def run(args: argparse.Namespace) -> int:
    # Before the app's folder comes first on the path: a queue.py in it is the app's own business.
    from ..servers.serve import serve

    app = find_app(load(args.file), args.file)
    serve(app, port=args.port, origins=args.origins)  # until Ctrl-C
    return INTERRUPTED


def port(text: str) -> int:
    """The value of ``--port``; 0 means any free one."""
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"Expected a port from 0 to 65535, got {text!r}")


def mode(text: str) -> str:
    """The value of ``--origins``."""
    if text in MODES:
        return text
    raise argparse.ArgumentTypeError(f"Expected one of {', '.join(MODES)}, got {text!r}")


def load(file: Path) -> ModuleType:
    """Run a Python file as ``python FILE`` would, but under its own name.

    Raises:
        UsageError: It is not there, is not Python, or stopped with an error.
        ComponentsError: What the SDK said while the file ran, with the lines it came from.
    """
    _check(file)
    file = file.resolve()
    name = file.stem if file.stem not in sys.modules else f"{file.stem}_app"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise AssertionError(f"Python knows how to load a .py file: {file}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where a component's class looks for the file that it stands in
    sys.path.insert(0, str(file.parent))
    try:
        spec.loader.exec_module(module)
    except ComponentsError as error:
        for line in _own_lines(error):
            error.add_note(line)
        raise
    except SyntaxError as error:
        raise _not_python(error, file) from error
    except (Exception, SystemExit) as error:
        raise _stopped(error, file) from error
    return module


def find_app(module: ModuleType, file: Path) -> App:
    """The one App at the top level of a module; the one called ``app`` if there are more.

    Raises:
        UsageError: There is none, or there are several and none is called ``app``.
    """
    from ..app import App

    found = {name: each for name, each in vars(module).items() if isinstance(each, App)}
    if "app" in found:
        return found["app"]
    apps = {id(each): each for each in found.values()}
    if len(apps) == 1:
        return apps.popitem()[1]
    if apps:
        raise UsageError(
            f"Expected one App, or one called app, got {len(apps)}: {', '.join(found)}",
            code="several-apps",
            where=shown(file),
            hint="Call the one to serve app, or put the others into files of their own.",
        )
    raise UsageError(
        f"Expected an App, found {', '.join(_own_names(module)) or 'nothing'}",
        code="no-app",
        where=shown(file),
        hint=_WRITE,
    )


def _check(file: Path) -> None:
    if file.is_file() and file.suffix == ".py":
        return
    hint = ""
    if file.is_dir():
        got = "a folder"
        inside = sorted(path for path in file.glob("*.py") if not path.name.startswith("_"))
        hint = f"Try: component run {shown(inside[0])}" if inside else ""
    elif not file.exists():
        got = "nothing there"
        beside = sorted(path.name for path in file.parent.glob("*.py"))
        if beside:
            from ..hints import nearest

            hint = nearest(file.name, beside)
    else:
        got = f"a file that ends in {file.suffix!r}" if file.suffix else "a file without .py"
    raise UsageError(f"Expected a Python file, got {got}", code="file", where=str(file), hint=hint)


def _not_python(error: SyntaxError, file: Path) -> UsageError:
    where = shown(Path(error.filename or file))
    if error.lineno:
        where += f", line {error.lineno}"
    if error.text and error.text.strip():
        code = error.text.rstrip()
        where += f"\n  {code.strip()}"
        if error.offset:
            caret = error.offset - 1 - (len(code) - len(code.lstrip()))
            where += f"\n  {' ' * max(caret, 0)}^"
    return UsageError(f"Expected Python, got a mistake: {error.msg}", code="syntax", where=where)


def _stopped(error: BaseException, file: Path) -> UsageError:
    said = "".join(traceback.format_exception_only(error)).strip()
    hint = ""
    if isinstance(error, ModuleNotFoundError) and error.name:
        hint = (
            f"If {error.name.partition('.')[0]} is a package, install it for this Python:"
            f"\n{sys.executable} -m pip install …"
        )
    stopped = UsageError(
        f"{shown(file)} stopped while it was loaded: {said}", code="app-stopped", hint=hint
    )
    for line in _own_lines(error):
        stopped.add_note(line)
    return stopped


def _own_lines(error: BaseException) -> list[str]:
    """The user's own frames of a traceback, outermost first, as ``file, line n: code``."""
    others = (str(PACKAGE), sysconfig.get_paths()["stdlib"], "<frozen ")
    own = [
        f"{shown(Path(frame.filename))}, line {frame.lineno}: {frame.line}"
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(others) and "site-packages" not in frame.filename
    ]
    if len(own) > MAX_LINES:  # of an endless recursion, say
        own[2 : 2 - MAX_LINES] = [f"… {len(own) - MAX_LINES} more"]
    return own


def _own_names(module: ModuleType) -> Iterator[str]:
    """What a module defines itself, and whatever it calls ``app``, for a message."""
    from ..component import Component

    for name, each in vars(module).items():
        own = getattr(each, "__module__", None) == module.__name__
        if name.startswith("_") or not (own or name == "app"):
            continue
        is_class = isinstance(each, type)
        kind = "a class" if is_class else f"a {type(each).__name__}"
        yield f"{name} ({'a component' if is_class and issubclass(each, Component) else kind})"
