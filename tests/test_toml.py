"""On which line a key or table begins, whatever stands in between."""

from __future__ import annotations

import time
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components_sdk.toml import MAX_SIZE, line_numbers


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a = 1", "a", 1),
        ("\n# a = 0\n\na = 1 # a", "a", 4),
        ('a = [\n  "x", # ]\n  "y",\n]\nb = 2', "b", 5),
        ("a = [\n  [1],\n  [\n    2 ],\n]\nb = 2", "a", 1),
        ("a = [\n  [1],\n  [\n    2 ],\n]\nb = 2", "b", 6),
        ('a = """\n[b]\nb = 1\n"""\n[b]\nb = 2', "b", 5),
        ('a = """\n[b]\nb = 1\n"""\n[b]\nb = 2', "b.b", 6),
        ("a = '''\n]\n'''\nb = 1", "b", 4),
        ("[a]\r\n[a.b]\r\nc = 1\r\n[d]\r\nc = 2\r\n", "a.b.c", 3),
        ("[a]\r\n[a.b]\r\nc = 1\r\n[d]\r\nc = 2\r\n", "d.c", 5),
        ("[a.b]\n\n[a]\nc = 1\n", "a.b", 1),
        ("[ \"a\" . 'b' ]\nc = 1\n", "a.b.c", 2),
        ("a.b = 1\na.c = 2\n", "a.c", 2),
        ("a = { b = 1, c = { d = 2 } }\n", "a.c.d", 1),
        ("a = { b = [\n 1 ] }\nc = 1", "c", 3),
        ("[[a]]\nb = 1\n[c]\nb = 1", "c.b", 4),
    ],
)
def test_a_key_is_found_on_its_line(text: str, path: str, line: int) -> None:
    tomllib.loads(text)
    assert line_numbers(text)[tuple(path.split("."))] == line


keys = st.text("abc-_1", min_size=1, max_size=3)
values = st.sampled_from(
    ["1", '"x # ]"', "[\n1,\n2 ]", '"""\n[a]\n"""', "'''\nb = 1\n'''", "{ a = [\n] }", "[ # ]\n]"]
)


@given(st.lists(st.tuples(keys, values, st.integers(0, 2)), unique_by=lambda each: each[0]))
def test_every_key_is_found_where_it_was_written(entries: list[tuple[str, str, int]]) -> None:
    text, expected = "", {}
    for key, value, blank in entries:
        text += "\n# x = [\n" * blank
        expected[(key,)] = text.count("\n") + 1
        text += f"{key} = {value}\n"
    tomllib.loads(text)
    found = line_numbers(text)
    assert {path: found[path] for path in expected} == expected


def test_a_long_list_takes_no_time() -> None:
    text = "a = [\n" + '  "name",\n' * (MAX_SIZE // 10) + "]\nb = 1\n"
    start = time.process_time()
    assert line_numbers(text)[("b",)] == MAX_SIZE // 10 + 3
    assert time.process_time() - start < 2  # seconds; its square would be minutes
