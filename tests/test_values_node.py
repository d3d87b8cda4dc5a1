"""Values: the two languages agree, on any type and any value.

Python encodes; one node process decodes by one schema, clones as a port does, and encodes by the
same or by another schema; Python decodes what came back.
"""

import dataclasses
import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components_sdk.values import Codec, codec_for

from .test_values import SCALARS, typed

pytestmark = pytest.mark.slow

MODULE = Path(__file__).parents[1] / "components_sdk" / "web" / "values.js"

ECHO = """
import { readFileSync } from "node:fs";

const { decode, encode } = await import(process.argv[1]);

function echo({ wire, tail, read, write }) {
  const value = decode(read, wire, tail.map((hex) => new Uint8Array(Buffer.from(hex, "hex"))));
  const sent = [];
  try {
    const back = encode(write, structuredClone(value), sent);
    return { wire: back, tail: sent.map((bytes) => Buffer.from(bytes).toString("hex")) };
  } catch (error) {
    return { name: error.name, message: error.message };
  }
}
process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(echo)));
"""

# A Date holds milliseconds in UTC; what more a datetime can say is tested in test_values.py.
MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
TYPED = typed(scalars={**SCALARS, "date": [(datetime, MOMENTS)]})


@dataclasses.dataclass
class Case:
    read: Codec
    write: Codec
    value: Any
    wire: Any
    tail: list[bytes]
    answer: dict[str, Any] = dataclasses.field(default_factory=dict)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """Drawn anew from the same seed in every run, and echoed by one node process."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    drawn: list[Case] = []

    @settings(
        derandomize=True,
        max_examples=500,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        hint, values = data.draw(TYPED)
        read = codec_for(hint, "X")
        write = read if data.draw(st.booleans()) else codec_for(data.draw(TYPED)[0], "X")
        tail: list[bytes] = []
        value = read.check(data.draw(values))
        drawn.append(Case(read, write, value, read.encode(value, tail), tail))

    draw()
    request = [
        {
            "read": case.read.schema,
            "write": case.write.schema,
            "wire": case.wire,
            "tail": [buffer.hex() for buffer in case.tail],
        }
        for case in drawn
    ]
    done = subprocess.run(
        [node, "--input-type=module", "-e", ECHO, MODULE.as_uri()],
        input=msgspec.json.encode(request),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    for case, answer in zip(drawn, json.loads(done.stdout), strict=True):
        case.answer = answer
    return drawn


def decoded(case: Case) -> Any:
    tail = [bytes.fromhex(buffer) for buffer in case.answer["tail"]]
    return case.write.decode(msgspec.json.decode(json.dumps(case.answer["wire"])), tail)


def unordered(value: Any) -> Any:
    """JavaScript puts integer-like keys first, so the order of keys does not count."""
    if isinstance(value, list):
        return [unordered(item) for item in value]
    if isinstance(value, dict):
        return {key: unordered(item) for key, item in value.items()}
    if isinstance(value, msgspec.Struct):
        return type(value), unordered(msgspec.structs.asdict(value))
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return type(value), {name: unordered(getattr(value, name)) for name in names}
    return type(value), repr(value)


def test_any_value_comes_back_from_javascript_as_it_was(cases: list[Case]) -> None:
    same = [case for case in cases if case.read is case.write]
    assert len(same) > 100
    for case in same:
        assert "wire" in case.answer, (case.read.name, case.answer)
        assert unordered(decoded(case)) == unordered(case.value)


def test_what_javascript_lets_through_python_accepts(cases: list[Case]) -> None:
    """The other way round a frame would get no answer from the host page, but one from the app."""
    accepted = [case for case in cases if case.read is not case.write and "wire" in case.answer]
    assert len(accepted) > 10
    for case in accepted:
        decoded(case)


def test_what_javascript_turns_away_is_always_a_refusal(cases: list[Case]) -> None:
    refused = [case for case in cases if "wire" not in case.answer]
    assert len(refused) > 50
    for case in refused:
        assert case.answer["name"] == "ValueRefused"
        assert case.answer["message"].startswith("Expected ")
