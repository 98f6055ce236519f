"""What left the school, to whom, and what changed in its period since."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ledger.english import number_of
from projections.history.change_filters import AFTER_THE_TAKING
from projections.queries.columns import Column, Listing
from projections.queries.people import Author, Person
from projections.queries.question import Answer, Chosen, Question, Selection
from projections.queries.selection import selected_pupils
from projections.queries.view import View
from projections.readmodel.accessors.marks import Version, sessions_of, versions, versions_of
from projections.readmodel.known import Between
from projections.readmodel.records.disclosure import Disclosure, ReturnMade
from projections.readmodel.records.penalties import AlertSettlement

_NOTE = (
    "Changed since: amendments, late entries and restatements in the period that it covers, "
    "recorded after the position that it shows; '-' where it covers no period."
)
_AUTHORITY = "the local authority"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """Something that left; ``seen_at``: the position of the log that it shows.

    ``pupils``: row numbers of those it is about, none where it is about many or everyone.
    ``people`` and ``changed_since`` (none without a period) are found where somebody asks.
    """

    kind: str
    pupils: tuple[int, ...]
    to: str | None
    what: str | None
    on: date
    first: date | None = None
    last: date | None = None
    seen_at: int | None
    sha256: str | None = None
    by: Author
    position: int
    stated: int | None = None
    people: Sequence[Person] = ()
    changed_since: int | None = None


@dataclass(frozen=True, kw_only=True)
class Disclosures(Selection, Question[Sequence[Extract]]):
    """attendance disclosures: what left the school, to whom, and what changed in its period since.

    Certificates, packs, letters, inspections, subject access; returns and alerts sent.

    For one pupil or group also what was about many, which may hold them.
    """

    @property
    def chosen(self) -> Chosen:
        """What a group chooses: pupils, with all that is recorded of them."""
        return "pupils"

    def find(self, view: View) -> Sequence[Extract]:
        """Find what left by the day, about somebody asked for or about many."""
        who = selected_pupils(self, view)
        first = date.min if self.from_ is None else view.first
        return [
            _described(view, each)
            for each in extracts(view)
            if first <= each.on <= view.on and (not each.pupils or who.intersection(each.pupils))
        ]

    def present(self, found: Sequence[Extract]) -> Answer:
        """Show one row an extract."""
        listing = Listing(COLUMNS, found)
        title = f"{number_of(len(found), 'extract')} left the school"
        notes = [_NOTE] if found else []
        return Answer({"rows": listing}, blocks=[listing.grid(title, order=_READ, notes=notes)])

    def unknown(self) -> Answer:
        """Return no extract."""
        return Answer({"rows": Listing(COLUMNS, [])})


def extracts(view: View) -> list[Extract]:
    """Return everything that left, as known: extracts, returns made, alerts sent; oldest first."""
    found = (*_disclosed(view), *_returns(view), *_alerts(view))
    by_source = view.question.clock == "source"
    return sorted(
        found, key=lambda each: (each.on, (by_source and each.stated) or 0, each.position)
    )


def _disclosed(view: View) -> Iterator[Extract]:
    for each in view.standing(Disclosure):
        yield Extract(
            kind=each.kind,
            pupils=() if each.pupil is None else (each.pupil,),
            to=view.open(each.recipient),
            what=view.open(each.what),
            on=each.on_date,
            first=each.first,
            last=each.last,
            seen_at=each.seen_at or None,
            stated=each.sf,
            sha256=view.open(each.sha256),
            by=view.decider(each, each.line),
            position=each.line,
        )


def _returns(view: View) -> Iterator[Extract]:
    for made in view.standing(ReturnMade):
        yield Extract(
            kind="return",
            pupils=tuple(made.about),
            to=_AUTHORITY,
            what=f"{made.kind} return",
            on=made.on_date,
            seen_at=None if view.is_stated(made.line) else made.line,
            stated=made.sf,
            by=view.decider(made, made.line),
            position=made.line,
        )


def _alerts(view: View) -> Iterator[Extract]:
    for sent in view.standing(AlertSettlement, outcome="sent"):
        assert sent.on_date is not None  # noqa: S101 - what was sent has its day
        yield Extract(
            kind="alert",
            pupils=(sent.pupil,),
            to=view.open(sent.to_whom),
            what=f"notice of alert {sent.alert}",
            on=sent.on_date,
            seen_at=None if view.is_stated(sent.kf) else sent.kf,
            stated=sent.sf,
            by=view.decider(sent, sent.kf),
            position=sent.kf,
        )


def _described(view: View, each: Extract) -> Extract:
    people = [view.people[pupil] for pupil in each.pupils]
    return replace(each, people=people, changed_since=_changes_since(view, each))


def _changes_since(view: View, each: Extract) -> int | None:
    """Count the changes in its period that were recorded after it; none without a period."""
    if each.first is None or each.last is None:
        return None
    found = _versions(view, each, each.first, each.last)
    return sum(_is_later(v, each) and v.kind in AFTER_THE_TAKING for v in found)


def _is_later(version: Version, each: Extract) -> bool:
    """Tell whether a version was recorded after the register was read.

    For what another system states to have left by the times stated: its positions are not ours.
    """
    if each.seen_at is None:
        return version.known_by_source > (each.stated or 0)
    return version.position > each.seen_at


def _versions(view: View, each: Extract, first: date, last: date) -> Iterable[Version]:
    if each.pupils:
        return versions_of(view, each.pupils, first, last)
    later = Between((each.seen_at or 0) + 1, view.position)
    return versions(view, session=sessions_of(first, last), kf=later)


def _upns(each: Extract) -> str:
    return ";".join(sorted(person.upn for person in each.people))


COLUMNS: tuple[Column[Extract], ...] = (
    Column("kind"),
    Column("upn", "Pupil", lambda each: _upns(each) or None,
           text=lambda each: _upns(each) or "many"),
    Column("to", "To", text=lambda each: each.to or "not stated"),
    Column("what", "What", text=lambda each: f"{each.kind}: {each.what}"),
    Column("on", "Left on"),
    Column("first", "Covers",
           text=lambda each: f"{each.first} to {each.last}" if each.first else ""),
    Column("last"),
    Column("seen_at", "Position", number=True),
    Column("changed_since", "Changed since", number=True,
           text=lambda each: "-" if each.changed_since is None else str(each.changed_since)),
    Column("sha256"),
    Column("by", "By", lambda each: each.by.name, lambda each: each.by.words),
    Column("title", value=lambda each: each.by.job_title),
    Column("position", "Entry", number=True),
)  # fmt: skip
_READ = ("Left on", "What", "Pupil", "To", "Covers", "Position", "Changed since", "By", "Entry")
