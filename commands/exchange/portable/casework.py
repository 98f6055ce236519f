"""Steps with families: each row of ``casework.csv`` that the ledger does not hold yet."""

from collections import Counter

from commands.exchange.portable.work import Work
from ledger.events import streams
from ledger.events.families import CaseworkStepTaken
from ledger.formats.portable import CASEWORK

Said = tuple[object, ...]


def record(work: Work) -> None:
    """Record each step that is not held; two equal rows are two steps."""
    held: dict[str, Counter[Said]] = {}
    unseen = sum(map(len, work.school.casework.values()))
    for row in work.content.casework.rows:
        pupil = work.pupil(CASEWORK, row.line, row.upn)
        if pupil is None:
            continue
        stream = streams.casework(pupil.id)
        if stream not in held:
            steps = work.school.casework.get(stream, ())
            held[stream] = Counter(_said(work, step) for step in steps)
        said = tuple(row[2:])
        if held[stream][said]:
            held[stream][said] -= 1
            unseen -= 1
            continue
        step = CaseworkStepTaken(
            step=row.step,
            on=row.on,
            by=row.by,
            with_whom=row.with_whom,
            outcome=row.outcome,
            notes=row.notes,
            row=row.line,
        )
        work.record("casework steps", stream, step)
    if work.content.casework.has:
        work.gone["casework steps"] += unseen


def _said(work: Work, step: CaseworkStepTaken) -> Said:
    """Return what a step held says, in the order of a row's columns."""
    texts = (work.text(text) for text in (step.with_whom, step.outcome, step.notes))
    return (step.step, step.on, step.by, *texts)
