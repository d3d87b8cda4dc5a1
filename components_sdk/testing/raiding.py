"""Raiding: plays the attacks that need no browser, against the server and without its guards."""

from __future__ import annotations

import contextlib
import secrets
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from ..app import SOCKET_PATH, App, Deployment, Served
from ..component import Component
from ..declaration import Value
from ..frontend import Inline, from_folder
from ..layout import Page
from ..origins import authority
from ..wire import PROTOCOL
from .attacks import Attack, Outcome
from .engines import Unmet, poll
from .guards import GUARDS, Disk, without
from .judges import RAID_JUDGES
from .raid import Raid, RaidError, handshake
from .running import RunningApp
from .verdicts import Run, decide

_MAIN = "export default function widget({ root }) { root.textContent = 'Hello'; }\n"


class Widget(Component):
    """What is on the page that is raided; its files lie in a folder (see raid.py)."""

    value: Value[str] = ""
    frontend = Inline(js=_MAIN)


class Raids:
    """Servers with and without guards, for all raids of a session."""

    def __init__(self) -> None:
        self._open = contextlib.ExitStack()
        self._servers: dict[tuple[str, ...], tuple[RunningApp, Deployment]] = {}
        self._secret = secrets.token_hex(16)
        self._folder: Path | None = None
        self._raid: Raid | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def run(self, attack: Attack) -> Outcome:
        """Play the control, then the product, and judge."""
        start = time.monotonic()

        def play(off: tuple[str, ...], patience: float) -> Run:
            return self._play(attack, off, patience)

        verdict, evidence = decide(attack, "server", play, lambda probe: True)
        return Outcome(
            attack=attack.id,
            engine="server",
            verdict=verdict,
            evidence=evidence,
            seconds=round(time.monotonic() - start, 2),
        )

    def _play(self, attack: Attack, off: tuple[str, ...], patience: float) -> Run:
        running, deployment = self._server(off)
        running.seeming = {}
        raid = self._raid = Raid(running.port, self._secret, self._names(running, deployment))
        with raid.held:
            try:
                victim, other = raid.visit(), raid.visit()
                raid.names |= {"cookie": victim.cookie, "token": victim.token}
                raid.names |= {"other_cookie": other.cookie, "other_token": other.token}
                running.seeming = {
                    name: value and raid.filled(value)
                    for guard in off
                    for name, value in GUARDS[guard].request.items()
                }
                start = time.monotonic()
                end = _strike(attack, raid)
                running.seeming = {}  # what the judge does is honest
            except (RaidError, OSError) as error:
                return Run(trouble=str(error))
            judge = RAID_JUDGES[attack.judge]
            evidence = ""
            with contextlib.suppress(Unmet):
                evidence = str(poll(lambda: judge(raid), patience, what="evidence"))
            return Run(end=end, evidence=evidence, seconds=time.monotonic() - start)

    def _server(self, off: tuple[str, ...]) -> tuple[RunningApp, Deployment]:
        if off not in self._servers:
            app = App("Raided", environment={})
            app.page("/")(self._show)
            made: list[Deployment] = []

            def deploy(app: App, origins: object) -> Deployment:
                made.append(without(*off)(app, origins))  # type: ignore[arg-type]
                return made[0]

            self._widget()
            running = self._open.enter_context(RunningApp(app, deploy=deploy))
            self._servers[off] = (running, made[0])
        return self._servers[off]

    def _show(self, page: Page) -> None:
        widget = page.add(Widget(), key="widget")

        @widget.on_value
        def _(value: str) -> None:
            if self._raid:
                self._raid.heard.append(value)

    def _names(self, running: RunningApp, deployment: Deployment) -> dict[str, str]:
        served = deployment.served(Widget)
        if not isinstance(served, Served):
            raise RaidError("Expected a component that is served, got one that is refused")
        site = served.site
        return {
            "app": authority(running.origins.app),
            "component": authority(site.origin),
            "origin": running.origins.app,
            "page": "/",
            "document": site.document_path,
            "socket": SOCKET_PATH,
            "protocol": PROTOCOL,
            "frame": "f1",
            "outside": str(self._widget() / "secret.txt"),
            "upgrade": handshake(),
        }

    def _widget(self) -> Path:
        """The folder with the component's files, and the secrets beside them."""
        if self._folder is None:
            self._folder = Path(self._open.enter_context(tempfile.TemporaryDirectory()))
            frontend = self._folder / "widget" / "frontend"
            frontend.mkdir(parents=True)
            for secret in ("secret.txt", "widget/component.toml", "widget/.env"):
                (self._folder / secret).write_text(self._secret)
            (frontend / "main.js").write_text(_MAIN)
            (frontend / "hello.txt").write_text("Hello")
            read = from_folder(frontend)
            (frontend / ".hidden").write_text(self._secret)
            Widget.declaration = msgspec.structs.replace(Widget.declaration, frontend=read)
            Disk.folder = frontend
        return self._folder


def _strike(attack: Attack, raid: Raid) -> str:
    """Send everything; how it ended."""
    for request in attack.requests:
        if attack.connections > 1:
            for _ in range(attack.connections):
                raid.send(request, exact=attack.exact)
            continue
        connection = raid.send(request, exact=attack.exact)
        raid.read(connection)
    if attack.connections > 1:
        return f"{attack.connections} connections are open"
    for message in attack.messages:
        raid.tell(connection, message)
    last = raid.answers[-1]
    return f"the server answered {last.status}" if last.status else "the server hung up"
