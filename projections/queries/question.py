"""What every question is made of: its options, and an answer that is data before it is text.

A question is a class: its fields are its options. The first line of its docstring,
``attendance WORDS: what it answers.``, is its place on the command line; it is found there
without being imported.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Self, TypeVar

from ledger.store.folder import Folder
from ledger.terminal import Progress
from projections.queries.blocks import Block, Grid, Lines, Made, Register
from projections.queries.columns import Listing, plain

if TYPE_CHECKING:
    from policies.law.disclosure import OnRecord
    from projections.queries.view import View


def option(help_text: str, default: Any = None, **more: Any) -> Any:  # noqa: ANN401 - as `field`
    """Declare a field that is an option; ``choices``: the words it may be."""
    return field(default=default, metadata={"help": help_text, **more})


def argument(help_text: str, default: Any = None, **more: Any) -> Any:  # noqa: ANN401 - as `field`
    """Declare a field that is given by its place; ``required`` unless said otherwise."""
    metadata = {"help": help_text, "argument": True, "required": True, **more}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of anything that is asked."""


@dataclass(frozen=True, kw_only=True)
class PointInTime(Options):
    """Of which days, and as known when; the same on every query."""

    on: date | None = option("sessions, roll and groups as at this date [today]")
    from_: date | None = option("first date counted [first day of the school year]")
    known_at: str | None = option("only what was recorded at or before this instant [now]")
    position: int | None = option("only the first N events of the log", minimum=0)
    clock: Literal["ledger", "source"] = option(
        "compare --known-at with the ledger's own time, or with what sources stated",
        "ledger",
        choices=("ledger", "source"),
    )


F = TypeVar("F")
GROUP_OPTIONS = {"group": "", "cohort": "cohort", "year": "year"}
"""The options that name a group, and of which kind it is; empty: of any."""
Membership = Literal["on", "session"]
"""When somebody is a member of a group that is counted: as at --on, or as at each session."""
Chosen = Literal["sessions", "by entry", "pupils"]
"""What membership as at each session chooses: sessions; pupils by a counted entry, or by any."""


@dataclass(frozen=True, kw_only=True)
class Question(PointInTime, ABC, Generic[F]):
    """A question that the read models answer: what is found, then how that is shown."""

    @property
    def on_record(self) -> "OnRecord | None":
        """What is recorded before it is answered, where asking is itself on record."""
        return None

    @property
    def leaves_school(self) -> bool:
        """Whether the answer is a document for somebody outside: made from the log, not the views.

        So whoever can write to the views cannot decide what it says.
        """
        return False

    def whose(self, view: "View", /) -> Collection[str] | None:
        """Return the ids of the pupils whose marks such a document rests on; none: on all."""
        view = self.view_of(view)
        return () if view.knows_nothing else self.as_held(view).marks_of(view)

    def marks_of(self, _view: "View", /) -> Collection[str] | None:
        """Return the same, asked of the view of its days and with groups as they are called."""
        return None

    @property
    def groups_counted(self) -> Membership | None:
        """Which membership decides whom the answer is about; none where no group does."""
        return None

    @property
    def chosen(self) -> Chosen:
        """What a group chooses, where membership is as at each session."""
        return "sessions"

    def view_of(self, view: "View", /) -> "View":
        """Return the view that is asked: of other days, where it is about whole weeks."""
        return view

    @abstractmethod
    def find(self, view: "View", /) -> F:
        """Find what is asked for, in the read models at one point in time. Raises `Refused`."""

    @abstractmethod
    def present(self, found: F, /) -> "Answer":
        """Say how what was found is shown; the read models are no longer asked."""

    def unknown(self) -> "Answer | None":
        """Return what the document holds, and the CSV is headed by, where nothing was known.

        None: there is something to find all the same, as there is of the law.
        """
        return None

    def answer(self, view: "View", /) -> "Answer":
        """Answer, and say as of when; where nothing was known yet, say that. Raises `Refused`."""
        view = self.view_of(view)
        if view.knows_nothing and (nothing := self.unknown()) is not None:
            return nothing.of_nothing(view)
        asked = self.as_held(view)
        answer = asked.present(asked.find(view))
        if asked.groups_counted is not None:
            answer = answer.by_groups(asked.groups_counted, asked.chosen, view.on)
        return answer.of(view)

    def as_held(self, view: "View") -> Self:
        """Return the question with its groups called as the view knows them."""
        held: dict[str, Any] = view.groups_as_held(
            {name: getattr(self, name, None) for name in GROUP_OPTIONS}
        )
        return replace(self, **held) if held else self


@dataclass(frozen=True, kw_only=True)
class Inspection(Options, ABC):
    """A question about the files themselves, answered without the read models.

    ``doing``: what is shown while it is worked out.
    """

    doing: ClassVar[str] = "verifying"

    @abstractmethod
    def inspect(self, folder: Folder, progress: Progress, /) -> "Answer":
        """Answer from the files of a ledger; ``progress`` is told how far it is."""


@dataclass(frozen=True, kw_only=True)
class Selection(PointInTime):
    """Of which pupils, among those who are known."""

    pupil: str | None = option("one pupil, by UPN or local id")
    group: str | None = option("members of a group, by its name (9B)")
    cohort: str | None = option("members of a cohort (FSM)")
    year: str | None = option("members of a year (Year 9)")
    school: str | None = option("the school's URN: a check that this is its ledger")
    membership: Membership = option(
        "group membership as at --on, or as at each session", "on", choices=("on", "session")
    )
    current: bool = option("only pupils on roll at --on", default=False)

    @property
    def groups_counted(self) -> Membership | None:
        """Which membership decides whom the answer is about; none where no group does."""
        return self.membership if self.group or self.cohort or self.year else None


@dataclass(frozen=True, slots=True)
class Page:
    """A file that an answer writes, and where to.

    ``content``: its text, or what makes it, given the ``foot``: the provenance of the answer.
    """

    path: Path
    content: str | Callable[[str], str]
    foot: str = ""

    @property
    def text(self) -> str:
        """What is written."""
        return self.content if isinstance(self.content, str) else self.content(self.foot)


@dataclass(frozen=True)
class Answer:
    """An answer: what the JSON document holds, the listing for CSV, and the blocks for reading.

    ``listed``: the rows of the CSV, by default those of the document; ``pages``: files to write;
    ``paged``: read page by page on a terminal; ``differs``: a verification found a difference;
    ``sourced``: the blocks name the points in time themselves.
    """

    fields: Mapping[str, Any]
    blocks: Sequence[Block] = ()
    listed: Listing[Any] | None = None
    pages: Sequence[Page] = ()
    paged: bool = False
    differs: bool = False
    sourced: bool = False

    @cached_property
    def document(self) -> dict[str, Any]:
        """What is written as JSON."""
        found: dict[str, Any] = plain(self.fields)
        return found

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """Return the rows of the document."""
        found: Sequence[Mapping[str, Any]] = self.document.get("rows") or ()
        return found

    @property
    def listing(self) -> Listing[Any] | None:
        """What the CSV lists; none where the answer is no list."""
        rows = self.fields.get("rows") if self.listed is None else self.listed
        return rows if isinstance(rows, Listing) else None

    def by_groups(self, counted: Membership, chosen: Chosen, on: date) -> "Answer":
        """Return the answer with which membership of groups it goes by, beneath and in JSON."""
        said = f"Groups (--membership {counted}): "
        said += _BY_SESSION[chosen] if counted == "session" else _ON.format(on=on)
        fields = {**self.fields, "membership": counted}
        return replace(self, fields=fields, blocks=_ending(self.blocks, said))

    def of(self, view: "View") -> "Answer":
        """Return the answer with its provenance: first in the document, last where it is read."""
        provenance, remarks = view.provenance(), view.remarks()
        as_of = view.as_of() | self.fields.get("as_of", {})
        said = {"remarks": remarks} if remarks else {}
        return replace(
            self,
            fields={
                "as_of": as_of,
                **said,
                **{k: v for k, v in self.fields.items() if k != "as_of"},
            },
            blocks=self.blocks if self.sourced else _ending(self.blocks, *remarks, provenance),
            pages=[replace(page, foot=provenance) for page in self.pages],
        )

    def of_nothing(self, view: "View") -> "Answer":
        """Return the answer where nothing was known yet."""
        fields = {"as_of": view.as_of(), **self.fields, "knows_nothing": True}
        return replace(self, fields=fields, blocks=[Lines([view.ignorance()])])


_ON = "members on {on}, with all their sessions"
_BY_SESSION: Mapping[Chosen, str] = {
    "sessions": "each session in the group of its day",
    "by entry": "who was a member when a counted entry was made; the counts are those of the "
    "whole register, in the group or not",
    "pupils": "whoever was a member at any of the sessions looked at",
}


def _ending(blocks: Sequence[Block], *lines: str) -> list[Block]:
    """Return the blocks with last lines."""
    match blocks:
        case [*before, Grid() | Register() as last]:
            return [*before, replace(last, notes=_and(last.notes, lines))]
        case [*before, Lines(suggests=True) as last]:
            return [*before, replace(last, lines=_and(last.lines, lines))]
        case _:
            return [*blocks, Lines([*lines], suggests=True)]


def _and(lines: Sequence[str], more: Sequence[str]) -> Sequence[str]:
    return Made(lambda: [*lines, *more])
