"""A table of penguins: sort it, select rows, and the app learns which."""

from dataclasses import dataclass, field
from typing import Literal

from components_sdk import Component, Value

from .penguins import Penguin

ColumnName = Literal[
    "species",
    "island",
    "bill_length_mm",
    "bill_depth_mm",
    "flipper_length_mm",
    "body_mass_g",
    "sex",
    "year",
]


@dataclass(frozen=True)
class Column:
    """One column to show; ``digits`` behind the point of its numbers."""

    name: ColumnName
    title: str
    unit: str = ""
    digits: int = 0


COLUMNS = (
    Column("species", "Species"),
    Column("island", "Island"),
    Column("bill_length_mm", "Bill length", "mm", 1),
    Column("bill_depth_mm", "Bill depth", "mm", 1),
    Column("flipper_length_mm", "Flipper", "mm"),
    Column("body_mass_g", "Body mass", "g"),
    Column("sex", "Sex"),
    Column("year", "Year"),
)


@dataclass(frozen=True)
class Sort:
    column: ColumnName
    descending: bool = False


@dataclass(frozen=True)
class TableState:
    """What the user did. ``selected`` are indices of ``rows``, ascending, as the app gave them."""

    selected: list[int] = field(default_factory=list)
    sort: Sort | None = None


class DataTable(Component):
    """Shows ``rows``, whatever fields they have, by ``columns``."""

    label: str
    rows: list[Penguin]
    columns: list[Column] = field(default_factory=lambda: list(COLUMNS))
    value: Value[TableState] = TableState()
