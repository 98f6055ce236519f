"""The school's own policy on amending: what it says on a day, and every one that was adopted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from ledger.clock import iso, local, parse_instant
from ledger.english import number_of
from policies.packs import school as school_packs
from policies.packs.values import Rule, Value, parameters
from projections.queries.blocks import Grid, Lines
from projections.queries.question import Answer, Question
from projections.queries.view import View
from projections.readmodel.record import Sealed
from projections.readmodel.records.amending import AdoptedPolicy

_STATUTE = "register.amendment_states"
_DAY = timedelta(days=1)
_COLUMNS = ("key", "value", "from", "until", "reference", "note")
_MEANS = {
    school_packs.ROLES: "only these roles may amend",
    school_packs.LATE_ROLES: "only these roles may amend late",
    school_packs.LATE_DAYS: "late: after so many school days",
    school_packs.APPROVAL_DAYS: "a second person approves after so many school days",
    school_packs.APPROVAL_MORE: "a second person approves more marks at once than",
    school_packs.APPROVAL_RELIED: "a second person approves where a notice relied on it",
    school_packs.APPROVERS: "who may approve",
}
_LIST_COLUMNS = (
    "policy", "from", "until", "replaced", "name", "job_title", "recorded_at", "position",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PolicyInForce(Question):
    """attendance policy: what the school's own policy says on amending, on a day.

    Every rule of the policy that applies, with its dates and where it is written.
    """

    def answer(self, view: View) -> Answer:
        """Answer with one row a rule in force on the date."""
        found = in_force(view)
        document: dict[str, Any] = {"as_of": view.as_of()}
        if found is None:
            words = view.ignorance() if view.knows_nothing else no_policy(view)
            document |= {"policy": None, "rows": []}
            if view.knows_nothing:
                document["knows_nothing"] = True
            return Answer(document, _COLUMNS, [Lines([words, view.provenance()])])
        rules = _rules(found, view.on)
        rows = [_row(key, rule, _days(found, rule)) for key, rule in rules]
        document |= {
            "policy": found.policy,
            "since": found.since.isoformat(),
            "adopted_by": {
                "staff": found.by,
                "name": view.open(found.name),
                "title": found.job_title,
            },
            "position": found.position,
            "text": found.text,
            "rows": rows,
        }
        body = [
            (key, value_in_words(rule.value), _MEANS[key], _dates(row), rule.reference)
            for (key, rule), row in zip(rules, rows, strict=True)
        ]
        who = f"adopted by {view.open(found.name)} ({found.job_title})"
        title = f"Policy {found.policy}, from {found.since}, {who}"
        notes = ["What is in a family's favour applies at once.", view.provenance()]
        if not rows:
            notes.insert(
                0, "It has no rule in force: all that the statute allows applies at once."
            )
        headings = ("Rule", "Says", "Which means", "In force", "Where it is written")
        return Answer(document, _COLUMNS, [Grid(title, headings, body, notes=notes)])


@dataclass(frozen=True, kw_only=True)
class PoliciesAdopted(Question):
    """attendance policy list: every policy that the school adopted: its dates, by whom and when.

    The one that applies on a day is shown by attendance policy --on.
    """

    def answer(self, view: View) -> Answer:
        """Answer with one row a policy, in order of its first day."""
        rows = [_adoption_row(view, each) for each in adoptions(view)]
        shipped = f"Shipped, to adopt or to copy: {', '.join(school_packs.names())}."
        document = {"as_of": view.as_of(), "shipped": school_packs.names(), "rows": rows}
        if view.knows_nothing:
            return Answer(
                {**document, "knows_nothing": True},
                _LIST_COLUMNS,
                [Lines([view.ignorance()])],
            )
        if not rows:
            return Answer(
                document,
                _LIST_COLUMNS,
                [Lines([no_policy(view), shipped, view.provenance()])],
            )
        headings = ("Policy", "From", "Until", "Adopted", "By", "Position")
        body = [
            (
                r["policy"],
                r["from"],
                _until(r),
                f"{local(parse_instant(r['recorded_at'])):%Y-%m-%d %H:%M}",
                _adopter(r),
                str(r["position"]),
            )
            for r in rows
        ]
        title = f"{number_of(len(rows), 'adoption')} of a policy"
        grid = Grid(title, headings, body, frozenset({5}), notes=[shipped, view.provenance()])
        return Answer(document, _LIST_COLUMNS, [grid])


# -- adoptions ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Adoption:
    """One adoption as known; ``until`` none: still in force. ``text`` is the policy's own."""

    position: int
    policy: str
    since: date
    text: str
    by: str
    name: Sealed
    job_title: str
    until: date | None = None
    replaced: bool = False


def adoptions(view: View) -> list[Adoption]:
    """Return the policies adopted, in order; one ends on the day before the next begins.

    ``replaced``: by another one from the same day, before it ended.
    """
    known = view.standing(AdoptedPolicy)
    found = [
        Adoption(each.position, each.policy, each.since, each.text, each.by, each.name,
                 each.job_title)
        for each in sorted(known, key=lambda each: (each.since, each.position))
    ]  # fmt: skip
    past = [_with_end(one, after) for one, after in pairwise(found)]
    return [*past, *found[len(past) :]]


def in_force(view: View) -> Adoption | None:
    """Return the policy that applies on the view's date, none where there is none."""
    found = [each for each in adoptions(view) if each.since <= view.on]
    return found[-1] if found else None


def no_policy(view: View) -> str:
    """Say that there is none, and what then applies."""
    rule = parameters().find(_STATUTE, view.on)
    where = f" ({rule.reference})" if rule else ""
    return f"no policy: the statute restricts nobody{where}, and all applies at once"


def value_in_words(value: Value) -> str:
    """Write a value of a policy: ``head, authoriser``, ``yes``, ``5``."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _with_end(one: Adoption, after: Adoption) -> Adoption:
    if one.since == after.since:
        return replace(one, replaced=True)
    return replace(one, until=after.since - _DAY)


# -- rows and words -------------------------------------------------------------------------


def _rules(adoption: Adoption, on: date) -> list[tuple[str, Rule]]:
    policy = school_packs.read(adoption.text, adoption.policy)
    rules = ((key, policy.find(key, on)) for key in school_packs.KEYS)
    return [(key, rule) for key, rule in rules if rule is not None]


def _days(adoption: Adoption, rule: Rule) -> tuple[date, date | None]:
    """Return the first and last day on which a rule of a policy applies, none where open."""
    ends = [day for day in (adoption.until, rule.until) if day is not None]
    return max(adoption.since, rule.since), min(ends, default=None)


def _row(key: str, rule: Rule, days: tuple[date, date | None]) -> dict[str, Any]:
    value = list(rule.value) if isinstance(rule.value, tuple) else rule.value
    return {
        "key": key,
        "value": value,
        "from": days[0].isoformat(),
        "until": days[1].isoformat() if days[1] else None,
        "reference": rule.reference,
        "note": rule.note,
    }


def _dates(row: Mapping[str, Any]) -> str:
    return f"from {row['from']}" + (f" to {row['until']}" if row["until"] else "")


def _adoption_row(view: View, each: Adoption) -> dict[str, Any]:
    return {
        "policy": each.policy,
        "from": each.since.isoformat(),
        "until": each.until.isoformat() if each.until else None,
        "replaced": each.replaced,
        "name": view.open(each.name),
        "job_title": each.job_title,
        "recorded_at": iso(view.commits.of(each.position).at),
        "position": each.position,
    }


def _until(row: dict[str, Any]) -> str:
    return "replaced from the same day" if row["replaced"] else row["until"] or ""


def _adopter(row: dict[str, Any]) -> str:
    return f"{row['name']} ({row['job_title']})"
