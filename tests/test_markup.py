"""The sanitiser's door, with each sanitiser behind it."""

from __future__ import annotations

import importlib.util
import time

import pytest

from components_sdk import App, markup
from components_sdk.errors import AppError
from components_sdk.markup import AT_ONCE, MAX_CHARACTERS, MAX_DEPTH, clean, markdown
from components_sdk.sanitisers import SANITISERS, Sanitiser

OUT = 'target="_blank" rel="noopener noreferrer nofollow"'

each_sanitiser = pytest.mark.parametrize("sanitiser", SANITISERS)


@each_sanitiser
@pytest.mark.parametrize(
    ("hostile", "cleaned"),
    [
        ("<b>bold</b>", "<b>bold</b>"),
        ("<B>bold", "<b>bold</b>"),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("one<br/>two<hr>", "one<br>two<hr>"),
        ('<a href="javascript:alert(1)">x</a>', "<a>x</a>"),
        ('<a href="java&#115;cript:alert(1)">x</a>', "<a>x</a>"),
        ('<a href="javascript&colon;alert(1)">x</a>', "<a>x</a>"),
        ('<a href="&#1;javascript:alert(1)">x</a>', "<a>x</a>"),
        ('<a href="data:text/html,x">x</a>', "<a>x</a>"),
        ('<a href="//example.org/">x</a>', "<a>x</a>"),
        ('<a href="https://example.org/" onclick="x()">x</a>',
         f'<a href="https://example.org/" {OUT}>x</a>'),
        ('<a href="/reports?a=1&amp;b=2" target="_top" rel="opener">x</a>',
         '<a href="/reports?a=1&amp;b=2">x</a>'),
        ('<abbr title="a &quot;<b>&quot;">x</abbr>',
         '<abbr title="a &quot;&lt;b&gt;&quot;">x</abbr>'),
        ('<ol start="3"><li>x</ol>', '<ol start="3"><li>x</li></ol>'),
        ('<ol start="3x"><li>x</ol>', "<ol><li>x</li></ol>"),
        ('<p style="position:fixed" class="card" id="page">x</p>', "<p>x</p>"),
        ("<!-- <script>x</script> -->", ""),
    ],
)  # fmt: skip
def test_only_listed_tags_attributes_and_schemes_are_kept(
    sanitiser: Sanitiser, hostile: str, cleaned: str
) -> None:
    assert clean(hostile, sanitiser) == cleaned


@pytest.mark.parametrize(
    ("hostile", "as_text"),
    [
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
        ("<svg><style><img src=x onerror=alert(1)></style></svg>",
         "&lt;svg&gt;&lt;style&gt;&lt;img src=x onerror=alert(1)&gt;&lt;/style&gt;&lt;/svg&gt;"),
    ],
)  # fmt: skip
def test_what_is_not_listed_becomes_text_with_bleach_and_nothing_with_nh3(
    hostile: str, as_text: str
) -> None:
    assert clean(hostile, "bleach") == as_text
    assert clean(hostile, "nh3") == ""


@each_sanitiser
def test_markdown_becomes_html_and_its_raw_html_does_not(sanitiser: Sanitiser) -> None:
    rendered = markdown("# Title\n\n| a | b |\n|---|---|\n| 1 | <i>2</i> |\n", sanitiser)

    assert "<h1>Title</h1>" in rendered
    assert "<td>1</td>" in rendered
    assert "&lt;i&gt;" in rendered


@each_sanitiser
def test_a_markdown_link_to_a_script_is_no_link(sanitiser: Sanitiser) -> None:
    assert "href" not in markdown("[x](javascript:alert(1))", sanitiser)
    assert 'href="https://example.org"' in markdown("[x](https://example.org)", sanitiser)


@each_sanitiser
def test_cleaning_what_was_cleaned_changes_nothing(sanitiser: Sanitiser) -> None:
    once = clean(
        "<ul><li><b>a</b> &lt; <a href='https://example.org/?a=1&amp;copy=2'>b</a></ul>"
        "<table><tr><td title=x>c<br>&copy;</table>",
        sanitiser,
    )

    assert clean(once, sanitiser) == once


@pytest.mark.parametrize(
    "lying",
    [
        "<img src=x onerror=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href="https://example.org" onclick="alert(1)">x</a>',
        "<a href='javascript:alert(1)'>x</a>",
        '<a\nhref="javascript:alert(1)">x</a>',
        "<script>alert(1)</script>",
        '<p title="',
        "</p></div></main><script>",
        "<b <script>alert(1)</script>",
        "<svg><a>x</a>",
    ],
)
def test_a_sanitiser_that_lets_everything_through_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, lying: str
) -> None:
    monkeypatch.setattr(markup, "sanitise", lambda name, source: source)

    cleaned = clean(lying)

    assert "javascript" not in cleaned or "<a>x</a>" in cleaned or "&lt;a" in cleaned
    left = cleaned.replace("<a>", "").replace("</a>", "").replace("<svg>", "")
    left = left.replace(f'<a href="https://example.org" {OUT}>', "")
    assert "<" not in left


@each_sanitiser
def test_no_control_character_is_left(sanitiser: Sanitiser) -> None:
    for code in (*range(9), 11, 12, *range(14, 32), 127):
        assert chr(code) not in clean(f"a{chr(code)}b<abbr title='{chr(code)}'>c</abbr>", sanitiser)


@each_sanitiser
def test_too_much_markup_is_refused(sanitiser: Sanitiser) -> None:
    with pytest.raises(ValueError, match="Expected at most 200000 characters"):
        clean("x" * (MAX_CHARACTERS + 1), sanitiser)
    with pytest.raises(ValueError, match="Expected at most 200000 characters"):
        markdown("x" * (MAX_CHARACTERS + 1), sanitiser)


# Each paragraph opens all of them again.
GROWING = "<p><b><i><em><strong><s><code>" * 3 + "<p>x" * 8_000


def test_what_grows_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="Expected at most 1000000 characters of HTML"):
        clean(GROWING, "nh3")


@each_sanitiser
def test_tags_below_the_greatest_depth_are_left_out_and_their_text_stays(
    sanitiser: Sanitiser,
) -> None:
    deep = MAX_DEPTH + 20

    cleaned = clean("<blockquote>" * deep + "x" + "</blockquote>" * deep, sanitiser)

    assert cleaned == "<blockquote>" * MAX_DEPTH + "x" + "</blockquote>" * MAX_DEPTH


@each_sanitiser
def test_an_attribute_that_is_too_long_is_left_out(sanitiser: Sanitiser) -> None:
    assert clean(f'<abbr title="{"x" * 2048}">y</abbr>', sanitiser).startswith('<abbr title="x')
    assert clean(f'<abbr title="{"x" * 2049}">y</abbr>', sanitiser) == "<abbr>y</abbr>"


HOSTILE_SHAPES = {
    "formatting": "<b>",
    "lists": "<ul><li>",
    "quotes": "<blockquote>",
    "tables": "<table><tr><td>",
    "foster parents": "<table>x<b>",
    "adoption": "<b><p>",
    "misnested": "<b><i></b>",
    "ampersands": "&",
    "less-than": "<",
    "almost tags": "a<b ",
    "comments": "<!--",
    "unclosed paragraphs": "<p>x ",
}


@each_sanitiser
@pytest.mark.parametrize("shape", HOSTILE_SHAPES.values(), ids=HOSTILE_SHAPES.keys())
def test_what_is_cleaned_at_once_takes_no_noticeable_time_whatever_it_is(
    sanitiser: Sanitiser, shape: str
) -> None:
    source = (shape * AT_ONCE)[:AT_ONCE]
    clean("warm", sanitiser)
    begin = time.process_time()  # of this process: others' load does not count

    clean(source, sanitiser)

    assert time.process_time() - begin < 0.25


@each_sanitiser
def test_thousands_of_attributes_become_the_few_that_are_listed(sanitiser: Sanitiser) -> None:
    many = " ".join(f"a{number}=1" for number in range(200))

    assert (
        clean(f'<a {many} href="/x" title="t">y</a>', sanitiser) == '<a href="/x" title="t">y</a>'
    )


def test_an_unknown_sanitiser_is_a_clear_error() -> None:
    with pytest.raises(AppError, match="Expected one of bleach, nh3, got 'html5lib'"):
        App("x", sanitiser="html5lib")  # type: ignore[arg-type]


def test_a_sanitiser_that_is_not_installed_is_a_clear_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(AppError, match="The sanitiser nh3 is not installed") as error:
        App("x", sanitiser="nh3")

    assert "pip install 'components-sdk[nh3]'" in str(error.value)
