"""Cleaning of large sources, off the event loop: one process each, a few at a time.

    html = await clean(source)

Never raises for what a source is: text that cannot be cleaned is replaced by a sentence.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from weakref import WeakKeyDictionary

import msgspec

from .. import scrubber
from ..markup import CleanHtml, Source

logger = logging.getLogger("components_sdk")

AT_A_TIME = 2  # processes; other visits wait for their turn
NOT_SHOWN = CleanHtml("<p><em>This text could not be shown.</em></p>")

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def clean(source: Source) -> CleanHtml:
    """What may be shown of it, or a sentence in its place; the log says why."""
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_A_TIME)):
        return await _clean(source)


async def _clean(source: Source) -> CleanHtml:
    try:
        process = await asyncio.create_subprocess_exec(
            *scrubber.command(),
            env=scrubber.environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        logger.error("a text was not shown: no process to clean it in: %s", error)
        return NOT_SHOWN
    try:
        answer, complaint = await asyncio.wait_for(
            process.communicate(msgspec.json.encode(source)), scrubber.SECONDS
        )
    except TimeoutError:
        logger.warning("a text was not shown: cleaning it took over %g s", scrubber.SECONDS)
        return NOT_SHOWN
    finally:  # cancelled, too: the page is gone
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                process.kill()
            await process.wait()
    if process.returncode == scrubber.REFUSED:
        logger.warning("a text was not shown: %s", answer.decode())
    elif process.returncode != 0:
        reason = complaint.decode(errors="replace").strip().rpartition("\n")[2]
        logger.error(
            "a text was not shown: cleaning it ended with %s: %.300s", process.returncode, reason
        )
    else:
        return CleanHtml(answer.decode())
    return NOT_SHOWN
