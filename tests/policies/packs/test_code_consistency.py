"""What holds across the rows of the code catalogue: a check too slow for every start.

What the check finds is shown on the statutory catalogue with one change each.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import pairwise

import pytest

from ledger.values import HALVES
from policies.packs import files
from policies.packs.codes import FILE, CodeRule, Codes, codes, parse

_DAY = timedelta(days=1)
# (possible, attended, unauthorised) as the published sums have it.
_COUNTS: Mapping[str, tuple[bool, bool, bool]] = {
    "present": (True, True, False),
    "approved_activity": (True, True, False),
    "authorised": (True, False, False),
    "unauthorised": (True, False, True),
    "not_possible": (False, False, False),
    "administrative": (False, False, False),
    "separate": (False, False, False),
}


def inconsistencies(catalogue: Codes) -> list[str]:
    """Return what is wrong between rows, one sentence each; empty where all is well."""
    return [
        *(fault for rule in catalogue.rules for fault in _of_row(rule)),
        *_gaps(catalogue),
        *_replacements(catalogue),
        *_roles(catalogue),
    ]


def _of_row(rule: CodeRule) -> Iterator[str]:
    if (rule.possible, rule.attended, rule.unauthorised) != _COUNTS[rule.category]:
        yield f"{rule.code} from {rule.since}: does not count as {rule.category}"
    if rule.threshold and not rule.unauthorised:
        yield f"{rule.code} from {rule.since}: only unauthorised absence is a relevant entry"


def _gaps(catalogue: Codes) -> Iterator[str]:
    for code, meanings in catalogue.by_code.items():
        for earlier, later in pairwise(meanings):
            if not earlier.covers(later.since - _DAY):
                yield f"{code}: no meaning between {earlier.until} and {later.since}"


def _replacements(catalogue: Codes) -> Iterator[str]:
    for rule in catalogue.rules:
        if rule.replaced_by and rule.until is None:
            yield f"{rule.code} from {rule.since}: replaced, but without an end"
        for code in rule.replaced_by:
            if not catalogue.known(code):
                yield f"{rule.code} from {rule.since}: replaced by {code}, which is unknown"


def _roles(catalogue: Codes) -> Iterator[str]:
    days = {rule.since for rule in catalogue.rules}
    for day in sorted(days):
        rules = catalogue.in_force(day)
        if sum(rule.provisional for rule in rules) != 1:
            yield f"{day}: not exactly one provisional code"
        if sum(rule.cancels for rule in rules) != 1:
            yield f"{day}: not exactly one code for a cancelled session"
        for half in HALVES:
            if _present(rules, half) != [catalogue.present(half)]:
                yield f"{day}: not exactly one code for present in {half}, the same ever since"


def _present(rules: list[CodeRule], half: str) -> list[str]:
    return [r.code for r in rules if r.category == "present" and r.sessions == (half,)]


def test_the_statutory_catalogue_is_consistent():
    """No gap, no overlap, no code that counts against its category, one code for each role."""
    assert inconsistencies(codes()) == []


TEXT = files.content(FILE).decode()
IN_J = 'code = "J"\nera = "2006"\nfrom = 2006-09-01\nuntil = 2024-08-18\n'


def found_after(old: str, new: str) -> list[str]:
    assert old in TEXT
    return inconsistencies(parse(TEXT.replace(old, new, 1), FILE))


def assert_told_since_august_2024(faults, fault):
    """Told of the first day of the present set, and of each later one on which a code begins."""
    assert faults[0] == f"2024-08-19: {fault}"
    assert {told.partition(": ")[2] for told in faults} == {fault}


def test_a_row_that_counts_against_its_category_is_found():
    """Authorised absence is not attendance."""
    faults = found_after(
        'category = "authorised"\npossible = true\nattended = false',
        'category = "authorised"\npossible = true\nattended = true',
    )
    assert faults == ["C1 from 2024-08-19: does not count as authorised"]


def test_a_relevant_entry_that_is_not_unauthorised_is_found():
    """Only unauthorised absence can lead to a notice."""
    faults = found_after(
        "unauthorised = false\nthreshold = false", "unauthorised = false\nthreshold = true"
    )
    assert faults == ["/ from 2024-08-19: only unauthorised absence is a relevant entry"]


def test_a_gap_between_two_meanings_is_found():
    """A letter that goes on must not lose a day."""
    faults = found_after("until = 2020-08-23", "until = 2020-08-22")
    assert faults == ["X: no meaning between 2020-08-22 and 2020-08-24"]


def test_a_replacement_without_an_end_is_found():
    """What is still in force is not replaced."""
    faults = found_after(IN_J, IN_J.replace("until = 2024-08-18\n", ""))
    assert faults == ["J from 2006-09-01: replaced, but without an end"]


def test_an_unknown_replacement_is_found():
    """A remedy must not name a code that does not exist."""
    faults = found_after('replaced_by = ["J1"]', 'replaced_by = ["J9"]')
    assert faults == ["J from 2006-09-01: replaced by J9, which is unknown"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("provisional = true\n", "not exactly one provisional code"),
        ("cancels = true\n", "not exactly one code for a cancelled session"),
    ],
)
def test_a_missing_role_is_found(line, fault):
    """On every day one code is provisional and one is for a cancelled session."""
    assert_told_since_august_2024(found_after(line, ""), fault)


def test_a_second_code_for_present_is_found():
    """Present in the morning is one code, the same in every set."""
    faults = found_after('sessions = ["AM", "PM"]', 'sessions = ["AM"]')
    fault = "not exactly one code for present in AM, the same ever since"
    assert_told_since_august_2024(faults, fault)
