"""Stock Firefox by WebDriver BiDi, without a driver in between.

Firefox speaks the protocol itself (``--remote-debugging-port``): JSON over one WebSocket.
Playwright speaks it too (``channel="moz-firefox"``), but sends every key and file to the top page's
process, so that none arrives in a cross-origin frame, and forbids preconnect by a preference. Here
each command names the frame's own browsing context, so keys, files and touches reach it; the mouse
goes through the browser's window, as a real one does.

    FirefoxEngine   a process with a profile of its own, thrown away at the end
    FirefoxTab      a window in a user context (a "container") of its own
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from components_sdk.testing.bidi import Connection, Message, decode, encode
from components_sdk.testing.engines import (
    ACTION_SECONDS,
    SCRIPT_SECONDS,
    VIEWPORT,
    Engine,
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
from components_sdk.testing.lookups import FIREFOX, LookupLog

_START_SECONDS = 60
_EVENTS = [
    "browsingContext.contextCreated",
    "browsingContext.downloadWillBegin",
    "browsingContext.userPromptOpened",
]


class FirefoxEngine(Engine):
    def __init__(self, found: Found) -> None:
        self.name = found.name
        self.version = found.version
        self._profile = Path(tempfile.mkdtemp(prefix="components-firefox-"))
        log = self._profile / "log"
        log.mkdir()
        lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in _PREFERENCES.items())
        (self._profile / "user.js").write_text("\n".join(lines))
        self._process = subprocess.Popen(  # noqa: S603
            [
                found.path,
                "--headless",
                "--remote-debugging-port=0",
                "--remote-allow-system-access",  # for prefers-color-scheme
                "--profile",
                str(self._profile),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "MOZ_LOG": "nsHostResolver:5,sync", "MOZ_LOG_FILE": f"{log}/names"},
        )
        self.lookups = LookupLog(log, "names*", FIREFOX)
        self._tabs: dict[str, FirefoxTab] = {}  # by context: of the page, its frames, its popups
        self.active: str | None = None  # the top context whose window is in front
        try:
            self.bidi = Connection(self._address(), self._on_event)
            wanted = {"alwaysMatch": {"unhandledPromptBehavior": {"default": "ignore"}}}
            session = self.bidi.ask("session.new", capabilities=wanted)
            self.version = session["capabilities"]["browserVersion"]
            self.bidi.ask("session.subscribe", events=_EVENTS)
            # They are told all the same, but do not end up in the user's folder.
            self.bidi.ask("browser.setDownloadBehavior", downloadBehavior={"type": "denied"})
        except BaseException:
            self.close()
            raise

    def _address(self) -> str:
        """Where Firefox listens; it writes that into its profile."""
        file = self._profile / "WebDriverBiDiServer.json"

        def ask() -> Message | None:
            if (code := self._process.poll()) is not None:
                return {"ended": code}
            try:
                told: Message = json.loads(file.read_text())
            except (OSError, ValueError):  # not yet there, or half written
                return None
            return told

        told = poll(ask, _START_SECONDS, what="Firefox to listen")
        if "ended" in told:
            raise EngineError(f"Expected Firefox to start, it ended with {told['ended']}")
        return f"ws://{told['ws_host']}:{told['ws_port']}/session"

    def _on_event(self, method: str, params: Message) -> None:
        """Called in the connection's thread, so it must not wait for answers."""
        context = params.get("context")
        if method == "browsingContext.userPromptOpened":
            accept = params["type"] == "beforeunload"  # no page may hold the test
            self.bidi.send("browsingContext.handleUserPrompt", context=context, accept=accept)
        if method == "browsingContext.contextCreated":
            self._on_context(params)
        elif tab := self._tabs.get(str(context)):
            tab.on_event(method, params)

    def _on_context(self, params: Message) -> None:
        """A frame or a popup: whose it is, and that a popup comes to the front."""
        is_popup = params.get("parent") is None
        owner = self._tabs.get(str(params.get("originalOpener" if is_popup else "parent")))
        if is_popup:
            self.active = None
        if owner:
            self._tabs[str(params["context"])] = owner
            if is_popup:
                owner.on_event("browsingContext.contextCreated", params)

    def new_tab(self) -> FirefoxTab:
        user_context = self.bidi.ask("browser.createUserContext")["userContext"]
        made = self.bidi.ask("browsingContext.create", type="window", userContext=user_context)
        tab = FirefoxTab(self, made["context"], user_context)
        self._tabs[tab.context] = tab
        tab.set_viewport(*VIEWPORT)
        return tab

    def forget(self, tab: FirefoxTab) -> None:
        """Its events are nobody's from now on."""
        self._tabs = {context: t for context, t in self._tabs.items() if t is not tab}

    def emulate_theme(self, context: str, theme: Theme) -> None:
        """BiDi has no command for it; the browser's own script has, as its DevTools use it."""
        told = self.bidi.ask("browsingContext.getTree", root=context, maxDepth=0)["contexts"]
        chrome: Message = {"moz:scope": "chrome"}
        windows = self.bidi.ask("browsingContext.getTree", **chrome)["contexts"]
        [window] = [w for w in windows if w["clientWindow"] == told[0]["clientWindow"]]
        self.call(window["context"], _SET_THEME, theme)

    def call(self, context: str, js: str, *args: Json, timeout: float = SCRIPT_SECONDS) -> Message:
        """Call a function in a document; the answer is a remote value."""
        answer = self.bidi.ask(
            "script.callFunction",
            timeout=timeout,
            functionDeclaration=js,
            arguments=[encode(arg) for arg in args],
            target={"context": context},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise EngineError(f"firefox: evaluate {js}: {answer['exceptionDetails']['text']}")
        result: Message = answer["result"]
        return result

    def close(self) -> None:
        if hasattr(self, "bidi"):
            self.bidi.send("browser.close")
        else:
            self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if hasattr(self, "bidi"):
            self.bidi.close()
        shutil.rmtree(self._profile, ignore_errors=True)


class FirefoxTab(Tab):
    def __init__(self, engine: FirefoxEngine, context: str, user_context: str) -> None:
        self.context = context
        self._engine = engine
        self._bidi = engine.bidi
        self._user_context = user_context
        self._dialogs: list[str] = []
        self._downloads: list[str] = []
        self._popups = 0

    @property
    def lookups(self) -> list[str]:
        return self._engine.lookups.names()

    def on_event(self, method: str, params: Message) -> None:
        if method == "browsingContext.userPromptOpened":
            self._dialogs.append(f"{params['type']}: {params['message']}")
        elif method == "browsingContext.downloadWillBegin":
            self._downloads.append(params["url"])
        elif method == "browsingContext.contextCreated":
            self._popups += 1

    def child(self, selector: str) -> str:
        """The browsing context inside an iframe, once the iframe is there."""

        def ask() -> str | None:
            remote = self._engine.call(self.context, _CONTENT_WINDOW, selector)
            return str(remote["value"]["context"]) if remote["type"] == "window" else None

        return str(poll(ask, ACTION_SECONDS, what=f"an iframe {selector}"))

    def element(self, context: str, selector: str) -> tuple[float, float, float, float]:
        """Scroll the element into view, once it is visible; its box in its document's viewport."""
        what = f"a visible element {selector}"
        ask = lambda: decode(self._engine.call(context, _BOX, selector))  # noqa: E731
        x, y, width, height = poll(ask, ACTION_SECONDS, what=what)
        return x, y, width, height

    def act(self, context: str, source: Message) -> None:
        """Perform what an input source does, in the window that shows the context."""
        if self._engine.active != self.context:
            self._bidi.ask("browsingContext.activate", context=self.context)
            self._engine.active = self.context
        self._bidi.ask("input.performActions", context=context, actions=[source])

    def pointer(self, context: str, kind: str, points: Points) -> None:
        """Press at the first point, move through the others, release at the last."""
        first, *others = [
            {"type": "pointerMove", "x": x, "y": y, "duration": 20} for x, y in points
        ]
        down = {"type": "pointerDown", "button": 0}
        up = {"type": "pointerUp", "button": 0}
        source = {
            "type": "pointer",
            "id": kind,  # a source keeps the type that it had first
            "parameters": {"pointerType": kind},
            "actions": [first, down, *others, up],
        }
        self.act(context, source)

    def click_in(self, context: str, selector: str) -> None:
        x, y, width, height = self.element(context, selector)
        self.pointer(context, "mouse", [(x + width / 2, y + height / 2)])

    def hover_in(self, context: str, selector: str) -> None:
        """Move the mouse there, or the page would take the keyboard for stolen."""
        x, y, width, height = self.element(context, selector)
        move = {"type": "pointerMove", "x": x + width / 2, "y": y + height / 2, "duration": 20}
        mouse = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}}
        self.act(context, {**mouse, "actions": [move]})

    def keys(self, context: str, keys: list[str]) -> None:
        """Press each of the keys, as in ``["a", "Enter", "Shift+Tab"]``."""
        actions: list[Message] = []
        for key in keys:
            values = chord(key)
            actions += [{"type": "keyDown", "value": value} for value in values]
            actions += [{"type": "keyUp", "value": value} for value in reversed(values)]
        self.act(context, {"type": "key", "id": "keyboard", "actions": actions})

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
    def url(self) -> str:
        tree = self._bidi.ask("browsingContext.getTree", root=self.context, maxDepth=0)
        return str(tree["contexts"][0]["url"])

    def goto(self, url: str) -> None:
        self._bidi.ask("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def evaluate_within(self, seconds: float, js: str, *args: Json) -> Json:
        return decode(self._engine.call(self.context, js, *args, timeout=seconds))

    def frame(self, selector: str) -> FirefoxFrame:
        return FirefoxFrame(self._engine, self, selector)

    def click(self, selector: str) -> None:
        self.click_in(self.context, selector)

    def type(self, selector: str, text: str) -> None:
        self.click(selector)
        self.keys(self.context, list(text))

    def press(self, key: str) -> None:
        # A key is dispatched in one document's process: the one that has the focus.
        context = self.context
        while (focused := self._engine.call(context, _FOCUSED_WINDOW))["type"] == "window":
            context = focused["value"]["context"]
        self.keys(context, [key])

    def screenshot(self, path: str | Path) -> None:
        shot = self._bidi.ask("browsingContext.captureScreenshot", context=self.context)
        Path(path).write_bytes(base64.b64decode(shot["data"]))

    def set_viewport(self, width: int, height: int) -> None:
        size = {"width": width, "height": height}
        self._bidi.ask("browsingContext.setViewport", context=self.context, viewport=size)

    def emulate_theme(self, theme: Theme) -> None:
        self._engine.emulate_theme(self.context, theme)
        self.wait_for("theme => matchMedia(`(prefers-color-scheme: ${theme})`).matches", theme)

    def cookies(self) -> list[dict[str, Json]]:
        partition = {"type": "storageKey", "userContext": self._user_context}
        told = self._bidi.ask("storage.getCookies", partition=partition)["cookies"]
        return [cookie | {"value": cookie["value"]["value"]} for cookie in told]

    def go_back(self) -> None:
        self._bidi.ask("browsingContext.traverseHistory", context=self.context, delta=-1)

    def reload(self) -> None:
        self._bidi.ask("browsingContext.reload", context=self.context, wait="complete")

    def close(self) -> None:
        self._engine.forget(self)
        # Closes its windows as well, popups included.
        self._bidi.ask("browser.removeUserContext", userContext=self._user_context)


class FirefoxFrame(FrameHandle):
    def __init__(self, engine: FirefoxEngine, tab: FirefoxTab, selector: str) -> None:
        self._engine = engine
        self._tab = tab
        self._selector = selector

    @property
    def _context(self) -> str:
        return self._tab.child(self._selector)

    def _points(self, context: str, selector: str, points: Points) -> Points:
        left, top, _, _ = self._tab.element(context, selector)
        return [(left + x, top + y) for x, y in points]

    def evaluate_within(self, seconds: float, js: str, *args: Json) -> Json:
        return decode(self._engine.call(self._context, js, *args, timeout=seconds))

    def click(self, selector: str) -> None:
        self._tab.click_in(self._context, selector)

    def click_at(self, selector: str, x: float, y: float) -> None:
        self.drag(selector, [(x, y)])

    def drag(self, selector: str, points: Points) -> None:
        context = self._context
        self._tab.pointer(context, "mouse", self._points(context, selector, points))

    def touch_drag(self, selector: str, points: Points) -> None:
        context = self._context
        self._tab.pointer(context, "touch", self._points(context, selector, points))

    def press(self, selector: str, key: str) -> None:
        context = self._context
        self._tab.hover_in(context, selector)
        self._engine.call(context, "s => document.querySelector(s).focus()", selector)
        self._tab.keys(context, [key])

    def fill(self, selector: str, text: str) -> None:
        context = self._context
        self._tab.hover_in(context, selector)
        self._engine.call(context, "s => document.querySelector(s).focus()", selector)
        self._engine.call(context, "s => document.querySelector(s).select()", selector)
        self._tab.keys(context, list(text) or ["Delete"])

    def upload(self, selector: str, path: str | Path) -> None:
        context = self._context
        self.wait_for("s => document.querySelector(s) !== null", selector, timeout=ACTION_SECONDS)
        node = self._engine.call(context, "s => document.querySelector(s)", selector)
        self._engine.bidi.ask(
            "input.setFiles",
            context=context,
            element={"sharedId": node["sharedId"]},
            files=[str(Path(path).resolve())],
        )


_CONTENT_WINDOW = "s => document.querySelector(s)?.contentWindow ?? null"

_FOCUSED_WINDOW = """() => {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  return focused?.contentWindow ?? null;
}"""

# A box counts once it is the same twice and its middle can be seen: a frame that is still
# growing with its content would let the click fall on the page below it.
_BOX = """s => {
  const element = document.querySelector(s);
  if (!element?.checkVisibility({visibilityProperty: true})) return null;
  element.scrollIntoView({block: "nearest", inline: "nearest", behavior: "instant"});
  const {x, y, width, height} = element.getBoundingClientRect();
  const box = [x, y, width, height];
  const before = element.__box;
  element.__box = String(box);
  const seen = y + height / 2 < innerHeight && x + width / 2 < innerWidth;
  return seen && before === String(box) ? box : null;
}"""

_SET_THEME = """theme => {
  gBrowser.selectedBrowser.browsingContext.prefersColorSchemeOverride = theme;
}"""

# Firefox sets many more by itself when it is remote controlled (RecommendedPreferences.sys.mjs).
_PREFERENCES: dict[str, bool | int | str] = {
    "browser.aboutwelcome.enabled": False,
    "browser.startup.page": 0,  # blank
    "dom.security.featurePolicy.webidl.enabled": True,  # tests ask document.featurePolicy
    "media.peerconnection.ice.loopback": True,  # so that a canary on 127.0.0.1 is reached
    "remote.events.async.mouse.enabled": True,  # by the browser's window, into any process
    "remote.events.async.wheel.enabled": True,
}
