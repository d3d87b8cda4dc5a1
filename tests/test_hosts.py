"""Well-known hosts: each with a reason, found below its suffix and nowhere else."""

from __future__ import annotations

import pytest

from components_sdk.csp import exact_origin
from components_sdk.pitfalls.hosts import CODE, UPLOAD, known, source_host

ENTRIES = [(table, suffix) for table in (UPLOAD, CODE) for suffix in table]


@pytest.mark.parametrize(("table", "suffix"), ENTRIES)
def test_an_entry_is_found_by_itself_below_itself_and_by_a_wildcard(
    table: dict[str, str], suffix: str
) -> None:
    exact_origin(f"https://{suffix}")
    assert table[suffix]
    for source in (
        suffix,
        f"https://{suffix}",
        f"wss://x.{suffix}:8443/path",
        f"HTTPS://{suffix.upper()}",
        f"https://*.{suffix}",
        f"*.{suffix.partition('.')[2]}",
    ):
        assert list(known(table, source)), source


@pytest.mark.parametrize(("table", "suffix"), ENTRIES)
def test_a_name_that_only_looks_alike_is_not_found(table: dict[str, str], suffix: str) -> None:
    for source in (
        f"https://not{suffix}",
        f"https://{suffix}.example",
        f"https://x.example/{suffix}",
    ):
        assert not list(known(table, source)), source


@pytest.mark.parametrize(
    ("source", "host"),
    [
        ("https://A.example:8443/x", "a.example"),
        ("*.a.example", "*.a.example"),
        ("a.example:*", "a.example"),
        ("'none'", "'none'"),
        ("data:", "data"),
    ],
)
def test_the_host_of_a_source(source: str, host: str) -> None:
    assert source_host(source) == host
