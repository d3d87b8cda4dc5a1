"""``component.toml`` is read strictly, and each mistake says what to write instead."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components_sdk.errors import ManifestError
from components_sdk.manifest import DataStatement, Manifest, load, parse
from components_sdk.policy import Request
from components_sdk.toml import MAX_SIZE

from .test_policy import BAD_ORIGINS, FORBIDDEN

IDENTITY = """
[component]
name = "star-rating"
version = "1.0.0"
title = "Star rating"
description = "Five stars; the user picks how many."
"""
DATA = """
[data]
receives = "The label and the number of stars to show."
returns = "How many stars you picked."
stores = "Nothing."
"""
PLACE = """
[permissions.geolocation]
reason = "Shows where you are on the map."
"""
TILES = """
[permissions.connect]
reason = "Loads map tiles."
origins = ["https://tiles.example.org"]
"""
FULL = IDENTITY + PLACE + TILES + DATA


def refused(text: str) -> ManifestError:
    with pytest.raises(ManifestError) as caught:
        parse(text, "component.toml")
    return caught.value


def test_a_full_manifest_is_read_as_a_value() -> None:
    assert parse(FULL, "component.toml") == Manifest(
        name="star-rating",
        version="1.0.0",
        title="Star rating",
        description="Five stars; the user picks how many.",
        frontend="frontend",
        requests=(
            Request("geolocation", "Shows where you are on the map."),
            Request("connect", "Loads map tiles.", ("https://tiles.example.org",)),
        ),
        data=DataStatement(
            receives="The label and the number of stars to show.",
            returns="How many stars you picked.",
            stores="Nothing.",
        ),
    )


def test_a_component_that_asks_for_nothing_has_no_requests() -> None:
    assert parse(IDENTITY + DATA, "component.toml").requests == ()


@pytest.mark.parametrize("folder", ["frontend", "web/dist", "_build", "a.b"])
def test_the_frontend_folder_can_be_named(folder: str) -> None:
    text = IDENTITY + f'frontend = "{folder}"\n' + DATA
    assert parse(text, "component.toml").frontend == folder


@pytest.mark.parametrize(
    ("old", "new", "where", "words"),
    [
        # who it is
        ('name = "star-rating"', 'nam = "x"', "component.nam", 'Did you mean "name"?'),
        ('name = "star-rating"', "", "component.name", "got nothing"),
        ('name = "star-rating"', "name = 3", "component.name", "got an integer"),
        ('name = "star-rating"', "name = true", "component.name", "got true or false"),
        ('name = "star-rating"', "name = 2026-11-20", "component.name", "got a date or time"),
        ('name = "star-rating"', 'name = ["a"]', "component.name", "got an array"),
        ('name = "star-rating"', 'name = "Star"', "component.name", 'Write name = "star-rating"'),
        ('name = "star-rating"', 'name = "1star"', "component.name", "a letter first"),
        ('name = "star-rating"', 'name = "a--b"', "component.name", "inner hyphens"),
        ('name = "star-rating"', 'name = "a-"', "component.name", "inner hyphens"),
        ('name = "star-rating"', 'name = "a\\n"', "component.name", "inner hyphens"),
        ('name = "star-rating"', 'name = "ﬁve"', "component.name", "lower-case"),
        ('name = "star-rating"', f'name = "{"a" * 41}"', "component.name", "at most 40"),
        ('"1.0.0"', '"1.0"', "component.version", "semantic version"),
        ('"1.0.0"', '"01.0.0"', "component.version", "semantic version"),
        ('"1.0.0"', '"1.0.0 "', "component.version", "semantic version"),
        ('"1.0.0"', "1.0", "component.version", "got a float"),
        ('title = "Star rating"', "", "component.title", "got nothing"),
        ('title = "Star rating"', 'title = ""', "component.title", "1 to 300"),
        ('title = "Star rating"', 'title = "\\u202Ex"', "component.title", "in one line"),
        ('title = "Star rating"', 'title = "\\u001b[2J"', "component.title", "in one line"),
        ("[component]", "[component]\nfrontend = '../x'", "component.frontend", "folder below"),
        ("[component]", "[component]\nfrontend = '/x'", "component.frontend", "folder below"),
        ("[component]", "[component]\nfrontend = '.git'", "component.frontend", "folder below"),
        ("[component]", "[component]\nfrontend = 'a\\b'", "component.frontend", "folder below"),
        ("[component]", "[componet]", "componet", 'Did you mean "component"?'),
        (IDENTITY, "", "component", 'name = "star-rating"'),
        (IDENTITY, "component = 3", "component", "Write [component]."),
        # what it asks for
        ("permissions.geolocation", "permissions.geolocatoin", "permissions.geolocatoin", "geoloc"),
        ("permissions.geolocation", "permissions.storrage", "permissions.storrage", '"storage"'),
        (
            "[permissions.geolocation]",
            "[permissions.frames]",
            "permissions.frames.origins",
            "https://api.example.org",
        ),
        ("[permissions.geolocation]", "[permissions]", "permissions.reason", "a permission"),
        (PLACE, "[permissions.geolocation]", "permissions.geolocation.reason", "Write reason ="),
        ('"Shows where', '" "#', "permissions.geolocation.reason", "1 to 300"),
        ("reason = ", "reson = ", "permissions.geolocation.reson", 'Did you mean "reason"?'),
        (
            PLACE,
            PLACE + 'origins = ["https://a.example"]',
            "permissions.geolocation.origins",
            "leave the origins out",
        ),
        (
            'origins = ["https://tiles.example.org"]',
            "",
            "permissions.connect.origins",
            "Write origins =",
        ),
        ('["https://tiles.example.org"]', "[]", "permissions.connect.origins", "Write origins ="),
        ('["https://tiles.example.org"]', "[3]", "permissions.connect.origins", "got an array"),
        (
            '["https://tiles.example.org"]',
            '"https://tiles.example.org"',
            "permissions.connect.origins",
            "got text",
        ),
        ("https://tiles", "https://*tiles", "permissions.connect.origins", "List each origin"),
        # what becomes of data
        (DATA, "", "data", "receives = "),
        ('stores = "Nothing."', "", "data.stores", 'Write stores = "Nothing."'),
        ('stores = "Nothing."', 'stores = " "', "data.stores", "a sentence that says"),
        ('stores = "Nothing."', 'stors = "Nothing."', "data.stors", 'Did you mean "stores"?'),
        ("[data]", "[date]", "date", 'Did you mean "data"?'),
    ],
)
def test_a_mistake_says_where_it_is_and_what_to_write(
    old: str, new: str, where: str, words: str
) -> None:
    assert old in FULL
    error = refused(FULL.replace(old, new, 1))
    assert error.where == f"component.toml: {where}"
    assert words in str(error)
    assert error.sentence.startswith("Expected ")
    assert error.hint


def test_broken_toml_says_line_and_column() -> None:
    error = refused('[component]\nname = "star-rating')
    assert error.where.startswith("component.toml: line 2, column ") or "end of" in error.where
    assert "Expected TOML" in error.sentence
    assert refused("[component]\nname = = 1").where == "component.toml: line 2, column 8"


@pytest.mark.parametrize("token", FORBIDDEN)
def test_no_manifest_reaches_a_forbidden_sandbox_token(token: str) -> None:
    refused(FULL.replace("permissions.geolocation", f"permissions.{token}"))
    refused(FULL + f'[permissions."forms {token}"]\nreason = "Please."\n')
    refused(FULL + f'[permissions.forms]\nreason = "Please."\norigins = ["{token}"]\n')
    refused(FULL + f'[permissions.forms]\nreason = "Please."\nsandbox = ["{token}"]\n')
    refused(FULL + f'[policy]\nsandbox = "{token}"\n')
    refused(FULL.replace("tiles.example.org", f"tiles.example.org; sandbox {token}"))


@pytest.mark.parametrize("origin", BAD_ORIGINS)
def test_what_is_not_an_exact_origin_is_refused_in_a_manifest(origin: str) -> None:
    escaped = "".join(f"\\U{ord(character):08x}" for character in origin)
    error = refused(FULL.replace("https://tiles.example.org", escaped))
    assert error.where == "component.toml: permissions.connect.origins"


def test_a_hostile_key_does_not_reach_the_terminal_as_it_is() -> None:
    for text in ('"\\u001b[2J" = 1', '[permissions."\\u001b[2J"]\nreason = "x"'):
        assert str(refused(FULL + text)).replace("\n", "").isprintable()


@given(st.text())
def test_any_text_is_a_manifest_or_a_manifest_error(text: str) -> None:
    for document in (text, FULL + text):
        with contextlib.suppress(ManifestError):
            parse(document, "component.toml")


def test_a_monster_is_refused_and_does_not_crash() -> None:
    assert "TOML" in refused("a = " + "[" * 20_000).sentence
    assert "TOML" in refused("a = " + "9" * 10_000).sentence


# --- files ---------------------------------------------------------------------------------------


def test_a_manifest_is_loaded_from_a_file_or_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "component.toml"
    file.write_text(FULL)
    assert load(file) == load(tmp_path) == parse(FULL, "component.toml")


def test_a_missing_file_says_which_one(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as caught:
        load(tmp_path / "component.toml")
    assert caught.value.where == str(tmp_path / "component.toml")
    assert "No such file" in str(caught.value)


def test_a_file_that_is_not_utf8_says_at_which_byte(tmp_path: Path) -> None:
    file = tmp_path / "component.toml"
    file.write_bytes(b"[component]\n# \xff")
    with pytest.raises(ManifestError, match="0xff"):
        load(file)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "component.toml"
    file.write_text(FULL + "#" * MAX_SIZE)
    with pytest.raises(ManifestError, match=str(MAX_SIZE)):
        load(file)
