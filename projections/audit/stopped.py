"""Marks that stand and that a change stopped from counting: the worst first."""

from collections.abc import Sequence
from dataclasses import dataclass

from projections.audit.scope import CheckResult, Finding, Scope
from projections.queries.stopped import Stopped, stopped


@dataclass(frozen=True, slots=True)
class _Evidence:
    """The marks, each ``2026-09-16/AM O``, and the fullest window before and after.

    Peaks are both 0 where the threshold counted none of the marks.
    """

    marks: Sequence[str]
    peak_before: int
    peak_after: int
    count_again: int
    in_words: str

    @property
    def words(self) -> str:
        return self.in_words


def find_stopped(scope: Scope) -> CheckResult:
    """Find marks of the range that stopped counting, by the change that did it.

    Those come first that took a pupil below the penalty threshold, then by how many sessions.
    """
    view = scope.view
    found = [
        each
        for each in stopped(view)
        if any(
            view.first <= mark.day <= view.on and scope.is_within(each.stored.pupil, mark.session)
            for mark in each.marks
        )
    ]
    fell = sum(each.fell for each in found)
    summary = {"below_threshold": fell, "marks": sum(len(each.marks) for each in found)}
    notes = [f"Below the threshold by it: {fell}."] if found else []
    return CheckResult([_finding(scope, each) for each in found], summary, notes)


def _finding(scope: Scope, each: Stopped) -> Finding:
    stored = each.stored
    counts = f"fullest window {each.counts}" if each.counts else ""
    return Finding(
        what="taken below the penalty threshold" if each.fell else "stopped counting",
        upn=scope.upn(stored.pupil),
        session=each.marks[0].session,
        changed_on=each.on,
        positions=[stored.alert],
        evidence=_Evidence(
            marks=[f"{mark.session} {mark.code}" for mark in each.marks],
            peak_before=stored.peak_before,
            peak_after=stored.peak_after,
            count_again=sum(mark.counts_again for mark in each.marks),
            in_words="; ".join(filter(None, (each.in_words, counts, each.again))),
        ),
        staff=[(stored.by, each.on)],
    )
