"""What left, what was put beyond use, who saw names, returns to the authority."""

from datetime import date
from typing import TYPE_CHECKING

from projections.readmodel.record import Joined, Sealed, Versioned, table

if TYPE_CHECKING:
    from policies.law import papers


@table("disclosures", ("line",))
class Disclosure(Versioned, frozen=True):
    """What left the school about a pupil, or about all (``pupil`` none)."""

    line: int
    pupil: int | None
    kind: str
    recipient: Sealed | None
    what: Sealed | None
    on_date: date
    first: date | None
    last: date | None
    seen_at: int
    sha256: Sealed | None
    by: str
    name: Sealed
    job_title: Sealed

    @property
    def extract(self) -> "papers.Paper | None":
        """What a certificate or a pack relied on; none of anything else that left."""
        from policies.law import papers  # noqa: PLC0415 - most questions are about no paper

        if self.kind not in papers.EXTRACTS or self.first is None or self.last is None:
            return None
        return papers.extract(self.first, self.last, self.on_date)

    @property
    def words(self) -> str:
        """Which certificate or pack it is, for somebody who reads of it."""
        from policies.law import papers  # noqa: PLC0415 - as above

        assert self.first is not None  # noqa: S101 - an extract is of a period
        assert self.last is not None  # noqa: S101 - as above
        return papers.extract_words(self.kind, self.on_date, self.first, self.last)


@table("redactions", ("line",))
class Redaction(Versioned, frozen=True):
    """A text put beyond use: the ``field`` of the event at ``position``."""

    line: int
    position: int
    field: str
    reason: Sealed
    by: str
    name: Sealed
    job_title: Sealed


@table("names_shown", ("line",))
class NamesShown(Versioned, frozen=True):
    """That names of staff were looked up, and why."""

    line: int
    reason: Sealed
    seen_at: int
    by: str
    name: Sealed
    job_title: Sealed


@table("returns_made", ("kind", "line"))
class ReturnMade(Versioned, frozen=True):
    """A return to the local authority; ``pupils``: row numbers."""

    kind: str
    line: int
    on_date: date
    pupils: Joined
    by: str
    name: Sealed
    job_title: Sealed

    @property
    def about(self) -> list[int]:
        """The row numbers of the pupils it named."""
        return [int(pupil) for pupil in self.pupils]


@table("returns_agreed", ("line",))
class ReturnFigure(Versioned, frozen=True):
    """From how many sessions in how many weeks on the authority wants a return."""

    line: int
    since: date
    sessions: int
    weeks: int
    by: str
