"""One synchronous interface over three real browsers: Chromium, Firefox, WebKitGTK.

Rules that hold in all three:

1. ``launch(name)`` starts a browser; ``new_tab()`` gives a page in a context of its own.
2. JavaScript is the source of a *function*; it is called with the arguments, a promise is awaited,
   and what it returns comes back as JSON. It runs in the page's own world, whatever its CSP.
3. Clicks, keys and pointers are the driver's real input: they are trusted and grant user
   activation. Coordinates are CSS pixels from the element's top left corner.
4. ``frame(selector)`` means "the document now inside that iframe"; it is looked up on each call, so
   it survives a reload of the frame. Opaque and cross-origin frames are no obstacle.
5. Whatever waits has a limit and says on failure what it waited for.
6. A dialog is dismissed (a beforeunload accepted) and noted in ``tab.dialogs``.

What an engine cannot do raises ``EngineCannot``; it never passes in silence.

    >>> with launch("firefox") as engine:                                    # doctest: +SKIP
    ...     tab = engine.new_tab()
    ...     tab.goto("http://localhost:8000/")
    ...     frame = tab.frame("iframe")
    ...     frame.click("button")
    ...     frame.wait_for("() => document.querySelector('output').textContent === '1'")

Playwright and selenium are imported when a browser is launched, never before.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias

from components_sdk.errors import TestingError

ENGINES: tuple[str, ...] = ("chromium", "firefox", "webkit")

ACTION_SECONDS = 10.0  # a click waits this long for its element
SCRIPT_SECONDS = 30.0  # a script may take this long
POLL_SECONDS = 0.02
VIEWPORT = (1280, 720)  # CSS pixels of a new tab

Points: TypeAlias = Sequence[tuple[float, float]]
Theme: TypeAlias = Literal["dark", "light"]

# What a page's JavaScript returns is JSON of any shape: only the caller knows which.
Json: TypeAlias = Any


class EngineError(TestingError):
    """A browser did not do what it was asked to."""

    code = "engine"


class EngineMissing(EngineError):  # noqa: N818
    """The browser is not installed."""

    code = "engine-missing"


class EngineCannot(EngineError):  # noqa: N818
    """This engine's driver has no way to do it."""

    code = "engine-cannot"


class Unmet(EngineError, AssertionError):  # noqa: N818
    """A condition did not come true in time."""

    code = "engine-unmet"


@dataclass(frozen=True)
class Found:
    """A browser on this machine."""

    name: str
    path: str
    version: str
    driver: Literal["playwright", "bidi", "webdriver"]


class Scope(ABC):
    """A document that can be asked and operated: the page of a tab, or a frame in it."""

    def evaluate(self, js: str, *args: Json) -> Json:
        """Call the JavaScript function ``js`` with ``args``; a promise is awaited."""
        return self.evaluate_within(SCRIPT_SECONDS, js, *args)

    @abstractmethod
    def evaluate_within(self, seconds: float, js: str, *args: Json) -> Json:
        """The same with a limit of its own, for documents that may hang."""

    @abstractmethod
    def click(self, selector: str) -> None:
        """Click the middle of the element, once it is there and visible."""

    def wait_for(self, js: str, *args: Json, timeout: float = 10) -> Json:
        """Call ``js`` until it returns something truthy, and return that."""
        end = time.monotonic() + timeout

        def ask() -> Json:
            # A document that hangs must not hold the caller longer than that.
            return self.evaluate_within(max(1.0, end - time.monotonic()), js, *args)

        return poll(ask, timeout, what=f"{js} {_shown(args)}".rstrip())

    def text(self, selector: str) -> str:
        """The text of the element as the user sees it, once the element is there."""
        self.wait_for(_PRESENT, selector)
        return str(self.evaluate(_TEXT, selector))

    def count(self, selector: str) -> int:
        """How many elements match now."""
        return int(self.evaluate("s => document.querySelectorAll(s).length", selector))

    def attribute(self, selector: str, name: str) -> str | None:
        """An attribute of the element, once the element is there; None if it has none."""
        self.wait_for(_PRESENT, selector)
        value = self.evaluate("(s, n) => document.querySelector(s).getAttribute(n)", selector, name)
        return None if value is None else str(value)


class FrameHandle(Scope):
    """The document inside an iframe of the page; looked up anew on each call."""

    @abstractmethod
    def click_at(self, selector: str, x: float, y: float) -> None:
        """Click ``x``, ``y`` CSS pixels from the element's top left corner."""

    @abstractmethod
    def drag(self, selector: str, points: Points) -> None:
        """Press the mouse at the first point, move through the others, release at the last."""

    @abstractmethod
    def touch_drag(self, selector: str, points: Points) -> None:
        """The same with one finger."""

    @abstractmethod
    def press(self, selector: str, key: str) -> None:
        """Focus the element and press ``key`` ("a", "Enter", "ArrowRight", "Shift+Tab")."""

    @abstractmethod
    def fill(self, selector: str, text: str) -> None:
        """Replace the text of a field."""

    @abstractmethod
    def upload(self, selector: str, path: str | Path) -> None:
        """Choose a file in an ``<input type=file>``."""

    def select(self, selector: str, value: str) -> None:
        """Choose an option by its value.

        No driver opens the native list: the value is set and ``input`` and ``change`` are fired,
        which is what Playwright does as well.
        """
        self.wait_for(_PRESENT, selector)
        if not self.evaluate(_SELECT, selector, value):
            raise EngineError(f"Expected an option with value {value!r}", where=selector)


class Tab(Scope):
    """A page in a context of its own.

    ``dialogs``, ``popups`` and ``downloads`` are what the browser tells, not the page: a page can
    neither fake nor hide them.
    """

    @property
    @abstractmethod
    def dialogs(self) -> list[str]:
        """What alert, confirm, prompt and beforeunload showed, as ``"alert: text"``.

        WebKit's driver does not tell the kind: ``"dialog: text"``.
        """

    @property
    @abstractmethod
    def downloads(self) -> list[str]:
        """The URLs of downloads that began; in WebKit only their file names are known."""

    @property
    @abstractmethod
    def popups(self) -> int:
        """How many windows or tabs the page opened."""

    @property
    def lookups(self) -> list[str]:
        """The names that the whole browser asked name servers for (see lookups.py).

        Chromium tells them with ``background_networking`` only, WebKit never.
        """
        return []

    @property
    @abstractmethod
    def url(self) -> str: ...

    @abstractmethod
    def goto(self, url: str) -> None:
        """Navigate, and wait for the ``load`` event."""

    def title(self) -> str:
        return str(self.evaluate("() => document.title"))

    @abstractmethod
    def frame(self, selector: str) -> FrameHandle:
        """The document inside the iframe that matches ``selector`` in the top page."""

    @abstractmethod
    def type(self, selector: str, text: str) -> None:
        """Click the element and type ``text`` key by key."""

    @abstractmethod
    def press(self, key: str) -> None:
        """Press a key; it goes to whatever has the focus, in a frame or not."""

    @abstractmethod
    def screenshot(self, path: str | Path) -> None:
        """Write what the viewport shows as PNG."""

    @abstractmethod
    def set_viewport(self, width: int, height: int) -> None: ...

    @abstractmethod
    def emulate_theme(self, theme: Theme) -> None:
        """Make ``prefers-color-scheme`` say ``theme``."""

    @abstractmethod
    def cookies(self) -> list[dict[str, Json]]:
        """Cookies of this tab's context, HttpOnly ones too (``name``, ``value``, ``domain`` ...).

        WebKit's driver tells only those of the current page.
        """

    @abstractmethod
    def go_back(self) -> None: ...

    @abstractmethod
    def reload(self) -> None: ...

    @abstractmethod
    def close(self) -> None: ...


class Engine(ABC):
    """A running browser; a context manager."""

    name: str
    version: str

    @abstractmethod
    def new_tab(self) -> Tab:
        """A page that shares no cookies with other tabs (see ``launch`` for the exception)."""

    @abstractmethod
    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def launch(name: str, *, background_networking: bool = False) -> Engine:
    """Start a browser.

    Args:
        name: One of ``ENGINES``.
        background_networking: Let preconnect and dns-prefetch happen. Chromium does neither in
            an incognito-like context nor with ``--disable-background-networking``, so all tabs
            then share the profile's one context, and its cookies. The others always do both.
    """
    found = find(name)
    if found is None:
        raise EngineMissing(f"Expected {name} to be installed", hint=INSTALL[name])
    if found.driver == "playwright":
        from components_sdk.testing.playwright_engine import PlaywrightEngine

        return PlaywrightEngine(found, background_networking=background_networking)
    if found.driver == "bidi":
        from components_sdk.testing.firefox_engine import FirefoxEngine

        return FirefoxEngine(found)
    from components_sdk.testing.webkit_engine import WebKitEngine

    return WebKitEngine(found)


def find(name: str) -> Found | None:
    """Which browser ``launch(name)`` would start, or None; starts nothing but ``--version``."""
    if name == "chromium":
        if path := _first_on_path("chromium", "chromium-browser", "google-chrome"):
            return Found(name, path, _version_of(path), "playwright")
        return _playwrights_own(name, "chromium-*/chrome-linux*/chrome")
    if name == "firefox":
        if path := _first_on_path("firefox-esr", "firefox"):
            return Found(name, path, _version_of(path), "bidi")
        return _playwrights_own(name, "firefox-*/firefox/firefox")
    if name == "webkit":
        browser = next((p for pattern in _MINIBROWSERS for p in sorted(glob.glob(pattern))), None)
        # The Xvfb is as necessary as the browser: MiniBrowser has no headless mode.
        if browser and shutil.which("WebKitWebDriver") and shutil.which("Xvfb"):
            return Found(name, browser, _webkit_version(browser), "webdriver")
        return None
    raise EngineError(f"Expected one of {', '.join(ENGINES)}, got {name!r}")


def poll(ask: Callable[[], Json], timeout: float, *, what: str) -> Json:
    """Ask until the answer is truthy; the one place that sleeps.

    Errors count as "not yet", since a page that is just navigating cannot be asked; the last one
    is told when time is up.
    """
    end = time.monotonic() + timeout
    last: object = None
    while True:
        try:
            if last := ask():
                return last
        except EngineCannot:
            raise
        except EngineError as error:
            last = error
        if time.monotonic() > end:
            raise Unmet(f"Expected within {timeout:g} s: {what}; last came {last!r}")
        time.sleep(POLL_SECONDS)


def _shown(args: tuple[Json, ...]) -> str:
    return "called with " + ", ".join(repr(arg)[:200] for arg in args) if args else ""


def _first_on_path(*names: str) -> str | None:
    return next((path for name in names if (path := shutil.which(name))), None)


def _playwrights_own(name: str, pattern: str) -> Found | None:
    root = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache/ms-playwright")
    path = max((str(p) for p in root.glob(pattern)), default=None)
    return Found(name, path, _version_of(path), "playwright") if path else None


def _version_of(path: str) -> str:
    said = _output_of(path, "--version")
    match = re.search(r"\d+(\.\d+)+", said)
    return match[0] if match else "unknown"


def _webkit_version(browser: str) -> str:
    # MiniBrowser needs a display to say its version, so Debian is asked instead.
    if shutil.which("dpkg-query") is None:
        return "unknown"
    said = _output_of("dpkg-query", "-W", "-f", "${Version}", "webkit2gtk-driver")
    return said.split("-")[0] or "unknown"


def _output_of(*command: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - browsers and dpkg of this machine
            command, capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


_MINIBROWSERS = (
    "/usr/lib/*/webkit2gtk-4.1/MiniBrowser",  # Debian, any architecture
    "/usr/lib/*/webkitgtk-6.0/MiniBrowser",
    "/usr/libexec/webkit2gtk-4.1/MiniBrowser",  # Fedora
    "/usr/lib/webkit2gtk-4.1/MiniBrowser",  # Arch
)

INSTALL = {
    "chromium": "apt-get install chromium (or: playwright install chromium)",
    "firefox": "apt-get install firefox-esr (or: playwright install firefox)",
    "webkit": "apt-get install webkit2gtk-driver xvfb",
}

_PRESENT = "s => document.querySelector(s) !== null"

_TEXT = """s => {
  const element = document.querySelector(s);
  return element.innerText ?? element.textContent;  // SVG has no innerText
}"""

_SELECT = """(s, value) => {
  const list = document.querySelector(s);
  if (![...list.options].some(option => option.value === value)) return false;
  list.focus();
  list.value = value;
  list.dispatchEvent(new Event("input", {bubbles: true, composed: true}));
  list.dispatchEvent(new Event("change", {bubbles: true}));
  return true;
}"""
