"""A mark that is to be replaced, and what becomes of the wish."""

from typing import NamedTuple

from commands.amending.changes import Held, Proposed
from commands.core.marks import Stated
from ledger.state.school import Pupil
from ledger.values import Session


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
