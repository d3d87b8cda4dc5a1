"""The process that cleans one large source, and is ended if that takes too long.

bleach parses in Python, so it holds the interpreter, and some sources take it minutes: 66,666 times
``<b>``, for one. Neither a thread nor a count of tags helps; a process that can be killed does.

    python -m components_sdk.scrubber < source.json > clean.html

The parent passes ``command()`` and ``environment()`` on to whatever starts processes for it.
"""

from __future__ import annotations

import os
import sys

import msgspec

from .markup import Source

SECONDS = 10.0  # for one source; 200,000 characters of honest HTML take bleach about 4
MEMORY_BYTES = 1024 * 1024 * 1024
REFUSED = 3  # exit code: standard output has the reason


def command() -> list[str]:
    """What to start: this interpreter, with this file."""
    return [sys.executable, "-P", "-m", __name__]


def environment() -> dict[str, str]:
    """All that the process gets to know: where modules are, and no secret."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}


def main() -> int:
    _limit()
    source = msgspec.json.decode(sys.stdin.buffer.read(), type=Source)
    try:
        answer, code = str(source.clean()), 0
    except ValueError as error:
        answer, code = str(error), REFUSED
    sys.stdout.buffer.write(answer.encode())
    return code


def _limit() -> None:
    try:
        import resource
    except ImportError:  # not POSIX: the parent's clock is the limit there
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (int(SECONDS) + 1, int(SECONDS) + 1))


if __name__ == "__main__":
    sys.exit(main())
