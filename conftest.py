"""Fixtures for every test of the repository that needs a real browser.

    engine   a running browser, once per session for each of the three
    tab      a fresh tab of it, closed after the test

A test that asks for either runs once in each engine. ``COMPONENTS_ENGINES=chromium,firefox`` in the
environment narrows that. A browser that is not installed is an error, never a skip: a security test
that did not run must not look like one that passed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import hypothesis
import pytest

from components_sdk.testing.engines import ENGINES, Engine, Tab, launch

# How long an example takes is the machine's affair; what it finds is ours.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--attack-results", metavar="FILE", help="write the outcomes of all attacks as JSON"
    )


def _wanted() -> list[str]:
    names = [name for name in os.environ.get("COMPONENTS_ENGINES", "").split(",") if name]
    if unknown := set(names) - set(ENGINES):
        raise pytest.UsageError(
            f"COMPONENTS_ENGINES: expected some of {', '.join(ENGINES)}, got {sorted(unknown)}"
        )
    return names or list(ENGINES)


@pytest.fixture(scope="session", params=_wanted())
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A running browser; pytest groups the tests so that each is started once."""
    with launch(request.param) as running:
        yield running


@pytest.fixture
def tab(engine: Engine) -> Iterator[Tab]:
    """A tab that shares nothing with those of other tests."""
    opened = engine.new_tab()
    yield opened
    opened.close()
