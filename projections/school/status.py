"""The ledger at a glance, and its read models made anew."""

from dataclasses import dataclass
from typing import Any, ClassVar

from ledger.clock import local
from ledger.english import number_of
from ledger.store.folder import Folder
from ledger.terminal import Progress
from ledger.transparency.witnesses import trusted_witnesses
from projections.backup import backups
from projections.queries import sightings
from projections.queries.blocks import Lines
from projections.queries.pending import pending_amendments
from projections.queries.question import Answer, Inspection, Question
from projections.queries.rectangle import rectangle
from projections.queries.selection import groups_of
from projections.queries.view import View
from projections.readmodel import catch_up
from projections.readmodel.freshness import retry_without_views
from projections.readmodel.records.log import Commit


@dataclass(frozen=True, kw_only=True)
class Status(Question):
    """attendance status: where the ledger is, its last event, today's unmarked registers.

    The state of the ledger in a few lines.
    """

    def answer(self, view: View) -> Answer:
        """Answer with the ledger's place, size and what is due today."""
        last = view.commits.of(view.position) if view.position else None
        unmarked = unmarked_registers(view)
        seen = sightings.newest(view, trusted_witnesses(view.folder))
        backup = backups.newest(view)
        document: dict[str, Any] = {
            "as_of": view.as_of(),
            "ledger": str(view.folder.path.absolute()),
            "events": view.position,
            "pupils_on_roll": len({s.pupil for s in view.spells if s.covers(view.on)}),
            "last_event": {"position": min(last.last, view.position), "command": last.command}
            if last
            else None,
            "last_witness": sightings.document(seen),
            "last_backup": backup.document(),
            "unmarked_registers": unmarked,
        }
        lines = [
            f"Ledger       {document['ledger']}",
            f"School       {view.school.name if view.school else 'not recorded yet'}",
            f"Events       {view.position}",
            f"On roll      {document['pupils_on_roll']} pupils on {view.on}",
            f"Last event   {_when(last, view.position)}",
            f"Witnessed    {sightings.in_words(seen, view.position)}",
            f"Back-up      {backup.in_words()}",
            f"Unmarked     {', '.join(unmarked) or 'no register'} on {view.on}",
        ]
        if waiting := pending_amendments(view):
            document["pending"] = len(waiting)
            lines.append(
                f"Pending      {number_of(len(waiting), 'amendment')} to approve or decline"
            )
        if view.knows_nothing:
            document["knows_nothing"] = True
            lines.append(view.ignorance())
        return Answer(document, (), [Lines(lines)])


def unmarked_registers(view: View) -> list[str]:
    """Return the registration groups and sessions of `on` in which a pupil has no mark."""
    whole = rectangle(view, view.on, view.on)
    found = []
    for n, session in enumerate(whole.sessions):
        empty = whole.counted[:, n] & (whole.codes[:, n] == 0)
        for name, wanted in groups_of(view, "registration").items():
            if any(empty[m.pupil] for m in wanted if m.covers(view.on)):
                found.append(f"{name} {session.half}")
    return sorted(found)


def _when(last: Commit | None, position: int) -> str:
    if last is None:
        return "none"
    at = f"{local(last.at):%Y-%m-%d %H:%M:%S} London"
    return f"{at}, {last.command}, position {min(last.last, position)}"


@dataclass(frozen=True, kw_only=True)
class Rebuild(Inspection):
    """attendance rebuild: drop the read models and replay the whole log into them.

    The read models are disposable: they are made anew from the log, equal to what they were.
    """

    doing: ClassVar[str] = "replaying"

    def inspect(self, folder: Folder, progress: Progress) -> Answer:
        """Rebuild, and say from how many events."""
        head = retry_without_views(
            folder, lambda: catch_up.rebuild(folder.required(), progress=progress)
        )
        says = f"the read models were rebuilt from {head} events"
        return Answer({"events": head}, (), [Lines([says])])
