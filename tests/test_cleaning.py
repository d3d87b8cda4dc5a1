"""Large sources are cleaned beside the event loop, in a process that can be ended."""

from __future__ import annotations

import asyncio
import logging
import queue
import time
from typing import Any

import msgspec
import pytest
from tornado.websocket import WebSocketClientConnection

from components_sdk import Page, scrubber
from components_sdk.layout import Markup
from components_sdk.markup import AT_ONCE, MAX_CHARACTERS, Source, clean, markdown
from components_sdk.servers import cleaning
from components_sdk.servers.cleaning import NOT_SHOWN
from components_sdk.wire import Change, Element, Mount, Press, SetValue

from .kinds import received, sent
from .test_markup import GROWING
from .test_serve import Served, hang_up

HOSTILE = ("<b>" * MAX_CHARACTERS)[:MAX_CHARACTERS]  # bleach would need minutes
LARGE = "<i>x</i> " * AT_ONCE


def cleaned(source: Source) -> str:
    return asyncio.run(cleaning.clean(source))


def test_a_process_of_its_own_answers_what_this_one_would() -> None:
    assert cleaned(Source(LARGE, "html", "bleach")) == clean(LARGE, "bleach")
    assert cleaned(Source("*é* " * AT_ONCE, "markdown", "nh3")) == markdown("*é* " * AT_ONCE, "nh3")


def test_what_takes_too_long_is_ended_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(scrubber, "SECONDS", 1.0)
    begin = time.monotonic()

    assert cleaned(Source(HOSTILE, "html", "bleach")) == NOT_SHOWN

    assert time.monotonic() - begin < 8
    assert "cleaning it took over 1 s" in caplog.text


def test_what_grows_too_large_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    assert cleaned(Source(GROWING, "html", "nh3")) == NOT_SHOWN
    assert "Expected at most 1000000 characters of HTML" in caplog.text


def test_a_process_that_cannot_start_or_fails_is_logged_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    monkeypatch.setattr(scrubber, "command", lambda: ["/nowhere/python"])
    assert cleaned(Source(LARGE, "html")) == NOT_SHOWN
    monkeypatch.undo()
    caplog.set_level(logging.ERROR)
    monkeypatch.setattr(scrubber, "environment", dict)
    monkeypatch.setattr(scrubber, "command", lambda: ["/bin/sh", "-c", "echo broken >&2; exit 1"])
    assert cleaned(Source(LARGE, "html")) == NOT_SHOWN

    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    assert "broken" in caplog.text


def test_the_process_learns_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPONENTS_SDK_SECRET", "hunter2")

    assert "hunter2" not in repr(scrubber.environment())


class Board(Served):
    """A page with a text that its button replaces, beside a dial."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.texts: queue.Queue[Markup] = queue.Queue()

    def home(self, page: Page) -> None:
        super().home(page)
        text = page.html("<i>small</i>")
        self.texts.put(text)

        @page.button("Post").on_click
        def _() -> None:
            text.source = self.source


async def connected(board: Served) -> WebSocketClientConnection:
    cookie, url = await asyncio.to_thread(board.open)
    return await board.connect(url, Cookie=cookie)


async def first(socket: Any) -> list[Any]:
    return received(await asyncio.wait_for(socket.read_message(), 30))


def of(kind: str, messages: list[Any]) -> str:
    return str(
        next(each.id for each in messages if isinstance(each, Element) and each.kind == kind)
    )


def test_other_sessions_go_on_while_a_hostile_source_is_cleaned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scrubber, "SECONDS", 4.0)
    board = Board(HOSTILE)

    async def visit() -> tuple[list[float], list[Any]]:
        posting = await connected(board)
        honest = await connected(board)
        posted, shown = await first(posting), await first(honest)
        await posting.write_message(sent(Press(element=of("button", posted))), binary=True)
        answer = asyncio.ensure_future(posting.read_message())
        dial = next(each.id for each in shown if isinstance(each, Mount))
        times = []
        turn = 0
        while not answer.done():
            begin = time.monotonic()
            value = msgspec.Raw(str(turn).encode())
            await honest.write_message(sent(SetValue(frame=dial, value=value)), binary=True)
            assert await asyncio.to_thread(board.values.get, True, 10) == turn
            times.append(time.monotonic() - begin)
            turn += 1
        messages = received(answer.result())  # type: ignore[arg-type]
        await hang_up(posting)
        await hang_up(honest)
        return times, messages

    with board.running:
        times, messages = asyncio.run(visit())

    assert messages == [Change(element=messages[0].element, text=NOT_SHOWN)]
    assert sum(times) > 2  # the cleaning went on all the while
    assert len(times) > 20
    assert sorted(times)[len(times) // 2] < 0.1


def test_a_large_text_stands_empty_at_first_and_is_filled_in() -> None:
    class Large(Served):
        def home(self, page: Page) -> None:
            page.html(LARGE)

    board = Large()

    async def visit() -> tuple[list[Any], list[Any]]:
        socket = await connected(board)
        both = await first(socket), await first(socket)
        await hang_up(socket)
        return both

    with board.running:
        [element], [change] = asyncio.run(visit())

    assert (element.kind, element.text) == ("html", "")
    assert change == Change(element=element.id, text=clean(LARGE))
