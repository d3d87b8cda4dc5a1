from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components_sdk.errors import MessageRefused
from components_sdk.framing import MAGIC, Limits, pack, unpack
from components_sdk.wire import FromPage, Press, SetValue

from .kinds import raw_batch


def read(data: bytes, **limits: Any) -> Any:
    return unpack(data, FromPage, Limits(**limits))


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_a_batch_comes_back_as_it_was_packed(buffers: list[bytes]) -> None:
    data = pack([Press(element="e1")], buffers)

    batch = read(data)

    assert batch.messages == [Press(element="e1")]
    assert [bytes(view) for view in batch.tail] == buffers


def test_every_buffer_begins_at_a_multiple_of_eight_bytes() -> None:
    data = pack([Press(element="e1")], [b"a", b"bc"])

    assert len(data) % 8 == 0
    assert data.index(b"a\0\0") % 8 == 0
    assert data.index(b"bc\0") % 8 == 0


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "message-framing"),
        (b"hello, world, hello", "message-framing"),
        (MAGIC + (800).to_bytes(4, "little") + b"{}", "message-framing"),
        (raw_batch(b"{"), "message-form"),
        (raw_batch({"messages": [{"type": "launch"}]}), "message-form"),
        (raw_batch({"messages": [{"type": "press"}]}), "message-form"),
        (raw_batch({"messages": [{"type": "press", "element": "e1", "x": 1}]}), "message-form"),
        (raw_batch({"messages": [{"type": "press", "element": "e1\n"}]}), "message-form"),
        (raw_batch({"messages": [], "tail": [-1]}), "message-form"),
        (raw_batch({"messages": [], "tail": [8]}), "message-framing"),
        (raw_batch(b"\xff\xfe"), "message-form"),
    ],
)
def test_what_is_no_batch_is_refused_with_a_code(data: bytes, code: str) -> None:
    with pytest.raises(MessageRefused) as refusal:
        read(data)

    assert refusal.value.code == code


def test_a_hundred_thousand_nested_lists_are_refused_not_a_crash() -> None:
    nested = b"[" * 100_000 + b"]" * 100_000
    data = raw_batch(b'{"messages":[{"type":"value","frame":"f1","value":' + nested + b"}]}")

    with pytest.raises(MessageRefused, match="too deep") as refusal:
        read(data)

    assert refusal.value.code == "message-depth"


def test_a_message_over_the_limit_is_refused_before_it_is_read() -> None:
    data = pack([SetValue(frame="f1", value=msgspec.Raw(b"0"))], [bytes(50 * 2**20)])

    with pytest.raises(MessageRefused, match=r"Expected at most 33554432 bytes, got 52428\d+"):
        read(data)


def test_a_head_over_the_limit_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(MessageRefused, match="head of at most 64 bytes"):
        read(raw_batch(b"[" * 800), head_bytes=64)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_and_nothing_else_happens(noise: bytes) -> None:
    for data in (noise, MAGIC + noise, raw_batch(noise)):
        with pytest.raises(MessageRefused):
            read(data)


VECTORS = json.loads((Path(__file__).parent / "vectors" / "framing.json").read_text("utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_batch_has_the_bytes_that_the_page_reads_and_writes(vector: dict[str, Any]) -> None:
    tail = [bytes.fromhex(each) for each in vector["tail"]]

    assert pack(vector["messages"], tail).hex() == vector["bytes"]


def test_each_limit_is_told_in_the_documents() -> None:
    text = (Path(__file__).parents[1] / "docs" / "apps.md").read_text("utf-8")
    assert [name for name in Limits.__struct_fields__ if f"`{name}`" not in text] == []
