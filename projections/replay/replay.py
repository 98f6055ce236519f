"""A pupil's or group's history change by change, with the figures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ledger.english import in_words, number_of
from ledger.errors import Refused
from ledger.store.folder import Folder
from projections.queries import lags
from projections.queries.blocks import Block, Grid, Lines
from projections.queries.columns import Column, Listing
from projections.queries.people import AS_STATED, Person
from projections.queries.question import Answer, Membership, Question, argument, option
from projections.queries.selection import members_on
from projections.queries.view import View
from projections.queries.wording import (
    change_by_in_words,
    kind_in_words,
    known_in_words,
    when_in_words,
)
from projections.register.week import by_surname
from projections.replay.figures import COUNTS, Counted, measure_on
from projections.replay.steps import Account, Entries, Replayer, Step
from projections.roll import admission_rows


class Told(NamedTuple):
    """A pupil's history."""

    person: Person
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True)
class Histories:
    """The history of each pupil; ``weeks``: that the law of the day counts together, in words."""

    pupils: Sequence[Told]
    weeks: str
    by_ledger: bool
    folder: Folder


class Steps(Listing[Step]):
    """Steps as rows: each says in a document what there is to say of its kind."""

    def documents(self) -> list[dict[str, Any]]:
        """Return the rows as JSON holds them."""
        return [step.document() for step in self.rows]


@dataclass(frozen=True, kw_only=True)
class Replay(Question[Histories]):
    """attendance replay: a pupil's or group's history change by change, with the figures.

    What each change was and became, who, why, how late; in the order in which it was known.
    """

    who: str | None = argument("UPN or local id", metavar="PUPIL", required=False)
    group: str | None = option("every member of a group (9B), one after another")
    every: bool = option("one line for each first entry too", default=False)

    @property
    def groups_counted(self) -> Membership | None:
        """Which membership decides whom the answer is about; none where no group does."""
        return None if self.group is None else "on"

    def find(self, view: View) -> Histories:
        """Find the steps of each pupil."""
        people, measure = _people(self, view), measure_on(view.on)
        replayer = Replayer(view, {p.index for p in people}, every=self.every)
        return Histories(
            [Told(person, replayer.steps(person)) for person in people],
            in_words(measure.weeks) if measure else "",
            view.question.clock == "ledger",
            view.folder,
        )

    def present(self, found: Histories) -> Answer:
        """Show one row a step; for reading, one table a pupil."""
        # Pupil after pupil for reading; for a script, all together as it became known.
        every = sorted((s for each in found.pupils for s in each.steps), key=lambda s: s.order)
        blocks: list[Block] = [_table(each) for each in found.pupils]
        return Answer(
            {"rows": Steps(COLUMNS, every)},
            blocks=[*blocks, Lines(_notes(found, every), suggests=True)],
            paged=True,
        )

    def unknown(self) -> Answer:
        """Return no step."""
        return Answer({"rows": Listing(COLUMNS, [])})


def _people(question: Replay, view: View) -> list[Person]:
    if (question.who is None) == (question.group is None):
        raise Refused(
            "replay-who",
            "one pupil or one group is replayed at a time",
            "give a UPN or local id, or --group 9B",
        )
    if question.who is not None:
        index = view.pupil_index(question.who)
        return [view.people.get(index) or view.first_known_person(index)]
    return [] if view.knows_nothing else _members(question, view)


def _members(question: Replay, view: View) -> list[Person]:
    group = question.group or ""
    wanted = view.belonging(group)
    if not wanted:
        raise view.unknown_group(group)
    return by_surname(view.people[n] for n in members_on(view, wanted))


_COUNTED = (
    "Figures count sessions met in the range named below, by the calendar, roll and birth date "
    "as known at each change"
)
_IMPORTED = (
    "Imported facts became known here all at once, in the order of their source's files: "
    "--clock source puts them in the order of the times that the source states."
)


def _notes(found: Histories, every: Sequence[Step]) -> list[str]:
    """Say what the figures count; a day before the rule of windows has no fullest one."""
    window = f"relevant entries in the fullest {found.weeks} consecutive school weeks so far"
    counted = f"{_COUNTED}; fullest window: {window}." if found.weeks else f"{_COUNTED}."
    imported = found.by_ledger and any(step.account["source"] for step in every)
    return [counted, _IMPORTED] if imported else [counted]


def _table(found: Told) -> Grid:
    changes = sum(not isinstance(step.told, Entries) for step in found.steps)
    title = f"{found.person.name} ({found.person.upn}): {number_of(changes, 'change')}"
    notes = [] if found.steps else ["nothing was recorded for these sessions"]
    return Listing(COLUMNS, found.steps).grid(title, order=_READ, notes=notes)


# -- columns -------------------------------------------------------------------------------


def _session(step: Step) -> str:
    told, account = step.told, step.account
    if isinstance(told, Entries):
        return _days(told.first, told.last)
    moved = account.get("sessions")
    if account["session"] or not moved:
        return account["session"] or ""
    return f"{_days(moved[0], moved[-1])}, {number_of(len(moved), 'session')}"


def _days(first: str, last: str) -> str:
    """Write the days of two sessions: ``2026-11-16 to 20``, ``2026-09-28 to 10-02``."""
    first, last = first[:10], last[:10]
    if first == last:
        return first
    same_month = first[:7] == last[:7]
    return f"{first} to {last[8:] if same_month else last[5:]}"


def _what(step: Step) -> str:
    told, account = step.told, step.account
    if isinstance(told, Entries):
        codes = ", ".join(f"{n} x {code}" for code, n in told.codes.items())
        stated = f", {AS_STATED}" if told.source is not None else ""
        return f"{number_of(sum(told.codes.values()), 'entry', 'entries')}{stated}: {codes}"
    if account["kind"] == "admission":
        field = account["field"].replace("_", " ")
        kind = admission_rows.KINDS[account["admission"]]
        return f"admission register, {kind}: {account['about']}'s {field}"
    if "change" in account:
        return f"{kind_in_words(account)}: {account['change']}"
    asked = f": {account['asked']} asked for" if account.get("asked") else ""
    return kind_in_words(account) + asked


def _movement(step: Step) -> str:
    """Say which figures moved, from what to what."""
    before, after = step.before, step.after
    moved = [
        f"{name} {getattr(before, name)} > {getattr(after, name)}"
        for name in COUNTS
        if getattr(before, name) != getattr(after, name)
    ]
    if before.attendance != after.attendance:
        moved.append(f"attendance {_rate(before)} > {_rate(after)}")
    if before.fullest_window != after.fullest_window:
        moved.append(f"fullest window {before.fullest_window} > {after.fullest_window}")
    return "; ".join(moved) or "no figure moved"


def _rate(figures: Counted) -> str:
    return "no sessions" if figures.attendance is None else f"{figures.attendance} %"


def _told(key: str, heading: str = "", **more: Any) -> Column[Step]:  # noqa: ANN401 - as `Column`
    return Column(key, heading, lambda step: step.account.get(key), **more)


def _by(key: str) -> Column[Step]:
    return Column(f"by_{key}", value=lambda step: (step.account.get("by") or {}).get(key))


def _figure(side: str, name: str) -> Column[Step]:
    return Column(f"{side}_{name}", value=lambda step: getattr(getattr(step, side), name))


def _read(heading: str, words: Callable[[Account], str]) -> Column[Step]:
    """Return a column of what is told of a change alone, not of first entries."""
    return Column(
        "",
        heading,
        text=lambda step: "" if isinstance(step.told, Entries) else words(step.account),
    )


def _sparse(key: str) -> Column[Step]:
    return Column(key, value=lambda step: step.account.get(key), csv=False, sparse=True)


COLUMNS: tuple[Column[Step], ...] = (
    Column("upn", value=lambda step: step.person.upn),
    *map(_told, ("position", "kind")),
    _told("session", "Session", text=_session),
    *map(_told, ("field", "change", "sessions")),
    _told("was", "Was", free=True),
    _told("became", "Became", free=True),
    *map(_told, ("asked", "entries", "first", "last")),
    _told("reason", "Reason", free=True),
    *map(_by, ("name", "job_title", "authenticated")),
    *map(_told, ("recorded_at", "stated_at", "source")),
    _sparse("recorded_between"),
    _told("late_by_school_days", "School days after", number=True,
          text=lambda step: lags.in_words(step.account.get("late_by_school_days"))),
    *map(_sparse, ("late_between", "late")),
    *(_figure(side, name) for side in ("before", "after") for name in Counted._fields),
    _read("When", when_in_words),
    Column("", "What", text=_what, free=True),
    _read("By", change_by_in_words),
    _read("How known", known_in_words),
    Column("", "Figures before > after", text=_movement),
)  # fmt: skip
_READ = ("When", "Session", "What", "Was", "Became", "Reason", "By", "How known",
         "School days after", "Figures before > after")  # fmt: skip
