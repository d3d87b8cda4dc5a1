"""Who may have a page made: known visitors by themselves, all newcomers together."""

from __future__ import annotations

import asyncio

import pytest

from components_sdk import App, Limits, Page
from components_sdk.app import Deployment, OpenPage
from components_sdk.ledger import Ledger
from components_sdk.origins import Origins
from components_sdk.rates import Meter
from components_sdk.servers.admission import Admission
from components_sdk.servers.bounds import Bounds
from components_sdk.servers.visits import Visit, Visits
from components_sdk.session import Session
from components_sdk.testing.running import RunningApp

from .test_limits import Clock
from .wires import Page as OpenedPage

BOUNDS = Bounds(
    pages_per_second=1, page_burst=3, newcomers_per_second=2, newcomer_burst=5, visitors=2
)


def opened(admission: Admission, cookie: str, times: int) -> int:
    return sum(admission.admits(cookie) for _ in range(times))


def test_a_flood_of_newcomers_leaves_known_visitors_alone() -> None:
    admission = Admission(BOUNDS, Clock())
    admission.remember("known")

    assert opened(admission, "", 100) == 5
    assert opened(admission, "known", 100) == 3


def test_a_made_up_cookie_is_a_newcomers() -> None:
    admission = Admission(BOUNDS, Clock())

    assert sum(admission.admits(f"made up {n}") for n in range(100)) == 5


def test_tokens_come_back_with_time() -> None:
    clock = Clock()
    admission = Admission(BOUNDS, clock)
    admission.remember("known")
    opened(admission, "known", 100)
    clock.now = 2.0

    assert opened(admission, "known", 100) == 2


def test_the_visitors_that_are_remembered_are_bounded() -> None:
    admission = Admission(BOUNDS, Clock())
    for cookie in ("a", "b"):
        admission.remember(cookie)
    admission.admits("a")
    admission.remember("c")  # "b" was not seen for the longest time
    opened(admission, "", 100)

    assert [admission.admits(each) for each in ("a", "b", "c")] == [True, False, True]


def test_too_many_pages_at_once_are_refused_and_no_page_function_runs() -> None:
    app = App("Busy")
    runs: list[Page] = []
    app.page("/")(runs.append)
    with RunningApp(app, bounds=Bounds(page_burst=2, pages_per_second=0.001)) as running:
        first = OpenedPage(running)
        later = [OpenedPage(running, first.cookie).answer for _ in range(4)]
        other = OpenedPage(running).answer

    assert [each.status for each in later] == [200, 200, 429, 429]
    assert later[-1].header("retry-after") == "5"
    assert "sandbox" in later[-1].header("content-security-policy")
    assert other.status == 200
    assert len(runs) == 4


class Connected:
    def take_over(self) -> None:
        raise AssertionError("nobody takes over")

    async def end(self) -> None:
        pass


@pytest.fixture
def deployment() -> Deployment:
    app = App("Test")
    app.page("/")(lambda page: None)
    return Deployment(app, Origins.local(8501, app.secret))


def visit(deployment: Deployment, cookie: str) -> Visit:
    session = Session("s", Ledger(), Limits())
    entry = deployment.app.pages["/"]
    return Visit(OpenPage(deployment, entry, session), cookie, Meter(Limits()))


def test_a_visitor_has_so_many_pages_and_the_oldest_away_goes_first(
    deployment: Deployment,
) -> None:
    async def run() -> tuple[list[bool], bool, bool]:
        visits = Visits(Bounds(pages_of_visitor=2))
        mine = [visit(deployment, "mine") for _ in range(3)]
        for each in mine:
            visits.add(each)
        other = visit(deployment, "other")
        visits.add(other)
        found = [visits.find(each.token, each.cookie) is each for each in (*mine, other)]
        room = visits.has_room("mine")
        for each in mine[1:]:
            visits.connect(each, Connected())
        full = visits.has_room("mine")
        await visits.close()
        return found, room, full

    assert asyncio.run(run()) == ([False, True, True, True], True, False)
