"""Values: what crosses, in what form, and what is turned away, on the Python side.

What both languages share is in ``vectors/values.json``; ``values.test.mjs`` reads it too.
"""

from __future__ import annotations

import dataclasses
import doctest
import enum
import json
import math
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from types import GenericAlias
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    Optional,
    TypeAlias,
    TypeVar,
    Union,
)
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components_sdk import values as values_module
from components_sdk.errors import DeclarationError, ValueRefused
from components_sdk.values import Codec, Tail, codec_for

VECTORS = json.loads((Path(__file__).parent / "vectors" / "values.json").read_text("utf-8"))


# The types that the vectors name.


@dataclass
class Point:
    x: int
    y: float = 0.0

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("x must not be negative")


class Note(msgspec.Struct, rename="camel"):
    text: str
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Blob:
    data: bytes
    at: datetime | None


class Color(enum.Enum):
    RED = "red"
    GREEN = "green"
    ROT = "red"  # noqa: PIE796 - an alias is no further member


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


def evaluated(expression: str) -> Any:
    return eval(expression, globals())


def codec_named(name: str) -> Codec:
    return codec_for(evaluated(name), "Widget.field")


def buffers(case: Mapping[str, Any]) -> list[bytes]:
    return [bytes.fromhex(buffer) for buffer in case.get("tail", [])]


def over_json(wire: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(wire))


def same(left: Any, right: Any) -> bool:
    """Equal in type too, and where NaN meets NaN, -0.0 meets -0.0."""
    return type(left) is type(right) and repr(left) == repr(right)


def title(case: Mapping[str, Any]) -> str:
    return f"{case['type']}: {case.get('python', case.get('wire'))}"[:60]


# Vectors.


@pytest.mark.parametrize("name", VECTORS["types"])
def test_the_schema_describes_the_wire_form(name: str) -> None:
    assert codec_named(name).schema == VECTORS["types"][name]


@pytest.mark.parametrize("case", VECTORS["values"], ids=title)
def test_a_value_has_one_wire_form_and_comes_back_from_it(case: dict[str, Any]) -> None:
    codec, value, tail = codec_named(case["type"]), evaluated(case["python"]), list[bytes]()
    assert same(codec.encode(codec.check(value), tail), case["wire"])
    assert tail == buffers(case)
    assert same(codec.decode(over_json(case["wire"]), tail), value)


@pytest.mark.parametrize("case", [c for c in VECTORS["values"] if "back" in c], ids=title)
def test_what_javascript_sends_back_is_the_same_value_to_the_millisecond(
    case: dict[str, Any],
) -> None:
    back = codec_named(case["type"]).decode(case["back"], buffers(case))
    sent = evaluated(case["python"])
    assert timedelta() <= sent - back < timedelta(milliseconds=1)
    assert back.tzinfo is UTC


@pytest.mark.parametrize("case", VECTORS["accepted_from_js"], ids=title)
def test_what_javascript_may_send_in_other_forms_is_read(case: dict[str, Any]) -> None:
    value = codec_named(case["type"]).decode(case["wire"], buffers(case))
    assert same(value, evaluated(case["python"]))


@pytest.mark.parametrize("case", VECTORS["refused_by_python"], ids=title)
def test_a_hostile_wire_form_is_refused_with_its_path(case: dict[str, Any]) -> None:
    with pytest.raises(ValueRefused) as refused:
        codec_named(case["type"]).decode(case["wire"], buffers(case))
    assert str(refused.value).splitlines()[0] == case["message"]
    assert refused.value.code == case["code"]


def test_both_languages_say_a_refusal_in_the_same_words() -> None:
    """Only what came is named differently, by each language's own word."""

    def expectations(cases: list[dict[str, Any]]) -> set[str]:
        return {case["message"].split(", got")[0] for case in cases}

    only_js = expectations(VECTORS["refused_by_js"]) - expectations(VECTORS["refused_by_python"])
    assert only_js == {"Expected a smaller value"}


# What the app's own code gives.


class Text(str):
    __slots__ = ()


class Shade(enum.StrEnum):
    DARK = "dark"


@dataclass
class Point3D(Point):
    z: float = 0.0


@dataclass
class Grid:
    rows: list[list[int]]


class Frozen(msgspec.Struct, frozen=True):
    data: list[int]


@dataclass
class Doubled:
    x: int

    def __post_init__(self) -> None:
        self.x *= 2


@dataclass
class Ratio:
    x: int

    def __post_init__(self) -> None:
        self.x = 12 // self.x


WRONG = Point(1)
WRONG.x = 1.5  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("hint", "given", "kept"),
    [
        (float, 3, 3.0),
        (float, 2**60, 2.0**60),
        (bytes, bytearray(b"ab"), b"ab"),
        (bytes, memoryview(b"abcd")[::2], b"ac"),
        (str, Text("a"), "a"),
        (str, Shade.DARK, "dark"),
        (int, Level.HIGH, 2),
        (int | str, Level.HIGH, 2),
        (int | str, Shade.DARK, "dark"),
        (int | bytes, bytearray(b"ab"), b"ab"),
    ],
)
def test_a_python_value_is_kept_in_its_plain_form(hint: Any, given: Any, kept: Any) -> None:
    assert same(codec_for(hint, "X").check(given), kept)


@pytest.mark.parametrize(
    ("hint", "value", "message"),
    [
        (bool, 1, "Expected bool, got int - at $"),
        (int, True, "Expected int, got bool - at $"),
        (int, 2.0, "Expected int, got float - at $"),
        (int, 2**63, "Expected int, got one beyond 64 bits - at $"),
        (float, True, "Expected float, got bool - at $"),
        (float, 2**53 + 1, "Expected float, got an int that no float equals - at $"),
        (float, 10**400, "Expected float, got an int beyond its range - at $"),
        (float, Decimal(1), "Expected float, got Decimal - at $"),
        (str, b"a", "Expected str, got bytes - at $"),
        (str, "\ud800", "Expected str, got a lone surrogate in it - at $"),
        (bytes, "a", "Expected bytes, got str - at $"),
        (bytes, [1], "Expected bytes, got list - at $"),
        (datetime, date(2026, 1, 1), "Expected datetime, got date - at $"),
        (datetime, datetime(2026, 1, 1), "Expected datetime with a zone, got one without - at $"),
        (
            datetime,
            datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
            "Expected datetime within the years 1 to 9999 in UTC, got one outside - at $",
        ),
        (Literal[1], True, "Expected Literal[1], got bool - at $"),
        (Literal["a"], ["a"], 'Expected Literal["a"], got list - at $'),
        (Color, "red", "Expected Color, got another str - at $"),
        (list[int], (1,), "Expected list[int], got tuple - at $"),
        (list[list[int]], [[1], [2, None]], "Expected int, got None - at $[1][1]"),
        (dict[str, int], {1: 1}, "Expected str as key, got int - at $"),
        (dict[str, int], {"__proto__": 1}, "Expected another key than __proto__, got it - at $"),
        (Point, {"x": 1}, "Expected Point, got dict - at $"),
        (Point, Point3D(1), "Expected Point, got Point3D - at $"),
        (dict[str, Point], {"a": WRONG}, "Expected int, got float - at $.a.x"),
        (int | str, 1.5, "Expected int, got float - at $"),
        (int | str, None, "Expected int | str, got None - at $"),
        (int | str | None, b"", "Expected int | str | None, got bytes - at $"),
    ],
)
def test_a_wrong_python_value_is_refused(hint: Any, value: Any, message: str) -> None:
    with pytest.raises(ValueRefused) as refused:
        codec_for(hint, "X").check(value)
    assert str(refused.value).splitlines()[0] == message


def test_a_naive_datetime_is_refused_with_the_way_to_attach_a_zone() -> None:
    with pytest.raises(ValueRefused, match=r"astimezone\(\)") as refused:
        codec_for(datetime, "X").check(datetime(2026, 1, 1))
    assert refused.value.code == "value-range"


def test_the_path_that_the_caller_gives_begins_every_path() -> None:
    codec = codec_for(list[int], "X")
    with pytest.raises(ValueRefused) as refused:
        codec.check([None], "$.marks")
    assert refused.value.where == "$.marks[0]"
    with pytest.raises(ValueRefused) as refused:
        codec.decode([1], [b""], "$.marks")
    assert refused.value.where == "$.marks"


def test_what_is_checked_is_a_copy_that_the_caller_cannot_change() -> None:
    value = {"a": Grid([[1], [2]])}
    checked = codec_for(dict[str, Grid], "X").check(value)
    value["a"].rows[0][0] = 99
    value["a"].rows.append([3])
    value.clear()
    assert checked == {"a": Grid([[1], [2]])}


def test_frozen_and_slotted_classes_are_copied_field_by_field() -> None:
    given: Any = bytearray(b"a")
    blob = Blob(given, None)
    assert same(codec_for(Blob, "X").check(blob), Blob(b"a", None))
    assert blob.data is given
    frozen = Frozen([1])
    kept = codec_for(Frozen, "X").check(frozen)
    assert kept == frozen
    assert kept.data is not frozen.data


def test_check_does_not_run_post_init_again() -> None:
    assert codec_for(Doubled, "X").check(Doubled(2)).x == 4


def test_whatever_post_init_raises_on_a_hostile_value_is_a_refusal_with_its_cause() -> None:
    with pytest.raises(ValueRefused) as refused:
        codec_for(list[Ratio], "X").decode([{"x": 1}, {"x": 0}])
    assert refused.value.where == "$[1]"
    assert isinstance(refused.value.__cause__, ZeroDivisionError)


def test_a_named_zone_crosses_as_its_offset_and_an_odd_offset_as_utc() -> None:
    codec = codec_for(datetime, "X")
    summer = codec.check(datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Europe/Berlin")))
    assert codec.encode(summer, []) == "2026-07-01T12:00:00.000000+02:00"
    mean = codec.check(datetime(1880, 1, 1, tzinfo=timezone(timedelta(seconds=3208))))
    assert codec.encode(mean, []) == "1879-12-31T23:06:32.000000+00:00"


def test_a_message_names_types_and_fields_but_never_the_value() -> None:
    for hint in (int, Literal["a"], Color, Point, list[int], datetime, bytes, int | Point):
        with pytest.raises(ValueRefused) as refused:
            codec_for(hint, "X").decode("s3cret")
        assert "s3cret" not in str(refused.value)


# Buffers.


def test_several_values_can_share_the_tail_of_one_message() -> None:
    codec = codec_for(bytes, "X")
    tail = Tail([b"a", memoryview(b"b")])
    assert (codec.decode(1, tail), codec.decode(0, tail)) == (b"b", b"a")
    tail.finish()


def test_a_buffer_is_used_once_over_all_values_of_a_message() -> None:
    codec = codec_for(bytes, "X")
    tail = Tail([b"a", b"b"])
    codec.decode(0, tail)
    with pytest.raises(ValueRefused, match="used before") as refused:
        codec.decode(0, tail, "$.second")
    assert (refused.value.code, refused.value.where) == ("value-buffer", "$.second")
    with pytest.raises(ValueRefused, match="1 that no value uses"):
        tail.finish()


# Types that may not cross.

T = TypeVar("T")


class Bare: ...


class Tree(msgspec.Struct):
    children: list[Tree]


@dataclass
class Left:
    right: Right | None = None


@dataclass
class Right:
    left: Left | None = None


@dataclass
class Unresolved:
    x: Nowhere  # type: ignore[name-defined]  # noqa: F821


@dataclass
class Derived:
    x: int = field(init=False, default=1)


@dataclass
class Seeded:
    x: int
    seed: InitVar[int]


@dataclass
class Polluter:
    constructor: str


@dataclass
class Deep:
    points: list[dict[str, Inner]]


@dataclass
class Inner:
    x: set[int]


class Box(msgspec.Struct, Generic[T]):
    x: T


class Tagged(msgspec.Struct, tag=True):
    x: int


class Row(msgspec.Struct, array_like=True):
    x: int


class Pair(NamedTuple):
    x: int


class Typed(typing.TypedDict):
    x: int


class Mode(enum.Flag):
    READ = 1


class Half(enum.Enum):
    HALF = 0.5


class Yes(enum.Enum):
    YES = True


class Huge(enum.Enum):
    HUGE = 2**53


class Empty(enum.Enum): ...


@pytest.mark.parametrize(
    ("hint", "where", "advice"),
    [
        (Any, "W.f", "Name the type"),
        (object, "W.f", "Name the type"),
        (list, "W.f", "list[int]"),
        (typing.List, "W.f", "Supported are"),  # noqa: UP006
        (dict, "W.f", "dict[str, int]"),
        (tuple, "W.f", "Use list[T]"),
        (tuple[int, str], "W.f", "a dataclass with a field for each part"),
        (set[int], "W.f", "Use list[T]"),
        (frozenset[int], "W.f", "Use list[T]"),
        (bytearray, "W.f", "Use bytes"),
        (complex, "W.f", "two floats"),
        (Decimal, "W.f", "keeps its digits"),
        (date, "W.f", "datetime with a zone"),
        (time, "W.f", "datetime with a zone"),
        (timedelta, "W.f", "in seconds"),
        (Sequence[int], "W.f", "Use list[T]"),
        (Mapping[str, int], "W.f", "Use dict[str, T]"),
        (Callable[[], int], "W.f", "Supported are"),
        (type[int], "W.f", "Supported are"),
        (T, "W.f", "Supported are"),
        (NewType("Id", int), "W.f", "Supported are"),
        (Bare, "W.f", "Supported are"),
        (Pair, "W.f", "Supported are"),
        (Typed, "W.f", "Supported are"),
        (msgspec.Raw, "W.f", "Supported are"),
        ("int", "W.f", "Supported are"),
        (5, "W.f", "Supported are"),
        (Literal[b"a"], "W.f", "str, int, bool or None"),
        (Literal[Color.RED], "W.f", "str, int, bool or None"),
        (Literal[9007199254740992], "W.f", "2^53-1"),
        (Literal["\ud800"], "W.f", "lone surrogate"),
        (Annotated[int, msgspec.Meta(gt=0)], "W.f", "not supported yet"),
        (dict[int, str], "W.f", "Keys must be str"),
        (dict[Color, str], "W.f", "Keys must be str"),
        (list[set[int]], "W.f[]", "Use list[T]"),
        (dict[str, Any], "W.f{}", "Name the type"),
        (Tree, "W.f.children[]", "cannot contain itself"),
        (Left, "W.f.right.left", "cannot contain itself"),
        (Unresolved, "W.f", "Nowhere"),
        (Derived, "W.f.x", "init=False"),
        (Seeded, "W.f", "InitVar"),
        (Polluter, "W.f.constructor", "rename"),
        (Deep, "W.f.points[]{}.x", "Use list[T]"),
        (Box, "W.f.x", "Supported are"),
        (Box[int], "W.f", "Supported are"),
        (Tagged, "W.f", "another encoding"),
        (Row, "W.f", "another encoding"),
        (Mode, "W.f", "list of an Enum"),
        (Half, "W.f", "str or int"),
        (Yes, "W.f", "str or int"),
        (Huge, "W.f", "2^53-1"),
        (Empty, "W.f", "needs members"),
        (int | float, "W.f", "both of kind number"),
        (int | Level, "W.f", "both of kind number"),
        (str | Color, "W.f", "both of kind string"),
        (str | Literal["a"], "W.f", "both of kind string"),
        (Point | Note, "W.f", "both of kind object"),
        (Point | dict[str, int], "W.f", "both of kind object"),
        (list[int] | list[str], "W.f", "both of kind array"),
        (int | Literal["a", 1] | None, "W.f", "both of kind number"),
        (int | set[str], "W.f", "Use list[T]"),
    ],
)
def test_a_type_that_may_not_cross_is_refused_when_it_is_declared(
    hint: Any, where: str, advice: str
) -> None:
    with pytest.raises(DeclarationError) as refused:
        codec_for(hint, "W.f")
    assert refused.value.code == "declaration-type"
    assert refused.value.where == where
    assert advice in refused.value.hint


@pytest.mark.parametrize(
    ("hint", "like"),
    [
        (None, type(None)),
        (Annotated[int, "years"], int),
        (list[Annotated[int, "years"]], list[int]),
        (typing.List[int], list[int]),  # noqa: UP006
        (Optional[int], int | None),  # noqa: UP045
        (Union[int, str, None], int | str | None),  # noqa: UP007
        (Annotated[int | None, ""] | str, Union[Annotated[int | None, ""], str]),  # noqa: UP007
    ],
)
def test_other_spellings_of_a_type_are_the_same_type(hint: Any, like: Any) -> None:
    assert codec_for(hint, "X").schema == codec_for(like, "X").schema


def test_a_class_may_stand_in_several_places_of_a_type() -> None:
    assert codec_for(dict[str, list[Point]] | list[Point], "X").kinds == {"object", "array"}


# Any type, any value.

AnyType: TypeAlias = tuple[Any, st.SearchStrategy[Any]]  # a hint, and values of it

NAMES = st.text("abcxyz_", min_size=1, max_size=3).filter(lambda name: not name.startswith("_"))
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5).filter(
    lambda key: key not in {"__proto__", "constructor", "prototype"}
)
ZONES = st.timezones() | st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone)
INT64 = st.integers(-(2**63), 2**63 - 1) | st.integers(2**53 - 2, 2**53 + 2)
MOMENTS = st.datetimes(
    datetime(1, 1, 3), datetime(9999, 12, 29), timezones=ZONES, allow_imaginary=False
)

SCALARS: dict[str, list[AnyType]] = {  # by kind
    "null": [(None, st.none())],
    "boolean": [(bool, st.booleans()), (Literal[True], st.just(True))],
    "number": [(int, INT64), (float, st.floats()), (Level, st.sampled_from(Level))],
    "string": [
        (str, st.text(st.characters(exclude_categories=["Cs"]))),
        (Color, st.sampled_from(Color)),
        (Literal["a", "b"], st.sampled_from(["a", "b"])),
    ],
    "bytes": [(bytes, st.binary())],
    "date": [(datetime, MOMENTS)],
}


def typed(
    depth: int = 2, kind: str | None = None, scalars: dict[str, list[AnyType]] = SCALARS
) -> st.SearchStrategy[AnyType]:
    """Any type, nested to a depth, with the strategy of its values."""

    @st.composite
    def draw_typed(draw: st.DrawFn) -> AnyType:
        chosen = kind or draw(
            st.sampled_from([*scalars, *(["array", "object", "optional", "union"] * (depth > 0))])
        )
        if chosen in scalars:
            return draw(st.sampled_from(scalars[chosen]))
        inner = typed(depth - 1, scalars=scalars)
        if chosen == "optional":
            hint, values = draw(inner)
            return Optional[hint], st.none() | values  # noqa: UP045
        if chosen == "union":
            kinds = draw(st.sets(st.sampled_from([*scalars, "array", "object"]), min_size=2))
            members = [draw(typed(depth - 1, kind, scalars)) for kind in sorted(kinds)]
            return (
                Union[tuple(hint for hint, _ in members)],  # noqa: UP007
                st.one_of([values for _, values in members]),
            )
        if chosen == "array":
            hint, values = draw(inner)
            return GenericAlias(list, (hint,)), st.lists(values, max_size=4)
        return draw(draw_object(inner))

    return draw_typed()


@st.composite
def draw_object(draw: st.DrawFn, inner: st.SearchStrategy[AnyType]) -> AnyType:
    if draw(st.booleans()):
        hint, values = draw(inner)
        return GenericAlias(dict, (str, hint)), st.dictionaries(KEYS, values, max_size=4)
    fields = draw(st.dictionaries(NAMES, inner, max_size=3))
    hints = [(name, hint) for name, (hint, _) in fields.items()]
    makers: list[Callable[..., type]] = [dataclasses.make_dataclass, msgspec.defstruct]
    make = draw(st.sampled_from(makers))
    cls = make("Made", hints)
    return cls, st.builds(cls, **{name: values for name, (_, values) in fields.items()})


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_value_of_any_type_comes_back_as_it_was(data: st.DataObject) -> None:
    hint, values = data.draw(typed())
    codec, tail = codec_for(hint, "X"), list[bytes]()
    value = codec.check(data.draw(values))
    wire = over_json(codec.encode(value, tail))
    assert same(codec.decode(wire, tail), value)
    assert same(codec.check(value), value)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("NaN"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["x", "y", "data", "__proto__"]) | st.text(), inner)
        | st.tuples(st.integers(-1, 3), inner).map(list)
    ),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_whatever_json_arrives_only_a_refusal_escapes(data: st.DataObject) -> None:
    fixed = st.sampled_from([evaluated(name) for name in VECTORS["types"]])
    hint = data.draw(fixed | typed().map(lambda pair: pair[0]))
    codec = codec_for(hint, "X")
    tail = data.draw(st.lists(st.binary(max_size=2), max_size=2))
    try:
        value = codec.decode(data.draw(ANY_JSON), tail)
    except ValueRefused as refused:
        assert refused.where.isascii()  # noqa: PT017 - it need not be raised
    else:
        assert same(codec.check(value), value)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_whatever_the_app_gives_only_a_refusal_escapes(data: st.DataObject) -> None:
    hint, _ = data.draw(typed())
    _, values = data.draw(typed())
    codec, tail = codec_for(hint, "X"), list[bytes]()
    try:
        value = codec.check(data.draw(values))
    except ValueRefused:
        return
    assert same(codec.decode(over_json(codec.encode(value, tail)), tail), value)


def test_nan_and_minus_zero_are_words_on_the_wire_since_json_cannot_say_them() -> None:
    codec = codec_for(list[float], "X")
    assert codec.encode([math.nan, -0.0, 0.0], []) == ["NaN", "-0", 0.0]


def test_the_example_in_the_docstring_is_true() -> None:
    assert doctest.testmod(values_module) == (0, 3)
