"""The admission register: pupils, their spells on roll and their groups, new or changed."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import partial
from itertools import groupby, pairwise
from typing import Any, cast

from msgspec.structs import replace

from commands.exchange.portable import corrections
from commands.exchange.portable.decided import CorrectionRow
from commands.exchange.portable.rows import GroupRow, PupilRow, event_of
from commands.exchange.portable.voices import SPELL_DETAILS, attributes, differing
from commands.exchange.portable.work import Work, in_time, is_again, not_held
from commands.roll import remove
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.roll import (
    DETAILS,
    Detail,
    DetailsAmended,
    GroupJoined,
    GroupLeft,
    PupilEnrolled,
    PupilRemoved,
)
from ledger.formats import fields
from ledger.formats.portable import CORRECTIONS, GROUPS, PUPILS
from ledger.names import alike
from ledger.state.school import Membership, Pupil, Spell
from policies.law import age


def record_pupils(work: Work) -> None:
    """Record the pupils who are new, new and ended spells, and details that differ."""
    spells: dict[str, list[PupilRow]] = defaultdict(list)
    for row in work.content.pupils.rows:
        spells[row.upn].append(row)
    owners: dict[str, PupilRow] = {}
    for rows in spells.values():
        rows.sort(key=lambda row: (row.starts_on, row.stated or 0))
        if fault := _not_theirs(rows, owners):
            work.problems.refuse(PUPILS, fault[0].line, fault[1])
        elif _spells_in_order(work, rows):
            _record_pupil(work, rows)
    left = work.school.pupils.keys() - set(work.pupils.values())
    work.missing("pupils", ((streams.pupil(pupil_id), "details") for pupil_id in left))


def _not_theirs(
    rows: list[PupilRow], owners: dict[str, PupilRow]
) -> tuple[PupilRow, Refused] | None:
    """Return the row whose UPN or local id is another pupil's; ``owners``: of the local ids."""
    first = min(rows, key=lambda row: row.line)
    for row in rows:
        same_name = (row.surname, row.forename) == (first.surname, first.forename)
        if row.dob != first.dob or not (same_name or row.local_id == first.local_id):
            return row, Refused(
                "upn-shared",
                f"UPN {row.upn} is on line {first.line} for somebody else",
                "correct one of the two UPNs, or the date of birth",
            )
    for row in rows:
        owner = owners.setdefault(row.local_id, row) if row.local_id else row
        if owner.upn != row.upn:
            return row, Refused(
                "local-id-shared",
                f"local id {row.local_id!r} is on line {owner.line} for {owner.upn}",
                "give each pupil their own",
            )
    return None


def _spells_in_order(work: Work, rows: list[PupilRow]) -> bool:
    in_order = [work.check(PUPILS, row.line, _faults(work, row)) for row in rows]
    for row, following in pairwise(rows):
        if row.starts_on == following.starts_on and row.stated != following.stated:
            continue  # two versions of one spell
        if row.leaves_on is None or following.starts_on <= row.leaves_on:
            overlap = Refused(
                "spells-overlap",
                "this spell on roll begins before the one "
                f"from {row.starts_on} on line {row.line} ends",
                "correct starts_on or leaves_on",
            )
            in_order.append(work.check(PUPILS, following.line, [overlap]))
    for row in rows:
        if row.leaves_on is not None and (why := remove.ground_fault(row.ground, row.leaves_on)):
            work.problems.find(PUPILS, row.line, why)
    return all(in_order)


def _faults(work: Work, row: PupilRow) -> Iterator[Refused | None]:
    yield fields.reversed_dates(row.starts_on, row.leaves_on, ("starts_on", "leaves_on"))
    yield fields.reversed_dates(row.dob, row.starts_on, ("dob", "starts_on"))
    yield fields.future_day(row.dob, work.today, "dob")
    try:
        age.begins(row.dob)
        age.ends(age.birth_cohort(row.dob))
    except Refused as why:
        yield why


def _record_pupil(work: Work, rows: list[PupilRow]) -> None:
    pupil = _pupil_held(work, rows)
    if pupil is None:
        return
    known = pupil.id in work.school.pupils
    if known:
        rows = _standing(work, pupil, [*_new_versions(pupil, rows)])
        if not rows or not _fits(work, pupil, rows):
            return
    _find_exponent(work, pupil, rows[-1])
    amended = corrections.not_held_of(work, pupil, rows[-1].upn)
    if amended and not known:
        _record_steps(work, pupil, rows, amended)
        return
    for row in rows:
        _record_spell(work, pupil, row)
    if known:
        for correction in amended:
            corrections.record(work, pupil.id, correction)
        _amend_details(work, work.school.pupils[pupil.id], rows[-1])


def _record_steps(
    work: Work, pupil: Pupil, rows: list[PupilRow], amended: list[CorrectionRow]
) -> None:
    """Record a new pupil's spells and what was amended of the entry, each when it was known.

    The entry begins as it was before the first amendment of each detail.
    """
    before = {row.field: row.original for row in reversed(amended) if row.field in DETAILS}
    first, *later = in_time(rows)
    _record_spell(work, pupil, _as_of(work, CORRECTIONS, first, before))
    steps: list[PupilRow | CorrectionRow] = [*later, *amended]
    for step in in_time(steps):
        if isinstance(step, CorrectionRow):
            corrections.record(work, pupil.id, step)
        else:
            stands = work.school.pupils[pupil.id].details
            details = {name: work.text(stands[name]) for name in DETAILS}
            _record_spell(work, pupil, _as_of(work, PUPILS, step, details))


def _as_of(work: Work, file: str, row: PupilRow, details: Mapping[str, str | None]) -> PupilRow:
    """Return a row with the details as they were."""
    changes: dict[str, Any] = dict(details)
    if "dob" in changes:
        changes["dob"] = corrections.day_of(work, file, row.line, changes["dob"]) or row.dob
    return replace(row, **changes)


def _new_versions(pupil: Pupil, rows: list[PupilRow]) -> Iterator[PupilRow]:
    """Yield the versions of each spell from the one on that the ledger holds."""
    for starts_on, versions in groupby(rows, key=lambda row: row.starts_on):
        if held := pupil.spells.get(starts_on):
            yield from not_held([*versions], partial(_ends_as, held))
        else:
            yield from versions


def _ends_as(held: Spell, row: PupilRow) -> bool:
    return row.leaves_on == held.leaves_on


def _standing(work: Work, pupil: Pupil, rows: list[PupilRow]) -> list[PupilRow]:
    """Return the rows of spells that were not withdrawn here, each with what was amended here."""
    stream = streams.pupil(pupil.id)
    names = SPELL_DETAILS if "boarder" in work.content.pupils.has else SPELL_DETAILS[:-1]
    found = []
    for row in rows:
        spell = (stream, row.starts_on)
        if work.voices[spell].stands.get("on_roll") is False:
            continue
        said = {name: _text_of(row, name) for name in DETAILS}
        kept = work.stands(PUPILS, row.line, spell, attributes(row, names), {"leaves_on"})
        kept |= work.voices[stream, "details"].kept(said)
        if row is rows[-1]:
            work.stands(PUPILS, row.line, (stream, "details"), said)
        if "dob" in kept:
            kept["dob"] = date.fromisoformat(kept["dob"])
        found.append(replace(row, **kept))
    return found


def _pupil_held(work: Work, rows: list[PupilRow]) -> Pupil | None:
    """Return the ledger's pupil, by UPN, else by local id; a new one when there is none.

    None, and a refusal, when UPN and local id name different pupils.
    """
    newest = rows[-1]
    by_upn = work.pupil_id(newest.upn)
    by_local_id = work.pupil_id(newest.local_id) if newest.local_id else None
    other = by_local_id is not None and by_upn not in (None, by_local_id)
    if other or (by_upn is None and by_local_id and not _same_birth(work, by_local_id, newest)):
        why = Refused(
            "local-id-shared",
            f"local id {newest.local_id!r} names another pupil in the ledger than {newest.upn}",
            "correct the local id or the UPN",
        )
        work.problems.refuse(PUPILS, newest.line, why)
        return None
    pupil_id = by_upn or by_local_id or work.state.new_id()
    work.pupils[newest.upn] = pupil_id
    return work.school.pupils.get(pupil_id) or Pupil(pupil_id, 0, newest.dob, {})


def _same_birth(work: Work, pupil_id: str, row: PupilRow) -> bool:
    """Tell whether a local id alone can name a pupil: numbers of leavers are given again."""
    return work.text(work.school.pupils[pupil_id].details["dob"]) == row.dob.isoformat()


def _fits(work: Work, pupil: Pupil, rows: list[PupilRow]) -> bool:
    """Refuse a new spell that overlaps one which only the ledger holds."""
    stated = {row.starts_on for row in rows}
    others = [spell for since, spell in pupil.spells.items() if since not in stated]
    clashes = [
        (row, spell)
        for row in rows
        for spell in others
        if spell.starts_on <= (row.leaves_on or date.max)
        and row.starts_on <= (spell.leaves_on or date.max)
    ]
    for row, spell in clashes:
        why = Refused(
            "spells-overlap",
            f"the ledger holds a spell on roll from {spell.starts_on}, which this one overlaps",
            "correct starts_on, or withdraw the ledger's spell first",
        )
        work.problems.refuse(PUPILS, row.line, why)
    return not clashes


def _record_spell(work: Work, pupil: Pupil, row: PupilRow) -> None:
    known = work.school.pupils.get(pupil.id)
    held = known.spells.get(row.starts_on) if known else None
    boarder = row.boarder if held is None or "boarder" in work.content.pupils.has else held.boarder
    reopened = held is not None and held.leaves_on is not None and row.leaves_on is None
    if held is not None and known is not None:
        left = held.leaves_on if reopened else None
        work.amends((PUPILS, row.line), _who(row),
            {"boarder": boarder, "leaves_on": None}, {"boarder": held.boarder, "leaves_on": left},
        )  # fmt: skip
    if held is None or reopened or held.boarder != boarder:
        event = _enrolment(work, row, known, boarder=boarder)
        work.record("spells on roll", streams.pupil(pupil.id), event)
        held = Spell(row.starts_on)
    if row.leaves_on is not None:
        _record_leaving(work, pupil, held, row)


def _record_leaving(work: Work, pupil: Pupil, held: Spell, row: PupilRow) -> None:
    holds = {
        "leaves_on": held.leaves_on,
        "leaving_ground": held.ground,
        "next_school": work.text(held.next_school),
    }
    stated = {
        "leaves_on": row.leaves_on,
        "leaving_ground": row.ground or held.ground,
        "next_school": row.next_school or holds["next_school"],
    }
    if not differing(stated, holds):
        return
    if held.leaves_on is not None:
        work.amends((PUPILS, row.line), _who(row), stated, holds)
    work.record("leavers", streams.pupil(pupil.id), event_of(PupilRemoved, row))


def _who(row: PupilRow) -> str:
    return f"{row.forename} {row.surname} ({row.upn})"


def _enrolment(work: Work, row: PupilRow, known: Pupil | None, *, boarder: bool) -> PupilEnrolled:
    """Return the event of a spell; details that its row leaves out are those known."""
    details: dict[str, Any] = {
        name: _text_of(row, name) or (work.text(known.details[name]) if known else None)
        for name in DETAILS
    }
    return event_of(PupilEnrolled, row, **details, **corrections.birth(row.dob), boarder=boarder)


def _text_of(row: PupilRow, name: str) -> str | None:
    return row.dob.isoformat() if name == "dob" else getattr(row, name)


def _amend_details(work: Work, pupil: Pupil, row: PupilRow) -> None:
    """Record each detail that the newest row states otherwise; an empty cell states nothing."""
    for name in DETAILS:
        stated, stands = _text_of(row, name), work.text(pupil.details[name])
        if stated is None or alike(stated, stands):
            continue
        if name == "local_id" and stands is not None and (why := _digits_lost(stated, stands)):
            work.problems.find(PUPILS, row.line, why)
        hidden = ("address",) if _is_confidential(work, pupil) else ()
        work.amends((PUPILS, row.line), _who(row), {name: stated}, {name: stands}, hidden)
        event = DetailsAmended(
            field=cast("Detail", name),
            original=stands,
            amended=stated,
            stated=row.stated,
            row=row.line,
            **(corrections.birth(row.dob) if name == "dob" else {}),
        )
        work.record("details of pupils amended", streams.pupil(pupil.id), event)


def _is_confidential(work: Work, pupil: Pupil) -> bool:
    """Tell whether the address of somebody who belongs to a pupil may not be shown."""
    theirs = (
        work.school.parents.get(p) for p, child in work.school.relations if child == pupil.id
    )
    return any(each is not None and each.address_confidential == "yes" for each in theirs)


# A spreadsheet drops the zeros at the front of a number, and writes a long one as 1.00E+05.

_EXPONENT = re.compile(r"\d+(\.\d+)?[Ee]\+?\d+")


def _digits_lost(stated: str, stands: str) -> Refused | None:
    """Return the finding that a local id differs by zeros at its front only."""
    if stated.lstrip("0") != stands.lstrip("0") or len(stated) > len(stands):
        return None
    return Refused(
        "local-id-zeros",
        f"local id {stated!r} is {stands!r} in the ledger: it seems to have lost its zeros",
        f"write {stands!r}; a spreadsheet keeps it whole in a column of text",
    )


def _find_exponent(work: Work, pupil: Pupil, row: PupilRow) -> None:
    """Find a local id that a spreadsheet has made a number of, unless the ledger holds it so."""
    local_id = row.local_id or ""
    held = work.text(pupil.details.get("local_id"))
    if _EXPONENT.fullmatch(local_id) and local_id != held:
        why = Refused(
            "local-id-exponent",
            f"local id {local_id!r} is a number as a spreadsheet shortens it",
            "write the id whole; a spreadsheet keeps it whole in a column of text",
        )
        work.problems.find(PUPILS, row.line, why)


# Memberships of year groups, registration groups and cohorts that are new or differ.


def record_groups(work: Work) -> None:
    """Record each membership that begins, ends or goes on anew."""
    stated: dict[tuple[str, Membership], list[GroupRow]] = defaultdict(list)
    for row in work.content.groups.rows:
        pupil = work.pupil(GROUPS, row.line, row.upn)
        if pupil is None:
            continue
        versions = stated[streams.pupil(pupil.id), (row.kind, row.name, row.since)]
        what = f"that {row.upn} belongs to {row.name} from {row.since or 'the beginning'}"
        again = fields.twice(what) if is_again(row, versions) else None
        if work.check(GROUPS, row.line, [again]):
            versions.append(row)
    for record, rows in stated.items():
        _record_membership(work, record, in_time(rows))
    if work.content.groups.has:
        held = {
            (streams.pupil(p.id), m) for p in work.school.pupils.values() for m in p.memberships
        }
        work.missing("memberships", held - stated.keys())


def _record_membership(work: Work, record: tuple[str, Membership], rows: list[GroupRow]) -> None:
    """Record the versions that are new: it begins, has a last day, has another or none."""
    stream, membership = record
    memberships = work.school.pupils[streams.parts(stream)[1]].memberships
    in_order = [_dates_in_order(work, row, first=row is rows[0]) for row in rows]
    if not all(in_order):
        return
    if membership in memberships:
        rows = not_held(rows, lambda row: row.until == memberships[membership])
    for version in rows:
        row = work.standing(GROUPS, version, record, ("until",), {"until"})
        held = membership in memberships
        if not held or memberships[membership] != row.until:
            if held and memberships[membership] is not None:
                _tell_membership(work, row, memberships[membership])
            left = held and row.until is not None
            work.record("memberships", stream, event_of(GroupLeft if left else GroupJoined, row))


def _tell_membership(work: Work, row: GroupRow, held: date | None) -> None:
    who = f"{row.upn} in {row.name}"
    work.amends((GROUPS, row.line), who, {"to": row.until}, {"to": held})


def _dates_in_order(work: Work, row: GroupRow, *, first: bool) -> bool:
    """Refuse dates that are reversed, but for a last day the day before the first.

    Said later than the membership itself, it takes it back: nobody was ever a member.
    """
    taken_back = not first and row.since and row.until == row.since - timedelta(days=1)
    dates = fields.reversed_dates(row.since, row.until, ("from", "to"))
    return work.check(GROUPS, row.line, [None if taken_back else dates])
