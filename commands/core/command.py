"""What every use case is made of: a frozen command, the state it sees, what it decides.

A use case is a class: its fields are its options, ``decide`` is pure. The first line of its
docstring, ``attendance WORDS: what it does.``, is its place on the command line; it is found
there without being imported.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import date
from typing import (
    Any,
    ClassVar,
    NamedTuple,
    Protocol,
    Self,
    TextIO,
    TypedDict,
    dataclass_transform,
)

from commands.core.ranges import Range, Wanted, one
from ledger import form
from ledger.clock import Clock, local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.base import Event
from ledger.events.log import Committed, Source
from ledger.ledger import Ledger
from ledger.sealing.attachments import Attachment, new_key
from ledger.sealing.keys import BEYOND_USE
from ledger.state.calendar import Calendar
from ledger.state.marks import Mark, fold
from ledger.state.school import Pupil, School
from ledger.store.facts import Fact, Recorded
from ledger.store.folder import Folder
from ledger.times import OffClock
from ledger.values import Operator
from policies.packs.codes import Codes, Rules
from policies.packs.roles import GIVING

_WORDS = re.compile(r"attendance ([a-z -]+): ")


def option(help_text: str, *, default: Any = MISSING, **more: Any) -> Any:  # noqa: ANN401 - as `field`
    """Declare a field that is an option; required unless it has a ``default``.

    ``kept``: what makes of a text given the one that is kept, `names.name` of a name.
    """
    metadata = {"help": help_text, "required": default is MISSING, **more}
    return field(default=default, metadata=metadata)


def argument(help_text: str, *, default: Any = MISSING, **more: Any) -> Any:  # noqa: ANN401 - as `field`
    """Declare a field that is given by its place."""
    return option(help_text, default=default, argument=True, **more)


def hidden(*, default: Any = MISSING) -> Any:  # noqa: ANN401 - as `field`
    """Declare a field that the edge fills in and the command line does not show."""
    return field(default=default, metadata={"hidden": True})


@dataclass_transform(
    kw_only_default=True, frozen_default=True, field_specifiers=(option, argument, hidden)
)
@dataclass(frozen=True, kw_only=True)
class Command:
    """What somebody asks to be recorded. Its fields are the options of the command line.

    ``act``: the words under which ``policies/roles.toml`` says who may give it.
    """

    act: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        """Make the class one of frozen fields, given by name; its words are those of its help."""
        super().__init_subclass__()
        if found := _WORDS.match(cls.__doc__ or ""):
            cls.act = found[1]
        dataclass(frozen=True, kw_only=True)(cls)

    def __post_init__(self) -> None:
        """Hold every field to its type: people's input enters here. Raises `Refused`.

        A field with ``kept`` is held in the form that the function makes of a text.
        """
        form.check(self)
        for f in fields(self):
            if (kept := f.metadata.get("kept")) and (value := getattr(self, f.name)):
                settled = tuple(map(kept, value)) if isinstance(value, tuple) else kept(value)
                object.__setattr__(self, f.name, settled)

    def stated(self, *without: str) -> dict[str, Any]:
        """Return what each field holds, without those named."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in without}


class AuthorFields(TypedDict):
    """Who decided, as the fields of an event say it."""

    by: str
    name: str
    job_title: str


class Author(NamedTuple):
    """The name and title of whoever decides, as they are on the day."""

    staff_id: str
    name: str
    job_title: str

    @property
    def fields(self) -> AuthorFields:
        """What an event keeps of who decided: reg 6(1) wants the name, the title goes with it."""
        return AuthorFields(by=self.staff_id, name=self.name, job_title=self.job_title)


class Identities:
    """Which pupil a UPN or local id names; what it told is what the decision rests on."""

    def __init__(self, find: Callable[[str], str | None]) -> None:
        self._find = find
        self.told: dict[str, str | None] = {}

    def get(self, named: str, default: str = "") -> str:
        """Return the id of the pupil whom a UPN or local id names."""
        if named not in self.told:
            self.told[named] = self._find(named)
        return self.told[named] or default


@dataclass(slots=True)
class State:
    """All that a decision may look at: read from the log at one position.

    ``histories``: the events of the streams that the use case asked for; ``positions``: where in
    the log they stand; ``open_text``: the text of a sealed field; ``new_id``: a fresh random id,
    an argument so that decisions stay pure, as is ``new_key``, 256 bits; ``position``: up to
    where the log was read; ``event_at``: the event at a position, which never changes;
    ``header_of``: of the transaction that holds a position; ``facts_of``: the events after a
    position, up to another one, of the streams with some prefixes.
    """

    school: School
    identities: Identities
    operator: Operator
    open_text: Callable[[str], str]
    new_id: Callable[[], str]
    histories: dict[str, list[Event]] = field(default_factory=dict)
    positions: dict[str, list[int]] = field(default_factory=dict)
    position: int = 0
    new_key: Callable[[], bytes] = new_key
    event_at: Callable[[int], Recorded | None] = lambda _: None
    header_of: Callable[[int], Recorded | None] = lambda _: None
    facts_of: Callable[[int, int, tuple[str, ...]], Sequence[Recorded]] = lambda *_: ()

    @property
    def own_row(self) -> Range:
        """What `author` looks at: the operator's row among the staff."""
        return one(streams.staff(self.operator.staff_id or ""))

    def recorded(self, position: int) -> Recorded | None:
        """Return the event at a position, none where the log had not reached it."""
        return self.event_at(position) if 0 < position <= self.position else None

    def transaction_of(self, position: int) -> Recorded | None:
        """Return the header over a position, none where the log had not reached it."""
        return self.header_of(position) if 0 < position <= self.position else None

    def pupil(self, named: str) -> Pupil:
        """Return the pupil that a UPN or local id names, or refuse it."""
        pupil = self.school.pupils.get(self.identities.get(named))
        if pupil is None:
            raise Refused(
                "pupil-unknown",
                f"no pupil has the UPN or local id {named!r}",
                "look the pupil up with attendance pupil find NAME",
            )
        return pupil

    def author(self, now: int) -> Author:
        """Return who decides; refuse when nobody is named or not on the staff today."""
        staff_id = self.operator.staff_id
        if staff_id is None:
            raise Refused(
                "author-missing",
                "this command records who gave it, and nobody is named",
                "name yourself with --as STAFF_ID (or set ATTENDANCE_AS)",
            )
        return self.author_on(staff_id, local_date(now))

    def author_on(self, staff_id: str, day: date) -> Author:
        """Return a member of staff as they were on a day, or refuse."""
        row = self.school.staff_on(staff_id, day)
        if row is None:
            raise Refused("author-not-on-staff", *self._not_on_staff(staff_id, day))
        return Author(staff_id, self.open_text(row.name), self.open_text(row.job_title))

    def _not_on_staff(self, staff_id: str, day: date) -> tuple[str, str]:
        """Say that somebody is not on the staff, who left or is still to come, and what to do."""
        what, rows = f"{staff_id} is not on the staff on {day}", self.school.staff.get(staff_id)
        if not rows:
            return what, "use the id of a member of staff, or add one with attendance staff add"
        remedy = "use the id of a member of staff, or take them on with attendance staff change"
        ended = [row.until for row in rows.values() if row.until and row.until < day]
        if ended:
            return f"{what}: their last day was {max(ended)}", f"{remedy}, where they are back"
        begins = min(row.since for row in rows.values() if row.since)
        return f"{what}: they are on it from {begins}", remedy

    def calendar(self) -> Calendar:
        """Return the calendar as it stands, the reasons of its closures as they open."""
        return self.school.calendar(self.open_text)

    def mark(self, pupil: Pupil, session: object) -> Mark:
        """Return what stands for a pupil and session; the use case must have asked for it."""
        return fold(self.histories.get(streams.mark(pupil.id, str(session)), ()))

    def name_of(self, pupil: Pupil) -> str:
        """Return a pupil's name as shown to staff."""
        parts = [pupil.details[k] for k in ("name_used", "forename", "surname")]
        used, forename, surname = (self.open_text(p) if p else "" for p in parts)
        if BEYOND_USE in (forename, surname):
            return BEYOND_USE
        return f"{used or forename} {surname}".strip()


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be recorded, in order, and what to tell whoever asked.

    ``facts`` may be made on the way (an import); then ``count`` says how many there are.
    ``dry_run``: show, do not record. ``attachments``: copies to keep, durable before the facts.
    ``reason``: why, for marks that stop counting by it; ``held``: what it changes of the school
    and of marks that were held before, where ``facts`` are made on the way; ``acts``: what is
    done by it besides, by the words of the table of who may, each with what it is about.
    """

    facts: Iterable[Fact]
    count: int
    says: tuple[str, ...] = ()
    source: Source | None = None
    dry_run: bool = False
    attachments: tuple[Attachment, ...] = ()
    reason: str | None = None
    held: Sequence[Fact] = ()
    acts: Mapping[str, str] = field(default_factory=dict)


def decided(
    facts: list[Fact],
    *says: str,
    dry_run: bool = False,
    attachments: tuple[Attachment, ...] = (),
    reason: str | None = None,
) -> Decision:
    """Return the decision to record a list of facts; a dry run says that it is one."""
    if dry_run:
        says = (*says, "dry run: nothing was recorded")
    return Decision(
        facts, len(facts), says, dry_run=dry_run, attachments=attachments, reason=reason
    )


class UseCase(Command, ABC):
    """A command that is decided: what it rests on, and what is to be recorded.

    ``admits``: how far off the clock may be all the same, for what is about just that;
    ``begins``: whether it records the birth of a ledger, and needs none; ``giving``: the act that
    roles which it gives or takes are.
    """

    admits: ClassVar[tuple[OffClock, ...]] = ()
    begins: ClassVar[bool] = False
    giving: ClassVar[str] = GIVING

    def load(self, stdin: TextIO, /) -> Self:
        """Return the command with what its files hold; every fault of a file is refused."""
        del stdin
        return self

    def as_held(self, state: State, /) -> Self:
        """Return the command with what it names called as the ledger does. Raises `Refused`.

        It is asked for before `reads`. A group, once held, is held for good.
        """
        del state
        return self

    @abstractmethod
    def reads(self, state: State, /) -> Iterable[Wanted]:
        """Yield all that the decision rests on, and no more.

        So two people who do different things never meet. What the school is folded from is in
        ``state.school`` already, and is named here as well; other streams are read, each range
        before the next is asked for.
        """

    @abstractmethod
    def decide(self, state: State, rules: Rules, now: int, /) -> Decision:
        """Return what is to be recorded; pure. Raises `Refused` where the law forbids it."""


class Watched(Protocol):
    """A decision with what a watcher added to it, and what was read for that."""

    @property
    def decision(self) -> Decision:
        """What is to be recorded now."""

    @property
    def ranges(self) -> Iterable[Range]:
        """What was read, and is to stand unchanged until it is recorded."""

    def says(self, last: int, /) -> Iterator[str]:
        """Yield what the user is told once it is recorded, the last event at a position."""


Read = Callable[[Range], Sequence[Recorded]]
"""Reads the events of a range, up to the position at which the decision is made."""
Watch = Callable[[Decision, State, Codes, date, Read], Watched]
"""Holds each decision against what rests on the register, before it is recorded."""


@dataclass(frozen=True, slots=True)
class Context:
    """Where to record, by which clock, who asks, and who watches what is decided."""

    ledger: Ledger
    clock: Clock
    operator: Operator
    watch: Watch

    @property
    def folder(self) -> Folder:
        """Where the ledger's files are."""
        return self.ledger.folder

    def at(self, folder: Folder) -> "Context":
        """Return the same for another ledger: one that is being made, or made again."""
        return replace(self, ledger=Ledger(folder))


@dataclass(frozen=True, slots=True)
class FirstLook:
    """A ledger that was made just now, to be looked at as on a date."""

    folder: Folder
    on: date


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was recorded: the header (none when nothing was), what to tell and show the user.

    ``differs``: somebody outside saw another history.
    """

    header: Committed | None
    says: tuple[str, ...]
    look: FirstLook | None = None
    differs: bool = False


class Errand(Command, ABC):
    """A command that does more than record, or records nothing: it makes files, asks others.

    ``place``: the one folder in which it makes a ledger, whichever is named; none: the one named.
    """

    place: ClassVar[str | None] = None

    @abstractmethod
    def carry_out(self, context: Context, /) -> Outcome:
        """Do it, and say what was done."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A terminal on which a use case is filled in, key by key.

    ``record`` carries a command out; ``explain`` shows why it was refused; ``terminal`` has
    `echo`, `clear`, `confirm`, `prompt` and `getchar`, as the command line has them.
    """

    context: Context
    record: Callable[[UseCase], Outcome]
    terminal: Any
    explain: Callable[[Refused], None]


class OnScreen(UseCase, ABC):
    """A use case that can be filled in on a terminal where it was given without a file."""

    @property
    @abstractmethod
    def is_filled(self) -> bool:
        """Whether all that it needs was given."""

    @abstractmethod
    def on_screen(self, screen: Screen, /) -> Outcome:
        """Let the user fill it in, and carry it out."""
