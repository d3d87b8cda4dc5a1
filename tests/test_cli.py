"""The command line answers every mistake in one message, and says what it did otherwise."""

from __future__ import annotations

import http.client
import importlib.metadata
import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from components_sdk import manifest
from components_sdk.cli import COMMANDS, doctor, main, new, policy
from components_sdk.cli.output import message, plain, rows
from components_sdk.cli.run import find_app, load
from components_sdk.errors import ComponentsError
from components_sdk.grants import PRESETS, parse_grants
from components_sdk.permissions import PERMISSIONS
from components_sdk.policy import Policy, decide
from components_sdk.testing import engines

ROOT = Path(__file__).parents[1]
STAR_RATING = ROOT / "example_components" / "star_rating"
COMPONENT = [sys.executable, "-m", "components_sdk.cli"]

HELP_CPU_SECONDS = 0.150

APP = """from components_sdk import App

app = App("Title")

@app.page("/")
def home(page):
    page.text("hello")
"""


@dataclass
class Said:
    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def component(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Run a command in an empty folder; what it imports is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)

    def run(*words: str) -> Said:
        capsys.readouterr()
        code = main(words)
        return Said(code, *capsys.readouterr())

    yield run
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


# starting ----------------------------------------------------------------------------------------


def test_help_names_every_command_and_costs_next_to_nothing() -> None:
    spent: list[float] = []
    for _ in range(5):  # the best of them: whatever else the machine does only adds to it
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([*COMPONENT, "--help"], capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    for name, summary in COMMANDS.items():
        assert f"    {name:<9} {summary}" in done.stdout
    assert min(spent) < HELP_CPU_SECONDS


def test_help_imports_no_dependency_at_all() -> None:
    script = (
        "import sys; from components_sdk.cli import main; main(['--help']);"
        "print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    for name in ("tornado", "jinja2", "msgspec", "asyncio", "playwright", "selenium", "bleach"):
        assert f"'{name}'" not in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_an_example(component: Run, command: str) -> None:
    said = component(command, "--help")
    assert said.code == 0
    assert f"    component {command}" in said.out


def test_without_a_command_the_help_is_shown(component: Run) -> None:
    assert component() == component("--help")


def test_the_version_is_told(component: Run) -> None:
    assert component("--version").out == "components-sdk 0.1.0\n"


# wrong use ---------------------------------------------------------------------------------------

WRONG = {
    "an unknown command gets the nearest": (
        ("ru",),
        """\
Error: Expected a command, got 'ru'
  hint:  Did you mean "run"? Known: new, run, demo, policy, attack, doctor.
  code:  command
""",
    ),
    "an unknown option": (
        ("doctor", "--fast"),
        """\
Error: Unrecognized arguments: --fast
  hint:  Usage: component [-h] [--version] [--debug] COMMAND ...
  code:  usage
""",
    ),
    "a missing argument": (
        ("run",),
        """\
Error: The following arguments are required: APP.PY
  hint:  Usage: component run [-h] [--debug] [--port PORT] [--origins MODE] APP.PY
  code:  usage
""",
    ),
    "a port that is none": (
        ("run", "app.py", "--port", "70000"),
        """\
Error: Argument --port: Expected a port from 0 to 65535, got '70000'
  hint:  Usage: component run [-h] [--debug] [--port PORT] [--origins MODE] APP.PY
  code:  usage
""",
    ),
    "a mode of origin that is none": (
        ("run", "app.py", "--origins", "port"),
        """\
Error: Argument --origins: Expected one of subdomain, instance, loopback, path, got 'port'
  hint:  Usage: component run [-h] [--debug] [--port PORT] [--origins MODE] APP.PY
  code:  usage
""",
    ),
    "a name with an underscore": (
        ("new", "my_widget"),
        """\
Error: Expected a name of lower-case letters, digits and inner hyphens, a letter first, at most 40 \
characters (it becomes part of a host name), got 'my_widget'
  hint:  Try: component new my-widget
  code:  name
""",
    ),
    "a name that Python uses": (
        ("new", "json"),
        """\
Error: Expected a name that Python or the SDK does not use itself, got 'json'
  hint:  Try: component new json-widget
  code:  name
""",
    ),
    "a template that is not there": (
        ("new", "x", "--template", "vanila"),
        """\
Error: Expected a template, got 'vanila'
  hint:  Did you mean "vanilla"? Known: vanilla.
  code:  template
""",
    ),
    "an app that is not there": (
        ("run", "nothing.py"),
        """\
Error: Expected a Python file, got nothing there
  where: nothing.py
  code:  file
""",
    ),
    "no path": (
        ("policy",),
        """\
Error: Expected the path of a component, got none
  hint:  Try: component policy FOLDER, or component policy --presets
  code:  usage
""",
    ),
    "a path that is not there": (
        ("policy", "nothing"),
        """\
Error: Expected component.toml or its folder, got nothing there
  where: nothing
  code:  path
""",
    ),
    "an unknown grant": (
        ("policy", str(STAR_RATING), "--grant", "camra"),
        f"""\
Error: Expected a permission, got 'camra'
  hint:  Did you mean "camera"? Known: {", ".join(PERMISSIONS)}.
  code:  unknown-permission
""",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_use_is_one_message_on_stderr_and_exit_code_2(component: Run, what: str) -> None:
    words, expected = WRONG[what]
    assert component(*words) == Said(2, "", expected)


def test_debug_shows_where_an_error_comes_from(component: Run) -> None:
    with pytest.raises(ComponentsError, match="Expected a Python file"):
        component("run", "nothing.py", "--debug")


# component new -----------------------------------------------------------------------------------

BAD_NAMES = {
    "MyWidget": "my-widget",
    "my widget": "my-widget",
    "a--b": "a-b",
    "a\nb": "a-b",
    "": "my-widget",
    "3d": "my-widget",
    "größe": "my-widget",
    "../x": "my-widget",
    "\udcff": "my-widget",
    "a" * 41: "my-widget",
    "class": "class-widget",
    "tests": "tests-widget",
    "components-sdk": "components-sdk-widget",
}


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_bad_name_gets_a_good_one_suggested_and_nothing_is_written(
    component: Run, tmp_path: Path, name: str
) -> None:
    said = component("new", name)
    assert said.code == 2
    assert f"  hint:  Try: component new {BAD_NAMES[name]}\n" in said.err
    assert list(tmp_path.iterdir()) == []
    assert new.words_for(BAD_NAMES[name])


def test_a_new_component_is_made_and_the_next_steps_are_told(
    component: Run, tmp_path: Path
) -> None:
    said = component("new", "my-widget", "--dir", "some where")
    assert said == Said(
        0,
        """\
Made some where/my-widget: 10 files. Plain JavaScript, no build step.

Next:
  cd 'some where/my-widget'
  component run demo.py      see it in the browser
  pytest                     run its test (once before: pip install pytest playwright selenium)
""",
        "",
    )
    made = tmp_path / "some where" / "my-widget"
    files = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    assert files == {
        ".gitignore",
        "README.md",
        "demo.py",
        "pyproject.toml",
        "my_widget/__init__.py",
        "my_widget/component.toml",
        "my_widget/frontend/body.html",
        "my_widget/frontend/main.js",
        "my_widget/frontend/style.css",
        "tests/test_my_widget.py",
    }
    assert not any("{{" in path.read_text() for path in made.rglob("*") if path.is_file())


def test_the_next_step_can_be_pasted_whatever_the_folder_is_called(
    component: Run, tmp_path: Path
) -> None:
    said = component("new", "x", "--dir", """it's "here" """)
    step = next(line for line in said.out.splitlines() if line.startswith("  cd "))
    done = subprocess.run(["sh", "-c", f"{step} && ls"], capture_output=True, text=True)
    assert "demo.py" in done.stdout.split()


# Words that are also names of the SDK, of Python's built-ins, or close to its key words.
@pytest.mark.parametrize("name", ["my-widget", "app", "component", "list", "none", "exception"])
def test_the_demo_of_a_new_component_loads_whatever_it_is_called(
    component: Run, tmp_path: Path, name: str
) -> None:
    assert component("new", name).code == 0
    demo = tmp_path / name / "demo.py"
    app = find_app(load(demo), demo)
    assert app.title == name.replace("-", " ").capitalize()


def test_the_policy_of_a_new_component_can_be_read(component: Run) -> None:
    component("new", "my-widget")
    said = component("policy", "my-widget")
    assert "  hint:  Try: component policy my-widget/my_widget\n" in said.err
    assert component("policy", "my-widget/my_widget").code == 0


@pytest.mark.parametrize(
    ("inside", "got"), [("x", "a folder that holds something"), (None, "a file")]
)
def test_nothing_is_ever_overwritten(
    component: Run, tmp_path: Path, inside: str | None, got: str
) -> None:
    target = tmp_path / "taken"
    if inside:
        target.mkdir()
        (target / inside).touch()
    else:
        target.touch()
    before = sorted(tmp_path.rglob("*"))
    assert component("new", "taken") == Said(
        2,
        "",
        f"""\
Error: Expected a folder that is new or empty, got {got}
  where: taken
  hint:  Nothing was written. Choose another name, or another place with --dir.
  code:  target
""",
    )
    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_folder_may_be_filled(component: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert component("new", "empty").code == 0


def test_a_place_that_cannot_be_written_is_told(component: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert component("new", "x", "--dir", "file").err == (
        "Error: Expected a folder that can be written, got: Not a directory\n"
        "  where: file/x\n"
        "  hint:  Choose another place with --dir.\n"
        "  code:  target\n"
    )


def test_what_a_template_makes_is_clean_for_ruff(component: Run, tmp_path: Path) -> None:
    component("new", "my-widget")
    for words in (("check", "--select", "E,F,I,B,UP"), ("format", "--check")):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, "--no-cache", "."],
            cwd=tmp_path / "my-widget",
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.browser
def test_the_browser_test_of_a_new_component_passes(component: Run, tmp_path: Path) -> None:
    component("new", "my-widget")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"],
        cwd=tmp_path / "my-widget",
        env=environment,
        capture_output=True,
        text=True,
    )
    assert "= 1 passed in " in done.stdout, done.stdout


# component run: what cannot be loaded ------------------------------------------------------------

BAD_APPS = {
    "a syntax error": (
        "import os\napp = (1,\n",
        """\
Error: Expected Python, got a mistake: '(' was never closed
  where: app.py, line 2
           app = (1,
                 ^
  code:  syntax
""",
    ),
    "bytes that are no text": (
        "x\0y",
        """\
Error: Expected Python, got a mistake: source code string cannot contain null bytes
  where: app.py
  code:  syntax
""",
    ),
    "an exception": (
        "def half(x):\n    return x / 0\n\nhalf(3)\n",
        """\
Error: app.py stopped while it was loaded: ZeroDivisionError: division by zero
  from:  app.py, line 4: half(3)
  from:  app.py, line 2: return x / 0
  code:  app-stopped
""",
    ),
    "a module that is not there": (
        "import no_such_module.part\n",
        f"""\
Error: app.py stopped while it was loaded: ModuleNotFoundError: No module named 'no_such_module'
  from:  app.py, line 1: import no_such_module.part
  hint:  If no_such_module is a package, install it for this Python:
         {sys.executable} -m pip install …
  code:  app-stopped
""",
    ),
    "an exit": (
        "raise SystemExit('enough')\n",
        """\
Error: app.py stopped while it was loaded: SystemExit: enough
  from:  app.py, line 1: raise SystemExit('enough')
  code:  app-stopped
""",
    ),
    "a declaration that is wrong": (
        "from components_sdk import Component, Inline, Value\n\n"
        "class Star(Component):\n"
        "    frontend = Inline(js='export default () => {}')\n"
        "    count: Value[int] = 0\n",
        """\
Error: Expected the lasting value, and nothing else, to be called value
  where: Star.count
  from:  app.py, line 3: class Star(Component):
  hint:  Write: value: Value[int] = 0
  code:  value-name
""",
    ),
    "nothing": (
        "",
        """\
Error: Expected an App, found nothing
  where: app.py
  hint:  Write: app = App("Title"), with App from components_sdk.
  code:  no-app
""",
    ),
    "no App": (
        "from components_sdk import App, Component, Inline\n\n"
        "class Star(Component):\n    frontend = Inline(js='export default () => {}')\n\n"
        "class Flask: ...\n\ndef home(page): ...\n\napp = Flask()\n",
        """\
Error: Expected an App, found Star (a component), Flask (a class), home (a function), app (a Flask)
  where: app.py
  hint:  Write: app = App("Title"), with App from components_sdk.
  code:  no-app
""",
    ),
    "two Apps": (
        "from components_sdk import App\n\none = App('1')\ntwo = App('2')\n",
        """\
Error: Expected one App, or one called app, got 2: one, two
  where: app.py
  hint:  Call the one to serve app, or put the others into files of their own.
  code:  several-apps
""",
    ),
}


@pytest.mark.parametrize("what", BAD_APPS)
def test_an_app_that_cannot_be_served_is_told_in_one_message(
    component: Run, tmp_path: Path, what: str
) -> None:
    source, expected = BAD_APPS[what]
    (tmp_path / "app.py").write_text(source)
    assert component("run", "app.py", "--port", "0") == Said(2, "", expected)


def test_an_app_without_a_page_is_told(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("from components_sdk import App\n\napp = App('Empty')\n")
    with _start("run", "app.py", "--port", "0", cwd=tmp_path) as process:
        assert process.communicate(timeout=20) == (
            "",
            """\
Error: 'Empty' has no page
  hint:  Register one: @app.page("/")
  code:  no-page
""",
        )
    assert process.returncode == 2


@pytest.mark.parametrize(
    ("name", "got"),
    [("app.txt", "a file that ends in '.txt'"), ("app", "a file without .py")],
)
def test_a_file_that_is_not_python_is_refused(
    component: Run, tmp_path: Path, name: str, got: str
) -> None:
    (tmp_path / name).write_text(APP)
    assert component("run", name).err == (
        f"Error: Expected a Python file, got {got}\n  where: {name}\n  code:  file\n"
    )


def test_a_folder_is_refused_and_the_app_in_it_suggested(component: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "app.py").touch()
    assert component("run", "folder").err == (
        "Error: Expected a Python file, got a folder\n"
        "  where: folder\n"
        "  hint:  Try: component run folder/app.py\n"
        "  code:  file\n"
    )


def test_a_misspelt_file_gets_the_nearest(component: Run, tmp_path: Path) -> None:
    (tmp_path / "dashboard.py").touch()
    said = component("run", "dashbord.py")
    assert '  hint:  Did you mean "dashboard.py"? Known: dashboard.py.\n' in said.err


def test_an_endless_recursion_does_not_fill_the_screen(component: Run, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def f():\n    f()\n\nf()\n")
    assert len(component("run", "app.py").err.splitlines()) < 15


def test_a_taken_port_is_told(component: Run, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = component("run", "app.py", "--port", str(port))
    assert said.code == 2
    assert said.err.startswith(f"Error: Expected a free port, got {port}: Address already in use")
    assert said.err.endswith(
        "  hint:  Choose another with --port, or leave --port out to get a free one.\n"
        "  code:  port\n"
    )


def test_the_app_called_app_is_preferred_and_two_names_of_one_are_one(
    component: Run, tmp_path: Path
) -> None:
    file = tmp_path / "some_app.py"
    file.write_text("from components_sdk import App\nother = App('1')\napp = App('2')\n")
    assert find_app(load(file), file).title == "2"
    file.write_text("from components_sdk import App\nfirst = second = App('a longer title')\n")
    assert find_app(load(file), file).title == "a longer title"


def test_the_folder_of_the_app_comes_first_on_the_path(component: Run, tmp_path: Path) -> None:
    folder = tmp_path / "apps"
    folder.mkdir()
    (folder / "helper_beside_it.py").write_text("TITLE = 'from beside'\n")
    (folder / "served.py").write_text(
        "from components_sdk import App\nfrom helper_beside_it import TITLE\napp = App(TITLE)\n"
    )
    assert find_app(load(folder / "served.py"), folder / "served.py").title == "from beside"


# component run and demo: serving -----------------------------------------------------------------


def _start(*words: str, cwd: Path | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMPONENT, *words],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that starts tests in the background has SIGINT ignored, and children inherit it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def _get(url: str) -> tuple[int, str]:
    """Dial loopback: Python does not resolve ``*.localhost`` as browsers do."""
    host = url.removeprefix("http://").partition("/")[0]
    connection = http.client.HTTPConnection("127.0.0.1", int(host.rpartition(":")[2]), timeout=10)
    connection.request("GET", url.partition(host)[2] or "/", headers={"Host": host})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def test_an_app_is_served_until_ctrl_c_which_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    with _start("run", "app.py", "--port", "0", cwd=tmp_path) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Serving on http://localhost:")
        status, body = _get(line.removeprefix("Serving on ").strip())
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 130
    assert status == 200
    assert "<title>Title</title>" in body


@pytest.mark.parametrize("mode", ["instance", "loopback", "path"])
def test_an_app_is_served_in_the_mode_of_origin_that_was_asked_for(
    tmp_path: Path, mode: str
) -> None:
    (tmp_path / "app.py").write_text(APP)
    with _start("run", "app.py", "--port", "0", "--origins", mode, cwd=tmp_path) as process:
        assert process.stdout is not None
        status, _ = _get(process.stdout.readline().removeprefix("Serving on ").strip())
        process.send_signal(signal.SIGINT)
        _, warned = process.communicate(timeout=20)
    assert status == 200
    assert warned.startswith(f"origins={mode}: ") is (mode != "instance")
    assert warned.count("\n") == (mode != "instance")


def test_ctrl_c_while_the_app_is_loaded_is_quiet_too(component: Run, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("raise KeyboardInterrupt\n")
    assert component("run", "app.py") == Said(130, "", "")


def test_the_demo_serves_the_examples(tmp_path: Path) -> None:
    with _start("demo", "--port", "0", cwd=tmp_path) as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("Serving on ").strip()
        status, _ = _get(url)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=20) == ("", "")
    assert status == 200


# component policy --------------------------------------------------------------------------------

ASKING = """\
[component]
name = "geo-map"
version = "1.2.3"
title = "Map"
description = "Shows where you are."

[permissions.geolocation]
reason = "Puts a dot on the map."

[permissions.images]
reason = "Loads the map's tiles."
origins = ["https://tiles.example.org"]

[data]
receives = "Nothing."
returns = "The point you click."
stores = "Nothing."
"""

LINE = 'App(grants={"geo-map": ["geolocation", "images https://tiles.example.org"]})'


@pytest.fixture
def asking(tmp_path: Path) -> str:
    """A component that asks for two things, and whose Python must not run."""
    folder = tmp_path / "geo_map"
    folder.mkdir()
    (folder / "component.toml").write_text(ASKING)
    (folder / "__init__.py").write_text("raise AssertionError('a review runs nothing')\n")
    return "geo_map"


def test_the_policy_is_told_as_if_all_was_granted(component: Run, asking: str) -> None:
    said = component("policy", asking)
    assert said.code == 0
    assert said.out.startswith(
        f"""\
geo-map 1.2.3: Shows where you are.

As if the app grants all that it asks for:
  {LINE}

What becomes of data, in its author's words
  receives  Nothing.
  returns   The point you click.
  stores    Nothing.

What it asks for
  images       https://tiles.example.org
               Load images from the listed servers, which see each request.
               Its reason: Loads the map's tiles.
  geolocation  Know where you are, after the browser has asked you.
               Its reason: Puts a dot on the map.
               ! Firefox: """
    )
    assert "  img-src          https://component.example.net data: https://tiles.example.org\n" in (
        said.out
    )


def test_every_line_of_the_policy_is_shown_with_its_sentence(component: Run, asking: str) -> None:
    shown = " ".join(component("policy", asking).out.split())
    report = policy.examine(manifest.load(Path(asking)), Path(asking), ())
    lines = report.policy.explain()
    assert {line.kind for line in lines} >= {"permission", "attribute", "directive", "header"}
    for line in lines:
        assert line.name in shown
        assert line.sentence in shown


def test_the_policy_as_json_has_stable_keys_and_whole_headers(component: Run, asking: str) -> None:
    said = component("policy", f"{asking}/component.toml", "--format", "json")
    report = json.loads(said.out)
    assert list(report) == [
        "component",
        "manifest",
        "data",
        "requests",
        "assumes_all_granted",
        "starts",
        "missing",
        "grant_line",
        "organisation",
        "origins",
        "attributes",
        "headers",
        "lines",
    ]
    assert list(report["lines"][0]) == ["kind", "name", "value", "sentence", "engines"]
    assert list(report["lines"][0]["engines"]) == ["chromium", "firefox", "webkitgtk"]
    assert report["grant_line"] == LINE
    assert report["assumes_all_granted"] is True
    assert "geolocation=*" in report["headers"]["Permissions-Policy"]
    assert "sandbox allow-scripts;" in report["headers"]["Content-Security-Policy"]
    assert "allow-same-origin" not in said.out


def test_grants_that_are_not_enough_are_told_and_end_in_exit_code_1(
    component: Run, asking: str
) -> None:
    said = component("policy", asking, "--grant", "geolocation", "--grant", "player")
    assert said.code == 1
    assert "not enough: it does not start. Missing: images\n" in said.out
    report = json.loads(component("policy", asking, "--grant", "strict", "--format=json").out)
    assert report["starts"] is False
    assert [missing["permission"] for missing in report["missing"]] == ["geolocation", "images"]


def test_grants_that_are_enough_are_told(component: Run, asking: str) -> None:
    enough = ("--grant", "geolocation", "--grant", "images https://tiles.example.org")
    said = component("policy", asking, *enough)
    assert said.code == 0
    assert "\nThese grants are enough: it starts.\n" in said.out


def test_what_an_organisation_forbids_is_told_with_the_line_of_its_file(
    component: Run, asking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("policy.toml").write_text('[any]\npermissions = ["geolocation"]\n')
    granted = ("--grant", "geolocation", "--grant", "images https://tiles.example.org")
    for way in ("option", "environment"):
        options = ["--organisation", "policy.toml"] if way == "option" else []
        if way == "environment":
            monkeypatch.setenv("COMPONENTS_SDK_POLICY", "policy.toml")
        said = component("policy", asking, *granted, *options)
        assert said.code == 1
        assert "no grant of an app would help" in said.out
        assert "  images https://tiles.example.org  not within policy.toml, line 2\n" in said.out
        assert "App(grants" not in said.out
        report = json.loads(component("policy", asking, "--format=json", *options).out)
        assert report["starts"] is False
        assert report["organisation"]["files"] == ["policy.toml"]
        assert report["organisation"]["forbidden_by"] == "policy.toml, line 2"
        assert [each["permission"] for each in report["organisation"]["beyond"]] == ["images"]


def test_a_component_that_an_organisation_blocks_is_told_as_such(
    component: Run, asking: str
) -> None:
    Path("policy.toml").write_text('blocked = ["geo-map"]\n[any]\npermissions = "as-granted"\n')
    said = component("policy", asking, "--organisation", "policy.toml")
    assert said.code == 1
    assert "the organisation's policy forbids it (policy.toml, line 1)." in said.out


def test_a_policy_file_that_cannot_be_read_stops_everything(component: Run, asking: str) -> None:
    said = component("policy", asking, "--organisation", "policy.toml")
    assert said.code == 2
    assert said.err.startswith("Error: Expected an organisation's policy, got: No such file")
    Path("app.py").write_text(APP.replace('App("Title")', 'App("Title", organisation="x.toml")'))
    assert component("run", "app.py", "--port", "0").err.startswith(
        "Error: Expected an organisation's policy, got: No such file"
    )


def test_a_component_that_asks_for_nothing_needs_no_grant(component: Run) -> None:
    said = component("policy", str(STAR_RATING))
    assert "\nIt asks for nothing beyond running scripts: no grant is needed.\n" in said.out
    assert "App(grants" not in said.out


def test_the_policy_shown_is_the_one_that_is_served(component: Run, asking: str) -> None:
    report = json.loads(component("policy", asking, "--format", "json").out)
    asked = manifest.load(Path(asking))
    served = decide(
        asked.name,
        asked.requests,
        parse_grants(["geolocation", "images https://tiles.example.org"]),
    )
    assert isinstance(served, Policy)
    assert report["attributes"] == served.attributes
    origins = (report["origins"]["component"], report["origins"]["app"])
    assert report["headers"] == served.headers(*origins, script_files=True, style_files=True)


def test_presets_are_listed_with_what_they_grant(component: Run) -> None:
    said = component("policy", "--presets")
    for preset in PRESETS.values():
        assert f"  {preset.name:<7}  {preset.sentence}\n" in said.out
    listed = json.loads(component("policy", "--presets", "--format", "json").out)
    assert [preset["name"] for preset in listed["presets"]] == list(PRESETS)


def test_a_mistake_in_component_toml_is_one_message(component: Run, tmp_path: Path) -> None:
    (tmp_path / "component.toml").write_text(ASKING.replace("geolocation", "geolocatoin"))
    assert component("policy", ".") == Said(
        2,
        "",
        f"""\
Error: Expected a permission, got 'geolocatoin'
  where: component.toml: permissions.geolocatoin
  hint:  Did you mean "geolocation"? Known: {", ".join(PERMISSIONS)}.
  code:  manifest
""",
    )


def test_what_a_hostile_component_writes_never_controls_the_terminal(
    component: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "\x1b[2J\u202e"
    folder.mkdir()
    (folder / "component.toml").write_text('"\\u001b]0;owned\\u0007" = 1\n')
    said = component("policy", folder.name)
    assert said.code == 2
    assert said.err.replace("\n", "").isprintable()
    assert r"\x1b[2J\u202e" in said.err


def test_a_reader_that_stops_reading_is_no_error() -> None:
    with subprocess.Popen(
        [*COMPONENT, "policy", str(STAR_RATING)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


# component doctor --------------------------------------------------------------------------------


def test_doctor_finds_this_machine_fit_to_serve(component: Run) -> None:
    said = component("doctor")
    assert said.code == 0
    assert "An app can be served. Try: component demo\n" in said.out


def test_doctor_as_json_has_stable_keys(component: Run) -> None:
    report = json.loads(component("doctor", "--format", "json").out)
    assert list(report) == ["can_serve", "can_test", "checks"]
    assert report["can_serve"] is True
    assert {tuple(check) for check in report["checks"]} == {
        ("area", "name", "state", "found", "sentence")
    }


def test_doctor_needs_no_dependency_and_says_which_are_missing() -> None:
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv[1:] = ['doctor']\n"
    script += "from components_sdk.cli import main; sys.exit(main())"
    bare = [sys.executable, "-I", "-S", "-c", script]
    done = subprocess.run(bare, capture_output=True, text=True)
    assert done.returncode == 1
    assert "missing  components-sdk" in done.stdout
    assert done.stdout.endswith("No app can be served before what is missing above is there.\n")
    assert done.stderr == ""


def test_doctor_says_how_to_install_what_is_missing(
    component: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name == "selenium":
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.65.0" if name == "playwright" else real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setattr(engines, "find", lambda name: None)
    said = component("doctor")
    assert said.code == 0
    lines = [" ".join(line.split()) for line in said.out.splitlines()]
    assert 'missing selenium pip install "components-sdk[test]"' in lines
    assert "missing webkit apt-get install webkit2gtk-driver xvfb" in lines
    assert (
        'missing playwright 1.65.0 Needs <1.65,>=1.60: pip install "components-sdk[test]"' in lines
    )
    assert lines[-1] == "Tests in a browser need what is missing above; apps do not."


def test_doctor_says_that_the_usual_port_is_taken(
    component: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(doctor, "PORT", taken.getsockname()[1])
        said = component("doctor")
        assert f"port {doctor.PORT}" in said.out
    assert said.code == 0
    assert "The next free one will be used." in said.out


@pytest.mark.parametrize(
    ("found", "state"),
    [([], "ok"), (["127.0.0.1"], "ok"), (["::1", "127.0.0.1"], "ok"), (["10.1.2.3"], "note")],
)
def test_doctor_warns_of_a_resolver_that_sends_localhost_names_away(
    component: Run, monkeypatch: pytest.MonkeyPatch, found: list[str], state: str
) -> None:
    monkeypatch.setattr(doctor, "_resolved", lambda name: found)
    report = json.loads(component("doctor", "--format", "json").out)
    (check,) = (check for check in report["checks"] if check["name"] == "x.localhost")
    assert check["state"] == state


@pytest.mark.parametrize(
    ("version", "limits", "expected"),
    [
        ("1.64.1", ">=1.60,<1.65", True),
        ("1.65", ">=1.60,<1.65", False),
        ("1.9", ">=1.60", False),
        ("2", "", True),
        ("8.0.0rc1", ">=8", True),
    ],
)
def test_versions_are_compared_by_their_numbers(version: str, limits: str, expected: bool) -> None:
    assert doctor.fits(version, limits) is expected


# plain text --------------------------------------------------------------------------------------


def test_rows_line_up_and_long_cells_are_wrapped() -> None:
    text = rows([("a", "word " * 40), ("longer", "x")])
    first, second, *_, last = text.splitlines()
    assert first.startswith("  a       word")
    assert second.startswith("          word")
    assert last == "  longer  x"
    assert max(map(len, text.splitlines())) <= 100


def test_a_hint_of_several_lines_stays_in_its_column() -> None:
    assert message(ComponentsError("One.", hint="first\nsecond", code="x")) == (
        "Error: One.\n  hint:  first\n         second\n  code:  x"
    )


def test_only_what_a_terminal_just_shows_is_left_as_it_is() -> None:
    assert plain("Größe ★\n\x1b[0m\u202e") == "Größe ★\n\\x1b[0m\\u202e"
