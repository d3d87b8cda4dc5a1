"""Stage: plays an attack twice, against the product and against the product without its guard.

Rules of proof:
1. The control comes first: the same payload without the named guards has to succeed. Else the
   payload may just be broken, and the verdict is ``control-failed``.
2. Guarded means the product as it is: a real app, a real server, a real browser.
3. The app must have heard that the payload began, and the payload must have come to its end, or
   the page must have removed its frame. Else the verdict is ``inconclusive``.
4. Success is seen from outside by a judge (see judges.py), never told by the attack.
5. When the payload is through, the judge goes on looking for ``PATIENCE`` times as long as the
   control took to be seen in the same engine, and never less than ``LEAST_SECONDS``. Before that,
   the canary has to notice a hit of our own: it is alive, and has logged whatever came before.

    with Stage(attacks) as stage:
        outcome = stage.run(attack, engine)
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

import msgspec

from ..app import App
from ..layout import Page
from .attacks import Attack, Outcome, Verdict
from .canary import Canary
from .engines import Engine, EngineError, Tab, Unmet, launch, poll
from .guards import without
from .judges import JUDGES
from .running import RunningApp
from .scene import PAYLOAD, Bystander, Payload, Scene, payload_class

START_SECONDS = 20.0  # from opening the page to the payload's first word
END_SECONDS = 15.0  # from go to the payload's last word
PATIENCE = 3
LEAST_SECONDS = 0.3
CARD_SECONDS = 0.5  # before the page is asked if it has removed the frame
CONTROL_SECONDS = 5.0  # that a control has left to be seen when its payload is through


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of one run.

    Attributes:
        began: The payload began.
        end: How it ended; "" if it did not.
        evidence: What the judge saw; "" if nothing.
        seconds: From go to the evidence, or to the end.
    """

    began: bool
    end: str = ""
    evidence: str = ""
    seconds: float = 0.0


class Stage:
    """Servers with and without guards, for all attacks and engines of a session."""

    def __init__(self, attacks: Mapping[str, Attack]) -> None:
        self._payloads = {each.id: _component(each) for each in attacks.values()}
        self._attacks = attacks
        self._scene: Scene | None = None
        self._open = contextlib.ExitStack()
        self._servers: dict[tuple[str, ...], RunningApp] = {}
        self._profiled: Engine | None = None
        self._tab: tuple[Engine, Tab] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def run(self, attack: Attack, engine: Engine) -> Outcome:
        """Play the control, then the product, and judge."""
        start = time.monotonic()
        if attack.profile and engine.name == "chromium":
            engine = self._with_profile()
        verdict, evidence = self._judge(attack, engine)
        return Outcome(
            attack=attack.id,
            engine=engine.name,
            verdict=verdict,
            evidence=evidence,
            seconds=round(time.monotonic() - start, 2),
        )

    def _judge(self, attack: Attack, engine: Engine) -> tuple[Verdict, str]:
        control = self._play(attack, engine, attack.control, CONTROL_SECONDS)
        off = ", ".join(attack.control)
        if skip := attack.skip(engine.name):
            if control.evidence or not control.end:
                return "control-failed", (
                    f"skipped because {skip.reason!r}, but without {off} this was seen: "
                    f"{control.evidence or 'the payload did not run to its end'}"
                )
            return "not-applicable", skip.reason
        if not control.evidence:
            return "control-failed", f"without {off} nothing was seen either; {_told(control)}"
        patience = max(LEAST_SECONDS, PATIENCE * control.seconds)
        guarded = self._play(attack, engine, (), patience)
        if guarded.evidence:
            return "escaped", guarded.evidence
        if not guarded.end:
            return "inconclusive", _told(guarded)
        return "guarded", f"{_told(guarded)}; without {off}: {control.evidence}"

    def _play(
        self, attack: Attack, engine: Engine, off: tuple[str, ...], patience: float
    ) -> Run:
        server = self._server(off)
        tab = self._tab_of(engine)
        with Canary() as canary:
            scene = self._scene = Scene(f"{server.origins.app}/{attack.id}", tab, canary)
            try:
                if attack.elsewhere:
                    scene.come_from_elsewhere()
                tab.goto(scene.url)
                begin = _visit if attack.visit else _strike
                if not begin(attack, scene):
                    return Run(began=False)
                return _watch(attack, scene, patience)
            finally:
                scene.go()
                self._tidy(attack, scene)

    def _server(self, off: tuple[str, ...]) -> RunningApp:
        if off not in self._servers:
            app = App("Stage")
            for attack in self._attacks.values():
                app.page(f"/{attack.id}", uses=[Bystander])(self._page_function(attack))
            running = RunningApp(app, deploy=without(*off))
            self._servers[off] = self._open.enter_context(running)
        return self._servers[off]

    def _page_function(self, attack: Attack) -> Callable[[Page], None]:
        def show(page: Page) -> None:
            scene = self._scene
            assert scene is not None
            canary = scene.canary
            payload = self._payloads[attack.id](canary=canary.http_url, udp=canary.udp_port)
            scene.play(page, payload, attack.bystander)

        return show

    def _with_profile(self) -> Engine:
        if self._profiled is None:
            engine = launch("chromium", background_networking=True)
            self._profiled = self._open.enter_context(engine)
        return self._profiled

    def _tab_of(self, engine: Engine) -> Tab:
        if self._tab is None or self._tab[0] is not engine:
            self._tab = engine, engine.new_tab()
        return self._tab[1]

    def _tidy(self, attack: Attack, scene: Scene) -> None:
        """Keep the tab for the next attack only if nothing has happened to it."""
        tab = scene.tab
        try:
            untouched = (
                not attack.elsewhere
                and tab.url == scene.url
                and not (tab.dialogs or tab.popups or tab.downloads)
            )
        except EngineError:
            untouched = False
        if not untouched:
            self._tab = None
            tab.close()


def _component(attack: Attack) -> type[Payload]:
    made = payload_class(attack.id, attack.payload, attack.module)
    files = {name: text.encode() for name, text in attack.files.items()}
    frontend = msgspec.structs.replace(made.declaration.frontend, files=files)
    made.declaration = msgspec.structs.replace(made.declaration, frontend=frontend)
    return made


def _strike(attack: Attack, scene: Scene) -> bool:
    """Let the payload begin, and do the user's part. Answers whether it began."""
    if not scene.started.wait(START_SECONDS):
        return False
    if attack.bystander == "first" and not scene.bystander_begun.wait(START_SECONDS):
        return False
    scene.tab.evaluate(_PLANT, scene.secret)
    scene.go()
    if attack.click:
        scene.tab.frame(PAYLOAD).click("#bait")
    return True


def _visit(attack: Attack, scene: Scene) -> bool:
    """Open a page of the component's origin in the tab. Answers whether it is open."""
    frame, _, _ = str(scene.tab.attribute(PAYLOAD, "src")).partition("#")
    origin = "/".join(frame.split("/")[:3])
    target = frame if attack.visit == "frame" else origin + attack.visit
    scene.tab.goto(target)
    scene.done.set()
    return scene.tab.url == target


def _watch(attack: Attack, scene: Scene, patience: float) -> Run:
    """Look until something is seen, or until nothing more can come."""
    judge = JUDGES[attack.judge]
    start = time.monotonic()

    def look() -> str:
        with contextlib.suppress(EngineError):  # the tab or the frame is just navigating
            return judge(scene)
        return ""

    def end() -> str:
        if scene.done.is_set():
            return f"the payload is through {scene.last_words}".strip()
        # Asked only when nothing else comes: WebKit's driver waits half a minute for its answer
        # from a tab that an attack has sent back.
        if time.monotonic() - start < CARD_SECONDS:
            return ""
        card = scene.tab.evaluate(_CARD_FOR_PAYLOAD, PAYLOAD)
        return f"the page removed the frame: {card}" if card else ""

    def evidence_or_end() -> tuple[str, str] | None:
        evidence = look()
        ended = evidence or end()
        return (evidence, ended) if ended else None

    try:
        evidence, ended = poll(evidence_or_end, END_SECONDS, what="evidence or an end")
    except Unmet:
        return Run(began=True, evidence=look())
    if not evidence:
        scene.await_own_hit()
        with contextlib.suppress(Unmet):
            evidence = poll(look, patience, what="evidence")
    seconds = time.monotonic() - start
    return Run(began=True, end=ended, evidence=evidence, seconds=seconds)


def _told(run: Run) -> str:
    if not run.began:
        return f"the payload did not begin within {START_SECONDS:g} s"
    return run.end or f"the payload did not end within {END_SECONDS:g} s"


_PLANT = """secret => {
  document.cookie = `secret=${secret}; path=/`;
  localStorage.secret = secret;
}"""

_CARD_FOR_PAYLOAD = """payload => {
  const causes = [...document.querySelectorAll("#page .card code")];
  return document.querySelector(payload) ? "" : causes.map(cause => cause.innerText).join(" / ");
}"""
