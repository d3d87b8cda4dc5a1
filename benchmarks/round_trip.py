"""Round trip: from a component to its app and back, as the component's own clock sees it.

ours     setValue(n) -> page: schema, frame -> Tornado: gate, ledger -> on_value assigns an
         argument -> gate, ledger -> page: schema -> onArgs
limit    port -> page: JSON -> Tornado: echo -> page: JSON -> port

    python -m benchmarks.round_trip      # serves our page and prints its URL
"""

from __future__ import annotations

import itertools

import msgspec

from components_sdk import App, Component, Inline, Page, Value
from components_sdk.testing.engines import Engine, Tab, launch

from . import Result, Row, Served, quantile, run_app, served

ROUNDS = 20  # of each side, after one that is not counted
SAMPLES = 30  # a round
TRIPS = 5  # a sample: the clock of a page ticks in 0.1 ms, which one trip is too short for

MEASURE = """async (samples, trips) => {
  const taken = [];
  for (let sample = 0; sample < samples; sample++) {
    const start = performance.now();
    for (let trip = 0; trip < trips; trip++) await roundTrip();
    taken.push((performance.now() - start) / trips);
  }
  return taken;
}"""


class Counter(Component):
    """Sends a number, and waits until the app has assigned it to an argument."""

    shown: int = 0
    value: Value[int] = 0
    frontend = Inline(
        js="""
export default function counter({ onArgs, setValue }) {
  let count = 0;
  let seen = () => {};
  onArgs(({ shown }) => {
    if (shown === count) seen();
  });
  globalThis.roundTrip = () =>
    new Promise((resolve) => {
      seen = resolve;
      setValue(++count);
    });
}
"""
    )


def build() -> App:
    """The app whose round trip is measured, with all defaults."""
    app = App("Round trip")

    @app.page("/round-trip")
    def home(page: Page) -> None:
        counter = page.add(Counter(), key="counter")

        @counter.on_value
        def _(count: int) -> None:
            counter.shown = count

    return app


class Samples(msgspec.Struct):
    """What one side took: ms of each sample, CPU ms of the server for all of them together."""

    trip_ms: list[float] = []
    server_ms: float = 0


class Side:
    """Ours or the limit: its server, and its page in a tab that stays open."""

    def __init__(self, engine: Engine, server: Served) -> None:
        self.samples = Samples()
        self._server = server
        self._tab: Tab = engine.new_tab()
        self._tab.goto(server.url + "round-trip")
        self._frame = self._tab.frame("iframe")
        self._frame.wait_for("() => typeof roundTrip === 'function'")

    def round(self, *, count: bool = True) -> None:
        """Take the samples of one round."""
        before = self._server.cpu()
        trips: list[float] = self._frame.evaluate(MEASURE, SAMPLES, TRIPS)
        if count:
            self.samples.server_ms += (self._server.cpu() - before) * 1000
            self.samples.trip_ms += trips


def rows(ours: Samples, limit: Samples) -> list[Row]:
    """The result of all samples."""

    def at(share: float, case: str) -> Row:
        return Row(case, quantile(ours.trip_ms, share), quantile(limit.trip_ms, share), "ms")

    def server(side: Samples) -> float:
        return side.server_ms / (len(side.trip_ms) * TRIPS)

    return [
        at(0.5, "p50"),
        at(0.95, "p95"),
        Row("server CPU per round trip", server(ours), server(limit), "ms"),
    ]


def measure() -> Result:
    """Take turns, in one Chromium."""
    with (
        served("benchmarks.round_trip") as our_server,
        served("benchmarks.bare") as bare_server,
        launch("chromium") as engine,
    ):
        ours, limit = Side(engine, our_server), Side(engine, bare_server)
        for side in (ours, limit):
            side.round(count=False)
        # Who goes first changes too: the second may find a warmer machine.
        for order in itertools.islice(itertools.cycle([(ours, limit), (limit, ours)]), ROUNDS):
            for side in order:
                side.round()
    note = f"{ROUNDS * SAMPLES} samples of {TRIPS} round trips on each side, in {ROUNDS} turns"
    return Result(rows(ours.samples, limit.samples), note)


if __name__ == "__main__":
    run_app(build())
