"""Record a step with a family, correct one, review one, bring one to an end.

A step is recorded once it was taken: who took it is who records it. What was recorded wrongly is
corrected by saying it again, with the reason; what never was is taken back (``take-back``).
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from commands.casework import said as held
from commands.casework.said import Said
from commands.core import authority, checks, families
from commands.core.command import Decision, State, UseCase, argument, decided, option
from commands.core.ranges import STAFF, Range, one
from commands.core.standing import standing_on
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.base import each_sealed
from ledger.events.casework import (
    CaseworkStep,
    CaseworkStepCorrected,
    CaseworkStepTaken,
    Trigger,
    key_of,
)
from ledger.formats import fields as forms
from ledger.state.school import Pupil
from ledger.store.facts import Fact
from policies.law.casework import judge
from policies.packs.codes import Rules
from policies.packs.kinds import Kind, kinds

_LOOK_UP = "attendance casework PUPIL shows the steps by number"


class StepCommand(UseCase):
    """What is said of a step with a family, whichever command says it."""

    at: str | None = option("the time of day, 09:40", default=None)
    with_: str | None = option("with whom, in words; kept sealed", default=None)
    parent: str | None = option("the school's id of the parent whom it was with", default=None)
    outcome: str | None = option("what came of it (casework kinds lists what may)", default=None)
    notes: str | None = option("what was said or done; kept sealed", default=None)
    say: tuple[str, ...] = option(
        "the answer to what its kind asks: KEY=TEXT (repeatable); kept sealed", default=()
    )
    next_review: date | None = option("when it is looked at again", default=None)
    from_: date | None = option("of a plan: its first day", default=None)
    to_: date | None = option("of a plan: its last day", default=None)
    session: tuple[str, ...] = option(
        "of a plan: a session agreed, Mon AM of every week, or 2026-11-20/AM (repeatable)",
        default=(),
    )
    dry_run: bool = option("say what would be recorded; record nothing", default=False)

    def said(self, kind: Kind, on: date) -> Said:
        """Return what is said, held to the forms of the kind."""
        answers = held.answered(kind, self.say)
        fields = {
            "on": on,
            "at": self.at and forms.time_of_day(self.at),
            "with_whom": checks.written(self.with_) or None,
            "parent": self.parent or None,
            "outcome": held.outcome(kind, self.outcome or None),
            "notes": checks.written(self.notes) or None,
            "said": "\n".join(f"{key}: {text}" for key, text in answers.items()) or None,
            "next_review": self.next_review,
            "first": self.from_,
            "last": self.to_,
            "sessions": held.sessions(self.session),
        }
        return Said(fields, answers)


class AddStep(StepCommand):
    """attendance casework add: record a step with a family: a call, letter, meeting, visit, plan.

    Each kind says what it needs (attendance casework kinds KIND); who records it is who took it.
    """

    pupil: str = argument("UPN or local id")
    kind: str = option("the kind of step, as casework kinds names it, or a word for it")
    on: date = option("the day on which it was")
    answers: str | None = option("the rule of the school's policy that it answers", default=None)
    again: bool = option("record it besides one that says the same", default=False)

    def reads(self, state: State) -> Iterable[Range]:
        """Name who records it, the pupil and the parent; ask for the steps on record."""
        yield from _reads(state.pupil(self.pupil), self.parent)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the step, and say whether it counts as support."""
        author, pupil, kind = state.author(now), state.pupil(self.pupil), kinds().get(self.kind)
        check_may(state, kind, now)
        said = self.said(kind, self.on)
        held.check(kind, said, self.on, local_date(now))
        if self.parent is not None:
            families.check_parent_of(state, pupil, self.parent, self.pupil)
        step = CaseworkStepTaken(
            id=state.new_id(),
            step=kind.name,
            **said.fields,
            answers=_trigger(self.answers, state, now),
            **author.fields,
        )
        who = f"{kind.label}, {_when(step)}, {state.name_of(pupil)}"
        if not self.again and any(_is_same(step, each) for each in _steps(state, pupil).values()):
            again = "a step besides it is recorded with --again"
            return decided([], f"{who}: recorded so already; nothing was recorded", again)
        return decided(
            [Fact(streams.casework(pupil.id), step)],
            f"{who}{f': {step.outcome}' if step.outcome else ''}",
            *_counts(kind, step),
            dry_run=self.dry_run,
        )


class OfStep(StepCommand):
    """What is recorded about a step on record, named by its number."""

    entry: int = argument("number of the step, as attendance casework shows it", minimum=1)

    def reads(self, state: State) -> Iterable[Range]:
        """Name who records it, the pupil and the parent; ask for the steps on record."""
        found = state.recorded(self.entry)
        if found is not None and isinstance(found.event, CaseworkStepTaken):
            pupil = state.school.pupils[streams.subject(found.stream)]
            yield from _reads(pupil, self.parent)


class LookAgain(OfStep):
    """A step that is looked at again: a review, or its end."""

    on: date = option("the day on which it was looked at")

    @property
    @abstractmethod
    def is_end(self) -> bool:
        """Whether no review is due from then on."""

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the review as a step of its own, of the kind that the step opens."""
        author, (pupil, key, reviewed) = state.author(now), _standing(state, self.entry)
        kind = _review_of(reviewed.step)
        check_may(state, kind, now)
        said = self.said(kind, self.on)
        held.check(kind, said, self.on, local_date(now), is_review=True)
        if self.on < reviewed.on:
            raise Refused(
                "dates-reversed",
                f"--on {self.on} is before the step itself ({reviewed.on})",
                "check the number of the step, and the day",
            )
        step = CaseworkStepTaken(
            id=state.new_id(),
            step=kind.name,
            **said.fields,
            reviews=key,
            ends=self.is_end,
            **author.fields,
        )
        who = f"{kind.label} of {_named(reviewed)}, {_when(step)}, {state.name_of(pupil)}"
        if any(_is_same(step, each) for each in _steps(state, pupil).values()):
            return decided([], f"{who}: recorded so already; nothing was recorded")
        then = f"; looked at again on {step.next_review}" if step.next_review else ""
        said_of = f": {step.outcome}" if step.outcome else ""
        return decided(
            [Fact(streams.casework(pupil.id), step)],
            f"{who}{said_of}{'; it is at an end' if step.ends else then}",
            dry_run=self.dry_run,
        )


class ReviewStep(LookAgain):
    """attendance casework review: record that a step was looked at again, and what came of it.

    Another review is due on the day of --next-review; none where none is given.
    """

    @property
    def is_end(self) -> bool:
        """Whether no review is due from then on."""
        return False


class CloseStep(LookAgain):
    """attendance casework close: record that a plan or another step with reviews is at an end.

    No review of it is due from then on.
    """

    @property
    def is_end(self) -> bool:
        """Whether no review is due from then on."""
        return True


class CorrectStep(OfStep):
    """attendance casework correct: say a step again that was recorded wrongly, with the reason.

    What is not given stays as it was; an empty text clears it. What the step said stays on record.
    """

    kind: str | None = option("the kind that it was", default=None)
    on: date | None = option("the day on which it was", default=None)
    reason: str = option("what was wrong with it; kept sealed")

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the step as it was, beside what was said of it; nothing where nothing differs."""
        author, (pupil, key, before) = state.author(now), _standing(state, self.entry)
        reason = checks.required_text(self.reason, "reason")
        kind = kinds().get(self.kind or before.step)
        for each in (kinds().find(before.step)[0], kind):
            if each is not None:
                check_may(state, each, now)
        was = _details(before)
        said = _laid_over(was, self, kind, self.on or before.on)
        if kind.name != was["step"] and self.kind is not None:
            held.outcome(kind, said.fields["outcome"])
        today, is_review = local_date(now), before.reviews is not None
        held.check(kind, said, said.fields["on"], today, is_review=is_review)
        parent = said.fields["parent"]
        if parent is not None and parent != before.parent:
            families.check_parent_of(state, pupil, parent)
        called = before.step if self.kind is None else kind.name
        fields = was | {"step": called} | dict(said.fields)
        who = f"{_named(before)}, {state.name_of(pupil)}"
        if fields == was:
            return decided([], f"{who}: nothing differs; nothing was recorded")
        changed = [name for name, value in fields.items() if value != was[name]]
        corrected = CaseworkStepCorrected(**fields, of=key, reason=reason, **author.fields)
        return decided(
            [Fact(streams.casework(pupil.id), corrected)],
            f"{who}: corrected ({', '.join(_LABELS.get(name, name) for name in changed)})",
            *_counts(kind, corrected),
            dry_run=self.dry_run,
        )


_LABELS = {
    "step": "kind", "on": "day", "at": "time", "with_whom": "with whom", "said": "answers",
    "next_review": "next review", "first": "first day", "last": "last day",
}  # fmt: skip


# -- a step on record --------------------------------------------------------------------------


def _reads(pupil: Pupil, parent: str | None) -> Iterator[Range]:
    yield from (STAFF, one(streams.pupil(pupil.id)))
    yield one(streams.casework(pupil.id))._replace(events=True)
    if parent is not None:
        yield one(streams.parent(parent))
        yield one(streams.relation(parent, pupil.id))


def check_may(state: State, kind: Kind, now: int) -> None:
    """Refuse whoever may not record a kind of step."""
    if "staff" in kind.may:
        return
    refused = authority.lacking_roles(state, kind.may, now, f"record a step {kind.name}")
    if refused is not None:
        raise refused


def _steps(state: State, pupil: Pupil) -> dict[str, CaseworkStep]:
    """Return the steps of a pupil as they stand, by id, opened, without those taken back."""
    found: dict[str, CaseworkStep] = {}
    for each in standing_on(state, streams.casework(pupil.id)):
        if isinstance(each.event, CaseworkStepTaken):
            found[key_of(each.event, each.position)] = each_sealed(each.event, state.open_text)
        elif isinstance(each.event, CaseworkStepCorrected) and each.event.of in found:
            found[each.event.of] = each_sealed(each.event, state.open_text)
    return found


class _Standing(NamedTuple):
    """Whom a step on record is about, its id, and what it says as it stands."""

    pupil: Pupil
    key: str
    step: CaseworkStep


def _standing(state: State, entry: int) -> _Standing:
    """Return a step as it stands; refuse what is none."""
    recorded = state.recorded(entry)
    if recorded is None or not isinstance(recorded.event, CaseworkStepTaken):
        raise Refused("entry-no-step", f"entry {entry} is no step with a family", _LOOK_UP)
    pupil = state.school.pupils[streams.subject(recorded.stream)]
    key = key_of(recorded.event, entry)
    found = _steps(state, pupil).get(key)
    if found is None:
        raise Refused("step-taken-back", f"the step of entry {entry} was taken back", _LOOK_UP)
    return _Standing(pupil, key, found)


def _review_of(step: str) -> Kind:
    """Return the kind of review that a step opens; refuse where it opens none."""
    kind, _ = kinds().find(step)
    if kind is None or kind.opens is None:
        raise Refused(
            "no-review",
            f"a step {kind.name if kind else repr(step)} opens no review",
            "record what came of it as a step of its own (attendance casework add)",
        )
    return kinds().get(kind.opens)


def _details(step: CaseworkStep) -> dict[str, Any]:
    """Return what a step says, besides who says it."""
    found = checks.details_of(step)
    return {name: found[name] for name in CaseworkStep.__struct_fields__ if name in found}


def _is_same(step: CaseworkStep, before: CaseworkStep) -> bool:
    without = {"answers": None}
    # Two who say the same did the same, each of them.
    by = isinstance(before, CaseworkStepTaken) and before.by != getattr(step, "by", None)
    return not by and _details(step) | without == _details(before) | without


def _laid_over(was: dict[str, Any], command: CorrectStep, kind: Kind, on: date) -> Said:
    """Return what was said with what is said now; the answers one by one.

    An empty text clears what there was; what is of no kind that is reviewed has no review.
    """
    said = command.said(kind, on)
    lines = (was["said"] or "").splitlines()
    before = dict(line.split(": ", 1) for line in lines)
    answers = {key: text for key, text in before.items() if key in kind.asks} | dict(said.answers)
    given = {name: value for name, value in said.fields.items() if value not in (None, ())}
    told = "\n".join(f"{key}: {text}" for key, text in answers.items()) or None
    fields = {name: was[name] for name in said.fields} | given | {"said": told}
    fields |= {name: None for name, option in _TEXTS.items() if getattr(command, option) == ""}
    if kind.opens is None and was["reviews"] is None:
        fields["next_review"] = None
    return Said(fields, answers)


_TEXTS = {"with_whom": "with_", "parent": "parent", "outcome": "outcome", "notes": "notes"}
"""Fields that an empty text clears, and their options."""


def _trigger(rule: str | None, state: State, now: int) -> Trigger | None:
    if rule is None:
        return None
    return Trigger(rule=forms.plain_word(rule), position=state.position, known_at=now)


def _named(step: CaseworkStep) -> str:
    kind, _ = kinds().find(step.step)
    return f"{kind.label if kind else step.step} of {_when(step)}"


def _when(step: CaseworkStep) -> str:
    return f"{step.on}{f' {step.at}' if step.at else ''}"


def _counts(kind: Kind, step: CaseworkStep) -> Iterator[str]:
    """Say whether it counts as support before a penalty notice, where it is an occasion for it."""
    if kind.counts == "support" or kind.agreeing:
        found = judge(step.step, step.outcome, step.on)
        yield {
            "support": "it counts as support before a penalty notice",
            "offered": "it counts as support that was offered and not taken",
        }.get(found.verdict, f"it is no support before a penalty notice: {found.why}")
