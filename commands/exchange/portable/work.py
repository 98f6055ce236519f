"""One import under way: what the folder states, the school as it will be, and the facts so far."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple, Protocol, TypeVar

import msgspec

from commands.core import marks
from commands.core.command import State
from commands.exchange.portable.content import Content
from commands.exchange.portable.rows import DatedRow, Row
from commands.exchange.portable.voices import Details, Record, Voices, attributes, differing
from ledger.clock import local_date
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.base import Event, each_sealed, in_clear
from ledger.formats import fields
from ledger.formats.portable import PARENTS, PUPILS, RELATIONS
from ledger.formats.sheet import Problems
from ledger.state.school import Pupil, School, evolve
from ledger.store.facts import Fact
from ledger.values import Session
from policies.packs.codes import CodeRule, Rules

_R = TypeVar("_R", bound=Row)
_EMPTY = (None, "", ())


class Amended(NamedTuple):
    """A detail that an import records otherwise than it is held, and the row that says so.

    ``told``: what it said and what it says now; none where that may not be shown.
    """

    file: str
    line: int
    who: str
    detail: str
    told: tuple[object, object] | None

    def __str__(self) -> str:
        """Say it in a line: what it said and says, or that it is not shown."""
        place = f"{self.file}:{self.line}: {self.who}, {self.detail.replace('_', ' ')}"
        said = " -> ".join(map(_quoted, self.told)) if self.told else "confidential, not shown"
        return f"{place}: {said}"


def _quoted(value: object) -> str:
    if value in _EMPTY:
        return "not given"
    if isinstance(value, bool):
        return "yes" if value else "no"
    said = "; ".join(map(str, value)) if isinstance(value, tuple) else value
    return f'"{said}"' if isinstance(said, str) else str(said)


class OfFamily(Protocol):
    """A row about a parent and a child."""

    @property
    def line(self) -> int:
        """Its place in the file."""

    @property
    def upn(self) -> str:
        """The child."""

    @property
    def parent_id(self) -> str:
        """The parent."""


class _Stated(Protocol):
    """A row that says when its source recorded it."""

    @property
    def stated(self) -> int | None:
        """The instant, in microseconds."""


_S = TypeVar("_S", bound=_Stated)


def is_again(row: _S, versions: Iterable[_S]) -> bool:
    """Tell whether a row states again what others do, and is no other version of it.

    Rows of one fact are its versions, each recorded at a time of its own.
    """
    return any(row.stated == each.stated for each in versions)


def in_time(rows: Iterable[_S]) -> list[_S]:
    """Return the versions of one fact in the order in which they were recorded."""
    return sorted(rows, key=lambda row: row.stated or 0)


def not_held(versions: list[_S], is_held: Callable[[_S], bool]) -> list[_S]:
    """Return the versions, in their order, after the newest that the ledger holds.

    The last one in any case: it may say more, and where the ledger holds none of them, it holds
    others, which stood until then.
    """
    held = [place for place, row in enumerate(versions) if is_held(row)]
    return versions[held[-1] + 1 if held else -1 :] or versions[-1:]


def new_versions(
    versions: Iterable[_S], held: Mapping[str, Any] | None, said: Callable[[_S], Details]
) -> list[_S]:
    """Return the versions, in their order, that follow what the ledger holds; none: all of them.

    ``said``: what a version states, by detail.
    """
    found = in_time(versions)
    return found if held is None else not_held(found, lambda v: not differing(said(v), held))


@dataclass(slots=True)
class Work:
    """What the modules of this package share.

    ``school`` begins as the ledger's and takes in each fact, so that later files are checked
    against what earlier ones brought. ``pupils``: UPN -> pupil id, of this folder's pupils;
    ``counts``: what is recorded, by the names under which it is told; ``notes``: what else to
    tell; ``gone``: how many rows the ledger holds from a source and the folder does not;
    ``differs``: the rows, by file, that state otherwise what the ledger holds; ``amended``: the
    details that are recorded otherwise than they are held; ``unsure``: a file, and another with
    rows that could not be read, on which something in it rests; ``voices``: who stated each detail
    that it holds.
    """

    content: Content
    state: State
    rules: Rules
    now: int
    problems: Problems
    school: School
    facts: list[Fact] = field(default_factory=list)
    pupils: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    gone: Counter[str] = field(default_factory=Counter)
    differs: dict[str, list[int]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    amended: list["Amended"] = field(default_factory=list)
    unsure: set[tuple[str, str]] = field(default_factory=set)
    voices: Voices = field(init=False)

    def __post_init__(self) -> None:
        """Ask who stated what of the ledger that the import began with."""
        self.voices = Voices(self.state)

    @property
    def is_named(self) -> bool:
        """Whether a person here is named, who answers for what is imported."""
        return self.state.operator.staff_id is not None

    @property
    def today(self) -> date:
        """The London date of the import."""
        return local_date(self.now)

    def record(self, what: str, stream: str, event: Event) -> None:
        """Record a fact, and let the rest of the import see it."""
        self.counts[what] += 1
        self.facts.append(Fact(stream, event))
        evolve(self.school, stream, in_clear(event))

    def amends(
        self,
        place: tuple[str, int],
        who: str,
        stated: Mapping[str, Any],
        held: Mapping[str, Any],
        hidden: Collection[str] = (),
    ) -> None:
        """Remember the details of a record that is held and stated otherwise now.

        ``place``: file and line; ``hidden``: the details that are told without what they say.
        """
        for name in differing(stated, held):
            told = None if name in hidden else (held.get(name), stated[name])
            self.amended.append(Amended(*place, who, name, told))

    def is_unread(self, file: str, *, of: str) -> bool:
        """Tell whether a file that the rows of another rest on could not be read whole."""
        return file in self.problems.unread or (of, file) in self.unsure

    def differ(self, file: str, line: int) -> None:
        """Remember a row that differs from what is held, of which nothing is recorded."""
        self.differs.setdefault(file, []).append(line)

    def missing(self, what: str, records: Iterable[Record]) -> None:
        """Count what a whole folder does not state any more, of what a source ever stated."""
        if self.content.whole:
            self.gone[what] += sum(self.voices[r].imported is not False for r in records)

    def stands(
        self,
        file: str,
        line: int,
        record: Record,
        stated: Mapping[str, Any],
        whole: Collection[str] = (),
    ) -> Details:
        """Return what stands of a row, since a person here amended it, and tell where it differs.

        ``whole``: the details of which an empty cell states something.
        """
        voice = self.voices[record]
        if voice.differs(stated, whole) and line not in self.differs.get(file, ()):
            self.differ(file, line)
        return voice.kept(stated)

    def standing(
        self, file: str, row: _R, record: Record, names: Iterable[str], whole: Collection[str] = ()
    ) -> _R:
        """Return a row with those of its details that stand, since a person here amended them."""
        kept = self.stands(file, row.line, record, attributes(row, names), whole)
        return msgspec.structs.replace(row, **kept)

    def text(self, stored: str | None) -> str | None:
        """Return a personal text, whether the ledger sealed it or this import brought it."""
        return None if stored is None else self.state.open_text(stored)

    def opened(self, held: object, names: Iterable[str]) -> Details:
        """Return details that are held, opened; none of each where nothing is."""
        if isinstance(held, Event):
            held = each_sealed(held, self.state.open_text)
        return {name: getattr(held, name, None) for name in names}

    def pupil_id(self, upn: str) -> str | None:
        """Return the id of the pupil that a UPN names, of this folder or the ledger's."""
        found = self.pupils.get(upn) or self.state.identities.get(upn, "")
        return found if found in self.school.pupils else None

    def pupil(self, file: str, line: int, upn: str) -> Pupil | None:
        """Return the pupil of a row; refuse the first row of each UPN that names nobody."""
        found = self.pupil_id(upn)
        if found is not None:
            return self.school.pupils[found]
        if PUPILS not in self.problems.unread and upn not in self.content.pupils.named:
            why = Refused(
                "pupil-unknown",
                f"no pupil has the UPN {upn!r}",
                "add the pupil to pupils.csv, or correct the UPN",
            )
            self.problems.refuse_once(("pupil", upn), file, line, why)
        return None

    def child(self, file: str, row: OfFamily) -> Pupil | None:
        """Return the pupil of a row about a parent and child; refuse where either is unknown."""
        pupil = self.pupil(file, row.line, row.upn)
        return pupil if self.knows_parent(file, row.line, row.parent_id) else None

    def knows_parent(self, file: str, line: int, parent_id: str) -> bool:
        """Tell whether a parent is known; refuse the first row of each id that names nobody."""
        if parent_id in self.school.parents:
            return True
        if PARENTS not in self.problems.unread and parent_id not in self.content.parents.named:
            why = Refused(
                "parent-unknown",
                f"no parent has the id {parent_id!r}",
                "add the parent to parents.csv, or correct the id",
            )
            self.problems.refuse_once(("parent", parent_id), file, line, why)
        return False

    def find_unrelated(self, file: str, line: int, stream: str) -> None:
        """Find a notice, or what the authority said of one, to who is no parent of the child.

        ``stream``: of the notices to one parent for one child.
        """
        _, pupil, parent = streams.parts(stream)
        related = self.school.relations
        if (parent, pupil) in related or RELATIONS in self.problems.unread:
            return
        theirs = ", ".join(sorted(each for each, child in related if child == pupil)) or "none"
        why = Refused(
            "parent-not-related",
            f"parent {parent} is not recorded as a parent of this pupil; recorded are: {theirs}",
            "correct the id, or add what they are to the pupil to relations.csv",
        )
        self.problems.find(file, line, why)

    def code_rule(self, code: str, session: Session) -> CodeRule | Refused:
        """Return the rule of a code, or why it may not stand for a session."""
        try:
            return marks.code_rule(self.rules.codes, code, session)
        except Refused as why:
            return why

    def check(self, file: str, line: int, checks: Iterable[Refused | None]) -> bool:
        """Refuse every check that found something; tell whether none did."""
        found = [why for why in checks if why is not None]
        for why in found:
            self.problems.refuse(file, line, why)
        return not found

    def in_order(self, file: str, row: DatedRow, what: str, *, again: bool) -> bool:
        """Refuse dates that are reversed, and what is stated ``again``."""
        dates = fields.reversed_dates(row.since, row.until, ("from", "to"))
        return self.check(file, row.line, [dates, fields.twice(what) if again else None])


def draft(school: School) -> School:
    """Return a copy of the ledger's school that an import may change."""
    return replace(
        school,
        terms=dict(school.terms),
        times=dict(school.times),
        closures=dict(school.closures),
        staff={staff_id: dict(rows) for staff_id, rows in school.staff.items()},
        pupils={pupil_id: _copy(pupil) for pupil_id, pupil in school.pupils.items()},
        parents=dict(school.parents),
        relations=dict(school.relations),
        notices={stream: [*found] for stream, found in school.notices.items()},
        casework={stream: [*found] for stream, found in school.casework.items()},
        rules=set(school.rules),
        policies=[*school.policies],
        groups={name: dict(joined) for name, joined in school.groups.items()},
    )


def _copy(pupil: Pupil) -> Pupil:
    return replace(
        pupil,
        details=dict(pupil.details),
        spells={since: replace(spell) for since, spell in pupil.spells.items()},
        memberships=dict(pupil.memberships),
    )
