"""What somebody says of a step with a family, held against its kind.

A kind is data (`policies.packs.kinds`): which fields it needs, what it asks besides, what may come
of it. Nothing here knows a kind by name.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from commands.core import checks
from ledger.errors import Refused
from ledger.formats import fields
from ledger.values import HALVES
from policies.packs.kinds import Kind, plain

_WEEK = timedelta(weeks=1)
_FLAGS: Mapping[str, str] = {
    "with": "with_whom",
    "next-review": "next_review",
    "from": "first",
    "to": "last",
}
"""Options whose fields of the event are called otherwise."""


class Said(NamedTuple):
    """What is said of a step: the fields of its event, and the answers to what its kind asks."""

    fields: Mapping[str, Any]
    answers: Mapping[str, str]

    def gives(self, need: str) -> bool:
        """Tell whether a field, or the answer to a key, is given."""
        if need in self.answers:
            return True
        return bool(self.fields.get(_FLAGS.get(need, need)))


def answered(kind: Kind, given: tuple[str, ...]) -> dict[str, str]:
    """Return the answers to what a kind asks, each given as ``key=text``; refuse any other."""
    found = {}
    for each in given:
        key, is_there, text = each.partition("=")
        if not is_there or key not in kind.asks:
            asked = ", ".join(f"{name} ({words})" for name, words in kind.asks.items())
            raise Refused(
                "answer-unknown",
                f"{each!r} answers nothing that is asked of a step {kind.name}",
                f"write KEY=TEXT; asked is {asked}" if asked else "leave --say out",
            )
        found[key] = " ".join(checks.required_text(text, "say").split())
    return found


def outcome(kind: Kind, given: str | None) -> str | None:
    """Return an outcome as the kind writes it; refuse one that it does not have."""
    if given is None:
        return None
    for name in kind.outcomes:
        if plain(name) == plain(given):
            return name
    raise Refused(
        "outcome-unknown",
        f"{given!r} is no outcome of a step {kind.name}",
        f"use one of: {', '.join(kind.outcomes)}; more goes into --notes",
    )


def sessions(given: tuple[str, ...]) -> tuple[str, ...]:
    """Return the sessions of an agreement, each once."""
    return tuple(dict.fromkeys(map(fields.agreed_session, given)))


def check(kind: Kind, said: Said, on: date, today: date, *, is_review: bool = False) -> None:
    """Refuse a step that its kind does not allow, naming all that is missing at once.

    ``is_review``: whether it looks at another step again.
    """
    if on > today:
        raise Refused("future", f"--on {on} is in the future", "record it when it has come")
    if said.fields["next_review"] and kind.opens is None and not is_review:
        raise Refused(
            "no-review",
            f"a step {kind.name} opens no review",
            "leave out --next-review; what is to be done next is a step of its own",
        )
    for first, last in (("on", "next_review"), ("first", "last")):
        earlier, later = said.fields[first], said.fields[last]
        if earlier and later and later < earlier:
            what = f"{_flag(last)} ({later}) is before {_flag(first)} ({earlier})"
            raise Refused("dates-reversed", what, "check both dates")
    missing = [need for need in kind.needed(said.fields["outcome"]) if not said.gives(need)]
    if missing:
        raise Refused(
            "step-incomplete",
            f"a step {kind.name} needs {', '.join(missing)}",
            "; ".join(_how(kind, need) for need in missing),
        )
    for refused in _too_long(kind, said):
        raise refused


def _how(kind: Kind, need: str) -> str:
    """Say how to give what is missing."""
    if need in kind.asks:
        return f'--say {need}="..." ({kind.asks[need]})'
    if need == "outcome":
        return f"--outcome, one of: {', '.join(kind.outcomes)}"
    if need == "sessions":
        return f"--session, again for each (Mon {HALVES[0]})"
    return f"--{need}"


def _flag(name: str) -> str:
    return "--" + next((flag for flag, own in _FLAGS.items() if own == name), name)


def _too_long(kind: Kind, said: Said) -> Iterator[Refused]:
    """Yield why a plan lasts too long, or its review comes too late."""
    first, last, review = (said.fields[name] for name in ("first", "last", "next_review"))
    if kind.longest_weeks is not None and last >= first + kind.longest_weeks * _WEEK:
        until = first + kind.longest_weeks * _WEEK - timedelta(days=1)
        yield Refused(
            "plan-too-long",
            f"a step {kind.name} is for {kind.longest_weeks} weeks at most, to {until}; this one "
            f"is to {last}",
            "end it earlier; after a review a new one may be agreed",
        )
    if kind.review_within_days is not None and review is not None:
        latest = said.fields["on"] + timedelta(days=kind.review_within_days)
        if review > latest:
            yield Refused(
                "review-too-late",
                f"a step {kind.name} is looked at again within {kind.review_within_days} days, by "
                f"{latest}; --next-review is {review}",
                f"give a day up to {latest}",
            )
