"""Amendments in a file that the school's policy here would hold for a second person.

A source is never judged by it: what nobody here answers for is recorded as stated, and told as a
finding. Whoever imports by name answers for it, as for an amendment of their own.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from commands.core.authority import policy_in_force
from commands.core.second_person import Limits, adds_unauthorised, because
from commands.exchange.portable.links import Link
from commands.exchange.portable.occasions import Occasion
from commands.exchange.portable.work import Work
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.formats.portable import AMENDMENTS
from ledger.state.school import Pupil


class _Seen(NamedTuple):
    pupil: Pupil
    occasion: Occasion
    link: Link

    @property
    def request(self) -> tuple[str | None, object]:
        """What was amended at once with it, as far as its source says."""
        stated = self.link.stated
        return self.link.by, self.link.batch or (stated and local_date(stated))


class HeldBack:
    """Gathers what an import records anew of ``amendments.csv``, and finds what would wait.

    It is held against the policy as an amendment made today: when it was made, the file alone
    says. So whoever imports by name answers for all of it; of a source's own word what it states
    of the time before the policy was in force is no finding.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._named = work.is_named
        self._any = bool(work.state.school.policies)
        self._seen: list[_Seen] = []

    def see(
        self, pupil: Pupil, occasion: Occasion, new: Iterable[Link], changes: Sequence[Link]
    ) -> None:
        """Look at the versions of a mark to be recorded; ``changes``: those of amendments.csv."""
        if not (self._any and changes):
            return
        rows = {(link.row, link.code, link.stated) for link in changes}
        for link in new:
            if (link.row, link.code, link.stated) in rows and self._counts(occasion, link):
                self._seen.append(_Seen(pupil, occasion, link))

    def _counts(self, occasion: Occasion, link: Link) -> bool:
        """Tell whether a version adds absence after the taking, and somebody answers for it."""
        if link.kind in ("entry", "late_entry", "conflict"):
            return False
        closing, stated = occasion.closing, link.stated
        taking = link.kind == "taking" and stated is not None and stated <= (closing or stated)
        codes = self._work.rules.codes
        adds = adds_unauthorised(codes, link.original, link.code, occasion.day)
        return adds and not taking and (self._named or self._in_force_at(stated))

    def _in_force_at(self, stated: int | None) -> bool:
        day = self._work.today if stated is None else local_date(stated)
        return self._work.state.school.policy_on(day) is not None

    def find(self) -> None:
        """Add a finding for each that would wait."""
        policy = policy_in_force(self._work.state, self._work.today) if self._seen else None
        if policy is None:
            return
        limits = Limits(self._work.state, policy, self._work.rules.codes)
        at_once = Counter(seen.request for seen in self._seen)
        problems = self._work.problems
        add = problems.find if self._named else problems.tell
        for seen in self._seen:
            many = limits.many(at_once[seen.request])
            grounds = (*limits.grounds(seen.pupil, seen.occasion.session), *many)
            if grounds:
                add(AMENDMENTS, seen.link.row, _finding(seen, policy.policy.name, grounds))


def _finding(seen: _Seen, policy: str, grounds: tuple[str, ...]) -> Refused:
    return Refused(
        "amendment-unapproved",
        f"{seen.link.original} -> {seen.link.code} adds unauthorised absence, which the school's "
        f"policy {policy} holds for a second person ({because(grounds)})",
        "take the row out, and ask for the change with attendance amend",
    )
