"""What names a browser asked the network's name servers for, from the browser's own log.

A page can send data away in the name of a host, without any connection: whoever serves that name
reads it. No canary on this machine sees that, since the question goes to the system's resolver. But
Chromium (``--log-net-log``) and Firefox (``MOZ_LOG``) write each question down. Names of
``*.localhost`` and numbers are no questions.

    log = LookupLog(folder, "net-log*", CHROMIUM)
    log.names()     # ["secret.attacker.test"], all so far
"""

from __future__ import annotations

import re
from pathlib import Path

CHROMIUM = re.compile(rb'"host":"(?:\w+://)?([^":/]+)(?::\d+)?"')
FIREFOX = re.compile(rb"Resolving host \[([^\]]+)\]")


class LookupLog:
    """A log that a browser goes on writing; each call reads what is new."""

    def __init__(self, folder: Path, files: str, pattern: re.Pattern[bytes]) -> None:
        self._folder = folder
        self._files = files
        self._pattern = pattern
        self._read: dict[Path, int] = {}  # up to which byte, always a line's end
        self._names: dict[str, None] = {}

    def names(self) -> list[str]:
        """All names so far, each once."""
        for path in self._folder.glob(self._files):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                lines, end, _ = file.read().rpartition(b"\n")
            self._read[path] = self._read.get(path, 0) + len(lines + end)
            for found in self._pattern.finditer(lines):
                self._names[found[1].decode("ascii", "replace")] = None
        return list(self._names)
