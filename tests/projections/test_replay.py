"""`replay`: a history change by change; figures around each step, held against `rates`."""

import shutil
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import streams
from ledger.errors import Refused
from ledger.events.amending import (
    AmendmentApproved,
    AmendmentDeclined,
    AmendmentRequested,
    RequestWithdrawn,
)
from ledger.events.calendar import SessionCancelled
from ledger.events.register import (
    AbsencePlanned,
    MarkAmended,
    MarkCorrected,
    PlanChanged,
    PlanWithdrawn,
    SourceRestated,
)
from ledger.events.roll import DetailsAmended
from ledger.folder import Folder
from ledger.store import Fact
from projections import penalties, rates, replay, text
from projections.penalties import Penalties
from projections.rates import Rates
from projections.replay import Replay
from projections.replay_figures import Counting
from projections.view import opened
from tests.projections.ledgers import Book, instant, marked, on_mark, weekdays

AT = instant(2025, 9, 8, 8)
HOUR = 3_600_000_000
MON = "2025-09-08"
ON = {"from_": date(2025, 9, 3), "on": date(2025, 9, 30)}
NAMED = {"by": "s1", "name": "Mrs Register", "job_title": "Officer"}
COUNTS = ("possible", "attended", "authorised", "unauthorised", "attendance")


def amended(was, became, reason="found out", **more):
    """An amendment by Mrs Register."""
    return MarkAmended(original=was, code=became, reason=reason, **NAMED | more)


def replayed(book, who="U-ann", **asked):
    """The answer of a replay."""
    return book.ask(replay, Replay(**ON | {"who": who} | asked))


def figures(book, upn="U-ann", **asked):
    """What `rates` and `penalties` say of a pupil."""
    rows = book.ask(rates, Rates(**ON | asked)).rows()
    found = [row for row in rows if row["upn"] == upn]
    listed = book.ask(penalties, Penalties(**{"on": ON["on"], "at_least": 1} | asked)).rows()
    peak = [row["peak"] for row in listed if row["upn"] == upn]
    counts = {name: found[0][name] if found else None for name in COUNTS}
    return counts | {"fullest_window": peak[0] if peak else 0}


@pytest.fixture
def every(school):
    """A pupil to whom every kind of change happened, in a known order."""
    asked = {"batch": "b1", "original": "I", "code": "O", "grounds": ("late",), "reason": "seen"}
    approval = streams.approval("ann", f"{MON}/AM")
    school.add(
        AT - 24 * HOUR,
        Fact(streams.plan("ann", f"{MON}/PM"), AbsencePlanned(code="C", by="s1")),
        Fact(streams.plan("ann", f"{MON}/PM"), PlanChanged(original="C", code="M", by="s1")),
        Fact(streams.plan("ann", f"{MON}/PM"), PlanWithdrawn(original="M", by="s1")),
    )
    school.add(AT, marked("ann", f"{MON}/AM", "N", by="s1"))
    school.add(AT + 1, on_mark("ann", f"{MON}/AM", MarkCorrected(original="N", code="L", by="s1")))
    school.add(AT + HOUR, marked("ann", f"{MON}/PM", "\\", late=True, by="s1", reason="forgot"))
    school.add(AT + 2 * HOUR, on_mark("ann", f"{MON}/AM", amended("L", "I")))
    request = Fact(approval, AmendmentRequested(**asked, **NAMED))
    school.add(AT + 3 * HOUR, request)
    declined = AmendmentDeclined(batch="b1", reason="no proof", by="s2", name="Mr Teacher",
                                 job_title="Teacher")  # fmt: skip
    school.add(AT + 4 * HOUR, Fact(approval, declined))
    school.add(AT + 5 * HOUR, request)
    school.add(AT + 6 * HOUR, Fact(approval, RequestWithdrawn(batch="b1", **NAMED)))
    school.add(AT + 7 * HOUR, request)
    school.add(
        AT + 24 * HOUR,
        Fact(approval, AmendmentApproved(batch="b1", **NAMED)),
        on_mark("ann", f"{MON}/AM", amended("I", "O", batch="b1")),
    )
    restated = SourceRestated(original="\\", code="/", stated=AT + 2 * HOUR)
    school.add(AT + 25 * HOUR, on_mark("ann", f"{MON}/PM", restated), imported=True, by=None)
    detail = DetailsAmended(field="surname", original="Able", amended="Abler", reason="marriage",
                            **NAMED)  # fmt: skip
    school.add(AT + 26 * HOUR, Fact(streams.pupil("ann"), detail))
    return school


def test_every_kind_of_change_is_told_in_its_own_words(every):
    """From the plan to the last approval, in the order in which it became known."""
    answer = replayed(every)
    said = [row[2] for row in answer.blocks[0].rows]
    assert said == [
        "absence planned",
        "plan changed",
        "plan withdrawn",
        "1 entry: 1 x N",
        "corrected during taking",
        "late entry",
        "amendment",
        "approval requested: O asked for",
        "approval declined: O asked for",
        "approval requested: O asked for",
        "request for approval withdrawn: O asked for",
        "approval requested: O asked for",
        "approval given: O asked for",
        "amendment",
        "restated by a source",
        "admission register, amendment: pupil's surname",
    ]
    assert answer.paged is True
    assert answer.blocks[0].title == "Ann Abler (U-ann): 15 changes"


def test_each_change_says_who_when_why_how_late_and_what_it_moved(every):
    """Name, title, how authenticated; school days after the session; figures around it."""
    answer = replayed(every)
    amendment = answer.blocks[0].rows[6]
    assert amendment == (
        "2025-09-08 11:00 BST", f"{MON}/AM", "amendment", "L", "I", "found out",
        "Mrs Register, Officer", "operating-system account; name as stated", "0",
        "attended 2 > 1; authorised 0 > 1; attendance 100.0 % > 50.0 %",
    )  # fmt: skip
    assert answer.blocks[0].rows[13][8:] == (
        "1", "authorised 1 > 0; unauthorised 0 > 1; fullest window 0 > 1",
    )  # fmt: skip
    assert answer.blocks[0].rows[15][9] == "no figure moved"
    row = answer.rows()[6]
    assert (row["before"]["attended"], row["after"]["attended"]) == (2, 1)
    assert row["by"]["authenticated"] == "operating-system account; name as stated"


def test_each_step_is_what_rates_and_penalties_say_at_its_position(every):
    """Exactly, at every step and at the head; a step begins where the one before ended."""
    rows = replayed(every, every=True).rows()
    assert rows[-1]["after"] == figures(every)
    assert all(one["after"] == two["before"] for one, two in pairwise(rows))
    for row in rows:
        assert row["after"] == figures(every, position=row["position"]), row["kind"]


def test_what_was_known_bounds_the_replay(every):
    """At 09:30 on the day there was an entry and its correction; by position likewise."""
    then = replayed(every, known_at="2025-09-08T09:30:00Z").rows()
    assert [row["kind"] for row in then[3:]] == ["entries", "taking", "late_entry"]
    position = then[3]["position"]
    assert replayed(every, position=position).rows() == then[:4]


def test_first_entries_are_one_row_a_week_unless_every_one_is_asked_for(school):
    """Ten entries of a week in a line; a change between them cuts the line."""
    days = weekdays(date(2025, 9, 8), date(2025, 9, 19))
    for day in days:
        school.add(instant(day.year, day.month, day.day, 8), marked("ann", f"{day}/AM", "/"),
                   marked("ann", f"{day}/PM", "\\"))  # fmt: skip
    rows = replayed(school).rows()
    assert [(r["entries"], r["first"], r["last"]) for r in rows] == [
        (10, "2025-09-08/AM", "2025-09-12/PM"), (10, "2025-09-15/AM", "2025-09-19/PM"),
    ]  # fmt: skip
    assert rows[0]["codes"] == {"/": 5, "\\": 5}
    assert (rows[0]["before"]["possible"], rows[0]["after"]["possible"]) == (0, 10)
    answer = replayed(school)
    assert answer.blocks[0].rows[0][1:3] == ("2025-09-08 to 12", "10 entries: 5 x /, 5 x \\")
    assert len(replayed(school, every=True).rows()) == 20
    assert [r["kind"] for r in replayed(school, every=True).rows()[:2]] == ["entry", "entry"]
    school.add(AT + 24 * 20 * HOUR, marked("ann", "2025-09-29/AM", "N"))
    school.add(AT + 24 * 22 * HOUR, on_mark("ann", "2025-09-29/AM", amended("N", "I")))
    asked = {"on": date(2025, 10, 3), "from_": date(2025, 9, 22)}
    school.add(AT + 24 * 23 * HOUR, marked("ann", "2025-10-01/AM", "/"))
    found = replayed(school, **asked)
    assert [r["kind"] for r in found.rows()] == ["entries", "amendment", "entries"]
    school.add(AT + 24 * 24 * HOUR, marked("ann", "2025-09-30/AM", "/"))
    assert replayed(school, **asked).blocks[0].rows[2][1] == "2025-09-30 to 10-01"


def test_imported_history_is_told_as_stated_by_its_source(school):
    """With the times that the source states, and how to have it in their order."""
    school.add(
        instant(2025, 9, 20, 12),
        marked("ann", f"{MON}/AM", "N", stated=AT),
        on_mark("ann", f"{MON}/AM", amended("N", "I", stated=AT + 2 * HOUR, by="s1", name=None,
                                            job_title=None)),
        marked("ann", "2025-09-09/AM", "/", stated=AT + HOUR),
        marked("ann", "2025-09-09/PM", "\\", late=True),
        imported=True,
    )  # fmt: skip
    answer = replayed(school)
    rows = [row[:3] + row[6:8] for row in answer.blocks[0].rows]
    source = "as stated by its source"
    assert rows == [
        ("", MON, f"1 entry, {source}: 1 x N", "", ""),
        ("2025-09-08 11:00 BST (stated)", f"{MON}/AM", f"amendment, {source}",
         "Mrs Register, Officer", source),
        ("", "2025-09-09", f"1 entry, {source}: 1 x /", "", ""),
        ("not stated; imported 2025-09-20 13:00 BST", "2025-09-09/PM", f"late entry, {source}",
         "not stated", "not stated"),
    ]  # fmt: skip
    assert "--clock source" in answer.blocks[-1].lines[1]
    by_source = replayed(school, clock="source")
    assert [r["kind"] for r in by_source.rows()] == ["late_entry", "entries", "amendment"]
    assert len(by_source.blocks[-1].lines) == 2
    assert by_source.blocks[0].rows[-1][9] != ""


def test_sessions_before_the_first_day_move_only_the_fullest_window(school):
    """They are no rows; but an old entry that is amended takes the window down."""
    school.add(AT, marked("ann", "2025-06-10/AM", "O"), marked("ann", f"{MON}/AM", "O"))
    school.add(AT + HOUR, on_mark("ann", "2025-06-10/AM", amended("O", "I")))
    school.add(AT + 2 * HOUR, on_mark("ann", f"{MON}/AM", amended("O", "I")))
    rows = replayed(school).rows()
    assert [row["kind"] for row in rows] == ["entries", "amendment"]
    assert [row["after"]["fullest_window"] for row in rows] == [2, 0]
    assert rows[1]["before"]["fullest_window"] == 1
    assert rows[-1]["after"] == figures(school)


def test_cancelled_sessions_and_sessions_off_roll_count_for_nothing(school):
    """As known at the point in time asked about, whatever stood before."""
    school.add(AT, marked("ann", f"{MON}/AM", "O"), marked("cy", "2025-10-01/AM", "O"))
    cancelled = SessionCancelled(date=date(2025, 9, 8), sessions=("AM",))
    school.add(AT + HOUR, Fact(streams.CALENDAR, cancelled))
    (row,) = replayed(school).rows()
    assert row["after"]["possible"] == 0
    assert row["after"]["attendance"] is None
    asked = {"on": date(2025, 10, 10), "from_": date(2025, 10, 1)}
    assert replayed(school, who="U-cy", **asked).rows()[0]["after"]["possible"] == 0


def test_a_code_without_a_meaning_on_its_day_counts_for_nothing(school):
    """As in `rates`, where it is a session without a mark that counts."""
    school.add(AT, marked("ann", f"{MON}/AM", "??"))
    (row,) = replayed(school).rows()
    assert row["after"] == figures(school) | {"attendance": None}


def test_before_the_law_had_the_rule_there_is_no_window(school):
    """The threshold is in force from 19 August 2024."""
    school.add(AT, marked("ann", "2025-06-10/AM", "O"))
    asked = {"on": date(2024, 6, 30), "from_": date(2024, 6, 1)}
    assert not replayed(school, **asked).rows()
    with opened(school.folder, Replay(**asked), lambda: AT + HOUR) as view:
        assert Counting(view).figures(0).row()["fullest_window"] is None


def test_a_group_is_told_pupil_after_pupil(school):
    """Each with figures of its own; the rows for a script in the order of the log."""
    school.add(AT, marked("bob", f"{MON}/AM", "/"), marked("ann", f"{MON}/AM", "N"))
    answer = replayed(school, who=None, group="9A")
    assert [block.title for block in answer.blocks[:2]] == [
        "Ann Able (U-ann): 0 changes", "Bob Baker (U-bob): 0 changes",
    ]  # fmt: skip
    assert [row["upn"] for row in answer.rows()] == ["U-bob", "U-ann"]
    lines = text.as_csv(answer).splitlines()
    assert lines[0].startswith("upn,position,kind")
    assert lines[0].endswith("after_unauthorised,after_attendance,after_fullest_window")
    assert lines[2].endswith(",0,0,0,0,,0,1,0,0,1,0.0,1")
    assert len(lines) == 3
    assert replayed(school, who="U-cy").blocks[0].notes == [
        "nothing was recorded for these sessions"
    ]


def test_pupils_beyond_use_keep_their_own_amendments(every):
    """Two whose names are destroyed are not taken for each other."""
    every.destroy("ann")
    every.destroy("bob")
    answer = replayed(every, who=None, group="9A")
    admission = [r for r in answer.rows() if r["kind"] == "admission"]
    assert [(r["upn"], r["was"], r["reason"]) for r in admission] == [("[beyond use]",) * 3]


def test_what_was_asked_for_others_is_not_told(every):
    """Requests and amendments of one pupil are no history of another."""
    assert not replayed(every, who="U-bob").rows()


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"who": None}, "one pupil or one group"),
        ({"group": "9A"}, "one pupil or one group"),
        ({"who": None, "group": "9Z"}, "no group is called '9Z'"),
        ({"who": "nobody"}, "no pupil has the UPN or local id 'nobody'"),
    ],
)
def test_who_is_replayed_must_be_clear(school, asked, what):
    """One pupil or one group, known."""
    with pytest.raises(Refused, match=what):
        replayed(school, **asked)


def test_a_ledger_that_knew_nothing_says_so(school):
    """Before the first event there is no history."""
    for asked in ({"who": "U-ann"}, {"who": None, "group": "9A"}):
        answer = replayed(school, **asked, known_at="2025-07-01")
        assert answer.document["knows_nothing"] is True


def copy_of(founded, path):
    """A copy of the small school, to write into."""
    book = object.__new__(Book)
    shutil.copytree(founded.folder.path, path)
    book.folder = Folder(path)
    book.versions = dict(founded.versions)
    return book


CODES = ("/", "N", "O", "I", "L", "U", "G", "B", "X")
CHANGES = st.lists(
    st.tuples(st.sampled_from(("ann", "bob")), st.integers(0, 9), st.sampled_from(CODES)),
    min_size=1,
    max_size=25,
)


@settings(max_examples=15, deadline=None)
@given(CHANGES)
def test_any_history_is_counted_as_rates_count_it(founded, tmp_path_factory, changes):
    """Every step's figures equal those of `rates` and `penalties` at its position."""
    book = copy_of(founded, tmp_path_factory.mktemp("any") / "ledger")
    stood: dict[tuple[str, str], str] = {}
    for n, (pupil, at, code) in enumerate(changes):
        session = f"{date(2025, 9, 8) + timedelta(days=7 * (at // 2))}/{'AP'[at % 2]}M"
        was = stood.get((pupil, session))
        if was == code:
            continue
        fact = marked(pupil, session, code) if was is None else on_mark(
            pupil, session, amended(was, code))  # fmt: skip
        book.add(instant(2025, 10, 20, 8) + n * HOUR, fact)
        stood[pupil, session] = code
    asked = {"on": date(2025, 10, 17)}
    rows = replayed(book, who=None, group="9A", every=True, **asked).rows()
    for row in rows:
        assert row["after"] == figures(book, row["upn"], position=row["position"], **asked)
