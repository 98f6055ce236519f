"""Every way in which a folder is refused: one readable case each in ``fixtures/errors``."""

import pytest

from ledger.errors import ImportRefused


def test_the_message_says_where_what_and_what_to_do(ledger, case, overlay):
    """A faulty folder is refused with the lines of ``expected.txt``, and nothing is written."""
    head = ledger.head()
    with pytest.raises(ImportRefused) as caught:
        ledger.bring(overlay(case))
    expected = (case / "expected.txt").read_text("utf-8").splitlines()
    assert [str(problem) for problem in caught.value.problems] == expected
    assert caught.value.total == len(expected)
    assert ledger.head() == head


def test_a_finding_alone_may_be_accepted(ledger, overlay, case):
    """Only what law or policy would not allow is offered to be recorded as stated."""
    with pytest.raises(ImportRefused) as caught:
        ledger.bring(overlay(case))
    finding = {"reason-missing", "nature-missing", "code-age", "ground-unknown"}
    only_findings = {problem.code for problem in caught.value.problems} <= finding
    assert ("--accept-findings" in caught.value.remedy) == only_findings
