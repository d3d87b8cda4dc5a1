"""Where the files are that are not Python: beside the package in a checkout, in it in a wheel."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
WEB = PACKAGE / "web"


def templates() -> Path:
    """The folder of all Jinja2 templates."""
    installed = PACKAGE / "templates"
    return installed if installed.is_dir() else PACKAGE.parent / "templates"


def catalogue() -> Path:
    """The folder of the attacks and the known gaps."""
    installed = PACKAGE / "catalogue"
    return installed if installed.is_dir() else PACKAGE.parent / "security_tests"
