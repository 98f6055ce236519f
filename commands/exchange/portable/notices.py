"""Penalty notices as their source states them: those that are new or stated otherwise."""

from dataclasses import replace
from datetime import date

from commands.exchange.portable.rows import NoticeRow
from commands.exchange.portable.stated import NOTICE, of
from commands.exchange.portable.work import Work
from ledger.events import streams
from ledger.events.families import NoticeStated
from ledger.formats import fields
from ledger.formats.portable import FILES, NOTICES

_DATES = ("issued_on", "offence_first", "offence_last", "received_on", "paid_on", "withdrawn_on",
          "outcome_on")  # fmt: skip
_AFTER_ISSUE = ("received_on", "paid_on", "withdrawn_on", "outcome_on")
Key = tuple[str, str, date, date | None]
"""Stream, kind, first day and beginning of the offence: what makes two rows one notice."""


def record(work: Work) -> None:
    """Record each notice that is new or differs from what was stated last.

    Nothing here asks whether a notice should have been issued: it was.
    """
    held = {_key(s, n): n for s, found in work.school.notices.items() for n in found}
    seen: set[Key] = set()
    for row in work.content.notices.rows:
        pupil = work.pupil(NOTICES, row.line, row.upn)
        known = work.parent_known(NOTICES, row.line, row.parent_id)
        if not _in_order(work, row) or pupil is None or not known:
            continue
        stream = streams.notices(row.parent_id, pupil.id)
        key = _key(stream, row)
        voice = work.voices.notice(stream, key[1:])
        notice = _event(work, row, held.get(key))
        notice = replace(notice, **work.stands(NOTICES, row.line, voice, of(notice, NOTICE)))
        if key in seen:
            what = f"the notice of {row.issued_on} to {row.parent_id} for {row.upn}"
            work.problems.refuse(NOTICES, row.line, fields.twice(what))
        elif key not in held or _says(held[key]) != _says(notice):
            work.record("notices", stream, notice)
        seen.add(key)
    if work.content.notices.has:
        left = held.keys() - seen
        work.missing("notices", (work.voices.notice(key[0], key[1:]) for key in left))


def _key(stream: str, notice: NoticeStated | NoticeRow) -> Key:
    return stream, notice.kind, notice.issued_on, notice.offence_first


def _says(notice: NoticeStated) -> list[object]:
    return [getattr(notice, name) for name in NOTICE]


def _in_order(work: Work, row: NoticeRow) -> bool:
    pairs = [("offence_first", "offence_last"), *(("issued_on", name) for name in _AFTER_ISSUE)]
    checks = [
        *(fields.reversed_dates(getattr(row, a), getattr(row, b), (a, b)) for a, b in pairs),
        *(fields.future_day(getattr(row, name), work.today, name) for name in _DATES),
        fields.future_instant(row.stated, work.now, "recorded_on"),
    ]
    return work.check(NOTICES, row.line, checks)


def _event(work: Work, row: NoticeRow, held: NoticeStated | None) -> NoticeStated:
    """Return what a row states; a column that is not in the file leaves what is held."""
    stated = NoticeStated(
        **{name: getattr(row, name) for name in (*NOTICE, "stated")}, row=row.line
    )
    absent = set(FILES[NOTICES].optional) - work.content.notices.has - {"recorded_on"}
    return replace(stated, **{name: getattr(held, name) for name in absent}) if held else stated
