"""The portable folder: school.toml and the tables of everything that is no mark."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

from commands.demo.synthetic.people import Membership, Parent, Pupil
from commands.demo.synthetic.settings import Setting, table, year_name
from commands.demo.synthetic.staff import Post
from commands.demo.synthetic.terms import Closure, SchoolYear
from ledger.values import HALVES

STAFF_COLUMNS = ("staff_id", "name", "job_title", "roles", "from", "to")
PUPIL_COLUMNS = (
    "upn", "local_id", "surname", "forename", "dob", "sex", "starts_on", "leaves_on",
    "leaving_ground", "name_used", "boarder", "address", "last_school", "next_school",
)  # fmt: skip
GROUP_COLUMNS = ("upn", "kind", "name", "from", "to")
PARENT_COLUMNS = (
    "parent_id", "title", "surname", "forename", "address", "phone", "email",
    "address_confidential",
)  # fmt: skip
RELATION_COLUMNS = (
    "parent_id", "upn", "relationship", "lives_with", "parental_responsibility", "contact_order",
    "no_contact",
)  # fmt: skip

Rows = Iterable[Sequence[str]]


def write_table(path: Path, columns: Sequence[str], rows: Rows) -> None:
    """Write a CSV file: UTF-8, LF, a header row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def write_lines(path: Path, columns: Sequence[str], lines: Iterable[str]) -> None:
    """Write a CSV file from lines that need no quoting, each with its line end."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(columns) + "\n")
        file.writelines(lines)


def staff_rows(posts: Iterable[Post]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of staff.csv."""
    for post in posts:
        yield (
            post.staff_id, post.name, post.job_title, post.roles, str(post.first), _day(post.last)
        )  # fmt: skip


def pupil_rows(pupils: Iterable[Pupil], setting: Setting) -> Iterator[tuple[str, ...]]:
    """Yield a row for each spell on roll that began by ``until``.

    A leaving date later than that is stated once it is known, some weeks before.
    """
    known = setting.until + timedelta(days=table("phases")["movement"]["notice_days"])
    for pupil in pupils:
        person = pupil.person
        for spell in pupil.spells:
            if spell.starts_on > setting.until:
                continue
            leaves = spell.leaves_on is not None and spell.leaves_on <= known
            ends = (_day(spell.leaves_on), spell.ground) if leaves else ("", "")
            yield (
                person.upn, person.local_id, person.surname, person.forename, str(person.dob),
                person.sex, str(spell.starts_on), *ends, person.name_used, "no",
                person.family.address, pupil.last_school, pupil.next_school if leaves else "",
            )  # fmt: skip


def group_rows(pupils: Iterable[Pupil], until: date) -> Iterator[tuple[str, ...]]:
    """Yield the memberships that began by ``until``; an end after it is not known yet."""
    for pupil in pupils:
        for group in pupil.memberships:
            if group.first <= until:
                yield (pupil.upn, group.kind, group.name, str(group.first), _end(group, until))


def _end(group: Membership, until: date) -> str:
    return _day(group.last) if group.last is not None and group.last <= until else ""


def parent_rows(pupils: Iterable[Pupil]) -> Iterator[tuple[str, ...]]:
    """Yield the contacts of the pupils' families, each once."""
    parents: dict[str, Parent] = {
        parent.parent_id: parent for pupil in pupils for parent in pupil.person.family.parents
    }
    for _, parent in sorted(parents.items()):
        yield (
            parent.parent_id, parent.title, parent.surname, parent.forename, parent.address,
            parent.phone, parent.email, _yes(said=parent.address_confidential),
        )  # fmt: skip


def relation_rows(pupils: Iterable[Pupil]) -> Iterator[tuple[str, ...]]:
    """Yield who is related to whom, and how."""
    for pupil in pupils:
        for parent in pupil.person.family.parents:
            yield (
                parent.parent_id, pupil.upn, parent.relationship, _yes(said=parent.lives_with),
                parent.responsibility, str(parent.contact_order), _yes(said=parent.no_contact),
            )  # fmt: skip


def school_toml(setting: Setting, years: Sequence[SchoolYear]) -> Iterator[str]:
    """Yield the lines of school.toml: the school, its registers, terms and closures."""
    yield "[school]"
    for key in ("urn", "name"):
        yield f'{key} = "{setting.school[key]}"'
    yield 'la_code = "999"'
    for key in ("estab", "type"):
        yield f'{key} = "{setting.school[key]}"'
    yield f'phase = "{setting.phase}"'
    yield from _register_toml(years[0].first)
    for year in years:
        for term in year.terms:
            yield from ("", "[[term]]", f'name = "{term.name}"')
            yield from (f"first = {term.first}", f"last = {term.last}")
    for year in years:
        for closure in year.closures:
            if not closure.cancelled or closure.day <= setting.until:
                yield from _closure_toml(closure)


def _register_toml(since: date) -> Iterator[str]:
    yield from ("", "[[register]]", f"from = {since}")
    for half, (opens, closes) in table("calendar")["school"]["register"].items():
        yield f"{half} = {{ opens = {opens}, closes = {closes} }}"


def _closure_toml(closure: Closure) -> Iterator[str]:
    yield from ("", "[[closed]]", f"date = {closure.day}")
    if closure.halves != HALVES:
        quoted = ", ".join(f'"{half}"' for half in closure.halves)
        yield f"sessions = [{quoted}]"
    if closure.year_group is not None:
        yield f'groups = ["{year_name(closure.year_group)}"]'
    yield f'kind = "{"cancelled" if closure.cancelled else "planned"}"'
    yield f'reason = "{closure.reason}"'


def _day(day: date | None) -> str:
    return "" if day is None else str(day)


def _yes(*, said: bool) -> str:
    return "yes" if said else "no"
