"""`casework`: what was done with a family, beside what the register said then and says now."""

from datetime import date, timedelta

import pytest

from ledger.events import streams
from ledger.events.amending import EntryTakenBack
from ledger.events.casework import CaseworkStepCorrected, CaseworkStepTaken, Trigger
from ledger.events.register import MarkAmended
from ledger.store.facts import Fact
from projections.casework.chronology import Casework
from projections.rendering.text import as_csv, as_text
from tests.projections.ledgers import HOUR, enrolled, instant, marked, on_mark

MON, TUE = date(2025, 9, 8), date(2025, 9, 9)
AT = instant(2025, 9, 9, 9)
WHO = {"name": "Mrs Register", "job_title": "Officer"}
STATED = {"authenticated": "as stated by its source"}


def step(kind, on=MON, pupil="ann", **more):
    """A step with a family, recorded by the officer."""
    said = {"id": f"{kind}-{on:%d}", "by": "s1"} | WHO | more
    return Fact(streams.casework(pupil), CaseworkStepTaken(step=kind, on=on, **said))


def corrected(of, kind, on=MON, pupil="ann", **more):
    said = {"reason": "the wrong line", "by": "s2", "name": "Mr Teacher", "job_title": "Teacher"}
    event = CaseworkStepCorrected(of=of, step=kind, on=on, **said | more)
    return Fact(streams.casework(pupil), event)


def ask(school, who="U-ann", **asked):
    return school.ask(Casework(**{"who": who, "on": date(2025, 9, 30)} | asked))


def read(answer):
    return list(as_text(answer.blocks))


@pytest.fixture
def marks(school):
    """Ann away on Monday morning, no reason yet; there in the afternoon."""
    school.add(AT - 2 * HOUR, marked("ann", f"{MON}/AM", "N"), marked("ann", f"{MON}/PM", "\\"))
    return school


def amend(school, at):
    event = MarkAmended(original="N", code="I", reason="ill", by="s1", **WHO)
    school.add(at, on_mark("ann", f"{MON}/AM", event))


COUNTS = {"possible": 2, "attended": 1, "authorised": 0, "unauthorised": 1, "late": 0}


def test_a_step_stands_beside_the_register_as_known_then_and_now(marks):
    """The N of that morning, explained afterwards: both are told, each as it was known."""
    marks.add(AT, step("first-day-call", at="09:40", outcome="no answer", with_whom="mother"))
    amend(marks, AT + HOUR)
    answer = ask(marks)
    [row] = answer.rows()
    assert row["register_then"] == COUNTS | {"missing": row["register_then"]["missing"]}
    assert row["register_now"] == row["register_then"] | {"authorised": 1, "unauthorised": 0}
    assert row["kind"] == "first-day-call"
    assert (row["at"], row["with"], row["by"]) == ("09:40", "mother", WHO)
    assert read(answer)[:8] == [
        "Ann Able (U-ann): 1 step with the family", "",
        f"2025-09-08 09:40  First-day call: no answer  (entry {row['position']})",
        "With         mother",
        "Recorded     2025-09-09 10:00, by Mrs Register, Officer (operating-system",
        "             account; name as stated)",
        "Register     up to that day, as known then: attended 50.0 % (1 of 2), 1 session",
        "             unauthorised; as known now: attended 50.0 % (1 of 2), 0 sessions",
    ]  # fmt: skip


def test_where_nothing_changed_the_register_is_told_once(marks):
    marks.add(AT, step("call"))
    assert "Register     up to that day: attended 50.0 % (1 of 2), 1 session unauthorised" in read(
        ask(marks)
    )
    marks.add(AT, step("call", on=date(2025, 9, 1)))
    assert "Register     up to that day: no session counted" in read(ask(marks))


def test_a_correction_stands_with_what_it_corrects(school):
    """Both are rows; for reading, the step as it stands, and beneath what it said."""
    school.add(AT, step("call", outcome="no answer"))
    school.add(AT + HOUR, corrected("call-08", "call", TUE, outcome="spoken to"))
    answer = ask(school)
    first, second = answer.rows()
    assert (first["stands"], first["corrects"], first["on"]) == (False, None, "2025-09-08")
    assert (second["stands"], second["corrects"]) == (True, first["position"])
    assert second["reason"] == "the wrong line"
    assert second["corrected_by"] == {"name": "Mr Teacher", "job_title": "Teacher"}
    assert second["by"] == WHO
    lines = read(answer)
    assert lines[2].startswith("2025-09-09  Telephone call: spoken to")
    assert (
        "Corrected    2025-09-09 11:00, by Mr Teacher, Teacher: the wrong line; it said:" in lines
    )
    assert "             day 2025-09-08; outcome no answer" in lines
    assert "Recorded     2025-09-09 10:00, by Mrs Register, Officer (operating-system" in lines


def test_what_was_known_when_a_step_was_recorded_stays_whatever_is_corrected(marks):
    """A correction says the step again; what the register said then is as it was."""
    marks.add(AT, step("call", outcome="no answer"))
    amend(marks, AT + HOUR)
    marks.add(AT + 2 * HOUR, corrected("call-08", "call", outcome="spoken to"))
    first, last = ask(marks).rows()
    assert first["register_then"] == last["register_then"]
    assert last["register_then"]["unauthorised"] == 1
    assert last["register_now"]["unauthorised"] == 0


def test_as_known_before_a_correction_the_step_says_what_it_said(school):
    school.add(AT, step("call", outcome="no answer"))
    school.add(AT + HOUR, corrected("call-08", "call", outcome="spoken to"))
    [row] = ask(school, known_at="2025-09-09T11:30").rows()[:1]
    known = ask(school, known_at="2025-09-09T10:30").rows()
    assert [each["outcome"] for each in known] == ["no answer"]
    assert row["outcome"] == "no answer"


def test_a_step_that_was_taken_back_is_in_no_answer(school):
    at = school.add(AT, step("call"))
    taken = EntryTakenBack(entry=at, reason="another pupil", by="s1", **WHO)
    school.add(AT + HOUR, Fact(streams.casework("ann"), taken))
    assert not ask(school).rows()
    assert read(ask(school))[0] == "no step with the family is on record up to 2025-09-30"
    assert len(ask(school, known_at="2025-09-09T10:30").rows()) == 1


def contract(review, **more):
    return step(
        "attendance-contract", next_review=review, first=MON, last=date(2025, 10, 17),
        sessions=("Mon AM", "Tue PM"), said="signed-by: both", notes="two copies", parent="P1",
        **more,
    )  # fmt: skip


def test_a_plan_is_told_with_all_that_was_agreed(school):
    rule = Trigger(rule="attendance.below_93", position=3, known_at=AT)
    school.add(AT, contract(date(2025, 9, 22), answers=rule))
    lines = read(ask(school))
    assert lines[3:10] == [
        "With         P1",
        "Holds        2025-09-08 to 2025-10-17",
        "Sessions     Mon AM, Tue PM",
        "Said         signed-by: both",
        "Notes        two copies",
        "Review       due 2025-09-22",
        "Answers      attendance.below_93, as known 2025-09-09 10:00",
    ]
    [row] = ask(school).rows()
    assert row["answers"] == {"rule": "attendance.below_93", "known_at": "2025-09-09T09:00:00Z"}
    assert (row["from"], row["to"], row["sessions"]) == (
        "2025-09-08", "2025-10-17", ["Mon AM", "Tue PM"]
    )  # fmt: skip


def test_what_the_last_review_says_is_due(school):
    """The plan's own day, then the next of each review; none once it is at an end."""
    due, then = date(2025, 9, 22), date(2025, 9, 29)
    school.add(AT, contract(due))
    for on, wanted in ((due - timedelta(days=1), []), (due, ["attendance-contract"])):
        rows = ask(school, reviews_due=True, on=on).rows()
        assert [row["kind"] for row in rows] == wanted
    review = {"reviews": "attendance-contract-08", "outcome": "kept"}
    school.add(AT + HOUR, step("plan-review", TUE, **review, next_review=then))
    assert not ask(school, reviews_due=True, on=due).rows()
    [row] = ask(school, open=True).rows()
    assert row["review_due"] == "2025-09-29"
    school.add(AT + 2 * HOUR, step("plan-review", date(2025, 9, 10), **review, ends=True))
    assert not ask(school, open=True).rows()
    assert len(ask(school).rows()) == 3


def test_steps_with_all_families_are_a_table(school):
    """By day; those after the day asked about are left out."""
    school.add(AT, step("call", TUE), step("letter", MON, pupil="bob"))
    answer = ask(school, who=None)
    assert [row["upn"] for row in answer.rows()] == ["U-bob", "U-ann"]
    assert read(answer)[0] == "2 steps with families"
    assert [row["upn"] for row in ask(school, who=None, on=MON).rows()] == ["U-bob"]
    assert as_csv(answer).splitlines()[1].startswith("U-bob,2025-09-08,,")


def test_what_a_source_states_is_second_hand(school):
    """Who took it is the id that it states; what was known then is known by its clock alone."""
    school.add(
        AT, marked("ann", f"{MON}/AM", "N", stated=AT - 3 * HOUR),
        step("clinic", stated=AT - 2 * HOUR, id=None, name=None, job_title=None),
        step("letter", id=None, name=None, job_title=None), imported=True,
    )  # fmt: skip
    untimed, timed = ask(school).rows()
    assert (timed["kind"], timed["by"]) == ("clinic", {"name": "s1", "job_title": None} | STATED)
    assert (timed["recorded_at"], untimed["recorded_at"]) == ("2025-09-09T07:00:00Z", None)
    assert timed["register_then"] is None
    lines = read(ask(school))
    assert "2025-09-08  clinic  (entry" in "\n".join(lines)
    assert "Recorded     no time stated, by s1 (as stated by its source)" in lines
    by_source = ask(school, clock="source").rows()
    assert by_source[1]["register_then"]["possible"] == 1
    assert by_source[0]["register_then"] is None


def test_before_anything_was_known_there_is_no_step(school):
    assert not ask(school, known_at="2025-07-01").rows()


def test_a_step_recorded_before_its_pupil_was_counts_no_session(school):
    """Known to the log first, as an import in parts may have it."""
    school.add(AT, step("call", pupil="dee"))
    school.add(AT + HOUR, enrolled("dee", date(2025, 9, 3)))
    [row] = ask(school, who="U-dee").rows()
    assert row["register_then"]["possible"] == 0
    assert (row["register_then"]["missing"], row["register_now"]["missing"] > 0) == (0, True)


def test_what_each_version_said_is_told_in_the_order_of_recording(school):
    """Also where a correction moves the step to an earlier day, and of every field."""
    school.add(AT, step("call", TUE, outcome="no answer", notes="will ring back", id="one"))
    school.add(AT + HOUR, corrected("one", "support-plan", MON, outcome="agreed", notes="club"))
    school.add(AT + 2 * HOUR, corrected("one", "support-plan", MON, outcome="declined"))
    lines = "\n".join(read(ask(school)))
    first, second = (part.split("\nCorrected")[0] for part in lines.split("it said:")[1:])
    told = "day 2025-09-09; step Telephone call; outcome no answer; notes will ring back"
    assert " ".join(first.split()) == told
    assert " ".join(second.split()).startswith("outcome agreed; notes club")


def test_words_for_the_safeguarding_role_are_in_no_answer(school):
    """The pointer to where they are is."""
    said = "pointer: system, 12"
    school.add(AT, step("dsl-question", outcome="asked", notes="HIDDEN", said=said))
    answer = ask(school)
    [row] = answer.rows()
    assert (row["notes"], row["said"]) == ("[for the safeguarding role alone]", [said])
    assert "HIDDEN" not in "\n".join((*read(answer), as_csv(answer)))
