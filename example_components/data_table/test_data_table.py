"""The data table: sorting, selecting, and what Python makes of a selection."""

import pytest

from ..conftest import Show, Shown
from . import DataTable, Sort, TableState
from .penguins import Penguin, masses, read_penguins

PENGUINS = read_penguins()
COLUMN = """n => [...document.querySelectorAll(`tbody td:nth-child(${n})`)].map(c => c.innerText)"""
SORTED = "() => [...document.querySelectorAll('[aria-sort]')].map(c => [c.innerText, c.ariaSort])"
MISSING = "\N{EN DASH}"
MASS = 7  # the position of its column


def test_the_file_is_read_as_it_is_published() -> None:
    assert len(PENGUINS) == 344
    assert PENGUINS[0] == Penguin("Adelie", "Torgersen", 39.1, 18.7, 181, 3750, "male", 2007)
    assert sum(penguin.body_mass_g is None for penguin in PENGUINS) == 2
    assert sum(penguin.sex is None for penguin in PENGUINS) == 11


def test_what_was_not_measured_is_counted_but_not_averaged() -> None:
    unknown = next(penguin for penguin in PENGUINS if penguin.body_mass_g is None)
    [adelies] = masses([PENGUINS[0], PENGUINS[1], unknown])
    assert (adelies.count, adelies.mean, adelies.min, adelies.max) == (3, 3775, 3750, 3800)
    [nothing] = masses([unknown])
    assert (nothing.count, nothing.mean, nothing.min, nothing.max) == (1, None, None, None)
    assert masses([]) == []


@pytest.mark.browser
def test_a_column_sorts_up_and_down_and_what_is_missing_stays_last(show: Show) -> None:
    shown = table(show)
    assert shown.frame.count("tbody tr") == 344
    assert shown.nameless() == []
    assert shown.frame.text("tbody tr:nth-child(4) td:nth-child(7)") == MISSING

    shown.frame.click("[data-column=body_mass_g] button")
    assert shown.value() == TableState([], Sort("body_mass_g"))
    assert shown.frame.evaluate(SORTED) == [["Body mass g", "ascending"]]
    known = sorted(penguin.body_mass_g for penguin in PENGUINS if penguin.body_mass_g is not None)
    assert shown.frame.evaluate(COLUMN, MASS) == [
        *(f"{mass:.0f}" for mass in known),
        MISSING,
        MISSING,
    ]

    shown.press("Enter")
    assert shown.value() == TableState([], Sort("body_mass_g", descending=True))
    down = [f"{mass:.0f}" for mass in reversed(known)]
    assert shown.frame.evaluate(COLUMN, MASS) == [*down, MISSING, MISSING]

    shown.press("Space")
    assert shown.value() == TableState()
    assert shown.frame.evaluate(SORTED) == []


@pytest.mark.browser
def test_rows_are_selected_by_their_place_in_the_data_however_they_are_sorted(show: Show) -> None:
    shown = table(show)
    shown.frame.click("[data-column=body_mass_g] button")
    shown.value()
    shown.frame.click("tbody tr:nth-child(1) td:nth-child(2)")
    assert shown.value() == TableState([lightest(0)], Sort("body_mass_g"))
    assert shown.frame.text("[role=status]") == "1 of 344 selected"
    shown.frame.click("tbody tr:nth-child(2) input")
    assert set(shown.value().selected) == {lightest(0), lightest(1)}
    shown.frame.click("tbody tr:nth-child(1) input")
    assert shown.value().selected == [lightest(1)]

    shown.frame.click(".bar button")
    assert shown.value().selected == []
    shown.frame.click("thead input")
    assert shown.value().selected == list(range(344))
    shown.tab.click("button.button")  # the app sets the value anew
    shown.frame.wait_for("() => !document.querySelector('.selected, :checked, [aria-sort]')")


@pytest.mark.browser
def test_rows_are_selected_by_keyboard_alone(show: Show) -> None:
    shown = table(show)
    shown.press(*TO_THE_FIRST_ROW, "ArrowDown", "ArrowDown", "ArrowUp", "Space")
    assert shown.value().selected == [1]
    shown.press("Shift+ArrowDown", "Shift+ArrowDown")
    assert [shown.value().selected, shown.value().selected] == [[1, 2], [1, 2, 3]]
    shown.press("End", "Space", "Space")
    assert [shown.value().selected, shown.value().selected] == [[1, 2, 3, 343], [1, 2, 3]]
    shown.press("Shift+Tab", "Enter")
    assert shown.value().sort == Sort("year")


TO_THE_FIRST_ROW = ["Tab"] * 12  # Clear selection, the scroller, all rows, eight columns, and there


def table(show: Show) -> Shown:
    return show(DataTable, {"label": "Penguins", "rows": PENGUINS})


def lightest(rank: int) -> int:
    """The index of a light penguin; of equals, the first in the data comes first."""
    weighed = [(each.body_mass_g, i) for i, each in enumerate(PENGUINS) if each.body_mass_g]
    return sorted(weighed)[rank][1]
