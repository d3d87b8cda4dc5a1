"""Each rule triggers on its bad example, not on its good one, and never on a decided policy."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from components_sdk.csp import parse_csp, split_tokens
from components_sdk.errors import PitfallError, PolicyError
from components_sdk.findings import Rule, Severity
from components_sdk.pitfalls import RULES, check, refuse
from components_sdk.pitfalls.__main__ import differences, markdown
from components_sdk.policy import Policy, host_csp
from components_sdk.sites import same_site
from components_sdk.surface import GOOD, Surface, good_but, is_anywhere, surface

from .test_policy import APP, EVERYTHING, OWN, SINGLES, granted, policies, request

each_rule = pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
DOCUMENT = Path(__file__).parents[1] / "docs" / "pitfalls.md"
HOST = host_csp(APP, "ws://localhost:8000/socket", [f"{OWN}/frame/"], "/static/")


def broken(subject: Surface) -> set[str]:
    return {finding.rule for finding in check(subject)}


def errors(policy: Policy) -> list[str]:
    findings = check(surface(policy, APP, OWN, HOST))
    return [finding.rule for finding in findings if finding.severity is Severity.ERROR]


# --- the rules and their examples ----------------------------------------------------------------


@each_rule
def test_a_rule_triggers_on_its_bad_example_only(rule: Rule[Surface]) -> None:
    assert rule.check(rule.bad)
    assert rule.check(rule.good) == []


@each_rule
def test_a_bad_example_breaks_the_rule_it_stands_for(rule: Rule[Surface]) -> None:
    assert rule.id in broken(rule.bad)
    stopping = {other.id for other in RULES if other.severity is Severity.ERROR}
    if rule.severity is Severity.ERROR:
        with pytest.raises(PitfallError):
            refuse(rule.bad)
    else:
        assert broken(rule.bad).isdisjoint(stopping)
        refuse(rule.bad)


@each_rule
def test_a_rule_says_why_and_what_to_do(rule: Rule[Surface]) -> None:
    assert rule.sentence.endswith(".")
    assert rule.remedy.endswith(".")
    assert rule.source
    assert not rule.source.endswith(".")
    assert rule.id == rule.id.lower()


def test_rule_ids_are_unique() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES) >= 60


def test_the_document_lists_every_rule_as_it_is() -> None:
    document = DOCUMENT.read_text("utf-8")
    assert document == markdown(), "python -m components_sdk.pitfalls > docs/pitfalls.md"
    for rule in RULES:
        assert f"### {rule.id}\n" in document


@each_rule
def test_the_document_shows_an_example_that_differs_from_the_default(rule: Rule[Surface]) -> None:
    assert list(differences(rule.bad, GOOD))


def test_a_refusal_carries_the_rule_the_place_and_the_remedy() -> None:
    with pytest.raises(PitfallError) as caught:
        refuse(good_but(sandbox="allow-scripts allow-same-origin", shared_origin=True))
    assert caught.value.code == "scripts-with-same-origin"
    assert caught.value.where == GOOD.component_origin
    assert "remove its own sandbox" in caught.value.sentence
    assert caught.value.hint == "Leave allow-same-origin out."


def test_a_refusal_names_the_other_rules_that_are_broken() -> None:
    with pytest.raises(PitfallError, match="no-connection-allowlist"):
        refuse(good_but(sandbox=None, headers={"Connection-Allowlist": None}))


# --- decided policies ----------------------------------------------------------------------------


def test_the_default_policy_breaks_no_rule_at_all() -> None:
    assert check(surface(Policy("stars"), APP, OWN, HOST)) == []


@pytest.mark.parametrize("policy", [*SINGLES, EVERYTHING], ids=lambda p: p.requests[0].permission)
def test_no_permission_alone_and_not_all_together_break_an_error_rule(policy: Policy) -> None:
    assert errors(policy) == []


def test_a_granted_wildcard_is_warned_of_and_nothing_else() -> None:
    asked = [request("connect", "https://*.example.org")]
    assert broken(surface(granted(*asked), APP, OWN, HOST)) == {"wildcard-source"}


def test_a_wildcard_around_the_app_reaches_the_app() -> None:
    app, own = "https://app.example.org", "https://map.widgets.example"
    page = host_csp(app, "wss://app.example.org/socket", [f"{own}/frame/"], "/static/")
    policy = granted(request("images", "https://*.example.org"))
    with pytest.raises(PitfallError) as caught:
        refuse(surface(policy, app, own, page))
    assert caught.value.code == "reaches-the-app"


@given(policies())
def test_no_decided_policy_breaks_an_error_rule(policy: Policy) -> None:
    assert errors(policy) == []


@pytest.mark.parametrize(
    ("app", "own", "shared", "warned"),
    [
        ("http://localhost:8000", "http://stars-00000000.localhost:8000", False, set()),
        ("http://localhost:8000", "http://127.0.0.1:8000/stars-00000000/", True, set()),
        ("https://app.example.org", "https://stars.widgets-example.net", False, set()),
        ("https://app.example.org", "https://app.example.org/_components/frames/s-0/", True,
         {"declared-app-origin"}),
        ("https://app.example.co.uk", "https://stars.widgets.co.uk", False, set()),
    ],
)  # fmt: skip
def test_the_offered_ways_to_place_components_break_no_error_rule(
    app: str, own: str, shared: bool, warned: set[str]
) -> None:
    page = host_csp(app, app.replace("http", "ws") + "/socket", [f"{own}/frame/"], "/static/")
    subject = surface(
        Policy("stars"), app, own, page, shared_origin=shared, shares_app=own.startswith(f"{app}/")
    )
    refuse(subject)
    assert broken(subject) == warned


# --- read as a browser reads ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "sandbox",
    [
        "allow-scripts allow-same-origin",
        "allow-same-origin allow-scripts",
        "ALLOW-SCRIPTS Allow-Same-Origin",
        "  allow-scripts\t\n\r\fallow-same-origin ",
        "allow-scripts allow-scripts allow-same-origin allow-forms",
    ],
)
@pytest.mark.parametrize("place", ["attribute", "csp"])
@pytest.mark.parametrize("shared", ["declared", "app", "port", "sub-domain"])
def test_no_spelling_hides_scripts_with_same_origin(sandbox: str, place: str, shared: str) -> None:
    app, own = {
        "declared": (GOOD.app_origin, GOOD.component_origin),
        "app": (GOOD.app_origin, GOOD.app_origin),
        "port": (GOOD.app_origin, "http://localhost:1234"),
        "sub-domain": ("https://example.org", "https://w.example.org"),
    }[shared]
    subject = good_but(
        app_origin=app,
        component_origin=own,
        shared_origin=shared == "declared",
        sandbox=sandbox if place == "attribute" else "allow-scripts",
        csp={"sandbox": sandbox} if place == "csp" else {},
    )
    assert "scripts-with-same-origin" in broken(subject)


def test_what_a_browser_does_not_read_as_two_tokens_is_not_refused_as_such() -> None:
    sandbox = "allow-scripts\u00a0allow-same-origin"
    assert broken(good_but(sandbox=sandbox, shared_origin=True)) == {
        "unknown-sandbox-token",
        "tab-less-confined",  # the header has allow-scripts, this attribute has not
    }


def test_tokens_are_split_at_ascii_white_space_only() -> None:
    assert split_tokens(" a\tb\nc\fd\re ") == ["a", "b", "c", "d", "e"]
    assert split_tokens("a\u00a0b\u2003c\x0bd\x1ce") == ["a\u00a0b\u2003c\x0bd\x1ce"]


def test_the_first_directive_wins_and_names_ignore_case() -> None:
    csp = parse_csp(";; Script-SRC a  b;script-src c; sandbox ;\timg-src\n*")
    assert csp == {"script-src": ("a", "b"), "sandbox": (), "img-src": ("*",)}


def test_a_second_directive_cannot_hide_the_first() -> None:
    csp = GOOD.headers["Content-Security-Policy"]
    hidden = {"Content-Security-Policy": f"SANDBOX allow-scripts Allow-Top-Navigation; {csp}"}
    assert "top-navigation" in broken(good_but(headers=dict(hidden)))


@pytest.mark.parametrize(
    "source", ["*", "https:", "HTTPS:", "wss:", "http://*", "https://*:443", "*:*", "https://*/a"]
)
def test_a_source_that_means_the_whole_network_is_known_in_any_spelling(source: str) -> None:
    assert is_anywhere(source)
    for directive in ("connect-src", "img-src", "form-action", "style-src"):
        assert "open-source" in broken(good_but(csp={directive: source}))


@pytest.mark.parametrize(
    "source", ["data:", "blob:", "https://a.example", "*.example.org", "'none'"]
)
def test_a_source_that_names_something_is_not_the_whole_network(source: str) -> None:
    assert not is_anywhere(source)


@pytest.mark.parametrize(
    "source", ["http://localhost:8000", "ws://localhost:8000", "localhost:8000/a"]
)
def test_the_app_is_out_of_reach_by_any_scheme(source: str) -> None:
    assert "reaches-the-app" in broken(good_but(csp={"connect-src": source}))


@pytest.mark.parametrize(
    "source",
    ["*", "http:", "'self'", "http://w.localhost:8000", "http://w.localhost:8000/", "*:8000/f"],
)
def test_a_frame_source_without_a_path_of_its_own_is_refused(source: str) -> None:
    assert "open-frame-src" in broken(good_but(host={"frame-src": source}))


def test_a_host_page_without_any_frame_source_is_refused() -> None:
    assert "open-frame-src" in broken(good_but(host={"frame-src": None, "default-src": None}))


# --- sites ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("localhost", "localhost", True),
        ("localhost", "w.localhost", False),
        ("v.localhost", "w.localhost", False),
        ("a.w.localhost", "b.w.localhost", True),
        ("localhost", "127.0.0.1", False),
        ("127.0.0.1", "127.0.0.2", False),
        ("10.1.0.1", "10.2.0.1", False),
        ("app.example.org", "w.app.example.org", True),
        ("app.example.org", "w.example.org", True),
        ("example.org", "w.example.org", True),
        ("intranet", "w.intranet", True),
        ("example.org", "notexample.org", False),
        ("app.example.org", "app.example.net", False),
        ("app.example.co.uk", "w.example.co.uk", True),
        ("app.example.co.uk", "w.widgets.co.uk", False),
        ("a.github.io", "b.github.io", True),
    ],
)
def test_two_hosts_are_one_site_if_browsers_may_think_so(a: str, b: str, same: bool) -> None:
    assert same_site(f"https://{a}", f"https://{b}") is same
    assert same_site(f"https://{b}:8443", f"https://{a}") is same


def test_a_surface_takes_exact_origins_only() -> None:
    with pytest.raises(PolicyError):
        good_but(app_origin="HTTP://LOCALHOST:8000")
