"""WebKitGTK by WebDriver: MiniBrowser, WebKitWebDriver and an Xvfb of their own.

A WebKitWebDriver holds one session, and a session is one browser process with one ephemeral
context. So a tab here is a WebKitWebDriver of its own with its MiniBrowser; the Xvfb is shared.

Its driver tells nothing by itself: a dialog is noticed, and dismissed, with the next command. It
has no way to change ``prefers-color-scheme`` of a running browser, and makes mouse events of
touches. All frames share one web process: where one hangs, nothing can be asked until the tab is
closed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import urllib3
from selenium.common.exceptions import (
    NoAlertPresentException,
    NoSuchFrameException,
    StaleElementReferenceException,
    UnexpectedAlertPresentException,
    WebDriverException,
)
from selenium.webdriver import Remote
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.file_detector import UselessFileDetector
from selenium.webdriver.remote.remote_connection import RemoteConnection
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.webkitgtk.options import Options
from selenium.webdriver.webkitgtk.service import Service

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
    poll,
)
from components_sdk.testing.keys import chord

_START_SECONDS = 60


class WebKitEngine(Engine):
    def __init__(self, found: Found) -> None:
        self.name = found.name
        self.version = found.version
        self._found = found
        self._tabs: list[WebKitTab] = []
        self._xvfb, self._display = _start_xvfb()

    def new_tab(self) -> WebKitTab:
        tab = WebKitTab(self._found, self._display)
        self.version = tab.version
        self._tabs = [*(t for t in self._tabs if not t.closed), tab]
        return tab

    def close(self) -> None:
        for tab in self._tabs:
            tab.close()
        self._tabs = []
        self._xvfb.terminate()
        self._xvfb.wait()


def _start_xvfb() -> tuple[subprocess.Popen[bytes], str]:
    """Xvfb picks a free display and writes its number into the pipe once it is ready."""
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1920x1200x24"]
    with open(reader, "rb") as pipe:
        try:
            xvfb = subprocess.Popen(  # noqa: S603
                [*command, "-nolisten", "tcp", "-noreset"],
                pass_fds=[writer],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        finally:
            os.close(writer)
        number = pipe.readline().decode().strip()
    if not number:
        raise EngineError(f"Expected Xvfb to start, it ended with {xvfb.wait()}")
    return xvfb, f":{number}"


class WebKitTab(Tab):
    def __init__(self, found: Found, display: str) -> None:
        self.closed = False
        self._dialogs: list[str] = []
        options = Options()
        options.binary_location = found.path
        options.add_argument("--automation")
        # Left open, so that they can be noted before they are dismissed.
        options.set_capability("unhandledPromptBehavior", "ignore")
        driver = shutil.which("WebKitWebDriver")
        self._home = tempfile.mkdtemp(prefix="components-webkit-")
        # Without a language, navigator.language is "C", which Intl refuses.
        language = {"LANG": "en_US.UTF-8", "LC_ALL": ""}
        env = {**os.environ, **language, "DISPLAY": display, "HOME": self._home}
        self._service = Service(driver, env=env, popen_kw={"start_new_session": True})
        self._service.start()
        try:
            # selenium's own WebKitGTK class connects in a way that selenium deprecates.
            self._client = ClientConfig(
                self._service.service_url,
                init_args_for_pool_manager={"init_args_for_pool_manager": {"retries": False}},
            )
            self._client.timeout = _START_SECONDS
            self.driver = Remote(RemoteConnection(client_config=self._client), options=options)
            self.driver.file_detector = UselessFileDetector()  # paths are of this machine
            self.driver.set_script_timeout(SCRIPT_SECONDS)
            self.driver.set_page_load_timeout(SCRIPT_SECONDS)
            self.set_viewport(*VIEWPORT)
        except BaseException:
            self._stop()
            raise
        self.version = str(self.driver.capabilities["browserVersion"])

    def _stop(self) -> None:
        self._service.stop()
        # A page that hangs may outlive its browser.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._service.process.pid, signal.SIGKILL)
        shutil.rmtree(self._home, ignore_errors=True)

    @contextlib.contextmanager
    def doing(
        self, what: str, frame: str | None = None, seconds: float = SCRIPT_SECONDS
    ) -> Iterator[Remote]:
        """Enter the page or a frame of it, and tell the driver's errors as ours."""
        self._client.timeout = seconds + 1  # for the answer to one command
        try:
            self._note_dialogs()
            self.driver.switch_to.default_content()
            if frame is not None:
                self.driver.switch_to.frame(self.element(frame, visible=False))
            yield self.driver
        except NoSuchFrameException:
            raise EngineError("Expected an iframe", where=str(frame)) from None
        except UnexpectedAlertPresentException:
            self._note_dialogs()
            raise EngineError(f"webkit: {what}: interrupted by a dialog") from None
        except urllib3.exceptions.ReadTimeoutError:
            sentence = f"webkit: {what} did not end within {seconds:g} s"
            raise EngineError(sentence, code="engine-timeout") from None
        except urllib3.exceptions.HTTPError as error:
            raise EngineError(f"webkit: {what}: the driver is gone: {error}") from None
        except WebDriverException as error:
            raise EngineError(f"webkit: {what}: {error.msg}") from None

    def _note_dialogs(self) -> None:
        with contextlib.suppress(NoAlertPresentException):
            while True:
                alert = self.driver.switch_to.alert
                self._dialogs.append(f"dialog: {alert.text}")
                alert.dismiss()

    def element(self, selector: str, *, visible: bool = True) -> WebElement:
        """The element in the document entered, once it is there."""

        def ask() -> WebElement | None:
            with contextlib.suppress(StaleElementReferenceException):
                for element in self.driver.find_elements(By.CSS_SELECTOR, selector)[:1]:
                    if not visible or element.is_displayed():
                        return element
            return None

        kind = "a visible element" if visible else "an element"
        found = poll(ask, ACTION_SECONDS, what=f"{kind} {selector}")
        if not isinstance(found, WebElement):
            raise EngineError(f"Expected {kind} {selector}, got {type(found).__name__}")
        return found

    def run(self, js: str, args: tuple[Json, ...]) -> Json:
        """Call a function in the document entered."""
        answer = self.driver.execute_async_script(_CALL % js, list(args))
        if answer is None:  # what the driver says when the script opened a dialog
            raise EngineError(f"webkit: evaluate {js}: interrupted by a dialog")
        if "error" in answer:
            raise EngineError(f"webkit: evaluate {js}: {answer['error']}")
        return answer["value"]

    def mouse(self, element: WebElement, points: Points) -> None:
        """Press at the first point, move through the others, release at the last."""
        size = element.rect
        # WebDriver measures from the element's middle.
        offsets = [(round(x - size["width"] / 2), round(y - size["height"] / 2)) for x, y in points]
        chain = ActionChains(self.driver, duration=20)  # ms per move
        chain.move_to_element_with_offset(element, *offsets[0]).click_and_hold()
        for offset in offsets[1:]:
            chain.move_to_element_with_offset(element, *offset)
        chain.release().perform()

    @property
    def dialogs(self) -> list[str]:
        with self.doing("dialogs"):
            return self._dialogs

    @property
    def downloads(self) -> list[str]:
        # MiniBrowser asks nobody and writes them into its home.
        return [file.name for file in Path(self._home).glob("[!.]*")]

    @property
    def popups(self) -> int:
        return len(self.driver.window_handles) - 1

    @property
    def url(self) -> str:
        with self.doing("url"):
            return str(self.driver.current_url)

    def goto(self, url: str) -> None:
        with self.doing(f"goto {url}"):
            self.driver.get(url)

    def evaluate_within(self, seconds: float, js: str, *args: Json) -> Json:
        with self.doing(f"evaluate {js}", seconds=seconds):
            return self.run(js, args)

    def frame(self, selector: str) -> WebKitFrame:
        return WebKitFrame(self, selector)

    def click(self, selector: str) -> None:
        with self.doing(f"click {selector}"):
            self.element(selector).click()

    def type(self, selector: str, text: str) -> None:
        with self.doing(f"type {selector}"):
            element = self.element(selector)
            element.click()
            element.send_keys(text)

    def press(self, key: str) -> None:
        with self.doing(f"press {key}"):
            press_chord(self.driver, key)

    def screenshot(self, path: str | Path) -> None:
        with self.doing("screenshot"):
            Path(path).write_bytes(self.driver.get_screenshot_as_png())

    def set_viewport(self, width: int, height: int) -> None:
        with self.doing("set viewport"):
            # Only the outer size can be set, the page follows some frames later, and the first
            # time the toolbar takes some more: so it is set again until it fits.
            def fits() -> bool:
                inner = self.run("() => [innerWidth, innerHeight]", ())
                if inner == [width, height]:
                    return True
                outer = self.driver.get_window_size()
                self.driver.set_window_size(
                    outer["width"] + width - inner[0], outer["height"] + height - inner[1]
                )
                return False

            poll(fits, ACTION_SECONDS, what=f"a viewport of {width} x {height}")

    def emulate_theme(self, theme: Theme) -> None:
        raise EngineCannot(f"WebKitGTK's driver cannot switch to {theme}")

    def cookies(self) -> list[dict[str, Json]]:
        with self.doing("cookies"):
            return [dict(cookie) for cookie in self.driver.get_cookies()]

    def go_back(self) -> None:
        with self.doing("go back"):
            self.driver.back()

    def reload(self) -> None:
        with self.doing("reload"):
            self.driver.refresh()

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            try:
                self.driver.quit()
            finally:
                self._stop()


class WebKitFrame(FrameHandle):
    def __init__(self, tab: WebKitTab, selector: str) -> None:
        self._tab = tab
        self._selector = selector

    def _doing(
        self, what: str, seconds: float = SCRIPT_SECONDS
    ) -> contextlib.AbstractContextManager[Remote]:
        return self._tab.doing(f"{what} in {self._selector}", self._selector, seconds)

    def evaluate_within(self, seconds: float, js: str, *args: Json) -> Json:
        with self._doing(f"evaluate {js}", seconds):
            return self._tab.run(js, args)

    def click(self, selector: str) -> None:
        with self._doing(f"click {selector}"):
            self._tab.element(selector).click()

    def click_at(self, selector: str, x: float, y: float) -> None:
        self.drag(selector, [(x, y)])

    def drag(self, selector: str, points: Points) -> None:
        with self._doing(f"drag {selector}"):
            self._tab.mouse(self._tab.element(selector), points)

    def touch_drag(self, selector: str, points: Points) -> None:
        raise EngineCannot("WebKitGTK's driver turns touches into mouse events")

    def press(self, selector: str, key: str) -> None:
        with self._doing(f"press {key} at {selector}") as driver:
            element = self._tab.element(selector)
            driver.execute_script("arguments[0].focus()", element)
            press_chord(driver, key)

    def fill(self, selector: str, text: str) -> None:
        with self._doing(f"fill {selector}"):
            element = self._tab.element(selector)
            element.clear()
            element.send_keys(text)

    def upload(self, selector: str, path: str | Path) -> None:
        with self._doing(f"upload to {selector}"):
            self._tab.element(selector, visible=False).send_keys(str(Path(path).resolve()))


def press_chord(driver: Remote, key: str) -> None:
    keys = chord(key)
    chain = ActionChains(driver, duration=0)
    for value in keys:
        chain.key_down(value)
    for value in reversed(keys):
        chain.key_up(value)
    chain.perform()


_CALL = """
const done = arguments[arguments.length - 1];
Promise.resolve(arguments[0]).then(args => (%s)(...args)).then(
  value => done({value: value === undefined ? null : value}),
  error => done({error: String(error && error.stack ? error + "\\n" + error.stack : error)}));
"""
