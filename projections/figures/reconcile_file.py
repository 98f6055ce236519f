"""Totals for each pupil as another system counts them, read from a CSV file or refused."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import Refused

KEY = "upn"
FIGURES = ("possible", "attended", "authorised", "unauthorised", "late")
PASSED_OVER = "-"
_NUMBER = re.compile(r"[0-9]{1,9}")
_OTHERS = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, slots=True)
class Theirs:
    """What a file says: figures by UPN, and which figures it holds at all."""

    columns: tuple[str, ...]
    rows: Mapping[str, Mapping[str, int]]


def read(path: Path, mapped: Sequence[str]) -> Theirs:
    """Read a file; ``mapped``: ``COLUMN=NAME``, NAME one of ours or ``-`` to pass it over."""
    names = _names(mapped)
    lines = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        heading = next(lines, None)
        if not heading:
            raise _refused("file-empty", path.name, "holds no line", "export the totals again")
        places = _places(path, heading, names)
        return Theirs(
            tuple(name for name in FIGURES if name in places),
            dict(_rows(path, lines, (places, len(heading)))),
        )
    except csv.Error as error:
        at = f"{path.name}:{lines.line_num}"
        raise _refused(
            "csv-invalid", at, f"is no CSV: {error}", "export the totals as CSV again"
        ) from error


def _refused(code: str, at: str, what: str, remedy: str) -> Refused:
    return Refused(code, f"{at}: {what}", remedy)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise _refused(
            "file-unreadable", path.name, f"cannot be read: {error.strerror}", "check the path"
        ) from error
    except UnicodeDecodeError as error:
        raise _refused(
            "encoding",
            path.name,
            "is not UTF-8",
            "export it, or save it from the program, as UTF-8",
        ) from error


def _names(mapped: Sequence[str]) -> dict[str, str]:
    """Return which of our names each of their columns has."""
    names = {name: name for name in (KEY, *FIGURES)}
    said: dict[str, str] = {}
    for pair in mapped:
        column, equals, name = pair.rpartition("=")
        if not equals or name not in (KEY, *FIGURES, PASSED_OVER):
            raise Refused(
                "map-unknown",
                f"--map {pair!r} does not say which of our figures a column holds",
                f"write COLUMN=NAME, NAME one of {', '.join((KEY, *FIGURES))}, "
                f"or {PASSED_OVER} to pass the column over",
            )
        if name != PASSED_OVER and said.setdefault(name, column) != column:
            raise Refused(
                "map-twice",
                f"--map says that both {said[name]!r} and {column!r} hold {name}",
                f"keep the one that does, and pass the other over with --map COLUMN={PASSED_OVER}",
            )
        names = {theirs: ours for theirs, ours in names.items() if ours != name or name == "-"}
        names[column] = name
    return names


def _places(path: Path, heading: list[str], names: Mapping[str, str]) -> dict[str, int]:
    """Return the place of each of our names in a line."""
    at = f"{path.name}:1"
    titles = [title.strip() for title in heading]
    if len(titles) == 1 and (found := [w for mark, w in _OTHERS.items() if mark in titles[0]]):
        raise _refused(
            "delimiter", at, f"is separated by {found[0]}", "export it with commas between"
        )
    unknown = [title for title in titles if _ours(title, names) is None]
    if unknown:
        what = f"unknown columns: {', '.join(map(repr, unknown))}"
        remedy = f"say what they hold with --map COLUMN=NAME, or --map COLUMN={PASSED_OVER}"
        raise _refused("column-unknown", at, what, remedy)
    ours = [_ours(title, names) for title in titles]
    twice = sorted(
        {name for name in ours if name != PASSED_OVER and ours.count(name) > 1 and name}
    )
    if twice:
        raise _refused(
            "column-twice", at, f"{twice[0]} is there twice", "leave one out with --map"
        )
    if KEY not in ours or not set(FIGURES) & set(ours):
        what = f"a column for {KEY} and one for any of {', '.join(FIGURES)} are needed"
        raise _refused("column-missing", at, what, "name them with --map COLUMN=NAME")
    return {name: n for n, name in enumerate(ours) if name and name != PASSED_OVER}


def _ours(title: str, names: Mapping[str, str]) -> str | None:
    return names.get(title) or names.get(title.lower())


def _rows(
    path: Path, lines: Iterator[list[str]], shape: tuple[Mapping[str, int], int]
) -> Iterator[tuple[str, dict[str, int]]]:
    places, width = shape
    seen: set[str] = set()
    for number, line in enumerate(lines, start=2):
        at = f"{path.name}:{number}"
        if not any(line):
            continue
        if len(line) != width:
            what = f"has {len(line)} fields, the heading {width}"
            raise _refused("field-count", at, what, "export the totals again")
        upn = line[places[KEY]].strip()
        if not upn or upn in seen:
            what = f"{upn} is there twice" if upn else "no UPN is given"
            raise _refused("upn-twice" if upn else "upn-missing", at, what, "correct the file")
        seen.add(upn)
        yield upn, dict(_figures(at, line, places))


def _figures(at: str, line: list[str], places: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    for name in FIGURES:
        text = line[places[name]].strip() if name in places else ""
        if not text:
            continue
        if not _NUMBER.fullmatch(text):
            raise _refused(
                "not-a-number", at, f"{name} is {text!r}", "write a whole number of sessions"
            )
        yield name, int(text)
