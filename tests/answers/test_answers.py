"""The program answers as it did: a sample of all the questions that there are.

``uv run python -m tests.answers diff`` asks all of them; README.md beside this says more.
"""

import subprocess
import sys

import pytest

from tests.answers import asking, calls, campaign, packed, questions
from tests.answers.campaign import Asked

SAMPLE = {"demo": 50, "everything": 110, "portable": 60, "small": 50, "empty": 50}


@pytest.mark.parametrize("ledger", packed.names())
def test_a_sample_is_answered_as_it_was(ledger):
    """Exit code, output and files are the same, byte for byte."""
    lines = campaign.chosen(ledger, Asked(sample=SAMPLE[ledger]))
    now = campaign.answered(ledger, lines, jobs=1)
    kept = packed.kept(ledger)
    different = list(campaign.differences(kept, now, all_asked=False))
    told = [f"$ {one.line}\n{one.text}" for one, _ in campaign.grouped(different)]
    assert not told, "\n".join([f"{len(different)} of {len(now)} differ", *told[:20]])


@pytest.mark.parametrize("ledger", packed.names())
def test_every_question_has_its_kept_answer(ledger):
    """None is new, none has gone: a changed command or option shows here at once."""
    asked = {campaign.written(ledger, line) for line in calls.of(ledger)}
    kept = set(packed.kept(ledger))
    assert sorted(asked - kept) == []
    assert sorted(kept - asked) == []


def test_every_option_of_a_question_has_values():
    """A new option is asked with what its type allows; one of free text wants values."""
    assert questions.unlisted() == []


def test_every_command_that_records_is_given():
    """A new one wants lines in ``writes.txt``."""
    assert calls.unwritten() == []


def test_a_changed_answer_is_told():
    """The line that changed is shown, with what stood before and what stands now."""
    kept = {"attendance x": {"code": 0, "out": "one\ntwo\nthree\n"}}
    now = {"attendance x": {"code": 0, "out": "one\n2\nthree\n"}}
    [found] = campaign.differences(kept, now, all_asked=True)
    assert found.line == "attendance x"
    assert "  -out| two\n  +out| 2\n" in found.text


@pytest.mark.parametrize(
    "after",
    [{"code": 1, "out": "x\n"}, {"code": 0}, {"code": 0, "out": "x\n", "files": {"f": "x"}}],
    ids=["exit code", "no output", "one more file"],
)
def test_every_part_of_an_answer_counts(after):
    """Exit code, output and files written are each compared."""
    kept = {"attendance x": {"code": 0, "out": "x\n"}}
    assert len(list(campaign.differences(kept, {"attendance x": after}, all_asked=True))) == 1


def test_a_question_that_is_gone_or_new_is_told():
    """Where all are asked; a sample leaves most out."""
    kept, now = {"attendance x": {"code": 0}}, {"attendance y": {"code": 0}}
    found = list(campaign.differences(kept, now, all_asked=True))
    assert [one.line for one in found] == ["attendance x", "attendance y"]
    assert [one.line for one in campaign.differences(kept, now, all_asked=False)] == [
        "attendance y"
    ]


def test_the_same_change_in_many_answers_is_told_once():
    """With the other questions in which it was found."""
    kept = {f"attendance {n}": {"code": 0, "out": f"{n}\nold\n"} for n in range(3)}
    now = {line: {"code": 0, "out": a["out"].replace("old", "new")} for line, a in kept.items()}
    [(one, others)] = campaign.grouped(list(campaign.differences(kept, now, all_asked=True)))
    assert one.line == "attendance 0"
    assert others == ["attendance 1", "attendance 2"]


def test_the_order_of_questions_changes_no_answer():
    """A question that records, or that remembers what it saw, leaves no trace for the next."""
    lines = campaign.chosen("everything", Asked(sample=12, seed=5))
    lines += [line for line in calls.of("everything") if "subject-access" in line][:3]
    lines += calls.writes()[4:12]
    lines += [line for line in calls.of("everything") if line[0] == "export"][::20]
    forth = asking.answers("everything", lines)
    assert asking.answers("everything", lines[::-1]) == forth


def test_the_command_shows_what_differs_and_ends_with_1(tmp_path):
    """Run as a person does, against answers of which one was altered."""
    altered = packed.kept("small")
    line = next(line for line in altered if line.endswith("status"))
    altered[line]["out"] = altered[line]["out"].replace("On roll", "Off roll")
    script = (
        "import sys; from pathlib import Path; from tests.answers import packed, __main__\n"
        f"packed.KEPT = Path({str(tmp_path)!r}); sys.exit(__main__.main())"
    )
    packed.keep("small", altered, tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", script, "diff", "--ledger", "small", "--only", "status"],
        capture_output=True,
        text=True,
        check=False,
        cwd=packed.HERE.parents[1],
    )
    assert done.returncode == 1, done.stderr
    assert "-out| Off roll" in done.stdout
    assert "+out| On roll" in done.stdout
