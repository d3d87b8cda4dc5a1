"""The vocabulary's columns of engines equal what three real browsers do.

Tokens and features are asked for by the engines' own lists. Directives and some features are tried:
the page does the one thing that is forbidden, once without the directive (the control, which has to
succeed) and once with it. What went out is judged by the server, not by the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec
import pytest

from components_sdk.testing.canary import Canary
from components_sdk.testing.engines import Engine, Tab
from components_sdk.vocabulary import Engines, State, Word, words

from .probing import Probing

pytestmark = pytest.mark.browser

COLUMNS = {"chromium": "chromium", "firefox": "firefox", "webkit": "webkitgtk"}

# Of drafts, of old engines and of other browsers: none of them may be known without being listed.
OTHER_TOKENS = [
    "allow-custom-protocols-navigation",
    "allow-downloads-without-user-activation",
    "allow-fullscreen",
    "allow-plugins",
    "allow-top-navigation-to-data-urls",
    "allow-unrestricted-windows",
]


@pytest.fixture(scope="module")
def server() -> Iterator[Probing]:
    with Probing() as probing:
        yield probing


def column(word: Word, engine: Engine) -> State:
    assert isinstance(word.engines, Engines)
    state: State = getattr(word.engines, COLUMNS[engine.name])
    return state


def told(kind: Literal["token", "feature"], engine: Engine) -> dict[str, State]:
    return {word.name: column(word, engine) for word in words(kind)}


# --- sandbox tokens ------------------------------------------------------------------------------


def test_an_engine_knows_the_tokens_that_the_table_says(
    engine: Engine, tab: Tab, server: Probing
) -> None:
    tab.goto(server.url())
    table = told("token", engine)
    known = tab.evaluate(
        """(tokens) => {
          const { sandbox } = document.createElement("iframe");
          return tokens.filter((token) => sandbox.supports(token));
        }""",
        [*table, *OTHER_TOKENS],
    )
    assert set(known) == {name for name, state in table.items() if state == "known"}


# --- features ------------------------------------------------------------------------------------


def test_an_engine_knows_the_features_that_the_table_says(
    engine: Engine, tab: Tab, server: Probing
) -> None:
    tab.goto(server.url())
    features = tab.evaluate("() => document.featurePolicy?.features() ?? null")
    table = told("feature", engine)
    if features is None:
        assert engine.name == "webkit"  # no such list: tried below, or not measured
        assert set(table.values()) <= {"enforced", "unmeasured"}
    else:
        listed = {name for name, state in table.items() if state in ("known", "enforced")}
        assert set(features) == listed
        assert "unmeasured" not in table.values()


@pytest.mark.parametrize(
    ("header", "value"),
    [("Permissions_Policy", "fullscreen=()"), ("Feature_Policy", "fullscreen 'none'")],
)
def test_only_chromium_reads_the_header(
    engine: Engine, tab: Tab, server: Probing, header: str, value: str
) -> None:
    tab.goto(server.url())
    assert tab.evaluate("() => document.fullscreenEnabled") is True
    tab.goto(server.url(**{header: value}))
    assert tab.evaluate("() => document.fullscreenEnabled") is (engine.name != "chromium")


# Each says how the browser answered. In a frame of another origin a feature is off unless ``allow``
# hands it over: the answers have to differ, and the one of the denied frame has to be the refusal.
OUTCOMES = {
    "fullscreen": "async () => String(document.fullscreenEnabled)",
    "gamepad": "async () => { navigator.getGamepads(); return 'allowed'; }",
    "camera": "() => navigator.mediaDevices.getUserMedia({ video: true }).then(() => 'allowed')",
    "microphone": """() =>
      navigator.mediaDevices.getUserMedia({ audio: true }).then(() => 'allowed')""",
    "screen-wake-lock": "() => navigator.wakeLock.request('screen').then(() => 'allowed')",
    "geolocation": """() => new Promise((answer) => {
      navigator.geolocation.getCurrentPosition(
        () => answer("allowed"), ({ code, message }) => answer(`NotAllowed ${code} ${message}`));
      setTimeout(answer, 1500, "asked the user");
    })""",
    "sync-xhr": """async () => {
      const request = new XMLHttpRequest();
      request.open("GET", "/probe.json", false);
      request.send();
      return "allowed";
    }""",
}
REFUSALS = ("false", "NotAllowed", "SecurityError", "NetworkError")


@pytest.mark.parametrize("feature", OUTCOMES)
def test_a_feature_works_if_allow_hands_it_over_and_else_not_where_the_table_says(
    engine: Engine, tab: Tab, server: Probing, feature: str
) -> None:
    def outcome(allow: str) -> str:
        tab.goto(server.url())
        tab.evaluate(
            """([url, allow]) => new Promise((shown) => {
              const frame = document.createElement("iframe");
              frame.setAttribute("sandbox", "allow-scripts allow-same-origin");
              frame.allow = allow;
              frame.src = url;
              frame.onload = shown;
              document.body.append(frame);
            }).then(() => null)""",
            [server.url(host="probe.localhost"), allow],
        )
        answer = tab.frame("iframe").evaluate(
            f"""async () => {{
              try {{ return await ({OUTCOMES[feature]})(); }}
              catch (error) {{ return `${{error.name}} ${{error.message}}`; }}
            }}"""
        )
        return str(answer)

    granted, denied = outcome(f"{feature} *"), outcome(f"{feature} 'none'")
    state = column(next(word for word in words("feature") if word.name == feature), engine)
    differs = denied != granted and denied.startswith(REFUSALS)
    assert (state == "enforced") is differs, (granted, denied)


# --- directives ----------------------------------------------------------------------------------


class Probe(msgspec.Struct, frozen=True):
    """What a page does that the directive forbids.

    Attributes:
        value: Of the directive.
        act: A JavaScript function; it is called with the address that ``loads`` has. What it
            returns says if it happened, unless there is a ``loads``: then the server says so.
        loads: What is asked for, if it happens.
        beside: Further directives, with and without it.
        causes: The directive does not forbid something but makes it happen.
        inside: It is not the page that has the directive but a frame in it.
    """

    value: str
    act: str
    loads: str = ""
    beside: str = ""
    causes: bool = False
    inside: bool = False


def element(tag: str, attribute: str, extra: str = "") -> str:
    """Make an element that loads the address, and wait for its word on it."""
    return f"""(address) => new Promise((end) => {{
      const element = document.createElement("{tag}");
      element.onload = element.onerror = end;
      {extra}
      element["{attribute}"] = address;
      document.body.append(element);
    }})"""


IMAGE = element("img", "src")
SCRIPT = element("script", "src")
SHEET = element("link", "href", 'element.rel = "stylesheet";')
FRAME = element("iframe", "src")

PROBES = {
    "sandbox": Probe(
        "allow-scripts",
        """() => {
          try { localStorage.probe = 1; return true; } catch { return false; }
        }""",
    ),
    "default-src": Probe("'none'", IMAGE, "probe.svg"),
    "script-src": Probe("'none'", SCRIPT, "probe.js"),
    "script-src-elem": Probe("'none'", SCRIPT, "probe.js"),
    "script-src-attr": Probe(
        "'none'",
        """() => {
          const element = document.createElement("p");
          element.setAttribute("onclick", "globalThis.ran = true");
          element.click();
          return globalThis.ran === true;
        }""",
    ),
    "style-src": Probe("'none'", SHEET, "probe.css"),
    "style-src-elem": Probe("'none'", SHEET, "probe.css"),
    "style-src-attr": Probe(
        "'none'",
        """() => {
          const element = document.createElement("p");
          element.setAttribute("style", "position: fixed");
          document.body.append(element);
          return getComputedStyle(element).position === "fixed";
        }""",
    ),
    "img-src": Probe("'none'", IMAGE, "probe.svg"),
    "font-src": Probe(
        "'none'",
        "(address) => new FontFace('probe', `url(${address})`).load().catch(() => {})",
        "probe.woff2",
    ),
    "connect-src": Probe("'none'", "(address) => fetch(address).catch(() => {})", "probe.json"),
    "media-src": Probe("'none'", element("audio", "src"), "probe.wav"),
    "worker-src": Probe(
        "'none'",
        """(address) => new Promise((end) => {
          try { new Worker(address).onerror = end; } catch { end(); }
        })""",
        "probe.js",
    ),
    "child-src": Probe("'none'", FRAME, "probe.html"),
    "frame-src": Probe("'none'", FRAME, "probe.html"),
    "object-src": Probe("'none'", element("object", "data"), "probe.html"),
    "prefetch-src": Probe(
        "'none'", element("link", "href", 'element.rel = "prefetch";'), "probe.json"
    ),
    "manifest-src": Probe(
        "'none'", element("link", "href", 'element.rel = "manifest";'), "probe.json"
    ),
    "form-action": Probe(
        "'none'",
        """(address) => {
          document.body.innerHTML = "<iframe name=there></iframe><form target=there></form>";
          const [form] = document.forms;
          form.action = address;
          try { form.submit(); } catch { /* Firefox throws if it is refused */ }
        }""",
        "probe.html",
    ),
    "base-uri": Probe(
        "'none'",
        """() => {
          const element = document.createElement("base");
          element.href = "https://elsewhere.example/";
          document.head.append(element);
          return document.baseURI === element.href;
        }""",
    ),
    "frame-ancestors": Probe("'none'", FRAME, "shown.svg", inside=True),
    "navigate-to": Probe("'none'", "(address) => { location = address; }", "probe.204"),
    "require-sri-for": Probe("script", SCRIPT, "probe.js"),
    "require-trusted-types-for": Probe(
        "'script'",
        """() => {
          const element = document.createElement("p");
          try { element.innerHTML = "<b>probe</b>"; } catch { return false; }
          return element.children.length === 1;
        }""",
    ),
    "trusted-types": Probe(
        "'none'",
        """() => {
          try { trustedTypes.createPolicy("probe", {}); return true; } catch { return false; }
        }""",
    ),
    "report-uri": Probe("/report.json", IMAGE, "report.json", beside="img-src 'none'", causes=True),
}

# Why no page of these engines can show the difference.
UNMEASURED = {
    "fenced-frame-src": "A fenced frame loads only what the browser's advertising interfaces name.",
    "upgrade-insecure-requests": "Loopback is exempt, and there is no other server here.",
    "block-all-mixed-content": "There is no page by https here.",
    "report-to": "Reports are kept back for a minute, and sent to https only.",
    "plugin-types": "No engine has plug-ins any more.",
}


def test_every_directive_is_probed_or_has_a_reason_why_not() -> None:
    names = {word.name for word in words("directive")}
    assert names == {*PROBES, *UNMEASURED, "webrtc"}
    for word in words("directive"):
        if word.name in UNMEASURED:
            assert word.engines == Engines("unmeasured", "unmeasured", "unmeasured")


def happens(tab: Tab, server: Probing, probe: Probe, csp: str, run: str) -> bool:
    """Whether it happened in a page under this policy."""
    loads = probe.loads and f"{run}-{probe.loads}"
    address = f"{server.origin}/{loads}"
    if probe.inside:
        address = server.url(csp, shows=loads)
        csp = ""
    csp = "; ".join(filter(None, (probe.beside, csp)))
    if probe.causes:
        csp = csp.replace("/report.json", f"/{loads}")
        address = f"{server.origin}/probe.svg"
    tab.goto(server.url(csp))
    # The source is put together here: a policy without 'unsafe-eval' would refuse to do it there.
    answer = tab.evaluate(
        f"""async (address) => {{
          const violated = new Promise((end) =>
            addEventListener("securitypolicyviolation", () => end(false)));
          const waited = new Promise((end) => setTimeout(end, 2000, false));
          const said = await Promise.race([({probe.act})(address), violated, waited]);
          return said === true;
        }}""",
        address,
    )
    return server.came(loads, timeout=0.5) if loads else bool(answer)


@pytest.mark.parametrize("name", PROBES)
def test_a_directive_holds_where_the_table_says(
    engine: Engine, tab: Tab, server: Probing, name: str
) -> None:
    probe = PROBES[name]
    state = column(next(word for word in words("directive") if word.name == name), engine)
    run = f"{engine.name}-{name}"
    without = happens(tab, server, probe, "", f"{run}-without")
    under = happens(tab, server, probe, f"{name} {probe.value}", f"{run}-under")
    if probe.causes:
        without, under = under, without
        assert (state == "enforced") is (without and not under)
    elif without:
        assert state == ("ignored" if under else "enforced")
    else:
        assert state == "unmeasured", "the control did not happen"


def test_webrtc_block_is_kept_by_no_engine(engine: Engine, tab: Tab, server: Probing) -> None:
    word = next(word for word in words("directive") if word.name == "webrtc")
    with Canary() as canary:
        tab.goto(server.url("webrtc 'block'"))
        tab.evaluate(
            """async (port) => {
              if (!globalThis.RTCPeerConnection) return null;
              const urls = `stun:127.0.0.1:${port}`;
              globalThis.peer = new RTCPeerConnection({ iceServers: [{ urls }] });
              peer.createDataChannel("probe");
              await peer.setLocalDescription(await peer.createOffer());
              return null;
            }""",
            canary.udp_port,
        )
        packet = canary.wait(lambda hit: hit.kind == "udp", timeout=3)
    assert column(word, engine) == ("ignored" if packet else "unmeasured")
