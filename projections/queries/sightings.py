"""How answers say who outside has seen the log: up to which entry, when, and since when not."""

from collections.abc import Sequence
from typing import Any

from ledger.clock import iso, local
from ledger.transparency.witnesses import Sighting, Trust, newest_sighting
from projections.queries.view import View


def newest(view: View, trusts: Sequence[Trust]) -> Sighting | None:
    """Return what these witnesses saw last of the entries of a view, as known there."""
    seen = newest_sighting(view.folder, trusts, known_at=view.known_at)
    return seen and seen._replace(position=min(seen.position, view.position))


def document(seen: Sighting | None) -> dict[str, Any] | None:
    """Return what somebody outside saw last, as JSON has it."""
    return seen and {"position": seen.position, "at": iso(seen.at), "by": seen.by}


def in_words(seen: Sighting | None, entries: int) -> str:
    """Say what was seen of a log of so many entries, and what was not."""
    if seen is None:
        return "by no one outside since entry 1"
    when = f"{local(seen.at):%Y-%m-%d %H:%M}"
    unseen = f"; by no one outside since entry {seen.position + 1}"
    rest = unseen if seen.position < entries else ""
    return f"up to entry {seen.position} by {seen.by} at {when} London{rest}"
