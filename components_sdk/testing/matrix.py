"""The support matrix: which attack comes to what in which engine, as a document.

    component attack --engine chromium --engine firefox --engine webkit --format json -o r.json
    python -m components_sdk.testing.matrix r.json docs/support-matrix.md

Several files may be named. Results of a part of the catalogue, or of one engine, replace their
cells; the others stay as they were. Attacks that are not in the catalogue any more are left out,
new ones stand there with a ``?`` until they are measured.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

from .. import vocabulary
from ..resources import catalogue
from .attacks import Attack, Category, load_attacks
from .engines import ENGINES
from .results import Result, Results, load

TITLES = {**dict(zip(ENGINES, vocabulary.TITLES.values(), strict=True)), "server": "Server"}
COLUMNS = tuple(TITLES)
OPEN, UNKNOWN, NONE = "**open**", "?", ""
_CELLS = {"guarded": "guarded", "not-applicable": "n/a", "granted": "granted"}

Cells = dict[str, dict[str, str]]  # by attack, by engine

_HEAD = """# Support matrix

What becomes of each attack of the catalogue in each engine, as it was measured. Made by
`python -m components_sdk.testing.matrix`; do not edit it.

| | |
|---|---|
| guarded | without its guard it succeeds; with the product as it is it began, ended, and came to nothing |
| **open** | a known gap: nothing of ours stops it there; `security_tests/known_gaps.toml` says why |
| n/a | this engine lacks what the attack needs, which was tried |
| ? | not measured yet |
| empty | it is not played there: raw requests need no browser |

"""  # noqa: E501 - a table of Markdown has no shorter lines


def document(
    attacks: Mapping[str, Attack], cells: Mapping[str, Mapping[str, str]], versions: dict[str, str]
) -> str:
    """The whole document."""
    measured = ", ".join(f"{TITLES[name]} {versions[name]}" for name in COLUMNS if name in versions)
    parts = [_HEAD, f"Measured with: {measured}.\n"]
    for category in get_args(Category):
        ids = sorted(id for id, attack in attacks.items() if attack.category == category)
        if not ids:
            continue
        rows = [["attack", *(TITLES[name] for name in COLUMNS), "goal"], ["---"] * 6]
        for id in ids:
            told = [_cell(attacks[id], cells.get(id, {}), name) for name in COLUMNS]
            rows.append([f"`{id}`", *told, attacks[id].goal.replace("|", "\\|")])
        table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        parts.append(f"\n## {category[:1].upper()}{category[1:]}\n\n{table}\n")
    return "".join(parts)


def _cell(attack: Attack, cells: Mapping[str, str], engine: str) -> str:
    played = engine == "server" if attack.without_browser else engine != "server"
    return cells.get(engine, UNKNOWN) if played else NONE


def parse(text: str) -> tuple[Cells, dict[str, str]]:
    """Cells and versions of a document that ``document`` made."""
    cells: Cells = {}
    for row in re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", text, re.M):
        told = dict(zip(COLUMNS, (cell.strip() for cell in row[1].split("|")), strict=False))
        cells[row[0]] = {name: cell for name, cell in told.items() if cell != NONE}
    measured = re.search(r"^Measured with: (.*)\.$", text, re.M)
    titles = {title: name for name, title in TITLES.items()}
    pairs = [each.split(" ", 1) for each in measured[1].split(", ")] if measured else []
    return cells, {titles[title]: version for title, version in pairs}


def merged(cells: Cells, results: Sequence[Result]) -> Cells:
    """The cells with what was measured now."""
    new = {id: dict(row) for id, row in cells.items()}
    for result in results:
        cell = OPEN if result.known_gap else _CELLS.get(result.verdict, UNKNOWN)
        new.setdefault(result.attack, {})[result.engine] = cell
    return new


def update(text: str, results: Results, attacks: Mapping[str, Attack]) -> str:
    """The document with what was measured now."""
    cells, versions = parse(text)
    return document(attacks, merged(cells, results.results), {**versions, **results.engines})


def main(words: Sequence[str]) -> int:
    """``RESULTS.json … DOCUMENT.md``: bring the document up to date."""
    if not words or not words[-1].endswith(".md"):
        print(__doc__, file=sys.stderr)
        return 2
    *measured, target = map(Path, words)
    text = target.read_text("utf-8") if target.is_file() else ""
    attacks = load_attacks(catalogue() / "attacks")
    for file in measured:
        text = update(text, load(file), attacks)
    target.write_text(text if measured else document(attacks, *parse(text)), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
