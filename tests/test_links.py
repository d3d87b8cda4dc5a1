from __future__ import annotations

import pytest

from components_sdk.links import MAX_URL, leads_out, safe


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "http://example.org:8080/a?b=c:d#e",
        "HTTPS://EXAMPLE.ORG/",
        "https://example.org/a?next=javascript:1",
        "mailto:ann@example.org?subject=hi",
        "/reports",
        "reports?year=2026&copy=2",
        "?page=2",
        "#top",
        "https://münchen.example/straße",
    ],
)
def test_an_ordinary_link_stays_as_it_is(url: str) -> None:
    assert safe(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "/a:b",  # harmless, and not worth the doubt
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "\x00javascript:alert(1)",
        "\u00a0javascript:alert(1)",
        "java\u200bscript:alert(1)",
        "java\u00adscript:alert(1)",
        "javascript&colon;alert(1)",
        "javascript&#58;alert(1)",
        "javascript&#0000058alert(1)",
        "javascript\uff1aalert(1)",
        "java&Tab;script:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "blob:https://example.org/1",
        "view-source:https://example.org",
        "//example.org",
        "/\\example.org",
        "\\\\example.org",
        "https:example.org",
        "https:/example.org",
        "https:///example.org",
        "https://\\example.org",
        "https://bank.example@example.org/",
        "https://ex\tample.org/",
        "https://exam\u202eple.org/",
        "https://example.org:99999999/",
        "mailto:",
        "",
        "   ",
        "https://example.org/" + "x" * MAX_URL,
    ],
)
def test_what_could_be_read_in_two_ways_is_no_link(url: str) -> None:
    assert safe(url) is None


def test_only_a_whole_address_leads_out_of_the_app() -> None:
    assert leads_out("https://example.org/")
    assert leads_out("mailto:ann@example.org")
    assert not leads_out("/reports")
    assert not leads_out("#top")
