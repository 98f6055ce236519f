"""The point in time of a question: what it bounds, what it refuses, what it says of itself."""

import subprocess
import sys
from datetime import date

import pytest

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.calendar import RegisterTimesSet
from ledger.events.roll import DetailsAmended
from ledger.store.facts import Fact
from ledger.store.folder import Folder
from ledger.transparency.roots import root_at
from projections.figures.rates import Rates
from projections.queries import view
from projections.queries.question import PointInTime
from tests.projections.ledgers import URN, instant, opened, term

NOW = instant(2025, 11, 14, 12)


def look(book, ask, *, now=NOW, **asked):
    """What a view at a point in time says."""
    with view.open_view(book.folder, PointInTime(**asked), lambda: now) as found:
        return ask(found)


def as_of(book, **asked):
    """The provenance."""
    return look(book, lambda v: v.as_of(), **asked)


def test_the_provenance_names_everything_that_bounds_the_answer(school):
    """School, dates, instant, clock, position, root, rules, software."""
    found = as_of(school)
    assert list(found) == [
        "school", "on", "from", "known_at", "clock", "position", "root", "rules", "software",
    ]  # fmt: skip
    assert (found["school"], found["on"], found["from"]) == (URN, "2025-11-14", "2025-09-03")
    assert (found["known_at"], found["clock"]) == ("2025-11-14T12:00:00Z", "ledger")
    assert (found["position"], found["root"]) == (
        school.folder.head(),
        root_at(school.folder, found["position"]),
    )


@pytest.mark.parametrize(
    ("on", "first"),
    [
        (date(2025, 7, 31), "2025-06-02"),
        (date(2025, 9, 2), "2025-06-02"),
        (date(2025, 9, 3), "2025-09-03"),
        (date(2027, 1, 1), "2025-09-03"),
        (date(2020, 1, 1), "2025-06-02"),
    ],
)
def test_the_school_year_begins_with_its_first_term(school, on, first):
    """Outside every school year: the nearest earlier one, else the first."""
    assert as_of(school, on=on)["from"] == first


def test_a_school_year_follows_from_the_terms_as_known(school):
    """A term recorded later moves the first day only as known from then."""
    school.add(instant(2025, 10, 1), term("Early", date(2025, 8, 1), date(2025, 8, 5)))
    assert as_of(school, known_at="2025-09-30")["from"] == "2025-09-03"
    assert as_of(school)["from"] == "2025-08-01"


def test_a_term_that_starts_on_31_july_ends_the_old_school_year(school):
    """The new one begins with the first term that starts after 31 July."""
    school.add(instant(2025, 10, 1), term("Late", date(2025, 7, 31), date(2025, 8, 1)))
    assert as_of(school)["from"] == "2025-09-03"


def test_without_terms_the_range_is_the_day(empty):
    """A ledger without a term has no school year."""
    found = as_of(empty)
    assert (found["from"], found["school"], found["position"]) == ("2025-11-14", None, 0)


@pytest.mark.parametrize(
    ("asked", "known_at"),
    [
        ("2025-11-14T12:00:00Z", "2025-11-14T12:00:00Z"),
        ("2025-11-14", "2025-11-14T12:00:00Z"),
        ("2025-09-30", "2025-09-30T22:59:59.999999Z"),
        ("2025-10-26T01:30", "2025-10-26T00:30:00Z"),
    ],
    ids=["now", "today, which has not ended", "the end of a day in summer", "the first of two"],
)
def test_a_date_or_time_is_londons(school, asked, known_at):
    """A bare date is its end, or now; of a time that occurs twice it is the first."""
    assert as_of(school, known_at=asked)["known_at"] == known_at


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"known_at": "2025-11-14T12:00:00.000001Z"}, "known-at-future"),
        ({"known_at": "2025-11-14T13:00+00:30"}, "known-at-future"),
        ({"known_at": "2025-11-15"}, "known-at-future"),
        ({"known_at": "2025-03-30T01:30"}, "time-does-not-exist"),
        ({"known_at": "yesterday"}, "instant"),
        ({"from_": date(2025, 9, 9), "on": date(2025, 9, 8)}, "dates-reversed"),
    ],
)
def test_a_point_in_time_that_cannot_be_is_refused(school, asked, code):
    """Later than now by a microsecond, left out by the clocks, no time, or before it begins."""
    with pytest.raises(Refused) as refused:
        as_of(school, **asked)
    assert refused.value.code == code


@pytest.mark.parametrize("first", [date(2024, 1, 1), date(2025, 9, 8)])
def test_from_is_what_was_asked(school, first):
    """A first date given is not changed; it may be the last as well."""
    assert as_of(school, from_=first, on=date(2025, 9, 8))["from"] == first.isoformat()


def test_today_is_the_date_in_london(school):
    """At half past eleven UTC on a summer night London is a day further."""
    found = as_of(school, now=instant(2026, 7, 1, 23, 30), known_at="2026-07-02")
    assert (found["on"], found["known_at"]) == ("2026-07-02", "2026-07-01T23:30:00Z")


def test_the_position_is_the_number_of_events_known(school):
    """Bound by the log's head, by what was asked and by what was recorded by then."""
    head = school.folder.head()
    assert as_of(school, position=head + 9)["position"] == head
    assert as_of(school, position=3)["position"] == 3
    assert as_of(school, position=3, known_at="2025-11-14")["position"] == 3
    founded = as_of(school, known_at="2025-08-01T08:00:00Z")["position"]
    assert 0 < founded < head
    assert as_of(school, known_at="2025-08-01T07:59:59.999999Z")["position"] == 0


def test_before_the_first_event_the_view_says_since_when_it_knows(school, empty):
    """The ignorance is worded: nothing before the first event, or no event at all."""
    assert "2025-08-01 09:00:00 London" in look(school, lambda v: v.ignorance())
    assert look(school, lambda v: v.knows_nothing, position=0)
    assert not look(school, lambda v: v.knows_nothing, position=1)
    assert "no event yet" in look(empty, lambda v: v.ignorance())


def test_the_school_is_as_known(school):
    """A changed name shows from when it was recorded."""
    school.add(instant(2025, 10, 1), opened(name="New Name"))
    assert look(school, lambda v: v.school.name) == "New Name"
    assert look(school, lambda v: v.school.name, known_at="2025-09-30") == "Test School"


def test_the_provenance_line_names_school_dates_and_position(school, empty):
    """For reading, beneath every table."""
    line = look(school, lambda v: v.provenance(), known_at="2025-09-30")
    assert "Test School (123456)" in line
    assert "2025-09-30 23:59:59.999999+01:00 (ledger clock)" in line
    assert "no school yet" in look(empty, lambda v: v.provenance())


def test_an_amended_detail_shows_from_when_it_was_recorded(school):
    """Names and UPNs are as known, like everything else."""
    changes = [
        DetailsAmended(field="upn", original="U-ann", amended="U-new", reason="r"),
        DetailsAmended(field="boarder", original="no", amended="yes", reason="r"),
        DetailsAmended(
            field="dob", original="2012-10-01", amended="2013-10-01", reason="r",
            birth_cohort=2013, compulsory_from=date(2018, 12, 31),
        ),
    ]  # fmt: skip
    school.add(instant(2025, 10, 1), *(Fact(streams.pupil("ann"), e) for e in changes))
    ann = look(school, lambda v: v.people[v.pupil_index("U-new")])
    assert (ann.upn, ann.birth_cohort, ann.compulsory_from) == ("U-new", 2013, date(2018, 12, 31))
    before = look(school, lambda v: v.people[v.pupil_index("U-new")], known_at="2025-09-30")
    assert (before.upn, before.birth_cohort) == ("U-ann", 2012)
    assert look(school, lambda v: v.person(0).upn) == "U-new"


def test_register_times_are_in_the_calendar(school):
    """As known, in force from their date."""
    since = RegisterTimesSet(
        since=date(2025, 11, 3), am_opens="08:30:00", am_closes="08:40:00", pm_opens="13:00:00",
        pm_closes="13:10:00",
    )  # fmt: skip
    school.add(instant(2025, 10, 1), Fact(streams.CALENDAR, since))
    assert look(school, lambda v: len(v.calendar.times)) == 2
    assert look(school, lambda v: len(v.calendar.times), known_at="2025-09-30") == 1


def test_where_no_ledger_is_the_question_is_refused(tmp_path):
    """Nothing is made by asking."""
    with (
        pytest.raises(Refused, match="there is no ledger"),
        view.open_view(Folder(tmp_path / "none"), PointInTime(), lambda: NOW),
    ):
        pass
    assert not (tmp_path / "none").exists()


def test_the_same_provenance_gives_the_same_answer(school):
    """An answer asked again by its own position and instant is the same, byte for byte."""
    first = school.ask(Rates(on=date(2025, 9, 30)), now=NOW)
    school.add(instant(2026, 1, 1), term("Other", date(2025, 9, 1), date(2025, 9, 2)))
    bounds = first.document["as_of"]
    again = Rates(on=date(2025, 9, 30), known_at=bounds["known_at"], position=bounds["position"])
    assert school.ask(again).document == first.document


def test_a_question_that_counts_nothing_loads_neither_numpy_nor_models_nor_events():
    """All are slow to import, and every question pays for what its path imports."""
    paths = "queries.view, queries.versions, queries.pending, readmodel.freshness"
    imports = ", ".join(f"projections.{path}" for path in paths.split(", "))
    slow = {"numpy", "pydantic", "sqlite_utils", "projections.readmodel.models"}
    code = f"import sys, {imports}; sys.exit(', '.join({slow} & sys.modules.keys()) or 0)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
