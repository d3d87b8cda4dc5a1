from __future__ import annotations

import logging
from dataclasses import field
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components_sdk import Component, Inline, Value
from components_sdk.errors import AppError, ValueRefused
from components_sdk.framing import Limits
from components_sdk.ledger import Ledger
from components_sdk.session import Session
from components_sdk.wire import (
    Alert,
    Element,
    Emit,
    Kind,
    Mount,
    Patch,
    Press,
    Refusal,
    Remove,
    Report,
    Rows,
    SetValue,
)

from .kinds import DRAWS_NOTHING, Dial, Point, raw_batch, received, sent

KIND = Kind(
    name="dial",
    title="Dial",
    sandbox="allow-scripts",
    allow="",
    opaque=True,
    args={},
    events={},
    has_value=True,
)

URL = "http://dial.localhost/frame-1"


class Mounted:
    """A session with one dial on its page."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.session = Session("s1", self.ledger, Limits())
        self.dial = Dial(label="Volume", marks=[1, 2])
        self.session.mount(self.dial.attach(self.session, "f1", "volume"), KIND, URL, "")
        self.values: list[Any] = []
        self.dial.on_value(self.values.append)
        self.first = received(self.session.render())

    def send(self, *messages: Any, tail: list[bytes] | None = None) -> list[Any]:
        return self.deliver(sent(*messages, tail=tail))

    def deliver(self, data: bytes) -> list[Any]:
        for call in self.session.receive(data):
            call.function(*call.arguments)
        return received(self.session.render())


@pytest.fixture
def page() -> Mounted:
    return Mounted()


def value(wire: str, frame: str = "f1") -> SetValue:
    return SetValue(frame=frame, value=msgspec.Raw(wire.encode()))


def test_a_mount_sends_the_kind_once_and_every_checked_argument(page: Mounted) -> None:
    kind, mount = page.first
    other = Dial(label="Tone", marks=[])
    page.session.mount(other.attach(page.session, "f2", "tone"), KIND, URL, "")

    assert kind == KIND
    assert isinstance(mount, Mount)
    assert mount.args == {"label": "Volume", "marks": [1, 2], "step": 0.5, "value": 0}
    assert [type(message) for message in received(page.session.render())] == [Mount]


def test_a_value_of_the_declared_type_reaches_the_callback_and_the_component(
    page: Mounted,
) -> None:
    assert page.send(value("7")) == []
    assert page.values == [7]
    assert page.dial.value == 7


@pytest.mark.parametrize(
    ("message", "code", "says"),
    [
        (value('"7"'), "value-type", "Expected int, got str - at $"),
        (value("7.0"), "value-type", "Expected int, got float - at $"),
        (value("true"), "value-type", "Expected int, got bool - at $"),
        (value("7", frame="f9"), "unknown-id", "No component 'f9' on the page"),
        (Press(element="e9"), "unknown-id", "No button 'e9' on the page"),
        (
            Emit(frame="f1", event="exploded", value=msgspec.Raw(b"0")),
            "unknown-event",
            "Expected an event of ['turned'], got 'exploded'",
        ),
        (
            Emit(frame="f1", event="turned", value=msgspec.Raw(b'{"x":1,"y":"2"}')),
            "value-type",
            "Expected int, got str - at $.y",
        ),
    ],
)
def test_what_does_not_fit_is_answered_and_reaches_nobody(
    page: Mounted, message: Any, code: str, says: str
) -> None:
    turned: list[Any] = []
    page.dial.on_event("turned")(turned.append)

    (refusal,) = page.send(message)

    assert isinstance(refusal, Refusal)
    assert refusal.code == code
    assert refusal.message.startswith(says)
    assert (page.values, turned, page.dial.value) == ([], [], 0)
    assert [row.direction for row in page.ledger.rows()] == ["to component"] * 4


@pytest.mark.parametrize(
    "wire", [b"1e999", b"9" * 5_000, b'"\xff\xfe"', b"[" * 900 + b"]" * 900, b'"\\ud800"']
)
def test_a_value_that_is_no_readable_json_is_refused(page: Mounted, wire: bytes) -> None:
    head = b'{"messages":[{"type":"value","frame":"f1","value":' + wire + b"}]}"

    (refusal,) = page.deliver(raw_batch(head))

    assert isinstance(refusal, Refusal)
    assert page.values == []


def test_what_the_page_sends_cannot_forge_a_line_of_the_log(
    page: Mounted, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    page.deliver(raw_batch({"messages": [{"type": "press", "element": "e1", "a\nERROR:\x1b": 1}]}))

    assert "\nERROR" not in caplog.text.removesuffix("\n")
    assert "\x1b" not in caplog.text


def test_a_mount_carries_what_was_assigned_after_it(page: Mounted) -> None:
    other = Dial(label="Tone", marks=[])
    page.session.mount(other.attach(page.session, "f2", "tone"), KIND, URL, "")
    other.label = "Treble"

    (mount,) = received(page.session.render())

    assert mount.args["label"] == "Treble"


def test_a_component_that_is_removed_before_it_was_sent_is_never_mounted(page: Mounted) -> None:
    other = Dial(label="Tone", marks=[])
    page.session.mount(other.attach(page.session, "f2", "tone"), KIND, URL, "")
    page.session.remove("f2")

    assert received(page.session.render()) == [Remove(id="f2")]


def test_reading_a_field_answers_a_copy(page: Mounted) -> None:
    page.dial.marks.append(3)

    assert page.dial.marks == [1, 2]


def test_a_callback_cannot_change_what_the_session_keeps() -> None:
    class Listing(Component):
        value: Value[list[int]] = field(default_factory=list)
        frontend = Inline(js=DRAWS_NOTHING)

    session = Session("s1", Ledger(), Limits())
    listing = Listing()
    session.mount(listing.attach(session, "f1", "k"), KIND, URL, "")
    listing.on_value(lambda items: items.append("unchecked"))

    for call in session.receive(sent(value("[1]"))):
        call.function(*call.arguments)

    assert listing.value == [1]


def test_an_ended_session_keeps_nothing(page: Mounted) -> None:
    page.session.end()
    page.session.send(Element(id="e1", parent="", kind="text", text="x"))

    assert page.session.render() is None


def test_a_refused_message_does_not_stop_the_others_of_its_batch(page: Mounted) -> None:
    answers = page.send(value('"no"'), value("3"))

    assert [answer.code for answer in answers] == ["value-type"]
    assert page.values == [3]


def test_an_event_arrives_as_its_declared_type(page: Mounted) -> None:
    turned: list[Point] = []
    page.dial.on_event(Dial.turned)(turned.append)

    page.send(Emit(frame="f1", event="turned", value=msgspec.Raw(b'{"x":4}')))

    assert turned == [Point(4)]


def test_several_patches_in_one_callback_travel_together_and_the_latest_wins(
    page: Mounted,
) -> None:
    @page.dial.on_value
    def _(count: int) -> None:
        page.dial.label = "first"
        page.dial.marks = [count]
        page.dial.label = "last"

    assert page.send(value("5")) == [Patch(frame="f1", args={"label": "last", "marks": [5]})]


def test_every_change_says_that_there_is_something_to_render(page: Mounted) -> None:
    changes: list[None] = []
    page.session.on_change = lambda: changes.append(None)

    page.dial.label = "Loud"
    page.session.remove("f1")

    assert len(changes) == 2


def test_an_assignment_of_the_wrong_type_raises_where_it_is_made(page: Mounted) -> None:
    with pytest.raises(ValueRefused, match=r"Expected int, got str - at Dial\.marks\[1\]"):
        page.dial.marks = [1, "two"]  # type: ignore[list-item]

    assert page.session.render() is None
    assert page.dial.marks == [1, 2]


def test_changing_the_callers_list_later_changes_nothing(page: Mounted) -> None:
    marks = [1]
    page.dial.marks = marks
    marks.append(2)

    assert received(page.session.render()) == [Patch(frame="f1", args={"marks": [1]})]


def test_a_misspelt_field_is_an_error(page: Mounted) -> None:
    with pytest.raises(AppError, match="Dial has no argument 'lable'"):
        page.dial.lable = "x"


def test_everything_that_passes_has_a_row_and_refused_things_have_none(page: Mounted) -> None:
    page.send(value("12"), value('"x"'))
    page.dial.label = "Loud"
    page.session.render()

    rows = [(row.direction, row.what, row.type, row.bytes) for row in page.ledger.rows()]

    assert rows == [
        ("to component", "label", "str", len('"Volume"')),
        ("to component", "marks", "list[int]", len("[1,2]")),
        ("to component", "step", "float", len("0.5")),
        ("to component", "value", "int", len("0")),
        ("to app", "value", "int", len("12")),
        ("to component", "label", "str", len('"Loud"')),
    ]
    assert {row.key for row in page.ledger.rows()} == {"volume"}


def test_a_page_that_shows_the_ledger_gets_the_new_rows(page: Mounted) -> None:
    page.session.shows_ledger = True

    (rows,) = page.send(value("1"))

    assert isinstance(rows, Rows)
    assert [row.what for row in rows.rows] == ["value"]


def test_sessions_do_not_see_each_others_rows() -> None:
    ledger = Ledger()
    ledger.record(
        session="a", component="c", key="k", direction="to app", what="value", type="int",
        size=1, held="",
    )  # fmt: skip

    assert ledger.rows("b") == []
    assert len(ledger.rows("a")) == 1


def test_the_ledger_forgets_the_oldest_rows_first() -> None:
    ledger = Ledger(size=2)
    for what in ("one", "two", "three"):
        ledger.record(
            session="a", component="c", key="k", direction="to app", what=what, type="int",
            size=1, held="",
        )  # fmt: skip

    assert [row.what for row in ledger.rows()] == ["two", "three"]


def note(
    ledger: Ledger, session: str, what: str, direction: Any = "to app", key: str = "k"
) -> None:
    ledger.record(
        session=session, component="c", key=key, direction=direction, what=what, type="int",
        size=1, held="",
    )  # fmt: skip


def test_a_chatty_component_pushes_out_its_own_rows_only() -> None:
    ledger = Ledger()
    note(ledger, "honest", "value")
    note(ledger, "chatty", "quiet", key="beside")
    note(ledger, "chatty", "hung", "stopped")
    for n in range(10_000):
        note(ledger, "chatty", f"value {n}")
    note(ledger, "honest", "later")

    whats = [row.what for row in ledger.rows()]
    assert whats[:3] == ["value", "quiet", "hung"]
    assert whats[3:-1] == [f"value {n}" for n in range(9_500, 10_000)]
    assert whats[-1] == "later"
    assert [row.what for row in ledger.rows("honest")] == ["value", "later"]


def test_the_components_that_the_ledger_knows_are_bounded() -> None:
    ledger = Ledger(shelves=2)
    for session in ("a", "b", "a", "c"):
        note(ledger, session, "value")

    assert [row.session for row in ledger.rows()] == ["a", "a", "c"]


def test_what_still_arrives_from_a_removed_component_is_refused(page: Mounted) -> None:
    page.session.remove("f1")
    page.dial.label = "gone"

    removed, refusal = page.send(value("1"))

    assert removed == Remove(id="f1")
    assert refusal.code == "unknown-id"
    assert page.values == []


def test_removing_a_part_removes_what_is_in_it(page: Mounted) -> None:
    outer = page.session.new_id("e", "")
    inner = page.session.new_id("e", outer)
    clicks = page.session.add_button(inner)
    clicks.append(lambda: None)

    assert page.session.remove(outer) == {outer, inner}
    assert page.send(Press(element=inner))[-1].code == "unknown-id"


def test_a_callback_that_raises_is_logged_and_shown_without_internals(
    page: Mounted, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        page.session.failed(ValueError("the password is hunter2"))

    (alert,) = received(page.session.render())

    assert isinstance(alert, Alert)
    assert alert.reference in caplog.text
    assert "hunter2" in caplog.text
    assert "hunter2" not in str(alert)


def test_a_frame_that_the_page_removed_is_logged(
    page: Mounted, caplog: pytest.LogCaptureFixture
) -> None:
    page.send(Report(frame="f1", code="hung", detail="no answer for 4 s\x1b[31m"))

    assert "dial (key 'volume') was removed from the page: hung" in caplog.text
    assert "\x1b" not in caplog.text


def test_who_reports_or_is_refused_again_and_again_gets_one_line_a_second(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [0.0]
    session = Session("s1", Ledger(), Limits(), lambda: now[0])
    dial = Dial(label="", marks=[])
    session.mount(dial.attach(session, "f1", "volume"), KIND, URL, "")
    hostile = (
        Report(frame="f1", code="hung", detail="x" * 500),
        value('"no number"'),
        Report(frame="f9", code="hung", detail="x" * 500),  # of no component that there is
    )
    with caplog.at_level(logging.INFO):
        for _ in range(100):
            for message in hostile:
                session.receive(sent(message))
        at_first = len(caplog.records)
        now[0] = 1.0
        for message in hostile:
            session.receive(sent(message))

    assert (at_first, len(caplog.records)) == (3, 6)
    for record in caplog.records[3:]:
        assert "99 more were left out" in record.getMessage()


def test_buffers_beside_several_messages_are_refused(page: Mounted) -> None:
    answers = page.send(value("1"), value("2"), tail=[b"x"])

    assert [answer.code for answer in answers] == ["message-framing"]
    assert page.values == []


def test_a_buffer_that_nothing_refers_to_is_refused(page: Mounted) -> None:
    answers = page.send(value("1"), tail=[b"x"])

    assert [answer.code for answer in answers] == ["value-buffer"]


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
messages = st.fixed_dictionaries(
    {"type": st.sampled_from(["value", "event", "press", "report", "mount", ""])},
    optional={
        "frame": st.sampled_from(["f1", "f2", ""]) | json_values,
        "event": st.sampled_from(["turned", "value"]) | json_values,
        "value": json_values,
        "element": json_values,
        "code": st.sampled_from(["hung", "x"]),
    },
)


@given(st.lists(messages, max_size=3), st.lists(st.integers(-2, 9), max_size=2))
def test_no_message_of_any_shape_raises_or_passes_unchecked(head: Any, tail: Any) -> None:
    page = Mounted()
    turned: list[Any] = []
    page.dial.on_event("turned")(turned.append)

    page.deliver(raw_batch(msgspec.json.encode({"messages": head, "tail": tail})))

    assert all(type(each) is int for each in page.values)
    assert all(type(each) is Point for each in turned)


def test_elements_travel_in_the_order_in_which_they_were_made(page: Mounted) -> None:
    for text in ("one", "two"):
        page.session.send(Element(id=text, parent="", kind="text", text=text))

    assert [each.text for each in received(page.session.render())] == ["one", "two"]
