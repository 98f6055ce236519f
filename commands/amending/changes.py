"""Who may amend, and which amendments wait for a second person, by the school's own policy.

The statute restricts nobody (SI 2024/208 reg 6), so without an adopted policy everything applies
at once. A second person is asked for only where a change adds unauthorised absence: what is in a
family's favour is never held back.

For use cases that amend: ``reads`` includes ``needed``, ``decide`` calls ``split`` with the
amendments of marks whose taking has ended, records ``direct`` as `MarkAmended` and
``requested(held, amending)``.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from commands.amending import policy
from commands.core import marks, papers
from commands.core.command import Author, Range, State
from commands.core.marks import Amending, Stated
from commands.core.sessions import Span
from ledger.clock import local_date
from ledger.english import number_of
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import AmendmentRequested
from ledger.state.school import Pupil
from ledger.store.store import Fact
from ledger.values import Session
from policies.law.calendar import school_days_between
from policies.law.notices import Notice, relied_on
from policies.packs import school as school_packs
from policies.packs.codes import Codes, Rules

# -- changes -------------------------------------------------------------------------------
# Who may amend, and which amendments wait for a second person, by the school's own policy.
#
# The statute restricts nobody (SI 2024/208 reg 6), so without an adopted policy everything applies
# at once. A second person is asked for only where a change adds unauthorised absence: what is in a
# family's favour is never held back.
#
# For use cases that amend: ``reads`` includes ``needed``, ``decide`` calls ``split`` with the
# amendments of marks whose taking has ended, records ``direct`` as `MarkAmended` and
# ``requested(held, amending)``.


LATE = "late"
MANY = "many"
RELIED_ON = "relied-on"
_NO_BATCH = "a request is decided by its batch: give the amending one"


class Proposed(NamedTuple):
    """One mark that stands, and what is to stand instead."""

    pupil: Pupil
    session: Session
    before: Stated
    after: Stated


class Held(NamedTuple):
    """An amendment that waits for a second person, and why the policy asks."""

    proposed: Proposed
    grounds: tuple[str, ...]


class Split(NamedTuple):
    """What applies at once, and what waits."""

    direct: list[Proposed]
    held: list[Held]


def needed(state: State, pupils: Iterable[Pupil], span: Span | None = None) -> Iterator[Range]:
    """Ask for the pupils' pending requests (in a span) and notices, if there is any policy."""
    if not state.school.policies:
        return
    for pupil in pupils:
        yield marks.needed(pupil, span)
        yield papers.needed(pupil)


def split(
    state: State, rules: Rules, now: int, author: Author, proposed: Sequence[Proposed]
) -> Split:
    """Tell apart what applies at once and what waits; refuse an author who may not amend.

    ``proposed``: the amendments of one request, all of marks whose taking has ended. Refused too
    where one that would wait is about a session that has a pending request already.
    """
    today = local_date(now)
    found = policy.in_force(state, today)
    if found is None:
        return Split(list(proposed), [])
    asked = _Asked(state, found)
    for each in proposed:
        favours = adds_unauthorised(
            rules.codes, each._replace(before=each.after, after=each.before)
        )
        asked.check_author(author, each, ever=favours)
    adding = [each for each in proposed if adds_unauthorised(rules.codes, each)]
    many = asked.many(len(adding))
    grounds = {(each.pupil.id, each.session): [*asked.grounds(each), *many] for each in adding}
    direct, held = [], []
    for each in proposed:
        if why := grounds.get((each.pupil.id, each.session)):
            _check_none_pending(state, each)
            held.append(Held(each, tuple(why)))
        else:
            direct.append(each)
    return Split(direct, held)


def requested(held: Iterable[Held], amending: Amending) -> list[Fact]:
    """Return the requests to record; ``amending`` must have a batch, by which they are decided."""
    batch = amending.batch
    if batch is None:
        raise ValueError(_NO_BATCH)
    return [
        Fact(
            streams.approval(each.pupil.id, each.session),
            AmendmentRequested(
                batch=batch,
                original=each.before.code,
                **each.after._asdict(),
                reason=amending.reason,
                grounds=grounds,
                by=amending.author.staff_id,
                name=amending.author.name,
                job_title=amending.author.job_title,
            ),
        )
        for each, grounds in held
    ]


def adds_unauthorised(codes: Codes, proposed: Proposed) -> bool:
    """Tell whether a change makes unauthorised absence of what was none."""
    before, after = (
        codes.find(stated.code, proposed.session.date)
        for stated in (proposed.before, proposed.after)
    )
    return bool(after and after.unauthorised) and not (before and before.unauthorised)


class _Asked:
    """What a policy says of the amendments of one request, today."""

    def __init__(self, state: State, found: policy.InForce) -> None:
        self._state, self._found = state, found
        self._policy, self._today = found
        self._days = state.school.calendar().school_days()
        self._notices: dict[str, list[Notice]] = {}

    def check_author(self, author: Author, proposed: Proposed, *, ever: bool) -> None:
        """Refuse somebody whom the policy does not let amend this mark today.

        ``ever``: a correction in the family's favour, for which it is never too late.
        """
        self._check(school_packs.ROLES, author, "amend the register")
        if not ever and self._later(school_packs.LATE_DAYS, proposed.session):
            late = number_of(self._lag(proposed.session), "school day")
            what = f"amend {proposed.session}, {late} ago"
            self._check(school_packs.LATE_ROLES, author, what)

    def grounds(self, proposed: Proposed) -> Iterator[str]:
        """Yield why this change of its own waits, if it does."""
        if self._later(school_packs.APPROVAL_DAYS, proposed.session):
            yield LATE
        if self._policy.says(school_packs.APPROVAL_RELIED, self._today):
            notices = self._notices_of(proposed.pupil)
            if relied_on(proposed.session, notices, self._today):
                yield RELIED_ON

    def many(self, number: int) -> list[str]:
        """Return the ground that so many changes at once give to each."""
        limit = self._policy.number(school_packs.APPROVAL_MORE, self._today)
        return [MANY] if limit is not None and number > limit else []

    def _check(self, key: str, author: Author, what: str) -> None:
        policy.check_role(self._state, self._found, key, author, what)

    def _notices_of(self, pupil: Pupil) -> list[Notice]:
        if pupil.id not in self._notices:
            self._notices[pupil.id] = papers.notices_of(self._state, pupil)
        return self._notices[pupil.id]

    def _later(self, key: str, session: Session) -> bool:
        limit = self._policy.number(key, self._today)
        return limit is not None and self._lag(session) > limit

    def _lag(self, session: Session) -> int:
        return school_days_between(self._days, session.date, self._today)


def _check_none_pending(state: State, proposed: Proposed) -> None:
    stream = streams.approval(proposed.pupil.id, proposed.session)
    standing = marks.standing(state.histories.get(stream, ()))
    if standing is not None:
        raise Refused(
            "approval-pending",
            f"{state.name_of(proposed.pupil)} {proposed.session}: a change from "
            f"{standing.original} to {standing.code} waits for approval already, "
            f"batch {standing.batch}",
            f"decide it first: attendance approvals give {standing.batch}, or decline, "
            "or withdraw",
        )


# -- amend_changes -------------------------------------------------------------------------
# A mark that is to be replaced, and what becomes of the wish.


class Change(NamedTuple):
    """One mark that is to be replaced, and why."""

    pupil: Pupil
    session: Session
    before: Stated
    after: Stated
    reason: str

    @property
    def proposed(self) -> Proposed:
        """The change as the school's policy looks at it."""
        return Proposed(self.pupil, self.session, self.before, self.after)


class Judged(NamedTuple):
    """A change: whether the register was still being taken, and whether it waits for approval."""

    change: Change
    taking: bool
    held: Held | None

    @property
    def grounds(self) -> tuple[str, ...]:
        """Why a second person is asked for; empty where nobody is."""
        return self.held.grounds if self.held is not None else ()
