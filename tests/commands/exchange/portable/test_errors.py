"""Every way in which a folder is refused: one readable case each in ``fixtures/errors``."""

import pytest

from ledger.errors import ImportRefused


def test_the_message_says_where_what_and_what_to_do(before, case, overlay):
    """A faulty folder is refused with the lines of ``expected.txt``, and nothing is written."""
    head = before.head()
    with pytest.raises(ImportRefused) as caught:
        before.bring(overlay(case))
    expected = (case / "expected.txt").read_text("utf-8").splitlines()
    assert [str(problem) for problem in caught.value.problems] == expected
    assert caught.value.total == len(expected)
    assert before.head() == head


def test_a_finding_alone_may_be_accepted(before, overlay, case):
    """Only what law or policy would not allow is offered to be recorded as stated."""
    with pytest.raises(ImportRefused) as caught:
        before.bring(overlay(case))
    over_marks = {f"{what}-over-marks" for what in ("closure", "term", "leaver", "group")}
    finding = {
        "reason-missing", "nature-missing", "code-age", "ground-unknown", "closed-for-everyone",
        "local-id-exponent",
        *over_marks,
    }  # fmt: skip
    only_findings = {problem.code for problem in caught.value.problems} <= finding
    assert ("--accept-findings" in caught.value.remedy) == only_findings
