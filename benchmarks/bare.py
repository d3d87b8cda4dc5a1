"""The bare limit: what a round trip and a mount cost without an SDK; and a bare browser.

One Tornado server; a plain page on ``localhost``; plain opaque frames on another ``*.localhost``
name, all of one self-contained, immutable document; a MessageChannel to each frame; a WebSocket
that echoes. No types, no checks, no ledger, no heartbeat, no security headers.

The browser has no driver: Playwright attaches to every frame, for a seventh of what the frame
itself costs, and so would make both sides look more alike than they are.

    python -m benchmarks.bare      # prints its URL; pages: round-trip, 1, 10, 50
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketClientConnection, WebSocketHandler, websocket_connect

from components_sdk.testing.engines import EngineMissing, find, poll

from . import run, tree_cpu_seconds

ANSWER_SECONDS = 60.0  # for the browser to start, or a page to become ready

FLAGS = (
    "--headless=new",
    "--no-sandbox",  # benchmarks run as root in containers
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-extensions",
    # Each new window would prepare two pages for the address bar: more work than 10 components.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
    "--remote-debugging-port=0",
    "about:blank",
)

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Bare</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 68rem; }
iframe { display: block; width: 100%; height: 3rem; border: 0; margin: 0.75rem 0; }
</style></head><body><script>
CONSTANTS;
const frames = Array.from({ length: COUNT }, () => {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  frame.src = "http://bare." + location.host + "/frame-1";
  return frame;
});
const start = () => document.body.append(...frames);
let socket, port;
addEventListener("message", ({ source }) => {
  const index = frames.findIndex((frame) => frame.contentWindow === source);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => {
    if (data.type === "value") socket.send(JSON.stringify(data));
    else frames[index].style.height = data.height + "px";
  };
  port = port1;
  source.postMessage("port", "*", [port2]);
  port1.postMessage({ type: "init", label: `Component ${index + 1}` });
});
if (SOCKET) {
  socket = new WebSocket("ws://" + location.host + "/socket");
  socket.onmessage = ({ data }) => port.postMessage(JSON.parse(data));
  socket.onopen = start;
} else start();
</script></body></html>
"""

FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Bare</title>
<style>:root { font: 16px/1.5 system-ui, sans-serif; } body { margin: 0; padding: 4px; }</style>
</head><body><p></p><script>
onmessage = ({ ports: [port] }) => {
  let count = 0, seen;
  port.onmessage = ({ data }) => {
    if (data.type === "value") return seen();
    document.querySelector("p").textContent = data.label;
    const { height } = document.documentElement.getBoundingClientRect();
    port.postMessage({ type: "height", height: Math.ceil(height) });
  };
  globalThis.roundTrip = () =>
    new Promise((resolve) => {
      seen = resolve;
      port.postMessage({ type: "value", frame: "f1", value: ++count });
    });
};
parent.postMessage("hello", "*");
</script></body></html>
"""


class Document(RequestHandler):
    """One fixed answer."""

    def initialize(self, body: str, cache: str) -> None:
        self.body = body
        self.set_header("Cache-Control", cache)

    def get(self) -> None:
        self.finish(self.body)


class Echo(WebSocketHandler):
    """Sends back what comes."""

    def open(self, *_: str, **__: str) -> None:
        self.set_nodelay(True)

    def on_message(self, message: str | bytes) -> None:
        self.write_message(message)


def serve(bound: socket.socket) -> Application:
    """Serve all of the limit."""

    def page(count: int, has_socket: str = "false") -> dict[str, str]:
        constants = f"const COUNT = {count}, SOCKET = {has_socket};"
        return {"body": PAGE.replace("CONSTANTS;", constants), "cache": "no-store"}

    frame = {"body": FRAME, "cache": "public, max-age=31536000, immutable"}
    routes: list[Any] = [
        *((f"/{count}", Document, page(count)) for count in (1, 10, 50)),
        ("/round-trip", Document, page(1, has_socket="true")),
        ("/frame-1", Document, frame),
        ("/socket", Echo),
    ]
    made = Application(routes, log_function=lambda handler: None)
    HTTPServer(made).add_socket(bound)
    return made


# the browser -------------------------------------------------------------------------------------


class Chromium:
    """One command at a time over the browser's own debugging socket."""

    def __init__(self, pid: int, address: str) -> None:
        self._pid = pid
        self._address = address
        self._socket: WebSocketClientConnection | None = None
        self._commands = 0

    def cpu(self) -> float:
        """Seconds of CPU that all its processes took so far."""
        return tree_cpu_seconds(self._pid)

    async def command(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        """Send a command to the browser, or to the page of a session; answer its result."""
        if self._socket is None:
            self._socket = await websocket_connect(self._address)
        self._commands += 1
        command = {"id": self._commands, "method": method, "params": params}
        if session:
            command["sessionId"] = session
        await self._socket.write_message(msgspec.json.encode(command).decode())
        async with asyncio.timeout(ANSWER_SECONDS):
            while text := await self._socket.read_message():
                answer: dict[str, Any] = msgspec.json.decode(text)
                if answer.get("id") == self._commands:  # the rest are events
                    if "result" not in answer:
                        raise RuntimeError(f"{method}: {answer}")
                    return answer["result"]  # type: ignore[no-any-return]
        raise RuntimeError(f"{method}: the browser ended")


@contextlib.contextmanager
def chromium() -> Iterator[Chromium]:
    """Start one, with a profile of its own."""
    found = find("chromium")
    if found is None:
        raise EngineMissing("Expected chromium to be installed", hint="apt-get install chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        note = Path(profile, "DevToolsActivePort")
        command = [found.path, f"--user-data-dir={profile}", *FLAGS]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            try:
                poll(note.exists, ANSWER_SECONDS, what="Chromium is started")
                port, path = note.read_text().splitlines()  # it appears with its text
                yield Chromium(process.pid, f"ws://127.0.0.1:{port}{path}")
            finally:
                process.terminate()


if __name__ == "__main__":
    run(serve)
