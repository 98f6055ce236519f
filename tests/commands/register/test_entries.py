"""A register as a file: what is read, and how each fault of the file is told."""

import io
from pathlib import Path

import pytest

from commands.register.entries import RegisterRefused, Row, read_rows
from ledger.errors import Problem, Refused

STDIN = io.TextIOWrapper(io.BytesIO(b"upn,code\nP1,/\n"), encoding="utf-8")


def problem(file: Path | str) -> Problem:
    """Return the one problem of a file."""
    with pytest.raises(RegisterRefused) as caught:
        read_rows(str(file), STDIN)
    [found] = caught.value.problems
    return found


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "7A.csv"
    path.write_bytes(content)
    return path


def test_rows_keep_their_line_numbers(tmp_path):
    """Blank lines are passed over, columns may come in any order, blanks around are cut."""
    path = written(tmp_path, b"\xef\xbb\xbfcode,upn,nature\r\n/ , P1,\r\n\r\n,,\r\nB,P2,trip\r\n")
    assert read_rows(str(path), STDIN) == (Row(2, "P1", "/"), Row(5, "P2", "B", "", "trip"))


def test_short_line_means_blank_cells(tmp_path):
    """A line may end early."""
    assert read_rows(str(written(tmp_path, b"upn,code\nP1\n")), STDIN) == (Row(2, "P1"),)


def test_dash_means_stdin():
    """A file named - is the text given on stdin."""
    assert read_rows("-", STDIN) == (Row(2, "P1", "/"),)


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        (b"", 0, "is empty"),
        (b" \n", 0, "is empty"),
        (b"upn;code\nP1;/\n", 1, "is separated by semicolons"),
        (b"upn,code\n\xff\n", 0, "is not UTF-8"),
        (b"upn,code,colour\n", 1, "unknown column 'colour'"),
        (b"upn,code,code\n", 1, "column code is there twice"),
        (b"upn\n", 1, "there is no column code"),
        (b"upn,code\nP1,/,5\n", 2, "3 cells under 2 columns"),
        (b'upn,code\nP1,"/\n', 2, "unexpected end of data"),
    ],
)
def test_fault_is_told_with_its_place(tmp_path, content, line, what):
    """File, line and what is wrong."""
    found = problem(written(tmp_path, content))
    assert (found.file, found.line, found.what) == ("7A.csv", line, what)


def test_folder_is_refused(tmp_path):
    """A folder is no register."""
    assert problem(tmp_path).what == "is a folder"


def test_missing_file_is_refused(tmp_path):
    """The file has to be there."""
    assert problem(tmp_path / "none.csv").what == "there is no such file"


def test_file_that_cannot_be_read_is_refused(tmp_path, monkeypatch):
    """What the disk refuses is an answer too."""

    def fail(_: Path) -> bytes:
        raise PermissionError

    path = written(tmp_path, b"upn,code\n")
    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(Refused):
        read_rows(str(path), STDIN)
