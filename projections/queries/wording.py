"""Words that every account of changes shares: what it was, by whom, when, how late."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from ledger import form
from ledger.clock import Corrected, local, parse_instant, told
from ledger.english import weekday
from projections.queries.people import AS_STATED

KINDS: Mapping[str, str] = {
    "entry": "first entry",
    "late_entry": "late entry",
    "taking": "corrected during taking",
    "amendment": "amendment",
    "restated": "restated by a source",
    "planned": "absence planned",
    "changed": "plan changed",
    "withdrawn": "plan withdrawn",
    "requested": "approval requested",
    "approved": "approval given",
    "declined": "approval declined",
    "request_withdrawn": "request for approval withdrawn",
    "admission": "admission register",
    "calendar": "calendar changed",
    "roll": "roll or group changed",
}
"""What each kind of change is called; no two alike."""
NOBODY = "not stated"
NOT_KNOWN = "not known"
NOT_KNOWN_LATE = "first entry, in time or late: not known"
"""What a first mark is that a wrong clock stamped between two times, with the end between them."""
_HOME = Path(__file__).parents[2]
_ASKED = {"CopyForSubject": "subject-access", "ShowNames": "audit --names"}
"""Questions that are on record, by the name under which the log holds the asking."""


@cache
def _commands() -> Mapping[str, str]:
    return {each.name: " ".join(each.words) for each in form.places(_HOME, ("commands",))} | _ASKED


def command_in_words(name: str) -> str:
    """Return the words of a command; the log holds the name of its class, an older one perhaps."""
    return _commands().get(name, name)


def kind_of(row: Mapping[str, Any]) -> str:
    """Return the kind of a change; a plan says which step of planning it is."""
    step: str | None = row.get("step")
    return step if row["kind"] == "plan" and step else str(row["kind"])


def what_in_words(row: Mapping[str, Any]) -> str:
    """Return what kind of change it was; of a first mark, whether that it was late is known."""
    return NOT_KNOWN_LATE if row.get("late") else KINDS[kind_of(row)]


def kind_in_words(row: Mapping[str, Any]) -> str:
    """Say what kind of change it was, and whether only a source states it."""
    said = what_in_words(row)
    stated = row.get("source") is not None and row["kind"] != "restated"
    return f"{said}, {AS_STATED}" if stated else said


def by_in_words(by: Mapping[str, Any] | None) -> str:
    """Name who made a change, with the title; of a source's own statement nobody is named."""
    named = [by["name"], by["job_title"]] if by else []
    return ", ".join(filter(None, named)) or NOBODY


def mark_by_in_words(by: str | None, kind: str) -> str:
    """Say who made a version of a mark; what a source states anew nobody amended.

    It then names whose the mark is, as it does of an entry.
    """
    if by and kind == "restated":
        return f"nobody amended it; the mark is by {by}"
    return by or NOBODY


def change_by_in_words(row: Mapping[str, Any]) -> str:
    """Say who made a change of any kind."""
    by = row["by"]
    return mark_by_in_words(by and by_in_words(by), kind_of(row))


def authenticated_in_words(by: Mapping[str, Any] | None) -> str:
    """Say how it is known who made a change."""
    return (by or {}).get("authenticated") or NOBODY


def importer_in_words(who: Mapping[str, Any]) -> str:
    """Name who gave an import with title and id, and the account: ``nobody named (account x)``."""
    named = by_in_words(who) if who["name"] else "nobody named"
    account = f"account {who['account']}"
    ids = [who["staff_id"]] if who["staff_id"] not in (None, who["name"]) else []
    return f"{named} ({', '.join([*ids, account])})"


def known_in_words(row: Mapping[str, Any]) -> str:
    """Say how it is known who made a change; of what a source states, who imported it and when."""
    known, who = authenticated_in_words(row["by"]), row.get("imported_by")
    if who is None:
        return known
    return f"{known}; imported {instant_in_words(recorded(row))} by {importer_in_words(who)}"


def instant_in_words(instant: int) -> str:
    """Write an instant in London time and say whether that was summer time."""
    return told(instant, lambda each: local(each).strftime("%Y-%m-%d %H:%M %Z"))


def _words(stamp: str) -> str:
    return instant_in_words(parse_instant(stamp))


def recorded(row: Mapping[str, Any]) -> int:
    """Return when a change was recorded here: between two instants, where its clock was wrong."""
    at, between = parse_instant(row["recorded_at"]), row.get("recorded_between")
    if between is None:
        return at
    first, said = parse_instant(between["from"]), parse_instant(between["clock_said"])
    return Corrected.between(first, at, said=said, position=between["corrected_by"])


def when_in_words(row: Mapping[str, Any]) -> str:
    """Say when a change was made: as recorded here, or as its source states."""
    if row.get("stated_at") and "changed_at" in row:
        here = instant_in_words(recorded(row))
        return f"imported {here}; the mark stated for {_words(row['stated_at'])}"
    if row.get("stated_at"):
        return f"{instant_in_words(parse_instant(row['stated_at']))} (stated)"
    if row.get("source") is not None:
        return f"not stated; imported {instant_in_words(recorded(row))}"
    if row.get("recorded_at") is None:
        return NOBODY
    return instant_in_words(recorded(row))


def week_in_words(monday: date) -> str:
    """Write the week of a Monday: ``week of Monday 16 November 2026``."""
    return f"week of {weekday(monday)}"


def week_heading(monday: date) -> str:
    """Write it to begin a line."""
    return f"W{week_in_words(monday)[1:]}"
