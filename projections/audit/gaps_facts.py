"""What other systems told besides marks: notices, roll, groups, relations, parents, casework."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ledger.clock import iso
from projections.audit.gaps_found import Gap
from projections.audit.gaps_log import Commit
from projections.queries.view import View

_FACTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "roll": ("spells on roll", ("pupil", "starts_on")),
    "memberships": ("group memberships", ("pupil", "kind", "name", "since")),
    "parents": ("parents", ("parent",)),
    "relations": ("relations of parents and pupils", ("parent", "pupil")),
    "notices": (
        "penalty notices",
        ("parent", "pupil", "kind", "issued_on", "offence_first"),
    ),
    "casework": ("steps of casework", ("pupil", "line")),
}
"""Tables, each with what its rows are and what tells one from another."""
_MEANS = {
    "second-hand": "what that system says of them and of when it knew; the ledger saw the import",
    "undated": (
        "when they became known there is not known: they count as known from the start under "
        "--clock source, and from the day of the import otherwise"
    ),
}


@dataclass(slots=True)
class _Told:
    """Facts of one kind that one system told; ``times``: as stated, in microseconds."""

    positions: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)


def gaps(view: View, known: list[Commit]) -> Iterator[Gap]:
    """Yield, for each kind of fact and system, those told with a time and those without.

    ``known``: the transactions, in order. A fact stated more than once, with a time at least
    once, is one with a time.
    """
    for table in _FACTS:
        for (system, kind), told in sorted(_told(view, table, known).items()):
            when = "with a time" if kind == "second-hand" else "without a time"
            yield Gap(
                f"{kind}-facts",
                f"{_FACTS[table][0]} stated, {when}, by {system}",
                len(told.positions),
                _MEANS[kind],
                iso(min(told.times)) if told.times else None,
                iso(max(told.times)) if told.times else None,
                (min(told.positions), max(told.positions)),
            )


def _told(view: View, table: str, known: list[Commit]) -> dict[tuple[str, str], _Told]:
    firsts = [commit.first for commit in known]
    columns = ", ".join(_FACTS[table][1])
    sql = f"SELECT kf, sf, {columns} FROM {table} WHERE kf <= ? AND sf <= ?"  # noqa: S608 - ours
    each: dict[tuple[object, ...], tuple[str, int, int]] = {}
    for position, stated, *key in view.db.execute(sql, (view.position, view.stated)):
        system = known[bisect_right(firsts, position) - 1].source
        if system is not None:
            _, first, latest = each.get((system, *key), (system, position, 0))
            each[system, *key] = (system, min(first, position), max(latest, stated))
    found: dict[tuple[str, str], _Told] = {}
    for system, position, stated in each.values():
        told = found.setdefault((system, "second-hand" if stated else "undated"), _Told())
        told.positions.append(position)
        told.times += [stated] * bool(stated)
    return found
