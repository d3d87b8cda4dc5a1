"""An organisation's policy bounds what apps may grant, and says by which line it forbids."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components_sdk import App
from components_sdk.errors import OrganisationError
from components_sdk.organisation import VARIABLE, binding, decide, load, parse
from components_sdk.policy import PERMISSIONS, Policy, Ungranted, parse_grants
from components_sdk.policy import decide as decide_alone
from components_sdk.toml import MAX_SIZE

from .test_app import Asking, app_with, messages, opened
from .test_policy import API, TILES, policies, request

FILE = "/etc/acme/policy.toml"
STRICT = '[any]\npermissions = "strict"\n'
AS_GRANTED = '[any]\npermissions = "as-granted"\n'

GEO, CAMERA = request("geolocation"), request("camera")


def outcome(
    text: str, *requests: object, grants: str | list[str] = "strict", name: str = "geo-map"
) -> Policy | Ungranted:
    return decide(name, requests, parse_grants(grants), [parse(text, FILE)])  # type: ignore[arg-type]


def forbidding(answer: Policy | Ungranted) -> dict[str, str]:
    """What is forbidden, and by which line."""
    assert isinstance(answer, Ungranted)
    assert answer.code == "forbidden-by-organisation"
    assert "App(" not in repr(answer)
    return {" ".join((each.permission, *each.origins)): each.line for each in answer.missing}


# --- precedence ----------------------------------------------------------------------------------


def test_what_is_asked_granted_and_within_the_bound_is_in_force() -> None:
    text = '[any]\npermissions = ["geolocation", "camera"]'
    assert outcome(text, GEO, grants=["geolocation"]) == Policy("geo-map", (GEO,))


def test_a_grant_beyond_the_bound_does_not_help() -> None:
    answer = outcome(STRICT, GEO, grants=["geolocation"])
    assert forbidding(answer) == {"geolocation": "policy.toml, line 2"}
    assert isinstance(answer, Ungranted)
    assert answer.line == "policy.toml, line 2"


def test_a_bound_grants_nothing() -> None:
    answer = outcome('[any]\npermissions = ["geolocation"]', GEO)
    assert isinstance(answer, Ungranted)
    assert answer.code == "not-granted"
    assert answer.line == 'App(grants={"geo-map": ["geolocation"]})'


def test_what_is_neither_granted_nor_allowed_is_forbidden() -> None:
    """A line of App(grants) would not help, so none is told."""
    assert forbidding(outcome(STRICT, GEO)) == {"geolocation": "policy.toml, line 2"}


def test_only_what_is_beyond_the_bound_is_named() -> None:
    text = '[any]\n\npermissions = ["geolocation"]'
    answer = outcome(text, GEO, CAMERA, grants=["camera"])
    assert forbidding(answer) == {"camera": "policy.toml, line 3"}


def test_origins_are_bounded_one_by_one() -> None:
    asked = request("connect", API, TILES)
    text = f'[any]\npermissions = ["connect {API}"]'
    answer = outcome(text, asked, grants=[f"connect {API} {TILES}"])
    assert forbidding(answer) == {f"connect {TILES}": "policy.toml, line 2"}


def test_a_wildcard_of_the_bound_covers_the_names_below_it_only() -> None:
    text = '[any]\npermissions = ["connect https://*.example.org"]'
    assert isinstance(outcome(text, request("connect", API), grants=[f"connect {API}"]), Policy)
    for origin in ("https://*.org.example", "https://example.org", "https://evil.example"):
        asked = request("connect", origin)
        answer = outcome(text, asked, grants=[f"connect {origin}"])
        assert list(forbidding(answer)) == [f"connect {origin}"]


def test_an_asked_wildcard_is_not_within_one_of_its_names() -> None:
    asked = request("connect", "https://*.example.org")
    answer = outcome(
        f'[any]\npermissions = ["connect {API}"]', asked, grants=["connect https://*.example.org"]
    )
    assert list(forbidding(answer)) == ["connect https://*.example.org"]


def test_the_table_of_a_component_stands_instead_of_any() -> None:
    wider = '[any]\npermissions = []\n[component.geo-map]\npermissions = ["geolocation"]'
    tighter = '[any]\npermissions = ["geolocation"]\n[component.geo-map]\npermissions = []'
    assert isinstance(outcome(wider, GEO, grants=["geolocation"]), Policy)
    assert forbidding(outcome(wider, GEO, name="other")) == {"geolocation": "policy.toml, line 2"}
    answer = outcome(tighter, GEO, grants=["geolocation"])
    assert forbidding(answer) == {"geolocation": "policy.toml, line 4"}
    assert isinstance(outcome(tighter, GEO, grants=["geolocation"], name="other"), Policy)


def test_as_granted_leaves_it_to_the_app() -> None:
    assert isinstance(outcome(AS_GRANTED, GEO, grants=["geolocation"]), Policy)
    assert not isinstance(outcome(AS_GRANTED, GEO), Policy)


def test_a_preset_may_be_a_bound() -> None:
    text = '[any]\npermissions = "capture"'
    assert isinstance(outcome(text, CAMERA, grants=["camera"]), Policy)
    assert list(forbidding(outcome(text, GEO, grants=["geolocation"]))) == ["geolocation"]


def test_a_blocked_component_never_starts_whatever_it_asks_for() -> None:
    text = 'blocked = ["geo-map"]\n' + AS_GRANTED
    for requests in ((), (GEO,)):
        answer = outcome(text, *requests, grants=["geolocation"])
        assert forbidding(answer) == {}
        assert isinstance(answer, Ungranted)
        assert answer.line == "policy.toml, line 1"
    assert isinstance(outcome(text, name="other"), Policy)


def test_with_a_list_of_those_that_start_no_other_does() -> None:
    text = '# ours\nonly = [\n  "star-rating",\n]\n' + AS_GRANTED
    assert isinstance(outcome(text, name="star-rating"), Policy)
    answer = outcome(text)
    assert isinstance(answer, Ungranted)
    assert (answer.code, answer.line) == ("forbidden-by-organisation", "policy.toml, line 2")
    assert not isinstance(outcome("only = []\n" + AS_GRANTED), Policy)


def test_two_policies_both_bind_and_both_are_told() -> None:
    first = parse('[any]\npermissions = ["geolocation"]', "first.toml")
    second = parse('\n[any]\npermissions = ["camera"]', "second.toml")
    grants = parse_grants(["geolocation", "camera"])
    assert isinstance(decide("map", [GEO], grants, [first]), Policy)
    for both in ([first, second], [second, first]):
        assert set(forbidding(decide("map", [GEO], grants, both)).values()) == {
            "second.toml, line 3"
        }
        assert forbidding(decide("map", [GEO, CAMERA], grants, both)) == {
            "geolocation": "second.toml, line 3",
            "camera": "first.toml, line 2",
        }
    answer = decide("map", [GEO, CAMERA], grants, [first, second])
    assert isinstance(answer, Ungranted)
    assert answer.line == "first.toml, line 2 and second.toml, line 3"


@given(policies(), st.sets(st.sampled_from(sorted(PERMISSIONS))))
def test_in_force_is_never_more_than_asked_granted_and_allowed(
    policy: Policy, allowed: set[str]
) -> None:
    """With all of it granted, what starts is within the bound; what is within it starts."""
    bound = [
        " ".join((r.permission, *r.origins)) for r in policy.requests if r.permission in allowed
    ]
    text = f"[any]\npermissions = {bound!r}"
    grants = parse_grants([" ".join((r.permission, *r.origins)) for r in policy.requests])
    answer = decide("geo-map", policy.requests, grants, [parse(text, FILE)])
    if {request.permission for request in policy.requests} <= allowed:
        assert answer == policy == decide_alone("geo-map", policy.requests, grants)
    else:
        names = {each.partition(" ")[0] for each in forbidding(answer)}
        assert names == {request.permission for request in policy.requests} - allowed


# --- in an app -----------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "policy.toml"
    file.write_text(STRICT)
    return file


GRANTS = {"asking": ["geolocation"]}


def test_the_card_names_the_file_and_line_and_no_line_of_python(file: Path) -> None:
    app = app_with(lambda page: page.add(Asking(), key="a"), grants=GRANTS, organisation=file)
    (card,) = messages(opened(app))
    assert (card.code, card.line) == ("forbidden-by-organisation", "policy.toml, line 2")
    assert [each.permission for each in card.missing] == ["geolocation"]


def test_the_card_says_nothing_of_the_folders(file: Path) -> None:
    app = app_with(lambda page: page.add(Asking(), key="a"), organisation=file)
    (card,) = messages(opened(app))
    assert str(file.parent) not in repr(card)


def test_the_environment_binds_without_the_apps_help(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(App("Test", grants=GRANTS).policy(Asking), Policy)
    monkeypatch.setenv(VARIABLE, str(file))
    assert isinstance(App("Test", grants=GRANTS).policy(Asking), Ungranted)


def test_the_app_cannot_widen_what_its_environment_says(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = tmp_path / "wide.toml"
    wide.write_text(AS_GRANTED)
    for named, around in ((wide, file), (file, wide)):
        monkeypatch.setenv(VARIABLE, str(around))
        app = App("Test", grants=GRANTS, organisation=named)
        assert len(app.organisations) == 2
        assert isinstance(app.policy(Asking), Ungranted)


def test_an_empty_variable_is_none_and_one_file_named_twice_is_read_once(file: Path) -> None:
    assert binding(None, {}) == binding(None, {VARIABLE: ""}) == ()
    assert len(binding(file, {VARIABLE: str(file)})) == 1


def test_without_its_policy_an_app_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OrganisationError, match=r"No such file or directory - at .*policy\.toml"):
        App("Test", organisation=tmp_path / "policy.toml")
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(OrganisationError, match=VARIABLE):
        App("Test")
    with pytest.raises(OrganisationError, match="Expected the path of a policy file, got 5"):
        App("Test", organisation=5)  # type: ignore[arg-type]


def test_a_policy_that_is_too_large_or_no_text_is_refused(file: Path) -> None:
    file.write_text(STRICT + "#" * MAX_SIZE)
    with pytest.raises(OrganisationError, match=str(MAX_SIZE)):
        load(file)
    file.write_bytes(b"\xff")
    with pytest.raises(OrganisationError, match="Expected UTF-8, got the byte 0xff"):
        load(file)


# --- mistakes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence", "where", "hint"),
    [
        ("", "Expected a table [any], got none", ": any", 'permissions = "strict"'),
        ("any = 1", "Expected a table, got an integer", ", line 1: any", "[any]"),
        ("[any]", "Expected permissions, got none", ", line 1: any", "permissions = ["),
        (
            "\n[any]\npermissions = true",
            "Expected a list of permissions, got true or false",
            ", line 3: any.permissions",
            "permissions = [",
        ),
        (
            "[any]\npermissions = 'as-grantd'",
            "Expected a list or a preset, got 'as-grantd'",
            ", line 2: any.permissions",
            'Did you mean "as-granted"?',
        ),
        (
            "[any]\npermissions = ['fullscren']",
            "Expected a permission, got 'fullscren'",
            ", line 2: any.permissions",
            'Did you mean "fullscreen"?',
        ),
        (
            "[any]\npermissions = ['connect']",
            'Expected "connect" with the origins it is for, got none',
            ", line 2: any.permissions",
            "connect https://api.example.org",
        ),
        (
            "[any]\npermissions = [1]",
            "got 1",
            ", line 2: any.permissions",
            "",
        ),
        (
            "[any]\npermissions = ['allow-same-origin']",
            "Expected a permission, got 'allow-same-origin'",
            ", line 2: any.permissions",
            "Known:",
        ),
        (
            STRICT + "signers = 1",
            "Expected a known key, got 'signers'",
            ", line 3: any.signers",
            "Known: permissions",
        ),
        (
            STRICT + "[componet.geo-map]",
            "Expected a known key, got 'componet'",
            ", line 3: componet",
            'Did you mean "component"?',
        ),
        (
            STRICT + "[component.'Geo Map']\npermissions = []",
            "Expected a component's name, got 'Geo Map'",
            ', line 3: component."Geo Map"',
            "component.toml",
        ),
        (
            "blocked = ['a\\u001b']\n" + STRICT,
            "Expected a component's name",
            ", line 1: blocked",
            "component.toml",
        ),
        (
            "only = 'geo-map'\n" + STRICT,
            "Expected a list of components' names, got text",
            ", line 1: only",
            'only = ["star-rating"]',
        ),
        (
            "only = ['a']\nblocked = ['a']\n" + STRICT,
            "Expected 'a' in one list, got it in both",
            ", line 2: blocked",
            "",
        ),
        (
            "blocked = ['a']\n" + STRICT + "[component.a]\npermissions = []",
            "Expected a component that may start, got 'a', which never does",
            ", line 4: component.a",
            "Leave its table out",
        ),
        (
            "only = ['b']\n" + STRICT + "[component.a]\npermissions = []",
            "Expected a component that may start, got 'a', which never does",
            ", line 4: component.a",
            "Leave its table out",
        ),
        ("[any\n]", "Expected TOML, got a mistake", ": line 1", "[any]"),
        ("a = " + "[" * 5000, "Expected TOML, got a", "", ""),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_to_write(
    text: str, sentence: str, where: str, hint: str
) -> None:
    with pytest.raises(OrganisationError) as caught:
        parse(text, "policy.toml")
    assert sentence in caught.value.sentence
    assert caught.value.where.startswith("policy.toml" + where)
    assert hint in caught.value.hint
    assert caught.value.code == "organisation"


@given(st.text())
def test_whatever_a_file_says_it_is_a_policy_or_an_error_of_its_own(text: str) -> None:
    for each in (text, STRICT + text, f"blocked = [{text!r}]\n" + STRICT):
        with suppress(OrganisationError):
            assert parse(each, FILE).file == FILE
