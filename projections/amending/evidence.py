"""What amendments rest on: evidence as it was given, and whether kept copies are unchanged."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from ledger.clock import iso, local, local_date, parse_instant
from ledger.english import number_of
from ledger.errors import Refused
from ledger.events import streams
from ledger.sealing import attachments
from ledger.sealing.keys import BEYOND_USE, REDACTED
from projections.queries.blocks import Grid, Lines
from projections.queries.question import Answer, Question, option
from projections.queries.versions import Describer
from projections.queries.view import View
from projections.readmodel.accessors.marks import amended_sessions
from projections.readmodel.records.amending import Evidence as Piece

COLUMNS = (
    "upn", "batch", "sessions", "file", "sha256", "note", "kept", "copy",
    "by_name", "by_job_title", "by_authenticated", "recorded_at", "position",
)  # fmt: skip
_HEADINGS = (
    "UPN", "Batch", "Sessions", "File", "What it is", "Copy", "By", "When", "Position", "SHA-256",
)  # fmt: skip
_NOTE = "a copy is looked at now: unchanged means that its bytes have the SHA-256 recorded"


@dataclass(frozen=True, kw_only=True)
class Evidence(Question):
    """attendance evidence: what amendments rest on, and whether kept copies are unchanged.

    Evidence given with amendments; the time of knowledge counts, session dates do not.
    """

    pupil: str | None = option("one pupil, by UPN or local id")
    batch: str | None = option("one batch of amendments")

    def answer(self, view: View) -> Answer:
        """Answer with the evidence known, in the order in which it was recorded."""
        if view.knows_nothing:
            document = {"as_of": view.as_of(), "rows": [], "knows_nothing": True}
            return Answer(document, COLUMNS, [Lines([view.ignorance()])])
        pupil = None if self.pupil is None else view.pupil_index(self.pupil)
        asked = {"pupil": pupil, "batch": self.batch}
        wanted = {name: value for name, value in asked.items() if value is not None}
        pieces = sorted(view.standing(Piece, **wanted), key=lambda each: each.line)
        sessions = _sessions_amended(view) if pieces else {}
        rows = [_row(view, each, sessions.get((each.pupil, each.batch), [])) for each in pieces]
        return Answer({"as_of": view.as_of(), "rows": rows}, COLUMNS, [_table(view, rows)])


def _sessions_amended(view: View) -> dict[tuple[int, str], list[str]]:
    """Return the sessions that the amendments of each pupil and batch are about."""
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    for each in amended_sessions(view):
        found[each.pupil, each.batch].append(each.session)
    return found


def _row(view: View, piece: Piece, sessions: list[str]) -> dict[str, Any]:
    return {
        "upn": view.people[piece.pupil].upn,
        "batch": piece.batch,
        "sessions": sessions,
        "file": view.open(piece.file),
        "sha256": piece.sha256,
        "note": view.open(piece.note),
        "kept": piece.copy_key is not None,
        "copy": _copy(view, piece),
        "by": _author(view, piece),
        "recorded_at": iso(piece.at),
        "position": piece.line,
    }


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
    return "unchanged" if attachments.digest(content) == piece.sha256 else "changed"


def _author(view: View, piece: Piece) -> dict[str, Any]:
    """Return who gave it, with name and title as they were on the day."""
    name, title = Describer(view).name_and_title(piece.by, local_date(piece.at))
    return {"name": name, "job_title": title, "authenticated": piece.authenticated}


def _table(view: View, rows: list[dict[str, Any]]) -> Grid:
    title = f"Evidence given with amendments: {number_of(len(rows), 'row')}"
    body = [_cells(row) for row in rows]
    return Grid(title, _HEADINGS, body, frozenset({8}), notes=[_NOTE, view.provenance()])


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    recorded = local(parse_instant(row["recorded_at"]))
    by = row["by"]
    return (
        row["upn"],
        row["batch"],
        _between(row["sessions"]),
        row["file"] or "",
        row["note"] or "",
        row["copy"] or "not kept",
        ", ".join(filter(None, (by["name"], by["job_title"]))) or "not stated",
        f"{recorded:%Y-%m-%d %H:%M}",
        str(row["position"]),
        row["sha256"] or "",
    )


def _between(sessions: list[str]) -> str:
    """Write which sessions were amended: one, or the first, the last and how many."""
    if len(sessions) > 1:
        return f"{sessions[0]} to {sessions[-1]} ({len(sessions)})"
    return sessions[0] if sessions else "none yet"


# -- as rows of other questions -------------------------------------------------------------


def evidence_counts(view: View) -> Counter[tuple[int, str | None]]:
    """Return how many pieces of evidence were given for a pupil's batch."""
    return Counter((each.pupil, each.batch) for each in view.standing(Piece))


def rows(view: View, pupil: int) -> list[dict[str, Any]]:
    """Return the evidence given for one pupil's amendments, as it was given.

    ``sha256`` hex of the file's bytes; ``copied``: whether the ledger keeps a copy.
    """
    return [
        {
            "batch": each.batch,
            "file": view.open(each.file),
            "sha256": each.sha256,
            "note": view.open(each.note),
            "copied": each.copy_key is not None,
            "recorded_at": iso(view.commits.of(each.line).at),
            "position": each.line,
        }
        for each in sorted(view.standing(Piece, pupil=pupil), key=lambda each: each.line)
    ]
