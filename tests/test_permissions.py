"""Each permission in real browsers: granted it works, not granted the same thing fails.

The component does one thing at a click and says that it tried. Whether it worked is seen from
outside where there is anything to see (the canary, a dialog, a window, a download). Else the
component tells it, which is ours here and does not lie; hostile ones are in the attack catalogue.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Literal, cast

import msgspec
import pytest

from components_sdk import App, Component, Event, Inline, Page
from components_sdk.permissions import PERMISSIONS, Permission
from components_sdk.policy import Grant, Request
from components_sdk.policydocs import engines_of
from components_sdk.testing.canary import Canary
from components_sdk.testing.engines import Engine, Json, Tab, Unmet, poll
from components_sdk.testing.running import RunningApp

COLUMNS = {"chromium": "chromium", "firefox": "firefox", "webkit": "webkitgtk"}
Seen = Literal["told", "request", "dialog", "window", "download"]


class Trial(msgspec.Struct, frozen=True):
    """What the component does at a click.

    Attributes:
        js: The body of an async function of ``canary``, the URL of a server, and ``root``. What it
            returns or throws is told; it has worked if it returns true.
        seen: Where it shows that it worked.
        unable: Engines in which it does not work even if granted.
        anyway: Engines in which it works even if it is not granted.

    Why, stands in the permission's limit, which has to be there.
    """

    js: str
    seen: Seen = "told"
    unable: tuple[str, ...] = ()
    anyway: tuple[str, ...] = ()


def loaded(tag: str, attribute: str = "src") -> str:
    return f"""
      const element = document.createElement("{tag}");
      const end = new Promise((end) => {{ element.onload = element.onerror = end; }});
      element["{attribute}"] = canary;
      root.append(element);
      await Promise.race([end, new Promise((end) => setTimeout(end, 1500))]);
    """


TRIALS: dict[str, Trial] = {
    "connect": Trial("await fetch(canary);", "request"),
    "images": Trial(loaded("img"), "request"),
    "fonts": Trial("await new FontFace('probe', `url(${canary})`).load();", "request"),
    "media": Trial(loaded("audio"), "request"),
    "frames": Trial(loaded("iframe"), "request"),
    "workers": Trial("""
      const code = URL.createObjectURL(new Blob(["postMessage(true)"]));
      return new Promise((answer, refuse) => {
        const worker = new Worker(code);
        worker.onmessage = ({ data }) => answer(data);
        worker.onerror = () => refuse(new Error("refused"));
      });
    """),
    "wasm": Trial(
        """
      await WebAssembly.instantiate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
      return true;
    """
    ),
    "eval": Trial("return eval('1 + 1') === 2;"),
    "inline-styles": Trial("""
      root.innerHTML = '<p style="position: fixed">styled</p>';
      return getComputedStyle(root.firstChild).position === "fixed";
    """),
    "forms": Trial(
        """
      root.innerHTML = "<form></form>";
      let submitted = false;
      root.firstChild.onsubmit = (event) => { event.preventDefault(); submitted = true; };
      root.firstChild.requestSubmit();
      return submitted;
    """,
        anyway=("webkit",),
    ),
    "popups": Trial("open('about:blank');", "window"),
    "modals": Trial("alert('Hello.');", "dialog"),
    "downloads": Trial(
        """
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob(["data"]));
      link.download = "data.txt";
      root.append(link);
      link.click();
    """,
        "download",
        unable=("firefox", "webkit"),
    ),
    "pointer-lock": Trial("""
      await new Promise((locked, refuse) => {
        document.onpointerlockchange = locked;
        document.onpointerlockerror = () => refuse(new Error("refused"));
        Promise.resolve(root.requestPointerLock()).catch(refuse);
      });
      return document.pointerLockElement === root;
    """),
    "fullscreen": Trial("return document.fullscreenEnabled;"),
    "gamepad": Trial("navigator.getGamepads(); return true;"),
}
"""Permissions that can be exercised here, each with what exercises it."""

UNTRIED = {
    "storage": "It takes an origin of its own: tests/test_origin_modes.py.",
    "orientation-lock": "A desktop's screen cannot be turned.",
    "presentation": "There is no second screen here.",
}
"""Permissions that no engine here can exercise, and why. Features are asked for below."""

OF_FEATURES = [name for name, each in PERMISSIONS.items() if each.features == (name,)]


def test_every_permission_is_tried_asked_for_or_has_a_reason_why_not() -> None:
    assert {*TRIALS, *UNTRIED, *OF_FEATURES} == {*PERMISSIONS}
    assert not UNTRIED.keys() & {*TRIALS, *OF_FEATURES}


class Trying(Component):
    """Does what ``TRIALS`` says at a click, and tells how it went."""

    canary: str
    tried: Event[str]
    frontend = Inline(js="export default () => {};")


MODULE = """
export default function trying({ root, args, emit }) {
  const { canary } = args;
  const button = document.createElement("button");
  button.textContent = "Try";
  root.append(button);
  button.onclick = async () => {
    try {
      emit("tried", String(await (async () => { /* JS */ })()));
    } catch (error) {
      emit("tried", `${error.name}: ${error.message}`);
    }
  };
}
"""


def trying(js: str, *requests: Request) -> type[Trying]:
    """A component that asks for this and does that."""
    body = {"frontend": Inline(js=MODULE.replace("/* JS */", js)), "__module__": __name__}
    made = cast("type[Trying]", type("Tries", (Trying,), body))
    manifest = msgspec.structs.replace(made.declaration.manifest, requests=requests)
    made.declaration = msgspec.structs.replace(made.declaration, manifest=manifest)
    return made


@pytest.fixture
def canary() -> Iterator[Canary]:
    with Canary() as listening:
        yield listening


def asking(permission: Permission, canary: Canary) -> tuple[Request, Grant]:
    origins = (canary.http_url,) if permission.takes_origins else ()
    request = Request(permission.name, "Because.", origins)
    return request, Grant(permission.name, origins)


def run(component: type[Trying], grants: list[str], tab: Tab, canary: Canary) -> str:
    """Open a page with it, click, and answer what it told; "silence" if it told nothing."""
    told: queue.Queue[str] = queue.Queue()
    name = component.declaration.manifest.name
    app = App("Trials", grants={name: grants})

    @app.page("/")
    def home(page: Page) -> None:
        added = page.add(component(canary=f"{canary.http_url}/probe"), key="tries")
        added.on_event("tried")(told.put)

    with RunningApp(app) as running:
        tab.goto(running.url)
        tab.frame("iframe").click("button")
        with suppress(Unmet):
            # Asking the tab lets WebKit's driver dismiss a dialog, which the component waits for.
            poll(lambda: tab.dialogs is not None and not told.empty(), 10, what="an event")
        return "silence" if told.empty() else told.get()


def shows(tab: Tab, canary: Canary, seen: Seen) -> Json:
    """What is seen from outside."""
    where: dict[Seen, Callable[[], Json]] = {
        "request": lambda: [h.detail for h in canary.hits if h.detail.startswith("GET /probe")],
        "dialog": lambda: tab.dialogs,
        "window": lambda: tab.popups,
        "download": lambda: tab.downloads,
    }
    return where[seen]()


@pytest.mark.browser
@pytest.mark.parametrize("name", TRIALS)
def test_a_permission_works_if_granted_and_else_not(
    engine: Engine, tab: Tab, canary: Canary, name: str
) -> None:
    tried = TRIALS[name]
    request, grant = asking(PERMISSIONS[name], canary)
    state = getattr(engines_of(PERMISSIONS[name]), COLUMNS[engine.name])
    assert state in ("enforced", "known"), "a permission that an engine ignores cannot be tried"

    def works(*requests: Request) -> bool:
        """Whether it works, and in any case that it was tried."""
        grants = [str(grant)] if requests else []
        told = run(trying(tried.js, *requests), grants, tab, canary)
        assert told != "silence" or engine.name in tried.unable  # its frame may have been ended
        if tried.seen == "told":
            return told == "true"
        # The component is through. What it sent off may still be on its way if it was granted.
        with suppress(Unmet):
            wait = 5 if requests else 0.5
            return bool(poll(lambda: shows(tab, canary, tried.seen), wait, what=tried.seen))
        return False

    assert works() is (engine.name in tried.anyway)
    assert works(request) is (engine.name not in tried.unable)


def test_what_an_engine_does_otherwise_stands_in_the_limits() -> None:
    for name, tried in TRIALS.items():
        for engine_name in (*tried.unable, *tried.anyway):
            assert getattr(PERMISSIONS[name].limit, COLUMNS[engine_name])


# Headers that browsers may add to any request; no script is any the wiser.
HINTS = {"ch-save-data", "ch-ua", "ch-ua-mobile", "ch-ua-platform"}
ALLOWED = """() => {
  const policy = document.featurePolicy;
  return policy ? policy.allowedFeatures() : null;
}"""


def allowed(component: type[Trying], grants: list[str], tab: Tab) -> set[str] | None:
    app = App("Features", grants={component.declaration.manifest.name: grants})

    @app.page("/")
    def home(page: Page) -> None:
        page.add(component(canary=""), key="tries")

    with RunningApp(app) as running:
        tab.goto(running.url)
        frame = tab.frame("iframe")
        frame.wait_for("() => document.querySelector('button') !== null")
        told = frame.evaluate(ALLOWED)
        return None if told is None else set(told)


@pytest.mark.browser
def test_a_component_that_asks_for_nothing_has_no_features(engine: Engine, tab: Tab) -> None:
    features = allowed(trying(""), [], tab)
    if features is None:
        assert engine.name == "webkit"
        return
    assert features <= HINTS


@pytest.mark.browser
@pytest.mark.parametrize("name", OF_FEATURES)
def test_a_feature_is_on_if_granted(engine: Engine, tab: Tab, name: str) -> None:
    state = getattr(engines_of(PERMISSIONS[name]), COLUMNS[engine.name])
    features = allowed(trying("", Request(name, "Because.")), [name], tab)
    if features is None:
        assert engine.name == "webkit"
        return
    assert (name in features) is (state in ("enforced", "known"))
