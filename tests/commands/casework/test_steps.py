"""Steps with a family: recorded, corrected, reviewed, ended, each as its kind asks."""

from datetime import date

import pytest

from commands.amending.take_back import TakeBack
from commands.casework.steps import AddStep, CloseStep, CorrectStep, ReviewStep
from commands.school.staff import AddStaff
from ledger.events.casework import CaseworkStepCorrected, CaseworkStepTaken, Trigger
from tests.commands.conftest import taken_back_by

DAY = date(2026, 11, 20)
SIGNED = ("signed-by=Ms Quill; M Marsh",)
CONTRACT = {
    "kind": "attendance contract", "with_": "Ms Quill", "from_": DAY, "to_": date(2026, 12, 18),
    "next_review": date(2026, 12, 4), "say": SIGNED, "outcome": "signed",
}  # fmt: skip


def step(**given):
    """A step about P1 on the Friday."""
    return AddStep(**{"pupil": "P1", "on": DAY, "kind": "call", "with_": "mother"} | given)


def call(**given):
    return step(**{"outcome": "no answer"} | given)


def taken(office, command):
    """Record a step; return its event."""
    [event] = office.events(command)
    return event


def entry(office):
    """Return the number of the last entry."""
    return office.log()[-1][0]


def test_a_step_says_who_took_it_with_name_and_title(office):
    """And what came of it, in the words of its kind; the number is told, to take it back."""
    outcome = office.do(step(kind="First day call", at="9:40", outcome="No answer"))
    position, stream, event = office.log()[-1]
    assert stream == f"casework:{office.id('P1')}"
    assert event == CaseworkStepTaken(
        id=event.id, step="first-day-call", on=DAY, at="09:40", with_whom="mother",
        outcome="no answer", by="mm", name="Mo Marsh", job_title="Attendance Officer",
    )  # fmt: skip
    assert outcome.says == (
        "First-day call, 2026-11-20 09:40, Ada Quill: no answer",
        taken_back_by("step with the family", position),
    )


def test_what_a_kind_asks_is_kept_with_its_key(office):
    """Where somebody was reached it asks for more, and all that is missing is said at once."""
    refused = office.refused(
        step(kind="first-day-call", outcome="reached"), "step-incomplete",
        "needs at, whereabouts, seen",
    )  # fmt: skip
    assert refused.remedy == (
        '--at; --say whereabouts="..." (whereabouts confirmed by whom); '
        '--say seen="..." (child seen or spoken to, by whom)'
    )
    say = ("whereabouts=at home, mother", "seen=spoken to, mm")
    found = taken(office, step(kind="first-day-call", outcome="reached", at="10:15", say=say))
    assert found.said == "whereabouts: at home, mother\nseen: spoken to, mm"


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"kind": "zebra"}, "kind-unknown", "no kind of step 'zebra'"),
        ({"outcome": "maybe"}, "outcome-unknown", "'maybe' is no outcome of a step call"),
        ({"outcome": None}, "step-incomplete", "a step call needs outcome"),
        ({"say": ("mood=sad",)}, "answer-unknown", "'mood=sad' answers nothing"),
        ({"kind": "first-day-call", "say": ("seen",)}, "answer-unknown", "'seen' answers nothing"),
        ({"kind": "first-day-call", "say": ("seen= ",)}, "say-missing", "no say is given"),
        ({"answers": "what Mrs Quill said"}, "rule-form", "is no name of a rule"),
        ({"at": "9.40"}, "time-form", "'9.40' is no time of day"),
        ({"at": "25:00"}, "time-form", "'25:00' is no time of day"),
        ({"at": "half past"}, "time-form", "'half past' is no time of day"),
        ({"on": date(2026, 12, 24)}, "future", "is in the future"),
        (
            CONTRACT | {"next_review": date(2026, 11, 19)},
            "dates-reversed",
            "--next-review (2026-11",
        ),
        ({"session": ("Monday",)}, "session", "Monday"),
        ({"parent": "F9"}, "parent-unknown", "F9"),
        (CONTRACT | {"to_": date(2026, 11, 19)}, "dates-reversed", "--to (2026-11-19) is before"),
        (CONTRACT | {"say": ()}, "step-incomplete", "needs signed-by"),
        (
            {"kind": "part-time timetable", "outcome": "agreed"},
            "step-incomplete",
            "needs from, to",
        ),
    ],
)
def test_what_a_kind_does_not_allow_is_refused(office, given, code, words):
    """With what is wrong; nothing is recorded."""
    office.refused(call(**given), code, words)


def test_how_to_give_what_is_missing_is_said_field_by_field(office):
    refused = office.refused(step(kind="part-time-timetable", outcome="agreed"))
    assert "--session, again for each (Mon AM)" in refused.remedy
    assert office.refused(step()).remedy.startswith("--outcome, one of: spoken to, no answer")


@pytest.mark.parametrize(
    ("last", "allowed"), [(date(2026, 12, 31), True), (date(2027, 1, 1), False)]
)
def test_a_part_time_timetable_ends_within_six_weeks(office, last, allowed):
    """Six weeks from its first day, that day counted; a new agreement is another step."""
    say = ("why=recovery from an operation", "keeps-safe=grandmother")
    given = {
        "kind": "part-time-timetable", "from_": DAY, "to_": last, "say": say,
        "session": ("Mon am", "Tuesday PM", "2026-12-02/AM", "mon AM"),
        "next_review": date(2026, 12, 4), "outcome": "agreed",
    }  # fmt: skip
    if not allowed:
        refused = office.refused(step(**given), "plan-too-long", "6 weeks at most, to 2026-12-31")
        assert "a new one may be agreed" in refused.remedy
        return
    assert taken(office, step(**given)).sessions == ("Mon AM", "Tue PM", "2026-12-02/AM")


@pytest.mark.parametrize(("days", "allowed"), [(30, True), (31, False)])
def test_a_review_comes_within_the_days_of_its_kind(office, days, allowed):
    """A complaint: thirty days."""
    given = {"kind": "complaint", "notes": "about a mark"}
    command = step(**given, next_review=date.fromordinal(DAY.toordinal() + days))
    if allowed:
        assert taken(office, command).step == "complaint"
    else:
        office.refused(command, "review-too-late", "within 30 days, by 2026-12-20")


def test_some_kinds_are_for_some_roles_alone(office):
    """A notice to improve is the head's; the refusal names who may."""
    notice = step(
        kind="notice to improve", from_=DAY, to_=date(2026, 12, 11), outcome="drafted",
        say=("sufficient=every session but for illness",),
    )  # fmt: skip
    refused = office.refused(notice, "not-authorised", "record a step notice-to-improve")
    assert "Hal Hope (head)" in refused.remedy
    assert taken(office.by("head"), notice).by == "head"
    office.by("head").do(AddStaff(staff_id="tt", name="Ty Tutor", job_title="Tutor"))
    assert taken(office.by("tt"), call()).name == "Ty Tutor"


def test_who_it_was_with_may_be_a_parent_on_record(office):
    assert taken(office, call(parent="F1")).parent == "F1"
    office.refused(call(parent="F1", pupil="P3"), "parent-not-related")


def test_a_step_says_whether_it_counts_as_support(office):
    """Where it is an occasion for it; a call is none."""
    meeting = {"kind": "attendance meeting"}
    said = [office.do(step(**meeting, outcome=each)).says[1] for each in (
        "agreed", "support declined", "nothing agreed",
    )]  # fmt: skip
    assert said == [
        "it counts as support before a penalty notice",
        "it counts as support that was offered and not taken",
        "it is no support before a penalty notice: nothing is recorded as agreed there",
    ]
    assert len(office.do(call()).says) == 2


def test_the_rule_that_a_step_answers_is_kept_with_what_was_known(office):
    """Up to which entry the register was read, and when."""
    before = entry(office)
    found = taken(office, call(answers="attendance.below_93"))
    assert found.answers == Trigger(
        rule="attendance.below_93", position=before, known_at=office.now
    )


def test_the_same_step_again_is_recorded_once(office):
    """A second try at another time is another step; so is one recorded on purpose."""
    office.do(call(at="09:40"))
    assert office.events(call(at="09:40")) == []
    assert office.do(call(at="09:40")).says[-1] == "a step besides it is recorded with --again"
    office.by("head").do(AddStaff(staff_id="tt", name="Ty Tutor", job_title="Tutor"))
    assert len(office.by("tt").events(call(at="09:40"))) == 1
    assert len(office.events(call(at="09:55"))) == 1
    assert len(office.events(call(at="09:40", again=True))) == 1


def test_a_dry_run_records_nothing(office):
    before = entry(office)
    said = office.do(call(dry_run=True)).says
    assert said[-1] == "dry run: nothing was recorded"
    assert entry(office) == before


# -- reviewed, ended ----------------------------------------------------------------------------


def test_a_plan_is_reviewed_and_brought_to_an_end(office):
    """Each review is a step of its own, of the kind that the plan opens; the last ends it."""
    plan = taken(office, step(**CONTRACT))
    number = entry(office)
    office.at("2026-12-04T10:00Z")
    reviewed = office.do(ReviewStep(
        entry=number, on=date(2026, 12, 4), outcome="partly kept", next_review=date(2026, 12, 18)
    ))  # fmt: skip
    assert reviewed.says[0] == (
        "Review of a plan of Attendance contract of 2026-11-20, 2026-12-04, Ada Quill: "
        "partly kept; looked at again on 2026-12-18"
    )
    event = office.log()[-1][2]
    assert (event.step, event.reviews, event.ends) == ("plan-review", plan.id, False)
    office.at("2026-12-18T10:00Z")
    closing = CloseStep(entry=number, on=date(2026, 12, 18), outcome="kept")
    assert office.do(closing).says[0].endswith("kept; it is at an end")
    assert office.log()[-1][2].ends
    assert office.events(closing) == []


def test_what_opens_no_review_is_not_reviewed(office):
    office.do(call())
    look = ReviewStep(entry=entry(office), on=DAY, outcome="kept")
    office.refused(look, "no-review", "a step call opens no review")


def test_a_review_is_not_before_its_plan(office):
    office.do(step(**CONTRACT))
    look = ReviewStep(entry=entry(office), on=date(2026, 11, 19), outcome="kept")
    office.refused(look, "dates-reversed", "is before the step itself (2026-11-20)")


@pytest.mark.parametrize("number", [1, 99999])
def test_only_a_step_is_reviewed_or_corrected(office, number):
    office.refused(ReviewStep(entry=number, on=DAY), "entry-no-step", f"entry {number} is no step")
    office.refused(CorrectStep(entry=number, reason="x"), "entry-no-step")


# -- corrected, taken back ----------------------------------------------------------------------


def test_a_correction_says_the_step_again_whole(office):
    """What is not given stays; what it said stays on record, beside why it was wrong."""
    first = taken(office, call(at="09:40", notes="will ring back"))
    number = entry(office)
    correct = CorrectStep(
        entry=number, outcome="spoken to", on=date(2026, 11, 19), reason="read from the wrong line"
    )
    said = office.do(correct).says
    assert said == ("Telephone call of 2026-11-20 09:40, Ada Quill: corrected (day, outcome)",)
    assert office.log()[-1][2] == CaseworkStepCorrected(
        of=first.id, step="call", on=date(2026, 11, 19), at="09:40", with_whom="mother",
        outcome="spoken to", notes="will ring back", reason="read from the wrong line",
        by="mm", name="Mo Marsh", job_title="Attendance Officer",
    )  # fmt: skip
    assert office.events(correct) == []
    [again] = office.events(CorrectStep(entry=number, at="09:45", reason="the clock was slow"))
    assert (again.on, again.at, again.outcome) == (date(2026, 11, 19), "09:45", "spoken to")


def test_answers_are_corrected_one_by_one(office):
    say = ("whereabouts=at home, mother", "seen=spoken to, mm")
    office.do(step(kind="first-day-call", outcome="reached", at="10:15", say=say))
    correct = CorrectStep(entry=entry(office), say=("seen=no",), reason="it was the sister")
    assert taken(office, correct).said == "whereabouts: at home, mother\nseen: no"


def test_the_kind_may_be_corrected_and_what_it_needs_then_is_asked_for(office):
    office.do(call())
    number = entry(office)
    correct = {"entry": number, "kind": "home visit", "reason": "it was a visit"}
    office.refused(CorrectStep(**correct), "outcome-unknown", "'no answer' is no outcome")
    done = CorrectStep(**correct, outcome="nobody in", at="10:00", say=("why=no contact",))
    said = office.do(done).says
    assert said[0].endswith("corrected (kind, time, outcome, answers)")
    assert (
        said[1] == "it is no support before a penalty notice: nothing is recorded as agreed there"
    )


def test_a_parent_may_be_named_later(office):
    office.do(call())
    number = entry(office)
    assert taken(office, CorrectStep(entry=number, parent="F1", reason="named now")).parent == "F1"
    assert taken(office, CorrectStep(entry=number, at="09:00", reason="time")).parent == "F1"
    office.refused(CorrectStep(entry=number, parent="F9", reason="who"), "parent-unknown")


def test_a_step_that_was_taken_back_is_neither_corrected_nor_the_same_again(office):
    """It counts nowhere; what was corrected before goes with it."""
    office.do(call())
    number = entry(office)
    office.do(CorrectStep(entry=number, at="09:00", reason="time"))
    office.do(TakeBack(entry=number, reason="another pupil"))
    office.refused(CorrectStep(entry=number, at="09:05", reason="x"), "step-taken-back")
    assert len(office.events(call())) == 1


def test_a_step_of_before_ids_is_known_by_its_place(office):
    """As another system states it: reviewed, where its words are of a kind that opens a review."""
    stream = f"casework:{office.id('P1')}"
    plan = CaseworkStepTaken(step="Support plan", on=DAY, by="P03")
    number = office.put(stream, plan)
    found = taken(office, ReviewStep(entry=number, on=DAY, outcome="kept"))
    assert found.reviews == f"@{number}"
    unknown = office.put(stream, CaseworkStepTaken(step="clinic", on=DAY))
    office.refused(ReviewStep(entry=unknown, on=DAY), "no-review", "a step 'clinic' opens")
    correct = {"kind": "call", "outcome": "spoken to", "with_": "mother", "reason": "a call"}
    said = office.do(CorrectStep(entry=unknown, **correct)).says
    assert said[0].startswith("clinic of 2026-11-20, Ada Quill: corrected (kind,")


def test_a_step_of_one_kind_is_not_made_another_by_who_may_not_record_it(office):
    """What the head recorded is corrected by whoever may record such a step."""
    head = office.by("head")
    head.do(step(kind="court-outcome", outcome="guilty", say=("document=D1",)))
    correct = {"entry": entry(office), "kind": "call", "outcome": "no answer", "reason": "typo"}
    head.do(AddStaff(staff_id="tt", name="Ty Tutor", job_title="Tutor"))
    office.by("tt").refused(
        CorrectStep(**correct), "not-authorised", "record a step court-outcome"
    )
    assert len(head.events(CorrectStep(**correct))) == 1


def test_an_empty_text_clears_what_there_was(office):
    office.do(call(notes="a wrong note", parent="F1"))
    correct = CorrectStep(entry=entry(office), notes="", parent="", reason="of another pupil")
    found = taken(office, correct)
    assert (found.notes, found.parent, found.with_whom) == (None, None, "mother")


def test_what_opens_no_review_is_looked_at_on_no_day(office):
    office.refused(call(next_review=date(2026, 12, 4)), "no-review", "a step call opens no review")
    office.do(step(**CONTRACT))
    correct = CorrectStep(
        entry=entry(office), kind="call", outcome="no answer", with_="mother", reason="a call"
    )
    assert taken(office, correct).next_review is None


def test_an_answer_is_one_line(office):
    say = ("whereabouts=at home\nseen: yes", "seen=no")
    found = taken(office, step(kind="first-day-call", outcome="reached", at="10:15", say=say))
    assert found.said == "whereabouts: at home seen: yes\nseen: no"


def test_words_of_another_system_stay_where_only_something_else_is_corrected(office):
    """The kind was not what was wrong."""
    plan = CaseworkStepTaken(step="Phone call", on=DAY, by="P03", outcome="no answer")
    number = office.put(f"casework:{office.id('P1')}", plan)
    correct = CorrectStep(entry=number, notes="rang twice", with_="mother", reason="left out")
    assert office.do(correct).says[0].endswith("corrected (with whom, notes)")
    assert office.log()[-1][2].step == "Phone call"
