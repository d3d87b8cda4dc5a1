"""The built wheel, installed where nothing else is, has all that its commands need."""

from __future__ import annotations

import email
import http.client
import re
import signal
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import components_sdk

pytestmark = pytest.mark.slow


ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as a release would be."""
    return build(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of executables of an empty environment with only the wheel installed."""
    folder = tmp_path_factory.mktemp("empty") / "venv"
    venv.create(folder)  # without a pip of its own, which takes longer than all the rest
    pip(folder / "bin", "install", "--quiet", str(wheel))
    return folder / "bin"


def pip(scripts: Path, *words: str) -> str:
    """Our own pip, at work in another environment."""
    ours = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    done = subprocess.run(
        [*ours, "--python", str(scripts / "python"), *words],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout


def build(project: Path, folder: Path) -> Path:
    """A wheel of a project, without asking any registry."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir"]
    subprocess.run([*command, str(folder), str(project)], check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def names(built: Path) -> set[str]:
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_every_file_of_the_package_and_its_templates(wheel: Path) -> None:
    inside = names(wheel)
    for source, target in (
        ("components_sdk", "components_sdk"),
        ("example_components", "example_components"),
        ("templates", "components_sdk/templates"),
        ("security_tests/attacks", "components_sdk/catalogue/attacks"),
    ):
        for path in (ROOT / source).rglob("*"):
            is_test = source == "example_components" and path.name.startswith(("test_", "conftest"))
            if path.is_file() and "__pycache__" not in path.parts and not is_test:
                assert f"{target}/{path.relative_to(ROOT / source).as_posix()}" in inside
    assert "components_sdk/catalogue/known_gaps.toml" in inside


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in names(wheel)}
    info = f"components_sdk-{components_sdk.__version__}.dist-info"
    assert tops == {"components_sdk", "example_components", info}
    assert not [name for name in names(wheel) if re.match(r"example_components/.*test_", name)]
    assert not [
        name for name in names(wheel) if "__pycache__" in name or name.endswith(".test.mjs")
    ]


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(name))
    assert metadata["Version"] == components_sdk.__version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "Apache-2.0"


def test_a_bare_install_brings_few_packages(scripts: Path) -> None:
    installed = pip(scripts, "list", "--format", "freeze").split()
    assert "components-sdk==" + components_sdk.__version__ in installed
    assert len(installed) <= 12, installed


@pytest.fixture
def demo(scripts: Path, tmp_path: Path) -> Iterator[str]:
    """Where ``component demo`` of the installed wheel serves."""
    with subprocess.Popen(
        [scripts / "component", "demo", "--port", "0"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        # A shell that starts tests in the background has SIGINT ignored, and children inherit it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Serving on http://localhost:")
        yield line.removeprefix("Serving on ").strip()
        process.send_signal(signal.SIGINT)
    assert process.returncode == 130


def get(url: str) -> tuple[http.client.HTTPResponse, str]:
    """Dial loopback: Python does not resolve ``*.localhost`` as browsers do."""
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection("127.0.0.1", int(host.rpartition(":")[2]), timeout=10)
    connection.request("GET", f"/{path}", headers={"Host": host})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer, body


def test_the_installed_demo_serves_its_page_and_its_components(demo: str) -> None:
    page, html = get(demo)
    assert page.status == 200
    assert "<!doctype html>" in html.lower()
    script = re.search(r'src="(/[^"]+/host\.js)"', html)
    assert script is not None
    assert get(demo + script[1])[0].status == 200
    policy = page.headers["Content-Security-Policy"]
    frames = re.search(r"frame-src ([^;]+)", policy)
    assert frames is not None
    urls = frames[1].split()
    assert len(urls) >= 3
    for url in urls:
        frame, document = get(url)
        assert frame.status == 200
        assert 'id="root"' in document
        assert "sandbox allow-scripts" in frame.headers["Content-Security-Policy"]


def test_the_installed_commands_work_outside_the_checkout(scripts: Path, tmp_path: Path) -> None:
    def component(*words: str) -> str:
        done = subprocess.run(
            [scripts / "component", *words], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert component("new", "mywidget").startswith("Made mywidget: ")
    assert component("policy", "mywidget/mywidget").startswith("mywidget 0.1.0: ")
    assert "An app can be served." in component("doctor")
    words = ("attack", "mywidget/mywidget", "--engine", "server", "--attack", "traversal-encoded")
    assert "1 played: 1 guarded, 0 escaped." in component(*words)


def test_a_new_component_builds_into_a_wheel_with_its_frontend(
    scripts: Path, tmp_path: Path
) -> None:
    subprocess.run([scripts / "component", "new", "my-widget"], cwd=tmp_path, check=True)
    inside = names(build(tmp_path / "my-widget", tmp_path))
    assert {name for name in inside if ".dist-info/" not in name} == {
        "my_widget/__init__.py",
        "my_widget/component.toml",
        "my_widget/frontend/body.html",
        "my_widget/frontend/main.js",
        "my_widget/frontend/style.css",
    }
    assert "my_widget-0.1.0.dist-info/METADATA" in inside
