"""Steps with a family in a file, as an export writes them: ids, reviews, corrections, triggers."""

import pytest

from tests.commands.exchange.portable.conftest import CLEO

COLUMNS = (
    "upn", "step", "on", "by", "with", "outcome", "notes", "recorded_on", "at", "parent_id",
    "said", "next_review", "from", "to", "sessions", "id", "reviews", "ends", "answers", "name",
    "job_title", "corrects", "reason",
)  # fmt: skip
PLAN = {
    "step": "attendance-contract", "id": "plan", "with": "Mr Mockridge", "parent_id": "P03",
    "outcome": "signed", "said": "signed-by: both", "next_review": "2026-12-04",
    "from": "2026-11-20", "to": "2026-12-18", "sessions": "Mon AM;2026-12-02/PM", "at": "9:40",
    "recorded_on": "2026-11-20T10:00:00Z",
    "answers": '{"rule":"attendance.below_93","position":7,"known_at":1795165500000000}',
}  # fmt: skip
REVIEW = {"step": "plan-review", "outcome": "kept", "reviews": "plan", "ends": "yes", "id": "look"}
CORRECTED = PLAN | {
    "id": "", "corrects": "plan", "at": "10:00", "reason": "the time was wrong", "by": "A01",
    "name": "Olive Officer", "job_title": "Officer", "recorded_on": "2026-11-20T11:00:00Z",
}  # fmt: skip


@pytest.fixture
def rows(tmp_path):
    """Return a function that writes rows of Cleo's into ``casework.csv``, alone in a folder."""

    def write(*given):
        folder = tmp_path / "one"
        folder.mkdir(exist_ok=True)
        lines = [",".join(COLUMNS)]
        for each in given:
            row = {"upn": CLEO, "on": "2026-11-20", "by": "A01"} | each
            cells = (row.get(name, "").replace('"', '""') for name in COLUMNS)
            lines.append(",".join(f'"{cell}"' for cell in cells))
        (folder / "casework.csv").write_text("\n".join([*lines, ""]), "utf-8")
        return folder

    return write


def test_all_that_a_step_says_is_recorded_as_stated(known, rows):
    """Reviews and corrections speak of it by its id, wherever in the file they stand."""
    known.once(rows(CORRECTED, REVIEW, PLAN), CaseworkStepTaken=2, CaseworkStepCorrected=1)
    plan = next(each for each in known.states("CaseworkStepTaken") if each.get("id") == "plan")
    assert {name: plan[name] for name in ("at", "parent", "next_review", "first", "last")} == {
        "at": "09:40", "parent": "P03", "next_review": "2026-12-04", "first": "2026-11-20",
        "last": "2026-12-18",
    }  # fmt: skip
    assert plan["sessions"] == ["Mon AM", "2026-12-02/PM"]
    assert plan["answers"]["rule"] == "attendance.below_93"
    [review] = [each for each in known.states("CaseworkStepTaken") if each.get("ends")]
    assert review["reviews"] == "plan"
    [corrected] = known.states("CaseworkStepCorrected")
    assert (corrected["of"], corrected["at"]) == ("plan", "10:00")
    assert known.said("CaseworkStepCorrected", "reason") == ["the time was wrong"]


def test_a_step_without_an_id_is_given_one(known, rows):
    known.bring(rows({"step": "call"}))
    assert len(known.states("CaseworkStepTaken")[-1]["id"]) == 11


def test_what_was_recorded_first_may_be_corrected_by_a_later_file(known, rows):
    known.once(rows(PLAN), CaseworkStepTaken=1)
    known.once(rows(PLAN, CORRECTED), CaseworkStepCorrected=1)


@pytest.mark.parametrize(
    ("row", "code", "words"),
    [
        (REVIEW, "step-unknown", "no step of the pupil has the id 'plan'"),
        (CORRECTED, "step-unknown", "no step of the pupil has the id 'plan'"),
        (PLAN | {"parent_id": "P99"}, "parent-unknown", "P99"),
        (PLAN | {"answers": "{}"}, "trigger-form", "does not say which rule is answered"),
        (
            PLAN | {"answers": '{"rule":"as Ada said","position":7,"known_at":1}'},
            "trigger-form",
            "does not say which rule is answered",
        ),
        ({"step": "call", "on": "2027-11-20"}, "future", "on 2027-11-20 has not come yet"),
        ({"step": "call", "recorded_on": "2027-01-01T10:00:00Z"}, "future", "recorded_on 2027"),
        (PLAN | {"at": "noon"}, "time-form", "'noon' is no time of day"),
        (PLAN | {"sessions": "Mondays"}, "session", "'Mondays' is not a session"),
    ],
)
def test_what_a_step_cannot_say_is_a_problem_of_its_row(known, rows, row, code, words):
    [problem] = known.faults(rows(row)).problems
    assert (problem.code, problem.line) == (code, 2)
    assert words in problem.what


@pytest.mark.parametrize("column", ["reason", "by", "name", "job_title"])
def test_a_correction_says_why_and_by_whom(known, rows, column):
    [problem] = known.faults(rows(PLAN, CORRECTED | {column: ""})).problems
    assert column in problem.what
    assert problem.remedy == "a correction says why it was made, and who made it"


def test_whoever_is_named_for_a_file_may_record_by_it_what_they_may_by_hand(known, rows):
    """A notice to improve is the head's; a source that nobody is named for is its own word."""
    notice = {"step": "notice to improve", "outcome": "sent"}
    path = rows(notice)
    [problem] = known.by("T01").faults(path).problems
    assert (problem.code, problem.line) == ("not-authorised", 2)
    assert "record a step notice-to-improve: head, authoriser" in problem.what
    known.once(path, CaseworkStepTaken=1)
    assert known.by("T01").brought(rows({"step": "call"})).found == {"CaseworkStepTaken": 1}
