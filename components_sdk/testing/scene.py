"""Scene: one run of one attack, and all that can be seen of it from outside the frame.

The frame's own word counts for two things only: that the payload began, without which nothing is
proven, and that it is through, so that nobody waits longer than needed. Whether it succeeded is
seen in the canary's log, in the browser by its driver, and on the app's Python side.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

import msgspec
from markdown_it import MarkdownIt

from ..component import Component
from ..declaration import Event, Value
from ..frontend import Inline, from_folder, from_inline
from ..grants import Request
from ..layout import Page
from .canary import Canary, Hit
from .engines import EngineError, Tab
from .running import RunningApp

if TYPE_CHECKING:
    from .attacks import Attack

PAYLOAD = "iframe:not([src*='bystander'])"
BYSTANDER = "iframe[src*='bystander']"
SHOWN = "/shown"

_ELSEWHERE = f"<script>onpageshow = () => navigator.sendBeacon('{SHOWN}')</script>"
_RAW = MarkdownIt("commonmark", {"html": True})  # what an app without a sanitiser would show
_RAW.validateLink = lambda url: True  # type: ignore[method-assign]
_TEMPLATE = (Path(__file__).parent / "payload.js").read_text("utf-8")


class Tampered(msgspec.Struct, frozen=True):
    """What becomes of a component's module after it was reviewed.

    Attributes:
        folder: Where its file lies; None if it is altered where it is served.
    """

    folder: Path | None = None
    module: str = ""

    def strike(self) -> None:
        """Change the file on the disk."""
        if self.folder:
            (self.folder / "main.js").write_text(self.module, "utf-8")


class Payload(Component):
    """Base of the components that attack; each attack has a class of its own."""

    tampered: ClassVar[Tampered] = Tampered()
    canary: str
    udp: int
    go: bool = False
    over: bool = False
    value: Value[str] = ""
    started: Event[str]
    done: Event[str]
    loot: Event[str]
    frontend = Inline(js="export default () => {};")


class Bystander(Component):
    """A component that means no harm: it shows what the app tells it, and tells it back."""

    label: str = "true"
    value: Value[str] = ""
    begun: Event[str]
    frontend = Inline(
        js="""
            export default ({ root, onArgs, emit, setValue }) => {
              onArgs(({ label }) => {
                root.textContent = label;
                setValue(label);
              });
              emit("begun", "");
            };
        """
    )


def payload_class(attack: Attack, requests: Sequence[Request] = ()) -> type[Payload]:
    """The component whose frontend is the attack, and which asks for these permissions."""
    js = _TEMPLATE.replace("/* MODULE */", attack.module).replace("/* PAYLOAD */", attack.payload)
    js = js.replace("/* TWIN */", attack.twin)
    reviewed = _TEMPLATE if attack.tamper else js
    name = "".join(map(str.title, attack.id.split("-")))
    body = {"frontend": Inline(js=reviewed), "__module__": __name__, "tampered": Tampered()}
    made = cast("type[Payload]", type(name, (Payload,), body))
    # Further files come from a folder else; the server does not know the difference.
    content = {name: text.encode() for name, text in attack.files.items()}
    frontend = msgspec.structs.replace(made.declaration.frontend, files=content)
    if attack.tamper == "disk":
        folder = Path(tempfile.mkdtemp(prefix="components-tampered-"))
        (folder / "main.js").write_text(reviewed, "utf-8")
        frontend = from_folder(folder)
        made.tampered = Tampered(folder=folder, module=js)
    elif attack.tamper == "served":
        made.tampered = Tampered(module=from_inline(Inline(js=js), name).module)
    manifest = msgspec.structs.replace(made.declaration.manifest, requests=tuple(requests))
    made.declaration = msgspec.structs.replace(
        made.declaration, frontend=frontend, manifest=manifest
    )
    return made


class Scene:
    """One run.

    Attributes:
        attack: What is played.
        url: Of the page that the user opened.
        place: Selects where the payload's frame, or the card instead of it, is on the page.
        dialogs: What the browser's dialogs showed.
        secret: Random text that only the host page has; a frame that tells it has read it.
        twin: Selects the frame of the payload's twin.
        started: The app heard that the payload began.
        done: The app heard that the payload is through.
        end: How it ended, in words; what the payload said of it is shown, never judged.
        loot: What the payload gave to the app.
        twin_loot: What the twin gave to the app.
        heard: Values of the bystander, as the app got them.
        presses: How often the app heard that its button was pressed.
    """

    def __init__(
        self, attack: Attack, running: RunningApp, path: str, tab: Tab, canary: Canary
    ) -> None:
        self.attack = attack
        self.place = ""
        self.twin = ""
        self._dialogs_before = len(tab.dialogs)
        self.url = running.origins.app + path
        self.tab = tab
        self.canary = canary
        self._served = running.requests
        self._served_before = len(running.requests)
        self.secret = secrets.token_hex(8)
        self.started = threading.Event()
        self.done = threading.Event()
        self.bystander_begun = threading.Event()
        self.end = ""
        self.loot: list[str] = []
        self.twin_loot: list[str] = []
        self.heard: list[str] = []
        self.presses = 0
        self._go: Future[None] = Future()
        self._own_hit = ""

    @property
    def hits(self) -> list[Hit]:
        """What reached the canary and was not sent by ``await_own_hit``."""
        return [hit for hit in self.canary.hits if hit.detail != self._own_hit]

    @property
    def dialogs(self) -> list[str]:
        return self.tab.dialogs[self._dialogs_before :]

    @property
    def requests(self) -> list[str]:
        """What the app's and the components' server was asked for, as ``host:port/path``."""
        return self._served[self._served_before :]

    def await_own_hit(self) -> None:
        """Connect to the canary. It logs in the order of arrival, so what came before is there."""
        with socket.create_connection(("127.0.0.1", self.canary.port)) as connection:
            self._own_hit = f"connection from 127.0.0.1:{connection.getsockname()[1]}"
            if not self.canary.wait(lambda hit: hit.detail == self._own_hit, timeout=10):
                raise EngineError("Expected the canary to notice a hit of our own")

    def come_from_elsewhere(self) -> None:
        """Show a page of another site first, which tells the canary whenever it is shown."""
        self.canary.pages["/elsewhere.html"] = _ELSEWHERE.encode()
        self.tab.goto(f"{self.canary.http_url}/elsewhere.html")
        if not self.canary.wait(lambda hit: hit.detail.endswith(SHOWN), timeout=10):
            raise EngineError("Expected the page of another site to be shown")

    def go(self) -> None:
        """Let the payload begin."""
        if not self._go.done():
            self._go.set_result(None)

    def finish(self, end: str) -> None:
        """Nothing more will be tried."""
        self.end = end
        self.done.set()

    def play(self, page: Page, kind: type[Payload]) -> None:
        """Put everybody on the page; runs as the app's page function."""
        payload = kind(canary=self.canary.http_url, udp=self.canary.udp_port)
        if self.attack.bystander == "first":
            self._add_bystander(page, payload)
        page.add(payload, key=self.attack.id)
        id = next(id for id, part in page.parts.items() if part is payload)
        self.place = f"[data-id='{id}']"
        kind.tampered.strike()
        if self.attack.twin:
            self._add_twin(page, kind(canary="", udp=0))
        if self.attack.button:
            page.button("Pay", self._press)

        @payload.on_event("started")
        async def _(_: str) -> None:
            self.started.set()
            await asyncio.wrap_future(self._go)
            if self.attack.bystander == "late":
                self._add_bystander(page, payload)
            payload.go = True

        @payload.on_event("done")
        def _(words: str) -> None:
            self.finish(f"the payload is through {words}".strip())

        payload.on_event("loot")(self.loot.append)

    def _add_twin(self, page: Page, twin: Payload) -> None:
        page.add(twin, key=f"{self.attack.id}-twin")
        id = next(id for id, part in page.parts.items() if part is twin)
        self.twin = f"[data-id='{id}'] iframe"
        twin.on_event("started")(lambda _: self.bystander_begun.set())
        twin.on_event("loot")(self.twin_loot.append)

    def _press(self) -> None:
        self.presses += 1

    def show_markup(self, page: Page, *, raw: bool) -> None:
        """Show what a user typed, and a component below it; runs as the app's page function.

        Args:
            raw: Without the sanitiser.
        """
        text = self.attack.markup.replace("{canary}", self.canary.http_url)
        if raw:
            page._put("html", _RAW.render(text))
        else:
            page.markdown(text)

        @page.add(Bystander(), key="bystander").on_event("begun")
        def _(_: str) -> None:
            self.started.set()

    def _add_bystander(self, page: Page, payload: Payload) -> None:
        bystander = page.add(Bystander(), key="bystander")
        bystander.on_value(self.heard.append)

        @bystander.on_event("begun")
        def _(_: str) -> None:
            self.bystander_begun.set()
            payload.over = True
