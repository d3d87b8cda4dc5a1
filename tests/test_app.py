from __future__ import annotations

from typing import Any

import msgspec
import pytest

from components_sdk import App, Component, Inline, Origins, Page
from components_sdk.app import Deployment, OpenPage
from components_sdk.errors import (
    AppError,
    ComponentsError,
    PitfallError,
    PolicyError,
    ValueRefused,
)
from components_sdk.grants import Request
from components_sdk.policy import Policy
from components_sdk.session import Session
from components_sdk.wire import Change, Denied, Kind, Mount, Press, Remove

from .kinds import DRAWS_NOTHING, Dial, received, sent

SECRET = b"a secret of 16 bytes"
ORIGINS = Origins.local(8501, SECRET)


class Asking(Component):
    frontend = Inline(js=DRAWS_NOTHING)


# An inline component may ask for nothing; give this one a request as component.toml would.
ASKED = Request("geolocation", "Shows where you are.")
Asking.declaration = msgspec.structs.replace(
    Asking.declaration,
    manifest=msgspec.structs.replace(Asking.declaration.manifest, requests=(ASKED,)),
)


def opened(app: App, path: str = "/", origins: Origins = ORIGINS) -> OpenPage:
    session = Session("s1", app.ledger, app.limits)
    page = OpenPage(Deployment(app, origins), app.pages[path], session)
    app.pages[path].function(page.page)
    page.seal()
    return page


def app_with(function: Any, **options: Any) -> App:
    app = App("Test", **options)
    app.page("/")(function)
    return app


def messages(page: OpenPage) -> list[Any]:
    return received(page.session.render())


def test_plain_parts_need_no_component() -> None:
    def home(page: Page) -> None:
        page.heading("Title", 1)
        left, _right = page.columns(2)
        left.text("Hello")
        page.markdown("*hi* <script>alert(1)</script>")

    elements = messages(opened(app_with(home)))

    assert [(each.kind, each.parent) for each in elements] == [
        ("heading", ""),
        ("columns", ""),
        ("column", "e2"),
        ("column", "e2"),
        ("text", "e3"),
        ("html", ""),
    ]
    assert elements[-1].text == ("<p><em>hi</em> &lt;script&gt;alert(1)&lt;/script&gt;</p>\n")


def test_assigning_text_changes_the_part() -> None:
    parts: list[Any] = []
    page = opened(app_with(lambda page: parts.extend([page.text("a"), page.markdown("b")])))
    messages(page)

    parts[0].text = "c"
    parts[1].source = "**d**"

    assert messages(page) == [
        Change(element="e1", text="c"),
        Change(element="e2", text="<p><strong>d</strong></p>\n"),
    ]


def test_a_button_runs_its_callback() -> None:
    clicks: list[str] = []
    page = opened(app_with(lambda page: page.button("Go", lambda: clicks.append("go"))))

    for call in page.session.receive(sent(Press(element="e1"))):
        call.function(*call.arguments)

    assert clicks == ["go"]


def test_a_component_is_mounted_where_it_was_added() -> None:
    def home(page: Page) -> None:
        (column,) = page.columns(1)
        column.add(Dial(label="a", marks=[]), key="a")

    kind, mount = messages(opened(app_with(home)))[-2:]

    assert isinstance(kind, Kind)
    assert isinstance(mount, Mount)
    assert (kind.sandbox, mount.parent) == ("allow-scripts", "e2")
    assert kind.allow == Policy("any").allow


def test_a_key_can_be_used_once_and_again_after_removal() -> None:
    page = opened(app_with(lambda page: page.add(Dial(label="a", marks=[]), key="a")))
    dial = Dial(label="b", marks=[])
    with pytest.raises(AppError, match="The key 'a' is taken"):
        page.page.add(dial, key="a")
    page.page.add(dial, key="b")

    page.page.remove(dial)
    page.page.add(dial, key="b")

    assert [type(each) for each in messages(page)] == [Kind, Mount, Mount, Remove, Mount]


def test_what_is_not_on_this_page_cannot_be_removed_from_it() -> None:
    ours = opened(app_with(lambda page: page.add(Dial(label="a", marks=[]), key="a")))
    theirs = Dial(label="b", marks=[])
    opened(app_with(lambda page: page.add(theirs, key="b")))
    text = ours.page.text("once")
    ours.page.remove(text)

    for part in (theirs, text, ours.page):
        with pytest.raises(AppError, match="is not on this page"):
            ours.page.remove(part)
    row = ours.page.columns(1)
    ours.page.remove(row)
    with pytest.raises(AppError, match="removed from the page"):
        row[0].text("nowhere")


def test_a_component_in_a_removed_row_may_be_added_again() -> None:
    dial = Dial(label="a", marks=[])
    page = opened(app_with(lambda page: page.add(dial, key="a")))
    page.page.remove(dial)
    row = page.page.columns(1)
    row[0].add(dial, key="a")

    page.page.remove(row)

    page.page.add(dial, key="a")


def test_text_that_cannot_be_sent_is_refused_where_it_is_given() -> None:
    page = opened(app_with(lambda page: None)).page

    with pytest.raises(ValueRefused, match="text"):
        page.text("bad \ud800")
    with pytest.raises(ValueRefused, match="text"):
        page.text(5)  # type: ignore[arg-type]


def test_one_instance_has_one_place() -> None:
    dial = Dial(label="a", marks=[])

    def home(page: Page) -> None:
        page.add(dial, key="a")
        page.add(dial, key="b")

    with pytest.raises(AppError, match="This Dial is on a page already, with key 'a'"):
        opened(app_with(home))


def test_removing_a_row_of_columns_frees_the_keys_in_it() -> None:
    page = opened(app_with(lambda page: page.add(Dial(label="x", marks=[]), key="x")))
    row = page.page.columns(1)[0]
    row.add(Dial(label="a", marks=[]), key="a")

    page.page.remove(row)

    page.page.add(Dial(label="b", marks=[]), key="a")


def test_a_kind_that_the_page_was_opened_without_is_refused_later() -> None:
    page = opened(app_with(lambda page: None))

    with pytest.raises(AppError, match="opened without Dial") as error:
        page.page.add(Dial(label="a", marks=[]), key="a")

    assert "uses=[Dial]" in error.value.hint


def test_an_announced_kind_may_be_added_later() -> None:
    app = App("Test")
    app.page("/", uses=[Dial])(lambda page: None)
    page = opened(app)

    page.page.add(Dial(label="a", marks=[]), key="a")

    assert [type(each) for each in messages(page)] == [Kind, Mount]


def test_what_is_not_granted_becomes_a_card_that_says_how_to_grant_it() -> None:
    (card,) = messages(opened(app_with(lambda page: page.add(Asking(), key="a"))))

    assert isinstance(card, Denied)
    assert [each.permission for each in card.missing] == ["geolocation"]
    assert card.missing[0].reason == "Shows where you are."
    assert card.line == 'App(grants={"asking": ["geolocation"]})'


def test_what_is_not_granted_is_told_in_the_log_too(caplog: pytest.LogCaptureFixture) -> None:
    opened(app_with(lambda page: page.add(Asking(), key="a")))

    assert (
        'asking was not started: not-granted: App(grants={"asking": ["geolocation"]})'
        in caplog.text
    )


def test_what_the_card_says_grants_it() -> None:
    app = app_with(lambda page: page.add(Asking(), key="a"), grants={"asking": ["geolocation"]})

    kind, mount = messages(opened(app))

    assert kind.allow.startswith("geolocation")
    assert isinstance(mount, Mount)


def test_two_components_of_one_name_are_refused() -> None:
    other = type(
        "Dial", (Component,), {"frontend": Inline(js=DRAWS_NOTHING), "__module__": "elsewhere"}
    )

    def home(page: Page) -> None:
        page.add(Dial(label="a", marks=[]), key="a")
        page.add(other(), key="b")

    with pytest.raises(AppError, match="are both called 'dial'"):
        opened(app_with(home))


def test_each_component_has_an_origin_of_its_own_that_is_stable() -> None:
    first = ORIGINS.component("dial", "a")

    assert first == Origins.local(8501, SECRET).component("dial", "a")
    assert first != ORIGINS.component("dial", "b")
    assert first != Origins.local(8501, b"another secret of 16").component("dial", "a")
    assert first.startswith("http://dial-")


@pytest.mark.parametrize(
    ("app_origin", "components"),
    [
        ("https://app.example", "https://{name}.app.example"),
        ("https://app.example.org", "https://{name}.widgets.example.org"),
        ("https://{name}", "https://{name}.x"),
        ("https://app.example", "https://widgets.example"),
        ("https://app.example/path", "https://{name}.widgets.example"),
    ],
)
def test_origins_that_would_share_a_site_are_refused(app_origin: str, components: str) -> None:
    app = app_with(lambda page: page.add(Dial(label="a", marks=[]), key="a"))

    with pytest.raises(PolicyError):
        opened(
            app,
            origins=Origins(app=app_origin, components=components, secret=SECRET),
        )


def test_components_on_another_registrable_domain_are_served() -> None:
    origins = Origins(
        app="https://app.example",
        components="https://{name}.widgets-example.net",
        secret=SECRET,
    )

    page = opened(app_with(lambda page: page.add(Dial(label="a", marks=[]), key="a")), "/", origins)

    (served,) = page.served.values()
    assert served.site.origin.endswith(".widgets-example.net")


def test_the_refusal_of_a_shared_site_explains_the_pitfall() -> None:
    app = app_with(lambda page: page.add(Dial(label="a", marks=[]), key="a"))
    origins = Origins(
        app="https://app.example",
        components="https://{name}.app.example",
        secret=SECRET,
    )

    with pytest.raises(PitfallError) as error:
        opened(app, origins=origins)

    assert "cookie" in str(error.value).lower()


def test_a_theme_that_does_not_exist_is_refused() -> None:
    with pytest.raises(AppError, match="Expected a theme of system, light, dark, got 'blue'"):
        App("Test", theme="blue")  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["reports", "/_components/x"])
def test_a_page_path_that_cannot_be_is_refused(path: str) -> None:
    with pytest.raises(ComponentsError):
        App("Test").page(path)


def test_a_grant_that_does_not_exist_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(PolicyError, match="geolocation"):
        App("Test", grants={"geo-map": ["geolocaton"]})


@pytest.mark.parametrize("grants", ["geolocation", ["geolocation"]])
def test_grants_without_the_components_name_are_told_how_to_be_written(grants: Any) -> None:
    with pytest.raises(AppError, match="Expected grants by component name") as refused:
        App("Test", grants=grants)
    assert "geo-map" in refused.value.hint
