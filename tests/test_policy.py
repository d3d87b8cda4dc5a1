"""Requests and grants become a policy; the policy becomes every attribute and header."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components_sdk.csp import exact_hash, exact_origin, exact_url, hash_source, parse_csp
from components_sdk.errors import PolicyError
from components_sdk.permissions import FEATURES, SandboxToken
from components_sdk.policy import (
    PERMISSIONS,
    PRESETS,
    Grant,
    Permission,
    Policy,
    Request,
    Ungranted,
    decide,
    host_csp,
    host_headers,
    parse_grants,
)
from components_sdk.vocabulary import TABLE, WORDS

APP = "http://localhost:8000"
OWN = "http://geo-map-0a1b2c3d.localhost:8000"
API = "https://api.example.org"
TILES = "https://tiles.example.org:8443"
HASH = hash_source("1")
DENIED_BY_ALLOW = (
    "gamepad 'none'; picture-in-picture 'none'; aria-notify 'none'; storage-access 'none'"
)
NEVER = (
    "allow-top-navigation",
    "allow-top-navigation-by-user-activation",
    "allow-top-navigation-to-custom-protocols",
    "allow-popups-to-escape-sandbox",
    "allow-storage-access-by-user-activation",
)
FORBIDDEN = ("allow-same-origin", *NEVER)  # as a name, and in any permission but storage


def request(name: str, *origins: str) -> Request:
    if not origins and PERMISSIONS[name].takes_origins:
        origins = (API,)
    return Request(name, "Because.", origins)


def granted(*requests: Request) -> Policy:
    grants = tuple(Grant(each.permission, each.origins) for each in requests)
    policy = decide("geo-map", requests, grants)
    assert isinstance(policy, Policy)
    return policy


EVERYTHING = granted(*map(request, PERMISSIONS))
SINGLES = [granted(request(name)) for name in PERMISSIONS]
origins = st.sampled_from([API, TILES, "http://localhost:9000", "https://xn--bcher-kva.example"])


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    names = draw(st.lists(st.sampled_from(list(PERMISSIONS)), unique=True))
    return granted(
        *(
            request(name, *draw(st.lists(origins, min_size=1, unique=True)))
            if PERMISSIONS[name].takes_origins
            else request(name)
            for name in names
        )
    )


# --- the default ---------------------------------------------------------------------------------


def test_the_default_policy_is_scripts_and_nothing_else() -> None:
    policy = decide("stars", [], parse_grants("strict"))
    assert policy == Policy("stars")
    assert policy.sandbox_attribute == "allow-scripts"
    assert policy.allow == DENIED_BY_ALLOW
    assert policy.features == ()


def test_the_default_headers_are_those_that_were_measured() -> None:
    headers = Policy("stars").headers(OWN, APP, script_files=True, style_files=True)
    assert headers.pop("Permissions-Policy").count("=()") == len(FEATURES)
    assert headers == {
        "Content-Security-Policy": (
            f"sandbox allow-scripts; default-src 'none'; script-src {OWN}; style-src {OWN}; "
            f"img-src {OWN} data:; font-src {OWN}; connect-src 'none'; media-src 'none'; "
            "worker-src 'none'; child-src 'none'; frame-src 'none'; object-src 'none'; "
            "form-action 'none'; base-uri 'none'; webrtc 'block'; "
            f"frame-ancestors {APP}"
        ),
        "Connection-Allowlist": "(response-origin)",
        "X-DNS-Prefetch-Control": "off",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Origin-Agent-Cluster": "?1",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def test_inline_blocks_are_allowed_by_their_hashes_only() -> None:
    csp = parse_csp(Policy("stars").csp(OWN, APP, scripts=[HASH], styles=[HASH]))
    assert csp["script-src"] == csp["style-src"] == (HASH,)


def test_a_response_without_code_allows_no_scripts_and_no_styles() -> None:
    csp = parse_csp(Policy("stars").csp(OWN, APP))
    assert csp["script-src"] == csp["style-src"] == ("'none'",)


def test_a_path_prefix_can_stand_for_the_component_where_only_one_host_exists() -> None:
    csp = parse_csp(Policy("stars").csp(f"{APP}/c/stars/", APP, script_files=True))
    assert csp["script-src"] == (f"{APP}/c/stars/",)
    assert csp["img-src"] == (f"{APP}/c/stars/", "data:")


# --- what each permission turns into -------------------------------------------------------------


@pytest.mark.parametrize("policy", SINGLES, ids=list(PERMISSIONS))
def test_a_permission_changes_what_its_row_says_and_nothing_else(policy: Policy) -> None:
    (permission,), (asked,) = policy.permissions, policy.requests
    assert policy.sandbox == ("allow-scripts", *permission.sandbox)
    assert policy.features == permission.features
    default = parse_csp(Policy("geo-map").csp(OWN, APP))
    csp = parse_csp(policy.csp(OWN, APP))
    changed = {name for name in default if csp[name] != default[name]}
    assert changed == {*permission.directives, *(["sandbox"] if permission.sandbox else [])}
    for directive in permission.directives:
        assert {*permission.keywords, *asked.origins} <= set(csp[directive])


@pytest.mark.parametrize("policy", SINGLES, ids=list(PERMISSIONS))
def test_every_permission_has_some_effect_and_says_what_it_means(policy: Policy) -> None:
    (permission,) = policy.permissions
    assert permission.meaning.endswith(".")
    assert permission.source
    told = (policy.attributes, policy.headers(OWN, APP))
    assert told != (Policy("geo-map").attributes, Policy("geo-map").headers(OWN, APP))
    assert all(("feature", feature) in WORDS for feature in permission.features)


def test_granted_origins_extend_the_connection_allowlist() -> None:
    policy = granted(request("connect", API), request("images", API, TILES))
    assert policy.connection_allowlist == f'(response-origin "{API}/*" "{TILES}/*")'
    csp = parse_csp(policy.csp(OWN, APP))
    assert csp["connect-src"] == (API,)
    assert csp["img-src"] == (OWN, "data:", API, TILES)


def test_a_granted_feature_is_not_denied_by_allow() -> None:
    assert granted(request("gamepad")).allow.split("; ")[:2] == [
        "gamepad *",
        "picture-in-picture 'none'",
    ]


@pytest.mark.parametrize("name", ["images", "media", "frames", "workers"])
def test_what_is_granted_is_not_held_to_the_rules_of_isolated_pages(name: str) -> None:
    assert granted(request(name)).headers(OWN, APP)["Cross-Origin-Embedder-Policy"] == "unsafe-none"


def test_a_granted_feature_is_open_to_the_opaque_origin() -> None:
    policy = granted(request("geolocation"), request("fullscreen"))
    assert policy.allow == f"fullscreen *; geolocation *; {DENIED_BY_ALLOW}"
    assert "geolocation=*" in policy.permissions_policy.split(", ")
    assert "camera=()" in policy.permissions_policy.split(", ")


def test_inline_styles_are_not_switched_off_by_a_hash_beside_them() -> None:
    csp = parse_csp(granted(request("inline-styles")).csp(OWN, APP, styles=[HASH]))
    assert csp["style-src"] == ("'unsafe-inline'",)


def test_the_order_of_requests_does_not_change_the_bytes() -> None:
    some = [request("camera"), request("connect"), request("autoplay")]
    assert granted(*some).headers(OWN, APP) == granted(*reversed(some)).headers(OWN, APP)


# --- no way to the forbidden tokens --------------------------------------------------------------


@pytest.mark.parametrize("token", FORBIDDEN)
def test_no_permission_grant_or_request_is_a_forbidden_token(token: str) -> None:
    carriers = {name for name, each in PERMISSIONS.items() if token in each.sandbox}
    assert carriers == ({"storage"} if token == "allow-same-origin" else set())
    for attempt in (
        lambda: Request(token, "Please."),
        lambda: Grant(token),
        lambda: parse_grants([token]),
        lambda: parse_grants(token),
        lambda: Request("camera", "Please.", (token,)),
        lambda: Request("connect", "Please.", (f"{API};sandbox {token}",)),
        lambda: parse_grants([f"connect {API};sandbox {token}"]),
        lambda: parse_grants([f"forms {token}"]),
    ):
        with pytest.raises(PolicyError):
            attempt()


@pytest.mark.parametrize("token", FORBIDDEN)
def test_not_even_a_new_permission_can_carry_a_forbidden_token(token: Any) -> None:
    with pytest.raises(ValueError, match="sandbox token"):
        Permission(name="mine", meaning="Mine.", source="", sandbox=(token,))
    with pytest.raises(TypeError):
        PERMISSIONS["mine"] = PERMISSIONS["forms"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        PERMISSIONS["forms"].sandbox = (token,)  # type: ignore[misc]


def test_tokens_that_are_never_given_are_no_tokens_of_permissions() -> None:
    assert set(NEVER).isdisjoint(get_args(SandboxToken))


@given(policies())
def test_an_origin_of_its_own_comes_with_storage_and_with_nothing_else(policy: Policy) -> None:
    asked = any(each.permission == "storage" for each in policy.requests)
    assert policy.needs_own_origin is asked
    assert ("allow-same-origin" in policy.sandbox_attribute.split()) is asked
    assert ("allow-same-origin" in parse_csp(policy.csp(OWN, APP))["sandbox"]) is asked


@given(policies())
def test_no_granted_policy_says_a_forbidden_word_anywhere(policy: Policy) -> None:
    told = "\n".join((*policy.attributes.values(), *policy.headers(OWN, APP).values())).lower()
    assert not any(token in told for token in NEVER)
    assert "'self'" not in told
    assert policy.sandbox[0] == "allow-scripts"
    assert parse_csp(policy.csp(OWN, APP))["sandbox"] == policy.sandbox


# --- nothing forged gets into a header -----------------------------------------------------------

BAD_ORIGINS = [
    "",
    "*",
    "https:",
    "https://",
    "https://*",
    "https://*.org",
    "https://a.example/",
    "https://a.example/path",
    "https://a.example?q",
    "https://a.example#f",
    "https://user@a.example",
    "https://a.example;sandbox",
    "https://a.example,https://b.example",
    "https://a.example https://b.example",
    "https://a.example\n",
    "https://a.example\r\nSet-Cookie: a=b",
    "https://a..example",
    "https://-a.example",
    "https://a.example.",
    "https://A.example",
    "HTTPS://a.example",
    "https://a.example:443",
    "https://a.example:0",
    "https://a.example:080",
    "https://a.example:65536",
    "https://bücher.example",
    "https://a.exam\u212ale",
    "https://[::1]:8000",
    "https://2130706433",
    "https://0x7f.1",
    "https://1.2.3",
    "https://256.1.1.1",
    "ftp://a.example",
    "wss://a.example",
    "javascript:alert(1)",
    "data:",
    "blob:",
    "'self'",
    "null",
    "a.example",
]


@pytest.mark.parametrize("origin", BAD_ORIGINS)
def test_what_is_not_an_exact_origin_is_refused_everywhere(origin: str) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: exact_origin(origin),
        lambda: Request("connect", "Because.", (origin,)),
        lambda: Policy("x").csp(OWN, origin),
    ]
    for attempt in attempts:
        with pytest.raises(PolicyError) as caught:
            attempt()
        assert caught.value.code == "bad-origin"


@pytest.mark.parametrize("origin", ["http://a.example", "http://192.168.1.5", "http://128.0.0.1"])
def test_data_may_go_over_plain_http_to_this_machine_only(origin: str) -> None:
    with pytest.raises(PolicyError, match="only on localhost"):
        request("connect", origin)
    request("connect", "http://localhost:9000", "http://127.0.0.1", "http://x.localhost")


WILDCARD = "https://*.example.org"
BAD_WILDCARDS = [
    "*",
    "https:",
    "https://*",
    "https://*.",
    "https://*.com",
    "https://*.co.uk",
    "https://*.localhost",
    "https://*.*.example.org",
    "https://*.example.*",
    "https://a.*.example.org",
    "https://a*.example.org",
    "https://*a.example.org",
    "https://**.example.org",
    "https://*.example.org/",
    "https://*.example.org:*",
    "https://*.127.0.0.1",
    "https://*.0.0.1",
    "http://*.example.org",
    "*://*.example.org",
    "*.example.org",
]


@pytest.mark.parametrize("name", ["connect", "images", "fonts", "media"])
def test_a_wildcard_is_a_leading_label_and_reaches_the_allowlist(name: str) -> None:
    policy = granted(request(name, WILDCARD))
    csp = parse_csp(policy.csp(OWN, APP))
    assert WILDCARD in csp[PERMISSIONS[name].directives[0]]
    assert policy.connection_allowlist == f'(response-origin "{WILDCARD}/*")'


@pytest.mark.parametrize("origin", BAD_WILDCARDS)
def test_a_wildcard_of_any_other_form_is_refused(origin: str) -> None:
    with pytest.raises(PolicyError) as caught:
        request("connect", origin)
    assert caught.value.code == "bad-origin"
    assert caught.value.hint


def test_frames_are_of_exact_origins() -> None:
    with pytest.raises(PolicyError, match="List each origin"):
        request("frames", WILDCARD)


@pytest.mark.parametrize(
    ("granted_origin", "asked", "enough"),
    [
        (WILDCARD, API, True),
        (WILDCARD, "https://a.b.example.org", True),
        (WILDCARD, WILDCARD, True),
        (WILDCARD, "https://*.api.example.org", True),
        (WILDCARD, "https://example.org", False),
        (WILDCARD, "https://badexample.org", False),
        (WILDCARD, TILES, False),  # another port
        (API, WILDCARD, False),
        ("https://*.api.example.org", WILDCARD, False),
    ],
)
def test_a_granted_wildcard_covers_the_origins_below_it_and_no_others(
    granted_origin: str, asked: str, enough: bool
) -> None:
    answer = decide(
        "geo-map", [request("connect", asked)], parse_grants([f"connect {granted_origin}"])
    )
    assert isinstance(answer, Policy) is enough
    if isinstance(answer, Policy):
        assert answer.origins == (asked,)  # what was asked for is in force, not more


@given(st.one_of(st.text(), st.from_regex(r"https?://[a-z0-9.:/;, \n'*-]{0,30}")))
def test_no_text_gets_into_a_header_but_as_one_exact_source(text: str) -> None:
    attempts: list[Callable[[], dict[str, str]]] = [
        lambda: Policy("x").headers(text, APP),
        lambda: Policy("x").headers(OWN, text),
        lambda: Policy("x").headers(OWN, APP, scripts=[text]),
        lambda: Policy("x").headers(OWN, APP, styles=[text]),
        lambda: granted(Request("connect", text, (text,))).headers(OWN, APP),
    ]
    for attempt in attempts:
        try:
            headers = attempt()
        except PolicyError:
            continue
        default = parse_csp(Policy("x").csp(OWN, APP))
        assert all(value.isascii() and value.isprintable() for value in headers.values())
        assert "," not in headers["Content-Security-Policy"]
        csp = parse_csp(headers["Content-Security-Policy"])
        assert list(csp) == list(default)
        assert sum(len(sources) for sources in csp.values()) == sum(map(len, default.values()))


@pytest.mark.parametrize(
    "url", [f"{OWN}/../x", f"{OWN}/a b", f"{OWN}/a;b", f"{OWN}/%2e%2e/", f"{OWN}/a?b", f"{OWN}/a#b"]
)
def test_a_url_with_a_path_that_browsers_would_rewrite_is_refused(url: str) -> None:
    with pytest.raises(PolicyError):
        exact_url(url)


@pytest.mark.parametrize("source", ["", "sha256-abc", "'unsafe-inline'", HASH[1:-1], f"{HASH} *"])
def test_a_hash_source_is_a_hash_in_quotes(source: str) -> None:
    with pytest.raises(PolicyError, match="hash_source"):
        exact_hash(source)


# --- grants and decisions ------------------------------------------------------------------------


def test_what_is_not_granted_comes_back_with_the_line_that_would_grant_it() -> None:
    asked = [
        Request("geolocation", "Shows where you are."),
        Request("camera", "Scans codes."),
        Request("connect", "Loads tiles.", (API, TILES)),
    ]
    answer = decide("geo-map", asked, parse_grants(["camera", f"connect {API}"]))
    assert isinstance(answer, Ungranted)
    place, tiles = answer.missing
    assert (place.permission, place.reason) == ("geolocation", "Shows where you are.")
    assert place.meaning == PERMISSIONS["geolocation"].meaning
    assert place.line == f'App(grants={{"geo-map": ["camera", "connect {API}", "geolocation"]}})'
    assert tiles.origins == (TILES,)
    assert tiles.line == f'App(grants={{"geo-map": ["camera", "connect {API} {TILES}"]}})'
    assert answer.line == (
        f'App(grants={{"geo-map": ["camera", "connect {API} {TILES}", "geolocation"]}})'
    )


@given(policies(), st.data())
def test_the_line_of_a_refusal_grants_exactly_what_was_missing(
    policy: Policy, data: st.DataObject
) -> None:
    all_grants = [Grant(each.permission, each.origins) for each in policy.requests]
    some = tuple(data.draw(st.lists(st.sampled_from(all_grants)))) if all_grants else ()
    answer = decide("geo-map", policy.requests, some)
    if isinstance(answer, Ungranted):
        values = _evaluated(answer.line)["geo-map"]
        assert decide("geo-map", policy.requests, parse_grants(values)) == policy
        for missing in answer.missing:
            with_one = parse_grants(_evaluated(missing.line)["geo-map"])
            assert missing.permission in {grant.permission for grant in with_one}
    else:
        assert answer == policy


def _evaluated(line: str) -> dict[str, list[str]]:
    def app(grants: dict[str, list[str]]) -> dict[str, list[str]]:
        return grants

    result: dict[str, list[str]] = eval(line, {"App": app})
    return result


def test_what_is_granted_and_not_asked_for_is_not_in_force() -> None:
    assert decide("stars", [], parse_grants(["camera", f"connect {API}"])) == Policy("stars")


def test_an_upgrade_that_asks_for_one_more_origin_is_not_granted_silently() -> None:
    grants = parse_grants([f"connect {API}"])
    assert isinstance(decide("geo-map", [request("connect", API)], grants), Policy)
    assert isinstance(decide("geo-map", [request("connect", API, TILES)], grants), Ungranted)


def test_grants_of_one_permission_add_up() -> None:
    assert parse_grants([f"connect {API}", f"connect {TILES}"]) == (Grant("connect", (API, TILES)),)


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [
        (["camra"], "unknown-permission", 'Did you mean "camera"?'),
        (["allow-same-origin"], "unknown-permission", "Known: connect"),
        (["localstorage"], "unknown-permission", 'Did you mean "storage"?'),
        (["frames"], "missing-origins", "frames https://"),
        ([f"storage {API}"], "unexpected-origins", "leave the origins out"),
        (["connect"], "missing-origins", "connect https://"),
        ([f"camera {API}"], "unexpected-origins", "leave the origins out"),
        (["connect api.example.org"], "bad-origin", "https://api.example.org"),
        ("captur", "unknown-preset", 'Did you mean "capture"?'),
        ("camera", "unknown-preset", 'as a list: ["camera"]'),
        ([""], "bad-grant", "Expected a grant"),
        ([3], "bad-grant", "got 3"),
    ],
)
def test_a_grant_that_cannot_be_says_what_to_write(
    value: str | Sequence[str], code: str, words: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_grants(value)
    assert caught.value.code == code
    assert words in str(caught.value)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=list(PRESETS))
def test_a_preset_is_explained_in_a_line_and_grants_nothing_that_takes_origins(
    preset: Any,
) -> None:
    assert preset.sentence.endswith(".")
    for grant in parse_grants(preset.name):
        assert not PERMISSIONS[grant.permission].takes_origins


# --- the explanation -----------------------------------------------------------------------------


def test_the_explanation_tells_every_attribute_directive_and_header() -> None:
    lines = {(each.kind, each.name): each for each in EVERYTHING.explain(OWN, APP)}
    headers = EVERYTHING.headers(OWN, APP, script_files=True, style_files=True)
    csp = parse_csp(headers.pop("Content-Security-Policy"))
    told = {
        kind: {n: each.value for (k, n), each in lines.items() if k == kind} for kind, _ in lines
    }
    assert told["attribute"] == EVERYTHING.attributes
    assert told["header"] == headers
    assert told["directive"] == {name: " ".join(sources) for name, sources in csp.items()}
    assert list(told["permission"]) == list(PERMISSIONS)
    assert all(each.sentence.endswith(".") for each in lines.values())


def test_every_limit_has_its_line() -> None:
    lines = {(each.kind, each.name) for each in EVERYTHING.explain()}
    sent = {(word.kind, word.name) for word in TABLE if str(word.limit) and not word.never}
    assert {key for key in sent if key[0] != "feature"} <= lines
    assert {("permission", name) for kind, name in sent if kind == "feature"} <= lines


def test_the_explanation_says_which_engine_does_not_enforce_what() -> None:
    lines = {each.name: each.engines for each in Policy("stars").explain()}
    assert "Chromium: ignores it" in lines["webrtc"]
    assert lines["Connection-Allowlist"] == "Firefox: ignores it; WebKitGTK: ignores it"
    assert "Firefox" in lines["preconnect"]
    assert "Chromium" not in lines["preconnect"]
    assert "WebKitGTK: freezes the whole page" in lines["endless loop"]
    assert lines["default-src"] == ""


# --- the host page -------------------------------------------------------------------------------


def test_the_host_page_loads_from_its_static_folder_and_shows_exact_frames() -> None:
    text = host_csp(APP, "ws://localhost:8000/socket", [f"{OWN}/frame/abc"], "/static/")
    assert text == (
        f"default-src 'none'; script-src {APP}/static/; style-src {APP}/static/; "
        f"img-src {APP} data:; font-src {APP}/static/; "
        f"connect-src ws://localhost:8000/socket {APP}; frame-src {OWN}/frame/abc; "
        "object-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; "
        "require-trusted-types-for 'script'; trusted-types components-sdk"
    )


def test_a_host_page_without_components_shows_no_frames() -> None:
    csp = parse_csp(host_csp(APP, "ws://localhost:8000/socket", [], "/static/"))
    assert csp["frame-src"] == ("'none'",)


@pytest.mark.parametrize("url", [OWN, f"{OWN}/", "http://*.localhost:8000/frame/", "*", "'self'"])
def test_a_frame_source_is_never_a_whole_origin(url: str) -> None:
    with pytest.raises(PolicyError):
        host_csp(APP, "ws://localhost:8000/socket", [url], "/static/")


@pytest.mark.parametrize("prefix", ["static/", "/static", "", "/a;b/", "/../"])
def test_the_static_prefix_is_a_plain_path(prefix: str) -> None:
    with pytest.raises(PolicyError):
        host_csp(APP, "ws://localhost:8000/socket", [], prefix)


def test_host_headers_deny_all_features_but_those_of_mounted_components() -> None:
    headers = host_headers("default-src 'none'", ["camera"])
    assert headers.pop("Permissions-Policy").split(", ").count("camera=*") == 1
    assert headers == {
        "Content-Security-Policy": "default-src 'none'",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }


def test_host_headers_refuse_line_ends_and_unknown_features() -> None:
    with pytest.raises(PolicyError):
        host_headers("default-src 'none'\r\nSet-Cookie: a=b")
    with pytest.raises(PolicyError, match="camera"):
        host_headers("default-src 'none'", ["camra"])


def test_a_policy_is_a_value_that_cannot_be_changed() -> None:
    policy = Policy("stars")
    with pytest.raises(AttributeError):
        policy.requests = ()  # type: ignore[misc]
    assert msgspec.json.decode(msgspec.json.encode(EVERYTHING), type=Policy) == EVERYTHING
