"""The browsers' logs of the names that they asked for."""

from __future__ import annotations

from pathlib import Path

from components_sdk.testing.lookups import CHROMIUM, FIREFOX, LookupLog


def test_names_are_read_from_chromiums_log_without_scheme_and_port(tmp_path: Path) -> None:
    (tmp_path / "net-log.json").write_text(
        '{"params":{"host":"http://prefetched.test","is_speculative":true},"type":9},\n'
        '{"params":{"host":"asked.test:3478"},"type":9},\n'
        '{"params":{"url":"http://fetched.test/"},"type":2},\n'
    )

    log = LookupLog(tmp_path, "net-log*", CHROMIUM)

    assert log.names() == ["prefetched.test", "asked.test"]


def test_names_are_read_from_firefoxs_log_each_once(tmp_path: Path) -> None:
    line = "[Parent 1: Main Thread]: D/nsHostResolver Resolving host [a.test]<> type 65.\n"
    (tmp_path / "names.moz_log").write_text(line + line.replace("a.test", "b.test") + line)

    assert LookupLog(tmp_path, "names*", FIREFOX).names() == ["a.test", "b.test"]


def test_a_line_that_is_half_written_is_read_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "names.moz_log"
    path.write_text("Resolving host [a.test]\nResolving host [b.te")
    log = LookupLog(tmp_path, "names*", FIREFOX)
    assert log.names() == ["a.test"]

    with path.open("a") as file:
        file.write("st]\n")

    assert log.names() == ["a.test", "b.test"]


def test_a_log_that_is_not_there_yet_has_no_names(tmp_path: Path) -> None:
    assert LookupLog(tmp_path, "names*", FIREFOX).names() == []
