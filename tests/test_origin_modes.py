"""Modes of origin in real browsers: what keeps a component apart in each, and what it may keep."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from components_sdk import App, Component, Event, Inline, Origins, Page, Value
from components_sdk.app import Deployment, Served
from components_sdk.grants import Request
from components_sdk.origins import MODES, Mode
from components_sdk.policy import Ungranted
from components_sdk.testing.engines import Engine, Tab, launch
from components_sdk.testing.guards import Guard, Unguarded, without
from components_sdk.testing.running import RunningApp

pytestmark = pytest.mark.browser

each_mode = pytest.mark.parametrize("mode", MODES)
STAND_OUT = "() => document.documentElement.dataset.started === ''"


class Counter(Component):
    """Counts clicks; tells what it is by its own origin."""

    value: Value[int] = 0
    frontend = Inline(
        html="<button>more</button><output></output>",
        css="output { color: rgb(1, 2, 3); }",
        js="""
export default function counter({ root, args, onArgs, setValue }) {
  let { value } = args;
  root.querySelector("button").onclick = () => setValue(++value);
  onArgs((now) => (root.querySelector("output").textContent = now.value));
}
""",
    )


class Thief(Component):
    """Tries everything that a frame of the app's own origin could do; tells what it got."""

    loot: Event[dict[str, str]]
    frontend = Inline(
        js="""
export default async function thief({ emit }) {
  const tried = {
    parent: () => (parent.document.title = "taken"),
    cookie: () => `cookie ${document.cookie}`,
    storage: () => localStorage.setItem("thief", "was here"),
    sandbox: () => frameElement.removeAttribute("sandbox"),
    page: () => fetch(new URL("/", location.href), { mode: "no-cors", credentials: "include" }),
  };
  const loot = { origin: self.origin };
  for (const [what, attempt] of Object.entries(tried)) {
    try {
      loot[what] = `got ${await attempt()}`;
    } catch (error) {
      loot[what] = error.name;
    }
  }
  emit("loot", loot);
}
"""
    )


@contextmanager
def serving(
    build: Callable[[Page], object], mode: Mode, deploy: Any = None, **options: Any
) -> Iterator[RunningApp]:
    app = App("Modes", **options)
    app.page("/")(build)
    extra = {"deploy": deploy} if deploy else {}
    with RunningApp(app, origins=mode, **extra) as running:
        yield running


@each_mode
def test_a_component_mounts_draws_and_gives_a_value(tab: Tab, mode: Mode) -> None:
    values: queue.Queue[int] = queue.Queue()

    def home(page: Page) -> None:
        for key in ("first", "second"):
            page.add(Counter(), key=key).on_value(values.put)

    with serving(home, mode) as running:
        tab.goto(running.url)
        for number in (1, 2):
            frame = tab.frame(f".component:nth-of-type({number}) iframe")
            frame.wait_for(STAND_OUT)
            frame.click("button")
            assert values.get(timeout=10) == 1
            frame.wait_for("() => document.querySelector('output').textContent === '0'")
            colour = "() => getComputedStyle(document.querySelector('output')).color"
            assert frame.evaluate(colour) == "rgb(1, 2, 3)"


@each_mode
def test_a_component_without_storage_has_an_opaque_origin_and_no_way_to_the_app(
    tab: Tab, mode: Mode
) -> None:
    loot, title = robbed(tab, mode)

    assert loot == {
        "origin": "null",
        "parent": "SecurityError",
        "cookie": "SecurityError",
        "storage": "SecurityError",
        # frameElement is null for it, or asking is an error already
        "sandbox": loot["sandbox"],
        "page": "TypeError",
    }
    assert loot["sandbox"] in ("TypeError", "SecurityError")
    assert title == "Modes"


def test_in_mode_path_the_sandbox_is_all_that_keeps_a_component_from_the_app(tab: Tab) -> None:
    """The control of the test above: the same component without it takes everything."""
    loot, title = robbed(tab, "path", without("opaque-origin", "connect-src"))

    assert loot["origin"].startswith("http://localhost:")
    assert loot["parent"] == "got taken"
    assert loot["cookie"] == "got cookie readable=1"
    assert loot["storage"].startswith("got")
    assert loot["sandbox"].startswith("got")
    assert loot["page"].startswith("got")
    assert title == "taken"


def robbed(tab: Tab, mode: Mode, deploy: Any = None) -> tuple[dict[str, str], str]:
    """What the thief says it got, and the page's title as the browser shows it."""
    found: queue.Queue[dict[str, str]] = queue.Queue()

    def home(page: Page) -> None:
        thief = page.add(Thief(), key="thief")
        thief.on_event("loot")(found.put)

    with serving(home, mode, deploy) as running:
        tab.goto(running.url)
        found.get(timeout=15)  # nothing is on its way any more
        tab.evaluate("() => { document.cookie = 'readable=1'; }")
        tab.reload()
        return found.get(timeout=15), tab.title()


# storage -----------------------------------------------------------------------------------------

VISITS = """
export default async function ({ emit }) {
  const report = { origin: self.origin, before: document.cookie };
  document.cookie = "own=1";
  document.cookie = "tossed=1; Domain=localhost";
  report.after = document.cookie;
  report.visits = String(Number(localStorage.getItem("visits") ?? 0) + 1);
  localStorage.setItem("visits", report.visits);
  try {
    parent.document.title = "taken";
    report.parent = "got";
  } catch (error) {
    report.parent = error.name;
  }
  report.element = String(window.frameElement);
  emit("came", report);
}
"""
Report = dict[str, str]


def with_storage(name: str) -> type[Component]:
    """A component class that asks for storage; tells what it finds and what it may do."""
    body = {
        "__annotations__": {"came": Event[Report]},
        "__module__": __name__,
        "frontend": Inline(js=VISITS),
    }
    made: type[Component] = type(name, (Component,), body)
    asked = (Request("storage", "Remembers how often you came."),)
    manifest = msgspec.structs.replace(made.declaration.manifest, requests=asked)
    made.declaration = msgspec.structs.replace(made.declaration, manifest=manifest)
    return made


Visitor, Neighbour = with_storage("Visitor"), with_storage("Neighbour")
GRANTS = {"visitor": ["storage"], "neighbour": ["storage"]}
own_origins = pytest.mark.parametrize("mode", [m for m in MODES if MODES[m].own_origin])
shared_origins = pytest.mark.parametrize("mode", [m for m in MODES if not MODES[m].own_origin])


@pytest.fixture
def own_tab(engine: Engine) -> Iterator[Tab]:
    """A tab as users have it: Debian's Chromium denies foreign frames storage without a profile."""
    if engine.name != "chromium":
        tab = engine.new_tab()
        yield tab
        tab.close()
        return
    with launch("chromium", background_networking=True) as profiled:
        yield profiled.new_tab()


class Came:
    """What each component with storage told when it came, by key."""

    def __init__(self, *components: type[Component]) -> None:
        self.components = components
        self.reports: queue.Queue[tuple[str, Report]] = queue.Queue()

    def home(self, page: Page) -> None:
        for number, component in enumerate(self.components):
            added = page.add(component(), key=f"{number}")
            added.on_event("came")(self._listener(f"{number}"))

    def _listener(self, key: str) -> Callable[[Report], None]:
        return lambda report: self.reports.put((key, report))

    def all(self) -> list[Report]:
        """The next report of each, in the order of the page."""
        found = dict(self.reports.get(timeout=20) for _ in self.components)
        return [found[f"{number}"] for number in range(len(self.components))]


@own_origins
def test_a_component_with_storage_finds_it_again_and_is_kept_from_the_app(
    own_tab: Tab, mode: Mode
) -> None:
    came = Came(Visitor)
    with serving(came.home, mode, grants=GRANTS) as running:
        own_tab.goto(running.url)
        (first,) = came.all()
        own_tab.reload()
        (second,) = came.all()

        assert own_tab.title() == "Modes"
    assert first["origin"].startswith("http://visitor-")
    assert (first["visits"], second["visits"]) == ("1", "2")
    assert second["parent"] == "SecurityError"
    assert second["element"] == "null"


@own_origins
def test_what_a_component_stores_reaches_neither_another_nor_the_app(
    own_tab: Tab, mode: Mode
) -> None:
    came = Came(Visitor, Neighbour)
    with serving(came.home, mode, grants=GRANTS) as running:
        own_tab.goto(running.url)
        own_tab.evaluate("() => { document.cookie = 'app=1'; localStorage.app = '1'; }")
        came.all()
        own_tab.reload()
        visitor, neighbour = came.all()
        seen = (
            own_tab.evaluate("() => document.cookie"),
            own_tab.evaluate("() => Object.keys(localStorage).join()"),
        )

    assert seen == ("app=1", "app")
    assert visitor["origin"] != neighbour["origin"]
    for report in (visitor, neighbour):
        # Its own cookie is there again, if the engine lets foreign frames have any, and it only.
        assert report["before"] == report["after"]
        assert report["after"] in ("own=1", "")
        assert report["visits"] == "2"


@pytest.mark.parametrize(("mode", "visits"), [("subdomain", {"1", "2"}), ("instance", {"1"})])
def test_twins_share_what_they_store_unless_each_has_an_origin(
    own_tab: Tab, mode: Mode, visits: set[str]
) -> None:
    came = Came(Visitor, Visitor)
    with serving(came.home, mode, grants=GRANTS) as running:
        own_tab.goto(running.url)
        reports = came.all()

    assert {report["visits"] for report in reports} == visits


@shared_origins
def test_where_the_origin_is_shared_a_card_says_why_storage_is_not_there(
    tab: Tab, mode: Mode
) -> None:
    with serving(Came(Visitor).home, mode, grants=GRANTS) as running:
        tab.goto(running.url)
        text = tab.text('.card[data-code="storage-needs-own-origin"]')

        assert "needs an origin of its own" in text
        assert "Remembers how often you came." in text
        assert 'serve(app, origins="subdomain")' in text
        assert tab.count("iframe") == 0


# the handshake -----------------------------------------------------------------------------------


class TakenForOwn(Deployment):
    """Tells the page that a component has an origin of its own; the browser says otherwise."""

    def served(self, component: type[Component], instance: int = 0) -> Served | Ungranted:
        found = super().served(component, instance)
        if isinstance(found, Ungranted):
            return found
        return msgspec.structs.replace(
            found, kind=msgspec.structs.replace(found.kind, opaque=False)
        )


def with_a_real_origin(app: App, origins: Origins) -> Deployment:
    return Unguarded(app, origins, [Guard(sandbox=("allow-same-origin",))])


@pytest.mark.parametrize("deploy", [TakenForOwn, with_a_real_origin])
def test_a_hello_from_another_origin_than_the_expected_one_gets_no_port(
    tab: Tab, deploy: Any
) -> None:
    with serving(lambda page: page.add(Counter(), key="c"), "subdomain", deploy) as running:
        tab.goto(running.url)
        assert "protocol" in tab.text('.card[data-code="protocol"]')
        assert tab.count("iframe") == 0


# processes ---------------------------------------------------------------------------------------


class Looper(Component):
    """Counts time in ticks; loops for three seconds when it is told to."""

    loop: bool = False
    ticked: Event[int]
    began: Event[int]
    ended: Event[int]
    frontend = Inline(
        js="""
export default function looper({ onArgs, emit }) {
  setInterval(() => emit("ticked", Date.now()), 100);
  onArgs(({ loop }) => {
    if (!loop) return;
    const began = Date.now();
    while (Date.now() < began + 3000);
    emit("began", began);
    emit("ended", Date.now());
  });
}
"""
    )


@own_origins
def test_a_loop_stops_its_twin_unless_each_instance_has_an_origin(
    engine: Engine, tab: Tab, mode: Mode
) -> None:
    ticked: queue.Queue[int] = queue.Queue()
    looped: queue.Queue[int] = queue.Queue()

    def home(page: Page) -> None:
        first, second = page.add(Looper(), key="1"), page.add(Looper(), key="2")
        first.on_event("began")(looped.put)
        first.on_event("ended")(looped.put)

        @second.on_event("ticked")
        def _(time: int) -> None:
            ticked.put(time)
            first.loop = True

    with serving(home, mode) as running:
        tab.goto(running.url)
        began, ended = looped.get(timeout=30), looped.get(timeout=10)
        meanwhile = 0
        while (time := ticked.get(timeout=20)) < ended - 200:
            meanwhile += time > began + 200

    if mode == "instance" and engine.name != "webkit":  # one process for the page and all frames
        assert meanwhile > 5
    else:
        assert meanwhile == 0
