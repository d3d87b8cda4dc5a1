"""The README does what it says: its commands as they are printed, its app, its component."""

from __future__ import annotations

import os
import queue
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from components_sdk import App, Component, Event, Inline, Page, Value
from components_sdk.testing.engines import Tab, launch
from components_sdk.testing.running import RunningApp

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands() -> list[str]:
    return [
        line.removeprefix("$ ")
        for block in blocks("console")
        for line in block.splitlines()
        if line.startswith("$ ")
    ]


def environment() -> dict[str, str]:
    """As after ``make``: the virtual environment's commands are found first."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[str]:
    """Start a server by its command; answers the URL that it prints."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    try:
        for line in process.stdout:
            if line.startswith("Serving on "):
                yield line.removeprefix("Serving on ").strip()
                break
        else:
            raise AssertionError(f"{command} ended without a line 'Serving on …'")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.stdout.close()
        process.wait(timeout=20)


def test_every_command_of_the_readme_is_run_here() -> None:
    assert commands() == [
        "make demo",
        "component new mywidget",
        "component policy example_components/star_rating",
    ]


@pytest.mark.slow
def test_the_first_command_serves_the_demo() -> None:
    with running(shlex.split(commands()[0]), ROOT) as url, urllib.request.urlopen(url) as answer:
        assert "components-config" in answer.read().decode()


def test_new_makes_a_package(tmp_path: Path) -> None:
    subprocess.run(shlex.split(commands()[1]), cwd=tmp_path, env=environment(), check=True)

    assert (tmp_path / "mywidget" / "pyproject.toml").is_file()


def test_policy_says_in_plain_words_what_the_browser_is_told() -> None:
    done = subprocess.run(
        shlex.split(commands()[2]), cwd=ROOT, env=environment(), capture_output=True, text=True
    )

    assert done.returncode == 0
    assert "sandbox" in done.stdout


@pytest.mark.browser
def test_the_app_of_the_readme_works(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(blocks("python")[0])
    command = ["component", "run", "app.py", "--port", "0"]

    with running(command, tmp_path) as url, launch("chromium") as engine:
        tab = engine.new_tab()
        tab.goto(url)
        tab.frame("iframe").click("label:nth-of-type(4)")
        tab.wait_for("() => document.body.innerText.includes('4 of 5 stars')")


@pytest.mark.browser
def test_the_component_of_the_readme_works(tab: Tab) -> None:
    namespace: dict[str, Any] = {
        "__name__": __name__, "Component": Component, "Value": Value, "Event": Event,
        "FRONTEND": Inline(js=blocks("js")[0]),
    }  # fmt: skip
    exec(blocks("python")[1].rstrip() + "\n    frontend = FRONTEND\n", namespace)
    app = App("README")
    picked: queue.Queue[int] = queue.Queue()

    @app.page("/")
    def _(page: Page) -> None:
        page.add(namespace["StarRating"](label="Stars"), key="s").on_event("picked")(picked.put)

    with RunningApp(app) as served:
        tab.goto(served.url)
        frame = tab.frame("iframe")
        frame.wait_for("() => document.querySelectorAll('button').length === 5")
        frame.click("button:nth-of-type(3)")

        assert picked.get(timeout=10) == 3
        frame.wait_for("() => document.body.innerText.includes('★★★☆☆')")


def test_every_file_that_the_documents_link_to_is_there() -> None:
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text("utf-8")):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name} links to {target}"
