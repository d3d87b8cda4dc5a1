"""A pitfall is found in whatever spelling a browser reads, and no file or call can write one.

The tokens are ASCII case-insensitive and set apart by ASCII white space (HTML, "parse a sandboxing
directive"; CSP 3, "parse a serialized CSP"), in the attribute, in the header, in any order, any
number of times. TOML and ``App(grants=…)`` know permissions only.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components_sdk import App, manifest
from components_sdk.csp import ascii_lower, parse_csp, split_tokens
from components_sdk.errors import ManifestError, PolicyError
from components_sdk.pitfalls import check
from components_sdk.policy import PERMISSIONS, Policy, decide, parse_grants
from components_sdk.surface import GOOD, good_but

from .test_policy import policies

WHITE_SPACE = st.text("\t\n\f\r ", min_size=1, max_size=4)
HARMLESS = st.sampled_from(["allow-forms", "allow-modals", "allow-pointer-lock", "ALLOW-DOWNLOADS"])
NEVER = {
    "allow-top-navigation": "top-navigation",
    "allow-top-navigation-by-user-activation": "top-navigation-by-click",
    "allow-top-navigation-to-custom-protocols": "custom-protocols",
    "allow-popups-to-escape-sandbox": "popups-escape-sandbox",
    "allow-storage-access-by-user-activation": "storage-access",
    "allow-same-site-none-cookies": "cookies-in-sandbox",
}


@st.composite
def in_any_case(draw: st.DrawFn, text: str) -> str:
    upper = draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    return "".join(c.upper() if up else c for c, up in zip(text, upper, strict=True))


@st.composite
def in_any_spelling(draw: st.DrawFn, tokens: Sequence[str]) -> str:
    """These tokens among harmless ones: any case, order, number and white space."""
    more = draw(st.lists(st.sampled_from(tokens), max_size=3)) + draw(
        st.lists(HARMLESS, max_size=3)
    )
    written = [draw(in_any_case(token)) for token in draw(st.permutations([*tokens, *more]))]
    gaps = [draw(WHITE_SPACE) for _ in written]
    text = "".join(gap + token for gap, token in zip(gaps, written, strict=True))
    return draw(st.sampled_from([text, text.lstrip("\t\n\f\r "), text + draw(WHITE_SPACE)]))


@st.composite
def headers(draw: st.DrawFn, directive: str, value: str) -> dict[str, str | None]:
    """A CSP header with the directive first, spelled in any way; a second one does not count."""
    name, header = draw(in_any_case(directive)), draw(in_any_case("Content-Security-Policy"))
    empty = draw(st.sampled_from(["", ";", " ; ;"]))
    gap = draw(WHITE_SPACE)
    csp = f"{empty}{gap}{name}{gap}{value}; {GOOD.headers['Content-Security-Policy']}"
    return {"Content-Security-Policy": None, header: csp}


def broken(**changes: object) -> set[str]:
    return {finding.rule for finding in check(good_but(**changes))}  # type: ignore[arg-type]


# --- the sandbox ---------------------------------------------------------------------------------


@given(in_any_spelling(["allow-scripts", "allow-same-origin"]), st.sampled_from(["app", "shared"]))
def test_scripts_with_same_origin_are_found_in_any_attribute(sandbox: str, where: str) -> None:
    changes: dict[str, object] = (
        {"component_origin": GOOD.app_origin} if where == "app" else {"shared_origin": True}
    )
    assert "scripts-with-same-origin" in broken(sandbox=sandbox, **changes)


@given(st.data(), in_any_spelling(["allow-scripts", "allow-same-origin"]))
def test_scripts_with_same_origin_are_found_in_any_header(data: st.DataObject, value: str) -> None:
    sent = data.draw(headers("sandbox", value))
    assert "scripts-with-same-origin" in broken(headers=sent, shared_origin=True)


@given(st.data(), st.sampled_from(sorted(NEVER)))
def test_a_token_that_no_component_may_have_is_found_in_any_attribute_and_header(
    data: st.DataObject, token: str
) -> None:
    value = data.draw(in_any_spelling([token]))
    assert NEVER[token] in broken(sandbox=value)
    assert NEVER[token] in broken(headers=data.draw(headers("sandbox", value)))


@given(st.text(st.characters(exclude_characters="\t\n\f\r "), min_size=1))
def test_only_ascii_white_space_parts_tokens_and_only_ascii_letters_fold(text: str) -> None:
    assert split_tokens(f"\t{text}\n{text}\f") == [text, text]
    token = "".join(c for c in text if not c.isascii())
    assert ascii_lower(token) == token


# --- sources -------------------------------------------------------------------------------------


@given(
    st.data(),
    st.sampled_from(
        [
            ("connect-src", "*", "open-source"),
            ("img-src", "https:", "open-source"),
            ("script-src", "data:", "script-from-data"),
            ("script-src-elem", "blob:", "script-from-data"),
            ("script-src", "'unsafe-inline'", "inline-script"),
            ("script-src", "'strict-dynamic'", "strict-dynamic"),
            ("script-src", "https://cdn.example.org", "foreign-script"),
            ("script-src", "'self'", "self-in-csp"),
            ("connect-src", "https://api.telegram.org", "upload-host"),
            ("connect-src", "https://unpkg.com", "code-host"),
            ("connect-src", "http://localhost:8000", "reaches-the-app"),
            ("frame-ancestors", "https://portal.example.org", "foreign-frame-ancestors"),
            ("object-src", "https://cdn.example.org", "plugins"),
        ]
    ),
)
def test_an_unsafe_source_is_found_in_any_spelling(
    data: st.DataObject, case: tuple[str, str, str]
) -> None:
    directive, source, rule = case
    written = data.draw(in_any_case(source))
    gaps = data.draw(st.tuples(WHITE_SPACE, WHITE_SPACE))
    value = data.draw(
        st.sampled_from(
            [written, f"{written}{gaps[0]}'none'", f"'none'{gaps[0]}{written}{gaps[1]}{written}"]
        )
    )
    assert rule in broken(headers=data.draw(headers(directive, value)))


@given(st.data(), st.sampled_from(["base-uri", "form-action", "frame-ancestors", "default-src"]))
def test_what_stands_in_another_directive_hides_nothing(data: st.DataObject, name: str) -> None:
    """A directive named in a value, or in a second place, is not there."""
    csp = {name: None, "x-unknown": f"{name} 'none'"}
    found = broken(csp=csp, sandbox="allow-scripts allow-forms")
    expected = {
        "base-uri": "no-base-uri",
        "form-action": "open-form-action",
        "frame-ancestors": "no-frame-ancestors",
        "default-src": "open-default",
    }
    assert expected[name] in found


# --- what cannot be written ----------------------------------------------------------------------

UNSAFE = ["allow-same-origin", "allow-scripts", *NEVER]
MANIFEST = """
[component]
name = "geo-map"
version = "1.0.0"
title = "Map"
description = "A map."

[permissions.{name}]
reason = "Because."
{more}

[data]
receives = "Nothing."
returns = "Nothing."
stores = "Nothing."
"""


def as_toml(text: str) -> str:
    escaped = "".join(c if c.isalnum() or c == "-" else f"\\u{ord(c):04x}" for c in text)
    return f'"{escaped}"'


@given(in_any_spelling(UNSAFE[:2]) | st.sampled_from(UNSAFE).flatmap(in_any_case))
def test_toml_cannot_name_a_sandbox_token(token: str) -> None:
    with pytest.raises(ManifestError, match="Expected a permission"):
        manifest.parse(MANIFEST.format(name=as_toml(token), more=""), "component.toml")


@pytest.mark.parametrize("key", ["sandbox", "csp", "allow", "headers", "origin", "tokens"])
def test_toml_has_no_key_for_attributes_and_headers(key: str) -> None:
    more = f'{key} = ["allow-same-origin"]'
    with pytest.raises(ManifestError, match="Expected a known key"):
        manifest.parse(MANIFEST.format(name="camera", more=more), "component.toml")


@given(st.sampled_from(UNSAFE).flatmap(in_any_case), WHITE_SPACE)
def test_a_grant_cannot_name_a_sandbox_token(token: str, gap: str) -> None:
    for grant in (token, f"{gap}{token}{gap}", f"camera{gap}{token}", f"connect{gap}{token}"):
        with pytest.raises(PolicyError):
            App("Test", grants={"geo-map": [grant]})
    with pytest.raises(PolicyError, match="Expected a preset"):
        App("Test", grants={"geo-map": token})


@given(
    st.sampled_from([name for name, each in PERMISSIONS.items() if each.takes_origins]),
    st.sampled_from(
        [
            "https://a.example; sandbox allow-same-origin",
            "https://a.example;sandbox",
            "https://a.example, *",
            "https://a.example/\n;script-src *",
            "'unsafe-inline'",
            "*",
            "https:",
            "https://*",
            "data:",
            "blob:",
            "'self'",
        ]
    ).flatmap(in_any_case),
)
def test_an_origin_cannot_carry_a_directive_or_a_keyword(name: str, origin: str) -> None:
    with pytest.raises(PolicyError):
        App("Test", grants={"geo-map": [f"{name} {origin}"]})
    more = f"origins = [{as_toml(origin)}]"
    with pytest.raises(ManifestError):
        manifest.parse(MANIFEST.format(name=name, more=more), "component.toml")


@given(policies())
def test_no_decided_policy_has_a_token_that_no_component_may_have(policy: Policy) -> None:
    csp = parse_csp(policy.csp(GOOD.component_origin, GOOD.app_origin))
    assert set(csp["sandbox"]) == set(policy.sandbox)
    assert set(policy.sandbox).isdisjoint(NEVER)


def test_nothing_but_the_table_of_permissions_reaches_the_sandbox() -> None:
    tokens = {token for each in PERMISSIONS.values() for token in each.sandbox}
    assert tokens.isdisjoint(NEVER)
    assert decide("geo-map", (), parse_grants("strict")) == Policy("geo-map")
