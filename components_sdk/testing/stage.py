"""Stage: plays an attack twice, against the product and against the product without its guard.

Rules of proof:
1. The control comes first: the same payload without the named guards has to succeed. Else the
   payload may just be broken, and the verdict is ``control-failed``.
2. Guarded means the product as it is: a real app, a real server, a real browser.
3. The app must have heard that the payload began, and the payload must have come to its end, or
   the page must have removed its frame. Else the verdict is ``inconclusive``.
4. Success is seen from outside by a judge (see judges.py), never told by the attack.
5. When the payload is through, the judge goes on looking for ``PATIENCE`` times as long as the
   control took to be seen in the same engine, at least ``LEAST_SECONDS``. Before that, the canary
   has to notice a hit of our own: so it is alive, and has logged whatever came before.
6. Where no guard of ours exists there is no control either: such an attack has to escape.

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
from .scene import PAYLOAD, Bystander, Scene, payload_class

START_SECONDS = 20.0  # from opening the page to the payload's first word
END_SECONDS = 15.0  # from go to the payload's last word
PATIENCE = 3
LEAST_SECONDS = 0.3
MOST_SECONDS = 5.0
CARD_SECONDS = 0.5  # before the page is asked if it has removed the frame
CONTROL_SECONDS = 5.0  # that a control has left to be seen when its payload is through
SKIP_SECONDS = 1.0  # the same, of one that is not expected to be seen


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of one run.

    Attributes:
        end: How it ended; "" if it did not begin, or not end.
        evidence: What the judge saw; "" if nothing.
        seconds: From go to the evidence, or to the end of looking for it.
        trouble: Why there is no end.
    """

    end: str = ""
    evidence: str = ""
    seconds: float = 0.0
    trouble: str = ""

    def __str__(self) -> str:
        return self.evidence or self.end or self.trouble


class Stage:
    """Servers with and without guards, for all attacks and engines of a session."""

    def __init__(self, attacks: Mapping[str, Attack]) -> None:
        self._payloads = {
            each.id: payload_class(each.id, each.payload, each.module, each.files)
            for each in attacks.values()
        }
        self._attacks = attacks
        self._scene: Scene | None = None
        self._open = contextlib.ExitStack()
        self._servers: dict[tuple[str, ...], RunningApp] = {}
        self._profiled: Engine | None = None
        self._tabs: dict[Engine, Tab] = {}

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
        off = ", ".join(attack.control) or "any guard"
        if skip := attack.skip(engine.name):
            control = self._play(attack, engine, attack.control, SKIP_SECONDS)
            still = self._tab_of(engine).evaluate(skip.probe)
            if control.end and not control.evidence and still:
                return "not-applicable", skip.reason
            return "control-failed", f"no longer true: {skip.reason!r}; without {off}: {control}"
        control = self._play(attack, engine, attack.control, CONTROL_SECONDS)
        if not control.evidence:
            return "control-failed", f"without {off} it should succeed, but: {control}"
        if not attack.control:
            return "escaped", control.evidence
        patience = min(max(LEAST_SECONDS, PATIENCE * control.seconds), MOST_SECONDS)
        product = self._play(attack, engine, (), patience)
        if product.evidence:
            return "escaped", product.evidence
        if not product.end:
            return "inconclusive", product.trouble
        return "guarded", f"{product}; without {off}: {control}"

    def _play(self, attack: Attack, engine: Engine, off: tuple[str, ...], patience: float) -> Run:
        server = self._server(off)
        tab = self._tab_of(engine, fresh=attack.elsewhere)
        with Canary() as canary:
            scene = self._scene = Scene(server, f"/{attack.id}", tab, canary)
            try:
                if attack.elsewhere:
                    scene.come_from_elsewhere()
                tab.goto(scene.url)
                begin = _visit if attack.visit else _strike
                begin(attack, scene)
                return _watch(attack, scene, patience)
            except EngineError as error:
                return Run(trouble=str(error))
            finally:
                scene.go()
                self._tidy(attack, engine, scene)

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

    def _tab_of(self, engine: Engine, *, fresh: bool = False) -> Tab:
        if fresh and engine in self._tabs:
            self._tabs.pop(engine).close()
        if engine not in self._tabs:
            self._tabs[engine] = engine.new_tab()
        return self._tabs[engine]

    def _tidy(self, attack: Attack, engine: Engine, scene: Scene) -> None:
        """Keep the tab for the next attack only if nothing has happened to it."""
        tab = self._tabs.pop(engine)
        with contextlib.suppress(EngineError):
            untouched = not attack.elsewhere and tab.url == scene.url
            if untouched and not (tab.dialogs or tab.popups or tab.downloads):
                # Ends what is still going on, while the canary is there to answer it.
                tab.goto("about:blank")
                self._tabs[engine] = tab
                return
        tab.close()


def _strike(attack: Attack, scene: Scene) -> None:
    """Let the payload begin, and do the user's part."""
    if not scene.started.wait(START_SECONDS):
        raise Unmet(f"Expected the payload to begin within {START_SECONDS:g} s")
    if attack.bystander == "first" and not scene.bystander_begun.wait(START_SECONDS):
        raise Unmet(f"Expected the bystander to begin within {START_SECONDS:g} s")
    scene.tab.evaluate(_PLANT, scene.secret)
    scene.go()
    if attack.click:
        scene.tab.frame(PAYLOAD).click("#bait")


def _visit(attack: Attack, scene: Scene) -> None:
    """Open a page of the component's origin in the tab."""
    frame, _, _ = str(scene.tab.attribute(PAYLOAD, "src")).partition("#")
    origin = "/".join(frame.split("/")[:3])
    target = frame if attack.visit == "frame" else origin + attack.visit
    scene.tab.goto(target)
    if scene.tab.url != target:
        raise Unmet(f"Expected the tab to be at {target}, got {scene.tab.url}")
    scene.finish(f"the tab shows {scene.tab.text(':root').strip()!r}")


def _watch(attack: Attack, scene: Scene, patience: float) -> Run:
    """Look until something is seen, or until nothing more can come."""
    judge = JUDGES[attack.judge]
    start = time.monotonic()

    def look() -> str:
        with contextlib.suppress(EngineError):  # the tab or the frame is just navigating
            return judge(scene)
        return ""

    def end() -> str:
        # The page is asked only when nothing else comes: from a tab that an attack has sent back,
        # WebKit's driver waits half a minute for an answer.
        if scene.done.is_set() or time.monotonic() - start < CARD_SECONDS:
            return scene.end
        card = scene.tab.evaluate(_CARD_FOR_PAYLOAD, PAYLOAD)
        return f"the page removed the frame: {card}" if card else ""

    def evidence_or_end() -> tuple[str, str] | None:
        evidence = look()
        ended = evidence or end()
        return (evidence, ended) if ended else None

    try:
        evidence, ended = poll(evidence_or_end, END_SECONDS, what="evidence, or an end")
    except Unmet:
        evidence = look()
        return Run(
            end=evidence,
            evidence=evidence,
            seconds=time.monotonic() - start,
            trouble=f"the payload did not end within {END_SECONDS:g} s",
        )
    if not evidence:
        scene.await_own_hit()
        with contextlib.suppress(Unmet):
            evidence = poll(look, patience, what="evidence")
    return Run(end=ended, evidence=evidence, seconds=time.monotonic() - start)


_PLANT = """secret => {
  document.cookie = `secret=${secret}; path=/`;
  localStorage.secret = secret;
}"""

_CARD_FOR_PAYLOAD = """payload => {
  const causes = [...document.querySelectorAll("#page .card code")];
  return document.querySelector(payload) ? "" : causes.map(cause => cause.innerText).join(" / ");
}"""
