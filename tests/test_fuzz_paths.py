"""More than ten thousand paths over real sockets: nothing outside a component's table comes back.

The component's folder is full of secrets (see folders.py). The same corpus goes to a server that
joins paths, as many do, and there it finds them: the harness would see a leak.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from components_sdk import App
from components_sdk import Page as AppPage
from components_sdk.app import Deployment
from components_sdk.testing.running import RunningApp

from .folders import SENTINEL, card
from .wires import Answer, Page, Wire

pytestmark = pytest.mark.slow


FUZZED = 10_000  # different paths at a component's origin
SOME = 4_000  # of them elsewhere
AT_ONCE = 40  # requests on their way on one connection

NAMES = [
    "component.toml", "__init__.py", ".env", ".git/config", "secret.txt", "data/users.csv",
    "frontend/main.js", "frontend/.hidden.txt", "frontend/late.txt", "late.txt", "link.txt",
    "up/secret.txt", "up/.env", ".hidden.txt", "../outside.txt", "etc/passwd", "proc/self/environ",
    "table.csv", "icons/star.svg", "main.js", "",
]  # fmt: skip
UPS = [
    "../", "..%2f", "%2e%2e/", "%2e%2e%2f", ".%2e/", "%252e%252e/", "%252e%252e%252f", "..%252f",
    "%25252e%25252e%25252f", "..\\", "..%5c", "%2e%2e%5c", "..%255c", "..;/", "..;x=y/", "....//",
    "..././", "..%c0%af", "%c0%ae%c0%ae/", "%e0%80%ae%e0%80%ae/", "%c0%2e%c0%2e/", "..%00/",
    "..%0d%0a/", ".../", "..//", "%uff0e%uff0e/", "%u002e%u002e%u2215", "..%ef%bc%8f",
    "..%e2%88%95",
    "\xc0\xae\xc0\xae/", "..\xc0\xaf", "./", ".//", "/", "%2f", "//", "%2f%2f", "\\", "%5c",
]  # fmt: skip
STARTS = ["/", "//", "/frontend/", "/icons/", "/static/", "/./", "/.", "/%2e/", "/x/", "/?/", "\\",
          "/_components/static/", "file:///", "/FRONTEND/", "/component/card/"]  # fmt: skip
ENDS = ["", "/", "%00", "%00.txt", "%2500", ";.txt", "?", "?.svg", "#", ".", "%20", "::$DATA", "~",
        ".bak", "%0a", "/.", "/..", "%2f", "\\", "%5c", "//"]  # fmt: skip


def corpus(folder: Path, document: str) -> list[str]:
    """Starts with tricks and names, every name with every end, and mutations of all those.

    The same at every run.
    """
    chosen = random.Random(3)
    paths = {f"/{up}{name}": None for up, name in itertools.product(UPS, NAMES)}
    plain = len(paths)
    for start, up, name in chosen.sample([*itertools.product(STARTS, UPS, NAMES)], 6_000):
        paths[start + up * chosen.randint(1, 6) + name + chosen.choice(ENDS)] = None
    for name, end in itertools.product([*NAMES, str(folder), f"{folder}/.env"], ENDS):
        paths[f"/{name}{end}"] = None
        paths[f"{document}/{name}{end}"] = None
    seeds = list(paths)
    while len(paths) <= FUZZED:
        text = chosen.choice(seeds)
        at = chosen.randrange(len(text) + 1)
        byte = chr(chosen.choice([chosen.randrange(0x21, 0x7F), chosen.randrange(0x80, 0x100)]))
        trick = chosen.choice([byte, f"%{chosen.randrange(256):02x}", chosen.choice(UPS), ""])
        paths[text[:at] + trick + text[at + chosen.randint(0, 2) :]] = None
    found = [path for path in paths if path]
    rest = found[plain:]
    chosen.shuffle(rest)
    return found[:plain] + rest


def harvest(port: int, host: str, paths: list[str], more: str = "") -> list[tuple[str, Answer]]:
    """Ask for all of them, many on their way at once, over connections that stay."""
    found = []
    with Wire(port) as wire:
        for batch in _batches(paths):
            requests = (f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n" for path in batch)
            wire.send("".join(requests).encode("latin-1"))
            found += [(path, wire.answer()) for path in batch]
    return found


def _batches(paths: list[str]) -> Iterator[list[str]]:
    for at in range(0, len(paths), AT_ONCE):
        yield paths[at : at + AT_ONCE]


class Target:
    """A running app with the card, its corpus, and every secret that no log may hold."""

    def __init__(self, parent: Path) -> None:
        component = card(parent)
        self.folder = parent / "card"
        self.app = App("Target", secret=b"an app's secret of 24 byt")

        @self.app.page("/")
        def home(page: AppPage) -> None:
            page.add(component(), key="card")

        self.deployments: list[Deployment] = []
        self.running = RunningApp(self.app, deploy=self._deploy)

    def _deploy(self, app: App, origins: object) -> Deployment:
        deployment = Deployment(app, origins)  # type: ignore[arg-type]
        self.deployments.append(deployment)
        return deployment

    def open(self) -> None:
        self.page = Page(self.running)
        csp = self.page.answer.header("content-security-policy")
        found = re.search(r"frame-src http://(\S+?)(/\S+);", csp)
        assert found
        self.card_host, self.document = found[1], found[2]
        site = self.deployments[0].site(self.card_host, self.document)
        assert site is not None
        self.table = site.table
        self.paths = corpus(self.folder, self.document)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    target = Target(tmp_path_factory.mktemp("components"))
    with target.running:
        target.open()
        yield target


def test_the_corpus_is_as_large_as_it_says(target: Target) -> None:
    assert len(set(target.paths)) >= FUZZED
    assert {"/icons/star.svg", "/table.csv"} == target.table.keys() - {target.document}


def test_no_path_of_a_components_origin_leads_out_of_its_table(
    target: Target, caplog: pytest.LogCaptureFixture
) -> None:
    secrets = f"Cookie: {target.page.cookie}\r\nReferer: /?token={target.page.token}\r\n"
    with caplog.at_level(logging.DEBUG):
        answers = harvest(target.running.port, target.card_host, target.paths, secrets)

    assert len(answers) >= FUZZED
    for path, answer in answers:
        known = target.table.get(path.partition("?")[0])
        assert answer.status == (200 if known else 404), path
        assert answer.body == (known.body if known else b"There is no such file.\n"), path
        assert SENTINEL.encode() not in answer.body, path
        assert answer.header("content-security-policy").startswith("sandbox allow-scripts;"), path
        assert answer.header("x-content-type-options") == "nosniff", path
        assert not answer.headers.keys() & {"location", "set-cookie", "server", "refresh"}, path
    assert {answer.status for _, answer in answers} == {200, 404}
    _no_secret_in(caplog.text, target)


def test_no_path_of_the_apps_origin_leads_anywhere_but_to_its_pages(
    target: Target, caplog: pytest.LogCaptureFixture
) -> None:
    # "/" is a page, and pages have a rate of their own.
    paths = [path for path in target.paths[:SOME] if path.partition("?")[0] != "/"]
    token = f"/_components/socket?token={target.page.token}&seen=0"
    with caplog.at_level(logging.DEBUG):
        answers = harvest(
            target.running.port,
            target.running.origins.app_host,
            [*paths, token, token + "%00", token.replace("socket", "Socket")],
            f"Cookie: {target.page.cookie}\r\n",
        )

    for path, answer in answers:
        assert answer.status in (403, 404), path
        assert SENTINEL.encode() not in answer.body, path
        assert "sandbox" in answer.header("content-security-policy"), path
        assert not answer.headers.keys() & {"location", "set-cookie", "server", "refresh"}, path
        assert b"Traceback" not in answer.body, path
    _no_secret_in(caplog.text, target)


def test_bytes_that_are_no_path_are_refused_without_a_word(target: Target) -> None:
    paths = [f"/table.csv{chr(byte)}" for byte in [*range(0x21), 0x7F]]
    for path in paths:
        request = f"GET {path} HTTP/1.1\r\nHost: {target.card_host}\r\n\r\n".encode("latin-1")
        with Wire(target.running.port) as wire:
            wire.send(request)
            answer = wire.read_until(b"\r\n\r\n")
        # A newline ends the line: what is before it is no request.
        assert answer == b"HTTP/1.1 400 Bad Request", path


def _no_secret_in(log: str, target: Target) -> None:
    assert target.page.token not in log
    assert target.page.cookie.partition("=")[2] not in log
    assert target.app.secret.decode() not in log
    assert SENTINEL not in log
    assert "Traceback" not in log


# the control -----------------------------------------------------------------------------------


class Naive(RequestHandler):
    """What many servers do: unquote, join, read."""

    root = ""

    def get(self) -> None:
        name = unquote_to_bytes(self.request.path.encode("latin-1")).lstrip(b"/")
        try:
            self.finish(Path(self.root + "/" + name.decode("latin-1")).read_bytes())
        except (OSError, ValueError):
            self.send_error(404)


def test_the_same_corpus_finds_the_secrets_of_a_server_that_joins_paths(target: Target) -> None:
    ready, done = threading.Event(), threading.Event()
    ports: list[int] = []

    class Joining(Naive):
        root = str(target.folder / "frontend")

    async def serve() -> None:
        bound, port = bind_unused_port()
        server = HTTPServer(Application([(r".*", Joining)], log_function=lambda handler: None))
        server.add_socket(bound)
        ports.append(port)
        ready.set()
        await asyncio.to_thread(done.wait)
        server.stop()
        await server.close_all_connections()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    try:
        answers = harvest(ports[0], "localhost", target.paths[:SOME])
    finally:
        done.set()
        thread.join()
    leaked = {path for path, answer in answers if SENTINEL.encode() in answer.body}

    assert len(leaked) > 20
    assert any("%2e" in path for path in leaked)  # encoded
    assert any("link.txt" in path for path in leaked)  # by the link
    assert any(".hidden" in path for path in leaked)
    assert any("__init__.py" in path for path in leaked)
    assert any("outside.txt" in path for path in leaked)  # above the component
