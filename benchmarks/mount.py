"""Mount: from the navigation to a page whose components have all rendered.

Each of 1, 10 and 50 components on a page is visited twice: cold (a fresh browser context) and
again in the same context. The page is ready when every frame has told its height, which it does
after it has drawn its arguments.

    python -m benchmarks.mount      # serves our pages 1, 10, 50 and prints their URL
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import msgspec

from components_sdk import App, Component, Inline, Page

from . import Result, Row, Served, median_row, run_app, served
from .bare import Chromium, chromium

COUNTS = (1, 10, 50)
VISITS = ("cold", "second visit")
MEASURED = (  # field of a visit, name, unit
    ("ready_ms", "time to ready", "ms"),
    ("cpu_ms", "browser CPU", "ms"),
    ("requests", "requests to component origins", "requests"),
    ("bytes", "bytes from component origins", "bytes"),
)
MIN_ROUNDS = 3
BUDGET_SECONDS = 55.0  # a further round has to end within that
SLICE_SECONDS = 0.05
IDLE_SLICES = 3  # in a row
IDLE_SHARE = 0.1  # of one CPU
IDLE_SECONDS = 3.0  # waited at most: the page's heart never stops

READY = """new Promise((resolve) => {
  const check = () => {
    const frames = [...document.querySelectorAll("iframe")];
    if (frames.length !== COUNT || !frames.every((frame) => frame.style.height)) return;
    observer.disconnect();
    resolve(performance.now());
  };
  const observer = new MutationObserver(check);
  const all = { subtree: true, childList: true, attributes: true, attributeFilter: ["style"] };
  observer.observe(document, all);
  check();
})"""


class Label(Component):
    """A line of text."""

    label: str
    frontend = Inline(
        html="<p></p>",
        js="""
export default function label({ root, onArgs }) {
  const line = root.querySelector("p");
  onArgs(({ label }) => { line.textContent = label; });
}
""",
    )


def build() -> App:
    """The app whose pages are measured, with all defaults."""
    app = App("Mount")

    def page_of(count: int) -> Callable[[Page], None]:
        def home(page: Page) -> None:
            for index in range(count):
                page.add(Label(label=f"Component {index + 1}"), key=str(index))

        return home

    for count in COUNTS:
        app.page(f"/{count}")(page_of(count))
    return app


class Visit(msgspec.Struct, frozen=True):
    """What it took until all components of a page were ready."""

    ready_ms: float
    cpu_ms: float
    requests: int
    bytes: int


async def idle(browser: Chromium) -> float:
    """Wait until the browser has next to nothing to do, and answer its CPU."""
    end = time.monotonic() + IDLE_SECONDS
    calm, before = 0, browser.cpu()
    while calm < IDLE_SLICES and time.monotonic() < end:
        await asyncio.sleep(SLICE_SECONDS)
        now = browser.cpu()
        calm = calm + 1 if now - before < IDLE_SHARE * SLICE_SECONDS else 0
        before = now
    return before


async def visit(browser: Chromium, context: str, server: Served, count: int) -> Visit:
    """Open the page in a new tab, and close the tab."""
    opened = await browser.command(
        "Target.createTarget", url="about:blank", browserContextId=context
    )
    tab = opened["targetId"]
    attached = await browser.command("Target.attachToTarget", targetId=tab, flatten=True)
    session = attached["sessionId"]
    before = await idle(browser)
    await browser.command("Page.navigate", session, url=f"{server.url}{count}")
    script = READY.replace("COUNT", str(count))
    ready = await browser.command("Runtime.evaluate", session, expression=script, awaitPromise=True)
    took = await idle(browser) - before  # what is put off counts as well
    answers = server.answers()
    await browser.command("Target.closeTarget", targetId=tab)
    return Visit(ready["result"]["value"], took * 1000, len(answers), sum(answers))


Samples = dict[tuple[int, str], list[Visit]]  # by how many components, and which visit


async def round_of(
    browser: Chromium, server: Served, samples: Samples, counts: Sequence[int] = COUNTS
) -> None:
    """Visit each page cold and a second time."""
    for count in counts:
        context = (await browser.command("Target.createBrowserContext"))["browserContextId"]
        for which in VISITS:
            made = await visit(browser, context, server, count)
            samples.setdefault((count, which), []).append(made)
        await browser.command("Target.disposeBrowserContext", browserContextId=context)


def rows(ours: Samples, limit: Samples) -> list[Row]:
    """The result of all visits."""

    def taken(side: Samples, key: tuple[int, str], field: str) -> list[float]:
        return [getattr(each, field) for each in side[key]]

    return [
        median_row(
            f"{count} component{'s' if count > 1 else ''}, {which}: {name}",
            taken(ours, (count, which), field),
            taken(limit, (count, which), field),
            unit,
        )
        for count, which in ours
        for field, name, unit in MEASURED
    ]


async def take_turns(browser: Chromium, our_server: Served, bare_server: Served) -> Result:
    """Visit both servers' pages, round after round."""
    ours: Samples = {}
    limit: Samples = {}
    sides = [(our_server, ours), (bare_server, limit)]
    start = time.monotonic()
    for server, _ in sides:
        await round_of(browser, server, {}, counts=(1,))
    rounds = 0
    while rounds < MIN_ROUNDS or _has_time_for_another(start, rounds):
        for server, samples in sides:
            await round_of(browser, server, samples)
        sides.reverse()  # the second may find a warmer machine
        rounds += 1
    return Result(rows(ours, limit), f"{rounds} visits of each kind on each side, in turns")


def _has_time_for_another(start: float, rounds: int) -> bool:
    elapsed = time.monotonic() - start
    return elapsed + elapsed / rounds < BUDGET_SECONDS


def measure() -> Result:
    """Take turns, in one Chromium."""
    with (
        served("benchmarks.mount") as our_server,
        served("benchmarks.bare") as bare_server,
        chromium() as browser,
    ):
        return asyncio.run(take_turns(browser, our_server, bare_server))


if __name__ == "__main__":
    run_app(build())
