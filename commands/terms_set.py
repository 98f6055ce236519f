"""attendance terms set: record a term's first and last day."""

from datetime import date

from commands import given
from commands.base import Command, Decision, State, argument, decided, option
from ledger import streams
from ledger.errors import Refused
from ledger.events.calendar import TermSet
from ledger.store import Fact
from ledger.values import school_year_number
from policies.rules import Rules


class SetTerm(Command):
    """A term or half term; the same name in the same school year replaces it."""

    name: str = argument("name of the term")
    first: date = option("first day")
    last: date = option("last day")


def decide(command: SetTerm, state: State, _rules: Rules, now: int) -> Decision:
    """Set a term that overlaps no other."""
    state.author(now)
    term = TermSet(
        name=given.required(command.name, "name"), first=command.first, last=command.last
    )
    if term.last < term.first:
        raise Refused(
            "dates-reversed",
            f"{term.name} ends ({term.last}) before it begins ({term.first})",
            "give the first day with --first, the last with --last",
        )
    key = (term.name, school_year_number(term.first))
    for other_key, other in state.school.terms.items():
        if other_key != key and other.first <= term.last and term.first <= other.last:
            raise Refused(
                "terms-overlap",
                f"{term.name} would overlap {other.name} ({other.first} to {other.last})",
                "check the dates of both",
            )
    before = state.school.terms.get(key)
    if before is not None and (before.first, before.last) == (term.first, term.last):
        return decided([], f"{term.name} is set so already; nothing was recorded")
    return decided([Fact(streams.CALENDAR, term)], f"{term.name}: {term.first} to {term.last}")
