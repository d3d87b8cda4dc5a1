"""What the gate holds a page to: rates by a clock that the test moves, depth and nodes."""

from __future__ import annotations

import logging
import re
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components_sdk.errors import MessageRefused
from components_sdk.framing import Limits, check_shape, unpack
from components_sdk.ledger import Ledger
from components_sdk.rates import STALL_SECONDS, Breach, Bucket, Meter
from components_sdk.resources import WEB
from components_sdk.session import BREACHES, Session
from components_sdk.wire import Emit, FailureCode, FromPage, Press, SetValue

from .kinds import Dial, raw_batch, received, sent
from .test_session import KIND, URL

LIMITS = Limits(messages_per_second=10, message_burst=20, bytes_per_second=100, byte_burst=1_000)
ALLOWED = 20 + int(10 * STALL_SECONDS)  # at once, by one frame


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Gate:
    """A session with two dials, and how often it was over a limit."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.clock = Clock()
        self.ledger = Ledger()
        self.session = Session("s1", self.ledger, limits, self.clock)
        self.breaches = 0
        self.session.on_breach = self._count
        for id in ("f1", "f2"):
            dial = Dial(label=id, marks=[])
            slot = dial.attach(self.session, id, id)
            self.session.mount(slot, KIND, URL, "")
            dial.on_value(lambda value: None)

    def _count(self) -> None:
        self.breaches += 1

    def give(self, frame: str, text: bytes = b"1", times: int = 1) -> int:
        """Send values one by one; answers how many came through."""
        message = sent(SetValue(frame=frame, value=msgspec.Raw(text)))
        return sum(len(self.session.receive(message)) for _ in range(times))

    @property
    def rows(self) -> list[str]:
        return [f"{row.component} {row.key} {row.what}" for row in self.ledger.rows()]


# the bucket ------------------------------------------------------------------------------------


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    clock = Clock()
    bucket = Bucket(2, 5, clock)

    at_once = [bucket.take() for _ in range(6)]
    clock.now = 1.0
    later = [bucket.take() for _ in range(3)]

    assert at_once == [True] * 5 + [False]
    assert later == [True, True, False]


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    clock = Clock()
    bucket = Bucket(1_000, 5, clock)
    clock.now = 1e9

    assert [bucket.take() for _ in range(6)] == [True] * 5 + [False]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 50)), max_size=100))
def test_nobody_gets_more_than_burst_and_rate_whatever_the_pattern(
    steps: list[tuple[float, float]],
) -> None:
    clock = Clock()
    bucket = Bucket(3, 20, clock)
    taken = 0.0
    for pause, amount in steps:
        clock.now += pause
        taken += amount if bucket.take(amount) else 0

    assert taken <= 20 + 3 * clock.now + 1e-6


def test_who_broke_a_limit_finds_nothing_when_they_come_back_at_once() -> None:
    clock = Clock()
    meter = Meter(LIMITS, clock)

    assert meter.count(1, 2_000) == "byte-rate"
    assert meter.count(1, 1) == "message-rate"
    clock.now = 1.0
    assert meter.count(1, 1) is None


# the gate --------------------------------------------------------------------------------------


def test_a_frame_over_its_message_rate_breaks_the_limit_and_another_frame_does_not() -> None:
    gate = Gate()

    flooded = gate.give("f1", times=ALLOWED + 1)
    breaches = gate.breaches
    other = gate.give("f2", times=5)

    assert (flooded, breaches, other, gate.breaches) == (ALLOWED, 1, 5, 1)


def test_a_steady_sender_at_the_rate_is_never_over_it() -> None:
    gate = Gate()
    for _ in range(1_000):
        gate.clock.now += 0.1
        assert gate.give("f1") == 1

    assert gate.breaches == 0


def test_a_frame_over_its_byte_rate_breaks_the_limit() -> None:
    gate = Gate()
    text = b'"' + b"x" * 498 + b'"'  # 500 bytes; refused as a value, and counted all the same

    gate.give("f1", text, times=2)
    assert gate.breaches == 0
    gate.give("f1", text)

    assert gate.breaches == 1
    assert gate.rows[-1] == "dial f1 over the limit: byte-rate"


def test_a_batch_counts_as_many_messages_as_it_has() -> None:
    gate = Gate()
    message = SetValue(frame="f1", value=msgspec.Raw(b"1"))

    calls = gate.session.receive(sent(*[message] * 500))

    assert len(calls) == ALLOWED
    assert gate.breaches == 1


@pytest.mark.parametrize(
    "message",
    [
        Press(element="e1"),
        Emit(frame="nobody", event="x", value=msgspec.Raw(b"1")),
        SetValue(frame="f999", value=msgspec.Raw(b"1")),
    ],
)
def test_what_comes_from_no_component_has_one_rate_together(message: Any) -> None:
    gate = Gate()
    for _ in range(ALLOWED + 1):
        gate.session.receive(sent(message))

    assert gate.breaches == 1
    assert gate.rows == ["page  over the limit: message-rate"]


def test_nonsense_has_a_rate_too() -> None:
    gate = Gate()
    for _ in range(ALLOWED + 1):
        gate.session.receive(raw_batch(b"{}"))

    assert gate.breaches == 1


def test_a_breach_is_logged_without_any_content(caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate()
    with caplog.at_level(logging.WARNING):
        gate.give("f1", b"123456789", times=ALLOWED + 1)

    (record,) = caplog.records
    assert record.getMessage() == (
        "session s1: dial (key 'f1') is over the limit message-rate; the connection is closed"
    )


def test_the_flood_of_one_session_leaves_another_alone() -> None:
    flooded, honest = Gate(), Gate()
    flooded.give("f1", times=500)

    assert honest.give("f1", times=ALLOWED) == ALLOWED
    assert honest.breaches == 0


# depth and nodes -------------------------------------------------------------------------------


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (nested(64), ""),
        (nested(65), "message-depth"),
        (nested(200_000), "message-depth"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "message-depth"),
        (b"[" + b",".join([nested(30)] * 100) + b"]", ""),
        (b'"' + b"[" * 10_000 + b'"', ""),
        (b'"\\"' + b"[" * 10_000 + b'"', ""),
        (b'["\\\\",' + nested(65) + b',"\\\\"]', "message-depth"),
        (b"[" + b",".join([b"1"] * 249_999) + b"]", ""),
        (b"[" + b",".join([b"1"] * 250_000) + b"]", "message-nodes"),
        (b"[" + b",".join([b"[]"] * 249_999) + b"]", ""),
        (b"[" + b",".join([b"[]"] * 250_000) + b"]", "message-nodes"),
        (b"[" + b",".join([b"[1]"] * 125_000) + b"]", "message-nodes"),
        (b'["' + b"," * 1_000_000 + b'"]', ""),
    ],
    ids=lambda each: "" if isinstance(each, bytes) else each or "fine",
)
def test_depth_and_nodes_are_counted_before_anything_is_decoded(text: bytes, code: str) -> None:
    got = ""
    try:
        check_shape(memoryview(text), Limits())
    except MessageRefused as error:
        got = error.code

    assert got == code


Json = st.recursive(
    st.none() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=40,
)


def count(value: Any) -> tuple[int, int]:
    """Nodes and depth, by walking the decoded value."""
    inside = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    counted = [count(each) for each in inside]
    own = 1 if isinstance(value, list | dict) else 0
    return 1 + sum(n for n, _ in counted), own + max((d for _, d in counted), default=0)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(Json)
def test_the_count_of_characters_is_the_count_of_values(value: Any) -> None:
    nodes, depth = count(value)
    text = memoryview(msgspec.json.encode(value))

    check_shape(text, Limits(nodes=nodes, depth=depth))
    for limits in [Limits(nodes=nodes - 1), *([Limits(depth=depth - 1)] if depth else [])]:
        with pytest.raises(MessageRefused):
            check_shape(text, limits)


def test_a_limit_has_one_name_on_the_page_and_in_the_app() -> None:
    names = set(get_args(FailureCode))
    scripts = "".join(file.read_text("utf-8") for file in WEB.glob("*.js"))
    with pytest.raises(MessageRefused) as refusal:
        unpack(bytes(9), FromPage, Limits(message_bytes=8))

    assert refusal.value.code in BREACHES
    assert BREACHES | set(get_args(Breach)) <= names
    assert set(re.findall(r'"(message-[a-z]+)"', scripts)) == {*BREACHES, "message-rate"}


def test_a_value_that_is_too_deep_ends_the_connection_and_is_no_value() -> None:
    gate = Gate()

    assert gate.give("f1", nested(65)) == 0
    assert gate.breaches == 1
    assert gate.rows == ["dial f1 over the limit: message-depth"]
    assert any(
        getattr(each, "code", "") == "message-depth" for each in received(gate.session.render())
    )
