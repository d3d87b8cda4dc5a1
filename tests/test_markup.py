from __future__ import annotations

import pytest

from components_sdk.markup import MAX_CHARACTERS, clean, markdown


@pytest.mark.parametrize(
    ("hostile", "cleaned"),
    [
        ("<b>bold</b>", "<b>bold</b>"),
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
        ('<a href="javascript:alert(1)">x</a>', "<a>x</a>"),
        ('<a href="java&#115;cript:alert(1)">x</a>', "<a>x</a>"),
        ('<a href="data:text/html,x">x</a>', "<a>x</a>"),
        ('<a href="https://example.org/" onclick="x()">x</a>', '<a href="https://example.org/">x</a>'),
        ('<p style="position:fixed" class="card" id="page">x</p>', "<p>x</p>"),
        ("<!-- <script>x</script> -->", ""),
        ("<svg><style><img src=x onerror=alert(1)></style></svg>",
         "&lt;svg&gt;&lt;style&gt;&lt;img src=x onerror=alert(1)&gt;&lt;/style&gt;&lt;/svg&gt;"),
    ],
)  # fmt: skip
def test_only_listed_tags_attributes_and_schemes_are_kept(hostile: str, cleaned: str) -> None:
    assert clean(hostile) == cleaned


def test_markdown_becomes_html_and_its_raw_html_does_not() -> None:
    rendered = markdown("# Title\n\n| a | b |\n|---|---|\n| 1 | <i>2</i> |\n")

    assert "<h1>Title</h1>" in rendered
    assert "<td>1</td>" in rendered
    assert "&lt;i&gt;" in rendered


def test_a_markdown_link_to_a_script_is_no_link() -> None:
    assert "href" not in markdown("[x](javascript:alert(1))")


def test_too_much_markup_is_refused() -> None:
    with pytest.raises(ValueError, match="Expected at most 200000 characters"):
        clean("x" * (MAX_CHARACTERS + 1))
