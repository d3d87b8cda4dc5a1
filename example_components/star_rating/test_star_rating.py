"""The star rating, with the mouse and by keyboard alone."""

import pytest

from ..conftest import Show
from . import StarRating

LIT = "() => document.querySelectorAll('.lit').length"
CHECKED = "() => document.querySelector(':checked')?.ariaLabel ?? null"

pytestmark = pytest.mark.browser


def test_a_click_on_a_star_gives_its_count(show: Show) -> None:
    shown = show(StarRating, {"label": "How was it?"})
    shown.frame.click(".stars label:nth-child(4) input")
    assert shown.value() == 4
    assert shown.frame.evaluate(LIT) == 4
    assert shown.frame.evaluate(CHECKED) == "4 of 5 stars"
    assert shown.frame.text("legend") == "How was it?"
    assert shown.nameless() == []


def test_keys_alone_pick_as_well_and_the_app_may_take_it_back(show: Show) -> None:
    shown = show(StarRating, {"label": "How was it?", "max_stars": 7})
    shown.press("Tab", "Space", "ArrowRight")
    assert [shown.value(), shown.value()] == [1, 2]
    assert shown.frame.count("input") == 7
    shown.tab.click("button.button")
    shown.frame.wait_for("() => !document.querySelector('.lit, :checked')")
    to_app = [row.what for row in shown.app.ledger.rows() if row.direction == "to app"]
    assert to_app == ["value", "event picked"] * 2
