"""The signature pad: drawn by mouse and finger, typed by keyboard; its PNG is really decoded."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import pytest

from components_sdk.testing.engines import EngineCannot, Points

from ..conftest import Show, Shown
from . import PNG_START, Signature, SignaturePad

LINE: Points = [(50, 30), (80, 40), (110, 50), (140, 60), (170, 70)]
ARIA = "() => document.querySelector('canvas').getAttribute('aria-label')"

pytestmark = pytest.mark.browser


def test_a_drawn_line_arrives_as_ink_in_its_place(show: Show) -> None:
    shown = show(SignaturePad, {})
    assert shown.frame.evaluate(ARIA) == "No signature yet"
    shown.frame.drag("canvas", LINE)
    assert shown.frame.evaluate(ARIA) == "Signature, drawn"
    assert shown.nameless() == []
    assert_line_of_ink(shown)
    assert shown.tab.count(".card") == 0


def test_a_finger_draws_as_well(show: Show) -> None:
    shown = show(SignaturePad, {})
    try:
        shown.frame.touch_drag("canvas", LINE)
    except EngineCannot as error:
        pytest.skip(str(error))
    assert_line_of_ink(shown)


def test_a_name_is_signed_by_keyboard_alone(show: Show) -> None:
    shown = show(SignaturePad, {"label": "Sign here"})
    shown.press("Tab", "A", "d", "a", *["Tab"] * 3, "Enter")  # past Undo and Clear
    given = shown.value()
    assert given.made == "typed"
    assert 500 < sum(pixel < 128 for row in picture_of(given).rows for pixel in row) < 100_000

    shown.press(*["Shift+Tab"] * 3, "x")
    assert shown.value() is None, "the app keeps no signature that is not on the pad"
    shown.press("Tab", "Enter")
    shown.frame.wait_for(f"() => ({ARIA})() === 'No signature yet'")
    shown.press("Tab", "Tab", "Enter")
    assert shown.frame.wait_for("() => document.querySelector('p').innerText") == (
        "There is no signature yet: draw it, or type your name."
    )
    assert shown.values.empty()


def test_undo_clear_and_the_app_take_it_back(show: Show) -> None:
    shown = show(SignaturePad, {})
    shown.frame.drag("canvas", LINE)
    shown.frame.drag("canvas", [(200, 20), (220, 30)])
    shown.frame.click(".undo")
    assert_line_of_ink(shown)
    shown.frame.click(".clear")
    assert shown.value() is None
    shown.frame.drag("canvas", LINE)
    shown.frame.click(".done")
    assert shown.value().made == "drawn"
    shown.tab.click("button.button")  # the app sets the value to None
    shown.frame.wait_for(f"() => ({ARIA})() === 'No signature yet'")


def assert_line_of_ink(shown: Shown) -> None:
    """Done gives a picture with ``LINE`` on it, and nothing else."""
    shown.frame.click(".done")
    given = shown.value()
    assert given.made == "drawn"
    picture = picture_of(given)
    width = shown.frame.evaluate("() => document.querySelector('canvas').offsetWidth")
    scale = picture.width / width
    for x, y in LINE:
        near = [picture.rows[round(y * scale) + d][round(x * scale)] for d in range(-6, 7)]
        assert min(near) < 80, f"ink at {x}, {y}"
    right = [row[round(190 * scale) :] for row in picture.rows]
    assert all(pixel == 255 for row in right for pixel in row), "paper elsewhere"


@dataclass
class Picture:
    """The red of each pixel: 255 is paper, ink is dark."""

    width: int
    rows: list[bytes]


def picture_of(given: Signature) -> Picture:
    """Decode a PNG of 8 bits, RGB or RGBA, without interlacing."""
    assert given.png.startswith(PNG_START)
    chunks = list(chunks_of(given.png))
    assert chunks[0][0] == b"IHDR"
    assert chunks[-1][0] == b"IEND"
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    assert (width, height) == (given.width, given.height) == (1200, 400)
    assert depth == 8
    assert colour in (2, 6)
    assert not interlaced
    step = 4 if colour == 6 else 3
    data = zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))
    assert len(data) == height * (1 + width * step)
    rows = list(unfiltered(data, width * step, step))
    if step == 4:
        assert all(alpha == 255 for row in rows for alpha in row[3::4]), "opaque"
    return Picture(width, [row[::step] for row in rows])


def chunks_of(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(PNG_START)
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        body = png[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", png, at + 8 + length) == (zlib.crc32(kind + body),)
        yield kind, body
        at += 12 + length


def unfiltered(data: bytes, length: int, step: int) -> Iterator[bytes]:
    """Undo PNG's filters."""
    row = bytes(length)
    for start in range(0, len(data), length + 1):
        row = unfiltered_row(data[start], data[start + 1 : start + 1 + length], row, step)
        yield row


@lru_cache(maxsize=4)  # most rows are blank, as the row before
def unfiltered_row(kind: int, line: bytes, above: bytes, step: int) -> bytes:
    """Each byte may be told by its left, upper and upper left neighbour."""
    row = bytearray(line)
    for i, up in enumerate(above if kind else b""):
        left, corner = (row[i - step], above[i - step]) if i >= step else (0, 0)
        guess = (left, up, (left + up) // 2, paeth(left, up, corner))[kind - 1]
        row[i] = (row[i] + guess) & 255
    return bytes(row)


def paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda each: abs(guess - each))
