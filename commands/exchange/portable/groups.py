"""Memberships of year groups, registration groups and cohorts that are new or differ."""

from itertools import starmap

from commands.exchange.portable.rows import GroupRow
from commands.exchange.portable.stated import of
from commands.exchange.portable.work import Work, pupil_stream
from ledger.events.roll import GroupJoined, GroupLeft
from ledger.formats import fields
from ledger.formats.portable import GROUPS
from ledger.state.school import Membership, Pupil


def record(work: Work) -> None:
    """Record each membership that begins, ends or goes on anew."""
    seen: set[tuple[str, Membership]] = set()
    for row in work.content.groups.rows:
        pupil = work.pupil(GROUPS, row.line, row.upn)
        if pupil is None:
            continue
        membership = (row.kind, row.name, row.since)
        if _in_order(work, row, twice=(pupil.id, membership) in seen):
            _record(work, pupil, row, membership)
        seen.add((pupil.id, membership))
    if work.content.groups.has:
        held = {(p.id, each) for p in work.school.pupils.values() for each in p.memberships}
        work.missing("memberships", starmap(work.voices.membership, held - seen))


def _in_order(work: Work, row: GroupRow, *, twice: bool) -> bool:
    what = f"that {row.upn} belongs to {row.name} from {row.since or 'the beginning'}"
    dates = fields.reversed_dates(row.since, row.until, ("from", "to"))
    return work.check(GROUPS, row.line, [dates, fields.twice(what) if twice else None])


def _record(work: Work, pupil: Pupil, row: GroupRow, membership: Membership) -> None:
    voice = work.voices.membership(pupil.id, membership)
    row = row._replace(**work.stands(GROUPS, row.line, voice, of(row, ("until",)), {"until"}))
    held = pupil.memberships.get(membership)
    if membership in pupil.memberships and held == row.until:
        return
    if membership in pupil.memberships and row.until is not None:
        left = GroupLeft(
            kind=row.kind,
            name=row.name,
            since=row.since,
            until=row.until,
            stated=row.stated,
            row=row.line,
        )
        work.record("memberships", pupil_stream(pupil), left)
        return
    joined = GroupJoined(
        kind=row.kind,
        name=row.name,
        since=row.since,
        until=row.until,
        stated=row.stated,
        row=row.line,
    )
    work.record("memberships", pupil_stream(pupil), joined)
