"""What the tests of the examples share: one component on a page, its frame, what Python got."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest

from components_sdk import App, Component, Page
from components_sdk.testing.engines import FrameHandle, Tab
from components_sdk.testing.running import RunningApp

NAMELESS = """() => {
  const nameOf = (element) =>
    element.ariaLabel || element.labels?.[0]?.innerText || element.innerText ||
    document.getElementById(element.getAttribute("aria-labelledby"))?.innerText ||
    element.querySelector("legend")?.innerText;
  const all = document.querySelectorAll(
    "button, input, canvas, table, fieldset, progress, [role=region]");
  return [...all].filter((element) => !nameOf(element)?.trim()).map((element) => element.outerHTML);
}"""


# Its first arguments are shown, and the page has given it the height that it asked for.
SETTLED = """() => document.querySelector("#root")?.innerText.trim() &&
  innerHeight >= Math.floor(document.documentElement.getBoundingClientRect().height)"""

FOCUSED = "() => document.hasFocus() && document.activeElement !== document.body"


@dataclass
class Shown:
    """One component in a browser.

    Attributes:
        values: What its callback got, one after the other.
    """

    app: App
    tab: Tab
    frame: FrameHandle
    values: queue.Queue[Any] = field(default_factory=queue.Queue)

    def value(self) -> Any:
        """The next value that Python got."""
        return self.values.get(timeout=10)

    def settle(self) -> None:
        """Wait until the frame has the height of its content: a click at a place that is about to
        move would miss."""
        self.frame.wait_for(SETTLED)

    def press(self, *keys: str) -> None:
        """Press keys one after the other, from the page on: the first Tab enters the frame."""
        for key in keys:
            self.tab.press(key)
            # The focus goes to another process, and the next key might be there first.
            self.frame.wait_for(FOCUSED)

    def nameless(self) -> list[str]:
        """What a screen reader would have no name for."""
        found = self.frame.evaluate(NAMELESS)
        assert isinstance(found, list)
        return found


Show: TypeAlias = Callable[[type[Component], dict[str, Any]], Shown]


@pytest.fixture
def show(tab: Tab) -> Iterator[Show]:
    """``show(StarRating, {"label": "…"})`` serves a page with that component and opens it."""
    with ExitStack() as stack:

        def open_page(kind: type[Component], args: dict[str, Any]) -> Shown:
            shown = Shown(App("Test"), tab, tab.frame("iframe"))

            @shown.app.page("/")
            def _(page: Page) -> None:
                component: Any = page.add(kind(**args), key="it")
                first = component.value
                component.on_value(shown.values.put)
                page.button("Forget", lambda: setattr(component, "value", first))
                page.ledger()

            running = stack.enter_context(RunningApp(shown.app))
            tab.goto(running.url)
            shown.settle()
            return shown

        yield open_page
