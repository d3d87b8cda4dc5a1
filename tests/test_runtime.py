"""The browser runtimes in real browsers: what an author, an app and its user see of them."""

from __future__ import annotations

import asyncio
import os
import queue
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components_sdk import App, Component, Event, Inline, Limits, Origins, Page, Value
from components_sdk.app import Deployment
from components_sdk.testing.canary import Canary
from components_sdk.testing.engines import Engine, EngineError, Tab, launch
from components_sdk.testing.guards import PORT, Guard, Unguarded, without
from components_sdk.testing.patches import Patch
from components_sdk.testing.running import RunningApp

pytestmark = pytest.mark.browser

IMPATIENT = Limits(ready_seconds=3, hang_seconds=2, restarts=0)


class Echo(Component):
    """Shows its label; sends what the page's tests tell it to."""

    label: str = "hello"
    value: Value[int] = 0
    said: Event[str]
    frontend = Inline(
        html="<p></p><button>go</button><output></output>",
        css="p { color: rgb(1, 2, 3); }",
        js="""
export default function echo({ root, args, onArgs, setValue, emit }) {
  onArgs(({ label, value }) => {
    root.querySelector("p").textContent = label;
    root.querySelector("output").textContent = value;
  });
  root.querySelector("button").addEventListener("click", () => {
    setValue(args.value + 1);
    emit("said", "went");
  });
  window.author = { setValue, emit };
}
""",
    )


def inline(name: str, js: str, **annotations: Any) -> type[Component]:
    """A component class made of one module."""
    body = {"__annotations__": annotations, "__module__": __name__, "frontend": Inline(js=js)}
    return type(name, (Component,), body)


@contextmanager
def serving(build: Callable[[Page], object], **options: Any) -> Iterator[RunningApp]:
    app = App("Runtime", **options)
    app.page("/")(build)
    with RunningApp(app) as running:
        yield running


def card(tab: Tab, code: str, timeout: float = 15) -> str:
    """The text of the card with this code, once it stands there."""
    selector = f'.card[data-code="{code}"]'
    return str(
        tab.wait_for("s => document.querySelector(s)?.textContent", selector, timeout=timeout)
    )


def test_a_value_an_event_and_a_patch_make_their_round(tab: Tab) -> None:
    values: queue.Queue[int] = queue.Queue()
    events: queue.Queue[str] = queue.Queue()

    def home(page: Page) -> None:
        echo = page.add(Echo(), key="echo")

        @echo.on_value
        async def _(count: int) -> None:
            await asyncio.sleep(0)
            echo.label = f"got {count}"
            values.put(count)

        echo.on_event("said")(events.put)

    with serving(home) as running:
        tab.goto(running.url)
        frame = tab.frame("iframe")
        frame.wait_for("() => document.querySelector('p').textContent === 'hello'")
        frame.click("button")

        assert values.get(timeout=10) == 1
        assert events.get(timeout=10) == "went"
        frame.wait_for("() => document.querySelector('p').textContent === 'got 1'")


def test_assigning_the_value_in_python_reaches_the_component(tab: Tab) -> None:
    def home(page: Page) -> None:
        echo = page.add(Echo(), key="echo")

        @page.button("Reset to 42").on_click
        def _() -> None:
            echo.value = 42

    with serving(home) as running:
        tab.goto(running.url)
        frame = tab.frame("iframe")
        frame.wait_for("() => document.querySelector('output').textContent === '0'")
        tab.click("button.button")

        frame.wait_for("() => document.querySelector('output').textContent === '42'")


@pytest.mark.parametrize(
    ("module", "code", "says"),
    [
        ("export default function () {}\n\nlet 1x;\n", "module-error", "main.js, line 3: "),
        ("export default function () {}\nthrow new Error('at load');", "module-error", "at load"),
        ("import './gone.js';\nexport default function () {}", "module-error",
         "could not be loaded"),
        ("export default function () { throw new Error('at mount'); }", "component-threw",
         "at mount"),
        ("export default async () => { await null; null.x; };", "component-threw", "null"),
        ("export default 42;", "no-default-export", "Expected a function, got number"),
        ("await new Promise(() => {});\nexport default function () {}", "not-ready", "in time"),
        ("export default function () { location = 'about:blank'; }", "navigated",
         "another document"),
        ("export default function () { location.reload(); }", "navigated", "another document"),
        ("export default function () { parent.postMessage({ type: 'hello' }, '*'); }", "protocol",
         "broke the protocol"),
    ],
)  # fmt: skip
def test_a_component_that_fails_becomes_a_card_that_names_the_cause(
    tab: Tab, module: str, code: str, says: str
) -> None:
    with serving(
        lambda page: page.add(inline("Broken", module)(), key="b"), limits=IMPATIENT
    ) as run:
        tab.goto(run.url)

        assert says in card(tab, code)
        assert tab.count("iframe") == 0


@pytest.mark.parametrize(
    "garbage",
    [
        "null",
        "[]",
        "new Map()",
        "{ type: 1 }",
        "{ type: '__proto__' }",
        "{ type: 'constructor' }",
        "{ type: 'mount', id: 'f99' }",
        "{ type: 'height' }",
        "{ type: 'height', height: { toString: 1, valueOf: 1 } }",
        "{ type: 'height', height: NaN }",
        "{ type: 'event', event: 5 }",
        "{ type: 'event', event: 'x'.repeat(101) }",
        "{ type: 'failed', code: 'hung', message: 'x' }",
        "{ type: 'failed', code: 'module-error', message: [[1]] }",
    ],
)
def test_what_no_component_sends_ends_its_frame_and_nothing_else(tab: Tab, garbage: str) -> None:
    # The runtime keeps the port to itself; the page must not rely on that.
    module = f"export default () => {{ {PORT}.postMessage({garbage}); }};"

    def home(page: Page) -> None:
        page.add(inline("Hostile", module)(), key="h")
        page.add(Echo(), key="e")

    app = App("Garbage")
    app.page("/")(home)
    with RunningApp(app, deploy=without("private-port")) as running:
        tab.goto(running.url)
        card(tab, "protocol")

        tab.frame("iframe").wait_for("() => document.querySelector('p').textContent === 'hello'")


def test_a_component_that_is_removed_while_it_loads_holds_nobody_up(tab: Tab) -> None:
    def home(page: Page) -> None:
        swap = page.button("Swap")  # first: what grows below does not move it
        first = page.add(Echo(), key="1")
        page.add(Echo(), key="2")
        third = page.add(Other(label="third"), key="3")
        page.remove(first)

        @swap.on_click
        def _() -> None:
            page.remove(third)
            page.add(Other(label="fourth"), key="4")

    class Other(Echo):
        frontend = Echo.frontend

    shows = "n => [...document.querySelectorAll('iframe')].length === n"
    with serving(home) as running:
        tab.goto(running.url)
        tab.wait_for(shows, 2)
        tab.click("button.button")
        tab.frame(".component:last-of-type iframe").wait_for(
            "() => document.querySelector('p').textContent === 'fourth'"
        )

        tab.wait_for(shows, 2)


LOOP = "const end = Date.now() + 9000; while (Date.now() < end);"
LONGEST_GAP = """
() => new Promise((resolve) => {
  let last = performance.now(), gap = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    gap = Math.max(gap, now - last);
    last = now;
    const over = document.querySelector(".card") || gap > 4000;
    if (over) { clearInterval(timer); resolve(gap); }
  }, 50);
})
"""


@pytest.mark.parametrize(
    ("module", "code"),
    [
        (f"export default function () {{ setTimeout(() => {{ {LOOP} }}, 300); }}", "hung"),
        (f"setTimeout(() => {{}}, 0);\n{LOOP}\nexport default function () {{}}", "not-ready"),
    ],
)
def test_a_loop_ends_its_own_frame_and_the_page_goes_on(
    tab: Tab, engine: Engine, module: str, code: str
) -> None:
    clicks: queue.Queue[str] = queue.Queue()

    def home(page: Page) -> None:
        page.add(inline("Looping", module)(), key="l")
        page.button("Click", lambda: clicks.put("page"))

    with serving(home, limits=IMPATIENT) as running:
        begun = time.monotonic()
        tab.goto(running.url)
        if engine.name == "webkit":
            # Known gap: one process for all frames, so the page itself stands still. If this
            # fails, the engine has learnt better: the gap is stale.
            tab.evaluate_within(30, "() => new Promise((done) => setTimeout(done, 1000))")
            assert time.monotonic() - begun > 8
            return
        assert tab.evaluate_within(30, LONGEST_GAP) < 2000
        card(tab, code)
        tab.click("button.button")

        assert clicks.get(timeout=10) == "page"
        assert tab.count("iframe") == 0


def test_retry_starts_the_component_again_with_its_latest_arguments(tab: Tab) -> None:
    started: queue.Queue[str] = queue.Queue()
    failing = inline(
        "Failing",
        """
export default function ({ args, emit }) {
  emit("started", args.label);
  if (args.label === "first") throw new Error("not yet");
}
""",
        label=str,
        started=Event[str],
    )

    def home(page: Page) -> None:
        component = page.add(failing(label="first"), key="f")
        component.on_event("started")(started.put)

        @page.button("Change").on_click
        def _() -> None:
            component.label = "second"

    with serving(home, limits=Limits(restarts=0)) as running:
        tab.goto(running.url)
        card(tab, "component-threw")
        assert started.get(timeout=10) == "first"
        tab.click("button.button")
        tab.click(".card button")

        assert started.get(timeout=10) == "second"
        tab.wait_for("() => document.querySelectorAll('.card').length === 0")


def test_twenty_instances_cost_one_request_and_none_on_the_second_visit(tab: Tab) -> None:
    def home(page: Page) -> None:
        for index in range(20):
            page.add(Echo(label=f"number {index}"), key=str(index))

    with serving(home) as running:
        for _ in range(2):
            tab.goto(running.url)
            tab.wait_for("() => document.querySelectorAll('iframe').length === 20")
            for index in range(20):
                frame = tab.frame(f".component:nth-child({index + 1}) iframe")
                frame.wait_for(
                    "n => document.querySelector('p').textContent === n", f"number {index}"
                )

            assert len([each for each in running.requests if "/frame-" in each]) == 1


@pytest.mark.parametrize(("theme", "colour"), [("light", "255"), ("dark", "27")])
def test_the_theme_is_in_the_frame_before_the_authors_code_runs(
    tab: Tab, theme: Any, colour: str
) -> None:
    seen: queue.Queue[str] = queue.Queue()
    looking = inline(
        "Looking",
        """
const early = getComputedStyle(document.documentElement).colorScheme;
export default function ({ emit }) { emit("saw", early); }
""",
        saw=Event[str],
    )

    def home(page: Page) -> None:
        page.add(looking(), key="l").on_event("saw")(seen.put)

    with serving(home, theme=theme) as running:
        tab.goto(running.url)

        assert seen.get(timeout=10) == theme


def test_height_follows_the_content_up_to_the_maximum(tab: Tab) -> None:
    tall = inline(
        "Tall",
        """
export default function ({ root, onArgs }) {
  onArgs(({ height }) => { root.style.height = `${height}px`; });
}
""",
        height=int,
    )

    def home(page: Page) -> None:
        component = page.add(tall(height=300), key="t")

        @page.button("Grow").on_click
        def _() -> None:
            component.height = 90_000

    height = "h => Math.abs(document.querySelector('iframe')?.offsetHeight - h) < 20"
    with serving(home, limits=Limits(max_height=700)) as running:
        tab.goto(running.url)
        tab.wait_for(height, 300)
        tab.click("button.button")
        tab.wait_for(height, 700)
        frame = tab.frame("iframe")
        frame.wait_for("() => document.documentElement.scrollHeight > 80_000")

        assert tab.evaluate("() => document.querySelector('iframe').offsetHeight") == 700


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("setValue('seven')", "value-type: Expected int"),
        ("setValue([[1]])", "value-type: Expected int"),
        ("setValue(() => {})", "value-clone: "),
        ("emit('exploded', 1)", "unknown-event: Declare it in the class: exploded: Event[str]"),
        ("emit('said', { x: 1 })", "value-type: Expected str"),
        (
            "emit('said', 'x'.repeat(5 * 2 ** 20))",
            "message-bytes: Expected JSON of fewer bytes, got too much text",
        ),
    ],
)
def test_every_refusal_reaches_the_authors_console(tab: Tab, call: str, says: str) -> None:
    # The console itself is replaced before the runtime takes it, so that the test can read it.
    class Refused(Component):
        value: Value[int] = 0
        said: Event[str]
        seen: Event[str]
        frontend = Inline(js=f"""
export default function ({{ setValue, emit }}) {{
  const seen = ({{ detail }}) => emit("seen", detail.code + ": " + detail.message);
  window.addEventListener("components_sdk:refused", seen);
  {call};
}}
""")  # fmt: skip

    seen: queue.Queue[str] = queue.Queue()
    got: queue.Queue[Any] = queue.Queue()

    def home(page: Page) -> None:
        component = page.add(Refused(), key="r")
        component.on_value(got.put)
        component.on_event("said")(got.put)
        component.on_event("seen")(seen.put)

    with serving(home) as running:
        tab.goto(running.url)

        assert says in seen.get(timeout=20)
        assert got.empty()


def test_a_callback_that_raises_becomes_a_card_and_the_session_goes_on(
    tab: Tab, caplog: pytest.LogCaptureFixture
) -> None:
    clicks: queue.Queue[int] = queue.Queue()

    def home(page: Page) -> None:
        @page.button("Boom").on_click
        def _() -> None:
            clicks.put(1)
            raise RuntimeError("the password is hunter2")

    with serving(home) as running:
        tab.goto(running.url)
        for _ in range(2):
            tab.click("button.button")
            clicks.get(timeout=10)
        tab.wait_for("() => document.querySelectorAll('#alerts .card').length === 2")

        assert "hunter2" not in str(tab.evaluate("() => document.documentElement.outerHTML"))
        assert "hunter2" in caplog.text


def test_an_async_callback_shows_its_progress_before_it_ends(tab: Tab) -> None:
    def home(page: Page) -> None:
        status = page.text("Idle")
        seen = asyncio.Event()
        page.button("Seen", seen.set)

        @page.button("Save").on_click
        async def _() -> None:
            status.text = "Saving"
            await seen.wait()
            status.text = "Saved"

    says = "text => document.querySelector('.text').textContent === text"
    with serving(home) as running:
        tab.goto(running.url)
        tab.wait_for("() => document.querySelectorAll('button.button').length === 2")
        tab.click("button.button:last-of-type")
        tab.wait_for(says, "Saving")
        tab.click("button.button")

        tab.wait_for(says, "Saved")


def test_a_component_that_is_not_granted_is_a_card_with_the_line_that_grants_it(tab: Tab) -> None:
    from .test_app import Asking

    with serving(lambda page: page.add(Asking(), key="a")) as running:
        tab.goto(running.url)
        text = card(tab, "not-granted")

        assert "geolocation" in text
        assert "Shows where you are." in text
        assert 'App(grants={"asking": ["geolocation"]})' in text
        assert tab.count("iframe") == 0


def test_a_component_that_the_organisation_forbids_is_a_card_with_the_line_of_its_file(
    tab: Tab, tmp_path: Path
) -> None:
    from .test_app import Asking

    file = tmp_path / "policy.toml"
    file.write_text('[any]\npermissions = "strict"\n')
    grants = {"asking": ["geolocation"]}

    def home(page: Page) -> None:
        page.add(Asking(), key="a")

    with serving(home, grants=grants, organisation=file) as running:
        tab.goto(running.url)
        text = card(tab, "forbidden-by-organisation")

        assert "geolocation" in text
        assert "no grant of the app would help" in text
        assert "policy.toml, line 2" in text
        assert "App(" not in text
        assert tab.count("iframe") == 0


def test_removing_a_component_takes_its_frame_away(tab: Tab) -> None:
    def home(page: Page) -> None:
        echo = page.add(Echo(), key="e")
        page.button("Remove", lambda: page.remove(echo))

    with serving(home) as running:
        tab.goto(running.url)
        tab.frame("iframe").wait_for("() => document.querySelector('p').textContent === 'hello'")
        tab.click("button.button")

        tab.wait_for("() => document.querySelectorAll('iframe, .component').length === 0")


def test_two_tabs_are_two_sessions(engine: Engine) -> None:
    def home(page: Page) -> None:
        echo = page.add(Echo(), key="e")

        @echo.on_value
        def _(count: int) -> None:
            echo.label = f"mine: {count}"

    with serving(home) as running:
        first = engine.new_tab()
        first.goto(running.url)
        first.frame("iframe").wait_for("() => document.querySelector('p').textContent === 'hello'")
        first.frame("iframe").click("button")
        first.frame("iframe").wait_for(
            "() => document.querySelector('p').textContent === 'mine: 1'"
        )
        label = first.frame("iframe").text("p")
        first.close()
        second = engine.new_tab()
        second.goto(running.url)
        second.frame("iframe").wait_for("() => document.querySelector('p').textContent")

        assert label == "mine: 1"
        assert second.frame("iframe").text("p") == "hello"
        second.close()


def test_a_page_whose_server_is_gone_says_so_and_finds_the_next_one(tab: Tab) -> None:
    app = App("Again")
    app.page("/")(lambda page: page.add(Echo(), key="e"))
    with RunningApp(app) as running:
        tab.goto(running.url)
        tab.frame("iframe").wait_for("() => document.querySelector('p').textContent === 'hello'")
        port = running.port
    tab.wait_for("() => !document.getElementById('offline').hidden")
    with RunningApp(app, port):
        tab.wait_for("() => document.getElementById('offline')?.hidden")
        tab.frame("iframe").wait_for("() => document.querySelector('p').textContent === 'hello'")


FRAGMENTS = """
export default function fragments({ root, emit }) {
  root.innerHTML = '<a href="#part">go</a><button>go</button><p id="part">here</p>';
  root.querySelector("button").onclick = () => { location.hash = "other"; };
  addEventListener("hashchange", () => emit("went", location.hash));
}
"""


def test_a_link_to_a_fragment_is_no_second_document(tab: Tab) -> None:
    went: queue.Queue[str] = queue.Queue()
    kind = inline("Fragments", FRAGMENTS, went=Event[str])

    def home(page: Page) -> None:
        page.add(kind(), key="f").on_event("went")(went.put)

    with serving(home) as running:
        tab.goto(running.url)
        frame = tab.frame("iframe")
        for selector, hash in [("a", "#part"), ("button", "#other"), ("a", "#part")]:
            frame.wait_for("s => !!document.querySelector(s)", selector)
            frame.click(selector)
            assert went.get(timeout=10) == hash
        tab.evaluate("() => { window.then = performance.now(); }")
        tab.wait_for("() => performance.now() - then > 1500")  # longer than a leaver has to answer
        frame.click("button")
        assert went.get(timeout=10) == "#other"
        assert tab.evaluate("() => document.querySelectorAll('.card').length") == 0


def test_a_document_that_leaves_for_a_blank_one_after_a_fragment_is_ended(tab: Tab) -> None:
    kind = inline(
        "Leaves",
        """export default ({ root }) => {
          root.innerHTML = "<button>go</button>";
          root.querySelector("button").onclick = () => {
            location.hash = "first";
            addEventListener("hashchange", () => { location = "about:blank"; });
          };
        };""",
    )
    with serving(lambda page: page.add(kind(), key="l")) as running:
        tab.goto(running.url)
        tab.frame("iframe").wait_for("() => !!document.querySelector('button')")
        tab.frame("iframe").click("button")

        assert "second document" in card(tab, "navigated")


# On the next connection, which may be the last thing that this document does.
_HOW_LONG = """() => {
  const closed = new MutationObserver(() => { window.closed_at ??= performance.now(); });
  closed.observe(document.getElementById("offline"), { attributes: true });
  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      sessionStorage.setItem("waited", performance.now() - closed_at);
    }
  };
}"""


def test_a_page_that_sent_too_much_is_told_so_and_waits_before_it_comes_back() -> None:
    app = App("Too much", limits=Limits(messages_per_second=5, message_burst=10))
    app.page("/")(lambda page: page.button("press"))
    with launch("chromium") as engine, RunningApp(app) as running:
        tab = engine.new_tab()
        tab.goto(running.url)
        tab.wait_for("() => !!document.querySelector('button.button')")
        tab.evaluate(_HOW_LONG)
        tab.evaluate(
            "() => { for (let i = 0; i < 9999; i++) document.querySelector('.button').click(); }"
        )

        tab.wait_for("() => document.getElementById('offline').innerText.includes('sent more')")
        waited = tab.wait_for("() => Number(sessionStorage.getItem('waited'))", timeout=30)
        assert waited > 9_000
        tab.wait_for("() => document.getElementById('offline')?.hidden")


def test_markdown_reaches_the_page_through_the_sanitiser_only(tab: Tab) -> None:
    hostile = "**bold** <img src=x onerror='document.title=1'> [x](javascript:document.title=2)"
    with serving(lambda page: page.markdown(hostile)) as running:
        tab.goto(running.url)
        tab.wait_for("() => document.querySelector('.html strong')?.textContent === 'bold'")

        assert tab.count(".html img") == 0
        assert tab.count(".html a[href]") == 0
        assert tab.title() == "Runtime"


def renderers() -> set[int]:
    """Process ids of all Chromium renderers."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            if b"--type=renderer" in path.read_bytes():
                found.add(int(path.parent.name))
    return found


def test_a_crashed_component_becomes_a_card_and_starts_again_on_retry() -> None:
    # Chromium only: nobody else tells which process a frame is in.
    def home(page: Page) -> None:
        @page.button("Add").on_click
        def _() -> None:
            page.add(Echo(), key="e")

    app = App("Crash", limits=IMPATIENT)
    app.page("/", uses=[Echo])(home)
    shows = "() => document.querySelector('p').textContent === 'hello'"
    with RunningApp(app) as running, launch("chromium") as chromium:
        tab = chromium.new_tab()
        tab.goto(running.url)
        tab.wait_for("() => document.querySelector('button.button')")
        before = renderers()
        tab.click("button.button")
        tab.frame("iframe").wait_for(shows)
        # Of the new ones one is the frame's; a spare that dies with it harms nobody.
        for process in renderers() - before:
            os.kill(process, signal.SIGKILL)
        card(tab, "hung")
        tab.click(".card button")

        tab.frame("iframe").wait_for(shows)


def ask_for_ten_seconds(tab: Tab) -> None:
    for _ in range(200):
        tab.evaluate("() => new Promise((next) => setTimeout(next, 50))")


KEPT_OPEN = Patch("host.js", 'if (history.length === 1) history.pushState(null, "");', "")


@pytest.mark.parametrize("guarded", [False, True])
def test_a_frame_of_firefox_cannot_close_the_tab(guarded: bool) -> None:
    # Firefox only: the others do not let a frame close a tab that the user opened.
    closing = inline(
        "Closing",
        """
export default function ({ emit }) {
  emit("tried", "");
  setTimeout(() => { top.close(); emit("survived", ""); }, 500);
}
""",
        tried=Event[str],
        survived=Event[str],
    )
    heard: queue.Queue[str] = queue.Queue()

    def home(page: Page) -> None:
        component = page.add(closing(), key="c")
        component.on_event("tried")(lambda _: heard.put("tried"))
        component.on_event("survived")(lambda _: heard.put("survived"))

    def deploy(app: App, origins: Origins) -> Deployment:
        guards = [] if guarded else [Guard(patches=(KEPT_OPEN,))]
        return Unguarded(app, origins, guards)

    app = App("Closing")
    app.page("/")(home)
    with RunningApp(app, deploy=deploy) as running, launch("firefox") as firefox:
        tab = firefox.new_tab()
        tab.goto(running.url)
        assert heard.get(timeout=10) == "tried"

        if guarded:
            assert heard.get(timeout=10) == "survived"
            assert tab.evaluate("() => document.querySelectorAll('iframe').length") == 1
        else:
            with pytest.raises(EngineError, match="no such frame"):
                ask_for_ten_seconds(tab)


@dataclass(frozen=True)
class Even:
    count: int

    def __post_init__(self) -> None:
        if self.count % 2:
            raise ValueError("an odd count")


def test_what_only_python_can_refuse_reaches_the_authors_console_too(tab: Tab) -> None:
    class Odd(Component):
        value: Value[Even] = Even(0)
        seen: Event[str]
        frontend = Inline(
            js="""
export default function ({ setValue, emit }) {
  window.addEventListener("components_sdk:refused", ({ detail }) => emit("seen", detail.code));
  setValue({ count: 3 });
}
"""
        )

    seen: queue.Queue[str] = queue.Queue()
    got: queue.Queue[Even] = queue.Queue()

    def home(page: Page) -> None:
        component = page.add(Odd(), key="o")
        component.on_value(got.put)
        component.on_event("seen")(seen.put)

    with serving(home) as running:
        tab.goto(running.url)

        assert seen.get(timeout=10).startswith("value-")
        assert got.empty()


RUN_INLINE = """() => {
  const script = document.createElement("script");
  try { script.text = "document.documentElement.dataset.ran = 'yes'"; } catch {}
  document.head.append(script);
  return document.documentElement.dataset.ran ?? "no";
}"""
SET_MARKUP = """() => {
  if (!("trustedTypes" in window)) return "no trusted types";
  try { document.createElement("p").innerHTML = "<b>x</b>"; return "set"; }
  catch (error) { return error.name; }
}"""


def test_the_page_runs_no_inline_script_and_takes_no_text_for_markup(tab: Tab) -> None:
    with Canary() as plain, serving(lambda page: page.text("hello")) as running:
        plain.pages["/plain.html"] = b"<!doctype html><p>no policy: the control"
        tab.goto(f"{plain.http_url}/plain.html")
        assert tab.evaluate(RUN_INLINE) == "yes"
        has_trusted_types = tab.evaluate(SET_MARKUP) == "set"

        tab.goto(running.url)
        assert tab.evaluate(RUN_INLINE) == "no"
        assert tab.evaluate(SET_MARKUP) == (
            "TypeError" if has_trusted_types else "no trusted types"
        )


FORGE_PORT = """
const { port1 } = new MessageChannel();
const data = { type: "port", echo: "" };
dispatchEvent(new MessageEvent("message", { source: parent, data, ports: [port1] }));
export default ({ emit }) => emit("begun", "");
"""


@pytest.mark.parametrize("sealed", [True, False])
def test_a_port_that_the_component_forges_is_not_taken_for_the_pages(
    tab: Tab, sealed: bool
) -> None:
    begun: queue.Queue[str] = queue.Queue()
    app = App("Forged", limits=IMPATIENT)

    @app.page("/")
    def home(page: Page) -> None:
        forging = page.add(inline("Forging", FORGE_PORT, begun=Event[str])(), key="f")
        forging.on_event("begun")(begun.put)

    with RunningApp(app, deploy=without(*([] if sealed else ["sealed-runtime"]))) as running:
        tab.goto(running.url)
        if sealed:
            assert begun.get(timeout=10) == ""
        else:
            card(tab, "not-ready")


# What polyfills, zones and test frameworks do, and more of it than any.
POLYFILLED = """
Object.prototype.extra = () => {};
for (const name of ["type", "args", "echo", "port", "value"]) {
  Object.defineProperty(Object.prototype, name, { set() { throw new Error(name); }, get() {}, configurable: true });
}
const wrap = (object, name) => {
  const old = object[name];
  object[name] = function (...values) { return old.apply(this, values); };
};
wrap(Promise.prototype, "then");
wrap(Promise.prototype, "catch");
wrap(EventTarget.prototype, "dispatchEvent");
wrap(MessagePort.prototype, "postMessage");
wrap(Array.prototype, Symbol.iterator);
wrap(Array.prototype, "push");
wrap(Function.prototype, "bind");
window.CustomEvent = class {};
window.ResizeObserver = class { observe() {} };
window.URLSearchParams = class {};
window.addEventListener = window.removeEventListener = window.dispatchEvent = () => {};
Reflect.apply = () => { throw new Error("apply"); };
"""  # noqa: E501


def test_a_component_that_changes_everything_around_it_goes_on_working(tab: Tab) -> None:
    module = f"""
{POLYFILLED}
export default ({{ root, onArgs, setValue }}) => {{
  root.style.height = "321px";
  onArgs((args) => args.label === "go" && setValue(7));
}};
"""
    values: queue.Queue[int] = queue.Queue()

    def home(page: Page) -> None:
        component = page.add(
            inline("Polyfilled", module, label=str, value=Value[int])(label="", value=0), key="p"
        )
        component.on_value(values.put)

        @page.button("Go").on_click
        def _() -> None:
            component.label = "go"

    with serving(home) as running:
        tab.goto(running.url)
        tab.wait_for("() => Math.abs(document.querySelector('iframe')?.offsetHeight - 321) < 20")
        tab.click("button.button")

        assert values.get(timeout=10) == 7
