"""Chromium by Playwright (and Playwright's own Firefox, where no stock Firefox is installed).

Playwright's asynchronous API runs on an event loop in a thread of its own, since its synchronous
one marks the calling thread as "inside a running loop" and would break every ``asyncio.run`` that
comes later in the same test session.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Literal, TypeVar

from playwright.async_api import (
    Browser,
    BrowserContext,
    Dialog,
    Download,
    ElementHandle,
    Error,
    Frame,
    Page,
    async_playwright,
)

from components_sdk.testing.engines import (
    ACTION_SECONDS,
    SCRIPT_SECONDS,
    VIEWPORT,
    Engine,
    EngineCannot,
    EngineError,
    Found,
    FrameHandle,
    Json,
    Points,
    Tab,
    Theme,
)
from components_sdk.testing.lookups import CHROMIUM, LookupLog

T = TypeVar("T")

_MS = ACTION_SECONDS * 1000

_NET_LOG = "net-log.json"  # in the profile
_CHROMIUM_ARGS = [
    "--no-sandbox",  # tests run as root in containers
    "--disable-gpu",
    "--disable-quic",
]


class _Loop:
    """An event loop in a thread; ``run`` waits for a coroutine from any other thread."""

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def run(self, doing: str, work: Coroutine[Any, Any, T], timeout: float = SCRIPT_SECONDS) -> T:
        future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, timeout), self.loop)
        try:
            return future.result()
        except TimeoutError:
            sentence = f"{self.engine}: {doing} did not end within {timeout:g} s"
            raise EngineError(sentence, code="engine-timeout") from None
        except Error as error:
            raise EngineError(f"{self.engine}: {doing}: {error.message}") from None

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


def _new_profile() -> str:
    """A folder for a profile whose settings about other sites are those of most users.

    Some distributions deny frames of other sites all storage: no attack on it has a control then.
    """
    folder = tempfile.mkdtemp(prefix="components-chromium-")
    preferences = Path(folder, "Default", "Preferences")
    preferences.parent.mkdir()
    preferences.write_text('{"profile": {"cookie_controls_mode": 0}}')
    return folder


class PlaywrightEngine(Engine):
    def __init__(self, found: Found, *, background_networking: bool) -> None:
        self.name = found.name
        self._shared: BrowserContext | None = None
        self._browser: Browser | None = None
        self._profile: str | None = None
        self._lookups: LookupLog | None = None
        self._loop = _Loop(found.name)
        try:
            self._loop.run("launch", self._launch(found, background_networking), 60)
        except BaseException:
            self.close()
            raise
        self.version = self._browser.version if self._browser else found.version

    async def _launch(self, found: Found, background_networking: bool) -> None:
        self._playwright = await async_playwright().start()
        if found.name == "firefox":
            self._browser = await self._playwright.firefox.launch(executable_path=found.path)
        elif not background_networking:
            self._browser = await self._playwright.chromium.launch(
                executable_path=found.path, args=_CHROMIUM_ARGS
            )
        else:
            self._profile = _new_profile()
            self._lookups = LookupLog(Path(self._profile), _NET_LOG, CHROMIUM)
            self._shared = await self._playwright.chromium.launch_persistent_context(
                self._profile,
                executable_path=found.path,
                # Debian's start script adds --disable-background-networking of its own, unless
                # remote extensions are enabled.
                args=[
                    *_CHROMIUM_ARGS,
                    "--enable-remote-extensions",
                    f"--log-net-log={self._profile}/{_NET_LOG}",
                ],
                ignore_default_args=["--disable-background-networking"],
            )

    def new_tab(self) -> PlaywrightTab:
        return self._loop.run("new tab", self._new_tab())

    async def _new_tab(self) -> PlaywrightTab:
        context = self._shared
        if context is None:
            if self._browser is None:
                raise EngineError("Expected a browser that has been started")
            context = await self._browser.new_context()
        owns_context = context is not self._shared
        tab = PlaywrightTab(self._loop, context, self._lookups, owns_context=owns_context)
        await tab._open()
        return tab

    def close(self) -> None:
        if self._loop.loop.is_closed():
            return
        try:
            self._loop.run("close", self._close(), 60)
        finally:
            self._loop.close()
            if self._profile:
                shutil.rmtree(self._profile, ignore_errors=True)

    async def _close(self) -> None:
        if self._shared:
            await self._shared.close()
        if self._browser:
            await self._browser.close()
        if hasattr(self, "_playwright"):
            await self._playwright.stop()


class PlaywrightTab(Tab):
    def __init__(
        self,
        loop: _Loop,
        context: BrowserContext,
        lookups: LookupLog | None,
        *,
        owns_context: bool,
    ) -> None:
        self._dialogs: list[str] = []
        self._downloads: list[str] = []
        self._popups = 0
        self._loop = loop
        self._context = context
        self._lookups = lookups
        self._owns_context = owns_context

    async def _open(self) -> None:
        self._page = await self._context.new_page()
        self._watch(self._page)
        await self._page.set_viewport_size({"width": VIEWPORT[0], "height": VIEWPORT[1]})

    def _watch(self, page: Page) -> None:
        page.on("dialog", self._on_dialog)
        page.on("download", self._on_download)
        page.on("popup", self._on_popup)

    def _on_popup(self, page: Page) -> None:
        self._popups += 1
        self._watch(page)

    async def _on_dialog(self, dialog: Dialog) -> None:
        self._dialogs.append(f"{dialog.type}: {dialog.message}")
        with contextlib.suppress(Error):  # the page may be gone by now
            if dialog.type == "beforeunload":
                await dialog.accept()  # no page may hold the test
            else:
                await dialog.dismiss()

    async def _on_download(self, download: Download) -> None:
        self._downloads.append(download.url)
        with contextlib.suppress(Error):
            await download.cancel()

    @property
    def dialogs(self) -> list[str]:
        return self._dialogs

    @property
    def downloads(self) -> list[str]:
        return self._downloads

    @property
    def popups(self) -> int:
        return self._popups

    @property
    def lookups(self) -> list[str]:
        return self._lookups.names() if self._lookups else []

    @property
    def url(self) -> str:
        return self._page.url

    def goto(self, url: str) -> None:
        self._loop.run(f"goto {url}", self._page.goto(url))

    def evaluate_within(self, seconds: float, js: str, *args: Json) -> Json:
        asking = self._page.evaluate(_called(js), list(args))
        return self._loop.run(f"evaluate {js}", asking, seconds)

    def frame(self, selector: str) -> PlaywrightFrame:
        return PlaywrightFrame(self._loop, self._context, self._page, selector)

    def click(self, selector: str) -> None:
        self._loop.run(f"click {selector}", self._page.click(selector, timeout=_MS))

    def type(self, selector: str, text: str) -> None:
        async def work() -> None:
            await self._page.click(selector, timeout=_MS)
            await self._page.keyboard.type(text)

        self._loop.run(f"type {selector}", work())

    def press(self, key: str) -> None:
        self._loop.run(f"press {key}", self._page.keyboard.press(key))

    def screenshot(self, path: str | Path) -> None:
        self._loop.run("screenshot", self._page.screenshot(path=path))

    def set_viewport(self, width: int, height: int) -> None:
        size = self._page.set_viewport_size({"width": width, "height": height})
        self._loop.run("set viewport", size)

    def emulate_theme(self, theme: Theme) -> None:
        self._loop.run("emulate theme", self._page.emulate_media(color_scheme=theme))

    def cookies(self) -> list[dict[str, Json]]:
        cookies = self._loop.run("cookies", self._context.cookies())
        return [dict(cookie) for cookie in cookies]

    def go_back(self) -> None:
        self._loop.run("go back", self._page.go_back())

    def reload(self) -> None:
        self._loop.run("reload", self._page.reload())

    def close(self) -> None:
        closing = self._context.close() if self._owns_context else self._page.close()
        self._loop.run("close tab", closing)


class PlaywrightFrame(FrameHandle):
    def __init__(self, loop: _Loop, context: BrowserContext, page: Page, selector: str) -> None:
        self._loop = loop
        self._context = context
        self._page = page
        self._selector = selector

    async def _iframe(self) -> ElementHandle:
        iframe = await self._page.wait_for_selector(self._selector, state="attached", timeout=_MS)
        if iframe is None:
            raise EngineError(f"Expected a frame {self._selector}, found none")
        return iframe

    async def _frame(self) -> Frame:
        return await _inside(await self._iframe())

    async def _on_page(self, selector: str, points: Points) -> list[tuple[float, float]]:
        """The points in the coordinates of the top page.

        Playwright's ``bounding_box`` forgets the border of a cross-process iframe.
        """
        iframe = await self._iframe()
        frame = await _inside(iframe)
        element = await frame.wait_for_selector(selector, timeout=_MS)
        if element is None:
            raise EngineError(f"Expected an element {selector} in the frame, found none")
        await element.scroll_into_view_if_needed(timeout=_MS)
        await iframe.evaluate(_POINTED)
        left, top = await iframe.evaluate(_CONTENT_CORNER)
        dx, dy = await element.evaluate(_CORNER)
        return [(left + dx + x, top + dy + y) for x, y in points]

    def evaluate_within(self, seconds: float, js: str, *args: Json) -> Json:
        async def work() -> Json:
            return await (await self._frame()).evaluate(_called(js), list(args))

        return self._loop.run(f"evaluate {js} in {self._selector}", work(), seconds)

    def click(self, selector: str) -> None:
        async def work() -> None:
            iframe = await self._iframe()
            await iframe.evaluate(_POINTED)
            await (await _inside(iframe)).click(selector, timeout=_MS)

        self._loop.run(f"click {selector} in {self._selector}", work())

    def click_at(self, selector: str, x: float, y: float) -> None:
        async def work() -> None:
            [(left, top)] = await self._on_page(selector, [(x, y)])
            await self._page.mouse.click(left, top)

        self._loop.run(f"click at {x}, {y} of {selector} in {self._selector}", work())

    def drag(self, selector: str, points: Points) -> None:
        async def work() -> None:
            mouse = self._page.mouse
            first, *others = await self._on_page(selector, points)
            await mouse.move(*first)
            await mouse.down()
            for point in others:
                await mouse.move(*point)
            await mouse.up()

        self._loop.run(f"drag {selector} in {self._selector}", work())

    def touch_drag(self, selector: str, points: Points) -> None:
        if self._loop.engine != "chromium":
            raise EngineCannot("Playwright's Firefox has no touch input")

        async def work() -> None:
            first, *others = await self._on_page(selector, points)
            session = await self._context.new_cdp_session(self._page)
            try:
                await _touch(session.send, "touchStart", first)
                for point in others:
                    await _touch(session.send, "touchMove", point)
                await _touch(session.send, "touchEnd", None)
            finally:
                await session.detach()

        self._loop.run(f"touch {selector} in {self._selector}", work())

    def press(self, selector: str, key: str) -> None:
        async def work() -> None:
            iframe = await self._iframe()
            frame = await _inside(iframe)
            await iframe.evaluate(_POINTED)
            await frame.press(selector, key, timeout=_MS)

        self._loop.run(f"press {key} at {selector} in {self._selector}", work())

    def fill(self, selector: str, text: str) -> None:
        async def work() -> None:
            iframe = await self._iframe()
            frame = await _inside(iframe)
            await iframe.evaluate(_POINTED)
            await frame.fill(selector, text, timeout=_MS)

        self._loop.run(f"fill {selector} in {self._selector}", work())

    def upload(self, selector: str, path: str | Path) -> None:
        async def work() -> None:
            await (await self._frame()).set_input_files(selector, path, timeout=_MS)

        self._loop.run(f"upload to {selector} in {self._selector}", work())


async def _inside(iframe: ElementHandle) -> Frame:
    frame = await iframe.content_frame()
    if frame is None:
        raise EngineError("Expected an iframe")
    return frame


def _called(js: str) -> str:
    return f"args => ({js})(...args)"


async def _touch(
    send: Any,  # CDPSession.send; its stub types params as a bare dict
    kind: Literal["touchStart", "touchMove", "touchEnd"],
    point: tuple[float, float] | None,
) -> None:
    touches = [{"x": point[0], "y": point[1]}] if point else []
    await send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


# A mouse that comes into a frame is told to the page first. Chromium's driver hands it to the
# frame's process alone (a real one was measured beside it); what the page does by it is missed.
_POINTED = "e => e.dispatchEvent(new PointerEvent('pointerover', { bubbles: true }))"

_CORNER = "e => { const r = e.getBoundingClientRect(); return [r.x, r.y] }"

_CONTENT_CORNER = """e => {
  const box = e.getBoundingClientRect();
  const style = getComputedStyle(e);
  return [
    box.x + e.clientLeft + parseFloat(style.paddingLeft),
    box.y + e.clientTop + parseFloat(style.paddingTop),
  ];
}"""
