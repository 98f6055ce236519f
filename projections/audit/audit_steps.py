"""Versions of marks as an audit sees them, and what a check finds among them."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from policies.packs.codes import Codes

CHANGES = ("amendment", "late_entry", "restated")
"""What is made to a mark after its register had ended."""
AMENDED = ("amendment", "restated")
LAGS = (0, 5, 20)
"""Bounds of the bands of lag, in school days: the same day, a school week, four of them. Ours."""
_PRESENT = "present"


@dataclass(frozen=True, slots=True)
class Step:
    """One version of a mark: what it says, what it replaced, when it was made.

    ``transaction``: the position at which its transaction begins; ``when``: the instant at which
    it was made, an import's as its source states it; ``lag``: in school days after the session.
    Both none where no time is stated.
    """

    pupil: int
    session: str
    kind: str
    code: str
    replaced: str | None
    by: str | None
    batch: str | None
    imported: bool
    position: int
    transaction: int
    when: int | None
    changed_on: date | None
    lag: int | None

    @property
    def day(self) -> date:
        """The date of the session."""
        return date.fromisoformat(self.session[:10])


Chain = list[Step]


def is_absent(codes: Codes, code: str | None, day: date) -> bool:
    """Tell whether a code is one of absence on a day, authorised or not."""
    rule = codes.find(code, day) if code else None
    return rule is not None and rule.possible and not rule.attended


def becomes_present(codes: Codes, step: Step) -> bool:
    """Tell whether a version made an absence a presence, on time or late, after the taking."""
    if step.kind not in AMENDED:
        return False
    rule = codes.find(step.code, step.day)
    in_school = rule is not None and rule.category == _PRESENT
    return in_school and is_absent(codes, step.replaced, step.day)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that deserves a question: what, about whom, and the evidence.

    ``upn`` and ``staff`` (the ids of those who made the changes): shown only where names are asked
    for.
    """

    check: str
    what: str
    positions: tuple[int, ...]
    evidence: dict[str, Any]
    session: str | None = None
    upn: str | None = None
    from_code: str | None = None
    to_code: str | None = None
    lag: int | None = None
    changed_on: date | None = None
    staff: tuple[tuple[str | None, date | None], ...] = ()

    def row(self) -> dict[str, Any]:
        """Return the row of the answer, without whom it is about."""
        return {
            "check": self.check,
            "what": self.what,
            "session": self.session,
            "from_code": self.from_code,
            "to_code": self.to_code,
            "lag": self.lag,
            "changed_on": self.changed_on.isoformat() if self.changed_on else None,
            "positions": list(self.positions),
            "evidence": self.evidence,
        }


@dataclass(frozen=True, slots=True)
class Checked:
    """What one check found, and the figures that stand beside it."""

    findings: list[Finding]
    summary: dict[str, Any]


def by_lag(steps: list[Step]) -> dict[str, int]:
    """Count changes by how many school days after the session they were made."""
    bands = dict.fromkeys(("same day", "1 to 5", "6 to 20", "over 20", "not stated"), 0)
    names = list(bands)
    for step in steps:
        over = len(LAGS) + 1 if step.lag is None else sum(step.lag > bound for bound in LAGS)
        bands[names[over]] += 1
    return bands
