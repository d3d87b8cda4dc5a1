"""What the SDK costs, against the bare limit of the platform below it.

    python -m benchmarks round_trip          # a table for people
    python -m benchmarks mount --json        # one object for programs

Rules:
1. The limit is the same thing by hand: plain Tornado, plain page, plain opaque frames (bare.py).
2. Ours and the limit take turns in one run and one browser, so that what else the machine does
   meets both. The ratio counts; the figures beside it are of this machine and this minute.
3. Each server is a process of its own, and CPU time is what the kernel says of it.
4. Figures are medians, or the quantile that a row names, over all rounds but the first.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

import msgspec
from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import Application, OutputTransform

from components_sdk import App
from components_sdk.app import Deployment
from components_sdk.origins import Origins
from components_sdk.servers.serve import Server, bind

NAMES = ("round_trip", "mount", "hostile")


class Row(msgspec.Struct, frozen=True):
    """One line of a result."""

    case: str
    ours: float
    limit: float
    unit: str

    @property
    def ratio(self) -> float | None:
        """Ours by the limit; None where the limit is nothing."""
        return self.ours / self.limit if self.limit else None


class Result(msgspec.Struct, frozen=True):
    """What a benchmark found, and on how many samples that rests."""

    rows: list[Row]
    samples: str


def quantile(samples: Sequence[float], share: float) -> float:
    """The value that ``share`` of the samples do not exceed, interpolated.

    >>> quantile([1, 2, 3, 4], 0.5)
    2.5
    """
    ordered = sorted(samples)
    at = share * (len(ordered) - 1)
    low = ordered[int(at)]
    high = ordered[min(int(at) + 1, len(ordered) - 1)]
    return low + (high - low) * (at - int(at))


def median_row(case: str, ours: Sequence[float], limit: Sequence[float], unit: str) -> Row:
    """The row of two sets of samples."""
    return Row(case, statistics.median(ours), statistics.median(limit), unit)


# CPU ---------------------------------------------------------------------------------------------


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and all its threads, to the nanosecond.

    ``/proc`` counts in steps of 10 ms: a hundred round trips.
    """
    return time.clock_gettime((~pid << 3) | 2)  # clock_getcpuclockid(3) of another process


def tree_cpu_seconds(root: int) -> float:
    """CPU time of a process and all below it, those that have ended included."""
    children: dict[int, list[int]] = {}
    ended: dict[int, float] = {}  # seconds of its children that are gone, by process
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # ended while we looked
            fields = path.read_text().rpartition(")")[2].split()  # from the third field on
            pid, parent, ticks = int(path.parent.name), int(fields[1]), map(int, fields[13:15])
            children.setdefault(parent, []).append(pid)
            ended[pid] = sum(ticks) / os.sysconf("SC_CLK_TCK")
    total, pending = 0.0, [root]
    while pending:
        pid = pending.pop()
        pending += children.get(pid, [])
        with contextlib.suppress(OSError):
            total += ended.get(pid, 0.0) + cpu_seconds(pid)
    return total


# servers -----------------------------------------------------------------------------------------


class Served:
    """A server in a process of its own."""

    def __init__(self, pid: int, log: IO[bytes], url: str) -> None:
        self._pid = pid
        self._log = log
        self.url = url

    def cpu(self) -> float:
        """Seconds of CPU that the server took so far."""
        return cpu_seconds(self._pid)

    def answers(self) -> list[int]:
        """Bytes of each answer that component origins gave since the last call."""
        return [int(line) for line in (self._log.read() or b"").splitlines()]


@contextlib.contextmanager
def served(module: str) -> Iterator[Served]:
    """Run ``python -m MODULE``, which ends in ``run`` or ``run_app`` below."""
    command = [sys.executable, "-m", module]
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().decode().strip()
            if not url:
                raise RuntimeError(f"{module} did not start: its own message stands above")
            os.set_blocking(process.stdout.fileno(), False)
            yield Served(process.pid, process.stdout, url)
        finally:
            process.terminate()


def run_app(app: App) -> None:
    """``run`` for an app of ours."""

    def serve(bound: socket.socket) -> Application:
        origins = Origins.local(bound.getsockname()[1], app.secret)
        return Server(Deployment(app, origins), bound).application

    run(serve)


def run(serve: Callable[[socket.socket], Application]) -> None:
    """Serve until terminated. Prints the URL, then the bytes of each component's answer."""

    async def forever() -> None:
        bound = bind(0)
        serve(bound).add_transform(_Printed)
        print(f"http://localhost:{bound.getsockname()[1]}/", flush=True)
        await asyncio.Event().wait()

    asyncio.run(forever())


class _Printed(OutputTransform):
    def __init__(self, request: HTTPServerRequest) -> None:
        self._is_component = not request.host.startswith("localhost:")

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        if self._is_component:
            print(len(str(headers)) + len(chunk), flush=True)
        return status_code, headers, chunk
