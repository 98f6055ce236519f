"""Amendments of the admission register as rows: the five of SI 2024/208 reg 6(1), and the title.

A record stated whole again (a parent by another system, a pupil who returns, a spell on roll)
changes details without an amendment of each; what differs is found by opening both versions.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from ledger.clock import local_date
from ledger.events.base import IN_CLEAR
from projections.queries.columns import Column, Listing
from projections.queries.people import AS_STATED
from projections.queries.versions import (
    Describer,
    Importer,
    Signatory,
    at_column,
    by_columns,
    moment,
    named,
    recorded_columns,
)
from projections.queries.view import View
from projections.readmodel.record import INTERVAL, Sealed, V, Versioned, is_sealed
from projections.readmodel.records.log import Commit
from projections.readmodel.records.roll import AdmissionAmendment, Details, Parent, Relation, Spell

KINDS = {
    "amendment": "amendment",
    "restated": "restated by its source",
    "stated_anew": "stated anew, no reason recorded",
}


@dataclass(frozen=True, slots=True)
class Amendment:
    """An amendment of the admission register, opened; ``recorded``: in microseconds.

    ``confidential``: it is of an address that may not be told.
    """

    stored: AdmissionAmendment
    upns: Sequence[str]
    original: str | None
    amended: str | None
    reason: str | None
    by: Signatory | None
    recorded: int
    source: str | None
    imported_by: Importer | None
    confidential: bool

    @property
    def about(self) -> str:
        """Whose detail it is: a pupil's, a parent's, or of the one to the other."""
        if self.stored.parent is None:
            return "pupil"
        return "parent" if self.stored.pupil is None else "relation"

    @property
    def kind(self) -> str:
        """What kind of change it is, as in `KINDS`."""
        if self.stored.imported and self.stored.by is None:
            return "restated"
        return "stated_anew" if self.stored.reason is None else "amendment"

    @property
    def made_at(self) -> int | None:
        """When it was made: as its source states, else as recorded here."""
        return self.stored.stated if self.stored.imported else self.recorded

    @property
    def whose(self) -> str:
        """Whose detail it is, for reading."""
        upns = ", ".join(self.upns)
        if self.about == "pupil":
            return upns
        link = "relation to" if self.about == "relation" else "of"
        return f"parent {self.stored.parent} ({link} {upns})"

    def on_paper(self, detail: str | None) -> str:
        """Return a detail for reading; an address that may not be told is not put on paper."""
        return "[confidential]" if self.confidential and detail else detail or "(none)"


def _what(row: Amendment) -> str:
    return f"{KINDS[row.kind]} ({row.source})" if row.source else KINDS[row.kind]


def _by(row: Amendment) -> str:
    """Name who made it; of what an import brought, in which and by whom imported."""
    if row.imported_by is None:
        return named(row.by)
    return (
        f"{named(row.by)}; import of {row.source} by {row.imported_by.words} "
        f"on {moment(row.recorded)}"
    )


ADMISSION: tuple[Column[Amendment], ...] = (
    Column("upns"),
    Column("parent_id", value=lambda row: row.stored.parent),
    Column("about"),
    Column("", "Whose", text=lambda row: row.whose),
    Column("kind"),
    Column("field", "Detail", lambda row: row.stored.field,
           lambda row: row.stored.field.replace("_", " ")),
    Column("", "What", text=_what),
    Column("original", "Original", text=lambda row: row.on_paper(row.original)),
    Column("amended", "Amended", text=lambda row: row.on_paper(row.amended)),
    Column("reason", "Reason", text=lambda row: row.reason or "not stated"),
    Column("", "Date", text=lambda row: moment(row.made_at) or "not stated"),
    *by_columns(lambda row: row.by, _by),
    *recorded_columns("", lambda row: row.recorded),
    at_column("stated_at", "", lambda row: row.stored.stated),
    Column("source"),
    Column("imported_by", csv=False, sparse=True),
    Column("imported_by", value=lambda row: row.imported_by and row.imported_by.words, json=False),
    Column("position", value=lambda row: row.stored.position),
    Column("confidential"),
)  # fmt: skip
"""The law's five, and the title."""


def parents_of(view: View, pupils: Collection[int]) -> dict[str, set[int]]:
    """Return which of the pupils a parent was ever recorded as a parent or contact of."""
    found: dict[str, set[int]] = {}
    for each in view.ever(Relation, pupil=set(pupils)):
        found.setdefault(each.parent, set()).add(each.pupil)
    return found


def amendments(view: View, describer: Describer, pupils: Collection[int]) -> list[dict[str, Any]]:
    """Return the amendments about some pupils and their parents as documents have them."""
    return Listing(ADMISSION, amended(view, describer, pupils)).documents()


def amended(view: View, describer: Describer, pupils: Collection[int]) -> list[Amendment]:
    """Return the amendments about some pupils and their parents, as they were recorded."""
    parents = parents_of(view, pupils)
    stored = view.standing(AdmissionAmendment)
    found = [a for a in stored if (a.parent in parents if a.pupil is None else a.pupil in pupils)]
    explained = {(a.pupil, a.parent, a.field, view.commits.of(a.position).first) for a in stored}
    for change in changed_details(view, pupils, parents):
        commit = view.commits.of(change.position)
        if (*change[:3], commit.first) not in explained:
            found.append(change.unexplained(commit))
    if not found:
        return []
    confidential = {each.parent for each in view.standing(Parent, address_confidential="yes")}
    rows = [_opened(view, describer, a, parents, confidential) for a in found]
    if view.question.clock == "source":
        rows.sort(key=lambda each: (each.stored.sf, each.stored.position, each.stored.field))
        return rows
    return sorted(rows, key=lambda each: (each.stored.position, each.stored.field))


def _opened(
    view: View,
    describer: Describer,
    a: AdmissionAmendment,
    parents: dict[str, set[int]],
    confidential: set[str],
) -> Amendment:
    commit = view.commits.of(a.position)
    concerned = {a.pupil} if a.pupil is not None else parents[a.parent or ""]
    return Amendment(
        stored=a,
        upns=sorted(view.people[n].upn for n in concerned if n in view.people),
        original=view.open(a.original),
        amended=view.open(a.amended),
        reason=view.open(a.reason),
        by=_author(view, describer, a),
        recorded=commit.at,
        source=commit.source if a.imported else None,
        imported_by=describer.importer(commit) if a.imported and commit.source else None,
        confidential=a.field == "address" and a.parent in confidential,
    )


def _author(view: View, describer: Describer, a: AdmissionAmendment) -> Signatory | None:
    if a.by is None:
        return None
    commit = view.commits.of(a.position)
    when = a.stated if a.imported and a.stated is not None else commit.at
    name, title = describer.name_and_title(a.by, local_date(when))
    authenticated = AS_STATED if a.imported else commit.authenticated
    kept = view.author(a)
    return Signatory(kept.name or name, kept.job_title or title, authenticated)


_NO_DETAIL = {"parent", "pupil", "starts_on", "birth_cohort", "compulsory_from", *INTERVAL}
_OF_LEAVING = ("leaves_on", "ground", "next_school")


class Change(NamedTuple):
    """One detail that a record says otherwise than before; texts still sealed."""

    pupil: int | None
    parent: str | None
    field: str
    original: Sealed | None
    amended: Sealed | None
    position: int

    def unexplained(self, commit: Commit) -> AdmissionAmendment:
        """Return it as an amendment without a reason: whoever gave the command, or a source."""
        imported = commit.source is not None
        return AdmissionAmendment(
            **self._asdict(),
            reason=None,
            by=None if imported else commit.by,
            name=None,
            job_title=None,
            stated=None,
            imported=imported,
            kf=self.position,
            kt=None,
            sf=0,
            st=None,
        )


def changed_details(
    view: View,
    pupils: Collection[int],
    parents: Mapping[str, Collection[int]],
) -> Iterator[Change]:
    """Yield every detail of some pupils and parents that a later version of its record changed."""
    changes = _Changes(view)
    for pupil in sorted(pupils):
        yield from changes.of(Details, pupil)
        yield from changes.of_spells(pupil)
    for parent in sorted(parents):
        yield from changes.of(Parent, None, parent)
        for pupil in sorted(parents[parent]):
            yield from changes.of(Relation, pupil, parent)


class _Changes(NamedTuple):
    """What differs between the versions of records that are stated whole."""

    view: View

    def of(
        self,
        record: type[Versioned],
        pupil: int | None,
        parent: str | None = None,
        **where: Any,  # noqa: ANN401 - of its columns
    ) -> Iterator[Change]:
        """Yield what differs from one version of a record to the next."""
        whose = {"pupil": pupil, "parent": parent}
        where |= {name: value for name, value in whose.items() if value is not None}
        known = sorted(self.view.ever(record, **where), key=lambda version: version.kf)
        names = [name for name in record.__struct_fields__ if name not in _NO_DETAIL]
        for before, after in pairwise(self._last_of_each_commit(known)):
            for name in names:
                was, became = _text(before, name), _text(after, name)
                if was != became and self.view.open(was) != self.view.open(became):
                    yield Change(pupil, parent, name, was, became, after.kf)

    def of_spells(self, pupil: int) -> Iterator[Change]:
        """Yield what was changed of a pupil's spells; that one ends is no change of an entry."""
        for starts_on in sorted({each.starts_on for each in self.view.ever(Spell, pupil=pupil)}):
            for change in self.of(Spell, pupil, starts_on=starts_on):
                if change.original or change.field not in _OF_LEAVING:
                    yield change

    def _last_of_each_commit(self, versions: Iterable[V]) -> Iterable[V]:
        """Return the versions that a transaction left: within one a record may be built up."""
        return {self.view.commits.of(each.kf).first: each for each in versions}.values()


def _text(version: Versioned, name: str) -> Sealed | None:
    """Return a detail as an amendment of it has it, to be opened; a flag as yes or no."""
    value = getattr(version, name)
    if is_sealed(version, name):
        return None if value is None else Sealed(value)
    if value in (None, ""):
        return None
    said = ("no", "yes")[value] if isinstance(value, bool) else value
    return Sealed(f"{IN_CLEAR}{said}")
