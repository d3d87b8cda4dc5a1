"""``python -m benchmarks [NAME] [--json]``: measure, and say it as a table or as JSON.

Without a name all of them run, one after the other; ``--json`` prints an object a line.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from components_sdk.errors import ComponentsError

from . import NAMES, Result

HEAD = ("case", "ours", "limit", "ratio", "unit")


def main(argv: Sequence[str] | None = None) -> int:
    """Run benchmarks and answer the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="What the SDK costs, against the bare limit."
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help=f"{' or '.join(NAMES)}; else all")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    args = parser.parse_args(argv)
    if args.name is not None and args.name not in NAMES:
        parser.error(f"expected one of {', '.join(NAMES)}, got {args.name!r}")
    for name in [args.name] if args.name else NAMES:
        try:
            result: Result = importlib.import_module(f"benchmarks.{name}").measure()
        except ComponentsError as error:  # such as: no browser
            print(error, file=sys.stderr)
            return 2
        text = msgspec.json.encode(as_json(name, result)).decode() if args.json else table(result)
        print(text if args.json else f"{name}\n\n{text}\n", flush=True)
    return 0


def as_json(name: str, result: Result) -> dict[str, Any]:
    """The result for programs."""
    rows = [
        {
            "case": row.case,
            "ours": round(row.ours, 4),
            "limit": round(row.limit, 4),
            "ratio": None if row.ratio is None else round(row.ratio, 3),
            "unit": row.unit,
        }
        for row in result.rows
    ]
    return {"benchmark": name, "rows": rows}


def table(result: Result) -> str:
    """The result for people: words to the left, numbers to the right."""
    lines = [
        HEAD,
        *(
            (
                row.case,
                number(row.ours),
                number(row.limit),
                "-" if row.ratio is None else f"{row.ratio:.2f}",
                row.unit,
            )
            for row in result.rows
        ),
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    texts = [
        "  ".join(
            cell.rjust(width) if column in (1, 2, 3) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    return "\n".join([texts[0], "-" * len(texts[0]), *texts[1:], "", result.samples])


def number(value: float) -> str:
    """Three digits that count, and no exponent.

    >>> [number(value) for value in (0.12345, 12.345, 12345, 2)]
    ['0.123', '12.3', '12,345', '2']
    """
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3f}" if abs(value) < 1 else f"{value:.3g}"


if __name__ == "__main__":
    sys.exit(main())
