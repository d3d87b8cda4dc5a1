"""Each engine does what the interface promises, in an opaque frame of another site."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from components_sdk.testing.canary import Canary
from components_sdk.testing.engines import (
    ENGINES,
    VIEWPORT,
    Engine,
    EngineCannot,
    EngineError,
    Tab,
    Theme,
    Unmet,
    find,
    launch,
    poll,
)

HOST = """<!doctype html><title>host</title>
<style>body {{ margin: 0 }} iframe {{ position: absolute; left: 50px; top: 200px }}</style>
<button onclick="document.body.dataset.clicked = event.isTrusted">press me</button>
<input id="field"><p class="one">first</p><p>second</p>
<iframe sandbox="allow-scripts" src="http://w1.localhost:{port}/frame" width="500" height="400">
</iframe>"""

FRAME = """<!doctype html><title>frame</title>
<style>#pad {{ width: 300px; height: 100px; touch-action: none }}</style>
<button>go</button> <output></output> <input id="field"> <input id="file" type="file" hidden>
<select><option value="a">A<option value="b">B</select>
<div id="pad" tabindex="0"></div><div style="height: 900px"></div><button id="far">far</button>
<script>
  const events = [];
  const names = "pointerdown pointermove pointerup click keydown input change";
  for (const name of names.split(" "))
    addEventListener(name, e => events.push([
      name, e.isTrusted, e.pointerType ?? null, e.target.id || e.target.localName,
      e.clientX - pad.getBoundingClientRect().x, e.clientY - pad.getBoundingClientRect().y,
      e.key ?? null, e.buttons ?? null]), true);
  document.querySelector("button").onclick = e =>
    document.querySelector("output").textContent = "went " + e.isTrusted;
</script>"""

STRICT = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; frame-src http:"
)


class Handler(BaseHTTPRequestHandler):
    """Serves the host page, the frame, and what single tests need."""

    def do_GET(self) -> None:
        port = self.headers["Host"].rpartition(":")[2]
        body = (FRAME if self.path == "/frame" else HOST).format(port=port)
        if self.path == "/allowed":
            allowed = "allow-scripts allow-modals allow-popups allow-downloads"
            body = body.replace("allow-scripts", allowed)
        if self.path == "/plain":
            body = "<!doctype html><title>plain</title>"
        content = body.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        if self.path == "/cookie":
            self.send_header("Set-Cookie", "visited=yes; HttpOnly")
        if self.path == "/file":
            self.send_header("Content-Disposition", "attachment; filename=report.txt")
        if self.path in ("/", "/frame"):
            self.send_header("Content-Security-Policy", STRICT)
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # a closed tab waits for nothing
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        yield f"http://localhost:{server.server_address[1]}"
        server.shutdown()
        serving.join()


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_is_found_with_its_version(name: str) -> None:
    found = find(name)
    assert found is not None
    assert Path(found.path).exists()
    assert found.version[0].isdigit()


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(EngineError, match="Expected one of chromium, firefox, webkit"):
        launch("netscape")


@pytest.mark.browser
def test_a_new_tab_is_the_same_everywhere(engine: Engine, tab: Tab) -> None:
    found = find(engine.name)
    assert found is not None
    assert engine.version == found.version
    assert tab.evaluate("() => [innerWidth, innerHeight]") == list(VIEWPORT)
    assert tab.evaluate("() => navigator.language") == "en-US"


@pytest.mark.browser
def test_asyncio_can_be_used_beside_an_engine(engine: Engine) -> None:
    assert asyncio.run(asyncio.sleep(0, "done")) == "done"


@pytest.mark.browser
def test_the_page_can_be_asked_and_operated_under_a_strict_csp(tab: Tab, site: str) -> None:
    tab.goto(f"{site}/")
    assert tab.url == f"{site}/"
    assert tab.title() == "host"
    assert tab.text(".one") == "first"
    assert tab.count("p") == 2
    assert tab.attribute("p", "class") == "one"
    assert tab.attribute("p", "id") is None
    assert tab.evaluate("async (a, b) => ({sum: a + b.c})", 1, {"c": 2}) == {"sum": 3}
    assert tab.evaluate("() => undefined") is None
    tab.click("button")
    assert tab.attribute("body", "data-clicked") == "true"
    tab.type("#field", "héllo")
    tab.press("Shift+ArrowLeft")
    tab.press("x")
    assert tab.evaluate("() => document.querySelector('#field').value") == "héllx"


@pytest.mark.browser
def test_an_error_in_the_page_says_what_it_was(tab: Tab, site: str) -> None:
    tab.goto(f"{site}/")
    with pytest.raises(EngineError, match="no such luck"):
        tab.evaluate("() => { throw new Error('no such luck') }")
    with pytest.raises(EngineError, match="later"):
        tab.evaluate("() => Promise.reject(new Error('later'))")


@pytest.mark.browser
def test_an_opaque_frame_can_be_clicked_typed_in_and_asked(tab: Tab, site: str) -> None:
    tab.goto(f"{site}/")
    frame = tab.frame("iframe")
    assert frame.evaluate("() => self.origin") == "null"
    frame.click("button")
    assert frame.text("output") == "went true"
    assert frame.evaluate("() => navigator.userActivation?.hasBeenActive ?? true")
    frame.fill("#field", "old")
    frame.fill("#field", "some text")
    frame.press("#field", "End")
    frame.press("#field", "!")
    frame.press("#field", "Enter")
    assert frame.evaluate("() => document.querySelector('#field').value") == "some text!"
    keys = frame.evaluate("() => events.filter(e => e[0] === 'keydown').map(e => [e[1], e[6]])")
    assert keys[-3:] == [[True, "End"], [True, "!"], [True, "Enter"]]
    frame.click("#far")
    assert frame.evaluate("() => events.at(-1).slice(0, 4)") == ["click", True, "mouse", "far"]


@pytest.mark.browser
def test_a_key_goes_to_the_frame_that_has_the_focus(tab: Tab, site: str) -> None:
    tab.goto(f"{site}/")
    frame = tab.frame("iframe")
    frame.click("#field")
    tab.press("a")
    tab.press("b")
    assert frame.evaluate("() => document.querySelector('#field').value") == "ab"
    tab.click("#field")
    tab.press("c")
    assert frame.evaluate("() => document.querySelector('#field').value") == "ab"
    assert tab.evaluate("() => document.querySelector('#field').value") == "c"


def _pointer(frame: Any, name: str) -> list[list[Any]]:
    script = "n => events.filter(e => e[0] === n).map(e => [e[1], e[2], e[3], e[4], e[5]])"
    rows: list[list[Any]] = frame.evaluate(script, name)
    return [[*row[:3], round(row[3]), round(row[4])] for row in rows]


@pytest.mark.browser
def test_a_drag_is_real_pointer_events_at_the_given_points(tab: Tab, site: str) -> None:
    tab.goto(f"{site}/")
    frame = tab.frame("iframe")
    frame.click_at("#pad", 7, 9)
    assert _pointer(frame, "click") == [[True, "mouse", "pad", 7, 9]]
    frame.drag("#pad", [(10, 20), (60, 40), (120, 80)])
    assert _pointer(frame, "pointerdown")[-1] == [True, "mouse", "pad", 10, 20]
    assert [True, "mouse", "pad", 60, 40] in _pointer(frame, "pointermove")
    assert _pointer(frame, "pointerup")[-1] == [True, "mouse", "pad", 120, 80]


@pytest.mark.browser
def test_a_finger_drags_or_that_is_refused(engine: Engine, tab: Tab, site: str) -> None:
    tab.goto(f"{site}/")
    frame = tab.frame("iframe")
    if engine.name == "webkit":
        with pytest.raises(EngineCannot):
            frame.touch_drag("#pad", [(10, 20)])
        return
    frame.click("#pad")  # a mouse before, so that the two are told apart
    frame.touch_drag("#pad", [(10, 20), (60, 40), (120, 80)])
    assert _pointer(frame, "pointerdown")[-1] == [True, "touch", "pad", 10, 20]
    assert [True, "touch", "pad", 60, 40] in _pointer(frame, "pointermove")
    assert _pointer(frame, "pointerup")[-1] == [True, "touch", "pad", 120, 80]


@pytest.mark.browser
def test_a_file_and_an_option_are_chosen(tab: Tab, site: str, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("1,2")
    tab.goto(f"{site}/")
    frame = tab.frame("iframe")
    frame.upload("#file", tmp_path / "data.csv")
    read = "async () => { const f = file.files[0]; return [f.name, await f.text()] }"
    assert frame.evaluate(read) == ["data.csv", "1,2"]
    frame.select("select", "b")
    assert frame.evaluate("() => document.querySelector('select').value") == "b"
    with pytest.raises(EngineError, match="Expected an option with value 'z'"):
        frame.select("select", "z")
    assert frame.evaluate("() => events.filter(e => e[3] == 'select').map(e => e[0])") == [
        "input",
        "change",
    ]


@pytest.mark.browser
def test_waiting_returns_the_value_or_names_the_condition(tab: Tab, site: str) -> None:
    tab.goto(f"{site}/")
    frame = tab.frame("iframe")
    frame.evaluate("() => { setTimeout(() => { window.ready = 42 }, 100) }")
    assert frame.wait_for("() => window.ready") == 42
    with pytest.raises(AssertionError, match=r"within 0.2 s: .*window.never.*last came 0"):
        tab.wait_for("() => window.never ?? 0", timeout=0.2)
    with pytest.raises(Unmet, match=r"window.never.*last came False"):
        frame.wait_for("n => window.never === n", 7, timeout=0.2)


@pytest.mark.browser
def test_a_frame_that_hangs_cannot_hold_the_test(engine: Engine, tab: Tab, site: str) -> None:
    tab.goto(f"{site}/")
    frame = tab.frame("iframe")
    frame.evaluate("() => { setTimeout(() => { for (;;); }) }")
    with pytest.raises(Unmet, match=r"within 1 s"):
        frame.wait_for("() => false", timeout=1)
    if engine.name != "webkit":  # known: there the page hangs with its frames
        assert tab.title() == "host"


@pytest.mark.browser
def test_a_frame_may_come_later_and_come_again(tab: Tab, site: str) -> None:
    tab.goto(f"{site}/")
    frame = tab.frame("#late")
    tab.evaluate(
        """() => setTimeout(() => {
          const late = document.querySelector("iframe").cloneNode();
          late.id = "late"; document.querySelector("iframe").replaceWith(late);
        }, 100)"""
    )
    frame.click("button")
    assert frame.text("output") == "went true"
    tab.evaluate("() => { const late = document.querySelector('#late'); late.src = late.src }")
    frame.wait_for(
        "() => document.readyState === 'complete'"
        " && document.querySelector('output').textContent === ''"
    )
    frame.click("button")
    assert frame.text("output") == "went true"


@pytest.mark.browser
def test_two_tabs_share_no_cookies(engine: Engine, tab: Tab, site: str) -> None:
    tab.goto(f"{site}/cookie")
    assert [(c["name"], c["value"]) for c in tab.cookies()] == [("visited", "yes")]
    other = engine.new_tab()
    try:
        other.goto(f"{site}/plain")
        assert other.cookies() == []
    finally:
        other.close()


@pytest.mark.browser
def test_dialogs_and_popups_are_seen_from_outside(tab: Tab, site: str) -> None:
    tab.goto(f"{site}/plain")
    tab.evaluate("() => { setTimeout(() => { alert('boo'); window.after = 1 }) }")
    tab.wait_for("() => window.after")
    assert len(tab.dialogs) == 1
    assert tab.dialogs[0].endswith(": boo")
    assert tab.popups == 0
    tab.evaluate("() => { document.body.innerHTML = '<button>open</button>' }")
    tab.evaluate("() => { document.querySelector('button').onclick = () => open('/plain') }")
    tab.click("button")
    _until(lambda: tab.popups == 1)
    tab.evaluate("() => { document.body.innerHTML = '<a href=/ target=_blank>open</a>' }")
    tab.click("a")
    _until(lambda: tab.popups == 2)


@pytest.mark.browser
def test_what_a_frame_opens_is_seen_too(tab: Tab, site: str) -> None:
    tab.goto(f"{site}/allowed")
    frame = tab.frame("iframe")
    frame.evaluate("() => { document.querySelector('button').onclick = () => open('/plain') }")
    frame.click("button")
    _until(lambda: tab.popups == 1)
    download = "() => { document.querySelector('button').onclick = () => { location = '/file' } }"
    frame.evaluate(download)
    frame.click("button")
    _until(lambda: len(tab.downloads) == 1)
    frame.evaluate("() => { document.querySelector('button').onclick = () => { alert('boo') } }")
    frame.click("button")
    _until(lambda: [dialog.partition(": ")[2] for dialog in tab.dialogs] == ["boo"])


@pytest.mark.browser
def test_downloads_are_seen_from_outside(engine: Engine, tab: Tab, site: str) -> None:
    tab.goto(f"{site}/plain")
    tab.evaluate("() => { document.body.innerHTML = '<a href=/file download>get</a>' }")
    tab.click("a")
    expected = "report.txt" if engine.name == "webkit" else f"{site}/file"
    _until(lambda: tab.downloads == [expected])


@pytest.mark.browser
def test_the_tab_goes_back_reloads_and_changes_its_size(
    tab: Tab, site: str, tmp_path: Path
) -> None:
    tab.goto(f"{site}/plain")
    tab.goto(f"{site}/")
    tab.evaluate("() => { window.mark = 1 }")
    tab.reload()
    assert tab.evaluate("() => window.mark ?? 0") == 0
    tab.go_back()
    tab.wait_for("() => document.title === 'plain'")
    tab.set_viewport(700, 500)
    tab.wait_for("() => innerWidth === 700 && innerHeight === 500")
    tab.screenshot(tmp_path / "shot.png")
    assert (tmp_path / "shot.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.browser
def test_the_theme_can_be_chosen_or_that_is_refused(engine: Engine, tab: Tab, site: str) -> None:
    tab.goto(f"{site}/")
    if engine.name == "webkit":
        with pytest.raises(EngineCannot):
            tab.emulate_theme("dark")
        return
    is_now = "theme => matchMedia(`(prefers-color-scheme: ${theme})`).matches"
    themes: tuple[Theme, ...] = ("dark", "light")
    for theme in themes:
        tab.emulate_theme(theme)
        assert tab.evaluate(is_now, theme)
        tab.frame("iframe").wait_for(is_now, theme)  # in another process, told a little later


@pytest.mark.browser
def test_the_canary_sees_requests_and_sockets(tab: Tab, site: str) -> None:
    with Canary() as canary:
        tab.goto(f"{site}/plain")
        url = f"http://attacker.localhost:{canary.port}"
        answer = tab.evaluate("async u => (await fetch(u + '/x?s=1')).text()", url)
        assert answer == "canary"
        opened = "u => new Promise(ok => { const w = new WebSocket(u); w.onopen = () => ok(true) })"
        assert tab.evaluate(opened, f"ws://127.0.0.1:{canary.port}/ws")
        assert canary.wait(lambda hit: hit.detail == "GET /x?s=1", timeout=5)
        assert canary.wait(lambda hit: hit.headers.get("upgrade") == "websocket", timeout=5)


@pytest.mark.browser
def test_the_canary_sees_webrtc(engine: Engine, tab: Tab, site: str) -> None:
    with Canary() as canary:
        tab.goto(f"{site}/plain")
        if engine.name == "webkit":
            assert not tab.evaluate("() => 'RTCPeerConnection' in window")  # known: not built in
            return
        tab.evaluate(
            """port => {
              const urls = "stun:127.0.0.1:" + port;
              const c = window.c = new RTCPeerConnection({iceServers: [{urls}]});
              c.createDataChannel("x");
              c.createOffer().then(offer => c.setLocalDescription(offer));
            }""",
            canary.udp_port,
        )
        assert canary.wait(lambda hit: hit.kind == "udp", timeout=10)


PRECONNECT = """url => {
  const link = document.createElement("link");
  link.rel = "preconnect"; link.href = url;
  document.head.append(link);
}"""


@pytest.mark.browser
def test_the_canary_sees_preconnect(engine: Engine, site: str) -> None:
    if engine.name == "chromium":
        # Only a browser that may use the network in the background does it.
        with launch("chromium", background_networking=True) as networking:
            _preconnect(networking, site)
    else:
        _preconnect(engine, site)


def _preconnect(engine: Engine, site: str) -> None:
    tab = engine.new_tab()
    try:
        with Canary() as canary:
            tab.goto(f"{site}/plain")
            tab.evaluate(PRECONNECT, canary.http_url)
            assert canary.wait(lambda hit: hit.kind == "tcp", timeout=10)
            assert [hit for hit in canary.hits if hit.kind == "http"] == []
    finally:
        tab.close()


def _until(come_true: Callable[[], bool]) -> None:
    poll(come_true, 5, what="the engine to notice")
