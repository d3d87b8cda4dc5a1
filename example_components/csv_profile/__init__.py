"""Says what is in the columns of a CSV file, without the file leaving the browser."""

from dataclasses import dataclass
from typing import Literal

from components_sdk import Component, Value


@dataclass(frozen=True)
class ColumnProfile:
    """What is known of one column. Numbers only: of text, nothing but its name and counts.

    Attributes:
        distinct: How many different cells there are; ``MAX_DISTINCT`` means that or more.
        min: Of a column of numbers, else None; ``mean`` and ``max`` likewise.
    """

    name: str
    kind: Literal["number", "date", "text", "empty"]
    missing: int
    distinct: int
    min: float | None
    mean: float | None
    max: float | None


MAX_DISTINCT = 1_000  # as in frontend/csv.js


@dataclass(frozen=True)
class Profile:
    """A file, summed up. ``ragged`` rows have more or fewer cells than the first one."""

    rows: int
    ragged: int
    columns: list[ColumnProfile]


class CsvProfile(Component):
    """The value is the summary that the user shared; None before that."""

    label: str = "Profile a CSV file"
    value: Value[Profile | None] = None
