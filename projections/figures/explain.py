"""How a figure comes about, in words that a parent could follow."""

from collections.abc import Iterable, Iterator

import numpy as np

from policies.packs.codes import CodeRule
from projections.queries.counted import Counted
from projections.queries.question import of
from projections.queries.tally import Tally
from projections.queries.view import View

_RATE = (
    "Attendance is the sessions attended out of the sessions possible; a session is half a "
    "school day. Sessions without a mark, and codes that do not count as possible, are in neither."
)


def counts_in_words(name: str, tally: Tally) -> str:
    """Say what the counts of a pupil or group come to."""
    said = (
        f"{name}: attended {of(tally.attended, tally.possible)}; absent for {tally.absent}, "
        f"{tally.authorised} authorised and {tally.unauthorised} unauthorised"
    )
    return said + (f"; {tally.missing} without a mark." if tally.missing else ".")


def sessions_of_absence(view: View, here: Counted, pupil: int) -> Iterator[tuple[str, str]]:
    """Yield the sessions of absence of a pupil, each with its code."""
    whole = here.counter.whole
    for at in np.nonzero(here.chosen[pupil] & whole.counted[pupil])[0]:
        code, session = whole.book[whole.codes[pupil, at]], whole.sessions[at]
        rule = view.rules.codes.find(code, session.date)
        if rule is not None and rule.possible and not rule.attended:
            yield str(session), code


def absences_in_words(view: View, here: Counted, pupil: int) -> str:
    """Say for which sessions a pupil was absent."""
    found = [f"{session} {code}" for session, code in sessions_of_absence(view, here, pupil)]
    return "  Absent: " + ("; ".join(found) if found else "never")


def meaning(view: View, code: str) -> CodeRule:
    """Return the meaning of a code that stands, on the view's date or the last one before it."""
    known = view.rules.codes.by_code[code]
    return max((rule for rule in known if rule.since <= view.on), key=lambda rule: rule.since)


def glossary(view: View, codes: Iterable[str]) -> list[str]:
    """Say what each code means, how it counts and where that is written."""
    return [_entry(meaning(view, code)) for code in sorted(codes)]


def _entry(rule: CodeRule) -> str:
    if not rule.possible:
        counts = "not a possible session"
    elif rule.attended:
        counts = "attended"
    else:
        counts = "unauthorised absence" if rule.unauthorised else "authorised absence"
    return f"  {rule.code}: {rule.description}: {counts} ({rule.reference}; {rule.confidence})"


def how_a_rate_is_made() -> str:
    """Say what the rate of attendance is."""
    return _RATE
