"""What the tables keep of each event, beyond what the questions above show."""

from contextlib import closing
from datetime import date

import pytest

from ledger.events import calendar, casework, penalties, register, roll, school, streams
from ledger.events.casework import CaseworkStepTaken
from ledger.events.log import ImportCompleted
from ledger.events.penalties import NoticeStated
from ledger.events.register import RegisterTaken
from ledger.events.registry import EVENTS
from ledger.events.roll import (
    EnrolmentWithdrawn,
    GroupLeft,
    ParentRecorded,
    PupilRemoved,
    RelationRecorded,
)
from ledger.events.school import StaffLeft
from ledger.sealing.keys import KeyRing, is_sealed
from ledger.store.facts import Fact
from ledger.values import Session
from projections.readmodel import catch_up, models
from projections.readmodel.mark_versions import CHANGES
from projections.readmodel.records.all_records import RECORDS
from projections.readmodel.tables import ALWAYS, STANDS, open_tables
from tests.projections.ledgers import instant

AT = instant(2025, 9, 8, 9)


def stands(book, columns, table, position=None):
    head = catch_up.catch_up(book.folder)
    where = STANDS if "kf" in columns_of(table) else "1"
    with closing(open_tables(book.folder)) as db:
        return db.execute(
            f"SELECT {columns} FROM {table} WHERE {where} ORDER BY 1",  # noqa: S608
            {"p": head if position is None else position, "t": ALWAYS},
        ).fetchall()


def columns_of(table):
    return next(r for r in RECORDS if r.TABLE.name == table).__struct_fields__


@pytest.mark.parametrize("subject", [calendar, casework, penalties, register, roll, school])
def test_every_fact_of_a_subject_has_a_place_in_the_read_models(subject):
    """An event that no model takes would be recorded and never seen."""
    facts = {c for c in EVENTS.values() if c.__module__ == subject.__name__}
    assert facts
    assert facts <= {*models.HANDLERS, register.SessionMarked, *CHANGES}


def test_a_parent_their_relation_and_their_notices_are_kept(school):
    """Sealed what is personal, as dates what are dates; the newest statement stands."""
    parent = ParentRecorded(surname="Able", forename="Pat", email="p@example.org")
    relation = RelationRecorded(
        relationship="mother", lives_with="yes", contact_order=1, since=date(2020, 1, 1)
    )
    stated = {"kind": "s444A", "issued_on": date(2025, 9, 1), "row": 2}
    school.add(
        AT,
        Fact(streams.parent("p1"), parent),
        Fact(streams.relation("p1", "ann"), relation),
        Fact(streams.notices("p1", "ann"), NoticeStated(**stated)),
        Fact(streams.notices("p1", "ann"), NoticeStated(
            **stated, paid_on=date(2025, 9, 5), sessions=("2025-06-02/AM", "2025-06-02/PM"))),
        imported=True,
    )  # fmt: skip
    ((surname, phone),) = stands(school, "surname, phone", "parents")
    assert is_sealed(surname)
    assert phone is None
    assert stands(school, "parent, pupil, lives_with, contact_order, since", "relations") == [
        ("p1", 0, "yes", 1, "2020-01-01")
    ]
    assert stands(school, "parent, issued_on, paid_on, sessions", "notices") == [
        ("p1", "2025-09-01", "2025-09-05", "2025-06-02/AM\n2025-06-02/PM")
    ]


def test_casework_is_kept_step_by_step(school):
    """Two steps on one day are two rows."""
    step = CaseworkStepTaken(step="call", on=date(2025, 9, 8), by="s1", notes="spoke")
    school.add(AT, *[Fact(streams.casework("ann"), step)] * 2)
    found = stands(school, "pupil, on_date, by, step, notes", "casework")
    assert [row[:3] for row in found] == [(0, "2025-09-08", "s1")] * 2
    assert all(is_sealed(text) for row in found for text in row[3:])


def test_a_member_of_staff_who_left_keeps_title_and_roles(school):
    """Only the last day changes."""
    school.add(AT, Fact(streams.staff("s1"), StaffLeft(since=None, until=date(2025, 12, 19))))
    found = stands(school, "staff, until, job_title", "staff")
    assert [row[:2] for row in found] == [("s1", "2025-12-19"), ("s2", "2025-09-30")]
    with closing(KeyRing(school.folder.keys, to_write=False)) as ring:
        assert [ring.open(title) for *_, title in found] == ["Officer", "Teacher"]


def test_a_register_taken_and_an_import_are_kept(school):
    """Who took it and when it ended; which format, how many findings."""
    taken = RegisterTaken(by="s1", ended=AT, marks=2)
    completed = ImportCompleted(format="portable", counts={"marks": 3})
    stream = streams.register("9A", Session(date(2025, 9, 8), "AM"))
    school.add(AT, Fact(stream, taken), Fact(streams.IMPORTS, completed))
    assert stands(school, "session, grp, by, ended, marks", "registers_taken") == [
        ("2025-09-08/AM", "9A", "s1", AT, 2)
    ]
    assert stands(school, "format, findings", "imports") == [("portable", 0)]


def test_the_end_of_a_spell_or_membership_replaces_its_version(school):
    """One row stands for each, with its last day; a withdrawn spell leaves none."""
    starts_on = date(2025, 9, 3)
    removed = PupilRemoved(starts_on=starts_on, leaves_on=date(2025, 10, 24), ground="g")
    parted = GroupLeft(kind="registration", name="9A", since=None, until=date(2025, 10, 24))
    head = school.add(AT, Fact(streams.pupil("bob"), removed), Fact(streams.pupil("bob"), parted))
    assert (1, "2025-09-03", "2025-10-24", "g", 0) in stands(
        school, "pupil, starts_on, leaves_on, ground, boarder", "roll"
    )
    assert (1, "9A", "2025-10-24") in stands(school, "pupil, name, until", "memberships")
    withdrawn = EnrolmentWithdrawn(
        starts_on=starts_on, reason="twice", by="s1", name="N", job_title="T"
    )
    school.add(AT, Fact(streams.pupil("bob"), withdrawn))
    assert [row[0] for row in stands(school, "pupil", "roll")] == [0, 2]
    assert [row[0] for row in stands(school, "pupil", "roll", head)] == [0, 1, 2]
