"""Rows of one fact are its versions, each with the time at which its source recorded it."""

from datetime import date

import pytest

from commands.calendar.closures import AddClosure, WithdrawClosure
from tests.commands.exchange.portable.conftest import ADA

FIRST, LATER = "2026-11-12T10:00:00Z", "2026-11-13T10:00:00Z"
THIRD = "2026-11-14T10:00:00Z"
MEMBER = f"{ADA},cohort,EAL,2026-11-02"
GROUPS = "upn,kind,name,from,to,recorded_on"


@pytest.fixture
def versions(changed):
    """Return a function that adds rows with ``recorded_on`` to a file of the example school."""

    def write(file: str, *rows: str):
        folder = changed()
        header, *lines = (folder / file).read_text("utf-8").splitlines()
        given = [f"{header},recorded_on", *(f"{line}," for line in lines), *rows]
        (folder / file).write_text("\n".join([*given, ""]), "utf-8", newline="")
        return folder

    return write


def test_a_membership_begins_and_ends_when_each_was_recorded(ledger, versions):
    """In the order of their times, whatever the order of the rows."""
    folder = versions("groups.csv", f"{MEMBER},2026-11-20,{LATER}", f"{MEMBER},,{FIRST}")
    assert ledger.brought(folder).found["GroupLeft"] == 1
    assert ledger.brought(folder).found == {}
    [left] = ledger.states("GroupLeft")
    assert (left["until"], left["row"]) == ("2026-11-20", 23)


def test_what_follows_the_version_held_is_recorded(ledger, versions, changed):
    """Not what came before it."""
    folder = versions("groups.csv", f"{MEMBER},,{FIRST}")
    ledger.bring(folder)
    rows = [f"{MEMBER},,{FIRST}", f"{MEMBER},2026-11-20,{LATER}", f"{MEMBER},2026-11-27,{THIRD}"]
    changed("groups.csv", (f"{MEMBER},,{FIRST}\n", "\n".join([*rows, ""])))
    ledger.once(folder, GroupLeft=2)


def test_a_membership_taken_back_ends_the_day_before_it_began(ledger, versions):
    """Only where it was recorded before it was taken back."""
    folder = versions("groups.csv", f"{MEMBER},,{FIRST}", f"{MEMBER},2026-11-01,{LATER}")
    assert ledger.brought(folder).found["GroupLeft"] == 1


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ((f"{MEMBER},2026-11-01,{FIRST}",), "dates-reversed"),
        ((f"{MEMBER},,{FIRST}", f"{MEMBER},2026-10-30,{LATER}"), "dates-reversed"),
        ((f"{MEMBER},,{FIRST}", f"{MEMBER},2026-11-20,{FIRST}"), "twice"),
    ],
    ids=["ended before it began", "two days before", "one time twice"],
)
def test_versions_that_cannot_be_are_refused(ledger, versions, rows, code):
    """As one row would be."""
    assert ledger.codes(versions("groups.csv", *rows)) == [code]


def test_a_spell_ends_when_that_was_recorded(ledger, versions, changed):
    """The leaver's row, and the one before it."""
    folder = changed()
    lines = (folder / "pupils.csv").read_text("utf-8").splitlines()
    [ada] = [line for line in lines if line.startswith(ADA)]
    ended = ada.replace(",2024-09-02,,,", ",2024-09-02,2026-11-20,a,")
    changed("pupils.csv", less=(ADA,))
    changed("marks.csv", less=(f"{ADA},2026-11-2",))
    folder = versions("pupils.csv", f"{ada},{FIRST}", f"{ended},{LATER}")
    assert ledger.brought(folder).found["PupilRemoved"] == 2
    assert ledger.brought(folder).found == {}


def test_a_notice_is_restated_version_by_version(ledger, versions):
    """Issued, then paid: each known from its own time."""
    notice = f"P01,{ADA},s444A,2026-11-10,2026-10-05,2026-10-09,,{{}},,,"
    folder = versions(
        "notices.csv", f"{notice.format('')},{FIRST}", f"{notice.format('2026-11-13')},{LATER}"
    )
    assert ledger.brought(folder).found["NoticeStated"] == 4
    assert ledger.brought(folder).found == {}


def test_a_relation_is_stated_version_by_version(ledger, versions):
    """From one day on; another first day is another row, as ever."""
    relation = f"P03,{ADA},aunt,{{}},,,,,,"
    folder = versions(
        "relations.csv", f"{relation.format('no')},{FIRST}", f"{relation.format('yes')},{LATER}"
    )
    assert ledger.brought(folder).found["RelationRecorded"] == 6
    assert ledger.brought(folder).found == {}


CLOSED = """
[[closed]]
date = 2026-12-09
reason = "Poll"
recorded_on = 2026-11-12T10:00:00Z
withdrawn_on = 2026-11-13T10:00:00Z
"""
POLL = date(2026, 12, 9)


def test_a_closure_that_was_withdrawn_was_once(ledger, changed):
    """Recorded and taken back, a half day each; closed again it stands."""
    found = ledger.brought(changed("school.toml", more=CLOSED)).found
    assert (found["SessionsClosed"], found["ClosureWithdrawn"]) == (4, 2)
    assert ledger.brought(changed()).found == {}
    ledger.once(
        changed("school.toml", ("withdrawn_on = 2026-11-13T10:00:00Z\n", "")), SessionsClosed=1
    )


def test_a_closure_held_is_withdrawn_when_its_source_says_so(known, changed):
    """What stands as it was stated was taken back since."""
    known.bring(changed("school.toml", more=CLOSED.rpartition("withdrawn")[0]))
    changed(
        "school.toml",
        (
            "recorded_on = 2026-11-12T10:00:00Z\n",
            "",
        ),
    )
    changed("school.toml", more="withdrawn_on = 2026-11-13T10:00:00Z\n")
    assert known.brought(changed()).found == {"ClosureWithdrawn": 2}


def test_a_closure_of_ours_is_not_withdrawn_by_a_source(known, changed):
    """Closed here, and closed here again after it was withdrawn here."""
    head = known.by("H01")
    for command in (
        AddClosure(day=POLL, reason="Poll"), WithdrawClosure(day=POLL, reason="No"),
        AddClosure(day=POLL, reason="Poll"),
    ):  # fmt: skip
        head.do(command)
    assert known.brought(changed("school.toml", more=CLOSED)).found == {}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("2026-11-13T10:00:00Z", "true", "key-type"),
        ("2026-11-13T10:00:00Z", "2026-11-11T10:00:00Z", "times-reversed"),
    ],
)
def test_a_withdrawal_that_cannot_be_is_refused(ledger, changed, old, new, code):
    """No time, or one before the closure."""
    assert ledger.codes(changed("school.toml", more=CLOSED.replace(old, new))) == [code]
