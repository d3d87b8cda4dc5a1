"""Over 3,000 payloads, cleaned, in real browsers: none of them executes anything.

The page that renders them (harness.html) has no policy. That it sees executions is shown twice: our
own payloads run in it uncleaned, and behind every batch of cleaned text two markers do run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from components_sdk.markup import MAX_CHARACTERS, clean, markdown
from components_sdk.sanitisers import ATTRIBUTES, SANITISERS, TAGS
from components_sdk.testing.canary import Canary
from components_sdk.testing.engines import Engine, Tab

from .mutations import by_event, by_nesting, by_url, mutations
from .public import payloads

pytestmark = pytest.mark.browser

HARNESS = Path(__file__).with_name("harness.html").read_bytes()
MARKERS = {"marker image", "marker link"}
# WebKitGTK does not always tell that an image failed which innerHTML made: seen on a busy machine.
CERTAIN = {"chromium": MARKERS, "firefox": MARKERS, "webkit": {"marker link"}}
BATCH = 400
ENOUGH = 1_000  # payloads; there are three times as many
SECONDS = 90.0  # for one call of the harness

Json = Any  # what a page answers


@cache
def corpus() -> tuple[str, ...]:
    """Every payload once: ours, and those of others."""
    public = payloads()
    every = [*mutations(), *(each for found in public.values() for each in found)]
    return tuple(each for each in dict.fromkeys(every) if len(each) <= MAX_CHARACTERS)


@cache
def cleaned() -> tuple[str, ...]:
    """What is left of them, by both sanitisers, read as HTML and as Markdown; each once."""
    return tuple(
        dict.fromkeys(
            str(read(payload, sanitiser))
            for payload in corpus()
            for sanitiser in SANITISERS
            for read in (clean, markdown)
        )
    )


# What asks a server, or runs in a window of its own, where no hook is.
_ELSEWHERE = re.compile(r"//|data:|http-equiv|<(i?frame|object|embed)", re.I)


def public_alerts() -> list[str]:
    """Those of others that can run uncleaned without asking any server."""
    found = dict.fromkeys(each for part in payloads().values() for each in part)
    return [each for each in found if "alert(" in each.lower() and not _ELSEWHERE.search(each)][::2]


@pytest.fixture
def harness(tab: Tab) -> Iterator[Tab]:
    with Canary() as canary:
        canary.pages["/"] = HARNESS
        tab.goto(canary.http_url + "/")
        yield tab


def batches(items: tuple[str, ...] | list[str], size: int) -> Iterator[list[str]]:
    for begin in range(0, len(items), size):
        yield list(items[begin : begin + size])


@pytest.mark.parametrize("as_fragment", [True, False], ids=["innerHTML", "document"])
def test_nothing_of_what_was_cleaned_executes(
    engine: Engine, harness: Tab, as_fragment: bool
) -> None:
    certain = CERTAIN[engine.name]
    print(f"{len(corpus())} payloads, {len(cleaned())} different cleaned texts")
    assert len(corpus()) > ENOUGH
    listed = TAGS | {f"{tag} {name}" for tag, names in ATTRIBUTES.items() for name in names}
    seen: set[str] = set()
    for batch in batches(cleaned(), BATCH):
        answer: Json = harness.evaluate_within(
            SECONDS, "(...all) => together(...all)", batch, as_fragment, sorted(certain)
        )

        ran = set(answer["ran"]) - {"load of img"}  # the marker's, which fails
        assert certain <= ran <= MARKERS, batch
        assert answer["places"] == len(batch)  # none closed its place
        seen.update(answer["names"])

    assert seen - listed == {"a rel", "a target"}
    assert harness.dialogs == []
    assert harness.popups == 0


# Every fourth of ours, and others' that name no host and tell of themselves by alert: they are not
# cleaned, so what they load would be loaded. What an engine runs differs; most of it must be seen.
CONTROLS: dict[str, tuple[Callable[[], Iterable[str]], float]] = {
    "by event": (lambda: list(dict.fromkeys(by_event()))[::4], 0.5),
    "by URL": (lambda: list(dict.fromkeys(by_url()))[::4], 0.15),
    "by nesting": (lambda: list(dict.fromkeys(by_nesting()))[::4], 0.3),
    "public": (public_alerts, 0.05),  # most of them were for browsers of long ago
}


def test_the_same_payloads_execute_when_they_are_not_cleaned(harness: Tab) -> None:
    executed = 0
    for name, (family, share) in CONTROLS.items():
        every = tuple(family())
        ran = 0
        for batch in batches(every, 100):
            answers: Json = harness.evaluate_within(SECONDS, "(texts) => apart(texts)", batch)
            ran += sum("hit" in answer or "alert" in answer for answer in answers)
        assert ran > share * len(every), (name, ran, len(every))
        executed += ran
        print(f"{name}: {ran} of {len(every)} execute uncleaned")
    assert executed > 300
