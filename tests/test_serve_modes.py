"""The server in each mode of origin, over real sockets."""

from __future__ import annotations

import http.client
import logging
import re
from collections.abc import Iterator

import pytest

from components_sdk import App, Page
from components_sdk.csp import parse_csp
from components_sdk.origins import MODES
from components_sdk.servers.handlers import COOKIE
from components_sdk.testing.running import RunningApp

from .kinds import Dial

CSP = "Content-Security-Policy"


def home(page: Page) -> None:
    for key in ("a", "b"):
        page.add(Dial(label=key, marks=[]), key=key)


@pytest.fixture(scope="module", params=MODES)
def running(request: pytest.FixtureRequest) -> Iterator[RunningApp]:
    app = App("Modes")
    app.page("/")(home)
    with RunningApp(app, origins=request.param) as running:
        yield running


def get(
    running: RunningApp, path: str = "/", host: str = "", **headers: str
) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    host = host or running.origins.app_host
    connection.request("GET", path, headers={"Host": host, **named})
    response = connection.getresponse()
    answer = response.status, dict(response.getheaders()), response.read().decode()
    connection.close()
    return answer


def frames(running: RunningApp) -> list[tuple[str, str]]:
    """Host and path of each frame document that the page's policy names."""
    _, headers, _ = get(running)
    sources = parse_csp(headers[CSP])["frame-src"]
    found = [re.fullmatch(r"http://([^/]+)(/.+)", source) for source in sources]
    return [(each[1], each[2]) for each in found if each]


def test_the_page_names_the_exact_document_of_each_frame(running: RunningApp) -> None:
    found = frames(running)

    assert len(found) == (2 if running.origins.mode == "instance" else 1)
    for host, path in found:
        status, headers, body = get(running, path, host, Sec_Fetch_Dest="iframe")
        assert status == 200
        assert headers[CSP].startswith("sandbox allow-scripts; default-src 'none'")
        assert "Dial" in body


def test_whatever_is_below_a_components_place_is_confined(running: RunningApp) -> None:
    host, path = frames(running)[0]
    place = path.rpartition("/")[0]

    for asked, headers, expected in (
        (f"{place}/nothing", {}, 404),
        (path, {"Sec_Fetch_Dest": "document"}, 403),
        (path, {"Service_Worker": "script"}, 403),
        (f"{place}/../../", {}, None),
        (f"{place}x/frame", {}, None),
    ):
        status, answer, _ = get(running, asked, host, **headers)
        assert status == expected or (expected is None and status in (404, 421))
        assert "sandbox" in parse_csp(answer[CSP])
        assert "allow-same-origin" not in answer[CSP]
        assert "Set-Cookie" not in answer
        assert "Location" not in answer


def test_the_apps_cookie_is_ignored_and_only_unexpected_ones_are_logged(
    running: RunningApp, caplog: pytest.LogCaptureFixture
) -> None:
    host, path = frames(running)[0]
    with caplog.at_level(logging.WARNING):
        _, plain, body = get(running, path, host, Sec_Fetch_Dest="iframe")
        caplog.clear()
        _, answer, same = get(
            running, path, host, Sec_Fetch_Dest="iframe", Cookie=f"{COOKIE}={'x' * 43}"
        )

    dated = {"Date": ""}
    assert (answer | dated, same) == (plain | dated, body)
    expected = running.origins.mode != "path"
    assert any("a cookie was sent" in record.getMessage() for record in caplog.records) is expected


def test_the_app_does_not_answer_at_a_components_place(running: RunningApp) -> None:
    host, path = frames(running)[0]

    for asked in ("/", "/_components/socket"):
        if running.origins.mode != "path":
            status, headers, body = get(running, asked, host)
            assert status in (404, 421)
            assert "components-config" not in body
            assert "Set-Cookie" not in headers
    place = path.rpartition("/")[0]
    for asked in (f"{place}/", f"{place}/_components/socket"):
        status, _, body = get(running, asked, host)
        assert (status, "components-config" in body) == (404, False)


def test_who_types_the_wrong_host_is_told_the_right_one(running: RunningApp) -> None:
    if running.origins.mode != "loopback":
        assert get(running, host="nobody.example")[0] == 421
        return
    _, _, body = get(running, host=f"127.0.0.1:{running.port}")
    assert f"The app is at http://localhost:{running.port}" in body
