"""Who recorded an event, from which system, when and why: as its transaction and itself say."""

from contextlib import closing
from typing import NamedTuple

from ledger.clock import Corrected, local_date, told
from ledger.english import day
from ledger.events.base import Authored, Event, Reasoned, Signed, SourcedEvent
from ledger.events.log import Committed
from ledger.store.store import Store
from projections.queries.people import AS_STATED
from projections.queries.versions import Describer, Signatory
from projections.queries.view import View


class Authorship(NamedTuple):
    """An event's author, none where nobody is named; instants in microseconds."""

    by: Signatory | None
    source: str | None
    at: int
    stated: int | None
    reason: str | None

    def words(self) -> str:
        """Say by whom and when: ``recorded by import of portable on 21 November 2026``."""
        on = "" if isinstance(self.at, Corrected) else "on "
        when = told(self.at, lambda at: day(local_date(at)))
        return f"recorded by {author_in_words(self.by, self.source)} {on}{when}"


class Authors:
    """Reads single events of the log, as far as a view knows it."""

    def __init__(self, view: View, describer: Describer) -> None:
        self._view = view
        self._describer = describer
        self._known: dict[int, Authorship] = {}

    def event(self, position: int) -> Authorship:
        """Return who recorded the event at a position."""
        if position not in self._known:
            self._known[position] = self._read(position)
        return self._known[position]

    def _read(self, position: int) -> Authorship:
        with closing(Store(self._view.folder.log)) as store:
            found = store.at(position)
        event = None if found is None or isinstance(found.event, Committed) else found.event
        header = self._view.commits.of(position)
        imported = header.source is not None
        stated = event.stated if isinstance(event, SourcedEvent) else None
        when = local_date(stated if imported and stated is not None else header.at)
        staff = event.by if isinstance(event, Authored) else None
        staff = staff or (None if imported else header.by)
        name, title = self._describer.name_and_title(staff, when)
        if isinstance(event, Signed) and event.name:
            name, title = (self._view.open(text) for text in (event.name, event.job_title))
        known = AS_STATED if imported else header.authenticated
        by = Signatory(name, title, known) if name else None
        return Authorship(by, header.source, header.at, stated, self._reason(event))

    def _reason(self, event: Event | None) -> str | None:
        return self._view.open(event.reason) if isinstance(event, Reasoned) else None


def author_in_words(by: Signatory | None, source: str | None) -> str:
    """Name a person with the title, and the import that a fact came by; never an account."""
    person = by.words if by else ""
    if source is None:
        return person or "somebody not named"
    return f"import of {source} (stated by {person})" if person else f"import of {source}"
