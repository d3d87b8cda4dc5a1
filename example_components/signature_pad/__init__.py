"""A signature, drawn with mouse, finger or pen, or typed; given to the app as a PNG picture."""

from dataclasses import dataclass
from typing import Literal

from components_sdk import Component, Value

PNG_START = b"\x89PNG\r\n\x1a\n"
MAX_BYTES = 1_000_000  # a full pad of scribbles has about 100,000


@dataclass(frozen=True)
class Signature:
    """Dark ink on opaque white, so that it can be read on any background.

    What a frame sends is hostile, so a value says itself what it may be: the gate refuses what
    raises here, and no callback ever sees it.
    """

    png: bytes
    width: int  # px
    height: int
    made: Literal["drawn", "typed"]

    def __post_init__(self) -> None:
        if not self.png.startswith(PNG_START) or len(self.png) > MAX_BYTES:
            raise ValueError(f"Expected a PNG of at most {MAX_BYTES} bytes")


class SignaturePad(Component):
    """The value is the signature; None until the user is done, and after each change."""

    label: str = "Please sign"
    value: Value[Signature | None] = None
