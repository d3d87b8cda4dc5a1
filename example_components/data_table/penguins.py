"""The Palmer penguins, and what can be said of some of them; see ``data/SOURCE.md``."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Literal, cast

FILE = Path(__file__).parent / "data" / "penguins.csv"

Species = Literal["Adelie", "Chinstrap", "Gentoo"]
Island = Literal["Biscoe", "Dream", "Torgersen"]
Sex = Literal["female", "male"]


@dataclass(frozen=True)
class Penguin:
    """One row; None is what was not measured."""

    species: Species
    island: Island
    bill_length_mm: float | None
    bill_depth_mm: float | None
    flipper_length_mm: float | None
    body_mass_g: float | None
    sex: Sex | None
    year: int


@dataclass(frozen=True)
class Masses:
    """Body masses of one species in g; None where nothing was measured."""

    species: Species
    count: int
    mean: float | None
    min: float | None
    max: float | None


def read_penguins() -> list[Penguin]:
    """All 344, in the file's order."""
    with FILE.open(encoding="utf-8", newline="") as stream:
        return [_penguin(row) for row in csv.DictReader(stream)]


def masses(penguins: Iterable[Penguin]) -> list[Masses]:
    """Statistics of each species that is among them, by name."""
    by_species: dict[Species, list[float | None]] = {}
    for penguin in penguins:
        by_species.setdefault(penguin.species, []).append(penguin.body_mass_g)
    return [_masses(species, by_species[species]) for species in sorted(by_species)]


def _masses(species: Species, masses: list[float | None]) -> Masses:
    known = [mass for mass in masses if mass is not None]
    return Masses(
        species=species,
        count=len(masses),
        mean=fmean(known) if known else None,
        min=min(known, default=None),
        max=max(known, default=None),
    )


def _penguin(row: dict[str, str]) -> Penguin:
    # The component checks every value by these types before it shows one.
    return Penguin(
        species=cast("Species", row["species"]),
        island=cast("Island", row["island"]),
        bill_length_mm=_number(row["bill_length_mm"]),
        bill_depth_mm=_number(row["bill_depth_mm"]),
        flipper_length_mm=_number(row["flipper_length_mm"]),
        body_mass_g=_number(row["body_mass_g"]),
        sex=cast("Sex | None", None if row["sex"] == "NA" else row["sex"]),
        year=int(row["year"]),
    )


def _number(text: str) -> float | None:
    return None if text == "NA" else float(text)
