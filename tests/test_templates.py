"""Templates escape whatever they are given, and nothing in them is said to be safe."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, nodes

from components_sdk.cli import new
from components_sdk.errors import UsageError
from components_sdk.servers import handlers

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted(
    path
    for path in (ROOT / "templates").rglob("*")
    if path.is_file() and path.suffix != ".pyc" and path.name != new.SETTINGS
)
SOURCES = sorted(
    path
    for package in ("components_sdk", "example_components")
    for path in (ROOT / package).rglob("*.py")
)
HARMLESS_FILTERS = {"tojson"}  # escapes <, >, & and ' itself


def marks_safe(source: str) -> list[str]:
    """Whatever in a template would let text through unescaped."""
    tree = Environment(autoescape=True, extensions=["jinja2.ext.do"]).parse(source)
    found = [each.name for each in tree.find_all(nodes.Filter) if each.name not in HARMLESS_FILTERS]
    found += ["autoescape" for _ in tree.find_all(nodes.ScopedEvalContextModifier)]
    found += ["Markup" for each in tree.find_all(nodes.Name) if each.name == "Markup"]
    found += ["import" for _ in tree.find_all((nodes.Import, nodes.FromImport, nodes.Include))]
    found += ["call" for _ in tree.find_all(nodes.Call)]
    return found


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_says_that_something_is_safe(path: Path) -> None:
    assert marks_safe(path.read_text("utf-8")) == []
    assert marks_safe(path.relative_to(ROOT).as_posix()) == []


@pytest.mark.parametrize(
    "source",
    [
        "{{ title|safe }}",
        "{{ title | upper | safe }}",
        "{% autoescape false %}{{ title }}{% endautoescape %}",
        "{{ Markup(title) }}",
        "{% filter safe %}{{ title }}{% endfilter %}",
        "{{ title.__html__() }}",
        "{% include 'x' %}",
    ],
)
def test_a_template_that_says_so_would_be_found(source: str) -> None:
    assert marks_safe(source)


MARKUP_NAMES = {"Markup", "mark_safe", "xhtml_escape", "Template", "render_string", "generate"}


def careless(source: str) -> Iterator[str]:
    """Each place where templates are made without escaping, or text is said to be markup."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            ("jinja2", "markupsafe", "tornado.template")
        ):
            yield from (name.name for name in node.names if name.name in MARKUP_NAMES)
        if isinstance(node, ast.Import):
            yield from (
                name.name for name in node.names
                if name.name.split(".")[0] in ("markupsafe", "jinja2")
            )  # fmt: skip
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in ("Environment", "SandboxedEnvironment", "NativeEnvironment"):
                given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
                if given.get("autoescape") not in ("True", "select_autoescape(default=True)"):
                    yield name
            if name == "overlay":
                yield name
            if name == "CleanHtml":
                yield name


def test_every_template_environment_escapes_and_only_the_sanitiser_makes_markup() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): names
        for path in SOURCES
        if (names := list(careless(path.read_text("utf-8"))))
    }

    assert found == {
        "components_sdk/markup.py": ["CleanHtml"],
        # One is a constant sentence, the other what a process running markup.py answered.
        "components_sdk/servers/cleaning.py": ["CleanHtml", "CleanHtml"],
    }


@pytest.mark.parametrize(
    "source",
    [
        "from jinja2 import Environment\nEnvironment()",
        "import jinja2\njinja2.Environment(autoescape=True)",
        "Environment(autoescape=False)",
        "Environment(autoescape=select_autoescape())",
        "from markupsafe import Markup",
        "from jinja2 import Template",
        "environment.overlay(autoescape=False)",
        "CleanHtml(text)",
    ],
)
def test_careless_code_would_be_found(source: str) -> None:
    assert list(careless(source))


HOSTILE = "</title></script><script>alert('\"&{{ 7*7 }}')</script>"


def test_whatever_the_page_is_given_is_escaped() -> None:
    page = handlers._environment.get_template("host.html").render(
        title=HOSTILE, theme=HOSTILE, static=HOSTILE, modules=[HOSTILE], config={"x": HOSTILE}
    )

    assert "<script>alert" not in page
    assert page.count("</script>") == 2  # its own
    assert page.count("49") == 0


def test_the_same_page_without_escaping_would_not_be() -> None:
    loader = FileSystemLoader(ROOT / "templates" / "pages")
    page = Environment(loader=loader, autoescape=False).get_template("host.html")

    assert "<script>alert" in page.render(title=HOSTILE, theme="", static="", modules=[], config={})


@pytest.mark.parametrize(
    "name", [HOSTILE, 'a"b', "a'b", "a b", "a\nb", "a{{ 7*7 }}", "a</b", "a\\"]
)
def test_a_name_that_could_mean_something_in_any_kind_of_file_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        new.words_for(name)


def test_the_words_of_a_scaffold_are_harmless_in_every_kind_of_file() -> None:
    harmless = set(string.ascii_letters + string.digits + "-_ ")

    words = new.words_for("a-very-odd-name-0")

    assert all(set(word) <= harmless for word in words.values())
    files = new.render(ROOT / "templates" / "scaffolds" / "vanilla", words)
    assert not any(re.search(r"&(amp|lt|gt|#3[49]);", text) for text in files.values())
    for name, text in files.items():
        if name.endswith(".py"):
            ast.parse(text)
        elif name.endswith(".toml"):
            tomllib.loads(text)
