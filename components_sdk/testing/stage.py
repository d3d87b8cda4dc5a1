"""Stage: plays an attack twice, against the product and against the product without its guard.

Rules of proof:
1. The control comes first: the same payload without the named guards has to succeed. Else the
   payload may just be broken, and the verdict is ``control-failed``.
2. Guarded means the product as it is: a real app, a real server, a real browser. Only who attacks
   the page through the port itself is given it in both runs (``Attack.given``).
3. The app must have heard that the payload began, and the payload must have come to its end, or
   the page must have removed its frame. Else the verdict is ``inconclusive``.
4. Success is seen from outside by a judge (see judges.py), never told by the attack.
5. When the payload is through, the judge goes on looking for ``PATIENCE`` times as long as the
   control took to be seen in the same engine, at least ``LEAST_SECONDS``. Before that, the canary
   has to notice a hit of our own: so it is alive, and has logged whatever came before.
6. Where no guard of ours exists there is no control either: such an attack has to escape.

Attacks that can only be seen at their own canary share a page (see ``Stage._together``). What is
anything but clean there counts for nothing: it is played again alone.

    with Stage(attacks) as stage:
        outcome = stage.run(attack, engine)

What is no component's payload begins and ends otherwise: ``requests`` are in raid.py; ``markup``
has begun when a component that the app put below it has, and ended when the page's images have
come; a configuration (configuring.py) has failed when the SDK refuses it, before anything is
served, and is played where it does not; a component that was tampered with has begun when its
frame's document was asked for.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self

import msgspec

from ..app import App, Deployment
from ..framing import Limits
from ..grants import Grant, Request
from ..layout import Page
from ..origins import Origins
from .alterations import Altered
from .attacks import Attack, Outcome
from .canary import Canary
from .configuring import refusal
from .engines import Engine, EngineError, Tab, Unmet, launch, poll
from .guards import GUARDS, without
from .judges import JUDGES
from .raiding import Raids
from .running import RunningApp
from .scene import PAYLOAD, Bystander, Scene, payload_class
from .verdicts import CONTROL_SECONDS, Run, decide, patience_after

START_SECONDS = 20.0  # from opening the page to the payload's first word
END_SECONDS = 15.0  # from go to the payload's last word
CARD_SECONDS = 0.5  # before the page is asked if it has removed the frame
TAMPER_READY_SECONDS = 3.0  # a frame whose script was refused says nothing; the page waits so long
MOST_TOGETHER = 10  # frames on one page


class Stage:
    """Servers with and without guards, for all attacks and engines of a session.

    Args:
        attacks: All that may be played.
        chosen: Ids of those that will be; only they share pages.
        requests: What each attacking component asks for, and is granted. An escape that one of
            these permissions allows is ``granted``.
    """

    def __init__(
        self,
        attacks: Mapping[str, Attack],
        chosen: Iterable[str] | None = None,
        *,
        requests: Sequence[Request] = (),
    ) -> None:
        self._requests = tuple(requests)
        self._attacks = attacks
        self._chosen = set(attacks if chosen is None else chosen)
        self._cast: Sequence[Scene] = ()
        self._open = contextlib.ExitStack()
        self._servers: dict[tuple[object, ...], RunningApp] = {}
        self._profiled: Engine | None = None
        self._tabs: dict[Engine, Tab] = {}
        self._shared: dict[tuple[str, Engine], Outcome | None] = {}
        self._raids = self._open.enter_context(Raids())
        self._payload = functools.cache(self._payload_of)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def run(self, attack: Attack, engine: Engine | None = None) -> Outcome:
        """Play the control, then the product, and judge.

        Args:
            engine: None for attacks that need no browser.
        """
        outcome = self._run(attack, engine)
        permissions = {request.permission for request in self._requests}
        if outcome.verdict == "escaped" and (by := permissions.intersection(attack.granted_by)):
            evidence = f"{outcome.evidence}; allowed by {', '.join(sorted(by))}"
            return msgspec.structs.replace(outcome, verdict="granted", evidence=evidence)
        return outcome

    def leave(self, engine: Engine) -> None:
        """The engine is about to be closed: keep no tab of it."""
        if tab := self._tabs.pop(engine, None):
            tab.close()

    def _run(self, attack: Attack, engine: Engine | None) -> Outcome:
        if engine is None or attack.without_browser:
            return self._raids.run(attack)
        if attack.profile and engine.name == "chromium":
            engine = self._with_profile()
        if self._shares(attack, engine):
            if (attack.id, engine) not in self._shared:
                self._together(attack, engine)
            if outcome := self._shared[attack.id, engine]:
                return outcome
        return self._alone(attack, engine)

    def _alone(self, attack: Attack, engine: Engine) -> Outcome:
        start = time.monotonic()

        def play(off: tuple[str, ...], patience: float) -> Run:
            if attack.configured and not off and (told := refusal(attack)):
                return Run(end=f"refused before anything was served: {told}")
            [run] = self._play([attack], engine, attack.given + off, patience)
            if attack.configured and not off and not run.evidence:
                return Run(trouble=f"Expected the configuration to be refused; played: {run}")
            return run

        def still(probe: str) -> bool:
            return bool(self._tab_of(engine).evaluate(probe))

        verdict, evidence = decide(attack, engine.name, play, still)
        return Outcome(
            attack=attack.id,
            engine=engine.name,
            verdict=verdict,
            evidence=evidence,
            seconds=round(time.monotonic() - start, 2),
        )

    # several on one page ------------------------------------------------------------------------

    def _shares(self, attack: Attack, engine: Engine) -> bool:
        """Whether it can disturb no other, and no other it: then it may share a page."""
        of_its_own = (
            attack.click
            or attack.typing
            or attack.bystander
            or attack.twin
            or attack.limits
            or attack.elsewhere
            or attack.tamper
            or attack.given
        )
        return not (
            of_its_own
            or attack.alone
            or attack.configured
            or not attack.payload
            or not attack.control
            or attack.skip(engine.name)
            or attack.id not in self._chosen
        ) and (
            # Each has a canary of its own, whose address no other knows.
            attack.judge.startswith("canary-")
            and all(GUARDS[name].is_only_csp for name in attack.control)
        )

    def _together(self, first: Attack, engine: Engine) -> None:
        """Play attacks that have the same guards on one page; keep what is clean."""
        alike = [
            attack
            for attack in self._attacks.values()
            if (attack.control, attack.profile) == (first.control, first.profile)
            and (attack.id, engine) not in self._shared
            and self._shares(attack, engine)
        ]
        others = [attack for attack in alike if attack is not first]
        group = [first, *others[: MOST_TOGETHER - 1]]
        for attack in group:
            self._shared[attack.id, engine] = None
        if len(group) == 1:
            return
        start = time.monotonic()
        controls = self._play(group, engine, first.control, CONTROL_SECONDS)
        good = [(attack, run) for attack, run in zip(group, controls, strict=True) if run.evidence]
        if not good:
            return
        patience = max(patience_after(control) for _, control in good)
        products = self._play([attack for attack, _ in good], engine, (), patience)
        seconds = round((time.monotonic() - start) / len(good), 2)
        for (attack, control), product in zip(good, products, strict=True):
            if product.end and not product.evidence:
                self._shared[attack.id, engine] = Outcome(
                    attack=attack.id,
                    engine=engine.name,
                    verdict="guarded",
                    evidence=f"{product}; without {', '.join(attack.control)}: {control}",
                    seconds=seconds,
                )

    # one page -----------------------------------------------------------------------------------

    def _play(
        self, attacks: Sequence[Attack], engine: Engine, off: tuple[str, ...], patience: float
    ) -> list[Run]:
        server = self._server(off, attacks[0])
        tab = self._tab_of(engine, fresh=attacks[0].elsewhere)
        with contextlib.ExitStack() as canaries:
            self._cast = scenes = [
                Scene(each, server, f"/{attacks[0].id}", tab, canaries.enter_context(Canary()))
                for each in attacks
            ]
            try:
                if attacks[0].elsewhere:
                    scenes[0].come_from_elsewhere()
                tab.goto(scenes[0].url)
                _begin(scenes)
                return _watch(scenes, patience)
            except EngineError as error:
                return [Run(trouble=str(error)) for _ in scenes]
            finally:
                for scene in scenes:
                    scene.go()
                self._tidy(engine, scenes)

    def _server(self, off: tuple[str, ...], attack: Attack) -> RunningApp:
        key = (off, attack.tamper, attack.configured, tuple(attack.limits.items()))
        if key not in self._servers:
            limits = msgspec.convert(attack.limits, Limits)
            if attack.tamper:
                limits = msgspec.structs.replace(limits, ready_seconds=TAMPER_READY_SECONDS)
            granted = [str(Grant(each.permission, each.origins)) for each in self._requests]
            grants = {id: granted for id in self._attacks if granted}
            app = App("Stage", limits=limits, grants=grants, environment={})
            for each in self._attacks.values():
                show = functools.partial(self._show, raw="sanitiser" in off)
                app.page(f"/{each.id}", uses=[Bystander])(show)
            deploy: Callable[[App, Origins], Deployment] = without(*off)
            if attack.tamper or attack.configured:
                deploy = functools.partial(Altered, off=off, configured=attack.configured)
            running = RunningApp(app, deploy=deploy)
            self._servers[key] = self._open.enter_context(running)
        return self._servers[key]

    def _show(self, page: Page, raw: bool) -> None:
        """The page function of every page."""
        for scene in self._cast:
            if scene.attack.markup:
                scene.show_markup(page, raw=raw)
            else:
                scene.play(page, self._payload(scene.attack.id))

    def _payload_of(self, id: str) -> type:
        return payload_class(self._attacks[id], self._requests)

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

    def _tidy(self, engine: Engine, scenes: Sequence[Scene]) -> None:
        """Keep the tab for the next attack only if nothing has happened to it."""
        tab = self._tabs.pop(engine)
        with contextlib.suppress(EngineError):
            untouched = not scenes[0].attack.elsewhere and tab.url == scenes[0].url
            if untouched and not (tab.popups or tab.downloads):
                # Ends what is still going on, while the canaries are there to answer it.
                tab.goto("about:blank")
                self._tabs[engine] = tab
                return
        tab.close()


def _begin(scenes: Sequence[Scene]) -> None:
    """Let them begin, and do the user's part."""
    first = scenes[0]
    attack, tab = first.attack, first.tab
    if attack.visit:
        _visit(first)
        return
    end = time.monotonic() + START_SECONDS
    if attack.tamper:
        asked = lambda: any("/frame-" in url for url in first.requests)  # noqa: E731
        poll(asked, START_SECONDS, what="the frame's document to be asked for")
        first.go()
        return
    for scene in scenes:
        if not scene.started.wait(max(0.0, end - time.monotonic())) and len(scenes) == 1:
            raise Unmet(f"Expected the payload to begin within {START_SECONDS:g} s")
    beside = attack.bystander == "first" or attack.twin
    if beside and not first.bystander_begun.wait(START_SECONDS):
        raise Unmet(f"Expected what stands beside it to begin within {START_SECONDS:g} s")
    if attack.markup:
        if attack.click:
            tab.click(_BAIT if tab.count(_BAIT) else _MARKUP)
        tab.wait_for(_IMAGES_CAME)
        first.finish("the page shows the markup, and below it a component that works")
        return
    tab.evaluate(_PLANT, first.secret)
    if attack.typing:
        tab.evaluate(_FIELD)
        tab.type("#typed", "a")
    for scene in scenes:
        scene.go()
    if attack.click:
        tab.frame(PAYLOAD).click("#bait")


def _visit(scene: Scene) -> None:
    """Open a page of the component's origin in the tab."""
    visit = scene.attack.visit
    frame, _, _ = str(scene.tab.attribute(PAYLOAD, "src")).partition("#")
    origin = "/".join(frame.split("/")[:3])
    target = frame if visit == "frame" else origin + visit
    scene.tab.goto(target)
    if scene.tab.url != target:
        raise Unmet(f"Expected the tab to be at {target}, got {scene.tab.url}")
    scene.finish(f"the tab shows {scene.tab.text(':root').strip()!r}")


def _watch(scenes: Sequence[Scene], patience: float) -> list[Run]:
    """Look until something is seen, or until nothing more can come."""
    start = time.monotonic()
    seen: dict[Scene, tuple[str, float]] = {}  # what the judge saw, and when
    ends: dict[Scene, str] = {}

    def look(scene: Scene) -> str:
        if scene in seen:
            return seen[scene][0]
        with contextlib.suppress(EngineError):  # the tab or the frame is just navigating
            if evidence := JUDGES[scene.attack.judge](scene):
                seen[scene] = (evidence, time.monotonic() - start)
                return evidence
        return ""

    def end(scene: Scene) -> str:
        # The page is asked only when nothing else comes: from a tab that an attack has sent back,
        # WebKit's driver waits half a minute for an answer.
        if scene.done.is_set() or time.monotonic() - start < CARD_SECONDS:
            return scene.end
        card = scene.tab.evaluate(_CARD, scene.place)
        return f"the page removed the frame: {card}" if card else ""

    def all_ended() -> bool:
        for scene in scenes:
            if scene not in ends and (told := look(scene) or end(scene)):
                ends[scene] = told
        return len(ends) == len(scenes)

    with contextlib.suppress(Unmet):
        poll(all_ended, END_SECONDS, what="evidence, or an end")
    open_ones = [scene for scene in ends if not look(scene)]
    for scene in open_ones:
        scene.await_own_hit()
    if open_ones:
        with contextlib.suppress(Unmet):
            everyone = lambda: not [each for each in open_ones if not look(each)]  # noqa: E731
            poll(everyone, patience, what="evidence")
    whole = time.monotonic() - start
    return [
        _told(scene, seen.get(scene), ends.get(scene) or look(scene), whole) for scene in scenes
    ]


def _told(scene: Scene, seen: tuple[str, float] | None, end: str, whole: float) -> Run:
    evidence, seconds = seen or ("", whole)
    if end:
        return Run(end=end, evidence=evidence, seconds=seconds)
    begun = scene.started.is_set()
    what = f"end within {END_SECONDS:g} s" if begun else f"begin within {START_SECONDS:g} s"
    return Run(trouble=f"the payload did not {what}", seconds=seconds)


_PLANT = """secret => {
  document.cookie = `secret=${secret}; path=/`;
  localStorage.secret = secret;
}"""

_FIELD = """() => {
  const field = document.createElement("input");
  field.id = "typed";
  document.body.prepend(field);
}"""

_MARKUP = "#page > .html"
_BAIT = "#page > .html :is(a, button, summary, label, input, [id])"
_IMAGES_CAME = "() => [...document.images].every(image => image.complete)"

_CARD = """place => {
  const causes = [...document.querySelectorAll(`${place} .card code`)];
  if (document.querySelector(`${place} iframe`)) return "";
  return causes.map(cause => cause.innerText).join(" / ");
}"""
