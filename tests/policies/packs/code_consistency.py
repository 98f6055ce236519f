"""Checks across the rows of a code catalogue: too slow for every start, so for tests alone."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import pairwise

from ledger.values import HALVES
from policies.packs.codes import CodeRule, Codes

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
