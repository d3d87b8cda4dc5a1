"""The CSV profile: what it says of a file, and that nothing else of the file reaches Python."""

from pathlib import Path

import pytest

from components_sdk.session import Call, Session

from ..conftest import Show, Shown
from . import ColumnProfile, CsvProfile, Profile

MARKER = "only-in-a-cell"
WILD = (
    "\ufeffname;weight;born;note\r\n"
    f'"{MARKER};\r\n""quoted""";1,5;2020-02-29;\r\n'
    "plain;-2;2021-01-01;NA\r\n"
    "\r\n"
    'z"z;10;2021-01-01;\r\n'
    "short;3,5\r\n"
)
PROFILE = Profile(
    rows=4,
    ragged=1,
    columns=[
        ColumnProfile("name", "text", 0, 4, None, None, None),
        ColumnProfile("weight", "number", 0, 4, -2, 3.25, 10),
        ColumnProfile("born", "date", 1, 2, None, None, None),
        ColumnProfile("note", "empty", 4, 0, None, None, None),
    ],
)
DROP = """text => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], "dropped.csv"));
  const event = new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
  document.querySelector("#drop").dispatchEvent(event);
}"""

pytestmark = pytest.mark.browser


def test_only_the_summary_reaches_python_and_only_when_it_is_shared(
    show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    received: list[bytes] = []
    receive = Session.receive

    def recorded(session: Session, data: bytes) -> list[Call]:
        received.append(data)
        return receive(session, data)

    monkeypatch.setattr(Session, "receive", recorded)
    shown = show(CsvProfile, {})
    choose(shown, tmp_path, WILD.encode())
    assert shown.frame.text("#facts").startswith("4 rows, 4 columns; 1 row with")
    assert MARKER not in shown.frame.text("#result")
    assert received == [], "nothing before the user says so"

    shown.press(*["Tab"] * 4, "Enter")  # the file, the first row, the table, Share
    assert shown.value() == PROFILE
    assert b"weight" in received[0]
    assert not any(MARKER.encode() in data for data in received)
    rows = shown.app.ledger.rows()
    assert [(row.what, row.type) for row in rows if row.direction == "to app"] == [
        ("value", "Profile | None")
    ]
    assert MARKER not in repr(rows)
    assert shown.nameless() == []


def test_a_first_row_without_names_is_data_unless_the_user_says_otherwise(
    show: Show, tmp_path: Path
) -> None:
    shown = show(CsvProfile, {})
    choose(shown, tmp_path, b"red\t1\nblue\t2\n")
    assert shown.frame.text("td") == "Column 1"
    assert shown.frame.text("#facts") == "2 rows, 2 columns"
    shown.frame.click(".names input")
    shown.frame.wait_for("() => document.querySelector('td').innerText === 'red'")
    assert shown.frame.text("#facts") == "1 row, 2 columns"
    assert shown.frame.evaluate("() => document.activeElement.type") == "checkbox"


def test_a_large_file_is_read_in_pieces_while_the_frame_answers(show: Show, tmp_path: Path) -> None:
    cell = '"' + 'line\r\n""x"" ' * 40 + '"'
    rows = 4_000  # 2 MB: every piece ends inside a quoted cell, some inside a pair of quotes
    shown = show(CsvProfile, {})
    choose(shown, tmp_path, ("id,text\r\n" + f"1,{cell}\r\n" * rows).encode())
    assert shown.frame.text("#facts") == f"{rows:,} rows, 2 columns"
    shown.frame.click(".share button")
    assert shown.value() == Profile(
        rows=rows,
        ragged=0,
        columns=[
            ColumnProfile("id", "number", 0, 1, 1, 1, 1),
            ColumnProfile("text", "text", 0, 1, None, None, None),
        ],
    )
    assert shown.tab.count(".card") == 0


def test_what_is_no_csv_is_said_kindly_and_takes_the_summary_back(
    show: Show, tmp_path: Path
) -> None:
    shown = show(CsvProfile, {})
    shown.frame.evaluate(DROP, "a,b\nx,1\n")
    shown.frame.wait_for("() => document.querySelectorAll('tbody tr').length === 2")
    shown.settle()
    shown.frame.click(".share button")
    assert shown.value().rows == 1
    for data, sentence in (
        (b"", "This file is empty."),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "This is no text in UTF-8."),
        (b'a,b\n"x,1\ny,2\n', "A quoted cell in row 2 never ends."),
        (b"a," * 1001, "A row has more than 1000 cells."),
    ):
        upload(shown, tmp_path, data)
        shown.frame.wait_for(
            "s => document.querySelector('[role=alert]').innerText.startsWith(s)", sentence
        )
        assert shown.frame.evaluate("() => document.querySelector('#result').hidden")
    assert shown.value() is None
    assert shown.values.empty()


def choose(shown: Shown, folder: Path, data: bytes) -> None:
    """Pick a file and wait for its profile."""
    upload(shown, folder, data)
    shown.frame.wait_for("() => !document.querySelector('#result').hidden")
    shown.settle()


def upload(shown: Shown, folder: Path, data: bytes) -> None:
    file = folder / f"{len(list(folder.iterdir()))}.csv"
    file.write_bytes(data)
    shown.frame.upload("input[type=file]", file)
