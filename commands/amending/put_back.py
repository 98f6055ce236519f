"""What one command changed, put back to what stood before it.

Nothing is undone: each mark is amended once more, to the code that stood before, with a reason of
its own (SI 2024/208 reg 6(1)). Before a cancelled session's code stood the version that it
replaced, even one of the same command. What somebody has changed since stays; so does a first
mark, which nothing preceded and which can never be blanked. Both are named.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from commands.amending.batches import Batch, Changed, Place, author_of, find_batch
from commands.amending.changes import Proposal, judge, policy_reads
from commands.amending.ways_back import way_back
from commands.core import checks, marks, told
from commands.core.command import Author, Decision, State, UseCase, argument, decided, option
from commands.core.marks import Amendment, StatedMark
from commands.core.ranges import CALENDAR, Streams, Wanted, one
from ledger.english import noun
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.amending import AmendmentRequested
from ledger.events.base import Event
from ledger.events.register import AbsencePlanned, PlanChanged, PlanWithdrawn
from ledger.sealing.keys import BEYOND_USE, REDACTED
from ledger.state.calendar import Calendar
from ledger.store.facts import Fact
from policies.packs.codes import Codes, Rules


class Why(NamedTuple):
    """Why something is left as it is, and what to do about it."""

    what: str
    remedy: str = ""


_AS_BEFORE = Why("as before already")
_NOTHING_BEFORE = Why(
    "where nothing stood before: a mark is never blanked",
    "say what the register said with attendance amend",
)
_BROUGHT_WHOLE = Why(
    "entered and changed by the same command: nothing stood before that",
    "attendance history shows the versions; say what is to stand with attendance amend",
)
_CHANGED_SINCE = Why(
    "changed since by somebody",
    "attendance history shows by whom and why; attendance amend changes what is wrong",
)
_BEYOND_USE = Why(
    "with a nature or cause that was put beyond use",
    "say what is to stand, and its nature, with attendance amend",
)
_OF_LEAVE = Why(
    "planned with a decision on leave",
    "attendance leave withdraw takes leave back; attendance leave request asks anew",
)
_PAST_PLANNING = Why(
    "planned for a session that has a mark or whose register has ended",
    "attendance amend changes a mark, attendance mark enters one",
)


class PutBack(UseCase):
    """attendance put-back: put back what stood before one command changed it.

    Every mark that still stands as the command left it is amended back, and every plan. What
    anybody changed since is left as it is and named; so is a first mark, which nothing preceded.
    """

    batch: str = argument("number of the batch, as its command said it, or attendance changes")
    reason: str = option("why it is put back; kept with every amendment")
    dry_run: bool = option("show what would be put back; record nothing", default=False)

    def reads(self, state: State) -> Iterable[Wanted]:
        """Name who asks, calendar, clocks, pupils, marks, registers, what the policy needs."""
        yield from (state.own_row, CALENDAR, one(streams.clock()))
        batch = _found(self, state)
        yield from place_reads(state, [*batch.changed, *batch.entered, *batch.planned])
        planned = (streams.plan(pupil.id, session) for pupil, session in batch.planned)
        yield Streams(tuple(planned))

    def decide(self, state: State, rules: Rules, now: int) -> Decision:
        """Amend back what still stands as the batch left it; say what does not."""
        author, reason = state.author(now), checks.required_text(self.reason, "reason")
        batch = _found(self, state)
        putting = PuttingBack(state, rules.codes, now, state.calendar())
        for place in (*batch.changed, *batch.entered):
            putting.mark(batch, place, reason)
        plans = [putting.plan(batch, place) for place in batch.planned]
        facts = putting.facts(rules, author)
        facts += _plan_facts((each for each in plans if each), _reason(batch, reason), author)
        if not facts:
            return putting.nothing(batch)
        says = [f"{batch}:", *putting.in_words(facts, dry_run=self.dry_run)]
        return decided(facts, *says, dry_run=self.dry_run)


def _found(command: PutBack, state: State) -> Batch:
    batch = find_batch(state, command.batch)
    if batch.changed or batch.planned or batch.restated:
        return batch
    way = way_back(batch.kinds)
    what = f"batch {batch.number} changed no mark and no plan: it {way.did}"
    raise Refused("nothing-to-put-back", what, way.remedy)


def place_reads(state: State, places: Sequence[Place]) -> Iterator[Wanted]:
    """Ask for pupils, their marks and registers, and for what the policy needs to put back."""
    pupils = {place.pupil.id: place.pupil for place in places}
    yield from (one(streams.pupil(pupil_id)) for pupil_id in pupils)
    yield from mark_reads(places)
    taken = {
        streams.register(group, session)
        for pupil, session in places
        for group in pupil.groups(session.date)
    }
    yield Streams(tuple(sorted(taken)))
    yield from policy_reads(state, pupils.values())


def mark_reads(places: Iterable[Place]) -> Iterator[Wanted]:
    """Ask for marks, all of them together."""
    names = (streams.mark(pupil.id, session) for pupil, session in places)
    yield Streams(tuple(dict.fromkeys(names)))


@dataclass
class PuttingBack:
    """Marks and plans sorted into those that go back and those that are left, with why.

    ``calendar``: by which what goes back has to stand.
    """

    state: State
    codes: Codes
    now: int
    calendar: Calendar
    proposals: list[Proposal] = field(default_factory=list)
    left: dict[Why, list[str]] = field(default_factory=dict)

    def mark(self, batch: Batch, place: Place, reason: str) -> None:
        """Propose a mark that stood before a batch, or leave what stands."""
        found = batch.mark(place, self.codes)
        if found.before is None:
            # One that was amended since says no longer what the batch entered.
            if found.later is None:
                self._leave(found, _BROUGHT_WHOLE if found.within else _NOTHING_BEFORE)
            return
        why = _why_left(found) or self._why_not(place, found.before)
        if why is not None:
            self._leave(found, why)
            return
        assert found.stands is not None  # noqa: S101 - where a mark stood before, one stands
        why_back = _reason(batch, reason, within=found.within)
        proposal = Proposal(*place, found.stands, found.before, why_back)
        self.proposals.append(proposal)

    def plan(self, batch: Batch, place: Place) -> Changed | None:
        """Return a plan that goes back, or leave it."""
        found = batch.plan(place)
        why = _OF_LEAVE if batch.decides_on_leave else _why_left(found)
        why = why or self._why_past(place)
        if why is None and found.before is not None:
            why = self._why_not(place, found.before)
        if why is None:
            return found
        self._leave(found, why)
        return None

    def facts(self, rules: Rules, author: Author) -> list[Fact]:
        """Return the amendments, corrections and requests to record, by the school's policy."""
        judged = judge(self.state, rules, self.now, self.proposals)
        tied = len(judged) > 1 or any(each.grounds for each in judged)
        batch = self.state.new_id() if tied else None
        return [each.fact(Amendment(author, each.proposal.reason, batch)) for each in judged]

    def nothing(self, batch: Batch) -> Decision:
        """Return that nothing is left to do, or refuse where something is that cannot be done."""
        if self.left.keys() == {_AS_BEFORE}:
            return decided([], f"{batch}: all of it is as before already; nothing was recorded")
        raise Refused(
            "nothing-to-put-back",
            f"nothing of batch {batch.number} can be put back: "
            + "; ".join(f"{len(lines)} left, {why.what}" for why, lines in self.left.items()),
            "; ".join(dict.fromkeys(why.remedy for why in self.left if why.remedy)),
        )

    def in_words(self, facts: Sequence[Fact], *, dry_run: bool) -> list[str]:
        """Say what goes back; name what is left as it is, why, and what to do about it."""
        lines = told.in_words(self.state, self.codes, facts, each=dry_run)
        if not dry_run and any(isinstance(event, AmendmentRequested) for _, event in facts):
            lines.append("what waits for a second person: attendance approvals")
        for (what, remedy), places in self.left.items():
            lines.append(f"{len(places)} left as {noun(len(places), 'it is', 'they are')}, {what}")
            lines += told.named(sorted(places))
            lines += [f"  do: {remedy}"] if remedy else []
        return lines

    def _why_not(self, place: Place, stated: StatedMark) -> Why | None:
        """Return why a mark may not stand, by the calendar, the roll and the codes of the day."""
        pupil, session = place
        if stated.nature in (BEYOND_USE, REDACTED):
            return _BEYOND_USE
        rule = self.codes.find(stated.code, session.date)
        closure = self.calendar.closure(session, pupil.groups(session.date))
        if rule is not None and rule.cancels and closure is not None and closure.cancelled:
            return None
        try:
            marks.check_entry(
                self.codes, self.calendar, pupil=pupil, session=session, stated=stated
            )
        except Refused as refused:
            return Why(refused.what, refused.remedy)
        return None

    def _why_past(self, place: Place) -> Why | None:
        marked = marks.mark_of(self.state, *place) is not None
        ended = marks.register_ended(self.state, self.calendar, *place, self.now)
        return _PAST_PLANNING if marked or ended else None

    def _leave(self, found: Changed, why: Why) -> None:
        pupil, session = found.place
        line = f"{self.state.name_of(pupil)} {session}"
        if found.later is not None and why is _CHANGED_SINCE:
            code = found.stands.code if found.stands else "nothing planned"
            line += f": {code}, by {author_of(self.state, found.later)}"
        self.left.setdefault(why, []).append(line)


def _why_left(found: Changed) -> Why | None:
    if found.before == found.stands:
        return _AS_BEFORE
    return None if found.later is None else _CHANGED_SINCE


def _plan_facts(plans: Iterable[Changed], reason: str, author: Author) -> Iterator[Fact]:
    for (pupil, session), before, stands, *_ in plans:
        yield Fact(
            streams.plan(pupil.id, session), _plan_event(before, stands, reason, author.staff_id)
        )


def _plan_event(
    before: StatedMark | None, stands: StatedMark | None, reason: str, by: str
) -> Event:
    if before is None:
        assert stands is not None  # noqa: S101 - one of the two differs from the other
        return PlanWithdrawn(original=stands.code, reason=reason, by=by)
    if stands is None:
        return AbsencePlanned(code=before.code, nature=before.nature, reason=reason, by=by)
    return PlanChanged(
        original=stands.code, code=before.code, nature=before.nature, reason=reason, by=by
    )


def _reason(batch: Batch, reason: str, *, within: bool = False) -> str:
    """Return the reason of an amendment, by which its readers find what it takes back."""
    of = "the cancellation in " if within else ""
    return f"put back to what stood before {of}batch {batch.number}: {reason}"
