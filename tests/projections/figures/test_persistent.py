"""`persistent`: who is on the list, how it is split, who is near it and how to leave it."""

from datetime import date

import pytest

from ledger.errors import Refused
from ledger.events import streams
from ledger.events.roll import PupilRemoved
from ledger.store.facts import Fact
from projections.figures.persistent import PersistentAbsence
from projections.rendering import text
from tests.projections import cases
from tests.projections.ledgers import created, instant, joined, marked


def document(book, **asked):
    """The document."""
    return book.ask(PersistentAbsence(**asked)).document


def shown(book, **asked):
    """Everything that is shown, as text."""
    return "\n".join(text.as_text(book.ask(PersistentAbsence(**asked)).blocks))


@pytest.mark.parametrize(("given", "expect"), cases.cases("figures/persistent"))
def test_a_case_is_judged_as_the_methodology_says(school, given, expect):
    """Counts, flags and who is counted."""
    given, expect = dict(given), dict(expect)
    population = given.pop("population", "roll")
    on = cases.write(school, {"ann": given.pop("ann")}, **given)
    asked = {"on": on, "pupil": "U-ann", "population": population}
    listed = document(school, **asked)
    every = document(school, all_=True, **asked)
    row = {"could_leave_on": None, **(every["rows"] or [{}])[0]}
    found = {key: "" if row[key] is None else row[key] for key in expect.keys() & row.keys()}
    found["listed"] = bool(listed["rows"])
    found["enrolments"] = listed["total"]["enrolments"]
    assert {key: found[key] for key in expect} == expect


def test_the_total_counts_enrolments_and_names_the_population(school):
    """Counts beside percentages; a percentage of nobody is null."""
    on = cases.write(school, {"ann": "1 O, 1 .", "bob": "2 ."})
    assert document(school, on=on)["total"] == {
        "population": "roll", "enrolments": 2, "persistent": 1, "severe": 1,
        "persistent_percent": "50.0", "severe_percent": "50.0",
    }  # fmt: skip
    nobody = document(school, on=date(2025, 6, 2), population="dfe")
    assert nobody["population"] == nobody["total"]["population"] == "dfe"
    assert nobody["total"]["persistent_percent"] is None
    assert "no enrolments" in shown(school, on=date(2025, 6, 2))


def test_rows_are_sorted_and_csv_has_a_column_for_every_count(school):
    """By UPN; with --all also those without a flag."""
    on = cases.write(school, {"bob": "1 O, 1 .", "ann": "2 ."})
    answer = school.ask(PersistentAbsence(on=on, all_=True))
    assert [row["upn"] for row in answer.document["rows"]] == ["U-ann", "U-bob"]
    assert text.as_csv(answer).splitlines()[0] == (
        "upn,possible,absent,authorised,unauthorised,attendance,persistent,severe,part_time,"
        "illness,other_authorised,sessions_to_leave,could_leave_on,population"
    )


def test_who_is_near_the_list_comes_with_the_sessions_left(school):
    """Within N absences of crossing; whoever has crossed is not near."""
    on = cases.write(school, {"ann": "1 I, 11 .", "bob": "2 I, 10 ."})
    near = document(school, on=on, within=1)["within"]
    assert [(row["upn"], row["sessions_until_persistent"]) for row in near] == [("U-ann", 1)]
    later = cases.write(school, {"cy": "1 I, 19 ."})
    assert "U-cy" not in {row["upn"] for row in document(school, on=later, within=1)["within"]}
    assert "On the list after so many absences more" in shown(school, on=on, within=1)


def test_the_earliest_date_off_the_list_follows_the_calendar_and_the_roll(school):
    """Sessions of the half term are skipped; a pupil who leaves before has no date."""
    on = cases.write(school, {"ann": "8 O, 68 .", "cy": "4 O, 2 ."})
    row = document(school, on=on)["rows"][0]
    assert on == date(2025, 10, 24)
    assert (row["sessions_to_leave"], row["could_leave_on"]) == (5, "2025-11-05")
    cy = document(school, on=date(2025, 9, 5), pupil="U-cy")["rows"][0]
    assert (cy["sessions_to_leave"], cy["could_leave_on"]) == (35, None)
    words = shown(school, on=date(2025, 9, 5))
    assert "35 sessions attended: not this school year" in words
    one = cases.write(school, {"bob": "1 I, 9 ."})
    assert "1 session attended: 2025-09-10" in shown(school, on=one, pupil="U-bob")


def test_who_stayed_without_a_further_absence(school):
    """None of the sessions since is one; it is no other year's register."""
    cases.write(school, {"ann": "3 I, 9 ."})
    since = document(school, on=date(2025, 9, 10), since=date(2025, 9, 9))["since"]
    (stayed,) = since["still_on"]
    assert stayed["why"] == "absent since for 0.0 % (0 of 2)"


def test_who_came_on_went_off_and_stayed(school):
    """Since a date, each with the counts at both dates and why."""
    ten = "1 I, 9 ."
    cases.write(school, {"ann": f"{ten}, 2 .", "bob": "10 ., 2 O", "cy": f"{ten}, 2 O"})
    asked = {"on": date(2025, 9, 10), "since": date(2025, 9, 9)}
    since = document(school, **asked)["since"]
    found = {kind: [row["upn"] for row in since[kind]] for kind in ("came_on", "went_off")}
    assert found == {"came_on": ["U-bob"], "went_off": ["U-ann"]}
    (stayed,) = since["still_on"]
    assert (stayed["before"]["absent"], stayed["after"]["absent"]) == (1, 3)
    assert stayed["why"] == "absent since for 100.0 % (2 of 2)"
    assert "Came on" in shown(school, **asked)


def test_whoever_was_never_listed_is_in_none_of_the_lists(school):
    """Flagged on neither date."""
    cases.write(school, {"ann": "12 ."})
    since = document(school, on=date(2025, 9, 10), since=date(2025, 9, 9))["since"]
    assert since == {"date": "2025-09-09", "came_on": [], "went_off": [], "still_on": []}


def test_a_pupil_new_to_the_population_came_on(school):
    """Without a possible session on the earlier date; and one who is no longer asked about."""
    school.add(instant(2025, 9, 1, 9), joined("cy", "cohort", "FSM", until=date(2025, 9, 9)))
    cases.write(school, {"bob": "10 D, 1 O, 1 O", "cy": "12 O"})
    asked = {"on": date(2025, 9, 10), "since": date(2025, 9, 9)}
    came = document(school, **asked)["since"]["came_on"][0]
    assert (came["upn"], came["before"]) == ("U-bob", None)
    assert came["why"].startswith("had no possible session")
    went = document(school, cohort="FSM", **asked)["since"]["went_off"][0]
    assert (went["upn"], went["after"]) == ("U-cy", None)
    assert went["why"].startswith("is outside this population")
    assert "U-cy" in shown(school, cohort="FSM", **asked)


def test_a_new_school_year_counts_anew(school):
    """Sessions of the earlier year are no longer in the range."""
    school.add(
        instant(2025, 9, 4, 9),
        *(marked("ann", f"2025-06-0{n}/{half}", "O") for n in (2, 3) for half in ("AM", "PM")),
        marked("ann", "2025-09-03/AM", "O"),
    )
    since = document(school, on=date(2025, 9, 3), since=date(2025, 7, 18))["since"]
    assert since["still_on"][0]["why"].startswith("counted anew")


def test_a_later_date_than_the_one_asked_about_is_refused(school):
    """--since looks back."""
    with pytest.raises(Refused) as caught:
        document(school, on=date(2025, 9, 9), since=date(2025, 9, 10))
    assert caught.value.code == "since-later"


def test_boarding_follows_the_latest_spell_that_has_begun(school):
    """A boarder who comes back as a day pupil counts."""
    on = cases.write(school, {"bob": "1 I, 1 ."}, boarder=True)
    left = PupilRemoved(starts_on=date(2025, 6, 2), leaves_on=date(2025, 6, 30))
    assert document(school, on=on, population="dfe")["total"]["enrolments"] == 1
    school.add(instant(2026, 1, 6, 9), Fact(streams.pupil("bob"), left))
    assert document(school, on=on, population="dfe")["total"]["enrolments"] == 1


def test_an_explanation_shows_counts_sessions_and_the_rule(school):
    """In words that a parent could follow, with the reference and its confidence."""
    on = cases.write(school, {"ann": "1 I, 9 .", "bob": "10 ., 1 -"})
    words = "\n".join(document(school, on=on, explain=True, all_=True)["explain"])
    assert "10 x 1 = 10 is at least 1 x 10 = 10: persistent" in words
    assert "2 x 1 = 2 is less than 1 x 10 = 10: not severe" in words
    assert "methodology, 3.2.2" in words
    assert "statistics, not law" in words
    assert "Absent: 2025-09-03/AM I" in words
    assert "Absent: never" in words
    assert words in shown(school, on=on, explain=True, all_=True)


def test_a_ledger_that_knew_nothing_says_so(school):
    """No rows, no total."""
    found = document(school, known_at="2025-07-01")
    assert (found["knows_nothing"], found["rows"], found["total"]) == (True, [], None)


def test_without_terms_nobody_is_enrolled(empty):
    """A ledger without a calendar has no school year, and refuses nothing."""
    empty.add(instant(2025, 9, 1, 8), created(), by=None)
    assert document(empty, on=date(2025, 9, 3), population="dfe")["total"]["enrolments"] == 0
