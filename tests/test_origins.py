"""Modes of origin: what each promises, where components are, and what is refused."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from components_sdk import App, Component, Inline, Origins, Page
from components_sdk.app import Deployment, OpenPage, Served
from components_sdk.csp import parse_csp
from components_sdk.errors import AppError, ComponentsError, PitfallError, PolicyError
from components_sdk.grants import Request
from components_sdk.origins import MODES, SPARE_INSTANCES, Mode, OriginMode, origin_of
from components_sdk.pitfalls import check
from components_sdk.policy import Ungranted
from components_sdk.session import Session
from components_sdk.surface import Surface, good_but
from components_sdk.wire import Denied, Kind, Mount

from .kinds import DRAWS_NOTHING, Dial, received

SECRET = b"a secret of 16 bytes"
ROOT = Path(__file__).parents[1]

each_mode = pytest.mark.parametrize("mode", MODES)


class Memo(Component):
    """Asks for storage."""

    frontend = Inline(js=DRAWS_NOTHING)


Memo.declaration = msgspec.structs.replace(
    Memo.declaration,
    manifest=msgspec.structs.replace(
        Memo.declaration.manifest, requests=(Request("storage", "Remembers your notes."),)
    ),
)
GRANTS = {"memo": ["storage"]}


def origins(mode: str) -> Origins:
    return Origins.local(8501, SECRET, mode)  # type: ignore[arg-type]


def deployed(mode: str) -> Deployment:
    return Deployment(App("Modes", grants=GRANTS), origins(mode))


def served(deployment: Deployment, component: type[Component] = Dial, instance: int = 0) -> Served:
    made = deployment.served(component, instance)
    assert isinstance(made, Served)
    return made


def opened(mode: str, build: Any, *uses: type[Component]) -> OpenPage:
    app = App("Modes", grants=GRANTS)
    app.page("/", uses=uses)(build)
    page = OpenPage(
        Deployment(app, origins(mode)), app.pages["/"], Session("s1", app.ledger, app.limits)
    )
    build(page.page)
    page.seal()
    return page


def dial() -> Dial:
    return Dial(label="a", marks=[])


def urls(page: OpenPage) -> list[str]:
    return [each.url for each in received(page.session.render()) if isinstance(each, Mount)]


# what a mode promises ----------------------------------------------------------------------------


def test_the_table_has_every_mode_and_subdomain_is_the_default() -> None:
    assert set(MODES) == set(get_args(Mode))
    assert Origins.local(1, SECRET).mode == "subdomain"


@each_mode
def test_a_mode_keeps_the_promises_of_the_table(mode: str) -> None:
    promises, where = MODES[mode], origins(mode)
    one, other = where.component("dial", "a"), where.component("map", "b")
    twin = where.component("dial", "a", 1)

    assert (origin_of(one) != origin_of(other)) is promises.own_origin
    assert (one != twin) is promises.own_instance
    assert (origin_of(one) == where.app) is promises.shares_app
    assert one != other


@each_mode
def test_a_components_place_is_stable_and_not_to_be_guessed(mode: str) -> None:
    first = origins(mode).component("dial", "a", 3)

    assert first == origins(mode).component("dial", "a", 3)
    assert first != origins(mode).component("dial", "b", 3)
    assert first != Origins.local(8501, SECRET[::-1], mode).component("dial", "a", 3)  # type: ignore[arg-type]
    assert re.search(r"/dial-[0-9a-f]{8,}", first)


@each_mode
def test_a_component_is_found_where_it_is_and_nowhere_else(mode: str) -> None:
    deployment = deployed(mode)
    site = served(deployment).site
    host = site.origin.partition("://")[2]

    assert deployment.origins.is_components(host, site.document_path)
    assert deployment.site(host, site.document_path) is site
    assert deployment.site(host, f"{site.prefix}nothing") is site
    assert deployment.site("evil.example", site.document_path) is None
    assert not deployment.origins.is_components("evil.example", site.document_path)
    assert not deployment.origins.is_components(deployment.origins.app_host, "/")
    assert all(path.startswith(site.prefix) for path in site.table)
    if site.prefix != "/":
        assert deployment.site(host, f"{site.prefix[:-2]}/x") is None
        assert deployment.site(host, site.prefix.removesuffix("/")) is None
        assert deployment.site(host, "/") is None


@each_mode
def test_a_component_may_load_from_its_own_place_only(mode: str) -> None:
    deployment = deployed(mode)
    where = deployment.origins.component("dial", Dial.declaration.identity)
    csp = parse_csp(served(deployment).site.headers["Content-Security-Policy"])

    assert csp["img-src"] == (where, "data:")
    assert csp["sandbox"] == ("allow-scripts",)
    assert csp["frame-ancestors"] == ("http://localhost:8501",)


@each_mode
def test_what_is_lost_is_said_once(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        deployment = deployed(mode)
        served(deployment)
        served(deployment, Other)

    expected = [f"origins={mode}: {MODES[mode].warning}"] if MODES[mode].warning else []
    assert [record.getMessage() for record in caplog.records] == expected


class Other(Component):
    frontend = Inline(js=DRAWS_NOTHING)


@each_mode
def test_the_documentation_has_every_mode(mode: str) -> None:
    promises: OriginMode = MODES[mode]
    text = " ".join((ROOT / "docs/apps.md").read_text().split())

    assert f"| `{mode}` | {promises.meaning} |" in text
    assert f"| {promises.hang} |" in text


# what is refused ---------------------------------------------------------------------------------


def test_an_unknown_mode_is_refused_with_the_nearest() -> None:
    with pytest.raises(PolicyError, match='Did you mean "subdomain"') as error:
        origins("subdomian")
    assert error.value.code == "origin-mode"


@pytest.mark.parametrize(
    ("mode", "components"),
    [
        ("subdomain", "http://127.0.0.1:8501/{name}/"),
        ("subdomain", "http://x-{name}.localhost:8501"),
        ("instance", "http://{name}.localhost:8501/"),
        ("loopback", "http://{name}.localhost:8501"),
        ("loopback", "http://127.0.0.1:8501/{name}"),
        ("loopback", "http://127.0.0.1:8501/../{name}/"),
        ("loopback", "http://{name}.localhost:8501/{name}/"),
        ("path", "http://localhost:8501/{name}/"),
        ("path", "http://localhost:8502/_components/frames/{name}/"),
    ],
)
def test_an_address_that_does_not_fit_the_mode_is_refused(mode: Mode, components: str) -> None:
    with pytest.raises(PolicyError):
        Origins(app="http://localhost:8501", components=components, secret=SECRET, mode=mode)


@pytest.mark.parametrize(
    ("app", "components", "mode", "rule"),
    [
        ("https://app.example", "https://app.example/{name}/", "loopback", "app-origin"),
        ("https://app.example", "https://app.example:8443/{name}/", "loopback", "port-only"),
        ("https://app.example", "http://app.example/{name}/", "loopback", "port-only"),
        ("https://app.example", "https://w.app.example/{name}/", "loopback", "same-site"),
        ("https://app.example", "https://{name}.app.example", "subdomain", "same-site"),
        ("https://app.example", "http://{name}.app.example", "subdomain", "same-site"),
        ("https://app.example", "https://{name}.app.example:8443", "instance", "same-site"),
        ("https://a.example.org", "https://{name}.b.example.org", "instance", "same-site"),
        ("https://x.widgets.example", "https://{name}.widgets.example", "subdomain", "same-site"),
        ("http://127.0.0.1:1", "http://127.0.0.1:2/{name}/", "loopback", "port-only"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1/{name}/", "loopback", "app-origin"),
    ],
)
def test_an_app_that_would_share_origin_or_site_with_components_is_refused(
    app: str, components: str, mode: Mode, rule: str
) -> None:
    given = Origins(app=app, components=components, secret=SECRET, mode=mode)

    with pytest.raises(PitfallError) as error:
        Deployment(App("Modes"), given)

    assert error.value.code == rule


# instances ---------------------------------------------------------------------------------------


def test_each_instance_has_an_origin_of_its_own_and_the_same_after_a_reload() -> None:
    def home(page: Page) -> None:
        for number in range(3):
            page.add(dial(), key=f"{number}")

    first, again = opened("instance", home), opened("instance", home)
    found = urls(first)

    assert len({origin_of(url) for url in found}) == 3
    assert found == urls(again)
    assert [each.site.document_url for each in first.served.values()] == found


def test_instances_of_one_component_have_one_kind_and_in_other_modes_one_url() -> None:
    def home(page: Page) -> None:
        page.add(dial(), key="a")
        page.add(dial(), key="b")

    messages = received(opened("instance", home).session.render())

    assert len([each for each in messages if isinstance(each, Kind)]) == 1
    assert len(set(urls(opened("subdomain", home)))) == 1


def test_callbacks_may_add_as_many_instances_as_are_spare_and_no_more() -> None:
    page = opened("instance", lambda page: page.add(dial(), key="first"), Dial)
    for number in range(SPARE_INSTANCES):
        page.page.add(dial(), key=f"{number}")

    with pytest.raises(AppError, match=f"names {SPARE_INSTANCES + 1} frames of Dial") as error:
        page.page.add(dial(), key="beyond")

    assert error.value.code == "no-spare-instance"
    assert "Remove one of them first" in str(error.value)
    assert {origin_of(url) for url in urls(page)} == {
        each.site.origin for each in page.served.values()
    }


def test_a_component_that_was_not_announced_has_no_spare_instances() -> None:
    page = opened("instance", lambda page: page.add(dial(), key="first"))

    with pytest.raises(AppError, match=r"Announce it: @app.page\(…, uses=\[Dial\]\)") as error:
        page.page.add(dial(), key="second")

    assert error.value.code == "no-spare-instance"


def test_the_place_of_a_removed_instance_is_free_again() -> None:
    page = opened("instance", lambda page: None, Dial)
    added = [page.page.add(dial(), key=f"{number}") for number in range(SPARE_INSTANCES)]
    before = urls(page)

    page.page.remove(added[3])
    page.page.add(dial(), key="again")

    assert urls(page) == [before[3]]


def test_an_instance_that_could_not_be_added_takes_no_place() -> None:
    page = opened("instance", lambda page: None, Dial)
    there = page.page.add(dial(), key="there")
    for _ in range(2 * SPARE_INSTANCES):
        with pytest.raises(AppError):
            page.page.add(there, key="twice")

    page.page.add(dial(), key="other")

    assert len(set(urls(page))) == 2


# storage -----------------------------------------------------------------------------------------


@each_mode
def test_storage_is_served_only_where_the_origin_is_the_components_own(mode: str) -> None:
    made = deployed(mode).served(Memo)

    if MODES[mode].own_origin:
        assert isinstance(made, Served)
        assert made.kind.sandbox == "allow-scripts allow-same-origin"
        assert not made.kind.opaque
    else:
        assert isinstance(made, Ungranted)
        assert made.code == "storage-needs-own-origin"


@pytest.mark.parametrize("mode", ["loopback", "path"])
def test_a_component_that_cannot_have_storage_here_is_a_card_that_says_why(mode: str) -> None:
    page = opened(mode, lambda page: page.add(Memo(), key="memo"))
    (denied,) = received(page.session.render())

    assert isinstance(denied, Denied)
    assert denied.code == "storage-needs-own-origin"
    assert denied.line == 'serve(app, origins="subdomain")'
    assert [each.reason for each in denied.missing] == ["Remembers your notes."]


def test_without_storage_every_component_is_opaque() -> None:
    assert served(deployed("subdomain")).kind.opaque


def test_whatever_is_refused_says_what_to_do() -> None:
    with pytest.raises(ComponentsError) as error:
        Origins("https://app.example", "https://widgets.example", SECRET)
    assert error.value.hint == 'For example "https://{name}.widgets-example.net".'


@pytest.mark.parametrize(
    ("source", "refused"),
    [
        ("http://localhost:8000", True),
        ("http://localhost:8000/_components/frames/dial-1/", False),
        ("https://api.example.org", False),
    ],
)
def test_on_a_shared_host_no_grant_reaches_the_app(source: str, refused: bool) -> None:
    subject = good_but(
        component_origin="http://localhost:8000", shares_app=True, csp={"connect-src": source}
    )
    found = {each.detail for each in check(subject) if each.rule == "reaches-the-app"}

    assert (f"connect-src {source}" in found) is refused


def test_the_policy_of_a_component_on_the_apps_host_breaks_no_rule_but_that() -> None:
    deployment = deployed("path")
    made = served(deployment)
    subject = Surface(
        app_origin=deployment.origins.app,
        component_origin=made.site.origin,
        sandbox=made.kind.sandbox,
        headers=made.site.headers,
        host_csp=deployment.host_csp([made.site.document_url]),
        shares_app=True,
    )

    assert [each.rule for each in check(subject)] == ["declared-app-origin"]
