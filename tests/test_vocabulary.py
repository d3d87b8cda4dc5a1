"""Each word stands once, is sent, given or refused with a reason, and docs/policies.md says so."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from components_sdk.csp import parse_csp
from components_sdk.permissions import FEATURES, PERMISSIONS, SandboxToken
from components_sdk.policy import Policy, host_csp
from components_sdk.policydocs import document, engines_of, opened
from components_sdk.vocabulary import TABLE, WORDS, Word, words

DOCS = Path(__file__).parents[1] / "docs" / "policies.md"
APP = "https://app.example.org"
OWN = "https://component.example.net"

each_word = pytest.mark.parametrize("word", TABLE, ids=[f"{w.kind}-{w.name}" for w in TABLE])


def default_csp() -> dict[str, tuple[str, ...]]:
    return parse_csp(Policy("component").csp(OWN, APP, script_files=True, style_files=True))


def givers(word: Word) -> list[str]:
    return [each.name for each in PERMISSIONS.values() if word in opened(each)]


def test_a_word_stands_once() -> None:
    assert len(WORDS) == len(TABLE)


@each_word
def test_a_word_says_what_it_means_and_where_that_is_specified(word: Word) -> None:
    assert word.meaning.endswith(".")
    assert word.source
    assert not word.never or word.never.endswith(".")
    assert (word.engines is None) == (word.kind in ("attribute", "header", "gap"))


@pytest.mark.parametrize("word", words("token"), ids=lambda word: word.name)
def test_a_token_is_always_there_or_given_by_a_permission_or_never_given(word: Word) -> None:
    always = word.name in Policy("component").sandbox
    assert [always, bool(givers(word)), bool(word.never)].count(True) == 1
    assert (word.name in get_args(SandboxToken)) is bool(givers(word))


@pytest.mark.parametrize("word", words("feature"), ids=lambda word: word.name)
def test_a_feature_has_one_permission_of_its_own_name_or_is_never_given(word: Word) -> None:
    assert givers(word) == ([] if word.never else [word.name])


@pytest.mark.parametrize("word", words("directive"), ids=lambda word: word.name)
def test_a_directive_is_sent_or_has_a_reason_why_not(word: Word) -> None:
    assert (word.name in default_csp()) is not bool(word.never)


def test_whatever_is_sent_stands_in_the_vocabulary() -> None:
    policy = Policy("component")
    headers = policy.headers(OWN, APP)
    assert {*headers} - {"Content-Security-Policy"} == {w.name for w in words("header")}
    assert {*policy.attributes} == {w.name for w in words("attribute")}
    page = parse_csp(host_csp(APP, "wss://app.example.org/socket", [], "/static/"))
    assert {*default_csp(), *page} <= {w.name for w in words("directive")}
    assert {*FEATURES} <= {w.name for w in words("feature")}


def test_the_header_denies_every_feature_that_chromium_knows_but_hints_and_an_old_name() -> None:
    known = {w.name for w in words("feature") if w.engines and w.engines.chromium != "ignored"}
    assert {name for name in known if not WORDS["feature", name].never} == {*FEATURES}
    silent = {name for name in known - {*FEATURES} if not name.startswith("ch-")}
    assert silent == {"local-network-access"}


def test_a_permission_is_no_stronger_than_the_weakest_word_that_it_opens() -> None:
    assert engines_of(PERMISSIONS["frames"]).firefox == "enforced"
    assert engines_of(PERMISSIONS["presentation"]).webkitgtk == "ignored"


def test_the_document_is_what_the_tables_say() -> None:
    hint = "python -m components_sdk.policydocs > docs/policies.md"
    assert DOCS.read_text("utf-8") == document(), f"stale; run: {hint}"


@pytest.mark.parametrize("name", PERMISSIONS)
def test_the_document_has_a_row_for_every_permission(name: str) -> None:
    rows = [line for line in document().splitlines() if line.startswith(f"| `{name}` |")]
    assert PERMISSIONS[name].meaning in rows[0]
