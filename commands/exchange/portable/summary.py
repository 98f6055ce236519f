"""What an import tells whoever asked for it, in a few lines."""

from collections.abc import Mapping

from commands.exchange.portable.work import Work
from ledger.formats.portable import (
    AMENDMENTS,
    GROUPS,
    MARKS,
    NOTICES,
    PARENTS,
    PUPILS,
    RELATIONS,
    SCHOOL,
    STAFF,
)
from ledger.formats.sheet import SHOWN, Problems

_PASSED_OVER = ("rows without a mark", "rows where no entry is due")
_DIFFERING = {AMENDMENTS: "amendments", MARKS: "marks"}
_AMENDED_HERE = {
    SCHOOL: "parts of school.toml",
    STAFF: "members of staff",
    PUPILS: "pupils",
    GROUPS: "memberships",
    PARENTS: "parents",
    RELATIONS: "relations",
    NOTICES: "notices",
}
"""What a person here may amend, and a source then state otherwise."""
_PLACES = 3
"""How many of the rows that differ are named."""
_ONE = {
    "spells on roll": "spell on roll",
    "corrections during taking": "correction during taking",
    "marks restated": "mark restated",
    "conflicts with what a person did here": "conflict with what a person did here",
    "conflicts settled": "conflict settled",
    "details amended": "detail amended",
    "rows without a mark": "row without a mark",
    "rows where no entry is due": "row where no entry is due",
    "late entries": "late entry",
    "entries": "entry",
    "register times": "set of register times",
    "staff": "member of staff",
    "members of staff": "member of staff",
    "parts of school.toml": "part of school.toml",
}
"""One of what is counted, where it is not the plural without its last letter."""
_MANY = {"register times": "sets of register times", "staff": "members of staff"}


def counts(work: Work) -> dict[str, int]:
    """Return what is recorded, passed over, gone and different, counted by kind."""
    gone = {f"gone: {name}": count for name, count in work.gone.items() if count}
    names = _DIFFERING | _AMENDED_HERE
    differs = {f"differs: {names[file]}": len(rows) for file, rows in work.differs.items()}
    return {name: count for name, count in work.counts.items() if count} | gone | differs


def _recorded_counts(work: Work) -> dict[str, int]:
    """Return what is recorded, counted by kind."""
    return {n: c for n, c in work.counts.items() if c and n not in _PASSED_OVER}


def says(work: Work, *, dry_run: bool) -> tuple[str, ...]:
    """Return what is recorded, passed over, different, gone, and found."""
    lines = [_recorded_line(work, dry_run=dry_run)]
    if passed := {n: work.counts[n] for n in _PASSED_OVER if work.counts[n]}:
        lines.append(f"passed over: {_list_of(passed)}")
    if listed := _differing(work, _DIFFERING):
        lines.append(f"differs from what is held, kept as first stated: {listed}")
    if listed := _differing(work, _AMENDED_HERE):
        lines.append(f"differs from what was amended here, which stands: {listed}")
    if gone := {name: count for name, count in work.gone.items() if count}:
        lines.append(
            f"in the ledger, but no longer in the folder (nothing was changed): {_list_of(gone)}"
        )
    lines += [f"{name} is no file of the portable format: passed over"
              for name in work.content.other]  # fmt: skip
    return (*lines, *work.notes, *_findings(work.problems, dry_run=dry_run))


def _recorded_line(work: Work, *, dry_run: bool) -> str:
    found, would = _recorded_counts(work), "would be" if dry_run else "was"
    if found:
        return f"{'would be recorded' if dry_run else 'recorded'}: {_list_of(found)}"
    if work.differs:
        return f"nothing {would} recorded"
    return f"the ledger already holds all of this; nothing {would} recorded"


def _differing(work: Work, names: Mapping[str, str]) -> str:
    return ", ".join(
        f"{_count(len(work.differs[file]), name)} ({_places(file, work.differs[file])})"
        for file, name in names.items()
        if file in work.differs
    )


def _places(file: str, lines: list[int]) -> str:
    shown = [f"{file}:{line}" for line in sorted(lines)[:_PLACES]]
    return ", ".join([*shown, *(["…"] if len(lines) > _PLACES else [])])


def _findings(problems: Problems, *, dry_run: bool) -> list[str]:
    found = problems.findings
    if not found:
        return []
    more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    shown = [f"  {problem.file}:{problem.line}: {problem.what}" for problem in found[:SHOWN]]
    would = "would be recorded" if dry_run else "recorded"
    return [f"{would} as stated, with {_count(len(found), 'findings')}:", *shown, *more]


def _list_of(counts: Mapping[str, int]) -> str:
    return ", ".join(_count(count, name) for name, count in counts.items())


def _count(count: int, name: str) -> str:
    """Return a count with its name, which is a plural, in the number that fits."""
    if count != 1:
        return f"{count:,} {_MANY.get(name, name)}"
    return f"1 {_ONE.get(name, name.removesuffix('s'))}"
