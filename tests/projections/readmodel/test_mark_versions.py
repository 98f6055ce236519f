"""Versions of marks in their table: whatever the portions they are written in, the same rows."""

import random
from contextlib import closing
from itertools import groupby

import pytest

from ledger.events.register import MarkAmended, MarkCorrected, SessionMarked, SourceRestated
from projections.readmodel import mark_versions, tables
from projections.readmodel.mark_versions import CHANGES, MarkVersions
from projections.readmodel.recent import Marks
from projections.readmodel.records.all_records import RECORDS

SESSIONS = ("2025-09-08/AM", "2025-09-08/PM", "2026-01-05/AM")


def _entry(rng, stated):
    more = rng.choice([{}, {}, {"late": True}, {"minutes_late": 5}, {"nature": "n"},
                       {"comment": "c"}, {"reason": "r"}])  # fmt: skip
    return SessionMarked(
        code=rng.choice("/NL"), by=rng.choice(["s1", None]), stated=stated, **more
    )


def _change(rng, stated):
    kind = rng.choice([MarkCorrected, MarkAmended, SourceRestated])
    more = {"name": "Mrs Register", "job_title": "Officer"} if kind is MarkAmended else {}
    return kind(code="I", original="N", reason="ill", by="s1", stated=stated, **more)


def _history(seed):
    """Yield position, pupil, session, event, whether imported, and time of a few marks."""
    rng, marked = random.Random(seed), set()  # noqa: S311 - to draw examples again
    for position in range(1, 60):
        pupil, session = rng.randrange(3), rng.choice(SESSIONS)
        imported = rng.random() < 0.5
        stated = rng.choice([None, 7, position]) if imported else rng.choice([None, None, 3])
        event = (_change if (pupil, session) in marked else _entry)(rng, stated)
        marked.add((pupil, session))
        yield position, pupil, session, event, imported, (stated or 0) if imported else position


def _written(history, flushes):
    with closing(tables.in_memory()) as db:
        tables.create(db, RECORDS)
        versions = MarkVersions(db)
        for (kind, imported), run in groupby(history, lambda each: (type(each[3]), each[4])):
            positions, pupils, sessions, events, _, times = zip(*run, strict=True)
            marks = Marks(positions, pupils, sessions, [e.code for e in events], times)
            take = versions.change if kind in CHANGES else versions.enter
            take(marks, events, imported=imported)
            if flushes():
                versions.flush()
        versions.flush()
        return db.execute("SELECT * FROM marks ORDER BY kf").fetchall()


def _by_hand(history):
    """The rows, walked one by one: each ends the one before, at no earlier time."""
    rows, chains = [], {}
    for position, pupil, session, e, imported, time in history:
        chain = chains.setdefault((pupil, session), [])
        sf = max(time, chain[-1]["sf"]) if chain else time
        if chain:
            chain[-1] |= {"kt": position, "st": sf}
        kind = CHANGES.get(type(e)) or ("late_entry" if e.late else "entry")
        row = {
            "pupil": pupil, "session": session, "kind": kind, "code": e.code, "by": e.by,
            "stated": e.stated, "imported": imported, "kf": position, "kt": None, "sf": sf,
            "st": None, "replaced": getattr(e, "original", None), "reason": e.reason,
            "minutes_late": e.minutes_late, "nature": e.nature,
            "comment": getattr(e, "comment", None), "name": getattr(e, "name", None),
            "job_title": getattr(e, "job_title", None), "version": len(chain),
        }  # fmt: skip
        chain.append(row)
        rows.append(row)
    return rows


@pytest.mark.parametrize("seed", range(30))
def test_rows_are_the_same_in_whatever_portions_they_are_written(seed):
    """All at once, one run after the other, or now and then; each as walked by hand."""
    history, rng = list(_history(seed)), random.Random(seed)  # noqa: S311 - as above
    whole = _written(history, lambda: False)
    assert (
        whole == _written(history, lambda: True) == _written(history, lambda: rng.random() < 0.3)
    )
    fields = mark_versions.Mark.__struct_fields__
    found = [dict(zip(fields, row, strict=True)) for row in whole]
    for row, expected in zip(found, _by_hand(history), strict=True):
        version = expected.pop("version")
        assert row["id"] % mark_versions.VERSIONS == version
        assert {name: row[name] for name in expected} == expected


def test_what_waits_is_written_once_it_is_much(monkeypatch):
    """Entries and changes count alike."""
    with closing(tables.in_memory()) as db:
        tables.create(db, RECORDS)
        versions = MarkVersions(db)
        marks = Marks([1], [0], SESSIONS[:1], ["N"], [5])
        versions.enter(marks, [SessionMarked(code="N", by="s1")], imported=False)
        versions.settle()
        number = "SELECT count(*) FROM marks"
        assert db.execute(number).fetchone() == (0,)
        monkeypatch.setattr(mark_versions, "_AT_ONCE", 1)
        versions.settle()
        assert db.execute(number).fetchone() == (1,)
        versions.change(marks, [MarkCorrected(code="L", original="N")], imported=False)
        versions.settle()
        assert db.execute(number).fetchone() == (2,)
