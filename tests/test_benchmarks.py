from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence

import msgspec
import pytest

import benchmarks
from benchmarks import (
    NAMES,
    Result,
    Row,
    cpu_seconds,
    hostile,
    median_row,
    mount,
    quantile,
    round_trip,
    tree_cpu_seconds,
)
from benchmarks.__main__ import as_json, main, number, table
from benchmarks.mount import MEASURED, Visit
from benchmarks.round_trip import TRIPS, Samples
from components_sdk.errors import ComponentsError

RESULT = Result(
    rows=[Row("p50", 0.6, 0.4, "ms"), Row("requests on a second visit", 0, 0, "requests")],
    samples="40 samples",
)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What the command line says before it ends with exit code 2."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    return capsys.readouterr().err


# the command line --------------------------------------------------------------------------------


def test_an_unknown_name_is_answered_with_all_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert "expected one of round_trip, mount, hostile, got 'memory'" in refused(capsys, "memory")


@pytest.mark.parametrize("words", [("mount", "--jsno"), ("mount", "round_trip")])
def test_what_else_is_wrong_is_told_too(
    words: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert "unrecognized arguments" in refused(capsys, *words)


def test_python_m_benchmarks_is_that_command_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "memory"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "round_trip, mount, hostile" in done.stderr


def test_every_name_is_a_module_that_measures() -> None:
    modules = (round_trip, mount, hostile)
    assert [f"benchmarks.{name}" for name in NAMES] == [module.__name__ for module in modules]
    assert all(callable(module.measure) for module in modules)


def test_a_name_prints_a_table_or_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(mount, "measure", lambda: RESULT)
    monkeypatch.setattr(round_trip, "measure", lambda: RESULT)
    monkeypatch.setattr(hostile, "measure", lambda: RESULT)

    assert main(["mount"]) == 0
    assert capsys.readouterr().out == f"mount\n\n{table(RESULT)}\n\n"
    assert main(["mount", "--json"]) == 0
    assert msgspec.json.decode(capsys.readouterr().out) == as_json("mount", RESULT)
    assert main(["--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [msgspec.json.decode(line)["benchmark"] for line in lines] == list(NAMES)


def test_a_missing_browser_is_a_message_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> Result:
        raise ComponentsError("Expected chromium to be installed", hint="apt-get install chromium")

    monkeypatch.setattr(mount, "measure", missing)

    assert main(["mount"]) == 2
    assert "apt-get install chromium" in capsys.readouterr().err


# what is printed ---------------------------------------------------------------------------------


def test_json_has_a_row_a_case_and_no_ratio_to_nothing() -> None:
    assert as_json("mount", RESULT) == {
        "benchmark": "mount",
        "rows": [
            {"case": "p50", "ours": 0.6, "limit": 0.4, "ratio": 1.5, "unit": "ms"},
            {
                "case": "requests on a second visit",
                "ours": 0,
                "limit": 0,
                "ratio": None,
                "unit": "requests",
            },
        ],
    }


def test_the_table_is_aligned_and_says_how_many_samples_it_rests_on() -> None:
    assert table(RESULT).splitlines() == [
        "case                         ours  limit  ratio  unit",
        "-----------------------------------------------------",
        "p50                         0.600  0.400   1.50  ms",
        "requests on a second visit      0      0      -  requests",
        "",
        "40 samples",
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(0.12345, "0.123"), (12.345, "12.3"), (12345.6, "12,346"), (2, "2")]
)
def test_numbers_have_three_digits_that_count(value: float, text: str) -> None:
    assert number(value) == text


# statistics --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("samples", "share", "expected"),
    [([7], 0.95, 7), ([3, 1, 2], 0.5, 2), ([1, 2, 3, 4], 0.5, 2.5), (range(101), 0.95, 95)],
)
def test_quantiles_are_interpolated_whatever_the_order(
    samples: Sequence[float], share: float, expected: float
) -> None:
    assert quantile(samples, share) == expected


def test_a_median_row_ignores_a_sample_that_something_else_disturbed() -> None:
    row = median_row("case", [3, 3, 90], [2, 2, 1], "ms")
    assert (row.ours, row.limit, row.ratio) == (3, 2, 1.5)


def test_round_trip_rows_are_quantiles_and_the_servers_cpu_by_trip() -> None:
    ours = Samples([1.0] * 99 + [50.0], server_ms=100 * TRIPS * 0.2)
    limit = Samples([0.5] * 100, server_ms=100 * TRIPS * 0.1)

    assert [(row.case, row.ratio) for row in round_trip.rows(ours, limit)] == [
        ("p50", 2.0),
        ("p95", 2.0),
        ("server CPU per round trip", pytest.approx(2.0)),
    ]


def test_mount_has_all_measures_for_each_count_and_visit() -> None:
    ours = {(1, "cold"): [Visit(90.0, 50.0, 1, 900)], (50, "cold"): [Visit(9.0, 5.0, 2, 30)]}
    limit = {key: [Visit(3.0, 2.5, 1, 10)] for key in ours}
    made = mount.rows(ours, limit)

    assert len(made) == 2 * len(MEASURED)
    assert made[0] == Row("1 component, cold: time to ready", 90.0, 3.0, "ms")
    assert made[5] == Row("50 components, cold: browser CPU", 5.0, 2.5, "ms")


def test_hostile_tells_what_is_felt_beside_hostile_siblings_by_what_is_felt_alone() -> None:
    beside = hostile.Samples(trips=[2.0, 3.0, 4.0], delays=[1.0, 9.0, 5.0])
    alone = hostile.Samples(trips=[2.0], delays=[2.5])

    assert [(row.case, row.ratio) for row in hostile.rows("firefox", beside, alone)] == [
        ("firefox: round trip p50", 1.5),
        ("firefox: round trip p95", pytest.approx(1.95)),
        ("firefox: input delay p50", 2.0),
        ("firefox: input delay p95", pytest.approx(3.44)),
    ]


# CPU and servers ---------------------------------------------------------------------------------


def test_the_cpu_of_a_process_and_of_all_below_it_is_what_the_kernel_counts() -> None:
    spin = "import time\nwhile time.process_time() < 0.2: pass"
    before = tree_cpu_seconds(os.getpid())
    subprocess.run([sys.executable, "-c", spin], check=True)

    assert 0.15 < tree_cpu_seconds(os.getpid()) - before < 5
    assert cpu_seconds(os.getpid()) == pytest.approx(time.process_time(), abs=0.1)


@pytest.mark.parametrize(
    "module",
    ["benchmarks.bare", "benchmarks.mount", "benchmarks.round_trip", "benchmarks.hostile"],
)
def test_a_server_starts_in_a_process_of_its_own_and_ends_with_the_block(module: str) -> None:
    with benchmarks.served(module) as server:
        assert server.url.startswith("http://localhost:")
        assert server.cpu() > 0
        assert server.answers() == []
        pid = server._pid
    assert not os.path.exists(f"/proc/{pid}")


def test_the_limit_has_the_same_pages_as_ours() -> None:
    with benchmarks.served("benchmarks.bare") as server:
        for path in [*mount.build().pages, *round_trip.build().pages]:
            with urllib.request.urlopen(server.url + path[1:]) as answer:
                assert b"iframe" in answer.read()
        request = urllib.request.Request(server.url + "frame-1", headers={"Host": "bare.localhost"})
        with urllib.request.urlopen(request) as answer:
            assert len(answer.read()) < server.answers()[0] < 2_000
