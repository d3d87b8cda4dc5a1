"""``component attack``: what it plays, what it tells, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, get_args

import pytest

from components_sdk import App, Page, __version__, pitfalls
from components_sdk.cli import attack as attack_command
from components_sdk.cli import main
from components_sdk.findings import Severity
from components_sdk.resources import catalogue
from components_sdk.testing import engines
from components_sdk.testing.attacks import Category
from components_sdk.testing.checks import spellings
from components_sdk.testing.inspection import CHECKS
from components_sdk.testing.running import RunningApp
from example_components.star_rating import StarRating

MODAL = """
[component]
name = "asks"
version = "1.0.0"
title = "Asks"
description = "Asks for dialogs."

[permissions.modals]
reason = "Confirms a deletion."

[data]
receives = "Nothing."
returns = "Nothing."
stores = "Nothing."
"""

KEYS = {
    *("attacks", "guarded", "escaped", "known_gaps", "inconclusive", "controls_failed"),
    *("not_applicable", "granted", "engines", "results", "stale_gaps"),
    *("target", "permissions", "sdk", "date", "notes"),
}


class Leaky(BaseHTTPRequestHandler):
    """An app that does what Streamlit v1 did, and serves its folder, to anybody."""

    def do_GET(self) -> None:
        cookie = "user=1"
        if "passwd" in self.path:
            body = b"root:x:0:0:root:/root:/bin/sh\n"
        elif self.path == "/":
            body = (
                b"<!doctype html><title>Leaky</title>"
                b'<iframe src="/frame" sandbox="allow-scripts allow-same-origin"></iframe>'
            )
        else:
            body = b"<!doctype html><p>A frame, or an error page."
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", cookie)
        if self.framing:
            self.send_header("X-Frame-Options", self.framing)
        self.end_headers()
        self.wfile.write(body)

    framing = ""

    do_POST = do_GET  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def leaky() -> Iterator[str]:
    """The address of an app that leaks everywhere."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Leaky)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def honest() -> Iterator[str]:
    """The address of an app of ours."""
    app = App("Ratings")

    @app.page("/")
    def home(page: Page) -> None:
        page.add(StarRating(label="How was it?"), key="rating")

    with RunningApp(app) as running:
        yield running.url


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def verdicts(document: dict[str, Any]) -> dict[str, str]:
    return {each["attack"]: each["verdict"] for each in document["results"]}


# without a browser ------------------------------------------------------------------------------


def test_the_servers_attacks_need_no_browser_and_are_guarded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["attack", "--engine", "server", "--attack", "traversal-encoded", "rebound-page"]
    assert main([*words, "--format", "json"]) == 0
    document = told(capsys)
    assert set(document) == KEYS
    assert document["attacks"] == document["guarded"] == 2
    assert set(document["engines"]) == {"server"}
    assert verdicts(document) == {"traversal-encoded": "guarded", "rebound-page": "guarded"}


def test_a_category_narrows_what_is_played_in_any_spelling(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["--attack", "page-as-image", "--category", "Server-paths-and-sockets", "markup"]
    assert main(["attack", "--engine", "server", *words, "--format", "json"]) == 0
    assert list(verdicts(told(capsys))) == ["page-as-image"]


def test_results_go_to_a_file_and_a_summary_to_the_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "attacks.sarif"
    words = ["attack", "--engine", "server", "--attack", "page-as-image", "--format", "sarif"]
    assert main([*words, "-o", str(file)]) == 0
    (run,) = json.loads(file.read_text())["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["page-as-image"]
    screen = capsys.readouterr()
    assert screen.out == ""
    assert screen.err.startswith("1 played: 1 guarded, 0 escaped.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--engine", "netscape"], "Expected an engine, got 'netscape'"),
        (["--category", "magic"], "Expected a category, got 'magic'"),
        (["--engine", "server", "--attack", "fetsch"], 'Did you mean "fetch"?'),
        (["nowhere", "--engine", "server"], "Expected component.toml or its folder"),
        (["http://127.0.0.1:1/", "--engine", "server"], "Expected an app at http://127.0.0.1:1/"),
        (["--engine", "server", "--attack", "fetch"], "Expected something to play, found none"),
        (["localhost:8640", "--engine", "server"], "http://localhost:8640"),
        (["--engine", "server", "-o", "no/such/folder.json"], "a folder that exists"),
    ],
)
def test_a_mistake_is_told_with_exit_code_2(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["attack", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_missing_browser_is_told_with_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engines, "find", lambda name: None)
    for words in (["--engine", "webkit"], []):
        assert main(["attack", *words]) == 2
        assert "apt-get install webkit2gtk-driver" in capsys.readouterr().err


def test_a_leaky_app_is_found_from_outside(leaky: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attack", leaky, "--engine", "server", "--format", "json"]) == 1
    document = told(capsys)
    assert set(document) == KEYS
    escaped = {id for id, verdict in verdicts(document).items() if verdict == "escaped"}
    assert escaped >= {
        *("page-open-script", "open-frame-src", "page-framed", "page-cookies", "page-types"),
        *("foreign-host", "page-traversal"),
    }
    assert document["escaped"] == len(escaped)


def test_an_app_of_ours_withstands_what_is_asked_by_http(
    honest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["attack", honest, "--engine", "server", "--format", "json"]) == 0
    found = verdicts(told(capsys))
    assert found.pop("no-sandbox-attribute") == "not-applicable"  # only a browser shows it
    assert set(found.values()) == {"guarded"}


def test_every_rule_that_refuses_a_policy_of_ours_is_asked_of_a_running_app() -> None:
    rules = {rule.id for rule in pitfalls.RULES if rule.severity is Severity.ERROR}
    assert rules < {check.id for check, _ in CHECKS}


@pytest.mark.parametrize("value", ["DENY", "sameorigin"])
def test_a_page_that_says_by_the_older_header_who_may_frame_it_is_guarded(
    value: str, monkeypatch: pytest.MonkeyPatch, leaky: str, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Leaky, "framing", value)
    assert main(["attack", leaky, "--engine", "server", "--attack", "page-framed"]) == 0
    assert "1 guarded" in capsys.readouterr().out


def test_every_spelling_of_a_traversal_in_the_catalogue_is_tried_on_a_running_app() -> None:
    files = list((catalogue() / "attacks").glob("traversal-*.toml"))
    deep = [path for path in spellings() if "etc/passwd" in path]
    assert len(deep) == len(set(deep)) == len(files)


def test_a_page_without_a_component_proves_nothing_of_frames(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = App("Empty")

    @app.page("/")
    def home(page: Page) -> None:
        page.markdown("Nothing here.")

    said = "The page shows no component: the checks of frames were not made."
    with RunningApp(app) as running:
        assert main(["attack", running.url, "--engine", "server"]) == 1
        assert said in " ".join(capsys.readouterr().out.split())
        words = ["--engine", "server", "--attack", "page-traversal"]
        assert main(["attack", running.url, *words]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["htp://localhost:8501/"], "an unknown scheme: 'htp'"),
        (["http://localhost:99999/"], "no address"),
        (["http://[::1/"], "no address"),
        (["http://localhost:1/", "--also", "example.org"], "Expected http://host"),
        (["--also", "https://example.org"], "--also with a URL only"),
    ],
)
def test_what_is_no_url_is_told(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["attack", *words, "--engine", "server"]) == 2
    assert said in capsys.readouterr().err


def test_the_report_says_what_was_attacked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "component.toml").write_text(MODAL)
    words = ["attack", str(tmp_path), "--engine", "server", "--attack", "page-as-image"]
    assert main([*words, "--format", "json"]) == 0
    document = told(capsys)
    place = str(tmp_path / "component.toml")
    target = {"kind": "component", "place": place, "name": "asks", "version": "1.0.0"}
    assert document["target"] == target
    assert document["permissions"] == ["modals"]
    assert document["sdk"] == __version__
    assert datetime.fromisoformat(document["date"]).utcoffset() == timedelta(0)
    assert main([*words, "--format", "sarif"]) == 0
    properties = told(capsys)["runs"][0]["properties"]
    assert (properties["target"], properties["permissions"]) == (target, ["modals"])
    assert main(words) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first == f"Attacked: asks 1.0.0 ({place}), granted: modals"


def test_an_organisations_policy_is_not_applied_and_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("only = []\n[any]\npermissions = 'strict'\n")
    monkeypatch.setenv("COMPONENTS_SDK_POLICY", str(policy))
    words = ["attack", "--engine", "server", "--attack", "traversal-encoded"]
    assert main(words) == 0
    assert "COMPONENTS_SDK_POLICY is set, and was not applied" in capsys.readouterr().out


def test_frames_below_the_apps_own_origin_are_told_as_the_weaker_mode(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = App("Ratings")

    @app.page("/")
    def home(page: Page) -> None:
        page.add(StarRating(label="How was it?"), key="rating")

    words = ["--engine", "server", "--attack", "app-origin", "--format", "json"]
    with RunningApp(app, origins="path") as running:
        assert main(["attack", running.url, *words]) == 1
        [result] = told(capsys)["results"]
    assert result["verdict"] == "escaped"
    assert "origins=path, which is weaker" in result["evidence"]


def test_hints_name_this_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "component.toml").write_text(MODAL)
    assert main(["attack", str(tmp_path), "--engine", "server"]) == 2
    assert "Try: component attack " in capsys.readouterr().err


def test_an_attack_on_the_server_says_that_it_needs_that_engine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = engines.Found("chromium", "/bin/true", "1", "playwright")
    monkeypatch.setattr(engines, "find", lambda name: found)
    assert main(["attack", "--engine", "chromium", "--attack", "traversal-encoded"]) == 2
    assert "Expected --engine server" in capsys.readouterr().err


def test_help_and_document_name_every_category() -> None:
    document = Path(__file__).parents[1] / "docs" / "attacks.md"
    for text in (attack_command.__doc__ or "", document.read_text("utf-8")):
        flat = " ".join(text.split())
        assert not [name for name in get_args(Category) if name not in flat]


def test_text_says_what_escaped_and_why(leaky: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--engine", "server", "--attack", "page-framed", "page-types"]
    assert main(["attack", leaky, *words]) == 1
    text = capsys.readouterr().out
    assert "Any site may show the app in a frame of its own" in text
    assert text.splitlines()[-1].startswith("2 played: 2 escaped.")


def test_starting_it_imports_no_browser_driver() -> None:
    code = "import components_sdk.cli.attack, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"playwright", "selenium", "tornado"} & set(done.stdout.split())


# in a browser -----------------------------------------------------------------------------------

ENGINES = [name for name in os.environ.get("COMPONENTS_ENGINES", "").split(",") if name]


@pytest.mark.browser
@pytest.mark.parametrize("engine", ENGINES or engines.ENGINES)
def test_what_a_component_was_granted_is_told_as_granted(
    engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "component.toml").write_text(MODAL)
    words = ["--engine", engine, "--attack", "dialog-alert", "fetch", "--format", "json"]
    assert main(["attack", str(tmp_path), *words]) == 0
    document = told(capsys)
    assert verdicts(document) == {"dialog-alert": "granted", "fetch": "guarded"}
    assert document["granted"] == 1
    assert set(document["engines"]) == {engine}


@pytest.mark.browser
@pytest.mark.parametrize("engine", ENGINES or engines.ENGINES)
def test_a_leaky_app_is_found_in_a_browser(
    engine: str, leaky: str, honest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--engine", engine, "--format", "json"]
    assert main(["attack", leaky, *words]) == 1
    found = verdicts(told(capsys))
    assert found["scripts-with-same-origin"] == found["frame-visit"] == "escaped"
    assert found["app-origin"] == found["no-sandbox-in-csp"] == found["cookies"] == "escaped"
    assert main(["attack", honest, *words]) == 0
    assert set(verdicts(told(capsys)).values()) == {"guarded"}
