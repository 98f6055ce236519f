"""The back-ups that a ledger tells of, as known at a point in time, and whether one is due."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from ledger.clock import iso, local, local_date
from policies.law import backups as rules
from projections.queries.view import View


class Backup(NamedTuple):
    """A back-up by the event that tells of it: when, of how many entries, its file's SHA-256."""

    position: int
    at: int
    size: int
    sha256: str
    restored: int


def backups(view: View) -> list[Backup]:
    """Return what is known of back-ups and restores, oldest first."""
    rows = view.stood("line, at, size, sha256, restored", "backups")
    return [Backup._make(row) for row in sorted(rows)]


def state(view: View, made: Sequence[Backup]) -> rules.State | None:
    """Return whether the month of `on` has a back-up; none where no law asked for one."""
    days = [local_date(each.at) for each in made if not each.restored]
    sql = "SELECT min(at) FROM commits WHERE first <= :p"
    began = view.db.execute(sql, {"p": view.position}).fetchone()[0]
    return rules.state(days, None if began is None else local_date(began), view.on)


def document(view: View) -> dict[str, Any] | None:
    """Return the newest back-up as data; none where none is recorded."""
    made = [each for each in backups(view) if not each.restored]
    if not made:
        return None
    last = made[-1]
    return {
        "position": last.position,
        "at": iso(last.at),
        "size": last.size,
        "sha256": last.sha256,
        "state": state(view, made),
    }


def said(view: View) -> str:
    """Return the newest back-up in words, and whether one is due."""
    made = [each for each in backups(view) if not each.restored]
    last = f"{local(made[-1].at):%Y-%m-%d %H:%M} London" if made else "none recorded"
    return f"{last}{WORDS[state(view, made)]}"


WORDS: dict[rules.State | None, str] = {
    None: "",
    "made": "",
    "due": "; this month's is still to be made",
    "overdue": "; OVERDUE: one a month is to be made",
}


def kept_until(view: View, at: int) -> date:
    """Return the last day on which a back-up made at an instant is still to be kept."""
    return rules.kept_until(local_date(at), [(t.first, t.last) for t in view.calendar.terms])
