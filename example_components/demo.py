"""The four examples together on one page.

python -c "from components_sdk import serve; from example_components.demo import app; serve(app)"
"""

from __future__ import annotations

import asyncio
import atexit
import hashlib
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path

from components_sdk import App, Page
from components_sdk.layout import Container

from .csv_profile import CsvProfile, Profile
from .data_table import DataTable, TableState
from .data_table.penguins import Penguin, masses, read_penguins
from .signature_pad import Signature, SignaturePad
from .star_rating import StarRating

app = App("Four components, four sandboxes")


@app.page("/")
def home(page: Page) -> None:
    """One part of the page after the other."""
    page.heading("Four components, four sandboxes", level=1)
    page.text(
        "Each runs in a frame with an origin of its own, granted no network, no storage and no "
        "sight of this page. What crosses is typed, checked, and listed at the bottom."
    )
    left, right = page.columns(2)
    rating(left)
    signature(right)
    table(page.columns(1)[0])
    profile(page.columns(1)[0])
    crossings(page.columns(1)[0])


def rating(place: Container) -> None:
    """A value, an event, and arguments that the app changes."""
    place.heading("Star rating")
    place.text("Radio buttons in disguise, so the arrow keys work too.")
    stars = place.add(StarRating(label="How do you like this page?"), key="rating")
    answer = place.text("No stars yet.")
    log = place.text("Each pick is an event as well: none so far.")
    picks: list[int] = []

    @stars.on_value
    def _(count: int) -> None:
        answer.text = f"{count} of {stars.max_stars} stars. Thank you!"

    @stars.on_event(StarRating.picked)
    def _(count: int) -> None:
        picks.append(count)
        log.text = f"Each pick is an event as well: {', '.join(map(str, picks[-10:]))}."

    def ten() -> None:
        stars.max_stars = 10

    def forget() -> None:
        stars.value = 0
        picks.clear()
        answer.text = "No stars yet."
        log.text = "Each pick is an event as well: none so far."

    place.button("Ten stars, please", ten)
    place.button("Forget my rating", forget)


def signature(place: Container) -> None:
    """An async callback: the page goes on while the picture is written."""
    place.heading("Signature pad")
    place.text("Mouse, finger, pen, or a typed name. Python gets a PNG.")
    pad = place.add(SignaturePad(), key="signature")
    answer = place.markdown("No signature yet.")

    @pad.on_value
    async def _(given: Signature | None) -> None:
        if given is None:
            answer.source = "No signature yet."
            return
        file = await asyncio.to_thread(save, given)
        if pad.value != given:
            return  # changed meanwhile; a later call of this function says what holds now
        answer.source = (
            f"Saved: {given.width} by {given.height} px, {len(given.png):,} bytes, {given.made}. "
            f"SHA-256 `{file.stem}`. It is deleted when this demo ends."
        )


def table(place: Container) -> None:
    """Rows as dataclasses; the app answers a selection with statistics."""
    place.heading("Data table")
    place.text(
        "344 penguins near Palmer Station, Antarctica. Sort by a column, select rows: Python "
        "answers with their body masses. Two were not measured, and come last."
    )
    penguins = read_penguins()
    shown = place.add(DataTable(label="Palmer penguins", rows=penguins), key="penguins")
    answer = place.markdown(mass_table([]))

    @shown.on_value
    def _(state: TableState) -> None:
        # A frame may send any index, so the app looks before it leaps.
        chosen = [penguins[i] for i in state.selected if 0 <= i < len(penguins)]
        answer.source = mass_table(chosen)


def profile(place: Container) -> None:
    """A file that never leaves the browser; only what is said about it may."""
    place.heading("CSV profile")
    place.text(
        "Choose a CSV file: it is read and summed up in the browser. Python gets the summary once "
        "you share it, and never the file."
    )
    shown = place.add(CsvProfile(label="Your CSV file"), key="profile")
    answer = place.text("Python knows of no file.")

    @shown.on_value
    def _(summary: Profile | None) -> None:
        answer.text = sentence(summary) if summary else "Python knows of no file."


def crossings(place: Container) -> None:
    """The ledger, for the user to see."""
    place.heading("Where your data went")
    place.text("Everything that crossed between Python and the components, as it happens.")
    place.ledger()


@cache
def folder() -> Path:
    """Where signatures are kept while the demo runs."""
    made = Path(tempfile.mkdtemp(prefix="signatures-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def save(given: Signature) -> Path:
    """Write the picture to a file that is called by its hash."""
    file = folder() / f"{hashlib.sha256(given.png).hexdigest()}.png"
    file.write_bytes(given.png)
    return file


def mass_table(penguins: list[Penguin]) -> str:
    """The statistics of a selection as Markdown."""
    if not penguins:
        return "No penguins selected yet."
    lines = ["| Species | Penguins | Mean | Lightest | Heaviest |", "|---|---|---|---|---|"]
    for each in masses(penguins):
        figures = (grams(mass) for mass in (each.mean, each.min, each.max))
        lines.append(f"| {each.species} | {each.count} | {' | '.join(figures)} |")
    return "\n".join(lines)


def grams(mass: float | None) -> str:
    return "not weighed" if mass is None else f"{mass:,.0f} g"


def sentence(summary: Profile) -> str:
    """What Python now knows of a file."""
    kinds = [column.kind for column in summary.columns]
    counts = ", ".join(f"{kinds.count(kind)} of kind {kind}" for kind in dict.fromkeys(kinds))
    names = ", ".join(re.sub(r"\s+", " ", column.name) for column in summary.columns[:8])
    more = ", …" if len(summary.columns) > 8 else ""
    return f"Python knows: {summary.rows:,} rows; columns {counts}. Their names: {names}{more}."
