"""What stands and what is planned for a pupil, in full, and the event that amends it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from commands.core.command import Author, State
from commands.core.marks import Stated
from ledger.events import streams
from ledger.events.register import (
    AbsencePlanned,
    MarkAmended,
    PlanChanged,
    RegisterTaken,
)
from ledger.state.school import Pupil
from ledger.values import Session, parse_session


def mark_of(state: State, pupil: Pupil, session: Session) -> Stated | None:
    """Return the mark that stands, its sealed text opened; the use case must have asked for it."""
    mark = state.mark(pupil, session)
    if mark.code is None:
        return None
    return Stated(mark.code, mark.minutes_late, _opened(state, mark.nature))


def plan_of(state: State, pupil: Pupil, session: Session) -> Stated | None:
    """Return what is planned, its sealed text opened; the use case must have asked for it."""
    history = state.histories.get(streams.plan(pupil.id, session), ())
    newest = history[-1] if history else None
    if isinstance(newest, AbsencePlanned | PlanChanged):
        return Stated(newest.code, nature=_opened(state, newest.nature))
    return None


def marks_of(state: State, pupil: Pupil) -> Iterator[tuple[Session, Stated]]:
    """Yield every mark of a pupil among what was asked for, in order of session."""
    return _each(state, streams.mark(pupil.id, ""), lambda s: mark_of(state, pupil, s))


def plans_of(state: State, pupil: Pupil) -> Iterator[tuple[Session, Stated]]:
    """Yield every plan of a pupil among what was asked for, in order of session."""
    return _each(state, streams.plan(pupil.id, ""), lambda s: plan_of(state, pupil, s))


def taken(state: State, pupil: Pupil, session: Session) -> list[RegisterTaken]:
    """Return how the registers of the pupil's groups were taken for a session."""
    return [
        event
        for group in pupil.groups(session.date)
        for event in state.histories.get(streams.register(group, session), ())
        if isinstance(event, RegisterTaken)
    ]


@dataclass(frozen=True, slots=True)
class Amending:
    """Who amends and why; ``batch`` ties the amendments of one request together."""

    author: Author
    reason: str
    batch: str | None = None

    def mark(self, original: str, stated: Stated) -> MarkAmended:
        """Return the amendment of a mark: reg 6(1)'s five, with the title."""
        return MarkAmended(
            original=original,
            **stated._asdict(),
            reason=self.reason,
            by=self.author.staff_id,
            name=self.author.name,
            job_title=self.author.job_title,
            batch=self.batch,
        )


def _each(
    state: State, prefix: str, read: Callable[[Session], Stated | None]
) -> Iterator[tuple[Session, Stated]]:
    names = (name for name in state.histories if name.startswith(prefix))
    for session in sorted(parse_session(name.removeprefix(prefix)) for name in names):
        stated = read(session)
        if stated is not None:
            yield session, stated


def _opened(state: State, text: str | None) -> str | None:
    return text and state.open_text(text)
