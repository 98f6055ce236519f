"""The first look at a school, and why a figure moved."""

from datetime import date, timedelta

import pytest

from tests.cli.shell import done, run
from tests.commands.conftest import upn

WEEKS = [date(2026, 9, 11) + timedelta(weeks=n) for n in range(12)]
PARTS = ("attended", "authorised", "unauthorised", "possible")


def moved(*args: object) -> dict:
    return done("overview", "--json", *args).json["moved"]


def adds_up(found: dict) -> bool:
    effects = {p: sum(c[p] for c in found["causes"]) for p in PARTS}
    return effects == {p: found["after"][p] - found["before"][p] for p in PARTS}


@pytest.mark.parametrize("clock", ["ledger", "source"])
@pytest.mark.parametrize("on", WEEKS, ids=str)
@pytest.mark.usefixtures("demo")
def test_effects_add_up_to_the_difference(on, clock):
    found = moved("--on", on, "--clock", clock)
    assert adds_up(found)
    assert date.fromisoformat(found["week"]).weekday() == 0
    assert date.fromisoformat(found["week"]) < on
    assert all(c["before"] != c["after"] and c["cells"] > 0 for c in found["causes"])


@pytest.mark.parametrize(
    "who", [("--year", "Y9"), ("--group", "9A"), ("--cohort", "SEND"), ("--membership", "session")]
)
@pytest.mark.usefixtures("demo")
def test_part_of_the_school_adds_up_to_itself(who):
    whole, part = moved(), moved(*who)
    assert adds_up(part)
    assert part["after"]["possible"] <= whole["after"]["possible"]
    both = ("--group", "9A", "--membership", "session")
    assert moved(*both) == moved("--group", "9A")


@pytest.mark.usefixtures("demo")
def test_known_before_is_not_later_than_what_was_asked():
    asked = ("--on", "2026-11-20", "--clock", "source", "--known-at", "2026-11-11T12:00")
    found = moved(*asked)
    assert found["causes"] == []
    assert found["before"].pop("known_at") == "2026-11-11T12:00:00Z"
    assert found["before"] == found["after"]


@pytest.mark.usefixtures("demo")
def test_parts_of_the_overview_agree_with_rates():
    found = run("overview", "--json").json
    rates = run("rates", "--by", "year", "--json").json
    assert (found["years"], found["total"]) == (rates["rows"], rates["total"])
    low = found["below"]
    assert low["below"] <= low["pupils"]
    percent = [100 * r["attended"] / r["possible"] for r in low["lowest"]]
    assert percent == sorted(percent)
    assert all(p < 90 for p in percent)


@pytest.mark.usefixtures("demo")
def test_overview_lists_as_many_as_are_asked_for():
    found = run("overview", "--below", "99", "--lowest", "3", "--json").json["below"]
    assert len(found["lowest"]) == 3 < found["below"]


@pytest.mark.usefixtures("demo")
def test_selection_of_the_overview_is_checked():
    for *wrong, what in (
        ("--school", "123456", "this ledger is the register of 999101, not of 123456"),
        ("--group", "9Z", "no group is called '9Z'"),
        ("--pupil", "nobody", "no pupil has the UPN or local id 'nobody'"),
    ):
        said = run("overview", *wrong)
        assert (said.code, said.out) == (1, "")
        assert f"refused: {what}" in said.err
    done("overview", "--school", "999101")


@pytest.mark.usefixtures("demo")
def test_fortnight_is_of_a_pupil_asked_for(somebody):
    found = run("overview", "--pupil", somebody, "--json").json["fortnight"]
    assert found is None or found["upn"] == somebody
    whole = run("overview", "--json").json["fortnight"]
    assert [c["session"] for c in whole["cells"]][::19] == ["2026-11-09/AM", "2026-11-20/PM"]
    assert any(c["changed"] for c in whole["cells"])


@pytest.mark.parametrize(
    ("on", "weeks"),
    [
        ("2026-10-22", ["2026-10-12", "2026-10-19"]),  # the last day of school before half-term
        ("2026-10-30", ["2026-10-12", "2026-10-19"]),  # half-term
        ("2026-11-02", ["2026-10-19", "2026-11-02"]),  # the first day after it
        ("2026-11-11", ["2026-11-02", "2026-11-09"]),
    ],
)
@pytest.mark.usefixtures("demo")
def test_fortnight_is_two_weeks_of_school(on, weeks):
    """Holidays are left out: what was changed before them is looked at after them."""
    fortnight = run("overview", "--on", on, "--json").json["fortnight"]
    assert [cell["session"] for cell in fortnight["cells"]][::10] == [f"{w}/AM" for w in weeks]
    assert any(cell["changed"] for cell in fortnight["cells"])


@pytest.mark.usefixtures("small")
def test_school_without_marks_has_an_overview():
    shown = done("overview")
    assert "No mark from 2026-11-09 to 2026-11-20 was changed." in shown.out
    assert "Attendance was no sessions, is no sessions." in shown.out
    assert moved()["causes"] == []


@pytest.mark.usefixtures("empty")
def test_ledger_without_a_school_has_an_overview():
    """Not even terms are known; the week before is as good as any."""
    done("overview")
    assert moved()["week"] == "2026-11-09"


def kinds() -> set[tuple[str, str, int]]:
    found = moved()
    assert adds_up(found)
    return {(c["before"], c["after"], c["cells"]) for c in found["causes"]}


@pytest.mark.usefixtures("small")
def test_marks_made_since_are_told_from_marks_that_changed(at):
    """A mark that came after Friday midnight has another cause than one that was amended."""
    at("2026-11-13T09:00")
    done("mark", "P1", "2026-11-12/AM", "N")
    at("2026-11-17T09:00")
    session = ("--pupil", "P1", "--session", "2026-11-12/AM")
    done("amend", *session, "--code", "I", "--reason", "Parent telephoned:\nunwell")
    done("mark", "P2", "2026-11-12/AM", "O")
    assert kinds() == {("N", "I", 1), ("no mark", "O", 1)}
    shown = run("overview").out
    assert "\nN became I " in shown
    assert "\nmarked since: O " in shown
    assert "Parent telephoned: unwell" in shown


@pytest.mark.usefixtures("small")
def test_sessions_that_count_no_longer_are_causes(at):
    at("2026-11-13T09:00")
    done("mark", "P1", "2026-11-12/AM", "N")
    at("2026-11-17T09:00")
    done("session", "cancel", "2026-11-12/AM", "--reason", "No heating")
    assert kinds() == {("N", "not counted", 1), ("no mark", "not counted", 2)}
    assert "\nno longer counted: N " in run("overview").out


@pytest.mark.usefixtures("small")
def test_sessions_that_count_since_are_causes(at):
    """A term that was not known on that Friday gives a week that counts since."""
    at("2026-12-28T09:00")
    done("clock", "confirm", "2026-12-28")
    done("terms", "set", "Late", "--first", "2026-12-21", "--last", "2026-12-22")
    done("mark", "P1", "2026-12-21/AM", "N")
    found = moved()
    assert found["week"] == "2026-12-21"
    assert kinds() == {("not counted", "N", 1), ("not counted", "no mark", 11)}
    assert moved("--pupil", "P1")["after"]["possible"] == 1
    assert "\ncounted since: N " in run("overview").out


@pytest.mark.usefixtures("small")
def test_pupil_withdrawn_since_is_a_cause(at):
    """Of a duplicate that was merged nothing is known any more, and its sessions count no more."""
    at("2026-11-13T09:00")
    again = ("--surname", "Quill", "--forename", "Ada", "--dob", "2014-10-01")
    done("pupil", "enrol", "--upn", upn(9), *again, "--starts-on", "2026-11-12",
         "--registration", "7A")  # fmt: skip
    at("2026-11-17T09:00")
    done("pupil", "merge", upn(9), "--into", "P1", "--reason", "Entered twice")
    assert kinds() == {("no mark", "not counted", 4)}
    assert moved("--pupil", "P1")["causes"] == []
