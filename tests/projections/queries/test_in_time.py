"""Whether a first mark was in time or late, by the end of its register: every answer agrees.

Cases by the time of the mark and of the register's taking, of a Monday morning whose register
closes at 08:55 (SI 2024/208 reg 10(1), 10(7)); where a wrong clock stamped it, between two times.
"""

import csv
from datetime import date

import pytest

from ledger.clock import Corrected
from ledger.events import streams
from ledger.events.register import MarkAmended, RegisterTaken, SessionMarked
from ledger.store.facts import Fact
from ledger.values import parse_session
from projections.audit.audit import Audit
from projections.audit.gaps import Gaps
from projections.exports.portable import ExportPortable
from projections.history.changes import Changes
from projections.history.history import History
from projections.queries import lags
from projections.register.print import RegisterPrint
from projections.register.registers import Registers
from projections.register.show import RegisterShow
from projections.rendering.text import as_text
from projections.replay.replay import Replay
from projections.why.why import Why
from tests.projections.ledgers import corrected, instant, marked, on_mark

MONDAY, AM = date(2025, 9, 8), "2025-09-08/AM"
ASKED = instant(2025, 9, 20)
SPAN = {"from_": MONDAY, "on": date(2025, 9, 19)}
LATE, IN_TIME, UNSURE = ("late_entry", None), ("entry", None), ("late_entry", "not known")


def at(hour, minute=0, day=8):
    """An instant of September 2025, London time."""
    return instant(2025, 9, day, hour - 1, minute)


def taken(ended, group="9A", session=AM):
    """That a register was taken, until then."""
    event = RegisterTaken(by="s1", ended=ended, marks=0)
    return Fact(streams.register(group, parse_session(session)), event)


def read(school, question):
    """What an answer says."""
    return school.ask(question, now=ASKED)


def said(school, session=AM, pupil="U-ann", **asked):
    """What `history` says of the first mark: its kind, and whether that is known."""
    rows = read(school, History(who=pupil, **(SPAN | asked))).rows()
    [row] = [row for row in rows if row["session"] == session and row["version"] == 1]
    return row["kind"], row.get("late")


def everywhere(school):
    """What every account says of Ann's mark on Monday morning; each as `said` has it."""

    def first(rows):
        found = [(row["kind"], row.get("late")) for row in rows if row["session"] == AM]
        return found[0] if found else IN_TIME

    yield first(read(school, Changes(**SPAN)).rows())
    replayed = read(school, Replay(who="U-ann", **SPAN)).rows()
    yield first([row for row in replayed if row["kind"] != "entries"])
    audit = read(school, Audit(**SPAN, only=("late-entries",))).rows()
    whats = {row["what"] for row in audit if row["session"] == AM}
    assert len(whats) <= 1
    yield IN_TIME if not whats else UNSURE if "not known" in whats.pop() else LATE
    gaps = {row["kind"]: row for row in read(school, Gaps(**SPAN)).rows()}
    yield LATE if "recorded-late" in gaps else IN_TIME
    shown = read(school, RegisterShow(group="9A", week=MONDAY))
    [row] = [row for row in shown.rows() if row["upn"] == "U-ann"]
    yield LATE if row["cells"][0]["late_entry"] else IN_TIME
    yield {"+": LATE, "%": UNSURE, "": IN_TIME}[shown.blocks[0].rows[0][1][0].signs]
    printed = read(school, RegisterPrint(group="9A", week=MONDAY, as_amended=True))
    [week] = printed.document["rows"]
    yield first(note for note in week["late_entries"])
    title = [block.title for block in printed.blocks[1:]]
    yield {0: IN_TIME}.get(len(title)) or (UNSURE if "may be" in title[0] else LATE)


def agree(school, expected):
    """Check that every account says the same; some only tell late, counted so where unsure."""
    assert said(school) == expected
    counted = LATE if expected == UNSURE else expected
    for each in everywhere(school):
        assert each in (expected, counted)


@pytest.mark.parametrize(
    ("made", "ended", "expected"),
    [
        (at(8, 50), None, IN_TIME),
        (at(8, 55), None, IN_TIME),
        (at(9, 5), None, LATE),
        (at(9, 5), at(9, 6), IN_TIME),
        (at(9, 5), at(16, 0), IN_TIME),
        (at(9, 5), at(9, 0, day=9), LATE),
        (at(9, 5, day=9), at(9, 0, day=10), LATE),
        (at(9, 5, day=9), None, LATE),
    ],
)
def test_a_mark_made_before_its_register_ended_is_never_late(school, made, ended, expected):
    """The end that is recorded on the day of the session, else the closing time."""
    school.add(made, marked("ann", AM, "/", late=made > at(8, 55), by="s1"))
    if ended is not None:
        school.add(ended, taken(ended))
    agree(school, expected)


def test_a_mark_made_after_its_register_was_taken_is_late_though_another_is_taken_after_it(school):
    """The first end of a register of one of the pupil's groups is its end."""
    school.add(at(8, 50), taken(at(8, 50)))
    school.add(at(8, 52), marked("ann", AM, "/", late=True, by="s1"))
    school.add(at(8, 54), taken(at(8, 54), group="Y9"))
    agree(school, LATE)


def test_a_register_of_another_group_or_session_ends_nothing(school):
    """Cy's register, and that of the afternoon."""
    school.add(at(9, 5), marked("ann", AM, "/", late=True, by="s1"))
    school.add(at(9, 6), taken(at(9, 6), group="9B"))
    school.add(at(14, 6), taken(at(14, 6), session="2025-09-08/PM"))
    agree(school, LATE)


def test_what_was_known_before_the_register_was_taken_stays_known(school):
    """Ten minutes later the answer for then is the same."""
    head = school.add(at(9, 5), marked("ann", AM, "/", late=True, by="s1"))
    school.add(at(9, 15), taken(at(9, 15)))
    assert said(school, position=head) == LATE
    assert said(school, known_at="2025-09-08T09:10") == LATE
    assert said(school, known_at="2025-09-08T09:15") == IN_TIME


def test_a_first_mark_and_a_taking_that_a_source_states_stay_as_stated(school):
    """Of imports the closing time alone decides; a taking that one states counts by its time."""
    school.add(at(18), marked("ann", AM, "/", late=True, stated=at(9, 5)), imported=True)
    school.add(at(18), marked("bob", AM, "/", late=True, by="s1"))
    school.add(at(18, 1), taken(at(9, 6)), imported=True)
    assert said(school) == LATE
    assert said(school, pupil="U-bob") == LATE


AHEAD = instant(2025, 9, 18, 13)
"""What the wrong clock read: Thursday of the week after."""


def stamped(school, earliest, latest, *facts):
    """Record facts by the wrong clock, then between which times they were recorded."""
    head = school.add(AHEAD, *facts)
    first = head - len(facts)
    end = school.add(latest, corrected(first, head, earliest, latest))
    return first, end


@pytest.mark.parametrize("late", [True, False])
@pytest.mark.parametrize(
    ("earliest", "latest", "expected"),
    [
        (at(8, 0), at(8, 55), IN_TIME),
        (at(8, 0, day=5), at(9, 0, day=5), IN_TIME),
        (at(8, 55), at(8, 56), UNSURE),
        (at(8, 56), at(9, 56), LATE),
        (at(8, 0, day=5), at(9, 56), UNSURE),
        (at(8, 50), at(8, 50, day=10), UNSURE),
    ],
)
def test_a_wrong_clock_makes_no_mark_late(school, earliest, latest, expected, late):
    """In time, late, or not known, by the two times; whatever its clock made of it."""
    stamped(school, earliest, latest, marked("ann", AM, "/", late=late, by="s1"))
    agree(school, expected)


def test_what_was_known_before_the_clock_was_corrected_stays_known(school):
    """At a position before the correction the clock is believed."""
    _, end = stamped(school, at(8, 0), at(8, 50), marked("ann", AM, "/", late=True, by="s1"))
    assert said(school) == IN_TIME
    assert said(school, position=end - 2) == LATE


@pytest.mark.parametrize(
    ("earliest", "latest", "expected"),
    [
        (at(8, 0), at(16, 0), IN_TIME),
        (at(8, 0), at(8, 0, day=9), UNSURE),
        (at(8, 0, day=9), at(9, 0, day=9), LATE),
    ],
)
def test_the_marks_of_a_register_that_a_wrong_clock_timed_are_late_on_a_later_day_alone(
    school, earliest, latest, expected
):
    """They were made by the end of its taking."""
    entry = marked("ann", AM, "/", late=True, by="s1")
    stamped(school, earliest, latest, taken(AHEAD), entry)
    agree(school, expected)


def test_the_mark_of_a_cancelled_session_is_late_on_a_later_day_alone(school):
    """By law it is the mark of the session (reg 10(10))."""
    entry = Fact(streams.mark("ann", AM), SessionMarked(code="Y4", by="s1"))
    stamped(school, at(8, 0), at(15, 0), entry)
    assert said(school) == IN_TIME


def test_where_no_times_are_recorded_a_register_is_open_until_its_day_ends(school):
    """Before September 2024 the school has no times."""
    day = "2024-07-01/AM"
    stamped(school, instant(2024, 7, 1, 7), instant(2024, 7, 1, 22), marked("ann", day, "/"))
    assert said(school, session=day, from_=date(2024, 7, 1)) == IN_TIME


def test_how_late_is_said_from_one_number_to_another(school):
    """School days after the session, and what counts by the later of the two times."""
    school.add(at(8, 50), marked("ann", AM, "N", by="s1"), marked("bob", AM, "N", by="s1"))
    amended = MarkAmended(
        original="N", code="I", reason="rang", by="s1", name="Mrs Register", job_title="Officer"
    )
    stamped(school, at(9, 0), at(9, 0, day=17), on_mark("ann", AM, amended))
    answer = read(school, Changes(**SPAN))
    [row] = answer.rows()
    assert (row["late_by_school_days"], row["late_between"]) == (7, {"from": 0, "to": 7})
    assert "0 to 7" in as_text(answer.blocks)[3]
    page = read(school, History(who="U-ann", session=AM, **SPAN))
    assert "(0 to 7 school days after the session)" in "\n".join(as_text(page.blocks))
    assert len(read(school, Changes(**SPAN, lag_over=6)).rows()) == 1
    audit = read(school, Audit(**SPAN, only=("n-kept",))).rows()
    [found] = [row for row in audit if row["to_code"] == "I"]
    assert found["what"] == "replaced in time or late: not known"
    assert found["lag_between"] == {"from": 0, "to": 7}
    shown = "\n".join(as_text(read(school, Replay(who="U-ann", **SPAN)).blocks))
    assert "0 to 7" in shown


def test_a_register_whose_end_is_not_known_may_have_been_taken_in_time(school):
    """From in time to 35 minutes; what most of its marks say, where no taking is recorded."""
    entry = marked("ann", AM, "/", late=True, by="s1")
    stamped(school, at(8, 50), at(9, 30), taken(AHEAD), entry)
    alone = marked("cy", AM, "/", late=True, by="s1")
    stamped(school, at(9, 31), at(9, 40), alone)
    answer = read(school, Registers(from_=MONDAY, on=MONDAY))
    first, second = [row for row in answer.rows() if row["session"] == AM]
    assert (first["late_by_minutes"], first["late_by_school_days"]) == (35, 0)
    assert first["late_between"] == {"minutes": {"from": 0, "to": 35}}
    assert (first["marks_after"], second["marks_after"]) == (1, 1)
    assert second["late_between"] == {"minutes": {"from": 36, "to": 45}}
    text = "\n".join(as_text(answer.blocks))
    assert "in time or up to 35 minutes" in text
    assert "36 minutes or up to 45 minutes" in text
    assert "0 to 1" in text


def test_a_register_taken_on_a_day_that_is_not_known_names_school_days(school):
    """The day too lies between two."""
    stamped(school, at(8, 50), at(9, 30, day=10), taken(AHEAD), marked("ann", AM, "/", late=True))
    [row, *_] = read(school, Registers(from_=MONDAY, on=MONDAY, group="9A")).rows()
    assert row["late_between"]["school_days"] == {"from": 0, "to": 2}


def test_an_export_states_what_is_known(school, tmp_path):
    """A mark that was in time is no late entry in the folder."""
    school.add(at(9, 5), marked("ann", AM, "/", late=True, by="s1"))
    school.add(at(9, 6), taken(at(9, 6)))
    read(school, ExportPortable(path=tmp_path / "out"))
    with (tmp_path / "out" / "marks.csv").open(newline="") as file:
        [row] = csv.DictReader(file)
    assert row["kind"] == "entry"


def test_a_cause_is_of_the_kind_that_a_mark_is(school):
    """What moved a figure is a new mark where it was in time."""
    school.add(at(9, 5), marked("ann", AM, "/", late=True, by="s1"))
    school.add(at(9, 6), taken(at(9, 6)))
    times = {"known_at": "2025-09-08T08:00", "and_": "2025-09-08T10:00"}
    way = Why(what="rates", from_=MONDAY, on=MONDAY, **times)
    assert {cause["kind"] for cause in read(school, way).document["causes"]} == {"new mark"}


def test_a_lag_is_a_number_that_counts_as_the_greatest():
    """One number where both ends are the same."""
    days = [date(2025, 9, day) for day in (8, 9, 10)]
    when = Corrected.between(at(9, 0), at(9, 0, day=10), said=0, position=1)
    lag = lags.school_days_after(days, MONDAY, when)
    assert (lag, lags.in_words(lag), lags.of_days(lag)) == (2, "0 to 2", "0 to 2 school days")
    assert lags.fields(lag) == {"late_by_school_days": 2, "late_between": {"from": 0, "to": 2}}
    assert not lags.is_open(lags.school_days_after(days, MONDAY, at(9, 0, day=9)))
    assert lags.fields(1) == {"late_by_school_days": 1}
    assert (lags.of_days(1), lags.in_words(None)) == ("1 school day", "")
    assert lags.of_days(lags.Lag.between(0, 1)) == "0 to 1 school days"
