"""The demo page: four components side by side, and what the user sees of the crossings."""

import pytest

from components_sdk.testing.engines import FrameHandle, Tab
from components_sdk.testing.running import RunningApp

from .conftest import SETTLED
from .demo import app

SAYS = "text => document.querySelector('#page').innerText.includes(text)"
ROW = """text => [...document.querySelectorAll("#page tr")].some(
  (row) => [...row.cells].map((cell) => cell.innerText).join(" | ").includes(text))"""

pytestmark = pytest.mark.browser


def test_all_four_work_on_one_page_and_the_ledger_shows_what_crossed(tab: Tab) -> None:
    with RunningApp(app) as running:
        tab.goto(running.url)
        ready(tab, "CSV profile", "#label:not(:empty)")
        table = ready(tab, "Data table", "tbody tr")
        pad = ready(tab, "Signature pad", "canvas[aria-label]")
        stars = ready(tab, "Star rating", ".stars label")
        assert tab.count("iframe") == 4
        assert tab.count(".card") == 0

        stars.click(".stars label:nth-child(3) input")
        tab.wait_for(SAYS, "3 of 5 stars. Thank you!")
        tab.wait_for(ROW, "star-rating (rating) | to app | value | int | 1 | ")
        scroll_to(tab, "Data table")
        table.click("tbody tr:nth-child(1) td:nth-child(2)")
        tab.wait_for(ROW, "Adelie | 1 | 3,750 g | 3,750 g | 3,750 g")
        scroll_to(tab, "Signature pad")
        pad.drag("canvas", [(60, 30), (90, 40)])
        pad.click(".done")
        tab.wait_for(SAYS, "Saved: 1200 by 400 px")
        tab.wait_for(ROW, "signature-pad (signature) | to app | value | Signature | None | ")
        assert tab.count(".card") == 0


def ready(tab: Tab, title: str, selector: str) -> FrameHandle:
    """The frame of a component, once ``selector`` is in it and it has its height."""
    frame = tab.frame(f'iframe[title="{title}"]')
    frame.wait_for("s => document.querySelector(s) !== null", selector)
    frame.wait_for(SETTLED)
    return frame


def scroll_to(tab: Tab, title: str) -> None:
    """Drivers scroll inside a frame; only Chromium's scrolls the page around it as well."""
    tab.evaluate("t => document.querySelector(`iframe[title='${t}']`).scrollIntoView()", title)
