"""Scrolling and the keyboard belong to the user: what a frame takes, the page takes back.

That the thefts succeed without the guards is shown by the attacks scroll-… and focus-….
Here: that keys arrive where the user is, and that the user is not disturbed.
"""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from components_sdk import App, Component, Event, Inline, Page
from components_sdk.testing.engines import Engine, Tab
from components_sdk.testing.running import RunningApp

pytestmark = pytest.mark.browser


class Field(Component):
    """A field that can take the keyboard; says which keys it hears."""

    heard: Event[str]
    frontend = Inline(
        html="<input><button>next</button>",
        js="""
export default function field({ root, emit }) {
  const input = root.querySelector("input");
  input.addEventListener("keydown", (event) => emit("heard", event.key));
  root.querySelector("button").addEventListener("click", () => input.focus());
  window.steal = () => input.focus();
}
""",
    )


@dataclass
class Shown:
    """What is on the page: a button, two components, another button, and lines to scroll."""

    heard: queue.Queue[str]  # keys, by the first component
    heard_beside: queue.Queue[str]  # by the second


FIRST = "iframe"
SECOND = ".component ~ .component iframe"
HAS_FOCUS = "tag => document.activeElement.tagName === tag"
HAS_FRAME = "s => document.activeElement === document.querySelector(s)"
BUTTON = "button"


@contextmanager
def shown(tab: Tab) -> Iterator[Shown]:
    app = App("Thefts")
    queues = Shown(queue.Queue(), queue.Queue())

    @app.page("/")
    def home(page: Page) -> None:
        page.button("Before")
        page.add(Field(), key="f").on_event("heard")(queues.heard.put)
        page.add(Field(), key="g").on_event("heard")(queues.heard_beside.put)
        page.button("After")
        for number in range(80):
            page.text(f"Line {number}")

    with RunningApp(app) as running:
        tab.goto(running.url)
        for frame in (FIRST, SECOND):
            tab.frame(frame).wait_for("() => !!window.steal")
        tab.wait_for("() => document.documentElement.scrollHeight > 1500")
        yield queues


def test_keys_stay_with_the_element_that_the_user_was_in(tab: Tab) -> None:
    with shown(tab) as keys:
        tab.click(BUTTON)
        tab.evaluate("() => document.querySelector('button').focus()")  # WebKit: no focus by clicks
        tab.frame(FIRST).evaluate("() => steal()")
        tab.wait_for(HAS_FOCUS, "BUTTON")
        tab.press("a")
        tab.frame(FIRST).click("input")
        tab.frame(FIRST).press("input", "b")

        assert keys.heard.get(timeout=10) == "b"


def test_a_component_is_entered_and_left_by_tab(tab: Tab, engine: Engine) -> None:
    if engine.name == "webkit":
        pytest.skip("WebKitGTK's driver moves no focus into frames by Tab")
    with shown(tab) as keys:
        tab.click(BUTTON)
        tab.press("Tab")
        tab.wait_for(HAS_FRAME, FIRST)
        tab.press("a")
        assert keys.heard.get(timeout=10) == "a"
        for _ in range(2):
            tab.press("Tab")
        tab.wait_for(HAS_FRAME, SECOND)
        tab.press("b")
        assert keys.heard_beside.get(timeout=10) == "b"
        for _ in range(2):
            tab.press("Tab")
        tab.wait_for("() => document.activeElement.textContent === 'After'")
        tab.press("Shift+Tab")
        tab.wait_for(HAS_FRAME, SECOND)
        tab.press("Shift+Tab")
        tab.press("c")

        assert keys.heard_beside.get(timeout=10) in ("Tab", "c")


def test_a_click_gives_a_component_the_keyboard(tab: Tab) -> None:
    with shown(tab) as keys:
        tab.click(BUTTON)
        tab.frame(FIRST).click("input")
        tab.frame(FIRST).press("input", "a")
        assert keys.heard.get(timeout=10) == "a"
        tab.frame(SECOND).click("input")
        tab.frame(SECOND).press("input", "b")

        assert keys.heard_beside.get(timeout=10) == "b"


def test_a_component_may_focus_its_field_after_a_click_in_it(tab: Tab, engine: Engine) -> None:
    with shown(tab) as keys:
        tab.click(BUTTON)
        tab.frame(FIRST).click("button")
        if engine.name != "webkit":  # whose driver sends keys to the page's own element
            tab.wait_for(HAS_FRAME, FIRST)
            tab.press("a")
            assert keys.heard.get(timeout=10) == "a"
        assert tab.frame(FIRST).evaluate("() => document.activeElement.tagName") == "INPUT"


def test_a_component_may_focus_its_field_where_nothing_has_the_keyboard(
    tab: Tab, engine: Engine
) -> None:
    if engine.name == "webkit":
        pytest.skip("WebKitGTK gives a frame no focus that no click asked for")
    with shown(tab) as keys:
        tab.frame(FIRST).evaluate("() => steal()")
        tab.wait_for(HAS_FRAME, FIRST)
        tab.press("a")

        assert keys.heard.get(timeout=10) == "a"


def test_the_user_scrolls_the_page_by_keys_and_it_stays_there(tab: Tab) -> None:
    with shown(tab):
        tab.evaluate("() => document.querySelector('button').focus()")
        tab.press("End")
        tab.wait_for("() => scrollY > 300")
        tab.evaluate("() => new Promise((done) => setTimeout(done, 600))")

        assert tab.evaluate("() => scrollY") > 300
