"""Judges: who decides if an attack succeeded. A closed table, named in the attacks' files.

A judge looks at a scene and answers what it saw, or "" as long as it saw nothing. It is asked again
and again while an attack runs. It believes nothing that a frame says.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from .engines import Scope
from .raid import Raid
from .scene import BYSTANDER, PAYLOAD, SHOWN, Scene

Judge = Callable[[Scene], str]
RaidJudge = Callable[[Raid], str]

FROZEN_SECONDS = 2.0  # a page that answers at all answers within a few hundredths of that


def _canary_http(scene: Scene) -> str:
    """A request reached the attacker's server."""
    return _hit(scene, "http")


def _canary_tcp(scene: Scene) -> str:
    """A connection reached the attacker's server."""
    return _hit(scene, "tcp")


def _canary_udp(scene: Scene) -> str:
    """A packet reached the attacker's UDP port."""
    return _hit(scene, "udp")


def _name_looked_up(scene: Scene) -> str:
    """The browser asked for a name that the attacker has put together."""
    made = f"-{scene.canary.port}.attacker.test"
    return next((f"looked up: {name}" for name in scene.tab.lookups if name.endswith(made)), "")


def _hit(scene: Scene, kind: str) -> str:
    return next((f"canary: {hit.detail}" for hit in scene.hits if hit.kind == kind), "")


def _secret_told(scene: Scene) -> str:
    """The app got from the frame what only the host page had."""
    told = any(scene.secret in text for text in scene.loot)
    return "the frame gave the host page's secret to the app" if told else ""


def _loot_given(scene: Scene) -> str:
    """The app got an event that the component, as it was reviewed, never sends."""
    return f"the app got the event loot {scene.loot[0]!r}" if scene.loot else ""


def _secret_kept(scene: Scene) -> str:
    """The frame's own storage holds something."""
    if not scene.tab.count(PAYLOAD):
        return ""
    kept = scene.tab.frame(PAYLOAD).evaluate(_KEPT)
    return f"the frame has kept something in {kept}" if kept else ""


def _page_marked(scene: Scene) -> str:
    """The host page's title or document was changed."""
    mark = scene.tab.evaluate(
        "() => document.title === 'PWNED' ? 'title' : document.documentElement.dataset.pwned"
    )
    return f"the host page is marked: {mark}" if mark else ""


def _page_restyled(scene: Scene) -> str:
    """The host page looks different."""
    colour = scene.tab.evaluate("() => getComputedStyle(document.body).backgroundColor")
    return f"the host page's background is {colour}" if colour == "rgb(255, 0, 0)" else ""


def _sandbox_removed(scene: Scene) -> str:
    """The iframe in the host page has no sandbox attribute any more."""
    gone = scene.tab.evaluate(
        "s => document.querySelector(s)?.hasAttribute('sandbox') === false", PAYLOAD
    )
    return "the iframe has no sandbox attribute" if gone else ""


def _tab_left(scene: Scene) -> str:
    """The tab shows another page than the app's."""
    url = scene.tab.url
    # Firefox says about:blank as long as a tab is on its way.
    return "" if url in (scene.url, "about:blank") else f"the tab went to {url}"


def _tab_back(scene: Scene) -> str:
    """The tab shows again where it came from; that page says so itself, each time."""
    shown = [hit for hit in scene.hits if hit.detail.endswith(SHOWN)]
    return "the tab went back to where it came from" if len(shown) > 1 else ""


def _back_trapped(scene: Scene) -> str:
    """The tab's history grew, so that the back button leads nowhere for long."""
    length = scene.tab.evaluate("() => history.length")
    return f"the tab's history has {length} entries" if length > 30 else ""


def _page_scrolled(scene: Scene) -> str:
    """The host page is shown scrolled, and not by the user."""
    top = scene.tab.evaluate(_SHOWN_TOP)
    return f"the host page is scrolled by {top} px" if top else ""


def _focus_taken(scene: Scene) -> str:
    """The frame has the keyboard, keeps it, and the user did not give it."""
    taken = scene.tab.evaluate(_KEPT_FOCUS, PAYLOAD)
    return "the frame has the host page's focus" if taken else ""


def _page_covered(scene: Scene) -> str:
    """Something of the attacker's lies over the page."""
    covered = scene.tab.evaluate("() => document.elementFromPoint(5, 5)?.id === 'overlay'")
    return "an overlay covers the host page" if covered else ""


def _keys_told(scene: Scene) -> str:
    """The app got from the frame what the user typed into the page."""
    if "q" not in scene.loot:
        scene.tab.press("q")
    return "the frame told a key that was pressed in the page" if "q" in scene.loot else ""


def _cookie_planted(scene: Scene) -> str:
    """The browser sends the app a cookie that the app never set."""
    port = str(scene.canary.port)  # tells one run from the next
    planted = [each for each in scene.tab.cookies() if each["name"] == "planted"]
    return (
        f"the tab has the cookie planted={port}"
        if port in [each["value"] for each in planted]
        else ""
    )


def _app_asked(scene: Scene) -> str:
    """The app's server got a request that only the attack makes."""
    return next(
        (f"the app was asked for {url}" for url in scene.requests if url.endswith("/stolen-ride")),
        "",
    )


def _popup_opened(scene: Scene) -> str:
    """The browser opened a window."""
    return f"{scene.tab.popups} popup" if scene.tab.popups else ""


def _dialog_shown(scene: Scene) -> str:
    """The browser showed a dialog."""
    return ", ".join(scene.dialogs)


def _download_began(scene: Scene) -> str:
    """The browser began to save a file."""
    return ", ".join(f"download of {url}" for url in scene.tab.downloads)


def _frame_elsewhere(scene: Scene) -> str:
    """The component's server was asked for another page than the frame document."""
    asked = (url for url in scene.requests if ".localhost:" in url and "/frame-" not in url)
    return next((f"the frame asked for {url}" for url in asked), "")


def _document_swapped(scene: Scene) -> str:
    """The frame has shown another document for a while than the one that shook hands."""
    if not scene.tab.count(PAYLOAD):
        return ""
    now = scene.tab.frame(PAYLOAD).evaluate(_SWAPPED)
    return f"the frame shows another document: {now}" if now else ""


def _frame_too_tall(scene: Scene) -> str:
    """The frame is higher than the app allows any to be."""
    height = scene.tab.evaluate("s => document.querySelector(s)?.offsetHeight ?? 0", PAYLOAD)
    return f"the frame is {height} px high" if height > 2_000 else ""


def _frame_tolerated(scene: Scene) -> str:
    """The payload is through, and its frame is still there."""
    there = scene.done.is_set() and scene.tab.count(PAYLOAD)
    return "the frame is still on the page" if there else ""


def _port_taken(scene: Scene) -> str:
    """The page got through the frame's port what its runtime never sends."""
    said = scene.tab.evaluate(
        "() => document.querySelector('[data-code=protocol] code')?.innerText"
    )
    return f"the component speaks through the runtime's port: {said}" if said else ""


def _frame_vanished(scene: Scene) -> str:
    """The frame is gone, and no card says why."""
    gone = scene.tab.evaluate("s => !document.querySelector(s)?.childElementCount", scene.place)
    return "in the place of the frame is nothing" if gone else ""


def _card_forged(scene: Scene) -> str:
    """The page gives a reason for the end of a frame that only the page itself can know."""
    shown = scene.tab.count(f"{scene.place} [data-code='slow']")
    return "the page's card tells what the frame made up" if shown else ""


def _connection_lost(scene: Scene) -> str:
    """The whole page is cut off from the app."""
    lost = scene.tab.evaluate("() => !document.getElementById('offline').hidden")
    return "the page says that the app cannot be reached" if lost else ""


def _button_pressed(scene: Scene) -> str:
    """The app heard that the user pressed its button, and no user did."""
    return f"the app's button was pressed {scene.presses} times" if scene.presses else ""


def _page_frozen(scene: Scene) -> str:
    """The page does not answer for a while."""
    return _slow_answer(scene.tab, "the page")


def _bystander_frozen(scene: Scene) -> str:
    """The other component does not answer for a while."""
    return _slow_answer(scene.tab.frame(BYSTANDER), "the other component")


def _twin_frozen(scene: Scene) -> str:
    """Another instance of the same component does not answer for a while."""
    return _slow_answer(scene.tab.frame(scene.twin), "the other instance")


def _slow_answer(scope: Scope, who: str) -> str:
    asked = time.monotonic()
    scope.evaluate_within(30, "() => 1")
    seconds = time.monotonic() - asked
    return f"{who} took {seconds:.1f} s to answer" if seconds > FROZEN_SECONDS else ""


def _twin_told(scene: Scene) -> str:
    """Another instance gave to the app what only the first one was told."""
    told = any(scene.canary.http_url in text for text in scene.twin_loot)
    return "the other instance knows what only this one was told" if told else ""


def _siblings_counted(scene: Scene) -> str:
    """The app got from the frame how many frames there are on the page."""
    count = str(scene.tab.count("iframe"))
    return f"the frame knows that there are {count}" if count in scene.loot else ""


def _bystander_misled(scene: Scene) -> str:
    """The other component shows, or gave to the app, what the app never told it."""
    if wrong := [label for label in scene.heard if label != "true"]:
        return f"the app got {wrong[0]!r} as the other component's value"
    if not scene.tab.count(BYSTANDER):
        return ""
    text = scene.tab.frame(BYSTANDER).evaluate("() => document.getElementById('root').textContent")
    return f"the other component shows {text!r}" if text not in ("true", "") else ""


def _bystander_gone(scene: Scene) -> str:
    """The other component was removed from the page."""
    return "" if scene.tab.count(BYSTANDER) else "the other component is gone"


def _origin_real(scene: Scene) -> str:
    """What the tab shows has an origin: it could keep cookies and storage, and be told apart."""
    origin = scene.tab.evaluate("() => self.origin")
    return "" if origin == "null" else f"the tab's document has the origin {origin}"


def _code_awake(scene: Scene) -> str:
    """The component's code ran in a tab of its own."""
    awake = scene.tab.evaluate("() => document.title === 'AWAKE'")
    return "the component's module set the tab's title" if awake else ""


def _device_held(scene: Scene) -> str:
    """The browser gave the frame something that only a permission opens: seen by the driver."""
    if not scene.tab.count(PAYLOAD):
        return ""
    held = scene.tab.frame(PAYLOAD).evaluate(_HELD)
    return f"the frame holds {held}" if held else ""


def _page_fullscreen(scene: Scene) -> str:
    """The frame fills the screen."""
    shown = scene.tab.evaluate("() => document.fullscreenElement?.localName ?? ''")
    return f"the {shown} fills the screen" if shown else ""


# As it is painted: before that, the page has had its say. No page is painted where none is shown.
_SHOWN_TOP = """() => new Promise((told) => {
  requestAnimationFrame(() => told(Math.round(scrollY)));
  setTimeout(() => told(0), 1000);
})"""
_KEPT_FOCUS = """async (s) => {
  for (let look = 0; look < 20; look += 1) {
    if (document.activeElement !== document.querySelector(s)) return false;
    await new Promise((next) => setTimeout(next, 20));
  }
  return document.activeElement !== null;
}"""

_HELD = """() => {
  const { held } = globalThis;
  return held === undefined ? "" : Object.prototype.toString.call(held);
}"""

# Each store on its own: what one engine refuses another may keep.
_KEPT = """async () => {
  const looks = [
    () => localStorage.kept && "localStorage",
    () => sessionStorage.kept && "sessionStorage",
    () => document.cookie && `the cookie ${document.cookie}`,
    async () => (await caches.keys()).length && "caches",
    async () => (await indexedDB.databases()).length && "indexedDB",
    async () => {
      await (await navigator.storage.getDirectory()).getFileHandle("kept");
      return "a file";
    },
  ];
  for (const look of looks) {
    try {
      const found = await look();
      if (found) return found;
    } catch {
      continue;
    }
  }
  return "";
}"""
# A document that the page has noticed is gone long before it is that old.
_SWAPPED = """() => {
  const other = !location.pathname.startsWith("/frame-");
  return other && performance.now() > 500 ? location.href : "";
}"""

# of raids on the server ------------------------------------------------------------------------


def _outside_read(raid: Raid) -> str:
    """An answer holds the secret of a file that no component serves."""
    return raid.said(raid.secret, "the secret of a file outside")


def _answered(raid: Raid) -> str:
    """The last request got what it asked for."""
    status = raid.answers[-1].status if raid.answers else 0
    return f"the server answered {status}" if 200 <= status < 300 else ""


def _session_opened(raid: Raid) -> str:
    """A WebSocket got what a session tells its page."""
    told = [message for message in raid.received if message.startswith(b"CSK1")]
    return f"the session sent {len(told[0])} bytes" if told else ""


def _app_misled(raid: Raid) -> str:
    """A callback of the app got a value that no component gave."""
    return f"the app got {raid.heard[0]!r} as a component's value" if raid.heard else ""


def _unconfined(raid: Raid) -> str:
    """An answer of a component's origin has no sandbox in its CSP."""
    for answer in raid.answers:
        if answer.status and "sandbox" not in answer.header("Content-Security-Policy"):
            return f"the answer {answer.status} has no sandbox in its CSP"
    return ""


def _folder_listed(raid: Raid) -> str:
    """An answer names the files of a folder."""
    return raid.said("hello.txt", "the names of a folder's files")


def _name(judge: Judge | RaidJudge) -> str:
    return judge.__name__.strip("_").replace("_", "-")


RAID_JUDGES: Mapping[str, RaidJudge] = {
    _name(judge): judge
    for judge in (
        _outside_read,
        _answered,
        _session_opened,
        _app_misled,
        _unconfined,
        _folder_listed,
    )
}

JUDGES: Mapping[str, Judge] = {
    _name(judge): judge
    for judge in (
        _canary_http,
        _canary_tcp,
        _canary_udp,
        _name_looked_up,
        _secret_told,
        _loot_given,
        _secret_kept,
        _page_marked,
        _page_restyled,
        _sandbox_removed,
        _tab_left,
        _tab_back,
        _back_trapped,
        _page_scrolled,
        _focus_taken,
        _device_held,
        _page_fullscreen,
        _page_covered,
        _keys_told,
        _cookie_planted,
        _app_asked,
        _popup_opened,
        _dialog_shown,
        _download_began,
        _frame_elsewhere,
        _document_swapped,
        _frame_too_tall,
        _frame_tolerated,
        _port_taken,
        _frame_vanished,
        _card_forged,
        _connection_lost,
        _button_pressed,
        _page_frozen,
        _bystander_frozen,
        _twin_frozen,
        _twin_told,
        _siblings_counted,
        _bystander_misled,
        _bystander_gone,
        _origin_real,
        _code_awake,
    )
}
