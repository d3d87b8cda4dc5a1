"""Hostile: what an honest component and the page feel of three hostile siblings.

ours     the honest component beside one in an endless loop, one that floods, one that eats memory
limit    the same page without them

Both are ours; the aim is that isolation costs the honest one little. Its round trips are taken by
its own clock from the moment the others begin, so that the time until the page has removed them
counts in full. The page's input delay is that of real key presses: from the browser's time stamp
of the event until the page's listener runs.

    python -m benchmarks.hostile      # serves both pages and prints their URL
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

import msgspec

from components_sdk import App, Component, Event, Inline, Page
from components_sdk.testing.engines import Engine, launch

from . import Result, Row, Served, quantile, run_app, served
from .round_trip import Counter

ENGINES = ("chromium", "firefox")  # WebKitGTK runs all frames in the page's own process
ROUNDS = 3  # of each page in each engine, after one that is not counted
SECONDS = 8.0  # a round; the loop is found out after half of it
REST_MS = 10  # of the honest component between two round trips
KEY_SECONDS = 0.05  # between two key presses
EATEN_MB = 400  # by the one that eats memory; a real one would not stop

SAMPLE = """(seconds, rest) => {
  globalThis.trips = [];
  const end = performance.now() + seconds * 1000;
  (async () => {
    while (performance.now() < end) {
      const start = performance.now();
      await roundTrip();
      trips.push(performance.now() - start);
      await new Promise((next) => setTimeout(next, rest));
    }
    globalThis.sampled = true;
  })();
}"""

LISTEN = """() => {
  globalThis.delays = [];
  addEventListener("keydown", (event) => delays.push(performance.now() - event.timeStamp), true);
}"""


class Looping(Component):
    """Never yields once it has begun."""

    go: bool = False
    frontend = Inline(
        js="""export default ({ onArgs }) => onArgs(({ go }) => { while (go) { } });"""
    )


class Flooding(Component):
    """Sends as fast as its process allows."""

    go: bool = False
    noise: Event[int]
    frontend = Inline(
        js="""
const { postMessage } = MessagePort.prototype;
let port;
const data = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data");
Object.defineProperty(MessageEvent.prototype, "data", {
  ...data,
  get() {
    if (this.target instanceof MessagePort) port = this.target;
    return data.get.call(this);
  },
});
export default ({ onArgs, emit }) => onArgs(({ go }) => {
  if (!go) return;
  const flood = () => {
    for (let count = 0; count < 1000; count++) {
      if (port) postMessage.call(port, { type: "event", event: "noise", value: count });
      else emit("noise", count);
    }
    setTimeout(flood);
  };
  flood();
});
"""
    )


class Eating(Component):
    """Allocates memory, and touches all of it again and again."""

    go: bool = False
    megabytes: int = EATEN_MB
    frontend = Inline(
        js="""
export default ({ onArgs }) => onArgs(({ go, megabytes }) => {
  if (!go) return;
  const eaten = [];
  const eat = () => {
    if (eaten.length < megabytes) eaten.push(new Uint8Array(2 ** 20).fill(1));
    eaten[Math.floor(Math.random() * eaten.length)].fill(2);
    setTimeout(eat, 1);
  };
  eat();
});
"""
    )


HOSTILE = (Looping, Flooding, Eating)


def build() -> App:
    """Both pages. The button lets the hostile components begin."""
    app = App("Hostile siblings")

    def honest(page: Page) -> None:
        counter = page.add(Counter(), key="counter")

        @counter.on_value
        def _(count: int) -> None:
            counter.shown = count

    @app.page("/alone")
    def alone(page: Page) -> None:
        page.button("Begin")
        honest(page)

    @app.page("/beside")
    def beside(page: Page) -> None:
        begin = page.button("Begin")
        honest(page)
        siblings = [page.add(kind(), key=kind.__name__) for kind in HOSTILE]

        @begin.on_click
        def _() -> None:
            for sibling in siblings:
                sibling.go = True

    return app


class Samples(msgspec.Struct):
    """What was felt on one page in all rounds, in ms."""

    trips: list[float] = []
    delays: list[float] = []


def visit(engine: Engine, server: Served, page: str) -> Samples:
    """One round: a fresh tab, everybody ready, begin, look on."""
    frames = 1 + len(HOSTILE) * (page == "beside")
    tab = engine.new_tab()
    try:
        tab.goto(server.url + page)
        tab.wait_for(
            "count => document.querySelectorAll('iframe[style*=height]').length === count", frames
        )
        honest = tab.frame("iframe[src*='counter']")
        honest.wait_for("() => typeof roundTrip === 'function'")
        tab.evaluate(LISTEN)
        honest.evaluate(SAMPLE, SECONDS, REST_MS)
        tab.click("button.button")
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            tab.press("x")
            time.sleep(KEY_SECONDS)
        honest.wait_for("() => globalThis.sampled")
        return Samples(honest.evaluate("() => trips"), tab.evaluate("() => delays"))
    finally:
        tab.close()


def rows(engine: str, beside: Samples, alone: Samples) -> list[Row]:
    """What one engine's samples say."""

    def trip(share: float, case: str) -> Row:
        case = f"{engine}: round trip {case}"
        return Row(case, quantile(beside.trips, share), quantile(alone.trips, share), "ms")

    def delay(name: str, of: Samples) -> float:
        return statistics.median(of.delays) if name == "p50" else quantile(of.delays, 0.95)

    return [
        trip(0.5, "p50"),
        trip(0.95, "p95"),
        *(
            Row(f"{engine}: input delay {name}", delay(name, beside), delay(name, alone), "ms")
            for name in ("p50", "p95")
        ),
    ]


def measure() -> Result:
    """Take turns between the two pages, in one browser after the other."""
    made: list[Row] = []
    felt: dict[str, Samples] = {}
    with served("benchmarks.hostile") as server:
        for name in ENGINES:
            felt = {"alone": Samples(), "beside": Samples()}
            with launch(name) as engine:
                for turn in range(ROUNDS + 1):
                    for page in _order(turn):
                        seen = visit(engine, server, page)
                        if turn:
                            felt[page].trips += seen.trips
                            felt[page].delays += seen.delays
            made += rows(name, felt["beside"], felt["alone"])
    note = (
        f"{ROUNDS} rounds of {SECONDS:g} s on each page in each engine; in the last one "
        f"{len(felt['beside'].trips)} round trips and {len(felt['beside'].delays)} key presses "
        f"beside the hostile ones"
    )
    return Result(made, note)


def _order(turn: int) -> Sequence[str]:
    """Who goes first changes: the second may find a warmer machine."""
    return ("alone", "beside") if turn % 2 else ("beside", "alone")


if __name__ == "__main__":
    run_app(build())
