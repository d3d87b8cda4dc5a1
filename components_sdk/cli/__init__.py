"""The command line: ``component COMMAND``.

1. Starting costs next to nothing: a command's module is imported when that command is asked for.
2. A user's mistake ends in one message on stderr (sentence, where, hint, code) and exit code 2.
   A traceback means a bug in the SDK; ``--debug`` shows one for everything.
3. Ctrl-C ends any command quietly, with exit code 130.

A command is a module with ``add_arguments(parser)`` and ``run(args) -> exit code``.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from .. import __version__
from ..errors import ComponentsError, UsageError

OK = 0
FAILED = 1  # the answer is no: not granted, something is missing
WRONG = 2  # the user has to change something first
INTERRUPTED = 130  # 128 + SIGINT, as shells count

COMMANDS = {
    "new": "make a component that runs, with a demo and a browser test",
    "run": "serve an app",
    "demo": "serve the example components",
    "policy": "what a component may do, and what browsers do not enforce",
    "attack": "attack a component's policy, or a running app, in real browsers",
    "doctor": "what is installed here, and what is missing",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and answer the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may know fewer letters than we use
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(words)
        sys.stdout.flush()
    except ComponentsError as error:
        if "--debug" in words:
            raise
        from .output import message

        print(message(error), file=sys.stderr)
        return WRONG
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has seen enough, as in "| head"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    return code


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(
            message[:1].upper() + message[1:],
            hint=f"Usage: {self.format_usage().removeprefix('usage: ').strip()}",
        )


def _run(words: list[str]) -> int:
    asked = next((word for word in words if not word.startswith("-")), None)
    if asked is not None and asked not in COMMANDS:
        from ..hints import nearest

        raise UsageError(
            f"Expected a command, got {asked!r}", code="command", hint=nearest(asked, COMMANDS)
        )
    parser = _Parser(
        prog="component",
        description="Custom UI components for Python apps that cannot harm the app they live in.",
        epilog="component COMMAND --help tells more about one command.",
    )
    parser.add_argument("--version", action="version", version=f"components-sdk {__version__}")
    _add_debug(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, summary in COMMANDS.items():
        if asked not in (None, name):
            continue
        command = commands.add_parser(
            name, help=summary, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        _add_debug(command)
        if asked == name:
            module = importlib.import_module(f".{name}", __name__)
            command.description = module.__doc__
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    try:
        args = parser.parse_args(words)
    except SystemExit as done:  # after --help or --version
        return int(done.code or 0)
    if asked is None:
        parser.print_help()
        return OK
    return int(args.run(args))


def _add_debug(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--debug",
        action="store_true",
        default=argparse.SUPPRESS,
        help="show where in the SDK an error comes from",
    )
