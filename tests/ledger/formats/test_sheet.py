"""What is wrong with the files of a folder is told in their order, and in that of their lines."""

import pytest

from ledger.errors import ImportRefused, Refused
from ledger.formats.sheet import Problems

ORDER = ("pupils.csv", "marks.csv")
PLACES = [("marks.csv", 3), ("pupils.csv", 9), ("other.csv", 40), ("marks.csv", 2)]
IN_ORDER = [("other.csv", 40), ("pupils.csv", 9), ("marks.csv", 2), ("marks.csv", 3)]


def why(words: str = "it is wrong") -> Refused:
    return Refused("wrong", words, "mend it")


def refused(problems: Problems, *, accept: bool) -> ImportRefused:
    with pytest.raises(ImportRefused) as caught:
        problems.settle(accept_findings=accept, order=ORDER, notes=["a note"])
    return caught.value


def test_findings_that_are_accepted_come_back_in_order():
    """A file that is not among those named comes before them, wherever it has its fault."""
    problems = Problems()
    for file, line in PLACES:
        problems.find(file, line, why())
    accepted = problems.settle(accept_findings=True, order=ORDER)
    assert [(each.file, each.line) for each in accepted] == IN_ORDER


def test_what_refuses_is_told_in_order_with_what_is_found():
    """Findings are not accepted by themselves, nor told where they are accepted."""
    problems = Problems()
    for n, (file, line) in enumerate(PLACES):
        (problems.find if n % 2 else problems.refuse)(file, line, why())
    asked = refused(problems, accept=False)
    assert [(each.file, each.line) for each in asked.problems] == IN_ORDER
    assert asked.total == 4
    accepted = refused(problems, accept=True)
    assert [(each.file, each.line) for each in accepted.problems] == [IN_ORDER[0], IN_ORDER[3]]
    assert accepted.total == 2


def test_a_hundred_are_told_and_all_are_counted():
    """Ten thousand are kept, so that a file of nonsense does not fill memory."""
    problems = Problems()
    for line in range(1, 10_003):
        problems.refuse("marks.csv", line, why())
    assert (len(problems.faults), problems.hidden) == (10_000, 2)
    told = refused(problems, accept=False)
    assert [each.line for each in told.problems] == list(range(1, 101))
    assert told.total == 10_002
    assert told.notes == ("and 9902 more problems, not shown", "a note")


def test_what_many_lines_of_a_file_share_is_told_once_in_each_file():
    problems = Problems()
    for file, line in (("marks.csv", 2), ("marks.csv", 5), ("pupils.csv", 3)):
        problems.refuse_once("colour", file, line, why())
    problems.refuse_once("size", "marks.csv", 6, why())
    assert [(each.file, each.line) for each in problems.faults] == [
        ("marks.csv", 2), ("pupils.csv", 3), ("marks.csv", 6),
    ]  # fmt: skip


def test_what_is_added_to_a_copy_is_not_in_the_first():
    problems = Problems()
    problems.refuse_file("marks.csv", 1, why())
    problems.find("marks.csv", 2, why())
    problems.refuse_once("colour", "marks.csv", 3, why())
    problems.hidden = 7
    copy = problems.copy()
    assert copy == problems
    copy.refuse_file("pupils.csv", 1, why())
    copy.find("pupils.csv", 2, why())
    copy.refuse_once("size", "marks.csv", 3, why())
    assert [len(each.faults) for each in (problems, copy)] == [2, 4]
    assert [len(each.findings) for each in (problems, copy)] == [1, 2]
    assert (problems.unread, copy.unread) == ({"marks.csv"}, {"marks.csv", "pupils.csv"})
    problems.refuse_once("size", "marks.csv", 4, why())
    assert len(problems.faults) == 3
