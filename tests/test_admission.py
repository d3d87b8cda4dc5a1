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
    admission.arrive("known")

    assert opened(admission, "", 100) == 5
    assert opened(admission, "known", 100) == 3


def test_a_made_up_cookie_is_a_newcomers() -> None:
    admission = Admission(BOUNDS, Clock())

    assert sum(admission.admits(f"made up {n}") for n in range(100)) == 5


def test_tokens_come_back_with_time() -> None:
    clock = Clock()
    admission = Admission(BOUNDS, clock)
    admission.arrive("known")
    opened(admission, "known", 100)
    clock.now = 2.0

    assert opened(admission, "known", 100) == 2


def test_who_left_is_remembered_and_those_are_bounded() -> None:
    admission = Admission(BOUNDS, Clock())
    for cookie in ("a", "b", "c"):
        admission.arrive(cookie)
    for cookie in ("a", "b"):
        admission.depart(cookie)
    admission.admits("a")
    admission.depart("c")  # "b" was not seen for the longest time
    opened(admission, "", 100)

    assert [admission.admits(each) for each in ("a", "b", "c")] == [True, False, True]


def test_who_has_a_page_open_stays_known_however_many_come() -> None:
    admission = Admission(BOUNDS, Clock())
    admission.arrive("known")
    for n in range(10_000):
        admission.arrive(f"fresh {n}")
        admission.depart(f"fresh {n}")
    opened(admission, "", 100)

    assert admission.admits("known")
    assert not admission.admits("fresh 0")


def test_a_visitor_stays_as_long_as_one_page_does_and_gets_no_new_burst() -> None:
    admission = Admission(BOUNDS, Clock())
    admission.arrive("known")
    admission.arrive("known")
    opened(admission, "known", 3)
    admission.depart("known")
    admission.depart("known")
    admission.arrive("known")

    assert not admission.admits("known")


def test_many_known_cookies_together_have_a_rate() -> None:
    clock = Clock()
    bounds = Bounds(known_per_second=2, known_burst=10)
    admission = Admission(bounds, clock)
    for n in range(100):
        admission.arrive(f"{n}")

    assert sum(admission.admits(f"{n}") for n in range(100)) == 10
    assert admission.admits("")  # newcomers have theirs
    clock.now = 3.0
    assert sum(admission.admits(f"{n}") for n in range(100)) == 6


def test_too_many_pages_at_once_are_refused_and_no_page_function_runs() -> None:
    app = App("Busy")
    runs: list[Page] = []

    @app.page("/")
    def home(page: Page) -> None:
        page.text("hello")
        runs.append(page)

    with RunningApp(app, bounds=Bounds(page_burst=2, pages_per_second=0.001)) as running:
        first = OpenedPage(running)
        with first.connect() as wire:
            wire.next_frame()
            later = [OpenedPage(running, first.cookie).answer for _ in range(4)]
        other = OpenedPage(running).answer

    assert [each.status for each in later] == [200, 200, 429, 429]
    assert later[-1].header("retry-after") == "5"
    assert "sandbox" in later[-1].header("content-security-policy")
    assert other.status == 200
    assert len(runs) == 4


def test_a_cookie_whose_pages_never_connect_is_a_newcomers() -> None:
    app = App("Busy")
    app.page("/")(lambda page: page.text("hello"))
    bounds = Bounds(newcomer_burst=4, newcomers_per_second=0.001)
    with RunningApp(app, bounds=bounds) as running:
        known = OpenedPage(running)
        with known.connect() as wire:
            wire.next_frame()
        fresh = OpenedPage(running)
        flood = [OpenedPage(running, fresh.cookie).answer.status for _ in range(4)]
        honest = OpenedPage(running, known.cookie).answer.status

    assert flood == [200, 200, 429, 429]
    assert honest == 200


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


def test_all_pages_together_are_bounded_and_who_is_connected_stays(deployment: Deployment) -> None:
    async def run() -> tuple[list[bool], list[bool]]:
        visits = Visits(Bounds(pages=3))
        mine = [visit(deployment, f"cookie {n}") for n in range(5)]
        rooms = []
        for n, each in enumerate(mine):
            rooms.append(visits.has_room(each.cookie))
            visits.add(each)
            if n in (0, 3, 4):
                visits.connect(each, Connected())
        rooms.append(visits.has_room("another"))
        found = [visits.find(each.token, each.cookie) is each for each in mine]
        await visits.close()
        return rooms, found

    rooms, found = asyncio.run(run())

    assert rooms == [True] * 5 + [False]
    assert found == [True, False, False, True, True]
