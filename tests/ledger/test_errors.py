"""Refusals say what is wrong, where, and what to do about it."""

import pytest

from ledger.errors import ImportRefused, Problem, Refused
from ledger.events.registry import unknown


def test_a_refusal_has_a_code_a_fact_and_a_remedy():
    """The text of the exception is what is wrong."""
    refused = Refused("pupil-unknown", "no such pupil", "look the pupil up")
    assert (refused.code, str(refused), refused.remedy) == (
        "pupil-unknown",
        "no such pupil",
        "look the pupil up",
    )


def test_an_unknown_event_names_the_version_to_use():
    """The remedy is the newer version."""
    assert "newer" in unknown("Telepathy.v1").remedy


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("marks.csv", 3, "c", "what", "remedy"), "marks.csv:3: what; remedy"),
        (Problem("marks.csv", 3, "c", "what"), "marks.csv:3: what"),
        (Problem("marks.csv", 0, "c", "what", "remedy"), "marks.csv: what; remedy"),
    ],
)
def test_a_problem_reads_as_file_line_what_and_remedy(problem, text):
    assert str(problem) == text


def test_problems_come_in_order_of_file_and_line():
    """Numbers in order of number."""
    problems = [Problem("b", 1, "", ""), Problem("a", 10, "", ""), Problem("a", 9, "", "")]
    assert sorted(problems) == problems[::-1]


@pytest.mark.parametrize(
    ("total", "findings", "text", "may_accept"),
    [
        (1, 0, "1 problem; nothing was recorded", False),
        (2, 1, "2 problems; nothing was recorded", False),
        (2, 2, "2 problems; nothing was recorded", True),
    ],
)
def test_findings_alone_may_be_accepted(total, findings, text, may_accept):
    """The remedy names --accept-findings only where it would help."""
    refused = ImportRefused([], total=total, findings=findings)
    assert str(refused) == text
    assert ("--accept-findings" in refused.remedy) is may_accept
