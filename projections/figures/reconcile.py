"""Totals of another system against ours, pupil by pupil, and what may lie behind a difference."""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from ledger.errors import Refused
from ledger.formats.sheet import Records, delimiter
from policies.packs.codes import CodeRule
from projections.queries.columns import Column, Listing
from projections.queries.people import Person
from projections.queries.question import Answer, Question, Selection, argument, option
from projections.queries.rectangle import Flags, cells
from projections.queries.selection import CountedCells, count_cells
from projections.queries.tally import LATE_APART, Tally, late_codes
from projections.queries.versions import Describer
from projections.queries.view import View
from projections.readmodel.accessors.marks import versions_on

KEY = "upn"
FIGURES = ("possible", "attended", "authorised", "unauthorised", "late")
LEFT_OUT = "-"
_NUMBER = re.compile(r"[0-9]{1,9}")
_OTHERS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_WORDS = {
    "only_here": "not in the file: another school's roll there, or left out of it",
    "only_there": "not counted here: not on roll in these dates, not asked about, or another UPN",
    "amended": "marks changed or entered late{since}",
    "provisional": "sessions whose reason is not yet known here",
    "missing": "sessions without a mark here (outside possible sessions)",
    "cancelled": "sessions cancelled (not possible here)",
    "undated": "marks that state no time (it is not known whether the file saw them)",
    "legacy": "marks with a code that has ended or changed its meaning since",
    "joined": "joined in these dates",
    "left": "left in these dates",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """The figures of one pupil on both sides, none where the pupil is not on one.

    ``causes``: what may lie behind a difference, with how many sessions each concerns.
    """

    upn: str
    person: Person | None
    ours: Mapping[str, int] | None
    theirs: Mapping[str, int] | None
    causes: Mapping[str, int]

    @property
    def difference(self) -> dict[str, int]:
        """Ours less theirs, of the figures that differ."""
        ours, theirs = self.ours or {}, self.theirs or {}
        return {n: ours[n] - theirs[n] for n in ours if n in theirs and ours[n] != theirs[n]}

    @property
    def kind(self) -> str:
        """Whether the pupil is on one side only, and if on both, whether the figures agree."""
        if self.ours is None or self.theirs is None:
            return "only_there" if self.ours is None else "only_here"
        return "differ" if self.difference else "agree"


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Every pupil of both sides, by UPN; ``figures``: those that the file holds."""

    figures: Sequence[str]
    pupils: Sequence[Compared]


@dataclass(frozen=True, kw_only=True)
class ReconcileDfe(Selection, Question[Comparisons]):
    """attendance reconcile dfe: totals of another system against ours, pupil by pupil.

    Where a file of totals (the national tool's, or a register system's) differs, and why.

    Ask for the dates that the file is about: --from and --on.
    """

    file: Path = argument("CSV with one line a pupil: upn, possible, attended, …", metavar="FILE")
    map_: tuple[str, ...] = option(
        "COLUMN=NAME: what a column of the file holds (upn, possible, attended, authorised, "
        "unauthorised, late; - for nothing); may be repeated",
        (),
    )
    since: date | None = option("the day the file was made: look for marks changed after it")

    def find(self, view: View) -> Comparisons:
        """Compare the figures of each pupil, and find what may lie behind a difference."""
        theirs = read_totals(self.file, self.map_)
        here = count_cells(self, view)
        why = _causes(view, here, self.since)
        pupils = sorted(_pupils(view, here.pupils(), theirs, why), key=lambda each: each.upn)
        return Comparisons(theirs.columns, pupils)

    def present(self, found: Comparisons) -> Answer:
        """Show one row a pupil whose figures differ, or who is on one side only."""
        kinds = Counter(pupil.kind for pupil in found.pupils)
        listing = Listing(_columns(self.since), [p for p in found.pupils if p.kind != "agree"])
        total = {"compared": kinds["agree"] + kinds["differ"]}
        total |= {kind: kinds[kind] for kind in ("agree", "differ", "only_here", "only_there")}
        title = (
            f"{self.file.name}: {total['compared']} pupils compared, {total['agree']} agree, "
            f"{total['differ']} differ; {total['only_here']} only here, "
            f"{total['only_there']} only in the file"
        )
        notes = [f"Compared: {', '.join(found.figures)}, over the dates below.", _LIKELY]
        fields = {
            "file": self.file.name,
            "figures": found.figures,
            "since": self.since,
            "rows": listing,
            "total": total,
        }
        return Answer(fields, blocks=[listing.grid(title, notes=notes)])

    def unknown(self) -> Answer:
        """Return no row; a file that cannot be read is refused all the same."""
        read_totals(self.file, self.map_)
        return Answer({"rows": Listing(_columns(self.since), [])})


_LIKELY = "Causes are likely ones, from what is recorded here; those whose number fits come first."


# -- the file of another system, read or refused -------------------------------------------


@dataclass(frozen=True, slots=True)
class OtherTotals:
    """What a file says: figures by UPN, and which figures it holds at all."""

    columns: tuple[str, ...]
    rows: Mapping[str, Mapping[str, int]]


def read_totals(path: Path, mapped: Sequence[str]) -> OtherTotals:
    """Read a file; ``mapped``: ``COLUMN=NAME``, NAME one of ours or ``-`` to pass it over."""
    names = _names(mapped)
    records = Records(io.StringIO(_text(path), newline=""))
    lines = iter(records)
    try:
        heading = next(lines, None)
        if not heading:
            raise _refusal("file-empty", path.name, "holds no line", "export the totals again")
        places = _places(path, heading, names)
        return OtherTotals(
            tuple(name for name in FIGURES if name in places),
            dict(_rows_of_file(path, lines, places, len(heading))),
        )
    except csv.Error as error:
        at, what = f"{path.name}:{records.end}", f"is no CSV: {error}"
        raise _refusal("csv-invalid", at, what, "export the totals as CSV again") from error


def _refusal(code: str, at: str, what: str, remedy: str) -> Refused:
    return Refused(code, f"{at}: {what}", remedy)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise _refusal("file-unreadable", path.name, what, "check the path") from error
    except UnicodeDecodeError as error:
        remedy = "export it, or save it from the program, as UTF-8"
        raise _refusal("encoding", path.name, "is not UTF-8", remedy) from error


def _names(mapped: Sequence[str]) -> dict[str, str]:
    """Return which of our names each of their columns has."""
    names = {name: name for name in (KEY, *FIGURES)}
    said: dict[str, str] = {}
    for pair in mapped:
        column, equals, name = pair.rpartition("=")
        if not equals or name not in (KEY, *FIGURES, LEFT_OUT):
            raise Refused(
                "map-unknown",
                f"--map {pair!r} does not say which of our figures a column holds",
                f"write COLUMN=NAME, NAME one of {', '.join((KEY, *FIGURES))}, "
                f"or {LEFT_OUT} to pass the column over",
            )
        if name != LEFT_OUT and said.setdefault(name, column) != column:
            raise Refused(
                "map-twice",
                f"--map says that both {said[name]!r} and {column!r} hold {name}",
                f"keep the one that does, and pass the other over with --map COLUMN={LEFT_OUT}",
            )
        names = {theirs: ours for theirs, ours in names.items() if ours != name or name == "-"}
        names[column] = name
    return names


def _places(path: Path, heading: list[str], names: Mapping[str, str]) -> dict[str, int]:
    """Return the place of each of our names in a line."""
    at = f"{path.name}:1"
    titles = [title.strip() for title in heading]
    if found := delimiter(titles):
        what = f"is separated by {_OTHERS[found]}"
        raise _refusal("delimiter", at, what, "export it with commas between")
    unknown = [title for title in titles if _ours(title, names) is None]
    if unknown:
        what = f"unknown columns: {', '.join(map(repr, unknown))}"
        remedy = f"say what they hold with --map COLUMN=NAME, or --map COLUMN={LEFT_OUT}"
        raise _refusal("column-unknown", at, what, remedy)
    ours = [_ours(title, names) for title in titles]
    twice = sorted({name for name in ours if name != LEFT_OUT and ours.count(name) > 1 and name})
    if twice:
        raise _refusal(
            "column-twice", at, f"{twice[0]} is there twice", "leave one out with --map"
        )
    if KEY not in ours or not set(FIGURES) & set(ours):
        what = f"a column for {KEY} and one for any of {', '.join(FIGURES)} are needed"
        raise _refusal("column-missing", at, what, "name them with --map COLUMN=NAME")
    return {name: n for n, name in enumerate(ours) if name and name != LEFT_OUT}


def _ours(title: str, names: Mapping[str, str]) -> str | None:
    return names.get(title) or names.get(title.lower())


def _rows_of_file(
    path: Path, lines: Iterator[list[str]], places: Mapping[str, int], width: int
) -> Iterator[tuple[str, dict[str, int]]]:
    seen: set[str] = set()
    for number, line in enumerate(lines, start=2):
        at = f"{path.name}:{number}"
        if not any(line):
            continue
        if len(line) != width:
            what = f"has {len(line)} fields, the heading {width}"
            raise _refusal("field-count", at, what, "export the totals again")
        upn = line[places[KEY]].strip()
        if not upn or upn in seen:
            what = f"{upn} is there twice" if upn else "no UPN is given"
            raise _refusal("upn-twice" if upn else "upn-missing", at, what, "correct the file")
        seen.add(upn)
        yield upn, dict(_figures_of_line(at, line, places))


def _figures_of_line(
    at: str, line: list[str], places: Mapping[str, int]
) -> Iterator[tuple[str, int]]:
    for name in FIGURES:
        text = line[places[name]].strip() if name in places else ""
        if text and not _NUMBER.fullmatch(text):
            what = f"{name} is {text!r}"
            raise _refusal("not-a-number", at, what, "write a whole number of sessions")
        if text:
            yield name, int(text)


# -- what may lie behind a difference: counts of facts -------------------------------------


Causes = Mapping[str, Mapping[int, int]]
"""What may explain a difference: in how many sessions of each pupil, by row number."""


def _causes(view: View, here: CountedCells, since: date | None) -> Causes:
    """Return the causes in the range of a view; ``since``: only marks changed after that day."""
    whole, codes, first, last = here.counter.whole, view.rules.codes, view.first, view.on

    def of_sort(wanted: Callable[[CodeRule], bool]) -> Mapping[int, int]:
        return of_cells(cells(whole, codes, wanted))

    def of_cells(flags: Flags) -> Mapping[int, int]:
        return dict(enumerate((flags & here.chosen).sum(axis=1).tolist()))

    return {
        "amended": _amendments_by_pupil(view, since),
        "provisional": of_sort(lambda rule: rule.provisional),
        "missing": of_cells(whole.counted & (whole.codes == 0)),
        "cancelled": of_cells(whole.cancelled & whole.on_roll),
        "undated": of_cells(whole.undated & whole.counted),
        "legacy": of_sort(lambda rule: rule.until is not None),
        "joined": {s.pupil: 1 for s in view.spells if first < s.first <= last},
        "left": {s.pupil: 1 for s in view.spells if s.last and first <= s.last < last},
    }


def _amendments_by_pupil(view: View, since: date | None) -> Mapping[int, int]:
    """Count the sessions of each pupil with a version beyond the first entry on time."""
    describer, touched = Describer(view), set()
    for version in versions_on(view, view.first, view.on):
        if version.kind in ("entry", "plan", "taking"):
            continue
        changed = describer.changed_on(version)
        if since is None or changed is None or changed > since:
            touched.add((version.pupil, version.session))
    return Counter(pupil for pupil, _ in touched)


# -- rows ----------------------------------------------------------------------------------


def _pupils(
    view: View, ours: Mapping[int, Tally], theirs: OtherTotals, why: Causes
) -> Iterator[Compared]:
    known = set()
    for pupil, tally in ours.items():
        person = view.people[pupil]
        known.add(person.upn)
        stated = theirs.rows.get(person.upn)
        apart = LATE_APART if "late" in theirs.columns else ()
        mine = {name: getattr(tally, name) for name in (*theirs.columns, *apart)}
        causes = {"only_here": 1} if stated is None else {}
        causes |= {name: by[pupil] for name, by in why.items() if by.get(pupil)}
        found = Compared(person.upn, person, mine, stated, causes)
        # Those whose number is the size of a difference come first.
        sizes = {abs(number) for number in found.difference.values()}
        fitting = sorted(found.causes.items(), key=lambda cause: cause[1] not in sizes)
        yield replace(found, causes=dict(fitting))
    for upn, stated in theirs.rows.items():
        if upn not in known:
            yield Compared(upn, None, None, stated, {"only_there": 1})


def _columns(since: date | None) -> tuple[Column[Compared], ...]:
    def figure(side: str, name: str) -> Column[Compared]:
        return Column(
            f"{side}_{name}", value=lambda row: (getattr(row, side) or {}).get(name), json=False
        )

    return (
        Column("upn", "UPN"),
        Column("name", "Pupil", lambda row: row.person.name if row.person else ""),
        Column("ours", csv=False),
        Column("theirs", csv=False),
        Column("difference", csv=False),
        *(figure(side, name) for name in FIGURES for side in ("ours", "theirs", "difference")),
        Column("", "Here against file", text=_figures),
        Column("causes", "Likely cause", text=lambda row: _in_words(row.causes, since)),
    )


def _figures(row: Compared) -> str:
    ours, theirs = row.ours or {}, row.theirs or {}
    if not row.difference:
        named = [name for name in FIGURES if name in (ours or theirs)]
        return ", ".join(_figure(name, ours or theirs) for name in named)
    return ", ".join(
        f"{_figure(name, ours)} against {theirs[name]} ({by:+d})"
        for name, by in row.difference.items()
    )


def _figure(name: str, side: Mapping[str, int]) -> str:
    """Write a figure; lateness of ours by code, which a file that has both together does not."""
    apart = [number for part in LATE_APART if (number := side.get(part)) is not None]
    by_code = ", ".join(f"{code} {n}" for code, n in zip(late_codes(), apart, strict=False))
    return f"{name} {side[name]}" + (f" ({by_code})" if name == "late" and apart else "")


def _in_words(found: Mapping[str, int], since: date | None) -> str:
    """Return causes as a sentence, or that none is recorded here."""
    if not found:
        return "nothing recorded here explains it: compare session by session"
    after = f" after {since}" if since else ""
    return "; ".join(_phrase(name, number).format(since=after) for name, number in found.items())


def _phrase(name: str, number: int) -> str:
    alone = name in ("only_here", "only_there", "joined", "left")
    return _WORDS[name] if alone else f"{_WORDS[name]}: {number}"
