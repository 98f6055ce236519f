"""What amendments rest on: evidence as it was given, and whether kept copies are unchanged."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ledger.clock import local_date
from ledger.english import number_of
from ledger.errors import Refused
from ledger.events import streams
from ledger.sealing import attachments
from ledger.sealing.keys import BEYOND_USE, REDACTED
from projections.queries.columns import Column, Listing
from projections.queries.people import Author, Person
from projections.queries.question import Answer, Question, option
from projections.queries.versions import Describer, recorded_columns
from projections.queries.view import View
from projections.readmodel.accessors.marks import amended_sessions
from projections.readmodel.records.amending import Evidence as Piece


class GivenPiece(NamedTuple):
    """A piece of evidence, the sessions amended on it, and how the kept copy is now.

    ``copy``: none where none was kept; ``by``: as on the day; ``at``: when it was given.
    """

    piece: Piece
    person: Person
    sessions: Sequence[str]
    file: str | None
    note: str | None
    sha256: str | None
    copy: str | None
    by: Author
    at: int
    authenticated: str


@dataclass(frozen=True, kw_only=True)
class Evidence(Question[Sequence[GivenPiece]]):
    """attendance evidence: what amendments rest on, and whether kept copies are unchanged.

    Evidence given with amendments; the time of knowledge counts, session dates do not.
    """

    pupil: str | None = option("one pupil, by UPN or local id")
    batch: str | None = option("one batch of amendments")

    def find(self, view: View) -> Sequence[GivenPiece]:
        """Find the evidence known, in the order in which it was recorded."""
        pupil = None if self.pupil is None else view.pupil_index(self.pupil)
        asked = {"pupil": pupil, "batch": self.batch}
        wanted = {name: value for name, value in asked.items() if value is not None}
        pieces = sorted(view.standing(Piece, **wanted), key=lambda each: each.line)
        sessions = _sessions_amended(view) if pieces else {}
        describer = Describer(view)
        return [
            GivenPiece(
                each,
                view.people[each.pupil],
                sessions.get((each.pupil, each.batch), []),
                view.open(each.file),
                view.open(each.note),
                view.open(each.sha256),
                _copy(view, each),
                describer.name_and_title(each.by, local_date(at), each.line),
                at,
                view.authenticated(each.line),
            )
            for each in pieces
            for at in (view.done_at(each.line, each.sf),)
        ]

    def present(self, found: Sequence[GivenPiece]) -> Answer:
        """Show one row a piece."""
        listing = Listing(COLUMNS, found)
        title = f"Evidence given with amendments: {number_of(len(found), 'row')}"
        return Answer({"rows": listing}, blocks=[listing.grid(title, order=_READ, notes=[_NOTE])])

    def unknown(self) -> Answer:
        """Return no piece."""
        return Answer({"rows": Listing(COLUMNS, [])})


def _sessions_amended(view: View) -> dict[tuple[int, str], list[str]]:
    """Return the sessions that the amendments of each pupil and batch are about."""
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    for each in amended_sessions(view):
        found[each.pupil, each.batch].append(each.session)
    return found


def _copy(view: View, piece: Piece) -> str | None:
    """Tell how the kept copy is now; none where none was kept."""
    key = view.open(piece.copy_key)
    if key is None:
        return None
    if key in (BEYOND_USE, REDACTED):
        return "beyond use"
    stream = streams.evidence(view.pupil_id(piece.pupil), piece.batch)
    name = attachments.name_of(stream)
    try:
        content = attachments.read(view.folder, name, key)
    except Refused as why:
        return "changed" if why.code == "attachment-changed" else "unreadable"
    if content is None:
        return "missing"
    return "unchanged" if attachments.digest(content) == view.open(piece.sha256) else "changed"


def _between(sessions: Sequence[str]) -> str:
    """Write which sessions were amended: one, or the first, the last and how many."""
    if len(sessions) > 1:
        return f"{sessions[0]} to {sessions[-1]} ({len(sessions)})"
    return sessions[0] if sessions else "none yet"


COLUMNS: tuple[Column[GivenPiece], ...] = (
    Column("upn", "UPN", lambda row: row.person.upn),
    Column("batch", "Batch", lambda row: row.piece.batch),
    Column("sessions", "Sessions", text=lambda row: _between(row.sessions)),
    Column("file", "File"),
    Column("sha256", "SHA-256", lambda row: row.sha256),
    Column("note", "What it is"),
    Column("kept", value=lambda row: row.piece.copy_key is not None),
    Column("copy", "Copy", text=lambda row: row.copy or "not kept"),
    Column("by", "By", csv=False, text=lambda row: row.by.words,
           value=lambda row: row.by._asdict() | {"authenticated": row.authenticated}),
    Column("by_name", value=lambda row: row.by.name, json=False),
    Column("by_job_title", value=lambda row: row.by.job_title, json=False),
    Column("by_authenticated", value=lambda row: row.authenticated, json=False),
    *recorded_columns("When", lambda row: row.at),
    Column("position", "Position", lambda row: row.piece.line, number=True),
)  # fmt: skip
_READ = (
    "UPN", "Batch", "Sessions", "File", "What it is", "Copy", "By", "When", "Position", "SHA-256",
)  # fmt: skip
_NOTE = "a copy is looked at now: unchanged means that its bytes have the SHA-256 recorded"


# -- as rows of other questions -------------------------------------------------------------


def evidence_counts(view: View) -> Counter[tuple[int, str | None]]:
    """Return how many pieces of evidence were given for a pupil's batch."""
    return Counter((each.pupil, each.batch) for each in view.standing(Piece))
